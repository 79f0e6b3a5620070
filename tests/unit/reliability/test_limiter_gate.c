/* Buckets and windows alone, against the simplest there is: a list of all that was taken, played again from the start.
 */
#include "limiter_testing.h"

#include "reliability/limiter_gate.h"

enum { TAKEN_MAX = 400 };

typedef struct taken {
    int64_t at;
    int64_t n; /* what it really was, as far as is known */
    int64_t estimate;
    bool open;
} taken;

typedef struct history {
    cl_bucket bucket;
    size_t count;
    taken all[TAKEN_MAX];
    int64_t now;
} history;

/* The level if everything had been taken as what it really was. */
static int64_t replay(const history *h)
{
    int64_t level = h->bucket.cap;
    int64_t at = 0;

    for (size_t i = 0; i <= h->count; i++) {
        int64_t now = i < h->count ? h->all[i].at : h->now;
        level += (now - at) * h->bucket.rate;
        level = level < h->bucket.cap ? level : h->bucket.cap;
        at = now;
        if (i < h->count)
            level -= h->all[i].n * h->bucket.unit;
    }
    return level;
}

static void begin(history *h, int64_t per_minute)
{
    memset(&h->bucket, 0x5a, sizeof h->bucket);
    cl_bucket_init(&h->bucket, CL_GATE_UNIT, per_minute, per_minute);
    h->count = 0;
    h->now = 0;
}

static void take(history *h, int64_t n)
{
    cl_gate gate = {.kind = CL_GATE_BUCKET};

    cl_bucket_advance(&h->bucket, h->now, h->count);
    if (cl_bucket_wait(&h->bucket, n) > 0)
        return;
    gate.u.bucket = h->bucket;
    cl_gate_take(&gate, n);
    h->bucket = gate.u.bucket;
    h->all[h->count++] = (taken){h->now, n, n, true};
}

/* The grants are counted from 1. */
static void settle(history *h, size_t i, int64_t used)
{
    taken *t = &h->all[i];

    cl_bucket_advance(&h->bucket, h->now, h->count);
    cl_bucket_give(&h->bucket, t->n - used, i + 1);
    t->n = used;
    t->open = false;
}

static void random_operation(history *h, int64_t per_minute, uint64_t *seed)
{
    if (below(seed, 2))
        h->now += below(seed, below(seed, 5) ? 5000 : 100000);
    if (h->count == 0 || below(seed, 3) == 0) {
        take(h, 1 + below(seed, below(seed, 3) ? per_minute / 5 : per_minute));
    } else {
        size_t i = (size_t)below(seed, (int64_t)h->count);
        if (h->all[i].open)
            settle(h, i, below(seed, h->all[i].n + 1));
    }
}

static void what_is_given_back_was_never_taken(void **state)
{
    static history h;
    uint64_t seed = 7;

    (void)state;
    for (int64_t round = 0; round < rounds(20000); round++) {
        int64_t per_minute = 10 + below(&seed, 1000);
        begin(&h, per_minute);
        for (int i = 0; i < CL_GATE_PEAKS; i++) {
            random_operation(&h, per_minute, &seed);
            cl_bucket_advance(&h.bucket, h.now, h.count);
            assert_int_equal(h.bucket.level, replay(&h));
        }
    }
}

/* With more than it can remember it may give back less, but never more, and not much less. */
static void what_is_forgotten_is_on_the_safe_side(void **state)
{
    static history h;
    uint64_t seed = 8;
    int64_t lost = 0;

    (void)state;
    for (int64_t round = 0; round < rounds(2000); round++) {
        int64_t per_minute = 1000 + below(&seed, 1000);
        int64_t exact;
        begin(&h, per_minute);
        /* A staircase of falling peaks. */
        for (int i = 0; i < 60; i++) {
            h.now += below(&seed, 50);
            take(&h, 1 + below(&seed, per_minute / 50));
            if (i > 20 && below(&seed, 2))
                random_operation(&h, per_minute, &seed);
            cl_bucket_advance(&h.bucket, h.now, h.count);
            assert_true(h.bucket.level <= replay(&h));
            assert_true(h.bucket.peak_count <= CL_GATE_PEAKS);
        }
        exact = replay(&h);
        lost = exact - h.bucket.level > lost ? exact - h.bucket.level : lost;
        assert_true(exact - h.bucket.level <= h.bucket.cap / 4);
    }
    assert_true(lost > 0);
}

/* What was full once is more than a limit that has become smaller: nothing is given back, and nothing is taken. */
static void a_smaller_limit_gives_nothing_back(void **state)
{
    history h;

    (void)state;
    begin(&h, 1000);
    take(&h, 100);
    h.now = 60000;
    take(&h, 900);
    h.bucket.cap /= 2;
    settle(&h, 0, 0);
    assert_int_equal(h.bucket.level, 100 * CL_GATE_UNIT);
}

static void what_is_lowered_has_no_past(void **state)
{
    history h;

    (void)state;
    begin(&h, 1000);
    take(&h, 100);
    h.now = 60000;
    take(&h, 100);
    cl_bucket_lower(&h.bucket, 2000);
    assert_int_equal(h.bucket.level, 900 * CL_GATE_UNIT);
    cl_bucket_lower(&h.bucket, -200);
    assert_int_equal(h.bucket.level, -200 * CL_GATE_UNIT);
    settle(&h, 0, 30);
    assert_int_equal(h.bucket.level, -130 * CL_GATE_UNIT);
    cl_bucket_lower(&h.bucket, INT64_MIN);
    assert_true(h.bucket.level < -CL_GATE_MOST);
    assert_true(cl_bucket_wait(&h.bucket, CL_GATE_MOST) > 0);
}

/* ---- windows ---- */

static void a_window_against_a_list(void **state)
{
    static const int64_t lengths[] = {1, 2, 63, 64, 65, 100, 128, 1000, 60000, 86400000};
    uint64_t seed = 9;

    (void)state;
    for (int64_t round = 0; round < rounds(3000); round++) {
        int64_t length = lengths[below(&seed, 10)];
        int64_t slot = (length + 63) / 64;
        int64_t limit = 1 + below(&seed, 50);
        taken all[100];
        size_t count = 0;
        int64_t now = below(&seed, 10000);
        cl_window window;
        cl_window_init(&window, limit, length);
        while (count < 100) {
            int64_t n = 1 + below(&seed, limit);
            int64_t wait;
            int64_t late = 0;
            int64_t early = 0;
            size_t i;
            now += below(&seed, 2) * below(&seed, length / 4 + 2);
            cl_window_advance(&window, now);
            wait = cl_window_wait(&window, n, now);
            assert_true(wait >= 0 && wait <= length + 2 * slot);
            now += wait;
            cl_window_advance(&window, now);
            assert_int_equal(cl_window_wait(&window, n, now), 0);
            for (i = 0; i < count; i++) {
                late += all[i].at >= now - length ? all[i].n : 0;
                early += all[i].at > now - wait - length - 2 * slot ? all[i].n : 0;
            }
            /* There is room for it in the window that ends now, and there was none before, but for two slots. */
            assert_true(late + n <= limit);
            assert_true(wait == 0 || early + n > limit);
            cl_window_take(&window, n);
            all[count++] = (taken){now, n, n, true};
            /* Given back where it was taken, if that counts yet. */
            i = (size_t)below(&seed, (int64_t)count);
            if (below(&seed, 3) == 0 && all[i].n > 0) {
                int64_t back = 1 + below(&seed, all[i].n);
                cl_window_give(&window, back, all[i].at);
                all[i].n -= back;
            }
        }
    }
}

/* As many rounds as there are limits before it, each of them a slot longer than the window. */
static void the_end_of_a_long_queue(void **state)
{
    cl_window window;

    (void)state;
    cl_window_init(&window, 10, 64);
    cl_window_advance(&window, 1000);
    assert_int_equal(cl_window_wait(&window, 10, 1000), 0);
    assert_int_equal(cl_window_wait(&window, 11, 1000), 65);
    assert_int_equal(cl_window_wait(&window, 20, 1000), 65);
    assert_int_equal(cl_window_wait(&window, 21, 1000), 130);
    assert_int_equal(cl_window_wait(&window, 0, 1000), 0);
    cl_window_take(&window, 4);
    cl_window_advance(&window, 1010);
    cl_window_take(&window, 6);
    assert_int_equal(cl_window_wait(&window, 4, 1010), 55);
    assert_int_equal(cl_window_wait(&window, 5, 1010), 65);
    assert_int_equal(cl_window_wait(&window, 14, 1010), 55 + 65);
    assert_int_equal(cl_window_wait(&window, INT64_MAX, 1010), INT64_MAX - 1010);
    cl_window_take(&window, INT64_MAX);
    assert_int_equal(cl_window_used(&window), INT64_MAX);
    assert_int_equal(cl_window_wait(&window, 5, 1010), 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_back_was_never_taken),
        cmocka_unit_test(what_is_forgotten_is_on_the_safe_side),
        cmocka_unit_test(a_smaller_limit_gives_nothing_back),
        cmocka_unit_test(what_is_lowered_has_no_past),
        cmocka_unit_test(a_window_against_a_list),
        cmocka_unit_test(the_end_of_a_long_queue),
    };

    return cmocka_run_group_tests_name("reliability.limiter_gate", tests, NULL, NULL);
}
