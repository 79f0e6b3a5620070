/* batch_check.c - what a batch would be refused for, or a request of it would fail for a day later. */
#include "api/batches.h"

claude_code_t cl_batch_check_id(cl_str id, cl_err *err)
{
    bool good = id.len > 0 && id.len <= CL_BATCH_ID_MAX;

    for (size_t i = 0; good && i < id.len; i++)
        good = cl_ascii_is_alnum(id.ptr[i]) || id.ptr[i] == '_' || id.ptr[i] == '-';
    if (good)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "custom_id \"%.*s\" is not 1 to %d characters of A-Z, a-z, 0-9, _ and -",
                   id.len < 100 ? (int)id.len : 100, id.ptr, CL_BATCH_ID_MAX);
}

claude_code_t cl_batch_check_count(size_t count, cl_err *err)
{
    if (count <= CL_BATCH_REQUESTS_MAX)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "a batch has at most %d requests; make another one of the rest",
                   CL_BATCH_REQUESTS_MAX);
}

enum { MODEL, MAX_TOKENS, MESSAGES, STREAM, FIELDS };

claude_code_t cl_batch_check_params(cl_json params, cl_err *err)
{
    static const char *const names[FIELDS] = {"model", "max_tokens", "messages", "stream"};
    cl_json fields[FIELDS];
    int64_t max_tokens;

    if (params.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "params must be a JSON object: the body of a message");
    cl_json_members(params, names, FIELDS, fields);
    if (fields[MODEL].type != CLAUDE_JSON_STRING || fields[MODEL].len == 2)
        return cl_fail(err, CLAUDE_E_INVALID, "params.model is missing, or no string; every request names its model");
    if (!cl_json_to_int(fields[MAX_TOKENS], &max_tokens) || max_tokens < 1)
        return cl_fail(err, CLAUDE_E_INVALID, "params.max_tokens must be an integer of 1 or more; a batch takes no 0");
    if (fields[MESSAGES].type != CLAUDE_JSON_ARRAY)
        return cl_fail(err, CLAUDE_E_INVALID, "params.messages is missing, or no array");
    if (fields[STREAM].type == CLAUDE_JSON_BOOLEAN && fields[STREAM].ptr[0] == 't')
        return cl_fail(err, CLAUDE_E_INVALID, "params.stream is true, but a batch does not stream; remove it");
    return CLAUDE_OK;
}
