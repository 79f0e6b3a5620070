/* Secrets: the format of keys, what their pages promise, who is told of a use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"

/* Tools that need memory of their own while the test takes it away. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define GOOD "sk-ant-CANARY_0123456789-abcXYZ"

static claude_secret_t *make(const char *text)
{
    claude_secret_t *secret = NULL;

    assert_int_equal(cl_secret_new(cl_str_of(text), true, &secret, NULL), CLAUDE_OK);
    return secret;
}

/* ---- format ---- */

static void refuse(cl_str text, bool checked, const char *expected)
{
    claude_secret_t *secret = (claude_secret_t *)(uintptr_t)1;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_secret_new(text, checked, &secret, &err), CLAUDE_E_INVALID);
    assert_int_equal(err.code, CLAUDE_E_INVALID);
    assert_ptr_equal(secret, (void *)(uintptr_t)1);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    assert_null(strstr(err.message, "CANARY"));
    cl_err_clear(&err);
}

static void accept(cl_str text, bool checked)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    cl_str lent;

    cl_err_init(&err);
    assert_int_equal(cl_secret_new(text, checked, &secret, &err), CLAUDE_OK);
    assert_int_equal(err.code, CLAUDE_OK);
    lent = cl_secret_use(secret, "expose");
    assert_int_equal(lent.len, text.len);
    assert_memory_equal(lent.ptr, text.ptr, text.len);
    assert_int_equal(lent.ptr[lent.len], '\0');
    cl_secret_unref(secret);
}

static void test_key_format(void **state)
{
    static const struct {
        cl_str text;
        const char *expected;
    } bad[] = {
        {{NULL, 0}, "API key is empty"},
        {{"", 0}, "API key is empty"},
        {{"CANARY-0123456789abcdef", 23}, "does not begin with sk-ant-"},
        {{"SK-ANT-CANARY-0123456789", 24}, "does not begin with sk-ant-"},
        {{"sk-ant", 6}, "does not begin with sk-ant-"},
        {{"\"sk-ant-CANARY0123456789\"", 25}, "does not begin with sk-ant-"},
        {{"sk-ant-CANARY012345\n", 20}, "ends with a line end (LF) at offset 19; remove it"},
        {{"sk-ant-CANARY012345\r", 20}, "ends with a carriage return (CR) at offset 19; remove it"},
        {{"sk-ant-CANARY012345\r\n", 21}, "ends with a line end (LF) at offset 20; remove it"},
        {{"sk-ant-CANARY012345 ", 20}, "ends with a space at offset 19; remove it"},
        {{"sk-ant-CANARY012345\t", 20}, "ends with a tab at offset 19; remove it"},
        {{" sk-ant-CANARY0123456", 21}, "begins with a space; remove it"},
        {{"\xef\xbb\xbfsk-ant-CANARY0123456", 23}, "begins with a byte order mark"},
        {{"sk-ant-CANARY 0123456", 21}, "has a space at offset 13; only A-Z a-z 0-9 _ - are allowed"},
        {{"sk-ant-CANARY\n0123456", 21}, "has a line end (LF) at offset 13"},
        {{"sk-ant-CANARY\r0123456", 21}, "has a carriage return (CR) at offset 13"},
        {{"sk-ant-CANARY\0"
          "0123456",
          21},
         "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY\x7f"
          "0123456",
          21},
         "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY\xc3\xa4"
          "123456",
          21},
         "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY=0123456", 21}, "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY.0123456", 21}, "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY/0123456", 21}, "has a byte that is not allowed at offset 13"},
        {{"sk-ant-CANARY012345", 19}, "is 19 bytes long; 20 to 512 are allowed"},
        {{"sk-ant-", 7}, "is 7 bytes long; 20 to 512 are allowed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(bad[i].text, true, bad[i].expected);
    accept(CL_STR("sk-ant-CANARY0123456"), true);
    accept(CL_STR(GOOD), true);
}

static void test_unchecked_format(void **state)
{
    (void)state;
    refuse(CL_STR(""), false, "secret is empty");
    refuse(CL_STR("CANARY token"), false, "has a space at offset 6; only visible ASCII");
    refuse(CL_STR("CANARY\ntoken"), false, "has a line end (LF) at offset 6");
    refuse(CL_STR("CANARY\x1ftoken"), false, "has a byte that is not allowed at offset 6");
    refuse(CL_STR("CANARY\x7ftoken"), false, "has a byte that is not allowed at offset 6");
    refuse(CL_STR("CANARY\xfftoken"), false, "has a byte that is not allowed at offset 6");
    refuse(CL_STR("CANARY\r"), false, "ends with a carriage return (CR) at offset 6");
    accept(CL_STR("x"), false);
    accept(CL_STR("!CANARY~{}=/+"), false);
}

/* Every byte, in the middle: what is allowed is exactly what secret.h says. */
static void test_every_byte(void **state)
{
    char text[] = "sk-ant-CANARY0123456";

    (void)state;
    for (int c = 0; c < 256; c++) {
        bool key_char =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        text[9] = (char)c;
        if (key_char)
            accept(cl_str_n(text, 20), true);
        else
            refuse(cl_str_n(text, 20), true, "at offset 9");
        if (c >= 0x21 && c <= 0x7e)
            accept(cl_str_n(text, 20), false);
        else
            refuse(cl_str_n(text, 20), false, "at offset 9");
    }
}

static void test_length_limits(void **state)
{
    char text[4098];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "sk-ant-", 7);
    accept(cl_str_n(text, 20), true);
    accept(cl_str_n(text, 512), true);
    refuse(cl_str_n(text, 513), true, "is 513 bytes long; 20 to 512 are allowed");
    accept(cl_str_n(text, 1), false);
    accept(cl_str_n(text, 4096), false);
    refuse(cl_str_n(text, 4097), false, "is 4097 bytes long; 1 to 4096 are allowed");
    /* Around a page, where text, canary and guard meet. */
    for (size_t len = 4060; len <= 4096; len++)
        accept(cl_str_n(text, len), false);
}

static void test_suspected(void **state)
{
    (void)state;
    assert_true(cl_secret_suspected(CL_STR("sk-ant-")));
    assert_true(cl_secret_suspected(CL_STR("/home/sk-ant-x")));
    assert_false(cl_secret_suspected(CL_STR("sk-ant")));
    assert_false(cl_secret_suspected(CL_STR("")));
    assert_false(cl_secret_suspected((cl_str){NULL, 0}));
}

/* ---- use ---- */

static void test_fingerprint(void **state)
{
    claude_secret_t *a = make("sk-ant-api03-0123456789abcdef");
    claude_secret_t *b = make("sk-ant-api03-0123456789abcdef");
    claude_secret_t *c = make("sk-ant-api03-0123456789abcdeg");

    (void)state;
    /* SHA-256 over the documented text, by another implementation. */
    assert_string_equal(cl_secret_fingerprint(a), "b0a76ab83fae6b7f");
    assert_string_equal(cl_secret_fingerprint(b), cl_secret_fingerprint(a));
    assert_string_not_equal(cl_secret_fingerprint(c), cl_secret_fingerprint(a));
    assert_string_equal(cl_secret_fingerprint(NULL), "");
    cl_secret_unref(a);
    cl_secret_unref(b);
    cl_secret_unref(c);
}

typedef struct audit_log {
    int calls;
    int destroyed;
    char last[64];
} audit_log;

static void on_audit(const char *operation, const char *fingerprint, void *user_data)
{
    audit_log *log = user_data;

    log->calls++;
    snprintf(log->last, sizeof log->last, "%s %s", operation, fingerprint);
}

static void on_destroy(void *user_data)
{
    ((audit_log *)user_data)->destroyed++;
}

static void test_audit(void **state)
{
    claude_secret_t *secret = make("sk-ant-api03-0123456789abcdef");
    audit_log log = {0, 0, ""};
    audit_log second = {0, 0, ""};
    uint64_t before = cl_secret_exposures();
    cl_err err;

    (void)state;
    cl_err_init(&err);
    cl_secret_use(secret, "expose");
    assert_int_equal(cl_secret_exposures(), before + 1);
    assert_int_equal(cl_secret_on_audit(secret, on_audit, &log, on_destroy, &err), CLAUDE_OK);
    cl_secret_use(secret, "header");
    assert_int_equal(log.calls, 1);
    assert_string_equal(log.last, "header b0a76ab83fae6b7f");
    assert_int_equal(cl_secret_exposures(), before + 2);
    /* A second one is refused, and its user_data is given back. */
    assert_int_equal(cl_secret_on_audit(secret, on_audit, &second, on_destroy, &err), CLAUDE_E_STATE);
    assert_int_equal(second.destroyed, 1);
    cl_err_clear(&err);
    assert_int_equal(cl_secret_on_audit(secret, NULL, &second, on_destroy, &err), CLAUDE_E_INVALID);
    assert_int_equal(second.destroyed, 2);
    assert_int_equal(cl_secret_on_audit(NULL, on_audit, &second, on_destroy, NULL), CLAUDE_E_INVALID);
    assert_int_equal(second.destroyed, 3);
    assert_int_equal(cl_secret_on_audit(secret, NULL, NULL, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(log.destroyed, 0);
    cl_secret_unref(secret);
    assert_int_equal(log.destroyed, 1);
    assert_int_equal(log.calls, 1);
}

/* ---- expiry ---- */

static int64_t wall_ms;

static int64_t own_wall(void)
{
    return wall_ms;
}

static int64_t own_now(void)
{
    return 1;
}

static uint64_t own_random(void)
{
    return 4;
}

typedef struct expiry_log {
    int calls;
    int destroyed;
    int64_t expires_at;
    int64_t left_ms;
    char fingerprint[17];
} expiry_log;

static void on_expiry(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *user_data)
{
    expiry_log *log = user_data;

    log->calls++;
    log->expires_at = expires_at_ms;
    log->left_ms = left_ms;
    snprintf(log->fingerprint, sizeof log->fingerprint, "%s", fingerprint);
}

static void forget_expiry(void *user_data)
{
    ((expiry_log *)user_data)->destroyed++;
}

static void test_expiry(void **state)
{
    static const cl_clock own = {own_now, own_wall, own_random};
    claude_secret_t *secret = make(GOOD);
    expiry_log log = {.calls = 0};
    cl_err err;

    (void)state;
    cl_err_init(&err);
    cl_clock_replace(&own);
    wall_ms = 10000;
    assert_int_equal(cl_secret_expires_at(secret), INT64_MAX);
    assert_int_equal(cl_secret_on_expiry(secret, -1, on_expiry, &log, forget_expiry, &err), CLAUDE_E_INVALID);
    assert_int_equal(log.destroyed, 1);
    cl_err_clear(&err);
    assert_int_equal(cl_secret_on_expiry(secret, 100, on_expiry, &log, forget_expiry, &err), CLAUDE_OK);
    assert_int_equal(cl_secret_on_expiry(secret, 100, on_expiry, &log, forget_expiry, &err), CLAUDE_E_STATE);
    assert_int_equal(log.destroyed, 2);
    cl_err_clear(&err);
    cl_secret_use(secret, "expose"); /* it has no expiry yet */
    cl_secret_set_expiry(secret, 20000);
    wall_ms = 19899;
    cl_secret_use(secret, "expose");
    assert_int_equal(log.calls, 0);
    wall_ms = 19900;
    cl_secret_use(secret, "header");
    cl_secret_use(secret, "header");
    wall_ms = 30000;
    cl_secret_use(secret, "header");
    assert_int_equal(log.calls, 1);
    assert_int_equal(log.expires_at, 20000);
    assert_int_equal(log.left_ms, 100);
    assert_string_equal(log.fingerprint, cl_secret_fingerprint(secret));
    cl_secret_set_expiry(secret, 25000);
    cl_secret_use(secret, "header");
    assert_int_equal(log.calls, 2);
    assert_int_equal(log.left_ms, -5000);
    cl_secret_set_expiry(secret, INT64_MAX);
    cl_secret_use(secret, "header");
    assert_int_equal(log.calls, 2);
    cl_secret_unref(secret);
    assert_int_equal(log.destroyed, 3);
    cl_clock_replace(NULL);
}

static void test_null_is_accepted(void **state)
{
    uint64_t before = cl_secret_exposures();
    cl_str lent = cl_secret_use(NULL, "expose");

    (void)state;
    assert_null(lent.ptr);
    assert_int_equal(lent.len, 0);
    assert_int_equal(cl_secret_exposures(), before);
    assert_null(cl_secret_ref(NULL));
    cl_secret_unref(NULL);
}

/* ---- pages ---- */

static char *data_begin(cl_str lent)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    return (char *)(((uintptr_t)lent.ptr - 16) & ~(page - 1));
}

static char *data_end(cl_str lent)
{
    return (char *)(uintptr_t)lent.ptr + lent.len + 1;
}

/* How a child that touches an address dies: the signal, or 0 if it lives. */
static int touch(volatile char *address, bool write)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        /* A sanitizer would catch it and report. */
        signal(SIGSEGV, SIG_DFL);
        if (write)
            *address = 'x';
        else
            (void)*address;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_guard_pages(void **state)
{
    static const size_t lengths[] = {20, 4078, 4079, 4080, 4081, 4095, 4096};
    char text[4096];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "sk-ant-", 7);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        claude_secret_t *secret = NULL;
        cl_str lent;
        assert_int_equal(cl_secret_new(cl_str_n(text, lengths[i]), false, &secret, NULL), CLAUDE_OK);
        lent = cl_secret_use(secret, "expose");
        assert_int_equal((uintptr_t)data_end(lent) % (uintptr_t)sysconf(_SC_PAGESIZE), 0);
        assert_int_equal(touch(data_end(lent) - 1, false), 0);
        assert_int_equal(touch(data_end(lent), false), SIGSEGV);
        assert_int_equal(touch(data_begin(lent), false), 0);
        assert_int_equal(touch(data_begin(lent) - 1, false), SIGSEGV);
        /* Read only, too. */
        assert_int_equal(touch(data_end(lent) - 2, true), SIGSEGV);
        cl_secret_unref(secret);
    }
}

/* The VmFlags line of the mapping that holds an address. */
static void vm_flags(const void *address, char *out, size_t size)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;

    assert_non_null(file);
    out[0] = '\0';
    while (fgets(line, sizeof line, file)) {
        unsigned long from;
        unsigned long to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2 && strchr(line, '-') < line + 20)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(out, size, "%s", line);
    }
    fclose(file);
}

static void test_not_in_core_dumps(void **state)
{
    claude_secret_t *secret = make(GOOD);
    char flags[512];
    char plain[] = "a page of the stack";

    (void)state;
    vm_flags(cl_secret_use(secret, "expose").ptr, flags, sizeof flags);
    assert_non_null(strstr(flags, " dd"));
    /* A child may use the key. */
    assert_null(strstr(flags, " wf"));
    vm_flags(plain, flags, sizeof flags);
    assert_non_null(strstr(flags, "VmFlags:"));
    assert_null(strstr(flags, " dd"));
    cl_secret_unref(secret);
}

/* Asks the kernel instead of mlock()'s result: sanitizers replace mlock() by nothing. */
static bool can_lock(void)
{
    char flags[512];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *trial = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(trial, MAP_FAILED);
    (void)mlock(trial, page);
    vm_flags(trial, flags, sizeof flags);
    munmap(trial, page);
    return strstr(flags, " lo") != NULL;
}

static void test_locked_where_allowed(void **state)
{
    claude_secret_t *secret;
    char flags[512];

    (void)state;
    if (!can_lock())
        skip();
    secret = make(GOOD);
    vm_flags(cl_secret_use(secret, "expose").ptr, flags, sizeof flags);
    assert_non_null(strstr(flags, " lo"));
    cl_secret_unref(secret);
}

/* In a child: no memory may be locked, and no privilege gets around that. */
static int without_memlock(void)
{
    static const struct rlimit none = {0, 0};
    claude_secret_t *secrets[64];
    char flags[512];

    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (getuid() == 0 && setuid(65534) != 0))
        return 2;
    for (size_t i = 0; i < 64; i++) {
        cl_str lent;
        if (cl_secret_new(CL_STR(GOOD), true, &secrets[i], NULL) != CLAUDE_OK)
            return 3;
        lent = cl_secret_use(secrets[i], "expose");
        if (!cl_str_eq(lent, CL_STR(GOOD)))
            return 4;
    }
    vm_flags(cl_secret_use(secrets[0], "expose").ptr, flags, sizeof flags);
    if (strstr(flags, " lo"))
        return 5;
    for (size_t i = 0; i < 64; i++)
        cl_secret_unref(secrets[i]);
    return 0;
}

static void test_no_memory_may_be_locked(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(without_memlock());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    /* 2: this environment lets nobody give up what the test needs to give up. */
    if (WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* munmap() as the library calls it, watched: what is given back must have been wiped. */
static const char *watched;
static size_t watched_len;
static int seen_zero;
static int seen_dirty;

int munmap(void *addr, size_t len)
{
    if (watched && (char *)addr <= watched && watched < (char *)addr + len) {
        bool zero = true;
        for (size_t i = 0; i < watched_len; i++)
            zero = zero && watched[i] == 0;
        seen_zero += zero;
        seen_dirty += !zero;
    }
    return (int)syscall(SYS_munmap, addr, len);
}

static void test_wiped_on_last_unref(void **state)
{
    claude_secret_t *secret = make(GOOD);
    claude_secret_t *same = cl_secret_ref(secret);
    cl_str lent = cl_secret_use(secret, "expose");

    (void)state;
    assert_ptr_equal(same, secret);
    seen_zero = seen_dirty = 0;
    watched = data_begin(lent);
    watched_len = (size_t)(data_end(lent) - data_begin(lent));
    cl_secret_unref(secret);
    assert_int_equal(seen_zero + seen_dirty, 0);
    assert_memory_equal(lent.ptr, GOOD, lent.len);
    cl_secret_unref(same);
    watched = NULL;
    assert_int_equal(seen_dirty, 0);
    assert_int_equal(seen_zero, 1);
    assert_int_equal(touch((char *)(uintptr_t)lent.ptr, false), SIGSEGV);
}

/* What overwrites a key overwrites its canary; such a secret lends nothing more. */
static void test_overwritten_secret_is_refused(void **state)
{
    claude_secret_t *secret = make(GOOD);
    cl_str lent = cl_secret_use(secret, "expose");
    uint64_t before = cl_secret_exposures();
    char *canary = (char *)(uintptr_t)lent.ptr - 16;

    (void)state;
    assert_int_equal(mprotect(data_begin(lent), (size_t)(data_end(lent) - data_begin(lent)), PROT_READ | PROT_WRITE),
                     0);
    canary[15] = (char)(canary[15] ^ 1);
    assert_null(cl_secret_use(secret, "expose").ptr);
    assert_int_equal(cl_secret_exposures(), before);
    canary[15] = (char)(canary[15] ^ 1);
    canary[0] = (char)(canary[0] ^ 1);
    assert_null(cl_secret_use(secret, "expose").ptr);
    canary[0] = (char)(canary[0] ^ 1);
    assert_non_null(cl_secret_use(secret, "expose").ptr);
    cl_secret_unref(secret);
}

static void test_survives_fork(void **state)
{
    claude_secret_t *secret = make(GOOD);
    int status = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        bool same = cl_str_eq(cl_secret_use(secret, "expose"), CL_STR(GOOD));
        cl_secret_unref(secret);
        _exit(same ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(cl_str_eq(cl_secret_use(secret, "expose"), CL_STR(GOOD)));
    cl_secret_unref(secret);
}

/* No memory at all: an error, no leak, nothing half made. */
static void test_out_of_address_space(void **state)
{
    int status = 0;
    pid_t child;

    (void)state;
    if (SANITIZED || getenv("CLAUDE_UNDER_VALGRIND"))
        skip();
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        claude_secret_t *secret = NULL;
        int code = 0;
        void *reserve = malloc(65536);
        free(reserve);
        if (setrlimit(RLIMIT_AS, &none) == 0)
            code = cl_secret_new(CL_STR(GOOD), true, &secret, NULL) == CLAUDE_E_NOMEM && !secret ? 0 : 1;
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_format),
        cmocka_unit_test(test_unchecked_format),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_length_limits),
        cmocka_unit_test(test_suspected),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_null_is_accepted),
        cmocka_unit_test(test_guard_pages),
        cmocka_unit_test(test_not_in_core_dumps),
        cmocka_unit_test(test_locked_where_allowed),
        cmocka_unit_test(test_no_memory_may_be_locked),
        cmocka_unit_test(test_wiped_on_last_unref),
        cmocka_unit_test(test_overwritten_secret_is_refused),
        cmocka_unit_test(test_survives_fork),
        cmocka_unit_test(test_out_of_address_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
