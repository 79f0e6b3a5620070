/* The circuit breaker: its states, its counts, its clock, and many threads. What is proved is in test_breaker_model.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reliability/breaker.h"
#include "testing.h"

enum { S = CL_BREAKER_SUCCESS, F = CL_BREAKER_FAILURE, N = CL_BREAKER_NEUTRAL };

static const cl_breaker_settings defaults = {
    .failure_threshold = 5,
    .open_ms = 60000,
    .open_multiplier = 1000,
    .max_open_ms = 300000,
    .jitter = 0,
    .success_threshold = 1,
    .window_ms = 0,
    .failure_rate = 500,
    .minimum_calls = 20,
    .probe_lease_ms = 60000,
};

static claude_breaker_t *make(const cl_breaker_settings *settings)
{
    claude_breaker_t *breaker = NULL;

    assert_int_equal(cl_breaker_new(settings, &breaker, NULL), CLAUDE_OK);
    return breaker;
}

static uint64_t let_through(claude_breaker_t *breaker, int64_t now)
{
    int64_t left = -1;
    uint64_t permit = cl_breaker_allow(breaker, now, &left);

    assert_true(permit != 0);
    assert_int_equal(left, 0);
    return permit;
}

/* How long it is until it is worth asking again. */
static int64_t refused(claude_breaker_t *breaker, int64_t now)
{
    int64_t left = -1;

    assert_true(cl_breaker_allow(breaker, now, &left) == 0);
    assert_true(left > 0);
    assert_int_equal(cl_breaker_left_ms(breaker, now), left);
    return left;
}

static cl_breaker_counters counters(claude_breaker_t *breaker)
{
    cl_breaker_counters found;

    cl_breaker_counters_of(breaker, &found);
    return found;
}

/* It says whether it has opened the breaker. */
static void record(claude_breaker_t *breaker, uint64_t permit, int32_t what, int64_t now)
{
    int64_t before = counters(breaker).opened;
    bool opened = cl_breaker_record(breaker, permit, what, now, 0);

    assert_int_equal(opened, counters(breaker).opened - before);
}

/* A call that ends at once. */
static void call(claude_breaker_t *breaker, int32_t what, int64_t now)
{
    record(breaker, let_through(breaker, now), what, now);
}

static void fail_times(claude_breaker_t *breaker, int64_t times, int64_t now)
{
    for (int64_t i = 0; i < times; i++)
        call(breaker, F, now);
}

static void expect_state(claude_breaker_t *breaker, int64_t now, int32_t state)
{
    assert_string_equal(cl_breaker_state_name(cl_breaker_state(breaker, now)), cl_breaker_state_name(state));
}

/* ---- states ---- */

static void test_closed_open_half_open_closed(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t probe;

    (void)state;
    expect_state(breaker, 1000, CL_BREAKER_CLOSED);
    fail_times(breaker, 4, 1000);
    expect_state(breaker, 1000, CL_BREAKER_CLOSED);
    assert_int_equal(cl_breaker_left_ms(breaker, 1000), 0);
    call(breaker, F, 1000);
    expect_state(breaker, 1000, CL_BREAKER_OPEN);
    assert_int_equal(refused(breaker, 1000), 60000);
    assert_int_equal(refused(breaker, 60999), 1);
    expect_state(breaker, 60999, CL_BREAKER_OPEN);
    expect_state(breaker, 61000, CL_BREAKER_HALF_OPEN);
    assert_int_equal(cl_breaker_left_ms(breaker, 61000), 0);
    probe = let_through(breaker, 61000);
    expect_state(breaker, 61000, CL_BREAKER_HALF_OPEN);
    assert_int_equal(refused(breaker, 61100), 59900);
    record(breaker, probe, S, 61200);
    expect_state(breaker, 61200, CL_BREAKER_CLOSED);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    fail_times(breaker, 4, 61300);
    expect_state(breaker, 61300, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
}

static void test_a_success_ends_the_row(void **state)
{
    claude_breaker_t *breaker = make(&defaults);

    (void)state;
    for (int i = 0; i < 10; i++) {
        fail_times(breaker, 4, 0);
        call(breaker, S, 0);
    }
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    /* What says nothing does not end it. */
    fail_times(breaker, 4, 0);
    call(breaker, N, 0);
    assert_int_equal(counters(breaker).failures_in_a_row, 4);
    call(breaker, F, 0);
    expect_state(breaker, 0, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
}

static void test_a_failed_probe_opens_for_longer(void **state)
{
    static const int64_t expected[] = {60000, 90000, 135000, 202500, 300000, 300000};
    cl_breaker_settings settings = defaults;
    claude_breaker_t *breaker;
    int64_t now = 0;

    (void)state;
    settings.open_multiplier = 1500;
    breaker = make(&settings);
    fail_times(breaker, 5, now);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(refused(breaker, now), expected[i]);
        now += expected[i];
        call(breaker, F, now);
    }
    now += 300000;
    call(breaker, S, now);
    /* Closed for a moment: it begins anew. */
    fail_times(breaker, 5, now);
    assert_int_equal(refused(breaker, now), 60000);
    cl_breaker_unref(breaker);
    /* The limit is one of growth: a longer first time stays. */
    settings.max_open_ms = 10;
    breaker = make(&settings);
    fail_times(breaker, 5, now);
    assert_int_equal(refused(breaker, now), 60000);
    call(breaker, F, now + 60000);
    assert_int_equal(refused(breaker, now + 60000), 60000);
    cl_breaker_unref(breaker);
}

static void test_the_time_open_has_chance_in_it(void **state)
{
    static const struct {
        int64_t jitter;
        uint64_t random;
        int64_t left;
    } cases[] = {
        {0, UINT64_MAX, 60000},       {200, 0, 60000},       {200, UINT64_MAX, 48000},
        {200, UINT64_MAX / 2, 54000}, {1000, UINT64_MAX, 1}, {1000, 0, 60000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cl_breaker_settings settings = defaults;
        claude_breaker_t *breaker;
        settings.jitter = cases[i].jitter;
        settings.failure_threshold = 1;
        breaker = make(&settings);
        cl_breaker_record(breaker, let_through(breaker, 0), F, 0, cases[i].random);
        assert_int_equal(refused(breaker, 0), cases[i].left);
        /* By hand it is exact. */
        cl_breaker_force_open(breaker, 0, 0);
        assert_int_equal(refused(breaker, 0), 60000);
        cl_breaker_unref(breaker);
    }
}

static void test_several_successes_close(void **state)
{
    cl_breaker_settings settings = defaults;
    claude_breaker_t *breaker;

    (void)state;
    settings.success_threshold = 3;
    breaker = make(&settings);
    fail_times(breaker, 5, 0);
    call(breaker, S, 60000);
    call(breaker, S, 60000);
    call(breaker, N, 60000);
    expect_state(breaker, 60000, CL_BREAKER_HALF_OPEN);
    /* A failure in between: from the beginning. */
    call(breaker, F, 60000);
    expect_state(breaker, 60000, CL_BREAKER_OPEN);
    call(breaker, S, 120000);
    call(breaker, S, 120000);
    expect_state(breaker, 120000, CL_BREAKER_HALF_OPEN);
    call(breaker, S, 120000);
    expect_state(breaker, 120000, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
}

/* ---- probes are leases ---- */

static void test_a_lost_probe_loses_its_place(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t lost;
    uint64_t other;

    (void)state;
    fail_times(breaker, 5, 0);
    lost = let_through(breaker, 60000);
    assert_int_equal(refused(breaker, 119999), 1);
    other = let_through(breaker, 120000);
    assert_true(lost != other);
    refused(breaker, 120000);
    /* Late results of the first: nothing, be they good or bad. */
    record(breaker, lost, S, 120001);
    record(breaker, lost, F, 120001);
    record(breaker, lost, N, 120001);
    cl_breaker_probe_alive(breaker, lost, 120001);
    expect_state(breaker, 120001, CL_BREAKER_HALF_OPEN);
    assert_int_equal(refused(breaker, 120001), 59999);
    record(breaker, other, S, 120002);
    expect_state(breaker, 120002, CL_BREAKER_CLOSED);
    record(breaker, lost, F, 120002);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    cl_breaker_unref(breaker);
}

/* Nobody has taken its place, so what it says is the news there is. */
static void test_a_late_probe_counts_while_there_is_no_other(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t probe;

    (void)state;
    fail_times(breaker, 5, 0);
    probe = let_through(breaker, 60000);
    record(breaker, probe, F, 500000);
    assert_int_equal(refused(breaker, 500000), 60000);
    probe = let_through(breaker, 560000);
    record(breaker, probe, S, 1000000);
    expect_state(breaker, 1000000, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
}

static void test_a_neutral_probe_makes_place_at_once(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t probe;

    (void)state;
    fail_times(breaker, 5, 0);
    for (int i = 0; i < 3; i++) {
        probe = let_through(breaker, 60000);
        refused(breaker, 60000);
        record(breaker, probe, i == 0 ? N : i == 1 ? 0 : 4711, 60000);
        expect_state(breaker, 60000, CL_BREAKER_HALF_OPEN);
        /* Once. */
        record(breaker, probe, F, 60000);
        expect_state(breaker, 60000, CL_BREAKER_HALF_OPEN);
    }
    let_through(breaker, 60000);
    assert_int_equal(counters(breaker).neutral, 3);
    assert_int_equal(counters(breaker).probes, 4);
    cl_breaker_unref(breaker);
}

static void test_a_probe_that_is_alive(void **state)
{
    cl_breaker_settings settings = defaults;
    claude_breaker_t *breaker;
    uint64_t first;
    uint64_t second;

    (void)state;
    settings.success_threshold = 2;
    settings.failure_threshold = 2;
    breaker = make(&settings);
    fail_times(breaker, 2, 0);
    first = let_through(breaker, 60000);
    cl_breaker_probe_alive(breaker, first, 60001);
    cl_breaker_probe_alive(breaker, first, 60001); /* counts once */
    expect_state(breaker, 60001, CL_BREAKER_HALF_OPEN);
    assert_int_equal(counters(breaker).successes, 1);
    second = let_through(breaker, 60002);
    refused(breaker, 60002);
    cl_breaker_probe_alive(breaker, second, 60003);
    expect_state(breaker, 60003, CL_BREAKER_CLOSED);
    /* They end well: that has been counted. Or badly: a failure among others. */
    record(breaker, first, S, 60004);
    assert_int_equal(counters(breaker).successes, 2);
    record(breaker, first, F, 60004);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    record(breaker, second, F, 60005);
    assert_int_equal(counters(breaker).failures_in_a_row, 1);
    record(breaker, second, F, 60005);
    assert_int_equal(counters(breaker).failures_in_a_row, 1);
    call(breaker, F, 60006);
    expect_state(breaker, 60006, CL_BREAKER_OPEN);
    /* One that was alive and fails while others probe. */
    first = let_through(breaker, 120006);
    cl_breaker_probe_alive(breaker, first, 120006);
    second = let_through(breaker, 120006);
    record(breaker, first, F, 120007);
    expect_state(breaker, 120007, CL_BREAKER_OPEN);
    record(breaker, second, S, 120007);
    expect_state(breaker, 120007, CL_BREAKER_OPEN);
    cl_breaker_probe_alive(breaker, second, 120007);
    expect_state(breaker, 120007, CL_BREAKER_OPEN);
    /* Neither in a later life. */
    call(breaker, S, 180007);
    call(breaker, S, 180007);
    expect_state(breaker, 180007, CL_BREAKER_CLOSED);
    record(breaker, first, F, 180007);
    record(breaker, second, F, 180007);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    cl_breaker_unref(breaker);
}

/* How many probes back one may be that was alive and fails. */
static void test_so_many_are_remembered_as_alive(void **state)
{
    (void)state;
    for (int more = 63; more <= 64; more++) {
        cl_breaker_settings settings = defaults;
        claude_breaker_t *breaker;
        uint64_t first;
        settings.success_threshold = 1000;
        breaker = make(&settings);
        fail_times(breaker, 5, 0);
        first = let_through(breaker, 60000);
        cl_breaker_probe_alive(breaker, first, 60000);
        for (int i = 0; i < more; i++)
            call(breaker, S, 60000);
        record(breaker, first, F, 60000);
        expect_state(breaker, 60000, more == 63 ? CL_BREAKER_OPEN : CL_BREAKER_HALF_OPEN);
        cl_breaker_unref(breaker);
    }
}

static void test_alive_is_for_probes(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t permit = let_through(breaker, 0);
    cl_breaker_counters before = counters(breaker);
    cl_breaker_counters after;

    (void)state;
    cl_breaker_probe_alive(breaker, permit, 0);
    cl_breaker_probe_alive(breaker, 0, 0);
    cl_breaker_probe_alive(breaker, UINT64_MAX, 0);
    after = counters(breaker);
    assert_memory_equal(&before, &after, sizeof before);
    fail_times(breaker, 5, 0);
    cl_breaker_probe_alive(breaker, 0, 0);
    cl_breaker_probe_alive(breaker, permit, 0);
    expect_state(breaker, 0, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
}

/* ---- permits of another time ---- */

static void test_permits_of_another_time_change_nothing(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t old[5];
    uint64_t probe;
    cl_breaker_counters before;
    cl_breaker_counters after;

    (void)state;
    for (int i = 0; i < 5; i++)
        old[i] = let_through(breaker, 0);
    fail_times(breaker, 5, 0);
    before = counters(breaker);
    record(breaker, old[0], F, 1);
    record(breaker, old[1], S, 1);
    for (int32_t what = S; what <= N; what++)
        record(breaker, 0, what, 1);
    assert_int_equal(cl_breaker_left_ms(breaker, 1), 59999);
    probe = let_through(breaker, 60000);
    record(breaker, old[2], S, 60000);
    for (int32_t what = S; what <= N; what++)
        record(breaker, 0, what, 60000);
    expect_state(breaker, 60000, CL_BREAKER_HALF_OPEN);
    refused(breaker, 60000);
    record(breaker, probe, S, 60000);
    record(breaker, old[3], F, 60000);
    record(breaker, old[4], N, 60000);
    record(breaker, probe, F, 60000);
    record(breaker, 0, F, 60000);
    record(breaker, UINT64_MAX, F, 60000);
    after = counters(breaker);
    assert_int_equal(after.failures, before.failures);
    assert_int_equal(after.successes, before.successes + 1);
    assert_int_equal(after.neutral, before.neutral);
    assert_int_equal(after.failures_in_a_row, 0);
    cl_breaker_unref(breaker);
}

/* ---- by hand ---- */

static void test_opened_and_closed_by_hand(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t permit = let_through(breaker, 0);
    uint64_t probe;

    (void)state;
    cl_breaker_force_open(breaker, 5, 0);
    assert_int_equal(refused(breaker, 0), 5);
    assert_int_equal(refused(breaker, 4), 1);
    record(breaker, permit, S, 4);
    expect_state(breaker, 4, CL_BREAKER_OPEN);
    expect_state(breaker, 5, CL_BREAKER_HALF_OPEN);
    probe = let_through(breaker, 5);
    cl_breaker_force_open(breaker, 0, 6);
    assert_int_equal(refused(breaker, 6), 60000);
    cl_breaker_force_open(breaker, -1, 6);
    assert_int_equal(refused(breaker, 6), 60000);
    record(breaker, probe, S, 6);
    expect_state(breaker, 6, CL_BREAKER_OPEN);
    cl_breaker_force_closed(breaker);
    expect_state(breaker, 6, CL_BREAKER_CLOSED);
    record(breaker, probe, F, 6);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    /* It forgets, also when it was closed. */
    fail_times(breaker, 4, 7);
    permit = let_through(breaker, 7);
    cl_breaker_force_closed(breaker);
    record(breaker, permit, F, 7);
    fail_times(breaker, 4, 7);
    expect_state(breaker, 7, CL_BREAKER_CLOSED);
    assert_int_equal(counters(breaker).opened, 3);
    /* For ever is for ever, until it is closed. */
    cl_breaker_force_open(breaker, INT64_MAX, 7);
    assert_true(refused(breaker, INT64_MAX) > 0);
    cl_breaker_force_closed(breaker);
    let_through(breaker, 8);
    cl_breaker_unref(breaker);
}

static void test_opening_by_hand_ends_growth(void **state)
{
    cl_breaker_settings settings = defaults;
    claude_breaker_t *breaker;

    (void)state;
    settings.open_multiplier = 2000;
    breaker = make(&settings);
    fail_times(breaker, 5, 0);
    call(breaker, F, 60000);
    assert_int_equal(refused(breaker, 60000), 120000);
    cl_breaker_force_open(breaker, 0, 60000);
    assert_int_equal(refused(breaker, 60000), 60000);
    call(breaker, F, 120000);
    assert_int_equal(refused(breaker, 120000), 120000);
    cl_breaker_unref(breaker);
}

/* Alive probes, too, belong to the past then. */
static void test_closing_by_hand_forgets_who_is_alive(void **state)
{
    cl_breaker_settings settings = defaults;
    claude_breaker_t *breaker;
    uint64_t probe;

    (void)state;
    settings.success_threshold = 2;
    breaker = make(&settings);
    fail_times(breaker, 5, 0);
    probe = let_through(breaker, 60000);
    cl_breaker_probe_alive(breaker, probe, 60000);
    cl_breaker_force_closed(breaker);
    record(breaker, probe, F, 60000);
    assert_int_equal(counters(breaker).failures_in_a_row, 0);
    cl_breaker_unref(breaker);
}

/* ---- the window ---- */

static cl_breaker_settings windowed(void)
{
    cl_breaker_settings settings = defaults;

    settings.failure_threshold = 1000000;
    settings.window_ms = 1000;
    settings.minimum_calls = 10;
    return settings;
}

static void test_the_share_of_failures_opens(void **state)
{
    cl_breaker_settings settings = windowed();
    claude_breaker_t *breaker = make(&settings);

    (void)state;
    /* Too few calls say nothing. */
    fail_times(breaker, 9, 0);
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    call(breaker, F, 0);
    expect_state(breaker, 0, CL_BREAKER_OPEN);
    /* Opened is forgotten. */
    call(breaker, S, 60000);
    fail_times(breaker, 9, 60000);
    expect_state(breaker, 60000, CL_BREAKER_CLOSED);
    cl_breaker_force_closed(breaker);
    /* Half of them, exactly. */
    for (int i = 0; i < 10; i++)
        call(breaker, S, 60000);
    fail_times(breaker, 9, 60000);
    expect_state(breaker, 60000, CL_BREAKER_CLOSED);
    call(breaker, F, 60000);
    expect_state(breaker, 60000, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
    /* Neutral calls are none; and a success opens nothing, although with it they are enough. */
    breaker = make(&settings);
    fail_times(breaker, 9, 0);
    for (int i = 0; i < 100; i++)
        call(breaker, N, 0);
    call(breaker, S, 0);
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    call(breaker, F, 0);
    expect_state(breaker, 0, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
}

static void test_the_window_rolls(void **state)
{
    cl_breaker_settings settings = windowed();
    claude_breaker_t *breaker = make(&settings);

    (void)state;
    /* 100 ms apart: never more than ten within the window, and five of them failed is half. */
    for (int64_t i = 0; i < 200; i++)
        call(breaker, i % 5 < 2 ? F : S, i * 100);
    expect_state(breaker, 20000, CL_BREAKER_CLOSED);
    cl_breaker_force_closed(breaker);
    fail_times(breaker, 9, 20000);
    call(breaker, F, 20999); /* the tenth within the window */
    expect_state(breaker, 20999, CL_BREAKER_OPEN);
    cl_breaker_force_closed(breaker);
    fail_times(breaker, 9, 30000);
    call(breaker, F, 31000); /* they are as old as it by now */
    expect_state(breaker, 31000, CL_BREAKER_CLOSED);
    /* And after a long time there is nothing left at all. */
    fail_times(breaker, 8, 31000);
    call(breaker, F, 31000 + 28800000);
    expect_state(breaker, 31000 + 28800000, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
}

/* Calls of minutes with a window of a second: they count when they end. */
static void test_calls_longer_than_the_window(void **state)
{
    cl_breaker_settings settings = windowed();
    claude_breaker_t *breaker = make(&settings);
    uint64_t permits[10];

    (void)state;
    for (int i = 0; i < 10; i++)
        permits[i] = let_through(breaker, i * 1000);
    for (int i = 0; i < 10; i++) {
        expect_state(breaker, 600000, CL_BREAKER_CLOSED);
        record(breaker, permits[i], F, 600000 + i * 90);
    }
    expect_state(breaker, 600810, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
}

static void test_small_windows_and_clocks_below_zero(void **state)
{
    (void)state;
    for (int64_t window = 1; window < 40; window++) {
        for (int64_t now = -100; now < 100; now += 7) {
            cl_breaker_settings settings = windowed();
            claude_breaker_t *breaker;
            settings.window_ms = window;
            settings.minimum_calls = 2;
            breaker = make(&settings);
            call(breaker, F, now);
            expect_state(breaker, now, CL_BREAKER_CLOSED);
            /* Ten slots of a whole number of milliseconds hold the window, and less than ten more. */
            call(breaker, F, now + (window + 9) / 10 * 10);
            expect_state(breaker, now, CL_BREAKER_CLOSED);
            call(breaker, F, now + (window + 9) / 10 * 10 + (window - 1) / 10);
            assert_int_equal(cl_breaker_state(breaker, now + 100), CL_BREAKER_OPEN);
            cl_breaker_unref(breaker);
        }
    }
}

/* A thread that looked at the clock before another, and came after it. */
static void test_a_late_caller_counts_in_the_window(void **state)
{
    cl_breaker_settings settings = windowed();
    claude_breaker_t *breaker;

    (void)state;
    settings.minimum_calls = 3;
    breaker = make(&settings);
    call(breaker, F, 5000);
    call(breaker, F, 4850);
    call(breaker, F, 5000);
    expect_state(breaker, 5000, CL_BREAKER_OPEN);
    cl_breaker_force_closed(breaker);
    /* A clock that went back for good: what was counted is of another time. */
    call(breaker, F, 5000);
    call(breaker, F, 5000);
    call(breaker, F, 10);
    expect_state(breaker, 10, CL_BREAKER_CLOSED);
    call(breaker, F, 20);
    call(breaker, F, 30);
    expect_state(breaker, 30, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
}

/* ---- clocks ---- */

/* The machine slept for eight hours: one probe, not many; and the probe that slept with it has lost its place. */
static void test_eight_hours_of_sleep(void **state)
{
    enum { HOURS = 8 * 3600 * 1000 };
    claude_breaker_t *breaker = make(&defaults);
    uint64_t probe;

    (void)state;
    fail_times(breaker, 5, 0);
    probe = let_through(breaker, HOURS);
    for (int i = 0; i < 64; i++)
        assert_int_equal(refused(breaker, HOURS), 60000);
    let_through(breaker, HOURS + (int64_t)HOURS);
    for (int i = 0; i < 64; i++)
        refused(breaker, HOURS + (int64_t)HOURS);
    record(breaker, probe, S, HOURS + (int64_t)HOURS);
    expect_state(breaker, HOURS + (int64_t)HOURS, CL_BREAKER_HALF_OPEN);
    assert_int_equal(counters(breaker).probes, 2);
    cl_breaker_unref(breaker);
}

static void test_a_clock_that_goes_back_does_not_hold(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    uint64_t probe;

    (void)state;
    fail_times(breaker, 5, 1000000);
    assert_int_equal(refused(breaker, 1000000), 60000);
    assert_int_equal(refused(breaker, 10), 60000);
    probe = let_through(breaker, 60010);
    assert_int_equal(refused(breaker, 60005), 5); /* open again, for those behind */
    assert_int_equal(refused(breaker, 20), 59990);
    probe = let_through(breaker, 120010);
    assert_int_equal(refused(breaker, 120010), 60000);
    record(breaker, probe, S, 0);
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
}

static void test_extreme_numbers(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        cl_breaker_settings settings = {
            random_extreme(&seed), random_extreme(&seed), random_extreme(&seed), random_extreme(&seed),
            random_extreme(&seed), random_extreme(&seed), random_extreme(&seed), random_extreme(&seed),
            random_extreme(&seed), random_extreme(&seed),
        };
        claude_breaker_t *breaker = make(&settings);
        uint64_t permits[4] = {0, 0, 0, 0};
        for (int j = 0; j < 40; j++) {
            int64_t now = random_extreme(&seed);
            int64_t left = -1;
            size_t at = (size_t)random_below(&seed, 4);
            switch (random_below(&seed, 8)) {
            case 0:
            case 1:
            case 2:
                permits[at] = cl_breaker_allow(breaker, now, &left);
                assert_true(permits[at] ? left == 0 : left > 0);
                break;
            case 3:
                cl_breaker_probe_alive(breaker, permits[at], now);
                break;
            case 4:
                cl_breaker_force_open(breaker, random_extreme(&seed), now);
                break;
            default:
                cl_breaker_record(breaker, permits[at], (int32_t)random_below(&seed, 5), now, next_random(&seed));
                break;
            }
            assert_in_range(cl_breaker_state(breaker, now), CL_BREAKER_CLOSED, CL_BREAKER_HALF_OPEN);
            assert_true(cl_breaker_left_ms(breaker, now) >= 0);
        }
        cl_breaker_unref(breaker);
    }
}

/* Out of range is the nearest that is within. */
static void test_settings_out_of_range(void **state)
{
    static const cl_breaker_settings low = {-1, -1, -1, -1, -1, -1, -10, -1, -1, -1};
    cl_breaker_settings settings = windowed();
    claude_breaker_t *breaker = make(&low);
    uint64_t probe;

    (void)state;
    cl_breaker_record(breaker, let_through(breaker, 0), F, 0, UINT64_MAX);
    assert_int_equal(refused(breaker, 0), 1);
    cl_breaker_record(breaker, let_through(breaker, 1), F, 1, UINT64_MAX);
    assert_int_equal(refused(breaker, 1), 1);
    probe = let_through(breaker, 2);
    assert_int_equal(refused(breaker, 2), 1);
    record(breaker, probe, S, 2);
    expect_state(breaker, 2, CL_BREAKER_CLOSED);
    call(breaker, S, 2);
    cl_breaker_force_open(breaker, 0, 2);
    assert_int_equal(refused(breaker, 2), 1);
    cl_breaker_unref(breaker);
    /* A rate of 0 is one in a thousand, of all calls that there were; one above 1 is all of them. */
    settings.failure_rate = 0;
    settings.minimum_calls = 0;
    breaker = make(&settings);
    for (int i = 0; i < 1000; i++)
        call(breaker, S, 0);
    call(breaker, F, 0);
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    call(breaker, F, 0);
    expect_state(breaker, 0, CL_BREAKER_OPEN);
    cl_breaker_unref(breaker);
    settings.failure_rate = 2000;
    settings.minimum_calls = 10;
    settings.jitter = 5000;
    breaker = make(&settings);
    fail_times(breaker, 9, 0);
    cl_breaker_record(breaker, let_through(breaker, 0), F, 0, UINT64_MAX / 2);
    assert_int_equal(refused(breaker, 0), 30000);
    cl_breaker_unref(breaker);
}

/* ---- counters, names, references ---- */

static void test_counters(void **state)
{
    claude_breaker_t *breaker = make(&defaults);
    cl_breaker_counters found;

    (void)state;
    call(breaker, S, 0);
    call(breaker, N, 0);
    call(breaker, N, 0);
    fail_times(breaker, 5, 0);
    for (int i = 0; i < 7; i++)
        refused(breaker, 0);
    call(breaker, F, 60000);
    call(breaker, N, 120000);
    call(breaker, S, 120000);
    found = counters(breaker);
    assert_int_equal(found.successes, 2);
    assert_int_equal(found.neutral, 3);
    assert_int_equal(found.failures, 6);
    assert_int_equal(found.refused, 7);
    assert_int_equal(found.opened, 2);
    assert_int_equal(found.probes, 3);
    assert_int_equal(found.failures_in_a_row, 0);
    cl_breaker_unref(breaker);
}

static void test_names_and_references(void **state)
{
    claude_breaker_t *breaker = make(&defaults);

    (void)state;
    assert_string_equal(cl_breaker_state_name(CL_BREAKER_CLOSED), "closed");
    assert_string_equal(cl_breaker_state_name(CL_BREAKER_OPEN), "open");
    assert_string_equal(cl_breaker_state_name(CL_BREAKER_HALF_OPEN), "half_open");
    assert_string_equal(cl_breaker_state_name(0), "");
    assert_ptr_equal(cl_breaker_ref(breaker), breaker);
    assert_null(cl_breaker_ref(NULL));
    cl_breaker_unref(breaker);
    expect_state(breaker, 0, CL_BREAKER_CLOSED);
    cl_breaker_unref(breaker);
    cl_breaker_unref(NULL);
}

/* ---- threads ---- */

enum { THREADS = 64, ROUNDS = 100 };

typedef struct crowd {
    claude_breaker_t *breaker;
    pthread_barrier_t barrier;
    _Atomic int64_t now;
    _Atomic int let_through;
    _Atomic uint64_t permit;
} crowd;

static void *rush(void *argument)
{
    crowd *c = argument;

    for (int i = 0; i < ROUNDS; i++) {
        int64_t left = 0;
        uint64_t permit;
        pthread_barrier_wait(&c->barrier);
        permit = cl_breaker_allow(c->breaker, atomic_load(&c->now), &left);
        if (permit) {
            atomic_fetch_add(&c->let_through, 1);
            atomic_store(&c->permit, permit);
        }
        pthread_barrier_wait(&c->barrier);
    }
    return NULL;
}

/* 64 threads at a half-open breaker, again and again: one gets through each time. */
static void test_one_probe_among_many_threads(void **state)
{
    crowd c = {.breaker = make(&defaults)};
    pthread_t threads[THREADS];

    (void)state;
    fail_times(c.breaker, 5, 0);
    assert_int_equal(pthread_barrier_init(&c.barrier, NULL, THREADS + 1), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, rush, &c), 0);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_fetch_add(&c.now, 60000);
        atomic_store(&c.let_through, 0);
        pthread_barrier_wait(&c.barrier);
        pthread_barrier_wait(&c.barrier);
        assert_int_equal(atomic_load(&c.let_through), 1);
        /* Failed, told nothing, or never heard of again: with the next round there is another. */
        if (i % 3 < 2)
            record(c.breaker, atomic_load(&c.permit), i % 3 == 0 ? F : N, atomic_load(&c.now));
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counters(c.breaker).probes, ROUNDS);
    assert_int_equal(counters(c.breaker).refused, ROUNDS * (THREADS - 1));
    pthread_barrier_destroy(&c.barrier);
    cl_breaker_unref(c.breaker);
}

typedef struct worker {
    pthread_t thread;
    claude_breaker_t *breaker;
    uint64_t seed;
    int64_t given;
    int64_t refused;
    int64_t opened;
} worker;

static void *work(void *argument)
{
    worker *w = argument;

    for (int64_t now = 0; now < 20000; now++) {
        int64_t left = 0;
        uint64_t permit = cl_breaker_allow(w->breaker, now, &left);
        int32_t what = random_below(&w->seed, 3) ? F : random_below(&w->seed, 2) ? S : N;
        if (!permit) {
            w->refused++;
            continue;
        }
        w->given++;
        if (random_below(&w->seed, 4) == 0)
            cl_breaker_probe_alive(w->breaker, permit, now);
        w->opened += cl_breaker_record(w->breaker, permit, what, now, next_random(&w->seed));
        if (random_below(&w->seed, 500) == 0) {
            cl_breaker_force_open(w->breaker, 3, now);
            w->opened++;
        }
        if (random_below(&w->seed, 500) == 0)
            cl_breaker_force_closed(w->breaker);
        (void)cl_breaker_state(w->breaker, now);
        (void)cl_breaker_left_ms(w->breaker, now);
    }
    return NULL;
}

static void test_many_threads_at_everything(void **state)
{
    cl_breaker_settings settings = windowed();
    worker workers[8];
    claude_breaker_t *breaker;
    cl_breaker_counters found;
    int64_t given = 0;
    int64_t refusals = 0;
    int64_t opened = 0;

    (void)state;
    settings.failure_threshold = 5;
    settings.open_ms = 4;
    settings.probe_lease_ms = 2;
    settings.window_ms = 50;
    breaker = make(&settings);
    for (size_t i = 0; i < 8; i++) {
        workers[i] = (worker){.breaker = breaker, .seed = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(workers[i].thread, NULL);
        given += workers[i].given;
        refusals += workers[i].refused;
        opened += workers[i].opened;
    }
    found = counters(breaker);
    assert_int_equal(found.refused, refusals);
    assert_int_equal(found.opened, opened);
    assert_true(found.opened > 0 && found.probes > 0);
    /* An alive probe that fails has been counted twice. */
    assert_true(found.successes + found.failures + found.neutral <= given + found.probes);
    let_through(breaker, 20010);
    cl_breaker_unref(breaker);
}

/* ---- fork ---- */

enum { BUSY = 4, FORKS = 200 };

typedef struct busy {
    claude_breaker_t *breaker;
    _Atomic bool stop;
} busy;

static void *keep_busy(void *argument)
{
    busy *b = argument;
    int64_t left = 0;

    while (!atomic_load(&b->stop)) {
        uint64_t permit = cl_breaker_allow(b->breaker, 0, &left);
        cl_breaker_record(b->breaker, permit, S, 0, 0);
    }
    return NULL;
}

/* A child that is forked while other threads are inside of the breaker can use its own. */
static void test_fork_while_others_are_inside(void **state)
{
    busy b = {.breaker = make(&defaults)};
    pthread_t threads[BUSY];

    (void)state;
    for (size_t i = 0; i < BUSY; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, &b), 0);
    for (int i = 0; i < FORKS; i++) {
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            int64_t left = 0;
            uint64_t permit;
            alarm(10);
            permit = cl_breaker_allow(b.breaker, 0, &left);
            cl_breaker_record(b.breaker, permit, S, 0, 0);
            cl_breaker_force_open(b.breaker, 0, 0);
            _exit(permit != 0 && cl_breaker_state(b.breaker, 0) == CL_BREAKER_OPEN ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    expect_state(b.breaker, 0, CL_BREAKER_CLOSED);
    atomic_store(&b.stop, true);
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(threads[i], NULL);
    cl_breaker_unref(b.breaker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_open_half_open_closed),
        cmocka_unit_test(test_a_success_ends_the_row),
        cmocka_unit_test(test_a_failed_probe_opens_for_longer),
        cmocka_unit_test(test_the_time_open_has_chance_in_it),
        cmocka_unit_test(test_several_successes_close),
        cmocka_unit_test(test_a_lost_probe_loses_its_place),
        cmocka_unit_test(test_a_late_probe_counts_while_there_is_no_other),
        cmocka_unit_test(test_a_neutral_probe_makes_place_at_once),
        cmocka_unit_test(test_a_probe_that_is_alive),
        cmocka_unit_test(test_so_many_are_remembered_as_alive),
        cmocka_unit_test(test_alive_is_for_probes),
        cmocka_unit_test(test_permits_of_another_time_change_nothing),
        cmocka_unit_test(test_opened_and_closed_by_hand),
        cmocka_unit_test(test_opening_by_hand_ends_growth),
        cmocka_unit_test(test_closing_by_hand_forgets_who_is_alive),
        cmocka_unit_test(test_the_share_of_failures_opens),
        cmocka_unit_test(test_the_window_rolls),
        cmocka_unit_test(test_calls_longer_than_the_window),
        cmocka_unit_test(test_small_windows_and_clocks_below_zero),
        cmocka_unit_test(test_a_late_caller_counts_in_the_window),
        cmocka_unit_test(test_eight_hours_of_sleep),
        cmocka_unit_test(test_a_clock_that_goes_back_does_not_hold),
        cmocka_unit_test(test_extreme_numbers),
        cmocka_unit_test(test_settings_out_of_range),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_names_and_references),
        cmocka_unit_test(test_one_probe_among_many_threads),
        cmocka_unit_test(test_many_threads_at_everything),
        cmocka_unit_test(test_fork_while_others_are_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
