/* The growable buffer: its maximum, its edges, memory running out. */
#include <stdbool.h>
#include <stdlib.h>

static bool no_memory;

static void *test_realloc(void *old, size_t size)
{
    return no_memory ? NULL : realloc(old, size);
}

#define realloc test_realloc
#include "base/buf.c"
#undef realloc

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const cl_buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(cl_buf_str(buf).ptr, text, buf->len);
    if (buf->ptr)
        assert_int_equal(buf->ptr[buf->len], '\0');
    assert_true(buf->len <= buf->max);
}

static void test_empty(void **state)
{
    cl_buf buf = CL_BUF_INIT(10);

    (void)state;
    assert_string_equal(cl_buf_str(&buf).ptr, "");
    assert_int_equal(cl_buf_append(&buf, NULL, 0), CL_BUF_OK);
    expect(&buf, "");
    assert_non_null(buf.ptr);
    cl_buf_clear(&buf);
    cl_buf_drop(&buf, 0);
    cl_buf_free(&buf);
    cl_buf_clear(&buf);
    cl_buf_free(&buf);
    assert_null(buf.ptr);
}

static void test_append(void **state)
{
    cl_buf buf = CL_BUF_INIT(200);

    (void)state;
    assert_int_equal(cl_buf_append_text(&buf, "one"), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&buf, ','), CL_BUF_OK);
    assert_int_equal(cl_buf_append_str(&buf, CL_STR("two")), CL_BUF_OK);
    assert_int_equal(cl_buf_append_hot(&buf, ",three", 6), CL_BUF_OK);
    expect(&buf, "one,two,three");
    cl_buf_clear(&buf);
    expect(&buf, "");
    assert_int_equal(cl_buf_append_int(&buf, 0), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&buf, ' '), CL_BUF_OK);
    assert_int_equal(cl_buf_append_int(&buf, -17), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&buf, ' '), CL_BUF_OK);
    assert_int_equal(cl_buf_append_int(&buf, INT64_MAX), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&buf, ' '), CL_BUF_OK);
    assert_int_equal(cl_buf_append_int(&buf, INT64_MIN), CL_BUF_OK);
    expect(&buf, "0 -17 9223372036854775807 -9223372036854775808");
    cl_buf_free(&buf);
}

/* Every maximum around the sizes that growing goes through, filled byte by byte and at once. */
static void test_maximum_is_exact(void **state)
{
    static char text[600];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t max = 0; max < 300; max++) {
        cl_buf bytes = CL_BUF_INIT(max);
        cl_buf once = CL_BUF_INIT(max);
        cl_buf hot = CL_BUF_INIT(max);
        for (size_t i = 0; i < max; i++) {
            assert_int_equal(cl_buf_append_char(&bytes, 'x'), CL_BUF_OK);
            assert_int_equal(cl_buf_append_hot(&hot, "x", 1), CL_BUF_OK);
        }
        assert_int_equal(cl_buf_append_char(&bytes, 'x'), CL_BUF_FULL);
        assert_int_equal(cl_buf_append_hot(&hot, "x", 1), CL_BUF_FULL);
        assert_int_equal(cl_buf_append(&once, text, max + 1), CL_BUF_FULL);
        assert_int_equal(once.len, 0);
        assert_int_equal(cl_buf_append(&once, text, max), CL_BUF_OK);
        assert_int_equal(cl_buf_append(&once, text, 0), CL_BUF_OK);
        assert_int_equal(cl_buf_append(&once, text, 1), CL_BUF_FULL);
        assert_int_equal(bytes.len, max);
        assert_int_equal(once.len, max);
        assert_int_equal(hot.len, max);
        assert_true(bytes.cap <= max + 1 || max == 0);
        if (max > 0)
            assert_memory_equal(bytes.ptr, once.ptr, max + 1);
        cl_buf_free(&bytes);
        cl_buf_free(&once);
        cl_buf_free(&hot);
    }
}

/* The hot path must respect the maximum even when the allocation has room for more. */
static void test_hot_path_at_the_edge(void **state)
{
    char memory[64] = "";
    cl_buf buf = {memory, 0, sizeof memory, 10, 0, 0};

    (void)state;
    assert_int_equal(cl_buf_append_hot(&buf, "0123456789", 10), CL_BUF_OK);
    assert_int_equal(cl_buf_append_hot(&buf, "x", 1), CL_BUF_FULL);
    expect(&buf, "0123456789");
    buf = (cl_buf){memory, 0, 8, 8, 0, 0};
    memory[8] = '!';
    assert_int_equal(cl_buf_append_hot(&buf, "0123456", 7), CL_BUF_OK);
    assert_int_equal(memory[8], '!');
    assert_int_equal(memory[7], '\0');
}

static void test_absurd_sizes(void **state)
{
    cl_buf buf = CL_BUF_INIT(SIZE_MAX);

    (void)state;
    assert_int_equal(cl_buf_append_text(&buf, "abc"), CL_BUF_OK);
    assert_int_equal(cl_buf_reserve(&buf, SIZE_MAX), CL_BUF_FULL);
    assert_int_equal(cl_buf_reserve(&buf, SIZE_MAX - 2), CL_BUF_FULL);
    no_memory = true;
    assert_int_equal(cl_buf_reserve(&buf, SIZE_MAX - 4), CL_BUF_NOMEM);
    no_memory = false;
    expect(&buf, "abc");
    cl_buf_free(&buf);
}

static void test_no_memory(void **state)
{
    cl_buf buf = CL_BUF_INIT(10000);
    size_t len = 7;

    (void)state;
    no_memory = true;
    assert_int_equal(cl_buf_append_text(&buf, "abc"), CL_BUF_NOMEM);
    assert_null(cl_buf_steal(&buf, &len));
    assert_int_equal(len, 7);
    no_memory = false;
    assert_int_equal(cl_buf_append_text(&buf, "abc"), CL_BUF_OK);
    no_memory = true;
    assert_int_equal(cl_buf_reserve(&buf, 5000), CL_BUF_NOMEM);
    assert_int_equal(cl_buf_append_text(&buf, "def"), CL_BUF_OK);
    no_memory = false;
    expect(&buf, "abcdef");
    cl_buf_free(&buf);
}

static void test_drop(void **state)
{
    cl_buf buf = CL_BUF_INIT(100);

    (void)state;
    assert_int_equal(cl_buf_append_text(&buf, "abcdef"), CL_BUF_OK);
    cl_buf_drop(&buf, 2);
    expect(&buf, "cdef");
    cl_buf_drop(&buf, 0);
    expect(&buf, "cdef");
    cl_buf_drop(&buf, 4);
    expect(&buf, "");
    cl_buf_free(&buf);
}

static void test_steal(void **state)
{
    cl_buf buf = CL_BUF_INIT(5);
    size_t len = 0;
    char *text = cl_buf_steal(&buf, &len);

    (void)state;
    assert_string_equal(text, "");
    assert_int_equal(len, 0);
    free(text);
    assert_int_equal(cl_buf_append_text(&buf, "12345"), CL_BUF_OK);
    text = cl_buf_steal(&buf, &len);
    assert_string_equal(text, "12345");
    assert_int_equal(len, 5);
    assert_null(buf.ptr);
    free(text);
    assert_int_equal(cl_buf_append_text(&buf, "again"), CL_BUF_OK);
    text = cl_buf_steal(&buf, NULL);
    assert_string_equal(text, "again");
    free(text);
}

static void test_publish(void **state)
{
    cl_buf buf = CL_BUF_INIT(10);
    _Atomic(char *) slot = NULL;
    const char *first;

    (void)state;
    no_memory = true;
    assert_null(cl_buf_publish(&buf, &slot));
    no_memory = false;
    assert_null(slot);
    assert_int_equal(cl_buf_append_text(&buf, "first"), CL_BUF_OK);
    first = cl_buf_publish(&buf, &slot);
    assert_string_equal(first, "first");
    assert_ptr_equal(slot, first);
    assert_null(buf.ptr);
    /* Who comes later gets what is there. */
    assert_int_equal(cl_buf_append_text(&buf, "second"), CL_BUF_OK);
    assert_ptr_equal(cl_buf_publish(&buf, &slot), first);
    assert_null(buf.ptr);
    free(slot);
}

static void test_splice(void **state)
{
    cl_buf buf = CL_BUF_INIT(12);

    (void)state;
    assert_int_equal(cl_buf_splice(&buf, 0, 0, CL_STR("middle")), CL_BUF_OK);
    assert_int_equal(cl_buf_splice(&buf, 0, 0, CL_STR("<")), CL_BUF_OK);
    assert_int_equal(cl_buf_splice(&buf, 7, 0, CL_STR(">")), CL_BUF_OK);
    expect(&buf, "<middle>");
    assert_int_equal(cl_buf_splice(&buf, 1, 6, CL_STR("m")), CL_BUF_OK);
    expect(&buf, "<m>");
    assert_int_equal(cl_buf_splice(&buf, 1, 1, CL_STR("0123456789")), CL_BUF_OK);
    expect(&buf, "<0123456789>");
    /* Full: the same length still fits, one more does not, and nothing changes. */
    assert_int_equal(cl_buf_splice(&buf, 0, 1, CL_STR("[")), CL_BUF_OK);
    assert_int_equal(cl_buf_splice(&buf, 0, 1, CL_STR("[[")), CL_BUF_FULL);
    expect(&buf, "[0123456789>");
    assert_int_equal(cl_buf_splice(&buf, 0, 12, CL_STR("")), CL_BUF_OK);
    expect(&buf, "");
    cl_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_maximum_is_exact),
        cmocka_unit_test(test_hot_path_at_the_edge),
        cmocka_unit_test(test_absurd_sizes),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_steal),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_splice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
