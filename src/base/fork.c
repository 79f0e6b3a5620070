#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static _Atomic uint32_t generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Many are inside at once; a fork lets nobody else in and waits until they are out, which is soon. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t inside;
static _Atomic bool forking;

void cl_fork_hold(void)
{
    for (;;) {
        atomic_fetch_add(&inside, 1);
        if (!atomic_load(&forking))
            return;
        atomic_fetch_sub(&inside, 1);
        pthread_mutex_lock(&gate);
        pthread_mutex_unlock(&gate);
    }
}

void cl_fork_release(void)
{
    atomic_fetch_sub(&inside, 1);
}

static void before(void)
{
    pthread_mutex_lock(&gate);
    atomic_store(&forking, true);
    while (atomic_load(&inside) > 0)
        sched_yield();
}

static void after(void)
{
    atomic_store(&forking, false);
    pthread_mutex_unlock(&gate);
}

static void in_child(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    after();
}

static void install(void)
{
    /* A failure (out of memory) leaves fork detection off; nothing else depends on it. */
    (void)pthread_atfork(before, after, in_child);
}

uint32_t cl_fork_generation(void)
{
    pthread_once(&once, install);
    return atomic_load_explicit(&generation, memory_order_relaxed);
}
