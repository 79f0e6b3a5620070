/* drive.c - from bytes to events: what a call does while a thread is inside. */
#include "call/call.h"
#include "call/log.h"

enum {
    LINGER_MS = 100,        /* how long the end of a complete stream may lag, to keep its connection */
    EVENTS_PER_CLOCK = 256, /* the most events delivered between two looks at the clock */
};

/* ---- ends ---- */

static int32_t finished(claude_call_t *call)
{
    cl_call_settle(call, NULL);
    cl_call_end_work(call);
    cl_call_close_report(call, CLAUDE_OK);
    if (cl_call_logs(call))
        cl_log_call_ends(call, CLAUDE_OK, NULL);
    cl_response_set_report(call->response, call->report);
    atomic_store_explicit(&call->state, CLAUDE_CALL_DONE, memory_order_release);
    return CLAUDE_DONE;
}

static int32_t cancelled(claude_call_t *call, cl_err *err)
{
    cl_fail(err, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    return cl_call_fail(call, err);
}

/* After a failure: true if there will be another attempt. */
static bool goes_on(claude_call_t *call, cl_err *err)
{
    if (!call->pipeline || err->code == CLAUDE_E_CANCELED)
        return false;
    /* Rather than an error that says less than it knew. */
    if (cl_finish_error(call, err) < 0) {
        cl_err_clear(err);
        cl_fail_nomem(err);
        return false;
    }
    cl_call_settle(call, err);
    if (!cl_pipeline_goes_on(call, err))
        return false;
    cl_call_rewind(call);
    return true;
}

/* The transfer's failure is the error, except where more is known: how far a stream had come. */
static claude_code_t transfer_failed(const claude_call_t *call, cl_err *err)
{
    claude_code_t code;
    CL_UNINITIALIZED cl_err why;

    if (call->mode == CL_MODE_HEAD || call->mode == CL_MODE_BODY)
        return cl_transfer_failure(call->transfer, err);
    cl_err_init(&why);
    code = cl_transfer_failure(call->transfer, &why);
    if (code != CLAUDE_E_CLOSED) {
        cl_err_clear(&why);
        return cl_transfer_failure(call->transfer, err);
    }
    if (cl_call_has_story(call))
        code = cl_fail(err, CLAUDE_E_TRUNCATED, CL_TRUNCATED_TEXT ": %s", cl_call_story_end(call), why.message);
    else
        code = cl_fail(err, CLAUDE_E_TRUNCATED, "the answer broke off: %s", why.message);
    err->cause = cl_error_new(&why);
    return code;
}

static claude_code_t judge_end(claude_call_t *call, cl_err *err)
{
    int32_t status = cl_transfer_status(call->transfer);
    bool api_error = call->mode == CL_MODE_BODY && (status < 200 || status > 299);

    if (call->cut && !api_error)
        return transfer_failed(call, err);
    if (cl_call_streams(call, CL_MODE_EVENTS))
        return cl_finish_events(call, err);
    if (cl_call_streams(call, CL_MODE_LINES) || cl_call_streams(call, CL_MODE_BYTES))
        return cl_finish_pieces(call, err);
    if (call->mode == CL_MODE_HEAD)
        return cl_fail(err, CLAUDE_E_CLOSED, "the connection was closed before an answer had begun");
    return cl_finish_body(call, err);
}

/* ---- events ---- */

/* What cannot be understood is an error, or passed over and counted. */
static bool may_skip(claude_call_t *call, int32_t rc, cl_err *err)
{
    if (rc != CLAUDE_E_PROTOCOL || !call->skip_malformed)
        return false;
    cl_err_clear(err);
    cl_call_count_anomaly(call);
    return true;
}

/* 1: call->event is to be handed out; 0: nothing to hand out; negative: an error. */
static int32_t understand(claude_call_t *call, const cl_sse_event *sse, cl_err *err)
{
    claude_event_t *event = &call->event;
    bool anomaly = false;
    claude_code_t rc;

    if (cl_str_eq(sse->data, CL_STR("[DONE]")))
        return 0;
    /* The byte after the data is a line end that has been read, or the parser's own. */
    rc = cl_event_parse(sse->name, (char *)(uintptr_t)sse->data.ptr, sse->data.len, call->max_depth, &call->text, event,
                        &anomaly, err);
    if (rc < 0)
        return may_skip(call, rc, err) ? 0 : rc;
    if (anomaly) {
        if (call->strict)
            return cl_fail(err, CLAUDE_E_PROTOCOL, "event %s is not in the documented form (stream.strict)",
                           event->name.ptr);
        cl_call_count_anomaly(call);
    }
    if (event->type == CLAUDE_EVENT_OTHER && cl_str_eq(event->name, CL_STR("error")))
        return cl_api_error(cl_transfer_status(call->transfer), cl_transfer_headers(call->transfer), event->json, err);
    rc = cl_call_add_to_story(call, err);
    if (rc < 0)
        return rc;
    if (cl_call_logs(call))
        cl_log_stream_event(call);
    if (event->type != CLAUDE_EVENT_PING) {
        if (!call->delivered)
            cl_call_commit(call);
        call->progressed = true;
    }
    return 1;
}

static int32_t take_event(claude_call_t *call, cl_err *err)
{
    for (;;) {
        size_t len = 0;
        size_t consumed = 0;
        cl_sse_event sse;
        const char *bytes = cl_transfer_bytes(call->transfer, &len);
        int32_t rc = cl_sse_next(&call->sse, bytes ? bytes : "", len, &consumed, &sse, err);

        cl_transfer_consume(call->transfer, consumed);
        if (rc == CL_SSE_MORE)
            return 0;
        if (rc == CL_SSE_EVENT)
            rc = understand(call, &sse, err);
        else if (may_skip(call, rc, err))
            rc = 0;
        if (rc != 0)
            return rc;
    }
}

/* After message_stop only the end of the HTTP response is missing. Waiting for it a little keeps the connection. */
static int32_t linger(claude_call_t *call)
{
    size_t len = 0;

    (void)cl_transfer_bytes(call->transfer, &len);
    cl_transfer_consume(call->transfer, len);
    if (!call->lingering)
        cl_transfer_linger(call->transfer, LINGER_MS);
    call->lingering = true;
    return 0;
}

/* All that has come is accumulated and kept. */
static int32_t read_on(claude_call_t *call, cl_err *err)
{
    int32_t rc = 0;

    while (rc >= 0 && !cl_call_story_done(call) && (rc = take_event(call, err)) == 1)
        rc = cl_call_keep_event(call, err);
    return rc;
}

/* ---- the network ---- */

static claude_code_t look_at_head(claude_call_t *call, cl_err *err)
{
    if (call->mode != CL_MODE_HEAD || cl_transfer_status(call->transfer) == 0)
        return CLAUDE_OK;
    call->mode = cl_call_mode_of(call);
    if (cl_call_logs(call))
        cl_log_head(call);
    if (call->pipeline)
        cl_pipeline_head(call);
    /* A stream that nobody asked for is understood all the same. */
    return cl_call_streams(call, CL_MODE_EVENTS) ? cl_call_begin_story(call, err) : CLAUDE_OK;
}

/* A transfer that was asked for a stream is held to no size; a plain answer is. Bodies of errors are cut before. */
static claude_code_t check_body_size(claude_call_t *call, cl_err *err)
{
    int32_t status = cl_transfer_status(call->transfer);
    size_t limit;
    size_t len;

    if (call->mode != CL_MODE_BODY || status < 200 || status > 299)
        return CLAUDE_OK;
    limit = (size_t)cl_call_option(call, CL_OPT_LIMIT_MESSAGE);
    (void)cl_transfer_bytes(call->transfer, &len);
    if (len <= limit)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_TOO_LARGE, "response body is over %zu bytes (limit.message_bytes)", limit);
}

/* Tells the transfer whether what comes may wait. */
static void hold_transfer(claude_call_t *call, bool on)
{
    if (call->held == on)
        return;
    call->held = on;
    cl_transfer_hold(call->transfer, on);
}

/* One round of the network. CL_HTTP_QUIET, or something has come; negative: an error that is no matter of the transfer.
 */
static int32_t receive(claude_call_t *call, int64_t until_ms, cl_err *err)
{
    claude_code_t rc;
    int32_t got;

    if (call->progressed)
        cl_transfer_progress(call->transfer);
    call->progressed = false;
    got = call->in_loop ? cl_transfer_take(call->transfer, NULL) : cl_transfer_wait(call->transfer, until_ms, NULL);
    call->cut = got < 0;
    call->over = got < 0 || got == CL_HTTP_END;
    if (got == CLAUDE_E_NOMEM)
        return cl_fail_nomem(err);
    rc = look_at_head(call, err);
    if (rc >= 0 && call->request.stream)
        rc = check_body_size(call, err);
    return rc < 0 ? rc : call->over ? CL_HTTP_END : got;
}

/* ---- all together ---- */

/* What has gone wrong is said at once, also while a call is paused; its good end waits. */
static bool has_gone_wrong(const claude_call_t *call)
{
    int32_t status = cl_transfer_status(call->transfer);

    if (call->mode == CL_MODE_EVENTS)
        return call->over && (call->cut || call->buffers) && !cl_call_story_done(call);
    if (call->mode == CL_MODE_LINES || call->mode == CL_MODE_BYTES)
        return call->cut;
    return call->cut || (call->over && (status < 200 || status > 299));
}

/*
 * While a call is paused. Holding back, nothing is read unless the connection failed: then what had come before is, and
 * nothing of it may be dropped, since the message may prove to be complete. 0: look at the network; negative: an error.
 */
static int32_t while_paused(claude_call_t *call, cl_err *err)
{
    int32_t rc = 0;

    if (call->mode == CL_MODE_EVENTS && (call->buffers || call->cut)) {
        if (!call->buffers)
            call->kept.max_events = call->kept.max_bytes = SIZE_MAX;
        rc = read_on(call, err);
    }
    if (rc >= 0 && has_gone_wrong(call))
        rc = judge_end(call, err);
    return rc < 0 ? rc : 0;
}

/* 1: an event; 0: look at the network; CLAUDE_DONE: the end has come; negative: an error. */
static int32_t from_bytes(claude_call_t *call, cl_err *err)
{
    int32_t rc = 0;

    if (CL_FEATURE_STREAMING_CONTROL && cl_call_take_kept(call))
        return 1;
    if (cl_call_streams(call, CL_MODE_EVENTS))
        rc = cl_call_story_done(call) ? linger(call) : take_event(call, err);
    else if (cl_call_streams(call, CL_MODE_LINES))
        rc = cl_call_take_line(call, err);
    else if (cl_call_streams(call, CL_MODE_BYTES))
        rc = cl_call_take_bytes(call);
    if (rc != 0)
        return rc;
    if (!call->over)
        return 0;
    /* Complete is complete, whatever came behind it. */
    if (CL_FEATURE_STREAMING && call->lingering)
        rc = cl_finish_events(call, err);
    else
        rc = judge_end(call, err);
    return rc < 0 ? rc : CLAUDE_DONE;
}

/* True once in a while, with the time: more often, the slower the events are taken. */
static bool looks_at_clock(cl_pace *pace, int64_t *now)
{
    if (--pace->left > 0)
        return false;
    *now = cl_now_ms();
    if (*now > pace->looked_at)
        pace->stride = 1;
    else if (pace->stride < EVENTS_PER_CLOCK)
        pace->stride *= 2;
    pace->looked_at = *now;
    pace->left = pace->stride;
    return true;
}

/* The time for the whole stream also runs while events that had come are handed out. */
static bool is_total_up(claude_call_t *call)
{
    int64_t now;

    return call->total_at != INT64_MAX && looks_at_clock(&call->pace, &now) && now >= call->total_at;
}

static int32_t total_up(claude_call_t *call, cl_err *err)
{
    cl_fail(err, CLAUDE_E_TIMEOUT, "no complete answer within %lld ms (timeout.stream_total_ms)",
            (long long)(call->total_at - call->started_at));
    return cl_call_fail(call, err);
}

/* Begins what is to begin, and waits for that. 1: begun, or it is worth a look; 0: not in time; negative: never. */
static int32_t begin(claude_call_t *call, uint32_t mark, int64_t until_ms, cl_err *err)
{
    int32_t rc = cl_call_begin(call, err);
    int64_t due_at = call->timer.due_at;

    if (rc != 0)
        return rc;
    if (until_ms != INT64_MAX && cl_now_ms() >= until_ms)
        return 0;
    cl_nap_until(&call->nap, mark, due_at < until_ms ? due_at : until_ms);
    return 1;
}

int32_t cl_call_begin_due(claude_call_t *call, cl_err *err)
{
    int32_t rc;

    if (atomic_load_explicit(&call->cancel_asked, memory_order_relaxed))
        return cancelled(call, err);
    rc = cl_call_begin(call, err);
    return rc < 0 ? cl_call_fail(call, err) : rc;
}

/* One round. 1: call->event; 0: nothing in time; CLAUDE_DONE; negative: the attempt failed; else go on. */
enum { GO_ON = 3 };

static int32_t advance(claude_call_t *call, int64_t until_ms, bool *late, cl_err *err)
{
    bool paused = CL_FEATURE_STREAMING_CONTROL && atomic_load_explicit(&call->paused, memory_order_relaxed);
    int32_t rc = paused ? while_paused(call, err) : from_bytes(call, err);

    if (rc != 0)
        return rc;
    hold_transfer(call, paused && (!call->buffers || call->over));
    rc = receive(call, until_ms, err);
    if (rc < 0)
        return rc;
    if (call->in_loop && rc == CL_HTTP_QUIET)
        return 0;
    if (!call->over && until_ms != INT64_MAX && cl_now_ms() >= until_ms) {
        if (*late || call->mode == CL_MODE_HEAD || call->mode == CL_MODE_BODY)
            return 0;
        *late = true; /* what has come in time is handed out before the time is judged */
    }
    return GO_ON;
}

int32_t cl_call_advance(claude_call_t *call, int64_t until_ms, cl_err *err)
{
    bool late = false;

    for (;;) {
        uint32_t mark = cl_nap_mark(&call->nap);
        int32_t rc;
        if (atomic_load_explicit(&call->cancel_asked, memory_order_relaxed))
            return cancelled(call, err);
        if (!call->begun) {
            if (call->in_loop)
                return 0; /* a turn of the loop begins it */
            rc = begin(call, mark, until_ms, err);
            if (rc < 0)
                return cl_call_fail(call, err);
            if (rc == 0)
                return 0;
            continue; /* it may have been cancelled meanwhile, when there was nothing to nudge */
        }
        rc = advance(call, until_ms, &late, err);
        if (rc == GO_ON)
            continue;
        if (rc < 0 && goes_on(call, err))
            continue;
        if (rc < 0)
            return cl_call_fail(call, err);
        if (rc == CLAUDE_DONE)
            return finished(call);
        if (rc == 1 && is_total_up(call))
            return total_up(call, err);
        if (rc == 1 && call->request.quiet)
            continue;
        return rc;
    }
}

/* ---- the interface ---- */

/* What a finished call answers for ever. */
static claude_code_t sticky(const claude_call_t *call, cl_err *err)
{
    if (atomic_load_explicit(&call->state, memory_order_acquire) == CLAUDE_CALL_DONE)
        return CLAUDE_DONE;
    return cl_fail_with(err, call->error);
}

static claude_code_t check_process(const claude_call_t *call, cl_err *err)
{
    if (call->generation != cl_fork_generation())
        return cl_fail(err, CLAUDE_E_FORKED, "the call was started by the parent process; start another one here");
    return CLAUDE_OK;
}

static claude_code_t may_drive(const claude_call_t *call, cl_err *err)
{
    if (check_process(call, err) < 0)
        return CLAUDE_E_FORKED;
    if (call->in_callback)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback of this call");
    if (call->in_loop)
        return cl_fail(err, CLAUDE_E_STATE, "the call belongs to an event loop; use claude_loop_next instead");
    return CLAUDE_OK;
}

/* Nothing stands between the bytes that are there and the program, and no callback runs: the hot path of streams. */
static bool is_plain(const claude_call_t *call)
{
    return call->mode == CL_MODE_EVENTS && !call->request.quiet && !cl_call_logs(call) &&
           !atomic_load_explicit(&call->cancel_asked, memory_order_relaxed) &&
           !atomic_load_explicit(&call->paused, memory_order_relaxed) && call->kept.count == 0 &&
           call->total_at == INT64_MAX && call->accumulator && !cl_accumulator_done(call->accumulator);
}

claude_code_t cl_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event, cl_err *err)
{
    claude_code_t rc = may_drive(call, err);

    if (rc < 0)
        return rc;
    if (call->request.on_event)
        return cl_fail(err, CLAUDE_E_STATE, "the request has an event callback; use claude_call_wait instead");
    if (cl_call_is_over(call))
        return sticky(call, err);
    if (is_plain(call) && (rc = take_event(call, err)) == 1) {
        *event = &call->event;
        return 1;
    }
    cl_call_hold(call); /* a callback, or another thread, may drop the program's last reference */
    if (rc < 0 && !goes_on(call, err))
        rc = cl_call_fail(call, err);
    else
        rc = cl_call_advance(call, cl_until(timeout_ms), err);
    if (rc == 1)
        *event = &call->event;
    cl_call_let_go(call);
    return rc;
}

claude_code_t cl_call_deliver(claude_call_t *call, cl_err *err)
{
    cl_hook *hook = call->request.on_event;
    int32_t answer;

    if (!hook)
        return CLAUDE_OK;
    call->in_callback = true;
    answer = ((claude_event_fn)cl_hook_fn(hook))(call, &call->event, cl_hook_data(hook));
    call->in_callback = false;
    if (answer == 0)
        return cl_call_is_abandoned(call) ? cancelled(call, err) : CLAUDE_OK;
    cl_fail(err, CLAUDE_E_CALLBACK, "the event callback returned %d", (int)answer);
    err->user_code = answer;
    err->feature = "on_event";
    return cl_call_fail(call, err);
}

claude_code_t cl_call_wait(claude_call_t *call, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = may_drive(call, err);
    cl_pace pace = {.stride = 1, .left = 1};
    int64_t until_ms;
    int64_t stop_at;
    int64_t now;

    if (rc < 0)
        return rc;
    if (cl_call_is_over(call))
        return sticky(call, err);
    cl_call_hold(call); /* a callback, or another thread, may drop the program's last reference */
    until_ms = cl_until(timeout_ms);
    /* Not to wait still means to hand out what is there, for the shortest time that can be told. */
    stop_at = timeout_ms == 0 ? until_ms + 1 : until_ms;
    do
        rc = cl_call_advance(call, until_ms, err);
    while (rc == 1 && (rc = cl_call_deliver(call, err)) >= 0 &&
           (stop_at == INT64_MAX || !looks_at_clock(&pace, &now) || now < stop_at));
    cl_call_let_go(call);
    return rc;
}

claude_code_t cl_call_result(claude_call_t *call, claude_response_t **out, cl_err *err)
{
    claude_code_t rc;

    if (!cl_call_is_over(call) && check_process(call, err) < 0)
        return CLAUDE_E_FORKED;
    if (!cl_call_is_over(call))
        return cl_fail(err, CLAUDE_E_STATE,
                       "the call has not finished; use claude_call_next, claude_call_wait or claude_loop_next first");
    rc = sticky(call, err);
    if (rc < 0)
        return rc;
    *out = cl_response_ref(call->response);
    return CLAUDE_OK;
}
