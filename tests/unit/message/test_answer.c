#include "responses.h"

#include <claude/answer.h>

static void a_refusal_says_why(void **state)
{
    claude_response_t *r =
        response_with("{\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"bio\","
                      "\"explanation\":\"No \\u00e9.\",\"recommended_model\":\"claude-opus-5\"}}");

    (void)state;
    assert_int_equal(claude_response_is_refusal(r), 1);
    assert_string_equal(claude_response_refusal_category(r), "bio");
    assert_string_equal(claude_response_refusal_explanation(r), "No \xc3\xa9.");
    assert_string_equal(claude_response_recommended_model(r), "claude-opus-5");
    claude_response_unref(r);
    r = response_with("{\"stop_reason\":\"refusal\",\"stop_details\":{\"category\":null,\"explanation\":null}}");
    assert_int_equal(claude_response_is_refusal(r), 1);
    assert_null(claude_response_refusal_category(r));
    assert_null(claude_response_refusal_explanation(r));
    assert_null(claude_response_recommended_model(r));
    claude_response_unref(r);
    r = response_with("{\"stop_reason\":\"model_context_window_exceeded\",\"stop_details\":null}");
    assert_int_equal(claude_response_is_refusal(r), 0);
    assert_null(claude_response_refusal_category(r));
    assert_string_equal(cl_response_stop_reason(r), "model_context_window_exceeded");
    claude_response_unref(r);
}

static void a_container_has_an_id(void **state)
{
    static const char *const cases[][2] = {
        {"{\"container\":{\"id\":\"container_1\",\"expires_at\":\"x\"}}", "container_1"},
        {"{\"container\":\"container_2\"}", "container_2"},
        {"{\"container\":null}", NULL},
        {"{\"container\":{}}", NULL},
        {"{}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        claude_response_t *r = response_with(cases[i][0]);
        const char *id = claude_response_container_id(r);
        if (cases[i][1])
            assert_string_equal(id, cases[i][1]);
        else
            assert_null(id);
        claude_response_unref(r);
    }
}

static void calls_of_tools_are_found(void **state)
{
    claude_response_t *r =
        response_with("{\"content\":[{\"type\":\"text\"},{\"type\":\"tool_use\",\"id\":\"a\"},{\"type\":"
                      "\"server_tool_use\"},{\"type\":\"tool_use\",\"id\":\"b\"},{\"type\":\"mcp_tool_use\"},7]}");

    (void)state;
    assert_int_equal(claude_response_tool_use_count(r), 2);
    assert_int_equal(claude_response_tool_use_at(r, 0), 1);
    assert_int_equal(claude_response_tool_use_at(r, 1), 3);
    assert_int_equal(claude_response_tool_use_at(r, 2), -1);
    assert_int_equal(claude_response_tool_use_at(r, SIZE_MAX), -1);
    claude_response_unref(r);
    /* An object is not a list of blocks. */
    r = response_with("{\"content\":{\"a\":{\"type\":\"tool_use\"}}}");
    assert_int_equal(claude_response_tool_use_count(r), 0);
    assert_int_equal(claude_response_tool_use_at(r, 0), -1);
    claude_response_unref(r);
}

static void assert_cache(const char *usage, int64_t prompt, double ratio)
{
    claude_response_t *r = response_with(usage);

    if (claude_response_prompt_tokens(r) != prompt || claude_response_cache_hit_ratio(r) != ratio)
        fail_msg("%s: %lld, %f", usage, (long long)claude_response_prompt_tokens(r),
                 claude_response_cache_hit_ratio(r));
    claude_response_unref(r);
}

static void the_cache_has_its_figures(void **state)
{
    (void)state;
    assert_cache("{\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":15,\"cache_read_input_tokens\":75}}",
                 100, 0.75);
    assert_cache("{\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":8}}", 8,
                 1.0);
    assert_cache(
        "{\"usage\":{\"input_tokens\":7,\"cache_creation_input_tokens\":null,\"cache_read_input_tokens\":null}}", 7,
        0.0);
    assert_cache("{\"usage\":{\"input_tokens\":7}}", 7, 0.0);
    assert_cache("{\"usage\":{\"input_tokens\":0}}", 0, -1.0);
    assert_cache("{\"usage\":{\"cache_read_input_tokens\":7}}", -1, -1.0);
    assert_cache("{\"usage\":null}", -1, -1.0);
    assert_cache("{}", -1, -1.0);
    assert_cache("{\"usage\":{\"input_tokens\":9223372036854775807,\"cache_creation_input_tokens\":"
                 "9223372036854775807,\"cache_read_input_tokens\":9223372036854775807}}",
                 INT64_MAX, 1.0);
}

static void a_miss_has_a_reason(void **state)
{
    claude_response_t *r = response_with("{\"diagnostics\":{\"cache_miss_reason\":{\"type\":\"tools_changed\","
                                         "\"cache_missed_input_tokens\":5}}}");

    (void)state;
    assert_string_equal(claude_response_cache_miss_reason(r), "tools_changed");
    claude_response_unref(r);
    r = response_with("{\"diagnostics\":{\"cache_miss_reason\":\"unavailable\"}}");
    assert_string_equal(claude_response_cache_miss_reason(r), "unavailable");
    claude_response_unref(r);
    r = response_with("{\"diagnostics\":null}");
    assert_null(claude_response_cache_miss_reason(r));
    claude_response_unref(r);
}

static void wrong_handles_are_harmless(void **state)
{
    claude_request_t *request = NULL;
    const claude_response_t *wrong;

    (void)state;
    OK(cl_request_new(NULL, &request, err));
    wrong = (const claude_response_t *)request;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(claude_response_is_refusal(wrong), 0);
        assert_null(claude_response_refusal_category(wrong));
        assert_null(claude_response_refusal_explanation(wrong));
        assert_null(claude_response_recommended_model(wrong));
        assert_null(claude_response_container_id(wrong));
        assert_null(claude_response_cache_miss_reason(wrong));
        assert_int_equal(claude_response_tool_use_count(wrong), 0);
        assert_int_equal(claude_response_tool_use_at(wrong, 0), -1);
        assert_int_equal(claude_response_prompt_tokens(wrong), -1);
        assert_true(claude_response_cache_hit_ratio(wrong) == -1.0);
        wrong = NULL;
    }
    cl_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_why),       cmocka_unit_test(a_container_has_an_id),
        cmocka_unit_test(calls_of_tools_are_found), cmocka_unit_test(the_cache_has_its_figures),
        cmocka_unit_test(a_miss_has_a_reason),      cmocka_unit_test(wrong_handles_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
