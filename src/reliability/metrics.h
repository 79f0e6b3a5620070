/* metrics.h - counters and histograms of a client. Any thread, no lock; NULL is no metrics and costs a comparison. */
#ifndef CL_RELIABILITY_METRICS_H
#define CL_RELIABILITY_METRICS_H

#include "base/base.h"

typedef enum cl_counter {
    CL_COUNT_CALLS,          /* that ended */
    CL_COUNT_CALLS_FAILED,   /* of those */
    CL_COUNT_CALLS_CANCELED, /* of those */
    CL_COUNT_ATTEMPTS,
    CL_COUNT_WIRE, /* requests that reached the wire */
    CL_COUNT_RETRIES,
    CL_COUNT_FAILOVERS,
    CL_COUNT_BREAKER_REFUSED,
    CL_COUNT_BREAKER_OPENED,
    CL_COUNT_LIMITER_WAITED, /* calls that had to */
    CL_COUNT_LIMITER_REFUSED,
    CL_COUNT_BUDGET_EMPTY, /* retries that the budget refused */
    CL_COUNT_INPUT_TOKENS,
    CL_COUNT_OUTPUT_TOKENS,
    CL_COUNT_CACHE_READ_TOKENS,
    CL_COUNT_CACHE_WRITE_TOKENS,
    CL_COUNT_EVENTS_DROPPED,
    CL_COUNT_ANOMALIES,
    CL_COUNTERS
} cl_counter;

typedef enum cl_histogram {
    CL_HIST_CALL_MS, /* from start to end */
    CL_HIST_ATTEMPT_MS,
    CL_HIST_FIRST_EVENT_MS, /* streams: from the attempt's start to its first event */
    CL_HIST_LIMITER_WAIT_MS,
    CL_HIST_BACKOFF_MS,
    CL_HIST_INPUT_TOKENS,
    CL_HIST_OUTPUT_TOKENS,
    CL_HISTOGRAMS
} cl_histogram;

typedef struct cl_metrics cl_metrics;

cl_metrics *cl_metrics_new(void);
void cl_metrics_free(cl_metrics *metrics);
void cl_metrics_count(cl_metrics *metrics, cl_counter counter, int64_t n);
void cl_metrics_observe(cl_metrics *metrics, cl_histogram histogram, int64_t value);
/* A failed call or attempt, by its code. */
void cl_metrics_error(cl_metrics *metrics, claude_code_t code);
/* The difference is what is under way. */
void cl_metrics_running(cl_metrics *metrics, int64_t change);
/* An immutable copy. */
claude_code_t cl_metrics_snapshot(const cl_metrics *metrics, claude_metrics_t **out, cl_err *err);

#endif
