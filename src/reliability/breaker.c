#include "reliability/breaker.h"

#include <pthread.h>
#include <stdlib.h>

#include "reliability/waits.h"

enum { SLOTS = 10 /* of the window */, ALIVE_MAX = 64 /* bits of machine.alive */ };

typedef struct slot {
    int64_t calls;
    int64_t failures;
} slot;

/*
 * What the breaker knows: plain values. Permits are numbers of one series: `normal` is the permit of all calls of one
 * time of being closed, each probe has one of its own. What is in neither place has no meaning any more.
 */
typedef struct machine {
    bool closed;
    int64_t opened_at;
    int64_t open_ms;   /* of this time */
    int64_t open_us;   /* before chance; grows */
    int64_t successes; /* of probes in a row */
    uint64_t last;     /* permit that was given a number */
    uint64_t normal;   /* 0: not closed */
    uint64_t probe;    /* 0: none is out */
    int64_t probe_at;
    uint64_t alive; /* bit i: the probe `last` - i counted as a success before its end */
    int64_t now;    /* slot of the window that is being filled, counted from the clock's zero */
    slot window[SLOTS];
    cl_breaker_counters counters;
} machine;

struct claude_breaker {
    cl_handle handle;
    pthread_mutex_t lock;
    cl_breaker_settings settings; /* each within what it can be */
    machine m;
};

/* ---- time ---- */

/*
 * Callers look at the clock before they have the lock, so one may be a little behind another. And should the clock
 * itself go back, nothing may take longer than it was meant to: then it has just begun.
 */
static int64_t passed(int64_t *since, int64_t now)
{
    uint64_t ms;

    if (now < *since)
        *since = now;
    ms = (uint64_t)now - (uint64_t)*since;
    return ms > INT64_MAX ? INT64_MAX : (int64_t)ms;
}

static int64_t rest(int64_t *since, int64_t duration, int64_t now)
{
    int64_t ms = passed(since, now);

    return ms < duration ? duration - ms : 0;
}

/* ---- the window ---- */

static void clear_window(machine *m)
{
    for (size_t i = 0; i < SLOTS; i++)
        m->window[i] = (slot){0, 0};
}

static slot *slot_at(machine *m, int64_t number)
{
    return &m->window[((number % SLOTS) + SLOTS) % SLOTS];
}

/* Calls count in the slot of the time they end at; what ended earlier than the window drops out. */
static slot *slot_of_now(const cl_breaker_settings *settings, machine *m, int64_t now)
{
    int64_t length = (settings->window_ms - 1) / SLOTS + 1;
    int64_t number = now / length - (now % length < 0);
    uint64_t apart = number > m->now ? (uint64_t)number - (uint64_t)m->now : (uint64_t)m->now - (uint64_t)number;

    if (apart >= SLOTS)
        clear_window(m);
    else if (number < m->now)
        return slot_at(m, m->now);
    for (uint64_t i = 0; i < apart && apart < SLOTS; i++)
        *slot_at(m, number - (int64_t)i) = (slot){0, 0};
    m->now = number;
    return slot_at(m, number);
}

static void count_in_window(const cl_breaker_settings *settings, machine *m, bool failed, int64_t now)
{
    slot *s;

    if (settings->window_ms == 0)
        return;
    s = slot_of_now(settings, m, now);
    s->calls++;
    s->failures += failed;
}

static bool window_says_open(const cl_breaker_settings *settings, const machine *m)
{
    slot all = {0, 0};

    for (size_t i = 0; i < SLOTS; i++) {
        all.calls += m->window[i].calls;
        all.failures += m->window[i].failures;
    }
    return settings->window_ms > 0 && all.calls >= settings->minimum_calls &&
           all.failures * CL_WAIT_ONE >= all.calls * settings->failure_rate;
}

/* ---- changes of state ---- */

/* All permits that are out become void. */
static void open_for(machine *m, int64_t ms, int64_t now)
{
    m->closed = false;
    m->opened_at = now;
    m->open_ms = ms;
    m->normal = 0;
    m->probe = 0;
    m->alive = 0;
    m->successes = 0;
    m->counters.opened++;
}

static void open_by_failure(const cl_breaker_settings *settings, machine *m, int64_t now, uint64_t random)
{
    int64_t most = cl_wait_us(settings->max_open_ms);
    int64_t ms;

    /* A breaker that was not closed has probed in vain. */
    m->open_us = m->closed ? cl_wait_us(settings->open_ms) : cl_wait_grow(m->open_us, settings->open_multiplier, most);
    ms = cl_wait_jitter(cl_wait_ms(m->open_us), settings->jitter, random);
    open_for(m, ms > 0 ? ms : 1, now);
}

static uint64_t next_permit(machine *m)
{
    m->alive <<= 1;
    return ++m->last;
}

/* Probes that are alive may still fail, other permits become void. */
static void close_again(machine *m)
{
    m->closed = true;
    m->normal = next_permit(m);
    m->probe = 0;
    m->counters.failures_in_a_row = 0;
    clear_window(m);
}

/* ---- what callers say ---- */

static int64_t left_ms(const cl_breaker_settings *settings, machine *m, int64_t now)
{
    int64_t ms;

    if (m->closed)
        return 0;
    ms = rest(&m->opened_at, m->open_ms, now);
    return ms == 0 && m->probe ? rest(&m->probe_at, settings->probe_lease_ms, now) : ms;
}

static uint64_t allow(const cl_breaker_settings *settings, machine *m, int64_t now, int64_t *left)
{
    *left = left_ms(settings, m, now);
    if (*left > 0) {
        m->counters.refused++;
        return 0;
    }
    if (m->closed)
        return m->normal;
    m->probe = next_permit(m);
    m->probe_at = now;
    m->counters.probes++;
    return m->probe;
}

static void failed(const cl_breaker_settings *settings, machine *m, int64_t now, uint64_t random)
{
    m->counters.failures++;
    m->counters.failures_in_a_row++;
    if (m->closed) {
        count_in_window(settings, m, true, now);
        if (m->counters.failures_in_a_row < settings->failure_threshold && !window_says_open(settings, m))
            return;
    }
    open_by_failure(settings, m, now, random);
}

static void probe_succeeded(const cl_breaker_settings *settings, machine *m)
{
    m->probe = 0;
    m->counters.successes++;
    m->successes++;
    if (m->successes >= settings->success_threshold)
        close_again(m);
}

/* True once for each. */
static bool end_alive(machine *m, uint64_t permit)
{
    uint64_t back = m->last - permit;
    uint64_t bit = back < ALIVE_MAX ? (uint64_t)1 << back : 0;

    if (!(m->alive & bit))
        return false;
    m->alive &= ~bit;
    return true;
}

static void record(const cl_breaker_settings *settings, machine *m, uint64_t permit, int32_t what, int64_t now,
                   uint64_t random)
{
    bool alive = end_alive(m, permit);
    bool probe = permit == m->probe;

    if (permit == 0 || (!alive && !probe && permit != m->normal))
        return;
    if (what == CL_BREAKER_FAILURE) {
        failed(settings, m, now, random);
    } else if (alive) {
        return; /* it has been counted */
    } else if (what != CL_BREAKER_SUCCESS) {
        m->counters.neutral++;
        m->probe = 0;
    } else if (probe) {
        probe_succeeded(settings, m);
    } else {
        m->counters.successes++;
        m->counters.failures_in_a_row = 0;
        count_in_window(settings, m, false, now);
    }
}

/* ---- the handle ---- */

/* A child process must not find the lock taken by a thread that it does not have. */
static void enter(claude_breaker_t *breaker)
{
    cl_fork_hold();
    pthread_mutex_lock(&breaker->lock);
}

static void leave(claude_breaker_t *breaker)
{
    pthread_mutex_unlock(&breaker->lock);
    cl_fork_release();
}

/* What is not here means the same beyond its range as at the end of it. */
static cl_breaker_settings within_limits(cl_breaker_settings settings)
{
    settings.open_ms = cl_clamp(settings.open_ms, 1, INT64_MAX);
    settings.max_open_ms = cl_clamp(settings.max_open_ms, settings.open_ms, INT64_MAX);
    settings.window_ms = cl_clamp(settings.window_ms, 0, INT64_MAX);
    settings.failure_rate = cl_clamp(settings.failure_rate, 1, CL_WAIT_ONE);
    settings.probe_lease_ms = cl_clamp(settings.probe_lease_ms, 1, INT64_MAX);
    return settings;
}

claude_code_t cl_breaker_new(const cl_breaker_settings *settings, claude_breaker_t **out, cl_err *err)
{
    claude_breaker_t *breaker = calloc(1, sizeof *breaker);

    if (!breaker || pthread_mutex_init(&breaker->lock, NULL) != 0) {
        free(breaker);
        return cl_fail_nomem(err);
    }
    (void)cl_fork_generation(); /* so that forks are held from now on */
    cl_handle_init(&breaker->handle, CL_MAGIC_BREAKER);
    breaker->settings = within_limits(*settings);
    breaker->m.now = INT64_MIN;
    close_again(&breaker->m);
    *out = breaker;
    return CLAUDE_OK;
}

claude_breaker_t *cl_breaker_ref(claude_breaker_t *breaker)
{
    if (breaker)
        cl_handle_ref(&breaker->handle);
    return breaker;
}

void cl_breaker_unref(claude_breaker_t *breaker)
{
    if (!breaker || !cl_handle_unref(&breaker->handle))
        return;
    pthread_mutex_destroy(&breaker->lock);
    free(breaker);
}

uint64_t cl_breaker_allow(claude_breaker_t *breaker, int64_t now, int64_t *left)
{
    uint64_t permit;

    enter(breaker);
    permit = allow(&breaker->settings, &breaker->m, now, left);
    leave(breaker);
    return permit;
}

bool cl_breaker_record(claude_breaker_t *breaker, uint64_t permit, int32_t what, int64_t now, uint64_t random)
{
    int64_t before;
    bool opened;

    enter(breaker);
    before = breaker->m.counters.opened;
    record(&breaker->settings, &breaker->m, permit, what, now, random);
    opened = breaker->m.counters.opened != before;
    leave(breaker);
    return opened;
}

void cl_breaker_probe_alive(claude_breaker_t *breaker, uint64_t permit, int64_t now)
{
    machine *m = &breaker->m;

    (void)now;
    enter(breaker);
    if (m->probe && permit == m->probe) {
        m->alive |= 1; /* it is the last that was given */
        probe_succeeded(&breaker->settings, m);
    }
    leave(breaker);
}

int32_t cl_breaker_state(claude_breaker_t *breaker, int64_t now)
{
    machine *m = &breaker->m;
    int32_t state = CL_BREAKER_CLOSED;

    enter(breaker);
    if (!m->closed)
        state = rest(&m->opened_at, m->open_ms, now) > 0 ? CL_BREAKER_OPEN : CL_BREAKER_HALF_OPEN;
    leave(breaker);
    return state;
}

int64_t cl_breaker_left_ms(claude_breaker_t *breaker, int64_t now)
{
    int64_t ms;

    enter(breaker);
    ms = left_ms(&breaker->settings, &breaker->m, now);
    leave(breaker);
    return ms;
}

void cl_breaker_counters_of(claude_breaker_t *breaker, cl_breaker_counters *out)
{
    enter(breaker);
    *out = breaker->m.counters;
    leave(breaker);
}

void cl_breaker_force_open(claude_breaker_t *breaker, int64_t ms, int64_t now)
{
    enter(breaker);
    breaker->m.open_us = cl_wait_us(breaker->settings.open_ms);
    open_for(&breaker->m, ms > 0 ? ms : breaker->settings.open_ms, now);
    leave(breaker);
}

void cl_breaker_force_closed(claude_breaker_t *breaker)
{
    enter(breaker);
    breaker->m.alive = 0;
    close_again(&breaker->m);
    leave(breaker);
}

const char *cl_breaker_state_name(int32_t state)
{
    switch (state) {
    case CL_BREAKER_CLOSED:
        return "closed";
    case CL_BREAKER_OPEN:
        return "open";
    case CL_BREAKER_HALF_OPEN:
        return "half_open";
    default:
        return "";
    }
}
