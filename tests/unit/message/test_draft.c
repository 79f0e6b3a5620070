/* The body of a request: one text, changed in place, against a model of its members. */
#include "testing.h"

#include "message/draft.h"

#include <pthread.h>

static cl_str text_of(const cl_draft *draft)
{
    size_t brace = 0;
    cl_blob *blob = cl_draft_blob(draft, &brace);
    cl_str text = cl_str_n(blob->bytes, blob->len);

    assert_int_equal(blob->bytes[blob->len], '\0');
    assert_int_equal(blob->bytes[brace], '{');
    /* The draft keeps its own. */
    cl_blob_unref(blob);
    return text;
}

static void has_text(const cl_draft *draft, const char *expected)
{
    cl_str text = text_of(draft);

    assert_string_equal(text.ptr, expected);
    assert_int_equal(text.len, strlen(expected));
}

static cl_draft draft_of(const char *json)
{
    cl_draft draft;

    cl_draft_init(&draft);
    OK(cl_draft_set_whole(&draft, cl_str_of(json), 200, err));
    has_text(&draft, json);
    return draft;
}

/* Sets a member as setters do; nothing removes it. */
static void set(cl_draft *draft, const char *key, cl_str json)
{
    cl_buf *value = NULL;

    OK(cl_draft_edit(draft, cl_str_of(key), &value, err));
    assert_int_equal(cl_buf_splice(value, 0, value->len, json), CL_BUF_OK);
    cl_draft_end(draft);
    cl_draft_end(draft);
}

/* ---- where members come to lie ---- */

static void what_is_not_set_stays(void **state)
{
    static const struct {
        const char *before;
        const char *key;
        const char *json;
        const char *after;
    } rows[] = {
        {"{}", "a", "1", "{\"a\":1}"},
        {" { } ", "a", "1", " {\"a\":1 } "},
        {"{\"a\":1}", "a", "22", "{\"a\":22}"},
        {"{\"a\":1}", "b", "[2]", "{\"a\":1,\"b\":[2]}"},
        {"\t{ \"a\" : 1 , \"b\" : 2 }\n", "c", "3", "\t{ \"a\" : 1 , \"b\" : 2,\"c\":3 }\n"},
        {"\t{ \"a\" : 1 , \"b\" : 2 }\n", "a", "10", "\t{ \"a\" : 10 , \"b\" : 2 }\n"},
        {"\t{ \"a\" : 100 , \"b\" : 2 }\n", "a", "1", "\t{ \"a\" : 1 , \"b\" : 2 }\n"},
        {"{\"a\":1}", "q\"\n", "2", "{\"a\":1,\"q\\\"\\n\":2}"},
        {"{\"\\u0061\":1,\"b\":2}", "a", "3", "{\"\\u0061\":3,\"b\":2}"},
        /* Of two of a name the last counts. */
        {"{\"a\":1,\"a\":2}", "a", "3", "{\"a\":1,\"a\":3}"},
        /* Left empty: the first, one in the middle, the last, the only one, one that was not there. */
        {"{ \"a\" : 1 , \"b\" : 2 }", "a", "", "{ \"b\" : 2 }"},
        {"{ \"a\" : 1 , \"b\" : 2 , \"c\":3}", "b", "", "{ \"a\" : 1 , \"c\":3}"},
        {"{ \"a\" : 1 , \"b\" : 2 }", "b", "", "{ \"a\" : 1 }"},
        {"{ \"a\" : 1 }", "a", "", "{  }"},
        {"{\"a\":1}", "b", "", "{\"a\":1}"},
        {"{ }", "b", "", "{ }"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_draft draft = draft_of(rows[i].before);
        set(&draft, rows[i].key, cl_str_of(rows[i].json));
        has_text(&draft, rows[i].after);
        cl_draft_free(&draft);
    }
}

static void several_edits_without_an_end(void **state)
{
    cl_draft draft;
    cl_buf *value = NULL;

    (void)state;
    cl_draft_init(&draft);
    assert_true(cl_draft_is_empty(&draft));
    has_text(&draft, "{}");
    OK(cl_draft_edit(&draft, CL_STR("a"), &value, err));
    assert_int_equal(value->len, 0);
    assert_int_equal(cl_buf_append_text(value, "[1"), CL_BUF_OK);
    OK(cl_draft_edit(&draft, CL_STR("b"), &value, err));
    OK(cl_draft_edit(&draft, CL_STR("a"), &value, err));
    assert_int_equal(value->len, 2);
    assert_string_equal(value->ptr, "[1");
    assert_int_equal(cl_buf_append_text(value, "]"), CL_BUF_OK);
    cl_draft_end(&draft);
    has_text(&draft, "{\"a\":[1]}");
    assert_false(cl_draft_is_empty(&draft));
    /* Freed while a member is being changed: the sanitizers see what is lost. */
    OK(cl_draft_edit(&draft, CL_STR("c"), &value, err));
    cl_draft_free(&draft);
    assert_true(cl_draft_is_empty(&draft));
}

static void fields_are_found(void **state)
{
    cl_draft draft = draft_of("{\"messages\":[1],\"model\":\"m\",\"messages\":[2],\"stream\":true}");

    (void)state;
    assert_memory_equal(cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr, "[2]", 3);
    assert_int_equal(cl_draft_field(&draft, CL_FIELD_STREAM).type, CLAUDE_JSON_BOOLEAN);
    assert_int_equal(cl_draft_field(&draft, CL_FIELD_MAX_TOKENS).type, CLAUDE_JSON_NONE);
    set(&draft, "max_tokens", CL_STR("7"));
    set(&draft, "messages", CL_STR("[2,3,4]"));
    assert_int_equal(cl_draft_field(&draft, CL_FIELD_MESSAGES).len, 7);
    assert_memory_equal(cl_draft_field(&draft, CL_FIELD_MODEL).ptr, "\"m\"", 3);
    assert_memory_equal(cl_draft_field(&draft, CL_FIELD_STREAM).ptr, "true", 4);
    assert_int_equal(cl_draft_field(&draft, CL_FIELD_MAX_TOKENS).len, 1);
    cl_draft_free(&draft);
    assert_int_equal(cl_draft_field(&draft, CL_FIELD_MODEL).type, CLAUDE_JSON_NONE);
}

/* What is set again and again before a large member moves behind it, once. */
static void members_move_behind_a_large_tail(void **state)
{
    enum { LARGE = 70000 };
    cl_draft draft = draft_of("{\"a\":1, \"tools\" : [1],\"b\":2}");
    char *large = malloc(LARGE + 1);
    char *expected = malloc(LARGE + 200);
    const char *where;

    (void)state;
    assert_non_null(large);
    assert_non_null(expected);
    memset(large, '7', LARGE);
    large[LARGE] = '\0';
    set(&draft, "messages", cl_str_of(large));
    set(&draft, "stream", CL_STR("true"));
    set(&draft, "messages", cl_str_of(large));
    sprintf(expected, "{\"a\":1, \"tools\" : [1],\"b\":2,\"messages\":%s,\"stream\":true}", large);
    has_text(&draft, expected);
    where = cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr;
    set(&draft, "tools", CL_STR("[1,2]"));
    sprintf(expected, "{\"a\":1,\"b\":2,\"messages\":%s,\"stream\":true,\"tools\" : [1,2]}", large);
    has_text(&draft, expected);
    assert_ptr_equal(cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr, where - strlen(", \"tools\" : [1]"));
    where = cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr;
    set(&draft, "tools", CL_STR("[1,2,3]"));
    set(&draft, "stream", CL_STR("false"));
    assert_ptr_equal(cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr, where);
    set(&draft, "a", CL_STR(""));
    sprintf(expected, "{\"b\":2,\"messages\":%s,\"stream\":false,\"tools\" : [1,2,3]}", large);
    has_text(&draft, expected);
    free(large);
    free(expected);
    cl_draft_free(&draft);
}

/* ---- who else has the text ---- */

static void others_keep_what_they_have(void **state)
{
    cl_draft draft = draft_of("{\"a\":1}");
    cl_draft copy;
    size_t brace;
    cl_blob *sent = cl_draft_blob(&draft, &brace);
    const char *bytes = sent->bytes;

    (void)state;
    set(&draft, "a", CL_STR("2"));
    has_text(&draft, "{\"a\":2}");
    assert_ptr_equal(sent->bytes, bytes);
    assert_string_equal(bytes, "{\"a\":1}");
    cl_draft_init(&copy);
    OK(cl_draft_copy(&draft, &copy, err));
    assert_ptr_equal(text_of(&copy).ptr, text_of(&draft).ptr);
    set(&copy, "a", CL_STR("33"));
    set(&draft, "b", CL_STR("4"));
    has_text(&copy, "{\"a\":33}");
    has_text(&draft, "{\"a\":2,\"b\":4}");
    /* Nobody else has it: it stays where it is. */
    bytes = text_of(&draft).ptr;
    set(&draft, "a", CL_STR("5"));
    assert_ptr_equal(text_of(&draft).ptr, bytes);
    assert_string_equal(sent->bytes, "{\"a\":1}");
    cl_blob_unref(sent);
    cl_draft_free(&copy);
    cl_draft_free(&draft);
}

static void values_out_of_the_text_hold_it(void **state)
{
    cl_draft draft = draft_of("{\"a\":1}");
    char other[] = "{\"a\":1}";
    cl_blob *held;

    (void)state;
    for (size_t i = 0; i <= strlen(other); i++) {
        held = cl_draft_hold(&draft, draft.text->bytes + i);
        assert_ptr_equal(held, draft.text);
        cl_blob_unref(held);
    }
    assert_null(cl_draft_hold(&draft, other));
    assert_null(cl_draft_hold(&draft, NULL));
    assert_null(cl_draft_hold(&draft, draft.text->bytes - 1));
    assert_null(cl_draft_hold(&draft, draft.text->bytes + strlen(other) + 1));
    cl_draft_free(&draft);
    assert_null(cl_draft_hold(&draft, other));
}

/* A conversation that is sent after each message: its text is moved when it has doubled, not each time. */
static void reading_does_not_make_changing_dear(void **state)
{
    enum { TIMES = 5000, LEN = 1000 };
    cl_draft draft;
    char message[LEN + 1];
    const char *bytes = NULL;
    int moved = 0;

    (void)state;
    memset(message, 'x', sizeof message);
    cl_draft_init(&draft);
    set(&draft, "model", CL_STR("\"m\""));
    for (int i = 0; i < TIMES; i++) {
        cl_buf *value = NULL;
        OK(cl_draft_edit(&draft, CL_STR("messages"), &value, err));
        assert_int_equal(cl_buf_append(value, message, LEN), CL_BUF_OK);
        cl_draft_end(&draft);
        moved += text_of(&draft).ptr != bytes;
        bytes = text_of(&draft).ptr;
    }
    assert_in_range(moved, 1, 20);
    assert_int_equal(text_of(&draft).len, strlen("{\"model\":\"m\",\"messages\":}") + TIMES * LEN);
    for (int i = 0; i < TIMES; i++)
        assert_memory_equal(cl_draft_field(&draft, CL_FIELD_MESSAGES).ptr + (size_t)i * LEN, message, LEN);
    cl_draft_free(&draft);
}

static void *read_and_copy(void *arg)
{
    const cl_draft *draft = arg;

    for (int i = 0; i < 300; i++) {
        cl_err err;
        size_t brace;
        cl_blob *blob = cl_draft_blob(draft, &brace);
        cl_blob *held = cl_draft_hold(draft, blob->bytes);
        cl_buf *value = NULL;
        cl_draft copy;
        bool ok = held == blob && cl_draft_field(draft, CL_FIELD_MODEL).len == 3;
        cl_err_init(&err);
        cl_draft_init(&copy);
        ok = ok && cl_draft_copy(draft, &copy, &err) >= 0;
        cl_blob_unref(held);
        ok = ok && cl_draft_edit(&copy, CL_STR("max_tokens"), &value, &err) >= 0 &&
             cl_buf_append_text(value, "0") == CL_BUF_OK;
        cl_draft_free(&copy);
        ok = ok && strcmp(blob->bytes, "{\"model\":\"m\",\"max_tokens\":1}") == 0;
        cl_blob_unref(blob);
        if (!ok)
            return arg;
    }
    return NULL;
}

static void many_threads_read(void **state)
{
    cl_draft draft = draft_of("{\"model\":\"m\"}");
    pthread_t threads[4];

    (void)state;
    set(&draft, "max_tokens", CL_STR("1"));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_and_copy, &draft), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    /* The last of them has let go: in place again. */
    set(&draft, "model", CL_STR("\"n\""));
    has_text(&draft, "{\"model\":\"n\",\"max_tokens\":1}");
    cl_draft_free(&draft);
}

/* ---- against a model ---- */

enum { KEYS = 7, LONGEST = 90000 };
static const char *const keys[KEYS] = {"model", "messages", "a", "tools", "\xc3\xa9\"", "b", "stop"};

typedef struct model {
    char *values[KEYS]; /* NULL: not there */
} model;

static uint32_t chance(uint32_t below)
{
    static uint32_t seed = 7;

    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* A number, now and then one that is large. */
static char *any_value(void)
{
    size_t len = 1 + chance(chance(12) == 0 ? LONGEST : 40);
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, (int)('1' + chance(9)), len);
    text[len] = '\0';
    return text;
}

static void compare(const cl_draft *draft, const model *expected)
{
    cl_str text = text_of(draft);
    size_t count = 0;
    cl_json root;

    OK(cl_json_validate(text, 200, &root, err));
    for (size_t i = 0; i < KEYS; i++) {
        cl_json value = cl_json_member(root, cl_str_of(keys[i]));
        if (!expected->values[i]) {
            assert_int_equal(value.type, CLAUDE_JSON_NONE);
            continue;
        }
        count++;
        assert_int_equal(value.len, strlen(expected->values[i]));
        assert_memory_equal(value.ptr, expected->values[i], value.len);
    }
    assert_int_equal(cl_json_count(root), count);
    assert_int_equal(draft->count, count);
}

static void change_one(cl_draft *draft, model *expected)
{
    size_t key = chance(KEYS);
    char *fresh = chance(4) == 0 ? NULL : any_value();

    if (fresh && expected->values[key] && chance(2) == 0) {
        /* Appended in place. */
        cl_buf *value = NULL;
        char *longer = malloc(strlen(expected->values[key]) + strlen(fresh) + 1);
        assert_non_null(longer);
        strcpy(longer, expected->values[key]);
        strcat(longer, fresh);
        OK(cl_draft_edit(draft, cl_str_of(keys[key]), &value, err));
        assert_string_equal(value->ptr, expected->values[key]);
        assert_int_equal(cl_buf_append_text(value, fresh), CL_BUF_OK);
        cl_draft_end(draft);
        free(fresh);
        fresh = longer;
    } else {
        set(draft, keys[key], fresh ? cl_str_of(fresh) : CL_STR(""));
    }
    free(expected->values[key]);
    expected->values[key] = fresh;
}

static void as_the_model_says(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        cl_draft draft = draft_of(round % 2 ? " { } " : "{}");
        model expected = {{NULL}};
        cl_blob *sent = NULL;
        char *was = NULL;
        for (int i = 0; i < 40; i++) {
            size_t brace;
            change_one(&draft, &expected);
            compare(&draft, &expected);
            if (sent && chance(3) == 0) {
                assert_string_equal(sent->bytes, was);
                cl_blob_unref(sent);
                free(was);
                sent = NULL;
            } else if (!sent && chance(3) == 0) {
                sent = cl_draft_blob(&draft, &brace);
                was = copy_of(cl_str_n(sent->bytes, sent->len));
            }
        }
        if (sent)
            free(was);
        cl_blob_unref(sent);
        cl_draft_free(&draft);
        for (size_t i = 0; i < KEYS; i++)
            free(expected.values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_set_stays),
        cmocka_unit_test(several_edits_without_an_end),
        cmocka_unit_test(fields_are_found),
        cmocka_unit_test(members_move_behind_a_large_tail),
        cmocka_unit_test(others_keep_what_they_have),
        cmocka_unit_test(values_out_of_the_text_hold_it),
        cmocka_unit_test(reading_does_not_make_changing_dear),
        cmocka_unit_test(many_threads_read),
        cmocka_unit_test(as_the_model_says),
    };

    return cmocka_run_group_tests_name("message.draft", tests, NULL, NULL);
}
