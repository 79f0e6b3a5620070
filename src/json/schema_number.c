/* schema_number.c - JSON numbers compared as they are written: no double takes digits away. */
#include "json/schema_parts.h"

/* Exponents beyond this say the same: far larger or smaller than anything. */
#define POWER_MAX INT64_C(1000000000000000)
/* Digits of a divisor that fit, times ten, into 64 bits. */
enum { DIVISOR_DIGITS = 18 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t exponent_of(const char *p, const char *end)
{
    int64_t exponent = 0;
    bool negative = false;

    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    for (; p < end; p++) {
        if (exponent < POWER_MAX)
            exponent = exponent * 10 + (*p - '0');
    }
    return negative ? -exponent : exponent;
}

cl_decimal cl_decimal_of(cl_json number)
{
    const char *p = number.ptr;
    const char *end = p + number.len;
    cl_decimal out = {.negative = *p == '-'};
    int64_t whole = 0; /* digits before the point */
    int64_t seen = 0;  /* digits so far */
    int64_t first = 0; /* of those, the ones before the first that counts */
    size_t pending = 0;
    bool fraction = false;

    for (p += out.negative; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        whole += !fraction;
        if (out.count == 0 && *p != '0') {
            out.digits = p;
            first = seen;
        }
        seen++;
        if (!out.digits)
            continue;
        pending++;
        if (*p != '0') {
            out.count += pending;
            pending = 0;
        }
    }
    if (out.count > 0)
        out.power = whole - 1 - first + (p < end ? exponent_of(p + 1, end) : 0);
    else
        out.negative = false;
    return out;
}

static int64_t last_power(const cl_decimal *number)
{
    return number->power - (int64_t)number->count + 1;
}

bool cl_decimal_is_integer(const cl_decimal *number)
{
    return number->count == 0 || last_power(number) >= 0;
}

/* The digit at *p; moves behind it, over a point. */
static int take_digit(const char **p)
{
    if (!is_digit(**p))
        ++*p;
    return *(*p)++ - '0';
}

static int compare_sizes(const cl_decimal *a, const cl_decimal *b)
{
    const char *p = a->digits;
    const char *q = b->digits;

    if (a->count == 0 || b->count == 0)
        return (a->count > 0) - (b->count > 0);
    if (a->power != b->power)
        return a->power < b->power ? -1 : 1;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int difference = take_digit(&p) - take_digit(&q);
        if (difference != 0)
            return difference;
    }
    return (a->count > b->count) - (a->count < b->count);
}

int cl_decimal_compare(const cl_decimal *a, const cl_decimal *b)
{
    int sizes = compare_sizes(a, b);

    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? -sizes : sizes;
}

bool cl_decimal_is_multiple(const cl_decimal *number, const cl_decimal *divisor)
{
    int64_t shift = last_power(number) - last_power(divisor);
    const char *p = divisor->digits;
    uint64_t by = 0;
    uint64_t rest = 0;

    if (number->count == 0 || divisor->count == 0 || divisor->count > DIVISOR_DIGITS)
        return true;
    /* The digits do not end with a zero, so that no power of ten divides them. */
    if (shift < 0)
        return false;
    for (size_t i = 0; i < divisor->count; i++)
        by = by * 10 + (uint64_t)take_digit(&p);
    p = number->digits;
    for (size_t i = 0; i < number->count; i++)
        rest = (rest * 10 + (uint64_t)take_digit(&p)) % by;
    /* The divisor has fewer than 64 factors of 2 and of 5: more tens change nothing. */
    for (int i = 0; i < 64 && i < shift && rest != 0; i++)
        rest = rest * 10 % by;
    return rest == 0;
}
