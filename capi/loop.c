#include <claude/loop.h>

#include <errno.h>

#include "border.h"
#include "call/loop.h"

claude_code_t claude_loop_new(claude_client_t *client, claude_loop_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, out, "out"))
        rc = cl_loop_new(client, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_loop_submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags, uint64_t tag,
                                 claude_call_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, loop, CL_MAGIC_LOOP, "loop") && border_pointer(&b, out, "out") &&
        border_handle(&b, request, CL_MAGIC_REQUEST, "request"))
        rc = cl_loop_submit(loop, request, flags, tag, out, &b.err);
    return border_leave(&b, rc, err);
}

int32_t claude_loop_fd(const claude_loop_t *loop)
{
    return cl_is(loop, CL_MAGIC_LOOP) ? cl_loop_fd(loop) : -1;
}

claude_code_t claude_loop_dispatch(claude_loop_t *loop, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, loop, CL_MAGIC_LOOP, "loop"))
        rc = cl_loop_dispatch(loop, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, loop, CL_MAGIC_LOOP, "loop") && border_pointer(&b, tag, "tag") &&
        border_pointer(&b, event, "event"))
        rc = cl_loop_next(loop, tag, event, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_loop_wait(claude_loop_t *loop, int64_t timeout_ms, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, loop, CL_MAGIC_LOOP, "loop"))
        rc = cl_loop_wait(loop, timeout_ms, &b.err);
    return border_leave(&b, rc, err);
}

void claude_loop_wakeup(claude_loop_t *loop)
{
    int saved = errno;

    if (cl_is(loop, CL_MAGIC_LOOP))
        cl_loop_wakeup(loop);
    errno = saved;
}

size_t claude_loop_count(const claude_loop_t *loop)
{
    return cl_is(loop, CL_MAGIC_LOOP) ? cl_loop_count(loop) : 0;
}

claude_loop_t *claude_loop_ref(claude_loop_t *loop)
{
    return cl_is(loop, CL_MAGIC_LOOP) ? cl_loop_ref(loop) : NULL;
}

void claude_loop_unref(claude_loop_t *loop)
{
    int saved = errno;

    if (cl_is(loop, CL_MAGIC_LOOP))
        cl_loop_unref(loop);
    errno = saved;
}
