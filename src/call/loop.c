#include "call/loop.h"

struct claude_loop {
    cl_handle handle;
};

claude_code_t cl_loop_new(claude_client_t *client, claude_loop_t **out, cl_err *err)
{
    (void)client;
    (void)out;
    return cl_fail(err, CLAUDE_E_UNSUPPORTED, "event loops are not there yet");
}

claude_code_t cl_loop_submit(claude_loop_t *loop, cl_snapshot *request, uint64_t tag, claude_call_t **out, cl_err *err)
{
    (void)loop;
    (void)tag;
    (void)out;
    cl_snapshot_free(request);
    return cl_fail(err, CLAUDE_E_UNSUPPORTED, "event loops are not there yet");
}

int32_t cl_loop_fd(const claude_loop_t *loop)
{
    (void)loop;
    return -1;
}

claude_code_t cl_loop_dispatch(claude_loop_t *loop, cl_err *err)
{
    (void)loop;
    return cl_fail(err, CLAUDE_E_UNSUPPORTED, "event loops are not there yet");
}

claude_code_t cl_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event, cl_err *err)
{
    (void)tag;
    (void)event;
    return cl_loop_dispatch(loop, err);
}

claude_code_t cl_loop_wait(claude_loop_t *loop, int64_t timeout_ms, cl_err *err)
{
    (void)timeout_ms;
    return cl_loop_dispatch(loop, err);
}

void cl_loop_wakeup(claude_loop_t *loop)
{
    (void)loop;
}

size_t cl_loop_count(const claude_loop_t *loop)
{
    (void)loop;
    return 0;
}

claude_loop_t *cl_loop_ref(claude_loop_t *loop)
{
    return loop;
}

void cl_loop_unref(claude_loop_t *loop)
{
    (void)loop;
}
