/* The functions of failover.h of the interface: options, handles, and what a client makes of a failover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <claude/claude.h>

#include "base/base.h"

/* ---- an own clock ---- */

static int64_t time_now;

static int64_t now_ms(void)
{
    return time_now;
}

static uint64_t no_chance(void)
{
    return UINT64_MAX;
}

static const cl_clock own_clock = {now_ms, now_ms, no_chance};

static int set_up(void **state)
{
    (void)state;
    time_now = 0;
    cl_clock_replace(&own_clock);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cl_clock_replace(NULL);
    return 0;
}

/* ---- in a line ---- */

static void works(claude_code_t rc, claude_error_t **err)
{
    if (rc < 0)
        fail_msg("%s: %s", claude_code_name(rc), claude_error_message(*err));
    assert_null(*err);
}

static void refused(claude_code_t rc, claude_code_t expected, claude_error_t **err, const char *text)
{
    assert_int_equal(rc, expected);
    assert_int_equal(claude_error_code(*err), expected);
    if (!strstr(claude_error_message(*err), text))
        fail_msg("\"%s\" does not say \"%s\"", claude_error_message(*err), text);
    assert_null(strchr(claude_error_message(*err), '\n'));
    claude_error_unref(*err);
    *err = NULL;
}

static claude_config_t *configured(const char *key, const char *value)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    works(claude_config_new(&config, &err), &err);
    works(claude_config_set(config, "auth.style", "none", &err), &err); /* no endpoint here has a key */
    if (key)
        works(claude_config_set(config, key, value, &err), &err);
    return config;
}

static claude_failover_t *made(const char *key, const char *value)
{
    claude_config_t *config = configured(key, value);
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;

    works(claude_failover_new(config, &failover, &err), &err);
    claude_config_unref(config);
    return failover;
}

static void add(claude_failover_t *failover, const char *url, int32_t priority)
{
    claude_error_t *err = NULL;

    works(claude_failover_add_endpoint(failover, url, priority, NULL, NULL, &err), &err);
}

static size_t chosen(claude_failover_t *failover, uint64_t tried)
{
    claude_error_t *err = NULL;
    size_t index = 99;

    works(claude_failover_select_endpoint(failover, tried, &index, &err), &err);
    return index;
}

/* ---- tests ---- */

static void test_a_call(void **state)
{
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;
    uint64_t tried = 0;
    size_t index = 99;

    (void)state;
    works(claude_failover_new(NULL, &failover, &err), &err);
    refused(claude_failover_select_endpoint(failover, 0, &index, &err), CLAUDE_E_STATE, &err, "no endpoints");
    assert_int_equal(claude_failover_count(failover), 0);
    claude_failover_unref(failover);

    failover = made(NULL, NULL);
    add(failover, "https://second.test/", 2);
    works(claude_failover_add_endpoint(failover, "https://first.test", 1, NULL, &index, &err), &err);
    assert_int_equal(index, 1);
    assert_int_equal(claude_failover_count(failover), 2);
    assert_string_equal(claude_failover_url(failover, 0), "https://second.test");
    assert_null(claude_failover_url(failover, 2));
    assert_int_equal(claude_failover_priority(failover, 0), 2);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    assert_int_equal(claude_failover_state(failover, 2), 0);
    for (size_t i = 0; i < 2; i++) {
        index = chosen(failover, tried);
        assert_int_equal(index, 1 - i);
        claude_failover_record(failover, index, 0);
        assert_int_equal(claude_failover_state(failover, index), CLAUDE_HEALTH_DEGRADED);
        tried |= (uint64_t)1 << index;
    }
    err = NULL;
    assert_int_equal(claude_failover_select_endpoint(failover, tried, &index, &err), CLAUDE_E_STATE);
    assert_string_equal(claude_error_feature(err), "failover");
    assert_string_equal(claude_error_message(err), "all 2 endpoints of the failover have been tried");
    claude_error_unref(err);
    refused(claude_failover_add_endpoint(failover, "https://third.test", 1, NULL, NULL, &err), CLAUDE_E_STATE, &err,
            "in use");
    claude_failover_record(failover, 1, 1);
    assert_int_equal(claude_failover_state(failover, 1), CLAUDE_HEALTH_HEALTHY);
    assert_ptr_equal(claude_failover_ref(failover), failover);
    claude_failover_unref(failover);
    claude_failover_unref(failover);
}

static void test_options_count(void **state)
{
    claude_failover_t *failover = made("failover.strategy", "random");

    (void)state;
    add(failover, "https://a.test", 1);
    add(failover, "https://b.test", 1);
    assert_int_equal(chosen(failover, 0), 1);
    claude_failover_unref(failover);
    failover = made("failover.unhealthy_after", "1");
    add(failover, "https://a.test", 1);
    claude_failover_record(failover, 0, 0);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNHEALTHY);
    time_now = 59999;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNHEALTHY);
    time_now = 60000;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    claude_failover_unref(failover);
    failover = made("failover.degraded_after", "2");
    add(failover, "https://a.test", 1);
    claude_failover_record(failover, 0, 0);
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    claude_failover_unref(failover);
    failover = made("failover.cooldown_ms", "7");
    add(failover, "https://a.test", 1);
    assert_int_equal(claude_failover_set_state(failover, 0, CLAUDE_HEALTH_UNHEALTHY, NULL), CLAUDE_OK);
    time_now += 6;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNHEALTHY);
    time_now += 1;
    assert_int_equal(claude_failover_state(failover, 0), CLAUDE_HEALTH_UNKNOWN);
    claude_failover_unref(failover);
    failover = made("network.allow_http", "true");
    add(failover, "http://a.test", 1);
    claude_failover_unref(failover);
}

static void test_refuses(void **state)
{
    claude_failover_t *failover = made(NULL, NULL);
    claude_config_t *config = configured(NULL, NULL);
    claude_error_t *err = NULL;
    size_t index = 99;

    (void)state;
    refused(claude_failover_new((const claude_config_t *)failover, &failover, &err), CLAUDE_E_INVALID, &err,
            "config is a handle of another kind");
    refused(claude_failover_new(NULL, NULL, &err), CLAUDE_E_INVALID, &err, "out is NULL");
    refused(claude_failover_add_endpoint(NULL, "https://a.test", 1, NULL, NULL, &err), CLAUDE_E_INVALID, &err,
            "failover is NULL");
    refused(claude_failover_add_endpoint(failover, NULL, 1, NULL, NULL, &err), CLAUDE_E_INVALID, &err,
            "base_url is NULL");
    refused(claude_failover_add_endpoint(failover, "https://a.test", 1, (claude_secret_t *)config, NULL, &err),
            CLAUDE_E_INVALID, &err, "secret is a handle of another kind");
    refused(claude_failover_add_endpoint(failover, "http://a.test", 1, NULL, NULL, &err), CLAUDE_E_INVALID, &err,
            "allow_http");
    refused(claude_failover_add_endpoint(failover, "sk-ant-api03-CANARY", 1, NULL, NULL, &err), CLAUDE_E_INVALID, &err,
            "base_url must begin with");
    add(failover, "https://a.test", 1);
    refused(claude_failover_set_state(failover, 1, CLAUDE_HEALTH_HEALTHY, &err), CLAUDE_E_INVALID, &err, "index is 1");
    refused(claude_failover_set_state(failover, 0, 5, &err), CLAUDE_E_INVALID, &err, "state is 5");
    refused(claude_failover_map_model(failover, 1, "a", "b", &err), CLAUDE_E_INVALID, &err, "index is 1");
    refused(claude_failover_map_model(failover, 0, NULL, "b", &err), CLAUDE_E_INVALID, &err, "model is NULL");
    refused(claude_failover_map_model(failover, 0, "a", NULL, &err), CLAUDE_E_INVALID, &err, "other is NULL");
    assert_int_equal(claude_failover_map_model(failover, 0, "a", "b", NULL), CLAUDE_OK);
    refused(claude_failover_select_endpoint(failover, 0, NULL, &err), CLAUDE_E_INVALID, &err, "index is NULL");
    refused(claude_failover_select_endpoint(NULL, 0, &index, &err), CLAUDE_E_INVALID, &err, "failover is NULL");
    refused(claude_config_set_failover(config, (claude_failover_t *)config, &err), CLAUDE_E_INVALID, &err,
            "failover is a handle of another kind");
    refused(claude_config_set_failover(NULL, failover, &err), CLAUDE_E_INVALID, &err, "config is NULL");
    assert_int_equal(claude_failover_count(NULL), 0);
    assert_null(claude_failover_url(NULL, 0));
    assert_int_equal(claude_failover_priority((const claude_failover_t *)config, 0), 0);
    assert_int_equal(claude_failover_state(NULL, 0), 0);
    assert_null(claude_failover_ref(NULL));
    claude_failover_record(NULL, 0, 1);
    claude_failover_unref(NULL);
    claude_failover_unref((claude_failover_t *)config);
    assert_string_equal(claude_health_state_name(CLAUDE_HEALTH_DEGRADED), "degraded");
    assert_string_equal(claude_health_state_name(-1), "");
    claude_config_unref(config);
    claude_failover_unref(failover);
}

/* ---- clients ---- */

static void give(claude_config_t *config, claude_failover_t *failover)
{
    claude_error_t *err = NULL;

    works(claude_config_set_failover(config, failover, &err), &err);
}

static void test_a_client_seals(void **state)
{
    claude_config_t *config = configured(NULL, NULL);
    claude_failover_t *failover = made(NULL, NULL);
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    (void)state;
    give(config, failover);
    refused(claude_client_new(config, &client, &err), CLAUDE_E_INVALID, &err, "no endpoints");
    assert_null(client);
    claude_failover_unref(failover);
    failover = made(NULL, NULL);
    add(failover, "https://a.test", 1);
    give(config, failover);
    add(failover, "https://b.test", 1);
    works(claude_client_new(config, &client, &err), &err);
    refused(claude_failover_add_endpoint(failover, "https://c.test", 1, NULL, NULL, &err), CLAUDE_E_STATE, &err,
            "in use");
    assert_int_equal(claude_failover_count(failover), 2);
    give(config, NULL);
    claude_config_unref(config);
    claude_failover_unref(failover);
    claude_client_unref(client);
}

/* The failover may have been allowed what the client is not. */
static void test_a_client_looks_at_urls(void **state)
{
    static const struct {
        const char *url;
        const char *key;
        const char *value;
        const char *expected; /* NULL: it works */
    } cases[] = {
        {"http://a.test", NULL, NULL, "endpoint http://a.test: base_url is http:// to another host"},
        {"http://a.test", "network.allow_http", "true", NULL},
        {"http://127.0.0.1:1", NULL, NULL, NULL},
        {"http://127.0.0.1:1", "network.proxy", "http://proxy.test:3128", "would send the key there in clear"},
        {"http://127.0.0.1:1", "network.proxy", "http://localhost:3128", NULL},
        {"https://a.test", "network.proxy", "http://proxy.test:3128", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        claude_config_t *config = configured(cases[i].key, cases[i].value);
        claude_failover_t *failover = made("network.allow_http", "true");
        claude_client_t *client = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc;
        add(failover, "https://good.test", 1);
        add(failover, cases[i].url, 1);
        give(config, failover);
        rc = claude_client_new(config, &client, &err);
        if (cases[i].expected)
            refused(rc, CLAUDE_E_INVALID, &err, cases[i].expected);
        else
            works(rc, &err);
        claude_client_unref(client);
        claude_config_unref(config);
        claude_failover_unref(failover);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call),
        cmocka_unit_test(test_options_count),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_a_client_seals),
        cmocka_unit_test(test_a_client_looks_at_urls),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
