/*
 * diag.h - finding out what is wrong: the curl command that repeats a request, a report of a client, log lines, and a
 * self-test. docs/diagnostics.md shows how to read them.
 *
 * Nothing here shows a key, and nothing here happens unless it is asked for: no log line is made without a callback, no
 * timing is taken without the option `diagnostics.timings`, and the library never writes a file or to a terminal.
 */
#ifndef CLAUDE_DIAG_H
#define CLAUDE_DIAG_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the curl command ---- */

/**
 * Write the curl command that sends what a call of this request would send: method, URL, headers and body, through the
 * same proxy, with the same certificates, HTTP version and times. Nothing is sent, and no callback is asked: headers of
 * claude_config_on_sign() and claude_config_on_attempt() are not in it.
 *
 * It is for the POSIX shell, and keeps every byte: texts stand in single quotes. The key stands there as
 * $ANTHROPIC_API_KEY; other headers whose names or values look like secrets have a variable of their own,
 * $CLAUDE_HEADER_ and the name of the header in capitals, and so have user and password of the proxy,
 * $CLAUDE_PROXY_USER. The prompt is in the body: whoever reads the command reads that.
 *
 * The body is in the command, unless `body_file` names a file for it. It needs one where it has more than 131,071
 * bytes (no argument of a program on Linux may be longer) or a NUL. The files of a form that were added by their paths
 * are read by curl itself, so that the form's boundary is curl's own; with `body_file` it is what would be sent, byte
 * for byte. Nothing is compressed, whatever the options say: a body is what the server has made of the compressed one,
 * and the answer comes as text.
 *
 * @param request    what would be sent
 * @param flags      as for claude_client_start(); with CLAUDE_STREAM the command shows what comes as it comes
 * @param body_file  name of the file, which the program writes: claude_curl_body(). NUL-terminated; "-" is curl's
 *                   standard input. NULL: the body is in the command
 * @param out        receives the command; release with claude_curl_unref()
 * @return CLAUDE_OK; as claude_client_start() for a request that cannot be sent; CLAUDE_E_TOO_LARGE, CLAUDE_E_INVALID
 *         (the body needs a file, and why), CLAUDE_E_IO (a file cannot be read), CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 *         (built without it)
 * @threads A for the client
 * @since 0.8
 *
 * @code
 * claude_curl_t *curl = NULL;
 * claude_error_t *err = NULL;
 * if (claude_curl_command(client, request, 0, NULL, &curl, &err) >= 0)
 *     printf("%s\n", claude_curl_text(curl, NULL));
 * claude_curl_unref(curl);
 * claude_error_unref(err);
 * @endcode
 */
CLAUDE_API claude_code_t claude_curl_command(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                             const char *body_file, claude_curl_t **out, claude_error_t **err);

/**
 * The command, without a line end behind it.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the handle; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_curl_text(const claude_curl_t *curl, size_t *len);

/**
 * What belongs into the file that the command reads its body from.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return bytes borrowed from the handle, with a NUL behind them; NULL if the command needs no file, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const void *claude_curl_body(const claude_curl_t *curl, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_curl_t *claude_curl_ref(claude_curl_t *curl);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_curl_unref(claude_curl_t *curl);

/* ---- the report ---- */

/**
 * Say what can be said of a client, for bug reports and status pages: a snapshot, which sends nothing.
 *
 * @param out  receives the report; release with claude_diagnostics_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built without it)
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_diagnostics_t *report = NULL;
 * claude_error_t *err = NULL;
 * if (claude_client_diagnostics(client, &report, &err) >= 0)
 *     printf("%s\n", claude_diagnostics_json(report, NULL));
 * claude_diagnostics_unref(report);
 * claude_error_unref(err);
 * @endcode
 */
CLAUDE_API claude_code_t claude_client_diagnostics(claude_client_t *client, claude_diagnostics_t **out,
                                                   claude_error_t **err);

/**
 * The report: a JSON object. docs/diagnostics.md has its members. Those of what the client has not are null, and later
 * releases add more.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the handle; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_diagnostics_json(const claude_diagnostics_t *diagnostics, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_diagnostics_t *claude_diagnostics_ref(claude_diagnostics_t *diagnostics);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_diagnostics_unref(claude_diagnostics_t *diagnostics);

/* ---- log lines ---- */

/** Levels of log lines; each includes those above it. */
enum {
    /** A call has failed. */
    CLAUDE_LOG_ERROR = 1,
    /** Something went wrong that may still end well: a retry, a breaker that opened, an anomaly, a deprecated model. */
    CLAUDE_LOG_WARN = 2,
    /** Calls as they begin and end, waits for the rate limiter. */
    CLAUDE_LOG_INFO = 3,
    /** Each attempt. */
    CLAUDE_LOG_DEBUG = 4,
    /** Headers, bodies and events: names and sizes, of what they say only what cannot be a secret. */
    CLAUDE_LOG_TRACE = 5
};

/**
 * Takes a log line.
 *
 * @param level   CLAUDE_LOG_*
 * @param event   what has happened, for example "call.end"; static
 * @param fields  a JSON object on one line, NUL-terminated; valid until the callback returns
 * @param len     its length in bytes
 */
typedef void (*claude_log_fn)(int32_t level, const char *event, const char *fields, size_t len, void *user_data);

/**
 * Register who takes the log lines of a client's calls. A second registration replaces the first.
 *
 * The callback runs on the thread that is inside of the library for the call, also in claude_client_start(),
 * claude_loop_submit() and claude_call_unref(); what it takes the call waits for. Functions of its own call return
 * CLAUDE_E_BUSY, those of the event loop that the call belongs to may not be called.
 *
 * Keys are in no line. Of headers only those of a fixed list show their values, and what is sent and received as a body
 * is shown at CLAUDE_LOG_TRACE with the option `diagnostics.log_bodies` alone, up to 64 KiB of each.
 *
 * @param level    the highest CLAUDE_LOG_* to be told
 * @param fn       the callback; NULL removes it
 * @param destroy  run once when neither the configuration nor a client made from it needs user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID (also for a level that is none), CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (built
 *         without it)
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_on_log(claude_config_t *config, int32_t level, claude_log_fn fn, void *user_data,
                                              claude_destroy_fn destroy, claude_error_t **err);

/**
 * Name of a level.
 *
 * @param level  CLAUDE_LOG_*
 * @return "error", "warn", "info", "debug" or "trace"; "" for what is no level; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_log_level_name(int32_t level);

/* ---- the self-test ---- */

/** Flags of claude_selftest_run(). */
enum {
    /** Also send the key: GET of /v1/models, which spends no tokens. */
    CLAUDE_SELFTEST_KEY = 1
};

/** What a check has found. */
enum {
    /** It is as it should be. */
    CLAUDE_SELFTEST_OK = 1,
    /** It works, but something is not as it should be. */
    CLAUDE_SELFTEST_WARN = 2,
    /** It does not work: claude_selftest_fix() says what to do. */
    CLAUDE_SELFTEST_FAIL = 3,
    /** It was not asked for, does not apply, or what it needs has failed. */
    CLAUDE_SELFTEST_SKIPPED = 4
};

/**
 * Check the way from this program to the client's base_url, and say of each step what is wrong and how to mend it:
 *
 * - dns: the name of the server, or of the proxy
 * - proxy: the proxy takes the connection, and lets it through
 * - tcp: the server takes the connection
 * - tls: the handshake: certificate, its dates, its host, the version
 * - http: an answer of HTTP that is no failure of the server
 * - clock: this machine's clock against the date of the answer: 60 s are let pass, over 300 s is a failure
 * - key: the server takes the key (CLAUDE_SELFTEST_KEY)
 * - model: the model is there for the key (CLAUDE_SELFTEST_KEY)
 *
 * One request without a key is sent (HEAD), then one or two with it, on one new connection. Where the key comes from a
 * credential provider, that is asked as a call would ask it. A check that fails is a result: it is no failure of this
 * function. It cannot be cancelled, but ends within `timeout_ms`.
 *
 * @param flags       CLAUDE_SELFTEST_KEY or 0
 * @param model       the model to look for, NUL-terminated; NULL: none
 * @param timeout_ms  longest time of all checks together, in milliseconds: 1 to 86,400,000. What a credential provider
 *                    takes is not counted
 * @param out         receives what was found; release with claude_selftest_unref()
 * @return CLAUDE_OK; negative where the checks could not be made: CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_LIMIT (no
 *         file descriptor left), CLAUDE_E_STATE (the memory of the key was overwritten), CLAUDE_E_FORKED (the audit of
 *         the key has forked), CLAUDE_E_BUSY (called by the client's credential provider), CLAUDE_E_UNSUPPORTED (built
 *         without it)
 * @threads A; runs the credential provider and the audit callback of the key where it is sent
 * @since 0.8
 *
 * @code
 * claude_selftest_t *test = NULL;
 * claude_error_t *err = NULL;
 * claude_code_t rc = claude_selftest_run(client, CLAUDE_SELFTEST_KEY, NULL, 10000, &test, &err);
 * for (size_t i = 0; rc >= 0 && i < claude_selftest_count(test); i++)
 *     printf("%-6s %-8s %s\n", claude_selftest_name(test, i),
 *            claude_selftest_status_name(claude_selftest_status(test, i)), claude_selftest_text(test, i));
 * claude_selftest_unref(test);
 * claude_error_unref(err);
 * @endcode
 */
CLAUDE_API claude_code_t claude_selftest_run(claude_client_t *client, uint32_t flags, const char *model,
                                             int64_t timeout_ms, claude_selftest_t **out, claude_error_t **err);

/**
 * The worst that was found.
 *
 * @return CLAUDE_SELFTEST_FAIL, CLAUDE_SELFTEST_WARN or CLAUDE_SELFTEST_OK; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_selftest_worst(const claude_selftest_t *selftest);

/**
 * How many checks there are, those included that were skipped.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_selftest_count(const claude_selftest_t *selftest);

/**
 * Name of a check.
 *
 * @param index  0, 1, 2, ...
 * @return "dns", "proxy", ...; static; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_selftest_name(const claude_selftest_t *selftest, size_t index);

/**
 * What a check has found.
 *
 * @param index  0, 1, 2, ...
 * @return CLAUDE_SELFTEST_*; 0 if there is no such check
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_selftest_status(const claude_selftest_t *selftest, size_t index);

/**
 * What was found, in one line.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the handle; NULL if there is no such check
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_selftest_text(const claude_selftest_t *selftest, size_t index);

/**
 * How to mend it, in one line.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the handle; "" where nothing needs to be mended; NULL if there is no such check
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_selftest_fix(const claude_selftest_t *selftest, size_t index);

/**
 * How long the step took.
 *
 * @param index  0, 1, 2, ...
 * @return milliseconds; -1: it was not made or did not end, or there is no such check
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_selftest_ms(const claude_selftest_t *selftest, size_t index);

/**
 * Name of what a check has found.
 *
 * @param status  CLAUDE_SELFTEST_*
 * @return "ok", "warn", "fail" or "skipped"; "" for other numbers; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_selftest_status_name(int32_t status);

/**
 * All of it, as a JSON object: "url", "worst", and "checks", an array of objects with "name", "status", "text", "fix"
 * and "ms".
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the handle; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_selftest_json(const claude_selftest_t *selftest, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_selftest_t *claude_selftest_ref(claude_selftest_t *selftest);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_selftest_unref(claude_selftest_t *selftest);

#ifdef __cplusplus
}
#endif

#endif
