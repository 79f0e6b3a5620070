/*
 * What a build of libclaude has and has not, seen by a program:
 *
 *     features URL OPTION=feature...
 *
 * calls every function of every feature, and uses those with more to them, at a sandbox server. The calls come from
 * calls.inc, which test_features.py makes of capi/features.txt and the headers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

static int failures;

#define EXPECT(what, ...)                                                                                              \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            failures++;                                                                                                \
            printf("line %d: %s: ", __LINE__, #what);                                                                  \
            printf(__VA_ARGS__);                                                                                       \
            printf("\n");                                                                                              \
        }                                                                                                              \
    } while (0)

/* ---- each function of each feature ---- */

enum { SLOTS = 6 };
static const char untouched[] = "untouched";

/* What a call is given, and what it did. */
typedef struct outcome {
    const void *slots[SLOTS]; /* for outputs */
    int destroyed;
    claude_code_t code;
    claude_error_t **err;
    claude_error_t *error;
    const char *text;
    const void *pointer;
    int64_t number;
    claude_request_t *request;
} outcome;

static void on_destroy(void *user_data)
{
    ++*(int *)user_data;
}

/* How a function answers. */
enum { OF_CODE, OF_TEXT, OF_POINTER, OF_NUMBER, OF_NOTHING };

typedef struct call {
    const char *name;
    const char *feature;
    void (*run)(outcome *o);
    int kind;
    int has_destroy;
    int has_request; /* it sets something of a request */
    const char *text;
    int64_t number;
    int is_none_for_null; /* what it answers without the feature is what it answers for NULL with it */
} call;

#include "calls.inc"

static outcome outcome_of(const call *c, int with_error)
{
    outcome o;

    memset(&o, 0, sizeof o);
    for (size_t i = 0; i < SLOTS; i++)
        o.slots[i] = untouched;
    if (with_error)
        o.err = &o.error;
    if (c->has_request && claude_request_new("messages.create", &o.request, NULL) < 0)
        abort();
    c->run(&o);
    return o;
}

static void drop(outcome *o)
{
    claude_error_unref(o->error);
    claude_request_unref(o->request);
}

/* "vision" -> "CLAUDE_FEATURE_VISION" */
static const char *option_of(const char *feature)
{
    static char option[128];
    size_t n = (size_t)snprintf(option, sizeof option, "CLAUDE_FEATURE_%s", feature);

    for (size_t i = 0; i < n; i++) {
        if (option[i] == '-')
            option[i] = '_';
        else if (option[i] >= 'a' && option[i] <= 'z')
            option[i] = (char)(option[i] - 'a' + 'A');
    }
    return option;
}

static void expect_unsupported(const char *name, const char *feature, claude_code_t code, const claude_error_t *error)
{
    const char *message = claude_error_message(error);

    EXPECT(code == CLAUDE_E_UNSUPPORTED, "%s returned %d", name, (int)code);
    EXPECT(claude_error_code(error) == CLAUDE_E_UNSUPPORTED, "%s made the error %d", name, claude_error_code(error));
    EXPECT(strstr(message, feature) != NULL, "%s: %s", name, message);
    EXPECT(strstr(message, option_of(feature)) != NULL, "%s: %s", name, message);
    EXPECT(claude_error_feature(error) && strcmp(claude_error_feature(error), feature) == 0, "%s", name);
}

/* A setter that failed is remembered, so that nothing incomplete is sent. */
static void expect_noted(const call *c, claude_client_t *client, claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *error = NULL;
    claude_code_t code = claude_client_execute(client, request, &response, &error);

    expect_unsupported(c->name, c->feature, code, error);
    claude_error_unref(error);
}

static void check_answer(const call *c, const outcome *o)
{
    if (c->kind == OF_TEXT)
        EXPECT((!c->text && !o->text) || (c->text && o->text && strcmp(c->text, o->text) == 0), "%s: %.60s", c->name,
               o->text ? o->text : "NULL");
    else if (c->kind == OF_POINTER)
        EXPECT(!o->pointer, "%s", c->name);
    else if (c->kind == OF_NUMBER)
        EXPECT(o->number == c->number, "%s: %" PRId64, c->name, o->number);
}

static void check_left_out(const call *c, claude_client_t *client)
{
    outcome o = outcome_of(c, 1);
    outcome again = outcome_of(c, 0);

    if (c->kind == OF_CODE) {
        expect_unsupported(c->name, c->feature, o.code, o.error);
        for (size_t i = 0; i < SLOTS; i++)
            EXPECT(o.slots[i] == untouched, "%s has written output %zu", c->name, i);
        EXPECT(again.code == CLAUDE_E_UNSUPPORTED, "%s without an error returned %d", c->name, (int)again.code);
        if (o.request)
            expect_noted(c, client, o.request);
    }
    check_answer(c, &o);
    EXPECT(o.destroyed == c->has_destroy, "%s ran destroy %d times", c->name, o.destroyed);
    drop(&again);
    drop(&o);
}

static void check_there(const call *c)
{
    outcome o = outcome_of(c, 1);

    EXPECT(c->kind != OF_CODE || o.code != CLAUDE_E_UNSUPPORTED, "%s is not there", c->name);
    EXPECT(o.destroyed == c->has_destroy, "%s ran destroy %d times", c->name, o.destroyed);
    if (c->is_none_for_null)
        check_answer(c, &o);
    drop(&o);
}

static void check_functions(claude_client_t *client)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (claude_feature(calls[i].feature))
            check_there(&calls[i]);
        else
            check_left_out(&calls[i], client);
    }
}

/* ---- what has more to it than functions ---- */

static claude_config_t *config_with(const char *url, const char *option)
{
    claude_config_t *config = NULL;
    const char *on = option && strcmp(option, "diagnostics.timings") == 0 ? "4" : "true";

    if (claude_config_new(&config, NULL) < 0 || claude_config_set(config, "base_url", url, NULL) < 0 ||
        claude_config_set(config, "api_key", "sk-ant-features-not-a-real-key", NULL) < 0 ||
        (option && claude_config_set(config, option, on, NULL) < 0))
        abort();
    return config;
}

static claude_client_t *new_client(const char *url)
{
    claude_config_t *config = config_with(url, NULL);
    claude_client_t *client = NULL;
    claude_error_t *error = NULL;

    if (claude_client_new(config, &client, &error) < 0) {
        printf("no client: %s\n", claude_error_message(error));
        exit(1);
    }
    claude_config_unref(config);
    return client;
}

static claude_request_t *hello(const char *json_end)
{
    claude_request_t *request = NULL;
    char json[256];

    snprintf(
        json, sizeof json,
        "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}",
        json_end);
    if (claude_request_new("messages.create", &request, NULL) < 0 ||
        claude_request_set_json(request, json, CLAUDE_NTS, NULL) < 0)
        abort();
    return request;
}

static void check_endpoint(const char *name, const char *feature)
{
    claude_request_t *request = NULL;
    claude_error_t *error = NULL;
    claude_code_t code = claude_request_new(name, &request, &error);

    if (claude_feature(feature))
        EXPECT(code == CLAUDE_OK, "%s: %s", name, claude_error_message(error));
    else
        expect_unsupported(name, feature, code, error);
    claude_error_unref(error);
    claude_request_unref(request);
}

/* A stream is refused however it is asked for. */
static void check_no_stream(claude_client_t *client)
{
    claude_request_t *plain = hello("");
    claude_request_t *said = hello(",\"stream\":true");
    claude_request_t *optional = hello("");
    claude_response_t *response = NULL;
    claude_loop_t *loop = NULL;
    claude_call_t *running = NULL;
    claude_error_t *error = NULL;
    claude_code_t code;

    code = claude_client_start(client, plain, CLAUDE_STREAM, &running, &error);
    expect_unsupported("CLAUDE_STREAM", "streaming", code, error);
    claude_error_unref(error);
    error = NULL;
    EXPECT(claude_loop_new(client, &loop, NULL) == CLAUDE_OK, "no loop");
    code = claude_loop_submit(loop, plain, CLAUDE_STREAM, 1, &running, &error);
    expect_unsupported("CLAUDE_STREAM of a loop", "streaming", code, error);
    claude_error_unref(error);
    error = NULL;
    code = claude_client_execute(client, said, &response, &error);
    expect_unsupported("\"stream\":true", "streaming", code, error);
    claude_error_unref(error);
    error = NULL;
    EXPECT(claude_request_set_option(optional, "request.stream_internally", "true", NULL) == CLAUDE_OK, "no option");
    code = claude_client_execute(client, optional, &response, &error);
    expect_unsupported("request.stream_internally", "streaming", code, error);
    claude_error_unref(error);
    EXPECT(!running && !response, "an output was written");
    claude_loop_unref(loop);
    claude_request_unref(optional);
    claude_request_unref(said);
    claude_request_unref(plain);
}

static void check_stream(claude_client_t *client)
{
    claude_request_t *request = hello("");
    claude_call_t *running = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *error = NULL;
    int deltas = 0;
    claude_code_t rc = claude_client_stream(client, request, &running, &error);

    while (rc >= 0 && (rc = claude_call_next(running, -1, &event, &error)) == 1)
        deltas += claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA;
    EXPECT(rc == CLAUDE_DONE && deltas > 0, "%d deltas, %s", deltas, claude_error_message(error));
    claude_error_unref(error);
    claude_call_unref(running);
    claude_request_unref(request);
}

/* ---- what a client must enable before calls may ask for it ---- */

typedef claude_code_t (*execute_fn)(claude_client_t *client, const claude_request_t *request, claude_response_t **out,
                                    claude_error_t **err);

static const struct {
    const char *feature;
    const char *option;
    uint32_t flag; /* 0: no matter of calls */
    execute_fn execute;
} enabled[] = {
    {"retry-logic", "retry.enabled", CLAUDE_WITH_RETRIES, claude_client_execute_with_retries},
    {"circuit-breaker", "breaker.enabled", CLAUDE_WITH_CIRCUIT_BREAKER, claude_client_execute_with_circuit_breaker},
    {"rate-limiting", "limiter.enabled", CLAUDE_WITH_RATE_LIMITING, claude_client_execute_with_rate_limiting},
    {"failover", "failover.enabled", CLAUDE_WITH_FAILOVER, NULL}, /* wants endpoints as well */
    {"metrics", "metrics.enabled", 0, claude_client_execute},
    {"general-diagnostics", "diagnostics.timings", 0, claude_client_execute},
};

static void check_enabled(const char *url, size_t i)
{
    claude_config_t *config = config_with(url, enabled[i].option);
    claude_client_t *client = NULL;
    claude_request_t *request = hello("");
    claude_response_t *response = NULL;
    claude_error_t *error = NULL;
    claude_code_t code = claude_client_new(config, &client, &error);

    if (claude_feature(enabled[i].feature) && !enabled[i].execute) {
        EXPECT(code == CLAUDE_E_INVALID, "%s: %d", enabled[i].option, (int)code);
    } else if (claude_feature(enabled[i].feature)) {
        EXPECT(code == CLAUDE_OK, "%s: %s", enabled[i].option, claude_error_message(error));
        code = enabled[i].execute(client, request, &response, &error);
        EXPECT(code == CLAUDE_OK, "%s: %s", enabled[i].option, claude_error_message(error));
    } else {
        expect_unsupported(enabled[i].option, enabled[i].feature, code, error);
        EXPECT(!client, "%s made a client", enabled[i].option);
    }
    claude_error_unref(error);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_config_unref(config);
}

/* By a client that has enabled nothing: left out is said before not enabled. */
static void check_flag(claude_client_t *client, size_t i)
{
    claude_request_t *request = hello("");
    claude_call_t *running = NULL;
    claude_error_t *error = NULL;
    claude_code_t code = claude_client_start(client, request, enabled[i].flag, &running, &error);

    if (claude_feature(enabled[i].feature))
        EXPECT(code == CLAUDE_E_INVALID, "%s: %d", enabled[i].feature, (int)code);
    else
        expect_unsupported(enabled[i].option, enabled[i].feature, code, error);
    claude_error_unref(error);
    claude_request_unref(request);
}

/* Asks for what is enabled, which is nothing. */
static void check_all_together(claude_client_t *client)
{
    claude_request_t *request = hello("");
    claude_response_t *response = NULL;
    claude_error_t *error = NULL;
    claude_code_t code = claude_client_execute_with_enterprise_features(client, request, &response, &error);
    int32_t any = 0;

    for (size_t i = 0; i < sizeof enabled / sizeof enabled[0]; i++)
        any |= enabled[i].flag && claude_feature(enabled[i].feature);
    EXPECT(code == (any ? CLAUDE_E_INVALID : CLAUDE_E_UNSUPPORTED), "%d: %s", (int)code, claude_error_message(error));
    EXPECT(strstr(claude_error_message(error), any ? "retry.enabled" : "CLAUDE_FEATURE_") != NULL, "%s",
           claude_error_message(error));
    claude_error_unref(error);
    claude_request_unref(request);
}

static void check_asked_for(claude_client_t *client, const char *url)
{
    for (size_t i = 0; i < sizeof enabled / sizeof enabled[0]; i++) {
        check_enabled(url, i);
        if (enabled[i].flag)
            check_flag(client, i);
    }
    check_all_together(client);
}

/* ---- what every build has ---- */

/* A message, also by a loop, an error of the API, JSON, validation. */
static void check_core(claude_client_t *client)
{
    claude_request_t *request = hello("");
    claude_response_t *response = NULL;
    claude_error_t *error = NULL;
    claude_problems_t *problems = NULL;
    claude_loop_t *loop = NULL;
    claude_call_t *running = NULL;
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    claude_code_t rc = claude_client_execute(client, request, &response, &error);

    EXPECT(rc == CLAUDE_OK, "%s", claude_error_message(error));
    EXPECT(strlen(claude_response_text(response, NULL)) > 0, "no text");
    EXPECT(claude_response_usage(response, "output_tokens") > 0, "no usage");
    EXPECT(claude_response_count(response, "/content") > 0, "no content");
    claude_response_unref(response);
    response = NULL;

    rc = claude_loop_new(client, &loop, &error);
    if (rc >= 0)
        rc = claude_loop_submit(loop, request, 0, 7, &running, &error);
    while (rc >= 0 && rc != CLAUDE_DONE) {
        rc = claude_loop_wait(loop, -1, &error);
        if (rc >= 0)
            rc = claude_loop_next(loop, &tag, &event, &error);
    }
    EXPECT(rc == CLAUDE_DONE && tag == 7, "%s", claude_error_message(error));
    EXPECT(claude_call_result(running, &response, NULL) == CLAUDE_OK, "no result");
    claude_response_unref(response);
    response = NULL;
    claude_call_unref(running);
    claude_loop_unref(loop);

    EXPECT(claude_request_validate(request, &problems, NULL) == CLAUDE_OK, "a good request has problems");
    claude_request_set_header(request, "x-sandbox-scenario", "refused", NULL);
    rc = claude_client_execute(client, request, &response, &error);
    EXPECT(rc == CLAUDE_E_OVERLOADED && claude_error_http_status(error) == 529, "%d: %s", (int)rc,
           claude_error_message(error));
    claude_error_unref(error);
    claude_problems_unref(problems);
    claude_request_unref(request);
}

/* The names as they are on the command line: NAME=1 or NAME=0. */
static void check_names(int count, char **pairs)
{
    for (int i = 0; i < count; i++) {
        char *equals = strchr(pairs[i], '=');
        if (!equals)
            abort();
        *equals = '\0';
        EXPECT(claude_feature(pairs[i]) == atoi(equals + 1), "%s", pairs[i]);
    }
}

int main(int argc, char **argv)
{
    claude_client_t *client;

    if (argc < 2)
        return 2;
    client = new_client(argv[1]);
    check_names(argc - 2, argv + 2);
    check_functions(client);
    check_endpoint("messages.count_tokens", "count-tokens");
    check_endpoint("beta.messages.count_tokens", "count-tokens");
    check_endpoint("models.list", "model-management");
    check_endpoint("models.retrieve", "model-management");
    check_endpoint("completions.create", "content-generation");
    if (claude_feature("streaming"))
        check_stream(client);
    else
        check_no_stream(client);
    check_asked_for(client, argv[1]);
    check_core(client);
    claude_client_unref(client);
    printf("%zu functions, %d failures\n", sizeof calls / sizeof calls[0], failures);
    return failures ? 1 : 0;
}
