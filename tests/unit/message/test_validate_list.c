/* Lists of problems: what each says, as text and JSON; the table of codes and its page; handles that are none. */
#include <claude/client.h>
#include <claude/config.h>
#include <claude/validate.h>

#include "message/validate.h"
#include "testing.h"

#define KEY "sk-ant-api03-not-a-real-key"
#define LAST_TOOL "{\"name\":\"get weather\\u0007\",\"description\":\"\",\"input_schema\":[]}"

static claude_problems_t *problems_of(const char *body)
{
    claude_request_t *request = NULL;
    claude_problems_t *problems = NULL;

    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_set_json(request, body, CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_validate(request, &problems, NULL), CLAUDE_PROBLEMS);
    assert_non_null(problems);
    claude_request_unref(request);
    return problems;
}

static claude_problems_t *bad_tool(void)
{
    return problems_of("{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
                       "\"tools\":[" LAST_TOOL "]}");
}

static void a_problem_says_all_there_is_to_say(void **state)
{
    claude_problems_t *problems = bad_tool();

    (void)state;
    assert_int_equal(claude_problems_count(problems), 3);
    assert_int_equal(claude_problems_left_out(problems), 0);
    assert_string_equal(claude_problems_code(problems, 0), "tool_name_pattern");
    assert_string_equal(claude_problems_field(problems, 0), "/tools/0/name");
    assert_string_equal(claude_problems_value(problems, 0), "\"get weather \"");
    assert_string_equal(claude_problems_constraint(problems, 0), "must be 1 to 64 of the characters A-Z a-z 0-9 _ -");
    assert_string_equal(claude_problems_fix(problems, 0), "rename it; validate.max_tool_name allows longer ones");
    assert_string_equal(claude_problems_tool(problems, 0), "get weather ");
    assert_string_equal(
        claude_problems_message(problems, 0),
        "/tools/0/name of tool get weather : the tool's name is not allowed (\"get weather \"); must be "
        "1 to 64 of the characters A-Z a-z 0-9 _ -; rename it; validate.max_tool_name allows longer ones");
    assert_string_equal(claude_problems_value(problems, 1), "0 characters");
    assert_string_equal(claude_problems_value(problems, 2), "an array");
    assert_null(claude_problems_code(problems, 3));
    assert_null(claude_problems_field(problems, 3));
    assert_null(claude_problems_message(problems, SIZE_MAX));
    claude_problems_unref(problems);
}

static void what_is_missing_has_no_value_and_no_tool(void **state)
{
    claude_problems_t *problems = problems_of("{}");

    (void)state;
    assert_string_equal(claude_problems_field(problems, 0), "/model");
    assert_string_equal(claude_problems_value(problems, 0), "");
    assert_null(claude_problems_tool(problems, 0));
    assert_string_equal(claude_problems_message(problems, 0),
                        "/model: the model is missing; each request names its model; set it with "
                        "claude_request_set_model() or in the body");
    claude_problems_unref(problems);
}

/* Quoted and shortened at a character; keys are hidden, containers not shown. */
static void values_are_short_and_no_secrets(void **state)
{
    claude_problems_t *problems = problems_of(
        "{\"model\":{\"key\":\"" KEY "\"},\"max_tokens\":9,\"messages\":[{\"role\":\"" KEY "\",\"content\":\"hi\"},"
        "{\"role\":\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\",\"content\":\"hi\"}]}");
    const char *value;
    const char *json;
    size_t len;

    (void)state;
    assert_string_equal(claude_problems_value(problems, 0), "an object");
    assert_string_equal(claude_problems_value(problems, 1), "\"sk-ant-*\"");
    value = claude_problems_value(problems, 2);
    assert_int_equal(strlen(value), 2 + 29 * 3 + 3);
    assert_string_equal(value + strlen(value) - 7, "\xe2\x82\xac...\"");
    json = claude_problems_json(problems, &len);
    assert_null(strstr(json, "not-a-real"));
    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
    claude_problems_unref(problems);
}

static void the_list_as_json(void **state)
{
    claude_problems_t *problems = bad_tool();
    size_t len = 0;
    const char *json = claude_problems_json(problems, &len);
    cl_json root = cl_json_root(cl_str_n(json, len));
    cl_json value;

    (void)state;
    assert_int_equal(len, strlen(json));
    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
    assert_int_equal(cl_json_count(root), 3);
    value = cl_json_at(root, CL_STR("/2/code"));
    assert_true(cl_json_string_is(value, CL_STR("tool_schema_type")));
    value = cl_json_at(root, CL_STR("/0/tool"));
    assert_true(cl_json_string_is(value, CL_STR("get weather ")));
    assert_int_equal(cl_json_count(cl_json_at(root, CL_STR("/0"))), 7);
    assert_ptr_equal(claude_problems_json(problems, NULL), json);
    claude_problems_unref(problems);
    problems = problems_of("{}");
    root = cl_json_root(cl_str_of(claude_problems_json(problems, NULL)));
    assert_int_equal(cl_json_at(root, CL_STR("/0/tool")).type, CLAUDE_JSON_NULL);
    assert_int_equal(cl_json_at(root, CL_STR("/0/value")).type, CLAUDE_JSON_NULL);
    claude_problems_unref(problems);
    assert_string_equal(claude_problems_json(NULL, &len), "[]");
    assert_int_equal(len, 2);
}

static void a_list_becomes_an_error(void **state)
{
    claude_problems_t *problems = problems_of("{\"model\":\"m\",\"max_tokens\":9,\"messages\":[]}");
    claude_error_t *error = NULL;

    (void)state;
    assert_int_equal(claude_problems_error(problems, &error), CLAUDE_E_INVALID);
    assert_string_equal(claude_error_message(error), claude_problems_message(problems, 0));
    assert_string_equal(claude_error_error_code(error), "missing_messages");
    claude_error_unref(error);
    claude_problems_unref(problems);
    problems = bad_tool();
    assert_int_equal(claude_problems_error(problems, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_problems_error(problems, &error), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(error), "/tools/0/name of tool get weather "));
    assert_non_null(strstr(claude_error_message(error), "(and 2 more problems: claude_request_validate() lists them)"));
    claude_error_unref(error);
    claude_problems_unref(problems);
    problems = problems_of("{\"model\":\"m\",\"messages\":[]}");
    assert_int_equal(claude_problems_error(problems, &error), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(error), "(and 1 more problem: "));
    claude_error_unref(error);
    claude_problems_unref(problems);
    error = NULL;
    assert_int_equal(claude_problems_error(NULL, &error), CLAUDE_OK);
    assert_null(error);
}

static void handles_that_are_none(void **state)
{
    claude_problems_t *problems = NULL;
    claude_config_t *config = NULL;
    claude_request_t *request = NULL;
    claude_error_t *error = NULL;

    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_validate(NULL, &problems, &error), CLAUDE_E_INVALID);
    assert_string_equal(claude_error_message(error), "request is NULL");
    claude_error_unref(error);
    assert_int_equal(claude_request_validate((claude_request_t *)config, &problems, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_client_validate(NULL, request, 0, &problems, NULL), CLAUDE_E_INVALID);
    assert_null(problems);
    /* Only the answer is wanted. */
    assert_int_equal(claude_request_validate(request, NULL, NULL), CLAUDE_PROBLEMS);
    problems = (claude_problems_t *)config;
    assert_int_equal(claude_problems_count(problems), 0);
    assert_int_equal(claude_problems_left_out(problems), 0);
    assert_null(claude_problems_code(problems, 0));
    assert_null(claude_problems_tool(problems, 0));
    assert_null(claude_problems_message(NULL, 0));
    assert_string_equal(claude_problems_json(problems, NULL), "[]");
    assert_int_equal(claude_problems_error(problems, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_problems_error(NULL, NULL), CLAUDE_OK);
    assert_null(claude_problems_ref(problems));
    claude_problems_unref(problems);
    claude_problems_unref(NULL);
    claude_request_unref(request);
    claude_config_unref(config);
    problems = bad_tool();
    assert_ptr_equal(claude_problems_ref(problems), problems);
    claude_problems_unref(problems);
    assert_int_equal(claude_problems_count(problems), 3);
    claude_problems_unref(problems);
}

static void a_client_knows_how_it_will_send(void **state)
{
    static const char body[] =
        "{\"model\":\"m\",\"max_tokens\":50000,\"temperature\":1,\"messages\":[{\"role\":\"user\","
        "\"content\":\"hi\"}]}";
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_problems_t *problems = NULL;

    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "api_key", KEY, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "api_version", "2026-10-21", NULL), CLAUDE_OK);
    assert_int_equal(claude_client_new(config, &client, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_set_json(request, body, CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_int_equal(claude_client_validate(client, request, 0, &problems, NULL), CLAUDE_PROBLEMS);
    assert_int_equal(claude_problems_count(problems), 2);
    assert_string_equal(claude_problems_code(problems, 0), "stream_required");
    assert_string_equal(claude_problems_code(problems, 1), "temperature_refused");
    claude_problems_unref(problems);
    assert_int_equal(claude_client_validate(client, request, CLAUDE_STREAM, &problems, NULL), CLAUDE_PROBLEMS);
    assert_int_equal(claude_problems_count(problems), 1);
    assert_string_equal(claude_problems_code(problems, 0), "temperature_refused");
    claude_problems_unref(problems);
    assert_int_equal(claude_client_validate(client, request, 1u << 31, NULL, NULL), CLAUDE_E_INVALID);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_config_unref(config);
}

/* ---- the table ---- */

static void codes_are_words_and_there_once(void **state)
{
    const char *code;
    size_t count = 0;

    (void)state;
    for (; (code = claude_problems_code_at(count)); count++) {
        const cl_problem_row *row = cl_problem_row_at(count);
        const char *const texts[] = {row->text, row->constraint, row->fix};
        for (const char *p = code; *p; p++)
            assert_true((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_');
        for (size_t i = 0; i < 3; i++) {
            assert_true(*texts[i]);
            assert_null(strpbrk(texts[i], "|\n%`"));
        }
        assert_string_equal(claude_problems_code_text(code), row->text);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(code, claude_problems_code_at(i));
    }
    assert_true(count > 50);
    assert_null(claude_problems_code_at(SIZE_MAX));
    assert_string_equal(claude_problems_code_text("unheard_of"), "");
    assert_string_equal(claude_problems_code_text(NULL), "");
}

/* docs/validation.md has one row for each code, and says the same. */
static void the_page_has_the_table(void **state)
{
    const char *path = CLAUDE_SOURCE_DIR "/docs/validation.md";
    FILE *file = fopen(path, "rb");
    char line[1024];
    bool begun = false;
    size_t rows = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char expected[1024];
        const cl_problem_row *row = cl_problem_row_at(rows);
        begun = begun || strncmp(line, "| Code |", 8) == 0;
        if (!begun || strncmp(line, "| `", 3) != 0)
            continue;
        assert_non_null(row);
        snprintf(expected, sizeof expected, "| `%s` | %s | %s | %s |\n", row->code, row->text, row->constraint,
                 row->fix);
        assert_string_equal(line, expected);
        rows++;
    }
    fclose(file);
    assert_null(cl_problem_row_at(rows));
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest all[] = {
        TEST(a_problem_says_all_there_is_to_say),
        TEST(what_is_missing_has_no_value_and_no_tool),
        TEST(values_are_short_and_no_secrets),
        TEST(the_list_as_json),
        TEST(a_list_becomes_an_error),
        TEST(handles_that_are_none),
        TEST(a_client_knows_how_it_will_send),
        TEST(codes_are_words_and_there_once),
        TEST(the_page_has_the_table),
    };

    return cmocka_run_group_tests_name("message.validate_list", all, NULL, NULL);
}
