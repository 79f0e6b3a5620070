/* A key that was replaced, across changes of the client's configuration: whose it stays, and where it never goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <claude/credential.h>

#include "client/client.h"

#define URL "http://127.0.0.1:9"

static claude_secret_t *secret_of(const char *text)
{
    claude_secret_t *secret = NULL;

    assert_int_equal(cl_secret_new(cl_str_of(text), false, &secret, NULL), CLAUDE_OK);
    return secret;
}

/* Shares the secret. */
static claude_config_t *config_of(claude_secret_t *secret, const char *url)
{
    claude_config_t *config = NULL;

    assert_int_equal(cl_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "base_url", url, NULL), CLAUDE_OK);
    config->secret = cl_secret_ref(secret);
    return config;
}

static claude_client_t *client_of(claude_config_t *config)
{
    claude_client_t *client = NULL;

    assert_int_equal(cl_client_new(config, &client, NULL), CLAUDE_OK);
    cl_config_unref(config);
    return client;
}

static void change_to(claude_client_t *client, const char *name, claude_config_t *config)
{
    assert_int_equal(cl_client_set_config(client, name, config, NULL, NULL), CLAUDE_OK);
    cl_config_unref(config);
}

static void rotate(claude_client_t *client, int32_t endpoint, const char *text)
{
    claude_secret_t *secret = secret_of(text);

    assert_int_equal(cl_client_rotate(client, endpoint, secret, NULL), CLAUDE_OK);
    cl_secret_unref(secret);
}

static void sends(claude_client_t *client, int32_t endpoint, const char *expected)
{
    claude_secret_t *secret = cl_client_secret(client, endpoint);

    assert_non_null(secret);
    assert_string_equal(cl_secret_use(secret, "expose").ptr, expected);
    cl_secret_unref(secret);
}

static void test_it_stays(void **state)
{
    claude_secret_t *first = secret_of("first");
    claude_client_t *client = client_of(config_of(first, URL));
    claude_client_t *old = cl_client_current(client);
    claude_secret_t *again;

    (void)state;
    rotate(client, -1, "second");
    change_to(client, "", config_of(first, URL));
    sends(client, -1, "second");
    change_to(client, "", config_of(first, URL "/"));
    sends(client, -1, "second");
    again = secret_of("first");
    change_to(client, "", config_of(again, URL));
    cl_secret_unref(again);
    sends(client, -1, "second");
    rotate(client, -1, "third");
    sends(client, -1, "third");
    sends(old, -1, "third"); /* calls that began long ago try again with it */
    cl_client_unref(old);
    cl_client_unref(client);
    cl_secret_unref(first);
}

static void test_another_key_wins(void **state)
{
    claude_secret_t *first = secret_of("first");
    claude_secret_t *other = secret_of("other");
    claude_client_t *client = client_of(config_of(first, URL));
    claude_client_t *old = cl_client_current(client);

    (void)state;
    rotate(client, -1, "second");
    change_to(client, "", config_of(other, URL));
    sends(client, -1, "other");
    sends(old, -1, "second");
    cl_client_unref(old);
    cl_client_unref(client);
    cl_secret_unref(other);
    cl_secret_unref(first);
}

/* What was put in for one server goes to no other. */
static void test_another_server(void **state)
{
    claude_secret_t *first = secret_of("first");
    claude_client_t *client = client_of(config_of(first, URL));

    (void)state;
    rotate(client, -1, "second");
    change_to(client, "", config_of(first, "http://127.0.0.1:10"));
    sends(client, -1, "first");
    cl_client_unref(client);
    cl_secret_unref(first);
}

static int32_t provide(claude_credential_t *credential, void *user_data)
{
    (void)credential;
    (void)user_data;
    return 1;
}

static cl_hook *provider(void)
{
    cl_hook *hook = NULL;

    assert_int_equal(cl_hook_new((void (*)(void))provide, NULL, NULL, &hook, NULL), CLAUDE_OK);
    return hook;
}

/* A token goes on while its provider does. */
static void test_another_provider(void **state)
{
    cl_hook *one = provider();
    claude_config_t *config = config_of(NULL, URL);
    claude_client_t *client;

    (void)state;
    config->credentials = cl_hook_ref(one);
    client = client_of(config);
    assert_null(cl_client_secret(client, -1));
    rotate(client, -1, "token");
    config = config_of(NULL, URL);
    config->credentials = one;
    change_to(client, "", config);
    sends(client, -1, "token");
    config = config_of(NULL, URL);
    config->credentials = provider();
    change_to(client, "", config);
    assert_null(cl_client_secret(client, -1));
    cl_client_unref(client);
}

/* Snapshots with names share it, unless they have a key of their own. */
static void test_named(void **state)
{
    claude_secret_t *first = secret_of("first");
    claude_secret_t *other = secret_of("other");
    claude_client_t *client = client_of(config_of(first, URL));
    claude_client_t *same = NULL;
    claude_client_t *own = NULL;

    (void)state;
    change_to(client, "same", config_of(first, URL));
    change_to(client, "own", config_of(other, URL));
    rotate(client, -1, "second");
    assert_int_equal(cl_client_named(client, "same", &same, NULL), CLAUDE_OK);
    assert_int_equal(cl_client_named(client, "own", &own, NULL), CLAUDE_OK);
    sends(same, -1, "second");
    sends(own, -1, "other");
    cl_client_unref(same);
    cl_client_unref(own);
    cl_client_unref(client);
    cl_secret_unref(other);
    cl_secret_unref(first);
}

static void unref_failover(void *failover)
{
    cl_failover_unref(failover);
}

static claude_config_t *config_with_endpoint(claude_secret_t *first, claude_failover_t *failover)
{
    claude_config_t *config = config_of(first, URL);

    assert_int_equal(cl_hook_new(NULL, cl_failover_ref(failover), unref_failover, &config->failover, NULL), CLAUDE_OK);
    return config;
}

static void test_endpoints(void **state)
{
    static const cl_failover_settings settings = {.degraded_after = 1, .unhealthy_after = 3, .cooldown_ms = 1};
    claude_secret_t *first = secret_of("first");
    claude_secret_t *theirs = secret_of("theirs");
    claude_failover_t *failover = NULL;
    claude_client_t *client;

    (void)state;
    assert_int_equal(cl_failover_new(&settings, &failover, NULL), CLAUDE_OK);
    assert_int_equal(cl_failover_add(failover, CL_STR("http://127.0.0.1:10"), 1, theirs, NULL, NULL), CLAUDE_OK);
    client = client_of(config_with_endpoint(first, failover));
    rotate(client, 0, "theirs-2");
    change_to(client, "", config_with_endpoint(first, failover));
    sends(client, 0, "theirs-2");
    sends(client, -1, "first");
    cl_client_unref(client);
    cl_failover_unref(failover);
    cl_secret_unref(theirs);
    cl_secret_unref(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_stays),       cmocka_unit_test(test_another_key_wins),
        cmocka_unit_test(test_another_server), cmocka_unit_test(test_another_provider),
        cmocka_unit_test(test_named),          cmocka_unit_test(test_endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
