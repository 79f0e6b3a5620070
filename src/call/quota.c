/* quota.c - a call within the client's quotas: room before its first attempt, what its attempts used at its end. */
#include "call/call.h"
#include "client/policies.h"

/* The model as the request has it; "" for none. */
static cl_str model_of(const claude_call_t *call, char room[CL_QUOTA_NAME_MAX + 1])
{
    cl_str model = call->request.model;

    room[0] = '\0';
    if (model.len <= 2)
        return cl_str_n(room, 0);
    return cl_str_n(
        room, cl_json_copy_text((cl_json){model.ptr, model.len, CLAUDE_JSON_STRING}, room, CL_QUOTA_NAME_MAX + 1));
}

static const claude_models_t *models_of(const claude_call_t *call)
{
    return cl_quota_models(call->client->quota, cl_client_models(call->client));
}

static bool is_message(const claude_call_t *call)
{
    return call->pipeline->estimate.type == CL_LIMIT_MESSAGES;
}

claude_code_t cl_call_reserve(claude_call_t *call, cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    char room[CL_QUOTA_NAME_MAX + 1];
    cl_str model = model_of(call, room);
    cl_quota_need need = {.amount = {[CL_QUOTA_REQUESTS] = 1}};

    if (p->asked_quota)
        return CLAUDE_OK;
    if (is_message(call))
        need = cl_quota_need_of(models_of(call), model, p->estimate.input_tokens, p->estimate.output_tokens);
    if (cl_quota_reserve(call->client->quota, model, &need, cl_wall_ms(), &p->ticket, err) < 0)
        return err->code;
    p->asked_quota = true;
    return CLAUDE_OK;
}

/* ---- what an attempt has used ---- */

static bool is_api_error(const cl_err *err)
{
    return err && err->code <= CLAUDE_E_API;
}

/* Tokens of an answer that was cut, as far as they had come. */
static int64_t came(const claude_response_t *answer)
{
    cl_json content = {NULL, 0, CLAUDE_JSON_NONE};

    if (answer)
        content = cl_response_at(answer, "/content");
    if (answer && content.type != CLAUDE_JSON_ARRAY)
        content = cl_response_at(answer, "/completion");
    return (int64_t)(content.len / CL_BYTES_PER_TOKEN);
}

/* The server has not said it, or not all of it. */
static void estimate(const claude_call_t *call, const claude_response_t *answer, bool said, cl_quota_use *used)
{
    const cl_pipeline *p = call->pipeline;
    int64_t *output = &used->count[CL_USED_OUTPUT];
    int64_t missing_input = said ? 0 : p->estimate.input_tokens;
    int64_t missing_output = came(answer) - *output;
    char room[CL_QUOTA_NAME_MAX + 1];
    int64_t nano;

    missing_output = missing_output > 0 ? missing_output : 0;
    used->count[CL_USED_ESTIMATED] = 1;
    used->count[CL_USED_INPUT] = cl_quota_plus(used->count[CL_USED_INPUT], missing_input);
    *output = cl_quota_plus(*output, missing_output);
    if (!cl_quota_price(models_of(call), model_of(call, room), missing_input, missing_output, 0, &nano))
        used->count[CL_USED_UNPRICED] = 1;
    used->count[CL_USED_COST] = cl_quota_plus(used->count[CL_USED_COST], nano);
}

void cl_call_spend(claude_call_t *call, const cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    const claude_response_t *answer = err ? err->response.ptr : call->response;
    cl_quota_use used = {.count = {0}};
    char room[CL_QUOTA_NAME_MAX + 1];
    bool said = false;

    if (call->attempt.row.wire == 0)
        return;
    p->sent = true;
    if (!is_message(call))
        return;
    if (answer)
        said = cl_quota_use_of_message(models_of(call), model_of(call, room), cl_response_root(answer),
                                       &call->attempt.usage, 0, &used);
    /* What the API answers with an error is not charged. */
    if (!said && is_api_error(err))
        return;
    if (err || !said)
        estimate(call, answer, said, &used);
    cl_quota_use_add(&p->used, &used);
}

/* One call is one request, however many attempts it took. */
void cl_call_settle_quota(claude_call_t *call)
{
    static const int once[] = {CL_USED_REQUESTS, CL_USED_ESTIMATED, CL_USED_UNPRICED};
    cl_pipeline *p = call->pipeline;

    if (!p->ticket.open)
        return;
    p->used.count[CL_USED_REQUESTS] = 1;
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        p->used.count[once[i]] = p->used.count[once[i]] > 0;
    cl_quota_settle(call->client->quota, &p->ticket, p->sent ? &p->used : NULL, cl_wall_ms());
}
