#include "json/bytes.h"

#include "base/cpu.h"

/* ---- for every machine ---- */

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

static char *escape_bytes(const char *p, const char *end, char *out)
{
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == '"' || c == '\\')
            out = put_escape(out, c);
        else
            *out++ = (char)c;
    }
    return out;
}

static char *escape_portable(const char *p, const char *end, char *out)
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
    for (; end - p >= 8; p += 8) {
        uint64_t word = cl_load64(p);
        if ((cl_word_control(word) | cl_word_has(word, '"') | cl_word_has(word, '\\')) == 0) {
            memcpy(out, &word, sizeof word);
            out += 8;
        } else {
            out = escape_bytes(p, p + 8, out);
        }
    }
#endif
    return escape_bytes(p, end, out);
}

/* ---- AVX2: text full of escapes costs little more than text without ---- */

#if CL_JSON_SSE2 && defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))

/*
 * Four bytes and their backslashes. Bit n of the number of a row tells that byte n needs one; the row names what comes
 * in which order: 0 to 3 is a byte, 4 a backslash.
 */
static const unsigned char order[16][8] = {
    {0, 1, 2, 3},       {4, 0, 1, 2, 3},       {0, 4, 1, 2, 3},       {4, 0, 4, 1, 2, 3},
    {0, 1, 4, 2, 3},    {4, 0, 1, 4, 2, 3},    {0, 4, 1, 4, 2, 3},    {4, 0, 4, 1, 4, 2, 3},
    {0, 1, 2, 4, 3},    {4, 0, 1, 2, 4, 3},    {0, 4, 1, 2, 4, 3},    {4, 0, 4, 1, 2, 4, 3},
    {0, 1, 4, 2, 4, 3}, {4, 0, 1, 4, 2, 4, 3}, {0, 4, 1, 4, 2, 4, 3}, {4, 0, 4, 1, 4, 2, 4, 3},
};
static const unsigned char order_len[16] = {4, 5, 5, 6, 5, 6, 6, 7, 5, 6, 6, 7, 6, 7, 7, 8};

/* Writes 16 letters, a backslash before each whose bit is set. No branch depends on where they are. */
AVX2 static inline char *put_letters(__m128i letters, unsigned escaped, char *out)
{
    escaped &= 0xffff;
    if (escaped == 0) {
        _mm_storeu_si128((void *)out, letters);
        return out + 16;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++, escaped >>= 4) {
        __m128i four = _mm_unpacklo_epi32(letters, _mm_set1_epi8('\\'));
        __m128i row = _mm_loadl_epi64((const void *)order[escaped & 15]);
        _mm_storel_epi64((void *)out, _mm_shuffle_epi8(four, row));
        out += order_len[escaped & 15];
        letters = _mm_srli_si128(letters, 4);
    }
    return out;
}

AVX2 static char *escape_avx2(const char *p, const char *end, char *out)
{
    const __m256i names = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0)); /* of 0x08 to 0x0d */

    for (; end - p >= 32; p += 32) {
        __m256i bytes = _mm256_loadu_si256((const void *)p);
        __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
        __m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
                                        _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
        unsigned escaped = (unsigned)_mm256_movemask_epi8(_mm256_or_si256(control, marks));
        __m256i named;
        __m256i letters;
        if (escaped == 0) {
            _mm256_storeu_si256((void *)out, bytes);
            out += 32;
            continue;
        }
        /* From 0x10 on the sum has the highest bit, for which a shuffle gives 0. */
        named = _mm256_shuffle_epi8(names, _mm256_adds_epu8(bytes, _mm256_set1_epi8(0x70)));
        letters = _mm256_or_si256(_mm256_andnot_si256(control, bytes), named);
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(letters, _mm256_setzero_si256())) != 0) {
            /* Rare: a control character that has no name. */
            out = escape_bytes(p, p + 32, out);
            continue;
        }
        out = put_letters(_mm256_castsi256_si128(letters), escaped, out);
        out = put_letters(_mm256_extracti128_si256(letters, 1), escaped >> 16, out);
    }
    return escape_portable(p, end, out);
}
#endif

/* ---- the choice ---- */

static const cl_json_escaper escapers[] = {
#ifdef AVX2
    {"avx2", CL_CPU_AVX2, escape_avx2},
#endif
    {"portable", 0, escape_portable},
};
enum { ESCAPERS = sizeof escapers / sizeof escapers[0] };

const cl_json_escaper *cl_json_escaper_at(size_t index)
{
    return index < ESCAPERS ? &escapers[index] : NULL;
}

char *cl_json_escape(const char *p, const char *end, char *out)
{
    uint32_t has = cl_cpu();
    const cl_json_escaper *escaper = escapers;

    while ((escaper->needs & has) != escaper->needs)
        escaper++;
    return escaper->escape(p, end, out);
}
