/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Retries: an answer at once, a refusal that is not tried again, connections that fail, a stream. Where a failure is
 * what is tested it is made by a deadline too short to connect, never by another server.
 */
#include "reliability.h"

static int a_client(void **state)
{
    *state = client_of(CONFIG("retry.enabled", "true", "retry.max_retries", "2", "retry.initial_delay_ms", "1"));
    return 0;
}

static void an_answer_at_once(void **state)
{
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_report_t *report;
    MUST(claude_client_execute_with_retries(*state, request, &response, &err));
    report = claude_response_report(response);
    assert_int_equal(claude_report_features(report), CLAUDE_WITH_RETRIES);
    assert_int_equal(claude_report_attempts(report), 1 + claude_report_retries(report));
    assert_string_equal(claude_report_stopped_by(report), "");
    assert_string_equal(claude_report_endpoint_url(report), REAL_URL);
    claude_response_unref(response);
    claude_request_unref(request);
}

/* The API's own refusal is what is tested here, so this error does not fail. */
static void a_refusal_is_not_tried_again(void **state)
{
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_set_model(request, "no-such-model", &err));
    assert_int_equal(claude_client_execute_with_retries(*state, request, &response, &err), CLAUDE_E_NOT_FOUND);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 1);
    assert_string_equal(claude_report_stopped_by(claude_error_report(err)), "not_retryable");
    assert_null(claude_error_feature(err));
    claude_error_unref(err);
    claude_request_unref(request);
}

/* By a client of its own, which has no connection yet. */
static void connections_that_fail_are_tried_again(void **state)
{
    claude_request_t *request = a_hasty_count();
    void *client = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_report_t *report;
    (void)state;
    assert_int_equal(a_client(&client), 0);
    assert_int_equal(claude_client_execute_with_retries(client, request, &response, &err), CLAUDE_E_TIMEOUT);
    assert_string_equal(claude_error_feature(err), "retry");
    report = claude_error_report(err);
    assert_int_equal(claude_report_attempts(report), 3);
    assert_int_equal(claude_report_retries(report), 2);
    assert_string_equal(claude_report_stopped_by(report), "max_retries");
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void a_stream(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 64);
    claude_response_t *response = NULL;
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    MUST(claude_client_start(*state, request, CLAUDE_STREAM | CLAUDE_WITH_RETRIES, &call, &err));
    do
        MUST(rc = claude_call_next(call, -1, &event, &err));
    while (rc == 1);
    MUST(claude_call_result(call, &response, &err));
    assert_true(claude_response_usage(response, "output_tokens") > 0);
    assert_int_equal(claude_report_features(claude_response_report(response)), CLAUDE_WITH_RETRIES);
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void calls_that_do_not_ask_have_none(void **state)
{
    claude_client_t *client = client_of(CONFIG("retry.enabled", "true"));
    (void)state;
    good_answer(answer_by(claude_client_execute, client, a_count()), 0);
    claude_client_unref(client);
}

static void retries_must_be_enabled(void **state)
{
    claude_client_t *client = client_of(NULL);
    claude_error_t *err = error_by(claude_client_execute_with_retries, client, a_count(), CLAUDE_E_INVALID);
    (void)state;
    assert_non_null(strstr(claude_error_message(err), "retry.enabled"));
    claude_error_unref(err);
    claude_client_unref(client);
}

/* The next wait would not end within the call's time. */
static void the_calls_time_ends_retries(void **state)
{
    claude_client_t *client =
        client_of(CONFIG("retry.enabled", "true", "retry.attempt_timeout_ms", TOO_SHORT, "retry.initial_delay_ms",
                         "60000", "retry.max_delay_ms", "60000", "retry.jitter", "0"));
    claude_request_t *request = a_count();
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_request_set_option(request, "timeout.total_ms", "30000", &err));
    err = error_by(claude_client_execute_with_retries, client, request, CLAUDE_E_TIMEOUT);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 1);
    assert_string_equal(claude_report_stopped_by(claude_error_report(err)), "deadline");
    claude_error_unref(err);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_at_once),
        cmocka_unit_test(a_refusal_is_not_tried_again),
        cmocka_unit_test(connections_that_fail_are_tried_again),
        cmocka_unit_test(a_stream),
        cmocka_unit_test(calls_that_do_not_ask_have_none),
        cmocka_unit_test(retries_must_be_enabled),
        cmocka_unit_test(the_calls_time_ends_retries),
    };
    return cmocka_run_group_tests(tests, a_client, release_client);
}
