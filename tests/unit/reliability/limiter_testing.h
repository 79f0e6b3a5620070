/* limiter_testing.h - what the tests of the limiter share. */
#ifndef TEST_RELIABILITY_LIMITER_TESTING_H
#define TEST_RELIABILITY_LIMITER_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "reliability/limiter.h"

/* 10 a second, 20 at once: the defaults. */
static inline cl_limiter_settings bucket_settings(int64_t per_second, int64_t burst)
{
    return (cl_limiter_settings){.algorithm = CL_LIMITER_BUCKET,
                                 .all = {per_second * 1000, burst},
                                 .window_ms = 1000,
                                 .max_queue = CL_LIMITER_QUEUE_MAX,
                                 .max_wait_ms = 60000};
}

static inline cl_limiter_settings window_settings(int64_t per_second, int64_t window_ms)
{
    cl_limiter_settings settings = bucket_settings(per_second, 1);

    settings.algorithm = CL_LIMITER_WINDOW;
    settings.window_ms = window_ms;
    return settings;
}

static inline claude_limiter_t *limiter_of(cl_limiter_settings settings)
{
    claude_limiter_t *limiter = NULL;

    assert_int_equal(cl_limiter_new(&settings, &limiter, NULL), CLAUDE_OK);
    return limiter;
}

static inline cl_turn turn_of(int32_t type, int64_t input_tokens, int64_t output_tokens)
{
    return (cl_turn){.cost = {type, input_tokens, output_tokens}};
}

/* 0: granted; above: when to ask again; a failure is one of the test. */
static inline int64_t ask(claude_limiter_t *limiter, cl_turn *turn, int64_t now)
{
    int64_t due_at = INT64_MIN;
    cl_err err;
    int32_t rc;

    cl_err_init(&err);
    rc = cl_limiter_ask(limiter, turn, now, INT64_MAX, &due_at, &err);
    if (rc < 0)
        fail_msg("refused at %lld: %s", (long long)now, err.message);
    if (rc == 1)
        return 0;
    assert_int_equal(rc, 0);
    assert_true(due_at > now);
    return due_at;
}

static inline bool granted(claude_limiter_t *limiter, int32_t type, int64_t now)
{
    cl_turn turn = turn_of(type, 0, 0);
    bool yes = ask(limiter, &turn, now) == 0;

    if (yes)
        cl_limiter_settle(limiter, &turn, -1, -1, now);
    else
        cl_limiter_cancel(limiter, &turn, now);
    return yes;
}

/* How many go at once. */
static inline int64_t drain(claude_limiter_t *limiter, int32_t type, int64_t now)
{
    int64_t count = 0;

    while (granted(limiter, type, now))
        count++;
    return count;
}

static inline uint64_t chance(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline int64_t below(uint64_t *seed, int64_t n)
{
    return (int64_t)(chance(seed) % (uint64_t)n);
}

/* Memcheck is slow: less of what is repeated. */
static inline int64_t rounds(int64_t n)
{
    return getenv("CLAUDE_UNDER_VALGRIND") ? n / 50 + 1 : n;
}

#endif
