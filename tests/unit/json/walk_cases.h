/* walk_cases.h - tests of reading and writing, run on the vector form (test_walk.c) and the portable one. */
#ifndef TEST_JSON_WALK_CASES_H
#define TEST_JSON_WALK_CASES_H

#include "testing.h"

static const char document[] =
    " {\"a\" : 1, \"b\":[10, [20,21] ,{\"c\":\"x\\ty\"} , null] ,\"\":\"empty\",\"a/b\":2,\"m~n\":3,"
    "\"\\u00e9\":\"acute\",\"quote\\\"d\":\"\\\"}]\\\\\",\"dup\":1,\"dup\":\"last\","
    "\"long\":\"0123456789abcdef]}[{0123456789abcdef\\\\\",\"o\":{},\"l\":[],\"f\":-1.5e3,\"t\":true,"
    "\"big\":9223372036854775808,\"min\":-9223372036854775808,\"e\":1e2,\"n\\u0000l\":\"nul\"} ";

static cl_json root_of(const char *text)
{
    cl_json root;

    assert_int_equal(cl_json_validate(cl_str_of(text), 200, &root, NULL), CLAUDE_OK);
    return root;
}

static void assert_raw(cl_json value, const char *expected)
{
    if (!expected) {
        assert_int_equal(value.type, CLAUDE_JSON_NONE);
        return;
    }
    assert_int_not_equal(value.type, CLAUDE_JSON_NONE);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

static void pointers(void **state)
{
    static const struct {
        const char *pointer;
        const char *raw; /* NULL: finds nothing */
        int32_t type;
    } rows[] = {
        {"/a", "1", CLAUDE_JSON_NUMBER},
        {"/b", "[10, [20,21] ,{\"c\":\"x\\ty\"} , null]", CLAUDE_JSON_ARRAY},
        {"/b/0", "10", CLAUDE_JSON_NUMBER},
        {"/b/1/1", "21", CLAUDE_JSON_NUMBER},
        {"/b/2/c", "\"x\\ty\"", CLAUDE_JSON_STRING},
        {"/b/3", "null", CLAUDE_JSON_NULL},
        {"/b/4", NULL, 0},
        {"/b/-", NULL, 0},
        {"/b/01", NULL, 0},
        {"/b/+1", NULL, 0},
        {"/b/1x", NULL, 0},
        {"/b/", NULL, 0},
        {"/b/99999999999999999999", NULL, 0},
        {"/", "\"empty\"", CLAUDE_JSON_STRING},
        {"/a~1b", "2", CLAUDE_JSON_NUMBER},
        {"/a/b", NULL, 0},
        {"/m~0n", "3", CLAUDE_JSON_NUMBER},
        {"/m~n", NULL, 0},
        {"/m~2n", NULL, 0},
        {"/m~", NULL, 0},
        {"/\xc3\xa9", "\"acute\"", CLAUDE_JSON_STRING},
        {"/quote\"d", "\"\\\"}]\\\\\"", CLAUDE_JSON_STRING},
        {"/dup", "\"last\"", CLAUDE_JSON_STRING},
        {"/long", "\"0123456789abcdef]}[{0123456789abcdef\\\\\"", CLAUDE_JSON_STRING},
        {"/o", "{}", CLAUDE_JSON_OBJECT},
        {"/l", "[]", CLAUDE_JSON_ARRAY},
        {"/l/0", NULL, 0},
        {"/o/a", NULL, 0},
        {"/t", "true", CLAUDE_JSON_BOOLEAN},
        {"/t/x", NULL, 0},
        {"/n", NULL, 0},
        {"a", NULL, 0},
        {"/none", NULL, 0},
    };
    cl_json root = root_of(document);

    (void)state;
    assert_ptr_equal(cl_json_at(root, CL_STR("")).ptr, root.ptr);
    assert_ptr_equal(cl_json_at(root, cl_str_n(NULL, 0)).ptr, root.ptr);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_json value = cl_json_at(root, cl_str_of(rows[i].pointer));
        assert_raw(value, rows[i].raw);
        assert_int_equal(value.type, rows[i].type);
    }
    assert_raw(cl_json_at(root, CL_STR("/n\0l")), "\"nul\"");
    assert_int_equal(cl_json_at((cl_json){NULL, 0, 0}, CL_STR("/a")).type, CLAUDE_JSON_NONE);
}

static void members_and_counts(void **state)
{
    cl_json root = root_of(document);
    cl_json list = cl_json_member(root, CL_STR("b"));

    (void)state;
    assert_int_equal(cl_json_count(root), 18);
    assert_int_equal(cl_json_count(list), 4);
    assert_int_equal(cl_json_count(cl_json_member(root, CL_STR("o"))), 0);
    assert_int_equal(cl_json_count(cl_json_member(root, CL_STR("l"))), 0);
    assert_int_equal(cl_json_count(cl_json_member(root, CL_STR("a"))), 0);
    assert_raw(cl_json_member(root, CL_STR("a/b")), "2");
    assert_raw(cl_json_member(root, CL_STR("m~n")), "3");
    assert_raw(cl_json_member(root, CL_STR("dup")), "\"last\"");
    assert_raw(cl_json_member(list, CL_STR("0")), NULL);
    assert_raw(cl_json_root(CL_STR(" \n ")), NULL);
    assert_raw(cl_json_root(cl_str_n(NULL, 0)), NULL);
    assert_raw(cl_json_root(CL_STR(" [1] \n")), "[1]");
}

static void iteration_keeps_order_and_keys(void **state)
{
    cl_json_iter iter = cl_json_iter_of(root_of("{ \"x\\u0041\" : 1 ,\"y\":{\"z\":[]} , \"w\" : \"s\" }"));
    cl_json key = {NULL, 0, 0};
    cl_json value;

    (void)state;
    assert_true(cl_json_next(&iter, &key, &value));
    assert_raw(key, "\"x\\u0041\"");
    assert_true(cl_json_string_is(key, CL_STR("xA")));
    assert_raw(value, "1");
    assert_true(cl_json_next(&iter, NULL, &value));
    assert_raw(value, "{\"z\":[]}");
    assert_true(cl_json_next(&iter, &key, &value));
    assert_raw(key, "\"w\"");
    assert_raw(value, "\"s\"");
    assert_false(cl_json_next(&iter, &key, &value));
    assert_false(cl_json_next(&iter, &key, &value));
    iter = cl_json_iter_of(root_of("[ 1 , 2 ]"));
    key = (cl_json){NULL, 0, 77};
    assert_true(cl_json_next(&iter, &key, &value));
    assert_int_equal(key.type, 77);
    iter = cl_json_iter_of(root_of("3"));
    assert_false(cl_json_next(&iter, NULL, &value));
}

/* Skipping must not be misled by what looks like structure inside strings, at any distance. */
static void skipping_at_all_distances(void **state)
{
    char text[256];

    (void)state;
    for (size_t before = 0; before < 40; before++) {
        for (size_t after = 0; after < 40; after++) {
            cl_json root;
            int n = snprintf(text, sizeof text, "{\"s\":[\"%.*s\\\"]}\\\\%.*s\",{\"]\":\"}\"}],\"end\":7}", (int)before,
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", (int)after,
                             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
            char *copy = exact_copy(cl_str_n(text, (size_t)n));
            assert_int_equal(cl_json_validate(cl_str_n(copy, (size_t)n), 200, &root, NULL), CLAUDE_OK);
            assert_raw(cl_json_member(root, CL_STR("end")), "7");
            assert_raw(cl_json_at(root, CL_STR("/s/1/]")), "\"}\"");
            free(copy);
        }
    }
}

static void long_stretches_without_structure(void **state)
{
    cl_json root =
        root_of("{\"n\":[11111111111111111111111111111111111,  \n                     222222222222222222222],"
                "\"m~n/o\":1,\"m~n\":2,\"end\":7}");

    (void)state;
    assert_raw(cl_json_member(root, CL_STR("end")), "7");
    assert_raw(cl_json_at(root, CL_STR("/n/1")), "222222222222222222222");
    assert_raw(cl_json_at(root, CL_STR("/m~0n")), "2");
    assert_raw(cl_json_at(root, CL_STR("/m~0n~1o")), "1");
    assert_raw(cl_json_at(root, CL_STR("/m~0n~1")), NULL);
}

static void numbers(void **state)
{
    cl_json root = root_of(document);
    int64_t integer = 77;
    double real = 0;

    (void)state;
    assert_true(cl_json_to_int(cl_json_at(root, CL_STR("/min")), &integer));
    assert_true(integer == INT64_MIN);
    integer = 77;
    assert_false(cl_json_to_int(cl_json_at(root, CL_STR("/big")), &integer));
    assert_false(cl_json_to_int(cl_json_at(root, CL_STR("/e")), &integer));
    assert_false(cl_json_to_int(cl_json_at(root, CL_STR("/f")), &integer));
    assert_false(cl_json_to_int(cl_json_at(root, CL_STR("/long")), &integer));
    assert_false(cl_json_to_int(cl_json_at(root, CL_STR("/none")), &integer));
    assert_int_equal(integer, 77);
    assert_true(cl_json_to_double(cl_json_at(root, CL_STR("/f")), &real));
    assert_true(real == -1500.0);
    assert_true(cl_json_to_double(cl_json_at(root, CL_STR("/big")), &real));
    assert_true(real == 9223372036854775808.0);
    assert_false(cl_json_to_double(cl_json_at(root, CL_STR("/t")), &real));
}

/* ---- decoding ---- */

static const struct {
    const char *raw; /* with quotes */
    const char *text;
    size_t len;
} decodings[] = {
    {"\"\"", "", 0},
    {"\"plain\"", "plain", 5},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
    {"\"\\u0041\\u00e9\\u20ac\\uFFFF\"", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf", 9},
    {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4},
    {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8},
    {"\"a\\u0000b\"", "a\0b", 3},
    {"\"\xc3\xa9\\n\xf0\x9f\x98\x80\"", "\xc3\xa9\n\xf0\x9f\x98\x80", 7},
    {"\"0123456789abcdef0123456789abcdef\\n\"", "0123456789abcdef0123456789abcdef\n", 33},
    {"\"\\\\u0041\"", "\\u0041", 6},
};

static void decoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof decodings[0]; i++) {
        cl_json string = root_of(decodings[i].raw);
        cl_str text = cl_str_n(decodings[i].text, decodings[i].len);
        cl_buf out = CL_BUF_INIT(1000);
        char *copy = malloc(string.len - 1);
        char whole[64];
        /* Into memory of just the promised size, and in place. */
        assert_non_null(copy);
        assert_int_equal(cl_json_decode_into(cl_str_n(string.ptr + 1, string.len - 2), copy), text.len);
        assert_memory_equal(copy, text.ptr, text.len);
        memcpy(copy, string.ptr + 1, string.len - 2);
        assert_int_equal(cl_json_decode_into(cl_str_n(copy, string.len - 2), copy), text.len);
        assert_memory_equal(copy, text.ptr, text.len);
        free(copy);
        assert_int_equal(cl_json_decode(string, &out), CL_BUF_OK);
        assert_int_equal(cl_json_decode(string, &out), CL_BUF_OK);
        assert_int_equal(out.len, 2 * text.len);
        assert_memory_equal(out.ptr + text.len, text.ptr, text.len);
        assert_int_equal(out.ptr[out.len], '\0');
        cl_buf_free(&out);
        assert_int_equal(cl_json_decoded_len(string), text.len);
        assert_int_equal(cl_json_copy_text(string, whole, sizeof whole), text.len);
        assert_memory_equal(whole, text.ptr, text.len + 1);
        assert_true(cl_json_string_is(string, text));
        assert_false(cl_json_string_is(string, CL_STR("something else that is longer than all of them")));
        if (text.len > 0) {
            assert_false(cl_json_string_is(string, cl_str_n(text.ptr, text.len - 1)));
            assert_false(cl_json_string_is(string, CL_STR("")));
        }
    }
    assert_false(cl_json_string_is(root_of("\"a\\u0041\""), CL_STR("aAx")));
    assert_false(cl_json_string_is(root_of("\"a\\u0041\""), CL_STR("ax")));
    assert_false(cl_json_string_is(root_of("1"), CL_STR("1")));
    assert_false(cl_json_string_is((cl_json){NULL, 0, 0}, CL_STR("")));
}

static void copies_are_cut_at_a_character(void **state)
{
    char out[8];

    (void)state;
    assert_int_equal(cl_json_copy_text(root_of("\"ab\\ud83d\\ude00cd\""), out, 6), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(cl_json_copy_text(root_of("\"ab\\ud83d\\ude00cd\""), out, 7), 6);
    assert_string_equal(out, "ab\xf0\x9f\x98\x80");
    assert_int_equal(cl_json_copy_text(root_of("\"abc\""), out, 1), 0);
    assert_string_equal(out, "");
    assert_int_equal(cl_json_copy_text(root_of("123"), out, sizeof out), 0);
    assert_string_equal(out, "");
}

static void decode_all_decodes_in_place(void **state)
{
    cl_str text = CL_STR("{\"k\\n\":\"a\\u0041b\",\"p\":[\"\",\"plain\",\"\\\"q\\\"\"],\"z\":\"x\\u0000y\"}");
    cl_json root = root_of(text.ptr);
    char *copy = malloc(text.len + 1);
    cl_json value;

    (void)state;
    assert_non_null(copy);
    cl_json_decode_all(text, copy);
    value = cl_json_at(root, CL_STR("/k\n"));
    assert_string_equal(copy + (value.ptr - text.ptr) + 1, "aAb");
    value = cl_json_at(root, CL_STR("/p/0"));
    assert_string_equal(copy + (value.ptr - text.ptr) + 1, "");
    value = cl_json_at(root, CL_STR("/p/1"));
    assert_string_equal(copy + (value.ptr - text.ptr) + 1, "plain");
    value = cl_json_at(root, CL_STR("/p/2"));
    assert_string_equal(copy + (value.ptr - text.ptr) + 1, "\"q\"");
    value = cl_json_at(root, CL_STR("/z"));
    assert_memory_equal(copy + (value.ptr - text.ptr) + 1, "x\0y\0", 4);
    free(copy);
    copy = malloc(1);
    assert_non_null(copy);
    cl_json_decode_all(cl_str_n(NULL, 0), copy);
    assert_int_equal(copy[0], '\0');
    free(copy);
}

/* ---- writing ---- */

static void slow_escape(cl_buf *out, cl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        static const char names[] = "b\bt\tn\nf\fr\r\"\"\\\\";
        unsigned char c = (unsigned char)text.ptr[i];
        char escape[8];
        size_t n = 0;
        for (size_t k = 0; k + 1 < sizeof names && n == 0; k += 2) {
            if ((unsigned char)names[k + 1] == c)
                n = (size_t)snprintf(escape, sizeof escape, "\\%c", names[k]);
        }
        if (n == 0 && c < 0x20)
            n = (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
        if (n == 0)
            escape[n++] = (char)c;
        assert_int_equal(cl_buf_append(out, escape, n), CL_BUF_OK);
    }
}

static void compare_escaped(cl_str text)
{
    cl_buf expected = CL_BUF_INIT(1u << 20);
    char *copy = exact_copy(text);
    cl_str exact = cl_str_n(copy, text.len);

    slow_escape(&expected, text);
    /* With room to spare, with just enough, and with one byte too few. */
    for (size_t spare = 0; spare < (expected.len > 0 ? 3u : 2u); spare++) {
        size_t max = spare == 0 ? (size_t)1 << 20 : expected.len + 4 - spare;
        cl_buf out = CL_BUF_INIT(max);
        int rc;
        assert_int_equal(cl_buf_append_text(&out, "abc"), CL_BUF_OK);
        rc = cl_json_write_escaped(&out, exact);
        if (spare == 2) {
            assert_int_equal(rc, CL_BUF_FULL);
            assert_string_equal(out.ptr, "abc");
            assert_int_equal(out.len, 3);
        } else {
            assert_int_equal(rc, CL_BUF_OK);
            assert_int_equal(out.len, expected.len + 3);
            assert_memory_equal(out.ptr + 3, cl_buf_str(&expected).ptr, expected.len);
            assert_int_equal(out.ptr[out.len], '\0');
        }
        cl_buf_free(&out);
    }
    free(copy);
    cl_buf_free(&expected);
}

static void escaping(void **state)
{
    uint64_t random = 7;
    char text[20000];

    (void)state;
    for (size_t len = 0; len < 70; len++) {
        memset(text, 'a', len);
        compare_escaped(cl_str_n(text, len));
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', len);
            text[at] = "\"\\\n\x01\x1f"[at % 5];
            compare_escaped(cl_str_n(text, len));
        }
    }
    for (int c = 0; c < 128; c++) {
        memset(text, c, 33);
        compare_escaped(cl_str_n(text, 33));
    }
    for (int round = 0; round < 30; round++) {
        size_t len = next_random(&random) % sizeof text;
        uint32_t rare = 1 + next_random(&random) % 40;
        for (size_t i = 0; i < len; i++)
            text[i] =
                (char)(next_random(&random) % rare ? 'a' + next_random(&random) % 26 : next_random(&random) % 128);
        compare_escaped(cl_str_n(text, len));
    }
    compare_escaped(CL_STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\x7f and \xe2\x80\xa8 are written as they are"));
}

/* What is written is read back as the same text. */
static void round_trip(void **state)
{
    cl_buf out = CL_BUF_INIT(1u << 20);
    cl_json value;
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i % 128);
    assert_int_equal(cl_json_write_string(&out, cl_str_n(text, sizeof text)), CL_BUF_OK);
    assert_int_equal(cl_json_validate(cl_buf_str(&out), 1, &value, NULL), CLAUDE_OK);
    assert_int_equal(value.type, CLAUDE_JSON_STRING);
    assert_true(cl_json_string_is(value, cl_str_n(text, sizeof text)));
    cl_buf_free(&out);
}

static void writing_members(void **state)
{
    cl_buf out = CL_BUF_INIT(1000);

    (void)state;
    assert_int_equal(cl_buf_append_char(&out, '{'), CL_BUF_OK);
    assert_int_equal(cl_json_write_key(&out, CL_STR("a\"b")), CL_BUF_OK);
    assert_int_equal(cl_json_write_double(&out, 0.1), CL_BUF_OK);
    assert_int_equal(cl_json_write_key(&out, CL_STR("c")), CL_BUF_OK);
    assert_int_equal(cl_json_write_double(&out, -1.5e300), CL_BUF_OK);
    assert_int_equal(cl_json_write_key(&out, CL_STR("d")), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&out, '['), CL_BUF_OK);
    assert_int_equal(cl_json_write_double(&out, 1.0 / 0.0 * 0.0), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&out, "]}"), CL_BUF_OK);
    assert_string_equal(out.ptr, "{\"a\\\"b\":0.1,\"c\":-1.5e+300,\"d\":[null]}");
    assert_int_equal(cl_json_validate(cl_buf_str(&out), 200, NULL, NULL), CLAUDE_OK);
    cl_buf_clear(&out);
    assert_int_equal(cl_json_write_key(&out, CL_STR("x")), CL_BUF_OK);
    assert_string_equal(out.ptr, "\"x\":");
    cl_buf_clear(&out);
    assert_int_equal(cl_buf_append_char(&out, '['), CL_BUF_OK);
    assert_int_equal(cl_json_write_key(&out, CL_STR("x")), CL_BUF_OK);
    assert_string_equal(out.ptr, "[\"x\":");
    cl_buf_free(&out);
    out = CL_BUF_INIT(4);
    assert_int_equal(cl_json_write_string(&out, CL_STR("abc")), CL_BUF_FULL);
    assert_int_equal(out.len, 0);
    assert_int_equal(cl_json_write_string(&out, CL_STR("ab")), CL_BUF_OK);
    assert_string_equal(out.ptr, "\"ab\"");
    cl_buf_free(&out);
}

#define WALK_CASES                                                                                                     \
    cmocka_unit_test(pointers), cmocka_unit_test(members_and_counts),                                                  \
        cmocka_unit_test(iteration_keeps_order_and_keys), cmocka_unit_test(skipping_at_all_distances),                 \
        cmocka_unit_test(long_stretches_without_structure), cmocka_unit_test(numbers), cmocka_unit_test(decoding),     \
        cmocka_unit_test(copies_are_cut_at_a_character), cmocka_unit_test(decode_all_decodes_in_place),                \
        cmocka_unit_test(escaping), cmocka_unit_test(round_trip), cmocka_unit_test(writing_members)

#endif
