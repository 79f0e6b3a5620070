/*
 * network_calls.c - many calls at once against one server, for the tests in cases/: started by them, not by hand.
 *
 *   network_calls WAY COUNT URL CA_FILE SCENARIO [OPTION=VALUE ...]
 *
 *   loop      COUNT streams on one event loop
 *   paused    the same, and the first is paused at its first event until all others have ended
 *   threads   COUNT threads with a stream each
 *   unread    COUNT threads with a stream each, and the first reads nothing after its first event until the others have
 *             ended
 *   repeated  COUNT threads with 25 calls each, one after the other, not streamed
 *
 * Prints `open N` once every stream has had its first event, and at the end one line of JSON. Exit status 0 says only
 * that it could do its work; how the calls went is in the JSON.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <claude/claude.h>

#define KEY "sk-ant-api03-CANARY7f3a9c51-never-to-be-shown"

enum { REPEATS = 25, PATIENCE_MS = 240000, WAIT_MS = 1000 };

/* One stream. */
struct stream {
    claude_call_t *call;
    uint64_t events;
    uint64_t hash; /* of its text */
    bool ended;
};

/* What all calls came to. */
struct sum {
    pthread_mutex_t lock;
    size_t done;
    size_t failed;
    size_t retryable;
    size_t attempts;
    size_t events;
    size_t same_text; /* streams whose text is as that of the first that ended */
    uint64_t hash;
    char first_error[512];
};

static struct sum sum = {.lock = PTHREAD_MUTEX_INITIALIZER};
static claude_client_t *client;
static const char *scenario;
static size_t count;
static _Atomic size_t opened;
static _Atomic size_t ended;

static void give_up(const char *what, const claude_error_t *err)
{
    fprintf(stderr, "network_calls: %s: %s\n", what, err ? claude_error_message(err) : "");
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- clients and requests ---- */

static void open_client(const char *url, const char *ca_file, char **options, int option_count)
{
    claude_config_t *config = NULL;
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    if (claude_config_new(&config, &err) < 0 || claude_config_set(config, "base_url", url, &err) < 0 ||
        claude_config_set(config, "tls.ca_file", ca_file, &err) < 0 ||
        claude_config_set(config, "timeout.connect_ms", "60000", &err) < 0 ||
        claude_secret_new(KEY, CLAUDE_NTS, &secret, &err) < 0 || claude_config_set_secret(config, secret, &err) < 0)
        give_up("configuration", err);
    for (int i = 0; i < option_count; i++) {
        char *value = strchr(options[i], '=');
        if (!value)
            give_up(options[i], NULL);
        *value++ = '\0';
        if (claude_config_set(config, options[i], value, &err) < 0)
            give_up(options[i], err);
    }
    if (claude_client_new(config, &client, &err) < 0)
        give_up("client", err);
    claude_secret_unref(secret);
    claude_config_unref(config);
}

/* Each has a text of its own, by which the server tells them apart. */
static claude_request_t *request_for(size_t number, size_t repeat)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    char text[64];

    snprintf(text, sizeof text, "call %zu.%zu", number, repeat);
    if (claude_request_new("messages.create", &request, &err) < 0 ||
        claude_request_set_model(request, "claude-opus-5", &err) < 0 ||
        claude_request_set_max_tokens(request, 1024, &err) < 0 ||
        claude_request_add_user_text(request, text, CLAUDE_NTS, &err) < 0)
        give_up("request", err);
    if (*scenario && claude_request_set_header(request, "x-sandbox-scenario", scenario, &err) < 0)
        give_up("request", err);
    return request;
}

/* ---- outcomes ---- */

static void count_open(void)
{
    if (atomic_fetch_add(&opened, 1) + 1 == count) {
        printf("open %zu\n", count);
        fflush(stdout);
    }
}

static void see(struct stream *stream, const claude_event_t *event)
{
    size_t len = 0;
    const char *text;

    if (stream->events++ == 0) {
        stream->hash = 14695981039346656037u;
        count_open();
    }
    if (claude_event_type(event) != CLAUDE_EVENT_TEXT_DELTA)
        return;
    text = claude_event_text(event, &len);
    for (size_t i = 0; i < len; i++)
        stream->hash = (stream->hash ^ (unsigned char)text[i]) * 1099511628211u;
}

/* The end of a call: what it came to goes into the sum. */
static void add_up(claude_call_t *call, const struct stream *stream)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_call_result(call, &response, &err);

    pthread_mutex_lock(&sum.lock);
    sum.attempts += (size_t)claude_call_attempts(call);
    sum.events += stream ? stream->events : 0;
    if (rc >= 0) {
        if (sum.done++ == 0)
            sum.hash = stream ? stream->hash : 0;
        sum.same_text += stream && stream->hash == sum.hash;
    } else {
        sum.retryable += claude_error_is_retryable(err) != 0;
        if (sum.failed++ == 0)
            snprintf(sum.first_error, sizeof sum.first_error, "%s: %s", claude_code_name(rc),
                     claude_error_message(err));
    }
    pthread_mutex_unlock(&sum.lock);
    claude_response_unref(response);
    claude_error_unref(err);
}

static void print_sum(int64_t took_ms)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    for (char *c = sum.first_error; *c; c++)
        if (*c == '"' || *c == '\\')
            *c = '\'';
    printf(
        "{\"done\": %zu, \"failed\": %zu, \"retryable\": %zu, \"attempts\": %zu, \"events\": %zu, \"same_text\": %zu, "
        "\"took_ms\": %" PRId64 ", \"rss_kib\": %ld, \"first_error\": \"%s\"}\n",
        sum.done, sum.failed, sum.retryable, sum.attempts, sum.events, sum.same_text, took_ms, usage.ru_maxrss,
        sum.first_error);
}

/* ---- one event loop ---- */

/* Takes all events there are; the first stream stops at its first event if it is to be paused. */
static void take_events(claude_loop_t *loop, struct stream *streams, bool pause_first)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc;

    while ((rc = claude_loop_next(loop, &tag, &event, &err)) > 0) {
        struct stream *stream = &streams[tag];
        if (rc == CLAUDE_DONE) {
            stream->ended = true;
            atomic_fetch_add(&ended, 1);
            add_up(stream->call, stream);
            continue;
        }
        if (stream->ended)
            give_up("an event after the end", NULL);
        see(stream, event);
        if (pause_first && tag == 0 && stream->events == 1)
            claude_call_pause(stream->call);
    }
    if (rc < 0)
        give_up("claude_loop_next", err);
}

static void run_loop(bool pause_first)
{
    struct stream *streams = calloc(count, sizeof *streams);
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    int64_t until = now_ms() + PATIENCE_MS;
    uint64_t paused_at = 0;

    if (!streams || claude_loop_new(client, &loop, &err) < 0)
        give_up("claude_loop_new", err);
    for (size_t i = 0; i < count; i++) {
        claude_request_t *request = request_for(i, 0);
        if (claude_loop_submit(loop, request, CLAUDE_STREAM, i, &streams[i].call, &err) < 0)
            give_up("claude_loop_submit", err);
        claude_request_unref(request);
    }
    while (claude_loop_count(loop) > 0) {
        if (now_ms() > until)
            give_up("the streams do not end", NULL);
        if (claude_loop_wait(loop, WAIT_MS, &err) < 0)
            give_up("claude_loop_wait", err);
        take_events(loop, streams, pause_first);
        if (pause_first && atomic_load(&ended) == count - 1 && !streams[0].ended && paused_at == 0) {
            paused_at = streams[0].events;
            if (paused_at != 1 || !claude_call_is_paused(streams[0].call))
                give_up("the first stream is not paused", NULL);
            claude_call_resume(streams[0].call);
        }
    }
    if (pause_first && paused_at == 0)
        give_up("the paused stream ended before the others", NULL);
    for (size_t i = 0; i < count; i++)
        claude_call_unref(streams[i].call);
    claude_loop_unref(loop);
    free(streams);
}

/* ---- threads ---- */

static bool first_waits;
static pthread_mutex_t others_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t others_ended = PTHREAD_COND_INITIALIZER;

static void one_ended(void)
{
    pthread_mutex_lock(&others_lock);
    atomic_fetch_add(&ended, 1);
    pthread_cond_broadcast(&others_ended);
    pthread_mutex_unlock(&others_lock);
}

static void wait_for_others(void)
{
    pthread_mutex_lock(&others_lock);
    while (atomic_load(&ended) < count - 1)
        pthread_cond_wait(&others_ended, &others_lock);
    pthread_mutex_unlock(&others_lock);
}

static void *stream_thread(void *user)
{
    size_t number = (size_t)(uintptr_t)user;
    claude_request_t *request = request_for(number, 0);
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    struct stream stream = {0};
    claude_code_t rc;

    if (claude_client_stream(client, request, &stream.call, &err) < 0)
        give_up("claude_client_stream", err);
    while ((rc = claude_call_next(stream.call, -1, &event, &err)) >= 0 && rc != CLAUDE_DONE) {
        if (rc == 0)
            continue;
        see(&stream, event);
        if (first_waits && number == 0 && stream.events == 1)
            wait_for_others();
    }
    claude_error_unref(err);
    add_up(stream.call, &stream);
    one_ended();
    claude_call_unref(stream.call);
    claude_request_unref(request);
    return NULL;
}

static void *repeat_thread(void *user)
{
    size_t number = (size_t)(uintptr_t)user;

    for (size_t repeat = 0; repeat < REPEATS; repeat++) {
        claude_request_t *request = request_for(number, repeat);
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        if (claude_client_start(client, request, 0, &call, &err) < 0)
            give_up("claude_client_start", err);
        (void)claude_call_wait(call, -1, NULL);
        add_up(call, NULL);
        claude_call_unref(call);
        claude_request_unref(request);
    }
    return NULL;
}

static void run_threads(void *(*thread)(void *))
{
    pthread_t *threads = calloc(count, sizeof *threads);

    if (!threads)
        give_up("memory", NULL);
    for (size_t i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, thread, (void *)(uintptr_t)i) != 0)
            give_up("pthread_create", NULL);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    int64_t start = now_ms();

    if (argc < 6 || (count = strtoul(argv[2], NULL, 10)) == 0)
        give_up("usage: network_calls WAY COUNT URL CA_FILE SCENARIO [OPTION=VALUE ...]", NULL);
    scenario = argv[5];
    open_client(argv[3], argv[4], argv + 6, argc - 6);
    if (strcmp(way, "loop") == 0 || strcmp(way, "paused") == 0) {
        run_loop(strcmp(way, "paused") == 0);
    } else if (strcmp(way, "threads") == 0 || strcmp(way, "unread") == 0) {
        first_waits = strcmp(way, "unread") == 0;
        run_threads(stream_thread);
    } else if (strcmp(way, "repeated") == 0) {
        run_threads(repeat_thread);
    } else {
        give_up(way, NULL);
    }
    print_sum(now_ms() - start);
    claude_client_unref(client);
    return 0;
}
