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
    {CLAUDE_WITH_QUOTA, CL_FEATURE_QUOTA, CL_OPT_QUOTA_ENABLED, "enterprise-quota"},
    {CL_FEATURE_OF_METRICS, CL_FEATURE_METRICS, CL_OPT_METRICS_ENABLED, "metrics"},
    {CL_FEATURE_OF_COMPRESSION, CL_FEATURE_COMPRESSION, CL_OPT_COMPRESSION_ENABLED, "compression"},
    {CL_FEATURE_OF_COMPRESSION, CL_FEATURE_COMPRESSION, CL_OPT_COMPRESSION_RESPONSES, "compression"},
    {CL_FEATURE_OF_TIMINGS, CL_FEATURE_GENERAL_DIAGNOSTICS, CL_OPT_DIAGNOSTICS_TIMINGS, "general-diagnostics"},
};

enum { GATES = sizeof gates / sizeof gates[0] };

static bool is_attached(const claude_config_t *config, uint32_t feature)
{
    return (feature == CLAUDE_WITH_CIRCUIT_BREAKER && config->breaker) ||
           (feature == CLAUDE_WITH_RATE_LIMITING && config->limiter) ||
           (feature == CLAUDE_WITH_FAILOVER && config->failover) || (feature == CLAUDE_WITH_QUOTA && config->quota);
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
    static const bool has_any = CL_FEATURE_RETRY || CL_FEATURE_CIRCUIT_BREAKER || CL_FEATURE_RATE_LIMITING ||
                                CL_FEATURE_FAILOVER || CL_FEATURE_QUOTA;
    uint32_t wanted = *features;

    if (wanted & CLAUDE_WITH_ENTERPRISE_FEATURES) {
        wanted = client->features & CL_FEATURES_OF_CALLS;
        if (wanted == 0 && !has_any)
            return cl_fail(err, CLAUDE_E_UNSUPPORTED,
                           "this build of libclaude has no features that calls can ask for: build it with "
                           "-DCLAUDE_FEATURE_RETRY_LOGIC=ON or others of them");
        if (wanted == 0)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "none of the features is enabled; set retry.enabled, breaker.enabled, limiter.enabled, "
                           "failover.enabled or quota.enabled on the configuration");
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
    if (needs_key && !target->secret && !(target->is_own && client->config->credentials))
        return cl_fail(
            err, CLAUDE_E_NO_KEY,
            "failover: endpoint %zu has no key, and the client's own is for the server of base_url only; give "
            "it one with claude_failover_add_endpoint()",
            index);
    return CLAUDE_OK;
}

/* The place of the snapshot before that is the same as this one; NULL: there is none. A key that was replaced is no
 * other place. */
static const cl_target *place_before(const claude_client_t *client, const claude_client_t *before, size_t index)
{
    const cl_target *target = &client->targets[index];
    size_t found = SIZE_MAX;

    for (size_t i = 0; before && i < before->target_count; i++) {
        const cl_target *old = &before->targets[i];
        if (cl_url_same_base(cl_str_of(old->base_url), cl_str_of(target->base_url)) &&
            (i == index || (old->secret == target->secret && found == SIZE_MAX)))
            found = i;
    }
    return found == SIZE_MAX ? NULL : &before->targets[before->targets[found].same_as];
}

/* The same text may be in two secrets: a configuration that was read again. */
static bool same_key(const claude_secret_t *a, const claude_secret_t *b)
{
    return a == b || (a && b && strcmp(cl_secret_fingerprint(a), cl_secret_fingerprint(b)) == 0);
}

/* The key of a target, with what has become of it since the snapshot before; NULL: it is another one. What was made for
 * one server goes to no other, whatever the options say. */
static cl_key *key_before(const claude_client_t *client, const claude_client_t *before, size_t index)
{
    const cl_target *target = &client->targets[index];
    const cl_target *old = before && index < before->target_count ? &before->targets[index] : NULL;

    if (!old || !same_key(old->secret, target->secret) ||
        !cl_url_same_server(cl_str_of(old->base_url), cl_str_of(target->base_url)))
        return NULL;
    if (index == 0)
        return client->config->credentials == before->config->credentials ? old->key : NULL;
    return client->failover == before->failover ? old->key : NULL;
}

static claude_code_t make_keys(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < client->target_count && rc >= 0; i++) {
        cl_target *target = &client->targets[i];
        bool has_own = i == 0 || cl_failover_secret(client->failover, i - 1) != NULL;
        if (has_own)
            target->key = cl_key_ref(key_before(client, before, i));
        else if (target->is_own)
            target->key = cl_key_ref(client->targets[0].key);
        if (has_own && !target->key)
            rc = cl_key_new(target->secret, &target->key, err);
    }
    return rc;
}

static bool same_options(const claude_client_t *client, const claude_client_t *before, const char *prefix)
{
    return cl_options_same(client->config->options, before->config->options, prefix);
}

static claude_code_t make_budgets(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    int64_t budget = cl_option_int(NULL, client->config->options, CL_OPT_RETRY_BUDGET);

    for (size_t i = 0; i < client->target_count; i++) {
        const cl_target *old = place_before(client, before, i);
        cl_target *target = &client->targets[i];
        if (old && old->place->budget.max == budget)
            target->place = cl_place_ref(old->place);
        else
            target->place = cl_place_new(budget);
        if (!target->place)
            return cl_fail_nomem(err);
    }
    return CLAUDE_OK;
}

/* One of the client's own: a breaker that the program has set goes on by itself. */
static claude_breaker_t *breaker_before(const claude_client_t *client, const claude_client_t *before, size_t index)
{
    const cl_target *old = place_before(client, before, index);

    if (!old || !old->breaker || !same_options(client, before, "breaker."))
        return NULL;
    return old->breaker == kept(before->config->breaker) ? NULL : old->breaker;
}

static claude_code_t make_breakers(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    cl_breaker_settings settings;
    claude_code_t rc = CLAUDE_OK;

    if (!CL_FEATURE_CIRCUIT_BREAKER || !(client->features & CLAUDE_WITH_CIRCUIT_BREAKER))
        return CLAUDE_OK;
    settings = cl_breaker_settings_of(client->config->options);
    if (client->config->breaker)
        client->targets[0].breaker = cl_breaker_ref(kept(client->config->breaker));
    for (size_t i = 0; i < client->target_count && rc >= 0; i++) {
        cl_target *target = &client->targets[i];
        claude_breaker_t *old = breaker_before(client, before, i);
        if (i > 0 && target->same_as == 0)
            target->breaker = cl_breaker_ref(client->targets[0].breaker);
        else if (!target->breaker && old)
            target->breaker = cl_breaker_ref(old);
        else if (!target->breaker)
            rc = cl_breaker_new(&settings, &target->breaker, err);
    }
    return rc;
}

static bool limiter_goes_on(const claude_client_t *client, const claude_client_t *before)
{
    return before && before->limiter && !before->config->limiter && same_options(client, before, "limiter.") &&
           cl_url_same_base(cl_buf_str(&client->base_url), cl_buf_str(&before->base_url));
}

static claude_code_t make_limiter(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    cl_limiter_settings settings;

    if (!CL_FEATURE_RATE_LIMITING || !(client->features & CLAUDE_WITH_RATE_LIMITING))
        return CLAUDE_OK;
    if (client->config->limiter) {
        client->limiter = cl_limiter_ref(kept(client->config->limiter));
        return CLAUDE_OK;
    }
    if (limiter_goes_on(client, before)) {
        client->limiter = cl_limiter_ref(before->limiter);
        return CLAUDE_OK;
    }
    settings = cl_limiter_settings_of(client->config->options);
    return cl_limiter_new(&settings, &client->limiter, err);
}

/* With days that begin elsewhere, or other prices: what is under way counts in the old one. */
static claude_code_t carry_over(claude_quota_t *from, claude_quota_t *to, cl_err *err)
{
    cl_buf used = CL_BUF_INIT(CL_QUOTA_JSON_MAX);
    int64_t now = cl_wall_ms();
    claude_code_t rc = cl_quota_export(from, now, &used, err);

    if (rc >= 0)
        rc = cl_quota_import(to, cl_buf_str(&used), now, err);
    cl_buf_free(&used);
    return rc;
}

/* Other limits are held against the same use. */
static bool quota_goes_on(const claude_client_t *client, const claude_client_t *before)
{
    const cl_options *now = client->config->options;

    return cl_option_int(NULL, now, CL_OPT_QUOTA_OFFSET) ==
               cl_option_int(NULL, before->config->options, CL_OPT_QUOTA_OFFSET) &&
           client->config->models == before->config->models;
}

static claude_code_t make_quota(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    claude_quota_t *old = before && !before->config->quota ? before->quota : NULL;
    claude_code_t rc;

    if (!CL_FEATURE_QUOTA || !(client->features & CLAUDE_WITH_QUOTA))
        return CLAUDE_OK;
    if (client->config->quota) {
        client->quota = cl_quota_ref(kept(client->config->quota));
        return CLAUDE_OK;
    }
    if (old && quota_goes_on(client, before))
        return cl_quota_with_limits_of(client->config, old, &client->quota, err);
    rc = cl_quota_of_config(client->config, &client->quota, err);
    return rc >= 0 && old ? carry_over(old, client->quota, err) : rc;
}

static claude_code_t make_recent(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    size_t capacity = (size_t)cl_option_int(NULL, client->config->options, CL_OPT_DIAGNOSTICS_TIMINGS);

    if (before && before->recent && cl_recent_capacity(before->recent) == capacity)
        client->recent = cl_recent_ref(before->recent);
    else
        client->recent = cl_recent_new(capacity);
    return client->recent ? CLAUDE_OK : cl_fail_nomem(err);
}

static size_t take_failover(claude_client_t *client)
{
    if (!CL_FEATURE_FAILOVER || !client->config->failover)
        return 0;
    client->failover = cl_failover_ref(kept(client->config->failover));
    return cl_failover_count(client->failover);
}

claude_code_t cl_client_make_targets(claude_client_t *client, const claude_client_t *before, cl_err *err)
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
        rc = make_keys(client, before, err);
    if (rc >= 0)
        rc = make_budgets(client, before, err);
    if (rc >= 0)
        rc = make_breakers(client, before, err);
    if (rc >= 0)
        rc = make_limiter(client, before, err);
    if (rc >= 0)
        rc = make_quota(client, before, err);
    if (CL_FEATURE_METRICS && rc >= 0 && (client->features & CL_FEATURE_OF_METRICS)) {
        client->metrics = cl_common_metrics(client->common);
        rc = client->metrics ? CLAUDE_OK : cl_fail_nomem(err);
    }
    if (CL_FEATURE_GENERAL_DIAGNOSTICS && rc >= 0 && (client->features & CL_FEATURE_OF_TIMINGS))
        rc = make_recent(client, before, err);
    return rc;
}

void cl_client_free_targets(claude_client_t *client)
{
    for (size_t i = 0; i < client->target_count; i++) {
        if (CL_FEATURE_CIRCUIT_BREAKER)
            cl_breaker_unref(client->targets[i].breaker);
        cl_place_unref(client->targets[i].place);
        cl_key_unref(client->targets[i].key);
    }
    free(client->targets);
    if (CL_FEATURE_RATE_LIMITING)
        cl_limiter_unref(client->limiter);
    if (CL_FEATURE_FAILOVER)
        cl_failover_unref(client->failover);
    if (CL_FEATURE_GENERAL_DIAGNOSTICS)
        cl_recent_unref(client->recent);
    if (CL_FEATURE_QUOTA)
        cl_quota_unref(client->quota);
}

/* ---- their keys ---- */

static claude_code_t rotate(const claude_client_t *now, int32_t endpoint, claude_secret_t *secret, cl_err *err)
{
    size_t index = endpoint < 0 ? 0 : (size_t)endpoint + 1;

    if (endpoint < -1 || index >= now->target_count)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "endpoint is %d; -1 is the client's own key, and the failover has %zu endpoints", (int)endpoint,
                       now->target_count - 1);
    if (index > 0 && (!now->targets[index].key || now->targets[index].key == now->targets[0].key))
        return cl_fail(err, CLAUDE_E_INVALID, "endpoint %d has no key of its own; the client's is endpoint -1",
                       (int)endpoint);
    cl_key_put(now->targets[index].key, secret);
    return CLAUDE_OK;
}

claude_code_t cl_client_rotate(claude_client_t *client, int32_t endpoint, claude_secret_t *secret, cl_err *err)
{
    claude_client_t *now = cl_client_current(client);
    claude_code_t rc = rotate(now, endpoint, secret, err);

    cl_client_unref(now);
    return rc;
}

claude_secret_t *cl_client_secret(claude_client_t *client, int32_t endpoint)
{
    claude_client_t *now = cl_client_current(client);
    size_t index = endpoint < 0 ? 0 : (size_t)endpoint + 1;
    claude_secret_t *secret = NULL;
    uint64_t generation;

    if (endpoint >= -1 && index < now->target_count)
        secret = cl_key_get(now->targets[index].key, &generation);
    cl_client_unref(now);
    return secret;
}

claude_secret_t *cl_client_secret_for(const claude_client_t *client, cl_str url, claude_secret_t *secret)
{
    uint64_t generation;

    for (size_t i = 0; secret && i < client->target_count; i++) {
        const cl_target *target = &client->targets[i];
        if (target->secret == secret && cl_url_same_base(url, cl_str_of(target->base_url)))
            return cl_key_get(target->key, &generation);
    }
    if (secret)
        return cl_secret_ref(secret);
    return cl_url_same_server(url, cl_buf_str(&client->base_url)) ? cl_key_get(client->targets[0].key, &generation)
                                                                  : NULL;
}

cl_retry_budget *cl_client_budget(claude_client_t *client, size_t target)
{
    return &client->targets[client->targets[target].same_as].place->budget;
}

_Atomic uint32_t *cl_client_refuses(claude_client_t *client, size_t target)
{
    return &client->targets[client->targets[target].same_as].place->refuses;
}
