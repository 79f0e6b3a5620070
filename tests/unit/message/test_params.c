/* What a request has beside its body: path and query parameters, beta names, files and forms. */
#include "testing.h"

#include "api/api.h"

static claude_request_t *request_to(const char *endpoint)
{
    claude_request_t *request = NULL;

    OK(cl_api_request_new(endpoint, &request, err));
    return request;
}

static void expect_target(claude_request_t *request, const char *target)
{
    cl_snapshot snapshot;

    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_string_equal(snapshot.target, target);
    cl_snapshot_free(&snapshot);
}

static char *body_of(claude_request_t *request, bool stream, char **type)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_snapshot snapshot;
    char *out;
    size_t got;

    OK(cl_request_snapshot(request, stream, &snapshot, err));
    out = calloc(1, snapshot.body.len + 1);
    OK(cl_body_reader_read(&reader, &snapshot.body, out, snapshot.body.len + 1, &got, err));
    assert_int_equal(got, snapshot.body.len);
    if (type)
        *type = snapshot.form_type ? strdup(snapshot.form_type) : NULL;
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    return out;
}

static void parameters_of_paths_are_encoded(void **state)
{
    static const char *const cases[][2] = {
        {"abc", "abc"},
        {"a b", "a%20b"},
        {"a/b", "a%2Fb"},
        {"a%2Fb", "a%252Fb"},
        {"a?b#c", "a%3Fb%23c"},
        {"x@y:z", "x@y:z"},
        {"\xc3\xb6", "%C3%B6"},
        {"...", "..."},
        {"..a", "..a"},
        {"%2e%2e%2e", "%252e%252e%252e"},
        {"~!$&'()*+,;=", "~!$&'()*+,;="},
    };
    claude_request_t *request = request_to("models.retrieve");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[100];
        OK(cl_request_set_path(request, "model_id", cases[i][0], err));
        snprintf(target, sizeof target, "/v1/models/%s", cases[i][1]);
        expect_target(request, target);
    }
    cl_request_unref(request);
}

static void parameters_of_paths_are_checked(void **state)
{
    static const char *const dots[] = {".",      "..",   "%2e", "%2E", "%2e.",   ".%2E",
                                       "%2e%2E", "..;x", ".;",  ";x",  "%2e%2e;"};
    claude_request_t *request;
    cl_snapshot snapshot;

    (void)state;
    for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++) {
        request = request_to("models.retrieve");
        FAILS(CLAUDE_E_INVALID, "another path", cl_request_set_path(request, "model_id", dots[i], err));
        cl_request_unref(request);
    }
    request = request_to("models.retrieve");
    FAILS(CLAUDE_E_INVALID, "path parameter model_id is missing", cl_request_snapshot(request, false, &snapshot, err));
    FAILS(CLAUDE_E_INVALID, "model_id is empty", cl_request_set_path(request, "model_id", "", err));
    FAILS(CLAUDE_E_INVALID, "model_id is empty", cl_request_snapshot(request, false, &snapshot, err));
    cl_request_unref(request);
    request = request_to("models.retrieve");
    FAILS(CLAUDE_E_INVALID, "has no such one", cl_request_set_path(request, "id", "x", err));
    FAILS(CLAUDE_E_INVALID, "UTF-8", cl_request_set_path(request, "model_id", "\xff", err));
    cl_request_unref(request);
    request = request_to("models.list");
    FAILS(CLAUDE_E_INVALID, "has none", cl_request_set_path(request, "id", "x", err));
    cl_request_unref(request);
    request = request_to("skills.versions.retrieve");
    OK(cl_request_set_path(request, "version", "2", err));
    OK(cl_request_set_path(request, "skill_id", "s 1", err));
    expect_target(request, "/v1/skills/s%201/versions/2");
    cl_request_unref(request);
}

static void queries_are_kept_in_order(void **state)
{
    claude_request_t *request = request_to("models.list");

    (void)state;
    OK(cl_request_add_query(request, "limit", "20", err));
    OK(cl_request_add_query(request, "ids[]", "a&b", err));
    OK(cl_request_add_query(request, "ids[]", "c d", err));
    expect_target(request, "/v1/models?limit=20&ids%5B%5D=a%26b&ids%5B%5D=c%20d");
    OK(cl_request_set_query(request, "limit", "", err));
    expect_target(request, "/v1/models?ids%5B%5D=a%26b&ids%5B%5D=c%20d&limit=");
    OK(cl_request_set_query(request, "ids[]", NULL, err));
    expect_target(request, "/v1/models?limit=");
    assert_string_equal(cl_request_query(request, "limit"), "");
    assert_null(cl_request_query(request, "ids"));
    OK(cl_request_set_query(request, "limit", NULL, err));
    expect_target(request, "/v1/models");
    FAILS(CLAUDE_E_INVALID, "empty", cl_request_add_query(request, "", "x", err));
    cl_request_unref(request);
}

static void queries_come_from_json(void **state)
{
    claude_request_t *request = request_to("models.list");

    (void)state;
    OK(cl_request_add_query(request, "old", "1", err));
    OK(cl_request_set_query_json(
        request,
        CL_STR("{\"a\":1,\"b\":[true,\"x\\n\",null],\"c\":{\"gte\":\"2026-01-01T00:00:00Z\",\"d\":{\"e\":1.50}},"
               "\"n\":null,\"f\":[],\"g\":[[1,2]]}"),
        err));
    expect_target(request, "/v1/models?a=1&b%5B%5D=true&b%5B%5D=x%0A&c%5Bgte%5D=2026-01-01T00%3A00%3A00Z&"
                           "c%5Bd%5D%5Be%5D=1.50&g%5B%5D%5B%5D=1&g%5B%5D%5B%5D=2");
    OK(cl_request_set_query_json(request, CL_STR("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}"),
                                 err));
    FAILS(CLAUDE_E_INVALID, "nested deeper",
          cl_request_set_query_json(
              request, CL_STR("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}"), err));
    cl_request_unref(request);
    request = request_to("models.list");
    OK(cl_request_add_query(request, "kept", "1", err));
    FAILS(CLAUDE_E_INVALID, "must be a JSON object", cl_request_set_query_json(request, CL_STR("[1]"), err));
    assert_string_equal(cl_request_query(request, "kept"), "1");
    cl_request_unref(request);
}

static void betas_are_named_once(void **state)
{
    cl_buf betas = CL_BUF_INIT(100);
    claude_request_t *request = request_to("models.list");

    (void)state;
    OK(cl_betas_add(&betas, CL_STR("a, b,a,,c "), err));
    OK(cl_betas_add(&betas, CL_STR("ab,b"), err));
    assert_string_equal(betas.ptr, "a,b,c,ab");
    cl_buf_free(&betas);
    OK(cl_request_add_beta(request, "x-1", err));
    OK(cl_request_add_beta(request, "x-2,x-1", err));
    FAILS(CLAUDE_E_INVALID, "anthropic-beta", cl_request_add_beta(request, "x\r\ny", err));
    cl_request_unref(request);
}

static void files_take_their_tokens_place(void **state)
{
    claude_request_t *request = request_to("messages");
    claude_file_t *file = NULL;
    claude_file_t *other = NULL;
    char json[400];
    char *body;

    (void)state;
    OK(cl_file_from_bytes(CL_STR("hello"), "a.txt", &file, err));
    OK(cl_file_from_bytes(CL_STR("other"), "b.txt", &other, err));
    OK(cl_request_attach_file(request, file, err));
    OK(cl_request_attach_file(request, file, err));
    assert_string_not_equal(file->token, other->token);
    snprintf(json, sizeof json,
             "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"x\":\"%s\",\"y\":\"%s \",\"z\":\"%s\",\"w\":\"%s\"}]}",
             file->token, file->token, other->token, file->token);
    OK(cl_request_set_json(request, cl_str_of(json), err));
    assert_string_equal(cl_request_json(request, NULL), json);
    for (int stream = 0; stream < 2; stream++) {
        char want[400];
        snprintf(
            want, sizeof want,
            "{%s\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"x\":\"aGVsbG8=\",\"y\":\"%s \",\"z\":\"%s\",\"w\":"
            "\"aGVsbG8=\"}]}",
            stream ? "\"stream\":true," : "", file->token, other->token);
        body = body_of(request, stream, NULL);
        assert_string_equal(body, want);
        free(body);
    }
    cl_file_unref(other);
    cl_file_unref(file);
    cl_request_unref(request);
}

static void forms_are_written(void **state)
{
    claude_request_t *request = request_to("files.upload");
    claude_request_t *copy = NULL;
    claude_file_t *file = NULL;
    cl_snapshot snapshot;
    char *type = NULL;
    char *body;
    char want[800];
    const char *boundary;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "needs a form", cl_request_snapshot(request, false, &snapshot, err));
    FAILS(CLAUDE_E_INVALID, "without a body", cl_request_set_json(request, CL_STR("{}"), err));
    cl_request_unref(request);
    request = request_to("files.upload");
    OK(cl_file_from_bytes(CL_STR("content\0with\r\n--NUL"), "a.txt", &file, err));
    OK(cl_request_add_form_field(request, "expires_in_seconds", CL_STR("3600"), err));
    OK(cl_request_add_file(request, "file", file, NULL, NULL, err));
    OK(cl_request_add_file(request, "files[]", file, "top/\"x\\\"\r\n.md", "text/markdown", err));
    OK(cl_request_copy(request, &copy, err));
    cl_request_unref(request);
    cl_file_unref(file);
    body = body_of(copy, false, &type);
    assert_memory_equal(type, "multipart/form-data; boundary=", 30);
    boundary = type + 30;
    snprintf(want, sizeof want,
             "--%s\r\nContent-Disposition: form-data; name=\"expires_in_seconds\"\r\n\r\n3600\r\n"
             "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n"
             "\r\ncontent",
             boundary, boundary);
    assert_memory_equal(body, want, strlen(want));
    snprintf(want, sizeof want,
             "with\r\n--NUL\r\n--%s\r\nContent-Disposition: form-data; name=\"files[]\"; "
             "filename=\"top/%%22x\\\\%%22%%0D%%0A.md\"\r\nContent-Type: text/markdown\r\n\r\ncontent",
             boundary);
    assert_memory_equal(body + strlen(body) + 1, want, strlen(want));
    free(body);
    free(type);
    cl_request_unref(copy);
    request = request_to("messages");
    FAILS(CLAUDE_E_INVALID, "does not take a form", cl_request_add_form_field(request, "a", CL_STR("b"), err));
    cl_request_unref(request);
}

static void posts_without_a_body_send_none(void **state)
{
    claude_request_t *request = request_to("messages.batches.cancel");
    cl_snapshot snapshot;

    (void)state;
    OK(cl_request_set_path(request, "message_batch_id", "b", err));
    OK(cl_request_snapshot(request, false, &snapshot, err));
    assert_int_equal(snapshot.body.count, 0);
    cl_snapshot_free(&snapshot);
    cl_request_unref(request);
}

static void copies_have_everything(void **state)
{
    claude_request_t *request = request_to("messages.batches.list");
    claude_request_t *copy = NULL;
    cl_snapshot snapshot;

    (void)state;
    OK(cl_request_add_query(request, "limit", "5", err));
    OK(cl_request_add_beta(request, "x", err));
    OK(cl_request_set_header(request, "x-team", "red", err));
    OK(cl_request_set_option(request, "timeout.total_ms", "7", err));
    OK(cl_request_copy(request, &copy, err));
    OK(cl_request_set_query(copy, "after_id", "z", err));
    OK(cl_request_snapshot(copy, false, &snapshot, err));
    assert_string_equal(snapshot.target, "/v1/messages/batches?limit=5&after_id=z");
    assert_string_equal(snapshot.betas, "x");
    assert_int_equal(snapshot.headers.count, 1);
    assert_int_equal(cl_option_int(snapshot.options, NULL, CL_OPT_TIMEOUT_TOTAL), 7);
    cl_snapshot_free(&snapshot);
    expect_target(request, "/v1/messages/batches?limit=5");
    cl_request_unref(copy);
    cl_request_unref(request);
    request = request_to("messages");
    OK(cl_request_add_message(request, "user", CL_STR("one"), err));
    OK(cl_request_copy(request, &copy, err));
    OK(cl_request_add_message(copy, "user", CL_STR("two"), err));
    assert_string_equal(cl_request_json(request, NULL), "{\"messages\":[{\"role\":\"user\",\"content\":\"one\"}]}");
    assert_non_null(strstr(cl_request_json(copy, NULL), "two"));
    cl_request_unref(copy);
    FAILS(CLAUDE_E_INVALID, "role", cl_request_add_message(request, "robot", CL_STR("x"), err));
    OK(cl_request_copy(request, &copy, err));
    FAILS(CLAUDE_E_INVALID, "robot", cl_request_snapshot(copy, false, &snapshot, err));
    cl_request_unref(copy);
    cl_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_of_paths_are_encoded),
        cmocka_unit_test(parameters_of_paths_are_checked),
        cmocka_unit_test(queries_are_kept_in_order),
        cmocka_unit_test(queries_come_from_json),
        cmocka_unit_test(betas_are_named_once),
        cmocka_unit_test(files_take_their_tokens_place),
        cmocka_unit_test(forms_are_written),
        cmocka_unit_test(posts_without_a_body_send_none),
        cmocka_unit_test(copies_have_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
