/* Structured outputs: the schema of a request, the JSON of an answer. */
#include "testing.h"

#include <claude/schema.h>

#include "api/api.h"

/* In texts, ' stands for ". */
static char *quoted(const char *text)
{
    char *copy = copy_of(cl_str_of(text));

    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    return copy;
}

static claude_response_t *message_of(const char *json)
{
    claude_response_t *response = NULL;
    cl_headers none = {NULL, 0, 0};
    char *body = quoted(json);

    OK(cl_response_new(200, &none, body, strlen(body), true, &response, err));
    return response;
}

/* Parses, and expects the JSON of the answer. */
static void answers(const char *message, const char *schema, const char *expected)
{
    claude_response_t *response = message_of(message);
    char *rules = schema ? quoted(schema) : NULL;
    char *wanted = quoted(expected);
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    if (claude_response_parse_structured(response, rules, CLAUDE_NTS, &out, &err) < 0)
        fail_msg("%s: %s", message, claude_error_message(err));
    assert_string_equal(claude_response_json(out, NULL), wanted);
    assert_int_equal(claude_response_status(out), 0);
    assert_null(claude_response_request_id(out));
    claude_response_unref(out);
    claude_response_unref(response);
    free(rules);
    free(wanted);
}

static claude_error_t *failure_of(const char *message, const char *schema, claude_code_t code)
{
    claude_response_t *response = message_of(message);
    char *rules = schema ? quoted(schema) : NULL;
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    assert_int_equal(claude_response_parse_structured(response, rules, CLAUDE_NTS, &out, &err), code);
    assert_null(out);
    assert_int_equal(claude_error_code(err), code);
    claude_response_unref(response);
    free(rules);
    return err;
}

static void fails_as(const char *message, const char *schema, claude_code_t code, const char *error_code,
                     const char *part)
{
    claude_error_t *err = failure_of(message, schema, code);
    char *wanted = quoted(part);

    if (!strstr(claude_error_message(err), wanted))
        fail_msg("\"%s\" has no \"%s\"", claude_error_message(err), wanted);
    if (error_code)
        assert_string_equal(claude_error_error_code(err), error_code);
    else
        assert_null(claude_error_error_code(err));
    assert_int_equal(claude_error_is_retryable(err), 0);
    claude_error_unref(err);
    free(wanted);
}

#define MESSAGE(reason, text) "{'stop_reason':'" reason "','content':[{'type':'text','text':'" text "'}]}"
#define CITY "{'type':'object','properties':{'city':{'type':'string'}},'required':['city']}"

static void test_an_answer_is_read(void **state)
{
    claude_response_t *response = message_of(MESSAGE("end_turn", "{\\'city\\':\\'Par\\\\u00efs\\'}"));
    claude_response_t *out = NULL;

    (void)state;
    assert_int_equal(claude_response_parse_structured(response, NULL, 0, &out, NULL), CLAUDE_OK);
    assert_string_equal(claude_response_string(out, "/city", NULL), "Par\xc3\xafs");
    claude_response_unref(response);
    claude_response_unref(out);
    answers(MESSAGE("end_turn", "{\\'city\\':\\'x\\'}"), CITY, "{'city':'x'}");
    answers(MESSAGE("end_turn", " [1] \\n"), NULL, " [1] \n");
    answers(MESSAGE("stop_sequence", "null"), "{'type':'null'}", "null");
    answers("{'content':[{'type':'text','text':'1'}]}", NULL, "1");
}

static void test_the_first_text_block_counts(void **state)
{
    (void)state;
    answers("{'content':[{'type':'thinking','thinking':'2'},{'type':'future','text':'3'},{'type':'text'},"
            "{'type':'text','text':'4'},{'type':'text','text':'5'}]}",
            NULL, "4");
    fails_as("{'stop_reason':'tool_use','content':[{'type':'tool_use','id':'a','name':'b','input':{}}]}", NULL,
             CLAUDE_E_PROTOCOL, "no_text", "no text block");
    fails_as("{'content':[]}", NULL, CLAUDE_E_PROTOCOL, "no_text", "no text block");
    fails_as("{'content':{'type':'text'}}", NULL, CLAUDE_E_PROTOCOL, "no_text", "no text block");
    fails_as("{}", NULL, CLAUDE_E_PROTOCOL, "no_text", "no text block");
}

static void test_a_refusal_is_told(void **state)
{
    claude_error_t *err = failure_of("{'stop_reason':'refusal','stop_details':{'type':'refusal','category':'cyber',"
                                     "'explanation':'Not this.'},'content':[{'type':'text','text':'{}'}]}",
                                     "{}", CLAUDE_E_API);

    (void)state;
    assert_string_equal(claude_error_api_type(err), "refusal");
    assert_string_equal(claude_error_error_code(err), "cyber");
    assert_string_equal(claude_error_message(err), "the model refused to answer, category cyber: Not this.");
    claude_error_unref(err);
    fails_as("{'stop_reason':'refusal','stop_details':null,'content':[]}", NULL, CLAUDE_E_API, NULL,
             "the model refused to answer; there is no JSON");
    fails_as("{'stop_reason':'refusal','stop_details':{'category':null},'content':[]}", NULL, CLAUDE_E_API, NULL,
             "refused");
}

/* What was cut off may be valid JSON by chance: 12 of 123. */
static void test_what_was_cut_off_is_told(void **state)
{
    (void)state;
    fails_as(MESSAGE("max_tokens", "12"), NULL, CLAUDE_E_TRUNCATED, "max_tokens", "cut off at max_tokens");
    fails_as(MESSAGE("model_context_window_exceeded", "12"), NULL, CLAUDE_E_TRUNCATED, "model_context_window_exceeded",
             "context window");
}

static void test_text_that_is_not_json(void **state)
{
    (void)state;
    fails_as(MESSAGE("end_turn", "```json\\n{}\\n```"), NULL, CLAUDE_E_PROTOCOL, "json_invalid", "``` at offset 0");
    fails_as(MESSAGE("end_turn", " \\n```\\n{}\\n```"), NULL, CLAUDE_E_PROTOCOL, "json_invalid", "``` at offset 2");
    fails_as(MESSAGE("end_turn", "{} That is it."), NULL, CLAUDE_E_PROTOCOL, "json_invalid", "offset 3");
    fails_as(MESSAGE("end_turn", "Here: {}"), NULL, CLAUDE_E_PROTOCOL, "json_invalid", "offset 0");
    fails_as(MESSAGE("end_turn", ""), NULL, CLAUDE_E_PROTOCOL, "json_invalid", "offset 0");
}

static void test_json_that_does_not_match(void **state)
{
    (void)state;
    fails_as(MESSAGE("end_turn", "{\\'city\\':5}"), CITY, CLAUDE_E_PROTOCOL, "schema_mismatch",
             "value at /city is a number (5), expected the type 'string'");
    fails_as(MESSAGE("end_turn", "{}"), "{'type':'x'}", CLAUDE_E_INVALID, "schema_invalid", "'type' must be");
    fails_as("[]", NULL, CLAUDE_E_INVALID, NULL, "not a message");
}

static void test_what_is_given_must_be_there(void **state)
{
    claude_response_t *response = message_of("{}");
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(claude_response_parse_structured(NULL, NULL, 0, &out, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    assert_int_equal(claude_response_parse_structured(response, NULL, 0, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_request_set_structured_output(NULL, "{}", 2, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_request_set_structured_output((claude_request_t *)response, "{}", 2, NULL),
                     CLAUDE_E_INVALID);
    assert_int_equal(claude_response_parse_structured((claude_response_t *)response, NULL, 0, &out, NULL),
                     CLAUDE_E_PROTOCOL);
    claude_response_unref(response);
}

/* ---- requests ---- */

static claude_request_t *new_request(const char *endpoint)
{
    claude_request_t *request = NULL;

    OK(cl_request_new(cl_endpoint_find(endpoint), &request, err));
    return request;
}

static void test_the_schema_of_a_request(void **state)
{
    claude_request_t *request = new_request("messages.create");
    char *schema = quoted("{'type':'object','properties':{'n':{'type':'integer','minimum':1}}}");
    char *expected = quoted("{'output_config':{'effort':'low','format':{'type':'json_schema','schema':{"
                            "'type':'object','properties':{'n':{'type':'integer','description':'{minimum: 1}'}},"
                            "'additionalProperties':false}}}}");
    claude_error_t *error = NULL;

    (void)state;
    OK(cl_request_set_json(request, CL_STR("{\"output_config\":{\"effort\":\"low\"}}"), err));
    assert_int_equal(claude_request_set_structured_output(request, schema, CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_string_equal(cl_request_json(request, NULL), expected);
    /* Again, with the schema as the request has lent it: replaced, not added. */
    assert_int_equal(claude_request_set_structured_output(request, schema, CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_string_equal(cl_request_json(request, NULL), expected);
    /* A failure leaves the body, and is remembered. */
    assert_int_equal(claude_request_set_structured_output(request, "{}", CLAUDE_NTS, &error), CLAUDE_E_INVALID);
    assert_string_equal(claude_error_error_code(error), "schema_invalid");
    assert_string_equal(cl_request_json(request, NULL), expected);
    claude_error_unref(error);
    FAILS(CLAUDE_E_INVALID, "has no type", cl_request_snapshot(request, false, &(cl_snapshot){0}, err));
    cl_request_unref(request);
    free(schema);
    free(expected);
}

static void test_requests_that_have_none(void **state)
{
    claude_request_t *request = new_request("models.list");
    claude_error_t *error = NULL;

    (void)state;
    assert_int_equal(claude_request_set_structured_output(request, "{\"type\":\"null\"}", CLAUDE_NTS, &error),
                     CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(error), "without a body"));
    claude_error_unref(error);
    cl_request_unref(request);
    request = new_request("messages.create");
    OK(cl_request_set_json(request, CL_STR("{\"output_config\":7}"), err));
    assert_int_equal(claude_request_set_structured_output(request, "{\"type\":\"null\"}", CLAUDE_NTS, NULL),
                     CLAUDE_E_INVALID);
    assert_string_equal(cl_request_json(request, NULL), "{\"output_config\":7}");
    cl_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_read),           cmocka_unit_test(test_the_first_text_block_counts),
        cmocka_unit_test(test_a_refusal_is_told),           cmocka_unit_test(test_what_was_cut_off_is_told),
        cmocka_unit_test(test_text_that_is_not_json),       cmocka_unit_test(test_json_that_does_not_match),
        cmocka_unit_test(test_what_is_given_must_be_there), cmocka_unit_test(test_the_schema_of_a_request),
        cmocka_unit_test(test_requests_that_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
