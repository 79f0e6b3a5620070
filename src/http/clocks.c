/*
 * clocks.c - when a transfer has taken too long, and when to look.
 *
 * Read first, judge after: a clock is judged only when everything that had arrived was read, so that what came in time
 * counts, however late it is looked at.
 */
#include "http/engine.h"

#include <stdlib.h>

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

/* ---- the heap ---- */

static void put(cl_engine *engine, size_t at, cl_transfer *t)
{
    engine->clock[at] = t;
    t->clock_at = (int32_t)at;
}

static void sift_up(cl_engine *engine, size_t at)
{
    cl_transfer *t = engine->clock[at];

    while (at > 0 && engine->clock[(at - 1) / 2]->due_at > t->due_at) {
        put(engine, at, engine->clock[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(engine, at, t);
}

static void sift_down(cl_engine *engine, size_t at)
{
    cl_transfer *t = engine->clock[at];

    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= engine->clock_count)
            break;
        if (child + 1 < engine->clock_count && engine->clock[child + 1]->due_at < engine->clock[child]->due_at)
            child++;
        if (engine->clock[child]->due_at >= t->due_at)
            break;
        put(engine, at, engine->clock[child]);
        at = child;
    }
    put(engine, at, t);
}

void cl_clock_disarm(cl_engine *engine, cl_transfer *t)
{
    size_t at = (size_t)t->clock_at;

    if (t->clock_at == CL_NOWHERE)
        return;
    t->clock_at = CL_NOWHERE;
    engine->clock_count--;
    if (at == engine->clock_count)
        return;
    put(engine, at, engine->clock[engine->clock_count]);
    sift_down(engine, at);
    sift_up(engine, at);
}

/* The heap has room for every transfer: cl_clock_reserve() made it when the transfer came. */
void cl_clock_arm(cl_engine *engine, cl_transfer *t)
{
    int64_t at = cl_transfer_deadline(t);

    if (!cl_engine_is_loop(engine) || at == INT64_MAX || t->ended)
        return;
    /* A deadline that moved away is found when the earlier time has come: bytes must not cost a move in the heap. */
    if (t->clock_at != CL_NOWHERE && t->due_at <= at)
        return;
    t->due_at = at;
    if (t->clock_at == CL_NOWHERE)
        put(engine, engine->clock_count++, t);
    sift_up(engine, (size_t)t->clock_at);
}

bool cl_clock_reserve(cl_engine *engine)
{
    size_t need = engine->transfers + 1;
    cl_transfer **longer;
    size_t cap = engine->clock_cap ? engine->clock_cap : 16;

    if (!cl_engine_is_loop(engine) || need <= engine->clock_cap)
        return true;
    while (cap < need)
        cap *= 2;
    longer = realloc(engine->clock, cap * sizeof longer[0]);
    if (!longer)
        return false;
    engine->clock = longer;
    engine->clock_cap = cap;
    return true;
}

int64_t cl_clock_next(const cl_engine *engine)
{
    return engine->clock_count > 0 ? engine->clock[0]->due_at : INT64_MAX;
}

void cl_clock_run(cl_engine *engine, int64_t now)
{
    while (engine->clock_count > 0 && engine->clock[0]->due_at <= now) {
        cl_transfer *t = engine->clock[0];
        cl_clock_disarm(engine, t);
        if (cl_transfer_deadline(t) <= now)
            cl_engine_mark(engine, t); /* its owner judges, and arms it again if need be */
        else
            cl_clock_arm(engine, t);
    }
}
