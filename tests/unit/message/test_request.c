#include "testing.h"

#include "api/api.h"

#include <pthread.h>

#define MINIMAL "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

static claude_request_t *request_of(const char *endpoint)
{
    claude_request_t *request = NULL;

    OK(cl_api_request_new(endpoint, &request, err));
    assert_non_null(request);
    return request;
}

static claude_request_t *request_with(const char *json)
{
    claude_request_t *request = request_of("messages");

    OK(cl_request_set_json(request, cl_str_of(json), err));
    return request;
}

static void assert_json(claude_request_t *request, const char *expected)
{
    size_t len = 0;
    const char *json = cl_request_json(request, &len);

    assert_non_null(json);
    assert_string_equal(json, expected);
    assert_int_equal(len, strlen(expected));
    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
}

/* The body as it goes over the wire; frees the snapshot. */
static void assert_sent(claude_request_t *request, bool force, const char *expected, bool stream)
{
    cl_snapshot snapshot;
    char *sent;

    OK(cl_request_snapshot(request, force, &snapshot, err));
    assert_int_equal(snapshot.body.len, strlen(expected));
    sent = malloc(snapshot.body.len + 1);
    assert_non_null(sent);
    assert_int_equal(cl_body_read(&snapshot.body, 0, sent, snapshot.body.len + 1), snapshot.body.len);
    assert_memory_equal(sent, expected, snapshot.body.len);
    assert_int_equal(snapshot.stream, stream);
    free(sent);
    cl_snapshot_free(&snapshot);
}

static void refused(const char *json, bool force, const char *message)
{
    claude_request_t *request = request_with(json);
    cl_snapshot snapshot;

    FAILS(CLAUDE_E_INVALID, message, cl_request_snapshot(request, force, &snapshot, err));
    cl_request_unref(request);
}

/* ---- endpoints ---- */

static void endpoints_are_known_by_name(void **state)
{
    claude_request_t *request = NULL;
    cl_snapshot snapshot;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "\"nonsense\" is not known", cl_api_request_new("nonsense", &request, err));
    FAILS(CLAUDE_E_INVALID, "not known", cl_api_request_new(NULL, &request, err));
    FAILS(CLAUDE_E_INVALID, "not known", cl_api_request_new("", &request, err));
    assert_null(request);
    request = request_with(MINIMAL);
    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_string_equal(snapshot.endpoint->name, "messages.create");
    assert_string_equal(snapshot.endpoint->method, "POST");
    assert_string_equal(snapshot.target, "/v1/messages");
    cl_snapshot_free(&snapshot);
    cl_request_unref(cl_request_ref(request));
    cl_request_unref(request);
    cl_request_unref(NULL);
    request = request_of("messages.count_tokens");
    OK(cl_request_set_json(request, CL_STR("{\"model\":\"m\",\"messages\":[1]}"), err));
    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_string_equal(snapshot.target, "/v1/messages/count_tokens");
    cl_snapshot_free(&snapshot);
    FAILS(CLAUDE_E_INVALID, "messages.count_tokens does not stream",
          cl_request_snapshot(request, true, &snapshot, err));
    cl_request_unref(request);
}

static void get_has_no_body(void **state)
{
    claude_request_t *request = request_of("models.list");
    cl_snapshot snapshot;

    (void)state;
    assert_null(cl_request_json(request, NULL));
    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_string_equal(snapshot.endpoint->method, "GET");
    assert_string_equal(snapshot.target, "/v1/models");
    assert_null(snapshot.body.blob);
    assert_int_equal(snapshot.body.len, 0);
    cl_snapshot_free(&snapshot);
    FAILS(CLAUDE_E_INVALID, "does not stream", cl_request_snapshot(request, true, &snapshot, err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_json(request, CL_STR("{}"), err));
    FAILS(CLAUDE_E_INVALID, "model: models.list", cl_request_set_model(request, "m", err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_max_tokens(request, 1, err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_temperature(request, 0.5, err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_system(request, CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_add_message(request, "user", CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_add_stop_sequence(request, CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_user_id(request, CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_stream(request, false, err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_field(request, "/a", CL_STR("1"), err));
    cl_request_unref(request);
}

/* ---- bodies built by setters ---- */

static void setters_build_a_body(void **state)
{
    claude_request_t *request = request_of("messages.create");

    (void)state;
    assert_json(request, "{}");
    OK(cl_request_set_model(request, "claude-\"x\"", err));
    OK(cl_request_set_max_tokens(request, 1024, err));
    OK(cl_request_set_system(request, CL_STR("be\nbrief"), err));
    OK(cl_request_add_message(request, "user", CL_STR("a\0b"), err));
    assert_json(request, "{\"model\":\"claude-\\\"x\\\"\",\"max_tokens\":1024,\"system\":\"be\\nbrief\",\"messages\":"
                         "[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}");
    OK(cl_request_add_message(request, "assistant", CL_STR("\xc3\xa9"), err));
    OK(cl_request_set_temperature(request, 0.7, err));
    OK(cl_request_set_top_p(request, 1, err));
    OK(cl_request_set_top_k(request, 40, err));
    OK(cl_request_add_stop_sequence(request, CL_STR("END"), err));
    OK(cl_request_add_stop_sequence(request, CL_STR("\t"), err));
    OK(cl_request_set_user_id(request, CL_STR("u-1"), err));
    OK(cl_request_set_stream(request, true, err));
    OK(cl_request_set_max_tokens(request, 0, err));
    assert_json(request,
                "{\"model\":\"claude-\\\"x\\\"\",\"max_tokens\":0,\"system\":\"be\\nbrief\",\"messages\":"
                "[{\"role\":\"user\",\"content\":\"a\\u0000b\"},{\"role\":\"assistant\",\"content\":\"\xc3\xa9\"}],"
                "\"temperature\":0.7,\"top_p\":1,\"top_k\":40,\"stop_sequences\":[\"END\",\"\\t\"],"
                "\"metadata\":{\"user_id\":\"u-1\"},\"stream\":true}");
    OK(cl_request_set_system(request, CL_STR(""), err));
    OK(cl_request_add_message(request, "system", CL_STR("s"), err));
    cl_request_unref(request);
}

static void fields_by_pointer(void **state)
{
    claude_request_t *request = request_of("messages");

    (void)state;
    OK(cl_request_set_field(request, "/thinking", CL_STR(" {\"type\": \"adaptive\"} "), err));
    OK(cl_request_set_field(request, "/metadata/user_id", CL_STR("\"u\""), err));
    OK(cl_request_set_field(request, "/messages/-", CL_STR("{\"role\":\"user\",\"content\":[]}"), err));
    OK(cl_request_set_field(request, "/messages/0/content/-", CL_STR("{\"type\":\"text\",\"text\":\"t\"}"), err));
    OK(cl_request_add_message(request, "assistant", CL_STR("a"), err));
    OK(cl_request_set_field(request, "/a~1b", CL_STR("12345678901234567890"), err));
    OK(cl_request_set_field(request, "/m~0n", CL_STR("1e1"), err));
    OK(cl_request_set_field(request, "/quo\"te/x", CL_STR("1"), err));
    OK(cl_request_set_field(request, "/thinking/type", CL_STR("\"disabled\""), err));
    assert_json(request, "{\"thinking\":{\"type\": \"disabled\"},\"metadata\":{\"user_id\":\"u\"},\"messages\":"
                         "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}]},"
                         "{\"role\":\"assistant\",\"content\":\"a\"}],\"a/b\":12345678901234567890,\"m~n\":1e1,"
                         "\"quo\\\"te\":{\"x\":1}}");
    OK(cl_request_set_field(request, "/a~1b", CL_STR("null"), err));
    OK(cl_request_set_field(request, "/", CL_STR("0"), err));
    assert_non_null(strstr(cl_request_json(request, NULL), "\"a/b\":null"));
    assert_non_null(strstr(cl_request_json(request, NULL), ",\"\":0}"));
    cl_request_unref(request);
}

static void fields_are_refused_with_reason(void **state)
{
    static const struct {
        const char *pointer;
        const char *json;
        const char *message;
    } rows[] = {
        {"", "1", "claude_request_set_json"},
        {"a", "1", "must begin with /"},
        {"/a~", "1", "neither ~0 nor ~1"},
        {"/a~2/b", "1", "neither ~0 nor ~1"},
        {"/a/b~2", "1", "no ~ but"},
        {"/\xff", "1", "UTF-8 at offset 1"},
        {"/a", "", "value for /a: JSON is not valid at offset 0"},
        {"/a", "{\"x\":\"\\ud800\"}", "value for /a: JSON is not valid at offset 6: lone surrogate"},
        {"/a", "'x'", "value for /a"},
        {"/model/x", "1", "neither object nor array"},
        {"/messages/3", "1", "out of range"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_request_t *request = request_with(MINIMAL);
        FAILS(CLAUDE_E_INVALID, rows[i].message,
              cl_request_set_field(request, rows[i].pointer, cl_str_of(rows[i].json), err));
        assert_json(request, MINIMAL);
        cl_request_unref(request);
    }
}

static void setters_name_what_is_wrong(void **state)
{
    claude_request_t *request = request_of("messages");
    char long_id[258 * 2 + 1];

    (void)state;
    FAILS(CLAUDE_E_INVALID, "model is empty", cl_request_set_model(request, "", err));
    FAILS(CLAUDE_E_INVALID, "model is empty", cl_request_set_model(request, NULL, err));
    FAILS(CLAUDE_E_INVALID, "model is not valid UTF-8 at offset 1", cl_request_set_model(request, "m\xff", err));
    FAILS(CLAUDE_E_INVALID, "max_tokens is -1", cl_request_set_max_tokens(request, -1, err));
    FAILS(CLAUDE_E_INVALID, "top_k is -5", cl_request_set_top_k(request, -5, err));
    FAILS(CLAUDE_E_INVALID, "between 0.0 and 1.0", cl_request_set_temperature(request, 1.01, err));
    FAILS(CLAUDE_E_INVALID, "temperature", cl_request_set_temperature(request, -0.1, err));
    FAILS(CLAUDE_E_INVALID, "temperature", cl_request_set_temperature(request, 0.0 / 0.0 * 1.0, err));
    FAILS(CLAUDE_E_INVALID, "top_p", cl_request_set_top_p(request, 1e308 * 10, err));
    FAILS(CLAUDE_E_INVALID, "role is empty", cl_request_add_message(request, "", CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "role \"User\"", cl_request_add_message(request, "User", CL_STR("x"), err));
    FAILS(CLAUDE_E_INVALID, "message text is empty", cl_request_add_message(request, "user", CL_STR(""), err));
    FAILS(CLAUDE_E_INVALID, "message text is not valid UTF-8 at offset 2",
          cl_request_add_message(request, "user", CL_STR("ab\xed\xa0\x80"), err));
    FAILS(CLAUDE_E_INVALID, "stop sequence is empty", cl_request_add_stop_sequence(request, CL_STR(""), err));
    FAILS(CLAUDE_E_INVALID, "system is not valid UTF-8", cl_request_set_system(request, CL_STR("\xc0\x80"), err));
    memset(long_id, 0, sizeof long_id);
    for (int i = 0; i < 257; i++)
        memcpy(long_id + 2 * i, "\xc3\xa9", 2);
    FAILS(CLAUDE_E_INVALID, "257 characters", cl_request_set_user_id(request, cl_str_of(long_id), err));
    assert_json(request, "{}");
    long_id[512] = '\0';
    OK(cl_request_set_user_id(request, cl_str_of(long_id), err));
    OK(cl_request_set_field(request, "/messages", CL_STR("{}"), err));
    FAILS(CLAUDE_E_INVALID, "messages in the body is not an array",
          cl_request_add_message(request, "user", CL_STR("x"), err));
    OK(cl_request_set_temperature(request, 0, err));
    OK(cl_request_set_temperature(request, 1, err));
    cl_request_unref(request);
    request = request_of("messages.count_tokens");
    FAILS(CLAUDE_E_INVALID, "does not stream", cl_request_set_stream(request, true, err));
    cl_request_unref(request);
}

static void first_failure_is_kept(void **state)
{
    claude_request_t *request = request_with(MINIMAL);
    cl_snapshot snapshot;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "max_tokens is -1", cl_request_set_max_tokens(request, -1, err));
    FAILS(CLAUDE_E_INVALID, "model is empty", cl_request_set_model(request, "", err));
    OK(cl_request_set_model(request, "m", err));
    OK(cl_request_set_max_tokens(request, 1, err));
    for (int i = 0; i < 2; i++)
        FAILS(CLAUDE_E_INVALID, "max_tokens is -1", cl_request_snapshot(request, false, &snapshot, err));
    cl_request_unref(request);
    request = request_with(MINIMAL);
    assert_int_equal(cl_request_set_header(request, "bad name", "x", NULL), CLAUDE_E_INVALID);
    FAILS(CLAUDE_E_INVALID, "header name", cl_request_snapshot(request, false, &snapshot, err));
    assert_int_equal(cl_request_snapshot(request, false, &snapshot, NULL), CLAUDE_E_INVALID);
    cl_request_unref(request);
}

/* Appending costs what is appended: doubling the messages must not quadruple the time. Checked by the size alone. */
static void many_messages(void **state)
{
    claude_request_t *request = request_of("messages");
    cl_snapshot snapshot;
    cl_json root;

    (void)state;
    OK(cl_request_set_model(request, "m", err));
    OK(cl_request_set_max_tokens(request, 1, err));
    for (int i = 0; i < 20000; i++)
        OK(cl_request_add_message(request, i % 2 ? "assistant" : "user", CL_STR("some text of a message"), err));
    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_int_equal(cl_json_validate(cl_str_n(snapshot.body.blob->bytes, snapshot.body.len), 200, &root, NULL), 0);
    assert_int_equal(cl_json_count(cl_json_member(root, CL_STR("messages"))), 20000);
    cl_snapshot_free(&snapshot);
    cl_request_unref(request);
}

/* ---- bodies given as a whole ---- */

static void whole_bodies_are_sent_byte_for_byte(void **state)
{
    static const char json[] =
        " \n{ \"max_tokens\" : 1 , \"x\":12345678901234567890.10, \"x\":2, \"mod\\u0065l\":\"m\","
        "\"messages\":[ {} ],\"s\":\"\\u00e9\\/\" }\t";
    claude_request_t *request = request_with(json);

    (void)state;
    assert_json(request, json);
    assert_sent(request, false, json, false);
    cl_request_unref(request);
}

static void whole_bodies_are_checked(void **state)
{
    static const struct {
        const char *json;
        const char *message;
    } rows[] = {
        {"", "offset 0"},
        {"[]", "must be a JSON object"},
        {"{\"a\":\"\\udc00\"}", "offset 6: lone surrogate"},
        {"{\"a\":\"\xff\"}", "offset 6: invalid UTF-8"},
        {"{\"a\":NaN}", "offset 5"},
        {"{\"model\":\"a\",\"model\":\"b\"}", "model is in the body twice"},
        {"{\"max_tokens\":1,\"x\":0,\"max\\u005ftokens\":2}", "max_tokens is in the body twice"},
        {"{\"stream\":true,\"stream\":false}", "stream is in the body twice"},
    };
    claude_request_t *request;
    cl_buf deep = CL_BUF_INIT(10000);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request = request_with(MINIMAL);
        FAILS(CLAUDE_E_INVALID, rows[i].message, cl_request_set_json(request, cl_str_of(rows[i].json), err));
        assert_json(request, MINIMAL);
        cl_request_unref(request);
    }
    /* Duplicates of what the library does not look at are the server's business; nested ones are other fields. */
    request = request_with("{\"a\":1,\"a\":2,\"b\":{\"model\":1,\"model\":2}}");
    cl_request_unref(request);
    assert_int_equal(cl_buf_append_text(&deep, "{\"a\":"), CL_BUF_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(cl_buf_append_char(&deep, '['), CL_BUF_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(cl_buf_append_char(&deep, ']'), CL_BUF_OK);
    assert_int_equal(cl_buf_append_char(&deep, '}'), CL_BUF_OK);
    request = request_of("messages");
    FAILS(CLAUDE_E_INVALID, "nested too deeply", cl_request_set_json(request, cl_buf_str(&deep), err));
    FAILS(CLAUDE_E_INVALID, "nested too deeply",
          cl_request_set_field(request, "/a", cl_str_n(deep.ptr + 5, deep.len - 6), err));
    OK(cl_request_set_option(request, "limit.json_depth", "300", err));
    OK(cl_request_set_json(request, cl_buf_str(&deep), err));
    cl_request_unref(request);
    cl_buf_free(&deep);
    /* The steps of a pointer count like brackets. */
    request = request_of("messages");
    OK(cl_request_set_option(request, "limit.json_depth", "3", err));
    OK(cl_request_set_field(request, "/a/b/c", CL_STR("1"), err));
    OK(cl_request_set_field(request, "/a/d", CL_STR("[1]"), err));
    assert_int_equal(cl_json_validate(cl_str_of(cl_request_json(request, NULL)), 3, NULL, NULL), CLAUDE_OK);
    FAILS(CLAUDE_E_INVALID, "nested too deeply", cl_request_set_field(request, "/a/d", CL_STR("[[1]]"), err));
    FAILS(CLAUDE_E_INVALID, "nested too deeply", cl_request_set_field(request, "/a/b/c", CL_STR("[]"), err));
    FAILS(CLAUDE_E_INVALID, "has 4 steps", cl_request_set_field(request, "/a/b/c/d", CL_STR("1"), err));
    cl_request_unref(request);
}

/* A setter after a whole body: what it does not set keeps its spelling, its place and the space around it. */
static void setters_change_a_whole_body(void **state)
{
    claude_request_t *request =
        request_with("{ \"big\" : 12345678901234567890.10, \"model\":\"a\", \"messages\": [ {} ] ,"
                     "\"u\\u0041\":\"\\u00e9\", \"unknown\":{ \"k\" : 1E5 } }");

    (void)state;
    OK(cl_request_set_model(request, "b", err));
    assert_json(request, "{ \"big\" : 12345678901234567890.10, \"model\":\"b\", \"messages\": [ {} ] ,"
                         "\"u\\u0041\":\"\\u00e9\", \"unknown\":{ \"k\" : 1E5 } }");
    OK(cl_request_add_message(request, "user", CL_STR("x"), err));
    OK(cl_request_set_field(request, "/uA", CL_STR("0"), err));
    OK(cl_request_set_field(request, "/unknown/l", CL_STR("2"), err));
    assert_json(request, "{ \"big\" : 12345678901234567890.10, \"model\":\"b\", \"messages\": [ {},{\"role\":\"user\","
                         "\"content\":\"x\"}] ,\"u\\u0041\":0, \"unknown\":{ \"k\" : 1E5,\"l\":2 } }");
    OK(cl_request_set_json(request, CL_STR(MINIMAL), err));
    assert_json(request, MINIMAL);
    cl_request_unref(request);
    request = request_with("{\"messages\":[ ]}");
    OK(cl_request_add_message(request, "user", CL_STR("x"), err));
    assert_json(request, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    cl_request_unref(request);
    request = request_with(" {} ");
    OK(cl_request_set_max_tokens(request, 7, err));
    assert_json(request, " {\"max_tokens\":7} ");
    cl_request_unref(request);
}

static void json_is_lent_until_the_next_change(void **state)
{
    claude_request_t *request = request_of("messages");
    const char *json;

    (void)state;
    OK(cl_request_set_model(request, "a", err));
    json = cl_request_json(request, NULL);
    assert_ptr_equal(cl_request_json(request, NULL), json);
    OK(cl_request_set_model(request, "b", err));
    assert_json(request, "{\"model\":\"b\"}");
    cl_request_unref(request);
}

/* ---- what must be there ---- */

static void required_fields_are_named(void **state)
{
    static const struct {
        const char *json;
        const char *message;
    } rows[] = {
        {"{}", "model is missing; set it with claude_request_set_model()"},
        {"{\"max_tokens\":1,\"messages\":[1]}", "model is missing"},
        {"{\"model\":\"\",\"max_tokens\":1,\"messages\":[1]}", "model must be a string that is not empty"},
        {"{\"model\":null,\"max_tokens\":1,\"messages\":[1]}", "model must be a string"},
        {"{\"model\":\"m\",\"messages\":[1]}", "max_tokens is missing"},
        {"{\"model\":\"m\",\"max_tokens\":\"1\",\"messages\":[1]}", "max_tokens must be an integer"},
        {"{\"model\":\"m\",\"max_tokens\":1.5,\"messages\":[1]}", "max_tokens must be an integer"},
        {"{\"model\":\"m\",\"max_tokens\":-1,\"messages\":[1]}", "max_tokens must be an integer"},
        {"{\"model\":\"m\",\"max_tokens\":99999999999999999999,\"messages\":[1]}", "max_tokens must be an integer"},
        {"{\"model\":\"m\",\"max_tokens\":1}", "messages is missing"},
        {"{\"model\":\"m\",\"max_tokens\":1,\"messages\":[ ]}", "messages must be an array of at least one"},
        {"{\"model\":\"m\",\"max_tokens\":1,\"messages\":\"hi\"}", "messages must be an array"},
        {"{\"model\":\"m\",\"max_tokens\":1,\"messages\":{\"a\":1}}", "messages must be an array"},
        {"{\"model\":\"m\",\"max_tokens\":1,\"messages\":[1],\"stream\":1}", "stream must be true or false"},
        {"{\"model\":\"m\",\"max_tokens\":1,\"messages\":[1],\"stream\":null}", "stream must be true or false"},
        {"{\"x\":{\"model\":\"m\",\"max_tokens\":1,\"messages\":[1]}}", "model is missing"},
    };
    claude_request_t *request = request_of("messages");
    cl_snapshot snapshot;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].json, false, rows[i].message);
    FAILS(CLAUDE_E_INVALID, "model is missing", cl_request_snapshot(request, false, &snapshot, err));
    OK(cl_request_set_model(request, "m", err));
    FAILS(CLAUDE_E_INVALID, "max_tokens is missing", cl_request_snapshot(request, false, &snapshot, err));
    OK(cl_request_set_max_tokens(request, 0, err));
    FAILS(CLAUDE_E_INVALID, "messages is missing", cl_request_snapshot(request, false, &snapshot, err));
    OK(cl_request_add_message(request, "user", CL_STR("x"), err));
    OK(cl_request_snapshot(request, false, &snapshot, err));
    cl_snapshot_free(&snapshot);
    cl_request_unref(request);
    /* Counting needs no max_tokens, but a wrong one is still wrong. */
    request = request_of("messages.count_tokens");
    OK(cl_request_set_json(request, CL_STR("{\"model\":\"m\",\"messages\":[1],\"max_tokens\":\"x\"}"), err));
    FAILS(CLAUDE_E_INVALID, "max_tokens must be", cl_request_snapshot(request, false, &snapshot, err));
    cl_request_unref(request);
}

/* ---- streams ---- */

static void streams_are_spliced(void **state)
{
    static const char tail[] = "\"model\":\"m\",\"max_tokens\":1,\"messages\":[1]}";
    claude_request_t *request;
    char json[200];
    char expected[200];

    (void)state;
    snprintf(json, sizeof json, " \n{ %s ", tail);
    snprintf(expected, sizeof expected, " \n{\"stream\":true, %s ", tail);
    request = request_with(json);
    assert_sent(request, true, expected, true);
    assert_sent(request, false, json, false);
    assert_json(request, json);
    cl_request_unref(request);
    snprintf(json, sizeof json, "{\"stream\": true,%s", tail);
    request = request_with(json);
    assert_sent(request, false, json, true);
    assert_sent(request, true, json, true);
    cl_request_unref(request);
    snprintf(json, sizeof json, "{\"stream\":false,%s", tail);
    request = request_with(json);
    assert_sent(request, false, json, false);
    cl_request_unref(request);
    refused(json, true, "stream is false in the body");
    /* A nested or quoted "stream" is none. */
    snprintf(json, sizeof json, "{\"x\":{\"stream\":false},\"y\":\"stream\",%s", tail);
    snprintf(expected, sizeof expected, "{\"stream\":true,\"x\":{\"stream\":false},\"y\":\"stream\",%s", tail);
    request = request_with(json);
    assert_sent(request, true, expected, true);
    cl_request_unref(request);
}

static void built_bodies_stream(void **state)
{
    claude_request_t *request = request_of("messages");
    cl_snapshot snapshot;

    (void)state;
    OK(cl_request_set_model(request, "m", err));
    OK(cl_request_set_max_tokens(request, 1, err));
    OK(cl_request_set_field(request, "/messages", CL_STR("[1]"), err));
    assert_sent(request, true, "{\"stream\":true,\"model\":\"m\",\"max_tokens\":1,\"messages\":[1]}", true);
    assert_sent(request, false, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[1]}", false);
    OK(cl_request_set_stream(request, true, err));
    assert_sent(request, false, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[1],\"stream\":true}", true);
    OK(cl_request_set_stream(request, false, err));
    FAILS(CLAUDE_E_INVALID, "stream is false", cl_request_snapshot(request, true, &snapshot, err));
    cl_request_unref(request);
}

/* Below 64 KiB a spliced body is one piece; from there on it is shared, never copied. */
static void large_bodies_are_shared(void **state)
{
    (void)state;
    for (size_t size = 65535; size <= 65536; size++) {
        cl_buf json = CL_BUF_INIT(1u << 20);
        claude_request_t *request;
        cl_snapshot first;
        cl_snapshot second;
        char start[27];
        assert_int_equal(cl_buf_append_text(&json, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[\""), CL_BUF_OK);
        while (json.len < size - 3)
            assert_int_equal(cl_buf_append_char(&json, 'x'), CL_BUF_OK);
        assert_int_equal(cl_buf_append_text(&json, "\"]}"), CL_BUF_OK);
        request = request_with(json.ptr);
        OK(cl_request_snapshot(request, true, &first, err));
        OK(cl_request_snapshot(request, false, &second, err));
        assert_int_equal(first.body.count, size < 65536 ? 1 : 3);
        assert_int_equal(first.body.len, size + strlen("\"stream\":true,"));
        assert_int_equal(cl_body_read(&first.body, 0, start, sizeof start), sizeof start);
        assert_memory_equal(start, "{\"stream\":true,\"model\":\"m\",", sizeof start);
        assert_int_equal(cl_body_read(&first.body, first.body.len - 3, start, sizeof start), 3);
        assert_memory_equal(start, "\"]}", 3);
        assert_int_equal(first.body.blob == second.body.blob, size >= 65536);
        assert_ptr_equal(second.body.blob->bytes, cl_request_json(request, NULL));
        /* The request may go while the call runs. */
        cl_request_unref(request);
        assert_int_equal(second.body.len, size);
        assert_memory_equal(second.body.blob->bytes, json.ptr, json.len);
        cl_snapshot_free(&first);
        cl_snapshot_free(&second);
        cl_buf_free(&json);
    }
}

/* ---- what else a request carries ---- */

static int destroyed;

static void destroy(void *user_data)
{
    destroyed += *(int *)user_data;
}

static void function(void)
{
}

static void headers_options_and_hooks_travel(void **state)
{
    claude_request_t *request = request_with(MINIMAL);
    claude_request_t *other = request_with(MINIMAL);
    cl_snapshot snapshot;
    cl_hook *hook = NULL;
    int one = 1;
    int ten = 10;

    (void)state;
    destroyed = 0;
    OK(cl_request_set_header(request, "x-one", "1", err));
    OK(cl_request_set_header(request, "X-ONE", "2", err));
    OK(cl_request_set_header(request, "x-gone", NULL, err));
    FAILS(CLAUDE_E_INVALID, "content-length", cl_request_set_header(other, "Content-Length", "1", err));
    cl_request_unref(other);
    OK(cl_request_set_option(request, "beta", "b1,b2", err));
    OK(cl_hook_new(function, &one, destroy, &hook, err));
    cl_request_set_hook(request, hook);
    OK(cl_hook_new(function, &ten, destroy, &hook, err));
    cl_request_set_hook(request, hook);
    assert_int_equal(destroyed, 1);
    OK(cl_request_snapshot(request, false, &snapshot, err));
    OK(cl_request_set_header(request, "x-one", "3", err));
    OK(cl_request_set_option(request, "beta", "b3", err));
    cl_request_set_hook(request, NULL);
    cl_request_unref(request);
    assert_int_equal(destroyed, 1);
    assert_int_equal(snapshot.headers.count, 2);
    assert_string_equal(cl_headers_find(&snapshot.headers, CL_STR("x-one"))->value, "2");
    assert_null(cl_headers_find(&snapshot.headers, CL_STR("x-gone"))->value);
    assert_string_equal(cl_option_text(snapshot.options, NULL, CL_OPT_BETA), "b1,b2");
    assert_ptr_equal(cl_hook_data(snapshot.on_event), &ten);
    cl_snapshot_free(&snapshot);
    assert_int_equal(destroyed, 11);
}

/* ---- threads ---- */

static void *take_snapshots(void *arg)
{
    claude_request_t *request = arg;
    size_t wrong = 0;

    for (int i = 0; i < 500; i++) {
        cl_snapshot snapshot;
        cl_err err;
        cl_err_init(&err);
        if (cl_request_snapshot(request, i % 2, &snapshot, &err) < 0) {
            wrong++;
            continue;
        }
        wrong += snapshot.stream != (i % 2 == 1);
        cl_snapshot_free(&snapshot);
    }
    return wrong > 0 ? arg : NULL;
}

static void one_request_for_many_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        claude_request_t *request = request_of("messages");
        pthread_t threads[4];
        OK(cl_request_set_model(request, "m", err));
        OK(cl_request_set_max_tokens(request, 1, err));
        OK(cl_request_add_message(request, "user", CL_STR("x"), err));
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, take_snapshots, request), 0);
        for (size_t i = 0; i < 4; i++) {
            void *wrong = NULL;
            assert_int_equal(pthread_join(threads[i], &wrong), 0);
            assert_null(wrong);
        }
        cl_request_unref(request);
    }
}

/* What is set may lie in what was lent, which the change replaces: memcheck and the sanitizers see what is read. */
static void takes_values_out_of_its_own_body(void **state)
{
    static const char body[] = "{\"m\":{},\"stop_sequences\":[],\"v\":\"value\"}";
    claude_request_t *request = request_of("messages");
    const char *json;
    cl_err err;

    (void)state;
    cl_err_init(&err);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(cl_request_set_json(request, cl_str_of(body), &err), CLAUDE_OK);
        if (i == 3) /* members, joined for the one who asks */
            assert_int_equal(cl_request_set_max_tokens(request, 1, &err), CLAUDE_OK);
        json = cl_request_json(request, NULL);
        if (i % 2 == 0)
            assert_int_equal(cl_request_add_message(request, "user", cl_str_n(strstr(json, "value"), 5), &err), 0);
        else
            assert_int_equal(cl_request_set_field(request, "/m/n", cl_str_n(strstr(json, "\"value\""), 7), &err), 0);
        assert_int_equal(
            cl_request_add_stop_sequence(request, cl_str_n(strstr(cl_request_json(request, NULL), "value"), 5), &err),
            0);
        json = cl_request_json(request, NULL);
        assert_non_null(strstr(json, i % 2 == 0 ? "\"content\":\"value\"" : "{\"n\":\"value\"}"));
        assert_non_null(strstr(json, "[\"value\"]"));
    }
    cl_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_known_by_name),
        cmocka_unit_test(get_has_no_body),
        cmocka_unit_test(setters_build_a_body),
        cmocka_unit_test(fields_by_pointer),
        cmocka_unit_test(fields_are_refused_with_reason),
        cmocka_unit_test(setters_name_what_is_wrong),
        cmocka_unit_test(first_failure_is_kept),
        cmocka_unit_test(many_messages),
        cmocka_unit_test(takes_values_out_of_its_own_body),
        cmocka_unit_test(whole_bodies_are_sent_byte_for_byte),
        cmocka_unit_test(whole_bodies_are_checked),
        cmocka_unit_test(setters_change_a_whole_body),
        cmocka_unit_test(json_is_lent_until_the_next_change),
        cmocka_unit_test(required_fields_are_named),
        cmocka_unit_test(streams_are_spliced),
        cmocka_unit_test(built_bodies_stream),
        cmocka_unit_test(large_bodies_are_shared),
        cmocka_unit_test(headers_options_and_hooks_travel),
        cmocka_unit_test(one_request_for_many_threads),
    };

    return cmocka_run_group_tests_name("message.request", tests, NULL, NULL);
}
