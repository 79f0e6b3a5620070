/*
 * Memory running out at each allocation in turn, once and from then on: whoever needed it says so, what was there
 * before stays, nothing leaks, and nothing is given as whole that is not.
 */
#include "testing.h"

#include "../allocations.h"
#include "message/completion.h"
#include "message/stream_types.h"

static bool partial_json(void)
{
    static const char first[] = "{\"a\":[1,2,\"";
    char more[1000];
    claude_partial_t *p = NULL;
    bool ok = step(cl_partial_new(-1, &p, NULL)) && step(cl_partial_add(p, cl_str_of(first), NULL));

    memset(more, 'x', sizeof more);
    if (ok) {
        assert_string_equal(cl_partial_json(p).ptr, "{\"a\":[1,2]}");
        ok = step(cl_partial_add(p, cl_str_n(more, sizeof more), NULL));
        assert_string_equal(cl_partial_json(p).ptr, "{\"a\":[1,2]}");
        /* Nothing of what failed was taken, and it may be given again. */
        (void)memory_is_back();
        assert_int_equal(p->text.len, sizeof first - 1 + (ok ? sizeof more : 0));
        assert_int_equal(cl_partial_add(p, CL_STR("\"]}"), NULL), CLAUDE_OK);
        assert_true(cl_partial_is_complete(p));
    }
    cl_partial_unref(p);
    return ok;
}

static bool text_in_pieces(void)
{
    char more[1000];
    claude_text_buffer_t *b = NULL;
    bool ok = step(cl_text_buffer_new(4, 0, false, &b, NULL)) && step(cl_text_buffer_add(b, CL_STR("abcdef"), 0, NULL));

    memset(more, 'x', sizeof more);
    if (ok) {
        assert_string_equal(cl_text_buffer_take(b, 0).ptr, "abcd");
        ok = step(cl_text_buffer_add(b, cl_str_n(more, sizeof more), 0, NULL));
        assert_int_equal(cl_text_buffer_held(b), 2 + (ok ? sizeof more : 0));
        assert_memory_equal(cl_text_buffer_flush(b).ptr, "ef", 2);
    }
    cl_text_buffer_unref(b);
    return ok;
}

static bool add_made(claude_stream_message_t *m, claude_code_t made, claude_event_t *event)
{
    bool ok = step(made) && step(cl_stream_message_add(m, event, NULL));

    cl_event_unref(event);
    return ok;
}

static bool messages(void)
{
    claude_stream_message_t *m = NULL;
    claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_code_t made;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_stream_message_begin("i", "message", "assistant", "m", CL_STR(""), &m, &err));
    if (ok)
        ok = step(cl_stream_message_add_block(m, CL_STR("{\"type\":\"text\",\"text\":\"one\"}"), &err));
    if (ok) {
        made = cl_event_block_start_text(1, CL_STR("two"), &event, &err);
        ok = add_made(m, made, event);
    }
    if (ok) {
        event = NULL;
        made = cl_event_delta(CLAUDE_EVENT_TEXT_DELTA, 1, CL_STR(" and more \xc3\xa9"), &event, &err);
        ok = add_made(m, made, event);
    }
    if (ok) {
        /* NULL, never a message that is not the whole one; the next try may succeed. */
        const char *texts[] = {cl_stream_message_json(m).ptr, cl_stream_message_text(m).ptr,
                               cl_stream_message_block(m, 1).ptr, cl_stream_message_block_type(m, 0)};
        for (size_t i = 0; i < 4; i++)
            ok = ok && texts[i];
        ok = step(cl_stream_message_check(m, &err)) && ok;
        ok = step(cl_stream_message_response(m, &response, &err)) && ok;
        (void)memory_is_back();
        assert_string_equal(cl_stream_message_text(m).ptr, "onetwo and more \xc3\xa9");
        assert_string_equal(cl_stream_message_block(m, 0).ptr, "{\"type\":\"text\",\"text\":\"one\"}");
        assert_string_equal(cl_stream_message_block_type(m, 1), "text");
    }
    cl_err_clear(&err);
    cl_response_unref(response);
    cl_stream_message_unref(m);
    return ok;
}

static int32_t count(const claude_event_t *event, void *user_data)
{
    assert_non_null(event->json.ptr);
    ++*(int *)user_data;
    return 0;
}

static bool recorded_streams(void)
{
    static const char text[] =
        "event: ping\ndata: {\"type\":\"ping\"}\n\ndata: {\"type\":\ndata: \"ping\"}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\""
        ":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\nevent: ping\ndata: {\"type\":\"ping\"}";
    cl_parse_counts counts = {0, 0};
    int seen = 0;
    /* Memory that is out is no malformed event. */
    bool ok = step(cl_parse_events(cl_str_of(text), CLAUDE_PARSE_SKIP_MALFORMED, count, &seen, &counts, NULL));

    assert_true(ok ? seen == 4 && counts.anomalies == 1 : seen < 4);
    return ok;
}

static bool old_completions(void)
{
    static const cl_completion_limits limits = {10000, true, false};
    static const char *const events[] = {
        "{\"type\":\"completion\",\"completion\":\"a\",\"model\":\"m\"}",
        "{\"type\":\"completion\",\"completion\":\" longer text, so that the first buffer has no room for it, whatever "
        "it had\",\"stop_reason\":\"stop_sequence\"}",
    };
    cl_buf json = CL_BUF_INIT(10000);
    cl_completion *c = NULL;
    bool ok = step(cl_completion_new(&limits, &c, NULL));

    for (size_t i = 0; i < 2 && ok; i++) {
        claude_event_t *event = NULL;
        ok = step(cl_event_from_json(cl_str_of(events[i]), &event, NULL)) && step(cl_completion_add(c, event, NULL));
        cl_event_unref(event);
    }
    if (ok)
        ok = step(cl_completion_json(c, &json, NULL));
    cl_buf_free(&json);
    cl_completion_free(c);
    return ok;
}

static void test_partial(void **state)
{
    (void)state;
    run_out(partial_json);
}

static void test_text_buffer(void **state)
{
    (void)state;
    run_out(text_in_pieces);
}

static void test_messages(void **state)
{
    (void)state;
    run_out(messages);
}

static void test_parse(void **state)
{
    (void)state;
    run_out(recorded_streams);
}

static void test_completion(void **state)
{
    (void)state;
    run_out(old_completions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partial), cmocka_unit_test(test_text_buffer), cmocka_unit_test(test_messages),
        cmocka_unit_test(test_parse),   cmocka_unit_test(test_completion),
    };

    return cmocka_run_group_tests_name("message.stream_types_oom", tests, NULL, NULL);
}
