/*
 * server.h - a raw server that goes wrong as told. HTTP/1.1 and HTTP/2 (without TLS; it tells them apart by the first
 * bytes), one thread, all signals blocked. It counts what it sees: the oracle for attempts is here.
 */
#ifndef DEADLINES_SERVER_H
#define DEADLINES_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is done about a request, once it has been read. */
enum step_kind {
    STEP_END = 0, /* the answer is complete; HTTP/1.1: the connection is closed */
    STEP_HEAD,    /* status 200 and the content type of a stream */
    STEP_SEND,    /* text, as it is (HTTP/2: in a DATA frame) */
    STEP_EVENT,   /* the same, and an event other than ping is complete with it */
    STEP_WAIT,    /* number: ms */
    STEP_REPEAT,  /* does the two steps before it again, `number` times */
    STEP_STALL,   /* nothing more */
    STEP_RESET,   /* the connection is reset */
};

struct step {
    enum step_kind kind;
    const char *text;
    int64_t number;
};

enum server_mode {
    SERVER_HTTP,
    SERVER_SILENT, /* reads and reads, speaks no HTTP; may say `answer` once */
    SERVER_DEAF,   /* accepts nothing, and its queue is full */
};

struct server_plan {
    enum server_mode mode;
    const char *answer; /* SERVER_SILENT: what it says to the first bytes */
    const struct step *steps;
    bool stops_reading;  /* after the head of a request */
    bool resets;         /* the same, and resets the connection */
    bool no_window;      /* HTTP/2: the client may send no byte of a body */
    int64_t scale;       /* of all STEP_WAIT; 0: as they are */
    uint32_t concurrent; /* HTTP/2: streams that a client may open at once; 0: any number */
};

struct server {
    struct server_plan plan;
    uint16_t port;
    atomic_int connections;
    atomic_int requests;
    atomic_int reached; /* times that it came to the point where it goes wrong */
    atomic_int resets;  /* streams that clients have given up */
    atomic_llong last_byte_at;
    atomic_llong last_event_at;
    atomic_bool hurry; /* a STEP_STALL is over as soon as this is set */
    struct server_private *inside;
};

/* The plan is copied, what it points to is not. Ends the cell when something is wrong. */
void server_start(struct server *server, const struct server_plan *plan);
void server_stop(struct server *server);

#define EVENT_START                                                                                                    \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","      \
    "\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":12}}}\n\n"
#define EVENT_BLOCK                                                                                                    \
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"               \
    "{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define EVENT_DELTA                                                                                                    \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"                       \
    "{\"type\":\"text_delta\",\"text\":\"Hello \"}}\n\n"
#define EVENT_CLOSING                                                                                                  \
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"                               \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"                \
    "\"usage\":{\"output_tokens\":5}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define EVENT_PING "event: ping\ndata: {\"type\":\"ping\"}\n\n"
#define EVENT_COMMENT ": still here\n\n"

#endif
