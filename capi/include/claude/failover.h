/*
 * failover.h - several endpoints for one API: which are well, and which comes next.
 *
 * A failover is made, endpoints are added, and a configuration is given it by claude_config_set_failover(): calls that
 * ask for failover then go from endpoint to endpoint. It can also be used alone: claude_failover_select_endpoint() says
 * where to go, claude_failover_record() hears what became of it.
 *
 * Each endpoint has its own base URL and its own key. A key goes to no other server than that of its endpoint: one that
 * has no key of its own gets the client's only if it is on the server of the client's base_url.
 *
 * Which comes first, `failover.strategy` says:
 *
 * - priority: the one of lowest priority number
 * - round_robin: each in turn, in order of adding
 * - random: any
 * - sticky: the one that worked, until it fails; then the one of lowest priority number, until one has worked
 *
 * State of an endpoint: unknown at first; a success makes it healthy; `failover.degraded_after` failures in a row
 * make it degraded, `failover.unhealthy_after` unhealthy. Degraded ones keep their place. Unhealthy ones are passed
 * over as long as there is another one, until `failover.cooldown_ms` after their last failure; then they are unknown,
 * and one more failure makes them unhealthy again. A success, or a health check (health.h), may end that earlier.
 */
#ifndef CLAUDE_FAILOVER_H
#define CLAUDE_FAILOVER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of endpoints. Zero: there is no such endpoint. */
enum {
    /** Nothing is known yet, or any more. */
    CLAUDE_HEALTH_UNKNOWN = 1,
    /** It works. */
    CLAUDE_HEALTH_HEALTHY = 2,
    /** It fails at times, or is slow. It keeps its place. */
    CLAUDE_HEALTH_DEGRADED = 3,
    /** It does not work: it is passed over as long as there is another one. */
    CLAUDE_HEALTH_UNHEALTHY = 4
};

/**
 * Make a failover without endpoints.
 *
 * @param config  read for `failover.strategy`, `failover.degraded_after`, `failover.unhealthy_after`,
 *                `failover.cooldown_ms` and `network.allow_http`, and not kept; NULL: the defaults
 * @param out     receives the failover; release with claude_failover_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without failover)
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_failover_t *failover = NULL;
 * claude_error_t *err = NULL;
 * size_t index = 0;
 * claude_code_t rc = claude_failover_new(NULL, &failover, &err);
 * if (rc >= 0)
 *     rc = claude_failover_add_endpoint(failover, "https://api.anthropic.com", 1, NULL, NULL, &err);
 * if (rc >= 0)
 *     rc = claude_failover_add_endpoint(failover, "https://backup.example", 2, NULL, NULL, &err);
 * if (rc >= 0)
 *     rc = claude_failover_select_endpoint(failover, 0, &index, &err);
 * if (rc >= 0)
 *     printf("first %s\n", claude_failover_url(failover, index));
 * claude_failover_unref(failover);
 * @endcode
 */
CLAUDE_API claude_code_t claude_failover_new(const claude_config_t *config, claude_failover_t **out,
                                             claude_error_t **err);

/**
 * Add an endpoint. Possible until the first one is selected and until a client is made with the failover; at most 32.
 *
 * @param base_url  as the option base_url; http:// for this machine only unless network.allow_http was set. Copied
 * @param priority  the lowest number comes first; among equals, the one that was added first
 * @param secret    the key of this endpoint, of which the failover takes its own reference. NULL: the key of the client
 *                  if the endpoint is on the client's server; else no client can be made with it (CLAUDE_E_NO_KEY), but
 *                  for those whose auth.style is none
 * @param index     receives its number: 0, 1, 2, ... in order of adding; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID (malformed URL, or one that was added before), CLAUDE_E_STATE (too late),
 *         CLAUDE_E_LIMIT, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_failover_add_endpoint(claude_failover_t *failover, const char *base_url,
                                                      int32_t priority, claude_secret_t *secret, size_t *index,
                                                      claude_error_t **err);

/**
 * Have requests for a model ask an endpoint for another one, which is what the model is called there. A second one for
 * the same model replaces the first. At most 256 for an endpoint.
 *
 * @param index  of the endpoint
 * @param model  as requests name it, NUL-terminated UTF-8; copied
 * @param other  its name at this endpoint, the same
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (too late, see claude_failover_add_endpoint()), CLAUDE_E_LIMIT,
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_failover_map_model(claude_failover_t *failover, size_t index, const char *model,
                                                   const char *other, claude_error_t **err);

/**
 * How many endpoints there are.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_failover_count(const claude_failover_t *failover);

/**
 * Base URL of an endpoint, without a slash at its end.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the failover; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_failover_url(const claude_failover_t *failover, size_t index);

/**
 * Priority of an endpoint.
 *
 * @param index  0, 1, 2, ...
 * @return the number that it was added with; 0 if there is no such endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_failover_priority(const claude_failover_t *failover, size_t index);

/**
 * State of an endpoint, now.
 *
 * @param index  0, 1, 2, ...
 * @return CLAUDE_HEALTH_*; 0 if there is no such endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_failover_state(claude_failover_t *failover, size_t index);

/**
 * Say how an endpoint is, for programs that know better than its attempts tell.
 *
 * @param index  0, 1, 2, ...
 * @param state  CLAUDE_HEALTH_*. Unhealthy: it is passed over for `failover.cooldown_ms` from now. Degraded: one that
 *               was passed over no longer is, until its next failure. Healthy and unknown: its failures are forgotten
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no such endpoint, no such state)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_failover_set_state(claude_failover_t *failover, size_t index, int32_t state,
                                                   claude_error_t **err);

/**
 * Choose the endpoint to try next, by `failover.strategy`. Ends the adding of endpoints. Nothing is sent.
 *
 * The context of a call is the set of endpoints that it has tried, so that none is tried twice: bit i (1 << i) stands
 * for endpoint i. Begin with 0 and set the bit of each endpoint that was tried.
 *
 * @param tried  bits of the endpoints that are not to be chosen; those of endpoints that there are not mean nothing
 * @param index  receives the endpoint's number
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (all were tried, or there are none)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_failover_select_endpoint(claude_failover_t *failover, uint64_t tried, size_t *index,
                                                         claude_error_t **err);

/**
 * Tell what became of an attempt at an endpoint. What calls of a client do is recorded by themselves.
 *
 * @param index  of the endpoint; one that there is not is ignored
 * @param ok     1 it went well; 0 it failed in a way that speaks against the endpoint. Of what says nothing about it,
 *               such as a request that is wrong by itself, tell nothing
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_failover_record(claude_failover_t *failover, size_t index, int32_t ok);

/**
 * Name of a state of an endpoint.
 *
 * @param state  CLAUDE_HEALTH_*
 * @return "unknown", "healthy", "degraded", "unhealthy", else ""; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_health_state_name(int32_t state);

/**
 * Give a configuration a failover, which also enables it for calls that ask for it. Clients made from the configuration
 * share it; a failover that is given to several clients is shared by all of them.
 *
 * @param failover  of which the configuration takes its own reference; NULL: none
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without failover)
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_failover(claude_config_t *config, claude_failover_t *failover,
                                                    claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_failover_t *claude_failover_ref(claude_failover_t *failover);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_failover_unref(claude_failover_t *failover);

#ifdef __cplusplus
}
#endif

#endif
