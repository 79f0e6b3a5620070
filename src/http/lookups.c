/*
 * lookups.c - libcurl resolves names in threads of its own. When a call is given up before its lookup has ended, that
 * thread goes on until the system's resolver gives up too. Nobody can stop it, so their number must not grow for ever:
 * how many there may still be is known only by the time that a resolver takes at most.
 */
#include "http/engine.h"

enum { LOOKUPS_MAX = 16, LOOKUP_MAX_MS = 30000 };

/* When each may be taken to have ended; 0: none. */
static _Atomic int64_t ends[LOOKUPS_MAX];

bool cl_lookups_exhausted(void)
{
    int64_t now = cl_now_ms();

    for (size_t i = 0; i < LOOKUPS_MAX; i++) {
        if (atomic_load_explicit(&ends[i], memory_order_relaxed) <= now)
            return false;
    }
    return true;
}

void cl_lookups_abandoned(void)
{
    int64_t now = cl_now_ms();

    for (size_t i = 0; i < LOOKUPS_MAX; i++) {
        int64_t end = atomic_load_explicit(&ends[i], memory_order_relaxed);
        if (end <= now && atomic_compare_exchange_strong(&ends[i], &end, now + LOOKUP_MAX_MS))
            return;
    }
}
