/* The limiter: rates and bursts, the queue, tokens, what is given back, extremes. */
#include "limiter_testing.h"

/* ---- rates ---- */

static void burst_and_then_the_rate(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 20));
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_MESSAGES, 5000), 20);
    assert_int_equal(ask(limiter, &turn, 5000), 5100);
    assert_int_equal(ask(limiter, &turn, 5099), 5100);
    assert_int_equal(ask(limiter, &turn, 5100), 0);
    /* Asked again, it is still granted, and counts once. */
    assert_int_equal(ask(limiter, &turn, 5100), 0);
    cl_limiter_settle(limiter, &turn, -1, -1, 5100);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 5199), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 5200), 1);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 5200 + 1999), 19);
    cl_limiter_unref(limiter);
}

static void rates_below_one_and_far_above(void **state)
{
    cl_limiter_settings settings = bucket_settings(1, 1);
    claude_limiter_t *limiter;
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    settings.all.per_second = 1; /* one in 1,000 s */
    limiter = limiter_of(settings);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    assert_int_equal(ask(limiter, &turn, 0), 1000000);
    cl_limiter_cancel(limiter, &turn, 0);
    cl_limiter_unref(limiter);
    settings.all = (cl_limiter_rate){3, 2}; /* a third does not drift: 3 in 1,000 s, a thousand times */
    limiter = limiter_of(settings);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 2);
    for (int64_t i = 1, due = 0; i <= 3000; i++) {
        turn = turn_of(CL_LIMIT_OTHER, 0, 0);
        due = ask(limiter, &turn, due);
        assert_int_equal(due, (i * 1000000 + 2) / 3);
        assert_int_equal(ask(limiter, &turn, due), 0);
    }
    cl_limiter_unref(limiter);
    limiter = limiter_of(bucket_settings(1000000, 5));
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 5);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 1), 5);
    cl_limiter_unref(limiter);
}

static void a_window_has_no_more_than_its_limit(void **state)
{
    claude_limiter_t *limiter = limiter_of(window_settings(10, 1000));
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);
    int64_t due;

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 700), 10);
    due = ask(limiter, &turn, 1690);
    assert_true(due > 1700 && due <= 1700 + 32);
    assert_true(ask(limiter, &turn, due - 1) == due);
    assert_int_equal(ask(limiter, &turn, due), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, due), 9);
    /* At least one, however low the rate and short the window. */
    cl_limiter_unref(limiter);
    limiter = limiter_of(window_settings(1, 1));
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 1), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 2), 1);
    cl_limiter_unref(limiter);
}

static void a_suspended_machine_gets_one_burst(void **state)
{
    const int64_t hours = 8 * 3600 * INT64_C(1000);
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 20));
    cl_turn turns[50];
    int64_t count = 0;

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 20);
    for (size_t i = 0; i < 50; i++) {
        turns[i] = turn_of(CL_LIMIT_OTHER, 0, 0);
        assert_true(ask(limiter, &turns[i], 0) > 0);
    }
    for (size_t i = 0; i < 50; i++)
        count += ask(limiter, &turns[i], hours) == 0;
    assert_int_equal(count, 20);
    for (size_t i = 0; i < 50; i++)
        cl_limiter_cancel(limiter, &turns[i], hours);
    cl_limiter_unref(limiter);
    limiter = limiter_of(window_settings(10, 1000));
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 10);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, hours), 10);
    cl_limiter_unref(limiter);
}

static void time_that_stands_or_goes_back_gives_nothing(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 20));
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 100000), 20);
    for (int64_t now = 100000; now > 0; now -= 1000)
        assert_int_equal(drain(limiter, CL_LIMIT_OTHER, now), 0);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 100099), 0);
        assert_int_equal(drain(limiter, CL_LIMIT_OTHER, INT64_MIN), 0);
    }
    assert_int_equal(ask(limiter, &turn, 50000), 100100);
    cl_limiter_cancel(limiter, &turn, 0);
    cl_limiter_unref(limiter);
    /* It may begin anywhere. */
    limiter = limiter_of(bucket_settings(10, 20));
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, -100000), 20);
    assert_int_equal(ask(limiter, &turn, -100000), -99900);
    cl_limiter_cancel(limiter, &turn, 0);
    cl_limiter_unref(limiter);
}

/* ---- the queue ---- */

static void first_come_first_served(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    enum { MANY = 1000 };
    static cl_turn turns[MANY];
    static int64_t due[MANY];

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    for (int64_t i = 0; i < MANY; i++) {
        turns[i] = turn_of(i % 2 ? CL_LIMIT_OTHER : CL_LIMIT_FILES, 0, 0);
        due[i] = ask(limiter, &turns[i], 0);
        /* Who is second has a look at whether the first has come; all others are told once and for all. */
        assert_int_equal(due[i], i == 1 ? 200 : (i + 1) * 100);
    }
    assert_int_equal(cl_limiter_queued(limiter), MANY);
    for (int64_t i = 0; i < MANY; i++) {
        assert_int_equal(ask(limiter, &turns[i], due[i]), 0);
        cl_limiter_settle(limiter, &turns[i], -1, -1, due[i]);
    }
    assert_int_equal(cl_limiter_queued(limiter), 0);
    cl_limiter_unref(limiter);
}

static void nobody_is_overtaken_by_who_asks_more_often(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    cl_turn turns[3] = {turn_of(CL_LIMIT_OTHER, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0)};

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    for (size_t i = 0; i < 3; i++)
        assert_true(ask(limiter, &turns[i], 0) > 0);
    for (int64_t now = 0; now <= 200; now++) {
        assert_true(ask(limiter, &turns[2], now) > now);
        assert_true(ask(limiter, &turns[1], now) > now);
    }
    /* 200 is the last millisecond at which the first, told 100, is waited for. */
    assert_int_equal(ask(limiter, &turns[0], 200), 0);
    assert_true(ask(limiter, &turns[2], 299) > 299);
    assert_int_equal(ask(limiter, &turns[1], 300), 0);
    assert_int_equal(ask(limiter, &turns[2], 400), 0);
    cl_limiter_unref(limiter);
}

static void who_does_not_come_is_overtaken(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    cl_turn absent = turn_of(CL_LIMIT_OTHER, 0, 0);
    cl_turn next = absent;
    cl_turn third = absent;
    int64_t due;

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    assert_int_equal(ask(limiter, &absent, 0), 100);
    assert_int_equal(ask(limiter, &next, 0), 200);
    assert_int_equal(ask(limiter, &third, 0), 300);
    due = ask(limiter, &next, 200);
    assert_true(due > 200 && due <= 300);
    assert_int_equal(ask(limiter, &next, due), 0);
    /* The absent one is behind the third now. */
    assert_int_equal(cl_limiter_queued(limiter), 1);
    assert_true(ask(limiter, &absent, due) > due);
    due = ask(limiter, &third, 300);
    assert_int_equal(due, 301);
    assert_int_equal(ask(limiter, &third, 301), 0);
    assert_int_equal(ask(limiter, &absent, 400), 401);
    assert_int_equal(ask(limiter, &absent, 401), 0);
    assert_int_equal(absent.asked_at, 0);
    cl_limiter_unref(limiter);
}

/* It could not have gone anyway. */
static void a_pause_costs_nobody_his_place(void **state)
{
    const cl_limit_figures none[CL_LIMIT_DIMENSIONS] = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}};
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    cl_turn first = turn_of(CL_LIMIT_OTHER, 0, 0);
    cl_turn next = first;

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    assert_int_equal(ask(limiter, &first, 0), 100);
    assert_int_equal(ask(limiter, &next, 0), 200);
    cl_limiter_teach(limiter, CL_LIMIT_OTHER, none, 5000, 0);
    assert_int_equal(ask(limiter, &next, 4000), 5000);
    assert_int_equal(ask(limiter, &first, 4500), 5000);
    assert_true(ask(limiter, &next, 5000) > 5000);
    assert_int_equal(ask(limiter, &first, 5000), 0);
    cl_limiter_cancel(limiter, &next, 5000);
    cl_limiter_unref(limiter);
}

/* A large cost would have to wait a minute longer if the one before it had come: it finds out that it has not. */
static void the_next_looks_for_the_first(void **state)
{
    cl_limiter_settings settings = window_settings(1000, 1000);
    claude_limiter_t *limiter;
    cl_turn turns[3];
    int64_t due;

    (void)state;
    settings.input_tokens_per_minute = 1000;
    limiter = limiter_of(settings);
    for (size_t i = 0; i < 3; i++)
        turns[i] = turn_of(CL_LIMIT_MESSAGES, 600, 0);
    assert_int_equal(ask(limiter, &turns[0], 0), 0);
    due = ask(limiter, &turns[1], 0);
    assert_true(due > 60000 && due < 62000);
    assert_int_equal(ask(limiter, &turns[2], 0), due);
    assert_int_equal(ask(limiter, &turns[2], due), due + CL_LIMITER_GRACE_MS + 1);
    assert_int_equal(ask(limiter, &turns[2], due + CL_LIMITER_GRACE_MS + 1), 0);
    cl_limiter_unref(limiter);
}

static void what_leaves_the_queue_makes_room(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    cl_turn turns[10];

    (void)state;
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    for (size_t i = 0; i < 10; i++) {
        turns[i] = turn_of(CL_LIMIT_OTHER, 0, 0);
        assert_true(ask(limiter, &turns[i], 0) > 0);
    }
    cl_limiter_cancel(limiter, &turns[3], 0); /* from between */
    cl_limiter_cancel(limiter, &turns[5], 0);
    cl_limiter_cancel(limiter, &turns[9], 0); /* at the end */
    cl_limiter_cancel(limiter, &turns[0], 0); /* at the front */
    cl_limiter_cancel(limiter, &turns[0], 0); /* nothing */
    assert_int_equal(cl_limiter_queued(limiter), 6);
    assert_int_equal(ask(limiter, &turns[1], 0), 100);
    assert_int_equal(ask(limiter, &turns[4], 0), 300);
    assert_int_equal(ask(limiter, &turns[8], 0), 600);
    assert_int_equal(ask(limiter, &turns[9], 0), 700);
    assert_int_equal(ask(limiter, &turns[3], 0), 800);
    cl_limiter_cancel(limiter, &turns[1], 0);
    cl_limiter_cancel(limiter, &turns[2], 0);
    cl_limiter_cancel(limiter, &turns[4], 0);
    cl_limiter_cancel(limiter, &turns[6], 0);
    assert_int_equal(ask(limiter, &turns[7], 0), 100);
    assert_int_equal(ask(limiter, &turns[8], 0), 200);
    assert_int_equal(ask(limiter, &turns[9], 0), 300);
    assert_int_equal(ask(limiter, &turns[3], 0), 400);
    for (size_t i = 0; i < 10; i++)
        cl_limiter_cancel(limiter, &turns[i], 0);
    assert_int_equal(cl_limiter_queued(limiter), 0);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_OTHER, CL_LIMIT_REQUESTS, 100), 1);
    cl_limiter_unref(limiter);
}

static void many_cancels_cost_what_they_are(void **state)
{
    const size_t many = (size_t)rounds(200000);
    cl_turn *turns = calloc(many, sizeof *turns);
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 1));
    int64_t due_at;

    (void)state;
    assert_non_null(turns);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    /* Anything but a constant cost of each would take hours here. */
    for (int order = 0; order < 4; order++) {
        for (size_t i = 0; i < many; i++)
            assert_int_equal(cl_limiter_ask(limiter, &turns[i], 0, INT64_MAX, &due_at, NULL), 0);
        assert_int_equal(due_at, (int64_t)many * 100);
        /* To ask again costs no more, wherever one stands. */
        for (size_t i = 0; i < many; i++)
            assert_int_equal(cl_limiter_ask(limiter, &turns[i], 0, INT64_MAX, &due_at, NULL), 0);
        for (size_t i = 0; i < many; i++) {
            size_t at = order == 0   ? i
                        : order == 1 ? many - 1 - i
                        : order == 2 ? (i * 7919) % many
                                     : (i + many / 2) % many;
            cl_limiter_cancel(limiter, &turns[at], 0);
        }
        for (size_t i = 0; i < many; i++)
            cl_limiter_cancel(limiter, &turns[i], 0);
        assert_int_equal(cl_limiter_queued(limiter), 0);
    }
    free(turns);
    cl_limiter_unref(limiter);
}

static void refuse(claude_limiter_t *limiter, cl_turn *turn, int64_t now, int64_t latest, const char *text,
                   int64_t retry_after_ms)
{
    int64_t due_at = -7;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_limiter_ask(limiter, turn, now, latest, &due_at, &err), CLAUDE_E_THROTTLED);
    assert_int_equal(err.code, CLAUDE_E_THROTTLED);
    assert_string_equal(err.feature, "rate-limiting");
    if (!strstr(err.message, text))
        fail_msg("\"%s\" has no \"%s\"", err.message, text);
    assert_int_equal(err.retry_after_ms, retry_after_ms);
    assert_int_equal(err.retryable, retry_after_ms < 0 ? 0 : -1);
    assert_int_equal(due_at, -7);
    assert_int_equal(turn->state, 0);
    /* Nobody has to want to know. */
    assert_int_equal(cl_limiter_ask(limiter, turn, now, latest, &due_at, NULL), CLAUDE_E_THROTTLED);
}

static void what_can_never_go_is_refused(void **state)
{
    cl_limiter_settings settings = bucket_settings(10, 20);
    claude_limiter_t *limiter;
    cl_turn turn = turn_of(CL_LIMIT_MESSAGES, 1001, 0);

    (void)state;
    settings.input_tokens_per_minute = 1000;
    settings.output_tokens_per_minute = 500;
    for (int32_t algorithm = CL_LIMITER_BUCKET; algorithm <= CL_LIMITER_WINDOW; algorithm++) {
        settings.algorithm = algorithm;
        limiter = limiter_of(settings);
        turn = turn_of(CL_LIMIT_MESSAGES, 1001, 0);
        refuse(limiter, &turn, 0, INT64_MAX, "limiter.input_tokens_per_minute is 1000, and the request counts as 1001",
               -1);
        turn = turn_of(CL_LIMIT_MESSAGES, 0, 501);
        refuse(limiter, &turn, 0, INT64_MAX, "limiter.output_tokens_per_minute is 500, and the request counts as 501",
               -1);
        turn = turn_of(CL_LIMIT_FILES, 1001, 501);
        assert_int_equal(ask(limiter, &turn, 0), 0);
        turn = turn_of(CL_LIMIT_MESSAGES, 1000, 500);
        assert_int_equal(ask(limiter, &turn, 0), 0);
        cl_limiter_unref(limiter);
    }
}

static void what_would_come_too_late_is_refused(void **state)
{
    cl_limiter_settings settings = bucket_settings(10, 1);
    claude_limiter_t *limiter;
    cl_turn turns[3] = {turn_of(CL_LIMIT_OTHER, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0)};
    cl_limit_figures none[CL_LIMIT_DIMENSIONS] = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}};
    int64_t due_at;

    (void)state;
    settings.max_queue = 2;
    limiter = limiter_of(settings);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 0), 1);
    refuse(limiter, &turns[0], 0, 0, "limiter.max_wait_ms", 100);
    refuse(limiter, &turns[0], 0, 99, "limiter.max_wait_ms", 100);
    refuse(limiter, &turns[0], 0, INT64_MIN, "limiter.max_wait_ms", 100);
    assert_int_equal(cl_limiter_queued(limiter), 0);
    assert_int_equal(cl_limiter_ask(limiter, &turns[0], 0, 100, &due_at, NULL), 0);
    refuse(limiter, &turns[1], 0, 199, "in 200 ms", 200);
    assert_int_equal(ask(limiter, &turns[1], 0), 200);
    refuse(limiter, &turns[2], 0, INT64_MAX, "limiter.max_queue", 300);
    /* Who is in a full queue stays. */
    assert_int_equal(ask(limiter, &turns[0], 0), 100);
    assert_int_equal(ask(limiter, &turns[1], 0), 200);
    /* One that waits may be refused, too: its place is given up. */
    cl_limiter_teach(limiter, CL_LIMIT_OTHER, none, 5000, 0);
    refuse(limiter, &turns[0], 0, 100, "the server asked for a pause", 5000);
    assert_int_equal(cl_limiter_queued(limiter), 1);
    /* What can go at once need not be in time. */
    cl_limiter_cancel(limiter, &turns[1], 0);
    assert_int_equal(cl_limiter_ask(limiter, &turns[2], 9000, 0, &due_at, NULL), 1);
    cl_limiter_unref(limiter);
}

static void an_empty_queue_is_no_queue(void **state)
{
    cl_limiter_settings settings = bucket_settings(10, 1);
    claude_limiter_t *limiter;
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    for (int i = 0; i < 2; i++) {
        settings.max_queue = i ? INT64_MIN : 0;
        limiter = limiter_of(settings);
        turn = turn_of(CL_LIMIT_OTHER, 0, 0);
        assert_int_equal(ask(limiter, &turn, 0), 0);
        turn = turn_of(CL_LIMIT_OTHER, 0, 0);
        refuse(limiter, &turn, 0, INT64_MAX, "limiter.max_queue", 100);
        assert_int_equal(ask(limiter, &turn, 100), 0);
        cl_limiter_unref(limiter);
    }
}

/* ---- types and tokens ---- */

static void types_with_a_rate_have_a_queue(void **state)
{
    cl_limiter_settings settings = bucket_settings(10, 2);
    claude_limiter_t *limiter;
    cl_turn waits = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    settings.types[CL_LIMIT_FILES] = (cl_limiter_rate){1000, 5};
    settings.types[CL_LIMIT_MODELS] = (cl_limiter_rate){1000, 0};
    limiter = limiter_of(settings);
    assert_int_equal(drain(limiter, CL_LIMIT_BATCHES, 0), 2);
    assert_true(ask(limiter, &waits, 0) > 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 0), 5);
    assert_int_equal(drain(limiter, CL_LIMIT_MODELS, 0), 2);
    assert_int_equal(drain(limiter, CL_LIMIT_COUNT_TOKENS, 0), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 999), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 1000), 1);
    cl_limiter_cancel(limiter, &waits, 1000);
    cl_limiter_unref(limiter);
}

static void a_turn_needs_all_it_costs(void **state)
{
    for (int32_t algorithm = CL_LIMITER_BUCKET; algorithm <= CL_LIMITER_WINDOW; algorithm++) {
        cl_limiter_settings settings = bucket_settings(1000, 1000);
        claude_limiter_t *limiter;
        cl_turn a = turn_of(CL_LIMIT_MESSAGES, 900, 10);
        cl_turn b = turn_of(CL_LIMIT_MESSAGES, 10, 90);
        cl_turn c = turn_of(CL_LIMIT_MESSAGES, 300, 30);
        int64_t due;

        (void)state;
        settings.algorithm = algorithm;
        settings.input_tokens_per_minute = 1000;
        settings.output_tokens_per_minute = 100;
        limiter = limiter_of(settings);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, 0), 1000);
        assert_int_equal(ask(limiter, &a, 0), 0);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, 0), 100);
        assert_int_equal(ask(limiter, &b, 0), 0);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 0), 0);
        due = ask(limiter, &c, 0);
        /* 210 more input in 12.6 s, 30 more output in 18 s; or when the slot has left the window. */
        assert_true(algorithm == CL_LIMITER_BUCKET ? due == 18000 : due > 60000 && due < 62000);
        /* What costs no tokens goes past it, of messages as well. */
        assert_true(granted(limiter, CL_LIMIT_MODELS, 0));
        assert_true(granted(limiter, CL_LIMIT_MESSAGES, 0));
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, 0), 0);
        assert_int_equal(ask(limiter, &c, due - 1), due);
        assert_int_equal(ask(limiter, &c, due), 0);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MODELS, CL_LIMIT_INPUT, due), -1);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, 7, due), -1);
        cl_limiter_unref(limiter);
    }
}

/* Past who waits for tokens, as long as there is a request left for him when they come. */
static void who_waits_for_tokens_keeps_his_request(void **state)
{
    cl_limiter_settings settings = bucket_settings(1, 3);
    claude_limiter_t *limiter;
    cl_turn a = turn_of(CL_LIMIT_MESSAGES, 60, 0);
    cl_turn b = turn_of(CL_LIMIT_MESSAGES, 60, 0);

    (void)state;
    settings.input_tokens_per_minute = 60;
    limiter = limiter_of(settings);
    assert_int_equal(ask(limiter, &a, 0), 0);
    assert_int_equal(ask(limiter, &b, 0), 60000);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MODELS, CL_LIMIT_REQUESTS, 0), 1);
    assert_int_equal(drain(limiter, CL_LIMIT_MODELS, 0), 1);
    assert_int_equal(drain(limiter, CL_LIMIT_MODELS, 59999), 2);
    assert_int_equal(ask(limiter, &b, 60000), 0);
    cl_limiter_unref(limiter);
}

/* With a request kept for each that waits for tokens, none is left: he asks now and then, not for each one that comes.
 */
static void who_is_stuck_does_not_ask_all_the_time(void **state)
{
    cl_limiter_settings settings = bucket_settings(1000, 3);
    claude_limiter_t *limiter;
    cl_turn turns[4];
    cl_turn stuck = turn_of(CL_LIMIT_MODELS, 0, 0);
    int64_t due;
    int asked = 1;

    (void)state;
    settings.input_tokens_per_minute = 60;
    limiter = limiter_of(settings);
    for (size_t i = 0; i < 4; i++) {
        turns[i] = turn_of(CL_LIMIT_MESSAGES, 60, 0);
        assert_int_equal(ask(limiter, &turns[i], 0) > 0, i > 0);
    }
    for (due = ask(limiter, &stuck, 0); due < 60000; asked++)
        due = ask(limiter, &stuck, due);
    assert_true(asked > 3 && asked < 60);
    assert_int_equal(due, 60000);
    /* Not for longer than he wants to wait, though. */
    assert_int_equal(cl_limiter_ask(limiter, &stuck, 59900, 59950, &due, NULL), 0);
    assert_int_equal(due, 59950);
    /* When one of them has gone there is one for him. */
    assert_int_equal(ask(limiter, &turns[1], 60000), 0);
    assert_int_equal(ask(limiter, &stuck, 60001), 0);
    cl_limiter_unref(limiter);
}

/* ---- what is given back, and taken later ---- */

static int64_t input_left(claude_limiter_t *limiter, int64_t now)
{
    return cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, now);
}

static void estimates_are_put_right(void **state)
{
    for (int32_t algorithm = CL_LIMITER_BUCKET; algorithm <= CL_LIMITER_WINDOW; algorithm++) {
        cl_limiter_settings settings = bucket_settings(1000, 1000);
        claude_limiter_t *limiter;
        cl_turn turn = turn_of(CL_LIMIT_MESSAGES, 800, 0);

        (void)state;
        settings.algorithm = algorithm;
        settings.input_tokens_per_minute = 1000;
        limiter = limiter_of(settings);
        assert_int_equal(ask(limiter, &turn, 0), 0);
        assert_int_equal(input_left(limiter, 0), 200);
        cl_limiter_settle(limiter, &turn, 300, 5, 0);
        assert_int_equal(input_left(limiter, 0), 700);
        cl_limiter_settle(limiter, &turn, 0, 0, 0); /* it is over */
        assert_int_equal(input_left(limiter, 0), 700);
        turn = turn_of(CL_LIMIT_MESSAGES, 700, 0);
        assert_int_equal(ask(limiter, &turn, 0), 0);
        cl_limiter_settle(limiter, &turn, 1200, 0, 0);
        assert_int_equal(input_left(limiter, 0), 0);
        turn = turn_of(CL_LIMIT_MESSAGES, 1, 0);
        /* 500 too many: first they have to come in. */
        assert_true(algorithm == CL_LIMITER_BUCKET ? ask(limiter, &turn, 0) == 30060 : ask(limiter, &turn, 0) > 60000);
        cl_limiter_cancel(limiter, &turn, 0);
        assert_int_equal(input_left(limiter, 200000), 1000);
        turn = turn_of(CL_LIMIT_MESSAGES, 400, 0);
        assert_int_equal(ask(limiter, &turn, 200000), 0);
        cl_limiter_settle(limiter, &turn, -1, -1, 200000);
        assert_int_equal(input_left(limiter, 200000), 600);
        turn = turn_of(CL_LIMIT_MESSAGES, 500, 0);
        assert_int_equal(ask(limiter, &turn, 200000), 0);
        cl_limiter_cancel(limiter, &turn, 200000);
        assert_int_equal(input_left(limiter, 200000), 600);
        assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_REQUESTS, 200000), 999);
        turn = turn_of(CL_LIMIT_FILES, 0, 0);
        assert_int_equal(ask(limiter, &turn, 200000), 0);
        cl_limiter_settle(limiter, &turn, 600, 600, 200000);
        assert_int_equal(input_left(limiter, 200000), 600);
        cl_limiter_unref(limiter);
    }
}

/*
 * While the first one was out, the bucket has been full: had it not been taken, what came in would have run over. To
 * give it back whole would let three go at a time where two may.
 */
static void what_would_have_run_over_is_not_given_back(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(1, 2));
    cl_turn a = turn_of(CL_LIMIT_OTHER, 0, 0);
    cl_turn b = turn_of(CL_LIMIT_OTHER, 0, 0);

    (void)state;
    assert_int_equal(ask(limiter, &a, 0), 0);
    assert_int_equal(ask(limiter, &b, 1000), 0);
    cl_limiter_cancel(limiter, &a, 1000);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 1000), 1);
    /* Half a one had come in. */
    cl_limiter_unref(limiter);
    limiter = limiter_of(bucket_settings(1, 2));
    a = turn_of(CL_LIMIT_OTHER, 0, 0);
    b = a;
    assert_int_equal(ask(limiter, &a, 0), 0);
    assert_int_equal(ask(limiter, &b, 500), 0);
    cl_limiter_cancel(limiter, &a, 500);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 999), 1);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 1499), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_OTHER, 1500), 1);
    cl_limiter_unref(limiter);
}

/* Of two that come back, the second one knows of the first. */
static void two_are_not_given_back_for_one(void **state)
{
    cl_limiter_settings settings = bucket_settings(1000, 1000);
    claude_limiter_t *limiter;
    cl_turn a = turn_of(CL_LIMIT_MESSAGES, 50, 0);
    cl_turn b = turn_of(CL_LIMIT_MESSAGES, 50, 0);
    cl_turn c = turn_of(CL_LIMIT_MESSAGES, 50, 0);

    (void)state;
    settings.input_tokens_per_minute = 100;
    limiter = limiter_of(settings);
    assert_int_equal(ask(limiter, &a, 0), 0);
    assert_int_equal(ask(limiter, &b, 0), 0);
    assert_int_equal(ask(limiter, &c, 0), 30000);
    assert_int_equal(ask(limiter, &c, 30000), 0);
    cl_limiter_settle(limiter, &a, 0, 0, 30000);
    assert_int_equal(input_left(limiter, 30000), 50);
    cl_limiter_settle(limiter, &b, 0, 0, 30000);
    assert_int_equal(input_left(limiter, 30000), 50);
    cl_limiter_settle(limiter, &c, 0, 0, 30000);
    assert_int_equal(input_left(limiter, 30000), 100);
    cl_limiter_unref(limiter);
}

/* ---- what the server says ---- */

static void teach(claude_limiter_t *limiter, int32_t type, int64_t limit, int64_t remaining, int64_t now)
{
    cl_limit_figures figures[CL_LIMIT_DIMENSIONS] = {{limit, remaining, 0}, {-1, -1, -1}, {-1, -1, -1}};

    cl_limiter_teach(limiter, type, figures, -1, now);
}

static int64_t requests_left(claude_limiter_t *limiter, int32_t type, int64_t now)
{
    return cl_limiter_available(limiter, type, CL_LIMIT_REQUESTS, now);
}

static void the_servers_limits_are_further_limits(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 20));
    cl_turn turn = turn_of(CL_LIMIT_MESSAGES, 0, 0);
    cl_turn other = turn;

    (void)state;
    teach(limiter, CL_LIMIT_MESSAGES, 60, 5, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 5);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MODELS, 0), 20);
    assert_int_equal(drain(limiter, CL_LIMIT_MESSAGES, 0), 5);
    assert_int_equal(ask(limiter, &turn, 0), 1000);
    assert_int_equal(ask(limiter, &other, 0), 1101);
    assert_true(granted(limiter, CL_LIMIT_MODELS, 0));
    assert_int_equal(ask(limiter, &turn, 1000), 0);
    assert_int_equal(ask(limiter, &other, 1101), 2000);
    cl_limiter_cancel(limiter, &other, 1000);
    /* What it counts less is right; what is configured stays. */
    teach(limiter, CL_LIMIT_MESSAGES, 60, 60, 1000);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 1000), 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 20000), 19);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 70000), 20);
    /* Another limit, and no word of what is left. */
    teach(limiter, CL_LIMIT_MESSAGES, 3, -1, 70000);
    assert_int_equal(drain(limiter, CL_LIMIT_MESSAGES, 70000), 3);
    assert_int_equal(drain(limiter, CL_LIMIT_MESSAGES, 89999), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_MESSAGES, 90000), 1);
    /* What it says of tokens in answers to others is no limit of messages. */
    cl_limiter_teach(limiter, CL_LIMIT_MODELS, (const cl_limit_figures[]){{-1, -1, -1}, {5, 5, 0}, {5, 5, 0}}, -1,
                     90000);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, 90000), -1);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 90000), -1);
    /* Nothing, and nonsense. */
    teach(limiter, CL_LIMIT_MESSAGES, -1, -1, 90000);
    teach(limiter, CL_LIMIT_MODELS, 0, 0, 90000);
    teach(limiter, CL_LIMIT_MODELS, -1, 0, 90000);
    assert_true(requests_left(limiter, CL_LIMIT_MODELS, 90000) > 0);
    cl_limiter_unref(limiter);
}

static void what_is_under_way_is_not_there(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(100, 100));
    cl_turn turns[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        turns[i] = turn_of(CL_LIMIT_MESSAGES, 1000, 200);
        assert_int_equal(ask(limiter, &turns[i], 0), 0);
    }
    /* The server has answered the first, and knows nothing of the others. */
    cl_limiter_answered(limiter, &turns[0]);
    cl_limiter_answered(limiter, &turns[0]);
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES,
                     (const cl_limit_figures[]){{50, 40, 0}, {10000, 8800, 0}, {2000, 1900, 0}}, -1, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 37);
    assert_int_equal(input_left(limiter, 0), 5800);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 0), 1100);
    /* What it says of input is right for the first; its output has only begun. */
    cl_limiter_settle(limiter, &turns[0], 5, 150, 0);
    assert_int_equal(input_left(limiter, 0), 5800);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 0), 1150);
    cl_limiter_settle(limiter, &turns[1], 600, 250, 0);
    assert_int_equal(input_left(limiter, 0), 6200);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 0), 1100);
    cl_limiter_cancel(limiter, &turns[2], 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 38);
    assert_int_equal(input_left(limiter, 0), 7200);
    cl_limiter_settle(limiter, &turns[3], -1, -1, 0);
    turns[3] = turn_of(CL_LIMIT_MESSAGES, 0, 0);
    assert_int_equal(ask(limiter, &turns[3], 0), 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 37);
    cl_limiter_answered(limiter, &turns[3]);
    cl_limiter_cancel(limiter, &turns[3], 0); /* too late: the server has counted it */
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 37);
    /* Nothing is under way: it is as the server says. */
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES,
                     (const cl_limit_figures[]){{50, 30, 0}, {10000, 700, 0}, {2000, 60, 0}}, -1, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MESSAGES, 0), 30);
    assert_int_equal(input_left(limiter, 0), 700);
    assert_int_equal(cl_limiter_available(limiter, CL_LIMIT_MESSAGES, CL_LIMIT_OUTPUT, 0), 60);
    cl_limiter_unref(limiter);
}

static void a_limit_without_what_remains_is_full_but_for_what_is_under_way(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(100, 100));
    cl_turn turns[2] = {turn_of(CL_LIMIT_MODELS, 0, 0), turn_of(CL_LIMIT_MODELS, 0, 0)};

    (void)state;
    assert_int_equal(ask(limiter, &turns[0], 0), 0);
    assert_int_equal(ask(limiter, &turns[1], 0), 0);
    teach(limiter, CL_LIMIT_MODELS, 60, -1, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MODELS, 0), 58);
    cl_limiter_unref(limiter);
}

/* An estimate is no reason to refuse what the server has not refused. */
static void more_than_the_server_allows_counts_as_all(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(100, 100));
    cl_turn big = turn_of(CL_LIMIT_MESSAGES, 2500000, 0);
    cl_turn small = turn_of(CL_LIMIT_MESSAGES, 10, 0);

    (void)state;
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES,
                     (const cl_limit_figures[]){{-1, -1, -1}, {6000, 3000, 0}, {-1, -1, -1}}, -1, 0);
    assert_int_equal(ask(limiter, &big, 0), 30000);
    assert_int_equal(ask(limiter, &small, 0), 30100);
    /* Less is allowed while it waits: less is all. */
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, (const cl_limit_figures[]){{-1, -1, -1}, {600, 600, 0}, {-1, -1, -1}},
                     -1, 0);
    assert_int_equal(ask(limiter, &big, 30000), 0);
    cl_limiter_settle(limiter, &big, 100, 0, 30000);
    assert_int_equal(input_left(limiter, 30000), 490);
    assert_int_equal(ask(limiter, &small, 30000), 0);
    cl_limiter_settle(limiter, &small, -1, -1, 30000);
    big = turn_of(CL_LIMIT_MESSAGES, 2500000, 0);
    assert_int_equal(ask(limiter, &big, 30000), 41000);
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, (const cl_limit_figures[]){{-1, -1, -1}, {60, -1, 0}, {-1, -1, -1}},
                     -1, 30000);
    assert_int_equal(ask(limiter, &big, 90000), 0);
    cl_limiter_settle(limiter, &big, -1, -1, 90000);
    small = turn_of(CL_LIMIT_MESSAGES, 1, 0);
    assert_int_equal(ask(limiter, &small, 90000), 91000);
    cl_limiter_cancel(limiter, &small, 90000);
    cl_limiter_unref(limiter);
}

static void a_pause_is_for_all(void **state)
{
    cl_limiter_settings settings = bucket_settings(10, 20);
    const cl_limit_figures none[CL_LIMIT_DIMENSIONS] = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}};
    claude_limiter_t *limiter;
    cl_turn turn = turn_of(CL_LIMIT_MODELS, 0, 0);

    (void)state;
    settings.types[CL_LIMIT_FILES] = (cl_limiter_rate){1000, 5};
    limiter = limiter_of(settings);
    cl_limiter_learn(limiter, CL_LIMIT_MESSAGES, none, 7000, 0); /* not asked to */
    assert_int_equal(requests_left(limiter, CL_LIMIT_MODELS, 0), 20);
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, none, 7000, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_FILES, 0), 0);
    assert_int_equal(ask(limiter, &turn, 0), 7000);
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, none, 10, 0); /* does not shorten it */
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, none, -1, 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 6999), 0);
    assert_int_equal(ask(limiter, &turn, 7000), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_FILES, 7000), 5);
    cl_limiter_teach(limiter, CL_LIMIT_MESSAGES, none, INT64_MAX, 8000);
    assert_int_equal(drain(limiter, CL_LIMIT_MODELS, 8000 + CL_LIMITER_PAUSE_MAX_MS - 1), 0);
    assert_int_equal(drain(limiter, CL_LIMIT_MODELS, 8000 + CL_LIMITER_PAUSE_MAX_MS), 20);
    cl_limiter_unref(limiter);
    settings.learn = true;
    limiter = limiter_of(settings);
    cl_limiter_learn(limiter, CL_LIMIT_MESSAGES, none, 7000, 0);
    assert_int_equal(requests_left(limiter, CL_LIMIT_MODELS, 0), 0);
    cl_limiter_unref(limiter);
}

/* ---- extremes ---- */

static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 1000000000000, INT64_MAX - 1, INT64_MAX};
enum { EXTREMES = sizeof extremes / sizeof extremes[0] };

static int64_t extreme(uint64_t *seed)
{
    return extremes[below(seed, EXTREMES)];
}

/* Whatever the numbers: no overflow (the sanitizer looks), nothing told before its time, and an end. */
static void any_number_will_do(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int64_t round = 0; round < rounds(20000); round++) {
        cl_limiter_settings settings = {.algorithm = (int32_t)below(&seed, 2),
                                        .all = {extreme(&seed), extreme(&seed)},
                                        .window_ms = extreme(&seed),
                                        .input_tokens_per_minute = extreme(&seed),
                                        .output_tokens_per_minute = extreme(&seed),
                                        .max_queue = extreme(&seed),
                                        .max_wait_ms = extreme(&seed),
                                        .learn = true};
        claude_limiter_t *limiter;
        cl_turn turns[4];

        settings.types[below(&seed, CL_LIMIT_TYPES)] = (cl_limiter_rate){extreme(&seed), extreme(&seed)};
        limiter = limiter_of(settings);
        for (size_t i = 0; i < 4; i++)
            turns[i] = turn_of((int32_t)extreme(&seed) % 9, extreme(&seed), extreme(&seed));
        for (int step = 0; step < 20; step++) {
            cl_turn *turn = &turns[below(&seed, 4)];
            int64_t now = extreme(&seed);
            int64_t due_at = now;
            cl_limit_figures figures[CL_LIMIT_DIMENSIONS];
            for (size_t i = 0; i < CL_LIMIT_DIMENSIONS; i++)
                figures[i] = (cl_limit_figures){extreme(&seed), extreme(&seed), extreme(&seed)};
            switch (below(&seed, 6)) {
            case 0:
            case 1:
                if (cl_limiter_ask(limiter, turn, now, extreme(&seed), &due_at, NULL) == 0)
                    assert_true(due_at >= now);
                break;
            case 2:
                cl_limiter_cancel(limiter, turn, now);
                break;
            case 3:
                cl_limiter_settle(limiter, turn, extreme(&seed), extreme(&seed), now);
                break;
            case 4:
                cl_limiter_answered(limiter, turn);
                cl_limiter_learn(limiter, (int32_t)extreme(&seed), figures, extreme(&seed), now);
                break;
            default:
                assert_true(cl_limiter_available(limiter, (int32_t)below(&seed, 9), (int32_t)below(&seed, 5), now) >=
                            -1);
            }
            assert_true(cl_limiter_queued(limiter) <= 4);
        }
        for (size_t i = 0; i < 4; i++)
            cl_limiter_cancel(limiter, &turns[i], 0);
        assert_int_equal(cl_limiter_queued(limiter), 0);
        cl_limiter_unref(limiter);
    }
}

static void types_have_names(void **state)
{
    static const char *const names[] = {"messages", "count_tokens", "batches", "models", "files", "other"};

    (void)state;
    for (int32_t i = 0; i < CL_LIMIT_TYPES; i++) {
        assert_int_equal(cl_limiter_type_of(cl_str_of(names[i])), i);
        assert_string_equal(cl_limiter_type_name(i), names[i]);
    }
    assert_int_equal(cl_limiter_type_of(CL_STR("")), CL_LIMIT_TYPES);
    assert_int_equal(cl_limiter_type_of(CL_STR("Messages")), CL_LIMIT_TYPES);
    assert_string_equal(cl_limiter_type_name(CL_LIMIT_TYPES), "");
    assert_string_equal(cl_limiter_type_name(-1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burst_and_then_the_rate),
        cmocka_unit_test(rates_below_one_and_far_above),
        cmocka_unit_test(a_window_has_no_more_than_its_limit),
        cmocka_unit_test(a_suspended_machine_gets_one_burst),
        cmocka_unit_test(time_that_stands_or_goes_back_gives_nothing),
        cmocka_unit_test(first_come_first_served),
        cmocka_unit_test(nobody_is_overtaken_by_who_asks_more_often),
        cmocka_unit_test(who_does_not_come_is_overtaken),
        cmocka_unit_test(a_pause_costs_nobody_his_place),
        cmocka_unit_test(the_next_looks_for_the_first),
        cmocka_unit_test(what_leaves_the_queue_makes_room),
        cmocka_unit_test(many_cancels_cost_what_they_are),
        cmocka_unit_test(what_can_never_go_is_refused),
        cmocka_unit_test(what_would_come_too_late_is_refused),
        cmocka_unit_test(an_empty_queue_is_no_queue),
        cmocka_unit_test(types_with_a_rate_have_a_queue),
        cmocka_unit_test(a_turn_needs_all_it_costs),
        cmocka_unit_test(who_waits_for_tokens_keeps_his_request),
        cmocka_unit_test(who_is_stuck_does_not_ask_all_the_time),
        cmocka_unit_test(estimates_are_put_right),
        cmocka_unit_test(what_would_have_run_over_is_not_given_back),
        cmocka_unit_test(two_are_not_given_back_for_one),
        cmocka_unit_test(the_servers_limits_are_further_limits),
        cmocka_unit_test(what_is_under_way_is_not_there),
        cmocka_unit_test(a_limit_without_what_remains_is_full_but_for_what_is_under_way),
        cmocka_unit_test(more_than_the_server_allows_counts_as_all),
        cmocka_unit_test(a_pause_is_for_all),
        cmocka_unit_test(any_number_will_do),
        cmocka_unit_test(types_have_names),
    };

    return cmocka_run_group_tests_name("reliability.limiter", tests, NULL, NULL);
}
