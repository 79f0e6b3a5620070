/* Time: each deadline ends a call soon after it has passed, and says which one it was; so does cancelling. */
#include "support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOON_MS = 4000, /* under the shortest default, 5 s; the machine may be busy, memcheck may be watching */
    STALL_MS = 60000,
};

#define OPENING                                                                                                        \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','content':[],"                           \
    "'usage':{'input_tokens':12}}}},"                                                                                  \
    "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}},"                     \
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'Hello'}}}"
#define CLOSING                                                                                                        \
    "{'data':{'type':'content_block_stop','index':0}},"                                                                \
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}},"                \
    "{'data':{'type':'message_stop'}}"

/* Time is what these tests are about; nothing else waits for it. */
static void let_pass(int ms)
{
    int64_t end = now_ms() + ms;

    while (now_ms() < end)
        poll(NULL, 0, (int)(end - now_ms()));
}

/* ---- an address that does not answer ---- */

/* A listener whose queue is full: further connections hang, as they do where packets are dropped. */
struct deaf {
    int listener;
    int fillers[16];
    size_t count;
    char *url;
};

static bool connects(int fd, const struct sockaddr_in *address)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return true;
    return poll(&wait, 1, 100) == 1;
}

static void deaf_open(struct deaf *deaf)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    bool full = false;

    *deaf = (struct deaf){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(deaf->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(deaf->listener, 0), 0);
    assert_int_equal(getsockname(deaf->listener, (struct sockaddr *)&address, &len), 0);
    while (!full && deaf->count < COUNT_OF(deaf->fillers)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        deaf->fillers[deaf->count++] = fd;
        full = !connects(fd, &address);
    }
    assert_true(full);
    deaf->url = format("http://127.0.0.1:%u", ntohs(address.sin_port));
}

static void deaf_close(struct deaf *deaf)
{
    for (size_t i = 0; i < deaf->count; i++)
        close(deaf->fillers[i]);
    close(deaf->listener);
    free(deaf->url);
}

/* ---- deadlines ---- */

/* Waits for a call to time out; the error is returned. */
static claude_error_t *times_out(claude_client_t *client, bool stream, const char *option)
{
    claude_request_t *request = stream ? hello_stream() : hello();
    int64_t started = now_ms();
    claude_error_t *err = execute_fails(client, request, CLAUDE_E_TIMEOUT);
    int64_t took = now_ms() - started;

    assert_contains(claude_error_message(err), option);
    assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_TIMEOUT);
    if (took < 90 || took > SOON_MS)
        fail_msg("%s of 100 ms took %d ms", option, (int)took);
    claude_request_unref(request);
    return err;
}

static void ends_a_connection_attempt(void **state)
{
    char *url = format("https://127.0.0.1:%u", sandbox_port(server));
    struct deaf deaf;

    (void)state;
    deaf_open(&deaf);
    for (int stream = 0; stream < 2; stream++) {
        claude_client_t *client = client_with("base_url", deaf.url, "timeout.connect_ms", "100", NULL);
        claude_error_t *err = times_out(client, stream, "timeout.connect_ms");
        assert_int_equal(claude_error_attempts(err), 0);
        assert_int_equal(claude_error_http_status(err), 0);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_null(claude_error_response(err));
        claude_error_unref(err);
        claude_client_unref(client);
        client = client_with("base_url", deaf.url, "timeout.total_ms", "100", "timeout.stream_total_ms", "100", NULL);
        claude_error_unref(times_out(client, stream, stream ? "timeout.stream_total_ms" : "timeout.total_ms"));
        claude_client_unref(client);
        /* The sandbox does not answer a TLS handshake. */
        client = client_with("base_url", url, "timeout.connect_ms", "100", NULL);
        claude_error_unref(times_out(client, stream, "timeout.connect_ms"));
        claude_client_unref(client);
    }
    deaf_close(&deaf);
    free(url);
}

static void ends_the_wait_for_the_first_byte(void **state)
{
    claude_client_t *client = client_with("timeout.first_byte_ms", "100", "timeout.total_ms", "100", NULL);
    claude_error_t *err;

    (void)state;
    script("{'delay_ms':60000,'body_json':{'type':'message','content':[]}}");
    for (int stream = 0; stream < 2; stream++) {
        err = times_out(client, stream, stream ? "timeout.first_byte_ms" : "timeout.total_ms");
        assert_int_equal(claude_error_attempts(err), 1);
        assert_int_equal(claude_error_http_status(err), 0);
        assert_int_equal(claude_error_is_retryable(err), 1);
        assert_null(claude_error_response(err));
        claude_error_unref(err);
    }
    claude_client_unref(client);
}

static void ends_a_silent_stream(void **state)
{
    claude_client_t *client = client_with("timeout.idle_ms", "100", NULL);
    claude_request_t *request;
    claude_error_t *err;

    (void)state;
    script("{'events':[" OPENING ",{'do':'stall'}]}");
    err = times_out(client, true, "timeout.idle_ms");
    assert_int_equal(claude_error_http_status(err), 200);
    assert_int_equal(claude_error_is_retryable(err), 0);
    assert_string_equal(claude_response_text(claude_error_response(err), NULL), "Hello");
    assert_int_equal(claude_response_usage(claude_error_response(err), "input_tokens"), 12);
    claude_error_unref(err);
    /* The same between the head and the first event, and inside of an event. */
    script("{'headers':[['request-id','req_head']],'events':[{'do':'stall'}]}");
    err = times_out(client, true, "timeout.idle_ms");
    assert_int_equal(claude_error_is_retryable(err), 1);
    assert_int_equal(claude_error_http_status(err), 200);
    assert_string_equal(claude_error_request_id(err), "req_head");
    claude_error_unref(err);
    /* The head of an error tells what the error is. */
    script("{'status':429,'headers':[['retry-after','7']],'body':'x','faults':[{'at_body':0,'do':'stall'}]}");
    request = hello_stream();
    err = execute_fails(client, request, CLAUDE_E_RATE_LIMIT);
    assert_int_equal(claude_error_retry_after_ms(err), 7000);
    claude_error_unref(err);
    claude_request_unref(request);
    script("{'events':[{'raw':'data: {'},{'do':'stall'}]}");
    claude_error_unref(times_out(client, true, "timeout.idle_ms"));
    claude_client_unref(client);
}

/* Gives the server time, so that there is always something to read. */
static int32_t take_time(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    static int events;

    (void)call;
    (void)event;
    (void)user_data;
    if (++events % 512 == 0)
        let_pass(1);
    return 0;
}

static void ends_an_answer_that_takes_too_long(void **state)
{
    claude_client_t *client = client_with("timeout.total_ms", "100", "timeout.stream_total_ms", "100", NULL);
    claude_request_t *request;
    claude_error_t *err = NULL;
    int64_t started;

    (void)state;
    /* Bytes keep coming, for minutes: they hold off every clock but the total one. */
    script("{'generate':{'events':20000,'per_write':'each','interval_us':5000}}");
    err = times_out(client, true, "timeout.stream_total_ms");
    assert_true(claude_response_text(claude_error_response(err), NULL)[0] != '\0');
    assert_int_equal(claude_error_is_retryable(err), 0);
    claude_error_unref(err);
    script("{'chunk_size':10,'chunk_delay_ms':5,'body_repeat':{'chunk':' ','count':100000}}");
    err = times_out(client, false, "timeout.total_ms");
    assert_int_equal(claude_error_http_status(err), 200);
    claude_error_unref(err);
    script("{'events':[" OPENING ",{'do':'stall'}]}");
    claude_error_unref(times_out(client, true, "timeout.stream_total_ms"));
    claude_client_unref(client);
    err = NULL;
    /* Also when there is always more to read. */
    started = now_ms();
    script("{'generate':{'events':1000000000}}");
    client = client_with("timeout.stream_total_ms", "100", "stream.accumulate", "false", NULL);
    request = hello_stream();
    succeeds(claude_request_on_event(request, take_time, NULL, NULL, &err), err);
    err = execute_fails(client, request, CLAUDE_E_TIMEOUT);
    assert_contains(claude_error_message(err), "timeout.stream_total_ms");
    assert_true(now_ms() - started < SOON_MS);
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void is_patient_with_bytes_that_keep_coming(void **state)
{
    static const char *const slow[] = {
        "{'events':[" OPENING "," CLOSING "],'chunk_size':20,'chunk_delay_ms':12}",
        "{'events':[" OPENING ",{'hold_ms':600,'ping_interval_ms':30}," CLOSING "]}",
        "{'events':[" OPENING ",{'delay_ms':120,'raw':': still here\\n'},{'delay_ms':120,'raw':': and here\\n'},"
        "{'delay_ms':120,'raw':': and here\\n\\n'}," CLOSING "]}",
    };
    claude_client_t *client = client_with("timeout.idle_ms", "300", "timeout.first_byte_ms", "5000", NULL);
    claude_request_t *request = hello_stream();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        int64_t started = now_ms();
        claude_response_t *response;
        script(slow[i]);
        response = execute(client, request);
        assert_true(now_ms() - started > 300);
        assert_string_equal(claude_response_text(response, NULL), "Hello");
        claude_response_unref(response);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void takes_a_request_s_own_deadlines(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    int64_t started = now_ms();

    (void)state;
    script("{'delay_ms':60000,'body_json':{'type':'message','content':[]}}");
    succeeds(claude_request_set_option(request, "timeout.total_ms", "100", &err), err);
    claude_error_unref(execute_fails(client, request, CLAUDE_E_TIMEOUT));
    assert_true(now_ms() - started < SOON_MS);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* The client and its other connections are none the worse for it. */
static void goes_on_after_a_deadline(void **state)
{
    claude_client_t *client = client_with("timeout.total_ms", "100", NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'sequence':[{'delay_ms':60000,'body':''},{'body_json':{'type':'message','content':[]}}]}");
    claude_error_unref(execute_fails(client, request, CLAUDE_E_TIMEOUT));
    claude_response_unref(execute(client, request));
    claude_response_unref(execute(client, request));
    assert_int_equal(connections_seen(), 2);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* What came in time counts, however late the program looks at it. */
static void does_not_punish_a_busy_program(void **state)
{
    claude_client_t *client = client_with("timeout.idle_ms", "100", NULL);
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;

    (void)state;
    script("{'events':[" OPENING ",{'delay_ms':1,'data':{'type':'ping'}}," CLOSING "],'chunk_size':100}");
    call = start_stream(client, request);
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    for (int i = 0; i < 3; i++) {
        let_pass(150);
        assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    }
    assert_int_equal(pull_all(call, -1, NULL, &err), CLAUDE_DONE);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* Nothing happens before somebody waits, so nothing can be late. */
static void does_not_punish_a_late_first_wait(void **state)
{
    /* Looking up a name takes one more step. */
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    script("{'events':[" OPENING "," CLOSING "]}");
    for (size_t i = 0; i < COUNT_OF(hosts) * 2; i++) {
        char *url = format("http://%s:%u", hosts[i / 2], sandbox_port(server));
        claude_client_t *client = client_with("base_url", url, "timeout.connect_ms", "100", "timeout.first_byte_ms",
                                              "100", "timeout.idle_ms", "100", NULL);
        /* On a new connection, and on one that is there already. */
        for (int again = 0; again < 2; again++) {
            claude_call_t *call = start_stream(client, request);
            let_pass(150);
            assert_int_equal(pull_all(call, i % 2 ? -1 : 1, NULL, &err), CLAUDE_DONE);
            claude_call_unref(call);
        }
        claude_client_unref(client);
        free(url);
    }
    claude_request_unref(request);
}

/* The same where connecting takes several steps: the proxy is heard out. */
static void does_not_punish_a_late_first_wait_for_a_proxy(void **state)
{
    claude_client_t *client = client_with("base_url", "https://api.invalid", "network.proxy", sandbox_url(server),
                                          "timeout.connect_ms", "100", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    let_pass(150);
    fails(claude_call_wait(call, -1, &err), CLAUDE_E_PROXY, &err);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- timeouts of waiting ---- */

static int32_t take_long(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    (void)event;
    (*(int *)user_data)++;
    let_pass(20);
    return 0;
}

/* However much there is to hand out. */
static void returns_in_time_with_a_slow_callback(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_call_t *call;
    int64_t started;
    int events = 0;

    (void)state;
    script("{'generate':{'events':1000}}");
    succeeds(claude_request_on_event(request, take_long, &events, NULL, &err), err);
    call = start_stream(client, request);
    started = now_ms();
    while (events == 0)
        assert_int_equal(claude_call_wait(call, 100, &err), 0);
    assert_int_equal(claude_call_wait(call, 100, &err), 0);
    assert_int_equal(claude_call_wait(call, 0, &err), 0);
    assert_true(now_ms() - started < SOON_MS);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_RUNNING);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void returns_without_ending_the_call(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;
    int64_t started;

    (void)state;
    script("{'events':[" OPENING ",{'do':'stall'}]}");
    call = start_stream(client, request);
    for (int i = 0; i < 3; i++)
        assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    event = NULL;
    started = now_ms();
    assert_int_equal(claude_call_next(call, 100, &event, &err), 0);
    assert_true(now_ms() - started >= 99);
    for (int i = 0; i < 100; i++)
        assert_int_equal(claude_call_next(call, 0, &event, &err), 0);
    assert_int_equal(claude_call_wait(call, 0, &err), 0);
    assert_int_equal(claude_call_wait(call, 1, &err), 0);
    assert_true(now_ms() - started < SOON_MS);
    assert_null(event);
    assert_null(err);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_RUNNING);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- cancelling ---- */

struct canceller {
    claude_call_t *call;
    uint64_t requests;       /* cancels once the server has seen so many */
    claude_client_t *client; /* and so many of its streams have begun; NULL: it is no matter */
    int delay_ms;
};

static uint64_t streams_begun(claude_client_t *client)
{
    claude_metrics_t *figures = NULL;
    int64_t upper_bound;
    int64_t count;
    uint64_t all = 0;

    if (claude_client_metrics(client, &figures, NULL) < 0)
        return 0;
    for (size_t i = 0; claude_metrics_histogram(figures, "first_event_ms", i, &upper_bound, &count) == 1; i++)
        all += (uint64_t)count;
    claude_metrics_unref(figures);
    return all;
}

static void *cancel_later(void *user_data)
{
    struct canceller *c = user_data;

    while (c->requests > 0 && sandbox_request_count(server) < c->requests)
        ;
    while (c->client && streams_begun(c->client) < c->requests)
        ;
    poll(NULL, 0, c->delay_ms);
    claude_call_cancel(c->call);
    claude_call_cancel(c->call);
    return NULL;
}

static void check_cancelled(claude_call_t *call)
{
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    assert_int_equal(claude_call_state(call), CLAUDE_CALL_CANCELED);
    claude_call_cancel(call);
    for (int i = 0; i < 2; i++) {
        fails(claude_call_next(call, i - 1, &event, &err), CLAUDE_E_CANCELED, &err);
        fails(claude_call_wait(call, i - 1, &err), CLAUDE_E_CANCELED, &err);
        fails(claude_call_result(call, &response, &err), CLAUDE_E_CANCELED, &err);
    }
    assert_null(event);
    assert_null(response);
}

/* Starts a call, waits in `next` or `wait`, and is cancelled from another thread meanwhile. */
static void cancel_while_waiting(claude_client_t *client, claude_request_t *request, uint32_t flags, bool in_next,
                                 uint64_t requests)
{
    const claude_event_t *event = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    struct canceller canceller = {.requests = requests, .delay_ms = 20};
    int64_t started = now_ms();
    pthread_t thread;
    claude_code_t rc;

    succeeds(claude_client_start(client, request, flags, &call, &err), err);
    canceller.call = call;
    canceller.client = (flags & CLAUDE_STREAM) && requests > 0 ? client : NULL;
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, &canceller), 0);
    do
        rc = in_next ? claude_call_next(call, STALL_MS, &event, &err) : claude_call_wait(call, -1, &err);
    while (rc == 1);
    assert_true(now_ms() - started < SOON_MS);
    pthread_join(thread, NULL);
    assert_int_equal(claude_error_is_retryable(err), 0);
    if (flags & CLAUDE_STREAM)
        assert_true(claude_error_response(err) ? claude_error_http_status(err) == 200 : requests == 0);
    fails(rc, CLAUDE_E_CANCELED, &err);
    event = NULL;
    check_cancelled(call);
    claude_call_unref(call);
}

static void cancels_a_stream(void **state)
{
    claude_client_t *client = client_with("metrics.enabled", "true", NULL);
    claude_request_t *request = hello();

    (void)state;
    script("{'events':[" OPENING ",{'do':'stall'}]}");
    cancel_while_waiting(client, request, CLAUDE_STREAM, true, 1);
    cancel_while_waiting(client, request, CLAUDE_STREAM, false, 2);
    /* The client is none the worse for it. */
    script("{'body_json':{'type':'message','content':[]}}");
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    claude_client_unref(client);
}

static void cancels_a_plain_call(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    script("{'delay_ms':60000,'body':''}");
    cancel_while_waiting(client, request, 0, true, 1);
    cancel_while_waiting(client, request, 0, false, 2);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void cancels_a_connection_attempt(void **state)
{
    struct deaf deaf;
    claude_client_t *client;
    claude_request_t *request = hello();

    (void)state;
    deaf_open(&deaf);
    client = client_with("base_url", deaf.url, NULL);
    cancel_while_waiting(client, request, CLAUDE_STREAM, true, 0);
    cancel_while_waiting(client, request, 0, false, 0);
    claude_request_unref(request);
    claude_client_unref(client);
    deaf_close(&deaf);
}

static int32_t count_signs(claude_sign_t *sign, void *user_data)
{
    (void)sign;
    ++*(int *)user_data;
    return 0;
}

static void cancels_before_anybody_waits(void **state)
{
    claude_config_t *config = new_config();
    claude_client_t *clients[2] = {new_client(), NULL};
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    int signs = 0;

    (void)state;
    succeeds(claude_config_on_sign(config, count_signs, &signs, NULL, &err), err);
    clients[1] = client_of(config);
    for (size_t i = 0; i < 4; i++) {
        const claude_event_t *event = NULL;
        claude_call_t *call = start_stream(clients[i / 2], request);
        claude_call_cancel(call);
        assert_int_equal(claude_call_state(call), CLAUDE_CALL_RUNNING);
        if (i % 2)
            fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_CANCELED, &err);
        else
            fails(claude_call_wait(call, 0, &err), CLAUDE_E_CANCELED, &err);
        check_cancelled(call);
        claude_call_unref(call);
    }
    /* With a hook nothing had begun. */
    assert_int_equal(signs, 0);
    claude_request_unref(request);
    claude_client_unref(clients[1]);
    claude_client_unref(clients[0]);
}

/* Events that had arrived are not handed out any more. */
static void cancels_between_events(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;

    (void)state;
    script("{'events':[" OPENING "," CLOSING "]}");
    call = start_stream(client, request);
    assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
    claude_call_cancel(call);
    event = NULL;
    assert_int_equal(claude_call_next(call, -1, &event, &err), CLAUDE_E_CANCELED);
    assert_string_equal(claude_response_id(claude_error_response(err)), "msg_1");
    fails(CLAUDE_E_CANCELED, CLAUDE_E_CANCELED, &err);
    check_cancelled(call);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* Letting go of a running call ends it at once. */
static void lets_go_of_running_calls(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    int64_t started = now_ms();

    (void)state;
    script("{'events':[" OPENING ",{'do':'stall'}]}");
    for (int i = 0; i < 6; i++) {
        claude_call_t *call = start_stream(client, request);
        if (i % 3 > 0)
            assert_int_equal(claude_call_next(call, -1, &event, &err), 1);
        if (i % 3 > 1)
            claude_call_cancel(call);
        claude_call_unref(call);
    }
    assert_true(now_ms() - started < SOON_MS);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(ends_a_connection_attempt),
        TEST(ends_the_wait_for_the_first_byte),
        TEST(ends_a_silent_stream),
        TEST(ends_an_answer_that_takes_too_long),
        TEST(is_patient_with_bytes_that_keep_coming),
        TEST(takes_a_request_s_own_deadlines),
        TEST(goes_on_after_a_deadline),
        TEST(does_not_punish_a_busy_program),
        TEST(does_not_punish_a_late_first_wait),
        TEST(does_not_punish_a_late_first_wait_for_a_proxy),
        TEST(returns_in_time_with_a_slow_callback),
        TEST(returns_without_ending_the_call),
        TEST(cancels_a_stream),
        TEST(cancels_a_plain_call),
        TEST(cancels_a_connection_attempt),
        TEST(cancels_before_anybody_waits),
        TEST(cancels_between_events),
        TEST(lets_go_of_running_calls),
    };

    return RUN_WITH_SERVER(tests);
}
