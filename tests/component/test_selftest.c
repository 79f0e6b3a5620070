/*
 * The self-test: each thing that can be wrong on the way is made wrong, and must be said by the check that it belongs
 * to. What needs TLS is tested in tests/network/.
 */
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 60000
#define MODELS "{'body_json':{'data':[],'has_more':false,'first_id':null,'last_id':null}}"

static claude_selftest_t *run_for(claude_client_t *client, uint32_t flags, const char *model, int64_t timeout_ms)
{
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_selftest_run(client, flags, model, timeout_ms, &test, &err), err);
    check_no_key(claude_selftest_json(test, NULL), __FILE__, __LINE__);
    claude_client_unref(client);
    return test;
}

static size_t index_of(const claude_selftest_t *test, const char *name)
{
    size_t i = 0;

    while (claude_selftest_name(test, i) && strcmp(claude_selftest_name(test, i), name) != 0)
        i++;
    assert_non_null(claude_selftest_name(test, i));
    return i;
}

static void found(const claude_selftest_t *test, const char *name, int32_t status)
{
    size_t i = index_of(test, name);

    if (claude_selftest_status(test, i) != status)
        fail_msg("%s is not %s: %s", name, claude_selftest_status_name(status), claude_selftest_json(test, NULL));
    assert_string_not_equal(claude_selftest_text(test, i), "");
    assert_int_equal(claude_selftest_fix(test, i)[0] != '\0',
                     status == CLAUDE_SELFTEST_FAIL || status == CLAUDE_SELFTEST_WARN);
}

/* This one alone is to blame. */
static void blames(const claude_selftest_t *test, const char *name)
{
    found(test, name, CLAUDE_SELFTEST_FAIL);
    assert_int_equal(claude_selftest_worst(test), CLAUDE_SELFTEST_FAIL);
    for (size_t i = 0; i < claude_selftest_count(test); i++) {
        if (i != index_of(test, name))
            assert_int_not_equal(claude_selftest_status(test, i), CLAUDE_SELFTEST_FAIL);
    }
}

/* A port that is taken, and not listened to. */
static int dead_port(char url[64], bool listening)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listening ? listen(fd, 8) : 0, 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

/* ---- what is well ---- */

static void all_is_well(void **state)
{
    claude_selftest_t *test = run_for(new_client(), CLAUDE_SELFTEST_KEY, "claude-haiku-4-5", PATIENCE);
    struct json_object *first;

    (void)state;
    found(test, "dns", CLAUDE_SELFTEST_OK);
    found(test, "proxy", CLAUDE_SELFTEST_SKIPPED);
    found(test, "tcp", CLAUDE_SELFTEST_OK);
    found(test, "tls", CLAUDE_SELFTEST_SKIPPED);
    found(test, "http", CLAUDE_SELFTEST_OK);
    found(test, "clock", CLAUDE_SELFTEST_OK);
    found(test, "key", CLAUDE_SELFTEST_OK);
    assert_true(claude_selftest_ms(test, index_of(test, "tcp")) >= 0);
    assert_int_equal(claude_selftest_ms(test, 99), -1);
    assert_null(claude_selftest_name(test, claude_selftest_count(test)));
    first = received_at(0);
    assert_string_equal(text_of(first, "method"), "HEAD");
    assert_null(header_of(first, "x-api-key"));
    assert_string_equal(text_of(received_at(1), "target"), "/v1/models?limit=1");
    assert_string_equal(header_of(received_at(1), "x-api-key"), KEY);
    assert_string_equal(text_of(received_at(2), "target"), "/v1/models/claude-haiku-4-5");
    assert_int_equal(requests_seen(), 3);
    assert_int_equal(connections_seen(), 1);
    claude_selftest_unref(claude_selftest_ref(test));
    claude_selftest_unref(test);
}

/* Without the flag the key stays here. */
static void without_the_key(void **state)
{
    claude_selftest_t *test = run_for(new_client(), 0, "claude-haiku-4-5", PATIENCE);

    (void)state;
    found(test, "key", CLAUDE_SELFTEST_SKIPPED);
    found(test, "model", CLAUDE_SELFTEST_SKIPPED);
    assert_int_equal(claude_selftest_worst(test), CLAUDE_SELFTEST_OK);
    assert_int_equal(requests_seen(), 1);
    claude_selftest_unref(test);
}

/* ---- what is wrong ---- */

static void nobody_listens(void **state)
{
    char url[64];
    int fd = dead_port(url, false);
    claude_selftest_t *test = run_for(client_with("base_url", url, NULL), CLAUDE_SELFTEST_KEY, NULL, PATIENCE);

    (void)state;
    blames(test, "tcp");
    found(test, "dns", CLAUDE_SELFTEST_OK);
    found(test, "key", CLAUDE_SELFTEST_SKIPPED);
    claude_selftest_unref(test);
    close(fd);
}

static void no_such_name(void **state)
{
    claude_selftest_t *test = run_for(client_with("base_url", "https://no-such-host.invalid", NULL), 0, NULL, PATIENCE);

    (void)state;
    blames(test, "dns");
    found(test, "tcp", CLAUDE_SELFTEST_SKIPPED);
    claude_selftest_unref(test);
}

/* It takes the connection, and says nothing: with TLS that is the handshake, without it the answer. */
static void silence(void **state)
{
    char url[64];
    int fd = dead_port(url, true);
    char *tls = format("https://%s", url + 7);
    claude_selftest_t *test = run_for(client_with("base_url", url, NULL), 0, NULL, 300);

    (void)state;
    blames(test, "http");
    assert_contains(claude_selftest_text(test, index_of(test, "http")), "300 ms");
    claude_selftest_unref(test);
    test = run_for(client_with("base_url", tls, NULL), 0, NULL, 300);
    blames(test, "tls");
    found(test, "tcp", CLAUDE_SELFTEST_OK);
    claude_selftest_unref(test);
    free(tls);
    close(fd);
}

/* Answers the first bytes of one connection by HTTP. */
static void *speak_http(void *user)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    int fd = accept(*(int *)user, NULL, NULL);
    char bytes[64];

    if (fd < 0 || read(fd, bytes, sizeof bytes) < 0 || write(fd, answer, sizeof answer - 1) < 0)
        return user;
    close(fd);
    return NULL;
}

static void no_tls_there(void **state)
{
    char plain[64];
    int fd = dead_port(plain, true);
    char *url = format("https://%s", plain + 7);
    pthread_t thread;
    void *failed = NULL;
    claude_selftest_t *test;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, speak_http, &fd), 0);
    test = run_for(client_with("base_url", url, NULL), 0, NULL, PATIENCE);
    pthread_join(thread, &failed);
    assert_null(failed);
    close(fd);
    blames(test, "tls");
    assert_contains(claude_selftest_fix(test, index_of(test, "tls")), "scheme and port");
    claude_selftest_unref(test);
    free(url);
}

static void answers(void **state)
{
    static const struct {
        const char *scenario, *check;
        int32_t status;
    } rows[] = {
        {"{'status':503}", "http", CLAUDE_SELFTEST_FAIL},
        {"{'status':302,'headers':[['location','/x']]}", "http", CLAUDE_SELFTEST_WARN},
        {"{'sequence':[{'status':404},{'status':401}]}", "key", CLAUDE_SELFTEST_FAIL},
        {"{'sequence':[{'status':404},{'status':403}]}", "key", CLAUDE_SELFTEST_FAIL},
        {"{'sequence':[{'status':404},{'status':429}]}", "key", CLAUDE_SELFTEST_WARN},
        {"{'sequence':[{'status':404},{'status':500}]}", "key", CLAUDE_SELFTEST_WARN},
        {"{'sequence':[{'status':404},{'status':404}]}", "key", CLAUDE_SELFTEST_WARN},
        {"{'sequence':[{'status':404}," MODELS ",{'status':404}]}", "model", CLAUDE_SELFTEST_FAIL},
        {"{'sequence':[{'status':404}," MODELS ",{'status':403}]}", "model", CLAUDE_SELFTEST_FAIL},
        {"{'sequence':[{'status':404}," MODELS ",{'status':400}]}", "model", CLAUDE_SELFTEST_WARN},
        {"{'sequence':[{'status':404}," MODELS "]}", "model", CLAUDE_SELFTEST_OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_selftest_t *test;
        script(rows[i].scenario);
        test = run_for(new_client(), CLAUDE_SELFTEST_KEY, "claude-x", PATIENCE);
        found(test, rows[i].check, rows[i].status);
        claude_selftest_unref(test);
    }
}

static void clocks(void **state)
{
    static const struct {
        int64_t off_s;
        int32_t status;
        const char *text;
    } rows[] = {{0, CLAUDE_SELFTEST_OK, "agrees"},       {-50, CLAUDE_SELFTEST_OK, "agrees"},
                {200, CLAUDE_SELFTEST_WARN, "behind"},   {-200, CLAUDE_SELFTEST_WARN, "ahead of"},
                {86400, CLAUDE_SELFTEST_FAIL, "behind"}, {-86400, CLAUDE_SELFTEST_FAIL, "ahead of"}};
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        time_t then = time(NULL) + rows[i].off_s;
        struct tm tm;
        claude_selftest_t *test;
        char *scenario;
        gmtime_r(&then, &tm);
        scenario = format("{'headers':[['date','%s, %02d %s %d %02d:%02d:%02d GMT']]}", days[tm.tm_wday], tm.tm_mday,
                          months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
        script(scenario);
        test = run_for(new_client(), 0, NULL, PATIENCE);
        found(test, "clock", rows[i].status);
        assert_contains(claude_selftest_text(test, index_of(test, "clock")), rows[i].text);
        claude_selftest_unref(test);
        free(scenario);
    }
    script("{'default_headers':false}");
    {
        claude_selftest_t *test = run_for(new_client(), 0, NULL, PATIENCE);
        found(test, "clock", CLAUDE_SELFTEST_SKIPPED);
        claude_selftest_unref(test);
    }
}

/* ---- proxies ---- */

static void dead_proxy(void **state)
{
    char url[64];
    int fd = dead_port(url, false);
    claude_selftest_t *test;

    (void)state;
    test = run_for(client_with("network.proxy", url, NULL), 0, NULL, PATIENCE);
    blames(test, "proxy");
    claude_selftest_unref(test);
    /* A host that is spared does not meet it. */
    test = run_for(client_with("network.proxy", url, "network.no_proxy", "127.0.0.1", NULL), 0, NULL, PATIENCE);
    found(test, "proxy", CLAUDE_SELFTEST_SKIPPED);
    found(test, "tcp", CLAUDE_SELFTEST_OK);
    claude_selftest_unref(test);
    test = run_for(client_with("network.proxy", "http://no-such-proxy.invalid:1", "network.allow_http", "true", NULL),
                   0, NULL, PATIENCE);
    blames(test, "dns");
    assert_contains(claude_selftest_fix(test, index_of(test, "dns")), "network.proxy");
    claude_selftest_unref(test);
    close(fd);
}

/* The sandbox in the place of a proxy: it refuses tunnels, and forwards nothing. */
static void refusing_proxy(void **state)
{
    claude_selftest_t *test;

    (void)state;
    script("{'status':407,'headers':[['proxy-authenticate','Basic']]}");
    test = run_for(client_with("network.proxy", sandbox_url(server), "base_url", "https://api.example", NULL), 0, NULL,
                   PATIENCE);
    blames(test, "proxy");
    assert_contains(claude_selftest_fix(test, index_of(test, "proxy")), "password");
    claude_selftest_unref(test);
    test = run_for(client_with("network.proxy", sandbox_url(server), "base_url", "http://127.0.0.2:9", NULL), 0, NULL,
                   PATIENCE);
    blames(test, "proxy");
    claude_selftest_unref(test);
    script("{'status':403}");
    test = run_for(client_with("network.proxy", sandbox_url(server), "base_url", "https://api.example", NULL), 0, NULL,
                   PATIENCE);
    blames(test, "proxy");
    claude_selftest_unref(test);
}

/* ---- keys that a provider brings ---- */

struct provider {
    int asked;
    int32_t answer;
    int64_t takes_ms;
    claude_client_t *client;
    claude_code_t inside;
};

static int32_t provide(claude_credential_t *credential, void *user_data)
{
    struct provider *provider = user_data;
    struct timespec time = {provider->takes_ms / 1000, provider->takes_ms % 1000 * 1000000};
    claude_selftest_t *test = NULL;
    claude_secret_t *secret = NULL;

    provider->asked++;
    if (provider->client)
        provider->inside = claude_selftest_run(provider->client, CLAUDE_SELFTEST_KEY, NULL, PATIENCE, &test, NULL);
    claude_selftest_unref(test);
    nanosleep(&time, NULL);
    if (provider->answer != 0)
        return provider->answer;
    assert_int_equal(claude_secret_new_unchecked("token-from-a-provider", CLAUDE_NTS, &secret, NULL), CLAUDE_OK);
    assert_int_equal(claude_credential_set_secret(credential, secret, NULL), CLAUDE_OK);
    claude_secret_unref(secret);
    return 0;
}

static claude_client_t *client_of_provider(struct provider *provider)
{
    claude_config_t *config = new_config();
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_config_set_secret(config, NULL, &err), err);
    succeeds(claude_config_set_credential_provider(config, provide, provider, NULL, &err), err);
    succeeds(claude_client_new(config, &client, &err), err);
    claude_config_unref(config);
    return client;
}

/* The time that it takes is its own. */
static void a_provider(void **state)
{
    struct provider provider = {.takes_ms = 3000};
    claude_selftest_t *test;

    (void)state;
    script("{'sequence':[{'status':404}," MODELS "," MODELS "]}");
    test = run_for(client_of_provider(&provider), CLAUDE_SELFTEST_KEY, "claude-x", 2900);
    found(test, "key", CLAUDE_SELFTEST_OK);
    found(test, "model", CLAUDE_SELFTEST_OK);
    assert_int_equal(provider.asked, 1);
    assert_string_equal(header_of(received_at(1), "x-api-key"), "token-from-a-provider");
    claude_selftest_unref(test);
    test = run_for(client_of_provider(&provider), 0, NULL, PATIENCE); /* sends no key */
    assert_int_equal(provider.asked, 1);
    claude_selftest_unref(test);
}

static void a_provider_that_fails(void **state)
{
    struct provider provider = {.answer = 5};
    claude_selftest_t *test = run_for(client_of_provider(&provider), CLAUDE_SELFTEST_KEY, "claude-x", PATIENCE);

    (void)state;
    blames(test, "key");
    assert_non_null(strstr(claude_selftest_text(test, index_of(test, "key")), "returned 5"));
    found(test, "model", CLAUDE_SELFTEST_SKIPPED);
    assert_int_equal(provider.asked, 1);
    claude_selftest_unref(test);
}

static void a_provider_that_asks_for_itself(void **state)
{
    struct provider provider = {.client = NULL};
    claude_client_t *client = client_of_provider(&provider);
    claude_selftest_t *test;

    (void)state;
    provider.client = client;
    test = run_for(claude_client_ref(client), CLAUDE_SELFTEST_KEY, NULL, PATIENCE);
    assert_int_equal(provider.inside, CLAUDE_E_BUSY);
    found(test, "http", CLAUDE_SELFTEST_OK);
    claude_selftest_unref(test);
    claude_client_unref(client);
}

static void an_expired_key(void **state)
{
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        claude_client_t *client = client_with("auth.refuse_expired", refused ? "true" : "false", NULL);
        claude_secret_t *secret = claude_client_secret(client, CLAUDE_KEY_OF_CLIENT);
        claude_selftest_t *test;
        script("{'sequence':[{'status':404}," MODELS "]}");
        assert_int_equal(claude_secret_set_expiry(secret, 1, NULL), CLAUDE_OK);
        test = run_for(client, CLAUDE_SELFTEST_KEY, NULL, PATIENCE);
        found(test, "key", refused ? CLAUDE_SELFTEST_FAIL : CLAUDE_SELFTEST_OK);
        claude_selftest_unref(test);
        claude_secret_unref(secret);
    }
}

/* ---- how it is called ---- */

static void misuse(void **state)
{
    claude_client_t *client = new_client();
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;

    (void)state;
    fails(claude_selftest_run(NULL, 0, NULL, 1000, &test, &err), CLAUDE_E_INVALID, &err);
    fails(claude_selftest_run(client, 2, NULL, 1000, &test, &err), CLAUDE_E_INVALID, &err);
    fails(claude_selftest_run(client, 0, "", 1000, &test, &err), CLAUDE_E_INVALID, &err);
    fails(claude_selftest_run(client, 0, NULL, 0, &test, &err), CLAUDE_E_INVALID, &err);
    fails(claude_selftest_run(client, 0, NULL, 1000, NULL, &err), CLAUDE_E_INVALID, &err);
    assert_null(test);
    assert_int_equal(claude_selftest_count(NULL), 0);
    assert_int_equal(claude_selftest_worst(NULL), 0);
    assert_int_equal(claude_selftest_status(NULL, 0), 0);
    assert_null(claude_selftest_text(NULL, 0));
    assert_null(claude_selftest_fix(NULL, 0));
    assert_string_equal(claude_selftest_json(NULL, NULL), "");
    assert_string_equal(claude_selftest_status_name(9), "");
    claude_selftest_unref(NULL);
    assert_null(claude_selftest_ref(NULL));
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_is_well),
        TEST(without_the_key),
        TEST(nobody_listens),
        TEST(no_such_name),
        TEST(silence),
        TEST(no_tls_there),
        TEST(answers),
        TEST(clocks),
        TEST(dead_proxy),
        TEST(refusing_proxy),
        TEST(misuse),
        TEST(a_provider),
        TEST(a_provider_that_fails),
        TEST(a_provider_that_asks_for_itself),
        TEST(an_expired_key),
    };

    return RUN_WITH_SERVER(tests);
}
