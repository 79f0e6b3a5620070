#include "testing.h"

/* ---- retry-after ---- */

/* 1994-11-06 08:49:37 UTC */
static const int64_t wall_ms = 784111777000;

typedef struct field {
    const char *name;
    const char *value;
} field;

static cl_headers headers_of(const field *fields, size_t count)
{
    cl_headers headers = {NULL, 0, 0};

    for (size_t i = 0; i < count && fields[i].name; i++)
        OK(cl_headers_add(&headers, cl_str_of(fields[i].name), cl_str_of(fields[i].value), err));
    return headers;
}

static const struct {
    field fields[3];
    int64_t ms;
} asked[] = {
    {{{NULL, NULL}}, -1},
    {{{"retry-after", "0"}}, 0},
    {{{"retry-after", "1"}}, 1000},
    {{{"Retry-After", "1.5"}}, 1500},
    {{{"retry-after", " 7 "}}, 7000},
    {{{"retry-after", "0007"}}, 7000},
    {{{"retry-after", "1.0001"}}, 1001},
    {{{"retry-after", "0.0000001"}}, 1},
    {{{"retry-after", "1.9990000"}}, 1999},
    {{{"retry-after", "-5"}}, -1},
    {{{"retry-after", "+5"}}, -1},
    {{{"retry-after", "2147483648"}}, 2147483648000},
    {{{"retry-after", "9223372036854775"}}, 9223372036854775000},
    {{{"retry-after", "9223372036854775.807"}}, INT64_MAX},
    {{{"retry-after", "9223372036854775.808"}}, INT64_MAX},
    {{{"retry-after", "9223372036854776"}}, INT64_MAX},
    {{{"retry-after", "9223372036854775808"}}, INT64_MAX},
    {{{"retry-after", "1000000000000000000000000000000"}}, INT64_MAX},
    {{{"retry-after", ""}}, -1},
    {{{"retry-after", "soon"}}, -1},
    {{{"retry-after", "5s"}}, -1},
    {{{"retry-after", "5."}}, -1},
    {{{"retry-after", ".5"}}, -1},
    {{{"retry-after", "1e3"}}, -1},
    {{{"retry-after", "0x10"}}, -1},
    {{{"retry-after", "1 2"}}, -1},
    {{{"retry-after", "NaN"}}, -1},
    {{{"retry-after", "5"}, {"retry-after", "9"}}, 9000},
    {{{"retry-after", "9"}, {"retry-after", "5"}}, 9000},
    {{{"retry-after", "9"}, {"retry-after", "soon"}}, 9000},
    {{{"retry-after", "5, 10"}}, 10000},
    {{{"retry-after", "10,5,"}}, 10000},
    {{{"retry-after", "soon, 5"}}, 5000},
    {{{"retry-after", ",,"}}, -1},
    {{{"retry-after-ms", "1500"}}, 1500},
    {{{"retry-after-ms", "1500.2"}}, 1501},
    {{{"retry-after-ms", "0"}, {"retry-after", "5"}}, 0},
    {{{"retry-after", "5"}, {"retry-after-ms", "1500"}}, 1500},
    {{{"retry-after-ms", "soon"}, {"retry-after", "5"}}, 5000},
    {{{"retry-after-ms", "-1"}, {"retry-after", "5"}}, 5000},
    {{{"retry-after-ms", "9223372036854775807"}}, INT64_MAX},
    {{{"retry-after-ms", "9223372036854775808"}}, INT64_MAX},
    {{{"retry-after-ms", "100"}, {"retry-after-ms", "300"}}, 300},
    {{{"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:12Z"}}, -1},
    /* Dates, by our clock where the server tells none. */
    {{{"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"}}, 60000},
    {{{"retry-after", "Sunday, 06-Nov-94 08:50:37 GMT"}}, 60000},
    {{{"retry-after", "Sun Nov  6 08:50:37 1994"}}, 60000},
    {{{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 0},
    {{{"retry-after", "Sun, 06 Nov 1994 08:49:36 GMT"}}, 0},
    {{{"retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"}}, 0},
    {{{"retry-after", "Sun, 99 Nov 1994 08:50:37 GMT"}}, -1},
    /* By the server's clock, which is a day behind ours here. */
    {{{"date", "Sat, 05 Nov 1994 08:49:37 GMT"}, {"retry-after", "Sat, 05 Nov 1994 08:49:47 GMT"}}, 10000},
    {{{"retry-after", "Sat, 05 Nov 1994 08:49:30 GMT"}, {"Date", "Sat, 05 Nov 1994 08:49:37 GMT"}}, 0},
    {{{"date", "yesterday"}, {"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"}}, 60000},
    {{{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}, {"retry-after", "30"}}, 30000},
};

static void retry_after_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        cl_headers headers = headers_of(asked[i].fields, 3);
        int64_t ms = cl_retry_after_ms(&headers, wall_ms);
        if (ms != asked[i].ms)
            fail_msg("row %zu (%s): %lld", i, asked[i].fields[0].value ? asked[i].fields[0].value : "", (long long)ms);
        cl_headers_free(&headers);
    }
    assert_int_equal(cl_retry_after_ms(NULL, wall_ms), -1);
}

/* ---- errors ---- */

static cl_err error_of(int32_t status, const field *fields, size_t count, const char *body)
{
    cl_headers headers = headers_of(fields, count);
    char *exact = copy_of(cl_str_of(body));
    claude_code_t rc;
    cl_err err;

    cl_err_init(&err);
    rc = cl_api_error(status, &headers, cl_str_n(exact, strlen(body)), &err);
    assert_true(rc < 0);
    assert_int_equal(rc, err.code);
    cl_headers_free(&headers);
    free(exact);
    return err;
}

static bool is_retryable(const cl_err *err)
{
    return err->retryable >= 0 ? err->retryable == 1 : cl_code_row_of(err->code)->retryable;
}

static void types_come_first(void **state)
{
    static const struct {
        const char *type;
        claude_code_t code;
        bool retryable;
    } rows[] = {
        {"invalid_request_error", CLAUDE_E_BAD_REQUEST, false},
        {"authentication_error", CLAUDE_E_AUTH, false},
        {"billing_error", CLAUDE_E_BILLING, false},
        {"permission_error", CLAUDE_E_PERMISSION, false},
        {"not_found_error", CLAUDE_E_NOT_FOUND, false},
        {"conflict_error", CLAUDE_E_CONFLICT, true},
        {"memory_precondition_failed_error", CLAUDE_E_CONFLICT, false},
        {"memory_path_conflict_error", CLAUDE_E_CONFLICT, true},
        {"request_too_large", CLAUDE_E_REQUEST_TOO_LARGE, false},
        {"rate_limit_error", CLAUDE_E_RATE_LIMIT, true},
        {"timeout_error", CLAUDE_E_API_TIMEOUT, true},
        {"api_error", CLAUDE_E_SERVER, true},
        {"overloaded_error", CLAUDE_E_OVERLOADED, true},
    };
    static const int32_t statuses[] = {200, 400, 418, 500, 529};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof statuses / sizeof statuses[0]; k++) {
            char body[200];
            char message[200];
            cl_err err;
            snprintf(body, sizeof body, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"Text \\u00e9\"}}",
                     rows[i].type);
            snprintf(message, sizeof message, "%s (HTTP %d): Text \xc3\xa9", rows[i].type, statuses[k]);
            err = error_of(statuses[k], NULL, 0, body);
            assert_int_equal(err.code, rows[i].code);
            assert_int_equal(err.http_status, statuses[k]);
            assert_string_equal(err.message, message);
            assert_string_equal(err.api_type, rows[i].type);
            assert_int_equal(is_retryable(&err), rows[i].retryable);
            assert_int_equal(err.retry_after_ms, -1);
        }
    }
}

static void statuses_come_second(void **state)
{
    static const struct {
        int32_t status;
        claude_code_t code;
        bool retryable;
    } rows[] = {
        {400, CLAUDE_E_BAD_REQUEST, false},
        {401, CLAUDE_E_AUTH, false},
        {402, CLAUDE_E_BILLING, false},
        {403, CLAUDE_E_PERMISSION, false},
        {404, CLAUDE_E_NOT_FOUND, false},
        {405, CLAUDE_E_API, false},
        {408, CLAUDE_E_API_TIMEOUT, true},
        {409, CLAUDE_E_CONFLICT, true},
        {407, CLAUDE_E_PROXY, false},
        {412, CLAUDE_E_CONFLICT, false},
        {413, CLAUDE_E_REQUEST_TOO_LARGE, false},
        {422, CLAUDE_E_BAD_REQUEST, false},
        {429, CLAUDE_E_RATE_LIMIT, true},
        {431, CLAUDE_E_BAD_REQUEST, false},
        {499, CLAUDE_E_API, false},
        {500, CLAUDE_E_SERVER, true},
        {501, CLAUDE_E_SERVER, true},
        {502, CLAUDE_E_SERVER, true},
        {503, CLAUDE_E_SERVER, true},
        {504, CLAUDE_E_API_TIMEOUT, true},
        {529, CLAUDE_E_OVERLOADED, true},
        {599, CLAUDE_E_SERVER, true},
        {200, CLAUDE_E_API, false},
        {999, CLAUDE_E_SERVER, true},
    };
    static const char *const bodies[] = {"",    "<html>",
                                         "{}",  "{\"error\":{\"type\":\"brand_new_error\",\"message\":\"m\"}}",
                                         "[1]", "{\"type\":\"error\",\"error\":null}"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
            char status[20];
            cl_err err = error_of(rows[i].status, NULL, 0, bodies[k]);
            snprintf(status, sizeof status, "HTTP %d", rows[i].status);
            assert_int_equal(err.code, rows[i].code);
            assert_int_equal(err.http_status, rows[i].status);
            assert_int_equal(is_retryable(&err), rows[i].retryable);
            assert_non_null(strstr(err.message, status));
            assert_string_equal(err.api_type, k == 3 ? "brand_new_error" : "");
        }
    }
}

static void bodies_of_every_shape(void **state)
{
    static const struct {
        const char *body;
        const char *message;
    } rows[] = {
        {"{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}", "api_error (HTTP 500): m"},
        {" {\"error\":{\"message\":\"m\",\"type\":\"api_error\"}} ", "api_error (HTTP 500): m"},
        {"{\"type\":\"api_error\",\"message\":\"m\"}", "api_error (HTTP 500): m"},
        {"{\"type\":\"error\",\"message\":\"m\"}", "HTTP 500: m"},
        {"{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}", "api_error (HTTP 500): without a message"},
        {"{\"error\":\"no such model\"}", "HTTP 500: no such model"},
        {"{\"message\":\"m\"}", "HTTP 500: m"},
        {"{\"detail\":\"Not Found\"}", "HTTP 500: Not Found"},
        {"{\"error\":{\"code\":5}}", "HTTP 500 with a body that is not the API's: {\"error\":{\"code\":5}}"},
        {"{\"error\":{\"message\":7,\"type\":[]}}",
         "HTTP 500 with a body that is not the API's: {\"error\":{\"message\":7,\"type\":[]}}"},
        {"", "HTTP 500 with an empty body"},
        {" \r\n ", "HTTP 500 with an empty body"},
        {"<html>\r\n  <b>502\x01</b>\t\n</html>\n",
         "HTTP 500 with a body that is not the API's: <html> <b>502 </b> </html>"},
        {"{\"type\":\"error\",\"error\":{\"type\":\"api_err",
         "HTTP 500 with a body that is not the API's: {\"type\":\"error\",\"error\":{\"type\":\"api_err"},
        {"caf\xe9", "HTTP 500 with a body that is not the API's: caf?"},
        {"{\"message\":\"two\\nlines\\u0000\\u001b[1m\"}", "HTTP 500: two lines"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_err err = error_of(500, NULL, 0, rows[i].body);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.code, CLAUDE_E_SERVER);
    }
}

static void fields_are_filled(void **state)
{
    static const char body[] = "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"gone\","
                               "\"details\":{\"error_code\":\"file_expired\"}},\"request_id\":\"req_body\"}";
    static const field fields[] = {{"Request-Id", "req_header"}, {"retry-after", "3"}};
    cl_err err = error_of(404, fields, 2, body);

    (void)state;
    assert_string_equal(err.error_code, "file_expired");
    assert_string_equal(err.request_id, "req_header");
    assert_int_equal(err.retry_after_ms, 3000);
    err = error_of(404, NULL, 0, body);
    assert_string_equal(err.request_id, "req_body");
    assert_int_equal(err.retry_after_ms, -1);
    err = error_of(404, NULL, 0, "{\"error\":{\"details\":null}}");
    assert_string_equal(err.request_id, "");
    assert_string_equal(err.error_code, "");
    /* Without headers at all, and without an error to fill. */
    cl_err_init(&err);
    assert_int_equal(cl_api_error(529, NULL, CL_STR(""), &err), CLAUDE_E_OVERLOADED);
    assert_int_equal(cl_api_error(529, NULL, CL_STR(""), NULL), CLAUDE_E_OVERLOADED);
    /* The first error wins. */
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_TLS, "first");
    assert_int_equal(cl_api_error(529, NULL, CL_STR(""), &err), CLAUDE_E_TLS);
    assert_int_equal(err.http_status, 0);
}

static void advice_to_retry_wins(void **state)
{
    static const struct {
        int32_t status;
        const char *value;
        bool retryable;
    } rows[] = {
        {529, "false", false}, {529, "true", true},   {400, "true", true}, {400, "false", false}, {412, " TRUE ", true},
        {529, "maybe", true},  {400, "maybe", false}, {400, "1", false},   {529, "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        field fields[] = {{"x-should-retry", rows[i].value}};
        cl_err err = error_of(rows[i].status, fields, 1, "{}");
        assert_int_equal(is_retryable(&err), rows[i].retryable);
    }
}

static void redirects_name_the_host_alone(void **state)
{
    static const struct {
        const char *location;
        const char *host; /* NULL: the message names no host */
    } rows[] = {
        {"https://other.example/v1/messages?key=SECRET", "redirects to other.example;"},
        {"https://user:SECRET@other.example:8443/x", "redirects to other.example:8443;"},
        {"https://a@SECRET@other.example", "redirects to other.example;"},
        {"//other.example?SECRET", "redirects to other.example;"},
        {"https://other.example#SECRET", "redirects to other.example;"},
        {"https://other.example\\SECRET", "redirects to other.example;"},
        {"https://[::1]:8080/SECRET", "redirects to [::1]:8080;"},
        {"/v1/SECRET", NULL},
        {"/SECRET//x", NULL},
        {"?SECRET=//x", NULL},
        {"SECRET", NULL},
        {"https://", NULL},
        {"https://SECRET@", NULL},
        {"", NULL},
        {"/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        field fields[] = {{"Location", rows[i].location}, {"request-id", "req_1"}};
        cl_err err = error_of(307, fields, 2, "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"SECRET\"}}");
        assert_int_equal(err.code, CLAUDE_E_REDIRECT);
        assert_int_equal(err.http_status, 307);
        assert_string_equal(err.request_id, "req_1");
        assert_non_null(strstr(err.message, "HTTP 307"));
        assert_non_null(strstr(err.message, rows[i].host ? rows[i].host : "another path of its own"));
        assert_null(strstr(err.message, "SECRET"));
        assert_false(is_retryable(&err));
    }
    assert_int_equal(error_of(304, NULL, 0, "").code, CLAUDE_E_REDIRECT);
}

static void long_bodies_are_cut(void **state)
{
    cl_buf body = CL_BUF_INIT(1u << 20);
    cl_err err;

    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_int_equal(cl_buf_append_text(&body, "x\xc3\xa9\xe2\x82\xac"), CL_BUF_OK);
    err = error_of(500, NULL, 0, body.ptr);
    assert_true(strlen(err.message) < 600);
    assert_int_equal(cl_utf8_valid(cl_str_of(err.message)), strlen(err.message));
    cl_buf_clear(&body);
    assert_int_equal(cl_buf_append_text(&body, "{\"error\":{\"type\":\""), CL_BUF_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(cl_buf_append_text(&body, "\xc3\xa9"), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&body, "\",\"message\":\""), CL_BUF_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(cl_buf_append_text(&body, "\\ud83d\\ude00"), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&body, "\"}}"), CL_BUF_OK);
    err = error_of(500, NULL, 0, body.ptr);
    assert_true(strlen(err.message) > 800);
    assert_int_equal(cl_utf8_valid(cl_str_of(err.message)), strlen(err.message));
    assert_int_equal(cl_utf8_valid(cl_str_of(err.api_type)), strlen(err.api_type));
    cl_buf_free(&body);
}

/* Servers repeat what they were sent; a key must not reach a log that way. */
static void keys_are_hidden(void **state)
{
    static const struct {
        const char *body;
        const char *message;
    } rows[] = {
        {"{\"error\":{\"type\":\"authentication_error\",\"message\":\"bad key sk-ant-api03-AbC_9-x, sorry\"}}",
         "authentication_error (HTTP 401): bad key sk-ant-*, sorry"},
        {"x-api-key: sk-ant-SECRET1 and sk-ant-SECRET2",
         "HTTP 401 with a body that is not the API's: x-api-key: sk-ant-* and sk-ant-*"},
        {"{\"message\":\"keys begin with sk-ant-\"}", "HTTP 401: keys begin with sk-ant-"},
        {"{\"message\":\"sk-ant-a\"}", "HTTP 401: sk-ant-*"},
        {"{\"error\":{\"type\":\"sk-ant-SECRET\",\"details\":{\"error_code\":\"sk-ant-SECRET\"}},"
         "\"request_id\":\"sk-ant-SECRET\"}",
         "sk-ant-* (HTTP 401): without a message"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_err err = error_of(401, NULL, 0, rows[i].body);
        assert_string_equal(err.message, rows[i].message);
        assert_null(strstr(err.api_type, "SECRET"));
        assert_null(strstr(err.error_code, "SECRET"));
        assert_null(strstr(err.request_id, "SECRET"));
    }
}

/* Every cut of an envelope, and every single byte replaced: an error comes out, and nothing is read past the end. */
static void damaged_bodies_are_harmless(void **state)
{
    static const char body[] = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"O\\u00e9\","
                               "\"details\":{\"error_code\":\"c\"}},\"request_id\":\"r\"}";

    (void)state;
    for (size_t len = 0; len < sizeof body; len++) {
        char *exact = malloc(len > 0 ? len : 1);
        cl_err err;
        assert_non_null(exact);
        memcpy(exact, body, len);
        for (int c = 0; c < 256; c += 3) {
            cl_err_init(&err);
            if (len > 0)
                exact[len - 1] = (char)c;
            assert_true(cl_api_error(529, NULL, cl_str_n(exact, len), &err) < 0);
            assert_int_equal(cl_utf8_valid(cl_str_of(err.message)), strlen(err.message));
        }
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_table),
        cmocka_unit_test(types_come_first),
        cmocka_unit_test(statuses_come_second),
        cmocka_unit_test(bodies_of_every_shape),
        cmocka_unit_test(fields_are_filled),
        cmocka_unit_test(advice_to_retry_wins),
        cmocka_unit_test(redirects_name_the_host_alone),
        cmocka_unit_test(long_bodies_are_cut),
        cmocka_unit_test(keys_are_hidden),
        cmocka_unit_test(damaged_bodies_are_harmless),
    };

    return cmocka_run_group_tests_name("message.api_error", tests, NULL, NULL);
}
