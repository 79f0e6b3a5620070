/* block_messages.c - messages made of content blocks, appended in place: a long conversation costs in proportion. */
#include "message/block.h"

/* ---- writing ---- */

static claude_code_t attach_files(claude_request_t *request, claude_block_t *const *blocks, size_t count, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = cl_files_add_all(&request->files, &blocks[i]->files, err);
    return rc;
}

/* The blocks, and the text after them if it is not empty, as an array. */
static void put_content(cl_writer *w, claude_block_t *const *blocks, size_t count, cl_str text)
{
    cl_put(w, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            cl_put(w, ",");
        cl_put_str(w, cl_buf_str(&blocks[i]->json));
    }
    if (text.len > 0) {
        cl_put(w, count > 0 ? ",{\"type\":\"text\"" : "{\"type\":\"text\"");
        cl_put_text_member(w, "text", text);
        cl_put(w, "}");
    }
    cl_put(w, "]");
}

/* A message being written at the end of the array of messages. */
typedef struct turn {
    cl_blob *lent; /* NULL: the text of the message does not lie in what the program was lent */
    cl_buf *array;
    size_t end; /* of the messages so far */
    cl_writer w;
} turn;

/* Writes {"role":...,"content": and expects the text. */
static claude_code_t open_message(claude_request_t *request, cl_str role, cl_str text, turn *m, cl_err *err)
{
    claude_code_t rc;

    *m = (turn){.lent = cl_draft_hold(&request->draft, text.ptr)};
    rc = cl_request_edit_array(request, "messages", &m->array, err);
    if (rc < 0) {
        cl_blob_unref(m->lent);
        return rc;
    }
    m->w = (cl_writer){m->array, cl_array_open(m->array, &m->end)};
    cl_put(&m->w, "{");
    cl_put_text_member(&m->w, "role", role);
    cl_put_key(&m->w, "content");
    return CLAUDE_OK;
}

static claude_code_t close_message(turn *m, cl_err *err)
{
    int written;

    cl_put(&m->w, "}");
    written = cl_array_close(m->array, m->end, m->w.rc);
    cl_blob_unref(m->lent);
    return written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
}

static claude_code_t add_content(claude_request_t *request, cl_str role, claude_block_t *const *blocks, size_t count,
                                 cl_str text, cl_err *err)
{
    turn m;
    claude_code_t rc = attach_files(request, blocks, count, err);

    if (rc >= 0)
        rc = open_message(request, role, text, &m, err);
    if (rc < 0)
        return rc;
    put_content(&m.w, blocks, count, text);
    return close_message(&m, err);
}

static claude_code_t check_role(cl_str role, cl_err *err)
{
    if (role.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "message role is empty; it must be user, assistant or system");
    if (cl_str_eq(role, CL_STR("user")) || cl_str_eq(role, CL_STR("assistant")) || cl_str_eq(role, CL_STR("system")))
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "message role \"%.*s\" is not known; it must be user, assistant or system",
                   (int)(role.len < 64 ? role.len : 64), role.ptr);
}

claude_code_t cl_request_add_message(claude_request_t *request, const char *role, cl_str text, cl_err *err)
{
    cl_str name = cl_str_of(role);
    turn m;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && check_role(name, &mine) >= 0 &&
        cl_request_check_text("message text", text, false, &mine) >= 0 &&
        open_message(request, name, text, &m, &mine) >= 0) {
        cl_put_string(&m.w, text);
        close_message(&m, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_content(claude_request_t *request, const char *role, claude_block_t *const *blocks,
                                     size_t count, cl_str text, cl_err *err)
{
    cl_str name = cl_str_of(role);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && check_role(name, &mine) >= 0 &&
        cl_request_check_text("message text", text, count > 0, &mine) >= 0)
        add_content(request, name, blocks, count, text, &mine);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t add_response(claude_request_t *request, cl_json content, cl_err *err)
{
    turn m;
    claude_code_t rc;

    if (content.type != CLAUDE_JSON_ARRAY)
        return cl_fail(err, CLAUDE_E_INVALID, "response has no content; only the answer to a message can be added");
    if (cl_json_count(content) == 0)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "content of the response is empty; the API takes no message without content, so leave it out");
    rc = open_message(request, CL_STR("assistant"), cl_str_n(content.ptr, content.len), &m, err);
    if (rc < 0)
        return rc;
    cl_put_answer(&m.w, content);
    return close_message(&m, err);
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
    else if (cl_request_check_body(request, "system", &mine) >= 0 && attach_files(request, blocks, count, &mine) >= 0) {
        put_content(&w, blocks, count, CL_STR(""));
        cl_request_adopt(request, CL_STR("system"), w.rc, &fresh, &mine);
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
 * The last element of an array, type 0 if it is empty. Found from the end, so that what lies before it costs nothing.
 */
static cl_json last_element(cl_str array)
{
    const char *text = array.ptr;
    size_t depth = 0;
    size_t end = array.len;
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

/* The last message, as far as it matters here. */
typedef struct last_message {
    cl_buf *messages;
    bool found;
    cl_json role;
    cl_json content;
} last_message;

static claude_code_t find_last(claude_request_t *request, last_message *last, cl_err *err)
{
    static const char *const names[] = {"role", "content"};
    claude_code_t rc = cl_request_edit_array(request, "messages", &last->messages, err);
    cl_json members[2];
    cl_json message;

    if (rc < 0)
        return rc;
    message = last_element(cl_buf_str(last->messages));
    last->found = message.type != CLAUDE_JSON_NONE;
    cl_json_members(message, names, 2, members);
    last->role = members[0];
    last->content = members[1];
    return CLAUDE_OK;
}

/* Appends to the content; a text becomes an array first. */
static claude_code_t append_block(claude_request_t *request, const last_message *last, claude_block_t *block,
                                  cl_err *err)
{
    cl_buf *messages = last->messages;
    cl_json content = last->content;
    size_t end = 0;
    int written = CL_BUF_OK;
    claude_code_t rc;

    if (!last->found)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "there is no message that a block could be appended to; begin one with "
                       "claude_request_add_block()");
    if (content.type != CLAUDE_JSON_ARRAY && content.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_INVALID, "content of the last message is neither a text nor an array of blocks");
    rc = attach_files(request, &block, 1, err);
    if (rc < 0)
        return rc;
    if (content.type == CLAUDE_JSON_ARRAY)
        end = (size_t)(content.ptr - messages->ptr) + content.len - 1;
    else
        written = cl_text_to_array(messages, content, &end);
    if (written == CL_BUF_OK)
        written = cl_array_insert(messages, &end, cl_buf_str(&block->json));
    return written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
}

claude_code_t cl_request_append_block(claude_request_t *request, claude_block_t *block, cl_err *err)
{
    last_message last;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && find_last(request, &last, &mine) >= 0)
        append_block(request, &last, block, &mine);
    return cl_request_finish(request, &mine, err);
}

/* The user's, with a tool result as its last block: results of one turn belong into one message. */
static bool takes_results(const last_message *last)
{
    cl_json block;

    if (last->content.type != CLAUDE_JSON_ARRAY || !cl_json_string_is(last->role, CL_STR("user")))
        return false;
    block = last_element(cl_str_n(last->content.ptr, last->content.len));
    return cl_json_string_is(cl_json_member(block, CL_STR("type")), CL_STR("tool_result"));
}

claude_code_t cl_request_add_tool_result_block(claude_request_t *request, claude_block_t *block, cl_err *err)
{
    last_message last;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && find_last(request, &last, &mine) >= 0) {
        if (takes_results(&last))
            append_block(request, &last, block, &mine);
        else
            add_content(request, CL_STR("user"), &block, 1, CL_STR(""), &mine);
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
