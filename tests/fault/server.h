/*
 * server.h - the raw server of the fault tests: a forked process on two ports of loopback, one plain, one with TLS. It
 * does what a script says, byte for byte, with each request, and counts the requests that reach it.
 *
 * It speaks HTTP/1.1 and HTTP/2 only as far as to find the ends of requests. Replies, frames and all, are in the
 * script.
 */
#ifndef FAULT_SERVER_H
#define FAULT_SERVER_H

#include "wire.h"

/* What to do, step by step. A script begins with the head of a request, or with the connection (at_accept). */
enum {
    STEP_SEND,         /* bytes, `count` times; ends early when the client has gone */
    STEP_SEND_FRESH,   /* the same, on a connection that has had no request before */
    STEP_SEND_USED,    /* the same, on one that has */
    STEP_WAIT_REQUEST, /* until the request has arrived whole */
    STEP_WAIT_PING,    /* until the client has answered a PING that came in this reply */
    STEP_WAIT_ACK,     /* until the client has acknowledged a SETTINGS frame on this connection */
    STEP_GRANT,        /* until the request has arrived whole; each DATA frame is answered with as much new window */
    STEP_HOLD,         /* nothing more, until the client gives up or there is a new script */
    STEP_HOLD_USED,    /* the same, on a connection that has had a request before */
    STEP_NEXT,         /* this reply is over; the connection stays open */
    STEP_FIN,          /* end of the TCP stream, and of TLS without close_notify */
    STEP_NOTIFY_FIN,   /* close_notify, then the same */
    STEP_RST,
};

struct script {
    struct bytes steps;
    bool at_accept;
    bool unasked;        /* begins at once, on connections that are idle */
    uint32_t pace_ms;    /* between one repetition of bytes and the next; 0: none */
    uint32_t write_size; /* most bytes per write to the socket; 0: any */
    uint32_t record;     /* most bytes per TLS record; 0: any */
    int64_t cut;         /* with TLS: bytes of ciphertext of the reply after which its last step comes; -1: none */
};

#define SCRIPT_INIT ((struct script){.cut = -1})
/* As a count: until the client has had enough, but not longer than FLOOD_MS, so that the test itself comes to an end.
 */
#define FOR_EVER UINT64_MAX
enum { FLOOD_MS = 3000 };

void script_step(struct script *script, int kind);
void script_send(struct script *script, const void *bytes, size_t len);
void script_repeat(struct script *script, const void *bytes, size_t len, uint64_t count);
void script_send_if(struct script *script, int kind, const void *bytes, size_t len);
void script_free(struct script *script);
/* Waits for the request, begins an HTTP/2 connection where it is new. */
void script_begin_h2(struct script *script);

struct report {
    uint64_t requests;    /* heads of requests since the script was given */
    uint64_t complete;    /* of these, with their whole body */
    uint64_t connections; /* accepted since then */
    uint64_t plain;       /* bytes of the reply whose TLS records went out whole */
    uint64_t bytes;       /* bytes of the reply, before TLS */
};

struct server {
    int control;
    int pid;
    uint16_t port;
    uint16_t tls_port;
};

/* Both fail the program when they fail. `folder` has server.pem and server.key; NULL: no TLS. */
void server_start(struct server *server, const char *folder);
void server_stop(struct server *server);
/* From now on this is done with each request; what other connections are in the middle of is dropped. */
void server_play(struct server *server, const struct script *script);
/* What has arrived so far; the server has looked at everything that was sent before this call. */
struct report server_report(struct server *server);

#endif
