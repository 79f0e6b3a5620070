#include "ways.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 60000, /* what takes longer has been forgotten */
    A_LITTLE_MS = 7,     /* of a wait that is broken off and gone on with */
};

bool connections_race;
static struct sandbox *others[OTHER_SERVERS];

struct sandbox *other_server(size_t index)
{
    assert_true(index < OTHER_SERVERS);
    if (!others[index])
        others[index] = sandbox_start(NULL, "--keep-body", "8388608", NULL);
    assert_non_null(others[index]);
    return others[index];
}

int stop_servers(void **state)
{
    int rc = stop_server(state);

    for (size_t i = 0; i < OTHER_SERVERS; i++) {
        if (sandbox_stop(others[i]) != 0 && others[i])
            rc = -1;
        others[i] = NULL;
    }
    return rc;
}

int reset_servers(void **state)
{
    int rc = reset_server(state);

    for (size_t i = 0; i < OTHER_SERVERS && rc == 0; i++)
        rc = others[i] ? sandbox_reset(others[i]) : 0;
    return rc;
}

uint64_t all_requests_seen(void)
{
    uint64_t n = requests_seen();

    for (size_t i = 0; i < OTHER_SERVERS; i++)
        n += others[i] ? sandbox_request_count(others[i]) : 0;
    return n;
}

void script_at(struct sandbox *sb, const char *scenario)
{
    char *json = quoted(scenario);

    assert_int_equal(sandbox_register(sb, "current", json), 0);
    assert_int_equal(sandbox_use(sb, "current"), 0);
    free(json);
}

/* ---- reports ---- */

#define holds(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            print_error("%s:%d: not so: %s\n", file, line, #condition);                                                \
            print_error("%s\n", claude_report_json(report, NULL));                                                     \
            _fail(file, line);                                                                                         \
        }                                                                                                              \
    } while (0)

void check_report(const claude_report_t *report, const char *file, int line)
{
    struct json_object *json = json_tokener_parse(claude_report_json(report, NULL));
    struct json_object *list;
    int64_t wire = 0;
    int64_t backoff = 0;
    int64_t limiter = 0;
    int32_t attempts = claude_report_attempts(report);

    holds(json != NULL);
    check_no_key(claude_report_json(report, NULL), file, line);
    list = json_object_object_get(json, "attempt_list");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        wire += number_of(row, "wire_attempts");
        backoff += number_of(row, "backoff_ms");
        limiter += number_of(row, "limiter_wait_ms");
        holds(number_of(row, "backoff_ms") <= number_of(row, "started_ms"));
        holds(number_of(row, "started_ms") + number_of(row, "duration_ms") <= claude_report_duration_ms(report));
        holds(i + 1 == json_object_array_length(list) || number_of(row, "code") < 0);
    }
    holds(claude_report_attempt_count(report) == json_object_array_length(list));
    if (attempts <= 64) {
        holds((size_t)attempts == json_object_array_length(list));
        holds(wire == claude_report_wire_attempts(report));
        holds(backoff == claude_report_backoff_ms(report));
        holds(limiter == claude_report_limiter_wait_ms(report));
    }
    holds(claude_report_retries(report) <= (attempts > 0 ? attempts - 1 : 0));
    holds(claude_report_failovers(report) <= (attempts > 0 ? attempts - 1 : 0));
    holds(claude_report_resends(report) == number_of(json, "resends"));
    holds(claude_report_retries(report) + claude_report_failovers(report) + claude_report_resends(report) ==
          (attempts > 0 ? attempts - 1 : 0));
    json_object_put(json);
}

int64_t metric(claude_client_t *client, const char *name)
{
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;
    int64_t value;

    succeeds(claude_client_metrics(client, &metrics, &err), err);
    value = claude_metrics_value(metrics, name);
    claude_metrics_unref(metrics);
    return value;
}

/* ---- ways ---- */

static claude_code_t run_execute(claude_client_t *client, claude_request_t *request, uint32_t features,
                                 struct outcome *o)
{
    switch (features) {
    case 0:
        return claude_client_execute(client, request, &o->response, &o->err);
    case CLAUDE_WITH_RETRIES:
        return claude_client_execute_with_retries(client, request, &o->response, &o->err);
    case CLAUDE_WITH_CIRCUIT_BREAKER:
        return claude_client_execute_with_circuit_breaker(client, request, &o->response, &o->err);
    case CLAUDE_WITH_RATE_LIMITING:
        return claude_client_execute_with_rate_limiting(client, request, &o->response, &o->err);
    case CLAUDE_WITH_FAILOVER:
        return claude_client_execute_with_failover(client, request, &o->response, &o->err);
    case CLAUDE_WITH_ENTERPRISE_FEATURES:
        return claude_client_execute_with_enterprise_features(client, request, &o->response, &o->err);
    default:
        return CLAUDE_DONE; /* there is no function for this */
    }
}

claude_code_t wait_for(claude_call_t *call, claude_error_t **err)
{
    int64_t start = now_ms();
    claude_code_t rc;

    while ((rc = claude_call_wait(call, PATIENCE_MS, err)) == 0)
        assert_true(now_ms() - start < PATIENCE_MS);
    return rc;
}

static claude_code_t run_next(claude_call_t *call, struct outcome *o)
{
    const claude_event_t *event = NULL;
    int64_t start = now_ms();
    int64_t timeout_ms = 0;
    claude_code_t rc;

    while ((rc = claude_call_next(call, timeout_ms, &event, &o->err)) == 1 || rc == 0) {
        if (rc == 1)
            trace_add(&o->trace, event);
        timeout_ms = timeout_ms == 0 ? A_LITTLE_MS : 0;
        assert_true(now_ms() - start < PATIENCE_MS);
    }
    return rc;
}

/* Returns once the loop's descriptor is readable; with nothing else to go by. */
static void poll_loop(claude_loop_t *loop, enum way way, int outer)
{
    struct pollfd level = {.fd = claude_loop_fd(loop), .events = POLLIN};
    struct epoll_event event;

    if (way == WAY_EDGE)
        assert_int_equal(epoll_wait(outer, &event, 1, PATIENCE_MS), 1);
    else
        assert_int_equal(poll(&level, 1, PATIENCE_MS), 1);
}

static void hear(claude_loop_t *loop, struct outcome *o, bool *ended)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc;

    while ((rc = claude_loop_next(loop, &tag, &event, &err)) != 0) {
        succeeds(rc, err);
        assert_int_equal(tag, 77);
        if (rc == 1)
            trace_add(&o->trace, event);
        else
            *ended = true;
    }
}

static void run_loop(claude_loop_t *loop, enum way way, struct outcome *o)
{
    struct epoll_event want = {.events = EPOLLIN | EPOLLET};
    claude_error_t *err = NULL;
    bool ended = false;
    int outer = -1;

    if (way == WAY_EDGE) {
        outer = epoll_create1(EPOLL_CLOEXEC);
        assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, claude_loop_fd(loop), &want), 0);
    }
    while (!ended) {
        if (way == WAY_LOOP) {
            claude_code_t rc = claude_loop_wait(loop, PATIENCE_MS, &err);
            succeeds(rc, err);
            assert_int_equal(rc, 1);
        } else {
            poll_loop(loop, way, outer);
            succeeds(claude_loop_dispatch(loop, &err), err);
        }
        hear(loop, o, &ended);
    }
    if (outer >= 0)
        close(outer);
}

uint64_t loop_until_end(claude_loop_t *loop)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;

    for (;;) {
        claude_code_t rc;
        poll_loop(loop, WAY_LEVEL, -1);
        succeeds(claude_loop_dispatch(loop, &err), err);
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) != 0) {
            succeeds(rc, err);
            if (rc == CLAUDE_DONE)
                return tag;
        }
    }
}

static void run_call(enum way way, claude_client_t *client, claude_request_t *request, uint32_t features,
                     struct outcome *o)
{
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    if (way >= WAY_LOOP) {
        succeeds(claude_loop_new(client, &loop, &err), err);
        o->rc = claude_loop_submit(loop, request, features, 77, &call, &o->err);
    } else {
        o->rc = claude_client_start(client, request, features, &call, &o->err);
    }
    if (o->rc >= 0) {
        if (way >= WAY_LOOP)
            run_loop(loop, way, o);
        else
            (void)(way == WAY_NEXT ? run_next(call, o) : wait_for(call, &o->err));
        claude_error_unref(o->err);
        o->err = NULL;
        rc = claude_call_result(call, &o->response, &o->err);
        o->rc = rc;
        o->wire = claude_call_attempts(call);
    } else {
        o->wire = claude_error_attempts(o->err);
    }
    claude_call_unref(call);
    claude_loop_unref(loop);
}

static int64_t lost(const claude_report_t *report)
{
    int64_t n = 0;

    for (size_t i = 0; connections_race && i < claude_report_attempt_count(report); i++)
        n += claude_report_attempt_code(report, i) == CLAUDE_E_CLOSED &&
             claude_report_attempt_http_status(report, i) == 0;
    return n;
}

struct outcome run_at(enum way way, claude_client_t *client, claude_request_t *request, uint32_t features,
                      const char *file, int line)
{
    struct outcome o = {.rc = CLAUDE_OK};
    uint64_t before = all_requests_seen();
    int64_t seen;

    if (way == WAY_EXECUTE) {
        o.rc = run_execute(client, request, features, &o);
        if (o.rc == CLAUDE_DONE)
            run_call(WAY_WAIT, client, request, features, &o);
        o.wire =
            o.response ? claude_report_wire_attempts(claude_response_report(o.response)) : claude_error_attempts(o.err);
    } else {
        run_call(way, client, request, features, &o);
    }
    if ((o.rc < 0) != (o.err != NULL) || (o.rc >= 0) != (o.response != NULL)) {
        print_error("%s:%d: %s with %s error and %s response\n", file, line, claude_code_name(o.rc),
                    o.err ? "an" : "no", o.response ? "a" : "no");
        _fail(file, line);
    }
    if (o.err)
        check_error(o.err, o.rc, file, line);
    o.report = o.err ? claude_error_report(o.err) : claude_response_report(o.response);
    if (!o.report) {
        print_error("%s:%d: way %d: no report: %s\n", file, line, (int)way, claude_error_message(o.err));
        _fail(file, line);
    }
    check_report(o.report, file, line);
    seen = (int64_t)(all_requests_seen() - before);
    if (seen > o.wire || seen + lost(o.report) < o.wire || o.wire != claude_report_wire_attempts(o.report)) {
        print_error("%s:%d: way %d: the servers have seen %d requests, the call says %d and its report %s\n", file,
                    line, (int)way, (int)seen, (int)o.wire, claude_report_json(o.report, NULL));
        _fail(file, line);
    }
    return o;
}

void outcome_free(struct outcome *o)
{
    claude_error_unref(o->err);
    claude_response_unref(o->response);
    trace_free(&o->trace);
    *o = (struct outcome){.rc = CLAUDE_OK};
}

void ends_with_at(struct outcome o, claude_code_t code, int32_t attempts, const char *stopped_by, const char *file,
                  int line)
{
    bool retried = o.err && claude_error_feature(o.err) && strcmp(claude_error_feature(o.err), "retry") == 0;
    bool policy = stopped_by[0] && strcmp(stopped_by, "not_retryable") != 0 && strcmp(stopped_by, "committed") != 0;

    if (o.rc != code || claude_report_attempts(o.report) != attempts ||
        strcmp(claude_report_stopped_by(o.report), stopped_by) != 0 ||
        ((claude_report_features(o.report) & CLAUDE_WITH_RETRIES) && policy && strchr("mdbs", stopped_by[0]) &&
         !retried)) {
        print_error("%s:%d: not %s after %d attempts, stopped by \"%s\", but %s (%s), of \"%s\"\n%s\n", file, line,
                    claude_code_name(code), (int)attempts, stopped_by, claude_code_name(o.rc),
                    claude_error_message(o.err), claude_error_feature(o.err), claude_report_json(o.report, NULL));
        _fail(file, line);
    }
    outcome_free(&o);
}
