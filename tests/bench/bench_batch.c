/*
 * The results of a batch, line by line from the sandbox.
 *
 *     bench_batch ROW URL SCENARIO LINES
 *
 * prints ROW in MB of lines per second, and ROW.cpu in microseconds of processor time per line. The row's end says who
 * reads: libclaude, which hands out the lines; .parsed: it parses each as well and looks at its identifier and kind;
 * .jsonc: libcurl cuts out the lines and json-c parses them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "bench_check.h"

typedef struct reader {
    size_t lines;
    size_t bytes;
    struct json_tokener *tokener;
    char *rest; /* the beginning of a line */
    size_t len;
    size_t cap;
} reader;

static void look_at_libclaude(const char *line, size_t len)
{
    claude_response_t *parsed = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_response_parse(line, len, &parsed, &err));
    if (claude_response_string(parsed, "/custom_id", NULL) == NULL ||
        claude_response_string(parsed, "/result/type", NULL) == NULL)
        bench_fail("line", "is no result");
    claude_response_unref(parsed);
}

static void run_libclaude(reader *r, const char *url, const char *scenario, int parse)
{
    claude_client_t *client = bench_client(url);
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    CHECK(claude_request_new("messages.batches.results", &request, &err));
    CHECK(claude_request_set_path(request, "message_batch_id", "msgbatch_bench", &err));
    CHECK(claude_request_set_header(request, "x-sandbox-scenario", scenario, &err));
    CHECK(claude_client_start(client, request, CLAUDE_STREAM, &call, &err));
    for (;;) {
        const claude_event_t *event = NULL;
        size_t len = 0;
        const char *line;
        rc = claude_call_next(call, -1, &event, &err);
        CHECK(rc);
        if (rc == CLAUDE_DONE)
            break;
        if (rc == 0 || claude_event_type(event) != CLAUDE_EVENT_LINE)
            continue;
        line = claude_event_json(event, &len);
        if (parse)
            look_at_libclaude(line, len);
        r->lines++;
        r->bytes += len + 1;
    }
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void look_at_jsonc(reader *r, const char *line, size_t len)
{
    struct json_object *root;
    struct json_object *found = NULL;

    json_tokener_reset(r->tokener);
    root = json_tokener_parse_ex(r->tokener, line, (int)len);
    if (!json_object_object_get_ex(root, "custom_id", &found) || !json_object_object_get_ex(root, "result", &found) ||
        !json_object_object_get_ex(found, "type", &found))
        bench_fail("line", "is no result");
    json_object_put(root);
    r->lines++;
    r->bytes += len + 1;
}

static void keep(reader *r, const char *bytes, size_t len)
{
    if (r->len + len > r->cap) {
        r->cap = (r->len + len) * 2;
        r->rest = realloc(r->rest, r->cap);
        if (r->rest == NULL)
            bench_fail("line", "out of memory");
    }
    memcpy(r->rest + r->len, bytes, len);
    r->len += len;
}

static size_t on_write(char *data, size_t size, size_t count, void *user_data)
{
    reader *r = user_data;
    char *end = data + size * count;
    char *p = data;

    for (char *feed; (feed = memchr(p, '\n', (size_t)(end - p))) != NULL; p = feed + 1) {
        if (r->len == 0) {
            look_at_jsonc(r, p, (size_t)(feed - p));
            continue;
        }
        keep(r, p, (size_t)(feed - p));
        look_at_jsonc(r, r->rest, r->len);
        r->len = 0;
    }
    keep(r, p, (size_t)(end - p));
    return size * count;
}

static void run_jsonc(reader *r, const char *url, const char *scenario)
{
    bench_curl curl;

    r->tokener = json_tokener_new();
    bench_curl_open(&curl, url, scenario, 0);
    bench_curl_send(&curl, on_write, r);
    bench_curl_close(&curl);
    json_tokener_free(r->tokener);
    free(r->rest);
}

int main(int argc, char **argv)
{
    reader r = {.lines = 0};
    bench_time spent;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_batch ROW URL SCENARIO LINES\n");
        return 2;
    }
    spent = bench_now();
    if (strstr(argv[1], ".jsonc") != NULL)
        run_jsonc(&r, argv[2], argv[3]);
    else
        run_libclaude(&r, argv[2], argv[3], strstr(argv[1], ".parsed") != NULL);
    spent = bench_since(spent);
    if (r.lines != strtoul(argv[4], NULL, 10))
        bench_fail("lines", "some are missing");
    bench_print(argv[1], "", (double)r.bytes / 1e6 / (spent.wall_ns / 1e9), "MB/s");
    bench_print(argv[1], ".cpu", spent.cpu_ns / 1e3 / (double)r.lines, "us");
    return 0;
}
