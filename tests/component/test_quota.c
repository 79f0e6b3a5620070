/*
 * Calls within quotas: what is taken for them before they are sent, what is counted when they end, in each way to wait
 * and to end; and what 64 threads use together.
 */
#include "ways.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUOTA CLAUDE_WITH_QUOTA
#define MODEL "claude-haiku-4-5"
#define GOOD                                                                                                           \
    "{'body_json':{'id':'msg_1','type':'message','role':'assistant','model':'" MODEL "','content':[],"                 \
    "'usage':{'input_tokens':10,'cache_creation_input_tokens':4,'cache_read_input_tokens':20,'output_tokens':5}}}"
#define BUSY "{'status':529,'body':''}"
#define START                                                                                                          \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'" MODEL      \
    "','content':[],'usage':{'input_tokens':12,'output_tokens':1}}}}"
#define BLOCK "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}}"
#define TEXT                                                                                                           \
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'0123456789012345678901234"   \
    "56789012345678901234567890123456789'}}}"
#define END                                                                                                            \
    "{'data':{'type':'content_block_stop','index':0}},"                                                                \
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':30}}},"               \
    "{'data':{'type':'message_stop'}}"

enum { PATIENCE_MS = 60000, MAX_TOKENS = 100 };

struct scene {
    claude_quota_t *quota;
    claude_client_t *client;
    claude_request_t *request;
};

static claude_client_t *client_within(claude_quota_t *quota)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set_quota(config, quota, &err), err);
    succeeds(claude_config_set(config, "retry.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "retry.initial_delay_ms", "0", &err), err);
    succeeds(claude_config_set(config, "limiter.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "metrics.enabled", "true", &err), err);
    return client_of(config);
}

static struct scene scene_of(void)
{
    struct scene s = {.quota = NULL};
    claude_error_t *err = NULL;

    succeeds(claude_quota_new(NULL, &s.quota, &err), err);
    s.client = client_within(s.quota);
    s.request = request_of("{'model':'" MODEL "','max_tokens':100,'messages':[{'role':'user','content':'Hello'}]}");
    return s;
}

static void close_scene(struct scene *s)
{
    claude_request_unref(s->request);
    claude_client_unref(s->client);
    claude_quota_unref(s->quota);
}

static int64_t used(struct scene *s, const char *name)
{
    return claude_quota_usage(s->quota, MODEL, name);
}

/* Also in all, of which the one model is all there is. */
static void has_used(struct scene *s, int64_t requests, int64_t tokens, int64_t estimated)
{
    assert_int_equal(used(s, "daily_requests"), requests);
    assert_int_equal(used(s, "daily_tokens"), tokens);
    assert_int_equal(used(s, "daily_estimated"), estimated);
    assert_int_equal(used(s, "reserved_requests"), 0);
    assert_int_equal(used(s, "reserved_tokens"), 0);
    assert_int_equal(used(s, "reserved_cost"), 0);
    assert_int_equal(claude_quota_usage(s->quota, NULL, "monthly_tokens"), tokens);
}

static void set_limit(struct scene *s, const char *name, int64_t limit)
{
    claude_error_t *err = NULL;

    succeeds(claude_quota_set_limit(s->quota, NULL, name, limit, &err), err);
}

static void is_refused(enum way way, struct scene *s, uint32_t features, const char *name)
{
    struct outcome o = run(way, s->client, s->request, features);

    assert_int_equal(o.wire, 0);
    assert_string_equal(claude_error_feature(o.err), "enterprise-quota");
    assert_string_equal(claude_error_error_code(o.err), name);
    assert_int_equal(claude_error_is_retryable(o.err), 0);
    assert_true(claude_error_quota(o.err, "limit") > 0);
    ends_with(o, CLAUDE_E_QUOTA, 0, "enterprise-quota");
}

static void a_call_counts_what_the_server_says(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of();
        script(GOOD);
        set_limit(&s, "daily_requests", 2);
        ends_with(run(way, s.client, s.request, 0), CLAUDE_OK, 1, ""); /* one that does not ask for it */
        has_used(&s, 0, 0, 0);
        ends_with(run(way, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
        has_used(&s, 1, 39, 0);
        /* 1 of input, 1.25 to write, 0.1 to read, 5 of output, per million. */
        assert_int_equal(used(&s, "daily_cost"), 10 * 1000 + 4 * 1250 + 20 * 100 + 5 * 5000);
        ends_with(run(way, s.client, s.request, CLAUDE_WITH_ENTERPRISE_FEATURES), CLAUDE_OK, 1, "");
        has_used(&s, 2, 78, 0);
        is_refused(way, &s, QUOTA, "daily_requests");
        is_refused(way, &s, CLAUDE_WITH_ENTERPRISE_FEATURES, "daily_requests");
        has_used(&s, 2, 78, 0);
        assert_int_equal(metric(s.client, "quota_refused"), 2);
        close_scene(&s);
    }
}

/* The body's bytes are four to a token, and max_tokens are asked for. */
static void room_is_taken_before_it_is_sent(void **state)
{
    struct scene s = scene_of();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    int64_t estimate;

    (void)state;
    script("{'faults':[{'at':0,'do':'stall'}]}");
    succeeds(claude_client_start(s.client, s.request, QUOTA, &call, &err), err);
    assert_int_equal(used(&s, "reserved_requests"), 1);
    claude_call_unref(call); /* before anything was sent */
    has_used(&s, 0, 0, 0);
    succeeds(claude_client_start(s.client, s.request, QUOTA, &call, &err), err);
    while (requests_seen() == 0)
        assert_int_equal(claude_call_wait(call, 10, &err), 0);
    estimate = used(&s, "reserved_tokens");
    assert_in_range(estimate, MAX_TOKENS + 10, MAX_TOKENS + 40);
    assert_int_equal(used(&s, "reserved_cost"), (estimate - MAX_TOKENS) * 1000 + MAX_TOKENS * 5000);
    assert_int_equal(used(&s, "reserved_requests"), 1);
    set_limit(&s, "daily_tokens", 2 * estimate - 1);
    is_refused(WAY_EXECUTE, &s, QUOTA, "daily_tokens");
    set_limit(&s, "daily_tokens", 2 * estimate);
    succeeds(claude_request_set_option(s.request, "quota.output_estimate", "40", &err), err);
    claude_call_unref(call); /* nobody knows what it used: its input, at least */
    has_used(&s, 1, estimate - MAX_TOKENS, 1);
    set_limit(&s, "daily_tokens", 2 * (estimate - MAX_TOKENS) + 40);
    script(GOOD);
    ends_with(run(WAY_EXECUTE, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
    close_scene(&s);
}

static void one_call_is_one_request_with_what_all_attempts_used(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of();
        script("{'sequence':[" BUSY "," BUSY "," GOOD "]}");
        ends_with(run(way, s.client, s.request, QUOTA | CLAUDE_WITH_RETRIES), CLAUDE_OK, 3, "");
        has_used(&s, 1, 39, 0);
        script("{'status':400,'body':''}"); /* errors of the API are not charged */
        ends_with(run(way, s.client, s.request, QUOTA), CLAUDE_E_BAD_REQUEST, 1, "");
        has_used(&s, 2, 39, 0);
        close_scene(&s);
    }
}

static void what_was_not_sent_is_given_back(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_config_t *config = new_config();
        struct scene s = scene_of();
        claude_error_t *err = NULL;
        claude_client_unref(s.client);
        succeeds(claude_config_set_quota(config, s.quota, &err), err);
        succeeds(claude_config_set(config, "limiter.output_tokens_per_minute", "10", &err), err);
        succeeds(claude_config_set(config, "limiter.enabled", "true", &err), err);
        succeeds(claude_config_set(config, "base_url", "http://127.0.0.1:1", &err), err);
        s.client = client_of(config);
        ends_with(run(way, s.client, s.request, QUOTA | CLAUDE_WITH_RATE_LIMITING), CLAUDE_E_THROTTLED, 0,
                  "rate-limiting");
        has_used(&s, 0, 0, 0);
        ends_with(run(way, s.client, s.request, QUOTA), CLAUDE_E_CONNECT, 1, "");
        has_used(&s, 0, 0, 0);
        close_scene(&s);
    }
}

/* ---- streams ---- */

static claude_request_t *stream_request(void)
{
    return request_of("{'model':'" MODEL
                      "','max_tokens':100,'stream':true,'messages':[{'role':'user','content':'Hello'}]}");
}

static void a_stream_counts_its_end_and_a_cut_one_what_came(void **state)
{
    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct scene s = scene_of();
        int64_t cut;
        claude_request_unref(s.request);
        s.request = stream_request();
        script("{'events':[" START "," BLOCK "," TEXT "," END "]}");
        ends_with(run(way, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
        has_used(&s, 1, 12 + 30, 0);
        script("{'events':[" START "," BLOCK "," TEXT ",{'do':'fin'}]}");
        ends_with(run(way, s.client, s.request, QUOTA), CLAUDE_E_TRUNCATED, 1, "committed");
        cut = used(&s, "daily_tokens") - (12 + 30);
        assert_in_range(cut, 12 + 60 / 4, 12 + 60 / 4 + 30); /* not 1, as the server said at first */
        has_used(&s, 2, 12 + 30 + cut, 1);
        close_scene(&s);
    }
}

/* Cancelled, let go of, gone with its loop: what had come is counted, and nothing stays reserved. */
static void a_stream_that_ends_early_counts_what_came(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct scene s = scene_of();
        claude_loop_t *loop = NULL;
        claude_call_t *call = NULL;
        const claude_event_t *event = NULL;
        claude_error_t *err = NULL;
        uint64_t tag;
        claude_request_unref(s.request);
        s.request = stream_request();
        script("{'events':[" START "," BLOCK "," TEXT ",{'do':'stall'}]}");
        if (how == 2) {
            int events = 0;
            succeeds(claude_loop_new(s.client, &loop, &err), err);
            succeeds(claude_loop_submit(loop, s.request, QUOTA, 1, &call, &err), err);
            while (events < 3) {
                succeeds(claude_loop_wait(loop, PATIENCE_MS, &err), err);
                while (claude_loop_next(loop, &tag, &event, &err) == 1)
                    events++;
            }
        } else {
            succeeds(claude_client_start(s.client, s.request, QUOTA, &call, &err), err);
            for (int i = 0; i < 3; i++)
                assert_int_equal(claude_call_next(call, PATIENCE_MS, &event, &err), 1);
        }
        assert_int_equal(used(&s, "reserved_requests"), 1);
        if (how == 0) {
            claude_call_cancel(call);
            fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
        }
        claude_call_unref(call);
        claude_loop_unref(loop);
        assert_in_range(used(&s, "daily_tokens"), 12 + 60 / 4, 12 + 60 / 4 + 30);
        has_used(&s, 1, used(&s, "daily_tokens"), 1);
        close_scene(&s);
    }
}

/* ---- other endpoints, models, clients ---- */

static void other_endpoints_count_as_requests(void **state)
{
    struct scene s = scene_of();
    claude_request_t *list = NULL;
    claude_error_t *err = NULL;

    (void)state;
    set_limit(&s, "daily_cost", 1000);
    set_limit(&s, "daily_requests", 1);
    succeeds(claude_request_new("models.list", &list, &err), err);
    script("{'body_json':{'data':[]}}");
    ends_with(run(WAY_EXECUTE, s.client, list, QUOTA), CLAUDE_OK, 1, "");
    assert_int_equal(claude_quota_usage(s.quota, NULL, "daily_requests"), 1);
    assert_int_equal(claude_quota_usage(s.quota, NULL, "daily_tokens"), 0);
    assert_int_equal(claude_quota_usage(s.quota, NULL, "daily_unpriced"), 0);
    assert_int_equal(claude_quota_model_count(s.quota), 0);
    ends_with(run(WAY_EXECUTE, s.client, list, QUOTA), CLAUDE_E_QUOTA, 0, "enterprise-quota");
    claude_request_unref(list);
    close_scene(&s);
}

static void a_model_without_a_price(void **state)
{
    struct scene s = scene_of();
    struct outcome o;

    (void)state;
    claude_request_unref(s.request);
    s.request = request_of("{'model':'nobodys-own','max_tokens':100,'messages':[{'role':'user','content':'Hello'}]}");
    script("{'body_json':{'type':'message','content':[],'usage':{'input_tokens':1,'output_tokens':1}}}");
    ends_with(run(WAY_EXECUTE, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
    assert_int_equal(claude_quota_usage(s.quota, "nobodys-own", "daily_unpriced"), 1);
    assert_int_equal(claude_quota_usage(s.quota, "nobodys-own", "daily_tokens"), 2);
    set_limit(&s, "monthly_cost", INT64_C(1000000000000));
    o = run(WAY_EXECUTE, s.client, s.request, QUOTA);
    assert_contains(claude_error_message(o.err), "the model \"nobodys-own\" has no price");
    ends_with(o, CLAUDE_E_QUOTA, 0, "enterprise-quota");
    close_scene(&s);
}

static void clients_share_one_and_have_their_own(void **state)
{
    struct scene s = scene_of();
    claude_client_t *other = client_within(s.quota);
    claude_client_t *own = client_with("quota.enabled", "true", "quota.daily_requests", "1", NULL);
    claude_client_t *none = new_client();

    (void)state;
    script(GOOD);
    set_limit(&s, "daily_requests", 2);
    ends_with(run(WAY_EXECUTE, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
    ends_with(run(WAY_EXECUTE, other, s.request, QUOTA), CLAUDE_OK, 1, "");
    ends_with(run(WAY_EXECUTE, other, s.request, QUOTA), CLAUDE_E_QUOTA, 0, "enterprise-quota");
    ends_with(run(WAY_EXECUTE, s.client, s.request, QUOTA), CLAUDE_E_QUOTA, 0, "enterprise-quota");
    ends_with(run(WAY_EXECUTE, own, s.request, QUOTA), CLAUDE_OK, 1, "");
    ends_with(run(WAY_EXECUTE, own, s.request, QUOTA), CLAUDE_E_QUOTA, 0, "enterprise-quota");
    {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc = claude_client_execute_with_quota(none, s.request, &response, &err);
        assert_contains(claude_error_message(err), "quota.enabled");
        fails(rc, CLAUDE_E_INVALID, &err);
    }
    claude_client_unref(none);
    claude_client_unref(own);
    claude_client_unref(other);
    close_scene(&s);
}

/* ---- a client's own, while its configuration changes ---- */

static void change(claude_client_t *client, const char *name, const char *limit, const char *offset_minutes)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "quota.enabled", "true", &err), err);
    succeeds(claude_config_set(config, "quota.daily_requests", limit, &err), err);
    succeeds(claude_config_set(config, "quota.utc_offset_minutes", offset_minutes, &err), err);
    succeeds(claude_client_set_snapshot(client, name, config, &err), err);
    claude_config_unref(config);
}

static void has_room(claude_client_t *client, claude_request_t *request)
{
    ends_with(run(WAY_EXECUTE, client, request, QUOTA), CLAUDE_OK, 1, "");
}

static void has_no_room(claude_client_t *client, claude_request_t *request, int64_t limit, int64_t used,
                        int64_t reserved)
{
    struct outcome o = run(WAY_EXECUTE, client, request, QUOTA);

    assert_int_equal(claude_error_quota(o.err, "limit"), limit);
    assert_int_equal(claude_error_quota(o.err, "used"), used);
    assert_int_equal(claude_error_quota(o.err, "reserved"), reserved);
    ends_with(o, CLAUDE_E_QUOTA, 0, "enterprise-quota");
}

/* Also what is under way: it was reserved under one limit and is settled under another. */
static void other_limits_are_held_against_the_same_use(void **state)
{
    claude_client_t *client = client_with("quota.enabled", "true", "quota.daily_requests", "9", NULL);
    struct scene s = scene_of();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    has_room(client, s.request);
    succeeds(claude_client_start(client, s.request, QUOTA, &call, &err), err);
    change(client, NULL, "2", "0");
    has_no_room(client, s.request, 2, 1, 1);
    succeeds(wait_for(call, &err), err);
    claude_call_unref(call);
    has_no_room(client, s.request, 2, 2, 0);
    change(client, "b", "3", "0");
    succeeds(claude_request_set_option(s.request, "request.snapshot", "b", &err), err);
    has_room(client, s.request);
    has_no_room(client, s.request, 3, 3, 0);
    succeeds(claude_request_set_option(s.request, "request.snapshot", NULL, &err), err);
    has_no_room(client, s.request, 2, 3, 0);
    change(client, NULL, "4", "0");
    has_room(client, s.request);
    has_no_room(client, s.request, 4, 4, 0);
    claude_client_unref(client);
    close_scene(&s);
}

/* Days that begin elsewhere are another count, which goes on from the first; a call under way ends in its own. */
static void other_days_go_on_from_what_was_used(void **state)
{
    claude_client_t *client = client_with("quota.enabled", "true", "quota.daily_requests", "2", NULL);
    struct scene s = scene_of();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    has_room(client, s.request);
    succeeds(claude_client_start(client, s.request, QUOTA, &call, &err), err);
    change(client, NULL, "2", "60");
    succeeds(wait_for(call, &err), err);
    claude_call_unref(call);
    has_room(client, s.request);
    has_no_room(client, s.request, 2, 2, 0);
    claude_client_unref(client);
    close_scene(&s);
}

static void a_report_names_it(void **state)
{
    struct scene s = scene_of();
    struct outcome o;

    (void)state;
    script(GOOD);
    o = run(WAY_EXECUTE, s.client, s.request, QUOTA);
    assert_int_equal(claude_report_features(o.report), QUOTA);
    assert_contains(claude_report_json(o.report, NULL), "\"features\":[\"quota\"]");
    ends_with(o, CLAUDE_OK, 1, "");
    close_scene(&s);
}

/* ---- threads and processes ---- */

enum { THREADS = 64, CALLS = 4, TOKENS_OF_A_CALL = 39 };

struct crowd {
    struct scene *s;
    _Atomic int ok;
    _Atomic int refused;
};

static void *come_together(void *arg)
{
    struct crowd *c = arg;

    for (int i = 0; i < CALLS; i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        claude_code_t rc = claude_client_execute_with_quota(c->s->client, c->s->request, &response, &err);
        atomic_fetch_add(&c->ok, rc == CLAUDE_OK);
        atomic_fetch_add(&c->refused, rc == CLAUDE_E_QUOTA);
        claude_response_unref(response);
        claude_error_unref(err);
    }
    return NULL;
}

/* Each call uses less than was taken for it: the limit is not passed at all. */
static void threads_stay_within_it_together(void **state)
{
    struct scene s = scene_of();
    struct crowd c = {.s = &s};
    pthread_t threads[THREADS];
    const int64_t limit = 100 * TOKENS_OF_A_CALL;

    (void)state;
    script(GOOD);
    set_limit(&s, "daily_tokens", limit);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_together, &c), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c.ok + c.refused, THREADS * CALLS);
    assert_true(c.ok > 0 && c.refused > 0);
    assert_int_equal(requests_seen(), c.ok);
    has_used(&s, c.ok, (int64_t)c.ok * TOKENS_OF_A_CALL, 0);
    assert_true(used(&s, "daily_tokens") <= limit);
    close_scene(&s);
}

static void a_child_has_its_own_from_then_on(void **state)
{
    struct scene s = scene_of();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    int status = 0;
    pid_t pid;

    (void)state;
    script(GOOD);
    ends_with(run(WAY_EXECUTE, s.client, s.request, QUOTA), CLAUDE_OK, 1, "");
    succeeds(claude_client_start(s.client, s.request, QUOTA, &call, &err), err);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        claude_response_t *response = NULL;
        bool ok = used(&s, "reserved_requests") == 0 && used(&s, "daily_requests") == 1;
        claude_call_unref(call);
        ok = ok && used(&s, "daily_requests") == 1 &&
             claude_client_execute_with_quota(s.client, s.request, &response, NULL) == CLAUDE_OK &&
             used(&s, "daily_requests") == 2 && used(&s, "reserved_requests") == 0;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(used(&s, "reserved_requests"), 1);
    succeeds(wait_for(call, &err), err);
    has_used(&s, 2, 78, 0);
    claude_call_unref(call);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_SERVERS(a_call_counts_what_the_server_says),
        TEST_OF_SERVERS(room_is_taken_before_it_is_sent),
        TEST_OF_SERVERS(one_call_is_one_request_with_what_all_attempts_used),
        TEST_OF_SERVERS(what_was_not_sent_is_given_back),
        TEST_OF_SERVERS(a_stream_counts_its_end_and_a_cut_one_what_came),
        TEST_OF_SERVERS(a_stream_that_ends_early_counts_what_came),
        TEST_OF_SERVERS(other_endpoints_count_as_requests),
        TEST_OF_SERVERS(a_model_without_a_price),
        TEST_OF_SERVERS(clients_share_one_and_have_their_own),
        TEST_OF_SERVERS(other_limits_are_held_against_the_same_use),
        TEST_OF_SERVERS(other_days_go_on_from_what_was_used),
        TEST_OF_SERVERS(a_report_names_it),
        TEST_OF_SERVERS(threads_stay_within_it_together),
        TEST_OF_SERVERS(a_child_has_its_own_from_then_on),
    };

    return RUN_WITH_SERVERS(tests);
}
