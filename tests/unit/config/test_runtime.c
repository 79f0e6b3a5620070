/* Configuration that may change: the nine keys, their ranges and defaults, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/runtime.h"

/* The specification's table (11.7): key, default, a value that is good, and values that are not. */
static const struct {
    const char *key;
    const char *initial;
    const char *good;
    const char *held; /* as it is read back */
    const char *low;  /* in range; the next one below is `under` */
    const char *high;
    const char *under;
    const char *over;
    const char *wrong_type;
} nine[] = {
    {"base_url", "https://api.anthropic.com", "\"https://custom.api.com\"", "https://custom.api.com", "\"https://a\"",
     "\"http://127.0.0.1:1/v\"", "\"\"", "\"ftp://a\"", "1"},
    {"api_version", "2023-06-01", "\"2026-10-21\"", "2026-10-21", "\"2023-06-01\"", "\"9999-12-31\"", "\"\"",
     "\"2023-13-01\"", "20230601"},
    {"timeout_ms", "300000", "120000", "120000", "0", "86400000", "-1", "86400001", "\"120000\""},
    {"enable_retry", "true", "false", "false", "true", "false", "\"true\"", "1", "null"},
    {"max_retries", "3", "5", "5", "0", "10", "-1", "11", "\"5\""},
    {"enable_circuit_breaker", "true", "false", "false", "true", "false", "\"no\"", "0", "[]"},
    {"circuit_breaker_threshold", "5", "7", "7", "1", "1000000", "0", "1000001", "true"},
    {"enable_rate_limiting", "false", "true", "true", "true", "false", "\"\"", "{}", "null"},
    {"rate_limit_rps", "10", "2.5", "2.5", "0.001", "1000000", "0", "1000001", "\"10\""},
};

static cl_runtime *parse(const char *json, const cl_runtime *before)
{
    cl_runtime *runtime = NULL;
    cl_err err;

    cl_err_init(&err);
    if (cl_runtime_parse(cl_str_of(json), before, &runtime, &err) < 0)
        fail_msg("%s: %s", json, err.message);
    return runtime;
}

static const char *value_of(const cl_runtime *runtime, const char *key)
{
    return cl_option_text(NULL, runtime->options, (cl_option)cl_option_find(key));
}

static void refuses(const char *json, const char *word)
{
    cl_runtime *runtime = NULL;
    cl_err err;

    cl_err_init(&err);
    if (cl_runtime_parse(cl_str_of(json), NULL, &runtime, &err) != CLAUDE_E_INVALID || runtime)
        fail_msg("%s was taken", json);
    if (!strstr(err.message, word))
        fail_msg("%s: \"%s\" does not say \"%s\"", json, err.message, word);
    cl_err_clear(&err);
}

static void takes(const char *key, const char *value)
{
    char json[256];
    cl_runtime *runtime;

    snprintf(json, sizeof json, "{\"%s\":%s}", key, value);
    runtime = parse(json, NULL);
    cl_runtime_unref(runtime);
}

static void refuses_value(const char *key, const char *value)
{
    char json[256];

    snprintf(json, sizeof json, "{\"%s\":%s}", key, value);
    refuses(json, key);
}

static void test_nine_keys(void **state)
{
    cl_runtime *initial = parse("{}", NULL);

    (void)state;
    assert_int_equal(sizeof nine / sizeof nine[0], CL_RUNTIME_KEYS);
    assert_null(cl_runtime_key_at(CL_RUNTIME_KEYS));
    for (size_t i = 0; i < CL_RUNTIME_KEYS; i++) {
        char json[256];
        cl_runtime *runtime;
        assert_string_equal(cl_runtime_key_at(i)->key, nine[i].key);
        assert_int_equal(cl_option_find(nine[i].key), cl_runtime_key_at(i)->option);
        assert_string_equal(value_of(initial, nine[i].key), nine[i].initial);
        snprintf(json, sizeof json, " {\"%s\" : %s}\n", nine[i].key, nine[i].good);
        runtime = parse(json, NULL);
        assert_string_equal(value_of(runtime, nine[i].key), nine[i].held);
        cl_runtime_unref(runtime);
        takes(nine[i].key, nine[i].low);
        takes(nine[i].key, nine[i].high);
        refuses_value(nine[i].key, nine[i].under);
        refuses_value(nine[i].key, nine[i].over);
        refuses_value(nine[i].key, nine[i].wrong_type);
    }
    cl_runtime_unref(initial);
}

static void test_other_options(void **state)
{
    cl_runtime *runtime = parse("{\"breaker.open_ms\":7,\"timeout.idle_ms\":8,\"beta\":\"a\"}", NULL);

    (void)state;
    assert_string_equal(value_of(runtime, "breaker.open_ms"), "7");
    assert_string_equal(value_of(runtime, "timeout.idle_ms"), "8");
    assert_string_equal(value_of(runtime, "beta"), "a");
    cl_runtime_unref(runtime);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *json;
        const char *word;
    } rows[] = {
        {"", "JSON"},
        {" ", ""},
        {"{", ""},
        {"{\"max_retries\":", ""},
        {"[]", "object"},
        {"null", "object"},
        {"{}{}", ""},
        {"{\"max_retries\":1,\"max_retries\":2}", "twice"},
        {"{\"max_retries\":1,\"retry.max_retries\":2}", "twice"},
        {"{\"max_retrys\":1}", "max_retries"},
        {"{\"timeout_m\":1}", "timeout_ms"},
        {"{\"breaker.open\":1}", "breaker.open_ms"},
        {"{\"entirely_else_and_not_like_any\":1}", "entirely_else_and_not_like_any"},
        {"{\"\":1}", "empty"},
        {"{\"max_retries\\u0000\":1}", "NUL"},
        {"{\"base_url\":\"https://a\\u0000b\"}", "NUL"},
        {"{\"max_retries\":1.5}", "retry.max_retries"},
        {"{\"max_retries\":\"\\ud800\"}", ""},
        {"{\"base_url\":\"https://\xff\"}", ""},
        {"{\"timeout\":{\"total_ms\":1}}", "timeout"},
        {"{\"tls.ca_file\":\"/a\"}", "in use"},
        {"{\"network.proxy\":\"http://127.0.0.1:1\"}", "in use"},
        {"{\"network.allow_http\":true}", "in use"},
        {"{\"auth.style\":\"none\"}", "in use"},
        {"{\"client.max_engines\":1}", "in use"},
        {"{\"loop.max_events\":1}", "in use"},
        {"{\"failover.enabled\":true}", "in use"},
        {"{\"request.snapshot\":\"b\"}", "in use"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(rows[i].json, rows[i].word);
}

/* Neither the name nor the value is shown. */
static void test_secrets(void **state)
{
    static const char *const names[] = {"api_key",    "apiKey",        "x-api-key",   "ANTHROPIC_API_KEY",
                                        "secret",     "client_secret", "my_password", "Authorization",
                                        "auth_token", "bearer",        "key",         "token"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cl_runtime *runtime = NULL;
        char json[256];
        cl_err err;
        cl_err_init(&err);
        snprintf(json, sizeof json, "{\"%s\":\"CANARY-VALUE\"}", names[i]);
        assert_int_equal(cl_runtime_parse(cl_str_of(json), NULL, &runtime, &err), CLAUDE_E_INVALID);
        assert_null(strstr(err.message, "CANARY"));
        assert_non_null(strstr(err.message, "named like a secret"));
        cl_err_clear(&err);
    }
    refuses("{\"sk-ant-api03-abcdefghijklmnop\":1}", "not shown");
}

static void test_builds_on_initial(void **state)
{
    cl_runtime *initial = parse("{\"max_retries\":7,\"base_url\":\"https://a\"}", NULL);
    cl_runtime *runtime = parse("{\"timeout_ms\":9}", initial);

    (void)state;
    assert_string_equal(value_of(runtime, "max_retries"), "7");
    assert_string_equal(value_of(runtime, "timeout_ms"), "9");
    assert_string_equal(value_of(runtime, "base_url"), "https://a");
    assert_true(runtime->names_url);
    assert_false(runtime->text_names_url);
    cl_runtime_unref(initial);
    cl_runtime_unref(runtime);
}

static const char *text_in(const claude_config_t *config, const char *key)
{
    const char *text = cl_config_get(config, key);

    return text ? text : "";
}

/* The client's own values come back where nothing is named; what cannot change stays as it is now. */
static void test_apply(void **state)
{
    cl_runtime *runtime = parse("{\"timeout_ms\":9,\"breaker.open_ms\":5}", NULL);
    cl_runtime *without = parse("{\"base_url\":\"https://other\"}", NULL);
    claude_config_t *now = NULL;
    claude_config_t *base = NULL;
    claude_config_t *out = NULL;

    (void)state;
    assert_int_equal(cl_config_new(&now, NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(now, "base_url", "https://mine", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(now, "breaker.open_ms", "77", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_copy(now, &base, NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(now, "tls.ca_file", "/later", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(now, "max_retries", "1", NULL), CLAUDE_OK);
    assert_int_equal(cl_runtime_apply(runtime, now, base->options, &out, NULL), CLAUDE_OK);
    assert_string_equal(text_in(out, "base_url"), "https://mine");
    assert_string_equal(text_in(out, "timeout_ms"), "9");
    assert_string_equal(text_in(out, "breaker.open_ms"), "5");
    assert_string_equal(text_in(out, "max_retries"), "3");
    assert_string_equal(text_in(out, "enable_retry"), "true");
    assert_string_equal(text_in(out, "tls.ca_file"), "/later");
    cl_config_unref(now);
    now = out;
    assert_int_equal(cl_runtime_apply(without, now, base->options, &out, NULL), CLAUDE_OK);
    assert_string_equal(text_in(out, "breaker.open_ms"), "77");
    assert_string_equal(text_in(out, "timeout_ms"), "300000");
    assert_string_equal(text_in(out, "base_url"), "https://other");
    cl_config_unref(now);
    cl_config_unref(base);
    cl_config_unref(out);
    cl_runtime_unref(runtime);
    cl_runtime_unref(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nine_keys), cmocka_unit_test(test_other_options),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_secrets),   cmocka_unit_test(test_builds_on_initial), cmocka_unit_test(test_apply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
