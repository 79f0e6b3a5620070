/*
 * One long stream, read in one of several ways.
 *
 *     bench_stream ROW URL
 *
 * prints ROW in events per second and ROW.cpu in nanoseconds of processor time per event. The connection is warm.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_common.h"

enum { EVENT_BYTES = 126, MAX_LINE = 4096 };

typedef struct bench_row {
    const char *name;
    const char *scenario;
    uint64_t events;
    void (*run)(const struct bench_row *row, const char *url);
} bench_row;

static void print(const bench_row *row, bench_time spent, uint64_t events)
{
    char text[64];
    if (events != row->events) {
        snprintf(text, sizeof text, "%" PRIu64 " events instead of %" PRIu64, events, row->events);
        bench_fail(row->name, text);
    }
    bench_print(row->name, "", (double)events / (spent.wall_ns / 1e9), "events/s");
    bench_print(row->name, ".cpu", spent.cpu_ns / (double)events, "ns");
}

/* ---- plain libcurl ---- */

/* Splits what arrives into lines; a line that straddles two writes is put together in `rest`. */
typedef struct splitter {
    char rest[MAX_LINE];
    size_t rest_len;
    uint64_t events;
    uint64_t text_bytes;
    struct json_tokener *tokener; /* NULL: the data of an event is not looked at */
} splitter;

static void parse_event(splitter *s, const char *data, size_t len)
{
    struct json_object *delta = NULL;
    struct json_object *text = NULL;
    struct json_object *event = json_tokener_parse_ex(s->tokener, data, (int)len);
    if (event == NULL)
        bench_fail("json_tokener_parse_ex", "not JSON");
    if (json_object_object_get_ex(event, "delta", &delta) && json_object_object_get_ex(delta, "text", &text)) {
        s->text_bytes += (uint64_t)json_object_get_string_len(text);
        s->events++;
    }
    json_object_put(event);
    json_tokener_reset(s->tokener);
}

static void take_line(splitter *s, const char *line, size_t len)
{
    if (len < 6 || memcmp(line, "data: ", 6) != 0)
        return;
    if (s->tokener != NULL)
        parse_event(s, line + 6, len - 6);
    else
        s->events++;
}

static size_t on_split(char *data, size_t size, size_t count, void *user_data)
{
    splitter *s = user_data;
    const char *p = data;
    const char *end = data + size * count;
    const char *lf;
    while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        if (s->rest_len == 0) {
            take_line(s, p, (size_t)(lf - p));
        } else {
            size_t len = (size_t)(lf - p);
            if (s->rest_len + len > MAX_LINE)
                bench_fail("split", "a line is too long");
            memcpy(s->rest + s->rest_len, p, len);
            take_line(s, s->rest, s->rest_len + len);
            s->rest_len = 0;
        }
        p = lf + 1;
    }
    if (s->rest_len + (size_t)(end - p) > MAX_LINE)
        bench_fail("split", "a line is too long");
    memcpy(s->rest + s->rest_len, p, (size_t)(end - p));
    s->rest_len += (size_t)(end - p);
    return size * count;
}

static size_t on_discard(char *data, size_t size, size_t count, void *user_data)
{
    uint64_t *bytes = user_data;
    (void)data;
    *bytes += size * count;
    return size * count;
}

static void warm_up(const bench_curl *curl, const char *url)
{
    uint64_t bytes = 0;
    bench_curl short_one;
    bench_curl_open(&short_one, url, NULL, 0);
    /* The handle that is measured must find the connection open: send the short request through it. */
    curl_easy_setopt(curl->easy, CURLOPT_HTTPHEADER, short_one.headers);
    bench_curl_send(curl, on_discard, &bytes);
    curl_easy_setopt(curl->easy, CURLOPT_HTTPHEADER, curl->headers);
    bench_curl_close(&short_one);
}

static void run_curl(const bench_row *row, const char *url)
{
    bench_curl curl;
    uint64_t bytes = 0;
    bench_curl_open(&curl, url, row->scenario, 1);
    warm_up(&curl, url);
    bench_time start = bench_now();
    bench_curl_send(&curl, on_discard, &bytes);
    bench_time spent = bench_since(start);
    if (bytes < row->events * EVENT_BYTES)
        bench_fail(row->name, "too few bytes");
    print(row, spent, row->events);
    bench_curl_close(&curl);
}

static void split_with(const bench_row *row, const char *url, struct json_tokener *tokener)
{
    bench_curl curl;
    splitter s = {.tokener = tokener};
    bench_curl_open(&curl, url, row->scenario, 1);
    warm_up(&curl, url);
    bench_time start = bench_now();
    bench_curl_send(&curl, on_split, &s);
    bench_time spent = bench_since(start);
    /* Without parsing, the few other events of a message are counted as well. */
    if (tokener == NULL && s.events >= row->events && s.events < row->events + 10)
        s.events = row->events;
    print(row, spent, s.events);
    bench_curl_close(&curl);
}

static void run_split(const bench_row *row, const char *url)
{
    split_with(row, url, NULL);
}

static void run_jsonc(const bench_row *row, const char *url)
{
    struct json_tokener *tokener = json_tokener_new();
    split_with(row, url, tokener);
    json_tokener_free(tokener);
}

/* ---- libclaude ---- */

typedef struct counter {
    uint64_t events;
    uint64_t text_bytes;
} counter;

static void count_event(counter *c, const claude_event_t *event)
{
    int32_t type = 0;
    const char *text = NULL;
    size_t len = 0;
    claude_event_view(event, &type, NULL, &text, &len);
    if (type == CLAUDE_EVENT_TEXT_DELTA) {
        c->events++;
        c->text_bytes += len;
    }
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    count_event(user_data, event);
    return 0;
}

static claude_response_t *execute(claude_client_t *client, const claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    if (claude_client_execute(client, request, &response, &err) < 0)
        bench_fail("claude_client_execute", claude_error_message(err));
    return response;
}

static claude_client_t *warm_client(const char *url)
{
    claude_client_t *client = bench_client(url);
    claude_request_t *request = bench_request(NULL, 0, 1);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    return client;
}

static void run_callback(const bench_row *row, const char *url)
{
    claude_client_t *client = warm_client(url);
    claude_request_t *request = bench_request(row->scenario, 1, 0);
    counter c = {0};
    if (claude_request_on_event(request, on_event, &c, NULL, NULL) < 0)
        bench_fail(row->name, "claude_request_on_event");
    bench_time start = bench_now();
    claude_response_t *response = execute(client, request);
    print(row, bench_since(start), c.events);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void run_pull(const bench_row *row, const char *url)
{
    claude_client_t *client = warm_client(url);
    claude_request_t *request = bench_request(row->scenario, 1, 0);
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    counter c = {0};
    bench_time start = bench_now();
    claude_code_t rc = claude_client_stream(client, request, &call, &err);
    while (rc >= 0 && (rc = claude_call_next(call, -1, &event, &err)) == 1)
        count_event(&c, event);
    if (rc != CLAUDE_DONE)
        bench_fail("claude_call_next", claude_error_message(err));
    print(row, bench_since(start), c.events);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void run_message(const bench_row *row, const char *url)
{
    claude_client_t *client = warm_client(url);
    claude_request_t *request = bench_request(row->scenario, 1, 1);
    size_t len = 0;
    bench_time start = bench_now();
    claude_response_t *response = execute(client, request);
    bench_time spent = bench_since(start);
    claude_response_text(response, &len);
    if (claude_response_stop_reason(response) == NULL || len < row->events)
        bench_fail(row->name, "the message is not complete");
    print(row, spent, row->events);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* bulk-reordered and each-paced are registered by scripts/bench. */
static const bench_row rows[] = {
    {"stream.bulk.curl", "bulk-1m", 1000000, run_curl},
    {"stream.bulk.split", "bulk-1m", 1000000, run_split},
    {"stream.bulk.jsonc", "bulk-1m", 1000000, run_jsonc},
    {"stream.bulk.callback", "bulk-1m", 1000000, run_callback},
    {"stream.bulk.pull", "bulk-1m", 1000000, run_pull},
    {"stream.bulk.message", "bulk-1m", 1000000, run_message},
    {"stream.reordered.callback", "bulk-reordered", 1000000, run_callback},
    {"stream.each.curl", "each-100k", 100000, run_curl},
    {"stream.each.callback", "each-100k", 100000, run_callback},
    {"stream.paced.curl", "each-paced", 50000, run_curl},
    {"stream.paced.callback", "each-paced", 50000, run_callback},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(argv[1], rows[i].name) == 0) {
            rows[i].run(&rows[i], argv[2]);
            return 0;
        }
    }
    fprintf(stderr, "usage: bench_stream ROW URL\n");
    return 2;
}
