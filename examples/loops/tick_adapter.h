/*
 * tick_adapter.h - libclaude in a program that does a bit of everything once per frame: games, simulations, plugin
 * hosts that are called now and then. No poller at all. To be copied into programs.
 */
#ifndef TICK_ADAPTER_H
#define TICK_ADAPTER_H

#include <claude/claude.h>

typedef struct tick_adapter {
    claude_loop_t *loop;
    /* code is that of claude_loop_next(): 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost */
    void (*on_event)(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
    void *user_data;
    uint32_t max_events; /* per frame, so that a burst costs no frame; 0: all there are */
    uint64_t wakeups;    /* frames in which there was something; for the curious */
} tick_adapter;

/* Once per frame. Never waits. Returns how many events were handed out. */
static uint32_t tick_adapter_frame(tick_adapter *self)
{
    const claude_event_t *event = NULL;
    claude_code_t code;
    uint64_t tag = 0;
    uint32_t taken = 0;
    claude_loop_dispatch(self->loop, NULL);
    while ((code = claude_loop_next(self->loop, &tag, &event, NULL)) != 0) {
        self->on_event(code, tag, event, self->user_data);
        if (code < 0 || ++taken == self->max_events)
            break;
    }
    self->wakeups += taken > 0;
    return taken;
}

#endif
