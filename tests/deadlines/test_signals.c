/*
 * Signals a thousand times a second, with and without SA_RESTART, and SIGPIPE as it is by default: the same results as
 * in a quiet process, deadlines that are neither shorter nor longer, handlers and masks as the program left them. With
 * CLAUDE_TEST_LONG=1 also system calls that strace makes fail with EINTR.
 */
#include "ways.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls.h"

enum {
    PARALLEL = 12,
    LIMIT_MS = 300,
    LARGE = 12 * 1024 * 1024,
    SIGNALS = 65,
    CLEAN_MS = 1000,
    SIGNALS_LEAST = 10, /* of hundreds, where a processor is to be had */
};

#define CLOSING                                                                                                        \
    {STEP_EVENT, EVENT_CLOSING, 0},                                                                                    \
    {                                                                                                                  \
        STEP_END, NULL, 0                                                                                              \
    }
#define OPENING                                                                                                        \
    {STEP_HEAD, NULL, 0},                                                                                              \
    {                                                                                                                  \
        STEP_EVENT, EVENT_START EVENT_BLOCK EVENT_DELTA, 0                                                             \
    }

/* Events in pieces, so that reading is interrupted within them too. */
static const struct step stream[] = {OPENING,
                                     {STEP_SEND, "event: ping\nda", 0},
                                     {STEP_WAIT, NULL, 20},
                                     {STEP_SEND, "ta: {\"type\":\"ping\"}\n\nevent: ping\nda", 0},
                                     {STEP_REPEAT, NULL, 25},
                                     {STEP_SEND, "ta: {\"type\":\"ping\"}\n\n", 0},
                                     CLOSING};
static const struct step answer[] = {OPENING, CLOSING};
static const struct step silence[] = {OPENING, {STEP_STALL, NULL, 0}};

struct scenario {
    const char *name;
    const struct step *steps;
    bool tls;
    bool http2;
    bool resets;
    size_t bytes;
    int ending; /* enum ending; END_COUNT: the stream succeeds, or fails as in a quiet process */
};

static const struct scenario scenarios[] = {
    {"stream", stream, false, false, false, 0, END_COUNT},
    {"stream, HTTP/2", stream, false, true, false, 0, END_COUNT},
    {"stream, TLS", stream, true, false, false, 0, END_COUNT},
    {"stream, TLS and HTTP/2", stream, true, true, false, 0, END_COUNT},
    {"large request", answer, false, false, false, LARGE, END_COUNT},
    {"large request, TLS", answer, true, false, false, LARGE, END_COUNT},
    {"reset while sending", NULL, false, false, true, LARGE, END_COUNT},
    {"reset while sending, TLS", NULL, true, false, true, LARGE, END_COUNT},
    {"idle", silence, false, false, false, 0, END_IDLE},
    {"total", silence, false, true, false, 0, END_STREAM_TOTAL},
    {"cancelled", silence, false, false, false, 0, END_CANCEL},
};

/* ---- the storm ---- */

static atomic_int signals_here;
static pid_t here;

static void on_alarm(int number)
{
    int saved = errno;

    (void)number;
    if ((pid_t)syscall(SYS_gettid) == here)
        atomic_fetch_add(&signals_here, 1);
    errno = saved;
}

static void storm(bool on, bool restart)
{
    struct itimerval every = {.it_interval.tv_usec = on ? 1000 : 0, .it_value.tv_usec = on ? 1000 : 0};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = restart ? SA_RESTART : 0};

    here = (pid_t)syscall(SYS_gettid);
    if (on)
        sigaction(SIGALRM, &action, NULL);
    check(setitimer(ITIMER_REAL, &every, NULL) == 0, "no timer");
}

/* ---- what must stay as it is ---- */

struct dispositions {
    struct sigaction actions[SIGNALS];
    sigset_t mask;
};

static void look(struct dispositions *all)
{
    memset(all, 0, sizeof *all);
    for (int i = 1; i < SIGNALS; i++)
        (void)sigaction(i, NULL, &all->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &all->mask);
}

static void same_as_before(const struct dispositions *before, const char *when)
{
    struct dispositions now;

    look(&now);
    for (int i = 1; i < SIGNALS; i++) {
        check(now.actions[i].sa_handler == before->actions[i].sa_handler &&
                  now.actions[i].sa_flags == before->actions[i].sa_flags,
              "signal %d has another handler %s", i, when);
        check(sigismember(&now.mask, i) == sigismember(&before->mask, i), "signal %d is %s %s", i,
              sigismember(&now.mask, i) ? "blocked" : "not blocked", when);
    }
}

static void look_inside(struct run *run, claude_call_t *call)
{
    (void)call;
    same_as_before(run->user, "inside of a callback");
}

/* ---- one run ---- */

struct result {
    claude_code_t rc;
    char *events;
    size_t len;
    char *message;
};

static bool has_begun(const struct outsider *outsider)
{
    return atomic_load(&outsider->run->seen) >= 3 && now_ms() > outsider->run->started_at + LIMIT_MS;
}

static claude_client_t *client_of_scenario(const struct scenario *what, const struct server *server,
                                           const struct relay *relay)
{
    char url[64];
    char limit[16];
    bool limited = what->ending < END_CANCEL;

    snprintf(limit, sizeof limit, "%d", LIMIT_MS);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u", what->tls ? "https" : "http",
             (unsigned)(what->tls ? relay->port : server->port));
    return make_client(url, "network.http_version", what->http2 ? (what->tls ? "auto" : "2") : "1.1", "tls.ca_file",
                       what->tls ? relay->ca_file : DEADLINES_CA_FILE,
                       limited ? ending_names[what->ending] : "network.no_proxy", limited ? limit : "", NULL);
}

static void check_ending(const struct scenario *what, const struct run *run, const struct outsider *outsider,
                         const struct server *server)
{
    int64_t due = outsider->done_at;

    if (what->ending == END_IDLE)
        due = atomic_load(&server->last_byte_at) + LIMIT_MS;
    if (what->ending == END_STREAM_TOTAL)
        due = run->started_at + LIMIT_MS;
    if (what->ending == END_CANCEL)
        check_failure(run, CLAUDE_E_CANCELED, "cancel");
    else
        check_failure(run, CLAUDE_E_TIMEOUT, ending_names[what->ending]);
    on_time("the end", run->returned_at, due, due);
}

static struct result run_once(const struct scenario *what, enum way way, bool restart, bool stormy)
{
    struct run run = {.way = way, .stream = true, .on_event = look_inside};
    struct outsider outsider = {.run = &run, .ending = END_CANCEL, .is_time = has_begun};
    struct dispositions before;
    struct server server;
    struct relay relay;
    struct result result;

    server_start(&server, &(struct server_plan){.steps = what->steps, .resets = what->resets});
    if (what->tls)
        relay_start(&relay, &server, what->http2);
    run.client = client_of_scenario(what, &server, &relay);
    run.request = make_request(true, what->bytes);
    run.user = &before;
    watch_machine();
    if (what->ending == END_CANCEL)
        outsider_start(&outsider);
    storm(stormy, restart);
    look(&before);
    run_call(&run);
    same_as_before(&before, "afterwards");
    storm(false, restart);
    if (what->ending == END_CANCEL)
        outsider_join(&outsider);
    if (what->ending != END_COUNT)
        check_ending(what, &run, &outsider, &server);
    check(atomic_load(&server.requests) == 1, "the server saw %d requests", atomic_load(&server.requests));
    check(!run.err || claude_error_attempts(run.err) == 1, "%d attempts", (int)claude_error_attempts(run.err));
    result = (struct result){.rc = run.rc, .events = run.trace.bytes, .len = run.trace.len};
    result.message = strdup(run.response ? claude_response_json(run.response, NULL) : claude_error_message(run.err));
    run.trace.bytes = NULL;
    run_free(&run);
    if (what->tls)
        relay_stop(&relay);
    server_stop(&server);
    return result;
}

static void run_scenario(const struct cell *cell)
{
    const struct scenario *what = &scenarios[cell->fault];
    bool restart = cell->number != 0;
    int64_t started;
    struct result quiet;
    struct result stormy;

    warm_up();
    leftovers_begin();
    signal(SIGPIPE, SIG_IGN);
    quiet = run_once(what, (enum way)cell->way, restart, false);
    signal(SIGPIPE, SIG_DFL);
    started = now_ms();
    stormy = run_once(what, (enum way)cell->way, restart, true);
    check(atomic_load(&signals_here) > (what->steps == stream || what->ending != END_COUNT ? SIGNALS_LEAST : 0),
          "only %d signals came in %lld ms", atomic_load(&signals_here), (long long)(now_ms() - started));
    check(stormy.rc == quiet.rc, "%s, not %s as in a quiet process: %s", claude_code_name(stormy.rc),
          claude_code_name(quiet.rc), stormy.message);
    check(what->ending != END_COUNT || (what->resets ? quiet.rc == CLAUDE_E_CLOSED : quiet.rc == CLAUDE_OK),
          "%s in a quiet process: %s", claude_code_name(quiet.rc), quiet.message);
    check(stormy.len == quiet.len && (quiet.len == 0 || memcmp(stormy.events, quiet.events, quiet.len) == 0),
          "other events than in a quiet process: %zu bytes, not %zu", stormy.len, quiet.len);
    check(what->resets || strcmp(stormy.message, quiet.message) == 0, "\"%s\", but in a quiet process \"%s\"",
          stormy.message, quiet.message);
    free(quiet.events);
    free(quiet.message);
    free(stormy.events);
    free(stormy.message);
    leftovers_end(CLEAN_MS);
}

/* ---- strace ---- */

/* Not read and futex: the loader and the C library's locks, which use them too, rightly do not expect it. */
static const char *const system_calls[] = {"epoll_wait", "recvfrom", "sendto", "poll"};

/* What strace runs: a stream against a server that is not disturbed. The exit status says whether it was complete. */
static int stream_against(const char *url, int way)
{
    struct run run = {.way = (enum way)way, .stream = true};

    run.client = make_client(url, NULL);
    run.request = make_request(true, LARGE / 12);
    run_call(&run);
    if (run.rc != CLAUDE_OK || run.trace.events != 33) {
        fprintf(stderr, "%s after %zu events: %s\n", claude_code_name(run.rc), run.trace.events,
                claude_error_message(run.err));
        return 1;
    }
    run_free(&run);
    return 0;
}

/* Not with a period of 2: that can fall into step with a loop, and keeps it from ever getting on. */
static void interrupts_system_calls(const struct cell *cell)
{
    struct server server;
    char trace[64];
    char inject[96];
    char program[512];
    char url[64];
    char way[16];
    int status = -1;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    pid_t child;

    check(len > 0, "no path of this program");
    program[len] = '\0';
    server_start(&server, &(struct server_plan){.steps = stream});
    url_of(&server, "http", url, sizeof url);
    snprintf(way, sizeof way, "%d", cell->way);
    snprintf(trace, sizeof trace, "trace=%s", system_calls[cell->fault]);
    snprintf(inject, sizeof inject, "inject=%s:error=EINTR:when=1+%d", system_calls[cell->fault], cell->number);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        execlp("strace", "strace", "-f", "-qq", "-o", "/dev/null", "-e", trace, "-e", inject, program, "--against", url,
               way, (char *)NULL);
        fprintf(stderr, "strace is missing. On Debian: apt-get install strace\n");
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "ended with status %#x", (unsigned)status);
    server_stop(&server);
}

/* ---- */

static struct cell cells[512];
static size_t count;

static struct cell *add(void (*run)(const struct cell *cell), int fault, int way, int number)
{
    struct cell *cell = &cells[count++];

    *cell = (struct cell){.run = run, .fault = fault, .way = way, .number = number};
    return cell;
}

int main(int argc, char **argv)
{
    static const int periods[] = {3, 7};

    if (argc == 4 && strcmp(argv[1], "--against") == 0)
        return stream_against(argv[2], (int)strtol(argv[3], NULL, 10));
    for (int i = 0; i < (int)(sizeof scenarios / sizeof scenarios[0]); i++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (int restart = 0; restart < 2; restart++) {
                struct cell *cell = add(run_scenario, i, way, restart);
                snprintf(cell->name, sizeof cell->name, "%s, %s, %s SA_RESTART", scenarios[i].name, way_names[way],
                         restart ? "with" : "without");
            }
        }
    }
    for (int i = 0; is_long() && i < (int)(sizeof system_calls / sizeof system_calls[0]); i++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (int period = 0; period < 2; period++) {
                struct cell *cell = add(interrupts_system_calls, i, way, periods[period]);
                snprintf(cell->name, sizeof cell->name, "strace: %s interrupted each %d times, %s", system_calls[i],
                         periods[period], way_names[way]);
            }
        }
    }
    return run_cells("deadlines, signals", cells, count, PARALLEL, argc, argv);
}
