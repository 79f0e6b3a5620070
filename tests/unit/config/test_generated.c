/* The generated pages in the repository are what the tables say now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* A unit test is one source file; the formatting is shared with the gendocs tool. */
#include "../../tools/docs.c"

static void read_page(const char *path, cl_buf *out)
{
    char block[4096];
    char name[4096];
    FILE *file;
    size_t n;

    assert_true(snprintf(name, sizeof name, "%s/%s", CLAUDE_SOURCE_DIR, path) < (int)sizeof name);
    file = fopen(name, "rb");
    if (!file)
        fail_msg("%s is missing: gendocs makes it", name);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        assert_int_equal(cl_buf_append(out, block, n), CL_BUF_OK);
    fclose(file);
}

static void test_pages_are_current(void **state)
{
    const char *page_name;

    (void)state;
    for (size_t i = 0; (page_name = docs_page_at(i)) != NULL; i++) {
        cl_buf want = CL_BUF_INIT(DOCS_MAX);
        cl_buf have = CL_BUF_INIT(DOCS_MAX);
        assert_true(docs_write(page_name, &want));
        read_page(docs_path(page_name), &have);
        if (!cl_str_eq(cl_buf_str(&want), cl_buf_str(&have)))
            fail_msg("%s is out of date; run: gendocs %s > %s", docs_path(page_name), page_name, docs_path(page_name));
        cl_buf_free(&want);
        cl_buf_free(&have);
    }
}

static void test_every_row_is_printed(void **state)
{
    cl_buf list = CL_BUF_INIT(DOCS_MAX);
    cl_buf page_text = CL_BUF_INIT(DOCS_MAX);
    const cl_option_row *row;
    char needle[128];

    (void)state;
    assert_true(docs_write("options.txt", &list));
    assert_true(docs_write("options.md", &page_text));
    for (size_t i = 0; (row = cl_option_row_at(i)) != NULL; i++) {
        snprintf(needle, sizeof needle, "\n%s | ", row->name);
        assert_non_null(strstr(list.ptr, needle));
        snprintf(needle, sizeof needle, "\n| `%s`", row->name);
        assert_non_null(strstr(page_text.ptr, needle));
        assert_non_null(strstr(page_text.ptr, row->text));
        /* A cell of a table cannot hold these. */
        assert_null(strpbrk(row->text, "|\n"));
    }
    cl_buf_free(&list);
    cl_buf_free(&page_text);
}

static void test_every_metric_is_printed(void **state)
{
    cl_buf text = CL_BUF_INIT(DOCS_MAX);
    const cl_metric_row *row;
    char needle[256];

    (void)state;
    assert_true(docs_write("metrics.md", &text));
    for (size_t i = 0; (row = cl_metric_row_at(i)) != NULL; i++) {
        snprintf(needle, sizeof needle, "\n| `%s` | ", row->name);
        assert_non_null(strstr(text.ptr, needle));
        assert_non_null(strstr(text.ptr, row->help));
        snprintf(needle, sizeof needle, "\n| `%s` | `%s` | ", row->name, row->otel);
        assert_int_equal(strstr(text.ptr, needle) != NULL, *row->otel != '\0');
    }
    cl_buf_free(&text);
}

static void test_unknown_page(void **state)
{
    cl_buf out = CL_BUF_INIT(16);

    (void)state;
    assert_false(docs_write("nothing.md", &out));
    assert_null(docs_path("nothing.md"));
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_are_current),
        cmocka_unit_test(test_every_row_is_printed),
        cmocka_unit_test(test_every_metric_is_printed),
        cmocka_unit_test(test_unknown_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
