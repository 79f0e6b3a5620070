/* Fork: what else a child may use, and threads of a child that come to its client together. */
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>

struct inheritance {
    claude_client_t *client;
    claude_request_t *request;
    claude_call_t *call;
    claude_response_t *response;
    claude_error_t *error;
    claude_event_t *kept;
    claude_config_t *config;
    claude_secret_t *secret;
};

/* ---- all that does not change ---- */

static void read_everything(void *data)
{
    struct inheritance *own = data;
    claude_client_t *client = NULL;

    EXPECT(strcmp(claude_response_text(own->response, NULL), "Echo: Hello") == 0);
    EXPECT(claude_response_usage(own->response, "input_tokens") > 0);
    EXPECT(claude_error_code(own->error) == CLAUDE_E_NOT_FOUND);
    EXPECT(strstr(claude_error_json(own->error, NULL), "not_found") != NULL);
    EXPECT(claude_event_type(own->kept) == CLAUDE_EVENT_MESSAGE_START);
    EXPECT(strcmp(claude_secret_expose(own->secret, NULL), KEY) == 0);
    EXPECT(claude_request_add_user_text(own->request, "more", CLAUDE_NTS, NULL) == CLAUDE_OK);
    EXPECT(claude_config_set(own->config, "beta", "x", NULL) == CLAUDE_OK);
    EXPECT(claude_client_new(own->config, &client, NULL) == CLAUDE_OK);
    claude_client_unref(client);
    claude_response_unref(own->response);
    claude_error_unref(own->error);
    claude_event_unref(own->kept);
    claude_secret_unref(own->secret);
    claude_config_unref(own->config);
    claude_request_unref(own->request);
}

static void lets_the_child_read_everything_else(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello(), .config = new_config()};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    own.response = execute(own.client, own.request);
    own.call = start_stream(own.client, own.request);
    assert_int_equal(claude_call_next(own.call, -1, &event, &err), 1);
    succeeds(claude_event_keep(event, &own.kept, &err), err);
    succeeds(claude_secret_new(KEY, CLAUDE_NTS, &own.secret, &err), err);
    script("{'status':404,'error':{'type':'not_found_error','message':'m'}}");
    own.error = execute_fails(own.client, own.request, CLAUDE_E_NOT_FOUND);
    assert_int_equal(status_of(fork_to(read_everything, &own)), 0);
    assert_int_equal(pull_all(own.call, -1, NULL, &err), CLAUDE_DONE);
    claude_secret_unref(own.secret);
    claude_error_unref(own.error);
    claude_event_unref(own.kept);
    claude_call_unref(own.call);
    claude_response_unref(own.response);
    claude_config_unref(own.config);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

/* ---- results ---- */

static void ask_for_results(void *data)
{
    struct inheritance *own = data;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    EXPECT(claude_call_result(own->call, &response, &err) == CLAUDE_E_FORKED);
    EXPECT(claude_error_code(err) == CLAUDE_E_FORKED && !response);
    claude_error_unref(err);
    claude_call_unref(own->call);
}

static void has_no_result_of_a_running_call(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};
    claude_error_t *err = NULL;

    (void)state;
    own.call = start_stream(own.client, own.request);
    assert_int_equal(status_of(fork_to(ask_for_results, &own)), 0);
    assert_int_equal(pull_all(own.call, -1, NULL, &err), CLAUDE_DONE);
    claude_call_unref(own.call);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

/* ---- retries, breaker, limiter, failover ---- */

/* Calls of the parent that wait: for a retry, for a turn, and in a loop. */
struct waiting {
    claude_client_t *client;
    claude_request_t *request;
    claude_limiter_t *limiter;
    claude_breaker_t *breaker;
    claude_call_t *calls[3];
    claude_loop_t *loop;
};

static claude_client_t *client_with_all(struct waiting *w)
{
    static const char *const options[][2] = {
        {"retry.enabled", "true"},           {"retry.initial_delay_ms", "3600000"},
        {"retry.max_delay_ms", "3600000"},   {"retry.jitter", "0"},
        {"timeout.total_ms", "0"},           {"limiter.burst", "2"},
        {"metrics.enabled", "true"},         {"limiter.requests_per_second", "0.001"},
        {"limiter.max_wait_ms", "86400000"}, {"breaker.failure_threshold", "3"}};
    claude_config_t *config = new_config();
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;

    for (size_t i = 0; i < COUNT_OF(options); i++)
        succeeds(claude_config_set(config, options[i][0], options[i][1], &err), err);
    succeeds(claude_limiter_new(config, &w->limiter, &err), err);
    succeeds(claude_breaker_new(config, &w->breaker, &err), err);
    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(server), 1, NULL, NULL, &err), err);
    succeeds(claude_config_set_limiter(config, w->limiter, &err), err);
    succeeds(claude_config_set_breaker(config, w->breaker, &err), err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    claude_failover_unref(failover);
    return client_of(config);
}

static void use_features(struct waiting *w)
{
    claude_response_t *response = NULL;

    EXPECT(claude_breaker_state(w->breaker) == CLAUDE_BREAKER_CLOSED);
    EXPECT(claude_limiter_queued(w->limiter) == 0);
    EXPECT(claude_client_execute_with_enterprise_features(w->client, w->request, &response, NULL) == CLAUDE_OK);
    EXPECT(claude_report_attempts(claude_response_report(response)) == 1);
    claude_response_unref(response);
}

static void let_go_of_what_waits(void *data)
{
    struct waiting *w = data;
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    uint64_t tag = 0;

    use_features(w);
    for (size_t i = 0; i < COUNT_OF(w->calls); i++) {
        EXPECT(claude_call_next(w->calls[i], -1, &event, NULL) == CLAUDE_E_FORKED);
        EXPECT(claude_call_wait(w->calls[i], -1, NULL) == CLAUDE_E_FORKED);
        EXPECT(claude_call_result(w->calls[i], &response, NULL) == CLAUDE_E_FORKED);
        claude_call_cancel(w->calls[i]);
        claude_call_unref(w->calls[i]);
    }
    EXPECT(claude_loop_dispatch(w->loop, NULL) == CLAUDE_E_FORKED);
    EXPECT(claude_loop_next(w->loop, &tag, &event, NULL) == CLAUDE_E_FORKED);
    claude_loop_unref(w->loop);
    EXPECT(claude_limiter_queued(w->limiter) == 0);
    claude_limiter_unref(w->limiter);
    claude_breaker_unref(w->breaker);
    claude_request_unref(w->request);
    claude_client_unref(w->client);
}

static void lets_the_child_begin_anew_while_calls_wait(void **state)
{
    struct waiting w = {.request = hello()};
    claude_error_t *err = NULL;
    uint32_t all = CLAUDE_WITH_ENTERPRISE_FEATURES;

    (void)state;
    w.client = client_with_all(&w);
    script("{'sequence':[{'status':529,'body':''},{'body_json':{'type':'message','content':[]}}]}");
    succeeds(claude_loop_new(w.client, &w.loop, &err), err);
    succeeds(claude_client_start(w.client, w.request, all, &w.calls[0], &err), err);
    while (claude_report_attempts(claude_call_report(w.calls[0])) == 0)
        assert_int_equal(claude_call_wait(w.calls[0], 5, &err), 0);
    claude_response_unref(execute(w.client, w.request));
    succeeds(claude_loop_submit(w.loop, w.request, all, 1, &w.calls[1], &err), err); /* takes the last turn */
    succeeds(claude_loop_submit(w.loop, w.request, all, 2, &w.calls[2], &err), err);
    assert_int_equal(claude_limiter_queued(w.limiter), 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(fork_to(let_go_of_what_waits, &w)), 0);
    /* The parent has noticed nothing. */
    assert_int_equal(claude_limiter_queued(w.limiter), 1);
    assert_int_equal(claude_call_wait(w.calls[0], 0, &err), 0);
    claude_call_cancel(w.calls[0]);
    fails(claude_call_wait(w.calls[0], -1, &err), CLAUDE_E_CANCELED, &err);
    while (claude_call_state(w.calls[1]) == CLAUDE_CALL_RUNNING) {
        const claude_event_t *event = NULL;
        uint64_t tag = 0;
        succeeds(claude_loop_wait(w.loop, PATIENCE_MS, &err), err);
        while (claude_loop_next(w.loop, &tag, &event, &err) > 0)
            ;
    }
    assert_int_equal(claude_call_state(w.calls[1]), CLAUDE_CALL_DONE);
    assert_int_equal(claude_call_state(w.calls[2]), CLAUDE_CALL_RUNNING);
    for (size_t i = 0; i < COUNT_OF(w.calls); i++)
        claude_call_unref(w.calls[i]);
    claude_loop_unref(w.loop);
    assert_int_equal(claude_limiter_queued(w.limiter), 0);
    claude_limiter_unref(w.limiter);
    claude_breaker_unref(w.breaker);
    claude_request_unref(w.request);
    claude_client_unref(w.client);
}

/* ---- threads of the child ---- */

enum { THREADS = 4 };

struct starter {
    struct inheritance *own;
    atomic_bool *gate;
    bool trims;
    bool ok;
};

static void *begin_at_the_gate(void *data)
{
    struct starter *starter = data;
    claude_response_t *response = NULL;

    while (!atomic_load(starter->gate))
        ;
    if (starter->trims)
        starter->ok = claude_client_trim(starter->own->client, NULL) == CLAUDE_OK;
    else
        starter->ok = claude_client_execute(starter->own->client, starter->own->request, &response, NULL) == CLAUDE_OK;
    claude_response_unref(response);
    return NULL;
}

static void begin_together(void *data)
{
    struct starter starters[THREADS];
    pthread_t threads[THREADS];
    atomic_bool gate = false;

    for (int i = 0; i < THREADS; i++) {
        starters[i] = (struct starter){.own = data, .gate = &gate, .trims = i % 2 == 1};
        EXPECT(pthread_create(&threads[i], NULL, begin_at_the_gate, &starters[i]) == 0);
    }
    atomic_store(&gate, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        EXPECT(starters[i].ok);
    }
}

/* One of them makes the client ready. The thread sanitizer looks on. */
static void lets_threads_of_the_child_begin_together(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};

    (void)state;
    claude_response_unref(execute(own.client, own.request));
    for (int i = 0; i < 10; i++)
        assert_int_equal(status_of(fork_to(begin_together, &own)), 0);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(lets_the_child_read_everything_else),
        TEST(has_no_result_of_a_running_call),
        TEST(lets_the_child_begin_anew_while_calls_wait),
        TEST(lets_threads_of_the_child_begin_together),
    };

    return RUN_WITH_SERVER(tests);
}
