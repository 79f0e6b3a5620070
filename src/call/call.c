#include "call/call.h"

#include <stdlib.h>

enum {
    DRAIN_MS = 100,         /* how long the end of a complete stream may lag, to keep its connection */
    EVENTS_PER_CLOCK = 256, /* the most events delivered between two looks at the clock */
};

static bool is_terminal(int32_t state)
{
    return state != CLAUDE_CALL_RUNNING;
}

/* ---- life ---- */

static void end_transfer(claude_call_t *call)
{
    cl_engine *engine;

    /* In a forked child the lock may be held by a thread that is not there. */
    if (call->generation == cl_fork_generation()) {
        pthread_mutex_lock(&call->lock);
        engine = call->engine;
        call->engine = NULL;
        pthread_mutex_unlock(&call->lock);
    } else {
        engine = NULL;
    }
    cl_transfer_free(call->transfer);
    call->transfer = NULL;
    if (engine)
        cl_engine_give(call->client->engines, engine);
}

static void call_free(claude_call_t *call)
{
    end_transfer(call);
    cl_snapshot_free(&call->request);
    cl_sse_free(&call->sse);
    cl_buf_free(&call->text);
    cl_accumulator_free(call->accumulator);
    cl_response_unref(call->response);
    cl_err_clear(&call->error);
    cl_err_clear(&call->transfer_error);
    cl_client_unref(call->client);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static int64_t number(const claude_call_t *call, cl_option option)
{
    return cl_option_int(call->request.options, call->client->config->options, option);
}

static claude_code_t make_accumulator(claude_call_t *call, cl_err *err)
{
    cl_accumulator_limits limits = {
        .max_message = (size_t)number(call, CL_OPT_LIMIT_MESSAGE),
        .max_blocks = (size_t)number(call, CL_OPT_LIMIT_BLOCKS),
        .max_depth = call->max_depth,
        .keep_content = number(call, CL_OPT_STREAM_ACCUMULATE) != 0,
        .strict = call->strict,
    };

    return cl_accumulator_new(&limits, &call->accumulator, err);
}

static claude_code_t make_parsers(claude_call_t *call, cl_err *err)
{
    size_t max_event = (size_t)number(call, CL_OPT_LIMIT_EVENT);

    call->strict = number(call, CL_OPT_STREAM_STRICT) != 0;
    call->max_depth = (uint32_t)number(call, CL_OPT_LIMIT_DEPTH);
    call->skip_malformed = number(call, CL_OPT_STREAM_ON_MALFORMED) == CL_MALFORMED_SKIP;
    call->text = CL_BUF_INIT(max_event);
    cl_sse_init(&call->sse, max_event);
    return call->request.stream ? make_accumulator(call, err) : CLAUDE_OK;
}

claude_code_t cl_call_start(claude_client_t *client, cl_snapshot *request, claude_call_t **out, cl_err *err)
{
    claude_call_t *call = malloc(sizeof *call);
    claude_code_t rc;

    if (call) /* the errors at its end are large, and empty without being zeroed */
        memset(call, 0, offsetof(claude_call_t, transfer_error));
    if (!call || pthread_mutex_init(&call->lock, NULL) != 0) {
        free(call);
        cl_snapshot_free(request);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&call->handle, CL_MAGIC_CALL);
    call->client = cl_client_ref(client);
    call->request = *request;
    *request = (cl_snapshot){.method = NULL};
    call->generation = cl_fork_generation();
    atomic_init(&call->state, CLAUDE_CALL_RUNNING);
    atomic_init(&call->cancel_asked, false);
    cl_handle_init(&call->event.handle, CL_MAGIC_EVENT);
    call->started_at = cl_now_ms();
    cl_err_init(&call->error);
    cl_err_init(&call->transfer_error);
    rc = make_parsers(call, err);
    /* Starting runs no callback: with a signing hook the attempt begins when somebody waits. */
    if (rc >= 0 && !client->config->sign)
        rc = cl_attempt_begin(call, err);
    if (rc < 0) {
        call_free(call);
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

void cl_call_unref(claude_call_t *call)
{
    if (call && cl_handle_unref(&call->handle))
        call_free(call);
}

bool cl_call_is_abandoned(const claude_call_t *call)
{
    return atomic_load_explicit(&call->handle.refs, memory_order_acquire) == 1;
}

void cl_call_cancel(claude_call_t *call)
{
    atomic_store(&call->cancel_asked, true);
    if (call->generation != cl_fork_generation())
        return; /* the engine is the parent's */
    pthread_mutex_lock(&call->lock);
    if (call->engine)
        cl_engine_wake(call->engine);
    pthread_mutex_unlock(&call->lock);
}

/* ---- ends ---- */

static claude_code_t failed(claude_call_t *call)
{
    claude_code_t code = call->error.code;

    if (call->transfer)
        call->attempts = cl_transfer_attempts(call->transfer);
    cl_finish_error(call, &call->error);
    end_transfer(call);
    atomic_store(&call->state, code == CLAUDE_E_CANCELED ? CLAUDE_CALL_CANCELED : CLAUDE_CALL_FAILED);
    return code;
}

static int32_t finished(claude_call_t *call)
{
    call->attempts = cl_transfer_attempts(call->transfer);
    end_transfer(call);
    atomic_store(&call->state, CLAUDE_CALL_DONE);
    return CLAUDE_DONE;
}

/* The transfer's failure is the error, except where more is known: a status, or how far a stream had come. */
static claude_code_t transfer_failed(claude_call_t *call)
{
    if (call->mode == CL_MODE_EVENTS && call->transfer_error.code == CLAUDE_E_CLOSED) {
        cl_fail(&call->error, CLAUDE_E_TRUNCATED,
                "the stream ended before message_stop; the partial message is kept: %s", call->transfer_error.message);
        call->error.cause = cl_error_new(&call->transfer_error);
        return call->error.code;
    }
    call->error = call->transfer_error;
    cl_err_init(&call->transfer_error);
    return call->error.code;
}

static claude_code_t judge_end(claude_call_t *call)
{
    int32_t status = cl_transfer_status(call->transfer);
    bool api_error = call->mode == CL_MODE_BODY && (status < 200 || status > 299);

    if (call->transfer_error.code != CLAUDE_OK && !api_error)
        return transfer_failed(call);
    if (call->mode == CL_MODE_EVENTS)
        return cl_finish_events(call, &call->error);
    if (call->mode == CL_MODE_HEAD)
        return cl_fail(&call->error, CLAUDE_E_CLOSED, "the connection was closed before an answer had begun");
    return cl_finish_body(call, &call->error);
}

/* After message_stop only the end of the HTTP response is missing. Waiting for it a little keeps the connection. */
static int32_t drain(claude_call_t *call, int64_t until_ms)
{
    int64_t limit = cl_now_ms() + DRAIN_MS;
    int64_t target = limit < until_ms ? limit : until_ms;

    while (!call->over) {
        size_t len = 0;
        int32_t rc;
        (void)cl_transfer_bytes(call->transfer, &len);
        cl_transfer_consume(call->transfer, len);
        rc = cl_transfer_poll(call->transfer, target, &call->transfer_error);
        call->over = rc < 0 || rc == CL_HTTP_END;
        if (rc >= 0 && cl_now_ms() >= target)
            break;
    }
    return cl_finish_events(call, &call->error) < 0 ? failed(call) : finished(call);
}

/* ---- events ---- */

/* What cannot be understood is an error, or passed over and counted. */
static bool may_skip(claude_call_t *call, int32_t rc)
{
    if (rc != CLAUDE_E_PROTOCOL || !call->skip_malformed)
        return false;
    cl_err_clear(&call->error);
    cl_accumulator_count_anomaly(call->accumulator);
    return true;
}

/* 1: call->event is to be handed out; 0: nothing to hand out; negative: call->error. */
static int32_t understand(claude_call_t *call, const cl_sse_event *sse)
{
    cl_err *err = &call->error;
    claude_event_t *event = &call->event;
    bool anomaly = false;
    claude_code_t rc;

    if (cl_str_eq(sse->data, CL_STR("[DONE]")))
        return 0;
    /* The byte after the data is a line end that has been read, or the parser's own. */
    rc = cl_event_parse(sse->name, (char *)(uintptr_t)sse->data.ptr, sse->data.len, call->max_depth, &call->text, event,
                        &anomaly, err);
    if (rc < 0)
        return may_skip(call, rc) ? 0 : rc;
    if (anomaly) {
        if (call->strict)
            return cl_fail(err, CLAUDE_E_PROTOCOL, "event %s is not in the documented form (stream.strict)",
                           event->name.ptr);
        cl_accumulator_count_anomaly(call->accumulator);
    }
    if (event->type == CLAUDE_EVENT_OTHER && cl_str_eq(event->name, CL_STR("error")))
        return cl_api_error(cl_transfer_status(call->transfer), cl_transfer_headers(call->transfer), event->json, err);
    rc = cl_accumulator_add(call->accumulator, event, err);
    if (rc < 0)
        return rc;
    if (event->type != CLAUDE_EVENT_PING)
        call->delivered = true;
    return 1;
}

static int32_t take_event(claude_call_t *call)
{
    for (;;) {
        size_t len = 0;
        size_t consumed = 0;
        cl_sse_event sse;
        const char *bytes = cl_transfer_bytes(call->transfer, &len);
        int32_t rc = cl_sse_next(&call->sse, bytes ? bytes : "", len, &consumed, &sse, &call->error);

        cl_transfer_consume(call->transfer, consumed);
        if (rc == CL_SSE_MORE)
            return 0;
        if (rc == CL_SSE_EVENT)
            rc = understand(call, &sse);
        else if (may_skip(call, rc))
            rc = 0;
        if (rc != 0)
            return rc;
    }
}

static int32_t cancelled(claude_call_t *call)
{
    cl_err_clear(&call->error);
    cl_fail(&call->error, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    return failed(call);
}

static claude_code_t look_at_head(claude_call_t *call)
{
    if (call->mode != CL_MODE_HEAD || cl_transfer_status(call->transfer) == 0)
        return CLAUDE_OK;
    call->mode = cl_call_mode_of(call);
    /* A stream that nobody asked for is understood all the same. */
    return call->mode == CL_MODE_EVENTS && !call->accumulator ? make_accumulator(call, &call->error) : CLAUDE_OK;
}

/* A transfer that was asked for a stream holds back as much as a stream may need; a plain answer has a limit of its
 * own. Bodies of errors are cut before. */
static claude_code_t check_body_size(claude_call_t *call)
{
    int32_t status = cl_transfer_status(call->transfer);
    size_t limit;
    size_t len;

    if (call->mode != CL_MODE_BODY || status < 200 || status > 299)
        return CLAUDE_OK;
    limit = (size_t)number(call, CL_OPT_LIMIT_MESSAGE);
    (void)cl_transfer_bytes(call->transfer, &len);
    if (len <= limit)
        return CLAUDE_OK;
    return cl_fail(&call->error, CLAUDE_E_TOO_LARGE, "response body is over %zu bytes (limit.message_bytes)", limit);
}

/* One round of the network. CLAUDE_OK, or negative with call->error for what is no matter of the transfer. */
static claude_code_t receive(claude_call_t *call, int64_t until_ms)
{
    int32_t rc = cl_transfer_poll(call->transfer, until_ms, &call->transfer_error);
    claude_code_t code;

    call->over = rc < 0 || rc == CL_HTTP_END;
    code = look_at_head(call);
    return code < 0 || !call->request.stream ? code : check_body_size(call);
}

/* 1: call->event; 0: nothing in time; CLAUDE_DONE; negative: call->error. Terminal results end the transfer. */
static int32_t advance(claude_call_t *call, int64_t until_ms)
{
    bool late = false;
    int32_t rc;

    for (;;) {
        if (atomic_load_explicit(&call->cancel_asked, memory_order_relaxed))
            return cancelled(call);
        if (!call->begun && cl_attempt_begin(call, &call->error) < 0)
            return failed(call);
        if (call->mode == CL_MODE_EVENTS) {
            rc = cl_accumulator_done(call->accumulator) ? drain(call, until_ms) : take_event(call);
            if (rc < 0)
                return is_terminal(atomic_load(&call->state)) ? rc : failed(call);
            if (rc > 0)
                return rc;
        }
        if (call->over)
            return judge_end(call) < 0 ? failed(call) : finished(call);
        if (receive(call, until_ms) < 0)
            return failed(call);
        if (!call->over && until_ms != INT64_MAX && cl_now_ms() >= until_ms) {
            if (late || call->mode != CL_MODE_EVENTS)
                return 0;
            late = true; /* what has come in time is handed out before the time is judged */
        }
    }
}

/* ---- the interface ---- */

static void *ref_response(void *response)
{
    return cl_response_ref(response);
}

/* What a finished call answers for ever. */
static claude_code_t sticky(const claude_call_t *call, cl_err *err)
{
    if (atomic_load(&call->state) == CLAUDE_CALL_DONE)
        return CLAUDE_DONE;
    if (err)
        cl_err_copy(err, &call->error, ref_response);
    return call->error.code;
}

static claude_code_t may_drive(const claude_call_t *call, cl_err *err)
{
    if (call->generation != cl_fork_generation())
        return cl_fail(err, CLAUDE_E_FORKED, "the call was started by the parent process; start another one here");
    if (call->in_callback)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback of this call");
    return CLAUDE_OK;
}

static int64_t until_of(int64_t timeout_ms)
{
    int64_t now;

    if (timeout_ms < 0)
        return INT64_MAX;
    now = cl_now_ms();
    return timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
}

claude_code_t cl_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event, cl_err *err)
{
    claude_code_t rc = may_drive(call, err);
    bool first;
    int32_t got;

    if (rc < 0)
        return rc;
    if (call->request.on_event)
        return cl_fail(err, CLAUDE_E_STATE, "the request has an event callback; use claude_call_wait instead");
    if (is_terminal(atomic_load_explicit(&call->state, memory_order_relaxed)))
        return sticky(call, err);
    first = !call->begun;
    if (first)
        cl_call_ref(call); /* the signing hook may drop the program's; holding it always would cost each event */
    got = advance(call, until_of(timeout_ms));
    if (got == 1)
        *event = &call->event;
    else if (got != 0)
        got = sticky(call, err);
    if (first)
        cl_call_unref(call);
    return got;
}

static claude_code_t deliver(claude_call_t *call)
{
    cl_hook *hook = call->request.on_event;
    int32_t answer;

    if (!hook)
        return CLAUDE_OK;
    call->in_callback = true;
    answer = ((claude_event_fn)cl_hook_fn(hook))(call, &call->event, cl_hook_data(hook));
    call->in_callback = false;
    if (answer == 0)
        return cl_call_is_abandoned(call) ? cancelled(call) : CLAUDE_OK;
    cl_fail(&call->error, CLAUDE_E_CALLBACK, "the event callback returned %d", (int)answer);
    call->error.user_code = answer;
    call->error.feature = "on_event";
    return failed(call);
}

/* A look at the clock costs as much as an event: the quicker the callback, the fewer looks. */
struct pace {
    int64_t until_ms;
    int64_t looked_at;
    uint32_t stride; /* events from one look to the next */
    uint32_t left;
};

static bool is_time_up(struct pace *pace)
{
    int64_t now;

    if (pace->until_ms == INT64_MAX || --pace->left > 0)
        return false;
    now = cl_now_ms();
    if (now > pace->looked_at)
        pace->stride = 1;
    else if (pace->stride < EVENTS_PER_CLOCK)
        pace->stride *= 2;
    pace->looked_at = now;
    pace->left = pace->stride;
    return now >= pace->until_ms;
}

claude_code_t cl_call_wait(claude_call_t *call, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = may_drive(call, err);
    struct pace pace = {.stride = 1, .left = 1};
    int64_t until_ms;

    if (rc < 0)
        return rc;
    cl_call_ref(call); /* a callback may drop the program's last reference */
    until_ms = until_of(timeout_ms);
    /* Not to wait still means to hand out what is there, for the shortest time that can be told. */
    pace.until_ms = timeout_ms == 0 ? until_ms + 1 : until_ms;
    while (!is_terminal(atomic_load_explicit(&call->state, memory_order_relaxed))) {
        int32_t got = advance(call, until_ms);
        if (got <= 0 || (got == 1 && deliver(call) < 0) || is_time_up(&pace))
            break;
    }
    rc = is_terminal(atomic_load(&call->state)) ? sticky(call, err) : 0;
    cl_call_unref(call);
    return rc;
}

claude_code_t cl_call_result(claude_call_t *call, claude_response_t **out, cl_err *err)
{
    claude_code_t rc;

    if (!is_terminal(atomic_load(&call->state)))
        return cl_fail(err, CLAUDE_E_STATE,
                       "the call has not finished; use claude_call_next or claude_call_wait first");
    rc = sticky(call, err);
    if (rc < 0)
        return rc;
    *out = cl_response_ref(call->response);
    return CLAUDE_OK;
}

void cl_call_pause(claude_call_t *call, bool on)
{
    (void)call;
    (void)on;
}

int32_t cl_call_state(const claude_call_t *call)
{
    return atomic_load(&call->state);
}

size_t cl_call_buffered(const claude_call_t *call)
{
    (void)call;
    return 0;
}

uint64_t cl_call_dropped(const claude_call_t *call)
{
    (void)call;
    return 0;
}

int32_t cl_call_http_status(const claude_call_t *call)
{
    return call->transfer ? cl_transfer_status(call->transfer) : 0;
}

const char *cl_call_header(const claude_call_t *call, const char *name)
{
    const cl_header *found =
        call->transfer ? cl_headers_find(cl_transfer_headers(call->transfer), cl_str_of(name)) : NULL;

    return found ? found->value : NULL;
}

int32_t cl_call_attempts(const claude_call_t *call)
{
    return call->transfer ? cl_transfer_attempts(call->transfer) : call->attempts;
}
