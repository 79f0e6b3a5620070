/* pieces.c - answers that are streams, but not of events: lines of JSON, and bytes. */
#include "call/call.h"

/* A line is in memory as a whole. */
static const size_t line_max = (size_t)1 << 30;

static void hand_out(claude_call_t *call, int32_t type, cl_str name, cl_str json, cl_str text)
{
    call->event.type = type;
    call->event.index = -1;
    call->event.name = name;
    call->event.json = json;
    call->event.text = text;
    if (!call->delivered)
        cl_call_commit(call);
    call->progressed = true;
}

/* The line's beginning may have come before. 1: there is a line; 0: it is empty; negative: an error. */
static int32_t make_line(claude_call_t *call, char *bytes, size_t len, cl_err *err)
{
    cl_str line = cl_str_n(bytes, len);

    if (call->line.len > 0) {
        int rc = cl_buf_append(&call->line, bytes, len);
        if (rc != CL_BUF_OK)
            return cl_fail_buf(err, rc, "a line of the answer");
        line = cl_buf_str(&call->line);
        call->line.len = 0;
    }
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return 0;
    ((char *)(uintptr_t)line.ptr)[line.len] = '\0';
    hand_out(call, CLAUDE_EVENT_LINE, CL_STR("line"), line, (cl_str){NULL, 0});
    return 1;
}

/* Keeps what has come of a line: the transfer's bytes have to be taken, or the server would be made to wait. */
static int32_t keep_rest(claude_call_t *call, const char *bytes, size_t len, cl_err *err)
{
    int rc;

    if (call->line.max == 0)
        call->line = CL_BUF_INIT(line_max);
    rc = cl_buf_append(&call->line, bytes, len);
    if (rc != CL_BUF_OK)
        return cl_fail_buf(err, rc, "a line of the answer");
    cl_transfer_consume(call->transfer, len);
    return 0;
}

int32_t cl_call_take_line(claude_call_t *call, cl_err *err)
{
    for (;;) {
        size_t len = 0;
        char *bytes = cl_transfer_bytes(call->transfer, &len);
        char *end = len > 0 ? memchr(bytes, '\n', len) : NULL;
        int32_t rc;
        if (!end && len > 0) {
            rc = keep_rest(call, bytes, len, err);
            if (rc < 0)
                return rc;
            continue;
        }
        /* The last line needs no end of its own, where the answer has one. */
        if (!end && (!call->over || call->cut || call->line.len == 0))
            return 0;
        rc = make_line(call, end ? bytes : call->line.ptr, end ? (size_t)(end - bytes) : 0, err);
        if (end)
            cl_transfer_consume(call->transfer, (size_t)(end - bytes) + 1);
        if (rc != 0 || !end)
            return rc;
    }
}

int32_t cl_call_take_bytes(claude_call_t *call)
{
    size_t len = 0;
    char *bytes = cl_transfer_bytes(call->transfer, &len);

    if (len == 0)
        return 0;
    hand_out(call, CLAUDE_EVENT_BYTES, CL_STR("bytes"), CL_STR(""), cl_str_n(bytes, len));
    cl_transfer_consume(call->transfer, len);
    return 1;
}

claude_code_t cl_call_read(claude_call_t *call, void *out, size_t size, int64_t timeout_ms, size_t *got, cl_err *err)
{
    const claude_event_t *event;
    claude_code_t rc = 1;

    if (call->request.endpoint->answer != CL_ANSWER_BYTES || !call->request.stream)
        return cl_fail(err, CLAUDE_E_STATE,
                       "only the answer of an endpoint that gives bytes, started with CLAUDE_STREAM, can be read in "
                       "pieces");
    if (call->unread.len == 0) {
        rc = cl_call_next(call, timeout_ms, &event, err);
        if (rc == 1)
            call->unread = event->text;
    }
    if (rc != 1)
        return rc;
    *got = call->unread.len < size ? call->unread.len : size;
    memcpy(out, call->unread.ptr, *got);
    call->unread.ptr += *got;
    call->unread.len -= *got;
    return 1;
}
