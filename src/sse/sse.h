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
        data; /* lines joined by LF. The byte after it belongs to the parser or to a line end, it may be overwritten */
} cl_sse_event;

/*
 * Between calls the window begins with the event under way, or with the first line that is not known to be void:
 * comments and unknown fields before an event's first field are consumed as soon as their line has ended.
 */
typedef struct cl_sse {
    size_t max_event; /* bytes from an event's first field to its blank line's first terminator, line ends and all */
    uint64_t offset;  /* in the stream, of the window's first byte */
    size_t line;      /* of the window: start of the current line */
    size_t scanned;   /* of the window: bytes already searched for a line end */
    size_t name_at;   /* of the window, as all the following */
    size_t name_len;
    size_t data_at;
    size_t data_len;
    size_t data_lines; /* from the second line on, the data is in `joined` */
    size_t id_at;
    size_t id_len;
    uint64_t bad_name; /* in the stream: the first invalid byte of the name, CL_SSE_NOWHERE if none */
    uint64_t bad_data;
    bool started; /* the byte order mark has been looked for */
    bool skip_lf; /* the last line ended with CR: a LF right after it belongs to it */
    bool pending; /* a field of the event was seen */
    bool has_id;
    bool high;     /* the searched part of the current line is not plain ASCII */
    cl_buf joined; /* data of events with several data lines */
    cl_buf last_id;
    int64_t retry_ms; /* of the last valid `retry:` line, -1 if none */
} cl_sse;

#define CL_SSE_NOWHERE UINT64_MAX

enum { CL_SSE_MORE = 0, CL_SSE_EVENT = 1 };

void cl_sse_init(cl_sse *sse, size_t max_event);
void cl_sse_free(cl_sse *sse);

/*
 * Looks for the next event in the window, which begins right after what was consumed before.
 *
 * Returns CL_SSE_EVENT with the event's slices into the window (or into the parser, if data lines had to be joined),
 * valid until the window changes or the next call; CL_SSE_MORE if the window has no further complete event;
 * CLAUDE_E_TOO_LARGE if an event is over max_event, which is final; CLAUDE_E_PROTOCOL for invalid UTF-8 in an event's
 * name or data: that event is consumed, and the next call goes on behind it; CLAUDE_E_NOMEM. Messages give the byte's
 * offset in the stream. `*consumed` bytes are to be dropped from the window's front before the next call, whatever was
 * returned. How the bytes are cut into windows changes neither the events nor the errors.
 */
int32_t cl_sse_next(cl_sse *sse, const char *window, size_t len, size_t *consumed, cl_sse_event *event, cl_err *err);

#endif
