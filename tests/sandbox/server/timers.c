/* A binary heap of connections by due time over one timerfd. */
#include "server.h"

#include <stdlib.h>
#include <sys/timerfd.h>

uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void place(struct server *server, size_t at, struct conn *conn)
{
    server->heap[at] = conn;
    conn->heap_index = at;
}

static void sift_up(struct server *server, size_t at, struct conn *conn)
{
    while (at > 0 && server->heap[(at - 1) / 2]->due_ns > conn->due_ns) {
        place(server, at, server->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(server, at, conn);
}

static void sift_down(struct server *server, size_t at, struct conn *conn)
{
    for (;;) {
        size_t child = at * 2 + 1;

        if (child >= server->heap_count)
            break;
        if (child + 1 < server->heap_count && server->heap[child + 1]->due_ns < server->heap[child]->due_ns)
            child++;
        if (server->heap[child]->due_ns >= conn->due_ns)
            break;
        place(server, at, server->heap[child]);
        at = child;
    }
    place(server, at, conn);
}

static void arm(struct server *server, uint64_t due_ns)
{
    struct itimerspec spec = {0};

    if (due_ns == server->armed_ns)
        return;
    server->armed_ns = due_ns;
    spec.it_value.tv_sec = (time_t)(due_ns / 1000000000U);
    spec.it_value.tv_nsec = (long)(due_ns % 1000000000U);
    timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

void timer_clear(struct server *server, struct conn *conn)
{
    size_t at = conn->heap_index;
    struct conn *last;

    conn->wait = WAIT_NONE;
    if (at == SIZE_MAX)
        return;
    conn->heap_index = SIZE_MAX;
    last = server->heap[--server->heap_count];
    if (last == conn)
        return;
    if (at > 0 && server->heap[(at - 1) / 2]->due_ns > last->due_ns)
        sift_up(server, at, last);
    else
        sift_down(server, at, last);
}

void timer_set(struct server *server, struct conn *conn, enum wait_kind wait, uint64_t due_ns)
{
    timer_clear(server, conn);
    if (server->heap_count == server->heap_cap) {
        server->heap_cap = server->heap_cap != 0 ? server->heap_cap * 2 : 64;
        server->heap = xrealloc(server->heap, server->heap_cap * sizeof(struct conn *));
    }
    conn->wait = wait;
    conn->due_ns = due_ns;
    sift_up(server, server->heap_count++, conn);
    if (server->armed_ns == 0 || due_ns < server->armed_ns)
        arm(server, due_ns);
}

struct conn *timer_pop(struct server *server)
{
    struct conn *conn;

    if (server->heap_count == 0)
        return NULL;
    conn = server->heap[0];
    if (conn->due_ns > server->now_ns) {
        arm(server, conn->due_ns);
        return NULL;
    }
    timer_clear(server, conn);
    return conn;
}
