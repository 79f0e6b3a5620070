/*
 * The circuit breaker around calls: what opens it and what does not, what an open one lets through, who may probe, and
 * what becomes of a probe that never ends.
 */
#include "ways.h"

#include <pthread.h>
#include <stdatomic.h>

#define BREAKER CLAUDE_WITH_CIRCUIT_BREAKER
#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[]}}"
#define BUSY "{'status':529,'body':''}"
#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m',"         \
    "'content':[],'usage':{'input_tokens':12,'output_tokens':1}}}}"
/* The beginning of a stream, and then nothing. */
#define HELD "{'events':[" START ",{'do':'stall'}]}"

enum { PATIENCE_MS = 60000 };

/* A breaker that can be looked at, of a client's. */
struct scene {
    claude_breaker_t *breaker;
    claude_client_t *client;
    claude_request_t *request;
};

static claude_breaker_t *breaker_of(const char *threshold, const char *open_ms)
{
    claude_config_t *config = new_config();
    claude_breaker_t *breaker = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "breaker.failure_threshold", threshold, &err), err);
    succeeds(claude_config_set(config, "breaker.open_ms", open_ms, &err), err);
    succeeds(claude_breaker_new(config, &breaker, &err), err);
    claude_config_unref(config);
    return breaker;
}

static claude_client_t *client_behind(claude_breaker_t *breaker)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set_breaker(config, breaker, &err), err);
    succeeds(claude_config_set(config, "retry.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "retry.initial_delay_ms", "0", &err), err);
    succeeds(claude_config_set(config, "limit.message_bytes", "65536", &err), err);
    return client_of(config);
}

static struct scene scene_of(const char *threshold, const char *open_ms)
{
    struct scene s = {.breaker = breaker_of(threshold, open_ms), .request = hello()};

    s.client = client_behind(s.breaker);
    return s;
}

static void close_scene(struct scene *s)
{
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    claude_breaker_unref(s->breaker);
}

static void make_half_open(claude_breaker_t *breaker)
{
    claude_breaker_open(breaker, 1);
    while (claude_breaker_state(breaker) == CLAUDE_BREAKER_OPEN)
        ;
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_HALF_OPEN);
}

static void is_refused_by(enum way way, struct scene *s, int32_t state)
{
    struct outcome o = run(way, s->client, s->request, BREAKER);

    assert_int_equal(o.wire, 0);
    assert_string_equal(claude_error_feature(o.err), "circuit-breaker");
    assert_in_range(claude_error_retry_after_ms(o.err), 1, 600000);
    assert_int_equal(claude_report_breaker_state(o.report), state);
    ends_with(o, CLAUDE_E_CIRCUIT_OPEN, 0, "circuit-breaker");
}

static void is_refused(enum way way, struct scene *s)
{
    is_refused_by(way, s, CLAUDE_BREAKER_OPEN);
}

static void failures_open_it(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
    } rows[] = {
        {BUSY, CLAUDE_E_OVERLOADED},
        {"{'status':500,'body':''}", CLAUDE_E_SERVER},
        {"{'status':504,'body':''}", CLAUDE_E_API_TIMEOUT},
        {"{'close_without_reply':'rst'}", CLAUDE_E_CLOSED},
        {"{'headers':[['content-type','text/html']],'body':'<html>'}", CLAUDE_E_PROTOCOL},
        {"{'status':200,'error':{'type':'overloaded_error','message':'Busy'}}", CLAUDE_E_OVERLOADED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct scene s = scene_of("3", "60000");
            for (int n = 1; n <= 3; n++) {
                struct outcome o;
                script(rows[i].reply);
                o = run(way, s.client, s.request, BREAKER);
                assert_int_equal(claude_report_breaker_state(o.report),
                                 n < 3 ? CLAUDE_BREAKER_CLOSED : CLAUDE_BREAKER_OPEN);
                ends_with(o, rows[i].code, 1, "");
            }
            is_refused(way, &s);
            script(GOOD);
            ends_with(run(way, s.client, s.request, 0), CLAUDE_OK, 1, ""); /* one that does not ask for it */
            is_refused(way, &s);
            claude_breaker_close(s.breaker);
            ends_with(run(way, s.client, s.request, BREAKER), CLAUDE_OK, 1, "");
            close_scene(&s);
        }
    }
}

static int32_t refuse(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    (void)event;
    (void)user_data;
    return -7;
}

/* What is wrong with the request, or happens on this side, is no failure, and a success makes failures forgotten. */
static void other_things_do_not_open_it(void **state)
{
    static const char *const replies[] = {
        "{'status':400,'body':''}", "{'status':401,'body':''}", "{'status':404,'body':''}",
        "{'status':413,'body':''}", "{'status':429,'body':''}", "{'body_repeat':{'chunk':'0123456789','count':10000}}",
    };
    struct scene s = scene_of("1", "60000");
    claude_request_t *stream = hello_stream();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct outcome o;
            script(replies[i]);
            o = run(way, s.client, s.request, BREAKER);
            assert_true(o.rc < 0);
            assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
            outcome_free(&o);
        }
    }
    script(HELD);
    succeeds(claude_client_start(s.client, stream, BREAKER, &call, &err), err);
    claude_call_cancel(call);
    fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
    claude_call_unref(call);
    succeeds(claude_client_start(s.client, stream, BREAKER, &call, &err), err);
    claude_call_unref(call);
    succeeds(claude_request_on_event(stream, refuse, NULL, NULL, &err), err);
    ends_with(run(WAY_EXECUTE, s.client, stream, 0), CLAUDE_E_CALLBACK, 1, "");
    ends_with(run(WAY_WAIT, s.client, stream, BREAKER), CLAUDE_E_CALLBACK, 1, "");
    assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_CLOSED);
    assert_int_equal(claude_breaker_counter(s.breaker, "failures"), 0);
    claude_request_unref(stream);
    close_scene(&s);
}

/* A stream that is in good health, and for which the program has no more time. */
static void the_programs_own_clock_does_not_open_it(void **state)
{
    struct scene s = scene_of("1", "60000");
    claude_request_t *stream = hello_stream();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_option(stream, "timeout.stream_total_ms", "150", &err), err);
    script("{'events':[" START ",{'hold_ms':-1,'ping_interval_ms':10}]}");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, s.client, stream, BREAKER);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        outcome_free(&o);
        script("{'events':[" START ",{'do':'stall'}]}");
        o = run(way, s.client, stream, BREAKER);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        ends_with(o, CLAUDE_E_TIMEOUT, 1, "committed");
        script("{'events':[" START ",{'hold_ms':-1,'ping_interval_ms':10}]}");
    }
    assert_int_equal(claude_breaker_counter(s.breaker, "failures"), 0);
    /* One that says nothing at all is another matter. */
    script("{'faults':[{'at':0,'do':'stall'}]}");
    ends_with(run(WAY_NEXT, s.client, stream, BREAKER), CLAUDE_E_TIMEOUT, 1, "");
    assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_OPEN);
    claude_request_unref(stream);
    close_scene(&s);
}

/* ---- probes ---- */

enum { THREADS = 64 };

struct crowd {
    struct scene *s;
    pthread_barrier_t barrier;
    _Atomic int ok;
    _Atomic int refused;
};

static void *come_together(void *arg)
{
    struct crowd *c = arg;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    pthread_barrier_wait(&c->barrier);
    rc = claude_client_execute_with_circuit_breaker(c->s->client, c->s->request, &response, &err);
    atomic_fetch_add(&c->ok, rc == CLAUDE_OK);
    atomic_fetch_add(&c->refused, rc == CLAUDE_E_CIRCUIT_OPEN && claude_error_retry_after_ms(err) > 0);
    claude_response_unref(response);
    claude_error_unref(err);
    return NULL;
}

static void one_of_many_probes(void **state)
{
    struct scene s = scene_of("1", "60000");
    struct crowd c = {.s = &s};
    pthread_t threads[THREADS];

    (void)state;
    script("{'delay_ms':500,'body_json':{'type':'message','content':[]}}");
    make_half_open(s.breaker);
    assert_int_equal(pthread_barrier_init(&c.barrier, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_together, &c), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&c.barrier);
    /* Who came so late that the probe had ended found a closed breaker. */
    assert_int_equal(claude_breaker_counter(s.breaker, "probes"), 1);
    assert_int_equal(requests_seen(), c.ok);
    assert_int_equal(c.ok + c.refused, THREADS);
    assert_in_range(c.ok, 1, 8);
    assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_CLOSED);
    close_scene(&s);
}

static void a_probe_decides(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of("1", "60000");
        struct outcome o;
        make_half_open(s.breaker);
        script(BUSY);
        o = run(way, s.client, s.request, BREAKER);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_OPEN);
        ends_with(o, CLAUDE_E_OVERLOADED, 1, "");
        is_refused(way, &s);
        make_half_open(s.breaker);
        script("{'status':400,'body':''}"); /* says nothing, but is no probe any more */
        o = run(way, s.client, s.request, BREAKER);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_HALF_OPEN);
        ends_with(o, CLAUDE_E_BAD_REQUEST, 1, "");
        script(GOOD);
        o = run(way, s.client, s.request, BREAKER);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        ends_with(o, CLAUDE_OK, 1, "");
        close_scene(&s);
    }
}

/* Cancelled, let go of, or gone with its loop: the next one may probe. */
static void a_probe_that_ends_early_makes_room(void **state)
{
    struct scene s = scene_of("1", "60000");
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    for (int how = 0; how < 3; how++) {
        script("{'faults':[{'at':0,'do':'stall'}]}");
        make_half_open(s.breaker);
        if (how == 2) {
            succeeds(claude_loop_new(s.client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, s.request, BREAKER, 1, &call, &err), err);
        } else {
            succeeds(claude_client_start(s.client, s.request, BREAKER, &call, &err), err);
        }
        is_refused_by(WAY_EXECUTE, &s, CLAUDE_BREAKER_HALF_OPEN);
        if (how == 0) {
            claude_call_cancel(call);
            fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
        } else if (how == 1) {
            claude_call_unref(call);
            call = NULL;
        } else {
            claude_loop_unref(loop);
        }
        assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_HALF_OPEN);
        script(GOOD);
        ends_with(run(WAY_NEXT, s.client, s.request, BREAKER), CLAUDE_OK, 1, "");
        assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_CLOSED);
        claude_call_unref(call);
        call = NULL;
    }
    close_scene(&s);
}

static void cancels(claude_attempt_t *attempt, void *user_data)
{
    (void)user_data;
    if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_ENDS)
        claude_call_cancel(claude_attempt_call(attempt));
}

/* A compressed body that was refused is sent again with the permit of its attempt: where that is not made any more, the
 * next call may probe, although the program keeps the one that failed. */
static void a_probe_that_is_not_sent_again_makes_room(void **state)
{
    claude_breaker_t *breaker = breaker_of("1", "60000");
    claude_config_t *config = new_config();
    claude_quota_t *quota = NULL;
    struct scene s = {.breaker = breaker, .client = client_behind(breaker), .request = hello()};
    claude_client_t *client;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set_breaker(config, breaker, &err), err);
    succeeds(claude_config_set(config, "compression.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "compression.min_size", "1", &err), err);
    succeeds(claude_config_on_attempt(config, cancels, NULL, NULL, &err), err);
    succeeds(claude_quota_new(NULL, &quota, &err), err);
    succeeds(claude_config_set_quota(config, quota, &err), err);
    client = client_of(config);
    for (int i = 0; i < 100; i++)
        succeeds(claude_request_add_user_text(s.request, "Much the same.", CLAUDE_NTS, &err), err);
    make_half_open(breaker);
    script("{'sequence':[{'status':415,'body':''}," GOOD "]}");
    succeeds(claude_client_start(client, s.request, BREAKER | CLAUDE_WITH_QUOTA, &call, &err), err);
    fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
    assert_int_equal(requests_seen(), 1);
    assert_int_equal(claude_quota_usage(quota, NULL, "total_requests"), 1);
    claude_quota_unref(quota);
    ends_with(run(WAY_NEXT, s.client, s.request, BREAKER), CLAUDE_OK, 1, "");
    assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
    claude_call_unref(call);
    claude_client_unref(client);
    close_scene(&s);
}

/* Streams may last for minutes: their first event is proof enough. */
static void a_stream_closes_it_with_its_first_event(void **state)
{
    static const struct {
        const char *endpoint;
        const char *param;
        const char *reply;
    } kinds[] = {
        {NULL, NULL, HELD},
        {"messages.batches.results", "message_batch_id",
         "{'headers':[['content-type','application/x-jsonl']],'body':'{1}\\n{2}\\n','faults':[{'at_body':4,'do':"
         "'stall'}]}"},
        {"files.download", "file_id",
         "{'headers':[['content-type','application/octet-stream']],'body':'12345678','faults':[{'at_body':4,'do':"
         "'stall'}]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct scene s = scene_of("1", "60000");
        claude_request_t *request = kinds[i].endpoint ? NULL : hello_stream();
        const claude_event_t *event = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        if (kinds[i].endpoint) {
            succeeds(claude_request_new(kinds[i].endpoint, &request, &err), err);
            succeeds(claude_request_set_path(request, kinds[i].param, "x_1", &err), err);
        }
        script(kinds[i].reply);
        make_half_open(s.breaker);
        succeeds(claude_client_start(s.client, request, BREAKER | CLAUDE_STREAM, &call, &err), err);
        assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_HALF_OPEN);
        assert_int_equal(claude_call_next(call, PATIENCE_MS, &event, &err), 1);
        assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_CLOSED);
        claude_call_cancel(call);
        fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
        assert_int_equal(claude_breaker_state(s.breaker), CLAUDE_BREAKER_CLOSED);
        claude_call_unref(call);
        claude_request_unref(request);
        close_scene(&s);
    }
}

/* ---- with others ---- */

static void clients_share_one(void **state)
{
    struct scene s = scene_of("2", "60000");
    struct scene other = {.breaker = s.breaker, .client = client_behind(s.breaker), .request = s.request};

    (void)state;
    script(BUSY);
    ends_with(run(WAY_EXECUTE, s.client, s.request, BREAKER), CLAUDE_E_OVERLOADED, 1, "");
    ends_with(run(WAY_EXECUTE, other.client, s.request, BREAKER), CLAUDE_E_OVERLOADED, 1, "");
    is_refused(WAY_EXECUTE, &s);
    is_refused(WAY_EDGE, &other);
    claude_client_unref(other.client);
    close_scene(&s);
}

/* The breaker is inside of the retries: each attempt counts, and one that is refused ends the call. */
static void retries_run_into_it(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of("2", "60000");
        const claude_error_t *cause;
        struct outcome o;
        script(BUSY);
        o = run(way, s.client, s.request, BREAKER | CLAUDE_WITH_RETRIES);
        assert_int_equal(o.wire, 2);
        assert_string_equal(claude_error_feature(o.err), "circuit-breaker");
        cause = claude_error_cause(o.err);
        assert_non_null(cause);
        assert_int_equal(claude_error_code(cause), CLAUDE_E_OVERLOADED);
        assert_int_equal(claude_error_http_status(cause), 529);
        assert_int_equal(claude_report_retries(o.report), 1);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_OPEN);
        ends_with(o, CLAUDE_E_CIRCUIT_OPEN, 2, "circuit-breaker");
        close_scene(&s);
    }
}

static void one_of_the_clients_own_works_as_well(void **state)
{
    claude_client_t *client = client_with("breaker.enabled", "true", "breaker.failure_threshold", "2",
                                          "breaker.open_ms", "30", "metrics.enabled", "true", NULL);
    claude_request_t *request = hello();
    struct outcome o;
    int64_t left;

    (void)state;
    script(BUSY);
    ends_with(run(WAY_EXECUTE, client, request, BREAKER), CLAUDE_E_OVERLOADED, 1, "");
    ends_with(run(WAY_EXECUTE, client, request, BREAKER), CLAUDE_E_OVERLOADED, 1, "");
    assert_int_equal(metric(client, "breaker_opened"), 1);
    script(GOOD);
    do {
        o = run(WAY_EXECUTE, client, request, BREAKER);
        left = o.err ? claude_error_retry_after_ms(o.err) : 0;
        assert_in_range(left, 0, 30);
        assert_true(o.rc == CLAUDE_OK || o.rc == CLAUDE_E_CIRCUIT_OPEN);
        outcome_free(&o);
    } while (left > 0);
    ends_with(run(WAY_EXECUTE, client, request, BREAKER), CLAUDE_OK, 1, "");
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failures_open_it),
        TEST(other_things_do_not_open_it),
        TEST(the_programs_own_clock_does_not_open_it),
        TEST(one_of_many_probes),
        TEST(a_probe_decides),
        TEST(a_probe_that_ends_early_makes_room),
        TEST(a_probe_that_is_not_sent_again_makes_room),
        TEST(a_stream_closes_it_with_its_first_event),
        TEST(clients_share_one),
        TEST(retries_run_into_it),
        TEST(one_of_the_clients_own_works_as_well),
    };

    return RUN_WITH_SERVERS(tests);
}
