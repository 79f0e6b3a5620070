/* testing.h - what the tests of the message room share. */
#ifndef TEST_MESSAGE_TESTING_H
#define TEST_MESSAGE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/message.h"

/* Asserts that a call succeeds; its message is shown when it does not. `call` uses `err`. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cl_err err_of_call;                                                                                            \
        cl_err *err = &err_of_call;                                                                                    \
        cl_err_init(err);                                                                                              \
        if ((call) != CLAUDE_OK)                                                                                       \
            fail_msg("%s: %s", #call, err->message);                                                                   \
    } while (0)

/* Asserts that a call fails with a code, and with a message that has a text in it. */
#define FAILS(code_expected, text, call)                                                                               \
    do {                                                                                                               \
        cl_err err_of_call;                                                                                            \
        cl_err *err = &err_of_call;                                                                                    \
        cl_err_init(err);                                                                                              \
        assert_int_equal((call), (code_expected));                                                                     \
        assert_int_equal(err->code, (code_expected));                                                                  \
        if (!strstr(err->message, (text)))                                                                             \
            fail_msg("%s: \"%s\" has no \"%s\"", #call, err->message, (text));                                         \
        cl_err_clear(err);                                                                                             \
    } while (0)

static inline char *copy_of(cl_str text)
{
    char *copy = malloc(text.len + 1);

    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

#endif
