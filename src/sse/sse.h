/*
 * sse.h - the door of the room for server-sent events: bytes in, events out, no copy in the common case.
 *
 * The caller owns a window of received bytes, and drops from its front what was consumed. The parser keeps offsets into
 * the window, so bytes are looked at once however they arrive.
 */
#ifndef CL_SSE_H
#define CL_SSE_H

#include "base/base.h"

typedef struct cl_sse_event {
    cl_str name; /* of the last `event:` line; empty if there was none */
    cl_str
        data; /* lines joined by LF. The byte after it belongs to the parser or to a line end: it may be overwritten. */
} cl_sse_event;

typedef struct cl_sse {
    size_t max_event; /* bytes of one event, lines and all */
    size_t scanned;   /* of the window: bytes already searched for a line end */
    size_t line;      /* of the window: start of the current line */
    size_t name_at;   /* of the window */
    size_t name_len;
    size_t data_at; /* of the window; valid while there is a single data line */
    size_t data_len;
    uint32_t data_lines;
    bool started;  /* the byte order mark has been looked for */
    bool skip_lf;  /* the last line ended with CR: a LF right after it belongs to it */
    cl_buf joined; /* data of events with several data lines */
    cl_buf last_id;
    int64_t retry_ms; /* of the last valid `retry:` line, -1 if none */
} cl_sse;

enum { CL_SSE_MORE = 0, CL_SSE_EVENT = 1 };

void cl_sse_init(cl_sse *sse, size_t max_event);
void cl_sse_free(cl_sse *sse);

/*
 * Looks for the next event in the window, which begins right after what was consumed before.
 *
 * Returns CL_SSE_EVENT with the event's slices into the window (or into the parser, if data lines had to be joined),
 * valid until the window changes or the next call; CL_SSE_MORE if the window has no further complete event;
 * CLAUDE_E_TOO_LARGE if an event is over max_event; CLAUDE_E_PROTOCOL for invalid UTF-8 in an event's name or data;
 * CLAUDE_E_NOMEM. `*consumed` bytes are to be dropped from the window's front before the next call, also for
 * CL_SSE_MORE. How the bytes are cut into windows changes neither the events nor the error.
 */
int32_t cl_sse_next(cl_sse *sse, const char *window, size_t len, size_t *consumed, cl_sse_event *event, cl_err *err);

#endif
