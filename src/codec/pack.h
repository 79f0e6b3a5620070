/*
 * pack.h - a body in gzip, made while it is read: of any size in the same memory. What it is does not depend on how it
 * is read: the same body at the same level is the same bytes each time.
 */
#ifndef CL_CODEC_PACK_H
#define CL_CODEC_PACK_H

#include "base/base.h"

typedef struct cl_pack cl_pack;

/* A body up to this size is compressed as a whole before it is sent, a larger one is judged by so much of it. */
enum { CL_PACK_AHEAD = 1024 * 1024 };

/* Shares the body by count. Level 1 to 9. */
claude_code_t cl_pack_new(const cl_body *body, int32_t level, cl_pack **out, cl_err *err);
void cl_pack_free(cl_pack *pack);
/* Reads at most `size` bytes; *got is 0 at the end, from where on it needs no memory. CLAUDE_E_IO: a file has changed
 * or cannot be read. */
claude_code_t cl_pack_read(cl_pack *pack, char *out, size_t size, size_t *got, cl_err *err);
/* From the beginning again. */
void cl_pack_rewind(cl_pack *pack);
/* Another one of the same body at the same level, at its beginning. */
claude_code_t cl_pack_again(const cl_pack *pack, cl_pack **out, cl_err *err);
/*
 * What to send for a body. 0: itself, since compressed it would not be smaller; nothing is written. 1: *packed, which
 * has it compressed as a whole; or *pack, whose length is not known before it has been read, and *packed is empty.
 */
int32_t cl_pack_body(const cl_body *body, int32_t level, cl_body *packed, cl_pack **pack, cl_err *err);
/* Bytes in memory, as a whole. 1: in *out, which was empty; 0: it would not be smaller. */
int32_t cl_pack_bytes(cl_str bytes, int32_t level, cl_buf *out, cl_err *err);

#endif
