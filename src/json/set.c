#include "json/bytes.h"
#include "json/walk.h"

static claude_code_t refuse(cl_err *err, cl_str pointer, const char *problem)
{
    return cl_fail(err, CLAUDE_E_INVALID, "JSON pointer %.*s: %s", (int)(pointer.len > 200 ? 200 : pointer.len),
                   pointer.len > 0 ? pointer.ptr : "", problem);
}

static bool is_append(cl_str token)
{
    return token.len == 1 && token.ptr[0] == '-';
}

/* Writes a token as a quoted key. */
static int write_token(cl_buf *out, cl_str token)
{
    cl_buf plain = CL_BUF_INIT(SIZE_MAX - 1);
    int rc = cl_buf_reserve(&plain, token.len);

    if (rc == CL_BUF_OK) {
        plain.len = cl_json_pointer_unescape(token, plain.ptr);
        rc = cl_json_write_string(out, cl_buf_str(&plain));
    }
    cl_buf_free(&plain);
    return rc;
}

/* Writes the value with the containers that its pointer asks for around it: /a/- gives {"a":[value]}. */
static int write_nested(cl_buf *out, cl_str pointer, cl_str value)
{
    char closers[CL_JSON_DEPTH_DEFAULT];
    size_t depth = 0;
    cl_str token;
    int rc = CL_BUF_OK;

    while (rc == CL_BUF_OK && cl_json_pointer_next(&pointer, &token)) {
        bool array = is_append(token);
        closers[depth++] = array ? ']' : '}';
        rc = cl_buf_append_char(out, array ? '[' : '{');
        if (rc == CL_BUF_OK && !array)
            rc = write_token(out, token);
        if (rc == CL_BUF_OK && !array)
            rc = cl_buf_append_char(out, ':');
    }
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_str(out, value);
    while (rc == CL_BUF_OK && depth > 0)
        rc = cl_buf_append_char(out, closers[--depth]);
    return rc;
}

/* Where a new last member or element goes: after the last value, or after the opening bracket. */
static const char *insertion_point(cl_json container, bool *empty)
{
    cl_json_iter iter = cl_json_iter_of(container);
    const char *at = container.ptr + 1;
    cl_json value;

    *empty = true;
    while (cl_json_next(&iter, NULL, &value)) {
        at = value.ptr + value.len;
        *empty = false;
    }
    return at;
}

/* Adds what is missing from `token` on to the container. */
static claude_code_t insert(cl_buf *document, cl_json container, cl_str token, cl_str rest, cl_str value, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(document->max);
    bool empty;
    const char *at = insertion_point(container, &empty);
    int rc = CL_BUF_OK;

    if (!empty)
        rc = cl_buf_append_char(&text, ',');
    if (rc == CL_BUF_OK && container.type == CLAUDE_JSON_OBJECT) {
        rc = write_token(&text, token);
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_char(&text, ':');
    }
    if (rc == CL_BUF_OK)
        rc = write_nested(&text, rest, value);
    if (rc == CL_BUF_OK)
        rc = cl_buf_splice(document, (size_t)(at - document->ptr), 0, cl_buf_str(&text));
    cl_buf_free(&text);
    return rc == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, rc, "JSON document");
}

static claude_code_t set_empty(cl_buf *document, cl_str pointer, cl_str value, cl_err *err)
{
    size_t before = document->len;
    int rc = write_nested(document, pointer, value);

    if (rc == CL_BUF_OK)
        return CLAUDE_OK;
    document->len = before;
    if (document->ptr)
        document->ptr[before] = '\0';
    return cl_fail_buf(err, rc, "JSON document");
}

static claude_code_t check_pointer(cl_str pointer, cl_err *err)
{
    size_t steps = 0;

    if (!cl_json_pointer_valid(pointer))
        return refuse(err, pointer, "must be empty or begin with /, and have no ~ but ~0 and ~1");
    if (cl_utf8_valid(pointer) != pointer.len)
        return refuse(err, pointer, "is not valid UTF-8");
    for (size_t i = 0; i < pointer.len; i++)
        steps += pointer.ptr[i] == '/';
    if (steps > CL_JSON_DEPTH_DEFAULT)
        return refuse(err, pointer, "has more than 200 steps");
    return CLAUDE_OK;
}

claude_code_t cl_json_set(cl_buf *document, cl_str pointer, cl_str value, cl_err *err)
{
    cl_json here = cl_json_root(cl_buf_str(document));
    cl_str rest = pointer;
    cl_str token;
    claude_code_t code = check_pointer(pointer, err);
    int rc;

    if (code < 0)
        return code;
    if (here.type == CLAUDE_JSON_NONE)
        return set_empty(document, pointer, value, err);
    while (cl_json_pointer_next(&rest, &token)) {
        cl_json child = cl_json_child(here, token);
        if (child.type != CLAUDE_JSON_NONE) {
            here = child;
            continue;
        }
        if (here.type == CLAUDE_JSON_OBJECT || (here.type == CLAUDE_JSON_ARRAY && is_append(token)))
            return insert(document, here, token, rest, value, err);
        if (here.type == CLAUDE_JSON_ARRAY)
            return refuse(err, pointer, "array index out of range; - appends");
        return refuse(err, pointer, "a step leads into a value that is neither object nor array");
    }
    rc = cl_buf_splice(document, (size_t)(here.ptr - document->ptr), here.len, value);
    return rc == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, rc, "JSON document");
}
