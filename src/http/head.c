/* head.c - reads the header lines of a response. */
#include "http/http.h"

/*
 * curl_easy_nextheader() would do, but it compares every header with every other one: a quarter of a request's whole
 * cost.
 */

/* The next line that has a name; false at the end. */
static bool next_line(cl_str *head, cl_str *name, cl_str *value)
{
    while (head->len > 0) {
        const char *eol = memchr(head->ptr, '\n', head->len);
        size_t len = eol ? (size_t)(eol - head->ptr) : head->len;
        cl_str line = cl_str_n(head->ptr, len > 0 && head->ptr[len - 1] == '\r' ? len - 1 : len);
        const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
        len += eol ? 1 : 0;
        *head = cl_str_n(head->ptr + len, head->len - len);
        if (colon && colon > line.ptr && line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            *name = cl_str_n(line.ptr, (size_t)(colon - line.ptr));
            *value = cl_str_trim(cl_str_n(colon + 1, line.len - name->len - 1));
            return true;
        }
    }
    return false;
}

static char *put(char **to, cl_str text)
{
    char *at = *to;

    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    at[text.len] = '\0';
    *to += text.len + 1;
    return at;
}

claude_code_t cl_head_parse(cl_str head, cl_headers *out, cl_err *err)
{
    cl_str rest = head;
    cl_str name;
    cl_str value;
    size_t count = 0;
    size_t bytes = 0;
    char *to;
    claude_code_t rc;

    for (; next_line(&rest, &name, &value); count++)
        bytes += name.len + value.len + 2;
    if (count == 0)
        return CLAUDE_OK;
    rc = cl_headers_reserve(out, count, bytes, err);
    if (rc < 0)
        return rc;
    to = (char *)(out->items + count);
    for (rest = head; next_line(&rest, &name, &value); out->count++) {
        out->items[out->count].name = put(&to, name);
        out->items[out->count].value = put(&to, value);
    }
    return CLAUDE_OK;
}
