#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("claude-sandbox: out of memory\n", stderr);
    _Exit(70);
}

void *xmalloc(size_t size)
{
    void *p = malloc(size != 0 ? size : 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size != 0 ? size : 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

char *xstrndup(const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

char *buf_room(struct buf *b, size_t extra)
{
    size_t need = b->len + extra + 1;

    if (need < b->len)
        out_of_memory();
    if (need > b->cap) {
        size_t cap = b->cap + b->cap / 2;

        b->cap = cap > need ? cap : need;
        b->data = xrealloc(b->data, b->cap);
    }
    return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    char *to = buf_room(b, len);

    if (len != 0)
        memcpy(to, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    size_t room = b->cap - b->len;
    va_list args;
    va_list again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(room > 0 ? b->data + b->len : NULL, room, format, args);
    va_end(args);
    if (len > 0 && (size_t)len >= room) {
        char *to = buf_room(b, (size_t)len);

        vsnprintf(to, (size_t)len + 1, format, again);
    }
    va_end(again);
    b->len += len > 0 ? (size_t)len : 0;
}

static void json_char(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        buf_str(b, "\\\"");
        break;
    case '\\':
        buf_str(b, "\\\\");
        break;
    case '\n':
        buf_str(b, "\\n");
        break;
    case '\r':
        buf_str(b, "\\r");
        break;
    case '\t':
        buf_str(b, "\\t");
        break;
    default:
        buf_printf(b, "\\u%04x", c);
        break;
    }
}

static void json_text(struct buf *b, const char *text, size_t len, unsigned char highest)
{
    size_t from = 0;

    buf_add(b, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c != '"' && c != '\\' && c <= highest)
            continue;
        buf_add(b, text + from, i - from);
        json_char(b, c);
        from = i + 1;
    }
    if (from < len)
        buf_add(b, text + from, len - from);
    buf_add(b, "\"", 1);
}

void buf_json(struct buf *b, const char *text, size_t len)
{
    json_text(b, text, len, 0xff);
}

void buf_json_latin1(struct buf *b, const char *text, size_t len)
{
    json_text(b, text, len, 0x7e);
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_base64(struct buf *b, const void *data, size_t len)
{
    const unsigned char *p = data;
    char *to = buf_room(b, (len / 3 + 1) * 4);
    size_t n = 0;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned v = (unsigned)p[i] << 16;

        if (left > 1)
            v |= (unsigned)p[i + 1] << 8;
        if (left > 2)
            v |= p[i + 2];
        to[n++] = base64_digits[v >> 18];
        to[n++] = base64_digits[v >> 12 & 63];
        to[n++] = left > 1 ? base64_digits[v >> 6 & 63] : '=';
        to[n++] = left > 2 ? base64_digits[v & 63] : '=';
    }
    b->len += n;
    b->data[b->len] = '\0';
}

bool buf_unbase64(struct buf *b, const char *text, size_t len)
{
    unsigned bits = 0;
    unsigned have = 0;

    if (len % 4 != 0)
        return false;
    while (len > 0 && text[len - 1] == '=' && len % 4 != 2)
        len--;
    for (size_t i = 0; i < len; i++) {
        const char *digit = text[i] != '\0' ? strchr(base64_digits, text[i]) : NULL;
        char byte;

        if (digit == NULL)
            return false;
        bits = (bits << 6 | (unsigned)(digit - base64_digits)) & 0xffffff;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        byte = (char)(unsigned char)(bits >> have & 0xff);
        buf_add(b, &byte, 1);
    }
    return true;
}

/* Bytes that follow a lead byte, or 0 for ASCII, or -1 for a byte that cannot lead. */
static int utf8_follow(unsigned char lead)
{
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead < 0xe0)
        return 1;
    if (lead >= 0xe0 && lead < 0xf0)
        return 2;
    if (lead >= 0xf0 && lead < 0xf5)
        return 3;
    return -1;
}

bool utf8_valid(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < len;) {
        int follow = utf8_follow(p[i]);

        if (follow < 0 || (size_t)follow >= len - i)
            return false;
        for (int k = 1; k <= follow; k++) {
            if ((p[i + (size_t)k] & 0xc0) != 0x80)
                return false;
        }
        /* overlong forms, surrogates and values beyond U+10FFFF show in the second byte */
        if ((p[i] == 0xe0 && p[i + 1] < 0xa0) || (p[i] == 0xed && p[i + 1] > 0x9f) ||
            (p[i] == 0xf0 && p[i + 1] < 0x90) || (p[i] == 0xf4 && p[i + 1] > 0x8f))
            return false;
        i += (size_t)follow + 1;
    }
    return true;
}
