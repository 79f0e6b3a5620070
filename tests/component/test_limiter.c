/*
 * The rate limiter around calls: never more than its limits, in order, and in nobody's way; who cannot have a turn
 * hears of it at once.
 */
#include "ways.h"

#define LIMITER CLAUDE_WITH_RATE_LIMITING
#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[],'usage':%s}}"
#define PLAIN_GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[]}}"

enum { PATIENCE_MS = 60000, MOST = 64 };

struct scene {
    claude_limiter_t *limiter;
    claude_client_t *client;
    claude_request_t *request;
};

/* A limiter that can be looked at, of a client's; options as pairs, ended by NULL. */
static struct scene scene_of(const char *option, ...)
{
    struct scene s = {.request = hello()};
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    va_list args;

    va_start(args, option);
    for (; option; option = va_arg(args, const char *))
        succeeds(claude_config_set(config, option, va_arg(args, const char *), &err), err);
    va_end(args);
    succeeds(claude_config_set(config, "metrics.enabled", "true", &err), err);
    succeeds(claude_limiter_new(config, &s.limiter, &err), err);
    succeeds(claude_config_set_limiter(config, s.limiter, &err), err);
    s.client = client_of(config);
    script(PLAIN_GOOD);
    return s;
}

static void close_scene(struct scene *s)
{
    assert_int_equal(claude_limiter_queued(s->limiter), 0);
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    claude_limiter_unref(s->limiter);
}

/* ---- limits ---- */

/* When a turn came: after the one, and before the other, whatever the machine does meanwhile. */
struct turn {
    int64_t after;
    int64_t before;
};

/* The call began between these two, which are there already. */
static void note_turn(struct turn *turn, const claude_report_t *report)
{
    turn->after += claude_report_attempt_limiter_wait_ms(report, 0);
    turn->before += claude_report_attempt_started_ms(report, 0);
    assert_true(turn->after <= turn->before);
}

/* In no time have more of them come than burst and rate allow; times are whole milliseconds. */
static void check_rate(const struct turn *turns, size_t n, int64_t burst, int64_t rate)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i; k < n; k++) {
            int64_t ms = turns[k].before - turns[i].after + 2;
            if ((int64_t)(k - i + 1) > burst + ms * rate / 1000 + 1)
                fail_msg("turns %zu to %zu came within %d ms", i, k, (int)ms);
        }
    }
}

static void calls_of_a_loop_take_turns(void **state)
{
    enum { CALLS = 16, BURST = 3, RATE = 50 };
    struct scene s = scene_of("limiter.requests_per_second", "50", "limiter.burst", "3", NULL);
    claude_call_t *calls[CALLS] = {NULL};
    struct turn turns[CALLS];
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    int64_t start = now_ms();

    (void)state;
    succeeds(claude_loop_new(s.client, &loop, &err), err);
    for (size_t i = 0; i < CALLS; i++) {
        turns[i].after = now_ms() - start;
        succeeds(claude_loop_submit(loop, s.request, LIMITER, i, &calls[i], &err), err);
        turns[i].before = now_ms() - start;
    }
    for (size_t i = 0; i < CALLS; i++)
        (void)loop_until_end(loop);
    for (size_t i = 0; i < CALLS; i++) {
        claude_report_t *report = claude_call_report(calls[i]);
        assert_int_equal(claude_call_state(calls[i]), CLAUDE_CALL_DONE);
        check_report(report, __FILE__, __LINE__);
        note_turn(&turns[i], report);
        assert_true(i == 0 || turns[i].before + 2 >= turns[i - 1].after); /* first come, first served */
        claude_call_unref(calls[i]);
    }
    check_rate(turns, CALLS, BURST, RATE);
    assert_true(turns[CALLS - 1].before >= (CALLS - BURST) * 1000 / RATE - 20);
    assert_int_equal(requests_seen(), CALLS);
    assert_in_range(metric(s.client, "limiter_waited"), 0, CALLS);
    claude_loop_unref(loop);
    close_scene(&s);
}

static void each_way_waits_for_its_turn(void **state)
{
    struct scene s = scene_of("limiter.requests_per_second", "20", "limiter.burst", "1", NULL);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o;
        int64_t start = now_ms();
        ends_with(run(way, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
        o = run(way, s.client, s.request, LIMITER);
        assert_true(claude_report_limiter_wait_ms(o.report) <= 50 + now_ms() - start);
        assert_true(now_ms() - start >= 45);
        assert_true(claude_report_attempt_started_ms(o.report, 0) >= claude_report_limiter_wait_ms(o.report));
        ends_with(o, CLAUDE_OK, 1, "");
        ends_with(run(way, s.client, s.request, 0), CLAUDE_OK, 1, ""); /* who does not ask for it is not in it */
    }
    close_scene(&s);
}

static void a_window_has_no_more_than_its_limit(void **state)
{
    struct scene s = scene_of("limiter.algorithm", "sliding_window", "limiter.requests_per_second", "20",
                              "limiter.window_ms", "200", NULL);
    struct turn turns[12];
    int64_t zero = now_ms();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(turns); i++) {
        struct outcome o;
        turns[i].after = now_ms() - zero;
        o = run((enum way)(i % WAYS), s.client, s.request, LIMITER);
        /* It ended before now. */
        turns[i].before = now_ms() - zero - claude_report_duration_ms(o.report);
        note_turn(&turns[i], o.report);
        ends_with(o, CLAUDE_OK, 1, "");
        assert_true(i < 4 || turns[i].before - turns[i - 4].after >= 198);
    }
    close_scene(&s);
}

static void types_have_limits_of_their_own(void **state)
{
    struct scene s =
        scene_of("limiter.requests_per_second", "0.001", "limiter.burst", "1", "limiter.models.requests_per_second",
                 "1000", "limiter.models.burst", "1000", "limiter.max_wait_ms", "0", NULL);
    claude_request_t *models = NULL;
    claude_request_t *files = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_new("models.list", &models, &err), err);
    succeeds(claude_request_new("files.list", &files, &err), err);
    script("{'body_json':{'type':'message','content':[],'data':[]}}");
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        ends_with(run(way, s.client, s.request, LIMITER), CLAUDE_E_THROTTLED, 0, "rate-limiting");
        ends_with(run(way, s.client, files, LIMITER), CLAUDE_E_THROTTLED, 0, "rate-limiting");
        ends_with(run(way, s.client, models, LIMITER), CLAUDE_OK, 1, "");
    }
    claude_request_unref(files);
    claude_request_unref(models);
    close_scene(&s);
}

/* ---- refusals ---- */

static void who_cannot_wait_hears_of_it_at_once(void **state)
{
    struct scene s =
        scene_of("limiter.requests_per_second", "0.1", "limiter.burst", "1", "limiter.max_wait_ms", "0", NULL);
    claude_error_t *err = NULL;

    (void)state;
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, s.client, s.request, LIMITER);
        assert_string_equal(claude_error_feature(o.err), "rate-limiting");
        assert_in_range(claude_error_retry_after_ms(o.err), 1, 10000);
        assert_null(claude_error_cause(o.err));
        assert_int_equal(claude_report_limiter_wait_ms(o.report), 0);
        ends_with(o, CLAUDE_E_THROTTLED, 0, "rate-limiting");
    }
    assert_int_equal(metric(s.client, "limiter_refused"), WAYS);
    /* A request may have more patience than the client. */
    succeeds(claude_request_set_option(s.request, "limiter.max_wait_ms", "3", &err), err);
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_E_THROTTLED, 0, "rate-limiting");
    close_scene(&s);
}

static void a_full_queue_takes_no_more(void **state)
{
    struct scene s = scene_of("limiter.requests_per_second", "0.001", "limiter.burst", "1", "limiter.max_wait_ms",
                              "86400000", "limiter.max_queue", "2", "timeout.total_ms", "0", NULL);
    claude_call_t *calls[2] = {NULL};
    claude_error_t *err = NULL;

    (void)state;
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        succeeds(claude_client_start(s.client, s.request, LIMITER, &calls[i], &err), err);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, s.client, s.request, LIMITER);
        assert_contains(claude_error_message(o.err), "limiter.max_queue");
        ends_with(o, CLAUDE_E_THROTTLED, 0, "rate-limiting");
    }
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        claude_call_unref(calls[i]);
    close_scene(&s);
}

static void what_can_never_go_is_refused(void **state)
{
    struct scene s =
        scene_of("limiter.input_tokens_per_minute", "1000", "limiter.output_tokens_per_minute", "1000", NULL);
    claude_error_t *err = NULL;
    char *text = malloc(8001);
    struct outcome o;

    (void)state;
    assert_non_null(text);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        o = run(way, s.client, s.request, LIMITER); /* max_tokens is 1024 */
        assert_contains(claude_error_message(o.err), "limiter.output_tokens_per_minute");
        ends_with(o, CLAUDE_E_THROTTLED, 0, "rate-limiting");
    }
    succeeds(claude_request_set_max_tokens(s.request, 10, &err), err);
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    memset(text, 'x', 8000);
    text[8000] = '\0';
    succeeds(claude_request_add_user_text(s.request, text, 8000, &err), err);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        o = run(way, s.client, s.request, LIMITER);
        assert_contains(claude_error_message(o.err), "limiter.input_tokens_per_minute");
        ends_with(o, CLAUDE_E_THROTTLED, 0, "rate-limiting");
    }
    free(text);
    close_scene(&s);
}

/* ---- what was really used ---- */

static void tokens_are_put_right_by_the_answer(void **state)
{
    struct scene s =
        scene_of("limiter.output_tokens_per_minute", "6000", "limiter.input_tokens_per_minute", "600000", NULL);
    char *reply = format(GOOD, "{'input_tokens':1000,'cache_creation_input_tokens':39000,"
                               "'cache_read_input_tokens':200000,'output_tokens':10}");

    (void)state;
    script(reply);
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    assert_in_range(claude_limiter_available(s.limiter, "messages", "output_tokens"), 5989, 6000);
    assert_in_range(claude_limiter_available(s.limiter, "messages", "input_tokens"), 559000, 590000);
    /* A failure used nothing that is known of: the estimate stays. */
    script("{'status':500,'body':''}");
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_E_SERVER, 1, "");
    assert_in_range(claude_limiter_available(s.limiter, "messages", "output_tokens"), 4000, 5990);
    free(reply);
    close_scene(&s);
}

/* What never went counts for nothing. */
static void a_breaker_that_refuses_gives_the_turn_back(void **state)
{
    claude_config_t *config = new_config();
    claude_limiter_t *limiter = NULL;
    claude_breaker_t *breaker = NULL;
    claude_client_t *client;
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set(config, "limiter.requests_per_second", "0.001", &err), err);
    succeeds(claude_config_set(config, "limiter.burst", "3", &err), err);
    succeeds(claude_limiter_new(config, &limiter, &err), err);
    succeeds(claude_breaker_new(config, &breaker, &err), err);
    succeeds(claude_config_set_limiter(config, limiter, &err), err);
    succeeds(claude_config_set_breaker(config, breaker, &err), err);
    client = client_of(config);
    claude_breaker_open(breaker, 60000);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        ends_with(run(way, client, request, LIMITER | CLAUDE_WITH_CIRCUIT_BREAKER), CLAUDE_E_CIRCUIT_OPEN, 0,
                  "circuit-breaker");
        assert_int_equal(claude_limiter_available(limiter, "messages", "requests"), 3);
    }
    claude_request_unref(request);
    claude_client_unref(client);
    claude_breaker_unref(breaker);
    claude_limiter_unref(limiter);
}

/* ---- in nobody's way ---- */

/* Started, and then forgotten: those behind get their turns. */
static void who_does_not_come_is_overtaken(void **state)
{
    struct scene s = scene_of("limiter.requests_per_second", "50", "limiter.burst", "1", NULL);
    claude_call_t *forgotten[4] = {NULL};
    claude_error_t *err = NULL;
    int64_t start = now_ms();

    (void)state;
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    for (size_t i = 0; i < COUNT_OF(forgotten); i++)
        succeeds(claude_client_start(s.client, s.request, LIMITER, &forgotten[i], &err), err);
    ends_with(run(WAY_WAIT, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    ends_with(run(WAY_EDGE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    assert_true(now_ms() - start < PATIENCE_MS / 2);
    /* And they go on where somebody waits in them after all. */
    for (size_t i = 0; i < COUNT_OF(forgotten); i++) {
        succeeds(wait_for(forgotten[i], &err), err);
        assert_int_equal(claude_call_state(forgotten[i]), CLAUDE_CALL_DONE);
        claude_call_unref(forgotten[i]);
    }
    close_scene(&s);
}

/* The failed and the cancelled are in no queue, however long the program keeps them. */
static void cancelled_calls_make_room(void **state)
{
    struct scene s = scene_of("limiter.requests_per_second", "5", "limiter.burst", "1", NULL);
    claude_call_t *calls[10] = {NULL};
    claude_error_t *err = NULL;
    struct outcome o;

    (void)state;
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        succeeds(claude_client_start(s.client, s.request, LIMITER, &calls[i], &err), err);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        claude_call_cancel(calls[i]);
        fails(wait_for(calls[i], &err), CLAUDE_E_CANCELED, &err);
    }
    assert_int_equal(claude_limiter_queued(s.limiter), 0);
    o = run(WAY_NEXT, s.client, s.request, LIMITER);
    assert_true(claude_report_limiter_wait_ms(o.report) < 1000); /* it would be the eleventh: two seconds */
    ends_with(o, CLAUDE_OK, 1, "");
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        claude_call_unref(calls[i]);
    close_scene(&s);
}

/* ---- what the server says ---- */

static void the_server_is_believed_where_it_may_be(void **state)
{
    struct scene s =
        scene_of("limiter.requests_per_second", "10000", "limiter.burst", "1000", "limiter.learn", "true", NULL);
    struct scene other = scene_of("limiter.requests_per_second", "10000", "limiter.burst", "1000", NULL);

    (void)state;
    script("{'status':429,'headers':[['retry-after-ms','300']],'body':''}");
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o;
        int64_t start = now_ms();
        ends_with(run(way, s.client, s.request, LIMITER), CLAUDE_E_RATE_LIMIT, 1, "");
        o = run(way, s.client, s.request, LIMITER);
        assert_true(claude_report_limiter_wait_ms(o.report) >= 290 - (now_ms() - start));
        assert_true(now_ms() - start >= 290);
        ends_with(o, CLAUDE_E_RATE_LIMIT, 1, "");
        o = run(way, other.client, s.request, LIMITER);
        assert_true(claude_report_limiter_wait_ms(o.report) < 250);
        ends_with(o, CLAUDE_E_RATE_LIMIT, 1, "");
        start = now_ms();
        while (now_ms() - start < 300 && claude_limiter_available(s.limiter, "messages", "requests") == 0)
            ;
    }
    close_scene(&other);
    close_scene(&s);
}

/* What the answer says remains is what remains: the call that was answered does not count twice. */
static void an_answer_counts_its_own_call(void **state)
{
    static const char reply[] = "{'headers':[['anthropic-ratelimit-requests-limit','100'],"
                                "['anthropic-ratelimit-requests-remaining','5'],"
                                "['anthropic-ratelimit-requests-reset','2099-01-01T00:00:00Z']],"
                                "'body_json':{'id':'msg_1','type':'message','content':[]}}";
    struct scene s =
        scene_of("limiter.requests_per_second", "10000", "limiter.burst", "1000", "limiter.learn", "true", NULL);

    (void)state;
    script(reply);
    ends_with(run(WAY_EXECUTE, s.client, s.request, LIMITER), CLAUDE_OK, 1, "");
    assert_int_equal(claude_limiter_available(s.limiter, "messages", "requests"), 5);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_of_a_loop_take_turns),
        TEST(each_way_waits_for_its_turn),
        TEST(a_window_has_no_more_than_its_limit),
        TEST(types_have_limits_of_their_own),
        TEST(who_cannot_wait_hears_of_it_at_once),
        TEST(a_full_queue_takes_no_more),
        TEST(what_can_never_go_is_refused),
        TEST(tokens_are_put_right_by_the_answer),
        TEST(a_breaker_that_refuses_gives_the_turn_back),
        TEST(who_does_not_come_is_overtaken),
        TEST(cancelled_calls_make_room),
        TEST(the_server_is_believed_where_it_may_be),
        TEST(an_answer_counts_its_own_call),
    };

    return RUN_WITH_SERVERS(tests);
}
