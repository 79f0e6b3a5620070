/*
 * client.h - a client: configuration, key and connections. Usable by any number of threads at once.
 *
 * Nothing happens by itself: a call is one attempt on the wire, and nothing is read from the environment or from files
 * except by the functions whose names say so.
 */
#ifndef CLAUDE_CLIENT_H
#define CLAUDE_CLIENT_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of claude_client_start() and claude_loop_submit(). Unknown bits are refused. Those of features that the client
 * has not enabled are CLAUDE_E_INVALID, which names the option, and those that this build lacks CLAUDE_E_UNSUPPORTED.
 */
enum {
    /** Take the answer piece by piece: as a stream of events, whatever the request says itself; as lines or bytes,
     * where that is what the endpoint gives. */
    CLAUDE_STREAM = 1,
    /** Try again after failures that pass. Options: `retry.*`. */
    CLAUDE_WITH_RETRIES = 2,
    /** Send nothing to an endpoint that has been failing. Options: `breaker.*`. */
    CLAUDE_WITH_CIRCUIT_BREAKER = 4,
    /** Wait for a turn. Options: `limiter.*`. */
    CLAUDE_WITH_RATE_LIMITING = 8,
    /** Go to another endpoint where one fails. Options: `failover.*`. */
    CLAUDE_WITH_FAILOVER = 16,
    /** All of these that the client has enabled. */
    CLAUDE_WITH_ENTERPRISE_FEATURES = 32,
    /** Only within the quotas. One of those that CLAUDE_WITH_ENTERPRISE_FEATURES stands for; options: `quota.*`. */
    CLAUDE_WITH_QUOTA = 64
};

/**
 * Make a client.
 *
 * @param config  copied; must carry an API key (claude_config_set_secret(), or the option `api_key`) or a credential
 *                provider, unless `auth.style` is "none"
 * @param out     receives the client; release with claude_client_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NO_KEY, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_new(const claude_config_t *config, claude_client_t **out, claude_error_t **err);

/**
 * Make a client from the environment: what claude_config_load_env() reads, on top of an optional configuration.
 *
 * @param config  copied; NULL means all defaults
 * @param out     receives the client; release with claude_client_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NO_KEY, CLAUDE_E_NOMEM
 * @threads A (as far as the program does not change its environment meanwhile)
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_from_env(const claude_config_t *config, claude_client_t **out,
                                                claude_error_t **err);

/**
 * Make a client with the workspace's API key, see claude_secret_from_workspace(). A key in the configuration wins.
 *
 * @param config  copied; NULL means all defaults
 * @param out     receives the client; release with claude_client_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NO_KEY (names every place looked at), CLAUDE_E_NOMEM
 * @threads A (as far as the program does not change its environment or working directory meanwhile)
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_from_workspace(const claude_config_t *config, claude_client_t **out,
                                                      claude_error_t **err);

/**
 * Start a call. Never blocks on the network and runs no callback but those of the key's secret (audit, expiry), that of
 * deprecated models and the log: a call that needs a token from a credential provider begins when it is waited for. The
 * request is snapshotted: it may be changed, reused or released afterwards, and starting the same unmodified request
 * from several threads at once is allowed.
 *
 * @param request  what to send; its recorded first setter error, if any, is returned here
 * @param flags    CLAUDE_STREAM and CLAUDE_WITH_*, or 0: exactly one attempt on the wire
 * @param out      receives the call; release with claude_call_unref(), which cancels it if it has not finished
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_LIMIT (no file descriptor left), CLAUDE_E_UNSUPPORTED
 *         (libcurl or this build lacks what is asked for), CLAUDE_E_STATE (the memory of the key was overwritten),
 *         CLAUDE_E_NO_KEY (the key has expired, and `auth.refuse_expired` is set), CLAUDE_E_CIRCUIT_OPEN,
 *         CLAUDE_E_THROTTLED, CLAUDE_E_QUOTA
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_start(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                             claude_call_t **out, claude_error_t **err);

/**
 * Send a request and wait for its answer: exactly one attempt on the wire. On a streaming request the callback of
 * claude_request_on_event() runs inside, and the accumulated message is returned.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code
 * @threads A for the client
 * @since 0.8
 *
 * @code
 * claude_response_t *response = NULL;
 * claude_error_t *err = NULL;
 * if (claude_client_execute(client, request, &response, &err) < 0) {
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 *     claude_error_unref(err);
 * } else {
 *     printf("%s\n", claude_response_text(response, NULL));
 *     claude_response_unref(response);
 * }
 * @endcode
 */
CLAUDE_API claude_code_t claude_client_execute(claude_client_t *client, const claude_request_t *request,
                                               claude_response_t **out, claude_error_t **err);

/**
 * The same with retries: a failure that may pass is tried again, after a wait that grows from retry to retry or that
 * the server has asked for. Nothing is tried again once the first event of a stream was handed out, nor when the wait
 * would not end within the call's time: the API's own error is returned then, with what the server asked for in
 * claude_error_retry_after_ms(). Needs `retry.enabled`; options `retry.*`.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code; CLAUDE_E_INVALID if retries are not enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_retries(claude_client_t *client, const claude_request_t *request,
                                                            claude_response_t **out, claude_error_t **err);

/**
 * The same behind the circuit breaker of the endpoint: while it is open nothing is sent, and the error is
 * CLAUDE_E_CIRCUIT_OPEN with the time left in claude_error_retry_after_ms(). Needs `breaker.enabled`, or a breaker set
 * by claude_config_set_breaker(); options `breaker.*`.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code; CLAUDE_E_INVALID if the breaker is not enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_circuit_breaker(claude_client_t *client,
                                                                    const claude_request_t *request,
                                                                    claude_response_t **out, claude_error_t **err);

/**
 * The same in turn: waits as long as the limiter asks for, at most `limiter.max_wait_ms`; a call that could not go
 * within that fails at once with CLAUDE_E_THROTTLED. Needs `limiter.enabled`, or a limiter set by
 * claude_config_set_limiter(); options `limiter.*`.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code; CLAUDE_E_INVALID if rate limiting is not enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_rate_limiting(claude_client_t *client,
                                                                  const claude_request_t *request,
                                                                  claude_response_t **out, claude_error_t **err);

/**
 * The same with failover: where an endpoint fails, the next one is asked, at most `failover.max_attempts` of them and
 * none twice. Each gets its own key only. Needs endpoints: claude_config_set_failover(); options `failover.*`.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code: the error of the endpoint that was asked last; CLAUDE_E_INVALID if failover is
 *         not enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_failover(claude_client_t *client, const claude_request_t *request,
                                                             claude_response_t **out, claude_error_t **err);

/**
 * The same within the client's quotas: before anything is sent, room is taken for what the call may use, and afterwards
 * that is put right by what the server says it has used. Without room the error is CLAUDE_E_QUOTA, see
 * claude_error_quota(). Needs `quota.enabled`, or a quota set by claude_config_set_quota(); options `quota.*`.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code; CLAUDE_E_INVALID if quotas are not enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_quota(claude_client_t *client, const claude_request_t *request,
                                                          claude_response_t **out, claude_error_t **err);

/**
 * The same with all of these that the client has enabled: within the quotas, every attempt waits for its turn, goes to
 * an endpoint whose breaker lets it through, and is followed by the next endpoint or a retry where it fails.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the response; release with claude_response_unref()
 * @return CLAUDE_OK or a negative code; CLAUDE_E_INVALID if none is enabled
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_execute_with_enterprise_features(claude_client_t *client,
                                                                        const claude_request_t *request,
                                                                        claude_response_t **out, claude_error_t **err);

/**
 * Start a streaming call; the same as claude_client_start() with CLAUDE_STREAM.
 *
 * @param request  what to send, as for claude_client_start()
 * @param out      receives the call; release with claude_call_unref()
 * @return as claude_client_start()
 * @threads A for the client
 * @since 0.8
 *
 * @code
 * claude_call_t *call = NULL;
 * claude_error_t *err = NULL;
 * const claude_event_t *event = NULL;
 * claude_code_t rc = claude_client_stream(client, request, &call, &err);
 * while (rc >= 0 && (rc = claude_call_next(call, -1, &event, &err)) == 1) {
 *     if (claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA)
 *         printf("%s", claude_event_text(event, NULL));
 * }
 * if (rc < 0) {
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 *     claude_error_unref(err);
 * }
 * claude_call_unref(call);
 * @endcode
 */
CLAUDE_API claude_code_t claude_client_stream(claude_client_t *client, const claude_request_t *request,
                                              claude_call_t **out, claude_error_t **err);

/**
 * Give the client another configuration, or one more under a name, while it is in use. Calls that have been started
 * keep the one that they were started with; those that are started afterwards use the new one: the one without a name,
 * unless the request names another (option `request.snapshot`). The report of a call says which it was
 * (claude_report_snapshot(), claude_report_generation()).
 *
 * Connections go on as long as the options network.*, tls.* and client.* are the same; limiter, circuit breakers and
 * retry budgets keep their state as long as their own options and base_url are; metrics are counted on. A loop keeps
 * the options network.* and tls.* that it was made with, and refuses calls for a snapshot that has others
 * (CLAUDE_E_STATE).
 *
 * @param name    up to 64 visible ASCII characters; NULL or "": the one for calls that name none
 * @param config  copied, and checked as for claude_client_new(): nothing is changed if it is refused. NULL removes the
 *                snapshot with this name
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NO_KEY, CLAUDE_E_LIMIT (there are 8 with a name already),
 *         CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without dynamic-config)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_set_snapshot(claude_client_t *client, const char *name,
                                                    const claude_config_t *config, claude_error_t **err);

/**
 * Generation of the client's configuration: 1 when it is made; each change of any of its snapshots counts on.
 *
 * @param name  of the snapshot; NULL or "": the one for calls that name none
 * @return the generation that the snapshot has had since its last change; 0 if there is none of this name, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_client_generation(claude_client_t *client, const char *name);

/**
 * Close the client's idle connections and free what they hold.
 *
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_trim(claude_client_t *client, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_client_t *claude_client_ref(claude_client_t *client);

/**
 * Drop a reference. Calls hold their own: a client lives as long as its calls. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_client_unref(claude_client_t *client);

#ifdef __cplusplus
}
#endif

#endif
