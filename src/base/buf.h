/* buf.h - the one growable buffer. It has a mandatory maximum: nothing in the library grows without end. */
#ifndef CL_BASE_BUF_H
#define CL_BASE_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Always NUL-terminated once anything was appended; `max` counts without that NUL. */
typedef struct cl_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    /* Of a part of a text that is changed in place: what the allocation has before `ptr` and behind `cap`. Else 0. */
    size_t head;
    size_t tail;
} cl_buf;

/* Why an append failed. */
enum { CL_BUF_OK = 0, CL_BUF_FULL = 1, CL_BUF_NOMEM = 2 };

#define CL_BUF_INIT(maximum) ((cl_buf){NULL, 0, 0, (maximum), 0, 0})
/* Over an array that is large enough, so that it never grows; not to be freed. */
#define CL_BUF_ON(array) ((cl_buf){(array), 0, sizeof(array), sizeof(array) - 1, 0, 0})

void cl_buf_free(cl_buf *buf);
/* Makes room for `more` bytes and a NUL. On failure the content is unchanged. */
int cl_buf_reserve(cl_buf *buf, size_t more);
int cl_buf_append(cl_buf *buf, const void *bytes, size_t len);
int cl_buf_append_str(cl_buf *buf, cl_str text);
int cl_buf_append_text(cl_buf *buf, const char *text);
int cl_buf_append_char(cl_buf *buf, char c);
int cl_buf_append_int(cl_buf *buf, int64_t value);
/* Drops the first `len` bytes. */
void cl_buf_drop(cl_buf *buf, size_t len);
void cl_buf_clear(cl_buf *buf);
/* Hands the bytes to the caller, who must free() them; NULL only when out of memory (an empty buffer gives ""). Not of
 * a part. */
char *cl_buf_steal(cl_buf *buf, size_t *len);
/* The same, with no more memory than the bytes need; `len` is not NULL. */
char *cl_buf_steal_exact(cl_buf *buf, size_t *len);
/* Keeps the text in a slot that several threads may race to fill, and empties the buffer. What was there first stays,
 * and is returned; NULL only when out of memory. */
const char *cl_buf_publish(cl_buf *buf, _Atomic(char *) *slot);
/* Replaces `old_len` bytes at `at`. */
int cl_buf_splice(cl_buf *buf, size_t at, size_t old_len, cl_str bytes);

static inline cl_str cl_buf_str(const cl_buf *buf)
{
    return (cl_str){buf->ptr ? buf->ptr : "", buf->len};
}

/* The hot path of streams: no call when there is room. */
static inline int cl_buf_append_hot(cl_buf *buf, const char *bytes, size_t len)
{
    if (buf->cap - buf->len <= len || buf->len + len > buf->max)
        return cl_buf_append(buf, bytes, len);
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return CL_BUF_OK;
}

#endif
