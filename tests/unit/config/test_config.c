/* A configuration: options by text, JSON and environment, and the key that cannot be read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "config/config.h"

#define KEY "sk-ant-CANARY_0123456789-abcXYZ"
#define OTHER "sk-ant-CANARY_other_0123456789"

static const char *const variables[] = {
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS",
    "HTTPS_PROXY",       "https_proxy",          "NO_PROXY",           "no_proxy",
    "SSL_CERT_FILE",
};

static void clear_environment(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

static int setup(void **state)
{
    claude_config_t *config = NULL;

    clear_environment();
    if (cl_config_new(&config, NULL) != CLAUDE_OK)
        return -1;
    *state = config;
    return 0;
}

static int teardown(void **state)
{
    clear_environment();
    cl_config_unref(*state);
    return 0;
}

static void expect_ok(claude_code_t rc, cl_err *err)
{
    if (rc != CLAUDE_OK)
        fail_msg("%d: %s", rc, err->message);
    assert_int_equal(err->code, CLAUDE_OK);
}

static void expect_refusal(claude_code_t rc, cl_err *err, const char *expected)
{
    assert_int_equal(rc, CLAUDE_E_INVALID);
    assert_int_equal(err->code, CLAUDE_E_INVALID);
    if (!strstr(err->message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err->message, expected);
    assert_null(strstr(err->message, "CANARY"));
    cl_err_clear(err);
}

static void set(claude_config_t *config, const char *key, const char *value)
{
    cl_err err;

    cl_err_init(&err);
    expect_ok(cl_config_set(config, key, value, &err), &err);
}

static void load(claude_config_t *config, const char *json)
{
    cl_err err;

    cl_err_init(&err);
    expect_ok(cl_config_load_json(config, cl_str_of(json), &err), &err);
}

static void refuse_json(claude_config_t *config, const char *json, const char *expected)
{
    cl_err err;

    cl_err_init(&err);
    expect_refusal(cl_config_load_json(config, cl_str_of(json), &err), &err, expected);
}

static void load_env(claude_config_t *config)
{
    cl_err err;

    cl_err_init(&err);
    expect_ok(cl_config_load_env(config, &err), &err);
}

static void refuse_env(claude_config_t *config, const char *expected)
{
    cl_err err;

    cl_err_init(&err);
    expect_refusal(cl_config_load_env(config, &err), &err, expected);
}

static void expect_key(const claude_config_t *config, const char *key)
{
    if (!key) {
        assert_null(config->secret);
        return;
    }
    assert_non_null(config->secret);
    assert_true(cl_str_eq(cl_secret_use(config->secret, "expose"), cl_str_of(key)));
}

static void expect_header(const claude_config_t *config, const char *name, const char *value)
{
    const cl_header *header = cl_headers_find(&config->headers, cl_str_of(name));

    if (!value) {
        assert_null(header);
        return;
    }
    assert_non_null(header);
    assert_string_equal(header->value, value);
}

/* ---- by text ---- */

static void test_set_and_get(void **state)
{
    claude_config_t *config = *state;

    assert_string_equal(cl_config_get(config, "timeout_ms"), "300000");
    assert_string_equal(cl_config_get(config, "base_url"), "https://api.anthropic.com");
    /* An option without a value has none. */
    assert_null(cl_config_get(config, "network.proxy"));
    assert_null(cl_config_get(config, "nonsense"));
    set(config, "timeout_ms", "060");
    assert_string_equal(cl_config_get(config, "timeout.total_ms"), "60");
    set(config, "network.proxy", "http://proxy:1");
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://proxy:1");
    set(config, "network.proxy", NULL);
    assert_null(cl_config_get(config, "network.proxy"));
    set(config, "timeout_ms", NULL);
    assert_string_equal(cl_config_get(config, "timeout.total_ms"), "300000");
    assert_int_equal(cl_config_set(config, "nonsense", "1", NULL), CLAUDE_E_INVALID);
}

static void test_key_is_write_only(void **state)
{
    claude_config_t *config = *state;
    cl_err err;

    cl_err_init(&err);
    assert_null(cl_config_get(config, "api_key"));
    set(config, "api_key", KEY);
    assert_null(cl_config_get(config, "api_key"));
    expect_key(config, KEY);
    for (size_t i = 0; cl_option_name_at(i); i++) {
        const char *text = cl_config_get(config, cl_option_name_at(i));
        assert_true(!text || !strstr(text, "CANARY"));
    }
    /* A refused key leaves the old one. */
    expect_refusal(cl_config_set(config, "api_key", OTHER "\n", &err), &err, "API key ends with a line end (LF)");
    expect_refusal(cl_config_set(config, "api_key", "", &err), &err, "API key is empty");
    expect_key(config, KEY);
    set(config, "api_key", OTHER);
    expect_key(config, OTHER);
    set(config, "api_key", NULL);
    expect_key(config, NULL);
}

static void test_references(void **state)
{
    claude_config_t *config = *state;

    assert_ptr_equal(cl_config_ref(config), config);
    cl_config_unref(config);
    assert_string_equal(cl_config_get(config, "timeout_ms"), "300000");
    assert_null(cl_config_ref(NULL));
    cl_config_unref(NULL);
}

static int destroyed;

static void on_destroy(void *user_data)
{
    (void)user_data;
    destroyed++;
}

static void some_function(void)
{
}

static void test_copy(void **state)
{
    claude_config_t *config = *state;
    claude_config_t *copy = NULL;

    destroyed = 0;
    set(config, "api_key", KEY);
    set(config, "beta", "one");
    assert_int_equal(cl_headers_set(&config->headers, "x-team", "blue", NULL), CLAUDE_OK);
    assert_int_equal(cl_hook_new(some_function, NULL, on_destroy, &config->sign, NULL), CLAUDE_OK);
    assert_int_equal(cl_config_copy(config, &copy, NULL), CLAUDE_OK);
    set(config, "api_key", NULL);
    set(config, "beta", "two");
    assert_int_equal(cl_headers_set(&config->headers, "x-team", "red", NULL), CLAUDE_OK);
    cl_hook_unref(config->sign);
    config->sign = NULL;
    assert_int_equal(destroyed, 0);
    expect_key(copy, KEY);
    assert_string_equal(cl_config_get(copy, "beta"), "one");
    expect_header(copy, "X-Team", "blue");
    cl_config_unref(copy);
    assert_int_equal(destroyed, 1);
}

/* ---- JSON ---- */

static void test_json_values(void **state)
{
    claude_config_t *config = *state;

    load(config, "{}");
    load(config, " {\"timeout.total_ms\": 60000, \"beta\": \"a\\u0062c\", \"stream.strict\": true} ");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "60000");
    assert_string_equal(cl_config_get(config, "beta"), "abc");
    assert_string_equal(cl_config_get(config, "stream.strict"), "true");
    load(config, "{\"timeout\": {\"total_ms\": \"5\", \"idle_ms\": 6}, \"stream\": {\"strict\": false}}");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "5");
    assert_string_equal(cl_config_get(config, "timeout.idle_ms"), "6");
    assert_string_equal(cl_config_get(config, "stream.strict"), "false");
    /* An alias may have the name of a group. */
    load(config, "{\"timeout\": 7, \"betas\": \"x\", \"stream.strict\": 1, \"network\": {\"http_version\": 1.1}}");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "7");
    assert_string_equal(cl_config_get(config, "beta"), "x");
    assert_string_equal(cl_config_get(config, "stream.strict"), "true");
    assert_string_equal(cl_config_get(config, "network.http_version"), "1.1");
    load(config, "{\"timeout_ms\": null, \"beta\": null, \"network\": {}, \"\\u0062eta\": null}");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "300000");
    assert_null(cl_config_get(config, "beta"));
    /* Of two values the last one counts. */
    load(config, "{\"timeout_ms\": 1, \"timeout.total_ms\": 2}");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "2");
}

static void test_json_key(void **state)
{
    claude_config_t *config = *state;

    load(config, "{\"api_key\": \"" KEY "\"}");
    expect_key(config, KEY);
    load(config, "{\"timeout_ms\": 1}");
    expect_key(config, KEY);
    refuse_json(config, "{\"api_key\": \"CANARY\"}", "API key does not begin with sk-ant-");
    refuse_json(config, "{\"api_key\": \"" OTHER "\", \"nonsense\": 1}", "unknown option nonsense");
    refuse_json(config, "{\"api_key\": \"" OTHER "\\n\"}", "API key ends with a line end (LF)");
    expect_key(config, KEY);
    load(config, "{\"api_key\": \"\\u0073k-ant-CANARY_other_0123456789\"}");
    expect_key(config, OTHER);
    load(config, "{\"api_key\": null}");
    expect_key(config, NULL);
}

static void test_json_all_or_nothing(void **state)
{
    claude_config_t *config = *state;
    const char *kept;

    set(config, "timeout_ms", "1");
    set(config, "beta", "b");
    kept = cl_config_get(config, "beta");
    refuse_json(config, "{\"timeout_ms\": 2, \"beta\": null, \"api_key\": \"" KEY "\", \"timeout.idle_ms\": -1}",
                "timeout.idle_ms is out of range: 0 to 86400000 ms are allowed");
    assert_string_equal(cl_config_get(config, "timeout_ms"), "1");
    assert_string_equal(cl_config_get(config, "beta"), "b");
    expect_key(config, NULL);
    /* What was not set again stays where it is: callers have borrowed it. */
    load(config, "{\"timeout_ms\": 3}");
    assert_ptr_equal(cl_config_get(config, "beta"), kept);
}

static void test_json_refused(void **state)
{
    static const struct {
        const char *json;
        const char *expected;
    } bad[] = {
        {"", ""},
        {"{", ""},
        {"{\"beta\": }", ""},
        {"[]", "must be an object"},
        {"\"beta\"", "must be an object"},
        {"null", "must be an object"},
        {"{\"beta\": [\"a\"]}", "beta is an array"},
        {"{\"timeout\": {\"total_ms\": []}}", "timeout.total_ms is an array"},
        {"{\"timeout\": {\"totl_ms\": 1}}", "unknown option timeout.totl_ms; did you mean timeout.total_ms?"},
        {"{\"timeout_ms\": 1.5}", "timeout.total_ms must be a whole number"},
        {"{\"timeout_ms\": 1e3}", "timeout.total_ms must be a whole number"},
        {"{\"timeout_ms\": true}", "timeout.total_ms must be a whole number"},
        {"{\"timeout_ms\": \"\"}", "timeout.total_ms must be a whole number"},
        {"{\"base_url\": 5}", "base_url must begin with https://"},
        {"{\"\": 1}", "option name is empty"},
        {"{\"beta\\u0000\": 1}", "has a NUL"},
        {"{\"beta\": \"a\\u0000b\"}", "beta has a NUL character in its value"},
        {"{\"sk-ant-CANARY\": 1}", "(a name that is not shown)"},
        {"{\"sk-ant-CANARY\": []}", "(a name that is not shown) is an array"},
        {"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}", "is nested deeper than any option"},
        {"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}", "unknown option a.a.a.a.a.a.a.a"},
    };
    claude_config_t *config = *state;
    char json[1024];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse_json(config, bad[i].json, bad[i].expected);
    /* Names at the limits of the buffers. */
    for (size_t len = 120; len < 600; len++) {
        memset(json, 'n', sizeof json);
        memcpy(json, "{\"", 2);
        memcpy(json + 2 + len, "\":1}", 5);
        refuse_json(config, json, len <= 128 ? "unknown option" : "is longer than 128 bytes");
    }
    for (size_t len = 60; len < 70; len++) {
        int n = snprintf(json, sizeof json, "{\"%0*d\":{\"%0*d\":1}}", (int)len, 0, (int)len, 0);
        assert_true(n > 0 && n < (int)sizeof json);
        refuse_json(config, json, len <= 63 ? "unknown option" : "is longer than 128 bytes");
    }
    /* A group whose name leaves room for a dot, for nothing, for not even that. */
    for (size_t len = 120; len <= 128; len++) {
        int n = snprintf(json, sizeof json, "{\"%0*d\":{\"ab\":1}}", (int)len, 0);
        assert_true(n > 0 && n < (int)sizeof json);
        refuse_json(config, json, len <= 125 ? "unknown option" : "is longer than 128 bytes");
    }
}

/* ---- environment ---- */

static void test_env_options(void **state)
{
    claude_config_t *config = *state;

    load_env(config);
    for (size_t i = 0; i < CL_OPT_COUNT; i++)
        assert_false(cl_options_is_set(config->options, (cl_option)i));
    expect_key(config, NULL);
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    setenv("ANTHROPIC_BASE_URL", "https://gateway.example/claude/", 1);
    setenv("HTTPS_PROXY", "http://proxy:3128", 1);
    setenv("NO_PROXY", "localhost", 1);
    setenv("SSL_CERT_FILE", "/etc/certs.pem", 1);
    load_env(config);
    expect_key(config, KEY);
    assert_string_equal(cl_config_get(config, "base_url"), "https://gateway.example/claude");
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://proxy:3128");
    assert_string_equal(cl_config_get(config, "network.no_proxy"), "localhost");
    assert_string_equal(cl_config_get(config, "tls.ca_file"), "/etc/certs.pem");
    assert_string_equal(cl_config_get(config, "auth.style"), "x-api-key");
}

static void test_env_proxy_is_for_https(void **state)
{
    claude_config_t *config = *state;

    setenv("HTTPS_PROXY", "http://proxy:3128", 1);
    setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:4000", 1);
    load_env(config);
    assert_null(cl_config_get(config, "network.proxy"));
    /* Also where the address was there before. */
    unsetenv("ANTHROPIC_BASE_URL");
    load_env(config);
    assert_null(cl_config_get(config, "network.proxy"));
    set(config, "base_url", NULL);
    load_env(config);
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://proxy:3128");
}

static void test_env_lower_case(void **state)
{
    claude_config_t *config = *state;

    setenv("https_proxy", "http://lower:1", 1);
    setenv("no_proxy", "lower", 1);
    setenv("NO_PROXY", "upper", 1);
    load_env(config);
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://lower:1");
    assert_string_equal(cl_config_get(config, "network.no_proxy"), "upper");
}

static void test_env_blank_is_unset(void **state)
{
    claude_config_t *config = *state;

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i], i % 2 ? "" : " \t\r\n", 1);
    load_env(config);
    for (size_t i = 0; i < CL_OPT_COUNT; i++)
        assert_false(cl_options_is_set(config->options, (cl_option)i));
    expect_key(config, NULL);
    assert_int_equal(config->headers.count, 0);
    /* A blank upper-case one does not hide the lower-case one, nor a blank key the token. */
    setenv("https_proxy", "http://lower:1", 1);
    setenv("ANTHROPIC_AUTH_TOKEN", "CANARY.token", 1);
    load_env(config);
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://lower:1");
    expect_key(config, "CANARY.token");
}

static void test_explicit_wins(void **state)
{
    claude_config_t *config = *state;

    set(config, "api_key", OTHER);
    set(config, "base_url", "https://mine.example");
    set(config, "network.proxy", "");
    assert_int_equal(cl_headers_set(&config->headers, "X-Team", "mine", NULL), CLAUDE_OK);
    assert_int_equal(cl_headers_set(&config->headers, "X-Gone", NULL, NULL), CLAUDE_OK);
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    setenv("ANTHROPIC_BASE_URL", "not even a URL", 1);
    setenv("HTTPS_PROXY", "http://proxy:1", 1);
    setenv("ANTHROPIC_CUSTOM_HEADERS", "x-team: theirs\nx-gone: theirs\nx-new: theirs", 1);
    load_env(config);
    expect_key(config, OTHER);
    assert_string_equal(cl_config_get(config, "base_url"), "https://mine.example");
    assert_null(cl_config_get(config, "network.proxy"));
    expect_header(config, "x-team", "mine");
    expect_header(config, "x-new", "theirs");
    assert_null(cl_headers_find(&config->headers, CL_STR("x-gone"))->value);
    assert_int_equal(config->headers.count, 3);
}

static void test_env_token(void **state)
{
    claude_config_t *config = *state;

    setenv("ANTHROPIC_AUTH_TOKEN", "CANARY.not.of/the+format=", 1);
    load_env(config);
    expect_key(config, "CANARY.not.of/the+format=");
    assert_string_equal(cl_config_get(config, "auth.style"), "bearer");
}

static void test_env_token_keeps_explicit_style(void **state)
{
    claude_config_t *config = *state;

    set(config, "auth.style", "x-api-key");
    setenv("ANTHROPIC_AUTH_TOKEN", "CANARY.token", 1);
    load_env(config);
    expect_key(config, "CANARY.token");
    assert_string_equal(cl_config_get(config, "auth.style"), "x-api-key");
}

static void test_env_key_wins_over_token(void **state)
{
    claude_config_t *config = *state;

    setenv("ANTHROPIC_API_KEY", KEY, 1);
    setenv("ANTHROPIC_AUTH_TOKEN", "CANARY.token", 1);
    load_env(config);
    expect_key(config, KEY);
    assert_string_equal(cl_config_get(config, "auth.style"), "x-api-key");
}

static void test_env_refused(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *expected;
    } bad[] = {
        {"ANTHROPIC_API_KEY", KEY "\r", "environment variable ANTHROPIC_API_KEY: API key ends with a carriage return"},
        {"ANTHROPIC_API_KEY", "CANARY", "environment variable ANTHROPIC_API_KEY: API key does not begin"},
        {"ANTHROPIC_AUTH_TOKEN", "CANARY token", "environment variable ANTHROPIC_AUTH_TOKEN: secret has a space"},
        {"ANTHROPIC_BASE_URL", "https://u:CANARY@h",
         "environment variable ANTHROPIC_BASE_URL: base_url has credentials"},
        {"HTTPS_PROXY", "ftp://u:CANARY@h", "environment variable HTTPS_PROXY: network.proxy must begin with"},
        {"https_proxy", "http://u:CANARY@", "environment variable https_proxy: network.proxy has no host"},
        {"ANTHROPIC_CUSTOM_HEADERS", "CANARY", "ANTHROPIC_CUSTOM_HEADERS: line 1 is not of the form Name: value"},
        {"ANTHROPIC_CUSTOM_HEADERS", "a: b\n\nCANARY", "ANTHROPIC_CUSTOM_HEADERS: line 3 is not of the form"},
        {"ANTHROPIC_CUSTOM_HEADERS", "a: b\n: CANARY", "line 2: header name must have 1 to 256 characters"},
        {"ANTHROPIC_CUSTOM_HEADERS", "a b: CANARY", "line 1: header name has a character that is not allowed"},
        {"ANTHROPIC_CUSTOM_HEADERS", "a:", "line 1: header a has an empty value"},
        {"ANTHROPIC_CUSTOM_HEADERS", "a: x\x01y", "line 1: header a has a character that is not visible ASCII"},
        {"ANTHROPIC_CUSTOM_HEADERS", "X-Api-Key: CANARY", "line 1: header x-api-key is written by the library"},
        {"ANTHROPIC_CUSTOM_HEADERS", "sk-ant-CANARY:", "line 1: malformed"},
    };
    claude_config_t *config = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        clear_environment();
        /* Nothing is taken over when one is refused. */
        setenv("SSL_CERT_FILE", "/etc/certs.pem", 1);
        setenv(bad[i].name, bad[i].value, 1);
        refuse_env(config, bad[i].expected);
        assert_null(cl_config_get(config, "tls.ca_file"));
        assert_int_equal(config->headers.count, 0);
        expect_key(config, NULL);
    }
    clear_environment();
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    setenv("ANTHROPIC_CUSTOM_HEADERS", "nonsense", 1);
    refuse_env(config, "line 1");
    expect_key(config, NULL);
}

static void test_env_headers(void **state)
{
    claude_config_t *config = *state;

    setenv("ANTHROPIC_CUSTOM_HEADERS", "X-One: 1\r\n\n   \n  X-Two :  a: b \t\nX-Three:c\nX-one: last one counts\n", 1);
    load_env(config);
    expect_header(config, "x-one", "last one counts");
    expect_header(config, "x-two", "a: b");
    expect_header(config, "x-three", "c");
    assert_int_equal(config->headers.count, 3);
}

/* ---- the check before use ---- */

static void test_check(void **state)
{
    claude_config_t *config = *state;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_config_check(config, &err), CLAUDE_E_NO_KEY);
    assert_non_null(strstr(err.message, "api_key"));
    assert_non_null(strstr(err.message, "claude_config_set_secret()"));
    assert_non_null(strstr(err.message, "claude_config_load_env()"));
    cl_err_clear(&err);
    set(config, "auth.style", "none");
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "auth.style", NULL);
    set(config, "api_key", KEY);
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "base_url", "http://gateway.example");
    expect_refusal(cl_config_check(config, &err), &err, "base_url is http:// to another host");
    set(config, "network.allow_http", "true");
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "network.allow_http", "false");
    set(config, "base_url", "http://127.0.0.1:8080");
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "network.proxy", "http://user:CANARY@proxy:3128");
    expect_refusal(cl_config_check(config, &err), &err, "network.proxy is another host");
    set(config, "network.proxy", "127.0.0.1:3128");
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "network.proxy", "socks5://proxy");
    set(config, "network.allow_http", "true");
    expect_ok(cl_config_check(config, &err), &err);
    set(config, "network.allow_http", NULL);
    set(config, "base_url", "https://gateway.example");
    expect_ok(cl_config_check(config, &err), &err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_set_and_get),
        TEST(test_key_is_write_only),
        TEST(test_references),
        TEST(test_copy),
        TEST(test_json_values),
        TEST(test_json_key),
        TEST(test_json_all_or_nothing),
        TEST(test_json_refused),
        TEST(test_env_options),
        TEST(test_env_proxy_is_for_https),
        TEST(test_env_lower_case),
        TEST(test_env_blank_is_unset),
        TEST(test_explicit_wins),
        TEST(test_env_token),
        TEST(test_env_token_keeps_explicit_style),
        TEST(test_env_key_wins_over_token),
        TEST(test_env_refused),
        TEST(test_env_headers),
        TEST(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
