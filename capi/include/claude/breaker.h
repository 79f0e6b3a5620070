/*
 * breaker.h - a circuit breaker: after so many failures nothing is let through for a time, then one call at a time, to
 * see whether it works again.
 *
 * - closed: everything is let through; failures are counted. `breaker.failure_threshold` of them in a row open it, or
 *   their share among the calls of a time (`breaker.window_ms`)
 * - open: nothing is let through for `breaker.open_ms`
 * - half-open: one call at a time, a probe, is let through. `breaker.success_threshold` that succeed in a row close the
 *   breaker, one that fails opens it again. A probe that has not said within `breaker.probe_lease_ms` what became of it
 *   loses its place to another, and is not listened to any more: let that time be longer than calls take
 *
 * A client that is told to (`breaker.enabled`) has one, used by calls that ask for it. A breaker made here can be
 * shared by clients, read and switched by hand, through claude_config_set_breaker(); or stand alone, before anything
 * that can fail. Nothing happens by itself: there is no thread and no timer. After a fork() parent and child have a
 * breaker each, in the state of that moment.
 */
#ifndef CLAUDE_BREAKER_H
#define CLAUDE_BREAKER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of a breaker. */
enum {
    /** Everything is let through. */
    CLAUDE_BREAKER_CLOSED = 1,
    /** Nothing is let through. */
    CLAUDE_BREAKER_OPEN = 2,
    /** One call at a time is let through, as a probe. */
    CLAUDE_BREAKER_HALF_OPEN = 3
};

/** What became of a call, as far as it tells about the other side. */
enum {
    /** The other side works. */
    CLAUDE_BREAKER_SUCCESS = 1,
    /** It does not. */
    CLAUDE_BREAKER_FAILURE = 2,
    /** It tells nothing: cancelled, refused as wrong, never sent. */
    CLAUDE_BREAKER_NEUTRAL = 3
};

/**
 * Make a breaker, closed.
 *
 * @param config  whose options `breaker.*` it takes, as they are now; NULL: the defaults. `breaker.enabled` does not
 *                matter here
 * @param out     receives the breaker; release with claude_breaker_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads B for the configuration
 * @since 0.8
 *
 * @code
 * claude_breaker_t *breaker = NULL;
 * claude_error_t *err = NULL;
 * uint64_t permit = 0;
 * if (claude_breaker_new(NULL, &breaker, &err) >= 0 && claude_breaker_allow(breaker, &permit, &err) >= 0) {
 *     int worked = 1;
 *     claude_breaker_record(breaker, permit, worked ? CLAUDE_BREAKER_SUCCESS : CLAUDE_BREAKER_FAILURE);
 * }
 * claude_error_unref(err);
 * claude_breaker_unref(breaker);
 * @endcode
 */
CLAUDE_API claude_code_t claude_breaker_new(const claude_config_t *config, claude_breaker_t **out,
                                            claude_error_t **err);

/**
 * Ask to be let through. Calls of a client do this by themselves.
 *
 * @param permit  receives what must be given to claude_breaker_record(), once, when it is known what became of it
 * @return CLAUDE_OK; CLAUDE_E_CIRCUIT_OPEN: not now, claude_error_retry_after_ms() says in how many milliseconds to ask
 *         again, claude_error_feature() is "circuit-breaker"; CLAUDE_E_INVALID
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_breaker_allow(claude_breaker_t *breaker, uint64_t *permit, claude_error_t **err);

/**
 * Give a permit back. One of before the last change of state changes nothing, nor does one of a probe whose place
 * another has.
 *
 * @param permit  from claude_breaker_allow() of this breaker; each at most once
 * @param what    CLAUDE_BREAKER_SUCCESS, CLAUDE_BREAKER_FAILURE; everything else is CLAUDE_BREAKER_NEUTRAL
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_breaker_record(claude_breaker_t *breaker, uint64_t permit, int32_t what);

/**
 * The state now.
 *
 * @return CLAUDE_BREAKER_CLOSED, CLAUDE_BREAKER_OPEN, or CLAUDE_BREAKER_HALF_OPEN, also when nobody has asked since it
 *         was open; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_breaker_state(claude_breaker_t *breaker);

/**
 * How long it is until asking may be of use: until an open breaker is half-open, or until the probe that is under way
 * loses its place at the latest.
 *
 * @return milliseconds, 0: now; -1 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_breaker_retry_after_ms(claude_breaker_t *breaker);

/**
 * What has been counted since the breaker was made.
 *
 * @param name  "successes", "failures", "neutral": results that counted, by what they were; "refused": calls that were
 *              not let through; "opened": how often the breaker was opened, also by hand; "probes": calls that were let
 *              through while half-open; "failures_in_a_row": until now, 0 after each success while closed and each
 *              closing
 * @return the number; -1 for NULL and for a name that is none of these
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_breaker_counter(claude_breaker_t *breaker, const char *name);

/**
 * Open a breaker by hand, for a maintenance that is known of, for example. Permits that are out change nothing any
 * more.
 *
 * @param ms  for how many milliseconds from now; 0 or less: `breaker.open_ms`
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_breaker_open(claude_breaker_t *breaker, int64_t ms);

/**
 * Close a breaker by hand. It forgets the failures it knew of, and permits that are out change nothing any more.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_breaker_close(claude_breaker_t *breaker);

/**
 * Let a client use a breaker for its `base_url`, in place of one of its own, and enable it, as `breaker.enabled` does.
 * The options `breaker.*` of this configuration then mean nothing for that endpoint: the breaker has those it was made
 * with. One breaker may serve many clients.
 *
 * @param breaker  the configuration, and each client made from it, keeps a reference; NULL removes it
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_breaker(claude_config_t *config, claude_breaker_t *breaker,
                                                   claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_breaker_t *claude_breaker_ref(claude_breaker_t *breaker);

/**
 * Drop a reference; the last one frees. NULL is accepted. Permits that are out need not be given back before.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_breaker_unref(claude_breaker_t *breaker);

#ifdef __cplusplus
}
#endif

#endif
