#include "call.h"

#include "interrupt.h"
#include "output.h"

claude_code_t cli_call(const cli_session *session, const claude_request_t *request, claude_response_t **out,
                       claude_error_t **err)
{
    claude_call_t *call = NULL;
    claude_code_t rc = claude_client_start(session->client, request, session->flags, &call, err);
    if (rc < 0)
        return rc;
    while ((rc = claude_call_wait(call, CLI_SLICE_MS, err)) == 0) {
        if (cli_interrupted() != 0)
            claude_call_cancel(call);
    }
    if (rc >= 0)
        rc = claude_call_result(call, out, err);
    claude_call_unref(call);
    return rc;
}

claude_code_t cli_call_next(claude_call_t *call, const claude_event_t **event, claude_error_t **err)
{
    claude_code_t rc = claude_call_next(call, 0, event, err);
    if (rc != 0)
        return rc;
    do {
        if (cli_interrupted() != 0 || cli_flush() < 0)
            claude_call_cancel(call);
        rc = claude_call_next(call, CLI_SLICE_MS, event, err);
    } while (rc == 0);
    return rc;
}
