/*
 * All features of a client at once: what each of them adds to a call, who may ask for them, what the observer and the
 * metrics say; and many threads, with servers that do everything wrong.
 */
#include "ways.h"

#include <pthread.h>
#include <stdatomic.h>

#define ALL CLAUDE_WITH_ENTERPRISE_FEATURES
#define EACH (CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER | CLAUDE_WITH_RATE_LIMITING | CLAUDE_WITH_FAILOVER)
#define GOOD                                                                                                           \
    "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[],'usage':{'input_tokens':3,"           \
    "'output_tokens':4}}}"
#define BUSY "{'status':529,'body':''}"

static void add_endpoints(claude_config_t *config, size_t others)
{
    claude_failover_t *failover = NULL;
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(server), 1, NULL, NULL, &err), err);
    succeeds(claude_secret_new("sk-ant-api03-OTHER-of-the-others", CLAUDE_NTS, &secret, &err), err);
    for (size_t i = 0; i < others; i++)
        succeeds(claude_failover_add_endpoint(failover, sandbox_url(other_server(i)), 2, secret, NULL, &err), err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    claude_secret_unref(secret);
    claude_failover_unref(failover);
}

static claude_config_t *config_of_all(void)
{
    static const char *const options[][2] = {
        {"retry.enabled", "true"},   {"retry.initial_delay_ms", "2"},           {"retry.budget", "0"},
        {"breaker.enabled", "true"}, {"breaker.failure_threshold", "4"},        {"breaker.open_ms", "60000"},
        {"limiter.enabled", "true"}, {"limiter.requests_per_second", "100000"}, {"limiter.burst", "100000"},
        {"metrics.enabled", "true"}, {"failover.unhealthy_after", "1000000"},
    };
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    for (size_t i = 0; i < COUNT_OF(options); i++)
        succeeds(claude_config_set(config, options[i][0], options[i][1], &err), err);
    return config;
}

/* ---- asking ---- */

static void each_feature_has_to_be_enabled(void **state)
{
    static const struct {
        uint32_t flag;
        const char *option;
    } rows[] = {{CLAUDE_WITH_RETRIES, "retry.enabled"},
                {CLAUDE_WITH_CIRCUIT_BREAKER, "breaker.enabled"},
                {CLAUDE_WITH_RATE_LIMITING, "limiter.enabled"},
                {CLAUDE_WITH_FAILOVER, "failover.enabled"},
                {ALL, "retry.enabled"}};
    claude_client_t *client = new_client();
    claude_request_t *request = hello();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_response_t *response = NULL;
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        assert_int_equal(claude_client_start(client, request, rows[i].flag, &call, &err), CLAUDE_E_INVALID);
        assert_contains(claude_error_message(err), rows[i].option);
        claude_error_unref(err);
        err = NULL;
        succeeds(claude_loop_new(client, &loop, &err), err);
        fails(claude_loop_submit(loop, request, rows[i].flag | CLAUDE_STREAM, 1, &call, &err), CLAUDE_E_INVALID, &err);
        assert_int_equal(claude_loop_count(loop), 0);
        claude_loop_unref(loop);
        if (rows[i].flag == ALL)
            fails(claude_client_execute_with_enterprise_features(client, request, &response, &err), CLAUDE_E_INVALID,
                  &err);
        fails(claude_client_start(client, request, 1u << 30, &call, &err), CLAUDE_E_INVALID, &err);
        assert_null(call);
    }
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void all_means_those_that_are_enabled(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "breaker.enabled", "true", NULL);
    claude_request_t *request = hello();

    (void)state;
    script(GOOD);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, ALL);
        assert_int_equal(claude_report_features(o.report), CLAUDE_WITH_RETRIES | CLAUDE_WITH_CIRCUIT_BREAKER);
        ends_with(o, CLAUDE_OK, 1, "");
        o = run(way, client, request, CLAUDE_WITH_RETRIES);
        assert_int_equal(claude_report_features(o.report), CLAUDE_WITH_RETRIES);
        assert_int_equal(claude_report_breaker_state(o.report), 0);
        ends_with(o, CLAUDE_OK, 1, "");
        o = run(way, client, request, 0);
        assert_int_equal(claude_report_features(o.report), 0);
        ends_with(o, CLAUDE_OK, 1, "");
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void all_at_once(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_config_t *config = config_of_all();
        claude_request_t *request = hello();
        claude_client_t *client;
        struct outcome o;
        add_endpoints(config, 1);
        client = client_of(config);
        script("{'sequence':[" BUSY "," BUSY "," GOOD "]}");
        script_at(other_server(0), BUSY);
        o = run(way, client, request, ALL);
        assert_int_equal(claude_report_features(o.report), EACH);
        assert_int_equal(claude_report_retries(o.report), 2);
        assert_int_equal(claude_report_endpoint_index(o.report), 0);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        ends_with(o, CLAUDE_OK, 5, "");
        /* Each attempt counts for its breaker, so that the second server's opens in the middle of the next call, and
         * then it goes on where it may. */
        script("{'sequence':[" BUSY "," BUSY "," BUSY "," GOOD "]}");
        o = run(way, client, request, ALL);
        assert_int_equal(sandbox_request_count(other_server(0)), 4);
        ends_with(o, CLAUDE_OK, 6, "");
        assert_int_equal(metric(client, "breaker_opened"), 1);
        assert_int_equal(metric(client, "attempts"), 11);
        assert_int_equal(metric(client, "wire_requests"), 11);
        assert_int_equal(metric(client, "retries"), 5);
        assert_int_equal(metric(client, "calls"), 2);
        assert_int_equal(metric(client, "calls_failed"), 0);
        assert_int_equal(metric(client, "input_tokens"), 6);
        assert_int_equal(metric(client, "output_tokens"), 8);
        claude_client_unref(client);
        claude_request_unref(request);
        assert_int_equal(reset_servers(NULL), 0);
    }
}

/* Nothing more was sent: the error is ours, and what had failed before is its cause. */
static void a_refusal_has_a_cause(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_client_t *client =
            client_with("retry.enabled", "true", "retry.initial_delay_ms", "1", "limiter.enabled", "true",
                        "limiter.requests_per_second", "0.001", "limiter.burst", "2", "limiter.max_wait_ms", "0", NULL);
        claude_request_t *request = hello();
        struct outcome o;
        script(BUSY);
        o = run(way, client, request, ALL);
        assert_string_equal(claude_error_feature(o.err), "rate-limiting");
        assert_int_equal(claude_error_http_status(o.err), 0);
        assert_non_null(claude_error_cause(o.err));
        assert_int_equal(claude_error_code(claude_error_cause(o.err)), CLAUDE_E_OVERLOADED);
        assert_int_equal(claude_report_retries(o.report), 1);
        ends_with(o, CLAUDE_E_THROTTLED, 2, "rate-limiting");
        claude_request_unref(request);
        claude_client_unref(client);
    }
}

/* ---- the observer ---- */

struct watch {
    int starts;
    int ends;
    int running;
    claude_call_t *cancel; /* when the second attempt starts, or the first ends */
    int32_t phase;
    bool unref;
    int64_t last_backoff;
    int32_t numbers;
};

static void watch_attempt(claude_attempt_t *attempt, void *user_data)
{
    struct watch *w = user_data;
    bool starts = claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS;

    w->starts += starts;
    w->ends += !starts;
    w->running += starts ? 1 : -1;
    assert_in_range(w->running, 0, 1);
    assert_int_equal(claude_attempt_number(attempt), w->starts);
    assert_string_equal(claude_attempt_endpoint_name(attempt), "messages.create");
    assert_string_equal(claude_attempt_model(attempt), "claude-opus-5");
    assert_null(claude_attempt_header(attempt, "x-api-key"));
    if (!starts && claude_attempt_number(attempt) > 1)
        assert_int_equal(claude_attempt_backoff_ms(attempt), 3);
    if (w->cancel && claude_attempt_phase(attempt) == w->phase && (w->starts == 2 || !starts)) {
        claude_call_t *call = w->cancel;
        w->cancel = NULL;
        if (w->unref)
            claude_call_unref(call);
        else
            claude_call_cancel(call);
    }
}

static claude_client_t *watched(struct watch *w)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "retry.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "retry.initial_delay_ms", "3", &err), err);
    succeeds(claude_config_set(config, "retry.multiplier", "1", &err), err);
    succeeds(claude_config_set(config, "retry.jitter", "0", &err), err);
    succeeds(claude_config_on_attempt(config, watch_attempt, w, NULL, &err), err);
    return client_of(config);
}

static void the_observer_hears_of_each_attempt(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct watch w = {0};
            claude_client_t *client = watched(&w);
            claude_request_t *request = stream ? hello_stream() : hello();
            script("{'sequence':[" BUSY ",{'close_without_reply':'fin'},{'status':500,'body':''},{'status':401,'body':"
                   "''}]}");
            ends_with(run(way, client, request, CLAUDE_WITH_RETRIES), CLAUDE_E_AUTH, 4, "not_retryable");
            assert_int_equal(w.starts, 4);
            assert_int_equal(w.ends, 4);
            claude_request_unref(request);
            claude_client_unref(client);
        }
    }
}

/* Cancelling and letting go are allowed everywhere, here too. */
static void the_observer_may_end_the_call(void **state)
{
    static const int32_t phases[] = {CLAUDE_ATTEMPT_STARTS, CLAUDE_ATTEMPT_ENDS};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct watch w = {.phase = phases[i & 1], .unref = (i & 2) != 0};
        claude_client_t *client = watched(&w);
        claude_request_t *request = i & 4 ? hello_stream() : hello();
        const claude_event_t *event = NULL;
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        uint64_t tag = 0;
        script("{'sequence':[" BUSY "," BUSY ",{'faults':[{'at':0,'do':'stall'}]}]}");
        succeeds(claude_client_start(client, request, CLAUDE_WITH_RETRIES, &call, &err), err);
        w.cancel = call;
        while (claude_call_next(call, 1000, &event, &err) == 0)
            ;
        fails(claude_error_code(err), CLAUDE_E_CANCELED, &err);
        assert_int_equal(w.starts, w.ends);
        assert_int_equal(w.starts, i & 1 ? 1 : 2);
        if (!w.unref)
            claude_call_unref(call);
        /* In a loop, where the end of what was let go of is not told. */
        w = (struct watch){.phase = phases[i & 1], .unref = (i & 2) != 0};
        script("{'sequence':[" BUSY "," BUSY ",{'faults':[{'at':0,'do':'stall'}]}]}");
        succeeds(claude_loop_new(client, &loop, &err), err);
        succeeds(claude_loop_submit(loop, request, CLAUDE_WITH_RETRIES, 9, &call, &err), err);
        w.cancel = call;
        while (claude_loop_count(loop) > 0) {
            claude_code_t rc;
            succeeds(claude_loop_wait(loop, 1000, &err), err);
            while ((rc = claude_loop_next(loop, &tag, &event, &err)) != 0)
                assert_int_equal(w.unref, false);
        }
        assert_int_equal(w.starts, w.ends);
        if (!w.unref)
            claude_call_unref(call);
        claude_loop_unref(loop);
        claude_request_unref(request);
        claude_client_unref(client);
    }
}

/* A stream that breaks in the middle ends in a function that only looks at what is there already. */
static void the_observer_may_let_go_of_a_stream_that_breaks(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct watch w = {.phase = CLAUDE_ATTEMPT_ENDS, .unref = true};
        claude_client_t *client = watched(&w);
        claude_request_t *request = hello_stream();
        const claude_event_t *event = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc;
        script(
            "{'events':[{'data':{'type':'message_start','message':{'id':'m','type':'message','role':'assistant',"
            "'model':'m','content':[],'usage':{}}}},{'data':{'type':'error','error':{'type':'overloaded_error'}}}]}");
        succeeds(
            claude_client_start(client, request, i ? CLAUDE_WITH_RETRIES | CLAUDE_STREAM : CLAUDE_STREAM, &call, &err),
            err);
        w.cancel = call;
        while ((rc = claude_call_next(call, 1000, &event, &err)) == 1 || rc == 0)
            ;
        fails(rc, CLAUDE_E_OVERLOADED, &err);
        assert_int_equal(w.ends, 1);
        claude_request_unref(request);
        claude_client_unref(client);
    }
}

/* ---- many ---- */

enum { THREADS = 64, CALLS = 25 };

struct many {
    claude_client_t *client;
    _Atomic uint32_t number;
    _Atomic int64_t wire;
    _Atomic int64_t attempts;
    _Atomic int64_t calls;
    _Atomic int64_t good;
    _Atomic int64_t canceled;
    _Atomic int64_t wrong;
};

static const char *const faults[] = {
    "{'status':529,'body':''}",
    "{'close_without_reply':'rst'}",
    "{'close_without_reply':'fin'}",
    "{'status':500,'headers':[['retry-after-ms','2']],'body':''}",
    "{'status':400,'body':''}",
    "{'body_json':{'type':'message','content':[]},'faults':[{'at_body':7,'do':'rst'}]}",
    "{'events':[{'data':{'type':'error','error':{'type':'overloaded_error'}}}],'body':'{}'}",
    "{'delay_ms':3,'status':503,'body':''}",
};

static claude_request_t *random_request(struct many *m, uint32_t *random)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    *random = atomic_fetch_add(&m->number, 1) * 2654435761u;
    (void)claude_request_new("messages.create", &request, &err);
    (void)claude_request_set_model(request, "m", &err);
    (void)claude_request_set_max_tokens(request, 10, &err);
    (void)claude_request_add_user_text(request, "Hello", CLAUDE_NTS, &err);
    if (*random & 64)
        (void)claude_request_set_stream(request, 1, &err);
    claude_error_unref(err);
    return request;
}

static void tally(struct many *m, claude_call_t *call)
{
    claude_report_t *report = claude_call_report(call);

    atomic_fetch_add(&m->wire, claude_report_wire_attempts(report));
    atomic_fetch_add(&m->attempts, claude_report_attempts(report));
    atomic_fetch_add(&m->wrong, claude_report_wire_attempts(report) != claude_call_attempts(call));
    atomic_fetch_add(&m->good, claude_call_state(call) == CLAUDE_CALL_DONE);
    atomic_fetch_add(&m->canceled, claude_call_state(call) == CLAUDE_CALL_CANCELED);
    atomic_fetch_add(&m->calls, 1);
    claude_call_unref(call);
}

static void one_call(struct many *m)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    uint32_t random = 0;
    claude_request_t *request = random_request(m, &random);
    claude_code_t rc = claude_client_start(m->client, request, ALL, &call, &err);

    if (rc >= 0) {
        if ((random >> 8 & 15) == 0)
            claude_call_cancel(call);
        if ((random >> 12 & 1) == 0)
            rc = claude_call_wait(call, -1, &err);
        else
            rc = pull_all(call, 5, NULL, &err);
        atomic_fetch_add(&m->wrong, rc != CLAUDE_DONE && rc >= 0);
        tally(m, call);
    } else if (rc != CLAUDE_E_CIRCUIT_OPEN && rc != CLAUDE_E_THROTTLED) {
        atomic_fetch_add(&m->wrong, 1);
    } else {
        atomic_fetch_add(&m->calls, 1);
    }
    claude_error_unref(err);
    claude_request_unref(request);
}

/* Several in a loop, one of them cancelled in the middle. */
static void a_loop_of_calls(struct many *m)
{
    claude_call_t *calls[5] = {NULL};
    claude_loop_t *loop = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint32_t random = 0;
    uint64_t tag = 0;

    if (claude_loop_new(m->client, &loop, &err) < 0) {
        atomic_fetch_add(&m->wrong, 1);
        claude_error_unref(err);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        claude_request_t *request = random_request(m, &random);
        if (claude_loop_submit(loop, request, ALL, i, &calls[i], NULL) < 0)
            atomic_fetch_add(&m->calls, 1);
        claude_request_unref(request);
    }
    if (calls[3])
        claude_call_cancel(calls[3]);
    while (claude_loop_count(loop) > 0) {
        (void)claude_loop_wait(loop, 1000, NULL);
        while (claude_loop_next(loop, &tag, &event, NULL) != 0)
            ;
    }
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        if (calls[i])
            tally(m, calls[i]);
    }
    claude_loop_unref(loop);
}

static void *work(void *arg)
{
    size_t calls = sweep_step() > 1 ? CALLS / 5 : CALLS;

    for (size_t i = 0; i < calls; i++) {
        if (i % 5 == 4)
            a_loop_of_calls(arg);
        else
            one_call(arg);
    }
    return NULL;
}

/* Faults in turn, whoever asks. */
static void script_chaos(struct sandbox *sb)
{
    char *all = format(
        "{'sequence':[%s," GOOD ",%s," GOOD ",%s,%s," GOOD ",%s,%s," GOOD ",%s," GOOD ",%s," GOOD "," GOOD "," GOOD ","
        "%s," GOOD "," GOOD "]}",
        faults[0], faults[1], faults[2], faults[3], faults[4], faults[5], faults[6], faults[7], faults[0]);
    char *rest = format("{'sequence':[%.*s," GOOD ",%.*s]}", (int)(strlen(all) - 15), all + 13, (int)(strlen(all) - 15),
                        all + 13);

    for (int i = 0; i < 4; i++) {
        char *longer = format("{'sequence':[%.*s," GOOD ",%.*s]}", (int)(strlen(rest) - 15), rest + 13,
                              (int)(strlen(rest) - 15), rest + 13);
        free(rest);
        rest = longer;
    }
    script_at(sb, rest);
    free(rest);
    free(all);
}

static void threads_with_everything_and_everything_wrong(void **state)
{
    claude_config_t *config = config_of_all();
    struct many m = {.client = NULL};
    pthread_t threads[THREADS];
    claude_error_t *err = NULL;
    uint64_t before;
    int64_t seen;

    (void)state;
    succeeds(claude_config_set(config, "breaker.failure_threshold", "7", &err), err);
    succeeds(claude_config_set(config, "breaker.open_ms", "5", &err), err);
    succeeds(claude_config_set(config, "limiter.requests_per_second", "3000", &err), err);
    succeeds(claude_config_set(config, "limiter.burst", "20", &err), err);
    add_endpoints(config, 2);
    m.client = client_of(config);
    script_chaos(server);
    script_chaos(other_server(0));
    script_chaos(other_server(1));
    before = all_requests_seen();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &m), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    seen = (int64_t)(all_requests_seen() - before);
    assert_int_equal(m.wrong, 0);
    assert_int_equal(metric(m.client, "calls_running"), 0);
    assert_int_equal(metric(m.client, "calls"), m.calls);
    assert_int_equal(metric(m.client, "calls_canceled"), m.canceled);
    assert_int_equal(metric(m.client, "calls") - metric(m.client, "calls_failed") - m.canceled, m.good);
    assert_int_equal(metric(m.client, "wire_requests"), m.wire);
    assert_int_equal(metric(m.client, "attempts"), m.attempts);
    assert_true(m.wire >= seen);
    /* Cancelled ones may have been cut off before the server had read them, and connections break. */
    assert_true(seen >= m.wire - m.canceled - metric(m.client, "attempts") / 2);
    assert_true(m.good > m.calls / 2);
    claude_client_unref(m.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_SERVERS(each_feature_has_to_be_enabled),
        TEST_OF_SERVERS(all_means_those_that_are_enabled),
        TEST_OF_SERVERS(all_at_once),
        TEST_OF_SERVERS(a_refusal_has_a_cause),
        TEST_OF_SERVERS(the_observer_hears_of_each_attempt),
        TEST_OF_SERVERS(the_observer_may_end_the_call),
        TEST_OF_SERVERS(the_observer_may_let_go_of_a_stream_that_breaks),
        TEST_OF_SERVERS(threads_with_everything_and_everything_wrong),
    };

    return RUN_WITH_SERVERS(tests);
}
