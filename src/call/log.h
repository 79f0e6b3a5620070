/*
 * log.h - lines for the program's log callback. Without one they cost a comparison each.
 *
 * What can be a secret does not get here: texts pass the filter of error messages, which hides keys, of headers only
 * those of a list show their values, and bodies show nothing but their sizes unless an option asks for more.
 */
#ifndef CL_CALL_LOG_H
#define CL_CALL_LOG_H

#include <claude/diag.h>

#include "call/call.h"

/* A line that is being written. */
typedef struct cl_log {
    const claude_client_t *client;
    claude_call_t *call; /* NULL: of none */
    int32_t level;
    const char *event; /* static */
    cl_buf json;
    int rc; /* CL_BUF_* */
} cl_log;

static inline bool cl_log_on(const claude_client_t *client, int32_t level)
{
    return CL_FEATURE_GENERAL_DIAGNOSTICS && client->logs && level <= client->config->log_level;
}

/* Somebody listens to this call: asked before all that is told of it, so that nothing is paid for what nobody hears. */
static inline bool cl_call_logs(const claude_call_t *call)
{
    return CL_FEATURE_GENERAL_DIAGNOSTICS && call->log_number != 0;
}

/* False: nobody wants it. Else it ends with cl_log_end(). */
bool cl_log_begin(cl_log *line, const claude_client_t *client, claude_call_t *call, int32_t level, const char *event);
void cl_log_int(cl_log *line, const char *name, int64_t value);
/* As an error message would show it; NULL is left out. */
void cl_log_text(cl_log *line, const char *name, const char *text);
/* The same of a text of any length, of which at most `max` bytes are shown. */
void cl_log_long_text(cl_log *line, const char *name, cl_str text, size_t max);
void cl_log_headers(cl_log *line, const cl_headers *headers);
/* Without memory for the line nobody hears of it. */
void cl_log_end(cl_log *line);

/* ---- what is told (log_call.c) ---- */

void cl_log_call_begins(claude_call_t *call);
/* `err` may be NULL where it went well, and where why is not known any more. */
void cl_log_call_ends(claude_call_t *call, claude_code_t code, const cl_err *err);
void cl_log_attempt_begins(claude_call_t *call, const char *url, const cl_headers *headers, const cl_body *body);
void cl_log_attempt_ends(claude_call_t *call, const cl_err *err);
void cl_log_head(claude_call_t *call);
void cl_log_body(claude_call_t *call, cl_str body);
void cl_log_stream_event(claude_call_t *call);
/* Waits: `what` is "limiter.wait", "retry.wait". */
void cl_log_wait(claude_call_t *call, int32_t level, const char *what, int64_t ms);
/* The limiter or a breaker refuses. */
void cl_log_refused(claude_call_t *call, const char *what, int64_t retry_after_ms);
void cl_log_breaker(claude_call_t *call, int32_t before, int32_t after);
void cl_log_failover(claude_call_t *call);
void cl_log_deprecation(const claude_client_t *client, const char *model, const char *text);

#endif
