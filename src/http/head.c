/* head.c - the header lines of a response, as they come. */
#include "http/http.h"

/*
 * curl_easy_nextheader() would do, but it compares every header with every other one: a quarter of a request's whole
 * cost. A line is looked at once, when it comes, and kept as two lengths and two texts.
 */
typedef struct line_lengths {
    uint32_t name;
    uint32_t value;
} line_lengths;

/* Name and value, if the line has a name: a folded line and a status line have none. */
static bool split(cl_str line, cl_str *name, cl_str *value)
{
    const char *colon;

    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    if (line.len == 0 || line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return false;
    colon = memchr(line.ptr, ':', line.len);
    if (!colon || colon == line.ptr)
        return false;
    *name = cl_str_n(line.ptr, (size_t)(colon - line.ptr));
    *value = cl_str_trim(cl_str_n(colon + 1, line.len - name->len - 1));
    return value->len <= UINT32_MAX && name->len <= UINT32_MAX;
}

static char *put(char *to, cl_str text)
{
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    to[text.len] = '\0';
    return to + text.len + 1;
}

int cl_head_add(cl_buf *head, cl_str line)
{
    line_lengths lengths;
    cl_str name;
    cl_str value;
    char *to;
    int rc;

    if (!split(line, &name, &value))
        return CL_BUF_OK;
    lengths = (line_lengths){(uint32_t)name.len, (uint32_t)value.len};
    rc = cl_buf_reserve(head, sizeof lengths + name.len + value.len + 2);
    if (rc != CL_BUF_OK)
        return rc;
    to = head->ptr + head->len;
    memcpy(to, &lengths, sizeof lengths);
    to = put(put(to + sizeof lengths, name), value);
    head->len = (size_t)(to - head->ptr);
    return CL_BUF_OK;
}

static size_t step(const char *record, line_lengths *lengths)
{
    memcpy(lengths, record, sizeof *lengths);
    return sizeof *lengths + lengths->name + lengths->value + 2;
}

claude_code_t cl_head_take(const cl_buf *head, cl_headers *out, cl_err *err)
{
    line_lengths lengths;
    size_t count = 0;
    size_t at;
    char *to;
    claude_code_t rc;

    for (at = 0; at < head->len; at += step(head->ptr + at, &lengths))
        count++;
    if (count == 0)
        return CLAUDE_OK;
    rc = cl_headers_reserve(out, count, head->len - count * sizeof lengths, err);
    if (rc < 0)
        return rc;
    to = (char *)(out->items + count);
    for (at = 0; at < head->len; out->count++) {
        size_t len = step(head->ptr + at, &lengths) - sizeof lengths;
        memcpy(to, head->ptr + at + sizeof lengths, len);
        out->items[out->count] = (cl_header){to, to + lengths.name + 1};
        to += len;
        at += sizeof lengths + len;
    }
    return CLAUDE_OK;
}
