#include "http/engine.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    NOTHING = 100, /* neither news nor a reason to return */
    EVENTS_WHILE_WAITING = 64,
    KEPT_BUFFER_MAX = 256, /* an empty buffer larger than this is given back: many streams are idle most of the time */
};

/* ---- life ---- */

/* One allocation: the nodes of libcurl's list, their lines, and the URL. */
typedef struct texts {
    struct curl_slist *node;
    char *to;
} texts;

static void put(texts *w, const char *text)
{
    size_t len = strlen(text);

    memcpy(w->to, text, len);
    w->to += len;
}

static void begin_line(texts *w)
{
    *w->node = (struct curl_slist){w->to, w->node + 1};
    w->node++;
}

static void end_text(texts *w)
{
    *w->to++ = '\0';
}

static void put_line(texts *w, const char *line)
{
    begin_line(w);
    put(w, line);
    end_text(w);
}

static void put_header(texts *w, const cl_header *header)
{
    begin_line(w);
    put(w, header->name);
    put(w, ": ");
    put(w, header->value);
    end_text(w);
}

/* What libcurl would write by itself. "Expect: 100-continue" costs a round trip and is answered by few gateways. */
static const char no_accept[] = "Accept:";
static const char no_expect[] = "Expect:";
static const char no_type[] = "Content-Type:";

static size_t texts_size(const cl_http_request *request)
{
    size_t size =
        request->auth_header.len + 1 + sizeof no_accept + sizeof no_expect + sizeof no_type + strlen(request->url) + 1;

    for (size_t i = 0; i < request->headers->count; i++)
        size += strlen(request->headers->items[i].name) + strlen(request->headers->items[i].value) + 3;
    return size;
}

static bool make_texts(cl_transfer *t, const cl_http_request *request)
{
    size_t nodes = request->headers->count + 4;
    size_t size = nodes * sizeof(struct curl_slist) + texts_size(request);
    texts w;

    t->header_list = malloc(size);
    if (!t->header_list)
        return false;
    t->texts_size = size;
    w = (texts){t->header_list, (char *)(t->header_list + nodes)};
    if (request->auth_header.len > 0)
        put_line(&w, request->auth_header.ptr);
    for (size_t i = 0; i < request->headers->count; i++)
        put_header(&w, &request->headers->items[i]);
    if (!cl_headers_find(request->headers, CL_STR("accept")))
        put_line(&w, no_accept);
    if (!cl_headers_find(request->headers, CL_STR("content-type")))
        put_line(&w, no_type);
    put_line(&w, no_expect);
    w.node[-1].next = NULL;
    t->url = w.to;
    put(&w, request->url);
    end_text(&w);
    return true;
}

/* They hold the key, and what a signing hook has written. */
static void free_texts(cl_transfer *t)
{
    if (t->header_list)
        explicit_bzero(t->header_list, t->texts_size);
    free(t->header_list);
}

static void transfer_free(cl_transfer *t)
{
    if (!t)
        return;
    free_texts(t);
    cl_body_reader_free(&t->reader);
    cl_error_unref(t->unread);
    cl_body_free(&t->body);
    if (CL_FEATURE_COMPRESSION)
        cl_pack_free(t->pack);
    cl_buf_free(&t->rx);
    cl_buf_free(&t->window);
    cl_buf_free(&t->head);
    cl_headers_free(&t->headers);
    free(t);
}

static cl_transfer *transfer_of(cl_engine *engine, const cl_http_request *request, void *owner)
{
    cl_transfer *t = calloc(1, sizeof *t);

    if (!t) {
        if (CL_FEATURE_COMPRESSION)
            cl_pack_free(request->pack);
        return NULL;
    }
    t->engine = engine;
    t->owner = owner;
    t->body = cl_body_copy(request->body);
    t->reader = CL_BODY_READER_INIT;
    t->pack = request->pack;
    t->method = request->method;
    t->stream = request->stream;
    t->rx = CL_BUF_INIT(SIZE_MAX / 2);
    t->window = CL_BUF_INIT(SIZE_MAX / 2);
    t->head = CL_BUF_INIT(SIZE_MAX / 2); /* on_header() counts */
    t->started_at = request->started_at;
    t->begun_at = cl_now_ms();
    t->attempt_ms = request->attempt_ms;
    t->connect_ms = request->connect_ms;
    t->first_byte_ms = request->first_byte_ms;
    t->idle_ms = request->idle_ms;
    t->progress_ms = request->progress_ms;
    t->total_ms = request->total_ms;
    t->max_header_bytes = request->max_header_bytes;
    t->max_body_bytes = request->max_body_bytes;
    t->max_error_bytes = request->max_error_bytes;
    t->high_water = request->high_water;
    t->low_water = request->low_water < request->high_water ? request->low_water : request->high_water;
    return t;
}

claude_code_t cl_transfer_new(cl_engine *engine, const cl_http_request *request, void *owner, cl_transfer **slot,
                              cl_err *err)
{
    cl_transfer *t = transfer_of(engine, request, owner);
    claude_code_t rc;

    if (!t || !make_texts(t, request)) {
        transfer_free(t);
        return cl_fail_nomem(err);
    }
    cl_engine_lock(engine);
    rc = cl_clock_reserve(engine) && cl_transfer_find_server(engine, t) ? CLAUDE_OK : cl_fail_nomem(err);
    if (rc >= 0)
        rc = cl_engine_admit(engine, t, err);
    if (rc >= 0) {
        engine->transfers++;
        if (cl_engine_is_loop(engine))
            t->driven_at = cl_now_ms();
        cl_clock_arm(engine, t);
        *slot = t;
    } else if (t->server) {
        cl_engine_dismiss(engine, t);
    }
    cl_engine_plan(engine);
    if (cl_engine_is_loop(engine) && engine->ready.first)
        cl_engine_kick(engine);
    cl_engine_unlock(engine);
    if (rc < 0)
        transfer_free(t);
    return rc;
}

int32_t cl_transfer_free(cl_transfer **slot)
{
    cl_transfer *t = *slot;
    cl_engine *engine = t->engine;
    int32_t attempts;

    if (engine->generation != cl_fork_generation()) {
        *slot = NULL;
        transfer_free(t);
        return 0;
    }
    cl_engine_lock(engine);
    *slot = NULL;
    cl_engine_dismiss(engine, t);
    engine->transfers--;
    cl_engine_plan(engine);
    attempts = t->attempts;
    cl_engine_unlock(engine);
    transfer_free(t);
    return attempts;
}

/* Its own thread gets up, or its loop hears of it. */
static void nudge(cl_engine *engine, cl_transfer *t)
{
    t->nudged = true;
    cl_engine_mark(engine, t);
    /* Its thread may be the one that drives, which sleeps elsewhere. */
    if (cl_engine_is_loop(engine) || (engine->driven && !t->waiter))
        cl_engine_kick(engine);
}

void cl_transfer_abort(cl_engine *engine, cl_transfer **slot)
{
    cl_transfer *t;

    if (engine->generation != cl_fork_generation())
        return;
    cl_engine_lock(engine);
    t = *slot;
    if (t && !t->stopped) {
        cl_engine_cut(engine, t, CURLE_ABORTED_BY_CALLBACK);
        cl_engine_plan(engine);
    }
    if (t)
        nudge(engine, t);
    cl_engine_unlock(engine);
}

/* The time of a pause is nobody's fault. */
static void restart_clocks(cl_transfer *t)
{
    int64_t now = cl_now_ms();

    t->driven_at = t->driven_at ? now : 0;
    if (t->last_byte_at == 0)
        return;
    t->progress_at = 0;
    cl_transfer_touch(t, now);
}

void cl_transfer_stop_clocks(cl_engine *engine, cl_transfer **slot, bool stop)
{
    if (engine->generation != cl_fork_generation())
        return;
    cl_engine_lock(engine);
    if (*slot) {
        if ((*slot)->clocks_stopped && !stop)
            restart_clocks(*slot);
        (*slot)->clocks_stopped = stop;
        cl_clock_arm(engine, *slot);
        cl_engine_plan(engine);
        nudge(engine, *slot);
    }
    cl_engine_unlock(engine);
}

void cl_transfer_hold(cl_transfer *t, bool on)
{
    cl_engine_lock(t->engine);
    t->held = on;
    cl_engine_unlock(t->engine);
}

void cl_transfer_progress(cl_transfer *t)
{
    cl_engine_lock(t->engine);
    cl_transfer_was_away(t, cl_transfer_now(t));
    t->progress_at = cl_transfer_now(t);
    cl_engine_unlock(t->engine);
}

void cl_transfer_linger(cl_transfer *t, int64_t ms)
{
    cl_engine_lock(t->engine);
    t->linger_until = cl_now_ms() + ms;
    cl_engine_unlock(t->engine);
}

/* ---- back-pressure ---- */

static CURLcode tell_pause(cl_transfer *t, int what)
{
    CURLcode rc = curl_easy_pause(t->slot->easy, what);

    /* It could not change which sockets it watches. */
    if (rc == CURLE_ABORTED_BY_CALLBACK)
        cl_engine_break(t->engine, ENOMEM);
    return rc;
}

/*
 * Called from the callback that has just received bytes: libcurl reads on inside of one action for as long as the
 * server sends, so afterwards would be too late. Never by the callback's result, which would leave the bytes with
 * libcurl.
 */
void cl_transfer_make_wait(cl_transfer *t)
{
    cl_engine *engine = t->engine;
    size_t unread = cl_transfer_unread(t);
    bool over = unread > t->high_water || (unread > 0 && engine->held > engine->settings.max_buffered);

    if (!t->stream || !over || t->paused || t->drop_over || (engine->settings.quirks & CL_QUIRK_PAUSE))
        return;
    if (tell_pause(t, CURLPAUSE_RECV) != CURLE_OK)
        return;
    t->paused = true;
    engine->waiting++;
}

static void go_on(cl_engine *engine, cl_transfer *t)
{
    int64_t now = cl_now_ms();
    CURLcode rc;

    t->paused = false;
    engine->waiting--;
    t->progress_at = 0;
    cl_transfer_touch(t, now);
    rc = t->ended ? CURLE_OK : tell_pause(t, CURLPAUSE_CONT);
    /* Bytes that libcurl had kept meanwhile are lost. */
    if (rc == CURLE_WRITE_ERROR || rc == CURLE_OUT_OF_MEMORY)
        cl_engine_cut(engine, t, rc);
    cl_engine_settle(engine);
    cl_engine_plan(engine);
}

/* ---- bytes: rx is the engine's, the window the owner's; whoever needs neither lends his memory to the other ---- */

/* Keeps the unconsumed rest at the front, so that the buffer grows only with what is really held. */
static void compact(cl_transfer *t)
{
    if (t->window_at > 0)
        cl_buf_drop(&t->window, t->window_at);
    t->window_at = 0;
}

static void swap(cl_transfer *t)
{
    cl_buf buf = t->window;

    t->window = t->rx;
    t->rx = buf;
}

/* The owner has read what it could: what comes is put right behind the rest. */
static void lend(cl_transfer *t)
{
    compact(t);
    if (t->rx.len > 0)
        return;
    if (t->window.len == 0 && t->window.cap > KEPT_BUFFER_MAX)
        cl_buf_free(&t->window);
    swap(t);
    cl_buf_free(&t->window);
    t->lent = t->rx.len;
    if (t->paused)
        go_on(t->engine, t);
}

/* What has come is the owner's. False when out of memory. */
static bool reclaim(cl_transfer *t)
{
    size_t unread = cl_transfer_unread(t);

    t->engine->held -= unread;
    if (t->lent > 0 || t->window.len == 0) {
        t->lent = 0;
        swap(t);
    } else if (unread > 0) {
        if (cl_buf_append(&t->window, t->rx.ptr, t->rx.len) != CL_BUF_OK) {
            t->engine->held += unread;
            return false;
        }
        cl_buf_clear(&t->rx);
    }
    return true;
}

/* ---- what has happened ---- */

static claude_code_t capture_head(cl_transfer *t, cl_err *err)
{
    /* Half a head is no answer: what it would say next is not known. */
    if (t->has_head || t->final_status == 0)
        return CLAUDE_OK;
    t->has_head = true;
    t->status = t->final_status;
    if (cl_head_take(&t->head, &t->headers, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_buf_free(&t->head);
    return CLAUDE_OK;
}

static claude_code_t failure(const cl_transfer *t, cl_err *err)
{
    if (t->ended && t->result != CURLE_OK)
        return cl_transfer_error(t, err);
    if (t->failed)
        return cl_fail(err, CLAUDE_E_TIMEOUT, "no %s within %lld ms (%s)", t->missing, (long long)t->missing_ms,
                       t->missing_option);
    return CLAUDE_OK;
}

/* NOTHING, or what to return. `looked`: sockets have been looked at since the owner came. */
static int32_t outcome(cl_transfer *t, bool looked, cl_err *err)
{
    bool had_head = t->has_head;

    if (t->news) {
        t->news = false;
        cl_transfer_touch(t, cl_transfer_now(t));
    }
    if (capture_head(t, err) < 0)
        return CLAUDE_E_NOMEM;
    if (t->ended && t->result != CURLE_OK)
        return cl_transfer_error(t, err);
    if (!t->held && t->ended)
        return CL_HTTP_END;
    if (!t->held && (cl_transfer_unread(t) > 0 || (!had_head && t->has_head)))
        return CL_HTTP_NEWS;
    if (!looked || t->paused)
        return NOTHING;
    /* What had arrived by then was read; what came later may be waiting while the program is busy. */
    if (cl_transfer_is_late(t, cl_transfer_now(t)))
        return t->failed ? failure(t, err) : CL_HTTP_END;
    return NOTHING;
}

claude_code_t cl_transfer_failure(cl_transfer *t, cl_err *err)
{
    claude_code_t rc;

    cl_engine_lock(t->engine);
    rc = failure(t, err);
    cl_engine_unlock(t->engine);
    return rc;
}

/* ---- waiting ---- */

/*
 * Nothing moves while nobody waits, so the time until then is not held against the server. libcurl's own clock for the
 * connection has been running since the start.
 */
static void begin_clocks(cl_transfer *t)
{
    int64_t away;

    t->driven_at = cl_now_ms();
    away = t->driven_at - t->started_at;
    if (away > 0 && t->slot && t->attempts == 0)
        curl_easy_setopt(t->slot->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(t->connect_ms + away));
}

/* Another thread drives: sleeps until that one, or time, brings something. */
static void sleep_beside(cl_engine *engine, cl_transfer *t, int64_t until_ms)
{
    cl_waiter waiter = {.next = engine->waiters};
    int64_t left = until_ms == INT64_MAX ? INT64_MAX : until_ms - cl_now_ms();
    struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};

    if (left <= 0)
        return;
    atomic_init(&waiter.word, 0);
    if (engine->waiters)
        engine->waiters->prev = &waiter;
    engine->waiters = &waiter;
    t->waiter = &waiter;
    cl_engine_unlock(engine);
    if (atomic_load_explicit(&waiter.word, memory_order_relaxed) == 0)
        syscall(SYS_futex, &waiter.word, FUTEX_WAIT_PRIVATE, 0, left == INT64_MAX ? NULL : &time, NULL, 0);
    cl_engine_lock(engine);
    t->waiter = NULL;
    if (waiter.prev)
        waiter.prev->next = waiter.next;
    else
        engine->waiters = waiter.next;
    if (waiter.next)
        waiter.next->prev = waiter.prev;
}

/* Who stops driving leaves it to another: without that the others would sleep until their deadlines. */
static void hand_over(cl_engine *engine)
{
    if (engine->driven || !engine->waiters)
        return;
    cl_engine_rouse(engine, engine->waiters);
}

static int32_t wait_for(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    cl_engine *engine = t->engine;
    bool looked = false;
    int32_t rc;

    for (;;) {
        int64_t deadline;
        rc = outcome(t, looked, err);
        if (rc != NOTHING)
            return rc;
        if (t->nudged || (looked && until_ms != INT64_MAX && cl_now_ms() >= until_ms)) {
            t->nudged = false;
            return CL_HTTP_QUIET;
        }
        deadline = t->paused ? INT64_MAX : cl_transfer_deadline(t);
        if (until_ms < deadline)
            deadline = until_ms;
        if (engine->driven)
            sleep_beside(engine, t, deadline);
        else
            cl_engine_step(engine, deadline, EVENTS_WHILE_WAITING);
        looked = true;
    }
}

int32_t cl_transfer_wait(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    cl_engine *engine = t->engine;
    int32_t rc;

    cl_engine_lock(engine);
    if (t->driven_at == 0)
        begin_clocks(t);
    cl_transfer_was_away(t, cl_now_ms());
    lend(t);
    rc = wait_for(t, until_ms, err);
    /* What is held back stays unread: else there would be room for more each time. */
    if (!(t->held && rc == CL_HTTP_QUIET) && !reclaim(t))
        rc = cl_fail_nomem(err);
    t->left_at = cl_now_ms();
    hand_over(engine);
    cl_engine_unlock(engine);
    return rc;
}

int32_t cl_transfer_take(cl_transfer *t, cl_err *err)
{
    cl_engine *engine = t->engine;
    int32_t rc;

    cl_engine_lock(engine);
    rc = outcome(t, true, err);
    t->nudged = false;
    if (rc == NOTHING) {
        rc = CL_HTTP_QUIET;
        lend(t);
        cl_clock_arm(engine, t);
        cl_engine_plan(engine);
    } else if (!reclaim(t)) {
        rc = cl_fail_nomem(err);
    }
    cl_engine_unlock(engine);
    return rc;
}

/* ---- what the owner sees ---- */

int32_t cl_transfer_status(const cl_transfer *t)
{
    return t->status;
}

cl_headers *cl_transfer_headers(cl_transfer *t)
{
    return &t->headers;
}

char *cl_transfer_bytes(cl_transfer *t, size_t *len)
{
    *len = t->window.len - t->window_at;
    return t->window.ptr ? t->window.ptr + t->window_at : NULL;
}

void cl_transfer_consume(cl_transfer *t, size_t len)
{
    t->window_at += len;
    if (!atomic_load_explicit(&t->paused, memory_order_relaxed) || t->window.len - t->window_at > t->low_water)
        return;
    cl_engine_lock(t->engine);
    if (t->paused && cl_transfer_unread(t) <= t->low_water)
        go_on(t->engine, t);
    cl_engine_unlock(t->engine);
}

char *cl_transfer_steal(cl_transfer *t, size_t *len)
{
    compact(t);
    return cl_buf_steal(&t->window, len);
}

int32_t cl_transfer_attempts(const cl_transfer *t)
{
    return atomic_load_explicit(&t->attempts, memory_order_relaxed);
}
