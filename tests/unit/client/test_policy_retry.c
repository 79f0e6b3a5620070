/* The retry policy as the options say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/policies.h"

static cl_options *options_of(const char *const (*pairs)[2], size_t count, bool request_scope)
{
    cl_options *options = NULL;

    assert_int_equal(cl_options_new(&options, NULL), CLAUDE_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(cl_options_set(options, pairs[i][0], pairs[i][1], request_scope, NULL), CLAUDE_OK);
    return options;
}

static void test_defaults(void **state)
{
    cl_retry_policy policy = cl_retry_policy_of(NULL, NULL);

    (void)state;
    assert_int_equal(policy.max_retries, 3);
    assert_int_equal(policy.max_overload_retries, 10);
    assert_int_equal(policy.initial_delay_ms, 500);
    assert_int_equal(policy.max_delay_ms, 8000);
    assert_int_equal(policy.multiplier, 2000);
    assert_int_equal(policy.jitter, 1000);
    assert_int_equal(policy.max_server_delay_ms, 60000);
    assert_false(policy.wait_for_reset);
}

static void test_client_and_request(void **state)
{
    static const char *const of_client[][2] = {
        {"retry.max_retries", "7"},           {"retry.max_overload_retries", "1"}, {"retry.initial_delay_ms", "11"},
        {"retry.max_delay_ms", "22"},         {"retry.multiplier", "1.5"},         {"retry.jitter", "0.25"},
        {"retry.max_server_delay_ms", "333"}, {"retry.wait_for_reset", "true"},
    };
    static const char *const of_request[][2] = {{"retry.max_retries", "0"}, {"retry.jitter", "0"}};
    cl_options *client = options_of(of_client, 8, false);
    cl_options *request = options_of(of_request, 2, true);
    cl_retry_policy policy = cl_retry_policy_of(NULL, client);

    (void)state;
    assert_int_equal(policy.max_retries, 7);
    assert_int_equal(policy.max_overload_retries, 1);
    assert_int_equal(policy.initial_delay_ms, 11);
    assert_int_equal(policy.max_delay_ms, 22);
    assert_int_equal(policy.multiplier, 1500);
    assert_int_equal(policy.jitter, 250);
    assert_int_equal(policy.max_server_delay_ms, 333);
    assert_true(policy.wait_for_reset);
    policy = cl_retry_policy_of(request, client);
    assert_int_equal(policy.max_retries, 0);
    assert_int_equal(policy.jitter, 0);
    assert_int_equal(policy.multiplier, 1500);
    cl_options_free(client);
    cl_options_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_client_and_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
