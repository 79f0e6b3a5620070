/* whole_process.c - an allocator.h in which the allocations of all libraries of the process run out. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "allocator.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static pthread_t armed_thread;
static bool armed;
static bool persistent;
static bool has_failed;
static long allowed;

void memory_runs_out(long more, bool forever)
{
    allowed = more;
    persistent = forever;
    has_failed = false;
    armed_thread = pthread_self();
    armed = true;
}

bool memory_is_back(void)
{
    armed = false;
    return has_failed;
}

long memory_held(void)
{
    return 0;
}

static bool fails(void)
{
    if (!armed || (has_failed && !persistent) || !pthread_equal(pthread_self(), armed_thread) || allowed-- > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}
