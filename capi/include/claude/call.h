/*
 * call.h - one call in flight, streaming or not.
 *
 * Everything that takes time takes a timeout: milliseconds from now, 0 = do not wait, -1 = as long as the call's own
 * deadlines allow. A timeout that passes fails nothing: the call goes on with the next function.
 */
#ifndef CLAUDE_CALL_H
#define CLAUDE_CALL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of a call. */
enum {
    /** Under way. */
    CLAUDE_CALL_RUNNING = 1,
    /** Running, and its events are held back: claude_call_pause(). */
    CLAUDE_CALL_PAUSED = 2,
    /** Ended by claude_call_cancel(). */
    CLAUDE_CALL_CANCELED = 3,
    /** Ended well: claude_call_result() has the response. */
    CLAUDE_CALL_DONE = 4,
    /** Ended with an error, which claude_call_result() returns. */
    CLAUDE_CALL_FAILED = 5
};

/**
 * Take the next event of a streaming call. A call of an event loop is driven by claude_loop_dispatch() and
 * claude_loop_next() instead: CLAUDE_E_STATE here.
 *
 * @param timeout_ms  milliseconds from now; 0: do not wait; negative: as long as the deadlines of the call allow
 * @param event       receives a borrowed view, valid until the next call of this function on the same call
 * @param err         receives why the call failed
 * @return 1 an event was stored; 0 none within the timeout; CLAUDE_DONE (2) the message is complete, see
 *         claude_call_result(); negative: the call failed. The last value is returned again by every later call.
 *         CLAUDE_E_STATE: the request has a callback, or the call belongs to a loop. CLAUDE_E_BUSY: called from inside
 * a callback of this call.
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event,
                                          claude_error_t **err);

/**
 * Wait for the end of a call; events go to the callback of claude_request_on_event(), or are only accumulated.
 *
 * @param timeout_ms  as for claude_call_next()
 * @return CLAUDE_DONE (2) it is complete, 0 not yet, negative: the call failed. CLAUDE_E_STATE: the call belongs to a
 *         loop. CLAUDE_E_BUSY: called from inside a callback of this call
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_call_wait(claude_call_t *call, int64_t timeout_ms, claude_error_t **err);

/**
 * The result of a finished call.
 *
 * @param out  receives the response; release with claude_response_unref()
 * @return CLAUDE_OK; CLAUDE_E_STATE while it is running; else why the call failed
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_call_result(claude_call_t *call, claude_response_t **out, claude_error_t **err);

/**
 * Cancel a call: it ends with CLAUDE_E_CANCELED, also while another thread waits in it. Sticky, idempotent, harmless on
 * a finished call.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_call_cancel(claude_call_t *call);

/**
 * State of a call.
 *
 * @return CLAUDE_CALL_*; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_state(const claude_call_t *call);

/**
 * Hold back the events of a call: until claude_call_resume(), claude_call_next(), claude_call_wait() and
 * claude_loop_next() hand out none of it, nor its successful end. A failure ends a paused call at once. What happens to
 * events that arrive meanwhile is the option `stream.pause_mode`: by default the server is made to wait; in the mode
 * `buffer` they are received, accumulated and kept up to `stream.pause_events` and `stream.pause_bytes`, the oldest
 * being dropped first. timeout.idle_ms and timeout.progress_ms do not count while a call is paused, timeouts in total
 * do. No effect on a call that has ended, or is no stream.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_call_pause(claude_call_t *call);

/**
 * Go on after claude_call_pause(): first with the events that were kept, then with new ones.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_call_resume(claude_call_t *call);

/**
 * Whether a call is paused; the same as claude_call_state() being CLAUDE_CALL_PAUSED.
 *
 * @return 1 or 0; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_is_paused(const claude_call_t *call);

/**
 * Whether a call was cancelled, or is about to end because it was.
 *
 * @return 1 or 0; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_is_cancelled(const claude_call_t *call);

/**
 * Whether a call is under way: neither ended, nor paused, nor cancelled.
 *
 * @return 1 or 0; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_is_running(const claude_call_t *call);

/**
 * How many events are kept for a call that is or was paused in the mode `buffer`. Cancelling clears them.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_call_buffered(const claude_call_t *call);

/**
 * How many events were dropped because a call was paused for too long in the mode `buffer`. They are missing from what
 * is handed out, not from the accumulated message.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API uint64_t claude_call_dropped(const claude_call_t *call);

/**
 * Read the next bytes of an answer that is bytes: of `files.download` and others whose answer is "bytes"
 * (claude_endpoint_text()), started with CLAUDE_STREAM. There is no limit on how many come in all; while the program
 * does not read, the server is made to wait.
 *
 * @param out         receives at most `size` bytes
 * @param size        room in bytes, 1 or more
 * @param timeout_ms  longest time to wait in milliseconds; 0: not at all; negative: as long as the deadlines allow
 * @param got         receives how many bytes were read
 * @return 1 bytes were read, 0 nothing within the time, CLAUDE_DONE after the last byte (then and with 0, `got` is left
 *         alone), or a negative code: CLAUDE_E_TRUNCATED if the answer broke off, CLAUDE_E_STATE for other calls
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_call_read(claude_call_t *call, void *out, size_t size, int64_t timeout_ms, size_t *got,
                                          claude_error_t **err);

/**
 * HTTP status of the answer to a call, as soon as its head has been looked at: at the latest with the first event.
 *
 * @return the status; 0 while there is none, and for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_http_status(const claude_call_t *call);

/**
 * A header of the answer to a call, while it is running; afterwards the response or the error has them.
 *
 * @param name  in any case
 * @return the value, valid until the next function on this call; NULL if there is none, or no answer yet
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_call_header(const claude_call_t *call, const char *name);

/**
 * A rate-limit figure from the headers of the answer to a call, while it is running; afterwards the response or the
 * error has them.
 *
 * @param what   as for claude_response_rate_limit(): "requests", "input-tokens", ...
 * @param which  CLAUDE_RATE_LIMIT_*
 * @return the figure, -1 if the server did not send it, there is no answer yet, or for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_call_rate_limit(const claude_call_t *call, const char *what, int32_t which);

/**
 * How many requests have reached the wire for this call.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_call_attempts(const claude_call_t *call);

/**
 * How often the server deviated from the documented stream in a way that could be understood (a repeated start or stop,
 * a missing index, ...). With the option `stream.strict` these are errors.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API uint64_t claude_call_anomalies(const claude_call_t *call);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_call_t *claude_call_ref(claude_call_t *call);

/**
 * Drop a reference; the last one cancels a running call, also while another thread waits in it. NULL is accepted.
 * Inside a callback it takes effect when the callback has returned.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_call_unref(claude_call_t *call);

#ifdef __cplusplus
}
#endif

#endif
