/* blob.h - immutable bytes shared by count. */
#ifndef CL_BASE_BLOB_H
#define CL_BASE_BLOB_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/str.h"

typedef struct cl_blob {
    _Atomic uint32_t refs;
    size_t len;
    size_t cap;  /* of the buffer that `bytes` is; 0: they lie behind the struct */
    char *bytes; /* len bytes and a NUL */
} cl_blob;

/* NULL when out of memory. */
cl_blob *cl_blob_new(cl_str bytes);
/* With bytes that are still to be written; the NUL is there. */
cl_blob *cl_blob_alloc(size_t len);
/* Takes over the buffer, which is empty afterwards. */
cl_blob *cl_blob_of(cl_buf *buf);
cl_blob *cl_blob_ref(cl_blob *blob);
void cl_blob_unref(cl_blob *blob);

#endif
