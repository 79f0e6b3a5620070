#include "reliability/recent.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/fork.h"

struct cl_recent {
    _Atomic uint32_t refs;
    pthread_mutex_t lock;
    cl_recent_limits limits;
    size_t capacity;
    size_t count;
    size_t next; /* where the next row goes */
    cl_recent_row rows[];
};

/* A child process must not find the lock taken by a thread that it does not have. */
static void lock(cl_recent *recent)
{
    cl_fork_hold();
    pthread_mutex_lock(&recent->lock);
}

static void unlock(cl_recent *recent)
{
    pthread_mutex_unlock(&recent->lock);
    cl_fork_release();
}

cl_recent *cl_recent_new(size_t capacity)
{
    size_t n = capacity < 1 ? 1 : capacity > CL_RECENT_MAX ? CL_RECENT_MAX : capacity;
    cl_recent *recent = calloc(1, sizeof *recent + n * sizeof recent->rows[0]);

    if (!recent || pthread_mutex_init(&recent->lock, NULL) != 0) {
        free(recent);
        return NULL;
    }
    (void)cl_fork_generation(); /* so that forks are held from now on */
    recent->refs = 1;
    recent->capacity = n;
    return recent;
}

cl_recent *cl_recent_ref(cl_recent *recent)
{
    atomic_fetch_add_explicit(&recent->refs, 1, memory_order_relaxed);
    return recent;
}

void cl_recent_unref(cl_recent *recent)
{
    if (!recent || atomic_fetch_sub_explicit(&recent->refs, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_destroy(&recent->lock);
    free(recent);
}

void cl_recent_add(cl_recent *recent, const cl_recent_row *row)
{
    cl_recent_row copy = *row;

    cl_err_copy_text(
        copy.attempt.request_id, sizeof copy.attempt.request_id,
        cl_str_n(row->attempt.request_id, strnlen(row->attempt.request_id, sizeof copy.attempt.request_id)));
    lock(recent);
    recent->rows[recent->next] = copy;
    recent->next = (recent->next + 1) % recent->capacity;
    if (recent->count < recent->capacity)
        recent->count++;
    unlock(recent);
}

void cl_recent_set_limits(cl_recent *recent, const cl_recent_limits *limits)
{
    lock(recent);
    recent->limits = *limits;
    unlock(recent);
}

size_t cl_recent_capacity(const cl_recent *recent)
{
    return recent->capacity;
}

size_t cl_recent_rows(cl_recent *recent, cl_recent_row *out)
{
    size_t count;

    lock(recent);
    count = recent->count;
    for (size_t i = 0; i < count; i++)
        out[i] = recent->rows[(recent->next + recent->capacity - count + i) % recent->capacity];
    unlock(recent);
    return count;
}

void cl_recent_limits_of(cl_recent *recent, cl_recent_limits *out)
{
    lock(recent);
    *out = recent->limits;
    unlock(recent);
}
