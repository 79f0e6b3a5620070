/*
 * clocks.c - when a transfer has taken too long, and when to look.
 *
 * Read first, judge after: a clock is judged only when everything that had arrived was read, so that what came in time
 * counts, however late it is looked at.
 */
#include "http/engine.h"

typedef struct clock_end {
    int64_t at;
    int64_t limit;
    const char *missing;
    const char *option;
} clock_end;

static void bound(clock_end *end, int64_t from, int64_t limit, const char *missing, const char *option)
{
    if (limit > 0 && from > 0 && from + limit < end->at)
        *end = (clock_end){from + limit, limit, missing, option};
}

int64_t cl_transfer_now(const cl_transfer *t)
{
    return cl_engine_is_loop(t->engine) && t->engine->turned_at != 0 ? t->engine->turned_at : cl_now_ms();
}

static int64_t moved(const cl_transfer *t, int64_t at)
{
    return at == 0 ? 0 : at + (t->engine->away - t->away_seen);
}

void cl_transfer_was_away(cl_transfer *t, int64_t now)
{
    int64_t gap = t->left_at != 0 ? now - t->left_at : 0;

    t->last_byte_at = moved(t, t->last_byte_at);
    t->progress_at = moved(t, t->progress_at);
    t->away_seen = t->engine->away;
    t->last_byte_at += t->last_byte_at ? gap : 0;
    t->progress_at += t->progress_at ? gap : 0;
    t->left_at = 0;
}

void cl_transfer_touch(cl_transfer *t, int64_t now)
{
    t->progress_at = moved(t, t->progress_at);
    t->away_seen = t->engine->away;
    t->last_byte_at = now;
    if (t->progress_at == 0)
        t->progress_at = now;
}

static clock_end first_end(const cl_transfer *t)
{
    clock_end end = {.at = INT64_MAX};
    bool begun = t->last_byte_at != 0;

    bound(&end, t->started_at, t->total_ms, "complete answer",
          t->stream ? "timeout.stream_total_ms" : "timeout.total_ms");
    if (t->clocks_stopped)
        return end;
    if (!t->stream || !begun)
        bound(&end, t->begun_at, t->attempt_ms, "complete answer of one attempt", "retry.attempt_timeout_ms");
    if (atomic_load_explicit(&t->attempts, memory_order_relaxed) == 0)
        bound(&end, t->driven_at, t->connect_ms, "connection", "timeout.connect_ms");
    if (!t->stream)
        return end;
    if (!begun)
        bound(&end, t->driven_at, t->first_byte_ms, "answer", "timeout.first_byte_ms");
    bound(&end, moved(t, t->last_byte_at), t->idle_ms, "further byte", "timeout.idle_ms");
    if (begun)
        bound(&end, moved(t, t->progress_at), t->progress_ms, "event other than ping", "timeout.progress_ms");
    return end;
}

int64_t cl_transfer_deadline(const cl_transfer *t)
{
    int64_t at = first_end(t).at;

    return t->linger_until != 0 && t->linger_until < at ? t->linger_until : at;
}

bool cl_transfer_is_late(cl_transfer *t, int64_t now)
{
    clock_end end = first_end(t);

    if (t->linger_until != 0 && now >= t->linger_until)
        return true;
    if (now < end.at)
        return false;
    t->failed = true;
    t->missing = end.missing;
    t->missing_ms = end.limit;
    t->missing_option = end.option;
    return true;
}

/* ---- when to look (event loops) ---- */

void cl_clock_disarm(cl_engine *engine, cl_transfer *t)
{
    cl_timers_disarm(&engine->clock, &t->timer);
}

/* There is room for every transfer: cl_clock_reserve() made it when the transfer came. */
void cl_clock_arm(cl_engine *engine, cl_transfer *t)
{
    int64_t at = cl_transfer_deadline(t);

    if (!cl_engine_is_loop(engine) || at == INT64_MAX || t->ended)
        return;
    /* A deadline that moved away is found when the earlier time has come: bytes must not cost a move in the heap. */
    if (!cl_timer_is_armed(&t->timer) || t->timer.due_at > at)
        cl_timers_arm(&engine->clock, &t->timer, at);
}

bool cl_clock_reserve(cl_engine *engine)
{
    return !cl_engine_is_loop(engine) || cl_timers_reserve(&engine->clock, engine->transfers + 1);
}

void cl_clock_run(cl_engine *engine, int64_t now)
{
    cl_timer *timer;

    while ((timer = cl_timers_take(&engine->clock, now)) != NULL) {
        cl_transfer *t = (cl_transfer *)(uintptr_t)((char *)timer - offsetof(cl_transfer, timer));
        if (cl_transfer_deadline(t) <= now)
            cl_engine_mark(engine, t); /* its owner judges, and arms it again if need be */
        else
            cl_clock_arm(engine, t);
    }
}
