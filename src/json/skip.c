/*
 * skip.c - over values of texts that the scanner has accepted, whose insides nobody wants to know. Nothing leaves
 * [p, end): a mistake of a caller gives wrong values, not wild reads.
 */
#include "base/cpu.h"
#include "json/bytes.h"

/* ---- for every machine ---- */

#if CL_JSON_SSE2
static inline unsigned string_stops(__m128i bytes)
{
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(cl_eq128(bytes, '"'), cl_eq128(bytes, '\\')));
}
#endif

static const char *skip_string(const char *p, const char *end)
{
    while (p < end) {
#if CL_JSON_SSE2
        while (end - p >= 16) {
            unsigned mask = string_stops(cl_load128(p));
            if (mask != 0) {
                p += __builtin_ctz(mask);
                break;
            }
            p += 16;
        }
#endif
        while (p < end && *p != '"' && *p != '\\')
            p++;
        if (p < end && *p == '"')
            return p + 1;
        p = end - p > 2 ? p + 2 : end;
    }
    return end;
}

/* The same inside of `depth` containers. */
static const char *skip_structure(const char *p, const char *end, size_t depth)
{
    while (p < end) {
#if CL_JSON_SSE2
        while (end - p >= 16) {
            unsigned mask = cl_bracket_stops(cl_load128(p));
            if (mask != 0) {
                p += __builtin_ctz(mask);
                break;
            }
            p += 16;
        }
#endif
        switch (*p) {
        case '"':
            p = skip_string(p + 1, end);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0)
                return p + 1;
            break;
        default:
            break;
        }
        p++;
    }
    return end;
}

static const char *skip_container(const char *p, const char *end)
{
    return skip_structure(p, end, 0);
}

/* ---- AVX2: 64 bytes, a bit for each ---- */

#if defined(__x86_64__) && CL_JSON_SSE2
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
enum { BLOCK = 64 };

typedef struct block {
    __m256i low;
    __m256i high;
} block;

AVX2 static inline block load_block(const char *p)
{
    return (block){_mm256_loadu_si256((const void *)p), _mm256_loadu_si256((const void *)(p + 32))};
}

AVX2 static inline uint64_t bytes_that_are(block bytes, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.low, wanted));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.high, wanted));

    return low | (uint64_t)high << 32;
}

/* '[' becomes '{', ']' becomes '}'. */
AVX2 static inline block fold_brackets(block bytes)
{
    __m256i bit = _mm256_set1_epi8(0x20);

    return (block){_mm256_or_si256(bytes.low, bit), _mm256_or_si256(bytes.high, bit)};
}

/* The quotes that are not behind a backslash. `*escaped` is 1 if the first byte of the block is behind one, and then
 * tells it of the next block. */
AVX2 static inline uint64_t quotes_of(block bytes, uint64_t *escaped)
{
    uint64_t slashes = bytes_that_are(bytes, '\\') & ~*escaped;
    uint64_t quotes = bytes_that_are(bytes, '"') & ~*escaped;

    *escaped = 0;
    while (slashes != 0) {
        uint64_t first = slashes & (0 - slashes);
        slashes &= ~(first | first << 1);
        quotes &= ~(first << 1);
        *escaped = first >> (BLOCK - 1);
    }
    return quotes;
}

/* From each quote on up to the next one. */
static inline uint64_t between(uint64_t quotes)
{
    quotes ^= quotes << 1;
    quotes ^= quotes << 2;
    quotes ^= quotes << 4;
    quotes ^= quotes << 8;
    quotes ^= quotes << 16;
    return quotes ^ quotes << 32;
}

static inline size_t count_bits(uint64_t bits)
{
    bits -= bits >> 1 & CL_ONES * 0x55;
    bits = (bits & CL_ONES * 0x33) + (bits >> 2 & CL_ONES * 0x33);
    return (size_t)(((bits + (bits >> 4)) & CL_ONES * 0x0f) * CL_ONES >> 56);
}

AVX2 static const char *skip_string_avx2(const char *p, const char *end)
{
    uint64_t escaped = 0;

    for (; end - p > BLOCK; p += BLOCK) {
        uint64_t quotes = quotes_of(load_block(p), &escaped);
        if (quotes != 0)
            return p + __builtin_ctzll(quotes) + 1;
    }
    return skip_string(p + escaped, end);
}

/* Where in a block the depth comes to 0: the position after that, else NULL. */
static const char *close_in_block(const char *p, uint64_t openers, uint64_t closers, size_t *depth)
{
    for (uint64_t both = openers | closers; both != 0; both &= both - 1) {
        unsigned at = (unsigned)__builtin_ctzll(both);
        if ((openers >> at & 1) != 0)
            ++*depth;
        else if (--*depth == 0)
            return p + at + 1;
    }
    return NULL;
}

AVX2 static const char *skip_container_avx2(const char *p, const char *end)
{
    uint64_t escaped = 0;
    uint64_t inside = 0; /* of a string: all bits */
    size_t depth = 0;

    for (; end - p > BLOCK; p += BLOCK) {
        block bytes = load_block(p);
        block folded = fold_brackets(bytes);
        uint64_t strings = between(quotes_of(bytes, &escaped)) ^ inside;
        uint64_t openers = bytes_that_are(folded, '{') & ~strings;
        uint64_t closers = bytes_that_are(folded, '}') & ~strings;
        size_t closed = count_bits(closers);
        if (closed < depth) {
            depth += count_bits(openers) - closed;
        } else {
            const char *after = close_in_block(p, openers, closers, &depth);
            if (after)
                return after;
        }
        inside = 0 - (strings >> (BLOCK - 1));
    }
    return skip_structure(inside != 0 ? skip_string(p + escaped, end) : p, end, depth);
}
#endif

/* ---- which ---- */

static const cl_json_skipper skippers[] = {
#if defined(__x86_64__) && CL_JSON_SSE2
    {"avx2", CL_CPU_AVX2, skip_string_avx2, skip_container_avx2},
#endif
    {"every machine", 0, skip_string, skip_container},
};
enum { SKIPPERS = sizeof skippers / sizeof skippers[0] };

const cl_json_skipper *cl_json_skipper_at(size_t index)
{
    return index < SKIPPERS ? &skippers[index] : NULL;
}

static const cl_json_skipper *best(void)
{
    uint32_t has = cl_cpu();
    const cl_json_skipper *skipper = skippers;

    while ((skipper->needs & has) != skipper->needs)
        skipper++;
    return skipper;
}

const char *cl_json_skip_string(const char *p, const char *end)
{
#if CL_JSON_SSE2
    /* Keys and other short strings end here. */
    if (end - p >= 16) {
        unsigned stops = string_stops(cl_load128(p));
        if (stops != 0 && p[__builtin_ctz(stops)] == '"')
            return p + __builtin_ctz(stops) + 1;
    }
#endif
    return best()->string(p, end);
}

const char *cl_json_skip(const char *p, const char *end)
{
    if (*p == '"')
        return cl_json_skip_string(p + 1, end);
    if (*p == '{' || *p == '[')
        return best()->container(p, end);
    while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
        p++;
    return p;
}
