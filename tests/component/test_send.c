/* Requests sent and answers read: what the program sees of a response, and what the server really received. */
#include "support.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const char full_answer[] =
    "{ 'id':'msg_1', 'type':'message','role':'assistant','model':'claude-opus-5',"
    "'content':[{'type':'text','text':'Hello, '},{'type':'thinking','thinking':'hm','signature':'c2ln'},"
    "{'type':'text','text':'w\\u00f6rld\\u0000!'},{'type':'tool_use','id':'t1','name':'f','input':{'a/b':{'~':[1]}}}],"
    "'stop_reason':'end_turn','stop_sequence':null,"
    "'usage':{'input_tokens':12,'output_tokens':5,'cache_read_input_tokens':9007199254740993,"
    "'cache_creation':{'ephemeral_5m_input_tokens':7}, 'service_tier':'standard'},"
    "'numbers':{'big':123456789012345678901234567890,'half':0.5,'exp':1.50e+3,'min':-9223372036854775808,'whole':3.0},"
    "'yes':true,'no':false,'nothing':null }";

/* The answer's text inside a scenario: JSON in a JSON string, so that every byte is chosen here. */
static void script_body(const char *body, const char *more)
{
    char *json = quoted(body);
    struct json_object *text = json_object_new_string(json);
    char *scenario = format("{\"body\": %s%s}", json_object_to_json_string(text), more);

    script(scenario);
    free(scenario);
    json_object_put(text);
    free(json);
}

static claude_response_t *read_full_answer(void)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_response_t *response;

    script_body(full_answer, ", 'headers': [['request-id','req_42'],['x-twice','one'],['X-Twice','two'],"
                             "['anthropic-ratelimit-requests-limit','50'],"
                             "['anthropic-ratelimit-requests-remaining','0'],"
                             "['anthropic-ratelimit-requests-reset','2026-11-20T12:00:02Z'],"
                             "['anthropic-priority-input-tokens-limit','9000']]");
    response = execute(client, request);
    /* The response needs neither of them. */
    claude_request_unref(request);
    claude_client_unref(client);
    return response;
}

static void reads_the_message(void **state)
{
    static const char text[] = "Hello, w\xc3\xb6rld\0!";
    claude_response_t *response = read_full_answer();
    char *body = quoted(full_answer);
    size_t len = 0;

    (void)state;
    assert_int_equal(claude_response_status(response), 200);
    assert_string_equal(claude_response_id(response), "msg_1");
    assert_string_equal(claude_response_model(response), "claude-opus-5");
    assert_string_equal(claude_response_stop_reason(response), "end_turn");
    assert_memory_equal(claude_response_text(response, &len), text, sizeof text);
    assert_int_equal(len, sizeof text - 1);
    assert_ptr_equal(claude_response_text(response, NULL), claude_response_text(response, NULL));
    assert_string_equal(claude_response_json(response, &len), body);
    assert_int_equal(len, strlen(body));
    assert_int_equal(claude_response_usage(response, "input_tokens"), 12);
    assert_int_equal(claude_response_usage(response, "output_tokens"), 5);
    assert_true(claude_response_usage(response, "cache_read_input_tokens") == INT64_C(9007199254740993));
    assert_int_equal(claude_response_usage(response, "cache_creation/ephemeral_5m_input_tokens"), 7);
    assert_int_equal(claude_response_usage(response, "cache_creation_input_tokens"), -1);
    assert_int_equal(claude_response_usage(response, "service_tier"), -1);
    free(body);
    claude_response_unref(response);
}

static void reads_the_headers(void **state)
{
    claude_response_t *response = read_full_answer();
    const char *name = NULL;
    const char *value = NULL;
    int twice = 0;
    size_t count = 0;

    (void)state;
    assert_string_equal(claude_response_request_id(response), "req_42");
    assert_string_equal(claude_response_header(response, "x-twice"), "two");
    assert_string_equal(claude_response_header(response, "X-TWICE"), "two");
    assert_string_equal(claude_response_header(response, "content-type"), "application/json");
    assert_null(claude_response_header(response, "x-none"));
    while (claude_response_header_at(response, count, &name, &value) == 1) {
        if (strcasecmp(name, "x-twice") == 0)
            assert_string_equal(value, twice++ == 0 ? "one" : "two");
        count++;
    }
    assert_int_equal(twice, 2);
    assert_int_equal(claude_response_header_at(response, 0, NULL, NULL), 1);
    assert_int_equal(claude_response_header_at(response, count, NULL, NULL), 0);
    assert_int_equal(claude_response_header_at(response, SIZE_MAX, NULL, NULL), 0);
    assert_int_equal(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_LIMIT), 50);
    assert_int_equal(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_REMAINING), 0);
    assert_true(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_RESET_MS) == INT64_C(1795176002000));
    assert_int_equal(claude_response_rate_limit(response, "priority-input-tokens", CLAUDE_RATE_LIMIT_LIMIT), 9000);
    assert_int_equal(claude_response_rate_limit(response, "priority-output-tokens", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_response_rate_limit(response, "donuts", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_response_rate_limit(response, "requests", 99), -1);
    claude_response_unref(response);
}

static void reads_by_pointer(void **state)
{
    claude_response_t *response = read_full_answer();
    size_t len = 0;

    (void)state;
    assert_int_equal(claude_response_type(response, ""), CLAUDE_JSON_OBJECT);
    assert_int_equal(claude_response_type(response, "/content"), CLAUDE_JSON_ARRAY);
    assert_int_equal(claude_response_type(response, "/content/0/text"), CLAUDE_JSON_STRING);
    assert_int_equal(claude_response_type(response, "/usage/input_tokens"), CLAUDE_JSON_NUMBER);
    assert_int_equal(claude_response_type(response, "/yes"), CLAUDE_JSON_BOOLEAN);
    assert_int_equal(claude_response_type(response, "/nothing"), CLAUDE_JSON_NULL);
    assert_int_equal(claude_response_type(response, "/absent"), CLAUDE_JSON_NONE);
    assert_int_equal(claude_response_type(response, "/content/4"), CLAUDE_JSON_NONE);
    assert_int_equal(claude_response_type(response, "/content/00"), CLAUDE_JSON_NONE);
    assert_int_equal(claude_response_type(response, "/content/-"), CLAUDE_JSON_NONE);
    assert_int_equal(claude_response_type(response, "content"), CLAUDE_JSON_NONE);
    assert_int_equal(claude_response_count(response, "/content"), 4);
    assert_int_equal(claude_response_count(response, "/numbers"), 5);
    assert_int_equal(claude_response_count(response, "/yes"), 0);
    assert_string_equal(claude_response_string(response, "/content/2/text", &len), "w\xc3\xb6rld");
    assert_int_equal(len, 8);
    assert_null(claude_response_string(response, "/yes", NULL));
    assert_int_equal(claude_response_int(response, "/content/3/input/a~1b/~0/0", -7), 1);
    assert_int_equal(claude_response_int(response, "/numbers/big", -7), -7);
    assert_int_equal(claude_response_int(response, "/numbers/half", -7), -7);
    assert_true(claude_response_int(response, "/numbers/min", -7) == INT64_MIN);
    assert_true(claude_response_double(response, "/numbers/exp", -7) > 1499.9 &&
                claude_response_double(response, "/numbers/exp", -7) < 1500.1);
    assert_true(claude_response_double(response, "/yes", -7) < -6.9);
    assert_int_equal(claude_response_bool(response, "/yes", -7), 1);
    assert_int_equal(claude_response_bool(response, "/no", -7), 0);
    assert_int_equal(claude_response_bool(response, "/nothing", -7), -7);
    claude_response_unref(response);
}

static void reads_slices(void **state)
{
    claude_response_t *response = read_full_answer();
    const char *json = NULL;
    size_t len = 0;
    size_t whole = 0;
    const char *body = claude_response_json(response, &whole);

    (void)state;
    assert_int_equal(claude_response_slice(response, "/numbers/big", &json, &len), 1);
    assert_int_equal(len, 30);
    assert_memory_equal(json, "123456789012345678901234567890", 30);
    assert_int_equal(claude_response_slice(response, "/numbers/exp", &json, &len), 1);
    assert_int_equal(len, 7);
    assert_memory_equal(json, "1.50e+3", 7);
    assert_int_equal(claude_response_slice(response, "/content/1/signature", &json, &len), 1);
    assert_memory_equal(json, "\"c2ln\"", 6);
    assert_int_equal(claude_response_slice(response, "", &json, &len), 1);
    assert_ptr_equal(json, body);
    assert_int_equal(len, whole);
    json = NULL;
    assert_int_equal(claude_response_slice(response, "/absent", &json, &len), 0);
    assert_null(json);
    assert_int_equal(len, whole);
    claude_response_unref(response);
}

/* ---- the body on the wire ---- */

static void sends_json_byte_for_byte(void **state)
{
    static const char *const bodies[] = {
        "  {\t'model' : 'm',\r\n 'max_tokens':1 , 'messages':[ {'role':'user','content':'x'} ] }\n",
        "{'max_tokens':1,'x':123456789012345678901234567890,'y':1E400,'z':-0,'w':1.0,'v':0.10e-7,'model':'m',"
        "'messages':[{'role':'user','content':'x'}]}",
        "{'model':'m\\/\\u00e9\\ud83d\\ude00\\n','max_tokens':1,'messages':[{'role':'user','content':'\\u0000\\\\'}],"
        "'\\u006fdd':'\xc3\xa9\xf0\x9f\x98\x80','twice':1,'twice':2,'':{},'stream':false}",
    };
    claude_client_t *client = new_client();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        char *json = quoted(bodies[i]);
        claude_request_t *request = request_of(bodies[i]);
        size_t len = 0;
        claude_response_unref(execute(client, request));
        assert_string_equal(text_of(received_at(i), "body"), json);
        assert_string_equal(claude_request_json(request, &len), json);
        assert_int_equal(len, strlen(json));
        claude_request_unref(request);
        free(json);
    }
    claude_client_unref(client);
}

/* A body of more than a megabyte; `head` is its beginning. */
static char *large_json(const char *head)
{
    enum { FILL = 1100000 };
    char *json = malloc(FILL + 512);
    size_t at;
    size_t end;

    assert_non_null(json);
    at = (size_t)sprintf(json, "%s\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"",
                         head);
    end = at + FILL;
    for (uint32_t x = 1; at < end; x = x * 1664525u + 1013904223u)
        json[at++] = (char)('a' + x % 26u);
    strcpy(json + at, "\"}]}");
    return json;
}

static void check_large(struct json_object *request, const char *json)
{
    assert_int_equal(number_of(request, "body_length"), strlen(json));
    assert_true(strcmp(text_of(request, "body"), json) == 0);
}

static void sends_a_megabyte(void **state)
{
    claude_client_t *client = new_client();
    char *json = large_json("{");
    char *spliced = large_json("{\"stream\":true,");
    claude_request_t *request = request_of(json);
    claude_error_t *err = NULL;
    claude_call_t *call;

    (void)state;
    claude_response_unref(execute(client, request));
    check_large(received_at(0), json);
    call = start_stream(client, request);
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    check_large(received_at(1), spliced);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
    free(spliced);
    free(json);
}

static void adds_stream_where_it_is_missing(void **state)
{
    static const char *const cases[][2] = {
        {" { 'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}]}",
         " {'stream':true, 'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}]}"},
        {"{'model':'m','max_tokens':1,'stream' : true,'messages':[{'role':'user','content':'x'}]}",
         "{'model':'m','max_tokens':1,'stream' : true,'messages':[{'role':'user','content':'x'}]}"},
        {"{'x':{'stream':false},'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}]}",
         "{'stream':true,'x':{'stream':false},'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}]}"},
    };
    claude_client_t *client = new_client();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        claude_request_t *request = request_of(cases[i][0]);
        claude_call_t *call = start_stream(client, request);
        char *expected = quoted(cases[i][1]);
        claude_error_t *err = NULL;
        assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
        assert_string_equal(text_of(received_at(i), "body"), expected);
        free(expected);
        claude_call_unref(call);
        claude_request_unref(request);
    }
    claude_client_unref(client);
}

static void sends_what_setters_built(void **state)
{
    static const char expected[] =
        "{'model':'claude-opus-5','max_tokens':0,'system':'Be \\'brief\\'','messages':["
        "{'role':'user','content':'a\\n\\u0000\xf0\x9f\x98\x80'},{'role':'assistant','content':'b'},"
        "{'role':'system','content':'c'},{'role':'user','content':[{'type':'text','text':'d'}]}],"
        "'temperature':0.1,'top_p':1,'top_k':40,'stop_sequences':['END','\\\\'],'metadata':{'user_id':'u-1'},"
        "'stream':false,'thinking':{'type':'disabled'},'output_config':{'effort':'low'}}";
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_new("messages.create", &request, &err), err);
    succeeds(claude_request_set_model(request, "claude-opus-5", &err), err);
    succeeds(claude_request_set_max_tokens(request, 0, &err), err);
    succeeds(claude_request_set_system(request, "Be \"brief\"", CLAUDE_NTS, &err), err);
    succeeds(claude_request_add_user_text(request, "a\n\0\xf0\x9f\x98\x80", 7, &err), err);
    succeeds(claude_request_add_assistant_text(request, "b", 1, &err), err);
    succeeds(claude_request_add_message(request, "system", "c", CLAUDE_NTS, &err), err);
    succeeds(claude_request_set_field(request, "/messages/-",
                                      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"d\"}]}",
                                      CLAUDE_NTS, &err),
             err);
    succeeds(claude_request_set_temperature(request, 0.1, &err), err);
    succeeds(claude_request_set_top_p(request, 1.0, &err), err);
    succeeds(claude_request_set_top_k(request, 40, &err), err);
    succeeds(claude_request_add_stop_sequence(request, "END", CLAUDE_NTS, &err), err);
    succeeds(claude_request_add_stop_sequence(request, "\\", CLAUDE_NTS, &err), err);
    succeeds(claude_request_set_user_id(request, "u-1", CLAUDE_NTS, &err), err);
    succeeds(claude_request_set_stream(request, 0, &err), err);
    succeeds(claude_request_set_field(request, "/thinking", "{\"type\":\"disabled\"}", CLAUDE_NTS, &err), err);
    succeeds(claude_request_set_field(request, "/output_config/effort", "\"low\"", CLAUDE_NTS, &err), err);
    claude_response_unref(execute(client, request));
    {
        const char *body = text_of(received_at(0), "body");
        char *json = format("%s", expected);
        /* The quotes inside a string stand for themselves. */
        char *inner = strstr(json, "\\'brief\\'");
        assert_non_null(inner);
        for (char *p = json; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        assert_string_equal(body, json);
        free(json);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void changes_a_field_of_given_json(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_of("{'big':123456789012345678901234567890, 'model':'m','max_tokens':1 ,"
                                           "'messages':[{'role':'user','content':'x'}]}");
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_model(request, "n", &err), err);
    succeeds(claude_request_add_user_text(request, "y", 1, &err), err);
    claude_response_unref(execute(client, request));
    assert_contains(text_of(received_at(0), "body"), "123456789012345678901234567890");
    assert_json_equal(text_of(received_at(0), "body"),
                      "{'big':123456789012345678901234567890,'model':'n','max_tokens':1,"
                      "'messages':[{'role':'user','content':'x'},{'role':'user','content':'y'}]}");
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- the head on the wire ---- */

/* All headers that were sent, as "name: value" lines in alphabetical order, host and content-length left out. */
static char *header_lines(struct json_object *request)
{
    struct json_object *headers = json_object_object_get(request, "headers");
    size_t count = json_object_array_length(headers);
    char *out = calloc(1, 8192);
    const char *last = "";

    assert_non_null(out);
    for (size_t done = 0; done < count; done++) {
        const char *name = NULL;
        for (size_t i = 0; i < count; i++) {
            const char *candidate =
                json_object_get_string(json_object_array_get_idx(json_object_array_get_idx(headers, i), 0));
            if (strcmp(candidate, last) > 0 && (!name || strcmp(candidate, name) < 0))
                name = candidate;
        }
        if (!name)
            break;
        last = name;
        if (strcasecmp(name, "host") != 0 && strcasecmp(name, "content-length") != 0)
            snprintf(out + strlen(out), 8192 - strlen(out), "%s: %s\n", name, header_of(request, name));
    }
    return out;
}

static void check_headers(size_t index, const char *expected)
{
    char *lines = header_lines(received_at(index));

    assert_string_equal(lines, expected);
    free(lines);
}

static void sends_exactly_these_headers(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct json_object *seen;
    char *host = format("127.0.0.1:%u", sandbox_port(server));
    char digits[24];

    (void)state;
    claude_response_unref(execute(client, request));
    check_headers(0, "accept: application/json\n"
                     "accept-encoding: identity\n"
                     "anthropic-version: 2023-06-01\n"
                     "content-type: application/json\n"
                     "user-agent: libclaude/0.8.0\n"
                     "x-api-key: " KEY "\n");
    seen = received_at(0);
    snprintf(digits, sizeof digits, "%zu", strlen(text_of(seen, "body")));
    assert_string_equal(header_of(seen, "host"), host);
    assert_string_equal(header_of(seen, "content-length"), digits);
    assert_string_equal(text_of(seen, "method"), "POST");
    assert_string_equal(text_of(seen, "target"), "/v1/messages");
    assert_string_equal(text_of(seen, "version"), "HTTP/1.1");
    free(host);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void sends_what_options_say(void **state)
{
    claude_client_t *client = client_with("api_version", "2026-10-21", "beta", "a-2025-01-01,b-2025-02-02",
                                          "user_agent", "app/1.2 (test)", NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    claude_response_unref(execute(client, request));
    check_headers(0, "accept: application/json\n"
                     "accept-encoding: identity\n"
                     "anthropic-beta: a-2025-01-01,b-2025-02-02\n"
                     "anthropic-version: 2026-10-21\n"
                     "content-type: application/json\n"
                     "user-agent: app/1.2 (test) libclaude/0.8.0\n"
                     "x-api-key: " KEY "\n");
    /* A request's option wins; taken back, the client's is there again. */
    succeeds(claude_request_set_option(request, "api_version", "2023-01-01", &err), err);
    succeeds(claude_request_set_option(request, "betas", "c", &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(1), "anthropic-version"), "2023-01-01");
    assert_string_equal(header_of(received_at(1), "anthropic-beta"), "c");
    succeeds(claude_request_set_option(request, "api_version", NULL, &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(2), "anthropic-version"), "2026-10-21");
    claude_request_unref(request);
    claude_client_unref(client);
}

static void sends_the_key_as_configured(void **state)
{
    claude_client_t *bearer = client_with("auth.style", "bearer", NULL);
    claude_client_t *none = client_with("auth.style", "none", NULL);
    claude_request_t *request = hello();
    uint64_t uses = claude_secret_exposures();

    (void)state;
    claude_response_unref(execute(bearer, request));
    assert_string_equal(header_of(received_at(0), "authorization"), "Bearer " KEY);
    assert_null(header_of(received_at(0), "x-api-key"));
    assert_int_equal(claude_secret_exposures(), uses + 1);
    claude_error_unref(execute_fails(none, request, CLAUDE_E_AUTH));
    assert_null(header_of(received_at(1), "authorization"));
    assert_null(header_of(received_at(1), "x-api-key"));
    assert_int_equal(claude_secret_exposures(), uses + 1);
    claude_request_unref(request);
    claude_client_unref(none);
    claude_client_unref(bearer);
}

static void sends_own_headers(void **state)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_request_t *request = hello();

    (void)state;
    succeeds(claude_config_set_header(config, "x-one", "config", &err), err);
    succeeds(claude_config_set_header(config, "x-two", "config", &err), err);
    succeeds(claude_config_set_header(config, "x-three", "config", &err), err);
    succeeds(claude_config_set_header(config, "x-three", NULL, &err), err);
    succeeds(claude_config_set_header(config, "x-four", "config", &err), err);
    client = client_of(config);
    succeeds(claude_request_set_header(request, "X-Two", "request\twith a tab", &err), err);
    succeeds(claude_request_set_header(request, "x-four", NULL, &err), err);
    succeeds(claude_request_set_header(request, "accept", "application/json, text/plain", &err), err);
    succeeds(claude_request_set_header(request, "x-five", "gone", &err), err);
    succeeds(claude_request_set_header(request, "x-five", NULL, &err), err);
    claude_response_unref(execute(client, request));
    check_headers(0, "X-Two: request\twith a tab\n"
                     "accept: application/json, text/plain\n"
                     "accept-encoding: identity\n"
                     "anthropic-version: 2023-06-01\n"
                     "content-type: application/json\n"
                     "user-agent: libclaude/0.8.0\n"
                     "x-api-key: " KEY "\n"
                     "x-one: config\n");
    /* Also what the library writes by itself can be removed. */
    succeeds(claude_request_set_header(request, "accept", NULL, &err), err);
    claude_response_unref(execute(client, request));
    assert_null(header_of(received_at(1), "accept"));
    claude_request_unref(request);
    claude_client_unref(client);
}

static void refuses_reserved_headers(void **state)
{
    static const char *const names[] = {
        "x-api-key",      "X-API-Key",       "authorization", "proxy-authorization", "anthropic-version",
        "content-length", "Content-Type",    "host",          "connection",          "transfer-encoding",
        "expect",         "accept-encoding", "user-agent",
    };
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        fails(claude_config_set_header(config, names[i], "v", &err), CLAUDE_E_INVALID, &err);
        fails(claude_request_set_header(request, names[i], "v", &err), CLAUDE_E_INVALID, &err);
        fails(claude_request_set_header(request, names[i], NULL, &err), CLAUDE_E_INVALID, &err);
    }
    claude_request_unref(request);
    claude_config_unref(config);
}

static void keeps_the_path_of_the_base_url(void **state)
{
    char *url = format("%s/gateway/claude//", sandbox_url(server));
    claude_client_t *client = client_with("base_url", url, NULL);
    claude_request_t *request = hello();

    (void)state;
    claude_error_unref(execute_fails(client, request, CLAUDE_E_NOT_FOUND));
    assert_string_equal(text_of(received_at(0), "target"), "/gateway/claude/v1/messages");
    claude_request_unref(request);
    claude_client_unref(client);
    free(url);
}

/* ---- connections ---- */

static void reuses_its_connection(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_request_t *stream = hello_stream();
    claude_error_t *err = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        claude_response_unref(execute(client, request));
        claude_response_unref(execute(client, stream));
    }
    assert_int_equal(requests_seen(), 6);
    assert_int_equal(connections_seen(), 1);
    succeeds(claude_client_trim(client, &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(connections_seen(), 2);
    succeeds(claude_client_trim(client, NULL), NULL);
    claude_request_unref(stream);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- other endpoints ---- */

static void lists_models(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response;

    (void)state;
    succeeds(claude_request_new("models.list", &request, &err), err);
    assert_null(claude_request_json(request, NULL));
    response = execute(client, request);
    assert_true(claude_response_count(response, "/data") > 0);
    assert_non_null(claude_response_string(response, "/data/0/id", NULL));
    assert_string_equal(claude_response_text(response, NULL), "");
    assert_string_equal(text_of(received_at(0), "method"), "GET");
    assert_string_equal(text_of(received_at(0), "target"), "/v1/models");
    assert_int_equal(number_of(received_at(0), "body_length"), 0);
    check_headers(0, "accept: application/json\n"
                     "accept-encoding: identity\n"
                     "anthropic-version: 2023-06-01\n"
                     "user-agent: libclaude/0.8.0\n"
                     "x-api-key: " KEY "\n");
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void counts_tokens(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response;

    (void)state;
    succeeds(claude_request_new("messages.count_tokens", &request, &err), err);
    succeeds(claude_request_set_model(request, "claude-opus-5", &err), err);
    succeeds(claude_request_add_user_text(request, "Hello", CLAUDE_NTS, &err), err);
    response = execute(client, request);
    assert_true(claude_response_int(response, "/input_tokens", -1) > 0);
    assert_string_equal(text_of(received_at(0), "target"), "/v1/messages/count_tokens");
    claude_response_unref(response);
    /* It does not stream. */
    fails(claude_request_set_stream(request, 1, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- the request's life ---- */

struct shared {
    claude_client_t *client;
    const claude_request_t *request;
    int failures;
};

static void *send_five(void *user_data)
{
    struct shared *shared = user_data;

    for (int i = 0; i < 5; i++) {
        claude_response_t *response = NULL;
        if (claude_client_execute(shared->client, shared->request, &response, NULL) != CLAUDE_OK ||
            strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0)
            shared->failures++;
        claude_response_unref(response);
    }
    return NULL;
}

static void sends_one_request_from_many_threads(void **state)
{
    enum { THREADS = 8 };
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct shared shared[THREADS];
    pthread_t threads[THREADS];
    struct json_object *list;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        shared[i] = (struct shared){client, request, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, send_five, &shared[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(shared[i].failures, 0);
    }
    list = received();
    assert_int_equal(json_object_array_length(list), THREADS * 5);
    for (size_t i = 0; i < THREADS * 5; i++)
        assert_string_equal(text_of(json_object_array_get_idx(list, i), "body"), claude_request_json(request, NULL));
    claude_request_unref(request);
    claude_client_unref(client);
}

/* The hook puts sending off until somebody waits, so that what is sent must come from the snapshot. */
static int32_t sign_nothing(claude_sign_t *sign, void *user_data)
{
    (void)sign;
    (void)user_data;
    return 0;
}

static void takes_a_snapshot_at_the_start(void **state)
{
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_client_t *client;
    char *before = format("%s", claude_request_json(request, NULL));

    (void)state;
    succeeds(claude_config_on_sign(config, sign_nothing, NULL, NULL, &err), err);
    client = client_of(config);
    succeeds(claude_request_set_header(request, "x-when", "before", &err), err);
    succeeds(claude_request_set_option(request, "beta", "before", &err), err);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    succeeds(claude_request_set_header(request, "x-when", "after", &err), err);
    succeeds(claude_request_set_option(request, "beta", "after", &err), err);
    succeeds(claude_request_set_model(request, "another", &err), err);
    succeeds(claude_request_add_user_text(request, "more", CLAUDE_NTS, &err), err);
    claude_request_unref(request);
    assert_int_equal(requests_seen(), 0);
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_string_equal(text_of(received_at(0), "body"), before);
    assert_string_equal(header_of(received_at(0), "x-when"), "before");
    assert_string_equal(header_of(received_at(0), "anthropic-beta"), "before");
    claude_call_unref(call);
    claude_client_unref(client);
    free(before);
}

static void remembers_the_first_setter_error(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_error_t *first = NULL;
    claude_error_t *again = NULL;
    claude_call_t *call = NULL;

    (void)state;
    assert_int_equal(claude_request_set_temperature(request, 2.0, &first), CLAUDE_E_INVALID);
    assert_int_equal(claude_request_set_top_k(request, -1, NULL), CLAUDE_E_INVALID);
    /* A later good value does not hide it. */
    assert_int_equal(claude_request_set_temperature(request, 0.5, NULL), CLAUDE_OK);
    again = execute_fails(client, request, CLAUDE_E_INVALID);
    assert_true(claude_error_equal(first, again));
    assert_contains(claude_error_message(again), "temperature");
    claude_error_unref(again);
    again = NULL;
    assert_int_equal(claude_client_start(client, request, 0, &call, &again), CLAUDE_E_INVALID);
    assert_null(call);
    assert_true(claude_error_equal(first, again));
    assert_int_equal(requests_seen(), 0);
    claude_error_unref(again);
    claude_error_unref(first);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void waits_for_a_call_that_does_not_stream(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_response_t *second = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)state;
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_RUNNING);
    while ((rc = claude_call_wait(call, 1, &err)) == 0)
        ;
    assert_int_equal(rc, CLAUDE_DONE);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_DONE);
    assert_int_equal(claude_call_attempts(call), 1);
    assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_DONE);
    assert_null(event);
    succeeds(claude_call_result(call, &response, &err), err);
    succeeds(claude_call_result(call, &second, &err), err);
    assert_ptr_equal(response, second);
    assert_string_equal(claude_response_text(response, NULL), "Echo: Hello");
    claude_response_unref(second);
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- where a client comes from ---- */

static void makes_a_client_from_the_environment(void **state)
{
    static const char other[] = "sk-ant-api03-another-key-0123456789";
    claude_request_t *request = hello();
    claude_config_t *config = new_config();
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    (void)state;
    setenv("ANTHROPIC_BASE_URL", sandbox_url(server), 1);
    setenv("ANTHROPIC_API_KEY", other, 1);
    succeeds(claude_client_from_env(NULL, &client, &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(0), "x-api-key"), other);
    claude_client_unref(client);
    /* What is given explicitly wins. */
    succeeds(claude_client_from_env(config, &client, &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(1), "x-api-key"), KEY);
    claude_client_unref(client);
    claude_config_unref(config);
    config = NULL;
    /* Nothing reads the environment unless its name says so. */
    succeeds(claude_config_new(&config, &err), err);
    fails(claude_client_new(config, &client, &err), CLAUDE_E_NO_KEY, &err);
    claude_config_unref(config);
    unsetenv("ANTHROPIC_API_KEY");
    unsetenv("ANTHROPIC_BASE_URL");
    claude_request_unref(request);
}

/* Proxies and certificates of the environment are for those who ask for them. */
static void ignores_the_environment(void **state)
{
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy",   "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "SSL_CERT_FILE", "CURL_CA_BUNDLE"};
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        setenv(names[i], "http://127.0.0.1:9", 1);
    claude_response_unref(execute(client, request));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void makes_a_client_from_the_workspace(void **state)
{
    char dir[] = "/tmp/claude-test-XXXXXX";
    claude_request_t *request = hello();
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    char *secret_dir;
    char *path;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    secret_dir = format("%s/secret", dir);
    path = format("%s/-secrets.sh", secret_dir);
    assert_int_equal(mkdir(secret_dir, 0700), 0);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("# keys\nexport OTHER=\"x\"\nexport ANTHROPIC_API_KEY=\"sk-ant-api03-workspace-0123456789\"\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    setenv("WORKSPACE_PATH", dir, 1);
    succeeds(claude_config_new(&config, &err), err);
    succeeds(claude_config_set(config, "base_url", sandbox_url(server), &err), err);
    succeeds(claude_client_from_workspace(config, &client, &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(0), "x-api-key"), "sk-ant-api03-workspace-0123456789");
    claude_client_unref(client);
    unlink(path);
    fails(claude_client_from_workspace(config, &client, &err), CLAUDE_E_NO_KEY, &err);
    unsetenv("WORKSPACE_PATH");
    rmdir(secret_dir);
    rmdir(dir);
    free(path);
    free(secret_dir);
    claude_config_unref(config);
    claude_request_unref(request);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(reads_the_message),
        TEST(reads_the_headers),
        TEST(reads_by_pointer),
        TEST(reads_slices),
        TEST(sends_json_byte_for_byte),
        TEST(sends_a_megabyte),
        TEST(adds_stream_where_it_is_missing),
        TEST(sends_what_setters_built),
        TEST(changes_a_field_of_given_json),
        TEST(sends_exactly_these_headers),
        TEST(sends_what_options_say),
        TEST(sends_the_key_as_configured),
        TEST(sends_own_headers),
        TEST(refuses_reserved_headers),
        TEST(keeps_the_path_of_the_base_url),
        TEST(reuses_its_connection),
        TEST(lists_models),
        TEST(counts_tokens),
        TEST(sends_one_request_from_many_threads),
        TEST(takes_a_snapshot_at_the_start),
        TEST(remembers_the_first_setter_error),
        TEST(waits_for_a_call_that_does_not_stream),
        TEST(makes_a_client_from_the_environment),
        TEST(ignores_the_environment),
        TEST(makes_a_client_from_the_workspace),
    };

    return RUN_WITH_SERVER(tests);
}
