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

/* What cl_config_check() says of base_url: the failover may have been made with other options than the client. */
static claude_code_t check_url(const cl_options *options, const char *url, cl_err *err)
{
    const char *proxy = cl_option_text(NULL, options, CL_OPT_PROXY);

    if (!cl_url_is_http(cl_str_of(url)))
        return CLAUDE_OK;
    if (!cl_url_is_loopback(cl_str_of(url)))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the failover's endpoint %s is http:// to another host, which would send the key in clear text; "
                       "use https://, or set network.allow_http to true for the client, too",
                       url);
    if (*proxy && !cl_url_is_loopback(cl_str_of(proxy)))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "network.proxy is another host and the failover's endpoint %s is http://, which would send the "
                       "key there in clear text; unset the proxy, or set network.allow_http to true",
                       url);
    return CLAUDE_OK;
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
    if (cl_option_int(NULL, config->options, CL_OPT_ALLOW_HTTP) != 0)
        return CLAUDE_OK;
    for (size_t i = 0; rc >= 0 && i < cl_failover_count(failover); i++)
        rc = check_url(config->options, cl_failover_url(failover, i), err);
    return rc;
}
