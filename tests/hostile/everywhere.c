/*
 * everywhere.c - the same scenarios with every allocation of others failing in turn. What these make of it is theirs,
 * but there is no crash and no hang, a success is the same success, and client and event loop work afterwards. Each
 * position is a process of its own. Two programs: in hostile_oom_everywhere all allocations of the process fail
 * (whole_process.c), OpenSSL's and json-c's too, which are many, so only scripts/test --long runs it; in
 * hostile_oom_libcurl those of libcurl (libcurls.c).
 *
 *     hostile_oom_everywhere|hostile_oom_libcurl [SCENARIO [POSITION once|forever]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator.h"
#include "sandbox/client.h"
#include "scenarios.h"

enum { PATIENCE_S = 60, POSITIONS_MAX = 50000, FAILURES_SHOWN = 20 };
/* How a child ends. */
enum { NOT_REACHED = 10, SAME, FAILED, WRONG };

typedef struct stage {
    run undisturbed;
    run attempt;
    char wrong[600];
} stage;

static stage *shared;
static struct sandbox *server;
static unsigned failures;

/* ---- positions ---- */

static void begin(run *r, const scenario *s)
{
    memset(r, 0, sizeof *r);
    r->url = sandbox_url(server);
    if (!s->makes_client)
        (void)scenario_client(r);
}

static void play_undisturbed(const scenario *s)
{
    begin(&shared->undisturbed, s);
    s->play(&shared->undisturbed);
    run_end(&shared->undisturbed);
}

/* A failure of any kind is for the dependencies to choose; what had come before it must be right. */
static bool is_right(const part *was, const part *is)
{
    const char *failure = strstr(is->transcript, "CLAUDE_E_");
    size_t len = is->len;

    if (is->len == was->len && memcmp(is->transcript, was->transcript, len) == 0)
        return true;
    if (!is->no_memory && !failure)
        return false;
    if (failure)
        len = (size_t)(failure - is->transcript);
    return len <= was->len && memcmp(is->transcript, was->transcript, len) == 0;
}

static int play(const scenario *s, long position, bool forever)
{
    run *r = &shared->attempt;
    bool same = true;
    bool failed;

    begin(r, s);
    memory_runs_out(position, forever);
    s->play(r);
    failed = memory_is_back();
    for (size_t i = 0; i < PARTS; i++) {
        const part *was = &shared->undisturbed.parts[i];
        const part *is = &r->parts[i];
        same = same && !is->no_memory && is->len == was->len && memcmp(is->transcript, was->transcript, is->len) == 0;
        if (!s->asks && !is_right(was, is)) {
            (void)snprintf(shared->wrong, sizeof shared->wrong, "another result: %.500s", is->transcript);
            return WRONG;
        }
    }
    r->trouble[0] = '\0';
    if (!run_still_works(r)) {
        (void)snprintf(shared->wrong, sizeof shared->wrong, "%s", r->trouble);
        return WRONG;
    }
    run_end(r);
    return !failed ? NOT_REACHED : same ? SAME : FAILED;
}

/* In a child, so that a crash is one position's. The child's output is not of interest. */
static int try_position(const scenario *s, long position, bool forever)
{
    int status = 0;
    pid_t child;

    (void)snprintf(shared->wrong, sizeof shared->wrong, "nothing");
    child = fork();
    if (child == 0) {
        alarm(PATIENCE_S);
        _exit(play(s, position, forever));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return WRONG;
    if (WIFSIGNALED(status))
        (void)snprintf(shared->wrong, sizeof shared->wrong, "%s",
                       WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
    return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

/* In a child too: what is set up once per process must not have been set up here yet. */
static void compare_with_child(const scenario *s)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        play_undisturbed(s);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        failures++;
}

static unsigned reached; /* positions at which memory has run out */

static void sweep(const scenario *s, bool cold)
{
    unsigned counts[WRONG + 1] = {0};
    int result;

    if (cold)
        compare_with_child(s);
    else
        play_undisturbed(s);
    for (int forever = 0; forever < 2; forever++) {
        for (long position = 0; position < POSITIONS_MAX; position++) {
            result = try_position(s, position, forever == 1);
            if (result < NOT_REACHED || result > WRONG)
                result = WRONG;
            counts[result]++;
            if (result == NOT_REACHED)
                break;
            reached++;
            if (result == WRONG && failures++ < FAILURES_SHOWN)
                fprintf(stderr, "%s, allocation %ld fails %s: %s\n", s->name, position, forever ? "forever" : "once",
                        shared->wrong);
        }
    }
    printf("%-18s %-4s %5u failed, %5u the same, %u wrong\n", s->name, cold ? "cold" : "warm", counts[FAILED],
           counts[SAME], counts[WRONG]);
}

int main(int argc, char **argv)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    server = sandbox_start(NULL, "--keep", "1", NULL);
    if (!server)
        return 2;
    for (size_t i = 0; scenario_replies[i][0]; i++) {
        if (sandbox_register(server, scenario_replies[i][0], scenario_replies[i][1]) != 0)
            failures++;
    }
    if (argc == 1)
        sweep(scenario_named("first use"), true);
    for (const scenario *s = scenarios; s->name; s++) {
        if (argc > 1 && strcmp(argv[1], s->name) != 0)
            continue;
        if (argc > 3) {
            play_undisturbed(s);
            printf("%d: %s\n", play(s, strtol(argv[2], NULL, 10), strcmp(argv[3], "forever") == 0), shared->wrong);
        } else {
            sweep(s, false);
        }
    }
    if (sandbox_stop(server) != 0)
        failures++;
    if (argc <= 3 && reached == 0) {
        fprintf(stderr, "memory has never run out\n");
        failures++;
    }
    printf("%u failures\n", failures);
    return failures > 0;
}
