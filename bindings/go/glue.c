#include "glue.h"

#include <string.h>

#include "_cgo_export.h"

/* Whether Go can tell the name of an event by its kind. */
static int32_t is_known(int32_t kind)
{
    switch (kind) {
    case CLAUDE_EVENT_MESSAGE_START:
    case CLAUDE_EVENT_MESSAGE_DELTA:
    case CLAUDE_EVENT_MESSAGE_STOP:
    case CLAUDE_EVENT_BLOCK_START:
    case CLAUDE_EVENT_BLOCK_STOP:
    case CLAUDE_EVENT_TEXT_DELTA:
    case CLAUDE_EVENT_THINKING_DELTA:
    case CLAUDE_EVENT_SIGNATURE_DELTA:
    case CLAUDE_EVENT_INPUT_JSON_DELTA:
    case CLAUDE_EVENT_CITATIONS_DELTA:
    case CLAUDE_EVENT_COMPACTION_DELTA:
    case CLAUDE_EVENT_OTHER_DELTA:
    case CLAUDE_EVENT_PING:
        return 1;
    default:
        return 0;
    }
}

/* Whether the text is a part of the JSON, so that it need not be copied again. */
static int32_t is_inside(const char *text, size_t text_len, const char *json, size_t json_len)
{
    uintptr_t from = (uintptr_t)text, start = (uintptr_t)json;

    return from >= start && from - start <= json_len && text_len <= json_len - (from - start);
}

/* Copies an event behind what is there. Returns 0, and says how much it needs, if there is no room. */
static int32_t put(claude_go_batch *batch, uint64_t tag, const claude_event_t *event, char *bytes, size_t capacity)
{
    claude_go_item *item = &batch->items[batch->count];
    const char *text = NULL, *json, *name = "";
    size_t text_bytes = 0, needed;

    item->tag = tag;
    item->text_len = 0;
    claude_event_view(event, &item->kind, &item->index, &text, &item->text_len);
    json = claude_event_json(event, &item->json_len);
    if (!is_known(item->kind))
        name = claude_event_name(event);
    item->name_len = (uint32_t)strlen(name);
    item->has_text = text != NULL;
    if (text && !is_inside(text, item->text_len, json, item->json_len))
        text_bytes = item->text_len;
    needed = item->json_len + text_bytes + item->name_len;
    if (needed > capacity - batch->used) {
        batch->needed = needed;
        batch->held = event;
        batch->held_tag = tag;
        return 0;
    }
    item->json = batch->used;
    memcpy(bytes + item->json, json, item->json_len);
    batch->used += item->json_len;
    item->text = batch->used;
    if (text_bytes)
        memcpy(bytes + item->text, text, text_bytes);
    else if (item->text_len)
        item->text = item->json + (size_t)(text - json);
    batch->used += text_bytes;
    item->name = batch->used;
    memcpy(bytes + item->name, name, item->name_len);
    batch->used += item->name_len;
    batch->count++;
    return 1;
}

static void put_end(claude_go_batch *batch, uint64_t tag)
{
    claude_go_item *item = &batch->items[batch->count++];

    memset(item, 0, sizeof *item);
    item->tag = tag;
}

claude_code_t claude_go_take(claude_loop_t *loop, claude_go_batch *batch, char *bytes, size_t capacity,
                             int32_t dispatch)
{
    const claude_event_t *event = batch->held;
    uint64_t tag = batch->held_tag;
    claude_code_t rc = event ? 1 : 0;

    batch->count = batch->used = batch->needed = 0;
    batch->held = NULL;
    if (dispatch && !event && (rc = claude_loop_dispatch(loop, &batch->err)) < 0)
        return rc;
    if (!event)
        rc = claude_loop_next(loop, &tag, &event, &batch->err);
    while (rc > 0) {
        if (rc == CLAUDE_DONE)
            put_end(batch, tag);
        else if (!put(batch, tag, event, bytes, capacity))
            return 1;
        if (batch->count == CLAUDE_GO_ITEMS)
            return 1;
        rc = claude_loop_next(loop, &tag, &event, &batch->err);
    }
    return rc;
}

static const char *const limit_names[CLAUDE_GO_LIMITS] = {
    "requests", "tokens", "input-tokens", "output-tokens", "priority-input-tokens", "priority-output-tokens"};

const char *claude_go_limit_name(size_t index)
{
    return index < CLAUDE_GO_LIMITS ? limit_names[index] : NULL;
}

/* What of a header's name follows a prefix of small letters and hyphens, or NULL. The locale has no say. */
static const char *behind(const char *name, const char *prefix)
{
    while (*prefix && (*name | 0x20) == *prefix) {
        name++;
        prefix++;
    }
    return *prefix ? NULL : name;
}

/* The bit of the kind of rate limits that a header tells of, or 0. */
static uint32_t limit_of(const char *header)
{
    const char *rest = behind(header, "anthropic-");
    const char *kind = rest ? behind(rest, "ratelimit-") : NULL;

    rest = kind ? kind : rest;
    for (size_t i = 0; rest && i < CLAUDE_GO_LIMITS; i++) {
        const char *end = behind(rest, limit_names[i]);
        if (end && *end == '-')
            return 1U << i;
    }
    return 0;
}

void claude_go_limit(const claude_response_t *response, size_t index, int64_t out[CLAUDE_GO_FIGURES])
{
    for (int32_t which = 1; which <= CLAUDE_GO_FIGURES; which++)
        out[which - 1] = claude_response_rate_limit(response, claude_go_limit_name(index), which);
}

void claude_go_measure(const claude_response_t *response, claude_go_answer *out)
{
    const char *name = NULL, *value = NULL, *id = claude_response_request_id(response);

    memset(out, 0, sizeof *out);
    out->status = claude_response_status(response);
    claude_response_json(response, &out->json_len);
    out->request_id_len = id ? strlen(id) : 0;
    claude_report_json(claude_response_report(response), &out->report_len);
    for (size_t i = 0; claude_response_header_at(response, i, &name, &value); i++) {
        out->headers_len += strlen(name) + strlen(value) + 2;
        out->limits |= limit_of(name);
    }
}

/* Copies a text with its NUL. Returns where the next one goes. */
static char *put_text(char *to, const char *text)
{
    size_t size = strlen(text) + 1;

    memcpy(to, text, size);
    return to + size;
}

void claude_go_copy(const claude_response_t *response, const claude_go_answer *measured, char *bytes)
{
    const char *name = NULL, *value = NULL;

    memcpy(bytes, claude_response_json(response, NULL), measured->json_len);
    bytes += measured->json_len;
    if (measured->request_id_len)
        memcpy(bytes, claude_response_request_id(response), measured->request_id_len);
    bytes += measured->request_id_len;
    if (measured->report_len)
        memcpy(bytes, claude_report_json(claude_response_report(response), NULL), measured->report_len);
    bytes += measured->report_len;
    for (size_t i = 0; claude_response_header_at(response, i, &name, &value); i++) {
        bytes = put_text(bytes, name);
        bytes = put_text(bytes, value);
    }
}

claude_code_t claude_go_batch_result(const char *json, size_t len, claude_go_result *out, claude_error_t **err)
{
    const char *id = json, *what = json;
    claude_code_t rc = claude_batch_result_slices(json, len, &out->type, &id, &out->id_len, &what, &out->what_len, err);

    out->id = (size_t)(id - json);
    out->what = (size_t)(what - json);
    return rc;
}

static void drop(void *handle)
{
    claude_go_drop((uintptr_t)handle);
}

static void on_deprecation(const char *model, const char *text, void *handle)
{
    claude_go_deprecated((char *)model, (char *)text, (uintptr_t)handle);
}

claude_code_t claude_go_on_deprecation(claude_config_t *config, uintptr_t handle, claude_error_t **err)
{
    return claude_config_on_deprecation(config, on_deprecation, (void *)handle, drop, err);
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *handle)
{
    (void)call;
    claude_go_event((claude_event_t *)event, (uintptr_t)handle);
    return 0;
}

claude_code_t claude_go_on_event(claude_request_t *request, uintptr_t handle, claude_error_t **err)
{
    return claude_request_on_event(request, on_event, (void *)handle, drop, err);
}

void claude_go_view(const claude_attempt_t *attempt, claude_go_attempt *out)
{
    out->phase = claude_attempt_phase(attempt);
    out->number = claude_attempt_number(attempt);
    out->endpoint = claude_attempt_endpoint(attempt);
    out->code = claude_attempt_code(attempt);
    out->http_status = claude_attempt_http_status(attempt);
    out->duration_ms = claude_attempt_duration_ms(attempt);
    out->first_event_ms = claude_attempt_first_event_ms(attempt);
    out->backoff_ms = claude_attempt_backoff_ms(attempt);
    out->limiter_wait_ms = claude_attempt_limiter_wait_ms(attempt);
    out->input_tokens = claude_attempt_input_tokens(attempt);
    out->output_tokens = claude_attempt_output_tokens(attempt);
    out->url = claude_attempt_url(attempt);
    out->method = claude_attempt_method(attempt);
    out->endpoint_name = claude_attempt_endpoint_name(attempt);
    out->model = claude_attempt_model(attempt);
    out->request_id = claude_attempt_request_id(attempt);
}

/* A runner makes its calls on the thread that is in one of its functions, and does not tell which they are. */
static _Thread_local claude_runner_t *busy;

claude_code_t claude_go_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out, claude_error_t **err)
{
    claude_code_t rc;

    busy = runner;
    rc = claude_runner_step(runner, timeout_ms, out, err);
    busy = NULL;
    return rc;
}

void claude_go_close(claude_runner_t *runner)
{
    busy = runner;
    claude_runner_unref(runner);
    busy = NULL;
}

static void on_attempt(claude_attempt_t *attempt, void *handle)
{
    claude_go_attempted(attempt, busy, (uintptr_t)handle);
}

claude_code_t claude_go_on_attempt(claude_config_t *config, uintptr_t handle, claude_error_t **err)
{
    return claude_config_on_attempt(config, on_attempt, (void *)handle, drop, err);
}

static void on_log(int32_t level, const char *event, const char *fields, size_t len, void *handle)
{
    claude_go_logged(level, (char *)event, (char *)fields, len, (uintptr_t)handle);
}

claude_code_t claude_go_on_log(claude_config_t *config, int32_t level, uintptr_t handle, claude_error_t **err)
{
    return claude_config_on_log(config, level, on_log, (void *)handle, drop, err);
}

static int32_t on_credential(claude_credential_t *credential, void *handle)
{
    return claude_go_credential(credential, busy, (uintptr_t)handle);
}

claude_code_t claude_go_on_credential(claude_config_t *config, uintptr_t handle, claude_error_t **err)
{
    return claude_config_set_credential_provider(config, on_credential, (void *)handle, drop, err);
}

static void on_expiry(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *handle)
{
    claude_go_expires((char *)fingerprint, expires_at_ms, left_ms, (uintptr_t)handle);
}

claude_code_t claude_go_on_expiry(claude_secret_t *secret, int64_t lead_ms, uintptr_t handle, claude_error_t **err)
{
    return claude_secret_on_expiry(secret, lead_ms, on_expiry, (void *)handle, drop, err);
}

static void on_change(claude_watcher_t *watcher, int64_t generation, void *handle)
{
    (void)watcher;
    claude_go_changed(generation, (uintptr_t)handle);
}

claude_code_t claude_go_on_change(claude_watcher_t *watcher, uintptr_t handle, claude_error_t **err)
{
    if (handle == 0)
        return claude_watcher_on_change(watcher, NULL, NULL, NULL, err);
    return claude_watcher_on_change(watcher, on_change, (void *)handle, drop, err);
}
