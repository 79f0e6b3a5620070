/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Tokens counted before they are sent, costs, and the prompt cache: what is written to it by one request is read by
 * the next.
 */
#include "real.h"

static void counted_and_sent(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 64);
    claude_request_t *count = NULL;
    claude_response_t *counted, *response;
    claude_error_t *err = NULL;
    int64_t tokens, cost;
    MUST(claude_request_set_system(request, "Be brief.", CLAUDE_NTS, &err));
    MUST(claude_count_tokens_request(request, &count, &err));
    counted = answer_to(*state, count);
    tokens = claude_response_int(counted, "/input_tokens", -1);
    assert_true(tokens > 0);
    MUST(claude_context_check(NULL, MODEL, tokens, 64, &err));
    response = answer_to(*state, request);
    cost = claude_cost_calculate(NULL, NULL, response);
    assert_true(cost > 0);
    assert_true(cost <= claude_cost_estimate(NULL, MODEL, claude_response_prompt_tokens(response), 64, 0));
    assert_true(llabs(claude_response_prompt_tokens(response) - tokens) <= 16);
    claude_response_unref(response);
    claude_response_unref(counted);
}

/* Long enough for every model; the same in each run, so that it may be in the cache already. */
static void add_rules(claude_request_t *request)
{
    enum { RULES = 600, ROOM = 100 };
    char *text = calloc(RULES, ROOM);
    claude_error_t *err = NULL;
    size_t len = 0;
    assert_non_null(text);
    for (int i = 0; i < RULES; i++)
        len += (size_t)snprintf(text + len, ROOM, "Rule %d: a question about number %d is answered briefly.\n", i, i);
    MUST(claude_request_set_system_with_cache(request, text, len, NULL, &err));
    free(text);
}

static void the_cache(void **state)
{
    claude_response_t *responses[2];
    for (size_t i = 0; i < 2; i++) {
        claude_request_t *request = ask("messages.create", "What is rule 7 about? One word.", 64);
        add_rules(request);
        responses[i] = answer_to(*state, request);
    }
    assert_true(claude_response_usage(responses[0], "cache_creation_input_tokens") > 0 ||
                claude_response_usage(responses[0], "cache_read_input_tokens") > 0);
    assert_true(claude_response_usage(responses[1], "cache_read_input_tokens") > 4000);
    assert_true(claude_response_cache_hit_ratio(responses[1]) > 0.9);
    assert_true(claude_cost_savings(NULL, NULL, responses[1]) > 0);
    assert_true(claude_cost_of(NULL, NULL, responses[1], "cache_read") > 0);
    claude_response_unref(responses[0]);
    claude_response_unref(responses[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_and_sent),
        cmocka_unit_test(the_cache),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
