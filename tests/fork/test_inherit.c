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
        TEST(lets_threads_of_the_child_begin_together),
    };

    return RUN_WITH_SERVER(tests);
}
