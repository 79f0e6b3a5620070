/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Diagnostics: the way to the API is well, calls are timed and told of, and no key is shown.
 */
#include "reliability.h"

static void the_way_is_well(void **state)
{
    static const char *const well[] = {"dns", "http", "clock", "key", "model"};
    claude_client_t *client = client_of(CONFIG("timeout.connect_ms", "30000"));
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_selftest_run(client, CLAUDE_SELFTEST_KEY, MODEL, 60000, &test, &err));
    if (claude_selftest_worst(test) != CLAUDE_SELFTEST_OK)
        fail_msg("%s", claude_selftest_json(test, NULL));
    for (size_t i = 0; i < claude_selftest_count(test); i++) {
        for (size_t j = 0; j < sizeof well / sizeof well[0]; j++) {
            if (strcmp(claude_selftest_name(test, i), well[j]) == 0)
                assert_int_equal(claude_selftest_status(test, i), CLAUDE_SELFTEST_OK);
        }
    }
    claude_selftest_unref(test);
    claude_client_unref(client);
}

static void count_line(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    (void)level;
    (void)event;
    assert_int_equal(strlen(fields), len);
    assert_null(strstr(fields, "ant-api"));
    ++*(int *)user_data;
}

static void calls_are_timed(void **state)
{
    claude_config_t *config = CONFIG("diagnostics.timings", "4");
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_response_t *response;
    claude_diagnostics_t *report = NULL;
    int lines = 0;
    (void)state;
    MUST(claude_config_on_log(config, CLAUDE_LOG_TRACE, count_line, &lines, NULL, &err));
    client = client_of(config);
    response = answer_by(claude_client_execute, client, a_count());
    assert_true(claude_report_attempt_timing_us(claude_response_report(response), 0, "tls") > 0);
    assert_true(claude_report_attempt_timing_us(claude_response_report(response), 0, "first_byte") > 0);
    assert_true(lines >= 6);
    MUST(claude_client_diagnostics(client, &report, &err));
    assert_non_null(strstr(claude_diagnostics_json(report, NULL), "\"messages.count_tokens\""));
    assert_null(strstr(claude_diagnostics_json(report, NULL), "ant-api"));
    claude_diagnostics_unref(report);
    claude_response_unref(response);
    claude_client_unref(client);
}

static void a_command(void **state)
{
    claude_client_t *client = client_of(CONFIG("timeout.connect_ms", "30000"));
    claude_request_t *request = a_count();
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_curl_command(client, request, 0, NULL, &curl, &err));
    assert_non_null(strstr(claude_curl_text(curl, NULL), "x-api-key: $"));
    assert_non_null(strstr(claude_curl_text(curl, NULL), REAL_URL));
    assert_null(strstr(claude_curl_text(curl, NULL), "ant-api"));
    claude_curl_unref(curl);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_way_is_well),
        cmocka_unit_test(calls_are_timed),
        cmocka_unit_test(a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
