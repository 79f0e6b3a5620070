/*
 * replies_sd_event.c - several answers at once in an event loop of sd-event.
 *
 *     cc replies_sd_event.c replies.c $(pkg-config --cflags --libs libclaude libsystemd) -o replies_sd_event
 *     ANTHROPIC_API_KEY=... ./replies_sd_event "A question" "Another one"
 */
#include <stdio.h>
#include <string.h>

#include "replies.h"
#include "sd_event_adapter.h"

typedef struct program {
    replies replies;
    sd_event_adapter adapter;
    sd_event *loop;
} program;

static void on_event(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data)
{
    program *self = user_data;
    replies_on_event(code, tag, event, &self->replies);
    if (self->replies.open == 0)
        sd_event_exit(self->loop, 0);
}

static int run(program *self)
{
    sd_event_source *source = NULL;
    int rc = sd_event_default(&self->loop);
    if (rc >= 0)
        rc = sd_event_adapter_start(&self->adapter, self->loop, &source);
    if (rc >= 0)
        rc = sd_event_loop(self->loop);
    sd_event_source_unref(source);
    sd_event_unref(self->loop);
    return rc;
}

int main(int argc, char **argv)
{
    program self = {.adapter = {.on_event = on_event}};
    replies_start(&self.replies, argc, argv);
    self.adapter.loop = self.replies.loop;
    self.adapter.user_data = &self;
    self.adapter.max_events = self.replies.max_events;
    int rc = self.replies.open > 0 ? run(&self) : 0;
    if (rc < 0) {
        fprintf(stderr, "error: %s\n", strerror(-rc));
        self.replies.failed = 1;
    }
    return replies_end(&self.replies, self.adapter.wakeups);
}
