#include "base/base.h"

#include <sys/random.h>
#include <time.h>

static int64_t clock_ms(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

static int64_t system_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

static uint64_t system_random(void)
{
    uint64_t value;

    /* Chance here spreads waits, it protects nothing: the clock is good enough where the kernel refuses. */
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value) {
        struct timespec now = {0, 0};
        clock_gettime(CLOCK_MONOTONIC, &now);
        value = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u + (uint64_t)now.tv_sec;
    }
    return value;
}

static const cl_clock system_clock = {system_now_ms, system_wall_ms, system_random};

const cl_clock *cl_clock_now = &system_clock;

void cl_clock_replace(const cl_clock *clock)
{
    cl_clock_now = clock ? clock : &system_clock;
}
