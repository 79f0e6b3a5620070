/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Metrics, and the observer of attempts, which passes a trace context on.
 */
#include "real.h"

struct told {
    int starts;
    int ends;
    int32_t status;
    int64_t output_tokens;
};

static void observe(claude_attempt_t *attempt, void *user_data)
{
    struct told *told = user_data;
    if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS) {
        told->starts++;
        assert_int_equal(claude_attempt_set_header(attempt, "traceparent",
                                                   "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", NULL),
                         CLAUDE_OK);
    } else {
        told->ends++;
        told->status = claude_attempt_http_status(attempt);
        told->output_tokens = claude_attempt_output_tokens(attempt);
    }
}

static void counts_and_tells(void **state)
{
    claude_config_t *config = CONFIG("metrics.enabled", "true");
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 64);
    struct told told = {.status = 0};
    claude_response_t *response = NULL;
    claude_metrics_t *metrics = NULL;
    claude_client_t *client;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_config_on_attempt(config, observe, &told, NULL, &err));
    client = client_of(config);
    MUST(claude_client_execute(client, request, &response, &err));
    MUST(claude_client_metrics(client, &metrics, &err));
    assert_int_equal(told.starts, 1);
    assert_int_equal(told.ends, 1);
    assert_int_equal(told.status, 200);
    assert_int_equal(told.output_tokens, claude_response_usage(response, "output_tokens"));
    assert_int_equal(claude_metrics_value(metrics, "calls"), 1);
    assert_int_equal(claude_metrics_value(metrics, "attempts"), 1);
    assert_int_equal(claude_metrics_value(metrics, "output_tokens"), told.output_tokens);
    assert_non_null(strstr(claude_metrics_prometheus(metrics, NULL), "\nclaude_calls_total 1\n"));
    claude_metrics_unref(metrics);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_and_tells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
