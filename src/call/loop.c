#include "call/loop.h"

#include <stdlib.h>

enum { EVENTS_IN_A_ROW = 64 /* of one call, before the others get their turn */ };

/* Calls in order of arrival. */
typedef struct calls {
    claude_call_t *first;
    claude_call_t *last;
} calls;

struct claude_loop {
    cl_handle handle;
    uint32_t holds;          /* one for the program's references, one while a function is inside */
    claude_client_t *client; /* the handle: each call gets the snapshot that holds when it is submitted */
    cl_lines *lines;         /* whose settings the engine has */
    cl_engine *engine;
    cl_listener listener;
    uint32_t generation;
    size_t max_events;
    bool inside; /* a function of the loop is running: a callback may be, too */
    _Atomic bool woken;
    size_t count;
    claude_call_t *all;
    calls hooked;     /* something has happened, and there is a callback to tell, or one to ask for a signature */
    calls ready;      /* something has happened, for claude_loop_next() to tell */
    cl_timers timers; /* calls whose next attempt is not to begin yet */
    int64_t look_at;  /* when whoever watches the client wants to look again */
    int64_t alarm_at; /* what the engine was told of both */
    bool handed_out;  /* events, since the last turn */
    uint32_t row;     /* events that the first of `ready` has had in a row */
};

/* ---- lists ---- */

static void push(calls *list, claude_call_t *call)
{
    call->queue_next = NULL;
    if (list->last)
        list->last->queue_next = call;
    else
        list->first = call;
    list->last = call;
    call->queued = true;
}

static claude_call_t *pop(calls *list)
{
    claude_call_t *call = list->first;

    if (!call)
        return NULL;
    list->first = call->queue_next;
    if (!list->first)
        list->last = NULL;
    call->queued = false;
    return call;
}

static bool needs_callback(const claude_call_t *call)
{
    return !cl_call_is_over(call) && (call->request.on_event || !call->begun);
}

/* Of cl_engine_collect(): the engine's lock is held, and only lists may be touched. */
static void happened(void *owner, void *user)
{
    claude_loop_t *loop = user;
    claude_call_t *call = owner;

    if (!call->queued)
        push(needs_callback(call) ? &loop->hooked : &loop->ready, call);
}

static void join(claude_loop_t *loop, claude_call_t *call, uint64_t tag)
{
    call->loop = loop;
    call->in_loop = true;
    call->tag = tag;
    call->loop_next = loop->all;
    if (loop->all)
        loop->all->loop_prev = call;
    loop->all = call;
    loop->count++;
    cl_call_hold(call);
}

/* The call is in none of the lists to be worked on. */
static void leave(claude_loop_t *loop, claude_call_t *call)
{
    cl_timers_disarm(&loop->timers, &call->timer);
    if (call->loop_prev)
        call->loop_prev->loop_next = call->loop_next;
    else
        loop->all = call->loop_next;
    if (call->loop_next)
        call->loop_next->loop_prev = call->loop_prev;
    call->loop = NULL;
    loop->count--;
    cl_call_let_go(call);
}

/* ---- calls that wait for their next attempt ---- */

/* There is room: cl_loop_submit() made it. */
static void wait_for_time(claude_loop_t *loop, claude_call_t *call)
{
    if (!call->begun && !call->queued && !cl_call_is_over(call))
        cl_timers_arm(&loop->timers, &call->timer, call->timer.due_at);
}

static claude_call_t *call_of(cl_timer *timer)
{
    return (claude_call_t *)(uintptr_t)((char *)timer - offsetof(claude_call_t, timer));
}

/* Those whose time has come, and those that were cancelled meanwhile. */
static void collect_due(claude_loop_t *loop)
{
    int64_t now = cl_now_ms();
    cl_timer *timer;

    while ((timer = cl_timers_take(&loop->timers, now)) != NULL)
        happened(call_of(timer), loop);
    if (!cl_engine_was_stirred(loop->engine))
        return;
    for (claude_call_t *call = loop->all; call; call = call->loop_next) {
        if (!cl_timer_is_armed(&call->timer) || !atomic_load(&call->cancel_asked))
            continue;
        cl_timers_disarm(&loop->timers, &call->timer);
        happened(call, loop);
    }
}

static void set_alarm(claude_loop_t *loop)
{
    int64_t next = cl_timers_next(&loop->timers);

    next = loop->look_at < next ? loop->look_at : next;
    if (next == loop->alarm_at)
        return;
    loop->alarm_at = next;
    cl_engine_set_alarm(loop->engine, next);
}

/* ---- life ---- */

claude_code_t cl_loop_new(claude_client_t *client, claude_loop_t **out, cl_err *err)
{
    claude_loop_t *loop = calloc(1, sizeof *loop);
    claude_client_t *now;
    claude_code_t rc;

    if (!loop)
        return cl_fail_nomem(err);
    cl_handle_init(&loop->handle, CL_MAGIC_LOOP);
    loop->holds = 1;
    loop->generation = cl_fork_generation();
    loop->look_at = loop->alarm_at = INT64_MAX;
    now = cl_client_current(client);
    loop->max_events = (size_t)cl_option_int(NULL, now->config->options, CL_OPT_LOOP_MAX_EVENTS);
    rc = cl_engine_new_for_loop(&now->lines->http, &loop->engine, err);
    if (rc >= 0)
        loop->lines = cl_lines_ref(now->lines);
    cl_client_unref(now);
    if (rc < 0) {
        free(loop);
        return rc;
    }
    loop->client = cl_client_ref(client);
    loop->listener.engine = loop->engine;
    if (CL_FEATURE_DYNAMIC_CONFIG)
        cl_client_listen(client, &loop->listener);
    *out = loop;
    return CLAUDE_OK;
}

static void end_call(claude_call_t *call)
{
    CL_UNINITIALIZED cl_err err;

    if (cl_call_is_over(call))
        return;
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_CANCELED, "the event loop of the call was released");
    cl_call_fail(call, &err);
    cl_err_clear(&err);
}

static void loop_free(claude_loop_t *loop)
{
    while (loop->all) {
        end_call(loop->all);
        leave(loop, loop->all);
    }
    if (CL_FEATURE_DYNAMIC_CONFIG)
        cl_client_unlisten(loop->client, &loop->listener);
    cl_engine_close(loop->engine); /* calls that the program still holds keep the rest of it */
    cl_engine_unref(loop->engine);
    cl_lines_unref(loop->lines);
    cl_client_unref(loop->client);
    cl_timers_free(&loop->timers);
    free(loop);
}

static void let_go(claude_loop_t *loop)
{
    if (--loop->holds == 0)
        loop_free(loop);
}

claude_loop_t *cl_loop_ref(claude_loop_t *loop)
{
    cl_handle_ref(&loop->handle);
    return loop;
}

void cl_loop_unref(claude_loop_t *loop)
{
    if (cl_handle_unref(&loop->handle))
        let_go(loop);
}

int32_t cl_loop_fd(const claude_loop_t *loop)
{
    return cl_engine_fd(loop->engine);
}

size_t cl_loop_count(const claude_loop_t *loop)
{
    return loop->count;
}

/* ---- being inside ---- */

static claude_code_t check_process(const claude_loop_t *loop, cl_err *err)
{
    if (loop->generation != cl_fork_generation())
        return cl_fail(err, CLAUDE_E_FORKED, "the loop was made by the parent process; make another one here");
    return CLAUDE_OK;
}

static claude_code_t enter(claude_loop_t *loop, cl_err *err)
{
    claude_code_t rc = check_process(loop, err);

    if (rc < 0)
        return rc;
    if (loop->inside)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback that this loop runs");
    loop->inside = true;
    loop->holds++;
    return CLAUDE_OK;
}

static void get_out(claude_loop_t *loop)
{
    loop->inside = false;
    let_go(loop);
}

/* By the program, inside of a callback: what is inside ends as soon as it can. */
static bool is_released(const claude_loop_t *loop)
{
    return loop->handle.magic != CL_MAGIC_LOOP;
}

/* ---- calls ---- */

/* Connections are made as the engine was told when the loop was made: through another proxy nothing goes unnoticed. */
static claude_code_t check_lines(const claude_loop_t *loop, const claude_client_t *now, cl_err *err)
{
    if (now->lines == loop->lines || cl_http_settings_same(&now->http, &loop->lines->http))
        return CLAUDE_OK;
    return cl_fail(
        err, CLAUDE_E_STATE,
        "the client has other options of network.*, tls.* or client.max_buffered_bytes than when the loop was "
        "made; make another loop");
}

static claude_code_t make_call(claude_loop_t *loop, const claude_request_t *request, uint32_t flags,
                               claude_call_t **out, cl_err *err)
{
    claude_client_t *now = NULL;
    cl_snapshot snapshot;
    claude_code_t rc = check_process(loop, err);

    if (rc >= 0)
        rc = cl_client_choose(loop->client, request, &now, err);
    if (rc >= 0)
        rc = check_lines(loop, now, err);
    if (rc >= 0)
        rc = cl_call_prepare(now, request, flags, &snapshot, err);
    if (rc >= 0)
        rc = cl_call_new(now, &snapshot, loop->engine, out, err);
    cl_client_unref(now);
    return rc;
}

static claude_code_t submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags, uint64_t tag,
                            claude_call_t **out, cl_err *err)
{
    claude_call_t *call = NULL;
    claude_code_t rc = make_call(loop, request, flags, &call, err);

    if (rc < 0)
        return rc;
    call->in_loop = true;
    if (is_released(loop)) {
        rc = cl_fail(err, CLAUDE_E_STATE, "the loop was released by a callback that ran in between");
    } else if (!cl_timers_reserve(&loop->timers, loop->count + 1)) {
        rc = cl_fail_nomem(err);
    } else if (cl_call_begins_with_callback(call)) {
        /* No callback runs from here: the next dispatch does that. */
        push(&loop->hooked, call);
        cl_engine_poke(loop->engine);
    } else {
        call->starting = true;
        rc = cl_call_begin(call, err);
        call->starting = false;
    }
    if (rc < 0) {
        cl_call_give_up(call, rc, err);
        return rc;
    }
    join(loop, call, tag);
    wait_for_time(loop, call);
    set_alarm(loop);
    *out = call;
    return CLAUDE_OK;
}

/* Callbacks (of a watcher, of deprecation) may drop the program's last reference. */
claude_code_t cl_loop_submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags, uint64_t tag,
                             claude_call_t **out, cl_err *err)
{
    claude_code_t rc;

    loop->holds++;
    rc = submit(loop, request, flags, tag, out, err);
    let_go(loop);
    return rc;
}

/* Lets a call with a callback go on. Returns how many events that took of the budget. */
static size_t run_callbacks(claude_loop_t *loop, claude_call_t *call, size_t budget)
{
    CL_UNINITIALIZED cl_err err;
    size_t used = 0;
    int32_t rc = 0;

    cl_err_init(&err);
    cl_call_hold(call);
    while (used < budget && !cl_call_is_over(call) && !is_released(loop)) {
        rc = cl_call_advance(call, INT64_MAX, &err);
        if (rc != 1)
            break;
        used++;
        rc = cl_call_deliver(call, &err);
    }
    cl_err_clear(&err);
    if (cl_call_is_over(call))
        push(&loop->ready, call);
    else if (!call->begun)
        wait_for_time(loop, call);
    else if (rc != 0 || used >= budget)
        push(&loop->hooked, call); /* there may be more */
    cl_call_let_go(call);
    return used;
}

/* Begins an attempt; what it brings is left to the next turns, so that no event is swallowed here. */
static void begin(claude_loop_t *loop, claude_call_t *call)
{
    CL_UNINITIALIZED cl_err err;

    cl_err_init(&err);
    cl_call_hold(call);
    if (!cl_call_is_over(call))
        (void)cl_call_begin_due(call, &err);
    cl_err_clear(&err);
    if (cl_call_is_over(call))
        push(&loop->ready, call);
    else
        wait_for_time(loop, call);
    cl_call_let_go(call);
}

/* Whether something was left undone. */
static bool work_off_hooked(claude_loop_t *loop)
{
    size_t budget = loop->max_events;
    claude_call_t *call;
    bool busy = false;

    if (loop->hooked.first)
        busy = true;
    while (budget > 0 && !is_released(loop) && (call = pop(&loop->hooked)) != NULL) {
        size_t share = budget < EVENTS_IN_A_ROW ? budget : EVENTS_IN_A_ROW;
        if (!call->begun)
            begin(loop, call);
        else
            budget -= run_callbacks(loop, call, share);
    }
    if (busy)
        cl_engine_was_away(loop->engine);
    return loop->hooked.first != NULL;
}

/* One look at everything. 1 if claude_loop_next() has something to tell. */
static claude_code_t turn(claude_loop_t *loop, int64_t until_ms)
{
    bool more;

    loop->look_at = cl_client_look(loop->client, false);
    cl_engine_turn(loop->engine, is_released(loop) ? 0 : until_ms, loop->max_events);
    cl_engine_collect(loop->engine, happened, loop);
    collect_due(loop);
    more = work_off_hooked(loop);
    set_alarm(loop);
    if (more || loop->ready.first)
        cl_engine_poke(loop->engine);
    return loop->ready.first ? 1 : 0;
}

claude_code_t cl_loop_dispatch(claude_loop_t *loop, cl_err *err)
{
    claude_code_t rc = enter(loop, err);

    if (rc < 0)
        return rc;
    rc = turn(loop, 0);
    get_out(loop);
    return rc;
}

/* The end of a call that nobody holds any more is not told. */
static bool tell_end(claude_loop_t *loop, claude_call_t *call, uint64_t *tag)
{
    bool told = !cl_call_is_abandoned(call);

    *tag = told ? call->tag : *tag;
    leave(loop, call);
    return told;
}

claude_code_t cl_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event, cl_err *err)
{
    claude_code_t rc = enter(loop, err);
    CL_UNINITIALIZED cl_err own;

    if (rc < 0)
        return rc;
    while (loop->ready.first) {
        claude_call_t *call = loop->ready.first;
        cl_err_init(&own);
        rc = cl_call_is_over(call) ? CLAUDE_DONE : cl_call_advance(call, INT64_MAX, &own);
        if (rc < 0)
            cl_err_clear(&own); /* the call keeps it for claude_call_result() */
        if (rc == 1) {
            loop->handed_out = true;
            *tag = call->tag;
            *event = &call->event;
            if (++loop->row >= EVENTS_IN_A_ROW) {
                loop->row = 0;
                push(&loop->ready, pop(&loop->ready));
            }
            get_out(loop);
            return 1;
        }
        loop->row = 0;
        pop(&loop->ready);
        if (rc == 0)
            wait_for_time(loop, call);
        if (rc != 0 && tell_end(loop, call, tag)) {
            *event = NULL;
            get_out(loop);
            return CLAUDE_DONE;
        }
    }
    if (loop->handed_out)
        cl_engine_was_away(loop->engine);
    loop->handed_out = false;
    set_alarm(loop);
    if (!loop->hooked.first)
        cl_engine_unpoke(loop->engine);
    get_out(loop);
    return 0;
}

claude_code_t cl_loop_wait(claude_loop_t *loop, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = enter(loop, err);
    int64_t now = cl_now_ms();
    int64_t until_ms = timeout_ms < 0 || timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
    bool woken;

    if (rc < 0)
        return rc;
    do {
        /* What woke the loop may have been seen by a dispatch before. */
        woken = atomic_exchange(&loop->woken, false);
        rc = turn(loop, woken || loop->ready.first || loop->hooked.first ? 0 : until_ms);
        woken = atomic_exchange(&loop->woken, false) || woken;
    } while (rc == 0 && !woken && !is_released(loop) && cl_now_ms() < until_ms);
    get_out(loop);
    return rc;
}

void cl_loop_wakeup(claude_loop_t *loop)
{
    if (loop->generation != cl_fork_generation())
        return;
    atomic_store(&loop->woken, true);
    cl_engine_poke(loop->engine);
}
