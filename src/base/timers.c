#include "base/timers.h"

#include <stdlib.h>

static void put(cl_timers *timers, size_t place, cl_timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static cl_timer *at(const cl_timers *timers, size_t place)
{
    return timers->heap[place - 1];
}

static void sift_up(cl_timers *timers, cl_timer *timer)
{
    size_t place = timer->place;

    while (place > 1 && at(timers, place / 2)->due_at > timer->due_at) {
        put(timers, place, at(timers, place / 2));
        place /= 2;
    }
    put(timers, place, timer);
}

static void sift_down(cl_timers *timers, cl_timer *timer)
{
    size_t place = timer->place;

    for (;;) {
        size_t child = place * 2;
        if (child > timers->count)
            break;
        if (child < timers->count && at(timers, child + 1)->due_at < at(timers, child)->due_at)
            child++;
        if (at(timers, child)->due_at >= timer->due_at)
            break;
        put(timers, place, at(timers, child));
        place = child;
    }
    put(timers, place, timer);
}

bool cl_timers_reserve(cl_timers *timers, size_t count)
{
    size_t cap = timers->cap ? timers->cap : 16;
    cl_timer **longer;

    if (count <= timers->cap)
        return true;
    while (cap < count)
        cap *= 2;
    longer = realloc(timers->heap, cap * sizeof longer[0]);
    if (!longer)
        return false;
    timers->heap = longer;
    timers->cap = cap;
    return true;
}

void cl_timers_arm(cl_timers *timers, cl_timer *timer, int64_t due_at)
{
    timer->due_at = due_at;
    if (timer->place == 0)
        put(timers, ++timers->count, timer);
    sift_down(timers, timer);
    sift_up(timers, timer);
}

void cl_timers_disarm(cl_timers *timers, cl_timer *timer)
{
    size_t place = timer->place;
    cl_timer *last;

    if (place == 0)
        return;
    timer->place = 0;
    last = at(timers, timers->count--);
    if (last == timer)
        return;
    put(timers, place, last);
    sift_down(timers, last);
    sift_up(timers, last);
}

int64_t cl_timers_next(const cl_timers *timers)
{
    return timers->count > 0 ? timers->heap[0]->due_at : INT64_MAX;
}

cl_timer *cl_timers_take(cl_timers *timers, int64_t now)
{
    cl_timer *first = timers->count > 0 ? timers->heap[0] : NULL;

    if (!first || first->due_at > now)
        return NULL;
    cl_timers_disarm(timers, first);
    return first;
}

void cl_timers_free(cl_timers *timers)
{
    free(timers->heap);
    *timers = (cl_timers){NULL, 0, 0};
}
