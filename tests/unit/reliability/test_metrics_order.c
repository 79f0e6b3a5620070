/* A snapshot taken while others count, at the worst of times: a call ends and fails between any two of its reads. */
#include <stdatomic.h>
#include <stdint.h>

#include "reliability/metrics.h"

static void between(void);

static int64_t load_figure(const _Atomic int64_t *value, memory_order order)
{
    between();
    return atomic_load_explicit(value, order);
}

static char *load_text(const _Atomic(char *) *text, memory_order order)
{
    return atomic_load_explicit(text, order);
}

#undef atomic_load_explicit
#define atomic_load_explicit(value, order)                                                                             \
    _Generic((value), _Atomic(char *) * : load_text, default : load_figure)(value, order)
#include "reliability/metrics.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static cl_metrics *counting; /* NULL: nothing happens */

static void between(void)
{
    cl_metrics *metrics = counting;

    if (!metrics)
        return;
    counting = NULL;
    cl_metrics_observe(metrics, CL_HIST_CALL_MS, 99);
    cl_metrics_count(metrics, CL_COUNT_INPUT_TOKENS, 10);
    cl_metrics_count(metrics, CL_COUNT_CACHE_READ_TOKENS, 6);
    cl_metrics_count(metrics, CL_COUNT_CACHE_WRITE_TOKENS, 4);
    cl_metrics_count(metrics, CL_COUNT_CALLS, 2);
    cl_metrics_count(metrics, CL_COUNT_CALLS_FAILED, 1);
    cl_metrics_count(metrics, CL_COUNT_CALLS_CANCELED, 1);
    counting = metrics;
}

static void test_parts_are_never_more_than_their_whole(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures = NULL;
    int64_t calls;

    (void)state;
    counting = metrics;
    assert_int_equal(cl_metrics_snapshot(metrics, &figures, NULL), CLAUDE_OK);
    counting = NULL;
    calls = cl_metrics_value(figures, "calls");
    assert_true(calls > CL_COUNTERS);
    assert_true(cl_metrics_value(figures, "calls_failed") + cl_metrics_value(figures, "calls_canceled") <= calls);
    assert_true(cl_metrics_value(figures, "cache_read_tokens") + cl_metrics_value(figures, "cache_write_tokens") <=
                cl_metrics_value(figures, "input_tokens"));
    /* What is in the sum is in a bucket. */
    assert_true(cl_metrics_sum(figures, "call_duration_ms") > 0);
    assert_true(cl_metrics_sum(figures, "call_duration_ms") <= 99 * cl_metrics_value(figures, "call_duration_ms"));
    cl_metrics_unref(figures);
    cl_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_never_more_than_their_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
