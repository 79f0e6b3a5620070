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
#include "real.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_ping),
        cmocka_unit_test(by_options),
        cmocka_unit_test(by_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
