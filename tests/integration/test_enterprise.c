/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Features together: all of them for a message, a stream, a call of an event loop and many threads; two by two, where
 * one ends what another has begun.
 */
#include "reliability.h"

#include <poll.h>
#include <pthread.h>

enum { ALL = CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER | CLAUDE_WITH_RATE_LIMITING | CLAUDE_WITH_FAILOVER };

static int a_client_with_all(void **state)
{
    claude_config_t *config = CONFIG("retry.enabled", "true", "breaker.enabled", "true", "limiter.enabled", "true",
                                     "metrics.enabled", "true");
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;
    MUST(claude_failover_new(config, &failover, &err));
    MUST(claude_failover_add_endpoint(failover, REAL_URL, 1, NULL, NULL, &err));
    MUST(claude_config_set_failover(config, failover, &err));
    claude_failover_unref(failover);
    *state = client_of(config);
    return 0;
}

/* Releases the response. */
static void all_were_at_work(claude_response_t *response)
{
    claude_report_t *report = claude_response_report(response);
    assert_int_equal(claude_report_features(report), ALL);
    assert_int_equal(claude_report_breaker_state(report), CLAUDE_BREAKER_CLOSED);
    assert_string_equal(claude_report_stopped_by(report), "");
    claude_response_unref(response);
}

static void a_message(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 64);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute_with_enterprise_features(*state, request, &response, &err));
    assert_true(claude_response_usage(response, "output_tokens") > 0);
    all_were_at_work(response);
    claude_request_unref(request);
}

static void a_stream(void **state)
{
    claude_request_t *request = ask("messages.create", "Count from one to five in words.", 64);
    claude_response_t *response = NULL;
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    int events = 0;
    MUST(claude_client_start(*state, request, CLAUDE_STREAM | CLAUDE_WITH_ENTERPRISE_FEATURES, &call, &err));
    while ((rc = claude_call_next(call, -1, &event, &err)) == 1)
        events++;
    MUST(rc);
    assert_true(events > 3);
    MUST(claude_call_result(call, &response, &err));
    all_were_at_work(response);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void in_an_event_loop(void **state)
{
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 0;
    uint64_t tag = 0;
    MUST(claude_loop_new(*state, &loop, &err));
    MUST(claude_loop_submit(loop, request, CLAUDE_WITH_ENTERPRISE_FEATURES, 7, &call, &err));
    while (rc != CLAUDE_DONE) {
        struct pollfd watched = {.fd = claude_loop_fd(loop), .events = POLLIN};
        assert_int_equal(poll(&watched, 1, 60000), 1);
        MUST(claude_loop_dispatch(loop, &err));
        MUST(rc = claude_loop_next(loop, &tag, &event, &err));
    }
    assert_int_equal(tag, 7);
    MUST(claude_call_result(call, &response, &err));
    all_were_at_work(response);
    claude_call_unref(call);
    claude_loop_unref(loop);
    claude_request_unref(request);
}

static void *count_in_a_thread(void *client)
{
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute_with_enterprise_features(client, request, &response, &err));
    claude_request_unref(request);
    return response;
}

static void by_many_threads(void **state)
{
    pthread_t threads[8];
    claude_metrics_t *before = NULL;
    claude_metrics_t *after = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_metrics(*state, &before, &err));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_in_a_thread, *state), 0);
    for (size_t i = 0; i < 8; i++) {
        void *response = NULL;
        assert_int_equal(pthread_join(threads[i], &response), 0);
        all_were_at_work(response);
    }
    MUST(claude_client_metrics(*state, &after, &err));
    assert_int_equal(claude_metrics_value(after, "calls") - claude_metrics_value(before, "calls"), 8);
    assert_int_equal(claude_metrics_value(after, "calls_failed"), claude_metrics_value(before, "calls_failed"));
    claude_metrics_unref(before);
    claude_metrics_unref(after);
}

/* Fails with the code, and the API's or the network's own error is the cause. Releases client and request. */
static void ends_with(claude_client_t *client, claude_request_t *request, uint32_t flags, claude_code_t code,
                      int32_t attempts)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_start(client, request, flags, &call, &err));
    assert_int_equal(claude_call_wait(call, -1, &err), code);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), attempts);
    assert_int_equal(claude_error_code(claude_error_cause(err)), CLAUDE_E_TIMEOUT);
    claude_error_unref(err);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void a_breaker_ends_retries(void **state)
{
    (void)state;
    ends_with(client_of(CONFIG("retry.enabled", "true", "retry.max_retries", "5", "retry.initial_delay_ms", "1",
                               "breaker.enabled", "true", "breaker.failure_threshold", "2")),
              a_hasty_count(), CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER, CLAUDE_E_CIRCUIT_OPEN, 2);
}

static void retries_take_turns(void **state)
{
    (void)state;
    ends_with(
        client_of(CONFIG("retry.enabled", "true", "retry.initial_delay_ms", "1", "limiter.enabled", "true",
                         "limiter.requests_per_second", "0.001", "limiter.burst", "1", "limiter.max_wait_ms", "0")),
        a_hasty_count(), CLAUDE_WITH_RETRIES | CLAUDE_WITH_RATE_LIMITING, CLAUDE_E_THROTTLED, 1);
}

static void retries_ask_endpoints_anew(void **state)
{
    claude_config_t *config = CONFIG("retry.enabled", "true", "retry.max_retries", "1", "retry.initial_delay_ms", "1");
    claude_request_t *request = a_hasty_count();
    claude_failover_t *failover = NULL;
    claude_response_t *response = NULL;
    claude_client_t *client;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_failover_new(config, &failover, &err));
    MUST(claude_failover_add_endpoint(failover, REAL_URL, 1, NULL, NULL, &err));
    MUST(claude_config_set_failover(config, failover, &err));
    client = client_of(config);
    assert_int_equal(claude_client_execute_with_enterprise_features(client, request, &response, &err),
                     CLAUDE_E_TIMEOUT);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 2);
    assert_string_equal(claude_report_stopped_by(claude_error_report(err)), "max_retries");
    claude_error_unref(err);
    claude_failover_unref(failover);
    claude_request_unref(request);
    claude_client_unref(client);
}

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    uint32_t flag;
    const char *option;
} features[] = {{CLAUDE_WITH_RETRIES, "retry.enabled"},
                {CLAUDE_WITH_CIRCUIT_BREAKER, "breaker.enabled"},
                {CLAUDE_WITH_RATE_LIMITING, "limiter.enabled"},
                {CLAUDE_WITH_FAILOVER, "failover.enabled"}};

/* A client for which these features are enabled, and metrics. */
static claude_client_t *client_with(uint32_t flags)
{
    claude_config_t *config = CONFIG("metrics.enabled", "true");
    claude_error_t *err = NULL;
    for (size_t i = 0; i < COUNT_OF(features); i++) {
        if (flags & features[i].flag)
            MUST(claude_config_set(config, features[i].option, "true", &err));
    }
    if (flags & CLAUDE_WITH_FAILOVER)
        claude_failover_unref(failover_of(config));
    return client_of(config);
}

static void counted(claude_client_t *client, const char *name, int64_t expected)
{
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_metrics(client, &metrics, &err));
    if (claude_metrics_value(metrics, name) != expected)
        fprintf(stderr, "\n%s is not %lld: %s\n", name, (long long)expected, claude_metrics_json(metrics, NULL));
    assert_int_equal(claude_metrics_value(metrics, name), expected);
    claude_metrics_unref(metrics);
}

static void all_together(void **state)
{
    static const struct {
        const char *name;
        int64_t expected;
    } rows[] = {{"calls", 3},           {"calls_failed", 0},      {"calls_canceled", 0},
                {"attempts", 3},        {"retries", 0},           {"failovers", 0},
                {"breaker_refused", 0}, {"breaker_opened", 0},    {"limiter_refused", 0},
                {"errors", 0},          {"calls_running", 0},     {"call_duration_ms", 3},
                {"first_event_ms", 1},  {"call_input_tokens", 2}, {"call_output_tokens", 2},
                {"anomalies", 0}};
    claude_client_t *client = client_with(ALL);
    void *shared = client;
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;
    (void)state;
    a_message(&shared);
    a_stream(&shared);
    in_an_event_loop(&shared);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        counted(client, rows[i].name, rows[i].expected);
    MUST(claude_client_metrics(client, &metrics, &err));
    assert_true(claude_metrics_value(metrics, "wire_requests") >= 3);
    assert_true(claude_metrics_value(metrics, "input_tokens") > 0);
    assert_true(claude_metrics_value(metrics, "output_tokens") >= 2);
    assert_true(claude_metrics_sum(metrics, "call_duration_ms") > 0);
    assert_non_null(strstr(claude_metrics_prometheus(metrics, NULL), "\nclaude_calls_total 3\n"));
    claude_metrics_unref(metrics);
    claude_client_unref(client);
}

/* Each feature is enabled by itself; calls have those that they ask for, and no other. */
static void each_combination(void **state)
{
    (void)state;
    for (uint32_t flags = CLAUDE_WITH_RETRIES; flags <= ALL; flags += CLAUDE_WITH_RETRIES) {
        claude_client_t *client = client_with(flags);
        claude_request_t *request = a_count();
        claude_response_t *response = answer_by(claude_client_execute_with_enterprise_features, client, a_count());
        int32_t expected = flags & CLAUDE_WITH_CIRCUIT_BREAKER ? CLAUDE_BREAKER_CLOSED : 0;
        assert_int_equal(claude_report_breaker_state(claude_response_report(response)), expected);
        good_answer(response, flags);
        for (size_t i = 0; i < COUNT_OF(features); i++) {
            claude_call_t *call = NULL;
            claude_error_t *err = NULL;
            if (flags & features[i].flag)
                continue;
            assert_int_equal(claude_client_start(client, request, features[i].flag, &call, &err), CLAUDE_E_INVALID);
            assert_non_null(strstr(claude_error_message(err), features[i].option));
            claude_error_unref(err);
        }
        claude_request_unref(request);
        claude_client_unref(client);
    }
}

static void nothing_happens_unasked(void **state)
{
    claude_client_t *client = client_with(ALL);
    claude_error_t *err;
    (void)state;
    good_answer(answer_by(claude_client_execute, client, a_count()), 0);
    claude_client_unref(client);

    client = client_of(NULL);
    err = error_by(claude_client_execute_with_enterprise_features, client, a_count(), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(err), "retry.enabled"));
    claude_error_unref(err);
    claude_client_unref(client);
}

/* The error is the API's: no feature hides it, and none makes more of it. */
static void a_refusal_by_the_api(void **state)
{
    claude_client_t *client = client_with(ALL);
    claude_error_t *err =
        error_by(claude_client_execute_with_enterprise_features, client, wrong_request(), CLAUDE_E_NOT_FOUND);
    (void)state;
    refused_by_api(err, ALL);
    assert_string_equal(claude_error_api_type(err), "not_found_error");
    assert_int_equal(claude_report_breaker_state(claude_error_report(err)), CLAUDE_BREAKER_CLOSED);
    counted(client, "calls_failed", 1);
    counted(client, "errors", 1);
    claude_error_unref(err);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message),
        cmocka_unit_test(a_stream),
        cmocka_unit_test(in_an_event_loop),
        cmocka_unit_test(by_many_threads),
        cmocka_unit_test(a_breaker_ends_retries),
        cmocka_unit_test(retries_take_turns),
        cmocka_unit_test(retries_ask_endpoints_anew),
        cmocka_unit_test(all_together),
        cmocka_unit_test(each_combination),
        cmocka_unit_test(nothing_happens_unasked),
        cmocka_unit_test(a_refusal_by_the_api),
    };
    return cmocka_run_group_tests(tests, a_client_with_all, release_client);
}
