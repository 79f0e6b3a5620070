#include "responses.h"

#include <claude/error.h>
#include <claude/model.h>
#include <claude/request.h>

static const char one[] =
    "{\"id\":\"claude-opus-5-5\",\"type\":\"model\",\"display_name\":\"Claude Opus 5.5\",\"max_input_tokens\":1000000,"
    "\"max_tokens\":128000,\"lifecycle\":\"deprecated\",\"deprecated_at\":\"2026-11-01T00:00:00Z\",\"retires_at\":"
    "\"2027-01-01T00:00:00Z\",\"line\":\"opus\",\"capabilities\":{\"batch\":{\"supported\":true},\"pdf_input\":{"
    "\"supported\":false},\"image_input\":null,\"effort\":{\"supported\":true,\"low\":{\"supported\":true},\"high\":{"
    "\"supported\":false},\"max\":true},\"server_tools\":{\"supported\":true,\"web_search\":{\"supported\":true}},"
    "\"thinking\":{\"supported\":true,\"types\":{\"adaptive\":{\"supported\":true},\"enabled\":{\"supported\":false}}}}"
    "}";

static const char page[] =
    "{\"data\":[{\"id\":\"claude-opus-6\",\"lifecycle\":\"active\",\"retires_at\":null,\"max_input_tokens\":5},"
    "{\"id\":\"claude-opus-4-5-20251101\",\"lifecycle\":\"deprecated\",\"retires_at\":\"2027-01-01T00:00:00Z\"},"
    "{\"id\":\"claude-opus-4-1\",\"lifecycle\":\"retired\"},{\"id\":\"claude-haiku-4-5\",\"max_input_tokens\":200000,"
    "\"capabilities\":{\"batch\":{\"supported\":true}}}],\"has_more\":false}";

static void a_model_tells_about_itself(void **state)
{
    claude_response_t *r = response_with(one);
    size_t len = 0;

    (void)state;
    assert_string_equal(claude_model_text(r, NULL, "display_name", &len), "Claude Opus 5.5");
    assert_int_equal(len, 15);
    assert_string_equal(claude_model_text(r, "anthropic.claude-opus-5-5-v1:0", "lifecycle", NULL), "deprecated");
    assert_string_equal(claude_model_text(r, NULL, "deprecated_at", NULL), "2026-11-01T00:00:00Z");
    assert_null(claude_model_text(r, "claude-opus-5", "lifecycle", &len));
    assert_int_equal(len, 0);
    assert_null(claude_model_text(r, NULL, "capabilities", NULL));
    assert_int_equal(claude_model_int(r, NULL, "context_window"), 1000000);
    assert_int_equal(claude_model_int(r, NULL, "max_input_tokens"), 1000000);
    assert_int_equal(claude_model_int(r, NULL, "max_output_tokens"), 128000);
    assert_int_equal(claude_model_int(r, NULL, "max_tokens"), 128000);
    assert_int_equal(claude_model_int(r, NULL, "id"), -1);
    /* 2026-11-22 and after. */
    assert_int_equal(claude_model_days_left(r, NULL, INT64_C(1795305600000)), 40);
    assert_int_equal(claude_model_days_left(r, NULL, INT64_C(1798761600000) - 1), 1);
    assert_int_equal(claude_model_days_left(r, NULL, INT64_C(1798761600000)), 0);
    claude_response_unref(r);
}

static void capabilities_are_looked_up(void **state)
{
    static const struct {
        const char *name;
        int32_t expected;
    } cases[] = {
        {"batch", 1},
        {"pdf_input", 0},
        {"image_input", -1},
        {"structured_outputs", -1},
        {"effort", 1},
        {"effort/low", 1},
        {"effort/high", 0},
        {"effort/max", 1},
        {"effort/xhigh", -1},
        {"thinking", 1},
        {"thinking/adaptive", 1},
        {"thinking/types/adaptive", 1},
        {"thinking/enabled", 0},
        {"thinking/between_tools", -1},
        {"server_tools/web_search", 1},
        {"server_tools/code_execution", -1},
        {"effort/low/supported", 1},
        {"", -1},
        {"/", -1},
        {"batch/", -1},
    };
    claude_response_t *r = response_with(one);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (claude_model_supports(r, NULL, cases[i].name) != cases[i].expected)
            fail_msg("%s: %d", cases[i].name, claude_model_supports(r, NULL, cases[i].name));
    }
    assert_int_equal(claude_model_supports(r, "claude-haiku-4-5", "batch"), -1);
    claude_response_unref(r);
    r = response_with(page);
    assert_int_equal(claude_model_supports(r, "claude-haiku-4-5", "batch"), 1);
    assert_int_equal(claude_model_supports(r, "claude-opus-6", "batch"), -1);
    claude_response_unref(r);
}

static void a_list_tells_about_each(void **state)
{
    claude_response_t *r = response_with(page);

    (void)state;
    assert_int_equal(claude_model_int(r, "claude-haiku-4-5-20251001", "context_window"), 200000);
    assert_int_equal(claude_model_int(r, "claude-opus-6", "context_window"), 5);
    assert_string_equal(claude_model_text(r, "claude-opus-4-5", "id", NULL), "claude-opus-4-5-20251101");
    assert_int_equal(claude_model_days_left(r, "claude-opus-4-5", INT64_C(1798761600000) - 1), 1);
    assert_int_equal(claude_model_days_left(r, "claude-opus-6", 1), -1);
    claude_response_unref(r);
    /* An exact name wins, wherever it stands. */
    r = response_with("{\"data\":[{\"id\":\"m-20260101\"},{\"id\":\"m\",\"max_tokens\":7}]}");
    assert_int_equal(claude_model_int(r, "m", "max_tokens"), 7);
    assert_int_equal(claude_model_int(r, "m-20260101", "max_tokens"), -1);
    assert_string_equal(claude_model_choose(r, "m", 0), "m");
    claude_response_unref(r);
    r = response_with(page);
    /* Of a list, one has to be named. */
    assert_null(claude_model_text(r, NULL, "id", NULL));
    assert_int_equal(claude_model_int(r, "claude-opus-7", "context_window"), -1);
    claude_response_unref(r);
}

static void the_first_available_wish_is_chosen(void **state)
{
    static const int64_t before = INT64_C(1798761600000) - 1;
    claude_response_t *r = response_with(page);

    (void)state;
    assert_string_equal(claude_model_choose(r, "claude-opus-7,claude-opus-6,claude-haiku-4-5", before),
                        "claude-opus-6");
    assert_string_equal(claude_model_choose(r, " claude-haiku-4-5 , claude-opus-6", before), "claude-haiku-4-5");
    assert_string_equal(claude_model_choose(r, "claude-opus-4-5,claude-opus-6", before), "claude-opus-4-5-20251101");
    assert_string_equal(claude_model_choose(r, "claude-opus-4-5,claude-opus-6", before + 1), "claude-opus-6");
    assert_string_equal(claude_model_choose(r, "claude-opus-4-5,claude-opus-6", 0), "claude-opus-4-5-20251101");
    assert_string_equal(claude_model_choose(r, "claude-opus-4-1,,claude-opus-6,", 0), "claude-opus-6");
    assert_null(claude_model_choose(r, "claude-opus-4-1", 0));
    assert_null(claude_model_choose(r, "", 0));
    assert_null(claude_model_choose(r, " , ,", 0));
    assert_null(claude_model_choose(r, NULL, 0));
    claude_response_unref(r);
    r = response_with(one);
    assert_null(claude_model_choose(r, "claude-opus-5-5", 0));
    claude_response_unref(r);
}

static void the_window_of_the_answer_counts(void **state)
{
    claude_response_t *r = response_with(one);
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(claude_model_context_check(r, NULL, 900000, 100000, NULL), CLAUDE_OK);
    assert_int_equal(claude_model_context_check(r, NULL, 900000, 100001, &err), CLAUDE_E_INVALID);
    assert_non_null(
        strstr(claude_error_message(err), "context window of claude-opus-5-5, which is 1000000 tokens, by 1"));
    claude_error_unref(err);
    assert_int_equal(claude_model_context_check(r, "claude-opus-7", 1, 1, &err), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(err), "claude-opus-7 is not known"));
    claude_error_unref(err);
    claude_response_unref(r);
    r = response_with("[]");
    assert_int_equal(claude_model_context_check(r, NULL, 1, 1, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    claude_response_unref(r);
}

static void strange_answers_and_handles_are_harmless(void **state)
{
    static const char *const bodies[] = {"[]", "7", "{}", "{\"data\":[1,{},{\"id\":5}]}", "{\"id\":null}"};
    claude_request_t *request = NULL;
    const claude_response_t *wrong;
    char deep[400];

    (void)state;
    memset(deep, 'x', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        claude_response_t *r = response_with(bodies[i]);
        assert_null(claude_model_text(r, NULL, "id", NULL));
        assert_null(claude_model_text(r, "x", "id", NULL));
        assert_null(claude_model_text(r, NULL, deep, NULL));
        assert_int_equal(claude_model_int(r, "", "max_tokens"), -1);
        assert_int_equal(claude_model_supports(r, NULL, "batch"), -1);
        assert_int_equal(claude_model_days_left(r, NULL, 0), -1);
        assert_null(claude_model_choose(r, "x", 0));
        claude_response_unref(r);
    }
    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    wrong = (const claude_response_t *)request;
    for (int i = 0; i < 2; i++) {
        assert_null(claude_model_text(wrong, NULL, "id", NULL));
        assert_int_equal(claude_model_int(wrong, NULL, "id"), -1);
        assert_int_equal(claude_model_supports(wrong, NULL, "id"), -1);
        assert_int_equal(claude_model_days_left(wrong, NULL, 0), -1);
        assert_null(claude_model_choose(wrong, "x", 0));
        assert_int_equal(claude_model_context_check(wrong, NULL, 0, 0, NULL), CLAUDE_E_INVALID);
        wrong = NULL;
    }
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_tells_about_itself),      cmocka_unit_test(capabilities_are_looked_up),
        cmocka_unit_test(a_list_tells_about_each),         cmocka_unit_test(the_first_available_wish_is_chosen),
        cmocka_unit_test(the_window_of_the_answer_counts), cmocka_unit_test(strange_answers_and_handles_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
