/* What a program can ask for before a call: checks, a stream behind a plain call, and to hear of deprecated models. */
#include "support.h"

#include <claude/model.h>

static claude_request_t *big_request(int64_t max_tokens)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    succeeds(claude_request_set_max_tokens(request, max_tokens, &err), err);
    return request;
}

/* ---- checks ---- */

static void checks_only_when_asked_to(void **state)
{
    claude_client_t *careless = new_client();
    claude_client_t *careful = client_with("request.validate", "true", NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_field(request, "/tools", "[]", CLAUDE_NTS, &err), err);
    claude_response_unref(execute(careless, request));
    err = execute_fails(careful, request, CLAUDE_E_INVALID);
    assert_contains(claude_error_message(err), "tools");
    claude_error_unref(err);
    err = NULL;
    assert_int_equal(requests_seen(), 1);
    succeeds(claude_request_set_option(request, "request.validate", "false", &err), err);
    claude_response_unref(execute(careful, request));
    claude_request_unref(request);
    request = hello();
    claude_response_unref(execute(careful, request));
    assert_int_equal(requests_seen(), 3);
    claude_request_unref(request);
    claude_client_unref(careful);
    claude_client_unref(careless);
}

static void the_tool_runner_checks_as_well(void **state)
{
    claude_client_t *client = client_with("request.validate", "true", NULL);
    claude_request_t *request = hello();
    claude_runner_t *runner = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_field(request, "/tools", "[]", CLAUDE_NTS, &err), err);
    succeeds(claude_runner_new(client, request, 0, &runner, &err), err);
    fails(claude_runner_run(runner, &response, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(requests_seen(), 0);
    claude_runner_unref(runner);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void long_calls_are_refused_when_asked_to(void **state)
{
    claude_client_t *client = client_with("request.long_check", "true", NULL);
    claude_request_t *request = big_request(21334);
    claude_call_t *call;
    claude_error_t *err;

    (void)state;
    err = execute_fails(client, request, CLAUDE_E_INVALID);
    assert_contains(claude_error_message(err), "request.stream_internally");
    claude_error_unref(err);
    err = NULL;
    call = start_stream(client, request);
    pull_all(call, -1, NULL, &err);
    claude_call_unref(call);
    succeeds(claude_request_set_option(request, "request.stream_internally", "true", &err), err);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    request = big_request(21333);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    assert_int_equal(requests_seen(), 3);
    claude_client_unref(client);
}

/* ---- a stream behind a plain call ---- */

static int32_t never(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    (void)event;
    ++*(int *)user_data;
    return 0;
}

static void streams_behind_a_plain_call(void **state)
{
    claude_client_t *client = client_with("request.stream_internally", "true", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    int events = 0;

    (void)state;
    response = execute(client, request);
    assert_string_equal(claude_response_text(response, NULL), "Echo: Hello");
    assert_contains(text_of(received_at(0), "body"), "\"stream\":true");
    claude_response_unref(response);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_DONE);
    succeeds(claude_call_result(call, &response, &err), err);
    assert_string_equal(claude_response_stop_reason(response), "end_turn");
    claude_response_unref(response);
    claude_call_unref(call);
    succeeds(claude_request_on_event(request, never, &events, NULL, &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(events, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void a_stream_behind_that_is_cut_is_an_error(void **state)
{
    claude_client_t *client = client_with("request.stream_internally", "true", NULL);
    claude_request_t *request = hello();
    claude_error_t *err;

    (void)state;
    assert_int_equal(sandbox_use(server, "truncated"), 0);
    err = execute_fails(client, request, CLAUDE_E_TRUNCATED);
    assert_non_null(claude_error_response(err));
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void streams_that_were_asked_for_stay_streams(void **state)
{
    claude_client_t *client = client_with("request.stream_internally", "true", NULL);
    claude_request_t *request = hello_stream();
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- deprecated models ---- */

typedef struct told {
    int count;
    char text[400];
} told;

static void hear(const char *model, const char *text, void *user_data)
{
    told *t = user_data;

    t->count++;
    snprintf(t->text, sizeof t->text, "%s: %s", model, text);
}

static void deprecated_models_are_told_once(void **state)
{
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_error_t *err = NULL;
    told t = {0};
    int destroyed = 0;

    (void)state;
    succeeds(claude_config_on_deprecation(config, hear, &t, NULL, &err), err);
    succeeds(claude_config_on_deprecation(config, hear, &destroyed, count_destroy, &err), err);
    succeeds(claude_config_on_deprecation(config, hear, &t, NULL, &err), err);
    assert_int_equal(destroyed, 1);
    client = client_of(config);
    claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 0);
    succeeds(claude_request_set_model(request, "claude-sonnet-4-5-20250929", &err), err);
    for (int i = 0; i < 3; i++)
        claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 1);
    assert_contains(t.text, "claude-sonnet-4-5-20250929: ");
    assert_contains(t.text, "2026-11-30");
    succeeds(claude_request_set_model(request, "claude-opus-4-6", &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 1);
    succeeds(claude_request_set_field(request, "/thinking", "{\"type\":\"enabled\",\"budget_tokens\":1024}", CLAUDE_NTS,
                                      &err),
             err);
    claude_response_unref(execute(client, request));
    claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 2);
    assert_contains(t.text, "thinking");
    claude_request_unref(request);
    claude_client_unref(client);
}

static void models_can_be_the_programs_own(void **state)
{
    static const char table[] = "{\"models\":[{\"id\":\"my-model\",\"lifecycle\":\"deprecated\"}]}";
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_models_t *models = NULL;
    claude_client_t *client;
    claude_error_t *err = NULL;
    told t = {0};

    (void)state;
    succeeds(claude_models_load_json(table, CLAUDE_NTS, &models, &err), err);
    succeeds(claude_config_set_models(config, models, &err), err);
    claude_models_unref(models);
    succeeds(claude_config_on_deprecation(config, hear, &t, NULL, &err), err);
    client = client_of(config);
    succeeds(claude_request_set_model(request, "claude-sonnet-4-5", &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 0);
    succeeds(claude_request_set_model(request, "my-model", &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(t.count, 1);
    assert_contains(t.text, "my-model");
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- old text completions ---- */

static claude_request_t *complete(void)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new("completions.create", &request, &err), err);
    succeeds(claude_request_set_json(request,
                                     "{\"model\":\"claude-2.1\",\"prompt\":\"\\n\\nHuman: Hi\\n\\nAssistant:\","
                                     "\"max_tokens_to_sample\":10}",
                                     CLAUDE_NTS, &err),
             err);
    return request;
}

static void completions_are_put_together(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = complete();
    claude_call_t *call = start_stream(client, request);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    claude_call_unref(call);
    script(
        "{'events': [{'event': 'completion', 'data': {'type':'completion','id':'c1','completion':' Hel','stop_reason':"
        "null,'model':'claude-2.1'}}, {'data': {'type':'ping'}}, {'event': 'completion', 'data': {'type':'completion',"
        "'id':'c1','completion':'lo','stop_reason':'stop_sequence','model':'claude-2.1'}}]}");
    call = start_stream(client, request);
    assert_int_equal(pull_all(call, -1, NULL, &err), CLAUDE_DONE);
    succeeds(claude_call_result(call, &response, &err), err);
    assert_string_equal(claude_response_string(response, "/completion", NULL), " Hello");
    assert_string_equal(claude_response_stop_reason(response), "stop_sequence");
    claude_response_unref(response);
    claude_call_unref(call);
    script(
        "{'events': [{'event': 'completion', 'data': {'type':'completion','id':'c1','completion':' Hel','stop_reason':"
        "null,'model':'claude-2.1'}}]}");
    call = start_stream(client, request);
    fails(pull_all(call, -1, NULL, &err), CLAUDE_E_TRUNCATED, &err);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(checks_only_when_asked_to),
        TEST(the_tool_runner_checks_as_well),
        TEST(long_calls_are_refused_when_asked_to),
        TEST(streams_behind_a_plain_call),
        TEST(a_stream_behind_that_is_cut_is_an_error),
        TEST(streams_that_were_asked_for_stay_streams),
        TEST(deprecated_models_are_told_once),
        TEST(models_can_be_the_programs_own),
        TEST(completions_are_put_together),
    };

    return RUN_WITH_SERVER(tests);
}
