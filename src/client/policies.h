/* policies.h - what the options say, in the form that the policies of reliability/ take. */
#ifndef CL_CLIENT_POLICIES_H
#define CL_CLIENT_POLICIES_H

#include "config/config.h"
#include "reliability/breaker.h"
#include "reliability/failover.h"
#include "reliability/health.h"
#include "reliability/limiter.h"
#include "reliability/retry.h"

/* `request` may be NULL. */
cl_retry_policy cl_retry_policy_of(const cl_options *request, const cl_options *client);
cl_breaker_settings cl_breaker_settings_of(const cl_options *client);
cl_limiter_settings cl_limiter_settings_of(const cl_options *client);
cl_failover_settings cl_failover_settings_of(const cl_options *client);
cl_health_settings cl_health_settings_of(const cl_options *client);
/*
 * Whether a client can be made with the failover of this configuration, if it has one; it gets no more endpoints then.
 * CLAUDE_E_INVALID: it has no endpoint, or one whose key could be read on the way.
 */
claude_code_t cl_failover_check(const claude_config_t *config, cl_err *err);

#endif
