#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

enum {
    CONNECTIONS_MAX = 80,
    EXCHANGES_MAX = 64, /* of one connection */
    IN_MAX = 65536,
    FILLERS_MAX = 16,
    FRAME_HEAD = 9,
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_RST_STREAM = 3,
    FRAME_SETTINGS = 4,
    FRAME_PING = 6,
    FLAG_ACK = 1,
    FLAG_END_STREAM = 1,
    FLAG_END_HEADERS = 4,
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_LEN (sizeof preface - 1)

/* A request and how far its answer has come. */
struct exchange {
    bool used;
    bool running; /* the request has been read */
    uint32_t stream;
    size_t step;
    int64_t rounds;
    int64_t due; /* of the next step */
    bool stalled;
};

struct connection {
    int fd;
    bool is_h2;
    bool answered;
    bool no_reading;
    bool reset;
    bool finish;
    size_t skip; /* bytes of a body still to come */
    size_t in_len;
    char in[IN_MAX];
    char *out;
    size_t out_len;
    size_t out_at;
    struct exchange exchanges[EXCHANGES_MAX];
};

struct server_private {
    int listener;
    int stop_fd;
    int fillers[FILLERS_MAX];
    size_t filler_count;
    pthread_t thread;
    struct connection *connections[CONNECTIONS_MAX];
    size_t count;
};

/* ---- sending ---- */

static void put(struct connection *c, const void *bytes, size_t len)
{
    char *longer = realloc(c->out, c->out_len + len);

    if (!longer)
        abort();
    c->out = longer;
    memcpy(c->out + c->out_len, bytes, len);
    c->out_len += len;
}

static void put_frame(struct connection *c, int type, int flags, uint32_t stream, const void *payload, size_t len)
{
    unsigned char head[FRAME_HEAD] = {
        (unsigned char)(len >> 16),    (unsigned char)(len >> 8),    (unsigned char)len,
        (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
        (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream,
    };

    put(c, head, sizeof head);
    if (len > 0)
        put(c, payload, len);
}

/* False when the connection is over. */
static bool flush_out(struct server *s, struct connection *c)
{
    while (c->out_at < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->out_at += (size_t)n;
        atomic_store(&s->last_byte_at, now_ms());
    }
    c->out_at = 0;
    c->out_len = 0;
    return true;
}

static void put_settings(const struct server *s, struct connection *c)
{
    unsigned char settings[12];
    size_t len = 0;

    if (s->plan.no_window) {
        memcpy(settings + len, "\0\4\0\0\0\0", 6); /* SETTINGS_INITIAL_WINDOW_SIZE = 0 */
        len += 6;
    }
    if (s->plan.concurrent > 0) {
        memcpy(settings + len, "\0\3\0\0\0\0", 6);
        settings[len + 5] = (unsigned char)s->plan.concurrent;
        len += 6;
    }
    put_frame(c, FRAME_SETTINGS, 0, 0, settings, len);
}

/* ---- steps ---- */

static void put_head(struct connection *c, uint32_t stream)
{
    static const char type[] = "text/event-stream";
    static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    unsigned char block[64] = {0x88, 0x0f, 0x10, sizeof type - 1}; /* :status 200; content-type, literal */

    if (!c->is_h2) {
        put(c, head, sizeof head - 1);
        return;
    }
    memcpy(block + 4, type, sizeof type - 1);
    put_frame(c, FRAME_HEADERS, FLAG_END_HEADERS, stream, block, 4 + sizeof type - 1);
}

static void put_text(struct connection *c, uint32_t stream, const char *text)
{
    if (c->is_h2)
        put_frame(c, FRAME_DATA, 0, stream, text, strlen(text));
    else
        put(c, text, strlen(text));
}

/* One step. False when there is nothing more to do for now. */
static bool run_step(struct server *s, struct connection *c, struct exchange *e)
{
    const struct step *step = &s->plan.steps[e->step];

    if (e->stalled && !atomic_load(&s->hurry))
        return false;
    e->step++;
    switch (step->kind) {
    case STEP_HEAD:
        put_head(c, e->stream);
        return true;
    case STEP_SEND:
    case STEP_EVENT:
        put_text(c, e->stream, step->text);
        if (!flush_out(s, c))
            c->reset = true;
        if (step->kind == STEP_EVENT)
            atomic_store(&s->last_event_at, now_ms());
        return c->out_len == 0;
    case STEP_WAIT:
        e->due = now_ms() + step->number * (s->plan.scale > 0 ? s->plan.scale : 1);
        return false;
    case STEP_REPEAT:
        if (e->rounds++ < step->number)
            e->step -= 3;
        return true;
    case STEP_STALL:
        if (e->stalled) { /* in a hurry */
            e->stalled = false;
            return true;
        }
        e->stalled = true;
        e->step--;
        return false;
    case STEP_RESET:
        c->reset = true;
        return false;
    case STEP_END:
        break;
    }
    if (c->is_h2)
        put_frame(c, FRAME_DATA, FLAG_END_STREAM, e->stream, NULL, 0);
    else
        c->finish = true;
    e->used = false;
    return false;
}

/* Counted after what was to be said before has been sent. */
static void count_stalled(struct server *s, struct connection *c, bool before, const struct exchange *e)
{
    if (!before && e->stalled && c->out_len == 0)
        atomic_fetch_add(&s->reached, 1);
}

static void run_steps(struct server *s, struct connection *c)
{
    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        struct exchange *e = &c->exchanges[i];
        bool before = e->stalled;
        while (e->used && e->running && s->plan.steps && c->out_len == 0 && e->due <= now_ms() && !c->reset &&
               run_step(s, c, e)) {
            if (!flush_out(s, c))
                c->reset = true;
        }
        if (!flush_out(s, c))
            c->reset = true;
        if (e->used)
            count_stalled(s, c, before, e);
    }
}

/* ---- receiving ---- */

static struct exchange *exchange_of(struct connection *c, uint32_t stream, bool make)
{
    struct exchange *spare = NULL;

    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        struct exchange *e = &c->exchanges[i];
        if (e->used && e->stream == stream)
            return e;
        if (!e->used && !spare)
            spare = e;
    }
    if (make && spare)
        *spare = (struct exchange){.used = true, .stream = stream};
    return make ? spare : NULL;
}

static void take(struct connection *c, size_t len)
{
    c->in_len -= len;
    memmove(c->in, c->in + len, c->in_len);
}

static void on_frame(struct server *s, struct connection *c, int type, int flags, uint32_t stream, const char *payload,
                     size_t len)
{
    struct exchange *e;

    if (type == FRAME_SETTINGS && !(flags & FLAG_ACK))
        put_frame(c, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
    if (type == FRAME_PING && !(flags & FLAG_ACK))
        put_frame(c, FRAME_PING, FLAG_ACK, 0, payload, len);
    if (type == FRAME_RST_STREAM) {
        atomic_fetch_add(&s->resets, 1);
        e = exchange_of(c, stream, false);
        if (e)
            e->used = false;
    }
    if (type == FRAME_HEADERS) {
        atomic_fetch_add(&s->requests, 1);
        if (s->plan.no_window)
            atomic_fetch_add(&s->reached, 1);
        (void)exchange_of(c, stream, true);
    }
    e = type == FRAME_HEADERS || type == FRAME_DATA ? exchange_of(c, stream, false) : NULL;
    if (e && (flags & FLAG_END_STREAM))
        e->running = true;
}

static bool read_frame(struct server *s, struct connection *c)
{
    const unsigned char *in = (const unsigned char *)c->in;
    size_t len;
    uint32_t stream;

    if (c->in_len < FRAME_HEAD)
        return false;
    len = ((size_t)in[0] << 16) | ((size_t)in[1] << 8) | in[2];
    if (c->in_len < FRAME_HEAD + len)
        return false;
    stream = ((uint32_t)in[5] << 24) | ((uint32_t)in[6] << 16) | ((uint32_t)in[7] << 8) | in[8];
    on_frame(s, c, in[3], in[4], stream & 0x7fffffff, c->in + FRAME_HEAD, len);
    take(c, FRAME_HEAD + len);
    return true;
}

/* A head of HTTP/1.1, and the length of the body that follows. */
static bool read_head(struct server *s, struct connection *c)
{
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    char *length;

    if (!end)
        return false;
    *end = '\0';
    length = strcasestr(c->in, "\r\ncontent-length:");
    c->skip = length ? (size_t)strtoull(length + 17, NULL, 10) : 0;
    take(c, (size_t)(end - c->in) + 4);
    atomic_fetch_add(&s->requests, 1);
    (void)exchange_of(c, 0, true);
    c->reset = s->plan.resets;
    if (s->plan.stops_reading) {
        c->no_reading = true;
        atomic_fetch_add(&s->reached, 1);
    }
    return true;
}

static bool read_body(struct connection *c)
{
    size_t n = c->in_len < c->skip ? c->in_len : c->skip;
    struct exchange *e = exchange_of(c, 0, false);

    take(c, n);
    c->skip -= n;
    if (c->skip == 0 && e)
        e->running = true;
    return false;
}

static void on_bytes(struct server *s, struct connection *c)
{
    if (s->plan.mode == SERVER_SILENT) {
        c->in_len = 0;
        if (c->answered)
            return;
        c->answered = true;
        if (s->plan.answer)
            put(c, s->plan.answer, strlen(s->plan.answer));
        if (!flush_out(s, c))
            c->reset = true;
        atomic_fetch_add(&s->reached, 1);
        return;
    }
    if (!c->is_h2 && c->in_len >= PREFACE_LEN && memcmp(c->in, preface, PREFACE_LEN) == 0) {
        c->is_h2 = true;
        take(c, PREFACE_LEN);
        put_settings(s, c);
    }
    if (c->is_h2) {
        while (read_frame(s, c))
            ;
    } else if (exchange_of(c, 0, false) || (memcmp(c->in, "PRI ", 4) != 0 && read_head(s, c))) {
        (void)read_body(c);
    }
}

/* False when the connection is over. */
static bool receive(struct server *s, struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return false;
    if (n > 0) {
        c->in_len += (size_t)n;
        on_bytes(s, c);
    }
    return true;
}

/* ---- the thread ---- */

static void drop(struct server_private *p, size_t index)
{
    struct connection *c = p->connections[index];

    if (c->reset) {
        struct linger now = {.l_onoff = 1};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(c->fd);
    free(c->out);
    free(c);
    p->connections[index] = p->connections[--p->count];
}

static void welcome(struct server *s)
{
    struct server_private *p = s->inside;
    int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    int one = 1;

    if (fd < 0)
        return;
    if (p->count == CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    p->connections[p->count] = calloc(1, sizeof **p->connections);
    if (!p->connections[p->count])
        abort();
    p->connections[p->count++]->fd = fd;
    atomic_fetch_add(&s->connections, 1);
}

/* Until the next step that waits, in ms; -1: until something arrives. */
static int patience(const struct server *s, const struct connection *c)
{
    int64_t least = -1;

    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        const struct exchange *e = &c->exchanges[i];
        int64_t left = e->due - now_ms();
        if (!e->used || !e->running || !s->plan.steps || c->out_len > 0)
            continue;
        if (e->stalled)
            left = 10; /* somebody may be in a hurry */
        if (left < 0)
            left = 0;
        if (least < 0 || left < least)
            least = left;
    }
    return (int)least;
}

static void *serve(void *user)
{
    struct server *s = user;
    struct server_private *p = s->inside;
    struct pollfd fds[CONNECTIONS_MAX + 2];

    for (;;) {
        size_t count = p->count;
        int wait_ms = -1;
        fds[0] = (struct pollfd){.fd = p->stop_fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = s->plan.mode == SERVER_DEAF ? -1 : p->listener, .events = POLLIN};
        for (size_t i = 0; i < count; i++) {
            const struct connection *c = p->connections[i];
            int left = patience(s, c);
            fds[i + 2] = (struct pollfd){.fd = c->fd};
            fds[i + 2].events = (short)((c->no_reading ? 0 : POLLIN) | (c->out_len > 0 ? POLLOUT : 0));
            if (left >= 0 && (wait_ms < 0 || left < wait_ms))
                wait_ms = left;
        }
        poll(fds, count + 2, wait_ms);
        if (fds[0].revents)
            return NULL;
        for (size_t i = count; i-- > 0;) {
            struct connection *c = p->connections[i];
            bool over = (fds[i + 2].revents & (POLLIN | POLLERR | POLLHUP)) && !receive(s, c);
            if (!over)
                run_steps(s, c);
            if (over || c->reset || (c->finish && c->out_len == 0))
                drop(p, i);
        }
        if (fds[1].revents)
            welcome(s);
    }
}

/* ---- life ---- */

/* A queue that is full: further connections hang, as they do where packets are dropped. */
static void fill_queue(struct server_private *p, const struct sockaddr_in *address)
{
    bool full = false;

    while (!full && p->filler_count < FILLERS_MAX) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        p->fillers[p->filler_count++] = fd;
        full = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && poll(&wait, 1, 100) == 0;
    }
    check(full, "the queue of a listener never gets full");
}

void server_start(struct server *server, const struct server_plan *plan)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    struct server_private *p = calloc(1, sizeof *p);
    sigset_t all;
    sigset_t old;

    memset(server, 0, sizeof *server);
    check(p != NULL, "out of memory");
    server->plan = *plan;
    server->inside = p;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(bind(p->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(p->listener, plan->mode == SERVER_DEAF ? 0 : 128) == 0 &&
              getsockname(p->listener, (struct sockaddr *)&address, &len) == 0,
          "no listener: %s", strerror(errno));
    server->port = ntohs(address.sin_port);
    if (plan->mode == SERVER_DEAF)
        fill_queue(p, &address);
    p->stop_fd = eventfd(0, EFD_CLOEXEC);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    check(p->stop_fd >= 0 && pthread_create(&p->thread, NULL, serve, server) == 0, "no server: %s", strerror(errno));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void server_stop(struct server *server)
{
    struct server_private *p = server->inside;
    uint64_t one = 1;

    check(write(p->stop_fd, &one, sizeof one) == (ssize_t)sizeof one, "the server cannot be stopped");
    pthread_join(p->thread, NULL);
    while (p->count > 0)
        drop(p, p->count - 1);
    for (size_t i = 0; i < p->filler_count; i++)
        close(p->fillers[i]);
    close(p->listener);
    close(p->stop_fd);
    free(p);
    server->inside = NULL;
}
