/* Messages out of events. In the texts below ' stands for ", to keep them readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "message/message.h"

static const cl_accumulator_limits usual = {1 << 20, 100, 200, true, false};

typedef struct stream {
    cl_accumulator *a;
    cl_buf data;
    cl_buf text;
    claude_event_t event;
    cl_err err;
} stream;

static void open_stream(stream *s, const cl_accumulator_limits *limits)
{
    memset(s, 0, sizeof *s);
    s->data = CL_BUF_INIT(1 << 26);
    s->text = CL_BUF_INIT(1 << 26);
    cl_err_init(&s->err);
    assert_int_equal(cl_accumulator_new(limits, &s->a, &s->err), CLAUDE_OK);
}

static void close_stream(stream *s)
{
    cl_accumulator_free(s->a);
    cl_buf_free(&s->data);
    cl_buf_free(&s->text);
    cl_err_clear(&s->err);
}

static void quotes(char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            *text = '"';
    }
}

/* Parses and takes in one event. What the parser refuses counts as refused. */
static claude_code_t feed(stream *s, const char *event)
{
    bool anomaly = false;
    claude_code_t rc;

    cl_buf_clear(&s->data);
    assert_int_equal(cl_buf_append_text(&s->data, event), CL_BUF_OK);
    quotes(s->data.ptr);
    cl_err_clear(&s->err);
    rc = cl_event_parse(CL_STR(""), s->data.ptr, s->data.len, 200, &s->text, &s->event, &anomaly, &s->err);
    if (rc == CLAUDE_OK)
        rc = cl_accumulator_add(s->a, &s->event, &s->err);
    return rc;
}

static void feed_ok(stream *s, const char *event)
{
    claude_code_t rc = feed(s, event);

    if (rc != CLAUDE_OK)
        fail_msg("%s: %s", event, s->err.message);
}

/* The message so far; it must be JSON. */
static char *message(stream *s)
{
    cl_buf out = CL_BUF_INIT(1 << 26);
    cl_err err;

    cl_err_init(&err);
    if (cl_accumulator_json(s->a, &out, &err) != CLAUDE_OK)
        fail_msg("%s", err.message);
    if (cl_json_validate(cl_buf_str(&out), 200, NULL, &err) != CLAUDE_OK)
        fail_msg("%s: %s", out.ptr, err.message);
    return cl_buf_steal(&out, NULL);
}

static void expect_message(stream *s, const char *want, const char *what)
{
    char *got = message(s);
    char *quoted = strdup(want);

    assert_non_null(quoted);
    quotes(quoted);
    if (strcmp(got, quoted) != 0)
        fail_msg("%s:\n got %s\nwant %s", what, got, quoted);
    free(got);
    free(quoted);
}

/* ---- the rules, as a table ---- */

#define HEAD "'id':'msg_1','type':'message','role':'assistant','model':'m-1',"
#define STOPS0 "'stop_reason':null,'stop_sequence':null,"
#define USAGE0 "'usage':{'input_tokens':10,'cache_read_input_tokens':3,'output_tokens':1}"
#define START "{'type':'message_start','message':{" HEAD "'content':[]," STOPS0 USAGE0 "}}"
/* The message while nothing but content has come. */
#define PARTIAL(content) "{" HEAD "'content':[" content "]," STOPS0 USAGE0 "}"

#define DELTA                                                                                                          \
    "{'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{'output_tokens':7}}"
#define STOP "{'type':'message_stop'}"
/* The message after START, DELTA and STOP. */
#define WHOLE(content)                                                                                                 \
    "{" HEAD "'content':[" content "],'stop_reason':'end_turn','stop_sequence':null,"                                  \
    "'usage':{'input_tokens':10,'cache_read_input_tokens':3,'output_tokens':7}}"

#define BS(index, block) "{'type':'content_block_start','index':" #index ",'content_block':" block "}"
#define BE(index) "{'type':'content_block_stop','index':" #index "}"
#define BD(index, delta) "{'type':'content_block_delta','index':" #index ",'delta':" delta "}"
#define TEXT_BLOCK "{'type':'text','text':''}"
#define TEXT(index, text) BD(index, "{'type':'text_delta','text':'" text "'}")
#define TOOL_BLOCK "{'type':'tool_use','id':'toolu_1','name':'f','input':{}}"
#define INPUT(index, text) BD(index, "{'type':'input_json_delta','partial_json':'" text "'}")
#define TOOL(input) "{'type':'tool_use','id':'toolu_1','name':'f','input':" input "}"

enum { MOST = 16 };

typedef struct row {
    const char *what;
    const char *events[MOST];
    claude_code_t last; /* of the last event; those before are taken */
    uint64_t anomalies;
    bool done;
    const char *want; /* NULL: no message has begun */
} row;

static const row rows[] = {
    {"A1",
     {START, BS(0, TEXT_BLOCK), TEXT(0, "Hel"), TEXT(0, "lo"), BE(0), DELTA, STOP},
     0,
     0,
     true,
     WHOLE("{'type':'text','text':'Hello'}")},
    {"A1, no content", {START, DELTA, STOP}, 0, 0, true, WHOLE("")},
    {"A2, ping anywhere",
     {"{'type':'ping'}", START, "{'type':'ping'}", BS(0, TEXT_BLOCK), "{'type':'ping'}", TEXT(0, "x"),
      "{'type':'ping'}", BE(0), DELTA, STOP, "{'type':'ping'}"},
     0,
     0,
     true,
     WHOLE("{'type':'text','text':'x'}")},
    {"A3, unknown event", {START, "{'type':'brand_new','index':99}", DELTA, STOP}, 0, 0, true, WHOLE("")},
    {"A3, unknown event first", {"{'type':'brand_new'}", START}, 0, 0, false, PARTIAL("")},
    {"A3, unknown delta",
     {START, BS(0, TEXT_BLOCK), BD(0, "{'type':'brand_new_delta','text':'x'}"), TEXT(0, "y"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':'y'}")},
    {"A3, unknown block stays as it is",
     {START, BS(0, "{ 'zz' : [ 1.0 , 1E400, 18446744073709551616 ] ,'type':'brand_new', 'x':'\\u00e9\\/' }"),
      BD(0, "{'type':'brand_new_delta','x':1}"), BE(0), DELTA, STOP},
     0,
     0,
     true,
     WHOLE("{ 'zz' : [ 1.0 , 1E400, 18446744073709551616 ] ,'type':'brand_new', 'x':'\\u00e9\\/' }")},
    {"A3, unknown block with known deltas",
     {START, BS(0, "{'type':'brand_new_use','id':'x'}"), INPUT(0, "{\\'a\\':1"), INPUT(0, "}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'brand_new_use','id':'x','input':{'a':1}}")},
    {"A3, extra fields",
     {"{'x':1,'type':'message_start','message':{'new':{'a':[1e5]},'content':[],'usage':{'b':1}},'y':2}",
      "{'type':'content_block_start','index':0,'content_block':{'text':'','z':-0,'type':'text'},'w':1}", TEXT(0, "x"),
      BE(0)},
     0,
     0,
     false,
     "{'new':{'a':[1e5]},'content':[{'text':'x','z':-0,'type':'text'}],'usage':{'b':1}}"},
    {"A9, after the end", {START, DELTA, STOP, BS(0, TEXT_BLOCK), TEXT(0, "x"), DELTA, START}, 0, 4, true, WHOLE("")},
    {"message_stop twice", {START, DELTA, STOP, STOP}, 0, 1, true, WHOLE("")},
    {"A10, delta first", {TEXT(0, "x")}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"A10, block first", {BS(0, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"A10, block stop first", {BE(0)}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"A10, message_delta first", {DELTA}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"A10, gap", {START, BS(1, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, gap later", {START, BS(0, TEXT_BLOCK), BS(2, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL(TEXT_BLOCK)},
    {"A10, duplicate of another type",
     {START, BS(0, TEXT_BLOCK), BS(0, TOOL_BLOCK)},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK)},
    {"A10, duplicate of another id",
     {START, BS(0, TOOL_BLOCK), BS(0, "{'type':'tool_use','id':'toolu_2','name':'f','input':{}}")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TOOL_BLOCK)},
    {"repeated block start",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{}"), BS(0, TOOL_BLOCK), BE(0), BS(0, TOOL_BLOCK)},
     0,
     2,
     false,
     PARTIAL(TOOL("{}"))},
    {"A10, delta for a block never opened",
     {START, BS(0, TEXT_BLOCK), TEXT(1, "x")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK)},
    {"A10, delta for a closed block",
     {START, BS(0, TEXT_BLOCK), BE(0), TEXT(0, "x")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK)},
    {"A10, unknown delta for a block never opened",
     {START, BD(0, "{'type':'new_delta'}")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL("")},
    {"A10, stop of a block never opened", {START, BE(0)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"block stop twice", {START, BS(0, TEXT_BLOCK), BE(0), BE(0), DELTA, STOP}, 0, 1, true, WHOLE(TEXT_BLOCK)},
    {"A10, index -1", {START, BS(-1, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, index 2^31-1", {START, BS(2147483647, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, index 2^31", {START, BS(2147483648, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, index 2^53", {START, BS(9007199254740992, TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, index as text", {START, BS('0', TEXT_BLOCK)}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"A10, delta index 2^31-1",
     {START, BS(0, TEXT_BLOCK), TEXT(2147483647, "x")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK)},
    {"A11, escape split",
     {START, BS(0, TOOL_BLOCK), INPUT(0, ""), INPUT(0, "{\\'a\\': \\'\\\\u00"), INPUT(0, "e9\\', \\'b\\': 1"),
      INPUT(0, "2.5}"), BE(0)},
     0,
     0,
     false,
     PARTIAL(TOOL("{'a': '\\u00e9', 'b': 12.5}"))},
    {"A11, surrogate pair split",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{\\'a\\':\\'\\\\ud83d"), INPUT(0, "\\\\ude00\\'}"), BE(0)},
     0,
     0,
     false,
     PARTIAL(TOOL("{'a':'\\ud83d\\ude00'}"))},
    {"A11, only an empty fragment", {START, BS(0, TOOL_BLOCK), INPUT(0, ""), BE(0)}, 0, 0, false, PARTIAL(TOOL("{}"))},
    {"A11, no fragment", {START, BS(0, TOOL_BLOCK), BE(0)}, 0, 0, false, PARTIAL(TOOL("{}"))},
    {"A11, no fragment and no input",
     {START, BS(0, "{'type':'tool_use','id':'x'}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'tool_use','id':'x','input':{}}")},
    {"A11, null input and only space",
     {START, BS(0, "{'type':'tool_use','input':null,'id':'x'}"), INPUT(0, " \\n"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'tool_use','input':{},'id':'x'}")},
    {"A11, input in the start",
     {START, BS(0, TOOL("{'a':1}")), INPUT(0, ""), BE(0)},
     0,
     0,
     false,
     PARTIAL(TOOL("{'a':1}"))},
    {"A11, input in the start and streamed",
     {START, BS(0, TOOL("{'a':1}")), INPUT(0, "{\\'b\\':2}"), BE(0)},
     0,
     0,
     false,
     PARTIAL(TOOL("{'b':2}"))},
    {"A11, malformed",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{\\'a\\':tru"), INPUT(0, "}\\n"), BE(0), DELTA, STOP},
     0,
     1,
     true,
     WHOLE("{'type':'tool_use','id':'toolu_1','name':'f','input':{},'_partial_json':'{\\'a\\':tru}\\n'}")},
    {"A11, lone surrogate",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{\\'a\\':\\'\\\\ud83d\\'}"), BE(0)},
     0,
     1,
     false,
     PARTIAL("{'type':'tool_use','id':'toolu_1','name':'f','input':{},'_partial_json':'{\\'a\\':\\'\\\\ud83d\\'}'}")},
    {"A11, still incomplete",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{\\'a\\'")},
     0,
     0,
     false,
     PARTIAL("{'type':'tool_use','id':'toolu_1','name':'f','input':{},'_partial_json':'{\\'a\\''}")},
    {"A11, server tools",
     {START, BS(0, "{'type':'server_tool_use','id':'s','name':'w','input':{}}"), INPUT(0, "{\\'q\\':1}"), BE(0),
      BS(1, "{'type':'mcp_tool_use','id':'m','input':{}}"), BE(1)},
     0,
     0,
     false,
     PARTIAL(
         "{'type':'server_tool_use','id':'s','name':'w','input':{'q':1}},{'type':'mcp_tool_use','id':'m','input':{}}")},
    {"A12, numbers",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "[1e5,1E400,1844674407370"), INPUT(0, "9551616,0.1,-0,9007199254740993]"),
      BE(0)},
     0,
     0,
     false,
     PARTIAL(TOOL("[1e5,1E400,18446744073709551616,0.1,-0,9007199254740993]"))},
    {"A13, usage is cumulative",
     {START,
      "{'type':'message_delta','delta':{'stop_reason':null},'usage':{'output_tokens':5,'input_tokens':null,'gone':null,"
      "'new':{'a':"
      "1}}}",
      "{'type':'message_delta','delta':{'stop_reason':'refusal','stop_details':{'type':'refusal','category':null}},"
      "'usage':{'output_tokens':6,'cache_read_input_tokens':null,'new':{'b':2},'server_tool_use':{'web_search_requests'"
      ":1}}}",
      STOP},
     0,
     0,
     true,
     "{" HEAD "'content':[],'stop_reason':'refusal','stop_sequence':null,'usage':{'input_tokens':10,"
     "'cache_read_input_tokens':3,'output_tokens':6,'new':{'b':2},'server_tool_use':{'web_search_requests':1}},"
     "'stop_details':{'type':'refusal','category':null}}"},
    {"A13, assigned even if null",
     {START, "{'type':'message_delta','delta':{'stop_reason':'stop_sequence','stop_sequence':'END'},'usage':{}}",
      "{'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{}}"},
     0,
     0,
     false,
     "{" HEAD "'content':[],'stop_reason':'end_turn','stop_sequence':null," USAGE0 "}"},
    {"A13, missing means as before",
     {START, "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{}}",
      "{'type':'message_delta','delta':{},'usage':{'output_tokens':8}}"},
     0,
     0,
     false,
     "{" HEAD "'content':[],'stop_reason':'end_turn','stop_sequence':null,'usage':{'input_tokens':10,"
     "'cache_read_input_tokens':3,'output_tokens':8}}"},
    {"A13, late fields only if they say something",
     {START,
      "{'type':'message_delta','delta':{'container':{'id':'c'},'brand_new':[1.50],'id':'other','content':7,'role':'x','"
      "type':'y'},"
      "'usage':{},'context_management':{'applied_edits':[]},'input_transformations':null,'model':'no'}",
      "{'type':'message_delta','delta':{'container':null,'brand_new':null},'usage':{},'context_management':null,"
      "'input_transformations':[ 1 ]}"},
     0,
     0,
     false,
     "{" HEAD "'content':[]," STOPS0 USAGE0 ",'container':{'id':'c'},'brand_new':[1.50],'context_management':{'applied_"
     "edits':[]},'input_transformations':[ 1 ]}"},
    {"missing usage in message_start",
     {"{'type':'message_start','message':{'id':'a','content':[]}}", DELTA, STOP},
     0,
     1,
     true,
     "{'id':'a','content':[],'stop_reason':'end_turn','stop_sequence':null,'usage':{'output_tokens':7}}"},
    {"null usage in message_start",
     {"{'type':'message_start','message':{'usage':null,'id':'a'}}", DELTA, STOP},
     0,
     1,
     true,
     "{'usage':{'output_tokens':7},'id':'a','content':[],'stop_reason':'end_turn','stop_sequence':null}"},
    {"usage that is no object", {START, "{'type':'message_delta','delta':{},'usage':[1]}"}, 0, 1, false, PARTIAL("")},
    {"message_delta without usage",
     {START, "{'type':'message_delta','delta':{'stop_reason':'end_turn'}}"},
     0,
     1,
     false,
     "{" HEAD "'content':[],'stop_reason':'end_turn','stop_sequence':null," USAGE0 "}"},
    {"message_delta without delta",
     {START, "{'type':'message_delta','usage':{'output_tokens':2}}"},
     0,
     1,
     false,
     "{" HEAD "'content':[]," STOPS0 "'usage':{'input_tokens':10,'cache_read_input_tokens':3,'output_tokens':2}}"},
    {"A14, thinking",
     {START, BS(0, "{'type':'thinking','thinking':'','signature':''}"),
      BD(0, "{'type':'thinking_delta','thinking':'let me '}"),
      BD(0, "{'type':'thinking_delta','thinking':'see','estimated_tokens':3}"),
      BD(0, "{'type':'signature_delta','signature':'Eq/+=='}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'thinking','thinking':'let me see','signature':'Eq/+=='}")},
    {"A14, a signature replaces",
     {START, BS(0, "{'type':'thinking','thinking':'','signature':'0'}"),
      BD(0, "{'type':'signature_delta','signature':'long one'}"), BD(0, "{'type':'signature_delta','signature':'b'}"),
      BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'thinking','thinking':'','signature':'b'}")},
    {"A14, thinking without its fields",
     {START, BS(0, "{'type':'thinking'}"), BD(0, "{'type':'thinking_delta','thinking':'x'}"), BE(0),
      BS(1, "{'type':'thinking'}")},
     0,
     0,
     false,
     PARTIAL("{'type':'thinking','thinking':'x'},{'type':'thinking','thinking':''}")},
    {"A14, redacted",
     {START, BS(0, "{'type':'redacted_thinking','data':'a\\/b=='}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'redacted_thinking','data':'a\\/b=='}")},
    {"A14, citations",
     {START, BS(0, "{'citations':null,'type':'text','text':''}"),
      BD(0, "{'type':'citations_delta','citation':{ 'a':1.0 }}"), TEXT(0, "x"),
      BD(0, "{'type':'citations_delta','citation':{'b':2}}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'citations':[{ 'a':1.0 },{'b':2}],'type':'text','text':'x'}")},
    {"A14, citations go on",
     {START, BS(0, "{'type':'text','text':'','citations':[{'z':0}]}"),
      BD(0, "{'type':'citations_delta','citation':{'a':1}}"), BD(0, "{'type':'citations_delta','citation':{'b':1}}"),
      BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':'','citations':[{'z':0},{'a':1},{'b':1}]}")},
    {"A14, citations from nothing",
     {START, BS(0, "{'type':'text','text':'','citations':[ ]}"), BD(0, "{'type':'citations_delta','citation':{'a':1}}"),
      BE(0), BS(1, TEXT_BLOCK), BD(1, "{'type':'citations_delta','citation':{'a':1}}"),
      BD(1, "{'type':'citations_delta'}")},
     0,
     1,
     false,
     PARTIAL("{'type':'text','text':'','citations':[{'a':1}]},{'type':'text','text':'','citations':[{'a':1}]}")},
    {"compaction",
     {START, BS(0, "{'type':'compaction','content':null}"),
      BD(0, "{'type':'compaction_delta','content':'one','encrypted_content':'e1'}"),
      BD(0, "{'type':'compaction_delta','content':'two'}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'compaction','content':'two','encrypted_content':'e1'}")},
    {"compaction failed",
     {START, BS(0, "{'type':'compaction','content':'x','encrypted_content':'e'}"),
      BD(0, "{'type':'compaction_delta','content':null,'encrypted_content':null}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'compaction','content':null,'encrypted_content':null}")},
    {"A15, two different messages",
     {START, "{'type':'message_start','message':{'id':'msg_2','usage':{}}}"},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL("")},
    {"A15, two messages without id",
     {"{'type':'message_start','message':{'model':'a','usage':{}}}",
      "{'type':'message_start','message':{'model':'b','usage':{}}}"},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     "{'model':'a','usage':{},'content':[]}"},
    {"message_start twice",
     {START, BS(0, TEXT_BLOCK), TEXT(0, "x"), START, TEXT(0, "y"), BE(0), DELTA, STOP},
     0,
     1,
     true,
     WHOLE("{'type':'text','text':'xy'}")},
    {"message_start twice, other usage",
     {START, "{'type':'message_start','message':{'id':'msg_1','usage':{'input_tokens':99}}}"},
     0,
     1,
     false,
     PARTIAL("")},
    {"message_start twice without id",
     {"{'type':'message_start','message':{'usage':{}}}", "{'type':'message_start','message':{'usage':{}}}"},
     0,
     1,
     false,
     "{'usage':{},'content':[]}"},
    {"A15, message_stop first", {STOP}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"A15, only pings", {"{'type':'ping'}", "{'type':'ping'}"}, 0, 0, false, NULL},
    {"A18, not an object", {START, "[]"}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"message_start without message", {"{'type':'message_start'}"}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"message_start with null", {"{'type':'message_start','message':null}"}, CLAUDE_E_PROTOCOL, 0, false, NULL},
    {"block start without block",
     {START, "{'type':'content_block_start','index':0}"},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL("")},
    {"blocks overlap",
     {START, BS(0, TEXT_BLOCK), BS(1, TOOL_BLOCK), TEXT(0, "a"), INPUT(1, "{\\'x\\'"), TEXT(0, "b"), INPUT(1, ":1}"),
      BE(1), TEXT(0, "c"), BE(0), DELTA, STOP},
     0,
     0,
     true,
     WHOLE("{'type':'text','text':'abc'}," TOOL("{'x':1}"))},
    {"text goes on behind the start's",
     {START, BS(0, "{'type':'text','text':'a\\n'}"), TEXT(0, "b"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':'a\\nb'}")},
    {"text as received without deltas",
     {START, BS(0, "{'type':'text','text':'\\u0061\\/'}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':'\\u0061\\/'}")},
    {"text block without text",
     {START, BS(0, "{'type':'text'}"), BS(1, "{'text':null,'type':'text'}"), TEXT(1, "x")},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':''},{'text':'x','type':'text'}")},
    {"text is escaped",
     {START, BS(0, TEXT_BLOCK), TEXT(0, "\\'\\\\\\n\\u0000\\u00e9/"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'type':'text','text':'\\'\\\\\\n\\u0000\xc3\xa9/'}")},
    {"a delta of another kind",
     {START, BS(0, TOOL_BLOCK), TEXT(0, "x"), BE(0)},
     0,
     1,
     false,
     PARTIAL("{'type':'tool_use','id':'toolu_1','name':'f','input':{},'text':'x'}")},
    {"missing index",
     {START, "{'type':'content_block_start','content_block':" TEXT_BLOCK "}",
      "{'type':'content_block_delta','delta':{'type':'text_delta','text':'a'}}", "{'type':'content_block_stop'}",
      "{'type':'content_block_stop'}", "{'type':'content_block_start','content_block':" TOOL_BLOCK "}",
      "{'type':'content_block_delta','delta':{'type':'input_json_delta','partial_json':'[]'}}",
      "{'type':'content_block_stop'}"},
     0,
     1,
     false,
     PARTIAL("{'type':'text','text':'a'}," TOOL("[]"))},
    {"missing index, two open",
     {START, BS(0, TEXT_BLOCK), BS(1, TEXT_BLOCK),
      "{'type':'content_block_delta','delta':{'type':'text_delta','text':'a'}}"},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK "," TEXT_BLOCK)},
    {"missing index, none open", {START, "{'type':'content_block_stop'}"}, CLAUDE_E_PROTOCOL, 0, false, PARTIAL("")},
    {"missing index, closed",
     {START, BS(0, TEXT_BLOCK), BE(0), "{'type':'content_block_delta','delta':{'type':'text_delta','text':'a'}}"},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL(TEXT_BLOCK)},
    {"the short dialect",
     {"{'type': 'content_block_delta', 'delta': {'text': 'Hello'}}",
      "{'type': 'content_block_delta', 'delta': {'text': '!'}}", "{'type': 'message_stop', 'stop_reason': 'end_turn'}"},
     0,
     3,
     true,
     "{'type':'message','role':'assistant','content':[{'type':'text','text':'Hello!'}],'stop_reason':'end_turn'}"},
    {"the short dialect after message_start",
     {START, "{'type':'content_block_delta','delta':{'text':'Hello'}}"},
     0,
     1,
     false,
     PARTIAL("{'type':'text','text':'Hello'}")},
    {"message_stop with an open block",
     {START, BS(0, TEXT_BLOCK), TEXT(0, "x"), DELTA, STOP},
     0,
     1,
     true,
     WHOLE("{'type':'text','text':'x'}")},
    {"message_stop with open, malformed input",
     {START, BS(0, TOOL_BLOCK), INPUT(0, "{"), DELTA, STOP},
     0,
     2,
     true,
     WHOLE("{'type':'tool_use','id':'toolu_1','name':'f','input':{},'_partial_json':'{'}")},
    {"message_stop without message_delta", {START, STOP}, 0, 1, true, PARTIAL("")},
    {"message_stop with a reason after message_delta",
     {START, DELTA, "{'type':'message_stop','stop_reason':'other'}"},
     0,
     0,
     true,
     WHOLE("")},
    {"two block types without id",
     {START, BS(0, "{'type':'a'}"), BS(0, "{'type':'b'}")},
     CLAUDE_E_PROTOCOL,
     0,
     false,
     PARTIAL("{'type':'a'}")},
    {"block stop twice, no more", {START, BS(0, TEXT_BLOCK), BE(0), BE(0)}, 0, 1, false, PARTIAL(TEXT_BLOCK)},
    {"compaction without content",
     {START, BS(0, "{'type':'compaction','content':'x'}"),
      BD(0, "{'type':'compaction_delta','encrypted_content':'e'}")},
     0,
     0,
     false,
     PARTIAL("{'type':'compaction','content':null,'encrypted_content':'e'}")},
    {"null usage stays",
     {"{'type':'message_start','message':{'usage':null,'content':[]}}"},
     0,
     1,
     false,
     "{'usage':null,'content':[]}"},
    {"a field that comes twice",
     {"{'type':'message_start','message':{'stop_reason':1,'content':[],'stop_reason':2,'usage':{}}}", DELTA},
     0,
     0,
     false,
     "{'stop_reason':'end_turn','content':[],'usage':{'output_tokens':7},'stop_sequence':null}"},
    {"fallback",
     {START, BS(0, "{'type':'fallback','from':{'model':'m-1'},'to':{'model':'m-2'}}"), BE(0), BS(1, TEXT_BLOCK),
      TEXT(1, "x"), BE(1)},
     0,
     0,
     false,
     "{'id':'msg_1','type':'message','role':'assistant','model':'m-2','content':[{'type':'fallback','from':{'model':'m-"
     "1'},"
     "'to':{'model':'m-2'}},{'type':'text','text':'x'}]," STOPS0 USAGE0 "}"},
    {"content in message_start",
     {"{'type':'message_start','message':{'content':[ {'type':'text','text':'a'} ],'usage':{}}}"},
     0,
     0,
     false,
     "{'content':[ {'type':'text','text':'a'} ],'usage':{}}"},
    {"order of message_start is kept",
     {"{'type':'message_start','message':{'usage':{'a':1},'stop_reason':null,'content':[],'id':'x'}}",
      BS(0, TEXT_BLOCK), "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'a':2}}"},
     0,
     0,
     false,
     "{'usage':{'a':2},'stop_reason':'end_turn','content':[" TEXT_BLOCK "],'id':'x'}"},
    {"order of a block is kept",
     {START, BS(0, "{'input':{},'name':'f','caller':{'type':'direct'},'id':'t','type':'tool_use'}"),
      INPUT(0, "{\\'a\\':1}"), BE(0)},
     0,
     0,
     false,
     PARTIAL("{'input':{'a':1},'name':'f','caller':{'type':'direct'},'id':'t','type':'tool_use'}")},
    {"keys that come twice",
     {"{'type':'message_start','message':{'content':[],'usage':{},'content':[1],'usage':{'b':2},'id':1}}",
      BS(0, "{'type':'text','text':'a','text':'b'}"), TEXT(0, "c"), BE(0)},
     0,
     0,
     false,
     "{'content':[{'type':'text','text':'bc'}],'usage':{'b':2},'id':1}"},
};

static void run_row(const row *r, const cl_accumulator_limits *limits, bool strict)
{
    stream s;
    claude_code_t rc = CLAUDE_OK;
    size_t i = 0;

    open_stream(&s, limits);
    for (; i < MOST && r->events[i] && rc == CLAUDE_OK; i++)
        rc = feed(&s, r->events[i]);
    if (strict) {
        /* Every anomaly is an error, and only they are. */
        assert_int_equal(rc, r->anomalies > 0 ? CLAUDE_E_PROTOCOL : r->last);
        assert_int_equal(cl_accumulator_anomalies(s.a), r->anomalies > 0 ? 1 : 0);
        assert_true(rc == CLAUDE_OK || s.err.message[0] != '\0');
        close_stream(&s);
        return;
    }
    if (rc != r->last || (i < MOST && r->events[i]))
        fail_msg("%s: event %zu gives %d: %s", r->what, i, (int)rc, s.err.code ? s.err.message : "");
    if (cl_accumulator_anomalies(s.a) != r->anomalies)
        fail_msg("%s: %llu anomalies", r->what, (unsigned long long)cl_accumulator_anomalies(s.a));
    assert_int_equal(cl_accumulator_done(s.a), r->done);
    assert_int_equal(cl_accumulator_started(s.a), r->want != NULL);
    if (r->want) {
        expect_message(&s, r->want, r->what);
        expect_message(&s, r->want, r->what); /* asking changes nothing */
    } else {
        cl_buf out = CL_BUF_INIT(100);
        assert_int_equal(cl_accumulator_json(s.a, &out, NULL), CLAUDE_E_STATE);
        assert_int_equal(out.len, 0);
        cl_buf_free(&out);
    }
    close_stream(&s);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run_row(&rows[i], &usual, false);
}

static void test_strict(void **state)
{
    cl_accumulator_limits strict = usual;

    (void)state;
    strict.strict = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run_row(&rows[i], &strict, true);
}

/* Without content: the same sequences are refused, and what is not content is the same. */
static void test_without_content(void **state)
{
    cl_accumulator_limits lean = usual;

    (void)state;
    lean.keep_content = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stream s;
        claude_code_t rc = CLAUDE_OK;
        open_stream(&s, &lean);
        for (size_t k = 0; k < MOST && rows[i].events[k] && rc == CLAUDE_OK; k++)
            rc = feed(&s, rows[i].events[k]);
        assert_int_equal(rc, rows[i].last);
        assert_int_equal(cl_accumulator_done(s.a), rows[i].done);
        if (rows[i].want) {
            char *got = message(&s);
            char *want = strdup(rows[i].want);
            cl_json a = cl_json_root(cl_str_of(got));
            cl_json b;
            static const char *const same[] = {"/usage", "/stop_reason", "/id", "/model", "/stop_details"};
            quotes(want);
            b = cl_json_root(cl_str_of(want));
            assert_int_equal(cl_json_count(cl_json_at(a, CL_STR("/content"))), 0);
            assert_int_equal(cl_json_at(a, CL_STR("/content")).type, CLAUDE_JSON_ARRAY);
            for (size_t k = 0; k < 5; k++) {
                cl_json x = cl_json_at(a, cl_str_of(same[k]));
                cl_json y = cl_json_at(b, cl_str_of(same[k]));
                assert_int_equal(x.type, y.type);
                assert_true(x.type == 0 || cl_str_eq(cl_str_n(x.ptr, x.len), cl_str_n(y.ptr, y.len)));
            }
            free(got);
            free(want);
        }
        close_stream(&s);
    }
}

/* "without it ... long streams need no memory": far more than the budget goes through. */
static void test_without_content_no_memory(void **state)
{
    static const char head[] = "{'type':'content_block_start','index':1,'content_block':{'type':'big','x':'";
    cl_accumulator_limits lean = {1000, 100, 200, false, false};
    char big[5000];
    stream s;

    (void)state;
    open_stream(&s, &lean);
    feed_ok(&s, START);
    feed_ok(&s, BS(0, TEXT_BLOCK));
    memset(big, 'x', sizeof big);
    memcpy(big, head, sizeof head - 1);
    memcpy(big + sizeof big - 4, "'}}", 4);
    feed_ok(&s, big);
    for (size_t i = 0; i < 1000; i++) {
        feed_ok(&s, TEXT(0, "0123456789"));
        feed_ok(&s, BD(0, "{'type':'citations_delta','citation':{'a':1}}"));
        feed_ok(&s, INPUT(1, "0123456789"));
    }
    feed_ok(&s, BE(0));
    expect_message(&s, PARTIAL(""), "no content");
    close_stream(&s);
}

/* What little is kept of each block is within the budget. */
static void test_without_content_limit(void **state)
{
    cl_accumulator_limits lean = {0, 1000, 200, false, false};

    (void)state;
    for (lean.max_message = 400; lean.max_message < 480; lean.max_message++) {
        claude_code_t rc = CLAUDE_OK;
        size_t count = 0;
        stream s;
        open_stream(&s, &lean);
        feed_ok(&s, START);
        while (
            (rc = feed(&s, "{'type':'content_block_start','content_block':{'type':'tool_use','id':'t','input':{}}}")) ==
            CLAUDE_OK)
            count++;
        assert_int_equal(rc, CLAUDE_E_TOO_LARGE);
        /* The message, its usage, and 28 bytes for each block. */
        assert_int_equal(count, (lean.max_message - strlen(PARTIAL("")) - strlen(USAGE0) + strlen("'usage':")) / 28);
        close_stream(&s);
    }
}

/* The index that was missing is written into the event, for the program to see. */
static void test_index_is_resolved(void **state)
{
    stream s;

    (void)state;
    open_stream(&s, &usual);
    feed_ok(&s, START);
    feed_ok(&s, BS(0, TEXT_BLOCK));
    feed_ok(&s, BE(0));
    feed_ok(&s, "{'type':'content_block_start','content_block':" TEXT_BLOCK "}");
    assert_int_equal(s.event.index, 1);
    feed_ok(&s, "{'type':'content_block_delta','delta':{'type':'text_delta','text':'a'}}");
    assert_int_equal(s.event.index, 1);
    feed_ok(&s, "{'type':'content_block_stop'}");
    assert_int_equal(s.event.index, 1);
    close_stream(&s);
}

static void test_anomalies_are_counted(void **state)
{
    stream s;

    (void)state;
    open_stream(&s, &usual);
    cl_accumulator_count_anomaly(s.a);
    cl_accumulator_count_anomaly(s.a);
    assert_int_equal(cl_accumulator_anomalies(s.a), 2);
    close_stream(&s);
    cl_accumulator_free(NULL);
}

/* ---- limits ---- */

static claude_code_t feed_all(stream *s, const char *const *events, size_t count)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < count && rc == CLAUDE_OK; i++)
        rc = feed(s, events[i]);
    return rc;
}

/* What is kept stays within the budget, exactly; what was there before stays readable. */
static void test_message_limit(void **state)
{
    static const char *const first[] = {START,
                                        BS(0, TEXT_BLOCK),
                                        BS(1, TOOL_BLOCK),
                                        BS(2, "{'type':'thinking'}"),
                                        BS(3, "{'type':'compaction'}"),
                                        BS(4, "{'type':'text','text':'0123456789','citations':[{'z':0}]}")};
    const size_t count = sizeof first / sizeof first[0];
    static const struct {
        const char *event;
        size_t cost;
    } grow[] = {
        {TEXT(0, "0123456789"), 10},
        {INPUT(1, "0123456789"), 10},
        {BD(2, "{'type':'signature_delta','signature':'0123456789'}"), 10},
        {BD(2, "{'type':'thinking_delta','thinking':'0123456789'}"), 10},
        {BD(0, "{'type':'citations_delta','citation':{'a':123}}"), 10}, /* with a comma */
        {BD(3, "{'type':'compaction_delta','content':'01234567'}"), 10},
        {BS(5, "{'a':1234}"), 10},
        {TEXT(4, "x"), 11},                                           /* and the text of the start */
        {BD(4, "{'type':'citations_delta','citation':{'a':1}}"), 15}, /* and the citation of the start */
        {"{'type':'message_delta','delta':{'stop_reason':'12345678'},'usage':{}}", 23}, /* with the name */
        {"{'type':'message_delta','delta':{'abcdefghi':1},'usage':{}}", 12},
        {"{'type':'message_delta','delta':{},'usage':{'abcde':1}}", 10}, /* with the comma */
    };
    cl_accumulator_limits limits = usual;
    stream s;
    size_t base = 0;

    (void)state;
    for (claude_code_t rc = CLAUDE_E_TOO_LARGE; rc != CLAUDE_OK; base++) {
        limits.max_message = base;
        open_stream(&s, &limits);
        rc = feed_all(&s, first, count);
        assert_true(rc == CLAUDE_OK || rc == CLAUDE_E_TOO_LARGE);
        close_stream(&s);
    }
    base--;
    for (size_t g = 0; g < sizeof grow / sizeof grow[0]; g++) {
        for (size_t more = 0; more <= grow[g].cost; more++) {
            char *before;
            char *after;
            claude_code_t rc;
            limits.max_message = base + more;
            open_stream(&s, &limits);
            assert_int_equal(feed_all(&s, first, count), CLAUDE_OK);
            before = message(&s);
            rc = feed(&s, grow[g].event);
            after = message(&s);
            if (rc != (more == grow[g].cost ? CLAUDE_OK : CLAUDE_E_TOO_LARGE))
                fail_msg("%s with room for %zu bytes: %d", grow[g].event, more, (int)rc);
            if (rc < 0) {
                assert_non_null(strstr(s.err.message, "limit.message_bytes"));
                assert_string_equal(before, after);
            } else {
                /* The budget is used up: not one byte more. */
                assert_string_not_equal(before, after);
                assert_int_equal(feed(&s, TEXT(0, "x")), CLAUDE_E_TOO_LARGE);
            }
            free(before);
            free(after);
            close_stream(&s);
        }
    }
}

static void test_block_limit(void **state)
{
    cl_accumulator_limits limits = {1 << 20, 3, 200, true, false};
    stream s;

    (void)state;
    open_stream(&s, &limits);
    feed_ok(&s, START);
    feed_ok(&s, BS(0, TEXT_BLOCK));
    feed_ok(&s, BS(1, TEXT_BLOCK));
    feed_ok(&s, BS(2, TEXT_BLOCK));
    assert_int_equal(feed(&s, BS(3, TEXT_BLOCK)), CLAUDE_E_TOO_LARGE);
    assert_non_null(strstr(s.err.message, "limit.blocks"));
    expect_message(&s, PARTIAL(TEXT_BLOCK "," TEXT_BLOCK "," TEXT_BLOCK), "blocks");
    close_stream(&s);
}

/* The message never is nested deeper than allowed, wherever the depth comes from. */
static void test_depth(void **state)
{
    static const char *const deep[] = {
        BS(0, "{'type':'x','a':[[[]]]}"),
        "{'type':'message_delta','delta':{'x':[[[[]]]]},'usage':{}}",
        "{'type':'message_delta','delta':{},'usage':{'x':[[[]]]}}",
        BD(0, "{'type':'citations_delta','citation':[[]]}"),
        BD(0, "{'type':'compaction_delta','content':[[[]]]}"),
        INPUT(0, "[[[]]]"),
        BD(0, "{'type':'compaction_delta','encrypted_content':[[[]]]}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        for (uint32_t max = 4; max < 9; max++) {
            cl_accumulator_limits limits = {1 << 20, 10, max, true, false};
            stream s;
            cl_buf out = CL_BUF_INIT(1 << 20);
            claude_code_t rc;
            uint32_t need = i == 1 || i == 2 ? 5 : 6;
            open_stream(&s, &limits);
            feed_ok(&s, START);
            if (i > 2)
                feed_ok(&s, BS(0, "{'type':'brand_new'}"));
            rc = feed(&s, deep[i]);
            assert_int_equal(rc, i == 5 || max >= need ? CLAUDE_OK : CLAUDE_E_PROTOCOL);
            assert_int_equal(cl_accumulator_json(s.a, &out, NULL), CLAUDE_OK);
            assert_int_equal(cl_json_validate(cl_buf_str(&out), max, NULL, NULL), CLAUDE_OK);
            assert_int_equal(strstr(out.ptr, "[[") != NULL && !strstr(out.ptr, "_partial_json"), max >= need);
            cl_buf_free(&out);
            close_stream(&s);
        }
    }
}

static void test_field_limits(void **state)
{
    stream s;
    char event[128];

    (void)state;
    for (int usage = 0; usage < 2; usage++) {
        claude_code_t rc = CLAUDE_OK;
        int i = 0;
        open_stream(&s, &usual);
        feed_ok(&s, START);
        for (; i < 1000 && rc == CLAUDE_OK; i++) {
            /* One of both grows; the other stays. */
            snprintf(event, sizeof event, "{'type':'message_delta','delta':{'f%d':1},'usage':{'f%d':1}}", usage ? 0 : i,
                     usage ? i : 0);
            rc = feed(&s, event);
        }
        assert_int_equal(rc, CLAUDE_E_TOO_LARGE);
        assert_true(i > 60 && i < 70);
        free(message(&s));
        close_stream(&s);
    }
}

static void test_out_is_full(void **state)
{
    stream s;
    char *whole;
    size_t len;

    (void)state;
    open_stream(&s, &usual);
    feed_ok(&s, START);
    feed_ok(&s, BS(0, TEXT_BLOCK));
    feed_ok(&s, TEXT(0, "\\n\\n\\n"));
    feed_ok(&s, DELTA);
    whole = message(&s);
    len = strlen(whole);
    for (size_t max = 0; max < len + 3; max++) {
        cl_buf out = CL_BUF_INIT(max + 2);
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(cl_buf_append_text(&out, "ab"), CL_BUF_OK);
        assert_int_equal(cl_accumulator_json(s.a, &out, &err), max >= len ? CLAUDE_OK : CLAUDE_E_TOO_LARGE);
        assert_int_equal(out.len, max >= len ? len + 2 : 2);
        assert_int_equal(strlen(out.ptr), out.len);
        cl_buf_free(&out);
    }
    free(whole);
    close_stream(&s);
}

/* ---- time ---- */

static double seconds(const char *block, const char *delta, size_t count)
{
    cl_accumulator_limits limits = {1 << 26, 100, 200, true, false};
    stream s;
    clock_t begin = clock();

    open_stream(&s, &limits);
    feed_ok(&s, START);
    feed_ok(&s, block);
    for (size_t i = 0; i < count; i++)
        feed_ok(&s, delta);
    feed_ok(&s, BE(0));
    free(message(&s));
    close_stream(&s);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* Ten times the deltas take about ten times the time, for every kind of them: never a hundred times. */
static void test_linear(void **state)
{
    static const char *const blocks[] = {BS(0, TEXT_BLOCK), BS(0, TOOL_BLOCK), BS(0, TEXT_BLOCK)};
    static const char *const deltas[] = {TEXT(0, "some text"), INPUT(0, "1, 2, 3"),
                                         BD(0, "{'type':'citations_delta','citation':{'a':1}}")};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        double few = seconds(blocks[i], deltas[i], 10000);
        double many = seconds(blocks[i], deltas[i], 100000);
        if (many > few * 40 + 0.2)
            fail_msg("%s: %.3f s and %.3f s", deltas[i], few, many);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_without_content),
        cmocka_unit_test(test_without_content_no_memory),
        cmocka_unit_test(test_without_content_limit),
        cmocka_unit_test(test_index_is_resolved),
        cmocka_unit_test(test_anomalies_are_counted),
        cmocka_unit_test(test_message_limit),
        cmocka_unit_test(test_block_limit),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_field_limits),
        cmocka_unit_test(test_out_is_full),
        cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests_name("accumulate", tests, NULL, NULL);
}
