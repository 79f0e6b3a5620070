/* A failover whose memory runs out at each allocation in turn: it says so, and is as it was before. */
#include <stdint.h>

#include "../allocations.h"
#include "reliability/failover.h"

static bool scenario(void)
{
    static const cl_failover_settings settings = {.degraded_after = 1, .unhealthy_after = 3, .cooldown_ms = 1000};
    claude_failover_t *failover = NULL;
    size_t index = 99;
    bool done = step(cl_failover_new(&settings, &failover, NULL));

    if (!done)
        return false;
    done = step(cl_failover_add(failover, CL_STR("https://a.test"), 1, NULL, &index, NULL));
    assert_int_equal(cl_failover_count(failover), done);
    assert_int_equal(index, done ? 0 : 99);
    done = done && step(cl_failover_map_model(failover, 0, CL_STR("one"), CL_STR("other"), NULL));
    assert_int_equal(cl_failover_model(failover, 0, CL_STR("one")).len, done ? 5 : 0);
    cl_failover_unref(failover);
    return done;
}

static void test_runs_out(void **state)
{
    (void)state;
    run_out(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs_out)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
