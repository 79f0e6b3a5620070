/*
 * limiter_gate.h - one limit of one thing: a bucket that fills all the time, or a window that slides over slots. The
 * limiter's own, under its lock. Times are milliseconds since the limiter was first used; they never go backwards.
 */
#ifndef CL_RELIABILITY_LIMITER_GATE_H
#define CL_RELIABILITY_LIMITER_GATE_H

#include "base/base.h"

enum {
    CL_GATE_PEAKS = 16,
    CL_GATE_SLOTS = 64,   /* of a window's length; one more is counted, because the first one is covered in part only */
    CL_GATE_UNIT = 60000, /* of a bucket of so many per minute: one item. It fills by a whole number per millisecond */
    CL_GATE_REQUEST = 1000000 /* of a bucket of so many thousandths per second */
};

/* Most of anything that is counted at a time. */
#define CL_GATE_MOST INT64_C(1000000000000)

/* The highest level that there has been, at most, since a grant. */
typedef struct cl_gate_peak {
    uint64_t grant; /* the last one before it */
    int64_t level;
} cl_gate_peak;

typedef struct cl_bucket {
    int64_t unit; /* what one item is: all sums are of whole numbers, so nothing drifts */
    int64_t rate; /* units per millisecond */
    int64_t cap;  /* units */
    int64_t level;
    int64_t at;
    size_t peak_count;
    cl_gate_peak peaks[CL_GATE_PEAKS]; /* each lower than the one before */
} cl_bucket;

typedef struct cl_window {
    int64_t limit;
    int64_t slot_ms;
    int64_t span; /* slots that are counted before the current one */
    int64_t slot; /* the current one */
    int64_t counts[CL_GATE_SLOTS + 1];
} cl_window;

enum { CL_GATE_NONE = 0, CL_GATE_BUCKET, CL_GATE_WINDOW };

typedef struct cl_gate {
    int32_t kind; /* CL_GATE_NONE: no limit */
    union {
        cl_bucket bucket;
        cl_window window;
    } u;
} cl_gate;

static inline int64_t cl_gate_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t cl_gate_sub(int64_t a, int64_t b)
{
    int64_t rest;

    if (!__builtin_sub_overflow(a, b, &rest))
        return rest;
    return b > 0 ? INT64_MIN : INT64_MAX;
}

/* Of numbers that are not negative. */
static inline int64_t cl_gate_mul(int64_t a, int64_t b)
{
    int64_t product;

    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* ---- limiter_bucket.c ---- */

/* Full. `unit` is what one item is, `rate` units come per millisecond, `most` items are there at most. */
void cl_bucket_init(cl_bucket *bucket, int64_t unit, int64_t rate, int64_t most);
void cl_bucket_advance(cl_bucket *bucket, int64_t now, uint64_t grant);
int64_t cl_bucket_wait(const cl_bucket *bucket, int64_t need);
void cl_bucket_give(cl_bucket *bucket, int64_t n, uint64_t grant);
/* No more than so many items are in it now, says who knows better, so what was before is of no interest; fewer than
 * none is possible. */
void cl_bucket_lower(cl_bucket *bucket, int64_t most);

/* ---- limiter_window.c ---- */

void cl_window_init(cl_window *window, int64_t most, int64_t length_ms);
void cl_window_advance(cl_window *window, int64_t now);
int64_t cl_window_wait(const cl_window *window, int64_t need, int64_t now);
void cl_window_take(cl_window *window, int64_t n);
void cl_window_give(cl_window *window, int64_t n, int64_t granted_at);
int64_t cl_window_used(const cl_window *window);

/* ---- either ---- */

/* To be called before any of the others; `grant` is the last one there was. */
static inline void cl_gate_advance(cl_gate *gate, int64_t now, uint64_t grant)
{
    if (gate->kind == CL_GATE_BUCKET)
        cl_bucket_advance(&gate->u.bucket, now, grant);
    else if (gate->kind == CL_GATE_WINDOW)
        cl_window_advance(&gate->u.window, now);
}

/* Until there are so many, if all of them are taken as they come; 0: now. */
static inline int64_t cl_gate_wait(const cl_gate *gate, int64_t need, int64_t now)
{
    if (gate->kind == CL_GATE_BUCKET)
        return cl_bucket_wait(&gate->u.bucket, need);
    return gate->kind == CL_GATE_WINDOW ? cl_window_wait(&gate->u.window, need, now) : 0;
}

static inline void cl_gate_take(cl_gate *gate, int64_t n)
{
    if (gate->kind == CL_GATE_BUCKET)
        gate->u.bucket.level = cl_gate_sub(gate->u.bucket.level, cl_gate_mul(n, gate->u.bucket.unit));
    else if (gate->kind == CL_GATE_WINDOW)
        cl_window_take(&gate->u.window, n);
}

/* Gives back what was taken with a grant, and not used. */
static inline void cl_gate_give(cl_gate *gate, int64_t n, uint64_t grant, int64_t granted_at)
{
    if (gate->kind == CL_GATE_BUCKET)
        cl_bucket_give(&gate->u.bucket, n, grant);
    else if (gate->kind == CL_GATE_WINDOW)
        cl_window_give(&gate->u.window, n, granted_at);
}

/* Most that it can ever give at once. */
static inline int64_t cl_gate_most(const cl_gate *gate)
{
    if (gate->kind == CL_GATE_BUCKET)
        return gate->u.bucket.cap / gate->u.bucket.unit;
    return gate->kind == CL_GATE_WINDOW ? gate->u.window.limit : INT64_MAX;
}

/* What is there now; negative: more was used than there is. */
static inline int64_t cl_gate_room(const cl_gate *gate)
{
    if (gate->kind == CL_GATE_BUCKET)
        return gate->u.bucket.level / gate->u.bucket.unit;
    return gate->kind == CL_GATE_WINDOW ? cl_gate_sub(gate->u.window.limit, cl_window_used(&gate->u.window))
                                        : INT64_MAX;
}

#endif
