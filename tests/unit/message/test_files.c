/* Files found by their tokens: in any number, and only where a token is a whole string. */
#include "testing.h"

#include "message/files.h"

enum { MANY = 100 };

static claude_file_t *new_file(void)
{
    claude_file_t *file = NULL;

    OK(cl_file_from_bytes(CL_STR("x"), NULL, &file, err));
    return file;
}

static void each_is_found(void **state)
{
    cl_files files = {NULL, 0};
    cl_files others = {NULL, 0};
    claude_file_t *made[MANY];
    claude_file_t *stranger = new_file();

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        assert_null(cl_files_find(&files, cl_str_of(stranger->token)));
        made[i] = new_file();
        OK(cl_files_add(&files, made[i], err));
        OK(cl_files_add(&files, made[i / 2], err));
        assert_int_equal(files.count, i + 1);
    }
    OK(cl_files_add(&others, made[7], err));
    OK(cl_files_add_all(&others, &files, err));
    assert_int_equal(others.count, MANY);
    cl_files_free(&files);
    assert_int_equal(files.count, 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(cl_files_find(&others, cl_str_of(made[i]->token)), made[i]);
        assert_null(cl_files_find(&others, cl_str_n(made[i]->token, CL_FILE_TOKEN_LEN - 1)));
        cl_file_unref(made[i]);
    }
    for (size_t i = 1; i < MANY; i++)
        assert_true(strcmp(others.items[i - 1]->token, others.items[i]->token) < 0);
    cl_files_free(&others);
    cl_file_unref(stranger);
}

static void only_whole_strings_are_tokens(void **state)
{
    cl_files files = {NULL, 0};
    claude_file_t *a = new_file();
    claude_file_t *b = new_file();
    claude_file_t *found = NULL;
    char text[500];
    cl_str json;

    (void)state;
    OK(cl_files_add(&files, a, err));
    snprintf(text, sizeof text, "[\"%s\",\"%s\",\"x%s\",\"%sx\",\"%s", b->token, a->token, a->token, a->token,
             a->token);
    json = cl_str_of(text);
    assert_int_equal(cl_files_next(&files, json, 0, &found), 2 + CL_FILE_TOKEN_LEN + 3);
    assert_ptr_equal(found, a);
    assert_int_equal(cl_files_next(&files, json, 2 + CL_FILE_TOKEN_LEN + 3, &found), json.len);
    assert_int_equal(cl_files_next(&files, json, json.len, &found), json.len);
    assert_int_equal(cl_files_next(&files, CL_STR(""), 0, &found), 0);
    OK(cl_files_add(&files, b, err));
    assert_int_equal(cl_files_next(&files, json, 0, &found), 2);
    assert_ptr_equal(found, b);
    assert_int_equal(cl_files_next(&(cl_files){NULL, 0}, json, 0, &found), json.len);
    cl_files_free(&files);
    cl_file_unref(a);
    cl_file_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found),
        cmocka_unit_test(only_whole_strings_are_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
