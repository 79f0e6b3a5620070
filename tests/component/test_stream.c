/* Streams: events pulled, delivered and accumulated; what is borrowed and what is kept; how streams deviate and end. */
#include "support.h"

#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m',"         \
    "'content':[],'stop_reason':null,'stop_sequence':null,'usage':{'input_tokens':12,'output_tokens':1}}}}"
#define TEXT_BLOCK "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}}"
#define TEXT(text) "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'" text "'}}}"
#define BLOCK_STOP "{'data':{'type':'content_block_stop','index':0}}"
#define MESSAGE_DELTA                                                                                                  \
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},"                         \
    "'usage':{'output_tokens':5}}}"
#define MESSAGE_STOP "{'data':{'type':'message_stop'}}"
#define PING "{'data':{'type':'ping'}}"
#define END BLOCK_STOP "," MESSAGE_DELTA "," MESSAGE_STOP
#define PLAIN START "," TEXT_BLOCK "," TEXT("Hel") "," TEXT("lo") "," END
#define PLAIN_TRACE "10/-1 \n20/0 \n30/0 Hel\n30/0 lo\n21/0 \n11/-1 \n12/-1 \n"
#define PLAIN_MESSAGE                                                                                                  \
    "{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[{'type':'text','text':'Hello'}],"        \
    "'stop_reason':'end_turn','stop_sequence':null,'usage':{'input_tokens':12,'output_tokens':5}}"

/* Every kind of block, open at the same time, and the message that the API would give in one piece. */
static const char rich_stream[] =
    "{'events':["
    "{'data':{'type':'message_start','message':{'id':'msg_2','type':'message','role':'assistant','model':'m',"
    "'content':[],'stop_reason':null,'stop_sequence':null,'container':null,"
    "'usage':{'input_tokens':25,'cache_read_input_tokens':3,'output_tokens':1,'service_tier':'standard'}}}}," PING ","
    "{'data':{'type':'content_block_start','index':0,"
    "'content_block':{'type':'thinking','thinking':'','signature':''}}},"
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'thinking_delta','thinking':'Let me '}}},"
    "{'data':{'type':'content_block_start','index':1,'content_block':{'type':'text','text':'','citations':null}}},"
    "{'data':{'type':'content_block_delta','index':1,'delta':{'type':'text_delta','text':'Caf\\u00e9 "
    "\\ud83d\\ude00'}}},"
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'thinking_delta','thinking':'think'}}},"
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'signature_delta','signature':'EqQB+/c=='}}},"
    "{'data':{'type':'content_block_stop','index':0}},"
    "{'data':{'type':'content_block_start','index':2,"
    "'content_block':{'type':'tool_use','id':'toolu_1','name':'get_weather','input':{}}}},"
    "{'data':{'type':'content_block_delta','index':2,'delta':{'type':'input_json_delta','partial_json':''}}},"
    "{'data':{'type':'content_block_delta','index':2,'delta':{'type':'input_json_delta',"
    "'partial_json':'{\\'n\\':12345678901234567890,\\'s'}}},"
    "{'data':{'type':'content_block_delta','index':1,'delta':{'type':'citations_delta',"
    "'citation':{'type':'page_location','start':1}}}},"
    "{'data':{'type':'content_block_delta','index':2,'delta':{'type':'input_json_delta',"
    "'partial_json':'\\':\\'a\\\\u00'}}},"
    "{'data':{'type':'content_block_delta','index':2,'delta':{'type':'input_json_delta','partial_json':'e9\\'}'}}},"
    "{'data':{'type':'content_block_stop','index':2}},"
    "{'data':{'type':'content_block_stop','index':1}},"
    "{'data':{'type':'content_block_start','index':3,'content_block':{'type':'redacted_thinking','data':'xyz'}}},"
    "{'data':{'type':'content_block_stop','index':3}},"
    "{'data':{'type':'message_delta','delta':{'stop_reason':'tool_use','stop_sequence':null},"
    "'usage':{'output_tokens':87,'input_tokens':null}}}," MESSAGE_STOP "]%s}";

static const char rich_trace[] =
    "10/-1 \n40/-1 \n20/0 \n31/0 Let me \n20/1 \n30/1 Caf\xc3\xa9 \xf0\x9f\x98\x80\n31/0 think\n32/0 EqQB+/c==\n"
    "21/0 \n20/2 \n33/2 \n33/2 {\"n\":12345678901234567890,\"s\n34/1 \n33/2 \":\"a\\u00\n33/2 e9\"}\n21/2 \n21/1 \n"
    "20/3 \n21/3 \n11/-1 \n12/-1 \n";

static const char rich_message[] =
    "{'id':'msg_2','type':'message','role':'assistant','model':'m','content':["
    "{'type':'thinking','thinking':'Let me think','signature':'EqQB+/c=='},"
    "{'type':'text','text':'Caf\xc3\xa9 \xf0\x9f\x98\x80','citations':[{'type':'page_location','start':1}]},"
    "{'type':'tool_use','id':'toolu_1','name':'get_weather','input':{'n':12345678901234567890,'s':'a\xc3\xa9'}},"
    "{'type':'redacted_thinking','data':'xyz'}],"
    "'stop_reason':'tool_use','stop_sequence':null,'container':null,"
    "'usage':{'input_tokens':25,'cache_read_input_tokens':3,'output_tokens':87,'service_tier':'standard'}}";

/* In `more`: further members of the scenario. */
static void script_events(const char *events, const char *more)
{
    char *scenario = format("{'events':[%s]%s}", events, more);

    script(scenario);
    free(scenario);
}

static void script_rich(const char *more)
{
    char *scenario = format(rich_stream, more);
    char *inner;

    /* Quotes that are escaped already stay as they are once ' has become ". */
    for (inner = scenario; (inner = strstr(inner, "\\'")) != NULL; inner++)
        inner[1] = '"';
    script(scenario);
    free(scenario);
}

/* What most tests need. */
struct stream {
    claude_client_t *client;
    claude_request_t *request;
    claude_call_t *call;
    struct trace trace;
};

static struct stream open_stream(claude_client_t *client)
{
    struct stream s = {.client = client, .request = hello()};

    s.call = start_stream(s.client, s.request);
    return s;
}

static void close_stream(struct stream *s)
{
    claude_call_unref(s->call);
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    trace_free(&s->trace);
}

static claude_response_t *result_of(claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_call_result(call, &response, &err), err);
    assert_non_null(response);
    return response;
}

static void check_message(claude_call_t *call, const char *expected)
{
    claude_response_t *response = result_of(call);

    assert_json_equal(claude_response_json(response, NULL), expected);
    claude_response_unref(response);
}

/* Pulls to the end and checks every event and the message. */
static void check_pull(struct stream *s, int64_t timeout_ms, const char *trace, const char *message)
{
    claude_error_t *err = NULL;

    assert_int_equal(pull_all(s->call, timeout_ms, &s->trace, &err), CLAUDE_DONE);
    assert_null(err);
    assert_string_equal(s->trace.text, trace);
    check_message(s->call, message);
}

/* ---- pulling ---- */

static void pulls_every_event(void **state)
{
    struct stream s;
    claude_response_t *response;

    (void)state;
    script_rich("");
    s = open_stream(new_client());
    check_pull(&s, -1, rich_trace, rich_message);
    assert_int_equal(claude_call_anomalies(s.call), 0);
    assert_int_equal(claude_call_attempts(s.call), 1);
    response = result_of(s.call);
    assert_string_equal(claude_response_text(response, NULL), "Caf\xc3\xa9 \xf0\x9f\x98\x80");
    assert_string_equal(claude_response_stop_reason(response), "tool_use");
    assert_int_equal(claude_response_usage(response, "output_tokens"), 87);
    assert_int_equal(claude_response_usage(response, "input_tokens"), 25);
    assert_non_null(claude_response_request_id(response));
    assert_int_equal(claude_response_status(response), 200);
    claude_response_unref(response);
    close_stream(&s);
}

static void has_a_sticky_end(void **state)
{
    struct stream s;
    const claude_event_t *event = NULL;
    const claude_event_t *before;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;

    (void)state;
    script_events(PLAIN, "");
    s = open_stream(new_client());
    assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_RUNNING);
    while (claude_call_next(s.call, -1, &event, &err) == 1) {
        fails(claude_call_result(s.call, &response, &err), CLAUDE_E_STATE, &err);
        assert_null(response);
    }
    before = event;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(claude_call_next(s.call, i - 1, &event, &err), CLAUDE_DONE);
        assert_int_equal(claude_call_wait(s.call, i - 1, &err), CLAUDE_DONE);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_DONE);
    }
    claude_call_cancel(s.call);
    assert_int_equal(claude_call_next(s.call, 0, &event, &err), CLAUDE_DONE);
    assert_ptr_equal(event, before);
    assert_null(err);
    check_message(s.call, PLAIN_MESSAGE);
    close_stream(&s);
}

/* However the bytes are cut and however impatient the program is, the events are the same. */
static void loses_nothing_when_polled(void **state)
{
    static const char *const cuts[] = {"", ",'chunk_size':1", ",'chunk_size':7,'chunk_delay_ms':0.05",
                                       ",'chunk_size':64,'chunk_delay_ms':0.5,'framing':'close'",
                                       ",'chunk_size':501,'framing':'length'"};
    static const int64_t timeouts[] = {-1, 0, 1, 1000, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        script_rich(cuts[i]);
        for (size_t k = 0; k < COUNT_OF(timeouts); k++) {
            struct stream s = open_stream(new_client());
            check_pull(&s, timeouts[k], rich_trace, rich_message);
            close_stream(&s);
        }
    }
}

static void mixes_ways_of_waiting(void **state)
{
    struct stream s;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 1;

    (void)state;
    script_rich(",'chunk_size':40,'chunk_delay_ms':0.2");
    s = open_stream(new_client());
    for (int turn = 0; rc == 0 || rc == 1; turn++) {
        rc = claude_call_next(s.call, turn % 3 == 0 ? 0 : turn % 3 == 1 ? 1 : -1, &event, &err);
        if (rc == 1)
            trace_add(&s.trace, event);
    }
    assert_int_equal(rc, CLAUDE_DONE);
    assert_string_equal(s.trace.text, rich_trace);
    check_message(s.call, rich_message);
    close_stream(&s);
}

/* What is there when the program asks is handed out, also to one that does not want to wait. */
static void hands_out_what_has_arrived(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    /* A connection that is there, so that starting sends at once. */
    claude_response_unref(execute(client, request));
    script_events(START "," TEXT_BLOCK ",{'do':'stall'}", "");
    for (int64_t timeout_ms = 0; timeout_ms < 2; timeout_ms++) {
        int64_t written = statistic(server, "events_written");
        claude_call_t *call = start_stream(client, request);
        /* The server writes both in one go, up to where it stalls. */
        while (statistic(server, "events_written") == written)
            ;
        assert_int_equal(claude_call_next(call, timeout_ms, &event, &err), 1);
        assert_int_equal(claude_event_type(event), CLAUDE_EVENT_MESSAGE_START);
        assert_int_equal(claude_call_next(call, timeout_ms, &event, &err), 1);
        assert_int_equal(claude_call_next(call, timeout_ms, &event, &err), 0);
        claude_call_unref(call);
        /* The stalled one is gone; another connection for the next round. */
        assert_int_equal(sandbox_use(server, NULL), 0);
        claude_response_unref(execute(client, request));
        assert_int_equal(sandbox_use(server, "current"), 0);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void waits_without_a_callback(void **state)
{
    struct stream s;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)state;
    script_rich(",'chunk_size':100,'chunk_delay_ms':0.5");
    s = open_stream(new_client());
    while ((rc = claude_call_wait(s.call, 0, &err)) == 0)
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_RUNNING);
    assert_int_equal(rc, CLAUDE_DONE);
    check_message(s.call, rich_message);
    close_stream(&s);
}

static void streams_a_lot(void **state)
{
    enum { EVENTS = 20000 };
    struct stream s;
    claude_error_t *err = NULL;
    claude_response_t *response;
    size_t len = 0;

    (void)state;
    script("{'generate':{'events':20000,'event_bytes':126}}");
    s = open_stream(new_client());
    assert_int_equal(pull_all(s.call, -1, &s.trace, &err), CLAUDE_DONE);
    assert_true(s.trace.events >= EVENTS);
    response = result_of(s.call);
    (void)claude_response_text(response, &len);
    assert_true(len >= EVENTS);
    claude_response_unref(response);
    close_stream(&s);
}

/* ---- events ---- */

static void shows_an_event(void **state)
{
    struct stream s;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    int32_t type = 0;
    int32_t index = -7;
    const char *text = NULL;
    size_t len = 0;

    (void)state;
    script_events(START "," TEXT_BLOCK ",{'raw':'data: {\\'type\\':\\'content_block_delta\\',  \\'index\\':0,"
                        "\\'delta\\':{\\'text\\':\\'a\\\\u0000b\\',\\'type\\':\\'text_delta\\'}}\\n\\n'}," PING "," END,
                  "");
    s = open_stream(new_client());
    assert_int_equal(claude_call_next(s.call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_MESSAGE_START);
    assert_string_equal(claude_event_name(event), "message_start");
    assert_null(claude_event_text(event, &len));
    assert_int_equal(len, 0);
    assert_int_equal(claude_event_index(event), -1);
    assert_int_equal(claude_call_next(s.call, -1, &event, &err), 1);
    assert_int_equal(claude_call_next(s.call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_TEXT_DELTA);
    assert_string_equal(claude_event_name(event), "content_block_delta");
    assert_int_equal(claude_event_index(event), 0);
    assert_memory_equal(claude_event_text(event, &len), "a\0b", 4);
    assert_int_equal(len, 3);
    assert_string_equal(claude_event_json(event, &len), "{\"type\":\"content_block_delta\",  \"index\":0,"
                                                        "\"delta\":{\"text\":\"a\\u0000b\",\"type\":\"text_delta\"}}");
    assert_int_equal(len, strlen(claude_event_json(event, NULL)));
    assert_int_equal(claude_event_view(event, &type, &index, &text, &len), 1);
    assert_int_equal(type, CLAUDE_EVENT_TEXT_DELTA);
    assert_int_equal(index, 0);
    assert_ptr_equal(text, claude_event_text(event, NULL));
    assert_int_equal(len, 3);
    assert_int_equal(claude_event_view(event, NULL, NULL, NULL, NULL), 1);
    assert_int_equal(claude_event_view(NULL, &type, &index, &text, &len), 0);
    assert_int_equal(type, CLAUDE_EVENT_TEXT_DELTA);
    assert_int_equal(claude_call_next(s.call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_PING);
    assert_string_equal(claude_event_name(event), "ping");
    assert_string_equal(claude_event_json(event, NULL), "{\"type\":\"ping\"}");
    close_stream(&s);
}

static void keeps_events(void **state)
{
    enum { MOST = 32 };
    claude_event_t *kept[MOST] = {NULL};
    struct trace again = {NULL, 0, 0, 0};
    struct stream s;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    size_t count = 0;

    (void)state;
    script_rich("");
    s = open_stream(new_client());
    while (claude_call_next(s.call, -1, &event, &err) == 1) {
        assert_true(count < MOST);
        /* A borrowed view cannot be held, and letting go of it does nothing. */
        assert_null(claude_event_ref((claude_event_t *)(uintptr_t)event));
        claude_event_unref((claude_event_t *)(uintptr_t)event);
        succeeds(claude_event_keep(event, &kept[count], &err), err);
        assert_ptr_not_equal(kept[count], event);
        assert_string_equal(claude_event_json(kept[count], NULL), claude_event_json(event, NULL));
        assert_string_equal(claude_event_name(kept[count]), claude_event_name(event));
        count++;
    }
    close_stream(&s);
    for (size_t i = 0; i < count; i++) {
        claude_event_t *second = NULL;
        assert_ptr_equal(claude_event_ref(kept[i]), kept[i]);
        succeeds(claude_event_keep(kept[i], &second, &err), err);
        claude_event_unref(kept[i]);
        claude_event_unref(second);
        trace_add(&again, kept[i]);
        claude_event_unref(kept[i]);
    }
    assert_string_equal(again.text, rich_trace);
    trace_free(&again);
}

/* ---- callbacks ---- */

static void delivers_inside_execute(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello_stream();
    struct trace trace = {NULL, 0, 0, 0};
    claude_error_t *err = NULL;
    claude_response_t *response;

    (void)state;
    script_rich(",'chunk_size':33");
    succeeds(claude_request_on_event(request, trace_callback, &trace, NULL, &err), err);
    response = execute(client, request);
    assert_string_equal(trace.text, rich_trace);
    assert_json_equal(claude_response_json(response, NULL), rich_message);
    claude_response_unref(response);
    /* A request that does not stream has no events. */
    trace.len = 0;
    trace.events = 0;
    script("{'body_json':{'type':'message','content':[]}}");
    succeeds(claude_request_set_stream(request, 0, &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(trace.events, 0);
    trace_free(&trace);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void delivers_inside_wait(void **state)
{
    struct stream s = {.client = new_client(), .request = hello()};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)state;
    script_rich(",'chunk_size':64,'chunk_delay_ms':0.5");
    succeeds(claude_request_on_event(s.request, trace_callback, &s.trace, NULL, &err), err);
    s.call = start_stream(s.client, s.request);
    fails(claude_call_next(s.call, -1, &event, &err), CLAUDE_E_STATE, &err);
    assert_null(event);
    while ((rc = claude_call_wait(s.call, 1, &err)) == 0)
        fails(claude_call_next(s.call, 0, &event, &err), CLAUDE_E_STATE, &err);
    assert_int_equal(rc, CLAUDE_DONE);
    fails(claude_call_next(s.call, -1, &event, &err), CLAUDE_E_STATE, &err);
    assert_string_equal(s.trace.text, rich_trace);
    check_message(s.call, rich_message);
    close_stream(&s);
}

struct inside {
    struct stream *stream;
    struct trace trace;
    int32_t stop_at; /* the event at which to act */
    int32_t answer;
    int wrong;
    void (*act)(struct inside *inside, claude_call_t *call, const claude_event_t *event);
};

static int32_t act_inside(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct inside *inside = user_data;

    trace_add(&inside->trace, event);
    if ((int32_t)inside->trace.events != inside->stop_at)
        return 0;
    if (inside->act)
        inside->act(inside, call, event);
    return inside->answer;
}

/* Starts a call whose callback acts at an event. */
static void open_inside(struct stream *s, struct inside *inside)
{
    claude_error_t *err = NULL;

    *s = (struct stream){.client = new_client(), .request = hello()};
    inside->stream = s;
    succeeds(claude_request_on_event(s->request, act_inside, inside, NULL, &err), err);
    s->call = start_stream(s->client, s->request);
}

/* No cmocka inside of callbacks: a failing assertion would jump over the library. */
static void re_enter(struct inside *inside, claude_call_t *call, const claude_event_t *event)
{
    const claude_event_t *other = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)event;
    inside->wrong += claude_call_next(call, 0, &other, &err) != CLAUDE_E_BUSY;
    inside->wrong += claude_error_code(err) != CLAUDE_E_BUSY;
    claude_error_unref(err);
    inside->wrong += claude_call_next(call, -1, &other, NULL) != CLAUDE_E_BUSY;
    inside->wrong += claude_call_wait(call, -1, NULL) != CLAUDE_E_BUSY;
    inside->wrong += claude_call_result(call, &response, NULL) != CLAUDE_E_STATE;
    inside->wrong += claude_call_state(call) != CLAUDE_CALL_RUNNING;
    inside->wrong += claude_call_attempts(call) != 1;
    inside->wrong += other != NULL || response != NULL;
    /* Another call on the same client is fine. */
    inside->wrong += claude_client_execute(inside->stream->client, inside->stream->request, &response, NULL) != 0;
    claude_response_unref(response);
}

static void refuses_to_be_re_entered(void **state)
{
    struct stream s;
    struct inside inside = {.stop_at = 3, .act = re_enter};
    claude_error_t *err = NULL;

    (void)state;
    script_events(PLAIN, "");
    open_inside(&s, &inside);
    /* The inner call would deliver to the same callback: its request does not stream, and is answered with JSON. */
    script_as("inner", "{'body_json':{'type':'message','content':[]}}");
    succeeds(claude_request_set_header(s.request, "x-sandbox-scenario", "inner", &err), err);
    assert_int_equal(claude_call_wait(s.call, -1, &err), CLAUDE_DONE);
    assert_int_equal(inside.wrong, 0);
    assert_string_equal(inside.trace.text, PLAIN_TRACE);
    trace_free(&inside.trace);
    close_stream(&s);
}

static void let_go_of_all(struct inside *inside, claude_call_t *call, const claude_event_t *event)
{
    size_t len = 0;

    (void)call;
    claude_client_unref(inside->stream->client);
    claude_request_unref(inside->stream->request);
    claude_call_unref(inside->stream->call);
    inside->stream->client = NULL;
    inside->stream->request = NULL;
    inside->stream->call = NULL;
    /* The event stays until the callback returns. */
    inside->wrong += claude_event_json(event, &len)[0] != '{';
    inside->wrong += len == 0;
}

/* The last reference to the call goes inside the callback: it ends there, cancelled. */
static void may_be_released_inside(void **state)
{
    struct stream s;
    claude_error_t *err = NULL;

    (void)state;
    script_events(PLAIN, ",'chunk_size':50,'chunk_delay_ms':0.2");
    for (int32_t at = 1; at <= 7; at++) {
        struct inside inside = {.stop_at = at, .act = let_go_of_all};
        claude_call_t *call;
        open_inside(&s, &inside);
        call = s.call;
        fails(claude_call_wait(call, -1, &err), CLAUDE_E_CANCELED, &err);
        assert_int_equal(inside.wrong, 0);
        assert_int_equal(inside.trace.events, at);
        trace_free(&inside.trace);
    }
}

/* The same with a reference kept: the call goes on. */
static void goes_on_after_releases_inside(void **state)
{
    struct stream s;
    struct inside inside = {.stop_at = 2, .act = let_go_of_all};
    claude_error_t *err = NULL;
    claude_call_t *call;

    (void)state;
    script_events(PLAIN, "");
    open_inside(&s, &inside);
    call = claude_call_ref(s.call);
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_string_equal(inside.trace.text, PLAIN_TRACE);
    check_message(call, PLAIN_MESSAGE);
    trace_free(&inside.trace);
    claude_call_unref(call);
}

static void cancel_it(struct inside *inside, claude_call_t *call, const claude_event_t *event)
{
    (void)inside;
    (void)event;
    claude_call_cancel(call);
}

static void may_be_cancelled_inside(void **state)
{
    struct stream s;
    struct inside inside = {.stop_at = 3, .act = cancel_it};
    claude_error_t *err = NULL;

    (void)state;
    script_events(PLAIN, "");
    open_inside(&s, &inside);
    fails(claude_call_wait(s.call, -1, &err), CLAUDE_E_CANCELED, &err);
    assert_int_equal(inside.trace.events, 3);
    assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_CANCELED);
    trace_free(&inside.trace);
    close_stream(&s);
}

static void ends_when_the_callback_says_so(void **state)
{
    struct stream s;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;

    (void)state;
    script_events(PLAIN, "");
    for (int32_t at = 1; at <= 7; at++) {
        struct inside inside = {.stop_at = at, .answer = at == 1 ? INT32_MIN : 40 + at};
        open_inside(&s, &inside);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(claude_call_wait(s.call, -1, &err), CLAUDE_E_CALLBACK);
            assert_int_equal(claude_error_user_code(err), inside.answer);
            assert_int_equal(claude_error_is_retryable(err), 0);
            assert_int_equal(claude_error_http_status(err), 200);
            assert_non_null(claude_error_response(err));
            assert_string_equal(claude_response_id(claude_error_response(err)), "msg_1");
            fails(CLAUDE_E_CALLBACK, CLAUDE_E_CALLBACK, &err);
        }
        fails(claude_call_result(s.call, &response, &err), CLAUDE_E_CALLBACK, &err);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_FAILED);
        assert_int_equal(inside.trace.events, at);
        trace_free(&inside.trace);
        close_stream(&s);
    }
}

struct traced {
    struct trace trace; /* first, for trace_callback() */
    int destroyed;
};

static void count_traced(void *user_data)
{
    ((struct traced *)user_data)->destroyed++;
}

static void destroys_once(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello_stream();
    struct traced traced = {.destroyed = 0};
    claude_config_t *config = new_config();
    claude_call_t *call;
    claude_error_t *err = NULL;
    int destroyed[6] = {0};

    (void)state;
    script_events(PLAIN, "");
    /* Replaced by another, which is removed. */
    succeeds(claude_request_on_event(request, trace_callback, &destroyed[0], count_destroy, &err), err);
    succeeds(claude_request_on_event(request, trace_callback, &destroyed[1], count_destroy, &err), err);
    assert_int_equal(destroyed[0], 1);
    succeeds(claude_request_on_event(request, NULL, &destroyed[2], count_destroy, &err), err);
    assert_int_equal(destroyed[1], 1);
    assert_int_equal(destroyed[2], 1);
    /* Registrations that fail. */
    fails(claude_request_on_event(NULL, trace_callback, &destroyed[3], count_destroy, &err), CLAUDE_E_INVALID, &err);
    fails(claude_request_on_event((claude_request_t *)config, trace_callback, &destroyed[4], count_destroy, &err),
          CLAUDE_E_INVALID, &err);
    assert_int_equal(destroyed[3], 1);
    assert_int_equal(destroyed[4], 1);
    /* Released with the request, and with the call that outlives its request. */
    succeeds(claude_request_on_event(request, trace_callback, &destroyed[5], count_destroy, &err), err);
    claude_request_unref(request);
    assert_int_equal(destroyed[5], 1);
    request = hello_stream();
    succeeds(claude_request_on_event(request, trace_callback, &traced, count_traced, &err), err);
    claude_response_unref(execute(client, request));
    call = start_stream(client, request);
    claude_request_unref(request);
    trace_free(&traced.trace);
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_string_equal(traced.trace.text, PLAIN_TRACE);
    assert_int_equal(traced.destroyed, 0);
    claude_call_unref(call);
    assert_int_equal(traced.destroyed, 1);
    trace_free(&traced.trace);
    claude_config_unref(config);
    claude_client_unref(client);
}

static void destroys_once_when_nothing_starts(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    int destroyed = 0;

    (void)state;
    succeeds(claude_request_new("messages", &request, &err), err);
    succeeds(claude_request_on_event(request, trace_callback, &destroyed, count_destroy, &err), err);
    fails(claude_client_stream(client, request, &call, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(destroyed, 0);
    claude_request_unref(request);
    assert_int_equal(destroyed, 1);
    claude_client_unref(client);
}

/* ---- what servers send ---- */

static void passes_the_unknown_through(void **state)
{
    struct stream s;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response;
    const char *json = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(sandbox_use(server, "unknown-events"), 0);
    s = open_stream(new_client());
    assert_int_equal(claude_call_next(s.call, -1, &event, &err), 1);
    assert_int_equal(claude_event_type(event), CLAUDE_EVENT_OTHER);
    assert_string_equal(claude_event_name(event), "weather_report");
    assert_json_equal(claude_event_json(event, NULL),
                      "{'type':'weather_report','sky':'blue','nested':{'a':[1,2.5,null,true]}}");
    assert_int_equal(pull_all(s.call, -1, &s.trace, &err), CLAUDE_DONE);
    assert_string_equal(s.trace.text, "10/-1 \n1000/-1 \n20/0 \n30/0 Hello\n39/0 \n30/0 !\n21/0 \n20/1 \n39/1 \n21/1 \n"
                                      "40/-1 \n11/-1 \n12/-1 \n");
    response = result_of(s.call);
    assert_string_equal(claude_response_text(response, NULL), "Hello!");
    assert_int_equal(claude_response_slice(response, "/content/1", &json, &len), 1);
    assert_int_equal(len, strlen("{\"type\":\"hologram\",\"id\":\"holo_1\",\"payload\":{\"deep\":{\"er\":\"yes\"}}}"));
    assert_int_equal(claude_response_int(response, "/future_field/x", -1), 1);
    assert_int_equal(claude_response_type(response, "/content/0/new_member"), CLAUDE_JSON_ARRAY);
    assert_int_equal(claude_response_usage(response, "moon_tokens"), 1);
    assert_string_equal(claude_response_string(response, "/mood", NULL), "good");
    claude_response_unref(response);
    close_stream(&s);
}

static void pings_are_events(void **state)
{
    struct stream s;
    claude_error_t *err = NULL;

    (void)state;
    script_events(PING "," START "," PING "," TEXT_BLOCK "," PING "," TEXT("Hello") "," PING "," END, "");
    s = open_stream(new_client());
    check_pull(&s, -1, "40/-1 \n10/-1 \n40/-1 \n20/0 \n40/-1 \n30/0 Hello\n40/-1 \n21/0 \n11/-1 \n12/-1 \n",
               PLAIN_MESSAGE);
    close_stream(&s);
    /* Pings prove nothing: the call may still be repeated. */
    script_events(PING "," PING ",{'do':'fin'}", ",'framing':'close'");
    s = open_stream(new_client());
    assert_int_equal(pull_all(s.call, -1, &s.trace, &err), CLAUDE_E_TRUNCATED);
    assert_string_equal(s.trace.text, "40/-1 \n40/-1 \n");
    assert_int_equal(claude_error_is_retryable(err), 1);
    fails(CLAUDE_E_TRUNCATED, CLAUDE_E_TRUNCATED, &err);
    close_stream(&s);
}

static void understands_other_spellings(void **state)
{
    /* Bytes as they come; all of them say the same as PLAIN. */
    static const char *const spellings[] = {
        PLAIN ",{'raw':'data: [DONE]\\n\\n'}",
        START
        "," TEXT_BLOCK ",{'raw':': comment\\r\\n\\r\\ndata:{\\'index\\':0,\\r\\ndata: \\'type\\':"
        "\\'content_block_delta\\',\\'delta\\':{\\'type\\':\\'text_delta\\',\\'text\\':\\'Hel\\'}}\\r\\n\\r\\n'},"
        "{'raw':'event:content_block_delta\\rid: 7\\rretry: 1\\rdata:{\\'type\\':\\'content_block_delta\\','},"
        "{'raw':'\\'index\\': 0 , \\'delta\\':{\\'type\\':\\'text_delta\\',\\'text\\':\\'\\\\u006co\\'}}\\r\\r'}," END,
        "{'raw':'\\ufeff'}," PLAIN,
        /* What comes behind the end is not looked at. */
        PLAIN "," PLAIN ",{'raw':'data: garbage\\n\\n'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        struct stream s;
        script_events(spellings[i], i % 2 ? ",'chunk_size':1" : "");
        s = open_stream(new_client());
        check_pull(&s, -1, PLAIN_TRACE, PLAIN_MESSAGE);
        close_stream(&s);
    }
    /* [DONE] alone proves nothing. */
    {
        struct stream s;
        claude_error_t *err = NULL;
        script_events(START ",{'raw':'data: [DONE]\\n\\n'}", "");
        s = open_stream(new_client());
        fails(pull_all(s.call, -1, NULL, &err), CLAUDE_E_TRUNCATED, &err);
        close_stream(&s);
    }
}

static void believes_other_types_of_content(void **state)
{
    static const char *const types[] = {
        "text/plain",
        "text/plain; charset=utf-8",
        "application/octet-stream",
        "Text/Event-Stream",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        char *more = format(",'headers':[['content-type','%s']]", types[i]);
        struct stream s;
        script_events(PLAIN, more);
        s = open_stream(new_client());
        check_pull(&s, -1, PLAIN_TRACE, PLAIN_MESSAGE);
        close_stream(&s);
        free(more);
    }
    /* No type at all. */
    {
        struct stream s;
        script_events(PLAIN, ",'default_headers':false");
        s = open_stream(new_client());
        check_pull(&s, -1, PLAIN_TRACE, PLAIN_MESSAGE);
        close_stream(&s);
    }
}

static void understands_a_stream_that_nobody_asked_for(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct trace trace = {NULL, 0, 0, 0};
    claude_error_t *err = NULL;
    claude_response_t *response;

    (void)state;
    script_events(PLAIN, "");
    response = execute(client, request);
    assert_json_equal(claude_response_json(response, NULL), PLAIN_MESSAGE);
    claude_response_unref(response);
    succeeds(claude_request_on_event(request, trace_callback, &trace, NULL, &err), err);
    response = execute(client, request);
    assert_string_equal(trace.text, PLAIN_TRACE);
    claude_response_unref(response);
    trace_free(&trace);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void understands_json_where_a_stream_was_asked_for(void **state)
{
    struct stream s;
    claude_response_t *response;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(sandbox_use(server, "json-on-stream"), 0);
    s = open_stream(new_client());
    assert_int_equal(pull_all(s.call, -1, &s.trace, &err), CLAUDE_DONE);
    assert_int_equal(s.trace.events, 0);
    response = result_of(s.call);
    assert_string_equal(claude_response_text(response, NULL), "Not a stream.");
    claude_response_unref(response);
    close_stream(&s);
}

/* ---- options ---- */

static void accumulates_only_if_asked(void **state)
{
    struct stream s;

    (void)state;
    script_events(PLAIN, "");
    s = open_stream(client_with("stream.accumulate", "false", NULL));
    check_pull(&s, -1, PLAIN_TRACE,
               "{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[],'stop_reason':'end_turn',"
               "'stop_sequence':null,'usage':{'input_tokens':12,'output_tokens':5}}");
    close_stream(&s);
}

static void counts_or_refuses_anomalies(void **state)
{
    static const char *const odd[] = {
        START "," START "," TEXT_BLOCK "," TEXT("Hello") "," END,
        START "," TEXT_BLOCK "," TEXT("Hello") "," BLOCK_STOP "," END,
        START "," TEXT_BLOCK ","
              "{'data':{'type':'content_block_delta','delta':{'type':'text_delta','text':'Hello'}}}," END,
        START "," TEXT_BLOCK "," TEXT("Hello") "," MESSAGE_DELTA "," MESSAGE_STOP,
        START "," TEXT_BLOCK ","
              "{'data':{'type':'content_block_delta','index':0,'delta':{'text':'Hello'}}}," END,
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct stream s;
        claude_error_t *err = NULL;
        script_events(odd[i], "");
        s = open_stream(new_client());
        assert_int_equal(pull_all(s.call, -1, NULL, &err), CLAUDE_DONE);
        assert_int_equal(claude_call_anomalies(s.call), 1);
        check_message(s.call, PLAIN_MESSAGE);
        close_stream(&s);
        s = open_stream(client_with("stream.strict", "true", NULL));
        assert_int_equal(pull_all(s.call, -1, NULL, &err), CLAUDE_E_PROTOCOL);
        assert_contains(claude_error_message(err), "stream.strict");
        assert_string_equal(claude_response_id(claude_error_response(err)), "msg_1");
        fails(CLAUDE_E_PROTOCOL, CLAUDE_E_PROTOCOL, &err);
        close_stream(&s);
    }
    /* A stream in order passes. */
    {
        struct stream s;
        script_rich("");
        s = open_stream(client_with("stream.strict", "true", NULL));
        check_pull(&s, -1, rich_trace, rich_message);
        close_stream(&s);
    }
}

static void skips_malformed_events_if_told_to(void **state)
{
    static const char *const bad[] = {
        "{'raw':'data: {\\'type\\':\\n\\n'}",
        "{'raw':'data: [1]\\n\\n'}",
        "{'raw':'data: {}\\n\\n'}",
        ("{'raw':'event: content_block_delta\\ndata: {\\'type\\':\\'content_block_delta\\',\\'index\\':-1,"
         "\\'delta\\':{\\'type\\':\\'text_delta\\',\\'text\\':\\'x\\'}}\\n\\n'}"),
        /* data: "\xff" */
        "{'raw_base64':'ZGF0YTogeyJ0eXBlIjoi/yJ9Cgo='}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char *events = format("%s,%s,%s,%s,%s", START "," TEXT_BLOCK, bad[i], TEXT("Hel"), bad[i], TEXT("lo") "," END);
        struct stream s;
        claude_error_t *err = NULL;
        script_events(events, "");
        s = open_stream(client_with("stream.on_malformed", "skip", NULL));
        check_pull(&s, -1, PLAIN_TRACE, PLAIN_MESSAGE);
        assert_int_equal(claude_call_anomalies(s.call), 2);
        close_stream(&s);
        s = open_stream(new_client());
        assert_int_equal(pull_all(s.call, -1, &s.trace, &err), CLAUDE_E_PROTOCOL);
        assert_string_equal(s.trace.text, "10/-1 \n20/0 \n");
        assert_int_equal(claude_error_is_retryable(err), 0);
        fails(CLAUDE_E_PROTOCOL, CLAUDE_E_PROTOCOL, &err);
        close_stream(&s);
        free(events);
    }
}

/* ---- connections ---- */

/* The end of the HTTP response may come a little after message_stop. */
static void keeps_its_connection(void **state)
{
    static const char *const tails[] = {"", ",{'delay_ms':20,'raw':': the end\\n'}"};
    static const int64_t timeouts[] = {-1, 1000};
    uint64_t connections = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        char *events = format("%s%s", PLAIN, tails[i]);
        for (size_t k = 0; k < COUNT_OF(timeouts); k++) {
            struct stream s;
            claude_response_t *response = NULL;
            claude_error_t *err = NULL;
            script_events(events, "");
            s = open_stream(new_client());
            check_pull(&s, timeouts[k], PLAIN_TRACE, PLAIN_MESSAGE);
            succeeds(claude_client_execute(s.client, s.request, &response, &err), err);
            claude_response_unref(response);
            assert_int_equal(connections_seen(), ++connections);
            close_stream(&s);
        }
        free(events);
    }
}

/* A response that does not end after message_stop is given up: the message is complete. */
static void does_not_wait_for_ever_for_the_end(void **state)
{
    int64_t started = now_ms();
    struct stream s;

    (void)state;
    script_events(PLAIN ",{'do':'stall'}", "");
    s = open_stream(new_client());
    check_pull(&s, -1, PLAIN_TRACE, PLAIN_MESSAGE);
    assert_true(now_ms() - started < 2000);
    close_stream(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(pulls_every_event),
        TEST(has_a_sticky_end),
        TEST(loses_nothing_when_polled),
        TEST(mixes_ways_of_waiting),
        TEST(hands_out_what_has_arrived),
        TEST(waits_without_a_callback),
        TEST(streams_a_lot),
        TEST(shows_an_event),
        TEST(keeps_events),
        TEST(delivers_inside_execute),
        TEST(delivers_inside_wait),
        TEST(refuses_to_be_re_entered),
        TEST(may_be_released_inside),
        TEST(goes_on_after_releases_inside),
        TEST(may_be_cancelled_inside),
        TEST(ends_when_the_callback_says_so),
        TEST(destroys_once),
        TEST(destroys_once_when_nothing_starts),
        TEST(passes_the_unknown_through),
        TEST(pings_are_events),
        TEST(understands_other_spellings),
        TEST(believes_other_types_of_content),
        TEST(understands_a_stream_that_nobody_asked_for),
        TEST(understands_json_where_a_stream_was_asked_for),
        TEST(accumulates_only_if_asked),
        TEST(counts_or_refuses_anomalies),
        TEST(skips_malformed_events_if_told_to),
        TEST(keeps_its_connection),
        TEST(does_not_wait_for_ever_for_the_end),
    };

    return RUN_WITH_SERVER(tests);
}
