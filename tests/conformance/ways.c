/* Does what a case asks for: pulls, waits with a callback, and watches the descriptor of an event loop. */
#include "run.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sandbox/client.h"

#define API_KEY "sk-ant-conformance-not-a-real-key"

enum { PATIENCE_MS = 20000, TAG = 77 };

/* One run of a case. What it makes is released by run_clear(). */
struct run {
    claude_config_t *config;
    claude_failover_t *failover;
    claude_client_t *client;
    claude_request_t *request;
    claude_call_t *call;
    claude_loop_t *loop;
    uint32_t flags;
    struct seen *seen;
};

static void call_clear(struct run *run)
{
    claude_call_unref(run->call);
    run->call = NULL;
    claude_loop_unref(run->loop);
    run->loop = NULL;
}

static void run_clear(struct run *run)
{
    call_clear(run);
    claude_request_unref(run->request);
    claude_client_unref(run->client);
    claude_failover_unref(run->failover);
    claude_config_unref(run->config);
}

/* Leaves what is of all calls. */
static void seen_clear_call(struct seen *seen)
{
    for (size_t i = 0; i < seen->event_count; i++)
        claude_event_unref(seen->events[i]);
    free(seen->events);
    seen->events = NULL;
    seen->event_count = 0;
    claude_response_unref(seen->response);
    seen->response = NULL;
    claude_error_unref(seen->error);
    seen->error = NULL;
}

void seen_clear(struct seen *seen)
{
    seen_clear_call(seen);
    json_object_put(seen->codes);
    claude_metrics_unref(seen->metrics);
    json_object_put(seen->requests);
    memset(seen, 0, sizeof *seen);
}

static const char *text_of(struct json_object *value)
{
    return value ? json_object_get_string(value) : NULL;
}

/* ---- what comes ---- */

static void keep(struct seen *seen, const claude_event_t *event)
{
    claude_event_t **more = realloc(seen->events, (seen->event_count + 1) * sizeof(claude_event_t *));

    if (!more || claude_event_keep(event, &more[seen->event_count], NULL) < 0)
        abort();
    seen->events = more;
    seen->event_count++;
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    keep(user_data, event);
    return 0;
}

static claude_code_t give_up(struct run *run)
{
    complain("nothing came for %d ms", PATIENCE_MS);
    claude_call_cancel(run->call);
    return claude_call_result(run->call, &run->seen->response, &run->seen->error);
}

/* ---- the ways ---- */

static const struct feature {
    const char *name;
    uint32_t flag;
    claude_code_t (*execute)(claude_client_t *client, const claude_request_t *request, claude_response_t **out,
                             claude_error_t **err);
} features[] = {
    {"retries", CLAUDE_WITH_RETRIES, claude_client_execute_with_retries},
    {"circuit_breaker", CLAUDE_WITH_CIRCUIT_BREAKER, claude_client_execute_with_circuit_breaker},
    {"rate_limiting", CLAUDE_WITH_RATE_LIMITING, claude_client_execute_with_rate_limiting},
    {"failover", CLAUDE_WITH_FAILOVER, claude_client_execute_with_failover},
    {"quota", CLAUDE_WITH_QUOTA, claude_client_execute_with_quota},
    {"enterprise_features", CLAUDE_WITH_ENTERPRISE_FEATURES, claude_client_execute_with_enterprise_features},
};

enum { FEATURES = sizeof features / sizeof features[0] };

static claude_code_t start_and_wait(struct run *run)
{
    claude_error_t **err = &run->seen->error;
    claude_code_t code = claude_client_start(run->client, run->request, run->flags, &run->call, err);

    if (code >= 0)
        code = claude_call_wait(run->call, PATIENCE_MS, err);
    if (code == 0)
        return give_up(run);
    return code < 0 ? code : claude_call_result(run->call, &run->seen->response, err);
}

static claude_code_t execute(struct run *run)
{
    if (run->flags == 0)
        return claude_client_execute(run->client, run->request, &run->seen->response, &run->seen->error);
    for (size_t i = 0; i < FEATURES; i++) {
        if (features[i].flag == run->flags)
            return features[i].execute(run->client, run->request, &run->seen->response, &run->seen->error);
    }
    return start_and_wait(run);
}

static claude_code_t start_stream(struct run *run)
{
    if (run->flags == CLAUDE_STREAM)
        return claude_client_stream(run->client, run->request, &run->call, &run->seen->error);
    return claude_client_start(run->client, run->request, run->flags, &run->call, &run->seen->error);
}

static claude_code_t pull(struct run *run)
{
    const claude_event_t *event = NULL;
    claude_code_t code = start_stream(run);

    while (code >= 0 && (code = claude_call_next(run->call, PATIENCE_MS, &event, &run->seen->error)) == 1)
        keep(run->seen, event);
    if (code == 0)
        return give_up(run);
    return code < 0 ? code : claude_call_result(run->call, &run->seen->response, &run->seen->error);
}

static claude_code_t call_back(struct run *run)
{
    claude_code_t code = claude_request_on_event(run->request, on_event, run->seen, NULL, &run->seen->error);

    return code < 0 ? code : start_and_wait(run);
}

/* Takes what a loop has. Returns CLAUDE_DONE at the end of the call. */
static claude_code_t take_all(struct run *run)
{
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    claude_code_t code;

    while ((code = claude_loop_next(run->loop, &tag, &event, &run->seen->error)) > 0) {
        if (tag != TAG)
            complain("tag %llu instead of %d", (unsigned long long)tag, TAG);
        if (code == CLAUDE_DONE)
            return code;
        keep(run->seen, event);
    }
    return code;
}

static claude_code_t loop(struct run *run)
{
    claude_error_t **err = &run->seen->error;
    claude_code_t code = claude_loop_new(run->client, &run->loop, err);
    struct pollfd watched = {.events = POLLIN};

    if (code >= 0)
        code = claude_loop_submit(run->loop, run->request, run->flags, TAG, &run->call, err);
    watched.fd = claude_loop_fd(run->loop);
    while (code >= 0 && code != CLAUDE_DONE) {
        if (poll(&watched, 1, PATIENCE_MS) != 1)
            return give_up(run);
        code = claude_loop_dispatch(run->loop, err);
        if (code >= 0)
            code = take_all(run);
    }
    return code < 0 ? code : claude_call_result(run->call, &run->seen->response, err);
}

/* ---- what a case asks for ---- */

static claude_code_t add_endpoint(struct run *run, struct json_object *endpoint)
{
    const char *key = text_of(json_object_object_get(endpoint, "api_key"));
    struct json_object *models = json_object_object_get(endpoint, "models");
    claude_error_t **err = &run->seen->error;
    claude_secret_t *secret = NULL;
    struct json_object_iter pair;
    claude_code_t code = CLAUDE_OK;
    size_t index = 0;
    char url[200];

    snprintf(url, sizeof url, "%s%s", run->seen->url, json_object_get_string(json_object_object_get(endpoint, "path")));
    if (key)
        code = claude_secret_new(key, CLAUDE_NTS, &secret, err);
    if (code >= 0)
        code = claude_failover_add_endpoint(
            run->failover, url, json_object_get_int(json_object_object_get(endpoint, "priority")), secret, &index, err);
    if (models) {
        json_object_object_foreachC(models, pair)
        {
            code = code < 0 ? code : claude_failover_map_model(run->failover, index, pair.key, text_of(pair.val), err);
        }
    }
    claude_secret_unref(secret);
    return code;
}

static claude_code_t add_endpoints(struct run *run, struct json_object *endpoints)
{
    claude_error_t **err = &run->seen->error;
    claude_code_t code = claude_failover_new(run->config, &run->failover, err);

    for (size_t i = 0; code >= 0 && i < json_object_array_length(endpoints); i++)
        code = add_endpoint(run, json_object_array_get_idx(endpoints, i));
    return code < 0 ? code : claude_config_set_failover(run->config, run->failover, err);
}

static claude_code_t make_client(struct run *run, struct json_object *test)
{
    struct json_object *options = json_object_new_object();
    struct json_object *own = NULL;
    claude_error_t **err = &run->seen->error;
    struct json_object_iter pair;
    const char *text;
    size_t len = 0;
    claude_code_t code;

    json_object_object_add(options, "api_key", json_object_new_string(API_KEY));
    json_object_object_add(options, "base_url", json_object_new_string(run->seen->url));
    if (json_object_object_get_ex(test, "client", &own)) {
        json_object_object_foreachC(own, pair)
        {
            json_object_object_add(options, pair.key, json_object_get(pair.val));
        }
    }
    text = json_object_to_json_string_length(options, JSON_C_TO_STRING_PLAIN, &len);
    code = claude_config_new(&run->config, err);
    if (code >= 0)
        code = claude_config_load_json(run->config, text, len, err);
    if (code >= 0 && json_object_object_get_ex(test, "client_headers", &own)) {
        json_object_object_foreachC(own, pair)
        {
            code = code < 0 ? code : claude_config_set_header(run->config, pair.key, text_of(pair.val), err);
        }
    }
    if (code >= 0 && json_object_object_get_ex(test, "endpoints", &own))
        code = add_endpoints(run, own);
    if (code >= 0)
        code = claude_client_new(run->config, &run->client, err);
    json_object_put(options);
    return code;
}

/* ---- files ---- */

/* Makes a file of a text and hands it to `use`, which keeps it. */
static claude_code_t with_file(struct json_object *content, const char *name, claude_file_t **file,
                               claude_error_t **err)
{
    return claude_file_from_bytes(json_object_get_string(content), (size_t)json_object_get_string_len(content), name,
                                  file, err);
}

/* Replaces the quoted name by the quoted token everywhere in the body. */
static char *put_token(char *body, const char *name, const char *token)
{
    char quoted[200];
    char *at;

    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    while ((at = strstr(body, quoted))) {
        char *longer = NULL;
        if (asprintf(&longer, "%.*s\"%s\"%s", (int)(at - body), body, token, at + strlen(quoted)) < 0)
            abort();
        free(body);
        body = longer;
    }
    return body;
}

static claude_code_t set_body_with_files(struct run *run, struct json_object *asked, struct json_object *files)
{
    char *body = strdup(json_object_to_json_string_ext(json_object_object_get(asked, "body"), JSON_C_TO_STRING_PLAIN));
    claude_error_t **err = &run->seen->error;
    struct json_object_iter pair;
    claude_code_t code = CLAUDE_OK;

    json_object_object_foreachC(files, pair)
    {
        claude_file_t *file = NULL;
        code = code < 0 ? code : with_file(pair.val, NULL, &file, err);
        if (code >= 0)
            code = claude_request_attach(run->request, file, err);
        body = put_token(body, pair.key, claude_file_token(file));
        claude_file_unref(file);
    }
    if (code >= 0)
        code = claude_request_set_json(run->request, body, CLAUDE_NTS, err);
    free(body);
    return code;
}

static claude_code_t add_part(struct run *run, struct json_object *part)
{
    const char *name = text_of(json_object_object_get(part, "name"));
    struct json_object *text = json_object_object_get(part, "text");
    claude_error_t **err = &run->seen->error;
    claude_file_t *file = NULL;
    claude_code_t code;

    if (text)
        return claude_request_add_form_field(run->request, name, json_object_get_string(text),
                                             (size_t)json_object_get_string_len(text), err);
    code = with_file(json_object_object_get(part, "content"), NULL, &file, err);
    if (code >= 0)
        code = claude_request_add_file(run->request, name, file, text_of(json_object_object_get(part, "filename")),
                                       text_of(json_object_object_get(part, "media_type")), err);
    claude_file_unref(file);
    return code;
}

/* ---- requests ---- */

static claude_code_t set_body(struct run *run, struct json_object *asked)
{
    struct json_object *body = NULL;
    struct json_object *files = NULL;
    const char *text;
    size_t len = 0;

    if (json_object_object_get_ex(asked, "files", &files)) {
        return set_body_with_files(run, asked, files);
    } else if (json_object_object_get_ex(asked, "body_text", &body)) {
        text = json_object_get_string(body);
        len = (size_t)json_object_get_string_len(body);
    } else if (json_object_object_get_ex(asked, "body", &body)) {
        text = json_object_to_json_string_length(body, JSON_C_TO_STRING_PLAIN, &len);
    } else {
        return CLAUDE_OK;
    }
    return claude_request_set_json(run->request, text, len, &run->seen->error);
}

/* What a request has beside body and headers. */
static claude_code_t set_params(struct run *run, struct json_object *asked)
{
    claude_error_t **err = &run->seen->error;
    struct json_object *given = NULL;
    struct json_object_iter pair;
    claude_code_t code = CLAUDE_OK;

    if (json_object_object_get_ex(asked, "path", &given)) {
        json_object_object_foreachC(given, pair)
        {
            code = code < 0 ? code : claude_request_set_path(run->request, pair.key, text_of(pair.val), err);
        }
    }
    if (code >= 0 && json_object_object_get_ex(asked, "query", &given))
        code = claude_request_set_query_json(
            run->request, json_object_to_json_string_ext(given, JSON_C_TO_STRING_PLAIN), CLAUDE_NTS, err);
    given = json_object_object_get(asked, "betas");
    for (size_t i = 0; given && code >= 0 && i < json_object_array_length(given); i++)
        code = claude_request_add_beta(run->request, text_of(json_object_array_get_idx(given, i)), err);
    given = json_object_object_get(asked, "form");
    for (size_t i = 0; given && code >= 0 && i < json_object_array_length(given); i++)
        code = add_part(run, json_object_array_get_idx(given, i));
    return code;
}

static claude_code_t make_request(struct run *run, const char *name, struct json_object *test)
{
    claude_error_t **err = &run->seen->error;
    struct json_object *asked = json_object_object_get(test, "request");
    struct json_object *scenario = json_object_object_get(test, "scenario");
    struct json_object *pairs = NULL;
    struct json_object_iter pair;
    claude_code_t code = claude_request_new(text_of(json_object_object_get(asked, "endpoint")), &run->request, err);

    if (code >= 0)
        code = set_body(run, asked);
    if (code >= 0)
        code = set_params(run, asked);
    if (code >= 0 && scenario)
        code = claude_request_set_header(
            run->request, "x-sandbox-scenario",
            json_object_is_type(scenario, json_type_string) ? json_object_get_string(scenario) : name, err);
    if (code >= 0 && json_object_object_get_ex(asked, "headers", &pairs)) {
        json_object_object_foreachC(pairs, pair)
        {
            code = code < 0 ? code : claude_request_set_header(run->request, pair.key, text_of(pair.val), err);
        }
    }
    if (code >= 0 && json_object_object_get_ex(asked, "options", &pairs)) {
        json_object_object_foreachC(pairs, pair)
        {
            code = code < 0 ? code : claude_request_set_option(run->request, pair.key, text_of(pair.val), err);
        }
    }
    return code;
}

static const struct way {
    const char *name;
    bool stream;
    claude_code_t (*go)(struct run *run);
} ways[] = {{"pull", true, pull},
            {"callback", true, call_back},
            {"loop", true, loop},
            {"execute", false, execute},
            {"loop", false, loop}};

static const struct way *find_way(size_t number, bool stream)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i].stream == stream && number-- == 0)
            return &ways[i];
    }
    return NULL;
}

static void ask_sandbox(struct sandbox *sandbox, struct seen *seen)
{
    char *text = sandbox_requests(sandbox);
    struct json_object *reply = text ? json_tokener_parse(text) : NULL;

    seen->requests = json_object_get(json_object_object_get(reply, "requests"));
    if (!seen->requests)
        complain("the sandbox did not tell its requests");
    json_object_put(reply);
    free(text);
}

static uint32_t flag_of(const char *feature)
{
    for (size_t i = 0; i < FEATURES; i++) {
        if (strcmp(features[i].name, feature) == 0)
            return features[i].flag;
    }
    complain("there is no feature %s", feature);
    return 0;
}

static uint32_t flags_of(struct json_object *asked)
{
    struct json_object *with = json_object_object_get(asked, "with");
    uint32_t flags = json_object_get_boolean(json_object_object_get(asked, "stream")) ? CLAUDE_STREAM : 0;

    for (size_t i = 0; with && i < json_object_array_length(with); i++)
        flags |= flag_of(json_object_get_string(json_object_array_get_idx(with, i)));
    return flags;
}

/* Makes the call as often as the case says. */
static void make_calls(struct run *run, struct json_object *test, const struct way *way)
{
    struct json_object *given = json_object_object_get(test, "times");
    int times = given ? json_object_get_int(given) : 1;
    struct seen *seen = run->seen;

    if (times < 1)
        complain("\"times\" is %d", times);
    for (int i = 0; i < times; i++) {
        claude_code_t code;
        call_clear(run);
        seen_clear_call(seen);
        code = way->go(run);
        json_object_array_add(seen->codes, json_object_new_string(code < 0 ? claude_code_name(code) : "CLAUDE_OK"));
    }
    (void)claude_client_metrics(run->client, &seen->metrics, NULL);
}

const char *run_way(size_t number, const char *name, struct json_object *test, struct sandbox *sandbox,
                    struct seen *seen)
{
    struct json_object *asked = json_object_object_get(test, "request");
    struct json_object *scenario = json_object_object_get(test, "scenario");
    bool stream = json_object_get_boolean(json_object_object_get(asked, "stream"));
    const struct way *way = find_way(number, stream);
    struct run run = {.seen = seen};

    if (!way)
        return NULL;
    if (sandbox_reset(sandbox) != 0 ||
        (json_object_is_type(scenario, json_type_object) &&
         sandbox_register(sandbox, name, json_object_to_json_string_ext(scenario, JSON_C_TO_STRING_PLAIN)) != 0))
        complain("the sandbox refuses the scenario");
    run.flags = flags_of(asked);
    seen->url = sandbox_url(sandbox);
    seen->codes = json_object_new_array();
    if (make_client(&run, test) >= 0 && make_request(&run, name, test) >= 0)
        make_calls(&run, test, way);
    run_clear(&run);
    ask_sandbox(sandbox, seen);
    return way->name;
}
