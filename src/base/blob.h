/* blob.h - immutable bytes shared by count. */
#ifndef CL_BASE_BLOB_H
#define CL_BASE_BLOB_H

#include <stdatomic.h>

#include "base/str.h"

typedef struct cl_blob {
    _Atomic uint32_t refs;
    size_t len;
    char bytes[]; /* len bytes and a NUL */
} cl_blob;

/* NULL when out of memory. */
cl_blob *cl_blob_new(cl_str bytes);
cl_blob *cl_blob_ref(cl_blob *blob);
void cl_blob_unref(cl_blob *blob);

#endif
