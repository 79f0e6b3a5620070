#include "message/date.h"
#include "message/message.h"

enum { ABSENT = -1 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/*
 * A decimal number of units of `scale` milliseconds: digits, with a fraction at most. Rounded up, because a server must
 * not be asked again before its time; too large a number saturates, because a wrapped one would mean no wait at all.
 */
static int64_t parse_number(cl_str text, int64_t scale)
{
    int64_t whole = 0;
    int64_t fraction = 0;
    int64_t unit = scale;
    bool rest = false;
    size_t i = 0;

    text = cl_str_trim(text);
    for (; i < text.len && cl_ascii_is_digit(text.ptr[i]); i++) {
        int64_t digit = text.ptr[i] - '0';
        whole = whole > (INT64_MAX - digit) / 10 ? INT64_MAX : whole * 10 + digit;
    }
    if (i == 0)
        return ABSENT;
    if (i < text.len && text.ptr[i] == '.') {
        size_t start = ++i;
        for (; i < text.len && cl_ascii_is_digit(text.ptr[i]); i++) {
            int64_t digit = text.ptr[i] - '0';
            rest = rest || (unit < 10 && digit > 0);
            unit /= 10;
            fraction += digit * unit;
        }
        if (i == start)
            return ABSENT;
    }
    if (i != text.len)
        return ABSENT;
    fraction += rest;
    return whole > (INT64_MAX - fraction) / scale ? INT64_MAX : whole * scale + fraction;
}

/* One field value: a number, or numbers that something on the way has joined with commas. The larger one counts. */
static int64_t parse_list(cl_str text, int64_t scale)
{
    int64_t found = ABSENT;

    while (text.len > 0) {
        const char *comma = memchr(text.ptr, ',', text.len);
        size_t len = comma ? (size_t)(comma - text.ptr) : text.len;
        found = larger(found, parse_number(cl_str_n(text.ptr, len), scale));
        text = comma ? cl_str_n(comma + 1, text.len - len - 1) : cl_str_n(NULL, 0);
    }
    return found;
}

static int64_t parse_date(cl_str text, const cl_headers *headers, int64_t wall_ms)
{
    const cl_header *now = cl_headers_find(headers, CL_STR("date"));
    int64_t then;
    int64_t sent;

    if (!cl_date_http(text, wall_ms, &then))
        return ABSENT;
    /* The server's own clock, if it tells: ours may be hours off. */
    if (now && cl_date_http(cl_str_of(now->value), wall_ms, &sent))
        return larger(0, (then - sent) * 1000);
    return larger(0, then * 1000 - wall_ms);
}

int64_t cl_retry_after_ms(const cl_headers *headers, int64_t wall_ms)
{
    int64_t ms = ABSENT;
    int64_t other = ABSENT;

    for (size_t i = 0; headers && i < headers->count; i++) {
        cl_str name = cl_str_of(headers->items[i].name);
        cl_str value = cl_str_of(headers->items[i].value);
        if (cl_str_eq_nocase(name, CL_STR("retry-after-ms"))) {
            ms = larger(ms, parse_list(value, 1));
        } else if (cl_str_eq_nocase(name, CL_STR("retry-after"))) {
            int64_t date = parse_date(value, headers, wall_ms);
            other = larger(other, date != ABSENT ? date : parse_list(value, 1000));
        }
    }
    return ms != ABSENT ? ms : other;
}
