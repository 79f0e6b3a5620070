/* settle.c - what is noted down when an attempt begins and ends, and when the call does. */
#include "call/call.h"
#include "call/log.h"
#include "message/rate_limit.h"

void cl_call_attempt_begins(claude_call_t *call)
{
    int64_t now = cl_now_ms();

    call->attempt.open = true;
    call->attempt.began_at = now;
    call->attempt.row.started_ms = now - call->started_at;
    call->attempt.row.endpoint = call->target > 0 ? (int32_t)call->target - 1 : 0;
    call->attempt.row.first_ms = -1;
}

/* The first event other than ping. */
void cl_call_commit(claude_call_t *call)
{
    call->delivered = true;
    call->attempt.row.first_ms = cl_now_ms() - call->attempt.began_at;
    cl_metrics_observe(call->client->metrics, CL_HIST_FIRST_EVENT_MS, call->attempt.row.first_ms);
    if (call->pipeline)
        cl_pipeline_committed(call);
}

static void describe(claude_call_t *call, const cl_err *err)
{
    cl_report_attempt *row = &call->attempt.row;
    const char *id = err ? err->request_id : cl_response_request_id(call->response);
    size_t len = id ? strnlen(id, sizeof row->request_id - 1) : 0;

    row->code = err ? err->code : CLAUDE_OK;
    row->http_status = call->transfer ? cl_transfer_status(call->transfer) : 0;
    row->wire = call->transfer ? cl_transfer_attempts(call->transfer) : 0;
    row->duration_ms = cl_now_ms() - call->attempt.began_at;
    /* As received: the report makes it fit to be shown. */
    memcpy(row->request_id, id ? id : "", len);
    row->request_id[len] = '\0';
}

/* What the server last said of its limits. One on another server speaks of others. */
static void note_limits(claude_call_t *call, const cl_err *err)
{
    const claude_response_t *answer = err ? err->response.ptr : call->response;
    cl_recent_limits limits = {.told_at = cl_wall_ms()};

    if (answer && call->client->targets[call->target].is_own &&
        cl_rate_limit_figures(cl_response_headers(answer), limits.told_at, limits.figures))
        cl_recent_set_limits(call->client->recent, &limits);
}

static void take_times(claude_call_t *call)
{
    if (!call->transfer || !(call->client->recent || cl_log_on(call->client, CLAUDE_LOG_DEBUG)))
        return;
    cl_transfer_timings(call->transfer, &call->attempt.row.timings);
    call->attempt.row.timed = true;
}

/* To who watches. */
static void tell(claude_call_t *call, const cl_err *err)
{
    cl_recent_row row = {cl_wall_ms(), call->request.endpoint->name, call->attempt.row};

    if (call->client->recent) {
        cl_recent_add(call->client->recent, &row);
        note_limits(call, err);
    }
    if (cl_call_logs(call))
        cl_log_attempt_ends(call, err);
}

static bool is_watched(const claude_call_t *call)
{
    return CL_FEATURE_GENERAL_DIAGNOSTICS && call->client->watches;
}

/* The whole is counted before its parts; what is below 0 is not counted. */
static void count_tokens(cl_metrics *metrics, const cl_usage *usage)
{
    int64_t prompt = cl_usage_prompt(usage);

    if (usage->output < 0)
        return;
    cl_metrics_count(metrics, CL_COUNT_INPUT_TOKENS, prompt);
    cl_metrics_count(metrics, CL_COUNT_CACHE_READ_TOKENS, usage->cache_read);
    cl_metrics_count(metrics, CL_COUNT_CACHE_WRITE_TOKENS, usage->cache_write);
    cl_metrics_count(metrics, CL_COUNT_OUTPUT_TOKENS, usage->output);
    cl_metrics_observe(metrics, CL_HIST_INPUT_TOKENS, prompt > 0 ? prompt : 0);
    cl_metrics_observe(metrics, CL_HIST_OUTPUT_TOKENS, usage->output);
}

static void measure(claude_call_t *call, const cl_err *err)
{
    cl_metrics *metrics = call->client->metrics;

    cl_metrics_count(metrics, CL_COUNT_ATTEMPTS, 1);
    cl_metrics_count(metrics, CL_COUNT_WIRE, call->attempt.row.wire);
    cl_metrics_observe(metrics, CL_HIST_ATTEMPT_MS, call->attempt.row.duration_ms);
    count_tokens(metrics, &call->attempt.usage);
    if (err)
        cl_metrics_error(metrics, err->code);
}

/* Somebody asks what it used: metrics, the limiter, an observer. */
static bool is_followed(const claude_call_t *call)
{
    return call->pipeline || (CL_FEATURE_METRICS && (call->client->metrics || call->client->config->attempt));
}

void cl_call_settle(claude_call_t *call, const cl_err *err)
{
    if (!call->attempt.open)
        return;
    call->attempt.open = false;
    describe(call, err);
    if (is_watched(call))
        take_times(call);
    cl_report_add(call->report, &call->attempt.row);
    if (is_watched(call))
        tell(call, err);
    if (is_followed(call))
        call->attempt.usage = cl_answer_usage(err ? err->response.ptr : call->response);
    if (CL_FEATURE_METRICS && call->client->metrics)
        measure(call, err);
    if (CL_FEATURE_COMPRESSION && (call->coding.packed || call->coding.guessed))
        cl_coding_settle(call, err);
    /* One that takes the place of another goes on with its turn. */
    if (call->pipeline && !call->coding.again)
        cl_pipeline_settle(call, err);
    if (CL_FEATURE_METRICS && call->client->config->attempt)
        cl_observe_end(call);
    call->attempt.row = (cl_report_attempt){.first_ms = -1};
}

void cl_call_close_report(claude_call_t *call, claude_code_t code)
{
    const cl_target *target = &call->client->targets[call->target];
    cl_metrics *metrics = call->client->metrics;
    claude_report_t *report = call->report;

    report->wire = call->attempts;
    report->duration_ms = cl_now_ms() - call->started_at;
    report->endpoint = call->target > 0 ? (int32_t)call->target - 1 : 0;
    report->endpoint_url = strdup(target->base_url); /* NULL: one more thing that is not known */
    if (CL_FEATURE_CIRCUIT_BREAKER && (call->request.features & CLAUDE_WITH_CIRCUIT_BREAKER))
        report->breaker_state = cl_breaker_state(target->breaker, cl_now_ms());
    atomic_store_explicit(&report->final, true, memory_order_release);
    if (!CL_FEATURE_METRICS || !metrics)
        return;
    cl_metrics_count(metrics, CL_COUNT_CALLS, 1);
    cl_metrics_count(metrics, CL_COUNT_CALLS_FAILED, code < 0 && code != CLAUDE_E_CANCELED);
    cl_metrics_count(metrics, CL_COUNT_CALLS_CANCELED, code == CLAUDE_E_CANCELED);
    cl_metrics_count(metrics, CL_COUNT_EVENTS_DROPPED, (int64_t)cl_call_dropped(call));
    cl_metrics_count(metrics, CL_COUNT_ANOMALIES, (int64_t)cl_call_anomalies(call));
    cl_metrics_observe(metrics, CL_HIST_CALL_MS, report->duration_ms);
    if (code < 0 && report->attempts == 0)
        cl_metrics_error(metrics, code);
    cl_metrics_running(metrics, -1);
}
