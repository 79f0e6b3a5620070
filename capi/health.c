#include <claude/health.h>

#include <errno.h>

#include "api/health.h"
#include "border.h"

#if CL_FEATURE_HEALTH_CHECKS

claude_code_t claude_health_new(claude_client_t *client, claude_health_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, out, "out"))
        rc = cl_health_new(client, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_health_add_endpoint(claude_health_t *health, const char *base_url, claude_secret_t *secret,
                                         claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, health, CL_MAGIC_HEALTH, "health") && border_pointer(&b, base_url, "base_url") &&
        (!secret || border_handle(&b, secret, CL_MAGIC_SECRET, "secret")))
        rc = cl_health_add(health, cl_str_of(base_url), secret, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_health_check(claude_health_t *health, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, health, CL_MAGIC_HEALTH, "health"))
        rc = cl_health_check(health, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_health_check_endpoint(claude_client_t *client, const char *base_url, int32_t *state,
                                           int64_t *response_ms, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    CL_UNINITIALIZED cl_health_result result;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, base_url, "base_url") &&
        border_pointer(&b, state, "state"))
        rc = cl_health_check_one(client, cl_str_of(base_url), &result, &b.err);
    if (rc >= 0)
        *state = result.state;
    if (rc >= 0 && response_ms)
        *response_ms = result.response_ms;
    return border_leave(&b, rc, err);
}

size_t claude_health_count(const claude_health_t *health)
{
    return cl_is(health, CL_MAGIC_HEALTH) ? cl_health_count(health) : 0;
}

const char *claude_health_url(const claude_health_t *health, size_t index)
{
    return cl_is(health, CL_MAGIC_HEALTH) ? cl_health_url(health, index) : NULL;
}

static bool find(claude_health_t *health, size_t index, cl_health_result *out)
{
    return cl_is(health, CL_MAGIC_HEALTH) && cl_health_result_at(health, index, out);
}

int32_t claude_health_state(claude_health_t *health, size_t index)
{
    CL_UNINITIALIZED cl_health_result result;

    return find(health, index, &result) ? result.state : 0;
}

int64_t claude_health_response_ms(claude_health_t *health, size_t index)
{
    CL_UNINITIALIZED cl_health_result result;

    return find(health, index, &result) ? result.response_ms : -1;
}

int32_t claude_health_http_status(claude_health_t *health, size_t index)
{
    CL_UNINITIALIZED cl_health_result result;

    return find(health, index, &result) ? result.http_status : 0;
}

const char *claude_health_error_text(claude_health_t *health, size_t index)
{
    return cl_is(health, CL_MAGIC_HEALTH) ? cl_health_error_text(health, index) : NULL;
}

int64_t claude_health_share(claude_health_t *health, int32_t state)
{
    return cl_is(health, CL_MAGIC_HEALTH) ? cl_health_share_of(health, state) : 0;
}

const char *claude_health_json(claude_health_t *health, size_t *len)
{
    int saved = errno;
    size_t n = 0;
    const char *text = cl_is(health, CL_MAGIC_HEALTH) ? cl_health_json(health, &n) : NULL;

    if (len)
        *len = n;
    errno = saved;
    return text;
}

claude_health_t *claude_health_ref(claude_health_t *health)
{
    return cl_is(health, CL_MAGIC_HEALTH) ? cl_health_ref(health) : NULL;
}

void claude_health_unref(claude_health_t *health)
{
    int saved = errno;

    if (cl_is(health, CL_MAGIC_HEALTH))
        cl_health_unref(health);
    errno = saved;
}

#endif
