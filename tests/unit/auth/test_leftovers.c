/*
 * No copy of a key stays behind. A child takes a key in by each of the ways there are; its parent reads the child's
 * memory and counts: one copy while the key is in use, none afterwards. The key is kept encoded, so that the test's own
 * data is no hit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"
#include "config/config.h"

/* sk-ant-api03- and 64 characters, each with its lowest two bits turned. */
static const char encoded[] = "ph.bmw.bsj30.Qw4{Rn1Ua:Ot7Yh;Ms0Kg5Ie2Dp6Z`3Wv.b[fTjLlHrAu@mNyBzVoFkGqEdPiSJ\\";
enum { KEY_LEN = sizeof encoded - 1, NEEDLE_LEN = 16 };
/* A constant would let the compiler put the decoded key among its own. */
static volatile char mask = 3;
/* Pieces to look for: a copy of a part is a copy, too. Words of the hash begin at multiples of four. */
static const size_t needles[] = {16, 36, 60};
enum { NEEDLES = sizeof needles / sizeof needles[0] };

static char root[PATH_MAX];

static void wipe(volatile char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = 0;
}

/* Writes before, key, after and a NUL. */
static size_t decode(char *out, const char *before, const char *after)
{
    size_t at = strlen(before);

    memcpy(out, before, at);
    for (size_t i = 0; i < KEY_LEN; i++)
        out[at++] = (char)(encoded[i] ^ mask);
    memcpy(out + at, after, strlen(after) + 1);
    return at + strlen(after);
}

static void write_file(const char *path, const char *before, const char *after)
{
    char text[512];
    size_t len = decode(text, before, after);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    wipe(text, sizeof text);
}

/* ---- looking into the child ---- */

static bool plain_at(const char *p, size_t at)
{
    for (size_t i = 0; i < NEEDLE_LEN; i++) {
        if (p[i] != (char)(encoded[at + i] ^ mask))
            return false;
    }
    return true;
}

/* The words that SHA-256 works on: the text with the bytes of each word turned round. */
static bool words_at(const char *p, size_t at)
{
    for (size_t i = 0; i < NEEDLE_LEN; i++) {
        if (p[i] != (char)(encoded[at + (i ^ 3)] ^ mask))
            return false;
    }
    return true;
}

static void count_in(int memory, unsigned long from, unsigned long to, size_t hits[NEEDLES])
{
    static char block[65536 + NEEDLE_LEN];

    while (from < to) {
        size_t want = to - from < sizeof block ? to - from : sizeof block;
        ssize_t n = pread(memory, block, want, (off_t)from);
        if (n < NEEDLE_LEN)
            break;
        for (size_t i = 0; i + NEEDLE_LEN <= (size_t)n; i++)
            for (size_t j = 0; j < NEEDLES; j++)
                hits[j] += plain_at(block + i, needles[j]) || words_at(block + i, needles[j]);
        if ((size_t)n < sizeof block)
            break;
        from += sizeof block - NEEDLE_LEN + 1;
    }
    wipe(block, sizeof block);
}

/* Fails unless each piece of the key is there `expected` times. */
static void expect_copies(pid_t child, size_t expected)
{
    char path[64];
    char line[PATH_MAX + 128];
    size_t hits[NEEDLES] = {0};
    FILE *maps;
    int memory;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)child);
    maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)child);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || memory < 0)
        fail_msg("the child's memory cannot be read");
    while (fgets(line, sizeof line, maps)) {
        unsigned long from;
        unsigned long to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3)
            continue;
        /* Sanitizers map terabytes of shadow that holds no text. */
        if (mode[0] == 'r' && to - from < (256ul << 20))
            count_in(memory, from, to, hits);
    }
    fclose(maps);
    close(memory);
    for (size_t j = 0; j < NEEDLES; j++)
        assert_int_equal(hits[j], expected);
}

/* ---- the ways in ---- */

typedef struct holder {
    claude_secret_t *secret;
    claude_config_t *config;
} holder;

typedef claude_code_t (*way_in)(holder *out);

static claude_code_t by_text(holder *out)
{
    char text[512];
    size_t len = decode(text, "", "");
    claude_code_t rc = cl_secret_new(cl_str_n(text, len), true, &out->secret, NULL);

    wipe(text, sizeof text);
    return rc;
}

static claude_code_t by_text_refused(holder *out)
{
    char text[512];
    size_t len = decode(text, "", " ");
    claude_code_t rc = cl_secret_new(cl_str_n(text, len), true, &out->secret, NULL);

    wipe(text, sizeof text);
    return rc;
}

static claude_code_t by_file(holder *out)
{
    write_file("key", "", "\n");
    return cl_secret_from_file("key", &out->secret, NULL);
}

static claude_code_t by_file_refused(holder *out)
{
    write_file("key", "", "\n\n");
    return cl_secret_from_file("key", &out->secret, NULL);
}

static claude_code_t by_workspace(holder *out)
{
    (void)mkdir("secret", 0700);
    write_file("secret/-secrets.sh", "export ANTHROPIC_API_KEY=\"", "\"\n");
    return cl_secret_from_workspace(NULL, &out->secret, NULL);
}

static claude_code_t by_workspace_refused(holder *out)
{
    (void)mkdir("secret", 0700);
    write_file("secret/-secrets.sh", "export ANTHROPIC_API_KEY=\"", "\n");
    return cl_secret_from_workspace(NULL, &out->secret, NULL);
}

static claude_code_t by_option(holder *out)
{
    char text[512];
    claude_code_t rc = cl_config_new(&out->config, NULL);

    decode(text, "", "");
    if (rc >= 0)
        rc = cl_config_set(out->config, "api_key", text, NULL);
    wipe(text, sizeof text);
    return rc;
}

static claude_code_t by_json_text(holder *out, const char *before, const char *after)
{
    char text[512];
    size_t len = decode(text, before, after);
    claude_code_t rc = cl_config_new(&out->config, NULL);

    if (rc >= 0)
        rc = cl_config_load_json(out->config, cl_str_n(text, len), NULL);
    wipe(text, sizeof text);
    return rc;
}

static claude_code_t by_json(holder *out)
{
    return by_json_text(out, "{\"stream.strict\": true, \"api_key\": \"", "\"}");
}

static claude_code_t by_json_refused(holder *out)
{
    return by_json_text(out, "{\"api_key\": \"", "\", \"nonsense\": 1}");
}

static claude_code_t by_environment(holder *out)
{
    static char entry[512];
    claude_code_t rc = cl_config_new(&out->config, NULL);

    decode(entry, "ANTHROPIC_API_KEY=", "");
    if (putenv(entry) != 0)
        return CLAUDE_E_NOMEM;
    if (rc >= 0)
        rc = cl_config_load_env(out->config, NULL);
    wipe(entry + strlen("ANTHROPIC_API_KEY="), KEY_LEN);
    return rc;
}

/* ---- the test ---- */

/* The child: takes the key in, waits to be looked at, lets it go, waits again. */
static void run_child(way_in way, int done, int go)
{
    holder held = {NULL, NULL};
    claude_code_t rc = way(&held);
    char byte;

    if (write(done, &rc, sizeof rc) != (ssize_t)sizeof rc || read(go, &byte, 1) != 1)
        _exit(1);
    cl_secret_unref(held.secret);
    cl_config_unref(held.config);
    if (write(done, &rc, sizeof rc) != (ssize_t)sizeof rc || read(go, &byte, 1) != 1)
        _exit(1);
    _exit(0);
}

static void look(way_in way, bool accepted)
{
    int done[2];
    int go[2];
    int status = 0;
    claude_code_t rc = 1;
    pid_t child;

    assert_int_equal(pipe2(done, O_CLOEXEC), 0);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* With the parent's end open here, too, a parent that fails would leave its child waiting for ever. */
        close(go[1]);
        run_child(way, done[1], go[0]);
    }
    assert_int_equal(read(done[0], &rc, sizeof rc), (ssize_t)sizeof rc);
    assert_int_equal(rc, accepted ? CLAUDE_OK : CLAUDE_E_INVALID);
    expect_copies(child, accepted ? 1 : 0);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(read(done[0], &rc, sizeof rc), (ssize_t)sizeof rc);
    expect_copies(child, 0);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(done[0]);
    close(done[1]);
    close(go[0]);
    close(go[1]);
}

static void test_text(void **state)
{
    (void)state;
    look(by_text, true);
    look(by_text_refused, false);
}

static void test_file(void **state)
{
    (void)state;
    look(by_file, true);
    look(by_file_refused, false);
}

static void test_workspace(void **state)
{
    (void)state;
    look(by_workspace, true);
    look(by_workspace_refused, false);
}

static void test_option(void **state)
{
    (void)state;
    look(by_option, true);
}

static void test_json(void **state)
{
    (void)state;
    look(by_json, true);
    look(by_json_refused, false);
}

static void test_environment(void **state)
{
    (void)state;
    look(by_environment, true);
}

static int setup(void **state)
{
    static char template[] = "/tmp/claude-leftovers-XXXXXX";

    (void)state;
    unsetenv("WORKSPACE_PATH");
    unsetenv("ANTHROPIC_API_KEY");
    if (!mkdtemp(template) || !realpath(template, root))
        return -1;
    return chdir(root);
}

static int teardown(void **state)
{
    (void)state;
    unlink("key");
    unlink("secret/-secrets.sh");
    rmdir("secret");
    return chdir("/") == 0 ? rmdir(root) : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),   cmocka_unit_test(test_file), cmocka_unit_test(test_workspace),
        cmocka_unit_test(test_option), cmocka_unit_test(test_json), cmocka_unit_test(test_environment),
    };

    /* Binding a function at its first call saves vector registers, with text in them, on the stack. The library is
     * linked with -z now, this program is not. */
    char self[PATH_MAX] = "";
    if (argc == 1 && !getenv("LD_BIND_NOW") && setenv("LD_BIND_NOW", "1", 1) == 0 &&
        readlink("/proc/self/exe", self, sizeof self - 1) > 0)
        execv(self, argv);
    return cmocka_run_group_tests(tests, setup, teardown);
}
