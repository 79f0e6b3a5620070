/*
 * Starts and talks to claude-sandbox from C tests and benchmarks. Blocking, not thread-safe (one thread per sandbox at
 * a time).
 *
 *     struct sandbox *sb = sandbox_start(NULL, "--keep", "0", NULL);
 *     sandbox_register(sb, "busy", "{\"status\": 529}");
 *     sandbox_use(sb, "busy");
 *     ... requests to sandbox_url(sb) ...
 *     sandbox_stop(sb);
 */
#ifndef SANDBOX_CLIENT_H
#define SANDBOX_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sandbox;

/*
 * Starts a sandbox on a free port. `path` NULL: the environment's CLAUDE_SANDBOX, else the compile definition
 * CLAUDE_SANDBOX_PATH. Further arguments are options of claude-sandbox, ended by NULL. Returns NULL with a message on
 * stderr. The sandbox ends with the thread that started it, so start it from a thread that lives as long as the test.
 */
struct sandbox *sandbox_start(const char *path, ...);

/* "http://127.0.0.1:PORT", without a slash at the end. */
const char *sandbox_url(const struct sandbox *sb);
uint16_t sandbox_port(const struct sandbox *sb);
pid_t sandbox_pid(const struct sandbox *sb);

/* All of these return 0, or -1 with a message on stderr. */
int sandbox_register(struct sandbox *sb, const char *name, const char *scenario_json);
/* The scenario that answers every request; NULL: the default behaviour. */
int sandbox_use(struct sandbox *sb, const char *name);
/* Forgets recorded requests, rewinds sequences, back to the default behaviour; registered scenarios stay. */
int sandbox_reset(struct sandbox *sb);

/* JSON text of /_sandbox/requests (or /_sandbox/stats), to be freed by the caller; NULL with a message on stderr. */
char *sandbox_requests(struct sandbox *sb);
char *sandbox_stats(struct sandbox *sb);
/* The "count" and "connections" of /_sandbox/requests; UINT64_MAX on failure. */
uint64_t sandbox_request_count(struct sandbox *sb);
uint64_t sandbox_connection_count(struct sandbox *sb);

/* Ends the sandbox by its pid, waits for it and frees it. Returns its exit code (0 when all is well), or -1. Accepts
 * NULL. */
int sandbox_stop(struct sandbox *sb);

#ifdef __cplusplus
}
#endif

#endif
