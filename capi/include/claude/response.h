/*
 * response.h - a complete answer: status, headers, and the JSON body as it was received or accumulated. Immutable.
 */
#ifndef CLAUDE_RESPONSE_H
#define CLAUDE_RESPONSE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a JSON value is. */
enum {
    /** There is no such value. */
    CLAUDE_JSON_NONE = 0,
    /** null */
    CLAUDE_JSON_NULL = 1,
    /** true or false: claude_response_bool() */
    CLAUDE_JSON_BOOLEAN = 2,
    /** A number: claude_response_int(), claude_response_double() */
    CLAUDE_JSON_NUMBER = 3,
    /** A string: claude_response_string() */
    CLAUDE_JSON_STRING = 4,
    /** An array: claude_response_count() tells how many elements it has. */
    CLAUDE_JSON_ARRAY = 5,
    /** An object: claude_response_count() tells how many members it has. */
    CLAUDE_JSON_OBJECT = 6
};

/** Which figure of a rate limit. */
enum {
    /** Most requests or tokens in the window. */
    CLAUDE_RATE_LIMIT_LIMIT = 1,
    /** What is left of it. */
    CLAUDE_RATE_LIMIT_REMAINING = 2,
    /** When it is full again: milliseconds since 1970-01-01 UTC. */
    CLAUDE_RATE_LIMIT_RESET_MS = 3,
    /** The same in milliseconds after the response: by its own Date header, or from now on if it has none; 0 if it is
     * past. */
    CLAUDE_RATE_LIMIT_RESET_IN_MS = 4,
    /** How much of the limit is used: 0 to 100, rounded up; -1 if the server did not send both figures. */
    CLAUDE_RATE_LIMIT_USED_PERCENT = 5
};

/**
 * Make a response of a JSON text from elsewhere (a line of a batch's results, a message kept in a file), to look into
 * it with the functions below. It has the status 0 and no headers.
 *
 * @param json  UTF-8; copied
 * @param len   bytes of json, or CLAUDE_NTS
 * @param out   receives the response; release with claude_response_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the offset), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_response_parse(const char *json, size_t len, claude_response_t **out,
                                               claude_error_t **err);

/**
 * HTTP status.
 *
 * @return the status; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_status(const claude_response_t *response);

/**
 * Value of a response header; names are compared without case. Of several, the last.
 *
 * @param name  in any case, NUL-terminated
 * @return text borrowed from the response, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_header(const claude_response_t *response, const char *name);

/**
 * Enumerate the response headers in the order received.
 *
 * @param index  0, 1, 2, ...
 * @param name   receives the name, borrowed from the response; may be NULL
 * @param value  receives the value, borrowed from the response; may be NULL
 * @return 1 there is such a header, 0 after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_header_at(const claude_response_t *response, size_t index, const char **name,
                                             const char **value);

/**
 * Identifier of the request (header `request-id`).
 *
 * @return text borrowed from the response, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_request_id(const claude_response_t *response);

/**
 * A rate-limit figure from the `anthropic-ratelimit-*` and `anthropic-priority-*` headers.
 *
 * @param what   "requests", "tokens", "input-tokens", "output-tokens", "priority-input-tokens" or
 *               "priority-output-tokens"
 * @param which  CLAUDE_RATE_LIMIT_*
 * @return the figure, -1 if the server did not send it
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_response_rate_limit(const claude_response_t *response, const char *what, int32_t which);

/**
 * The body: as received; for a stream the accumulated message.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the response, "" if the body was empty
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_json(const claude_response_t *response, size_t *len);

/**
 * All text blocks of the message, joined.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the response, "" if there is none; NULL when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_text(const claude_response_t *response, size_t *len);

/**
 * Why the model stopped: "end_turn", "max_tokens", "tool_use", ...
 *
 * @return text borrowed from the response, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_stop_reason(const claude_response_t *response);

/**
 * The model that answered.
 *
 * @return text borrowed from the response, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_model(const claude_response_t *response);

/**
 * Identifier of the message.
 *
 * @return text borrowed from the response, or NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_id(const claude_response_t *response);

/**
 * A usage counter, by its name below "usage": "input_tokens", "output_tokens", "cache_creation_input_tokens",
 * "cache_read_input_tokens", "cache_creation/ephemeral_5m_input_tokens", "server_tool_use/web_search_requests", ...
 *
 * @param counter  its name; members of objects by paths
 * @return the counter, -1 if the server did not send it
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_response_usage(const claude_response_t *response, const char *counter);

/**
 * Type of the value at a JSON pointer (RFC 6901).
 *
 * @param pointer  "/content/0/type"; "" is the whole body
 * @return CLAUDE_JSON_*; CLAUDE_JSON_NONE if there is no such value
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_type(const claude_response_t *response, const char *pointer);

/**
 * Number of elements of the array, or members of the object, at a JSON pointer.
 *
 * @param pointer  as for claude_response_type()
 * @return the number; 0 for anything else
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_response_count(const claude_response_t *response, const char *pointer);

/**
 * The string at a JSON pointer, decoded.
 *
 * @param pointer  as for claude_response_type()
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the response; NULL if there is no string there, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_string(const claude_response_t *response, const char *pointer, size_t *len);

/**
 * The integer at a JSON pointer.
 *
 * @param pointer  as for claude_response_type()
 * @param fallback  for when there is no integer there, or it does not fit 64 bits
 * @return the integer, or the fallback
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_response_int(const claude_response_t *response, const char *pointer, int64_t fallback);

/**
 * The number at a JSON pointer.
 *
 * @param pointer  as for claude_response_type()
 * @param fallback  for when there is no number there
 * @return the number, or the fallback
 * @threads A
 * @since 0.8
 */
CLAUDE_API double claude_response_double(const claude_response_t *response, const char *pointer, double fallback);

/**
 * The boolean at a JSON pointer.
 *
 * @param pointer  as for claude_response_type()
 * @param fallback  for when there is no boolean there
 * @return 1, 0 or the fallback
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_bool(const claude_response_t *response, const char *pointer, int32_t fallback);

/**
 * The raw JSON of the value at a JSON pointer, as the server spelled it. Not NUL-terminated: the length counts.
 *
 * @param pointer  "/content/0"; "" is the whole body
 * @param json     receives the first byte, borrowed from the response
 * @param len      receives the length in bytes
 * @return 1 found, 0 not (json and len are left alone)
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_slice(const claude_response_t *response, const char *pointer, const char **json,
                                         size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_response_t *claude_response_ref(claude_response_t *response);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_response_unref(claude_response_t *response);

#ifdef __cplusplus
}
#endif

#endif
