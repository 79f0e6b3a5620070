/* Slices and numbers as text; everything again under a locale with a decimal comma and a Turkish one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

static void test_slices(void **state)
{
    (void)state;
    assert_int_equal(cl_str_of(NULL).len, 0);
    assert_int_equal(cl_str_of("abc").len, 3);
    assert_true(cl_str_eq(CL_STR("a\0b"), cl_str_n("a\0b", 3)));
    assert_false(cl_str_eq(CL_STR("a\0b"), cl_str_n("a\0c", 3)));
    assert_false(cl_str_eq(CL_STR("a"), CL_STR("ab")));
    assert_true(cl_str_eq((cl_str){NULL, 0}, CL_STR("")));
    assert_true(cl_str_starts(CL_STR("abc"), CL_STR("ab")));
    assert_true(cl_str_starts(CL_STR("abc"), CL_STR("")));
    assert_true(cl_str_starts(CL_STR("abc"), CL_STR("abc")));
    assert_false(cl_str_starts(CL_STR("ab"), CL_STR("abc")));
    assert_false(cl_str_starts(CL_STR("Abc"), CL_STR("ab")));
}

static void test_trim(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"", ""},           {" ", ""},          {" \t ", ""},
        {"a", "a"},         {" a", "a"},        {"a ", "a"},
        {"\ta b\t", "a b"}, {"\na\n", "\na\n"}, {"\xc2\xa0", "\xc2\xa0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(cl_str_eq(cl_str_trim(cl_str_of(cases[i].in)), cl_str_of(cases[i].out)));
    assert_int_equal(cl_str_trim((cl_str){NULL, 0}).len, 0);
}

static void check_case(void)
{
    for (int c = 0; c < 256; c++) {
        char lower = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        assert_int_equal(cl_ascii_lower((char)c), lower);
        assert_int_equal(cl_ascii_is_digit((char)c), digit);
        assert_int_equal(cl_ascii_is_alnum((char)c), digit || letter);
    }
    assert_true(cl_str_eq_nocase(CL_STR("TITLE-Id"), CL_STR("title-iD")));
    assert_false(cl_str_eq_nocase(CL_STR("titl\xc4\xb1"), CL_STR("title")));
    assert_false(cl_str_eq_nocase(CL_STR("a"), CL_STR("ab")));
    assert_true(cl_str_starts_nocase(CL_STR("Bearer x"), CL_STR("bEARER ")));
    assert_false(cl_str_starts_nocase(CL_STR("Bear"), CL_STR("bearer")));
    /* '@' and '[' are neighbours of the letters, 0x20 apart from others. */
    assert_false(cl_str_eq_nocase(CL_STR("@["), CL_STR("`{")));
}

static void test_case(void **state)
{
    (void)state;
    check_case();
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"-1", -1},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"00000000000000000000000000000042", 42},
    };
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e1",
        "0x1",
        "a",
        "1a",
        "--1",
        "-+1",
        "1-",
        "١",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999",
        "92233720368547758070",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 99;
        assert_true(cl_str_to_int64(cl_str_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 99;
        if (cl_str_to_int64(cl_str_of(bad[i]), &value))
            fail_msg("\"%s\" was taken for a number", bad[i]);
        assert_int_equal(value, 99);
    }
    /* The slice ends where it ends. */
    int64_t value = 0;
    assert_true(cl_str_to_int64(cl_str_n("1234", 2), &value));
    assert_int_equal(value, 12);
    assert_false(cl_str_to_int64((cl_str){NULL, 0}, &value));
}

static void check_double_in(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"1.5", 1.5},
        {"-2.25e2", -225.0},
        {"1E+3", 1000.0},
        {"1e-3", 0.001},
        {"0.1", 0.1},
        {"123456789", 123456789.0},
        {"1e308", 1e308},
        {"5e-324", 5e-324},
        {"1e-400", 0.0},
        {"0e999999", 0.0},
        {"1.7976931348623157e308", DBL_MAX},
        {"2.2250738585072014e-308", DBL_MIN},
        {"0.30000000000000004", 0.1 + 0.2},
    };
    static const char *const bad[] = {
        "",         "-",    "+1", ".5", "1.",    "1,5",   "1e",    "1e+",    "nan",   "NaN",  "inf", "-inf",
        "Infinity", "0x10", "1 ", " 1", "1.5.5", "1e5e5", "1e999", "-1e999", "1_000", "1.e5", "--1",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value = 99;
        if (!cl_str_to_double(cl_str_of(good[i].text), &value))
            fail_msg("\"%s\" was refused", good[i].text);
        assert_memory_equal(&value, &good[i].value, sizeof value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 99;
        if (cl_str_to_double(cl_str_of(bad[i]), &value))
            fail_msg("\"%s\" was taken for a number", bad[i]);
        assert_true(value > 98);
    }
}

static void check_double_out(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {0.5, "0.5"},
        {0.1, "0.1"},
        {-1.25, "-1.25"},
        {1e21, "1e+21"},
        {1e-7, "1e-07"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
    };
    uint64_t seed = 88172645463325252u;
    char text[32];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(cl_double_to_text(cases[i].value, text, sizeof text));
        assert_string_equal(text, cases[i].text);
    }
    assert_false(cl_double_to_text((double)NAN, text, sizeof text));
    assert_false(cl_double_to_text((double)INFINITY, text, sizeof text));
    assert_false(cl_double_to_text((double)-INFINITY, text, sizeof text));
    assert_false(cl_double_to_text(0.123456789, text, 5));
    /* Whatever is written reads back as the same bits. */
    for (int i = 0; i < 3000; i++) {
        double value;
        double back = 0;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&value, &seed, sizeof value);
        if (!isfinite(value))
            continue;
        assert_true(cl_double_to_text(value, text, sizeof text));
        assert_null(strchr(text, ','));
        assert_true(cl_str_to_double(cl_str_of(text), &back));
        assert_memory_equal(&back, &value, sizeof value);
    }
}

static void test_doubles(void **state)
{
    char longest[600];
    double value = 0;

    (void)state;
    check_double_in();
    check_double_out();
    /* The limit of the copy that is parsed. */
    memset(longest, '0', sizeof longest);
    assert_true(cl_str_to_double(cl_str_n(longest, 511), &value));
    assert_false(cl_str_to_double(cl_str_n(longest, 512), &value));
    assert_true(cl_str_to_double(cl_str_n("1.59", 3), &value));
    assert_true(value < 1.55);
}

/* ---- locales ---- */

/* Makes a locale from the system's sources, in a folder of its own; false where there are none. */
static bool make_locale(const char *folder, const char *source, const char *name)
{
    char path[256];
    int status = 0;
    pid_t child;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    child = fork();
    if (child < 0)
        return false;
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(1);
        execlp("localedef", "localedef", "-i", source, "-f", "UTF-8", path, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

static char folder[] = "/tmp/claude-locales-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && setenv("LOCPATH", folder, 1) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[64];

    (void)state;
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void test_decimal_comma(void **state)
{
    char text[32];

    (void)state;
    if (!make_locale(folder, "de_DE", "de_DE.UTF-8") || !setlocale(LC_ALL, "de_DE.UTF-8"))
        skip();
    /* The locale is what the test needs it to be. */
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
    check_double_in();
    check_double_out();
    check_case();
    /* And nobody has changed it. */
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
    setlocale(LC_ALL, "C");
}

static void test_turkish(void **state)
{
    (void)state;
    if (!make_locale(folder, "tr_TR", "tr_TR.UTF-8") || !setlocale(LC_ALL, "tr_TR.UTF-8"))
        skip();
    check_case();
    check_double_in();
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),   cmocka_unit_test(test_trim),    cmocka_unit_test(test_case),
        cmocka_unit_test(test_integers), cmocka_unit_test(test_doubles), cmocka_unit_test(test_decimal_comma),
        cmocka_unit_test(test_turkish),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
