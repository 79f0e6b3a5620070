/* Answers that are lines or bytes, bodies that are files or forms, and methods other than POST. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static claude_request_t *request_to(const char *endpoint, const char *param, const char *value)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new(endpoint, &request, &err), err);
    if (param)
        succeeds(claude_request_set_path(request, param, value, &err), err);
    return request;
}

static claude_call_t *start(claude_client_t *client, const char *endpoint, const char *param)
{
    claude_request_t *request = request_to(endpoint, param, "x_1");
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_client_start(client, request, CLAUDE_STREAM, &call, &err), err);
    claude_request_unref(request);
    return call;
}

/* ---- lines ---- */

static void expect_line(claude_call_t *call, const char *line)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;

    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_LINE);
    assert_int_equal(claude_event_index(event), -1);
    assert_null(claude_event_text(event, NULL));
    assert_string_equal(claude_event_json(event, &len), line);
    assert_int_equal(len, strlen(line));
}

static void lines_come_one_by_one(void **state)
{
    static const char *const ways[] = {"", ", 'chunk_size': 1", ", 'chunk_size': 7", ", 'framing': 'close'"};
    claude_client_t *client = new_client();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        char *scenario = format("{'headers': [['content-type','application/x-jsonl']],"
                                "'body': '{\\'a\\':1}\\n\\n\\r\\n[2]\\r\\n  {\\'long\\': 3}  \\n\\'last\\''%s}",
                                ways[i]);
        claude_call_t *call;
        claude_response_t *response = NULL;
        const claude_event_t *event = NULL;
        claude_error_t *err = NULL;
        for (char *p = scenario; (p = strstr(p, "\\'")); p++)
            memcpy(p, "\\\"", 2);
        script(scenario);
        call = start(client, "messages.batches.results", "message_batch_id");
        expect_line(call, "{\"a\":1}");
        expect_line(call, "[2]");
        expect_line(call, "  {\"long\": 3}  ");
        expect_line(call, "\"last\"");
        assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_DONE);
        succeeds(claude_call_result(call, &response, &err), err);
        assert_int_equal(claude_response_status(response), 200);
        assert_string_equal(claude_response_json(response, NULL), "");
        claude_response_unref(response);
        claude_call_unref(call);
        assert_string_equal(header_of(received_at(0), "accept"), "application/binary");
        assert_string_equal(text_of(received_at(0), "target"), "/v1/messages/batches/x_1/results");
        assert_int_equal(reset_server(NULL), 0);
        free(scenario);
    }
    claude_client_unref(client);
}

/* Longer than what may wait unread, and than any buffer. */
static void lines_have_no_limit(void **state)
{
    claude_client_t *client = client_with("stream.high_water_bytes", "65536", "stream.low_water_bytes", "1024", NULL);
    claude_call_t *call;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;

    (void)state;
    script("{'body_repeat': {'chunk': '0123456789', 'count': 500000}, 'framing': 'close'}");
    call = start(client, "messages.batches.results", "message_batch_id");
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    claude_event_json(event, &len);
    assert_int_equal(len, 5000000);
    assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_DONE);
    claude_call_unref(call);
    claude_client_unref(client);
}

static void a_line_that_broke_off_is_not_handed_out(void **state)
{
    claude_client_t *client = new_client();
    claude_call_t *call;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script("{'body': '1\\n22', 'framing': 'length', 'content_length': 100, 'faults': [{'at': 'end', 'do': 'fin'}]}");
    call = start(client, "messages.batches.results", "message_batch_id");
    expect_line(call, "1");
    fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_TRUNCATED, &err);
    claude_call_unref(call);
    claude_client_unref(client);
}

static int32_t count_lines(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    if (claude_event_type(event) == CLAUDE_EVENT_LINE)
        ++*(int *)user_data;
    return 0;
}

static void lines_come_in_every_way(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_to("messages.batches.results", "message_batch_id", "x");
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    int lines = 0;
    int rc;

    (void)state;
    script("{'body': '1\\n2\\n3\\n'}");
    response = execute(client, request);
    assert_string_equal(claude_response_json(response, NULL), "1\n2\n3\n");
    claude_response_unref(response);
    succeeds(claude_loop_new(client, &loop, &err), err);
    succeeds(claude_loop_submit(loop, request, CLAUDE_STREAM, 7, &call, &err), err);
    do {
        succeeds(claude_loop_wait(loop, -1, &err), err);
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) == 1)
            lines++;
    } while (rc == 0);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_int_equal(lines, 3);
    claude_call_unref(call);
    claude_loop_unref(loop);
    lines = 0;
    succeeds(claude_request_on_event(request, count_lines, &lines, NULL, &err), err);
    succeeds(claude_client_start(client, request, CLAUDE_STREAM, &call, &err), err);
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_int_equal(lines, 3);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- bytes ---- */

static void bytes_are_read_in_any_size(void **state)
{
    static const size_t sizes[] = {1, 3, 4096, 1 << 20};
    claude_client_t *client = client_with("stream.high_water_bytes", "65536", "stream.low_water_bytes", "1024", NULL);

    (void)state;
    script("{'headers': [['content-type','application/octet-stream']],"
           "'body_repeat': {'chunk': 'abcdefghij', 'count': 20000}}");
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        claude_call_t *call = start(client, "files.download", "file_id");
        char *out = malloc(sizes[i]);
        claude_error_t *err = NULL;
        size_t at = 0;
        size_t got = 0;
        int32_t rc;
        while ((rc = claude_call_read(call, out, sizes[i], -1, &got, &err)) == 1) {
            assert_in_range(got, 1, sizes[i]);
            for (size_t k = 0; k < got; k++)
                assert_int_equal(out[k], "abcdefghij"[(at + k) % 10]);
            at += got;
        }
        assert_int_equal(rc, CLAUDE_DONE);
        assert_int_equal(at, 200000);
        assert_int_equal(claude_call_read(call, out, sizes[i], -1, &got, &err), CLAUDE_DONE);
        claude_call_unref(call);
        free(out);
    }
    claude_client_unref(client);
}

static void only_bytes_are_read(void **state)
{
    claude_client_t *client = new_client();
    claude_call_t *call = start(client, "messages.batches.results", "message_batch_id");
    claude_error_t *err = NULL;
    char out[10];
    size_t got = 0;

    (void)state;
    fails(claude_call_read(call, out, sizeof out, -1, &got, &err), CLAUDE_E_STATE, &err);
    fails(claude_call_read(call, out, 0, -1, &got, &err), CLAUDE_E_INVALID, &err);
    claude_call_unref(call);
    claude_client_unref(client);
}

static void errors_are_errors(void **state)
{
    claude_client_t *client = new_client();
    claude_call_t *call;
    claude_error_t *err = NULL;
    char out[10];
    size_t got = 0;

    (void)state;
    script("{'status': 404, 'error': {'type': 'not_found_error', 'message': 'no such file'}}");
    call = start(client, "files.download", "file_id");
    fails(claude_call_read(call, out, sizeof out, -1, &got, &err), CLAUDE_E_NOT_FOUND, &err);
    claude_call_unref(call);
    claude_client_unref(client);
}

static void what_is_compressed_is_no_answer(void **state)
{
    static const char *const endpoints[][2] = {{"files.download", "file_id"},
                                               {"messages.batches.results", "message_batch_id"}};
    claude_client_t *client = new_client();

    (void)state;
    script("{'body': '1\n2\n', 'gzip': true}");
    for (size_t i = 0; i < COUNT_OF(endpoints); i++) {
        claude_request_t *request = request_to(endpoints[i][0], endpoints[i][1], "x");
        claude_call_t *call = start(client, endpoints[i][0], endpoints[i][1]);
        const claude_event_t *event = NULL;
        claude_error_t *err = NULL;
        fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_PROTOCOL, &err);
        claude_error_unref(execute_fails(client, request, CLAUDE_E_PROTOCOL));
        claude_call_unref(call);
        claude_request_unref(request);
    }
    claude_client_unref(client);
}

/* ---- events that are no message ---- */

static void other_events_end_with_the_stream(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_to("beta.sessions.events.stream", "session_id", "s_1");
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script("{'events': [{'data': {'type': 'session.status_running'}}, {'data': {'type': 'agent.message', 'x': 1}}]}");
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    assert_string_equal(claude_event_name(event), "session.status_running");
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_OTHER);
    assert_json_equal(claude_event_json(event, NULL), "{'type': 'agent.message', 'x': 1}");
    assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_DONE);
    assert_string_equal(header_of(received_at(0), "anthropic-beta"), "managed-agents-2026-04-01");
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- what is sent ---- */

static char *temporary_file(const char *suffix, size_t size)
{
    char *path = format("/tmp/claude-pieces-XXXXXX%s", suffix);
    int fd = mkstemps(path, (int)strlen(suffix));
    char *bytes = malloc(size);

    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 23);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    free(bytes);
    return path;
}

static claude_file_t *open_file(const char *path)
{
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_file_open(path, &file, &err), err);
    return file;
}

static void files_are_uploaded(void **state)
{
    enum { SIZE = 300000 };
    claude_client_t *client = new_client();
    char *path = temporary_file(".txt", SIZE);
    claude_file_t *file = open_file(path);

    (void)state;
    script("{'body_json': {'type': 'file', 'id': 'file_1'}}");
    for (int round = 0; round < 2; round++) {
        claude_request_t *request = request_to("files.upload", NULL, NULL);
        claude_error_t *err = NULL;
        const char *body;
        succeeds(claude_request_add_file(request, "file", file, NULL, NULL, &err), err);
        claude_response_unref(execute(client, request));
        assert_contains(header_of(received_at((size_t)round), "content-type"), "multipart/form-data; boundary=");
        assert_true(number_of(received_at((size_t)round), "body_length") > SIZE);
        body = text_of(received_at((size_t)round), "body");
        assert_contains(body, "Content-Type: text/plain\r\n\r\nabcdefghij");
        assert_contains(body + SIZE, "--\r\n");
        claude_request_unref(request);
    }
    claude_file_unref(file);
    unlink(path);
    free(path);
    claude_client_unref(client);
}

static void files_that_change_end_the_call(void **state)
{
    enum { SIZE = 300000 };
    claude_client_t *client = new_client();
    char *path = temporary_file(".bin", SIZE);
    claude_file_t *file = open_file(path);
    claude_request_t *request = request_to("files.upload", NULL, NULL);
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_add_file(request, "file", file, NULL, NULL, &err), err);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    err = execute_fails(client, request, CLAUDE_E_IO);
    assert_contains(claude_error_message(err), "it was written to");
    claude_error_unref(err);
    unlink(path);
    err = execute_fails(client, request, CLAUDE_E_IO);
    assert_contains(claude_error_message(err), "it does not exist");
    claude_error_unref(err);
    /* The client goes on as if nothing had been. */
    claude_request_unref(request);
    request = hello();
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    claude_file_unref(file);
    free(path);
    claude_client_unref(client);
}

static void methods_are_the_endpoints(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_to("files.delete", "file_id", "file_1");

    (void)state;
    script("{'body_json': {'type': 'file_deleted', 'id': 'file_1'}}");
    for (size_t i = 0; i < 3; i++) {
        claude_request_t *post = hello();
        claude_response_unref(execute(client, request));
        assert_string_equal(text_of(received_at(2 * i), "method"), "DELETE");
        assert_int_equal(number_of(received_at(2 * i), "body_length"), 0);
        assert_null(header_of(received_at(2 * i), "content-type"));
        claude_error_unref(execute_fails(client, post, CLAUDE_E_PROTOCOL));
        assert_string_equal(text_of(received_at(2 * i + 1), "method"), "POST");
        claude_request_unref(post);
    }
    claude_request_unref(request);
    request = request_to("messages.batches.cancel", "message_batch_id", "b");
    claude_response_unref(execute(client, request));
    assert_string_equal(text_of(received_at(6), "method"), "POST");
    assert_string_equal(header_of(received_at(6), "content-length"), "0");
    assert_null(header_of(received_at(6), "content-type"));
    claude_request_unref(request);
    claude_client_unref(client);
}

static void the_key_is_not_sent_where_there_is_none(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_to("oauth.token", NULL, NULL);
    claude_error_t *err = NULL;

    (void)state;
    script("{'body_json': {'access_token': 'x'}}");
    succeeds(claude_request_set_json(request, "{}", CLAUDE_NTS, &err), err);
    claude_response_unref(execute(client, request));
    assert_null(header_of(received_at(0), "x-api-key"));
    assert_null(header_of(received_at(0), "authorization"));
    assert_string_equal(header_of(received_at(0), "anthropic-beta"), "oauth-2025-04-20");
    claude_request_unref(request);
    claude_client_unref(client);
}

static void betas_are_merged(void **state)
{
    claude_client_t *client = client_with("beta", "b,c", NULL);
    claude_request_t *request = request_to("beta.skills.versions.download", "skill_id", "s");
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_path(request, "version", "1", &err), err);
    succeeds(claude_request_add_beta(request, "a,b", &err), err);
    script("{'body': 'zip'}");
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(0), "anthropic-beta"), "a,b,c");
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- what there is to know beforehand ---- */

static void endpoints_are_listed(void **state)
{
    size_t count = 0;
    const char *before = "";

    (void)state;
    for (const char *name; (name = claude_endpoint_at(count)); count++) {
        assert_true(strcmp(before, name) < 0);
        assert_int_equal(claude_endpoint_text(name, "path")[0], '/');
        before = name;
    }
    assert_true(count > 250);
    assert_null(claude_endpoint_at(SIZE_MAX));
    assert_string_equal(claude_endpoint_text("messages", "name"), "messages.create");
    assert_string_equal(claude_endpoint_text("beta.files.upload", "body"), "multipart");
    assert_string_equal(claude_endpoint_text("messages.batches.results", "answer"), "lines");
    assert_string_equal(claude_endpoint_text("models.list", "paging"), "page");
    assert_null(claude_endpoint_text("models.list", "colour"));
    assert_null(claude_endpoint_text("nonsense", "path"));
    assert_null(claude_endpoint_text(NULL, "path"));
    assert_null(claude_endpoint_text("models.list", NULL));
}

static void files_tell_about_themselves(void **state)
{
    static const char png[] = "\x89PNG\r\n\x1a\n";
    claude_file_t *file = NULL;
    claude_request_t *request = request_to("files.list", NULL, NULL);
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_file_from_bytes(png, sizeof png - 1, "a.txt", &file, &err), err);
    assert_string_equal(claude_file_media_type(file), "image/png");
    assert_string_equal(claude_file_name(file), "a.txt");
    assert_int_equal(claude_file_size(file), sizeof png - 1);
    assert_ptr_equal(claude_file_ref(file), file);
    claude_file_unref(file);
    claude_file_unref(file);
    fails(claude_request_add_form_field(request, "a", "b", 1, &err), CLAUDE_E_INVALID, &err);
    fails(claude_request_set_query_json(request, "[", 1, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_one_by_one),
        TEST(lines_have_no_limit),
        TEST(a_line_that_broke_off_is_not_handed_out),
        TEST(lines_come_in_every_way),
        TEST(bytes_are_read_in_any_size),
        TEST(only_bytes_are_read),
        TEST(errors_are_errors),
        TEST(what_is_compressed_is_no_answer),
        TEST(other_events_end_with_the_stream),
        TEST(files_are_uploaded),
        TEST(files_that_change_end_the_call),
        TEST(methods_are_the_endpoints),
        TEST(the_key_is_not_sent_where_there_is_none),
        TEST(betas_are_merged),
        TEST(endpoints_are_listed),
        TEST(files_tell_about_themselves),
    };

    return RUN_WITH_SERVER(tests);
}
