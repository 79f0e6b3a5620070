/*
 * Event loops: calls of every kind in one loop, heard in order and to their end; what makes the descriptor readable,
 * and that nothing else does; what is allowed inside of callbacks; other threads.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 30000, /* what takes longer has been forgotten */
    QUIET_MS = 100,      /* a descriptor that says nothing for so long has nothing to say */
    CHILD_LIMIT_S = 60,
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
#define BEGINNING_TRACE "10/-1 \n20/0 \n"
/* The beginning of a stream, and then nothing. */
#define HELD "{'events':[" START "," TEXT_BLOCK ",{'do':'stall'}]}"

/* ---- a loop and what is heard from it ---- */

enum poller { POLL, SELF, EDGE, LEVEL, POLLERS };

struct heard {
    uint64_t tag;
    claude_call_t *call;
    struct trace trace;
    int ends;
};

struct scene {
    claude_client_t *client;
    claude_loop_t *loop;
    enum poller poller;
    int outer; /* an epoll set with the loop's descriptor in it, for EDGE and LEVEL */
    struct heard *calls;
    size_t count;
    size_t cap;
    size_t turns;    /* how often there was something to do */
    size_t promises; /* that there is something to be heard, when there was not */
};

/* Takes over the client. */
static struct scene scene_of(claude_client_t *client, enum poller poller)
{
    struct scene s = {.client = client, .poller = poller, .outer = -1};
    struct epoll_event want = {.events = EPOLLIN | (poller == EDGE ? EPOLLET : 0)};
    claude_error_t *err = NULL;

    succeeds(claude_loop_new(client, &s.loop, &err), err);
    assert_non_null(s.loop);
    if (poller == EDGE || poller == LEVEL) {
        s.outer = epoll_create1(EPOLL_CLOEXEC);
        assert_int_equal(epoll_ctl(s.outer, EPOLL_CTL_ADD, claude_loop_fd(s.loop), &want), 0);
    }
    return s;
}

static struct scene new_scene(void)
{
    return scene_of(new_client(), POLL);
}

static void close_scene(struct scene *s)
{
    for (size_t i = 0; i < s->count; i++) {
        claude_call_unref(s->calls[i].call);
        trace_free(&s->calls[i].trace);
    }
    free(s->calls);
    claude_loop_unref(s->loop);
    claude_client_unref(s->client);
    if (s->outer >= 0)
        close(s->outer);
    *s = (struct scene){.outer = -1};
}

/* Returns the number of the call; it is valid for ever, a pointer until the next submit. */
static size_t submit(struct scene *s, const claude_request_t *request, uint32_t flags, uint64_t tag)
{
    claude_error_t *err = NULL;

    if (s->count == s->cap) {
        s->cap = s->cap * 2 + 16;
        s->calls = realloc(s->calls, s->cap * sizeof *s->calls);
        assert_non_null(s->calls);
    }
    s->calls[s->count] = (struct heard){.tag = tag};
    succeeds(claude_loop_submit(s->loop, request, flags, tag, &s->calls[s->count].call, &err), err);
    assert_non_null(s->calls[s->count].call);
    return s->count++;
}

/* A request that is answered by a scenario, "" for the default behaviour; the tag is the number of the call. */
static size_t submit_scenario(struct scene *s, const char *scenario, uint32_t flags)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    size_t number;

    if (scenario[0])
        succeeds(claude_request_set_header(request, "x-sandbox-scenario", scenario, &err), err);
    number = submit(s, request, flags, s->count);
    claude_request_unref(request);
    return number;
}

/* The first call with a tag that has not ended yet, or at all. */
static struct heard *find(struct scene *s, uint64_t tag)
{
    struct heard *found = NULL;

    if (tag < s->count && s->calls[tag].tag == tag && s->calls[tag].ends == 0)
        return &s->calls[tag];
    for (size_t i = 0; i < s->count; i++) {
        if (s->calls[i].tag == tag && (!found || found->ends > 0))
            found = &s->calls[i];
    }
    if (!found)
        fail_msg("a tag that nobody gave: %llu", (unsigned long long)tag);
    return found;
}

/* Takes all that there is to hear, and returns how much it was. */
static size_t drain(struct scene *s)
{
    static const char anything;
    claude_error_t *err = NULL;
    claude_code_t rc;
    size_t n = 0;

    for (;; n++) {
        const claude_event_t *event = (const void *)&anything;
        uint64_t tag = 0;
        struct heard *heard;
        rc = claude_loop_next(s->loop, &tag, &event, &err);
        if (rc <= 0)
            break;
        heard = find(s, tag);
        assert_int_equal(heard->ends, 0);
        if (rc == CLAUDE_DONE) {
            assert_null(event);
            heard->ends++;
        } else {
            assert_int_equal(rc, 1);
            assert_ptr_not_equal(event, &anything);
            trace_add(&heard->trace, event);
        }
    }
    assert_int_equal(rc, 0);
    assert_null(err);
    return n;
}

static bool is_readable(const struct scene *s, int64_t timeout_ms)
{
    struct pollfd wait = {.fd = claude_loop_fd(s->loop), .events = POLLIN};
    int n = poll(&wait, 1, (int)timeout_ms);

    assert_true(n >= 0);
    assert_true(n == 0 || wait.revents == POLLIN);
    return n == 1;
}

/* As the poller of the scene sees it. */
static bool is_ready(const struct scene *s, int64_t timeout_ms)
{
    struct epoll_event event;

    if (s->poller == EDGE || s->poller == LEVEL)
        return epoll_wait(s->outer, &event, 1, (int)timeout_ms) == 1;
    return is_readable(s, timeout_ms);
}

/* What a program does once: wait, dispatch, take all. False when there was nothing within the time. */
static bool turn(struct scene *s, int64_t timeout_ms)
{
    claude_error_t *err = NULL;
    claude_code_t rc;
    size_t n;

    if (s->poller == SELF) {
        rc = claude_loop_wait(s->loop, timeout_ms, &err);
    } else {
        if (!is_ready(s, timeout_ms))
            return false;
        rc = claude_loop_dispatch(s->loop, &err);
    }
    succeeds(rc, err);
    n = drain(s);
    /* No less than what there is. */
    assert_true(rc == 1 || n == 0);
    s->promises += rc == 1 && n == 0;
    s->turns++;
    return s->poller != SELF || rc == 1;
}

static void turn_or_fail(struct scene *s)
{
    if (!turn(s, PATIENCE_MS))
        fail_msg("nothing happens, with %zu calls in the loop", claude_loop_count(s->loop));
}

static void run(struct scene *s)
{
    while (claude_loop_count(s->loop) > 0)
        turn_or_fail(s);
}

/* Turns until nothing more happens. */
static void settle(struct scene *s)
{
    size_t turns = 0;

    while (turn(s, QUIET_MS)) {
        if (++turns > 1000)
            fail_msg("a loop with nothing to do does not come to rest");
    }
}

static void run_until_events(struct scene *s, size_t number, size_t events)
{
    while (s->calls[number].trace.events < events)
        turn_or_fail(s);
}

static const char *heard_of(const struct scene *s, size_t number)
{
    return s->calls[number].trace.text ? s->calls[number].trace.text : "";
}

static void check_ends(const struct scene *s)
{
    for (size_t i = 0; i < s->count; i++)
        assert_int_equal(s->calls[i].ends, 1);
    assert_int_equal(claude_loop_count(s->loop), 0);
}

static claude_response_t *result_of(claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_call_result(call, &response, &err), err);
    assert_non_null(response);
    return response;
}

static void check_text(const struct scene *s, size_t number, const char *text)
{
    claude_response_t *response = result_of(s->calls[number].call);

    assert_int_equal(claude_call_state(s->calls[number].call), CLAUDE_CALL_DONE);
    assert_string_equal(claude_response_text(response, NULL), text);
    claude_response_unref(response);
}

static void check_code(const struct scene *s, size_t number, claude_code_t code)
{
    claude_call_t *call = s->calls[number].call;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    fails(claude_call_result(call, &response, &err), code, &err);
    assert_null(response);
    assert_int_equal(claude_call_state(call), code == CLAUDE_E_CANCELED ? CLAUDE_CALL_CANCELED : CLAUDE_CALL_FAILED);
}

/* ---- an empty loop ---- */

static void starts_quiet(void **state)
{
    struct scene s = new_scene();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 7;
    int64_t started;

    (void)state;
    assert_true(claude_loop_fd(s.loop) >= 0);
    assert_true(fcntl(claude_loop_fd(s.loop), F_GETFD) & FD_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        assert_false(is_readable(&s, QUIET_MS));
        assert_int_equal(claude_loop_count(s.loop), 0);
        assert_int_equal(claude_loop_next(s.loop, &tag, &event, &err), 0);
        assert_int_equal(claude_loop_dispatch(s.loop, &err), 0);
        started = now_ms();
        assert_int_equal(claude_loop_wait(s.loop, 0, &err), 0);
        assert_true(now_ms() - started < PATIENCE_MS);
        started = now_ms();
        assert_int_equal(claude_loop_wait(s.loop, 80, &err), 0);
        assert_true(now_ms() - started >= 79);
    }
    assert_null(err);
    assert_int_equal(tag, 7);
    assert_null(event);
    close_scene(&s);
}

static void needs_no_calls_to_be_released(void **state)
{
    claude_client_t *client = new_client();
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    int fd;

    (void)state;
    for (int i = 0; i < 100; i++) {
        succeeds(claude_loop_new(client, &loop, &err), err);
        fd = claude_loop_fd(loop);
        assert_ptr_equal(claude_loop_ref(loop), loop);
        claude_loop_unref(loop);
        assert_true(fcntl(fd, F_GETFD) >= 0);
        claude_loop_unref(loop);
        assert_true(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
    }
    claude_client_unref(client);
}

static void needs_descriptors(void **state)
{
    claude_client_t *client = new_client();
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    struct rlimit before;
    struct rlimit none;
    int lowest = dup(0);

    (void)state;
    /* Of those below the lowest free one, all are taken: with n more allowed, n can be had. */
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t more = 0; !loop; more++) {
        none = before;
        none.rlim_cur = (rlim_t)lowest + more;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        if (claude_loop_new(client, &loop, &err) < 0)
            fails(CLAUDE_E_LIMIT, claude_error_code(err), &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_true(more < 16 && (more > 0 || !loop));
    }
    claude_loop_unref(loop);
    assert_int_equal(dup(0), lowest);
    close(lowest);
    claude_client_unref(client);
}

/* ---- calls of every kind ---- */

static void hears_a_stream(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int poller = 0; poller < POLLERS; poller++) {
        struct scene s = scene_of(new_client(), (enum poller)poller);
        size_t call = submit_scenario(&s, "", CLAUDE_STREAM);
        claude_error_t *err = NULL;
        claude_response_t *response = NULL;
        assert_int_equal(claude_loop_count(s.loop), 1);
        assert_int_equal(claude_call_state(s.calls[call].call), CLAUDE_CALL_RUNNING);
        assert_int_equal(claude_call_is_running(s.calls[call].call), 1);
        fails(claude_call_result(s.calls[call].call, &response, &err), CLAUDE_E_STATE, &err);
        run_until_events(&s, call, 1);
        assert_int_equal(claude_call_http_status(s.calls[call].call), 200);
        run(&s);
        check_ends(&s);
        assert_string_equal(heard_of(&s, call), PLAIN_TRACE);
        check_text(&s, call, "Hello");
        assert_int_equal(claude_call_attempts(s.calls[call].call), 1);
        assert_int_equal(claude_call_is_running(s.calls[call].call), 0);
        /* Nothing comes after the end. */
        settle(&s);
        close_scene(&s);
    }
}

static void shows_the_head_early(void **state)
{
    struct scene s = new_scene();
    claude_call_t *call;

    (void)state;
    script("{'headers':[['x-early','yes'],['anthropic-ratelimit-requests-limit','50']],'events':[" START "," TEXT_BLOCK
           ",{'do':'stall'}]}");
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    call = s.calls[0].call;
    assert_int_equal(claude_call_http_status(call), 0);
    assert_null(claude_call_header(call, "x-early"));
    assert_int_equal(claude_call_rate_limit(call, "requests", CLAUDE_RATE_LIMIT_LIMIT), -1);
    run_until_events(&s, 0, 1);
    assert_int_equal(claude_call_http_status(call), 200);
    assert_string_equal(claude_call_header(call, "X-Early"), "yes");
    assert_null(claude_call_header(call, "x-late"));
    assert_int_equal(claude_call_rate_limit(call, "requests", CLAUDE_RATE_LIMIT_LIMIT), 50);
    assert_int_equal(claude_call_rate_limit(call, "priority-input-tokens", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_call_rate_limit(call, NULL, CLAUDE_RATE_LIMIT_LIMIT), -1);
    close_scene(&s);
}

static void keeps_events_of_a_loop(void **state)
{
    enum { MOST = 16 };
    struct scene s = new_scene();
    claude_event_t *kept[MOST] = {NULL};
    struct trace trace = {NULL, 0, 0, 0};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    size_t n = 0;

    (void)state;
    script("{'events':[" PLAIN "]}");
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    while (claude_loop_count(s.loop) > 0) {
        assert_true(is_readable(&s, PATIENCE_MS));
        succeeds(claude_loop_dispatch(s.loop, &err), err);
        while (claude_loop_next(s.loop, &tag, &event, &err) == 1) {
            assert_true(n < MOST);
            succeeds(claude_event_keep(event, &kept[n++], &err), err);
        }
    }
    close_scene(&s);
    for (size_t i = 0; i < n; i++) {
        trace_add(&trace, kept[i]);
        claude_event_unref(kept[i]);
    }
    assert_string_equal(trace.text, PLAIN_TRACE);
    trace_free(&trace);
}

struct way {
    const char *scenario;
    uint32_t flags;
    /* what the blocking functions say */
    claude_code_t code;
    claude_error_t *error;
    char *json;
    struct trace trace;
};

static void go_the_other_way(claude_client_t *client, struct way *way)
{
    claude_request_t *request = hello();
    claude_response_t *response = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_set_header(request, "x-sandbox-scenario", way->scenario, &err), err);
    succeeds(claude_client_start(client, request, way->flags, &call, &err), err);
    way->code = pull_all(call, -1, &way->trace, &way->error);
    if (way->code == CLAUDE_DONE) {
        succeeds(claude_call_result(call, &response, &err), err);
        way->json = strdup(claude_response_json(response, NULL));
        claude_response_unref(response);
    }
    claude_call_unref(call);
    claude_request_unref(request);
}

static void check_same(const struct scene *s, size_t number, const struct way *way)
{
    claude_call_t *call = s->calls[number].call;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_call_result(call, &response, &err);

    assert_string_equal(heard_of(s, number), way->trace.text ? way->trace.text : "");
    if (way->code == CLAUDE_DONE) {
        succeeds(rc, err);
        assert_string_equal(claude_response_json(response, NULL), way->json);
        claude_response_unref(response);
        return;
    }
    /* Where a connection breaks is told apart, and depends on what it was used for before. */
    if (!claude_error_equal(err, way->error) && strcmp(way->scenario, "reset") != 0)
        fail_msg("%s: in a loop %s, else %s", way->scenario, claude_error_json(err, NULL),
                 claude_error_json(way->error, NULL));
    fails(rc, way->code, &err);
}

/* Whatever a server does, it is the same in a loop as elsewhere; with all of it going on at once. */
static void agrees_with_the_other_ways(void **state)
{
    static const char *const scenarios[] = {
        "text",           "text-tool-thinking", "interleaved",  "unknown-events", "overloaded-in-stream",
        "error-first",    "truncated",          "slow",         "json-on-stream", "html",
        "empty",          "overloaded",         "rate-limited", "server-error",   "bad-request",
        "unauthorized",   "redirect",           "early-hints",  "reset",          "cut-body",
        "callback-later", "malformed",
    };
    struct way ways[COUNT_OF(scenarios) * 2];
    claude_client_t *client = new_client();

    (void)state;
    script_as("reset", "{'close_without_reply':'rst'}");
    script_as("cut-body", "{'framing':'length','content_length':1000,'body':'{}','faults':[{'at':'end','do':'fin'}]}");
    script_as("callback-later", "{'delay_ms':50,'events':[" PLAIN "]}");
    script_as("malformed", "{'events':[" START ",{'raw':'data: {\\n\\n'}]}");
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        ways[i] = (struct way){.scenario = scenarios[i / 2], .flags = i % 2 ? CLAUDE_STREAM : 0};
        go_the_other_way(client, &ways[i]);
    }
    for (int poller = 0; poller < POLLERS; poller++) {
        struct scene s = scene_of(claude_client_ref(client), (enum poller)poller);
        for (size_t i = 0; i < 3 * COUNT_OF(ways); i++)
            (void)submit_scenario(&s, ways[i % COUNT_OF(ways)].scenario, ways[i % COUNT_OF(ways)].flags);
        run(&s);
        check_ends(&s);
        for (size_t i = 0; i < s.count; i++)
            check_same(&s, i, &ways[i % COUNT_OF(ways)]);
        close_scene(&s);
    }
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        claude_error_unref(ways[i].error);
        trace_free(&ways[i].trace);
        free(ways[i].json);
    }
    claude_client_unref(client);
}

static void ends_calls_that_are_refused(void **state)
{
    claude_client_t *client;
    struct sandbox *gone = sandbox_start(NULL, NULL);
    char *url = strdup(sandbox_url(gone));
    struct scene s;

    (void)state;
    assert_int_equal(sandbox_stop(gone), 0);
    client = client_with("base_url", url, NULL);
    s = scene_of(client, EDGE);
    for (uint32_t i = 0; i < 20; i++)
        (void)submit_scenario(&s, "", i % 2);
    run(&s);
    check_ends(&s);
    for (size_t i = 0; i < s.count; i++)
        check_code(&s, i, CLAUDE_E_CONNECT);
    close_scene(&s);
    free(url);
}

static void runs_calls_in_sequence_on_one_connection(void **state)
{
    struct scene s = new_scene();

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        size_t call = submit_scenario(&s, "", i % 2);
        run(&s);
        check_text(&s, call, "Echo: Hello");
    }
    check_ends(&s);
    assert_int_equal(connections_seen(), 1);
    close_scene(&s);
}

static void takes_any_tag(void **state)
{
    static const uint64_t tags[] = {0, UINT64_MAX, 1, (uint64_t)INT64_MAX + 1, 0, UINT64_MAX};
    struct scene s = new_scene();
    claude_request_t *request = hello();

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        (void)submit(&s, request, CLAUDE_STREAM, tags[i]);
    assert_int_equal(claude_loop_count(s.loop), COUNT_OF(tags));
    run(&s);
    check_ends(&s);
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        check_text(&s, i, "Hello");
    claude_request_unref(request);
    close_scene(&s);
}

/* All open at the same time. */
static void runs_a_thousand_calls(void **state)
{
    static const char *const options[] = {"1024", "7"};
    size_t many = sweep_step() == 1 ? 1000 : 150;
    size_t late = 0;

    (void)state;
    script_as("wait", "{'events':[" PLAIN "],'hold_ms':300}");
    script_as("late", "{'body_json':{'type':'message','content':[{'type':'text','text':'Late'}]},'delay_ms':300}");
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        struct scene s = scene_of(client_with("loop.max_events", options[i], NULL), i ? EDGE : SELF);
        for (size_t k = 0; k < many; k++)
            (void)submit_scenario(&s, k % 4 ? "wait" : "late", k % 4 ? CLAUDE_STREAM : 0);
        assert_int_equal(claude_loop_count(s.loop), many);
        run(&s);
        check_ends(&s);
        for (size_t k = 0; k < many; k++) {
            check_text(&s, k, k % 4 ? "Hello" : "Late");
            assert_string_equal(heard_of(&s, k), k % 4 ? PLAIN_TRACE : "");
            late += k % 4 == 0;
        }
        assert_true(late > 0);
        close_scene(&s);
    }
}

static void refuses_the_other_ways_of_waiting(void **state)
{
    struct scene s = new_scene();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_call_t *calls[2];

    (void)state;
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    (void)submit_scenario(&s, "", 0);
    calls[0] = s.calls[0].call;
    calls[1] = s.calls[1].call;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2; i++) {
            fails(claude_call_next(calls[i], -1, &event, &err), CLAUDE_E_STATE, &err);
            fails(claude_call_next(calls[i], 0, &event, &err), CLAUDE_E_STATE, &err);
            fails(claude_call_wait(calls[i], -1, &err), CLAUDE_E_STATE, &err);
            fails(claude_call_wait(calls[i], 0, &err), CLAUDE_E_STATE, &err);
        }
        if (round == 0)
            run(&s);
    }
    assert_null(event);
    check_text(&s, 0, "Echo: Hello");
    check_text(&s, 1, "Echo: Hello");
    close_scene(&s);
}

static void refuses_what_start_refuses(void **state)
{
    struct scene s = new_scene();
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_new("messages", &request, &err), err);
    fails(claude_loop_submit(s.loop, request, CLAUDE_STREAM, 1, &call, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(request);
    request = hello();
    fails(claude_loop_submit(s.loop, request, 2, 1, &call, &err), CLAUDE_E_INVALID, &err);
    fails(claude_loop_submit(s.loop, request, UINT32_MAX, 1, &call, &err), CLAUDE_E_INVALID, &err);
    assert_null(call);
    assert_int_equal(claude_loop_count(s.loop), 0);
    settle(&s);
    assert_int_equal(s.count, 0);
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
    close_scene(&s);
}

/* The request may be changed and the client released as soon as the call is in the loop. */
static void takes_what_it_needs(void **state)
{
    struct scene s = new_scene();
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    (void)state;
    (void)submit(&s, request, 0, 1);
    succeeds(claude_request_add_assistant_text(request, "x", 1, &err), err);
    succeeds(claude_request_add_user_text(request, "Bye", 3, &err), err);
    (void)submit(&s, request, 0, 2);
    claude_request_unref(request);
    claude_client_unref(s.client);
    s.client = NULL;
    run(&s);
    check_text(&s, 0, "Echo: Hello");
    check_text(&s, 1, "Echo: Bye");
    close_scene(&s);
}

/* ---- the signing hook ---- */

struct notary {
    struct scene *scene;
    int runs;
    int in_submit;
    int wrong;
    int32_t answer;
};

static int32_t sign(claude_sign_t *request, void *user_data)
{
    struct notary *notary = user_data;

    notary->runs++;
    notary->wrong += notary->in_submit;
    notary->wrong += claude_sign_add_header(request, "x-signed", "yes", NULL) != CLAUDE_OK;
    notary->wrong += claude_loop_dispatch(notary->scene->loop, NULL) != CLAUDE_E_BUSY;
    return notary->answer;
}

static void signs_inside_of_dispatch(void **state)
{
    struct notary notary = {.answer = 0};
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    struct scene s;

    (void)state;
    succeeds(claude_config_on_sign(config, sign, &notary, NULL, &err), err);
    s = scene_of(client_of(config), EDGE);
    notary.scene = &s;
    for (int i = 0; i < 8; i++) {
        notary.in_submit = 1;
        (void)submit_scenario(&s, "", i % 2 ? CLAUDE_STREAM : 0);
        notary.in_submit = 0;
    }
    run(&s);
    check_ends(&s);
    assert_int_equal(notary.runs, 8);
    for (size_t i = 0; i < s.count; i++) {
        check_text(&s, i, "Echo: Hello");
        assert_string_equal(header_of(received_at(i), "x-signed"), "yes");
    }
    /* A hook that refuses ends its call, not the loop. */
    notary.answer = 5;
    (void)submit_scenario(&s, "", 0);
    run(&s);
    assert_int_equal(claude_call_result(s.calls[8].call, (claude_response_t *[]){NULL}, &err), CLAUDE_E_CALLBACK);
    assert_int_equal(claude_error_user_code(err), 5);
    fails(CLAUDE_E_CALLBACK, CLAUDE_E_CALLBACK, &err);
    assert_int_equal(requests_seen(), 8);
    assert_int_equal(notary.wrong, 0);
    close_scene(&s);
}

/* ---- cancelling and letting go ---- */

static void cancels_at_any_time(void **state)
{
    struct scene s = new_scene();

    (void)state;
    script_as("held", HELD);
    script_as("silent", "{'body':'x','faults':[{'at':0,'do':'stall'}]}");
    (void)submit_scenario(&s, "held", CLAUDE_STREAM);
    (void)submit_scenario(&s, "silent", 0);
    run_until_events(&s, 0, 2);
    /* One that nobody has dispatched yet. */
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    for (size_t i = 0; i < 3; i++) {
        claude_call_cancel(s.calls[i].call);
        claude_call_cancel(s.calls[i].call);
        assert_int_equal(claude_call_is_cancelled(s.calls[i].call), 1);
        assert_int_equal(claude_call_is_running(s.calls[i].call), 0);
    }
    assert_int_equal(claude_loop_count(s.loop), 3);
    run(&s);
    check_ends(&s);
    for (size_t i = 0; i < 3; i++)
        check_code(&s, i, CLAUDE_E_CANCELED);
    assert_string_equal(heard_of(&s, 0), BEGINNING_TRACE);
    assert_string_equal(heard_of(&s, 2), "");
    close_scene(&s);
}

/* What was cancelled or let go before anything was sent is not sent, and not paid for. */
static void sends_nothing_of_a_call_that_is_gone(void **state)
{
    struct scene s = new_scene();

    (void)state;
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    (void)submit_scenario(&s, "", 0);
    claude_call_cancel(s.calls[0].call);
    claude_call_unref(s.calls[1].call);
    s.calls[1].call = NULL;
    run(&s);
    settle(&s);
    assert_int_equal(s.calls[0].ends, 1);
    assert_int_equal(s.calls[1].ends, 0);
    assert_int_equal(requests_seen(), 0);
    close_scene(&s);
}

/* Once it is cancelled, nothing more is handed out of a call, although there is more. */
static void cancels_between_two_events(void **state)
{
    struct scene s = new_scene();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;

    (void)state;
    script("{'events':[" PLAIN "]}");
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    while (claude_loop_next(s.loop, &tag, &event, &err) == 0) {
        assert_true(is_readable(&s, PATIENCE_MS));
        succeeds(claude_loop_dispatch(s.loop, &err), err);
    }
    trace_add(&s.calls[0].trace, event);
    claude_call_cancel(s.calls[0].call);
    run(&s);
    check_ends(&s);
    assert_string_equal(heard_of(&s, 0), "10/-1 \n");
    check_code(&s, 0, CLAUDE_E_CANCELED);
    /* One that has ended stays as it is. */
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    run(&s);
    claude_call_cancel(s.calls[1].call);
    assert_int_equal(claude_call_is_cancelled(s.calls[1].call), 0);
    check_text(&s, 1, "Hello");
    settle(&s);
    close_scene(&s);
}

static int64_t connections_open(void)
{
    return statistic(server, "connections_open");
}

/* Turns, as the descriptor says, until the server has no more than so many connections. */
static void run_until_closed(struct scene *s, int64_t connections)
{
    int64_t limit = now_ms() + PATIENCE_MS;

    while (connections_open() > connections) {
        (void)turn(s, 20);
        if (now_ms() > limit)
            fail_msg("a connection of a call that is gone stays open");
    }
}

/* Without a reference nothing is heard of a call, and its connection is closed. */
static void forgets_calls_that_are_let_go(void **state)
{
    struct scene s = new_scene();
    int64_t before = connections_open();

    (void)state;
    script_as("held", HELD);
    script_as("silent", "{'body':'x','faults':[{'at':0,'do':'stall'}]}");
    (void)submit_scenario(&s, "held", CLAUDE_STREAM);
    (void)submit_scenario(&s, "silent", 0);
    (void)submit_scenario(&s, "held", CLAUDE_STREAM);
    run_until_events(&s, 0, 2);
    run_until_events(&s, 2, 2);
    /* One that nobody has dispatched yet, and one that goes on. */
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    for (size_t i = 0; i < 4; i++) {
        claude_call_unref(s.calls[i].call);
        s.calls[i].call = NULL;
    }
    run(&s);
    assert_int_equal(s.calls[4].ends, 1);
    check_text(&s, 4, "Echo: Hello");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(s.calls[i].ends, 0);
    run_until_closed(&s, before + 1);
    settle(&s);
    close_scene(&s);
}

/* Events that were received but not yet handed out go with the call, also when its end is among them. */
static void forgets_events_of_calls_that_are_let_go(void **state)
{
    struct scene s = new_scene();
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;

    (void)state;
    script("{'events':[" PLAIN "]}");
    for (int plain = 0; plain < 2; plain++) {
        size_t call = submit_scenario(&s, "", CLAUDE_STREAM);
        do {
            assert_true(is_readable(&s, PATIENCE_MS));
        } while (claude_loop_dispatch(s.loop, &err) == 0);
        if (!plain)
            assert_int_equal(claude_loop_next(s.loop, &tag, &event, &err), 1);
        claude_call_unref(s.calls[call].call);
        s.calls[call].call = NULL;
        assert_int_equal(claude_loop_next(s.loop, &tag, &event, &err), 0);
        settle(&s);
        assert_int_equal(claude_loop_count(s.loop), 0);
        assert_int_equal(s.calls[call].ends, 0);
    }
    close_scene(&s);
}

static void ends_its_calls_when_released(void **state)
{
    struct scene s = new_scene();
    int64_t before = connections_open();
    int64_t limit;

    (void)state;
    script_as("held", HELD);
    script_as("silent", "{'body':'x','faults':[{'at':0,'do':'stall'}]}");
    (void)submit_scenario(&s, "held", CLAUDE_STREAM);
    (void)submit_scenario(&s, "silent", 0);
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    run_until_events(&s, 0, 2);
    while (s.calls[2].ends == 0)
        turn_or_fail(&s);
    (void)submit_scenario(&s, "", 0);
    claude_loop_unref(s.loop);
    s.loop = NULL;
    check_text(&s, 2, "Echo: Hello");
    for (size_t i = 0; i < s.count; i++) {
        if (i == 2)
            continue;
        check_code(&s, i, CLAUDE_E_CANCELED);
        claude_call_cancel(s.calls[i].call);
        claude_call_pause(s.calls[i].call);
        claude_call_resume(s.calls[i].call);
        assert_int_equal(claude_call_is_cancelled(s.calls[i].call), 1);
    }
    /* All its connections are closed; the server is asked until it knows. */
    for (limit = now_ms() + PATIENCE_MS; connections_open() > before && now_ms() < limit;)
        poll(NULL, 0, 1);
    assert_int_equal(connections_open(), before);
    close_scene(&s);
}

/* ---- deadlines ---- */

static void keeps_deadlines(void **state)
{
    static const struct {
        const char *option;
        const char *scenario;
        uint32_t flags;
    } rows[] = {
        {"timeout.total_ms", "silent", 0},
        {"timeout.stream_total_ms", "held", CLAUDE_STREAM},
        {"timeout.first_byte_ms", "silent", CLAUDE_STREAM},
        {"timeout.idle_ms", "held", CLAUDE_STREAM},
        {"timeout.progress_ms", "pings", CLAUDE_STREAM},
    };
    claude_error_t *err = NULL;

    (void)state;
    script_as("held", HELD);
    script_as("silent", "{'body':'x','faults':[{'at':0,'do':'stall'}]}");
    script_as("pings", "{'events':[" START "],'hold_ms':-1,'ping_interval_ms':20}");
    for (int poller = 0; poller < POLLERS; poller++) {
        struct scene s = scene_of(new_client(), (enum poller)poller);
        int64_t started = now_ms();
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            claude_request_t *request = hello();
            succeeds(claude_request_set_option(request, rows[i].option, "150", &err), err);
            succeeds(claude_request_set_header(request, "x-sandbox-scenario", rows[i].scenario, &err), err);
            (void)submit(&s, request, rows[i].flags, i);
            claude_request_unref(request);
        }
        run(&s);
        check_ends(&s);
        assert_true(now_ms() - started >= 149);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            claude_response_t *response = NULL;
            claude_code_t rc = claude_call_result(s.calls[i].call, &response, &err);
            assert_contains(claude_error_message(err), rows[i].option);
            fails(rc, CLAUDE_E_TIMEOUT, &err);
        }
        close_scene(&s);
    }
}

/* ---- callbacks ---- */

/* No cmocka inside of callbacks: a failing assertion would jump over the library. */
struct listener {
    struct scene *scene;
    struct trace trace;
    size_t act_at; /* the event at which to act; 0: never */
    int32_t answer;
    int wrong;
    int destroyed;
    bool in_submit;
    void (*act)(struct listener *listener, claude_call_t *call);
    claude_call_t *others[8];
};

static int32_t listen_in(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct listener *listener = user_data;

    listener->wrong += listener->in_submit;
    trace_add(&listener->trace, event);
    if (listener->trace.events != listener->act_at)
        return 0;
    if (listener->act)
        listener->act(listener, call);
    return listener->answer;
}

static void count_listener(void *user_data)
{
    ((struct listener *)user_data)->destroyed++;
}

static size_t submit_listening(struct scene *s, struct listener *listener)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    size_t number;

    listener->scene = s;
    succeeds(claude_request_on_event(request, listen_in, listener, count_listener, &err), err);
    listener->in_submit = true;
    number = submit(s, request, CLAUDE_STREAM, s->count);
    listener->in_submit = false;
    claude_request_unref(request);
    return number;
}

static void delivers_to_callbacks(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "],'chunk_size':50,'chunk_delay_ms':0.5}");
    for (int poller = 0; poller < POLLERS; poller++) {
        struct scene s = scene_of(new_client(), (enum poller)poller);
        struct listener listeners[5] = {{.scene = NULL}};
        /* With another way of hearing beside it. */
        for (size_t i = 0; i < COUNT_OF(listeners); i++) {
            (void)submit_listening(&s, &listeners[i]);
            (void)submit_scenario(&s, "", CLAUDE_STREAM);
        }
        run(&s);
        check_ends(&s);
        for (size_t i = 0; i < COUNT_OF(listeners); i++) {
            assert_int_equal(s.calls[2 * i].trace.events, 0);
            assert_string_equal(listeners[i].trace.text, PLAIN_TRACE);
            assert_string_equal(heard_of(&s, 2 * i + 1), PLAIN_TRACE);
            assert_int_equal(listeners[i].wrong, 0);
            check_text(&s, 2 * i, "Hello");
        }
        close_scene(&s);
        for (size_t i = 0; i < COUNT_OF(listeners); i++) {
            assert_int_equal(listeners[i].destroyed, 1);
            trace_free(&listeners[i].trace);
        }
    }
}

static void ends_when_a_callback_says_so(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    for (size_t at = 1; at <= 7; at++) {
        struct scene s = new_scene();
        struct listener listener = {.act_at = at, .answer = (int32_t)at + 40};
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        size_t call = submit_listening(&s, &listener);
        run(&s);
        check_ends(&s);
        assert_int_equal(listener.trace.events, at);
        assert_int_equal(claude_call_result(s.calls[call].call, &response, &err), CLAUDE_E_CALLBACK);
        assert_int_equal(claude_error_user_code(err), at + 40);
        fails(CLAUDE_E_CALLBACK, CLAUDE_E_CALLBACK, &err);
        trace_free(&listener.trace);
        close_scene(&s);
    }
}

static void re_enter(struct listener *listener, claude_call_t *call)
{
    claude_loop_t *loop = listener->scene->loop;
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 77;

    listener->wrong += claude_loop_dispatch(loop, &err) != CLAUDE_E_BUSY;
    listener->wrong += claude_error_code(err) != CLAUDE_E_BUSY;
    claude_error_unref(err);
    listener->wrong += claude_loop_next(loop, &tag, &event, NULL) != CLAUDE_E_BUSY;
    listener->wrong += claude_loop_wait(loop, -1, NULL) != CLAUDE_E_BUSY;
    listener->wrong += claude_loop_wait(loop, 0, NULL) != CLAUDE_E_BUSY;
    listener->wrong += tag != 77 || event != NULL;
    listener->wrong += claude_loop_fd(loop) < 0 || claude_loop_count(loop) != 1;
    listener->wrong += claude_call_wait(call, -1, NULL) >= 0 || claude_call_next(call, -1, &event, NULL) >= 0;
    listener->wrong += claude_call_result(call, &response, NULL) != CLAUDE_E_STATE;
    listener->wrong += claude_call_state(call) != CLAUDE_CALL_RUNNING || claude_call_http_status(call) != 200;
    claude_loop_wakeup(loop);
    claude_loop_unref(claude_loop_ref(loop));
}

static void refuses_to_be_re_entered(void **state)
{
    struct scene s = scene_of(new_client(), EDGE);
    struct listener listener = {.act_at = 3, .act = re_enter};

    (void)state;
    script("{'events':[" PLAIN "]}");
    (void)submit_listening(&s, &listener);
    run(&s);
    check_ends(&s);
    assert_int_equal(listener.wrong, 0);
    assert_string_equal(listener.trace.text, PLAIN_TRACE);
    /* And afterwards, all is well. */
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    run(&s);
    check_text(&s, 1, "Hello");
    trace_free(&listener.trace);
    close_scene(&s);
}

/* Other work inside of a callback: a blocking call on the client, and another loop from start to end. */
static void work_elsewhere(struct listener *listener, claude_call_t *call)
{
    claude_client_t *client = listener->scene->client;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    claude_call_t *other = NULL;
    claude_loop_t *loop = NULL;
    uint64_t tag = 0;

    (void)call;
    listener->wrong += claude_request_new("messages", &request, NULL) != CLAUDE_OK;
    listener->wrong += claude_request_set_json(request,
                                               "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":"
                                               "\"user\",\"content\":\"Hi\"}]}",
                                               CLAUDE_NTS, NULL) != CLAUDE_OK;
    listener->wrong += claude_request_set_header(request, "x-sandbox-scenario", "text", NULL) != CLAUDE_OK;
    listener->wrong += claude_client_execute(client, request, &response, NULL) != CLAUDE_OK;
    claude_response_unref(response);
    listener->wrong += claude_loop_new(client, &loop, NULL) != CLAUDE_OK;
    listener->wrong += claude_loop_submit(loop, request, CLAUDE_STREAM, 9, &other, NULL) != CLAUDE_OK;
    while (!listener->wrong && claude_loop_count(loop) > 0) {
        listener->wrong += claude_loop_wait(loop, PATIENCE_MS, NULL) < 0;
        while (claude_loop_next(loop, &tag, &event, NULL) > 0)
            listener->wrong += tag != 9;
    }
    listener->wrong += claude_call_state(other) != CLAUDE_CALL_DONE;
    claude_call_unref(other);
    claude_loop_unref(loop);
    claude_request_unref(request);
}

static void allows_other_work_inside(void **state)
{
    struct scene s = new_scene();
    struct listener listener = {.act_at = 3, .act = work_elsewhere};

    (void)state;
    script("{'events':[" PLAIN "]}");
    (void)submit_listening(&s, &listener);
    run(&s);
    assert_int_equal(listener.wrong, 0);
    assert_string_equal(listener.trace.text, PLAIN_TRACE);
    trace_free(&listener.trace);
    close_scene(&s);
}

enum { CHAIN = 20 };

struct chain {
    struct scene *scene;
    size_t links;
    size_t events[CHAIN];
    claude_call_t *calls[CHAIN];
    bool in_submit;
    int wrong;
};

static int32_t add_link(claude_call_t *call, const claude_event_t *event, void *user_data);

static void chain_submit(struct chain *chain)
{
    claude_request_t *request = NULL;
    size_t link = chain->links++;

    chain->in_submit = true;
    chain->wrong += claude_request_new("messages", &request, NULL) != CLAUDE_OK;
    chain->wrong += claude_request_set_json(request,
                                            "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":"
                                            "\"user\",\"content\":\"Hi\"}]}",
                                            CLAUDE_NTS, NULL) != CLAUDE_OK;
    chain->wrong += claude_request_on_event(request, add_link, chain, NULL, NULL) != CLAUDE_OK;
    chain->wrong +=
        claude_loop_submit(chain->scene->loop, request, CLAUDE_STREAM, link, &chain->calls[link], NULL) != CLAUDE_OK;
    claude_request_unref(request);
    chain->in_submit = false;
}

/* Each call submits the next one at its second event. */
static int32_t add_link(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct chain *chain = user_data;
    size_t link = 0;

    (void)event;
    chain->wrong += chain->in_submit;
    while (link < chain->links && chain->calls[link] != call)
        link++;
    if (link == chain->links)
        return 1;
    if (++chain->events[link] == 2 && chain->links < CHAIN)
        chain_submit(chain);
    return 0;
}

static void submits_inside_of_callbacks(void **state)
{
    struct scene s = scene_of(new_client(), EDGE);
    struct chain chain = {.scene = &s};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    uint64_t tag = 0;
    size_t ends = 0;

    (void)state;
    script("{'events':[" PLAIN "]}");
    chain_submit(&chain);
    while (claude_loop_count(s.loop) > 0) {
        assert_true(is_ready(&s, PATIENCE_MS));
        succeeds(claude_loop_dispatch(s.loop, &err), err);
        while ((rc = claude_loop_next(s.loop, &tag, &event, &err)) > 0) {
            assert_int_equal(rc, CLAUDE_DONE);
            assert_true(tag < CHAIN);
            ends++;
        }
    }
    assert_int_equal(chain.wrong, 0);
    assert_int_equal(chain.links, CHAIN);
    assert_int_equal(ends, CHAIN);
    for (size_t i = 0; i < CHAIN; i++) {
        assert_int_equal(chain.events[i], 7);
        assert_int_equal(claude_call_state(chain.calls[i]), CLAUDE_CALL_DONE);
        claude_call_unref(chain.calls[i]);
    }
    close_scene(&s);
}

static void cancel_it(struct listener *listener, claude_call_t *call)
{
    claude_call_cancel(call);
    for (size_t i = 0; i < COUNT_OF(listener->others); i++)
        claude_call_cancel(listener->others[i]);
}

static void let_go_of_it(struct listener *listener, claude_call_t *call)
{
    struct scene *s = listener->scene;

    (void)call;
    claude_call_unref(s->calls[0].call);
    s->calls[0].call = NULL;
    for (size_t i = 0; i < COUNT_OF(listener->others); i++)
        claude_call_unref(listener->others[i]);
}

/* Inside of its callback, a call is cancelled or let go, and with it some that wait, run or are about to deliver. */
static void ends_calls_inside_of_callbacks(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    script_as("held", HELD);
    for (int released = 0; released < 2; released++) {
        for (size_t at = 1; at <= 7; at++) {
            struct scene s = new_scene();
            struct listener listener = {.act_at = at, .act = released ? let_go_of_it : cancel_it};
            struct listener second = {.act_at = 0};
            (void)submit_listening(&s, &listener);
            (void)submit_listening(&s, &second);
            (void)submit_scenario(&s, "held", CLAUDE_STREAM);
            (void)submit_scenario(&s, "", CLAUDE_STREAM);
            (void)submit_scenario(&s, "", 0);
            for (size_t i = 1; i < s.count; i++) {
                listener.others[i] = s.calls[i].call;
                if (released)
                    s.calls[i].call = NULL;
            }
            run(&s);
            settle(&s);
            assert_int_equal(listener.trace.events, at);
            assert_int_equal(s.calls[0].ends, !released);
            if (released)
                assert_int_equal(s.calls[2].ends, 0);
            else
                check_code(&s, 0, CLAUDE_E_CANCELED);
            for (size_t i = 1; i < s.count && !released; i++) {
                assert_int_equal(s.calls[i].ends, 1);
                assert_true(claude_call_is_cancelled(s.calls[i].call) || i != 2);
            }
            close_scene(&s);
            assert_int_equal(listener.destroyed, 1);
            assert_int_equal(second.destroyed, 1);
            trace_free(&listener.trace);
            trace_free(&second.trace);
        }
    }
}

static void let_go_of_the_loop(struct listener *listener, claude_call_t *call)
{
    (void)call;
    claude_loop_unref(listener->scene->loop);
    claude_client_unref(listener->scene->client);
    listener->scene->client = NULL;
}

/* The last reference to the loop goes inside of a callback; it is gone when dispatch returns. */
static void may_be_released_inside_of_a_callback(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "]}");
    script_as("held", HELD);
    for (size_t at = 1; at <= 7; at++) {
        struct scene s = scene_of(new_client(), at % 2 ? POLL : SELF);
        struct listener listener = {.act_at = at, .act = let_go_of_the_loop};
        int fd = claude_loop_fd(s.loop);
        int64_t limit = now_ms() + PATIENCE_MS;
        (void)submit_scenario(&s, "held", CLAUDE_STREAM);
        (void)submit_listening(&s, &listener);
        while (listener.trace.events < at) {
            assert_true(now_ms() < limit);
            if (at % 2)
                assert_true(is_readable(&s, PATIENCE_MS));
            if (at % 2)
                (void)claude_loop_dispatch(s.loop, NULL);
            else
                (void)claude_loop_wait(s.loop, PATIENCE_MS, NULL);
            if (listener.trace.events < at)
                (void)drain(&s);
        }
        assert_true(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
        s.loop = NULL;
        assert_int_equal(listener.trace.events, at);
        check_code(&s, 0, CLAUDE_E_CANCELED);
        check_code(&s, 1, CLAUDE_E_CANCELED);
        close_scene(&s);
        assert_int_equal(listener.destroyed, 1);
        trace_free(&listener.trace);
    }
}

/* With a reference kept, it goes on. */
static void goes_on_after_a_release_inside_of_a_callback(void **state)
{
    struct scene s = new_scene();
    struct listener listener = {.act_at = 2, .act = let_go_of_the_loop};

    (void)state;
    script("{'events':[" PLAIN "]}");
    (void)claude_loop_ref(s.loop);
    (void)submit_listening(&s, &listener);
    run(&s);
    check_ends(&s);
    assert_string_equal(listener.trace.text, PLAIN_TRACE);
    trace_free(&listener.trace);
    close_scene(&s);
}

/* ---- what makes the descriptor readable ---- */

static void is_readable_after_submit(void **state)
{
    struct scene s = new_scene();

    (void)state;
    settle(&s);
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    assert_true(is_readable(&s, PATIENCE_MS));
    run(&s);
    settle(&s);
    close_scene(&s);
}

/* The same with pollers that see changes only, and with the descriptor added before or after. */
static void is_right_for_edge_triggered_pollers(void **state)
{
    static const char *const cuts[] = {"", ",'chunk_size':1", ",'chunk_size':20,'chunk_delay_ms':0.3",
                                       ",'chunk_size':150,'chunk_delay_ms':5"};
    static const char *const limits[] = {"1", "2", "1000000"};

    (void)state;
    for (size_t cut = 0; cut < COUNT_OF(cuts); cut++) {
        char *scenario = format("{'events':[" PLAIN "]%s}", cuts[cut]);
        script(scenario);
        free(scenario);
        for (size_t limit = 0; limit < COUNT_OF(limits); limit++) {
            struct scene s = scene_of(client_with("loop.max_events", limits[limit], NULL), EDGE);
            struct listener listener = {.act_at = 0};
            (void)submit_listening(&s, &listener);
            for (uint32_t i = 0; i < 6; i++)
                (void)submit_scenario(&s, i % 3 ? "" : "text", i % 2);
            run(&s);
            check_ends(&s);
            assert_string_equal(listener.trace.text, PLAIN_TRACE);
            trace_free(&listener.trace);
            close_scene(&s);
        }
    }
}

static void is_readable_when_something_arrives(void **state)
{
    struct scene s = new_scene();

    (void)state;
    script("{'events':[" START "," TEXT_BLOCK ",{'hold_ms':500}," TEXT("Hello") "," END "]}");
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    run_until_events(&s, 0, 2);
    settle(&s);
    run(&s);
    check_text(&s, 0, "Hello");
    close_scene(&s);
}

/* What another thread does. */
struct deed {
    void (*act)(struct deed *deed);
    claude_loop_t *loop;
    claude_call_t *call;
};

static void *do_deed(void *user_data)
{
    struct deed *deed = user_data;

    deed->act(deed);
    return NULL;
}

static void wake_loop(struct deed *deed)
{
    claude_loop_wakeup(deed->loop);
}

static void cancel_call(struct deed *deed)
{
    claude_call_cancel(deed->call);
}

static void release_call(struct deed *deed)
{
    claude_call_unref(deed->call);
}

static void pause_call(struct deed *deed)
{
    claude_call_pause(deed->call);
}

static void resume_call(struct deed *deed)
{
    claude_call_resume(deed->call);
}

static void do_in_thread(struct deed deed)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, do_deed, &deed), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void is_readable_when_another_thread_does_something(void **state)
{
    claude_error_t *err = NULL;
    int64_t before = connections_open();

    (void)state;
    script_as("held", HELD);
    for (int edge = 0; edge < 2; edge++) {
        struct scene s = scene_of(new_client(), edge ? EDGE : LEVEL);
        (void)submit_scenario(&s, "held", CLAUDE_STREAM);
        (void)submit_scenario(&s, "held", CLAUDE_STREAM);
        (void)submit_scenario(&s, "", CLAUDE_STREAM);
        run_until_events(&s, 0, 2);
        run_until_events(&s, 1, 2);
        while (s.calls[2].ends == 0)
            turn_or_fail(&s);
        settle(&s);
        for (int i = 0; i < 3; i++) {
            do_in_thread((struct deed){.act = wake_loop, .loop = s.loop});
            assert_true(is_ready(&s, PATIENCE_MS));
            assert_int_equal(claude_loop_dispatch(s.loop, &err), 0);
            assert_int_equal(drain(&s), 0);
            settle(&s);
        }
        do_in_thread((struct deed){.act = cancel_call, .call = s.calls[0].call});
        while (s.calls[0].ends == 0)
            turn_or_fail(&s);
        check_code(&s, 0, CLAUDE_E_CANCELED);
        settle(&s);
        do_in_thread((struct deed){.act = release_call, .call = s.calls[1].call});
        s.calls[1].call = NULL;
        run_until_closed(&s, before + 1);
        settle(&s);
        assert_int_equal(s.calls[1].ends, 0);
        assert_int_equal(claude_loop_count(s.loop), 0);
        close_scene(&s);
    }
}

static void is_readable_when_another_thread_resumes(void **state)
{
    (void)state;
    script("{'events':[" PLAIN "],'hold_ms':300}");
    for (int edge = 0; edge < 2; edge++) {
        struct scene s = scene_of(new_client(), edge ? EDGE : LEVEL);
        claude_call_t *call;
        (void)submit_scenario(&s, "", CLAUDE_STREAM);
        call = s.calls[0].call;
        run_until_events(&s, 0, 1);
        do_in_thread((struct deed){.act = pause_call, .call = call});
        assert_int_equal(claude_call_is_paused(call), 1);
        for (int64_t limit = now_ms() + 500; now_ms() < limit;)
            (void)turn(&s, 50);
        settle(&s);
        assert_string_equal(heard_of(&s, 0), "10/-1 \n");
        assert_int_equal(claude_loop_count(s.loop), 1);
        do_in_thread((struct deed){.act = resume_call, .call = call});
        run(&s);
        check_ends(&s);
        assert_string_equal(heard_of(&s, 0), PLAIN_TRACE);
        check_text(&s, 0, "Hello");
        close_scene(&s);
    }
}

/* With many streams that say nothing and one that says something now and then, it is the one that costs. */
static void wakes_up_for_what_happens_only(void **state)
{
    enum { PINGS = 40 };
    struct scene s = new_scene();
    size_t turns;

    (void)state;
    script_as("idle", "{'events':[" START "],'hold_ms':-1}");
    script_as("pings", "{'events':[" START "],'hold_ms':-1,'ping_interval_ms':10}");
    for (size_t i = 0; i < 100; i++)
        (void)submit_scenario(&s, "idle", CLAUDE_STREAM);
    for (size_t i = 0; i < 100; i++)
        run_until_events(&s, i, 1);
    settle(&s);
    (void)submit_scenario(&s, "pings", CLAUDE_STREAM);
    run_until_events(&s, 100, 1);
    turns = s.turns;
    run_until_events(&s, 100, 1 + PINGS);
    if (s.turns - turns > 3 * PINGS)
        fail_msg("%zu wake-ups for %d events", s.turns - turns, PINGS);
    close_scene(&s);
}

/* ---- waiting ---- */

static void *wake_it(void *loop)
{
    claude_loop_wakeup(loop);
    claude_loop_unref(loop);
    return NULL;
}

static void wakes_up_a_waiting_thread(void **state)
{
    struct scene s = new_scene();
    claude_error_t *err = NULL;
    pthread_t thread;
    int64_t started;

    (void)state;
    script_as("held", HELD);
    for (int i = 0; i < 20; i++) {
        if (i == 10) {
            (void)submit_scenario(&s, "held", CLAUDE_STREAM);
            run_until_events(&s, 0, 2);
            settle(&s);
        }
        assert_int_equal(pthread_create(&thread, NULL, wake_it, claude_loop_ref(s.loop)), 0);
        assert_int_equal(claude_loop_wait(s.loop, i % 2 ? -1 : PATIENCE_MS, &err), 0);
        assert_null(err);
        pthread_join(thread, NULL);
        settle(&s);
    }
    /* Kept until somebody waits, once, however often it came. */
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k <= i; k++)
            claude_loop_wakeup(s.loop);
        started = now_ms();
        assert_int_equal(claude_loop_wait(s.loop, PATIENCE_MS, &err), 0);
        assert_true(now_ms() - started < PATIENCE_MS / 2);
        started = now_ms();
        assert_int_equal(claude_loop_wait(s.loop, 80, &err), 0);
        assert_true(now_ms() - started >= 79);
    }
    close_scene(&s);
}

struct storm {
    claude_loop_t *loop;
    atomic_bool stop;
};

static void *wake_all_the_time(void *user_data)
{
    struct storm *storm = user_data;

    while (!atomic_load(&storm->stop)) {
        claude_loop_wakeup(storm->loop);
        poll(NULL, 0, 1);
    }
    return NULL;
}

static void loses_nothing_in_a_storm_of_wakeups(void **state)
{
    static const enum poller pollers[] = {SELF, EDGE};

    (void)state;
    script("{'events':[" PLAIN "],'chunk_size':30,'chunk_delay_ms':1}");
    for (size_t p = 0; p < COUNT_OF(pollers); p++) {
        struct scene s = scene_of(new_client(), pollers[p]);
        struct storm storm = {.loop = s.loop};
        pthread_t threads[3];
        atomic_init(&storm.stop, false);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, wake_all_the_time, &storm), 0);
        for (int i = 0; i < 10; i++)
            (void)submit_scenario(&s, "", CLAUDE_STREAM);
        while (claude_loop_count(s.loop) > 0)
            (void)turn(&s, PATIENCE_MS);
        atomic_store(&storm.stop, true);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
            pthread_join(threads[i], NULL);
        check_ends(&s);
        for (size_t i = 0; i < s.count; i++)
            assert_string_equal(heard_of(&s, i), PLAIN_TRACE);
        close_scene(&s);
    }
}

static void waits_as_long_as_it_was_told(void **state)
{
    static const int64_t timeouts[] = {0, 1, 60};
    struct scene s = scene_of(new_client(), SELF);
    claude_error_t *err = NULL;

    (void)state;
    script_as("held", HELD);
    (void)submit_scenario(&s, "held", CLAUDE_STREAM);
    run_until_events(&s, 0, 2);
    settle(&s);
    for (size_t i = 0; i < COUNT_OF(timeouts); i++) {
        int64_t started = now_ms();
        assert_int_equal(claude_loop_wait(s.loop, timeouts[i], &err), 0);
        assert_true(now_ms() - started >= timeouts[i] - 1);
        assert_true(now_ms() - started < timeouts[i] + PATIENCE_MS);
    }
    /* Something that happens ends a longer wait, and one without an end. */
    for (int i = 0; i < 2; i++) {
        size_t call = submit_scenario(&s, "", 0);
        while (s.calls[call].ends == 0) {
            assert_int_equal(claude_loop_wait(s.loop, i ? -1 : INT64_MAX, &err), 1);
            assert_true(drain(&s) > 0);
        }
    }
    assert_null(err);
    close_scene(&s);
}

/* ---- limits of one dispatch, and fairness ---- */

static void delivers_at_most_so_many_events(void **state)
{
    static const size_t limits[] = {1, 10, 137};

    (void)state;
    script("{'generate':{'events':500,'event_bytes':126}}");
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        char *text = format("%zu", limits[i]);
        struct scene s = scene_of(client_with("loop.max_events", text, NULL), EDGE);
        struct listener listeners[2] = {{.act_at = 0}, {.act_at = 0}};
        claude_error_t *err = NULL;
        size_t cut = 0;
        (void)submit_listening(&s, &listeners[0]);
        (void)submit_listening(&s, &listeners[1]);
        while (claude_loop_count(s.loop) > 0) {
            size_t before = listeners[0].trace.events + listeners[1].trace.events;
            size_t now;
            assert_true(is_ready(&s, PATIENCE_MS));
            succeeds(claude_loop_dispatch(s.loop, &err), err);
            (void)drain(&s);
            now = listeners[0].trace.events + listeners[1].trace.events - before;
            if (now > limits[i])
                fail_msg("%zu events in one dispatch, not %zu", now, limits[i]);
            cut += now == limits[i];
        }
        check_ends(&s);
        /* It was the limit that cut most of them short. */
        assert_true(cut >= 300 / limits[i]);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(listeners[k].trace.events, 506);
            trace_free(&listeners[k].trace);
        }
        close_scene(&s);
        free(text);
    }
}

/* Of streams that have all arrived, each is heard before one of them is at its end. */
static void takes_turns(void **state)
{
    enum { STREAMS = 4, EVENTS = 2006 };
    struct scene s = new_scene();
    size_t counts[STREAMS] = {0};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    int64_t written;
    uint64_t tag = 0;

    (void)state;
    script("{'generate':{'events':2000,'event_bytes':126}}");
    written = statistic(server, "events_written");
    for (int i = 0; i < STREAMS; i++)
        (void)submit_scenario(&s, "", CLAUDE_STREAM);
    do {
        assert_true(is_readable(&s, PATIENCE_MS));
        succeeds(claude_loop_dispatch(s.loop, &err), err);
    } while (statistic(server, "events_written") < written + STREAMS * EVENTS);
    for (int i = 0; i < 20; i++)
        succeeds(claude_loop_dispatch(s.loop, &err), err);
    for (int i = 0; i < EVENTS / 2; i++) {
        assert_int_equal(claude_loop_next(s.loop, &tag, &event, &err), 1);
        counts[tag]++;
    }
    for (int i = 0; i < STREAMS; i++) {
        if (counts[i] < EVENTS / 2 / STREAMS / 2)
            fail_msg("of %d events, one of %d streams has had %zu", EVENTS / 2, STREAMS, counts[i]);
    }
    close_scene(&s);
}

static int32_t count_only(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    (void)event;
    ++*(size_t *)user_data;
    return 0;
}

/* Streams that are always full share the loop, whether they deliver to callbacks or not. */
static void is_fair_to_streams_that_are_always_full(void **state)
{
    enum { BULK = 4, EVENTS = 40000 };

    (void)state;
    script("{'generate':{'events':40000,'event_bytes':126}}");
    for (int callbacks = 0; callbacks < 2; callbacks++) {
        struct scene s = scene_of(client_with("stream.accumulate", "false", "loop.max_events", "64", NULL), POLL);
        size_t counts[BULK] = {0};
        bool ended = false;
        for (size_t i = 0; i < BULK; i++) {
            claude_request_t *request = hello();
            claude_error_t *err = NULL;
            if (callbacks)
                succeeds(claude_request_on_event(request, count_only, &counts[i], NULL, &err), err);
            (void)submit(&s, request, CLAUDE_STREAM, i);
            claude_request_unref(request);
        }
        while (!ended) {
            turn_or_fail(&s);
            for (size_t i = 0; i < BULK; i++) {
                counts[i] = callbacks ? counts[i] : s.calls[i].trace.events;
                ended = ended || s.calls[i].ends > 0;
            }
        }
        for (size_t i = 0; i < BULK; i++) {
            if (counts[i] < EVENTS / 10)
                fail_msg("when the first stream has ended, another one has had %zu of %d events", counts[i], EVENTS);
        }
        close_scene(&s);
    }
}

/* Small calls come to their end beside a flood. */
static void is_fair_to_small_calls(void **state)
{
    struct scene s = scene_of(client_with("stream.accumulate", "false", NULL), POLL);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    size_t flood = 0;

    (void)state;
    script_as("flood", "{'generate':{'events':1000000,'event_bytes':126}}");
    succeeds(claude_request_set_header(request, "x-sandbox-scenario", "flood", &err), err);
    succeeds(claude_request_on_event(request, count_only, &flood, NULL, &err), err);
    (void)submit(&s, request, CLAUDE_STREAM, 0);
    (void)submit(&s, request, CLAUDE_STREAM, 1);
    while (flood < 1000)
        turn_or_fail(&s);
    for (int i = 0; i < 10; i++) {
        size_t call = submit_scenario(&s, "", i % 2 ? CLAUDE_STREAM : 0);
        while (s.calls[call].ends == 0)
            turn_or_fail(&s);
        check_text(&s, call, i % 2 ? "" : "Echo: Hello");
    }
    assert_int_equal(s.calls[0].ends + s.calls[1].ends, 0);
    claude_request_unref(request);
    close_scene(&s);
}

static int64_t cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* CPU time of a stream whose events come one by one. */
static int64_t cost_of_a_stream(struct scene *s)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 3; i++) {
        size_t call = submit_scenario(s, "each", CLAUDE_STREAM);
        int64_t before = cpu_us();
        int64_t cost;
        while (s->calls[call].ends == 0)
            turn_or_fail(s);
        cost = cpu_us() - before;
        best = cost < best ? cost : best;
        assert_int_equal(s->calls[call].trace.events, 406);
    }
    return best;
}

/* The cost of an event does not depend on how many streams are open. */
static void costs_what_happens(void **state)
{
    size_t many = sweep_step() == 1 ? 600 : 100;
    struct scene s = new_scene();
    int64_t alone;
    int64_t among_many;

    (void)state;
    script_as("each", "{'generate':{'events':400,'event_bytes':126,'per_write':'each','interval_us':500}}");
    script_as("idle", "{'events':[" START "],'hold_ms':-1}");
    (void)cost_of_a_stream(&s);
    alone = cost_of_a_stream(&s);
    for (size_t i = 0; i < many; i++)
        (void)submit_scenario(&s, "idle", CLAUDE_STREAM);
    for (size_t i = 0; i < many; i++)
        run_until_events(&s, s.count - 1 - i, 1);
    settle(&s);
    among_many = cost_of_a_stream(&s);
    /* What else the machine does only adds: the least of several is what it costs. */
    for (size_t i = 0; i < 10 && among_many >= 2 * alone + 3000; i++) {
        int64_t again = cost_of_a_stream(&s);
        among_many = again < among_many ? again : among_many;
    }
    print_message("400 events, %d us alone, %d us among %zu streams\n", (int)alone, (int)among_many, many);
    assert_true(among_many < 2 * alone + 3000);
    close_scene(&s);
}

/* ---- threads and processes ---- */

/* No cmocka outside of the main thread: what is wrong is counted. */
struct worker {
    claude_client_t *client;
    claude_loop_t *loop;
    const claude_request_t *request;
    int wrong;
};

enum { WORKER_CALLS = 25 };

/* Waits for all calls of the loop; each is an echo. */
static void work_loop(struct worker *w, claude_call_t **calls)
{
    const claude_event_t *event = NULL;
    size_t texts[WORKER_CALLS] = {0};
    int ends[WORKER_CALLS] = {0};
    claude_code_t rc;
    uint64_t tag = 0;

    while (w->wrong == 0 && claude_loop_count(w->loop) > 0) {
        w->wrong += claude_loop_wait(w->loop, PATIENCE_MS, NULL) != 1;
        while (w->wrong == 0 && (rc = claude_loop_next(w->loop, &tag, &event, NULL)) > 0) {
            size_t len = 0;
            w->wrong += tag >= WORKER_CALLS;
            if (w->wrong == 0 && rc == CLAUDE_DONE)
                ends[tag]++;
            else if (w->wrong == 0 && claude_event_text(event, &len))
                texts[tag] += len;
        }
    }
    for (size_t i = 0; i < WORKER_CALLS; i++) {
        claude_response_t *response = NULL;
        w->wrong += ends[i] != 1 || (i % 2 && texts[i] != strlen("Echo: Hello"));
        w->wrong += claude_call_result(calls[i], &response, NULL) != CLAUDE_OK;
        w->wrong += strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0;
        claude_response_unref(response);
        claude_call_unref(calls[i]);
    }
}

static void *have_a_loop(void *user_data)
{
    struct worker *w = user_data;
    claude_call_t *calls[WORKER_CALLS] = {NULL};

    w->wrong += claude_loop_new(w->client, &w->loop, NULL) != CLAUDE_OK;
    for (size_t i = 0; i < WORKER_CALLS; i++)
        w->wrong += claude_loop_submit(w->loop, w->request, i % 2 ? CLAUDE_STREAM : 0, i, &calls[i], NULL) != CLAUDE_OK;
    work_loop(w, calls);
    claude_loop_unref(w->loop);
    return NULL;
}

/* A loop each, on one client; with blocking calls beside them. */
static void lets_each_thread_have_a_loop(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    struct worker workers[8];
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        workers[i] = (struct worker){.client = client, .request = request};
        assert_int_equal(pthread_create(&threads[i], NULL, have_a_loop, &workers[i]), 0);
    }
    for (int i = 0; i < 20; i++)
        claude_response_unref(execute(client, request));
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_int_equal(requests_seen(), COUNT_OF(threads) * WORKER_CALLS + 20);
    claude_request_unref(request);
    claude_client_unref(client);
}

struct relay {
    struct worker worker;
    claude_call_t *calls[WORKER_CALLS];
};

static void *run_on(void *user_data)
{
    struct relay *relay = user_data;

    work_loop(&relay->worker, relay->calls);
    return NULL;
}

/* Made here, run there, released here. */
static void moves_between_threads(void **state)
{
    struct scene s = new_scene();
    claude_request_t *request = hello();
    struct relay relay = {.worker = {.client = s.client, .loop = s.loop}};
    claude_error_t *err = NULL;
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < WORKER_CALLS; i++)
        succeeds(claude_loop_submit(s.loop, request, i % 2, i, &relay.calls[i], &err), err);
    for (int i = 0; i < 3; i++) {
        assert_true(is_readable(&s, PATIENCE_MS));
        succeeds(claude_loop_dispatch(s.loop, &err), err);
    }
    assert_int_equal(pthread_create(&thread, NULL, run_on, &relay), 0);
    pthread_join(thread, NULL);
    assert_int_equal(relay.worker.wrong, 0);
    assert_int_equal(claude_loop_count(s.loop), 0);
    (void)submit_scenario(&s, "", CLAUDE_STREAM);
    run(&s);
    check_text(&s, 0, "Echo: Hello");
    claude_request_unref(request);
    close_scene(&s);
}

/* The child's exit status is how many things were wrong. */
static int be_child(struct scene *s)
{
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_loop_t *own = NULL;
    uint64_t tag = 0;
    int wrong = 0;

    wrong += claude_request_new("count_tokens", &request, NULL) == CLAUDE_OK;
    claude_request_unref(request);
    request = NULL;
    wrong += claude_request_new("messages", &request, NULL) != CLAUDE_OK;
    wrong += claude_request_set_json(request,
                                     "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
                                     "\"content\":\"Hello\"}]}",
                                     CLAUDE_NTS, NULL) != CLAUDE_OK;
    wrong += claude_loop_dispatch(s->loop, NULL) != CLAUDE_E_FORKED;
    wrong += claude_loop_wait(s->loop, -1, NULL) != CLAUDE_E_FORKED;
    wrong += claude_loop_next(s->loop, &tag, &event, NULL) != CLAUDE_E_FORKED;
    wrong += claude_loop_submit(s->loop, request, 0, 1, &call, NULL) != CLAUDE_E_FORKED;
    wrong += claude_call_result(s->calls[0].call, &response, NULL) >= 0;
    claude_loop_wakeup(s->loop);
    claude_call_cancel(s->calls[0].call);
    claude_call_pause(s->calls[1].call);
    claude_call_unref(s->calls[0].call);
    claude_call_unref(s->calls[1].call);
    claude_loop_unref(s->loop);
    /* A loop of its own. */
    wrong += claude_loop_new(s->client, &own, NULL) != CLAUDE_OK;
    wrong += claude_loop_submit(own, request, CLAUDE_STREAM, 5, &call, NULL) != CLAUDE_OK;
    while (wrong == 0 && claude_loop_count(own) > 0) {
        wrong += claude_loop_wait(own, PATIENCE_MS, NULL) < 0;
        while (claude_loop_next(own, &tag, &event, NULL) > 0)
            wrong += tag != 5;
    }
    wrong += claude_call_result(call, &response, NULL) != CLAUDE_OK;
    wrong += strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0;
    claude_response_unref(response);
    claude_call_unref(call);
    claude_loop_unref(own);
    claude_request_unref(request);
    claude_client_unref(s->client);
    return wrong;
}

static void belongs_to_its_process(void **state)
{
    struct scene s = new_scene();
    int status = 0;
    pid_t pid;

    (void)state;
    script_as("slow", "{'events':[" PLAIN "],'chunk_size':60,'chunk_delay_ms':2}");
    (void)submit_scenario(&s, "slow", CLAUDE_STREAM);
    (void)submit_scenario(&s, "slow", CLAUDE_STREAM);
    run_until_events(&s, 0, 1);
    pid = fork();
    if (pid == 0) {
        alarm(CHILD_LIMIT_S);
        _exit(be_child(&s));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* The parent has noticed nothing. */
    run(&s);
    check_ends(&s);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(heard_of(&s, i), PLAIN_TRACE);
        check_text(&s, i, "Hello");
    }
    close_scene(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(starts_quiet),
        TEST(needs_no_calls_to_be_released),
        TEST(needs_descriptors),
        TEST(hears_a_stream),
        TEST(shows_the_head_early),
        TEST(keeps_events_of_a_loop),
        TEST(agrees_with_the_other_ways),
        TEST(ends_calls_that_are_refused),
        TEST(runs_calls_in_sequence_on_one_connection),
        TEST(takes_any_tag),
        TEST(runs_a_thousand_calls),
        TEST(refuses_the_other_ways_of_waiting),
        TEST(refuses_what_start_refuses),
        TEST(takes_what_it_needs),
        TEST(signs_inside_of_dispatch),
        TEST(cancels_at_any_time),
        TEST(sends_nothing_of_a_call_that_is_gone),
        TEST(cancels_between_two_events),
        TEST(forgets_calls_that_are_let_go),
        TEST(forgets_events_of_calls_that_are_let_go),
        TEST(ends_its_calls_when_released),
        TEST(keeps_deadlines),
        TEST(delivers_to_callbacks),
        TEST(ends_when_a_callback_says_so),
        TEST(refuses_to_be_re_entered),
        TEST(allows_other_work_inside),
        TEST(submits_inside_of_callbacks),
        TEST(ends_calls_inside_of_callbacks),
        TEST(may_be_released_inside_of_a_callback),
        TEST(goes_on_after_a_release_inside_of_a_callback),
        TEST(is_readable_after_submit),
        TEST(is_right_for_edge_triggered_pollers),
        TEST(is_readable_when_something_arrives),
        TEST(is_readable_when_another_thread_does_something),
        TEST(is_readable_when_another_thread_resumes),
        TEST(wakes_up_for_what_happens_only),
        TEST(wakes_up_a_waiting_thread),
        TEST(loses_nothing_in_a_storm_of_wakeups),
        TEST(waits_as_long_as_it_was_told),
        TEST(delivers_at_most_so_many_events),
        TEST(takes_turns),
        TEST(is_fair_to_streams_that_are_always_full),
        TEST(is_fair_to_small_calls),
        TEST(costs_what_happens),
        TEST(lets_each_thread_have_a_loop),
        TEST(moves_between_threads),
        TEST(belongs_to_its_process),
    };
    struct rlimit limit;

    /* A thousand connections are more than some systems allow at first. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return RUN_WITH_SERVER(tests);
}
