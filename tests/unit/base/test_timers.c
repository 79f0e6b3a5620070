/* The heap of times, against a list that is searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

enum { TIMERS = 64, STEPS = 200000 };

static uint64_t seed = 88172645463325252u;

static uint64_t chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int64_t earliest(const cl_timer *all)
{
    int64_t at = INT64_MAX;

    for (size_t i = 0; i < TIMERS; i++) {
        if (cl_timer_is_armed(&all[i]) && all[i].due_at < at)
            at = all[i].due_at;
    }
    return at;
}

static void test_is_empty_at_first(void **state)
{
    cl_timers timers = {NULL, 0, 0};
    cl_timer one = {0, 0};

    (void)state;
    assert_int_equal(cl_timers_next(&timers), INT64_MAX);
    assert_null(cl_timers_take(&timers, INT64_MAX));
    cl_timers_disarm(&timers, &one);
    assert_false(cl_timer_is_armed(&one));
    cl_timers_free(&timers);
}

static void test_takes_in_order(void **state)
{
    cl_timers timers = {NULL, 0, 0};
    cl_timer all[TIMERS] = {{0, 0}};
    int64_t before = INT64_MIN;

    (void)state;
    assert_true(cl_timers_reserve(&timers, TIMERS));
    for (size_t i = 0; i < TIMERS; i++)
        cl_timers_arm(&timers, &all[i], (int64_t)(chance() % 20));
    for (size_t i = 0; i < TIMERS; i++) {
        cl_timer *timer = cl_timers_take(&timers, 100);
        assert_non_null(timer);
        assert_true(timer->due_at >= before);
        assert_false(cl_timer_is_armed(timer));
        before = timer->due_at;
    }
    assert_null(cl_timers_take(&timers, 100));
    cl_timers_free(&timers);
}

static void test_only_what_is_due(void **state)
{
    cl_timers timers = {NULL, 0, 0};
    cl_timer one = {0, 0};

    (void)state;
    assert_true(cl_timers_reserve(&timers, 1));
    cl_timers_arm(&timers, &one, 10);
    assert_null(cl_timers_take(&timers, 9));
    assert_ptr_equal(cl_timers_take(&timers, 10), &one);
    cl_timers_free(&timers);
}

static void test_any_order_of_steps(void **state)
{
    cl_timers timers = {NULL, 0, 0};
    cl_timer all[TIMERS] = {{0, 0}};

    (void)state;
    assert_true(cl_timers_reserve(&timers, TIMERS));
    for (size_t step = 0; step < STEPS; step++) {
        cl_timer *one = &all[chance() % TIMERS];
        int64_t next;
        switch (chance() % 3) {
        case 0:
            cl_timers_disarm(&timers, one);
            assert_false(cl_timer_is_armed(one));
            break;
        case 1:
            next = earliest(all);
            one = cl_timers_take(&timers, 500);
            assert_int_equal(one != NULL, next <= 500);
            if (one)
                assert_int_equal(one->due_at, next);
            break;
        default:
            cl_timers_arm(&timers, one, (int64_t)(chance() % 1000));
        }
        assert_int_equal(cl_timers_next(&timers), earliest(all));
    }
    cl_timers_free(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_empty_at_first),
        cmocka_unit_test(test_takes_in_order),
        cmocka_unit_test(test_only_what_is_due),
        cmocka_unit_test(test_any_order_of_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
