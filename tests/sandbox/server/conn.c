/* One connection: reading requests, choosing the reply, going on to the next. */
#include "api.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024,
    MAX_BODY = 512 * 1024 * 1024,
    MAX_CONTROL_BODY = 64 * 1024 * 1024,
};

struct conn *conn_new(struct server *server, int fd)
{
    struct conn *conn = xcalloc(1, sizeof *conn);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = conn};

    conn->fd = fd;
    conn->heap_index = SIZE_MAX;
    conn->interest = event.events;
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        free(conn);
        return NULL;
    }
    conn->next = server->conns;
    if (conn->next != NULL)
        conn->next->prev = conn;
    server->conns = conn;
    server->stats.accepted++;
    server->stats.open++;
    return conn;
}

static void drop_request(struct server *server, struct conn *conn)
{
    if (conn->request != NULL && !conn->request->complete && conn->number != 0)
        recorder_weigh(&server->recorder, conn->request);
    request_unref(conn->request);
    conn->request = NULL;
}

void conn_close(struct server *server, struct conn *conn)
{
    if (conn->dead)
        return;
    conn->dead = true;
    timer_clear(server, conn);
    close(conn->fd);
    reply_end(conn);
    drop_request(server, conn);
    buf_free(&conn->in);
    buf_free(&conn->head);
    buf_free(&conn->echo);
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    conn->next = server->graveyard;
    server->graveyard = conn;
    server->stats.open--;
}

void conn_want(struct server *server, struct conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};

    if (conn->dead || conn->interest == events)
        return;
    conn->interest = events;
    epoll_ctl(server->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* ---- choosing and starting the reply ---- */

static void trim_body(const struct server *server, struct request *request)
{
    size_t keep = server->recorder.keep > 0 ? server->options.keep_body : 0;

    if (keep == 0) {
        buf_free(&request->body);
        return;
    }
    if (request->body.len > keep)
        request->body.len = keep;
    if (request->body.cap > request->body.len + 4096) {
        request->body.data = xrealloc(request->body.data, request->body.len + 1);
        request->body.cap = request->body.len + 1;
    }
}

static void start_reply(struct server *server, struct conn *conn)
{
    struct request *request = conn->request;
    const char *id = server_request_id(server);

    conn->state = CONN_REPLY;
    if (conn->step == NULL)
        conn->step = control_owns(request) ? control_reply(server, request) : api_reply(&server->store, request, id);
    if (conn->step->plain != NULL && conn->step->events != NULL)
        request->wants_stream = api_wants_stream(request);
    if (conn->step->echo)
        request_json(request, &conn->echo);
    trim_body(server, request);
    if (conn->number != 0 && request->complete && !control_owns(request))
        recorder_weigh(&server->recorder, request);
    if (conn->step->no_reply == END_RST)
        conn_rst(server, conn);
    else if (conn->step->no_reply == END_FIN)
        conn_fin(server, conn);
    else
        reply_begin(server, conn, id);
}

/* A request that cannot be understood, or may not go on: answered at once, and the connection closed. */
static void refuse(struct server *server, struct conn *conn, int status, const char *why)
{
    conn->request->keep_alive = false;
    step_unref(conn->step);
    conn->step = step_error(status, status == 413 ? "request_too_large" : "invalid_request_error", why,
                            server_request_id(server));
    start_reply(server, conn);
}

static void use_scenario(struct conn *conn, struct scenario *scenario)
{
    memcpy(conn->request->scenario, scenario->name, sizeof conn->request->scenario);
    conn->step = step_ref(scenario_next(scenario));
}

static void choose_step(struct server *server, struct conn *conn)
{
    struct request *request = conn->request;
    struct slice name = http_header(request, "x-sandbox-scenario");
    struct scenario *scenario = server->scenarios.current;
    struct buf why = {0};

    if (name.data != NULL) {
        scenario = scenarios_find(&server->scenarios, name, &why);
        if (scenario == NULL) {
            buf_str(&why, why.len == 0 ? "sandbox: there is no such scenario" : "");
            conn->step = step_error(501, "sandbox_error", why.data, server_request_id(server));
        }
    } else if (scenario != NULL && !scenario_matches(scenario, request)) {
        scenario = NULL;
    }
    if (scenario != NULL)
        use_scenario(conn, scenario);
    buf_free(&why);
}

static void count_request(struct server *server, struct conn *conn)
{
    if (conn->number == 0 || conn->epoch != server->recorder.epoch) {
        conn->number = ++server->recorder.connections;
        conn->epoch = server->recorder.epoch;
    }
    conn->request->connection = conn->number;
    recorder_add(&server->recorder, conn->request);
}

static size_t body_to_keep(const struct server *server, const struct conn *conn)
{
    const struct step *step = conn->step;

    if (control_owns(conn->request))
        return MAX_CONTROL_BODY;
    if (step == NULL)
        return api_max_body(conn->request) + 1;
    if (step->echo || (step->plain != NULL && step->events != NULL))
        return API_MAX_BODY + 1;
    return server->recorder.keep > 0 ? server->options.keep_body : 0;
}

static void answer_expectation(struct server *server, struct conn *conn, size_t more)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (conn->step != NULL && conn->step->expect == EXPECT_REFUSE) {
        refuse(server, conn, 417, "The expectation is refused");
    } else if (more == 0 && (conn->step == NULL || conn->step->expect == EXPECT_CONTINUE)) {
        if (send(conn->fd, text, sizeof text - 1, MSG_NOSIGNAL) > 0)
            server->stats.bytes_written += sizeof text - 1;
    }
}

/* The head is there. `more`: bytes of the body that came with it. */
static void begin_request(struct server *server, struct conn *conn, const char *head, size_t len, size_t more)
{
    struct request *request = conn->request = request_new();
    const char *why = NULL;
    int status;

    timer_clear(server, conn);
    status = http_parse_head(request, head, len, &why);
    if (status != 0) {
        server->stats.malformed++;
        refuse(server, conn, status, why);
        return;
    }
    request->body_max = MAX_BODY;
    request->want_crc = server->recorder.keep > 0;
    if (!control_owns(request)) {
        count_request(server, conn);
        choose_step(server, conn);
    }
    request->keep_limit = body_to_keep(server, conn);
    conn->state = CONN_BODY;
    if (!request->chunked && request->remaining > request->body_max) {
        refuse(server, conn, 413, "Request exceeds the maximum size");
    } else if (!http_has_body(request)) {
        request->complete = true;
        start_reply(server, conn);
    } else if (conn->step != NULL && conn->step->reply_early) {
        request->keep_alive = false;
        start_reply(server, conn);
    } else if (request->expect_continue) {
        answer_expectation(server, conn, more);
    }
}

/* ---- feeding bytes ---- */

/* The length of a complete head, or 0. `from` is where the last search ended. */
static size_t head_end(const char *data, size_t len, size_t from)
{
    size_t at = from > 3 ? from - 3 : 0;

    while (at < len) {
        const char *lf = memchr(data + at, '\n', len - at);

        if (lf == NULL)
            return 0;
        at = (size_t)(lf - data) + 1;
        if (at < len && data[at] == '\n')
            return at + 1;
        if (at + 1 < len && data[at] == '\r' && data[at + 1] == '\n')
            return at + 2;
    }
    return 0;
}

static size_t feed_head(struct server *server, struct conn *conn, const char *data, size_t len)
{
    size_t had = conn->in.len;
    size_t end;

    /* empty lines before a request are allowed */
    if (had == 0 && (data[0] == '\r' || data[0] == '\n'))
        return 1;
    if (had == 0) {
        end = head_end(data, len, 0);
        if (end > 0) {
            begin_request(server, conn, data, end, len - end);
            return end;
        }
    }
    buf_add(&conn->in, data, len);
    end = head_end(conn->in.data, conn->in.len, conn->scanned);
    conn->scanned = conn->in.len;
    if (end == 0 && conn->in.len <= HTTP_MAX_HEAD)
        return len;
    conn->scanned = 0;
    conn->in.len = 0;
    if (end == 0 || end > HTTP_MAX_HEAD) {
        conn->request = request_new();
        server->stats.malformed++;
        refuse(server, conn, 431, "The request's head is too large");
        return len;
    }
    begin_request(server, conn, conn->in.data, end, had + len - end);
    return end - had;
}

static size_t feed_body(struct server *server, struct conn *conn, const char *data, size_t len)
{
    size_t used = 0;
    bool done = false;
    int status = http_feed_body(conn->request, data, len, &used, &done);

    if (status != 0) {
        refuse(server, conn, status, status == 413 ? "Request exceeds the maximum size" : "Malformed chunked body");
    } else if (done) {
        conn->request->complete = true;
        start_reply(server, conn);
    }
    return used;
}

/* The reply is out. False when the connection is not to be used again. */
static bool next_request(struct server *server, struct conn *conn)
{
    bool close_now = conn->close_after;
    bool idle_close = conn->step->close_after && conn->step->close_after_us > 0 && conn->request->keep_alive;
    uint64_t idle_us = conn->step->close_after_us;

    conn->request->replied = true;
    if (!control_owns(conn->request))
        server->stats.replies++;
    reply_end(conn);
    conn->close_after = false;
    if (close_now && !idle_close) {
        conn_fin(server, conn);
        return false;
    }
    request_unref(conn->request);
    conn->request = NULL;
    conn->state = CONN_HEAD;
    if (idle_close)
        timer_set(server, conn, WAIT_CLOSE, server->now_ns + idle_us * 1000);
    conn_want(server, conn, EPOLLIN | EPOLLRDHUP);
    return true;
}

static void feed(struct server *server, struct conn *conn, const char *data, size_t len)
{
    struct buf taken = {0};

    while (!conn->dead && conn->state != CONN_DRAIN && (len > 0 || conn->state == CONN_REPLY)) {
        size_t used = 0;

        if (conn->state == CONN_HEAD) {
            used = feed_head(server, conn, data, len);
        } else if (conn->state == CONN_BODY) {
            used = feed_body(server, conn, data, len);
        } else {
            enum pump result;

            conn->more = len > 0 || conn->in.len > 0;
            /* a timer's connection is waiting for its time: only the timer goes on */
            result = conn->wait != WAIT_NONE ? PUMP_BLOCKED : conn_pump(server, conn);
            if (result == PUMP_BLOCKED)
                buf_add(&conn->in, data, len);
            if (result != PUMP_DONE || !next_request(server, conn))
                break;
            if (conn->in.len > 0) {
                buf_free(&taken);
                taken = conn->in;
                conn->in = (struct buf){0};
                data = taken.data;
                len = taken.len;
            }
        }
        data += used;
        len -= used;
    }
    buf_free(&taken);
}

/* ---- events ---- */

static void read_some(struct server *server, struct conn *conn)
{
    ssize_t n = recv(conn->fd, server->readbuf, READ_BYTES, 0);

    if (n > 0) {
        server->stats.bytes_read += (uint64_t)n;
        feed(server, conn, server->readbuf, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        conn_close(server, conn);
    }
}

/* While replying nothing is read; but a client that went away ends what would otherwise wait for nobody. */
static void replying_event(struct server *server, struct conn *conn, uint32_t events)
{
    if (events & EPOLLRDHUP)
        conn->peer_eof = true;
    if (conn->peer_eof && (conn->wait == WAIT_STALL || (conn->wait == WAIT_OP && conn_is_holding(conn)))) {
        conn_close(server, conn);
        return;
    }
    if (events & (EPOLLIN | EPOLLRDHUP)) {
        uint32_t drop = conn->peer_eof ? EPOLLIN | EPOLLRDHUP : EPOLLIN;

        conn_want(server, conn, conn->interest & ~drop);
    }
    if (events & EPOLLOUT)
        feed(server, conn, NULL, 0);
}

void conn_event(struct server *server, struct conn *conn, uint32_t events)
{
    if (conn->dead)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
        conn_close(server, conn);
        return;
    }
    switch (conn->state) {
    case CONN_HEAD:
    case CONN_BODY:
        read_some(server, conn);
        break;
    case CONN_REPLY:
        replying_event(server, conn, events);
        break;
    default:
        conn_drain(server, conn);
        break;
    }
}

void conn_timer(struct server *server, struct conn *conn, enum wait_kind wait)
{
    switch (wait) {
    case WAIT_RST:
        conn_rst(server, conn);
        break;
    case WAIT_DRAIN:
        conn_close(server, conn);
        break;
    case WAIT_CLOSE:
        conn_fin(server, conn);
        break;
    default:
        conn->waited = wait == WAIT_OP;
        feed(server, conn, NULL, 0);
        break;
    }
}
