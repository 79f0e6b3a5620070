#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SMALL_STACK = 128 * 1024,
    LARGE_STACK = 1024 * 1024, /* for sanitizers */
    SHOWN_MAX = 20,            /* failed checks that are printed */
    STUCK_MS = 60000,          /* a call that takes this long hangs, however slow the machine is */
};

const char *const way_names[WAYS] = {"next", "execute", "wait", "loop"};
const char *const transport_names[TRANSPORTS] = {"plain", "tls"};

struct server server;
const char *certificates;
static char folder[] = FAULT_WORK_DIR "/fault-XXXXXX";
static size_t failures;

/* ---- circumstances ---- */

bool is_long(void)
{
    const char *text = getenv("CLAUDE_TEST_LONG");

    return text && strcmp(text, "1") == 0;
}

bool is_instrumented(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return getenv("CLAUDE_UNDER_VALGRIND") != NULL;
#endif
}

size_t sweep_step(size_t usual)
{
    if (is_long())
        return 1;
    return is_instrumented() ? usual * 8 + 3 : usual;
}

bool way_wanted(enum way way)
{
    const char *text = getenv("CLAUDE_FAULT_WAY");

    return !text || strcmp(text, way_names[way]) == 0;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- set up ---- */

extern char **environ;

static void run_program(const char *program, char *const argv[])
{
    pid_t pid = 0;
    int status = -1;

    if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "%s failed\n", program);
        exit(1);
    }
}

int start_all(void **state)
{
    char *argv[] = {(char *)(uintptr_t)(FAULT_SOURCE_DIR "/certificates.sh"), folder, NULL};

    (void)state;
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    certificates = folder;
    run_program(argv[0], argv);
    server_start(&server, folder);
    return 0;
}

int stop_all(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "rm", (char *)(uintptr_t) "-r", folder, NULL};

    (void)state;
    server_stop(&server);
    run_program("/bin/rm", argv);
    return 0;
}

/* ---- checks ---- */

bool check_at(bool holds, const char *condition, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (holds)
        return true;
    failures++;
    if (failures > SHOWN_MAX)
        return false;
    fprintf(stderr, "%s:%d: %s does not hold: ", file, line, condition);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

/* ---- clients ---- */

/* Setting up must not fail. */
static void must(claude_code_t rc, claude_error_t *err, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, claude_error_message(err));
    exit(1);
}

static void set(claude_config_t *config, const char *option, const char *value)
{
    claude_error_t *err = NULL;

    must(claude_config_set(config, option, value, &err), err, option);
}

static claude_request_t *make_request(void)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    must(claude_request_new("messages.create", &request, &err), err, "request");
    claude_request_set_model(request, "m", NULL);
    claude_request_set_max_tokens(request, 100, NULL);
    must(claude_request_add_user_text(request, "Hello!", CLAUDE_NTS, &err), err, "text");
    return request;
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data);

/* The callback's outcome: calls are made one after the other. */
static struct outcome *delivered_to;

void client_open(struct client *client, enum transport transport, int h2, ...)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    char text[4200];
    const char *option;
    va_list args;

    *client = (struct client){.transport = transport, .h2 = h2 != 0};
    must(claude_config_new(&config, &err), err, "configuration");
    (void)snprintf(text, sizeof text, transport == TLS ? "https://127.0.0.1:%d" : "http://127.0.0.1:%d",
                   transport == TLS ? server.tls_port : server.port);
    set(config, "base_url", text);
    (void)snprintf(text, sizeof text, "%s/ca.pem", folder);
    set(config, "tls.ca_file", text);
    set(config, "api_key", KEY);
    set(config, "network.http_version", !h2 ? "1.1" : transport == TLS ? "auto" : "2");
    /* Long enough for a busy machine, short enough that a hang is told in good time. */
    set(config, "timeout.first_byte_ms", "20000");
    set(config, "timeout.idle_ms", "20000");
    set(config, "timeout.total_ms", "20000");
    va_start(args, h2);
    while ((option = va_arg(args, const char *)) != NULL)
        set(config, option, va_arg(args, const char *));
    va_end(args);
    must(claude_client_new(config, &client->client, &err), err, "client");
    claude_config_unref(config);
    client->pulled = make_request();
    client->delivered = make_request();
    client->body = make_request();
    must(claude_request_set_stream(client->delivered, 1, &err), err, "stream");
    must(claude_request_on_event(client->delivered, on_event, &delivered_to, NULL, &err), err, "on_event");
    must(claude_loop_new(client->client, &client->loop, &err), err, "loop");
}

void client_close(struct client *client)
{
    claude_loop_unref(client->loop);
    claude_request_unref(client->pulled);
    claude_request_unref(client->delivered);
    claude_request_unref(client->body);
    claude_client_unref(client->client);
    *client = (struct client){.client = NULL};
}

void client_trim(struct client *client)
{
    claude_error_t *err = NULL;

    must(claude_client_trim(client->client, &err), err, "trim");
    /* A loop has connections of its own. */
    claude_loop_unref(client->loop);
    client->loop = NULL;
    must(claude_loop_new(client->client, &client->loop, &err), err, "loop");
}

void client_set(struct client *client, const char *option, const char *value)
{
    claude_request_t *all[] = {client->pulled, client->delivered, client->body};
    claude_error_t *err = NULL;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        must(claude_request_set_option(all[i], option, value, &err), err, option);
}

void client_send_json(struct client *client, const char *json, size_t len)
{
    claude_request_t *all[] = {client->pulled, client->delivered, client->body};
    claude_error_t *err = NULL;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        must(claude_request_set_json(all[i], json, len, &err), err, "json");
    must(claude_request_set_stream(client->delivered, 1, &err), err, "stream");
}

/* ---- calls ---- */

static bool same_text(const char *text, size_t len, const char *expected)
{
    if (!text || !expected)
        return !text && !expected;
    return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

struct bytes event_looked_for;

static void compare_event(struct outcome *o, const claude_event_t *event)
{
    size_t text_len = 0;
    size_t json_len = 0;
    const char *text = claude_event_text(event, &text_len);
    const char *json = claude_event_json(event, &json_len);
    const struct expected_event *e = o->events < STREAM_EVENTS ? &stream_events[o->events] : NULL;

    if (o->events == o->right_events) {
        if (e && claude_event_type(event) == e->type && claude_event_index(event) == e->index &&
            strcmp(claude_event_name(event), e->name) == 0 && same_text(json, json_len, e->json) &&
            same_text(text, text_len, e->text))
            o->right_events++;
        else
            (void)snprintf(o->wrong, sizeof o->wrong, "event %zu: type %d, index %d, %.120s", o->events,
                           (int)claude_event_type(event), (int)claude_event_index(event), json);
    }
    if (event_looked_for.ptr && json_len == event_looked_for.len && memcmp(json, event_looked_for.ptr, json_len) == 0)
        o->found++;
    o->events++;
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct outcome *o = *(struct outcome **)user_data;

    (void)call;
    compare_event(o, event);
    return 0;
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    if (!copy) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static void look_at_response(struct outcome *o, const claude_response_t *response)
{
    size_t text_len = 0;
    size_t thinking_len = 0;
    const char *text = response ? claude_response_text(response, &text_len) : NULL;
    const char *thinking = response ? claude_response_string(response, "/content/0/thinking", &thinking_len) : NULL;
    const char *json = response ? claude_response_json(response, &o->json_len) : NULL;

    o->text = copy_text(text ? text : "", text ? text_len : 0);
    o->thinking = copy_text(thinking ? thinking : "", thinking ? thinking_len : 0);
    o->json = copy_text(json ? json : "", json ? o->json_len : 0);
    if (response)
        o->http_status = claude_response_status(response);
}

/* Takes everything out of what a call has ended with, and releases it. */
static void look_at_end(struct outcome *o, claude_code_t rc, claude_call_t *call, claude_response_t *response,
                        claude_error_t *err)
{
    o->code = rc > 0 ? CLAUDE_OK : rc;
    if (rc >= 0) {
        look_at_response(o, response);
    } else {
        o->has_partial = claude_error_response(err) != NULL;
        look_at_response(o, claude_error_response(err));
        o->attempts = claude_error_attempts(err);
        o->retryable = claude_error_is_retryable(err);
        o->http_status = claude_error_http_status(err);
        (void)snprintf(o->message, sizeof o->message, "%s", claude_error_message(err));
    }
    if (call) {
        o->attempts = claude_call_attempts(call);
        o->anomalies = claude_call_anomalies(call);
        if (rc < 0)
            check(o->attempts == claude_error_attempts(err), "the call and its error tell different attempts");
    } else if (rc >= 0) {
        o->attempts = 1; /* what execute promises */
    }
    claude_response_unref(response);
    claude_error_unref(err);
    claude_call_unref(call);
}

static void run_next(struct client *client, struct outcome *o)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_client_stream(client->client, client->pulled, &call, &err);

    while (rc >= 0 && (rc = claude_call_next(call, STUCK_MS, &event, &err)) == 1)
        compare_event(o, event);
    check(rc != 0, "claude_call_next() hangs");
    if (rc >= 0)
        rc = claude_call_result(call, &response, &err);
    look_at_end(o, rc, call, response, err);
}

static void run_wait(struct client *client, struct outcome *o)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_client_start(client->client, client->delivered, CLAUDE_STREAM, &call, &err);

    if (rc >= 0)
        rc = claude_call_wait(call, STUCK_MS, &err);
    check(rc != 0, "claude_call_wait() hangs");
    if (rc >= 0)
        rc = claude_call_result(call, &response, &err);
    look_at_end(o, rc, call, response, err);
}

static void run_execute(struct client *client, claude_request_t *request, struct outcome *o)
{
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_client_execute(client->client, request, &response, &err);

    look_at_end(o, rc, NULL, response, err);
}

static void run_loop(struct client *client, struct outcome *o)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    int64_t until = now_ms() + STUCK_MS;
    claude_code_t rc = claude_loop_submit(client->loop, client->pulled, CLAUDE_STREAM, 7, &call, &err);

    while (rc >= 0 && rc != CLAUDE_DONE && now_ms() < until) {
        rc = claude_loop_wait(client->loop, STUCK_MS, &err);
        while (rc >= 0 && (rc = claude_loop_next(client->loop, &tag, &event, &err)) == 1)
            compare_event(o, event);
    }
    check(rc != 0 && (rc < 0 || tag == 7), "the loop hangs, or has the wrong tag");
    if (rc >= 0)
        rc = claude_call_result(call, &response, &err);
    look_at_end(o, rc, call, response, err);
}

void run_stream(struct client *client, enum way way, struct outcome *o)
{
    int64_t start = now_ms();

    *o = (struct outcome){.code = CLAUDE_OK};
    delivered_to = o;
    if (way == BY_NEXT)
        run_next(client, o);
    else if (way == BY_WAIT)
        run_wait(client, o);
    else if (way == BY_LOOP)
        run_loop(client, o);
    else
        run_execute(client, client->delivered, o);
    delivered_to = NULL;
    o->elapsed_ms = now_ms() - start;
    o->report = server_report(&server);
}

void run_body(struct client *client, struct outcome *o)
{
    int64_t start = now_ms();

    *o = (struct outcome){.code = CLAUDE_OK};
    run_execute(client, client->body, o);
    o->elapsed_ms = now_ms() - start;
    o->report = server_report(&server);
}

void outcome_free(struct outcome *o)
{
    free(o->text);
    free(o->thinking);
    free(o->json);
    *o = (struct outcome){.code = CLAUDE_OK};
}

void check_always(const struct outcome *o, bool complete, int64_t limit_ms, const char *what)
{
    check((o->code == CLAUDE_OK) == complete, "%s: %s, %s (%s)", what, complete ? "complete" : "not complete",
          claude_code_name(o->code), o->message);
    check(o->report.requests == (uint64_t)o->attempts, "%s: %d attempts reported, the server has %llu", what,
          (int)o->attempts, (unsigned long long)o->report.requests);
    check(o->attempts <= 1, "%s: %d attempts", what, (int)o->attempts);
    check(o->right_events == o->events, "%s: %s", what, o->wrong);
    check(!strstr(o->message, "CANARY"), "%s: the key is in the message", what);
    check(o->elapsed_ms <= limit_ms, "%s: took %lld ms", what, (long long)o->elapsed_ms);
    if (o->code != CLAUDE_OK && o->events > 0)
        check(!o->retryable, "%s: retryable after %zu events", what, o->events);
}

static void run_plain(struct client *client, enum way way, struct outcome *o)
{
    struct script script = SCRIPT_INIT;
    struct bytes body = {NULL, 0, 0};
    struct reply reply;

    stream_body(&body);
    reply_build(&reply, client->h2 ? BY_H2 : BY_LENGTH, body.ptr, body.len);
    if (client->h2)
        script_begin_h2(&script);
    else
        script_step(&script, STEP_WAIT_REQUEST);
    script_send(&script, reply.raw.ptr + reply.opening, reply.raw.len - reply.opening);
    script_step(&script, STEP_NEXT);
    server_play(&server, &script);
    run_stream(client, way, o);
    reply_free(&reply);
    script_free(&script);
    bytes_free(&body);
}

void check_goes_on(struct client *client, enum way way, const char *what)
{
    struct outcome o;

    run_plain(client, way, &o);
    check(o.code == CLAUDE_OK && o.right_events == STREAM_EVENTS && o.attempts == 1 && o.report.requests == 1,
          "the request after %s: %s (%s), %zu events, %d attempts, %llu counted", what, claude_code_name(o.code),
          o.message, o.events, (int)o.attempts, (unsigned long long)o.report.requests);
    outcome_free(&o);
}

bool h2_connections_last(struct client *client)
{
    static int known = -1; /* the threads of a test run one after the other */

    if (client->transport == TLS)
        return true;
    for (int i = 0; i < 2 && known < 0; i++) {
        struct outcome o;
        run_plain(client, BY_NEXT, &o);
        check(o.code == CLAUDE_OK, "an ordinary request: %s (%s)", claude_code_name(o.code), o.message);
        if (i == 1)
            known = o.report.connections == 0;
        outcome_free(&o);
    }
    return known == 1;
}

/* ---- small stacks, and processes ---- */

struct job {
    small_fn fn;
    void *arg;
};

static void *run_job(void *arg)
{
    struct job *job = arg;

    job->fn(job->arg);
    return NULL;
}

void run_small(small_fn fn, void *arg)
{
    struct job job = {fn, arg};
    pthread_attr_t attributes;
    pthread_t thread;

    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, is_instrumented() ? LARGE_STACK : SMALL_STACK) != 0 ||
        pthread_create(&thread, &attributes, run_job, &job) != 0) {
        fputs("a thread with a small stack cannot be made\n", stderr);
        exit(1);
    }
    pthread_attr_destroy(&attributes);
    pthread_join(thread, NULL);
}

void finish_checks(void)
{
    size_t n = failures;

    failures = 0;
    if (n > 0)
        fail_msg("%zu checks did not hold", n);
}

/* A figure of /proc/self/status in KiB. */
static size_t status_kib(const char *name)
{
    char line[256];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = (size_t)strtoull(line + strlen(name) + 1, NULL, 10);
    }
    if (file)
        fclose(file);
    return kib;
}

static size_t memory_base;

void memory_counts_from_here(void)
{
    memory_base = status_kib("VmRSS");
}

/* In the child: the highest that resident memory has been is compared with what it was at the beginning. */
static void check_memory(const char *name, size_t max_kib)
{
    size_t peak = status_kib("VmHWM");
    size_t grown = peak > memory_base ? peak - memory_base : 0;

    if (is_instrumented()) {
        printf("    %-46s memory is not measured in this build\n", name);
        return;
    }
    printf("    %-46s %6zu KiB of %zu\n", name, grown, max_kib);
    check(peak > 0 && memory_base > 0, "%s: /proc/self/status does not tell the memory", name);
    check(max_kib == 0 || grown <= max_kib, "%s: memory grew by %zu KiB, allowed are %zu", name, grown, max_kib);
}

void run_forked(small_fn fn, void *arg, const char *name, size_t max_kib)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        failures = 0;
        memory_counts_from_here();
        run_small(fn, arg);
        check_memory(name, max_kib);
        fflush(NULL);
        exit(failures > 0 ? 1 : 0); /* with a look for leaks, where that is built in */
    }
    check(pid > 0 && waitpid(pid, &status, 0) == pid, "%s: fork", name);
    check(!WIFSIGNALED(status), "%s: ended by signal %d", name, WTERMSIG(status));
    check(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "%s: failed, see above", name);
}
