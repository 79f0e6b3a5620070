/* testing.h - texts of some size, and gzip made by zlib itself, for the tests of this room. */
#ifndef UNIT_CODEC_TESTING_H
#define UNIT_CODEC_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/pack.h"
#include "codec/unpack.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Text that compresses as prose does, the same each time. */
static inline char *prose(size_t len)
{
    static const char *const words[] = {"stone ", "river ", "and ", "the ", "of ", "a light ", "were, ", "seldom "};
    char *text = malloc(len + 16);
    uint32_t random = 1;
    size_t at = 0;

    assert_non_null(text);
    while (at < len) {
        const char *word = words[(random = random * 1664525 + 1013904223) >> 29];
        memcpy(text + at, word, strlen(word));
        at += strlen(word);
        text[at++] = (char)('a' + (random >> 16) % 26);
    }
    text[len] = '\0';
    return text;
}

/* Bytes that nothing makes smaller. */
static inline char *noise(size_t len)
{
    char *bytes = malloc(len + 1);
    uint64_t random = 88172645463325252u;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        bytes[i] = (char)(random >> 32);
    }
    bytes[len] = '\0';
    return bytes;
}

/* What zlib makes of bytes, appended to `out`. */
static inline void zip(cl_buf *out, const void *bytes, size_t len, int level)
{
    z_stream z = {.zalloc = Z_NULL};
    size_t room;

    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    room = deflateBound(&z, (uLong)len);
    assert_int_equal(cl_buf_reserve(out, room), CL_BUF_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)out->ptr + out->len;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += room - z.avail_out;
    deflateEnd(&z);
}

#endif
