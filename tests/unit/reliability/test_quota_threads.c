/* 64 threads on one quota: what is used and reserved never passes a limit, but by what calls used beyond what they had
 * reserved; and nothing is lost. */
#include "quota_testing.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 64, CALLS = 12000, RESERVED = 10, MOST_USED = 14, LIMIT = 2000000 };

static claude_quota_t *quota;
static pthread_barrier_t together;
static _Atomic bool done;
static _Atomic int64_t granted;
static _Atomic int64_t used_tokens;
static _Atomic int64_t used_requests;

static void *work(void *arg)
{
    uint64_t seed = (uint64_t)(uintptr_t)arg;

    pthread_barrier_wait(&together);
    for (int i = 0; i < CALLS; i++) {
        const char *model = random_below(&seed, 2) ? "a" : "b";
        cl_quota_ticket ticket = {.open = false};
        cl_quota_need asked = need(RESERVED, RESERVED);
        int64_t tokens = random_below(&seed, MOST_USED + 1);
        cl_quota_use used = use(tokens, 0, tokens);
        if (cl_quota_reserve(quota, cl_str_of(model), &asked, NOON, &ticket, NULL) < 0)
            continue;
        atomic_fetch_add(&granted, 1);
        if (random_below(&seed, 4) == 0) {
            cl_quota_settle(quota, &ticket, NULL, NOON);
            continue;
        }
        atomic_fetch_add(&used_tokens, tokens);
        atomic_fetch_add(&used_requests, 1);
        cl_quota_settle(quota, &ticket, &used, NOON);
    }
    return NULL;
}

/* Under the quota's lock these belong together. */
static void *watch(void *arg)
{
    (void)arg;
    while (!atomic_load(&done)) {
        cl_quota_scope all = look(quota, "", NOON);
        int64_t tokens = cl_quota_tokens(&all.used[CL_QUOTA_DAY]);
        assert_true(all.reserved[CL_QUOTA_TOKENS] <= THREADS * RESERVED);
        assert_true(all.reserved[CL_QUOTA_TOKENS] == all.reserved[CL_QUOTA_REQUESTS] * RESERVED);
        assert_true(tokens + all.reserved[CL_QUOTA_TOKENS] <= LIMIT + THREADS * (MOST_USED - RESERVED));
    }
    return NULL;
}

static void the_limit_holds_for_all_threads(void **state)
{
    pthread_t threads[THREADS];
    pthread_t watcher;
    cl_quota_scope all;

    (void)state;
    quota = quota_with(0);
    limit(quota, "", "daily_tokens", LIMIT);
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    assert_int_equal(pthread_create(&watcher, NULL, watch, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&together);
    atomic_store(&done, true);
    assert_int_equal(pthread_join(watcher, NULL), 0);
    all = look(quota, "", NOON);
    assert_int_equal(cl_quota_tokens(&all.used[CL_QUOTA_DAY]), used_tokens);
    assert_int_equal(all.used[CL_QUOTA_DAY].count[CL_USED_REQUESTS], used_requests);
    assert_int_equal(all.refused, THREADS * CALLS - granted);
    assert_true(all.refused > 0);
    assert_true(used_tokens > LIMIT - RESERVED);
    for (size_t kind = 0; kind < CL_QUOTA_KINDS; kind++)
        assert_int_equal(all.reserved[kind], 0);
    assert_int_equal(requests(quota, "a", CL_QUOTA_DAY, NOON) + requests(quota, "b", CL_QUOTA_DAY, NOON),
                     used_requests);
    cl_quota_unref(quota);
}

/* ---- all at once: each holds what it has reserved until all have asked ---- */

enum { ROUNDS = 6, SMALL_LIMIT = 3000 };

static _Atomic int64_t in_flight[ROUNDS];

static void *go_in_rounds(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        cl_quota_ticket ticket = {.open = false};
        cl_quota_need asked = need(RESERVED, RESERVED);
        cl_quota_use used = use(MOST_USED, 0, MOST_USED);
        if (cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, NULL) >= 0)
            atomic_fetch_add(&in_flight[i], 1);
        pthread_barrier_wait(&together);
        cl_quota_settle(quota, &ticket, &used, NOON);
        pthread_barrier_wait(&together);
    }
    return NULL;
}

static void what_is_in_flight_is_in_the_way(void **state)
{
    pthread_t threads[THREADS];
    cl_quota_scope all;
    int64_t before = 0;
    int64_t last = 0;

    (void)state;
    quota = quota_with(0);
    limit(quota, "", "daily_tokens", SMALL_LIMIT);
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, go_in_rounds, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&together);
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t room = before < SMALL_LIMIT ? (SMALL_LIMIT - before) / RESERVED : 0;
        assert_int_equal(in_flight[i], room < THREADS ? room : THREADS);
        before += in_flight[i] * MOST_USED;
        last = in_flight[i] > 0 ? in_flight[i] : last;
    }
    assert_in_range(before, SMALL_LIMIT, SMALL_LIMIT + last * (MOST_USED - RESERVED));
    all = look(quota, "", NOON);
    assert_int_equal(cl_quota_tokens(&all.used[CL_QUOTA_DAY]), before);
    cl_quota_unref(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_holds_for_all_threads),
        cmocka_unit_test(what_is_in_flight_is_in_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
