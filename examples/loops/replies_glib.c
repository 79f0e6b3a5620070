/*
 * replies_glib.c - several answers at once in a GLib main loop.
 *
 *     cc replies_glib.c replies.c $(pkg-config --cflags --libs libclaude glib-2.0) -o replies_glib
 *     ANTHROPIC_API_KEY=... ./replies_glib "A question" "Another one"
 */
#include "glib_adapter.h"
#include "replies.h"

typedef struct program {
    replies replies;
    glib_adapter adapter;
    GMainLoop *main;
} program;

static void on_event(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data)
{
    program *self = user_data;
    replies_on_event(code, tag, event, &self->replies);
    if (self->replies.open == 0)
        g_main_loop_quit(self->main);
}

int main(int argc, char **argv)
{
    program self = {.adapter = {.on_event = on_event}};
    replies_start(&self.replies, argc, argv);
    self.main = g_main_loop_new(NULL, FALSE);
    if (self.replies.open > 0) {
        self.adapter.loop = self.replies.loop;
        self.adapter.user_data = &self;
        self.adapter.max_events = self.replies.max_events;
        glib_adapter_start(&self.adapter);
        g_main_loop_run(self.main);
        g_source_remove_by_user_data(&self.adapter);
    }
    g_main_loop_unref(self.main);
    return replies_end(&self.replies, self.adapter.wakeups);
}
