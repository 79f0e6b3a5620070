/* engines.c - the few engines that a client's blocking and pull calls share. */
#include "http/engine.h"

#include <sched.h>
#include <stdlib.h>

enum { IDLE_MAX_MS = 30000 /* shrinks the race with a server that closes an idle connection */ };

struct cl_engines {
    pthread_mutex_t lock;
    _Atomic uint32_t generation; /* of the process whose engines these are */
    _Atomic uint32_t claimed;    /* the generation that a thread has begun to make it ready for */
    cl_http_settings settings;
    size_t max;
    size_t count;
    cl_engine *items[];
};

cl_engines *cl_engines_new(size_t max, const cl_http_settings *settings)
{
    cl_engines *engines = calloc(1, sizeof *engines + max * sizeof engines->items[0]);

    if (!engines)
        return NULL;
    if (pthread_mutex_init(&engines->lock, NULL) != 0) {
        free(engines);
        return NULL;
    }
    atomic_init(&engines->generation, cl_fork_generation());
    atomic_init(&engines->claimed, cl_fork_generation());
    engines->settings = *settings;
    engines->max = max;
    return engines;
}

/*
 * In a forked child everything here acts on kernel objects that the parent still uses: it is forgotten, not closed. The
 * lock may have been held by a thread that does not exist here; so the first thread to come makes it anew, and others
 * wait those few instructions.
 */
static void after_fork(cl_engines *engines)
{
    uint32_t now = cl_fork_generation();
    uint32_t claimed;

    if (atomic_load_explicit(&engines->generation, memory_order_acquire) == now)
        return;
    claimed = atomic_load(&engines->claimed);
    if (claimed != now && atomic_compare_exchange_strong(&engines->claimed, &claimed, now)) {
        pthread_mutex_init(&engines->lock, NULL);
        while (engines->count > 0)
            cl_engine_abandon(engines->items[--engines->count]);
        atomic_store_explicit(&engines->generation, now, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&engines->generation, memory_order_acquire) != now)
        sched_yield();
}

static bool is_stale(const cl_engine *engine)
{
    return atomic_load(&engine->busy) == 0 && cl_now_ms() - atomic_load(&engine->idle_since) > IDLE_MAX_MS;
}

/* Call with the lock held. Engines are released without it: what closes connections may take its time. */
static cl_engine *take_out(cl_engines *engines, size_t at)
{
    cl_engine *engine = engines->items[at];

    engines->items[at] = engines->items[--engines->count];
    return engine;
}

/* The first that is idle, else the one with least to do. */
static cl_engine *best(const cl_engines *engines)
{
    cl_engine *found = NULL;

    for (size_t i = 0; i < engines->count; i++) {
        cl_engine *engine = engines->items[i];
        if (!found || atomic_load(&engine->busy) < atomic_load(&found->busy))
            found = engine;
    }
    return found;
}

claude_code_t cl_engines_pick(cl_engines *engines, cl_engine **out, cl_err *err)
{
    cl_engine *stale = NULL;
    cl_engine *found;
    claude_code_t rc = CLAUDE_OK;

    after_fork(engines);
    pthread_mutex_lock(&engines->lock);
    found = best(engines);
    if (found && is_stale(found)) {
        for (size_t i = 0; i < engines->count; i++) {
            if (engines->items[i] == found)
                stale = take_out(engines, i);
        }
        found = best(engines);
    }
    if ((!found || atomic_load(&found->busy) > 0) && engines->count < engines->max) {
        rc = cl_engine_new(&engines->settings, false, &found, err);
        if (rc >= 0)
            engines->items[engines->count++] = found;
    }
    if (rc >= 0) {
        atomic_fetch_add(&found->busy, 1);
        *out = cl_engine_ref(found);
    }
    pthread_mutex_unlock(&engines->lock);
    cl_engine_unref(stale);
    return rc;
}

void cl_engine_done(cl_engine *engine)
{
    if (engine->generation != cl_fork_generation())
        return;
    atomic_store(&engine->idle_since, cl_now_ms());
    atomic_fetch_sub(&engine->busy, 1);
}

void cl_engines_trim(cl_engines *engines)
{
    cl_engine *engine;

    after_fork(engines);
    do {
        pthread_mutex_lock(&engines->lock);
        engine = engines->count > 0 ? take_out(engines, engines->count - 1) : NULL;
        pthread_mutex_unlock(&engines->lock);
        cl_engine_unref(engine);
    } while (engine);
}

void cl_engines_counts(cl_engines *engines, cl_http_counts *out)
{
    cl_engine *engine = NULL;

    *out = (cl_http_counts){0};
    after_fork(engines);
    /* One after the other, without the lock: an engine's own may be held while libcurl works. */
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&engines->lock);
        engine = i < engines->count ? cl_engine_ref(engines->items[i]) : NULL;
        pthread_mutex_unlock(&engines->lock);
        if (!engine)
            return;
        cl_engine_add_counts(engine, out);
        cl_engine_unref(engine);
    }
}

void cl_engines_free(cl_engines *engines)
{
    if (!engines)
        return;
    cl_engines_trim(engines);
    pthread_mutex_destroy(&engines->lock);
    free(engines);
}
