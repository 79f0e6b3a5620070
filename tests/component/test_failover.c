/*
 * Failover: which server is asked and what for, that each sees its own key and nothing that is not meant for it, that
 * only what speaks against a server sends a call to the next one.
 */
#include "ways.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAILOVER CLAUDE_WITH_FAILOVER
#define RETRIES CLAUDE_WITH_RETRIES
#define BREAKER CLAUDE_WITH_CIRCUIT_BREAKER
#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[]}}"
#define BUSY "{'status':529,'body':''}"
#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m',"         \
    "'content':[],'usage':{'input_tokens':12,'output_tokens':1}}}}"
#define REST "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'}}},{'data':{'type':'message_stop'}}"

enum { SERVERS = 1 + OTHER_SERVERS };

static const char *const keys[SERVERS] = {KEY, "sk-ant-api03-SECOND-5b1d", "sk-ant-api03-THIRD-c88e"};

static struct sandbox *server_at(size_t i)
{
    return i == 0 ? server : other_server(i - 1);
}

static void script_all(const char *first, const char *second, const char *third)
{
    script(first);
    script_at(other_server(0), second);
    script_at(other_server(1), third);
}

static uint64_t seen_by(size_t i)
{
    return sandbox_request_count(server_at(i));
}

static void seen(uint64_t first, uint64_t second, uint64_t third)
{
    assert_int_equal(seen_by(0), first);
    assert_int_equal(seen_by(1), second);
    assert_int_equal(seen_by(2), third);
    assert_int_equal(reset_servers(NULL), 0);
}

/* What a server has recorded, as it was asked. */
static char *record_of(size_t i)
{
    char *text = sandbox_requests(server_at(i));

    assert_non_null(text);
    return text;
}

/* ---- clients ---- */

static void set(claude_config_t *config, const char *name, const char *value)
{
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, name, value, &err), err);
}

static void add(claude_failover_t *failover, const char *url, int32_t priority, const char *key)
{
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    if (key)
        succeeds(claude_secret_new(key, strlen(key), &secret, &err), err);
    succeeds(claude_failover_add_endpoint(failover, url, priority, secret, NULL, &err), err);
    claude_secret_unref(secret);
}

/* The client's own server first, without a key of its own. */
static claude_failover_t *failover_of(claude_config_t *config, size_t servers)
{
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_failover_new(config, &failover, &err), err);
    for (size_t i = 0; i < servers; i++)
        add(failover, sandbox_url(server_at(i)), (int32_t)i, i == 0 ? NULL : keys[i]);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    return failover;
}

static claude_config_t *options(const char *option, ...)
{
    claude_config_t *config = new_config();
    va_list args;

    set(config, "retry.enabled", "true");
    set(config, "retry.initial_delay_ms", "0");
    set(config, "retry.budget", "0");
    set(config, "metrics.enabled", "true");
    va_start(args, option);
    for (; option; option = va_arg(args, const char *))
        set(config, option, va_arg(args, const char *));
    va_end(args);
    return config;
}

struct scene {
    claude_failover_t *failover;
    claude_client_t *client;
    claude_request_t *request;
};

/* Takes over the configuration. */
static struct scene scene_of(claude_config_t *config, size_t servers)
{
    struct scene s = {.failover = failover_of(config, servers), .request = hello()};

    s.client = client_of(config);
    return s;
}

static void close_scene(struct scene *s)
{
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    claude_failover_unref(s->failover);
}

/* ---- where it goes ---- */

static void the_next_server_is_asked(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
        int32_t first; /* the status of the first attempt */
    } rows[] = {
        {BUSY, CLAUDE_E_OVERLOADED, 529},
        {"{'status':500,'body':''}", CLAUDE_E_SERVER, 500},
        {"{'status':504,'body':''}", CLAUDE_E_API_TIMEOUT, 504},
        {"{'close_without_reply':'fin'}", CLAUDE_E_CLOSED, 0},
        {"{'headers':[['content-type','text/html']],'body':'<html>'}", CLAUDE_E_PROTOCOL, 200},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct scene s = scene_of(options(NULL, NULL), 3);
            struct outcome o;
            script_all(rows[i].reply, GOOD, GOOD);
            o = run(way, s.client, s.request, FAILOVER);
            assert_int_equal(claude_report_failovers(o.report), 1);
            assert_int_equal(claude_report_retries(o.report), 0);
            assert_int_equal(claude_report_endpoint_index(o.report), 1);
            assert_string_equal(claude_report_endpoint_url(o.report), sandbox_url(other_server(0)));
            assert_int_equal(claude_report_attempt_code(o.report, 0), rows[i].code);
            assert_int_equal(claude_report_attempt_http_status(o.report, 0), rows[i].first);
            assert_int_equal(claude_report_attempt_endpoint(o.report, 0), 0);
            assert_int_equal(claude_report_attempt_endpoint(o.report, 1), 1);
            ends_with(o, CLAUDE_OK, 2, "");
            assert_int_equal(claude_failover_state(s.failover, 0), CLAUDE_HEALTH_DEGRADED);
            assert_int_equal(claude_failover_state(s.failover, 1), CLAUDE_HEALTH_HEALTHY);
            assert_int_equal(claude_failover_state(s.failover, 2), CLAUDE_HEALTH_UNKNOWN);
            assert_int_equal(metric(s.client, "failovers"), 1);
            seen(1, 1, 0);
            close_scene(&s);
        }
    }
}

static void what_is_wrong_with_the_request_stays(void **state)
{
    static const char *const replies[] = {"{'status':400,'body':''}", "{'status':401,'body':''}",
                                          "{'status':413,'body':''}", "{'status':429,'body':''}",
                                          "{'status':409,'body':''}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct scene s = scene_of(options(NULL, NULL), 2);
            struct outcome o;
            script_all(replies[i], GOOD, GOOD);
            o = run(way, s.client, s.request, FAILOVER);
            assert_true(o.rc < 0);
            assert_null(claude_error_feature(o.err));
            ends_with(o, o.rc, 1, "");
            assert_int_equal(claude_failover_state(s.failover, 0), CLAUDE_HEALTH_UNKNOWN);
            seen(1, 0, 0);
            close_scene(&s);
        }
    }
}

static void a_rate_limit_moves_on_if_told_to(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("failover.on_rate_limit", "true", NULL), 2);
        script_all("{'status':429,'headers':[['retry-after','50']],'body':''}", GOOD, GOOD);
        ends_with(run(way, s.client, s.request, FAILOVER), CLAUDE_OK, 2, "");
        assert_int_equal(claude_failover_state(s.failover, 0), CLAUDE_HEALTH_UNKNOWN);
        seen(1, 1, 0);
        script_all("{'status':429,'headers':[['retry-after','50']],'body':''}",
                   "{'status':429,'headers':[['retry-after','70']],'body':''}", GOOD);
        ends_with(run(way, s.client, s.request, FAILOVER), CLAUDE_E_RATE_LIMIT, 2, "");
        seen(1, 1, 0);
        close_scene(&s);
    }
}

static void none_is_asked_twice(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("failover.max_attempts", "9", NULL), 3);
        struct outcome o;
        script_all(BUSY, "{'status':500,'body':''}", "{'status':503,'headers':[['request-id','req_last']],'body':''}");
        o = run(way, s.client, s.request, FAILOVER);
        assert_string_equal(claude_error_feature(o.err), "failover");
        assert_string_equal(claude_error_request_id(o.err), "req_last");
        assert_int_equal(claude_error_http_status(o.err), 503);
        assert_int_equal(claude_report_failovers(o.report), 2);
        ends_with(o, CLAUDE_E_SERVER, 3, "failover");
        seen(1, 1, 1);
        close_scene(&s);
        s = scene_of(options("failover.max_attempts", "2", NULL), 3);
        script_all(BUSY, BUSY, GOOD);
        ends_with(run(way, s.client, s.request, FAILOVER), CLAUDE_E_OVERLOADED, 2, "failover");
        seen(1, 1, 0);
        close_scene(&s);
    }
}

/* Nobody listens there: that is no request on the wire. */
static char *dead_url(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return format("http://127.0.0.1:%d", (int)ntohs(address.sin_port));
}

static void a_dead_server_is_passed_by(void **state)
{
    char *url = dead_url();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_config_t *config = options("failover.unhealthy_after", "2", NULL);
        struct scene s = {.request = hello()};
        claude_error_t *err = NULL;
        struct outcome o;
        succeeds(claude_failover_new(config, &s.failover, &err), err);
        add(s.failover, url, 1, keys[1]);
        add(s.failover, sandbox_url(server), 2, NULL);
        succeeds(claude_config_set_failover(config, s.failover, &err), err);
        s.client = client_of(config);
        script(GOOD);
        for (int i = 0; i < 2; i++) {
            o = run(way, s.client, s.request, FAILOVER);
            assert_int_equal(o.wire, 1);
            assert_int_equal(claude_report_attempt_code(o.report, 0), CLAUDE_E_CONNECT);
            ends_with(o, CLAUDE_OK, 2, "");
        }
        assert_int_equal(claude_failover_state(s.failover, 0), CLAUDE_HEALTH_UNHEALTHY);
        ends_with(run(way, s.client, s.request, FAILOVER), CLAUDE_OK, 1, "");
        close_scene(&s);
    }
    free(url);
}

static void strategies_choose_the_first(void **state)
{
    struct scene s = scene_of(options("failover.strategy", "round_robin", NULL), 3);

    (void)state;
    script_all(GOOD, GOOD, GOOD);
    for (int i = 0; i < 6; i++)
        ends_with(run((enum way)(i % WAYS), s.client, s.request, FAILOVER), CLAUDE_OK, 1, "");
    seen(2, 2, 2);
    close_scene(&s);
    s = scene_of(options("failover.strategy", "sticky", NULL), 3);
    script_all(BUSY, GOOD, GOOD);
    ends_with(run(WAY_EXECUTE, s.client, s.request, FAILOVER), CLAUDE_OK, 2, "");
    script(GOOD);
    for (int i = 0; i < 6; i++)
        ends_with(run((enum way)(i % WAYS), s.client, s.request, FAILOVER), CLAUDE_OK, 1, "");
    seen(1, 7, 0);
    close_scene(&s);
}

/* ---- with retries and breakers ---- */

static void all_are_asked_anew_after_the_wait(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("retry.max_retries", "2", "failover.unhealthy_after", "100", NULL), 3);
        static const int32_t expected[] = {0, 1, 2, 0, 1, 2, 0, 1, 2};
        struct outcome o;
        script_all(BUSY, BUSY, BUSY);
        o = run(way, s.client, s.request, FAILOVER | RETRIES);
        assert_int_equal(claude_report_retries(o.report), 2);
        for (size_t i = 0; i < COUNT_OF(expected); i++)
            assert_int_equal(claude_report_attempt_endpoint(o.report, i), expected[i]);
        ends_with(o, CLAUDE_E_OVERLOADED, 9, "max_retries");
        seen(3, 3, 3);
        script_all("{'sequence':[" BUSY "," GOOD "]}", BUSY, BUSY);
        o = run(way, s.client, s.request, FAILOVER | RETRIES);
        assert_int_equal(claude_report_endpoint_index(o.report), 0);
        ends_with(o, CLAUDE_OK, 4, "");
        seen(2, 1, 1);
        close_scene(&s);
    }
}

static void an_open_breaker_is_passed_by(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("breaker.enabled", "true", "breaker.failure_threshold", "1",
                                          "failover.unhealthy_after", "100", NULL),
                                  3);
        struct outcome o;
        script_all(BUSY, GOOD, GOOD);
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_OK, 2, "");
        o = run(way, s.client, s.request, FAILOVER | BREAKER);
        assert_int_equal(claude_report_endpoint_index(o.report), 1);
        assert_int_equal(claude_report_failovers(o.report), 0);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        ends_with(o, CLAUDE_OK, 1, "");
        seen(1, 2, 0);
        /* The last answer is the error, though others would be asked if they were let. */
        script_all(BUSY, BUSY, BUSY);
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_E_OVERLOADED, 2, "failover");
        o = run(way, s.client, s.request, FAILOVER | BREAKER);
        assert_string_equal(claude_error_feature(o.err), "circuit-breaker");
        assert_contains(claude_error_message(o.err), "all 3 endpoints");
        assert_in_range(claude_error_retry_after_ms(o.err), 1, 60000);
        assert_null(claude_error_cause(o.err));
        ends_with(o, CLAUDE_E_CIRCUIT_OPEN, 0, "circuit-breaker");
        seen(0, 1, 1);
        close_scene(&s);
    }
}

/* That there is nowhere else to go must not take the retries from a call. */
static void retries_go_on_where_no_other_server_is_let(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("breaker.enabled", "true", "breaker.failure_threshold", "2",
                                          "failover.unhealthy_after", "100", NULL),
                                  2);
        struct outcome o;
        script_all(BUSY, BUSY, BUSY);
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_E_OVERLOADED, 2, "failover");
        script_all(GOOD, BUSY, BUSY);
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_OK, 1, "");
        script_all(BUSY, BUSY, BUSY); /* the second one's breaker opens now, the first one's does not */
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_E_OVERLOADED, 2, "failover");
        script_all(GOOD, BUSY, BUSY);
        ends_with(run(way, s.client, s.request, FAILOVER | BREAKER), CLAUDE_OK, 1, "");
        script_all("{'sequence':[" BUSY "," GOOD "]}", GOOD, GOOD);
        o = run(way, s.client, s.request, FAILOVER | BREAKER | RETRIES);
        assert_int_equal(claude_report_retries(o.report), 1);
        assert_int_equal(claude_report_failovers(o.report), 0);
        ends_with(o, CLAUDE_OK, 2, "");
        assert_int_equal(reset_servers(NULL), 0);
        close_scene(&s);
    }
}

/* ---- streams ---- */

static void a_stream_moves_before_its_first_event_only(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of(options("failover.unhealthy_after", "100", NULL), 2);
        claude_request_t *request = hello_stream();
        struct outcome o;
        script_all("{'events':[{'data':{'type':'ping'}},{'do':'fin'}]}", "{'events':[" START "," REST "]}", GOOD);
        o = run(way, s.client, request, FAILOVER);
        assert_int_equal(claude_report_endpoint_index(o.report), 1);
        ends_with(o, CLAUDE_OK, 2, "");
        seen(1, 1, 0);
        script_all("{'events':[" START ",{'do':'fin'}]}", "{'events':[" START "," REST "]}", GOOD);
        o = run(way, s.client, request, FAILOVER | RETRIES);
        assert_non_null(claude_error_response(o.err));
        ends_with(o, CLAUDE_E_TRUNCATED, 1, "committed");
        seen(1, 0, 0);
        claude_request_unref(request);
        close_scene(&s);
    }
}

/* ---- what each server sees ---- */

static void check_keys(const char *style)
{
    for (size_t i = 0; i < SERVERS; i++) {
        char *record = record_of(i);
        for (size_t k = 0; k < SERVERS; k++) {
            if ((strstr(record, keys[k]) != NULL) != (i == k))
                fail_msg("%s: server %zu has %s key %zu: %s", style, i, i == k ? "not seen" : "seen", k, record);
        }
        free(record);
    }
}

static void each_server_sees_its_own_key(void **state)
{
    static const char *const styles[] = {"x-api-key", "bearer"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(styles); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct scene s = scene_of(options("auth.style", styles[i], "retry.max_retries", "1", NULL), 3);
            script_all(BUSY, BUSY, BUSY);
            ends_with(run(way, s.client, s.request, FAILOVER | RETRIES), CLAUDE_E_OVERLOADED, 6, "max_retries");
            check_keys(styles[i]);
            seen(2, 2, 2);
            close_scene(&s);
        }
    }
}

static void write_trace(claude_attempt_t *attempt, void *user_data)
{
    char value[64];

    if (claude_attempt_phase(attempt) != CLAUDE_ATTEMPT_STARTS)
        return;
    ++*(int *)user_data;
    snprintf(value, sizeof value, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b%d-01",
             (int)claude_attempt_number(attempt));
    assert_int_equal(claude_attempt_set_header(attempt, "traceparent", value, NULL), CLAUDE_OK);
}

/* What a program has set as a header may be a secret of its own server. */
static void headers_stay_at_their_server(void **state)
{
    claude_config_t *config = options(NULL, NULL);
    int starts = 0;
    struct scene s;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set_header(config, "x-tenant-token", "CONFIGURED-SECRET", &err), err);
    succeeds(claude_config_set_header(config, "cookie", "session=COOKIE-SECRET", &err), err);
    succeeds(claude_config_on_attempt(config, write_trace, &starts, NULL, &err), err);
    s = scene_of(config, 3);
    succeeds(claude_request_set_header(s.request, "x-request-token", "REQUEST-SECRET", &err), err);
    succeeds(claude_request_set_header(s.request, "tracestate", "vendor=value", &err), err);
    succeeds(claude_request_set_header(s.request, "baggage", "a=b", &err), err);
    succeeds(claude_request_add_beta(s.request, "beta-2026-01-01", &err), err);
    script_all(BUSY, BUSY, GOOD);
    ends_with(run(WAY_WAIT, s.client, s.request, FAILOVER), CLAUDE_OK, 3, "");
    assert_int_equal(starts, 3);
    check_keys("headers");
    for (size_t i = 0; i < SERVERS; i++) {
        static const char *const both[] = {"vendor=value", "a=b", "beta-2026-01-01", "2023-06-01", "application/json"};
        char *record = record_of(i);
        char *trace = format("00f067aa0ba902b%d-01", (int)i + 1);
        for (size_t k = 0; k < COUNT_OF(both); k++)
            assert_contains(record, both[k]);
        assert_contains(record, trace);
        assert_true((strstr(record, "CONFIGURED-SECRET") != NULL) == (i == 0));
        assert_true((strstr(record, "COOKIE-SECRET") != NULL) == (i == 0));
        assert_true((strstr(record, "REQUEST-SECRET") != NULL) == (i == 0));
        free(trace);
        free(record);
    }
    close_scene(&s);
}

static char *body_at(size_t i)
{
    char *text = record_of(i);
    struct json_object *record = json_tokener_parse(text);
    struct json_object *list = json_object_object_get(record, "requests");
    char *body;

    assert_int_equal(json_object_array_length(list), 1);
    body = strdup(text_of(json_object_array_get_idx(list, 0), "body"));
    assert_non_null(body);
    json_object_put(record);
    free(text);
    return body;
}

static claude_request_t *with_file(void)
{
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;
    char *json;

    succeeds(claude_file_from_bytes("claude-opus-5 claude-opus-5", 27, "a.pdf", &file, &err), err);
    json = format("{'max_tokens':5,'messages':[{'role':'user','content':[{'type':'document','source':{'type':'base64',"
                  "'media_type':'application/pdf','data':'%s'}}]}],'model':'claude-opus-5'}",
                  claude_file_token(file));
    request = request_of(json);
    succeeds(claude_request_attach(request, file, &err), err);
    claude_file_unref(file);
    free(json);
    return request;
}

static claude_request_t *request_number(size_t i)
{
    switch (i) {
    case 0:
        return hello();
    case 1:
        return request_of(" {\t'messages' : [{'role':'user','content':'\\'model\\':\\'claude-opus-5\\''}] ,\n 'model' :"
                          "   'claude-opus-5' , 'metadata':{'model':'claude-opus-5'},'max_tokens': 10 } ");
    case 2:
        return request_of("{'model':'claude-opus-5','max_tokens':10,'messages':[{'role':'user','content':'x'}]}");
    case 3:
        return with_file();
    default:
        return request_of("{'max_tokens':10,'stream':true,'messages':[{'role':'user','content':'claude-opus-5'}],"
                          "'model':'claude-opus-5','temperature':1.0}");
    }
}

/* Where "model" has its value at the top: the last but for what is inside of other things. */
static size_t model_value(const char *body, size_t i)
{
    const char *at = i == 1 ? strstr(body, "   \"claude-opus-5\" ,") : NULL;

    if (at)
        return (size_t)(at + 4 - body);
    at = strstr(body, "\"model\":\"claude-opus-5\"");
    assert_non_null(at);
    return (size_t)(at + 9 - body);
}

static void only_the_models_name_changes(void **state)
{
    static const char *const names[] = {"opus", "anthropic.claude-opus-5-20990101-v1:0/with-a-long-name",
                                        "claude-opus-5"};

    (void)state;
    for (size_t i = 0; i < 5 * COUNT_OF(names) * 2; i++) {
        size_t number = i % 5;
        const char *name = names[i / 5 % COUNT_OF(names)];
        bool stream = i >= 5 * COUNT_OF(names);
        claude_config_t *config = options(NULL, NULL);
        struct scene s = {.failover = failover_of(config, 2), .request = request_number(number)};
        claude_error_t *err = NULL;
        char *first;
        char *second;
        size_t at;
        char *expected;
        struct outcome o;
        succeeds(claude_failover_map_model(s.failover, 1, "claude-opus-5", name, &err), err);
        succeeds(claude_failover_map_model(s.failover, 1, "claude", "never", &err), err);
        s.client = client_of(config);
        script_all(BUSY, "{'body_json':{'id':'m','type':'message','content':[]},'events':[" START "," REST "]}", GOOD);
        o = run(WAY_NEXT, s.client, s.request, FAILOVER | (stream ? CLAUDE_STREAM : 0));
        assert_int_equal(o.rc, CLAUDE_OK);
        outcome_free(&o);
        first = body_at(0);
        second = body_at(1);
        at = model_value(first, number);
        expected = format("%.*s%s%s", (int)at, first, name, first + at + strlen("claude-opus-5"));
        assert_string_equal(second, expected);
        assert_true((strstr(second, "\"stream\":true") != NULL) == (stream || number == 4));
        free(expected);
        free(first);
        free(second);
        close_scene(&s);
        assert_int_equal(reset_servers(NULL), 0);
    }
}

/* An address that an answer names is one of its server, and nobody else is asked for it. */
static void addresses_stay_on_their_server(void **state)
{
    char *body =
        format("{\"id\":\"b\",\"processing_status\":\"ended\",\"results_url\":\"%s/v1/messages/batches/b/results\"}",
               sandbox_url(server));
    struct scene s = scene_of(options(NULL, NULL), 2);
    claude_request_t *request = NULL;
    claude_response_t *batch = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_response_parse(body, CLAUDE_NTS, &batch, &err), err);
    succeeds(claude_batch_results_request(batch, &request, &err), err);
    script_all(BUSY, GOOD, GOOD);
    for (enum way way = WAY_NEXT; way < WAYS; way++) {
        struct outcome o = run(way, s.client, request, FAILOVER | CLAUDE_STREAM);
        assert_int_equal(claude_report_features(o.report), 0);
        assert_string_equal(claude_report_endpoint_url(o.report), sandbox_url(server));
        ends_with(o, CLAUDE_E_OVERLOADED, 1, "");
    }
    seen(WAYS - 1, 0, 0);
    claude_request_unref(request);
    claude_response_unref(batch);
    free(body);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_SERVERS(the_next_server_is_asked),
        TEST_OF_SERVERS(what_is_wrong_with_the_request_stays),
        TEST_OF_SERVERS(a_rate_limit_moves_on_if_told_to),
        TEST_OF_SERVERS(none_is_asked_twice),
        TEST_OF_SERVERS(a_dead_server_is_passed_by),
        TEST_OF_SERVERS(strategies_choose_the_first),
        TEST_OF_SERVERS(all_are_asked_anew_after_the_wait),
        TEST_OF_SERVERS(an_open_breaker_is_passed_by),
        TEST_OF_SERVERS(retries_go_on_where_no_other_server_is_let),
        TEST_OF_SERVERS(a_stream_moves_before_its_first_event_only),
        TEST_OF_SERVERS(each_server_sees_its_own_key),
        TEST_OF_SERVERS(headers_stay_at_their_server),
        TEST_OF_SERVERS(only_the_models_name_changes),
        TEST_OF_SERVERS(addresses_stay_on_their_server),
    };

    return RUN_WITH_SERVERS(tests);
}
