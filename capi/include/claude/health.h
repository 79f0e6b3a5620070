/*
 * health.h - health checks: whether endpoints answer, and how fast.
 *
 * A check runs when it is asked for and has ended when its function returns: nothing goes on behind the program's back.
 * It asks all endpoints at once, by `health.strategy`, and waits for them for `health.timeout_ms` at most:
 *
 * - ping: HEAD of the base URL
 * - lightweight_api: OPTIONS of its /v1/messages
 * - models: GET of its /v1/models?limit=1, with the key of the endpoint
 *
 * None of them spends tokens. Only the last one sends a key, and the headers of claude_config_set_header() to the
 * client's own server; signing callbacks (claude_config_on_sign()) are not asked.
 *
 * Any HTTP answer below 500 shows that an endpoint is alive, 401, 404 and 429 too; then its response time counts: up to
 * `health.healthy_ms` it is healthy, up to `health.degraded_ms` degraded, beyond that unhealthy, as it is with any
 * other answer or none. The time is from the beginning to the head of the answer, on a new connection: name lookup and
 * TLS are part of it.
 *
 * What a check finds is told to the client's failover (failover.h), if the endpoint is one of its endpoints.
 *
 * Several threads may check at once, and others look: what they see is of one check, the one that began last of those
 * that have ended. Only the texts of claude_health_error_text() and claude_health_json() are lost when a check ends,
 * whoever makes it.
 */
#ifndef CLAUDE_HEALTH_H
#define CLAUDE_HEALTH_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a set of endpoints to be checked: those of the client's failover, or else its base_url, until others are added.
 *
 * @param client  whose options count: `health.*`, network, TLS, key; the set holds a reference
 * @param out     receives the set; release with claude_health_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without health checks)
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_health_t *health = NULL;
 * claude_error_t *err = NULL;
 * claude_code_t rc = claude_health_new(client, &health, &err);
 * if (rc >= 0)
 *     rc = claude_health_check(health, &err);
 * for (size_t i = 0; rc >= 0 && i < claude_health_count(health); i++)
 *     printf("%s is %s\n", claude_health_url(health, i), claude_health_state_name(claude_health_state(health, i)));
 * claude_health_unref(health);
 * @endcode
 */
CLAUDE_API claude_code_t claude_health_new(claude_client_t *client, claude_health_t **out, claude_error_t **err);

/**
 * Add an endpoint. The first one takes the place of those of the client. Possible until the first check; at most 64.
 *
 * @param base_url  as the option base_url, NUL-terminated; copied
 * @param secret    the key that `models` sends, of which the set takes its own reference. NULL: the key of the client
 * if the endpoint is on the client's server, else none
 * @return CLAUDE_OK, CLAUDE_E_INVALID (malformed URL, or one that was added before), CLAUDE_E_STATE (too late),
 *         CLAUDE_E_LIMIT, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_health_add_endpoint(claude_health_t *health, const char *base_url,
                                                    claude_secret_t *secret, claude_error_t **err);

/**
 * Check all endpoints at once, and wait for their answers: `health.timeout_ms` at most. An endpoint that does not
 * answer is a result, not a failure.
 *
 * @return CLAUDE_OK; negative where the check could not be made, which leaves the results as they were:
 * CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_LIMIT (no file descriptor left), CLAUDE_E_STATE (a key whose memory was
 * overwritten), CLAUDE_E_FORKED (the audit of a key has forked)
 * @threads A; runs the audit callback of the keys that are sent
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_health_check(claude_health_t *health, claude_error_t **err);

/**
 * Check one endpoint, with the options of a client.
 *
 * @param base_url     as that of claude_health_add_endpoint(); `models` sends the client's key if it is on the client's
 *                     server, else none
 * @param state        receives CLAUDE_HEALTH_HEALTHY, CLAUDE_HEALTH_DEGRADED or CLAUDE_HEALTH_UNHEALTHY
 * @param response_ms  receives the response time in milliseconds; -1: no answer. May be NULL
 * @return CLAUDE_OK, CLAUDE_E_UNSUPPORTED, and as claude_health_check()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_health_check_endpoint(claude_client_t *client, const char *base_url, int32_t *state,
                                                      int64_t *response_ms, claude_error_t **err);

/**
 * How many endpoints there are.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_health_count(const claude_health_t *health);

/**
 * Base URL of an endpoint, without a slash at its end.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the set; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_health_url(const claude_health_t *health, size_t index);

/**
 * What the latest check has found of an endpoint.
 *
 * @param index  0, 1, 2, ...
 * @return CLAUDE_HEALTH_* of failover.h: CLAUDE_HEALTH_UNKNOWN before the first check; 0 if there is no such endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_health_state(claude_health_t *health, size_t index);

/**
 * Response time of an endpoint.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; -1: no answer, not checked, or no such endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_health_response_ms(claude_health_t *health, size_t index);

/**
 * HTTP status of an endpoint's answer.
 *
 * @param index  0, 1, 2, ...
 * @return the status; 0: no answer, not checked, or no such endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_health_http_status(claude_health_t *health, size_t index);

/**
 * Why there was no answer.
 *
 * @param index  0, 1, 2, ...
 * @return one line; "" if there was one, and before the first check; NULL if there is no such endpoint. Borrowed until
 *         the next check
 * @threads B: while the text is used no thread checks
 * @since 0.8
 */
CLAUDE_API const char *claude_health_error_text(claude_health_t *health, size_t index);

/**
 * Share of the endpoints that are in a state.
 *
 * @param state  CLAUDE_HEALTH_*
 * @return thousandths, rounded: 0 to 1000
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_health_share(claude_health_t *health, int32_t state);

/**
 * Everything that the latest check has found, as a JSON object: "endpoints", an array of objects with "url", "state",
 * "response_ms", "http_status" and "error", with values as the functions of those names return them and the state by
 * its name; and "shares", an object with a member for each state, in thousandths.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed until the next check, or until an endpoint is added; NULL for NULL and when out of memory
 * @threads B: while the text is used no thread checks
 * @since 0.8
 */
CLAUDE_API const char *claude_health_json(claude_health_t *health, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_health_t *claude_health_ref(claude_health_t *health);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_health_unref(claude_health_t *health);

#ifdef __cplusplus
}
#endif

#endif
