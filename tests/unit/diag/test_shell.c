/* Words of the shell, each byte given to a real one; what is kept out of the command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diag/diag.h"

enum { OUTPUT_MAX = 4096 };

/* What sh prints of a word. */
static size_t shown(const cl_buf *word, char *out)
{
    char line[OUTPUT_MAX];
    FILE *pipe;
    size_t n;

    assert_true(snprintf(line, sizeof line, "printf %%s %s", cl_buf_str(word).ptr) < OUTPUT_MAX);
    pipe = popen(line, "r");
    assert_non_null(pipe);
    n = fread(out, 1, OUTPUT_MAX, pipe);
    assert_int_equal(pclose(pipe), 0);
    return n;
}

static void is_kept(cl_str text)
{
    cl_buf word = CL_BUF_INIT(OUTPUT_MAX);
    char out[OUTPUT_MAX];

    assert_int_equal(cl_shell_word(&word, text), CL_BUF_OK);
    assert_int_equal(shown(&word, out), text.len);
    assert_memory_equal(out, text.ptr, text.len);
    cl_buf_free(&word);
}

static void every_byte(void **state)
{
    char all[255];

    (void)state;
    for (int c = 1; c < 256; c++) {
        char one = (char)c;
        char three[3] = {'a', (char)c, (char)c};
        is_kept(cl_str_n(&one, 1));
        is_kept(cl_str_n(three, 3));
        all[c - 1] = (char)c;
    }
    is_kept(cl_str_n(all, sizeof all));
    is_kept(CL_STR(""));
    is_kept(CL_STR("-n -e \\c %s $HOME $(id) `id` !! \n\n"));
}

/* Beside something that the shell is to replace. */
static void in_double_quotes(void **state)
{
    cl_buf word = CL_BUF_INIT(OUTPUT_MAX);
    char out[OUTPUT_MAX];

    (void)state;
    assert_int_equal(cl_buf_append_char(&word, '"'), CL_BUF_OK);
    assert_int_equal(cl_shell_inside(&word, CL_STR("a\"b\\c$HOME`id`!'")), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&word, '"'), CL_BUF_OK);
    assert_int_equal(shown(&word, out), 16);
    assert_memory_equal(out, "a\"b\\c$HOME`id`!'", 16);
    cl_buf_free(&word);
}

static void variables(void **state)
{
    cl_buf word = CL_BUF_INIT(OUTPUT_MAX);

    (void)state;
    assert_int_equal(cl_shell_variable(&word, CL_STR("x-Gateway.key9")), CL_BUF_OK);
    assert_string_equal(word.ptr, "$CLAUDE_HEADER_X_GATEWAY_KEY9");
    cl_buf_free(&word);
}

/* A word that does not fit is none. */
static void limits(void **state)
{
    (void)state;
    for (size_t max = 0; max < 6; max++) {
        cl_buf word = CL_BUF_INIT(max);
        assert_int_equal(cl_shell_word(&word, CL_STR("'")), CL_BUF_FULL);
        cl_buf_free(&word);
    }
}

static void secrets(void **state)
{
    static const char *const names[] = {"Authorization", "x-api-key", "Cookie",       "X-Gateway-Token", "x-SECRET-x",
                                        "my-password",   "x-Session", "x-credential", "x-signature",     "x-ticket"};
    static const char *const others[] = {"anthropic-version", "anthropic-beta", "content-type", "accept",
                                         "user-agent",        "traceparent",    "x-trace",      "x-request-id"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(cl_header_is_secret(cl_str_of(names[i]), CL_STR("x")));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(cl_header_is_secret(cl_str_of(others[i]), CL_STR("x")));
        assert_true(cl_header_is_secret(cl_str_of(others[i]), CL_STR("sk-ant-api03-x")));
    }
}

static void proxies(void **state)
{
    static const struct {
        const char *url, *shown;
        bool had;
    } rows[] = {{"http://host:1", "http://host:1", false},
                {"host:1", "host:1", false},
                {"http://u:p@host:1/", "http://host:1/", true},
                {"u:p@host", "host", true},
                {"socks5h://u:p@w@host:1", "socks5h://host:1", true},
                {"http://u@[::1]:1", "http://[::1]:1", true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_buf out = CL_BUF_INIT(OUTPUT_MAX);
        bool had = !rows[i].had;
        assert_int_equal(cl_proxy_without_user(cl_str_of(rows[i].url), &out, &had), CL_BUF_OK);
        assert_int_equal(had, rows[i].had);
        assert_string_equal(out.ptr, rows[i].shown);
        cl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte), cmocka_unit_test(in_double_quotes), cmocka_unit_test(variables),
        cmocka_unit_test(limits),     cmocka_unit_test(secrets),          cmocka_unit_test(proxies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
