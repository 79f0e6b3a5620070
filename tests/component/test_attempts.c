/* What is told of attempts while a call is running: to the observer, whose headers are sent, and by the report. */
#include "support.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* A line for each time that it was called. */
struct listener {
    char text[4096];
    int destroyed;
};

static void hear(claude_attempt_t *attempt, void *user_data)
{
    struct listener *listener = user_data;
    size_t len = strlen(listener->text);
    bool starts = claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS;

    snprintf(listener->text + len, sizeof listener->text - len, "%s %d %s %s %s %s\n", starts ? "starts" : "ends",
             (int)claude_attempt_number(attempt), claude_attempt_method(attempt), claude_attempt_url(attempt),
             claude_attempt_endpoint_name(attempt), claude_code_name(claude_attempt_code(attempt)));
    if (starts)
        succeeds(claude_attempt_set_header(attempt, "traceparent", TRACE, NULL), NULL);
}

static void forget(void *user_data)
{
    ((struct listener *)user_data)->destroyed++;
}

static claude_client_t *observed_client(struct listener *listener)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "retry.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "retry.initial_delay_ms", "0", &err), err);
    succeeds(claude_config_on_attempt(config, hear, listener, forget, &err), err);
    return client_of(config);
}

static void hears_of_every_attempt(void **state)
{
    static struct listener listener;
    claude_client_t *client = observed_client(&listener);
    claude_request_t *request = hello();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    char *url = format("%s/v1/messages", sandbox_url(server));
    char *expected = format("starts 1 POST %s messages.create CLAUDE_OK\n"
                            "ends 1 POST %s messages.create CLAUDE_E_OVERLOADED\n"
                            "starts 2 POST %s messages.create CLAUDE_OK\n"
                            "ends 2 POST %s messages.create CLAUDE_OK\n",
                            url, url, url, url);

    (void)state;
    script("{'sequence':[{'status':529,'error':{'type':'overloaded_error','message':'Busy'}},"
           "{'body_json':{'type':'message'}}]}");
    succeeds(claude_client_execute_with_retries(client, request, &response, &err), err);
    assert_string_equal(listener.text, expected);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(header_of(received_at(i), "traceparent"), TRACE);
    free(expected);
    free(url);
    claude_response_unref(response);
    claude_request_unref(request);
    assert_int_equal(listener.destroyed, 0);
    claude_client_unref(client);
    assert_int_equal(listener.destroyed, 1);
}

/* The report of a call that is running. */
static void tells_what_was_asked_for(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "breaker.enabled", "true", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    uint32_t asked = CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER;

    (void)state;
    succeeds(claude_client_start(client, request, CLAUDE_WITH_ENTERPRISE_FEATURES, &call, &err), err);
    assert_int_equal(claude_report_features(claude_call_report(call)), asked);
    succeeds(claude_call_wait(call, -1, &err), err);
    assert_int_equal(claude_report_features(claude_call_report(call)), asked);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(hears_of_every_attempt),
        TEST(tells_what_was_asked_for),
    };

    return RUN_WITH_SERVER(tests);
}
