/* client.h - the door of the room for clients: a configuration made ready, and the engines that its calls share. */
#ifndef CL_CLIENT_H
#define CL_CLIENT_H

#include <claude/client.h>

#include "auth/auth.h"
#include "base/base.h"
#include "config/config.h"
#include "http/http.h"
#include "message/models.h"
#include "reliability/breaker.h"
#include "reliability/failover.h"
#include "reliability/limiter.h"
#include "reliability/metrics.h"
#include "reliability/recent.h"
#include "reliability/retry.h"

/* A place where requests may go. */
typedef struct cl_target {
    const char *base_url;    /* without a slash at the end; lives as long as the client */
    claude_secret_t *secret; /* borrowed; NULL: none */
    bool is_own;             /* the server of base_url: what the program has set for that may go there */
    size_t same_as;          /* the target whose state this one has: itself, or 0 */
    claude_breaker_t *breaker;
    cl_retry_budget budget;
} cl_target;

/* CLAUDE_WITH_* that calls may ask for, and what is no matter of theirs. */
enum {
    CL_FEATURES_OF_CALLS =
        CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER | CLAUDE_WITH_RATE_LIMITING | CLAUDE_WITH_FAILOVER,
    CL_FEATURE_OF_METRICS = 1 << 16,
    CL_FEATURE_OF_TIMINGS = 1 << 17
};

struct claude_client {
    cl_handle handle;
    claude_config_t *config; /* a copy of its own: immutable */
    cl_http_settings http;
    cl_engines *engines;
    cl_buf base_url; /* without a slash at the end */
    cl_buf user_agent;
    cl_told told;       /* deprecated models that the program has heard of */
    uint32_t features;  /* that are enabled */
    cl_target *targets; /* base_url, then the endpoints of the failover */
    size_t target_count;
    claude_limiter_t *limiter;   /* NULL: none */
    claude_failover_t *failover; /* NULL: none */
    cl_metrics *metrics;         /* NULL: none */
    cl_recent *recent;           /* NULL: none */
    /* What of the configuration is asked at each call, in one place. */
    bool logs;                   /* there is a log callback */
    bool watches;                /* it, or `recent` */
    bool looks_closer;           /* somebody is told of models */
    bool tells_deprecation;      /* somebody is told of deprecated ones */
    _Atomic uint64_t log_number; /* of the last call that the log has heard of */
};

claude_code_t cl_client_new(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_env(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_workspace(const claude_config_t *config, claude_client_t **out, cl_err *err);
/* The table that models are looked up in; NULL: the one that is built in. */
const claude_models_t *cl_client_models(const claude_client_t *client);
/* The header that carries the key; length 0: none does (auth.style). */
cl_str cl_client_auth_header(const claude_client_t *client);
/* That header's line for a secret, to be wiped. Runs the secret's audit callback. */
claude_code_t cl_client_auth_line(const claude_client_t *client, claude_secret_t *secret, cl_buf *line, cl_err *err);
claude_code_t cl_client_metrics(const claude_client_t *client, claude_metrics_t **out, cl_err *err);
/* ---- targets.c ---- */

claude_code_t cl_client_make_targets(claude_client_t *client, cl_err *err);
void cl_client_free_targets(claude_client_t *client);
/* Flags of a call become the features that they mean. CLAUDE_E_INVALID: one that is not enabled; CLAUDE_E_UNSUPPORTED:
 * one that is not built in. */
claude_code_t cl_client_check_features(const claude_client_t *client, uint32_t *features, cl_err *err);
cl_retry_budget *cl_client_budget(claude_client_t *client, size_t target);

claude_client_t *cl_client_ref(claude_client_t *client);
void cl_client_unref(claude_client_t *client);

#endif
