/* Shared bytes, and bodies with text spliced into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static cl_body make(const char *text)
{
    cl_blob *blob = cl_blob_new(cl_str_of(text));

    assert_non_null(blob);
    return cl_body_of(blob);
}

/* Reads the whole body in every way: each offset, each size of the piece. */
static void expect(const cl_body *body, const char *text)
{
    size_t len = strlen(text);
    char out[256];

    assert_int_equal(body->len, len);
    for (size_t offset = 0; offset <= len + 2; offset++) {
        for (size_t size = 0; size <= len + 2; size++) {
            size_t left = offset < len ? len - offset : 0;
            size_t want = size < left ? size : left;
            memset(out, '#', sizeof out);
            assert_int_equal(cl_body_read(body, offset, out, size), want);
            assert_memory_equal(out, text + (offset < len ? offset : len), want);
            assert_int_equal(out[want], '#');
        }
    }
}

static void test_blob(void **state)
{
    cl_blob *blob = cl_blob_new(cl_str_n("a\0b", 3));
    cl_blob *empty = cl_blob_new((cl_str){NULL, 0});

    (void)state;
    assert_int_equal(blob->len, 3);
    assert_memory_equal(blob->bytes, "a\0b", 4);
    assert_ptr_equal(cl_blob_ref(blob), blob);
    cl_blob_unref(blob);
    assert_memory_equal(blob->bytes, "a\0b", 4);
    cl_blob_unref(blob);
    assert_int_equal(empty->len, 0);
    assert_string_equal(empty->bytes, "");
    cl_blob_unref(empty);
    cl_blob_unref(NULL);
    assert_null(cl_blob_ref(NULL));
    assert_null(cl_blob_new(cl_str_n("x", SIZE_MAX)));
}

static void test_body(void **state)
{
    cl_body none = cl_body_of(NULL);
    cl_body body = make("{\"model\":\"m\"}");
    cl_body copy = cl_body_copy(&body);

    (void)state;
    expect(&none, "");
    cl_body_free(&none);
    expect(&body, "{\"model\":\"m\"}");
    cl_body_free(&body);
    assert_null(body.blob);
    assert_int_equal(body.len, 0);
    /* The copy shares the bytes and outlives the first. */
    expect(&copy, "{\"model\":\"m\"}");
    cl_body_free(&copy);
}

static void test_splice(void **state)
{
    static const char whole[] = "0123456789";

    (void)state;
    for (size_t at = 0; at <= 10; at++) {
        cl_body body = make(whole);
        cl_body original = cl_body_copy(&body);
        char want[32];
        memcpy(want, whole, at);
        strcpy(want + at, "<--->");
        strcat(want, whole + at);
        cl_body_splice(&body, at, CL_STR("<--->"));
        expect(&body, want);
        /* Splicing a body leaves its copies alone. */
        expect(&original, whole);
        cl_body_free(&body);
        cl_body_free(&original);
    }
}

static void test_splice_of_nothing(void **state)
{
    cl_body body = make("abc");

    (void)state;
    cl_body_splice(&body, 1, CL_STR(""));
    expect(&body, "abc");
    cl_body_free(&body);
    body = make("");
    cl_body_splice(&body, 0, CL_STR("x"));
    expect(&body, "x");
    cl_body_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blob),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_splice),
        cmocka_unit_test(test_splice_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
