/*
 * Nothing is wrong with what is right: the bodies of the conformance cases, and one of every block, source, tool and
 * field of the API's description, under both API versions.
 */
#include <claude/validate.h>

#include <dirent.h>

#include "message/validate.h"
#include "testing.h"

#define CASES CLAUDE_SOURCE_DIR "/tests/conformance/cases"
#define USER "{\"role\":\"user\",\"content\":\"hi\"}"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    cl_buf text = CL_BUF_INIT(1 << 24);
    char block[4096];
    size_t n;

    assert_non_null(file);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        assert_int_equal(cl_buf_append(&text, block, n), CL_BUF_OK);
    fclose(file);
    return cl_buf_steal(&text, NULL);
}

static void expect_nothing(const char *endpoint, cl_str body, const char *version, const char *about)
{
    claude_request_t *request = NULL;
    claude_problems_t *problems = NULL;

    assert_int_equal(claude_request_new(endpoint, &request, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_set_json(request, body.ptr, body.len, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_set_option(request, "api_version", version, NULL), CLAUDE_OK);
    if (claude_request_validate(request, &problems, NULL) != CLAUDE_OK)
        fail_msg("%s, %s: %s", about, version, claude_problems_message(problems, 0));
    assert_null(problems);
    claude_request_unref(request);
}

/* Cases whose body is wrong on purpose, or only has to arrive as it is. */
static bool is_wrong(const char *name)
{
    static const char *const names[] = {"body-values.json"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return strncmp(name, "refused-", 8) == 0;
}

/* Returns whether there was a body that could be checked. */
static bool check_case(const char *name)
{
    char path[512];
    char endpoint[128];
    char *text;
    cl_json root;
    cl_json body;
    bool found;

    snprintf(path, sizeof path, "%s/%s", CASES, name);
    text = read_file(path);
    root = cl_json_root(cl_str_of(text));
    body = cl_json_at(root, CL_STR("/request/body"));
    cl_json_copy_text(cl_json_at(root, CL_STR("/request/endpoint")), endpoint, sizeof endpoint);
    /* Texts that stand for files are the runner's. */
    found = body.type == CLAUDE_JSON_OBJECT && !is_wrong(name) &&
            cl_json_at(root, CL_STR("/request/files")).type == CLAUDE_JSON_NONE;
    if (found)
        expect_nothing(endpoint, cl_str_n(body.ptr, body.len), "2023-06-01", name);
    free(text);
    return found;
}

static void bodies_of_the_conformance_cases(void **state)
{
    DIR *folder = opendir(CASES);
    const struct dirent *entry;
    size_t count = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0)
            count += check_case(entry->d_name);
    }
    closedir(folder);
    assert_true(count > 50);
}

/* ---- the API's description ---- */

#define CACHE "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}"
#define PNG "{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}"
#define PDF "{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"JVBERi0xLjQK\"}"
#define CALLER "\"caller\":{\"type\":\"direct\"}"

static const char *const user_blocks[] = {
    "{\"type\":\"text\",\"text\":\"t\"," CACHE ",\"citations\":null}",
    "{\"type\":\"image\",\"source\":" PNG ",\"transformations\":{\"oversized_image\":\"downsize\"}}",
    "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://example.org/a.png\"}}",
    "{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}}",
    "{\"type\":\"document\",\"source\":" PDF ",\"title\":null,\"context\":\"c\",\"citations\":{\"enabled\":true}}",
    "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"d\"}}",
    "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":\"c\"}}",
    "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"t\"},{\"type\":"
    "\"image\",\"source\":" PNG "}]}}",
    "{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://example.org/a.pdf\"}}",
    "{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}}",
    "{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}],"
    "\"citations\":{\"enabled\":true}," CACHE "}",
    "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}",
    "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\"}",
    "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":\"\",\"is_error\":true,\"toolset_name\":"
    "\"browser\"}",
    "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":[]}",
    "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":[{\"type\":\"text\",\"text\":\"t\"},{\"type\":"
    "\"image\",\"source\":" PNG "},{\"type\":\"document\",\"source\":" PDF
    "},{\"type\":\"tool_reference\",\"tool_name\":"
    "\"n\"},{\"type\":\"browser_state\",\"tabs\":[{\"tab_id\":1,\"title\":\"t\",\"url\":\"u\"}]},{\"type\":"
    "\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}]}]}",
    "{\"type\":\"mcp_tool_result\",\"tool_use_id\":\"mcptoolu_1\",\"content\":[],\"is_error\":false}",
    "{\"type\":\"mcp_tool_listing\",\"mcp_server_name\":\"s\",\"tools\":[]}",
    "{\"type\":\"of_tomorrow\",\"source\":7,\"content\":\"\",\"text\":\"\"}",
};

static const char *const assistant_blocks[] = {
    "{\"type\":\"text\",\"text\":\"t\",\"citations\":[{\"type\":\"char_location\",\"cited_text\":\"c\",\"document_"
    "index\":0,"
    "\"document_title\":null,\"start_char_index\":0,\"end_char_index\":1,\"file_id\":null},{\"type\":\"page_location\"}"
    ","
    "{\"type\":\"content_block_location\"},{\"type\":\"web_search_result_location\"},{\"type\":"
    "\"search_result_location\"}]}",
    "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}",
    "{\"type\":\"redacted_thinking\",\"data\":\"d\"}",
    "{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"n\",\"input\":{}," CALLER
    ",\"toolset_name\":\"browser\"," CACHE "}",
    "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{\"query\":\"q\"}," CALLER
    "}",
    "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\"," CALLER ",\"content\":[{\"type\":"
    "\"web_search_result\",\"url\":\"u\",\"title\":\"t\",\"page_age\":null,\"encrypted_content\":\"e\"}]}",
    "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":"
    "\"web_search_tool_result_error\",\"error_code\":\"unavailable\"}}",
    "{\"type\":\"web_fetch_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":\"web_fetch_result\","
    "\"url\":"
    "\"u\",\"retrieved_at\":null,\"content\":{\"type\":\"document\",\"source\":" PDF "}}}",
    "{\"type\":\"code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":"
    "\"code_execution_result\",\"stdout\":\"\",\"stderr\":\"\",\"return_code\":0,\"content\":[]}}",
    "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":"
    "\"bash_code_execution_result\",\"stdout\":\"\",\"stderr\":\"\",\"return_code\":0,\"content\":[{\"type\":"
    "\"bash_code_execution_output\",\"file_id\":\"f\"}]}}",
    "{\"type\":\"text_editor_code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":"
    "\"text_editor_code_execution_create_result\",\"is_file_update\":false}}",
    "{\"type\":\"tool_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{\"type\":"
    "\"tool_search_tool_search_result\",\"tool_references\":[{\"type\":\"tool_reference\",\"tool_name\":\"n\"}]}}",
    "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}",
    "{\"type\":\"advisor_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{}}",
    "{\"type\":\"mcp_tool_use\",\"id\":\"mcptoolu_1\",\"name\":\"n\",\"server_name\":\"s\",\"input\":{}}",
    "{\"type\":\"compaction\",\"content\":null,\"encrypted_content\":\"e\",\"signature\":\"s\",\"tool_changes\":[]}",
    "{\"type\":\"fallback\",\"from\":{\"model\":\"a\"},\"to\":{\"model\":\"b\"}}",
};

static const char *const tools[] = {
    "{\"name\":\"a\",\"input_schema\":{\"type\":\"object\"}}",
    "{\"type\":\"custom\",\"name\":\"b\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\",\"properties\":{"
    "\"x\":{"
    "\"type\":\"string\"}},\"required\":[\"x\"],\"additionalProperties\":false},\"strict\":true,\"defer_loading\":true,"
    "\"eager_input_streaming\":true,\"input_examples\":[{\"x\":\"y\"}],\"allowed_callers\":[\"direct\"]," CACHE "}",
    "{\"type\":\"bash_20250124\",\"name\":\"bash\"}",
    "{\"type\":\"text_editor_20250728\",\"name\":\"str_replace_based_edit_tool\",\"max_characters\":1000}",
    "{\"type\":\"memory_20250818\",\"name\":\"memory\"}",
    "{\"type\":\"browser_toolset_20260801\",\"configs\":{\"zoom\":{\"enabled\":false}}}",
    "{\"type\":\"computer_toolset_20260801\"}",
    "{\"type\":\"computer_20251124\",\"name\":\"computer\",\"display_width_px\":800,\"display_height_px\":600}",
    "{\"type\":\"code_execution_20260521\",\"name\":\"code_execution\"}",
    "{\"type\":\"web_search_20260318\",\"name\":\"web_search\",\"max_uses\":1,\"user_location\":{}}",
    "{\"type\":\"web_fetch_20260318\",\"name\":\"web_fetch\",\"citations\":{\"enabled\":true}}",
    "{\"type\":\"tool_search_tool_regex_20251119\",\"name\":\"tool_search_tool_regex\"}",
    "{\"type\":\"advisor_20260301\",\"name\":\"advisor\",\"model\":\"m\"}",
    "{\"type\":\"mcp_toolset\",\"mcp_server_name\":\"s\",\"default_config\":{}}",
    "{\"type\":\"mcp_toolset\",\"mcp_server_name\":\"t\"}",
};

static const char *const fields[] = {
    "\"system\":\"s\"",
    "\"system\":[{\"type\":\"text\",\"text\":\"s\"," CACHE "}]",
    CACHE,
    "\"container\":\"c\"",
    "\"container\":{\"id\":\"c\",\"skills\":[{\"type\":\"anthropic\",\"skill_id\":\"pdf\",\"version\":\"latest\"}]}",
    "\"diagnostics\":{\"previous_message_id\":null}",
    "\"inference_geo\":null",
    "\"metadata\":{\"user_id\":\"u\"}",
    "\"metadata\":{}",
    "\"output_config\":{\"effort\":\"max\",\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}},"
    "\"task_budget\":{\"type\":\"tokens\",\"total\":20000,\"remaining\":1}}",
    "\"output_format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}}",
    "\"service_tier\":\"standard_only\"",
    "\"speed\":\"fast\"",
    "\"stop_sequences\":[\"a\",\" \"]",
    "\"stop_sequences\":[]",
    "\"stream\":true",
    "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024,\"display\":null}",
    "\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\",\"block_binding\":{}}",
    "\"thinking\":{\"type\":\"between_tools\"}",
    "\"thinking\":{\"type\":\"disabled\"}",
    "\"billing_policy\":{\"type\":\"billing_policy\"}",
    "\"compaction\":{\"type\":\"summarize\"}",
    "\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\"}]}",
    "\"fallbacks\":\"default\"",
    "\"mcp_servers\":[{\"type\":\"url\",\"name\":\"n\",\"url\":\"https://example.org\",\"authorization_token\":null}]",
    "\"thread\":{\"type\":\"create\"}",
    "\"field_of_tomorrow\":[{}]",
    "\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true},\"tools\":[{\"name\":\"a\",\"input_"
    "schema\":{"
    "\"type\":\"object\"}}]",
    "\"tool_choice\":{\"type\":\"tool\",\"name\":\"a\"},\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":"
    "\"object\"}}]",
    "\"tool_choice\":{\"type\":\"none\"},\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":\"object\"}}]",
};

static void check_both(const char *format, const char *about)
{
    cl_str body = cl_str_of(format);

    expect_nothing("messages.create", body, "2023-06-01", about);
    expect_nothing("messages.create", body, "2026-10-21", about);
    expect_nothing("messages.count_tokens", body, "2026-10-21", about);
}

#define HEAD "{\"model\":\"m\",\"max_tokens\":2000,"
#define TOOL_USE                                                                                                       \
    "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"n\",\"input\":{}}]}"

static void every_block(void **state)
{
    char body[8192];

    (void)state;
    for (size_t i = 0; i < sizeof user_blocks / sizeof user_blocks[0]; i++) {
        snprintf(body, sizeof body, HEAD "\"messages\":[" TOOL_USE ",{\"role\":\"user\",\"content\":[%s]}]}",
                 user_blocks[i]);
        check_both(body, user_blocks[i]);
    }
    for (size_t i = 0; i < sizeof assistant_blocks / sizeof assistant_blocks[0]; i++) {
        snprintf(body, sizeof body, HEAD "\"messages\":[" USER ",{\"role\":\"assistant\",\"content\":[%s]}]}",
                 assistant_blocks[i]);
        check_both(body, assistant_blocks[i]);
    }
    check_both(
        HEAD "\"messages\":[" USER ",{\"role\":\"system\",\"content\":[{\"type\":\"tool_addition\",\"tool\":{\"type\":"
             "\"tool_reference\",\"name\":\"n\"}},{\"type\":\"tool_removal\",\"tool\":{}}],\"clear_at\":\"never\"}]}",
        "a system message");
}

static void every_tool(void **state)
{
    cl_buf all = CL_BUF_INIT(1 << 16);

    (void)state;
    cl_buf_append_text(&all, HEAD "\"messages\":[" USER "],\"tools\":[");
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        cl_buf_append_text(&all, i > 0 ? "," : "");
        cl_buf_append_text(&all, tools[i]);
    }
    cl_buf_append_text(&all, "]}");
    check_both(all.ptr, "all tools");
    cl_buf_free(&all);
}

static void every_field(void **state)
{
    char body[4096];

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        snprintf(body, sizeof body, HEAD "%s,\"messages\":[" USER "]}", fields[i]);
        check_both(body, fields[i]);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest all[] = {
        TEST(bodies_of_the_conformance_cases),
        TEST(every_block),
        TEST(every_tool),
        TEST(every_field),
    };

    return cmocka_run_group_tests_name("message.validate_corpus", all, NULL, NULL);
}
