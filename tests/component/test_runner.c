/* The loop of a conversation with tools: what each turn sends, and where the loop ends. */
#include "support.h"

#include <claude/block.h>
#include <claude/message.h>
#include <claude/runner.h>
#include <claude/tool.h>

/*
 * Messages and conversations are written short. In every text, ' stands for ".
 *
 *     text(hm)                    {'type':'text','text':'hm'}
 *     use(t1,clock,{'zone':1})    {'type':'tool_use','id':'t1','name':'clock','input':{'zone':1}}
 *     result(t1,noon)             {'type':'tool_result','tool_use_id':'t1','content':'noon'}
 *     failure(t1,why)             the same with 'is_error':true
 *     word<...>                   a message of that role, or an answer with that stop reason, and its content
 */
static const struct {
    const char *name;
    const char *parts[5]; /* what stands around the arguments */
} forms[] = {
    {"text(", {"{'type':'text','text':'", "'}"}},
    {"use(", {"{'type':'tool_use','id':'", "','name':'", "','input':", "}"}},
    {"result(", {"{'type':'tool_result','tool_use_id':'", "','content':'", "'}"}},
    {"failure(", {"{'type':'tool_result','tool_use_id':'", "','content':'", "','is_error':true}"}},
};

/* Writes the form that begins at p, if there is one; the position after it, or NULL. */
static const char *expand_form(FILE *out, const char *p)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const char *const *part = forms[i].parts;
        size_t len = strlen(forms[i].name);
        if (strncmp(p, forms[i].name, len) != 0)
            continue;
        for (p += len; part[1]; part++) {
            size_t n = strcspn(p, part[2] ? "," : ")");
            fprintf(out, "%s%.*s", part[0], (int)n, p);
            p += n + 1;
        }
        fputs(part[0], out);
        return p;
    }
    return NULL;
}

/* `before` and `after` stand around the word, `close` ends what stands between < and >. To be freed. */
static char *expand(const char *p, const char *before, const char *after, const char *close)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    while (*p) {
        size_t word = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
        const char *behind = expand_form(out, p);
        if (behind) {
            p = behind;
        } else if (word > 0 && p[word] == '<') {
            fprintf(out, "%s%.*s%s", before, (int)word, p, after);
            p += word + 1;
        } else {
            fputs(*p == '>' ? close : (char[]){*p, '\0'}, out);
            p++;
        }
    }
    fclose(out);
    return text;
}

/* What answers, one after the other: "tool_use<use(t1,a,{})>", or a step of a scenario in braces. */
#define script_turns(...) script_all((const char *const[]){__VA_ARGS__, NULL})

static void script_all(const char *const *turns)
{
    char *text = strdup("{'sequence':[");

    for (size_t i = 0; turns[i]; i++) {
        char *turn = expand(turns[i],
                            "{'body_json':{'id':'msg','type':'message','role':'assistant','model':'m',"
                            "'usage':{'input_tokens':1,'output_tokens':1},'stop_reason':'",
                            "','content':[", "]");
        char *longer = format("%s%s%s%s", text, i > 0 ? "," : "", turn, turns[i][0] == '{' ? "" : "}}");
        free(turn);
        free(text);
        text = longer;
    }
    text = realloc(text, strlen(text) + 3);
    assert_non_null(text);
    strcat(text, "]}");
    script(text);
    free(text);
}

/* What a request had in a field of its body. */
static void assert_sent(size_t index, const char *field, const char *expected)
{
    struct json_object *body = json_tokener_parse(text_of(received_at(index), "body"));
    struct json_object *value = NULL;

    assert_non_null(body);
    assert_true(json_object_object_get_ex(body, field, &value));
    assert_json_equal(json_object_to_json_string(value), expected);
    json_object_put(body);
}

/* The messages after the program's first one. */
static char *conversation_of(const char *messages)
{
    char *rest = expand(messages, "{'role':'", "','content':[", "]}");
    char *text = format("[{'role':'user','content':'Hello'}%s%s]", rest[0] ? "," : "", rest);

    free(rest);
    return text;
}

static void assert_conversation(size_t index, const char *messages)
{
    char *expected = conversation_of(messages);

    assert_sent(index, "messages", expected);
    free(expected);
}

#define HELLO "{'role':'user','content':'Hello'}"
#define BODY "{'model':'m','max_tokens':10,'messages':[" HELLO "]}"

static claude_runner_t *runner_of(claude_client_t *client, const char *json, uint32_t flags)
{
    claude_request_t *request = request_of(json);
    claude_runner_t *runner = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_runner_new(client, request, flags, &runner, &err), err);
    claude_request_unref(request);
    return runner;
}

/* ---- tools ---- */

struct note {
    int runs;
    char input[64];
    int destroyed;
};

static int32_t say(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    struct note *note = user_data;
    char text[128];

    assert_int_equal(strlen(input), len);
    if (note) {
        note->runs++;
        snprintf(note->input, sizeof note->input, "%s", input);
    }
    snprintf(text, sizeof text, "%s %d", name, note ? note->runs : 0);
    assert_int_equal(claude_runner_result_text(runner, text, CLAUDE_NTS, NULL), CLAUDE_OK);
    return 0;
}

static void destroy(void *user_data)
{
    struct note *note = user_data;

    note->destroyed++;
}

static void add_tool(claude_runner_t *runner, const char *name, claude_tool_fn fn, struct note *note)
{
    claude_tool_t *tool = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_tool_simple(name, "A tool.", &tool, &err), err);
    succeeds(claude_runner_add_tool(runner, tool, fn, note, note ? destroy : NULL, &err), err);
    claude_tool_unref(tool);
}

static claude_response_t *run_to_the_end(claude_runner_t *runner)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_runner_run(runner, &response, &err), err);
    return response;
}

/* ---- the loop ---- */

static void runs_tools_until_the_model_is_done(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response;

    (void)state;
    script_turns("tool_use<text(hm),use(t1,clock,{'zone':'UTC'})>", "end_turn<text(done)>");
    add_tool(runner, "clock", say, &note);
    response = run_to_the_end(runner);
    assert_string_equal(claude_response_text(response, NULL), "done");
    assert_ptr_equal(response, claude_runner_message(runner));
    assert_int_equal(claude_runner_turns(runner), 2);
    assert_int_equal(note.runs, 1);
    assert_string_equal(note.input, "{\"zone\":\"UTC\"}");
    assert_int_equal(requests_seen(), 2);
    assert_conversation(0, "");
    assert_sent(0, "tools",
                "[{'name':'clock','description':'A tool.','input_schema':{'type':'object','properties':{}}}]");
    assert_conversation(1, "assistant<text(hm),use(t1,clock,{'zone':'UTC'})>,user<result(t1,clock 1)>");
    /* The end is final, and nothing more is sent. */
    claude_response_unref(response);
    response = run_to_the_end(runner);
    assert_string_equal(claude_response_text(response, NULL), "done");
    assert_int_equal(requests_seen(), 2);
    claude_response_unref(response);
    assert_int_equal(note.destroyed, 0);
    claude_runner_unref(runner);
    assert_int_equal(note.destroyed, 1);
    claude_client_unref(client);
}

static void answers_all_calls_in_one_message(void **state)
{
    struct note first = {0};
    struct note second = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);

    (void)state;
    script_turns("tool_use<use(t1,b,{}),use(t2,a,{}),use(t3,b,{})>", "end_turn<text(done)>");
    add_tool(runner, "a", say, &first);
    add_tool(runner, "b", say, &second);
    claude_response_unref(run_to_the_end(runner));
    assert_conversation(1, "assistant<use(t1,b,{}),use(t2,a,{}),use(t3,b,{})>,user<result(t1,b 1),result(t2,a 1),"
                           "result(t3,b 2)>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void tells_each_turn(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script_turns("tool_use<use(t1,a,{})>", "tool_use<use(t2,a,{})>", "end_turn<text(done)>");
    add_tool(runner, "a", say, &note);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(claude_runner_step(runner, -1, &response, &err), 1);
        assert_string_equal(claude_response_stop_reason(response), "tool_use");
        assert_int_equal(note.runs, i);
        assert_int_equal(claude_runner_turns(runner), i);
        claude_response_unref(response);
    }
    assert_int_equal(claude_runner_step(runner, -1, &response, &err), CLAUDE_DONE);
    claude_response_unref(response);
    assert_conversation(2, "assistant<use(t1,a,{})>,user<result(t1,a 1)>,assistant<use(t2,a,{})>,user<result(t2,a 2)>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void a_step_goes_on_after_its_timeout(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    int waits = 0;

    (void)state;
    script("{'delay_ms':60,'body_json':{'content':[{'type':'text','text':'late'}],'stop_reason':'end_turn'}}");
    while ((rc = claude_runner_step(runner, 5, &response, &err)) == 0) {
        assert_null(response);
        waits++;
    }
    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_true(waits > 0);
    assert_int_equal(requests_seen(), 1);
    claude_response_unref(response);
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void resumes_a_paused_turn(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response;

    (void)state;
    script_turns("pause_turn<{'type':'server_tool_use','id':'s1','name':'web_search','input':{}}>",
                 "end_turn<text(done)>");
    response = run_to_the_end(runner);
    assert_string_equal(claude_response_text(response, NULL), "done");
    assert_conversation(1, "assistant<{'type':'server_tool_use','id':'s1','name':'web_search','input':{}}>");
    claude_response_unref(response);
    claude_runner_unref(runner);
    claude_client_unref(client);
}

/* What a request would send, until the next call. */
static const char *messages_of(claude_request_t *request)
{
    static struct json_object *body;
    struct json_object *messages = NULL;

    json_object_put(body);
    body = json_tokener_parse(claude_request_json(request, NULL));
    assert_true(json_object_object_get_ex(body, "messages", &messages));
    return json_object_to_json_string(messages);
}

static void other_reasons_are_the_end(void **state)
{
    static const struct {
        const char *answer;
        const char *conversation;
    } rows[] = {
        {"refusal<use(t1,a,{})>,'stop_details':{'type':'refusal','category':null}", ""},
        {"refusal<text(no)>", ""},
        {"max_tokens<use(t1,a,{})>", ""},
        {"max_tokens<text(and)>", "assistant<text(and)>"},
        {"end_turn<use(t1,a,{})>", ""},
        {"end_turn<>", ""},
        {"tool_use<text(none)>", "assistant<text(none)>"},
        {"compaction<text(c)>", "assistant<text(c)>"},
        {"pause_turn<>", ""},
    };
    claude_client_t *client = new_client();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct note note = {0};
        claude_runner_t *runner = runner_of(client, BODY, 0);
        claude_response_t *response = NULL;
        char *expected = conversation_of(rows[i].conversation);
        add_tool(runner, "a", say, &note);
        script_turns(rows[i].answer);
        assert_int_equal(claude_runner_step(runner, -1, &response, NULL), CLAUDE_DONE);
        assert_int_equal(note.runs, 0);
        assert_int_equal(claude_runner_pending_count(runner), 0);
        assert_json_equal(messages_of(claude_runner_request(runner)), expected);
        free(expected);
        claude_response_unref(response);
        claude_runner_unref(runner);
    }
    claude_client_unref(client);
}

static void a_conversation_goes_on_after_the_end(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_error_t *err = NULL;

    (void)state;
    script_turns("end_turn<text(done)>", "end_turn<text(more)>");
    claude_response_unref(run_to_the_end(runner));
    claude_request_add_user_text(claude_runner_request(runner), "And now?", CLAUDE_NTS, NULL);
    succeeds(claude_runner_resume(runner, &err), err);
    assert_int_equal(claude_runner_turns(runner), 0);
    claude_response_unref(run_to_the_end(runner));
    assert_conversation(1, "assistant<text(done)>,{'role':'user','content':'And now?'}");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void carries_the_container_on(void **state)
{
    static const char with_skills[] =
        "{'model':'m','max_tokens':10,'container':{'skills':[{'type':'custom','skill_id':'s'}]},'messages':[" HELLO
        "]}";
    static const char pinned[] = "{'model':'m','max_tokens':10,'container':'mine','messages':[" HELLO "]}";
    static const char pinned_with_skills[] =
        "{'model':'m','max_tokens':10,'container':{'id':'mine','skills':[]},'messages':[" HELLO "]}";
    static const struct {
        const char *body;
        const char *second;
        const char *third;
    } rows[] = {{BODY, "'c1'", "'c2'"},
                {with_skills, "{'skills':[{'type':'custom','skill_id':'s'}],'id':'c1'}",
                 "{'skills':[{'type':'custom','skill_id':'s'}],'id':'c2'}"},
                {pinned, "'mine'", "'mine'"},
                {pinned_with_skills, "{'id':'mine','skills':[]}", "{'id':'mine','skills':[]}"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_client_t *client = new_client();
        claude_runner_t *runner = runner_of(client, rows[i].body, 0);
        reset_server(NULL);
        script_turns("pause_turn<text(1)>,'container':{'id':'c1','expires_at':'x'}",
                     "pause_turn<text(2)>,'container':{'id':'c2'}", "pause_turn<text(3)>,'container':null",
                     "end_turn<text(done)>");
        claude_response_unref(run_to_the_end(runner));
        assert_sent(1, "container", rows[i].second);
        assert_sent(2, "container", rows[i].third);
        assert_sent(3, "container", rows[i].third);
        claude_runner_unref(runner);
        claude_client_unref(client);
    }
}

static void stops_after_so_many_turns(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script_turns("tool_use<use(t1,a,{})>");
    add_tool(runner, "a", say, &note);
    fails(claude_runner_run(runner, &response, &err), CLAUDE_E_LIMIT, &err);
    assert_null(response);
    assert_int_equal(claude_runner_turns(runner), 10);
    assert_int_equal(requests_seen(), 10);
    assert_int_equal(note.runs, 10);
    assert_int_equal(claude_runner_step(runner, -1, &response, &err), CLAUDE_E_LIMIT);
    assert_string_equal(claude_error_error_code(err), "max_turns");
    assert_ptr_equal(claude_error_response(err), claude_runner_message(runner));
    assert_string_equal(claude_response_stop_reason(claude_runner_message(runner)), "tool_use");
    claude_error_unref(err);
    err = NULL;
    /* With a higher limit it goes on from there. */
    script_turns("end_turn<text(done)>");
    succeeds(claude_runner_set_max_turns(runner, 11, &err), err);
    claude_response_unref(run_to_the_end(runner));
    assert_int_equal(requests_seen(), 11);
    fails(claude_runner_set_max_turns(runner, -1, &err), CLAUDE_E_INVALID, &err);
    claude_runner_unref(runner);
    /* 0: no limit. */
    runner = runner_of(client, BODY, 0);
    succeeds(claude_runner_set_max_turns(runner, 0, &err), err);
    add_tool(runner, "a", say, NULL);
    script_turns("tool_use<use(t1,a,{})>");
    for (int i = 0; i < 12; i++) {
        assert_int_equal(claude_runner_step(runner, -1, &response, &err), 1);
        claude_response_unref(response);
    }
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void a_failed_call_can_be_made_again(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script_turns("tool_use<use(t1,a,{})>", "{'status':529}", "end_turn<text(done)>");
    add_tool(runner, "a", say, &note);
    fails(claude_runner_run(runner, &response, &err), CLAUDE_E_OVERLOADED, &err);
    claude_response_unref(run_to_the_end(runner));
    assert_int_equal(note.runs, 1);
    assert_conversation(2, "assistant<use(t1,a,{})>,user<result(t1,a 1)>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

/* ---- what goes wrong with a tool ---- */

/* Does what the tool's name says. */
static int32_t perform(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    (void)input;
    (void)len;
    (void)user_data;
    if (strcmp(name, "silent") == 0)
        return -7;
    if (strcmp(name, "text") == 0) {
        claude_runner_result_text(runner, "out of paper", CLAUDE_NTS, NULL);
        return 1;
    }
    if (strcmp(name, "error") == 0)
        return claude_runner_result_error(runner, "no such printer", CLAUDE_NTS, NULL);
    return 0;
}

static void mistakes_are_told_to_the_model(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);

    (void)state;
    script_turns("tool_use<use(t1,unknown,{}),use(t2,silent,{}),use(t3,text,{}),use(t4,error,{}),use(t5,text,[1])>",
                 "end_turn<text(done)>");
    add_tool(runner, "silent", perform, NULL);
    add_tool(runner, "text", perform, NULL);
    add_tool(runner, "error", perform, NULL);
    claude_response_unref(run_to_the_end(runner));
    assert_conversation(
        1, "assistant<use(t1,unknown,{}),use(t2,silent,{}),use(t3,text,{}),use(t4,error,{}),use(t5,text,{})>,"
           "user<{'type':'tool_result','tool_use_id':'t1','content':'Tool \\u0027unknown\\u0027 not "
           "found','is_error':true},{'type':'tool_result','tool_use_id':'t2','content':'Tool \\u0027silent\\u0027 "
           "failed','is_error':true},failure(t3,out of paper),"
           "failure(t4,no such printer),"
           "{'type':'tool_result','tool_use_id':'t5','content':'The input of tool \\u0027text\\u0027 is not a JSON "
           "object','is_error':true}>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void calls_without_id_are_not_the_protocol(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script_turns("tool_use<{'type':'tool_use','name':'a','input':{}}>");
    add_tool(runner, "a", say, NULL);
    fails(claude_runner_run(runner, &response, &err), CLAUDE_E_PROTOCOL, &err);
    claude_runner_unref(runner);
    claude_client_unref(client);
}

/* ---- results ---- */

static int32_t give_everything(claude_runner_t *runner, const char *name, const char *input, size_t len,
                               void *user_data)
{
    claude_block_t *block = NULL;
    claude_response_t *response = NULL;

    (void)name;
    (void)input;
    (void)len;
    (void)user_data;
    assert_int_equal(claude_runner_result_json(runner, " {\"a\":1} ", CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_int_equal(claude_runner_result_json(runner, "{", CLAUDE_NTS, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_block_text("two", CLAUDE_NTS, &block, NULL), CLAUDE_OK);
    assert_int_equal(claude_runner_result_block(runner, block, NULL), CLAUDE_OK);
    claude_block_unref(block);
    assert_int_equal(claude_runner_result_text(runner, "three", CLAUDE_NTS, NULL), CLAUDE_OK);
    /* A runner cannot be driven from inside of itself. */
    assert_int_equal(claude_runner_step(runner, 0, &response, NULL), CLAUDE_E_BUSY);
    assert_int_equal(claude_runner_run(runner, &response, NULL), CLAUDE_E_BUSY);
    assert_int_equal(claude_runner_resume(runner, NULL), CLAUDE_E_BUSY);
    assert_int_equal(claude_runner_on_tool(runner, "x", NULL, NULL, NULL, NULL), CLAUDE_E_BUSY);
    return 0;
}

static void results_are_texts_and_blocks(void **state)
{
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);

    (void)state;
    script_turns("tool_use<use(t1,all,{}),"
                 "{'type':'tool_use','id':'t2','name':'none','input':{},'toolset_name':'browser'}>",
                 "end_turn<text(done)>");
    add_tool(runner, "all", give_everything, NULL);
    add_tool(runner, "none", perform, NULL);
    claude_response_unref(run_to_the_end(runner));
    assert_conversation(1, "assistant<use(t1,all,{}),"
                           "{'type':'tool_use','id':'t2','name':'none','input':{},'toolset_name':'browser'}>,"
                           "user<{'type':'tool_result','tool_use_id':'t1','content':[{'type':'text','text':'{"
                           "\\u0022a\\u0022:1}'},{'type':'text','text':'two'},{'type':'text','text':'three'}]},{'type':"
                           "'tool_result','tool_use_id':'t2','toolset_name':'browser'}>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static int32_t let_go(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    claude_runner_unref(runner);
    return say(runner, name, input, len, user_data);
}

static void a_callback_may_drop_the_last_reference(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;

    (void)state;
    script_turns("tool_use<use(t1,a,{})>");
    add_tool(runner, "a", let_go, &note);
    assert_int_equal(claude_runner_step(runner, -1, &response, NULL), 1);
    assert_int_equal(note.destroyed, 1);
    claude_response_unref(response);
    claude_client_unref(client);
}

/* ---- calls that the program answers by itself ---- */

static void hands_out_calls_to_be_answered_in_any_order(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(client, BODY, 0);
    claude_response_t *response = NULL;
    claude_block_t *block = NULL;
    claude_error_t *err = NULL;
    const char *id = NULL;
    const char *name = NULL;
    const char *input = NULL;
    size_t len = 0;

    (void)state;
    script_turns("tool_use<use(t1,slow,{'n':1}),use(t2,quick,{}),use(t3,slow,{'n':3}),use(t4,slow,{}),"
                 "use(t5,slow,5)>",
                 "end_turn<text(done)>");
    add_tool(runner, "slow", NULL, NULL);
    add_tool(runner, "quick", say, &note);
    assert_int_equal(claude_runner_pending_count(runner), 0);
    assert_int_equal(claude_runner_step(runner, -1, &response, &err), 1);
    claude_response_unref(response);
    response = NULL;
    assert_int_equal(note.runs, 1);
    assert_int_equal(claude_runner_pending_count(runner), 3);
    assert_int_equal(claude_runner_pending_at(runner, 1, &id, &name, &input, &len), 1);
    assert_string_equal(id, "t3");
    assert_string_equal(name, "slow");
    assert_string_equal(input, "{\"n\":3}");
    assert_int_equal(len, 7);
    assert_int_equal(claude_runner_pending_at(runner, 0, NULL, NULL, NULL, NULL), 1);
    assert_int_equal(claude_runner_pending_at(runner, 3, &id, &name, &input, &len), 0);
    succeeds(claude_runner_answer(runner, "t3", "three", CLAUDE_NTS, 0, &err), err);
    fails(claude_runner_answer(runner, "t3", "again", CLAUDE_NTS, 0, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_answer(runner, "t2", "not mine", CLAUDE_NTS, 0, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_answer(runner, "t1", "x", CLAUDE_NTS, 2, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_answer(runner, "t1", "\xff", 1, 0, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(claude_runner_pending_count(runner), 2);
    fails(claude_runner_step(runner, -1, &response, &err), CLAUDE_E_STATE, &err);
    fails(claude_runner_run(runner, &response, &err), CLAUDE_E_STATE, &err);
    assert_int_equal(requests_seen(), 1);
    succeeds(claude_runner_answer(runner, "t1", "one", CLAUDE_NTS, 1, &err), err);
    succeeds(claude_block_text("four", CLAUDE_NTS, &block, &err), err);
    succeeds(claude_runner_answer_block(runner, "t4", block, &err), err);
    claude_block_unref(block);
    claude_response_unref(run_to_the_end(runner));
    assert_conversation(
        1, "assistant<use(t1,slow,{'n':1}),use(t2,quick,{}),use(t3,slow,{'n':3}),use(t4,slow,{}),"
           "use(t5,slow,{})>,user<failure(t1,one),result(t2,quick 1),result(t3,three),"
           "{'type':'tool_result','tool_use_id':'t4','content':[text(four)]},{'type':'tool_result','tool_use_id':'t5','"
           "content':'The input of tool \\u0027slow\\u0027 is not a JSON object','is_error':true}>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

static void tools_of_the_request_get_callbacks_by_name(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_runner_t *runner = runner_of(
        client, "{'model':'m','max_tokens':10,'tools':[{'type':'bash_20250124','name':'bash'}],'messages':[" HELLO "]}",
        0);
    claude_error_t *err = NULL;

    (void)state;
    script_turns("tool_use<use(t1,bash,{})>", "end_turn<text(done)>");
    succeeds(claude_runner_on_tool(runner, "bash", say, &note, destroy, &err), err);
    fails(claude_runner_on_tool(runner, "bash", say, &note, destroy, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(note.destroyed, 1);
    fails(claude_runner_on_tool(runner, "", say, &note, destroy, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_on_tool(runner, NULL, say, &note, destroy, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_add_tool(runner, NULL, say, &note, destroy, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_on_tool(NULL, "x", say, &note, destroy, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(note.destroyed, 5);
    claude_response_unref(run_to_the_end(runner));
    assert_int_equal(note.runs, 1);
    assert_sent(1, "tools", "[{'type':'bash_20250124','name':'bash'}]");
    claude_runner_unref(runner);
    assert_int_equal(note.destroyed, 6);
    claude_client_unref(client);
}

/* ---- streams ---- */

/* Three calls: with input, with input that is no JSON, and without. */
static const char three_calls[] =
    "{'events':["
    "{'data':{'type':'message_start','message':{'id':'m','type':'message','role':'assistant','content':[]}}},"
    "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'tool_use','id':'t1','name':'a',"
    "'input':{}}}},"
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'input_json_delta','partial_json':"
    "'{\\u0022x\\u0022:'}}},"
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'input_json_delta','partial_json':'1}'}}},"
    "{'data':{'type':'content_block_stop','index':0}},"
    "{'data':{'type':'content_block_start','index':1,'content_block':{'type':'tool_use','id':'t2','name':'a',"
    "'input':{}}}},"
    "{'data':{'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta','partial_json':"
    "'{\\u0022x\\u0022:1]'}}},"
    "{'data':{'type':'content_block_stop','index':1}},"
    "{'data':{'type':'content_block_start','index':2,'content_block':{'type':'tool_use','id':'t3','name':'a'}}},"
    "{'data':{'type':'content_block_stop','index':2}},"
    "{'data':{'type':'message_delta','delta':{'stop_reason':'tool_use'},'usage':{'output_tokens':1}}},"
    "{'data':{'type':'message_stop'}}]}";

static const char a_text[] =
    "{'events':["
    "{'data':{'type':'message_start','message':{'id':'m','type':'message','role':'assistant','content':[]}}},"
    "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':'done'}}},"
    "{'data':{'type':'content_block_stop','index':0}},"
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':1}}},"
    "{'data':{'type':'message_stop'}}]}";

static int32_t count_events(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    int *count = user_data;

    (void)call;
    (void)event;
    ++*count;
    return 0;
}

/* Malformed input, and input that is missing, are sent back as the API takes them. */
static void streams_each_turn(void **state)
{
    struct note note = {0};
    claude_client_t *client = new_client();
    claude_request_t *request = request_of(BODY);
    claude_runner_t *runner = NULL;
    claude_error_t *err = NULL;
    int events = 0;

    (void)state;
    script_turns(three_calls, a_text);
    succeeds(claude_request_on_event(request, count_events, &events, NULL, &err), err);
    succeeds(claude_runner_new(client, request, CLAUDE_STREAM, &runner, &err), err);
    claude_request_unref(request);
    add_tool(runner, "a", say, &note);
    claude_response_unref(run_to_the_end(runner));
    assert_int_equal(note.runs, 2);
    assert_string_equal(note.input, "{}");
    assert_int_equal(events, 12 + 5);
    assert_sent(0, "stream", "true");
    assert_sent(1, "stream", "true");
    assert_conversation(1, "assistant<use(t1,a,{'x':1}),use(t2,a,{}),use(t3,a,{})>,user<result(t1,a 1),"
                           "{'type':'tool_result','tool_use_id':'t2','content':'The input of tool \\u0027a\\u0027 is "
                           "not a JSON object','is_error':true},result(t3,a 2)>");
    claude_runner_unref(runner);
    claude_client_unref(client);
}

/* ---- features ---- */

/* Each turn has them. */
static void retries_each_turn(void **state)
{
    struct note note = {0};
    claude_client_t *client = client_with("retry.enabled", "true", "retry.initial_delay_ms", "1", NULL);
    claude_runner_t *runner = runner_of(client, BODY, CLAUDE_WITH_RETRIES);
    claude_response_t *last;

    (void)state;
    script_turns("{'status':529}", "tool_use<use(t1,a,{})>", "{'status':529}", "end_turn<text(done)>");
    add_tool(runner, "a", say, &note);
    last = run_to_the_end(runner);
    assert_int_equal(requests_seen(), 4);
    assert_int_equal(claude_report_retries(claude_response_report(last)), 1);
    claude_response_unref(last);
    claude_runner_unref(runner);
    claude_client_unref(client);
}

/* ---- misuse ---- */

static void misuse_is_an_error(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_of(BODY);
    claude_request_t *list = NULL;
    claude_runner_t *runner = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    fails(claude_runner_new(NULL, request, 0, &runner, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_new(client, NULL, 0, &runner, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_new(client, request, 64, &runner, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(claude_runner_new(client, request, CLAUDE_WITH_RETRIES, &runner, &err), CLAUDE_E_INVALID);
    assert_contains(claude_error_message(err), "retry.enabled");
    claude_error_unref(err);
    err = NULL;
    fails(claude_runner_new(client, request, 0, NULL, &err), CLAUDE_E_INVALID, &err);
    succeeds(claude_request_new("models.list", &list, &err), err);
    fails(claude_runner_new(client, list, 0, &runner, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(list);
    assert_null(runner);
    fails(claude_runner_step(NULL, 0, &response, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_run((claude_runner_t *)request, &response, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_resume(NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_set_max_turns(NULL, 1, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_answer(NULL, "a", "", 0, 0, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_answer_block(NULL, "a", NULL, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(claude_runner_pending_count(NULL), 0);
    assert_int_equal(claude_runner_pending_at(NULL, 0, NULL, NULL, NULL, NULL), 0);
    assert_null(claude_runner_message(NULL));
    assert_null(claude_runner_request(NULL));
    assert_null(claude_runner_ref(NULL));
    assert_int_equal(claude_runner_turns(NULL), 0);
    claude_runner_unref(NULL);
    succeeds(claude_runner_new(client, request, 0, &runner, &err), err);
    fails(claude_runner_step(runner, 0, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_run(runner, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_runner_result_text(runner, "x", 1, &err), CLAUDE_E_STATE, &err);
    fails(claude_runner_result_json(runner, "1", 1, &err), CLAUDE_E_STATE, &err);
    fails(claude_runner_result_error(runner, "x", 1, &err), CLAUDE_E_STATE, &err);
    fails(claude_runner_result_block(runner, NULL, &err), CLAUDE_E_INVALID, &err);
    assert_ptr_equal(claude_runner_ref(runner), runner);
    claude_runner_unref(runner);
    /* With a call in flight: it is cancelled. */
    script("{'delay_ms':5000}");
    assert_int_equal(claude_runner_step(runner, 1, &response, &err), 0);
    claude_runner_unref(runner);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_tools_until_the_model_is_done),
        TEST(answers_all_calls_in_one_message),
        TEST(tells_each_turn),
        TEST(a_step_goes_on_after_its_timeout),
        TEST(resumes_a_paused_turn),
        TEST(other_reasons_are_the_end),
        TEST(a_conversation_goes_on_after_the_end),
        TEST(carries_the_container_on),
        TEST(stops_after_so_many_turns),
        TEST(a_failed_call_can_be_made_again),
        TEST(mistakes_are_told_to_the_model),
        TEST(calls_without_id_are_not_the_protocol),
        TEST(results_are_texts_and_blocks),
        TEST(a_callback_may_drop_the_last_reference),
        TEST(hands_out_calls_to_be_answered_in_any_order),
        TEST(tools_of_the_request_get_callbacks_by_name),
        TEST(streams_each_turn),
        TEST(retries_each_turn),
        TEST(misuse_is_an_error),
    };

    return RUN_WITH_SERVER(tests);
}
