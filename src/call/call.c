#include "call/call.h"
#include "call/log.h"

#include <stdlib.h>

/* ---- life ---- */

void cl_call_end_transfer(claude_call_t *call)
{
    if (call->transfer)
        call->attempts += cl_transfer_free(&call->transfer);
}

void cl_call_end_work(claude_call_t *call)
{
    cl_call_end_transfer(call);
    if (call->busy)
        cl_engine_done(call->engine);
    call->busy = false;
}

/* Let go of before its end: it ends now, and nobody hears of it. */
static void end_unheard(claude_call_t *call)
{
    CL_UNINITIALIZED cl_err err;

    if (!call->counted || !call->report || call->report->final || call->generation != cl_fork_generation())
        return;
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    /* What had come is what was used. */
    if (CL_FEATURE_QUOTA && (call->request.features & CLAUDE_WITH_QUOTA))
        (void)cl_finish_error(call, &err);
    cl_call_settle(call, &err);
    cl_call_end_transfer(call);
    cl_call_close_report(call, CLAUDE_E_CANCELED);
    if (cl_call_logs(call))
        cl_log_call_ends(call, CLAUDE_E_CANCELED, &err);
    cl_err_clear(&err);
}

static void call_free(claude_call_t *call)
{
    end_unheard(call);
    cl_call_end_work(call);
    cl_pipeline_free(call);
    cl_report_unref(call->report);
    cl_engine_unref(call->engine);
    cl_call_drop_kept(call);
    cl_snapshot_free(&call->request);
    cl_sse_free(&call->sse);
    cl_buf_free(&call->text);
    cl_buf_free(&call->line);
    cl_call_free_story(call);
    cl_coding_forget(call);
    cl_response_unref(call->response);
    cl_error_unref(call->error);
    cl_error_unref(call->refused);
    cl_client_unref(call->client);
    free(call);
}

static void make_parsers(claude_call_t *call)
{
    size_t max_event = (size_t)cl_call_option(call, CL_OPT_LIMIT_EVENT);
    int64_t total = cl_call_option(call, CL_OPT_TIMEOUT_STREAM_TOTAL);

    call->strict = cl_call_option(call, CL_OPT_STREAM_STRICT) != 0;
    call->max_depth = (uint32_t)cl_call_option(call, CL_OPT_LIMIT_DEPTH);
    call->skip_malformed = cl_call_option(call, CL_OPT_STREAM_ON_MALFORMED) == CL_MALFORMED_SKIP;
    /* Of lines and bytes nothing may be dropped. */
    call->buffers = cl_call_option(call, CL_OPT_STREAM_PAUSE_MODE) == CL_PAUSE_BUFFER &&
                    !cl_endpoint_gives_pieces(call->request.endpoint);
    call->kept.max_events = (size_t)cl_call_option(call, CL_OPT_STREAM_PAUSE_EVENTS);
    call->kept.max_bytes = (size_t)cl_call_option(call, CL_OPT_STREAM_PAUSE_BYTES);
    call->total_at = call->request.stream && total > 0 ? call->started_at + total : INT64_MAX;
    if (!call->request.stream)
        total = cl_call_option(call, CL_OPT_TIMEOUT_TOTAL);
    call->deadline_at = total > 0 ? call->started_at + total : INT64_MAX;
    call->pace = (cl_pace){.stride = 1, .left = 1};
    call->text = CL_BUF_INIT(max_event);
    cl_sse_init(&call->sse, max_event);
}

claude_code_t cl_call_new(claude_client_t *client, cl_snapshot *request, cl_engine *engine, claude_call_t **out,
                          cl_err *err)
{
    claude_call_t *call = calloc(1, sizeof *call);
    claude_code_t rc = CLAUDE_OK;

    if (!call) {
        cl_snapshot_free(request);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&call->handle, CL_MAGIC_CALL);
    cl_handle_init(&call->event.handle, CL_MAGIC_EVENT);
    atomic_init(&call->holds, 1);
    call->client = cl_client_ref(client);
    call->request = *request;
    *request = (cl_snapshot){.endpoint = NULL};
    call->generation = cl_fork_generation();
    atomic_init(&call->state, CLAUDE_CALL_RUNNING);
    call->started_at = cl_now_ms();
    make_parsers(call);
    call->report = cl_report_new();
    rc = call->report ? cl_pipeline_new(client, &call->request, &call->pipeline, err) : cl_fail_nomem(err);
    if (rc < 0)
        goto out;
    call->report->features = call->pipeline ? call->pipeline->features : 0;
    call->report->generation = client->generation;
    if (client->name[0] != '\0')
        memcpy(call->report->snapshot, client->name, sizeof call->report->snapshot);
    if (engine)
        call->engine = cl_engine_ref(engine);
    else
        rc = cl_engines_pick(client->engines, &call->engine, err);
    call->busy = !engine && rc >= 0;
    if (rc < 0)
        goto out;
    call->counted = true;
    cl_metrics_running(client->metrics, 1);
    if (CL_FEATURE_GENERAL_DIAGNOSTICS && client->logs) {
        call->log_number = atomic_fetch_add(&client->common->log_number, 1) + 1;
        cl_log_call_begins(call);
    }
    *out = call;
    call = NULL;
out:
    if (call)
        call_free(call);
    return rc;
}

void cl_call_rewind(claude_call_t *call)
{
    cl_call_end_transfer(call);
    cl_call_drop_kept(call);
    cl_call_free_story(call);
    cl_coding_forget(call);
    cl_sse_free(&call->sse);
    cl_sse_init(&call->sse, (size_t)cl_call_option(call, CL_OPT_LIMIT_EVENT));
    call->text.len = 0;
    call->line.len = 0;
    call->mode = CL_MODE_HEAD;
    call->begun = call->over = call->cut = call->held = call->lingering = call->progressed = false;
}

bool cl_call_begins_with_callback(const claude_call_t *call)
{
    return (CL_FEATURE_AUTHENTICATION && call->client->config->sign) ||
           (CL_FEATURE_METRICS && call->client->config->attempt);
}

static void unref_report(void *report)
{
    cl_report_unref(report);
}

/* Closes the report, and gives it to the error. */
static void tell_report(claude_call_t *call, claude_code_t code, cl_err *err)
{
    cl_call_close_report(call, code);
    if (cl_call_logs(call))
        cl_log_call_ends(call, code, err);
    if (err && err->code == code && !err->made && !err->report.ptr)
        err->report = (cl_err_object){cl_report_ref(call->report), unref_report};
}

void cl_call_give_up(claude_call_t *call, claude_code_t code, cl_err *err)
{
    if (!call)
        return;
    cl_call_settle(call, err && err->code < 0 ? err : NULL);
    tell_report(call, code, err);
    cl_call_unref(call);
}

claude_code_t cl_call_start(claude_client_t *client, cl_snapshot *request, claude_call_t **out, cl_err *err)
{
    claude_call_t *call = NULL;
    claude_code_t rc = cl_call_new(client, request, NULL, &call, err);

    /* Starting runs no callback: where one is to be asked, the attempt begins when somebody waits. */
    if (rc >= 0 && !cl_call_begins_with_callback(call)) {
        call->starting = true;
        rc = cl_call_begin(call, err);
        call->starting = false;
    }
    if (rc < 0) {
        cl_call_give_up(call, rc, err);
        return rc;
    }
    *out = call;
    return CLAUDE_OK;
}

claude_call_t *cl_call_ref(claude_call_t *call)
{
    cl_handle_ref(&call->handle);
    return call;
}

void cl_call_hold(claude_call_t *call)
{
    atomic_fetch_add_explicit(&call->holds, 1, memory_order_relaxed);
}

void cl_call_let_go(claude_call_t *call)
{
    if (atomic_fetch_sub_explicit(&call->holds, 1, memory_order_acq_rel) == 1)
        call_free(call);
}

/* The last reference cancels: whoever waits in the call, or the loop it belongs to, hears of it and lets it go. */
void cl_call_unref(claude_call_t *call)
{
    if (!call || !cl_handle_unref(&call->handle))
        return;
    atomic_store(&call->abandoned, true);
    if (atomic_load(&call->holds) > 1)
        cl_call_cancel(call);
    cl_call_let_go(call);
}

bool cl_call_is_abandoned(const claude_call_t *call)
{
    return atomic_load_explicit(&call->abandoned, memory_order_acquire);
}

bool cl_call_is_over(const claude_call_t *call)
{
    return atomic_load_explicit(&call->state, memory_order_acquire) != CLAUDE_CALL_RUNNING;
}

/* ---- control, from any thread ---- */

void cl_call_cancel(claude_call_t *call)
{
    atomic_store(&call->cancel_asked, true);
    cl_transfer_abort(call->engine, &call->transfer);
    if (!call->pipeline && !call->client->config->credentials)
        return;
    cl_nap_call(&call->nap);
    if (call->in_loop)
        cl_engine_stir(call->engine);
}

void cl_call_pause(claude_call_t *call, bool on)
{
    if (!call->request.stream || cl_call_is_over(call))
        return;
    atomic_store(&call->paused, on);
    cl_transfer_stop_clocks(call->engine, &call->transfer, on);
}

int32_t cl_call_state(const claude_call_t *call)
{
    int32_t state = atomic_load_explicit(&call->state, memory_order_acquire);

    if (state != CLAUDE_CALL_RUNNING)
        return state;
    return atomic_load(&call->paused) && !atomic_load(&call->cancel_asked) ? CLAUDE_CALL_PAUSED : CLAUDE_CALL_RUNNING;
}

bool cl_call_is_cancelled(const claude_call_t *call)
{
    int32_t state = cl_call_state(call);

    return state == CLAUDE_CALL_CANCELED || (!cl_call_is_over(call) && atomic_load(&call->cancel_asked));
}

size_t cl_call_buffered(const claude_call_t *call)
{
    return atomic_load(&call->cancel_asked) ? 0 : atomic_load(&call->buffered);
}

uint64_t cl_call_dropped(const claude_call_t *call)
{
    return atomic_load(&call->dropped);
}

/* ---- what is known of a call ---- */

int32_t cl_call_http_status(const claude_call_t *call)
{
    if (call->transfer)
        return cl_transfer_status(call->transfer);
    if (call->response)
        return cl_response_status(call->response);
    return call->error ? cl_error_info(call->error)->http_status : 0;
}

const cl_headers *cl_call_headers(const claude_call_t *call)
{
    static const cl_headers none = {NULL, 0, 0};

    if (call->transfer)
        return cl_transfer_headers(call->transfer);
    return call->response ? cl_response_headers(call->response) : &none;
}

const char *cl_call_header(const claude_call_t *call, const char *name)
{
    const cl_header *found = cl_headers_find(cl_call_headers(call), cl_str_of(name));

    return found ? found->value : NULL;
}

int32_t cl_call_attempts(const claude_call_t *call)
{
    return call->attempts + (call->transfer ? cl_transfer_attempts(call->transfer) : 0);
}

claude_code_t cl_call_fail(claude_call_t *call, cl_err *err)
{
    claude_code_t code;

    /* Rather than an error that says less than it knew. */
    if (cl_finish_error(call, err) < 0) {
        cl_err_clear(err);
        cl_fail_nomem(err);
    }
    code = err->code;
    cl_call_settle(call, err);
    if (call->pipeline)
        cl_pipeline_leave(call);
    cl_call_end_work(call);
    err->attempts = call->attempts;
    tell_report(call, code, err);
    cl_call_drop_kept(call);
    call->error = cl_error_new(err);
    cl_fail_with(err, call->error);
    atomic_store_explicit(&call->state, code == CLAUDE_E_CANCELED ? CLAUDE_CALL_CANCELED : CLAUDE_CALL_FAILED,
                          memory_order_release);
    return code;
}
