/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Quotas: what a message really used is what is counted; a call for which there is no room is not sent.
 */
#include "reliability.h"

static claude_client_t *client_within(claude_quota_t *quota)
{
    claude_config_t *config = CONFIG("retry.enabled", "true");
    claude_error_t *err = NULL;
    MUST(claude_config_set_quota(config, quota, &err));
    return client_of(config);
}

static claude_quota_t *new_quota(void)
{
    claude_quota_t *quota = NULL;
    claude_error_t *err = NULL;
    MUST(claude_quota_new(NULL, &quota, &err));
    return quota;
}

static void a_message_counts_what_it_used(void **state)
{
    claude_quota_t *quota = new_quota();
    claude_client_t *client = client_within(quota);
    claude_response_t *response;
    (void)state;
    response = answer_by(claude_client_execute_with_quota, client, hello_request());
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_requests"), 1);
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_input_tokens"),
                     claude_response_usage(response, "input_tokens"));
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_output_tokens"),
                     claude_response_usage(response, "output_tokens"));
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_cost"), claude_cost_calculate(NULL, MODEL, response));
    assert_true(claude_quota_usage(quota, MODEL, "daily_cost") > 0);
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_estimated"), 0);
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_tokens"), 0);
    good_answer(response, CLAUDE_WITH_QUOTA);
    claude_client_unref(client);
    claude_quota_unref(quota);
}

static void the_second_has_no_room(void **state)
{
    claude_quota_t *quota = new_quota();
    claude_client_t *client = client_within(quota);
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_quota_set_limit(quota, NULL, "daily_requests", 1, &err));
    good_answer(answer_by(claude_client_execute_with_quota, client, a_count()), CLAUDE_WITH_QUOTA);
    err = error_by(claude_client_execute_with_enterprise_features, client, a_count(), CLAUDE_E_QUOTA);
    refused_by(err, "enterprise-quota");
    assert_string_equal(claude_error_error_code(err), "daily_requests");
    assert_int_equal(claude_error_quota(err, "limit"), 1);
    assert_int_equal(claude_error_quota(err, "used"), 1);
    claude_error_unref(err);
    claude_client_unref(client);
    claude_quota_unref(quota);
}

static void a_stream_that_is_left_counts_what_came(void **state)
{
    claude_quota_t *quota = new_quota();
    claude_client_t *client = client_within(quota);
    claude_request_t *request = ask("messages.create", "Count from 1 to 200, in figures.", 1000);
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_client_start(client, request, CLAUDE_STREAM | CLAUDE_WITH_QUOTA, &call, &err));
    do
        assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    while (claude_event_type(event) != CLAUDE_EVENT_TEXT_DELTA);
    assert_int_equal(claude_quota_usage(quota, MODEL, "reserved_requests"), 1);
    claude_call_unref(call);
    assert_int_equal(claude_quota_usage(quota, MODEL, "reserved_requests"), 0);
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_requests"), 1);
    assert_int_equal(claude_quota_usage(quota, MODEL, "daily_estimated"), 1);
    assert_true(claude_quota_usage(quota, MODEL, "daily_input_tokens") > 0);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_quota_unref(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_counts_what_it_used),
        cmocka_unit_test(the_second_has_no_room),
        cmocka_unit_test(a_stream_that_is_left_counts_what_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
