/*
 * report.h - what happened on the way to a call's result: attempts, waits, which endpoint, why there was no further
 * attempt.
 *
 * A report belongs to a call, and goes with what the call ends in: its response or its error. Of a call that is running
 * it says which attempts have ended so far, and belongs to the thread that the call belongs to; what is said of the
 * whole (requests on the wire, duration, endpoint, breaker) is known at its end. From then on it never changes.
 */
#ifndef CLAUDE_REPORT_H
#define CLAUDE_REPORT_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The report of a call, which is running or has ended.
 *
 * @return borrowed from the call; NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_report_t *claude_call_report(const claude_call_t *call);

/**
 * The report of the call that a response answers.
 *
 * @return borrowed from the response; NULL for a response of no call (claude_response_parse()), and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_report_t *claude_response_report(const claude_response_t *response);

/**
 * The report of the call that failed with an error.
 *
 * @return borrowed from the error; NULL for an error of no call, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_report_t *claude_error_report(const claude_error_t *error);

/**
 * Which features were at work for the call.
 *
 * @return CLAUDE_WITH_* of client.h, or-ed; 0 for none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API uint32_t claude_report_features(const claude_report_t *report);

/**
 * How many requests reached the wire, those included that the HTTP library sent again by itself.
 *
 * @return the number; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_wire_attempts(const claude_report_t *report);

/**
 * How many attempts the library made.
 *
 * @return the number; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_attempts(const claude_report_t *report);

/**
 * How many of the attempts were retries.
 *
 * @return the number; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_retries(const claude_report_t *report);

/**
 * How many of the attempts went to another endpoint because the one before had failed; retries, which begin anew, are
 * not among them.
 *
 * @return the number; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_failovers(const claude_report_t *report);

/**
 * How long the rate limiter made the call wait, in all.
 *
 * @return milliseconds; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_limiter_wait_ms(const claude_report_t *report);

/**
 * How long the call waited between attempts, in all.
 *
 * @return milliseconds; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_backoff_ms(const claude_report_t *report);

/**
 * How long the call took, from its start to its end; 0 while it is running.
 *
 * @return milliseconds; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_duration_ms(const claude_report_t *report);

/**
 * Which endpoint the last attempt went to.
 *
 * @return the index among the endpoints of failover; 0 without failover, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_endpoint_index(const claude_report_t *report);

/**
 * Base URL of the endpoint that the last attempt went to.
 *
 * @return borrowed from the report; of a running call valid until the next function on it. "" before the first attempt,
 * and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API const char *claude_report_endpoint_url(const claude_report_t *report);

/**
 * State of that endpoint's circuit breaker when the call ended.
 *
 * @return CLAUDE_BREAKER_*; 0 if the call had none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_breaker_state(const claude_report_t *report);

/**
 * Why there was no further attempt after the last one had failed: for example "max_retries", "deadline" or "budget".
 *
 * @return static text; "" when nothing stopped it, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API const char *claude_report_stopped_by(const claude_report_t *report);

/**
 * The whole report as a JSON object, once the call has ended: "features" (names), "wire_attempts", "attempts",
 * "retries", "failovers", "limiter_wait_ms", "backoff_ms", "duration_ms", "endpoint_index", "endpoint_url",
 * "breaker_state" (a name, or null), "stopped_by", and "attempt_list", of whose members each has "code", "name",
 * "http_status", "request_id" (null if there is none), "endpoint", "wire_attempts", "started_ms", "duration_ms",
 * "first_event_ms", "backoff_ms" and "limiter_wait_ms"; where timings were taken also "timings_us", an object with
 * members as claude_report_attempt_timing_us() has them and "connections", how many the attempt has opened.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the report; "" while the call is running, when memory is out, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_report_json(const claude_report_t *report, size_t *len);

/**
 * How many attempts are described one by one: the first 64. claude_report_attempts() counts all.
 *
 * @return the number; 0 for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API size_t claude_report_attempt_count(const claude_report_t *report);

/**
 * What became of an attempt.
 *
 * @param index  0, 1, 2, ...
 * @return CLAUDE_OK or the code of its error; CLAUDE_OK for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_report_attempt_code(const claude_report_t *report, size_t index);

/**
 * HTTP status that an attempt was answered with.
 *
 * @param index  0, 1, 2, ...
 * @return the status; 0 if no answer arrived, for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_attempt_http_status(const claude_report_t *report, size_t index);

/**
 * Which endpoint an attempt went to.
 *
 * @param index  0, 1, 2, ...
 * @return the index among the endpoints of failover; 0 without failover, for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int32_t claude_report_attempt_endpoint(const claude_report_t *report, size_t index);

/**
 * When an attempt started.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds since the start of the call; 0 for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_started_ms(const claude_report_t *report, size_t index);

/**
 * How long an attempt took, without the waits before it.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; 0 for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_duration_ms(const claude_report_t *report, size_t index);

/**
 * How long the call waited before an attempt, after the one before had failed.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; 0 for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_backoff_ms(const claude_report_t *report, size_t index);

/**
 * How long the rate limiter made the call wait before an attempt.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; 0 for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_limiter_wait_ms(const claude_report_t *report, size_t index);

/**
 * How long it took from the start of an attempt to the first event of its stream.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; -1 if none came, for an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_first_event_ms(const claude_report_t *report, size_t index);

/**
 * How long a part of an attempt took on the wire. Taken with the option `diagnostics.timings` above 0, or
 * with a log callback of the level debug (diag.h); else not.
 *
 * @param index  0, 1, 2, ...
 * @param what   "dns" (name lookup), "connect" (TCP), "tls" (handshake; through a proxy also its tunnel), each of which
 *               is 0 on a connection that stood already; "first_byte" and "total", since the request was begun;
 *               NUL-terminated
 * @return microseconds; -1: not taken, it did not come so far, or there is no such attempt or part
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API int64_t claude_report_attempt_timing_us(const claude_report_t *report, size_t index, const char *what);

/**
 * Identifier of an attempt's request, as its answer gives it.
 *
 * @param index  0, 1, 2, ...
 * @return borrowed from the report; of a running call valid until the next function on it. NULL if there is none, for
 * an index that is none, and for NULL
 * @threads A; of a running call B
 * @since 0.8
 */
CLAUDE_API const char *claude_report_attempt_request_id(const claude_report_t *report, size_t index);

/**
 * Add a reference: the report outlives its call, response or error.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_report_t *claude_report_ref(claude_report_t *report);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_report_unref(claude_report_t *report);

#ifdef __cplusplus
}
#endif

#endif
