#include "testing.h"

static cl_json_tree *tree_of(cl_str text)
{
    cl_json_tree *tree = NULL;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_json_validate(text, CL_JSON_DEPTH_MAX, NULL, NULL), CLAUDE_OK);
    if (cl_json_tree_new(text, &tree, &err) < 0)
        fail_msg("%.80s: %s", text.ptr, err.message);
    return tree;
}

static void strings_by_pointer(void **state)
{
    cl_json_tree *tree =
        tree_of(CL_STR(" {\"a\":\"x\\u0000y\",\"b\":[1,\"two\"],\"c/d\":{\"m~n\":\"deep\"},\"\":\"empty key\","
                       "\"dup\":\"first\",\"dup\":\"last\",\"u\":\"\\ud83d\\ude00\"} "));
    size_t len = 77;

    (void)state;
    assert_memory_equal(cl_json_tree_string(tree, "/a", &len), "x\0y", 4);
    assert_int_equal(len, 3);
    assert_string_equal(cl_json_tree_string(tree, "/b/1", NULL), "two");
    assert_string_equal(cl_json_tree_string(tree, "/c~1d/m~0n", NULL), "deep");
    assert_string_equal(cl_json_tree_string(tree, "/", NULL), "empty key");
    assert_string_equal(cl_json_tree_string(tree, "/dup", NULL), "last");
    assert_string_equal(cl_json_tree_string(tree, "/u", &len), "\xf0\x9f\x98\x80");
    assert_int_equal(len, 4);
    assert_null(cl_json_tree_string(tree, "/b/0", &len));
    assert_null(cl_json_tree_string(tree, "/b/2", &len));
    assert_null(cl_json_tree_string(tree, "/b/01", &len));
    assert_null(cl_json_tree_string(tree, "/none", &len));
    assert_null(cl_json_tree_string(tree, "a", &len));
    assert_null(cl_json_tree_string(tree, "/a/b", &len));
    assert_null(cl_json_tree_string(tree, "", &len));
    assert_int_equal(len, 4);
    cl_json_tree_free(tree);
    cl_json_tree_free(NULL);
}

static void roots_of_every_type(void **state)
{
    static const char *const texts[] = {"null", " null ", "1", "-1.5e3", "true", "[]", "{}", "12345678901234567890123"};
    cl_json_tree *tree;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tree = tree_of(cl_str_of(texts[i]));
        assert_null(cl_json_tree_string(tree, "", NULL));
        cl_json_tree_free(tree);
    }
    tree = tree_of(CL_STR("\"alone\""));
    assert_string_equal(cl_json_tree_string(tree, "", NULL), "alone");
    cl_json_tree_free(tree);
}

static void long_keys(void **state)
{
    for (size_t len = 250; len < 260; len++) {
        cl_buf text = CL_BUF_INIT(10000);
        char pointer[600] = "/";
        cl_json_tree *tree;
        assert_int_equal(cl_buf_append_text(&text, "{\"x\":1,\""), CL_BUF_OK);
        for (size_t i = 0; i < len; i++) {
            assert_int_equal(cl_buf_append_char(&text, '/'), CL_BUF_OK);
            memcpy(pointer + 1 + 2 * i, "~1", 3);
        }
        assert_int_equal(cl_buf_append_text(&text, "\":\"found\"}"), CL_BUF_OK);
        tree = tree_of(cl_buf_str(&text));
        assert_string_equal(cl_json_tree_string(tree, pointer, NULL), "found");
        pointer[2 * len - 1] = '\0';
        assert_null(cl_json_tree_string(tree, pointer, NULL));
        cl_json_tree_free(tree);
        cl_buf_free(&text);
    }
    (void)state;
}

/* json-c would make these keys equal to shorter ones. */
static void keys_with_nul_are_refused(void **state)
{
    cl_json_tree *tree = NULL;
    cl_err err;

    (void)state;
    cl_err_init(&err);
    assert_int_equal(cl_json_tree_new(CL_STR("{\"a\":\"right\",\"a\\u0000b\":\"wrong\"}"), &tree, &err),
                     CLAUDE_E_INVALID);
    assert_non_null(strstr(err.message, "NUL"));
    assert_null(tree);
    tree = tree_of(CL_STR("{\"a\\\\u0000\":\"escaped backslash\",\"b\":\"\\u0000\"}"));
    assert_string_equal(cl_json_tree_string(tree, "/a\\u0000", NULL), "escaped backslash");
    cl_json_tree_free(tree);
}

static void depth(void **state)
{
    cl_buf text = CL_BUF_INIT(100000);
    cl_json_tree *tree = NULL;

    (void)state;
    for (int levels = 900; levels < 1200; levels += 200) {
        cl_err err;
        cl_err_init(&err);
        cl_buf_clear(&text);
        for (int i = 0; i < levels; i++)
            assert_int_equal(cl_buf_append_char(&text, '['), CL_BUF_OK);
        for (int i = 0; i < levels; i++)
            assert_int_equal(cl_buf_append_char(&text, ']'), CL_BUF_OK);
        assert_int_equal(cl_json_tree_new(cl_buf_str(&text), &tree, &err),
                         levels < 1000 ? CLAUDE_OK : CLAUDE_E_INVALID);
        if (levels < 1000)
            cl_json_tree_free(tree);
        else
            assert_non_null(strstr(err.message, "deeply"));
    }
    cl_buf_free(&text);
}

/* Two readers that share nothing say the same: every string of a document, decoded by json-c and by the walk. */
static void compare_all(cl_json value, const cl_json_tree *tree, char *pointer, size_t at)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json key;
    cl_json child;
    size_t index = 0;

    if (value.type == CLAUDE_JSON_STRING) {
        size_t len = 0;
        const char *text = cl_json_tree_string(tree, pointer, &len);
        assert_non_null(text);
        assert_true(cl_json_string_is(value, cl_str_n(text, len)));
        assert_int_equal(cl_json_decoded_len(value), len);
    }
    while (cl_json_next(&iter, &key, &child)) {
        size_t n = at;
        pointer[n++] = '/';
        if (value.type == CLAUDE_JSON_ARRAY)
            n += (size_t)snprintf(pointer + n, 32, "%zu", index++);
        else
            n += cl_json_copy_text(key, pointer + n, 100);
        pointer[n] = '\0';
        compare_all(child, tree, pointer, n);
    }
}

static void agrees_with_the_walk(void **state)
{
    static const char *const texts[] = {
        "{\"id\":\"msg_1\",\"content\":[{\"type\":\"text\",\"text\":\"caf\\u00e9 \\ud83d\\ude00 \xf0\x9f\x98\x80 "
        "\\\"q\\\" \\\\ \\/ / \\b\\f\\n\\r\\t \\u0000 end\"},{\"type\":\"tool_use\",\"input\":{\"k\":[\"\",\"x\"]}}]}",
        "[\"\\u0041\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\",[[\"a\"],{\"b\":\"c\"}]]",
    };
    char pointer[1000];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cl_json_tree *tree = tree_of(cl_str_of(texts[i]));
        pointer[0] = '\0';
        compare_all(cl_json_root(cl_str_of(texts[i])), tree, pointer, 0);
        cl_json_tree_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_by_pointer),
        cmocka_unit_test(roots_of_every_type),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(keys_with_nul_are_refused),
        cmocka_unit_test(depth),
        cmocka_unit_test(agrees_with_the_walk),
    };

    return cmocka_run_group_tests_name("json.tree", tests, NULL, NULL);
}
