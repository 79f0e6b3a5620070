/*
 * Retries: what is tried again and what is not, in every way of waiting; how long is waited, and when it is left at
 * that; that the server has seen what the call says.
 */
#include "ways.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRIES CLAUDE_WITH_RETRIES
/* Two retries, at once. */
#define QUICK "retry.enabled", "true", "retry.max_retries", "2", "retry.initial_delay_ms", "0", "retry.budget", "0"
#define GOOD                                                                                                           \
    "{'status':200,'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[{'type':'text',"           \
    "'text':'Hi'}],'stop_reason':'end_turn','usage':{'input_tokens':3,'output_tokens':4}},'events':[" STREAM "]}"
#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m',"         \
    "'content':[],'usage':{'input_tokens':12,'output_tokens':1}}}}"
#define BLOCK "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}}"
#define TEXT(text) "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'" text "'}}}"
#define STOP "{'data':{'type':'content_block_stop','index':0}}"
#define DELTA "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}}"
#define LAST "{'data':{'type':'message_stop'}}"
#define STREAM START "," BLOCK "," TEXT("Hi") "," STOP "," DELTA "," LAST
#define OVERLOADED "{'data':{'type':'error','error':{'type':'overloaded_error','message':'Busy'}}}"
#define PING "{'data':{'type':'ping'}}"

/* The scenario is answered for so many requests, then all is well. */
static void failing_first(size_t times, const char *reply)
{
    char *list = calloc(1, times * (strlen(reply) + 1) + sizeof GOOD + 64);

    assert_non_null(list);
    strcpy(list, "{'sequence':[");
    for (size_t i = 0; i < times; i++) {
        strcat(list, reply);
        strcat(list, ",");
    }
    strcat(list, GOOD "]}");
    script(list);
    free(list);
}

static claude_request_t *ask(bool stream)
{
    return stream ? hello_stream() : hello();
}

/* Fails once, then works: with retries. Fails for good: after all of them, or at once. */
static void check_reply(claude_client_t *client, const char *reply, bool stream, claude_code_t code, bool retried)
{
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = ask(stream);
        failing_first(1, reply);
        if (retried)
            ends_with(run(way, client, request, RETRIES), CLAUDE_OK, 2, "");
        else
            ends_with(run(way, client, request, RETRIES), code, 1, "not_retryable");
        script(reply);
        if (retried)
            ends_with(run(way, client, request, RETRIES), code, 3, "max_retries");
        else
            ends_with(run(way, client, request, RETRIES), code, 1, "not_retryable");
        claude_request_unref(request);
    }
}

/* ---- what is tried again ---- */

static void statuses_are_tried_again_or_not(void **state)
{
    static const struct {
        int status;
        const char *type;
        claude_code_t code;
        bool retried;
    } rows[] = {
        {400, "invalid_request_error", CLAUDE_E_BAD_REQUEST, false},
        {401, "authentication_error", CLAUDE_E_AUTH, false},
        {402, "billing_error", CLAUDE_E_BILLING, false},
        {403, "permission_error", CLAUDE_E_PERMISSION, false},
        {404, "not_found_error", CLAUDE_E_NOT_FOUND, false},
        {408, "timeout_error", CLAUDE_E_API_TIMEOUT, true},
        {409, "conflict_error", CLAUDE_E_CONFLICT, true},
        {413, "request_too_large", CLAUDE_E_REQUEST_TOO_LARGE, false},
        {418, "teapot_error", CLAUDE_E_API, false},
        {429, "rate_limit_error", CLAUDE_E_RATE_LIMIT, true},
        {500, "api_error", CLAUDE_E_SERVER, true},
        {502, "api_error", CLAUDE_E_SERVER, true},
        {503, "api_error", CLAUDE_E_SERVER, true},
        {504, "timeout_error", CLAUDE_E_API_TIMEOUT, true},
        {529, "overloaded_error", CLAUDE_E_OVERLOADED, true},
        {200, "overloaded_error", CLAUDE_E_OVERLOADED, true},
        {200, "invalid_request_error", CLAUDE_E_BAD_REQUEST, false},
    };
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *reply = format("{'status':%d,'error':{'type':'%s','message':'No.'}}", rows[i].status, rows[i].type);
        check_reply(client, reply, i % 2, rows[i].code, rows[i].retried);
        check_reply(client, reply, !(i % 2), rows[i].code, rows[i].retried);
        free(reply);
    }
    claude_client_unref(client);
}

static void the_server_says_whether_it_is_worth_it(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
        bool retried;
    } rows[] = {
        {"{'status':400,'headers':[['x-should-retry','true']],'body':''}", CLAUDE_E_BAD_REQUEST, true},
        {"{'status':529,'headers':[['x-should-retry','false']],'body':''}", CLAUDE_E_OVERLOADED, false},
        {"{'status':429,'headers':[['x-should-retry','FALSE']],'body':''}", CLAUDE_E_RATE_LIMIT, false},
        {"{'status':500,'headers':[['x-should-retry','perhaps']],'body':''}", CLAUDE_E_SERVER, true},
        {"{'status':412,'body':''}", CLAUDE_E_CONFLICT, false},
    };
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_reply(client, rows[i].reply, false, rows[i].code, rows[i].retried);
        check_reply(client, rows[i].reply, true, rows[i].code, rows[i].retried);
    }
    claude_client_unref(client);
}

static void what_breaks_on_the_way_is_tried_again(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
        bool retried;
    } rows[] = {
        {"{'close_without_reply':'fin'}", CLAUDE_E_CLOSED, true},
        {"{'close_without_reply':'rst'}", CLAUDE_E_CLOSED, true},
        {"{'body':'{}','faults':[{'at':5,'do':'fin'}]}", CLAUDE_E_CLOSED, true},
        {"{'body':'{}','faults':[{'at':40,'do':'rst'}]}", CLAUDE_E_CLOSED, true},
        {"{'body_json':{'type':'message','content':[]},'faults':[{'at_body':7,'do':'fin'}]}", CLAUDE_E_CLOSED, true},
        {"{'body_json':{'type':'message','content':[]},'faults':[{'at_body':7,'do':'rst'}]}", CLAUDE_E_CLOSED, true},
        {"{'raw':'HTTP/1.1 banana\\r\\n\\r\\n'}", CLAUDE_E_PROTOCOL, false},
        {"{'headers':[['content-type','text/html']],'body':'<html>'}", CLAUDE_E_PROTOCOL, false},
    };
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_reply(client, rows[i].reply, false, rows[i].code, rows[i].retried);
    claude_client_unref(client);
}

static void silence_ends_an_attempt_and_not_the_call(void **state)
{
    claude_client_t *client = client_with(QUICK, "retry.attempt_timeout_ms", "60", "retry.max_retries", "1", NULL);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = ask(way % 2);
        failing_first(1, "{'faults':[{'at':0,'do':'stall'}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_OK, 2, "");
        claude_request_unref(request);
    }
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = ask(!(way % 2));
        script("{'faults':[{'at':0,'do':'stall'}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_TIMEOUT, 2, "max_retries");
        claude_request_unref(request);
    }
    claude_client_unref(client);
}

/* A port that was bound a moment ago, where nobody listens. */
static char *dead_url(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return format("http://127.0.0.1:%d", (int)ntohs(address.sin_port));
}

static void a_refused_connection_is_tried_again(void **state)
{
    char *url = dead_url();
    claude_client_t *client = client_with(QUICK, "base_url", url, NULL);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = ask(way % 2);
        struct outcome o = run(way, client, request, RETRIES);
        assert_int_equal(o.wire, 0);
        ends_with(o, CLAUDE_E_CONNECT, 3, "max_retries");
        claude_request_unref(request);
    }
    claude_client_unref(client);
    free(url);
}

/* ---- streams ---- */

enum { EVENTS = 20 };

static const char *event_at(size_t i)
{
    static const char *const ends[] = {STOP, DELTA, LAST};

    if (i == 0)
        return START;
    if (i == 1)
        return BLOCK;
    return i < EVENTS - 3 ? TEXT("x") : ends[i - (EVENTS - 3)];
}

/* A stream of 20 events that has something else after k of them. */
static char *stream_with(size_t k, const char *what)
{
    char *text = calloc(1, 8192);

    assert_non_null(text);
    strcpy(text, "{'events':[");
    for (size_t i = 0; i <= k && i < EVENTS; i++) {
        if (i > 0)
            strcat(text, ",");
        strcat(text, i == k ? what : event_at(i));
    }
    strcat(text, "]}");
    return text;
}

/* All that was told before is in the partial message, and nothing is told twice. */
static void check_committed(struct outcome *o, size_t k, enum way way)
{
    const claude_response_t *partial = claude_error_response(o->err);
    size_t len = 0;

    assert_non_null(partial);
    if (k >= 3) {
        assert_non_null(claude_response_text(partial, &len));
        assert_int_equal(len, k - 2 < EVENTS - 5 ? k - 2 : EVENTS - 5);
    }
    if (way == WAY_NEXT || way >= WAY_LOOP)
        assert_int_equal(o->trace.events, k);
    assert_int_equal(claude_report_attempt_first_event_ms(o->report, 0) >= 0, 1);
    assert_int_equal(claude_error_is_retryable(o->err), 0);
}

static void check_stream(claude_client_t *client, size_t k, const char *what, claude_code_t code, enum way way)
{
    claude_request_t *request = hello_stream();
    char *reply = stream_with(k, what);
    struct outcome o;

    failing_first(1, reply);
    o = run(way, client, request, RETRIES);
    if (k == 0) {
        if (way == WAY_NEXT || way >= WAY_LOOP)
            assert_true(o.trace.events >= 6 && strstr(o.trace.text, "30/0 Hi\n"));
        ends_with(o, CLAUDE_OK, 2, "");
    } else {
        assert_int_equal(o.rc, code);
        check_committed(&o, k, way);
        ends_with(o, code, 1, "committed");
    }
    free(reply);
    claude_request_unref(request);
}

static void a_stream_is_tried_again_before_its_first_event_only(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (size_t k = 0; k < EVENTS; k += k < 3 ? 1 : sweep_step()) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            check_stream(client, k, OVERLOADED, CLAUDE_E_OVERLOADED, way);
            check_stream(client, k, "{'do':'fin'}", CLAUDE_E_TRUNCATED, way);
        }
        check_stream(client, k, "{'do':'rst'}", CLAUDE_E_TRUNCATED, (enum way)(k % WAYS));
    }
    claude_client_unref(client);
}

static void pings_commit_to_nothing(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        check_stream(client, 0, PING "," PING "," OVERLOADED, CLAUDE_E_OVERLOADED, way);
        check_stream(client, 0, PING ",{'do':'fin'}", CLAUDE_E_TRUNCATED, way);
        check_stream(client, 0, "{'raw':': a comment\\n\\n'},{'do':'fin'}", CLAUDE_E_TRUNCATED, way);
        check_stream(client, 1, PING ",{'do':'fin'}", CLAUDE_E_TRUNCATED, WAY_WAIT);
    }
    claude_client_unref(client);
}

static void nonsense_is_not_tried_again(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);
    claude_request_t *request = hello_stream();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        failing_first(1, "{'events':[{'data':'this is no JSON'}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_PROTOCOL, 1, "not_retryable");
        failing_first(1, "{'events':[" START ",{'data':'{broken'}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_PROTOCOL, 1, "committed");
        failing_first(1, "{'events':[{'data':{'type':'error','error':{'type':'invalid_request_error'}}}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_BAD_REQUEST, 1, "not_retryable");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A stream whose events the program does not see is committed all the same. */
static void a_quiet_stream_is_the_same(void **state)
{
    claude_client_t *client = client_with(QUICK, "request.stream_internally", "true", NULL);
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        failing_first(2, "{'events':[" PING "," OVERLOADED "]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_OK, 3, "");
        failing_first(1, "{'events':[" START "," OVERLOADED "]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_OVERLOADED, 1, "committed");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static claude_request_t *pieces_of(const char *endpoint, const char *param)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new(endpoint, &request, &err), err);
    succeeds(claude_request_set_path(request, param, "x_1", &err), err);
    return request;
}

/* Lines and bytes: before the first of them, and after. */
static void lines_and_bytes_are_tried_again_before_the_first(void **state)
{
    static const struct {
        const char *endpoint;
        const char *param;
        const char *type;
    } kinds[] = {{"messages.batches.results", "message_batch_id", "application/x-jsonl"},
                 {"files.download", "file_id", "application/octet-stream"}};
    claude_client_t *client = client_with(QUICK, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (enum way way = WAY_NEXT; way < WAYS; way++) {
            claude_request_t *request = pieces_of(kinds[i].endpoint, kinds[i].param);
            for (int at = 0; at <= 4; at += 4) {
                char *text = format("{'sequence':[{'headers':[['content-type','%s']],'body':'{1}\\n{2}\\n','faults':"
                                    "[{'at_body':%d,'do':'fin'}]},{'headers':[['content-type','%s']],"
                                    "'body':'{3}\\n{4}\\n'}]}",
                                    kinds[i].type, at, kinds[i].type);
                struct outcome o;
                script(text);
                o = run(way, client, request, RETRIES | CLAUDE_STREAM);
                if (way != WAY_WAIT)
                    assert_true(o.trace.events >= 1 || at == 4);
                assert_true(claude_report_attempt_first_event_ms(o.report, at == 0 ? 1 : 0) >= 0);
                if (at == 0)
                    ends_with(o, CLAUDE_OK, 2, "");
                else
                    ends_with(o, CLAUDE_E_TRUNCATED, 1, "committed");
                free(text);
            }
            claude_request_unref(request);
        }
    }
    claude_client_unref(client);
}

/* ---- how long ---- */

/* Waits at least as long as the server says, and no longer than the policy's chance allows. */
static void the_server_says_how_long(void **state)
{
    static const char *const headers[] = {
        "['retry-after-ms','35']",
        "['retry-after-ms','35'],['retry-after','3600']",
        "['retry-after','0.035']",
        "['retry-after-ms','nonsense'],['retry-after','0.035']",
    };
    claude_client_t *client = client_with(QUICK, NULL);
    claude_request_t *request = hello();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers) * WAYS; i++) {
        char *reply = format("{'status':429,'headers':[%s],'body':''}", headers[i / WAYS]);
        struct outcome o;
        failing_first(1, reply);
        o = run((enum way)(i % WAYS), client, request, RETRIES);
        assert_in_range(claude_report_backoff_ms(o.report), 35, 40);
        assert_true(claude_report_attempt_started_ms(o.report, 1) >=
                    claude_report_attempt_duration_ms(o.report, 0) + 35);
        ends_with(o, CLAUDE_OK, 2, "");
        free(reply);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* By the server's own clock, which is years behind. */
static void a_date_is_relative_to_the_answers_own(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way += 2) {
        struct outcome o;
        failing_first(1, "{'status':503,'headers':[['date','Wed, 21 Oct 2015 07:28:00 GMT'],"
                         "['retry-after','Wed, 21 Oct 2015 07:28:01 GMT']],'body':''}");
        o = run(way, client, request, RETRIES);
        assert_in_range(claude_report_backoff_ms(o.report), 1000, 1100);
        ends_with(o, CLAUDE_OK, 2, "");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* It ends at once: the wait is not waited for, in part or in whole. */
static void check_returned(enum way way, claude_client_t *client, claude_request_t *request, int64_t wait_ms,
                           const char *stopped_by)
{
    struct outcome o = run(way, client, request, RETRIES);

    assert_int_equal(o.rc, CLAUDE_E_RATE_LIMIT);
    assert_int_equal(claude_error_retry_after_ms(o.err), wait_ms);
    assert_true(claude_report_duration_ms(o.report) < wait_ms);
    assert_int_equal(claude_report_backoff_ms(o.report), 0);
    ends_with(o, CLAUDE_E_RATE_LIMIT, 1, stopped_by);
}

static void a_wait_that_is_too_long_is_told_and_not_waited_for(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);
    claude_client_t *hasty = client_with(QUICK, "timeout.total_ms", "20000", "timeout.stream_total_ms", "20000", NULL);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = ask(way % 2);
        script("{'status':429,'headers':[['retry-after','61']],'body':''}");
        check_returned(way, client, request, 61000, "server_delay");
        script("{'status':429,'headers':[['retry-after','30']],'body':''}");
        check_returned(way, hasty, request, 30000, "deadline");
        claude_request_unref(request);
    }
    claude_client_unref(hasty);
    claude_client_unref(client);
}

/* The policy's own wait counts against the time of the call, too. */
static void a_backoff_beyond_the_deadline_is_not_begun(void **state)
{
    claude_client_t *client =
        client_with("retry.enabled", "true", "retry.initial_delay_ms", "50000", "retry.max_delay_ms", "50000",
                    "retry.jitter", "0", "timeout.total_ms", "40000", NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'status':500,'body':''}");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, RETRIES);
        assert_true(claude_report_duration_ms(o.report) < 40000);
        ends_with(o, CLAUDE_E_SERVER, 1, "deadline");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void waits_for_the_reset_if_told_to(void **state)
{
    static const char reply[] = "{'status':429,'headers':[['date','Wed, 21 Oct 2015 07:28:00 GMT'],"
                                "['anthropic-ratelimit-requests-remaining','0'],"
                                "['anthropic-ratelimit-requests-limit','50'],"
                                "['anthropic-ratelimit-requests-reset','2015-10-21T07:28:01Z']],'body':''}";
    claude_client_t *client = client_with(QUICK, "retry.wait_for_reset", "true", NULL);
    claude_client_t *other = client_with(QUICK, NULL);
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way += 3) {
        struct outcome o;
        failing_first(1, reply);
        o = run(way, client, request, RETRIES);
        assert_in_range(claude_report_backoff_ms(o.report), 1000, 1100);
        ends_with(o, CLAUDE_OK, 2, "");
        failing_first(1, reply);
        o = run(way, other, request, RETRIES);
        assert_int_equal(claude_report_backoff_ms(o.report), 0);
        ends_with(o, CLAUDE_OK, 2, "");
    }
    claude_request_unref(request);
    claude_client_unref(other);
    claude_client_unref(client);
}

static void waits_grow_as_the_options_say(void **state)
{
    static const int64_t expected[] = {0, 4, 12, 20, 20};
    claude_client_t *client =
        client_with("retry.enabled", "true", "retry.max_retries", "4", "retry.initial_delay_ms", "4",
                    "retry.multiplier", "3", "retry.max_delay_ms", "20", "retry.jitter", "0", NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'status':500,'body':''}");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, RETRIES);
        for (size_t i = 0; i < COUNT_OF(expected); i++) {
            assert_int_equal(claude_report_attempt_backoff_ms(o.report, i), expected[i]);
            assert_true(i == 0 || claude_report_attempt_started_ms(o.report, i) >=
                                      claude_report_attempt_started_ms(o.report, i - 1) +
                                          claude_report_attempt_duration_ms(o.report, i - 1) + expected[i]);
        }
        ends_with(o, CLAUDE_E_SERVER, 5, "max_retries");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- when it is left at that ---- */

static void overload_has_a_limit_of_its_own(void **state)
{
    claude_client_t *client = client_with(QUICK, "retry.max_overload_retries", "1", NULL);
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        script("{'status':529,'body':''}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_OVERLOADED, 2, "max_overload_retries");
        script("{'sequence':[{'status':529,'body':''},{'status':500,'body':''}]}");
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_SERVER, 3, "max_retries");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void nothing_is_tried_again_unasked(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'status':529,'body':''}");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, 0);
        assert_int_equal(claude_report_features(o.report), 0);
        ends_with(o, CLAUDE_E_OVERLOADED, 1, "");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void a_request_has_options_of_its_own(void **state)
{
    claude_client_t *client = client_with(QUICK, NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_option(request, "retry.max_retries", "0", &err), err);
    script("{'status':529,'body':''}");
    ends_with(run(WAY_EXECUTE, client, request, RETRIES), CLAUDE_E_OVERLOADED, 1, "max_retries");
    succeeds(claude_request_set_option(request, "retry.max_retries", "5", &err), err);
    ends_with(run(WAY_EDGE, client, request, RETRIES), CLAUDE_E_OVERLOADED, 6, "max_retries");
    claude_request_unref(request);
    claude_client_unref(client);
}

static void the_server_may_be_told_how_many_came_before(void **state)
{
    claude_client_t *client = client_with(QUICK, "retry.count_header", "x-stainless-retry-count", NULL);
    claude_request_t *request = hello();
    char *body;

    (void)state;
    failing_first(2, "{'status':529,'body':''}");
    ends_with(run(WAY_NEXT, client, request, RETRIES), CLAUDE_OK, 3, "");
    assert_string_equal(header_of(received_at(0), "x-stainless-retry-count"), "0");
    assert_string_equal(header_of(received_at(1), "x-stainless-retry-count"), "1");
    assert_string_equal(header_of(received_at(2), "x-stainless-retry-count"), "2");
    ends_with(run(WAY_NEXT, client, request, 0), CLAUDE_OK, 1, "");
    assert_null(header_of(received_at(3), "x-stainless-retry-count"));
    body = strdup(text_of(received_at(0), "body"));
    for (size_t i = 1; i < 3; i++)
        assert_string_equal(text_of(received_at(i), "body"), body);
    free(body);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- the budget ---- */

enum { STORM = 10000, THREADS = 8 };

struct storm {
    claude_client_t *client;
    claude_request_t *request;
    _Atomic int left;
    _Atomic int64_t wire;
    _Atomic int64_t refused; /* by the budget */
    _Atomic int64_t wrong;
};

static void *storm(void *arg)
{
    struct storm *s = arg;

    while (atomic_fetch_sub(&s->left, 1) > 0) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc = claude_client_execute_with_retries(s->client, s->request, &response, &err);
        claude_report_t *report = claude_error_report(err);
        if (rc != CLAUDE_E_OVERLOADED)
            atomic_fetch_add(&s->wrong, 1);
        atomic_fetch_add(&s->wire, claude_report_wire_attempts(report));
        if (strcmp(claude_report_stopped_by(report), "budget") == 0)
            atomic_fetch_add(&s->refused, 1);
        claude_response_unref(response);
        claude_error_unref(err);
    }
    return NULL;
}

/* However many calls there are, and whoever makes them: what all of them send again is what is in the bucket. */
static void a_storm_is_held_back_by_the_budget(void **state)
{
    int calls = sweep_step() > 1 ? STORM / 20 : STORM;
    claude_client_t *client =
        client_with("retry.enabled", "true", "retry.initial_delay_ms", "0", "metrics.enabled", "true", NULL);
    struct storm s = {.client = client, .request = hello()};
    pthread_t threads[THREADS];
    uint64_t before;

    (void)state;
    atomic_init(&s.left, calls);
    script("{'status':529,'body':''}");
    before = requests_seen();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm, &s), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s.wrong, 0);
    assert_int_equal(requests_seen() - before, s.wire);
    assert_int_equal(metric(client, "wire_requests"), s.wire);
    assert_int_equal(s.wire, calls + 100); /* 500 tokens at 5 each: all of them were spent, and no more */
    assert_true(s.refused > 0);
    assert_int_equal(metric(client, "retry_budget_refused"), s.refused);
    /* The server is well again: each success pays back. */
    script(GOOD);
    for (int i = 0; i < 5; i++)
        ends_with(run(WAY_EXECUTE, client, s.request, RETRIES), CLAUDE_OK, 1, "");
    failing_first(1, "{'status':529,'body':''}");
    ends_with(run(WAY_EXECUTE, client, s.request, RETRIES), CLAUDE_OK, 2, "");
    failing_first(1, "{'status':529,'body':''}");
    ends_with(run(WAY_EXECUTE, client, s.request, RETRIES), CLAUDE_OK, 2, "");
    claude_request_unref(s.request);
    claude_client_unref(client);
}

static void an_empty_budget_is_said(void **state)
{
    claude_client_t *client = client_with(QUICK, "retry.budget", "9", NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'status':529,'body':''}");
    ends_with(run(WAY_EXECUTE, client, request, RETRIES), CLAUDE_E_OVERLOADED, 2, "budget");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++)
        ends_with(run(way, client, request, RETRIES), CLAUDE_E_OVERLOADED, 1, "budget");
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- what the server has seen ---- */

/* run() compares: every fault of the sandbox, with and without retries, on fresh connections and on kept ones. */
static void the_server_has_seen_what_the_call_says(void **state)
{
    static const char *const replies[] = {
        "{'close_without_reply':'fin'}",
        "{'close_without_reply':'rst'}",
        "{'close_after':true,'status':529,'body':''}",
        "{'close_after_ms':1,'status':529,'body':''}",
        "{'connection':'close','status':529,'body':''}",
        "{'reply_early':true,'status':529,'body':''}",
        "{'informational':[{'status':103,'count':2}],'status':529,'body':''}",
        "{'status':529,'body':'','faults':[{'at':0,'do':'fin'}]}",
        "{'status':529,'body':'','faults':[{'at':0,'do':'rst'}]}",
        "{'status':529,'body':'12345678','faults':[{'at_body':4,'do':'half_close'}]}",
        "{'status':529,'body':'12345678','faults':[{'at_body':4,'do':'rst'}]}",
        "{'status':529,'body':'','faults':[{'at':9,'do':'garbage'}]}",
        "{'status':529,'body':'','faults':[{'at':'end','do':'garbage'}]}",
        "{'raw':'HTTP/1.1 529 Busy\\r\\ncontent-length: 0\\r\\n\\r\\n'}",
        "{'raw':''}",
        "{'framing':'length','content_length':1000,'status':529,'body':'short','faults':[{'at':'end','do':'fin'}]}",
        "{'framing':'close','status':529,'body':'all'}",
    };

    (void)state;
    connections_race = true;
    for (size_t i = 0; i < COUNT_OF(replies) * 4; i++) {
        claude_client_t *client = client_with(QUICK, NULL);
        claude_request_t *request = ask(i & 1);
        uint32_t features = i & 2 ? RETRIES : 0;
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct outcome o;
            /* Leaves a connection, and takes none that the server is about to close. */
            script(GOOD);
            claude_client_trim(client, NULL);
            ends_with(run(WAY_EXECUTE, client, request, 0), CLAUDE_OK, 1, "");
            script(replies[i / 4]);
            o = run(way, client, request, features);
            if (o.rc >= 0)
                fail_msg("reply %zu did no harm", i / 4);
            outcome_free(&o);
        }
        claude_request_unref(request);
        claude_client_unref(client);
    }
    connections_race = false;
}

/* Connections that the server closes just when the next request comes. */
static void connections_that_are_closed_meanwhile_are_counted(void **state)
{
    claude_client_t *client = client_with(QUICK, "retry.max_retries", "5", NULL);
    claude_request_t *request = hello();

    (void)state;
    connections_race = true;
    script("{'body_json':{'type':'message','role':'assistant','content':[]},'close_after_ms':0.5}");
    for (size_t i = 0; i < 300; i += sweep_step()) {
        struct outcome o = run((enum way)(i % WAYS), client, request, RETRIES);
        assert_int_equal(o.rc, CLAUDE_OK);
        outcome_free(&o);
    }
    connections_race = false;
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statuses_are_tried_again_or_not),
        TEST(the_server_says_whether_it_is_worth_it),
        TEST(what_breaks_on_the_way_is_tried_again),
        TEST(silence_ends_an_attempt_and_not_the_call),
        TEST(a_refused_connection_is_tried_again),
        TEST(a_stream_is_tried_again_before_its_first_event_only),
        TEST(pings_commit_to_nothing),
        TEST(nonsense_is_not_tried_again),
        TEST(a_quiet_stream_is_the_same),
        TEST(lines_and_bytes_are_tried_again_before_the_first),
        TEST(the_server_says_how_long),
        TEST(a_date_is_relative_to_the_answers_own),
        TEST(a_wait_that_is_too_long_is_told_and_not_waited_for),
        TEST(a_backoff_beyond_the_deadline_is_not_begun),
        TEST(waits_for_the_reset_if_told_to),
        TEST(waits_grow_as_the_options_say),
        TEST(overload_has_a_limit_of_its_own),
        TEST(nothing_is_tried_again_unasked),
        TEST(a_request_has_options_of_its_own),
        TEST(the_server_may_be_told_how_many_came_before),
        TEST(a_storm_is_held_back_by_the_budget),
        TEST(an_empty_budget_is_said),
        TEST(the_server_has_seen_what_the_call_says),
        TEST(connections_that_are_closed_meanwhile_are_counted),
    };

    return RUN_WITH_SERVERS(tests);
}
