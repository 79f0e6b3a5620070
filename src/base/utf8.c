#include "base/utf8.h"

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

static bool tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the well-formed sequence of two to four bytes at p, 0 if there is none. Unicode, table 3-7. */
static size_t sequence(const unsigned char *p, size_t len)
{
    if (p[0] < 0xc2 || p[0] > 0xf4 || len < 2 || !tail(p[1]))
        return 0;
    if (p[0] < 0xe0)
        return 2;
    if (len < 3 || !tail(p[2]))
        return 0;
    if (p[0] < 0xf0)
        return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
    if (len < 4 || !tail(p[3]))
        return 0;
    return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

size_t cl_utf8_valid(cl_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t i = 0;

    while (i < text.len) {
        size_t n;
        if (p[i] < 0x80) {
            i += ascii_run(text.ptr + i, text.len - i);
            continue;
        }
        n = sequence(p + i, text.len - i);
        if (n == 0)
            return i;
        i += n;
    }
    return text.len;
}
