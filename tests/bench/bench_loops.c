#include "bench_loops.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { BATCH = 256, STREAMS_PER_CONNECTION = 16 };

/* ---- plain libcurl ---- */

static void check(CURLMcode rc)
{
    if (rc != CURLM_OK)
        bench_fail("libcurl", curl_multi_strerror(rc));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user_data, void *known)
{
    bench_multi *m = user_data;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        /* The socket may be closed already, and so be gone. */
        epoll_ctl(m->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
    if (epoll_ctl(m->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        bench_fail("epoll_ctl", "?");
    if (known == NULL)
        check(curl_multi_assign(m->multi, fd, m));
    return 0;
}

/* libcurl changes its mind often; the timer is set once, before waiting. */
static int on_timer(CURLM *multi, long timeout_ms, void *user_data)
{
    bench_multi *m = user_data;
    (void)multi;
    m->timeout_ms = timeout_ms;
    m->timer_old = true;
    return 0;
}

static void run_timer(bench_multi *m)
{
    struct itimerspec spec = {0};
    int running;
    while (m->timer_old && m->timeout_ms == 0) {
        m->timer_old = false;
        check(curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running));
    }
    if (!m->timer_old)
        return;
    m->timer_old = false;
    if (m->timeout_ms > 0) {
        spec.it_value.tv_sec = m->timeout_ms / 1000;
        spec.it_value.tv_nsec = m->timeout_ms % 1000 * 1000000;
    }
    timerfd_settime(m->timer, 0, &spec, NULL);
}

void bench_multi_open(bench_multi *m)
{
    struct epoll_event event = {.events = EPOLLIN};
    *m = (bench_multi){.multi = curl_multi_init(), .timeout_ms = -1};
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    event.data.fd = m->timer;
    if (m->multi == NULL || m->epoll < 0 || m->timer < 0 || epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->timer, &event) != 0)
        bench_fail("bench_multi_open", "?");
    check(curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, on_socket));
    check(curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m));
    check(curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, on_timer));
    check(curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m));
    check(curl_multi_setopt(m->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_PER_CONNECTION));
}

void bench_multi_add(const bench_multi *m, CURL *easy)
{
    check(curl_multi_add_handle(m->multi, easy));
}

void bench_multi_turn(bench_multi *m, int timeout_ms)
{
    struct epoll_event events[BATCH];
    int running;
    int n;
    run_timer(m);
    n = epoll_wait(m->epoll, events, BATCH, timeout_ms);
    for (int i = 0; i < n; i++) {
        uint64_t expirations;
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        if (events[i].data.fd != m->timer)
            check(curl_multi_socket_action(m->multi, events[i].data.fd, what, &running));
        else if (read(m->timer, &expirations, sizeof expirations) == (ssize_t)sizeof expirations)
            check(curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running));
    }
}

void bench_multi_close(bench_multi *m)
{
    curl_multi_cleanup(m->multi);
    close(m->timer);
    close(m->epoll);
}

/* ---- libclaude ---- */

void bench_loop_open(bench_loop *l, claude_client_t *client)
{
    claude_error_t *err = NULL;
    struct epoll_event event = {.events = EPOLLIN};
    if (claude_loop_new(client, &l->loop, &err) < 0)
        bench_fail("claude_loop_new", claude_error_message(err));
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, claude_loop_fd(l->loop), &event) != 0)
        bench_fail("epoll", "?");
}

claude_call_t *bench_loop_submit(const bench_loop *l, const claude_request_t *request, uint32_t flags, uint64_t tag)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    if (claude_loop_submit(l->loop, request, flags, tag, &call, &err) < 0)
        bench_fail("claude_loop_submit", claude_error_message(err));
    return call;
}

void bench_loop_turn(bench_loop *l, int timeout_ms)
{
    claude_error_t *err = NULL;
    struct epoll_event event;
    if (epoll_wait(l->epoll, &event, 1, timeout_ms) == 1 && claude_loop_dispatch(l->loop, &err) < 0)
        bench_fail("claude_loop_dispatch", claude_error_message(err));
}

claude_code_t bench_loop_next(const bench_loop *l, uint64_t *tag, const claude_event_t **event)
{
    claude_error_t *err = NULL;
    claude_code_t rc = claude_loop_next(l->loop, tag, event, &err);
    if (rc < 0)
        bench_fail("claude_loop_next", claude_error_message(err));
    return rc;
}

void bench_loop_close(bench_loop *l)
{
    claude_loop_unref(l->loop);
    close(l->epoll);
}
