/*
 * A call that waits for its next attempt: what ends the wait, whoever waits and however; that it is in nobody's way
 * afterwards; that one deadline is over everything.
 */
#include "ways.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[]}}"
#define BUSY "{'status':529,'body':''}"
#define SILENT "{'faults':[{'at':0,'do':'stall'}]}"

enum { PATIENCE_MS = 60000 };

/* What a call waits for, for longer than any test. */
enum reason { BACKOFF, TURN, REASONS };

struct scene {
    claude_client_t *client;
    claude_limiter_t *limiter;
    claude_request_t *request;
    uint32_t features;
};

static claude_limiter_t *slow_limiter(void)
{
    claude_config_t *config = new_config();
    claude_limiter_t *limiter = NULL;
    claude_reservation_t *first = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "limiter.requests_per_second", "0.001", &err), err);
    succeeds(claude_config_set(config, "limiter.burst", "1", &err), err);
    succeeds(claude_limiter_new(config, &limiter, &err), err);
    succeeds(claude_limiter_reserve(limiter, "messages", 0, 0, &first, &err), err);
    assert_int_equal(claude_reservation_wait_ms(first, &err), 0);
    claude_reservation_unref(first);
    claude_config_unref(config);
    return limiter;
}

static struct scene scene_of(enum reason reason)
{
    static const char *const options[][2] = {{"retry.enabled", "true"},
                                             {"retry.initial_delay_ms", "3600000"},
                                             {"retry.max_delay_ms", "3600000"},
                                             {"retry.jitter", "0"},
                                             {"timeout.total_ms", "0"},
                                             {"limiter.max_wait_ms", "86400000"},
                                             {"retry.max_server_delay_ms", "86400000"},
                                             {"metrics.enabled", "true"}};
    struct scene s = {.features = reason == TURN ? CLAUDE_WITH_RATE_LIMITING : CLAUDE_WITH_RETRIES};
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    for (size_t i = 0; i < COUNT_OF(options); i++)
        succeeds(claude_config_set(config, options[i][0], options[i][1], &err), err);
    if (reason == TURN) {
        s.limiter = slow_limiter();
        succeeds(claude_config_set_limiter(config, s.limiter, &err), err);
    }
    s.client = client_of(config);
    s.request = hello();
    script(BUSY);
    return s;
}

static void close_scene(struct scene *s)
{
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    claude_limiter_unref(s->limiter);
}

static claude_call_t *start(struct scene *s)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_client_start(s->client, s->request, s->features, &call, &err), err);
    return call;
}

/* Until it waits: nobody else knows of its first attempt. */
static void reach_wait(claude_call_t *call, enum reason reason)
{
    claude_error_t *err = NULL;
    int64_t start = now_ms();

    do {
        assert_int_equal(claude_call_wait(call, 1, &err), 0);
        assert_true(now_ms() - start < PATIENCE_MS);
    } while (reason == BACKOFF && claude_report_attempts(claude_call_report(call)) == 0);
}

static void check_left(struct scene *s)
{
    if (s->limiter)
        assert_int_equal(claude_limiter_queued(s->limiter), 0);
}

static void ended_by_cancel(claude_call_t *call, enum reason reason, struct scene *s)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_call_result(call, &response, &err);

    assert_int_equal(rc, CLAUDE_E_CANCELED);
    check_report(claude_error_report(err), __FILE__, __LINE__);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), reason == BACKOFF ? 1 : 0);
    assert_int_equal(claude_report_retries(claude_error_report(err)), 0);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_CANCELED);
    fails(rc, CLAUDE_E_CANCELED, &err);
    check_left(s); /* although the call is still held */
    assert_int_equal(metric(s->client, "retries"), 0);
    assert_int_equal(metric(s->client, "calls_canceled"), 1);
    assert_int_equal(metric(s->client, "calls_running"), 0);
}

/* ---- from another thread ---- */

struct later {
    claude_call_t *call;
    int64_t us;
    bool unref;
};

static void sleep_us(int64_t us)
{
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

    nanosleep(&time, NULL);
}

static void *cancel_later(void *arg)
{
    struct later *l = arg;

    sleep_us(l->us);
    if (l->unref)
        claude_call_unref(l->call);
    else
        claude_call_cancel(l->call);
    return NULL;
}

static pthread_t later(struct later *l)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_later, l), 0);
    return thread;
}

static void cancelling_ends_a_wait_in_a_thread(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        for (int way = 0; way < 2; way++) {
            struct scene s = scene_of(reason);
            claude_call_t *call = start(&s);
            struct later l = {.call = call, .us = 20000};
            const claude_event_t *event = NULL;
            claude_error_t *err = NULL;
            pthread_t thread;
            reach_wait(call, reason);
            thread = later(&l);
            if (way == 0)
                fails(claude_call_wait(call, -1, &err), CLAUDE_E_CANCELED, &err);
            else
                fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_CANCELED, &err);
            pthread_join(thread, NULL);
            ended_by_cancel(call, reason, &s);
            claude_call_unref(call);
            close_scene(&s);
        }
    }
}

static void cancelling_ends_a_wait_in_a_loop(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        for (int by_fd = 0; by_fd < 2; by_fd++) {
            struct scene s = scene_of(reason);
            const claude_event_t *event = NULL;
            claude_loop_t *loop = NULL;
            claude_call_t *call = NULL;
            claude_error_t *err = NULL;
            struct later l;
            pthread_t thread;
            uint64_t tag = 0;
            succeeds(claude_loop_new(s.client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, s.request, s.features, 5, &call, &err), err);
            while (reason == BACKOFF && claude_report_attempts(claude_call_report(call)) == 0) {
                succeeds(claude_loop_wait(loop, 10, &err), err);
                assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
            }
            l = (struct later){.call = call, .us = 20000};
            thread = later(&l);
            if (by_fd) {
                assert_int_equal(loop_until_end(loop), 5);
            } else {
                assert_int_equal(claude_loop_wait(loop, PATIENCE_MS, &err), 1);
                assert_int_equal(claude_loop_next(loop, &tag, &event, &err), CLAUDE_DONE);
                assert_int_equal(tag, 5);
            }
            pthread_join(thread, NULL);
            assert_int_equal(claude_loop_count(loop), 0);
            ended_by_cancel(call, reason, &s);
            claude_call_unref(call);
            claude_loop_unref(loop);
            close_scene(&s);
        }
    }
}

/* Whenever it comes: in an attempt, between two, while the next one begins. A server that falls silent in the end makes
 * a cancel that was not heard last for ever. */
static void cancelling_is_heard_whenever_it_comes(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "retry.initial_delay_ms", "1", "retry.max_retries",
                                          "10", "retry.budget", "0", "timeout.total_ms", "0", NULL);
    claude_request_t *request = hello();
    uint32_t chance = 12345;

    (void)state;
    script("{'sequence':[" BUSY "," BUSY "," SILENT "]}");
    for (size_t i = 0; i < 300; i += sweep_step()) {
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        struct later l;
        pthread_t thread;
        claude_response_t *response = NULL;
        script("{'sequence':[" BUSY "," BUSY "," SILENT "]}");
        chance = chance * 1103515245 + 12345;
        if (i % 2) {
            succeeds(claude_loop_new(client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, request, CLAUDE_WITH_RETRIES, 1, &call, &err), err);
        } else {
            succeeds(claude_client_start(client, request, CLAUDE_WITH_RETRIES, &call, &err), err);
        }
        l = (struct later){.call = call, .us = chance % 3000};
        thread = later(&l);
        if (i % 2)
            assert_int_equal(loop_until_end(loop), 1);
        else
            fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
        pthread_join(thread, NULL);
        fails(claude_call_result(call, &response, &err), CLAUDE_E_CANCELED, &err);
        claude_call_unref(call);
        claude_loop_unref(loop);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

struct auditor {
    claude_call_t *call;
    int uses; /* of the key, to be sent */
};

static void cancel_when_the_key_is_used(const char *operation, const char *fingerprint, void *user_data)
{
    struct auditor *a = user_data;

    (void)fingerprint;
    if (strcmp(operation, "header") == 0 && ++a->uses == 2)
        claude_call_cancel(a->call);
}

/* The very last moment before an attempt is under way: nothing is there yet that could be ended. */
static void cancelling_is_heard_while_an_attempt_begins(void **state)
{
    (void)state;
    for (enum way way = WAY_WAIT; way < WAYS; way++) {
        claude_config_t *config = new_config();
        claude_secret_t *secret = NULL;
        claude_client_t *client;
        claude_request_t *request = hello();
        claude_loop_t *loop = NULL;
        claude_response_t *response = NULL;
        struct auditor a = {NULL, 0};
        claude_error_t *err = NULL;
        succeeds(claude_secret_new(KEY, CLAUDE_NTS, &secret, &err), err);
        succeeds(claude_secret_on_audit(secret, cancel_when_the_key_is_used, &a, NULL, &err), err);
        succeeds(claude_config_set_secret(config, secret, &err), err);
        succeeds(claude_config_set(config, "retry.enabled", "true", &err), err);
        succeeds(claude_config_set(config, "retry.initial_delay_ms", "1", &err), err);
        client = client_of(config);
        script("{'sequence':[" BUSY "," SILENT "]}");
        if (way >= WAY_LOOP) {
            succeeds(claude_loop_new(client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, request, CLAUDE_WITH_RETRIES, 3, &a.call, &err), err);
            assert_int_equal(loop_until_end(loop), 3);
        } else {
            succeeds(claude_client_start(client, request, CLAUDE_WITH_RETRIES, &a.call, &err), err);
            fails(wait_for(a.call, &err), CLAUDE_E_CANCELED, &err);
        }
        assert_int_equal(a.uses, 2);
        fails(claude_call_result(a.call, &response, &err), CLAUDE_E_CANCELED, &err);
        claude_call_unref(a.call);
        claude_loop_unref(loop);
        claude_request_unref(request);
        claude_client_unref(client);
        claude_secret_unref(secret);
    }
}

struct canceller {
    claude_call_t *victim;
    int events;
};

static int32_t cancel_other(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct canceller *c = user_data;

    (void)call;
    (void)event;
    c->events++;
    claude_call_cancel(c->victim);
    return 0;
}

static void a_callback_cancels_a_call_that_waits_in_its_loop(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        struct scene s = scene_of(reason);
        claude_request_t *stream = hello_stream();
        struct canceller c = {NULL, 0};
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        uint64_t first;
        succeeds(claude_loop_new(s.client, &loop, &err), err);
        succeeds(claude_request_on_event(stream, cancel_other, &c, NULL, &err), err);
        script_as("hello", "{'events':[{'data':{'type':'ping'}},{'do':'fin'}]}");
        succeeds(claude_request_set_header(stream, "x-sandbox-scenario", "text", &err), err);
        succeeds(claude_loop_submit(loop, s.request, s.features, 1, &c.victim, &err), err);
        succeeds(claude_loop_submit(loop, stream, 0, 2, &call, &err), err);
        first = loop_until_end(loop);
        assert_int_equal(first + loop_until_end(loop), 3);
        assert_true(c.events > 0);
        check_left(&s);
        fails(claude_call_wait(c.victim, 0, &err), CLAUDE_E_STATE, &err);
        assert_int_equal(claude_call_state(c.victim), CLAUDE_CALL_CANCELED);
        claude_call_unref(c.victim);
        claude_call_unref(call);
        claude_request_unref(stream);
        claude_loop_unref(loop);
        close_scene(&s);
    }
}

/* ---- let go of ---- */

static void *wait_in(void *arg)
{
    claude_call_t *call = arg;
    claude_error_t *err = NULL;

    (void)claude_call_wait(call, -1, &err);
    claude_error_unref(err);
    return NULL;
}

static void the_last_reference_ends_a_wait(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        struct scene s = scene_of(reason);
        claude_call_t *call = start(&s);
        claude_loop_t *loop = NULL;
        claude_error_t *err = NULL;
        const claude_event_t *event = NULL;
        uint64_t tag = 0;
        pthread_t thread;
        /* while nobody is inside */
        reach_wait(call, reason);
        claude_call_unref(call);
        check_left(&s);
        /* while a thread is */
        call = start(&s);
        reach_wait(call, reason);
        assert_int_equal(pthread_create(&thread, NULL, wait_in, call), 0);
        sleep_us(20000);
        claude_call_unref(call);
        pthread_join(thread, NULL);
        check_left(&s);
        /* in a loop, which tells nobody */
        succeeds(claude_loop_new(s.client, &loop, &err), err);
        succeeds(claude_loop_submit(loop, s.request, s.features, 1, &call, &err), err);
        if (reason == BACKOFF)
            succeeds(claude_loop_wait(loop, 20, &err), err);
        claude_call_unref(call);
        while (claude_loop_count(loop) > 0) {
            succeeds(claude_loop_wait(loop, PATIENCE_MS, &err), err);
            assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
        }
        check_left(&s);
        assert_int_equal(metric(s.client, "calls_canceled"), 3);
        assert_int_equal(metric(s.client, "calls_running"), 0);
        claude_loop_unref(loop);
        close_scene(&s);
    }
}

static void a_loop_takes_its_waiting_calls_along(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        struct scene s = scene_of(reason);
        claude_call_t *calls[5] = {NULL};
        claude_loop_t *loop = NULL;
        claude_error_t *err = NULL;
        const claude_event_t *event = NULL;
        uint64_t tag = 0;
        int64_t start = now_ms();
        succeeds(claude_loop_new(s.client, &loop, &err), err);
        for (size_t i = 0; i < COUNT_OF(calls); i++)
            succeeds(claude_loop_submit(loop, s.request, s.features, i, &calls[i], &err), err);
        while (reason == BACKOFF && requests_seen() < COUNT_OF(calls)) {
            succeeds(claude_loop_wait(loop, 1, &err), err);
            assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
            assert_true(now_ms() - start < PATIENCE_MS);
        }
        if (s.limiter)
            assert_int_equal(claude_limiter_queued(s.limiter), COUNT_OF(calls));
        claude_loop_unref(loop);
        check_left(&s); /* the program still has the calls */
        for (size_t i = 0; i < COUNT_OF(calls); i++) {
            assert_int_equal(claude_call_state(calls[i]), CLAUDE_CALL_CANCELED);
            claude_call_unref(calls[i]);
        }
        close_scene(&s);
    }
}

/* ---- looking in for a moment ---- */

static void a_short_wait_is_short(void **state)
{
    (void)state;
    for (enum reason reason = BACKOFF; reason < REASONS; reason++) {
        struct scene s = scene_of(reason);
        claude_call_t *call = start(&s);
        const claude_event_t *event = NULL;
        claude_error_t *err = NULL;
        int64_t before;
        reach_wait(call, reason);
        for (int i = 0; i < 100; i++) {
            assert_int_equal(claude_call_next(call, 0, &event, &err), 0);
            assert_int_equal(claude_call_wait(call, 0, &err), 0);
        }
        before = now_ms();
        assert_int_equal(claude_call_next(call, 30, &event, &err), 0);
        assert_true(now_ms() - before >= 30);
        before = now_ms();
        assert_int_equal(claude_call_wait(call, 30, &err), 0);
        assert_true(now_ms() - before >= 30);
        assert_int_equal(claude_call_state(call), CLAUDE_CALL_RUNNING);
        assert_int_equal(claude_call_http_status(call), 0);
        assert_int_equal(claude_call_attempts(call), reason == BACKOFF ? 1 : 0);
        claude_call_unref(call);
        check_left(&s);
        close_scene(&s);
    }
}

/* The time of a pause is nobody's fault, also when the attempt begins in the middle of it. */
static void a_paused_call_goes_on_when_it_is_resumed(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "retry.initial_delay_ms", "20", "retry.jitter", "0",
                                          "timeout.first_byte_ms", "100", "timeout.idle_ms", "100", NULL);
    claude_request_t *request = hello_stream();

    (void)state;
    for (int in_loop = 0; in_loop < 2; in_loop++) {
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        const claude_event_t *event = NULL;
        uint64_t tag = 0;
        int64_t start = now_ms();
        script("{'sequence':[" BUSY ",{'delay_ms':250,'events':[{'data':{'type':'message_start','message':{'id':'m',"
               "'type':'message','role':'assistant','model':'m','content':[],'usage':{}}}},"
               "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'}}},{'data':{'type':'message_stop'}}]}"
               "]}");
        if (in_loop) {
            succeeds(claude_loop_new(client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, request, CLAUDE_WITH_RETRIES, 1, &call, &err), err);
        } else {
            succeeds(claude_client_start(client, request, CLAUDE_WITH_RETRIES, &call, &err), err);
        }
        while (claude_report_attempts(claude_call_report(call)) == 0) {
            if (in_loop) {
                succeeds(claude_loop_wait(loop, 1, &err), err);
                assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
            } else {
                assert_int_equal(claude_call_next(call, 1, &event, &err), 0);
            }
            assert_true(now_ms() - start < PATIENCE_MS);
        }
        claude_call_pause(call);
        assert_int_equal(claude_call_is_paused(call), 1);
        for (start = now_ms(); now_ms() - start < 400;) {
            if (in_loop) {
                succeeds(claude_loop_wait(loop, 20, &err), err);
                assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
            } else {
                assert_int_equal(claude_call_next(call, 20, &event, &err), 0);
            }
        }
        assert_int_equal(requests_seen(), 2); /* the attempt has begun all the same */
        claude_call_resume(call);
        if (in_loop)
            assert_int_equal(loop_until_end(loop), 1);
        else
            assert_int_equal(pull_all(call, PATIENCE_MS, NULL, &err), CLAUDE_DONE);
        assert_int_equal(claude_call_state(call), CLAUDE_CALL_DONE);
        assert_int_equal(claude_report_attempts(claude_call_report(call)), 2);
        claude_call_unref(call);
        claude_loop_unref(loop);
        assert_int_equal(reset_servers(NULL), 0);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- the descriptor of a loop ---- */

/* It is silent while nothing but the time of an attempt is waited for, and says when that has come. */
static void the_descriptor_says_when_a_wait_is_over(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "retry.initial_delay_ms", "300", "retry.jitter", "0",
                                          "retry.max_retries", "1", NULL);
    claude_request_t *request = hello();
    claude_loop_t *loop = NULL;
    claude_call_t *calls[3] = {NULL};
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    size_t ends = 0;
    size_t idle = 0;

    (void)state;
    script(BUSY);
    succeeds(claude_loop_new(client, &loop, &err), err);
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        succeeds(claude_loop_submit(loop, request, CLAUDE_WITH_RETRIES, i, &calls[i], &err), err);
    while (ends < COUNT_OF(calls)) {
        struct pollfd fd = {.fd = claude_loop_fd(loop), .events = POLLIN};
        claude_code_t rc;
        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        rc = claude_loop_dispatch(loop, &err);
        succeeds(rc, err);
        idle += rc == 0;
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) != 0)
            ends += rc == CLAUDE_DONE;
    }
    assert_true(idle < 60); /* a descriptor that is readable all the time would make thousands */
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        claude_report_t *report = claude_call_report(calls[i]);
        assert_int_equal(claude_report_attempts(report), 2);
        assert_true(claude_report_attempt_started_ms(report, 1) >= 300);
        claude_call_unref(calls[i]);
    }
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- one deadline ---- */

static void the_calls_time_is_over_everything(void **state)
{
    claude_client_t *client = client_with("retry.enabled", "true", "retry.initial_delay_ms", "1", "retry.max_retries",
                                          "10", "retry.attempt_timeout_ms", "90", "timeout.total_ms", "250",
                                          "timeout.stream_total_ms", "250", NULL);

    (void)state;
    script(SILENT);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_request_t *request = way % 2 ? hello_stream() : hello();
        struct outcome o = run(way, client, request, CLAUDE_WITH_RETRIES);
        assert_int_equal(o.rc, CLAUDE_E_TIMEOUT);
        assert_int_equal(claude_error_category(o.err), CLAUDE_CATEGORY_TIMEOUT);
        assert_in_range(claude_report_duration_ms(o.report), 180, 2500);
        assert_in_range(claude_report_attempts(o.report), 2, 3);
        assert_string_equal(claude_report_stopped_by(o.report), "deadline");
        outcome_free(&o);
        claude_request_unref(request);
    }
    claude_client_unref(client);
}

/* It also runs while nobody waits. */
static void a_call_that_nobody_waited_in_is_late(void **state)
{
    claude_client_t *client = client_with("limiter.enabled", "true", "limiter.requests_per_second", "2",
                                          "limiter.burst", "1", "timeout.total_ms", "700", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    ends_with(run(WAY_EXECUTE, client, request, CLAUDE_WITH_RATE_LIMITING), CLAUDE_OK, 1, "");
    succeeds(claude_client_start(client, request, CLAUDE_WITH_RATE_LIMITING, &call, &err), err);
    sleep_us(720000);
    assert_int_equal(wait_for(call, &err), CLAUDE_E_TIMEOUT);
    assert_contains(claude_error_message(err), "timeout.total_ms");
    assert_string_equal(claude_report_stopped_by(claude_error_report(err)), "deadline");
    assert_null(claude_error_feature(err));
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 0);
    claude_error_unref(err);
    err = NULL;
    fails(claude_call_result(call, &response, &err), CLAUDE_E_TIMEOUT, &err);
    assert_int_equal(requests_seen(), 1);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A turn that would come after the call's time is not waited for. */
static void a_turn_after_the_deadline_is_refused_at_once(void **state)
{
    claude_limiter_t *limiter = slow_limiter();
    claude_config_t *config = new_config();
    claude_client_t *client;
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set_limiter(config, limiter, &err), err);
    succeeds(claude_config_set(config, "limiter.max_wait_ms", "86400000", &err), err);
    succeeds(claude_config_set(config, "timeout.total_ms", "30000", &err), err);
    client = client_of(config);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, CLAUDE_WITH_RATE_LIMITING);
        assert_int_equal(o.rc, CLAUDE_E_THROTTLED);
        assert_string_equal(claude_error_feature(o.err), "rate-limiting");
        assert_true(claude_error_retry_after_ms(o.err) > 30000);
        assert_true(claude_report_duration_ms(o.report) < 30000);
        ends_with(o, CLAUDE_E_THROTTLED, 0, "rate-limiting");
        assert_int_equal(claude_limiter_queued(limiter), 0);
    }
    claude_request_unref(request);
    claude_client_unref(client);
    claude_limiter_unref(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancelling_ends_a_wait_in_a_thread),
        TEST(cancelling_ends_a_wait_in_a_loop),
        TEST(cancelling_is_heard_whenever_it_comes),
        TEST(cancelling_is_heard_while_an_attempt_begins),
        TEST(a_callback_cancels_a_call_that_waits_in_its_loop),
        TEST(the_last_reference_ends_a_wait),
        TEST(a_loop_takes_its_waiting_calls_along),
        TEST(a_short_wait_is_short),
        TEST(a_paused_call_goes_on_when_it_is_resumed),
        TEST(the_descriptor_says_when_a_wait_is_over),
        TEST(the_calls_time_is_over_everything),
        TEST(a_call_that_nobody_waited_in_is_late),
        TEST(a_turn_after_the_deadline_is_refused_at_once),
    };

    return RUN_WITH_SERVERS(tests);
}
