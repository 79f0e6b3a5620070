/*
 * metrics.h - what a client's calls have done, in figures: counters and histograms, as JSON, as text for Prometheus,
 * one by one. docs/metrics.md lists them, with their names in OpenTelemetry's conventions for GenAI.
 *
 * A client counts if the option `metrics.enabled` is set, else nothing is counted and nothing is spent on it. Nothing
 * is sent anywhere: a program takes a snapshot when it wants one. In a process that was made by fork() the figures go
 * on from those of its parent.
 */
#ifndef CLAUDE_METRICS_H
#define CLAUDE_METRICS_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of metrics. */
enum {
    /** A number that only grows. */
    CLAUDE_METRIC_COUNTER = 1,
    /** A number that grows and shrinks. */
    CLAUDE_METRIC_GAUGE = 2,
    /** How often values fell within which bounds, and their sum. */
    CLAUDE_METRIC_HISTOGRAM = 3
};

/**
 * Take a snapshot of a client's metrics. The snapshot never changes. What is counted while it is taken may be in it or
 * not, but it never has more of a part (calls that failed) than of its whole (calls).
 *
 * @param client  made with the option `metrics.enabled`
 * @param out     receives the snapshot; release with claude_metrics_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (the client does not count), CLAUDE_E_UNSUPPORTED (this build has no metrics),
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_config_t *config = NULL;
 * claude_client_t *counting = NULL;
 * claude_metrics_t *metrics = NULL;
 * claude_error_t *err = NULL;
 * claude_code_t rc = claude_config_new(&config, &err);
 * if (rc >= 0)
 *     rc = claude_config_set(config, "metrics.enabled", "true", &err);
 * if (rc >= 0)
 *     rc = claude_client_from_env(config, &counting, &err);
 * if (rc >= 0)
 *     rc = claude_client_metrics(counting, &metrics, &err);
 * if (rc < 0) {
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 *     claude_error_unref(err);
 * } else {
 *     printf("%s", claude_metrics_prometheus(metrics, NULL));
 * }
 * claude_metrics_unref(metrics);
 * claude_client_unref(counting);
 * claude_config_unref(config);
 * @endcode
 */
CLAUDE_API claude_code_t claude_client_metrics(claude_client_t *client, claude_metrics_t **out, claude_error_t **err);

/**
 * A figure by its name.
 *
 * @param name  of docs/metrics.md, for example "retries". Of a histogram it is how many values there were, of "errors"
 *              those of all codes
 * @return the figure; -1 for a name that is none, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_metrics_value(const claude_metrics_t *metrics, const char *name);

/**
 * How many attempts failed with a code, and how many calls without an attempt.
 *
 * @param code  CLAUDE_E_*
 * @return the number; 0 for a code that is none, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_metrics_errors(const claude_metrics_t *metrics, claude_code_t code);

/**
 * Sum of the values of a histogram.
 *
 * @param name  for example "call_duration_ms"
 * @return the sum in the histogram's unit; -1 for a name that is none of a histogram, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_metrics_sum(const claude_metrics_t *metrics, const char *name);

/**
 * Enumerate the buckets of a histogram.
 *
 * @param name         for example "call_duration_ms"
 * @param index        0, 1, 2, ...
 * @param upper_bound  receives the highest value of the bucket in the histogram's unit; INT64_MAX for the last one
 * @param count        receives how many values were in it, above the bound of the bucket before
 * @return 1 there is such a bucket, 0 after the last one, for a name that is none of a histogram, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_metrics_histogram(const claude_metrics_t *metrics, const char *name, size_t index,
                                            int64_t *upper_bound, int64_t *count);

/**
 * The whole snapshot as a JSON object: "counters" by name, "calls_running", "errors" by the codes' names (those that
 * occurred), "histograms" by name, each with "count", "sum", "bounds" (upper ones, in the histogram's unit) and
 * "counts" (one more: of what is above the last bound).
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the snapshot; "" when memory is out, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_metrics_json(const claude_metrics_t *metrics, size_t *len);

/**
 * The whole snapshot in Prometheus' text format, version 0.0.4 (content type "text/plain; version=0.0.4"). A name is
 * that of docs/metrics.md with "claude_" before it, "_total" behind a counter's, and "_seconds" in place of "_ms".
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the snapshot; "" when memory is out, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_metrics_prometheus(const claude_metrics_t *metrics, size_t *len);

/**
 * Enumerate the metrics of this library, for programs that map them to names of their own. All texts are static.
 *
 * @param index      0, 1, 2, ...
 * @param name       receives the name, which is permanent; may be NULL
 * @param kind       receives CLAUDE_METRIC_*; may be NULL
 * @param unit       receives the unit: "ms", "tokens", "calls", ...; may be NULL
 * @param help       receives a sentence on what it is; may be NULL
 * @param otel_name  receives its name in OpenTelemetry's conventions for GenAI, "" if they have none; may be NULL. The
 *                   conventions count times in seconds, and change: docs/metrics.md says which version this is
 * @return 1 there is such a metric, 0 after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_metric_at(size_t index, const char **name, int32_t *kind, const char **unit,
                                    const char **help, const char **otel_name);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_metrics_t *claude_metrics_ref(claude_metrics_t *metrics);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_metrics_unref(claude_metrics_t *metrics);

#ifdef __cplusplus
}
#endif

#endif
