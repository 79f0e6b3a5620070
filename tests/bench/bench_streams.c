/*
 * Many open streams on one thread.
 *
 *     bench_streams ROW URL [CA_FILE]
 *
 * loop.cpu.N       processor time per event, in microseconds, with N streams; .rate: events per second that came
 * loop.latency.N   microseconds from the server's write to the program: .p50 and .p99
 * loop.ping        processor time that streams with a ping a second take, in percent of a core
 * loop.idle.*      memory that a stream takes while nothing comes: resident, and .heap as malloc counts it, in KiB;
 *                  .connections: how many there are
 *
 * With .h2 and .curl as bench_common.h says. What is there once per process is not measured: streams are counted from
 * the second on.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_loops.h"

enum { STEP = 64, STREAMS_PER_CONNECTION = 16, STAMP_DIGITS = 20, MAX_DELAYS = 1 << 18 };
enum { OPEN_SECONDS = 300, SETTLE_SECONDS = 20, ATTEMPTS = 5 };

typedef struct work work;

typedef struct kind {
    const char *name;
    const char *scenario; /* those that are not built in are registered by scripts/bench */
    size_t streams;
    double rate; /* events per second of all streams */
    double seconds;
    void (*measure)(work *w);
} kind;

/* One of the two sides. */
typedef struct side {
    void (*open)(work *w);
    void (*add)(work *w, size_t index);
    void (*turn)(work *w, int timeout_ms);
    void (*close)(work *w);
} side;

typedef struct stream {
    work *w;
    bool started;
    bool line_feed; /* plain libcurl: the last byte was one */
    CURL *easy;
    claude_call_t *call;
} stream;

struct work {
    const char *row;
    const kind *kind;
    const side *side;
    bench_place place;
    stream *streams;
    size_t count;
    size_t started; /* streams of which an event came */
    uint64_t events;
    double *delays_us; /* NULL: not wanted now */
    size_t delay_count;
    bench_multi multi;
    bench_curl model; /* of the handles: duplicated */
    bench_loop loop;
    claude_request_t *request;
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void count_event(stream *s)
{
    s->w->events++;
    if (!s->started) {
        s->started = true;
        s->w->started++;
    }
}

static void take_stamp(work *w, const char *text)
{
    uint64_t stamp = 0;
    for (int i = 0; i < STAMP_DIGITS; i++)
        stamp = stamp * 10 + (uint64_t)(text[i] - '0');
    if (w->delay_count == MAX_DELAYS)
        bench_fail(w->row, "too many events");
    w->delays_us[w->delay_count++] = (now_ns() - (double)stamp) / 1e3;
}

/* ---- plain libcurl ---- */

static void find_stamps(work *w, const char *data, size_t len)
{
    static const char before[] = "\"text\":\"";
    const char *end = data + len;
    const char *p = data;
    while ((p = memmem(p, (size_t)(end - p), before, sizeof before - 1)) != NULL) {
        p += sizeof before - 1;
        if (end - p >= STAMP_DIGITS)
            take_stamp(w, p);
    }
}

/* An event ends with an empty line. */
static size_t on_write(char *data, size_t size, size_t count, void *user_data)
{
    stream *s = user_data;
    const char *end = data + size * count;
    const char *p = data;
    if (p < end && s->line_feed && *p == '\n')
        count_event(s);
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end) {
        if (*p == '\n')
            count_event(s);
    }
    if (size * count > 0)
        s->line_feed = end[-1] == '\n';
    if (s->w->delays_us != NULL)
        find_stamps(s->w, data, size * count);
    return size * count;
}

static void curl_open(work *w)
{
    bench_multi_open(&w->multi);
    bench_curl_open(&w->model, w->place.url, w->kind->scenario, 1);
    bench_curl_at(w->model.easy, &w->place);
    curl_easy_setopt(w->model.easy, CURLOPT_BUFFERSIZE, (long)BENCH_RECEIVE_BUFFER);
    curl_easy_setopt(w->model.easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(w->model.easy, CURLOPT_PIPEWAIT, 1L);
    /* With HTTP/1.1 each stream has a connection of its own; to search thousands that are busy takes long. */
    curl_easy_setopt(w->model.easy, CURLOPT_FRESH_CONNECT, w->place.http2 ? 0L : 1L);
}

static void curl_add(work *w, size_t index)
{
    stream *s = &w->streams[index];
    s->easy = curl_easy_duphandle(w->model.easy);
    if (s->easy == NULL)
        bench_fail("curl_easy_duphandle", "out of memory");
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
    bench_multi_add(&w->multi, s->easy);
}

static void curl_turn(work *w, int timeout_ms)
{
    int left;
    const CURLMsg *message;
    bench_multi_turn(&w->multi, timeout_ms);
    if ((message = curl_multi_info_read(w->multi.multi, &left)) != NULL)
        bench_fail(w->row, curl_easy_strerror(message->data.result));
}

static void curl_close(work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        curl_multi_remove_handle(w->multi.multi, w->streams[i].easy);
        curl_easy_cleanup(w->streams[i].easy);
    }
    bench_curl_close(&w->model);
    bench_multi_close(&w->multi);
}

static const side plain_curl = {curl_open, curl_add, curl_turn, curl_close};

/* ---- libclaude ---- */

static void claude_open(work *w)
{
    claude_client_t *client = bench_client_at(&w->place);
    bench_loop_open(&w->loop, client);
    claude_client_unref(client);
    w->request = bench_request(w->kind->scenario, 1, 1);
}

static void claude_add(work *w, size_t index)
{
    w->streams[index].call = bench_loop_submit(&w->loop, w->request, CLAUDE_STREAM, index);
}

static _Noreturn void why_ended(const work *w, claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    if (claude_call_result(call, &response, &err) >= 0)
        bench_fail(w->row, "a stream has ended, with success");
    bench_fail(w->row, claude_error_message(err));
}

static void claude_turn(work *w, int timeout_ms)
{
    claude_code_t rc;
    uint64_t tag = 0;
    const claude_event_t *event = NULL;
    bench_loop_turn(&w->loop, timeout_ms);
    while ((rc = bench_loop_next(&w->loop, &tag, &event)) == 1) {
        count_event(&w->streams[tag]);
        if (w->delays_us != NULL && claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA)
            take_stamp(w, claude_event_text(event, NULL));
    }
    if (rc != 0)
        why_ended(w, w->streams[tag].call);
}

static void claude_close(work *w)
{
    for (size_t i = 0; i < w->count; i++)
        claude_call_unref(w->streams[i].call);
    claude_request_unref(w->request);
    bench_loop_close(&w->loop);
}

static const side libclaude = {claude_open, claude_add, claude_turn, claude_close};

/* ---- both ---- */

/* Opens so many more streams and waits until something has come of each. */
static void open_some(work *w, size_t more)
{
    double deadline = now_ns() + OPEN_SECONDS * 1e9;
    for (size_t i = 0; i < more; i++)
        w->side->add(w, w->count++);
    while (w->started < w->count) {
        w->side->turn(w, 100);
        if (now_ns() > deadline)
            bench_fail(w->row, "the streams did not start");
    }
}

/* Not all at once. libcurl shares an HTTP/2 connection only if it is open already, so there each is opened with a
 * stream of its own before the others come. */
static void open_streams(work *w, size_t total)
{
    bool shared = w->side == &plain_curl && w->place.http2;
    while (w->count < total) {
        size_t step = shared ? STREAMS_PER_CONNECTION : STEP;
        if (shared && w->count % STREAMS_PER_CONNECTION == 0)
            step = 1;
        else if (shared)
            step -= 1;
        open_some(w, step < total - w->count ? step : total - w->count);
    }
}

static void go_on(work *w, double seconds)
{
    double end = now_ns() + seconds * 1e9;
    for (double left; (left = end - now_ns()) > 0;)
        w->side->turn(w, (int)(left / 1e6) + 1);
}

static bool at_rate(const work *w, double rate)
{
    return rate > w->kind->rate * 0.95 && rate < w->kind->rate * 1.05;
}

/* Opens all streams and waits until the events come at their pace: the server begins with them late, to be done with
 * the opening first, and makes up for what it is behind. */
static void settle(work *w)
{
    double rate = 0;
    open_streams(w, w->kind->streams);
    for (int i = 0; i < SETTLE_SECONDS && !at_rate(w, rate); i++) {
        w->events = 0;
        w->delay_count = 0;
        double start = now_ns();
        go_on(w, 1);
        rate = (double)w->events / ((now_ns() - start) / 1e9);
    }
}

/* Lets time pass. What is measured is only worth something if the server keeps its pace meanwhile. */
static bench_time run(work *w)
{
    char text[96];
    double rate = 0;
    settle(w);
    for (int i = 0; i < ATTEMPTS; i++) {
        w->events = 0;
        w->delay_count = 0;
        bench_time start = bench_now();
        go_on(w, w->kind->seconds);
        bench_time spent = bench_since(start);
        rate = (double)w->events / (spent.wall_ns / 1e9);
        if (at_rate(w, rate))
            return spent;
    }
    snprintf(text, sizeof text, "%.0f events per second instead of %.0f: is the machine busy?", rate, w->kind->rate);
    bench_fail(w->row, text);
}

static void measure_cpu(work *w)
{
    bench_time spent = run(w);
    bench_print(w->row, "", spent.cpu_ns / 1e3 / (double)w->events, "us");
    bench_print(w->row, ".rate", (double)w->events / (spent.wall_ns / 1e9), "events/s");
}

static void measure_ping(work *w)
{
    bench_time spent = run(w);
    bench_print(w->row, "", spent.cpu_ns / spent.wall_ns * 100, "%");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_latency(work *w)
{
    double *delays = calloc(MAX_DELAYS, sizeof *delays);
    if (delays == NULL)
        bench_fail(w->row, "out of memory");
    w->delays_us = delays;
    run(w);
    w->delays_us = NULL;
    if (w->delay_count < w->events * 9 / 10)
        bench_fail(w->row, "times are missing in the events");
    qsort(delays, w->delay_count, sizeof *delays, by_value);
    bench_print(w->row, ".p50", delays[w->delay_count / 2], "us");
    bench_print(w->row, ".p99", delays[w->delay_count * 99 / 100], "us");
    free(delays);
}

static double resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    malloc_trim(0);
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        bench_fail("/proc/self/statm", "?");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double heap_kib(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1024;
}

static size_t open_sockets(size_t max)
{
    char path[64];
    char target[64];
    size_t count = 0;
    for (size_t fd = 0; fd < max; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%zu", fd);
        ssize_t len = readlink(path, target, sizeof target);
        count += len > 7 && memcmp(target, "socket:", 7) == 0;
    }
    return count;
}

static void measure_memory(work *w)
{
    open_streams(w, 1);
    go_on(w, 0.2);
    double resident = resident_kib();
    double heap = heap_kib();
    open_streams(w, w->kind->streams + 1);
    go_on(w, 0.5);
    bench_print(w->row, "", (resident_kib() - resident) / (double)w->kind->streams, "KiB");
    bench_print(w->row, ".heap", (heap_kib() - heap) / (double)w->kind->streams, "KiB");
    bench_print(w->row, ".connections", (double)open_sockets(w->kind->streams * 2 + 64), "connections");
}

static const kind kinds[] = {
    {"loop.cpu.100", "loop-100", 100, 20000, 2, measure_cpu},
    {"loop.cpu.1000", "loop-1000", 1000, 20000, 2, measure_cpu},
    {"loop.cpu.10000", "loop-10000", 10000, 20000, 2, measure_cpu},
    {"loop.latency", "loop-stamped", 1000, 20000, 2, measure_latency},
    {"loop.ping", "idle", 1000, 1000, 4, measure_ping},
    {"loop.idle.plain", "loop-idle", 1000, 0, 0, measure_memory},
    {"loop.idle.tls", "loop-idle", 1000, 0, 0, measure_memory},
    {"loop.idle", "loop-idle", 1000, 0, 0, measure_memory},
};

int main(int argc, char **argv)
{
    bench_row_name name = bench_parse_row(argc > 1 ? argv[1] : "");
    work w = {.row = argv[1], .side = name.curl ? &plain_curl : &libclaude};
    for (size_t i = 0; (argc == 3 || argc == 4) && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name.base, kinds[i].name) == 0)
            w.kind = &kinds[i];
    }
    if (w.kind == NULL) {
        fprintf(stderr, "usage: bench_streams ROW URL [CA_FILE]\n");
        return 2;
    }
    w.place = (bench_place){argv[2], argc == 4 ? argv[3] : NULL, name.http2};
    w.streams = calloc(w.kind->streams + 1, sizeof *w.streams);
    if (w.streams == NULL)
        bench_fail(w.row, "out of memory");
    for (size_t i = 0; i <= w.kind->streams; i++)
        w.streams[i].w = &w;
    bench_raise_open_files(w.kind->streams + 64);
    w.side->open(&w);
    w.kind->measure(&w);
    w.side->close(&w);
    free(w.streams);
    return 0;
}
