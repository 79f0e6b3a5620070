/* The signing hook: what it sees is what is sent, what it adds is sent, and it can end the call. */
#include "support.h"

#include <pthread.h>

/* One run of the hook, copied: nothing in it is valid afterwards. */
struct seen {
    char *method;
    char *url;
    char *hash;
    struct json_object *headers;
};

struct notary {
    struct seen seen[8];
    size_t count;
    pthread_t thread;
    const char *add[4][2]; /* headers to add */
    claude_code_t added[4];
    int32_t answer;
    int destroyed;
    void (*act)(struct notary *notary);
    void *subject;
    int wrong;
};

static int32_t sign(claude_sign_t *request, void *user_data)
{
    struct notary *notary = user_data;
    struct seen *seen = &notary->seen[notary->count++ % COUNT_OF(notary->seen)];
    const char *name = NULL;
    const char *value = NULL;

    notary->thread = pthread_self();
    seen->method = strdup(claude_sign_method(request));
    seen->url = strdup(claude_sign_url(request));
    seen->hash = strdup(claude_sign_body_sha256(request));
    seen->headers = json_object_new_object();
    notary->wrong += strcmp(claude_sign_body_sha256(request), seen->hash) != 0;
    for (size_t i = 0; claude_sign_header_at(request, i, &name, &value) == 1; i++)
        json_object_object_add(seen->headers, name, json_object_new_string(value));
    notary->wrong += claude_sign_header_at(request, SIZE_MAX, &name, &value) != 0;
    notary->wrong += claude_sign_header_at(request, 0, NULL, NULL) != 1;
    for (size_t i = 0; i < COUNT_OF(notary->add) && notary->add[i][0]; i++)
        notary->added[i] = claude_sign_add_header(request, notary->add[i][0], notary->add[i][1], NULL);
    if (notary->act)
        notary->act(notary);
    return notary->answer;
}

static void forget(void *user_data)
{
    ((struct notary *)user_data)->destroyed++;
}

static void notary_clear(struct notary *notary)
{
    for (size_t i = 0; i < COUNT_OF(notary->seen); i++) {
        free(notary->seen[i].method);
        free(notary->seen[i].url);
        free(notary->seen[i].hash);
        json_object_put(notary->seen[i].headers);
        notary->seen[i] = (struct seen){NULL, NULL, NULL, NULL};
    }
    notary->count = 0;
}

/* A client whose attempts go through the notary. */
static claude_client_t *signing_client(struct notary *notary, const char *style)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;

    succeeds(claude_config_set(config, "auth.style", style, &err), err);
    succeeds(claude_config_set_header(config, "x-one", "1", &err), err);
    succeeds(claude_config_on_sign(config, sign, notary, forget, &err), err);
    return client_of(config);
}

/* ---- what it sees ---- */

/* Every header that the hook saw was sent, and nothing else but the key and what belongs to the connection. */
static void check_seen_headers(const struct seen *seen, struct json_object *request)
{
    struct json_object *sent = json_object_object_get(request, "headers");
    struct json_object_iterator at = json_object_iter_begin(seen->headers);
    struct json_object_iterator end = json_object_iter_end(seen->headers);

    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *value = json_object_get_string(json_object_iter_peek_value(&at));
        assert_string_equal(header_of(request, json_object_iter_peek_name(&at)), value);
        check_no_key(value, __FILE__, __LINE__);
    }
    for (size_t i = 0; i < json_object_array_length(sent); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(json_object_array_get_idx(sent, i), 0));
        bool known = json_object_object_get(seen->headers, name) || strcasecmp(name, "host") == 0 ||
                     strcasecmp(name, "content-length") == 0 || strcasecmp(name, "x-api-key") == 0;
        if (!known)
            fail_msg("the hook did not see the header %s", name);
    }
}

static void sees_what_is_sent(void **state)
{
    struct notary notary = {.count = 0};
    claude_client_t *client = signing_client(&notary, "x-api-key");
    claude_request_t *request = hello();
    claude_request_t *models = NULL;
    claude_error_t *err = NULL;
    char *url = format("%s/v1/messages", sandbox_url(server));

    (void)state;
    succeeds(claude_request_set_header(request, "x-two", "2", &err), err);
    claude_response_unref(execute(client, request));
    assert_int_equal(notary.count, 1);
    assert_int_equal(notary.wrong, 0);
    assert_string_equal(notary.seen[0].method, "POST");
    assert_string_equal(notary.seen[0].url, url);
    assert_null(json_object_object_get(notary.seen[0].headers, "x-api-key"));
    assert_string_equal(text_of(notary.seen[0].headers, "x-one"), "1");
    assert_string_equal(text_of(notary.seen[0].headers, "x-two"), "2");
    check_seen_headers(&notary.seen[0], received_at(0));
    assert_string_equal(header_of(received_at(0), "x-api-key"), KEY);
    succeeds(claude_request_new("models.list", &models, &err), err);
    claude_response_unref(execute(client, models));
    assert_string_equal(notary.seen[1].method, "GET");
    assert_true(pthread_equal(notary.thread, pthread_self()));
    notary_clear(&notary);
    free(url);
    claude_request_unref(models);
    claude_request_unref(request);
    claude_client_unref(client);
}

static char *long_body(const char *head)
{
    char *fill = malloc(100001);
    char *body;

    assert_non_null(fill);
    memset(fill, 'a', 100000);
    fill[100000] = '\0';
    body = format("{%s\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", head,
                  fill);
    free(fill);
    return body;
}

/* The digests were made by another program. */
static void hashes_what_is_sent(void **state)
{
    static const char small[] = "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}]}";
    static const char *const digests[] = {
        "ff090009beabe439d7dc97a5c144780ac996fcd60395b15487d61d62f8ab76f8",
        "501ac55c858b350ab57128a31256f0d58587b101f2d7e21782c7f835ba6cc43f",
        "94850dc0f48e607a000512e0ea0840be74e18c4c1f715aaecc9b4c5cc48483ea",
        "d2728aae4e5bfa2e05c1d312f468b7619bd25a2b04c5a24679593c6fe2903a9e",
    };
    struct notary notary = {.count = 0};
    claude_client_t *client = signing_client(&notary, "x-api-key");
    char *large = long_body("");
    char *bodies[4] = {quoted(small), NULL, large, long_body("\"stream\":true,")};
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    (void)state;
    bodies[1] = format("{\"stream\":true,%s", bodies[0] + 1);
    for (size_t i = 0; i < 4; i++) {
        claude_call_t *call = NULL;
        request = request_of(i < 2 ? small : large);
        succeeds(claude_client_start(client, request, i % 2 ? CLAUDE_STREAM : 0, &call, &err), err);
        assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
        assert_string_equal(text_of(received_at(i), "body"), bodies[i]);
        assert_string_equal(notary.seen[i].hash, digests[i]);
        claude_call_unref(call);
        claude_request_unref(request);
    }
    succeeds(claude_request_new("models.list", &request, &err), err);
    claude_response_unref(execute(client, request));
    assert_string_equal(notary.seen[4].hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    claude_request_unref(request);
    claude_client_unref(client);
    notary_clear(&notary);
    for (size_t i = 0; i < 4; i++)
        free(bodies[i]);
}

/* ---- what it adds ---- */

static void sends_what_it_adds(void **state)
{
    struct notary notary = {
        .add = {{"X-Signature", "abc=="}, {"X-ONE", "replaced"}, {"x-bad", "a\r\nb: c"}, {"", "x"}}};
    claude_client_t *client = signing_client(&notary, "x-api-key");
    claude_request_t *request = hello();

    (void)state;
    claude_response_unref(execute(client, request));
    claude_response_unref(execute(client, request));
    for (size_t i = 0; i < 2; i++) {
        struct json_object *seen = received_at(i);
        assert_string_equal(header_of(seen, "x-signature"), "abc==");
        assert_string_equal(header_of(seen, "x-one"), "replaced");
        assert_null(header_of(seen, "x-bad"));
        /* Nothing of it is left for the next attempt to see. */
        assert_string_equal(text_of(notary.seen[i].headers, "x-one"), "1");
        assert_null(json_object_object_get(notary.seen[i].headers, "X-Signature"));
    }
    assert_int_equal(notary.added[0], CLAUDE_OK);
    assert_int_equal(notary.added[1], CLAUDE_OK);
    assert_int_equal(notary.added[2], CLAUDE_E_INVALID);
    assert_int_equal(notary.added[3], CLAUDE_E_INVALID);
    notary_clear(&notary);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* The hook's own authorization travels; the key does not, whatever the style. */
static void sends_its_authorization(void **state)
{
    static const char *const styles[] = {"none", "bearer"};
    uint64_t uses = claude_secret_exposures();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(styles); i++) {
        struct notary notary = {.add = {{"Authorization", "Bearer own"}}};
        claude_client_t *client = signing_client(&notary, styles[i]);
        claude_request_t *request = hello();
        claude_response_unref(execute(client, request));
        assert_string_equal(header_of(received_at(i), "authorization"), "Bearer own");
        assert_null(header_of(received_at(i), "x-api-key"));
        notary_clear(&notary);
        claude_request_unref(request);
        claude_client_unref(client);
    }
    assert_int_equal(claude_secret_exposures(), uses);
}

/* ---- how it ends a call ---- */

static void ends_the_call(void **state)
{
    static const int32_t answers[] = {1, -1, INT32_MIN, CLAUDE_DONE};
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct notary notary = {.answer = answers[i]};
        claude_client_t *client = signing_client(&notary, "x-api-key");
        const claude_event_t *event = NULL;
        claude_call_t *call = start_stream(client, request);
        assert_int_equal(notary.count, 0);
        for (int again = 0; again < 2; again++) {
            claude_code_t rc =
                again == (int)i % 2 ? claude_call_next(call, -1, &event, &err) : claude_call_wait(call, -1, &err);
            assert_int_equal(claude_error_user_code(err), answers[i]);
            assert_string_equal(claude_error_feature(err), "sign");
            assert_int_equal(claude_error_attempts(err), 0);
            assert_int_equal(claude_error_is_retryable(err), 0);
            assert_null(claude_error_response(err));
            fails(rc, CLAUDE_E_CALLBACK, &err);
        }
        assert_int_equal(claude_call_state(call), CLAUDE_CALL_FAILED);
        assert_int_equal(notary.count, 1);
        claude_call_unref(call);
        assert_int_equal(notary.destroyed, 0);
        claude_client_unref(client);
        assert_int_equal(notary.destroyed, 1);
        notary_clear(&notary);
    }
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
}

static void cancel_subject(struct notary *notary)
{
    claude_call_cancel(notary->subject);
}

static void release_subject(struct notary *notary)
{
    claude_call_unref(notary->subject);
}

static void re_enter_subject(struct notary *notary)
{
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;

    notary->wrong += claude_call_next(notary->subject, -1, &event, NULL) != CLAUDE_E_BUSY;
    notary->wrong += claude_call_wait(notary->subject, -1, NULL) != CLAUDE_E_BUSY;
    notary->wrong += claude_call_result(notary->subject, &response, NULL) != CLAUDE_E_STATE;
    notary->wrong += claude_call_attempts(notary->subject) != 0;
}

/* What is cancelled or released inside of the hook is not sent. */
static void can_be_cancelled_inside(void **state)
{
    void (*const acts[])(struct notary * notary) = {cancel_subject, release_subject};
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(acts) * 4; i++) {
        struct notary notary = {.act = acts[i % 2]};
        claude_client_t *client = signing_client(&notary, "x-api-key");
        const claude_event_t *event = NULL;
        claude_call_t *call;
        if (i >= 4) {
            /* With a connection ready for use. */
            notary.act = NULL;
            claude_response_unref(execute(client, request));
            notary.act = acts[i % 2];
        }
        call = start_stream(client, request);
        notary.subject = call;
        if (i / 2 % 2)
            fails(claude_call_next(call, -1, &event, &err), CLAUDE_E_CANCELED, &err);
        else
            fails(claude_call_wait(call, -1, &err), CLAUDE_E_CANCELED, &err);
        assert_null(event);
        if (i % 2 == 0) {
            assert_int_equal(claude_call_state(call), CLAUDE_CALL_CANCELED);
            claude_call_unref(call);
        }
        notary_clear(&notary);
        claude_client_unref(client);
        assert_int_equal(notary.destroyed, 1);
    }
    assert_int_equal(requests_seen(), 4);
    claude_request_unref(request);
}

static void cannot_be_re_entered(void **state)
{
    struct notary notary = {.act = re_enter_subject};
    claude_client_t *client = signing_client(&notary, "x-api-key");
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    claude_call_t *call = start_stream(client, request);

    (void)state;
    notary.subject = call;
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_int_equal(notary.wrong, 0);
    notary_clear(&notary);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* With a hook, the key is used once the program has the call: its audit must not get into it either. */
static void audit_and_re_enter(const char *operation, const char *fingerprint, void *user_data)
{
    struct notary *notary = user_data;
    const claude_event_t *event = NULL;

    (void)operation;
    (void)fingerprint;
    notary->count++;
    notary->wrong += claude_call_next(notary->subject, 0, &event, NULL) != CLAUDE_E_BUSY;
    notary->wrong += claude_call_wait(notary->subject, 0, NULL) != CLAUDE_E_BUSY;
}

static void cannot_be_re_entered_by_an_audit(void **state)
{
    struct notary notary = {.count = 0};
    struct notary audits = {.count = 0};
    claude_config_t *config = new_config();
    claude_request_t *request = hello();
    claude_secret_t *secret = NULL;
    claude_client_t *client;
    claude_call_t *call;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_secret_new(KEY, CLAUDE_NTS, &secret, &err), err);
    succeeds(claude_secret_on_audit(secret, audit_and_re_enter, &audits, NULL, &err), err);
    succeeds(claude_config_set_secret(config, secret, &err), err);
    succeeds(claude_config_on_sign(config, sign, &notary, forget, &err), err);
    client = client_of(config);
    call = start_stream(client, request);
    audits.subject = call;
    assert_int_equal(claude_call_wait(call, -1, &err), CLAUDE_DONE);
    assert_int_equal(audits.count, 1);
    assert_int_equal(audits.wrong, 0);
    notary_clear(&notary);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_secret_unref(secret);
}

/* ---- its life ---- */

static void lives_as_long_as_its_clients(void **state)
{
    struct notary first = {.count = 0};
    struct notary second = {.count = 0};
    claude_config_t *config = new_config();
    claude_client_t *a = NULL;
    claude_client_t *b = NULL;
    claude_client_t *c = NULL;
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_on_sign(config, sign, &first, forget, &err), err);
    succeeds(claude_client_new(config, &a, &err), err);
    succeeds(claude_client_new(config, &b, &err), err);
    /* Another hook for the clients to come. */
    succeeds(claude_config_on_sign(config, sign, &second, forget, &err), err);
    succeeds(claude_client_new(config, &c, &err), err);
    succeeds(claude_config_on_sign(config, NULL, NULL, NULL, &err), err);
    claude_config_unref(config);
    claude_response_unref(execute(a, request));
    claude_response_unref(execute(b, request));
    claude_response_unref(execute(c, request));
    assert_int_equal(first.count, 2);
    assert_int_equal(second.count, 1);
    assert_int_equal(first.destroyed, 0);
    assert_int_equal(second.destroyed, 0);
    claude_client_unref(a);
    claude_client_unref(c);
    assert_int_equal(first.destroyed, 0);
    assert_int_equal(second.destroyed, 1);
    claude_response_unref(execute(b, request));
    claude_client_unref(b);
    assert_int_equal(first.destroyed, 1);
    notary_clear(&first);
    notary_clear(&second);
    claude_request_unref(request);
}

/* What the end of a hook may find and change. */
struct heir {
    claude_config_t *config;
    int ends;
};

static void remove_the_hook(void *user_data)
{
    struct heir *heir = user_data;

    heir->ends++;
    if (heir->ends < 3)
        assert_int_equal(claude_config_on_sign(heir->config, NULL, NULL, NULL, NULL), CLAUDE_OK);
}

static void may_end_inside_its_configuration(void **state)
{
    struct heir heir = {.config = new_config()};
    struct notary second = {.count = 0};
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_on_sign(heir.config, sign, &heir, remove_the_hook, &err), err);
    succeeds(claude_config_on_sign(heir.config, sign, &second, forget, &err), err);
    assert_int_equal(heir.ends, 1);
    assert_int_equal(second.destroyed, 1); /* by the end of the first */
    claude_config_unref(heir.config);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(sees_what_is_sent),
        TEST(hashes_what_is_sent),
        TEST(sends_what_it_adds),
        TEST(sends_its_authorization),
        TEST(ends_the_call),
        TEST(can_be_cancelled_inside),
        TEST(cannot_be_re_entered),
        TEST(cannot_be_re_entered_by_an_audit),
        TEST(lives_as_long_as_its_clients),
        TEST(may_end_inside_its_configuration),
    };

    return RUN_WITH_SERVER(tests);
}
