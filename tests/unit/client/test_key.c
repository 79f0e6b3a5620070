/* A key that may be replaced, and the rules of when a provider is asked for another: with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <claude/credential.h>

#include "client/key.h"

static int64_t now_ms;
static int64_t wall_ms;

static int64_t own_now(void)
{
    return now_ms;
}

static int64_t own_wall(void)
{
    return wall_ms;
}

static uint64_t own_random(void)
{
    return 4;
}

static int setup(void **state)
{
    static const cl_clock own = {own_now, own_wall, own_random};

    (void)state;
    now_ms = 1000;
    wall_ms = 1000000;
    cl_clock_replace(&own);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cl_clock_replace(NULL);
    return 0;
}

static claude_secret_t *secret_of(const char *text, int64_t expires_at)
{
    claude_secret_t *secret = NULL;

    assert_int_equal(cl_secret_new(cl_str_of(text), false, &secret, NULL), CLAUDE_OK);
    cl_secret_set_expiry(secret, expires_at);
    return secret;
}

/* Takes over the secret. */
static cl_key *key_of(claude_secret_t *secret)
{
    cl_key *key = NULL;

    assert_int_equal(cl_key_new(secret, &key, NULL), CLAUDE_OK);
    cl_secret_unref(secret);
    return key;
}

enum { LEAD_MS = 1000, PAUSE_MS = 500 };

static int32_t check(cl_key *key, uint64_t refused, int32_t *reason)
{
    const cl_key_question question = {.lead_ms = LEAD_MS, .refused = refused, .may_ask = true};
    cl_key_failure failure;

    return cl_key_check(key, &question, reason, &failure);
}

static void is(cl_key *key, uint64_t refused, int32_t what)
{
    int32_t reason;

    assert_int_equal(check(key, refused, &reason), what);
}

static void asks(cl_key *key, uint64_t refused, int32_t expected)
{
    int32_t reason = 0;

    assert_int_equal(check(key, refused, &reason), CL_KEY_ASK);
    assert_int_equal(reason, expected);
}

static void answer(cl_key *key, claude_secret_t *secret)
{
    const cl_key_failure failure = {.user_code = 7, .text = "it returned 7"};

    cl_key_answer(key, secret, &failure, PAUSE_MS);
    cl_secret_unref(secret);
}

static void test_replaced(void **state)
{
    claude_secret_t *first = secret_of("first", INT64_MAX);
    cl_key *key = key_of(cl_secret_ref(first));
    claude_secret_t *got;
    uint64_t generation = 0;

    (void)state;
    got = cl_key_get(key, &generation);
    assert_ptr_equal(got, first);
    assert_int_equal(generation, 1);
    cl_secret_unref(got);
    cl_secret_unref(first);
    first = secret_of("second", INT64_MAX);
    cl_key_put(key, first);
    got = cl_key_get(key, &generation);
    assert_ptr_equal(got, first);
    assert_int_equal(generation, 2);
    cl_secret_unref(got);
    cl_secret_unref(first);
    assert_null(cl_key_get(NULL, &generation));
    cl_key_unref(key);
}

static void test_first(void **state)
{
    cl_key *key = key_of(NULL);
    uint64_t generation;

    (void)state;
    assert_null(cl_key_get(key, &generation));
    asks(key, 0, CLAUDE_CREDENTIAL_FIRST);
    is(key, 0, CL_KEY_REENTERED);
    answer(key, secret_of("token", INT64_MAX));
    is(key, 0, CL_KEY_READY);
    wall_ms += INT64_C(1) << 50;
    is(key, 0, CL_KEY_READY);
    cl_key_unref(key);
}

/* Every edge of a token's life: 10 s, of which the last one is the lead. */
static void test_life(void **state)
{
    cl_key *key = key_of(secret_of("token", wall_ms + 10000));

    (void)state;
    wall_ms += 8999;
    is(key, 0, CL_KEY_READY);
    wall_ms++;
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    is(key, 0, CL_KEY_READY); /* while it is asked the old one will do */
    wall_ms += 999;
    is(key, 0, CL_KEY_READY);
    wall_ms++;
    is(key, 0, CL_KEY_REENTERED);
    answer(key, secret_of("next", wall_ms + 10000));
    is(key, 0, CL_KEY_READY);
    cl_key_unref(key);
}

static void test_short_life(void **state)
{
    cl_key *key = key_of(secret_of("token", wall_ms + 100));

    (void)state;
    wall_ms += 49;
    is(key, 0, CL_KEY_READY);
    wall_ms++;
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    cl_key_unref(key);
}

static void test_prolonged(void **state)
{
    claude_secret_t *secret = secret_of("token", wall_ms + 10000);
    cl_key *key = key_of(cl_secret_ref(secret));

    (void)state;
    wall_ms += 10000;
    cl_secret_set_expiry(secret, wall_ms + 10000);
    is(key, 0, CL_KEY_READY);
    cl_secret_unref(secret);
    cl_key_unref(key);
}

static void test_refused(void **state)
{
    cl_key *key = key_of(secret_of("token", INT64_MAX));

    (void)state;
    is(key, 2, CL_KEY_READY); /* another generation */
    asks(key, 1, CLAUDE_CREDENTIAL_REFUSED);
    is(key, 0, CL_KEY_READY);
    is(key, 1, CL_KEY_REENTERED);
    answer(key, secret_of("next", INT64_MAX));
    is(key, 1, CL_KEY_READY);
    cl_key_unref(key);
}

static void test_failure(void **state)
{
    cl_key *key = key_of(NULL);
    const cl_key_question question = {.lead_ms = LEAD_MS, .may_ask = true};
    cl_key_failure failure;
    int32_t reason;

    (void)state;
    asks(key, 0, CLAUDE_CREDENTIAL_FIRST);
    answer(key, NULL);
    now_ms += PAUSE_MS - 1;
    assert_int_equal(cl_key_check(key, &question, &reason, &failure), CL_KEY_FAILED);
    assert_int_equal(failure.user_code, 7);
    assert_string_equal(failure.text, "it returned 7");
    assert_int_equal(failure.left_ms, 1);
    now_ms++;
    asks(key, 0, CLAUDE_CREDENTIAL_FIRST);
    answer(key, NULL);
    is(key, 0, CL_KEY_FAILED);
    /* A key of the program's own counts at once, and clears it. */
    {
        claude_secret_t *own = secret_of("own", wall_ms + 2);
        cl_key_put(key, own);
        cl_secret_unref(own);
    }
    is(key, 0, CL_KEY_READY);
    wall_ms += 2;
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    cl_key_unref(key);
}

static void test_failure_with_a_good_token(void **state)
{
    cl_key *key = key_of(secret_of("token", wall_ms + 10000));

    (void)state;
    wall_ms += 9500;
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    answer(key, NULL);
    is(key, 0, CL_KEY_READY);
    now_ms += PAUSE_MS;
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    answer(key, NULL);
    wall_ms += 500;
    is(key, 0, CL_KEY_FAILED);
    cl_key_unref(key);
}

static void test_without_callbacks(void **state)
{
    cl_key *key = key_of(secret_of("token", wall_ms + 10000));
    const cl_key_question question = {.lead_ms = LEAD_MS, .may_ask = false};
    cl_key_failure failure;
    int32_t reason;

    (void)state;
    assert_int_equal(cl_key_check(key, &question, &reason, &failure), CL_KEY_READY);
    wall_ms += 9000;
    assert_int_equal(cl_key_check(key, &question, &reason, &failure), CL_KEY_WAIT);
    asks(key, 0, CLAUDE_CREDENTIAL_EXPIRES);
    cl_key_unref(key);
}

static void *ask_in_thread(void *arg)
{
    is(arg, 0, CL_KEY_WAIT);
    return NULL;
}

static void test_another_thread_waits(void **state)
{
    cl_key *key = key_of(NULL);
    pthread_t thread;

    (void)state;
    asks(key, 0, CLAUDE_CREDENTIAL_FIRST);
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, key), 0);
    pthread_join(thread, NULL);
    cl_key_unref(key);
}

/* Who asks in the parent is not there in the child. */
static void test_fork(void **state)
{
    cl_key *key = key_of(NULL);
    int status = 0;
    pid_t child;

    (void)state;
    asks(key, 0, CLAUDE_CREDENTIAL_FIRST);
    child = fork();
    if (child == 0) {
        int32_t reason;
        _exit(check(key, 0, &reason) == CL_KEY_ASK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    is(key, 0, CL_KEY_REENTERED);
    cl_key_unref(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prolonged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_with_a_good_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_callbacks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_thread_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
