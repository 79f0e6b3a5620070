#include "base/base.h"

#include <stdlib.h>

cl_blob *cl_blob_new(cl_str bytes)
{
    cl_blob *blob = bytes.len < SIZE_MAX - sizeof *blob - 1 ? malloc(sizeof *blob + bytes.len + 1) : NULL;

    if (!blob)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->len = bytes.len;
    if (bytes.len > 0)
        memcpy(blob->bytes, bytes.ptr, bytes.len);
    blob->bytes[bytes.len] = '\0';
    return blob;
}

cl_blob *cl_blob_ref(cl_blob *blob)
{
    if (blob)
        atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void cl_blob_unref(cl_blob *blob)
{
    if (blob && atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1)
        free(blob);
}
