#include <claude/request.h>

#include <errno.h>

#include "api/api.h"
#include "border.h"
#include "message/message.h"

static bool check(border *b, const claude_request_t *request)
{
    return border_handle(b, request, CL_MAGIC_REQUEST, "request");
}

claude_code_t claude_request_new(const char *endpoint, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, endpoint, "endpoint") && border_pointer(&b, out, "out"))
        rc = cl_api_request_new(endpoint, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_json(claude_request_t *request, const char *json, size_t len, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, json, len, "json", &text))
        rc = cl_request_set_json(request, text, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_request_json(claude_request_t *request, size_t *len)
{
    int saved = errno;
    const char *json = cl_is(request, CL_MAGIC_REQUEST) ? cl_request_json(request, len) : NULL;

    if (!json && len)
        *len = 0;
    errno = saved;
    return json;
}

claude_code_t claude_request_set_field(claude_request_t *request, const char *pointer, const char *json, size_t len,
                                       claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, pointer, "pointer") && border_text(&b, json, len, "json", &text))
        rc = cl_request_set_field(request, pointer, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_model(claude_request_t *request, const char *model, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, model, "model"))
        rc = cl_request_set_model(request, model, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request))
        rc = cl_request_set_max_tokens(request, max_tokens, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_system(claude_request_t *request, const char *prompt, size_t len, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, prompt, len, "text", &text))
        rc = cl_request_set_system(request, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_message(claude_request_t *request, const char *role, const char *content, size_t len,
                                         claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, role, "role") && border_text(&b, content, len, "text", &text))
        rc = cl_request_add_message(request, role, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_user_text(claude_request_t *request, const char *text, size_t len,
                                           claude_error_t **err)
{
    return claude_request_add_message(request, "user", text, len, err);
}

claude_code_t claude_request_add_assistant_text(claude_request_t *request, const char *text, size_t len,
                                                claude_error_t **err)
{
    return claude_request_add_message(request, "assistant", text, len, err);
}

claude_code_t claude_request_set_temperature(claude_request_t *request, double temperature, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request))
        rc = cl_request_set_temperature(request, temperature, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_top_p(claude_request_t *request, double top_p, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request))
        rc = cl_request_set_top_p(request, top_p, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_top_k(claude_request_t *request, int64_t top_k, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request))
        rc = cl_request_set_top_k(request, top_k, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_stop_sequence(claude_request_t *request, const char *sequence, size_t len,
                                               claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, sequence, len, "text", &text))
        rc = cl_request_add_stop_sequence(request, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_user_id(claude_request_t *request, const char *user_id, size_t len,
                                         claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, user_id, len, "user_id", &text))
        rc = cl_request_set_user_id(request, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_stream(claude_request_t *request, int32_t stream, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request)) {
        if (stream == 0 || stream == 1)
            rc = cl_request_set_stream(request, stream == 1, &b.err);
        else
            rc = cl_fail(&b.err, CLAUDE_E_INVALID, "stream must be 0 or 1, not %d", (int)stream);
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_header(claude_request_t *request, const char *name, const char *value,
                                        claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name"))
        rc = cl_request_set_header(request, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_option(claude_request_t *request, const char *key, const char *value,
                                        claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, key, "key"))
        rc = cl_request_set_option(request, key, value, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_STREAMING

claude_code_t claude_request_on_event(claude_request_t *request, claude_event_fn fn, void *user_data,
                                      claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (!check(&b, request)) {
        if (destroy)
            destroy(user_data);
        return border_leave(&b, rc, err);
    }
    rc = CLAUDE_OK;
    if (fn)
        rc = cl_hook_new((void (*)(void))fn, user_data, destroy, &hook, &b.err);
    else if (destroy)
        destroy(user_data);
    if (rc >= 0)
        cl_request_set_hook(request, hook);
    return border_leave(&b, rc, err);
}

#endif

claude_request_t *claude_request_ref(claude_request_t *request)
{
    return cl_is(request, CL_MAGIC_REQUEST) ? cl_request_ref(request) : NULL;
}

void claude_request_unref(claude_request_t *request)
{
    int saved = errno;

    if (cl_is(request, CL_MAGIC_REQUEST))
        cl_request_unref(request);
    errno = saved;
}

claude_code_t claude_request_set_path(claude_request_t *request, const char *name, const char *value,
                                      claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name") && border_pointer(&b, value, "value"))
        rc = cl_request_set_path(request, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_query(claude_request_t *request, const char *name, const char *value,
                                       claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name"))
        rc = cl_request_set_query(request, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_query(claude_request_t *request, const char *name, const char *value,
                                       claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name") && border_pointer(&b, value, "value"))
        rc = cl_request_add_query(request, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_query_json(claude_request_t *request, const char *json, size_t len,
                                            claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, json, len, "json", &text))
        rc = cl_request_set_query_json(request, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_beta(claude_request_t *request, const char *name, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name"))
        rc = cl_request_add_beta(request, name, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_attach(claude_request_t *request, claude_file_t *file, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_handle(&b, file, CL_MAGIC_FILE, "file"))
        rc = cl_request_attach_file(request, file, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_file(claude_request_t *request, const char *field, claude_file_t *file,
                                      const char *filename, const char *media_type, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, field, "field") && border_handle(&b, file, CL_MAGIC_FILE, "file"))
        rc = cl_request_add_file(request, field, file, filename, media_type, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_form_field(claude_request_t *request, const char *name, const char *text, size_t len,
                                            claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name") && border_text(&b, text, len, "text", &value))
        rc = cl_request_add_form_field(request, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_copy(const claude_request_t *request, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, out, "out"))
        rc = cl_request_copy(request, out, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_request_endpoint(const claude_request_t *request)
{
    return cl_is(request, CL_MAGIC_REQUEST) ? cl_request_endpoint(request)->name : NULL;
}
