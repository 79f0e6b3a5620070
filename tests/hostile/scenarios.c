#include "steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY "sk-ant-api03-hostile-surroundings-0123456789"
enum { KEPT_MAX = 32, WAIT_MS = 10000, STEP_MS = 20 };

const char *const scenario_replies[][2] = {
    {"hostile-error", "{\"status\": 429, \"headers\": [[\"retry-after\", \"3\"]],"
                      " \"body_json\": {\"type\": \"error\", \"error\": {\"type\": \"rate_limit_error\", \"message\": "
                      "\"Slow down.\"}}}"},
    {"hostile-busy", "{\"status\": 529, \"body_json\": {\"type\": \"error\", \"error\": {\"type\": "
                     "\"overloaded_error\", \"message\": \"Busy.\"}}}"},
    {NULL, NULL},
};

/* ---- writing down ---- */

void trouble(run *r, const char *format, ...)
{
    va_list args;

    if (r->trouble[0])
        return;
    va_start(args, format);
    (void)vsnprintf(r->trouble, sizeof r->trouble, format, args);
    va_end(args);
}

void note(part *p, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(p->transcript + p->len, sizeof p->transcript - p->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof p->transcript - p->len)
        p->len += (size_t)n;
}

/* Only their names: some values are new with each answer. */
static void note_headers(part *p, const claude_response_t *response)
{
    const char *name = NULL;

    for (size_t i = 0; claude_response_header_at(response, i, &name, NULL) == 1; i++)
        note(p, "%s ", name);
    note(p, "%s\n", claude_response_request_id(response) ? "and a request id" : "but no request id");
}

bool ended_well(run *r, part *p, claude_code_t rc, claude_error_t **err)
{
    claude_code_t code = claude_error_code(*err);
    const claude_response_t *response = claude_error_response(*err);
    const char *partial;

    if (rc >= 0) {
        if (*err)
            trouble(r, "%s and an error: %s", claude_code_name(rc), claude_error_message(*err));
        return true;
    }
    if (code == CLAUDE_E_NOMEM) {
        if (claude_error_message(*err)[0] == '\0' || claude_error_category(*err) == CLAUDE_CATEGORY_NONE)
            trouble(r, "an error that does not say anything");
        p->no_memory = true;
    } else if (code != rc) {
        trouble(r, "%s with the error %s", claude_code_name(rc), claude_code_name(code));
    } else {
        partial = response ? claude_response_json(response, NULL) : NULL;
        note(p, "%s %d %s \"%s\" %lld %d %s\n", claude_code_name(rc), (int)claude_error_http_status(*err),
             claude_error_api_type(*err), claude_error_message(*err), (long long)claude_error_retry_after_ms(*err),
             (int)claude_error_attempts(*err), partial ? partial : "-");
        if (response)
            note_headers(p, response);
    }
    claude_error_unref(*err);
    *err = NULL;
    return false;
}

const char *text_or_end(part *p, const char *text)
{
    if (!text)
        p->no_memory = true;
    return text;
}

static void note_event(part *p, const claude_event_t *event)
{
    const char *text = claude_event_text(event, NULL);

    note(p, "%d/%d %s [%s]\n", (int)claude_event_type(event), (int)claude_event_index(event), claude_event_name(event),
         text ? text : "");
}

void note_response(part *p, const claude_response_t *response)
{
    const char *text = text_or_end(p, claude_response_text(response, NULL));
    const char *model = p->no_memory ? NULL : text_or_end(p, claude_response_model(response));

    if (!model)
        return;
    note(p, "%d %s \"%s\" %lld %s\n", (int)claude_response_status(response), model, text,
         (long long)claude_response_usage(response, "output_tokens"), claude_response_json(response, NULL));
    note_headers(p, response);
}

void count_destroy(void *user_data)
{
    ((run *)user_data)->destroyed++;
}

/* ---- steps ---- */

claude_request_t *ask_for(run *r, part *p, const char *reply, bool stream)
{
    static const char json[] = "{\"model\": \"claude-opus-5\", \"max_tokens\": 100, "
                               "\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, p, claude_request_new("messages.create", &request, &err), &err))
        return NULL;
    if (ended_well(r, p, claude_request_set_json(request, json, CLAUDE_NTS, &err), &err) &&
        (!stream || ended_well(r, p, claude_request_set_stream(request, 1, &err), &err)) &&
        ended_well(r, p, claude_request_set_header(request, "x-sandbox-scenario", reply, &err), &err))
        return request;
    claude_request_unref(request);
    return NULL;
}

void execute(run *r, part *p, const claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    if (ended_well(r, p, claude_client_execute(r->client, request, &response, &err), &err))
        note_response(p, response);
    else if (response)
        trouble(r, "a response although the call failed");
    claude_response_unref(response);
}

static void execute_as(run *r, const char *reply)
{
    claude_request_t *request = ask_for(r, &r->parts[0], reply, false);

    if (request)
        execute(r, &r->parts[0], request);
    claude_request_unref(request);
}

static void take_result(run *r, part *p, claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    if (ended_well(r, p, claude_call_result(call, &response, &err), &err))
        note_response(p, response);
    claude_response_unref(response);
}

/* Takes events until the end, or until `count` of them have come. True if the call goes on. */
static bool pull(run *r, part *p, claude_call_t *call, int count)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 0;

    for (int n = 0; n < count; n++) {
        rc = claude_call_next(call, WAIT_MS, &event, &err);
        if (!ended_well(r, p, rc, &err))
            return false;
        if (rc == 0)
            trouble(r, "no event within %d ms", WAIT_MS);
        if (rc != 1)
            return false;
        note_event(p, event);
    }
    return true;
}

static claude_call_t *start(run *r, part *p, const char *reply)
{
    claude_request_t *request = ask_for(r, p, reply, true);
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    if (request && !ended_well(r, p, claude_client_stream(r->client, request, &call, &err), &err) && call)
        trouble(r, "a call although it was not started");
    claude_request_unref(request);
    return call;
}

/* ---- scenarios ---- */

static bool set_up(run *r, claude_config_t *config)
{
    part *p = &r->parts[0];
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;
    bool done = ended_well(r, p, claude_config_set(config, "base_url", r->url, &err), &err) &&
                ended_well(r, p, claude_config_set(config, "user_agent", "hostile/1.0", &err), &err) &&
                ended_well(r, p, claude_config_set_header(config, "x-team", "a", &err), &err) &&
                ended_well(r, p, claude_config_set_header(config, "x-team", "b", &err), &err) &&
                ended_well(r, p, claude_secret_new(KEY, CLAUDE_NTS, &secret, &err), &err) &&
                ended_well(r, p, claude_config_set_secret(config, secret, &err), &err);

    claude_secret_unref(secret);
    return done;
}

bool scenario_client(run *r)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, &r->parts[0], claude_config_new(&config, &err), &err))
        return false;
    if (set_up(r, config) && !ended_well(r, &r->parts[0], claude_client_new(config, &r->client, &err), &err) &&
        r->client)
        trouble(r, "a client although it was not made");
    claude_config_unref(config);
    return r->client != NULL;
}

static void create(run *r)
{
    (void)scenario_client(r);
}

/* From nothing to an answer: what is set up once per process is part of it, the first time. */
static void first_use(run *r)
{
    if (scenario_client(r))
        execute_as(r, "text");
}

static void load_json(run *r)
{
    static const char json[] = "{\"timeout\": {\"total_ms\": 20000, \"connect_ms\": 9000}, \"limit.blocks\": 77,"
                               " \"api_key\": \"" KEY "\", \"beta\": \"one,two\", \"stream\": {\"strict\": true}}";
    part *p = &r->parts[0];
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, p, claude_config_new(&config, &err), &err))
        return;
    if (ended_well(r, p, claude_config_load_json(config, json, CLAUDE_NTS, &err), &err) &&
        ended_well(r, p, claude_config_set(config, "base_url", r->url, &err), &err) &&
        ended_well(r, p, claude_client_new(config, &r->client, &err), &err)) {
        note(p, "%s %s %s %s\n", claude_config_get(config, "timeout.total_ms"),
             claude_config_get(config, "limit.blocks"), claude_config_get(config, "beta"),
             claude_config_get(config, "stream.strict"));
        execute_as(r, "text");
    }
    claude_config_unref(config);
}

static int32_t sign(claude_sign_t *sign, void *user_data)
{
    const char *sum = claude_sign_body_sha256(sign);
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)user_data;
    if (!sum)
        return 7;
    rc = claude_sign_add_header(sign, "x-signature", sum, &err);
    claude_error_unref(err);
    return rc < 0 ? 7 : 0;
}

/* The hook cannot say more than that it failed. */
static void signed_call(run *r)
{
    part *p = &r->parts[0];
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, p, claude_config_new(&config, &err), &err))
        return;
    if (set_up(r, config)) {
        r->registered++;
        if (ended_well(r, p, claude_config_on_sign(config, sign, r, count_destroy, &err), &err) &&
            ended_well(r, p, claude_client_new(config, &r->client, &err), &err))
            execute_as(r, "text");
    }
    claude_config_unref(config);
    if (strstr(p->transcript, "CLAUDE_E_CALLBACK"))
        p->no_memory = true, p->len = 0;
}

static void executed(run *r)
{
    execute_as(r, "text-tool-thinking");
}

/* The second call finds what the first one has left. */
static void executed_twice(run *r)
{
    execute_as(r, "text");
    if (!r->parts[0].no_memory)
        execute_as(r, "text-tool-thinking");
}

static void refused(run *r)
{
    execute_as(r, "hostile-error");
}

static void pulled(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *call = start(r, p, "text-tool-thinking");

    if (call && !pull(r, p, call, 100) && !p->no_memory)
        take_result(r, p, call);
    claude_call_unref(call);
}

static void kept(run *r)
{
    part *p = &r->parts[0];
    claude_event_t *events[KEPT_MAX] = {NULL};
    const claude_event_t *event = NULL;
    claude_call_t *call = start(r, p, "text-tool-thinking");
    claude_error_t *err = NULL;
    claude_code_t rc = 0;
    size_t n = 0;

    while (call && n < KEPT_MAX) {
        rc = claude_call_next(call, WAIT_MS, &event, &err);
        if (!ended_well(r, p, rc, &err) || rc != 1 ||
            !ended_well(r, p, claude_event_keep(event, &events[n], &err), &err))
            break;
        n++;
    }
    claude_call_unref(call);
    for (size_t i = 0; i < n; i++) {
        note(p, "%s\n", claude_event_json(events[i], NULL));
        note_event(p, events[i]);
        claude_event_unref(events[i]);
    }
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    run *r = user_data;

    (void)call;
    note_event(&r->parts[0], event);
    return 0;
}

static void called_back(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = ask_for(r, p, "text-tool-thinking", true);
    claude_error_t *err = NULL;

    if (request) {
        r->registered++;
        if (ended_well(r, p, claude_request_on_event(request, on_event, r, count_destroy, &err), &err))
            execute(r, p, request);
    }
    claude_request_unref(request);
}

static void interleaved(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *call = start(r, p, "unknown-events");

    if (call && !pull(r, p, call, 100) && !p->no_memory)
        take_result(r, p, call);
    claude_call_unref(call);
}

static void truncated(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *call = start(r, p, "truncated");

    if (call)
        (void)pull(r, p, call, 100);
    claude_call_unref(call);
}

static void cancelled(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *call = start(r, p, "stall");

    if (call && pull(r, p, call, 4)) {
        claude_call_cancel(call);
        if (pull(r, p, call, 1))
            trouble(r, "an event of a cancelled call");
        if (!p->no_memory)
            take_result(r, p, call);
    }
    claude_call_unref(call);
}

static void abandoned(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *call = start(r, p, "stall");

    if (call)
        (void)pull(r, p, call, 3);
    claude_call_unref(call);
}

static void trimmed(run *r)
{
    part *p = &r->parts[0];
    claude_error_t *err = NULL;

    execute_as(r, "text");
    if (!p->no_memory && ended_well(r, p, claude_client_trim(r->client, &err), &err))
        execute_as(r, "text");
}

static bool set_fields(run *r, part *p, claude_request_t *q)
{
    claude_error_t *err = NULL;

    return ended_well(r, p, claude_request_set_model(q, "claude-opus-5", &err), &err) &&
           ended_well(r, p, claude_request_set_max_tokens(q, 1000, &err), &err) &&
           ended_well(r, p, claude_request_set_system(q, "Be \"brief\".\n", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_add_user_text(q, "One", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_add_assistant_text(q, "Two", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_add_message(q, "user", "Three", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_set_temperature(q, 0.7, &err), &err) &&
           ended_well(r, p, claude_request_set_top_p(q, 0.25, &err), &err) &&
           ended_well(r, p, claude_request_set_top_k(q, 40, &err), &err) &&
           ended_well(r, p, claude_request_add_stop_sequence(q, "END", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_set_user_id(q, "somebody", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_set_field(q, "/tools/-/name", "\"t\"", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_set_field(q, "/thinking/type", "\"x\"", CLAUDE_NTS, &err), &err) &&
           ended_well(r, p, claude_request_set_option(q, "timeout.total_ms", "30000", &err), &err) &&
           ended_well(r, p, claude_request_set_option(q, "beta", "three", &err), &err) &&
           ended_well(r, p, claude_request_set_header(q, "x-sandbox-scenario", "text", &err), &err);
}

static void built(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    const char *json;

    if (!ended_well(r, p, claude_request_new("messages.create", &request, &err), &err))
        return;
    if (set_fields(r, p, request) && (json = text_or_end(p, claude_request_json(request, NULL))) != NULL) {
        note(p, "%s\n", json);
        execute(r, p, request);
    }
    claude_request_unref(request);
}

/* A failed setter is not forgotten: the request cannot be sent without that field. */
static void built_blindly(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, p, claude_request_new("messages.create", &request, &err), &err))
        return;
    (void)claude_request_set_header(request, "x-sandbox-scenario", "text", NULL);
    (void)claude_request_set_model(request, "claude-opus-5", NULL);
    (void)claude_request_set_max_tokens(request, 1000, NULL);
    (void)claude_request_add_user_text(request, "One", CLAUDE_NTS, NULL);
    (void)claude_request_set_temperature(request, 0.7, NULL);
    execute(r, p, request);
    claude_request_unref(request);
}

static void paused(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = ask_for(r, p, "text-tool-thinking", true);
    const claude_event_t *event = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 0;

    if (request && ended_well(r, p, claude_request_set_option(request, "stream.pause_mode", "buffer", &err), &err) &&
        ended_well(r, p, claude_client_stream(r->client, request, &call, &err), &err) && pull(r, p, call, 1)) {
        claude_call_pause(call);
        /* Nineteen events are left; what has arrived cannot be told from outside but by this number. */
        for (int i = 0; i < WAIT_MS / STEP_MS && rc == 0 && claude_call_buffered(call) < 19; i++)
            rc = claude_call_next(call, STEP_MS, &event, &err);
        claude_call_resume(call);
        if (ended_well(r, p, rc, &err) && !pull(r, p, call, 100) && !p->no_memory)
            take_result(r, p, call);
    }
    claude_call_unref(call);
    claude_request_unref(request);
}

/* The server is made to wait, and to go on, again and again. */
static void held_back(run *r)
{
    part *p = &r->parts[0];
    claude_request_t *request = ask_for(r, p, "text-tool-thinking", true);
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    if (request &&
        ended_well(r, p, claude_request_set_option(request, "stream.high_water_bytes", "1024", &err), &err) &&
        ended_well(r, p, claude_client_stream(r->client, request, &call, &err), &err) && !pull(r, p, call, 100) &&
        !p->no_memory)
        take_result(r, p, call);
    claude_call_unref(call);
    claude_request_unref(request);
}

/* ---- loops ---- */

static claude_call_t *submit(run *r, claude_loop_t *loop, size_t which, const char *reply, bool stream)
{
    part *p = &r->parts[which];
    claude_request_t *request = ask_for(r, p, reply, stream);
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    if (request)
        (void)ended_well(r, p, claude_loop_submit(loop, request, 0, which, &call, &err), &err);
    claude_request_unref(request);
    return call;
}

static bool drain(run *r, claude_loop_t *loop, claude_call_t **calls)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = PARTS;
    claude_code_t rc;

    while ((rc = claude_loop_next(loop, &tag, &event, &err)) > 0) {
        if (tag >= PARTS || !calls[tag])
            trouble(r, "the loop tells of a call that there is not");
        else if (rc == CLAUDE_DONE)
            take_result(r, &r->parts[tag], calls[tag]);
        else
            note_event(&r->parts[tag], event);
    }
    if (rc < 0)
        trouble(r, "the loop has no next: %s", claude_error_message(err));
    claude_error_unref(err);
    return rc == 0;
}

static bool wait_in_loop(run *r, claude_call_t **calls)
{
    claude_error_t *err = NULL;
    claude_code_t rc = claude_loop_wait(r->loop, WAIT_MS, &err);

    if (rc <= 0)
        trouble(r, "the loop itself ended with %d: %s", (int)rc, claude_error_message(err));
    claude_error_unref(err);
    return rc > 0 && drain(r, r->loop, calls);
}

static void run_loop(run *r, claude_call_t **calls)
{
    while (claude_loop_count(r->loop) > 0 && wait_in_loop(r, calls))
        continue;
}

static void looped(run *r)
{
    claude_call_t *calls[PARTS] = {NULL};
    claude_error_t *err = NULL;

    if (ended_well(r, &r->parts[0], claude_loop_new(r->client, &r->loop, &err), &err)) {
        r->loop_fd = claude_loop_fd(r->loop);
        calls[0] = submit(r, r->loop, 0, "text-tool-thinking", true);
        calls[1] = submit(r, r->loop, 1, "text", false);
        calls[2] = submit(r, r->loop, 2, "interleaved", true);
        run_loop(r, calls);
    } else {
        for (size_t i = 0; i < PARTS; i++)
            r->parts[i].no_memory = r->parts[0].no_memory;
    }
    for (size_t i = 0; i < PARTS; i++)
        claude_call_unref(calls[i]);
}

const scenario scenarios[] = {
    {"create", true, false, create, false},
    {"first use", true, false, first_use, false},
    {"load JSON", true, false, load_json, false},
    {"signed", true, false, signed_call, false},
    {"execute", false, false, executed, false},
    {"execute twice", false, false, executed_twice, false},
    {"API error", false, false, refused, false},
    {"pull", false, false, pulled, false},
    {"keep", false, false, kept, false},
    {"callback", false, false, called_back, false},
    {"unknown events", false, false, interleaved, false},
    {"truncated", false, false, truncated, false},
    {"cancel", false, false, cancelled, false},
    {"abandon", false, false, abandoned, false},
    {"trim", false, false, trimmed, false},
    {"setters", false, false, built, false},
    {"setters unchecked", false, false, built_blindly, false},
    {"pause", false, false, paused, false},
    {"hold back", false, false, held_back, false},
    {"loop", false, true, looped, false},
    {"blocks, files", false, false, blocks_with_files, false},
    {"form", false, true, forms, false},
    {"skill", true, false, skills_of_directories, false},
    {"validate", true, false, validated, false},
    {"batch", true, false, batches, false},
    {"batch of lines", false, false, batches_of_lines, false},
    {"pages", false, false, paged, true},
    {"tools", false, true, tools_run, false},
    {"structured", true, false, structured, false},
    {"models", true, false, models_and_costs, false},
    {"stream message", true, false, messages_by_hand, false},
    {"partial JSON", true, false, partial_json, false},
    {"features", true, true, all_features, false},
    {NULL, false, false, NULL, false},
};

const scenario *scenario_named(const char *name)
{
    const scenario *s = scenarios;

    while (s->name && strcmp(s->name, name) != 0)
        s++;
    return s->name ? s : NULL;
}

/* ---- verdicts ---- */

const char *run_compare(const run *undisturbed, run *r, bool disturbed)
{
    if (r->trouble[0])
        return r->trouble;
    for (size_t i = 0; i < PARTS; i++) {
        const part *was = &undisturbed->parts[i];
        const part *is = &r->parts[i];
        if (is->no_memory && !disturbed)
            return "CLAUDE_E_NOMEM although there was memory";
        if (is->len > was->len || memcmp(is->transcript, was->transcript, is->len) != 0 ||
            (!is->no_memory && is->len != was->len)) {
            (void)snprintf(r->trouble, sizeof r->trouble, "another result%s: ...%.150s, where it should be ...%.150s",
                           is->no_memory ? " before CLAUDE_E_NOMEM" : "",
                           is->transcript + (is->len > 120 ? is->len - 120 : 0),
                           was->transcript + (was->len > 120 ? was->len - 120 : 0));
            return r->trouble;
        }
    }
    return NULL;
}

bool run_lacked_memory(const run *r)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (r->parts[i].no_memory)
            return true;
    }
    return false;
}

static bool client_works(run *r)
{
    part *p = &r->parts[0];

    memset(p, 0, sizeof *p);
    execute_as(r, "text");
    if (!p->no_memory && strstr(p->transcript, "Hello, world!"))
        return true;
    trouble(r, "the client does not work any more: %.300s", p->no_memory ? "no memory" : p->transcript);
    return false;
}

/* With a stream whose end does not come: it must not have failed by then. */
static bool loop_works(run *r)
{
    part *p = &r->parts[0];
    claude_call_t *calls[PARTS] = {NULL};

    memset(p, 0, sizeof *p);
    calls[0] = submit(r, r->loop, 0, "stall", true);
    while (calls[0] && p->len == 0 && !p->no_memory && !r->trouble[0])
        (void)wait_in_loop(r, calls);
    if (p->no_memory || !strstr(p->transcript, "message_start") || claude_loop_count(r->loop) != 1)
        trouble(r, "the loop does not work any more: %.300s", p->no_memory ? "no memory" : p->transcript);
    claude_call_cancel(calls[0]);
    run_loop(r, calls);
    claude_call_unref(calls[0]);
    if (claude_loop_fd(r->loop) != r->loop_fd)
        trouble(r, "the loop has another descriptor");
    return !r->trouble[0];
}

bool run_still_works(run *r)
{
    return !r->client || (client_works(r) && (!r->loop || loop_works(r)));
}

void run_end(run *r)
{
    claude_loop_unref(r->loop);
    claude_client_unref(r->client);
    r->loop = NULL;
    r->client = NULL;
}
