#include "call/call.h"
#include "call/log.h"

#include <stdlib.h>

static cl_str header(const claude_call_t *call, cl_str name)
{
    const cl_header *found = cl_headers_find(cl_transfer_headers(call->transfer), name);

    return found ? cl_str_of(found->value) : cl_str_n("", 0);
}

/* Compressed although nobody asked for it: neither events nor lines can be found in that. */
static bool is_coded(const claude_call_t *call)
{
    cl_str coding = header(call, CL_STR("content-encoding"));

    return coding.len > 0 && !cl_str_eq_nocase(coding, CL_STR("identity"));
}

/*
 * A stream is what says it is one. Servers that speak the wire loosely leave the type out or call it plain text, which
 * is believed only where a stream was asked for.
 */
enum cl_call_mode cl_call_mode_of(const claude_call_t *call)
{
    cl_str type = header(call, CL_STR("content-type"));
    const cl_endpoint *endpoint = call->request.endpoint;
    int32_t status = cl_transfer_status(call->transfer);

    if (!CL_FEATURE_STREAMING || is_coded(call))
        return CL_MODE_BODY;
    if (call->request.stream && status >= 200 && status <= 299 && cl_endpoint_gives_pieces(endpoint))
        return endpoint->answer == CL_ANSWER_LINES ? CL_MODE_LINES : CL_MODE_BYTES;
    if (status != 200)
        return CL_MODE_BODY;
    if (cl_str_starts_nocase(type, CL_STR("text/event-stream")))
        return CL_MODE_EVENTS;
    if (call->request.stream && (type.len == 0 || cl_str_starts_nocase(type, CL_STR("text/plain")) ||
                                 cl_str_starts_nocase(type, CL_STR("application/octet-stream"))))
        return CL_MODE_EVENTS;
    return CL_MODE_BODY;
}

static claude_code_t make_response(claude_call_t *call, char *body, size_t len, bool validated, claude_response_t **out,
                                   cl_err *err)
{
    return cl_response_new(cl_transfer_status(call->transfer), cl_transfer_headers(call->transfer), body, len,
                           validated, out, err);
}

static claude_code_t response_of_message(claude_call_t *call, claude_response_t **out, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(SIZE_MAX / 2);
    size_t len = 0;
    char *body;
    claude_code_t rc = cl_call_story_json(call, &json, err);

    if (rc < 0)
        goto out;
    body = cl_buf_steal(&json, &len);
    rc = body ? make_response(call, body, len, true, out, err) : cl_fail_nomem(err);
out:
    cl_buf_free(&json);
    return rc;
}

/* Nothing but the head: the rest was handed out. */
claude_code_t cl_finish_pieces(claude_call_t *call, cl_err *err)
{
    char *body = calloc(1, 1);

    return body ? make_response(call, body, 0, false, &call->response, err) : cl_fail_nomem(err);
}

claude_code_t cl_finish_events(claude_call_t *call, cl_err *err)
{
    if (!cl_call_has_story(call))
        return cl_finish_pieces(call, err);
    if (cl_call_story_done(call))
        return response_of_message(call, &call->response, err);
    return cl_fail(err, CLAUDE_E_TRUNCATED, CL_TRUNCATED_TEXT, cl_call_story_end(call));
}

static claude_code_t not_an_answer(claude_call_t *call, cl_str body, const char *why, cl_err *err)
{
    char type[CL_QUOTE_MAX + 1];
    char text[CL_QUOTE_MAX + 1];

    cl_quote(header(call, CL_STR("content-type")), type);
    cl_quote(body, text);
    return cl_fail(err, CLAUDE_E_PROTOCOL, "HTTP %d with %s (content-type %.100s)%s%s",
                   (int)cl_transfer_status(call->transfer), why, type[0] ? type : "missing", text[0] ? ": " : "", text);
}

/* Checks a JSON body that came with a good status. */
static claude_code_t judge_json(claude_call_t *call, cl_str body, cl_err *err)
{
    CL_UNINITIALIZED cl_err syntax;
    cl_json root;
    cl_json type;
    bool is_message = call->request.endpoint->answer == CL_ANSWER_MESSAGE;

    cl_err_init(&syntax);
    if (body.len == 0)
        return not_an_answer(call, body, "an empty body", err);
    if (cl_json_validate_member(body, call->max_depth, CL_STR("type"), &root, &type, &syntax) < 0)
        return not_an_answer(call, body, "a body that is not JSON", err);
    if (root.type != CLAUDE_JSON_OBJECT && (is_message || root.type != CLAUDE_JSON_NULL))
        return not_an_answer(call, body, "a body that is not a JSON object", err);
    if (cl_json_string_is(type, CL_STR("error")))
        return cl_api_error(cl_transfer_status(call->transfer), cl_transfer_headers(call->transfer), body, err);
    if (is_message && !cl_json_string_is(type, CL_STR("message")) &&
        cl_json_member(root, CL_STR("content")).type != CLAUDE_JSON_ARRAY)
        return not_an_answer(call, body, "a body that is not a message", err);
    return CLAUDE_OK;
}

claude_code_t cl_finish_body(claude_call_t *call, cl_err *err)
{
    int32_t status = cl_transfer_status(call->transfer);
    size_t len = 0;
    char *bytes = cl_transfer_bytes(call->transfer, &len);
    cl_str body = cl_str_n(bytes ? bytes : "", len);
    bool is_json;
    claude_code_t rc;

    if (cl_call_logs(call))
        cl_log_body(call, body);
    if (status < 200 || status > 299)
        return cl_api_error(status, cl_transfer_headers(call->transfer), body, err);
    if (status > 202)
        return not_an_answer(call, body, "a status that the API does not use", err);
    is_json = !cl_endpoint_gives_pieces(call->request.endpoint);
    if (!is_json && is_coded(call))
        return not_an_answer(call, CL_STR(""), "a content coding that nobody asked for", err);
    rc = is_json ? judge_json(call, body, err) : CLAUDE_OK;
    if (rc < 0)
        return rc;
    bytes = cl_transfer_steal(call->transfer, &len);
    if (!bytes)
        return cl_fail_nomem(err);
    return make_response(call, bytes, len, is_json, &call->response, err);
}

static void unref_response(void *response)
{
    cl_response_unref(response);
}

/* What had arrived. */
static claude_code_t partial_response(claude_call_t *call, claude_response_t **out, cl_err *err)
{
    cl_json root;
    size_t len = 0;
    char *bytes;
    bool json;

    if (cl_call_streams(call, CL_MODE_EVENTS) && cl_call_story_begun(call))
        return response_of_message(call, out, err);
    bytes = cl_transfer_steal(call->transfer, &len);
    if (!bytes)
        return cl_fail_nomem(err);
    json = len > 0 && cl_json_validate(cl_str_n(bytes, len), call->max_depth, &root, NULL) >= 0;
    return make_response(call, bytes, len, json, out, err);
}

claude_code_t cl_finish_error(claude_call_t *call, cl_err *err)
{
    claude_response_t *response = NULL;
    CL_UNINITIALIZED cl_err why;
    claude_code_t rc;

    if (call->delivered)
        err->retryable = 0;
    if (!call->transfer || cl_transfer_status(call->transfer) == 0)
        return CLAUDE_OK;
    if (err->http_status == 0)
        err->http_status = cl_transfer_status(call->transfer);
    if (err->request_id[0] == '\0')
        cl_err_copy_text(err->request_id, sizeof err->request_id, header(call, CL_STR("request-id")));
    if (err->response.ptr)
        return CLAUDE_OK;
    cl_err_init(&why);
    rc = partial_response(call, &response, &why);
    cl_err_clear(&why);
    err->response = (cl_err_object){response, unref_response};
    return rc == CLAUDE_E_NOMEM ? rc : CLAUDE_OK;
}
