/*
 * claude.i - libclaude for the languages of SWIG, out of the real headers.
 *
 *     swig -lua -module claude_core -Icapi/include -Iswig swig/claude.i        (-perl5, -ruby, -tcl8)
 *
 * What is the same for all languages is here. Each language has a file of its own that fills in these typemaps:
 *
 *     claude_error_t **err                 no input; where the result is negative, raise the language's error
 *     claude_code_t                        result: nothing, the error says all
 *     claude_code_t CODE                   result: the integer
 *     SWIGTYPE **MADE                      no input; output: a handle that the language owns
 *     const claude_event_t **event         no input; output: a copy of the event that the language owns, or nothing
 *     SWIGTYPE *CLOSED                     input: a handle that is taken away from the language's object, which holds
 *                                          NULL from then on
 *     (const char *TEXT, size_t LENGTH)    input: a string, NULs included
 *     (const char *MAYBE, size_t LENGTH)   the same, or nothing for NULL
 *     (const void *BYTES, size_t LENGTH)   input: bytes, which need not be text
 *     const char *SIZED                    result: nothing, size_t *SIZE does it
 *     size_t *SIZE                         no input; output: the function's `result` with this length, or nothing
 *     (const char **TEXT, size_t *LENGTH)  no input; output: a string with its length, or nothing
 *     (const char **BYTES, size_t *LENGTH) no input; output: bytes, which need not be text, or nothing
 *     const char **NAME                    no input; output: a string, or nothing
 *     int32_t *NUMBER, int64_t *NUMBER, uint64_t *NUMBER, size_t *NUMBER    no input; output: the integer
 *     const char *                         input: a string in which a NUL is an error, or nothing for NULL; result too
 *     int32_t, uint32_t, int64_t, uint64_t, size_t    integers, exact or an error
 */
%module claude

%{
#include <claude/claude.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* News of deprecations, from the library's callback to the program: see claude_notices_new(). */
struct claude_notice {
    struct claude_notice *next;
    const char *text;
    char model[];
};
typedef struct claude_notices {
    struct claude_notice *first;
    struct claude_notice *taken; /* by claude_notices_take(), which lends it */
    int holders;                 /* the program, and the configuration with its clients */
} claude_notices_t;

static void claude_notices_unref(claude_notices_t *notices)
{
    struct claude_notice *next = NULL;

    if (notices == NULL || --notices->holders > 0)
        return;
    free(notices->taken);
    for (; notices->first != NULL; notices->first = next) {
        next = notices->first->next;
        free(notices->first);
    }
    free(notices);
}

static void claude_notices_drop(void *notices)
{
    claude_notices_unref((claude_notices_t *)notices);
}

static void claude_notices_add(const char *model, const char *text, void *data)
{
    struct claude_notice **last = &((claude_notices_t *)data)->first;
    size_t size = strlen(model) + 1, len = strlen(text) + 1;
    struct claude_notice *notice = (struct claude_notice *)malloc(sizeof *notice + size + len);

    if (notice == NULL)
        return;
    while (*last != NULL)
        last = &(*last)->next;
    memcpy(notice->model, model, size);
    notice->text = (const char *)memcpy(notice->model + size, text, len);
    notice->next = NULL;
    *last = notice;
}

/* News of attempts, the same way: see claude_attempts_new(). */
static const char *const claude_attempt_texts[] = {"url",   "method",     "endpoint_name",
                                                   "model", "request_id", "traceparent"};
static const char *const claude_attempt_numbers[] = {
    "phase",          "call",       "number",          "endpoint",     "code",         "http_status", "duration_ms",
    "first_event_ms", "backoff_ms", "limiter_wait_ms", "input_tokens", "output_tokens"};

enum {
    CLAUDE_ATTEMPT_TEXTS = sizeof claude_attempt_texts / sizeof claude_attempt_texts[0],
    CLAUDE_ATTEMPT_NUMBERS = sizeof claude_attempt_numbers / sizeof claude_attempt_numbers[0]
};

/* In the order of the names. */
struct claude_attempt_note {
    struct claude_attempt_note *next;
    int64_t numbers[CLAUDE_ATTEMPT_NUMBERS];
    const char *texts[CLAUDE_ATTEMPT_TEXTS];
    char room[];
};
typedef struct claude_attempts {
    struct claude_attempt_note *first;
    struct claude_attempt_note *last;
    struct claude_attempt_note *taken; /* by claude_attempts_take(), which lends it */
    size_t count, most;
    int64_t dropped;
    int holders; /* the program, and the configuration with its clients */
} claude_attempts_t;

static void claude_attempts_forget_first(claude_attempts_t *attempts)
{
    struct claude_attempt_note *first = attempts->first;

    attempts->first = first->next;
    attempts->count--;
    free(first);
}

static void claude_attempts_unref(claude_attempts_t *attempts)
{
    if (attempts == NULL || --attempts->holders > 0)
        return;
    while (attempts->first != NULL)
        claude_attempts_forget_first(attempts);
    free(attempts->taken);
    free(attempts);
}

static void claude_attempts_drop(void *attempts)
{
    claude_attempts_unref((claude_attempts_t *)attempts);
}

static struct claude_attempt_note *claude_attempts_copy(const char *const texts[CLAUDE_ATTEMPT_TEXTS])
{
    struct claude_attempt_note *note = NULL;
    size_t size = 0, used = 0, text = 0;

    for (text = 0; text < CLAUDE_ATTEMPT_TEXTS; text++)
        size += texts[text] != NULL ? strlen(texts[text]) + 1 : 0;
    note = (struct claude_attempt_note *)calloc(1, sizeof *note + size);
    for (text = 0; note != NULL && text < CLAUDE_ATTEMPT_TEXTS; text++) {
        if (texts[text] == NULL)
            continue;
        size = strlen(texts[text]) + 1;
        note->texts[text] = (const char *)memcpy(note->room + used, texts[text], size);
        used += size;
    }
    return note;
}

static void claude_attempts_add(claude_attempt_t *attempt, void *data)
{
    claude_attempts_t *attempts = (claude_attempts_t *)data;
    const char *const texts[CLAUDE_ATTEMPT_TEXTS] = {
        claude_attempt_url(attempt),   claude_attempt_method(attempt),     claude_attempt_endpoint_name(attempt),
        claude_attempt_model(attempt), claude_attempt_request_id(attempt), claude_attempt_header(attempt, "traceparent")};
    const int64_t numbers[CLAUDE_ATTEMPT_NUMBERS] = {
        claude_attempt_phase(attempt),        (int64_t)(intptr_t)claude_attempt_call(attempt),
        claude_attempt_number(attempt),       claude_attempt_endpoint(attempt),
        claude_attempt_code(attempt),         claude_attempt_http_status(attempt),
        claude_attempt_duration_ms(attempt),  claude_attempt_first_event_ms(attempt),
        claude_attempt_backoff_ms(attempt),   claude_attempt_limiter_wait_ms(attempt),
        claude_attempt_input_tokens(attempt), claude_attempt_output_tokens(attempt)};
    struct claude_attempt_note *note = claude_attempts_copy(texts);

    if (note == NULL) {
        attempts->dropped++;
        return;
    }
    memcpy(note->numbers, numbers, sizeof numbers);
    if (attempts->count == 0)
        attempts->first = note;
    else
        attempts->last->next = note;
    attempts->last = note;
    attempts->count++;
    if (attempts->count > attempts->most) {
        claude_attempts_forget_first(attempts);
        attempts->dropped++;
    }
}

/* Log lines, and news of keys that run out, the same way: see claude_logs_new() and claude_expiries_new(). */
struct claude_news_note {
    struct claude_news_note *next;
    int64_t number, other;
    const char *text;
    size_t len;
    char name[];
};
typedef struct claude_news {
    struct claude_news_note *first;
    struct claude_news_note *last;
    struct claude_news_note *taken; /* by claude_news_take(), which lends it */
    size_t count, most;
    int64_t dropped;
    int holders; /* the program, and each that brings news */
} claude_news_t;

static void claude_news_forget_first(claude_news_t *news)
{
    struct claude_news_note *first = news->first;

    news->first = first->next;
    news->count--;
    free(first);
}

static void claude_news_unref(claude_news_t *news)
{
    if (news == NULL || --news->holders > 0)
        return;
    while (news->first != NULL)
        claude_news_forget_first(news);
    free(news->taken);
    free(news);
}

static void claude_news_drop(void *news)
{
    claude_news_unref((claude_news_t *)news);
}

static claude_news_t *claude_news_make(size_t most)
{
    claude_news_t *news = (claude_news_t *)calloc(1, sizeof *news);

    if (news != NULL) {
        news->most = most;
        news->holders = 1;
    }
    return news;
}

static void claude_news_add(claude_news_t *news, const char *name, const char *text, size_t len, int64_t number,
                            int64_t other)
{
    size_t size = strlen(name) + 1;
    struct claude_news_note *note = (struct claude_news_note *)malloc(sizeof *note + size + len + 1);

    if (note == NULL) {
        news->dropped++;
        return;
    }
    memcpy(note->name, name, size);
    memcpy(note->name + size, text, len);
    note->name[size + len] = '\0';
    note->text = note->name + size;
    note->len = len;
    note->number = number;
    note->other = other;
    note->next = NULL;
    if (news->count == 0)
        news->first = note;
    else
        news->last->next = note;
    news->last = note;
    news->count++;
    if (news->count > news->most) {
        claude_news_forget_first(news);
        news->dropped++;
    }
}

static void claude_logs_add(int32_t level, const char *event, const char *fields, size_t len, void *data)
{
    claude_news_add((claude_news_t *)data, event, fields, len, level, 0);
}

static void claude_expiries_add(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *data)
{
    claude_news_add((claude_news_t *)data, fingerprint, "", 0, expires_at_ms, left_ms);
}
%}
typedef struct claude_notices claude_notices_t;
typedef struct claude_attempts claude_attempts_t;
typedef struct claude_news claude_news_t;

#if defined(SWIGLUA)
%include "lua.i"
#elif defined(SWIGPERL)
%include "perl.i"
#elif defined(SWIGRUBY)
%include "ruby.i"
#elif defined(SWIGTCL)
%include "tcl.i"
#else
/* Yours, from the include path: see docs/swig.md. */
%include "language.i"
#endif

/* Callbacks are left out: a language's code must not run, and fail, below a C function. Events are pulled, news of
   deprecations, of attempts, log lines and keys that run out are fetched (claude_notices_take, claude_attempts_take,
   claude_news_take), a watcher's generation tells of changes, a runner's calls of tools are handed out and answered. A
   provider of credentials is the one that has to answer at once: lua.i has one, which lets no failure through. */
%ignore claude_request_on_event;
%ignore claude_config_on_deprecation;
%ignore claude_config_on_attempt;
%rename("$ignore", regextarget = 1) "^claude_attempt_";
%ignore claude_config_on_sign;
%rename("$ignore", regextarget = 1) "^claude_sign_";
%ignore claude_secret_on_audit;
%ignore claude_secret_on_expiry;
%ignore claude_config_on_log;
%ignore claude_watcher_on_change;
%ignore claude_config_set_credential_provider;
%rename("$ignore", regextarget = 1) "^claude_credential_";
%rename("$ignore", regextarget = 1) "^claude_runner_result_";
%define CLAUDE_NO_CALLBACK(type)
%typemap(in, numinputs = 0, noblock = 1) (type fn, void *user_data, claude_destroy_fn destroy)
{
    $1 = NULL;
    $2 = NULL;
    $3 = NULL;
}
%enddef
CLAUDE_NO_CALLBACK(claude_batch_progress_fn)
CLAUDE_NO_CALLBACK(claude_parse_fn)
CLAUDE_NO_CALLBACK(claude_tool_fn)

/* Arrays of C are left out: JSON, or the functions that add one thing at a time, do the same. */
%ignore claude_block_document_content;
%ignore claude_block_search_result;
%ignore claude_request_add_blocks;
%ignore claude_request_add_user_with_images;
%ignore claude_request_set_system_blocks;
%ignore claude_skill_create_request;
%ignore claude_tool_with_properties;

/* Written anew below, without room that the caller has to have; and for bytes. */
%ignore claude_call_read;
%ignore claude_curl_body;

/* What the language counts itself, and what makes sense in C only. */
%rename("$ignore", regextarget = 1) "^claude_[a-z_]+_ref$";
%ignore CLAUDE_API;
%ignore CLAUDE_DEPRECATED_FOR;
%ignore CLAUDE_NTS;

/* Handles. The language's collector drops its reference; claude_x_unref() does so at once, and twice is harmless. */
%define CLAUDE_HANDLE(name)
%nodefaultctor claude_##name;
struct claude_##name {
};
%extend claude_##name {
    ~claude_##name()
    {
        claude_##name##_unref($self);
    }
}
%apply SWIGTYPE **MADE { claude_##name##_t **out, claude_##name##_t **page };
void claude_##name##_unref(claude_##name##_t *CLOSED);
%enddef

CLAUDE_HANDLE(error)
CLAUDE_HANDLE(config)
CLAUDE_HANDLE(secret)
CLAUDE_HANDLE(client)
CLAUDE_HANDLE(request)
CLAUDE_HANDLE(call)
CLAUDE_HANDLE(loop)
CLAUDE_HANDLE(event)
CLAUDE_HANDLE(response)
CLAUDE_HANDLE(file)
CLAUDE_HANDLE(block)
CLAUDE_HANDLE(tool)
CLAUDE_HANDLE(problems)
CLAUDE_HANDLE(pages)
CLAUDE_HANDLE(batch_builder)
CLAUDE_HANDLE(runner)
CLAUDE_HANDLE(models)
CLAUDE_HANDLE(stream_message)
CLAUDE_HANDLE(partial)
CLAUDE_HANDLE(text_buffer)
CLAUDE_HANDLE(notices)
CLAUDE_HANDLE(breaker)
CLAUDE_HANDLE(limiter)
CLAUDE_HANDLE(reservation)
CLAUDE_HANDLE(failover)
CLAUDE_HANDLE(health)
CLAUDE_HANDLE(report)
CLAUDE_HANDLE(metrics)
CLAUDE_HANDLE(attempts)
CLAUDE_HANDLE(news)
CLAUDE_HANDLE(quota)
CLAUDE_HANDLE(quota_reservation)
CLAUDE_HANDLE(watcher)
CLAUDE_HANDLE(trail)
CLAUDE_HANDLE(curl)
CLAUDE_HANDLE(diagnostics)
CLAUDE_HANDLE(selftest)

/* What C lends, the language holds: it may look at it after the lender has gone. */
%define CLAUDE_LENT(function, type)
%newobject claude_##function;
%exception claude_##function {
    $action
    result = claude_##type##_ref((claude_##type##_t *)result);
}
%enddef

CLAUDE_LENT(error_cause, error)
CLAUDE_LENT(error_response, response)
CLAUDE_LENT(call_report, report)
CLAUDE_LENT(error_report, report)
CLAUDE_LENT(response_report, report)
CLAUDE_LENT(runner_message, response)
CLAUDE_LENT(runner_request, request)

/* What is handed over as a result. */
%newobject claude_client_secret;

/* Codes that say more than success. */
%define CLAUDE_TELLING_CODE(function)
%apply claude_code_t CODE { claude_code_t function };
%enddef

CLAUDE_TELLING_CODE(claude_batch_wait)
CLAUDE_TELLING_CODE(claude_client_validate)
CLAUDE_TELLING_CODE(claude_code_at)
CLAUDE_TELLING_CODE(claude_compress)
CLAUDE_TELLING_CODE(claude_decompress)
CLAUDE_TELLING_CODE(claude_error_code)
CLAUDE_TELLING_CODE(claude_call_next)
CLAUDE_TELLING_CODE(claude_call_pull)
CLAUDE_TELLING_CODE(claude_call_read_some)
CLAUDE_TELLING_CODE(claude_call_wait)
CLAUDE_TELLING_CODE(claude_loop_dispatch)
CLAUDE_TELLING_CODE(claude_loop_next)
CLAUDE_TELLING_CODE(claude_loop_pull)
CLAUDE_TELLING_CODE(claude_loop_wait)
CLAUDE_TELLING_CODE(claude_page_next)
CLAUDE_TELLING_CODE(claude_page_previous)
CLAUDE_TELLING_CODE(claude_pages_next)
CLAUDE_TELLING_CODE(claude_pages_next_item)
CLAUDE_TELLING_CODE(claude_report_attempt_code)
CLAUDE_TELLING_CODE(claude_request_validate)
CLAUDE_TELLING_CODE(claude_runner_run)
CLAUDE_TELLING_CODE(claude_runner_step)

/* Results whose length is an output of its own. */
%define CLAUDE_SIZED(function)
%apply const char *SIZED { const char *function };
%enddef

CLAUDE_SIZED(claude_block_to_json)
CLAUDE_SIZED(claude_curl_text)
CLAUDE_SIZED(claude_diagnostics_json)
CLAUDE_SIZED(claude_error_json)
CLAUDE_SIZED(claude_event_json)
CLAUDE_SIZED(claude_event_text)
CLAUDE_SIZED(claude_health_json)
CLAUDE_SIZED(claude_metrics_json)
CLAUDE_SIZED(claude_metrics_prometheus)
CLAUDE_SIZED(claude_model_text)
CLAUDE_SIZED(claude_models_json)
CLAUDE_SIZED(claude_option_json)
CLAUDE_SIZED(claude_partial_json)
CLAUDE_SIZED(claude_problems_json)
CLAUDE_SIZED(claude_report_json)
CLAUDE_SIZED(claude_request_json)
CLAUDE_SIZED(claude_response_json)
CLAUDE_SIZED(claude_response_string)
CLAUDE_SIZED(claude_response_text)
CLAUDE_SIZED(claude_secret_expose)
CLAUDE_SIZED(claude_selftest_json)
CLAUDE_SIZED(claude_stream_message_block_at)
CLAUDE_SIZED(claude_stream_message_json)
CLAUDE_SIZED(claude_stream_message_text)
CLAUDE_SIZED(claude_text_buffer_flush)
CLAUDE_SIZED(claude_text_buffer_take)
CLAUDE_SIZED(claude_tool_to_json)
CLAUDE_SIZED(claude_trail_json)

%apply (const char *TEXT, size_t LENGTH) {
    (const char *text, size_t len), (const char *json, size_t len), (const char *user_id, size_t len),
    (const char *params, size_t len), (const char *data, size_t len), (const char *input, size_t len),
    (const char *thinking, size_t len), (const char *schema, size_t len),
    (const char *value, size_t value_len), (const char *block, size_t len), (const char *signature, size_t len),
    (const char *partial_json, size_t len), (const char *citation, size_t len), (const char *message, size_t len)
};
%apply (const char *MAYBE, size_t LENGTH) {
    (const char *usage, size_t len), (const char *fields, size_t len), (const char *initial, size_t len)
};
%apply (const void *BYTES, size_t LENGTH) { (const void *bytes, size_t len), (const char *bytes, size_t len) };
%apply size_t *SIZE { size_t *len };
%apply (const char **TEXT, size_t *LENGTH) {
    (const char **text, size_t *len), (const char **json, size_t *len), (const char **json, size_t *json_len),
    (const char **input, size_t *len), (const char **id, size_t *id_len), (const char **what, size_t *what_len)
};
%apply (const char **BYTES, size_t *LENGTH) { (const char **bytes, size_t *len) };
%apply const char **NAME {
    const char **name, const char **value, const char **id, const char **text, const char **model, const char **unit,
    const char **help, const char **otel_name, const char **operation, const char **fingerprint, const char **module
};
%apply int32_t *NUMBER { int32_t *type, int32_t *index, int32_t *kind, int32_t *state, int32_t *changed };
%apply int64_t *NUMBER {
    int64_t *upper_bound, int64_t *count, int64_t *response_ms, int64_t *time_ms, int64_t *thread, int64_t *number,
    int64_t *other
};
%apply uint64_t *NUMBER { uint64_t *tag, uint64_t *events, uint64_t *anomalies, uint64_t *permit, uint64_t *offset };
%apply size_t *NUMBER { size_t *index, size_t *frames };

%include <claude/types.h>
%include <claude/error.h>
%include <claude/config.h>
%include <claude/secret.h>
%include <claude/client.h>
%include <claude/event.h>
%include <claude/request.h>
%include <claude/response.h>
%include <claude/call.h>
%include <claude/loop.h>
%include <claude/endpoint.h>
%include <claude/file.h>
%include <claude/block.h>
%include <claude/tool.h>
%include <claude/message.h>
%include <claude/validate.h>
%include <claude/answer.h>
%include <claude/model.h>
%include <claude/page.h>
%include <claude/batch.h>
%include <claude/skill.h>
%include <claude/runner.h>
%include <claude/stream.h>
%include <claude/partial.h>
%include <claude/text_buffer.h>
%include <claude/breaker.h>
%include <claude/limiter.h>
%include <claude/failover.h>
%include <claude/health.h>
%include <claude/report.h>
%include <claude/metrics.h>
%include <claude/observe.h>
%include <claude/quota.h>
%include <claude/compression.h>
%include <claude/watcher.h>
%include <claude/diag.h>
%include <claude/trail.h>
%include <claude/credential.h>
/* Without a schema an answer is only parsed. */
%apply (const char *MAYBE, size_t LENGTH) { (const char *schema, size_t schema_len) };
%include <claude/schema.h>

/* An event and all that is in it, in one crossing of the border and with no copy in C. */
%inline %{
/* claude_call_next(); without an event the type is 0, the index -1, and there is no text and no JSON. */
static claude_code_t claude_call_pull(claude_call_t *call, int64_t timeout_ms, int32_t *type, int32_t *index,
                                      const char **text, size_t *len, const char **json, size_t *json_len,
                                      claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_call_next(call, timeout_ms, &event, err);

    *index = -1;
    if (claude_event_view(event, type, index, text, len))
        *json = claude_event_json(event, json_len);
    return rc;
}

/* claude_loop_next(), the same way. */
static claude_code_t claude_loop_pull(claude_loop_t *loop, uint64_t *tag, int32_t *type, int32_t *index,
                                      const char **text, size_t *len, const char **json, size_t *json_len,
                                      claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_loop_next(loop, tag, &event, err);

    *index = -1;
    if (claude_event_view(event, type, index, text, len))
        *json = claude_event_json(event, json_len);
    return rc;
}

/* claude_call_read() of at most `size` bytes, and never more than 64 KiB; nothing where it has read nothing. */
static claude_code_t claude_call_read_some(claude_call_t *call, size_t size, int64_t timeout_ms, const char **bytes,
                                           size_t *len, claude_error_t **err)
{
    static _Thread_local char room[65536];
    claude_code_t rc = claude_call_read(call, room, size < sizeof room ? size : sizeof room, timeout_ms, len, err);

    *bytes = rc == 1 ? room : NULL;
    return rc;
}

/* claude_config_on_deprecation() for a program that fetches the news itself: a queue that the configuration, and the
   clients made from it, fill on the thread that starts a call. */
static claude_code_t claude_notices_new(claude_config_t *config, claude_notices_t **out, claude_error_t **err)
{
    claude_notices_t *notices = (claude_notices_t *)calloc(1, sizeof *notices);
    claude_code_t rc = 0;

    if (notices == NULL)
        return CLAUDE_E_NOMEM;
    notices->holders = 2;
    rc = claude_config_on_deprecation(config, claude_notices_add, notices, claude_notices_drop, err);
    if (rc < 0)
        claude_notices_unref(notices);
    else
        *out = notices;
    return rc;
}

/* The next piece of news, nothing if there is none: what is valid until the next call of this function. */
static void claude_notices_take(claude_notices_t *notices, const char **model, const char **text)
{
    struct claude_notice *next = NULL;

    if (notices == NULL || notices->first == NULL)
        return;
    next = notices->first;
    notices->first = next->next;
    free(notices->taken);
    notices->taken = next;
    *model = next->model;
    *text = next->text;
}

/* claude_config_on_attempt(), the same way: each attempt of a call is there twice, as it starts and as it ends. Of what
   nobody takes the newest `most` are kept. */
static claude_code_t claude_attempts_new(claude_config_t *config, size_t most, claude_attempts_t **out,
                                         claude_error_t **err)
{
    claude_attempts_t *attempts = (claude_attempts_t *)calloc(1, sizeof *attempts);
    claude_code_t rc = 0;

    if (attempts == NULL)
        return CLAUDE_E_NOMEM;
    attempts->most = most;
    attempts->holders = 2;
    rc = claude_config_on_attempt(config, claude_attempts_add, attempts, claude_attempts_drop, err);
    if (rc < 0)
        claude_attempts_unref(attempts);
    else
        *out = attempts;
    return rc;
}

/* Goes on to the next piece of news: 1, or 0 if there is none. The two functions below tell what it says, until the
   next call of this one. */
static int32_t claude_attempts_take(claude_attempts_t *attempts)
{
    struct claude_attempt_note *next = attempts != NULL ? attempts->first : NULL;

    if (next == NULL)
        return 0;
    attempts->first = next->next;
    attempts->count--;
    free(attempts->taken);
    attempts->taken = next;
    return 1;
}

/* "url", "method", "endpoint_name", "model", "request_id", and when it starts "traceparent", as claude_attempt_...()
   says it; nothing where there is none. */
static const char *claude_attempts_text(claude_attempts_t *attempts, const char *name)
{
    size_t at = 0;

    for (at = 0; name != NULL && attempts != NULL && attempts->taken != NULL && at < CLAUDE_ATTEMPT_TEXTS; at++) {
        if (strcmp(name, claude_attempt_texts[at]) == 0)
            return attempts->taken->texts[at];
    }
    return NULL;
}

/* "phase", "number", "endpoint", "code", "http_status", "duration_ms", "first_event_ms", "backoff_ms",
   "limiter_wait_ms", "input_tokens", "output_tokens", as claude_attempt_...() says it; -1 for other names. "call" is the
   same number for all attempts of a call, and another one's only when that has ended. "dropped", at any time: how many
   pieces of news were not kept. */
static int64_t claude_attempts_number(claude_attempts_t *attempts, const char *name)
{
    size_t at = 0;

    if (attempts != NULL && name != NULL && strcmp(name, "dropped") == 0)
        return attempts->dropped;
    for (at = 0; name != NULL && attempts != NULL && attempts->taken != NULL && at < CLAUDE_ATTEMPT_NUMBERS; at++) {
        if (strcmp(name, claude_attempt_numbers[at]) == 0)
            return attempts->taken->numbers[at];
    }
    return -1;
}

/* The same queue for another configuration: one that is to be a snapshot of the same client. */
static claude_code_t claude_notices_join(claude_notices_t *notices, claude_config_t *config, claude_error_t **err)
{
    if (notices == NULL)
        return claude_config_on_deprecation(config, NULL, NULL, NULL, err);
    notices->holders++; /* which goes with a failure, too */
    return claude_config_on_deprecation(config, claude_notices_add, notices, claude_notices_drop, err);
}

static claude_code_t claude_attempts_join(claude_attempts_t *attempts, claude_config_t *config, claude_error_t **err)
{
    if (attempts == NULL)
        return claude_config_on_attempt(config, NULL, NULL, NULL, err);
    attempts->holders++;
    return claude_config_on_attempt(config, claude_attempts_add, attempts, claude_attempts_drop, err);
}

/* claude_config_on_log() for a program that fetches the lines itself, up to a level of CLAUDE_LOG_...; of what nobody
   takes the newest `most` are kept. */
static claude_code_t claude_logs_join(claude_news_t *news, claude_config_t *config, int32_t level, claude_error_t **err)
{
    if (news == NULL)
        return claude_config_on_log(config, level, NULL, NULL, NULL, err);
    news->holders++;
    return claude_config_on_log(config, level, claude_logs_add, news, claude_news_drop, err);
}

static claude_code_t claude_logs_new(claude_config_t *config, int32_t level, size_t most, claude_news_t **out,
                                     claude_error_t **err)
{
    claude_news_t *news = claude_news_make(most);
    claude_code_t rc = 0;

    if (news == NULL)
        return CLAUDE_E_NOMEM;
    rc = claude_logs_join(news, config, level, err);
    if (rc < 0)
        claude_news_unref(news);
    else
        *out = news;
    return rc;
}

/* claude_secret_on_expiry(), the same way. */
static claude_code_t claude_expiries_new(claude_secret_t *secret, int64_t lead_ms, claude_news_t **out,
                                         claude_error_t **err)
{
    claude_news_t *news = claude_news_make(16);
    claude_code_t rc = 0;

    if (news == NULL)
        return CLAUDE_E_NOMEM;
    news->holders++;
    rc = claude_secret_on_expiry(secret, lead_ms, claude_expiries_add, news, claude_news_drop, err);
    if (rc < 0)
        claude_news_unref(news);
    else
        *out = news;
    return rc;
}

/* The next of what a queue holds: 1, or 0 if there is nothing. Of a log line its event, its fields as JSON, and its
   level; of a key that runs out its fingerprint, when that is, and how many milliseconds were left. */
static int32_t claude_news_take(claude_news_t *news, const char **name, const char **json, size_t *len, int64_t *number,
                                int64_t *other)
{
    struct claude_news_note *next = news != NULL ? news->first : NULL;

    if (next == NULL)
        return 0;
    news->first = next->next;
    news->count--;
    free(news->taken);
    news->taken = next;
    *name = next->name;
    *json = next->text;
    *len = next->len;
    *number = next->number;
    *other = next->other;
    return 1;
}

/* How much was not kept. */
static int64_t claude_news_dropped(claude_news_t *news)
{
    return news != NULL ? news->dropped : 0;
}

/* Whether there may be more: 1 while a secret, a configuration or a client brings it. */
static int32_t claude_news_goes_on(claude_news_t *news)
{
    return news != NULL && news->holders > 1;
}

/* claude_response_json() for what need not be text: what claude_compress() has made. */
static void claude_response_bytes(claude_response_t *response, const char **bytes, size_t *len)
{
    *bytes = claude_response_json(response, len);
}

/* claude_curl_body(). */
static void claude_curl_bytes(claude_curl_t *curl, const char **bytes, size_t *len)
{
    *bytes = (const char *)claude_curl_body(curl, len);
}
%}
