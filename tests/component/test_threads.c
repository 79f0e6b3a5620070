/* Threads: one client for all of them, calls of every kind at once, and immutable objects read by many. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 16, ROUNDS = 24 };

/* No cmocka outside of the main thread: what is wrong is counted. */
struct worker {
    claude_client_t *client;
    claude_request_t *request; /* shared by all */
    pthread_barrier_t *together;
    size_t number;
    int wrong;
    int sent; /* calls that the server must have seen */
    void *subject;
};

static void run_all(void *(*work)(void *worker), struct worker *common)
{
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t together;
    int wrong = 0;

    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = *common;
        workers[i].number = i;
        workers[i].together = &together;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    common->sent = 0;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        wrong += workers[i].wrong;
        common->sent += workers[i].sent;
    }
    pthread_barrier_destroy(&together);
    assert_int_equal(wrong, 0);
}

/* ---- calls of every kind ---- */

static void do_execute(struct worker *w)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    w->wrong += claude_client_execute(w->client, w->request, &response, &err) != CLAUDE_OK || err != NULL;
    w->wrong += strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0;
    w->sent++;
    claude_response_unref(response);
    claude_error_unref(err);
}

static void do_pull(struct worker *w)
{
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_call_t *call = NULL;
    claude_code_t rc;
    size_t text = 0;

    w->wrong += claude_client_stream(w->client, w->request, &call, NULL) != CLAUDE_OK;
    while ((rc = claude_call_next(call, w->number % 2 ? -1 : 1, &event, NULL)) == 1 || rc == 0) {
        size_t len = 0;
        if (rc == 1 && claude_event_text(event, &len))
            text += len;
    }
    w->wrong += rc != CLAUDE_DONE || text != strlen("Echo: Hello");
    w->wrong += claude_call_result(call, &response, NULL) != CLAUDE_OK;
    w->wrong += strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0;
    w->sent++;
    claude_response_unref(response);
    claude_call_unref(call);
}

static int32_t count_text(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    if (claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA)
        ++*(int *)user_data;
    return 0;
}

static void do_callback(struct worker *w)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    int deltas = 0;

    w->wrong += claude_request_new("messages", &request, NULL) != CLAUDE_OK;
    w->wrong += claude_request_set_json(request, claude_request_json(w->request, NULL), CLAUDE_NTS, NULL) != CLAUDE_OK;
    w->wrong += claude_request_set_stream(request, 1, NULL) != CLAUDE_OK;
    w->wrong += claude_request_on_event(request, count_text, &deltas, NULL, NULL) != CLAUDE_OK;
    w->wrong += claude_client_execute(w->client, request, &response, NULL) != CLAUDE_OK || deltas == 0;
    w->sent++;
    claude_response_unref(response);
    claude_request_unref(request);
}

static void *cancel_it(void *call)
{
    claude_call_cancel(call);
    claude_call_unref(call);
    return NULL;
}

/* Cancelled by another thread at any moment: either cancelled or done, never anything else. */
static void do_cancel(struct worker *w)
{
    claude_call_t *call = NULL;
    pthread_t thread;
    claude_code_t rc;
    int32_t state;

    w->wrong += claude_client_stream(w->client, w->request, &call, NULL) != CLAUDE_OK;
    w->wrong += pthread_create(&thread, NULL, cancel_it, claude_call_ref(call)) != 0;
    rc = claude_call_wait(call, -1, NULL);
    state = claude_call_state(call);
    w->wrong += rc != CLAUDE_DONE && rc != CLAUDE_E_CANCELED;
    w->wrong += state != (rc == CLAUDE_DONE ? CLAUDE_CALL_DONE : CLAUDE_CALL_CANCELED);
    w->sent += claude_call_attempts(call);
    claude_call_unref(call);
    pthread_join(thread, NULL);
}

static void do_fail(struct worker *w)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    w->wrong += claude_request_new("messages", &request, NULL) != CLAUDE_OK;
    w->wrong += claude_request_set_json(request, claude_request_json(w->request, NULL), CLAUDE_NTS, NULL) != CLAUDE_OK;
    w->wrong += claude_request_set_header(request, "x-sandbox-scenario", "overloaded", NULL) != CLAUDE_OK;
    w->wrong += claude_client_execute(w->client, request, &response, &err) != CLAUDE_E_OVERLOADED;
    w->wrong += claude_error_http_status(err) != 529 || !claude_error_response(err);
    w->sent++;
    claude_error_unref(err);
    claude_request_unref(request);
}

static void do_trim(struct worker *w)
{
    w->wrong += claude_client_trim(w->client, NULL) != CLAUDE_OK;
    claude_client_unref(claude_client_ref(w->client));
}

static void *mix(void *user_data)
{
    static void (*const deeds[])(struct worker * w) = {do_execute, do_pull, do_callback, do_cancel, do_fail, do_trim};
    struct worker *w = user_data;

    pthread_barrier_wait(w->together);
    for (size_t i = 0; i < ROUNDS; i++)
        deeds[(w->number + i) % COUNT_OF(deeds)](w);
    return NULL;
}

static void shares_a_client(void **state)
{
    struct worker common = {.client = new_client(), .request = hello()};
    struct json_object *list;
    uint64_t complete = 0;

    (void)state;
    run_all(mix, &common);
    /* A call that was cancelled in the middle of its request is known to the server only if its head arrived. */
    list = received();
    for (size_t i = 0; i < json_object_array_length(list); i++)
        complete +=
            json_object_get_boolean(json_object_object_get(json_object_array_get_idx(list, i), "complete")) != 0;
    assert_true(complete <= (uint64_t)common.sent);
    assert_true(complete + THREADS * ROUNDS / 6 >= (uint64_t)common.sent);
    claude_request_unref(common.request);
    claude_client_unref(common.client);
}

/* ---- objects that are only read ---- */

static void *read_response(void *user_data)
{
    struct worker *w = user_data;
    claude_response_t *response = w->subject;
    size_t len = 0;

    pthread_barrier_wait(w->together);
    claude_response_ref(response);
    w->wrong += strcmp(claude_response_text(response, &len), "Echo: Hello") != 0;
    w->wrong += len != strlen("Echo: Hello");
    w->wrong += strcmp(claude_response_stop_reason(response), "end_turn") != 0;
    w->wrong += strcmp(claude_response_string(response, "/content/0/type", NULL), "text") != 0;
    w->wrong += claude_response_usage(response, "input_tokens") <= 0;
    w->wrong += claude_response_count(response, "/content") != 1;
    w->wrong += claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_LIMIT) != 4000;
    w->wrong += !claude_response_model(response) || !claude_response_id(response);
    w->wrong += !claude_response_request_id(response) || claude_response_json(response, NULL)[0] != '{';
    claude_response_unref(response);
    return NULL;
}

static void shares_a_response(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct worker common = {.subject = execute(client, request)};
        run_all(read_response, &common);
        claude_response_unref(common.subject);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void *read_error(void *user_data)
{
    struct worker *w = user_data;
    claude_error_t *err = w->subject;

    pthread_barrier_wait(w->together);
    claude_error_ref(err);
    w->wrong += claude_error_code(err) != CLAUDE_E_OVERLOADED;
    w->wrong += strstr(claude_error_json(err, NULL), "overloaded_error") == NULL;
    w->wrong += claude_response_type(claude_error_response(err), "/error") != CLAUDE_JSON_OBJECT;
    w->wrong += claude_error_equal(err, err) != 1;
    claude_error_unref(err);
    return NULL;
}

static void shares_an_error(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    assert_int_equal(sandbox_use(server, "overloaded"), 0);
    for (int i = 0; i < 4; i++) {
        struct worker common = {.subject = execute_fails(client, request, CLAUDE_E_OVERLOADED)};
        run_all(read_error, &common);
        claude_error_unref(common.subject);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void *read_event(void *user_data)
{
    struct worker *w = user_data;
    claude_event_t *event = w->subject;
    claude_event_t *again = NULL;

    pthread_barrier_wait(w->together);
    claude_event_ref(event);
    w->wrong += claude_event_keep(event, &again, NULL) != CLAUDE_OK;
    w->wrong += claude_event_type(again) != CLAUDE_EVENT_MESSAGE_START;
    w->wrong += claude_event_json(event, NULL)[0] != '{';
    claude_event_unref(again);
    claude_event_unref(event);
    return NULL;
}

static void shares_a_kept_event(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_call_t *call = start_stream(client, request);
    const claude_event_t *event = NULL;
    claude_event_t *kept = NULL;
    claude_error_t *err = NULL;
    struct worker common = {.subject = NULL};

    (void)state;
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    succeeds(claude_event_keep(event, &kept, &err), err);
    claude_call_unref(call);
    common.subject = kept;
    run_all(read_event, &common);
    claude_event_unref(kept);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- one configuration, one secret ---- */

static void *use_secret(void *user_data)
{
    struct worker *w = user_data;

    pthread_barrier_wait(w->together);
    claude_secret_ref(w->subject);
    w->wrong += strcmp(claude_secret_expose(w->subject, NULL), KEY) != 0;
    w->wrong += strlen(claude_secret_fingerprint(w->subject)) != 16;
    (void)claude_secret_exposures();
    claude_secret_unref(w->subject);
    do_execute(w);
    return NULL;
}

static void shares_a_secret(void **state)
{
    claude_config_t *config = new_config();
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;
    uint64_t uses = claude_secret_exposures();
    struct worker common = {.request = hello()};

    (void)state;
    succeeds(claude_secret_new(KEY, CLAUDE_NTS, &secret, &err), err);
    succeeds(claude_config_set_secret(config, secret, &err), err);
    common.client = client_of(config);
    common.subject = secret;
    run_all(use_secret, &common);
    assert_int_equal(claude_secret_exposures(), uses + 2 * (uint64_t)THREADS);
    claude_secret_unref(secret);
    claude_request_unref(common.request);
    claude_client_unref(common.client);
}

/* Each thread its own client, all made from the same things at the same time. */
static void *make_client(void *user_data)
{
    struct worker *w = user_data;
    claude_config_t *config = NULL;
    struct worker own = *w;

    pthread_barrier_wait(w->together);
    for (int i = 0; i < 4; i++) {
        w->wrong += claude_config_new(&config, NULL) != CLAUDE_OK;
        w->wrong += claude_config_set(config, "base_url", sandbox_url(server), NULL) != CLAUDE_OK;
        w->wrong += claude_config_set(config, "api_key", KEY, NULL) != CLAUDE_OK;
        w->wrong += claude_client_new(config, &own.client, NULL) != CLAUDE_OK;
        claude_config_unref(config);
        do_execute(&own);
        do_pull(&own);
        claude_client_unref(own.client);
        (void)claude_build_info();
    }
    w->wrong += own.wrong;
    return NULL;
}

static void makes_many_clients(void **state)
{
    struct worker common = {.request = hello()};

    (void)state;
    run_all(make_client, &common);
    assert_int_equal(requests_seen(), THREADS * 4 * 2);
    claude_request_unref(common.request);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(shares_a_client),     TEST(shares_a_response), TEST(shares_an_error),
        TEST(shares_a_kept_event), TEST(shares_a_secret),   TEST(makes_many_clients),
    };

    return RUN_WITH_SERVER(tests);
}
