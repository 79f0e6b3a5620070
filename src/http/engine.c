#include "http/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IDLE_ENGINES_MAX = 64,      /* kept by a pool; more are freed when they are given back */
    IDLE_ENGINE_MAX_MS = 30000, /* shrinks the race with a server that closes an idle connection */
    EVENTS_PER_STEP = 16,
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void global_init(void)
{
    global_result = curl_global_init(CURL_GLOBAL_ALL);
}

claude_code_t cl_http_global(cl_err *err)
{
    pthread_once(&global_once, global_init);
    if (global_result != CURLE_OK)
        return cl_fail(err, CLAUDE_E_NOMEM, "libcurl could not be initialised: %s", curl_easy_strerror(global_result));
    return CLAUDE_OK;
}

const char *cl_http_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
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

/* ---- libcurl's callbacks of the multi handle ---- */

/* Takes the parked socket out of the epoll set. */
static void unpark(cl_engine *engine)
{
    if (engine->parked_fd >= 0)
        epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, engine->parked_fd, NULL);
    engine->parked_fd = -1;
}

/*
 * libcurl lets go of the socket after each request and asks for it again with the next one. It stays in the set
 * meanwhile, for reading, which saves two system calls per request; if it stirs when nobody wants it, it is taken out.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_data)
{
    cl_engine *engine = user;
    struct epoll_event event = {.data.fd = fd};
    bool parked = fd == engine->parked_fd;
    bool known = socket_data || parked;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(engine->multi, fd, NULL);
        unpark(engine);
        /* Only a connection's: others are closed without a word, and their number comes back as something else. */
        if (fd == engine->connection_fd) {
            engine->parked_fd = fd;
            engine->parked_events = (uint32_t)(uintptr_t)socket_data;
        } else {
            epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        }
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0u) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0u);
    if (parked)
        engine->parked_fd = -1;
    if (!(parked && engine->parked_events == event.events) &&
        epoll_ctl(engine->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
        /* A number that the kernel reused: the other operation is meant. */
        int op = errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        if (epoll_ctl(engine->epoll_fd, op, fd, &event) != 0) {
            engine->broken = true; /* nobody would ever hear of this socket */
            return -1;
        }
    }
    curl_multi_assign(engine->multi, fd, (void *)(uintptr_t)event.events);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    cl_engine *engine = user;

    (void)multi;
    engine->timer_at = timeout_ms < 0 ? INT64_MAX : cl_now_ms() + timeout_ms;
    return 0;
}

/* ---- life ---- */

static void engine_free(cl_engine *engine)
{
    if (!engine)
        return;
    if (engine->easy)
        curl_easy_cleanup(engine->easy);
    if (engine->multi)
        curl_multi_cleanup(engine->multi);
    if (engine->epoll_fd >= 0)
        close(engine->epoll_fd);
    if (engine->wake_fd >= 0)
        close(engine->wake_fd);
    free(engine);
}

static claude_code_t engine_new(cl_engine **out, cl_err *err)
{
    cl_engine *engine = NULL;
    struct epoll_event event = {.events = EPOLLIN};
    claude_code_t rc = cl_http_global(err);

    if (rc < 0)
        return rc;
    engine = calloc(1, sizeof *engine);
    if (!engine)
        return cl_fail_nomem(err);
    engine->timer_at = INT64_MAX;
    engine->generation = cl_fork_generation();
    engine->wake_fd = -1;
    engine->parked_fd = -1;
    engine->connection_fd = -1;
    engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (engine->epoll_fd >= 0)
        engine->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    event.data.fd = engine->wake_fd;
    if (engine->wake_fd < 0 || epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, engine->wake_fd, &event) != 0) {
        rc = cl_fail(err, CLAUDE_E_LIMIT, "no file descriptor left for a connection (error %d)", errno);
        goto out;
    }
    engine->multi = curl_multi_init();
    engine->easy = curl_easy_init();
    if (!engine->multi || !engine->easy ||
        curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
        curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine) != CURLM_OK ||
        curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
        curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine) != CURLM_OK) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    *out = engine;
    engine = NULL;
out:
    engine_free(engine);
    return rc;
}

void cl_engine_wake(cl_engine *engine)
{
    uint64_t one = 1;
    ssize_t n = write(engine->wake_fd, &one, sizeof one);

    /* A full counter means that it is readable already. */
    (void)n;
}

/* ---- work ---- */

static void finished(cl_engine *engine)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE && engine->transfer) {
            engine->transfer->ended = true;
            engine->transfer->result = message->data.result;
        }
    }
}

void cl_engine_run_timer(cl_engine *engine)
{
    int running = 0;

    if (engine->timer_at == INT64_MAX || engine->timer_at > cl_now_ms())
        return;
    engine->timer_at = INT64_MAX;
    curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finished(engine);
}

bool cl_engine_step(cl_engine *engine, int64_t wait_ms)
{
    struct epoll_event events[EVENTS_PER_STEP];
    bool woken = false;
    int running = 0;
    int n;

    if (engine->timer_at != INT64_MAX) {
        int64_t left = engine->timer_at - cl_now_ms();
        if (left < wait_ms)
            wait_ms = left > 0 ? left : 0;
    }
    n = epoll_wait(engine->epoll_fd, events, EVENTS_PER_STEP, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        uint32_t got = events[i].events;
        int mask = (got & EPOLLIN ? CURL_CSELECT_IN : 0) | (got & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (got & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        if (fd == engine->wake_fd) {
            uint64_t count;
            woken = read(fd, &count, sizeof count) > 0;
            continue;
        }
        if (fd == engine->parked_fd)
            unpark(engine);
        else
            curl_multi_socket_action(engine->multi, fd, mask, &running);
    }
    if (n > 0)
        finished(engine);
    cl_engine_run_timer(engine);
    return woken;
}

/* ---- the pool ---- */

struct cl_engine_pool {
    pthread_mutex_t lock;
    _Atomic uint32_t generation; /* of the process whose engines these are */
    _Atomic uint32_t claimed;    /* the generation that a thread has begun to make it ready for */
    size_t count;
    cl_engine *idle[IDLE_ENGINES_MAX]; /* the one used last is at the end */
};

cl_engine_pool *cl_engine_pool_new(void)
{
    cl_engine_pool *pool = calloc(1, sizeof *pool);

    if (!pool)
        return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        free(pool);
        return NULL;
    }
    atomic_init(&pool->generation, cl_fork_generation());
    atomic_init(&pool->claimed, cl_fork_generation());
    return pool;
}

/*
 * In a forked child everything in the pool acts on kernel objects that the parent still uses: it is forgotten, not
 * closed. The lock may have been held by a thread that does not exist here; so the first thread to come makes it anew,
 * and others wait those few instructions.
 */
static void after_fork(cl_engine_pool *pool)
{
    uint32_t now = cl_fork_generation();
    uint32_t claimed;

    if (atomic_load_explicit(&pool->generation, memory_order_acquire) == now)
        return;
    claimed = atomic_load(&pool->claimed);
    if (claimed != now && atomic_compare_exchange_strong(&pool->claimed, &claimed, now)) {
        pthread_mutex_init(&pool->lock, NULL);
        pool->count = 0;
        atomic_store_explicit(&pool->generation, now, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&pool->generation, memory_order_acquire) != now)
        sched_yield();
}

/* Takes out what has been idle for too long, all of it if `all`. Call with the lock held; free the result without. */
static size_t take_stale(cl_engine_pool *pool, bool all, cl_engine **stale)
{
    int64_t now = cl_now_ms();
    size_t n = 0;

    while (n < pool->count && (all || now - pool->idle[n]->idle_since > IDLE_ENGINE_MAX_MS)) {
        stale[n] = pool->idle[n];
        n++;
    }
    pool->count -= n;
    memmove(pool->idle, pool->idle + n, pool->count * sizeof pool->idle[0]);
    return n;
}

claude_code_t cl_engine_take(cl_engine_pool *pool, cl_engine **out, cl_err *err)
{
    cl_engine *stale[IDLE_ENGINES_MAX];
    cl_engine *engine = NULL;
    size_t n;

    after_fork(pool);
    pthread_mutex_lock(&pool->lock);
    n = take_stale(pool, false, stale);
    if (pool->count > 0)
        engine = pool->idle[--pool->count];
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < n; i++)
        engine_free(stale[i]);
    if (!engine)
        return engine_new(out, err);
    *out = engine;
    return CLAUDE_OK;
}

void cl_engine_give(cl_engine_pool *pool, cl_engine *engine)
{
    bool kept = false;

    if (!engine || engine->generation != cl_fork_generation())
        return; /* the parent's: left alone on purpose */
    after_fork(pool);
    engine->idle_since = cl_now_ms();
    pthread_mutex_lock(&pool->lock);
    if (!engine->broken && pool->count < IDLE_ENGINES_MAX) {
        pool->idle[pool->count++] = engine;
        kept = true;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        engine_free(engine);
}

void cl_engine_pool_trim(cl_engine_pool *pool)
{
    cl_engine *stale[IDLE_ENGINES_MAX];
    size_t n;

    after_fork(pool);
    pthread_mutex_lock(&pool->lock);
    n = take_stale(pool, true, stale);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < n; i++)
        engine_free(stale[i]);
}

void cl_engine_pool_free(cl_engine_pool *pool)
{
    if (!pool)
        return;
    cl_engine_pool_trim(pool);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
