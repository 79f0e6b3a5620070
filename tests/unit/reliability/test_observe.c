/* What an observer of attempts is shown, and may set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <claude/claude.h>

#include "call/call.h"

static claude_attempt_t attempt_of(int32_t phase, cl_headers *headers)
{
    claude_attempt_t attempt = {.phase = phase,
                                .number = 2,
                                .endpoint = 1,
                                .url = "https://two.example/v1/messages",
                                .method = "POST",
                                .endpoint_name = "messages.create",
                                .headers = headers,
                                .first_ms = -1,
                                .input_tokens = -1,
                                .output_tokens = -1};

    cl_handle_init(&attempt.handle, CL_MAGIC_ATTEMPT);
    return attempt;
}

/* A list as the library makes it: its texts belong to somebody else. */
static void borrow(cl_headers *headers, char *name, char *value)
{
    if (headers->count == 0)
        assert_int_equal(cl_headers_reserve(headers, 4, 0, NULL), CLAUDE_OK);
    headers->items[headers->count++] = (cl_header){name, value};
}

static void refuse(claude_attempt_t *attempt, const char *name, const char *value, claude_code_t code,
                   const char *expected)
{
    claude_error_t *err = NULL;

    assert_int_equal(claude_attempt_set_header(attempt, name, value, &err), code);
    if (!strstr(claude_error_message(err), expected))
        fail_msg("\"%s\" does not say \"%s\"", claude_error_message(err), expected);
    claude_error_unref(err);
}

static void test_one_that_starts(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    claude_attempt_t attempt = attempt_of(CLAUDE_ATTEMPT_STARTS, &headers);

    (void)state;
    assert_null(claude_attempt_call(&attempt));
    attempt.call = (claude_call_t *)&headers;
    assert_ptr_equal(claude_attempt_call(&attempt), &headers);
    attempt.limiter_ms = 40;
    attempt.backoff_ms = 500;
    assert_int_equal(claude_attempt_phase(&attempt), CLAUDE_ATTEMPT_STARTS);
    assert_int_equal(claude_attempt_number(&attempt), 2);
    assert_int_equal(claude_attempt_endpoint(&attempt), 1);
    assert_string_equal(claude_attempt_url(&attempt), "https://two.example/v1/messages");
    assert_string_equal(claude_attempt_method(&attempt), "POST");
    assert_string_equal(claude_attempt_endpoint_name(&attempt), "messages.create");
    assert_null(claude_attempt_model(&attempt));
    assert_int_equal(claude_attempt_limiter_wait_ms(&attempt), 40);
    assert_int_equal(claude_attempt_backoff_ms(&attempt), 500);
    assert_null(claude_attempt_header(&attempt, "accept"));
}

static void test_one_that_ends(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    claude_attempt_t attempt = attempt_of(CLAUDE_ATTEMPT_ENDS, NULL);

    (void)state;
    attempt.model = "claude-haiku-5-5";
    attempt.code = CLAUDE_E_OVERLOADED;
    attempt.http_status = 529;
    attempt.duration_ms = 70;
    attempt.first_ms = 60;
    attempt.input_tokens = 10;
    attempt.output_tokens = 0;
    attempt.request_id = "req_1";
    assert_int_equal(claude_attempt_phase(&attempt), CLAUDE_ATTEMPT_ENDS);
    assert_string_equal(claude_attempt_model(&attempt), "claude-haiku-5-5");
    assert_int_equal(claude_attempt_code(&attempt), CLAUDE_E_OVERLOADED);
    assert_int_equal(claude_attempt_http_status(&attempt), 529);
    assert_int_equal(claude_attempt_duration_ms(&attempt), 70);
    assert_int_equal(claude_attempt_first_event_ms(&attempt), 60);
    assert_int_equal(claude_attempt_input_tokens(&attempt), 10);
    assert_int_equal(claude_attempt_output_tokens(&attempt), 0);
    assert_string_equal(claude_attempt_request_id(&attempt), "req_1");
    assert_null(claude_attempt_header(&attempt, "traceparent"));
    refuse(&attempt, "traceparent", "00-1-2-01", CLAUDE_E_STATE, "the attempt has ended");
    attempt.request_id = "";
    assert_null(claude_attempt_request_id(&attempt));
    attempt.headers = &headers;
    refuse(&attempt, "traceparent", "00-1-2-01", CLAUDE_E_STATE, "the attempt has ended");
    assert_int_equal(headers.count, 0);
}

/* The library's list only borrows its texts: setting one must not free them. */
static void test_headers_of_the_library(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    claude_attempt_t attempt = attempt_of(CLAUDE_ATTEMPT_STARTS, &headers);
    char accept[] = "accept";
    char json[] = "application/json";
    char trace[] = "Traceparent";
    char old[] = "old";

    (void)state;
    borrow(&headers, accept, json);
    borrow(&headers, trace, old);
    assert_string_equal(claude_attempt_header(&attempt, "ACCEPT"), "application/json");
    assert_string_equal(claude_attempt_header(&attempt, "traceparent"), "old");
    assert_int_equal(claude_attempt_set_header(&attempt, "traceparent", "00-1-2-01", NULL), CLAUDE_OK);
    assert_int_equal(claude_attempt_set_header(&attempt, "tracestate", "a=b", NULL), CLAUDE_OK);
    assert_int_equal(claude_attempt_set_header(&attempt, "baggage", "c=d", NULL), CLAUDE_OK);
    assert_int_equal(claude_attempt_set_header(&attempt, "baggage", "c=e", NULL), CLAUDE_OK);
    assert_int_equal(headers.count, 4);
    assert_string_equal(claude_attempt_header(&attempt, "accept"), "application/json");
    assert_string_equal(claude_attempt_header(&attempt, "traceparent"), "00-1-2-01");
    assert_string_equal(claude_attempt_header(&attempt, "tracestate"), "a=b");
    assert_string_equal(claude_attempt_header(&attempt, "baggage"), "c=e");
    assert_string_equal(old, "old");
    cl_headers_free(&headers);
}

/* A list that a signing hook has been given owns its texts. */
static void test_headers_that_were_signed(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    claude_attempt_t attempt = attempt_of(CLAUDE_ATTEMPT_STARTS, &headers);

    (void)state;
    cl_headers_add(&headers, CL_STR("Authorization"), CL_STR("CANARY"), NULL);
    cl_headers_add(&headers, CL_STR("x-api-key"), CL_STR("CANARY"), NULL);
    cl_headers_add(&headers, CL_STR("Proxy-Authorization"), CL_STR("CANARY"), NULL);
    assert_int_equal(claude_attempt_set_header(&attempt, "traceparent", "00-1-2-01", NULL), CLAUDE_OK);
    assert_int_equal(headers.count, 4);
    assert_string_equal(claude_attempt_header(&attempt, "traceparent"), "00-1-2-01");
    assert_null(claude_attempt_header(&attempt, "authorization"));
    assert_null(claude_attempt_header(&attempt, "X-API-Key"));
    assert_null(claude_attempt_header(&attempt, "proxy-authorization"));
    cl_headers_free(&headers);
}

static void test_headers_that_are_refused(void **state)
{
    cl_headers headers = {NULL, 0, 0};
    claude_attempt_t attempt = attempt_of(CLAUDE_ATTEMPT_STARTS, &headers);

    (void)state;
    refuse(&attempt, "x-api-key", "CANARY", CLAUDE_E_INVALID, "x-api-key is written by the library");
    refuse(&attempt, "Authorization", "CANARY", CLAUDE_E_INVALID, "authorization is written by the library");
    refuse(&attempt, "Host", "other.example", CLAUDE_E_INVALID, "host is written by the library");
    refuse(&attempt, "traceparent", "a\r\nb: c", CLAUDE_E_INVALID, "visible ASCII");
    refuse(&attempt, "trace parent", "a", CLAUDE_E_INVALID, "header name");
    refuse(&attempt, "traceparent", "", CLAUDE_E_INVALID, "empty value");
    refuse(&attempt, "traceparent", NULL, CLAUDE_E_INVALID, "value is NULL");
    refuse(&attempt, NULL, "a", CLAUDE_E_INVALID, "name is NULL");
    assert_int_equal(headers.count, 0);
    cl_headers_free(&headers);
}

static void test_what_is_no_attempt(void **state)
{
    claude_attempt_t over = attempt_of(CLAUDE_ATTEMPT_STARTS, NULL);
    claude_attempt_t *const handles[] = {NULL, &over};

    (void)state;
    over.handle.magic = CL_MAGIC_DEAD;
    over.call = (claude_call_t *)&over;
    for (size_t i = 0; i < 2; i++) {
        claude_attempt_t *handle = handles[i];
        assert_int_equal(claude_attempt_phase(handle), 0);
        assert_null(claude_attempt_call(handle));
        assert_int_equal(claude_attempt_number(handle), 0);
        assert_int_equal(claude_attempt_endpoint(handle), 0);
        assert_string_equal(claude_attempt_url(handle), "");
        assert_string_equal(claude_attempt_method(handle), "");
        assert_string_equal(claude_attempt_endpoint_name(handle), "");
        assert_null(claude_attempt_model(handle));
        assert_null(claude_attempt_header(handle, "accept"));
        assert_int_equal(claude_attempt_code(handle), CLAUDE_OK);
        assert_int_equal(claude_attempt_http_status(handle), 0);
        assert_int_equal(claude_attempt_duration_ms(handle), 0);
        assert_int_equal(claude_attempt_first_event_ms(handle), -1);
        assert_int_equal(claude_attempt_backoff_ms(handle), 0);
        assert_int_equal(claude_attempt_limiter_wait_ms(handle), 0);
        assert_int_equal(claude_attempt_input_tokens(handle), -1);
        assert_int_equal(claude_attempt_output_tokens(handle), -1);
        assert_null(claude_attempt_request_id(handle));
        refuse(handle, "a", "b", CLAUDE_E_INVALID, "attempt is");
    }
}

/* A server may say any number. */
static void test_tokens_do_not_overflow(void **state)
{
    static const char json[] = "{\"usage\":{\"input_tokens\":9223372036854775807,"
                               "\"cache_read_input_tokens\":9223372036854775807,"
                               "\"cache_creation_input_tokens\":9223372036854775807}}";
    claude_response_t *answer = NULL;
    cl_usage usage;

    (void)state;
    assert_int_equal(claude_response_parse(json, CLAUDE_NTS, &answer, NULL), CLAUDE_OK);
    usage = cl_answer_usage(answer);
    assert_int_equal(cl_usage_prompt(&usage), INT64_MAX);
    assert_int_equal(cl_usage_limited(&usage), INT64_MAX);
    claude_response_unref(answer);
    assert_int_equal(claude_response_parse("{\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":7}}", CLAUDE_NTS,
                                           &answer, NULL),
                     CLAUDE_OK);
    usage = cl_answer_usage(answer);
    assert_int_equal(cl_usage_prompt(&usage), 12);
    assert_int_equal(cl_usage_limited(&usage), 5);
    assert_int_equal(usage.output, -1);
    claude_response_unref(answer);
}

/* ---- registration ---- */

static void observe(claude_attempt_t *attempt, void *user_data)
{
    (void)attempt;
    (void)user_data;
}

static void count_destroy(void *user_data)
{
    ++*(int *)user_data;
}

static void test_registration(void **state)
{
    claude_config_t *config = NULL;
    claude_config_t *copy = NULL;
    claude_error_t *err = NULL;
    int first = 0;
    int second = 0;
    int third = 0;

    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_on_attempt(config, observe, &first, count_destroy, NULL), CLAUDE_OK);
    assert_true((claude_attempt_fn)cl_hook_fn(config->attempt) == observe);
    assert_ptr_equal(cl_hook_data(config->attempt), &first);
    assert_int_equal(first, 0);
    assert_int_equal(claude_config_on_attempt(config, observe, &second, count_destroy, NULL), CLAUDE_OK);
    assert_int_equal(first, 1);
    assert_int_equal(cl_config_copy(config, &copy, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_on_attempt(config, NULL, &third, count_destroy, NULL), CLAUDE_OK);
    assert_null(config->attempt);
    assert_int_equal(third, 1);
    claude_config_unref(config);
    assert_int_equal(second, 0);
    claude_config_unref(copy);
    assert_int_equal(second, 1);
    /* What was given is given back. */
    assert_int_equal(claude_config_on_attempt(NULL, observe, &third, count_destroy, &err), CLAUDE_E_INVALID);
    assert_int_equal(third, 2);
    assert_string_equal(claude_error_message(err), "config is NULL");
    claude_error_unref(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_starts),          cmocka_unit_test(test_one_that_ends),
        cmocka_unit_test(test_headers_of_the_library),   cmocka_unit_test(test_headers_that_were_signed),
        cmocka_unit_test(test_headers_that_are_refused), cmocka_unit_test(test_what_is_no_attempt),
        cmocka_unit_test(test_tokens_do_not_overflow),   cmocka_unit_test(test_registration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
