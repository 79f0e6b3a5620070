/* The setters of a message's request: each one's exact JSON, what it refuses, and that the first failure is kept. */
#include "test_block.h"

static void caching(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *text = NULL;
    claude_block_t *blocks[2];

    (void)state;
    WORKS(claude_request_set_cache_control(request, NULL, &e));
    field_is(request, "cache_control", "{\"type\":\"ephemeral\"}");
    WORKS(claude_request_set_cache_control(request, "1h", &e));
    field_is(request, "cache_control", "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
    WORKS(claude_request_set_system_with_cache(request, "s\0y", 3, NULL, &e));
    field_is(request, "system",
             "[{\"type\":\"text\",\"text\":\"s\\u0000y\",\"cache_control\":{\"type\":\"ephemeral\"}}]");
    WORKS(claude_request_set_system_with_cache(request, "s", 1, "5m", &e));
    field_is(request, "system",
             "[{\"type\":\"text\",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}]");
    WORKS(claude_block_text("t", 1, &text, &e));
    blocks[0] = text;
    blocks[1] = text;
    WORKS(claude_request_set_system_blocks(request, blocks, 2, &e));
    field_is(request, "system", "[{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"text\",\"text\":\"t\"}]");
    blocks[1] = NULL;
    REFUSED("", "block 1 is NULL", claude_request_set_system_blocks(request, blocks, 2, &e));
    REFUSED("", "system is empty", claude_request_set_system_blocks(request, NULL, 0, &e));
    REFUSED("", "system is empty", claude_request_set_system_with_cache(request, "", 0, NULL, &e));
    REFUSED("", "system is not valid UTF-8", claude_request_set_system_with_cache(request, "\xff", 1, NULL, &e));
    REFUSED("", "cache_control.ttl is empty", claude_request_set_system_with_cache(request, "s", 1, "", &e));
    REFUSED("", "cache_control.ttl is not valid UTF-8", claude_request_set_cache_control(request, "\xff", &e));
    field_is(request, "cache_control", "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
    claude_block_unref(text);
    claude_request_unref(request);
}

static void tools(void **state)
{
    claude_request_t *request = new_request();
    claude_tool_t *tool = NULL;

    (void)state;
    WORKS(claude_tool_json("{\"name\": \"a\"}", CLAUDE_NTS, &tool, &e));
    WORKS(claude_request_add_tool(request, tool, &e));
    WORKS(claude_tool_set_field(tool, "/name", "\"b\"", CLAUDE_NTS, &e));
    WORKS(claude_request_add_tool(request, tool, &e));
    claude_tool_unref(tool);
    field_is(request, "tools", "[{\"name\": \"a\"},{\"name\": \"b\"}]");
    WORKS(claude_request_set_tool_choice(request, "auto", NULL, 0, &e));
    field_is(request, "tool_choice", "{\"type\":\"auto\"}");
    WORKS(claude_request_set_tool_choice(request, "any", NULL, 1, &e));
    field_is(request, "tool_choice", "{\"type\":\"any\",\"disable_parallel_tool_use\":true}");
    WORKS(claude_request_set_tool_choice(request, "tool", "a\"", 1, &e));
    field_is(request, "tool_choice", "{\"type\":\"tool\",\"name\":\"a\\\"\",\"disable_parallel_tool_use\":true}");
    WORKS(claude_request_set_tool_choice(request, "of_tomorrow", NULL, 0, &e));
    WORKS(claude_request_set_tool_choice(request, "none", NULL, 0, &e));
    REFUSED("", "tool_choice.name is empty", claude_request_set_tool_choice(request, "tool", NULL, 0, &e));
    REFUSED("", "tool_choice.name is empty", claude_request_set_tool_choice(request, "tool", "", 0, &e));
    REFUSED("", "goes with tool_choice tool only", claude_request_set_tool_choice(request, "any", "a", 0, &e));
    REFUSED("", "does not go with none", claude_request_set_tool_choice(request, "none", NULL, 1, &e));
    REFUSED("", "tool_choice.type is empty", claude_request_set_tool_choice(request, "", NULL, 0, &e));
    REFUSED("", "disable_parallel must be 0 or 1", claude_request_set_tool_choice(request, "any", NULL, 3, &e));
    REFUSED("", "kind is NULL", claude_request_set_tool_choice(request, NULL, NULL, 0, &e));
    field_is(request, "tool_choice", "{\"type\":\"none\"}");
    REFUSED("", "tool is NULL", claude_request_add_tool(request, NULL, &e));
    claude_request_unref(request);
}

static void thinking(void **state)
{
    claude_request_t *request = new_request();

    (void)state;
    WORKS(claude_request_set_thinking(request, "enabled", 1024, &e));
    field_is(request, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":1024}");
    WORKS(claude_request_set_thinking(request, "adaptive", 0, &e));
    field_is(request, "thinking", "{\"type\":\"adaptive\"}");
    WORKS(claude_request_set_thinking(request, "between_tools", 0, &e));
    WORKS(claude_request_set_thinking(request, "of_tomorrow", 0, &e));
    WORKS(claude_request_set_thinking(request, "disabled", 0, &e));
    field_is(request, "thinking", "{\"type\":\"disabled\"}");
    REFUSED("", "needs a budget", claude_request_set_thinking(request, "enabled", 0, &e));
    REFUSED("", "it must be 0 for adaptive", claude_request_set_thinking(request, "adaptive", 1, &e));
    REFUSED("", "budget_tokens is -1", claude_request_set_thinking(request, "enabled", -1, &e));
    REFUSED("", "thinking.type is empty", claude_request_set_thinking(request, "", 0, &e));
    WORKS(claude_request_set_field(request, "/thinking/display", "\"omitted\"", CLAUDE_NTS, &e));
    field_is(request, "thinking", "{\"type\":\"disabled\",\"display\":\"omitted\"}");
    claude_request_unref(request);
}

static void output(void **state)
{
    claude_request_t *request = new_request();

    (void)state;
    WORKS(claude_request_set_effort(request, "xhigh", &e));
    WORKS(claude_request_set_output_schema(request, " {\"type\": \"object\", \"n\":1.0}\n", CLAUDE_NTS, &e));
    field_is(request, "output_config",
             "{\"effort\":\"xhigh\",\"format\":{\"type\":\"json_schema\",\"schema\":"
             "{\"type\": \"object\", \"n\":1.0}}}");
    WORKS(claude_request_set_effort(request, "low", &e));
    WORKS(claude_request_set_output_schema(request, "{}", CLAUDE_NTS, &e));
    field_is(request, "output_config", "{\"effort\":\"low\",\"format\":{\"type\":\"json_schema\",\"schema\":{}}}");
    REFUSED("", "output_config.effort is empty", claude_request_set_effort(request, "", &e));
    REFUSED("", "effort is NULL", claude_request_set_effort(request, NULL, &e));
    REFUSED("", "output_config.format.schema: JSON is not valid",
            claude_request_set_output_schema(request, "{a}", CLAUDE_NTS, &e));
    WORKS(claude_request_set_field(request, "/output_config", "3", 1, &e));
    REFUSED("", "neither object nor array", claude_request_set_effort(request, "low", &e));
    field_is(request, "output_config", "3");
    claude_request_unref(request);
}

static void single_texts(void **state)
{
    static const struct {
        const char *field;
        claude_code_t (*set)(claude_request_t *, const char *, claude_error_t **);
    } rows[] = {
        {"service_tier", claude_request_set_service_tier},
        {"inference_geo", claude_request_set_inference_geo},
        {"speed", claude_request_set_speed},
        {"container", claude_request_set_container},
    };
    claude_request_t *request = new_request();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        WORKS(rows[i].set(request, "a\"b", &e));
        field_is(request, rows[i].field, "\"a\\\"b\"");
        REFUSED("", "is empty", rows[i].set(request, "", &e));
        REFUSED("", "is NULL", rows[i].set(request, NULL, &e));
        REFUSED("", "request is NULL", rows[i].set(NULL, "a", &e));
        REFUSED("", rows[i].field, rows[i].set(request, "\xff", &e));
        field_is(request, rows[i].field, "\"a\\\"b\"");
    }
    claude_request_unref(request);
}

static void containers(void **state)
{
    claude_request_t *request = new_request();

    (void)state;
    WORKS(claude_request_add_container_skill(request, "anthropic", "pdf", "latest", &e));
    WORKS(claude_request_add_container_skill(request, "custom", "skill_1", NULL, &e));
    field_is(request, "container",
             "{\"skills\":[{\"type\":\"anthropic\",\"skill_id\":\"pdf\",\"version\":\"latest\"},"
             "{\"type\":\"custom\",\"skill_id\":\"skill_1\"}]}");
    WORKS(claude_request_set_container(request, "c1", &e));
    WORKS(claude_request_set_container(request, "c2", &e));
    field_is(request, "container",
             "{\"skills\":[{\"type\":\"anthropic\",\"skill_id\":\"pdf\",\"version\":\"latest\"},"
             "{\"type\":\"custom\",\"skill_id\":\"skill_1\"}],\"id\":\"c2\"}");
    claude_request_unref(request);
    request = new_request();
    WORKS(claude_request_set_container(request, "c\"1", &e));
    WORKS(claude_request_add_container_skill(request, "t", "s", NULL, &e));
    field_is(request, "container", "{\"id\":\"c\\\"1\",\"skills\":[{\"type\":\"t\",\"skill_id\":\"s\"}]}");
    WORKS(claude_request_set_field(request, "/container", "null", 4, &e));
    WORKS(claude_request_add_container_skill(request, "t", "s", NULL, &e));
    field_is(request, "container", "{\"skills\":[{\"type\":\"t\",\"skill_id\":\"s\"}]}");
    REFUSED("", "skill_id is empty", claude_request_add_container_skill(request, "t", "", NULL, &e));
    REFUSED("", "type of the skill is empty", claude_request_add_container_skill(request, "", "s", NULL, &e));
    REFUSED("", "version of the skill is empty", claude_request_add_container_skill(request, "t", "s", "", &e));
    WORKS(claude_request_set_field(request, "/container", "[]", 2, &e));
    REFUSED("", "out of range", claude_request_add_container_skill(request, "t", "s", NULL, &e));
    field_is(request, "container", "[]");
    claude_request_unref(request);
}

static void mcp_servers(void **state)
{
    claude_request_t *request = new_request();
    claude_error_t *error = NULL;

    (void)state;
    WORKS(claude_request_add_mcp_server(request, "n", "https://x", "secret", &e));
    WORKS(claude_request_add_mcp_server(request, "m", "u", NULL, &e));
    field_is(request, "mcp_servers",
             "[{\"type\":\"url\",\"name\":\"n\",\"url\":\"https://x\",\"authorization_token\":\"secret\"},"
             "{\"type\":\"url\",\"name\":\"m\",\"url\":\"u\"}]");
    REFUSED("", "name of the MCP server is empty", claude_request_add_mcp_server(request, "", "u", NULL, &e));
    REFUSED("", "url of the MCP server is empty", claude_request_add_mcp_server(request, "n", "", NULL, &e));
    assert_int_equal(claude_request_add_mcp_server(request, "n", "u", "hush\xff", &error), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(error), "authorization_token of the MCP server is not valid UTF-8"));
    assert_null(strstr(claude_error_message(error), "hush"));
    claude_error_unref(error);
    claude_request_unref(request);
}

static void context_management(void **state)
{
    claude_request_t *request = new_request();

    (void)state;
    WORKS(claude_request_set_context_management(request, " {\"edits\":[ ]} ", CLAUDE_NTS, &e));
    field_is(request, "context_management", "{\"edits\":[ ]}");
    REFUSED("", "context_management: JSON is not valid", claude_request_set_context_management(request, "", 0, &e));
    claude_request_unref(request);
}

/* What was lent by the request may be given back to it. */
static void values_may_lie_in_the_body(void **state)
{
    claude_request_t *request = new_request();
    const char *schema;

    (void)state;
    WORKS(claude_request_set_output_schema(request, "{\"a\":1}", CLAUDE_NTS, &e));
    schema = strstr(claude_request_json(request, NULL), "{\"a\":1}");
    WORKS(claude_request_set_output_schema(request, schema, 7, &e));
    schema = strstr(claude_request_json(request, NULL), "{\"a\":1}");
    WORKS(claude_request_set_context_management(request, schema, 7, &e));
    field_is(request, "context_management", "{\"a\":1}");
    claude_request_unref(request);
}

static void first_failure_is_kept(void **state)
{
    claude_request_t *request = new_request();
    cl_snapshot snapshot;

    (void)state;
    WORKS(claude_request_set_model(request, "m", &e));
    WORKS(claude_request_set_max_tokens(request, 1, &e));
    WORKS(claude_request_add_user_text(request, "x", 1, &e));
    assert_int_equal(claude_request_set_thinking(request, "enabled", 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_request_set_effort(request, "", NULL), CLAUDE_E_INVALID);
    FAILS(CLAUDE_E_INVALID, "needs a budget", cl_request_snapshot(request, false, &snapshot, err));
    claude_request_unref(request);
}

static void without_a_body(void **state)
{
    claude_request_t *request = NULL;
    claude_tool_t *tool = NULL;
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_request_new("models.list", &request, &e));
    WORKS(claude_tool_simple("n", NULL, &tool, &e));
    WORKS(claude_block_text("t", 1, &block, &e));
    REFUSED("", "without a body", claude_request_add_tool(request, tool, &e));
    REFUSED("", "without a body", claude_request_add_block(request, "user", block, &e));
    REFUSED("", "without a body", claude_request_append_block(request, block, &e));
    REFUSED("", "without a body", claude_request_add_tool_result(request, "i", "t", 1, 0, &e));
    REFUSED("", "without a body", claude_request_set_system_blocks(request, &block, 1, &e));
    REFUSED("", "without a body", claude_request_set_system_with_cache(request, "t", 1, NULL, &e));
    REFUSED("", "without a body", claude_request_set_cache_control(request, NULL, &e));
    REFUSED("", "without a body", claude_request_set_tool_choice(request, "any", NULL, 0, &e));
    REFUSED("", "without a body", claude_request_set_thinking(request, "adaptive", 0, &e));
    REFUSED("", "without a body", claude_request_set_effort(request, "low", &e));
    REFUSED("", "without a body", claude_request_set_output_schema(request, "{}", 2, &e));
    REFUSED("", "without a body", claude_request_set_container(request, "c", &e));
    REFUSED("", "without a body", claude_request_add_container_skill(request, "t", "s", NULL, &e));
    REFUSED("", "without a body", claude_request_add_mcp_server(request, "n", "u", NULL, &e));
    REFUSED("", "without a body", claude_request_set_context_management(request, "{}", 2, &e));
    claude_tool_unref(tool);
    claude_block_unref(block);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caching),
        cmocka_unit_test(tools),
        cmocka_unit_test(thinking),
        cmocka_unit_test(output),
        cmocka_unit_test(single_texts),
        cmocka_unit_test(containers),
        cmocka_unit_test(mcp_servers),
        cmocka_unit_test(context_management),
        cmocka_unit_test(values_may_lie_in_the_body),
        cmocka_unit_test(first_failure_is_kept),
        cmocka_unit_test(without_a_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
