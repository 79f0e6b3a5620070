#include <stdio.h>

#include "reliability/metrics.h"
#include "json/json.h"

enum { TEXT_MAX = 64 * 1024, NAME_MAX_LEN = 64 };

#define COUNTER(name, unit, help, otel)                                                                                \
    {                                                                                                                  \
        name, CL_METRIC_COUNTER, unit, help, otel, ""                                                                  \
    }
#define HISTOGRAM(name, unit, help, otel, older)                                                                       \
    {                                                                                                                  \
        name, CL_METRIC_HISTOGRAM, unit, help, otel, older                                                             \
    }

/*
 * The names that programs use: permanent, as options are. docs/metrics.md is generated from this table. The GenAI
 * conventions are those of semantic-conventions-genai as of October 2026; the older names those of semantic-conventions
 * 1.37 to 1.42.
 */
static const cl_metric_row rows[] = {
    [CL_COUNT_CALLS] = COUNTER("calls", "calls", "Calls that ended.", ""),
    [CL_COUNT_CALLS_FAILED] =
        COUNTER("calls_failed", "calls", "Calls that failed; cancelled ones are not among them.", ""),
    [CL_COUNT_CALLS_CANCELED] = COUNTER("calls_canceled", "calls", "Calls that the program cancelled.", ""),
    [CL_COUNT_ATTEMPTS] = COUNTER("attempts", "attempts", "Attempts that were made for calls, and have ended.", ""),
    [CL_COUNT_WIRE] =
        COUNTER("wire_requests", "requests",
                "Requests that reached the wire, those included that the HTTP library sent again by itself.", ""),
    [CL_COUNT_RETRIES] = COUNTER("retries", "attempts", "Attempts that were retries.", ""),
    [CL_COUNT_FAILOVERS] =
        COUNTER("failovers", "attempts", "Attempts that went to another endpoint after a failure.", ""),
    [CL_COUNT_RESENDS] = COUNTER("resends", "attempts",
                                 "Attempts that were the same once more, with another key or not compressed.", ""),
    [CL_COUNT_BREAKER_REFUSED] =
        COUNTER("breaker_refused", "attempts", "Attempts that an open circuit breaker refused.", ""),
    [CL_COUNT_BREAKER_OPENED] = COUNTER("breaker_opened", "times", "How often a circuit breaker opened.", ""),
    [CL_COUNT_LIMITER_WAITED] = COUNTER("limiter_waited", "calls", "Calls that the rate limiter made wait.", ""),
    [CL_COUNT_LIMITER_REFUSED] = COUNTER("limiter_refused", "calls", "Calls that the rate limiter refused.", ""),
    [CL_COUNT_QUOTA_REFUSED] = COUNTER("quota_refused", "calls", "Calls for which a quota had no room.", ""),
    [CL_COUNT_BUDGET_EMPTY] = COUNTER("retry_budget_refused", "retries",
                                      "Retries that were not made because the retry budget was spent.", ""),
    [CL_COUNT_INPUT_TOKENS] =
        COUNTER("input_tokens", "tokens", "Input tokens, those included that were read from or written to the cache.",
                "gen_ai.client.inference.usage.input_tokens"),
    [CL_COUNT_OUTPUT_TOKENS] =
        COUNTER("output_tokens", "tokens", "Output tokens.", "gen_ai.client.inference.usage.output_tokens"),
    [CL_COUNT_CACHE_READ_TOKENS] = COUNTER("cache_read_tokens", "tokens", "Input tokens that were read from the cache.",
                                           "gen_ai.client.inference.usage.cache_read.input_tokens"),
    [CL_COUNT_CACHE_WRITE_TOKENS] =
        COUNTER("cache_write_tokens", "tokens", "Input tokens that were written to the cache.",
                "gen_ai.client.inference.usage.cache_write.input_tokens"),
    [CL_COUNT_EVENTS_DROPPED] =
        COUNTER("events_dropped", "events", "Events of streams that were dropped while their calls were paused.", ""),
    [CL_COUNT_ANOMALIES] = COUNTER("anomalies", "times", "How often a stream deviated from what is documented.", ""),
    [CL_METRIC_RUNNING] = {"calls_running", CL_METRIC_GAUGE, "calls", "Calls that are under way.", "", ""},
    [CL_METRIC_ERRORS] = COUNTER(
        "errors", "errors", "Attempts that failed, and calls that failed without one, by the code of the error.", ""),
    [CL_METRIC_HISTOGRAMS + CL_HIST_CALL_MS] = HISTOGRAM(
        "call_duration_ms", "ms", "Time of a call from its start to its end, all attempts and waits included.",
        "gen_ai.client.inference.duration", "gen_ai.client.operation.duration"),
    [CL_METRIC_HISTOGRAMS + CL_HIST_ATTEMPT_MS] =
        HISTOGRAM("attempt_duration_ms", "ms", "Time of an attempt from its start to its end.", "", ""),
    [CL_METRIC_HISTOGRAMS + CL_HIST_FIRST_EVENT_MS] =
        HISTOGRAM("first_event_ms", "ms", "Streams: time from the start of an attempt to its first event.",
                  "gen_ai.client.inference.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk"),
    [CL_METRIC_HISTOGRAMS + CL_HIST_LIMITER_WAIT_MS] =
        HISTOGRAM("limiter_wait_ms", "ms", "Time that the rate limiter made a call wait.", "", ""),
    [CL_METRIC_HISTOGRAMS + CL_HIST_BACKOFF_MS] = HISTOGRAM("backoff_ms", "ms", "Wait before a retry.", "", ""),
    [CL_METRIC_HISTOGRAMS + CL_HIST_INPUT_TOKENS] = HISTOGRAM(
        "call_input_tokens", "tokens", "Input tokens of a call, counted as input_tokens are.",
        "gen_ai.client.inference.operation.input_tokens", "gen_ai.client.token.usage gen_ai.token.type=input"),
    [CL_METRIC_HISTOGRAMS + CL_HIST_OUTPUT_TOKENS] = HISTOGRAM(
        "call_output_tokens", "tokens", "Output tokens of a call.", "gen_ai.client.inference.operation.output_tokens",
        "gen_ai.client.token.usage gen_ai.token.type=output"),
};

_Static_assert(sizeof rows / sizeof rows[0] == CL_METRICS, "a row for each metric");

const cl_metric_row *cl_metric_row_at(size_t index)
{
    return index < CL_METRICS ? &rows[index] : NULL;
}

size_t cl_metric_find(const char *name)
{
    size_t i = 0;

    while (i < CL_METRICS && strcmp(rows[i].name, name) != 0)
        i++;
    return i;
}

/* The name of a row of errors; NULL after the last one. The row behind the table is for codes that it does not have. */
static const char *code_name_at(size_t index)
{
    const cl_code_row *row = index < CL_METRICS_CODES ? cl_code_row_at(index) : NULL;

    if (row)
        return row->name;
    return index > 0 && index < CL_METRICS_CODES && cl_code_row_at(index - 1) ? "CLAUDE_E_UNKNOWN" : NULL;
}

/* ---- JSON ---- */

static bool open_object(cl_buf *out, const char *key)
{
    return cl_json_put_key(out, key) && cl_json_put_char(out, '{');
}

static bool json_counters(cl_buf *out, const claude_metrics_t *metrics)
{
    bool ok = open_object(out, "counters");

    for (size_t i = 0; i < CL_COUNTERS && ok; i++)
        ok = cl_json_put_int(out, rows[i].name, metrics->counters[i]);
    return ok && cl_json_put_char(out, '}');
}

/* Only of codes that were seen: a reader of JSON takes a missing one for none. */
static bool json_errors(cl_buf *out, const claude_metrics_t *metrics)
{
    bool ok = open_object(out, rows[CL_METRIC_ERRORS].name);
    const char *name;

    for (size_t i = 0; ok && (name = code_name_at(i)) != NULL; i++) {
        if (metrics->errors[i] > 0)
            ok = cl_json_put_int(out, name, metrics->errors[i]);
    }
    return ok && cl_json_put_char(out, '}');
}

static bool put_list(cl_buf *out, const char *key, const int64_t *values, size_t count)
{
    bool ok = cl_json_put_key(out, key) && cl_json_put_char(out, '[');

    for (size_t i = 0; i < count && ok; i++)
        ok = (i == 0 || cl_json_put_char(out, ',')) && cl_buf_append_int(out, values[i]) == CL_BUF_OK;
    return ok && cl_json_put_char(out, ']');
}

static bool json_histogram(cl_buf *out, const cl_metrics_buckets *histogram, cl_histogram which)
{
    const cl_metric_row *row = &rows[CL_METRIC_HISTOGRAMS + which];
    int64_t bounds[CL_METRICS_BOUNDS];

    for (size_t i = 0; i < CL_METRICS_BOUNDS; i++)
        bounds[i] = cl_metrics_bound(which, i);
    return open_object(out, row->name) && cl_json_put_int(out, "count", cl_metrics_observed(histogram)) &&
           cl_json_put_int(out, "sum", histogram->sum) && put_list(out, "bounds", bounds, CL_METRICS_BOUNDS) &&
           put_list(out, "counts", histogram->counts, CL_METRICS_BOUNDS + 1) && cl_json_put_char(out, '}');
}

static bool put_json(cl_buf *out, const claude_metrics_t *metrics)
{
    bool ok = cl_json_put_char(out, '{') && json_counters(out, metrics) &&
              cl_json_put_int(out, rows[CL_METRIC_RUNNING].name, metrics->running) && json_errors(out, metrics) &&
              open_object(out, "histograms");

    for (int i = 0; i < CL_HISTOGRAMS && ok; i++)
        ok = json_histogram(out, &metrics->histograms[i], (cl_histogram)i);
    return ok && cl_json_put_char(out, '}') && cl_json_put_char(out, '}');
}

/* ---- Prometheus, text format 0.0.4 ---- */

static bool put(cl_buf *out, const char *text)
{
    return cl_buf_append_text(out, text) == CL_BUF_OK;
}

static bool is_time(const cl_metric_row *row)
{
    return strcmp(row->unit, "ms") == 0;
}

void cl_metric_prometheus_name(const cl_metric_row *row, char *out, size_t size)
{
    size_t len = strlen(row->name) - (is_time(row) ? strlen("_ms") : 0);

    snprintf(out, size, "claude_%.*s%s", (int)len, row->name,
             row->kind == CL_METRIC_COUNTER ? "_total" : (is_time(row) ? "_seconds" : ""));
}

/* Milliseconds as seconds, to the last digit. */
static bool put_seconds(cl_buf *out, int64_t ms)
{
    const char decimals[] = {'.', (char)('0' + ms / 100 % 10), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)};
    size_t len = sizeof decimals;

    while (len > 1 && decimals[len - 1] == '0')
        len--;
    return cl_buf_append_int(out, ms / 1000) == CL_BUF_OK &&
           (len == 1 || cl_buf_append(out, decimals, len) == CL_BUF_OK);
}

static bool put_quantity(cl_buf *out, const cl_metric_row *row, int64_t value)
{
    return is_time(row) ? put_seconds(out, value) : cl_buf_append_int(out, value) == CL_BUF_OK;
}

static bool put_head(cl_buf *out, const cl_metric_row *row, const char *name)
{
    static const char *const kinds[] = {"", " counter\n", " gauge\n", " histogram\n"};

    return put(out, "# HELP ") && put(out, name) && put(out, " ") && put(out, row->help) && put(out, "\n# TYPE ") &&
           put(out, name) && put(out, kinds[row->kind]);
}

static bool put_sample(cl_buf *out, const char *name, const char *rest, int64_t value)
{
    return put(out, name) && put(out, rest) && cl_buf_append_int(out, value) == CL_BUF_OK &&
           cl_json_put_char(out, '\n');
}

/* All codes, so that the first error of a kind is a rise from 0. */
static bool put_errors(cl_buf *out, const char *name, const claude_metrics_t *metrics)
{
    const char *code;
    bool ok = true;

    for (size_t i = 0; ok && (code = code_name_at(i)) != NULL; i++)
        ok = put(out, name) && put(out, "{code=\"") && put_sample(out, code, "\"} ", metrics->errors[i]);
    return ok;
}

static bool put_histogram(cl_buf *out, const char *name, const claude_metrics_t *metrics, cl_histogram which)
{
    const cl_metric_row *row = &rows[CL_METRIC_HISTOGRAMS + which];
    const cl_metrics_buckets *histogram = &metrics->histograms[which];
    int64_t count = 0;
    bool ok = true;

    for (size_t i = 0; i < CL_METRICS_BOUNDS && ok; i++) {
        count += histogram->counts[i];
        ok = put(out, name) && put(out, "_bucket{le=\"") && put_quantity(out, row, cl_metrics_bound(which, i)) &&
             put_sample(out, "", "\"} ", count);
    }
    count += histogram->counts[CL_METRICS_BOUNDS];
    return ok && put_sample(out, name, "_bucket{le=\"+Inf\"} ", count) && put(out, name) && put(out, "_sum ") &&
           put_quantity(out, row, histogram->sum) && cl_json_put_char(out, '\n') &&
           put_sample(out, name, "_count ", count);
}

static bool put_metric(cl_buf *out, const claude_metrics_t *metrics, size_t index)
{
    const cl_metric_row *row = &rows[index];
    char name[NAME_MAX_LEN];

    cl_metric_prometheus_name(row, name, sizeof name);
    if (!put_head(out, row, name))
        return false;
    if (index == CL_METRIC_ERRORS)
        return put_errors(out, name, metrics);
    if (index >= CL_METRIC_HISTOGRAMS)
        return put_histogram(out, name, metrics, (cl_histogram)(index - CL_METRIC_HISTOGRAMS));
    return put_sample(out, name, " ", index == CL_METRIC_RUNNING ? metrics->running : metrics->counters[index]);
}

static bool put_prometheus(cl_buf *out, const claude_metrics_t *metrics)
{
    bool ok = true;

    for (size_t i = 0; i < CL_METRICS && ok; i++)
        ok = put_metric(out, metrics, i);
    return ok;
}

/* ---- kept once made ---- */

static const char *text_of(claude_metrics_t *metrics, _Atomic(char *) *slot,
                           bool (*write)(cl_buf *out, const claude_metrics_t *metrics))
{
    cl_buf out = CL_BUF_INIT(TEXT_MAX);
    const char *text = atomic_load(slot);

    if (!text && write(&out, metrics))
        text = cl_buf_publish(&out, slot);
    cl_buf_free(&out);
    return text;
}

const char *cl_metrics_json(claude_metrics_t *metrics)
{
    return text_of(metrics, &metrics->json, put_json);
}

const char *cl_metrics_prometheus(claude_metrics_t *metrics)
{
    return text_of(metrics, &metrics->prometheus, put_prometheus);
}
