#include <claude/observe.h>

#include "border.h"
#include "call/call.h"
#include "config/config.h"

#if CL_FEATURE_METRICS

claude_code_t claude_config_on_attempt(claude_config_t *config, claude_attempt_fn fn, void *user_data,
                                       claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc;

    border_enter(&b);
    rc = border_hook(&b, config, (void (*)(void))fn, user_data, destroy, &hook);
    if (rc >= 0)
        border_replace_hook(&config->attempt, hook);
    return border_leave(&b, rc, err);
}

/* A view that is lent to a callback: anything else is answered like no attempt. */
static bool check(const claude_attempt_t *attempt)
{
    return cl_is(attempt, CL_MAGIC_ATTEMPT);
}

int32_t claude_attempt_phase(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->phase : 0;
}

claude_call_t *claude_attempt_call(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->call : NULL;
}

int32_t claude_attempt_number(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->number : 0;
}

int32_t claude_attempt_endpoint(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->endpoint : 0;
}

const char *claude_attempt_url(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->url : "";
}

const char *claude_attempt_method(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->method : "";
}

const char *claude_attempt_endpoint_name(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->endpoint_name : "";
}

const char *claude_attempt_model(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->model : NULL;
}

const char *claude_attempt_header(const claude_attempt_t *attempt, const char *name)
{
    return check(attempt) && name ? cl_attempt_header(attempt, name) : NULL;
}

claude_code_t claude_attempt_set_header(claude_attempt_t *attempt, const char *name, const char *value,
                                        claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, attempt, CL_MAGIC_ATTEMPT, "attempt") && border_pointer(&b, name, "name") &&
        border_pointer(&b, value, "value"))
        rc = cl_attempt_set_header(attempt, name, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_attempt_code(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->code : CLAUDE_OK;
}

int32_t claude_attempt_http_status(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->http_status : 0;
}

int64_t claude_attempt_duration_ms(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->duration_ms : 0;
}

int64_t claude_attempt_first_event_ms(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->first_ms : -1;
}

int64_t claude_attempt_backoff_ms(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->backoff_ms : 0;
}

int64_t claude_attempt_limiter_wait_ms(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->limiter_ms : 0;
}

int64_t claude_attempt_input_tokens(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->input_tokens : -1;
}

int64_t claude_attempt_output_tokens(const claude_attempt_t *attempt)
{
    return check(attempt) ? attempt->output_tokens : -1;
}

const char *claude_attempt_request_id(const claude_attempt_t *attempt)
{
    return check(attempt) && attempt->request_id && attempt->request_id[0] ? attempt->request_id : NULL;
}

#endif
