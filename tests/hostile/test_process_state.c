/*
 * test_process_state.c - the process is left as it was found: signals, masks, locale, environment, working directory,
 * limits, timers, descriptors, threads, locked memory, floating point, chance, files, and not a byte of output, after
 * the library has done all it can do, its failures included.
 *
 * All of it happens in a child, so that what is written at its exit counts too.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <claude/claude.h>

#include "sandbox/client.h"
#include "scenarios.h"

#define KEY "sk-ant-api03-hostile-surroundings-0123456789"
enum { PATIENCE_S = 120, SETTLE_MS = 10000, SEED = 42 };

extern char **environ;

static struct sandbox *server;
static char stranger_url[64];
static FILE *out; /* the report; the child's standard output and error belong to the test */
static int failures;

static void wrong(const char *what, const char *detail)
{
    failures++;
    fprintf(out, "%s: %s\n", what, detail);
}

/* ---- what a process is ---- */

static void note_status(FILE *to)
{
    static const char *const kept[] = {
        "Name:",   "Umask:",  "Uid:",    "Gid:",    "Groups:", "VmLck:",   "Threads:",    "SigPnd:",     "ShdPnd:",
        "SigBlk:", "SigIgn:", "SigCgt:", "CapEff:", "CapBnd:", "Seccomp:", "NoNewPrivs:", "CoreDumping:"};
    FILE *status = fopen("/proc/self/status", "re");
    char line[512];

    while (status && fgets(line, sizeof line, status)) {
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
            if (strncmp(line, kept[i], strlen(kept[i])) == 0)
                fputs(line, to);
        }
    }
    if (status)
        fclose(status);
}

static void note_signals(FILE *to)
{
    struct sigaction action;
    stack_t alternative;
    sigset_t mask;

    sigemptyset(&mask);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int i = 1; i < NSIG; i++) {
        if (sigaction(i, NULL, &action) == 0)
            fprintf(to, "signal %d: handler %p, flags %x, %s\n", i, (void *)(uintptr_t)action.sa_handler,
                    (unsigned)action.sa_flags, sigismember(&mask, i) == 1 ? "blocked" : "open");
    }
    if (sigaltstack(NULL, &alternative) == 0)
        fprintf(to, "alternative signal stack: %p\n", alternative.ss_sp);
}

static void note_locale(FILE *to)
{
    for (int category = 0; category <= LC_ALL; category++)
        fprintf(to, "locale %d: %s\n", category, setlocale(category, NULL));
    fprintf(to, "locale of the thread: %s, decimal point %s\n",
            uselocale((locale_t)0) == LC_GLOBAL_LOCALE ? "global" : "its own", localeconv()->decimal_point);
    fprintf(to, "time zone: %s %s %ld\n", tzname[0], tzname[1], timezone);
}

static void note_limits(FILE *to)
{
    struct rlimit limit;
    struct itimerval timer;

    for (int i = 0; i < RLIMIT_NLIMITS; i++) {
        if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
            fprintf(to, "limit %d: %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
                    (unsigned long long)limit.rlim_max);
    }
    for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
        /* The alarm of this test itself runs. */
        if (getitimer((__itimer_which_t)i, &timer) == 0)
            fprintf(to, "timer %d: %s\n", i, timer.it_value.tv_sec || timer.it_value.tv_usec ? "runs" : "off");
    }
    fprintf(to, "priority: %d, scheduler %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
}

static void note_floating_point(FILE *to)
{
    fprintf(to, "rounding: %d, traps: %d\n", fegetround(), fegetexcept());
#if defined(__x86_64__)
    {
        /* The low six bits tell what has happened, not what shall. */
        fenv_t environment;
        fegetenv(&environment);
        fprintf(to, "mxcsr: %x, x87: %x\n", environment.__mxcsr & ~0x3fu, (unsigned)environment.__control_word);
    }
#endif
}

/* A file for keys of TLS is opened by libcurl, because whoever started the process asked for it. */
static void note_descriptors(FILE *to)
{
    const char *asked_for = getenv("SSLKEYLOGFILE");
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    char path[300];
    char target[300];

    while (directory && (entry = readdir(directory)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        ssize_t n;
        if (entry->d_name[0] == '.' || fd == dirfd(directory))
            continue;
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        if (asked_for && strcmp(target, asked_for) == 0)
            continue;
        fprintf(to, "descriptor %d: %s, flags %x %x\n", fd, target, (unsigned)fcntl(fd, F_GETFD),
                (unsigned)fcntl(fd, F_GETFL));
    }
    if (directory)
        closedir(directory);
}

/* It is empty at first, and the place for temporary files and the home directory as well. */
static void note_files(FILE *to)
{
    DIR *directory = opendir(".");
    struct dirent *entry;

    while (directory && (entry = readdir(directory)) != NULL)
        fprintf(to, "file %s\n", entry->d_name);
    if (directory)
        closedir(directory);
}

static void note_process(FILE *to)
{
    char cwd[4096];
    char name[17] = "";
    int signal_number = 0;
    int status = 0;

    fprintf(to, "working directory: %s\n", getcwd(cwd, sizeof cwd) ? cwd : "gone");
    for (char **variable = environ; variable && *variable; variable++)
        fprintf(to, "environment: %s\n", *variable);
    prctl(PR_GET_NAME, name, 0, 0, 0);
    prctl(PR_GET_PDEATHSIG, &signal_number, 0, 0, 0);
    fprintf(to, "thread: %s, dumpable %d, parent's death %d, slack %d\n", name, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
            signal_number, prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    fprintf(to, "children: %d %d\n", (int)waitpid(-1, &status, WNOHANG), errno == ECHILD);
    fprintf(to, "pending output: %zu %zu\n", __fpending(stdout), __fpending(stderr));
}

static char *snapshot(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    if (!to)
        exit(2);
    note_status(to);
    note_signals(to);
    note_locale(to);
    note_limits(to);
    note_floating_point(to);
    note_files(to);
    note_process(to);
    note_descriptors(to);
    fclose(to);
    return text;
}

/* Reports each line of one that is not in the other. */
static void report_missing(const char *from, const char *in, const char *how)
{
    while (*from) {
        size_t len = strcspn(from, "\n");
        const char *found = in;
        while (found && (strncmp(found, from, len) != 0 || found[len] != '\n')) {
            found = strchr(found, '\n');
            found = found && found[1] ? found + 1 : NULL;
        }
        if (!found) {
            failures++;
            fprintf(out, "%s: %.*s\n", how, (int)len, from);
        }
        from += len + (from[len] == '\n');
    }
}

/* ---- all that the library can do ---- */

static claude_client_t *client_for(const char *url, const char *option, const char *value)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_config_new(&config, &err);

    if (rc >= 0)
        rc = claude_config_set(config, "base_url", url, &err);
    if (rc >= 0)
        rc = claude_config_set(config, "api_key", KEY, &err);
    if (rc >= 0 && option)
        rc = claude_config_set(config, option, value, &err);
    if (rc >= 0)
        rc = claude_client_new(config, &client, &err);
    if (rc < 0)
        wrong("no client", claude_error_message(err));
    claude_error_unref(err);
    claude_config_unref(config);
    return client;
}

static claude_request_t *request_for(const char *reply, bool stream)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (claude_request_new("messages.create", &request, &err) < 0)
        wrong("no request", claude_error_message(err));
    claude_error_unref(err);
    claude_request_set_model(request, "claude-opus-5", NULL);
    claude_request_set_max_tokens(request, 100, NULL);
    claude_request_set_temperature(request, 0.7, NULL);
    claude_request_add_user_text(request, "Hello", CLAUDE_NTS, NULL);
    claude_request_set_header(request, "x-sandbox-scenario", reply, NULL);
    claude_request_set_stream(request, stream, NULL);
    return request;
}

/* One call, whose result must have this code. */
static void expect(claude_client_t *client, const char *reply, bool stream, claude_code_t code)
{
    claude_request_t *request = request_for(reply, stream);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    errno = 77;
    rc = claude_client_execute(client, request, &response, &err);
    if (rc != code)
        wrong(reply, rc < 0 ? claude_error_message(err) : "succeeded");
    if (errno != 77)
        wrong(reply, "errno has changed");
    claude_error_unref(err);
    claude_response_unref(response);
    claude_request_unref(request);
}

static void expect_once(const char *url, const char *option, const char *value, const char *reply, bool stream,
                        claude_code_t code)
{
    claude_client_t *client = client_for(url, option, value);

    expect(client, reply, stream, code);
    claude_client_unref(client);
}

static void pull_and_cancel(claude_client_t *client, const char *reply, bool cancel)
{
    claude_request_t *request = request_for(reply, true);
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_event_t *kept = NULL;
    claude_code_t rc = claude_client_stream(client, request, &call, NULL);

    while (rc >= 0 && (rc = claude_call_next(call, -1, &event, NULL)) == 1) {
        if (!kept)
            (void)claude_event_keep(event, &kept, NULL);
        if (cancel && claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA)
            claude_call_cancel(call);
    }
    if (rc != (cancel ? CLAUDE_E_CANCELED : CLAUDE_DONE))
        wrong(reply, claude_code_name(rc));
    claude_event_unref(kept);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void run_loop(claude_client_t *client)
{
    static const char *const replies[] = {"text-tool-thinking", "text", "stall"};
    claude_call_t *calls[3] = {NULL};
    const claude_event_t *event = NULL;
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc = claude_loop_new(client, &loop, &err);

    for (uint64_t i = 0; i < 3 && rc >= 0; i++) {
        claude_request_t *request = request_for(replies[i], i != 1);
        rc = claude_loop_submit(loop, request, 0, i, &calls[i], &err);
        claude_request_unref(request);
    }
    claude_loop_wakeup(loop);
    /* The third call never ends by itself: the loop is released with it. */
    while (rc >= 0 && claude_loop_count(loop) > 1) {
        rc = claude_loop_wait(loop, -1, &err);
        while (rc >= 0 && (rc = claude_loop_next(loop, &tag, &event, &err)) > 0)
            ;
    }
    if (rc < 0)
        wrong("loop", claude_error_message(err));
    claude_error_unref(err);
    for (size_t i = 0; i < 3; i++)
        claude_call_unref(calls[i]);
    claude_loop_unref(loop);
}

static void pause_and_resume(claude_client_t *client)
{
    claude_request_t *request = request_for("text-tool-thinking", true);
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_client_stream(client, request, &call, NULL);

    claude_call_pause(call);
    if (rc >= 0 && claude_call_next(call, 1, &event, NULL) != 0)
        wrong("pause", "a paused call went on");
    claude_call_resume(call);
    while (rc >= 0 && (rc = claude_call_next(call, -1, &event, NULL)) == 1)
        ;
    if (rc != CLAUDE_DONE)
        wrong("pause", claude_code_name(rc));
    claude_call_unref(call);
    claude_request_unref(request);
}

/* A port of loopback, where nobody listens yet. */
static int bound(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        wrong("no port", "cannot bind");
    (void)snprintf(url, 64, "https://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

/* A server that answers a TLS handshake in a language of its own; a process that ends with the one that started it. */
static pid_t start_stranger(void)
{
    static const char text[] = "220 this is no TLS\r\n";
    char request[1000];
    int listening = bound(stranger_url);
    pid_t pid = listen(listening, 8) == 0 ? fork() : -1;

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int fd = accept(listening, NULL, NULL);
            if (fd < 0 || read(fd, request, sizeof request) < 0 || write(fd, text, sizeof text - 1) < 0)
                _exit(1);
            close(fd);
        }
    }
    close(listening);
    return pid;
}

static void use_network(void)
{
    char url[64];
    int fd = bound(url);

    expect_once(url, NULL, NULL, "text", false, CLAUDE_E_CONNECT);
    close(fd);
    expect_once(stranger_url, NULL, NULL, "text", false, CLAUDE_E_TLS);
    expect_once(stranger_url, "tls.ca_file", "/nonexistent/ca.pem", "text", false, CLAUDE_E_TLS);
    /* A name to be looked up: libcurl's resolver has a thread. */
    (void)snprintf(url, sizeof url, "http://localhost:%d", sandbox_port(server));
    expect_once(url, NULL, NULL, "text", false, CLAUDE_OK);
    expect_once(sandbox_url(server), "timeout.idle_ms", "60", "stall", true, CLAUDE_E_TIMEOUT);
    expect_once(sandbox_url(server), "limit.message_bytes", "1024", "huge-event", true, CLAUDE_E_TOO_LARGE);
}

/* All that other tests let run out of memory; here it has enough. */
static void play_scenarios(void)
{
    static run r;

    for (const scenario *s = scenarios; s->name; s++) {
        memset(&r, 0, sizeof r);
        r.url = sandbox_url(server);
        if (!s->makes_client)
            (void)scenario_client(&r);
        s->play(&r);
        if (r.trouble[0] || run_lacked_memory(&r))
            wrong(s->name, r.trouble);
        run_end(&r);
    }
}

static void use_everything(void)
{
    claude_client_t *client = client_for(sandbox_url(server), NULL, NULL);
    claude_config_t *config = NULL;
    claude_secret_t *secret = NULL;

    expect(client, "text", false, CLAUDE_OK);
    expect(client, "text-tool-thinking", true, CLAUDE_OK);
    expect(client, "unknown-events", true, CLAUDE_OK);
    expect(client, "overloaded", false, CLAUDE_E_OVERLOADED);
    expect(client, "rate-limited", true, CLAUDE_E_RATE_LIMIT);
    expect(client, "html", false, CLAUDE_E_PROTOCOL);
    expect(client, "truncated", true, CLAUDE_E_TRUNCATED);
    expect(client, "redirect", false, CLAUDE_E_REDIRECT);
    pull_and_cancel(client, "text-tool-thinking", false);
    pull_and_cancel(client, "stall", true);
    pause_and_resume(client);
    run_loop(client);
    if (claude_client_trim(client, NULL) != CLAUDE_OK)
        wrong("trim", "failed");
    expect(client, "text", true, CLAUDE_OK);
    use_network();
    play_scenarios();
    claude_client_unref(client);
    if (claude_config_new(&config, NULL) < 0 || claude_config_load_env(config, NULL) < 0 ||
        claude_config_load_json(config, "{\"limit\": {\"blocks\": true}}", CLAUDE_NTS, NULL) != CLAUDE_E_INVALID ||
        claude_secret_from_file("nothing", &secret, NULL) >= 0 || claude_build_info()[0] == '\0')
        wrong("configuration", "not as expected");
    /* Here it is found only if the environment has it. */
    if ((claude_secret_from_workspace(NULL, &secret, NULL) >= 0) != (getenv("ANTHROPIC_API_KEY") != NULL))
        wrong("workspace", "not as expected");
    claude_secret_unref(secret);
    claude_config_unref(config);
}

static long count_threads(void)
{
    DIR *directory = opendir("/proc/self/task");
    long threads = -2; /* . and .. */

    while (directory && readdir(directory))
        threads++;
    if (directory)
        closedir(directory);
    return threads;
}

/* Threads of the resolver may take a moment to end. */
static void settle(long threads)
{
    const struct timespec pause = {.tv_nsec = 10000000};

    for (int i = 0; i < SETTLE_MS / 10 && count_threads() > threads; i++)
        nanosleep(&pause, NULL);
}

/* What chance gives next must not depend on the library. */
static void seed(void)
{
    srandom(SEED);
    srand48(SEED);
}

static void check_chance(void)
{
    long random_is = random();
    long other_is = lrand48();

    seed();
    if (random() != random_is || lrand48() != other_is)
        wrong("chance", "somebody has drawn or seeded numbers that belong to the program");
}

static int child(const char *directory)
{
    long threads = count_threads();
    char *before;
    char *after;

    if (chdir(directory) != 0)
        return 2;
    setenv("HOME", directory, 1);
    setenv("TMPDIR", directory, 1);
    alarm(PATIENCE_S);
    seed();
    before = snapshot();
    use_everything();
    use_everything();
    settle(threads);
    after = snapshot();
    report_missing(before, after, "is gone");
    report_missing(after, before, "is new");
    check_chance();
    free(before);
    free(after);
    return failures > 0;
}

/* Reads what the child writes to its standard output or error. */
static void expect_silence(int fd, const char *name)
{
    char text[1000];
    ssize_t n = read(fd, text, sizeof text - 1);

    if (n > 0) {
        text[n] = '\0';
        wrong(name, text);
    }
    close(fd);
}

int main(void)
{
    char directory[] = "/tmp/claude-state-XXXXXX";
    int pipes[2][2];
    int status = 0;
    pid_t stranger;
    pid_t pid;

    out = stderr;
    stranger = start_stranger();
    server = sandbox_start(NULL, NULL);
    for (size_t i = 0; server && scenario_replies[i][0]; i++) {
        if (sandbox_register(server, scenario_replies[i][0], scenario_replies[i][1]) != 0)
            return 2;
    }
    if (!server || stranger < 0 || !mkdtemp(directory) || pipe2(pipes[0], O_CLOEXEC) != 0 ||
        pipe2(pipes[1], O_CLOEXEC) != 0)
        return 2;
    pid = fork();
    if (pid == 0) {
        out = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "w");
        if (!out || dup2(pipes[0][1], STDOUT_FILENO) < 0 || dup2(pipes[1][1], STDERR_FILENO) < 0)
            _exit(2);
        (void)setvbuf(out, NULL, _IOLBF, 0);
        exit(child(directory));
    }
    close(pipes[0][1]);
    close(pipes[1][1]);
    expect_silence(pipes[0][0], "standard output");
    expect_silence(pipes[1][0], "standard error");
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        wrong("the child", "has found differences, or died");
    if (rmdir(directory) != 0)
        wrong("files", "were left behind");
    if (kill(stranger, SIGKILL) != 0 || waitpid(stranger, &status, 0) != stranger || !WIFSIGNALED(status))
        wrong("the server without TLS", "ended by itself");
    if (sandbox_stop(server) != 0)
        wrong("sandbox", "ended badly");
    printf("%d failures\n", failures);
    return failures > 0;
}
