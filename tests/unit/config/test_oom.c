/*
 * Memory running out at each allocation in turn, once and from then on: secrets and configurations say so, leave what
 * was there before, and leak nothing. The sources are compiled in here with allocators that can fail, so that it works
 * under memcheck and the sanitizers too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static long left;    /* allocations that still succeed */
static bool forever; /* what follows the one that fails fails too */
static bool failed;

static bool may_allocate(void)
{
    if (left-- > 0)
        return true;
    if (failed && !forever)
        return true;
    failed = true;
    return false;
}

static void *test_malloc(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

static void *test_calloc(size_t count, size_t size)
{
    return may_allocate() ? calloc(count, size) : NULL;
}

static void *test_realloc(void *old, size_t size)
{
    return may_allocate() ? realloc(old, size) : NULL;
}

static char *test_strdup(const char *text)
{
    return may_allocate() ? strdup(text) : NULL;
}

static char *test_strndup(const char *text, size_t len)
{
    return may_allocate() ? strndup(text, len) : NULL;
}

static void *test_mmap(void *at, size_t len, int mode, int flags, int fd, off_t offset)
{
    return may_allocate() ? mmap(at, len, mode, flags, fd, offset) : MAP_FAILED;
}

/* Splits a mapping, which takes memory; giving the pages back must not depend on it. */
static int test_mprotect(void *at, size_t len, int mode)
{
    return may_allocate() ? mprotect(at, len, mode) : -1;
}

static char *test_getcwd(char *out, size_t size)
{
    if (may_allocate())
        return getcwd(out, size);
    errno = ENOMEM;
    return NULL;
}

/* Calls of the system that fail on demand: the errno, 0 for none. */
static int fail_open;
static int fail_read;
static int fail_fstat;
static bool fail_getrandom;
static int interruptions; /* EINTR comes this often first */

static bool fails(int number)
{
    errno = interruptions > 0 ? EINTR : number;
    return interruptions-- > 0 || number != 0;
}

static int test_open(const char *path, int flags)
{
    return fails(fail_open) ? -1 : open(path, flags);
}

static ssize_t test_read(int fd, void *out, size_t size)
{
    return fails(fail_read) ? -1 : read(fd, out, size);
}

static int test_fstat(int fd, struct stat *out)
{
    errno = fail_fstat;
    return fail_fstat ? -1 : fstat(fd, out);
}

static ssize_t test_getrandom(void *out, size_t size, unsigned flags)
{
    return fail_getrandom ? -1 : getrandom(out, size, flags);
}

#define open test_open
#define read test_read
#define fstat test_fstat
#define getrandom test_getrandom
#define getcwd test_getcwd
#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc
#define strdup test_strdup
#define strndup test_strndup
#define mmap test_mmap
#define mprotect test_mprotect

#include "auth/secret.c"
#include "auth/sources.c"
#include "base/buf.c"
#include "base/headers.c"
#include "config/config.c"
#include "config/env.c"
#include "config/hook.c"
#include "config/options.c"

#undef open
#undef read
#undef fstat
#undef getrandom
#undef getcwd
#undef malloc
#undef calloc
#undef realloc
#undef strdup
#undef strndup
#undef mmap
#undef mprotect

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

#define KEY "sk-ant-CANARY_0123456789-abcXYZ"

/* Runs a scenario with ever more memory until it succeeds; it returns whether it did. */
static void run(bool (*scenario)(void))
{
    for (int mode = 0; mode < 2; mode++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            assert_true(n < 1000);
            left = n;
            forever = mode == 1;
            failed = false;
            done = scenario();
            /* A success with a failed allocation behind it would be a loss that nobody is told of. */
            assert_int_equal(done, !failed);
        }
    }
    left = 1000000;
}

/* The code of a step; anything but success and out-of-memory is a mistake. */
static bool step(claude_code_t rc, const cl_err *err)
{
    if (rc != CLAUDE_OK && rc != CLAUDE_E_NOMEM)
        fail_msg("%d: %s", (int)rc, err->message);
    assert_int_equal(err->code, rc);
    return rc == CLAUDE_OK;
}

/* ---- secrets ---- */

static bool secret_from_text(void)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_secret_new(CL_STR(KEY), true, &secret, &err), &err);
    assert_int_equal(done, secret != NULL);
    /* What is given back is given back, memory or not. */
    left = 1000000;
    cl_secret_unref(secret);
    cl_err_clear(&err);
    return done;
}

static bool secret_from_file(void)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_secret_from_file("secret/key", &secret, &err), &err);
    assert_int_equal(done, secret != NULL);
    left = 1000000;
    cl_secret_unref(secret);
    cl_err_clear(&err);
    return done;
}

static bool secret_from_workspace(void)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_secret_from_workspace(NULL, &secret, &err), &err);
    assert_int_equal(done, secret != NULL);
    left = 1000000;
    cl_secret_unref(secret);
    cl_err_clear(&err);
    return done;
}

static void test_secrets(void **state)
{
    char folder[] = "/tmp/claude-oom-XXXXXX";
    char path[PATH_MAX];
    int fd;

    (void)state;
    unsetenv("WORKSPACE_PATH");
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("secret", 0700), 0);
    fd = open("secret/key", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, KEY "\n", sizeof KEY), sizeof KEY);
    close(fd);
    run(secret_from_text);
    run(secret_from_file);
    fd = open("secret/-secrets.sh", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "ANTHROPIC_API_KEY=" KEY "\n", 18 + sizeof KEY), 18 + sizeof KEY);
    close(fd);
    run(secret_from_workspace);
    /* Without the file: the search goes up, and the environment answers. */
    unlink("secret/-secrets.sh");
    run(secret_from_workspace);
    unlink("secret/key");
    rmdir("secret");
    assert_non_null(realpath(".", path));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(path), 0);
    unsetenv("ANTHROPIC_API_KEY");
}

/* ---- the system refuses ---- */

static void refuse_file(const char *expected)
{
    claude_secret_t *secret = NULL;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_secret_from_file("/dev/zero", &secret, &err), CLAUDE_E_IO);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    cl_err_clear(&err);
}

static void test_refused_by_the_system(void **state)
{
    char path[] = "/tmp/claude-key-XXXXXX";
    int fd = mkstemp(path);
    claude_secret_t *secret = NULL;

    (void)state;
    left = 1000000;
    assert_int_equal(write(fd, KEY, sizeof KEY - 1), sizeof KEY - 1);
    close(fd);
    fail_open = EMFILE;
    refuse_file("cannot be opened: too many open files (errno 24)");
    fail_open = EIO;
    refuse_file("cannot be opened: the system refused (errno 5)");
    fail_open = 0;
    fail_fstat = EIO;
    refuse_file("cannot be examined: the system refused (errno 5)");
    fail_fstat = 0;
    /* Interruptions are not failures, nor is a lack of chance. */
    interruptions = 3;
    fail_getrandom = true;
    assert_int_equal(cl_secret_from_file(path, &secret, NULL), CLAUDE_OK);
    assert_true(cl_str_eq(cl_secret_use(secret, "expose"), CL_STR(KEY)));
    cl_secret_unref(secret);
    fail_getrandom = false;
    fail_read = EIO;
    assert_int_equal(cl_secret_from_file(path, &secret, NULL), CLAUDE_E_IO);
    fail_read = 0;
    interruptions = 0;
    unlink(path);
}

/* ---- configurations ---- */

static claude_config_t *config;

static void expect_unchanged(const claude_config_t *it)
{
    assert_string_equal(cl_config_get(it, "timeout_ms"), "42");
    assert_string_equal(cl_config_get(it, "beta"), "before");
    assert_null(cl_config_get(it, "network.proxy"));
    assert_null(it->secret);
    assert_int_equal(it->headers.count, 1);
}

static int setup(void **state)
{
    (void)state;
    left = 1000000;
    if (cl_config_new(&config, NULL) < 0 || cl_config_set(config, "timeout_ms", "42", NULL) < 0 ||
        cl_config_set(config, "beta", "before", NULL) < 0 || cl_headers_set(&config->headers, "a", "b", NULL) < 0)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cl_config_unref(config);
    return 0;
}

static bool new_config(void)
{
    claude_config_t *made = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_new(&made, &err), &err);
    assert_int_equal(done, made != NULL);
    cl_config_unref(made);
    return done;
}

static bool copy_config(void)
{
    claude_config_t *copy = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_copy(config, &copy, &err), &err);
    expect_unchanged(config);
    if (done)
        expect_unchanged(copy);
    cl_config_unref(copy);
    return done;
}

static bool set_option(void)
{
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_set(config, "timeout_ms", "43", &err), &err);
    if (!done)
        expect_unchanged(config);
    left = 1000000;
    assert_int_equal(cl_config_set(config, "timeout_ms", "42", NULL), CLAUDE_OK);
    return done;
}

static bool set_key(void)
{
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_set(config, "api_key", KEY, &err), &err);
    if (!done)
        expect_unchanged(config);
    left = 1000000;
    assert_int_equal(cl_config_set(config, "api_key", NULL, NULL), CLAUDE_OK);
    return done;
}

static bool load_json(void)
{
    static const char json[] = "{\"timeout\": {\"total_ms\": 43}, \"api_key\": \"" KEY "\", \"beta\": null}";
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_load_json(config, cl_str_of(json), &err), &err);
    if (!done) {
        expect_unchanged(config);
        return false;
    }
    left = 1000000;
    assert_string_equal(cl_config_get(config, "timeout_ms"), "43");
    assert_non_null(config->secret);
    teardown(NULL);
    setup(NULL);
    return true;
}

static bool load_env(void)
{
    cl_err err;
    bool done;

    cl_err_init(&err);
    done = step(cl_config_load_env(config, &err), &err);
    if (!done) {
        expect_unchanged(config);
        return false;
    }
    left = 1000000;
    assert_string_equal(cl_config_get(config, "network.proxy"), "http://proxy");
    assert_string_equal(cl_config_get(config, "auth.style"), "bearer");
    assert_int_equal(config->headers.count, 3);
    teardown(NULL);
    setup(NULL);
    return true;
}

static void test_configurations(void **state)
{
    (void)state;
    run(new_config);
    run(copy_config);
    run(set_option);
    run(set_key);
    run(load_json);
}

static void test_environment(void **state)
{
    (void)state;
    unsetenv("ANTHROPIC_API_KEY");
    unsetenv("ANTHROPIC_BASE_URL");
    setenv("ANTHROPIC_AUTH_TOKEN", "CANARY", 1);
    setenv("HTTPS_PROXY", "http://proxy", 1);
    setenv("ANTHROPIC_CUSTOM_HEADERS", "c: d\ne: f\n", 1);
    run(load_env);
    unsetenv("ANTHROPIC_AUTH_TOKEN");
    unsetenv("HTTPS_PROXY");
    unsetenv("ANTHROPIC_CUSTOM_HEADERS");
}

static int destroyed;

static void count_destroy(void *user_data)
{
    (void)user_data;
    destroyed++;
}

static void some_function(void)
{
}

/* user_data is taken over in every case. */
static bool new_hook(void)
{
    cl_hook *hook = NULL;
    cl_err err;
    bool done;

    cl_err_init(&err);
    destroyed = 0;
    done = step(cl_hook_new(some_function, NULL, count_destroy, &hook, &err), &err);
    assert_int_equal(destroyed, done ? 0 : 1);
    cl_hook_unref(hook);
    assert_int_equal(destroyed, 1);
    return done;
}

static void test_hooks(void **state)
{
    (void)state;
    run(new_hook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_refused_by_the_system),
        cmocka_unit_test_setup_teardown(test_configurations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
        cmocka_unit_test(test_hooks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
