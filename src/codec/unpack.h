/* unpack.h - gzip read, as it comes: bytes are pushed in, in pieces of any size. */
#ifndef CL_CODEC_UNPACK_H
#define CL_CODEC_UNPACK_H

#include "base/base.h"

typedef struct cl_unpack cl_unpack;

/* Whether bytes begin as gzip (RFC 1952) does. */
bool cl_is_gzip(cl_str bytes);
/* `bad` is the code for what is damaged, or is no gzip. */
claude_code_t cl_unpack_new(claude_code_t bad, cl_unpack **out, cl_err *err);
void cl_unpack_free(cl_unpack *unpack);
/*
 * Takes in bytes and appends what is in them to `out`, whose maximum is a limit: CLAUDE_E_TOO_LARGE, which names
 * `limit`. Checksum and length of each member are compared; several members follow one another immediately, and nothing
 * else may follow. What had come before a failure has been appended.
 */
claude_code_t cl_unpack_push(cl_unpack *unpack, cl_str bytes, cl_buf *out, const char *limit, cl_err *err);
/* No more bytes will come. CLAUDE_E_TRUNCATED: some are missing. */
claude_code_t cl_unpack_end(const cl_unpack *unpack, cl_err *err);

#endif
