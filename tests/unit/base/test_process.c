/* Clock, chance, forks and handles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

static int64_t fixed_now(void)
{
    return 1234;
}

static int64_t fixed_wall(void)
{
    return 5678;
}

static uint64_t fixed_random(void)
{
    return 4;
}

static void test_clock(void **state)
{
    static const cl_clock fixed = {fixed_now, fixed_wall, fixed_random};
    int64_t before = cl_now_ms();
    int64_t wall = cl_wall_ms();
    time_t now = time(NULL);

    (void)state;
    assert_true(before > 0);
    assert_true(cl_now_ms() >= before);
    assert_true(wall / 1000 >= now - 2 && wall / 1000 <= now + 2);
    cl_clock_replace(&fixed);
    assert_int_equal(cl_now_ms(), 1234);
    assert_int_equal(cl_wall_ms(), 5678);
    assert_int_equal(cl_clock_now->random(), 4);
    cl_clock_replace(NULL);
    assert_true(cl_now_ms() >= before);
    assert_true(cl_clock_now->random() != cl_clock_now->random());
}

static uint32_t generation_in_child(int depth)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(depth > 1 ? (int)generation_in_child(depth - 1) : (int)cl_fork_generation());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (uint32_t)WEXITSTATUS(status);
}

static void test_fork(void **state)
{
    uint32_t mine = cl_fork_generation();

    (void)state;
    assert_int_equal(generation_in_child(1), mine + 1);
    assert_int_equal(generation_in_child(3), mine + 3);
    assert_int_equal(cl_fork_generation(), mine);
}

static void test_handle(void **state)
{
    cl_handle handle;

    (void)state;
    cl_handle_init(&handle, CL_MAGIC_CONFIG);
    assert_true(cl_is(&handle, CL_MAGIC_CONFIG));
    assert_false(cl_is(&handle, CL_MAGIC_SECRET));
    assert_false(cl_is(NULL, CL_MAGIC_CONFIG));
    cl_handle_ref(&handle);
    assert_false(cl_handle_unref(&handle));
    assert_true(cl_is(&handle, CL_MAGIC_CONFIG));
    assert_true(cl_handle_unref(&handle));
    assert_false(cl_is(&handle, CL_MAGIC_CONFIG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
