/*
 * quota.h - quotas: how many requests and tokens, and how much money, may be used in a day and in a month, in all and
 * by each model.
 *
 * A client has none unless it is asked to: by `quota.enabled` or a quota of claude_config_set_quota(), and then only
 * calls that say so are held against it. Before such a call is sent, room is taken for what it may use: one request, a
 * quarter of the body's bytes as input tokens (1,600 for each file in it), max_tokens or `quota.output_estimate` as
 * output tokens, and what these cost. Without room nothing is sent, and the error is CLAUDE_E_QUOTA. Afterwards what
 * the server says it has used takes the place of that; of an answer that was cut, what is known of it, and that is
 * counted as estimated. So the quotas are passed at most by what calls under way use beyond what was taken for them.
 *
 * Limits are those of the options `quota.*` for all models together, and for each model those of
 * claude_quota_set_limit() and claude_quota_load_limits(). A limit of 0 is none. Tokens are those of input and output,
 * and those written to the cache and read from it. Money is nano-dollars, 10^-9 US dollars, by the prices of the table
 * of models (claude_config_set_models()). A model without a price costs nothing, and is counted as unpriced; where
 * money is limited its calls are refused.
 *
 * A day begins at midnight of UTC plus `quota.utc_offset_minutes`, a month with its first day. A clock that goes back
 * gives nothing back. Models are known by the name that the table has for them: aliases count as one.
 *
 * The library stores nothing: claude_quota_export_json() and claude_quota_import_json() are for programs that do. After
 * a fork() parent and child have a quota each, with what was used until then; what was reserved is the parent's.
 */
#ifndef CLAUDE_QUOTA_H
#define CLAUDE_QUOTA_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a quota of a configuration's options and its table of models. The options are `quota.*`; later changes of the
 * configuration do not change it.
 *
 * @param config  NULL: no limits, and the table that is built in. `quota.enabled` does not matter here
 * @param out     receives the quota; release with claude_quota_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (this build has no quotas)
 * @threads A, B for the configuration
 * @since 0.8
 *
 * @code
 * claude_quota_t *quota = NULL;
 * claude_error_t *err = NULL;
 * if (claude_quota_new(NULL, &quota, &err) >= 0 &&
 *     claude_quota_set_limit(quota, NULL, "daily_cost", 50 * INT64_C(1000000000), &err) >= 0 &&
 *     claude_quota_record_usage(quota, "claude-haiku-5-5", 1000, 500, &err) >= 0)
 *     printf("%d requests today\n", (int)claude_quota_usage(quota, NULL, "daily_requests"));
 * else
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 * claude_error_unref(err);
 * claude_quota_unref(quota);
 * @endcode
 */
CLAUDE_API claude_code_t claude_quota_new(const claude_config_t *config, claude_quota_t **out, claude_error_t **err);

/**
 * Have the clients made from a configuration use a quota, which they share with all others that have it. That enables
 * quotas for calls that ask for them, whatever `quota.enabled` says. Prices are those of the configuration that the
 * quota was made of, or of each client where that had no table of models.
 *
 * @param quota  the configuration and its clients hold a reference; NULL removes the one that is there
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_quota(claude_config_t *config, claude_quota_t *quota, claude_error_t **err);

/* ---- limits ---- */

/**
 * Set a limit, also while calls are under way.
 *
 * @param model  whose it is; NULL: of all models together
 * @param name   "daily_requests", "daily_tokens", "daily_cost", "monthly_requests", "monthly_tokens", "monthly_cost"
 * @param limit  requests, tokens or nano-dollars; 0: no limit
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_LIMIT (256 models are known already), CLAUDE_E_NOMEM,
 *         CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_set_limit(claude_quota_t *quota, const char *model, const char *name,
                                                int64_t limit, claude_error_t **err);

/**
 * Set limits from JSON, all of them or none: an object with the names of claude_quota_set_limit(), and with "models",
 * an object of such objects by the models' names. Costs are in dollars here; 0 and null are no limit. Limits that are
 * not named stay as they are.
 *
 * @param json  {"daily_cost": 50.0, "models": {"claude-opus-5-5": {"daily_cost": 20, "daily_requests": 100}}}
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID (what is wrong is named), CLAUDE_E_LIMIT, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_load_limits(claude_quota_t *quota, const char *json, size_t len,
                                                  claude_error_t **err);

/**
 * A limit.
 *
 * @param model  whose it is; NULL: of all models together
 * @param name   as for claude_quota_set_limit()
 * @return requests, tokens or nano-dollars; 0: none; -1 for NULL and for a name that is none
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_quota_limit(claude_quota_t *quota, const char *model, const char *name);

/* ---- using it by hand; calls of a client do this by themselves ---- */

/**
 * Check and count at once: a request of so many tokens, if there is room for it. The cost is that of the table of
 * models.
 *
 * @param model          model id; NULL counts in all only, without a price
 * @param input_tokens   those of the prompt, 0 or more
 * @param output_tokens  those of the answer, 0 or more
 * @return CLAUDE_OK; CLAUDE_E_QUOTA: there is no room, and nothing was counted: claude_error_error_code() names the
 *         limit, claude_error_quota() has its figures, claude_error_retry_after_ms() is the time until it begins anew,
 *         -1 if waiting is of no use; CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_record_usage(claude_quota_t *quota, const char *model, int64_t input_tokens,
                                                   int64_t output_tokens, claude_error_t **err);

/**
 * Count what was used already, whatever the limits say: a message or its "usage", with what was read from and written
 * to the cache. For results of batches, for example, which no call knows of.
 *
 * @param model  model id; NULL: the one that the message names
 * @param json   a message, or an object like its "usage"
 * @param len    bytes of json, or CLAUDE_NTS
 * @param flags  0 or CLAUDE_COST_BATCH
 * @return CLAUDE_OK, CLAUDE_E_INVALID (also if it says nothing of tokens), CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_add_json(claude_quota_t *quota, const char *model, const char *json, size_t len,
                                               uint32_t flags, claude_error_t **err);

/**
 * Take room for a request that is going to be made.
 *
 * @param model          model id; NULL counts in all only, without a price
 * @param input_tokens   as many as there may be, 0 or more
 * @param output_tokens  as many as there may be, 0 or more
 * @param out            receives the reservation; end it with one of the functions below, then release it with
 *                       claude_quota_reservation_unref()
 * @return as for claude_quota_record_usage(), and CLAUDE_E_LIMIT: all that is reserved together is more than 2^63 - 1
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_reserve(claude_quota_t *quota, const char *model, int64_t input_tokens,
                                              int64_t output_tokens, claude_quota_reservation_t **out,
                                              claude_error_t **err);

/**
 * End a reservation with so many tokens that were used. One that has ended already is left alone, as it is by all of
 * these functions.
 *
 * @param input_tokens   -1: as reserved, counted as estimated
 * @param output_tokens  -1: as reserved, counted as estimated
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_quota_reservation_settle(claude_quota_reservation_t *reservation, int64_t input_tokens,
                                                int64_t output_tokens);

/**
 * End a reservation with a message or its "usage". On failure it has not ended.
 *
 * @param json   a message, or an object like its "usage"
 * @param len    bytes of json, or CLAUDE_NTS
 * @param flags  0 or CLAUDE_COST_BATCH
 * @return CLAUDE_OK, CLAUDE_E_INVALID (also if it says nothing of tokens), CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_reservation_settle_json(claude_quota_reservation_t *reservation, const char *json,
                                                              size_t len, uint32_t flags, claude_error_t **err);

/**
 * Give a reservation back: nothing was sent.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_quota_reservation_release(claude_quota_reservation_t *reservation);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_quota_reservation_t *claude_quota_reservation_ref(claude_quota_reservation_t *reservation);

/**
 * Drop a reference; the last one settles as reserved what was not ended, since nobody can tell what became of it. NULL
 * is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_quota_reservation_unref(claude_quota_reservation_t *reservation);

/* ---- looking at it ---- */

/**
 * What is used.
 *
 * @param model  of which; NULL: of all together
 * @param name   "daily_", "monthly_" or "total_" (since the quota was made) before "requests", "tokens" (all of the
 *               four that follow), "input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens", "cost"
 *               (nano-dollars), "estimated" or "unpriced" (requests); "reserved_requests", "reserved_tokens",
 *               "reserved_cost"; "refused" (how often this one's limits refused, since the quota was made)
 * @return the figure, 0 for a model that was not used; -1 for NULL and for a name that is none
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_quota_usage(claude_quota_t *quota, const char *model, const char *name);

/**
 * What a limit has left: the limit without what is used and what is reserved. The limits of a model and those of all
 * models together do not know of each other here.
 *
 * @param model  whose it is; NULL: of all models together
 * @param name   as for claude_quota_set_limit()
 * @return requests, tokens or nano-dollars, 0 or more; -1: there is no limit, or for NULL and a name that is none
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_quota_remaining(claude_quota_t *quota, const char *model, const char *name);

/**
 * When the limits of a day or of a month begin anew.
 *
 * @param name  "daily" or "monthly"
 * @return milliseconds since 1970-01-01 UTC; -1 for NULL and for a name that is none
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_quota_reset_at_ms(claude_quota_t *quota, const char *name);

/**
 * How many models the quota knows: those that have limits or were used. The first 256 have a place of their own, all
 * others are counted together as "(other)".
 *
 * @return 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_quota_model_count(claude_quota_t *quota);

/**
 * The name of a model that the quota knows. An index stays that model's.
 *
 * @param index  0, 1, 2, ...
 * @return borrowed from the quota; NULL behind the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_quota_model_at(claude_quota_t *quota, size_t index);

/* ---- storing it ---- */

/**
 * All of it as JSON, as it is now: for monitoring, and for claude_quota_import_json(). An object with "version",
 * "saved_at_ms", "utc_offset_minutes", "date", "day_resets_at_ms", "month_resets_at_ms", "total" and "models", by their
 * names. "total" and each model have "limits" (costs in dollars), "reserved", "refused", and what is used in "day",
 * "month" and "ever": "requests", "input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens",
 * "cost_nano", "estimated", "unpriced", and "cost_usd" to be read by people.
 *
 * @param out  receives the document, to be read by claude_response_json() or claude_response_int() and its like, with
 *             pointers as "/total/day/requests"; release with claude_response_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_export_json(claude_quota_t *quota, claude_response_t **out, claude_error_t **err);

/**
 * Go on with what was exported, in place of what was used here until now; limits and reservations stay as they are. A
 * day and a month that were over since then are over here, too. All or nothing.
 *
 * @param json  from claude_quota_export_json(); of "limits" and "reserved" nothing is taken
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID (what is wrong is named, and nothing is changed), CLAUDE_E_NOMEM,
 *         CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_quota_import_json(claude_quota_t *quota, const char *json, size_t len,
                                                  claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_quota_t *claude_quota_ref(claude_quota_t *quota);

/**
 * Drop a reference; the last one frees. NULL is accepted. Reservations keep their quota.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_quota_unref(claude_quota_t *quota);

#ifdef __cplusplus
}
#endif

#endif
