/*
 * Costs of the streaming path without a network: bytes to events, events to text, text to a message.
 * Prints "name value unit"; values are medians. Pin it to a core: taskset -c 0 micro_parse
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "message/message.h"
#include "sse/sse.h"

enum { RUNS = 15, EVENTS = 20000 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void need(bool ok)
{
    if (!ok) {
        fputs("micro_parse: a step failed\n", stderr);
        exit(1);
    }
}

/* What one run does with the stream. */
enum { SPLIT, PARSE, ACCUMULATE };

typedef struct work {
    cl_buf bytes;   /* the stream */
    cl_buf scratch; /* a copy of it, since parsing writes NULs */
    size_t chunk;   /* window size; 0: all at once */
    int what;
    size_t events;
} work;

static void put(work *w, const char *text)
{
    need(cl_buf_append_text(&w->bytes, text) == CL_BUF_OK);
}

static cl_accumulator *accumulator(void)
{
    cl_accumulator_limits limits = {(size_t)1 << 30, 100, 200, true, false};
    cl_accumulator *a = NULL;
    need(cl_accumulator_new(&limits, &a, NULL) == CLAUDE_OK);
    return a;
}

/* One pass over the stream; nanoseconds. */
static double run(work *w, cl_buf *text)
{
    cl_sse sse;
    cl_sse_event event = {{NULL, 0}, {NULL, 0}};
    claude_event_t parsed;
    cl_accumulator *a = w->what == ACCUMULATE ? accumulator() : NULL;
    size_t at = 0;
    size_t end = 0;
    size_t seen = 0;
    size_t used;
    bool odd = false;
    double start;

    cl_buf_clear(&w->scratch);
    need(cl_buf_append_str(&w->scratch, cl_buf_str(&w->bytes)) == CL_BUF_OK);
    cl_sse_init(&sse, 1 << 24);
    start = now_ns();
    while (end < w->scratch.len) {
        int32_t rc;
        end = w->chunk == 0 || w->scratch.len - end < w->chunk ? w->scratch.len : end + w->chunk;
        while ((rc = cl_sse_next(&sse, w->scratch.ptr + at, end - at, &used, &event, NULL)) == CL_SSE_EVENT) {
            at += used;
            seen++;
            if (w->what == SPLIT)
                continue;
            need(cl_event_parse(event.name, (char *)(uintptr_t)event.data.ptr, event.data.len, 200, text, &parsed, &odd,
                                NULL) == CLAUDE_OK);
            if (a)
                need(cl_accumulator_add(a, &parsed, NULL) == CLAUDE_OK);
        }
        need(rc == CL_SSE_MORE);
        at += used;
    }
    start = now_ns() - start;
    need(seen == w->events && at == w->scratch.len);
    cl_sse_free(&sse);
    cl_accumulator_free(a);
    return start;
}

static double median(work *w)
{
    double times[RUNS];
    cl_buf text = CL_BUF_INIT(1 << 24);

    run(w, &text);
    for (size_t i = 0; i < RUNS; i++)
        times[i] = run(w, &text);
    cl_buf_free(&text);
    qsort(times, RUNS, sizeof times[0], by_value);
    return times[RUNS / 2];
}

static void begin(work *w, int what, size_t chunk)
{
    memset(w, 0, sizeof *w);
    w->bytes = CL_BUF_INIT((size_t)1 << 30);
    w->scratch = CL_BUF_INIT((size_t)1 << 30);
    w->what = what;
    w->chunk = chunk;
}

static void head(work *w, const char *block)
{
    put(w,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","
        "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"
        "{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":"
        "\"content_block_start\",\"index\":0,\"content_block\":");
    put(w, block);
    put(w, "}\n\n");
    w->events += 2;
}

static void report(work *w, const char *name, bool per_event)
{
    double ns = median(w);

    if (per_event)
        printf("%s %.1f ns\n", name, ns / (double)w->events);
    else
        printf("%s %.2f ms\n", name, ns / 1e6);
    cl_buf_free(&w->bytes);
    cl_buf_free(&w->scratch);
}

static void repeat(work *w, const char *event, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(w, event);
    w->events += count;
}

static const char text_block[] = "{\"type\":\"text\",\"text\":\"\"}";
static const char tool_block[] = "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}";
/* 126 bytes, as the API sends them. */
static const char canonical[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                                "\"delta\":{\"type\":\"text_delta\",\"text\":\"hello world\"}}\n\n";
static const char shuffled[] = "event: content_block_delta\ndata: {\"delta\":{\"text\":\"hello world\",\"type\":"
                               "\"text_delta\"},\"type\":\"content_block_delta\",\"index\":0}\n\n";
static const char unknown[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                              "\"delta\":{\"type\":\"other_delta\",\"some\":\"hello wor\"}}\n\n";
static const char chinese[] =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"\xe4\xbd\xa0\xe5\xa5\xbd\xe5\x90\x97\"}}\n\n";
static const char escaped[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                              "\"delta\":{\"type\":\"text_delta\",\"text\":\"a\\nb \\\"c\\\"\"}}\n\n";
static const char tool_part[] = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                                "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"1, 2, 3, \"}}\n\n";

static void events(const char *name, int what, size_t chunk, const char *event)
{
    work w;
    begin(&w, what, chunk);
    if (what == ACCUMULATE)
        head(&w, text_block);
    repeat(&w, event, EVENTS);
    report(&w, name, true);
}

static void hundred_thousand(const char *name, const char *block, const char *event)
{
    work w;
    begin(&w, ACCUMULATE, 0);
    head(&w, block);
    repeat(&w, event, 100000);
    report(&w, name, false);
}

int main(void)
{
    events("sse.split", SPLIT, 0, canonical);
    events("sse.split.16k", SPLIT, 16384, canonical);
    events("sse.split.64", SPLIT, 64, canonical);
    events("parse.event.canonical", PARSE, 0, canonical);
    events("parse.event.canonical.16k", PARSE, 16384, canonical);
    events("parse.event.utf8", PARSE, 0, chinese);
    events("parse.event.escapes", PARSE, 0, escaped);
    events("parse.event.other", PARSE, 0, shuffled);
    events("parse.event.unknown", PARSE, 0, unknown);
    events("parse.accumulate", ACCUMULATE, 0, canonical);
    events("parse.accumulate.16k", ACCUMULATE, 16384, canonical);
    hundred_thousand("accumulate.text.100k", text_block, canonical);
    hundred_thousand("accumulate.input_json.100k", tool_block, tool_part);
    return 0;
}
