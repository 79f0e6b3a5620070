/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Health checks, by each strategy: the API answers, and in time. A network that is slow makes it degraded, not dead.
 */
#include "reliability.h"

static void check_by(const char *strategy)
{
    claude_client_t *client = client_of(CONFIG("health.strategy", strategy, "health.degraded_ms", "5000"));
    claude_health_t *health = NULL;
    claude_error_t *err = NULL;
    int64_t ms = -1;
    int32_t found = 0;
    MUST(claude_health_new(client, &health, &err));
    assert_int_equal(claude_health_count(health), 1);
    assert_string_equal(claude_health_url(health, 0), REAL_URL);
    MUST(claude_health_check(health, &err));
    if (claude_health_state(health, 0) == CLAUDE_HEALTH_UNHEALTHY)
        fail_msg("%s: %s", strategy, claude_health_json(health, NULL));
    assert_true(claude_health_http_status(health, 0) > 0);
    assert_in_range(claude_health_response_ms(health, 0), 0, 5000);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNHEALTHY), 0);
    MUST(claude_health_check_endpoint(client, REAL_URL, &found, &ms, &err));
    assert_int_not_equal(found, CLAUDE_HEALTH_UNHEALTHY);
    assert_in_range(ms, 0, 5000);
    claude_health_unref(health);
    claude_client_unref(client);
}

static void by_ping(void **state)
{
    (void)state;
    check_by("ping");
}

static void by_options(void **state)
{
    (void)state;
    check_by("lightweight_api");
}

/* With the key: it is right. */
static void by_models(void **state)
{
    claude_client_t *client = client_of(CONFIG("health.strategy", "models", "health.degraded_ms", "5000"));
    claude_health_t *health = NULL;
    claude_error_t *err = NULL;
    (void)state;
    check_by("models");
    MUST(claude_health_new(client, &health, &err));
    MUST(claude_health_check(health, &err));
    assert_int_equal(claude_health_http_status(health, 0), 200);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* The API may be far away: only what is slower than this is unhealthy. */
#define PATIENT "health.timeout_ms", "30000", "health.degraded_ms", "30000"

static claude_health_t *checked(claude_client_t *client)
{
    claude_health_t *health = NULL;
    claude_error_t *err = NULL;
    MUST(claude_health_new(client, &health, &err));
    assert_int_equal(claude_health_count(health), 1);
    assert_string_equal(claude_health_url(health, 0), REAL_URL);
    assert_int_equal(claude_health_state(health, 0), CLAUDE_HEALTH_UNKNOWN);
    MUST(claude_health_check(health, &err));
    return health;
}

static void is_alive(claude_health_t *health)
{
    int32_t state = claude_health_state(health, 0);
    if (state != CLAUDE_HEALTH_HEALTHY && state != CLAUDE_HEALTH_DEGRADED)
        fprintf(stderr, "\nthe API is not well: %s\n", claude_health_json(health, NULL));
    assert_true(state == CLAUDE_HEALTH_HEALTHY || state == CLAUDE_HEALTH_DEGRADED);
    assert_string_equal(claude_health_error_text(health, 0), "");
    assert_true(claude_health_response_ms(health, 0) > 0);
    assert_true(claude_health_http_status(health, 0) >= 200 && claude_health_http_status(health, 0) < 500);
    assert_int_equal(claude_health_share(health, state), 1000);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNHEALTHY), 0);
}

static void one_endpoint(void **state)
{
    claude_client_t *client = client_of(CONFIG("metrics.enabled", "true", PATIENT));
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;
    int32_t found = 0;
    int64_t ms = 0;
    (void)state;
    MUST(claude_health_check_endpoint(client, REAL_URL, &found, &ms, &err));
    assert_true(found == CLAUDE_HEALTH_HEALTHY || found == CLAUDE_HEALTH_DEGRADED);
    assert_true(ms > 0);

    /* A check is no call, and has no tokens. */
    MUST(claude_client_metrics(client, &metrics, &err));
    assert_int_equal(claude_metrics_value(metrics, "calls"), 0);
    assert_int_equal(claude_metrics_value(metrics, "input_tokens"), 0);
    assert_int_equal(claude_metrics_value(metrics, "output_tokens"), 0);
    claude_metrics_unref(metrics);
    claude_client_unref(client);
}

static void the_time_decides(void **state)
{
    static const struct {
        const char *healthy_ms, *degraded_ms;
        int32_t expected;
    } rows[] = {{"30000", "30000", CLAUDE_HEALTH_HEALTHY},
                {"0", "30000", CLAUDE_HEALTH_DEGRADED},
                {"0", "0", CLAUDE_HEALTH_UNHEALTHY}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_client_t *client = client_of(CONFIG("health.timeout_ms", "30000", "health.healthy_ms",
                                                   rows[i].healthy_ms, "health.degraded_ms", rows[i].degraded_ms));
        claude_health_t *health = checked(client);
        assert_true(claude_health_http_status(health, 0) > 0);
        assert_int_equal(claude_health_state(health, 0), rows[i].expected);
        claude_health_unref(health);
        claude_client_unref(client);
    }
}

static void no_answer_in_time(void **state)
{
    claude_client_t *client = client_of(CONFIG("health.timeout_ms", TOO_SHORT));
    claude_health_t *health = checked(client);
    (void)state;
    assert_int_equal(claude_health_state(health, 0), CLAUDE_HEALTH_UNHEALTHY);
    assert_int_equal(claude_health_response_ms(health, 0), -1);
    assert_int_equal(claude_health_http_status(health, 0), 0);
    assert_string_not_equal(claude_health_error_text(health, 0), "");
    claude_health_unref(health);
    claude_client_unref(client);
}

static void failover_learns_of_it(void **state)
{
    claude_config_t *config = CONFIG(PATIENT, "health.healthy_ms", "30000");
    claude_failover_t *failover = failover_of(config);
    claude_client_t *client = client_of(config);
    claude_health_t *health;
    (void)state;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    health = checked(client);
    is_alive(health);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_HEALTHY);
    claude_health_unref(health);
    claude_client_unref(client);
    claude_failover_unref(failover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_ping),
        cmocka_unit_test(by_options),
        cmocka_unit_test(by_models),
        cmocka_unit_test(one_endpoint),
        cmocka_unit_test(the_time_decides),
        cmocka_unit_test(no_answer_in_time),
        cmocka_unit_test(failover_learns_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
