/* targets.c - where a client's requests may go, and what it knows of each place. */
#include <stdlib.h>

#include "client/client.h"
#include "client/policies.h"

static void *kept(const cl_hook *keeper)
{
    return keeper ? cl_hook_data(keeper) : NULL;
}

static bool is_on(const claude_client_t *client, cl_option option)
{
    return cl_option_int(NULL, client->config->options, option) != 0;
}

/* ---- which features ---- */

typedef struct feature_gate {
    uint32_t feature;
    bool built;
    cl_option option;
    const char *name;
} feature_gate;

static const feature_gate gates[] = {
    {CLAUDE_WITH_RETRIES, CL_FEATURE_RETRY, CL_OPT_RETRY_ENABLED, "retry-logic"},
    {CLAUDE_WITH_CIRCUIT_BREAKER, CL_FEATURE_CIRCUIT_BREAKER, CL_OPT_BREAKER_ENABLED, "circuit-breaker"},
    {CLAUDE_WITH_RATE_LIMITING, CL_FEATURE_RATE_LIMITING, CL_OPT_LIMITER_ENABLED, "rate-limiting"},
    {CLAUDE_WITH_FAILOVER, CL_FEATURE_FAILOVER, CL_OPT_FAILOVER_ENABLED, "failover"},
    {CL_FEATURE_OF_METRICS, CL_FEATURE_METRICS, CL_OPT_METRICS_ENABLED, "metrics"},
    {CL_FEATURE_OF_TIMINGS, CL_FEATURE_GENERAL_DIAGNOSTICS, CL_OPT_DIAGNOSTICS_TIMINGS, "general-diagnostics"},
};

enum { GATES = sizeof gates / sizeof gates[0] };

static bool is_attached(const claude_config_t *config, uint32_t feature)
{
    return (feature == CLAUDE_WITH_CIRCUIT_BREAKER && config->breaker) ||
           (feature == CLAUDE_WITH_RATE_LIMITING && config->limiter) ||
           (feature == CLAUDE_WITH_FAILOVER && config->failover);
}

static claude_code_t find_features(claude_client_t *client, cl_err *err)
{
    for (size_t i = 0; i < GATES; i++) {
        const feature_gate *gate = &gates[i];
        if (!is_attached(client->config, gate->feature) && !is_on(client, gate->option))
            continue;
        if (!gate->built)
            return cl_fail_left_out(err, gate->name);
        client->features |= gate->feature;
    }
    if ((client->features & CLAUDE_WITH_FAILOVER) && !client->config->failover)
        return cl_fail(
            err, CLAUDE_E_INVALID,
            "failover.enabled is true, but there are no endpoints; add them with claude_config_set_failover()");
    return CLAUDE_OK;
}

claude_code_t cl_client_check_features(const claude_client_t *client, uint32_t *features, cl_err *err)
{
    static const bool has_any =
        CL_FEATURE_RETRY || CL_FEATURE_CIRCUIT_BREAKER || CL_FEATURE_RATE_LIMITING || CL_FEATURE_FAILOVER;
    uint32_t wanted = *features;

    if (wanted & CLAUDE_WITH_ENTERPRISE_FEATURES) {
        wanted = client->features & CL_FEATURES_OF_CALLS;
        if (wanted == 0 && !has_any)
            return cl_fail(err, CLAUDE_E_UNSUPPORTED,
                           "this build of libclaude has no features that calls can ask for: build it with "
                           "-DCLAUDE_FEATURE_RETRY_LOGIC=ON or others of them");
        if (wanted == 0)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "none of the features is enabled; set retry.enabled, breaker.enabled, limiter.enabled or "
                           "failover.enabled on the configuration");
        wanted |= *features & ~(uint32_t)CLAUDE_WITH_ENTERPRISE_FEATURES;
    }
    for (size_t i = 0; i < GATES; i++) {
        const char *option = cl_option_row_at(gates[i].option)->name;
        if (!(wanted & gates[i].feature & ~client->features))
            continue;
        return gates[i].built
                   ? cl_fail(err, CLAUDE_E_INVALID,
                             "the call asks for a feature that is not enabled; set %s on the configuration", option)
                   : cl_fail_left_out(err, gates[i].name);
    }
    *features = wanted;
    return CLAUDE_OK;
}

/* ---- places ---- */

static bool has_same_key(const claude_client_t *client, const claude_secret_t *secret)
{
    return !secret || secret == client->config->secret;
}

/* A key goes to the server that it is for, and to no other. */
static claude_code_t fill_target(claude_client_t *client, size_t index, cl_err *err)
{
    cl_target *target = &client->targets[1 + index];
    cl_str url = cl_str_of(cl_failover_url(client->failover, index));
    claude_secret_t *secret = cl_failover_secret(client->failover, index);
    cl_str own = cl_buf_str(&client->base_url);
    bool needs_key = cl_option_int(NULL, client->config->options, CL_OPT_AUTH_STYLE) != CL_AUTH_NONE;

    target->base_url = url.ptr;
    target->is_own = cl_url_same_server(url, own);
    target->secret = secret ? secret : target->is_own ? client->config->secret : NULL;
    target->same_as = cl_url_same_base(url, own) && has_same_key(client, secret) ? 0 : 1 + index;
    if (needs_key && !target->secret)
        return cl_fail(
            err, CLAUDE_E_NO_KEY,
            "failover: endpoint %zu has no key, and the client's own is for the server of base_url only; give "
            "it one with claude_failover_add_endpoint()",
            index);
    return CLAUDE_OK;
}

static claude_code_t make_states(claude_client_t *client, cl_err *err)
{
    const cl_options *options = client->config->options;
    cl_breaker_settings settings;
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < client->target_count; i++)
        cl_retry_budget_init(&client->targets[i].budget, cl_option_int(NULL, options, CL_OPT_RETRY_BUDGET));
    if (!CL_FEATURE_CIRCUIT_BREAKER || !(client->features & CLAUDE_WITH_CIRCUIT_BREAKER))
        return CLAUDE_OK;
    settings = cl_breaker_settings_of(options);
    if (client->config->breaker)
        client->targets[0].breaker = cl_breaker_ref(kept(client->config->breaker));
    for (size_t i = 0; i < client->target_count && rc >= 0; i++) {
        cl_target *target = &client->targets[i];
        if (i > 0 && target->same_as == 0)
            target->breaker = cl_breaker_ref(client->targets[0].breaker);
        else if (!target->breaker)
            rc = cl_breaker_new(&settings, &target->breaker, err);
    }
    return rc;
}

static claude_code_t make_limiter(claude_client_t *client, cl_err *err)
{
    cl_limiter_settings settings;

    if (!CL_FEATURE_RATE_LIMITING || !(client->features & CLAUDE_WITH_RATE_LIMITING))
        return CLAUDE_OK;
    if (client->config->limiter) {
        client->limiter = cl_limiter_ref(kept(client->config->limiter));
        return CLAUDE_OK;
    }
    settings = cl_limiter_settings_of(client->config->options);
    return cl_limiter_new(&settings, &client->limiter, err);
}

static size_t take_failover(claude_client_t *client)
{
    if (!CL_FEATURE_FAILOVER || !client->config->failover)
        return 0;
    client->failover = cl_failover_ref(kept(client->config->failover));
    return cl_failover_count(client->failover);
}

claude_code_t cl_client_make_targets(claude_client_t *client, cl_err *err)
{
    claude_code_t rc = find_features(client, err);
    size_t endpoints;

    if (rc < 0)
        return rc;
    endpoints = take_failover(client);
    client->targets = calloc(1 + endpoints, sizeof *client->targets);
    if (!client->targets)
        return cl_fail_nomem(err);
    client->target_count = 1 + endpoints;
    client->targets[0] =
        (cl_target){.base_url = cl_buf_str(&client->base_url).ptr, .secret = client->config->secret, .is_own = true};
    for (size_t i = 0; i < endpoints && rc >= 0; i++)
        rc = fill_target(client, i, err);
    if (rc >= 0)
        rc = make_states(client, err);
    if (rc >= 0)
        rc = make_limiter(client, err);
    if (CL_FEATURE_METRICS && rc >= 0 && (client->features & CL_FEATURE_OF_METRICS)) {
        client->metrics = cl_metrics_new();
        rc = client->metrics ? CLAUDE_OK : cl_fail_nomem(err);
    }
    if (CL_FEATURE_GENERAL_DIAGNOSTICS && rc >= 0 && (client->features & CL_FEATURE_OF_TIMINGS)) {
        client->recent =
            cl_recent_new((size_t)cl_option_int(NULL, client->config->options, CL_OPT_DIAGNOSTICS_TIMINGS));
        rc = client->recent ? CLAUDE_OK : cl_fail_nomem(err);
    }
    return rc;
}

void cl_client_free_targets(claude_client_t *client)
{
    for (size_t i = 0; CL_FEATURE_CIRCUIT_BREAKER && i < client->target_count; i++)
        cl_breaker_unref(client->targets[i].breaker);
    free(client->targets);
    if (CL_FEATURE_RATE_LIMITING)
        cl_limiter_unref(client->limiter);
    if (CL_FEATURE_FAILOVER)
        cl_failover_unref(client->failover);
    if (CL_FEATURE_METRICS)
        cl_metrics_free(client->metrics);
    if (CL_FEATURE_GENERAL_DIAGNOSTICS)
        cl_recent_free(client->recent);
}

cl_retry_budget *cl_client_budget(claude_client_t *client, size_t target)
{
    return &client->targets[client->targets[target].same_as].budget;
}
