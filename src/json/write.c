#include "json/bytes.h"
#include "json/json.h"

#include <math.h>

/* Text is escaped in pieces of this size, so that the room for the worst case (six bytes for one) stays small. */
enum { PIECE = 4096, GROWTH = 6, SLACK = 16 };

static char *put_escape(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char names[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char name = c < 0x20 ? names[c] : (char)c;

    *out++ = '\\';
    if (name != '\0') {
        *out++ = name;
        return out;
    }
    *out++ = 'u';
    *out++ = '0';
    *out++ = '0';
    *out++ = hex[c >> 4];
    *out++ = hex[c & 15];
    return out;
}

/* `out` has room for GROWTH bytes per byte of the piece, and SLACK: whole vectors are stored before they are judged. */
static char *escape_piece(const char *p, const char *end, char *out)
{
#if CL_JSON_SSE2
    while (end - p >= 16) {
        __m128i bytes = cl_load128(p);
        unsigned mask = cl_escape_stops(bytes);
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        if (mask == 0) {
            p += 16;
            out += 16;
            continue;
        }
        p += __builtin_ctz(mask);
        out += __builtin_ctz(mask);
        out = put_escape(out, (unsigned char)*p++);
    }
#else
    while (end - p >= 8) {
        uint64_t word = cl_load64(p);
        if ((cl_word_control(word) | cl_word_has(word, '"') | cl_word_has(word, '\\')) == 0) {
            memcpy(out, &word, sizeof word);
            p += 8;
            out += 8;
            continue;
        }
        for (int i = 0; i < 8; i++, p++) {
            unsigned char c = (unsigned char)*p;
            if (c < 0x20 || c == '"' || c == '\\')
                out = put_escape(out, c);
            else
                *out++ = (char)c;
        }
    }
#endif
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == '"' || c == '\\')
            out = put_escape(out, c);
        else
            *out++ = (char)c;
    }
    return out;
}

/* Near the buffer's limit there may be room for the text but not for the worst case: measured on the stack first. */
static int escape_tight(cl_buf *out, const char *p, const char *end)
{
    char piece[32 * GROWTH + SLACK];

    while (p < end) {
        const char *stop = end - p > 32 ? p + 32 : end;
        size_t n = (size_t)(escape_piece(p, stop, piece) - piece);
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
        rc = cl_buf_reserve(out, n * GROWTH + SLACK);
        if (rc == CL_BUF_OK)
            out->len = (size_t)(escape_piece(p, p + n, out->ptr + out->len) - out->ptr);
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
