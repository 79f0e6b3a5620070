/*
 * Memory running out at each allocation in turn, once and from then on, while schemas are changed and values are
 * checked: it is said, nothing leaks, and no answer is made up.
 */
#include <stdbool.h>
#include <stdlib.h>

static long left;    /* allocations that still succeed */
static bool forever; /* what follows the one that fails fails too */
static bool failed;

static bool may_allocate(void)
{
    if (left-- > 0)
        return true;
    if (failed && !forever)
        return true;
    failed = true;
    return false;
}

static void *test_malloc(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

static void *test_calloc(size_t count, size_t size)
{
    return may_allocate() ? calloc(count, size) : NULL;
}

static void *test_realloc(void *old, size_t size)
{
    return may_allocate() ? realloc(old, size) : NULL;
}

#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc

#include "base/buf.c"
#include "json/schema.c"
#include "json/schema_check.c"
/* The same names are used by each of them. */
#define refuse refuse_to_compile
#include "json/schema_compile.c"
#undef refuse
#define frame transform_frame
#define enter transform_enter
#define advance transform_advance
#define steps transform_steps
#define STEPS TRANSFORM_STEPS
#include "json/schema_transform.c"

#undef malloc
#undef calloc
#undef realloc

#include "testing.h"

/* Runs a scenario with ever more memory until it succeeds; it returns a code. */
static void run_out(claude_code_t (*scenario)(cl_err *err), claude_code_t expected)
{
    for (int mode = 0; mode < 2; mode++) {
        claude_code_t rc = CLAUDE_E_NOMEM;
        for (long n = 0; rc == CLAUDE_E_NOMEM; n++) {
            cl_err err;
            assert_true(n < 1000);
            left = n;
            forever = mode == 1;
            failed = false;
            cl_err_init(&err);
            rc = scenario(&err);
            assert_int_equal(rc, failed ? CLAUDE_E_NOMEM : expected);
            assert_int_equal(err.code, rc);
            cl_err_clear(&err);
        }
    }
    left = 1000000;
}

static claude_code_t transform_one(cl_err *err)
{
    cl_buf out = CL_BUF_INIT(SIZE_MAX / 2);
    claude_code_t rc = cl_schema_transform(
        CL_STR("{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},"
               "{\"$ref\":\"#\"}]},\"b\":{\"type\":\"array\",\"items\":{\"const\":1}}},\"minProperties\":1}"),
        &out, err);

    cl_buf_free(&out);
    return rc;
}

#define SCHEMA                                                                                                         \
    "{\"$defs\":{\"n\":{\"required\":[\"a\"],\"properties\":{\"a\":{\"const\":{\"x\":[1,{}]}},\"b\":{\"anyOf\":["      \
    "{\"type\":\"null\"},{\"$ref\":\"#/$defs/n\"}]}}}},\"$ref\":\"#/$defs/n\"}"

static claude_code_t check_one(cl_err *err)
{
    return cl_schema_check(CL_STR(SCHEMA), CL_STR("{\"a\":{\"x\":[1,{}]},\"b\":{\"a\":{\"x\":[1,{}]},\"b\":null}}"),
                           err);
}

static claude_code_t check_another(cl_err *err)
{
    return cl_schema_check(CL_STR(SCHEMA), CL_STR("{\"a\":{\"x\":[1,{}]},\"b\":{\"a\":{\"x\":[1,[]]}}}"), err);
}

static void test_transform(void **state)
{
    (void)state;
    run_out(transform_one, CLAUDE_OK);
}

static void test_check(void **state)
{
    (void)state;
    run_out(check_one, CLAUDE_OK);
    run_out(check_another, CLAUDE_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
