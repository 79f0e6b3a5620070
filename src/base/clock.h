/* clock.h - time and chance, behind two pointers that tests replace. */
#ifndef CL_BASE_CLOCK_H
#define CL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef struct cl_clock {
    int64_t (*now_ms)(void);  /* monotonic */
    int64_t (*wall_ms)(void); /* since 1970-01-01 UTC */
    uint64_t (*random)(void);
} cl_clock;

/* Never NULL. */
extern const cl_clock *cl_clock_now;
/* Tests only; NULL restores the system's. */
void cl_clock_replace(const cl_clock *clock);

static inline int64_t cl_now_ms(void)
{
    return cl_clock_now->now_ms();
}

static inline int64_t cl_wall_ms(void)
{
    return cl_clock_now->wall_ms();
}

/* When a time from now is over; INT64_MAX for a negative one: never. */
static inline int64_t cl_until(int64_t ms)
{
    int64_t now;

    if (ms < 0)
        return INT64_MAX;
    now = cl_now_ms();
    return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

/* What is left of it; negative: there is no end. */
static inline int64_t cl_until_rest(int64_t until)
{
    int64_t rest;

    if (until == INT64_MAX)
        return -1;
    rest = until - cl_now_ms();
    return rest > 0 ? rest : 0;
}

#endif
