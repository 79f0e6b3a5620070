#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
    CONNECTIONS_MAX = 64,
    PIECE_MAX = 64 * 1024, /* of a reply, in the making at a time */
    PREFACE = 24,
};

/* ---- scripts ---- */

/* A step as it travels to the server; `len` bytes follow. */
struct step {
    uint64_t count;
    uint32_t len;
    int32_t kind;
};

static void add_step(struct script *script, int kind, const void *bytes, size_t len, uint64_t count)
{
    struct step step = {.count = count, .len = (uint32_t)len, .kind = kind};

    bytes_add(&script->steps, &step, sizeof step);
    bytes_add(&script->steps, bytes, len);
}

void script_step(struct script *script, int kind)
{
    add_step(script, kind, "", 0, 1);
}

void script_send(struct script *script, const void *bytes, size_t len)
{
    script_send_if(script, STEP_SEND, bytes, len);
}

void script_send_if(struct script *script, int kind, const void *bytes, size_t len)
{
    if (len > 0)
        add_step(script, kind, bytes, len, 1);
}

void script_repeat(struct script *script, const void *bytes, size_t len, uint64_t count)
{
    struct bytes pattern = {NULL, 0, 0};
    uint64_t times = 1;

    /* Short patterns cost a round each: they are put together, as far as that comes out even. */
    while (times < 1024 && len * times < 16 * 1024 && (count == FOR_EVER || count % (times * 2) == 0))
        times *= 2;
    for (uint64_t i = 0; i < times; i++)
        bytes_add(&pattern, bytes, len);
    add_step(script, STEP_SEND, pattern.ptr, pattern.len, count == FOR_EVER ? count : count / times);
    bytes_free(&pattern);
}

void script_free(struct script *script)
{
    bytes_free(&script->steps);
}

void script_begin_h2(struct script *script)
{
    struct bytes opening = {NULL, 0, 0};

    frame_opening(&opening);
    script_step(script, STEP_WAIT_REQUEST);
    script_send_if(script, STEP_SEND_FRESH, opening.ptr, opening.len);
    script_step(script, STEP_WAIT_ACK);
    bytes_free(&opening);
}

/* ---- the server's process ---- */

struct connection {
    int fd;
    SSL *ssl;
    bool hopeless; /* the TLS handshake failed */
    bool ended;    /* no more is sent; what comes is read, and counted if it is a request */
    /* what came in */
    struct bytes in;
    size_t in_at; /* what of it has been understood */
    bool known;   /* whether it is HTTP/2 */
    bool h2;
    bool used;  /* has had a request */
    bool again; /* has had one before the present one */
    bool acked;
    bool ponged;   /* has answered a PING since the present request */
    bool head;     /* of the present request */
    bool complete; /* the present request */
    size_t body_left;
    size_t ungranted; /* bytes of DATA that no window has been given for */
    uint32_t stream;
    /* what goes out */
    bool playing;
    size_t at; /* in the script's steps */
    uint64_t repeats;
    int64_t resume_at; /* with a pace: when the next repetition is due, 0: none is waited for */
    int64_t cut;
    struct bytes out;
    size_t out_at;
};

static struct host {
    int control;
    int plain;
    int secure;
    SSL_CTX *ssl;
    struct script script;
    struct report report;
    int64_t since; /* when the script came */
    struct connection *all[CONNECTIONS_MAX];
    size_t count;
} host;

static void die(const char *what)
{
    fprintf(stderr, "fault server: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    _exit(1);
}

static void connection_free(struct connection *c)
{
    SSL_free(c->ssl);
    close(c->fd);
    bytes_free(&c->in);
    bytes_free(&c->out);
    free(c);
}

static void accept_one(int listener, SSL_CTX *ssl)
{
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *c;

    if (fd < 0)
        return;
    c = calloc(1, sizeof *c);
    if (!c || host.count == CONNECTIONS_MAX)
        die("too many connections");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    if (ssl) {
        c->ssl = SSL_new(ssl);
        if (!c->ssl)
            die("SSL_new");
        SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(c->ssl);
    }
    host.report.connections++;
    host.all[host.count++] = c;
    if (host.script.at_accept)
        c->playing = true;
    c->cut = host.script.cut;
}

/* ---- finding requests ---- */

static const char *unread(const struct connection *c, size_t *len)
{
    *len = c->in.len - c->in_at;
    return c->in.ptr + c->in_at;
}

static void forget_read(struct connection *c)
{
    if (c->in_at == 0)
        return;
    memmove(c->in.ptr, c->in.ptr + c->in_at, c->in.len - c->in_at);
    c->in.len -= c->in_at;
    c->in_at = 0;
}

static void request_begins(struct connection *c)
{
    host.report.requests++;
    c->head = true;
    c->complete = false;
    c->ponged = false;
    c->ungranted = 0;
    c->again = c->used;
    c->used = true;
    if (c->ended || host.script.at_accept)
        return;
    c->playing = true;
    c->at = 0;
    c->repeats = 0;
    c->cut = host.script.cut;
}

static void request_ends(struct connection *c)
{
    if (!c->complete)
        host.report.complete++;
    c->complete = true;
}

static size_t content_length(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");

    return line ? (size_t)strtoull(line + 17, NULL, 10) : 0;
}

/* True if it got on. */
static bool read_h1(struct connection *c)
{
    size_t len;
    const char *start;
    char *end;

    if (!c->head) {
        bytes_add(&c->in, "", 1);
        c->in.len--;
        start = unread(c, &len);
        end = strstr(start, "\r\n\r\n");
        if (!end)
            return false;
        end[2] = '\0';
        c->body_left = content_length(start);
        c->in_at += (size_t)(end - start) + 4;
        request_begins(c);
        if (c->body_left == 0)
            request_ends(c);
        return true;
    }
    (void)unread(c, &len);
    len = len < c->body_left ? len : c->body_left;
    c->in_at += len;
    c->body_left -= len;
    if (len > 0 && c->body_left == 0)
        request_ends(c);
    return len > 0;
}

static uint32_t number_at(const char *at, size_t size)
{
    uint32_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

static int current_step(const struct connection *c, struct step *step)
{
    if (!c->playing || c->at + sizeof *step > host.script.steps.len)
        return -1;
    memcpy(step, host.script.steps.ptr + c->at, sizeof *step);
    return step->kind;
}

static void understand_frame(struct connection *c, int type, int flags, uint32_t stream, size_t len)
{
    if (type == H2_HEADERS && stream != c->stream) {
        c->stream = stream;
        request_begins(c);
    }
    if (type == H2_SETTINGS && (flags & H2_ACK))
        c->acked = true;
    if (type == H2_PING && (flags & H2_ACK))
        c->ponged = true;
    if (type == H2_DATA)
        c->ungranted += len;
    if ((type == H2_HEADERS || type == H2_DATA) && stream == c->stream && (flags & H2_END_STREAM))
        request_ends(c);
    /* The client has given this stream up: the rest of its reply is of no use. */
    if (type == H2_RST_STREAM && stream == c->stream && !host.script.at_accept)
        c->playing = false;
}

static bool read_h2(struct connection *c)
{
    size_t left;
    const char *frame = unread(c, &left);
    size_t len;

    if (left < H2_FRAME_HEAD)
        return false;
    len = number_at(frame, 3);
    if (left < H2_FRAME_HEAD + len)
        return false;
    c->in_at += H2_FRAME_HEAD + len;
    understand_frame(c, frame[3], frame[4], number_at(frame + 5, 4), len);
    return true;
}

static void look_at_input(struct connection *c)
{
    size_t left;
    bool more = true;

    while (more && c->in_at < c->in.len) {
        const char *start = unread(c, &left);
        if (!c->known && left < PREFACE)
            break;
        if (!c->known) {
            c->known = true;
            c->h2 = memcmp(start, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", PREFACE) == 0;
            c->in_at += c->h2 ? PREFACE : 0;
        }
        /* The next request of a connection waits until this one is answered. */
        if (!c->h2 && c->complete && c->playing)
            break;
        if (!c->h2 && c->complete)
            c->head = c->complete = false;
        more = c->h2 ? read_h2(c) : read_h1(c);
    }
    forget_read(c);
}

/* ---- sending ---- */

static size_t take_ciphertext(struct connection *c)
{
    char buffer[16 * 1024];
    size_t taken = 0;
    int n;

    while ((n = BIO_read(SSL_get_wbio(c->ssl), buffer, sizeof buffer)) > 0) {
        bytes_add(&c->out, buffer, (size_t)n);
        taken += (size_t)n;
    }
    return taken;
}

static void transmit(struct connection *c, const char *bytes, size_t len)
{
    if (!c->ssl) {
        bytes_add(&c->out, bytes, len);
        return;
    }
    if (len > 0 && SSL_write(c->ssl, bytes, (int)len) <= 0)
        die("SSL_write");
    (void)take_ciphertext(c);
}

/* Puts the number of the stream into the frames that are for it, also into half a frame's head. */
static void put_stream(const struct connection *c, char *bytes, size_t len)
{
    for (size_t at = 0; at + 5 < len;) {
        size_t length = number_at(bytes + at, 3);
        if (bytes[at + 5] == 0x7f) {
            for (size_t i = 0; i < 4 && at + 5 + i < len; i++)
                bytes[at + 5 + i] = (char)(c->stream >> 8 * (3 - i));
        }
        at += H2_FRAME_HEAD + length;
    }
}

/* Sends a piece; with a cut, only the ciphertext up to it. False: the cut was reached. */
static bool transmit_piece(struct connection *c, const char *bytes, size_t len)
{
    size_t record = host.script.record > 0 ? host.script.record : len;

    host.report.bytes += len;
    if (!c->ssl || c->cut < 0) {
        for (size_t at = 0; at < len; at += record)
            transmit(c, bytes + at, len - at < record ? len - at : record);
        host.report.plain += len;
        return true;
    }
    for (size_t at = 0; at < len; at += record) {
        size_t before = c->out.len;
        size_t n = len - at < record ? len - at : record;
        transmit(c, bytes + at, n);
        if (c->out.len - before > (size_t)c->cut) {
            c->out.len = before + (size_t)c->cut;
            c->cut = 0;
            return false;
        }
        c->cut -= (int64_t)(c->out.len - before);
        host.report.plain += n;
    }
    return true;
}

static void to_last_step(struct connection *c)
{
    struct step step;
    size_t next = c->at;

    c->repeats = 0;
    for (; next + sizeof step <= host.script.steps.len; next += sizeof step + step.len) {
        c->at = next;
        memcpy(&step, host.script.steps.ptr + next, sizeof step);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool flood_is_over(const struct step *step)
{
    return step->count == FOR_EVER && now_ms() - host.since >= FLOOD_MS;
}

static void grant_window(struct connection *c)
{
    struct bytes frames = {NULL, 0, 0};

    if (c->ungranted > 0) {
        frame_number(&frames, H2_WINDOW_UPDATE, c->stream, (uint32_t)c->ungranted);
        frame_number(&frames, H2_WINDOW_UPDATE, 0, (uint32_t)c->ungranted);
        transmit(c, frames.ptr, frames.len);
        c->ungranted = 0;
    }
    bytes_free(&frames);
}

/* True: the step is done. */
static bool send_step(struct connection *c, const struct step *step)
{
    const char *bytes = host.script.steps.ptr + c->at + sizeof *step;
    bool wanted = step->kind == STEP_SEND || (step->kind == STEP_SEND_FRESH && !c->again) ||
                  (step->kind == STEP_SEND_USED && c->again);
    struct bytes piece = {NULL, 0, 0};

    if (!wanted || flood_is_over(step))
        return true;
    if (c->resume_at > now_ms())
        return false;
    c->resume_at = host.script.pace_ms > 0 ? now_ms() + host.script.pace_ms : 0;
    bytes_add(&piece, bytes, step->len);
    if (c->h2)
        put_stream(c, piece.ptr, piece.len);
    while (c->repeats < step->count && c->out.len < PIECE_MAX) {
        if (!transmit_piece(c, piece.ptr, piece.len)) {
            to_last_step(c);
            bytes_free(&piece);
            return false;
        }
        c->repeats++;
        if (c->resume_at > 0)
            break;
    }
    bytes_free(&piece);
    return c->repeats >= step->count;
}

/* False: the connection is gone. */
static bool end_connection(struct connection *c, int kind)
{
    struct linger now = {1, 0};

    c->playing = false;
    c->ended = true;
    if (kind == STEP_RST) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
    }
    shutdown(c->fd, SHUT_WR);
    return true;
}

/* False: the connection is gone. */
static bool flush_out(struct connection *c)
{
    while (c->out_at < c->out.len) {
        size_t left = c->out.len - c->out_at;
        size_t size = host.script.write_size > 0 && host.script.write_size < left ? host.script.write_size : left;
        ssize_t n = send(c->fd, c->out.ptr + c->out_at, size, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (n < 0)
            return false;
        c->out_at += (size_t)n;
    }
    c->out.len = c->out_at = 0;
    return true;
}

/* Goes on with the script as far as it can. False: the connection is gone. */
static bool play(struct connection *c)
{
    struct step step;
    bool done = true;
    int kind;

    for (;;) {
        if (!flush_out(c))
            return false;
        if (c->out.len > 0 || (c->ssl && !SSL_is_init_finished(c->ssl)))
            return true;
        kind = current_step(c, &step);
        if (kind < 0)
            return true;
        if (kind == STEP_SEND || kind == STEP_SEND_FRESH || kind == STEP_SEND_USED) {
            size_t at = c->at;
            done = send_step(c, &step);
            if (c->at != at)
                continue;
        } else if (kind == STEP_WAIT_REQUEST || kind == STEP_GRANT) {
            done = c->complete;
            if (kind == STEP_GRANT && !done)
                grant_window(c);
            if (c->out.len > 0)
                continue;
        } else if (kind == STEP_WAIT_PING) {
            done = c->ponged;
        } else if (kind == STEP_WAIT_ACK) {
            done = c->acked;
        } else if (kind == STEP_NOTIFY_FIN && c->ssl && !(SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN)) {
            (void)SSL_shutdown(c->ssl);
            (void)take_ciphertext(c);
            continue;
        } else if (kind == STEP_FIN || kind == STEP_RST || kind == STEP_NOTIFY_FIN) {
            return end_connection(c, kind);
        } else if (kind == STEP_NEXT) {
            c->playing = false;
            return true;
        }
        if (kind == STEP_HOLD || (kind == STEP_HOLD_USED && c->again) || (!done && c->out.len == 0))
            return true;
        if (done) {
            c->at += sizeof step + step.len;
            c->repeats = 0;
            c->resume_at = 0;
        }
    }
}

/* ---- the loop ---- */

/* False: the connection is gone. */
static bool read_tls(struct connection *c)
{
    char buffer[16 * 1024];
    int n;

    if (!SSL_is_init_finished(c->ssl)) {
        n = SSL_do_handshake(c->ssl);
        (void)take_ciphertext(c);
        if (n <= 0 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
            c->hopeless = true;
        ERR_clear_error();
    }
    while (SSL_is_init_finished(c->ssl) && (n = SSL_read(c->ssl, buffer, sizeof buffer)) > 0)
        bytes_add(&c->in, buffer, (size_t)n);
    ERR_clear_error();
    return true;
}

/* False: the connection is gone. */
static bool receive(struct connection *c)
{
    char buffer[16 * 1024];
    bool open = true;

    for (int i = 0; i < 64; i++) {
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        if (n > 0 && c->ssl)
            BIO_write(SSL_get_rbio(c->ssl), buffer, (int)n);
        else if (n > 0)
            bytes_add(&c->in, buffer, (size_t)n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
            open = false;
        if (n <= 0)
            break;
    }
    if (c->ssl && !read_tls(c))
        return false;
    look_at_input(c);
    return open;
}

static bool serve(struct connection *c, short events)
{
    if ((events & (POLLIN | POLLHUP | POLLERR)) && !receive(c))
        return false;
    if (!play(c))
        return false;
    /* A request may have come together with the one before it. */
    look_at_input(c);
    return play(c) && !(c->hopeless && c->out.len == 0);
}

/* One look at everything. The number of things that happened. */
static int look(int timeout_ms)
{
    struct pollfd fds[CONNECTIONS_MAX + 3];
    nfds_t n = 3;
    size_t kept = 0;
    size_t count = host.count;
    int ready;

    fds[0] = (struct pollfd){.fd = timeout_ms != 0 ? host.control : -1, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = host.plain, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = host.secure, .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        short events = (short)(POLLIN | (host.all[i]->out.len > 0 ? POLLOUT : 0));
        fds[n++] = (struct pollfd){.fd = host.all[i]->fd, .events = events};
    }
    ready = poll(fds, n, timeout_ms);
    if (ready <= 0)
        return ready;
    if (fds[1].revents)
        accept_one(host.plain, NULL);
    if (fds[2].revents)
        accept_one(host.secure, host.ssl);
    for (size_t i = 0; i < host.count; i++) {
        struct connection *c = host.all[i];
        bool fresh = i >= count;
        if ((fresh || fds[3 + i].revents) && !serve(c, fresh ? POLLIN : fds[3 + i].revents))
            connection_free(c);
        else
            host.all[kept++] = c;
    }
    host.count = kept;
    return fds[0].revents ? 1 : ready;
}

static void read_all(int fd, void *to, size_t len)
{
    char *at = to;

    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0); /* the test has ended */
        at += n;
        len -= (size_t)n;
    }
}

static void write_all(int fd, const void *from, size_t len)
{
    const char *at = from;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += n;
        len -= (size_t)n;
    }
}

/* What is in the middle of a reply of HTTP/1.1 can only be closed; HTTP/2 connections go on with other streams. */
static void take_script(void)
{
    struct script script;
    size_t kept = 0;

    read_all(host.control, &script, sizeof script);
    bytes_free(&host.script.steps);
    script.steps.ptr = malloc(script.steps.len + 1);
    script.steps.cap = script.steps.len + 1;
    if (!script.steps.ptr)
        die("memory");
    read_all(host.control, script.steps.ptr, script.steps.len);
    host.since = now_ms();
    host.script = script;
    host.report = (struct report){.requests = 0};
    for (size_t i = 0; i < host.count; i++) {
        struct connection *c = host.all[i];
        bool stuck = c->ended || c->hopeless || ((c->playing || c->out.len > 0) && !c->h2);
        c->playing = host.script.unasked;
        c->at = 0;
        c->repeats = 0;
        c->resume_at = 0;
        if (stuck)
            connection_free(c);
        else
            host.all[kept++] = c;
    }
    host.count = kept;
    for (size_t i = 0; i < kept && host.script.unasked; i++)
        (void)play(host.all[i]);
}

/* Connections with a pace go on when their time has come. The time until the next one, -1: none. */
static int keep_pace(void)
{
    int64_t now = now_ms();
    int64_t wait = -1;
    size_t kept = 0;

    for (size_t i = 0; i < host.count; i++) {
        struct connection *c = host.all[i];
        if (c->playing && c->resume_at > 0 && c->resume_at <= now && !play(c)) {
            connection_free(c);
            continue;
        }
        host.all[kept++] = c;
        if (c->playing && c->resume_at > 0 && (wait < 0 || c->resume_at - now < wait))
            wait = c->resume_at > now ? c->resume_at - now : 0;
    }
    host.count = kept;
    return (int)wait;
}

static void run_server(void)
{
    for (;;) {
        char command;
        struct pollfd control = {.fd = host.control, .events = POLLIN};
        int wait = keep_pace();
        (void)look(wait == 0 ? 1 : wait);
        if (poll(&control, 1, 0) <= 0)
            continue;
        read_all(host.control, &command, 1);
        if (command == 'S') {
            take_script();
            write_all(host.control, "s", 1);
        } else {
            /* A flood never comes to an end: a few looks see all that had arrived. */
            for (int i = 0; i < 8 && look(0) > 0; i++)
                continue;
            write_all(host.control, &host.report, sizeof host.report);
        }
    }
}

/* ---- start and stop ---- */

static int listen_on(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die("listen");
    *port = ntohs(address.sin_port);
    return fd;
}

/* HTTP/2 if the client offers it. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                           unsigned in_len, void *user)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)user;
    if (SSL_select_next_proto(&chosen, out_len, protocols, sizeof protocols - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_tls(const char *folder)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    char path[4096];

    if (!ssl)
        die("SSL_CTX_new");
    (void)snprintf(path, sizeof path, "%s/server.pem", folder);
    if (SSL_CTX_use_certificate_file(ssl, path, SSL_FILETYPE_PEM) != 1)
        die(path);
    (void)snprintf(path, sizeof path, "%s/server.key", folder);
    if (SSL_CTX_use_PrivateKey_file(ssl, path, SSL_FILETYPE_PEM) != 1)
        die(path);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    return ssl;
}

void server_start(struct server *server, const char *folder)
{
    int ends[2];
    int pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        die("socketpair");
    host.plain = listen_on(&server->port);
    host.secure = listen_on(&server->tls_port);
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        host.control = ends[1];
        host.script = SCRIPT_INIT;
        host.ssl = folder ? make_tls(folder) : NULL;
        run_server();
    }
    close(ends[1]);
    close(host.plain);
    close(host.secure);
    server->control = ends[0];
    server->pid = pid;
}

void server_stop(struct server *server)
{
    close(server->control);
    waitpid(server->pid, NULL, 0);
}

void server_play(struct server *server, const struct script *script)
{
    char answer = 0;

    write_all(server->control, "S", 1);
    write_all(server->control, script, sizeof *script);
    write_all(server->control, script->steps.ptr, script->steps.len);
    if (read(server->control, &answer, 1) != 1 || answer != 's')
        die("the server is gone");
}

struct report server_report(struct server *server)
{
    struct report report;

    write_all(server->control, "R", 1);
    if (recv(server->control, &report, sizeof report, MSG_WAITALL) != (ssize_t)sizeof report)
        die("the server is gone");
    return report;
}
