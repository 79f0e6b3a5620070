/* Writing replies: operations to iovecs, faults at exact offsets, ways to end a connection. */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_IOV = 64,
    WRITE_BYTES = 1024 * 1024, /* per system call */
    TURN_WRITES = 64,          /* before other connections get their turn */
    TURN_BYTES = 4 * 1024 * 1024,
    DRAIN_MS = 2000,
};

static const uint64_t ms_ns = 1000000;
static const uint64_t catch_up_ns = UINT64_C(1000000000);

/* The operations of a reply: before the head, the head, the body. */
static const struct op *op_at(const struct conn *conn, size_t index)
{
    const struct image *before = conn->step->before_image;
    size_t count = before != NULL ? before->count : 0;

    if (index < count)
        return &before->ops[index];
    index -= count;
    if (index == 0)
        return &conn->head_op;
    index--;
    return conn->image != NULL && index < conn->image->count ? &conn->image->ops[index] : NULL;
}

bool conn_is_holding(const struct conn *conn)
{
    const struct op *op = op_at(conn, conn->op);

    return op != NULL && op->hold;
}

static int compare_faults(const void *a, const void *b)
{
    const struct pending_fault *x = a;
    const struct pending_fault *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->fault < y->fault ? -1 : x->fault > y->fault;
}

static void place_faults(struct conn *conn, bool events)
{
    const struct step *step = conn->step;
    uint64_t body_at = conn->head.len + (step->before_image != NULL ? step->before_image->wire_len : 0);

    conn->total = body_at + (conn->image != NULL ? conn->image->wire_len : 0);
    if (step->fault_count == 0)
        return;
    conn->faults = xcalloc(step->fault_count, sizeof *conn->faults);
    for (size_t i = 0; i < step->fault_count; i++) {
        const struct fault *fault = &step->faults[i];
        uint64_t inside = conn->image != NULL ? conn->image->fault_at[i] : UINT64_MAX;
        uint64_t at = fault->at;

        if (fault->in_events && !events)
            continue;
        if (fault->where == AT_END)
            at = conn->total;
        else if (fault->where == AT_BODY)
            at = inside != UINT64_MAX ? body_at + inside : UINT64_MAX;
        conn->faults[conn->fault_count++] = (struct pending_fault){at, fault};
    }
    qsort(conn->faults, conn->fault_count, sizeof *conn->faults, compare_faults);
}

static void copy_headers(const struct conn *conn, struct fields *extra)
{
    const struct fields *pairs = &conn->step->copy_headers;

    for (size_t i = 0; i < pairs->count; i++) {
        struct slice value = http_header(conn->request, pairs->list[i].name);

        if (value.data != NULL) {
            char *text = xstrndup(value.data, value.len);

            fields_add(extra, pairs->list[i].value, text);
            free(text);
        }
    }
}

static void choose_image(struct conn *conn, struct head_facts *facts, bool events, const char *request_id)
{
    struct step *step = conn->step;
    enum framing framing = step->framing;

    if (framing == FRAMING_AUTO)
        framing = events ? FRAMING_CHUNKED : FRAMING_LENGTH;
    if (framing == FRAMING_CHUNKED && conn->request->minor == 0)
        framing = FRAMING_CLOSE;
    if (step->raw)
        framing = FRAMING_CLOSE;
    facts->sse = events;
    facts->chunked = framing == FRAMING_CHUNKED;
    facts->send_length = framing == FRAMING_LENGTH;
    if (framing == FRAMING_CLOSE)
        conn->close_after = true;
    if (step->error_type != NULL && !events) {
        struct body *body = step_error_body(step, request_id);

        conn->image = image_compile(step, body, facts->chunked);
        body_free(body);
        free(body);
    } else if (step->echo && !events) {
        struct body body = {0};

        body_bytes(&body, conn->echo.data, conn->echo.len, 0, false);
        conn->image = image_compile(step, &body, facts->chunked);
        body_free(&body);
    } else {
        conn->image = step_image(step, events, facts->chunked);
    }
    facts->image = conn->image;
}

void reply_begin(struct server *server, struct conn *conn, const char *request_id)
{
    struct step *step = conn->step;
    bool plain = step->plain != NULL || step->error_type != NULL || step->echo;
    bool events = step->events != NULL && (!plain || conn->request->wants_stream);
    struct head_facts facts = {.request_id = request_id, .date = server->date, .reset = server->reset};
    struct fields extra = {0};

    conn->close_after = conn->close_after || !conn->request->keep_alive || step->say_close || step->close_after;
    choose_image(conn, &facts, events, request_id);
    copy_headers(conn, &extra);
    facts.extra = &extra;
    facts.close = conn->close_after && !step->close_after;
    if (!step->raw)
        reply_head(&conn->head, step, &facts);
    fields_free(&extra);
    if (slice_is(conn->request->method, "HEAD")) {
        image_unref(conn->image);
        conn->image = NULL;
    }
    conn->head_op = (struct op){.data = conn->head.data,
                                .period = conn->head.len,
                                .total = conn->head.len,
                                .unit = step->head_chunk_size,
                                .wait_us = step->head_chunk_us};
    place_faults(conn, events);
    conn->pace_ns = 0;
    conn->placed = false;
    conn->state = CONN_REPLY;
}

void reply_end(struct conn *conn)
{
    step_unref(conn->step);
    image_unref(conn->image);
    free(conn->faults);
    conn->step = NULL;
    conn->image = NULL;
    conn->faults = NULL;
    conn->fault_count = 0;
    conn->fault_next = 0;
    conn->inject = NULL;
    conn->injected = 0;
    conn->head.len = 0;
    buf_free(&conn->echo);
    conn->op = 0;
    conn->pos = 0;
    conn->wire_pos = 0;
    conn->waited = false;
}

/* SSE events that lie completely before an offset in the operation. */
static uint64_t events_before(const struct op *op, uint64_t pos)
{
    if (op->events == 0)
        return 0;
    return pos / op->period * op->events + pos % op->period * op->events / op->period;
}

static int gather(const struct conn *conn, struct iovec *iov)
{
    size_t index = conn->op;
    uint64_t pos = conn->pos;
    uint64_t room = WRITE_BYTES;
    int n = 0;

    if (conn->fault_next < conn->fault_count && conn->faults[conn->fault_next].at - conn->wire_pos < room)
        room = conn->faults[conn->fault_next].at - conn->wire_pos;
    while (n < MAX_IOV && room > 0) {
        const struct op *op = op_at(conn, index);
        uint64_t take;

        if (op == NULL || op->wait || (op->unit != 0 && n > 0))
            break;
        if (pos == op->total) {
            index++;
            pos = 0;
            continue;
        }
        take = op->period - pos % op->period;
        if (op->unit != 0 && op->unit - pos % op->unit < take)
            take = op->unit - pos % op->unit;
        if (op->total - pos < take)
            take = op->total - pos;
        if (room < take)
            take = room;
        iov[n].iov_base = (void *)(uintptr_t)(op->data + pos % op->period);
        iov[n].iov_len = (size_t)take;
        n++;
        pos += take;
        room -= take;
        if (op->unit != 0)
            break;
    }
    return n;
}

/* Puts the time in place of the digits of the unit that is about to be written: one piece becomes up to three. */
static int stamp(struct conn *conn, const struct op *op, struct iovec *iov)
{
    char *data = iov[0].iov_base;
    size_t from = conn->pos % op->unit;
    size_t to = from + iov[0].iov_len;
    size_t cuts[] = {op->stamp_at, op->stamp_at + STAMP_DIGITS, op->unit};
    int n = 0;

    if (from == 0) /* the rest of a unit that was cut short has the same time as its beginning */
        snprintf(conn->stamp, sizeof conn->stamp, "%0*" PRIu64, STAMP_DIGITS, clock_ns());
    for (size_t i = 0, at = from; i < 3 && at < to; i++) {
        size_t end = cuts[i] < to ? cuts[i] : to;

        if (end <= at)
            continue;
        iov[n].iov_base = i == 1 ? conn->stamp + (at - op->stamp_at) : data + (at - from);
        iov[n].iov_len = end - at;
        n++;
        at = end;
    }
    return n;
}

static void advance(struct server *server, struct conn *conn, uint64_t written)
{
    conn->wire_pos += written;
    server->stats.bytes_written += written;
    while (written > 0) {
        const struct op *op = op_at(conn, conn->op);
        uint64_t take = op->total - conn->pos < written ? op->total - conn->pos : written;

        server->stats.events_written += events_before(op, conn->pos + take) - events_before(op, conn->pos);
        conn->pos += take;
        written -= take;
        if (conn->pos == op->total) {
            conn->op++;
            conn->pos = 0;
        }
    }
}

static ssize_t send_iov(const struct conn *conn, struct iovec *iov, int count)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
    ssize_t n;

    do {
        n = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Handles a failed send: waits for room, or gives the connection up. */
static enum pump send_failed(struct server *server, struct conn *conn)
{
    if (errno == EAGAIN) {
        conn_want(server, conn, conn->interest | EPOLLOUT);
        return PUMP_BLOCKED;
    }
    conn_close(server, conn);
    return PUMP_ENDED;
}

void conn_fin(struct server *server, struct conn *conn)
{
    int unread = 0;

    /* closing with unread bytes would turn the FIN into a RST that destroys what the client has not read yet */
    if (!conn->more && (conn->request == NULL || conn->request->complete) && ioctl(conn->fd, FIONREAD, &unread) == 0 &&
        unread == 0) {
        conn_close(server, conn);
        return;
    }
    shutdown(conn->fd, SHUT_WR);
    conn->state = CONN_DRAIN;
    timer_set(server, conn, WAIT_DRAIN, server->now_ns + DRAIN_MS * ms_ns);
    conn_want(server, conn, EPOLLIN);
    conn_drain(server, conn);
}

void conn_rst(struct server *server, struct conn *conn)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    int unsent = 0;

    /* a RST drops what has not left the send buffer, so that has to be empty first */
    if (ioctl(conn->fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0) {
        timer_set(server, conn, WAIT_RST, server->now_ns + ms_ns);
        conn_want(server, conn, 0);
        return;
    }
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    conn_close(server, conn);
}

void conn_drain(struct server *server, struct conn *conn)
{
    for (int i = 0; i < 16; i++) {
        ssize_t n = recv(conn->fd, server->readbuf, 65536, 0);

        if (n > 0)
            continue;
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            conn_close(server, conn);
        return;
    }
}

static enum pump do_fault(struct server *server, struct conn *conn, const struct fault *fault)
{
    conn->fault_next++;
    switch (fault->kind) {
    case FAULT_GARBAGE:
        conn->inject = &fault->garbage;
        conn->injected = 0;
        return PUMP_DONE;
    case FAULT_FIN:
        conn_fin(server, conn);
        return PUMP_ENDED;
    case FAULT_RST:
        conn_rst(server, conn);
        return PUMP_ENDED;
    case FAULT_HALF_CLOSE:
        shutdown(conn->fd, SHUT_WR);
        conn->state = CONN_DRAIN;
        conn_want(server, conn, EPOLLIN);
        conn_drain(server, conn);
        return PUMP_ENDED;
    default:
        break;
    }
    if (conn->peer_eof) {
        conn_close(server, conn);
        return PUMP_ENDED;
    }
    if (fault->stall_us > 0)
        timer_set(server, conn, WAIT_STALL, server->now_ns + fault->stall_us * 1000);
    else
        conn->wait = WAIT_STALL;
    conn_want(server, conn, EPOLLIN | EPOLLRDHUP);
    return PUMP_BLOCKED;
}

static enum pump pump_garbage(struct server *server, struct conn *conn)
{
    struct iovec iov = {conn->inject->data + conn->injected, conn->inject->len - conn->injected};
    ssize_t n = send_iov(conn, &iov, 1);

    if (n < 0)
        return send_failed(server, conn);
    server->stats.bytes_written += (uint64_t)n;
    conn->injected += (size_t)n;
    if (conn->injected == conn->inject->len)
        conn->inject = NULL;
    return PUMP_DONE;
}

/* Where the clock of a paced stream begins. Staggered streams keep to their places within the interval. */
static uint64_t pace_from(struct server *server, struct conn *conn, const struct op *op)
{
    uint64_t interval_ns = op->wait_us * 1000;

    if (op->stagger_us == 0)
        return server->now_ns;
    if (!conn->placed)
        conn->place_ns = server->staggered++ * op->stagger_us * 1000 % interval_ns;
    conn->placed = true;
    return server->now_ns - (server->now_ns % interval_ns + interval_ns - conn->place_ns) % interval_ns;
}

/* True when the reply has to pause here; the timer is set then. */
static bool must_wait(struct server *server, struct conn *conn, const struct op *op)
{
    uint64_t wait_ns = op->wait_us * 1000;

    if (conn->waited)
        return false;
    if (!op->wait) {
        if (wait_ns == 0 || op->unit == 0 || conn->pos == 0 || conn->pos % op->unit != 0)
            return false;
        /* paced by the clock, not by the last write, so that the rate holds; but only so far back */
        if (conn->pace_ns == 0 || conn->pace_ns + catch_up_ns < server->now_ns ||
            (op->stagger_us != 0 && !conn->placed))
            conn->pace_ns = pace_from(server, conn, op);
        conn->pace_ns += wait_ns;
        if (conn->pace_ns <= server->now_ns) {
            conn->waited = true; /* until this unit is out: a full socket must not cost another interval */
            return false;
        }
        timer_set(server, conn, WAIT_OP, conn->pace_ns);
    } else {
        conn->pace_ns = server->now_ns + wait_ns;
        timer_set(server, conn, WAIT_OP, conn->pace_ns);
    }
    if (op->hold && conn->peer_eof)
        conn_close(server, conn);
    else
        conn_want(server, conn, conn->interest & ~(uint32_t)EPOLLOUT);
    return true;
}

static enum pump pump_once(struct server *server, struct conn *conn, uint64_t *bytes)
{
    struct iovec iov[MAX_IOV];
    const struct op *op = op_at(conn, conn->op);
    ssize_t n;
    int count;

    if (conn->inject != NULL)
        return pump_garbage(server, conn);
    if (conn->fault_next < conn->fault_count && conn->faults[conn->fault_next].at == conn->wire_pos)
        return do_fault(server, conn, conn->faults[conn->fault_next].fault);
    if (must_wait(server, conn, op))
        return conn->dead ? PUMP_ENDED : PUMP_BLOCKED;
    if (op->wait || op->total == 0) {
        conn->waited = false;
        conn->op++;
        conn->pos = 0;
        return PUMP_DONE;
    }
    count = gather(conn, iov);
    if (op->stamp_at != 0)
        count = stamp(conn, op, iov);
    n = send_iov(conn, iov, count);
    if (n < 0)
        return send_failed(server, conn);
    conn->waited = false;
    advance(server, conn, (uint64_t)n);
    *bytes += (uint64_t)n;
    return PUMP_DONE;
}

enum pump conn_pump(struct server *server, struct conn *conn)
{
    uint64_t bytes = 0;

    for (unsigned i = 0;; i++) {
        enum pump result;

        if (op_at(conn, conn->op) == NULL && conn->inject == NULL &&
            (conn->fault_next == conn->fault_count || conn->faults[conn->fault_next].at != conn->wire_pos))
            return PUMP_DONE;
        if (i >= TURN_WRITES || bytes >= TURN_BYTES) {
            conn_want(server, conn, conn->interest | EPOLLOUT);
            return PUMP_BLOCKED;
        }
        result = pump_once(server, conn, &bytes);
        if (result != PUMP_DONE)
            return result;
    }
}
