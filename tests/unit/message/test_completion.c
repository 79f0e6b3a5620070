/* Old text completions out of their events. In the texts below ' stands for ", to keep them readable. */
#include "testing.h"

#include "message/completion.h"

static const cl_completion_limits usual = {1 << 20, true, false};

static void quotes(char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            *text = '"';
    }
}

static claude_code_t add(cl_completion *completion, const char *json, cl_err *err)
{
    char *data = copy_of(cl_str_of(json));
    cl_buf text = CL_BUF_INIT(1 << 20);
    claude_event_t event;
    bool anomaly = false;
    claude_code_t rc;

    quotes(data);
    rc = cl_event_parse(CL_STR(""), data, strlen(data), 200, &text, &event, &anomaly, err);
    if (rc >= 0)
        rc = cl_completion_add(completion, &event, err);
    cl_buf_free(&text);
    free(data);
    return rc;
}

static cl_completion *make(const cl_completion_limits *limits)
{
    cl_completion *completion = NULL;

    OK(cl_completion_new(limits, &completion, err));
    return completion;
}

static void expect(const cl_completion *completion, const char *json)
{
    cl_buf out = CL_BUF_INIT(1 << 21);
    char *want = copy_of(cl_str_of(json));

    quotes(want);
    OK(cl_completion_json(completion, &out, err));
    assert_string_equal(out.ptr, want);
    OK(cl_json_validate(cl_buf_str(&out), 200, NULL, err));
    cl_buf_free(&out);
    free(want);
}

#define EVENT(text)                                                                                                    \
    "{'type':'completion','id':'compl_1','completion':'" text "','stop_reason':null,'model':'claude-2.1'}"

static void test_usual(void **state)
{
    cl_completion *c = make(&usual);

    (void)state;
    assert_false(cl_completion_started(c));
    OK(add(c, "{'type':'ping'}", err));
    assert_false(cl_completion_started(c));
    FAILS(CLAUDE_E_STATE, "no completion has begun", cl_completion_json(c, &CL_BUF_INIT(100), err));
    OK(add(c, EVENT(" Hel"), err));
    assert_true(cl_completion_started(c));
    expect(c, EVENT(" Hel"));
    OK(add(c, EVENT("lo\\n\\u00e9"), err));
    OK(add(c, "{'type':'ping'}", err));
    OK(add(c, EVENT(""), err));
    assert_false(cl_completion_done(c));
    OK(add(c,
           "{'type':'completion','id':'compl_1','completion':'!','stop_reason':'stop_sequence','model':'claude-2.1',"
           "'stop':'\\n\\nHuman:','log_id':'compl_1'}",
           err));
    assert_true(cl_completion_done(c));
    assert_int_equal(cl_completion_anomalies(c), 0);
    expect(
        c,
        "{'type':'completion','id':'compl_1','completion':' Hello\\n\xc3\xa9!','stop_reason':'stop_sequence','model':"
        "'claude-2.1','stop':'\\n\\nHuman:','log_id':'compl_1'}");
    cl_completion_free(c);
}

/* Unknown fields and spellings stay as they came; what is not said again stays too. */
static void test_fields(void **state)
{
    cl_completion *c = make(&usual);

    (void)state;
    OK(add(c, "{'completion':'a','type':'completion','new':{'x': [1.50]},'model':'m','id':'i','exception':null}", err));
    OK(add(c, "{ 'type' : 'completion' , 'completion' : 'b', 'new':{'x': [1.500]},'model':null,'truncated':false}",
           err));
    expect(c, "{'completion':'ab','type':'completion','new':{'x': [1.500]},'model':'m','id':'i','exception':null,"
              "'truncated':false}");
    assert_false(cl_completion_done(c));
    cl_completion_free(c);
}

static void test_anomalies(void **state)
{
    cl_completion_limits strict = usual;
    cl_completion *c = make(&usual);
    cl_completion *s;

    (void)state;
    strict.strict = true;
    s = make(&strict);
    OK(add(c, "{'type':'completion','stop_reason':null}", err));
    FAILS(CLAUDE_E_PROTOCOL, "a completion without text", add(s, "{'type':'completion','completion':null}", err));
    assert_int_equal(cl_completion_anomalies(c), 1);
    expect(c, "{'type':'completion','stop_reason':null}");
    OK(add(c, "{'type':'message_stop'}", err));
    FAILS(CLAUDE_E_PROTOCOL, "an event of a message", add(s, "{'type':'message_stop'}", err));
    assert_int_equal(cl_completion_anomalies(c), 2);
    OK(add(c, "{'type':'news','completion':'x'}", err));
    OK(add(s, "{'type':'news','completion':'x'}", err));
    FAILS(CLAUDE_E_PROTOCOL, "is not a string", add(c, "{'type':'completion','completion':1}", err));
    OK(add(c, "{'type':'completion','completion':'x','stop_reason':'max_tokens'}", err));
    OK(add(s, "{'type':'completion','completion':'x','stop_reason':'max_tokens'}", err));
    OK(add(c, EVENT("late"), err));
    FAILS(CLAUDE_E_PROTOCOL, "after the completion's end", add(s, EVENT("late"), err));
    assert_int_equal(cl_completion_anomalies(c), 3);
    cl_completion_count_anomaly(c);
    assert_int_equal(cl_completion_anomalies(c), 4);
    expect(c, "{'type':'completion','stop_reason':'max_tokens','completion':'x'}");
    cl_completion_free(c);
    cl_completion_free(s);
    cl_completion_free(NULL);
}

static void test_limits(void **state)
{
    /* Keys and values but the text's, and then the text, to the byte. */
    cl_completion_limits limits = {sizeof "'type''completion'" - 1 + sizeof "'completion'" - 1 + 5, true, false};
    cl_completion *c = make(&limits);

    (void)state;
    OK(add(c, "{'type':'completion','completion':'abc'}", err));
    OK(add(c, "{'type':'completion','completion':'de'}", err));
    expect(c, "{'type':'completion','completion':'abcde'}");
    FAILS(CLAUDE_E_TOO_LARGE, "limit.message_bytes", add(c, "{'type':'completion','completion':'f'}", err));
    FAILS(CLAUDE_E_TOO_LARGE, "limit.message_bytes", add(c, "{'type':'completion','completion':'','x':1}", err));
    expect(c, "{'type':'completion','completion':'abcde'}");
    cl_completion_free(c);

    /* A value that is replaced makes room. */
    limits.max_bytes = sizeof "'type''completion''completion''x'1" - 1;
    c = make(&limits);
    for (int i = 0; i < 100; i++)
        OK(add(c, "{'type':'completion','completion':'','x':1}", err));
    FAILS(CLAUDE_E_TOO_LARGE, "limit.message_bytes", add(c, "{'type':'completion','completion':'','x':12}", err));
    expect(c, "{'type':'completion','completion':'','x':1}");
    cl_completion_free(c);
}

static void test_many_fields(void **state)
{
    cl_completion *c = make(&usual);
    char json[100];

    (void)state;
    OK(add(c, "{'type':'completion','completion':'a'}", err));
    for (int i = 0; i < 30; i++) {
        (void)snprintf(json, sizeof json, "{'type':'completion','completion':'','f%d':%d}", i, i);
        OK(add(c, json, err));
    }
    FAILS(CLAUDE_E_TOO_LARGE, "more than 32 fields", add(c, "{'type':'completion','completion':'','g':1}", err));
    OK(add(c, "{'type':'completion','completion':'b','f29':7}", err));
    cl_completion_free(c);
}

static void test_without_text(void **state)
{
    cl_completion_limits limits = {sizeof "'type''completion''completion'" - 1, false, false};
    cl_completion *c = make(&limits);

    (void)state;
    for (int i = 0; i < 10; i++)
        OK(add(c, "{'type':'completion','completion':'text'}", err));
    expect(c, "{'type':'completion','completion':''}");
    cl_completion_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),  cmocka_unit_test(test_fields),      cmocka_unit_test(test_anomalies),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_many_fields), cmocka_unit_test(test_without_text),
    };

    return cmocka_run_group_tests_name("message.completion", tests, NULL, NULL);
}
