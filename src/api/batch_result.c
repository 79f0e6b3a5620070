/* batch_result.c - the results of a batch, line by line, without a tree. */
#include "api/batches.h"

static claude_code_t fail_line(const char *what, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_PROTOCOL, "the line is no result of a batch: %s", what);
}

enum { TYPE, MESSAGE, ERROR, RESULT_MEMBERS };

static int32_t judge(cl_json result, const cl_json *members, cl_json *what)
{
    static const struct {
        cl_str name;
        int32_t type;
        int member;
    } rows[] = {
        {{"succeeded", 9}, CLAUDE_BATCH_SUCCEEDED, MESSAGE},
        {{"errored", 7}, CLAUDE_BATCH_ERRORED, ERROR},
        {{"canceled", 8}, CLAUDE_BATCH_CANCELED, -1},
        {{"expired", 7}, CLAUDE_BATCH_EXPIRED, -1},
    };

    *what = result;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!cl_json_string_is(members[TYPE], rows[i].name))
            continue;
        if (rows[i].member >= 0)
            *what = members[rows[i].member];
        return rows[i].type;
    }
    return CLAUDE_BATCH_OTHER;
}

claude_code_t cl_batch_result_read(cl_str line, cl_batch_result *out, cl_err *err)
{
    static const char *const line_names[] = {"custom_id", "result"};
    static const char *const result_names[RESULT_MEMBERS] = {"type", "message", "error"};
    cl_json members[2];
    cl_json result[RESULT_MEMBERS];
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_batch_result found;
    CL_UNINITIALIZED cl_err syntax;

    cl_err_init(&syntax);
    if (cl_json_validate(line, CL_JSON_DEPTH_DEFAULT, &root, &syntax) < 0)
        return fail_line(syntax.message, err);
    cl_json_members(root, line_names, 2, members);
    if (members[0].type != CLAUDE_JSON_STRING)
        return fail_line("it has no custom_id", err);
    cl_json_members(members[1], result_names, RESULT_MEMBERS, result);
    if (result[TYPE].type != CLAUDE_JSON_STRING)
        return fail_line("it has no result with a type", err);
    found.id = cl_str_n(members[0].ptr + 1, members[0].len - 2);
    found.type = judge(members[1], result, &found.what);
    if (found.what.type != CLAUDE_JSON_OBJECT)
        return fail_line("its result has neither message nor error", err);
    *out = found;
    return CLAUDE_OK;
}

claude_code_t cl_batch_result_error(cl_str line, cl_err *err)
{
    cl_batch_result result;
    claude_code_t rc = cl_batch_result_read(line, &result, err);

    if (rc < 0)
        return rc;
    switch (result.type) {
    case CLAUDE_BATCH_ERRORED:
        return cl_api_error(200, NULL, cl_str_n(result.what.ptr, result.what.len), err);
    case CLAUDE_BATCH_CANCELED:
        return cl_fail(err, CLAUDE_E_CANCELED, "the request was canceled with its batch before it was begun");
    case CLAUDE_BATCH_EXPIRED:
        return cl_fail(err, CLAUDE_E_API_TIMEOUT, "the request expired with its batch before it was begun");
    default:
        return CLAUDE_OK;
    }
}

/* A string of the batch, NULL if there is none; false when memory is out. */
static bool lend(const claude_response_t *batch, const char *pointer, const char **out)
{
    *out = cl_response_string(batch, pointer, NULL);
    return *out || cl_response_type(batch, pointer) != CLAUDE_JSON_STRING;
}

/* Only a batch that has ended has a URL; where the member is missing, the id leads there too. */
claude_code_t cl_batch_results_request(const claude_response_t *batch, claude_request_t **out, cl_err *err)
{
    const char *status;
    const char *url;
    const char *id;
    claude_request_t *request = NULL;
    claude_code_t rc;

    if (!lend(batch, "/processing_status", &status) || !lend(batch, "/results_url", &url) || !lend(batch, "/id", &id))
        return cl_fail_nomem(err);
    if (!url && cl_response_type(batch, "/results_url") == CLAUDE_JSON_NULL)
        return cl_fail(err, CLAUDE_E_STATE,
                       "the batch has no results yet: its processing_status is %.64s; wait with claude_batch_wait()",
                       status ? status : "unknown");
    if (!url && !id)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the response is no batch: it has neither results_url nor id; give the answer of "
                       "messages.batches.retrieve");
    rc = cl_api_request_new("messages.batches.results", &request, err);
    if (rc >= 0)
        rc = url ? cl_request_set_url(request, url, err) : cl_request_set_path(request, "message_batch_id", id, err);
    if (rc < 0) {
        cl_request_unref(request);
        return rc;
    }
    *out = request;
    return CLAUDE_OK;
}
