/* log_call.c - what is told of a call, from its beginning to its end. */
#include "call/call.h"
#include "call/log.h"
#include "message/models.h"

enum { BODY_SHOWN = 64 * 1024, MODEL_SHOWN = CL_MODEL_ID_MAX };

static const char *code_name(claude_code_t code)
{
    const cl_code_row *row = cl_code_row_of(code);

    return code >= 0 ? "CLAUDE_OK" : row ? row->name : "CLAUDE_E_UNKNOWN";
}

static bool begin(cl_log *line, claude_call_t *call, int32_t level, const char *event)
{
    return cl_log_begin(line, call->client, call, level, event);
}

static bool shows_bodies(const claude_call_t *call)
{
    return cl_option_int(NULL, call->client->config->options, CL_OPT_DIAGNOSTICS_LOG_BODIES) != 0;
}

/* ---- calls ---- */

void cl_log_call_begins(claude_call_t *call)
{
    CL_UNINITIALIZED char model[MODEL_SHOWN + 1];
    const cl_snapshot *request = &call->request;
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_INFO, "call.begin"))
        return;
    cl_log_text(&line, "endpoint", request->endpoint->name);
    cl_log_text(&line, "method", request->endpoint->method);
    if (request->model.len > 2 &&
        cl_json_copy_text((cl_json){request->model.ptr, request->model.len, CLAUDE_JSON_STRING}, model, sizeof model))
        cl_log_text(&line, "model", model);
    cl_log_int(&line, "stream", request->stream);
    cl_log_int(&line, "features", call->report->features);
    cl_log_int(&line, "body_bytes", (int64_t)request->body.len);
    cl_log_end(&line);
}

/* What a program did itself is no failure. */
static int32_t level_of(claude_code_t code)
{
    return code >= 0 || code == CLAUDE_E_CANCELED ? CLAUDE_LOG_INFO : CLAUDE_LOG_ERROR;
}

void cl_log_call_ends(claude_call_t *call, claude_code_t code, const cl_err *err)
{
    const claude_report_t *report = call->report;
    cl_log line;

    if (!begin(&line, call, level_of(code), "call.end"))
        return;
    cl_log_text(&line, "code", code_name(code));
    if (code < 0 && err && err->code == code)
        cl_log_text(&line, "message", err->made ? cl_error_info(err->made)->message : err->message);
    cl_log_int(&line, "attempts", report->attempts);
    cl_log_int(&line, "wire_attempts", report->wire);
    cl_log_int(&line, "retries", report->retries);
    cl_log_int(&line, "failovers", report->failovers);
    cl_log_int(&line, "duration_ms", report->duration_ms);
    cl_log_int(&line, "limiter_wait_ms", report->limiter_ms);
    cl_log_int(&line, "backoff_ms", report->backoff_ms);
    if (report->stopped_by[0] != '\0')
        cl_log_text(&line, "stopped_by", report->stopped_by);
    if (cl_call_dropped(call) > 0)
        cl_log_int(&line, "events_dropped", (int64_t)cl_call_dropped(call));
    cl_log_end(&line);
}

/* ---- attempts ---- */

/* What stands behind the path may say whose data is asked for. */
static void put_url(cl_log *line, const char *url)
{
    cl_log_long_text(line, "url", cl_str_n(url, strcspn(url, "?#")), CL_CALL_URL_MAX);
}

static void put_bytes(cl_log *line, const claude_call_t *call, const cl_body *body)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_buf bytes = CL_BUF_INIT(BODY_SHOWN);
    size_t want = body->len < BODY_SHOWN ? body->len : BODY_SHOWN;
    size_t got = 1;

    cl_log_int(line, "bytes", (int64_t)body->len);
    if (!shows_bodies(call) || cl_buf_reserve(&bytes, want + 1) != CL_BUF_OK)
        return;
    while (bytes.len < want && got > 0 &&
           cl_body_reader_read(&reader, body, bytes.ptr + bytes.len, want - bytes.len, &got, NULL) >= 0)
        bytes.len += got;
    cl_log_long_text(line, "body", cl_buf_str(&bytes), BODY_SHOWN);
    cl_body_reader_free(&reader);
    cl_buf_free(&bytes);
}

void cl_log_attempt_begins(claude_call_t *call, const char *url, const cl_headers *headers, const cl_body *body)
{
    cl_log line;

    if (begin(&line, call, CLAUDE_LOG_DEBUG, "attempt.begin")) {
        cl_log_int(&line, "attempt", call->report->attempts + 1);
        cl_log_int(&line, "endpoint_index", call->attempt.row.endpoint);
        cl_log_text(&line, "method", call->request.endpoint->method);
        put_url(&line, url);
        cl_log_int(&line, "limiter_wait_ms", call->attempt.row.limiter_ms);
        cl_log_int(&line, "backoff_ms", call->attempt.row.backoff_ms);
        cl_log_end(&line);
    }
    if (begin(&line, call, CLAUDE_LOG_TRACE, "request.headers")) {
        cl_log_headers(&line, headers);
        cl_log_end(&line);
    }
    if (body->len > 0 && begin(&line, call, CLAUDE_LOG_TRACE, "request.body")) {
        put_bytes(&line, call, body);
        cl_log_end(&line);
    }
}

static void put_timings(cl_log *line, const cl_report_attempt *row)
{
    const cl_http_timings *timings = &row->timings;

    if (!row->timed || timings->connections < 0)
        return;
    cl_log_int(line, "connections", timings->connections);
    cl_log_int(line, "dns_us", timings->dns_us);
    cl_log_int(line, "connect_us", timings->connect_us);
    cl_log_int(line, "tls_us", timings->tls_us);
    cl_log_int(line, "first_byte_us", timings->first_byte_us);
    cl_log_int(line, "total_us", timings->total_us);
}

void cl_log_attempt_ends(claude_call_t *call, const cl_err *err)
{
    const cl_report_attempt *row = &call->attempt.row;
    bool failed = err && err->code != CLAUDE_E_CANCELED;
    uint64_t anomalies = cl_call_anomalies(call);
    cl_log line;

    if (anomalies > 0 && begin(&line, call, CLAUDE_LOG_WARN, "stream.anomalies")) {
        cl_log_int(&line, "count", (int64_t)anomalies);
        cl_log_end(&line);
    }
    if (!begin(&line, call, failed ? CLAUDE_LOG_WARN : CLAUDE_LOG_DEBUG, failed ? "attempt.failed" : "attempt.end"))
        return;
    cl_log_int(&line, "attempt", call->report->attempts);
    cl_log_int(&line, "endpoint_index", row->endpoint);
    cl_log_text(&line, "code", code_name(row->code));
    if (err)
        cl_log_text(&line, "message", err->made ? cl_error_info(err->made)->message : err->message);
    cl_log_int(&line, "http_status", row->http_status);
    cl_log_int(&line, "wire_attempts", row->wire);
    cl_log_int(&line, "duration_ms", row->duration_ms);
    cl_log_int(&line, "first_event_ms", row->first_ms);
    if (row->request_id[0] != '\0')
        cl_log_text(&line, "request_id", row->request_id);
    put_timings(&line, row);
    cl_log_end(&line);
}

/* ---- what comes ---- */

void cl_log_head(claude_call_t *call)
{
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_TRACE, "response.headers"))
        return;
    cl_log_int(&line, "http_status", cl_transfer_status(call->transfer));
    cl_log_headers(&line, cl_transfer_headers(call->transfer));
    cl_log_end(&line);
}

void cl_log_body(claude_call_t *call, cl_str body)
{
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_TRACE, "response.body"))
        return;
    cl_log_int(&line, "bytes", (int64_t)body.len);
    if (shows_bodies(call))
        cl_log_long_text(&line, "body", body, BODY_SHOWN);
    cl_log_end(&line);
}

void cl_log_stream_event(claude_call_t *call)
{
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_TRACE, "stream.event"))
        return;
    cl_log_text(&line, "name", call->event.name.ptr);
    cl_log_int(&line, "index", call->event.index);
    cl_log_int(&line, "bytes", (int64_t)call->event.json.len);
    if (shows_bodies(call))
        cl_log_long_text(&line, "data", call->event.json, BODY_SHOWN);
    cl_log_end(&line);
}

/* ---- policies ---- */

void cl_log_wait(claude_call_t *call, int32_t level, const char *what, int64_t ms)
{
    cl_log line;

    if (!begin(&line, call, level, what))
        return;
    cl_log_int(&line, "ms", ms);
    cl_log_end(&line);
}

void cl_log_refused(claude_call_t *call, const char *what, int64_t retry_after_ms)
{
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_WARN, what))
        return;
    cl_log_text(&line, "url", call->client->targets[call->target].base_url);
    cl_log_int(&line, "retry_after_ms", retry_after_ms);
    cl_log_end(&line);
}

void cl_log_breaker(claude_call_t *call, int32_t before, int32_t after)
{
    cl_log line;

    if (before == after ||
        !begin(&line, call, after == CL_BREAKER_CLOSED ? CLAUDE_LOG_INFO : CLAUDE_LOG_WARN, "breaker.state"))
        return;
    cl_log_text(&line, "url", call->client->targets[call->target].base_url);
    cl_log_text(&line, "from", cl_breaker_state_name(before));
    cl_log_text(&line, "to", cl_breaker_state_name(after));
    cl_log_end(&line);
}

void cl_log_failover(claude_call_t *call)
{
    cl_log line;

    if (!begin(&line, call, CLAUDE_LOG_WARN, "failover"))
        return;
    cl_log_int(&line, "endpoint_index", call->target > 0 ? (int64_t)call->target - 1 : 0);
    cl_log_text(&line, "url", call->client->targets[call->target].base_url);
    cl_log_end(&line);
}

void cl_log_deprecation(const claude_client_t *client, const char *model, const char *text)
{
    cl_log line;

    if (!cl_log_begin(&line, client, NULL, CLAUDE_LOG_WARN, "model.deprecated"))
        return;
    cl_log_text(&line, "model", model);
    cl_log_text(&line, "text", text);
    cl_log_end(&line);
}
