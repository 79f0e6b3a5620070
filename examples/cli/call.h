/* call.h - a call that is waited for in slices, so that Ctrl-C ends it at once. */
#ifndef CLAUDEC_CALL_H
#define CLAUDEC_CALL_H

#include <claude/claude.h>

#include "session.h"

/* Sends a request and waits for the answer. Returns as claude_client_execute(); CLAUDE_E_CANCELED after a signal. */
claude_code_t cli_call(const cli_session *session, const claude_request_t *request, claude_response_t **out,
                       claude_error_t **err);

/* The next event as claude_call_next() gives it; what is in the output's buffer is handed on before it waits. */
claude_code_t cli_call_next(claude_call_t *call, const claude_event_t **event, claude_error_t **err);

#endif
