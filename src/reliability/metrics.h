/* metrics.h - counters and histograms of a client. Any thread, no lock; NULL is no metrics and costs a comparison. */
#ifndef CL_RELIABILITY_METRICS_H
#define CL_RELIABILITY_METRICS_H

#include "base/base.h"

/*
 * Who counts a part counts the whole before it: calls, then what became of them; input tokens, then those of the cache.
 * Wholes stand before their parts, and no snapshot has more of a part than of its whole.
 */
typedef enum cl_counter {
    CL_COUNT_CALLS,          /* that ended */
    CL_COUNT_CALLS_FAILED,   /* of those, cancelled ones not included */
    CL_COUNT_CALLS_CANCELED, /* of those */
    CL_COUNT_ATTEMPTS,
    CL_COUNT_WIRE, /* requests that reached the wire */
    CL_COUNT_RETRIES,
    CL_COUNT_FAILOVERS,
    CL_COUNT_RESENDS,
    CL_COUNT_BREAKER_REFUSED,
    CL_COUNT_BREAKER_OPENED,
    CL_COUNT_LIMITER_WAITED, /* calls that had to */
    CL_COUNT_LIMITER_REFUSED,
    CL_COUNT_QUOTA_REFUSED, /* calls */
    CL_COUNT_BUDGET_EMPTY,  /* retries that the budget refused */
    CL_COUNT_INPUT_TOKENS,  /* all of them: what the API calls input_tokens, and those of the cache */
    CL_COUNT_OUTPUT_TOKENS,
    CL_COUNT_CACHE_READ_TOKENS,  /* of the input tokens */
    CL_COUNT_CACHE_WRITE_TOKENS, /* of the input tokens */
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
    CL_HIST_INPUT_TOKENS, /* of a call, counted as CL_COUNT_INPUT_TOKENS */
    CL_HIST_OUTPUT_TOKENS,
    CL_HISTOGRAMS
} cl_histogram;

enum {
    CL_METRICS_BOUNDS = 14, /* of a histogram; one bucket more is for what is above them */
    CL_METRICS_CODES = 64   /* room for the table of codes, and for those that are not in it */
};

typedef struct cl_metrics cl_metrics;

cl_metrics *cl_metrics_new(void);
void cl_metrics_free(cl_metrics *metrics);

/* Not for NULL: the functions below are for callers. */
void cl_metrics_add(cl_metrics *metrics, cl_counter counter, int64_t n);
void cl_metrics_add_value(cl_metrics *metrics, cl_histogram histogram, int64_t value);
void cl_metrics_add_error(cl_metrics *metrics, claude_code_t code);
void cl_metrics_add_running(cl_metrics *metrics, int64_t change);

static inline bool cl_metrics_on(const cl_metrics *metrics)
{
    return CL_FEATURE_METRICS && metrics;
}

/* Counters only grow: a negative n is nothing. */
static inline void cl_metrics_count(cl_metrics *metrics, cl_counter counter, int64_t n)
{
    if (cl_metrics_on(metrics))
        cl_metrics_add(metrics, counter, n);
}

/* A negative value is one that nobody knows, and not observed. */
static inline void cl_metrics_observe(cl_metrics *metrics, cl_histogram histogram, int64_t value)
{
    if (cl_metrics_on(metrics))
        cl_metrics_add_value(metrics, histogram, value);
}

/* An attempt that failed, or a call that failed without one, by the code. */
static inline void cl_metrics_error(cl_metrics *metrics, claude_code_t code)
{
    if (cl_metrics_on(metrics))
        cl_metrics_add_error(metrics, code);
}

/* The difference is what is under way. */
static inline void cl_metrics_running(cl_metrics *metrics, int64_t change)
{
    if (cl_metrics_on(metrics))
        cl_metrics_add_running(metrics, change);
}

/* ---- what was counted, as it was at one time ---- */

typedef struct cl_metrics_buckets {
    int64_t counts[CL_METRICS_BOUNDS + 1];
    int64_t sum;
} cl_metrics_buckets;

struct claude_metrics {
    cl_handle handle;
    int64_t running;
    int64_t counters[CL_COUNTERS];
    int64_t errors[CL_METRICS_CODES]; /* in the order of cl_code_row_at(), then one for those that are not there */
    cl_metrics_buckets histograms[CL_HISTOGRAMS];
    _Atomic(char *) json;
    _Atomic(char *) prometheus;
};

/* An immutable copy. */
claude_code_t cl_metrics_snapshot(const cl_metrics *metrics, claude_metrics_t **out, cl_err *err);
claude_metrics_t *cl_metrics_ref(claude_metrics_t *metrics);
void cl_metrics_unref(claude_metrics_t *metrics);
/* As in metrics.h of the interface. */
int64_t cl_metrics_value(const claude_metrics_t *metrics, const char *name);
int64_t cl_metrics_errors(const claude_metrics_t *metrics, claude_code_t code);
int64_t cl_metrics_sum(const claude_metrics_t *metrics, const char *name);
bool cl_metrics_bucket(const claude_metrics_t *metrics, const char *name, size_t index, int64_t *upper_bound,
                       int64_t *count);
/* How many values a histogram has taken in. */
int64_t cl_metrics_observed(const cl_metrics_buckets *histogram);
/* Where a code is counted. */
size_t cl_metrics_code_index(claude_code_t code);
/* The highest value of a bucket; INT64_MAX for the last one. */
int64_t cl_metrics_bound(cl_histogram histogram, size_t index);

/* ---- names and texts (metrics_text.c) ---- */

/* The same numbers as CLAUDE_METRIC_* of metrics.h of the interface. */
enum { CL_METRIC_COUNTER = 1, CL_METRIC_GAUGE = 2, CL_METRIC_HISTOGRAM = 3 };

/* Rows of the table of names: the counters, these two, the histograms. */
enum {
    CL_METRIC_RUNNING = CL_COUNTERS,
    CL_METRIC_ERRORS,
    CL_METRIC_HISTOGRAMS,
    CL_METRICS = CL_METRIC_HISTOGRAMS + CL_HISTOGRAMS
};

typedef struct cl_metric_row {
    const char *name;
    int32_t kind;
    const char *unit;
    const char *help;
    const char *otel;       /* of the GenAI conventions; "" if they have none */
    const char *otel_older; /* what they called it before, with the attributes that it then had */
} cl_metric_row;

/* NULL after the last one. */
const cl_metric_row *cl_metric_row_at(size_t index);
/* Its index; CL_METRICS for a name that is none. */
size_t cl_metric_find(const char *name);
/* Made when first asked for. NULL when out of memory. */
const char *cl_metrics_json(claude_metrics_t *metrics);
const char *cl_metrics_prometheus(claude_metrics_t *metrics);
/* Name of a metric in the text for Prometheus; at least 64 bytes at `out`. */
void cl_metric_prometheus_name(const cl_metric_row *row, char *out, size_t size);

#endif
