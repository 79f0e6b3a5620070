/* observe.c - the program is told of attempts. */
#include <claude/observe.h>

#include "call/call.h"

/* ---- what an observer may ask for ---- */

/* A signing hook may have written one of these into the list. */
static bool may_carry_a_key(cl_str name)
{
    return cl_str_eq_nocase(name, CL_STR("x-api-key")) || cl_str_eq_nocase(name, CL_STR("authorization")) ||
           cl_str_eq_nocase(name, CL_STR("proxy-authorization"));
}

const char *cl_attempt_header(const claude_attempt_t *attempt, const char *name)
{
    cl_str key = cl_str_of(name);
    const cl_header *header = NULL;

    if (attempt->headers && !may_carry_a_key(key))
        header = cl_headers_find(attempt->headers, key);
    return header ? header->value : NULL;
}

claude_code_t cl_attempt_set_header(claude_attempt_t *attempt, const char *name, const char *value, cl_err *err)
{
    cl_headers own = {NULL, 0, 0};

    if (attempt->phase != CL_ATTEMPT_STARTS || !attempt->headers)
        return cl_fail(err, CLAUDE_E_STATE, "the attempt has ended; headers can be set when it starts");
    if (attempt->headers->cap > 0)
        return cl_headers_set(attempt->headers, name, value, err);
    if (cl_headers_copy(attempt->headers, &own, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_headers_free(attempt->headers);
    *attempt->headers = own;
    return cl_headers_set(attempt->headers, name, value, err);
}

/* ---- telling it ---- */

static void tell(claude_call_t *call, claude_attempt_t *view)
{
    cl_hook *hook = call->client->config->attempt;

    cl_handle_init(&view->handle, CL_MAGIC_ATTEMPT);
    call->in_callback = true;
    ((claude_attempt_fn)cl_hook_fn(hook))(view, cl_hook_data(hook));
    call->in_callback = false;
    view->handle.magic = CL_MAGIC_DEAD;
}

/* The model as the request has it; the buffer holds it. */
static const char *model_of(const claude_call_t *call, char *out, size_t size)
{
    cl_str model = call->request.model;

    if (model.len <= 2 || model.len - 2 >= size)
        return NULL;
    cl_json_copy_text((cl_json){model.ptr, model.len, CLAUDE_JSON_STRING}, out, size);
    return out;
}

static claude_attempt_t view_of(claude_call_t *call, int32_t phase, const char *url)
{
    const cl_report_attempt *row = &call->attempt.row;

    return (claude_attempt_t){
        .call = call,
        .phase = phase,
        .number = call->report->attempts + (phase == CL_ATTEMPT_STARTS ? 1 : 0),
        .endpoint = row->endpoint,
        .url = url,
        .method = call->request.endpoint->method,
        .endpoint_name = call->request.endpoint->name,
        .limiter_ms = row->limiter_ms,
        .backoff_ms = row->backoff_ms,
        .first_ms = -1,
        .input_tokens = -1,
        .output_tokens = -1,
    };
}

claude_code_t cl_observe_start(claude_call_t *call, const char *url, cl_headers *headers, cl_err *err)
{
    CL_UNINITIALIZED char model[CL_MODEL_ID_MAX + 1];
    CL_UNINITIALIZED claude_attempt_t view;

    if (!CL_FEATURE_METRICS || !call->client->config->attempt)
        return CLAUDE_OK;
    view = view_of(call, CL_ATTEMPT_STARTS, url);
    view.model = model_of(call, model, sizeof model);
    view.headers = headers;
    tell(call, &view);
    /* What the observer has cancelled, or let go of, must not be sent. */
    if (atomic_load(&call->cancel_asked) || cl_call_is_abandoned(call))
        return cl_fail(err, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    return CLAUDE_OK;
}

void cl_observe_end(claude_call_t *call)
{
    const cl_usage *usage = &call->attempt.usage;
    const cl_report_attempt *row = &call->attempt.row;
    CL_UNINITIALIZED char model[CL_MODEL_ID_MAX + 1];
    CL_UNINITIALIZED claude_attempt_t view;
    cl_buf url = CL_BUF_INIT(CL_CALL_URL_MAX);

    view = view_of(call, CL_ATTEMPT_ENDS,
                   cl_call_url(call, &url, NULL) < 0 ? call->client->targets[call->target].base_url : url.ptr);
    view.model = model_of(call, model, sizeof model);
    view.code = row->code;
    view.http_status = row->http_status;
    view.duration_ms = row->duration_ms;
    view.first_ms = row->first_ms;
    view.request_id = row->request_id;
    view.output_tokens = usage->output;
    view.input_tokens = cl_usage_prompt(usage);
    tell(call, &view);
    cl_buf_free(&url);
}
