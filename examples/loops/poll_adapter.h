/*
 * poll_adapter.h - libclaude in a program that waits with poll(2). To be copied into programs.
 *
 *     fds[n] = poll_adapter_fd(&adapter);      once: it never changes
 *     poll(fds, n + 1, your_timeout);          any timeout
 *     poll_adapter_ready(&adapter, &fds[n]);   after each poll()
 */
#ifndef POLL_ADAPTER_H
#define POLL_ADAPTER_H

#include <claude/claude.h>
#include <poll.h>

typedef struct poll_adapter {
    claude_loop_t *loop;
    /* code is that of claude_loop_next(): 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost */
    void (*on_event)(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
    void *user_data;
    uint32_t max_events; /* each time, so that the rest of the program has its turn; 0: all there are */
    uint64_t wakeups;    /* for the curious */
} poll_adapter;

static struct pollfd poll_adapter_fd(const poll_adapter *self)
{
    struct pollfd fd = {.fd = claude_loop_fd(self->loop), .events = POLLIN};
    return fd;
}

static void poll_adapter_ready(poll_adapter *self, const struct pollfd *fd)
{
    const claude_event_t *event = NULL;
    claude_code_t code;
    uint64_t tag = 0;
    uint32_t taken = 0;
    if (fd->revents == 0)
        return;
    self->wakeups++;
    claude_loop_dispatch(self->loop, NULL);
    while ((code = claude_loop_next(self->loop, &tag, &event, NULL)) != 0) {
        self->on_event(code, tag, event, self->user_data);
        if (code < 0 || ++taken == self->max_events)
            break;
    }
}

#endif
