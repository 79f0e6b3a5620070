/*
 * block_answer.c - blocks of an answer, as they can be sent back: byte for byte, but for what would be refused there.
 * Of a call of a tool that is what the accumulation has kept of input that is no JSON, and input that is no object.
 */
#include "message/block.h"

/* What the accumulation keeps of malformed input. */
#define PARTIAL CL_STR("_partial_json")

/* "tool_use", "server_tool_use", "mcp_tool_use" */
static bool is_call(cl_json type)
{
    static const char end[] = "tool_use\"";

    return type.len > sizeof end - 1 && memcmp(type.ptr + type.len - (sizeof end - 1), end, sizeof end - 1) == 0;
}

/* In one pass, because blocks may be large. `*call`: it is a call of a tool. */
static bool can_be_sent(cl_json block, bool *call)
{
    static const char *const names[] = {"type", "input", "_partial_json"};
    cl_json members[3];

    cl_json_members(block, names, 3, members);
    *call = is_call(members[0]);
    return members[2].type == CLAUDE_JSON_NONE && (!*call || members[1].type == CLAUDE_JSON_OBJECT);
}

static void put_member(cl_writer *w, bool first, cl_str key, cl_str value)
{
    if (!first)
        cl_put(w, ",");
    cl_put_str(w, key);
    cl_put(w, ":");
    cl_put_str(w, value);
}

static void put_mended(cl_writer *w, cl_json block, bool call)
{
    cl_json_iter members = cl_json_iter_of(block);
    bool has_input = false;
    bool first = true;
    cl_json key;
    cl_json value;

    cl_put(w, "{");
    while (cl_json_next(&members, &key, &value)) {
        bool is_input = cl_json_string_is(key, CL_STR("input"));
        if (cl_json_string_is(key, PARTIAL))
            continue;
        if (call && is_input && value.type != CLAUDE_JSON_OBJECT)
            value = (cl_json){"{}", 2, CLAUDE_JSON_OBJECT};
        put_member(w, first, cl_str_n(key.ptr, key.len), cl_str_n(value.ptr, value.len));
        has_input = has_input || is_input;
        first = false;
    }
    if (call && !has_input)
        put_member(w, first, CL_STR("\"input\""), CL_STR("{}"));
    cl_put(w, "}");
}

void cl_put_answer(cl_writer *w, cl_json content)
{
    cl_json_iter blocks = cl_json_iter_of(content);
    const char *from = content.ptr;
    cl_json block;
    bool call;

    while (cl_json_next(&blocks, NULL, &block)) {
        if (can_be_sent(block, &call))
            continue;
        cl_put_str(w, cl_str_n(from, (size_t)(block.ptr - from)));
        put_mended(w, block, call);
        from = block.ptr + block.len;
    }
    cl_put_str(w, cl_str_n(from, (size_t)(content.ptr + content.len - from)));
}

static claude_code_t find_block(const claude_response_t *response, size_t index, cl_json *out, cl_err *err)
{
    cl_json content = cl_json_member(cl_response_root(response), CL_STR("content"));
    cl_json_iter iter = cl_json_iter_of(content);
    size_t count = 0;

    if (content.type != CLAUDE_JSON_ARRAY)
        return cl_fail(err, CLAUDE_E_INVALID, "response has no content; only the answer to a message has blocks");
    while (count <= index && cl_json_next(&iter, NULL, out))
        count++;
    if (count <= index)
        return cl_fail(err, CLAUDE_E_INVALID, "index is %zu, but the response has %zu content blocks", index, count);
    if (out->type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "content block %zu of the response is not an object", index);
    return CLAUDE_OK;
}

claude_code_t cl_block_from_response(const claude_response_t *response, size_t index, claude_block_t **out, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&json, CL_BUF_OK};
    cl_json found = {NULL, 0, CLAUDE_JSON_NONE};
    claude_code_t rc = find_block(response, index, &found, err);
    bool call;

    if (rc < 0)
        return rc;
    if (can_be_sent(found, &call))
        cl_put_str(&w, cl_str_n(found.ptr, found.len));
    else
        put_mended(&w, found, call);
    return cl_block_adopt(&json, w.rc, out, err);
}
