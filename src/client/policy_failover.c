#include "client/policies.h"

cl_failover_settings cl_failover_settings_of(const cl_options *client)
{
    return (cl_failover_settings){
        .strategy = (int32_t)cl_option_int(NULL, client, CL_OPT_FAILOVER_STRATEGY),
        .degraded_after = cl_option_int(NULL, client, CL_OPT_FAILOVER_DEGRADED),
        .unhealthy_after = cl_option_int(NULL, client, CL_OPT_FAILOVER_UNHEALTHY),
        .cooldown_ms = cl_option_int(NULL, client, CL_OPT_FAILOVER_COOLDOWN),
        .allow_http = cl_option_int(NULL, client, CL_OPT_ALLOW_HTTP) != 0,
    };
}

/* The failover may have been made with other options than the client. */
static claude_code_t check_endpoint(const cl_options *client, const char *url, cl_err *err)
{
    cl_err why;

    cl_err_init(&why);
    if (cl_base_url_allowed(client, cl_str_of(url), &why) >= 0)
        return CLAUDE_OK;
    return cl_fail(err, why.code, "the failover's endpoint %s: %s", url, why.message);
}

claude_code_t cl_failover_check(const claude_config_t *config, cl_err *err)
{
    claude_failover_t *failover = config->failover ? cl_hook_data(config->failover) : NULL;
    claude_code_t rc = CLAUDE_OK;

    if (!failover)
        return CLAUDE_OK;
    cl_failover_seal(failover);
    if (cl_failover_count(failover) == 0)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the failover of the configuration has no endpoints; add them with "
                       "claude_failover_add_endpoint() before a client is made");
    for (size_t i = 0; rc >= 0 && i < cl_failover_count(failover); i++)
        rc = check_endpoint(config->options, cl_failover_url(failover, i), err);
    return rc;
}
