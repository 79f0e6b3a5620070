#include "json/bytes.h"
#include "json/json.h"

#include <math.h>

/* Text is escaped in pieces of this size, so that the room for the worst case stays small. */
enum { PIECE = 4096, SMALL_PIECE = 32 };

/* Near the buffer's limit there may be room for the text but not for the worst case: measured on the stack first. */
static int escape_tight(cl_buf *out, const char *p, const char *end)
{
    char piece[CL_ESCAPE_ROOM(SMALL_PIECE)];

    while (p < end) {
        const char *stop = end - p > SMALL_PIECE ? p + SMALL_PIECE : end;
        size_t n = (size_t)(cl_json_escape(p, stop, piece) - piece);
        int rc = cl_buf_append(out, piece, n);
        if (rc != CL_BUF_OK)
            return rc;
        p = stop;
    }
    return CL_BUF_OK;
}

int cl_json_write_escaped(cl_buf *out, cl_str text)
{
    const char *p = text.len > 0 ? text.ptr : "";
    const char *end = p + text.len;
    size_t before = out->len;
    int rc = cl_buf_reserve(out, text.len);

    if (rc != CL_BUF_OK)
        return rc;
    while (p < end) {
        size_t n = end - p > PIECE ? PIECE : (size_t)(end - p);
        rc = cl_buf_reserve(out, CL_ESCAPE_ROOM(n));
        if (rc == CL_BUF_OK)
            out->len = (size_t)(cl_json_escape(p, p + n, out->ptr + out->len) - out->ptr);
        else if (rc == CL_BUF_FULL)
            rc = escape_tight(out, p, p + n);
        if (rc != CL_BUF_OK) {
            out->len = before;
            break;
        }
        p += n;
    }
    out->ptr[out->len] = '\0';
    return rc;
}

int cl_json_write_string(cl_buf *out, cl_str text)
{
    size_t before = out->len;
    int rc = cl_buf_append_char(out, '"');

    if (rc == CL_BUF_OK)
        rc = cl_json_write_escaped(out, text);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_char(out, '"');
    if (rc != CL_BUF_OK && out->ptr) {
        out->len = before;
        out->ptr[before] = '\0';
    }
    return rc;
}

int cl_json_write_key(cl_buf *out, cl_str name)
{
    char last = out->len > 0 ? out->ptr[out->len - 1] : '{';
    int rc = CL_BUF_OK;

    if (last != '{' && last != '[')
        rc = cl_buf_append_char(out, ',');
    if (rc == CL_BUF_OK)
        rc = cl_json_write_string(out, name);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_char(out, ':');
    return rc;
}

int cl_json_write_double(cl_buf *out, double value)
{
    char text[40];

    if (!isfinite(value))
        return cl_buf_append_text(out, "null");
    /* A finite number fails only for want of the memory for the locale object. */
    if (!cl_double_to_text(value, text, sizeof text))
        return CL_BUF_NOMEM;
    return cl_buf_append_text(out, text);
}

bool cl_json_put_char(cl_buf *out, char c)
{
    return cl_buf_append_char(out, c) == CL_BUF_OK;
}

bool cl_json_put_key(cl_buf *out, const char *name)
{
    return cl_json_write_key(out, cl_str_of(name)) == CL_BUF_OK;
}

bool cl_json_put_text(cl_buf *out, const char *name, const char *text)
{
    if (!cl_json_put_key(out, name))
        return false;
    return (text ? cl_json_write_string(out, cl_str_of(text)) : cl_buf_append_text(out, "null")) == CL_BUF_OK;
}

bool cl_json_put_int(cl_buf *out, const char *name, int64_t value)
{
    return cl_json_put_key(out, name) && cl_buf_append_int(out, value) == CL_BUF_OK;
}
