/* block_messages.c - messages made of content blocks, appended in place: a long conversation costs in proportion. */
#include "message/block.h"

/* ---- writing ---- */

static claude_code_t attach_files(claude_request_t *request, const claude_block_t *block, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < block->file_count && rc >= 0; i++)
        rc = cl_request_attach(request, block->files[i], err);
    return rc;
}

/* The blocks, and the text after them if it is not empty, as an array. */
static void put_content(cl_writer *w, claude_block_t *const *blocks, size_t count, cl_str text)
{
    cl_put(w, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            cl_put(w, ",");
        cl_put_json(w, cl_buf_str(&blocks[i]->json));
    }
    if (text.len > 0) {
        cl_put(w, count > 0 ? ",{\"type\":\"text\"" : "{\"type\":\"text\"");
        cl_put_text_member(w, "text", text);
        cl_put(w, "}");
    }
    cl_put(w, "]");
}

static claude_code_t add_content(claude_request_t *request, cl_str role, claude_block_t *const *blocks, size_t count,
                                 cl_str text, cl_err *err)
{
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *messages = NULL;
    size_t end;
    cl_writer w;
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = attach_files(request, blocks[i], err);
    if (rc >= 0)
        rc = cl_request_edit_array(request, "messages", &messages, err);
    if (rc < 0)
        goto out;
    w = (cl_writer){messages, cl_array_open(messages, &end)};
    cl_put(&w, "{");
    cl_put_text_member(&w, "role", role);
    cl_put_key(&w, "content");
    put_content(&w, blocks, count, text);
    cl_put(&w, "}");
    w.rc = cl_array_close(messages, end, w.rc);
    rc = w.rc == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(w.rc, err);
out:
    cl_blob_unref(lent);
    return rc;
}

claude_code_t cl_request_add_content(claude_request_t *request, const char *role, claude_block_t *const *blocks,
                                     size_t count, cl_str text, cl_err *err)
{
    cl_str name = cl_str_of(role);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && cl_request_check_role(name, &mine) >= 0 &&
        cl_request_check_text("message text", text, count > 0, &mine) >= 0)
        add_content(request, name, blocks, count, text, &mine);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t add_response(claude_request_t *request, cl_json content, cl_err *err)
{
    cl_buf *messages = NULL;
    size_t end;
    cl_writer w;
    claude_code_t rc;

    if (content.type != CLAUDE_JSON_ARRAY)
        return cl_fail(err, CLAUDE_E_INVALID, "response has no content; only the answer to a message can be added");
    if (cl_json_count(content) == 0)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "content of the response is empty; the API takes no message without "
                       "content, so leave it out");
    rc = cl_request_edit_array(request, "messages", &messages, err);
    if (rc < 0)
        return rc;
    w = (cl_writer){messages, cl_array_open(messages, &end)};
    cl_put(&w, "{\"role\":\"assistant\"");
    cl_put_json_member(&w, "content", cl_str_n(content.ptr, content.len));
    cl_put(&w, "}");
    w.rc = cl_array_close(messages, end, w.rc);
    return w.rc == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(w.rc, err);
}

claude_code_t cl_request_add_response(claude_request_t *request, const claude_response_t *response, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0)
        add_response(request, cl_json_member(cl_response_root(response), CL_STR("content")), &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_system_blocks(claude_request_t *request, claude_block_t *const *blocks, size_t count,
                                           cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (count == 0)
        cl_fail(&mine, CLAUDE_E_INVALID, "system is empty; it needs at least one block");
    else if (cl_request_check_body(request, "system", &mine) >= 0) {
        claude_code_t rc = CLAUDE_OK;
        for (size_t i = 0; i < count && rc >= 0; i++)
            rc = attach_files(request, blocks[i], &mine);
        if (rc >= 0) {
            put_content(&w, blocks, count, CL_STR(""));
            cl_request_adopt(request, CL_STR("system"), w.rc, &fresh, &mine);
        }
    }
    return cl_request_finish(request, &mine, err);
}

/* ---- the last message ---- */

/* Where the string begins whose closing quote is at `quote`, in valid JSON. A quote inside of a string has an odd
 * number of backslashes before it; the one that opens it has none. */
static size_t string_start(const char *text, size_t quote)
{
    for (;;) {
        const char *p = memrchr(text, '"', quote);
        size_t slashes = 0;
        if (!p)
            return 0;
        quote = (size_t)(p - text);
        while (slashes < quote && text[quote - 1 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return quote;
    }
}

/*
 * The last element of an array that is held as text, type 0 if it is empty. Found from the end, so that what lies
 * before it costs nothing.
 */
static cl_json last_element(const cl_buf *array)
{
    const char *text = array->ptr;
    size_t depth = 0;
    size_t end = array->len;
    size_t at;

    while (end > 0 && cl_json_is_space(text[end - 1]))
        end--;
    if (end == 0)
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    /* Without the closing bracket. */
    end--;
    for (at = end; at > 0; at--) {
        char c = text[at - 1];
        if (c == '"')
            at = string_start(text, at - 1) + 1;
        else if (c == ']' || c == '}')
            depth++;
        else if (depth == 0 && (c == '[' || c == ','))
            break;
        else if (c == '[' || c == '{')
            depth--;
    }
    return cl_json_root(cl_str_n(text + at, end - at));
}

/* Finds the end of the last message's content; a text becomes an array. */
static claude_code_t open_last(cl_buf *messages, size_t *end, cl_err *err)
{
    cl_json message = last_element(messages);
    cl_json content = cl_json_member(message, CL_STR("content"));
    int written = CL_BUF_OK;

    if (message.type == CLAUDE_JSON_NONE)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "there is no message that a block could be appended to; begin one with "
                       "claude_request_add_block()");
    if (content.type == CLAUDE_JSON_ARRAY)
        *end = (size_t)(content.ptr - messages->ptr) + content.len - 1;
    else if (content.type == CLAUDE_JSON_STRING)
        written = cl_text_to_array(messages, content, end);
    else
        return cl_fail(err, CLAUDE_E_INVALID, "content of the last message is neither a text nor an array of blocks");
    return written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
}

static claude_code_t append_block(claude_request_t *request, const claude_block_t *block, cl_err *err)
{
    cl_buf *messages = NULL;
    size_t end = 0;
    int written;
    claude_code_t rc = attach_files(request, block, err);

    if (rc >= 0)
        rc = cl_request_edit_array(request, "messages", &messages, err);
    if (rc >= 0)
        rc = open_last(messages, &end, err);
    if (rc < 0)
        return rc;
    written = cl_array_insert(messages, &end, cl_buf_str(&block->json));
    return written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
}

claude_code_t cl_request_append_block(claude_request_t *request, const claude_block_t *block, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0)
        append_block(request, block, &mine);
    return cl_request_finish(request, &mine, err);
}

/* The user's, with a tool result as its last block: results of one turn belong into one message. */
static bool takes_results(cl_json message)
{
    cl_json content = cl_json_member(message, CL_STR("content"));
    cl_json last = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json_iter iter = cl_json_iter_of(content);

    if (content.type != CLAUDE_JSON_ARRAY ||
        !cl_json_string_is(cl_json_member(message, CL_STR("role")), CL_STR("user")))
        return false;
    while (cl_json_next(&iter, NULL, &last))
        ;
    return cl_json_string_is(cl_json_member(last, CL_STR("type")), CL_STR("tool_result"));
}

claude_code_t cl_request_add_tool_result_block(claude_request_t *request, const claude_block_t *block, cl_err *err)
{
    cl_buf *messages = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 &&
        cl_request_edit_array(request, "messages", &messages, &mine) >= 0) {
        if (messages->len > 0 && takes_results(last_element(messages)))
            append_block(request, block, &mine);
        else
            add_content(request, CL_STR("user"), (claude_block_t *const[]){(claude_block_t *)block}, 1, CL_STR(""),
                        &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_tool_result(claude_request_t *request, const char *tool_use_id, cl_str text, bool is_error,
                                         cl_err *err)
{
    claude_block_t *block = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_block_tool_result(tool_use_id, &text, is_error, &block, &mine) >= 0)
        cl_request_add_tool_result_block(request, block, &mine);
    cl_block_unref(block);
    return cl_request_finish(request, &mine, err);
}
