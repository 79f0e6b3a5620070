/* Messages of blocks: roles, order, appending to the last message, answers, tool results; and that they cost in
 * proportion. */
#include "test_block.h"

#include "message/request.h"

#define T(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define RESULT(id, text) "{\"type\":\"tool_result\",\"tool_use_id\":\"" id "\",\"content\":\"" text "\"}"
#define CALL(rest) "{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"n\"," rest "}"
#define USER(content) "{\"role\":\"user\",\"content\":" content "}"

static claude_request_t *request_with_messages(const char *messages)
{
    claude_request_t *request = new_request();

    WORKS(claude_request_set_field(request, "/messages", messages, CLAUDE_NTS, &e));
    return request;
}

static void roles_and_order(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *a = block_of(T("a"));
    claude_block_t *image = block_of("{\"type\":\"image\"}");
    claude_block_t *blocks[] = {image, a};

    (void)state;
    WORKS(claude_request_add_block(request, "user", a, &e));
    WORKS(claude_request_add_blocks(request, "assistant", blocks, 2, &e));
    WORKS(claude_request_add_block(request, "system", a, &e));
    WORKS(claude_request_add_user_with_image(request, "wh\0t", 4, image, &e));
    WORKS(claude_request_add_user_with_images(request, "", 0, blocks, 1, &e));
    WORKS(claude_request_add_user_with_images(request, "t", 1, NULL, 0, &e));
    field_is(
        request, "messages",
        "[{\"role\":\"user\",\"content\":[" T("a") "]},{\"role\":\"assistant\",\"content\":[{\"type\":\"image\"}," T("a") "]},{\"role\":\"system\",\"content\":[" T(
            "a") "]}," USER("[{\"type\":\"image\"}," T("wh\\u0000t") "]") "," USER("[{\"type\":\"image\"}]") "," USER("[" T("t") "]") "]");
    claude_block_unref(a);
    claude_block_unref(image);
    claude_request_unref(request);
}

static void wrong_messages_are_refused(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *a = block_of(T("a"));
    claude_block_t *blocks[] = {a, NULL};
    claude_block_t *others[] = {(claude_block_t *)(void *)request};

    (void)state;
    REFUSED("", "message text is empty", claude_request_add_blocks(request, "user", NULL, 0, &e));
    REFUSED("", "message text is empty", claude_request_add_user_with_images(request, "", 0, NULL, 0, &e));
    REFUSED("", "role is empty", claude_request_add_block(request, "", a, &e));
    REFUSED("", "role \"tool\" is not known", claude_request_add_block(request, "tool", a, &e));
    REFUSED("", "role is NULL", claude_request_add_block(request, NULL, a, &e));
    REFUSED("", "block 1 is NULL", claude_request_add_blocks(request, "user", blocks, 2, &e));
    REFUSED("", "block 0 is NULL", claude_request_add_block(request, "user", NULL, &e));
    REFUSED("", "block 0 is a handle of another kind", claude_request_add_blocks(request, "user", others, 1, &e));
    REFUSED("", "blocks is NULL", claude_request_add_blocks(request, "user", NULL, 1, &e));
    REFUSED("", "message text is not valid UTF-8", claude_request_add_user_with_image(request, "\xff", 1, a, &e));
    REFUSED("", "request is NULL", claude_request_add_block(NULL, "user", a, &e));
    REFUSED("", "block is NULL", claude_request_append_block(request, NULL, &e));
    REFUSED("", "there is no message", claude_request_append_block(request, a, &e));
    REFUSED("", "response is NULL", claude_request_add_response(request, NULL, &e));
    assert_string_equal(claude_request_json(request, NULL), "{}");
    WORKS(claude_request_set_field(request, "/messages", "{}", 2, &e));
    REFUSED("", "messages in the body is not an array", claude_request_add_block(request, "user", a, &e));
    REFUSED("", "messages in the body is not an array", claude_request_append_block(request, a, &e));
    REFUSED("", "messages in the body is not an array", claude_request_add_tool_result(request, "i", "t", 1, 0, &e));
    claude_block_unref(a);
    claude_request_unref(request);
}

/* Also where quotes, brackets and backslashes in texts look like the end of something. */
static void blocks_join_the_last_message(void **state)
{
    static const char *const rows[][2] = {
        {"[" USER("[" T("a") "]") "]", "[" USER("[" T("a") "," T("+") "]") "]"},
        {"[" USER("\"a\"") "]", "[" USER("[" T("a") "," T("+") "]") "]"},
        {"[" USER("\"\"") "]", "[" USER("[" T("+") "]") "]"},
        {"[" USER("[]") "]", "[" USER("[" T("+") "]") "]"},
        {"[" USER("\"a\\\"]}[{\\\\\"") "]", "[" USER("[" T("a\\\"]}[{\\\\") "," T("+") "]") "]"},
        {"[1," USER("\"\\\\\\\\\\\"\"") " ] ", "[1," USER("[" T("\\\\\\\\\\\"") "," T("+") "]") " ]"},
        {"[{\"content\":\"x\",\"role\":\"user\"},{ \"content\" : [ 1 ] , \"role\":\"\\\"user\\\\\" } \n]",
         "[{\"content\":\"x\",\"role\":\"user\"},{ \"content\" : [ 1 ," T("+") "] , \"role\":\"\\\"user\\\\\" } \n]"},
        {"[[\"]\"],{\"k\\\"\":[{}],\"content\":\"x\",\"n\":[[1],2]}]",
         "[[\"]\"],{\"k\\\"\":[{}],\"content\":[" T("x") "," T("+") "],\"n\":[[1],2]}]"},
        {"[{\"x\":\"\\\"\"},{\"content\":[\"\\\\\\\"\"]}]",
         "[{\"x\":\"\\\"\"},{\"content\":[\"\\\\\\\"\"," T("+") "]}]"},
    };
    claude_block_t *plus = block_of(T("+"));

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_request_t *request = request_with_messages(rows[i][0]);
        char expected[400];
        WORKS(claude_request_append_block(request, plus, &e));
        snprintf(expected, sizeof expected, "{\"messages\":%s}", rows[i][1]);
        assert_string_equal(claude_request_json(request, NULL), expected);
        assert_int_equal(cl_json_validate(cl_str_of(expected), 200, NULL, NULL), CLAUDE_OK);
        claude_request_unref(request);
    }
    claude_block_unref(plus);
}

static void only_content_takes_blocks(void **state)
{
    static const char *const rows[][2] = {
        {"[1]", "content of the last message is neither"},
        {"[\"{]\"]", "content of the last message is neither"},
        {"[{}]", "content of the last message is neither"},
        {"[" USER("null") "]", "content of the last message is neither"},
        {"[" USER("{}") "]", "content of the last message is neither"},
        {"[ ]", "there is no message"},
    };
    claude_block_t *plus = block_of(T("+"));

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_request_t *request = request_with_messages(rows[i][0]);
        REFUSED("", rows[i][1], claude_request_append_block(request, plus, &e));
        field_is(request, "messages", rows[i][0]);
        claude_request_unref(request);
    }
    claude_block_unref(plus);
}

static void results_of_one_turn_are_one_message(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_request_add_user_text(request, "q", 1, &e));
    WORKS(claude_request_add_tool_result(request, "a", "1", 1, 0, &e));
    WORKS(claude_request_add_tool_result(request, "b", "2\"", 2, 1, &e));
    WORKS(claude_block_tool_result("c", "3", 1, 0, &block, &e));
    WORKS(claude_request_add_tool_result_block(request, block, &e));
    field_is(request, "messages",
             "[" USER("\"q\"") "," USER(
                 "[" RESULT("a", "1") ",{\"type\":\"tool_result\",\"tool_use_id\":\"b\","
                                      "\"content\":\"2\\\"\",\"is_error\":true}," RESULT("c", "3") "]") "]");
    claude_block_unref(block);
    claude_request_unref(request);
    /* A text after the results closes the message, and so does another role. */
    request = request_with_messages("[" USER("[" RESULT("a", "1") "," T("t") "]") "]");
    WORKS(claude_request_add_tool_result(request, "b", "", 0, 0, &e));
    field_is(request, "messages", "[" USER("[" RESULT("a", "1") "," T("t") "]") "," USER("[" RESULT("b", "") "]") "]");
    claude_request_unref(request);
    request = request_with_messages("[{\"role\":\"assistant\",\"content\":[" RESULT("a", "1") "]}]");
    WORKS(claude_request_add_tool_result(request, "b", "2", 1, 0, &e));
    field_is(request, "messages",
             "[{\"role\":\"assistant\",\"content\":[" RESULT("a", "1") "]}," USER("[" RESULT("b", "2") "]") "]");
    REFUSED("", "tool_use_id is empty", claude_request_add_tool_result(request, "", "2", 1, 0, &e));
    REFUSED("", "is_error must be 0 or 1", claude_request_add_tool_result(request, "b", "2", 1, 9, &e));
    REFUSED("", "text is NULL", claude_request_add_tool_result(request, "b", NULL, CLAUDE_NTS, 0, &e));
    claude_request_unref(request);
}

static void answers_without_content_are_refused(void **state)
{
    static const char *const rows[][2] = {
        {"{\"type\":\"error\"}", "response has no content"},
        {"[]", "response has no content"},
        {"{\"content\":\"text\"}", "response has no content"},
        {"{\"content\":[ ]}", "content of the response is empty"},
    };
    claude_request_t *request = new_request();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_response_t *response = response_of(rows[i][0]);
        REFUSED("", rows[i][1], claude_request_add_response(request, response, &e));
        cl_response_unref(response);
    }
    assert_string_equal(claude_request_json(request, NULL), "{}");
    claude_request_unref(request);
}

/* But for what would be refused, an answer is sent back as it came; so is each of its blocks. */
static void calls_of_answers_are_mended(void **state)
{
    static const char *const rows[][2] = {
        {CALL("\"input\":{\"a\": 1}"), CALL("\"input\":{\"a\": 1}")},
        {CALL("\"input\" : {} ,\"_partial_json\":\"{]\", \"n\" : 1.0"), CALL("\"input\":{},\"n\":1.0")},
        {CALL("\"_partial_json\":\"{]\""), CALL("\"input\":{}")},
        {CALL("\"input\":null,\"x\":2"), CALL("\"input\":{},\"x\":2")},
        {CALL("\"input\":\"{}\""), CALL("\"input\":{}")},
        {"{\"type\":\"tool_use\"}", "{\"type\":\"tool_use\",\"input\":{}}"},
        {"{\"id\":\"i\",\"type\":\"mcp_tool_use\"}", "{\"id\":\"i\",\"type\":\"mcp_tool_use\",\"input\":{}}"},
        {"{\"type\":\"server_tool_use\",\"_partial_json\":\"\"}", "{\"type\":\"server_tool_use\",\"input\":{}}"},
        {"{\"type\":\"of_tomorrow\",\"input\":3,\"_partial_json\":\"x\"}", "{\"type\":\"of_tomorrow\",\"input\":3}"},
        {"{\"_partial_json\":1}", "{}"},
        {"{ \"type\": \"of_tomorrow\", \"input\": 3 }", "{ \"type\": \"of_tomorrow\", \"input\": 3 }"},
        {"{ \"type\": \"use\" }", "{ \"type\": \"use\" }"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_request_t *request = new_request();
        claude_block_t *block = NULL;
        claude_response_t *response;
        char answer[500];
        char expected[500];

        snprintf(answer, sizeof answer, "{\"content\":[ %s, " T("t") " ,%s]}", rows[i][0], rows[i][0]);
        snprintf(expected, sizeof expected, "[{\"role\":\"assistant\",\"content\":[ %s, " T("t") " ,%s]}]", rows[i][1],
                 rows[i][1]);
        response = response_of(answer);
        WORKS(claude_request_add_response(request, response, &e));
        field_is(request, "messages", expected);
        WORKS(claude_block_from_response(response, 2, &block, &e));
        made(block, rows[i][1]);
        cl_response_unref(response);
        claude_request_unref(request);
    }
}

/* What was lent by the request may be given back to it. */
static void texts_may_lie_in_the_body(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *a = block_of(T("a"));
    const char *json;

    (void)state;
    WORKS(claude_request_add_user_text(request, "q", 1, &e));
    json = claude_request_json(request, NULL);
    WORKS(claude_request_add_user_with_image(request, strstr(json, "role"), 4, a, &e));
    field_is(request, "messages", "[" USER("\"q\"") "," USER("[" T("a") "," T("role") "]") "]");
    claude_block_unref(a);
    claude_request_unref(request);
}

/* ---- cost ---- */

static cl_buf *messages_of(claude_request_t *request)
{
    cl_buf *messages = NULL;

    OK(cl_draft_edit(&request->draft, CL_STR("messages"), &messages, err));
    return messages;
}

/*
 * What was said before is neither read nor moved, so that it costs nothing: it may even be garbage. Once for each way
 * to append a message, and for appending to the last one.
 */
static void what_was_before_is_not_read(void **state)
{
    claude_request_t *request = request_with_messages("[" USER("\"a long text in the first message\"") "]");
    claude_response_t *response = response_of("{\"content\":[" T("r") "]}");
    claude_block_t *a = block_of(T("a"));
    cl_buf *messages = messages_of(request);
    size_t before = messages->len;
    char *garbage = malloc(before);

    (void)state;
    assert_non_null(garbage);
    OK(cl_buf_reserve(messages, 10000) == CL_BUF_OK ? CLAUDE_OK : cl_fail(err, CLAUDE_E_NOMEM, "memory"));
    memset(messages->ptr + 1, '[', before - 3);
    memcpy(garbage, messages->ptr, before);
    WORKS(claude_request_add_user_text(request, "u", 1, &e));
    WORKS(claude_request_add_response(request, response, &e));
    WORKS(claude_request_add_block(request, "user", a, &e));
    WORKS(claude_request_append_block(request, a, &e));
    WORKS(claude_request_add_user_with_images(request, "w", 1, &a, 1, &e));
    WORKS(claude_request_add_tool_result(request, "x", "1", 1, 0, &e));
    WORKS(claude_request_add_tool_result(request, "y", "2", 1, 0, &e));
    messages = messages_of(request);
    assert_memory_equal(messages->ptr, garbage, before - 1);
    assert_string_equal(
        messages->ptr + before - 1,
        "," USER("\"u\"") ",{\"role\":\"assistant\",\"content\":[" T("r") "]}," USER("[" T("a") "," T(
            "a") "]") "," USER("[" T("a") "," T("w") "]") "," USER("[" RESULT("x", "1") "," RESULT("y", "2") "]") "]");
    free(garbage);
    claude_block_unref(a);
    cl_response_unref(response);
    claude_request_unref(request);
}

/* The buffer of the messages moves only when it doubles. */
static size_t moves_for(size_t turns)
{
    claude_request_t *request = new_request();
    claude_response_t *response = response_of("{\"content\":[" T("answer") "]}");
    claude_block_t *a = block_of(T("question"));
    size_t capacity = 0;
    size_t moves = 0;

    for (size_t i = 0; i < turns; i++) {
        WORKS(claude_request_add_block(request, "user", a, &e));
        WORKS(claude_request_add_response(request, response, &e));
        moves += messages_of(request)->cap != capacity;
        capacity = messages_of(request)->cap;
    }
    assert_true(capacity < 3 * messages_of(request)->len);
    claude_block_unref(a);
    cl_response_unref(response);
    claude_request_unref(request);
    return moves;
}

static void memory_grows_by_doubling(void **state)
{
    (void)state;
    assert_true(moves_for(4000) <= moves_for(1000) + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_and_order),
        cmocka_unit_test(wrong_messages_are_refused),
        cmocka_unit_test(blocks_join_the_last_message),
        cmocka_unit_test(only_content_takes_blocks),
        cmocka_unit_test(results_of_one_turn_are_one_message),
        cmocka_unit_test(answers_without_content_are_refused),
        cmocka_unit_test(calls_of_answers_are_mended),
        cmocka_unit_test(texts_may_lie_in_the_body),
        cmocka_unit_test(what_was_before_is_not_read),
        cmocka_unit_test(memory_grows_by_doubling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
