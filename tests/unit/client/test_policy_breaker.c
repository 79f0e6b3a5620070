/* The settings of a circuit breaker as the options say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/policies.h"

static void test_defaults(void **state)
{
    cl_breaker_settings settings = cl_breaker_settings_of(NULL);

    (void)state;
    assert_int_equal(settings.failure_threshold, 5);
    assert_int_equal(settings.open_ms, 60000);
    assert_int_equal(settings.open_multiplier, 1000);
    assert_int_equal(settings.max_open_ms, 300000);
    assert_int_equal(settings.jitter, 0);
    assert_int_equal(settings.success_threshold, 1);
    assert_int_equal(settings.window_ms, 0);
    assert_int_equal(settings.failure_rate, 500);
    assert_int_equal(settings.minimum_calls, 20);
    assert_int_equal(settings.probe_lease_ms, 300000);
}

static void test_options(void **state)
{
    static const char *const pairs[][2] = {
        {"breaker.failure_threshold", "2"}, {"breaker.open_ms", "3"},        {"breaker.open_multiplier", "1.004"},
        {"breaker.max_open_ms", "5"},       {"breaker.jitter", "0.006"},     {"breaker.success_threshold", "7"},
        {"breaker.window_ms", "8"},         {"breaker.failure_rate", "0.9"}, {"breaker.minimum_calls", "10"},
        {"breaker.probe_lease_ms", "11"},
    };
    cl_options *options = NULL;
    cl_breaker_settings settings;

    (void)state;
    assert_int_equal(cl_options_new(&options, NULL), CLAUDE_OK);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(cl_options_set(options, pairs[i][0], pairs[i][1], false, NULL), CLAUDE_OK);
    settings = cl_breaker_settings_of(options);
    assert_int_equal(settings.failure_threshold, 2);
    assert_int_equal(settings.open_ms, 3);
    assert_int_equal(settings.open_multiplier, 1004);
    assert_int_equal(settings.max_open_ms, 5);
    assert_int_equal(settings.jitter, 6);
    assert_int_equal(settings.success_threshold, 7);
    assert_int_equal(settings.window_ms, 8);
    assert_int_equal(settings.failure_rate, 900);
    assert_int_equal(settings.minimum_calls, 10);
    assert_int_equal(settings.probe_lease_ms, 11);
    cl_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
