/* Health checks against servers: what is on the wire, what counts as alive, how long it takes, who hears of it. */
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER_KEY "sk-ant-api03-CANARY-of-another-endpoint-7f3a9c51"
#define HEADER_VALUE "CANARY-of-the-gateway"

/* So that only what a test is about decides. */
#define PATIENT "health.timeout_ms", "60000", "health.healthy_ms", "60000", "health.degraded_ms", "60000"

enum { SERVERS = 8 };

/* The first one is that of support.h. */
static struct sandbox *servers[SERVERS];

static int start_servers(void **state)
{
    if (start_server(state) != 0)
        return -1;
    servers[0] = server;
    for (size_t i = 1; i < SERVERS; i++) {
        servers[i] = sandbox_start(NULL, NULL);
        if (!servers[i])
            return -1;
    }
    return 0;
}

static int stop_servers(void **state)
{
    int failed = 0;

    for (size_t i = 1; i < SERVERS; i++)
        failed |= sandbox_stop(servers[i]);
    return failed | stop_server(state);
}

static int reset_servers(void **state)
{
    int failed = 0;

    (void)state;
    server = servers[0];
    for (size_t i = 0; i < SERVERS; i++)
        failed |= sandbox_reset(servers[i]);
    return failed;
}

/* The functions of support.h are about this one. */
static void look_at(size_t index)
{
    server = servers[index];
}

static claude_health_t *health_of(claude_client_t *client)
{
    claude_health_t *health = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_health_new(client, &health, &err), err);
    return health;
}

static void add(claude_health_t *health, const char *url, claude_secret_t *secret)
{
    claude_error_t *err = NULL;

    succeeds(claude_health_add_endpoint(health, url, secret, &err), err);
}

static void check(claude_health_t *health)
{
    claude_error_t *err = NULL;

    succeeds(claude_health_check(health, &err), err);
}

static claude_secret_t *secret_of(const char *text)
{
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_secret_new(text, CLAUDE_NTS, &secret, &err), err);
    return secret;
}

/* A port where nobody listens: it is taken, and not listened to. */
static int dead_port(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void is_found(claude_health_t *health, size_t index, int32_t state, int32_t status)
{
    if (claude_health_state(health, index) != state)
        fail_msg("%s is %s: HTTP %d after %lld ms, %s", claude_health_url(health, index),
                 claude_health_state_name(claude_health_state(health, index)),
                 (int)claude_health_http_status(health, index), (long long)claude_health_response_ms(health, index),
                 claude_health_error_text(health, index));
    assert_int_equal(claude_health_http_status(health, index), status);
    assert_int_equal(claude_health_response_ms(health, index) >= 0, status > 0);
    assert_int_equal(claude_health_error_text(health, index)[0] == '\0', status > 0);
}

/* ---- what is on the wire ---- */

/* Exactly these, in the order of their names. */
static void has_headers(struct json_object *request, const char *expected)
{
    struct json_object *headers = json_object_object_get(request, "headers");
    const char *names[32];
    size_t count = json_object_array_length(headers);
    char text[1024] = "";

    assert_true(count <= 32);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(json_object_array_get_idx(headers, i), 0));
        size_t at = i;
        for (; at > 0 && strcasecmp(names[at - 1], name) > 0; at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", names[i]);
    for (char *p = text; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    assert_string_equal(text, expected);
}

static claude_client_t *client_with_header(const char *strategy)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "health.strategy", strategy, &err), err);
    succeeds(claude_config_set(config, "health.timeout_ms", "60000", &err), err);
    succeeds(claude_config_set(config, "health.healthy_ms", "60000", &err), err);
    succeeds(claude_config_set_header(config, "x-gateway-token", HEADER_VALUE, &err), err);
    return client_of(config);
}

static void sends_no_key(void **state)
{
    static const struct {
        const char *strategy;
        const char *method;
        const char *target;
        int32_t status;
    } cases[] = {{"ping", "HEAD", "/", 404}, {"lightweight_api", "OPTIONS", "/v1/messages", 204}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        claude_client_t *client = client_with_header(cases[i].strategy);
        claude_health_t *health = health_of(client);
        claude_secret_t *secret = secret_of(OTHER_KEY);
        uint64_t exposures = claude_secret_exposures();
        assert_int_equal(reset_servers(state), 0);
        /* Not even that of the endpoint itself, nor to the client's own server. */
        add(health, sandbox_url(servers[0]), secret);
        add(health, sandbox_url(servers[1]), secret);
        check(health);
        for (size_t j = 0; j < 2; j++) {
            struct json_object *request;
            is_found(health, j, CLAUDE_HEALTH_HEALTHY, cases[i].status);
            look_at(j);
            assert_int_equal(requests_seen(), 1);
            request = received_at(0);
            assert_string_equal(text_of(request, "method"), cases[i].method);
            assert_string_equal(text_of(request, "target"), cases[i].target);
            assert_int_equal(number_of(request, "body_length"), 0);
            has_headers(request, "accept accept-encoding host user-agent ");
            assert_null(strstr(json_object_to_json_string(request), "CANARY"));
        }
        assert_int_equal(claude_secret_exposures(), exposures);
        claude_secret_unref(secret);
        claude_health_unref(health);
        claude_client_unref(client);
    }
}

/* The client's server gets the client's key and headers, another one its own key, and a third one nothing. */
static void models_sends_the_right_key(void **state)
{
    claude_client_t *client = client_with_header("models");
    claude_health_t *health = health_of(client);
    claude_secret_t *secret = secret_of(OTHER_KEY);
    struct json_object *request;

    (void)state;
    add(health, sandbox_url(servers[0]), NULL);
    add(health, sandbox_url(servers[1]), secret);
    add(health, sandbox_url(servers[2]), NULL);
    claude_secret_unref(secret);
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 200);
    is_found(health, 1, CLAUDE_HEALTH_HEALTHY, 200);
    is_found(health, 2, CLAUDE_HEALTH_HEALTHY, 401);
    request = received_at(0);
    assert_string_equal(text_of(request, "method"), "GET");
    assert_string_equal(text_of(request, "target"), "/v1/models?limit=1");
    has_headers(request, "accept accept-encoding anthropic-version host user-agent x-api-key x-gateway-token ");
    assert_string_equal(header_of(request, "x-api-key"), KEY);
    assert_string_equal(header_of(request, "x-gateway-token"), HEADER_VALUE);
    look_at(1);
    request = received_at(0);
    has_headers(request, "accept accept-encoding anthropic-version host user-agent x-api-key ");
    assert_string_equal(header_of(request, "x-api-key"), OTHER_KEY);
    look_at(2);
    request = received_at(0);
    has_headers(request, "accept accept-encoding anthropic-version host user-agent ");
    for (size_t i = 0; i < 3; i++) {
        look_at(i);
        assert_int_equal(requests_seen(), 1);
    }
    claude_health_unref(health);
    claude_client_unref(client);
}

static void models_obeys_the_style(void **state)
{
    claude_client_t *bearer = client_with("health.strategy", "models", "auth.style", "bearer", PATIENT, NULL);
    claude_client_t *none = client_with("health.strategy", "models", "auth.style", "none", PATIENT, NULL);
    claude_health_t *health = health_of(bearer);

    (void)state;
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 200);
    assert_string_equal(header_of(received_at(0), "authorization"), "Bearer " KEY);
    assert_null(header_of(received_at(0), "x-api-key"));
    claude_health_unref(health);
    health = health_of(none);
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 401);
    assert_null(strstr(json_object_to_json_string(received_at(1)), "CANARY"));
    claude_health_unref(health);
    claude_client_unref(bearer);
    claude_client_unref(none);
}

/* The key of the client's server stays there, also where a redirect leads elsewhere. */
static void follows_no_redirect(void **state)
{
    claude_client_t *client = client_with("health.strategy", "models", PATIENT, NULL);
    claude_health_t *health = health_of(client);
    char *scenario = format("{'status':307,'headers':[['location','%s/v1/models']]}", sandbox_url(servers[1]));

    (void)state;
    script(scenario);
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 307);
    look_at(1);
    assert_int_equal(requests_seen(), 0);
    free(scenario);
    claude_health_unref(health);
    claude_client_unref(client);
}

static void asks_below_the_prefix(void **state)
{
    claude_client_t *client = client_with("health.strategy", "lightweight_api", PATIENT, NULL);
    char *url = format("%s/gate/way/", sandbox_url(server));
    claude_error_t *err = NULL;
    int64_t response_ms = -2;
    int32_t found = -2;

    (void)state;
    succeeds(claude_health_check_endpoint(client, url, &found, &response_ms, &err), err);
    assert_int_equal(found, CLAUDE_HEALTH_HEALTHY);
    assert_true(response_ms >= 0);
    assert_string_equal(text_of(received_at(0), "target"), "/gate/way/v1/messages");
    succeeds(claude_health_check_endpoint(client, url, &found, NULL, &err), err);
    assert_int_equal(requests_seen(), 2);
    free(url);
    claude_client_unref(client);
}

/* ---- what counts ---- */

static void status_decides(void **state)
{
    static const int alive[] = {200, 204, 301, 400, 401, 403, 404, 405, 429, 499};
    static const int dead[] = {500, 502, 503, 529};
    static const char *const strategies[] = {"ping", "lightweight_api", "models"};

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        claude_client_t *client = client_with("health.strategy", strategies[s], PATIENT, NULL);
        claude_health_t *health = health_of(client);
        for (size_t i = 0; i < COUNT_OF(alive) + COUNT_OF(dead); i++) {
            bool well = i < COUNT_OF(alive);
            int status = well ? alive[i] : dead[i - COUNT_OF(alive)];
            char *scenario = format("{'status':%d}", status);
            script(scenario);
            free(scenario);
            check(health);
            is_found(health, 0, well ? CLAUDE_HEALTH_HEALTHY : CLAUDE_HEALTH_UNHEALTHY, status);
        }
        claude_health_unref(health);
        claude_client_unref(client);
    }
}

/* The server holds its answer for so long: it cannot have come before. */
static void time_decides(void **state)
{
    static const struct {
        const char *healthy;
        const char *degraded;
        int32_t expected;
    } cases[] = {{"60000", "60000", CLAUDE_HEALTH_HEALTHY},
                 {"100", "60000", CLAUDE_HEALTH_DEGRADED},
                 {"100", "150", CLAUDE_HEALTH_UNHEALTHY}};

    (void)state;
    script("{'delay_ms':200}");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        claude_client_t *client = client_with("health.timeout_ms", "60000", "health.healthy_ms", cases[i].healthy,
                                              "health.degraded_ms", cases[i].degraded, NULL);
        claude_health_t *health = health_of(client);
        check(health);
        is_found(health, 0, cases[i].expected, 200);
        assert_true(claude_health_response_ms(health, 0) >= 199);
        claude_health_unref(health);
        claude_client_unref(client);
    }
}

/* Whatever becomes of a body: the head was the answer. */
static void the_head_is_enough(void **state)
{
    static const char *const scenarios[] = {
        "{'body':'cut off','framing':'length','content_length':1000,'faults':[{'at_body':3,'do':'fin'}]}",
        "{'body':'cut off','faults':[{'at_body':3,'do':'rst'}]}",
        "{'body':'silent','faults':[{'at_body':3,'do':'stall'}]}",
        "{'body_repeat':{'chunk':'0123456789','count':10000000}}",
        "{'status':404,'body_repeat':{'chunk':'0123456789','count':10000000}}",
        "{'informational':[{'status':103,'count':3}],'body':'late'}",
        "{'head_chunk_size':1,'head_chunk_delay_ms':1,'body':'slow'}",
    };
    static const char *const strategies[] = {"ping", "lightweight_api", "models"};

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        claude_client_t *client = client_with("health.strategy", strategies[s], PATIENT, NULL);
        claude_health_t *health = health_of(client);
        for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
            script(scenarios[i]);
            check(health);
            is_found(health, 0, CLAUDE_HEALTH_HEALTHY, i == 4 ? 404 : 200);
        }
        claude_health_unref(health);
        claude_client_unref(client);
    }
}

static void tells_why_there_was_no_answer(void **state)
{
    static const struct {
        const char *scenario;
        const char *expected;
    } cases[] = {
        {"{'close_without_reply':'fin'}", "Empty reply"},
        {"{'close_without_reply':'rst'}", "Recv failure"},
        {"{'raw':'this is no HTTP'}", "HTTP/0.9"},
        {"{'faults':[{'at':20,'do':'fin'}]}", "before the head"},
        {"{'headers':[['x','y']],'faults':[{'at':5,'do':'stall'}]}", "no answer within 300 ms (health.timeout_ms)"},
        {"{'delay_ms':60000}", "no answer within 300 ms (health.timeout_ms)"},
        {"{'informational':[{'status':103}],'delay_ms':60000}", "no answer within 300 ms (health.timeout_ms)"},
        {"{'status':101}", "101"},
    };
    claude_client_t *patient = client_with("health.strategy", "models", PATIENT, NULL);
    claude_client_t *hasty = client_with("health.strategy", "models", "health.timeout_ms", "300", NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool waits = strstr(cases[i].expected, "300 ms") != NULL;
        claude_health_t *health = health_of(waits ? hasty : patient);
        int64_t start = now_ms();
        script(cases[i].scenario);
        check(health);
        is_found(health, 0, CLAUDE_HEALTH_UNHEALTHY, 0);
        assert_contains(claude_health_error_text(health, 0), cases[i].expected);
        check_no_key(claude_health_error_text(health, 0), __FILE__, __LINE__);
        if (waits)
            assert_in_range(now_ms() - start, 299, 10000);
        claude_health_unref(health);
    }
    claude_client_unref(patient);
    claude_client_unref(hasty);
}

static void finds_a_dead_port(void **state)
{
    claude_client_t *client = client_with(PATIENT, NULL);
    claude_error_t *err = NULL;
    char url[64];
    int fd = dead_port(url);
    int64_t response_ms = -2;
    int32_t found = -2;

    (void)state;
    succeeds(claude_health_check_endpoint(client, url, &found, &response_ms, &err), err);
    assert_int_equal(found, CLAUDE_HEALTH_UNHEALTHY);
    assert_int_equal(response_ms, -1);
    /* A name that has no address. */
    succeeds(claude_health_check_endpoint(client, "https://nowhere.invalid", &found, &response_ms, &err), err);
    assert_int_equal(found, CLAUDE_HEALTH_UNHEALTHY);
    assert_int_equal(response_ms, -1);
    close(fd);
    claude_client_unref(client);
}

static void a_dead_proxy_is_no_answer(void **state)
{
    char url[64];
    int fd = dead_port(url);
    claude_client_t *client = client_with("network.proxy", url, PATIENT, NULL);
    claude_health_t *health = health_of(client);

    (void)state;
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_UNHEALTHY, 0);
    assert_int_equal(requests_seen(), 0);
    close(fd);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* ---- many at once ---- */

static claude_health_t *health_of_all(claude_client_t *client)
{
    claude_health_t *health = health_of(client);

    for (size_t i = 0; i < SERVERS; i++)
        add(health, sandbox_url(servers[i]), NULL);
    return health;
}

static void one_that_hangs_holds_up_nobody(void **state)
{
    claude_client_t *client =
        client_with("health.timeout_ms", "1500", "health.healthy_ms", "1500", "health.degraded_ms", "1500", NULL);
    claude_health_t *health = health_of_all(client);
    int64_t start;
    int64_t took;

    (void)state;
    look_at(3);
    script("{'delay_ms':60000}");
    start = now_ms();
    check(health);
    took = now_ms() - start;
    for (size_t i = 0; i < SERVERS; i++) {
        is_found(health, i, i == 3 ? CLAUDE_HEALTH_UNHEALTHY : CLAUDE_HEALTH_HEALTHY, i == 3 ? 0 : 404);
        look_at(i);
        assert_int_equal(requests_seen(), 1);
    }
    assert_in_range(took, 1499, 5000);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_HEALTHY), 875);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNHEALTHY), 125);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* Each server holds its answer: one after another they would take eight times as long. */
static void all_are_asked_at_once(void **state)
{
    enum { HOLD_MS = 1000 };
    claude_client_t *client = client_with(PATIENT, NULL);
    claude_health_t *health = health_of_all(client);
    int64_t start;

    (void)state;
    for (size_t i = 0; i < SERVERS; i++) {
        look_at(i);
        script("{'delay_ms':1000}");
    }
    start = now_ms();
    check(health);
    assert_in_range(now_ms() - start, HOLD_MS - 1, HOLD_MS * SERVERS / 2);
    for (size_t i = 0; i < SERVERS; i++) {
        is_found(health, i, CLAUDE_HEALTH_HEALTHY, 200);
        assert_in_range(claude_health_response_ms(health, i), HOLD_MS - 1, HOLD_MS * SERVERS / 2);
    }
    claude_health_unref(health);
    claude_client_unref(client);
}

static void tells_shares_and_json(void **state)
{
    claude_client_t *client =
        client_with("health.timeout_ms", "60000", "health.healthy_ms", "100", "health.degraded_ms", "60000", NULL);
    claude_health_t *health = health_of_all(client);
    struct json_object *json;
    struct json_object *list;
    size_t len = 0;
    char *text;

    (void)state;
    for (size_t i = 0; i < SERVERS; i++) {
        look_at(i);
        script(i < 3 ? "{'delay_ms':150}" : "{'status':503}");
        assert_int_equal(claude_health_state(health, i), CLAUDE_HEALTH_UNKNOWN);
        assert_int_equal(claude_health_response_ms(health, i), -1);
        assert_string_equal(claude_health_error_text(health, i), "");
    }
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNKNOWN), 1000);
    assert_contains(claude_health_json(health, NULL), "\"shares\":{\"unknown\":1000,\"healthy\":0,\"degraded\":0,");
    check(health);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNKNOWN), 0);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_HEALTHY), 0);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_DEGRADED), 375);
    assert_int_equal(claude_health_share(health, CLAUDE_HEALTH_UNHEALTHY), 625);
    assert_int_equal(claude_health_share(health, 0), 0);
    text = strdup(claude_health_json(health, &len));
    assert_int_equal(len, strlen(text));
    assert_ptr_equal(claude_health_json(health, NULL), claude_health_json(health, NULL));
    json = json_tokener_parse(text);
    assert_string_equal(json_object_to_json_string(json_object_object_get(json, "shares")),
                        "{ \"unknown\": 0, \"healthy\": 0, \"degraded\": 375, \"unhealthy\": 625 }");
    list = json_object_object_get(json, "endpoints");
    assert_int_equal(json_object_array_length(list), SERVERS);
    for (size_t i = 0; i < SERVERS; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        assert_int_equal(json_object_object_length(item), 5);
        assert_string_equal(text_of(item, "url"), claude_health_url(health, i));
        assert_string_equal(text_of(item, "state"), claude_health_state_name(claude_health_state(health, i)));
        assert_int_equal(number_of(item, "response_ms"), claude_health_response_ms(health, i));
        assert_int_equal(number_of(item, "http_status"), i < 3 ? 200 : 503);
        assert_string_equal(text_of(item, "error"), "");
    }
    json_object_put(json);
    /* The next check makes it anew. */
    look_at(0);
    script("{'status':500}");
    check(health);
    assert_true(strcmp(claude_health_json(health, NULL), text) != 0);
    free(text);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* ---- whose endpoints, and who hears of it ---- */

/* The first one is on the client's server; the others have a key of their own. */
static claude_failover_t *failover_of(claude_config_t *config, size_t count)
{
    claude_failover_t *failover = NULL;
    claude_secret_t *secret = secret_of(OTHER_KEY);
    claude_error_t *err = NULL;

    succeeds(claude_failover_new(config, &failover, &err), err);
    for (size_t i = 0; i < count; i++)
        succeeds(claude_failover_add_endpoint(failover, sandbox_url(servers[i]), (int32_t)i, i > 0 ? secret : NULL,
                                              NULL, &err),
                 err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    claude_secret_unref(secret);
    return failover;
}

static claude_config_t *patient_config(void)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "health.timeout_ms", "60000", &err), err);
    succeeds(claude_config_set(config, "health.healthy_ms", "60000", &err), err);
    return config;
}

static void feeds_the_failover(void **state)
{
    claude_config_t *config = patient_config();
    claude_failover_t *failover = failover_of(config, 3);
    claude_client_t *client = client_of(config);
    claude_health_t *health = health_of(client);
    claude_error_t *err = NULL;
    size_t index = 99;
    int32_t found = 0;

    (void)state;
    assert_int_equal(claude_health_count(health), 3);
    script("{'status':503}");
    check(health);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(claude_health_url(health, i), sandbox_url(servers[i]));
        assert_int_equal(claude_failover_state(failover, i), claude_health_state(health, i));
    }
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNHEALTHY);
    assert_int_equal(claude_failover_state(failover, 1), CLAUDE_HEALTH_HEALTHY);
    succeeds(claude_failover_select_endpoint(failover, 0, &index, &err), err);
    assert_int_equal(index, 1);
    /* Well again: it is the first again, without a wait. Also what one check alone has found is told. */
    script("{}");
    succeeds(claude_health_check_endpoint(client, sandbox_url(servers[0]), &found, NULL, &err), err);
    assert_int_equal(found, CLAUDE_HEALTH_HEALTHY);
    succeeds(claude_failover_select_endpoint(failover, 0, &index, &err), err);
    assert_int_equal(index, 0);
    claude_health_unref(health);
    /* Another set, in which one is the failover's and one is not. */
    health = health_of(client);
    add(health, sandbox_url(servers[7]), NULL);
    add(health, sandbox_url(servers[2]), NULL);
    look_at(2);
    script("{'status':500}");
    check(health);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_HEALTHY);
    assert_int_equal(claude_failover_state(failover, 2), CLAUDE_HEALTH_UNHEALTHY);
    claude_health_unref(health);
    claude_failover_unref(failover);
    claude_client_unref(client);
}

static void uses_the_keys_of_the_failover(void **state)
{
    claude_config_t *config = patient_config();
    claude_failover_t *failover = failover_of(config, 2);
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_health_t *health;

    (void)state;
    succeeds(claude_config_set(config, "health.strategy", "models", &err), err);
    client = client_of(config);
    health = health_of(client);
    check(health);
    assert_string_equal(header_of(received_at(0), "x-api-key"), KEY);
    look_at(1);
    assert_string_equal(header_of(received_at(0), "x-api-key"), OTHER_KEY);
    claude_health_unref(health);
    claude_failover_unref(failover);
    claude_client_unref(client);
}

static void keeps_its_list(void **state)
{
    claude_client_t *client = client_with(PATIENT, NULL);
    claude_health_t *health = health_of(client);
    claude_error_t *err = NULL;
    char url[64];

    (void)state;
    assert_int_equal(claude_health_count(health), 1);
    assert_string_equal(claude_health_url(health, 0), sandbox_url(server));
    assert_null(claude_health_url(health, 1));
    assert_contains(claude_health_json(health, NULL), sandbox_url(server));
    /* The first that is added takes the place of the client's. */
    snprintf(url, sizeof url, "%s/", sandbox_url(servers[1]));
    add(health, url, NULL);
    assert_int_equal(claude_health_count(health), 1);
    assert_string_equal(claude_health_url(health, 0), sandbox_url(servers[1]));
    assert_contains(claude_health_json(health, NULL), sandbox_url(servers[1]));
    fails(claude_health_add_endpoint(health, sandbox_url(servers[1]), NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_add_endpoint(health, "http://a.test", NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_add_endpoint(health, "a.test", NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_add_endpoint(health, NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_add_endpoint(health, url, (claude_secret_t *)client, &err), CLAUDE_E_INVALID, &err);
    for (int i = 1; i < 64; i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:%d", i);
        add(health, url, NULL);
    }
    fails(claude_health_add_endpoint(health, "https://a.test", NULL, &err), CLAUDE_E_LIMIT, &err);
    claude_health_unref(health);
    health = health_of(client);
    check(health);
    fails(claude_health_add_endpoint(health, sandbox_url(servers[1]), NULL, &err), CLAUDE_E_STATE, &err);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 404);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* As base_url: not in clear text through another host. */
static void looks_at_the_proxy(void **state)
{
    claude_config_t *config = new_config();
    claude_health_t *health;
    claude_client_t *client;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set(config, "base_url", "https://a.test", &err), err);
    succeeds(claude_config_set(config, "network.proxy", "http://proxy.test:3128", &err), err);
    client = client_of(config);
    health = health_of(client);
    fails(claude_health_add_endpoint(health, "http://127.0.0.1:1", NULL, &err), CLAUDE_E_INVALID, &err);
    add(health, "https://b.test", NULL);
    claude_health_unref(health);
    claude_client_unref(client);
}

static void tolerates_misuse(void **state)
{
    claude_client_t *client = new_client();
    claude_health_t *health = health_of(client);
    claude_health_t *wrong = (claude_health_t *)client;
    claude_error_t *err = NULL;
    int32_t found = 0;
    size_t len = 7;

    (void)state;
    fails(claude_health_new(NULL, &health, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_new(client, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_check(wrong, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_check_endpoint(client, NULL, &found, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_check_endpoint(client, "https://a.test", NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_health_check_endpoint(client, "ftp://a.test", &found, NULL, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(claude_health_count(wrong), 0);
    assert_null(claude_health_url(wrong, 0));
    assert_int_equal(claude_health_state(wrong, 0), 0);
    assert_int_equal(claude_health_state(health, 1), 0);
    assert_int_equal(claude_health_response_ms(health, 1), -1);
    assert_int_equal(claude_health_http_status(NULL, 0), 0);
    assert_null(claude_health_error_text(health, 1));
    assert_null(claude_health_error_text(NULL, 0));
    assert_int_equal(claude_health_share(NULL, CLAUDE_HEALTH_UNKNOWN), 0);
    assert_null(claude_health_json(NULL, &len));
    assert_int_equal(len, 0);
    assert_null(claude_health_ref(wrong));
    claude_health_unref(wrong);
    claude_health_unref(NULL);
    assert_ptr_equal(claude_health_ref(health), health);
    claude_health_unref(health);
    claude_health_unref(health);
    claude_client_unref(client);
}

/* ---- this side ---- */

/* What cannot be asked is not known: nothing is found, and the failover is told nothing. */
static void without_descriptors_nothing_is_found(void **state)
{
    claude_config_t *config = patient_config();
    claude_failover_t *failover = failover_of(config, 2);
    claude_client_t *client = client_of(config);
    claude_health_t *health = health_of(client);
    claude_error_t *err = NULL;
    struct rlimit limit;
    struct rlimit few;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    check(health);
    /* Room for nothing, then for an engine but no connection, and so on. */
    for (rlim_t room = 0; room < 6; room++) {
        int free_fd = dup(0);
        claude_code_t rc;
        assert_true(free_fd >= 0);
        close(free_fd);
        few = (struct rlimit){(rlim_t)free_fd + room, limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        rc = claude_health_check(health, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (room < 4)
            fails(rc, CLAUDE_E_LIMIT, &err);
        claude_error_unref(err);
        err = NULL;
        for (size_t i = 0; i < 2; i++) {
            is_found(health, i, CLAUDE_HEALTH_HEALTHY, 404);
            assert_int_equal(claude_failover_state(failover, i), CLAUDE_HEALTH_HEALTHY);
        }
    }
    check(health);
    claude_health_unref(health);
    claude_failover_unref(failover);
    claude_client_unref(client);
}

/* Nothing is left when a check has ended: no descriptor, no connection. */
static void leaves_nothing_behind(void **state)
{
    claude_client_t *client = client_with("health.timeout_ms", "300", NULL);
    claude_health_t *health = health_of_all(client);
    int before = dup(0);
    int after;

    (void)state;
    assert_true(before >= 0);
    close(before);
    look_at(1);
    script("{'delay_ms':60000}");
    check(health);
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
    claude_health_unref(health);
    claude_client_unref(client);
}

static void *check_often(void *user_data)
{
    claude_health_t *health = user_data;
    size_t failures = 0;

    for (int i = 0; i < 5; i++) {
        if (claude_health_check(health, NULL) < 0)
            failures++;
        for (size_t j = 0; j < claude_health_count(health); j++) {
            if (claude_health_state(health, j) != CLAUDE_HEALTH_HEALTHY ||
                claude_health_http_status(health, j) != 404 || claude_health_response_ms(health, j) < 0)
                failures++;
        }
        if (claude_health_share(health, CLAUDE_HEALTH_HEALTHY) != 1000)
            failures++;
        if (claude_health_add_endpoint(health, "https://a.test", NULL, NULL) != CLAUDE_E_STATE)
            failures++;
    }
    return (void *)(uintptr_t)failures;
}

static void threads_check_together(void **state)
{
    claude_config_t *config = patient_config();
    claude_failover_t *failover = failover_of(config, SERVERS);
    claude_client_t *client = client_of(config);
    claude_health_t *health = health_of(client);
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_often, health), 0);
    for (size_t i = 0; i < 8; i++) {
        void *failures = NULL;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    for (size_t i = 0; i < SERVERS; i++) {
        look_at(i);
        assert_int_equal(requests_seen(), 40);
        assert_int_equal(claude_failover_state(failover, i), CLAUDE_HEALTH_HEALTHY);
    }
    claude_health_unref(health);
    claude_failover_unref(failover);
    claude_client_unref(client);
}

/* Of two checks, the one that began last is the one that counts, whichever ends last. */
static void *check_once(void *user_data)
{
    check(user_data);
    return NULL;
}

static void the_later_check_counts(void **state)
{
    claude_client_t *client = client_with(PATIENT, NULL);
    claude_health_t *health = health_of(client);
    pthread_t thread;

    (void)state;
    script("{'sequence':[{'status':503,'delay_ms':700},{'status':200}]}");
    assert_int_equal(pthread_create(&thread, NULL, check_once, health), 0);
    while (requests_seen() == 0)
        usleep(1000);
    check(health);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 200);
    assert_int_equal(pthread_join(thread, NULL), 0);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 200);
    claude_health_unref(health);
    claude_client_unref(client);
}

static void a_forked_child_checks(void **state)
{
    claude_client_t *client = client_with(PATIENT, NULL);
    claude_health_t *health = health_of(client);
    int status = -1;
    pid_t child;

    (void)state;
    check(health);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool good;
        alarm(60);
        good = claude_health_check(health, NULL) >= 0 && claude_health_http_status(health, 0) == 404;
        claude_health_unref(health);
        claude_client_unref(client);
        _exit(!good);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    check(health);
    assert_int_equal(requests_seen(), 3);
    claude_health_unref(health);
    claude_client_unref(client);
}

static pid_t forked = -1;

static void fork_in_audit(const char *operation, const char *fingerprint, void *user_data)
{
    (void)fingerprint;
    (void)user_data;
    assert_string_equal(operation, "header");
    if (forked < 0)
        forked = fork();
}

/* In the middle of a check: the child's part of it ends, the parent's goes on. */
static void an_audit_forks(void **state)
{
    claude_config_t *config = patient_config();
    claude_secret_t *secret = secret_of(KEY);
    claude_health_t *health;
    claude_client_t *client;
    claude_error_t *err = NULL;
    claude_code_t rc;
    int status = -1;

    (void)state;
    succeeds(claude_secret_on_audit(secret, fork_in_audit, NULL, NULL, &err), err);
    succeeds(claude_config_set_secret(config, secret, &err), err);
    succeeds(claude_config_set(config, "health.strategy", "models", &err), err);
    client = client_of(config);
    health = health_of(client);
    forked = -1;
    rc = claude_health_check(health, &err);
    if (forked == 0) {
        bool good = rc == CLAUDE_E_FORKED && claude_error_code(err) == rc && claude_health_check(health, NULL) >= 0;
        claude_error_unref(err);
        claude_secret_unref(secret);
        claude_health_unref(health);
        claude_client_unref(client);
        _exit(!good);
    }
    succeeds(rc, err);
    is_found(health, 0, CLAUDE_HEALTH_HEALTHY, 200);
    assert_int_equal(waitpid(forked, &status, 0), forked);
    assert_int_equal(status, 0);
    assert_int_equal(requests_seen(), 2);
    claude_secret_unref(secret);
    claude_health_unref(health);
    claude_client_unref(client);
}

#undef TEST
#define TEST(function) cmocka_unit_test_setup(function, reset_servers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_no_key),
        TEST(models_sends_the_right_key),
        TEST(models_obeys_the_style),
        TEST(follows_no_redirect),
        TEST(asks_below_the_prefix),
        TEST(status_decides),
        TEST(time_decides),
        TEST(the_head_is_enough),
        TEST(tells_why_there_was_no_answer),
        TEST(finds_a_dead_port),
        TEST(a_dead_proxy_is_no_answer),
        TEST(one_that_hangs_holds_up_nobody),
        TEST(all_are_asked_at_once),
        TEST(tells_shares_and_json),
        TEST(feeds_the_failover),
        TEST(uses_the_keys_of_the_failover),
        TEST(keeps_its_list),
        TEST(looks_at_the_proxy),
        TEST(tolerates_misuse),
        TEST(without_descriptors_nothing_is_found),
        TEST(leaves_nothing_behind),
        TEST(threads_check_together),
        TEST(the_later_check_counts),
        TEST(a_forked_child_checks),
        TEST(an_audit_forks),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
