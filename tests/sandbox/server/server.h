/* The server: one thread, one epoll, all state in struct server. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "http.h"
#include "record.h"
#include "reply.h"
#include "scenario.h"
#include "store.h"

#include <sys/uio.h>
#include <time.h>

struct options {
    const char *host;
    int port;
    size_t keep;
    size_t keep_bytes;
    size_t keep_body;
};

struct stats {
    uint64_t accepted;
    uint64_t open;
    uint64_t replies;
    uint64_t bytes_read;
    uint64_t bytes_written;
    uint64_t events_written;
    uint64_t malformed;
};

enum conn_state {
    CONN_HEAD,  /* waiting for a request's head */
    CONN_BODY,  /* reading its body */
    CONN_REPLY, /* writing; nothing is read */
    CONN_DRAIN, /* our side is shut; reading until the client closes */
};

/* What the connection's timer means. */
enum wait_kind { WAIT_NONE, WAIT_OP, WAIT_STALL, WAIT_RST, WAIT_DRAIN, WAIT_CLOSE };

struct pending_fault {
    uint64_t at;
    const struct fault *fault;
};

struct conn {
    struct conn *next;
    struct conn *prev;
    int fd;
    enum conn_state state;
    uint32_t interest; /* epoll events asked for */
    bool dead;
    bool peer_eof;
    bool more; /* bytes came after the current request */

    struct buf in;  /* an unfinished head, or what came after the current request */
    size_t scanned; /* of `in`, for the end of the head */
    struct request *request;
    uint64_t number; /* in the record; 0 until a counted request came */
    uint64_t epoch;

    struct step *step;
    struct image *image; /* of the body; NULL: none */
    struct buf head;
    struct buf echo; /* the body of a step that tells what was asked */
    struct op head_op;
    bool close_after;
    uint64_t total; /* of the whole reply */
    struct pending_fault *faults;
    size_t fault_count;
    size_t fault_next;
    const struct buf *inject; /* garbage under way */
    size_t injected;
    size_t op; /* position: operation, offset in it, offset in the reply */
    uint64_t pos;
    uint64_t wire_pos;
    uint64_t pace_ns; /* when the last paced write was due */
    bool placed;      /* among staggered streams: */
    uint64_t place_ns;
    char stamp[STAMP_DIGITS + 1];
    bool waited;

    enum wait_kind wait;
    uint64_t due_ns;
    size_t heap_index; /* SIZE_MAX: not in the heap */
};

struct server {
    struct options options;
    int epoll;
    int listener;
    int signals;
    int timer;
    int port;
    bool stopping;
    struct stats stats;
    struct recorder recorder;
    struct scenarios scenarios;
    struct store store;
    struct conn *conns;
    struct conn *graveyard; /* closed during this turn; events for them may still be in the batch */
    struct conn **heap;
    size_t heap_count;
    size_t heap_cap;
    uint64_t armed_ns;
    uint64_t now_ns;
    uint64_t started_ns;
    int reserve;      /* a descriptor to give up when there are none left, so that a client can be turned away */
    time_t text_time; /* of the two texts below */
    char date[40];
    char reset[40];
    uint64_t next_request_id;
    uint64_t staggered; /* streams so far */
    char id_seed[9];
    char request_id[40];
    char *readbuf;
};

/* Opens the listener. False with a message on stderr. */
bool server_open(struct server *server, const struct options *options);
int server_run(struct server *server);
void server_close(struct server *server);

/* control.c: /_sandbox/... */
bool control_owns(const struct request *request);
struct step *control_reply(struct server *server, const struct request *request);

/* timers.c */
uint64_t clock_ns(void);
void timer_set(struct server *server, struct conn *conn, enum wait_kind wait, uint64_t due_ns);
void timer_clear(struct server *server, struct conn *conn);
/* The next connection whose time has come, its timer cleared; NULL when there is none (the timerfd is then armed). */
struct conn *timer_pop(struct server *server);

/* server.c */
/* A new id; valid until the next call. Also brings the texts of the time up to date. */
const char *server_request_id(struct server *server);

/* conn.c */
struct conn *conn_new(struct server *server, int fd);
void conn_close(struct server *server, struct conn *conn);
void conn_event(struct server *server, struct conn *conn, uint32_t events);
void conn_timer(struct server *server, struct conn *conn, enum wait_kind wait);
void conn_want(struct server *server, struct conn *conn, uint32_t events);

/* output.c */
enum pump { PUMP_DONE, PUMP_BLOCKED, PUMP_ENDED };
/* Writes as much of the reply as can be. ENDED: a fault took the connection over (or it is closed). */
enum pump conn_pump(struct server *server, struct conn *conn);
/* Prepares the reply of conn->step for conn->request. */
void reply_begin(struct server *server, struct conn *conn, const char *request_id);
void reply_end(struct conn *conn);
void conn_fin(struct server *server, struct conn *conn);
void conn_rst(struct server *server, struct conn *conn);
/* Pausing where nobody would miss the rest if the client has gone. */
bool conn_is_holding(const struct conn *conn);
/* Reads and throws away; at the client's end closes. */
void conn_drain(struct server *server, struct conn *conn);

#endif
