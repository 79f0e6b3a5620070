/* batch_builder.c - a batch made of requests, one by one. */
#include "api/batches.h"

#include <stdlib.h>

#include "message/request.h" /* the body, files and beta names of a request */
#include "message/seen.h"
#include "message/write.h"

enum {
    TAIL_LEN = sizeof CL_BATCH_TAIL - 1,
    LEVELS = 3, /* of nesting around the params */
    BETA_NAMES_MAX = 4096,
};

struct claude_batch_builder {
    cl_handle handle;
    cl_buf body; /* up to the last request */
    size_t count;
    size_t file_bytes; /* of the files that are sent in it, in base64 */
    cl_seen ids;
    cl_buf betas;
    claude_request_t *batch; /* has the files */
};

claude_code_t cl_batch_builder_new(claude_batch_builder_t **out, cl_err *err)
{
    claude_batch_builder_t *builder = calloc(1, sizeof *builder);
    claude_code_t rc;

    if (!builder)
        return cl_fail_nomem(err);
    cl_handle_init(&builder->handle, CL_MAGIC_BATCH_BUILDER);
    builder->body = CL_BUF_INIT(CL_BATCH_BODY_MAX);
    builder->betas = CL_BUF_INIT(BETA_NAMES_MAX);
    rc = cl_api_request_new("messages.batches.create", &builder->batch, err);
    if (rc >= 0 && cl_buf_append_text(&builder->body, CL_BATCH_HEAD) != CL_BUF_OK)
        rc = cl_fail_nomem(err);
    if (rc < 0) {
        cl_batch_builder_unref(builder);
        return rc;
    }
    *out = builder;
    return CLAUDE_OK;
}

claude_batch_builder_t *cl_batch_builder_ref(claude_batch_builder_t *builder)
{
    cl_handle_ref(&builder->handle);
    return builder;
}

void cl_batch_builder_unref(claude_batch_builder_t *builder)
{
    if (!cl_handle_unref(&builder->handle))
        return;
    cl_buf_free(&builder->body);
    cl_buf_free(&builder->betas);
    cl_seen_free(&builder->ids);
    cl_request_unref(builder->batch);
    free(builder);
}

static claude_code_t fail_size(int written, cl_err *err)
{
    if (written == CL_BUF_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_INVALID, "the batch would have more than %zu bytes; make another one of the rest",
                   CL_BATCH_BODY_MAX);
}

static void cut(cl_buf *body, size_t len)
{
    body->len = len;
    body->ptr[len] = '\0';
}

static int append(cl_buf *body, bool first, cl_str id, cl_str params)
{
    cl_writer w = {body, CL_BUF_OK};

    cl_put(&w, first ? "{\"custom_id\":\"" : ",{\"custom_id\":\"");
    cl_put_str(&w, id);
    cl_put(&w, "\",\"params\":");
    cl_put_str(&w, params);
    cl_put(&w, "}");
    return w.rc;
}

static claude_code_t check(const claude_batch_builder_t *builder, cl_str id, cl_str *params, cl_err *err)
{
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_err syntax;
    claude_code_t rc = cl_batch_check_id(id, err);

    if (rc >= 0)
        rc = cl_batch_check_count(builder->count + 1, err);
    if (rc >= 0 && cl_seen_has(&builder->ids, id))
        rc = cl_fail(err, CLAUDE_E_INVALID, "custom_id \"%.*s\" is in the batch already; it must be unique",
                     (int)id.len, id.ptr);
    if (rc < 0)
        return rc;
    cl_err_init(&syntax);
    if (cl_json_validate(*params, CL_JSON_DEPTH_DEFAULT - LEVELS, &root, &syntax) < 0)
        return cl_fail(err, CLAUDE_E_INVALID, "params: %s", syntax.message);
    *params = cl_str_n(root.ptr, root.len);
    return cl_batch_check_params(root, err);
}

/* What was checked, wholly or not at all. `file_bytes`: what its files add. */
static claude_code_t add(claude_batch_builder_t *builder, cl_str id, cl_str params, size_t file_bytes, cl_err *err)
{
    size_t len = builder->body.len;
    bool fresh;
    int written = append(&builder->body, builder->count == 0, id, params);
    claude_code_t rc;

    if (written == CL_BUF_OK && builder->body.len + builder->file_bytes + file_bytes + TAIL_LEN > CL_BATCH_BODY_MAX)
        written = CL_BUF_FULL;
    rc = written == CL_BUF_OK ? cl_seen_add(&builder->ids, id, &fresh, err) : fail_size(written, err);
    if (rc < 0) {
        cut(&builder->body, len);
        return rc;
    }
    builder->file_bytes += file_bytes;
    builder->count++;
    return CLAUDE_OK;
}

claude_code_t cl_batch_builder_add_json(claude_batch_builder_t *builder, cl_str id, cl_str params, cl_err *err)
{
    claude_code_t rc = check(builder, id, &params, err);

    return rc < 0 ? rc : add(builder, id, params, 0, err);
}

/* What stands beside the body: files, whose tokens are in it, and beta names. */
static claude_code_t take_rest(claude_batch_builder_t *builder, const claude_request_t *request, size_t *file_bytes,
                               cl_err *err)
{
    claude_code_t rc;

    for (size_t i = 0; i < request->files.count; i++) {
        uint64_t size = request->files.items[i]->size;
        if (*file_bytes > CL_BATCH_BODY_MAX || size > CL_BATCH_BODY_MAX - *file_bytes)
            return fail_size(CL_BUF_FULL, err);
        *file_bytes += cl_base64_len((size_t)size);
    }
    rc = cl_files_add_all(&builder->batch->files, &request->files, err);
    return rc < 0 ? rc : cl_betas_add(&builder->betas, cl_buf_str(&request->betas), err);
}

claude_code_t cl_batch_builder_add(claude_batch_builder_t *builder, cl_str id, const claude_request_t *request,
                                   cl_err *err)
{
    const cl_endpoint *endpoint = cl_request_endpoint(request);
    size_t file_bytes = 0;
    cl_str params;
    size_t brace;
    cl_blob *body;
    claude_code_t rc;

    if (request->error.code != CLAUDE_OK) {
        cl_err_copy(err, &request->error, NULL);
        return err->code;
    }
    if (endpoint->answer != CL_ANSWER_MESSAGE)
        return cl_fail(err, CLAUDE_E_INVALID, "a batch takes requests for messages.create, not for %s", endpoint->name);
    body = cl_draft_blob(&request->draft, &brace);
    params = cl_str_n(body->bytes, body->len);
    rc = check(builder, id, &params, err);
    if (rc >= 0)
        rc = take_rest(builder, request, &file_bytes, err);
    if (rc >= 0)
        rc = add(builder, id, params, file_bytes, err);
    cl_blob_unref(body);
    return rc;
}

size_t cl_batch_builder_count(const claude_batch_builder_t *builder)
{
    return builder->count;
}

claude_code_t cl_batch_builder_request(claude_batch_builder_t *builder, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    size_t len = builder->body.len;
    claude_code_t rc;

    if (builder->count == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "the batch is empty; add requests with claude_batch_builder_add()");
    rc = cl_request_copy(builder->batch, &request, err);
    if (rc < 0)
        return rc;
    if (cl_buf_append_text(&builder->body, CL_BATCH_TAIL) != CL_BUF_OK)
        rc = cl_fail_nomem(err);
    else
        rc = cl_request_set_json(request, cl_buf_str(&builder->body), err);
    cut(&builder->body, len);
    if (rc >= 0 && builder->betas.len > 0)
        rc = cl_request_add_beta(request, builder->betas.ptr, err);
    if (rc < 0) {
        cl_request_unref(request);
        return rc;
    }
    *out = request;
    return CLAUDE_OK;
}
