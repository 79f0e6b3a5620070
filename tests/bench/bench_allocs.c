/*
 * Allocations per text delta in the steady state of a stream, counted by replacing malloc for this program and all that
 * it loads.
 *
 *     bench_allocs ROW URL      stream.bulk.allocs or stream.bulk.message.allocs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_common.h"

enum { EVENTS = 1000000, FIRST = 10000, LAST = EVENTS - 10000 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static uint64_t allocations;

void *malloc(size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_realloc(old, size);
}

typedef struct counter {
    uint64_t events;
    uint64_t at_first;
    uint64_t at_last;
} counter;

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    counter *c = user_data;
    (void)call;
    if (claude_event_type(event) != CLAUDE_EVENT_TEXT_DELTA)
        return 0;
    c->events++;
    if (c->events == FIRST)
        c->at_first = allocations;
    if (c->events == LAST)
        c->at_last = allocations;
    return 0;
}

int main(int argc, char **argv)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    counter c = {0};
    if (argc != 3 ||
        (strcmp(argv[1], "stream.bulk.allocs") != 0 && strcmp(argv[1], "stream.bulk.message.allocs") != 0)) {
        fprintf(stderr, "usage: bench_allocs ROW URL\n");
        return 2;
    }
    claude_client_t *client = bench_client(argv[2]);
    claude_request_t *request = bench_request("bulk-1m", 1, strstr(argv[1], ".message.") != NULL);
    if (allocations == 0)
        bench_fail(argv[1], "malloc is not counted");
    if (claude_request_on_event(request, on_event, &c, NULL, &err) < 0 ||
        claude_client_execute(client, request, &response, &err) < 0)
        bench_fail(argv[1], claude_error_message(err));
    if (c.events != EVENTS)
        bench_fail(argv[1], "the number of events is wrong");
    bench_print(argv[1], "", (double)(c.at_last - c.at_first) / (LAST - FIRST), "allocations");
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    return 0;
}
