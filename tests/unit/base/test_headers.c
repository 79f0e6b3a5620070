/* Header fields: nothing that a program passes in can inject a second header, or take the place of the library's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static void refuse(cl_str name, cl_str value, const char *expected)
{
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_header_check(name, value, &err), CLAUDE_E_INVALID);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    assert_null(strstr(err.message, "CANARY"));
    cl_err_clear(&err);
}

static void accept(cl_str name, cl_str value)
{
    cl_err err;

    cl_err_init(&err);
    if (cl_header_check(name, value, &err) != CLAUDE_OK)
        fail_msg("%s", err.message);
}

static void expect(const cl_headers *headers, const char *name, const char *value)
{
    const cl_header *header = cl_headers_find(headers, cl_str_of(name));

    assert_non_null(header);
    assert_string_equal(header->value, value);
}

static void test_check(void **state)
{
    (void)state;
    accept(CL_STR("X-A"), CL_STR("b"));
    accept(CL_STR("a"), CL_STR("b c\td"));
    accept(CL_STR("x-team"), CL_STR("~!@#$%^&*()\"\\"));
    refuse(CL_STR(""), CL_STR("x"), "header name must have 1 to 256 characters, not 0");
    refuse(CL_STR("a"), CL_STR(""), "header a has an empty value");
    refuse(CL_STR("a"), CL_STR("x\r\nCANARY: y"), "not visible ASCII at offset 1");
    refuse(CL_STR("a"), CL_STR("x\nCANARY: y"), "not visible ASCII at offset 1");
    refuse(CL_STR("a"), CL_STR("x\rCANARY"), "not visible ASCII at offset 1");
    refuse(CL_STR("a"), CL_STR("x\0CANARY"), "not visible ASCII at offset 1");
    refuse(CL_STR("a"), CL_STR("CANARY\xc3\xa4"), "not visible ASCII at offset 6");
    refuse(CL_STR("a"), CL_STR("\x7f"), "not visible ASCII at offset 0");
    refuse(CL_STR("a"), CL_STR(" x"), "begins or ends with white space");
    refuse(CL_STR("a"), CL_STR("x "), "begins or ends with white space");
    refuse(CL_STR("a"), CL_STR("x\t"), "begins or ends with white space");
    refuse(CL_STR("a"), CL_STR(" "), "begins or ends with white space");
    refuse(CL_STR("a b"), CL_STR("x"), "character that is not allowed at offset 1");
    refuse(CL_STR("a:"), CL_STR("x"), "character that is not allowed at offset 1");
    refuse(CL_STR("a\r\nb"), CL_STR("x"), "character that is not allowed at offset 1");
}

/* RFC 9110: a token. */
static void test_every_byte_of_a_name(void **state)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    char name[2] = {'x', 'x'};

    (void)state;
    for (int c = 0; c < 256; c++) {
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name[1] = (char)c;
        if (alnum || (c != 0 && strchr(others, c)))
            accept(cl_str_n(name, 2), CL_STR("v"));
        else
            refuse(cl_str_n(name, 2), CL_STR("v"), "character that is not allowed at offset 1");
    }
}

static void test_every_byte_of_a_value(void **state)
{
    char value[3] = {'x', 'x', 'x'};

    (void)state;
    for (int c = 0; c < 256; c++) {
        value[1] = (char)c;
        if (c == '\t' || (c >= 0x20 && c < 0x7f))
            accept(CL_STR("a"), cl_str_n(value, 3));
        else
            refuse(CL_STR("a"), cl_str_n(value, 3), "not visible ASCII at offset 1");
    }
}

static void test_lengths(void **state)
{
    static char text[65537];

    (void)state;
    memset(text, 'x', sizeof text);
    accept(cl_str_n(text, 256), CL_STR("v"));
    refuse(cl_str_n(text, 257), CL_STR("v"), "header name must have 1 to 256 characters, not 257");
    accept(CL_STR("a"), cl_str_n(text, 65536));
    refuse(CL_STR("a"), cl_str_n(text, 65537), "header a is longer than 65536 bytes");
}

static void test_reserved(void **state)
{
    static const char *const names[] = {
        "x-api-key",
        "X-API-Key",
        "Authorization",
        "proxy-authorization",
        "anthropic-version",
        "content-length",
        "transfer-encoding",
        "content-type",
        "host",
        "connection",
        "expect",
        "accept-encoding",
        "user-agent",
    };
    cl_headers headers = {NULL, 0, 0};
    cl_err err;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cl_err_init(&err);
        assert_int_equal(cl_headers_set(&headers, names[i], "CANARY", &err), CLAUDE_E_INVALID);
        assert_non_null(strstr(err.message, "is written by the library"));
        assert_null(strstr(err.message, "CANARY"));
        cl_err_clear(&err);
        /* Removing one of them is no way around. */
        assert_int_equal(cl_headers_set(&headers, names[i], NULL, NULL), CLAUDE_E_INVALID);
    }
    assert_int_equal(headers.count, 0);
    /* The library itself may. */
    assert_int_equal(cl_headers_replace(&headers, "x-api-key", "v", NULL), CLAUDE_OK);
    cl_headers_free(&headers);
}

static void test_set(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    cl_err err;

    (void)state;
    cl_err_init(&err);
    assert_int_equal(cl_headers_set(&headers, "X-One", "1", &err), CLAUDE_OK);
    assert_int_equal(cl_headers_set(&headers, "X-Two", "2", &err), CLAUDE_OK);
    assert_int_equal(cl_headers_set(&headers, "x-one", "3", &err), CLAUDE_OK);
    assert_int_equal(headers.count, 2);
    expect(&headers, "X-ONE", "3");
    assert_string_equal(headers.items[0].name, "x-one");
    /* A refused value leaves the old one. */
    assert_int_equal(cl_headers_set(&headers, "x-one", "a\nb", &err), CLAUDE_E_INVALID);
    cl_err_clear(&err);
    expect(&headers, "x-one", "3");
    /* Removed is not the same as absent. */
    assert_int_equal(cl_headers_set(&headers, "X-Two", NULL, &err), CLAUDE_OK);
    assert_non_null(cl_headers_find(&headers, CL_STR("x-two")));
    assert_null(cl_headers_find(&headers, CL_STR("x-two"))->value);
    assert_null(cl_headers_find(&headers, CL_STR("x-tw")));
    assert_int_equal(cl_headers_set(&headers, "a b", NULL, &err), CLAUDE_E_INVALID);
    cl_err_clear(&err);
    cl_headers_free(&headers);
    assert_int_equal(headers.count, 0);
    cl_headers_free(&headers);
}

/* What was received is kept as it came, repetitions included; the last one counts. */
static void test_add_and_find(void **state)
{
    cl_headers headers = {NULL, 0, 0};

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(cl_headers_add(&headers, CL_STR("Set-Cookie"), cl_str_n("0123456789", (size_t)i % 10), NULL),
                         CLAUDE_OK);
    assert_int_equal(headers.count, 100);
    expect(&headers, "set-cookie", "012345678");
    assert_int_equal(cl_headers_add(&headers, CL_STR("x"), (cl_str){NULL, 0}, NULL), CLAUDE_OK);
    expect(&headers, "X", "");
    cl_headers_free(&headers);
}

static void test_copy(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    cl_headers copy = {NULL, 0, 0};

    (void)state;
    assert_int_equal(cl_headers_copy(&headers, &copy, NULL), CLAUDE_OK);
    assert_int_equal(copy.count, 0);
    assert_int_equal(cl_headers_set(&headers, "a", "1", NULL), CLAUDE_OK);
    assert_int_equal(cl_headers_set(&headers, "b", NULL, NULL), CLAUDE_OK);
    assert_int_equal(cl_headers_copy(&headers, &copy, NULL), CLAUDE_OK);
    cl_headers_free(&headers);
    assert_int_equal(copy.count, 2);
    expect(&copy, "a", "1");
    assert_null(cl_headers_find(&copy, CL_STR("b"))->value);
    cl_headers_free(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_every_byte_of_a_name),
        cmocka_unit_test(test_every_byte_of_a_value),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_add_and_find),
        cmocka_unit_test(test_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
