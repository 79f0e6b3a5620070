/*
 * replies_uv.c - several answers at once in a libuv loop.
 *
 *     cc replies_uv.c replies.c $(pkg-config --cflags --libs libclaude libuv) -o replies_uv
 *     ANTHROPIC_API_KEY=... ./replies_uv "A question" "Another one"
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>

#include "replies.h"
#include "uv_adapter.h"

typedef struct program {
    replies replies;
    uv_adapter adapter;
} program;

static void on_event(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data)
{
    program *self = user_data;
    replies_on_event(code, tag, event, &self->replies);
    if (self->replies.open == 0 && !uv_is_closing((uv_handle_t *)&self->adapter.poll))
        uv_close((uv_handle_t *)&self->adapter.poll, NULL);
}

int main(int argc, char **argv)
{
    program self = {.adapter = {.on_event = on_event}};
    uv_loop_t *uv = uv_default_loop();
    replies_start(&self.replies, argc, argv);
    if (self.replies.open > 0) {
        self.adapter.loop = self.replies.loop;
        self.adapter.user_data = &self;
        self.adapter.max_events = self.replies.max_events;
        int rc = uv_adapter_start(&self.adapter, uv);
        if (rc < 0) {
            fprintf(stderr, "error: %s\n", uv_strerror(rc));
            return 1;
        }
        uv_run(uv, UV_RUN_DEFAULT);
    }
    uv_loop_close(uv);
    return replies_end(&self.replies, self.adapter.wakeups);
}
