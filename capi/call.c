#include <claude/call.h>

#include <errno.h>

#include "border.h"
#include "call/call.h"
#include "message/rate_limit.h"

#if CL_FEATURE_STREAMING

claude_code_t claude_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event,
                               claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, call, CL_MAGIC_CALL, "call") && border_pointer(&b, event, "event"))
        rc = cl_call_next(call, timeout_ms, event, &b.err);
    return border_leave(&b, rc, err);
}

#endif

claude_code_t claude_call_wait(claude_call_t *call, int64_t timeout_ms, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, call, CL_MAGIC_CALL, "call"))
        rc = cl_call_wait(call, timeout_ms, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_call_result(claude_call_t *call, claude_response_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, call, CL_MAGIC_CALL, "call") && border_pointer(&b, out, "out"))
        rc = cl_call_result(call, out, &b.err);
    return border_leave(&b, rc, err);
}

void claude_call_cancel(claude_call_t *call)
{
    int saved = errno;

    if (cl_is(call, CL_MAGIC_CALL))
        cl_call_cancel(call);
    errno = saved;
}

#if CL_FEATURE_STREAMING_CONTROL

void claude_call_pause(claude_call_t *call)
{
    int saved = errno;

    if (cl_is(call, CL_MAGIC_CALL))
        cl_call_pause(call, true);
    errno = saved;
}

void claude_call_resume(claude_call_t *call)
{
    int saved = errno;

    if (cl_is(call, CL_MAGIC_CALL))
        cl_call_pause(call, false);
    errno = saved;
}

#endif

int32_t claude_call_state(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_state(call) : 0;
}

#if CL_FEATURE_STREAMING_CONTROL

int32_t claude_call_is_paused(const claude_call_t *call)
{
    return claude_call_state(call) == CLAUDE_CALL_PAUSED;
}

#endif

int32_t claude_call_is_cancelled(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) && cl_call_is_cancelled(call);
}

int32_t claude_call_is_running(const claude_call_t *call)
{
    return claude_call_state(call) == CLAUDE_CALL_RUNNING && !claude_call_is_cancelled(call);
}

#if CL_FEATURE_STREAMING_CONTROL

size_t claude_call_buffered(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_buffered(call) : 0;
}

uint64_t claude_call_dropped(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_dropped(call) : 0;
}

#endif

int32_t claude_call_http_status(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_http_status(call) : 0;
}

const char *claude_call_header(const claude_call_t *call, const char *name)
{
    return cl_is(call, CL_MAGIC_CALL) && name ? cl_call_header(call, name) : NULL;
}

int64_t claude_call_rate_limit(const claude_call_t *call, const char *what, int32_t which)
{
    int saved = errno;
    int64_t figure = -1;

    if (cl_is(call, CL_MAGIC_CALL) && what)
        figure = cl_rate_limit(cl_call_headers(call), cl_wall_ms(), what, which);
    errno = saved;
    return figure;
}

int32_t claude_call_attempts(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_attempts(call) : 0;
}

#if CL_FEATURE_STREAMING

uint64_t claude_call_anomalies(const claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_anomalies(call) : 0;
}

#endif

claude_call_t *claude_call_ref(claude_call_t *call)
{
    return cl_is(call, CL_MAGIC_CALL) ? cl_call_ref(call) : NULL;
}

void claude_call_unref(claude_call_t *call)
{
    int saved = errno;

    if (cl_is(call, CL_MAGIC_CALL))
        cl_call_unref(call);
    errno = saved;
}

#if CL_FEATURE_STREAMING

claude_code_t claude_call_read(claude_call_t *call, void *out, size_t size, int64_t timeout_ms, size_t *got,
                               claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, call, CL_MAGIC_CALL, "call") && border_pointer(&b, out, "out") &&
        border_pointer(&b, got, "got"))
        rc = size > 0 ? cl_call_read(call, out, size, timeout_ms, got, &b.err)
                      : cl_fail(&b.err, CLAUDE_E_INVALID, "size is 0; room for at least one byte is needed");
    return border_leave(&b, rc, err);
}

#endif
