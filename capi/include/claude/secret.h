/*
 * secret.h - an API key or token, kept in a guarded, locked page that core dumps leave out, and wiped on release.
 *
 * Known limit: libcurl and the TLS library keep copies of the header that carries a key on their own heaps.
 */
#ifndef CLAUDE_SECRET_H
#define CLAUDE_SECRET_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Told of each use of a secret. Runs on the thread that used it.
 *
 * @param operation    "expose" (the program asked for the text) or "header" (it was put into a request); static
 * @param fingerprint  identifies the secret without revealing it; valid until the callback returns
 */
typedef void (*claude_secret_audit_fn)(const char *operation, const char *fingerprint, void *user_data);

/**
 * Told that a secret has expired, or will within the time that was asked for. Runs on the thread that is about to use
 * the secret, inside of the function that does: it may use libclaude, also to replace the key
 * (claude_client_rotate_secret()), which counts from the next attempt on.
 *
 * @param fingerprint    of the secret
 * @param expires_at_ms  when, in milliseconds since 1970-01-01 UTC
 * @param left_ms        how long that is from now; 0 or less: it has expired
 */
typedef void (*claude_secret_expiry_fn)(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms,
                                        void *user_data);

/**
 * Make a secret from an API key and check its format: "sk-ant-", then only A-Z a-z 0-9 _ -, 20 to 512 bytes in all.
 *
 * @param text  the key; copied. The caller may wipe its copy afterwards.
 * @param len   bytes of text, or CLAUDE_NTS
 * @param out   receives the secret; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (the message never repeats the key), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_new(const char *text, size_t len, claude_secret_t **out, claude_error_t **err);

/**
 * Make a secret without the check of the key format, for gateways with their own keys. Still refused: empty, over 4,096
 * bytes, and any byte that is not visible ASCII (0x21 to 0x7E), which could not travel in a header.
 *
 * @param text  the key; copied. The caller may wipe its copy afterwards.
 * @param len   bytes of text, or CLAUDE_NTS
 * @param out   receives the secret; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_new_unchecked(const char *text, size_t len, claude_secret_t **out,
                                                     claude_error_t **err);

/**
 * Read an API key from a file: a regular file that belongs to the user or to root, with no permission for group and
 * others (chmod 600), of at most 4,096 bytes; one trailing line end is trimmed. A symbolic link counts as what it leads
 * to.
 *
 * @param path  file to read, NUL-terminated
 * @param out   receives the secret; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_IO (missing, unreadable), CLAUDE_E_INVALID (not a regular file, mode, format),
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_from_file(const char *path, claude_secret_t **out, claude_error_t **err);

/**
 * Read an API key from an environment variable. A blank one counts as unset.
 *
 * @param name  name of the variable; NULL means ANTHROPIC_API_KEY
 * @param out   receives the secret; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_NO_KEY (unset or blank), CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A (as far as the program does not change its environment meanwhile)
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_from_env(const char *name, claude_secret_t **out, claude_error_t **err);

/**
 * Read an API key from the workspace: the line `export NAME="value"` in `secret/-secrets.sh` under the workspace root
 * ($WORKSPACE_PATH, else the nearest parent of the working directory that has that file or a `.git`). The file is read,
 * never executed; owner and mode must be as for claude_secret_from_file(). If it is missing or has no such entry, the
 * environment variable of the same name is used. The error names every place looked at.
 *
 * @param name  name of the entry; NULL means ANTHROPIC_API_KEY
 * @param out   receives the secret; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_NO_KEY, CLAUDE_E_INVALID (owner, mode, or a line that cannot be understood without a
 *         shell), CLAUDE_E_IO, CLAUDE_E_NOMEM
 * @threads A (as far as the program does not change its environment or working directory meanwhile)
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_from_workspace(const char *name, claude_secret_t **out, claude_error_t **err);

/**
 * Look for an API key in each place in turn, the first that has one wins: the workspace's file, the environment
 * variable (both as claude_secret_from_workspace()), then the secret that the program itself has. A place that has
 * something wrong in it (a file that others can read, a key with a space) is an error, and not passed over. Of a secret
 * that was found, claude_secret_source() tells where.
 *
 * @param name     name of the entry and of the variable; NULL means ANTHROPIC_API_KEY
 * @param runtime  what is taken where the others have none; may be NULL
 * @param out      receives the secret, or a reference to `runtime`; release with claude_secret_unref()
 * @return CLAUDE_OK, CLAUDE_E_NO_KEY (names every place looked at), CLAUDE_E_INVALID, CLAUDE_E_IO, CLAUDE_E_NOMEM
 * @threads A (as far as the program does not change its environment or working directory meanwhile)
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_load_with_precedence(const char *name, claude_secret_t *runtime,
                                                            claude_secret_t **out, claude_error_t **err);

/**
 * Where a secret came from.
 *
 * @return "workspace", "environment", "file", or "program" (its text was passed in); "" for NULL; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_secret_source(const claude_secret_t *secret);

/**
 * A name for the secret that reveals nothing: the first 16 hexadecimal digits of SHA-256 over the text
 * "libclaude secret fingerprint v1", a zero byte and the key.
 *
 * @return 16 digits, borrowed from the secret; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_secret_fingerprint(const claude_secret_t *secret);

/**
 * The secret's text. Counted and audited.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the secret, valid until its last reference is dropped; NULL for NULL, and for a secret
 *         whose memory something has overwritten
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_secret_expose(claude_secret_t *secret, size_t *len);

/**
 * How often secrets were used in this process: exposed to the program or put into a request.
 *
 * @return the number, which only grows
 * @threads A
 * @since 0.8
 */
CLAUDE_API uint64_t claude_secret_exposures(void);

/**
 * Be told of each use of this secret. At most one callback; a second registration is refused.
 *
 * @param secret     the secret, before it is used by several threads
 * @param fn         the callback; not NULL
 * @param user_data  passed to fn and destroy
 * @param destroy    run once when the secret is released, or at once if this function fails; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (there is one already)
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_on_audit(claude_secret_t *secret, claude_secret_audit_fn fn, void *user_data,
                                                claude_destroy_fn destroy, claude_error_t **err);

/**
 * Say when a secret runs out. It can be said again, for example when a token was prolonged.
 *
 * An expired secret is still sent, since the server's clock decides; with the option `auth.refuse_expired` the call
 * fails instead, without having sent anything.
 *
 * @param expires_at_ms  milliseconds since 1970-01-01 UTC; a negative number: never
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_set_expiry(claude_secret_t *secret, int64_t expires_at_ms, claude_error_t **err);

/**
 * When a secret runs out.
 *
 * @return milliseconds since 1970-01-01 UTC; -1: never, or not known
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_secret_expires_at(const claude_secret_t *secret);

/**
 * Be told when this secret has expired, or is about to: at its first use within `lead_ms` of its expiry or after it,
 * once for each time that claude_secret_set_expiry() has set. Nothing happens at the moment itself: the clock is looked
 * at when the secret is used. At most one callback; a second registration is refused.
 *
 * @param secret     the secret, before it is used by several threads
 * @param lead_ms    how long before it expires, in milliseconds; 0 or more
 * @param fn         the callback; not NULL
 * @param user_data  passed to fn and destroy
 * @param destroy    run once when the secret is released, or at once if this function fails; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (there is one already)
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_secret_on_expiry(claude_secret_t *secret, int64_t lead_ms, claude_secret_expiry_fn fn,
                                                 void *user_data, claude_destroy_fn destroy, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_secret_t *claude_secret_ref(claude_secret_t *secret);

/**
 * Drop a reference; the last one wipes the memory. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_secret_unref(claude_secret_t *secret);

#ifdef __cplusplus
}
#endif

#endif
