/* testing.h - what the tests of the JSON room share. */
#ifndef TEST_JSON_TESTING_H
#define TEST_JSON_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include <claude/response.h>

#include "json/json.h"

/* A copy that ends where its memory ends, so that memcheck and ASan see the first byte read too many. */
static inline char *exact_copy(cl_str text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);

    assert_non_null(copy);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

/* A generator of its own: the same numbers everywhere. */
static inline uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static inline claude_code_t validate_exact(cl_str text, uint32_t depth, cl_err *err)
{
    char *copy = exact_copy(text);
    claude_code_t rc;

    cl_err_init(err);
    rc = cl_json_validate(cl_str_n(copy, text.len), depth, NULL, err);
    free(copy);
    return rc;
}

#endif
