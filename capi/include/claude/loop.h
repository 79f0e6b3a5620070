/*
 * loop.h - many calls on one thread, for programs that have an event loop of their own.
 *
 * Contract of the file descriptor: poll it for reading only; when it is readable call claude_loop_dispatch(), then
 * claude_loop_next() until it returns 0. No event mask, no timeout, nothing else. It works with level- and
 * edge-triggered pollers. After claude_loop_submit(), too, nothing need be done: the descriptor becomes readable.
 *
 * If memory runs out inside of libcurl, all calls under way end with CLAUDE_E_NOMEM, and if the system refuses to watch
 * a connection, with CLAUDE_E_LIMIT. The loop goes on to work with new connections, and keeps its descriptor.
 *
 * A loop belongs to one thread at a time. Its calls may be cancelled, paused, resumed and released by any.
 */
#ifndef CLAUDE_LOOP_H
#define CLAUDE_LOOP_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a loop, with connections of its own.
 *
 * @param client  whose configuration and key its calls use; the loop holds a reference
 * @param out     receives the loop; release with claude_loop_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_LIMIT (no file descriptor left)
 * @threads A for the client
 * @since 0.8
 *
 * @code
 * claude_loop_t *loop = NULL;
 * claude_call_t *call = NULL;
 * claude_error_t *err = NULL;
 * const claude_event_t *event = NULL;
 * uint64_t tag = 0;
 * claude_code_t rc = claude_loop_new(client, &loop, &err);
 * if (rc >= 0)
 *     rc = claude_loop_submit(loop, request, CLAUDE_STREAM, 7, &call, &err);
 * while (rc >= 0 && claude_loop_count(loop) > 0) {
 *     rc = claude_loop_wait(loop, -1, &err);
 *     while (rc >= 0 && (rc = claude_loop_next(loop, &tag, &event, &err)) > 0) {
 *         if (rc == 1 && claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA)
 *             printf("%s", claude_event_text(event, NULL));
 *     }
 * }
 * claude_call_unref(call);
 * claude_loop_unref(loop);
 * @endcode
 */
CLAUDE_API claude_code_t claude_loop_new(claude_client_t *client, claude_loop_t **out, claude_error_t **err);

/**
 * Start a call on a loop. Never blocks and runs no callback but the audit of the key's secret, that of
 * deprecated models and the log. Otherwise as claude_client_start(): the request is snapshotted.
 *
 * Events come from claude_loop_next() or, if the request has a callback, go there from inside claude_loop_dispatch().
 * The end of the call comes from claude_loop_next() either way.
 *
 * @param request  what to send, as for claude_client_start()
 * @param flags    as for claude_client_start(): CLAUDE_STREAM and CLAUDE_WITH_*, or 0
 * @param tag      any number; claude_loop_next() returns it with each event and the end of the call
 * @param out      receives the call; release with claude_call_unref(). The last reference cancels the call: nothing
 *                 more is heard of it then
 * @return as claude_client_start(); CLAUDE_E_FORKED. Allowed inside of callbacks, also those that the loop runs
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_loop_submit(claude_loop_t *loop, const claude_request_t *request, uint32_t flags,
                                            uint64_t tag, claude_call_t **out, claude_error_t **err);

/**
 * The file descriptor to poll for reading. It belongs to the loop: do not read from it or close it.
 *
 * @return the descriptor, -1 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_loop_fd(const claude_loop_t *loop);

/**
 * Do what can be done now, without waiting: receive, send, look at clocks, run event callbacks. At most
 * `loop.max_events` events are given to callbacks and as many sockets looked at; what is left makes the descriptor
 * readable again.
 *
 * @return 1 claude_loop_next() may have something, 0 it has nothing, negative: CLAUDE_E_INVALID, CLAUDE_E_BUSY (inside
 * of a callback that the loop runs), CLAUDE_E_FORKED. What goes wrong with a call ends that call, not this function
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_loop_dispatch(claude_loop_t *loop, claude_error_t **err);

/**
 * Take the next event, or the end, of any call of a loop. Does not wait and does not touch the network.
 *
 * @param tag    receives the tag of the call
 * @param event  receives a borrowed view, valid until the next function on this loop; NULL at the end of a call
 * @return 1 an event; CLAUDE_DONE (2) the call with this tag has ended, claude_call_result() tells how; 0 nothing more
 *         now; negative: CLAUDE_E_INVALID, CLAUDE_E_BUSY, CLAUDE_E_FORKED
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_loop_next(claude_loop_t *loop, uint64_t *tag, const claude_event_t **event,
                                          claude_error_t **err);

/**
 * Wait until there is something to do, and do it as claude_loop_dispatch() does: for programs that have no poller.
 *
 * @param timeout_ms  milliseconds from now; 0 = do not wait, -1 = until something happens
 * @return 1 claude_loop_next() may have something, 0 nothing within the timeout, or claude_loop_wakeup() was called;
 *         negative as claude_loop_dispatch()
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_loop_wait(claude_loop_t *loop, int64_t timeout_ms, claude_error_t **err);

/**
 * Make claude_loop_wait() return, or the descriptor readable, from another thread. One that comes while nobody waits is
 * kept for the next wait.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_loop_wakeup(claude_loop_t *loop);

/**
 * How many calls a loop has whose end claude_loop_next() has not returned yet.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API size_t claude_loop_count(const claude_loop_t *loop);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_loop_t *claude_loop_ref(claude_loop_t *loop);

/**
 * Drop a reference; the last one cancels the calls that have not ended and closes the descriptor. NULL is accepted.
 * Inside a callback that the loop runs it takes effect when that function returns.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_loop_unref(claude_loop_t *loop);

#ifdef __cplusplus
}
#endif

#endif
