/*
 * test_oom.c - every allocation of libclaude's own objects fails in turn, once and from then on for ever, in the main
 * scenarios. Each time the result is CLAUDE_E_NOMEM or that of the undisturbed run, nothing is lost, and the same
 * client works afterwards. The archive is linked with its allocating functions renamed, see failing.syms.
 *
 *     hostile_oom [SCENARIO [POSITION once|forever]]
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

enum { PATIENCE_S = 60, POSITIONS_MAX = 5000, FAILURES_SHOWN = 20, SENT_MAX = 8192 };

/* Shared with children, which try what happens only once per process. */
typedef struct stage {
    run undisturbed;
    run attempt;
    char sent[SENT_MAX]; /* by the undisturbed run, last */
    unsigned failures;
    unsigned survived; /* positions whose failure changed nothing */
} stage;

static stage *shared;
static struct sandbox *server;
static char where[128];

/* Tells where it hangs, and ends. Only what a signal handler may do. */
static void hangs(int signal_number)
{
    static const char text[] = ": hangs\n";
    ssize_t n = write(STDERR_FILENO, where, strlen(where));

    n += write(STDERR_FILENO, text, sizeof text - 1);
    (void)n;
    (void)signal_number;
    _exit(3);
}

static void report(const char *what)
{
    if (shared->failures++ < FAILURES_SHOWN)
        fprintf(stderr, "%s: %s\n", where, what);
}

/* Headers and body of the last request, as the server has received them. */
static void last_sent(char out[SENT_MAX])
{
    char *json = sandbox_requests(server);
    char *headers = json ? strstr(json, "\"headers\"") : NULL;
    char *end = headers ? strstr(headers, "\"complete\"") : NULL;

    if (end)
        *end = '\0';
    (void)snprintf(out, SENT_MAX, "%s", end ? headers : "nothing");
    free(json);
}

static void begin(run *r, const scenario *s)
{
    memset(r, 0, sizeof *r);
    r->url = sandbox_url(server);
    if (!s->makes_client && !scenario_client(r))
        report("no client");
}

static void end(run *r)
{
    run_end(r);
    if (r->registered != r->destroyed)
        report("user_data was not released once for each time it was given away");
}

static void play_undisturbed(const scenario *s)
{
    const char *wrong;

    (void)snprintf(where, sizeof where, "%s, undisturbed", s->name);
    alarm(PATIENCE_S);
    begin(&shared->undisturbed, s);
    s->play(&shared->undisturbed);
    wrong = run_compare(&shared->undisturbed, &shared->undisturbed, false);
    if (wrong)
        report(wrong);
    end(&shared->undisturbed);
    last_sent(shared->sent);
}

/* One position. True if the scenario got so far as to need it. */
static bool play(const scenario *s, long position, bool forever)
{
    run *r = &shared->attempt;
    char sent[SENT_MAX];
    const char *wrong;
    bool failed;

    (void)snprintf(where, sizeof where, "%s, allocation %ld fails %s", s->name, position,
                   forever ? "for ever" : "once");
    alarm(PATIENCE_S);
    begin(r, s);
    memory_runs_out(position, forever);
    s->play(r);
    failed = memory_is_back();
    wrong = run_compare(&shared->undisturbed, r, failed);
    if (wrong)
        report(wrong);
    if (failed && !wrong && !run_lacked_memory(r)) {
        shared->survived++;
        last_sent(sent);
        if (!s->unordered && strcmp(sent, shared->sent) != 0)
            report("another request was sent");
    }
    r->trouble[0] = '\0';
    if (!run_still_works(r))
        report(r->trouble);
    end(r);
    return failed;
}

/* Warm: in this process, where all that is to be set up once is there; so what is held must not grow. */
static bool play_warm(const scenario *s, long position, bool forever)
{
    long before = memory_held();
    bool failed = play(s, position, forever);

    if (memory_held() != before)
        report("memory is lost, or freed twice");
    return failed;
}

/* Cold: in a child that has not used the library before. */
static bool play_cold(const scenario *s, long position, bool forever)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(play(s, position, forever) ? 1 : 0);
    (void)snprintf(where, sizeof where, "%s (cold), allocation %ld", s->name, position);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
        report("the process died");
        return false;
    }
    return WEXITSTATUS(status) == 1;
}

static void sweep(const scenario *s, bool (*try)(const scenario *, long, bool), const char *how)
{
    long positions[2] = {0, 0};

    shared->survived = 0;
    for (int forever = 0; forever < 2; forever++) {
        while (positions[forever] < POSITIONS_MAX && try(s, positions[forever], forever == 1))
            positions[forever]++;
    }
    if (positions[0] == 0 || positions[1] == 0 || positions[0] >= POSITIONS_MAX || positions[1] >= POSITIONS_MAX)
        report("too few allocations, or too many");
    printf("%-18s %-5s %4ld allocations failed once, %4ld for ever; %u changed nothing\n", s->name, how, positions[0],
           positions[1], shared->survived);
}

/* The first use of all must not have happened in this process, so a child makes the run to compare with. */
static void sweep_cold(const scenario *s)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        play_undisturbed(s);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        report("the undisturbed run died");
    sweep(s, play_cold, "cold");
}

static void sweep_warm(const scenario *s)
{
    play_undisturbed(s);
    play_undisturbed(s);
    sweep(s, play_warm, "warm");
}

static void run_all(void)
{
    sweep_cold(scenario_named("first use"));
    for (const scenario *s = scenarios; s->name; s++)
        sweep_warm(s);
}

int main(int argc, char **argv)
{
    const scenario *s;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGALRM, hangs);
    server = sandbox_start(NULL, "--keep", "1", NULL);
    if (!server)
        return 2;
    for (size_t i = 0; scenario_replies[i][0]; i++) {
        if (sandbox_register(server, scenario_replies[i][0], scenario_replies[i][1]) != 0)
            report("the sandbox refused a scenario");
    }
    s = argc > 1 ? scenario_named(argv[1]) : NULL;
    if (argc > 1 && !s) {
        report("there is no such scenario");
    } else if (argc > 3) {
        play_undisturbed(s);
        (void)play_warm(s, strtol(argv[2], NULL, 10), strcmp(argv[3], "forever") == 0);
    } else if (s) {
        sweep_warm(s);
    } else {
        run_all();
    }
    (void)snprintf(where, sizeof where, "the sandbox");
    if (sandbox_stop(server) != 0)
        report("ended badly");
    printf("%u failures\n", shared->failures);
    return shared->failures > 0;
}
