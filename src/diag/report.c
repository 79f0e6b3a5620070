/*
 * report.c - what can be said of a client, as JSON. Options that were set are shown, but for what could be a secret: of
 * URLs neither user nor password, of headers the names, of the key its fingerprint.
 */
#include <stdlib.h>

#include "diag/diag.h"

enum { REPORT_MAX = 8 * 1024 * 1024, TEXT_SHOWN = 1023 };

typedef struct writer {
    cl_buf *out;
    int rc; /* CL_BUF_* */
    claude_client_t *handle;
    cl_str build;
} writer;

static void add(writer *w, int rc)
{
    if (w->rc == CL_BUF_OK)
        w->rc = rc;
}

static void put(writer *w, const char *text)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_buf_append_text(w->out, text);
}

static void key(writer *w, const char *name)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_json_write_key(w->out, cl_str_of(name));
}

/* As an error message would show it: without keys, and valid as JSON whatever it is. NULL is null. */
static void string(writer *w, const char *text)
{
    CL_UNINITIALIZED char shown[TEXT_SHOWN + 1];

    if (!text) {
        put(w, "null");
        return;
    }
    cl_err_copy_text(shown, sizeof shown, cl_str_of(text));
    add(w, cl_json_write_string(w->out, cl_str_of(shown)));
}

static void put_text(writer *w, const char *name, const char *text)
{
    key(w, name);
    string(w, text);
}

static void put_int(writer *w, const char *name, int64_t value)
{
    key(w, name);
    add(w, cl_buf_append_int(w->out, value));
}

static void comma(writer *w)
{
    char last = w->out->len > 0 ? w->out->ptr[w->out->len - 1] : '[';

    if (last != '[' && last != '{')
        put(w, ",");
}

/* What was written elsewhere. Names of models in it are the program's: nothing in them is taken for granted. */
static void put_json(writer *w, cl_str json)
{
    size_t size = json.len + json.len / 4 + 1; /* what stands in for a key may be longer than a short one */
    char *shown;

    if (!cl_secret_suspected(json)) {
        add(w, cl_buf_append_str(w->out, json));
        return;
    }
    shown = malloc(size);
    if (!shown) {
        add(w, CL_BUF_NOMEM);
        return;
    }
    cl_err_copy_text(shown, size, json);
    put(w, shown);
    free(shown);
}

/* ---- sections: each writes one value ---- */

static void put_build(writer *w, claude_client_t *client)
{
    (void)client;
    add(w, cl_buf_append_str(w->out, w->build));
}

static void put_libcurl(writer *w, claude_client_t *client)
{
    const char *name;

    put(w, "{");
    key(w, "features");
    put(w, "[");
    for (size_t i = 0; cl_http_feature_at(i, &name); i++) {
        comma(w);
        string(w, name);
    }
    put(w, "]");
    key(w, "quirks");
    put(w, "[");
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if (!(client->http.quirks & bit))
            continue;
        comma(w);
        string(w, cl_quirk_name(bit));
    }
    put(w, "]}");
}

static void put_option(writer *w, const cl_option_row *row, cl_option option, const char *value)
{
    cl_buf url = CL_BUF_INIT(REPORT_MAX);
    bool had_user;

    key(w, row->name);
    if (row->type == CL_TYPE_INTEGER || row->type == CL_TYPE_BOOLEAN || row->type == CL_TYPE_NUMBER) {
        put(w, value);
    } else if (option == CL_OPT_PROXY) {
        add(w, cl_proxy_without_user(cl_str_of(value), &url, &had_user));
        string(w, url.ptr);
    } else {
        string(w, value);
    }
    cl_buf_free(&url);
}

/* Those that are not as they are by default. */
static void put_options(writer *w, claude_client_t *client)
{
    const cl_options *options = client->config->options;

    put(w, "{");
    for (size_t i = 0; i < CL_OPT_COUNT; i++) {
        const cl_option_row *row = cl_option_row_at(i);
        const char *value = cl_option_text(NULL, options, (cl_option)i);
        if (strcmp(value, row->initial) != 0)
            put_option(w, row, (cl_option)i, value);
    }
    put(w, "}");
}

static void put_headers(writer *w, claude_client_t *client)
{
    const cl_headers *headers = &client->config->headers;

    put(w, "[");
    for (size_t i = 0; i < headers->count; i++) {
        comma(w);
        string(w, headers->items[i].name);
    }
    put(w, "]");
}

static void put_key(writer *w, claude_client_t *client)
{
    claude_secret_t *secret = cl_client_secret(client, -1);

    if (!secret) {
        put(w, "null");
        return;
    }
    put(w, "{");
    put_text(w, "fingerprint", cl_secret_fingerprint(secret));
    put_text(w, "style", cl_option_text(NULL, client->config->options, CL_OPT_AUTH_STYLE));
    put(w, "}");
    cl_secret_unref(secret);
}

static void put_callbacks(writer *w, claude_client_t *client)
{
    const claude_config_t *config = client->config;
    const struct {
        const char *name;
        const cl_hook *hook;
    } rows[] = {{"sign", config->sign},
                {"deprecation", config->deprecation},
                {"attempt", config->attempt},
                {"log", config->log},
                {"credentials", config->credentials}};

    put(w, "[");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].hook)
            continue;
        comma(w);
        string(w, rows[i].name);
    }
    put(w, "]");
}

/* Those that calls can name, besides the one that the rest of the report is about. */
static void put_snapshots(writer *w, claude_client_t *client)
{
    claude_client_t *all[1 + CL_SNAPSHOTS_MAX];
    size_t count = cl_client_all(w->handle, all);

    (void)client;
    put(w, "[");
    for (size_t i = 0; i < count; i++) {
        comma(w);
        put(w, "{");
        put_text(w, "name", all[i]->name);
        put_int(w, "generation", all[i]->generation);
        put(w, "}");
        cl_client_unref(all[i]);
    }
    put(w, "]");
}

static void put_watcher(writer *w, const cl_watch *watch)
{
    cl_watch_state state;

    watch->kind->tell(watch->self, &state);
    comma(w);
    put(w, "{");
    put_text(w, "file", state.path);
    put_int(w, "generation", state.generation);
    put_int(w, "clients", (int64_t)state.clients);
    put_text(w, "trouble", state.trouble ? cl_error_info(state.trouble)->message : NULL);
    put(w, "}");
    cl_error_unref(state.trouble);
}

/* What was found when they last looked: a report does not read their files. */
static void put_watchers(writer *w, claude_client_t *client)
{
    cl_watch watches[CL_WATCHES_MAX];
    size_t count = CL_FEATURE_DYNAMIC_CONFIG ? cl_client_watches(w->handle, watches) : 0;

    (void)client;
    put(w, "[");
    for (size_t i = 0; i < count; i++) {
        /* One that keeps several snapshots up to date looks several times. */
        if (i == 0 || watches[i].self != watches[i - 1].self)
            put_watcher(w, &watches[i]);
        watches[i].kind->unref(watches[i].self);
    }
    put(w, "]");
}

static void put_connections(writer *w, claude_client_t *client)
{
    cl_http_counts counts;

    cl_engines_counts(client->engines, &counts);
    put(w, "{");
    put_int(w, "engines", (int64_t)counts.engines);
    put_int(w, "transfers", (int64_t)counts.transfers);
    put_int(w, "queued", (int64_t)counts.queued);
    put_int(w, "connections", (int64_t)counts.connections);
    put_int(w, "unread_bytes", (int64_t)counts.unread_bytes);
    put(w, "}");
}

static void put_breaker(writer *w, claude_breaker_t *breaker, int64_t now)
{
    cl_breaker_counters counters;

    cl_breaker_counters_of(breaker, &counters);
    put_text(w, "breaker", cl_breaker_state_name(cl_breaker_state(breaker, now)));
    put_int(w, "breaker_left_ms", cl_breaker_left_ms(breaker, now));
    put_int(w, "breaker_opened", counters.opened);
    put_int(w, "breaker_failures", counters.failures);
    put_int(w, "breaker_failures_in_a_row", counters.failures_in_a_row);
}

/* base_url, then the endpoints of the failover. */
static void put_endpoints(writer *w, claude_client_t *client)
{
    int64_t now = cl_now_ms();
    uint64_t generation;

    put(w, "[");
    for (size_t i = 0; i < client->target_count; i++) {
        const cl_target *target = &client->targets[i];
        claude_secret_t *secret = cl_key_get(target->key, &generation);
        comma(w);
        put(w, "{");
        put_text(w, "url", target->base_url);
        put_text(w, "key", secret ? cl_secret_fingerprint(secret) : NULL);
        cl_secret_unref(secret);
        if (CL_FEATURE_FAILOVER && i > 0) {
            put_text(w, "state", cl_state_name(cl_failover_state(client->failover, i - 1, now)));
            put_int(w, "priority", cl_failover_priority(client->failover, i - 1));
        }
        if (CL_FEATURE_CIRCUIT_BREAKER && target->breaker)
            put_breaker(w, target->breaker, now);
        put(w, "}");
    }
    put(w, "]");
}

static const char *const dimensions[CL_LIMIT_DIMENSIONS] = {"requests", "input_tokens", "output_tokens"};

static void put_limiter(writer *w, claude_client_t *client)
{
    int64_t now = cl_now_ms();

    if (!CL_FEATURE_RATE_LIMITING || !client->limiter) {
        put(w, "null");
        return;
    }
    put(w, "{");
    put_int(w, "queued", (int64_t)cl_limiter_queued(client->limiter));
    key(w, "available");
    put(w, "{");
    for (int32_t type = 0; type < CL_LIMIT_TYPES; type++)
        put_int(w, cl_limiter_type_name(type), cl_limiter_available(client->limiter, type, CL_LIMIT_REQUESTS, now));
    put_int(w, dimensions[CL_LIMIT_INPUT],
            cl_limiter_available(client->limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, now));
    put_int(w, dimensions[CL_LIMIT_OUTPUT],
            cl_limiter_available(client->limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, now));
    put(w, "}}");
}

/* As claude_quota_export_json() has it. */
static void put_quota(writer *w, claude_client_t *client)
{
    cl_buf json = CL_BUF_INIT(CL_QUOTA_JSON_MAX);

    if (!CL_FEATURE_QUOTA || !client->quota) {
        put(w, "null");
        return;
    }
    if (cl_quota_export(client->quota, cl_wall_ms(), &json, NULL) < 0)
        add(w, CL_BUF_NOMEM);
    else
        put_json(w, cl_buf_str(&json));
    cl_buf_free(&json);
}

static void put_rate_limits(writer *w, claude_client_t *client)
{
    cl_recent_limits limits = {.told_at = 0};

    if (client->recent)
        cl_recent_limits_of(client->recent, &limits);
    if (limits.told_at == 0) {
        put(w, "null");
        return;
    }
    put(w, "{");
    put_int(w, "time_ms", limits.told_at);
    for (size_t i = 0; i < CL_LIMIT_DIMENSIONS; i++) {
        key(w, dimensions[i]);
        put(w, "{");
        put_int(w, "limit", limits.figures[i].limit);
        put_int(w, "remaining", limits.figures[i].remaining);
        put_int(w, "reset_in_ms", limits.figures[i].reset_in_ms);
        put(w, "}");
    }
    put(w, "}");
}

static void put_row(writer *w, const cl_recent_row *row)
{
    static const char *const parts[] = {"dns", "connect", "tls", "first_byte", "total"};
    const cl_report_attempt *attempt = &row->attempt;
    const cl_code_row *code = cl_code_row_of(attempt->code);

    put(w, "{");
    put_int(w, "ended_ms", row->ended_at);
    put_text(w, "endpoint", row->endpoint);
    put_int(w, "endpoint_index", attempt->endpoint);
    put_text(w, "code", code ? code->name : "CLAUDE_OK");
    put_int(w, "http_status", attempt->http_status);
    put_text(w, "request_id", attempt->request_id[0] != '\0' ? attempt->request_id : NULL);
    put_int(w, "wire_attempts", attempt->wire);
    put_int(w, "limiter_wait_ms", attempt->limiter_ms);
    put_int(w, "backoff_ms", attempt->backoff_ms);
    put_int(w, "duration_ms", attempt->duration_ms);
    put_int(w, "first_event_ms", attempt->first_ms);
    put_int(w, "connections", attempt->timed ? attempt->timings.connections : -1);
    key(w, "timings_us");
    put(w, "{");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        put_int(w, parts[i], cl_report_timing(attempt, cl_str_of(parts[i])));
    put(w, "}}");
}

static void put_attempts(writer *w, claude_client_t *client)
{
    cl_recent_row *rows;
    size_t count;

    if (!client->recent) {
        put(w, "null");
        return;
    }
    rows = calloc(cl_recent_capacity(client->recent), sizeof *rows);
    if (!rows) {
        add(w, CL_BUF_NOMEM);
        return;
    }
    count = cl_recent_rows(client->recent, rows);
    put(w, "[");
    for (size_t i = 0; i < count; i++) {
        comma(w);
        put_row(w, &rows[i]);
    }
    put(w, "]");
    free(rows);
}

static void put_metrics(writer *w, claude_client_t *client)
{
    claude_metrics_t *metrics = NULL;
    const char *json;

    if (!CL_FEATURE_METRICS || !client->metrics) {
        put(w, "null");
        return;
    }
    if (cl_metrics_snapshot(client->metrics, &metrics, NULL) < 0) {
        add(w, CL_BUF_NOMEM);
        return;
    }
    json = cl_metrics_json(metrics);
    if (json)
        put_json(w, cl_str_of(json));
    else
        add(w, CL_BUF_NOMEM);
    cl_metrics_unref(metrics);
}

/* The members of the report, in their order: what a client gets is added here. */
static const struct {
    const char *name;
    void (*write)(writer *w, claude_client_t *client);
} sections[] = {
    {"library", put_build},           {"libcurl", put_libcurl},   {"options", put_options},
    {"headers", put_headers},         {"key", put_key},           {"callbacks", put_callbacks},
    {"snapshots", put_snapshots},     {"watchers", put_watchers}, {"connections", put_connections},
    {"endpoints", put_endpoints},     {"limiter", put_limiter},   {"quota", put_quota},
    {"rate_limits", put_rate_limits}, {"attempts", put_attempts}, {"metrics", put_metrics},
};

claude_code_t cl_diagnostics_new(claude_client_t *client, cl_str build, claude_diagnostics_t **out, cl_err *err)
{
    claude_client_t *now;
    claude_diagnostics_t *diagnostics = calloc(1, sizeof *diagnostics);
    writer w;

    if (!diagnostics)
        return cl_fail_nomem(err);
    cl_handle_init(&diagnostics->handle, CL_MAGIC_DIAGNOSTICS);
    diagnostics->json = CL_BUF_INIT(REPORT_MAX);
    w = (writer){&diagnostics->json, CL_BUF_OK, client, build};
    now = cl_client_current(client);
    put(&w, "{");
    put_int(&w, "time_ms", cl_wall_ms());
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        key(&w, sections[i].name);
        sections[i].write(&w, now);
    }
    cl_client_unref(now);
    put(&w, "}");
    if (w.rc != CL_BUF_OK) {
        cl_diagnostics_unref(diagnostics);
        return cl_fail_buf(err, w.rc, "the report");
    }
    *out = diagnostics;
    return CLAUDE_OK;
}

claude_diagnostics_t *cl_diagnostics_ref(claude_diagnostics_t *diagnostics)
{
    cl_handle_ref(&diagnostics->handle);
    return diagnostics;
}

void cl_diagnostics_unref(claude_diagnostics_t *diagnostics)
{
    if (!diagnostics || !cl_handle_unref(&diagnostics->handle))
        return;
    cl_buf_free(&diagnostics->json);
    free(diagnostics);
}
