/* block_write.c - JSON written piece by piece, and objects that are kept as text. */
#include "message/block.h"

/* ---- pieces ---- */

void cl_put_cache_control(cl_writer *w, cl_str ttl)
{
    cl_put(w, "{\"type\":\"ephemeral\"");
    if (ttl.len > 0)
        cl_put_text_member(w, "ttl", ttl);
    cl_put(w, "}");
}

/* ---- arrays of blocks inside of a text ---- */

bool cl_json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

int cl_text_to_array(cl_buf *document, cl_json text, size_t *end)
{
    size_t at = (size_t)(text.ptr - document->ptr);
    cl_buf array = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&array, CL_BUF_OK};

    cl_put(&w, "[");
    if (text.len > 2) {
        cl_put(&w, "{\"type\":\"text\"");
        cl_put_json_member(&w, "text", cl_str_n(text.ptr, text.len));
        cl_put(&w, "}");
    }
    cl_put(&w, "]");
    if (w.rc == CL_BUF_OK)
        w.rc = cl_buf_splice(document, at, text.len, cl_buf_str(&array));
    if (w.rc == CL_BUF_OK)
        *end = at + array.len - 1;
    cl_buf_free(&array);
    return w.rc;
}

int cl_array_insert(cl_buf *document, size_t *end, cl_str json)
{
    size_t last = *end - 1;
    int rc = cl_buf_reserve(document, json.len + 1);

    if (rc != CL_BUF_OK)
        return rc;
    while (cl_json_is_space(document->ptr[last]))
        last--;
    /* There is room: these cannot fail. What is behind the array is moved along, mostly a brace or two. */
    if (document->ptr[last] != '[')
        cl_buf_splice(document, (*end)++, 0, CL_STR(","));
    cl_buf_splice(document, *end, 0, json);
    *end += json.len;
    return CL_BUF_OK;
}

/* ---- objects kept as text ---- */

claude_code_t cl_object_fail(const char *what, int written, cl_err *err)
{
    if (written == CL_BUF_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_INVALID, "%s would have more than %zu bytes", what, CL_DRAFT_MAX);
}

claude_code_t cl_check_json(const char *what, cl_str *json, cl_err *err)
{
    cl_json root;
    cl_err syntax;

    cl_err_init(&syntax);
    if (cl_json_validate(*json, CL_JSON_DEPTH_DEFAULT, &root, &syntax) < 0)
        return cl_fail(err, syntax.code, "%s: %s", what, syntax.message);
    *json = cl_str_n(root.ptr, root.len);
    return CLAUDE_OK;
}

claude_code_t cl_object_parse(const char *what, cl_str json, cl_buf *out, cl_err *err)
{
    claude_code_t rc = cl_check_json(what, &json, err);
    int written;

    if (rc < 0)
        return rc;
    if (json.ptr[0] != '{')
        return cl_fail(err, CLAUDE_E_INVALID, "%s must be a JSON object", what);
    written = cl_buf_append_str(out, json);
    return written == CL_BUF_OK ? CLAUDE_OK : cl_object_fail(what, written, err);
}

claude_code_t cl_object_adopt(const char *what, cl_buf *object, const char *pointer, int written, cl_buf *fresh,
                              cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (written != CL_BUF_OK)
        rc = cl_object_fail(what, written, err);
    else
        rc = cl_json_set(object, cl_str_of(pointer), cl_buf_str(fresh), err);
    cl_buf_free(fresh);
    return rc;
}

claude_code_t cl_object_set(const char *what, cl_buf *object, const char *pointer, cl_str json, cl_err *err)
{
    /* A copy, because the value may lie in the text that is changed. */
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc;

    if (pointer[0] == '\0')
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer is empty; it must name a field of the %s, like \"/type\"",
                       what);
    rc = cl_check_json(pointer, &json, err);
    return rc < 0 ? rc : cl_object_adopt(what, object, pointer, cl_buf_append_str(&fresh, json), &fresh, err);
}

claude_code_t cl_object_set_cache_control(const char *what, cl_buf *object, const char *ttl, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    claude_code_t rc = cl_request_check_text("cache_control.ttl", cl_str_of(ttl), !ttl, err);

    if (rc < 0)
        return rc;
    cl_put_cache_control(&w, cl_str_of(ttl));
    return cl_object_adopt(what, object, "/cache_control", w.rc, &fresh, err);
}

const char *cl_object_text(const cl_buf *object, const char *pointer, cl_buf *text)
{
    cl_json value = cl_json_at(cl_json_root(cl_buf_str(object)), cl_str_of(pointer));

    cl_buf_clear(text);
    if (value.type != CLAUDE_JSON_STRING || cl_json_decode(value, text) != CL_BUF_OK ||
        cl_buf_reserve(text, 0) != CL_BUF_OK)
        return NULL;
    return text->ptr;
}
