/*
 * credential.h - keys that change while a client lives: replaced by the program, or fetched by a provider that the
 * client asks when a token runs out.
 *
 * A call that is under way keeps the key that it was sent with; every attempt that begins afterwards, retries
 * included, has the new one. No call is lost or sent twice by it.
 */
#ifndef CLAUDE_CREDENTIAL_H
#define CLAUDE_CREDENTIAL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which key is meant. */
enum {
    /** In place of the index of an endpoint: the client's own key. */
    CLAUDE_KEY_OF_CLIENT = -1
};

/**
 * Replace a key of a client, from any thread and while calls are under way. What belongs to an endpoint and its key
 * (circuit breaker, retry budget) stays. Other clients, also of the same configuration or failover, keep theirs.
 *
 * @param endpoint  CLAUDE_KEY_OF_CLIENT, or the index of an endpoint of the failover that was added with a key of its
 *                  own; the others use the client's
 * @param secret    the new key; the client takes its own reference
 * @return CLAUDE_OK, CLAUDE_E_INVALID (NULL, no such endpoint, one without a key of its own)
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_secret_t *secret = NULL;
 * claude_error_t *err = NULL;
 * if (claude_secret_from_env(NULL, &secret, &err) < 0 ||
 *     claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, &err) < 0) {
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 *     claude_error_unref(err);
 * }
 * claude_secret_unref(secret);
 * @endcode
 */
CLAUDE_API claude_code_t claude_client_rotate_secret(claude_client_t *client, int32_t endpoint, claude_secret_t *secret,
                                                     claude_error_t **err);

/**
 * The key that the next attempt would use.
 *
 * @param endpoint  CLAUDE_KEY_OF_CLIENT, or the index of an endpoint of the failover
 * @return a reference, to be released with claude_secret_unref(); NULL: there is none
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_secret_t *claude_client_secret(claude_client_t *client, int32_t endpoint);

/** Why a provider is asked, see claude_credential_reason(). */
enum {
    /** There is no token yet. */
    CLAUDE_CREDENTIAL_FIRST = 1,
    /** The token has expired, or will soon (`auth.refresh_lead_ms`). */
    CLAUDE_CREDENTIAL_EXPIRES = 2,
    /** The server has refused it with 401 (`auth.refresh_on_401`). */
    CLAUDE_CREDENTIAL_REFUSED = 3
};

/**
 * Fetches a token: sets it with claude_credential_set_secret() and returns 0. When it runs out is said by the secret
 * (claude_secret_set_expiry()); a token without that is used until the server refuses it.
 *
 * Runs on a thread that is inside of a call of the client, in claude_client_execute(), claude_call_next(),
 * claude_call_wait(), claude_loop_dispatch() or claude_loop_wait(), and never in two of a client's at once. Nothing is
 * locked meanwhile: it may block, and use libclaude, other clients included; a call of the same client that needs the
 * token it is fetching fails with CLAUDE_E_BUSY. In a loop all of the loop's calls wait for it: a program with a loop
 * may rather fetch tokens elsewhere and hand them in with claude_client_rotate_secret().
 *
 * @param credential  to be filled; valid until the callback returns
 * @return 0; anything else fails the call that needs the token (claude_error_user_code())
 */
typedef int32_t (*claude_credential_fn)(claude_credential_t *credential, void *user_data);

/**
 * Let a client fetch its key by a callback: when it has none, `auth.refresh_lead_ms` before it runs out, and after a
 * 401 if `auth.refresh_on_401` is set. A second registration replaces the first. The configuration needs no key then;
 * one that it has is the first token.
 *
 * One call at a time asks. Meanwhile others go on with the old token while it is valid, and else wait, each within its
 * own time. Where the provider fails, calls go on with the old token while it is valid; without one they fail with
 * CLAUDE_E_CALLBACK, and for `auth.refresh_pause_ms` so do all others, without asking again.
 *
 * The token goes where the client's key goes: to the server of `base_url`.
 *
 * @param fn         the provider; NULL removes it
 * @param user_data  passed to fn and destroy
 * @param destroy    run once when it is no longer needed, or at once if this function fails; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_credential_provider(claude_config_t *config, claude_credential_fn fn,
                                                               void *user_data, claude_destroy_fn destroy,
                                                               claude_error_t **err);

/**
 * Why the token is needed.
 *
 * @return CLAUDE_CREDENTIAL_*; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_credential_reason(const claude_credential_t *credential);

/**
 * Hand in the token. The client takes its own reference; the last one counts.
 *
 * @param secret  the token
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_credential_set_secret(claude_credential_t *credential, claude_secret_t *secret,
                                                      claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
