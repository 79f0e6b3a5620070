/*
 * Forks while other threads work, so that any of the library's locks may be held at that moment by a thread that the
 * child does not have. The child works all the same, and the parent's threads notice nothing.
 */
#include "scene.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    FORKS = 12,
    SEEN_MAX = 4, /* it goes on with the connections it has, and does not begin anew with each fork */
};

struct worker {
    struct scene *scene;
    void (*work)(struct worker *worker);
    atomic_bool *stop;
    atomic_int rounds;
    int failures;
    claude_loop_t *loop;
    int seen[SEEN_MAX]; /* connections that answers came over */
    int seen_count;
};

static void saw(struct worker *worker, const char *request_id)
{
    int connection = connection_of(request_id);

    for (int i = 0; i < worker->seen_count && i < SEEN_MAX; i++) {
        if (worker->seen[i] == connection)
            return;
    }
    if (worker->seen_count < SEEN_MAX)
        worker->seen[worker->seen_count] = connection;
    worker->seen_count++;
}

static void works_blocking(struct worker *worker)
{
    claude_response_t *response = NULL;

    worker->failures += claude_client_execute(worker->scene->client, worker->scene->plain, &response, NULL) < 0;
    saw(worker, claude_response_request_id(response));
    claude_response_unref(response);
}

static void works_pulling(struct worker *worker)
{
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    struct trace trace = {NULL, 0, 0, 0};

    worker->failures += claude_client_stream(worker->scene->client, worker->scene->plain, &call, NULL) < 0;
    worker->failures += pull_all(call, PATIENCE_MS, &trace, NULL) != CLAUDE_DONE;
    worker->failures += !trace.text || strcmp(trace.text, STREAM_TRACE) != 0;
    worker->failures += claude_call_result(call, &response, NULL) < 0;
    saw(worker, claude_response_request_id(response));
    claude_response_unref(response);
    claude_call_unref(call);
    trace_free(&trace);
}

/* Its connection may be closed: a call that is cancelled in the middle leaves no other way over HTTP/1.1. */
static void works_and_cancels(struct worker *worker)
{
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;

    worker->failures += claude_client_stream(worker->scene->client, worker->scene->middle, &call, NULL) < 0;
    worker->failures += claude_call_next(call, PATIENCE_MS, &event, NULL) != 1;
    claude_call_cancel(call);
    worker->failures += pull_all(call, PATIENCE_MS, NULL, NULL) != CLAUDE_E_CANCELED;
    claude_call_unref(call);
}

static void works_on_a_loop(struct worker *worker)
{
    struct scene own = {.client = worker->scene->client};
    claude_response_t *response = NULL;

    if (!worker->loop)
        worker->failures += claude_loop_new(own.client, &worker->loop, NULL) < 0;
    own.loop = worker->loop;
    for (int i = 0; i < 2; i++) {
        worker->failures += claude_loop_submit(own.loop, worker->scene->plain, i == 0 ? CLAUDE_STREAM : 0, (uint64_t)i,
                                               &own.loop_calls[i], NULL) < 0;
    }
    while (claude_loop_count(own.loop) > 0 && loop_round(&own, PATIENCE_MS))
        ;
    worker->failures += !own.traces[0].text || strcmp(own.traces[0].text, STREAM_TRACE) != 0;
    worker->failures += claude_call_result(own.loop_calls[1], &response, NULL) < 0;
    saw(worker, claude_response_request_id(response));
    claude_response_unref(response);
    for (int i = 0; i < 2; i++)
        claude_call_unref(own.loop_calls[i]);
    trace_free(&own.traces[0]);
}

static void *keep_working(void *data)
{
    struct worker *worker = data;

    do {
        worker->work(worker);
        atomic_fetch_add(&worker->rounds, 1);
    } while (!atomic_load(worker->stop));
    return NULL;
}

static void child_works(void *data)
{
    child_uses_the_client(data);
}

/* Threads may fork, too. */
static void *keep_forking(void *data)
{
    struct worker *worker = data;

    for (int i = 0; i < (runs_slowly() ? 1 : FORKS) && worker->failures == 0; i++)
        worker->failures += status_of(fork_to(child_works, worker->scene)) != 0;
    return NULL;
}

static void check_open(const struct worker *worker)
{
    const struct connection *list = NULL;
    int count = witness_report(&list);

    if (worker->seen_count > SEEN_MAX)
        fail_msg("%d new connections in %d rounds", worker->seen_count, atomic_load(&worker->rounds));
    for (int i = 0; i < worker->seen_count; i++) {
        int number = worker->seen[i];
        assert_in_range(number, 1, count);
        if (strcmp(list[number - 1].state, "open") != 0)
            fail_msg("connection %d of the parent is %s", number, list[number - 1].state);
    }
}

static void fork_while(enum transport transport, void (*const *works)(struct worker *worker), size_t count)
{
    struct scene scene = {
        .transport = transport, .client = witness_client(transport), .plain = asking(""), .middle = asking("[middle]")};
    struct worker *workers = calloc(count + 1, sizeof *workers);
    pthread_t threads[8];
    atomic_bool stop = false;

    assert_non_null(workers);
    for (size_t i = 0; i < count; i++) {
        workers[i].scene = &scene;
        workers[i].work = works[i];
        workers[i].stop = &stop;
        assert_int_equal(pthread_create(&threads[i], NULL, keep_working, &workers[i]), 0);
        while (atomic_load(&workers[i].rounds) == 0)
            poll(NULL, 0, 1);
    }
    workers[count].scene = &scene;
    assert_int_equal(pthread_create(&threads[count], NULL, keep_forking, &workers[count]), 0);
    pthread_join(threads[count], NULL);
    keep_forking(&workers[count]);
    atomic_store(&stop, true);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i <= count; i++)
        assert_int_equal(workers[i].failures, 0);
    for (size_t i = 0; i < count; i++) {
        check_open(&workers[i]);
        claude_loop_unref(workers[i].loop);
    }
    free(workers);
    claude_request_unref(scene.plain);
    claude_request_unref(scene.middle);
    claude_client_unref(scene.client);
}

static void while_others_wait_for_answers(void **state)
{
    static void (*const works[])(struct worker *) = {works_blocking, works_blocking, works_pulling};

    leave_out_busy_threads_where_impossible();
    fork_while(*(const enum transport *)*state, works, COUNT_OF(works));
}

static void while_others_cancel(void **state)
{
    static void (*const works[])(struct worker *) = {works_and_cancels, works_and_cancels};

    leave_out_busy_threads_where_impossible();
    fork_while(*(const enum transport *)*state, works, COUNT_OF(works));
}

static void while_others_drive_loops(void **state)
{
    static void (*const works[])(struct worker *) = {works_on_a_loop, works_on_a_loop, works_blocking};

    leave_out_busy_threads_where_impossible();
    fork_while(*(const enum transport *)*state, works, COUNT_OF(works));
}

int main(void)
{
    static enum transport transports[TRANSPORTS] = {PLAIN, TLS_HTTP1, TLS_HTTP2};
    static const struct CMUnitTest kinds[] = {
        cmocka_unit_test_setup(while_others_wait_for_answers, reset_witness),
        cmocka_unit_test_setup(while_others_cancel, reset_witness),
        cmocka_unit_test_setup(while_others_drive_loops, reset_witness),
    };
    struct CMUnitTest tests[COUNT_OF(kinds) * TRANSPORTS];

    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        tests[i] = kinds[i / TRANSPORTS];
        tests[i].initial_state = &transports[i % TRANSPORTS];
    }
    return cmocka_run_group_tests_name("forks while others work", tests, start_witness, stop_witness);
}
