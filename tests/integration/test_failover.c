/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Failover with the one endpoint that there is: its state follows what becomes of calls, and it is never given up.
 */
#include "reliability.h"

static claude_client_t *client_and(claude_failover_t **failover)
{
    claude_config_t *config = CONFIG("failover.unhealthy_after", "2");
    claude_error_t *err = NULL;
    MUST(claude_failover_new(config, failover, &err));
    MUST(claude_failover_add_endpoint(*failover, REAL_URL, 1, NULL, NULL, &err));
    MUST(claude_config_set_failover(config, *failover, &err));
    return client_of(config);
}

static void an_answer(void **state)
{
    claude_failover_t *failover = NULL;
    claude_client_t *client = client_and(&failover);
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    (void)state;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    MUST(claude_client_execute_with_failover(client, request, &response, &err));
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_HEALTHY);
    assert_int_equal(claude_report_failovers(claude_response_report(response)), 0);
    assert_string_equal(claude_report_endpoint_url(claude_response_report(response)), REAL_URL);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_failover_unref(failover);
}

static void the_last_one_is_not_given_up(void **state)
{
    const int32_t states[] = {CLAUDE_HEALTH_DEGRADED, CLAUDE_HEALTH_UNHEALTHY, CLAUDE_HEALTH_UNHEALTHY};
    claude_failover_t *failover = NULL;
    claude_client_t *client = client_and(&failover);
    claude_request_t *hasty = a_hasty_count();
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(claude_client_execute_with_failover(client, hasty, &response, &err), CLAUDE_E_TIMEOUT);
        assert_int_equal(claude_failover_state(failover, 0), states[i]);
        assert_string_equal(claude_report_stopped_by(claude_error_report(err)), "failover");
        claude_error_unref(err);
        err = NULL;
    }
    MUST(claude_client_execute_with_failover(client, request, &response, &err));
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_HEALTHY);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_request_unref(hasty);
    claude_client_unref(client);
    claude_failover_unref(failover);
}

static void the_endpoint_is_used_and_healthy(void **state)
{
    static const char *const strategies[] = {"priority", "round_robin", "random", "sticky"};
    (void)state;
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
        claude_config_t *config = CONFIG("failover.strategy", strategies[i]);
        claude_failover_t *failover = failover_of(config);
        claude_client_t *client = client_of(config);
        assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
        good_answer(answer_by(claude_client_execute_with_failover, client, a_count()), CLAUDE_WITH_FAILOVER);
        assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_HEALTHY);
        claude_client_unref(client);
        claude_failover_unref(failover);
    }
}

/* What the endpoint calls a model need not be what requests call it. */
static void a_model_by_another_name(void **state)
{
    claude_config_t *config = CONFIG("failover.enabled", "true");
    claude_failover_t *failover = failover_of(config);
    claude_client_t *client;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_failover_map_model(failover, 0, "no-such-model", MODEL, &err));
    client = client_of(config);
    good_answer(answer_by(claude_client_execute_with_failover, client, wrong_request()), CLAUDE_WITH_FAILOVER);
    claude_client_unref(client);
    claude_failover_unref(failover);
}

static void a_refusal_says_nothing_of_the_endpoint(void **state)
{
    claude_config_t *config = CONFIG("failover.enabled", "true");
    claude_failover_t *failover = failover_of(config);
    claude_client_t *client = client_of(config);
    claude_error_t *err = error_by(claude_client_execute_with_failover, client, wrong_request(), CLAUDE_E_NOT_FOUND);
    (void)state;
    refused_by_api(err, CLAUDE_WITH_FAILOVER);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    claude_error_unref(err);
    claude_client_unref(client);
    claude_failover_unref(failover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer),
        cmocka_unit_test(the_last_one_is_not_given_up),
        cmocka_unit_test(the_endpoint_is_used_and_healthy),
        cmocka_unit_test(a_model_by_another_name),
        cmocka_unit_test(a_refusal_says_nothing_of_the_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
