/* What goes wrong on the other side: each way of failing gives the right error, and loses nothing that had arrived. */
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Runs a request as a plain call or as a stream; returns its error. */
static claude_error_t *failing(claude_client_t *client, bool stream, claude_code_t code)
{
    claude_request_t *request = stream ? hello_stream() : hello();
    claude_error_t *err = execute_fails(client, request, code);

    claude_request_unref(request);
    return err;
}

/* With default options. */
static claude_error_t *fails_with(bool stream, claude_code_t code)
{
    claude_client_t *client = new_client();
    claude_error_t *err = failing(client, stream, code);

    claude_client_unref(client);
    return err;
}

/* ---- statuses ---- */

static const struct status_row {
    int32_t status;
    const char *type; /* NULL: the API has none for it */
    claude_code_t code;
    int32_t category;
    int32_t retryable;
} status_rows[] = {
    {400, "invalid_request_error", CLAUDE_E_BAD_REQUEST, CLAUDE_CATEGORY_API, 0},
    {401, "authentication_error", CLAUDE_E_AUTH, CLAUDE_CATEGORY_AUTHENTICATION, 0},
    {402, "billing_error", CLAUDE_E_BILLING, CLAUDE_CATEGORY_API, 0},
    {403, "permission_error", CLAUDE_E_PERMISSION, CLAUDE_CATEGORY_AUTHENTICATION, 0},
    {404, "not_found_error", CLAUDE_E_NOT_FOUND, CLAUDE_CATEGORY_API, 0},
    {408, NULL, CLAUDE_E_API_TIMEOUT, CLAUDE_CATEGORY_TIMEOUT, 1},
    {409, "conflict_error", CLAUDE_E_CONFLICT, CLAUDE_CATEGORY_API, 1},
    {413, "request_too_large", CLAUDE_E_REQUEST_TOO_LARGE, CLAUDE_CATEGORY_API, 0},
    {418, "teapot_error", CLAUDE_E_API, CLAUDE_CATEGORY_API, 0},
    {422, NULL, CLAUDE_E_BAD_REQUEST, CLAUDE_CATEGORY_API, 0},
    {429, "rate_limit_error", CLAUDE_E_RATE_LIMIT, CLAUDE_CATEGORY_RATE_LIMIT, 1},
    {500, "api_error", CLAUDE_E_SERVER, CLAUDE_CATEGORY_API, 1},
    {502, NULL, CLAUDE_E_SERVER, CLAUDE_CATEGORY_API, 1},
    {503, NULL, CLAUDE_E_SERVER, CLAUDE_CATEGORY_API, 1},
    {504, "timeout_error", CLAUDE_E_API_TIMEOUT, CLAUDE_CATEGORY_TIMEOUT, 1},
    {529, "overloaded_error", CLAUDE_E_OVERLOADED, CLAUDE_CATEGORY_API, 1},
};

static void check_row(const struct status_row *row, bool stream, const char *type, const char *message)
{
    claude_error_t *err = fails_with(stream, row->code);
    const claude_response_t *response = claude_error_response(err);

    assert_int_equal(claude_error_category(err), row->category);
    assert_int_equal(claude_error_http_status(err), row->status);
    assert_int_equal(claude_error_is_retryable(err), row->retryable);
    assert_int_equal(claude_error_retry_after_ms(err), -1);
    assert_int_equal(claude_error_attempts(err), 1);
    assert_string_equal(claude_error_request_id(err), "req_7");
    assert_contains(claude_error_message(err), message);
    if (type)
        assert_string_equal(claude_error_api_type(err), type);
    else
        assert_null(claude_error_api_type(err));
    assert_non_null(response);
    assert_int_equal(claude_response_status(response), row->status);
    assert_string_equal(claude_response_request_id(response), "req_7");
    claude_error_unref(err);
}

static void tells_each_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(status_rows) * 2; i++) {
        const struct status_row *row = &status_rows[i / 2];
        char *scenario;
        if (row->type) {
            scenario = format("{'status':%d,'headers':[['request-id','req_7']],"
                              "'error':{'type':'%s','message':'The reason.','details':{'error_code':'because'}}}",
                              (int)row->status, row->type);
            script(scenario);
            check_row(row, i % 2, row->type, "The reason.");
            free(scenario);
        }
        scenario = format("{'status':%d,'headers':[['request-id','req_7'],['content-type','text/html']],"
                          "'body':'<html>\\r\\n<b>No</b>\\u0007</html>'}",
                          (int)row->status);
        script(scenario);
        check_row(row, i % 2, NULL, "<html> <b>No</b>");
        free(scenario);
        scenario = format("{'status':%d,'headers':[['request-id','req_7']],'body':''}", (int)row->status);
        script(scenario);
        check_row(row, i % 2, NULL, "empty body");
        free(scenario);
    }
}

static void believes_the_type_before_the_status(void **state)
{
    claude_error_t *err;

    (void)state;
    script("{'status':400,'headers':[['retry-after','7']],'error':{'type':'overloaded_error','message':'Busy',"
           "'details':{'error_code':'file_expired'}}}");
    err = fails_with(false, CLAUDE_E_OVERLOADED);
    assert_int_equal(claude_error_is_retryable(err), 1);
    assert_int_equal(claude_error_http_status(err), 400);
    assert_int_equal(claude_error_retry_after_ms(err), 7000);
    assert_string_equal(claude_error_error_code(err), "file_expired");
    assert_string_equal(claude_response_string(claude_error_response(err), "/error/message", NULL), "Busy");
    claude_error_unref(err);
    /* An object without its envelope, and a request id that is only in the body. */
    script("{'status':500,'default_headers':false,'body_json':{'type':'rate_limit_error','message':'Slow',"
           "'request_id':'req_b'}}");
    err = fails_with(true, CLAUDE_E_RATE_LIMIT);
    assert_string_equal(claude_error_request_id(err), "req_b");
    assert_contains(claude_error_message(err), "Slow");
    claude_error_unref(err);
}

static void does_what_the_server_advises(void **state)
{
    static const struct {
        const char *headers;
        int64_t ms;
        int32_t retryable;
    } rows[] = {
        {"['retry-after','2']", 2000, 1},
        {"['retry-after','1.5']", 1500, 1},
        {"['retry-after','0']", 0, 1},
        {"['retry-after','-5']", -1, 1},
        {"['retry-after','soon']", -1, 1},
        {"['retry-after-ms','1234'],['retry-after','2']", 1234, 1},
        {"['date','Fri, 20 Nov 2026 12:00:00 GMT'],['retry-after','Fri, 20 Nov 2026 12:00:30 GMT']", 30000, 1},
        {"['date','Fri, 20 Nov 2026 12:00:00 GMT'],['retry-after','Fri, 20 Nov 2026 11:00:00 GMT']", 0, 1},
        {"['x-should-retry','false'],['retry-after','3']", 3000, 0},
        {"['x-should-retry','true']", -1, 1},
        {"['X-Should-Retry','FALSE']", -1, 0},
        {"['x-should-retry','perhaps']", -1, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *scenario =
            format("{'status':429,'headers':[%s],'error':{'type':'rate_limit_error','message':'m'}}", rows[i].headers);
        claude_error_t *err;
        script(scenario);
        err = fails_with(i % 2, CLAUDE_E_RATE_LIMIT);
        assert_int_equal(claude_error_retry_after_ms(err), rows[i].ms);
        assert_int_equal(claude_error_is_retryable(err), rows[i].retryable);
        claude_error_unref(err);
        free(scenario);
    }
    script("{'status':400,'headers':[['x-should-retry','true']],'error':{'type':'invalid_request_error',"
           "'message':'m'}}");
    {
        claude_error_t *err = fails_with(false, CLAUDE_E_BAD_REQUEST);
        assert_int_equal(claude_error_is_retryable(err), 1);
        claude_error_unref(err);
    }
}

static void reads_the_final_head_only(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_response_t *response;
    claude_error_t *err;

    (void)state;
    script("{'informational':[{'status':103,'headers':[['retry-after','999'],['request-id','req_hint'],"
           "['x-hint','1']]}],'status':429,'headers':[['request-id','req_real']],"
           "'error':{'type':'rate_limit_error','message':'m'}}");
    err = execute_fails(client, request, CLAUDE_E_RATE_LIMIT);
    assert_int_equal(claude_error_retry_after_ms(err), -1);
    assert_string_equal(claude_error_request_id(err), "req_real");
    assert_null(claude_response_header(claude_error_response(err), "x-hint"));
    claude_error_unref(err);
    /* Neither what comes before the head nor what comes behind the body. */
    script("{'framing':'chunked','status':503,'headers':[['request-id','req_real']],'body':'x',"
           "'trailers':[['retry-after','5'],['request-id','req_trailer'],['x-should-retry','false']]}");
    err = execute_fails(client, request, CLAUDE_E_SERVER);
    assert_int_equal(claude_error_retry_after_ms(err), -1);
    assert_int_equal(claude_error_is_retryable(err), 1);
    assert_string_equal(claude_error_request_id(err), "req_real");
    claude_error_unref(err);
    assert_int_equal(sandbox_use(server, "early-hints"), 0);
    response = execute(client, request);
    assert_null(claude_response_header(response, "retry-after"));
    assert_string_equal(claude_response_text(response, NULL), "Hello, world!");
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* libcurl takes it for a final response, of which no deadline would ever see the end. */
static void refuses_a_change_of_protocol(void **state)
{
    claude_client_t *client = new_client();

    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        claude_error_t *err;
        script("{'raw':'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\n\\r\\nbytes'}");
        err = failing(client, stream, CLAUDE_E_PROTOCOL);
        assert_contains(claude_error_message(err), "101");
        assert_int_equal(claude_error_attempts(err), 1);
        claude_error_unref(err);
    }
    claude_client_unref(client);
}

/* ---- a good status with a bad answer ---- */

static void refuses_what_is_not_an_answer(void **state)
{
    static const char *const bodies[] = {
        "null",
        "[]",
        "{}",
        "true",
        "'text'",
        "{",
        "{}{}",
        "{'type':'message','content':[1,]}",
        "NaN",
        "<html>hi</html>",
        "",
        " ",
        "\\u0000",
        "data: {}",
        "{'type':'other'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies) * 2; i++) {
        char *body = format("%s", bodies[i / 2]);
        struct json_object *text;
        char *scenario;
        claude_error_t *err;
        for (char *p = body; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        text = json_object_new_string(body);
        scenario = format("{\"body\": %s, \"headers\":[[\"content-type\",\"%s\"],[\"request-id\",\"req_7\"]]}",
                          json_object_to_json_string(text), bodies[i / 2][0] == '<' ? "text/html" : "application/json");
        script(scenario);
        err = fails_with(i % 2, CLAUDE_E_PROTOCOL);
        assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_HTTP);
        assert_int_equal(claude_error_http_status(err), 200);
        assert_int_equal(claude_error_is_retryable(err), 0);
        assert_string_equal(claude_error_request_id(err), "req_7");
        assert_string_equal(claude_response_json(claude_error_response(err), NULL), body);
        claude_error_unref(err);
        free(scenario);
        json_object_put(text);
        free(body);
    }
}

static void refuses_other_good_statuses(void **state)
{
    static const char *const statuses[] = {"204", "205", "206", "299"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses) * 2; i++) {
        char *scenario = format("{'status':%s,'body':''}", statuses[i / 2]);
        claude_error_t *err;
        script(scenario);
        err = fails_with(i % 2, CLAUDE_E_PROTOCOL);
        assert_contains(claude_error_message(err), statuses[i / 2]);
        claude_error_unref(err);
        free(scenario);
    }
}

static void understands_an_error_object_with_status_200(void **state)
{
    claude_error_t *err;

    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        script("{'headers':[['retry-after','4']],'error':{'type':'overloaded_error','message':'Busy'}}");
        err = fails_with(stream, CLAUDE_E_OVERLOADED);
        assert_int_equal(claude_error_http_status(err), 200);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_int_equal(claude_error_retry_after_ms(err), 4000);
        assert_string_equal(claude_error_api_type(err), "overloaded_error");
        claude_error_unref(err);
    }
}

/* ---- redirects ---- */

static void follows_no_redirect(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    struct sandbox *other = sandbox_start(NULL, NULL);

    (void)state;
    assert_non_null(other);
    for (size_t i = 0; i < COUNT_OF(statuses) * 2; i++) {
        char *scenario = format("{'status':%d,'headers':[['location','http://usr:pwd@127.0.0.1:%u/steal?t=abc#frag']],"
                                "'body':''}",
                                statuses[i / 2], sandbox_port(other));
        char *host = format("127.0.0.1:%u", sandbox_port(other));
        claude_error_t *err;
        script(scenario);
        err = fails_with(i % 2, CLAUDE_E_REDIRECT);
        assert_int_equal(claude_error_http_status(err), statuses[i / 2]);
        assert_int_equal(claude_error_is_retryable(err), 0);
        assert_int_equal(claude_error_attempts(err), 1);
        assert_contains(claude_error_message(err), host);
        assert_null(strstr(claude_error_message(err), "steal"));
        assert_null(strstr(claude_error_message(err), "abc"));
        assert_null(strstr(claude_error_message(err), "pwd"));
        claude_error_unref(err);
        free(host);
        free(scenario);
    }
    /* The one connection is that of the question. */
    assert_int_equal(statistic(other, "connections_accepted"), 1);
    assert_int_equal(sandbox_request_count(other), 0);
    assert_int_equal(sandbox_stop(other), 0);
}

/* ---- errors inside of streams ---- */

static void fails_with_an_error_event(void **state)
{
    claude_error_t *err;

    (void)state;
    /* Before anything was delivered it may be repeated. */
    script("{'headers':[['retry-after-ms','250']],'events':[{'data':{'type':'ping'}},"
           "{'data':{'type':'error','error':{'type':'overloaded_error','message':'Busy','details':"
           "{'error_code':'full'}},'request_id':'req_b'}}],'default_headers':false}");
    err = fails_with(true, CLAUDE_E_OVERLOADED);
    assert_int_equal(claude_error_http_status(err), 200);
    assert_int_equal(claude_error_is_retryable(err), 1);
    assert_int_equal(claude_error_retry_after_ms(err), 250);
    assert_string_equal(claude_error_api_type(err), "overloaded_error");
    assert_string_equal(claude_error_error_code(err), "full");
    assert_string_equal(claude_error_request_id(err), "req_b");
    assert_non_null(claude_error_response(err));
    claude_error_unref(err);
    script("{'events':[{'data':{'type':'error','error':{'type':'invalid_request_error','message':'No'}}}]}");
    err = fails_with(true, CLAUDE_E_BAD_REQUEST);
    assert_int_equal(claude_error_is_retryable(err), 0);
    claude_error_unref(err);
    /* Only the name on the wire says that it is an error; its type is not known. */
    script("{'headers':[['x-should-retry','true']],'events':[{'event':'error','data':{'type':'teapot_error',"
           "'message':'Short'}}]}");
    err = fails_with(true, CLAUDE_E_API);
    assert_string_equal(claude_error_api_type(err), "teapot_error");
    assert_contains(claude_error_message(err), "Short");
    assert_int_equal(claude_error_is_retryable(err), 1);
    claude_error_unref(err);
}

static void keeps_the_partial_message(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct trace trace = {NULL, 0, 0, 0};
    const claude_response_t *partial;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;

    (void)state;
    assert_int_equal(sandbox_use(server, "overloaded-in-stream"), 0);
    call = start_stream(client, request);
    assert_int_equal(pull_all(call, -1, &trace, &err), CLAUDE_E_OVERLOADED);
    assert_string_equal(trace.text, "10/-1 \n20/0 \n40/-1 \n30/0 Hello\n30/0 , wor\n");
    assert_int_equal(claude_error_is_retryable(err), 0);
    assert_int_equal(claude_error_http_status(err), 200);
    assert_int_equal(claude_error_attempts(err), 1);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_FAILED);
    partial = claude_error_response(err);
    assert_non_null(partial);
    assert_string_equal(claude_response_text(partial, NULL), "Hello, wor");
    assert_int_equal(claude_response_usage(partial, "input_tokens"), 12);
    assert_int_equal(claude_response_status(partial), 200);
    assert_non_null(claude_response_request_id(partial));
    assert_null(claude_response_stop_reason(partial));
    /* The response can outlive its error. */
    response = claude_response_ref((claude_response_t *)(uintptr_t)partial);
    fails(CLAUDE_E_OVERLOADED, CLAUDE_E_OVERLOADED, &err);
    fails(claude_call_result(call, &response, &err), CLAUDE_E_OVERLOADED, &err);
    fails(pull_all(call, 0, NULL, &err), CLAUDE_E_OVERLOADED, &err);
    claude_call_unref(call);
    assert_string_equal(claude_response_text(response, NULL), "Hello, wor");
    claude_response_unref(response);
    trace_free(&trace);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- truncation ---- */

enum { BATCH = 100, EVENTS = 20 };

struct sweep {
    const char *framing;
    char *wire; /* the whole reply: head and framed body */
    size_t head;
    size_t len;
    char *events; /* the scenario's member "events" */
    const char *trace;
    const char *message;
    claude_client_t *client;
    claude_request_t *request;
    uint64_t attempts;
};

/* The reply as it is on the wire; the server says that it closes, which it does not say to a client that keeps alive.
 */
static char *raw_reply(size_t *len)
{
    static const char request[] = "POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                                  "content-length: 15\r\n\r\n{\"stream\":true}";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(sandbox_port(server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char *reply = malloc(65536);
    ssize_t n = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_non_null(reply);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    *len = 0;
    while ((n = recv(fd, reply + *len, 65535 - *len, 0)) > 0)
        *len += (size_t)n;
    reply[*len] = '\0';
    close(fd);
    return reply;
}

static void measure(struct sweep *sweep)
{
    static const char says_close[] = "connection: close\r\n";
    char *scenario = format("{'framing':'%s','events':%s}", sweep->framing, sweep->events);
    char *line;

    script(scenario);
    free(scenario);
    sweep->wire = raw_reply(&sweep->len);
    line = strstr(sweep->wire, says_close);
    if (line && strcmp(sweep->framing, "close") != 0) {
        memmove(line, line + sizeof says_close - 1, strlen(line + sizeof says_close - 1) + 1);
        sweep->len -= sizeof says_close - 1;
    }
    line = strstr(sweep->wire, "\r\n\r\n");
    assert_non_null(line);
    sweep->head = (size_t)(line + 4 - sweep->wire);
    assert_true(sweep->len > sweep->head + 2000);
}

/* How many events are complete in the first `cut` bytes of the reply. */
static size_t complete_events(const struct sweep *sweep, size_t cut)
{
    bool chunked = strcmp(sweep->framing, "chunked") == 0;
    const char *p = sweep->wire + sweep->head;
    const char *end = sweep->wire + cut;
    size_t left = chunked ? 0 : SIZE_MAX;
    size_t count = 0;
    char last = '\0';

    while (p < end) {
        if (left == 0) {
            char *after = NULL;
            left = strtoul(p, &after, 16);
            p = after + 2;
            if (left == 0)
                break;
        }
        for (; p < end && left > 0; p++, left--) {
            count += last == '\n' && *p == '\n';
            last = *p;
        }
        p += left == 0 ? 2 : 0;
    }
    return count;
}

/* The trace's first lines. */
static size_t trace_prefix(const char *trace, size_t events)
{
    const char *p = trace;

    for (size_t i = 0; i < events; i++)
        p = strchr(p, '\n') + 1;
    return (size_t)(p - trace);
}

static void check_cut(struct sweep *sweep, const char *how, size_t cut)
{
    size_t events = cut < sweep->head ? 0 : complete_events(sweep, cut);
    struct trace trace = {NULL, 0, 0, 0};
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    claude_call_t *call = start_stream(sweep->client, sweep->request);
    claude_code_t rc = pull_all(call, -1, &trace, &err);
    bool as_expected = events == EVENTS ? rc == CLAUDE_DONE : rc == CLAUDE_E_CLOSED || rc == CLAUDE_E_TRUNCATED;

    sweep->attempts += (uint64_t)claude_call_attempts(call);
    if (!as_expected || trace.events != events ||
        memcmp(trace.text ? trace.text : "", sweep->trace, trace_prefix(sweep->trace, events)) != 0)
        fail_msg("%s, %s at byte %zu of %zu (head %zu): %s after %zu events, not %zu: %s", sweep->framing, how, cut,
                 sweep->len, sweep->head, claude_code_name(rc), trace.events, events, claude_error_message(err));
    if (events == EVENTS) {
        succeeds(claude_call_result(call, &response, &err), err);
        assert_string_equal(claude_response_json(response, NULL), sweep->message);
        claude_response_unref(response);
    } else {
        assert_int_equal(claude_error_attempts(err), 1);
        assert_int_equal(claude_error_http_status(err), cut < sweep->head ? 0 : 200);
        /* The second event is a ping, the first one is not. */
        assert_int_equal(claude_error_is_retryable(err), events == 0);
        if (events > 0)
            assert_string_equal(claude_response_id(claude_error_response(err)), "msg_01SandboxTools0000000001");
        fails(rc, rc, &err);
    }
    trace_free(&trace);
    claude_call_unref(call);
}

static void check_cuts(struct sweep *sweep, const char *how, size_t from, size_t to, size_t step)
{
    size_t room = (strlen(sweep->events) + 128) * BATCH + 64;
    char *scenario = malloc(room);
    size_t at = 0;

    assert_non_null(scenario);
    at = (size_t)snprintf(scenario, room, "{'sequence':[");
    for (size_t cut = from; cut < to; cut += step)
        at +=
            (size_t)snprintf(scenario + at, room - at, "%s{'framing':'%s','faults':[{'do':'%s','at':%zu}],'events':%s}",
                             cut > from ? "," : "", sweep->framing, how, cut, sweep->events);
    snprintf(scenario + at, room - at, "]}");
    script(scenario);
    free(scenario);
    for (size_t cut = from; cut < to; cut += step)
        check_cut(sweep, how, cut);
}

/* The events of the built-in scenario, so that the scenario can be varied. */
static char *built_in_events(void)
{
    struct json_object *file =
        json_object_from_file(CLAUDE_SOURCE_DIR "/tests/sandbox/scenarios/text-tool-thinking.json");
    char *events;

    assert_non_null(file);
    events = format("%s", json_object_to_json_string_ext(json_object_object_get(file, "events"),
                                                         JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(file);
    /* script() makes quotes of apostrophes. */
    for (char *p = events; *p; p++)
        *p = *p == '\'' ? '_' : *p;
    return events;
}

static void sweep_all(const char *framing, const char *how)
{
    size_t step = sweep_step();
    struct sweep sweep = {.framing = framing, .events = built_in_events()};
    struct trace whole = {NULL, 0, 0, 0};
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;
    uint64_t before;

    sweep.client = new_client();
    sweep.request = hello();
    measure(&sweep);
    call = start_stream(sweep.client, sweep.request);
    assert_int_equal(pull_all(call, -1, &whole, &err), CLAUDE_DONE);
    succeeds(claude_call_result(call, &response, &err), err);
    sweep.trace = whole.text;
    sweep.message = claude_response_json(response, NULL);
    assert_int_equal(whole.events, EVENTS);
    assert_int_equal(complete_events(&sweep, sweep.len), EVENTS);
    before = requests_seen();
    for (size_t at = 0; at <= sweep.len; at += step * BATCH) {
        size_t to = at + step * BATCH;
        check_cuts(&sweep, how, at, to < sweep.len ? to : sweep.len + 1, step);
    }
    assert_int_equal(requests_seen() - before, sweep.attempts);
    claude_response_unref(response);
    claude_call_unref(call);
    trace_free(&whole);
    claude_request_unref(sweep.request);
    claude_client_unref(sweep.client);
    free(sweep.events);
    free(sweep.wire);
}

static void sees_every_cut_by_fin(void **state)
{
    (void)state;
    sweep_all("chunked", "fin");
    sweep_all("length", "fin");
    sweep_all("close", "fin");
}

static void sees_every_cut_by_rst(void **state)
{
    (void)state;
    sweep_all("chunked", "rst");
    sweep_all("length", "rst");
    sweep_all("close", "rst");
}

static void sees_cut_json(void **state)
{
    static const char *const framings[] = {"length", "chunked"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(framings); i++) {
        char *scenario = format("{'framing':'%s','body_json':{'type':'message','content':[]},"
                                "'faults':[{'do':'fin','at_body':13}]}",
                                framings[i]);
        claude_error_t *err;
        script(scenario);
        err = fails_with(false, CLAUDE_E_CLOSED);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_string_equal(claude_response_json(claude_error_response(err), NULL), "{\"type\":\"mess");
        claude_error_unref(err);
        free(scenario);
    }
    /* What had the length of the connection is only known to be short because it is not JSON. */
    script("{'framing':'close','body_json':{'type':'message','content':[]},'faults':[{'do':'fin','at_body':13}]}");
    claude_error_unref(fails_with(false, CLAUDE_E_PROTOCOL));
    /* An error's status counts, however much of its body came. */
    script("{'status':529,'error':{'type':'overloaded_error','message':'Busy'},'faults':[{'do':'rst','at_body':9}]}");
    claude_error_unref(fails_with(true, CLAUDE_E_OVERLOADED));
}

/* ---- connections ---- */

static void tells_that_nobody_listens(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    claude_client_t *client;
    claude_error_t *err;
    char *url;

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Bound, not listening: nobody else gets the port meanwhile. */
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    url = format("http://127.0.0.1:%u", ntohs(address.sin_port));
    client = client_with("base_url", url, NULL);
    for (int stream = 0; stream < 2; stream++) {
        err = failing(client, stream, CLAUDE_E_CONNECT);
        assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_NETWORK);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_int_equal(claude_error_http_status(err), 0);
        assert_int_equal(claude_error_attempts(err), 0);
        assert_null(claude_error_response(err));
        claude_error_unref(err);
    }
    claude_client_unref(client);
    close(fd);
    free(url);
}

static void tells_that_descriptors_are_used_up(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    struct rlimit before;
    struct rlimit tight;
    int next;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    /* None, one, and just those two that come before the connection's. */
    for (int left = 0; left < 3; left++) {
        claude_code_t rc;
        claude_response_t *response = NULL;
        next = dup(0);
        close(next);
        tight = (struct rlimit){(rlim_t)(next + left), before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        rc = claude_client_execute(client, request, &response, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        fails(rc, CLAUDE_E_LIMIT, &err);
        assert_null(response);
        claude_client_trim(client, NULL);
    }
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    claude_client_unref(client);
}

static void tells_that_a_name_is_unknown(void **state)
{
    /* A label of 64 characters cannot exist, so that no server is asked for it. */
    claude_client_t *client = client_with(
        "base_url", "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid", NULL);
    claude_error_t *err = failing(client, false, CLAUDE_E_RESOLVE);

    (void)state;
    assert_int_equal(claude_error_is_retryable(err), 1);
    assert_int_equal(claude_error_attempts(err), 0);
    claude_error_unref(err);
    claude_client_unref(client);
}

/* Answers one connection in clear text, whatever it says. */
static void *answer_in_clear(void *user_data)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char byte;
    int fd = accept4(*(int *)user_data, NULL, NULL, SOCK_CLOEXEC);

    (void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    return NULL;
}

static int listen_somewhere(char **url)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *url = format("https://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void check_tls_error(claude_client_t *client)
{
    claude_error_t *err = failing(client, false, CLAUDE_E_TLS);

    assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_NETWORK);
    assert_int_equal(claude_error_is_retryable(err), 0);
    assert_int_equal(claude_error_attempts(err), 0);
    assert_int_equal(claude_error_http_status(err), 0);
    claude_error_unref(err);
    claude_client_unref(client);
}

/* A server without TLS, and a file of certificates that is not there. */
static void tells_that_tls_failed(void **state)
{
    pthread_t thread;
    char *url = NULL;
    int fd = listen_somewhere(&url);

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, answer_in_clear, &fd), 0);
    check_tls_error(client_with("base_url", url, NULL));
    pthread_join(thread, NULL);
    check_tls_error(client_with("base_url", url, "tls.ca_file", "/nonexistent/ca.pem", NULL));
    close(fd);
    free(url);
}

/* Resets the connection in the middle of a handshake, as when a gateway starts anew. */
static void *reset_at_hello(void *user_data)
{
    static const struct linger at_once = {.l_onoff = 1};
    char byte;
    int fd = accept4(*(int *)user_data, NULL, NULL, SOCK_CLOEXEC);

    (void)recv(fd, &byte, 1, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    return NULL;
}

/* It says nothing about certificates, in whatever language the system tells of it. */
static void tells_that_a_handshake_broke_off(void **state)
{
    pthread_t thread;
    char *url = NULL;
    int fd = listen_somewhere(&url);
    claude_client_t *client = client_with("base_url", url, NULL);
    claude_error_t *err;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, reset_at_hello, &fd), 0);
    err = failing(client, false, CLAUDE_E_CONNECT);
    assert_int_equal(claude_error_is_retryable(err), 1);
    pthread_join(thread, NULL);
    claude_error_unref(err);
    claude_client_unref(client);
    close(fd);
    free(url);
}

/* A tunnel that is refused: nothing was sent, least of all the key. */
static void tells_that_the_proxy_refused(void **state)
{
    claude_client_t *client =
        client_with("base_url", "https://api.invalid", "network.proxy", sandbox_url(server), NULL);

    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        claude_error_t *err = failing(client, stream, CLAUDE_E_PROXY);
        struct json_object *seen = received_at((size_t)stream);
        assert_int_equal(claude_error_attempts(err), 0);
        assert_int_equal(claude_error_http_status(err), 0);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_null(claude_error_request_id(err));
        assert_string_equal(text_of(seen, "method"), "CONNECT");
        assert_string_equal(text_of(seen, "target"), "api.invalid:443");
        assert_null(header_of(seen, "x-api-key"));
        claude_error_unref(err);
    }
    claude_client_unref(client);
}

/* libcurl by itself would send the request a second time, unseen. */
static void sends_once_when_a_reused_connection_breaks(void **state)
{
    static const char *const ways[] = {"fin", "rst"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways) * 2; i++) {
        char *scenario = format("{'sequence':[{'body_json':{'type':'message','content':[]}},"
                                "{'close_without_reply':'%s'},{'body_json':{'type':'message','content':[]}}]}",
                                ways[i / 2]);
        claude_client_t *client = new_client();
        claude_request_t *request = i % 2 ? hello_stream() : hello();
        claude_error_t *err;
        uint64_t before = requests_seen();
        script(scenario);
        claude_response_unref(execute(client, request));
        err = execute_fails(client, request, CLAUDE_E_CLOSED);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_int_equal(claude_error_attempts(err), 1);
        assert_int_equal(requests_seen(), before + 2);
        claude_response_unref(execute(client, request));
        assert_int_equal(requests_seen(), before + 3);
        claude_error_unref(err);
        claude_request_unref(request);
        claude_client_unref(client);
        free(scenario);
    }
}

/* A connection that the server closed while it was idle costs nothing. */
static void opens_another_connection_for_a_closed_one(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    script("{'close_after':true,'body_json':{'type':'message','content':[]}}");
    for (int i = 0; i < 3; i++) {
        claude_response_unref(execute(client, request));
        /* The one that asks is open. */
        while (statistic(server, "connections_open") > 1)
            ;
    }
    assert_int_equal(requests_seen(), 3);
    assert_int_equal(connections_seen(), 3);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void refuses_what_is_not_http(void **state)
{
    static const char *const raw[] = {
        "{'raw':'SSH-2.0-OpenSSH_9.2\\r\\n'}",
        "{'raw':'\\u0001\\u0002\\u0003\\r\\n\\r\\n'}",
        "{'raw_base64':'/////////////////w=='}",
        "{'raw':'HTTP/1.1 abc Hm\\r\\n\\r\\n'}",
        "{'raw':'HTTP/7.7 200 OK\\r\\n\\r\\n{}'}",
        "{'raw':'hello'}",
        "{'raw':'HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\nzz\\r\\n'}",
        "{'raw':'HTTP/1.1 200 OK\\r\\ncontent-length: -1\\r\\n\\r\\n'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw) * 2; i++) {
        claude_error_t *err;
        script(raw[i / 2]);
        err = fails_with(i % 2, CLAUDE_E_PROTOCOL);
        assert_int_equal(claude_error_attempts(err), 1);
        assert_int_equal(claude_error_is_retryable(err), 0);
        claude_error_unref(err);
    }
}

/* Bytes behind a response that come with it must not become the answer to the next request. (What comes later, after
 * the next request has been sent, no client can tell from its answer.) */
static void is_not_fooled_by_bytes_behind_an_answer(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_response_t *response;

    (void)state;
    script("{'sequence':[{'content_length':'31','body':'{\\u0022type\\u0022:\\u0022message\\u0022,"
           "\\u0022content\\u0022:[]}HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\n{}'},"
           "{'body_json':{'type':'message','id':'true','content':[]}}]}");
    response = execute(client, request);
    assert_null(claude_response_id(response));
    claude_response_unref(response);
    response = execute(client, request);
    assert_string_equal(claude_response_id(response), "true");
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A server that does not want to hear all of a request may say so before it is out. */
static void hears_an_answer_to_half_a_request(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    size_t len = 7 * 1024 * 1024;
    char *text = malloc(len);
    claude_error_t *err = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', len);
    succeeds(claude_request_add_user_text(request, text, len, &err), err);
    script("{'reply_early':true,'status':413,'error':{'type':'request_too_large','message':'m'}}");
    err = execute_fails(client, request, CLAUDE_E_REQUEST_TOO_LARGE);
    assert_int_equal(claude_error_attempts(err), 1);
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
    free(text);
}

/* Compression was not asked for, and is not undone. */
static void refuses_compressed_answers(void **state)
{
    (void)state;
    script("{'gzip':true,'body_json':{'type':'message','content':[]}}");
    claude_error_unref(fails_with(false, CLAUDE_E_PROTOCOL));
    script("{'gzip':true,'events':[{'data':{'type':'message_start','message':{'id':'m','content':[]}}},"
           "{'data':{'type':'message_stop'}}]}");
    claude_error_unref(fails_with(true, CLAUDE_E_PROTOCOL));
}

/* ---- limits ---- */

static char *filled(const char *pattern, char c, size_t count)
{
    char *fill = malloc(count + 1);
    char *out;

    assert_non_null(fill);
    memset(fill, c, count);
    fill[count] = '\0';
    out = malloc(strlen(pattern) + count + 1);
    assert_non_null(out);
    {
        const char *mark = strchr(pattern, '@');
        size_t head = (size_t)(mark - pattern);
        memcpy(out, pattern, head);
        memcpy(out + head, fill, count);
        strcpy(out + head + count, mark + 1);
    }
    free(fill);
    return out;
}

static void script_filled(const char *pattern, char c, size_t count)
{
    char *scenario = filled(pattern, c, count);

    script(scenario);
    free(scenario);
}

static void limits_headers(void **state)
{
    claude_client_t *client = client_with("limit.header_bytes", "2048", NULL);
    claude_error_t *err;

    (void)state;
    script_filled("{'headers':[['x-long','@']],'body_json':{'type':'message','content':[]}}", 'x', 3000);
    err = failing(client, false, CLAUDE_E_TOO_LARGE);
    assert_contains(claude_error_message(err), "limit.header_bytes");
    assert_int_equal(claude_error_is_retryable(err), 0);
    claude_error_unref(err);
    /* Many small ones, and a flood of informational responses. */
    script("{'informational':[{'status':103,'headers':[['a','b']],'count':1000}],"
           "'body_json':{'type':'message','content':[]}}");
    err = failing(client, true, CLAUDE_E_TOO_LARGE);
    assert_contains(claude_error_message(err), "limit.header_bytes");
    claude_error_unref(err);
    claude_client_unref(client);
    /* One line over libcurl's own limit is no lack of memory. */
    script_filled("{'headers':[['x-long','@']],'body_json':{'type':'message','content':[]}}", 'x', 240000);
    client = new_client();
    err = failing(client, false, CLAUDE_E_TOO_LARGE);
    assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_HTTP);
    claude_error_unref(err);
    claude_client_unref(client);
}

static void limits_bodies(void **state)
{
    static const char pattern[] = "{'body':'{\\'type\\':\\'message\\',\\'content\\':[],\\'x\\':\\'@\\'}'}";
    size_t around = strlen("{\"type\":\"message\",\"content\":[],\"x\":\"\"}");
    claude_client_t *client = client_with("limit.message_bytes", "2000", NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) {
        char *scenario = filled(pattern, 'x', 2000 - around + (size_t)i);
        for (char *p = scenario; (p = strstr(p, "\\'")) != NULL; p++)
            p[1] = '"';
        script(scenario);
        free(scenario);
        if (i == 0) {
            claude_response_unref(execute(client, request));
            continue;
        }
        err = execute_fails(client, request, CLAUDE_E_TOO_LARGE);
        assert_contains(claude_error_message(err), "limit.message_bytes");
        claude_error_unref(err);
        err = NULL;
    }
    /* Nor may it be larger as the answer to a request for a stream. */
    claude_request_unref(request);
    request = hello_stream();
    claude_error_unref(execute_fails(client, request, CLAUDE_E_TOO_LARGE));
    /* A request may ask for more. */
    succeeds(claude_request_set_option(request, "limit.message_bytes", "2001", &err), err);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    claude_client_unref(client);
}

static void limits_streams(void **state)
{
    static const char pattern[] =
        "{'events':[{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','content':[],"
        "'usage':{'input_tokens':1}}}},"
        "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}},"
        "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'short'}}},"
        "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'@'}}},"
        "{'data':{'type':'content_block_stop','index':0}},{'data':{'type':'message_stop'}}]}";
    static const char *const options[] = {"limit.event_bytes", "limit.message_bytes"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        claude_client_t *client = client_with(options[i], "4000", NULL);
        claude_error_t *err;
        script_filled(pattern, 'y', 5000);
        err = failing(client, true, CLAUDE_E_TOO_LARGE);
        assert_contains(claude_error_message(err), options[i]);
        assert_string_equal(claude_response_text(claude_error_response(err), NULL), "short");
        assert_int_equal(claude_error_is_retryable(err), 0);
        claude_error_unref(err);
        claude_client_unref(client);
    }
}

/* A line without an end is no reason to keep on reading. */
static void limits_lines(void **state)
{
    claude_client_t *client = client_with("limit.event_bytes", "100000", NULL);
    claude_error_t *err;

    (void)state;
    script("{'events':[{'raw':'data: '},{'repeat':{'chunk':'0123456789abcdef','count':1000000000000}}]}");
    err = failing(client, true, CLAUDE_E_TOO_LARGE);
    assert_contains(claude_error_message(err), "limit.event_bytes");
    claude_error_unref(err);
    claude_client_unref(client);
}

static void cuts_error_bodies(void **state)
{
    claude_client_t *client = client_with("limit.error_bytes", "2000", NULL);
    size_t len = 0;

    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        claude_error_t *err;
        script("{'status':503,'headers':[['content-type','text/html']],"
               "'body_repeat':{'chunk':'0123456789','count':100000}}");
        err = failing(client, stream, CLAUDE_E_SERVER);
        assert_contains(claude_error_message(err), "01234567890123456789");
        (void)claude_response_json(claude_error_response(err), &len);
        assert_int_equal(len, 2000);
        claude_error_unref(err);
    }
    claude_client_unref(client);
}

/* It may go on as long as somebody listens, and no clock would end that of a stream. */
static void does_not_hear_out_an_error(void **state)
{
    claude_client_t *client = client_with("limit.error_bytes", "2000", NULL);
    claude_request_t *request = hello_stream();
    claude_call_t *call;
    claude_error_t *err = NULL;

    (void)state;
    script("{'status':503,'headers':[['content-type','text/html']],'chunk_size':500,'chunk_delay_ms':20,"
           "'body_repeat':{'chunk':'0123456789','count':100000}}");
    call = start_stream(client, request);
    fails(claude_call_wait(call, 5000, &err), CLAUDE_E_SERVER, &err);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- error objects ---- */

/* Some servers repeat what they were sent. */
static void hides_a_key_that_the_server_repeats(void **state)
{
    static const char *const scenarios[] = {
        "{'status':401,'error':{'type':'authentication_error','message':'bad key " KEY "'}}",
        "{'status':401,'error':{'type':'" KEY "','message':'x'}}",
        "{'status':500,'body':'<html>x-api-key: " KEY "</html>'}",
        "{'headers':[['content-type','text/html']],'body':'<html>x-api-key: " KEY "</html>'}",
        "{'body':'{\\u0022type\\u0022:\\u0022" KEY "\\u0022}'}",
        "{'headers':[['request-id','" KEY "']],'status':400,'body':''}",
        "{'headers':[['content-type','" KEY "']],'body':'x'}",
        "{'headers':[['location','http://" KEY "/']],'status':302,'body':''}",
        "{'raw':'HTTP/1.1 " KEY "\\r\\n\\r\\n'}",
        "{'events':[{'event':'error','data':{'type':'error','error':{'type':'api_error','message':'" KEY "'}}}]}",
        "{'events':[{'raw':'data: " KEY "\\n\\n'}]}",
        "{'events':[{'data':{'type':'" KEY "'}}]}",
    };
    claude_client_t *client = new_client();
    claude_request_t *request = hello_stream();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc;
        script(scenarios[i]);
        rc = claude_client_execute(client, request, &response, &err);
        assert_true(rc < 0);
        check_error(err, rc, __FILE__, __LINE__);
        check_no_key(claude_error_api_type(err), __FILE__, __LINE__);
        check_no_key(claude_error_request_id(err), __FILE__, __LINE__);
        claude_error_unref(err);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void compares_errors(void **state)
{
    claude_error_t *one;
    claude_error_t *same;
    claude_error_t *other;

    (void)state;
    script("{'status':400,'headers':[['request-id','a']],'error':{'type':'invalid_request_error','message':'m'}}");
    one = fails_with(false, CLAUDE_E_BAD_REQUEST);
    script("{'status':400,'headers':[['request-id','b']],'error':{'type':'invalid_request_error','message':'m'}}");
    same = fails_with(true, CLAUDE_E_BAD_REQUEST);
    script("{'status':400,'headers':[['request-id','a']],'error':{'type':'invalid_request_error','message':'n'}}");
    other = fails_with(false, CLAUDE_E_BAD_REQUEST);
    assert_int_equal(claude_error_equal(one, same), 1);
    assert_int_equal(claude_error_equal(one, one), 1);
    assert_int_equal(claude_error_equal(one, other), 0);
    assert_int_equal(claude_error_equal(one, NULL), 0);
    assert_int_equal(claude_error_equal(NULL, one), 0);
    assert_int_equal(claude_error_equal(NULL, NULL), 1);
    claude_error_unref(other);
    script("{'status':422,'headers':[['request-id','a']],'error':{'type':'invalid_request_error','message':'m'}}");
    other = fails_with(false, CLAUDE_E_BAD_REQUEST);
    assert_int_equal(claude_error_equal(one, other), 0);
    claude_error_unref(other);
    claude_error_unref(same);
    claude_error_unref(one);
}

static void writes_an_error_as_json(void **state)
{
    claude_error_t *err;

    (void)state;
    script("{'status':429,'headers':[['request-id','req_7'],['retry-after','2']],"
           "'error':{'type':'rate_limit_error','message':'a \\u0022b\\u0022','details':{'error_code':'c'}}}");
    err = fails_with(false, CLAUDE_E_RATE_LIMIT);
    assert_json_equal(claude_error_json(err, NULL),
                      "{'code':-204,'name':'CLAUDE_E_RATE_LIMIT','category':'RateLimit',"
                      "'message':'rate_limit_error (HTTP 429): a \\u0022b\\u0022','retryable':true,'http_status':429,"
                      "'api_type':'rate_limit_error','error_code':'c','request_id':'req_7','retry_after_ms':2000,"
                      "'attempts':1,'user_code':0,'feature':null,'cause':null}");
    assert_ptr_equal(claude_error_json(err, NULL), claude_error_json(err, NULL));
    assert_null(claude_error_feature(err));
    assert_null(claude_error_cause(err));
    assert_ptr_equal(claude_error_ref(err), err);
    claude_error_unref(err);
    assert_int_equal(claude_error_code(err), CLAUDE_E_RATE_LIMIT);
    claude_error_unref(err);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(tells_each_status),
        TEST(believes_the_type_before_the_status),
        TEST(does_what_the_server_advises),
        TEST(reads_the_final_head_only),
        TEST(refuses_a_change_of_protocol),
        TEST(refuses_what_is_not_an_answer),
        TEST(refuses_other_good_statuses),
        TEST(understands_an_error_object_with_status_200),
        TEST(follows_no_redirect),
        TEST(fails_with_an_error_event),
        TEST(keeps_the_partial_message),
        TEST(sees_every_cut_by_fin),
        TEST(sees_every_cut_by_rst),
        TEST(sees_cut_json),
        TEST(tells_that_nobody_listens),
        TEST(tells_that_a_name_is_unknown),
        TEST(tells_that_descriptors_are_used_up),
        TEST(tells_that_tls_failed),
        TEST(tells_that_a_handshake_broke_off),
        TEST(tells_that_the_proxy_refused),
        TEST(sends_once_when_a_reused_connection_breaks),
        TEST(opens_another_connection_for_a_closed_one),
        TEST(refuses_what_is_not_http),
        TEST(is_not_fooled_by_bytes_behind_an_answer),
        TEST(hears_an_answer_to_half_a_request),
        TEST(refuses_compressed_answers),
        TEST(limits_headers),
        TEST(limits_bodies),
        TEST(limits_streams),
        TEST(limits_lines),
        TEST(cuts_error_bodies),
        TEST(does_not_hear_out_an_error),
        TEST(hides_a_key_that_the_server_repeats),
        TEST(compares_errors),
        TEST(writes_an_error_as_json),
    };

    return RUN_WITH_SERVER(tests);
}
