/*
 * glue.h - what Go asks for in one crossing of the border where C would call several functions. Go's memory is written
 * to, and never kept: places in it are given as offsets.
 */
#ifndef CLAUDE_GO_GLUE_H
#define CLAUDE_GO_GLUE_H

#include <claude/claude.h>

enum { CLAUDE_GO_ITEMS = 256 };

/* Something that happened to a call. Places are offsets into the bytes given to claude_go_take(). */
typedef struct claude_go_item {
    uint64_t tag;
    int32_t kind; /* CLAUDE_EVENT_*; CLAUDE_EVENT_NONE: the call has ended */
    int32_t index;
    int32_t has_text;
    uint32_t name_len; /* 0: the kind says it */
    size_t text;
    size_t text_len;
    size_t json;
    size_t json_len;
    size_t name;
} claude_go_item;

/* What claude_go_take() brings. Made of zeroed memory. */
typedef struct claude_go_batch {
    claude_error_t *err;
    size_t count;  /* items that are filled */
    size_t used;   /* bytes that are filled */
    size_t needed; /* 0, or how many bytes the next event takes: there was no room for it */
    uint64_t held_tag;
    const claude_event_t *held; /* that event */
    claude_go_item items[CLAUDE_GO_ITEMS];
} claude_go_batch;

/*
 * Takes what has happened to the calls of a loop. With `dispatch` it looks at the network first. As long as `needed` is
 * not 0 nothing else may be asked of the loop.
 *
 * Returns 1 there may be more, 0 nothing more now, negative: the loop cannot be used, `err` says why.
 */
claude_code_t claude_go_take(claude_loop_t *loop, claude_go_batch *batch, char *bytes, size_t capacity,
                             int32_t dispatch);

/* An answer in one piece of memory: JSON, request id, report, then each header's name and value with their NULs. */
typedef struct claude_go_answer {
    int32_t status;
    uint32_t limits; /* bits of the kinds of rate limits that the headers tell of */
    size_t json_len;
    size_t request_id_len;
    size_t report_len;
    size_t headers_len;
} claude_go_answer;

void claude_go_measure(const claude_response_t *response, claude_go_answer *out);
/* `bytes` has room for all lengths. */
void claude_go_copy(const claude_response_t *response, const claude_go_answer *measured, char *bytes);

enum { CLAUDE_GO_LIMITS = 6, CLAUDE_GO_FIGURES = 5 };

/* A kind of rate limits, NULL after the last one. */
const char *claude_go_limit_name(size_t index);
/* The figures of a kind, by CLAUDE_RATE_LIMIT_* less one. */
void claude_go_limit(const claude_response_t *response, size_t index, int64_t out[CLAUDE_GO_FIGURES]);

/* What there is to know of an attempt; texts are lent until its callback returns. */
typedef struct claude_go_attempt {
    int32_t phase;
    int32_t number;
    int32_t endpoint;
    claude_code_t code;
    int32_t http_status;
    int64_t duration_ms;
    int64_t first_event_ms;
    int64_t backoff_ms;
    int64_t limiter_wait_ms;
    int64_t input_tokens;
    int64_t output_tokens;
    const char *url;
    const char *method;
    const char *endpoint_name;
    const char *model;
    const char *request_id;
} claude_go_attempt;

/* claude_runner_step() and claude_runner_unref(), whose attempts are told with their runner. */
claude_code_t claude_go_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out,
                             claude_error_t **err);
void claude_go_close(claude_runner_t *runner);

void claude_go_view(const claude_attempt_t *attempt, claude_go_attempt *out);

/* What a line of a batch's results says; places are offsets into the line. */
typedef struct claude_go_result {
    int32_t type; /* CLAUDE_BATCH_* */
    size_t id;
    size_t id_len;
    size_t what;
    size_t what_len;
} claude_go_result;

claude_code_t claude_go_batch_result(const char *json, size_t len, claude_go_result *out, claude_error_t **err);

/* Callbacks that are functions of Go: `handle` is what cgo.NewHandle() gave, and is deleted when it is not needed. */
claude_code_t claude_go_on_deprecation(claude_config_t *config, uintptr_t handle, claude_error_t **err);
claude_code_t claude_go_on_attempt(claude_config_t *config, uintptr_t handle, claude_error_t **err);
claude_code_t claude_go_on_event(claude_request_t *request, uintptr_t handle, claude_error_t **err);
claude_code_t claude_go_on_log(claude_config_t *config, int32_t level, uintptr_t handle, claude_error_t **err);
claude_code_t claude_go_on_credential(claude_config_t *config, uintptr_t handle, claude_error_t **err);
claude_code_t claude_go_on_expiry(claude_secret_t *secret, int64_t lead_ms, uintptr_t handle, claude_error_t **err);
/* A handle of 0 removes the callback. */
claude_code_t claude_go_on_change(claude_watcher_t *watcher, uintptr_t handle, claude_error_t **err);

#endif
