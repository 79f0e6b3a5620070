/* policies.h - what the options say, in the form that the policies of reliability/ take. */
#ifndef CL_CLIENT_POLICIES_H
#define CL_CLIENT_POLICIES_H

#include "config/config.h"
#include "message/models.h"
#include "message/usage.h"
#include "reliability/breaker.h"
#include "reliability/failover.h"
#include "reliability/health.h"
#include "reliability/limiter.h"
#include "reliability/quota.h"
#include "reliability/retry.h"

/* `request` may be NULL. */
cl_retry_policy cl_retry_policy_of(const cl_options *request, const cl_options *client);
cl_breaker_settings cl_breaker_settings_of(const cl_options *client);
cl_limiter_settings cl_limiter_settings_of(const cl_options *client);
cl_failover_settings cl_failover_settings_of(const cl_options *client);
/* `config` may be NULL. The quota has its limits and its table of models. */
claude_code_t cl_quota_of_config(const claude_config_t *config, claude_quota_t **out, cl_err *err);
/* One with the limits of the configuration, and the use and the prices of another one. */
claude_code_t cl_quota_with_limits_of(const claude_config_t *config, claude_quota_t *quota, claude_quota_t **out,
                                      cl_err *err);
/* The table with the prices: the quota's own, else the other one. */
const claude_models_t *cl_quota_models(const claude_quota_t *quota, const claude_models_t *others);
/* False: the model has no price, *nano is 0. */
bool cl_quota_price(const claude_models_t *models, cl_str model, int64_t input_tokens, int64_t output_tokens,
                    uint32_t flags, int64_t *nano);
/* Of one request. */
cl_quota_need cl_quota_need_of(const claude_models_t *models, cl_str model, int64_t input_tokens,
                               int64_t output_tokens);
cl_quota_use cl_quota_use_of_tokens(const claude_models_t *models, cl_str model, int64_t input_tokens,
                                    int64_t output_tokens);
/* Of a message; `model` "": the one that it names. False: it says nothing of tokens, and one request is all that there
 * is. */
bool cl_quota_use_of_message(const claude_models_t *models, cl_str model, cl_json message, const cl_usage *usage,
                             uint32_t flags, cl_quota_use *out);
/* The same, where its usage was not read; or of a usage alone. */
bool cl_quota_use_of_json(const claude_models_t *models, cl_str model, cl_json message, uint32_t flags,
                          cl_quota_use *out);
claude_code_t cl_quota_fail_no_usage(cl_err *err);
cl_health_settings cl_health_settings_of(const cl_options *client);
/* ---- quota_reservation.c: as in quota.h of the interface ---- */

claude_code_t cl_quota_reservation_new(claude_quota_t *quota, cl_str model, int64_t input_tokens, int64_t output_tokens,
                                       claude_quota_reservation_t **out, cl_err *err);
claude_quota_reservation_t *cl_quota_reservation_ref(claude_quota_reservation_t *reservation);
void cl_quota_reservation_unref(claude_quota_reservation_t *reservation);
void cl_quota_reservation_settle(claude_quota_reservation_t *reservation, int64_t input_tokens, int64_t output_tokens);
claude_code_t cl_quota_reservation_settle_json(claude_quota_reservation_t *reservation, cl_json message, uint32_t flags,
                                               cl_err *err);
void cl_quota_reservation_release(claude_quota_reservation_t *reservation);

/* ---- policy_failover.c ---- */

/*
 * Whether a client can be made with the failover of this configuration, if it has one; it gets no more endpoints then.
 * CLAUDE_E_INVALID: it has no endpoint, or one whose key could be read on the way.
 */
claude_code_t cl_failover_check(const claude_config_t *config, cl_err *err);

#endif
