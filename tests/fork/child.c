#include "scene.h"

#include <unistd.h>

/* ---- the client, as if nothing had been before ---- */

static bool is_own(const struct scene *scene, const char *request_id)
{
    return connection_of(request_id) > scene->connections;
}

static void blocking(struct scene *scene)
{
    int first = 0;

    for (int i = 0; i < 2; i++) {
        claude_response_t *response = NULL;
        int connection;
        EXPECT(claude_client_execute(scene->client, scene->plain, &response, NULL) == CLAUDE_OK);
        EXPECT(strcmp(claude_response_text(response, NULL), "Hello") == 0);
        EXPECT(is_own(scene, claude_response_request_id(response)));
        connection = connection_of(claude_response_request_id(response));
        EXPECT(i == 0 || connection == first);
        first = connection;
        claude_response_unref(response);
    }
}

static void pulling(struct scene *scene)
{
    claude_call_t *call = NULL;
    struct trace trace = {NULL, 0, 0, 0};

    EXPECT(claude_client_stream(scene->client, scene->plain, &call, NULL) == CLAUDE_OK);
    EXPECT(pull_all(call, PATIENCE_MS, &trace, NULL) == CLAUDE_DONE);
    EXPECT(trace.text && strcmp(trace.text, STREAM_TRACE) == 0);
    trace_free(&trace);
    claude_call_unref(call);
}

static void looping(struct scene *scene)
{
    struct scene own = {.client = scene->client};
    claude_response_t *response = NULL;

    EXPECT(claude_loop_new(scene->client, &own.loop, NULL) == CLAUDE_OK);
    EXPECT(claude_loop_submit(own.loop, scene->plain, CLAUDE_STREAM, 0, &own.loop_calls[0], NULL) == CLAUDE_OK);
    EXPECT(claude_loop_submit(own.loop, scene->plain, 0, 1, &own.loop_calls[1], NULL) == CLAUDE_OK);
    while (claude_loop_count(own.loop) > 0 && loop_round(&own, PATIENCE_MS))
        ;
    EXPECT(own.ends[0] == CLAUDE_DONE && own.ends[1] == CLAUDE_DONE);
    EXPECT(own.traces[0].text && strcmp(own.traces[0].text, STREAM_TRACE) == 0);
    EXPECT(claude_call_result(own.loop_calls[1], &response, NULL) == CLAUDE_OK);
    EXPECT(is_own(scene, claude_response_request_id(response)));
    claude_response_unref(response);
    for (int i = 0; i < 2; i++)
        claude_call_unref(own.loop_calls[i]);
    trace_free(&own.traces[0]);
    claude_loop_unref(own.loop);
}

void child_uses_the_client(struct scene *scene)
{
    blocking(scene);
    pulling(scene);
    looping(scene);
}

/* ---- what is the parent's ---- */

static bool says_forked(claude_code_t rc, claude_error_t *err)
{
    bool ok = rc == CLAUDE_E_FORKED && claude_error_code(err) == CLAUDE_E_FORKED &&
              claude_error_message(err)[0] != '\0' && !claude_error_is_retryable(err);

    claude_error_unref(err);
    return ok;
}

static void stop(claude_call_t *call)
{
    claude_call_pause(call);
    claude_call_resume(call);
    claude_call_cancel(call);
    claude_call_cancel(call);
    claude_call_pause(call);
}

/* What only looks must come back; what it says is of no use here. */
static void look_at(const claude_call_t *call)
{
    (void)claude_call_state(call);
    (void)claude_call_is_paused(call);
    (void)claude_call_is_cancelled(call);
    (void)claude_call_is_running(call);
    (void)claude_call_buffered(call);
    (void)claude_call_dropped(call);
    (void)claude_call_http_status(call);
    (void)claude_call_header(call, "request-id");
    (void)claude_call_attempts(call);
    (void)claude_call_anomalies(call);
}

void child_touches_the_call(struct scene *scene, claude_call_t *call, bool of_loop)
{
    static const int64_t timeouts[] = {-1, 0, 10};
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)scene;
    if (!call)
        return;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(timeouts); i++) {
            err = NULL;
            rc = claude_call_next(call, timeouts[i], &event, &err);
            EXPECT(says_forked(rc, err) || (of_loop && rc == CLAUDE_E_STATE));
            err = NULL;
            rc = claude_call_wait(call, timeouts[i], &err);
            EXPECT(says_forked(rc, err) || (of_loop && rc == CLAUDE_E_STATE));
        }
        EXPECT(claude_call_result(call, &response, NULL) < 0);
        EXPECT(!event && !response);
        look_at(call);
        stop(call);
    }
    claude_call_unref(claude_call_ref(call));
    claude_call_unref(call);
}

void child_touches_the_loop(struct scene *scene, claude_loop_t *loop)
{
    static const int64_t timeouts[] = {-1, 0, 10};
    const claude_event_t *event = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    uint64_t tag = 0;

    if (!loop)
        return;
    for (size_t i = 0; i < COUNT_OF(timeouts); i++) {
        err = NULL;
        rc = claude_loop_submit(loop, scene->plain, CLAUDE_STREAM, 7, &call, &err);
        EXPECT(says_forked(rc, err));
        err = NULL;
        rc = claude_loop_dispatch(loop, &err);
        EXPECT(says_forked(rc, err));
        err = NULL;
        rc = claude_loop_next(loop, &tag, &event, &err);
        EXPECT(says_forked(rc, err));
        err = NULL;
        rc = claude_loop_wait(loop, timeouts[i], &err);
        EXPECT(says_forked(rc, err));
        claude_loop_wakeup(loop);
        (void)claude_loop_count(loop);
        (void)claude_loop_fd(loop);
    }
    EXPECT(!call && !event && tag == 0);
    claude_loop_unref(claude_loop_ref(loop));
    claude_loop_unref(loop);
}

static void touch(struct scene *scene)
{
    child_touches_the_call(scene, scene->call, false);
    for (size_t i = 0; i < LOOP_CALLS; i++)
        child_touches_the_call(scene, scene->loop_calls[i], true);
    child_touches_the_loop(scene, scene->loop);
}

/* ---- the acts ---- */

static void leaves_at_once(struct scene *scene)
{
    (void)scene;
}

/* With the handlers of exit: libcurl's TLS library cleans up in one. */
static void exits(struct scene *scene)
{
    (void)scene;
    exit(wrong);
}

static void release_calls(struct scene *scene)
{
    claude_call_unref(scene->call);
    for (size_t i = 0; i < LOOP_CALLS; i++)
        claude_call_unref(scene->loop_calls[i]);
}

static void releases_and_exits(struct scene *scene)
{
    release_calls(scene);
    claude_loop_unref(scene->loop);
    claude_client_unref(scene->client);
    exit(wrong);
}

static void releases_in_reverse(struct scene *scene)
{
    claude_client_unref(scene->client);
    claude_loop_unref(scene->loop);
    release_calls(scene);
}

static void trims(struct scene *scene)
{
    EXPECT(claude_client_trim(scene->client, NULL) == CLAUDE_OK);
}

static void stops_the_parent_s(struct scene *scene)
{
    if (scene->call)
        stop(scene->call);
    for (size_t i = 0; i < LOOP_CALLS; i++)
        stop(scene->loop_calls[i]);
    claude_loop_wakeup(scene->loop);
}

static void does_everything(struct scene *scene)
{
    stops_the_parent_s(scene);
    child_uses_the_client(scene);
    touch(scene);
    child_uses_the_client(scene);
    trims(scene);
    child_uses_the_client(scene);
    claude_client_unref(scene->client);
    exit(wrong);
}

/* What the child has begun itself is its own child's parent's. */
static void grandchild(void *data)
{
    struct scene *scene = data;

    touch(scene);
    child_uses_the_client(scene);
    claude_client_unref(scene->client);
}

static void has_a_child(struct scene *scene)
{
    struct scene own = {.client = scene->client, .plain = scene->plain, .call = scene->call, .loop = scene->loop};
    const struct connection *list = NULL;
    claude_call_t *call = NULL;
    struct trace trace = {NULL, 0, 0, 0};
    const claude_event_t *event = NULL;
    int connection;

    blocking(scene);
    EXPECT(claude_client_stream(scene->client, scene->middle, &call, NULL) == CLAUDE_OK);
    for (int i = 0; i < FIRST_PART; i++) {
        EXPECT(claude_call_next(call, PATIENCE_MS, &event, NULL) == 1);
        trace_add(&trace, event);
    }
    connection = connection_of(claude_call_header(call, "request-id"));
    EXPECT(connection > scene->connections);
    EXPECT(claude_loop_new(scene->client, &own.loop, NULL) == CLAUDE_OK);
    EXPECT(claude_loop_submit(own.loop, scene->plain, CLAUDE_STREAM, 0, &own.loop_calls[0], NULL) == CLAUDE_OK);
    own.connections = witness_report(&list);
    own.call = call;
    EXPECT(status_of(fork_to(grandchild, &own)) == 0);
    /* And one that is given the grandparent's. */
    EXPECT(status_of(fork_to(grandchild, scene)) == 0);
    while (claude_loop_count(own.loop) > 0 && loop_round(&own, PATIENCE_MS))
        ;
    EXPECT(own.ends[0] == CLAUDE_DONE);
    witness_go(connection);
    EXPECT(pull_all(call, PATIENCE_MS, &trace, NULL) == CLAUDE_DONE);
    EXPECT(strcmp(trace.text, STREAM_TRACE) == 0);
    claude_call_unref(call);
    claude_call_unref(own.loop_calls[0]);
    claude_loop_unref(own.loop);
    touch(scene);
}

const struct child children[CHILDREN] = {
    {"leaves-at-once", leaves_at_once},
    {"exits", exits},
    {"releases-and-exits", releases_and_exits},
    {"releases-in-reverse", releases_in_reverse},
    {"trims", trims},
    {"stops-the-parent's", stops_the_parent_s},
    {"touches-the-parent's", touch},
    {"uses-the-client", child_uses_the_client},
    {"does-everything", does_everything},
    {"has-a-child", has_a_child},
};
