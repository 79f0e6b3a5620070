/*
 * types.h - what every other header needs: the export macro, the version, the handles and the codes' type.
 *
 * Conventions of the whole interface:
 *
 * - Arguments: object, inputs, `T **out`, `claude_error_t **err`. Outputs are written only on success, `*err` only on
 *   failure. `err` may be NULL.
 * - Strings in: pointer and length; CLAUDE_NTS as the length means "NUL-terminated". UTF-8.
 * - Strings out: `const char *` and an optional `size_t *len`; always NUL-terminated, borrowed from the handle. Nothing
 *   that the caller must free. Text may contain NUL: the length counts.
 * - Handles: opaque, counted: `claude_x_ref` adds a reference, `claude_x_unref` drops one, accepts NULL, and may be
 *   called on any thread, in any order, inside any callback.
 * - Features: a library may have been built without some (docs/features.md): functions of what it lacks are there, and
 *   return CLAUDE_E_UNSUPPORTED; those that return something else answer as if there were nothing.
 * - Threads: every function names its class: A = any thread, at any time; B = one thread at a time per object;
 *   C = before the first other call.
 * - Constants: live in anonymous enums; values are permanent. Unknown values must be tolerated.
 */
#ifndef CLAUDE_TYPES_H
#define CLAUDE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Empty for users, so that parsers of headers (CFFI, SWIG, cgo) see plain C. */
#if defined(__GNUC__) && defined(CLAUDE_BUILDING)
#define CLAUDE_API __attribute__((visibility("default")))
#else
#define CLAUDE_API
#endif

/** Deprecation is opt-in: define `CLAUDE_WARN_DEPRECATED` before including to be warned by the compiler. */
#if defined(CLAUDE_WARN_DEPRECATED) && defined(__GNUC__)
#define CLAUDE_DEPRECATED_FOR(replacement) __attribute__((deprecated("use " #replacement)))
#else
#define CLAUDE_DEPRECATED_FOR(replacement)
#endif

/** Major number of the version of these headers. */
#define CLAUDE_VERSION_MAJOR 0
/** Minor number of the version of these headers. */
#define CLAUDE_VERSION_MINOR 8
/** Patch number of the version of these headers. */
#define CLAUDE_VERSION_PATCH 0
/** The version of these headers as 0xMMmmpp; grows with each release. */
#define CLAUDE_VERSION_NUM 0x000800
/** As a length argument: the text is NUL-terminated. */
#define CLAUDE_NTS ((size_t)-1)

/** What went wrong: error.h. */
typedef struct claude_error claude_error_t;
/** Options, and the key: config.h. */
typedef struct claude_config claude_config_t;
/** A key or token: secret.h. */
typedef struct claude_secret claude_secret_t;
/** A request that is being signed, as a callback sees it: claude_config_on_sign(). */
typedef struct claude_sign claude_sign_t;
/** Configuration, key and connections: client.h. */
typedef struct claude_client claude_client_t;
/** One API call to be: request.h. */
typedef struct claude_request claude_request_t;
/** One API call in flight: call.h. */
typedef struct claude_call claude_call_t;
/** Many calls on one thread: loop.h. */
typedef struct claude_loop claude_loop_t;
/** One event of a stream: event.h. */
typedef struct claude_event claude_event_t;
/** A complete answer: response.h. */
typedef struct claude_response claude_response_t;
/** A file to be sent: file.h. */
typedef struct claude_file claude_file_t;
/** A content block: block.h. */
typedef struct claude_block claude_block_t;
/** A tool that is offered to the model: tool.h. */
typedef struct claude_tool claude_tool_t;
/** What is wrong with a request: validate.h. */
typedef struct claude_problems claude_problems_t;
/** A message put together from events: stream.h. */
typedef struct claude_stream_message claude_stream_message_t;
/** A tool's input while it is coming: partial.h. */
typedef struct claude_partial claude_partial_t;
/** Text of a stream, to be shown in pieces: text_buffer.h. */
typedef struct claude_text_buffer claude_text_buffer_t;
/** A conversation with tools: runner.h. */
typedef struct claude_runner claude_runner_t;
/** A list that comes in pages: page.h. */
typedef struct claude_pages claude_pages_t;
/** A batch that is being made: batch.h. */
typedef struct claude_batch_builder claude_batch_builder_t;
/** A table of models and prices: model.h. */
typedef struct claude_models claude_models_t;
/** A circuit breaker: breaker.h. */
typedef struct claude_breaker claude_breaker_t;
/** A rate limiter: limiter.h. */
typedef struct claude_limiter claude_limiter_t;
/** A turn at a rate limiter: claude_limiter_reserve(). */
typedef struct claude_reservation claude_reservation_t;
/** What may be used in a day and in a month: quota.h. */
typedef struct claude_quota claude_quota_t;
/** Room taken in a quota: claude_quota_reserve(). */
typedef struct claude_quota_reservation claude_quota_reservation_t;
/** Several endpoints for one API: failover.h. */
typedef struct claude_failover claude_failover_t;
/** Health checks of endpoints: health.h. */
typedef struct claude_health claude_health_t;
/** A snapshot of figures: metrics.h. */
typedef struct claude_metrics claude_metrics_t;
/** One attempt of a call, as an observer sees it: observe.h. */
typedef struct claude_attempt claude_attempt_t;
/** What happened on the way to a call's result: report.h. */
typedef struct claude_report claude_report_t;
/** Configuration in a file that may change: watcher.h. */
typedef struct claude_watcher claude_watcher_t;
/** Who used which key when: trail.h. */
typedef struct claude_trail claude_trail_t;
/** A token that a provider is asked for: credential.h. */
typedef struct claude_credential claude_credential_t;
/** The curl command of a request: diag.h. */
typedef struct claude_curl claude_curl_t;
/** A report of a client for support: diag.h. */
typedef struct claude_diagnostics claude_diagnostics_t;
/** What a self-test has found: diag.h. */
typedef struct claude_selftest claude_selftest_t;

/** Result of a function: CLAUDE_OK (0) or a positive value on success, a negative CLAUDE_E_* on failure. */
typedef int32_t claude_code_t;

/**
 * Runs exactly once when a callback's user_data is no longer needed, also when its registration failed.
 *
 * @param user_data  what was registered with the callback
 */
typedef void (*claude_destroy_fn)(void *user_data);

/**
 * Version of the library that was loaded, to compare with CLAUDE_VERSION_NUM of the headers compiled against.
 *
 * @return 0xMMmmpp
 * @threads A
 * @since 0.8
 */
CLAUDE_API uint32_t claude_version(void);

/**
 * Version of the loaded library as text.
 *
 * @return "0.8.0"; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_version_string(void);

/**
 * Ask whether the loaded library has a feature, so that a binding can degrade instead of failing.
 *
 * @param name  a feature of docs/features.md: "streaming", "streaming-control", "tools", "vision", "authentication",
 *              "content-generation", "model-management", "count-tokens", "retry-logic" or "retry", "circuit-breaker",
 *              "rate-limiting", "failover", "health-checks", "enterprise-quota", "metrics", "compression",
 *              "dynamic-config", "curl-diagnostics", "general-diagnostics", "error-handling", "request-caching",
 *              "sync-api"; a part of one: "accumulate", "workspace", "sign", "tool-runner", "structured-outputs",
 *              "costs", "batches", "files", "skills", "validation"; or "http2", "tls". Hyphens may be underscores. NULL
 *              and unknown names are answered 0, and so is what the API does not offer (docs/not-offered.md)
 * @return 1 it has, 0 it has not
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_feature(const char *name);

/**
 * What the library was built with and runs with, for bug reports.
 *
 * @return a JSON object with the texts "version", "curl", "json_c", "zlib", "tls", and "features", an array of the
 *         names that claude_feature() knows and this build has; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_build_info(void);

#ifdef __cplusplus
}
#endif

#endif
