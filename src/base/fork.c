#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Many are inside of other libraries at once; a fork lets nobody else in and waits until they are out, which is soon.
 */
static struct {
    pthread_once_t once;
    pthread_mutex_t gate;
    _Atomic uint32_t generation;
    _Atomic uint32_t inside;
    _Atomic bool forking;
} state = {.once = PTHREAD_ONCE_INIT, .gate = PTHREAD_MUTEX_INITIALIZER};

void cl_fork_hold(void)
{
    for (;;) {
        atomic_fetch_add(&state.inside, 1);
        if (!atomic_load(&state.forking))
            return;
        atomic_fetch_sub(&state.inside, 1);
        pthread_mutex_lock(&state.gate);
        pthread_mutex_unlock(&state.gate);
    }
}

void cl_fork_release(void)
{
    atomic_fetch_sub(&state.inside, 1);
}

static void before(void)
{
    pthread_mutex_lock(&state.gate);
    atomic_store(&state.forking, true);
    while (atomic_load(&state.inside) > 0)
        sched_yield();
}

static void after(void)
{
    atomic_store(&state.forking, false);
    pthread_mutex_unlock(&state.gate);
}

static void in_child(void)
{
    atomic_fetch_add_explicit(&state.generation, 1, memory_order_relaxed);
    after();
}

static void install(void)
{
    /* A failure (out of memory) leaves fork detection off; nothing else depends on it. */
    (void)pthread_atfork(before, after, in_child);
}

uint32_t cl_fork_generation(void)
{
    pthread_once(&state.once, install);
    return atomic_load_explicit(&state.generation, memory_order_relaxed);
}
