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

size_t cl_utf8_valid(cl_str text)
{
    const char *end = text.ptr + text.len;
    size_t i = 0;

    while (i < text.len) {
        size_t n;
        if ((unsigned char)text.ptr[i] < 0x80) {
            i += ascii_run(text.ptr + i, text.len - i);
            continue;
        }
        n = cl_utf8_length(text.ptr + i, end);
        if (n == 0)
            return i;
        i += n;
    }
    return text.len;
}
