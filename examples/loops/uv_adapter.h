/*
 * uv_adapter.h - libclaude in a libuv loop. To be copied into programs.
 *
 * uv_close((uv_handle_t *)&adapter->poll, NULL) ends it, also from on_event. The adapter and the claude_loop_t are
 * released once libuv has closed the handle.
 */
#ifndef UV_ADAPTER_H
#define UV_ADAPTER_H

#include <claude/claude.h>
#include <uv.h>

typedef struct uv_adapter {
    uv_poll_t poll;
    claude_loop_t *loop;
    /* code is that of claude_loop_next(): 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost */
    void (*on_event)(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
    void *user_data;
    uint32_t max_events; /* each time, so that the rest of the program has its turn; 0: all there are */
    uint64_t wakeups;    /* for the curious */
} uv_adapter;

static void uv_adapter_ready(uv_poll_t *poll, int status, int events)
{
    uv_adapter *self = poll->data;
    const claude_event_t *event = NULL;
    claude_code_t code;
    uint64_t tag = 0;
    uint32_t taken = 0;
    (void)status, (void)events;
    self->wakeups++;
    claude_loop_dispatch(self->loop, NULL);
    while ((code = claude_loop_next(self->loop, &tag, &event, NULL)) != 0) {
        self->on_event(code, tag, event, self->user_data);
        if (code < 0 || ++taken == self->max_events)
            break;
    }
}

/* Fill in loop, on_event, user_data and max_events before. Returns 0 or an error of libuv. */
static int uv_adapter_start(uv_adapter *self, uv_loop_t *uv)
{
    int rc = uv_poll_init(uv, &self->poll, claude_loop_fd(self->loop));
    self->poll.data = self;
    return rc == 0 ? uv_poll_start(&self->poll, UV_READABLE, uv_adapter_ready) : rc;
}

#endif
