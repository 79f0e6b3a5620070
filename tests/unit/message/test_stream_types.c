/* Events made by hand, and messages put together from events. In the texts below ' stands for
 * ", to keep them readable, and ` for '. */
#include "testing.h"

#include <claude/partial.h>
#include <claude/stream.h>

#define ENDS CLAUDE_NTS

static char *quoted(const char *text)
{
    char *copy = copy_of(cl_str_of(text));

    for (char *p = copy; *p; p++) {
        if (*p == '\'')
            *p = '"';
        else if (*p == '`')
            *p = '\'';
    }
    return copy;
}

/* Asserts that a public function succeeds; `call` uses `err`. */
#define GOOD(call)                                                                                                     \
    do {                                                                                                               \
        claude_error_t *made = NULL;                                                                                   \
        claude_error_t **err = &made;                                                                                  \
        if ((call) < 0)                                                                                                \
            fail_msg("%s: %s", #call, claude_error_message(made));                                                     \
        assert_null(made);                                                                                             \
    } while (0)

/* Asserts that it fails, with this whole message. */
#define WRONG(code_expected, text, call)                                                                               \
    do {                                                                                                               \
        claude_error_t *made = NULL;                                                                                   \
        claude_error_t **err = &made;                                                                                  \
        char *want = quoted(text);                                                                                     \
        assert_int_equal((call), (code_expected));                                                                     \
        assert_string_equal(claude_error_message(made), want);                                                         \
        claude_error_unref(made);                                                                                      \
        free(want);                                                                                                    \
    } while (0)

/* ---- events ---- */

static claude_event_t *event_of(const char *json)
{
    char *text = quoted(json);
    claude_event_t *event = NULL;

    GOOD(claude_event_from_json(text, ENDS, &event, err));
    free(text);
    return event;
}

/* What was made is what a server's bytes would give, and good. Drops it. */
static void expect(claude_event_t *event, int32_t type, int32_t index, const char *text, const char *json)
{
    char *want = quoted(json);
    claude_event_t *again = NULL;

    assert_non_null(event);
    assert_string_equal(claude_event_json(event, NULL), want);
    GOOD(claude_event_from_json(claude_event_json(event, NULL), ENDS, &again, err));
    for (int i = 0; i < 2; i++) {
        claude_event_t *e = i ? again : event;
        assert_int_equal(claude_event_type(e), type);
        assert_int_equal(claude_event_index(e), index);
        if (text)
            assert_string_equal(claude_event_text(e, NULL), text);
        else
            assert_null(claude_event_text(e, NULL));
        assert_string_equal(claude_event_name(e), claude_event_name(event));
        assert_int_equal(strlen(claude_event_json(e, NULL)), strlen(want));
        assert_ptr_equal(claude_event_ref(e), e); /* it is kept */
        claude_event_unref(e);
    }
    GOOD(claude_event_validate(event, err));
    claude_event_unref(event);
    claude_event_unref(again);
    free(want);
}

#define DELTA(index, inside) "{'type':'content_block_delta','index':" #index ",'delta':{" inside "}}"
#define START(index, block) "{'type':'content_block_start','index':" #index ",'content_block':" block "}"

static void test_constructors(void **state)
{
    claude_event_t *e = NULL;

    (void)state;
    GOOD(claude_event_message_start("msg_1", "m\"1", "assistant", NULL, 0, &e, err));
    expect(e, CLAUDE_EVENT_MESSAGE_START, -1, NULL,
           "{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m\\'1',"
           "'content':[],'stop_reason':null,'stop_sequence':null,'usage':{'input_tokens':0,'output_tokens':0}}}");
    GOOD(claude_event_message_start("i", "m", "user", " {\"input_tokens\": 5} ", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_MESSAGE_START, -1, NULL,
           "{'type':'message_start','message':{'id':'i','type':'message','role':'user','model':'m','content':[],"
           "'stop_reason':null,'stop_sequence':null,'usage':{'input_tokens': 5}}}");
    GOOD(claude_event_block_start(3, "{\"type\":\"text\",\"text\":\"\"}", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_START, 3, NULL, START(3, "{'type':'text','text':''}"));
    GOOD(claude_event_block_start(0, "{\"type\":\"new_block\"}", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_START, 0, NULL, START(0, "{'type':'new_block'}"));
    GOOD(claude_event_block_start_text(0, "a\n", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_START, 0, NULL, START(0, "{'type':'text','text':'a\\n'}"));
    GOOD(claude_event_block_start_thinking(1, "", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_START, 1, NULL, START(1, "{'type':'thinking','thinking':'','signature':''}"));
    GOOD(claude_event_block_start_tool_use(2, "toolu_1", "look", &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_START, 2, NULL,
           START(2, "{'type':'tool_use','id':'toolu_1','name':'look','input':{}}"));
    GOOD(claude_event_block_stop(2147483647, &e, err));
    expect(e, CLAUDE_EVENT_BLOCK_STOP, 2147483647, NULL, "{'type':'content_block_stop','index':2147483647}");
    GOOD(claude_event_message_delta("end_turn", NULL, NULL, 0, &e, err));
    expect(
        e, CLAUDE_EVENT_MESSAGE_DELTA, -1, NULL,
        "{'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{'output_tokens':0}}");
    GOOD(claude_event_message_delta(NULL, "x", "{\"output_tokens\":7}", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_MESSAGE_DELTA, -1, NULL,
           "{'type':'message_delta','delta':{'stop_reason':null,'stop_sequence':'x'},'usage':{'output_tokens':7}}");
    GOOD(claude_event_message_stop(&e, err));
    expect(e, CLAUDE_EVENT_MESSAGE_STOP, -1, NULL, "{'type':'message_stop'}");
    GOOD(claude_event_ping(&e, err));
    expect(e, CLAUDE_EVENT_PING, -1, NULL, "{'type':'ping'}");
    GOOD(claude_event_error("overloaded_error", "Overloaded", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_OTHER, -1, NULL,
           "{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}");
}

static void test_deltas(void **state)
{
    claude_event_t *e = NULL;
    size_t len = 0;

    (void)state;
    GOOD(claude_event_text_delta(0, "a\"\n\xf0\x9f\x98\x80", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_TEXT_DELTA, 0, "a\"\n\xf0\x9f\x98\x80",
           DELTA(0, "'type':'text_delta','text':'a\\'\\n\xf0\x9f\x98\x80'"));
    GOOD(claude_event_thinking_delta(1, "hm", 1, &e, err));
    expect(e, CLAUDE_EVENT_THINKING_DELTA, 1, "h", DELTA(1, "'type':'thinking_delta','thinking':'h'"));
    GOOD(claude_event_signature_delta(1, "Eq==", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_SIGNATURE_DELTA, 1, "Eq==", DELTA(1, "'type':'signature_delta','signature':'Eq=='"));
    GOOD(claude_event_input_json_delta(2, "{\"a", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_INPUT_JSON_DELTA, 2, "{\"a", DELTA(2, "'type':'input_json_delta','partial_json':'{\\'a'"));
    GOOD(claude_event_input_json_delta(2, NULL, 0, &e, err));
    expect(e, CLAUDE_EVENT_INPUT_JSON_DELTA, 2, "", DELTA(2, "'type':'input_json_delta','partial_json':''"));
    GOOD(claude_event_citations_delta(0, "{\"type\":\"char_location\"}", ENDS, &e, err));
    expect(e, CLAUDE_EVENT_CITATIONS_DELTA, 0, NULL,
           DELTA(0, "'type':'citations_delta','citation':{'type':'char_location'}"));
    GOOD(claude_event_text_delta(0, "a\0b", 3, &e, err));
    assert_memory_equal(claude_event_text(e, &len), "a\0b", 4);
    assert_int_equal(len, 3);
    claude_event_unref(e);
}

static void test_constructors_refuse(void **state)
{
    claude_event_t *e = NULL;
    char *large = malloc((16 << 20) + 1);

    (void)state;
    assert_non_null(large);
    memset(large, 'x', 16 << 20);
    large[16 << 20] = '\0';
    WRONG(CLAUDE_E_INVALID, "index is -1; it must be 0 or more", claude_event_text_delta(-1, "x", 1, &e, err));
    WRONG(CLAUDE_E_INVALID, "index is -2; it must be 0 or more", claude_event_block_stop(-2, &e, err));
    WRONG(CLAUDE_E_INVALID, "text is not valid UTF-8 at offset 1; convert it to UTF-8 first",
          claude_event_text_delta(0, "a\xff", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "id is not valid UTF-8 at offset 0; convert it to UTF-8 first",
          claude_event_block_start_tool_use(0, "\xff", "n", &e, err));
    WRONG(CLAUDE_E_INVALID, "message_start: /message/id is ''; it must be a string that is not empty",
          claude_event_message_start("", "m", "user", NULL, 0, &e, err));
    WRONG(CLAUDE_E_INVALID, "message_start: /message/role is 'system'; it must be 'user' or 'assistant'",
          claude_event_message_start("i", "m", "system", NULL, 0, &e, err));
    WRONG(CLAUDE_E_INVALID, "message_start: /message/usage is an array; it must be an object",
          claude_event_message_start("i", "m", "user", "[]", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID,
          "message_start: /message/usage/input_tokens is -1; it must be an integer of 0 or more, or be left out",
          claude_event_message_start("i", "m", "user", "{\"input_tokens\":-1}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "usage: JSON is not valid at offset 2: text after the end of the value",
          claude_event_message_start("i", "m", "user", "{}},\"type\":\"x\",\"y\":{{}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "content_block_start: /content_block is 1; it must be an object",
          claude_event_block_start(0, "1", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID,
          "content_block_start: /content_block/type is missing; it must be a string that is not empty",
          claude_event_block_start(0, "{}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "content_block_start: /content_block/text is missing; it must be a string",
          claude_event_block_start(0, "{\"type\":\"text\"}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "content_block_start: /content_block/name is ''; it must be a string that is not empty",
          claude_event_block_start_tool_use(0, "i", "", &e, err));
    WRONG(CLAUDE_E_INVALID, "content_block_delta: /delta/citation is null; it must be an object",
          claude_event_citations_delta(0, "null", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "message_delta: /usage/output_tokens is missing; it must be an integer of 0 or more",
          claude_event_message_delta("end_turn", NULL, "{}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID,
          "message_delta: /delta/stop_reason is ''; it must be a string that is not empty, or be left out",
          claude_event_message_delta("", NULL, NULL, 0, &e, err));
    WRONG(CLAUDE_E_INVALID, "error: /error/type is ''; it must be a string that is not empty",
          claude_event_error("", "x", ENDS, &e, err));
    assert_int_equal(claude_event_text_delta(0, large, ENDS, &e, NULL), CLAUDE_E_TOO_LARGE);
    assert_int_equal(claude_event_from_json(large, ENDS, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_from_json(large, (16 << 20) + 1, &e, NULL), CLAUDE_E_TOO_LARGE);
    assert_null(e);
    free(large);
}

static void test_from_json(void **state)
{
    claude_event_t *e = NULL;

    (void)state;
    e = event_of(" {'type':'news', 'index':4, 'x':1.50}");
    assert_int_equal(claude_event_type(e), CLAUDE_EVENT_OTHER);
    assert_string_equal(claude_event_name(e), "news");
    assert_int_equal(claude_event_index(e), 4);
    assert_string_equal(claude_event_json(e, NULL), " {\"type\":\"news\", \"index\":4, \"x\":1.50}");
    claude_event_unref(e);
    e = event_of("{'type':'content_block_delta','delta':{'text':'short'}}");
    assert_int_equal(claude_event_type(e), CLAUDE_EVENT_TEXT_DELTA);
    assert_int_equal(claude_event_index(e), -1);
    claude_event_unref(e);
    e = NULL;
    WRONG(CLAUDE_E_INVALID, "a stream event has no 'type'", claude_event_from_json("{}", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID, "a stream event`s data is not a JSON object", claude_event_from_json("[]", ENDS, &e, err));
    WRONG(CLAUDE_E_INVALID,
          "a stream event`s data: JSON is not valid at offset 0: the text ends where a value is expected",
          claude_event_from_json("", 0, &e, err));
    assert_null(e);
}

/* ---- validation ---- */

static const struct bad_event {
    const char *json;
    const char *why;
} bad_events[] = {
    {"{'type':'news'}", "event 'news' is not supported; those that are: message_start, message_delta, message_stop, "
                        "content_block_start, content_block_delta, content_block_stop, ping, error, completion"},
    {"{'type':'message_start','message':[]}", "message_start: /message is an array; it must be an object"},
    {"{'type':'message_start','message':{'id':'i','type':'m','role':'user'}}",
     "message_start: /message/type is 'm'; it must be 'message'"},
    {"{'type':'message_start','message':{'id':'i','type':'message','role':'user','model':null}}",
     "message_start: /message/model is null; it must be a string that is not empty"},
    {"{'type':'message_start','message':{'id':'i','type':'message','role':'user','model':'m','content':'x'}}",
     "message_start: /message/content is 'x'; it must be an array"},
    {"{'type':'message_start','message':{'id':'i','type':'message','role':'user','model':'m','content':[]}}",
     "message_start: /message/usage is missing; it must be an object"},
    {"{'type':'content_block_start','content_block':{'type':'text','text':''}}",
     "content_block_start: /index is missing; it must be an integer of 0 or more"},
    {"{'type':'content_block_stop'}", "content_block_stop: /index is missing; it must be an integer of 0 or more"},
    {START(0, "{'type':'thinking','thinking':1}"),
     "content_block_start: /content_block/thinking is 1; it must be a string"},
    {START(0, "{'type':'server_tool_use','id':'i','name':'n','input':[]}"),
     "content_block_start: /content_block/input is an array; it must be an object"},
    {START(0, "{'type':'mcp_tool_use','id':'i','name':'n','input':{}}"),
     "content_block_start: /content_block/server_name is missing; it must be a string that is not empty"},
    {START(0, "{'type':'redacted_thinking'}"),
     "content_block_start: /content_block/data is missing; it must be a string that is not empty"},
    {START(0, "{'type':'web_search_tool_result'}"),
     "content_block_start: /content_block/tool_use_id is missing; it must be a string that is not empty"},
    {DELTA(0, "'text':'x'"), "content_block_delta: /delta/type is missing; it must be a string that is not empty"},
    {DELTA(0, "'type':'text_delta'"), "content_block_delta: /delta/text is missing; it must be a string"},
    {DELTA(0, "'type':'input_json_delta'"), "content_block_delta: /delta/partial_json is missing; it must be a string"},
    {DELTA(0, "'type':'news_delta'"),
     "content_block_delta: /delta/type is 'news_delta', which is not supported; those that are: text_delta, "
     "thinking_delta, signature_delta, input_json_delta, citations_delta, compaction_delta"},
    {DELTA(0, "'type':'citations_delta','citation':{}"),
     "content_block_delta: /delta/citation/type is missing; it must be a string that is not empty"},
    {"{'type':'message_delta','usage':{'output_tokens':1}}", "message_delta: /delta is missing; it must be an object"},
    {"{'type':'message_delta','delta':{'stop_reason':true},'usage':{'output_tokens':1}}",
     "message_delta: /delta/stop_reason is a boolean; it must be a string that is not empty, or be left out"},
    {"{'type':'message_delta','delta':{}}", "message_delta: /usage is missing; it must be an object"},
    {"{'type':'message_delta','delta':{},'usage':{'output_tokens':1.5}}",
     "message_delta: /usage/output_tokens is 1.5; it must be an integer of 0 or more"},
    {"{'type':'error'}", "error: /error is missing; it must be an object"},
    {"{'type':'error','error':{'type':'x'}}", "error: /error/message is missing; it must be a string"},
    {"{'type':'completion','model':'m'}", "completion: /completion is missing; it must be a string"},
    {"{'type':'completion','completion':''}", "completion: /model is missing; it must be a string that is not empty"},
};

static void test_validate_event(void **state)
{
    static const char *const good[] = {
        "{'type':'ping'}",
        "{'type':'ping','x':1}",
        "{'type':'message_stop','stop_reason':'end_turn'}",
        START(0, "{'type':'redacted_thinking','data':'x'}"),
        START(0, "{'type':'mcp_tool_use','id':'i','name':'n','input':{'a':1},'server_name':'s'}"),
        START(7, "{'type':'of_tomorrow'}"),
        DELTA(0, "'type':'compaction_delta','content':null"),
        "{'type':'message_delta','delta':{'stop_reason':null,'container':{}},'usage':{'output_tokens':1}}",
        "{'type':'completion','completion':' a','model':'m','stop_reason':null}",
        "{'type':'error','error':{'type':'t','message':''},'request_id':'r'}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        claude_event_t *e = event_of(good[i]);
        GOOD(claude_event_validate(e, err));
        claude_event_unref(e);
    }
    for (size_t i = 0; i < sizeof bad_events / sizeof bad_events[0]; i++) {
        claude_event_t *e = event_of(bad_events[i].json);
        WRONG(CLAUDE_E_INVALID, bad_events[i].why, claude_event_validate(e, err));
        claude_event_unref(e);
    }
}

/* ---- messages ---- */

static claude_stream_message_t *message_of(void)
{
    claude_stream_message_t *m = NULL;

    GOOD(claude_stream_message_new("msg_123", "message", "assistant", "claude-sonnet-4-5-20250929", NULL, 0, &m, err));
    return m;
}

static claude_code_t add(claude_stream_message_t *m, const char *json, claude_error_t **err)
{
    claude_event_t *e = event_of(json);
    claude_code_t rc = claude_stream_message_add(m, e, err);

    claude_event_unref(e);
    return rc;
}

#define HEAD "{'id':'msg_123','type':'message','role':'assistant','model':'claude-sonnet-4-5-20250929','content':"

static void expect_message(claude_stream_message_t *m, const char *json)
{
    char *want = quoted(json);
    size_t len;

    assert_string_equal(claude_stream_message_json(m, &len), want);
    assert_int_equal(len, strlen(want));
    free(want);
}

static void expect_block(claude_stream_message_t *m, size_t index, const char *type, const char *json)
{
    char *want = quoted(json);
    size_t len;

    assert_string_equal(claude_stream_message_block_at(m, index, &len), want);
    assert_int_equal(len, strlen(want));
    assert_string_equal(claude_stream_message_block_type(m, index), type);
    free(want);
}

static void test_message(void **state)
{
    claude_stream_message_t *m = message_of();
    claude_response_t *before = NULL;
    claude_response_t *after = NULL;

    (void)state;
    assert_int_equal(claude_stream_message_has_content(m), 0);
    assert_int_equal(claude_stream_message_block_count(m), 0);
    assert_null(claude_stream_message_block_at(m, 0, NULL));
    assert_null(claude_stream_message_block_type(m, 0));
    assert_string_equal(claude_stream_message_text(m, NULL), "");
    expect_message(m, HEAD "[],'stop_reason':null,'stop_sequence':null,'usage':{'input_tokens':0,'output_tokens':0}}");
    GOOD(add(m, START(0, "{'type':'text','text':''}"), err));
    assert_int_equal(claude_stream_message_has_content(m), 1);
    expect_block(m, 0, "text", "{'type':'text','text':''}");
    GOOD(add(m, DELTA(0, "'type':'text_delta','text':'Hel'"), err));
    GOOD(claude_stream_message_response(m, &before, err));
    GOOD(add(m, START(1, "{'type':'tool_use','id':'t','name':'n','input':{}}"), err));
    GOOD(add(m, DELTA(0, "'type':'text_delta','text':'lo'"), err));
    GOOD(add(m, DELTA(1, "'type':'input_json_delta','partial_json':'{\\'a'"), err));
    assert_int_equal(claude_stream_message_block_count(m), 2);
    expect_block(m, 0, "text", "{'type':'text','text':'Hello'}");
    expect_block(m, 1, "tool_use", "{'type':'tool_use','id':'t','name':'n','input':{},'_partial_json':'{\\'a'}");
    expect_block(m, 0, "text", "{'type':'text','text':'Hello'}");
    assert_null(claude_stream_message_block_at(m, 2, NULL));
    assert_string_equal(claude_stream_message_text(m, NULL), "Hello");
    GOOD(claude_stream_message_validate(m, err));
    GOOD(add(m, DELTA(1, "'type':'input_json_delta','partial_json':'\\':1}'"), err));
    GOOD(add(m, "{'type':'content_block_stop','index':0}", err));
    GOOD(add(m, "{'type':'content_block_stop','index':1}", err));
    GOOD(add(m, "{'type':'message_delta','delta':{'stop_reason':'tool_use'},'usage':{'output_tokens':9}}", err));
    assert_int_equal(claude_stream_message_is_complete(m), 0);
    GOOD(add(m, "{'type':'message_stop'}", err));
    assert_int_equal(claude_stream_message_is_complete(m), 1);
    assert_int_equal(claude_stream_message_anomalies(m), 0);
    GOOD(claude_stream_message_validate(m, err));
    expect_message(m, HEAD "[{'type':'text','text':'Hello'},{'type':'tool_use','id':'t','name':'n','input':{'a':1}}],"
                           "'stop_reason':'tool_use','stop_sequence':null,"
                           "'usage':{'input_tokens':0,'output_tokens':9}}");
    /* A response stays as it was, and outlives the message. */
    GOOD(claude_stream_message_response(m, &after, err));
    claude_stream_message_unref(m);
    assert_string_equal(claude_response_text(before, NULL), "Hel");
    assert_null(claude_response_stop_reason(before));
    assert_string_equal(claude_response_text(after, NULL), "Hello");
    assert_string_equal(claude_response_stop_reason(after), "tool_use");
    assert_int_equal(claude_response_usage(after, "output_tokens"), 9);
    assert_int_equal(claude_response_int(after, "/content/1/input/a", 0), 1);
    assert_int_equal(claude_response_status(after), 200);
    claude_response_unref(before);
    claude_response_unref(after);
}

static void test_add_block(void **state)
{
    claude_stream_message_t *m = message_of();

    (void)state;
    GOOD(claude_stream_message_add_block(m, "{\"type\":\"text\",\"text\":\"one\"}", ENDS, err));
    GOOD(claude_stream_message_add_block(m, "{\"type\":\"x\",\"y\":[1.0]}", ENDS, err));
    assert_int_equal(claude_stream_message_block_count(m), 2);
    expect_block(m, 0, "text", "{'type':'text','text':'one'}");
    expect_block(m, 1, "x", "{'type':'x','y':[1.0]}");
    WRONG(CLAUDE_E_INVALID,
          "content_block_start: /content_block/type is missing; it must be a string that is not empty",
          claude_stream_message_add_block(m, "{}", ENDS, err));
    assert_int_equal(claude_stream_message_block_count(m), 2);
    GOOD(add(m, "{'type':'message_stop'}", err));
    WRONG(CLAUDE_E_INVALID, "message: /stop_reason is null; it must be a string that is not empty",
          claude_stream_message_validate(m, err));
    claude_stream_message_unref(m);
}

/* A message that begins with what it has. */
static void test_given_content(void **state)
{
    claude_stream_message_t *m = NULL;

    (void)state;
    GOOD(claude_stream_message_empty(&m, err));
    GOOD(add(m,
             "{'type':'message_start','message':{'id':'i','type':'message','role':'assistant','model':'m',"
             "'content':[{'type':'text','text':'a'},{'type':'text'}],'usage':{}}}",
             err));
    assert_int_equal(claude_stream_message_block_count(m), 2);
    assert_int_equal(claude_stream_message_has_content(m), 1);
    expect_block(m, 1, "text", "{'type':'text'}");
    expect_block(m, 0, "text", "{'type':'text','text':'a'}");
    WRONG(CLAUDE_E_INVALID, "message: /content/1/text is missing; it must be a string",
          claude_stream_message_validate(m, err));
    claude_stream_message_unref(m);
}

static void test_empty_message(void **state)
{
    claude_stream_message_t *m = NULL;
    claude_response_t *r = NULL;
    size_t len = 5;

    (void)state;
    GOOD(claude_stream_message_empty(&m, err));
    assert_string_equal(claude_stream_message_json(m, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(claude_stream_message_text(m, NULL), "");
    assert_null(claude_stream_message_block_at(m, 0, NULL));
    WRONG(CLAUDE_E_STATE, "no message has begun", claude_stream_message_response(m, &r, err));
    WRONG(CLAUDE_E_INVALID, "message: none has begun; add a message_start event first",
          claude_stream_message_validate(m, err));
    WRONG(CLAUDE_E_PROTOCOL, "the stream has content_block_start before message_start",
          claude_stream_message_add_block(m, "{\"type\":\"text\",\"text\":\"\"}", ENDS, err));
    GOOD(add(m, "{'type':'ping'}", err));
    /* The short form. */
    GOOD(add(m, "{'type':'content_block_delta','delta':{'text':'Hello'}}", err));
    GOOD(add(m, "{'type':'message_stop','stop_reason':'end_turn'}", err));
    assert_int_equal(claude_stream_message_is_complete(m), 1);
    assert_true(claude_stream_message_anomalies(m) > 0);
    assert_string_equal(claude_stream_message_text(m, NULL), "Hello");
    claude_stream_message_unref(m);
}

static void test_wrong_order(void **state)
{
    claude_stream_message_t *m = message_of();
    claude_event_t *e = event_of("{'type':'content_block_stop'}");

    (void)state;
    WRONG(CLAUDE_E_PROTOCOL, "the stream has a delta for block 0, which is not open",
          add(m, DELTA(0, "'type':'text_delta','text':'x'"), err));
    WRONG(CLAUDE_E_PROTOCOL, "the stream has a second message_start, of another message",
          add(m, "{'type':'message_start','message':{'id':'other'}}", err));
    GOOD(add(m, START(0, "{'type':'text','text':''}"), err));
    /* The event itself stays as it is, whatever the message makes of it. */
    GOOD(claude_stream_message_add(m, e, err));
    assert_int_equal(claude_event_index(e), -1);
    GOOD(add(m, "{'type':'news'}", err));
    {
        claude_error_t *error = NULL;
        assert_int_equal(add(m, "{'type':'error','error':{'type':'overloaded_error','message':'Busy'}}", &error),
                         CLAUDE_E_OVERLOADED);
        assert_string_equal(claude_error_api_type(error), "overloaded_error");
        claude_error_unref(error);
    }
    expect_block(m, 0, "text", "{'type':'text','text':''}");
    claude_event_unref(e);
    claude_stream_message_unref(m);
}

static void test_broken_input(void **state)
{
    claude_stream_message_t *m = message_of();

    (void)state;
    GOOD(add(m, START(0, "{'type':'tool_use','id':'t','name':'n','input':{}}"), err));
    GOOD(add(m, DELTA(0, "'type':'input_json_delta','partial_json':'{\\'a\\':'"), err));
    GOOD(add(m, "{'type':'message_delta','delta':{'stop_reason':'max_tokens'},'usage':{'output_tokens':9}}", err));
    GOOD(add(m, "{'type':'message_stop'}", err));
    WRONG(CLAUDE_E_INVALID,
          "message: /content/0/input is not complete JSON; what came of it is in /content/0/_partial_json",
          claude_stream_message_validate(m, err));
    claude_stream_message_unref(m);
}

static void test_new_refuses(void **state)
{
    claude_stream_message_t *m = NULL;

    (void)state;
    WRONG(CLAUDE_E_INVALID, "message_start: /message/type is 'completion'; it must be 'message'",
          claude_stream_message_new("i", "completion", "user", "m", NULL, 0, &m, err));
    WRONG(CLAUDE_E_INVALID, "message_start: /message/model is ''; it must be a string that is not empty",
          claude_stream_message_new("i", "message", "user", "", NULL, 0, &m, err));
    WRONG(CLAUDE_E_INVALID, "id is NULL", claude_stream_message_new(NULL, "message", "user", "m", NULL, 0, &m, err));
    assert_null(m);
}

/* Events with blocks many, asked for each: all of them once, not once each. */
static void test_many_blocks(void **state)
{
    enum { BLOCKS = 10000 };
    claude_stream_message_t *m = message_of();
    size_t total = 0;

    (void)state;
    for (int i = 0; i < BLOCKS; i++)
        GOOD(claude_stream_message_add_block(m, "{\"type\":\"text\",\"text\":\"x\"}", ENDS, err));
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t len;
        assert_true(claude_stream_message_block_at(m, i, &len) != NULL);
        total += len;
    }
    assert_int_equal(total, BLOCKS * strlen("{'type':'text','text':'x'}"));
    WRONG(CLAUDE_E_TOO_LARGE, "the message has more than 10000 blocks (limit.blocks)",
          claude_stream_message_add_block(m, "{\"type\":\"text\",\"text\":\"x\"}", ENDS, err));
    claude_stream_message_unref(m);
}

/* ---- partial input out of events ---- */

static void test_partial_events(void **state)
{
    static const char *const events[] = {
        START(0, "{'type':'text','text':''}"),
        DELTA(0, "'type':'text_delta','text':'[1,'"),
        START(1, "{'type':'tool_use','id':'t','name':'n','input':{}}"),
        DELTA(1, "'type':'input_json_delta','partial_json':''"),
        DELTA(2, "'type':'input_json_delta','partial_json':'{\\'of\\':\\'two\\'}'"),
        DELTA(1, "'type':'input_json_delta','partial_json':'{\\'a\\': [1, 2'"),
        "{'type':'ping'}",
        DELTA(1, "'type':'input_json_delta','partial_json':'3], \\'b\\':'"),
    };
    claude_partial_t *any = NULL;
    claude_partial_t *two = NULL;
    claude_code_t taken = 0;

    (void)state;
    GOOD(claude_partial_new(-1, &any, err));
    GOOD(claude_partial_new(2, &two, err));
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        claude_event_t *e = event_of(events[i]);
        claude_code_t rc = claude_partial_add_event(any, e, NULL);
        assert_true(rc == 0 || rc == 1);
        taken += rc;
        GOOD(claude_partial_add_event(two, e, err));
        claude_event_unref(e);
    }
    assert_int_equal(taken, 3);
    assert_string_equal(claude_partial_json(any, NULL), "{\"a\": [1, 23]}");
    assert_string_equal(claude_partial_json(two, NULL), "{\"of\":\"two\"}");
    assert_int_equal(claude_partial_is_complete(two), 1);
    {
        claude_event_t *e = event_of(DELTA(2, "'type':'input_json_delta','partial_json':'x'"));
        WRONG(CLAUDE_E_INVALID, "JSON is not valid at offset 12: text after the end of the value",
              claude_partial_add_event(two, e, err));
        claude_event_unref(e);
    }
    assert_int_equal(claude_partial_add_event(any, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_partial_add_event(NULL, NULL, NULL), CLAUDE_E_INVALID);
    claude_partial_unref(any);
    claude_partial_unref(two);
}

/* ---- handles ---- */

static void test_handles(void **state)
{
    claude_stream_message_t *m = message_of();
    claude_event_t *e = event_of("{'type':'ping'}");
    claude_response_t *r = NULL;
    size_t len = 5;

    (void)state;
    assert_int_equal(claude_event_text_delta(0, "x", 1, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_text_delta(0, NULL, 1, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_ping(NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_message_start(NULL, "m", "user", NULL, 0, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_message_start("i", NULL, "user", NULL, 0, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_message_start("i", "m", NULL, NULL, 0, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_block_start(0, NULL, 0, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_error(NULL, "", 0, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_from_json(NULL, ENDS, &e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_validate(NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_event_validate((claude_event_t *)m, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_empty(NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_add(NULL, e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_add(m, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_add((claude_stream_message_t *)e, e, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_add_block(NULL, "{}", 2, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_response(m, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_response(NULL, &r, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_validate(NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_stream_message_is_complete(NULL), 0);
    assert_int_equal(claude_stream_message_has_content(NULL), 0);
    assert_int_equal(claude_stream_message_block_count(NULL), 0);
    assert_int_equal(claude_stream_message_anomalies(NULL), 0);
    assert_null(claude_stream_message_block_at(NULL, 0, &len));
    assert_int_equal(len, 0);
    assert_null(claude_stream_message_block_type(NULL, 0));
    assert_string_equal(claude_stream_message_text(NULL, &len), "");
    assert_string_equal(claude_stream_message_json(NULL, &len), "");
    assert_null(claude_stream_message_ref(NULL));
    claude_stream_message_unref(NULL);
    assert_ptr_equal(claude_stream_message_ref(m), m);
    claude_stream_message_unref(m);
    claude_stream_message_unref(m);
    claude_event_unref(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constructors),
        cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_constructors_refuse),
        cmocka_unit_test(test_from_json),
        cmocka_unit_test(test_validate_event),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_add_block),
        cmocka_unit_test(test_given_content),
        cmocka_unit_test(test_empty_message),
        cmocka_unit_test(test_wrong_order),
        cmocka_unit_test(test_broken_input),
        cmocka_unit_test(test_new_refuses),
        cmocka_unit_test(test_many_blocks),
        cmocka_unit_test(test_partial_events),
        cmocka_unit_test(test_handles),
    };

    return cmocka_run_group_tests_name("message.stream_types", tests, NULL, NULL);
}
