/* until.h - a timeout over several waits. */
#ifndef CL_API_UNTIL_H
#define CL_API_UNTIL_H

#include "base/base.h"

/* When a time from now is over; INT64_MAX for a negative one: never. */
static inline int64_t cl_until(int64_t ms)
{
    int64_t now = cl_now_ms();

    return ms < 0 || ms > INT64_MAX - now ? INT64_MAX : now + ms;
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
