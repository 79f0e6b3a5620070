#include <claude/report.h>

#include <errno.h>

#include "base/error.h"
#include "border.h"
#include "call/call.h"
#include "reliability/report.h"

claude_report_t *claude_call_report(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? call->report : NULL;
}

claude_report_t *claude_response_report(const claude_response_t *response)
{
    return cl_is(response, CL_MAGIC_RESPONSE) ? cl_response_report(response) : NULL;
}

claude_report_t *claude_error_report(const claude_error_t *error)
{
    return cl_is(error, CL_MAGIC_ERROR) ? error->info.report.ptr : NULL;
}

/* Anything but a live report is answered like no report. */
static bool check(const claude_report_t *report)
{
    return cl_is(report, CL_MAGIC_REPORT);
}

uint32_t claude_report_features(const claude_report_t *report)
{
    return check(report) ? report->features : 0;
}

int32_t claude_report_wire_attempts(const claude_report_t *report)
{
    return check(report) ? report->wire : 0;
}

int32_t claude_report_attempts(const claude_report_t *report)
{
    return check(report) ? report->attempts : 0;
}

int32_t claude_report_retries(const claude_report_t *report)
{
    return check(report) ? report->retries : 0;
}

int32_t claude_report_failovers(const claude_report_t *report)
{
    return check(report) ? report->failovers : 0;
}

int32_t claude_report_resends(const claude_report_t *report)
{
    return check(report) ? report->resends : 0;
}

int64_t claude_report_limiter_wait_ms(const claude_report_t *report)
{
    return check(report) ? report->limiter_ms : 0;
}

int64_t claude_report_backoff_ms(const claude_report_t *report)
{
    return check(report) ? report->backoff_ms : 0;
}

int64_t claude_report_duration_ms(const claude_report_t *report)
{
    return check(report) ? report->duration_ms : 0;
}

int32_t claude_report_endpoint_index(const claude_report_t *report)
{
    return check(report) ? report->endpoint : 0;
}

const char *claude_report_snapshot(const claude_report_t *report)
{
    return check(report) ? report->snapshot : "";
}

int64_t claude_report_generation(const claude_report_t *report)
{
    return check(report) ? report->generation : 0;
}

const char *claude_report_endpoint_url(const claude_report_t *report)
{
    return check(report) && report->endpoint_url ? report->endpoint_url : "";
}

int32_t claude_report_breaker_state(const claude_report_t *report)
{
    return check(report) ? report->breaker_state : 0;
}

const char *claude_report_stopped_by(const claude_report_t *report)
{
    return check(report) && report->stopped_by ? report->stopped_by : "";
}

const char *claude_report_json(const claude_report_t *report, size_t *len)
{
    int saved = errno;
    /* Immutable for its users; the text is a cache. */
    const char *json = check(report) ? cl_report_json((claude_report_t *)(uintptr_t)report, len) : NULL;

    errno = saved;
    if (json)
        return json;
    if (len)
        *len = 0;
    return "";
}

size_t claude_report_attempt_count(const claude_report_t *report)
{
    return check(report) ? report->count : 0;
}

/* NULL after the last one. */
static const cl_report_attempt *attempt_at(const claude_report_t *report, size_t index)
{
    return check(report) && index < report->count ? &report->items[index] : NULL;
}

claude_code_t claude_report_attempt_code(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->code : CLAUDE_OK;
}

int32_t claude_report_attempt_http_status(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->http_status : 0;
}

int32_t claude_report_attempt_endpoint(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->endpoint : 0;
}

int64_t claude_report_attempt_started_ms(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->started_ms : 0;
}

int64_t claude_report_attempt_duration_ms(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->duration_ms : 0;
}

int64_t claude_report_attempt_backoff_ms(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->backoff_ms : 0;
}

int64_t claude_report_attempt_limiter_wait_ms(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->limiter_ms : 0;
}

int64_t claude_report_attempt_first_event_ms(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt ? attempt->first_ms : -1;
}

int64_t claude_report_attempt_timing_us(const claude_report_t *report, size_t index, const char *what)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt && what ? cl_report_timing(attempt, cl_str_of(what)) : -1;
}

const char *claude_report_attempt_request_id(const claude_report_t *report, size_t index)
{
    const cl_report_attempt *attempt = attempt_at(report, index);

    return attempt && attempt->request_id[0] ? attempt->request_id : NULL;
}

claude_report_t *claude_report_ref(claude_report_t *report)
{
    return check(report) ? cl_report_ref(report) : NULL;
}

void claude_report_unref(claude_report_t *report)
{
    int saved = errno;

    if (check(report))
        cl_report_unref(report);
    errno = saved;
}
