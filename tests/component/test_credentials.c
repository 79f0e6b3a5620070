/*
 * Keys that change: replaced while calls go on, fetched by a provider before they run out, refused by the server, and
 * what becomes of calls where no key can be had.
 */
#include "ways.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[]}}"
#define REFUSED "{'status':401,'error':{'type':'authentication_error','message':'invalid x-api-key'}}"
#define REFUSED_ONCE "{'sequence':[" REFUSED "," GOOD "]}"
#define REFUSED_TWICE "{'sequence':[" REFUSED "," REFUSED "," GOOD "]}"

enum { ENOUGH_MS = 60000 };

static claude_secret_t *secret_of(const char *text)
{
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_secret_new_unchecked(text, CLAUDE_NTS, &secret, &err), err);
    return secret;
}

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sent_with(size_t index, const char *key)
{
    assert_string_equal(header_of(received_at(index), "x-api-key"), key);
}

static void rotate(claude_client_t *client, int32_t endpoint, const char *text)
{
    claude_secret_t *secret = secret_of(text);
    claude_error_t *err = NULL;

    succeeds(claude_client_rotate_secret(client, endpoint, secret, &err), err);
    claude_secret_unref(secret);
}

/* ---- replacing a key ---- */

static void the_next_call_has_the_new_key(void **state)
{
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_client_t *client = new_client();
        assert_int_equal(sandbox_reset(server), 0);
        script(GOOD);
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        rotate(client, CLAUDE_KEY_OF_CLIENT, "token-2");
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        sent_with(0, KEY);
        sent_with(1, "token-2");
        claude_client_unref(client);
    }
    claude_request_unref(request);
}

/* A retry is a new attempt; the attempt before keeps what it was sent with. */
static void a_retry_has_the_new_key(void **state)
{
    claude_client_t *client =
        client_with("retry.enabled", "true", "retry.initial_delay_ms", "300", "retry.jitter", "0", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script("{'sequence':[{'status':529,'body':''}," GOOD "]}");
    succeeds(claude_client_start(client, request, CLAUDE_WITH_RETRIES, &call, &err), err);
    while (requests_seen() == 0)
        assert_int_equal(claude_call_wait(call, 1, &err), 0);
    rotate(client, CLAUDE_KEY_OF_CLIENT, "token-2");
    assert_int_equal(wait_for(call, &err), CLAUDE_DONE);
    succeeds(claude_call_result(call, &response, &err), err);
    sent_with(0, KEY);
    sent_with(1, "token-2");
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

static claude_failover_t *failover_of(const char *own_url, const char *other_url, claude_secret_t *secret)
{
    claude_config_t *config = new_config();
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, other_url, 1, secret, NULL, &err), err);
    succeeds(claude_failover_add_endpoint(failover, own_url, 2, NULL, NULL, &err), err);
    claude_config_unref(config);
    return failover;
}

static void an_endpoint_has_its_own(void **state)
{
    claude_secret_t *secret = secret_of("other-1");
    claude_failover_t *failover = failover_of(sandbox_url(server), sandbox_url(other_server(0)), secret);
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_client_t *second;
    claude_secret_t *held;
    char *records;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_set_failover(config, failover, &err), err);
    second = client_of(claude_config_ref(config));
    client = client_of(config);
    script_at(other_server(0), GOOD);
    rotate(client, 0, "other-2");
    ends_with(run(WAY_EXECUTE, client, request, CLAUDE_WITH_FAILOVER), CLAUDE_OK, 1, "");
    ends_with(run(WAY_EXECUTE, second, request, CLAUDE_WITH_FAILOVER), CLAUDE_OK, 1, "");
    records = sandbox_requests(other_server(0));
    assert_contains(records, "other-2");
    assert_contains(records, "other-1");
    assert_null(strstr(records, KEY));
    free(records);
    held = claude_client_secret(client, 0);
    assert_string_equal(claude_secret_expose(held, NULL), "other-2");
    claude_secret_unref(held);
    held = claude_client_secret(client, 1);
    assert_string_equal(claude_secret_expose(held, NULL), KEY);
    claude_secret_unref(held);
    assert_null(claude_client_secret(client, 2));
    assert_null(claude_client_secret(client, -2));
    fails(claude_client_rotate_secret(client, 1, secret, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_rotate_secret(client, 2, secret, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_rotate_secret(client, -2, secret, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_rotate_secret(client, -1, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_rotate_secret(NULL, -1, secret, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_client_unref(second);
    claude_failover_unref(failover);
    claude_secret_unref(secret);
}

struct rotation {
    claude_client_t *client;
    _Atomic bool stop;
};

static void *rotate_on(void *arg)
{
    struct rotation *r = arg;

    for (int i = 0; !atomic_load(&r->stop); i++) {
        char text[32];
        snprintf(text, sizeof text, "token-%d", i);
        rotate(r->client, CLAUDE_KEY_OF_CLIENT, text);
    }
    return NULL;
}

static void *call_on(void *arg)
{
    claude_request_t *request = hello();

    for (int i = 0; i < 25; i++)
        claude_response_unref(execute(arg, request));
    claude_request_unref(request);
    return NULL;
}

static void no_call_is_lost(void **state)
{
    struct rotation r = {.client = new_client()};
    pthread_t threads[4];
    pthread_t rotator;

    (void)state;
    script(GOOD);
    assert_int_equal(pthread_create(&rotator, NULL, rotate_on, &r), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, r.client), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    atomic_store(&r.stop, true);
    pthread_join(rotator, NULL);
    assert_int_equal(requests_seen(), 100);
    claude_client_unref(r.client);
}

/* ---- expiry ---- */

struct told {
    int times;
    int64_t left_ms;
    char fingerprint[17];
    claude_client_t *client; /* to be given another key */
};

static void tell(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *user_data)
{
    struct told *told = user_data;

    (void)expires_at_ms;
    told->times++;
    told->left_ms = left_ms;
    snprintf(told->fingerprint, sizeof told->fingerprint, "%s", fingerprint);
    if (told->client)
        rotate(told->client, CLAUDE_KEY_OF_CLIENT, "token-2");
}

static void an_expired_key_is_sent_and_told(void **state)
{
    claude_secret_t *secret = secret_of("token-1");
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct told told = {.client = client};
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    succeeds(claude_secret_set_expiry(secret, wall_ms() - 5000, &err), err);
    succeeds(claude_secret_on_expiry(secret, 0, tell, &told, NULL, &err), err);
    succeeds(claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(told.times, 1);
    assert_in_range(-told.left_ms, 5000, 5000 + ENOUGH_MS);
    assert_string_equal(told.fingerprint, claude_secret_fingerprint(secret));
    claude_response_unref(execute(client, request));
    sent_with(0, "token-1");
    sent_with(1, "token-2");
    claude_secret_unref(secret);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void an_expired_key_may_be_refused(void **state)
{
    claude_secret_t *secret = secret_of("token-1");
    claude_client_t *client = client_with("auth.refuse_expired", "true", NULL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    succeeds(claude_secret_set_expiry(secret, wall_ms() + ENOUGH_MS, &err), err);
    succeeds(claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, &err), err);
    claude_response_unref(execute(client, request));
    succeeds(claude_secret_set_expiry(secret, wall_ms() - 1, &err), err);
    for (enum way way = WAY_EXECUTE; way < WAY_LOOP; way++) {
        claude_call_t *call = NULL;
        fails(claude_client_start(client, request, 0, &call, &err), CLAUDE_E_NO_KEY, &err);
    }
    assert_int_equal(requests_seen(), 1);
    claude_secret_unref(secret);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- a provider ---- */

struct provider {
    _Atomic int asked;
    int32_t reasons[8];
    int32_t answer;  /* other than 0: fails */
    int fails_from;  /* with that answer, from this time of being asked on; 0: always */
    int64_t life_ms; /* of its tokens; 0: for ever */
    int pause_ms;    /* before it answers */
    bool gives_nothing;
    _Atomic int inside; /* threads at once, now */
    _Atomic int most;   /* and ever */
    int destroyed;
    void (*act)(struct provider *provider);
    void *subject;
};

static void forget(void *user_data)
{
    ((struct provider *)user_data)->destroyed++;
}

static int32_t provide(claude_credential_t *credential, void *user_data)
{
    struct provider *p = user_data;
    int n = atomic_fetch_add(&p->asked, 1) + 1;
    int inside = atomic_fetch_add(&p->inside, 1) + 1;
    claude_secret_t *secret;
    char text[32];

    if (inside > atomic_load(&p->most))
        atomic_store(&p->most, inside);
    p->reasons[(n - 1) % 8] = claude_credential_reason(credential);
    if (p->act)
        p->act(p);
    if (p->pause_ms > 0)
        usleep((useconds_t)p->pause_ms * 1000);
    atomic_fetch_sub(&p->inside, 1);
    if (p->answer != 0 && n >= p->fails_from)
        return p->answer;
    if (p->gives_nothing)
        return 0;
    snprintf(text, sizeof text, "token-%d", n);
    secret = secret_of(text);
    if (p->life_ms != 0)
        assert_int_equal(claude_secret_set_expiry(secret, wall_ms() + p->life_ms, NULL), CLAUDE_OK);
    assert_int_equal(claude_credential_set_secret(credential, secret, NULL), CLAUDE_OK);
    claude_secret_unref(secret);
    return 0;
}

static claude_config_t *config_of(struct provider *p)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set_secret(config, NULL, &err), err);
    succeeds(claude_config_set_credential_provider(config, provide, p, forget, &err), err);
    return config;
}

static void set(claude_config_t *config, const char *name, const char *value)
{
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, name, value, &err), err);
}

static void it_is_asked_once(void **state)
{
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct provider p = {.life_ms = 0};
        claude_client_t *client = client_of(config_of(&p));
        assert_int_equal(sandbox_reset(server), 0);
        script(GOOD);
        assert_int_equal(p.asked, 0);
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        assert_int_equal(p.asked, 1);
        assert_int_equal(p.reasons[0], CLAUDE_CREDENTIAL_FIRST);
        sent_with(0, "token-1");
        sent_with(1, "token-1");
        claude_client_unref(client);
        assert_int_equal(p.destroyed, 1);
    }
    claude_request_unref(request);
}

/* Starting never runs it; with a token that is good, starting sends at once. */
static void starting_does_not_ask(void **state)
{
    struct provider p = {.life_ms = 0};
    claude_client_t *client = client_of(config_of(&p));
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(p.asked, 0);
    assert_int_equal(wait_for(call, &err), CLAUDE_DONE);
    assert_int_equal(p.asked, 1);
    claude_call_unref(call);
    claude_client_unref(client);
    client = client_of(config_of(&p));
    succeeds(claude_loop_new(client, &loop, &err), err);
    succeeds(claude_loop_submit(loop, request, 0, 7, &call, &err), err);
    assert_int_equal(p.asked, 1);
    assert_int_equal(loop_until_end(loop), 7);
    assert_int_equal(p.asked, 2);
    assert_int_equal(claude_call_state(call), CLAUDE_CALL_DONE);
    claude_call_unref(call);
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void it_is_asked_before_the_end(void **state)
{
    struct provider p = {.life_ms = ENOUGH_MS};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_secret_t *secret = secret_of("first");
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    /* Half of its time is over when it comes in: that is soon enough. */
    succeeds(claude_secret_set_expiry(secret, wall_ms() + 400, &err), err);
    succeeds(claude_config_set_secret(config, secret, &err), err);
    set(config, "auth.refresh_lead_ms", "86400000");
    client = client_of(config);
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 0);
    usleep(250 * 1000);
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 1);
    assert_int_equal(p.reasons[0], CLAUDE_CREDENTIAL_EXPIRES);
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 1);
    sent_with(0, "first");
    sent_with(1, "token-1");
    sent_with(2, "token-1");
    claude_secret_unref(secret);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void *call_once(void *arg)
{
    claude_request_t *request = hello();

    claude_response_unref(execute(arg, request));
    claude_request_unref(request);
    return NULL;
}

static void one_asks_for_all(void **state)
{
    struct provider p = {.pause_ms = 100};
    claude_client_t *client = client_of(config_of(&p));
    pthread_t threads[16];

    (void)state;
    script(GOOD);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_once, client), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(p.asked, 1);
    assert_int_equal(p.most, 1);
    assert_int_equal(requests_seen(), COUNT_OF(threads));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        sent_with(i, "token-1");
    claude_client_unref(client);
}

/* A provider that is held until it is let go, in a thread of its own. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool reached;
    bool open;
};

static void stand_at_gate(struct provider *p)
{
    struct gate *gate = p->subject;

    pthread_mutex_lock(&gate->lock);
    gate->reached = true;
    pthread_cond_broadcast(&gate->moved);
    while (!gate->open)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void wait_until_reached(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (!gate->reached)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}

#define GATE                                                                                                           \
    {                                                                                                                  \
        .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER                                           \
    }

/* Each waiter has its own time, can be cancelled, and is in nobody's way. */
static void waiting_has_an_end(void **state)
{
    struct gate gate = GATE;
    struct provider p = {.act = stand_at_gate, .subject = &gate};
    claude_client_t *client = client_of(config_of(&p));
    claude_request_t *request = hello();
    claude_request_t *stream = hello_stream();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    pthread_t asker;

    (void)state;
    script(GOOD);
    assert_int_equal(pthread_create(&asker, NULL, call_once, client), 0);
    wait_until_reached(&gate);
    succeeds(claude_request_set_option(request, "timeout.total_ms", "150", &err), err);
    err = execute_fails(client, request, CLAUDE_E_TIMEOUT);
    assert_string_equal(claude_error_feature(err), "credential-provider");
    claude_error_unref(err);
    err = NULL;
    succeeds(claude_request_set_option(stream, "timeout.first_byte_ms", "150", &err), err);
    succeeds(claude_client_start(client, stream, 0, &call, &err), err);
    fails(wait_for(call, &err), CLAUDE_E_TIMEOUT, &err);
    claude_call_unref(call);
    succeeds(claude_request_set_option(request, "timeout.total_ms", "0", &err), err);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    assert_int_equal(claude_call_wait(call, 50, &err), 0);
    claude_call_cancel(call);
    fails(wait_for(call, &err), CLAUDE_E_CANCELED, &err);
    claude_call_unref(call);
    open_gate(&gate);
    pthread_join(asker, NULL);
    assert_int_equal(p.asked, 1);
    assert_int_equal(requests_seen(), 1);
    claude_request_unref(stream);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A loop goes on with its other calls while one of another thread asks. */
static void a_loop_waits_without_standing_still(void **state)
{
    struct gate gate = GATE;
    struct provider p = {.act = stand_at_gate, .subject = &gate};
    claude_client_t *client = client_of(config_of(&p));
    claude_request_t *request = hello();
    claude_loop_t *loop = NULL;
    claude_call_t *waiting = NULL;
    claude_call_t *cancelled = NULL;
    claude_error_t *err = NULL;
    pthread_t asker;

    (void)state;
    script(GOOD);
    assert_int_equal(pthread_create(&asker, NULL, call_once, client), 0);
    wait_until_reached(&gate);
    succeeds(claude_loop_new(client, &loop, &err), err);
    succeeds(claude_loop_submit(loop, request, 0, 1, &waiting, &err), err);
    succeeds(claude_loop_submit(loop, request, 0, 2, &cancelled, &err), err);
    claude_call_cancel(cancelled);
    assert_int_equal(loop_until_end(loop), 2);
    assert_int_equal(claude_call_state(waiting), CLAUDE_CALL_RUNNING);
    open_gate(&gate);
    assert_int_equal(loop_until_end(loop), 1);
    assert_int_equal(claude_call_state(waiting), CLAUDE_CALL_DONE);
    pthread_join(asker, NULL);
    assert_int_equal(p.asked, 1);
    claude_call_unref(cancelled);
    claude_call_unref(waiting);
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- a provider that fails ---- */

static void is_failed_by(claude_error_t *err, int32_t user_code)
{
    assert_string_equal(claude_error_feature(err), "credential-provider");
    assert_contains(claude_error_message(err), "credential provider");
    assert_int_equal(claude_error_user_code(err), user_code);
    assert_in_range(claude_error_retry_after_ms(err), 1, 86400000);
    claude_error_unref(err);
}

static void a_failure_is_named_and_left_alone(void **state)
{
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct provider p = {.answer = -77};
        claude_config_t *config = config_of(&p);
        claude_client_t *client;
        set(config, "auth.refresh_pause_ms", "86400000");
        client = client_of(config);
        for (int i = 0; i < 3; i++) {
            struct outcome o = run(way, client, request, 0);
            assert_int_equal(o.rc, CLAUDE_E_CALLBACK);
            assert_int_equal(o.wire, 0);
            is_failed_by(claude_error_ref(o.err), -77);
            outcome_free(&o);
        }
        assert_int_equal(p.asked, 1);
        /* What the program sets counts at once. */
        script(GOOD);
        rotate(client, CLAUDE_KEY_OF_CLIENT, "by-hand");
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        claude_client_unref(client);
    }
    claude_request_unref(request);
}

static void after_the_pause_it_is_asked_again(void **state)
{
    struct provider p = {.answer = 5};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_client_t *client;

    (void)state;
    script(GOOD);
    set(config, "auth.refresh_pause_ms", "1");
    client = client_of(config);
    is_failed_by(execute_fails(client, request, CLAUDE_E_CALLBACK), 5);
    usleep(5000);
    p.answer = 0;
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 2);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void the_old_token_does_while_it_is_valid(void **state)
{
    struct provider p = {.answer = 5};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_secret_t *secret = secret_of("first");
    claude_client_t *client;
    claude_error_t *err = NULL;

    (void)state;
    script(GOOD);
    succeeds(claude_secret_set_expiry(secret, wall_ms() + 300, &err), err);
    succeeds(claude_config_set_secret(config, secret, &err), err);
    set(config, "auth.refresh_lead_ms", "86400000");
    set(config, "auth.refresh_pause_ms", "86400000");
    client = client_of(config);
    usleep(160 * 1000);
    claude_response_unref(execute(client, request));
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 1);
    usleep(200 * 1000);
    is_failed_by(execute_fails(client, request, CLAUDE_E_CALLBACK), 5);
    assert_int_equal(p.asked, 1);
    assert_int_equal(requests_seen(), 2);
    claude_secret_unref(secret);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void bad_tokens_are_failures(void **state)
{
    struct provider rows[] = {{.gives_nothing = true}, {.life_ms = -1}};
    claude_request_t *request = hello();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_client_t *client = client_of(config_of(&rows[i]));
        is_failed_by(execute_fails(client, request, CLAUDE_E_CALLBACK), 0);
        claude_client_unref(client);
    }
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
}

/* ---- 401 ---- */

static void a_refused_token_is_renewed_once(void **state)
{
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct provider p = {.life_ms = ENOUGH_MS};
        claude_config_t *config = config_of(&p);
        claude_client_t *client;
        set(config, "auth.refresh_on_401", "true");
        client = client_of(config);
        assert_int_equal(sandbox_reset(server), 0);
        script(REFUSED_ONCE);
        ends_with(run(way, client, request, 0), CLAUDE_OK, 2, "");
        assert_int_equal(p.asked, 2);
        assert_int_equal(p.reasons[1], CLAUDE_CREDENTIAL_REFUSED);
        sent_with(0, "token-1");
        sent_with(1, "token-2");
        script(REFUSED_TWICE);
        ends_with(run(way, client, request, 0), CLAUDE_E_AUTH, 2, "");
        assert_int_equal(p.asked, 3);
        ends_with(run(way, client, request, 0), CLAUDE_OK, 1, "");
        claude_client_unref(client);
    }
    claude_request_unref(request);
}

static void without_the_option_it_is_not(void **state)
{
    struct provider p = {.life_ms = ENOUGH_MS};
    claude_client_t *client = client_of(config_of(&p));
    claude_client_t *keyed = client_with("auth.refresh_on_401", "true", NULL);
    claude_request_t *request = hello();

    (void)state;
    script(REFUSED_ONCE);
    ends_with(run(WAY_EXECUTE, client, request, 0), CLAUDE_E_AUTH, 1, "");
    assert_int_equal(p.asked, 1);
    /* Nobody has another key. */
    script(REFUSED_ONCE);
    ends_with(run(WAY_EXECUTE, keyed, request, 0), CLAUDE_E_AUTH, 1, "");
    claude_request_unref(request);
    claude_client_unref(keyed);
    claude_client_unref(client);
}

/* With the policies around it: no retry, no other endpoint, no failure of the breaker. */
static void renewing_is_no_retry(void **state)
{
    struct provider p = {.life_ms = ENOUGH_MS};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_client_t *client;
    struct outcome o;

    (void)state;
    set(config, "auth.refresh_on_401", "true");
    set(config, "retry.enabled", "true");
    set(config, "breaker.enabled", "true");
    set(config, "breaker.failure_threshold", "1");
    set(config, "limiter.enabled", "true");
    client = client_of(config);
    script(REFUSED_ONCE);
    o = run(WAY_EXECUTE, client, request, CLAUDE_WITH_ENTERPRISE_FEATURES);
    assert_int_equal(claude_report_retries(o.report), 0);
    assert_int_equal(o.wire, 2);
    ends_with(o, CLAUDE_OK, 2, "");
    claude_request_unref(request);
    claude_client_unref(client);
}

static void the_same_endpoint_is_asked_again(void **state)
{
    struct provider p = {.life_ms = ENOUGH_MS};
    claude_config_t *config = config_of(&p);
    claude_failover_t *failover = NULL;
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_error_t *err = NULL;
    struct outcome o;

    (void)state;
    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(server), 1, NULL, NULL, &err), err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    set(config, "failover.max_attempts", "1");
    set(config, "auth.refresh_on_401", "true");
    client = client_of(config);
    script(REFUSED_ONCE);
    o = run(WAY_EXECUTE, client, request, CLAUDE_WITH_FAILOVER);
    assert_int_equal(claude_report_failovers(o.report), 0);
    ends_with(o, CLAUDE_OK, 2, "");
    claude_failover_unref(failover);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* It takes no turn from the failover either. */
static void then_another_endpoint_is_asked(void **state)
{
    struct provider p = {.life_ms = ENOUGH_MS};
    claude_config_t *config = config_of(&p);
    claude_secret_t *other = secret_of("other-1");
    claude_failover_t *failover = NULL;
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_error_t *err = NULL;
    struct outcome o;

    (void)state;
    succeeds(claude_failover_new(config, &failover, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(server), 1, NULL, NULL, &err), err);
    succeeds(claude_failover_add_endpoint(failover, sandbox_url(other_server(0)), 2, other, NULL, &err), err);
    succeeds(claude_config_set_failover(config, failover, &err), err);
    set(config, "failover.max_attempts", "2");
    set(config, "auth.refresh_on_401", "true");
    client = client_of(config);
    script("{'sequence':[" REFUSED ",{'status':529,'body':''}]}");
    script_at(other_server(0), GOOD);
    o = run(WAY_EXECUTE, client, request, CLAUDE_WITH_FAILOVER);
    assert_int_equal(claude_report_failovers(o.report), 1);
    assert_int_equal(claude_report_resends(o.report), 1);
    ends_with(o, CLAUDE_OK, 3, "");
    claude_secret_unref(other);
    claude_failover_unref(failover);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* What the server said is the cause where no other token can be had; others go on with the one that was refused. */
static void a_provider_that_fails_after_401(void **state)
{
    struct provider p = {.answer = 9, .fails_from = 2};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_client_t *client;
    claude_error_t *err;

    (void)state;
    set(config, "auth.refresh_on_401", "true");
    set(config, "auth.refresh_pause_ms", "86400000");
    client = client_of(config);
    script(REFUSED_ONCE);
    err = execute_fails(client, request, CLAUDE_E_CALLBACK);
    assert_int_equal(claude_error_code(claude_error_cause(err)), CLAUDE_E_AUTH);
    is_failed_by(err, 9);
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 2);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A key that the program has replaced while the call was under way. */
static void replaced_meanwhile_it_is_sent_again(void **state)
{
    claude_client_t *client = client_with("auth.refresh_on_401", "true", NULL);
    claude_request_t *request = hello();
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(REFUSED_ONCE);
    succeeds(claude_client_start(client, request, 0, &call, &err), err);
    rotate(client, CLAUDE_KEY_OF_CLIENT, "token-2");
    assert_int_equal(wait_for(call, &err), CLAUDE_DONE);
    sent_with(0, KEY);
    sent_with(1, "token-2");
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- what a provider may do ---- */

static void use_another_client(struct provider *p)
{
    claude_request_t *request = hello();

    claude_response_unref(execute(p->subject, request));
    claude_request_unref(request);
}

/* The server has seen the other client's request as well, which the checks of ways.c do not know of. */
static void ends_beside_another(enum way way, claude_client_t *client, claude_request_t *request)
{
    claude_call_t *call = NULL;
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;

    if (way == WAY_EXECUTE) {
        claude_response_unref(execute(client, request));
    } else if (way < WAY_LOOP) {
        succeeds(claude_client_start(client, request, 0, &call, &err), err);
        assert_int_equal(wait_for(call, &err), CLAUDE_DONE);
    } else {
        succeeds(claude_loop_new(client, &loop, &err), err);
        succeeds(claude_loop_submit(loop, request, 0, 1, &call, &err), err);
        assert_int_equal(loop_until_end(loop), 1);
        assert_int_equal(claude_call_state(call), CLAUDE_CALL_DONE);
    }
    claude_call_unref(call);
    claude_loop_unref(loop);
}

static void it_may_use_another_client(void **state)
{
    claude_request_t *request = hello();

    (void)state;
    script(GOOD);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct provider p = {.act = use_another_client, .subject = new_client()};
        claude_client_t *client = client_of(config_of(&p));
        ends_beside_another(way, client, request);
        claude_client_unref(client);
        claude_client_unref(p.subject);
    }
    claude_request_unref(request);
}

static void use_its_own_client(struct provider *p)
{
    claude_request_t *request = hello();
    claude_error_t *err = execute_fails(p->subject, request, CLAUDE_E_BUSY);

    claude_error_unref(err);
    claude_request_unref(request);
}

static void its_own_client_is_busy(void **state)
{
    struct provider p = {.act = use_its_own_client};
    claude_client_t *client = client_of(config_of(&p));
    claude_request_t *request = hello();

    (void)state;
    script(GOOD);
    p.subject = client;
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 1);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void drop_the_call(struct provider *p)
{
    claude_call_unref(p->subject);
}

static void cancel_the_call(struct provider *p)
{
    claude_call_cancel(p->subject);
}

static void it_may_end_its_call(void **state)
{
    void (*const acts[])(struct provider *) = {cancel_the_call, drop_the_call};
    claude_request_t *request = hello();

    (void)state;
    script(GOOD);
    for (size_t i = 0; i < COUNT_OF(acts); i++) {
        struct provider p = {.act = acts[i]};
        claude_client_t *client = client_of(config_of(&p));
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        succeeds(claude_client_start(client, request, 0, &call, &err), err);
        p.subject = call;
        fails(claude_call_wait(call, -1, &err), CLAUDE_E_CANCELED, &err);
        if (i == 0)
            claude_call_unref(call);
        claude_client_unref(client);
    }
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
}

/* A server that wants no key, and requests that carry none, need no provider. */
static void it_is_not_asked_for_nothing(void **state)
{
    struct provider p = {.answer = 1};
    claude_config_t *config = config_of(&p);
    claude_request_t *request = hello();
    claude_client_t *client;

    (void)state;
    script(GOOD);
    set(config, "auth.style", "none");
    client = client_of(config);
    claude_response_unref(execute(client, request));
    assert_int_equal(p.asked, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void misuse_is_refused(void **state)
{
    struct provider p = {.answer = 0};
    claude_error_t *err = NULL;

    (void)state;
    fails(claude_config_set_credential_provider(NULL, provide, &p, forget, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(p.destroyed, 1);
    assert_int_equal(claude_credential_reason(NULL), 0);
    fails(claude_credential_set_secret(NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    assert_null(claude_client_secret(NULL, -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OF_SERVERS(the_next_call_has_the_new_key),
        TEST_OF_SERVERS(a_retry_has_the_new_key),
        TEST_OF_SERVERS(an_endpoint_has_its_own),
        TEST_OF_SERVERS(no_call_is_lost),
        TEST_OF_SERVERS(an_expired_key_is_sent_and_told),
        TEST_OF_SERVERS(an_expired_key_may_be_refused),
        TEST_OF_SERVERS(it_is_asked_once),
        TEST_OF_SERVERS(starting_does_not_ask),
        TEST_OF_SERVERS(it_is_asked_before_the_end),
        TEST_OF_SERVERS(one_asks_for_all),
        TEST_OF_SERVERS(waiting_has_an_end),
        TEST_OF_SERVERS(a_loop_waits_without_standing_still),
        TEST_OF_SERVERS(a_failure_is_named_and_left_alone),
        TEST_OF_SERVERS(after_the_pause_it_is_asked_again),
        TEST_OF_SERVERS(the_old_token_does_while_it_is_valid),
        TEST_OF_SERVERS(bad_tokens_are_failures),
        TEST_OF_SERVERS(a_refused_token_is_renewed_once),
        TEST_OF_SERVERS(without_the_option_it_is_not),
        TEST_OF_SERVERS(renewing_is_no_retry),
        TEST_OF_SERVERS(the_same_endpoint_is_asked_again),
        TEST_OF_SERVERS(then_another_endpoint_is_asked),
        TEST_OF_SERVERS(a_provider_that_fails_after_401),
        TEST_OF_SERVERS(replaced_meanwhile_it_is_sent_again),
        TEST_OF_SERVERS(it_may_use_another_client),
        TEST_OF_SERVERS(its_own_client_is_busy),
        TEST_OF_SERVERS(it_may_end_its_call),
        TEST_OF_SERVERS(it_is_not_asked_for_nothing),
        TEST_OF_SERVERS(misuse_is_refused),
    };

    return RUN_WITH_SERVERS(tests);
}
