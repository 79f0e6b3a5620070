#include "message/message.h"
#include "message/models.h"

claude_code_t cl_context_check(cl_str model, int64_t window, int64_t input_tokens, int64_t max_tokens, cl_err *err)
{
    int name_len = model.len < CL_MODEL_ID_MAX ? (int)model.len : CL_MODEL_ID_MAX;
    int64_t room;

    if (input_tokens < 0 || max_tokens < 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more",
                       input_tokens < 0 ? "input_tokens" : "max_tokens",
                       (long long)(input_tokens < 0 ? input_tokens : max_tokens));
    if (window < 1)
        return cl_fail(
            err, CLAUDE_E_INVALID,
            "model: the context window of %.*s is not known; check against the answer of models.retrieve, or "
            "load a table that has the model",
            name_len, model.ptr);
    room = window - input_tokens;
    if (max_tokens <= room)
        return CLAUDE_OK;
    if (room <= 0)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "input_tokens: %lld counted leave no room in the context window of %.*s, which is %lld tokens; "
                       "shorten the prompt",
                       (long long)input_tokens, name_len, model.ptr, (long long)window);
    return cl_fail(
        err, CLAUDE_E_INVALID,
        "max_tokens: %lld counted and %lld asked for are more than the context window of %.*s, which is %lld "
        "tokens, by %lld; set max_tokens to at most %lld, or shorten the prompt",
        (long long)input_tokens, (long long)max_tokens, name_len, model.ptr, (long long)window,
        (long long)(max_tokens - room), (long long)room);
}
