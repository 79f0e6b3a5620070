/* A reply, from what a scenario asks for (step, body) to what goes on the wire (image: a short list of operations). */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

#include "buf.h"

#include <stdint.h>

enum {
    MAX_SPLIT_BYTES = 256 * 1024 * 1024, /* a body cut by chunk_size is laid out in memory */
    BLOCK_BYTES = 256 * 1024,            /* repeated content is prebuilt in blocks of about this size */
    STAMP_DIGITS = 20,                   /* of a time in nanoseconds */
};

#define HOLD_FOREVER UINT64_MAX

/* A piece of a body before framing. Repeated content stands once in memory: `period` bytes that fill `total`. */
struct part {
    bool wait;  /* nothing but a pause of wait_us */
    bool hold;  /* a pause that may end early when the client goes away */
    size_t off; /* in body->mem */
    size_t period;
    size_t frame; /* bytes per HTTP chunk; divides period and total */
    size_t unit;  /* 0: written in bulk; else equal to frame, and each unit is a write of its own */
    uint64_t total;
    uint64_t wait_us; /* between units */
    uint64_t events;  /* SSE events per period */
    uint64_t stagger_us;
    size_t stamp_at;
};

struct body {
    struct part *parts;
    size_t count;
    size_t cap;
    struct buf mem;
    bool sse;
};

void body_bytes(struct body *body, const void *data, size_t len, unsigned events, bool own_write);
void body_wait(struct body *body, uint64_t us, bool hold);
/* How repeated content is written. */
struct run {
    size_t len;   /* of one piece */
    size_t frame; /* bytes per HTTP chunk; 0: a whole block */
    bool spaced;  /* every frame is a write of its own, wait_us apart */
    bool hold;    /* may end early when the client goes away */
    uint64_t wait_us;
    uint64_t stagger_us; /* not 0: the waits of the streams lie that far apart, whenever they began */
    size_t stamp_at;     /* not 0: where in a frame STAMP_DIGITS digits are, to become the time of its write */
    unsigned events;     /* per piece */
};

/* `count` pieces of run->len bytes, taken in turn from a block of `copies` pieces. A frame must divide any number of
 * pieces that is left over. */
void body_run(struct body *body, const void *block, uint64_t copies, uint64_t count, const struct run *run);
/* The same piece `count` times. */
void body_repeat(struct body *body, const void *unit, size_t len, uint64_t count, const struct run *how);
void body_free(struct body *body);

/* What the connection executes. */
struct op {
    bool wait;
    bool hold;
    size_t off; /* in image->mem */
    const char *data;
    size_t period;
    uint64_t total;
    uint64_t unit; /* 0: as large writes as possible; else a write ends at every multiple */
    uint64_t wait_us;
    uint64_t stagger_us;
    size_t stamp_at; /* in a unit, framing included; 0: nothing to stamp */
    uint64_t events; /* per period */
};

struct image {
    int refs;
    struct op *ops;
    size_t count;
    size_t cap;
    struct buf mem;
    uint64_t body_len;
    uint64_t wire_len;
    uint64_t *fault_at; /* per fault of the step: where its at_body lies, counted from the first byte after the head */
};

void image_unref(struct image *image);

enum fault_kind { FAULT_FIN, FAULT_RST, FAULT_STALL, FAULT_GARBAGE, FAULT_HALF_CLOSE };
enum fault_where { AT_WIRE, AT_BODY, AT_END };

struct fault {
    enum fault_kind kind;
    enum fault_where where;
    bool in_events; /* stands in the list of events: does not concern the other kind of answer */
    uint64_t at;
    uint64_t stall_us; /* 0: for ever */
    struct buf garbage;
};

enum framing { FRAMING_AUTO, FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_CLOSE };
enum expect_mode { EXPECT_CONTINUE, EXPECT_SILENCE, EXPECT_REFUSE };
enum ending { END_KEEP, END_FIN, END_RST };

struct field {
    char *name;
    char *value;
};

struct fields {
    struct field *list;
    size_t count;
};

void fields_add(struct fields *fields, const char *name, const char *value);
const char *fields_find(const struct fields *fields, const char *name);
void fields_free(struct fields *fields);

struct step {
    int refs;
    int status;
    char *reason;
    struct fields headers;
    struct fields copy_headers; /* request header name, reply header name */
    bool default_headers;
    const char *content_type;
    enum framing framing;
    char *content_length; /* verbatim; NULL: the truth */
    bool no_content_length;
    char *trailers;
    struct body *plain; /* either or both; with both the request's "stream" decides */
    struct body *events;
    struct body before; /* informational responses and the delay */
    struct image *before_image;
    bool echo; /* the body tells what was asked, as the record does */
    bool raw;  /* plain is the whole response, head included */
    size_t head_chunk_size;
    uint64_t head_chunk_us;
    size_t chunk_size;
    uint64_t chunk_us;
    bool gzip;
    size_t gzip_truncate;
    struct fault *faults;
    size_t fault_count;
    char *error_type;
    char *error_message;
    char *error_details; /* JSON */
    bool say_close;      /* connection: close */
    bool close_after;    /* closes without saying so, close_after_us after the reply */
    uint64_t close_after_us;
    enum ending no_reply; /* other than END_KEEP: the request is read and the connection closed */
    bool reply_early;     /* at the end of the request's head */
    enum expect_mode expect;
    struct image *cache[2][2]; /* [plain, events][unframed, chunked] */
};

struct step *step_new(int status);
struct step *step_ref(struct step *step);
void step_unref(struct step *step);
/* A step that answers with this JSON (or other) text. */
struct step *step_text(int status, const char *content_type, const struct buf *text);
/* Anthropic's error envelope. `details` is JSON or NULL. */
void error_envelope(struct buf *out, const char *type, const char *message, const char *details,
                    const char *request_id);
struct step *step_error(int status, const char *type, const char *message, const char *request_id);
/* Reads the error members of the step into a body of their own. */
struct body *step_error_body(const struct step *step, const char *request_id);

/* Lays a body out for the wire. The result is for one owner; images of the step's own bodies are cached by step_image.
 */
struct image *image_compile(const struct step *step, const struct body *body, bool chunked);
struct image *step_image(struct step *step, bool events, bool chunked);

struct head_facts {
    const char *request_id;
    const char *date;  /* of the date header */
    const char *reset; /* RFC 3339, of the rate limit headers */
    const struct image *image;
    bool sse;
    bool chunked;
    bool close;
    bool send_length;
    const struct fields *extra;
};

void reply_head(struct buf *out, const struct step *step, const struct head_facts *facts);

#endif
