#include "base/utf8.h"

#include "base/cpu.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* How many of the first bytes are ASCII; may stop early at any byte when fewer than a vector are left. */
static size_t ascii_run(const char *p, size_t len)
{
    size_t i = 0;

#ifdef __SSE2__
    for (; i + 16 <= len; i += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + i)));
        if (high)
            return i + (size_t)__builtin_ctz((unsigned)high);
    }
#else
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
#endif
    while (i < len && (unsigned char)p[i] < 0x80)
        i++;
    return i;
}

#ifdef __x86_64__
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))

/*
 * What two bytes in a row can have wrong, one bit each; three nibbles of them tell, each by a table: the byte has what
 * all three have in common. CARRIED stands for two continuation bytes, which are right exactly after the first two
 * bytes of a character of three or four.
 */
enum {
    SHORT = 1,       /* a first byte, no continuation */
    LONG = 2,        /* ASCII, then a continuation */
    OVERLONG_2 = 4,  /* c0, c1 */
    OVERLONG_3 = 8,  /* e0, then below a0 */
    SURROGATE = 16,  /* ed, then from a0 on */
    OVERLONG_4 = 32, /* f0, then below 90; also f5 to ff, then below 90 */
    LARGE = 64,      /* f4, then from 90 on; f5 to ff */
    CARRIED = 128,
    ANY = SHORT | LONG | CARRIED,
    BEYOND = LARGE | OVERLONG_4 /* f5 to ff, whatever follows */
};
#define TWICE(x) x, x
static const unsigned char first_high[16] = {
    TWICE(TWICE(TWICE(LONG))),      TWICE(TWICE(CARRIED)), SHORT | OVERLONG_2, SHORT,
    SHORT | OVERLONG_3 | SURROGATE, SHORT | BEYOND,
};
static const unsigned char first_low[16] = {
    ANY | OVERLONG_2 | OVERLONG_3 | OVERLONG_4, ANY | OVERLONG_2,         TWICE(ANY),          ANY | LARGE,
    TWICE(TWICE(TWICE(ANY | BEYOND))),          ANY | BEYOND | SURROGATE, TWICE(ANY | BEYOND),
};
static const unsigned char second_high[16] = {
    TWICE(TWICE(TWICE(SHORT))),
    LONG | CARRIED | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
    LONG | CARRIED | OVERLONG_2 | OVERLONG_3 | LARGE,
    TWICE(LONG | CARRIED | OVERLONG_2 | SURROGATE | LARGE),
    TWICE(TWICE(SHORT)),
};

AVX2 static inline __m256i look_up(const unsigned char row[16], __m256i nibbles)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)row)), nibbles);
}

AVX2 static inline __m256i high_nibbles(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/* Is nothing wrong up to each byte of `now`, which follows `before`? The last character may go on after it. */
AVX2 static inline bool block_is_valid(__m256i before, __m256i now)
{
    __m256i middle = _mm256_permute2x128_si256(before, now, 0x21);
    __m256i one_back = _mm256_alignr_epi8(now, middle, 15);
    __m256i two_back = _mm256_alignr_epi8(now, middle, 14);
    __m256i three_back = _mm256_alignr_epi8(now, middle, 13);
    __m256i wrong = _mm256_and_si256(look_up(first_high, high_nibbles(one_back)),
                                     look_up(first_low, _mm256_and_si256(one_back, _mm256_set1_epi8(15))));
    /* The highest bit stays where a character of three or four (two back), or of four (three back), has begun. */
    __m256i third = _mm256_subs_epu8(two_back, _mm256_set1_epi8((char)(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three_back, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i carried = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)CARRIED));

    wrong = _mm256_xor_si256(_mm256_and_si256(wrong, look_up(second_high, high_nibbles(now))), carried);
    return _mm256_testz_si256(wrong, wrong) != 0;
}

/* How many of the first bytes are whole characters that are right, perhaps more are. */
AVX2 static size_t valid_avx2(const char *p, size_t len)
{
    __m256i before = _mm256_setzero_si256();
    size_t i = 0;

    for (; len - i >= 32; i += 32) {
        __m256i now = _mm256_loadu_si256((const void *)(p + i));
        if (_mm256_movemask_epi8(_mm256_or_si256(before, now)) != 0 && !block_is_valid(before, now))
            break;
        before = now;
    }
    if (i == 0)
        return 0;
    /* Back to where the last character may have begun. */
    for (size_t end = i, at = i - 3; at < end; at++) {
        if (((unsigned char)p[at] & 0xc0) != 0x80)
            return at;
    }
    return i;
}
#else
static size_t valid_avx2(const char *p, size_t len)
{
    (void)p;
    (void)len;
    return 0;
}
#endif

size_t cl_utf8_valid(cl_str text)
{
    size_t i = text.len >= 32 && (cl_cpu() & CL_CPU_AVX2) ? valid_avx2(text.ptr, text.len) : 0;

    while (i < text.len) {
        size_t n;
        if ((unsigned char)text.ptr[i] < 0x80) {
            i += ascii_run(text.ptr + i, text.len - i);
            continue;
        }
        n = cl_utf8_length(text.ptr + i, text.ptr + text.len);
        if (n == 0)
            return i;
        i += n;
    }
    return text.len;
}
