/* story.c - what a stream of events tells in all: a message, an old text completion, or nothing that has an end. */
#include "call/call.h"

claude_code_t cl_call_begin_story(claude_call_t *call, cl_err *err)
{
    cl_accumulator_limits message = {
        .max_message = (size_t)cl_call_option(call, CL_OPT_LIMIT_MESSAGE),
        .max_blocks = (size_t)cl_call_option(call, CL_OPT_LIMIT_BLOCKS),
        .max_depth = call->max_depth,
        .keep_content = cl_call_option(call, CL_OPT_STREAM_ACCUMULATE) != 0,
        .strict = call->strict,
    };
    cl_completion_limits completion = {
        .max_bytes = message.max_message,
        .keep_text = message.keep_content,
        .strict = call->strict,
    };

    switch (call->request.endpoint->answer) {
    case CL_ANSWER_EVENTS:
        return CLAUDE_OK;
    case CL_ANSWER_COMPLETION:
        return cl_completion_new(&completion, &call->completion, err);
    default:
        return cl_accumulator_new(&message, &call->accumulator, err);
    }
}

claude_code_t cl_call_add_to_story(claude_call_t *call, cl_err *err)
{
    if (call->accumulator)
        return cl_accumulator_add(call->accumulator, &call->event, err);
    return call->completion ? cl_completion_add(call->completion, &call->event, err) : CLAUDE_OK;
}

void cl_call_count_anomaly(claude_call_t *call)
{
    if (call->accumulator)
        cl_accumulator_count_anomaly(call->accumulator);
    else if (call->completion)
        cl_completion_count_anomaly(call->completion);
}

uint64_t cl_call_anomalies(const claude_call_t *call)
{
    if (call->accumulator)
        return cl_accumulator_anomalies(call->accumulator);
    return call->completion ? cl_completion_anomalies(call->completion) : 0;
}

bool cl_call_has_story(const claude_call_t *call)
{
    return call->accumulator || call->completion;
}

bool cl_call_story_begun(const claude_call_t *call)
{
    return call->accumulator ? cl_accumulator_started(call->accumulator)
                             : call->completion && cl_completion_started(call->completion);
}

bool cl_call_story_done(const claude_call_t *call)
{
    return call->accumulator ? cl_accumulator_done(call->accumulator)
                             : call->completion && cl_completion_done(call->completion);
}

const char *cl_call_story_end(const claude_call_t *call)
{
    return call->completion ? "its stop_reason" : "message_stop";
}

claude_code_t cl_call_story_json(const claude_call_t *call, cl_buf *out, cl_err *err)
{
    return call->accumulator ? cl_accumulator_json(call->accumulator, out, err)
                             : cl_completion_json(call->completion, out, err);
}

void cl_call_free_story(claude_call_t *call)
{
    cl_accumulator_free(call->accumulator);
    cl_completion_free(call->completion);
    call->accumulator = NULL;
    call->completion = NULL;
}
