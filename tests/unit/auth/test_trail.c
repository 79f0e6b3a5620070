/* The trail of uses: what it holds, what it forgets, and that it is there for all threads and children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "auth/auth.h"
#include "auth/trail.h"

#define KEY "sk-ant-CANARY_0123456789-abcXYZ"

static int64_t wall_ms;

static int64_t own_now(void)
{
    return 5;
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
    wall_ms = 1700000000123;
    cl_clock_replace(&own);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cl_trail_stop();
    cl_clock_replace(NULL);
    return 0;
}

static claude_secret_t *make(const char *text)
{
    claude_secret_t *secret = NULL;

    assert_int_equal(cl_secret_new(cl_str_of(text), true, &secret, NULL), CLAUDE_OK);
    return secret;
}

static claude_trail_t *read_trail(void)
{
    claude_trail_t *trail = NULL;

    assert_int_equal(cl_trail_read(&trail, NULL), CLAUDE_OK);
    return trail;
}

static size_t count_now(void)
{
    claude_trail_t *trail = read_trail();
    size_t count = cl_trail_count(trail);

    cl_trail_unref(trail);
    return count;
}

static void test_off(void **state)
{
    claude_secret_t *secret = make(KEY);
    claude_trail_t *trail = NULL;

    (void)state;
    cl_secret_use(secret, "expose");
    assert_int_equal(cl_trail_read(&trail, NULL), CLAUDE_E_STATE);
    assert_null(trail);
    cl_trail_clear();
    cl_trail_stop();
    assert_int_equal(cl_trail_start(0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(cl_trail_start(CLAUDE_TRAIL_MAX + 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(cl_trail_start(CLAUDE_TRAIL_MAX, NULL), CLAUDE_OK);
    assert_int_equal(count_now(), 0);
    cl_secret_unref(secret);
}

static void test_a_use(void **state)
{
    claude_secret_t *secret = make(KEY);
    claude_trail_t *trail;
    cl_trail_use use;

    (void)state;
    assert_int_equal(cl_trail_start(4, NULL), CLAUDE_OK);
    cl_secret_use(secret, "expose");
    wall_ms++;
    cl_secret_use(secret, "header");
    trail = read_trail();
    assert_int_equal(cl_trail_count(trail), 2);
    assert_int_equal(cl_trail_dropped(trail), 0);
    assert_true(cl_trail_at(trail, 0, &use));
    assert_int_equal(use.time_ms, 1700000000123);
    assert_string_equal(use.operation, "expose");
    assert_string_equal(use.fingerprint, cl_secret_fingerprint(secret));
    assert_int_equal(use.thread, syscall(SYS_gettid));
    assert_true(cl_trail_at(trail, 1, &use));
    assert_int_equal(use.time_ms, 1700000000124);
    assert_string_equal(use.operation, "header");
    assert_false(cl_trail_at(trail, 2, &use));
    cl_trail_unref(trail);
    cl_secret_unref(secret);
}

static void test_the_oldest_go_first(void **state)
{
    claude_secret_t *secret = make(KEY);
    claude_trail_t *trail;
    cl_trail_use use;

    (void)state;
    for (size_t uses = 1; uses <= 9; uses++) {
        assert_int_equal(cl_trail_start(3, NULL), CLAUDE_OK);
        for (size_t i = 1; i <= uses; i++) {
            wall_ms = (int64_t)i;
            cl_secret_use(secret, "expose");
        }
        trail = read_trail();
        assert_int_equal(cl_trail_count(trail), uses < 3 ? uses : 3);
        assert_int_equal(cl_trail_dropped(trail), uses < 3 ? 0 : uses - 3);
        for (size_t i = 0; i < cl_trail_count(trail); i++) {
            assert_true(cl_trail_at(trail, i, &use));
            assert_int_equal(use.time_ms, cl_trail_dropped(trail) + i + 1);
        }
        cl_trail_unref(trail);
    }
    cl_trail_clear();
    assert_int_equal(count_now(), 0);
    cl_secret_use(secret, "expose");
    assert_int_equal(count_now(), 1);
    cl_secret_unref(secret);
}

/* Of the linker: where the program begins. */
extern const char __executable_start;

/* One of the return addresses is in this function. */
__attribute__((noinline)) static void use_here(claude_secret_t *secret)
{
    cl_secret_use(secret, "expose");
    __asm__ volatile("");
}

static void test_callers(void **state)
{
#if defined(__GLIBC__)
    claude_secret_t *secret = make(KEY);
    uintptr_t here = (uintptr_t)use_here;
    uint64_t base = (uint64_t)(uintptr_t)&__executable_start;
    bool found = false;
    claude_trail_t *trail;
    const char *module;
    uint64_t offset;

    (void)state;
    assert_int_equal(cl_trail_start(1, NULL), CLAUDE_OK);
    use_here(secret);
    trail = read_trail();
    for (size_t i = 0; cl_trail_frame_at(trail, 0, i, &module, &offset); i++) {
        uint64_t at = offset + base;
        if (strcmp(module, "(program)") == 0 && at > here && at < here + 1024)
            found = true;
    }
    assert_true(found);
    assert_false(cl_trail_frame_at(trail, 1, 0, &module, &offset));
    assert_false(cl_trail_frame_at(trail, 0, CLAUDE_TRAIL_FRAMES_MAX, &module, &offset));
    cl_trail_unref(trail);
    cl_secret_unref(secret);
#else
    (void)state;
    (void)use_here;
#endif
}

static void test_json(void **state)
{
    claude_secret_t *secret = make(KEY);
    claude_trail_t *trail;
    const char *json;
    struct json_object *root;
    struct json_object *uses;
    struct json_object *use;

    (void)state;
    assert_int_equal(cl_trail_start(2, NULL), CLAUDE_OK);
    for (int i = 0; i < 3; i++)
        use_here(secret);
    trail = read_trail();
    json = cl_trail_json(trail);
    assert_non_null(json);
    assert_ptr_equal(cl_trail_json(trail), json);
    assert_null(strstr(json, "CANARY"));
    root = json_tokener_parse(json);
    assert_non_null(root);
    assert_int_equal(json_object_get_int(json_object_object_get(root, "capacity")), 2);
    assert_int_equal(json_object_get_int(json_object_object_get(root, "dropped")), 1);
    uses = json_object_object_get(root, "exposures");
    assert_int_equal(json_object_array_length(uses), 2);
    use = json_object_array_get_idx(uses, 0);
    assert_string_equal(json_object_get_string(json_object_object_get(use, "operation")), "expose");
    assert_string_equal(json_object_get_string(json_object_object_get(use, "fingerprint")),
                        cl_secret_fingerprint(secret));
    assert_int_equal(json_object_get_int64(json_object_object_get(use, "time_ms")), wall_ms);
    assert_int_equal(json_object_get_int64(json_object_object_get(use, "thread")), syscall(SYS_gettid));
#if defined(__GLIBC__)
    {
        struct json_object *trace = json_object_object_get(use, "backtrace");
        assert_true(json_object_array_length(trace) > 2);
        assert_non_null(strstr(json_object_get_string(trace), "(program)+0x"));
    }
#endif
    json_object_put(root);
    cl_trail_unref(trail);
    cl_secret_unref(secret);
}

/* A copy stays as it was. */
static void test_a_copy(void **state)
{
    claude_secret_t *secret = make(KEY);
    claude_trail_t *trail;

    (void)state;
    assert_int_equal(cl_trail_start(4, NULL), CLAUDE_OK);
    cl_secret_use(secret, "expose");
    trail = cl_trail_ref(read_trail());
    cl_trail_unref(trail);
    cl_secret_use(secret, "expose");
    cl_trail_stop();
    cl_secret_use(secret, "expose");
    assert_int_equal(cl_trail_count(trail), 1);
    cl_trail_unref(trail);
    cl_secret_unref(secret);
}

struct users {
    claude_secret_t *secret;
    _Atomic bool stop;
};

static void *use_on(void *arg)
{
    struct users *users = arg;

    while (!atomic_load(&users->stop))
        cl_secret_use(users->secret, "expose");
    return NULL;
}

/* Uses, reads, forks and changes of its size at once. */
static void test_all_at_once(void **state)
{
    struct users users = {.secret = make(KEY)};
    pthread_t threads[4];

    (void)state;
    assert_int_equal(cl_trail_start(8, NULL), CLAUDE_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_on, &users), 0);
    for (size_t i = 0; i < 100; i++) {
        claude_trail_t *trail = NULL;
        assert_int_equal(cl_trail_start(1 + i % 16, NULL), CLAUDE_OK);
        if (cl_trail_read(&trail, NULL) == CLAUDE_OK) {
            assert_true(cl_trail_count(trail) <= 16);
            cl_trail_unref(trail);
        }
        if (i % 10 == 0) {
            int status = 0;
            pid_t child = fork();
            if (child == 0) {
                cl_trail_clear();
                cl_secret_use(users.secret, "expose");
                _exit(count_now() == 1 ? 0 : 1);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_int_equal(status, 0);
        }
    }
    atomic_store(&users.stop, true);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cl_secret_unref(users.secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_callers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_at_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
