/*
 * Waiting for something of our own instead of the network: for another thread that drives the engine, is inside of a
 * callback, or connects; for a free stream of a shared connection; for the end of a pause; for nothing at all.
 */
#include "ways.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"

enum {
    PARALLEL = 16,
    PEOPLE_MAX = 50,
    FIRST_MS = 300, /* the first limit, or the first to cancel; the others follow */
    STEP_MS = 20,
    CLEAN_MS = 1000,
    BUSY_MS = 1200,
    EVENT_MS = 20,
    LATE_EVENT_MS = 250,
    MORE_MS = 500,
    LIMIT_MS = 300,
};

static const struct step half_stream[] = {
    {STEP_HEAD, NULL, 0}, {STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0}, {STEP_STALL, NULL, 0}};
static const struct step many_events[] = {{STEP_HEAD, NULL, 0},
                                          {STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0},
                                          {STEP_WAIT, NULL, EVENT_MS},
                                          {STEP_EVENT, EVENT_DELTA, 0},
                                          {STEP_REPEAT, NULL, 1000000}};
static const struct step late_events[] = {
    {STEP_HEAD, NULL, 0},        {STEP_WAIT, NULL, LATE_EVENT_MS}, {STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0},
    {STEP_WAIT, NULL, EVENT_MS}, {STEP_EVENT, EVENT_DELTA, 0},     {STEP_REPEAT, NULL, 1000000}};
static const struct step no_head[] = {{STEP_STALL, NULL, 0}};

/* ---- many calls of one client ---- */

enum crowd_fault { CROWD_STREAMS, CROWD_EVENTS, CROWD_HANDSHAKE, CROWD_ONE_STREAM, CROWD_QUEUE, CROWD_NO_HEAD };

struct crowd_case {
    const char *name;
    enum crowd_fault fault;
    const char *option; /* gets a different limit for each */
    bool cancels;       /* somebody cancels each call instead */
    bool drops;         /* somebody drops each call instead */
    bool busy;          /* the first takes long with an event */
    bool http2;
    int people;
    const char *engines;
};

#define CONNECT "timeout.connect_ms"
#define STREAM_TOTAL "timeout.stream_total_ms"

static const struct crowd_case crowds[] = {
    {"streams, total", CROWD_STREAMS, STREAM_TOTAL, false, false, false, false, 16, "1"},
    {"streams, idle", CROWD_STREAMS, "timeout.idle_ms", false, false, false, false, 16, "1"},
    {"streams, cancelled", CROWD_STREAMS, STREAM_TOTAL, true, false, false, false, 16, "1"},
    {"streams, dropped", CROWD_STREAMS, STREAM_TOTAL, false, true, false, false, 16, "1"},
    {"streams, two engines", CROWD_STREAMS, STREAM_TOTAL, false, false, false, false, 16, "2"},
    {"streams of one connection, total", CROWD_STREAMS, STREAM_TOTAL, false, false, false, true, 16, "1"},
    {"streams of one connection, cancelled", CROWD_STREAMS, STREAM_TOTAL, true, false, false, true, 16, "1"},
    {"streams of one connection, dropped", CROWD_STREAMS, STREAM_TOTAL, false, true, false, true, 16, "1"},
    {"one is busy, total", CROWD_STREAMS, STREAM_TOTAL, false, false, true, false, 8, "1"},
    {"one is busy, cancelled", CROWD_STREAMS, STREAM_TOTAL, true, false, true, false, 8, "1"},
    {"one is busy, one connection", CROWD_STREAMS, STREAM_TOTAL, false, false, true, true, 8, "1"},
    {"one is busy, events go on", CROWD_EVENTS, STREAM_TOTAL, false, false, true, false, 8, "1"},
    {"one is busy, events of one connection go on", CROWD_EVENTS, STREAM_TOTAL, false, false, true, true, 8, "1"},
    {"answers, first byte", CROWD_NO_HEAD, "timeout.first_byte_ms", false, false, false, false, 16, "1"},
    {"handshakes, connection", CROWD_HANDSHAKE, CONNECT, false, false, false, false, 8, "1"},
    {"handshakes, total", CROWD_HANDSHAKE, STREAM_TOTAL, false, false, false, false, 8, "1"},
    {"handshakes, cancelled", CROWD_HANDSHAKE, CONNECT, true, false, false, false, 8, "1"},
    {"handshakes, dropped", CROWD_HANDSHAKE, CONNECT, false, true, false, false, 8, "1"},
    {"one stream at a time, total", CROWD_ONE_STREAM, STREAM_TOTAL, false, false, false, true, 8, "1"},
    {"one stream at a time, cancelled", CROWD_ONE_STREAM, STREAM_TOTAL, true, false, false, true, 8, "1"},
    {"full queue, connection", CROWD_QUEUE, CONNECT, false, false, false, false, 8, "1"},
    {"full queue, cancelled", CROWD_QUEUE, CONNECT, true, false, false, false, 8, "1"},
};

struct person {
    struct run run;
    struct outsider outsider;
    const struct crowd_case *what;
    int64_t limit_ms;
    int64_t last_event_at;
    pthread_t thread;
    bool busy;
};

static void take_long(struct run *run, claude_call_t *call)
{
    struct person *person = run->user;

    (void)call;
    /* Somebody reads for all, also when whoever did so is busy now, or gone. */
    if (person->what->fault == CROWD_EVENTS && !person->busy) {
        int64_t before = person->last_event_at > 0 ? person->last_event_at : run->started_at + LATE_EVENT_MS;
        on_time("an event", now_ms(), run->started_at + LATE_EVENT_MS, before + EVENT_MS);
    }
    person->last_event_at = now_ms();
    if (person->busy)
        let_pass(BUSY_MS);
}

/* When it is this person's turn to be cancelled. */
static bool is_turn(const struct outsider *outsider)
{
    const struct person *person = outsider->user;

    return now_ms() >= person->run.started_at + person->limit_ms;
}

static void *be_person(void *user)
{
    struct person *person = user;

    run_call(&person->run);
    return NULL;
}

static void server_of_crowd(struct server *server, const struct crowd_case *what)
{
    struct server_plan plan = {.steps = half_stream};

    if (what->fault == CROWD_EVENTS)
        plan.steps = late_events;
    if (what->fault == CROWD_HANDSHAKE)
        plan.mode = SERVER_SILENT;
    if (what->fault == CROWD_QUEUE)
        plan.mode = SERVER_DEAF;
    if (what->fault == CROWD_ONE_STREAM)
        plan.concurrent = 1;
    if (what->fault == CROWD_NO_HEAD)
        plan.steps = no_head;
    server_start(server, &plan);
}

static void invite(struct person *person, claude_client_t *client, const struct crowd_case *what, int index)
{
    static const enum way ways[] = {WAY_NEXT, WAY_WAIT, WAY_SLICES, WAY_EXECUTE};
    bool outside = what->cancels || what->drops;
    char limit[24];

    *person = (struct person){.what = what, .limit_ms = FIRST_MS + STEP_MS * index};
    if (what->fault == CROWD_EVENTS)
        person->limit_ms += MORE_MS; /* long enough for a gap to be seen */
    person->busy = what->busy && index == 0;
    person->run = (struct run){.client = claude_client_ref(client), .request = make_request(true, 0), .stream = true};
    /* Who waits in slices would get the others going again. */
    person->run.way = ways[index % (what->drops || what->busy ? 2 : outside ? 3 : 4)];
    person->run.given_away = what->drops;
    person->run.on_event = take_long;
    person->run.user = person;
    /* The one who is busy would otherwise end before the others, without ever getting in their way. */
    snprintf(limit, sizeof limit, "%lld", (long long)(person->busy ? BUSY_MS + FIRST_MS : person->limit_ms));
    if (!outside)
        check(claude_request_set_option(person->run.request, what->option, limit, NULL) >= 0, "no limit");
    person->outsider = (struct outsider){.run = &person->run, .is_time = is_turn, .user = person};
    person->outsider.ending = what->drops ? END_UNREF : END_CANCEL;
}

static void check_person(const struct person *person, bool outside)
{
    const struct run *run = &person->run;
    int64_t from = strcmp(person->what->option, "timeout.idle_ms") == 0 ? person->last_event_at : run->started_at;
    int64_t due = from + person->limit_ms;

    check_failure(run, outside ? CLAUDE_E_CANCELED : CLAUDE_E_TIMEOUT, outside ? "cancel" : person->what->option);
    if (person->busy)
        return;
    if (person->what->fault == CROWD_EVENTS)
        on_time("the last event", run->returned_at, 0, person->last_event_at + EVENT_MS);
    if (outside)
        on_time("the end of one", run->returned_at, person->outsider.done_at, person->outsider.done_at);
    else
        on_time("the end of one", run->returned_at, run->started_at + person->limit_ms, due);
}

static void run_crowd(const struct cell *cell)
{
    static struct person people[PEOPLE_MAX];
    const struct crowd_case *what = &crowds[cell->number];
    bool outside = what->cancels || what->drops;
    claude_client_t *client;
    struct server server;
    struct relay relay = {.port = 0};
    char url[64];
    int attempts = 0;

    warm_up();
    leftovers_begin();
    server_of_crowd(&server, what);
    if (what->http2)
        relay_start(&relay, &server, true);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u", what->http2 || what->fault == CROWD_HANDSHAKE ? "https" : "http",
             (unsigned)(what->http2 ? relay.port : server.port));
    client = make_client(url, "client.max_engines", what->engines, "tls.ca_file",
                         what->http2 ? relay.ca_file : DEADLINES_CA_FILE, NULL);
    watch_machine();
    for (int i = 0; i < what->people; i++) {
        invite(&people[i], client, what, i);
        check(pthread_create(&people[i].thread, NULL, be_person, &people[i]) == 0, "no thread");
        if (outside)
            outsider_start(&people[i].outsider);
        /* The first, who will be busy with its first event, reads for the others who come later. */
        if (what->fault == CROWD_EVENTS)
            let_pass(EVENT_MS);
    }
    for (int i = 0; i < what->people; i++) {
        pthread_join(people[i].thread, NULL);
        if (outside)
            outsider_join(&people[i].outsider);
        check_person(&people[i], outside);
        attempts += claude_error_attempts(people[i].run.err);
    }
    check(attempts == atomic_load(&server.requests), "the errors count %d attempts, the server saw %d", attempts,
          atomic_load(&server.requests));
    for (int i = 0; i < what->people; i++)
        run_free(&people[i].run);
    claude_client_unref(client);
    if (what->http2)
        relay_stop(&relay);
    server_stop(&server);
    leftovers_end(CLEAN_MS);
}

/* ---- many calls of one loop ---- */

struct loop_call {
    claude_call_t *call;
    int64_t due;
    bool ended;
};

static void take_ends(claude_loop_t *loop, struct loop_call *calls, size_t *left)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    uint64_t tag = 0;
    claude_code_t rc;

    while ((rc = claude_loop_next(loop, &tag, &event, NULL)) > 0) {
        struct loop_call *ended = &calls[tag];
        if (rc == 1)
            continue;
        check(!ended->ended, "call %d ended twice", (int)tag);
        check(claude_call_result(ended->call, &response, &err) == CLAUDE_E_TIMEOUT &&
                  strstr(claude_error_message(err), STREAM_TOTAL),
              "call %d ended with \"%s\"", (int)tag, claude_error_message(err));
        on_time("the end of one", now_ms(), ended->due, ended->due);
        claude_error_unref(err);
        err = NULL;
        claude_call_unref(ended->call);
        ended->ended = true;
        (*left)--;
    }
    check(rc == 0, "claude_loop_next: %s", claude_code_name(rc));
}

static void run_loop(const struct cell *cell)
{
    struct loop_call calls[PEOPLE_MAX];
    bool http2 = (cell->number & 2) != 0;
    struct server server;
    struct relay relay = {.port = 0};
    claude_client_t *client;
    char url[64];
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    size_t left = PEOPLE_MAX;

    warm_up();
    leftovers_begin();
    server_start(&server, &(struct server_plan){.steps = cell->number & 1 ? many_events : half_stream});
    if (http2)
        relay_start(&relay, &server, true);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u", http2 ? "https" : "http",
             (unsigned)(http2 ? relay.port : server.port));
    client = make_client(url, "tls.ca_file", http2 ? relay.ca_file : DEADLINES_CA_FILE, NULL);
    check(claude_loop_new(client, &loop, &err) >= 0, "%s", claude_error_message(err));
    watch_machine();
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        claude_request_t *request = make_request(true, 0);
        char limit[24];
        snprintf(limit, sizeof limit, "%d", FIRST_MS + STEP_MS * (int)((i * 7) % PEOPLE_MAX));
        check(claude_request_set_option(request, STREAM_TOTAL, limit, NULL) >= 0, "no limit");
        calls[i] = (struct loop_call){.due = now_ms() + strtoll(limit, NULL, 10)};
        check(claude_loop_submit(loop, request, CLAUDE_STREAM, i, &calls[i].call, &err) >= 0, "%s",
              claude_error_message(err));
        claude_request_unref(request);
    }
    while (left > 0) {
        struct pollfd wait = {.fd = claude_loop_fd(loop), .events = POLLIN};
        if (cell->way == WAY_LOOP_WAIT) {
            check(claude_loop_wait(loop, -1, &err) >= 0, "%s", claude_error_message(err));
        } else {
            poll(&wait, 1, -1);
            check(claude_loop_dispatch(loop, &err) >= 0, "%s", claude_error_message(err));
        }
        take_ends(loop, calls, &left);
    }
    check(claude_loop_count(loop) == 0, "%zu calls are left", claude_loop_count(loop));
    claude_loop_unref(loop);
    claude_client_unref(client);
    if (http2)
        relay_stop(&relay);
    server_stop(&server);
    leftovers_end(CLEAN_MS);
}

/* ---- a paused call ---- */

static void pause_it(struct run *run, claude_call_t *call)
{
    (void)run;
    claude_call_pause(call);
}

static bool has_paused(const struct outsider *outsider)
{
    return atomic_load(&outsider->run->seen) > 0 && now_ms() > outsider->run->started_at + LIMIT_MS;
}

static void run_paused(const struct cell *cell)
{
    static const char *const modes[] = {"hold", "buffer"};
    enum ending ending = (enum ending)cell->ending;
    struct run run = {.way = (enum way)cell->way, .stream = true, .on_event = pause_it};
    struct outsider outsider = {.run = &run, .ending = ending, .is_time = has_paused};
    struct server server;
    char url[64];

    warm_up();
    leftovers_begin();
    server_start(&server, &(struct server_plan){.steps = many_events});
    url_of(&server, "http", url, sizeof url);
    run.client = make_client(url, "stream.pause_mode", modes[cell->number & 1], "network.http_version",
                             cell->number & 2 ? "2" : "1.1", ending < END_CANCEL ? ending_names[ending] : STREAM_TOTAL,
                             ending < END_CANCEL ? "300" : "60000", NULL);
    run.request = make_request(true, 0);
    run.given_away = ending == END_UNREF;
    watch_machine();
    if (ending >= END_CANCEL)
        outsider_start(&outsider);
    run_call(&run);
    was_asleep(0);
    if (ending >= END_CANCEL)
        outsider_join(&outsider);
    if (ending < END_CANCEL)
        outsider.done_at = run.started_at + LIMIT_MS;
    check_failure(&run, ending < END_CANCEL ? CLAUDE_E_TIMEOUT : CLAUDE_E_CANCELED,
                  ending < END_CANCEL ? ending_names[ending] : "cancel");
    on_time("the end", run.returned_at, outsider.done_at, outsider.done_at);
    check(atomic_load(&run.seen) == 1, "%zu events were handed out while paused", atomic_load(&run.seen) - 1);
    run_free(&run);
    server_stop(&server);
    leftovers_end(CLEAN_MS);
}

/* ---- a call that waits for its next attempt ---- */

enum reason { REASON_BACKOFF, REASON_TURN, REASONS };

static const char *const reason_names[REASONS] = {"retry", "turn"};

/* A client whose calls wait for an hour: for a retry, where nobody listens, or for a turn, which somebody has taken. */
static claude_client_t *client_that_waits(enum reason reason)
{
    claude_client_t *client =
        make_client("http://127.0.0.1:1", "retry.enabled", "true", "retry.initial_delay_ms", "3600000",
                    "retry.max_delay_ms", "3600000", "retry.jitter", "0", "limiter.enabled", "true",
                    "limiter.requests_per_second", "0.001", "limiter.burst", "1", "limiter.max_wait_ms", "86400000",
                    "timeout.total_ms", "0", "timeout.stream_total_ms", "0", NULL);
    claude_request_t *request = make_request(false, 0);
    claude_response_t *response = NULL;

    if (reason == REASON_TURN)
        check(claude_client_execute_with_rate_limiting(client, request, &response, NULL) == CLAUDE_E_CONNECT,
              "somebody listens");
    claude_request_unref(request);
    return client;
}

static void run_waiting(const struct cell *cell)
{
    struct run run = {.way = (enum way)cell->way, .stream = cell->number & 1};
    struct outsider outsider = {.run = &run, .ending = (enum ending)cell->ending};

    warm_up();
    leftovers_begin();
    run.client = client_that_waits((enum reason)cell->fault);
    run.request = make_request(run.stream, 0);
    run.features = cell->fault == REASON_TURN ? CLAUDE_WITH_RATE_LIMITING : CLAUDE_WITH_RETRIES;
    run.given_away = outsider.ending == END_UNREF;
    watch_machine();
    outsider_start(&outsider);
    run_call(&run);
    was_asleep(0);
    outsider_join(&outsider);
    check_failure(&run, CLAUDE_E_CANCELED, "cancel");
    on_time("the end", run.returned_at, outsider.done_at, outsider.done_at);
    run_free(&run);
    leftovers_end(CLEAN_MS);
}

/* ---- waits that only have a timeout of their own ---- */

static void *wake(void *user)
{
    let_pass(LIMIT_MS);
    claude_loop_wakeup(user);
    return NULL;
}

/* A loop without calls, or with one that stalls, waits as long as it was told to, or until it is woken. */
static void waits_no_longer_than_told(const struct cell *cell)
{
    struct server server;
    claude_client_t *client;
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    claude_request_t *request = make_request(true, 0);
    pthread_t thread;
    int64_t started;
    uint64_t tag;

    warm_up();
    server_start(&server, &(struct server_plan){.steps = half_stream});
    client = client_of_server(&server, "timeout.progress_ms", "60000");
    check(claude_loop_new(client, &loop, &err) >= 0, "%s", claude_error_message(err));
    if (cell->number)
        check(claude_loop_submit(loop, request, CLAUDE_STREAM, 1, &call, &err) >= 0, "%s", claude_error_message(err));
    started = now_ms();
    while (call && now_ms() < started + LIMIT_MS) {
        (void)claude_loop_wait(loop, 10, NULL);
        while (claude_loop_next(loop, &tag, &event, NULL) > 0)
            ;
    }
    watch_machine();
    started = now_ms();
    check(claude_loop_wait(loop, LIMIT_MS, &err) == 0, "there was something");
    on_time("the end of the wait", now_ms(), started + LIMIT_MS, started + LIMIT_MS);
    started = now_ms();
    check(pthread_create(&thread, NULL, wake, loop) == 0, "no thread");
    check(claude_loop_wait(loop, -1, &err) == 0, "there was something");
    on_time("the wake-up", now_ms(), started + LIMIT_MS, started + LIMIT_MS);
    was_asleep(0);
    pthread_join(thread, NULL);
    claude_call_unref(call);
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
    server_stop(&server);
}

/* claude_call_next() and claude_call_wait() with a timeout, alone or beside others that wait without one. */
static void returns_when_told(const struct cell *cell)
{
    struct server server;
    claude_client_t *client;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    struct person other = {.what = NULL};
    int64_t started;

    warm_up();
    server_start(&server, &(struct server_plan){.steps = half_stream});
    client = client_of_server(&server, "client.max_engines", "1");
    other.run = (struct run){.way = WAY_NEXT, .client = claude_client_ref(client), .request = make_request(true, 0)};
    other.run.stream = true;
    if (cell->number)
        check(pthread_create(&other.thread, NULL, be_person, &other) == 0, "no thread");
    while (cell->number && atomic_load(&other.run.seen) < 3)
        let_pass(2);
    watch_machine();
    check(claude_client_stream(client, other.run.request, &call, &err) >= 0, "%s", claude_error_message(err));
    for (int i = 0; i < 3; i++)
        check(claude_call_next(call, -1, &event, &err) == 1, "no event");
    for (int i = 0; i < 3; i++) {
        started = now_ms();
        check(claude_call_next(call, LIMIT_MS, &event, &err) == 0, "there was something");
        on_time("the end of next", now_ms(), started + LIMIT_MS, started + LIMIT_MS);
        started = now_ms();
        check(claude_call_wait(call, LIMIT_MS, &err) == 0, "there was something");
        on_time("the end of wait", now_ms(), started + LIMIT_MS, started + LIMIT_MS);
        started = now_ms();
        check(claude_call_next(call, 0, &event, &err) == 0, "there was something");
        on_time("the end of a look", now_ms(), started, started);
    }
    claude_call_unref(call);
    if (cell->number) {
        claude_call_cancel(atomic_load(&other.run.call));
        pthread_join(other.thread, NULL);
        check_failure(&other.run, CLAUDE_E_CANCELED, "cancel");
    }
    claude_client_unref(client);
    run_free(&other.run);
    server_stop(&server);
}

/* ---- */

static struct cell cells[256];
static size_t count;

static void add(void (*run)(const struct cell *cell), const char *name, int way, int ending, int number)
{
    struct cell *cell = &cells[count++];

    *cell = (struct cell){.run = run, .way = way, .ending = ending, .number = number};
    snprintf(cell->name, sizeof cell->name, "%s%s%s", name, way >= 0 ? ", " : "", way >= 0 ? way_names[way] : "");
}

int main(int argc, char **argv)
{
    static const enum ending endings[] = {END_STREAM_TOTAL, END_CANCEL, END_UNREF};
    char name[80];

    for (int i = 0; i < (int)(sizeof crowds / sizeof crowds[0]); i++) {
        snprintf(name, sizeof name, "crowd: %s", crowds[i].name);
        add(run_crowd, name, -1, 0, i);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "loop of many, %s, HTTP/%s", i & 1 ? "events" : "silence", i & 2 ? "2" : "1.1");
        add(run_loop, name, WAY_LOOP_WAIT, 0, i);
        add(run_loop, name, WAY_LOOP_POLL, 0, i);
    }
    for (int mode = 0; mode < 4; mode++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (size_t i = 0; i < 3; i++) {
                if (endings[i] == END_UNREF && (way == WAY_EXECUTE || way == WAY_SLICES))
                    continue;
                snprintf(name, sizeof name, "paused, %s, HTTP/%s, %s", mode & 1 ? "buffer" : "hold",
                         mode & 2 ? "2" : "1.1", ending_names[endings[i]]);
                add(run_paused, name, way, (int)endings[i], mode);
            }
        }
    }
    for (int i = 0; i < REASONS * 2 * 2; i++) {
        for (int way = WAY_WAIT; way < WAY_COUNT; way++) {
            enum ending ending = i & 1 ? END_CANCEL : END_UNREF;
            if (ending == END_UNREF && way == WAY_SLICES)
                continue;
            snprintf(name, sizeof name, "waits for its %s, %s, %s", reason_names[i >> 2], i & 2 ? "stream" : "answer",
                     ending_names[ending]);
            add(run_waiting, name, way, (int)ending, i >> 1 & 1);
            cells[count - 1].fault = i >> 2;
        }
    }
    add(waits_no_longer_than_told, "wait of a loop without calls", -1, 0, 0);
    add(waits_no_longer_than_told, "wait of a loop with a silent call", -1, 0, 1);
    add(returns_when_told, "waits with a timeout", -1, 0, 0);
    add(returns_when_told, "waits with a timeout, beside others", -1, 0, 1);
    return run_cells("deadlines, own", cells, count, PARALLEL, argc, argv);
}
