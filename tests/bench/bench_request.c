/*
 * Many short requests, one after the other, over one warm connection.
 *
 *     bench_request ROW URL
 *
 * prints ROW in microseconds of processor time per call and ROW.rate in calls per second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_common.h"

enum { WARM_UP = 200, CALLS = 4000 };

typedef struct answer {
    char text[65536];
    size_t len;
} answer;

static size_t on_write(char *data, size_t size, size_t count, void *user_data)
{
    answer *a = user_data;
    size_t len = size * count;
    if (a->len + len > sizeof a->text)
        bench_fail("answer", "too long");
    memcpy(a->text + a->len, data, len);
    a->len += len;
    return len;
}

static void run_curl(const char *url, int calls)
{
    static bench_curl curl;
    static answer a;
    if (curl.easy == NULL)
        bench_curl_open(&curl, url, NULL, 0);
    for (int i = 0; i < calls; i++) {
        a.len = 0;
        bench_curl_send(&curl, on_write, &a);
        if (a.len == 0)
            bench_fail("answer", "empty");
    }
}

static void run_libclaude(const char *url, int calls)
{
    static claude_client_t *client;
    static claude_request_t *request;
    if (client == NULL) {
        client = bench_client(url);
        request = bench_request(NULL, 0, 1);
    }
    for (int i = 0; i < calls; i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        size_t len = 0;
        if (claude_client_execute(client, request, &response, &err) < 0)
            bench_fail("claude_client_execute", claude_error_message(err));
        claude_response_json(response, &len);
        if (len == 0)
            bench_fail("answer", "empty");
        claude_response_unref(response);
    }
}

int main(int argc, char **argv)
{
    void (*run)(const char *url, int calls) = NULL;
    if (argc == 3 && strcmp(argv[1], "request.1.curl") == 0)
        run = run_curl;
    if (argc == 3 && strcmp(argv[1], "request.1.libclaude") == 0)
        run = run_libclaude;
    if (run == NULL) {
        fprintf(stderr, "usage: bench_request request.1.curl|request.1.libclaude URL\n");
        return 2;
    }
    run(argv[2], WARM_UP);
    bench_time start = bench_now();
    run(argv[2], CALLS);
    bench_time spent = bench_since(start);
    bench_print(argv[1], "", spent.cpu_ns / 1e3 / CALLS, "us");
    bench_print(argv[1], ".rate", CALLS / (spent.wall_ns / 1e9), "calls/s");
    return 0;
}
