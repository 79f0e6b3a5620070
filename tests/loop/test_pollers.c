/*
 * The contract of claude_loop_fd() under a level-triggered and an edge-triggered poller: whoever polls it for reading,
 * calls claude_loop_dispatch() when it is readable and takes as few events as it likes is woken until all has been
 * said. Here each wait is for the descriptor alone, without a timeout that could hide a wake-up that did not come:
 * WOKEN_WITHIN only turns a hang into a failure.
 */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WOKEN_WITHIN_MS = 20000, QUIET_MS = 200, ALL = 0 };

/* How the descriptor is watched. NESTED: a duplicate of it, by edges, by an epoll instance that another one watches. */
enum trigger { LEVEL, EDGE, POLL, NESTED, TRIGGERS };

struct watched {
    claude_client_t *client;
    claude_loop_t *loop;
    enum trigger trigger;
    int epoll;
    int within; /* of NESTED: the epoll instance inside */
    int duplicate;
    uint64_t take; /* events per wake-up */
    uint64_t wakeups;
    uint64_t events;
    uint64_t ends;
    struct trace trace[8]; /* by tag */
};

/* An epoll instance that watches a descriptor. */
static int watching(int fd, uint32_t events)
{
    struct epoll_event event = {.events = events};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_true(epoll >= 0);
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    return epoll;
}

static struct watched watch(claude_client_t *client, enum trigger trigger, uint64_t take)
{
    struct watched w = {.client = client, .trigger = trigger, .epoll = -1, .within = -1, .duplicate = -1, .take = take};
    claude_error_t *err = NULL;
    succeeds(claude_loop_new(client, &w.loop, &err), err);
    int fd = claude_loop_fd(w.loop);
    if (trigger == LEVEL)
        w.epoll = watching(fd, EPOLLIN);
    if (trigger == EDGE)
        w.epoll = watching(fd, EPOLLIN | EPOLLET);
    if (trigger == NESTED) {
        w.duplicate = dup(fd);
        w.within = watching(w.duplicate, EPOLLIN | EPOLLET);
        w.epoll = watching(w.within, EPOLLIN | EPOLLET);
    }
    return w;
}

static void unwatch(struct watched *w)
{
    const int fds[] = {w->epoll, w->within, w->duplicate};
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    claude_loop_unref(w->loop);
    claude_client_unref(w->client);
    for (size_t i = 0; i < COUNT_OF(w->trace); i++)
        trace_free(&w->trace[i]);
}

/* Waits for the descriptor; whether it became readable in time. */
static bool woken(struct watched *w, int timeout_ms)
{
    struct pollfd fd = {.fd = claude_loop_fd(w->loop), .events = POLLIN};
    struct epoll_event event;
    int ready = w->trigger == POLL ? poll(&fd, 1, timeout_ms) : epoll_wait(w->epoll, &event, 1, timeout_ms);
    assert_true(ready >= 0);
    if (ready == 1 && w->trigger == NESTED)
        epoll_wait(w->within, &event, 1, 0);
    w->wakeups += (uint64_t)ready;
    return ready == 1;
}

static void take_events(struct watched *w)
{
    claude_error_t *err = NULL;
    for (uint64_t taken = 0; w->take == ALL || taken < w->take; taken++) {
        const claude_event_t *event = NULL;
        uint64_t tag = UINT64_MAX;
        claude_code_t code = claude_loop_next(w->loop, &tag, &event, &err);
        succeeds(code, err);
        if (code == 0)
            return;
        assert_true(tag < COUNT_OF(w->trace));
        if (code == CLAUDE_DONE) {
            assert_null(event);
            w->ends++;
        } else {
            assert_int_equal(code, 1);
            trace_add(&w->trace[tag], event);
            w->events++;
        }
    }
}

/* What a program does each time it is woken. */
static void turn(struct watched *w)
{
    claude_error_t *err = NULL;
    succeeds(claude_loop_dispatch(w->loop, &err), err);
    take_events(w);
}

static void run_to_end(struct watched *w)
{
    while (claude_loop_count(w->loop) > 0) {
        if (!woken(w, WOKEN_WITHIN_MS))
            fail_msg("%s-triggered, %d at a time: not woken after %d events, %d calls open",
                     w->trigger == EDGE || w->trigger == NESTED ? "edge" : "level", (int)w->take, (int)w->events,
                     (int)claude_loop_count(w->loop));
        turn(w);
    }
}

static void run_until_events(struct watched *w, uint64_t events)
{
    while (w->events < events) {
        assert_true(woken(w, WOKEN_WITHIN_MS));
        turn(w);
    }
}

/* Nothing happens on the network, so a program that sleeps is left alone. Returns how often it was not. */
static uint64_t wakeups_while_quiet(struct watched *w)
{
    uint64_t before = w->wakeups;
    int64_t end = now_ms() + QUIET_MS;
    for (int64_t left = QUIET_MS; left > 0; left = end - now_ms()) {
        if (woken(w, (int)left))
            turn(w);
    }
    return w->wakeups - before;
}

static claude_call_t *submit(struct watched *w, claude_request_t *request, uint64_t tag)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    succeeds(claude_loop_submit(w->loop, request, CLAUDE_STREAM, tag, &call, &err), err);
    claude_request_unref(request);
    return call;
}

/* The call has ended, well. */
static void finish(claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    succeeds(claude_call_result(call, &response, &err), err);
    claude_response_unref(response);
    claude_call_unref(call);
}

static void finish_failed(claude_call_t *call, claude_code_t code)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    fails(claude_call_result(call, &response, &err), code, &err);
    assert_null(response);
    claude_call_unref(call);
}

/* The trace of a scenario, pulled without an event loop. */
static struct trace pulled(const char *scenario)
{
    struct trace trace = {0};
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_request_set_header(request, "x-sandbox-scenario", scenario, NULL);
    claude_call_t *call = start_stream(client, request);
    assert_int_equal(pull_all(call, -1, &trace, &err), CLAUDE_DONE);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
    return trace;
}

static claude_request_t *of_scenario(const char *scenario)
{
    claude_request_t *request = hello();
    claude_request_set_header(request, "x-sandbox-scenario", scenario, NULL);
    return request;
}

/* Some events and then silence, on an open connection. */
static const char SILENT[] = "stall";
enum { SILENT_EVENTS = 5 };

static void partial_drain(void **state)
{
    static const uint64_t takes[] = {1, 2, 3, 7, ALL};
    static const char *const scenarios[] = {"text-tool-thinking", "text", "interleaved"};
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        for (size_t i = 0; i < COUNT_OF(takes); i++) {
            struct watched w = watch(new_client(), (enum trigger)trigger, takes[i]);
            claude_call_t *calls[COUNT_OF(scenarios)];
            for (size_t k = 0; k < COUNT_OF(scenarios); k++)
                calls[k] = submit(&w, of_scenario(scenarios[k]), k);
            run_to_end(&w);
            assert_int_equal(w.ends, COUNT_OF(scenarios));
            for (size_t k = 0; k < COUNT_OF(scenarios); k++) {
                struct trace expected = pulled(scenarios[k]);
                assert_string_equal(w.trace[k].text, expected.text);
                trace_free(&expected);
                finish(calls[k]);
            }
            unwatch(&w);
        }
    }
}

/* A burst, of which both the library and the program take a little at a time. */
static void burst(void **state)
{
    (void)state;
    script_as("burst", "{'generate': {'events': 3000, 'event_bytes': 126, 'per_write': 'bulk'}}");
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(client_with("loop.max_events", "16", NULL), (enum trigger)trigger, 5);
        claude_call_t *calls[] = {submit(&w, of_scenario("burst"), 0), submit(&w, of_scenario("burst"), 1)};
        run_to_end(&w);
        assert_int_equal(w.trace[0].events, w.trace[1].events);
        assert_true(w.trace[0].events >= 3000);
        finish(calls[0]);
        finish(calls[1]);
        unwatch(&w);
    }
}

/* Many sockets are ready at once, and the library looks at one of them each time. */
static void a_socket_at_a_time(void **state)
{
    enum { CALLS = 8 };
    (void)state;
    script_as("late", "{'delay_ms': 200, 'generate': {'events': 20, 'event_bytes': 126, 'per_write': 'bulk'}}");
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(client_with("loop.max_events", "1", NULL), (enum trigger)trigger, ALL);
        claude_call_t *calls[CALLS];
        int64_t replies = statistic(server, "replies") + CALLS;
        uint64_t requests = requests_seen() + CALLS;
        for (uint64_t tag = 0; tag < CALLS; tag++)
            calls[tag] = submit(&w, of_scenario("late"), tag);
        while (requests_seen() < requests) {
            if (woken(&w, 1))
                turn(&w);
        }
        /* From here on everything is there, and no news from the network wakes anybody. */
        while (statistic(server, "replies") < replies)
            poll(NULL, 0, 1);
        run_to_end(&w);
        for (size_t i = 0; i < CALLS; i++) {
            assert_string_equal(w.trace[i].text, w.trace[0].text);
            finish(calls[i]);
        }
        unwatch(&w);
    }
}

/* The next call is submitted where the end of one is heard of, and what was left to take is still told. */
static void submit_while_taking(void **state)
{
    enum { CALLS = 6 };
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, 1);
        claude_call_t *calls[CALLS] = {submit(&w, of_scenario("text"), 0), submit(&w, of_scenario("text"), 1)};
        for (uint64_t submitted = 2; w.ends < CALLS;) {
            uint64_t ends = w.ends;
            assert_true(woken(&w, WOKEN_WITHIN_MS));
            turn(&w);
            if (w.ends > ends && submitted < CALLS) {
                calls[submitted] = submit(&w, of_scenario("text"), submitted);
                submitted++;
            }
        }
        assert_int_equal(claude_loop_count(w.loop), 0);
        for (size_t i = 0; i < CALLS; i++) {
            assert_string_equal(w.trace[i].text, w.trace[0].text);
            finish(calls[i]);
        }
        unwatch(&w);
    }
}

/* Woken, a program may find no time for events at all: then, too, it is woken again. */
static void dispatch_without_next(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, ALL);
        claude_error_t *err = NULL;
        claude_call_t *call = submit(&w, of_scenario("text"), 0);
        for (claude_code_t code = 0; code == 0;) {
            assert_true(woken(&w, WOKEN_WITHIN_MS));
            succeeds(code = claude_loop_dispatch(w.loop, &err), err);
        }
        for (int i = 0; i < 3; i++) {
            assert_true(woken(&w, WOKEN_WITHIN_MS));
            assert_int_equal(claude_loop_dispatch(w.loop, &err), 1);
        }
        run_to_end(&w);
        finish(call);
        unwatch(&w);
    }
}

/* The descriptor speaks up when a call is submitted to a loop that had nothing left to say. */
static void one_after_another(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, ALL);
        for (uint64_t tag = 0; tag < 4; tag++) {
            if (tag == 1)
                assert_in_range(wakeups_while_quiet(&w), 0, 4);
            claude_call_t *call = submit(&w, of_scenario("text"), tag);
            run_to_end(&w);
            assert_int_equal(w.ends, tag + 1);
            finish(call);
        }
        assert_int_equal(connections_seen(), 1 + (uint64_t)trigger);
        unwatch(&w);
    }
}

/* Callbacks run inside of dispatch, `loop.max_events` at a time; the end comes from next. */
static void callbacks(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(client_with("loop.max_events", "1", NULL), (enum trigger)trigger, 1);
        struct trace seen = {0}, expected = pulled("text-tool-thinking");
        claude_request_t *request = of_scenario("text-tool-thinking");
        claude_request_on_event(request, trace_callback, &seen, NULL, NULL);
        claude_call_t *call = submit(&w, request, 3);
        run_to_end(&w);
        assert_int_equal(w.events, 0);
        assert_int_equal(w.ends, 1);
        assert_string_equal(seen.text, expected.text);
        assert_true(w.wakeups >= seen.events);
        trace_free(&seen);
        trace_free(&expected);
        finish(call);
        unwatch(&w);
    }
}

/* A deadline is heard of although nothing arrives any more. */
static void deadlines(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, 1);
        claude_request_t *request = of_scenario(SILENT);
        claude_request_set_option(request, "timeout.idle_ms", "150", NULL);
        claude_call_t *call = submit(&w, request, 0);
        run_to_end(&w);
        assert_int_equal(w.events, SILENT_EVENTS);
        finish_failed(call, CLAUDE_E_TIMEOUT);
        unwatch(&w);
    }
}

/* Streams that say nothing wake nobody. */
static void quiet(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, ALL);
        claude_call_t *calls[] = {submit(&w, of_scenario(SILENT), 0), submit(&w, of_scenario(SILENT), 1)};
        run_until_events(&w, 2 * (uint64_t)SILENT_EVENTS);
        assert_in_range(wakeups_while_quiet(&w), 0, 4);
        assert_int_equal(claude_loop_count(w.loop), 2);
        claude_call_unref(calls[0]);
        claude_call_unref(calls[1]);
        unwatch(&w);
    }
}

/* Events that come one by one cost about one wake-up each. */
static void wakeups_are_few(void **state)
{
    enum { EVENTS = 100 };
    (void)state;
    script_as("drops", "{'generate': {'events': 100, 'event_bytes': 126, 'per_write': 'each', 'interval_us': 2000}}");
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, ALL);
        claude_call_t *call = submit(&w, of_scenario("drops"), 0);
        run_to_end(&w);
        assert_true(w.events >= EVENTS);
        if (w.wakeups > 3 * w.events + 20)
            fail_msg("%d wake-ups for %d events", (int)w.wakeups, (int)w.events);
        finish(call);
        unwatch(&w);
    }
}

/* ---- other threads ---- */

enum deed { WAKEUP, CANCEL, RESUME };

struct helper {
    struct watched *w;
    claude_call_t *call;
    enum deed deed;
    pthread_t thread;
};

static void *help(void *data)
{
    struct helper *helper = data;
    switch (helper->deed) {
    case WAKEUP:
        claude_loop_wakeup(helper->w->loop);
        break;
    case CANCEL:
        claude_call_cancel(helper->call);
        break;
    case RESUME:
        claude_call_resume(helper->call);
        break;
    }
    return NULL;
}

static void start_helper(struct helper *helper)
{
    assert_int_equal(pthread_create(&helper->thread, NULL, help, helper), 0);
}

static void wakeup(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, ALL);
        for (int round = 0; round < 20; round++) {
            struct helper helper = {.w = &w, .deed = WAKEUP};
            start_helper(&helper);
            assert_true(woken(&w, WOKEN_WITHIN_MS));
            turn(&w);
            pthread_join(helper.thread, NULL);
        }
        /* It is over with the dispatch that answers it. */
        turn(&w);
        assert_in_range(wakeups_while_quiet(&w), 0, 1);
        assert_int_equal(w.events + w.ends, 0);
        unwatch(&w);
    }
}

static void cancel_from_another_thread(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, 1);
        claude_call_t *call = submit(&w, of_scenario(SILENT), 5);
        run_until_events(&w, SILENT_EVENTS);
        struct helper helper = {.w = &w, .call = call, .deed = CANCEL};
        start_helper(&helper);
        run_to_end(&w);
        pthread_join(helper.thread, NULL);
        assert_int_equal(w.ends, 1);
        finish_failed(call, CLAUDE_E_CANCELED);
        unwatch(&w);
    }
}

static void resume_from_another_thread(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, 1);
        struct trace expected = pulled("text-tool-thinking");
        claude_call_t *call = submit(&w, of_scenario("text-tool-thinking"), 0);
        run_until_events(&w, 2);
        claude_call_pause(call);
        assert_in_range(wakeups_while_quiet(&w), 0, 20);
        assert_int_equal(w.events, 2);
        struct helper helper = {.w = &w, .call = call, .deed = RESUME};
        start_helper(&helper);
        run_to_end(&w);
        pthread_join(helper.thread, NULL);
        assert_string_equal(w.trace[0].text, expected.text);
        trace_free(&expected);
        finish(call);
        unwatch(&w);
    }
}

/* Of a call that was let go of nothing is heard, and the others go on. */
static void released_call(void **state)
{
    (void)state;
    for (int trigger = 0; trigger < TRIGGERS; trigger++) {
        struct watched w = watch(new_client(), (enum trigger)trigger, 1);
        claude_call_t *gone = submit(&w, of_scenario(SILENT), 0);
        run_until_events(&w, SILENT_EVENTS);
        claude_call_t *stays = submit(&w, of_scenario("text"), 1);
        claude_call_unref(gone);
        run_to_end(&w);
        assert_int_equal(w.trace[0].events, SILENT_EVENTS);
        assert_int_equal(w.ends, 1);
        finish(stays);
        unwatch(&w);
    }
}

/* claude_loop_wait() is the same without a poller. */
static void waiting(void **state)
{
    (void)state;
    struct watched w = watch(new_client(), POLL, 2);
    claude_error_t *err = NULL;
    claude_call_t *call = submit(&w, of_scenario("text-tool-thinking"), 0);
    while (claude_loop_count(w.loop) > 0) {
        assert_int_equal(claude_loop_wait(w.loop, WOKEN_WITHIN_MS, &err), 1);
        take_events(&w);
    }
    struct trace expected = pulled("text-tool-thinking");
    assert_string_equal(w.trace[0].text, expected.text);
    trace_free(&expected);
    assert_int_equal(claude_loop_wait(w.loop, 0, &err), 0);
    int64_t start = now_ms();
    claude_loop_wakeup(w.loop);
    assert_int_equal(claude_loop_wait(w.loop, WOKEN_WITHIN_MS, &err), 0);
    assert_true(now_ms() - start < WOKEN_WITHIN_MS);
    finish(call);
    unwatch(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(partial_drain),
        TEST(burst),
        TEST(a_socket_at_a_time),
        TEST(submit_while_taking),
        TEST(dispatch_without_next),
        TEST(one_after_another),
        TEST(callbacks),
        TEST(deadlines),
        TEST(quiet),
        TEST(wakeups_are_few),
        TEST(wakeup),
        TEST(cancel_from_another_thread),
        TEST(resume_from_another_thread),
        TEST(released_call),
        TEST(waiting),
    };
    return RUN_WITH_SERVER(tests);
}
