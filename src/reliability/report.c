#include "reliability/report.h"

#include <stdlib.h>

#include "base/grow.h"
#include "reliability/breaker.h"
#include "json/json.h"

enum { JSON_MAX = 128 * 1024 };

claude_report_t *cl_report_new(void)
{
    claude_report_t *report = calloc(1, sizeof *report);

    if (!report)
        return NULL;
    cl_handle_init(&report->handle, CL_MAGIC_REPORT);
    atomic_init(&report->final, false);
    atomic_init(&report->json, NULL);
    report->stopped_by = "";
    return report;
}

claude_report_t *cl_report_ref(claude_report_t *report)
{
    if (report)
        cl_handle_ref(&report->handle);
    return report;
}

void cl_report_unref(claude_report_t *report)
{
    if (!report || !cl_handle_unref(&report->handle))
        return;
    free(report->endpoint_url);
    free(report->items);
    free(atomic_load_explicit(&report->json, memory_order_relaxed));
    free(report);
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void cl_report_add(claude_report_t *report, const cl_report_attempt *attempt)
{
    cl_report_attempt *items;
    cl_report_attempt *item;

    if (report->attempts < INT32_MAX)
        report->attempts++;
    report->limiter_ms = plus(report->limiter_ms, attempt->limiter_ms);
    report->backoff_ms = plus(report->backoff_ms, attempt->backoff_ms);
    if (report->count >= CL_REPORT_ATTEMPTS_MAX)
        return;
    items = cl_grow(report->items, report->count, &report->cap, sizeof *items);
    if (!items)
        return;
    report->items = items;
    item = &items[report->count++];
    *item = *attempt;
    cl_err_copy_text(item->request_id, sizeof item->request_id,
                     cl_str_n(attempt->request_id, strnlen(attempt->request_id, sizeof attempt->request_id)));
}

/* ---- as JSON ---- */

static bool open_list(cl_buf *out, const char *key)
{
    return cl_json_put_key(out, key) && cl_json_put_char(out, '[');
}

static bool put_features(cl_buf *out, uint32_t features)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{CL_WITH_RETRIES, "retries"},
                 {CL_WITH_CIRCUIT_BREAKER, "circuit_breaker"},
                 {CL_WITH_RATE_LIMITING, "rate_limiting"},
                 {CL_WITH_FAILOVER, "failover"},
                 {CL_WITH_QUOTA, "quota"}};
    bool ok = open_list(out, "features");
    bool first = true;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && ok; i++) {
        if (!(features & names[i].bit))
            continue;
        ok = (first || cl_json_put_char(out, ',')) && cl_json_write_string(out, cl_str_of(names[i].name)) == CL_BUF_OK;
        first = false;
    }
    return ok && cl_json_put_char(out, ']');
}

static const char *code_name(claude_code_t code)
{
    const cl_code_row *row = cl_code_row_of(code);

    if (code >= 0)
        return "CLAUDE_OK";
    return row ? row->name : "CLAUDE_E_UNKNOWN";
}

static const struct {
    const char *name;
    size_t at;
} timing_rows[] = {{"dns", offsetof(cl_http_timings, dns_us)},
                   {"connect", offsetof(cl_http_timings, connect_us)},
                   {"tls", offsetof(cl_http_timings, tls_us)},
                   {"first_byte", offsetof(cl_http_timings, first_byte_us)},
                   {"total", offsetof(cl_http_timings, total_us)}};

enum { TIMINGS = sizeof timing_rows / sizeof timing_rows[0] };

static int64_t timing_at(const cl_report_attempt *attempt, size_t index)
{
    int64_t us;

    memcpy(&us, (const char *)&attempt->timings + timing_rows[index].at, sizeof us);
    return us;
}

int64_t cl_report_timing(const cl_report_attempt *attempt, cl_str what)
{
    for (size_t i = 0; i < TIMINGS; i++) {
        if (attempt->timed && cl_str_eq(what, cl_str_of(timing_rows[i].name)))
            return timing_at(attempt, i);
    }
    return -1;
}

/* Only where they were taken. */
static bool put_timings(cl_buf *out, const cl_report_attempt *attempt)
{
    bool ok = true;

    if (!attempt->timed)
        return true;
    ok = cl_json_put_key(out, "timings_us") && cl_json_put_char(out, '{');
    for (size_t i = 0; i < TIMINGS && ok; i++)
        ok = cl_json_put_int(out, timing_rows[i].name, timing_at(attempt, i));
    return ok && cl_json_put_int(out, "connections", attempt->timings.connections) && cl_json_put_char(out, '}');
}

static bool put_attempt(cl_buf *out, const cl_report_attempt *attempt)
{
    return cl_json_put_char(out, '{') && cl_json_put_int(out, "code", attempt->code) &&
           cl_json_put_text(out, "name", code_name(attempt->code)) &&
           cl_json_put_int(out, "http_status", attempt->http_status) &&
           cl_json_put_text(out, "request_id", attempt->request_id[0] ? attempt->request_id : NULL) &&
           cl_json_put_int(out, "endpoint", attempt->endpoint) &&
           cl_json_put_int(out, "wire_attempts", attempt->wire) &&
           cl_json_put_int(out, "started_ms", attempt->started_ms) &&
           cl_json_put_int(out, "duration_ms", attempt->duration_ms) &&
           cl_json_put_int(out, "first_event_ms", attempt->first_ms) &&
           cl_json_put_int(out, "backoff_ms", attempt->backoff_ms) &&
           cl_json_put_int(out, "limiter_wait_ms", attempt->limiter_ms) && put_timings(out, attempt) &&
           cl_json_put_char(out, '}');
}

static bool put_attempts(cl_buf *out, const claude_report_t *report)
{
    bool ok = open_list(out, "attempt_list");

    for (size_t i = 0; i < report->count && ok; i++)
        ok = (i == 0 || cl_json_put_char(out, ',')) && put_attempt(out, &report->items[i]);
    return ok && cl_json_put_char(out, ']');
}

static bool put_report(cl_buf *out, const claude_report_t *report)
{
    const char *state = report->breaker_state ? cl_breaker_state_name(report->breaker_state) : NULL;

    return cl_json_put_char(out, '{') && put_features(out, report->features) &&
           cl_json_put_int(out, "wire_attempts", report->wire) && cl_json_put_int(out, "attempts", report->attempts) &&
           cl_json_put_int(out, "retries", report->retries) && cl_json_put_int(out, "failovers", report->failovers) &&
           cl_json_put_int(out, "resends", report->resends) &&
           cl_json_put_int(out, "limiter_wait_ms", report->limiter_ms) &&
           cl_json_put_int(out, "backoff_ms", report->backoff_ms) &&
           cl_json_put_int(out, "duration_ms", report->duration_ms) &&
           cl_json_put_int(out, "endpoint_index", report->endpoint) &&
           cl_json_put_text(out, "endpoint_url", report->endpoint_url) &&
           cl_json_put_text(out, "breaker_state", state) && cl_json_put_text(out, "stopped_by", report->stopped_by) &&
           cl_json_put_text(out, "snapshot", report->snapshot) &&
           cl_json_put_int(out, "generation", report->generation) && put_attempts(out, report) &&
           cl_json_put_char(out, '}');
}

const char *cl_report_json(claude_report_t *report, size_t *len)
{
    cl_buf out = CL_BUF_INIT(JSON_MAX);
    const char *json = "";

    if (atomic_load(&report->final)) {
        json = atomic_load(&report->json);
        if (!json && put_report(&out, report))
            json = cl_buf_publish(&out, &report->json);
    }
    cl_buf_free(&out);
    if (len)
        *len = json ? strlen(json) : 0;
    return json;
}
