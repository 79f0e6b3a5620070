/*
 * limiter.h - how many requests and tokens may go: a FIFO queue before token buckets or sliding windows. Any thread;
 * time comes from outside, and nobody is woken: who waits asks again at the time it was told.
 */
#ifndef CL_RELIABILITY_LIMITER_H
#define CL_RELIABILITY_LIMITER_H

#include "base/base.h"

/* Types of endpoint with limits of their own. */
enum {
    CL_LIMIT_MESSAGES = 0,
    CL_LIMIT_COUNT_TOKENS,
    CL_LIMIT_BATCHES,
    CL_LIMIT_MODELS,
    CL_LIMIT_FILES,
    CL_LIMIT_OTHER,
    CL_LIMIT_TYPES
};

typedef struct cl_limiter_rate {
    int64_t per_second; /* thousandths of requests; 0: shares the rate of all */
    int64_t burst;
} cl_limiter_rate;

typedef struct cl_limiter_settings {
    int32_t algorithm; /* CL_LIMITER_BUCKET, CL_LIMITER_WINDOW of config.h */
    cl_limiter_rate all;
    cl_limiter_rate types[CL_LIMIT_TYPES];
    int64_t window_ms;
    int64_t input_tokens_per_minute;  /* 0: no limit */
    int64_t output_tokens_per_minute; /* 0: no limit */
    int64_t max_queue;
    bool learn;
} cl_limiter_settings;

typedef struct cl_limiter_cost {
    int32_t type;          /* CL_LIMIT_* */
    int64_t input_tokens;  /* of messages; else 0 */
    int64_t output_tokens; /* of messages; else 0 */
} cl_limiter_cost;

/* A place in the queue, then a grant. In the owner's memory, which keeps it until it is cancelled or settled. */
typedef struct cl_turn {
    struct cl_turn *prev;
    struct cl_turn *next;
    cl_limiter_cost cost;
    int64_t asked_at;
    int64_t told_at; /* when it was last told to ask again */
    int32_t state;   /* 0: none; the limiter's own */
} cl_turn;

/* What a response says of the server's limits; -1: nothing. */
typedef struct cl_limit_figures {
    int64_t limit;
    int64_t remaining;
    int64_t reset_in_ms; /* until it is full again */
} cl_limit_figures;

enum { CL_LIMIT_REQUESTS = 0, CL_LIMIT_INPUT, CL_LIMIT_OUTPUT, CL_LIMIT_DIMENSIONS };

claude_code_t cl_limiter_new(const cl_limiter_settings *settings, claude_limiter_t **out, cl_err *err);
claude_limiter_t *cl_limiter_ref(claude_limiter_t *limiter);
void cl_limiter_unref(claude_limiter_t *limiter);

/*
 * Asks for a turn, the first time and again. 1: granted, now; 0: ask again at *due_at; CLAUDE_E_THROTTLED: never (more
 * than the limit can ever give), the queue is full, or the turn comes later than `latest`. First come, first served
 * within what they compete for; who does not come when its turn is there goes to the end.
 */
int32_t cl_limiter_ask(claude_limiter_t *limiter, cl_turn *turn, int64_t now, int64_t latest, int64_t *due_at,
                       cl_err *err);
/* Leaves the queue; a grant that was not used is given back. */
void cl_limiter_cancel(claude_limiter_t *limiter, cl_turn *turn, int64_t now);
/* What a granted turn really used; -1: unknown, as estimated. Ends the turn. */
void cl_limiter_settle(claude_limiter_t *limiter, cl_turn *turn, int64_t input_tokens, int64_t output_tokens,
                       int64_t now);
/* Takes in what a response said, if the settings say so. `retry_after_ms`: -1, or nothing may go before. */
void cl_limiter_learn(claude_limiter_t *limiter, int32_t type, const cl_limit_figures figures[CL_LIMIT_DIMENSIONS],
                      int64_t retry_after_ms, int64_t now);
/* What could go at once, for a type and a CL_LIMIT_REQUESTS...; -1: no limit. */
int64_t cl_limiter_available(claude_limiter_t *limiter, int32_t type, int32_t dimension, int64_t now);
size_t cl_limiter_queued(claude_limiter_t *limiter);
/* "messages", "count_tokens", ...; CL_LIMIT_TYPES for a name that is none. */
int32_t cl_limiter_type_of(cl_str name);
const char *cl_limiter_type_name(int32_t type);

#endif
