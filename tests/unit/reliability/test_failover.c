/* Endpoints, their states, and which comes next: by injected time and chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include <claude/failover.h>

#include "auth/auth.h"
#include "config/config.h"
#include "reliability/failover.h"

enum { COOLDOWN = 1000, ENDPOINTS_MAX = 3 };

/* Where a program runs slowly, it gets less of the same. */
static bool is_slow(void)
{
    const char *memcheck = getenv("CLAUDE_UNDER_VALGRIND");

#if defined(__SANITIZE_THREAD__)
    return true;
#endif
    return memcheck && memcheck[0] == '1';
}

static claude_failover_t *make(int32_t strategy, int64_t degraded_after, int64_t unhealthy_after)
{
    cl_failover_settings settings = {.strategy = strategy,
                                     .degraded_after = degraded_after,
                                     .unhealthy_after = unhealthy_after,
                                     .cooldown_ms = COOLDOWN};
    claude_failover_t *failover = NULL;

    assert_int_equal(cl_failover_new(&settings, &failover, NULL), CLAUDE_OK);
    return failover;
}

static void add(claude_failover_t *failover, const char *url, int32_t priority, size_t expected)
{
    size_t index = 99;
    cl_err err;

    cl_err_init(&err);
    if (cl_failover_add(failover, cl_str_of(url), priority, NULL, &index, &err) < 0)
        fail_msg("%s: %s", url, err.message);
    assert_int_equal(index, expected);
}

static const char *const urls[] = {"https://a.test", "https://b.test", "https://c.test"};
/* The second and the third are equals, and both are better than the first. */
static const int32_t priorities[] = {7, -1, -1};

static claude_failover_t *make_with(int32_t strategy, int64_t degraded_after, int64_t unhealthy_after, size_t count)
{
    claude_failover_t *failover = make(strategy, degraded_after, unhealthy_after);

    for (size_t i = 0; i < count; i++)
        add(failover, urls[i], priorities[i], i);
    return failover;
}

static void refuse(claude_failover_t *failover, const char *url, claude_code_t code, const char *expected)
{
    size_t index = 99;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_failover_add(failover, cl_str_of(url), 0, NULL, &index, &err), code);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    assert_int_equal(index, 99);
}

static size_t chosen(claude_failover_t *failover, uint64_t tried, int64_t now, uint64_t random)
{
    size_t index = 99;

    assert_true(cl_failover_select(failover, tried, now, random, &index));
    return index;
}

static void fails(claude_failover_t *failover, size_t index, int times, int64_t now)
{
    for (int i = 0; i < times; i++)
        cl_failover_record(failover, index, false, now);
}

/* ---- the list ---- */

static void test_keeps_what_was_added(void **state)
{
    claude_failover_t *failover = make(CL_FAILOVER_PRIORITY, 1, 3);
    claude_secret_t *secret = NULL;

    (void)state;
    assert_int_equal(cl_secret_new(CL_STR("key-of-a-gateway"), false, &secret, NULL), CLAUDE_OK);
    assert_int_equal(cl_failover_count(failover), 0);
    add(failover, "https://a.test///", INT32_MAX, 0);
    assert_int_equal(cl_failover_add(failover, CL_STR("http://127.0.0.1:8080/v9"), INT32_MIN, secret, NULL, NULL),
                     CLAUDE_OK);
    assert_int_equal(cl_failover_count(failover), 2);
    assert_string_equal(cl_failover_url(failover, 0), "https://a.test");
    assert_string_equal(cl_failover_url(failover, 1), "http://127.0.0.1:8080/v9");
    assert_int_equal(cl_failover_priority(failover, 0), INT32_MAX);
    assert_int_equal(cl_failover_priority(failover, 1), INT32_MIN);
    assert_null(cl_failover_secret(failover, 0));
    assert_ptr_equal(cl_failover_secret(failover, 1), secret);
    cl_secret_unref(secret);
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    cl_failover_unref(failover);
}

static void test_refuses_endpoints(void **state)
{
    claude_failover_t *failover = make(CL_FAILOVER_PRIORITY, 1, 3);
    char url[64];

    (void)state;
    refuse(failover, "", CLAUDE_E_INVALID, "base_url is empty");
    refuse(failover, "a.test", CLAUDE_E_INVALID, "base_url must begin with https://");
    refuse(failover, "http://a.test", CLAUDE_E_INVALID, "network.allow_http");
    refuse(failover, "https://u:p@a.test", CLAUDE_E_INVALID, "credentials");
    refuse(failover, "https://a.test?x=1", CLAUDE_E_INVALID, "query");
    add(failover, "https://a.test/v9/", 1, 0);
    refuse(failover, "https://a.test/v9", CLAUDE_E_INVALID, "endpoint 0 already");
    refuse(failover, "HTTPS://A.test:443/v9//", CLAUDE_E_INVALID, "endpoint 0 already");
    add(failover, "https://a.test/v8", 1, 1);
    for (size_t i = 2; i < CL_FAILOVER_ENDPOINTS_MAX; i++) {
        snprintf(url, sizeof url, "https://%zu.test", i);
        add(failover, url, 1, i);
    }
    refuse(failover, "https://z.test", CLAUDE_E_LIMIT, "32 endpoints");
    assert_int_equal(chosen(failover, UINT64_MAX >> 33, 0, 0), CL_FAILOVER_ENDPOINTS_MAX - 1);
    cl_failover_unref(failover);
}

static void test_allows_http(void **state)
{
    cl_failover_settings settings = {.allow_http = true};
    claude_failover_t *failover = NULL;

    (void)state;
    assert_int_equal(cl_failover_new(&settings, &failover, NULL), CLAUDE_OK);
    add(failover, "http://a.test", 1, 0);
    cl_failover_unref(failover);
}

static void test_is_sealed(void **state)
{
    claude_failover_t *by_hand = make(CL_FAILOVER_PRIORITY, 1, 3);
    claude_failover_t *by_use = make_with(CL_FAILOVER_PRIORITY, 1, 3, 1);

    (void)state;
    cl_failover_seal(by_hand);
    refuse(by_hand, "https://a.test", CLAUDE_E_STATE, "in use");
    assert_int_equal(cl_failover_count(by_hand), 0);
    /* States may change before: they are no use of the list. */
    cl_failover_record(by_use, 0, false, 0);
    add(by_use, "https://b.test", 1, 1);
    chosen(by_use, 0, 0, 0);
    refuse(by_use, "https://c.test", CLAUDE_E_STATE, "in use");
    assert_int_equal(cl_failover_map_model(by_use, 0, CL_STR("a"), CL_STR("b"), NULL), CLAUDE_E_STATE);
    assert_int_equal(cl_failover_count(by_use), 2);
    cl_failover_unref(by_hand);
    cl_failover_unref(by_use);
}

static void test_nothing_of_nobody(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_STICKY, 1, 3, 1);
    size_t index = 99;

    (void)state;
    assert_null(cl_failover_url(failover, 1));
    assert_int_equal(cl_failover_priority(failover, SIZE_MAX), 0);
    assert_null(cl_failover_secret(failover, 1));
    assert_int_equal(cl_failover_state(failover, 1, 0), 0);
    assert_int_equal(cl_failover_model(failover, 1, CL_STR("a")).len, 0);
    cl_failover_record(failover, 1, true, 0);
    cl_failover_record(failover, SIZE_MAX, false, 0);
    cl_failover_set_state(failover, 1, CL_STATE_UNHEALTHY, 0);
    assert_int_equal(cl_failover_map_model(failover, 1, CL_STR("a"), CL_STR("b"), NULL), CLAUDE_E_INVALID);
    assert_false(cl_failover_select(failover, UINT64_MAX, 0, 0, &index));
    assert_false(cl_failover_select(failover, 1, 0, 0, &index));
    assert_int_equal(index, 99);
    cl_failover_unref(failover);
    failover = make(CL_FAILOVER_ROUND_ROBIN, 1, 3);
    assert_false(cl_failover_select(failover, 0, 0, 0, &index));
    cl_failover_unref(failover);
    cl_failover_unref(NULL);
    assert_null(cl_failover_ref(NULL));
}

static void map(claude_failover_t *failover, size_t index, const char *name, const char *other, claude_code_t code)
{
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_failover_map_model(failover, index, cl_str_of(name), cl_str_of(other), &err), code);
}

static void is_mapped(const claude_failover_t *failover, size_t index, const char *name, const char *expected)
{
    cl_str other = cl_failover_model(failover, index, cl_str_of(name));

    assert_int_equal(other.len, strlen(expected));
    assert_string_equal(other.ptr, expected);
}

static void test_maps_models(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_PRIORITY, 1, 3, 2);
    char name[600];

    (void)state;
    map(failover, 1, "one", "eins", CLAUDE_OK);
    map(failover, 1, "two", "zwei", CLAUDE_OK);
    map(failover, 1, "one", "uno", CLAUDE_OK);
    is_mapped(failover, 1, "one", "uno");
    is_mapped(failover, 1, "two", "zwei");
    is_mapped(failover, 1, "on", "");
    is_mapped(failover, 1, "One", "");
    is_mapped(failover, 1, "", "");
    is_mapped(failover, 0, "one", "");
    map(failover, 1, "", "x", CLAUDE_E_INVALID);
    map(failover, 1, "x", "", CLAUDE_E_INVALID);
    map(failover, 1, "\xff", "x", CLAUDE_E_INVALID);
    memset(name, 'm', sizeof name);
    name[513] = '\0';
    map(failover, 1, name, "x", CLAUDE_E_INVALID);
    map(failover, 1, "x", name, CLAUDE_E_INVALID);
    name[512] = '\0';
    map(failover, 1, "x", name, CLAUDE_OK);
    is_mapped(failover, 1, "x", name);
    for (int i = 4; i < CL_FAILOVER_MODELS_MAX; i++)
        map(failover, 1, "again", "x", CLAUDE_OK);
    map(failover, 1, "again", "x", CLAUDE_E_LIMIT);
    map(failover, 0, "again", "x", CLAUDE_OK);
    cl_failover_unref(failover);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cl_state_name(CL_STATE_UNKNOWN), "unknown");
    assert_string_equal(cl_state_name(CL_STATE_HEALTHY), "healthy");
    assert_string_equal(cl_state_name(CL_STATE_DEGRADED), "degraded");
    assert_string_equal(cl_state_name(CL_STATE_UNHEALTHY), "unhealthy");
    assert_string_equal(cl_state_name(0), "");
    assert_string_equal(cl_state_name(5), "");
    assert_int_equal(CL_STATE_UNKNOWN, CLAUDE_HEALTH_UNKNOWN);
    assert_int_equal(CL_STATE_HEALTHY, CLAUDE_HEALTH_HEALTHY);
    assert_int_equal(CL_STATE_DEGRADED, CLAUDE_HEALTH_DEGRADED);
    assert_int_equal(CL_STATE_UNHEALTHY, CLAUDE_HEALTH_UNHEALTHY);
}

/* ---- states ---- */

static void test_states(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_PRIORITY, 1, 3, 1);

    (void)state;
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_UNKNOWN);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_DEGRADED);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_DEGRADED);
    cl_failover_record(failover, 0, true, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_HEALTHY);
    fails(failover, 0, 2, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_DEGRADED);
    fails(failover, 0, 1, 100);
    assert_int_equal(cl_failover_state(failover, 0, 100), CL_STATE_UNHEALTHY);
    assert_int_equal(cl_failover_state(failover, 0, 100 + COOLDOWN - 1), CL_STATE_UNHEALTHY);
    assert_int_equal(cl_failover_state(failover, 0, 100 + COOLDOWN), CL_STATE_UNKNOWN);
    /* Looking changes nothing, whatever the time. */
    assert_int_equal(cl_failover_state(failover, 0, 101), CL_STATE_UNHEALTHY);
    /* One more failure is enough, and a failure meanwhile begins the time anew. */
    fails(failover, 0, 1, 5000);
    assert_int_equal(cl_failover_state(failover, 0, 5000), CL_STATE_UNHEALTHY);
    fails(failover, 0, 1, 5500);
    assert_int_equal(cl_failover_state(failover, 0, 5500 + COOLDOWN - 1), CL_STATE_UNHEALTHY);
    assert_int_equal(cl_failover_state(failover, 0, 5500 + COOLDOWN), CL_STATE_UNKNOWN);
    cl_failover_record(failover, 0, true, 5600);
    assert_int_equal(cl_failover_state(failover, 0, 5600), CL_STATE_HEALTHY);
    fails(failover, 0, 2, 5600);
    assert_int_equal(cl_failover_state(failover, 0, 5600), CL_STATE_DEGRADED);
    cl_failover_unref(failover);
}

static void test_thresholds(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_PRIORITY, 2, 3, 1);

    (void)state;
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_UNKNOWN);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_DEGRADED);
    cl_failover_unref(failover);
    /* Never degraded: unhealthy comes first. */
    failover = make_with(CL_FAILOVER_PRIORITY, 5, 2, 1);
    cl_failover_record(failover, 0, true, 0);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_HEALTHY);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_UNHEALTHY);
    cl_failover_unref(failover);
    failover = make_with(CL_FAILOVER_PRIORITY, 1, 1, 1);
    fails(failover, 0, 1, 0);
    assert_int_equal(cl_failover_state(failover, 0, 0), CL_STATE_UNHEALTHY);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNKNOWN);
    cl_failover_unref(failover);
}

static void test_states_by_hand(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_PRIORITY, 1, 3, 1);

    (void)state;
    cl_failover_set_state(failover, 0, CL_STATE_UNHEALTHY, 0);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN - 1), CL_STATE_UNHEALTHY);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNKNOWN);
    fails(failover, 0, 1, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNHEALTHY);
    /* It answers, but slowly: in use again, until its next failure. */
    cl_failover_set_state(failover, 0, CL_STATE_DEGRADED, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_DEGRADED);
    fails(failover, 0, 1, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNHEALTHY);
    cl_failover_set_state(failover, 0, CL_STATE_HEALTHY, COOLDOWN);
    fails(failover, 0, 2, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_DEGRADED);
    cl_failover_set_state(failover, 0, CL_STATE_DEGRADED, COOLDOWN);
    fails(failover, 0, 1, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNHEALTHY);
    cl_failover_set_state(failover, 0, CL_STATE_UNKNOWN, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_UNKNOWN);
    fails(failover, 0, 2, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_DEGRADED);
    cl_failover_set_state(failover, 0, 0, COOLDOWN);
    cl_failover_set_state(failover, 0, 5, COOLDOWN);
    assert_int_equal(cl_failover_state(failover, 0, COOLDOWN), CL_STATE_DEGRADED);
    cl_failover_unref(failover);
}

static void test_extreme_numbers(void **state)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    enum { COUNT = sizeof extremes / sizeof extremes[0] };

    (void)state;
    for (size_t i = 0; i < COUNT * COUNT * COUNT; i++) {
        cl_failover_settings settings = {.degraded_after = extremes[i % COUNT],
                                         .unhealthy_after = extremes[i / COUNT % COUNT],
                                         .cooldown_ms = extremes[i / COUNT / COUNT]};
        claude_failover_t *failover = NULL;
        assert_int_equal(cl_failover_new(&settings, &failover, NULL), CLAUDE_OK);
        add(failover, "https://a.test", 0, 0);
        for (size_t j = 0; j < COUNT; j++) {
            cl_failover_set_state(failover, 0, CL_STATE_UNHEALTHY, extremes[j]);
            if (extremes[j] < INT64_MAX)
                assert_int_equal(cl_failover_state(failover, 0, extremes[j]), CL_STATE_UNHEALTHY);
            assert_int_equal(cl_failover_state(failover, 0, INT64_MAX), CL_STATE_UNKNOWN);
            fails(failover, 0, 3, extremes[j]);
            assert_int_equal(chosen(failover, 0, extremes[COUNT - 1 - j], UINT64_MAX), 0);
        }
        cl_failover_unref(failover);
    }
}

/* ---- strategies ---- */

static void test_priority(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_PRIORITY, 1, 2, 3);

    (void)state;
    for (uint64_t random = 0; random < 3; random++)
        assert_int_equal(chosen(failover, 0, 0, random << 62), 1);
    assert_int_equal(chosen(failover, 2, 0, 0), 2);
    assert_int_equal(chosen(failover, 6, 0, 0), 0);
    /* Degraded: it keeps its place. Unhealthy: behind all others, also those that are worse. */
    fails(failover, 1, 1, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    fails(failover, 1, 1, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 2);
    assert_int_equal(chosen(failover, 4, 0, 0), 0);
    assert_int_equal(chosen(failover, 5, 0, 0), 1);
    assert_int_equal(chosen(failover, 0, COOLDOWN, 0), 1);
    cl_failover_unref(failover);
}

static void test_never_ejects_the_last_one(void **state)
{
    static const int32_t strategies[] = {CL_FAILOVER_PRIORITY, CL_FAILOVER_ROUND_ROBIN, CL_FAILOVER_RANDOM,
                                         CL_FAILOVER_STICKY};

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        claude_failover_t *failover = make_with(strategies[s], 1, 1, 3);
        for (size_t i = 0; i < 3; i++)
            fails(failover, i, 1, 0);
        assert_int_equal(chosen(failover, 3, 0, 0), 2);
        assert_int_equal(chosen(failover, 5, 0, 0), 1);
        assert_int_equal(chosen(failover, 6, 0, 0), 0);
        assert_true(chosen(failover, 0, 0, 0) < 3);
        /* One that is well again is the only one to be chosen, until it was tried. */
        cl_failover_record(failover, 0, true, 0);
        for (uint64_t i = 0; i < 8; i++)
            assert_int_equal(chosen(failover, 0, 0, i << 61), 0);
        assert_true(chosen(failover, 1, 0, 0) > 0);
        cl_failover_unref(failover);
    }
}

static void test_round_robin(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_ROUND_ROBIN, 1, 1, 3);
    size_t counts[3] = {0};

    (void)state;
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(chosen(failover, 0, 0, 0), i % 3);
    /* The one that another call goes on to has had its turn. */
    assert_int_equal(chosen(failover, 1, 0, 0), 1);
    assert_int_equal(chosen(failover, 0, 0, 0), 2);
    fails(failover, 1, 1, 0);
    for (size_t i = 0; i < 10; i++)
        counts[chosen(failover, 0, 0, 0)]++;
    assert_int_equal(counts[0], 5);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 5);
    cl_failover_unref(failover);
}

/* The same numbers every time. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void test_random(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_RANDOM, 1, 1, 3);
    size_t counts[3] = {0};
    uint64_t seed = 1;

    (void)state;
    assert_int_equal(chosen(failover, 0, 0, 0), 0);
    assert_int_equal(chosen(failover, 0, 0, UINT64_MAX), 2);
    assert_int_equal(chosen(failover, 4, 0, UINT64_MAX), 1);
    assert_int_equal(chosen(failover, 1, 0, 0), 1);
    for (size_t i = 0; i < 30000; i++)
        counts[chosen(failover, 0, 0, next_random(&seed))]++;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(counts[i], 9700, 10300);
    fails(failover, 1, 1, 0);
    assert_int_equal(chosen(failover, 0, 0, UINT64_MAX / 2 - 1), 0);
    assert_int_equal(chosen(failover, 0, 0, UINT64_MAX / 2 + 1), 2);
    cl_failover_unref(failover);
}

static void test_sticky(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_STICKY, 1, 3, 3);

    (void)state;
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    cl_failover_record(failover, 1, true, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    /* It fails, the next one works: all stay there, although the first is better and well again. */
    fails(failover, 1, 1, 0);
    assert_int_equal(chosen(failover, 2, 0, 0), 2);
    cl_failover_record(failover, 2, true, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 2);
    cl_failover_record(failover, 1, true, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 2);
    /* Failures elsewhere, and a call that has tried it, change nothing. */
    fails(failover, 0, 1, 0);
    assert_int_equal(chosen(failover, 4, 0, 0), 1);
    assert_int_equal(chosen(failover, 0, 0, 0), 2);
    /* Nothing has worked since: the best by priority. */
    fails(failover, 2, 1, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    cl_failover_record(failover, 0, true, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 0);
    /* A check that finds it slow leaves it; one that finds it dead does not. */
    cl_failover_set_state(failover, 0, CL_STATE_DEGRADED, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 0);
    cl_failover_set_state(failover, 0, CL_STATE_UNHEALTHY, 0);
    assert_int_equal(chosen(failover, 0, 0, 0), 1);
    assert_int_equal(chosen(failover, 0, COOLDOWN, 0), 1);
    cl_failover_unref(failover);
}

/* ---- what must hold whatever happens ---- */

/* The same thing said in another way: what happened to each endpoint is kept, and looked through from its end. */
enum { PAST_MAX = 4 };

typedef struct happening {
    int64_t at;
    char what; /* '+', '-', or 'H', 'D', 'X', 'U': set to a state */
} happening;

typedef struct world {
    claude_failover_t *failover;
    size_t count;
    int64_t degraded_after;
    int64_t unhealthy_after;
    int64_t now;
    happening past[ENDPOINTS_MAX][PAST_MAX];
    size_t happened[ENDPOINTS_MAX];
    int32_t kept;
    size_t turn;
} world;

/* State and failures in a row after the first `n` happenings, seen at a time. */
static int32_t expected_state(const world *w, size_t index, size_t n, int64_t at, int64_t *streak)
{
    const happening *last = n > 0 ? &w->past[index][n - 1] : NULL;
    int64_t before = 0;
    int32_t state;

    *streak = 0;
    if (!last || last->what == 'U')
        return CL_STATE_UNKNOWN;
    if (last->what == '+' || last->what == 'H')
        return CL_STATE_HEALTHY;
    state = expected_state(w, index, n - 1, last->at, &before);
    *streak = last->what == 'X' ? w->unhealthy_after : last->what == '-' ? before + 1 : before;
    if (*streak > w->unhealthy_after)
        *streak = w->unhealthy_after;
    if (last->what == 'D') {
        *streak = *streak == w->unhealthy_after ? *streak - 1 : *streak;
        return CL_STATE_DEGRADED;
    }
    if (*streak < w->unhealthy_after)
        return *streak >= w->degraded_after ? CL_STATE_DEGRADED : state;
    if (at < last->at + COOLDOWN)
        return CL_STATE_UNHEALTHY;
    *streak = w->unhealthy_after - 1;
    return CL_STATE_UNKNOWN;
}

static int32_t state_now(const world *w, size_t index)
{
    int64_t streak;

    return expected_state(w, index, w->happened[index], w->now, &streak);
}

static void note(world *w, size_t index, char what)
{
    w->past[index][w->happened[index]++] = (happening){w->now, what};
    if (what == '+' && w->kept < 0)
        w->kept = (int32_t)index;
    if ((what == '-' || what == 'X') && w->kept == (int32_t)index)
        w->kept = -1;
}

static bool is_better(size_t a, size_t b)
{
    return priorities[a] < priorities[b] || (priorities[a] == priorities[b] && a < b);
}

/* A choice against everything that is known. */
static void check_choice(world *w, int32_t strategy, uint64_t tried, size_t choice)
{
    bool eligible[ENDPOINTS_MAX];
    bool any_well = false;

    assert_true(choice < w->count);
    assert_false(tried >> choice & 1);
    for (size_t i = 0; i < w->count; i++)
        any_well = any_well || (!(tried >> i & 1) && state_now(w, i) != CL_STATE_UNHEALTHY);
    for (size_t i = 0; i < w->count; i++)
        eligible[i] = !(tried >> i & 1) && (!any_well || state_now(w, i) != CL_STATE_UNHEALTHY);
    assert_true(eligible[choice]);
    if (strategy == CL_FAILOVER_STICKY && w->kept >= 0 && eligible[w->kept]) {
        assert_int_equal(choice, w->kept);
    } else if (strategy == CL_FAILOVER_PRIORITY || strategy == CL_FAILOVER_STICKY) {
        for (size_t i = 0; i < w->count; i++)
            assert_false(eligible[i] && is_better(i, choice));
    } else if (strategy == CL_FAILOVER_ROUND_ROBIN) {
        for (size_t i = w->turn; i != choice; i = (i + 1) % w->count)
            assert_false(eligible[i]);
        w->turn = (choice + 1) % w->count;
    }
}

/* Operations: for each endpoint a success, a failure, and states by hand; time; selections with each set of tried. */
static const char per_endpoint[] = "+-HDXU";
enum { PER_ENDPOINT = 6, TIMES = 2 };

static size_t operations(size_t count)
{
    return PER_ENDPOINT * count + TIMES + ((size_t)1 << count);
}

static void act(world *w, size_t index, char what)
{
    int32_t state = what == 'H'   ? CL_STATE_HEALTHY
                    : what == 'D' ? CL_STATE_DEGRADED
                    : what == 'X' ? CL_STATE_UNHEALTHY
                                  : CL_STATE_UNKNOWN;

    if (what == '+' || what == '-')
        cl_failover_record(w->failover, index, what == '+', w->now);
    else
        cl_failover_set_state(w->failover, index, state, w->now);
    note(w, index, what);
}

static void perform(world *w, int32_t strategy, size_t operation)
{
    size_t index = 99;
    uint64_t tried;

    if (operation < PER_ENDPOINT * w->count) {
        act(w, operation / PER_ENDPOINT, per_endpoint[operation % PER_ENDPOINT]);
        return;
    }
    operation -= PER_ENDPOINT * w->count;
    if (operation < TIMES) {
        w->now += operation == 0 ? 1 : COOLDOWN;
        return;
    }
    tried = operation - TIMES;
    if (tried == ((uint64_t)1 << w->count) - 1) {
        assert_false(cl_failover_select(w->failover, tried, w->now, 0, &index));
        return;
    }
    assert_true(cl_failover_select(w->failover, tried, w->now, UINT64_MAX / 3, &index));
    check_choice(w, strategy, tried, index);
}

static void run(int32_t strategy, int64_t degraded_after, int64_t unhealthy_after, size_t count, size_t sequence,
                size_t depth)
{
    world w = {.count = count, .degraded_after = degraded_after, .unhealthy_after = unhealthy_after, .kept = -1};

    w.failover = make_with(strategy, degraded_after, unhealthy_after, count);
    for (size_t i = 0; i < depth; i++) {
        perform(&w, strategy, sequence % operations(count));
        sequence /= operations(count);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(cl_failover_state(w.failover, i, w.now), state_now(&w, i));
    cl_failover_unref(w.failover);
}

/* Every order of up to four operations; those of fewer are the beginnings of these. */
static void test_all_interleavings(void **state)
{
    static const int64_t thresholds[][2] = {{1, 2}, {2, 3}, {1, 1}};
    static const int32_t strategies[] = {CL_FAILOVER_PRIORITY, CL_FAILOVER_ROUND_ROBIN, CL_FAILOVER_RANDOM,
                                         CL_FAILOVER_STICKY};

    (void)state;
    for (size_t count = 2; count <= ENDPOINTS_MAX; count++) {
        size_t n = operations(count);
        size_t depth = is_slow() ? 2 : 4;
        size_t sequences = depth == 4 ? n * n * n * n : n * n;
        for (size_t s = 0; s < 4; s++) {
            /* Three endpoints show what two do not in their order, two are enough for thresholds. */
            for (size_t t = 0; t < (count == 2 ? 3 : 1); t++) {
                for (size_t i = 0; i < sequences; i++)
                    run(strategies[s], thresholds[t][0], thresholds[t][1], count, i, depth);
            }
        }
    }
}

/* Calls that go on until an endpoint works or all were tried, while states change by chance. */
static void test_a_million_steps(void **state)
{
    size_t steps = is_slow() ? 20000 : 1000000;

    (void)state;
    for (int32_t strategy = CL_FAILOVER_PRIORITY; strategy <= CL_FAILOVER_STICKY; strategy++) {
        claude_failover_t *failover = make(strategy, 1, 3);
        uint64_t seed = (uint64_t)strategy;
        int64_t now = 0;
        enum { COUNT = 8 };
        for (size_t i = 0; i < COUNT; i++) {
            char url[32];
            snprintf(url, sizeof url, "https://%zu.test", i);
            add(failover, url, (int32_t)(next_random(&seed) % 3), i);
        }
        for (size_t done = 0; done < steps / 4;) {
            uint64_t tried = 0;
            size_t index;
            while (cl_failover_select(failover, tried, now, next_random(&seed), &index)) {
                uint64_t chance = next_random(&seed);
                int32_t chosen_state = cl_failover_state(failover, index, now);
                assert_true(index < COUNT);
                assert_false(tried >> index & 1);
                for (size_t i = 0; i < COUNT && chosen_state == CL_STATE_UNHEALTHY; i++)
                    assert_true((tried >> i & 1) || cl_failover_state(failover, i, now) == CL_STATE_UNHEALTHY);
                tried |= (uint64_t)1 << index;
                done++;
                now += (int64_t)(chance >> 32) % 100;
                if (chance % 64 == 0)
                    cl_failover_set_state(failover, chance / 64 % COUNT, 1 + (int32_t)(chance / 1024 % 4), now);
                cl_failover_record(failover, index, chance % 4 == 1, now);
                if (chance % 4 == 1)
                    break;
            }
            assert_true(tried != 0);
        }
        cl_failover_unref(failover);
    }
}

/* ---- threads, and a fork ---- */

enum { THREADS = 64, ROUNDS = 500 };

typedef struct worker {
    claude_failover_t *failover;
    _Atomic int64_t *now;
    _Atomic bool *stop; /* NULL: after so many rounds */
    uint64_t seed;
    size_t mistakes;
} worker;

static void one_call(worker *self)
{
    uint64_t tried = 0;
    size_t index = 99;

    while (cl_failover_select(self->failover, tried, *self->now, next_random(&self->seed), &index)) {
        bool ok = next_random(&self->seed) % 3 == 0;
        if (index >= cl_failover_count(self->failover) || (tried >> index & 1) ||
            !cl_failover_url(self->failover, index) || cl_failover_state(self->failover, index, *self->now) == 0)
            self->mistakes++;
        tried |= (uint64_t)1 << index;
        cl_failover_record(self->failover, index, ok, ++*self->now);
        if (ok)
            return;
    }
    /* It has tried them all, then, and not one fewer. */
    if (tried != ((uint64_t)1 << cl_failover_count(self->failover)) - 1)
        self->mistakes++;
}

static void *work(void *user_data)
{
    worker *self = user_data;
    char name[32];

    for (size_t i = 0; i < ROUNDS || (self->stop && !*self->stop); i++) {
        one_call(self);
        snprintf(name, sizeof name, "https://%zu.test", i % 40);
        /* Too late, for all of them. Not where a fork would catch it with memory in its hands. */
        if (!self->stop && cl_failover_add(self->failover, cl_str_of(name), 0, NULL, NULL, NULL) != CLAUDE_E_STATE)
            self->mistakes++;
        if (cl_failover_model(self->failover, 0, CL_STR("a")).len != 1)
            self->mistakes++;
    }
    return NULL;
}

static void test_64_threads(void **state)
{
    (void)state;
    for (int32_t strategy = CL_FAILOVER_PRIORITY; strategy <= CL_FAILOVER_STICKY; strategy++) {
        claude_failover_t *failover = make_with(strategy, 1, 2, 3);
        _Atomic int64_t now = 0;
        pthread_t threads[THREADS];
        worker workers[THREADS];
        map(failover, 0, "a", "b", CLAUDE_OK);
        chosen(failover, 0, 0, 0);
        for (size_t i = 0; i < THREADS; i++) {
            workers[i] = (worker){failover, &now, NULL, i, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(workers[i].mistakes, 0);
        }
        cl_failover_unref(failover);
    }
}

/* Endpoints are added by several threads at once, while others look. */
static void *add_some(void *user_data)
{
    worker *self = user_data;
    size_t seen = 0;

    for (uint64_t i = 0; i < 8; i++) {
        char url[64];
        size_t index = 99;
        snprintf(url, sizeof url, "https://%d-%d.test", (int)self->seed, (int)i);
        if (cl_failover_add(self->failover, cl_str_of(url), (int32_t)i, NULL, &index, NULL) < 0 ||
            strcmp(cl_failover_url(self->failover, index), url) != 0 ||
            cl_failover_map_model(self->failover, index, cl_str_of(url), CL_STR("b"), NULL) < 0 ||
            cl_failover_model(self->failover, index, cl_str_of(url)).len != 1)
            self->mistakes++;
        for (size_t count = cl_failover_count(self->failover); seen < count; seen++)
            self->mistakes += cl_failover_url(self->failover, seen) ? 0 : 1;
    }
    return NULL;
}

static void test_threads_that_add(void **state)
{
    claude_failover_t *failover = make(CL_FAILOVER_PRIORITY, 1, 3);
    _Atomic int64_t now = 0;
    pthread_t threads[4];
    worker workers[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (worker){failover, &now, NULL, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, add_some, &workers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].mistakes, 0);
    }
    assert_int_equal(cl_failover_count(failover), 32);
    cl_failover_unref(failover);
}

/* The lock is taken most of the time when the child is made, by threads that it does not have. */
static void test_a_forked_child_goes_on(void **state)
{
    claude_failover_t *failover = make_with(CL_FAILOVER_STICKY, 1, 2, 3);
    _Atomic int64_t now = 0;
    _Atomic bool stop = false;
    pthread_t threads[4];
    worker workers[4];

    (void)state;
    map(failover, 0, "a", "b", CLAUDE_OK);
    chosen(failover, 0, 0, 0);
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (worker){failover, &now, &stop, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < (is_slow() ? 10 : 200); i++) {
        int status = -1;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            worker own = {failover, &now, NULL, 9, 0};
            alarm(30); /* a deadlock ends, as a failure */
            one_call(&own);
            cl_failover_set_state(failover, 0, CL_STATE_HEALTHY, now);
            if (own.mistakes != 0 || cl_failover_state(failover, 0, now) != CL_STATE_HEALTHY)
                _exit(1);
            /* In this way nobody looks for memory that threads had in their hands which are not here. */
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    stop = true;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cl_failover_unref(failover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_was_added),
        cmocka_unit_test(test_refuses_endpoints),
        cmocka_unit_test(test_allows_http),
        cmocka_unit_test(test_is_sealed),
        cmocka_unit_test(test_nothing_of_nobody),
        cmocka_unit_test(test_maps_models),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_states_by_hand),
        cmocka_unit_test(test_extreme_numbers),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_never_ejects_the_last_one),
        cmocka_unit_test(test_round_robin),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_all_interleavings),
        cmocka_unit_test(test_a_million_steps),
        cmocka_unit_test(test_64_threads),
        cmocka_unit_test(test_threads_that_add),
        cmocka_unit_test(test_a_forked_child_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
