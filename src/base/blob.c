#include "base/base.h"

#include <stdlib.h>

cl_blob *cl_blob_alloc(size_t len)
{
    cl_blob *blob = len < SIZE_MAX - sizeof *blob - 1 ? malloc(sizeof *blob + len + 1) : NULL;

    if (!blob)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->len = len;
    blob->cap = 0;
    blob->bytes = (char *)(blob + 1);
    blob->bytes[len] = '\0';
    return blob;
}

cl_blob *cl_blob_new(cl_str bytes)
{
    cl_blob *blob = cl_blob_alloc(bytes.len);

    if (blob && bytes.len > 0)
        memcpy(blob->bytes, bytes.ptr, bytes.len);
    return blob;
}

cl_blob *cl_blob_of(cl_buf *buf)
{
    cl_blob *blob = cl_buf_reserve(buf, 0) == CL_BUF_OK ? malloc(sizeof *blob) : NULL;

    if (!blob)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->len = buf->len;
    blob->cap = buf->cap;
    blob->bytes = cl_buf_steal(buf, NULL);
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
    if (!blob || atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (blob->cap > 0)
        free(blob->bytes);
    free(blob);
}
