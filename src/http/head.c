/* head.c - reads the header lines of a response. */
#include "http/http.h"

/*
 * curl_easy_nextheader() would do, but it compares every header with every other one: a quarter of a request's whole
 * cost.
 */
claude_code_t cl_head_parse(cl_str head, cl_headers *out, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    while (head.len > 0 && rc >= 0) {
        const char *eol = memchr(head.ptr, '\n', head.len);
        size_t len = eol ? (size_t)(eol - head.ptr) : head.len;
        cl_str line = cl_str_n(head.ptr, len > 0 && head.ptr[len - 1] == '\r' ? len - 1 : len);
        const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
        if (colon && colon > line.ptr && line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            cl_str name = cl_str_n(line.ptr, (size_t)(colon - line.ptr));
            cl_str value = cl_str_trim(cl_str_n(colon + 1, line.len - name.len - 1));
            rc = cl_headers_add(out, name, value, err);
        }
        len += eol ? 1 : 0;
        head = cl_str_n(head.ptr + len, head.len - len);
    }
    return rc;
}
