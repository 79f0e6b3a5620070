/*
 * wire.h - bytes: a growing buffer, the stream that the cuts are made in with what it means, and replies laid out for
 * HTTP/1.1 and HTTP/2 by hand. Nothing here comes from the library: what is expected of it must not be its own opinion.
 */
#ifndef FAULT_WIRE_H
#define FAULT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- bytes; out of memory ends the program ---- */

struct bytes {
    char *ptr;
    size_t len;
    size_t cap;
};

void bytes_add(struct bytes *to, const void *from, size_t len);
void bytes_text(struct bytes *to, const char *text);
void bytes_format(struct bytes *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_repeat(struct bytes *to, const char *text, size_t count);
void bytes_free(struct bytes *bytes);

/* ---- the stream ---- */

/* An event as the library must hand it out. */
struct expected_event {
    int32_t type;
    int32_t index;
    const char *name;
    const char *json;
    const char *text; /* decoded; NULL if it has none */
};

#define STREAM_EVENTS 20
extern const struct expected_event stream_events[STREAM_EVENTS];

/* The stream's bytes: 20 events with thinking, text and tool use, all kinds of line ends, comments, and a tail behind
 * message_stop. */
void stream_body(struct bytes *out);
/* The oracle: how many events the first `len` bytes of a stream complete. An event is complete with the first byte of
 * the end of its blank line. */
size_t complete_events(const char *body, size_t len);
/* The texts that the first `count` events add up to, as the partial message must have them. */
void expected_text(size_t count, int32_t type, struct bytes *out);

/* ---- replies ---- */

enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE, BY_H2, FRAMINGS };
extern const char *const framing_names[FRAMINGS];

/* A reply as it lies on the wire, and what each prefix of it has brought. */
struct reply {
    struct bytes raw;
    uint32_t *body_at; /* [0 .. raw.len]: bytes of the body in the first n bytes */
    size_t opening;    /* bytes that only begin a connection (HTTP/2) */
    size_t settings;   /* of these, the SETTINGS frame that the client answers */
    size_t head_end;   /* where the head is complete */
};

/* A complete reply with this body, an event stream. */
void reply_build(struct reply *reply, enum framing framing, const char *body, size_t len);
void reply_free(struct reply *reply);

/* ---- HTTP/2 frames ---- */

enum {
    H2_DATA = 0,
    H2_HEADERS = 1,
    H2_PRIORITY = 2,
    H2_RST_STREAM = 3,
    H2_SETTINGS = 4,
    H2_PUSH_PROMISE = 5,
    H2_PING = 6,
    H2_GOAWAY = 7,
    H2_WINDOW_UPDATE = 8,
    H2_CONTINUATION = 9,

    H2_END_STREAM = 1,
    H2_ACK = 1,
    H2_END_HEADERS = 4,

    H2_FRAME_HEAD = 9,
};
/* Stands for the stream of the request that is answered: the server puts the number in. */
#define H2_THIS 0x7ffffffeu

/* ":status 200" and "content-type: text/event-stream" in HPACK. */
#define H2_STATUS_200 "\x88"
#define H2_EVENT_STREAM "\x0f\x10\x11text/event-stream"
#define H2_JSON                                                                                                        \
    "\x0f\x10\x10"                                                                                                     \
    "application/json"

void frame_add(struct bytes *to, int type, int flags, uint32_t stream, const void *payload, size_t len);
/* Frames whose payload is one number: RST_STREAM, WINDOW_UPDATE. */
void frame_number(struct bytes *to, int type, uint32_t stream, uint32_t value);
void frame_goaway(struct bytes *to, uint32_t last_stream, uint32_t code);
void frame_setting(struct bytes *to, uint16_t name, uint32_t value);
/* A head: status 200 and an event stream. */
void frame_head(struct bytes *to, int flags);
/* What a server says first: SETTINGS and an acknowledgement of the client's. */
void frame_opening(struct bytes *to);

#endif
