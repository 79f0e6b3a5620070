#include "json/bytes.h"
#include "json/walk.h"

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* p is at the 'u' of an escape; moves behind it and behind the second half of a pair. */
static size_t decode_hex(const char **p, const char *end, char *out)
{
    int32_t high = end - *p >= 5 ? cl_json_hex4(*p + 1) : -1;
    int32_t low;

    if (high < 0) {
        *p = end;
        return 0;
    }
    *p += 5;
    if (high < 0xd800 || high > 0xdbff || end - *p < 6)
        return put_utf8((uint32_t)high, out);
    low = cl_json_hex4(*p + 2);
    *p += 6;
    return put_utf8(0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00), out);
}

/* p is at a backslash. */
static size_t decode_escape(const char **p, const char *end, char *out)
{
    char c;

    if (end - *p < 2) {
        *p = end;
        return 0;
    }
    c = *++*p;
    if (c == 'u')
        return decode_hex(p, end, out);
    ++*p;
    switch (c) {
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    default:
        break;
    }
    out[0] = c;
    return 1;
}

size_t cl_json_decode_unit(const char **p, const char *end, char out[4])
{
    size_t n = 1;

    if (**p == '\\')
        return decode_escape(p, end, out);
    if ((unsigned char)**p >= 0x80) {
        n = cl_utf8_length(*p, end);
        n = n > 0 ? n : 1;
    }
    memcpy(out, *p, n);
    *p += n;
    return n;
}

size_t cl_json_decode_into(cl_str raw, char *out)
{
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;
    char *to = out;

    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        stop = stop ? stop : end;
        if (to != p)
            memmove(to, p, (size_t)(stop - p));
        to += stop - p;
        p = stop;
        while (p < end && *p == '\\') {
            char unit[4];
            size_t n = decode_escape(&p, end, unit);
            memcpy(to, unit, n);
            to += n;
        }
    }
    return (size_t)(to - out);
}

/* What is between the quotes. */
static cl_str inside(cl_json string)
{
    if (string.type != CLAUDE_JSON_STRING || string.len < 2)
        return cl_str_n("", 0);
    return cl_str_n(string.ptr + 1, string.len - 2);
}

int cl_json_decode(cl_json string, cl_buf *out)
{
    cl_str raw = inside(string);
    int rc = cl_buf_reserve(out, raw.len);

    if (rc != CL_BUF_OK)
        return rc;
    out->len += cl_json_decode_into(raw, out->ptr + out->len);
    out->ptr[out->len] = '\0';
    return CL_BUF_OK;
}

int cl_json_text(cl_json string, cl_buf *room, cl_str *text)
{
    *text = cl_str_n(string.ptr + 1, string.len - 2);
    if (memchr(text->ptr, '\\', text->len)) {
        int rc;
        cl_buf_clear(room);
        rc = cl_json_decode(string, room);
        *text = cl_buf_str(room);
        return rc;
    }
    return CL_BUF_OK;
}

size_t cl_json_decoded_len(cl_json string)
{
    cl_str raw = inside(string);
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;
    size_t len = 0;
    char unit[4];

    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        stop = stop ? stop : end;
        len += (size_t)(stop - p);
        p = stop;
        while (p < end && *p == '\\')
            len += decode_escape(&p, end, unit);
    }
    return len;
}

size_t cl_json_copy_text(cl_json string, char *out, size_t size)
{
    cl_str raw = inside(string);
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;
    size_t len = 0;

    while (p < end) {
        char unit[4];
        size_t n = cl_json_decode_unit(&p, end, unit);
        if (len + n >= size)
            break;
        memcpy(out + len, unit, n);
        len += n;
    }
    out[len] = '\0';
    return len;
}

bool cl_json_string_is(cl_json string, cl_str text)
{
    cl_str raw = inside(string);
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;
    size_t at = 0;

    if (string.type != CLAUDE_JSON_STRING || raw.len < text.len)
        return false;
    if (raw.len == 0 || !memchr(raw.ptr, '\\', raw.len))
        return cl_str_eq(raw, text);
    while (p < end) {
        char unit[4];
        size_t n = cl_json_decode_unit(&p, end, unit);
        if (n > text.len - at || memcmp(text.ptr + at, unit, n) != 0)
            return false;
        at += n;
    }
    return at == text.len;
}

void cl_json_decode_all(cl_str text, char *copy)
{
    const char *base = text.len > 0 ? text.ptr : "";
    const char *p = base;
    const char *end = base + text.len;

    memcpy(copy, base, text.len);
    copy[text.len] = '\0';
    while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
        const char *start = ++p;
        char *to = copy + (start - base);
        cl_str raw;
        p = cl_json_skip_string(start, end);
        if (p == start)
            return;
        raw = cl_str_n(start, (size_t)(p - 1 - start));
        if (!memchr(raw.ptr, '\\', raw.len))
            to[raw.len] = '\0';
        else
            to[cl_json_decode_into(raw, to)] = '\0';
    }
}
