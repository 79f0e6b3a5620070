#include "base/base.h"

#include <stdlib.h>

enum { SMALLEST = 64 };

void cl_buf_free(cl_buf *buf)
{
    free(buf->ptr ? buf->ptr - buf->head : NULL);
    buf->ptr = NULL;
    buf->len = 0;
    buf->cap = 0;
    buf->head = 0;
    buf->tail = 0;
}

int cl_buf_reserve(cl_buf *buf, size_t more)
{
    size_t around;
    size_t need;
    size_t cap;
    char *ptr;

    if (more > buf->max || buf->len > buf->max - more)
        return CL_BUF_FULL;
    need = buf->len + more + 1;
    if (need <= buf->cap)
        return CL_BUF_OK;
    /* From here on of the allocation. */
    around = buf->head + buf->tail;
    need += around;
    cap = around + buf->cap;
    /* Many buffers are filled once: only those that grow get room to spare. */
    cap = cap > 0 ? cap : need < SMALLEST ? SMALLEST : need;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap - around > buf->max && buf->max < SIZE_MAX)
        cap = around + buf->max + 1;
    ptr = realloc(buf->ptr ? buf->ptr - buf->head : NULL, cap);
    if (!ptr)
        return CL_BUF_NOMEM;
    if (!buf->ptr)
        ptr[0] = '\0';
    buf->ptr = ptr + buf->head;
    buf->cap = cap - around;
    return CL_BUF_OK;
}

int cl_buf_append(cl_buf *buf, const void *bytes, size_t len)
{
    int rc = cl_buf_reserve(buf, len);

    if (rc != CL_BUF_OK)
        return rc;
    if (len > 0)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
    return CL_BUF_OK;
}

int cl_buf_append_str(cl_buf *buf, cl_str text)
{
    return cl_buf_append(buf, text.ptr, text.len);
}

int cl_buf_append_text(cl_buf *buf, const char *text)
{
    return cl_buf_append(buf, text, strlen(text));
}

int cl_buf_append_char(cl_buf *buf, char c)
{
    return cl_buf_append(buf, &c, 1);
}

int cl_buf_append_int(cl_buf *buf, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    return cl_buf_append(buf, digits + at, sizeof digits - at);
}

void cl_buf_drop(cl_buf *buf, size_t len)
{
    if (len == 0)
        return;
    buf->len -= len;
    memmove(buf->ptr, buf->ptr + len, buf->len);
    buf->ptr[buf->len] = '\0';
}

void cl_buf_clear(cl_buf *buf)
{
    buf->len = 0;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

char *cl_buf_steal(cl_buf *buf, size_t *len)
{
    char *ptr;

    if (cl_buf_reserve(buf, 0) == CL_BUF_NOMEM)
        return NULL;
    ptr = buf->ptr;
    if (len)
        *len = buf->len;
    buf->ptr = NULL;
    buf->len = 0;
    buf->cap = 0;
    return ptr;
}

char *cl_buf_steal_exact(cl_buf *buf, size_t *len)
{
    size_t spare = buf->cap - buf->len;
    char *ptr = cl_buf_steal(buf, len);
    char *exact = ptr && spare > 1 ? realloc(ptr, *len + 1) : ptr;

    if (!exact)
        free(ptr);
    return exact;
}

const char *cl_buf_publish(cl_buf *buf, _Atomic(char *) *slot)
{
    char *fresh = cl_buf_steal(buf, NULL);
    char *first = NULL;

    if (!fresh || atomic_compare_exchange_strong(slot, &first, fresh))
        return fresh;
    free(fresh);
    return first;
}

int cl_buf_splice(cl_buf *buf, size_t at, size_t old_len, cl_str bytes)
{
    size_t tail = buf->len - at - old_len;
    int rc = bytes.len > old_len ? cl_buf_reserve(buf, bytes.len - old_len) : cl_buf_reserve(buf, 0);

    if (rc != CL_BUF_OK)
        return rc;
    memmove(buf->ptr + at + bytes.len, buf->ptr + at + old_len, tail);
    if (bytes.len > 0)
        memcpy(buf->ptr + at, bytes.ptr, bytes.len);
    buf->len = at + bytes.len + tail;
    buf->ptr[buf->len] = '\0';
    return CL_BUF_OK;
}
