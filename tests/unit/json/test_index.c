/* The index of a text finds what walking finds, with memory and without. */
#include "testing.h"

#include "../allocations.h"

typedef _Atomic(cl_json_index *) slot;

static void release(slot *index)
{
    cl_json_index_free(atomic_load(index));
    atomic_store(index, NULL);
}

static void put(cl_buf *out, const char *text)
{
    assert_int_equal(cl_buf_append_text(out, text), CL_BUF_OK);
}

/* So many members, each of so many bytes, after those that are given. */
static cl_buf document_of(const char *members, int count, int size)
{
    cl_buf text = CL_BUF_INIT(1u << 24);
    char member[32];

    put(&text, " { ");
    put(&text, members);
    for (int i = 0; i < count; i++) {
        snprintf(member, sizeof member, "%s\"x%d\":\"", text.len > 3 ? " , " : "", i);
        put(&text, member);
        for (int k = 0; k < size; k++)
            put(&text, "]");
        put(&text, "\"");
    }
    put(&text, " } ");
    return text;
}

static const char members[] =
    "\"id\":\"m\", \"content\" : [ {\"text\":\"a ] \\\" b\", \"n\": [1,2 , 3]} , 17,\"]\",[], [ [ 4 ] ,5] ,null ] ,"
    "\"a/b\":1,\"m~n\":2,\"\\u0065sc\\\"\":3,\"empty\":[ ],\"one\":[\n1\n],\"usage\":{\"o\":{\"p\":9}},\"\":4,"
    "\"dup\":[1,2],\"dup\":[7],\"data\":[[1,2],[3,4]],\"n\":-1";

static const char *const pointers[] = {
    "",
    "/",
    "/id",
    "/content",
    "/content/0",
    "/content/0/text",
    "/content/0/n/2",
    "/content/1",
    "/content/1/x",
    "/content/2",
    "/content/3",
    "/content/3/0",
    "/content/4/0/0",
    "/content/4/1",
    "/content/5",
    "/content/6",
    "/content/-",
    "/content/01",
    "/content/",
    "/content/99999999999999999999",
    "/content/x",
    "/a~1b",
    "/m~0n",
    "/m~n",
    "/a/b",
    "/esc\"",
    "/empty",
    "/empty/0",
    "/one/0",
    "/one/1",
    "/usage/o/p",
    "/usage/p",
    "/dup",
    "/dup/0",
    "/dup/1",
    "/data/1/0",
    "/data/1/2",
    "/n",
    "/n/0",
    "/none",
    "/none/0",
    "/x0",
    "/x63",
    "id",
    "/~",
    "/id~2",
};

static void same(cl_json a, cl_json b)
{
    assert_int_equal(a.type, b.type);
    assert_int_equal(a.len, b.len);
    assert_ptr_equal(a.ptr, b.ptr);
}

static void compare(slot *index, cl_json root)
{
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        cl_str pointer = cl_str_of(pointers[i]);
        same(cl_json_index_at(index, root, pointer), cl_json_at(root, pointer));
        assert_int_equal(cl_json_index_count(index, root, pointer), cl_json_count(cl_json_at(root, pointer)));
    }
}

static cl_json root_of(const cl_buf *text)
{
    cl_json root;

    assert_int_equal(cl_json_validate(cl_buf_str(text), 200, &root, NULL), CLAUDE_OK);
    return root;
}

/* Short texts, long ones, and the edge of how many members an index has: 14 are given. */
static void finds_what_walking_finds(void **state)
{
    static const int counts[] = {0, 1, 49, 50, 51, 400};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (int size = 0; size < 9000; size += 4000) {
            cl_buf text = document_of(members, counts[i], size);
            slot index = NULL;
            compare(&index, root_of(&text));
            compare(&index, root_of(&text));
            /* There is one where it is worth the memory. */
            assert_int_equal(atomic_load(&index) != NULL, text.len >= 4096 + 5);
            release(&index);
            cl_buf_free(&text);
        }
    }
}

static void roots_of_other_kinds(void **state)
{
    cl_buf text = CL_BUF_INIT(1u << 20);
    slot index = NULL;

    (void)state;
    assert_int_equal(cl_json_index_at(&index, (cl_json){NULL, 0, 0}, CL_STR("/a")).type, 0);
    assert_int_equal(cl_json_index_count(&index, (cl_json){NULL, 0, 0}, CL_STR("")), 0);
    put(&text, "[1");
    while (text.len < 10000)
        put(&text, ",[2,3]");
    put(&text, "]");
    compare(&index, root_of(&text));
    same(cl_json_index_at(&index, root_of(&text), CL_STR("/7/1")), cl_json_at(root_of(&text), CL_STR("/7/1")));
    assert_null(atomic_load(&index));
    cl_buf_free(&text);
    cl_json_index_free(NULL);
}

/* What lies before is not walked again, so it may be garbage by then. */
static void elements_are_found_without_walking(void **state)
{
    cl_buf text = CL_BUF_INIT(1u << 20);
    slot index = NULL;
    cl_json root;

    (void)state;
    put(&text, "{\"a\":\"");
    while (text.len < 5000)
        put(&text, "a");
    put(&text, "\",\"content\":[\"bbbbbbbbbbbbbb\",[7]],\"z\":1}");
    root = root_of(&text);
    assert_int_equal(cl_json_index_count(&index, root, CL_STR("/content")), 2);
    memset(text.ptr + 5, '"', 4000);
    memset(strstr(text.ptr, "\"bbbb"), '[', 16);
    assert_int_equal(cl_json_index_at(&index, root, CL_STR("/content/1/0")).ptr[0], '7');
    assert_int_equal(cl_json_index_at(&index, root, CL_STR("/z")).ptr[0], '1');
    assert_int_equal(cl_json_index_count(&index, root, CL_STR("/content")), 2);
    release(&index);
    cl_buf_free(&text);
}

/* Without memory the text is walked; later the index is made. */
static void memory_runs_out_while_finding(void **state)
{
    cl_buf text = document_of(members, 10, 5000);
    cl_json root = root_of(&text);

    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            slot index = NULL;
            memory_runs_out(n, forever == 1);
            compare(&index, root);
            failed = memory_is_back();
            compare(&index, root);
            assert_non_null(atomic_load(&index));
            release(&index);
            assert_in_range(n, 0, 100);
        }
    }
    cl_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_walking_finds),
        cmocka_unit_test(roots_of_other_kinds),
        cmocka_unit_test(elements_are_found_without_walking),
        cmocka_unit_test(memory_runs_out_while_finding),
    };

    return cmocka_run_group_tests_name("json.index", tests, NULL, NULL);
}
