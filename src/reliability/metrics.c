#include "reliability/metrics.h"

#include <stdlib.h>

typedef struct live_histogram {
    _Atomic int64_t counts[CL_METRICS_BOUNDS + 1];
    _Atomic int64_t sum;
} live_histogram;

struct cl_metrics {
    _Atomic int64_t running;
    _Atomic int64_t counters[CL_COUNTERS];
    _Atomic int64_t errors[CL_METRICS_CODES];
    live_histogram histograms[CL_HISTOGRAMS];
};

cl_metrics *cl_metrics_new(void)
{
    /* All zeros is what atomic_init() would write. */
    return calloc(1, sizeof(cl_metrics));
}

void cl_metrics_free(cl_metrics *metrics)
{
    free(metrics);
}

/* A server may say any number of tokens: stays at the end of the range rather than wrap around it. */
static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

/* Released, so that who sees a part sees the whole that was counted before it. */
static void add(_Atomic int64_t *value, int64_t n)
{
    int64_t before = atomic_load_explicit(value, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(value, &before, plus(before, n), memory_order_release,
                                                  memory_order_relaxed))
        continue;
}

static int64_t read_value(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

void cl_metrics_add(cl_metrics *metrics, cl_counter counter, int64_t n)
{
    if (n > 0)
        add(&metrics->counters[counter], n);
}

int64_t cl_metrics_bound(cl_histogram histogram, size_t index)
{
    bool is_tokens = histogram == CL_HIST_INPUT_TOKENS || histogram == CL_HIST_OUTPUT_TOKENS;

    if (index >= CL_METRICS_BOUNDS)
        return INT64_MAX;
    return is_tokens ? INT64_C(1) << (2 * index) : INT64_C(10) << index;
}

void cl_metrics_add_value(cl_metrics *metrics, cl_histogram histogram, int64_t value)
{
    live_histogram *live = &metrics->histograms[histogram];
    size_t i = 0;

    if (value < 0)
        return;
    while (value > cl_metrics_bound(histogram, i))
        i++;
    add(&live->counts[i], 1);
    add(&live->sum, value);
}

size_t cl_metrics_code_index(claude_code_t code)
{
    const cl_code_row *row;
    size_t i = 0;

    while (i < CL_METRICS_CODES - 1 && (row = cl_code_row_at(i)) != NULL && row->code != code)
        i++;
    return i;
}

void cl_metrics_add_error(cl_metrics *metrics, claude_code_t code)
{
    if (code < 0)
        add(&metrics->errors[cl_metrics_code_index(code)], 1);
}

void cl_metrics_add_running(cl_metrics *metrics, int64_t change)
{
    add(&metrics->running, change);
}

/* ---- what was counted, as it was at one time ---- */

static void copy_histogram(const live_histogram *from, cl_metrics_buckets *to)
{
    to->sum = read_value(&from->sum);
    for (size_t i = 0; i <= CL_METRICS_BOUNDS; i++)
        to->counts[i] = read_value(&from->counts[i]);
}

claude_code_t cl_metrics_snapshot(const cl_metrics *metrics, claude_metrics_t **out, cl_err *err)
{
    claude_metrics_t *copy = malloc(sizeof *copy);
    int64_t running;

    if (!copy)
        return cl_fail_nomem(err);
    cl_handle_init(&copy->handle, CL_MAGIC_METRICS);
    atomic_init(&copy->json, NULL);
    atomic_init(&copy->prometheus, NULL);
    for (size_t i = 0; i < CL_HISTOGRAMS; i++)
        copy_histogram(&metrics->histograms[i], &copy->histograms[i]);
    for (size_t i = 0; i < CL_METRICS_CODES; i++)
        copy->errors[i] = read_value(&metrics->errors[i]);
    /* Parts before their wholes. */
    for (size_t i = CL_COUNTERS; i > 0; i--)
        copy->counters[i - 1] = read_value(&metrics->counters[i - 1]);
    running = read_value(&metrics->running);
    copy->running = running > 0 ? running : 0;
    *out = copy;
    return CLAUDE_OK;
}

claude_metrics_t *cl_metrics_ref(claude_metrics_t *metrics)
{
    if (metrics)
        cl_handle_ref(&metrics->handle);
    return metrics;
}

void cl_metrics_unref(claude_metrics_t *metrics)
{
    if (!metrics || !cl_handle_unref(&metrics->handle))
        return;
    free(atomic_load_explicit(&metrics->json, memory_order_relaxed));
    free(atomic_load_explicit(&metrics->prometheus, memory_order_relaxed));
    free(metrics);
}

/* Of what was counted one by one: no sum of it overflows. */
static int64_t total(const int64_t *counts, size_t n)
{
    int64_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += counts[i];
    return count;
}

int64_t cl_metrics_observed(const cl_metrics_buckets *histogram)
{
    return total(histogram->counts, CL_METRICS_BOUNDS + 1);
}

/* NULL for a name that is none of a histogram. */
static const cl_metrics_buckets *find_histogram(const claude_metrics_t *metrics, const char *name, cl_histogram *which)
{
    size_t index = cl_metric_find(name);

    if (index < CL_METRIC_HISTOGRAMS || index >= CL_METRICS)
        return NULL;
    *which = (cl_histogram)(index - CL_METRIC_HISTOGRAMS);
    return &metrics->histograms[*which];
}

int64_t cl_metrics_value(const claude_metrics_t *metrics, const char *name)
{
    size_t index = cl_metric_find(name);

    if (index < CL_COUNTERS)
        return metrics->counters[index];
    if (index == CL_METRIC_RUNNING)
        return metrics->running;
    if (index == CL_METRIC_ERRORS)
        return total(metrics->errors, CL_METRICS_CODES);
    return index < CL_METRICS ? cl_metrics_observed(&metrics->histograms[index - CL_METRIC_HISTOGRAMS]) : -1;
}

int64_t cl_metrics_errors(const claude_metrics_t *metrics, claude_code_t code)
{
    return code < 0 ? metrics->errors[cl_metrics_code_index(code)] : 0;
}

int64_t cl_metrics_sum(const claude_metrics_t *metrics, const char *name)
{
    cl_histogram which;
    const cl_metrics_buckets *histogram = find_histogram(metrics, name, &which);

    return histogram ? histogram->sum : -1;
}

bool cl_metrics_bucket(const claude_metrics_t *metrics, const char *name, size_t index, int64_t *upper_bound,
                       int64_t *count)
{
    cl_histogram which;
    const cl_metrics_buckets *histogram = find_histogram(metrics, name, &which);

    if (!histogram || index > CL_METRICS_BOUNDS)
        return false;
    *upper_bound = cl_metrics_bound(which, index);
    *count = histogram->counts[index];
    return true;
}
