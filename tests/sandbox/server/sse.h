/* Canonical events of a message stream, and lines of batch results. */
#ifndef SANDBOX_SSE_H
#define SANDBOX_SSE_H

#include "reply.h"

enum delta_kind { DELTA_TEXT, DELTA_THINKING, DELTA_INPUT_JSON, DELTA_REORDERED };

struct generate {
    uint64_t events;
    size_t event_bytes;
    bool each; /* a write per event */
    uint64_t interval_us;
    uint64_t stagger_us;   /* from one stream to the next within the interval; 0: each from when it begins */
    bool stamp;            /* the text begins with the time of its write */
    unsigned chunk_events; /* events per HTTP chunk; 0: as many as a block has */
    enum delta_kind kind;
};

/* One event; `name` NULL leaves the event line out. Line feeds in the data start further data lines. */
void sse_event(struct buf *out, const char *name, const char *data, size_t len);
/* The same, as a part of a body. `len` SIZE_MAX: up to the NUL. */
void sse_put(struct body *body, const char *name, const char *data, size_t len);
/* The smallest event_bytes. */
size_t generate_min_bytes(const struct generate *g);
/* False when chunk_events does not fit the number of events in a block. */
bool generate_events(struct body *body, const struct generate *g);
/* Results of a batch, `bytes` each with its line feed. False when that is too few. */
bool generate_lines(struct body *body, uint64_t lines, size_t bytes);
/* What stands before and after generated events so that a complete message results. */
void sse_message_begin(struct body *body, enum delta_kind kind);
void sse_message_end(struct body *body, enum delta_kind kind, uint64_t output_tokens);

#endif
