/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Messages: whole, streamed by callback and by pulling, streamed behind a plain call, continued; the newer API version;
 * counting tokens; the list of models; a refusal by the API.
 */
#include "real.h"

static void a_message(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 512);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;
    MUST(claude_client_execute(*state, request, &response, &err));
    assert_int_equal(claude_response_status(response), 200);
    claude_response_text(response, &len);
    assert_true(len > 0);
    assert_non_null(claude_response_id(response));
    assert_non_null(claude_response_request_id(response));
    assert_non_null(claude_response_stop_reason(response));
    assert_true(claude_response_usage(response, "input_tokens") > 0);
    assert_true(claude_response_usage(response, "output_tokens") > 0);
    assert_true(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_LIMIT) > 0);
    claude_response_unref(response);
    claude_request_unref(request);
}

typedef struct heard {
    char text[4096];
    size_t len;
    int events;
} heard;

static void hear(heard *h, const claude_event_t *event)
{
    size_t len = 0;
    const char *text = claude_event_text(event, &len);
    h->events++;
    if (claude_event_type(event) != CLAUDE_EVENT_TEXT_DELTA || text == NULL)
        return;
    assert_true(h->len + len < sizeof h->text);
    memcpy(h->text + h->len, text, len);
    h->len += len;
}

static void same_text(const heard *h, const claude_response_t *response)
{
    size_t len = 0;
    const char *text = claude_response_text(response, &len);
    assert_true(h->events > 3);
    assert_int_equal(len, h->len);
    assert_memory_equal(text, h->text, len);
    assert_non_null(claude_response_stop_reason(response));
    assert_true(claude_response_usage(response, "output_tokens") > 0);
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    hear(user_data, event);
    return 0;
}

static void a_stream_by_callback(void **state)
{
    claude_request_t *request = ask("messages.create", "Count from one to ten in words.", 512);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    heard h = {.len = 0};
    MUST(claude_request_set_stream(request, 1, &err));
    MUST(claude_request_on_event(request, on_event, &h, NULL, &err));
    MUST(claude_client_execute(*state, request, &response, &err));
    same_text(&h, response);
    claude_response_unref(response);
    claude_request_unref(request);
}

static void a_stream_by_pulling(void **state)
{
    claude_request_t *request = ask("messages.create", "Count from one to ten in words.", 512);
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    heard h = {.len = 0};
    claude_code_t rc;
    MUST(claude_client_stream(*state, request, &call, &err));
    while ((rc = claude_call_next(call, -1, &event, &err)) == 1)
        hear(&h, event);
    MUST(rc);
    assert_int_equal(rc, CLAUDE_DONE);
    MUST(claude_call_result(call, &response, &err));
    same_text(&h, response);
    assert_int_equal(claude_call_anomalies(call), 0);
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
}

/* So many max_tokens would be refused otherwise; few are used. */
static void a_stream_behind_a_plain_call(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 32000);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_set_option(request, "request.long_check", "true", &err));
    assert_int_equal(claude_client_execute(*state, request, &response, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    err = NULL;
    MUST(claude_request_set_option(request, "request.stream_internally", "true", &err));
    MUST(claude_client_execute(*state, request, &response, &err));
    assert_true(claude_response_usage(response, "output_tokens") > 0);
    assert_non_null(claude_response_stop_reason(response));
    claude_response_unref(response);
    claude_request_unref(request);
}

/* The answer is sent back as it came. */
static void a_conversation(void **state)
{
    claude_request_t *request = ask("messages.create", "Remember the word heliotrope. Just say yes.", 512);
    claude_response_t *first = NULL, *second = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute(*state, request, &first, &err));
    MUST(claude_request_add_response(request, first, &err));
    MUST(claude_request_add_user_text(request, "Which word was it?", CLAUDE_NTS, &err));
    MUST(claude_client_execute(*state, request, &second, &err));
    assert_non_null(strstr(claude_response_text(second, NULL), "eliotrope"));
    claude_response_unref(second);
    claude_response_unref(first);
    claude_request_unref(request);
}

/* It takes no temperature: that refusal is what is tested here, so this error does not fail. */
static void the_newer_api_version(void **state)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 64);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_set_option(request, "api_version", "2026-10-21", &err));
    MUST(claude_client_execute(*state, request, &response, &err));
    claude_response_unref(response);
    MUST(claude_request_set_temperature(request, 0.5, &err));
    assert_int_equal(claude_client_execute(*state, request, &response, &err), CLAUDE_E_BAD_REQUEST);
    claude_error_unref(err);
    claude_request_unref(request);
}

static void counted_tokens(void **state)
{
    claude_request_t *request = ask("messages.count_tokens", "How many tokens is this?", 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute(*state, request, &response, &err));
    assert_true(claude_response_int(response, "/input_tokens", -1) > 0);
    claude_response_unref(response);
    claude_request_unref(request);
}

static void the_list_of_models(void **state)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_new("models.list", &request, &err));
    MUST(claude_client_execute(*state, request, &response, &err));
    assert_true(claude_response_count(response, "/data") > 0);
    claude_response_unref(response);
    claude_request_unref(request);
}

/* The API's own refusal is what is tested here, so this is the one error that does not fail. */
static void a_model_that_does_not_exist(void **state)
{
    claude_request_t *request = ask("messages.create", "Hello", 16);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_set_model(request, "no-such-model", &err));
    assert_int_equal(claude_client_execute(*state, request, &response, &err), CLAUDE_E_NOT_FOUND);
    assert_null(response);
    assert_int_equal(claude_error_http_status(err), 404);
    assert_string_equal(claude_error_api_type(err), "not_found_error");
    assert_non_null(claude_error_request_id(err));
    assert_false(claude_error_is_retryable(err));
    claude_error_unref(err);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message),
        cmocka_unit_test(a_stream_by_callback),
        cmocka_unit_test(a_stream_by_pulling),
        cmocka_unit_test(a_stream_behind_a_plain_call),
        cmocka_unit_test(a_conversation),
        cmocka_unit_test(the_newer_api_version),
        cmocka_unit_test(counted_tokens),
        cmocka_unit_test(the_list_of_models),
        cmocka_unit_test(a_model_that_does_not_exist),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
