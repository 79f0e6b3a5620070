/* Tools built by hand: each constructor's exact JSON, what is refused, and what is left to the validation. */
#include "test_block.h"

static void tool_is(claude_tool_t *tool, const char *expected)
{
    size_t len = 0;
    const char *json = claude_tool_to_json(tool, &len);

    assert_non_null(json);
    assert_string_equal(json, expected);
    assert_int_equal(len, strlen(expected));
    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
}

static void made_tool(claude_tool_t *tool, const char *expected)
{
    tool_is(tool, expected);
    claude_tool_unref(tool);
}

static void custom_tools(void **state)
{
    static const char *const required[] = {"a", "b\""};
    claude_tool_t *tool = NULL;

    (void)state;
    WORKS(claude_tool_simple("calculator", "Basic \"math\"", &tool, &e));
    assert_string_equal(claude_tool_name(tool), "calculator");
    made_tool(tool, "{\"name\":\"calculator\",\"description\":\"Basic \\\"math\\\"\",\"input_schema\":{\"type\":"
                    "\"object\",\"properties\":{}}}");
    WORKS(claude_tool_simple("n", NULL, &tool, &e));
    made_tool(tool, "{\"name\":\"n\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}");
    WORKS(claude_tool_with_properties("w", "d", " {\"a\": {\"type\":\"string\"}}", CLAUDE_NTS, required, 2, &tool, &e));
    made_tool(tool, "{\"name\":\"w\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\",\"properties\":"
                    "{\"a\": {\"type\":\"string\"}},\"required\":[\"a\",\"b\\\"\"]}}");
    WORKS(claude_tool_with_properties("w", NULL, "{}", 2, NULL, 0, &tool, &e));
    made_tool(tool, "{\"name\":\"w\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}");
    WORKS(claude_tool_with_schema("s", "d", "{\"type\": \"object\"}\n", CLAUDE_NTS, &tool, &e));
    made_tool(tool, "{\"name\":\"s\",\"description\":\"d\",\"input_schema\":{\"type\": \"object\"}}");
}

static void server_tools(void **state)
{
    claude_tool_t *tool = NULL;

    (void)state;
    WORKS(
        claude_tool_server("web_search_20250305", "web_search", "{\"max_uses\":5, \"x\":[1]}", CLAUDE_NTS, &tool, &e));
    made_tool(tool, "{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":5, \"x\":[1]}");
    WORKS(claude_tool_server("bash_20250124", "bash", NULL, 0, &tool, &e));
    made_tool(tool, "{\"type\":\"bash_20250124\",\"name\":\"bash\"}");
    WORKS(claude_tool_server("bash_20250124", "bash", " { } ", CLAUDE_NTS, &tool, &e));
    made_tool(tool, "{\"type\":\"bash_20250124\",\"name\":\"bash\"}");
    WORKS(claude_tool_server("mcp_toolset", NULL, "{\"mcp_server_name\":\"s\"}", CLAUDE_NTS, &tool, &e));
    assert_null(claude_tool_name(tool));
    made_tool(tool, "{\"type\":\"mcp_toolset\",\"mcp_server_name\":\"s\"}");
    tool = NULL;
    REFUSED("", "tool type is empty", claude_tool_server("", "n", NULL, 0, &tool, &e));
    REFUSED("", "fields must be a JSON object", claude_tool_server("t", "n", "[]", 2, &tool, &e));
    REFUSED("", "fields: JSON is not valid", claude_tool_server("t", "n", "{", 1, &tool, &e));
    assert_null(tool);
}

static void fields_are_set(void **state)
{
    claude_tool_t *tool = NULL;

    (void)state;
    WORKS(claude_tool_json(" {\"name\":\"j\\u006a\",\"n\":1.0} ", CLAUDE_NTS, &tool, &e));
    assert_string_equal(claude_tool_name(tool), "jj");
    WORKS(claude_tool_set_cache_control(tool, NULL, &e));
    WORKS(claude_tool_set_strict(tool, 1, &e));
    WORKS(claude_tool_set_field(tool, "/defer_loading", "true", 4, &e));
    WORKS(claude_tool_set_field(tool, "/input_examples/-", "{\"a\":1}", CLAUDE_NTS, &e));
    WORKS(claude_tool_set_field(tool, "/input_examples/-", "{}", CLAUDE_NTS, &e));
    WORKS(claude_tool_set_cache_control(tool, "1h", &e));
    tool_is(tool, "{\"name\":\"j\\u006a\",\"n\":1.0,\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"},"
                  "\"strict\":true,\"defer_loading\":true,\"input_examples\":[{\"a\":1},{}]}");
    WORKS(claude_tool_set_strict(tool, 0, &e));
    assert_non_null(strstr(claude_tool_to_json(tool, NULL), "\"strict\":false"));
    REFUSED("", "strict must be 0 or 1, not 2", claude_tool_set_strict(tool, 2, &e));
    REFUSED("", "must name a field of the tool", claude_tool_set_field(tool, "", "1", 1, &e));
    REFUSED("", "/a: JSON is not valid", claude_tool_set_field(tool, "/a", "x", 1, &e));
    REFUSED("", "ttl is empty", claude_tool_set_cache_control(tool, "", &e));
    claude_tool_unref(tool);
}

/* Names, lengths and schemas are the validation's business. */
static void only_json_and_utf8_are_checked(void **state)
{
    static const char *const holes[] = {NULL};
    claude_tool_t *tool = NULL;

    (void)state;
    WORKS(claude_tool_with_schema("", "", "[1]", CLAUDE_NTS, &tool, &e));
    made_tool(tool, "{\"name\":\"\",\"description\":\"\",\"input_schema\":[1]}");
    WORKS(claude_tool_with_properties("a b\xc3\xa9", NULL, "7", CLAUDE_NTS, NULL, 0, &tool, &e));
    claude_tool_unref(tool);
    tool = NULL;
    REFUSED("", "tool name is not valid UTF-8", claude_tool_simple("\xff", NULL, &tool, &e));
    REFUSED("", "tool description is not valid UTF-8", claude_tool_simple("n", "\xff", &tool, &e));
    REFUSED("", "schema: JSON is not valid at offset 0", claude_tool_with_schema("n", "d", "", 0, &tool, &e));
    REFUSED("", "properties: JSON is not valid",
            claude_tool_with_properties("n", "d", "{]", CLAUDE_NTS, NULL, 0, &tool, &e));
    REFUSED("", "required 0 is NULL", claude_tool_with_properties("n", "d", "{}", CLAUDE_NTS, holes, 1, &tool, &e));
    REFUSED("", "required is NULL", claude_tool_with_properties("n", "d", "{}", CLAUDE_NTS, NULL, 1, &tool, &e));
    REFUSED("", "tool must be a JSON object", claude_tool_json("3", 1, &tool, &e));
    REFUSED("", "tool: JSON is not valid", claude_tool_json("", 0, &tool, &e));
    assert_null(tool);
}

static void wrong_handles(void **state)
{
    claude_request_t *request = new_request();
    claude_tool_t *wrong = (claude_tool_t *)(void *)request;
    claude_tool_t *tool = NULL;
    size_t len = 5;

    (void)state;
    REFUSED("", "name is NULL", claude_tool_simple(NULL, "d", &tool, &e));
    REFUSED("", "out is NULL", claude_tool_simple("n", "d", NULL, &e));
    REFUSED("", "schema is NULL", claude_tool_with_schema("n", "d", NULL, CLAUDE_NTS, &tool, &e));
    REFUSED("", "type is NULL", claude_tool_server(NULL, "n", NULL, 0, &tool, &e));
    REFUSED("", "tool is a handle of another kind", claude_tool_set_strict(wrong, 1, &e));
    REFUSED("", "tool is NULL", claude_tool_set_field(NULL, "/a", "1", 1, &e));
    REFUSED("", "tool is a handle of another kind", claude_tool_set_cache_control(wrong, NULL, &e));
    REFUSED("", "tool is a handle of another kind", claude_request_add_tool(request, wrong, &e));
    assert_null(claude_tool_to_json(wrong, &len));
    assert_int_equal(len, 0);
    assert_null(claude_tool_name(NULL));
    assert_null(claude_tool_ref(wrong));
    claude_tool_unref(wrong);
    claude_tool_unref(NULL);
    WORKS(claude_tool_simple("n", NULL, &tool, &e));
    assert_ptr_equal(claude_tool_ref(tool), tool);
    claude_tool_unref(tool);
    assert_string_equal(claude_tool_name(tool), "n");
    claude_tool_unref(tool);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(custom_tools),   cmocka_unit_test(server_tools),
        cmocka_unit_test(fields_are_set), cmocka_unit_test(only_json_and_utf8_are_checked),
        cmocka_unit_test(wrong_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
