/*
 * replies_poll.c - several answers at once in a program that waits with poll(2), beside its other descriptors.
 *
 *     cc replies_poll.c replies.c $(pkg-config --cflags --libs libclaude) -o replies_poll
 *     ANTHROPIC_API_KEY=... ./replies_poll "A question" "Another one"
 */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "poll_adapter.h"
#include "replies.h"

int main(int argc, char **argv)
{
    replies all;
    int other[2] = {-1, -1};
    replies_start(&all, argc, argv);
    poll_adapter adapter = {
        .loop = all.loop,
        .on_event = replies_on_event,
        .user_data = &all,
        .max_events = all.max_events,
    };
    /* What else the program waits for; here a pipe that says nothing. */
    if (pipe(other) < 0)
        return 1;
    struct pollfd fds[] = {{.fd = other[0], .events = POLLIN}, poll_adapter_fd(&adapter)};
    while (all.open > 0) {
        if (poll(fds, 2, -1) > 0)
            poll_adapter_ready(&adapter, &fds[1]);
    }
    close(other[0]);
    close(other[1]);
    return replies_end(&all, adapter.wakeups);
}
