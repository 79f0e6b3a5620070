/* The limiter among threads, and over a fork(). */
#include "limiter_testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 64, TURNS = 40, RATE = 10, BURST = 20 };

/* Time goes on by what the threads do. */
static _Atomic int64_t ticks;

static int64_t tick(void)
{
    return atomic_fetch_add(&ticks, 1) / 16;
}

typedef struct worker {
    claude_limiter_t *limiter;
    uint64_t seed;
    size_t used;
    int64_t at[TURNS];
} worker;

static void *work(void *arg)
{
    worker *w = arg;

    for (int i = 0; i < TURNS; i++) {
        cl_turn turn = turn_of((int32_t)below(&w->seed, CL_LIMIT_TYPES), 10, 10);
        bool gives_up = below(&w->seed, 8) == 0;
        int64_t due_at;
        int32_t rc;
        while ((rc = cl_limiter_ask(w->limiter, &turn, tick(), INT64_MAX, &due_at, NULL)) == 0) {
            if (gives_up)
                break;
            cl_limiter_available(w->limiter, CL_LIMIT_MESSAGES, CL_LIMIT_INPUT, tick());
            cl_limiter_queued(w->limiter);
        }
        if (rc == 1 && !gives_up)
            w->at[w->used++] = turn.granted_at;
        if (gives_up)
            cl_limiter_cancel(w->limiter, &turn, tick());
        else
            cl_limiter_settle(w->limiter, &turn, 5, 15, tick());
    }
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void the_limit_holds_for_all_threads(void **state)
{
    static worker workers[THREADS];
    static int64_t at[THREADS * TURNS];
    claude_limiter_t *limiter = limiter_of(bucket_settings(RATE * 100, BURST));
    pthread_t threads[THREADS];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){.limiter = limiter, .seed = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        memcpy(at + count, workers[i].at, workers[i].used * sizeof at[0]);
        count += workers[i].used;
    }
    assert_true(count > THREADS * TURNS / 2);
    assert_int_equal(cl_limiter_queued(limiter), 0);
    qsort(at, count, sizeof at[0], by_time);
    for (size_t from = 0; from < count; from++) {
        for (size_t to = from; to < count; to++)
            assert_true((int64_t)(to - from + 1) <= BURST + (at[to] - at[from]) * RATE / 10);
    }
    cl_limiter_unref(limiter);
}

/* ---- fork ---- */

static bool ends_well(pid_t child)
{
    int status = -1;

    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What a child finds; in an order in which a mistake shows. */
static int look_in_child(claude_limiter_t *limiter, cl_turn *granted_before, cl_turn *queued_before)
{
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);
    int64_t due_at = 0;

    if (cl_limiter_queued(limiter) != 0)
        return 1;
    if (cl_limiter_ask(limiter, queued_before, 0, INT64_MAX, &due_at, NULL) != 1)
        return 2;
    /* Of the parent: it ends, and nothing is given back. */
    cl_limiter_cancel(limiter, granted_before, 0);
    if (cl_limiter_available(limiter, CL_LIMIT_OTHER, CL_LIMIT_REQUESTS, 0) != 1)
        return 3;
    if (cl_limiter_ask(limiter, &turn, 0, INT64_MAX, &due_at, NULL) != 1)
        return 4;
    if (cl_limiter_ask(limiter, granted_before, 0, INT64_MAX, &due_at, NULL) != 0 || due_at != 100)
        return 5;
    if (cl_limiter_queued(limiter) != 1)
        return 6;
    cl_limiter_cancel(limiter, granted_before, 0);
    return cl_limiter_queued(limiter) == 0 ? 0 : 7;
}

static void a_child_has_a_limiter_like_new(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 2));
    cl_turn turns[4];
    pid_t child;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        turns[i] = turn_of(CL_LIMIT_OTHER, 0, 0);
        assert_int_equal(ask(limiter, &turns[i], 0) == 0, i < 2);
    }
    child = fork();
    if (child == 0)
        _exit(look_in_child(limiter, &turns[0], &turns[3]));
    assert_true(ends_well(child));
    /* Here nothing has happened. */
    assert_int_equal(cl_limiter_queued(limiter), 2);
    assert_int_equal(ask(limiter, &turns[2], 100), 0);
    cl_limiter_cancel(limiter, &turns[3], 100);
    cl_limiter_unref(limiter);
}

static _Atomic bool stop;

static void *keep_busy(void *arg)
{
    cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);
    int64_t due_at;

    while (!atomic_load(&stop)) {
        cl_limiter_ask(arg, &turn, tick(), INT64_MAX, &due_at, NULL);
        cl_limiter_cancel(arg, &turn, tick());
    }
    return NULL;
}

/* The lock is held at most times when the process is copied, by threads that the child does not have. */
static void a_lock_held_elsewhere_does_not_stop_a_child(void **state)
{
    claude_limiter_t *limiter = limiter_of(bucket_settings(10, 2));
    pthread_t threads[3];

    (void)state;
    atomic_store(&stop, false);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, limiter), 0);
    for (int64_t i = 0; i < rounds(200); i++) {
        pid_t child = fork();
        if (child == 0) {
            cl_turn turn = turn_of(CL_LIMIT_OTHER, 0, 0);
            int64_t due_at;
            alarm(20);
            _exit(cl_limiter_ask(limiter, &turn, 0, INT64_MAX, &due_at, NULL) == 1 ? 0 : 1);
        }
        assert_true(ends_well(child));
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cl_limiter_unref(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_holds_for_all_threads),
        cmocka_unit_test(a_child_has_a_limiter_like_new),
        cmocka_unit_test(a_lock_held_elsewhere_does_not_stop_a_child),
    };

    return cmocka_run_group_tests_name("reliability.limiter_threads", tests, NULL, NULL);
}
