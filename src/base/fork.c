#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

static _Atomic uint32_t generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

void cl_fork_hold(void)
{
    pthread_mutex_lock(&gate);
}

void cl_fork_release(void)
{
    pthread_mutex_unlock(&gate);
}

static void in_child(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    pthread_mutex_unlock(&gate);
}

static void install(void)
{
    /* A failure (out of memory) leaves fork detection off; nothing else depends on it. */
    (void)pthread_atfork(cl_fork_hold, cl_fork_release, in_child);
}

uint32_t cl_fork_generation(void)
{
    pthread_once(&once, install);
    return atomic_load_explicit(&generation, memory_order_relaxed);
}
