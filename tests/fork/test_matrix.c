/*
 * Fork: every situation of a parent, with each of its ways to the server, and all that a child may do. Nothing of it
 * disturbs the parent: its streams, timers and waiting threads go on, its connections stay open and are used again, and
 * the kernel's objects behind its descriptors are what they were.
 *
 * Each test is named "transport situation end: child".
 */
#include "scene.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { IDLE_MS = 150 }; /* after which a silent stream ends */

/* How the parent ends what was under way: it lets it go on, or cancels it. */
enum finish { GO, CANCEL };

struct situation {
    const char *name;
    void (*play)(struct scene *scene, enum finish finish);
    enum finish finish;
};

struct cell {
    enum transport transport;
    const struct situation *situation;
    const struct child *child;
};

/* ---- the fork ---- */

static void act(void *data)
{
    struct scene *scene = data;

    scene->child(scene);
}

/* What comes out is looked at later: this also runs inside of callbacks, from where no test may jump away. */
static void fork_now(struct scene *scene)
{
    const struct connection *list = NULL;

    scene->connections = witness_report(&list);
    scene->before = picture_of_descriptors();
    scene->status = status_of(fork_to(act, scene));
    scene->after = picture_of_descriptors();
}

static void check_fork(struct scene *scene)
{
    assert_int_equal(scene->status, 0);
    assert_string_equal(scene->after, scene->before);
}

/* The answer came over a connection that was there before the fork. */
static void check_connection(const struct scene *scene, const char *request_id)
{
    int connection = connection_of(request_id);

    if (connection < 1 || connection > scene->connections)
        fail_msg("answered over connection %d; there were %d before the fork", connection, scene->connections);
}

static void check_connections(const struct scene *scene, bool open)
{
    const struct connection *list = NULL;

    assert_true(witness_report(&list) >= scene->connections);
    for (int i = 0; i < scene->connections; i++) {
        bool ok = open == (strcmp(list[i].state, "open") == 0) && strcmp(list[i].state, "broken") != 0;
        if (!ok)
            fail_msg("connection %d of the parent is %s", i + 1, list[i].state);
    }
}

static void ask_again(struct scene *scene)
{
    claude_response_t *response = execute(scene->client, scene->plain);

    check_connection(scene, claude_response_request_id(response));
    claude_response_unref(response);
}

/* ---- blocking and pull calls ---- */

static void idle(struct scene *scene, enum finish finish)
{
    (void)finish;
    fork_now(scene);
    check_fork(scene);
    ask_again(scene);
    ask_again(scene);
}

static void finish_the_call(struct scene *scene, enum finish finish)
{
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;

    if (finish == CANCEL) {
        claude_call_cancel(scene->call);
        fails(pull_all(scene->call, PATIENCE_MS, NULL, &err), CLAUDE_E_CANCELED, &err);
        return;
    }
    witness_go(0);
    succeeds(pull_all(scene->call, PATIENCE_MS, &scene->traces[0], &err), err);
    assert_string_equal(scene->traces[0].text, STREAM_TRACE);
    succeeds(claude_call_result(scene->call, &response, &err), err);
    check_connection(scene, claude_response_request_id(response));
    claude_response_unref(response);
    ask_again(scene);
}

/* A call that nobody has waited for yet: it may have to open its connection after the fork. */
static void started(struct scene *scene, enum finish finish)
{
    scene->call = start_stream(scene->client, scene->middle);
    fork_now(scene);
    check_fork(scene);
    finish_the_call(scene, finish);
}

static void streaming(struct scene *scene, enum finish finish)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    scene->call = start_stream(scene->client, scene->middle);
    for (int i = 0; i < FIRST_PART; i++) {
        assert_int_equal(claude_call_next(scene->call, PATIENCE_MS, &event, &err), 1);
        trace_add(&scene->traces[0], event);
    }
    fork_now(scene);
    check_fork(scene);
    finish_the_call(scene, finish);
}

static int32_t fork_in_callback(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct scene *scene = user_data;

    trace_add(&scene->traces[0], event);
    if (scene->traces[0].events == FIRST_PART) {
        if (!scene->loop)
            scene->call = claude_call_ref(call);
        fork_now(scene);
        witness_go(0);
    }
    return 0;
}

static void in_callback(struct scene *scene, enum finish finish)
{
    claude_request_t *request = asking("[middle]");
    claude_response_t *response;
    claude_error_t *err = NULL;

    (void)finish;
    succeeds(claude_request_set_stream(request, 1, &err), err);
    succeeds(claude_request_on_event(request, fork_in_callback, scene, NULL, &err), err);
    response = execute(scene->client, request);
    claude_request_unref(request);
    check_fork(scene);
    assert_string_equal(scene->traces[0].text, STREAM_TRACE);
    check_connection(scene, claude_response_request_id(response));
    claude_response_unref(response);
    ask_again(scene);
}

/* ---- another thread ---- */

struct waiter {
    claude_call_t *call;
    claude_code_t code;
    atomic_int thread;
};

static void *wait_in_call(void *data)
{
    struct waiter *waiter = data;

    atomic_store(&waiter->thread, gettid());
    waiter->code = claude_call_wait(waiter->call, -1, NULL);
    return NULL;
}

static bool is_asleep(int thread)
{
    char *path = format("/proc/self/task/%d/stat", thread);
    FILE *file = fopen(path, "re");
    char state = '?';

    free(path);
    if (!file)
        return false; /* it has not begun */
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state == 'S';
}

static void other_thread_waits(struct scene *scene, enum finish finish)
{
    struct waiter waiter = {NULL, CLAUDE_OK, 0};
    claude_request_t *request = asking("[head]");
    claude_error_t *err = NULL;
    pthread_t thread;

    succeeds(claude_client_start(scene->client, request, 0, &scene->call, &err), err);
    waiter.call = scene->call;
    assert_int_equal(pthread_create(&thread, NULL, wait_in_call, &waiter), 0);
    while (witness_held() == 0 || !is_asleep(atomic_load(&waiter.thread)))
        poll(NULL, 0, 1);
    fork_now(scene);
    if (finish == CANCEL)
        claude_call_cancel(scene->call);
    else
        witness_go(0);
    pthread_join(thread, NULL);
    check_fork(scene);
    assert_int_equal(waiter.code, finish == CANCEL ? CLAUDE_E_CANCELED : CLAUDE_DONE);
    if (finish == GO)
        ask_again(scene);
    claude_request_unref(request);
}

/* ---- loops ---- */

/* Until a call has ended. */
static void loop_until_end(struct scene *scene, size_t tag)
{
    while (scene->ends[tag] == 0) {
        if (!loop_round(scene, PATIENCE_MS))
            fail_msg("the loop's descriptor does not become readable any more");
    }
}

static void submit(struct scene *scene, const claude_request_t *request, uint32_t flags, uint64_t tag)
{
    claude_error_t *err = NULL;

    succeeds(claude_loop_submit(scene->loop, request, flags, tag, &scene->loop_calls[tag], &err), err);
}

static void open_loop(struct scene *scene)
{
    claude_error_t *err = NULL;

    succeeds(claude_loop_new(scene->client, &scene->loop, &err), err);
}

/* The loop still works, over the connections that it had. */
static void ask_loop_again(struct scene *scene)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    submit(scene, scene->plain, 0, 3);
    loop_until_end(scene, 3);
    succeeds(claude_call_result(scene->loop_calls[3], &response, &err), err);
    check_connection(scene, claude_response_request_id(response));
    claude_response_unref(response);
}

/* Tag 0: a stream in the middle; 1: a call without an answer; 2: a stream in the middle, and paused. */
static void looping(struct scene *scene, enum finish finish)
{
    claude_request_t *head = asking("[head]");
    struct pollfd readable = {.events = POLLIN};
    int64_t limit = now_ms() + PATIENCE_MS;

    open_loop(scene);
    submit(scene, scene->middle, CLAUDE_STREAM, 0);
    submit(scene, head, 0, 1);
    submit(scene, scene->middle, CLAUDE_STREAM, 2);
    while (scene->traces[0].events < FIRST_PART || scene->traces[2].events < FIRST_PART || witness_held() < 3) {
        loop_round(scene, 5);
        assert_true(now_ms() < limit);
    }
    claude_call_pause(scene->loop_calls[2]);
    claude_loop_wakeup(scene->loop);
    fork_now(scene);
    check_fork(scene);
    /* Nobody has taken the wakeup from the parent. */
    readable.fd = claude_loop_fd(scene->loop);
    assert_int_equal(poll(&readable, 1, 0), 1);
    if (finish == CANCEL) {
        claude_call_cancel(scene->loop_calls[0]);
        loop_until_end(scene, 0);
        assert_int_equal(scene->ends[0], CLAUDE_E_CANCELED);
        assert_int_equal(scene->ends[1], 0);
    }
    witness_go(0);
    if (finish == GO) {
        loop_until_end(scene, 0);
        assert_int_equal(scene->ends[0], CLAUDE_DONE);
        assert_string_equal(scene->traces[0].text, STREAM_TRACE);
    }
    loop_until_end(scene, 1);
    assert_int_equal(scene->ends[1], CLAUDE_DONE);
    assert_int_equal(scene->traces[2].events, FIRST_PART);
    assert_int_equal(claude_call_is_paused(scene->loop_calls[2]), 1);
    claude_call_resume(scene->loop_calls[2]);
    loop_until_end(scene, 2);
    assert_int_equal(scene->ends[2], CLAUDE_DONE);
    assert_string_equal(scene->traces[2].text, STREAM_TRACE);
    ask_loop_again(scene);
    ask_again(scene);
    claude_request_unref(head);
}

static void in_loop_callback(struct scene *scene, enum finish finish)
{
    claude_request_t *request = asking("[middle]");
    claude_error_t *err = NULL;

    (void)finish;
    open_loop(scene);
    succeeds(claude_request_on_event(request, fork_in_callback, scene, NULL, &err), err);
    submit(scene, request, CLAUDE_STREAM, 0);
    claude_request_unref(request);
    loop_until_end(scene, 0);
    check_fork(scene);
    assert_int_equal(scene->ends[0], CLAUDE_DONE);
    assert_string_equal(scene->traces[0].text, STREAM_TRACE);
    ask_loop_again(scene);
    ask_again(scene);
}

/* Nothing but the loop's timer can end this call. */
static void timing(struct scene *scene, enum finish finish)
{
    claude_request_t *ever = asking("[ever]");
    claude_error_t *err = NULL;
    char *idle_ms = format("%d", IDLE_MS);
    int64_t begun;

    (void)finish;
    open_loop(scene);
    succeeds(claude_request_set_option(ever, "timeout.idle_ms", idle_ms, &err), err);
    submit(scene, ever, CLAUDE_STREAM, 0);
    while (scene->traces[0].events < FIRST_PART && scene->ends[0] == 0)
        assert_true(loop_round(scene, PATIENCE_MS));
    begun = now_ms();
    fork_now(scene);
    check_fork(scene);
    loop_until_end(scene, 0);
    assert_int_equal(scene->ends[0], CLAUDE_E_TIMEOUT);
    /* Not because somebody else set it. */
    assert_in_range(now_ms() - begun, IDLE_MS / 2, PATIENCE_MS / 2);
    claude_request_unref(ever);
    free(idle_ms);
}

static const struct situation situations[] = {
    {"idle", idle, GO},
    {"started", started, GO},
    {"streaming", streaming, GO},
    {"streaming, cancelled", streaming, CANCEL},
    {"in a callback", in_callback, GO},
    {"another thread waits", other_thread_waits, GO},
    {"another thread waits, cancelled", other_thread_waits, CANCEL},
    {"looping", looping, GO},
    {"looping, cancelled", looping, CANCEL},
    {"in a loop's callback", in_loop_callback, GO},
    {"a loop's timer", timing, GO},
};

/* ---- the matrix ---- */

static void close_scene(struct scene *scene)
{
    claude_call_unref(scene->call);
    for (size_t i = 0; i < LOOP_CALLS; i++) {
        claude_call_unref(scene->loop_calls[i]);
        trace_free(&scene->traces[i]);
    }
    claude_loop_unref(scene->loop);
    claude_request_unref(scene->plain);
    claude_request_unref(scene->middle);
    claude_client_unref(scene->client);
    free(scene->before);
    free(scene->after);
}

static void play(void **state)
{
    const struct cell *cell = *state;
    struct scene scene = {.transport = cell->transport,
                          .client = witness_client(cell->transport),
                          .plain = asking(""),
                          .middle = asking("[middle]"),
                          .child = cell->child->act};
    bool all_stay = cell->situation->finish == GO && cell->situation->play != timing;

    claude_response_unref(execute(scene.client, scene.plain));
    cell->situation->play(&scene, cell->situation->finish);
    if (all_stay)
        check_connections(&scene, true);
    close_scene(&scene);
    /* The witness does notice an end. */
    if (all_stay)
        check_connections(&scene, false);
}

/* All of it; where a program runs slowly (memcheck) a sample with each situation, child and transport. */
static size_t make_cells(struct cell *cells)
{
    bool slow = runs_slowly();
    size_t count = 0;

    for (size_t s = 0; s < COUNT_OF(situations); s++) {
        for (size_t c = 0; c < CHILDREN; c++) {
            for (size_t t = 0; t < TRANSPORTS; t++) {
                if (!slow || ((s + c) % 4 == 0 && t == c % TRANSPORTS))
                    cells[count++] = (struct cell){(enum transport)t, &situations[s], &children[c]};
            }
        }
    }
    return count;
}

int main(void)
{
    enum { MOST = COUNT_OF(situations) * CHILDREN * TRANSPORTS };
    static struct cell cells[MOST];
    static struct CMUnitTest tests[MOST];
    size_t count = make_cells(cells);
    int failed;

    for (size_t i = 0; i < count; i++) {
        char *name =
            format("%s %s: %s", transport_names[cells[i].transport], cells[i].situation->name, cells[i].child->name);
        tests[i] = (struct CMUnitTest){name, play, reset_witness, NULL, &cells[i]};
    }
    failed = _cmocka_run_group_tests("fork", tests, count, start_witness, stop_witness);
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)tests[i].name);
    return failed;
}
