/*
 * Memory running out at each allocation in turn: every function of blocks, tools and their setters must say so, leave
 * what was there before and leak nothing.
 */
#include "test_block.h"

#include "../allocations.h"

static bool is(const char *got, const char *expected)
{
    assert_string_equal(got, expected);
    return true;
}

#define RESULT "{\"type\":\"tool_result\",\"tool_use_id\":\"a longer identifier than others have\""
#define TEXT "{\"type\":\"text\",\"text\":\"a text that needs a buffer of its own, whatever it is in\"}"
#define GIF "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/gif\",\"data\":\"R0lGODlh\"}}"

static bool blocks(void)
{
    claude_block_t *result = NULL;
    claude_block_t *text = NULL;
    claude_block_t *image = NULL;
    claude_block_t *document = NULL;
    const char *before;
    bool ok;

    ok = step(claude_block_tool_result("a longer identifier than others have", "t", 1, 0, &result, NULL)) &&
         step(claude_block_json(TEXT, CLAUDE_NTS, &text, NULL)) &&
         step(claude_block_image_bytes("GIF89a", 6, NULL, &image, NULL)) &&
         step(claude_block_document_content(&text, 1, &document, NULL));
    if (ok && !step(claude_block_add(result, text, NULL))) {
        ok = false;
        before = claude_block_to_json(result, NULL);
        assert_true(strcmp(before, RESULT ",\"content\":\"t\"}") == 0 ||
                    strcmp(before, RESULT ",\"content\":[{\"type\":\"text\",\"text\":\"t\"}]}") == 0);
    }
    ok = ok &&
         is(claude_block_to_json(result, NULL), RESULT ",\"content\":[{\"type\":\"text\",\"text\":\"t\"}," TEXT "]}");
    if (ok && !step(claude_block_set_cache_control(text, "1h", NULL)))
        ok = !is(claude_block_to_json(text, NULL), TEXT);
    ok = ok && step(claude_block_set_title(document, "a title", CLAUDE_NTS, NULL)) && claude_block_type(text) &&
         claude_block_media_type(image) && is(claude_block_to_json(image, NULL), GIF);
    claude_block_unref(result);
    claude_block_unref(text);
    claude_block_unref(image);
    claude_block_unref(document);
    return ok;
}

static claude_file_t *file;

static bool files(void)
{
    claude_block_t *result = NULL;
    claude_block_t *image = NULL;
    bool ok = step(claude_block_image_file(file, &image, NULL)) &&
              step(claude_block_tool_result("t", NULL, 0, 0, &result, NULL)) &&
              step(claude_block_add(result, image, NULL)) && step(claude_block_add(result, image, NULL)) &&
              step(claude_block_add(result, image, NULL));

    claude_block_unref(image);
    claude_block_unref(result);
    return ok;
}

static bool tool(void)
{
    static const char *const required[] = {"a"};
    claude_tool_t *simple = NULL;
    claude_tool_t *with = NULL;
    claude_tool_t *server = NULL;
    bool ok = step(claude_tool_simple("n", "d", &simple, NULL)) &&
              step(claude_tool_with_properties("n", "d", "{\"a\":{}}", CLAUDE_NTS, required, 1, &with, NULL)) &&
              step(claude_tool_server("t", "n", "{\"a\":1}", CLAUDE_NTS, &server, NULL)) &&
              step(claude_tool_set_strict(with, 1, NULL)) && claude_tool_name(with);

    claude_tool_unref(simple);
    claude_tool_unref(with);
    claude_tool_unref(server);
    return ok;
}

static claude_response_t *response;

static bool messages(void)
{
    claude_request_t *request = NULL;
    claude_block_t *text = NULL;
    size_t len = 0;
    bool ok = step(claude_request_new("messages.create", &request, NULL)) &&
              step(claude_block_json(TEXT, CLAUDE_NTS, &text, NULL)) &&
              step(claude_request_add_user_text(request, "q", 1, NULL)) &&
              step(claude_request_append_block(request, text, NULL)) &&
              step(claude_request_add_response(request, response, NULL)) &&
              step(claude_request_add_tool_result(request, "a", "1", 1, 0, NULL)) &&
              step(claude_request_add_tool_result(request, "b", "2", 1, 0, NULL)) &&
              step(claude_request_add_blocks(request, "user", &text, 1, NULL)) &&
              step(claude_request_set_system_blocks(request, &text, 1, NULL)) &&
              step(claude_request_set_system_with_cache(request, "s", 1, NULL, NULL)) &&
              step(claude_request_set_thinking(request, "enabled", 1024, NULL)) &&
              step(claude_request_set_output_schema(request, "{}", 2, NULL)) &&
              step(claude_request_set_effort(request, "low", NULL)) &&
              step(claude_request_set_container(request, "c", NULL)) &&
              step(claude_request_add_container_skill(request, "t", "s", "v", NULL)) &&
              step(claude_request_add_mcp_server(request, "n", "u", "t", NULL));
    const char *json;

    /* Whatever failed, what is there is whole. */
    (void)memory_is_back();
    json = claude_request_json(request, &len);
    if (request)
        assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
    claude_block_unref(text);
    claude_request_unref(request);
    return ok;
}

static void want_of_memory(void **state)
{
    (void)state;
    response = response_of("{\"content\":[{\"type\":\"text\",\"text\":\"an answer\"}]}");
    WORKS(claude_file_from_bytes("GIF89a", 6, NULL, &file, &e));
    run_out(blocks);
    run_out(files);
    run_out(tool);
    run_out(messages);
    cl_response_unref(response);
    claude_file_unref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(want_of_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
