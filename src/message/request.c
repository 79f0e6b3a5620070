#include "message/request.h"

#include <stdlib.h>

/* ---- life ---- */

claude_code_t cl_request_new(const cl_endpoint *endpoint, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = calloc(1, sizeof *request);

    if (!request)
        return cl_fail_nomem(err);
    cl_handle_init(&request->handle, CL_MAGIC_REQUEST);
    request->endpoint = endpoint;
    cl_draft_init(&request->draft);
    cl_err_init(&request->error);
    *out = request;
    return CLAUDE_OK;
}

claude_request_t *cl_request_ref(claude_request_t *request)
{
    if (request)
        cl_handle_ref(&request->handle);
    return request;
}

void cl_request_unref(claude_request_t *request)
{
    if (!request || !cl_handle_unref(&request->handle))
        return;
    cl_draft_free(&request->draft);
    cl_headers_free(&request->headers);
    cl_options_free(request->options);
    cl_hook_unref(request->on_event);
    cl_err_clear(&request->error);
    cl_request_params_free(request);
    free(request);
}

claude_code_t cl_request_copy(const claude_request_t *from, claude_request_t **out, cl_err *err)
{
    claude_request_t *copy = NULL;
    claude_code_t rc = cl_request_new(from->endpoint, &copy, err);

    if (rc < 0)
        return rc;
    rc = cl_draft_copy(&from->draft, &copy->draft, err);
    if (rc >= 0)
        rc = cl_headers_copy(&from->headers, &copy->headers, err);
    if (rc >= 0)
        rc = cl_request_params_copy(from, copy, err);
    copy->options = cl_options_share(from->options);
    copy->on_event = cl_hook_ref(from->on_event);
    if (from->error.code != CLAUDE_OK)
        cl_err_copy(&copy->error, &from->error, NULL);
    if (rc < 0) {
        cl_request_unref(copy);
        return rc;
    }
    *out = copy;
    return CLAUDE_OK;
}

bool cl_request_streams(const claude_request_t *request)
{
    return request->endpoint->answer == CL_ANSWER_MESSAGE || request->endpoint->answer == CL_ANSWER_COMPLETION;
}

const cl_options *cl_request_options(const claude_request_t *request)
{
    return request->options;
}

cl_json cl_request_field(const claude_request_t *request, cl_str pointer)
{
    static const cl_json none = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json value = none;
    size_t brace;
    cl_blob *blob = request->endpoint->body == CL_BODY_JSON ? cl_draft_blob(&request->draft, &brace) : NULL;

    if (!blob)
        return none;
    value = cl_json_at(cl_json_root(cl_str_n(blob->bytes + brace, blob->len - brace)), pointer);
    /* The draft keeps its own reference until it is changed. */
    cl_blob_unref(blob);
    return value;
}

const cl_endpoint *cl_request_endpoint(const claude_request_t *request)
{
    return request->endpoint;
}

/* ---- setters ---- */

static uint32_t depth_limit(const claude_request_t *request)
{
    return (uint32_t)cl_option_int(request->options, NULL, CL_OPT_LIMIT_DEPTH);
}

claude_code_t cl_request_set_json(claude_request_t *request, cl_str json, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "JSON", &mine) >= 0)
        cl_draft_set_whole(&request->draft, json, depth_limit(request), &mine);
    return cl_request_finish(request, &mine, err);
}

const char *cl_request_json(claude_request_t *request, size_t *len)
{
    size_t brace;
    cl_blob *blob = request->endpoint->body == CL_BODY_JSON ? cl_draft_blob(&request->draft, &brace) : NULL;
    const char *text;

    if (!blob)
        return NULL;
    if (len)
        *len = blob->len;
    text = blob->bytes;
    /* The draft keeps its own reference until it is changed. */
    cl_blob_unref(blob);
    return text;
}

/* Splits "/a/b/c" into the member's name "a" and "/b/c". */
static claude_code_t first_token(const char *pointer, cl_buf *name, cl_str *rest, cl_err *err)
{
    cl_str whole = cl_str_of(pointer);
    size_t valid = cl_utf8_valid(whole);
    int rc = CL_BUF_OK;
    size_t i;

    if (whole.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer is empty; claude_request_set_json() sets the whole body");
    if (whole.ptr[0] != '/')
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer \"%.200s\" must begin with /", pointer);
    if (valid != whole.len)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer is not valid UTF-8 at offset %zu", valid);
    for (i = 1; i < whole.len && whole.ptr[i] != '/' && rc == CL_BUF_OK; i++) {
        char c = whole.ptr[i];
        if (c == '~') {
            c = whole.ptr[++i];
            if (c != '0' && c != '1')
                return cl_fail(err, CLAUDE_E_INVALID, "field pointer \"%.200s\" has a ~ that is neither ~0 nor ~1",
                               pointer);
            c = c == '0' ? '~' : '/';
        }
        rc = cl_buf_append_char(name, c);
    }
    if (rc != CL_BUF_OK)
        return cl_fail_buf(err, rc, "the name of a field");
    *rest = cl_str_n(whole.ptr + i, whole.len - i);
    return CLAUDE_OK;
}

/* Checks a value for a pointer, whose every step is a level of nesting around it; drops the space around it. */
static claude_code_t check_value(const claude_request_t *request, const char *pointer, cl_str *json, cl_err *err)
{
    uint32_t limit = depth_limit(request);
    cl_str path = cl_str_of(pointer);
    uint32_t steps = 0;
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_err syntax;

    for (size_t i = 0; i < path.len; i++)
        steps += path.ptr[i] == '/';
    if (steps > limit)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer has %u steps; limit.json_depth allows %u", steps, limit);
    cl_err_init(&syntax);
    if (cl_json_validate(*json, limit - steps, &root, &syntax) < 0)
        return cl_fail(err, CLAUDE_E_INVALID, "value for %.200s: %s", pointer, syntax.message);
    *json = cl_str_n(root.ptr, root.len);
    return CLAUDE_OK;
}

static claude_code_t set_field(claude_request_t *request, const char *pointer, cl_str json, cl_err *err)
{
    cl_buf name = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_blob *lent = cl_draft_hold(&request->draft, json.ptr);
    cl_buf *value = NULL;
    cl_str rest = {"", 0};
    claude_code_t rc = cl_request_check_body(request, pointer ? pointer : "", err);

    if (!lent)
        lent = cl_draft_hold(&request->draft, pointer);
    if (rc >= 0)
        rc = first_token(pointer, &name, &rest, err);
    if (rc >= 0)
        rc = check_value(request, pointer, &json, err);
    if (rc >= 0)
        rc = cl_draft_edit(&request->draft, cl_buf_str(&name), &value, err);
    if (rc >= 0)
        rc = cl_json_set(value, rest, json, err);
    cl_blob_unref(lent);
    cl_buf_free(&name);
    return rc;
}

claude_code_t cl_request_set_field(claude_request_t *request, const char *pointer, cl_str json, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_field(request, pointer, json, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_header(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    cl_headers_set(&request->headers, name, value, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_option(claude_request_t *request, const char *key, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_options_own(&request->options, &mine) >= 0)
        cl_options_set(request->options, key, value, true, &mine);
    return cl_request_finish(request, &mine, err);
}

void cl_request_set_hook(claude_request_t *request, cl_hook *on_event)
{
    cl_hook *old = request->on_event;

    request->on_event = on_event;
    cl_hook_unref(old);
}
