/* headers.h - lists of header fields, sent and received. */
#ifndef CL_BASE_HEADERS_H
#define CL_BASE_HEADERS_H

#include "base/err.h"
#include "base/str.h"

typedef struct cl_header {
    char *name;  /* owns the value's memory as well */
    char *value; /* NULL in a program's list: the header is to be removed */
} cl_header;

typedef struct cl_headers {
    cl_header *items;
    size_t count;
    size_t cap; /* 0, and there are items: they share one allocation with their texts, and nothing can be added */
} cl_headers;

/* Name is a token of RFC 9110; value is visible ASCII with spaces and tabs inside, not empty: what could inject a
 * second header, or make libcurl drop this one, is refused. */
claude_code_t cl_header_check(cl_str name, cl_str value, cl_err *err);
/* Appends without a check: for what was received. */
claude_code_t cl_headers_add(cl_headers *headers, cl_str name, cl_str value, cl_err *err);
/* Checks, then replaces one of the same name or appends. value NULL marks the header as removed. */
claude_code_t cl_headers_replace(cl_headers *headers, const char *name, const char *value, cl_err *err);
/* For the program: the same, but refuses the headers that the library writes itself. */
claude_code_t cl_headers_set(cl_headers *headers, const char *name, const char *value, cl_err *err);
/* The last of that name, compared without case; NULL if there is none. */
const cl_header *cl_headers_find(const cl_headers *headers, cl_str name);
claude_code_t cl_headers_copy(const cl_headers *from, cl_headers *to, cl_err *err);
/* A copy in one allocation, to which nothing can be added. */
claude_code_t cl_headers_pack(const cl_headers *from, cl_headers *to, cl_err *err);
/* For `count` items with `bytes` of texts, NULs included: one allocation. The texts begin behind the items; the caller
 * fills both in. */
claude_code_t cl_headers_reserve(cl_headers *headers, size_t count, size_t bytes, cl_err *err);
/* Into a list that only borrows its texts and has room: replaces one of the same name, or appends. value NULL marks it
 * as removed. */
void cl_headers_lend(cl_headers *headers, const char *name, const char *value);
/* Takes out those that are marked so. */
void cl_headers_drop_removed(cl_headers *headers);
void cl_headers_free(cl_headers *headers);

#endif
