#include <claude/client.h>

#include <errno.h>

#include "border.h"
#include "call/call.h"
#include "client/client.h"
#include "message/message.h"

typedef claude_code_t (*make_client)(const claude_config_t *config, claude_client_t **out, cl_err *err);

static claude_code_t new_client(make_client make, bool need_config, const claude_config_t *config,
                                claude_client_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (((!config && !need_config) || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) &&
        border_pointer(&b, out, "out"))
        rc = make(config, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_client_new(const claude_config_t *config, claude_client_t **out, claude_error_t **err)
{
    return new_client(cl_client_new, true, config, out, err);
}

claude_code_t claude_client_from_env(const claude_config_t *config, claude_client_t **out, claude_error_t **err)
{
    return new_client(cl_client_from_env, false, config, out, err);
}

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_client_from_workspace(const claude_config_t *config, claude_client_t **out, claude_error_t **err)
{
    return new_client(cl_client_from_workspace, false, config, out, err);
}

#endif

static claude_code_t start(border *b, claude_client_t *client, const claude_request_t *request, uint32_t flags,
                           claude_call_t **out)
{
    if (!border_handle(b, client, CL_MAGIC_CLIENT, "client") || !border_pointer(b, out, "out") ||
        !border_handle(b, request, CL_MAGIC_REQUEST, "request"))
        return CLAUDE_E_INVALID;
    return cl_call_open(client, request, flags, out, &b->err);
}

claude_code_t claude_client_start(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                  claude_call_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;

    border_enter(&b);
    return border_leave(&b, start(&b, client, request, flags, out), err);
}

#if CL_FEATURE_STREAMING

claude_code_t claude_client_stream(claude_client_t *client, const claude_request_t *request, claude_call_t **out,
                                   claude_error_t **err)
{
    return claude_client_start(client, request, CLAUDE_STREAM, out, err);
}

#endif

static claude_code_t execute(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                             claude_response_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_call_t *call = NULL;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = start(&b, client, request, flags, &call);
    if (rc >= 0)
        rc = cl_call_wait(call, -1, &b.err);
    if (rc >= 0)
        rc = cl_call_result(call, out, &b.err);
    cl_call_unref(call);
    return border_leave(&b, rc, err);
}

claude_code_t claude_client_execute(claude_client_t *client, const claude_request_t *request, claude_response_t **out,
                                    claude_error_t **err)
{
    return execute(client, request, 0, out, err);
}

#if CL_FEATURE_RETRY

claude_code_t claude_client_execute_with_retries(claude_client_t *client, const claude_request_t *request,
                                                 claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_RETRIES, out, err);
}

#endif

#if CL_FEATURE_CIRCUIT_BREAKER

claude_code_t claude_client_execute_with_circuit_breaker(claude_client_t *client, const claude_request_t *request,
                                                         claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_CIRCUIT_BREAKER, out, err);
}

#endif

#if CL_FEATURE_RATE_LIMITING

claude_code_t claude_client_execute_with_rate_limiting(claude_client_t *client, const claude_request_t *request,
                                                       claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_RATE_LIMITING, out, err);
}

#endif

#if CL_FEATURE_FAILOVER

claude_code_t claude_client_execute_with_failover(claude_client_t *client, const claude_request_t *request,
                                                  claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_FAILOVER, out, err);
}

#endif

#if CL_FEATURE_QUOTA

claude_code_t claude_client_execute_with_quota(claude_client_t *client, const claude_request_t *request,
                                               claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_QUOTA, out, err);
}

#endif

claude_code_t claude_client_execute_with_enterprise_features(claude_client_t *client, const claude_request_t *request,
                                                             claude_response_t **out, claude_error_t **err)
{
    return execute(client, request, CLAUDE_WITH_ENTERPRISE_FEATURES, out, err);
}

#if CL_FEATURE_DYNAMIC_CONFIG

static claude_code_t set_snapshot(claude_client_t *client, const char *name, const claude_config_t *config, cl_err *err)
{
    if (config)
        return cl_client_set_config(client, name, config, NULL, err);
    if (*name == '\0')
        return cl_fail(err, CLAUDE_E_INVALID, "config is NULL; only a snapshot with a name can be removed");
    cl_client_drop_named(client, name);
    return CLAUDE_OK;
}

claude_code_t claude_client_set_snapshot(claude_client_t *client, const char *name, const claude_config_t *config,
                                         claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") &&
        (!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")))
        rc = set_snapshot(client, name ? name : "", config, &b.err);
    return border_leave(&b, rc, err);
}

int64_t claude_client_generation(claude_client_t *client, const char *name)
{
    return cl_is(client, CL_MAGIC_CLIENT) ? cl_client_generation(client, name ? name : "") : 0;
}

#endif

claude_code_t claude_client_trim(claude_client_t *client, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client")) {
        cl_client_trim(client);
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

claude_client_t *claude_client_ref(claude_client_t *client)
{
    return cl_is(client, CL_MAGIC_CLIENT) ? cl_client_ref(client) : NULL;
}

void claude_client_unref(claude_client_t *client)
{
    int saved = errno;

    if (cl_is(client, CL_MAGIC_CLIENT))
        cl_client_unref(client);
    errno = saved;
}
