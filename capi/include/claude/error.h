/*
 * error.h - error codes and error objects. Code for control flow, object for detail; there is no last-error.
 */
#ifndef CLAUDE_ERROR_H
#define CLAUDE_ERROR_H

#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Values are permanent; gaps are deliberate. docs/errors.md has the generated table. */
enum {
    /** It worked. */
    CLAUDE_OK = 0,
    /** claude_call_next(): the call has finished well; there are no more events. */
    CLAUDE_DONE = 2,

    /* -1..-99: the program's side */
    /** An argument, option or request is not valid. */
    CLAUDE_E_INVALID = -1,
    /** Out of memory. */
    CLAUDE_E_NOMEM = -2,
    /** The object is not in a state that allows this. */
    CLAUDE_E_STATE = -3,
    /** This build does not have the feature. */
    CLAUDE_E_UNSUPPORTED = -4,
    /** The program cancelled the call. */
    CLAUDE_E_CANCELED = -5,
    /** Called from inside a callback of the same object. */
    CLAUDE_E_BUSY = -6,
    /** The object belongs to the parent process. */
    CLAUDE_E_FORKED = -7,
    /** A limit of the library's own resources was reached. */
    CLAUDE_E_LIMIT = -8,
    /** A callback ended the call. */
    CLAUDE_E_CALLBACK = -9,
    /** No API key was found. */
    CLAUDE_E_NO_KEY = -10,
    /** A local file could not be read. */
    CLAUDE_E_IO = -11,
    /** The circuit breaker is open: nothing was sent. claude_error_retry_after_ms() is the time left. */
    CLAUDE_E_CIRCUIT_OPEN = -12,
    /** The rate limiter of the client refused: nothing was sent. */
    CLAUDE_E_THROTTLED = -13,
    /** A quota of the client is used up: nothing was sent. claude_error_quota() says which one and how far. */
    CLAUDE_E_QUOTA = -14,

    /* -100..-199: transport */
    /** The host name could not be resolved. */
    CLAUDE_E_RESOLVE = -100,
    /** The connection could not be made. */
    CLAUDE_E_CONNECT = -101,
    /** The TLS handshake or the certificate was refused. */
    CLAUDE_E_TLS = -102,
    /** A deadline passed. */
    CLAUDE_E_TIMEOUT = -103,
    /** The connection was closed before the answer was complete. */
    CLAUDE_E_CLOSED = -104,
    /** The server sent something that is not the API's protocol. */
    CLAUDE_E_PROTOCOL = -105,
    /** The stream ended before the message was complete. */
    CLAUDE_E_TRUNCATED = -106,
    /** The answer is larger than a configured limit. */
    CLAUDE_E_TOO_LARGE = -107,
    /** The proxy refused or failed. */
    CLAUDE_E_PROXY = -108,
    /** The server redirected; redirects are never followed. */
    CLAUDE_E_REDIRECT = -109,

    /* -200..-299: the API answered with an error */
    /** The API answered with an error. */
    CLAUDE_E_API = -200,
    /** The API refused the key. */
    CLAUDE_E_AUTH = -201,
    /** The key has no permission for this. */
    CLAUDE_E_PERMISSION = -202,
    /** The API does not know this resource. */
    CLAUDE_E_NOT_FOUND = -203,
    /** The rate limit is used up. */
    CLAUDE_E_RATE_LIMIT = -204,
    /** The API is overloaded. */
    CLAUDE_E_OVERLOADED = -205,
    /** The API refused the request as invalid. */
    CLAUDE_E_BAD_REQUEST = -206,
    /** The API refused the request as too large. */
    CLAUDE_E_REQUEST_TOO_LARGE = -207,
    /** The API ran out of time. */
    CLAUDE_E_API_TIMEOUT = -208,
    /** The API failed internally. */
    CLAUDE_E_SERVER = -209,
    /** The API refused for reasons of billing. */
    CLAUDE_E_BILLING = -210,
    /** The request conflicts with another. */
    CLAUDE_E_CONFLICT = -211
};

/** Categories of errors. */
enum {
    /** Of no category: success, and codes that are not known. */
    CLAUDE_CATEGORY_NONE = 0,
    /** The API answered with an error that is of no other category. */
    CLAUDE_CATEGORY_API = 1,
    /** The answer is not what the protocol says, is cut off, too large, or a redirect. */
    CLAUDE_CATEGORY_HTTP = 2,
    /** The server was not reached, or the connection broke. */
    CLAUDE_CATEGORY_NETWORK = 3,
    /** Time ran out, here or at the API. */
    CLAUDE_CATEGORY_TIMEOUT = 4,
    /** On the program's side: arguments, state, memory, files, callbacks. */
    CLAUDE_CATEGORY_INVALID_ARGUMENT = 5,
    /** The key: there is none, it was refused, or it may not do this. */
    CLAUDE_CATEGORY_AUTHENTICATION = 6,
    /** A rate limit or a quota, the API's or the client's own. */
    CLAUDE_CATEGORY_RATE_LIMIT = 7
};

/**
 * Name of a code, for logs and for bindings that generate their constants.
 *
 * @param code  of a function or an error
 * @return "CLAUDE_E_TLS"; "CLAUDE_E_UNKNOWN" for a code this library does not know; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_code_name(claude_code_t code);

/**
 * One short sentence on what a code means.
 *
 * @param code  of a function or an error
 * @return static text, never NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_code_text(claude_code_t code);

/**
 * Category of a code.
 *
 * @param code  of a function or an error
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
 * @param category  CLAUDE_CATEGORY_*
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
 * The library's feature that refused or failed, for example "stream" or "sign".
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
 * @param a  one error, or NULL
 * @param b  the other, or NULL
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
