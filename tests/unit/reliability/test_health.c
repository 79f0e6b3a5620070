/* What the answers to health checks mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reliability/failover.h"
#include "reliability/health.h"

static const cl_health_settings settings = {.healthy_ms = 200, .degraded_ms = 1000};

static void test_status_and_time(void **state)
{
    static const struct {
        int32_t status;
        int64_t ms;
        int32_t expected;
    } cases[] = {
        {200, 0, CL_STATE_HEALTHY},         {200, 200, CL_STATE_HEALTHY},    {200, 201, CL_STATE_DEGRADED},
        {200, 1000, CL_STATE_DEGRADED},     {200, 1001, CL_STATE_UNHEALTHY}, {200, INT64_MAX, CL_STATE_UNHEALTHY},
        {204, 1, CL_STATE_HEALTHY},         {301, 1, CL_STATE_HEALTHY},      {400, 1, CL_STATE_HEALTHY},
        {401, 1, CL_STATE_HEALTHY},         {404, 1, CL_STATE_HEALTHY},      {405, 201, CL_STATE_DEGRADED},
        {429, 1, CL_STATE_HEALTHY},         {499, 1, CL_STATE_HEALTHY},      {500, 1, CL_STATE_UNHEALTHY},
        {503, 1, CL_STATE_UNHEALTHY},       {529, 201, CL_STATE_UNHEALTHY},  {599, 1, CL_STATE_UNHEALTHY},
        {999, 1, CL_STATE_UNHEALTHY},       {0, 1, CL_STATE_UNHEALTHY},      {-1, 1, CL_STATE_UNHEALTHY},
        {INT32_MAX, 1, CL_STATE_UNHEALTHY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cl_health_result result = cl_health_answered(&settings, cases[i].status, cases[i].ms);
        if (result.state != cases[i].expected)
            fail_msg("HTTP %d after %lld ms: %s", (int)cases[i].status, (long long)cases[i].ms,
                     cl_state_name(result.state));
        assert_int_equal(result.http_status, cases[i].status);
        assert_int_equal(result.response_ms, cases[i].ms);
        assert_string_equal(result.error, "");
    }
}

static void test_thresholds_in_any_order(void **state)
{
    cl_health_settings upside_down = {.healthy_ms = 1000, .degraded_ms = 200};
    cl_health_settings zero = {.healthy_ms = 0, .degraded_ms = 0};

    (void)state;
    assert_int_equal(cl_health_answered(&upside_down, 200, 1000).state, CL_STATE_HEALTHY);
    assert_int_equal(cl_health_answered(&upside_down, 200, 1001).state, CL_STATE_UNHEALTHY);
    assert_int_equal(cl_health_answered(&zero, 200, 0).state, CL_STATE_HEALTHY);
    assert_int_equal(cl_health_answered(&zero, 200, 1).state, CL_STATE_UNHEALTHY);
}

static void test_silence(void **state)
{
    cl_health_result result = cl_health_silent(CL_STR("no\nanswer to sk-ant-api03-CANARY0123456789"));
    char text[CL_HEALTH_ERROR_MAX * 2];

    (void)state;
    assert_int_equal(result.state, CL_STATE_UNHEALTHY);
    assert_int_equal(result.http_status, 0);
    assert_int_equal(result.response_ms, -1);
    assert_null(strchr(result.error, '\n'));
    assert_null(strstr(result.error, "CANARY"));
    assert_memory_equal(result.error, "no answer to ", 13);
    memset(text, 'x', sizeof text);
    result = cl_health_silent(cl_str_n(text, sizeof text));
    assert_int_equal(strlen(result.error), CL_HEALTH_ERROR_MAX - 1);
    result = cl_health_unchecked();
    assert_int_equal(result.state, CL_STATE_UNKNOWN);
    assert_int_equal(result.http_status, 0);
    assert_int_equal(result.response_ms, -1);
    assert_string_equal(result.error, "");
}

static void test_shares(void **state)
{
    cl_health_result results[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        results[i] = cl_health_unchecked();
    assert_int_equal(cl_health_share(results, 0, CL_STATE_UNKNOWN), 0);
    assert_int_equal(cl_health_share(results, 8, CL_STATE_UNKNOWN), 1000);
    assert_int_equal(cl_health_share(results, 8, CL_STATE_HEALTHY), 0);
    assert_int_equal(cl_health_share(results, 8, 0), 0);
    results[0].state = CL_STATE_HEALTHY;
    assert_int_equal(cl_health_share(results, 1, CL_STATE_HEALTHY), 1000);
    assert_int_equal(cl_health_share(results, 3, CL_STATE_HEALTHY), 333);
    assert_int_equal(cl_health_share(results, 3, CL_STATE_UNKNOWN), 667);
    assert_int_equal(cl_health_share(results, 8, CL_STATE_HEALTHY), 125);
    results[5].state = CL_STATE_UNHEALTHY;
    assert_int_equal(cl_health_share(results, 6, CL_STATE_UNHEALTHY), 167);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_and_time),
        cmocka_unit_test(test_thresholds_in_any_order),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
