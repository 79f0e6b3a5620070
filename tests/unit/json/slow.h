/*
 * slow.h - JSON the simple way, to compare with: recursive, one byte at a time, written from RFC 8259 and from
 * Unicode's table 3-7, sharing nothing with the library.
 */
#ifndef TEST_JSON_SLOW_H
#define TEST_JSON_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct slow {
    const unsigned char *p;
    const unsigned char *end;
    unsigned depth;
} slow;

static inline bool slow_range(const slow *s, size_t at, unsigned low, unsigned high)
{
    return (size_t)(s->end - s->p) > at && s->p[at] >= low && s->p[at] <= high;
}

/* One character that is not ASCII. */
static inline bool slow_utf8(slow *s)
{
    static const struct {
        unsigned first_low, first_high, second_low, second_high;
        size_t length;
    } rows[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!slow_range(s, 0, rows[i].first_low, rows[i].first_high))
            continue;
        for (size_t k = 1; k < rows[i].length; k++) {
            if (!slow_range(s, k, k == 1 ? rows[i].second_low : 0x80, k == 1 ? rows[i].second_high : 0xbf))
                return false;
        }
        s->p += rows[i].length;
        return true;
    }
    return false;
}

/* The four digits of an escape, at s->p; -1 if they are not. */
static inline int slow_hex4(slow *s)
{
    int value = 0;

    for (int i = 0; i < 4; i++, s->p++) {
        if (slow_range(s, 0, '0', '9'))
            value = value * 16 + *s->p - '0';
        else if (slow_range(s, 0, 'a', 'f'))
            value = value * 16 + *s->p - 'a' + 10;
        else if (slow_range(s, 0, 'A', 'F'))
            value = value * 16 + *s->p - 'A' + 10;
        else
            return -1;
    }
    return value;
}

static inline bool slow_is(slow *s, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

/* After the opening quote, up to and with the closing one. */
static inline bool slow_string(slow *s)
{
    while (s->p < s->end) {
        if (*s->p == '"') {
            s->p++;
            return true;
        }
        if (*s->p >= 0x80) {
            if (!slow_utf8(s))
                return false;
        } else if (*s->p < 0x20) {
            return false;
        } else if (*s->p != '\\') {
            s->p++;
        } else if (slow_is(s, "\\u")) {
            int unit = slow_hex4(s);
            if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return false;
            if (unit >= 0xd800 && unit <= 0xdbff) {
                unit = slow_is(s, "\\u") ? slow_hex4(s) : -1;
                if (unit < 0xdc00 || unit > 0xdfff)
                    return false;
            }
        } else {
            if (s->end - s->p < 2 || s->p[1] == '\0' || !strchr("\"\\/bfnrt", s->p[1]))
                return false;
            s->p += 2;
        }
    }
    return false;
}

static inline void slow_space(slow *s)
{
    while (slow_is(s, " ") || slow_is(s, "\t") || slow_is(s, "\n") || slow_is(s, "\r"))
        ;
}

static inline size_t slow_digits(slow *s)
{
    size_t n = 0;

    for (; slow_range(s, 0, '0', '9'); n++)
        s->p++;
    return n;
}

static inline bool slow_number(slow *s)
{
    slow_is(s, "-");
    if (!slow_is(s, "0") && slow_digits(s) == 0)
        return false;
    if (slow_is(s, ".") && slow_digits(s) == 0)
        return false;
    if (slow_is(s, "e") || slow_is(s, "E")) {
        if (!slow_is(s, "+"))
            slow_is(s, "-");
        return slow_digits(s) > 0;
    }
    return true;
}

static inline bool slow_value(slow *s)
{
    bool object;

    if (slow_is(s, "true") || slow_is(s, "false") || slow_is(s, "null"))
        return true;
    if (slow_is(s, "\""))
        return slow_string(s);
    object = slow_is(s, "{");
    if (!object && !slow_is(s, "["))
        return slow_number(s);
    if (s->depth-- == 0)
        return false;
    slow_space(s);
    if (slow_is(s, object ? "}" : "]")) {
        s->depth++;
        return true;
    }
    do {
        slow_space(s);
        if (object) {
            if (!slow_is(s, "\"") || !slow_string(s))
                return false;
            slow_space(s);
            if (!slow_is(s, ":"))
                return false;
            slow_space(s);
        }
        if (!slow_value(s))
            return false;
        slow_space(s);
    } while (slow_is(s, ","));
    s->depth++;
    return slow_is(s, object ? "}" : "]");
}

/* Whether the text is one JSON value of at most `depth` levels. */
static inline bool slow_valid(const char *text, size_t len, unsigned depth)
{
    slow s = {(const unsigned char *)text, (const unsigned char *)text + len, depth};

    slow_space(&s);
    if (!slow_value(&s))
        return false;
    slow_space(&s);
    return s.p == s.end;
}

#endif
