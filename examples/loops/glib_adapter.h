/*
 * glib_adapter.h - libclaude in a GLib main loop (GTK, GStreamer, ...). To be copied into programs.
 *
 * g_source_remove_by_user_data(adapter) ends it, also from on_event.
 */
#ifndef GLIB_ADAPTER_H
#define GLIB_ADAPTER_H

#include <claude/claude.h>
#include <glib-unix.h>

typedef struct glib_adapter {
    claude_loop_t *loop;
    /* code is that of claude_loop_next(): 1 an event, CLAUDE_DONE the end of a call, negative: the loop is lost */
    void (*on_event)(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
    void *user_data;
    uint32_t max_events; /* each time, so that the rest of the program has its turn; 0: all there are */
    uint64_t wakeups;    /* for the curious */
} glib_adapter;

static gboolean glib_adapter_ready(gint fd, GIOCondition condition, gpointer data)
{
    glib_adapter *self = data;
    const claude_event_t *event = NULL;
    claude_code_t code;
    uint64_t tag = 0;
    uint32_t taken = 0;
    (void)fd, (void)condition;
    self->wakeups++;
    claude_loop_dispatch(self->loop, NULL);
    while ((code = claude_loop_next(self->loop, &tag, &event, NULL)) != 0) {
        self->on_event(code, tag, event, self->user_data);
        if (code < 0 || ++taken == self->max_events)
            break;
    }
    return code >= 0; /* FALSE removes the source */
}

/* Fill in loop, on_event, user_data and max_events before. */
static void glib_adapter_start(glib_adapter *self)
{
    g_unix_fd_add(claude_loop_fd(self->loop), G_IO_IN, glib_adapter_ready, self);
}

#endif
