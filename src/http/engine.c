#include "http/engine.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    EVENTS_PER_STEP = 256,
    EVENTS_PER_SWEEP = 64,
    WRITES_IN_A_ROW = 32, /* before a socket rests from output */
    REST_MS = 10,
    IDLE_CONNECTIONS_MAX = 1024, /* libcurl's own rule would close most of them whenever few calls are under way */
    CURL_FLOOR = 0x075700,       /* 7.87: CURLOPT_QUICK_EXIT, without which deadlines do not hold */
};

/* Of the process. */
static struct {
    pthread_once_t once;
    CURLcode result;
    _Atomic(cl_engine *) abandoned; /* in a child: the parent's engines */
} process = {.once = PTHREAD_ONCE_INIT};

static void global_init(void)
{
    process.result = curl_global_init(CURL_GLOBAL_ALL);
}

claude_code_t cl_http_global(cl_err *err)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    cl_fork_hold(); /* libcurl has a lock of its own around this and around its curl_*_init() */
    pthread_once(&process.once, global_init);
    cl_fork_release();
    if (process.result != CURLE_OK)
        return cl_fail(err, CLAUDE_E_NOMEM, "libcurl could not be initialised: %s", curl_easy_strerror(process.result));
    if (info->version_num < CURL_FLOOR)
        return cl_fail(err, CLAUDE_E_UNSUPPORTED, "libcurl %s is loaded; 7.87 or newer is needed", info->version);
    return CLAUDE_OK;
}

const char *cl_http_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

uint32_t cl_http_library_number(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num;
}

const char *cl_http_tls_library(void)
{
    const char *name = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return name ? name : "";
}

bool cl_http_has_http2(void)
{
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0;
}

/* ---- what is known of sockets ---- */

uint8_t *cl_engine_watch(cl_engine *engine, int fd)
{
    size_t need = (size_t)fd + 1;

    if (need > engine->watch_cap) {
        size_t cap = engine->watch_cap ? engine->watch_cap : 64;
        uint8_t *longer;
        while (cap < need)
            cap *= 2;
        longer = realloc(engine->watched, cap);
        if (!longer)
            return NULL;
        engine->watched = longer;
        longer = realloc(engine->watch, cap);
        if (!longer)
            return NULL;
        memset(longer + engine->watch_cap, 0, cap - engine->watch_cap);
        engine->watch = longer;
        engine->watch_cap = cap;
    }
    return engine->watch + fd;
}

void cl_engine_connected(cl_engine *engine, int fd, const cl_transfer *t)
{
    cl_server *server = t ? t->server : engine->servers;

    engine->watch[fd] = CL_WATCH_CONNECTION;
    engine->watched[fd] = (uint8_t)(server - engine->servers);
    engine->sockets++;
    server->sockets++;
}

void cl_engine_disconnected(cl_engine *engine, int fd)
{
    engine->sockets--;
    engine->servers[engine->watched[fd]].sockets--;
}

static void park(cl_engine *engine, int fd, uint8_t *watch)
{
    *watch |= CL_WATCH_PARKED;
    engine->parked_count++;
    if (engine->parked_listed < CL_PARKED_MAX)
        engine->parked[engine->parked_listed++] = fd;
}

void cl_engine_unpark(cl_engine *engine, int fd, uint8_t *watch)
{
    if (!(*watch & CL_WATCH_PARKED))
        return;
    *watch &= (uint8_t)~CL_WATCH_PARKED;
    engine->parked_count--;
    for (size_t i = 0; i < engine->parked_listed; i++) {
        if (engine->parked[i] == fd) {
            engine->parked[i] = engine->parked[--engine->parked_listed];
            return;
        }
    }
}

/*
 * libcurl lets go of a connection's socket after each request and asks for it again with the next one. It stays in the
 * set meanwhile, which saves two system calls per request; if it stirs when nobody wants it, it is taken out.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_data)
{
    cl_engine *engine = user;
    uint8_t *watch = cl_engine_watch(engine, fd);
    uint8_t wanted = (uint8_t)((what & CURL_POLL_IN ? CL_WATCH_IN : 0) | (what & CURL_POLL_OUT ? CL_WATCH_OUT : 0));
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    (void)socket_data;
    if (!watch) {
        cl_engine_break(engine, ENOMEM);
        return -1;
    }
    if (what == CURL_POLL_REMOVE) {
        /*
         * Only one that stands: others, also of connections that did not come about, are closed without a word, and
         * their number may be another thread's by now. Should it still be open, it is taken out when it stirs.
         */
        if ((*watch & CL_WATCH_CONNECTION) && (*watch & CL_WATCH_KNOWN) && !(*watch & CL_WATCH_OUT)) {
            park(engine, fd, watch);
        } else {
            if (*watch & CL_WATCH_CONNECTION)
                cl_engine_disconnected(engine, fd);
            *watch = 0;
        }
        return 0;
    }
    cl_engine_unpark(engine, fd, watch);
    event.events = (wanted & CL_WATCH_IN ? (uint32_t)EPOLLIN : 0u) | (wanted & CL_WATCH_OUT ? (uint32_t)EPOLLOUT : 0u);
    if (!(*watch & CL_WATCH_KNOWN) || (*watch & (CL_WATCH_IN | CL_WATCH_OUT)) != wanted) {
        int op = *watch & CL_WATCH_KNOWN ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        if (epoll_ctl(engine->epoll_fd, op, fd, &event) != 0 &&
            /* A number that the kernel reused: the other operation is meant. */
            epoll_ctl(engine->epoll_fd, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
            cl_engine_break(engine, errno);
            return -1;
        }
    }
    *watch = (uint8_t)((*watch & CL_WATCH_CONNECTION) | CL_WATCH_KNOWN | wanted);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    cl_engine *engine = user;

    (void)multi;
    engine->curl_timer_at = timeout_ms < 0 ? INT64_MAX : cl_now_ms() + timeout_ms;
    return 0;
}

/* ---- life ---- */

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_multi(cl_engine *engine)
{
    for (size_t https = 0; https < 2; https++) {
        while (engine->slots[https]) {
            cl_slot *slot = engine->slots[https];
            engine->slots[https] = slot->next;
            cl_slot_free(slot);
        }
    }
    engine->slot_count = 0;
    if (engine->multi)
        curl_multi_cleanup(engine->multi);
    engine->multi = NULL;
    engine->broken = 0;
}

void cl_engine_close(cl_engine *engine)
{
    if (engine->generation != cl_fork_generation())
        return;
    cl_engine_lock(engine);
    close_multi(engine);
    close_one(&engine->epoll_fd);
    close_one(&engine->wake_fd);
    close_one(&engine->timer_fd);
    cl_engine_unlock(engine);
}

static void engine_free(cl_engine *engine)
{
    if (!engine)
        return;
    cl_engine_close(engine);
    for (size_t i = 0; i < engine->server_count; i++)
        free(engine->servers[i].name);
    free(engine->watch);
    free(engine->watched);
    cl_timers_free(&engine->clock);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

static bool add_own(cl_engine *engine, int fd)
{
    /* Edge-triggered: once told, it is not told again, so neither needs to be read each time. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};

    return fd >= 0 && epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_descriptors(cl_engine *engine, bool for_loop)
{
    engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (engine->epoll_fd < 0)
        return false;
    engine->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!add_own(engine, engine->wake_fd))
        return false;
    if (!for_loop)
        return true;
    engine->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return add_own(engine, engine->timer_fd);
}

static bool configure(cl_engine *engine, CURLM *multi)
{
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)engine->settings.streams_per_connection) ==
               CURLM_OK;
}

bool cl_engine_open(cl_engine *engine)
{
    CURLM *multi;

    if (engine->multi)
        return true;
    multi = curl_multi_init();
    if (multi && configure(engine, multi))
        engine->multi = multi;
    else
        curl_multi_cleanup(multi);
    return engine->multi != NULL;
}

static bool open_multi(cl_engine *engine)
{
    bool open;

    cl_engine_lock(engine);
    open = cl_engine_open(engine);
    cl_engine_unlock(engine);
    return open;
}

claude_code_t cl_engine_new(const cl_http_settings *settings, bool for_loop, cl_engine **out, cl_err *err)
{
    cl_engine *engine = NULL;
    claude_code_t rc = cl_http_global(err);

    if (rc < 0)
        return rc;
    engine = calloc(1, sizeof *engine);
    if (!engine || pthread_mutex_init(&engine->lock, NULL) != 0) {
        free(engine);
        return cl_fail_nomem(err);
    }
    atomic_init(&engine->refs, 1);
    atomic_init(&engine->busy, 0);
    engine->settings = *settings;
    engine->curl_timer_at = INT64_MAX;
    engine->planned_at = INT64_MAX;
    engine->rested_at = INT64_MAX;
    engine->alarm_at = INT64_MAX;
    engine->writer = -1;
    atomic_init(&engine->idle_since, cl_now_ms());
    engine->generation = cl_fork_generation();
    engine->epoll_fd = -1;
    engine->wake_fd = -1;
    engine->timer_fd = -1;
    if (!open_descriptors(engine, for_loop)) {
        rc = errno == ENOMEM
                 ? cl_fail_nomem(err)
                 : cl_fail(err, CLAUDE_E_LIMIT, "no file descriptor left for connections (error %d)", errno);
        goto out;
    }
    if (!open_multi(engine)) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    *out = engine;
    engine = NULL;
out:
    engine_free(engine);
    return rc;
}

claude_code_t cl_engine_new_for_loop(const cl_http_settings *settings, cl_engine **out, cl_err *err)
{
    return cl_engine_new(settings, true, out, err);
}

cl_engine *cl_engine_ref(cl_engine *engine)
{
    atomic_fetch_add_explicit(&engine->refs, 1, memory_order_relaxed);
    return engine;
}

/* Everything in it acts on kernel objects that the parent still uses: it is left alone on purpose, but not lost. */
void cl_engine_abandon(cl_engine *engine)
{
    if (atomic_exchange(&engine->is_abandoned, true))
        return;
    engine->abandoned_next = atomic_load(&process.abandoned);
    while (!atomic_compare_exchange_weak(&process.abandoned, &engine->abandoned_next, engine))
        continue;
}

void cl_engine_unref(cl_engine *engine)
{
    if (!engine)
        return;
    if (engine->generation != cl_fork_generation()) {
        cl_engine_abandon(engine);
        return;
    }
    if (atomic_fetch_sub_explicit(&engine->refs, 1, memory_order_acq_rel) == 1)
        engine_free(engine);
}

int cl_engine_fd(const cl_engine *engine)
{
    return engine->epoll_fd;
}

/* ---- the lock, and who sleeps beside it ---- */

/* libcurl and the TLS library work under this lock, and have locks of their own. */
void cl_engine_lock(cl_engine *engine)
{
    cl_fork_hold();
    pthread_mutex_lock(&engine->lock);
}

/* The word may be gone from its stack by now: the kernel then wakes nobody, or somebody who looks and sleeps on. */
static void wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void cl_engine_unlock(cl_engine *engine)
{
    _Atomic uint32_t *wakes[CL_WAKES_MAX];
    size_t count;

    cl_engine_settle(engine);
    count = engine->wake_count;
    for (size_t i = 0; i < count; i++)
        wakes[i] = engine->wakes[i];
    engine->wake_count = 0;
    pthread_mutex_unlock(&engine->lock);
    cl_fork_release();
    /* Only now: woken with the lock held they would run into it. */
    for (size_t i = 0; i < count; i++)
        wake(wakes[i]);
}

void cl_engine_rouse(cl_engine *engine, cl_waiter *waiter)
{
    if (atomic_exchange_explicit(&waiter->word, 1, memory_order_relaxed) != 0)
        return;
    if (engine->wake_count < CL_WAKES_MAX)
        engine->wakes[engine->wake_count++] = &waiter->word;
    else
        wake(&waiter->word);
}

void cl_engine_kick(cl_engine *engine)
{
    uint64_t one = 1;
    ssize_t n;

    if (engine->poked)
        return;
    engine->poked = true;
    n = write(engine->wake_fd, &one, sizeof one);
    (void)n; /* a full counter means that it is readable already */
}

void cl_engine_mark(cl_engine *engine, cl_transfer *t)
{
    if (!cl_engine_is_loop(engine)) {
        if (t->waiter)
            cl_engine_rouse(engine, t->waiter);
        return;
    }
    if (t->is_ready)
        return;
    t->is_ready = true;
    t->ready_next = NULL;
    t->ready_prev = engine->ready.last;
    if (engine->ready.last)
        engine->ready.last->ready_next = t;
    else
        engine->ready.first = t;
    engine->ready.last = t;
}

/* What is due already needs no timer: setting one costs more than a hundred events. */
static void plan_loop(cl_engine *engine, int64_t at)
{
    int64_t left = at - cl_now_ms();
    struct itimerspec when = {.it_value = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000}};

    if (left <= 0) {
        cl_engine_kick(engine);
        return;
    }
    engine->planned_at = at;
    timerfd_settime(engine->timer_fd, 0, &when, NULL);
}

static int64_t wake_at(const cl_engine *engine, int64_t until_ms)
{
    int64_t at = until_ms;

    /* Only loops have transfers in the clock, and only for them it matters here: waiting threads know their own time.
     */
    if (cl_timers_next(&engine->clock) < at)
        at = cl_timers_next(&engine->clock);
    if (engine->alarm_at < at)
        at = engine->alarm_at;
    if (engine->rested_at < at)
        at = engine->rested_at;
    return engine->curl_timer_at < at ? engine->curl_timer_at : at;
}

void cl_engine_plan(cl_engine *engine)
{
    int64_t at = wake_at(engine, INT64_MAX);

    if (at >= engine->planned_at)
        return;
    if (cl_engine_is_loop(engine)) {
        plan_loop(engine, at);
    } else if (engine->driven) {
        engine->planned_at = INT64_MIN; /* once is enough */
        cl_engine_kick(engine);
    }
}

/* ---- work ---- */

static void finished(cl_engine *engine)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        cl_slot *slot = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        if (slot && slot->transfer) {
            slot->transfer->ended = true;
            slot->transfer->result = message->data.result;
            cl_transfer_is_over(slot->transfer);
            cl_engine_mark(engine, slot->transfer);
        }
    }
}

void cl_engine_run_timer(cl_engine *engine)
{
    int running = 0;

    if (engine->broken || engine->curl_timer_at == INT64_MAX || engine->curl_timer_at > cl_now_ms())
        return;
    engine->curl_timer_at = INT64_MAX;
    if (curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK)
        cl_engine_break(engine, ENOMEM);
    finished(engine);
}

/*
 * libcurl takes unread bytes for a sign of life, also the farewell of a TLS connection, and would send the next request
 * there. It looks for the end of the bytes: so there shall be one.
 */
static void spoil(int fd)
{
    char bytes[4096];

    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
    (void)shutdown(fd, SHUT_RDWR);
}

static bool speaks_http_1(const cl_engine *engine, int fd)
{
    const cl_server *server = &engine->servers[engine->watched[fd]];
    int32_t version = engine->settings.http_version;

    return version == CL_HTTP_VERSION_1_1 || server->share == CL_SHARE_NEVER ||
           (!server->https && version != CL_HTTP_VERSION_2);
}

static void take_out(cl_engine *engine, int fd, uint8_t *watch)
{
    epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    cl_engine_unpark(engine, fd, watch);
    *watch = CL_WATCH_CONNECTION;
}

/* Something has arrived on an idle connection: an end, or what would be taken for the next answer. With HTTP/2 it may
 * be anything, so only an end matters. */
static void parked_stirs(cl_engine *engine, int fd, uint8_t *watch)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.fd = fd};
    struct pollfd look = {.fd = fd, .events = POLLIN | POLLRDHUP};

    /* It may have been told before somebody else read what there was. */
    if (poll(&look, 1, 0) == 0)
        return;
    /* That of a paused stream has bytes that must not be lost. It is asked for again when the stream goes on. */
    if (engine->waiting > 0) {
        take_out(engine, fd, watch);
        return;
    }
    if (!speaks_http_1(engine, fd) && !(look.revents & (POLLRDHUP | POLLHUP | POLLERR)) &&
        epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0) {
        *watch &= (uint8_t)~CL_WATCH_IN;
        return;
    }
    spoil(fd);
    take_out(engine, fd, watch);
}

/*
 * While an HTTP/2 stream waits for its window, libcurl goes on to ask for output that it has no use for, and would keep
 * a core busy. Real output has an answer now and then, or so much room that a pause of some milliseconds is not felt.
 */
static void rest_from_output(cl_engine *engine, int fd, uint32_t got)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    uint8_t *watch = cl_engine_watch(engine, fd);

    if (got != EPOLLOUT || fd != engine->writer) {
        engine->writer = fd;
        engine->writes = 0;
        return;
    }
    if (++engine->writes < WRITES_IN_A_ROW || !watch || (*watch & (CL_WATCH_OUT | CL_WATCH_PARKED)) != CL_WATCH_OUT)
        return;
    engine->writes = 0;
    if (epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
        return;
    *watch |= CL_WATCH_RESTING;
    engine->rested_at = cl_now_ms() + REST_MS;
}

static void end_rest(cl_engine *engine)
{
    if (engine->rested_at > cl_now_ms())
        return;
    engine->rested_at = INT64_MAX;
    for (size_t fd = 0; fd < engine->watch_cap; fd++) {
        struct epoll_event event = {.events = EPOLLOUT, .data.fd = (int)fd};
        if (!(engine->watch[fd] & CL_WATCH_RESTING))
            continue;
        if (engine->watch[fd] & CL_WATCH_IN)
            event.events |= EPOLLIN;
        epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, (int)fd, &event);
        engine->watch[fd] &= (uint8_t)~CL_WATCH_RESTING;
    }
}

static void socket_ready(cl_engine *engine, const struct epoll_event *event)
{
    int fd = event->data.fd;
    uint32_t got = event->events;
    int mask = (got & EPOLLIN ? CURL_CSELECT_IN : 0) | (got & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (got & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    uint8_t *watch = cl_engine_watch(engine, fd);
    int running = 0;

    if (!watch || engine->broken)
        return;
    if ((*watch & CL_WATCH_KNOWN) && !(*watch & CL_WATCH_PARKED)) {
        if (curl_multi_socket_action(engine->multi, fd, mask, &running) != CURLM_OK)
            cl_engine_break(engine, ENOMEM);
        rest_from_output(engine, fd, got);
        return;
    }
    /* It may have been closed while nobody held the lock, and be another thread's by number: then it stirs once only.
     */
    if (*watch & CL_WATCH_PARKED)
        parked_stirs(engine, fd, watch);
    else if (*watch & CL_WATCH_STRAY)
        epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    else
        *watch |= CL_WATCH_STRAY;
}

static bool is_parked(const cl_engine *engine, int fd)
{
    return (size_t)fd < engine->watch_cap && (engine->watch[fd] & CL_WATCH_PARKED);
}

/* Where the set has more to tell of other sockets: each of these is asked. */
static void ask_parked(cl_engine *engine)
{
    struct pollfd look[CL_PARKED_MAX];
    size_t count = engine->parked_listed;

    for (size_t i = 0; i < count; i++) {
        bool reads = engine->watch[engine->parked[i]] & CL_WATCH_IN;
        look[i] = (struct pollfd){.fd = engine->parked[i], .events = (short)(POLLRDHUP | (reads ? POLLIN : 0))};
    }
    if (count == 0 || poll(look, count, 0) <= 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (look[i].revents != 0)
            parked_stirs(engine, look[i].fd, engine->watch + look[i].fd);
    }
}

void cl_engine_sweep(cl_engine *engine)
{
    struct epoll_event events[EVENTS_PER_SWEEP];
    size_t parked = engine->parked_count;
    int n;

    if (parked == engine->parked_listed && parked < engine->sockets - parked) {
        ask_parked(engine);
        return;
    }
    n = epoll_wait(engine->epoll_fd, events, EVENTS_PER_SWEEP, 0);
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        if (fd == engine->wake_fd) {
            /* Told once only, and not meant for here. */
            engine->poked = false;
            cl_engine_kick(engine);
        } else if (fd == engine->timer_fd) {
            engine->planned_at = INT64_MAX;
        } else if (is_parked(engine, fd)) {
            socket_ready(engine, &events[i]);
        }
    }
}

/* Waits for sockets with the lock free. */
static int wait_for_sockets(cl_engine *engine, int64_t until_ms, struct epoll_event *events, int max)
{
    int64_t at = wake_at(engine, until_ms);
    int64_t left = at == INT64_MAX ? INT64_MAX : at - cl_now_ms();
    int n;

    if (left <= 0)
        return epoll_wait(engine->epoll_fd, events, max, 0);
    engine->driven = true;
    if (!cl_engine_is_loop(engine))
        engine->planned_at = at;
    cl_engine_unlock(engine);
    n = epoll_wait(engine->epoll_fd, events, max, left > INT_MAX ? (left == INT64_MAX ? -1 : INT_MAX) : (int)left);
    cl_engine_lock(engine);
    engine->driven = false;
    return n;
}

int cl_engine_step(cl_engine *engine, int64_t until_ms, int max_events)
{
    struct epoll_event events[EVENTS_PER_STEP];
    int sockets = 0;
    int n;

    max_events = max_events < EVENTS_PER_STEP ? max_events : EVENTS_PER_STEP;
    n = wait_for_sockets(engine, until_ms, events, max_events);
    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == engine->wake_fd) {
            engine->poked = false;
        } else if (events[i].data.fd == engine->timer_fd) {
            engine->planned_at = INT64_MAX;
        } else {
            sockets++;
            socket_ready(engine, &events[i]);
        }
    }
    if (sockets > 0)
        finished(engine);
    if (engine->rested_at != INT64_MAX)
        end_rest(engine);
    cl_engine_run_timer(engine);
    cl_engine_admit_more(engine);
    cl_engine_settle(engine);
    return n > 0 ? n : 0;
}

/* ---- when libcurl has failed ---- */

/*
 * libcurl that could not note down which transfer uses which socket divides by zero when it comes by that place again,
 * or looks at transfers that are gone. Taking transfers out and closing everything is all that is safe.
 */
void cl_engine_break(cl_engine *engine, int why)
{
    if (!engine->broken)
        engine->broken = why;
}

/* Everything that was known of libcurl's sockets. The descriptors stay: others may be watching them. */
static void forget_sockets(cl_engine *engine)
{
    if (engine->watch)
        memset(engine->watch, 0, engine->watch_cap);
    engine->sockets = 0;
    for (size_t i = 0; i < engine->server_count; i++) {
        engine->servers[i].sockets = 0;
        engine->servers[i].share = CL_SHARE_UNKNOWN;
    }
    engine->parked_listed = 0;
    engine->parked_count = 0;
    engine->writer = -1;
    engine->rested_at = INT64_MAX;
    engine->curl_timer_at = INT64_MAX;
}

void cl_engine_let_go(cl_engine *engine)
{
    cl_slot *slot = engine->made;

    while (slot) {
        cl_slot *next = slot->made_next;
        cl_transfer *t = slot->transfer;
        if (t && !t->ended)
            t->lost_for = engine->broken;
        if (t)
            cl_engine_cut(engine, t, CURLE_OUT_OF_MEMORY);
        slot = next;
    }
    close_multi(engine);
    forget_sockets(engine);
    cl_engine_admit_more(engine);
    cl_engine_plan(engine);
}

/* ---- event loops ---- */

void cl_engine_turn(cl_engine *engine, int64_t until_ms, size_t max_sockets)
{
    int max = max_sockets < EVENTS_PER_STEP ? (int)max_sockets : EVENTS_PER_STEP;
    size_t looked = 0;
    int n;

    cl_engine_lock(engine);
    engine->unfinished = false;
    n = cl_engine_step(engine, until_ms, max);
    /* Until nothing is left: who polls by edges is not told of what was there before. */
    while (n > 0 && (looked += (size_t)n) < max_sockets && engine->ready.first == NULL)
        n = cl_engine_step(engine, 0, max);
    if (n > 0)
        n = cl_engine_step(engine, 0, max);
    engine->turned_at = cl_now_ms();
    cl_clock_run(engine, engine->turned_at);
    cl_engine_plan(engine);
    engine->unfinished = n > 0;
    if (engine->unfinished) {
        engine->poked = false; /* its event may still be queued behind the sockets: it must be written again */
        cl_engine_kick(engine);
    }
    cl_engine_unlock(engine);
}

void cl_engine_collect(cl_engine *engine, void (*add)(void *owner, void *user), void *user)
{
    cl_transfer *t;

    cl_engine_lock(engine);
    t = engine->ready.first;
    engine->ready = (cl_transfers){NULL, NULL};
    while (t) {
        cl_transfer *next = t->ready_next;
        t->is_ready = false;
        add(t->owner, user);
        t = next;
    }
    cl_engine_unlock(engine);
}

void cl_engine_poke(cl_engine *engine)
{
    cl_engine_lock(engine);
    cl_engine_kick(engine);
    cl_engine_unlock(engine);
}

void cl_engine_set_alarm(cl_engine *engine, int64_t at)
{
    cl_engine_lock(engine);
    engine->alarm_at = at;
    cl_engine_plan(engine);
    cl_engine_unlock(engine);
}

void cl_engine_stir(cl_engine *engine)
{
    if (engine->generation != cl_fork_generation())
        return;
    atomic_store(&engine->stirred, true);
    cl_engine_poke(engine);
}

bool cl_engine_was_stirred(cl_engine *engine)
{
    return atomic_load_explicit(&engine->stirred, memory_order_relaxed) && atomic_exchange(&engine->stirred, false);
}

void cl_engine_was_away(cl_engine *engine)
{
    int64_t now = cl_now_ms();

    cl_engine_lock(engine);
    engine->away += now - engine->turned_at;
    engine->turned_at = now;
    cl_engine_unlock(engine);
}

void cl_engine_unpoke(cl_engine *engine)
{
    uint64_t count;
    ssize_t n;

    cl_engine_lock(engine);
    /* What was left undone, or came meanwhile, must not be taken back. */
    if (engine->poked && !engine->unfinished && !engine->ready.first && !atomic_load(&engine->stirred)) {
        engine->poked = false;
        n = read(engine->wake_fd, &count, sizeof count);
        (void)n;
        cl_engine_plan(engine); /* something may be due */
    }
    cl_engine_unlock(engine);
}
