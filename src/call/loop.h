/* loop.h - the door for event loops: an engine of its own, the calls on it, and the order in which they are heard. */
#ifndef CL_CALL_LOOP_H
#define CL_CALL_LOOP_H

#include <claude/loop.h>

#include "call/call.h"

claude_code_t cl_loop_new(claude_client_t *client, claude_loop_t **out, cl_err *err);
/* Starts a call as the client is now. */
claude_code_t cl_loop_submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags, uint64_t tag,
                             claude_call_t **out, cl_err *err);
int32_t cl_loop_fd(const claude_loop_t *loop);
claude_code_t cl_loop_dispatch(claude_loop_t *loop, cl_err *err);
claude_code_t cl_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event, cl_err *err);
claude_code_t cl_loop_wait(claude_loop_t *loop, int64_t timeout_ms, cl_err *err);
void cl_loop_wakeup(claude_loop_t *loop);
size_t cl_loop_count(const claude_loop_t *loop);
claude_loop_t *cl_loop_ref(claude_loop_t *loop);
void cl_loop_unref(claude_loop_t *loop);

#endif
