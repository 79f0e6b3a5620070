/* What a program has of a circuit breaker. Time and chance are replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <claude/claude.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "reliability/breaker.h"

static int64_t now;

static int64_t test_now(void)
{
    return now;
}

static uint64_t test_random(void)
{
    return UINT64_MAX;
}

static int setup(void **state)
{
    static const cl_clock clock = {test_now, test_now, test_random};

    (void)state;
    now = 1000;
    cl_clock_replace(&clock);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cl_clock_replace(NULL);
    return 0;
}

static claude_config_t *config_with(const char *json)
{
    claude_config_t *config = NULL;

    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_load_json(config, json, CLAUDE_NTS, NULL), CLAUDE_OK);
    return config;
}

static claude_breaker_t *make(const claude_config_t *config)
{
    claude_breaker_t *breaker = NULL;
    claude_error_t *err = NULL;

    if (claude_breaker_new(config, &breaker, &err) != CLAUDE_OK)
        fail_msg("%s", claude_error_message(err));
    return breaker;
}

static void call(claude_breaker_t *breaker, int32_t what)
{
    uint64_t permit = 0;

    assert_int_equal(claude_breaker_allow(breaker, &permit, NULL), CLAUDE_OK);
    assert_true(permit != 0);
    errno = 4242;
    claude_breaker_record(breaker, permit, what);
    assert_int_equal(errno, 4242);
}

static void test_the_numbers_are_the_same(void **state)
{
    (void)state;
    assert_int_equal(CLAUDE_BREAKER_CLOSED, CL_BREAKER_CLOSED);
    assert_int_equal(CLAUDE_BREAKER_OPEN, CL_BREAKER_OPEN);
    assert_int_equal(CLAUDE_BREAKER_HALF_OPEN, CL_BREAKER_HALF_OPEN);
    assert_int_equal(CLAUDE_BREAKER_SUCCESS, CL_BREAKER_SUCCESS);
    assert_int_equal(CLAUDE_BREAKER_FAILURE, CL_BREAKER_FAILURE);
    assert_int_equal(CLAUDE_BREAKER_NEUTRAL, CL_BREAKER_NEUTRAL);
}

static void test_the_specifications_defaults(void **state)
{
    claude_breaker_t *breaker = make(NULL);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
        assert_int_equal(claude_breaker_retry_after_ms(breaker), 0);
        call(breaker, CLAUDE_BREAKER_FAILURE);
    }
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_OPEN);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 60000);
    now += 60000;
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_HALF_OPEN);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 0);
    call(breaker, CLAUDE_BREAKER_SUCCESS);
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
    claude_breaker_unref(breaker);
}

static void test_the_error_says_when_to_ask_again(void **state)
{
    claude_breaker_t *breaker = make(NULL);
    claude_error_t *err = NULL;
    uint64_t permit = 4711;

    (void)state;
    claude_breaker_open(breaker, 0);
    now += 18000;
    assert_int_equal(claude_breaker_allow(breaker, &permit, &err), CLAUDE_E_CIRCUIT_OPEN);
    assert_true(permit == 4711);
    assert_int_equal(claude_error_code(err), CLAUDE_E_CIRCUIT_OPEN);
    assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_NETWORK);
    assert_int_equal(claude_error_retry_after_ms(err), 42000);
    assert_string_equal(claude_error_feature(err), "circuit-breaker");
    assert_string_equal(claude_error_message(err),
                        "the circuit breaker lets nothing through now: ask again in 42000 ms, or close it");
    claude_error_unref(err);
    assert_int_equal(claude_breaker_allow(breaker, &permit, NULL), CLAUDE_E_CIRCUIT_OPEN);
    assert_int_equal(claude_breaker_counter(breaker, "refused"), 2);
    claude_breaker_unref(breaker);
}

static void test_the_options_are_taken(void **state)
{
    claude_config_t *config =
        config_with("{\"breaker.failure_threshold\": 2, \"breaker.open_ms\": 100, \"breaker.open_multiplier\": 3,"
                    " \"breaker.max_open_ms\": 250, \"breaker.jitter\": 0.2, \"breaker.success_threshold\": 2,"
                    " \"breaker.probe_lease_ms\": 7}");
    claude_breaker_t *breaker = make(config);
    uint64_t permit = 0;

    (void)state;
    /* As they were when it was made. */
    assert_int_equal(claude_config_set(config, "breaker.open_ms", "5", NULL), CLAUDE_OK);
    claude_config_unref(config);
    call(breaker, CLAUDE_BREAKER_FAILURE);
    call(breaker, CLAUDE_BREAKER_FAILURE);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 80);
    now += 80;
    call(breaker, CLAUDE_BREAKER_FAILURE);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 200);
    now += 200;
    assert_int_equal(claude_breaker_allow(breaker, &permit, NULL), CLAUDE_OK);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 7);
    claude_breaker_record(breaker, permit, CLAUDE_BREAKER_SUCCESS);
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_HALF_OPEN);
    call(breaker, CLAUDE_BREAKER_SUCCESS);
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
    claude_breaker_unref(breaker);
}

static void test_by_hand(void **state)
{
    claude_breaker_t *breaker = make(NULL);

    (void)state;
    errno = 4242;
    claude_breaker_open(breaker, 500);
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_OPEN);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 500);
    claude_breaker_open(breaker, -5);
    assert_int_equal(claude_breaker_retry_after_ms(breaker), 60000);
    claude_breaker_close(breaker);
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
    assert_int_equal(errno, 4242);
    claude_breaker_unref(breaker);
}

static void test_counters_by_name(void **state)
{
    static const struct {
        const char *name;
        int64_t value;
    } cases[] = {
        {"successes", 1}, {"failures", 7},  {"neutral", 2}, {"refused", 3},           {"opened", 2},
        {"probes", 1},    {"nonsense", -1}, {"", -1},       {"failures_in_a_row", 6}, {"success", -1},
    };
    claude_breaker_t *breaker = make(NULL);
    uint64_t permit = 0;

    (void)state;
    call(breaker, CLAUDE_BREAKER_FAILURE);
    call(breaker, CLAUDE_BREAKER_SUCCESS);
    call(breaker, CLAUDE_BREAKER_NEUTRAL);
    call(breaker, 99);
    for (int i = 0; i < 5; i++)
        call(breaker, CLAUDE_BREAKER_FAILURE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(claude_breaker_allow(breaker, &permit, NULL), CLAUDE_E_CIRCUIT_OPEN);
    now += 60000;
    call(breaker, CLAUDE_BREAKER_FAILURE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(claude_breaker_counter(breaker, cases[i].name), cases[i].value);
    assert_int_equal(claude_breaker_counter(breaker, NULL), -1);
    claude_breaker_unref(breaker);
}

static void test_a_configuration_keeps_it(void **state)
{
    claude_config_t *config = config_with("{}");
    claude_config_t *copy = NULL;
    claude_breaker_t *breaker = make(NULL);
    claude_breaker_t *other = make(NULL);

    (void)state;
    assert_null(config->breaker);
    assert_int_equal(claude_config_set_breaker(config, breaker, NULL), CLAUDE_OK);
    assert_ptr_equal(cl_hook_data(config->breaker), breaker);
    assert_int_equal(claude_config_set_breaker(config, other, NULL), CLAUDE_OK);
    assert_ptr_equal(cl_hook_data(config->breaker), other);
    /* A copy, as clients make it, keeps it too: it outlives the program's reference and the configuration. */
    assert_int_equal(cl_config_copy(config, &copy, NULL), CLAUDE_OK);
    claude_breaker_unref(other);
    claude_config_unref(config);
    assert_ptr_equal(cl_hook_data(copy->breaker), other);
    assert_int_equal(claude_breaker_state(other), CLAUDE_BREAKER_CLOSED);
    assert_int_equal(claude_config_set_breaker(copy, NULL, NULL), CLAUDE_OK);
    assert_null(copy->breaker);
    claude_config_unref(copy);
    claude_breaker_unref(breaker);
}

static void test_what_is_no_breaker(void **state)
{
    claude_config_t *config = config_with("{}");
    claude_breaker_t *wrong = (claude_breaker_t *)config;
    claude_breaker_t *breaker = make(NULL);
    claude_error_t *err = NULL;
    uint64_t permit = 0;

    (void)state;
    assert_int_equal(claude_breaker_new((claude_config_t *)breaker, &wrong, &err), CLAUDE_E_INVALID);
    assert_string_equal(claude_error_message(err), "config is a handle of another kind");
    claude_error_unref(err);
    assert_int_equal(claude_breaker_new(NULL, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_breaker_allow(NULL, &permit, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_breaker_allow(wrong, &permit, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_breaker_allow(breaker, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_config_set_breaker(NULL, breaker, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_config_set_breaker(config, wrong, NULL), CLAUDE_E_INVALID);
    for (int i = 0; i < 2; i++) {
        claude_breaker_t *it = i == 0 ? NULL : wrong;
        claude_breaker_record(it, 1, CLAUDE_BREAKER_FAILURE);
        assert_int_equal(claude_breaker_state(it), 0);
        assert_int_equal(claude_breaker_retry_after_ms(it), -1);
        assert_int_equal(claude_breaker_counter(it, "opened"), -1);
        claude_breaker_open(it, 1);
        claude_breaker_close(it);
        assert_null(claude_breaker_ref(it));
        claude_breaker_unref(it);
    }
    assert_ptr_equal(claude_breaker_ref(breaker), breaker);
    claude_breaker_unref(breaker);
    claude_breaker_unref(breaker);
    claude_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_numbers_are_the_same),
        cmocka_unit_test(test_the_specifications_defaults),
        cmocka_unit_test(test_the_error_says_when_to_ask_again),
        cmocka_unit_test(test_the_options_are_taken),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_counters_by_name),
        cmocka_unit_test(test_a_configuration_keeps_it),
        cmocka_unit_test(test_what_is_no_breaker),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
