/*
 * The three clocks of a stream: idle (any byte holds it off), progress (only an event other than ping does), total
 * (nothing does). The first two do not count while the program does not read, or has paused the call.
 */
#include "ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARALLEL = 40,
    LIMIT_MS = 300,
    LONG_MS = 900, /* three times over the limit */
    CLEAN_MS = 1000,
    NEVER = END_COUNT, /* the stream succeeds */
};

#define OPENING                                                                                                        \
    {STEP_HEAD, NULL, 0},                                                                                              \
    {                                                                                                                  \
        STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0                                                             \
    }
#define CLOSING                                                                                                        \
    {STEP_EVENT, EVENT_CLOSING, 0},                                                                                    \
    {                                                                                                                  \
        STEP_END, NULL, 0                                                                                              \
    }
#define SAY(what, every_ms, times)                                                                                     \
    {STEP_WAIT, NULL, every_ms}, {STEP_SEND, what, 0},                                                                 \
    {                                                                                                                  \
        STEP_REPEAT, NULL, (times)-1                                                                                   \
    }
#define EVENTS(every_ms, times)                                                                                        \
    {STEP_WAIT, NULL, every_ms}, {STEP_EVENT, EVENT_DELTA, 0},                                                         \
    {                                                                                                                  \
        STEP_REPEAT, NULL, (times)-1                                                                                   \
    }
#define STALL                                                                                                          \
    {                                                                                                                  \
        STEP_STALL, NULL, 0                                                                                            \
    }
#define FOR_EVER 1000000000

static const struct step pings_then_silence[] = {OPENING, SAY(EVENT_PING, 60, 15), STALL};
static const struct step comments_then_silence[] = {OPENING, SAY(EVENT_COMMENT, 60, 15), STALL};
static const struct step drops_then_silence[] = {
    OPENING, {STEP_SEND, "event: content_block_delta\ndata: {\"type\":\"conte", 0}, SAY("x", 60, 15), STALL};
static const struct step pings[] = {OPENING, SAY(EVENT_PING, 40, FOR_EVER)};
static const struct step comments[] = {OPENING, SAY(EVENT_COMMENT, 40, FOR_EVER)};
static const struct step drops[] = {
    OPENING, {STEP_SEND, "event: content_block_delta\ndata: {\"type\":\"conte", 0}, SAY("x", 40, FOR_EVER)};
static const struct step events[] = {OPENING, EVENTS(5, FOR_EVER)};
static const struct step flood[] = {OPENING, EVENTS(0, FOR_EVER)};
static const struct step steady[] = {OPENING, EVENTS(100, 12), CLOSING};
static const struct step quick[] = {OPENING, EVENTS(50, 25), CLOSING};
static const struct step gap[] = {OPENING, EVENTS(20, 3), {STEP_WAIT, NULL, LONG_MS - 100}, EVENTS(20, 3), CLOSING};
static const struct step late_answer[] = {{STEP_WAIT, NULL, LIMIT_MS - 150},
                                          {STEP_HEAD, NULL, 0},
                                          {STEP_WAIT, NULL, LONG_MS},
                                          {STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0},
                                          CLOSING};
static const struct step silence[] = {OPENING, STALL};

enum handler {
    READS,
    BUSY_ONCE, /* with the first event */
    BUSY_EACH,
    PAUSES, /* at the first event; resumed by somebody else */
};

enum from { FROM_START, FROM_LAST_BYTE, FROM_LAST_EVENT, FROM_BUSY_END, FROM_RESUME };

struct clock_case {
    const char *name;
    const struct step *steps;
    const char *option; /* gets LIMIT_MS */
    const char *also;   /* so does this one; NULL: none */
    int64_t ending;     /* enum ending, or NEVER */
    enum from from;     /* when the limit begins to count */
    enum handler handler;
    int64_t handler_ms;
    const char *pause_mode;
};

#define IDLE "timeout.idle_ms"
#define PROGRESS "timeout.progress_ms"
#define STREAM_TOTAL "timeout.stream_total_ms"

static const struct clock_case cases[] = {
    {"idle: pings hold it off", pings_then_silence, IDLE, NULL, END_IDLE, FROM_LAST_BYTE, READS, 0, NULL},
    {"idle: comments hold it off", comments_then_silence, IDLE, NULL, END_IDLE, FROM_LAST_BYTE, READS, 0, NULL},
    {"idle: bytes hold it off", drops_then_silence, IDLE, NULL, END_IDLE, FROM_LAST_BYTE, READS, 0, NULL},
    {"progress: pings do not help", pings, PROGRESS, IDLE, END_PROGRESS, FROM_LAST_EVENT, READS, 0, NULL},
    {"progress: comments do not help", comments, PROGRESS, IDLE, END_PROGRESS, FROM_LAST_EVENT, READS, 0, NULL},
    {"progress: bytes do not help", drops, PROGRESS, IDLE, END_PROGRESS, FROM_LAST_EVENT, READS, 0, NULL},
    {"progress: off by default", pings, STREAM_TOTAL, NULL, END_STREAM_TOTAL, FROM_START, READS, 0, NULL},
    {"total: whatever arrives", events, STREAM_TOTAL, IDLE, END_STREAM_TOTAL, FROM_START, READS, 0, NULL},
    {"total: slow callback", events, STREAM_TOTAL, PROGRESS, END_STREAM_TOTAL, FROM_START, BUSY_EACH, 15, NULL},
    {"total: slow callback, flood", flood, STREAM_TOTAL, IDLE, END_STREAM_TOTAL, FROM_START, BUSY_EACH, 15, NULL},
    {"total: long callback", events, STREAM_TOTAL, IDLE, END_STREAM_TOTAL, FROM_BUSY_END, BUSY_ONCE, LONG_MS, NULL},
    {"total: paused", events, STREAM_TOTAL, IDLE, END_STREAM_TOTAL, FROM_START, PAUSES, 0, "hold"},
    {"total: paused, buffer", events, STREAM_TOTAL, IDLE, END_STREAM_TOTAL, FROM_START, PAUSES, 0, "buffer"},
    {"steady stream", steady, IDLE, PROGRESS, NEVER, FROM_START, READS, 0, NULL},
    {"steady stream, first byte and connection", steady, "timeout.first_byte_ms", "timeout.connect_ms", NEVER,
     FROM_START, READS, 0, NULL},
    {"late answer, first byte", late_answer, "timeout.first_byte_ms", "timeout.connect_ms", NEVER, FROM_START, READS, 0,
     NULL},
    {"busy while bytes wait", quick, IDLE, PROGRESS, NEVER, FROM_START, BUSY_ONCE, LONG_MS, NULL},
    {"busy while nothing comes", gap, IDLE, PROGRESS, NEVER, FROM_START, BUSY_ONCE, LONG_MS, NULL},
    {"busy again and again", quick, IDLE, PROGRESS, NEVER, FROM_START, BUSY_EACH, LIMIT_MS / 5, NULL},
    {"busy, then idle", silence, IDLE, NULL, END_IDLE, FROM_BUSY_END, BUSY_ONCE, LONG_MS, NULL},
    {"busy, then no progress", pings, PROGRESS, IDLE, END_PROGRESS, FROM_BUSY_END, BUSY_ONCE, LONG_MS, NULL},
    {"paused while bytes wait", quick, IDLE, PROGRESS, NEVER, FROM_START, PAUSES, LONG_MS, "hold"},
    {"paused while nothing comes", gap, IDLE, PROGRESS, NEVER, FROM_START, PAUSES, LONG_MS, "hold"},
    {"paused while nothing comes, buffer", gap, IDLE, PROGRESS, NEVER, FROM_START, PAUSES, LONG_MS, "buffer"},
    {"paused while events come, buffer", quick, IDLE, PROGRESS, NEVER, FROM_START, PAUSES, LONG_MS, "buffer"},
    {"paused, then idle", silence, IDLE, NULL, END_IDLE, FROM_RESUME, PAUSES, LONG_MS, "hold"},
    {"paused, then no progress", pings, PROGRESS, IDLE, END_PROGRESS, FROM_RESUME, PAUSES, LONG_MS, "hold"},
};

/* What the program does with events. */
struct program {
    const struct clock_case *what;
    int64_t scale; /* of all times: the slower the machine, the longer */
    int64_t busy_end;
    bool paused;
    atomic_bool asked; /* to resume */
    atomic_llong resumed_at;
    size_t seen_at_resume;
    struct run *run;
    pthread_t thread;
};

static void handle(struct run *run, claude_call_t *call)
{
    struct program *program = run->user;
    enum handler handler = program->what->handler;

    if ((handler == BUSY_ONCE && program->busy_end == 0) || handler == BUSY_EACH) {
        let_pass(program->what->handler_ms * program->scale);
        program->busy_end = now_ms();
    }
    if (handler == PAUSES && !program->paused) {
        claude_call_pause(call);
        program->paused = true;
        atomic_store(&program->asked, true);
    }
}

/* Resumes the call after a while; after none at all, never. */
static void *resume(void *user)
{
    struct program *program = user;

    if (program->what->handler != PAUSES || program->what->handler_ms == 0)
        return NULL;
    while (!atomic_load(&program->asked))
        let_pass(2);
    let_pass(program->what->handler_ms * program->scale);
    program->seen_at_resume = atomic_load(&program->run->seen);
    atomic_store(&program->resumed_at, now_ms());
    claude_call_resume(atomic_load(&program->run->call));
    return NULL;
}

static void check_time(const struct run *run, const struct program *program, const struct server *server)
{
    int64_t limit = LIMIT_MS * program->scale;
    int64_t due = run->started_at + limit;
    int64_t earliest;

    if (program->what->from == FROM_LAST_BYTE)
        due = atomic_load(&server->last_byte_at) + limit;
    if (program->what->from == FROM_LAST_EVENT)
        due = atomic_load(&server->last_event_at) + limit;
    earliest = due;
    /* Before the program was busy, or had paused, a little time may have counted. */
    if (program->what->from == FROM_BUSY_END && program->what->ending != END_STREAM_TOTAL) {
        due = program->busy_end + limit;
        earliest = due - limit / 3;
    }
    if (program->what->from == FROM_RESUME) {
        due = atomic_load(&program->resumed_at) + limit;
        earliest = due - limit / 3;
    }
    if (program->what->from == FROM_BUSY_END && program->what->ending == END_STREAM_TOTAL)
        due = program->busy_end;
    on_time("the end", run->returned_at, earliest, due);
}

static claude_client_t *client_of_case(const struct clock_case *what, const struct server *server, bool http2,
                                       int64_t scale)
{
    char url[64];
    char limit[16];

    snprintf(limit, sizeof limit, "%lld", (long long)(LIMIT_MS * scale));
    url_of(server, "http", url, sizeof url);
    return make_client(url, "network.http_version", http2 ? "2" : "1.1", what->option, limit,
                       what->also ? what->also : what->option, limit, "stream.pause_mode",
                       what->pause_mode ? what->pause_mode : "hold", NULL);
}

/* False: the machine was too slow to tell. */
static bool try_case(const struct cell *cell, int64_t scale)
{
    const struct clock_case *what = &cases[cell->fault];
    struct run run = {.way = (enum way)cell->way, .stream = true, .on_event = handle};
    struct program program = {.what = what, .run = &run, .scale = scale};
    struct server_plan plan = {.steps = what->steps, .scale = scale};
    bool told = true;
    struct server server;

    server_start(&server, &plan);
    run.client = client_of_case(what, &server, cell->number != 0, scale);
    run.request = make_request(true, 0);
    run.user = &program;
    watch_machine();
    check(pthread_create(&program.thread, NULL, resume, &program) == 0, "no thread");
    run_call(&run);
    if (what->ending == NEVER) {
        told = run.rc == CLAUDE_OK || machine_ms() < LIMIT_MS * scale / 4;
        check(!told || run.rc == CLAUDE_OK, "the stream ended with %s: %s", claude_code_name(run.rc),
              claude_error_message(run.err));
    } else {
        check_failure(&run, CLAUDE_E_TIMEOUT, ending_names[what->ending]);
        check(claude_error_attempts(run.err) == 1, "%d attempts", (int)claude_error_attempts(run.err));
        check_time(&run, &program, &server);
    }
    pthread_join(program.thread, NULL);
    check(program.seen_at_resume <= 1, "%zu events were handed out while paused", program.seen_at_resume - 1);
    check(atomic_load(&server.requests) == 1, "the server saw %d requests", atomic_load(&server.requests));
    run_free(&run);
    server_stop(&server);
    leftovers_end(CLEAN_MS);
    return told;
}

static void run_case(const struct cell *cell)
{
    int64_t scale = slowness();

    warm_up();
    leftovers_begin();
    while (!try_case(cell, scale)) {
        scale *= 2;
        check(scale < 20 * slowness(), "the machine is too slow to tell");
    }
}

int main(int argc, char **argv)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
    static struct cell cells[CASES * WAY_COUNT * 2];
    size_t count = 0;

    for (int i = 0; i < CASES; i++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (int http2 = 0; http2 < 2; http2++) {
                struct cell *cell = &cells[count++];
                *cell = (struct cell){.run = run_case, .fault = i, .way = way, .number = http2};
                snprintf(cell->name, sizeof cell->name, "%s, %s, HTTP/%s", cases[i].name, way_names[way],
                         http2 ? "2" : "1.1");
            }
        }
    }
    return run_cells("deadlines, clocks", cells, count, PARALLEL, argc, argv);
}
