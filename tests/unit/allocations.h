/*
 * allocations.h - memory that runs out at each allocation of the library in turn. A program that includes this is
 * linked with a copy of the library's objects whose allocations can fail (CMakeLists.txt); those of the test itself do
 * not, and sanitizers and memcheck watch as always.
 */
#ifndef TEST_ALLOCATIONS_H
#define TEST_ALLOCATIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include <claude/error.h>

#include "../hostile/allocator.h"

/* More than any scenario needs. */
enum { ALLOCATIONS_MAX = 2000 };

/*
 * Runs a scenario with ever more memory until it succeeds; it returns whether it did. One allocation fails, then one
 * and all that follow. A scenario may have memory back before its end: memory_is_back(). A success with a failed
 * allocation behind it would be a loss that nobody is told of.
 */
static inline void run_out(bool (*scenario)(void))
{
    for (int forever = 0; forever < 2; forever++) {
        bool done = false;
        long n = 0;
        for (; !done; n++) {
            assert_true(n < ALLOCATIONS_MAX);
            memory_runs_out(n, forever == 1);
            done = scenario();
            assert_int_equal(done, !memory_is_back());
        }
        /* It needs memory at all. */
        assert_true(n > 1);
    }
}

/* Whether a step succeeded; anything but success and want of memory is a mistake. */
static inline bool step(claude_code_t rc)
{
    if (rc < 0)
        assert_int_equal(rc, CLAUDE_E_NOMEM);
    return rc >= 0;
}

#endif
