/*
 * Short blocking calls from several threads: of one client with libclaude, each with a handle of its own (and so with a
 * connection of its own) with plain libcurl.
 *
 *     bench_threads ROW URL [CA_FILE]
 *
 * ROW is threads.N, with .h2 and .curl as bench_common.h says. Prints it in microseconds of processor time per call and
 * ROW.rate in calls per second, of all threads together.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_common.h"

enum { CALLS = 12800, WARM_UP = 20, MAX_THREADS = 64, ANSWER_MAX = 65536 };

typedef struct shared {
    bench_place place;
    int calls; /* of each thread */
    claude_client_t *client;
    claude_request_t *request;
    pthread_barrier_t meeting;
} shared;

typedef struct answer {
    size_t len;
    char text[ANSWER_MAX];
} answer;

/* Between the two nobody works: the main thread looks at the clocks there. */
static void meet_twice(shared *s)
{
    pthread_barrier_wait(&s->meeting);
    pthread_barrier_wait(&s->meeting);
}

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

static void curl_calls(const bench_curl *curl, answer *a, int calls)
{
    for (int i = 0; i < calls; i++) {
        a->len = 0;
        bench_curl_send(curl, on_write, a);
        if (a->len == 0)
            bench_fail("answer", "empty");
    }
}

static void *curl_thread(void *user_data)
{
    shared *s = user_data;
    answer *a = calloc(1, sizeof *a);
    bench_curl curl;
    if (a == NULL)
        bench_fail("answer", "out of memory");
    bench_curl_open(&curl, s->place.url, NULL, 0);
    bench_curl_at(curl.easy, &s->place);
    curl_calls(&curl, a, WARM_UP);
    meet_twice(s);
    curl_calls(&curl, a, s->calls);
    meet_twice(s);
    bench_curl_close(&curl);
    free(a);
    return NULL;
}

static void claude_calls(const shared *s, int calls)
{
    for (int i = 0; i < calls; i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        size_t len = 0;
        if (claude_client_execute(s->client, s->request, &response, &err) < 0)
            bench_fail("claude_client_execute", claude_error_message(err));
        claude_response_json(response, &len);
        if (len == 0)
            bench_fail("answer", "empty");
        claude_response_unref(response);
    }
}

static void *claude_thread(void *user_data)
{
    shared *s = user_data;
    claude_calls(s, WARM_UP);
    meet_twice(s);
    claude_calls(s, s->calls);
    meet_twice(s);
    return NULL;
}

static bench_time run(shared *s, int count, void *(*thread)(void *))
{
    pthread_t threads[MAX_THREADS];
    if (pthread_barrier_init(&s->meeting, NULL, (unsigned)count + 1) != 0)
        bench_fail("pthread_barrier_init", "?");
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, thread, s) != 0)
            bench_fail("pthread_create", "?");
    }
    pthread_barrier_wait(&s->meeting);
    bench_time start = bench_now();
    pthread_barrier_wait(&s->meeting);
    pthread_barrier_wait(&s->meeting);
    bench_time spent = bench_since(start);
    pthread_barrier_wait(&s->meeting);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return spent;
}

int main(int argc, char **argv)
{
    bench_row_name name = bench_parse_row(argc > 1 ? argv[1] : "");
    int count = strncmp(name.base, "threads.", 8) == 0 ? atoi(name.base + 8) : 0;
    if ((argc != 3 && argc != 4) || count < 1 || count > MAX_THREADS) {
        fprintf(stderr, "usage: bench_threads threads.N[.h2][.curl] URL [CA_FILE]\n");
        return 2;
    }
    shared s = {.place = {argv[2], argc == 4 ? argv[3] : NULL, name.http2}, .calls = CALLS / count};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!name.curl) {
        s.client = bench_client_at(&s.place);
        s.request = bench_request(NULL, 0, 1);
    }
    bench_time spent = run(&s, count, name.curl ? curl_thread : claude_thread);
    claude_request_unref(s.request);
    claude_client_unref(s.client);
    bench_print(argv[1], "", spent.cpu_ns / 1e3 / (s.calls * count), "us");
    bench_print(argv[1], ".rate", s.calls * count / (spent.wall_ns / 1e9), "calls/s");
    return 0;
}
