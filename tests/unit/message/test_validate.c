/* What validation finds: each code, the edge of each limit, both API versions, bodies given as text and built alike. */
#include <claude/client.h>
#include <claude/config.h>
#include <claude/model.h>
#include <claude/validate.h>

#include "message/request.h"
#include "message/validate.h"
#include "testing.h"

#define USER "{\"role\":\"user\",\"content\":\"hi\"}"
#define HEAD "\"model\":\"m\",\"max_tokens\":2000"
/* A good body with more members; one with these messages; one with these blocks of a user, of an assistant. */
#define BODY(more) "{" HEAD ",\"messages\":[" USER "]" more "}"
#define MESSAGES(list) "{" HEAD ",\"messages\":[" list "]}"
#define BLOCKS(list) MESSAGES("{\"role\":\"user\",\"content\":[" list "]}")
#define ASSISTANT(list) MESSAGES(USER ",{\"role\":\"assistant\",\"content\":[" list "]}")
#define TOOLS(list) BODY(",\"tools\":[" list "]")
#define SCHEMA "\"input_schema\":{\"type\":\"object\"}"
#define TOOL(name) "{\"name\":\"" name "\"," SCHEMA "}"
#define SOURCE(type, data) "{\"type\":\"base64\",\"media_type\":\"" type "\",\"data\":\"" data "\"}"
#define IMAGE(type, data) "{\"type\":\"image\",\"source\":" SOURCE(type, data) "}"
#define DOCUMENT(type, data) "{\"type\":\"document\",\"source\":" SOURCE(type, data) "}"
#define CACHE "\"cache_control\":{\"type\":\"ephemeral\"}"
#define CACHE_1H "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"
#define TEXT(more) "{\"type\":\"text\",\"text\":\"t\"" more "}"
#define USE(id) "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"n\",\"input\":{}}"
#define RESULT(id) "{\"type\":\"tool_result\",\"tool_use_id\":\"" id "\"}"

#define PNG "iVBORw0KGgo="
#define PDF "JVBERi0xLjQK"

#define OLD "2023-06-01"
#define NEW "2026-10-21"

/* "code field" of each problem, one a line; "" for a good body. */
typedef struct example {
    const char *body;
    const char *expected;
    const char *option; /* NULL, or the name of an option, then its value */
    const char *value;
} example;

static const cl_judge defaults = {.stream = false};
static const cl_judge streamed = {.stream = true};

static claude_request_t *given(const char *endpoint, const char *body)
{
    claude_request_t *request = NULL;

    assert_int_equal(claude_request_new(endpoint, &request, NULL), CLAUDE_OK);
    assert_int_equal(claude_request_set_json(request, body, CLAUDE_NTS, NULL), CLAUDE_OK);
    return request;
}

/* The same body, member by member. */
static claude_request_t *built(const char *endpoint, const char *body)
{
    claude_request_t *request = NULL;
    cl_json_iter iter = cl_json_iter_of(cl_json_root(cl_str_of(body)));
    cl_json key;
    cl_json value;

    assert_int_equal(claude_request_new(endpoint, &request, NULL), CLAUDE_OK);
    while (cl_json_next(&iter, &key, &value)) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/%.*s", (int)key.len - 2, key.ptr + 1);
        assert_int_equal(claude_request_set_field(request, pointer, value.ptr, value.len, NULL), CLAUDE_OK);
    }
    return request;
}

static char *list_of(const claude_problems_t *problems)
{
    cl_buf text = CL_BUF_INIT(1 << 20);

    for (size_t i = 0; i < claude_problems_count(problems); i++) {
        if (i > 0)
            cl_buf_append_char(&text, '\n');
        cl_buf_append_text(&text, claude_problems_code(problems, i));
        cl_buf_append_char(&text, ' ');
        cl_buf_append_text(&text, claude_problems_field(problems, i));
    }
    return cl_buf_steal(&text, NULL);
}

/* Releases the request. */
static void expect(claude_request_t *request, const char *body, const char *expected)
{
    claude_problems_t *problems = NULL;
    claude_code_t rc = claude_request_validate(request, &problems, NULL);
    char *list = list_of(problems);

    if (strcmp(list, expected) != 0)
        fail_msg("%.300s\nfound:    %s\nexpected: %s", body, list, expected);
    assert_int_equal(rc, *expected ? CLAUDE_PROBLEMS : CLAUDE_OK);
    assert_int_equal(problems != NULL, *expected != '\0');
    free(list);
    claude_problems_unref(problems);
    claude_request_unref(request);
}

static void check_as(claude_request_t *request, const example *one, const char *version)
{
    assert_int_equal(claude_request_set_option(request, "api_version", version, NULL), CLAUDE_OK);
    if (one->option)
        assert_int_equal(claude_request_set_option(request, one->option, one->value, NULL), CLAUDE_OK);
    expect(request, one->body, one->expected);
}

static void check_all(const char *endpoint, const char *version, const example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_as(given(endpoint, examples[i].body), &examples[i], version);
        check_as(built(endpoint, examples[i].body), &examples[i], version);
    }
}

#define CHECK(version, examples) check_all("messages.create", version, examples, sizeof examples / sizeof examples[0])

/* The body with %s replaced by `count` times `piece` with `comma` between them; to be freed. */
static char *repeated(const char *body, const char *piece, size_t count, const char *comma)
{
    cl_buf text = CL_BUF_INIT((size_t)1 << 28);
    const char *gap = strstr(body, "%s");

    cl_buf_append(&text, body, (size_t)(gap - body));
    for (size_t i = 0; i < count; i++) {
        cl_buf_append_text(&text, i > 0 ? comma : "");
        cl_buf_append_text(&text, piece);
    }
    cl_buf_append_text(&text, gap + 2);
    return cl_buf_steal(&text, NULL);
}

static void check_repeated(const char *body, const char *piece, size_t count, const char *comma, const char *expected)
{
    char *text = repeated(body, piece, count, comma);

    expect(given("messages.create", text), body, expected);
    free(text);
}

/* ---- required fields, types, ranges ---- */

static void fields_of_the_body(void **state)
{
    static const example examples[] = {
        {BODY(""), "", NULL, NULL},
        {"{}", "missing_model /model\nmissing_max_tokens /max_tokens\nmissing_messages /messages", NULL, NULL},
        {"{\"messages\":null,\"model\":null,\"max_tokens\":null}",
         "missing_model /model\nmissing_max_tokens /max_tokens\nmissing_messages /messages", NULL, NULL},
        {"{\"messages\":[],\"model\":\"\",\"max_tokens\":-1}",
         "missing_messages /messages\nmissing_model /model\nout_of_range /max_tokens", NULL, NULL},
        {"{\"messages\":{},\"model\":5,\"max_tokens\":\"9\"}",
         "wrong_type /messages\nwrong_type /model\nwrong_type /max_tokens", NULL, NULL},
        {"{\"model\":\"m\",\"max_tokens\":1.5,\"messages\":[" USER "]}", "out_of_range /max_tokens", NULL, NULL},
        {"{\"model\":\"m\",\"max_tokens\":9223372036854775808,\"messages\":[" USER "]}", "out_of_range /max_tokens",
         NULL, NULL},
        {BODY(",\"x\":[1,{}],\"y\":null"), "", NULL, NULL},
        {BODY(",\"system\":\"\""), "", NULL, NULL},
        {BODY(",\"system\":[" TEXT("") "]"), "", NULL, NULL},
        {BODY(",\"system\":{}"), "wrong_type /system", NULL, NULL},
        {BODY(",\"system\":[{\"type\":\"text\",\"text\":\"\"}]"), "empty_content /system/0/text", NULL, NULL},
        {BODY(",\"stream\":true"), "", NULL, NULL},
        {BODY(",\"stream\":1"), "wrong_type /stream", NULL, NULL},
        {BODY(",\"stop_sequences\":[\"a\",\"\",3]"),
         "empty_stop_sequence /stop_sequences/1\nwrong_type /stop_sequences/2", NULL, NULL},
        {BODY(",\"stop_sequences\":\"a\""), "wrong_type /stop_sequences", NULL, NULL},
        {BODY(",\"metadata\":{\"user_id\":null}"), "", NULL, NULL},
        {BODY(",\"metadata\":{\"user_id\":7}"), "wrong_type /metadata/user_id", NULL, NULL},
        {BODY(",\"metadata\":[]"), "wrong_type /metadata", NULL, NULL},
        {BODY(",\"output_config\":{\"effort\":\"unheard-of\",\"format\":null}"), "", NULL, NULL},
        {BODY(",\"output_config\":{\"effort\":1}"), "wrong_type /output_config/effort", NULL, NULL},
        {BODY(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}"), "", NULL, NULL},
        {BODY(",\"output_config\":{\"format\":{\"type\":\"json_schema\"}}"),
         "missing_field /output_config/format/schema", NULL, NULL},
        {BODY(",\"output_config\":{\"format\":{\"type\":\"other\"}}"), "", NULL, NULL},
        {BODY(",\"output_config\":{\"format\":{}}"), "missing_field /output_config/format/type", NULL, NULL},
        {BODY(",\"output_config\":{\"format\":{\"type\":\"x\"}},\"output_format\":{\"type\":\"x\"}"),
         "output_format_conflict /output_format", NULL, NULL},
        {BODY(",\"output_format\":{\"type\":\"x\"},\"output_config\":{\"effort\":\"low\"}"), "", NULL, NULL},
        {BODY(",\"output_config\":{\"task_budget\":{\"type\":\"tokens\",\"total\":20000}}"), "", NULL, NULL},
        {BODY(",\"output_config\":{\"task_budget\":{\"type\":\"tokens\",\"total\":19999}}"),
         "out_of_range /output_config/task_budget/total", NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
    CHECK(NEW, examples);
}

static void user_ids_are_counted_in_characters(void **state)
{
    static const char body[] = BODY(",\"metadata\":{\"user_id\":\"%s\"}");
    claude_problems_t *problems = NULL;
    claude_request_t *request;
    char *text;

    (void)state;
    check_repeated(body, "a", 256, "", "");
    check_repeated(body, "\xc3\xa4", 256, "", "");
    check_repeated(body, "\\u00e4", 256, "", "");
    check_repeated(body, "\\ud83d\\uDE00", 256, "", "");
    check_repeated(body, "\xf0\x9f\x98\x80", 256, "", "");
    check_repeated(body, "\\n", 256, "", "");
    check_repeated(body, "\\\\", 257, "", "user_id_length /metadata/user_id");
    check_repeated(body, "\\ud83d\\ude00", 257, "", "user_id_length /metadata/user_id");
    check_repeated(body, "\xf0\x9f\x98\x80", 257, "", "user_id_length /metadata/user_id");
    text = repeated(body, "a", 257, "");
    request = given("messages.create", text);
    assert_int_equal(claude_request_validate(request, &problems, NULL), CLAUDE_PROBLEMS);
    assert_string_equal(claude_problems_value(problems, 0), "257 characters");
    claude_problems_unref(problems);
    claude_request_unref(request);
    free(text);
}

/* ---- messages ---- */

static void messages_and_roles(void **state)
{
    static const example examples[] = {
        {MESSAGES("{\"role\":\"system\",\"content\":\"s\"}," USER), "", NULL, NULL},
        {MESSAGES(USER ",{\"role\":\"tool\",\"content\":\"x\"}"), "unknown_role /messages/1/role", NULL, NULL},
        {MESSAGES("{\"role\":\"\",\"content\":\"x\"}"), "unknown_role /messages/0/role", NULL, NULL},
        {MESSAGES("{\"role\":1,\"content\":\"x\"}"), "wrong_type /messages/0/role", NULL, NULL},
        {MESSAGES("{\"content\":\"x\"}"), "missing_field /messages/0/role", NULL, NULL},
        {MESSAGES("{\"role\":\"user\"}"), "missing_field /messages/0/content", NULL, NULL},
        {MESSAGES("{\"role\":\"user\",\"content\":null}"), "missing_field /messages/0/content", NULL, NULL},
        {MESSAGES("{\"role\":\"user\",\"content\":7}"), "wrong_type /messages/0/content", NULL, NULL},
        {MESSAGES("7," USER), "wrong_type /messages/0", NULL, NULL},
        {MESSAGES(USER ",{\"role\":\"assistant\",\"content\":\"\"},{\"role\":\"user\",\"content\":[]},"
                       "{\"role\":\"system\",\"content\":\"\"}"),
         "empty_content /messages/1/content\nempty_content /messages/2/content\nempty_content /messages/3/content",
         NULL, NULL},
        {MESSAGES("{\"r\\u006fle\":\"\\u0075ser\",\"content\":\"x\"}"), "", NULL, NULL},
        {MESSAGES(USER "," USER), "", "validate.max_messages", "2"},
        {MESSAGES(USER "," USER "," USER), "too_many_messages /messages", "validate.max_messages", "2"},
    };

    (void)state;
    CHECK(OLD, examples);
    check_repeated(MESSAGES("%s"), USER, 100000, ",", "");
    check_repeated(MESSAGES("%s"), USER, 100001, ",", "too_many_messages /messages");
}

static void blocks_have_what_they_need(void **state)
{
    static const example examples[] = {
        {BLOCKS("7,\"x\""), "wrong_type /messages/0/content/0\nwrong_type /messages/0/content/1", NULL, NULL},
        {BLOCKS("{\"text\":\"x\"}"), "missing_field /messages/0/content/0/type", NULL, NULL},
        {BLOCKS("{\"type\":3}"), "wrong_type /messages/0/content/0/type", NULL, NULL},
        {BLOCKS("{\"type\":\"of_tomorrow\",\"text\":7,\"source\":[]}"), "", NULL, NULL},
        {BLOCKS("{\"type\":\"text\"}"), "missing_field /messages/0/content/0/text", NULL, NULL},
        {BLOCKS("{\"type\":\"text\",\"text\":[]}"), "wrong_type /messages/0/content/0/text", NULL, NULL},
        {BLOCKS("{\"type\":\"text\",\"text\":\"\"}"), "empty_content /messages/0/content/0/text", NULL, NULL},
        {BLOCKS("{\"type\":\"image\"}"), "missing_field /messages/0/content/0/source", NULL, NULL},
        {BLOCKS("{\"type\":\"image\",\"source\":\"x\"}"), "wrong_type /messages/0/content/0/source", NULL, NULL},
        {BLOCKS("{\"type\":\"document\"}"), "missing_field /messages/0/content/0/source", NULL, NULL},
        {BLOCKS("{\"type\":\"search_result\"}"),
         "missing_field /messages/0/content/0/source\nmissing_field /messages/0/content/0/title\n"
         "missing_field /messages/0/content/0/content",
         NULL, NULL},
        {BLOCKS("{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[{\"type\":\"text\"}]}"),
         "missing_field /messages/0/content/0/content/0/text", NULL, NULL},
        {ASSISTANT("{\"type\":\"thinking\"},{\"type\":\"redacted_thinking\"}"),
         "missing_field /messages/1/content/0/thinking\nmissing_field /messages/1/content/0/signature\n"
         "missing_field /messages/1/content/1/data",
         NULL, NULL},
        {ASSISTANT("{\"type\":\"tool_use\",\"input\":\"{}\"}"),
         "missing_field /messages/1/content/0/id\nmissing_field /messages/1/content/0/name\n"
         "wrong_type /messages/1/content/0/input",
         NULL, NULL},
        {ASSISTANT("{\"type\":\"server_tool_use\"}"),
         "missing_field /messages/1/content/0/id\nmissing_field /messages/1/content/0/name\n"
         "missing_field /messages/1/content/0/input",
         NULL, NULL},
        {ASSISTANT("{\"type\":\"mcp_tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":{}}"),
         "missing_field /messages/1/content/0/server_name", NULL, NULL},
        {BLOCKS("{\"type\":\"container_upload\",\"file_id\":\"\"}"), "empty_content /messages/0/content/0/file_id",
         NULL, NULL},
        {ASSISTANT("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}," USE("")),
         "empty_content /messages/1/content/1/id", NULL, NULL},
        {BLOCKS("{\"type\":\"container_upload\"}"), "missing_field /messages/0/content/0/file_id", NULL, NULL},
        {BLOCKS("{\"type\":\"tool_result\",\"content\":7,\"is_error\":\"no\"}"),
         "missing_field /messages/0/content/0/tool_use_id\nwrong_type /messages/0/content/0/content\n"
         "wrong_type /messages/0/content/0/is_error",
         NULL, NULL},
        {ASSISTANT(USE("a") "," RESULT("a")), "", NULL, NULL},
        {MESSAGES(USER ",{\"role\":\"assistant\",\"content\":[" USE(
             "a") "]},{\"role\":\"user\",\"content\":[{\"type\":"
                  "\"tool_result\",\"tool_use_id\":\"a\",\"content\":[{\"type\":\"text\"},{\"type\":\"document\","
                  "\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"image\"}]}}]}]}"),
         "missing_field /messages/2/content/0/content/0/text\n"
         "missing_field /messages/2/content/0/content/1/source/content/0/source",
         NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
    CHECK(NEW, examples);
}

static void results_belong_to_tool_uses(void **state)
{
    static const example examples[] = {
        {BLOCKS(RESULT("a") "," RESULT("b")),
         "unknown_tool_use_id /messages/0/content/0/tool_use_id\nunknown_tool_use_id /messages/0/content/1/tool_use_id",
         NULL, NULL},
        {ASSISTANT(USE("b") "," USE("a") "," RESULT("\\u0061") "," RESULT("c")),
         "unknown_tool_use_id /messages/1/content/3/tool_use_id", NULL, NULL},
        {ASSISTANT(RESULT("a") ",{\"type\":\"compaction\",\"content\":\"c\"}"), "", NULL, NULL},
        {BLOCKS(RESULT("a") "],\"x\":[1"), "unknown_tool_use_id /messages/0/content/0/tool_use_id", NULL, NULL},
        {"{" HEAD
         ",\"messages\":[{\"role\":\"user\",\"content\":[" RESULT("a") "]}],\"thread\":{\"type\":\"continue\"}}",
         "", NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
}

/* ---- what an API version refuses ---- */

static void the_old_version(void **state)
{
    static const example examples[] = {
        {BODY(",\"temperature\":0,\"top_p\":1,\"top_k\":0"), "", NULL, NULL},
        {BODY(",\"temperature\":1.0,\"top_p\":0.5,\"top_k\":40"), "", NULL, NULL},
        {BODY(",\"temperature\":1.01,\"top_p\":-0.1,\"top_k\":-1"),
         "out_of_range /temperature\nout_of_range /top_p\nout_of_range /top_k", NULL, NULL},
        {BODY(",\"temperature\":\"hot\",\"top_p\":true,\"top_k\":1.5"),
         "wrong_type /temperature\nwrong_type /top_p\nout_of_range /top_k", NULL, NULL},
        {BODY(",\"temperature\":1e999"), "out_of_range /temperature", NULL, NULL},
        {ASSISTANT(DOCUMENT("application/pdf", PDF)), "", NULL, NULL},
        {BLOCKS(TEXT(",\"citations\":[{\"type\":\"char_location\"}]")), "", NULL, NULL},
        {"{\"model\":\"claude-opus-4-8\",\"max_tokens\":2000,\"temperature\":1,\"thinking\":{\"type\":\"enabled\","
         "\"budget_tokens\":1024},\"messages\":[" USER "]}",
         "temperature_refused /temperature\nmodel_thinking_refused /thinking/type", NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
}

#define ASKED(model)                                                                                                   \
    "{\"model\":\"" model                                                                                              \
    "\",\"max_tokens\":2000,\"top_k\":1,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},"                   \
    "\"tools\":[" TOOL("a") "],\"tool_choice\":{\"type\":\"any\"},\"messages\":[" USER "]}"

/* By the table of models, however a platform spells them. */
static void what_models_refuse(void **state)
{
    static const example examples[] = {
        {ASKED("m"), "", NULL, NULL},
        {ASKED("claude-opus-4-6"), "", NULL, NULL},
        {ASKED("claude-opus-4-7"), "top_k_refused /top_k\nmodel_thinking_refused /thinking/type", NULL, NULL},
        {ASKED("us.anthropic.claude-opus-4-8-v1:0"), "top_k_refused /top_k\nmodel_thinking_refused /thinking/type",
         NULL, NULL},
        {ASKED("claude-opus-5"), "top_k_refused /top_k\nmodel_thinking_refused /thinking/type", NULL, NULL},
        {ASKED("claude-sonnet-5-5@20261001"), "model_tool_choice_refused /tool_choice/type", NULL, NULL},
        {ASKED("claude-fable-5-1"), "model_tool_choice_refused /tool_choice/type", NULL, NULL},
        {ASKED("claude-opus-5-5"),
         "top_k_refused /top_k\nmodel_thinking_refused /thinking/type\nmodel_tool_choice_refused /tool_choice/type",
         NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
}

/* A program's own table decides instead of the one that is built in. */
static void what_a_programs_table_says(void **state)
{
    static const char table[] =
        "{\"models\":[{\"id\":\"claude-opus-5-5\"},{\"id\":\"m\",\"sampling\":false,\"forced_tool_use\":true,"
        "\"thinking_enabled\":false,\"nonstreaming_max_tokens\":1999}]}";
    claude_request_t *known = given("messages.create", ASKED("m"));
    claude_request_t *other = given("messages.create", ASKED("claude-opus-5-5"));
    claude_problems_t *problems = NULL;
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_models_t *models = NULL;
    char *list;

    (void)state;
    assert_int_equal(claude_models_load_json(table, CLAUDE_NTS, &models, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "auth.style", "none", NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set_models(config, models, NULL), CLAUDE_OK);
    assert_int_equal(claude_client_new(config, &client, NULL), CLAUDE_OK);
    assert_int_equal(claude_client_validate(client, other, 0, &problems, NULL), CLAUDE_OK);
    assert_int_equal(claude_client_validate(client, known, 0, &problems, NULL), CLAUDE_PROBLEMS);
    list = list_of(problems);
    assert_string_equal(list,
                        "stream_required /max_tokens\ntop_k_refused /top_k\nmodel_thinking_refused /thinking/type");
    free(list);
    assert_string_equal(
        claude_problems_fix(problems, 0),
        "stream it (or set request.stream_internally), lower max_tokens to 1999, or set timeout.total_ms");
    claude_problems_unref(problems);
    claude_client_unref(client);
    claude_config_unref(config);
    claude_models_unref(models);
    claude_request_unref(known);
    claude_request_unref(other);
}

static void the_new_version(void **state)
{
    static const example examples[] = {
        {BODY(",\"temperature\":1,\"top_p\":1,\"top_k\":0"),
         "temperature_refused /temperature\ntop_p_refused /top_p\ntop_k_refused /top_k", NULL, NULL},
        {BODY(",\"temperature\":null"), "", NULL, NULL},
        {ASSISTANT(TEXT("") "," DOCUMENT("application/pdf", PDF)), "assistant_document_refused /messages/1/content/1",
         NULL, NULL},
        {BLOCKS(DOCUMENT("application/pdf", PDF)), "", NULL, NULL},
        {MESSAGES(
             "{\"role\":\"assistant\",\"content\":[" USE("a") ",{\"type\":\"tool_result\",\"tool_use_id\":\"a\","
                                                              "\"content\":[" DOCUMENT("application/pdf", PDF) "]}]}"),
         "", NULL, NULL},
        {BLOCKS(TEXT(",\"citations\":[{\"type\":\"char_location\"}]")),
         "user_citations_refused /messages/0/content/0/citations", NULL, NULL},
        {BLOCKS(TEXT(",\"citations\":[]") "," TEXT(",\"citations\":null")), "", NULL, NULL},
        {ASSISTANT(TEXT(",\"citations\":[{\"type\":\"char_location\"}]")), "", NULL, NULL},
        {BODY(",\"temperature\":1"), "", "api_version", OLD},
    };

    (void)state;
    CHECK(NEW, examples);
    CHECK("2027-01-31", examples);
}

static void the_client_says_the_version_too(void **state)
{
    claude_request_t *request = given("messages.create", BODY(",\"temperature\":1"));
    cl_options *client = NULL;
    claude_problems_t *problems = NULL;

    (void)state;
    OK(cl_options_new(&client, err));
    OK(cl_options_set(client, "api_version", NEW, false, err));
    OK(cl_request_validate(request, &defaults, NULL, err));
    assert_int_equal(cl_request_validate(request, &(cl_judge){.options = client}, &problems, NULL), CLAUDE_PROBLEMS);
    assert_string_equal(claude_problems_code(problems, 0), "temperature_refused");
    claude_problems_unref(problems);
    assert_int_equal(claude_request_set_option(request, "api_version", OLD, NULL), CLAUDE_OK);
    OK(cl_request_validate(request, &(cl_judge){.options = client}, NULL, err));
    cl_options_free(client);
    claude_request_unref(request);
}

/* ---- numbers of tokens ---- */

static void thinking(void **state)
{
    static const example examples[] = {
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}"), "", NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1023}"), "thinking_budget /thinking/budget_tokens",
         NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1999}"), "", NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}"), "thinking_budget /thinking/budget_tokens",
         NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}"), "", "beta",
         "files-api-2025-04-14,interleaved-thinking-2025-05-14"},
        {BODY(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1e4}"), "thinking_budget /thinking/budget_tokens",
         NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"enabled\"}"), "missing_field /thinking/budget_tokens", NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"adaptive\"}"), "", NULL, NULL},
        {BODY(",\"thinking\":{\"type\":\"of_tomorrow\",\"budget_tokens\":-1}"), "", NULL, NULL},
        {BODY(",\"thinking\":{}"), "missing_field /thinking/type", NULL, NULL},
        {BODY(",\"thinking\":\"on\""), "wrong_type /thinking", NULL, NULL},
    };
    claude_request_t *request;

    (void)state;
    CHECK(NEW, examples);
    request = given("messages.create", examples[3].body);
    OK(cl_request_add_beta(request, "interleaved-thinking-2025-05-14", err));
    expect(request, "a beta name of the request's own", "");
}

#define ZERO(more) "{\"model\":\"m\",\"max_tokens\":0,\"messages\":[" USER "]" more "}"

static void no_tokens_at_all(void **state)
{
    static const example examples[] = {
        {ZERO(""), "", NULL, NULL},
        {ZERO(",\"stream\":false,\"tools\":[" TOOL("a") "],\"tool_choice\":{\"type\":\"auto\"},\"thinking\":{\"type\":"
                                                        "\"disabled\"}"),
         "", NULL, NULL},
        {ZERO(",\"stream\":true,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000},\"output_config\":{"
              "\"format\":"
              "{\"type\":\"x\"}},\"tools\":[" TOOL("a") "],\"tool_choice\":{\"type\":\"any\"}"),
         "max_tokens_zero_conflict /stream\nmax_tokens_zero_conflict /thinking/type\n"
         "max_tokens_zero_conflict /output_config/format\nmax_tokens_zero_conflict /tool_choice/type",
         NULL, NULL},
        {ZERO(",\"output_format\":{\"type\":\"x\"}"), "max_tokens_zero_conflict /output_format", NULL, NULL},
        {ZERO(",\"tools\":[" TOOL("a") "],\"tool_choice\":{\"type\":\"tool\",\"name\":\"a\"}"),
         "max_tokens_zero_conflict /tool_choice/type", NULL, NULL},
    };

    (void)state;
    CHECK(NEW, examples);
}

#define LONG(model, tokens, more) "{\"model\":\"" model "\",\"max_tokens\":" tokens ",\"messages\":[" USER "]" more "}"

static const example long_examples[] = {
    {LONG("m", "21333", ""), "", NULL, NULL},
    {LONG("m", "21334", ""), "stream_required /max_tokens", NULL, NULL},
    {LONG("m", "9223372036854775807", ""), "stream_required /max_tokens", NULL, NULL},
    {LONG("m", "21334", ",\"stream\":false"), "stream_required /max_tokens", NULL, NULL},
    {LONG("m", "21334", ",\"stream\":true"), "", NULL, NULL},
    {LONG("m", "21334", ""), "", "timeout.total_ms", "1000000"},
    {LONG("claude-opus-4-20250514", "8192", ""), "", NULL, NULL},
    {LONG("claude-opus-4-20250514", "8193", ""), "stream_required /max_tokens", NULL, NULL},
    {LONG("claude-opus-4-1@20250805", "8193", ""), "stream_required /max_tokens", NULL, NULL},
    {LONG("claude-opus-4-20250514", "8193", ",\"stream\":true"), "", NULL, NULL},
    {LONG("anthropic.claude-opus-4-1-20250805-v1:0", "8193", ""), "stream_required /max_tokens", NULL, NULL},
    {LONG("m", "21334", ""), "", "request.stream_internally", "true"},
};

static void long_answers_are_streamed(void **state)
{
    (void)state;
    CHECK(OLD, long_examples);
    /* Counting tokens takes no time, whatever max_tokens says. */
    expect(given("messages.count_tokens", LONG("m", "21334", "")), "counted", "");
}

static void the_rule_for_long_answers_alone(void **state)
{
    cl_options *client = NULL;
    claude_request_t *request;

    (void)state;
    for (size_t i = 0; i < sizeof long_examples / sizeof long_examples[0]; i++) {
        const example *one = &long_examples[i];
        request = given("messages.create", one->body);
        if (one->option)
            OK(cl_request_set_option(request, one->option, one->value, err));
        if (*one->expected)
            FAILS(CLAUDE_E_INVALID, "stream it", cl_nonstreaming_check(request, &defaults, err));
        else
            OK(cl_nonstreaming_check(request, &defaults, err));
        OK(cl_nonstreaming_check(request, &streamed, err));
        OK(cl_request_validate(request, &streamed, NULL, err));
        claude_request_unref(request);
    }
    request = given("messages.create", LONG("m", "21334", ""));
    FAILS(CLAUDE_E_INVALID, "max_tokens is 21334", cl_nonstreaming_check(request, &defaults, err));
    FAILS(CLAUDE_E_INVALID, "lower max_tokens to 21333", cl_nonstreaming_check(request, &defaults, err));
    OK(cl_options_new(&client, err));
    OK(cl_options_set(client, "timeout.total_ms", "0", false, err));
    OK(cl_nonstreaming_check(request, &(cl_judge){.options = client}, err));
    OK(cl_request_validate(request, &(cl_judge){.options = client}, NULL, err));
    cl_options_free(client);
    claude_request_unref(request);
    request = given("messages.count_tokens", LONG("m", "21334", ""));
    OK(cl_nonstreaming_check(request, &defaults, err));
    claude_request_unref(request);
    request = given("messages.create", "{}");
    OK(cl_nonstreaming_check(request, &defaults, err));
    claude_request_unref(request);
}

/* ---- cache breakpoints ---- */

static void cache_breakpoints(void **state)
{
    static const example examples[] = {
        {BODY("," CACHE), "", NULL, NULL},
        {BODY(",\"cache_control\":null"), "", NULL, NULL},
        {BODY(",\"cache_control\":\"ephemeral\""), "wrong_type /cache_control", NULL, NULL},
        {BODY(",\"cache_control\":{\"type\":\"of_tomorrow\",\"ttl\":\"1w\"}"), "", NULL, NULL},
        {BODY(",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":5}"), "wrong_type /cache_control/ttl", NULL, NULL},
        /* Four, wherever they are. */
        {"{" HEAD "," CACHE ",\"tools\":[{\"name\":\"a\"," CACHE "," SCHEMA
         "}],\"system\":[" TEXT("," CACHE) "],"
                                           "\"messages\":[{\"role\":\"user\",\"content\":[" TEXT("," CACHE) "]}]}",
         "", NULL, NULL},
        {"{" HEAD "," CACHE ",\"tools\":[{\"name\":\"a\"," CACHE "," SCHEMA "}],\"system\":[" TEXT(
             "," CACHE) "],"
                        "\"messages\":[{\"role\":\"user\",\"content\":[" TEXT("," CACHE) "," TEXT("," CACHE) "]}]}",
         "too_many_cache_breakpoints /cache_control", NULL, NULL},
        {BLOCKS(TEXT("," CACHE) "," TEXT("," CACHE) "," TEXT("," CACHE) "," TEXT("," CACHE) "," TEXT(
             "," CACHE) "," TEXT("," CACHE)),
         "too_many_cache_breakpoints /messages/0/content/4/cache_control", NULL, NULL},
        {BLOCKS(TEXT("," CACHE) "," TEXT("," CACHE)), "too_many_cache_breakpoints /messages/0/content/1/cache_control",
         "validate.max_cache_breakpoints", "1"},
        {ASSISTANT(USE("a") ",{\"type\":\"tool_result\",\"tool_use_id\":\"a\"," CACHE
                            ",\"content\":[" TEXT("," CACHE) "]}"),
         "too_many_cache_breakpoints /messages/1/content/1/content/0/cache_control", "validate.max_cache_breakpoints",
         "1"},
        /* Longer ones first, as the API reads them: tools, system, messages, all of it. */
        {BLOCKS(TEXT("," CACHE_1H) "," TEXT("," CACHE)), "", NULL, NULL},
        {BLOCKS(TEXT("," CACHE) "," TEXT("," CACHE_1H)), "cache_ttl_order /messages/0/content/1/cache_control/ttl",
         NULL, NULL},
        {"{" HEAD ",\"messages\":[{\"role\":\"user\",\"content\":[" TEXT(
             "," CACHE) "]}],\"tools\":[{\"name\":\"a\"," CACHE_1H "," SCHEMA "}]}",
         "", NULL, NULL},
        {"{" HEAD ",\"messages\":[{\"role\":\"user\",\"content\":[" TEXT(
             "," CACHE_1H) "]}],\"tools\":[{\"name\":\"a\"," CACHE "," SCHEMA "}]," CACHE_1H "}",
         "cache_ttl_order /messages/0/content/0/cache_control/ttl\ncache_ttl_order /cache_control/ttl", NULL, NULL},
    };

    (void)state;
    CHECK(NEW, examples);
}

/* ---- tools ---- */

static void tools(void **state)
{
    static const example examples[] = {
        {TOOLS(TOOL("get_weather-2")), "", NULL, NULL},
        {TOOLS(""), "empty_tools /tools", NULL, NULL},
        {BODY(",\"tools\":{}"), "wrong_type /tools", NULL, NULL},
        {TOOLS("7"), "wrong_type /tools/0", NULL, NULL},
        {TOOLS(TOOL("") "," TOOL("a b") "," TOOL("\xc3\xa4") "," TOOL("a\\u0000") "," TOOL("a.b")),
         "tool_name_pattern /tools/0/name\ntool_name_pattern /tools/1/name\ntool_name_pattern /tools/2/name\n"
         "tool_name_pattern /tools/3/name\ntool_name_pattern /tools/4/name",
         NULL, NULL},
        {TOOLS(TOOL("\\u0041")), "", NULL, NULL},
        {TOOLS("{" SCHEMA "}"), "missing_field /tools/0/name", NULL, NULL},
        {TOOLS("{\"name\":5," SCHEMA "}"), "wrong_type /tools/0/name", NULL, NULL},
        {TOOLS(TOOL("a") "," TOOL("b") "," TOOL("\\u0061") "," TOOL("a")),
         "duplicate_tool /tools/2/name\nduplicate_tool /tools/3/name", NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"description\":\"\"," SCHEMA "}"), "tool_description_length /tools/0/description",
         NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"description\":7," SCHEMA "}"), "wrong_type /tools/0/description", NULL, NULL},
        {TOOLS("{\"name\":\"a\"}"), "missing_field /tools/0/input_schema", NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"input_schema\":\"{}\"}"), "tool_schema_type /tools/0/input_schema", NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"input_schema\":{}}"), "tool_schema_type /tools/0/input_schema", NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"input_schema\":{\"type\":\"array\"}}"), "tool_schema_type /tools/0/input_schema",
         NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"a.b-c\":{},\"a "
               "b\":{},\"\":{}}}}"),
         "tool_property_pattern /tools/0/input_schema/properties\ntool_property_pattern "
         "/tools/0/input_schema/properties",
         NULL, NULL},
        {TOOLS("{\"name\":\"a\",\"input_schema\":{\"type\":\"object\",\"properties\":[]}}"),
         "wrong_type /tools/0/input_schema/properties", NULL, NULL},
        /* Tools of the API's own and sets of tools are its own business, but for the name being there once. */
        {TOOLS("{\"type\":\"web_search_20260318\",\"name\":\"web search!\",\"description\":\"\"},"
               "{\"type\":\"browser_toolset_20260801\"},{\"type\":\"mcp_toolset\",\"mcp_server_name\":\"s\"}"),
         "", NULL, NULL},
        {TOOLS("{\"type\":\"bash_20250124\",\"name\":\"bash\"}," TOOL("bash")), "duplicate_tool /tools/1/name", NULL,
         NULL},
        {TOOLS("{\"type\":\"custom\",\"name\":\"a\"}"), "missing_field /tools/0/input_schema", NULL, NULL},
        {TOOLS("{\"type\":null,\"name\":\"a\"}"), "missing_field /tools/0/input_schema", NULL, NULL},
        {TOOLS("{\"type\":7,\"name\":\"a\"," SCHEMA "}"), "wrong_type /tools/0/type", NULL, NULL},
        {TOOLS(TOOL("abc")), "tool_name_pattern /tools/0/name", "validate.max_tool_name", "2"},
    };

    (void)state;
    CHECK(OLD, examples);
    CHECK(NEW, examples);
}

/* As many tools of different names as are asked for. */
static char *many_tools(int count)
{
    cl_buf text = CL_BUF_INIT(1 << 26);

    cl_buf_append_text(&text, "{" HEAD ",\"messages\":[" USER "],\"tools\":[");
    for (int i = 0; i < count; i++) {
        char tool[100];
        snprintf(tool, sizeof tool, "%s{\"name\":\"t%d\"," SCHEMA "}", i > 0 ? "," : "", i);
        cl_buf_append_text(&text, tool);
    }
    cl_buf_append_text(&text, "]}");
    return cl_buf_steal(&text, NULL);
}

static void check_many_tools(int count, const char *max, const char *expected)
{
    char *text = many_tools(count);
    claude_request_t *request = given("messages.create", text);

    if (max)
        OK(cl_request_set_option(request, "validate.max_tools", max, err));
    expect(request, "many tools", expected);
    free(text);
}

static void limits_of_tools(void **state)
{
    static const char name[] = TOOLS("{\"name\":\"%s\"," SCHEMA "}");
    static const char description[] = TOOLS("{\"name\":\"a\",\"description\":\"%s\"," SCHEMA "}");
    static const char key[] =
        TOOLS("{\"name\":\"a\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"%s\":{}}}}");
    claude_request_t *request;
    char *text;

    (void)state;
    check_many_tools(64, NULL, "");
    check_many_tools(65, NULL, "too_many_tools /tools");
    check_many_tools(65, "65", "");
    check_many_tools(66, "65", "too_many_tools /tools");
    check_repeated(name, "a", 64, "", "");
    check_repeated(name, "a", 65, "", "tool_name_pattern /tools/0/name");
    check_repeated(name, "\\u005f", 64, "", "");
    check_repeated(name, "a", 2000000, "", "tool_name_pattern /tools/0/name");
    check_repeated(description, "a", 1024, "", "");
    check_repeated(description, "\xe2\x82\xac", 1024, "", "");
    check_repeated(description, "\\u20ac", 1024, "", "");
    check_repeated(description, "\\ud83d\\ude00", 1024, "", "");
    check_repeated(description, "a", 1025, "", "tool_description_length /tools/0/description");
    check_repeated(description, "\xe2\x82\xac", 1025, "", "tool_description_length /tools/0/description");
    check_repeated(key, "a", 64, "", "");
    check_repeated(key, "a", 65, "", "tool_property_pattern /tools/0/input_schema/properties");
    text = repeated(name, "a", 128, "");
    request = given("messages.create", text);
    OK(cl_request_set_option(request, "validate.max_tool_name", "128", err));
    expect(request, text, "");
    free(text);
    text = repeated(description, "a", 1025, "");
    request = given("messages.create", text);
    OK(cl_request_set_option(request, "validate.max_tool_description", "1025", err));
    expect(request, text, "");
    free(text);
}

#define CHOICE(choice, more) BODY(",\"tool_choice\":" choice more)

static void choices_of_tools(void **state)
{
    static const example examples[] = {
        {CHOICE("{\"type\":\"auto\"}", ",\"tools\":[" TOOL("a") "]"), "", NULL, NULL},
        {CHOICE("{\"type\":\"tool\",\"name\":\"\\u0061\"}", ",\"tools\":[" TOOL("b") "," TOOL("a") "]"), "", NULL,
         NULL},
        {CHOICE("{\"type\":\"tool\",\"name\":\"c\"}", ",\"tools\":[" TOOL("b") "," TOOL("a") "]"),
         "tool_choice_unknown_tool /tool_choice/name", NULL, NULL},
        {CHOICE("{\"type\":\"tool\"}", ",\"tools\":[" TOOL("a") "]"), "missing_field /tool_choice/name", NULL, NULL},
        {CHOICE("{}", ",\"tools\":[" TOOL("a") "]"), "missing_field /tool_choice/type", NULL, NULL},
        {CHOICE("\"auto\"", ",\"tools\":[" TOOL("a") "]"), "wrong_type /tool_choice", NULL, NULL},
        {CHOICE("{\"type\":\"of_tomorrow\"}", ",\"tools\":[" TOOL("a") "]"), "", NULL, NULL},
        {CHOICE("{\"type\":\"none\"}", ""), "tool_choice_without_tools /tool_choice", NULL, NULL},
        {CHOICE("{\"type\":\"tool\",\"name\":\"a\"}", ""), "tool_choice_without_tools /tool_choice", NULL, NULL},
        {CHOICE("{\"type\":\"tool\",\"name\":\"a\"}", ",\"tools\":[]"), "empty_tools /tools", NULL, NULL},
        /* Names that are not in the body may be right. */
        {CHOICE("{\"type\":\"tool\",\"name\":\"click\"}",
                ",\"tools\":[" TOOL("a") ",{\"type\":\"browser_toolset_20260801\"}]"),
         "", NULL, NULL},
        {"{" HEAD
         ",\"tools\":[" TOOL("a") "],\"tool_choice\":{\"type\":\"tool\",\"name\":\"b\"},\"messages\":[" USER
                                  ",{\"role\":\"system\",\"content\":[{\"type\":\"tool_addition\",\"tool\":{}}]}]}",
         "", NULL, NULL},

        {CHOICE("{\"type\":\"tool\",\"name\":\"click\"}", ",\"tools\":[{\"type\":\"browser_toolset_20260801\"}]"), "",
         NULL, NULL},
        {CHOICE("{\"type\":\"tool\",\"name\":\"a\"}", ",\"thread\":{\"type\":\"continue\"}"), "", NULL, NULL},
        {"{\"model\":\"claude-opus-5-5\",\"max_tokens\":9,\"messages\":[" USER
         "],\"tools\":[" TOOL("a") "],\"tool_choice\":"
                                   "{\"type\":\"any\"}}",
         "model_tool_choice_refused /tool_choice/type", NULL, NULL},
        {"{\"model\":\"claude-opus-5-5\",\"max_tokens\":9,\"messages\":[" USER
         "],\"tools\":[" TOOL("a") "],\"tool_choice\":"
                                   "{\"type\":\"auto\"}}",
         "", NULL, NULL},
    };

    (void)state;
    CHECK(NEW, examples);
}

/* ---- images and documents ---- */

static void sources(void **state)
{
    static const example examples[] = {
        {BLOCKS(IMAGE("image/png", PNG)), "", NULL, NULL},
        {BLOCKS(IMAGE("image/jpeg", "\\/9j\\/")), "", NULL, NULL},
        {BLOCKS(IMAGE("image/gif", "R0lGODlh")), "", NULL, NULL},
        {BLOCKS(IMAGE("image/webp", "UklGRgAAAABXRUJQ")), "", NULL, NULL},
        {BLOCKS(IMAGE("image/png", "AAAA")), "", NULL, NULL},
        {BLOCKS(IMAGE("image/bmp", PNG)), "image_media_type /messages/0/content/0/source/media_type", NULL, NULL},
        {BLOCKS(IMAGE("IMAGE/PNG", PNG)), "image_media_type /messages/0/content/0/source/media_type", NULL, NULL},
        {BLOCKS(IMAGE("image/jpeg", PNG)), "image_media_type_mismatch /messages/0/content/0/source/media_type", NULL,
         NULL},
        {BLOCKS(IMAGE("image/png", PDF)), "image_media_type_mismatch /messages/0/content/0/source/media_type", NULL,
         NULL},
        {BLOCKS(IMAGE("image/png", "")), "image_empty /messages/0/content/0/source/data", NULL, NULL},
        {BLOCKS(IMAGE("image/png", "AAA")), "image_base64 /messages/0/content/0/source/data", NULL, NULL},
        {BLOCKS(IMAGE("image/png", "AAAA\\n")), "image_base64 /messages/0/content/0/source/data", NULL, NULL},
        {BLOCKS(IMAGE("image/png", "data:image/png;base64,AAAA")), "image_base64 /messages/0/content/0/source/data",
         NULL, NULL},
        {BLOCKS(IMAGE("image/bmp", "?")),
         "image_media_type /messages/0/content/0/source/media_type\nimage_base64 /messages/0/content/0/source/data",
         NULL, NULL},
        {BLOCKS(IMAGE("image/png", PNG)), "", "validate.max_image_bytes", "12"},
        {BLOCKS(IMAGE("image/png", PNG)), "image_too_large /messages/0/content/0/source/data",
         "validate.max_image_bytes", "11"},
        {BLOCKS("{\"type\":\"image\",\"source\":{}}"), "missing_field /messages/0/content/0/source/type", NULL, NULL},
        {BLOCKS("{\"type\":\"image\",\"source\":{\"type\":\"base64\"}}"),
         "missing_field /messages/0/content/0/source/media_type\nmissing_field /messages/0/content/0/source/data", NULL,
         NULL},
        {BLOCKS(
             "{\"type\":\"image\",\"source\":{\"type\":\"url\"}},{\"type\":\"image\",\"source\":{\"type\":\"file\"}}"),
         "missing_field /messages/0/content/0/source/url\nmissing_field /messages/0/content/1/source/file_id", NULL,
         NULL},
        {BLOCKS("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"\"}}"),
         "empty_content /messages/0/content/0/source/url", NULL, NULL},
        {BLOCKS("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x/"
                "y.bmp\"}},{\"type\":\"image\",\"source\":"
                "{\"type\":\"file\",\"file_id\":\"f\"}},{\"type\":\"image\",\"source\":{\"type\":\"of_tomorrow\"}}"),
         "", NULL, NULL},
        {BLOCKS(DOCUMENT("application/pdf", PDF)), "", NULL, NULL},
        {BLOCKS(DOCUMENT("text/plain", PDF)), "document_media_type /messages/0/content/0/source/media_type", NULL,
         NULL},
        {BLOCKS(DOCUMENT("application/pdf", PNG)),
         "document_media_type_mismatch /messages/0/content/0/source/media_type", NULL, NULL},
        {BLOCKS(DOCUMENT("application/pdf", "")), "document_empty /messages/0/content/0/source/data", NULL, NULL},
        {BLOCKS(DOCUMENT("application/pdf", "=AAA")), "document_base64 /messages/0/content/0/source/data", NULL, NULL},
        {BLOCKS(DOCUMENT("application/pdf", PDF)), "document_too_large /messages/0/content/0/source/data",
         "validate.max_document_bytes", "11"},
        {BLOCKS(
             "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"abc\"}}"),
         "", "validate.max_document_bytes", "3"},
        {BLOCKS(
             "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"abcd\"}}"),
         "document_too_large /messages/0/content/0/source/data", "validate.max_document_bytes", "3"},
        {BLOCKS("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/html\",\"data\":\"\"}}"),
         "document_media_type /messages/0/content/0/source/media_type\ndocument_empty "
         "/messages/0/content/0/source/data",
         NULL, NULL},
        {BLOCKS("{\"type\":\"document\",\"source\":{\"type\":\"content\"}}"),
         "missing_field /messages/0/content/0/source/content", NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
    CHECK(NEW, examples);
}

static void sizes_at_their_default(void **state)
{
    (void)state;
    /* 5 MiB of base64 pass, 4 characters more do not. */
    check_repeated(BLOCKS(IMAGE("image/png", PNG "%s")), "AAAA", 0, "", "");
    check_repeated(BLOCKS(IMAGE("image/png", "iVBORw0K%s")), "AAAA", (5242880 - 8) / 4, "", "");
    check_repeated(BLOCKS(IMAGE("image/png", "iVBORw0K%s")), "AAAA", (5242880 - 8) / 4 + 1, "",
                   "image_too_large /messages/0/content/0/source/data");
}

static claude_file_t *file_of(const char *bytes, size_t len)
{
    claude_file_t *file = NULL;

    OK(cl_file_from_bytes(cl_str_n(bytes, len), NULL, &file, err));
    return file;
}

static void check_file(const char *body_of, claude_file_t *file, const char *option, const char *value,
                       const char *expected)
{
    char *body = repeated(body_of, file->token, 1, "");
    claude_request_t *request = given("messages.create", body);

    OK(cl_request_attach_file(request, file, err));
    if (option)
        OK(cl_request_set_option(request, option, value, err));
    expect(request, body, expected);
    free(body);
}

static void files_stand_for_their_content(void **state)
{
    static const char png[] = BLOCKS(IMAGE("image/png", "%s"));
    claude_file_t *image = file_of("\x89PNG\r\n\x1a\n12345", 13); /* 20 bytes of base64 */
    claude_file_t *empty = file_of("", 0);
    claude_request_t *request;
    char limit[32];
    char *body = repeated(png, image->token, 1, "");

    (void)state;
    check_file(png, image, NULL, NULL, "");
    check_file(png, image, "validate.max_image_bytes", "20", "");
    check_file(png, image, "validate.max_image_bytes", "19", "image_too_large /messages/0/content/0/source/data");
    check_file(BLOCKS(IMAGE("image/gif", "%s")), image, NULL, NULL,
               "image_media_type_mismatch /messages/0/content/0/source/media_type");
    check_file(png, empty, NULL, NULL, "image_empty /messages/0/content/0/source/data");
    /* Its base64 counts for the body's size, in the token's place. */
    snprintf(limit, sizeof limit, "%zu", sizeof png - 3 + 20);
    check_file(png, image, "validate.max_request_bytes", limit, "");
    snprintf(limit, sizeof limit, "%zu", sizeof png - 3 + 19);
    check_file(png, image, "validate.max_request_bytes", limit, "request_too_large ");
    /* A token of which the request does not know is no file. */
    expect(given("messages.create", body), body, "image_base64 /messages/0/content/0/source/data");
    request = given("messages.create", body);
    OK(cl_request_attach_file(request, empty, err));
    OK(cl_request_attach_file(request, image, err));
    expect(request, body, "");
    free(body);
    cl_file_unref(image);
    cl_file_unref(empty);
}

/* Each is found among many. */
static void many_files(void **state)
{
    enum { FILES = 50 };
    claude_file_t *files[FILES];
    claude_request_t *request;
    cl_buf list = CL_BUF_INIT(1 << 20);
    char *body;

    (void)state;
    for (int i = 0; i < FILES; i++) {
        char *block;
        files[i] = file_of("\x89PNG\r\n\x1a\n12345", 13);
        block = repeated(IMAGE("image/png", "%s"), files[i]->token, 1, "");
        cl_buf_append_text(&list, i > 0 ? "," : "");
        cl_buf_append_text(&list, block);
        free(block);
    }
    body = repeated(BLOCKS("%s"), list.ptr, 1, "");
    request = given("messages.create", body);
    for (int i = 0; i < FILES; i++)
        OK(cl_request_attach_file(request, files[i], err));
    expect(request, "many files", "");
    for (int i = 0; i < FILES; i++)
        cl_file_unref(files[i]);
    free(body);
    cl_buf_free(&list);
}

/* ---- bodies as a whole, other endpoints ---- */

static void sizes_of_bodies(void **state)
{
    static const char body[] = BODY("");
    char limit[32];
    claude_request_t *request = given("messages.create", body);

    (void)state;
    snprintf(limit, sizeof limit, "%zu", sizeof body - 1);
    OK(cl_request_set_option(request, "validate.max_request_bytes", limit, err));
    expect(request, body, "");
    snprintf(limit, sizeof limit, "%zu", sizeof body - 2);
    request = given("messages.create", body);
    OK(cl_request_set_option(request, "validate.max_request_bytes", limit, err));
    expect(request, body, "request_too_large ");
    request = built("messages.create", body);
    OK(cl_request_set_option(request, "validate.max_request_bytes", "20", err));
    expect(request, body, "request_too_large ");
}

static void other_endpoints(void **state)
{
    claude_request_t *request = NULL;

    (void)state;
    expect(given("messages.count_tokens", "{\"model\":\"m\",\"messages\":[" USER "]}"), "counting", "");
    expect(given("messages.count_tokens", "{}"), "counting", "missing_model /model\nmissing_messages /messages");
    request = given("messages.count_tokens", "{\"model\":\"m\",\"top_k\":1,\"messages\":[" USER "]}");
    OK(cl_request_set_option(request, "api_version", NEW, err));
    expect(request, "counting", "top_k_refused /top_k");
    expect(given("completions.create", "{}"), "completions", "");
    request = given("completions.create", "{}");
    OK(cl_request_set_option(request, "api_version", NEW, err));
    expect(request, "completions", "endpoint_refused ");
    assert_int_equal(claude_request_new("models.list", &request, NULL), CLAUDE_OK);
    expect(request, "models", "");
}

#define PARAMS(more) "{" HEAD ",\"messages\":[" USER "]" more "}"
#define ITEM(id, params) "{\"custom_id\":\"" id "\",\"params\":" params "}"
#define BATCH(list) "{\"requests\":[" list "]}"

static void batches(void **state)
{
    static const example examples[] = {
        {BATCH(ITEM("a", PARAMS("")) "," ITEM("b", PARAMS(""))), "", NULL, NULL},
        {"{}", "missing_field /requests", NULL, NULL},
        {"{\"requests\":{}}", "wrong_type /requests", NULL, NULL},
        {BATCH(""), "empty_batch /requests", NULL, NULL},
        {BATCH("1,{}"), "wrong_type /requests/0\nmissing_field /requests/1/custom_id\nmissing_field /requests/1/params",
         NULL, NULL},
        {BATCH(ITEM("", PARAMS("")) "," ITEM("a b", PARAMS("")) "," ITEM("c", PARAMS("")) "," ITEM("c", PARAMS(""))),
         "custom_id_pattern /requests/0/custom_id\ncustom_id_pattern /requests/1/custom_id\n"
         "duplicate_custom_id /requests/3/custom_id",
         NULL, NULL},
        {BATCH(ITEM("a", PARAMS(",\"stream\":true,\"temperature\":1")) "," ITEM("b", "{}")),
         "batch_refuses /requests/0/params/stream\ntemperature_refused /requests/0/params/temperature\n"
         "missing_model /requests/1/params/model\nmissing_max_tokens /requests/1/params/max_tokens\n"
         "missing_messages /requests/1/params/messages",
         NULL, NULL},
        {BATCH(ITEM("a", ZERO(""))), "batch_refuses /requests/0/params/max_tokens", NULL, NULL},
        {BATCH(ITEM("a", LONG("m", "100000", ""))), "", NULL, NULL},
        /* Each request counts for itself. */
        {BATCH(ITEM("a", PARAMS("," CACHE ",\"tools\":[" TOOL("t") "]")) "," ITEM(
             "b", PARAMS("," CACHE_1H ",\"tools\":[" TOOL("t") "]"))),
         "", "validate.max_cache_breakpoints", "1"},
        {BATCH(ITEM("a", PARAMS("")) "," ITEM("b", PARAMS(""))), "too_many_batch_requests /requests",
         "validate.max_batch_requests", "1"},
        {BATCH(ITEM("a", PARAMS(""))), "request_too_large ", "validate.max_batch_bytes", "20"},
        {BATCH(ITEM("a", PARAMS(""))), "", "validate.max_request_bytes", "20"},
    };

    (void)state;
    check_all("messages.batches.create", NEW, examples, sizeof examples / sizeof examples[0]);
}

static void parts_alone(void **state)
{
    claude_problems_t *problems = NULL;
    cl_json params = cl_json_root(CL_STR(" {\"stream\":true} "));
    cl_json tool = cl_json_root(CL_STR("{\"name\":\"a b\",\"description\":\"\"}"));
    char *list;

    (void)state;
    assert_int_equal(cl_validate_params(params, true, NULL, &problems, NULL), CLAUDE_PROBLEMS);
    list = list_of(problems);
    assert_string_equal(list, "missing_model /model\nmissing_max_tokens /max_tokens\nmissing_messages /messages\n"
                              "batch_refuses /stream");
    free(list);
    cl_problems_unref(problems);
    assert_int_equal(cl_validate_tool(tool, NULL, &problems, NULL), CLAUDE_PROBLEMS);
    list = list_of(problems);
    assert_string_equal(list,
                        "missing_field /input_schema\ntool_name_pattern /name\ntool_description_length /description");
    free(list);
    cl_problems_unref(problems);
    problems = NULL;
    assert_int_equal(
        cl_validate_block(cl_json_root(CL_STR("{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\"}]}")), NULL,
                          NULL, &problems, NULL),
        CLAUDE_PROBLEMS);
    list = list_of(problems);
    assert_string_equal(list, "missing_field /tool_use_id\nmissing_field /content/0/text");
    free(list);
    cl_problems_unref(problems);
    problems = NULL;
    OK(cl_validate_tool(cl_json_root(CL_STR(TOOL("a"))), NULL, &problems, err));
    assert_null(problems);
}

/* ---- many at once ---- */

static void all_at_once_in_the_order_of_the_body(void **state)
{
    static const example examples[] = {
        {"{\"tool_choice\":{\"type\":\"tool\",\"name\":\"x\"},\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":"
         "5000},"
         "\"messages\":[{\"role\":\"me\",\"content\":\"\"}],\"top_p\":2,\"tools\":[" TOOL("a") "," TOOL("a!") "," TOOL(
             "a") "],"
                  "\"max_tokens\":4000}",
         "missing_model /model\ntool_choice_unknown_tool /tool_choice/name\nthinking_budget /thinking/budget_tokens\n"
         "unknown_role /messages/0/role\nempty_content /messages/0/content\nout_of_range /top_p\n"
         "tool_name_pattern /tools/1/name\nduplicate_tool /tools/2/name",
         NULL, NULL},
        /* What is missing comes first, whatever else is there. */
        {"{\"x\":1,\"max_tokens\":-1,\"requests\":[]}",
         "missing_model /model\nmissing_messages /messages\nout_of_range /max_tokens", NULL, NULL},
    };

    (void)state;
    CHECK(OLD, examples);
}

static void a_list_has_an_end(void **state)
{
    char *text = repeated(MESSAGES("%s"), "1", 1500, ",");
    claude_request_t *request = given("messages.create", text);
    claude_problems_t *problems = NULL;

    (void)state;
    assert_int_equal(claude_request_validate(request, &problems, NULL), CLAUDE_PROBLEMS);
    assert_int_equal(claude_problems_count(problems), 1000);
    assert_int_equal(claude_problems_left_out(problems), 500);
    assert_string_equal(claude_problems_field(problems, 999), "/messages/999");
    FAILS(CLAUDE_E_INVALID, "and 1499 more problems", cl_problems_fail(problems, err));
    claude_problems_unref(problems);
    claude_request_unref(request);
    free(text);
}

static void a_setter_that_failed_is_a_problem(void **state)
{
    claude_request_t *request = given("messages.create", BODY(""));

    (void)state;
    assert_int_equal(claude_request_set_temperature(request, 7, NULL), CLAUDE_E_INVALID);
    expect(request, "after a setter that failed", "setter_failed ");
}

/* Twice the body takes about twice the time: nothing is compared with everything. */
static void many_names_are_no_trouble(void **state)
{
    char *text = many_tools(50000);
    claude_request_t *request = given("messages.create", text);

    (void)state;
    OK(cl_request_set_option(request, "validate.max_tools", "50000", err));
    expect(request, "50,000 tools", "");
    free(text);
    check_repeated(ASSISTANT("%s"), USE("same") "," RESULT("same"), 50000, ",", "");
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest all[] = {
        TEST(fields_of_the_body),
        TEST(user_ids_are_counted_in_characters),
        TEST(messages_and_roles),
        TEST(blocks_have_what_they_need),
        TEST(results_belong_to_tool_uses),
        TEST(the_old_version),
        TEST(what_models_refuse),
        TEST(what_a_programs_table_says),
        TEST(the_new_version),
        TEST(the_client_says_the_version_too),
        TEST(thinking),
        TEST(no_tokens_at_all),
        TEST(long_answers_are_streamed),
        TEST(the_rule_for_long_answers_alone),
        TEST(cache_breakpoints),
        TEST(tools),
        TEST(limits_of_tools),
        TEST(choices_of_tools),
        TEST(sources),
        TEST(sizes_at_their_default),
        TEST(files_stand_for_their_content),
        TEST(many_files),
        TEST(sizes_of_bodies),
        TEST(other_endpoints),
        TEST(batches),
        TEST(parts_alone),
        TEST(all_at_once_in_the_order_of_the_body),
        TEST(a_list_has_an_end),
        TEST(a_setter_that_failed_is_a_problem),
        TEST(many_names_are_no_trouble),
    };

    return cmocka_run_group_tests_name("message.validate", all, NULL, NULL);
}
