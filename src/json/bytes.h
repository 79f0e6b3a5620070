/*
 * bytes.h - sixteen bytes at a time: the vector primitives of the room. SSE2 where the compiler has it, else words of
 * eight bytes. Nothing reads outside of [p, end).
 */
#ifndef CL_JSON_BYTES_H
#define CL_JSON_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* CL_JSON_PORTABLE lets the tests run the fallback on a machine that has SSE2. */
#if defined(__SSE2__) && !defined(CL_JSON_PORTABLE)
#define CL_JSON_SSE2 1
#include <emmintrin.h>
#else
#define CL_JSON_SSE2 0
#endif

#define CL_ONES 0x0101010101010101u
#define CL_HIGHS 0x8080808080808080u

static inline uint64_t cl_load64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Non-zero if a byte of the word is zero; the other bits of the result mean nothing. */
static inline uint64_t cl_word_zero(uint64_t word)
{
    return (word - CL_ONES) & ~word & CL_HIGHS;
}

static inline uint64_t cl_word_has(uint64_t word, unsigned char c)
{
    return cl_word_zero(word ^ (CL_ONES * c));
}

/* Non-zero if a byte is below 0x20. */
static inline uint64_t cl_word_control(uint64_t word)
{
    return (word - CL_ONES * 0x20u) & ~word & CL_HIGHS;
}

#if CL_JSON_SSE2
static inline __m128i cl_load128(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The 1 to 15 bytes between p and end, zeros after them. */
static inline __m128i cl_load_tail(const char *p, size_t n)
{
    if (n >= 8) {
        uint64_t high = n == 8 ? 0 : cl_load64(p + n - 8) >> (8 * (16 - n));
        return _mm_set_epi64x((int64_t)high, (int64_t)cl_load64(p));
    }
    if (n >= 4) {
        uint32_t low;
        uint32_t high;
        memcpy(&low, p, sizeof low);
        memcpy(&high, p + n - 4, sizeof high);
        return _mm_set_epi64x(0, (int64_t)((uint64_t)low | ((uint64_t)high << (8 * (n - 4)))));
    }
    uint64_t word = (unsigned char)p[0];
    if (n > 1)
        word |= (uint64_t)(unsigned char)p[1] << 8;
    if (n > 2)
        word |= (uint64_t)(unsigned char)p[2] << 16;
    return _mm_set_epi64x(0, (int64_t)word);
}

static inline __m128i cl_eq128(__m128i bytes, char c)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

/* Bit per byte that cannot simply be passed over inside a string: quote, backslash, control, not ASCII. */
static inline unsigned cl_string_stops(__m128i bytes)
{
    __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* signed: also 0x80 and above */
    __m128i marks = _mm_or_si128(cl_eq128(bytes, '"'), cl_eq128(bytes, '\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(below, marks));
}

/* Bit per byte that must be escaped when written. */
static inline unsigned cl_escape_stops(__m128i bytes)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    __m128i marks = _mm_or_si128(cl_eq128(bytes, '"'), cl_eq128(bytes, '\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, marks));
}

/* Bit per byte that opens or closes something: brackets, braces, quote. */
static inline unsigned cl_bracket_stops(__m128i bytes)
{
    __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20)); /* '[' to '{', ']' to '}' */
    __m128i marks = _mm_or_si128(cl_eq128(folded, '{'), cl_eq128(folded, '}'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(marks, cl_eq128(bytes, '"')));
}
#endif

/* ---- escape.c ---- */

/* Room for the escapes of `n` bytes: six for each, and a vector that is stored before it is judged. */
#define CL_ESCAPE_ROOM(n) ((size_t)(n)*6 + 16)

/* Writes the bytes of [p, end) as they stand inside a JSON string; returns the end of what was written. `out` has
 * CL_ESCAPE_ROOM(end - p), of which more than what is returned may be overwritten. */
char *cl_json_escape(const char *p, const char *end, char *out);

/* What does it, so that tests can run all of it: the best first, the last needs nothing. NULL beyond it. */
typedef struct cl_json_escaper {
    const char *name;
    uint32_t needs; /* CL_CPU_* */
    char *(*escape)(const char *p, const char *end, char *out);
} cl_json_escaper;
const cl_json_escaper *cl_json_escaper_at(size_t index);

/* ---- skip.c ---- */

/* In texts that the scanner has accepted: p is at a value, the position after it. */
const char *cl_json_skip(const char *p, const char *end);
/* p is after the opening quote of a string, the position after the closing one. */
const char *cl_json_skip_string(const char *p, const char *end);

/* What does it, so that tests can run all of it: the best first, the last needs nothing. NULL beyond it. */
typedef struct cl_json_skipper {
    const char *name;
    uint32_t needs; /* CL_CPU_* */
    const char *(*string)(const char *p, const char *end);
    const char *(*container)(const char *p, const char *end); /* p is at an opening bracket or brace */
} cl_json_skipper;
const cl_json_skipper *cl_json_skipper_at(size_t index);

/* JSON's white space, and no other. */
static inline const char *cl_json_skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* Value of four hexadecimal digits, -1 if they are not. */
static inline int32_t cl_json_hex4(const char *p)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

#endif
