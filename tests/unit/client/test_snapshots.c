/* Snapshots of a client: what one that takes the place of another shares with it, and many threads while that happens.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/api.h"
#include "call/call.h"
#include "client/client.h"

enum { THREADS = 64, STARTS = 100, SWAPS = 10000 };

static claude_config_t *config_with(const char *const (*pairs)[2])
{
    claude_config_t *config = NULL;

    assert_int_equal(cl_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "api_key", "sk-ant-api03-0123456789abcdefghij", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "base_url", "http://127.0.0.1:9", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "breaker.enabled", "true", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "limiter.enabled", "true", NULL), CLAUDE_OK);
    assert_int_equal(cl_config_set(config, "metrics.enabled", "true", NULL), CLAUDE_OK);
    for (; pairs && (*pairs)[0]; pairs++)
        assert_int_equal(cl_config_set(config, (*pairs)[0], (*pairs)[1], NULL), CLAUDE_OK);
    return config;
}

static claude_client_t *client_of(claude_config_t *config)
{
    claude_client_t *client = NULL;

    assert_int_equal(cl_client_new(config, &client, NULL), CLAUDE_OK);
    cl_config_unref(config);
    return client;
}

/* What the two snapshots have in common. */
enum { ENGINES = 1, METRICS = 2, TOLD = 4, LIMITER = 8, BREAKER = 16, BUDGET = 32, ALL = 63 };

static int shared(const claude_client_t *a, const claude_client_t *b)
{
    return (a->engines == b->engines ? ENGINES : 0) | (a->metrics == b->metrics ? METRICS : 0) |
           (a->common == b->common ? TOLD : 0) | (a->limiter == b->limiter ? LIMITER : 0) |
           (a->targets[0].breaker == b->targets[0].breaker ? BREAKER : 0) |
           (a->targets[0].place == b->targets[0].place ? BUDGET : 0);
}

static int shared_after(const char *name, const char *value)
{
    const char *const pairs[][2] = {{name, value}, {NULL, NULL}};
    claude_client_t *client = client_of(config_with(NULL));
    claude_client_t *before = cl_client_current(client);
    claude_config_t *config = config_with(pairs);
    int64_t generation = 0;
    claude_client_t *after;
    int common;

    assert_int_equal(cl_client_set_config(client, "", config, &generation, NULL), CLAUDE_OK);
    after = cl_client_current(client);
    assert_ptr_not_equal(before, after);
    assert_int_equal(before->generation, 1);
    assert_int_equal(after->generation, 2);
    assert_int_equal(generation, 2);
    common = shared(before, after);
    cl_config_unref(config);
    cl_client_unref(client);
    cl_client_unref(before);
    cl_client_unref(after);
    return common;
}

static void test_shares_what_is_equal(void **state)
{
    static const struct {
        const char *option;
        const char *value;
        int lost;
    } rows[] = {
        {"timeout.total_ms", "1234", 0},
        {"retry.max_retries", "1", 0},
        {"api_key", "sk-ant-api03-another-0123456789ab", 0},
        {"base_url", "http://127.0.0.1:9/", 0},
        {"base_url", "http://127.0.0.1:10", LIMITER | BREAKER | BUDGET},
        {"network.proxy", "http://127.0.0.1:11", ENGINES},
        {"network.http_version", "1.1", ENGINES},
        {"client.max_engines", "3", ENGINES},
        {"tls.ca_file", "/tmp/ca.pem", ENGINES},
        {"limiter.requests_per_second", "11", LIMITER},
        {"limiter.enabled", "false", LIMITER},
        {"breaker.failure_threshold", "6", BREAKER},
        {"breaker.enabled", "false", BREAKER},
        {"retry.budget", "7", BUDGET},
        {"metrics.enabled", "false", METRICS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int common = shared_after(rows[i].option, rows[i].value);
        if (common != (ALL & ~rows[i].lost))
            fail_msg("%s %s: %d is shared instead of %d", rows[i].option, rows[i].value, common, ALL & ~rows[i].lost);
    }
}

/* Switched off and on again, it counts on. */
static void test_metrics_stay(void **state)
{
    static const char *const off[][2] = {{"metrics.enabled", "false"}, {NULL, NULL}};
    claude_client_t *client = client_of(config_with(NULL));
    claude_client_t *first = cl_client_current(client);
    claude_config_t *without = config_with(off);
    claude_config_t *with = config_with(NULL);
    claude_client_t *last;

    (void)state;
    assert_int_equal(cl_client_set_config(client, "", without, NULL, NULL), CLAUDE_OK);
    assert_int_equal(cl_client_set_config(client, "", with, NULL, NULL), CLAUDE_OK);
    last = cl_client_current(client);
    assert_non_null(last->metrics);
    assert_ptr_equal(first->metrics, last->metrics);
    cl_config_unref(without);
    cl_config_unref(with);
    cl_client_unref(first);
    cl_client_unref(last);
    cl_client_unref(client);
}

static void test_bad_configuration_changes_nothing(void **state)
{
    static const char *const pairs[][2] = {{"base_url", "http://example.com"}, {NULL, NULL}};
    claude_client_t *client = client_of(config_with(NULL));
    claude_client_t *before = cl_client_current(client);
    claude_config_t *config = config_with(pairs);
    claude_client_t *after;

    (void)state;
    assert_int_equal(cl_client_set_config(client, "", config, NULL, NULL), CLAUDE_E_INVALID);
    after = cl_client_current(client);
    assert_ptr_equal(before, after);
    cl_config_unref(config);
    cl_client_unref(before);
    cl_client_unref(after);
    cl_client_unref(client);
}

static void test_names(void **state)
{
    claude_client_t *client = client_of(config_with(NULL));
    claude_config_t *config = config_with(NULL);
    claude_client_t *all[1 + CL_SNAPSHOTS_MAX];
    claude_client_t *found = NULL;
    char name[CL_SNAPSHOT_NAME_MAX + 2];

    (void)state;
    assert_int_equal(cl_client_named(client, "b", &found, NULL), CLAUDE_E_INVALID);
    for (int i = 0; i < CL_SNAPSHOTS_MAX; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(cl_client_set_config(client, name, config, NULL, NULL), CLAUDE_OK);
    }
    assert_int_equal(cl_client_set_config(client, "one more", config, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(cl_client_set_config(client, "more", config, NULL, NULL), CLAUDE_E_LIMIT);
    cl_client_drop_named(client, "more");
    cl_client_drop_named(client, "n3");
    assert_int_equal(cl_client_named(client, "n3", &found, NULL), CLAUDE_E_INVALID);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(cl_client_set_config(client, name, config, NULL, NULL), CLAUDE_E_INVALID);
    name[CL_SNAPSHOT_NAME_MAX] = '\0';
    assert_int_equal(cl_client_set_config(client, name, config, NULL, NULL), CLAUDE_OK);
    assert_int_equal(cl_client_named(client, name, &found, NULL), CLAUDE_OK);
    assert_string_equal(found->name, name);
    assert_int_equal(found->generation, 2 + CL_SNAPSHOTS_MAX);
    cl_client_unref(found);
    assert_int_equal(cl_client_all(client, all), 1 + CL_SNAPSHOTS_MAX);
    for (size_t i = 0; i <= CL_SNAPSHOTS_MAX; i++)
        cl_client_unref(all[i]);
    cl_config_unref(config);
    cl_client_unref(client);
}

/* ---- threads ---- */

struct worker {
    claude_client_t *client;
    const claude_request_t *request;
    _Atomic int *done;
    _Atomic int wrong;
};

static void *starts(void *user)
{
    struct worker *w = user;
    int64_t newest = 0;

    for (int i = 0; i < STARTS && !atomic_load(w->done); i++) {
        claude_client_t *now = cl_client_current(w->client);
        claude_call_t *call = NULL;
        if (now->generation < newest)
            atomic_fetch_add(&w->wrong, 1);
        newest = now->generation;
        cl_client_unref(now);
        if (cl_call_open(w->client, w->request, CLAUDE_STREAM, &call, NULL) != CLAUDE_OK ||
            call->client->generation < newest || call->client->root)
            atomic_fetch_add(&w->wrong, 1);
        cl_call_unref(call);
    }
    return NULL;
}

static claude_code_t count_up(const claude_config_t *now, void *data, claude_config_t **out, cl_err *err)
{
    char value[32];
    claude_config_t *copy = NULL;
    int64_t was = cl_option_int(NULL, now->options, CL_OPT_TIMEOUT_TOTAL);

    (void)data;
    snprintf(value, sizeof value, "%lld", (long long)was + 1);
    if (cl_config_copy(now, &copy, err) < 0 || cl_config_set(copy, "timeout.total_ms", value, err) < 0)
        return CLAUDE_E_NOMEM;
    *out = copy;
    return CLAUDE_OK;
}

static void *swaps(void *user)
{
    struct worker *w = user;

    for (int i = 0; i < SWAPS / 2; i++) {
        if (cl_client_change(w->client, "", count_up, NULL, NULL, NULL) != CLAUDE_OK)
            atomic_fetch_add(&w->wrong, 1);
    }
    return NULL;
}

/* Two that change at once lose none of their changes. */
static void test_many_threads(void **state)
{
    claude_client_t *client = client_of(config_with(NULL));
    claude_request_t *request = NULL;
    _Atomic int done = 0;
    struct worker worker = {.client = client, .done = &done};
    pthread_t threads[THREADS];
    pthread_t swappers[2];
    claude_client_t *now;

    (void)state;
    assert_int_equal(cl_api_request_new("messages.create", &request, NULL), CLAUDE_OK);
    assert_int_equal(
        cl_request_set_json(
            request, CL_STR("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"),
            NULL),
        CLAUDE_OK);
    worker.request = request;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, starts, &worker), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&swappers[i], NULL, swaps, &worker), 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(swappers[i], NULL);
    atomic_store(&done, 1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    now = cl_client_current(client);
    assert_int_equal(worker.wrong, 0);
    assert_int_equal(now->generation, 1 + SWAPS);
    assert_int_equal(cl_option_int(NULL, now->config->options, CL_OPT_TIMEOUT_TOTAL), 300000 + SWAPS);
    cl_client_unref(now);
    cl_request_unref(request);
    cl_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_what_is_equal),
        cmocka_unit_test(test_metrics_stay),
        cmocka_unit_test(test_bad_configuration_changes_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
