/* Where keys come from: files, the environment, the workspace. No message ever repeats a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"

#define KEY "sk-ant-CANARY_0123456789-abcXYZ"
#define OTHER "sk-ant-CANARY_other_0123456789"

static char root[PATH_MAX];

static const char *at(const char *name)
{
    static char path[PATH_MAX * 2];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, const char *bytes, size_t len, mode_t mode)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text), 0600);
}

static int setup(void **state)
{
    char template[] = "/tmp/claude-sources-XXXXXX";

    (void)state;
    unsetenv("ANTHROPIC_API_KEY");
    unsetenv("WORKSPACE_PATH");
    if (!mkdtemp(template) || !realpath(template, root) || chdir(root) != 0)
        return -1;
    return chmod(root, 0755);
}

static int teardown(void **state)
{
    char command[PATH_MAX + 16];

    (void)state;
    unsetenv("ANTHROPIC_API_KEY");
    unsetenv("WORKSPACE_PATH");
    if (chdir("/") != 0)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void expect_key(claude_code_t rc, claude_secret_t *secret, cl_err *err, const char *key)
{
    if (rc != CLAUDE_OK)
        fail_msg("%d: %s", rc, err->message);
    assert_true(cl_str_eq(cl_secret_use(secret, "expose"), cl_str_of(key)));
    cl_secret_unref(secret);
}

static void expect_refusal(claude_code_t rc, claude_code_t code, claude_secret_t *secret, cl_err *err,
                           const char *expected)
{
    assert_int_equal(rc, code);
    assert_int_equal(err->code, code);
    assert_null(secret);
    if (!strstr(err->message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err->message, expected);
    assert_null(strstr(err->message, "CANARY"));
    cl_err_clear(err);
}

/* ---- files ---- */

static void accept_file(const char *path, const char *key)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_from_file(path, &secret, &err);
    expect_key(rc, secret, &err, key);
}

static void refuse_file(const char *path, claude_code_t code, const char *expected)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_from_file(path, &secret, &err);
    expect_refusal(rc, code, secret, &err, expected);
    /* And without anybody to tell. */
    assert_int_equal(cl_secret_from_file(path, &secret, NULL), code);
}

static void test_file_line_ends(void **state)
{
    static const char *const good[] = {KEY, KEY "\n", KEY "\r\n", KEY "\r"};
    static const struct {
        const char *text;
        const char *expected;
    } bad[] = {
        {"", "is empty"},
        {"\n", "is empty"},
        {"\r\n", "is empty"},
        {KEY "\n\n", "ends with a line end (LF)"},
        {KEY "\r\n\r\n", "ends with a line end (LF)"},
        {KEY "\n\r", "ends with a line end (LF)"},
        {KEY " \n", "ends with a space"},
        {KEY " ", "ends with a space"},
        {" " KEY, "begins with a space"},
        {"\xef\xbb\xbf" KEY "\n", "byte order mark"},
        {KEY "\n" OTHER "\n", "has a line end (LF) at offset 31"},
        {"export ANTHROPIC_API_KEY=" KEY, "does not begin with sk-ant-"},
        {"sk-ant-CANARY\xc3\xa4xxxxxxxxxx", "not allowed at offset 13"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        write_text("key", good[i]);
        accept_file(at("key"), KEY);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_text("key", bad[i].text);
        refuse_file(at("key"), CLAUDE_E_INVALID, bad[i].expected);
        refuse_file(at("key"), CLAUDE_E_INVALID, at("key"));
    }
    write_file("key", "sk-ant-CANARY\0aaaaaaaaaaaaaaaa", 30, 0600);
    refuse_file(at("key"), CLAUDE_E_INVALID, "not allowed at offset 13");
}

static void test_file_modes(void **state)
{
    static const mode_t good[] = {0600, 0400, 0700};
    static const mode_t bad[] = {0644, 0640, 0604, 0610, 0601, 0620, 0602, 0666, 0777};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        write_file("key", KEY, strlen(KEY), good[i]);
        accept_file(at("key"), KEY);
        unlink(at("key"));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char expected[PATH_MAX * 2];
        write_file("key", KEY, strlen(KEY), bad[i]);
        snprintf(expected, sizeof expected, "has mode %04o,", (unsigned)bad[i]);
        refuse_file(at("key"), CLAUDE_E_INVALID, expected);
        snprintf(expected, sizeof expected, "run: chmod 600 %s/key", root);
        refuse_file(at("key"), CLAUDE_E_INVALID, expected);
        unlink(at("key"));
    }
}

static void test_file_kinds(void **state)
{
    (void)state;
    refuse_file(NULL, CLAUDE_E_INVALID, "NULL");
    refuse_file("", CLAUDE_E_INVALID, "empty");
    refuse_file(at("nothing"), CLAUDE_E_IO, "it does not exist");
    assert_int_equal(mkdir(at("dir"), 0700), 0);
    refuse_file(at("dir"), CLAUDE_E_INVALID, "is not a regular file");
    /* Nobody writes to it: opening it must not wait. */
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    refuse_file(at("fifo"), CLAUDE_E_INVALID, "is not a regular file");
    refuse_file("/dev/null", CLAUDE_E_INVALID, "is not a regular file");
    write_text("plain", KEY);
    refuse_file(at("plain/key"), CLAUDE_E_IO, "not a directory");
    /* A link counts as what is behind it. */
    assert_int_equal(symlink("plain", at("link")), 0);
    accept_file(at("link"), KEY);
    assert_int_equal(symlink("nothing", at("dangling")), 0);
    refuse_file(at("dangling"), CLAUDE_E_IO, "it does not exist");
    assert_int_equal(symlink("circle", at("circle")), 0);
    refuse_file(at("circle"), CLAUDE_E_IO, "symbolic links");
    assert_int_equal(chmod(at("plain"), 0644), 0);
    refuse_file(at("link"), CLAUDE_E_INVALID, "has mode 0644");
    /* The message hides what is a key in the place of a path. */
    refuse_file(KEY, CLAUDE_E_IO, "(hidden, it looks like a key)");
}

static void test_file_sizes(void **state)
{
    static char big[1 << 20];

    (void)state;
    memset(big, 'a', sizeof big);
    memcpy(big, "sk-ant-CANARY", 13);
    write_file("key", big, 512, 0600);
    big[512] = '\n';
    write_file("key", big, 513, 0600);
    big[512] = '\0';
    accept_file(at("key"), big);
    big[512] = 'a';
    write_file("key", big, 513, 0600);
    refuse_file(at("key"), CLAUDE_E_INVALID, "is 513 bytes long");
    write_file("key", big, 4096, 0600);
    refuse_file(at("key"), CLAUDE_E_INVALID, "is 4096 bytes long");
    write_file("key", big, 4097, 0600);
    refuse_file(at("key"), CLAUDE_E_INVALID, "has 4097 bytes; at most 4096 are read");
    write_file("key", big, sizeof big, 0600);
    refuse_file(at("key"), CLAUDE_E_INVALID, "has 1048576 bytes; at most 4096 are read");
}

static void test_file_owner(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_text("key", KEY);
    assert_int_equal(chown(at("key"), 65534, (gid_t)-1), 0);
    refuse_file(at("key"), CLAUDE_E_INVALID, "belongs to user 65534");
    /* Its owner may read it, and others may not even open it. */
    assert_int_equal(seteuid(65534), 0);
    accept_file(at("key"), KEY);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(at("key"), 0, (gid_t)-1), 0);
    assert_int_equal(seteuid(65534), 0);
    refuse_file(at("key"), CLAUDE_E_IO, "permission denied");
    assert_int_equal(seteuid(0), 0);
}

/* A file may turn out longer than it said: files in /proc say nothing, and others grow. */
static void test_file_grows(void **state)
{
    static char variable[5000] = "X=CANARY";
    char *arguments[] = {"sleep", "60", NULL};
    char *environment[] = {variable, NULL};
    char path[64];
    char byte;
    int gate[2];
    pid_t child;

    (void)state;
    memset(variable + 8, 'x', sizeof variable - 9);
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execve("/bin/sleep", arguments, environment);
        _exit(127);
    }
    close(gate[1]);
    /* The child's end closes when it has become the other program. */
    assert_int_equal(read(gate[0], &byte, 1), 0);
    close(gate[0]);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)child);
    refuse_file(path, CLAUDE_E_INVALID, "has more than 4096 bytes");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Descriptors of the host must not run out because of us. */
static void test_no_descriptor_stays_open(void **state)
{
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int after;

    (void)state;
    assert_true(before >= 0);
    close(before);
    write_text("key", KEY);
    accept_file(at("key"), KEY);
    write_file("key", KEY, strlen(KEY), 0644);
    refuse_file(at("key"), CLAUDE_E_INVALID, "has mode 0644");
    after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(after);
    assert_int_equal(after, before);
}

/* ---- environment ---- */

static void accept_env(const char *name, const char *key)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_from_env(name, &secret, &err);
    expect_key(rc, secret, &err, key);
}

static void refuse_env(const char *name, claude_code_t code, const char *expected)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_from_env(name, &secret, &err);
    expect_refusal(rc, code, secret, &err, expected);
}

static void test_env(void **state)
{
    static const char *const blank[] = {"", " ", "\t\r\n "};

    (void)state;
    refuse_env(NULL, CLAUDE_E_NO_KEY, "environment variable ANTHROPIC_API_KEY is unset or blank");
    for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++) {
        setenv("ANTHROPIC_API_KEY", blank[i], 1);
        refuse_env(NULL, CLAUDE_E_NO_KEY, "environment variable ANTHROPIC_API_KEY is unset or blank");
    }
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    accept_env(NULL, KEY);
    accept_env("ANTHROPIC_API_KEY", KEY);
    setenv("ANTHROPIC_API_KEY", KEY "\r", 1);
    refuse_env(NULL, CLAUDE_E_INVALID, "environment variable ANTHROPIC_API_KEY: API key ends with a carriage return");
    setenv("ANTHROPIC_API_KEY", "CANARY-not-a-key-of-that-kind", 1);
    refuse_env(NULL, CLAUDE_E_INVALID, "does not begin with sk-ant-");
    setenv("CLAUDE_TEST_KEY_2", OTHER, 1);
    accept_env("CLAUDE_TEST_KEY_2", OTHER);
    unsetenv("CLAUDE_TEST_KEY_2");
    refuse_env("CLAUDE_TEST_KEY_2", CLAUDE_E_NO_KEY, "environment variable CLAUDE_TEST_KEY_2");
}

static void test_names(void **state)
{
    static const char *const bad[] = {"", "A B", "A=B", "1A", "A-B", "A.B", KEY, "\xc3\xa4"};
    char name[258];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse_env(bad[i], CLAUDE_E_INVALID, "name of the variable");
    memset(name, 'N', sizeof name);
    name[257] = '\0';
    refuse_env(name, CLAUDE_E_INVALID, "1 to 256 characters");
    name[256] = '\0';
    refuse_env(name, CLAUDE_E_NO_KEY, "unset");
}

/* ---- workspace ---- */

static claude_code_t workspace(const char *name, claude_secret_t **secret, cl_err *err)
{
    *secret = NULL;
    cl_err_init(err);
    return cl_secret_from_workspace(name, secret, err);
}

static void accept_workspace(const char *key)
{
    claude_secret_t *secret;
    cl_err err;
    claude_code_t rc = workspace(NULL, &secret, &err);

    expect_key(rc, secret, &err, key);
}

static void refuse_workspace(claude_code_t code, const char *expected)
{
    claude_secret_t *secret;
    cl_err err;
    claude_code_t rc = workspace(NULL, &secret, &err);

    expect_refusal(rc, code, secret, &err, expected);
}

static void write_workspace(const char *text)
{
    (void)mkdir(at("secret"), 0700);
    write_text("secret/-secrets.sh", text);
}

static void test_workspace_good_lines(void **state)
{
    static const char *const good[] = {
        "export ANTHROPIC_API_KEY=\"" KEY "\"",
        "export ANTHROPIC_API_KEY=\"" KEY "\"\n",
        "export ANTHROPIC_API_KEY='" KEY "'\n",
        "export ANTHROPIC_API_KEY=" KEY "\n",
        "ANTHROPIC_API_KEY=" KEY,
        "ANTHROPIC_API_KEY=\"" KEY "\"\r\n",
        "ANTHROPIC_API_KEY=" KEY "\r\n",
        "  export\t ANTHROPIC_API_KEY=\"" KEY "\"  # the key\n",
        "ANTHROPIC_API_KEY=" KEY "; export ANTHROPIC_API_KEY\n",
        "A=1; ANTHROPIC_API_KEY=" KEY "\n",
        "\xef\xbb\xbf"
        "export ANTHROPIC_API_KEY=\"" KEY "\"\n",
        "#!/bin/bash\n# comment with \"a quote\n\n\nset -a\nexport ANTHROPIC_API_KEY=\"" KEY "\"\nunset X\n",
        "#ANTHROPIC_API_KEY=" OTHER "\nANTHROPIC_API_KEY=" KEY "\n# ANTHROPIC_API_KEY=" OTHER "\n",
        /* As in a shell, the last one wins. */
        "ANTHROPIC_API_KEY=" OTHER "\nANTHROPIC_API_KEY=" KEY "\n",
        /* Names that only look alike. */
        "ANTHROPIC_API_KEY2=" OTHER "\nMY_ANTHROPIC_API_KEY=" OTHER "\nANTHROPIC_API_KEY=" KEY "\n"
        "exportANTHROPIC_API_KEY=" OTHER "\nanthropic_api_key=" OTHER "\n",
        /* Other entries may be what we do not understand. */
        "PATH=\"$PATH:$(pwd)\"\nTOKEN=$(cat /etc/passwd)\nX=`date`\nY=\"a\\\"b\"\nANTHROPIC_API_KEY=" KEY "\n",
        /* A certificate over several lines that holds what looks like our entry. */
        "CERT=\"-----BEGIN\nANTHROPIC_API_KEY=" OTHER "\n-----END\"\nANTHROPIC_API_KEY=" KEY "\n",
        "CERT='-----BEGIN\nANTHROPIC_API_KEY=" OTHER "\n-----END'\nANTHROPIC_API_KEY=" KEY "\n",
        "ANTHROPIC_API_KEY=" KEY "\nCERT='-----BEGIN\nANTHROPIC_API_KEY=" OTHER "\n-----END'\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        write_workspace(good[i]);
        accept_workspace(KEY);
    }
}

static void test_workspace_bad_lines(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } bad[] = {
        {"ANTHROPIC_API_KEY=\"" KEY "\n", "-secrets.sh line 1: a closing quote is missing"},
        {"\n\nANTHROPIC_API_KEY='" KEY "\n", "-secrets.sh line 3: a closing quote is missing"},
        {"OTHER=\"CANARY\n\nANTHROPIC_API_KEY=" KEY "\n", "-secrets.sh line 1: a closing quote is missing"},
        {"# x\nANTHROPIC_API_KEY=\"" KEY "\nB=\"c\"\n", "line 2: the value spans lines"},
        {"ANTHROPIC_API_KEY=$(echo CANARY)\n", "line 1: the value has a command substitution"},
        {"ANTHROPIC_API_KEY=\"$(echo CANARY)\"\n", "line 1: the value has a command substitution"},
        {"ANTHROPIC_API_KEY=`echo CANARY`\n", "line 1: the value has a command substitution"},
        {"ANTHROPIC_API_KEY=\"`echo CANARY`\"\n", "line 1: the value has a command substitution"},
        {"ANTHROPIC_API_KEY=${CANARY}\n", "line 1: the value has a command substitution or expansion"},
        {"ANTHROPIC_API_KEY=\"sk-ant-CANARY\\n012345678\"\n", "line 1: the value has a backslash"},
        {"ANTHROPIC_API_KEY=sk-ant-CANARY\\012345678\n", "line 1: the value has quotes or operators"},
        {"ANTHROPIC_API_KEY=sk-ant-CANARY'012345678'\n", "line 1: the value has quotes or operators"},
        {"ANTHROPIC_API_KEY=sk-ant-CANARY0123456789|cat\n", "line 1: the value has quotes or operators"},
        {"ANTHROPIC_API_KEY=\"sk-ant-CANARY\"0123456789\n", "line 1: text follows the closing quote"},
        {"ANTHROPIC_API_KEY=\"" KEY "\" other\n", "line 1: text follows the value"},
        {"ANTHROPIC_API_KEY=" KEY " command\n", "line 1: text follows the value"},
        {"\nANTHROPIC_API_KEY=CANARY-not-a-key-012345\n", "line 2: API key does not begin with sk-ant-"},
        {"\nANTHROPIC_API_KEY=\"" KEY " \"\n", "line 2: API key ends with a space"},
        {"ANTHROPIC_API_KEY=sk-ant-\n", "line 1: API key is 7 bytes long"},
    };

    (void)state;
    setenv("ANTHROPIC_API_KEY", OTHER, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_workspace(bad[i].text);
        /* A mistake is told, not papered over by the environment. */
        refuse_workspace(CLAUDE_E_INVALID, bad[i].expected);
        refuse_workspace(CLAUDE_E_INVALID, at("secret/-secrets.sh"));
    }
    unsetenv("ANTHROPIC_API_KEY");
    (void)mkdir(at("secret"), 0700);
    write_file("secret/-secrets.sh", "ANTHROPIC_API_KEY=" KEY "\0x\n", 18 + strlen(KEY) + 3, 0600);
    refuse_workspace(CLAUDE_E_INVALID, "not allowed at offset 31");
    write_file("secret/-secrets.sh", "ANTHROPIC_API_KEY=\"" KEY "\"\0x\n", 20 + strlen(KEY) + 3, 0600);
    refuse_workspace(CLAUDE_E_INVALID, "text follows the closing quote");
}

/* The file is read, never executed. */
static void test_workspace_is_not_executed(void **state)
{
    char text[PATH_MAX * 3];

    (void)state;
    snprintf(text, sizeof text, "touch '%s/ran'\nX=$(touch '%s/ran')\nANTHROPIC_API_KEY=%s\n", root, root, KEY);
    write_workspace(text);
    accept_workspace(KEY);
    assert_int_equal(access(at("ran"), F_OK), -1);
}

static void test_workspace_falls_back(void **state)
{
    static const char *const without[] = {"",
                                          "OTHER=1\n",
                                          "ANTHROPIC_API_KEY=\n",
                                          "ANTHROPIC_API_KEY=\"\"\n",
                                          "ANTHROPIC_API_KEY\n",
                                          "export ANTHROPIC_API_KEY\n"};

    (void)state;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        write_workspace(without[i]);
        setenv("ANTHROPIC_API_KEY", OTHER, 1);
        accept_workspace(OTHER);
        setenv("ANTHROPIC_API_KEY", " ", 1);
        refuse_workspace(CLAUDE_E_NO_KEY, "environment variable ANTHROPIC_API_KEY is unset or blank; WORKSPACE_PATH is "
                                          "not set; ");
        refuse_workspace(CLAUDE_E_NO_KEY, at("secret/-secrets.sh"));
    }
    write_workspace("X=1\n");
    refuse_workspace(CLAUDE_E_NO_KEY, "-secrets.sh has no entry ANTHROPIC_API_KEY");
    write_workspace("ANTHROPIC_API_KEY=\n");
    refuse_workspace(CLAUDE_E_NO_KEY, "-secrets.sh has no value for ANTHROPIC_API_KEY");
    /* The file's entry wins over the environment. */
    setenv("ANTHROPIC_API_KEY", OTHER, 1);
    write_workspace("ANTHROPIC_API_KEY=" KEY "\n");
    accept_workspace(KEY);
}

/* ---- one after the other ---- */

static void found_in(claude_secret_t *runtime, const char *key, const char *source)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_load_with_precedence(NULL, runtime, &secret, &err);
    if (rc >= 0)
        assert_string_equal(cl_secret_source(secret), source);
    expect_key(rc, secret, &err, key);
}

static void not_found(claude_secret_t *runtime, claude_code_t code, const char *expected)
{
    claude_secret_t *secret = NULL;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_secret_load_with_precedence(NULL, runtime, &secret, &err);
    expect_refusal(rc, code, secret, &err, expected);
}

static void test_precedence(void **state)
{
    claude_secret_t *runtime = NULL;

    (void)state;
    assert_int_equal(cl_secret_new(CL_STR("sk-ant-CANARY_runtime_0123456789"), true, &runtime, NULL), CLAUDE_OK);
    assert_string_equal(cl_secret_source(runtime), "program");
    write_workspace("ANTHROPIC_API_KEY=" KEY "\n");
    setenv("ANTHROPIC_API_KEY", OTHER, 1);
    found_in(runtime, KEY, "workspace");
    found_in(NULL, KEY, "workspace");
    write_workspace("X=1\n");
    found_in(runtime, OTHER, "environment");
    found_in(NULL, OTHER, "environment");
    unsetenv("ANTHROPIC_API_KEY");
    found_in(runtime, "sk-ant-CANARY_runtime_0123456789", "program");
    not_found(NULL, CLAUDE_E_NO_KEY, "-secrets.sh has no entry ANTHROPIC_API_KEY; the program gave none");
    not_found(NULL, CLAUDE_E_NO_KEY, "environment variable ANTHROPIC_API_KEY is unset or blank");
    /* What is wrong in one place is not passed over. */
    setenv("ANTHROPIC_API_KEY", OTHER " ", 1);
    not_found(runtime, CLAUDE_E_INVALID, "ends with a space");
    write_workspace("ANTHROPIC_API_KEY=" KEY "\n");
    assert_int_equal(chmod(at("secret/-secrets.sh"), 0644), 0);
    not_found(runtime, CLAUDE_E_INVALID, "has mode 0644");
    unsetenv("ANTHROPIC_API_KEY");
    cl_secret_unref(runtime);
}

static void test_sources_are_named(void **state)
{
    claude_secret_t *secret = NULL;

    (void)state;
    write_text("key", KEY);
    assert_int_equal(cl_secret_from_file(at("key"), &secret, NULL), CLAUDE_OK);
    assert_string_equal(cl_secret_source(secret), "file");
    cl_secret_unref(secret);
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    assert_int_equal(cl_secret_from_env(NULL, &secret, NULL), CLAUDE_OK);
    assert_string_equal(cl_secret_source(secret), "environment");
    cl_secret_unref(secret);
    unsetenv("ANTHROPIC_API_KEY");
}

static void test_workspace_other_name(void **state)
{
    claude_secret_t *secret;
    cl_err err;
    claude_code_t rc;

    (void)state;
    write_workspace("ANTHROPIC_API_KEY=" KEY "\nSECOND=" OTHER "\n");
    rc = workspace("SECOND", &secret, &err);
    expect_key(rc, secret, &err, OTHER);
    assert_int_equal(workspace("THIRD", &secret, &err), CLAUDE_E_NO_KEY);
    assert_non_null(strstr(err.message, "has no entry THIRD"));
    cl_err_clear(&err);
    assert_int_equal(workspace("A B", &secret, &err), CLAUDE_E_INVALID);
    cl_err_clear(&err);
}

static void test_workspace_root(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("a"), 0755), 0);
    assert_int_equal(mkdir(at("a/b"), 0755), 0);
    assert_int_equal(mkdir(at("a/b/c"), 0755), 0);
    assert_int_equal(chdir(at("a/b/c")), 0);
    refuse_workspace(CLAUDE_E_NO_KEY, "WORKSPACE_PATH is not set; no secret/-secrets.sh and no .git in ");
    refuse_workspace(CLAUDE_E_NO_KEY, "/a/b/c and the directories above it");
    /* The nearest parent that has the file. */
    write_workspace("ANTHROPIC_API_KEY=" OTHER "\n");
    accept_workspace(OTHER);
    assert_int_equal(mkdir(at("a/secret"), 0700), 0);
    write_text("a/secret/-secrets.sh", "ANTHROPIC_API_KEY=" KEY "\n");
    accept_workspace(KEY);
    /* A .git that is nearer ends the search, be it a directory or a file. */
    assert_int_equal(mkdir(at("a/b/.git"), 0700), 0);
    refuse_workspace(CLAUDE_E_NO_KEY, "/a/b/secret/-secrets.sh cannot be opened: it does not exist");
    assert_int_equal(rmdir(at("a/b/.git")), 0);
    write_text("a/b/.git", "gitdir: elsewhere\n");
    refuse_workspace(CLAUDE_E_NO_KEY, "/a/b/secret/-secrets.sh cannot be opened: it does not exist");
    /* WORKSPACE_PATH decides alone; blank it counts as unset. */
    setenv("WORKSPACE_PATH", at("a"), 1);
    accept_workspace(KEY);
    setenv("WORKSPACE_PATH", at("a/b/c"), 1);
    refuse_workspace(CLAUDE_E_NO_KEY, "/a/b/c/secret/-secrets.sh cannot be opened: it does not exist");
    setenv("WORKSPACE_PATH", "  ", 1);
    refuse_workspace(CLAUDE_E_NO_KEY, "/a/b/secret/-secrets.sh cannot be opened");
    unlink(at("a/b/.git"));
    accept_workspace(KEY);
    /* From the file's own directory, too. */
    assert_int_equal(chdir(at("a")), 0);
    accept_workspace(KEY);
    assert_int_equal(chdir(at("a/secret")), 0);
    accept_workspace(KEY);
}

static void test_workspace_file_rules(void **state)
{
    static char big[65537];

    (void)state;
    write_workspace("ANTHROPIC_API_KEY=" KEY "\n");
    assert_int_equal(chmod(at("secret/-secrets.sh"), 0644), 0);
    refuse_workspace(CLAUDE_E_INVALID, "has mode 0644");
    unlink(at("secret/-secrets.sh"));
    assert_int_equal(mkdir(at("secret/-secrets.sh"), 0700), 0);
    refuse_workspace(CLAUDE_E_INVALID, "is not a regular file");
    rmdir(at("secret/-secrets.sh"));
    memset(big, '\n', sizeof big);
    memcpy(big, "ANTHROPIC_API_KEY=" KEY, 18 + strlen(KEY));
    write_file("secret/-secrets.sh", big, 65536, 0600);
    accept_workspace(KEY);
    write_file("secret/-secrets.sh", big, 65537, 0600);
    refuse_workspace(CLAUDE_E_INVALID, "at most 65536 are read");
    setenv("WORKSPACE_PATH", "/nonexistent/" KEY, 1);
    refuse_workspace(CLAUDE_E_NO_KEY, "(hidden, it looks like a key)");
}

static void test_workspace_long_path(void **state)
{
    static char path[20000];

    (void)state;
    memset(path, 'p', 16384 - strlen("/secret/-secrets.sh"));
    setenv("WORKSPACE_PATH", path, 1);
    refuse_workspace(CLAUDE_E_NO_KEY, "cannot be opened: the path is too long");
    path[strlen(path)] = 'p';
    setenv("WORKSPACE_PATH", path, 1);
    refuse_workspace(CLAUDE_E_INVALID, "path of the workspace is longer than 16384 bytes");
}

/* The working directory may be gone, and the file system's root has no parent. */
static void test_workspace_odd_directories(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("gone"), 0755), 0);
    assert_int_equal(chdir(at("gone")), 0);
    assert_int_equal(rmdir(at("gone")), 0);
    refuse_workspace(CLAUDE_E_NO_KEY, "the working directory cannot be determined");
    setenv("ANTHROPIC_API_KEY", OTHER, 1);
    accept_workspace(OTHER);
    assert_int_equal(chdir("/"), 0);
    unsetenv("ANTHROPIC_API_KEY");
    if (access("/secret", F_OK) != 0 && access("/.git", F_OK) != 0)
        refuse_workspace(CLAUDE_E_NO_KEY, "no .git in / and the directories above it");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file_line_ends),
        TEST(test_file_modes),
        TEST(test_file_kinds),
        TEST(test_file_sizes),
        TEST(test_file_owner),
        TEST(test_file_grows),
        TEST(test_no_descriptor_stays_open),
        TEST(test_env),
        TEST(test_names),
        TEST(test_workspace_good_lines),
        TEST(test_workspace_bad_lines),
        TEST(test_workspace_is_not_executed),
        TEST(test_workspace_falls_back),
        TEST(test_precedence),
        TEST(test_sources_are_named),
        TEST(test_workspace_other_name),
        TEST(test_workspace_root),
        TEST(test_workspace_file_rules),
        TEST(test_workspace_long_path),
        TEST(test_workspace_odd_directories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
