#include "base/base.h"

#include <stdlib.h>

/* Written by the library or by libcurl: a second copy would contradict the first, or carry a key that nobody guards. */
static const char *const reserved[] = {
    "x-api-key",           "authorization",
    "proxy-authorization", "anthropic-version",
    "content-length",      "transfer-encoding",
    "content-type",        "host",
    "connection",          "expect",
    "accept-encoding",     "user-agent",
};

static bool is_token_char(char c)
{
    return cl_ascii_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

claude_code_t cl_header_check(cl_str name, cl_str value, cl_err *err)
{
    if (name.len == 0 || name.len > 256)
        return cl_fail(err, CLAUDE_E_INVALID, "header name must have 1 to 256 characters, not %zu", name.len);
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_char(name.ptr[i]))
            return cl_fail(err, CLAUDE_E_INVALID, "header name has a character that is not allowed at offset %zu", i);
    }
    if (value.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "header %.*s has an empty value; pass NULL to remove it", (int)name.len,
                       name.ptr);
    if (value.len > 65536)
        return cl_fail(err, CLAUDE_E_INVALID, "header %.*s is longer than 65536 bytes", (int)name.len, name.ptr);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c >= 0x7f)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "header %.*s has a character that is not visible ASCII at offset %zu; line ends and control "
                           "characters are refused",
                           (int)name.len, name.ptr, i);
    }
    if (cl_str_trim(value).len != value.len)
        return cl_fail(err, CLAUDE_E_INVALID, "header %.*s begins or ends with white space", (int)name.len, name.ptr);
    return CLAUDE_OK;
}

static claude_code_t grow(cl_headers *headers, cl_err *err)
{
    size_t cap = headers->cap ? headers->cap * 2 : 16;
    cl_header *items;

    if (headers->count < headers->cap)
        return CLAUDE_OK;
    items = realloc(headers->items, cap * sizeof *items);
    if (!items)
        return cl_fail_nomem(err);
    headers->items = items;
    headers->cap = cap;
    return CLAUDE_OK;
}

/* Name and value share one allocation, which is the name's. */
static claude_code_t add(cl_headers *headers, cl_str name, const cl_str *value, cl_err *err)
{
    cl_header item = {NULL, NULL};
    claude_code_t rc = grow(headers, err);

    if (rc < 0)
        return rc;
    item.name = malloc(name.len + 1 + (value ? value->len + 1 : 0));
    if (!item.name)
        return cl_fail_nomem(err);
    if (name.len > 0)
        memcpy(item.name, name.ptr, name.len);
    item.name[name.len] = '\0';
    if (value) {
        item.value = item.name + name.len + 1;
        if (value->len > 0)
            memcpy(item.value, value->ptr, value->len);
        item.value[value->len] = '\0';
    }
    headers->items[headers->count++] = item;
    return CLAUDE_OK;
}

claude_code_t cl_headers_add(cl_headers *headers, cl_str name, cl_str value, cl_err *err)
{
    return add(headers, name, &value, err);
}

claude_code_t cl_headers_replace(cl_headers *headers, const char *name, const char *value, cl_err *err)
{
    cl_str key = cl_str_of(name);
    cl_str text = cl_str_of(value);
    cl_headers fresh = {NULL, 0, 0};
    claude_code_t rc;

    /* A removal has no value to check; a harmless one stands in. */
    rc = cl_header_check(key, value ? text : CL_STR("-"), err);
    if (rc < 0)
        return rc;
    rc = add(&fresh, key, value ? &text : NULL, err);
    if (rc < 0)
        goto out;
    for (size_t i = 0; i < headers->count; i++) {
        if (cl_str_eq_nocase(key, cl_str_of(headers->items[i].name))) {
            cl_header old = headers->items[i];
            headers->items[i] = fresh.items[0];
            fresh.items[0] = old;
            goto out;
        }
    }
    rc = grow(headers, err);
    if (rc < 0)
        goto out;
    headers->items[headers->count++] = fresh.items[0];
    fresh.count = 0;
out:
    cl_headers_free(&fresh);
    return rc;
}

claude_code_t cl_headers_set(cl_headers *headers, const char *name, const char *value, cl_err *err)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (cl_str_eq_nocase(cl_str_of(name), cl_str_of(reserved[i])))
            return cl_fail(err, CLAUDE_E_INVALID, "header %s is written by the library; set the option for it instead",
                           reserved[i]);
    }
    return cl_headers_replace(headers, name, value, err);
}

const cl_header *cl_headers_find(const cl_headers *headers, cl_str name)
{
    for (size_t i = headers->count; i > 0 && name.len > 0; i--) {
        const char *other = headers->items[i - 1].name;
        /* Most differ in their first letter. */
        if (((other[0] ^ name.ptr[0]) & ~0x20) == 0 && cl_str_eq_nocase(name, cl_str_of(other)))
            return &headers->items[i - 1];
    }
    return NULL;
}

/* A copy of `from` (which may be NULL) in the memory at *to. */
static char *take_text(char **to, const char *from)
{
    char *text = *to;
    size_t size = from ? strlen(from) + 1 : 0;

    if (!from)
        return NULL;
    memcpy(text, from, size);
    *to += size;
    return text;
}

claude_code_t cl_headers_copy(const cl_headers *from, cl_headers *to, cl_err *err)
{
    cl_headers copy = {NULL, 0, 0};
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < from->count && rc >= 0; i++) {
        cl_str value = cl_str_of(from->items[i].value);
        rc = add(&copy, cl_str_of(from->items[i].name), from->items[i].value ? &value : NULL, err);
    }
    if (rc < 0)
        cl_headers_free(&copy);
    else
        *to = copy;
    return rc;
}

claude_code_t cl_headers_pack(const cl_headers *from, cl_headers *to, cl_err *err)
{
    size_t bytes = 0;
    char *text;

    *to = (cl_headers){NULL, 0, 0};
    if (from->count == 0)
        return CLAUDE_OK;
    for (size_t i = 0; i < from->count; i++)
        bytes += strlen(from->items[i].name) + 1 + (from->items[i].value ? strlen(from->items[i].value) + 1 : 0);
    if (cl_headers_reserve(to, from->count, bytes, err) < 0)
        return CLAUDE_E_NOMEM;
    text = (char *)(to->items + from->count);
    for (; to->count < from->count; to->count++) {
        const cl_header *item = &from->items[to->count];
        to->items[to->count].name = take_text(&text, item->name);
        to->items[to->count].value = take_text(&text, item->value);
    }
    return CLAUDE_OK;
}

claude_code_t cl_headers_reserve(cl_headers *headers, size_t count, size_t bytes, cl_err *err)
{
    cl_header *items = malloc(count * sizeof *items + bytes);

    if (!items)
        return cl_fail_nomem(err);
    *headers = (cl_headers){items, 0, 0};
    return CLAUDE_OK;
}

void cl_headers_lend(cl_headers *headers, const char *name, const char *value)
{
    cl_header item = {(char *)(uintptr_t)name, (char *)(uintptr_t)value};
    const cl_header *old = cl_headers_find(headers, cl_str_of(name));
    size_t at = old ? (size_t)(old - headers->items) : headers->count++;

    headers->items[at] = item;
}

void cl_headers_drop_removed(cl_headers *headers)
{
    size_t kept = 0;

    for (size_t i = 0; i < headers->count; i++) {
        if (headers->items[i].value)
            headers->items[kept++] = headers->items[i];
    }
    headers->count = kept;
}

void cl_headers_free(cl_headers *headers)
{
    for (size_t i = 0; headers->cap > 0 && i < headers->count; i++)
        free(headers->items[i].name);
    free(headers->items);
    *headers = (cl_headers){NULL, 0, 0};
}
