/* Memory running out at each allocation of the limiter's functions in turn. */
#include "../allocations.h"

#include <claude/limiter.h>

#include "client/policies.h"

static bool scenario(void)
{
    claude_limiter_t *limiter = NULL;
    claude_reservation_t *granted = NULL;
    claude_reservation_t *waits = NULL;
    cl_limiter_settings settings = cl_limiter_settings_of(NULL);
    cl_limiter_cost cost = {CL_LIMIT_OTHER, 0, 0};
    bool done;

    settings.all.burst = 1;
    done = step(cl_limiter_new(&settings, &limiter, NULL)) &&
           step(cl_reservation_new(limiter, &cost, 0, &granted, NULL)) &&
           step(cl_reservation_new(limiter, &cost, 0, &waits, NULL));
    /* What could not be made holds no place. */
    if (limiter)
        assert_int_equal(cl_limiter_queued(limiter), waits ? 1 : 0);
    cl_reservation_unref(granted);
    cl_reservation_unref(waits);
    cl_limiter_unref(limiter);
    return done;
}

static void limiters_and_reservations(void **state)
{
    (void)state;
    run_out(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limiters_and_reservations)};

    return cmocka_run_group_tests_name("reliability.limiter_oom", tests, NULL, NULL);
}
