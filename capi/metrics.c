#include <claude/metrics.h>

#include <errno.h>

#include "border.h"
#include "client/client.h"
#include "reliability/metrics.h"

#if CL_FEATURE_METRICS

claude_code_t claude_client_metrics(claude_client_t *client, claude_metrics_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, out, "out"))
        rc = cl_client_metrics(client, out, &b.err);
    return border_leave(&b, rc, err);
}

/* Anything but a live snapshot is answered like no snapshot. */
static bool check(const claude_metrics_t *metrics, const char *name)
{
    return cl_is(metrics, CL_MAGIC_METRICS) && name;
}

int64_t claude_metrics_value(const claude_metrics_t *metrics, const char *name)
{
    return check(metrics, name) ? cl_metrics_value(metrics, name) : -1;
}

int64_t claude_metrics_errors(const claude_metrics_t *metrics, claude_code_t code)
{
    return cl_is(metrics, CL_MAGIC_METRICS) ? cl_metrics_errors(metrics, code) : 0;
}

int64_t claude_metrics_sum(const claude_metrics_t *metrics, const char *name)
{
    return check(metrics, name) ? cl_metrics_sum(metrics, name) : -1;
}

int32_t claude_metrics_histogram(const claude_metrics_t *metrics, const char *name, size_t index, int64_t *upper_bound,
                                 int64_t *count)
{
    int64_t bound;
    int64_t n;

    if (!check(metrics, name) || !cl_metrics_bucket(metrics, name, index, &bound, &n))
        return 0;
    if (upper_bound)
        *upper_bound = bound;
    if (count)
        *count = n;
    return 1;
}

/* The snapshot is immutable for its users; its texts are a cache. */
static const char *lend(const claude_metrics_t *metrics, const char *(*make)(claude_metrics_t *metrics), size_t *len)
{
    int saved = errno;
    const char *text = cl_is(metrics, CL_MAGIC_METRICS) ? make((claude_metrics_t *)(uintptr_t)metrics) : NULL;

    errno = saved;
    if (!text)
        text = "";
    if (len)
        *len = strlen(text);
    return text;
}

const char *claude_metrics_json(const claude_metrics_t *metrics, size_t *len)
{
    return lend(metrics, cl_metrics_json, len);
}

const char *claude_metrics_prometheus(const claude_metrics_t *metrics, size_t *len)
{
    return lend(metrics, cl_metrics_prometheus, len);
}

int32_t claude_metric_at(size_t index, const char **name, int32_t *kind, const char **unit, const char **help,
                         const char **otel_name)
{
    const cl_metric_row *row = cl_metric_row_at(index);

    if (!row)
        return 0;
    if (name)
        *name = row->name;
    if (kind)
        *kind = row->kind;
    if (unit)
        *unit = row->unit;
    if (help)
        *help = row->help;
    if (otel_name)
        *otel_name = row->otel;
    return 1;
}

claude_metrics_t *claude_metrics_ref(claude_metrics_t *metrics)
{
    return cl_is(metrics, CL_MAGIC_METRICS) ? cl_metrics_ref(metrics) : NULL;
}

void claude_metrics_unref(claude_metrics_t *metrics)
{
    int saved = errno;

    if (cl_is(metrics, CL_MAGIC_METRICS))
        cl_metrics_unref(metrics);
    errno = saved;
}

#endif
