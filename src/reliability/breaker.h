/*
 * breaker.h - a circuit breaker: closed, open, half-open. Any thread; time and chance come from outside.
 *
 * Who is let through gets a permit and must give it back with what became of it, once. A probe's permit is a lease: if
 * it does not come back in time another probe may go, and once one has gone the first one's result counts no more. So a
 * lease should be longer than a call takes until cl_breaker_probe_alive() or its end.
 *
 * Failures in a row open it, and the share of failures among the calls that ended within the window, a call counting
 * when it ends. Only a failure opens it: a success that completes minimum_calls does not.
 */
#ifndef CL_RELIABILITY_BREAKER_H
#define CL_RELIABILITY_BREAKER_H

#include "base/base.h"

/* Shares and factors are thousandths. */
typedef struct cl_breaker_settings {
    int64_t failure_threshold;
    int64_t open_ms;
    int64_t open_multiplier;
    int64_t max_open_ms;
    int64_t jitter;
    int64_t success_threshold;
    int64_t window_ms; /* 0: failures in a row only */
    int64_t failure_rate;
    int64_t minimum_calls;
    int64_t probe_lease_ms;
} cl_breaker_settings;

/* What a call says of the endpoint. Neutral: nothing, for example a request that the endpoint refused as wrong. */
enum { CL_BREAKER_SUCCESS = 1, CL_BREAKER_FAILURE = 2, CL_BREAKER_NEUTRAL = 3 };

/* The same numbers as CLAUDE_BREAKER_* of breaker.h of the interface. */
enum { CL_BREAKER_CLOSED = 1, CL_BREAKER_OPEN = 2, CL_BREAKER_HALF_OPEN = 3 };

typedef struct cl_breaker_counters {
    int64_t successes;
    int64_t failures;
    int64_t neutral;
    int64_t refused;
    int64_t opened; /* how often */
    int64_t probes;
    int64_t failures_in_a_row;
} cl_breaker_counters;

/* Settings out of their range count as the nearest that is within, and max_open_ms as open_ms at least. */
claude_code_t cl_breaker_new(const cl_breaker_settings *settings, claude_breaker_t **out, cl_err *err);
claude_breaker_t *cl_breaker_ref(claude_breaker_t *breaker);
void cl_breaker_unref(claude_breaker_t *breaker);
/* 0: not now, *left_ms says how long it is until it is worth asking again; else a permit, and *left_ms is 0. */
uint64_t cl_breaker_allow(claude_breaker_t *breaker, int64_t now, int64_t *left_ms);
/*
 * Gives a permit back. A probe that is a long stream says CL_BREAKER_SUCCESS as soon as its first event is there, by
 * cl_breaker_probe_alive(), and its end later. Permits of a time before the last change of state change nothing.
 * `random` matters for CL_BREAKER_FAILURE only. What is none of CL_BREAKER_* is neutral. True: this has opened it.
 */
bool cl_breaker_record(claude_breaker_t *breaker, uint64_t permit, int32_t what, int64_t now, uint64_t random);
/* Counts a probe as a success before its end; what it says at its end then counts if it is a failure (for the last 64
 * permits of probes, until the breaker opens). For other permits it does nothing. */
void cl_breaker_probe_alive(claude_breaker_t *breaker, uint64_t permit, int64_t now);
/* CL_BREAKER_*; an open breaker whose time is over is half-open. */
int32_t cl_breaker_state(claude_breaker_t *breaker, int64_t now);
/* Until it is worth asking; 0 if it is so now. While a probe is out: until its lease is over. */
int64_t cl_breaker_left_ms(claude_breaker_t *breaker, int64_t now);
void cl_breaker_counters_of(claude_breaker_t *breaker, cl_breaker_counters *out);
/* By hand: open for so long (0 or less: for its usual time), or closed and forgetting. */
void cl_breaker_force_open(claude_breaker_t *breaker, int64_t ms, int64_t now);
void cl_breaker_force_closed(claude_breaker_t *breaker);
/* "closed", "open", "half_open"; "" for other numbers. Static. */
const char *cl_breaker_state_name(int32_t state);

#endif
