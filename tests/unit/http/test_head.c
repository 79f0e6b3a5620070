/* The head of a response: lines as received become headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

static cl_headers parsed(const char *head)
{
    cl_headers headers = {NULL, 0, 0};
    cl_buf kept = CL_BUF_INIT(4096);
    cl_err err;

    cl_err_init(&err);
    while (*head != '\0') {
        const char *eol = strchr(head, '\n');
        size_t len = eol ? (size_t)(eol - head) + 1 : strlen(head);
        assert_int_equal(cl_head_add(&kept, cl_str_n(head, len)), CL_BUF_OK);
        head += len;
    }
    assert_int_equal(cl_head_take(&kept, &headers, &err), CLAUDE_OK);
    cl_buf_free(&kept);
    return headers;
}

static void expect(const cl_headers *headers, const char *name, const char *value)
{
    const cl_header *found = cl_headers_find(headers, cl_str_of(name));

    assert_non_null(found);
    assert_string_equal(found->value, value);
}

static void reads_lines(void **state)
{
    cl_headers headers = parsed("Content-Type: text/plain\r\nX-Empty:\r\nx-spaces: \t a b \t\r\nLast: no newline");

    (void)state;
    assert_int_equal(headers.count, 4);
    expect(&headers, "content-type", "text/plain");
    expect(&headers, "x-empty", "");
    expect(&headers, "X-Spaces", "a b");
    expect(&headers, "last", "no newline");
    cl_headers_free(&headers);
}

static void leaves_out_what_has_no_name(void **state)
{
    cl_headers headers = parsed("HTTP/1.1 200 OK\r\n: value\r\n\tfolded: x\r\n folded: y\r\n\r\nno colon\nA:b\n");

    (void)state;
    assert_int_equal(headers.count, 1);
    expect(&headers, "a", "b");
    cl_headers_free(&headers);
}

static void takes_nothing(void **state)
{
    cl_headers headers = parsed("");

    (void)state;
    assert_int_equal(headers.count, 0);
    cl_headers_free(&headers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(leaves_out_what_has_no_name),
        cmocka_unit_test(takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
