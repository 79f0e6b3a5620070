/*
 * sd_event_adapter.h - libclaude in an event loop of systemd's sd-event. To be copied into programs.
 *
 * sd_event_source_unref() with what sd_event_adapter_start() has stored ends it, also from on_event.
 */
#ifndef SD_EVENT_ADAPTER_H
#define SD_EVENT_ADAPTER_H

#include <claude/claude.h>
#include <errno.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

typedef struct sd_event_adapter {
    claude_loop_t *loop;
    /* code is that of claude_loop_next(): 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost */
    void (*on_event)(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
    void *user_data;
    uint32_t max_events; /* each time, so that the rest of the program has its turn; 0: all there are */
    uint64_t wakeups;    /* for the curious */
} sd_event_adapter;

static int sd_event_adapter_ready(sd_event_source *source, int fd, uint32_t events, void *data)
{
    sd_event_adapter *self = data;
    const claude_event_t *event = NULL;
    claude_code_t code;
    uint64_t tag = 0;
    uint32_t taken = 0;
    (void)source, (void)fd, (void)events;
    self->wakeups++;
    claude_loop_dispatch(self->loop, NULL);
    while ((code = claude_loop_next(self->loop, &tag, &event, NULL)) != 0) {
        self->on_event(code, tag, event, self->user_data);
        if (code < 0 || ++taken == self->max_events)
            break;
    }
    return code < 0 ? -EIO : 0; /* a negative value disables the source */
}

/* Fill in loop, on_event, user_data and max_events before. EPOLLIN | EPOLLET does as well. Returns 0 or -errno. */
static int sd_event_adapter_start(sd_event_adapter *self, sd_event *loop, sd_event_source **source)
{
    return sd_event_add_io(loop, source, claude_loop_fd(self->loop), EPOLLIN, sd_event_adapter_ready, self);
}

#endif
