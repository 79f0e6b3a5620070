/* The table of options and sets of values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "json/json.h"

static cl_options *make(void)
{
    cl_options *options = NULL;

    assert_int_equal(cl_options_new(&options, NULL), CLAUDE_OK);
    return options;
}

static void set(cl_options *options, const char *key, const char *value)
{
    cl_err err;

    cl_err_init(&err);
    if (cl_options_set(options, key, value, false, &err) != CLAUDE_OK)
        fail_msg("%s = %s: %s", key, value ? value : "NULL", err.message);
}

static void refuse_in(bool request_scope, const char *key, const char *value, const char *expected)
{
    cl_options *options = make();
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_options_set(options, key, value, request_scope, &err), CLAUDE_E_INVALID);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    assert_null(strstr(err.message, "CANARY"));
    cl_err_clear(&err);
    cl_options_free(options);
}

static void refuse(const char *key, const char *value, const char *expected)
{
    refuse_in(false, key, value, expected);
}

static const char *text(const cl_options *options, cl_option option)
{
    return cl_option_text(NULL, options, option);
}

static int64_t number(const cl_options *options, cl_option option)
{
    return cl_option_int(NULL, options, option);
}

/* ---- the table ---- */

static void test_table_is_sound(void **state)
{
    const cl_option_row *row;
    size_t count = 0;

    (void)state;
    for (; (row = cl_option_row_at(count)) != NULL; count++) {
        assert_string_equal(cl_option_name_at(count), row->name);
        assert_int_equal(cl_option_find(row->name), count);
        assert_true(strlen(row->name) <= 64);
        assert_true(strlen(row->text) > 10 && row->text[strlen(row->text) - 1] == '.');
        assert_int_equal(row->type == CL_TYPE_ENUM, row->values[0] != '\0');
        if (row->type == CL_TYPE_INTEGER || row->type == CL_TYPE_NUMBER)
            assert_true(row->min < row->max);
        for (const char *p = row->text; *p; p++)
            assert_true(*p >= ' ' && *p < 0x7f);
    }
    assert_int_equal(count, CL_OPT_COUNT + 1);
    assert_null(cl_option_name_at(count));
    assert_null(cl_option_row_at(SIZE_MAX));
    assert_string_equal(cl_option_name_at(CL_OPT_COUNT), "api_key");
}

/* A default that its own option refuses would be a lie in the documentation. */
static void test_defaults_are_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < CL_OPT_COUNT; i++) {
        const cl_option_row *row = cl_option_row_at(i);
        cl_options *options = make();
        int64_t before = number(options, (cl_option)i);
        assert_false(cl_options_is_set(options, (cl_option)i));
        assert_string_equal(text(options, (cl_option)i), row->initial);
        assert_int_equal(cl_options_set(options, row->name, row->initial, row->scope == CL_SCOPE_REQUEST, NULL),
                         CLAUDE_OK);
        assert_true(cl_options_is_set(options, (cl_option)i));
        assert_string_equal(text(options, (cl_option)i), row->initial);
        assert_int_equal(number(options, (cl_option)i), before);
        cl_options_free(options);
    }
    assert_int_equal(cl_option_int(NULL, NULL, CL_OPT_TIMEOUT_TOTAL), 300000);
    assert_int_equal(cl_option_int(NULL, NULL, CL_OPT_STREAM_ACCUMULATE), 1);
    assert_int_equal(cl_option_int(NULL, NULL, CL_OPT_STREAM_STRICT), 0);
    assert_int_equal(cl_option_int(NULL, NULL, CL_OPT_AUTH_STYLE), CL_AUTH_API_KEY);
    assert_string_equal(cl_option_text(NULL, NULL, CL_OPT_BASE_URL), "https://api.anthropic.com");
}

static void test_aliases(void **state)
{
    cl_options *options = make();

    (void)state;
    assert_int_equal(cl_option_find("timeout_ms"), CL_OPT_TIMEOUT_TOTAL);
    assert_int_equal(cl_option_find("timeout"), CL_OPT_TIMEOUT_TOTAL);
    assert_int_equal(cl_option_find("betas"), CL_OPT_BETA);
    set(options, "timeout_ms", "1234");
    assert_int_equal(number(options, CL_OPT_TIMEOUT_TOTAL), 1234);
    assert_true(cl_option_find("timeout_ms timeout") > CL_OPT_COUNT);
    assert_true(cl_option_find("") > CL_OPT_COUNT);
    assert_true(cl_option_find(NULL) > CL_OPT_COUNT);
    cl_options_free(options);
}

static void test_unknown_names(void **state)
{
    char name[1000];

    (void)state;
    refuse("request.snapshot", "b", "option of the request alone");
    refuse("timeout.conect_ms", "1", "unknown option timeout.conect_ms; did you mean timeout.connect_ms?");
    refuse("timeout.connect_sm", "1", "did you mean timeout.connect_ms?");
    refuse("Timeout.Total_MS", "1", "did you mean timeout.total_ms?");
    refuse("baseurl", "x", "did you mean base_url?");
    refuse("apikey", "x", "did you mean api_key?");
    refuse("connect_ms", "1", "did you mean timeout.connect_ms?");
    refuse("strict", "1", "did you mean stream.strict?");
    refuse("time_out", "1", "did you mean timeout.total_ms?");
    refuse("nothing_like_it_at_all", "1", "unknown option nothing_like_it_at_all; claude_option_at() lists the names");
    refuse("x", "1", "claude_option_at() lists the names");
    refuse("", "1", "option name is empty");
    refuse(NULL, "1", "option name is NULL");
    /* A value in the wrong place. */
    refuse("sk-ant-CANARY-0123456789", "1", "(a name that is not shown)");
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    refuse(name, "1", "(a name that is not shown)");
    name[64] = '\0';
    refuse(name, "1", "unknown option xxxx");
}

/* ---- values ---- */

static void test_integers(void **state)
{
    static const char *const bad[] = {"",   " ",  "x",     "1x",  "0x10", "1.0", "1e3", "+1",
                                      " 1", "1 ", "1,000", "--1", "-",    "NaN", "٣",   "99999999999999999999"};
    cl_options *options = make();

    (void)state;
    set(options, "timeout.connect_ms", "1");
    assert_int_equal(number(options, CL_OPT_TIMEOUT_CONNECT), 1);
    set(options, "timeout.connect_ms", "86400000");
    assert_int_equal(number(options, CL_OPT_TIMEOUT_CONNECT), 86400000);
    set(options, "timeout.connect_ms", "007");
    assert_int_equal(number(options, CL_OPT_TIMEOUT_CONNECT), 7);
    assert_string_equal(text(options, CL_OPT_TIMEOUT_CONNECT), "7");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse("timeout.connect_ms", bad[i], "timeout.connect_ms must be a whole number from 1 to 86400000 ms");
    refuse("timeout.connect_ms", "0", "timeout.connect_ms is out of range: 1 to 86400000 ms are allowed");
    refuse("timeout.connect_ms", "86400001", "timeout.connect_ms is out of range: 1 to 86400000 ms are allowed");
    refuse("timeout.connect_ms", "-5", "timeout.connect_ms is out of range: 1 to 86400000 ms are allowed");
    refuse("timeout_ms", "-5", "timeout.total_ms is out of range: 0 to 86400000 ms are allowed");
    cl_options_free(options);
}

static void test_numbers(void **state)
{
    cl_options *options = make();

    (void)state;
    set(options, "retry.multiplier", "2.5");
    assert_int_equal(number(options, CL_OPT_RETRY_MULTIPLIER), 2500);
    assert_string_equal(text(options, CL_OPT_RETRY_MULTIPLIER), "2.5");
    set(options, "retry_backoff_multiplier", "3.000");
    assert_int_equal(number(options, CL_OPT_RETRY_MULTIPLIER), 3000);
    assert_string_equal(text(options, CL_OPT_RETRY_MULTIPLIER), "3");
    set(options, "retry.jitter", "0.125");
    assert_int_equal(number(options, CL_OPT_RETRY_JITTER), 125);
    assert_string_equal(text(options, CL_OPT_RETRY_JITTER), "0.125");
    set(options, "retry.jitter", "0.05");
    assert_string_equal(text(options, CL_OPT_RETRY_JITTER), "0.05");
    set(options, "retry.jitter", "1");
    refuse("retry.jitter", "1.001", "retry.jitter is out of range: a number from 0 to 1 with at most three decimals");
    refuse("retry.jitter", "0.1234", "retry.jitter cannot be read");
    refuse("retry.jitter", "-0.5", "retry.jitter cannot be read");
    refuse("retry.jitter", ".5", "retry.jitter cannot be read");
    refuse("retry.jitter", "1.", "retry.jitter cannot be read");
    refuse("retry.jitter", "0,5", "retry.jitter cannot be read");
    refuse("retry.jitter", "1e-1", "retry.jitter cannot be read");
    refuse("retry.jitter", "", "retry.jitter cannot be read");
    refuse("retry.jitter", "99999999999999999999", "retry.jitter cannot be read");
    cl_options_free(options);
}

static void test_ranges_at_their_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < CL_OPT_COUNT; i++) {
        const cl_option_row *row = cl_option_row_at(i);
        cl_options *options = make();
        char value[32];
        if (row->type != CL_TYPE_INTEGER) {
            cl_options_free(options);
            continue;
        }
        snprintf(value, sizeof value, "%lld", (long long)row->min);
        set(options, row->name, value);
        assert_int_equal(number(options, (cl_option)i), row->min);
        snprintf(value, sizeof value, "%lld", (long long)row->max);
        set(options, row->name, value);
        assert_int_equal(number(options, (cl_option)i), row->max);
        snprintf(value, sizeof value, "%lld", (long long)row->min - 1);
        refuse(row->name, value, "is out of range");
        refuse(row->name, value, row->unit);
        snprintf(value, sizeof value, "%lld", (long long)row->max + 1);
        refuse(row->name, value, "is out of range");
        cl_options_free(options);
    }
}

static void test_booleans(void **state)
{
    static const char *const yes[] = {"true", "1", "yes", "on", "TRUE", "Yes", "oN"};
    static const char *const no[] = {"false", "0", "no", "off", "False", "NO"};
    static const char *const bad[] = {"", "2", "y", "t", "tru", "truee", " true", "enabled"};
    cl_options *options = make();

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        set(options, "stream.strict", yes[i]);
        assert_int_equal(number(options, CL_OPT_STREAM_STRICT), 1);
        assert_string_equal(text(options, CL_OPT_STREAM_STRICT), "true");
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        set(options, "stream.strict", no[i]);
        assert_int_equal(number(options, CL_OPT_STREAM_STRICT), 0);
        assert_string_equal(text(options, CL_OPT_STREAM_STRICT), "false");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse("stream.strict", bad[i], "stream.strict must be true or false");
    cl_options_free(options);
}

static void test_enums(void **state)
{
    cl_options *options = make();

    (void)state;
    set(options, "auth.style", "bearer");
    assert_int_equal(number(options, CL_OPT_AUTH_STYLE), CL_AUTH_BEARER);
    set(options, "auth.style", "NONE");
    assert_int_equal(number(options, CL_OPT_AUTH_STYLE), CL_AUTH_NONE);
    assert_string_equal(text(options, CL_OPT_AUTH_STYLE), "none");
    set(options, "auth.style", "x-api-key");
    assert_int_equal(number(options, CL_OPT_AUTH_STYLE), CL_AUTH_API_KEY);
    set(options, "network.http_version", "1.1");
    assert_int_equal(number(options, CL_OPT_HTTP_VERSION), CL_HTTP_1_1);
    set(options, "network.http_version", "2");
    assert_int_equal(number(options, CL_OPT_HTTP_VERSION), CL_HTTP_2);
    set(options, "stream.on_malformed", "skip");
    assert_int_equal(number(options, CL_OPT_STREAM_ON_MALFORMED), CL_MALFORMED_SKIP);
    refuse("auth.style", "basic", "auth.style must be one of: x-api-key bearer none");
    refuse("auth.style", "", "auth.style must be one of: x-api-key bearer none");
    refuse("auth.style", "x-api-key bearer", "auth.style must be one of");
    refuse("network.http_version", "3", "network.http_version must be one of: auto 1.1 2");
    cl_options_free(options);
}

static void test_checked_strings(void **state)
{
    static const char *const bad_dates[] = {"",           "2023",       "2023-6-1",   "2023-13-01",  "2023-00-10",
                                            "2023-01-32", "2023-01-00", "2023/06/01", "2023-06-01 ", "x023-06-01",
                                            "latest"};
    cl_options *options = make();
    char agent[514];

    (void)state;
    memset(agent, 'a', sizeof agent);
    agent[513] = '\0';
    refuse("user_agent", agent, "user_agent is longer than 512 bytes");
    agent[512] = '\0';
    set(options, "user_agent", agent);
    set(options, "api_version", "2026-10-21");
    for (size_t i = 0; i < sizeof bad_dates / sizeof bad_dates[0]; i++)
        refuse("api_version", bad_dates[i], "api_version must be a date such as 2023-06-01");
    set(options, "beta", "files-api-2025-04-14, mcp-client-2025-04-04");
    set(options, "beta", "");
    refuse("beta", "a\r\nx-api-key: CANARY", "header anthropic-beta has a character that is not visible ASCII");
    refuse("beta", " a", "white space");
    set(options, "user_agent", "myapp/1.2 (linux)");
    set(options, "user_agent", "");
    refuse("user_agent", "myapp\n", "header user-agent has a character");
    refuse("user_agent", "m\xc3\xbc", "header user-agent has a character");
    set(options, "network.proxy", "");
    set(options, "network.proxy", "http://user:pass@proxy.example:3128/");
    refuse("network.proxy", "ftp://user:CANARY@proxy", "network.proxy must begin with");
    set(options, "network.no_proxy", "localhost,.example.com");
    set(options, "tls.ca_file", "/etc/ssl/cert.pem");
    refuse("base_url", "", "base_url is empty");
    refuse("base_url", "https://user:CANARY@host", "base_url has credentials");
    cl_options_free(options);
}

/* A slash at the end would give two in front of the path. */
static void test_base_url_is_canonical(void **state)
{
    cl_options *options = make();

    (void)state;
    set(options, "base_url", "https://host/");
    assert_string_equal(text(options, CL_OPT_BASE_URL), "https://host");
    set(options, "base_url", "https://host/a/b///");
    assert_string_equal(text(options, CL_OPT_BASE_URL), "https://host/a/b");
    /* Whether http is allowed is known later. */
    set(options, "base_url", "http://host:8080");
    assert_string_equal(text(options, CL_OPT_BASE_URL), "http://host:8080");
    cl_options_free(options);
}

static void test_string_limit(void **state)
{
    static char long_text[65538];
    cl_options *options = make();

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    refuse("tls.ca_file", long_text, "tls.ca_file is longer than 65536 bytes");
    long_text[65536] = '\0';
    set(options, "tls.ca_file", long_text);
    cl_options_free(options);
}

/* A refused value changes nothing. */
static void test_refusal_keeps_the_old_value(void **state)
{
    cl_options *options = make();

    (void)state;
    set(options, "timeout.total_ms", "5");
    assert_int_equal(cl_options_set(options, "timeout.total_ms", "x", false, NULL), CLAUDE_E_INVALID);
    assert_int_equal(number(options, CL_OPT_TIMEOUT_TOTAL), 5);
    assert_string_equal(text(options, CL_OPT_TIMEOUT_TOTAL), "5");
    set(options, "timeout.total_ms", NULL);
    assert_false(cl_options_is_set(options, CL_OPT_TIMEOUT_TOTAL));
    assert_int_equal(number(options, CL_OPT_TIMEOUT_TOTAL), 300000);
    cl_options_free(options);
}

static void test_scopes(void **state)
{
    cl_options *options = make();

    (void)state;
    assert_int_equal(cl_options_set(options, "timeout_ms", "7", true, NULL), CLAUDE_OK);
    refuse_in(true, "base_url", "https://x", "base_url is an option of the client alone: set it on the configuration");
    refuse_in(true, "limit.header_bytes", NULL, "limit.header_bytes is an option of the client alone");
    refuse_in(true, "api_key", "sk-ant-CANARY-0123456789", "api_key is an option of the client alone");
    refuse_in(false, "api_key", "sk-ant-CANARY-0123456789", "api_key is a secret");
    cl_options_free(options);
}

/* ---- sets of values ---- */

static void test_request_before_client(void **state)
{
    cl_options *client = make();
    cl_options *request = make();

    (void)state;
    set(client, "timeout.total_ms", "10");
    set(client, "beta", "from-client");
    set(client, "stream.strict", "true");
    set(request, "timeout.total_ms", "20");
    set(request, "stream.strict", "false");
    assert_int_equal(cl_option_int(request, client, CL_OPT_TIMEOUT_TOTAL), 20);
    assert_int_equal(cl_option_int(NULL, client, CL_OPT_TIMEOUT_TOTAL), 10);
    assert_int_equal(cl_option_int(request, client, CL_OPT_STREAM_STRICT), 0);
    assert_int_equal(cl_option_int(request, NULL, CL_OPT_TIMEOUT_IDLE), 90000);
    assert_string_equal(cl_option_text(request, client, CL_OPT_BETA), "from-client");
    assert_string_equal(cl_option_text(request, client, CL_OPT_USER_AGENT), "");
    cl_options_free(client);
    cl_options_free(request);
}

static void test_copy_is_independent(void **state)
{
    cl_options *a = make();
    cl_options *b = NULL;

    (void)state;
    set(a, "beta", "one");
    set(a, "timeout.idle_ms", "5");
    assert_int_equal(cl_options_copy(a, &b, NULL), CLAUDE_OK);
    set(a, "beta", "two");
    assert_string_equal(text(b, CL_OPT_BETA), "one");
    assert_int_equal(number(b, CL_OPT_TIMEOUT_IDLE), 5);
    assert_false(cl_options_is_set(b, CL_OPT_USER_AGENT));
    cl_options_free(a);
    assert_string_equal(text(b, CL_OPT_BETA), "one");
    cl_options_free(b);
    cl_options_free(NULL);
}

static void test_move(void **state)
{
    cl_options *from = make();
    cl_options *to = make();
    const char *kept;

    (void)state;
    set(to, "beta", "kept");
    set(to, "user_agent", "reset");
    set(to, "timeout.idle_ms", "1");
    kept = text(to, CL_OPT_BETA);
    set(from, "user_agent", NULL);
    set(from, "timeout.idle_ms", "2");
    cl_options_move(from, to);
    assert_ptr_equal(text(to, CL_OPT_BETA), kept);
    assert_false(cl_options_is_set(to, CL_OPT_USER_AGENT));
    assert_int_equal(number(to, CL_OPT_TIMEOUT_IDLE), 2);
    assert_false(cl_options_is_set(from, CL_OPT_TIMEOUT_IDLE));
    cl_options_free(from);
    cl_options_free(to);
}

/* ---- descriptions ---- */

static void test_json(void **state)
{
    static const char *const members[] = {"name", "type",   "unit",  "default", "min",
                                          "max",  "values", "scope", "aliases", "text"};
    const char *name;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; (name = cl_option_name_at(i)) != NULL; i++) {
        const char *json = cl_option_json(name, &len);
        cl_json value;
        assert_non_null(json);
        assert_int_equal(strlen(json), len);
        assert_int_equal(cl_json_validate(cl_str_n(json, len), 10, &value, NULL), CLAUDE_OK);
        assert_int_equal(cl_json_count(value), sizeof members / sizeof members[0]);
        for (size_t j = 0; j < sizeof members / sizeof members[0]; j++)
            assert_int_not_equal(cl_json_member(value, cl_str_of(members[j])).type, 0);
        assert_true(cl_json_string_is(cl_json_member(value, CL_STR("name")), cl_str_of(name)));
        assert_true(cl_json_string_is(cl_json_member(value, CL_STR("text")), cl_str_of(cl_option_row_at(i)->text)));
        /* Static: the same text each time. */
        assert_ptr_equal(cl_option_json(name, NULL), json);
    }
    assert_string_equal(cl_option_json("timeout_ms", NULL),
                        "{\"name\":\"timeout.total_ms\",\"type\":\"integer\",\"unit\":\"ms\",\"default\":\"300000\","
                        "\"min\":0,\"max\":86400000,\"values\":[],\"scope\":\"both\",\"aliases\":[\"timeout_ms\","
                        "\"timeout\"],\"text\":\"Other calls: longest time from start to end; 0 means no limit.\"}");
    assert_string_equal(cl_option_json("stream.on_malformed", NULL),
                        "{\"name\":\"stream.on_malformed\",\"type\":\"enum\",\"unit\":null,\"default\":\"error\","
                        "\"min\":null,\"max\":null,\"values\":[\"error\",\"skip\"],\"scope\":\"both\",\"aliases\":[],"
                        "\"text\":\"What to do with an event whose data is not valid JSON: end with an error, or skip "
                        "it and count an anomaly.\"}");
    assert_null(cl_option_json("nonsense", &len));
    assert_null(cl_option_json(NULL, NULL));
}

static void *ask_json(void *argument)
{
    (void)argument;
    return (void *)(uintptr_t)cl_option_json("base_url", NULL);
}

static void test_json_from_threads(void **state)
{
    pthread_t threads[8];
    void *first = NULL;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_json, NULL), 0);
    for (size_t i = 0; i < 8; i++) {
        void *answer = NULL;
        assert_int_equal(pthread_join(threads[i], &answer), 0);
        first = i == 0 ? answer : first;
        assert_ptr_equal(answer, first);
    }
    assert_non_null(first);
}

/* ---- hooks ---- */

static int destroyed;

static void count_destroy(void *user_data)
{
    destroyed += *(int *)user_data;
}

static void some_function(void)
{
}

static void test_hook(void **state)
{
    cl_hook *hook = NULL;
    int one = 1;

    (void)state;
    destroyed = 0;
    assert_int_equal(cl_hook_new(some_function, &one, count_destroy, &hook, NULL), CLAUDE_OK);
    assert_true(cl_hook_fn(hook) == some_function);
    assert_ptr_equal(cl_hook_data(hook), &one);
    assert_ptr_equal(cl_hook_ref(hook), hook);
    cl_hook_unref(hook);
    assert_int_equal(destroyed, 0);
    cl_hook_unref(hook);
    assert_int_equal(destroyed, 1);
    assert_int_equal(cl_hook_new(some_function, NULL, NULL, &hook, NULL), CLAUDE_OK);
    cl_hook_unref(hook);
    assert_null(cl_hook_ref(NULL));
    cl_hook_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_from_threads),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_defaults_are_valid),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ranges_at_their_edges),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_enums),
        cmocka_unit_test(test_checked_strings),
        cmocka_unit_test(test_base_url_is_canonical),
        cmocka_unit_test(test_string_limit),
        cmocka_unit_test(test_refusal_keeps_the_old_value),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_request_before_client),
        cmocka_unit_test(test_copy_is_independent),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_hook),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
