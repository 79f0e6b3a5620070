/*
 * batch.h - batches of messages: made from requests one by one or from a file of JSON lines, waited for, and their
 * results understood line by line.
 *
 * What needs one line with the functions of request.h has no function here: retrieving, listing, cancelling and
 * deleting are the endpoints "messages.batches.retrieve", ".list", ".cancel" and ".delete". docs/batches.md shows all
 * of it.
 */
#ifndef CLAUDE_BATCH_H
#define CLAUDE_BATCH_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What became of a request of a batch. More may come: treat an unknown one like CLAUDE_BATCH_OTHER. */
enum {
    /** It was answered with a message. */
    CLAUDE_BATCH_SUCCEEDED = 1,
    /** It was answered with an error: claude_batch_result_error(). */
    CLAUDE_BATCH_ERRORED = 2,
    /** The batch was canceled before it was begun. */
    CLAUDE_BATCH_CANCELED = 3,
    /** The batch came to its end before it was begun. */
    CLAUDE_BATCH_EXPIRED = 4,
    /** A type that this version does not know. */
    CLAUDE_BATCH_OTHER = 1000
};

/**
 * Begin a batch.
 *
 * @param out  receives the builder; release with claude_batch_builder_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_builder_new(claude_batch_builder_t **out, claude_error_t **err);

/**
 * Add a request's body to a batch, with the files that it sends and its beta names; its headers and options are not
 * taken. What the API would refuse later is refused now: a custom_id that is there already, a missing model, max_tokens
 * or messages, max_tokens of 0, a stream, more than 100,000 requests or 256 MB. Nothing is added then.
 *
 * @param custom_id  names the request in the results: 1 to 64 of A-Z, a-z, 0-9, _ and -
 * @param request    for "messages.create"; copied
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_builder_add(claude_batch_builder_t *builder, const char *custom_id,
                                                  const claude_request_t *request, claude_error_t **err);

/**
 * Add a request to a batch as JSON; checked as by claude_batch_builder_add().
 *
 * @param custom_id  as for claude_batch_builder_add()
 * @param params     the body of a message: a JSON object; copied byte for byte
 * @param len        bytes of params, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_builder_add_json(claude_batch_builder_t *builder, const char *custom_id,
                                                       const char *params, size_t len, claude_error_t **err);

/**
 * How many requests were added.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API size_t claude_batch_builder_count(const claude_batch_builder_t *builder);

/**
 * Make the request that creates the batch, ready to be sent. More may be added afterwards, for another one.
 *
 * @param out  receives the request, for "messages.batches.create"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (nothing was added), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_builder_request(claude_batch_builder_t *builder, claude_request_t **out,
                                                      claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_batch_builder_t *claude_batch_builder_ref(claude_batch_builder_t *builder);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_batch_builder_unref(claude_batch_builder_t *builder);

/**
 * Make the request that creates a batch from a file of JSON lines: `{"custom_id": "...", "params": {...}}`, one a line.
 * The file is read once now, and checked line by line as by claude_batch_builder_add(); and again while it is sent. It
 * is never in memory as a whole. Empty lines are passed over, except at the beginning; a line begins with its brace.
 *
 * @param file  of at most 256 MB; the request keeps a reference
 * @param out   receives the request, for "messages.batches.create"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the line), CLAUDE_E_IO, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_file_request(claude_file_t *file, claude_request_t **out, claude_error_t **err);

/**
 * How long to wait before a batch is asked for again. For programs that do the waiting themselves, with a timer of
 * their loop: claude_batch_wait() waits as long.
 *
 * @param batch     as it was retrieved last; NULL: not yet
 * @param attempt   how often it was asked for before: 0, 1, 2, ...; each time it takes half as long again
 * @param first_ms  the first delay in milliseconds; 0 or less: 1,000
 * @param max_ms    the longest in milliseconds, at most a day; 0 or less: 60,000
 * @return milliseconds, 1 or more; 0: it has ended, and need not be asked for again
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_batch_poll_delay(const claude_response_t *batch, uint32_t attempt, int64_t first_ms,
                                           int64_t max_ms);

/**
 * Sees how a batch comes along.
 *
 * @param batch  as it was retrieved; valid until the callback returns, longer with claude_response_ref()
 * @return 0 to go on; anything else ends the waiting with CLAUDE_E_CALLBACK and this value as claude_error_user_code()
 */
typedef int32_t (*claude_batch_progress_fn)(const claude_response_t *batch, void *user_data);

/**
 * Retrieve a batch until it has ended, with pauses between that grow: claude_batch_poll_delay(). A call that fails ends
 * the waiting, not the batch: wait again, at once or later.
 *
 * @param batch_id    of the batch
 * @param first_ms    the first pause in milliseconds; 0 or less: 1,000
 * @param max_ms      the longest pause in milliseconds, at most a day; 0 or less: 60,000
 * @param timeout_ms  longest time for all of it in milliseconds; negative: no limit. 0: ask once
 * @param fn          called each time the batch was retrieved, and with what was retrieved last when a signal has
 *                    interrupted a pause; may be NULL
 * @param destroy     run once with user_data before the function returns; may be NULL
 * @param out         receives the batch; release with claude_response_unref()
 * @return CLAUDE_DONE (2) it has ended, and was stored; 0 not within the time; negative: a call failed, or the callback
 *         ended it
 * @threads A for the client
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_wait(claude_client_t *client, const char *batch_id, int64_t first_ms,
                                           int64_t max_ms, int64_t timeout_ms, claude_batch_progress_fn fn,
                                           void *user_data, claude_destroy_fn destroy, claude_response_t **out,
                                           claude_error_t **err);

/**
 * Make the request for the results of a batch, from its "results_url". Start it with CLAUDE_STREAM: each result is then
 * an event CLAUDE_EVENT_LINE, and nothing is kept. They come in no particular order.
 *
 * The URL must be on the server of `base_url`, to which alone the key is sent. Where that is a gateway, ask by id
 * instead: "messages.batches.results" with the path parameter "message_batch_id".
 *
 * @param batch  as it was retrieved
 * @param out    receives the request, for "messages.batches.results"; release with claude_request_unref()
 * @return CLAUDE_OK; CLAUDE_E_STATE: it has no results yet (names the processing_status); CLAUDE_E_INVALID,
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_results_request(const claude_response_t *batch, claude_request_t **out,
                                                      claude_error_t **err);

/**
 * Look into a line of the results: it is validated, and what it says is found, in one go. Nothing is copied. What is
 * stored lies in `json` and is not NUL-terminated.
 *
 * @param json    a line: claude_event_json() of a CLAUDE_EVENT_LINE
 * @param len     bytes of json, or CLAUDE_NTS
 * @param type    receives CLAUDE_BATCH_*; may be NULL
 * @param id      receives the custom_id, as it is spelled, without quotes; may be NULL
 * @param id_len  receives its length in bytes; may be NULL
 * @param what    receives the JSON of the message (succeeded), of the error's envelope (errored), or else of the whole
 *                result; may be NULL
 * @param what_len  receives its length in bytes; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_PROTOCOL (it is no JSON, or no result of a batch)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_result_slices(const char *json, size_t len, int32_t *type, const char **id,
                                                    size_t *id_len, const char **what, size_t *what_len,
                                                    claude_error_t **err);

/**
 * What a line of the results says, as a call with this request would have said it.
 *
 * @param json  as for claude_batch_result_slices()
 * @param len   bytes of json, or CLAUDE_NTS
 * @param err   receives the API's error of an errored request, with its type, message and request id
 * @return CLAUDE_OK: succeeded, or of a type that is not known; the code of the API's error; CLAUDE_E_CANCELED: it was
 *         canceled before it was begun; CLAUDE_E_API_TIMEOUT: it expired; CLAUDE_E_INVALID, CLAUDE_E_PROTOCOL: as for
 *         claude_batch_result_slices()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_batch_result_error(const char *json, size_t len, claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
