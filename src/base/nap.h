/* nap.h - a thread that waits for a time, and can be called back before. */
#ifndef CL_BASE_NAP_H
#define CL_BASE_NAP_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct cl_nap {
    _Atomic uint32_t calls; /* how often somebody was called back */
} cl_nap;

/* What to hand to cl_nap_until(): ask before looking for a reason to wait. */
static inline uint32_t cl_nap_mark(const cl_nap *nap)
{
    return atomic_load_explicit(&nap->calls, memory_order_acquire);
}

/* Returns at `until_ms` (cl_now_ms() clock), when called back since the mark was asked for, or for no reason. */
void cl_nap_until(cl_nap *nap, uint32_t mark, int64_t until_ms);
/* Any thread. */
void cl_nap_call(cl_nap *nap);

#endif
