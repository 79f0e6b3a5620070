/* error.h - error codes and error objects. Code for control flow, object for detail; there is no last-error. */
#ifndef CLAUDE_ERROR_H
#define CLAUDE_ERROR_H

#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values are permanent; gaps are deliberate. docs/errors.md has the generated table. */
enum {
    CLAUDE_OK = 0,
    /** claude_call_next: the call has finished well; there are no more events. */
    CLAUDE_DONE = 2,

    /* -1..-99: the program's side */
    CLAUDE_E_INVALID = -1,
    CLAUDE_E_NOMEM = -2,
    CLAUDE_E_STATE = -3,
    CLAUDE_E_UNSUPPORTED = -4,
    CLAUDE_E_CANCELED = -5,
    CLAUDE_E_BUSY = -6,
    CLAUDE_E_FORKED = -7,
    CLAUDE_E_LIMIT = -8,
    CLAUDE_E_CALLBACK = -9,
    CLAUDE_E_NO_KEY = -10,
    CLAUDE_E_IO = -11,
    /** The circuit breaker is open: nothing was sent. claude_error_retry_after_ms() is the time left. */
    CLAUDE_E_CIRCUIT_OPEN = -12,
    /** The rate limiter of the client refused: nothing was sent. */
    CLAUDE_E_THROTTLED = -13,
    /** A quota of the client is used up: nothing was sent. claude_error_quota() says which one and how far. */
    CLAUDE_E_QUOTA = -14,

    /* -100..-199: transport */
    CLAUDE_E_RESOLVE = -100,
    CLAUDE_E_CONNECT = -101,
    CLAUDE_E_TLS = -102,
    CLAUDE_E_TIMEOUT = -103,
    CLAUDE_E_CLOSED = -104,
    CLAUDE_E_PROTOCOL = -105,
    CLAUDE_E_TRUNCATED = -106,
    CLAUDE_E_TOO_LARGE = -107,
    CLAUDE_E_PROXY = -108,
    CLAUDE_E_REDIRECT = -109,

    /* -200..-299: the API answered with an error */
    CLAUDE_E_API = -200,
    CLAUDE_E_AUTH = -201,
    CLAUDE_E_PERMISSION = -202,
    CLAUDE_E_NOT_FOUND = -203,
    CLAUDE_E_RATE_LIMIT = -204,
    CLAUDE_E_OVERLOADED = -205,
    CLAUDE_E_BAD_REQUEST = -206,
    CLAUDE_E_REQUEST_TOO_LARGE = -207,
    CLAUDE_E_API_TIMEOUT = -208,
    CLAUDE_E_SERVER = -209,
    CLAUDE_E_BILLING = -210,
    CLAUDE_E_CONFLICT = -211
};

/* The specification's seven categories of errors. */
enum {
    CLAUDE_CATEGORY_NONE = 0,
    CLAUDE_CATEGORY_API = 1,
    CLAUDE_CATEGORY_HTTP = 2,
    CLAUDE_CATEGORY_NETWORK = 3,
    CLAUDE_CATEGORY_TIMEOUT = 4,
    CLAUDE_CATEGORY_INVALID_ARGUMENT = 5,
    CLAUDE_CATEGORY_AUTHENTICATION = 6,
    CLAUDE_CATEGORY_RATE_LIMIT = 7
};

/**
 * Name of a code, for logs and for bindings that generate their constants.
 *
 * @return "CLAUDE_E_TLS"; "CLAUDE_E_UNKNOWN" for a code this library does not know; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_code_name(claude_code_t code);

/**
 * One short sentence on what a code means.
 *
 * @return static text, never NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_code_text(claude_code_t code);

/**
 * Category of a code.
 *
 * @return CLAUDE_CATEGORY_*; CLAUDE_CATEGORY_NONE for success and unknown codes
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_code_category(claude_code_t code);

/**
 * Enumerate the error codes.
 *
 * @param index  0, 1, 2, ...
 * @return a negative code, or 0 after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_code_at(size_t index);

/**
 * Name of a category.
 *
 * @return "Api", "Http", "Network", "Timeout", "InvalidArgument", "Authentication", "RateLimit", or "None"; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_category_name(int32_t category);

/**
 * Code of an error.
 *
 * @return CLAUDE_E_*; CLAUDE_OK for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_error_code(const claude_error_t *error);

/**
 * Category of an error; it can be more exact than the category of its code.
 *
 * @return CLAUDE_CATEGORY_*
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_category(const claude_error_t *error);

/**
 * What happened: one line that names the field, the value's problem and the fix. Never contains a secret.
 *
 * @return text borrowed from the error; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_message(const claude_error_t *error);

/**
 * Whether sending the same request again can help. A server's `x-should-retry` decides before everything else.
 * A stream that has delivered an event is never retryable: the answer would be paid for twice.
 *
 * @return 1 yes, 0 no
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_is_retryable(const claude_error_t *error);

/**
 * HTTP status of the final response.
 *
 * @return the status, 0 if no response arrived. An error event inside a stream comes with 200.
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_http_status(const claude_error_t *error);

/**
 * The API's own `error.type`, for example "overloaded_error".
 *
 * @return text borrowed from the error, or NULL if the API did not answer with an error object
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_api_type(const claude_error_t *error);

/**
 * The API's `error.details.error_code`, for example "file_expired".
 *
 * @return text borrowed from the error, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_error_code(const claude_error_t *error);

/**
 * Identifier of the request, to be given to the API's support: from the `request-id` header or the error's body.
 *
 * @return text borrowed from the error, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_request_id(const claude_error_t *error);

/**
 * How long the server asked to wait, from `retry-after-ms` or `retry-after`.
 *
 * @return milliseconds, -1 if it did not ask
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_error_retry_after_ms(const claude_error_t *error);

/**
 * How many requests reached the wire for this call.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_attempts(const claude_error_t *error);

/**
 * What a callback returned when it ended the call (code CLAUDE_E_CALLBACK).
 *
 * @return the callback's value, else 0
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_user_code(const claude_error_t *error);

/**
 * The library's feature that refused or failed, for example "retry" or "sign".
 *
 * @return static text, or NULL when no feature but the call itself failed
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_feature(const claude_error_t *error);

/**
 * The error behind this one.
 *
 * @return borrowed from the error, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const claude_error_t *claude_error_cause(const claude_error_t *error);

/**
 * What had arrived when the call failed: status, headers, body, and for a stream the partial message and the last known
 * usage.
 *
 * @return borrowed from the error, or NULL if nothing had arrived
 * @threads A
 * @since 0.8
 */
CLAUDE_API const claude_response_t *claude_error_response(const claude_error_t *error);

/**
 * A rate-limit figure from the headers of the response that an error carries.
 *
 * @param what   as for claude_response_rate_limit(): "requests", "input-tokens", ...
 * @param which  CLAUDE_RATE_LIMIT_*
 * @return the figure, -1 if the server did not send it, the error carries no response, or for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_error_rate_limit(const claude_error_t *error, const char *what, int32_t which);

/**
 * How full the quota was that refused a call (CLAUDE_E_QUOTA). Its name, "daily_cost" for example, is
 * claude_error_error_code().
 *
 * @param what  "limit", "used", "reserved" (by calls that were under way), "needed" (by the one that was refused), in
 *              what the quota counts: requests, tokens or nano-dollars; "reset_at_ms": when it begins anew, in
 *              milliseconds since 1970-01-01 UTC; "per_model": 1 if it is one of the model's own, 0 if not
 * @return the figure; -1 for other errors and names
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_error_quota(const claude_error_t *error, const char *what);

/**
 * Whether two errors say the same: code, category, status, types and message. Two NULLs are equal.
 *
 * @return 1 equal, 0 not
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_error_equal(const claude_error_t *a, const claude_error_t *b);

/**
 * The whole error as one JSON object, for logs and bindings: "code", "name", "category", "message", "retryable",
 * "http_status", "api_type", "error_code", "request_id", "retry_after_ms", "attempts", "user_code", "feature", "cause";
 * and for a quota "quota", an object of what claude_error_quota() has.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the error; "null" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_error_json(const claude_error_t *error, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_error_t *claude_error_ref(claude_error_t *error);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_error_unref(claude_error_t *error);

#ifdef __cplusplus
}
#endif

#endif
