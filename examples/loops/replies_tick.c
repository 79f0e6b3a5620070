/*
 * replies_tick.c - several answers at once in a program that draws sixty frames a second.
 *
 *     cc replies_tick.c replies.c $(pkg-config --cflags --libs libclaude) -o replies_tick
 *     ANTHROPIC_API_KEY=... ./replies_tick "A question" "Another one"
 */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "replies.h"
#include "tick_adapter.h"

enum { FRAME_NS = 1000000000 / 60, EVENTS_PER_FRAME = 32 };

/* Sleeps until the next frame begins. */
static void next_frame(struct timespec *frame)
{
    frame->tv_nsec += FRAME_NS;
    if (frame->tv_nsec >= 1000000000) {
        frame->tv_nsec -= 1000000000;
        frame->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, frame, NULL);
}

int main(int argc, char **argv)
{
    replies all;
    struct timespec frame;
    replies_start(&all, argc, argv);
    tick_adapter adapter = {
        .loop = all.loop,
        .on_event = replies_on_event,
        .user_data = &all,
        .max_events = all.max_events > 0 ? all.max_events : EVENTS_PER_FRAME,
    };
    clock_gettime(CLOCK_MONOTONIC, &frame);
    while (all.open > 0) {
        tick_adapter_frame(&adapter);
        /* Here the program would move its world and draw it. */
        next_frame(&frame);
    }
    return replies_end(&all, adapter.wakeups);
}
