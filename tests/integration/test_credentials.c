/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Keys that change: the workspace's key put in by hand while a client lives, and given by a provider; the trail of its
 * uses.
 */
#include "reliability.h"

#include <time.h>

static claude_secret_t *the_key(void)
{
    claude_client_t *client = client_of(NULL);
    claude_secret_t *secret = claude_client_secret(client, CLAUDE_KEY_OF_CLIENT);
    assert_non_null(secret);
    claude_client_unref(client);
    return secret;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void count_once(claude_client_t *client)
{
    claude_request_t *request = a_count();
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute(client, request, &response, &err));
    assert_int_equal(claude_report_attempts(claude_response_report(response)), 1);
    claude_response_unref(response);
    claude_request_unref(request);
}

static void a_replaced_key_works(void **state)
{
    claude_client_t *client = client_of(NULL);
    claude_secret_t *secret = the_key();
    claude_error_t *err = NULL;
    (void)state;
    count_once(client);
    MUST(claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, &err));
    count_once(client);
    claude_secret_unref(secret);
    claude_client_unref(client);
}

static int32_t provide(claude_credential_t *credential, void *user_data)
{
    claude_secret_t *secret = the_key();
    int *asked = user_data;
    claude_error_t *err = NULL;
    (*asked)++;
    MUST(claude_secret_set_expiry(secret, wall_ms() + 3600000, &err));
    MUST(claude_credential_set_secret(credential, secret, &err));
    claude_secret_unref(secret);
    return 0;
}

static void a_provided_key_works(void **state)
{
    claude_config_t *config = CONFIG("retry.enabled", "true");
    int asked = 0;
    claude_client_t *client;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_config_set_credential_provider(config, provide, &asked, NULL, &err));
    client = client_of(config);
    assert_int_equal(asked, 0);
    count_once(client);
    count_once(client);
    assert_int_equal(asked, 1);
    claude_client_unref(client);
}

static void the_trail_tells(void **state)
{
    claude_client_t *client = client_of(NULL);
    claude_secret_t *secret = claude_client_secret(client, CLAUDE_KEY_OF_CLIENT);
    claude_trail_t *trail = NULL;
    const char *operation = NULL;
    const char *fingerprint = NULL;
    claude_error_t *err = NULL;
    (void)state;
    MUST(claude_trail_start(8, &err));
    count_once(client);
    MUST(claude_trail_read(&trail, &err));
    assert_int_equal(claude_trail_count(trail), 1);
    assert_int_equal(claude_trail_at(trail, 0, NULL, &operation, &fingerprint, NULL, NULL), 1);
    assert_string_equal(operation, "header");
    assert_string_equal(fingerprint, claude_secret_fingerprint(secret));
    claude_trail_stop();
    claude_trail_unref(trail);
    claude_secret_unref(secret);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_key_works),
        cmocka_unit_test(a_provided_key_works),
        cmocka_unit_test(the_trail_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
