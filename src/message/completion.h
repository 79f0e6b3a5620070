/*
 * completion.h - the stream of the old text completions (POST /v1/complete under 2023-06-01), put together:
 *
 *     {"type":"completion","id":"compl_1","completion":" Hello","stop_reason":null,"model":"claude-2.1"}
 *
 * comes again and again with the next piece of the text; the one whose stop_reason is not null is the last.
 */
#ifndef CL_MESSAGE_COMPLETION_H
#define CL_MESSAGE_COMPLETION_H

#include "message/message.h"

typedef struct cl_completion cl_completion;

typedef struct cl_completion_limits {
    size_t max_bytes; /* of text and fields */
    bool keep_text;   /* false: only the fields are kept */
    bool strict;      /* anomalies are errors */
} cl_completion_limits;

claude_code_t cl_completion_new(const cl_completion_limits *limits, cl_completion **out, cl_err *err);
void cl_completion_free(cl_completion *completion);
/*
 * Takes in one event as cl_event_parse() gives it. Texts are appended, of every other field the last value counts that
 * is not null. Events of other names are passed over; those of messages, a completion without text, and whatever comes
 * after the end are anomalies. CLAUDE_E_PROTOCOL: a "completion" that is no string, with `strict` every anomaly.
 * CLAUDE_E_TOO_LARGE: a limit; what was there before stays. Not for the `error` event: the caller ends the call with
 * it.
 */
claude_code_t cl_completion_add(cl_completion *completion, const claude_event_t *event, cl_err *err);
/* The last event has been seen. */
bool cl_completion_done(const cl_completion *completion);
bool cl_completion_started(const cl_completion *completion);
uint64_t cl_completion_anomalies(const cl_completion *completion);
void cl_completion_count_anomaly(cl_completion *completion);
/* Writes the completion as a plain call would have received it: the fields as they came, with the whole text. */
claude_code_t cl_completion_json(const cl_completion *completion, cl_buf *out, cl_err *err);

#endif
