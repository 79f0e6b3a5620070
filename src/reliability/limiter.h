/*
 * limiter.h - how many requests and tokens may go: FIFO queues before token buckets or sliding windows. Any thread;
 * time comes from outside, and nobody is woken: who waits asks again at the time it was told.
 *
 * Each type of endpoint that has a rate of its own has a queue of its own, and all others share one, as they share a
 * rate. The limits of tokens are those of messages, which are all in one queue. A turn needs all it has a cost in at
 * the same time, and what it takes is counted when it is granted: late waiters and cancelled ones cannot add up to more
 * than the limits. A turn goes as soon as the limits have enough for it and for all that are before it in its queue, so
 * that nobody is overtaken in what he waits for, and one that waits for tokens does not hold up one that needs none.
 *
 * One at the front that could go but does not come holds its place for CL_LIMITER_GRACE_MS after the time that it was
 * told; then it loses it to who comes, and is at the end when it asks again.
 *
 * What the server says of its own limits is kept beside what is configured, per type for requests, as buckets that are
 * full again after a minute; both have to have enough.
 *
 * After a fork() the child has the limiter as it was made: with nobody in its queues and nothing taken. Turns of the
 * parent are nothing there, and end without effect.
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

enum {
    CL_LIMITER_GRACE_MS = 100,
    CL_LIMITER_QUEUE_MAX = 1000000,    /* turns, whatever the settings say */
    CL_LIMITER_PAUSE_MAX_MS = 86400000 /* of what is learned: one wrong answer must not close a limiter for good */
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
    int64_t max_wait_ms; /* of reservations; who asks says it himself */
    bool learn;
} cl_limiter_settings;

typedef struct cl_limiter_cost {
    int32_t type;          /* CL_LIMIT_* */
    int64_t input_tokens;  /* of messages; else 0 */
    int64_t output_tokens; /* of messages; else 0 */
} cl_limiter_cost;

/* What a turn counts in: requests of each type, tokens as they are configured, tokens as they are learned. */
enum { CL_LIMIT_TOKENS = 4, CL_LIMIT_COLUMNS = CL_LIMIT_TYPES + CL_LIMIT_TOKENS };

/*
 * A place in the queue, then a grant. In the owner's memory, which keeps it until it is cancelled or settled. It begins
 * with zeros and a cost; the rest is the limiter's own.
 */
typedef struct cl_turn {
    struct cl_turn *prev;
    struct cl_turn *next;
    cl_limiter_cost cost; /* stays as it is while the turn is one */
    int64_t asked_at;     /* for the first time */
    int64_t told_at;      /* when it was last told to ask again */
    int32_t state;        /* 0: none */
    uint32_t generation;  /* of the process that asked */
    uint64_t number;      /* in the queue */
    uint64_t grant;       /* which one it was */
    int64_t granted_at;
    int64_t tokens[CL_LIMIT_TOKENS];   /* as which it counts */
    uint64_t before[CL_LIMIT_COLUMNS]; /* all that has ever been in the queue before it */
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
 * than the limit can ever give), the queue is full, or the turn comes later than `latest`; it is none then, and the
 * error says after how long to try again. First come, first served within what they compete for; who does not come when
 * its turn is there goes to the end. A time before one that was seen counts as that one.
 */
int32_t cl_limiter_ask(claude_limiter_t *limiter, cl_turn *turn, int64_t now, int64_t latest, int64_t *due_at,
                       cl_err *err);
/* Leaves the queue; a grant that was not used is given back. */
void cl_limiter_cancel(claude_limiter_t *limiter, cl_turn *turn, int64_t now);
/*
 * What a granted turn really used; -1: unknown, as estimated. Ends the turn. What was estimated too high is given back
 * as far as the limit has not been full since, so that it is as if it had never been taken, and never more.
 */
void cl_limiter_settle(claude_limiter_t *limiter, cl_turn *turn, int64_t input_tokens, int64_t output_tokens,
                       int64_t now);
/* The server has begun to answer a granted turn: what it says of its limits from now on includes the turn's request and
 * its input. Before cl_limiter_learn() with that answer; without it the turn counts twice until it is settled. */
void cl_limiter_answered(claude_limiter_t *limiter, cl_turn *turn);
/*
 * Takes in what a response said, if the settings say so. `retry_after_ms`: -1, or nothing may go before. Limits that
 * are not above 0 are no limits. An estimate above a learned limit counts as all of it: the server will judge.
 */
void cl_limiter_learn(claude_limiter_t *limiter, int32_t type, const cl_limit_figures figures[CL_LIMIT_DIMENSIONS],
                      int64_t retry_after_ms, int64_t now);
/* The same, whatever the settings say. */
void cl_limiter_teach(claude_limiter_t *limiter, int32_t type, const cl_limit_figures figures[CL_LIMIT_DIMENSIONS],
                      int64_t retry_after_ms, int64_t now);
/* What could go at once, for a type and a CL_LIMIT_REQUESTS..., after what waits already; -1: no limit. */
int64_t cl_limiter_available(claude_limiter_t *limiter, int32_t type, int32_t dimension, int64_t now);
size_t cl_limiter_queued(claude_limiter_t *limiter);
int64_t cl_limiter_max_wait_ms(const claude_limiter_t *limiter);
/* "messages", "count_tokens", ...; CL_LIMIT_TYPES for a name that is none. */
int32_t cl_limiter_type_of(cl_str name);
const char *cl_limiter_type_name(int32_t type);

/* ---- reservation.c: a turn that is an object ---- */

/* Takes a place that is kept for max_wait_ms at most, or a grant. The error is that of cl_limiter_ask(). */
claude_code_t cl_reservation_new(claude_limiter_t *limiter, const cl_limiter_cost *cost, int64_t now,
                                 claude_reservation_t **out, cl_err *err);
/* *wait_ms 0: granted. CLAUDE_E_THROTTLED: it comes too late after all, and that stays so; CLAUDE_E_STATE: it is over.
 */
claude_code_t cl_reservation_wait(claude_reservation_t *reservation, int64_t now, int64_t *wait_ms, cl_err *err);
void cl_reservation_settle(claude_reservation_t *reservation, int64_t input_tokens, int64_t output_tokens, int64_t now);
claude_reservation_t *cl_reservation_ref(claude_reservation_t *reservation);
/* The last one gives up what was not granted, and settles as estimated what was. */
void cl_reservation_unref(claude_reservation_t *reservation);

#endif
