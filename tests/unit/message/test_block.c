/* Content blocks: each constructor's exact JSON, what it refuses, changes, content, replay of an answer. */
#include "test_block.h"

/* ---- constructors ---- */

static void texts(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_text("hi \"you\"\n", CLAUDE_NTS, &block, &e));
    assert_string_equal(claude_block_type(block), "text");
    made(block, "{\"type\":\"text\",\"text\":\"hi \\\"you\\\"\\n\"}");
    WORKS(claude_block_text("a\0b", 3, &block, &e));
    made(block, "{\"type\":\"text\",\"text\":\"a\\u0000b\"}");
    block = NULL;
    REFUSED("", "text is empty", claude_block_text("", 0, &block, &e));
    REFUSED("", "text is not valid UTF-8 at offset 1", claude_block_text("a\xff", CLAUDE_NTS, &block, &e));
    REFUSED("", "text is NULL", claude_block_text(NULL, CLAUDE_NTS, &block, &e));
    REFUSED("", "out is NULL", claude_block_text("a", CLAUDE_NTS, NULL, &e));
    assert_int_equal(claude_block_text("", 0, &block, NULL), CLAUDE_E_INVALID);
    assert_null(block);
}

static void thinking(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_thinking("so\0so", 5, "EqQB+/=", &block, &e));
    made(block, "{\"type\":\"thinking\",\"thinking\":\"so\\u0000so\",\"signature\":\"EqQB+/=\"}");
    WORKS(claude_block_thinking("", 0, "s", &block, &e));
    made(block, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}");
    WORKS(claude_block_redacted_thinking("abc", &block, &e));
    made(block, "{\"type\":\"redacted_thinking\",\"data\":\"abc\"}");
    REFUSED("", "signature is empty", claude_block_thinking("t", 1, "", &block, &e));
    REFUSED("", "signature is NULL", claude_block_thinking("t", 1, NULL, &block, &e));
    REFUSED("", "thinking is not valid UTF-8", claude_block_thinking("\xc0\x80", 2, "s", &block, &e));
    REFUSED("", "data is empty", claude_block_redacted_thinking("", &block, &e));
    REFUSED("", "data is NULL", claude_block_redacted_thinking(NULL, &block, &e));
}

static void tools(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_tool_use("toolu_1", "weather", " {\"n\": 1e2} ", CLAUDE_NTS, &block, &e));
    made(block, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"weather\",\"input\":{\"n\": 1e2}}");
    WORKS(claude_block_tool_use("i", "n", NULL, 0, &block, &e));
    made(block, "{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"n\",\"input\":{}}");
    WORKS(claude_block_server_tool_use("i", "web_search", "{\"query\":\"q\"}", CLAUDE_NTS, &block, &e));
    made(block, "{\"type\":\"server_tool_use\",\"id\":\"i\",\"name\":\"web_search\",\"input\":{\"query\":\"q\"}}");
    WORKS(claude_block_tool_result("toolu_1", "21", CLAUDE_NTS, 0, &block, &e));
    made(block, "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":\"21\"}");
    WORKS(claude_block_tool_result("t", "", 0, 1, &block, &e));
    made(block, "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"\",\"is_error\":true}");
    WORKS(claude_block_tool_result("t", NULL, 0, 1, &block, &e));
    made(block, "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"is_error\":true}");
    WORKS(claude_block_container_upload("file_1", &block, &e));
    made(block, "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}");
    REFUSED("", "id is empty", claude_block_tool_use("", "n", "{}", 2, &block, &e));
    REFUSED("", "name is empty", claude_block_tool_use("i", "", "{}", 2, &block, &e));
    REFUSED("", "input: JSON is not valid", claude_block_tool_use("i", "n", "{,}", 3, &block, &e));
    REFUSED("", "input: JSON is not valid", claude_block_tool_use("i", "n", "\"\\ud800\"", CLAUDE_NTS, &block, &e));
    REFUSED("", "tool_use_id is empty", claude_block_tool_result("", "x", 1, 0, &block, &e));
    REFUSED("", "is_error must be 0 or 1, not 2", claude_block_tool_result("t", "x", 1, 2, &block, &e));
    REFUSED("", "text is NULL", claude_block_tool_result("t", NULL, CLAUDE_NTS, 0, &block, &e));
    REFUSED("", "content is not valid UTF-8", claude_block_tool_result("t", "\xed\xa0\x80", 3, 0, &block, &e));
    REFUSED("", "file_id is empty", claude_block_container_upload("", &block, &e));
}

static void search_results(void **state)
{
    static const char *const two[] = {"one", "t\"o"};
    static const char *const holes[] = {"one", NULL};
    static const char *const empty[] = {"one", ""};
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_search_result("https://x", "T", two, 2, &block, &e));
    WORKS(claude_block_set_citations(block, 1, &e));
    made(block, "{\"type\":\"search_result\",\"source\":\"https://x\",\"title\":\"T\",\"content\":[{\"type\":\"text\","
                "\"text\":\"one\"},{\"type\":\"text\",\"text\":\"t\\\"o\"}],\"citations\":{\"enabled\":true}}");
    WORKS(claude_block_search_result("s", "T", NULL, 0, &block, &e));
    made(block, "{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"T\",\"content\":[]}");
    REFUSED("", "source is empty", claude_block_search_result("", "T", two, 2, &block, &e));
    REFUSED("", "title is empty", claude_block_search_result("s", "", two, 2, &block, &e));
    REFUSED("", "text of a search result is empty", claude_block_search_result("s", "T", empty, 2, &block, &e));
    REFUSED("", "texts 1 is NULL", claude_block_search_result("s", "T", holes, 2, &block, &e));
    REFUSED("", "texts is NULL", claude_block_search_result("s", "T", NULL, 1, &block, &e));
}

static void json_is_kept(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_json(" \n{ \"type\" : \"new_thing\", \"n\": 1.0e+2, \"u\":\"\\u00e9\" }\t", CLAUDE_NTS, &block,
                            &e));
    assert_string_equal(claude_block_type(block), "new_thing");
    made(block, "{ \"type\" : \"new_thing\", \"n\": 1.0e+2, \"u\":\"\\u00e9\" }");
    block = block_of("{\"type\":3}");
    assert_null(claude_block_type(block));
    claude_block_unref(block);
    block = block_of("{\"type\":\"a\\u0062\"}");
    assert_string_equal(claude_block_type(block), "ab");
    claude_block_unref(block);
    block = NULL;
    REFUSED("", "must be a JSON object", claude_block_json("[]", CLAUDE_NTS, &block, &e));
    REFUSED("", "content block: JSON is not valid at offset 1", claude_block_json("{'a':1}", CLAUDE_NTS, &block, &e));
    REFUSED("", "content block", claude_block_json("", 0, &block, &e));
    REFUSED("", "UTF-8", claude_block_json("{\"a\":\"\xff\"}", CLAUDE_NTS, &block, &e));
    assert_null(block);
}

/* ---- changes ---- */

static void fields_are_set(void **state)
{
    claude_block_t *block = NULL;
    const char *json;

    (void)state;
    WORKS(claude_block_text("x", 1, &block, &e));
    WORKS(claude_block_set_cache_control(block, NULL, &e));
    block_is(block, "{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\"}}");
    WORKS(claude_block_set_cache_control(block, "1h", &e));
    block_is(block, "{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}");
    WORKS(claude_block_set_cache_control(block, "5m", &e));
    WORKS(claude_block_set_field(block, "/citations/-/type", "\"char_location\"", CLAUDE_NTS, &e));
    block_is(block, "{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"},"
                    "\"citations\":[{\"type\":\"char_location\"}]}");
    REFUSED("", "cache_control.ttl is empty", claude_block_set_cache_control(block, "", &e));
    REFUSED("", "field pointer is empty", claude_block_set_field(block, "", "{}", 2, &e));
    REFUSED("", "must be empty or begin with /", claude_block_set_field(block, "text", "{}", 2, &e));
    REFUSED("", "/text: JSON is not valid", claude_block_set_field(block, "/text", "x", 1, &e));
    REFUSED("", "neither object nor array", claude_block_set_field(block, "/text/a", "1", 1, &e));
    REFUSED("", "pointer is NULL", claude_block_set_field(block, NULL, "1", 1, &e));
    /* The block's own text as the value: it must be copied before it moves. */
    json = claude_block_to_json(block, NULL);
    WORKS(claude_block_set_field(block, "/text", strstr(json, "{\"type\":\"ephemeral\""), 31, &e));
    block_is(block, "{\"type\":\"text\",\"text\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"},\"cache_control\":"
                    "{\"type\":\"ephemeral\",\"ttl\":\"5m\"},\"citations\":[{\"type\":\"char_location\"}]}");
    claude_block_unref(block);
}

static void documents_have_title_and_context(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_document_url("u", &block, &e));
    WORKS(claude_block_set_title(block, "T\"", CLAUDE_NTS, &e));
    WORKS(claude_block_set_context(block, "c\0d", 3, &e));
    WORKS(claude_block_set_citations(block, 0, &e));
    REFUSED("", "title is empty", claude_block_set_title(block, "", 0, &e));
    REFUSED("", "context is not valid UTF-8", claude_block_set_context(block, "\xff", 1, &e));
    REFUSED("", "enabled must be 0 or 1", claude_block_set_citations(block, -1, &e));
    made(block, "{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"u\"},\"title\":\"T\\\"\",\"context\":"
                "\"c\\u0000d\",\"citations\":{\"enabled\":false}}");
}

/* ---- content ---- */

static void results_take_blocks(void **state)
{
    claude_block_t *result = NULL;
    claude_block_t *text = NULL;
    claude_block_t *image = NULL;

    (void)state;
    WORKS(claude_block_text("t", 1, &text, &e));
    WORKS(claude_block_image_url("u", &image, &e));
    WORKS(claude_block_tool_result("i", "first", CLAUDE_NTS, 1, &result, &e));
    WORKS(claude_block_add(result, text, &e));
    WORKS(claude_block_set_cache_control(result, NULL, &e));
    WORKS(claude_block_add(result, image, &e));
    made(result, "{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[{\"type\":\"text\",\"text\":\"first\"},"
                 "{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}],"
                 "\"is_error\":true,\"cache_control\":{\"type\":\"ephemeral\"}}");
    WORKS(claude_block_tool_result("i", NULL, 0, 0, &result, &e));
    WORKS(claude_block_add(result, text, &e));
    made(result, "{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}]}");
    WORKS(claude_block_tool_result("i", "", 0, 0, &result, &e));
    WORKS(claude_block_add(result, text, &e));
    WORKS(claude_block_add(result, text, &e));
    made(result, "{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[{\"type\":\"text\",\"text\":\"t\"},"
                 "{\"type\":\"text\",\"text\":\"t\"}]}");
    result = block_of("{\"type\":\"tool_result\",\"content\":[ \n ],\"x\":1}");
    WORKS(claude_block_add(result, text, &e));
    WORKS(claude_block_add(result, text, &e));
    made(result, "{\"type\":\"tool_result\",\"content\":[ \n {\"type\":\"text\",\"text\":\"t\"},{\"type\":\"text\","
                 "\"text\":\"t\"}],\"x\":1}");
    result = block_of("{\"type\":\"tool_result\",\"content\":[1 ]}");
    WORKS(claude_block_add(result, text, &e));
    made(result, "{\"type\":\"tool_result\",\"content\":[1 ,{\"type\":\"text\",\"text\":\"t\"}]}");
    REFUSED("", "has no content", claude_block_add(text, image, &e));
    REFUSED("", "has no content", claude_block_add(image, text, &e));
    REFUSED("", "cannot be its own content", claude_block_add(text, text, &e));
    block_is(text, "{\"type\":\"text\",\"text\":\"t\"}");
    claude_block_unref(text);
    claude_block_unref(image);
}

static void documents_are_made_of_blocks(void **state)
{
    claude_block_t *text = NULL;
    claude_block_t *document = NULL;
    claude_block_t *blocks[2];

    (void)state;
    WORKS(claude_block_text("t", 1, &text, &e));
    blocks[0] = text;
    blocks[1] = text;
    WORKS(claude_block_document_content(blocks, 2, &document, &e));
    WORKS(claude_block_set_title(document, "T", 1, &e));
    WORKS(claude_block_add(document, text, &e));
    made(document,
         "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"t\"},"
         "{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"text\",\"text\":\"t\"}]},\"title\":\"T\"}");
    WORKS(claude_block_document_content(NULL, 0, &document, &e));
    WORKS(claude_block_add(document, text, &e));
    made(document, "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":"
                   "\"t\"}]}}");
    document = block_of("{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":\"s\"}}");
    WORKS(claude_block_add(document, text, &e));
    made(document, "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":"
                   "\"s\"},{\"type\":\"text\",\"text\":\"t\"}]}}");
    document = NULL;
    blocks[1] = NULL;
    REFUSED("", "block 1 is NULL", claude_block_document_content(blocks, 2, &document, &e));
    REFUSED("", "blocks is NULL", claude_block_document_content(NULL, 2, &document, &e));
    assert_null(document);
    claude_block_unref(text);
}

/* Each change may move the place where the next block goes. */
static void content_is_found_again(void **state)
{
    claude_block_t *text = block_of("{\"a\":1}");
    claude_block_t *block = block_of("{\"id\":0,\"title\":\"\",\"cache_control\":0,\"content\":[]}");

    (void)state;
    WORKS(claude_block_add(block, text, &e));
    WORKS(claude_block_set_field(block, "/id", "\"long\"", CLAUDE_NTS, &e));
    WORKS(claude_block_add(block, text, &e));
    WORKS(claude_block_set_title(block, "long", CLAUDE_NTS, &e));
    WORKS(claude_block_add(block, text, &e));
    WORKS(claude_block_set_cache_control(block, "1h", &e));
    WORKS(claude_block_add(block, text, &e));
    made(block, "{\"id\":\"long\",\"title\":\"long\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"},"
                "\"content\":[{\"a\":1},{\"a\":1},{\"a\":1},{\"a\":1}]}");
    claude_block_unref(text);
}

/* What is in the content already is not read again: it may be garbage. */
static void content_grows_in_place(void **state)
{
    claude_block_t *result = NULL;
    claude_block_t *text = NULL;
    char *json;
    size_t len;

    (void)state;
    WORKS(claude_block_tool_result("i", NULL, 0, 0, &result, &e));
    WORKS(claude_block_text("t", 1, &text, &e));
    WORKS(claude_block_add(result, text, &e));
    json = (char *)claude_block_to_json(result, &len);
    memset(json + 1, '"', len - 4);
    WORKS(claude_block_add(result, text, &e));
    WORKS(claude_block_add(result, text, &e));
    json = (char *)claude_block_to_json(result, NULL);
    assert_string_equal(json + len - 4, "\"},{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"text\",\"text\":\"t\"}]}");
    claude_block_unref(result);
    claude_block_unref(text);
}

/* ---- answers sent back ---- */

/* Each kind of block that answers have, with odd spelling that must survive. */
static const char *const kinds[] = {
    "{\"type\":\"text\",\"text\":\"a\\u00e9\\/\",\"citations\":null}",
    "{ \"citations\" : [{\"type\":\"char_location\",\"cited_text\":\"c\",\"document_index\":0,\"document_title\":null,"
    "\"start_char_index\":0,\"end_char_index\":1.0,\"file_id\":null},{\"type\":\"page_location\",\"start_page_number\":"
    "1,"
    "\"end_page_number\":2},{\"type\":\"content_block_location\",\"start_block_index\":0,\"end_block_index\":1},"
    "{\"type\":\"web_search_result_location\",\"cited_text\":\"c\",\"url\":\"u\",\"title\":null,\"encrypted_index\":"
    "\"EpE/+==\"},{\"type\":\"search_result_location\",\"source\":\"s\",\"search_result_index\":0}],\"type\":\"text\","
    "\"text\":\"x\"}",
    "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"EqQBCgIYAhIM+/==\"}",
    "{\"type\":\"redacted_thinking\",\"data\":\"EmwKAhgBEgy3va3pz\"}",
    "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"n\",\"input\":{\"big\":12345678901234567890,\"e\":1E+2},"
    "\"caller\":{\"type\":\"direct\"},\"toolset_name\":\"browser\"}",
    "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{\"query\":\"q\"},"
    "\"caller\":"
    "{\"type\":\"code_execution_20260120\",\"tool_id\":\"t\"}}",
    "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[{\"type\":\"web_search_result\",\"url\":"
    "\"u\","
    "\"title\":\"t\",\"page_age\":null,\"encrypted_content\":\"Eo8\"}]}",
    "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":\"web_search_tool_result_error\","
    "\"error_code\":\"max_uses_exceeded\"}}",
    "{\"type\":\"web_fetch_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":\"web_fetch_result\",\"url\":"
    "\"u\","
    "\"retrieved_at\":null,\"content\":{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/"
    "plain\","
    "\"data\":\"d\"}}}}",
    "{\"type\":\"code_execution_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":\"code_execution_result\","
    "\"stdout\":\"\",\"stderr\":\"\",\"return_code\":0,\"content\":[{\"type\":\"code_execution_output\",\"file_id\":"
    "\"f\"}]}}",
    "{\"type\":\"code_execution_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":"
    "\"encrypted_code_execution_result\",\"encrypted_stdout\":\"E\",\"stderr\":\"\",\"return_code\":0,\"content\":[]}}",
    "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":"
    "\"bash_code_execution_result\",\"stdout\":\"o\",\"stderr\":\"\",\"return_code\":0,\"content\":[]}}",
    "{\"type\":\"text_editor_code_execution_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":"
    "\"text_editor_code_execution_view_result\",\"content\":\"c\",\"file_type\":\"text\",\"num_lines\":1}}",
    "{\"type\":\"tool_search_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":"
    "\"tool_search_tool_search_result\",\"tool_references\":[{\"type\":\"tool_reference\",\"tool_name\":\"n\"}]}}",
    "{\"type\":\"container_upload\",\"file_id\":\"file_1\"}",
    "{\"type\":\"advisor_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":\"advisor_result\",\"text\":\"t\"}}",
    "{\"type\":\"mcp_tool_use\",\"id\":\"i\",\"name\":\"n\",\"server_name\":\"s\",\"input\":{}}",
    "{\"type\":\"mcp_tool_result\",\"tool_use_id\":\"i\",\"is_error\":false,\"content\":[{\"type\":\"text\",\"text\":"
    "\"t\"}]}",
    "{\"type\":\"mcp_tool_listing\",\"mcp_server_name\":\"s\",\"tools\":[]}",
    "{\"type\":\"compaction\",\"content\":null,\"encrypted_content\":\"E\",\"signature\":\"S\"}",
    "{\"type\":\"fallback\",\"from\":{\"model\":\"a\"},\"to\":{\"model\":\"b\"}}",
    "{\"type\":\"of_tomorrow\", \"x\" : [ 1 , 2 ] }",
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static claude_response_t *response_with_all(cl_buf *content)
{
    cl_buf json = CL_BUF_INIT(1 << 20);
    claude_response_t *response;

    for (size_t i = 0; i < KINDS; i++) {
        assert_int_equal(cl_buf_append_text(content, i > 0 ? " ,\n" : "[ "), CL_BUF_OK);
        assert_int_equal(cl_buf_append_text(content, kinds[i]), CL_BUF_OK);
    }
    assert_int_equal(cl_buf_append_text(content, " ]"), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&json, "{\"id\":\"msg_1\",\"role\":\"assistant\",\"content\": "), CL_BUF_OK);
    assert_int_equal(cl_buf_append_str(&json, cl_buf_str(content)), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&json, " ,\"stop_reason\":\"end_turn\"}"), CL_BUF_OK);
    response = response_of(json.ptr);
    cl_buf_free(&json);
    return response;
}

static void blocks_of_answers_are_unchanged(void **state)
{
    cl_buf content = CL_BUF_INIT(1 << 20);
    claude_response_t *response = response_with_all(&content);
    claude_block_t *block = NULL;

    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        WORKS(claude_block_from_response(response, i, &block, &e));
        made(block, kinds[i]);
    }
    block = NULL;
    REFUSED("", "index is 22, but the response has 22 content blocks",
            claude_block_from_response(response, KINDS, &block, &e));
    REFUSED("", "index is 18446744073709551615", claude_block_from_response(response, SIZE_MAX, &block, &e));
    REFUSED("", "response is NULL", claude_block_from_response(NULL, 0, &block, &e));
    REFUSED("", "out is NULL", claude_block_from_response(response, 0, NULL, &e));
    cl_response_unref(response);
    response = response_of("{\"type\":\"error\"}");
    REFUSED("", "response has no content", claude_block_from_response(response, 0, &block, &e));
    cl_response_unref(response);
    response = response_of("{\"content\":[1]}");
    REFUSED("", "content block 0 of the response is not an object",
            claude_block_from_response(response, 0, &block, &e));
    cl_response_unref(response);
    assert_null(block);
    cl_buf_free(&content);
}

static void whole_answers_are_unchanged(void **state)
{
    cl_buf content = CL_BUF_INIT(1 << 20);
    cl_buf expected = CL_BUF_INIT(1 << 20);
    claude_response_t *response = response_with_all(&content);
    claude_request_t *request = new_request();

    (void)state;
    WORKS(claude_request_add_user_text(request, "q", 1, &e));
    WORKS(claude_request_add_response(request, response, &e));
    WORKS(claude_request_add_user_text(request, "r", 1, &e));
    assert_int_equal(cl_buf_append_text(&expected, "[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
                                                   "\"content\":"),
                     CL_BUF_OK);
    assert_int_equal(cl_buf_append_str(&expected, cl_buf_str(&content)), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(&expected, "},{\"role\":\"user\",\"content\":\"r\"}]"), CL_BUF_OK);
    field_is(request, "messages", expected.ptr);
    claude_request_unref(request);
    cl_response_unref(response);
    cl_buf_free(&content);
    cl_buf_free(&expected);
}

/* ---- handles ---- */

static void wrong_handles(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *wrong = (claude_block_t *)(void *)request;
    claude_block_t *block = block_of("{}");
    size_t len = 9;

    (void)state;
    REFUSED("", "block is NULL", claude_block_set_cache_control(NULL, NULL, &e));
    REFUSED("", "another kind", claude_block_set_field(wrong, "/a", "1", 1, &e));
    REFUSED("", "another kind", claude_block_set_title(wrong, "a", 1, &e));
    REFUSED("", "another kind", claude_block_set_citations(wrong, 1, &e));
    REFUSED("", "another kind", claude_block_add(wrong, block, &e));
    REFUSED("", "child is NULL", claude_block_add(block, NULL, &e));
    REFUSED("", "another kind", claude_block_validate(wrong, NULL, &e));
    REFUSED("", "request is a handle of another kind",
            claude_block_validate(block, (claude_request_t *)(void *)block, &e));
    REFUSED("", "file is a handle of another kind",
            claude_block_image_file((claude_file_t *)(void *)request, &block, &e));
    REFUSED("", "file is NULL", claude_block_document_file(NULL, &block, &e));
    REFUSED("", "path is NULL", claude_block_image_path(NULL, &block, &e));
    REFUSED("", "url is NULL", claude_block_image_url(NULL, &block, &e));
    assert_null(claude_block_to_json(NULL, &len));
    assert_int_equal(len, 0);
    assert_null(claude_block_to_json(wrong, NULL));
    assert_null(claude_block_type(wrong));
    assert_null(claude_block_media_type(NULL));
    assert_int_equal(claude_block_is_image(wrong), 0);
    assert_int_equal(claude_block_is_valid(NULL), 0);
    assert_int_equal(claude_block_is_valid_base64(wrong), 0);
    assert_int_equal(claude_block_estimated_size_bytes(NULL), -1);
    assert_null(claude_block_ref(wrong));
    claude_block_unref(wrong);
    claude_block_unref(NULL);
    assert_ptr_equal(claude_block_ref(block), block);
    claude_block_unref(block);
    made(block, "{}");
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(thinking),
        cmocka_unit_test(tools),
        cmocka_unit_test(search_results),
        cmocka_unit_test(json_is_kept),
        cmocka_unit_test(fields_are_set),
        cmocka_unit_test(documents_have_title_and_context),
        cmocka_unit_test(results_take_blocks),
        cmocka_unit_test(documents_are_made_of_blocks),
        cmocka_unit_test(content_is_found_again),
        cmocka_unit_test(content_grows_in_place),
        cmocka_unit_test(blocks_of_answers_are_unchanged),
        cmocka_unit_test(whole_answers_are_unchanged),
        cmocka_unit_test(wrong_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
