/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Rate limiting: turns that come, turns that would come too late, tokens put right after a message, the API's own
 * limits learnt; and the figures of its headers.
 */
#include "reliability.h"

static void turns(void **state)
{
    claude_client_t *client =
        client_of(CONFIG("limiter.enabled", "true", "limiter.requests_per_second", "2", "limiter.burst", "1"));
    claude_request_t *request = a_count();
    claude_error_t *err = NULL;
    int64_t waited = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        claude_response_t *response = NULL;
        MUST(claude_client_execute_with_rate_limiting(client, request, &response, &err));
        waited += claude_report_limiter_wait_ms(claude_response_report(response));
        claude_response_unref(response);
    }
    /* What the answers took is waited for already. */
    assert_true(waited <= 1001);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void a_turn_that_would_come_too_late(void **state)
{
    claude_client_t *client = client_of(CONFIG("limiter.enabled", "true", "limiter.requests_per_second", "0.001",
                                               "limiter.burst", "1", "limiter.max_wait_ms", "0"));
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_client_execute_with_rate_limiting(client, request, &response, &err));
    claude_response_unref(response);
    assert_int_equal(claude_client_execute_with_rate_limiting(client, request, &response, &err), CLAUDE_E_THROTTLED);
    assert_int_equal(claude_report_wire_attempts(claude_error_report(err)), 0);
    assert_string_equal(claude_error_feature(err), "rate-limiting");
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void tokens_and_limits_of_the_api(void **state)
{
    claude_config_t *config = CONFIG("limiter.output_tokens_per_minute", "10000", "limiter.learn", "true");
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 4000);
    claude_limiter_t *limiter = NULL;
    claude_response_t *response = NULL;
    claude_client_t *client;
    claude_error_t *err = NULL;
    int64_t limit;
    (void)state;
    MUST(claude_limiter_new(config, &limiter, &err));
    MUST(claude_config_set_limiter(config, limiter, &err));
    client = client_of(config);
    MUST(claude_client_execute_with_rate_limiting(client, request, &response, &err));
    assert_true(claude_limiter_available(limiter, "messages", "output_tokens") > 6000);
    limit = claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_LIMIT);
    assert_true(limit > 0);
    assert_in_range(claude_limiter_available(limiter, "messages", "requests"), 0, limit);
    assert_in_range(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_USED_PERCENT), 0, 100);
    assert_true(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_RESET_IN_MS) >= 0);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_limiter_unref(limiter);
    claude_client_unref(client);
}

/* So few that no second one comes within a test. */
#define HARDLY_ANY "0.01"

/* The first takes all that there is; the second could not go within its time. */
static void the_second_is_refused(claude_config_t *config)
{
    claude_client_t *client = client_of(config);
    claude_error_t *err;
    good_answer(answer_by(claude_client_execute_with_rate_limiting, client, a_count()), CLAUDE_WITH_RATE_LIMITING);
    err = error_by(claude_client_execute_with_rate_limiting, client, a_count(), CLAUDE_E_THROTTLED);
    refused_by(err, "rate-limiting");
    claude_error_unref(err);
    claude_client_unref(client);
}

static void the_second_of_two_waits(void **state)
{
    claude_client_t *client =
        client_of(CONFIG("limiter.enabled", "true", "limiter.requests_per_second", "1", "limiter.burst", "1"));
    claude_request_t *request = a_count();
    claude_call_t *calls[2] = {NULL, NULL};
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_loop_new(client, &loop, &err));
    for (size_t i = 0; i < 2; i++)
        MUST(claude_loop_submit(loop, request, CLAUDE_WITH_RATE_LIMITING, i, &calls[i], &err));
    drive(loop);
    for (size_t i = 0; i < 2; i++) {
        claude_response_t *response = NULL;
        int64_t waited;
        MUST(claude_call_result(calls[i], &response, &err));
        waited = claude_report_limiter_wait_ms(claude_response_report(response));
        assert_int_equal(claude_report_attempt_limiter_wait_ms(claude_response_report(response), 0), waited);
        assert_true(i == 0 ? waited < 500 : waited > 500);
        good_answer(response, CLAUDE_WITH_RATE_LIMITING);
        claude_call_unref(calls[i]);
    }
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void one_that_would_wait_too_long_is_refused(void **state)
{
    (void)state;
    the_second_is_refused(CONFIG("limiter.enabled", "true", "limiter.requests_per_second", HARDLY_ANY, "limiter.burst",
                                 "1", "limiter.max_wait_ms", "1000"));
}

static void a_window_has_room_for_so_many(void **state)
{
    (void)state;
    the_second_is_refused(CONFIG("limiter.enabled", "true", "limiter.algorithm", "sliding_window",
                                 "limiter.requests_per_second", HARDLY_ANY, "limiter.window_ms", "100000",
                                 "limiter.max_wait_ms", "0"));
}

static void types_of_endpoints_have_limits_of_their_own(void **state)
{
    claude_client_t *client =
        client_of(CONFIG("limiter.enabled", "true", "limiter.count_tokens.requests_per_second", HARDLY_ANY,
                         "limiter.count_tokens.burst", "1", "limiter.max_wait_ms", "0"));
    claude_error_t *err;
    (void)state;
    good_answer(answer_by(claude_client_execute_with_rate_limiting, client, a_count()), CLAUDE_WITH_RATE_LIMITING);
    err = error_by(claude_client_execute_with_rate_limiting, client, a_count(), CLAUDE_E_THROTTLED);
    refused_by(err, "rate-limiting");
    claude_error_unref(err);
    good_answer(answer_by(claude_client_execute_with_rate_limiting, client, call_for("models.list", NULL, NULL)),
                CLAUDE_WITH_RATE_LIMITING);
    claude_client_unref(client);
}

static void more_tokens_than_there_can_be_are_refused(void **state)
{
    claude_client_t *client = client_of(CONFIG("limiter.enabled", "true", "limiter.output_tokens_per_minute", "10"));
    claude_error_t *err =
        error_by(claude_client_execute_with_rate_limiting, client, hello_request(), CLAUDE_E_THROTTLED);
    (void)state;
    assert_string_equal(claude_error_feature(err), "rate-limiting");
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 0);
    claude_error_unref(err);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns),
        cmocka_unit_test(a_turn_that_would_come_too_late),
        cmocka_unit_test(tokens_and_limits_of_the_api),
        cmocka_unit_test(the_second_of_two_waits),
        cmocka_unit_test(one_that_would_wait_too_long_is_refused),
        cmocka_unit_test(a_window_has_room_for_so_many),
        cmocka_unit_test(types_of_endpoints_have_limits_of_their_own),
        cmocka_unit_test(more_tokens_than_there_can_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
