#include "base/nap.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { NAP_MAX_MS = 3600000 /* nobody minds to look at the clock once an hour */ };

void cl_nap_until(cl_nap *nap, uint32_t mark, int64_t until_ms)
{
    int64_t left = until_ms == INT64_MAX ? NAP_MAX_MS : until_ms - cl_now_ms();
    struct timespec time;

    if (left <= 0)
        return;
    left = left < NAP_MAX_MS ? left : NAP_MAX_MS;
    time = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    syscall(SYS_futex, &nap->calls, FUTEX_WAIT_PRIVATE, mark, &time, NULL, 0);
}

void cl_nap_call(cl_nap *nap)
{
    atomic_fetch_add_explicit(&nap->calls, 1, memory_order_release);
    syscall(SYS_futex, &nap->calls, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
