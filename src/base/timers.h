/* timers.h - who is due when: a heap of times that lie in their owners' memory. */
#ifndef CL_BASE_TIMERS_H
#define CL_BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cl_timer {
    int64_t due_at;
    size_t place; /* in the heap, from 1; 0: not in it */
} cl_timer;

typedef struct cl_timers {
    cl_timer **heap;
    size_t count;
    size_t cap;
} cl_timers;

/* Room for so many in all; false when out of memory. Arming never fails where room was made. */
bool cl_timers_reserve(cl_timers *timers, size_t count);
/* Puts a timer in, or moves it. */
void cl_timers_arm(cl_timers *timers, cl_timer *timer, int64_t due_at);
/* Harmless for one that is not in. */
void cl_timers_disarm(cl_timers *timers, cl_timer *timer);
/* INT64_MAX: there is none. */
int64_t cl_timers_next(const cl_timers *timers);
/* Takes out the first one that is due by `now`; NULL: none is. */
cl_timer *cl_timers_take(cl_timers *timers, int64_t now);
void cl_timers_free(cl_timers *timers);

static inline bool cl_timer_is_armed(const cl_timer *timer)
{
    return timer->place != 0;
}

#endif
