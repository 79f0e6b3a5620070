/*
 * The report of a client, the timings of its attempts, and log lines: what is told, when, on which thread, and that no
 * secret is, however much is told and whatever goes wrong.
 */
#include "ways.h"

#include <pthread.h>

#define OK_ANSWER                                                                                                      \
    "{'body_json':{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[],"                         \
    "'usage':{'input_tokens':1,'output_tokens':1}}}"
#define PROMPT "what-a-user-asks-5521"
#define GATEWAY "gateway-5522-token"

/* ---- log lines ---- */

struct lines {
    pthread_t thread;
    char *text; /* "level event fields\n" each */
    size_t count;
    int destroyed;
    claude_call_t *call; /* to be tried from inside */
    claude_code_t inside;
};

static void take(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    struct lines *lines = user_data;
    struct json_object *object = json_tokener_parse(fields);
    char *text;

    if (!object || !json_object_is_type(object, json_type_object))
        fail_msg("%s: no JSON object: %s", event, fields);
    assert_int_equal(strlen(fields), len);
    assert_true(json_object_object_get_ex(object, "time_ms", NULL));
    assert_null(strchr(fields, '\n'));
    assert_string_not_equal(claude_log_level_name(level), "");
    json_object_put(object);
    check_no_key(fields, __FILE__, __LINE__);
    assert_null(strstr(fields, GATEWAY));
    if (lines->call)
        lines->inside = claude_call_wait(lines->call, 0, NULL);
    text = format("%s%s %s %s\n", lines->text ? lines->text : "", claude_log_level_name(level), event, fields);
    free(lines->text);
    lines->text = text;
    lines->count++;
    lines->thread = pthread_self();
}

static void lines_end(void *user_data)
{
    ((struct lines *)user_data)->destroyed++;
}

static claude_config_t *config_with_log(int32_t level, struct lines *lines)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_on_log(config, level, take, lines, lines_end, &err), err);
    return config;
}

static void set(claude_config_t *config, const char *name, const char *value)
{
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, name, value, &err), err);
}

static size_t times(const struct lines *lines, const char *part)
{
    size_t n = 0;

    for (const char *p = lines->text; p && (p = strstr(p, part)); p++)
        n++;
    return n;
}

static void told(const struct lines *lines, const char *part, size_t count)
{
    if (times(lines, part) != count)
        fail_msg("'%s' is told %zu times, not %zu, in\n%s", part, times(lines, part), count,
                 lines->text ? lines->text : "");
}

static void forget(struct lines *lines)
{
    free(lines->text);
    lines->text = NULL;
    lines->count = 0;
}

static void execute_anyhow(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    if (claude_client_start(client, request, flags, &call, NULL) < 0)
        return;
    if (claude_call_wait(call, -1, &err) < 0)
        check_error(err, claude_error_code(err), __FILE__, __LINE__);
    claude_error_unref(err);
    claude_call_unref(call);
}

static void levels(void **state)
{
    static const size_t expected[] = {0, 0, 0, 2, 4, 8};
    (void)state;
    for (int32_t level = CLAUDE_LOG_ERROR; level <= CLAUDE_LOG_TRACE; level++) {
        struct lines lines = {.count = 0};
        claude_client_t *client = client_of(config_with_log(level, &lines));
        claude_request_t *request = hello();
        execute_anyhow(client, request, 0);
        if (lines.count != expected[level])
            fail_msg("level %d: %s", (int)level, lines.text);
        if (lines.count > 0)
            assert_true(pthread_equal(lines.thread, pthread_self()));
        if (level >= CLAUDE_LOG_DEBUG)
            told(&lines, "\"connections\":1", 1);
        claude_request_unref(request);
        claude_client_unref(client);
        assert_int_equal(lines.destroyed, 1);
        forget(&lines);
    }
}

static void failures(void **state)
{
    struct lines lines = {.count = 0};
    claude_client_t *client = client_of(config_with_log(CLAUDE_LOG_ERROR, &lines));
    claude_request_t *request = hello();

    (void)state;
    script("{'status':401,'error':{'type':'authentication_error','message':'invalid " KEY "'}}");
    execute_anyhow(client, request, 0);
    told(&lines, "error call.end", 1);
    told(&lines, "CLAUDE_E_AUTH", 1);
    told(&lines, "\"message\":\"", 1);
    assert_int_equal(lines.count, 1);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

static void policies(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_INFO, &lines);
    claude_request_t *request = hello();
    claude_client_t *client;

    (void)state;
    set(config, "retry.enabled", "true");
    set(config, "retry.initial_delay_ms", "1");
    set(config, "breaker.enabled", "true");
    set(config, "breaker.failure_threshold", "2");
    set(config, "breaker.open_ms", "86400000");
    client = client_of(config);
    script("{'sequence':[{'status':500}," OK_ANSWER "]}");
    execute_anyhow(client, request, CLAUDE_WITH_RETRIES);
    told(&lines, "warn attempt.failed", 1);
    told(&lines, "warn retry.wait", 1);
    told(&lines, "info call.end", 1);
    forget(&lines);
    script("{'status':500}");
    execute_anyhow(client, request, CLAUDE_WITH_CIRCUIT_BREAKER);
    execute_anyhow(client, request, CLAUDE_WITH_CIRCUIT_BREAKER);
    execute_anyhow(client, request, CLAUDE_WITH_CIRCUIT_BREAKER);
    told(&lines, "\"from\":\"closed\",\"to\":\"open\"", 1);
    told(&lines, "warn breaker.refused", 1);
    told(&lines, "error call.end", 3);
    forget(&lines);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* One goes, the next would have to wait for minutes, the third may not. */
static void limiting(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_INFO, &lines);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_call_t *call = NULL;

    (void)state;
    set(config, "limiter.enabled", "true");
    set(config, "limiter.requests_per_second", "0.01");
    set(config, "limiter.burst", "1");
    set(config, "limiter.max_wait_ms", "86400000");
    client = client_of(config);
    execute_anyhow(client, request, CLAUDE_WITH_RATE_LIMITING);
    told(&lines, "limiter", 1); /* "limiter_wait_ms" of its end */
    forget(&lines);
    succeeds(claude_client_start(client, request, CLAUDE_WITH_RATE_LIMITING, &call, &err), err);
    for (int i = 0; i < 3; i++)
        assert_int_equal(claude_call_wait(call, 0, &err), 0);
    told(&lines, "info limiter.wait", 1);
    claude_call_unref(call);
    forget(&lines);
    succeeds(claude_request_set_option(request, "limiter.max_wait_ms", "0", &err), err);
    execute_anyhow(client, request, CLAUDE_WITH_RATE_LIMITING);
    told(&lines, "warn limiter.refused", 1);
    forget(&lines);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void moving_on(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_WARN, &lines);
    claude_failover_t *failover = NULL;
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;
    claude_request_t *request = hello();
    claude_client_t *client;

    (void)state;
    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(server), 1, NULL, NULL, &err), err);
    succeeds(claude_secret_new("sk-ant-api03-SECOND-5b1d", CLAUDE_NTS, &secret, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(other_server(0)), 2, secret, NULL, &err), err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    client = client_of(config);
    script("{'status':529}");
    execute_anyhow(client, request, CLAUDE_WITH_FAILOVER);
    told(&lines, "warn failover", 1);
    told(&lines, "\"endpoint_index\":1", 1);
    assert_null(strstr(lines.text, "SECOND"));
    forget(&lines);
    claude_secret_unref(secret);
    claude_failover_unref(failover);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* From inside, the call itself cannot be used; a callback may be taken away again, and not be made of nothing. */
static void manners(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_DEBUG, &lines);
    claude_error_t *err = NULL;
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_call_t *call = NULL;

    (void)state;
    fails(claude_config_on_log(config, 0, take, &lines, lines_end, &err), CLAUDE_E_INVALID, &err);
    fails(claude_config_on_log(config, 6, take, &lines, lines_end, &err), CLAUDE_E_INVALID, &err);
    fails(claude_config_on_log(NULL, 1, take, &lines, lines_end, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(lines.destroyed, 3);
    client = client_of(config);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_true(lines.count > 0);
    lines.call = call;
    succeeds(claude_call_wait(call, -1, &err), err);
    assert_int_equal(lines.inside, CLAUDE_E_BUSY);
    lines.call = NULL;
    claude_call_unref(call);
    /* Let go of in the middle: its end is told, too. */
    forget(&lines);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    claude_call_unref(call);
    told(&lines, "call.end", 1);
    told(&lines, "CLAUDE_E_CANCELED", 2);
    claude_client_unref(client);
    assert_int_equal(lines.destroyed, 4);
    forget(&lines);
    config = config_with_log(CLAUDE_LOG_TRACE, &lines);
    succeeds(claude_config_on_log(config, CLAUDE_LOG_TRACE, NULL, NULL, NULL, &err), err);
    assert_int_equal(lines.destroyed, 5);
    client = client_of(config);
    execute_anyhow(client, request, 0);
    assert_int_equal(lines.count, 0);
    claude_client_unref(client);
    claude_request_unref(request);
}

/* As much as can be told, over everything that a server may do. */
static void no_secret(void **state)
{
    static const char *const scenarios[] = {
        "text",        "text-tool-thinking", "interleaved", "truncated",      "overloaded-in-stream",
        "empty",       "error-first",        "html",        "json-on-stream", "rate-limited",
        "redirect",    "server-error",       "overloaded",  "unauthorized",   "unknown-events",
        "bad-request", "early-hints"};
    struct lines lines = {.count = 0};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(scenarios); i++) {
        bool bodies = i >= COUNT_OF(scenarios);
        claude_config_t *config = config_with_log(CLAUDE_LOG_TRACE, &lines);
        claude_request_t *request = request_of("{'model':'claude-opus-5','max_tokens':9,'messages':[{'role':'user',"
                                               "'content':'" PROMPT " " KEY "'}]}");
        claude_error_t *err = NULL;
        claude_client_t *client;
        set(config, "diagnostics.log_bodies", bodies ? "true" : "false");
        set(config, "diagnostics.timings", "4");
        set(config, "retry.enabled", "true");
        set(config, "retry.initial_delay_ms", "1");
        set(config, "retry.max_retries", "1");
        set(config, "retry.max_server_delay_ms", "10");
        set(config, "timeout.stream_total_ms", "60000");
        succeeds(claude_config_set_header(config, "x-gateway-token", GATEWAY, &err), err);
        client = client_of(config);
        succeeds(claude_request_set_header(request, "x-sandbox-scenario", scenarios[i % COUNT_OF(scenarios)], &err),
                 err);
        execute_anyhow(client, request, CLAUDE_WITH_RETRIES);
        execute_anyhow(client, request, CLAUDE_STREAM | CLAUDE_WITH_RETRIES);
        told(&lines, "call.begin", 2);
        told(&lines, "call.end", 2);
        assert_true(times(&lines, "request.headers") >= 2);
        assert_int_equal(times(&lines, PROMPT) > 0, bodies);
        {
            claude_diagnostics_t *report = NULL;
            succeeds(claude_client_diagnostics(client, &report, &err), err);
            check_no_key(claude_diagnostics_json(report, NULL), __FILE__, __LINE__);
            assert_null(strstr(claude_diagnostics_json(report, NULL), GATEWAY));
            claude_diagnostics_unref(report);
        }
        claude_request_unref(request);
        claude_client_unref(client);
        forget(&lines);
    }
}

/* A body is told as the program gave it, however it goes out. */
static void compressed_bodies(void **state)
{
    struct lines lines = {.count = 0};
    (void)state;
    for (size_t packed = 0; packed < 2; packed++) {
        claude_config_t *config = config_with_log(CLAUDE_LOG_TRACE, &lines);
        claude_request_t *request = hello();
        claude_error_t *err = NULL;
        claude_client_t *client;
        set(config, "diagnostics.log_bodies", "true");
        set(config, "compression.enabled", "true");
        set(config, "compression.level", packed ? "9" : "0");
        client = client_of(config);
        for (int k = 0; k < 100; k++)
            succeeds(claude_request_add_user_text(request, PROMPT, CLAUDE_NTS, &err), err);
        execute_anyhow(client, request, 0);
        told(&lines, "trace request.body", 1);
        told(&lines, "[\"content-encoding\",\"gzip\"]", packed);
        assert_true(times(&lines, PROMPT) >= 100);
        claude_request_unref(request);
        claude_client_unref(client);
        forget(&lines);
    }
}

/* Whose data is asked for stands in the query. */
static void queries(void **state)
{
    struct lines lines = {.count = 0};
    claude_client_t *client = client_of(config_with_log(CLAUDE_LOG_TRACE, &lines));
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_new("models.list", &request, &err), err);
    succeeds(claude_request_add_query(request, "after_id", "somebody", &err), err);
    execute_anyhow(client, request, 0);
    told(&lines, "/v1/models\"", 1);
    told(&lines, "somebody", 0);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

static void deprecations(void **state)
{
    struct lines lines = {.count = 0};
    claude_client_t *client = client_of(config_with_log(CLAUDE_LOG_WARN, &lines));
    claude_request_t *request =
        request_of("{'model':'claude-sonnet-4-5-20250929','max_tokens':9,'messages':[{'role':'user','content':'x'}]}");

    (void)state;
    execute_anyhow(client, request, 0);
    execute_anyhow(client, request, 0);
    told(&lines, "warn model.deprecated", 1);
    told(&lines, "\"model\":\"claude-sonnet-4-5-20250929\"", 1);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

static void in_a_loop(void **state)
{
    struct lines lines = {.count = 0};
    claude_client_t *client = client_of(config_with_log(CLAUDE_LOG_DEBUG, &lines));
    claude_request_t *request = hello_stream();
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    claude_code_t rc = 0;

    (void)state;
    succeeds(claude_loop_new(client, &loop, &err), err);
    succeeds(claude_loop_submit(loop, request, CLAUDE_STREAM, 1, &call, &err), err);
    while (rc != CLAUDE_DONE) {
        succeeds(claude_loop_wait(loop, -1, &err), err);
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) == 1)
            ;
        succeeds(rc, err);
    }
    told(&lines, "call.begin", 1);
    told(&lines, "attempt.begin", 1);
    told(&lines, "attempt.end", 1);
    told(&lines, "call.end", 1);
    claude_call_unref(call);
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

/* A callback may release anything, also the call that it is told of. */
static void let_go(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    claude_call_t **call = user_data;

    (void)level;
    (void)fields;
    (void)len;
    if (strcmp(event, "stream.event") != 0)
        return;
    claude_call_unref(*call);
    *call = NULL;
}

static void released_from_inside(void **state)
{
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    claude_client_t *client;

    (void)state;
    succeeds(claude_config_on_log(config, CLAUDE_LOG_TRACE, let_go, &call, NULL, &err), err);
    client = client_of(config);
    succeeds(claude_client_start(client, request, CLAUDE_STREAM, &call, &err), err);
    while (call && claude_call_next(call, -1, &event, NULL) == 1)
        ;
    assert_null(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- the report ---- */

static struct json_object *report_of(claude_client_t *client)
{
    claude_diagnostics_t *report = NULL;
    claude_error_t *err = NULL;
    struct json_object *object;
    size_t len = 0;
    const char *json;

    succeeds(claude_client_diagnostics(client, &report, &err), err);
    json = claude_diagnostics_json(report, &len);
    assert_int_equal(strlen(json), len);
    check_no_key(json, __FILE__, __LINE__);
    assert_null(strstr(json, "PASS"));
    assert_null(strstr(json, GATEWAY));
    object = json_tokener_parse(json);
    assert_non_null(object);
    claude_diagnostics_unref(claude_diagnostics_ref(report));
    claude_diagnostics_unref(report);
    return object;
}

static struct json_object *at(struct json_object *object, const char *member)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, member, &value))
        fail_msg("no %s in %s", member, json_object_to_json_string(object));
    return value;
}

static void a_plain_client(void **state)
{
    claude_client_t *client = new_client();
    struct json_object *report = report_of(client);
    claude_diagnostics_t *none = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_string_equal(text_of(at(report, "library"), "version"), claude_version_string());
    assert_true(json_object_array_length(at(at(report, "libcurl"), "features")) > 0);
    assert_int_equal(json_object_object_length(at(report, "options")), 1); /* base_url */
    assert_null(at(report, "limiter"));
    assert_null(at(report, "quota"));
    assert_int_equal(json_object_array_length(at(report, "snapshots")), 1);
    assert_int_equal(json_object_array_length(at(report, "watchers")), 0);
    assert_null(at(report, "attempts"));
    assert_null(at(report, "rate_limits"));
    assert_null(at(report, "metrics"));
    assert_int_equal(json_object_array_length(at(report, "endpoints")), 1);
    assert_string_not_equal(text_of(at(report, "key"), "fingerprint"), "");
    assert_int_equal(number_of(at(report, "connections"), "engines"), 0);
    json_object_put(report);
    fails(claude_client_diagnostics(NULL, &none, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_diagnostics(client, NULL, &err), CLAUDE_E_INVALID, &err);
    assert_string_equal(claude_diagnostics_json(NULL, NULL), "");
    claude_diagnostics_unref(NULL);
    assert_int_equal(requests_seen(), 0);
    claude_client_unref(client);
}

static void a_busy_client(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_ERROR, &lines);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_client_t *client;
    struct json_object *report;
    struct json_object *row;

    (void)state;
    set(config, "diagnostics.timings", "3");
    set(config, "metrics.enabled", "true");
    set(config, "limiter.enabled", "true");
    set(config, "breaker.enabled", "true");
    set(config, "retry.multiplier", "1.5");
    set(config, "user_agent", "me " KEY);
    set(config, "network.no_proxy", "127.0.0.1");
    set(config, "network.proxy", "http://user:PASS@127.0.0.1:1");
    succeeds(claude_config_set_header(config, "x-gateway-token", GATEWAY, &err), err);
    client = client_of(config);
    for (int i = 0; i < 5; i++) {
        execute_anyhow(client, request, CLAUDE_WITH_CIRCUIT_BREAKER);
        if (i == 3)
            script("{'status':500}");
    }
    report = report_of(client);
    assert_string_equal(text_of(at(report, "options"), "network.proxy"), "http://127.0.0.1:1");
    assert_string_equal(text_of(at(report, "options"), "retry.multiplier"), "1.5");
    assert_string_equal(text_of(at(report, "options"), "metrics.enabled"), "true");
    assert_string_equal(json_object_get_string(json_object_array_get_idx(at(report, "headers"), 0)), "x-gateway-token");
    assert_string_equal(json_object_get_string(json_object_array_get_idx(at(report, "callbacks"), 0)), "log");
    assert_int_equal(json_object_array_length(at(report, "attempts")), 3);
    row = json_object_array_get_idx(at(report, "attempts"), 0);
    assert_string_equal(text_of(row, "endpoint"), "messages.create");
    assert_string_equal(text_of(row, "code"), "CLAUDE_OK");
    assert_int_equal(number_of(row, "connections"), 0);
    assert_int_equal(number_of(at(row, "timings_us"), "dns"), 0);
    assert_int_equal(number_of(at(row, "timings_us"), "tls"), -1);
    assert_true(number_of(at(row, "timings_us"), "first_byte") > 0);
    assert_true(number_of(at(row, "timings_us"), "total") >= number_of(at(row, "timings_us"), "first_byte"));
    row = json_object_array_get_idx(at(report, "attempts"), 2);
    assert_string_equal(text_of(row, "code"), "CLAUDE_E_SERVER");
    assert_int_equal(number_of(row, "http_status"), 500);
    assert_true(number_of(at(at(report, "rate_limits"), "requests"), "limit") > 0);
    assert_int_equal(number_of(at(report, "limiter"), "queued"), 0);
    assert_true(number_of(at(at(report, "limiter"), "available"), "messages") > 0);
    row = json_object_array_get_idx(at(report, "endpoints"), 0);
    assert_string_equal(text_of(row, "breaker"), "closed");
    assert_int_equal(number_of(row, "breaker_failures"), 1);
    assert_non_null(at(report, "metrics"));
    assert_int_equal(number_of(at(report, "connections"), "connections"), 1);
    assert_int_equal(number_of(at(report, "connections"), "transfers"), 0);
    json_object_put(report);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

/* What a name of a model looks like is the program's business, and no reason to show a key. */
static void a_quota(void **state)
{
    struct lines lines = {.count = 0};
    claude_config_t *config = config_with_log(CLAUDE_LOG_WARN, &lines);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_client_t *client;
    struct json_object *report;
    struct json_object *total;

    (void)state;
    set(config, "quota.enabled", "true");
    set(config, "quota.daily_requests", "1");
    set(config, "metrics.enabled", "true");
    succeeds(claude_request_set_model(request, KEY, &err), err);
    client = client_of(config);
    execute_anyhow(client, request, CLAUDE_WITH_QUOTA);
    told(&lines, "refused", 0);
    execute_anyhow(client, request, CLAUDE_WITH_QUOTA);
    told(&lines, "warn quota.refused", 1);
    report = report_of(client);
    total = at(at(report, "quota"), "total");
    assert_int_equal(number_of(at(total, "limits"), "daily_requests"), 1);
    assert_int_equal(number_of(at(total, "day"), "requests"), 1);
    assert_int_equal(number_of(total, "refused"), 1);
    assert_int_equal(json_object_object_length(at(at(report, "quota"), "models")), 1);
    json_object_put(report);
    claude_request_unref(request);
    claude_client_unref(client);
    forget(&lines);
}

static int32_t no_token(claude_credential_t *credential, void *user_data)
{
    (void)credential;
    (void)user_data;
    return 5;
}

/* A watcher of a file that is not there, for two snapshots. */
static void snapshots_and_watchers(void **state)
{
    claude_config_t *config = new_config();
    claude_watcher_t *watcher = NULL;
    claude_error_t *err = NULL;
    claude_client_t *client;
    struct json_object *report;
    struct json_object *row;

    (void)state;
    succeeds(claude_config_set_credential_provider(config, no_token, NULL, NULL, &err), err);
    client = client_of(config);
    succeeds(claude_watcher_new("/nowhere/claude.json", NULL, 0, &watcher, &err), err);
    succeeds(claude_watcher_attach(watcher, client, NULL, &err), err);
    succeeds(claude_watcher_attach(watcher, client, "other", &err), err);
    report = report_of(client);
    assert_string_equal(json_object_get_string(json_object_array_get_idx(at(report, "callbacks"), 0)), "credentials");
    assert_int_equal(json_object_array_length(at(report, "snapshots")), 2);
    assert_string_equal(text_of(json_object_array_get_idx(at(report, "snapshots"), 0), "name"), "");
    row = json_object_array_get_idx(at(report, "snapshots"), 1);
    assert_string_equal(text_of(row, "name"), "other");
    assert_int_equal(number_of(row, "generation"), 3);
    assert_int_equal(json_object_array_length(at(report, "watchers")), 1);
    row = json_object_array_get_idx(at(report, "watchers"), 0);
    assert_string_equal(text_of(row, "file"), "/nowhere/claude.json");
    assert_int_equal(number_of(row, "generation"), 1);
    assert_int_equal(number_of(row, "clients"), 2);
    assert_non_null(strstr(text_of(row, "trouble"), "/nowhere/claude.json"));
    json_object_put(report);
    succeeds(claude_watcher_update(watcher, "{}", CLAUDE_NTS, &err), err);
    report = report_of(client);
    row = json_object_array_get_idx(at(report, "watchers"), 0);
    assert_int_equal(number_of(row, "generation"), 2);
    assert_null(at(row, "trouble"));
    json_object_put(report);
    claude_watcher_unref(watcher);
    claude_client_unref(client);
}

/* In the report of a call, where they are taken, and only there. */
static void timings_of_a_call(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        claude_client_t *client = client_with("diagnostics.timings", on ? "1" : "0", NULL);
        claude_request_t *request = hello();
        claude_response_t *response = execute(client, request);
        const claude_report_t *report = claude_response_report(response);
        assert_int_equal(strstr(claude_report_json(report, NULL), "\"timings_us\":{") != NULL, on);
        assert_int_equal(claude_report_attempt_timing_us(report, 0, "total") > 0, on);
        assert_int_equal(claude_report_attempt_timing_us(report, 0, "connect") >= 0, on);
        assert_int_equal(claude_report_attempt_timing_us(report, 0, "tls"), -1);
        assert_int_equal(claude_report_attempt_timing_us(report, 0, "nothing"), -1);
        assert_int_equal(claude_report_attempt_timing_us(report, 0, NULL), -1);
        assert_int_equal(claude_report_attempt_timing_us(report, 1, "total"), -1);
        assert_int_equal(claude_report_attempt_timing_us(NULL, 0, "total"), -1);
        claude_response_unref(response);
        claude_request_unref(request);
        claude_client_unref(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_SERVERS(levels),
        TEST_OF_SERVERS(failures),
        TEST_OF_SERVERS(policies),
        TEST_OF_SERVERS(limiting),
        TEST_OF_SERVERS(moving_on),
        TEST_OF_SERVERS(manners),
        TEST_OF_SERVERS(no_secret),
        TEST_OF_SERVERS(compressed_bodies),
        TEST_OF_SERVERS(queries),
        TEST_OF_SERVERS(deprecations),
        TEST_OF_SERVERS(in_a_loop),
        TEST_OF_SERVERS(released_from_inside),
        TEST_OF_SERVERS(a_plain_client),
        TEST_OF_SERVERS(a_busy_client),
        TEST_OF_SERVERS(a_quota),
        TEST_OF_SERVERS(snapshots_and_watchers),
        TEST_OF_SERVERS(timings_of_a_call),
    };

    return RUN_WITH_SERVERS(tests);
}
