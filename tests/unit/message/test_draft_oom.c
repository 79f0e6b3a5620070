/* Memory running out at each allocation in turn, while the body of a request is changed: it is always whole. */
#include "testing.h"

#include "../allocations.h"
#include "message/draft.h"

static cl_str text_of(const cl_draft *draft)
{
    size_t brace = 0;
    cl_blob *blob = cl_draft_blob(draft, &brace);
    cl_str text = cl_str_n(blob->bytes, blob->len);

    /* The draft keeps its own. */
    cl_blob_unref(blob);
    return text;
}

static char *large;

static void same_members(cl_str text, const char *before)
{
    cl_json now = cl_json_root(text);
    cl_json_iter iter = cl_json_iter_of(cl_json_root(cl_str_of(before)));
    cl_json key;
    cl_json value;

    assert_int_equal(text.len, strlen(before));
    while (cl_json_next(&iter, &key, &value)) {
        cl_json found = cl_json_member(now, cl_str_n(key.ptr + 1, key.len - 2));
        assert_int_equal(found.len, value.len);
        assert_memory_equal(found.ptr, value.ptr, value.len);
    }
}

static bool changed(cl_draft *draft, const char *key, const char *json)
{
    char *before = copy_of(text_of(draft));
    cl_buf *value = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_draft_edit(draft, cl_str_of(key), &value, &err)) &&
         cl_buf_splice(value, 0, value->len, cl_str_of(json)) == CL_BUF_OK;
    cl_draft_end(draft);
    assert_int_equal(cl_json_validate(text_of(draft), 200, NULL, NULL), CLAUDE_OK);
    /* What could not be set is as it was; only its place may be another. */
    if (!ok)
        same_members(text_of(draft), before);
    assert_int_equal(draft->count, cl_json_count(cl_json_root(text_of(draft))));
    free(before);
    return ok;
}

static bool edits(void)
{
    cl_draft draft;
    cl_draft copy;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    cl_draft_init(&draft);
    cl_draft_init(&copy);
    ok = step(cl_draft_set_whole(&draft, CL_STR("{\"tools\":[1],\"b\":2}"), 200, &err)) &&
         changed(&draft, "messages", large) && changed(&draft, "tools", "[1,2,3]") &&
         step(cl_draft_copy(&draft, &copy, &err)) && changed(&draft, "model", "\"a model with a name\"") &&
         changed(&copy, "b", "") && changed(&copy, "c", large);
    for (char key[] = "k0"; ok && key[1] <= '9'; key[1]++)
        ok = changed(&draft, key, "null");
    cl_draft_free(&draft);
    cl_draft_free(&copy);
    return ok;
}

static void memory_runs_out_while_editing(void **state)
{
    (void)state;
    large = malloc(70001);
    assert_non_null(large);
    memset(large, '7', 70000);
    large[70000] = '\0';
    run_out(edits);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out_while_editing),
    };

    return cmocka_run_group_tests_name("message.draft_oom", tests, NULL, NULL);
}
