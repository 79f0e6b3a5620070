/*
 * observe.h - hears of every attempt that is made for a call, as it starts and as it ends: for traces, logs and metrics
 * of a program's own.
 *
 * A call that is sent once has one attempt; retries and failover make more. The callback runs on the thread that is
 * inside of the library for the call, before the request is written and after the attempt has ended, and what it takes
 * the call waits for. It must not call functions of its own call, which return CLAUDE_E_BUSY. Every attempt that starts
 * ends, also one that is cancelled.
 *
 * Trace context of the W3C is passed through: a program that traces writes its headers when an attempt starts.
 *
 *     static void observe(claude_attempt_t *attempt, void *user_data)
 *     {
 *         if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS)
 *             claude_attempt_set_header(attempt, "traceparent", begin_span(user_data), NULL);
 *         else
 *             end_span(user_data, claude_attempt_code(attempt), claude_attempt_duration_ms(attempt));
 *     }
 */
#ifndef CLAUDE_OBSERVE_H
#define CLAUDE_OBSERVE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Phases of an attempt. */
enum {
    /** It is about to be sent: headers can be read and set. */
    CLAUDE_ATTEMPT_STARTS = 1,
    /** It is over: what became of it can be read. */
    CLAUDE_ATTEMPT_ENDS = 2
};

/**
 * Hears of an attempt.
 *
 * @param attempt  valid until the callback returns
 */
typedef void (*claude_attempt_fn)(claude_attempt_t *attempt, void *user_data);

/**
 * Register an observer of the attempts of a client's calls. A second registration replaces the first.
 *
 * @param fn       the callback; NULL removes it
 * @param destroy  run once when neither the configuration nor a client made from it needs user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_on_attempt(claude_config_t *config, claude_attempt_fn fn, void *user_data,
                                                  claude_destroy_fn destroy, claude_error_t **err);

/**
 * Whether the attempt starts or ends.
 *
 * @return CLAUDE_ATTEMPT_*; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_attempt_phase(const claude_attempt_t *attempt);

/**
 * The call that the attempt is made for. It is the same for all attempts of a call, when they start and when they end,
 * so that a program that makes several calls at once can tell what belongs together.
 *
 * @return borrowed until the callback returns; of its functions only claude_call_cancel() may be called. NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_call_t *claude_attempt_call(const claude_attempt_t *attempt);

/**
 * Which attempt of its call it is.
 *
 * @return 1, 2, ...; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_attempt_number(const claude_attempt_t *attempt);

/**
 * Which endpoint it goes to.
 *
 * @return the index among the endpoints of failover; 0 without failover, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_attempt_endpoint(const claude_attempt_t *attempt);

/**
 * Where the request goes: its whole URL when the attempt starts, the base URL of its endpoint when it ends.
 *
 * @return borrowed until the callback returns; "" for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_url(const claude_attempt_t *attempt);

/**
 * HTTP method of the request.
 *
 * @return for example "POST"; borrowed until the callback returns; "" for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_method(const claude_attempt_t *attempt);

/**
 * What the request asks for, by the name of docs/endpoints.md.
 *
 * @return for example "messages.create"; borrowed until the callback returns; "" for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_endpoint_name(const claude_attempt_t *attempt);

/**
 * The model that the request names.
 *
 * @return borrowed until the callback returns; NULL if it names none
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_model(const claude_attempt_t *attempt);

/**
 * A header of a request that starts, for example "traceparent". Those that may carry a key are never shown.
 *
 * @param name  in any case
 * @return borrowed until the callback returns, or until a header is set; NULL if there is none, and when it ends
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_header(const claude_attempt_t *attempt, const char *name);

/**
 * Set a header of a request that starts: "traceparent", "tracestate", "baggage" or others. An existing one of that name
 * is replaced. It is of this attempt only.
 *
 * @param name   header name (RFC 9110 token). The headers that the library itself writes, and those that carry a key,
 *               are refused.
 * @param value  visible ASCII, spaces and tabs inside; no line ends
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (the attempt has ended), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_attempt_set_header(claude_attempt_t *attempt, const char *name, const char *value,
                                                   claude_error_t **err);

/**
 * What became of an attempt that has ended.
 *
 * @return CLAUDE_OK or the code of its error; CLAUDE_OK when it starts, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_attempt_code(const claude_attempt_t *attempt);

/**
 * HTTP status of the answer.
 *
 * @return the status; 0 if none arrived, when it starts, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_attempt_http_status(const claude_attempt_t *attempt);

/**
 * How long the attempt took, from its start to its end, without the waits before it.
 *
 * @return milliseconds; 0 when it starts, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_duration_ms(const claude_attempt_t *attempt);

/**
 * How long it took to the first event of a stream.
 *
 * @return milliseconds since the attempt's start; -1 if none came, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_first_event_ms(const claude_attempt_t *attempt);

/**
 * How long the call waited before this attempt, after the one before had failed.
 *
 * @return milliseconds; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_backoff_ms(const claude_attempt_t *attempt);

/**
 * How long the rate limiter made the call wait before this attempt.
 *
 * @return milliseconds; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_limiter_wait_ms(const claude_attempt_t *attempt);

/**
 * Input tokens that the answer reports, those included that were read from or written to the cache.
 *
 * @return the number; -1 if it reports none, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_input_tokens(const claude_attempt_t *attempt);

/**
 * Output tokens that the answer reports.
 *
 * @return the number; -1 if it reports none, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_attempt_output_tokens(const claude_attempt_t *attempt);

/**
 * Identifier of the request, as the answer gives it.
 *
 * @return borrowed until the callback returns; NULL if there is none
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_attempt_request_id(const claude_attempt_t *attempt);

#ifdef __cplusplus
}
#endif

#endif
