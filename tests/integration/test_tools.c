/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Tools: a turn of the runner, whole and streamed; structured outputs; what is wrong found before it is sent.
 */
#include "real.h"

static int32_t tell_code(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    (void)name;
    assert_true(len >= 2 && input[0] == '{');
    ++*(int *)user_data;
    return claude_runner_result_text(runner, "heliotrope", CLAUDE_NTS, NULL);
}

static void run_tool(claude_client_t *client, uint32_t flags)
{
    claude_request_t *request = ask("messages.create", "Ask the tool for the code word and tell it to me.", 512);
    claude_tool_t *tool = NULL;
    claude_runner_t *runner = NULL;
    claude_response_t *answer = NULL;
    claude_error_t *err = NULL;
    int calls = 0;
    MUST(claude_tool_simple("tell_code", "Tells the code word of today. It is always asked.", &tool, &err));
    MUST(claude_runner_new(client, request, flags, &runner, &err));
    MUST(claude_runner_add_tool(runner, tool, tell_code, &calls, NULL, &err));
    MUST(claude_runner_set_max_turns(runner, 4, &err));
    MUST(claude_runner_run(runner, &answer, &err));
    assert_int_equal(calls, 1);
    assert_int_equal(claude_runner_turns(runner), 2);
    assert_non_null(strstr(claude_response_text(answer, NULL), "eliotrope"));
    claude_response_unref(answer);
    claude_runner_unref(runner);
    claude_tool_unref(tool);
    claude_request_unref(request);
}

static void a_tool(void **state)
{
    run_tool(*state, 0);
}

static void a_tool_in_a_stream(void **state)
{
    run_tool(*state, CLAUDE_STREAM);
}

static const char schema[] =
    "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"},"
    " \"year\": {\"type\": \"integer\", \"minimum\": 1900}}, \"required\": [\"city\", \"year\"]}";

static void a_structured_answer(void **state)
{
    claude_request_t *request = ask("messages.create", "The summer games of 1992 were held in Barcelona.", 256);
    claude_response_t *response, *answer = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_set_structured_output(request, schema, CLAUDE_NTS, &err));
    response = answer_to(*state, request);
    MUST(claude_response_parse_structured(response, schema, CLAUDE_NTS, &answer, &err));
    assert_string_equal(text_at(answer, "/city"), "Barcelona");
    assert_int_equal(claude_response_int(answer, "/year", 0), 1992);
    claude_response_unref(answer);
    claude_response_unref(response);
}

/* What validation finds is what the API refuses: its own refusal is what is tested here, so this error does not fail.
 */
static void validation_is_right(void **state)
{
    claude_request_t *request = ask("messages.create", "Hello", 16);
    claude_tool_t *tool = NULL;
    claude_problems_t *problems = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    assert_int_equal(claude_client_validate(*state, request, 0, &problems, &err), CLAUDE_OK);
    MUST(claude_tool_simple("a name with spaces", "Does nothing.", &tool, &err));
    MUST(claude_request_add_tool(request, tool, &err));
    assert_int_equal(claude_client_validate(*state, request, 0, &problems, &err), CLAUDE_PROBLEMS);
    assert_string_equal(claude_problems_code(problems, 0), "tool_name_pattern");
    assert_int_equal(claude_client_execute(*state, request, &response, &err), CLAUDE_E_BAD_REQUEST);
    claude_error_unref(err);
    claude_problems_unref(problems);
    claude_tool_unref(tool);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tool),
        cmocka_unit_test(a_tool_in_a_stream),
        cmocka_unit_test(a_structured_answer),
        cmocka_unit_test(validation_is_right),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
