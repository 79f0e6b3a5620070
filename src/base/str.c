#include "base/base.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

char cl_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool cl_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool cl_ascii_is_alnum(char c)
{
    char lower = cl_ascii_lower(c);
    return cl_ascii_is_digit(c) || (lower >= 'a' && lower <= 'z');
}

bool cl_str_starts_nocase(cl_str text, cl_str prefix)
{
    if (text.len < prefix.len)
        return false;
    /* Mostly it is the same to the letter. */
    if (prefix.len > 0 && text.ptr[0] == prefix.ptr[0] && memcmp(text.ptr, prefix.ptr, prefix.len) == 0)
        return true;
    for (size_t i = 0; i < prefix.len; i++) {
        if (cl_ascii_lower(text.ptr[i]) != cl_ascii_lower(prefix.ptr[i]))
            return false;
    }
    return true;
}

bool cl_str_eq_nocase(cl_str a, cl_str b)
{
    return a.len == b.len && cl_str_starts_nocase(a, b);
}

cl_str cl_str_trim(cl_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool cl_str_to_int64(cl_str text, int64_t *out)
{
    size_t i = 0;
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;

    if (negative)
        i = 1;
    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (!cl_ascii_is_digit(text.ptr[i]) || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* The "C" locale as an object: strtod_l() and uselocale() with it ignore what the host has set. */
static locale_t c_locale(void)
{
    static _Atomic(locale_t) shared;
    locale_t have = shared;
    locale_t none = (locale_t)0;

    if (have)
        return have;
    have = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (have && !__atomic_compare_exchange_n((locale_t *)&shared, &none, have, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        freelocale(have);
        have = none;
    }
    return have;
}

static bool number_grammar(cl_str text)
{
    size_t i = 0;
    size_t start;

    if (i < text.len && text.ptr[i] == '-')
        i++;
    start = i;
    while (i < text.len && cl_ascii_is_digit(text.ptr[i]))
        i++;
    if (i == start)
        return false;
    if (i < text.len && text.ptr[i] == '.') {
        start = ++i;
        while (i < text.len && cl_ascii_is_digit(text.ptr[i]))
            i++;
        if (i == start)
            return false;
    }
    if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
        i++;
        if (i < text.len && (text.ptr[i] == '+' || text.ptr[i] == '-'))
            i++;
        start = i;
        while (i < text.len && cl_ascii_is_digit(text.ptr[i]))
            i++;
        if (i == start)
            return false;
    }
    return i == text.len;
}

bool cl_str_to_double(cl_str text, double *out)
{
    char copy[512];
    locale_t locale = c_locale();
    double value;

    if (!locale || text.len >= sizeof copy || !number_grammar(text))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    value = strtod_l(copy, NULL, locale);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool cl_double_to_text(double value, char *out, size_t size)
{
    locale_t locale = c_locale();
    locale_t before;
    bool ok = false;

    if (!locale || !isfinite(value))
        return false;
    before = uselocale(locale);
    for (int digits = 1; digits <= 17 && !ok; digits++) {
        int n = snprintf(out, size, "%.*g", digits, value);
        ok = n > 0 && (size_t)n < size && strtod_l(out, NULL, locale) == value;
    }
    uselocale(before);
    return ok;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours. */
static size_t edits(cl_str a, cl_str b)
{
    size_t table[3][CL_DISTANCE_MAX + 1];
    size_t *before = table[0], *above = table[1], *now = table[2];

    for (size_t j = 0; j <= b.len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *spare = before;
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = cl_ascii_lower(a.ptr[i - 1]) == cl_ascii_lower(b.ptr[j - 1]);
            now[j] = least(least(above[j], now[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = above;
        above = now;
        now = spare;
    }
    return above[b.len];
}

size_t cl_str_distance(cl_str key, cl_str name)
{
    if (key.len > CL_DISTANCE_MAX || name.len > CL_DISTANCE_MAX)
        return SIZE_MAX;
    if (name.len > key.len && name.ptr[name.len - key.len - 1] == '.' &&
        cl_str_eq_nocase(key, cl_str_n(name.ptr + name.len - key.len, key.len)))
        return 1;
    return edits(key, name);
}
