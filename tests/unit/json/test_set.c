#include "testing.h"

static void set(const char *before, const char *pointer, const char *value, const char *after)
{
    cl_buf document = CL_BUF_INIT(1u << 20);
    cl_err err;

    cl_err_init(&err);
    if (before)
        assert_int_equal(cl_buf_append_text(&document, before), CL_BUF_OK);
    if (cl_json_set(&document, cl_str_of(pointer), cl_str_of(value), &err) < 0)
        fail_msg("%s at %s: %s", before ? before : "(empty)", pointer, err.message);
    assert_string_equal(document.ptr, after);
    assert_int_equal(document.len, strlen(after));
    assert_int_equal(cl_json_validate(cl_buf_str(&document), 200, NULL, NULL), CLAUDE_OK);
    cl_buf_free(&document);
}

static void refused(const char *before, const char *pointer, const char *message)
{
    cl_buf document = CL_BUF_INIT(1u << 20);
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_buf_append_text(&document, before), CL_BUF_OK);
    assert_int_equal(cl_json_set(&document, cl_str_of(pointer), CL_STR("1"), &err), CLAUDE_E_INVALID);
    assert_non_null(strstr(err.message, message));
    assert_string_equal(cl_buf_str(&document).ptr, before);
    cl_buf_free(&document);
}

static void replaces_values_and_nothing_else(void **state)
{
    (void)state;
    set("{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", "/a", "\"long text\"", "{ \"a\" : \"long text\" , \"b\" : [ 1 , 2 ] }");
    set("{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", "/b/1", "{}", "{ \"a\" : 1 , \"b\" : [ 1 , {} ] }");
    set("{\"a\":{\"b\":{\"c\":\"x\"}},\"z\":12345678901234567890}", "/a/b/c", "null",
        "{\"a\":{\"b\":{\"c\":null}},\"z\":12345678901234567890}");
    set("{\"a/b\":1,\"m~n\":2}", "/a~1b", "3", "{\"a/b\":3,\"m~n\":2}");
    set("{\"a/b\":1,\"m~n\":2}", "/m~0n", "3", "{\"a/b\":1,\"m~n\":3}");
    set("{\"d\":1,\"d\":2}", "/d", "3", "{\"d\":1,\"d\":3}");
    set("[1,2]", "", "{\"whole\":true}", "{\"whole\":true}");
    set(" {\"a\":1}\n", "/a", "2", " {\"a\":2}\n");
    set("{\"\":1}", "/", "2", "{\"\":2}");
}

static void adds_what_is_missing(void **state)
{
    (void)state;
    set("{}", "/a", "1", "{\"a\":1}");
    set("{ }", "/a", "1", "{\"a\":1 }");
    set("{\"a\":1}", "/b", "2", "{\"a\":1,\"b\":2}");
    set("{\"a\":1 }", "/b/c/d", "2", "{\"a\":1,\"b\":{\"c\":{\"d\":2}} }");
    set("{\"a\":{}}", "/a/b", "[]", "{\"a\":{\"b\":[]}}");
    set("{}", "/a~1b/m~0n", "1", "{\"a/b\":{\"m~n\":1}}");
    set("{}", "/quote\"d", "1", "{\"quote\\\"d\":1}");
    set(NULL, "/a/b", "1", "{\"a\":{\"b\":1}}");
    set(NULL, "", "7", "7");
    set("", "/a", "1", "{\"a\":1}");
    set("{\"-\":1}", "/-", "2", "{\"-\":2}");
}

static void appends_to_arrays(void **state)
{
    (void)state;
    set("[]", "/-", "1", "[1]");
    set("[1 ]", "/-", "2", "[1,2 ]");
    set("{\"m\":[1]}", "/m/-", "{\"x\":1}", "{\"m\":[1,{\"x\":1}]}");
    set("{\"m\":[]}", "/m/-/content", "\"t\"", "{\"m\":[{\"content\":\"t\"}]}");
    set("{}", "/m/-", "1", "{\"m\":[1]}");
    set(NULL, "/-", "1", "[1]");
    set("[[1],2]", "/0/-", "3", "[[1,3],2]");
}

static void refuses_what_cannot_be(void **state)
{
    char deep[2 * 201 + 1];

    (void)state;
    refused("{\"a\":1}", "a", "must be empty or begin with /");
    refused("{\"a\":1}", "/a~2", "no ~ but ~0 and ~1");
    refused("{\"a\":1}", "/a~", "no ~ but ~0 and ~1");
    refused("{\"a\":1}", "/\xff", "not valid UTF-8");
    refused("{\"a\":1}", "/a/b", "neither object nor array");
    refused("{\"a\":\"text\"}", "/a/-", "neither object nor array");
    refused("[1,2]", "/2", "out of range");
    refused("[1,2]", "/01", "out of range");
    refused("[1,2]", "/x", "out of range");
    refused("{\"a\":[]}", "/a/0/b", "out of range");
    for (size_t i = 0; i < 201; i++)
        memcpy(deep + 2 * i, "/a", 2);
    deep[402] = '\0';
    refused("{}", deep, "more than 200 steps");
}

static void pointer_of_200_steps(void **state)
{
    cl_buf document = CL_BUF_INIT(1u << 20);
    char deep[2 * 200];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(deep + 2 * i, i % 2 ? "/a" : "/-", 2);
    assert_int_equal(cl_json_set(&document, cl_str_n(deep, sizeof deep), CL_STR("1"), NULL), CLAUDE_OK);
    assert_int_equal(cl_json_validate(cl_buf_str(&document), 200, NULL, NULL), CLAUDE_OK);
    cl_buf_free(&document);
}

static void a_full_buffer_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t max = 7; max < 32; max++) {
        cl_buf document = CL_BUF_INIT(max);
        claude_code_t rc;
        assert_int_equal(cl_buf_append_text(&document, "{\"a\":1}"), CL_BUF_OK);
        rc = cl_json_set(&document, CL_STR("/b/c"), CL_STR("\"12345678\""), NULL);
        assert_int_equal(rc, max < 28 ? CLAUDE_E_TOO_LARGE : CLAUDE_OK);
        assert_string_equal(document.ptr, max < 28 ? "{\"a\":1}" : "{\"a\":1,\"b\":{\"c\":\"12345678\"}}");
        cl_buf_free(&document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_values_and_nothing_else),
        cmocka_unit_test(adds_what_is_missing),
        cmocka_unit_test(appends_to_arrays),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(pointer_of_200_steps),
        cmocka_unit_test(a_full_buffer_stays_as_it_is),
    };

    return cmocka_run_group_tests_name("json.set", tests, NULL, NULL);
}
