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

cl_body cl_body_of(cl_blob *blob)
{
    cl_body body = {.blob = blob};

    if (blob) {
        body.parts[0] = cl_str_n(blob->bytes, blob->len);
        body.count = 1;
        body.len = blob->len;
    }
    return body;
}

cl_body cl_body_copy(const cl_body *body)
{
    cl_blob_ref(body->blob);
    return *body;
}

void cl_body_splice(cl_body *body, size_t at, cl_str text)
{
    cl_str whole = body->parts[0];

    body->parts[0] = cl_str_n(whole.ptr, at);
    body->parts[1] = text;
    body->parts[2] = cl_str_n(whole.ptr + at, whole.len - at);
    body->count = 3;
    body->len += text.len;
}

void cl_body_free(cl_body *body)
{
    cl_blob_unref(body->blob);
    *body = (cl_body){.blob = NULL};
}

size_t cl_body_read(const cl_body *body, size_t offset, char *out, size_t size)
{
    size_t done = 0;

    for (size_t i = 0; i < body->count && done < size; i++) {
        cl_str part = body->parts[i];
        if (offset >= part.len) {
            offset -= part.len;
            continue;
        }
        part.ptr += offset;
        part.len -= offset;
        offset = 0;
        if (part.len > size - done)
            part.len = size - done;
        memcpy(out + done, part.ptr, part.len);
        done += part.len;
    }
    return done;
}
