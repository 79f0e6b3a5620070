/*
 * Two event loops of one thread to compare: plain libcurl's multi socket API with epoll and a timerfd, as a careful
 * program would use it, and a libclaude loop whose descriptor is in an epoll of the program.
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <stdbool.h>

#include "bench_common.h"

typedef struct bench_multi {
    CURLM *multi;
    int epoll;
    int timer;
    long timeout_ms; /* libcurl's wish; -1: none */
    bool timer_old;  /* the timer does not know of it yet */
} bench_multi;

void bench_multi_open(bench_multi *m);
void bench_multi_add(const bench_multi *m, CURL *easy);
/* Waits at most so long for something to do, and does it. */
void bench_multi_turn(bench_multi *m, int timeout_ms);
void bench_multi_close(bench_multi *m);

typedef struct bench_loop {
    claude_loop_t *loop;
    int epoll;
} bench_loop;

void bench_loop_open(bench_loop *l, claude_client_t *client);
claude_call_t *bench_loop_submit(const bench_loop *l, const claude_request_t *request, uint32_t flags, uint64_t tag);
/* Waits at most so long for something to do, and does it; bench_loop_next() has the events. */
void bench_loop_turn(bench_loop *l, int timeout_ms);
/* As claude_loop_next(), but fails instead of returning an error. */
claude_code_t bench_loop_next(const bench_loop *l, uint64_t *tag, const claude_event_t **event);
void bench_loop_close(bench_loop *l);

#endif
