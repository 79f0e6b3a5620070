/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * A batch: created, found, cancelled, waited for, its results read line by line, deleted.
 */
#include "real.h"

/* Few tokens, should they be answered before the batch is cancelled. */
static claude_response_t *create(claude_client_t *client)
{
    static const char *const names[] = {"first", "second"};
    claude_batch_builder_t *builder = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    MUST(claude_batch_builder_new(&builder, &err));
    for (size_t i = 0; i < 2; i++) {
        claude_request_t *one = ask("messages.create", "Say hello.", 16);
        MUST(claude_batch_builder_add(builder, names[i], one, &err));
        claude_request_unref(one);
    }
    MUST(claude_batch_builder_request(builder, &request, &err));
    claude_batch_builder_unref(builder);
    return answer_to(client, request);
}

static int32_t on_progress(const claude_response_t *batch, void *user_data)
{
    text_at(batch, "/processing_status");
    ++*(int *)user_data;
    return 0;
}

static claude_response_t *end_of(claude_client_t *client, const char *id)
{
    claude_response_t *batch = NULL;
    claude_error_t *err = NULL;
    int seen = 0;
    claude_code_t rc = claude_batch_wait(client, id, 2000, 15000, 480000, on_progress, &seen, NULL, &batch, &err);
    MUST(rc);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_true(seen > 0);
    return batch;
}

/* Cancelled, or answered before that: each request has one line. */
static void read_results(claude_client_t *client, const claude_response_t *batch)
{
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    int lines = 0;
    MUST(claude_batch_results_request(batch, &request, &err));
    MUST(claude_client_stream(client, request, &call, &err));
    while ((rc = claude_call_next(call, -1, &event, &err)) == 1) {
        size_t len = 0, id_len = 0;
        const char *json = claude_event_json(event, &len);
        const char *id = NULL;
        int32_t type = 0;
        assert_int_equal(claude_event_type(event), CLAUDE_EVENT_LINE);
        MUST(claude_batch_result_slices(json, len, &type, &id, &id_len, NULL, NULL, &err));
        assert_true(type == CLAUDE_BATCH_CANCELED || type == CLAUDE_BATCH_SUCCEEDED);
        assert_true(id_len == 5 || id_len == 6);
        lines++;
    }
    MUST(rc);
    assert_int_equal(lines, 2);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void a_batch(void **state)
{
    claude_response_t *batch = create(*state);
    const char *id = text_at(batch, "/id");
    claude_response_t *found = answer_to(*state, call_for("messages.batches.retrieve", "message_batch_id", id));
    claude_response_t *cancelled = answer_to(*state, call_for("messages.batches.cancel", "message_batch_id", id));
    claude_response_t *ended;
    assert_string_equal(text_at(found, "/id"), id);
    text_at(cancelled, "/cancel_initiated_at");
    ended = end_of(*state, id);
    assert_int_equal(claude_batch_poll_delay(ended, 0, 0, 0), 0);
    read_results(*state, ended);
    claude_response_unref(answer_to(*state, call_for("messages.batches.delete", "message_batch_id", id)));
    claude_response_unref(ended);
    claude_response_unref(cancelled);
    claude_response_unref(found);
    claude_response_unref(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
