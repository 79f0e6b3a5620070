/* Health checks whose memory runs out at each allocation in turn: nobody listens, which needs no server. */
#include <stdint.h>

#include "../allocations.h"
#include "api/health.h"
#include "reliability/failover.h"

static claude_client_t *client;

/* Nobody listens there: ports below 1024 are for the system's services, and this one for none that there is today. */
#define DEAD "http://127.0.0.1:1"

static bool is_found(claude_health_t *health, int32_t state)
{
    cl_health_result result;

    assert_true(cl_health_result_at(health, 0, &result));
    return result.state == state;
}

static bool scenario(void)
{
    claude_health_t *health = NULL;
    size_t len = 0;
    bool done = step(cl_health_new(client, &health, NULL));

    if (!done)
        return false;
    done = step(cl_health_add(health, CL_STR(DEAD "/v9"), NULL, NULL));
    assert_string_equal(cl_health_url(health, 0), done ? DEAD "/v9" : DEAD);
    done = done && step(cl_health_check(health, NULL));
    assert_true(is_found(health, done ? CL_STATE_UNHEALTHY : CL_STATE_UNKNOWN));
    if (done)
        done = cl_health_json(health, &len) != NULL;
    assert_int_equal(len > 0, done);
    cl_health_unref(health);
    return done;
}

static void test_runs_out(void **state)
{
    (void)state;
    run_out(scenario);
}

static int set_up(void **state)
{
    claude_config_t *config = NULL;
    claude_code_t rc = cl_config_new(&config, NULL);

    (void)state;
    if (rc >= 0)
        rc = cl_config_set(config, "base_url", DEAD, NULL);
    if (rc >= 0)
        rc = cl_config_set(config, "auth.style", "none", NULL);
    if (rc >= 0)
        rc = cl_client_new(config, &client, NULL);
    cl_config_unref(config);
    return rc < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    cl_client_unref(client);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs_out)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
