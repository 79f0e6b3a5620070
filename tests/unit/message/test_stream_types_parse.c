/* Recorded streams read back. In the texts below ' stands for ", to keep them readable, and ` for '. */
#include "testing.h"

#include <claude/stream.h>

#define PING "event: ping\ndata: {'type':'ping'}\n\n"
#define TEXT(text) "event: content_block_delta\ndata: " TEXT_DATA(text) "\n\n"
#define TEXT_DATA(text) "{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'" text "'}}"

enum { STRICT = CLAUDE_PARSE_STRICT, SKIP = CLAUDE_PARSE_SKIP_MALFORMED };

static void quotes(char *text)
{
    for (; *text; text++)
        *text = (char)(*text == '\'' ? '"' : *text == '`' ? '\'' : *text);
}

/* What came, as one text: "ping text<Hello>". */
typedef struct heard {
    cl_buf text;
    int32_t answer; /* of the callback */
    int destroyed;
} heard;

static int32_t hear(const claude_event_t *event, void *user_data)
{
    heard *h = user_data;
    size_t len;

    assert_int_equal(h->destroyed, 0);
    assert_null(claude_event_ref((claude_event_t *)(uintptr_t)event)); /* a view */
    assert_int_equal(claude_event_json(event, &len)[len], '\0');
    if (h->text.len > 0)
        (void)cl_buf_append_char(&h->text, ' ');
    if (!claude_event_text(event, NULL)) {
        (void)cl_buf_append_text(&h->text, claude_event_name(event));
        return h->answer;
    }
    (void)cl_buf_append_text(&h->text, "text<");
    (void)cl_buf_append_text(&h->text, claude_event_text(event, NULL));
    (void)cl_buf_append_char(&h->text, '>');
    return h->answer;
}

static void gone(void *user_data)
{
    ((heard *)user_data)->destroyed++;
}

static const struct good {
    const char *text;
    uint32_t flags;
    const char *events;
    uint64_t anomalies;
} goods[] = {
    {"", 0, "", 0},
    {"\n\n: only a comment\n\n", 0, "", 0},
    {PING, STRICT, "ping", 0},
    {PING TEXT("Hello") TEXT("\\n"), STRICT, "ping text<Hello> text<\n>", 0},
    {"\xef\xbb\xbf" PING, STRICT, "ping", 0},
    {"event: ping\r\ndata: {'type':'ping'}\r\n\r\n", STRICT, "ping", 0},
    {"event: ping\rdata: {'type':'ping'}\r\r", STRICT, "ping", 0},
    {"event: ping\ndata: {'type':\ndata: 'ping'}\n\n", STRICT, "ping", 0},
    {"event: ping\ndata: {'type':'ping'}\ndata:\n\n", 0, "ping", 0},
    {": c\n\nid: 1\nretry: 5\nevent: ping\ndata: {'type':'ping'}\n\nid: 2\n\n", STRICT, "ping", 0},
    {PING "data: [DONE]\n\n", STRICT, "ping", 0},
    {"event: completion\ndata: {'type':'completion','completion':' a','stop_reason':null,'model':'m'}\n\n", STRICT,
     "completion", 0},
    {"event: error\ndata: {'type':'error','error':{'type':'overloaded_error','message':'m'}}\n\n", STRICT, "error", 0},
    {"event: news\ndata: {'type':'news'}\n\n" PING, 0, "news ping", 0},
    /* The short form, with and without blank lines. */
    {"data: {'type':'content_block_delta','delta':{'text':'Hello'}}\n\ndata: {'type':'message_stop','stop_reason':"
     "'end_turn'}\n\ndata: [DONE]\n\n",
     0, "text<Hello> message_stop", 1},
    {"data: {'type': 'content_block_delta', 'delta': {'text': 'Hello'}}\ndata: {'type': 'message_stop', 'stop_reason': "
     "'end_turn'}\ndata: [DONE]\n",
     0, "text<Hello> message_stop", 3},
    {"data: {'type':'ping'}\ndata: {'type':'ping'}\n\n", 0, "ping ping", 1},
    /* No blank line at the end, or no line end at all. */
    {PING "event: ping\ndata: {'type':'ping'}\n", 0, "ping ping", 1},
    {PING "event: ping\ndata: {'type':'ping'}", 0, "ping ping", 1},
    {"event: ping\r\ndata: {'type':'ping'}\r", 0, "ping", 1},
    {PING "event: ping\n", 0, "ping", 0},
    {PING "data: [DONE]", 0, "ping", 1},
    /* What cannot be understood is passed over. */
    {PING "event: ping\ndata: {'type'\n\n" PING, SKIP, "ping ping", 1},
    {PING "event: ping\ndata: {'type':'ping'}\xff\n\n" PING, SKIP, "ping ping", 1},
    {PING "event: ping\ndata: {'type'", SKIP, "ping", 1},
    {PING "data: {}\n\ndata: 1\n\n", SKIP, "ping", 2},
    {"data: {'type':'ping'}\ndata: {}\n\n", SKIP, "ping", 2},
};

static void check_good(const struct good *g)
{
    char *text = copy_of(cl_str_of(g->text));
    heard h = {CL_BUF_INIT(1 << 20), 0, 0};
    claude_error_t *error = NULL;
    uint64_t events = 77;
    uint64_t anomalies = 77;
    uint64_t only = 77;
    size_t len;
    char *exact;

    quotes(text);
    len = strlen(text);
    exact = malloc(len > 0 ? len : 1); /* so that the first byte read too many is seen */
    assert_non_null(exact);
    memcpy(exact, text, len);
    if (claude_parse_events(exact, len, g->flags, hear, &h, gone, &events, &anomalies, &error) < 0)
        fail_msg("%s: %s", g->text, claude_error_message(error));
    if (strcmp(cl_buf_str(&h.text).ptr, g->events) != 0 || anomalies != g->anomalies)
        fail_msg("%s: %s, %d anomalies", g->text, cl_buf_str(&h.text).ptr, (int)anomalies);
    assert_int_equal(h.destroyed, 1);
    assert_memory_equal(exact, text, len);
    assert_int_equal(claude_parse_events(exact, len, g->flags, NULL, NULL, NULL, &only, NULL, NULL), CLAUDE_OK);
    assert_int_equal(only, events);
    cl_buf_free(&h.text);
    free(exact);
    free(text);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
        check_good(&goods[i]);
}

static const struct bad {
    const char *text;
    uint32_t flags;
    claude_code_t code;
    const char *message;
    const char *events; /* before it */
} bads[] = {
    {PING "event: message_stop\ndata: {'type':'message_stop'\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 2 (message_stop), line 5, byte 55: a stream event`s data: JSON is not valid at offset 22: the text ends "
     "inside an object",
     "ping"},
    {PING "\n: comment\ndata: {}\n\n", 0, CLAUDE_E_PROTOCOL, "event 2, line 6, byte 46: a stream event has no 'type'",
     "ping"},
    {"event: ping\r\ndata: {'type':'ping'}\r\n\r\ndata: x\r\n\r\n", 0, CLAUDE_E_PROTOCOL,
     "event 2, line 4, byte 38: a stream event`s data: JSON is not valid at offset 0: a value is expected here",
     "ping"},
    {"database: 1\ndata: x\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 1, line 2, byte 12: a stream event`s data: JSON is not valid at offset 0: a value is expected here", ""},
    {"event: a\rdata: x\r\r", 0, CLAUDE_E_PROTOCOL,
     "event 1 (a), line 2, byte 9: a stream event`s data: JSON is not valid at offset 0: a value is expected here", ""},
    {"data: {'type':'content_block_stop','index':-1}\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 1, line 1, byte 0: the 'index' of a stream event is not a block`s number", ""},
    {PING "event: ping\ndata: \xff\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 2, line 5, byte 47: the stream has invalid UTF-8 at byte 53", "ping"},
    {"data: {'type':'ping'}\ndata: x\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 1, line 1, byte 0: a stream event`s data: JSON is not valid at offset 16: text after the end of the value",
     ""},
    {"data: {'type':'ping'}\ndata: {}\n\n", 0, CLAUDE_E_PROTOCOL,
     "event 2, line 1, byte 0: a stream event has no 'type'", "ping"},
    {PING "event: ping\ndata: {'type':'pi", 0, CLAUDE_E_TRUNCATED,
     "event 2 (ping), line 5, byte 47: the text ends inside of the event", "ping"},
    {PING "event: ping\ndata: {'type':'ping'}\n", STRICT, CLAUDE_E_PROTOCOL,
     "event 2 (ping), line 5, byte 47: no blank line ends the event (CLAUDE_PARSE_STRICT)", "ping"},
    {"event: news\ndata: {'type':'news'}\n\n", STRICT, CLAUDE_E_PROTOCOL,
     "event 1 (news), line 2, byte 12: event 'news' is not supported; those that are: message_start, message_delta, "
     "message_stop, content_block_start, content_block_delta, content_block_stop, ping, error, completion",
     ""},
    {"event: message_stop\ndata: {'type':'ping'}\n\n", STRICT, CLAUDE_E_PROTOCOL,
     "event 1 (message_stop), line 2, byte 20: the event is not in the documented form (CLAUDE_PARSE_STRICT)", ""},
    {"data: {'type':'content_block_delta','delta':{'text':'Hello'}}\n\n", STRICT, CLAUDE_E_PROTOCOL,
     "event 1, line 1, byte 0: content_block_delta: /delta/type is missing; it must be a string that is not empty", ""},
    {"data: {'type':'ping'}\ndata: {'type':'ping'}\n\n", STRICT, CLAUDE_E_PROTOCOL,
     "event 1, line 1, byte 0: a stream event`s data: JSON is not valid at offset 16: text after the end of the value",
     ""},
    {": nothing\n\n", STRICT, CLAUDE_E_PROTOCOL, "there is no event in the text (CLAUDE_PARSE_STRICT)", ""},
    {"data: [DONE]\n\n", STRICT, CLAUDE_E_PROTOCOL, "there is no event in the text (CLAUDE_PARSE_STRICT)", ""},
    {PING, STRICT | SKIP, CLAUDE_E_INVALID, "flags: a strict reader skips nothing; leave one of the two out", ""},
    {PING, 9, CLAUDE_E_INVALID, "flags has unknown bits: 8", ""},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        const struct bad *b = &bads[i];
        char *text = copy_of(cl_str_of(b->text));
        char *message = copy_of(cl_str_of(b->message));
        heard h = {CL_BUF_INIT(1 << 20), 0, 0};
        claude_error_t *error = NULL;
        uint64_t events = 77;
        claude_code_t rc;
        quotes(text);
        quotes(message);
        rc = claude_parse_events(text, CLAUDE_NTS, b->flags, hear, &h, gone, &events, &events, &error);
        if (rc != b->code || strcmp(claude_error_message(error), message) != 0)
            fail_msg("%s: %d, %s", b->text, (int)rc, claude_error_message(error));
        assert_string_equal(cl_buf_str(&h.text).ptr, b->events);
        assert_int_equal(h.destroyed, 1);
        assert_int_equal(events, 77);
        cl_buf_free(&h.text);
        claude_error_unref(error);
        free(text);
        free(message);
    }
}

static void test_callback(void **state)
{
    char text[] = PING PING;
    heard h = {CL_BUF_INIT(1 << 20), -7, 0};
    claude_error_t *error = NULL;

    (void)state;
    quotes(text);
    assert_int_equal(claude_parse_events(text, CLAUDE_NTS, SKIP, hear, &h, gone, NULL, NULL, &error),
                     CLAUDE_E_CALLBACK);
    assert_int_equal(claude_error_user_code(error), -7);
    assert_string_equal(cl_buf_str(&h.text).ptr, "ping");
    assert_int_equal(h.destroyed, 1);
    assert_int_equal(claude_parse_events(NULL, 5, 0, hear, &h, gone, NULL, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(h.destroyed, 2);
    assert_int_equal(claude_parse_events(NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL), CLAUDE_OK);
    cl_buf_free(&h.text);
    claude_error_unref(error);
}

/* An event may have so many bytes, line ends and all, and not one more. */
static void test_limit(void **state)
{
    enum { LIMIT = 16 << 20 };
    static const char head[] = "data: {\"type\":\"ping\",\"x\":\"";
    static const char tail[] = "\"}\n\n";
    char *text = malloc(LIMIT + 10);
    claude_error_t *error = NULL;
    size_t len = LIMIT;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LIMIT + 10);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + len - (sizeof tail - 1), tail, sizeof tail - 1);
    assert_int_equal(claude_parse_events(text, len, 0, NULL, NULL, NULL, NULL, NULL, NULL), CLAUDE_OK);
    memcpy(text + len + 1 - (sizeof tail - 1), tail, sizeof tail - 1);
    text[len + 1 - sizeof tail] = 'x';
    assert_int_equal(claude_parse_events(text, len + 1, 0, NULL, NULL, NULL, NULL, NULL, &error), CLAUDE_E_TOO_LARGE);
    assert_non_null(strstr(claude_error_message(error), "limit.event_bytes"));
    claude_error_unref(error);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_callback),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests_name("message.stream_types_parse", tests, NULL, NULL);
}
