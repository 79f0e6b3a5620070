/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * The circuit breaker: closed while the API answers, also where it refuses; opened by connections that fail for want of
 * time; closed again by a probe.
 */
#include "reliability.h"

#include <poll.h>

static void stays_closed(void **state)
{
    claude_client_t *client = client_of(CONFIG("breaker.enabled", "true", "breaker.failure_threshold", "1"));
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_request_set_model(request, "no-such-model", &err));
    /* The API's own refusal is what is tested here, so this error does not fail. */
    assert_int_equal(claude_client_execute_with_circuit_breaker(client, request, &response, &err), CLAUDE_E_NOT_FOUND);
    assert_int_equal(claude_report_breaker_state(claude_error_report(err)), CLAUDE_BREAKER_CLOSED);
    claude_error_unref(err);
    err = NULL;
    MUST(claude_request_set_model(request, MODEL, &err));
    MUST(claude_client_execute_with_circuit_breaker(client, request, &response, &err));
    assert_int_equal(claude_report_breaker_state(claude_response_report(response)), CLAUDE_BREAKER_CLOSED);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void opens_and_closes_again(void **state)
{
    claude_config_t *config = CONFIG("breaker.failure_threshold", "2", "breaker.open_ms", "300");
    claude_request_t *hasty = a_hasty_count();
    claude_request_t *request = a_count();
    claude_breaker_t *breaker = NULL;
    claude_response_t *response = NULL;
    claude_client_t *client;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_breaker_new(config, &breaker, &err));
    MUST(claude_config_set_breaker(config, breaker, &err));
    client = client_of(config);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(claude_client_execute_with_circuit_breaker(client, hasty, &response, &err), CLAUDE_E_TIMEOUT);
        claude_error_unref(err);
        err = NULL;
    }
    assert_int_equal(claude_client_execute_with_circuit_breaker(client, request, &response, &err),
                     CLAUDE_E_CIRCUIT_OPEN);
    assert_true(claude_error_retry_after_ms(err) > 0);
    assert_string_equal(claude_error_feature(err), "circuit-breaker");
    claude_error_unref(err);
    err = NULL;
    while (claude_breaker_state(breaker) == CLAUDE_BREAKER_OPEN)
        poll(NULL, 0, (int)claude_breaker_retry_after_ms(breaker) + 1);
    MUST(claude_client_execute_with_circuit_breaker(client, request, &response, &err));
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
    assert_int_equal(claude_breaker_counter(breaker, "probes"), 1);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_request_unref(hasty);
    claude_breaker_unref(breaker);
    claude_client_unref(client);
}

/* The breaker is the client's; release both. */
static claude_client_t *client_with_breaker(claude_config_t *config, claude_breaker_t **breaker)
{
    claude_error_t *err = NULL;
    MUST(claude_breaker_new(config, breaker, &err));
    MUST(claude_config_set_breaker(config, *breaker, &err));
    return client_of(config);
}

static void opened_by_hand_it_sends_nothing(void **state)
{
    claude_breaker_t *breaker = NULL;
    claude_client_t *client = client_with_breaker(CONFIG("breaker.failure_threshold", "1"), &breaker);
    claude_error_t *err;
    (void)state;
    claude_breaker_open(breaker, 60000);
    err = error_by(claude_client_execute_with_circuit_breaker, client, hello_request(), CLAUDE_E_CIRCUIT_OPEN);
    refused_by(err, "circuit-breaker");
    assert_true(claude_error_retry_after_ms(err) <= 60000);
    assert_int_equal(claude_breaker_counter(breaker, "refused"), 1);
    claude_error_unref(err);

    /* Calls that do not ask for it are not held back. */
    good_answer(answer_by(claude_client_execute, client, a_count()), 0);

    claude_breaker_close(breaker);
    good_answer(answer_by(claude_client_execute_with_circuit_breaker, client, a_count()), CLAUDE_WITH_CIRCUIT_BREAKER);
    assert_int_equal(claude_breaker_counter(breaker, "successes"), 1);
    claude_client_unref(client);
    claude_breaker_unref(breaker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_closed),
        cmocka_unit_test(opens_and_closes_again),
        cmocka_unit_test(opened_by_hand_it_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
