/* A call of the library that must work, in programs that have a `claude_error_t *err`. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "bench_common.h"

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        if ((call) < 0)                                                                                                \
            bench_fail(#call, claude_error_message(err));                                                              \
    } while (0)

#endif
