/* blob.h - immutable bytes shared by count, and bodies made of slices of them. */
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

/* What is sent: slices of one blob, with static text spliced between them. A copy shares the blob. */
enum { CL_BODY_PARTS = 4 };
typedef struct cl_body {
    cl_blob *blob; /* NULL: no body */
    cl_str parts[CL_BODY_PARTS];
    size_t count;
    size_t len; /* of all parts */
} cl_body;

/* Takes over the reference. */
cl_body cl_body_of(cl_blob *blob);
cl_body cl_body_copy(const cl_body *body);
/* Puts static text at an offset of a body that has one part. */
void cl_body_splice(cl_body *body, size_t at, cl_str text);
void cl_body_free(cl_body *body);
/* Copies at most `size` bytes from `offset`; returns how many. */
size_t cl_body_read(const cl_body *body, size_t offset, char *out, size_t size);

#endif
