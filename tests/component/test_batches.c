/* Batches from their making to their results. */
#include "support.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <claude/batch.h>

static claude_response_t *create(claude_client_t *client, const char *const *ids, size_t count)
{
    claude_batch_builder_t *builder = NULL;
    claude_request_t *message = hello();
    claude_request_t *request = NULL;
    claude_response_t *batch;
    claude_error_t *err = NULL;

    succeeds(claude_batch_builder_new(&builder, &err), err);
    for (size_t i = 0; i < count; i++)
        succeeds(claude_batch_builder_add(builder, ids[i], message, &err), err);
    succeeds(claude_batch_builder_request(builder, &request, &err), err);
    batch = execute(client, request);
    claude_request_unref(request);
    claude_request_unref(message);
    claude_batch_builder_unref(builder);
    return batch;
}

/* ---- waiting ---- */

struct progress {
    int calls;
    int destroyed;
    int32_t stop_at;
    char last[40];
};

static int32_t on_progress(const claude_response_t *batch, void *user_data)
{
    struct progress *progress = user_data;

    snprintf(progress->last, sizeof progress->last, "%s", claude_response_string(batch, "/processing_status", NULL));
    return ++progress->calls == progress->stop_at ? 7 : 0;
}

static void on_destroy(void *user_data)
{
    ((struct progress *)user_data)->destroyed++;
}

static claude_response_t *wait_for(claude_client_t *client, const char *id, struct progress *progress)
{
    claude_response_t *batch = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_batch_wait(client, id, 1, 5, -1, on_progress, progress, on_destroy, &batch, &err);

    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_non_null(batch);
    return batch;
}

static const char *const ids[] = {"good", "errored-1", "canceled-1", "expired-1", "last_one"};

struct results {
    int lines;
    int types[5];
};

static void take_line(struct results *results, const char *json, size_t len)
{
    claude_response_t *message = NULL;
    claude_error_t *err = NULL;
    const char *id = NULL;
    const char *what = NULL;
    size_t id_len = 0;
    size_t what_len = 0;
    int32_t type = 0;
    claude_code_t rc;

    succeeds(claude_batch_result_slices(json, len, &type, &id, &id_len, &what, &what_len, &err), err);
    assert_true(type >= CLAUDE_BATCH_SUCCEEDED && type <= CLAUDE_BATCH_EXPIRED);
    results->lines++;
    results->types[type]++;
    rc = claude_batch_result_error(json, len, &err);
    if (type == CLAUDE_BATCH_ERRORED) {
        assert_int_equal(id_len, 9);
        fails(rc, CLAUDE_E_BAD_REQUEST, &err);
    } else if (type == CLAUDE_BATCH_SUCCEEDED) {
        succeeds(rc, err);
        succeeds(claude_response_parse(what, what_len, &message, &err), err);
        assert_string_equal(claude_response_text(message, NULL), "Echo: Hello");
        claude_response_unref(message);
    } else {
        fails(rc, type == CLAUDE_BATCH_CANCELED ? CLAUDE_E_CANCELED : CLAUDE_E_API_TIMEOUT, &err);
    }
}

static void read_results(claude_client_t *client, claude_request_t *request, struct results *results)
{
    claude_call_t *call = start_stream(client, request);
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    claude_code_t rc;

    while ((rc = claude_call_next(call, -1, &event, &err)) == 1) {
        size_t len = 0;
        const char *json = claude_event_json(event, &len);
        assert_int_equal(claude_event_type(event), CLAUDE_EVENT_LINE);
        take_line(results, json, len);
    }
    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    claude_call_unref(call);
}

static void from_requests_to_results(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = create(client, ids, COUNT_OF(ids));
    struct progress progress = {0};
    struct results results = {0};
    claude_request_t *request = NULL;
    claude_response_t *ended;
    claude_error_t *err = NULL;

    (void)state;
    assert_string_equal(claude_response_string(batch, "/processing_status", NULL), "in_progress");
    fails(claude_batch_results_request(batch, &request, &err), CLAUDE_E_STATE, &err);
    ended = wait_for(client, claude_response_id(batch), &progress);
    assert_int_equal(progress.calls, 2);
    assert_int_equal(progress.destroyed, 1);
    assert_string_equal(progress.last, "ended");
    assert_int_equal(claude_response_int(ended, "/request_counts/succeeded", -1), 2);
    succeeds(claude_batch_results_request(ended, &request, &err), err);
    read_results(client, request, &results);
    assert_int_equal(results.lines, 5);
    assert_int_equal(results.types[CLAUDE_BATCH_SUCCEEDED], 2);
    assert_int_equal(results.types[CLAUDE_BATCH_ERRORED], 1);
    assert_int_equal(results.types[CLAUDE_BATCH_CANCELED], 1);
    assert_int_equal(results.types[CLAUDE_BATCH_EXPIRED], 1);
    /* The URL is where the id leads. */
    assert_string_equal(header_of(received_at(3), "accept"), "application/binary");
    claude_request_unref(request);
    claude_response_unref(batch);
    claude_response_unref(ended);
    claude_client_unref(client);
}

static void results_elsewhere(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = NULL;
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    char *json = quoted("{'id':'b','processing_status':'ended','results_url':'https://example.com/v1/r'}");

    (void)state;
    succeeds(claude_response_parse(json, CLAUDE_NTS, &batch, &err), err);
    succeeds(claude_batch_results_request(batch, &request, &err), err);
    if (claude_client_stream(client, request, &call, &err) >= 0)
        fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_INVALID, &err);
    claude_error_unref(err);
    assert_int_equal(requests_seen(), 0);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_response_unref(batch);
    claude_client_unref(client);
    free(json);
}

static void a_wait_that_is_over_too_soon(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = NULL;
    struct progress progress = {0};
    claude_error_t *err = NULL;
    int64_t start;

    (void)state;
    script("{'body_json':{'id':'b','processing_status':'in_progress'}}");
    /* Once. */
    assert_int_equal(claude_batch_wait(client, "b", 0, 0, 0, on_progress, &progress, on_destroy, &batch, &err), 0);
    assert_int_equal(requests_seen(), 1);
    assert_int_equal(progress.calls, 1);
    assert_int_equal(progress.destroyed, 1);
    /* The pause would take longer than the time that is left. */
    start = now_ms();
    assert_int_equal(claude_batch_wait(client, "b", 60000, 60000, 50, NULL, NULL, NULL, &batch, &err), 0);
    assert_true(now_ms() - start >= 50);
    assert_true(now_ms() - start < 20000);
    assert_int_equal(requests_seen(), 2);
    assert_int_equal(claude_batch_wait(client, "b", 1, 2, 50, NULL, NULL, NULL, &batch, &err), 0);
    assert_true(requests_seen() >= 4);
    /* A server that does not answer holds nobody longer. */
    script("{'delay_ms':60000,'body_json':{}}");
    start = now_ms();
    assert_int_equal(claude_batch_wait(client, "b", 1, 2, 50, NULL, NULL, NULL, &batch, &err), 0);
    assert_true(now_ms() - start < 20000);
    assert_null(batch);
    assert_null(err);
    claude_client_unref(client);
}

static void a_wait_that_fails(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = NULL;
    struct progress progress = {0};
    claude_error_t *err = NULL;

    (void)state;
    fails(claude_batch_wait(client, "msgbatch_none", 1, 1, -1, on_progress, &progress, on_destroy, &batch, &err),
          CLAUDE_E_NOT_FOUND, &err);
    fails(claude_batch_wait(client, "..", 1, 1, -1, on_progress, &progress, on_destroy, &batch, &err), CLAUDE_E_INVALID,
          &err);
    fails(claude_batch_wait(client, NULL, 1, 1, -1, on_progress, &progress, on_destroy, &batch, &err), CLAUDE_E_INVALID,
          &err);
    assert_int_equal(progress.calls, 0);
    assert_int_equal(progress.destroyed, 3);
    script("{'sequence':[{'body_json':{'processing_status':'in_progress'}},{'status':529,'error':{'type':"
           "'overloaded_error','message':'busy'}},{'body_json':{'processing_status':'ended'}}]}");
    fails(claude_batch_wait(client, "b", 1, 1, -1, on_progress, &progress, NULL, &batch, &err), CLAUDE_E_OVERLOADED,
          &err);
    assert_null(batch);
    assert_int_equal(claude_batch_wait(client, "b", 1, 1, -1, on_progress, &progress, NULL, &batch, &err), CLAUDE_DONE);
    claude_response_unref(batch);
    claude_client_unref(client);
}

static void a_wait_that_is_ended(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = NULL;
    struct progress progress = {.stop_at = 3};
    claude_error_t *err = NULL;

    (void)state;
    script("{'body_json':{'id':'b','processing_status':'in_progress'}}");
    assert_int_equal(claude_batch_wait(client, "b", 1, 1, -1, on_progress, &progress, on_destroy, &batch, &err),
                     CLAUDE_E_CALLBACK);
    assert_int_equal(claude_error_user_code(err), 7);
    assert_string_equal(claude_error_feature(err), "batch");
    claude_error_unref(err);
    assert_int_equal(progress.calls, 3);
    assert_int_equal(progress.destroyed, 1);
    assert_int_equal(requests_seen(), 3);
    assert_null(batch);
    claude_client_unref(client);
}

static void note_signal(int number)
{
    (void)number;
}

/* A handler that sets a flag, and a callback that looks at it: that is how Ctrl-C comes through. */
static void a_signal_in_a_pause(void **state)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_interval.tv_usec = 50000, .it_value.tv_usec = 50000};
    struct itimerval none = {.it_value.tv_usec = 0};
    claude_client_t *client = new_client();
    struct progress progress = {.stop_at = 3};
    claude_response_t *batch = NULL;
    claude_error_t *err = NULL;
    int64_t start = now_ms();

    (void)state;
    script("{'body_json':{'id':'b','processing_status':'in_progress'}}");
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
    fails(claude_batch_wait(client, "b", 60000, 60000, -1, on_progress, &progress, on_destroy, &batch, &err),
          CLAUDE_E_CALLBACK, &err);
    assert_int_equal(setitimer(ITIMER_REAL, &none, NULL), 0);
    assert_true(now_ms() - start < 20000);
    assert_int_equal(progress.calls, 3);
    assert_int_equal(requests_seen(), 1);
    claude_client_unref(client);
}

static int32_t drop_client(const claude_response_t *batch, void *user_data)
{
    claude_client_t **client = user_data;

    (void)batch;
    claude_client_unref(*client);
    *client = NULL;
    return 0;
}

static void a_client_that_is_dropped_meanwhile(void **state)
{
    claude_client_t *client = new_client();
    claude_response_t *batch = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script("{'sequence':[{'body_json':{'processing_status':'in_progress'}},{'body_json':{'processing_status':"
           "'ended'}}]}");
    assert_int_equal(claude_batch_wait(client, "b", 1, 1, -1, drop_client, &client, NULL, &batch, &err), CLAUDE_DONE);
    assert_null(client);
    claude_response_unref(batch);
}

/* ---- files of lines ---- */

static void from_a_file_to_results(void **state)
{
    char path[] = "/tmp/test_batches_XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    claude_client_t *client = new_client();
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_response_t *batch;
    claude_response_t *ended;
    struct progress progress = {0};
    struct results results = {0};
    struct json_object *sent;
    claude_error_t *err = NULL;

    (void)state;
    assert_non_null(out);
    for (int i = 0; i < 5000; i++)
        fprintf(out,
                "{\"custom_id\":\"id-%d\",\"params\":{\"model\":\"m\",\"max_tokens\":100,\"messages\":"
                "[{\"role\":\"user\",\"content\":\"Hello\"}]}}\r\n%s",
                i, i % 7 ? "" : "\n");
    fclose(out);
    succeeds(claude_file_open(path, &file, &err), err);
    succeeds(claude_batch_file_request(file, &request, &err), err);
    claude_file_unref(file);
    succeeds(claude_request_set_option(request, "request.validate", "true", &err), err);
    batch = execute(client, request);
    /* Twice: it is read anew each time. */
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    sent = json_tokener_parse(text_of(received_at(0), "body"));
    assert_int_equal(json_object_array_length(json_object_object_get(sent, "requests")), 5000);
    json_object_put(sent);
    assert_null(header_of(received_at(0), "transfer-encoding"));
    ended = wait_for(client, claude_response_id(batch), &progress);
    succeeds(claude_batch_results_request(ended, &request, &err), err);
    read_results(client, request, &results);
    assert_int_equal(results.types[CLAUDE_BATCH_SUCCEEDED], 5000);
    unlink(path);
    claude_request_unref(request);
    claude_response_unref(batch);
    claude_response_unref(ended);
    claude_client_unref(client);
}

static void a_file_that_changes(void **state)
{
    char path[] = "/tmp/test_batches_XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    claude_client_t *client = new_client();
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_non_null(out);
    fputs("{\"custom_id\":\"a\",\"params\":{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}}\n", out);
    fclose(out);
    succeeds(claude_file_open(path, &file, &err), err);
    succeeds(claude_batch_file_request(file, &request, &err), err);
    out = fopen(path, "a");
    fputs("\n", out);
    fclose(out);
    err = execute_fails(client, request, CLAUDE_E_IO);
    claude_error_unref(err);
    unlink(path);
    claude_file_unref(file);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- many results ---- */

/* Larger than any buffer, and many in one: every one comes whole. */
static void lines_of_all_sizes(void **state)
{
    static const char *const scenarios[] = {
        "{'generate_lines':{'lines':20000,'line_bytes':300}}",
        "{'generate_lines':{'lines':40,'line_bytes':200000}}",
        "{'generate_lines':{'lines':500,'line_bytes':3000},'chunk_size':1000}",
    };
    static const int lines[] = {20000, 40, 500};
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_new("messages.batches.results", &request, &err), err);
    succeeds(claude_request_set_path(request, "message_batch_id", "b", &err), err);
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        claude_call_t *call;
        const claude_event_t *event = NULL;
        claude_code_t rc;
        int seen = 0;
        script(scenarios[i]);
        call = start_stream(client, request);
        while ((rc = claude_call_next(call, -1, &event, &err)) == 1) {
            size_t len = 0;
            int32_t type = 0;
            const char *json = claude_event_json(event, &len);
            succeeds(claude_batch_result_slices(json, len, &type, NULL, NULL, NULL, NULL, &err), err);
            seen += type == CLAUDE_BATCH_SUCCEEDED;
        }
        succeeds(rc, err);
        assert_int_equal(seen, lines[i]);
        claude_call_unref(call);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_requests_to_results),
        TEST(results_elsewhere),
        TEST(a_wait_that_is_over_too_soon),
        TEST(a_wait_that_fails),
        TEST(a_wait_that_is_ended),
        TEST(a_signal_in_a_pause),
        TEST(a_client_that_is_dropped_meanwhile),
        TEST(from_a_file_to_results),
        TEST(a_file_that_changes),
        TEST(lines_of_all_sizes),
    };

    return RUN_WITH_SERVER(tests);
}
