/* The last attempts of a client: so many are kept, the oldest goes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reliability/recent.h"

static void add(cl_recent *recent, int64_t number)
{
    cl_recent_row row = {.ended_at = number, .endpoint = "x", .attempt.request_id = "req\n1"};

    cl_recent_add(recent, &row);
}

static void the_oldest_goes(void **state)
{
    cl_recent *recent = cl_recent_new(3);
    cl_recent_row rows[3];

    (void)state;
    assert_non_null(recent);
    assert_int_equal(cl_recent_capacity(recent), 3);
    assert_int_equal(cl_recent_rows(recent, rows), 0);
    for (int64_t i = 1; i <= 7; i++) {
        size_t count;
        add(recent, i);
        count = cl_recent_rows(recent, rows);
        assert_int_equal(count, i < 3 ? i : 3);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(rows[j].ended_at, i - (int64_t)(count - 1 - j));
    }
    assert_string_equal(rows[0].attempt.request_id, "req 1");
    cl_recent_free(recent);
}

static void bounds(void **state)
{
    cl_recent *none = cl_recent_new(0);
    cl_recent *many = cl_recent_new(SIZE_MAX);

    (void)state;
    assert_int_equal(cl_recent_capacity(none), 1);
    assert_int_equal(cl_recent_capacity(many), CL_RECENT_MAX);
    cl_recent_free(none);
    cl_recent_free(many);
    cl_recent_free(NULL);
}

static void limits(void **state)
{
    cl_recent *recent = cl_recent_new(1);
    cl_recent_limits told = {.told_at = 5, .figures[CL_LIMIT_INPUT] = {1, 2, 3}};
    cl_recent_limits seen;

    (void)state;
    cl_recent_limits_of(recent, &seen);
    assert_int_equal(seen.told_at, 0);
    cl_recent_set_limits(recent, &told);
    cl_recent_limits_of(recent, &seen);
    assert_int_equal(seen.told_at, 5);
    assert_int_equal(seen.figures[CL_LIMIT_INPUT].remaining, 2);
    cl_recent_free(recent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_goes), cmocka_unit_test(bounds),
                                       cmocka_unit_test(limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
