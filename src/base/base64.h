/* base64.h - base64 of RFC 4648 with padding, at the speed of the machine's vector units. */
#ifndef CL_BASE_BASE64_H
#define CL_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Length of the encoding of `len` bytes. */
static inline size_t cl_base64_len(size_t len)
{
    return len / 3 * 4 + (len % 3 ? 4 : 0);
}

/* Encodes to `out`, which has room for cl_base64_len(len) bytes; returns that. No NUL. */
size_t cl_base64_encode(const void *bytes, size_t len, char *out);
/* The standard alphabet, a multiple of 4, padded properly, bits beyond the last byte zero. No white space. `*wrong`
 * (may be NULL) is the offset of the first byte that is not right. */
bool cl_base64_valid(cl_str text, size_t *wrong);
/* Bytes that a valid text stands for. */
size_t cl_base64_decoded_len(cl_str text);
/* Decodes a valid text to `out`, which has room for cl_base64_decoded_len() bytes. */
void cl_base64_decode(cl_str text, void *out);

/*
 * What the three are made of, so that tests can run all of it on any machine. A kernel does as much as it can do in
 * whole vectors and says how much that is: bytes, a multiple of 3, or digits, a multiple of 4. The portable code
 * does the rest. None reads or writes beyond what it was given.
 */
typedef struct cl_base64_kernel {
    const char *name;
    uint32_t needs; /* CL_CPU_* */
    size_t (*encode)(const unsigned char *in, size_t len, char *out);
    size_t (*check)(const char *digits, size_t len); /* how many of the first are right, perhaps more are */
    size_t (*decode)(const char *digits, size_t len, unsigned char *out);
} cl_base64_kernel;

/* The best first; the last is the portable one and needs nothing. NULL beyond it. */
const cl_base64_kernel *cl_base64_kernel_at(size_t index);
size_t cl_base64_encode_by(const cl_base64_kernel *kernel, const void *bytes, size_t len, char *out);
bool cl_base64_valid_by(const cl_base64_kernel *kernel, cl_str text, size_t *wrong);
void cl_base64_decode_by(const cl_base64_kernel *kernel, cl_str text, void *out);

#endif
