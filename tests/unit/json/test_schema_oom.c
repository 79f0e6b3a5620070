/*
 * Memory running out at each allocation in turn, once and from then on, while schemas are changed and values are
 * checked: it is said, nothing leaks, and no answer is made up.
 */
#include "testing.h"

#include "../allocations.h"
#include "json/schema.h"

/* Whether an answer has come; anything but that and want of memory is a mistake. */
static bool answered(claude_code_t rc, claude_code_t expected, cl_err *err)
{
    if (rc != expected)
        assert_int_equal(rc, CLAUDE_E_NOMEM);
    assert_int_equal(err->code, rc);
    cl_err_clear(err);
    return rc == expected;
}

static bool transforms(void)
{
    cl_buf out = CL_BUF_INIT(SIZE_MAX / 2);
    claude_code_t rc;
    cl_err err;

    cl_err_init(&err);
    rc = cl_schema_transform(
        CL_STR("{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},"
               "{\"$ref\":\"#\"}]},\"b\":{\"type\":\"array\",\"items\":{\"const\":1}}},\"minProperties\":1}"),
        &out, &err);
    cl_buf_free(&out);
    return answered(rc, CLAUDE_OK, &err);
}

#define SCHEMA                                                                                                         \
    "{\"$defs\":{\"n\":{\"required\":[\"a\"],\"properties\":{\"a\":{\"const\":{\"x\":[1,{}]}},\"b\":{\"anyOf\":["      \
    "{\"type\":\"null\"},{\"$ref\":\"#/$defs/n\"}]}}}},\"$ref\":\"#/$defs/n\"}"

static bool fits(void)
{
    cl_err err;

    cl_err_init(&err);
    return answered(
        cl_schema_check(CL_STR(SCHEMA), CL_STR("{\"a\":{\"x\":[1,{}]},\"b\":{\"a\":{\"x\":[1,{}]},\"b\":null}}"), &err),
        CLAUDE_OK, &err);
}

static bool does_not_fit(void)
{
    cl_err err;

    cl_err_init(&err);
    return answered(
        cl_schema_check(CL_STR(SCHEMA), CL_STR("{\"a\":{\"x\":[1,{}]},\"b\":{\"a\":{\"x\":[1,[]]}}}"), &err),
        CLAUDE_E_INVALID, &err);
}

static void test_transform(void **state)
{
    (void)state;
    run_out(transforms);
}

static void test_check(void **state)
{
    (void)state;
    run_out(fits);
    run_out(does_not_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transform),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
