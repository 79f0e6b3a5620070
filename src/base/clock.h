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

#endif
