/* When to try again, how long to wait, and what all retries together may spend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "reliability/retry.h"
#include "reliability/waits.h"
#include "testing.h"

/* The defaults, but nothing is left to chance. */
static const cl_retry_policy plain = {
    .max_retries = 10,
    .max_overload_retries = 10,
    .initial_delay_ms = 500,
    .max_delay_ms = 8000,
    .multiplier = 2000,
    .jitter = 0,
    .max_server_delay_ms = 60000,
};

static const cl_retry_outcome failure = {.retryable = true, .retry_after_ms = -1, .reset_ms = -1};

/* The wait after so many retries. */
static int64_t wait_of(const cl_retry_policy *policy, int32_t retries, const cl_retry_outcome *outcome, uint64_t random)
{
    cl_retry_state state = {retries, 0};
    int64_t delay = -1;

    assert_int_equal(cl_retry_decide(policy, &state, outcome, INT64_MAX, random, &delay), CL_RETRY_GO);
    assert_int_equal(state.retries, retries + 1);
    return delay;
}

/* Nothing is written, nothing is counted. */
static void expect_stop(const cl_retry_policy *policy, cl_retry_state before, const cl_retry_outcome *outcome,
                        int64_t rest_ms, int32_t expected)
{
    cl_retry_state state = before;
    int64_t delay = 4242;

    assert_int_equal(cl_retry_decide(policy, &state, outcome, rest_ms, 0, &delay), expected);
    assert_int_equal(delay, 4242);
    assert_int_equal(state.retries, before.retries);
    assert_int_equal(state.overload_retries, before.overload_retries);
}

/* ---- numbers ---- */

__extension__ typedef unsigned __int128 wide;

static void test_shares_and_chance(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        int64_t value = (int64_t)(next_random(&seed) >> (1 + next_random(&seed) % 63));
        int64_t parts = (int64_t)(next_random(&seed) >> (1 + next_random(&seed) % 63));
        uint64_t random = next_random(&seed);
        wide expected;
        if (i % 7 == 0)
            value = cl_clamp(random_extreme(&seed), 0, INT64_MAX);
        if (i % 7 == 1)
            parts = cl_clamp(random_extreme(&seed), 0, INT64_MAX);
        expected = (wide)value * (wide)parts / 1000;
        assert_true(cl_share(value, parts) == (expected > INT64_MAX ? INT64_MAX : (int64_t)expected));
        assert_true(cl_chance(random, value) == (int64_t)((wide)random * ((wide)value + 1) >> 64));
    }
    assert_int_equal(cl_share(INT64_MAX, 1000), INT64_MAX);
    assert_int_equal(cl_share(INT64_MAX - 1, 1000), INT64_MAX - 1);
    assert_int_equal(cl_chance(UINT64_MAX, INT64_MAX), INT64_MAX);
    assert_int_equal(cl_chance(0, INT64_MAX), 0);
    assert_int_equal(cl_chance(UINT64_MAX, 0), 0);
}

/* ---- waits of our own ---- */

static void test_backoff_grows_to_its_limit(void **state)
{
    static const int64_t expected[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    cl_retry_policy policy = plain;

    (void)state;
    for (int32_t i = 0; i < 7; i++)
        assert_int_equal(wait_of(&policy, i, &failure, 12345), expected[i]);
    policy.multiplier = 1500;
    assert_int_equal(wait_of(&policy, 1, &failure, 0), 750);
    assert_int_equal(wait_of(&policy, 2, &failure, 0), 1125);
    assert_int_equal(wait_of(&policy, 3, &failure, 0), 1687);
    policy.multiplier = 1000;
    assert_int_equal(wait_of(&policy, 9, &failure, 0), 500);
    policy.multiplier = 500;
    assert_int_equal(wait_of(&policy, 9, &failure, 0), 500);
    /* Where whole milliseconds would never grow. */
    policy.initial_delay_ms = 1;
    policy.multiplier = 1100;
    assert_int_equal(wait_of(&policy, 7, &failure, 0), 1);
    assert_int_equal(wait_of(&policy, 8, &failure, 0), 2);
    /* A first wait above the limit. */
    policy.initial_delay_ms = 9000;
    assert_int_equal(wait_of(&policy, 0, &failure, 0), 8000);
    policy.initial_delay_ms = 0;
    assert_int_equal(wait_of(&policy, 5, &failure, UINT64_MAX), 0);
}

static void test_jitter_is_a_share_of_the_wait(void **state)
{
    cl_retry_policy policy = plain;

    (void)state;
    policy.jitter = 1000;
    assert_int_equal(wait_of(&policy, 2, &failure, 0), 2000);
    assert_int_equal(wait_of(&policy, 2, &failure, UINT64_MAX / 2), 1000);
    assert_int_equal(wait_of(&policy, 2, &failure, UINT64_MAX), 0);
    policy.jitter = 250;
    assert_int_equal(wait_of(&policy, 2, &failure, 0), 2000);
    assert_int_equal(wait_of(&policy, 2, &failure, UINT64_MAX), 1500);
    /* Of the limited wait, not limited afterwards: the longest waits are spread, too. */
    assert_int_equal(wait_of(&policy, 9, &failure, UINT64_MAX), 6000);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/*
 * 10,000 waits against the uniform distribution on [low, high], by Kolmogorov-Smirnov and by chi-square in 100 classes.
 * One in a thousand right generators would fail either; the seed is fixed, so this one does not.
 */
static void expect_uniform(const cl_retry_policy *policy, int32_t retries, int64_t low, int64_t high)
{
    enum { N = 10000, CLASSES = 100 };
    static int64_t waits[N];
    int64_t counts[CLASSES] = {0};
    uint64_t seed = 20240601;
    double most = 0;
    double chi = 0;

    for (size_t i = 0; i < N; i++) {
        waits[i] = wait_of(policy, retries, &failure, next_random(&seed));
        assert_in_range(waits[i], low, high);
        counts[(waits[i] - low) * CLASSES / (high - low + 1)]++;
    }
    qsort(waits, N, sizeof waits[0], compare);
    for (size_t i = 0; i < N; i++) {
        double below = ((double)(waits[i] - low) + 0.5) / (double)(high - low + 1);
        double first = below - (double)i / N;
        double second = (double)(i + 1) / N - below;
        most = first > most ? first : most;
        most = second > most ? second : most;
    }
    assert_true(most < 1.95 / 100); /* over the root of N */
    for (size_t i = 0; i < CLASSES; i++) {
        double off = (double)counts[i] - (double)N / CLASSES;
        chi += off * off / ((double)N / CLASSES);
    }
    assert_true(chi < 148.2 && chi > 60.6); /* 99 degrees of freedom; too even would be as suspicious */
}

static void test_waits_are_uniform(void **state)
{
    cl_retry_policy policy = plain;

    (void)state;
    policy.max_delay_ms = 79999;
    policy.initial_delay_ms = 9999;
    policy.jitter = 1000;
    expect_uniform(&policy, 0, 0, 9999);
    expect_uniform(&policy, 9, 0, 79999);
    policy.max_delay_ms = 7996;
    policy.jitter = 250;
    expect_uniform(&policy, 9, 5997, 7996);
}

/* ---- waits that the server asks for ---- */

static cl_retry_outcome asks(int64_t retry_after_ms)
{
    cl_retry_outcome outcome = failure;

    outcome.retry_after_ms = retry_after_ms;
    return outcome;
}

static void test_the_servers_wait_is_kept(void **state)
{
    static const cl_retry_state first = {0, 0};
    cl_retry_policy policy = plain;
    cl_retry_outcome outcome;
    uint64_t seed = 2;

    (void)state;
    for (int64_t ms = 1; ms <= 60000; ms += ms < 20 ? 1 : 997) {
        outcome = asks(ms);
        assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), ms);
    }
    /* Longer than our own longest wait, but not than what is allowed. */
    outcome = asks(60000);
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 60000);
    outcome = asks(60001);
    expect_stop(&policy, first, &outcome, INT64_MAX, CL_RETRY_SERVER_DELAY);
    outcome = asks(INT64_MAX);
    expect_stop(&policy, first, &outcome, INT64_MAX, CL_RETRY_SERVER_DELAY);
    /* "At once" is an allowance: our own wait. */
    outcome = asks(0);
    assert_int_equal(wait_of(&policy, 2, &outcome, 0), 2000);
    outcome = asks(INT64_MIN);
    assert_int_equal(wait_of(&policy, 2, &outcome, 0), 2000);
    policy.max_server_delay_ms = 0;
    outcome = asks(0);
    assert_int_equal(wait_of(&policy, 2, &outcome, 0), 2000);
    outcome = asks(1);
    expect_stop(&policy, first, &outcome, INT64_MAX, CL_RETRY_SERVER_DELAY);
    policy.max_server_delay_ms = -1;
    outcome = asks(0);
    assert_int_equal(wait_of(&policy, 2, &outcome, 0), 2000);
    policy.max_server_delay_ms = INT64_MAX;
    outcome = asks(INT64_MAX);
    assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), INT64_MAX);
    /* Never earlier, whatever chance says, and a little later at most. */
    policy = plain;
    policy.jitter = 1000;
    for (int i = 0; i < 10000; i++) {
        int64_t ms = 1 + random_below(&seed, 59000);
        int64_t most = ms < 500 ? ms / 10 : 50;
        outcome = asks(ms);
        assert_in_range(wait_of(&policy, 0, &outcome, next_random(&seed)), ms, ms + most);
    }
}

static void test_a_fleet_does_not_come_back_at_once(void **state)
{
    cl_retry_policy policy = plain;
    cl_retry_outcome outcome = asks(20000);
    cl_retry_state first = {0, 0};
    int64_t delay = 0;

    (void)state;
    policy.jitter = 1000;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 20000);
    assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), 20050);
    policy.jitter = 500;
    assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), 20025);
    outcome = asks(100);
    assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), 105);
    /* Not over what the server may ask for, nor over the deadline. */
    policy.jitter = 1000;
    outcome = asks(59990);
    assert_int_equal(wait_of(&policy, 0, &outcome, UINT64_MAX), 60000);
    assert_int_equal(cl_retry_decide(&policy, &first, &outcome, 59993, UINT64_MAX, &delay), CL_RETRY_GO);
    assert_int_equal(delay, 59992);
    first.retries = 0;
    assert_int_equal(cl_retry_decide(&policy, &first, &outcome, 59991, UINT64_MAX, &delay), CL_RETRY_GO);
    assert_int_equal(delay, 59990);
}

static void test_waiting_for_the_reset(void **state)
{
    static const cl_retry_state first = {0, 0};
    cl_retry_policy policy = plain;
    cl_retry_outcome outcome = failure;

    (void)state;
    outcome.reset_ms = 30000;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 500);
    policy.wait_for_reset = true;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 30000);
    outcome.reset_ms = 60001;
    expect_stop(&policy, first, &outcome, INT64_MAX, CL_RETRY_SERVER_DELAY);
    expect_stop(&policy, first, &outcome, 10, CL_RETRY_SERVER_DELAY);
    /* Unknown, or full already. */
    outcome.reset_ms = -1;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 500);
    outcome.reset_ms = 0;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 500);
    /* The server's word comes first. */
    outcome.reset_ms = 30000;
    outcome.retry_after_ms = 7;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 7);
    outcome.retry_after_ms = 0;
    assert_int_equal(wait_of(&policy, 0, &outcome, 0), 500);
}

/* ---- the end of trying ---- */

static void test_why_there_is_no_retry(void **state)
{
    cl_retry_policy policy = plain;
    cl_retry_outcome outcome = failure;
    cl_retry_state at = {0, 0};
    int64_t delay = 0;

    (void)state;
    policy.max_retries = 3;
    policy.max_overload_retries = 1;
    outcome.retryable = false;
    expect_stop(&policy, at, &outcome, INT64_MAX, CL_RETRY_NOT_RETRYABLE);
    outcome.retryable = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(cl_retry_decide(&policy, &at, &outcome, INT64_MAX, 0, &delay), CL_RETRY_GO);
    assert_int_equal(at.retries, 3);
    assert_int_equal(at.overload_retries, 0);
    expect_stop(&policy, at, &outcome, INT64_MAX, CL_RETRY_MAX_RETRIES);
    /* Overload has a limit of its own within that; other failures go on. */
    at = (cl_retry_state){0, 0};
    outcome.overloaded = true;
    assert_int_equal(cl_retry_decide(&policy, &at, &outcome, INT64_MAX, 0, &delay), CL_RETRY_GO);
    assert_int_equal(at.retries, 1);
    assert_int_equal(at.overload_retries, 1);
    expect_stop(&policy, at, &outcome, INT64_MAX, CL_RETRY_OVERLOADED);
    assert_int_equal(cl_retry_decide(&policy, &at, &failure, INT64_MAX, 0, &delay), CL_RETRY_GO);
    assert_int_equal(at.retries, 2);
    assert_int_equal(at.overload_retries, 1);
    policy.max_overload_retries = 0;
    expect_stop(&policy, (cl_retry_state){0, 0}, &outcome, INT64_MAX, CL_RETRY_OVERLOADED);
    policy.max_retries = 0;
    expect_stop(&policy, (cl_retry_state){0, 0}, &failure, INT64_MAX, CL_RETRY_MAX_RETRIES);
}

static void test_the_wait_ends_before_the_deadline(void **state)
{
    cl_retry_state at = {0, 0};
    cl_retry_outcome outcome = asks(1000);
    cl_retry_policy policy = plain;
    int64_t delay = 0;

    (void)state;
    expect_stop(&plain, at, &failure, 500, CL_RETRY_DEADLINE);
    expect_stop(&plain, at, &outcome, 1000, CL_RETRY_DEADLINE);
    expect_stop(&plain, at, &failure, 0, CL_RETRY_DEADLINE);
    expect_stop(&plain, at, &failure, -1, CL_RETRY_DEADLINE);
    expect_stop(&plain, at, &outcome, INT64_MIN, CL_RETRY_DEADLINE);
    assert_int_equal(cl_retry_decide(&plain, &at, &failure, 501, 0, &delay), CL_RETRY_GO);
    assert_int_equal(delay, 500);
    assert_int_equal(cl_retry_decide(&plain, &at, &outcome, 1001, UINT64_MAX, &delay), CL_RETRY_GO);
    assert_int_equal(delay, 1000);
    /* No time left is no time, even for a wait of none. */
    policy.initial_delay_ms = 0;
    at.retries = 0;
    expect_stop(&policy, at, &failure, 0, CL_RETRY_DEADLINE);
}

static void test_names(void **state)
{
    static const char *const names[] = {
        "", "not_retryable", "max_retries", "max_overload_retries", "server_delay", "deadline", "budget", "committed"};

    (void)state;
    for (int32_t i = CL_RETRY_GO; i <= CL_RETRY_COMMITTED; i++)
        assert_string_equal(cl_retry_stop_name(i), names[i]);
    assert_string_equal(cl_retry_stop_name(-1), "");
    assert_string_equal(cl_retry_stop_name(INT32_MAX), "");
}

/* Nothing overflows (the sanitizer looks), and what holds always holds here, too. */
static void test_extreme_numbers(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < 300000; i++) {
        cl_retry_policy policy = {
            .max_retries = random_below(&seed, 8) ? INT32_MAX : (int32_t)random_extreme(&seed),
            .max_overload_retries = random_below(&seed, 8) ? INT32_MAX : (int32_t)random_extreme(&seed),
            .initial_delay_ms = random_extreme(&seed),
            .max_delay_ms = random_extreme(&seed),
            .multiplier = random_extreme(&seed),
            .jitter = random_extreme(&seed),
            .max_server_delay_ms = random_extreme(&seed),
            .wait_for_reset = random_below(&seed, 2) == 0,
        };
        cl_retry_outcome outcome = {true, random_below(&seed, 2) == 0, random_extreme(&seed), random_extreme(&seed)};
        cl_retry_state at = {(int32_t)random_below(&seed, 40), 0};
        uint64_t random = random_below(&seed, 3) ? next_random(&seed) : random_below(&seed, 2) ? 0 : UINT64_MAX;
        int64_t rest_ms = random_extreme(&seed);
        int64_t delay = -1;
        bool asked = outcome.retry_after_ms > 0;
        if (i % 1000 == 0)
            at.retries = INT32_MAX - 1;
        if (cl_retry_decide(&policy, &at, &outcome, rest_ms, random, &delay) != CL_RETRY_GO)
            continue;
        assert_true(delay >= 0);
        assert_true(rest_ms == INT64_MAX || delay < rest_ms);
        if (asked)
            assert_true(delay >= outcome.retry_after_ms && delay <= policy.max_server_delay_ms);
        else if (outcome.retry_after_ms == 0 || !policy.wait_for_reset || outcome.reset_ms <= 0)
            assert_true(delay <= (policy.max_delay_ms > 0 ? policy.max_delay_ms : 0));
        else
            assert_true(delay >= outcome.reset_ms && delay <= policy.max_server_delay_ms);
    }
}

/* ---- the budget ---- */

static void test_budget(void **state)
{
    cl_retry_budget budget;

    (void)state;
    cl_retry_budget_init(&budget, 12);
    assert_int_equal(cl_retry_budget_left(&budget), 12);
    assert_true(cl_retry_budget_take(&budget, 5));
    assert_true(cl_retry_budget_take(&budget, 5));
    assert_false(cl_retry_budget_take(&budget, 5));
    assert_int_equal(cl_retry_budget_left(&budget), 2);
    assert_false(cl_retry_budget_take(&budget, 3));
    assert_true(cl_retry_budget_take(&budget, 2));
    assert_int_equal(cl_retry_budget_left(&budget), 0);
    assert_false(cl_retry_budget_take(&budget, 1));
    assert_true(cl_retry_budget_take(&budget, 0));
    cl_retry_budget_pay_back(&budget, 5);
    assert_int_equal(cl_retry_budget_left(&budget), 5);
    cl_retry_budget_pay_back(&budget, 7);
    assert_int_equal(cl_retry_budget_left(&budget), 12);
    cl_retry_budget_pay_back(&budget, 1);
    assert_int_equal(cl_retry_budget_left(&budget), 12);
    /* Never more than there was, and never less for being paid back. */
    assert_true(cl_retry_budget_take(&budget, 5));
    cl_retry_budget_pay_back(&budget, 0);
    cl_retry_budget_pay_back(&budget, -3);
    cl_retry_budget_pay_back(&budget, INT64_MIN);
    assert_int_equal(cl_retry_budget_left(&budget), 7);
    cl_retry_budget_pay_back(&budget, 6);
    assert_int_equal(cl_retry_budget_left(&budget), 12);
    assert_true(cl_retry_budget_take(&budget, 5));
    cl_retry_budget_pay_back(&budget, INT64_MAX);
    assert_int_equal(cl_retry_budget_left(&budget), 12);
}

static void test_budget_without_limit(void **state)
{
    cl_retry_budget budget;

    (void)state;
    for (int64_t max = 0; max >= -1; max--) {
        cl_retry_budget_init(&budget, max);
        for (int i = 0; i < 10; i++)
            assert_true(cl_retry_budget_take(&budget, INT64_MAX));
        cl_retry_budget_pay_back(&budget, 5);
        assert_int_equal(cl_retry_budget_left(&budget), INT64_MAX);
    }
}

static void test_budget_of_extreme_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXTREMES; i++) {
        for (size_t j = 0; j < EXTREMES; j++) {
            cl_retry_budget budget;
            int64_t max = extremes[i] > 0 ? extremes[i] : INT64_MAX;
            cl_retry_budget_init(&budget, extremes[i]);
            assert_true(cl_retry_budget_take(&budget, extremes[j]) == (extremes[i] <= 0 || extremes[j] <= max));
            assert_in_range(cl_retry_budget_left(&budget), 0, max);
            cl_retry_budget_pay_back(&budget, extremes[j]);
            assert_int_equal(cl_retry_budget_left(&budget), max);
        }
    }
}

enum { TAKERS = 8, TAKES = 20000 };

typedef struct taker {
    pthread_t thread;
    cl_retry_budget *budget;
    int64_t spent;
} taker;

static void *take_and_pay(void *argument)
{
    taker *t = argument;

    for (int i = 0; i < TAKES; i++) {
        if (cl_retry_budget_take(t->budget, 5))
            t->spent += 5;
        if (i % 3 == 0 && t->spent >= 5) {
            cl_retry_budget_pay_back(t->budget, 5);
            t->spent -= 5;
        }
    }
    return NULL;
}

/* Nothing is spent twice, and nothing is lost. */
static void test_budget_among_threads(void **state)
{
    cl_retry_budget budget;
    taker takers[TAKERS];
    int64_t spent = 0;

    (void)state;
    cl_retry_budget_init(&budget, 500);
    for (size_t i = 0; i < TAKERS; i++) {
        takers[i] = (taker){.budget = &budget};
        assert_int_equal(pthread_create(&takers[i].thread, NULL, take_and_pay, &takers[i]), 0);
    }
    for (size_t i = 0; i < TAKERS; i++) {
        pthread_join(takers[i].thread, NULL);
        spent += takers[i].spent;
    }
    assert_int_equal(cl_retry_budget_left(&budget) + spent, 500);
    assert_in_range(spent, 0, 500);
}

/* ---- a storm ---- */

typedef struct storm {
    int64_t calls;
    int64_t attempts;
    int64_t succeeded;
} storm;

/* Calls one after the other, all the options at their defaults; the server is well for a share of the attempts. */
static storm blow(cl_retry_budget *budget, int64_t calls, int64_t well, uint64_t *seed)
{
    cl_retry_policy policy = plain;
    cl_retry_outcome outcome = failure;
    storm s = {calls, 0, 0};

    policy.max_retries = 3;
    policy.jitter = 1000;
    outcome.overloaded = true;
    for (int64_t i = 0; i < calls; i++) {
        cl_retry_state at = {0, 0};
        int64_t delay = 0;
        for (;;) {
            s.attempts++;
            if (random_below(seed, 1000) < well) {
                cl_retry_budget_pay_back(budget, at.retries > 0 ? 5 : 1);
                s.succeeded++;
                break;
            }
            if (cl_retry_decide(&policy, &at, &outcome, 300000, next_random(seed), &delay) != CL_RETRY_GO ||
                !cl_retry_budget_take(budget, 5))
                break;
        }
    }
    return s;
}

static void test_a_storm_is_held_by_the_budget(void **state)
{
    cl_retry_budget budget;
    uint64_t seed = 4;
    storm s;

    (void)state;
    cl_retry_budget_init(&budget, 500);
    s = blow(&budget, 10000, 0, &seed);
    assert_int_equal(s.attempts, 10000 + 500 / 5);
    assert_true(s.attempts <= s.calls * 11 / 10 + 500);
    assert_int_equal(cl_retry_budget_left(&budget), 0);
    /* Well again: what failures have spent, successes give back. */
    s = blow(&budget, 500, 1000, &seed);
    assert_int_equal(s.attempts, 500);
    assert_int_equal(cl_retry_budget_left(&budget), 500);
    /* A server that is seldom well: each success pays for one retry at most, beyond what there was to spend. */
    s = blow(&budget, 10000, 50, &seed);
    assert_true(s.attempts - s.calls <= s.succeeded + 500 / 5);
    assert_true(s.attempts <= s.calls * 11 / 10 + 500);
    /* Without a budget each call would have made all its retries. */
    cl_retry_budget_init(&budget, 0);
    s = blow(&budget, 10000, 0, &seed);
    assert_int_equal(s.attempts, 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_and_chance),
        cmocka_unit_test(test_backoff_grows_to_its_limit),
        cmocka_unit_test(test_jitter_is_a_share_of_the_wait),
        cmocka_unit_test(test_waits_are_uniform),
        cmocka_unit_test(test_the_servers_wait_is_kept),
        cmocka_unit_test(test_a_fleet_does_not_come_back_at_once),
        cmocka_unit_test(test_waiting_for_the_reset),
        cmocka_unit_test(test_why_there_is_no_retry),
        cmocka_unit_test(test_the_wait_ends_before_the_deadline),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_extreme_numbers),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_budget_without_limit),
        cmocka_unit_test(test_budget_of_extreme_numbers),
        cmocka_unit_test(test_budget_among_threads),
        cmocka_unit_test(test_a_storm_is_held_by_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
