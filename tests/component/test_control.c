/*
 * Pausing, resuming, cancelling and back-pressure, in every way of waiting: what is held back and what is not, what is
 * kept and what is dropped, which clocks run meanwhile, and that memory stays bounded whatever a server sends.
 */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 30000, /* what takes longer has been forgotten */
    HELD_MS = 40,        /* what was going to come would have come */
};

#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m',"         \
    "'content':[],'usage':{'input_tokens':12,'output_tokens':1}}}}"
#define TEXT_BLOCK "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}}"
#define TEXT(text) "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'" text "'}}}"
#define END                                                                                                            \
    "{'data':{'type':'content_block_stop','index':0}},"                                                                \
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}},"                \
    "{'data':{'type':'message_stop'}}"
#define PLAIN START "," TEXT_BLOCK "," TEXT("Hel") "," TEXT("lo") "," END
#define PLAIN_TRACE "10/-1 \n20/0 \n30/0 Hel\n30/0 lo\n21/0 \n11/-1 \n12/-1 \n"
#define PLAIN_EVENTS 7

/* ---- a stream in any way of waiting ---- */

enum way { PULL, WAIT, LOOP, LOOP_CALLBACK, WAYS };

static const char *const modes[] = {"hold", "buffer"};

struct subject {
    enum way way;
    claude_client_t *client;
    claude_request_t *request;
    claude_loop_t *loop;
    claude_call_t *call;
    struct trace trace;
    size_t json_bytes; /* of the events in the trace */
    size_t pause_at;   /* the number of the event at which the callback pauses the call; 0: never */
    claude_code_t end; /* 0: not yet */
    claude_error_t *error;
};

static void take(struct subject *s, const claude_event_t *event)
{
    size_t len = 0;

    trace_add(&s->trace, event);
    (void)claude_event_json(event, &len);
    s->json_bytes += len;
}

static int32_t hear(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct subject *s = user_data;

    take(s, event);
    if (s->trace.events == s->pause_at)
        claude_call_pause(call);
    return 0;
}

/* Fills in the options of one request, as pairs ended by NULL. Takes over the client. */
static void open_subject(struct subject *s, enum way way, claude_client_t *client, const char *const *options)
{
    claude_error_t *err = NULL;

    *s = (struct subject){.way = way, .client = client, .request = hello()};
    for (; options && options[0]; options += 2)
        succeeds(claude_request_set_option(s->request, options[0], options[1], &err), err);
    if (way == WAIT || way == LOOP_CALLBACK)
        succeeds(claude_request_on_event(s->request, hear, s, NULL, &err), err);
    if (way == LOOP || way == LOOP_CALLBACK) {
        succeeds(claude_loop_new(client, &s->loop, &err), err);
        succeeds(claude_loop_submit(s->loop, s->request, CLAUDE_STREAM, 7, &s->call, &err), err);
    } else {
        s->call = start_stream(client, s->request);
    }
}

static void close_subject(struct subject *s)
{
    claude_error_unref(s->error);
    claude_call_unref(s->call);
    claude_loop_unref(s->loop);
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    trace_free(&s->trace);
}

static claude_code_t end_of(struct subject *s, claude_error_t **err)
{
    claude_response_t *response = NULL;
    claude_code_t rc = claude_call_result(s->call, &response, err);

    claude_response_unref(response);
    return rc == CLAUDE_OK ? CLAUDE_DONE : rc;
}

static claude_code_t step_loop(struct subject *s, int64_t timeout_ms, claude_error_t **err)
{
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    claude_code_t rc = claude_loop_next(s->loop, &tag, &event, err);

    if (rc == 0) {
        succeeds(claude_loop_wait(s->loop, timeout_ms, err), *err);
        rc = claude_loop_next(s->loop, &tag, &event, err);
    }
    succeeds(rc, *err);
    if (rc > 0)
        assert_int_equal(tag, 7);
    if (rc == 1)
        take(s, event);
    return rc == CLAUDE_DONE ? end_of(s, err) : rc;
}

/* Waits for the next event or, with callbacks, for something; 1, 0, CLAUDE_DONE or what the call failed with. */
static claude_code_t step(struct subject *s, int64_t timeout_ms, claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc;

    if (s->end)
        return s->end;
    if (s->way == PULL) {
        rc = claude_call_next(s->call, timeout_ms, &event, err);
        if (rc == 1)
            take(s, event);
    } else if (s->way == WAIT) {
        rc = claude_call_wait(s->call, timeout_ms, err);
    } else {
        rc = step_loop(s, timeout_ms, err);
    }
    if (rc < 0 || rc == CLAUDE_DONE)
        s->end = rc;
    if (rc < 0)
        s->error = claude_error_ref(*err);
    return rc;
}

/* To the end, which is good. */
static void finish(struct subject *s)
{
    int64_t limit = now_ms() + PATIENCE_MS;
    claude_error_t *err = NULL;
    claude_code_t rc;

    while ((rc = step(s, 100, &err)) != CLAUDE_DONE) {
        succeeds(rc, err);
        if (now_ms() > limit)
            fail_msg("the stream does not come to its end; %zu events, %zu kept, state %d", s->trace.events,
                     claude_call_buffered(s->call), (int)claude_call_state(s->call));
    }
    assert_int_equal(claude_call_state(s->call), CLAUDE_CALL_DONE);
    assert_int_equal(claude_call_buffered(s->call), 0);
}

/* To the end, which is this failure. The error is returned. */
static claude_error_t *finish_badly(struct subject *s, claude_code_t code)
{
    int64_t limit = now_ms() + PATIENCE_MS;
    claude_error_t *err = NULL;

    while (s->end == 0) {
        (void)step(s, 100, &err);
        if (now_ms() > limit)
            fail_msg("the stream does not end with %s", claude_code_name(code));
    }
    claude_error_unref(err);
    check_error(s->error, code, __FILE__, __LINE__);
    return claude_error_ref(s->error);
}

/* Pauses when exactly so many events have been handed out. */
static void pause_at(struct subject *s, size_t events)
{
    int64_t limit = now_ms() + PATIENCE_MS;
    claude_error_t *err = NULL;

    s->pause_at = events;
    while (s->trace.events < events) {
        (void)step(s, 20, &err);
        assert_true(now_ms() < limit);
    }
    assert_int_equal(s->trace.events, events);
    /* What was paused by its callback may have failed since. */
    if (s->end < 0) {
        claude_error_unref(err);
        return;
    }
    if (s->way == PULL || s->way == LOOP)
        claude_call_pause(s->call);
    assert_int_equal(claude_call_is_paused(s->call), 1);
}

/* Waiting for a paused call brings nothing, whatever arrives meanwhile. */
static void nothing_comes(struct subject *s, int64_t ms)
{
    size_t events = s->trace.events;
    int64_t limit = now_ms() + ms;
    claude_error_t *err = NULL;

    for (int64_t left = ms; left > 0; left = limit - now_ms()) {
        claude_code_t rc = step(s, left, &err);
        succeeds(rc, err);
        assert_int_equal(rc, 0);
    }
    assert_int_equal(step(s, 0, &err), 0);
    assert_int_equal(s->trace.events, events);
    assert_int_equal(claude_call_is_paused(s->call), 1);
    assert_int_equal(claude_call_is_running(s->call), 0);
    assert_int_equal(claude_call_is_cancelled(s->call), 0);
    assert_int_equal(claude_call_state(s->call), CLAUDE_CALL_PAUSED);
    if (s->loop)
        assert_int_equal(claude_loop_count(s->loop), 1);
}

/* Until a paused call in the mode `buffer` has everything there is. */
static void receive_all(struct subject *s, size_t events)
{
    int64_t limit = now_ms() + PATIENCE_MS;
    claude_error_t *err = NULL;

    while (claude_call_buffered(s->call) + claude_call_dropped(s->call) < events) {
        claude_code_t rc = step(s, 10, &err);
        succeeds(rc, err);
        assert_int_equal(rc, 0);
        if (now_ms() > limit)
            fail_msg("%zu events are kept and %zu dropped, of %zu", claude_call_buffered(s->call),
                     (size_t)claude_call_dropped(s->call), events);
    }
    assert_int_equal(claude_call_buffered(s->call) + claude_call_dropped(s->call), events);
}

static void check_text(const struct subject *s, const char *text)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_call_result(s->call, &response, &err), err);
    assert_string_equal(claude_response_text(response, NULL), text);
    assert_string_equal(claude_response_stop_reason(response), "end_turn");
    claude_response_unref(response);
}

/* ---- pausing and resuming ---- */

static void holds_events_back(void **state)
{
    static const char *const cuts[] = {"", ",'chunk_size':40,'chunk_delay_ms':0.5"};

    (void)state;
    for (int variant = 0; variant < 4 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        char *scenario = format("{'events':[" PLAIN "]%s}", cuts[variant / 2 % 2]);
        struct subject s;
        script(scenario);
        free(scenario);
        open_subject(&s, (enum way)(variant / 4), new_client(), options);
        assert_int_equal(claude_call_is_running(s.call), 1);
        for (size_t at = 1; at <= PLAIN_EVENTS; at += 2) {
            pause_at(&s, at);
            nothing_comes(&s, HELD_MS);
            claude_call_pause(s.call);
            assert_int_equal(claude_call_is_paused(s.call), 1);
            claude_call_resume(s.call);
            assert_int_equal(claude_call_is_paused(s.call), 0);
            assert_int_equal(claude_call_is_running(s.call), 1);
            assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_RUNNING);
            claude_call_resume(s.call);
        }
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        assert_int_equal(claude_call_dropped(s.call), 0);
        check_text(&s, "Hello");
        close_subject(&s);
    }
}

static void may_be_paused_before_anything_has_come(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        claude_call_pause(s.call);
        nothing_comes(&s, HELD_MS);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        check_text(&s, "Hello");
        close_subject(&s);
    }
}

/* Not only events but also the good end waits for the program. */
static void holds_the_end_back(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, PLAIN_EVENTS);
        nothing_comes(&s, HELD_MS);
        fails(claude_call_result(s.call, &response, &err), CLAUDE_E_STATE, &err);
        claude_call_resume(s.call);
        finish(&s);
        assert_int_equal(s.trace.events, PLAIN_EVENTS);
        check_text(&s, "Hello");
        close_subject(&s);
    }
}

static void has_no_effect_on_what_has_ended(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    script_as("cut", "{'events':[" START ",{'do':'fin'}]}");
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), NULL);
        finish(&s);
        claude_call_pause(s.call);
        assert_int_equal(claude_call_is_paused(s.call), 0);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_DONE);
        assert_int_equal(claude_call_is_running(s.call), 0);
        check_text(&s, "Hello");
        claude_call_resume(s.call);
        claude_call_cancel(s.call);
        assert_int_equal(claude_call_is_cancelled(s.call), 0);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_DONE);
        close_subject(&s);
    }
    assert_int_equal(sandbox_use(server, "cut"), 0);
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), NULL);
        claude_error_unref(finish_badly(&s, CLAUDE_E_TRUNCATED));
        claude_call_pause(s.call);
        assert_int_equal(claude_call_is_paused(s.call), 0);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_FAILED);
        close_subject(&s);
    }
}

static void has_no_effect_on_other_calls_than_streams(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_response_t *response = NULL;
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    uint64_t tag = 0;

    (void)state;
    succeeds(claude_loop_new(client, &loop, &err), err);
    for (int in_loop = 0; in_loop < 2; in_loop++) {
        if (in_loop)
            succeeds(claude_loop_submit(loop, request, 0, 7, &call, &err), err);
        else
            succeeds(claude_client_start(client, request, 0, &call, &err), err);
        claude_call_pause(call);
        assert_int_equal(claude_call_is_paused(call), 0);
        assert_int_equal(claude_call_is_running(call), 1);
        while (in_loop && claude_loop_count(loop) > 0) {
            assert_int_equal(claude_loop_wait(loop, PATIENCE_MS, &err), 1);
            assert_int_equal(claude_loop_next(loop, &tag, &event, &err), CLAUDE_DONE);
        }
        if (!in_loop)
            assert_int_equal(claude_call_wait(call, PATIENCE_MS, &err), CLAUDE_DONE);
        succeeds(claude_call_result(call, &response, &err), err);
        assert_string_equal(claude_response_text(response, NULL), "Echo: Hello");
        claude_response_unref(response);
        claude_call_unref(call);
    }
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A paused call holds up nobody else. */
static void leaves_the_others_alone(void **state)
{
    claude_client_t *client = client_with("client.max_engines", "1", NULL);
    claude_error_t *err = NULL;

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        claude_request_t *request = hello();
        claude_call_t *beside = NULL;
        struct trace trace = {NULL, 0, 0, 0};
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), claude_client_ref(client), options);
        pause_at(&s, 2);
        beside = start_stream(client, request);
        assert_int_equal(pull_all(beside, -1, &trace, &err), CLAUDE_DONE);
        assert_string_equal(trace.text, PLAIN_TRACE);
        nothing_comes(&s, 10);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        trace_free(&trace);
        claude_call_unref(beside);
        claude_request_unref(request);
        close_subject(&s);
    }
    claude_client_unref(client);
}

/* ---- other threads ---- */

struct helper {
    claude_call_t *call; /* a reference of its own */
    void (*act)(claude_call_t *call);
};

/* Acts once the call is paused, and has stayed so for a while. */
static void *act_when_paused(void *user_data)
{
    struct helper *helper = user_data;

    for (int64_t limit = now_ms() + PATIENCE_MS; !claude_call_is_paused(helper->call) && now_ms() < limit;)
        poll(NULL, 0, 1);
    poll(NULL, 0, HELD_MS);
    helper->act(helper->call);
    claude_call_unref(helper->call);
    return NULL;
}

/* Who waits without an end for a paused call goes on when another thread resumes it. */
static void goes_on_when_another_thread_resumes(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        struct helper helper = {.act = claude_call_resume};
        claude_error_t *err = NULL;
        claude_code_t rc;
        pthread_t thread;
        int64_t started;
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 3);
        helper.call = claude_call_ref(s.call);
        started = now_ms();
        assert_int_equal(pthread_create(&thread, NULL, act_when_paused, &helper), 0);
        while ((rc = step(&s, -1, &err)) == 0)
            ;
        succeeds(rc, err);
        assert_true(now_ms() - started >= HELD_MS - 1);
        pthread_join(thread, NULL);
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        close_subject(&s);
    }
}

static void ends_when_another_thread_cancels(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        struct helper helper = {.act = claude_call_cancel};
        claude_error_t *err = NULL;
        claude_code_t rc;
        pthread_t thread;
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 3);
        helper.call = claude_call_ref(s.call);
        assert_int_equal(pthread_create(&thread, NULL, act_when_paused, &helper), 0);
        while ((rc = step(&s, -1, &err)) == 0)
            ;
        fails(rc, CLAUDE_E_CANCELED, &err);
        pthread_join(thread, NULL);
        assert_int_equal(s.trace.events, 3);
        assert_int_equal(claude_call_buffered(s.call), 0);
        close_subject(&s);
    }
}

/* Inside of execute, the callback pauses and another thread resumes. */
struct blocking {
    struct trace trace;
    size_t pause_at;
    pthread_t thread;
    struct helper helper;
    int wrong;
};

static int32_t pause_inside(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct blocking *blocking = user_data;

    trace_add(&blocking->trace, event);
    if (blocking->trace.events != blocking->pause_at)
        return 0;
    blocking->helper = (struct helper){.call = claude_call_ref(call), .act = claude_call_resume};
    claude_call_pause(call);
    blocking->wrong += !claude_call_is_paused(call) || claude_call_is_running(call);
    blocking->wrong += claude_call_wait(call, 0, NULL) != CLAUDE_E_BUSY;
    blocking->wrong += pthread_create(&blocking->thread, NULL, act_when_paused, &blocking->helper) != 0;
    return 0;
}

static void pauses_inside_of_execute(void **state)
{
    claude_client_t *client = new_client();

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (size_t variant = 0; variant < 2 * PLAIN_EVENTS; variant++) {
        struct blocking blocking = {.pause_at = 1 + variant / 2};
        claude_request_t *request = hello_stream();
        claude_response_t *response;
        claude_error_t *err = NULL;
        int64_t started = now_ms();
        succeeds(claude_request_set_option(request, "stream.pause_mode", modes[variant % 2], &err), err);
        succeeds(claude_request_on_event(request, pause_inside, &blocking, NULL, &err), err);
        response = execute(client, request);
        assert_true(now_ms() - started >= HELD_MS - 1);
        pthread_join(blocking.thread, NULL);
        assert_string_equal(claude_response_text(response, NULL), "Hello");
        assert_string_equal(blocking.trace.text, PLAIN_TRACE);
        assert_int_equal(blocking.wrong, 0);
        claude_response_unref(response);
        claude_request_unref(request);
        trace_free(&blocking.trace);
    }
    claude_client_unref(client);
}

struct fidget {
    claude_call_t *call;
    atomic_bool *stop;
    unsigned seed;
};

static void *pause_and_resume(void *user_data)
{
    struct fidget *fidget = user_data;

    while (!atomic_load(fidget->stop)) {
        if (rand_r(&fidget->seed) % 3)
            claude_call_resume(fidget->call);
        else
            claude_call_pause(fidget->call);
        (void)claude_call_state(fidget->call);
        (void)claude_call_buffered(fidget->call);
        (void)claude_call_dropped(fidget->call);
        (void)claude_call_is_cancelled(fidget->call);
        poll(NULL, 0, (int)(rand_r(&fidget->seed) % 2));
    }
    claude_call_resume(fidget->call);
    return NULL;
}

/* However often it is paused and resumed, and by whom, nothing is lost. */
static void loses_nothing_when_others_fidget(void **state)
{
    (void)state;
    script("{'generate':{'events':300,'event_bytes':126,'per_write':'each','interval_us':500}}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        struct fidget fidgets[3];
        pthread_t threads[3];
        atomic_bool stop;
        claude_error_t *err = NULL;
        struct subject s;
        atomic_init(&stop, false);
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        for (size_t i = 0; i < COUNT_OF(threads); i++) {
            fidgets[i] = (struct fidget){.call = s.call, .stop = &stop, .seed = (unsigned)(variant * 7) + (unsigned)i};
            assert_int_equal(pthread_create(&threads[i], NULL, pause_and_resume, &fidgets[i]), 0);
        }
        for (int64_t limit = now_ms() + 250; now_ms() < limit && !s.end;)
            succeeds(step(&s, 5, &err), err);
        atomic_store(&stop, true);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
            pthread_join(threads[i], NULL);
        if (!s.end)
            finish(&s);
        assert_int_equal(s.end, CLAUDE_DONE);
        assert_int_equal(s.trace.events, 306);
        assert_int_equal(claude_call_dropped(s.call), 0);
        assert_contains(s.trace.text, "30/0 298defghijk\n30/0 299defghijk\n21/0 \n11/-1 \n12/-1 \n");
        close_subject(&s);
    }
}

/* ---- the mode `buffer` ---- */

static void keeps_events_meanwhile(void **state)
{
    static const char *const options[] = {"stream.pause_mode", "buffer", NULL};
    claude_error_t *err = NULL;

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), options);
        assert_int_equal(claude_call_buffered(s.call), 0);
        pause_at(&s, 3);
        receive_all(&s, 4);
        assert_int_equal(claude_call_dropped(s.call), 0);
        nothing_comes(&s, 20);
        assert_int_equal(claude_call_buffered(s.call), 4);
        claude_call_resume(s.call);
        assert_int_equal(claude_call_buffered(s.call), 4);
        for (size_t left = 3; left > 0 && (way == PULL || way == LOOP); left--) {
            assert_int_equal(step(&s, PATIENCE_MS, &err), 1);
            assert_int_equal(claude_call_buffered(s.call), left);
        }
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        check_text(&s, "Hello");
        close_subject(&s);
    }
}

/* What was kept comes first, then what comes after. */
static void hands_out_what_was_kept_first(void **state)
{
    static const char *const options[] = {"stream.pause_mode", "buffer", NULL};

    (void)state;
    script("{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") ",{'hold_ms':200}," TEXT("lo") "," END "]}");
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), options);
        pause_at(&s, 1);
        receive_all(&s, 2);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        close_subject(&s);
    }
}

/* The trace of the last events of a generated stream of 300 deltas. */
static char *tail_of_generated(size_t events)
{
    static const char *const ends[] = {"21/0 \n", "11/-1 \n", "12/-1 \n"};
    char *text = strdup("");

    for (size_t i = 306 - events; i < 306; i++) {
        char *longer = i < 303 ? format("%s30/0 %03zudefghijk\n", text, i - 3) : format("%s%s", text, ends[i - 303]);
        free(text);
        text = longer;
    }
    return text;
}

static void drops_the_oldest(void **state)
{
    static const size_t limits[] = {1, 2, 10, 300, 301, 302};

    (void)state;
    script("{'generate':{'events':300,'event_bytes':126}}");
    for (size_t variant = 0; variant < COUNT_OF(limits) * WAYS; variant++) {
        size_t limit = limits[variant % COUNT_OF(limits)];
        char *text = format("%zu", limit);
        const char *options[] = {"stream.pause_mode", "buffer", "stream.pause_events", text, NULL};
        size_t kept = limit < 301 ? limit : 301;
        size_t head_len;
        char *tail = tail_of_generated(kept);
        struct subject s;
        open_subject(&s, (enum way)(variant / COUNT_OF(limits)), new_client(), options);
        pause_at(&s, 5);
        head_len = s.trace.len;
        receive_all(&s, 301);
        assert_int_equal(claude_call_buffered(s.call), kept);
        assert_int_equal(claude_call_dropped(s.call), 301 - kept);
        nothing_comes(&s, 20);
        /* Going on without reading changes nothing. */
        claude_call_resume(s.call);
        claude_call_pause(s.call);
        assert_int_equal(claude_call_buffered(s.call), kept);
        assert_int_equal(claude_call_dropped(s.call), 301 - kept);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text + head_len, tail);
        assert_int_equal(claude_call_dropped(s.call), 301 - kept);
        assert_int_equal(claude_call_anomalies(s.call), 0);
        close_subject(&s);
        free(tail);
        free(text);
    }
}

/* The message is complete although events are missing. */
static void accumulates_what_it_drops(void **state)
{
    static const char *const options[] = {"stream.pause_mode", "buffer", "stream.pause_events", "3", NULL};
    char *expected = strdup("");

    (void)state;
    script("{'generate':{'events':300,'event_bytes':126}}");
    for (size_t i = 0; i < 300; i++) {
        char *longer = format("%s%03zudefghijk", expected, i);
        free(expected);
        expected = longer;
    }
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), options);
        pause_at(&s, 1);
        receive_all(&s, 305);
        assert_int_equal(claude_call_dropped(s.call), 302);
        claude_call_resume(s.call);
        finish(&s);
        assert_int_equal(s.trace.events, 4);
        check_text(&s, expected);
        close_subject(&s);
    }
    free(expected);
}

static void limits_the_bytes_it_keeps(void **state)
{
    static const char *const options[] = {"stream.pause_mode", "buffer", "stream.pause_bytes", "16384", NULL};

    (void)state;
    script("{'generate':{'events':200,'event_bytes':1000}}");
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        size_t kept;
        open_subject(&s, (enum way)way, new_client(), options);
        pause_at(&s, 5);
        s.json_bytes = 0;
        receive_all(&s, 201);
        kept = claude_call_buffered(s.call);
        claude_call_resume(s.call);
        finish(&s);
        assert_int_equal(s.trace.events, 5 + kept);
        assert_true(claude_call_dropped(s.call) == 201 - kept);
        /* No more than allowed, and not much less. */
        if (s.json_bytes > 16384 || s.json_bytes < 4096)
            fail_msg("%zu bytes in %zu events were kept, with a limit of 16384", s.json_bytes, kept);
        close_subject(&s);
    }
}

/* Paused for a second time, with what is left of the first. */
static void counts_over_several_pauses(void **state)
{
    static const char *const options[] = {"stream.pause_mode", "buffer", "stream.pause_events", "4", NULL};
    claude_error_t *err = NULL;
    struct subject s;

    (void)state;
    script("{'events':[" START "," TEXT_BLOCK "," TEXT("1") "," TEXT("2") "," TEXT("3") "," TEXT("4") "," TEXT(
        "5") ",{'hold_ms':200}," TEXT("6") "," TEXT("7") "," END "]}");
    for (int way = 0; way < 2; way++) {
        open_subject(&s, way ? LOOP : PULL, new_client(), options);
        pause_at(&s, 1);
        receive_all(&s, 6);
        assert_int_equal(claude_call_dropped(s.call), 2);
        claude_call_resume(s.call);
        assert_int_equal(step(&s, PATIENCE_MS, &err), 1);
        claude_call_pause(s.call);
        assert_int_equal(claude_call_buffered(s.call), 3);
        receive_all(&s, 3 + 5 + 2);
        assert_int_equal(claude_call_buffered(s.call), 4);
        assert_int_equal(claude_call_dropped(s.call), 6);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text, "10/-1 \n30/0 2\n30/0 7\n21/0 \n11/-1 \n12/-1 \n");
        check_text(&s, "1234567");
        close_subject(&s);
    }
}

/* ---- failures while paused ---- */

static void tells_failures_at_once(void **state)
{
    static const struct {
        const char *scenario;
        claude_code_t code;
    } rows[] = {
        {"{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") ",{'hold_ms':50}," TEXT(
             "lo") ",{'data':{'type':'error','error':{'type':'overloaded_error','message':'m'}}}]}",
         CLAUDE_E_OVERLOADED},
        {"{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") "," TEXT("lo") ",{'do':'fin'}]}", CLAUDE_E_TRUNCATED},
        {"{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") "," TEXT("lo") ",{'hold_ms':50},{'do':'fin'}]}",
         CLAUDE_E_TRUNCATED},
        {"{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") "," TEXT("lo") ",{'raw':'data: {\\n\\n'}]}",
         CLAUDE_E_PROTOCOL},
    };
    static const char *const options[] = {"stream.pause_mode", "buffer", NULL};

    (void)state;
    for (size_t variant = 0; variant < COUNT_OF(rows) * WAYS; variant++) {
        size_t row = variant % COUNT_OF(rows);
        claude_error_t *err;
        struct subject s;
        script(rows[row].scenario);
        open_subject(&s, (enum way)(variant / COUNT_OF(rows)), new_client(), options);
        pause_at(&s, 1);
        err = finish_badly(&s, rows[row].code);
        assert_int_equal(s.trace.events, 1);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_FAILED);
        assert_int_equal(claude_call_is_paused(s.call), 0);
        /* What was received but not handed out is in the partial message. */
        assert_non_null(claude_error_response(err));
        assert_string_equal(claude_response_text(claude_error_response(err), NULL), "Hello");
        claude_error_unref(err);
        err = NULL;
        /* And that is the end of it. */
        claude_call_resume(s.call);
        fails(end_of(&s, &err), rows[row].code, &err);
        close_subject(&s);
    }
}

static void counts_the_total_time_while_paused(void **state)
{
    (void)state;
    script("{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") ",{'do':'stall'}]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], "timeout.stream_total_ms", "300", NULL};
        int64_t started = now_ms();
        claude_error_t *err;
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 1);
        err = finish_badly(&s, CLAUDE_E_TIMEOUT);
        assert_contains(claude_error_message(err), "timeout.stream_total_ms");
        assert_true(now_ms() - started >= 299);
        assert_int_equal(s.trace.events, 1);
        claude_error_unref(err);
        close_subject(&s);
    }
}

/* ---- clocks that stand still ---- */

static void does_not_count_idle_time_while_paused(void **state)
{
    (void)state;
    script("{'events':[" START "," TEXT_BLOCK ",{'hold_ms':600}," TEXT("Hel") "," TEXT("lo") "," END "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], "timeout.idle_ms", "300", NULL};
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 1);
        nothing_comes(&s, 500);
        claude_call_resume(s.call);
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        close_subject(&s);
    }
}

/* But it goes on counting afterwards. */
static void counts_idle_time_after_resuming(void **state)
{
    (void)state;
    script("{'events':[" START "," TEXT_BLOCK ",{'do':'stall'}]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], "timeout.idle_ms", "150", NULL};
        int64_t started;
        claude_error_t *err;
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 1);
        nothing_comes(&s, 220);
        claude_call_resume(s.call);
        started = now_ms();
        err = finish_badly(&s, CLAUDE_E_TIMEOUT);
        assert_contains(claude_error_message(err), "timeout.idle_ms");
        assert_true(now_ms() - started >= 149);
        claude_error_unref(err);
        close_subject(&s);
    }
}

static void does_not_count_progress_while_paused(void **state)
{
    (void)state;
    script("{'events':[" START "," TEXT_BLOCK
           ",{'hold_ms':600,'ping_interval_ms':30}," TEXT("Hel") "," TEXT("lo") "," END "]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], "timeout.progress_ms", "300", NULL};
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 1);
        nothing_comes(&s, 500);
        claude_call_resume(s.call);
        finish(&s);
        check_text(&s, "Hello");
        close_subject(&s);
    }
}

/* Pings are a sign of life, but no progress. */
static void ends_a_stream_without_progress(void **state)
{
    static const char *const options[] = {"timeout.progress_ms", "200", "timeout.idle_ms", "5000", NULL};

    (void)state;
    script("{'events':[" START "," TEXT_BLOCK "],'hold_ms':-1,'ping_interval_ms':20}");
    for (int way = 0; way < WAYS; way++) {
        int64_t started = now_ms();
        claude_error_t *err;
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), options);
        err = finish_badly(&s, CLAUDE_E_TIMEOUT);
        assert_contains(claude_error_message(err), "timeout.progress_ms");
        assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_TIMEOUT);
        assert_true(now_ms() - started >= 199);
        assert_true(s.trace.events > 1);
        claude_error_unref(err);
        close_subject(&s);
    }
    /* Events keep it going, for longer than the limit. */
    script("{'generate':{'events':12,'event_bytes':126,'per_write':'each','interval_us':50000}}");
    for (int way = 0; way < WAYS; way++) {
        struct subject s;
        open_subject(&s, (enum way)way, new_client(), options);
        finish(&s);
        assert_int_equal(s.trace.events, 18);
        close_subject(&s);
    }
}

/* A program that does something else for a while is not told that the server was silent. */
static void does_not_punish_a_busy_program(void **state)
{
    static const char *const options[] = {"timeout.progress_ms", "150", "timeout.idle_ms", "150", NULL};
    static const enum way ways[] = {PULL, LOOP};
    claude_error_t *err = NULL;

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct subject s;
        open_subject(&s, ways[i], new_client(), options);
        while (!s.end) {
            succeeds(step(&s, PATIENCE_MS, &err), err);
            poll(NULL, 0, 200);
        }
        assert_int_equal(s.end, CLAUDE_DONE);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        close_subject(&s);
    }
    /* The loop is run, but nobody takes the events. */
    {
        struct subject s;
        open_subject(&s, LOOP, new_client(), options);
        for (int64_t limit = now_ms() + 500; now_ms() < limit;) {
            succeeds(claude_loop_dispatch(s.loop, &err), err);
            poll(NULL, 0, 10);
        }
        finish(&s);
        assert_string_equal(s.trace.text, PLAIN_TRACE);
        close_subject(&s);
    }
}

/* ---- cancelling ---- */

static void clears_what_was_kept(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int variant = 0; variant < 4 * WAYS; variant++) {
        bool paused = variant / 2 % 2;
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        claude_error_t *err;
        struct subject s;
        open_subject(&s, (enum way)(variant / 4), new_client(), options);
        pause_at(&s, 3);
        if (variant % 2)
            receive_all(&s, 4);
        else
            nothing_comes(&s, 20);
        if (!paused)
            claude_call_resume(s.call);
        claude_call_cancel(s.call);
        assert_int_equal(claude_call_is_cancelled(s.call), 1);
        assert_int_equal(claude_call_is_paused(s.call), 0);
        assert_int_equal(claude_call_is_running(s.call), 0);
        assert_int_equal(claude_call_buffered(s.call), 0);
        claude_call_pause(s.call);
        assert_int_equal(claude_call_is_paused(s.call), 0);
        err = finish_badly(&s, CLAUDE_E_CANCELED);
        claude_error_unref(err);
        assert_int_equal(s.trace.events, 3);
        assert_int_equal(claude_call_state(s.call), CLAUDE_CALL_CANCELED);
        assert_int_equal(claude_call_is_cancelled(s.call), 1);
        assert_int_equal(claude_call_buffered(s.call), 0);
        close_subject(&s);
    }
}

/* Let go while it is paused, in every way. */
static void may_be_let_go_while_paused(void **state)
{
    int64_t before = statistic(server, "connections_open");
    int64_t limit;

    (void)state;
    script("{'events':[" START "," TEXT_BLOCK "," TEXT("Hel") ",{'do':'stall'}]}");
    for (int variant = 0; variant < 2 * WAYS; variant++) {
        const char *options[] = {"stream.pause_mode", modes[variant % 2], NULL};
        struct subject s;
        open_subject(&s, (enum way)(variant / 2), new_client(), options);
        pause_at(&s, 1);
        nothing_comes(&s, 20);
        close_subject(&s);
    }
    for (limit = now_ms() + PATIENCE_MS; statistic(server, "connections_open") > before && now_ms() < limit;)
        poll(NULL, 0, 1);
    assert_int_equal(statistic(server, "connections_open"), before);
}

/* ---- memory ---- */

enum { FLOOD_EVENT_BYTES = 250, MIB = 1048576 };

/* A flood of 200 MB, less where a program runs slowly. */
static size_t flood_events(void)
{
    size_t step_size = sweep_step();

    return step_size == 1 ? 800000 : step_size < 50 ? 160000 : 20000;
}

static bool is_long(void)
{
    const char *text = getenv("CLAUDE_TEST_LONG");

    return text && strcmp(text, "1") == 0;
}

static void script_flood(size_t events)
{
    char *scenario = format("{'generate':{'events':%zu,'event_bytes':%d}}", events, FLOOD_EVENT_BYTES);

    script(scenario);
    free(scenario);
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Memory of this process, where it is only what the program asked for: a sanitizer keeps far more. */
static void check_growth(size_t before, size_t most, const char *what)
{
    size_t now = resident_bytes();
    size_t growth = now > before ? now - before : 0;

    if (sweep_step() != 1)
        return;
    print_message("%s: %zu KiB more\n", what, growth / 1024);
    if (growth > most)
        fail_msg("%s: memory has grown by %zu KiB, more than %zu", what, growth / 1024, most / 1024);
}

/* What a reader of a flood checks: every event there, in order, untouched. */
struct reader {
    size_t events;
    size_t deltas;
    int wrong;
};

static void read_event(struct reader *reader, const claude_event_t *event)
{
    const char *text = NULL;
    int32_t type = 0;
    int32_t index = 0;
    size_t len = 0;

    (void)claude_event_view(event, &type, &index, &text, &len);
    reader->events++;
    if (type != CLAUDE_EVENT_TEXT_DELTA)
        return;
    if (len != FLOOD_EVENT_BYTES - 115 || strtoul(text, NULL, 10) != reader->deltas % 1000)
        reader->wrong++;
    reader->deltas++;
}

static void check_reader(const struct reader *reader, size_t events)
{
    assert_int_equal(reader->deltas, events);
    assert_int_equal(reader->events, events + 6);
    assert_int_equal(reader->wrong, 0);
}

/* Runs a turn again and again until the server gets rid of nothing more. */
static void until_the_server_waits(void (*turn)(void *subject), void *subject)
{
    int64_t limit = now_ms() + PATIENCE_MS;
    int64_t written = 0;
    int same = 0;

    /* Being asked for its figures, and a ping now and then, are not what it gets rid of. */
    while (same < 10) {
        int64_t now = statistic(server, "bytes_written");
        same = now - written < 65536 ? same + 1 : 0;
        written = now;
        for (int64_t end = now_ms() + 10; now_ms() < end;)
            turn(subject);
        if (now_ms() > limit)
            fail_msg("the server is never made to wait");
    }
}

struct flooded {
    claude_client_t *client;
    claude_loop_t *loop;
    claude_call_t *calls[64];
    size_t count;
    claude_call_t *other;
};

static void open_flooded(struct flooded *f, size_t count, bool in_loop, claude_client_t *client)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    *f = (struct flooded){.client = client, .count = count};
    if (in_loop)
        succeeds(claude_loop_new(client, &f->loop, &err), err);
    for (size_t i = 0; i < count; i++) {
        if (in_loop)
            succeeds(claude_loop_submit(f->loop, request, CLAUDE_STREAM, i, &f->calls[i], &err), err);
        else
            f->calls[i] = start_stream(client, request);
    }
    claude_request_unref(request);
}

static void close_flooded(struct flooded *f)
{
    for (size_t i = 0; i < f->count; i++)
        claude_call_unref(f->calls[i]);
    claude_call_unref(f->other);
    claude_loop_unref(f->loop);
    claude_client_unref(f->client);
}

static void pause_all(struct flooded *f, void (*act)(claude_call_t *call))
{
    for (size_t i = 0; i < f->count; i++)
        act(f->calls[i]);
}

static void dispatch_only(void *subject)
{
    struct flooded *f = subject;
    struct pollfd wait = {.fd = claude_loop_fd(f->loop), .events = POLLIN};
    claude_error_t *err = NULL;

    if (poll(&wait, 1, 1) == 1)
        succeeds(claude_loop_dispatch(f->loop, &err), err);
}

/* As a program does it; there is nothing to hear. */
static void run_in_vain(void *subject)
{
    struct flooded *f = subject;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;

    dispatch_only(f);
    assert_int_equal(claude_loop_next(f->loop, &tag, &event, &err), 0);
}

static void drive_the_other(void *subject)
{
    struct flooded *f = subject;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_call_next(f->other, 1, &event, &err), err);
}

static void pull_nothing(void *subject)
{
    struct flooded *f = subject;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    for (size_t i = 0; i < f->count; i++)
        assert_int_equal(claude_call_next(f->calls[i], 0, &event, &err), 0);
    poll(NULL, 0, 1);
}

/* Reads all floods to their end; each has so many deltas. */
static void read_all(struct flooded *f, size_t events)
{
    struct reader readers[64] = {{0, 0, 0}};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 1;
    uint64_t tag = 0;

    for (size_t i = 0; i < f->count && !f->loop; i++) {
        while ((rc = claude_call_next(f->calls[i], PATIENCE_MS, &event, &err)) == 1)
            read_event(&readers[i], event);
        succeeds(rc, err);
        assert_int_equal(rc, CLAUDE_DONE);
    }
    while (f->loop && claude_loop_count(f->loop) > 0) {
        assert_int_equal(claude_loop_wait(f->loop, PATIENCE_MS, &err), 1);
        while ((rc = claude_loop_next(f->loop, &tag, &event, &err)) > 0) {
            if (rc == 1)
                read_event(&readers[tag], event);
        }
        succeeds(rc, err);
    }
    for (size_t i = 0; i < f->count; i++) {
        assert_int_equal(claude_call_state(f->calls[i]), CLAUDE_CALL_DONE);
        check_reader(&readers[i], events);
    }
}

/* A client that does not accumulate, and does not grow on its first call: that memory is not what is measured. */
static claude_client_t *flooded_client(const char *option, const char *value)
{
    claude_client_t *client = client_with("stream.accumulate", "false", "client.max_engines", "1", option, value, NULL);
    claude_request_t *request = hello();

    assert_int_equal(sandbox_use(server, NULL), 0);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    return client;
}

/* A stream that nobody reads while the thread drives another one. */
static void bounds_a_stream_beside_another(void **state)
{
    claude_client_t *client = flooded_client(NULL, NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    struct flooded f;
    int64_t written;
    size_t before;

    (void)state;
    script_flood(flood_events());
    script_as("pings", "{'events':[" START "],'hold_ms':-1,'ping_interval_ms':2}");
    written = statistic(server, "bytes_written");
    before = resident_bytes();
    open_flooded(&f, 1, false, client);
    succeeds(claude_request_set_header(request, "x-sandbox-scenario", "pings", &err), err);
    f.other = start_stream(client, request);
    until_the_server_waits(drive_the_other, &f);
    check_growth(before, 8 * (size_t)MIB, "a stream that nobody reads");
    written = statistic(server, "bytes_written") - written;
    /* The other one has driven it, but not to its end: the rest of what has left the server is in the kernel's hands.
     */
    assert_true(written > MIB);
    if (sweep_step() == 1)
        assert_true(written < (int64_t)flood_events() * FLOOD_EVENT_BYTES / 2);
    read_all(&f, flood_events());
    check_growth(before, 12 * (size_t)MIB, "the same stream, read");
    claude_request_unref(request);
    close_flooded(&f);
}

/* A loop that is run without taking the events. */
static void bounds_a_loop_without_a_reader(void **state)
{
    claude_client_t *client = flooded_client(NULL, NULL);
    struct flooded f;
    size_t before;

    (void)state;
    script_flood(flood_events());
    before = resident_bytes();
    open_flooded(&f, 1, true, client);
    until_the_server_waits(dispatch_only, &f);
    check_growth(before, 8 * (size_t)MIB, "a loop that nobody reads");
    read_all(&f, flood_events());
    check_growth(before, 12 * (size_t)MIB, "the same loop, read");
    close_flooded(&f);
}

static void bounds_what_is_held(void **state)
{
    (void)state;
    for (int in_loop = 0; in_loop < 2; in_loop++) {
        claude_client_t *client = flooded_client("stream.pause_mode", "hold");
        struct flooded f;
        size_t before;
        script_flood(flood_events());
        before = resident_bytes();
        open_flooded(&f, 1, in_loop, client);
        pause_all(&f, claude_call_pause);
        until_the_server_waits(in_loop ? run_in_vain : pull_nothing, &f);
        check_growth(before, 8 * (size_t)MIB, "a stream that is held");
        pause_all(&f, claude_call_resume);
        read_all(&f, flood_events());
        check_growth(before, 12 * (size_t)MIB, "the same stream, resumed");
        close_flooded(&f);
    }
}

/* All of it is received, and most of it dropped. */
static void bounds_what_is_kept(void **state)
{
    static const char *const limits[][2] = {{"stream.pause_events", "1000"}, {"stream.pause_bytes", "1048576"}};
    size_t all = flood_events() + 6;

    (void)state;
    for (size_t variant = 0; variant < 4; variant++) {
        bool in_loop = variant % 2;
        claude_client_t *client =
            client_with("stream.accumulate", "false", "stream.pause_mode", "buffer", "stream.pause_events", "1000000",
                        "stream.pause_bytes", "1073741824", limits[variant / 2][0], limits[variant / 2][1], NULL);
        struct reader reader = {0, 0, 0};
        const claude_event_t *event = NULL;
        claude_error_t *err = NULL;
        int64_t limit = now_ms() + PATIENCE_MS * 4;
        struct flooded f;
        size_t before;
        size_t kept;
        uint64_t tag = 0;
        claude_code_t rc;
        script_flood(flood_events());
        before = resident_bytes();
        open_flooded(&f, 1, in_loop, client);
        claude_call_pause(f.calls[0]);
        while (claude_call_buffered(f.calls[0]) + claude_call_dropped(f.calls[0]) < all) {
            (in_loop ? run_in_vain : pull_nothing)(&f);
            assert_true(now_ms() < limit);
        }
        check_growth(before, 8 * (size_t)MIB, "a stream of which the last is kept");
        kept = claude_call_buffered(f.calls[0]);
        assert_int_equal(claude_call_dropped(f.calls[0]), all - kept);
        assert_true(variant / 2 ? kept > 1000 : kept == 1000);
        claude_call_resume(f.calls[0]);
        /* Deltas count up to a thousand, again and again: where they begin now is known. */
        reader.deltas = (flood_events() + 3 - kept) % 1000;
        for (;;) {
            rc = in_loop ? claude_loop_next(f.loop, &tag, &event, &err)
                         : claude_call_next(f.calls[0], PATIENCE_MS, &event, &err);
            if (rc == 1)
                read_event(&reader, event);
            else if (rc == 0 && in_loop)
                succeeds(claude_loop_wait(f.loop, PATIENCE_MS, &err), err);
            else
                break;
        }
        succeeds(rc, err);
        assert_int_equal(rc, CLAUDE_DONE);
        assert_int_equal(reader.events, kept);
        assert_int_equal(reader.wrong, 0);
        close_flooded(&f);
    }
}

/* Many at once: each has its own bound, and all together have one. */
static void bounds_many_streams(void **state)
{
    static const struct {
        const char *name;
        const char *option;
        const char *value;
        size_t most; /* MiB */
    } rows[] = {
        /* 64 streams with 1 MiB each, rounded up, and what a connection costs */
        {"the defaults", NULL, NULL, 160},
        {"few bytes for all", "client.max_buffered_bytes", "4194304", 24},
        {"few bytes for each", "stream.high_water_bytes", "65536", 32},
    };
    size_t events = is_long() ? flood_events() : flood_events() / 25;

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        bool paused = i / COUNT_OF(rows);
        claude_client_t *client = rows[i % COUNT_OF(rows)].option && i % COUNT_OF(rows) == 2
                                      ? client_with("stream.accumulate", "false", "stream.low_water_bytes", "16384",
                                                    "stream.high_water_bytes", "65536", NULL)
                                      : flooded_client(rows[i % COUNT_OF(rows)].option, rows[i % COUNT_OF(rows)].value);
        struct flooded f;
        size_t before;
        script_flood(events);
        before = resident_bytes();
        open_flooded(&f, 64, true, client);
        if (paused)
            pause_all(&f, claude_call_pause);
        until_the_server_waits(paused ? run_in_vain : dispatch_only, &f);
        check_growth(before, rows[i % COUNT_OF(rows)].most * (size_t)MIB, rows[i % COUNT_OF(rows)].name);
        if (paused)
            pause_all(&f, claude_call_resume);
        read_all(&f, events);
        close_flooded(&f);
    }
}

/* Of many streams that nobody reads, the one that somebody reads goes on, although all may hold only little together.
 */
static void feeds_the_one_that_is_read(void **state)
{
    claude_client_t *client = flooded_client("client.max_buffered_bytes", "262144");
    claude_request_t *request = hello();
    struct reader reader = {0, 0, 0};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_call_t *call;
    claude_code_t rc;
    struct flooded f;
    size_t events = flood_events() / 10;

    (void)state;
    script_flood(events);
    open_flooded(&f, 8, false, client);
    call = start_stream(client, request);
    while ((rc = claude_call_next(call, PATIENCE_MS, &event, &err)) == 1)
        read_event(&reader, event);
    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    check_reader(&reader, events);
    /* And the others after it, one after the other. */
    read_all(&f, events);
    claude_call_unref(call);
    claude_request_unref(request);
    close_flooded(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(holds_events_back),
        TEST(may_be_paused_before_anything_has_come),
        TEST(holds_the_end_back),
        TEST(has_no_effect_on_what_has_ended),
        TEST(has_no_effect_on_other_calls_than_streams),
        TEST(leaves_the_others_alone),
        TEST(goes_on_when_another_thread_resumes),
        TEST(ends_when_another_thread_cancels),
        TEST(pauses_inside_of_execute),
        TEST(loses_nothing_when_others_fidget),
        TEST(keeps_events_meanwhile),
        TEST(hands_out_what_was_kept_first),
        TEST(drops_the_oldest),
        TEST(accumulates_what_it_drops),
        TEST(limits_the_bytes_it_keeps),
        TEST(counts_over_several_pauses),
        TEST(tells_failures_at_once),
        TEST(counts_the_total_time_while_paused),
        TEST(does_not_count_idle_time_while_paused),
        TEST(counts_idle_time_after_resuming),
        TEST(does_not_count_progress_while_paused),
        TEST(ends_a_stream_without_progress),
        TEST(does_not_punish_a_busy_program),
        TEST(clears_what_was_kept),
        TEST(may_be_let_go_while_paused),
        TEST(bounds_a_stream_beside_another),
        TEST(bounds_a_loop_without_a_reader),
        TEST(bounds_what_is_held),
        TEST(bounds_what_is_kept),
        TEST(bounds_many_streams),
        TEST(feeds_the_one_that_is_read),
    };

    return RUN_WITH_SERVER(tests);
}
