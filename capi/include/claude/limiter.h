/*
 * limiter.h - rate limiting in the client: how many requests and tokens may go, and who is next.
 *
 * A client limits nothing unless it is asked to: by `limiter.enabled` or a limiter of claude_config_set_limiter(), and
 * then only calls that say so. The functions below are for programs that share a limiter among clients, look at it, or
 * have other work that should stay within the same limits.
 *
 * Limits are those of the options `limiter.*`: requests per second with a burst, or per window of time; for some types
 * of endpoint by themselves, for all others together; and the input and output tokens of messages per minute. Who asks
 * first comes first among those that wait for the same. Nobody is woken and nothing runs in the background: who has to
 * wait is told for how long, and asks again. One that could go but does not ask for 100 ms after that time is
 * overtaken.
 *
 * Types are "messages" (completions, too), "count_tokens", "batches", "models", "files" (skills, too) and "other".
 *
 * After a fork() the child goes on with a limiter that is like new, without the turns of the parent.
 */
#ifndef CLAUDE_LIMITER_H
#define CLAUDE_LIMITER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a limiter of a configuration's options. They are `limiter.*`; later changes of the configuration do not change
 * it.
 *
 * @param config  NULL: the defaults
 * @param out     receives the limiter; release with claude_limiter_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (this build has no rate limiting)
 * @threads A, B for the configuration
 * @since 0.8
 *
 * @code
 * claude_limiter_t *limiter = NULL;
 * claude_reservation_t *turn = NULL;
 * claude_error_t *err = NULL;
 * int64_t wait = -1;
 * if (claude_limiter_new(NULL, &limiter, &err) >= 0 &&
 *     claude_limiter_reserve(limiter, "messages", 1200, 400, &turn, &err) >= 0)
 *     wait = claude_reservation_wait_ms(turn, &err);
 * if (wait > 0)
 *     printf("ask again in %d ms\n", (int)wait);
 * else if (wait == 0)
 *     claude_reservation_settle(turn, 1180, 25); // after the work is done
 * else
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 * claude_error_unref(err);
 * claude_reservation_unref(turn);
 * claude_limiter_unref(limiter);
 * @endcode
 */
CLAUDE_API claude_code_t claude_limiter_new(const claude_config_t *config, claude_limiter_t **out,
                                            claude_error_t **err);

/**
 * Have the clients made from a configuration use a limiter, which they share with all others that have it. That enables
 * rate limiting for calls that ask for it, whatever `limiter.enabled` says.
 *
 * @param limiter  the configuration and its clients hold a reference; NULL removes the one that is there
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_limiter(claude_config_t *config, claude_limiter_t *limiter,
                                                   claude_error_t **err);

/**
 * Take a place: granted at once if the limits allow it, else in the queue for at most `limiter.max_wait_ms`.
 *
 * @param type           type of endpoint: one of those that limiter.h names
 * @param input_tokens   how many there will be, as far as is known; counts for messages only
 * @param output_tokens  how many there will be, as far as is known; counts for messages only
 * @param out            receives the reservation; release with claude_reservation_unref()
 * @return CLAUDE_OK; CLAUDE_E_THROTTLED: more tokens than the limit can ever give, its turn would come too late
 *         (claude_error_retry_after_ms() says when), or `limiter.max_queue` are waiting; CLAUDE_E_INVALID, also for
 *         negative tokens; CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_limiter_reserve(claude_limiter_t *limiter, const char *type, int64_t input_tokens,
                                                int64_t output_tokens, claude_reservation_t **out,
                                                claude_error_t **err);

/**
 * Ask whether it is a reservation's turn.
 *
 * @return 0 it may go now, and has been counted; above 0: ask again after so many milliseconds; negative:
 *         CLAUDE_E_THROTTLED (it would come later than `limiter.max_wait_ms` after all, and has lost its place for
 * good), CLAUDE_E_STATE (it was settled), CLAUDE_E_INVALID, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_reservation_wait_ms(claude_reservation_t *reservation, claude_error_t **err);

/**
 * Say what a reservation really used, which ends it. What was estimated too high is given back, and what was too low is
 * taken from what comes. One whose turn had not come gives up its place. A second time does nothing.
 *
 * @param input_tokens   -1: as estimated
 * @param output_tokens  -1: as estimated
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_reservation_settle(claude_reservation_t *reservation, int64_t input_tokens,
                                          int64_t output_tokens);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_reservation_t *claude_reservation_ref(claude_reservation_t *reservation);

/**
 * Drop a reference; the last one gives up the place, or settles as estimated what was granted. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_reservation_unref(claude_reservation_t *reservation);

/**
 * What could go at once, after what is waiting already.
 *
 * @param type  type of endpoint: one of those that limiter.h names
 * @param what  "requests", "input_tokens" or "output_tokens"
 * @return the number; -1 if there is no limit, and for NULL and unknown names
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_limiter_available(claude_limiter_t *limiter, const char *type, const char *what);

/**
 * How many wait for their turn.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_limiter_queued(claude_limiter_t *limiter);

/**
 * Take what a response says of the server's own limits (its `anthropic-ratelimit-*` headers, `retry-after`) as further
 * limits, whatever `limiter.learn` says: what the server allows per minute, what remains of it less what has been
 * granted and not settled, and that nothing may go before the time that it names (a day at most).
 *
 * @param type      type of endpoint that has answered: one of those that limiter.h names
 * @param response  what it has answered; claude_error_response() of an error will do
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_limiter_learn(claude_limiter_t *limiter, const char *type,
                                              const claude_response_t *response, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_limiter_t *claude_limiter_ref(claude_limiter_t *limiter);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_limiter_unref(claude_limiter_t *limiter);

#ifdef __cplusplus
}
#endif

#endif
