/* running_out.c - when memory runs out, for those whose allocations are many libraries': on the thread that asked for
 * it. */
#include <errno.h>
#include <pthread.h>

#include "allocator.h"

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

bool memory_fails(void)
{
    if (!armed || (has_failed && !persistent) || !pthread_equal(pthread_self(), armed_thread) || allowed-- > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}
