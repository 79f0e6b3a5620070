/* Errors: the first one wins, texts are made harmless, objects share what they own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"

static void expect_copied(cl_str text, size_t size, const char *expected)
{
    char out[64];

    memset(out, '#', sizeof out);
    cl_err_copy_text(out, size, text);
    assert_string_equal(out, expected);
    assert_true(strlen(out) < size);
    assert_int_equal(out[size], '#');
    assert_int_equal(cl_utf8_valid(cl_str_of(out)), strlen(out));
}

static void test_copy_text(void **state)
{
    (void)state;
    expect_copied(CL_STR("plain"), 10, "plain");
    expect_copied(CL_STR("plain"), 6, "plain");
    expect_copied(CL_STR("plain"), 5, "plai");
    expect_copied(CL_STR("plain"), 1, "");
    expect_copied((cl_str){NULL, 0}, 10, "");
    /* Control characters would break the line, or the terminal. */
    expect_copied(CL_STR("a\r\nb\tc\0d\x1b[0m\x7f"), 40, "a  b c d [0m ");
    /* What is no UTF-8. */
    expect_copied(CL_STR("a\xff\xfe"
                         "b"),
                  40, "a??b");
    expect_copied(CL_STR("\xc3("), 40, "?(");
    expect_copied(CL_STR("\xc0\x80"), 40, "??");
    expect_copied(CL_STR("\xed\xa0\x80"), 40, "???");
    expect_copied(CL_STR("\xf4\x90\x80\x80"), 40, "????");
    expect_copied(CL_STR("\xe2\x82"), 40, "??");
    expect_copied(CL_STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 40, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    /* Cut at a character, never inside. */
    expect_copied(CL_STR("a\xe2\x82\xac"), 5, "a\xe2\x82\xac");
    expect_copied(CL_STR("a\xe2\x82\xac"), 4, "a");
    expect_copied(CL_STR("\xf0\x9f\x98\x80x"), 4, "");
}

static void test_first_error_wins(void **state)
{
    cl_err err;

    (void)state;
    cl_err_init(&err);
    assert_int_equal(cl_fail(&err, CLAUDE_E_INVALID, "first %d", 1), CLAUDE_E_INVALID);
    assert_int_equal(cl_fail(&err, CLAUDE_E_TLS, "second"), CLAUDE_E_INVALID);
    assert_int_equal(cl_fail_nomem(&err), CLAUDE_E_INVALID);
    assert_string_equal(err.message, "first 1");
    assert_int_equal(err.retryable, -1);
    assert_int_equal(err.retry_after_ms, -1);
    assert_int_equal(err.category, 0);
    assert_null(err.feature);
    assert_string_equal(err.api_type, "");
    cl_err_clear(&err);
    assert_int_equal(err.code, CLAUDE_OK);
    assert_int_equal(cl_fail(&err, CLAUDE_E_TLS, "again"), CLAUDE_E_TLS);
    assert_string_equal(err.message, "again");
    cl_err_clear(&err);
    assert_int_equal(cl_fail(NULL, CLAUDE_E_TLS, "nobody asks"), CLAUDE_E_TLS);
    assert_int_equal(cl_fail_nomem(NULL), CLAUDE_E_NOMEM);
}

static void test_messages(void **state)
{
    char text[3000];
    cl_err err;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_INVALID, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    cl_err_clear(&err);
    /* Cut inside a character: the rest of it goes, too. */
    memcpy(text + 1020, "\xf0\x9f\x98\x80", 4);
    cl_fail(&err, CLAUDE_E_INVALID, "%s", text);
    assert_int_equal(cl_utf8_valid(cl_str_of(err.message)), strlen(err.message));
    cl_err_clear(&err);
    cl_fail(&err, CLAUDE_E_INVALID, "a%sb", "\n\xff");
    assert_string_equal(err.message, "a ?b");
    cl_err_clear(&err);
    assert_int_equal(cl_fail_buf(&err, CL_BUF_FULL, "event (limit.event_bytes)"), CLAUDE_E_TOO_LARGE);
    assert_string_equal(err.message, "event (limit.event_bytes) is over its limit");
    cl_err_clear(&err);
    assert_int_equal(cl_fail_buf(&err, CL_BUF_NOMEM, "event"), CLAUDE_E_NOMEM);
    cl_err_clear(&err);
}

static void test_left_out(void **state)
{
    cl_err err;

    (void)state;
    cl_err_init(&err);
    assert_int_equal(cl_fail_left_out(&err, "streaming-control"), CLAUDE_E_UNSUPPORTED);
    assert_string_equal(err.message, "this build of libclaude has no streaming-control: build it with "
                                     "-DCLAUDE_FEATURE_STREAMING_CONTROL=ON");
    assert_string_equal(err.feature, "streaming-control");
    assert_int_equal(cl_fail_left_out(&err, "tools"), CLAUDE_E_UNSUPPORTED);
    assert_string_equal(err.feature, "streaming-control");
    cl_err_clear(&err);
    cl_fail(&err, CLAUDE_E_INVALID, "first");
    assert_int_equal(cl_fail_left_out(&err, "tools"), CLAUDE_E_INVALID);
    assert_null(err.feature);
    cl_err_clear(&err);
    assert_int_equal(cl_fail_left_out(NULL, "tools"), CLAUDE_E_UNSUPPORTED);
}

/* ---- the table ---- */

static void test_codes(void **state)
{
    const cl_code_row *row;
    size_t count = 0;

    (void)state;
    for (; (row = cl_code_row_at(count)) != NULL; count++) {
        assert_true(row->code < 0 && row->code > -1000);
        assert_ptr_equal(cl_code_row_of(row->code), row);
        assert_int_equal(claude_code_at(count), row->code);
        assert_string_equal(claude_code_name(row->code), row->name);
        assert_int_equal(claude_code_category(row->code), row->category);
        assert_int_equal(strncmp(row->name, "CLAUDE_E_", 9), 0);
        assert_true(row->category >= CLAUDE_CATEGORY_API && row->category <= CLAUDE_CATEGORY_RATE_LIMIT);
        assert_string_not_equal(claude_category_name(row->category), "None");
        assert_true(strlen(row->text) > 5);
        if (count > 0)
            assert_true(row->code < cl_code_row_at(count - 1)->code);
    }
    assert_int_equal(claude_code_at(count), 0);
    assert_null(cl_code_row_of(0));
    assert_null(cl_code_row_of(-99));
    assert_string_equal(claude_code_name(-99), "CLAUDE_E_UNKNOWN");
    assert_string_equal(claude_code_name(CLAUDE_OK), "CLAUDE_OK");
    assert_string_equal(claude_code_name(CLAUDE_DONE), "CLAUDE_DONE");
    assert_int_equal(claude_code_category(-99), CLAUDE_CATEGORY_NONE);
    assert_string_equal(claude_category_name(99), "None");
    assert_string_equal(claude_category_name(-1), "None");
}

/* ---- objects ---- */

static int unrefs;
static int refs;

static void count_unref(void *ptr)
{
    assert_ptr_equal(ptr, &unrefs);
    unrefs++;
}

static void *count_ref(void *ptr)
{
    refs++;
    return ptr;
}

static void test_object_owns(void **state)
{
    claude_error_t *cause;
    claude_error_t *error;
    cl_err err;

    (void)state;
    unrefs = 0;
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_CONNECT, "behind");
    cause = cl_error_new(&err);
    assert_int_equal(err.code, CLAUDE_OK);
    cl_fail(&err, CLAUDE_E_TIMEOUT, "in front");
    err.cause = cause;
    err.response = (cl_err_object){&unrefs, count_unref};
    error = cl_error_new(&err);
    assert_int_equal(err.code, CLAUDE_OK);
    assert_null(err.cause);
    assert_null(err.response.ptr);
    assert_int_equal(claude_error_code(error), CLAUDE_E_TIMEOUT);
    assert_ptr_equal(claude_error_cause(error), cause);
    assert_ptr_equal(cl_error_ref(error), error);
    cl_error_unref(error);
    assert_int_equal(unrefs, 0);
    assert_string_equal(claude_error_message(error), "in front");
    cl_error_unref(error);
    assert_int_equal(unrefs, 1);
    cl_error_unref(NULL);
    assert_null(cl_error_ref(NULL));
}

static void test_clear_and_copy(void **state)
{
    claude_error_t *cause;
    cl_err err;
    cl_err copy;

    (void)state;
    unrefs = refs = 0;
    cl_err_init(&err);
    cl_err_copy(&copy, &err, count_ref);
    assert_int_equal(copy.code, CLAUDE_OK);
    cl_fail(&err, CLAUDE_E_TLS, "behind");
    cause = cl_error_new(&err);
    cl_fail(&err, CLAUDE_E_CLOSED, "in front");
    err.cause = cause;
    err.response = (cl_err_object){&unrefs, count_unref};
    cl_err_copy(&copy, &err, count_ref);
    assert_int_equal(refs, 1);
    assert_string_equal(copy.message, "in front");
    cl_err_clear(&err);
    assert_int_equal(unrefs, 1);
    assert_null(err.response.ptr);
    assert_ptr_equal(copy.cause, cause);
    assert_string_equal(claude_error_message(cause), "behind");
    cl_err_clear(&copy);
    assert_int_equal(unrefs, 2);
    cl_err_clear(&copy);
    assert_int_equal(unrefs, 2);
}

/* Reporting that memory ran out takes no memory, and the object may be treated as any other. */
static void test_out_of_memory_is_static(void **state)
{
    claude_error_t *first;
    claude_error_t *second;
    cl_err err;

    (void)state;
    cl_err_init(&err);
    cl_fail_nomem(&err);
    first = cl_error_new(&err);
    cl_fail_nomem(&err);
    second = cl_error_new(&err);
    assert_ptr_equal(first, second);
    for (int i = 0; i < 10; i++)
        cl_error_unref(first);
    assert_int_equal(claude_error_code(second), CLAUDE_E_NOMEM);
    assert_string_equal(claude_error_message(second), "out of memory");
    assert_ptr_equal(cl_error_ref(second), second);
    assert_int_equal(claude_error_retry_after_ms(second), -1);
}

static void test_object_as_json(void **state)
{
    claude_error_t *error;
    cl_err err;
    size_t len = 0;

    (void)state;
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_CONNECT, "say \"no\"");
    error = cl_error_new(&err);
    cl_fail(&err, CLAUDE_E_OVERLOADED, "busy");
    err.cause = error;
    err.http_status = 529;
    err.attempts = 2;
    err.retry_after_ms = 1500;
    cl_err_copy_text(err.api_type, sizeof err.api_type, CL_STR("overloaded_error"));
    cl_err_copy_text(err.request_id, sizeof err.request_id, CL_STR("req_1"));
    error = cl_error_new(&err);
    assert_string_equal(
        claude_error_json(error, &len),
        "{\"code\":-205,\"name\":\"CLAUDE_E_OVERLOADED\",\"category\":\"Api\",\"message\":\"busy\",\"retryable\":true,"
        "\"http_status\":529,\"api_type\":\"overloaded_error\",\"error_code\":null,\"request_id\":\"req_1\","
        "\"retry_after_ms\":1500,\"attempts\":2,\"user_code\":0,\"feature\":null,\"cause\":"
        "{\"code\":-101,\"name\":\"CLAUDE_E_CONNECT\",\"category\":\"Network\",\"message\":\"say \\\"no\\\"\","
        "\"retryable\":true,\"http_status\":0,\"api_type\":null,\"error_code\":null,\"request_id\":null,"
        "\"retry_after_ms\":-1,\"attempts\":0,\"user_code\":0,\"feature\":null,\"cause\":null}}");
    assert_int_equal(len, strlen(claude_error_json(error, NULL)));
    assert_string_equal(claude_error_json(NULL, &len), "null");
    assert_int_equal(len, 4);
    cl_error_unref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_text),      cmocka_unit_test(test_first_error_wins),
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_codes),          cmocka_unit_test(test_object_owns),
        cmocka_unit_test(test_clear_and_copy), cmocka_unit_test(test_out_of_memory_is_static),
        cmocka_unit_test(test_object_as_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
