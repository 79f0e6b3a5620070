#include <claude/batch.h>

#include <errno.h>

#include "api/batches.h"
#include "border.h"

/* ---- builders ---- */

static bool check(border *b, const claude_batch_builder_t *builder)
{
    return border_handle(b, builder, CL_MAGIC_BATCH_BUILDER, "builder");
}

claude_code_t claude_batch_builder_new(claude_batch_builder_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_batch_builder_new(out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_batch_builder_add(claude_batch_builder_t *builder, const char *custom_id,
                                       const claude_request_t *request, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, builder) && border_pointer(&b, custom_id, "custom_id") &&
        border_handle(&b, request, CL_MAGIC_REQUEST, "request"))
        rc = cl_batch_builder_add(builder, cl_str_of(custom_id), request, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_batch_builder_add_json(claude_batch_builder_t *builder, const char *custom_id, const char *params,
                                            size_t len, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, builder) && border_pointer(&b, custom_id, "custom_id") &&
        border_text(&b, params, len, "params", &text))
        rc = cl_batch_builder_add_json(builder, cl_str_of(custom_id), text, &b.err);
    return border_leave(&b, rc, err);
}

size_t claude_batch_builder_count(const claude_batch_builder_t *builder)
{
    return cl_is(builder, CL_MAGIC_BATCH_BUILDER) ? cl_batch_builder_count(builder) : 0;
}

claude_code_t claude_batch_builder_request(claude_batch_builder_t *builder, claude_request_t **out,
                                           claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, builder) && border_pointer(&b, out, "out"))
        rc = cl_batch_builder_request(builder, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_batch_builder_t *claude_batch_builder_ref(claude_batch_builder_t *builder)
{
    return cl_is(builder, CL_MAGIC_BATCH_BUILDER) ? cl_batch_builder_ref(builder) : NULL;
}

void claude_batch_builder_unref(claude_batch_builder_t *builder)
{
    int saved = errno;

    if (cl_is(builder, CL_MAGIC_BATCH_BUILDER))
        cl_batch_builder_unref(builder);
    errno = saved;
}

claude_code_t claude_batch_file_request(claude_file_t *file, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, file, CL_MAGIC_FILE, "file") && border_pointer(&b, out, "out"))
        rc = cl_batch_file_request(file, out, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- waiting ---- */

int64_t claude_batch_poll_delay(const claude_response_t *batch, uint32_t attempt, int64_t first_ms, int64_t max_ms)
{
    return cl_batch_poll_delay(cl_is(batch, CL_MAGIC_RESPONSE) ? batch : NULL, attempt, first_ms, max_ms);
}

claude_code_t claude_batch_wait(claude_client_t *client, const char *batch_id, int64_t first_ms, int64_t max_ms,
                                int64_t timeout_ms, claude_batch_progress_fn fn, void *user_data,
                                claude_destroy_fn destroy, claude_response_t **out, claude_error_t **err)
{
    border b;
    cl_batch_watch watch = {first_ms, max_ms, timeout_ms, fn, user_data};
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, batch_id, "batch_id") &&
        border_pointer(&b, out, "out"))
        rc = cl_batch_wait(client, batch_id, &watch, out, &b.err);
    if (destroy)
        destroy(user_data);
    return border_leave(&b, rc, err);
}

/* ---- results ---- */

claude_code_t claude_batch_results_request(const claude_response_t *batch, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, batch, CL_MAGIC_RESPONSE, "batch") && border_pointer(&b, out, "out"))
        rc = cl_batch_results_request(batch, out, &b.err);
    return border_leave(&b, rc, err);
}

static void store(cl_str text, const char **ptr, size_t *len)
{
    if (ptr)
        *ptr = text.ptr;
    if (len)
        *len = text.len;
}

claude_code_t claude_batch_result_slices(const char *json, size_t len, int32_t *type, const char **id, size_t *id_len,
                                         const char **what, size_t *what_len, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_batch_result result;
    cl_str line;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &line))
        rc = cl_batch_result_read(line, &result, &b.err);
    if (rc >= 0) {
        if (type)
            *type = result.type;
        store(result.id, id, id_len);
        store(cl_str_n(result.what.ptr, result.what.len), what, what_len);
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_batch_result_error(const char *json, size_t len, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_str line;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &line))
        rc = cl_batch_result_error(line, &b.err);
    return border_leave(&b, rc, err);
}
