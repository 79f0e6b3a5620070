#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

static _Atomic uint32_t generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Many are inside at once, and a fork waits for all of them: it must not wait for ever because there is always one. */
static pthread_rwlock_t gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

void cl_fork_hold(void)
{
    pthread_rwlock_rdlock(&gate);
}

void cl_fork_release(void)
{
    pthread_rwlock_unlock(&gate);
}

static void before(void)
{
    pthread_rwlock_wrlock(&gate);
}

static void in_child(void)
{
    static const pthread_rwlock_t open_gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    /* Not unlocked: the lock knows its writer by the number of a thread that has another one here. */
    gate = open_gate;
}

static void install(void)
{
    /* A failure (out of memory) leaves fork detection off; nothing else depends on it. */
    (void)pthread_atfork(before, cl_fork_release, in_child);
}

uint32_t cl_fork_generation(void)
{
    pthread_once(&once, install);
    return atomic_load_explicit(&generation, memory_order_relaxed);
}
