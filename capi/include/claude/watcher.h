/*
 * watcher.h - configuration in a file that may change while clients use it.
 *
 * The file is a JSON object with the keys below, and with names of options (docs/options.md), for example
 * `{"timeout_ms": 120000, "max_retries": 5, "breaker.open_ms": 30000}`. What it leaves out has the default:
 *
 * | key | default |
 * |---|---|
 * | base_url | the client's own |
 * | api_version | "2023-06-01" |
 * | timeout_ms | 300000 |
 * | enable_retry | true |
 * | max_retries | 3 (at most 10) |
 * | enable_circuit_breaker | true |
 * | circuit_breaker_threshold | 5 |
 * | enable_rate_limiting | false |
 * | rate_limit_rps | 10 |
 *
 * Options of connections and loops (network.*, tls.*, client.*, loop.*, auth.*) cannot be changed in a client that is
 * in use, and a secret has no place in the file. Whatever is enabled acts only on calls that ask for it
 * (CLAUDE_WITH_*).
 *
 * A file is taken over as a whole or not at all: one member that is unknown, of another type, out of range or given
 * twice, and what held before goes on; so it does while the file is half-written, missing, unreadable, larger than 1
 * MiB or no file. claude_watcher_error() says why. Calls that have been started keep the configuration that they were
 * started with.
 *
 * No thread watches. The file is looked at by claude_watcher_poll(), for which claude_watcher_fd() tells the time; and
 * for attached clients before each call and in each turn of a loop, if the kernel says that something has changed, and
 * once a second where it says nothing (network file systems do not). The descriptor of a loop becomes readable for that
 * once a second, while a watcher is attached to its client. A file may be replaced in any way: written, renamed, by a
 * symbolic link on the way to it.
 *
 * A file cannot send a client's key or headers to another server: a base_url on one that the client was not made for is
 * refused, unless claude_watcher_allow_server() names it, or the program gives it (`initial`, claude_watcher_update()).
 *
 * After fork() a child watches for itself, and leaves what is its parent's alone.
 */
#ifndef CLAUDE_WATCHER_H
#define CLAUDE_WATCHER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a watcher, and look at its file. A file that is not there, or not as it should be, is no failure: the defaults
 * hold until it is, and claude_watcher_error() says what is wrong.
 *
 * @param path     of the file, NUL-terminated; copied. It may appear later
 * @param initial  a JSON object as in the file: the defaults for what that leaves out. NULL: none
 * @param len      bytes of initial, or CLAUDE_NTS
 * @param out      receives the watcher; release with claude_watcher_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without dynamic-config)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_new(const char *path, const char *initial, size_t len, claude_watcher_t **out,
                                            claude_error_t **err);

/**
 * Give what holds now to a client, and from now on each change. The options that can stand in the file belong to the
 * watcher then; the rest of the client's configuration, its key too, stays as it is. At most 64 times for a watcher.
 *
 * @param client  which holds the watcher from now on, not the other way round
 * @param name    of the client's snapshot that is meant, see claude_client_set_snapshot(); made if there is none.
 *                NULL or "": the one for calls that name none
 * @return CLAUDE_OK, CLAUDE_E_INVALID (also where the client refuses the configuration), CLAUDE_E_STATE (attached
 *         already), CLAUDE_E_LIMIT, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_attach(claude_watcher_t *watcher, claude_client_t *client, const char *name,
                                               claude_error_t **err);

/**
 * Leave a client alone from now on. It keeps the configuration that it has.
 *
 * @param client  which was attached
 * @param name    as it was attached
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (not attached)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_detach(claude_watcher_t *watcher, claude_client_t *client, const char *name,
                                               claude_error_t **err);

/**
 * Let the file name a base_url on this server, although clients with keys or headers are for another one. At most 16.
 *
 * @param base_url  as the option base_url, NUL-terminated; only scheme, host and port count
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_LIMIT, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_allow_server(claude_watcher_t *watcher, const char *base_url,
                                                     claude_error_t **err);

/**
 * Hears of each configuration that was taken over. Runs on the thread that has looked, inside of the function that it
 * has called, after all clients have the configuration. It may call anything.
 *
 * @param generation  claude_watcher_generation() when it is called
 */
typedef void (*claude_watcher_fn)(claude_watcher_t *watcher, int64_t generation, void *user_data);

/**
 * Register a callback that hears of changes. A second registration replaces the first.
 *
 * @param fn       the callback; NULL removes it
 * @param destroy  run once when the watcher needs user_data no more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_on_change(claude_watcher_t *watcher, claude_watcher_fn fn, void *user_data,
                                                  claude_destroy_fn destroy, claude_error_t **err);

/**
 * Look at the file now, and take it over if it is another one. Waits for nothing. A file that is not as it should be is
 * no failure of this function, see claude_watcher_error().
 *
 * @param changed  receives 1 if a configuration was taken over by this call, else 0; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_BUSY (from inside of a destroy function that the watcher runs),
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_watcher_t *watcher = NULL;
 * claude_error_t *err = NULL;
 * int32_t changed = 0;
 * claude_code_t rc = claude_watcher_new("/etc/myapp/claude.json", NULL, 0, &watcher, &err);
 * if (rc >= 0)
 *     rc = claude_watcher_attach(watcher, client, NULL, &err);
 * if (rc >= 0)
 *     rc = claude_watcher_poll(watcher, &changed, &err);
 * claude_watcher_unref(watcher);
 * @endcode
 */
CLAUDE_API claude_code_t claude_watcher_poll(claude_watcher_t *watcher, int32_t *changed, claude_error_t **err);

/**
 * Take over what the file says, also where claude_watcher_update() was called since it was looked at.
 *
 * @return CLAUDE_OK (what the file says holds); negative: what held before goes on, for the reason in `err`:
 *         CLAUDE_E_IO, CLAUDE_E_TOO_LARGE, CLAUDE_E_INVALID, CLAUDE_E_BUSY, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_reload(claude_watcher_t *watcher, claude_error_t **err);

/**
 * Take over a configuration that the program gives, as if it stood in the file. It holds until the file is another one,
 * or until claude_watcher_reload().
 *
 * @param json  a JSON object as in the file
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_BUSY, CLAUDE_E_NOMEM; what held before goes on after a failure
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_update(claude_watcher_t *watcher, const char *json, size_t len,
                                               claude_error_t **err);

/**
 * What holds now, as a configuration to be read with claude_config_get(): the keys of the file, and the options that it
 * names. It has no key for the API.
 *
 * @param out  receives a copy; release with claude_config_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_config(claude_watcher_t *watcher, claude_config_t **out, claude_error_t **err);

/**
 * How many configurations have held: 1 while it is that of `initial` and the defaults, and one more with each change.
 *
 * @return the generation; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_watcher_generation(claude_watcher_t *watcher);

/**
 * Why the file was not taken over when it was last looked at.
 *
 * @return CLAUDE_OK: it was, or held already. Else the reason, which `err` receives: CLAUDE_E_IO (not there, not
 *         readable, no regular file), CLAUDE_E_TOO_LARGE, CLAUDE_E_INVALID, ...
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_watcher_error(claude_watcher_t *watcher, claude_error_t **err);

/**
 * A descriptor that says when to look: poll it for reading only; when it is readable call claude_watcher_poll(),
 * nothing else. It is the watcher's: do not read or close it. In a child of fork() it is another one: ask again.
 *
 * @return the descriptor; -1 for NULL, and where the system has none left
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_watcher_fd(claude_watcher_t *watcher);

/**
 * Whether the kernel tells the watcher of changes (inotify). It does not where its limits are reached (EMFILE, ENOSPC):
 * then the file is compared by its content, by each claude_watcher_poll() and once a second before calls, and
 * claude_watcher_fd() is a timer of one second.
 *
 * @return 1 or 0; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_watcher_is_notified(claude_watcher_t *watcher);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_watcher_t *claude_watcher_ref(claude_watcher_t *watcher);

/**
 * Drop a reference. Attached clients hold their own. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_watcher_unref(claude_watcher_t *watcher);

#ifdef __cplusplus
}
#endif

#endif
