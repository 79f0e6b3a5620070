#include "ways.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const way_names[WAY_COUNT] = {"execute", "wait", "next", "slices", "loop-wait", "loop-poll"};
const char *const ending_names[END_COUNT] = {
    "timeout.connect_ms", "timeout.first_byte_ms",   "timeout.idle_ms", "timeout.progress_ms",
    "timeout.total_ms",   "timeout.stream_total_ms", "cancel",          "unref",
};

/* ---- events ---- */

static void add_event(struct run *run, claude_call_t *call, const claude_event_t *event)
{
    struct trace *t = &run->trace;
    size_t len = 0;
    const char *json = claude_event_json(event, &len);

    if (t->cap - t->len < len + 1) {
        t->cap = t->cap * 2 + len + 1;
        t->bytes = realloc(t->bytes, t->cap);
        if (!t->bytes)
            abort();
    }
    memcpy(t->bytes + t->len, json, len);
    t->len += len;
    t->bytes[t->len++] = '\n';
    t->events++;
    atomic_store(&run->seen, t->events);
    if (run->on_event)
        run->on_event(run, call);
}

static int32_t on_event(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct run *run = user_data;

    /* Inside of execute, this is the only way to learn about the call. */
    if (!atomic_load(&run->call))
        atomic_store(&run->call, claude_call_ref(call));
    add_event(run, call, event);
    return 0;
}

/* ---- ways ---- */

static void look_at_end(struct run *run, claude_call_t *call)
{
    if (run->given_away)
        return; /* it is gone */
    run->state = claude_call_state(call);
    run->attempts = claude_call_attempts(call);
    if (run->rc == CLAUDE_DONE)
        run->rc = claude_call_result(call, &run->response, &run->err);
}

/* Whoever ends the call from outside needs a reference as long as that takes; or has the only one. */
static void publish(struct run *run, claude_call_t *call)
{
    atomic_store(&run->call, run->given_away ? call : claude_call_ref(call));
}

static uint32_t flags_of(const struct run *run)
{
    return run->features | (run->stream ? CLAUDE_STREAM : 0);
}

static void by_execute(struct run *run)
{
    claude_call_t *call;

    run->rc = claude_client_execute(run->client, run->request, &run->response, &run->err);
    run->returned_at = now_ms();
    run->attempts = claude_error_attempts(run->err);
    call = atomic_load(&run->call);
    run->state = call ? claude_call_state(call) : 0;
}

static void by_call(struct run *run)
{
    const claude_event_t *event = NULL;
    claude_call_t *call = NULL;
    claude_code_t rc = claude_client_start(run->client, run->request, flags_of(run), &call, &run->err);

    check(rc >= 0, "no start: %s", claude_error_message(run->err));
    publish(run, call);
    run->waited_at = now_ms();
    do {
        if (run->way == WAY_WAIT)
            rc = claude_call_wait(call, -1, &run->err);
        else
            rc = claude_call_next(call, run->way == WAY_SLICES ? SLICE_MS : -1, &event, &run->err);
        if (rc == 1)
            add_event(run, call, event);
    } while (rc == 1 || (rc == 0 && run->way == WAY_SLICES));
    run->returned_at = now_ms();
    run->rc = rc;
    check(rc != 0, "a wait without a timeout returned before the end");
    look_at_end(run, call);
    if (!run->given_away)
        claude_call_unref(call);
}

/* All there is. True when the call has ended. */
static bool take_from_loop(struct run *run, claude_loop_t *loop)
{
    const claude_event_t *event = NULL;
    claude_code_t rc;
    uint64_t tag = 0;

    while ((rc = claude_loop_next(loop, &tag, &event, &run->err)) > 0) {
        check(tag == 4711, "the tag is %llu", (unsigned long long)tag);
        if (rc == CLAUDE_DONE)
            return true;
        add_event(run, atomic_load(&run->call), event);
    }
    check(rc == 0, "claude_loop_next: %s", claude_error_message(run->err));
    return false;
}

/* A call without a reference is not heard of again: what tells of its end is the number of calls. */
static bool has_ended(struct run *run, claude_loop_t *loop)
{
    bool ended = take_from_loop(run, loop);

    check(!ended || !run->given_away, "a call without a reference was heard of");
    return ended || (run->given_away && claude_loop_count(loop) == 0);
}

static void by_loop(struct run *run)
{
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_code_t rc = claude_loop_new(run->client, &loop, &run->err);

    if (rc >= 0)
        rc = claude_loop_submit(loop, run->request, flags_of(run), 4711, &call, &run->err);
    check(rc >= 0, "no loop: %s", claude_error_message(run->err));
    publish(run, call);
    run->waited_at = now_ms();
    while (!has_ended(run, loop)) {
        struct pollfd wait = {.fd = claude_loop_fd(loop), .events = POLLIN};
        if (run->way == WAY_LOOP_WAIT) {
            rc = claude_loop_wait(loop, run->given_away ? SLICE_MS : -1, &run->err);
        } else {
            poll(&wait, 1, -1);
            rc = claude_loop_dispatch(loop, &run->err);
        }
        check(rc >= 0, "the loop: %s", claude_error_message(run->err));
    }
    run->returned_at = now_ms();
    run->rc = run->given_away ? CLAUDE_E_CANCELED : CLAUDE_DONE;
    look_at_end(run, call);
    if (!run->given_away)
        claude_call_unref(call);
    claude_loop_unref(loop);
}

void run_call(struct run *run)
{
    bool callback = run->way == WAY_EXECUTE || run->way == WAY_WAIT || run->way == WAY_LOOP_POLL;

    if (run->stream && callback)
        check(claude_request_on_event(run->request, on_event, run, NULL, NULL) >= 0, "no callback");
    run->started_at = now_ms();
    run->waited_at = run->started_at;
    if (run->way == WAY_EXECUTE)
        by_execute(run);
    else if (run->way == WAY_LOOP_WAIT || run->way == WAY_LOOP_POLL)
        by_loop(run);
    else
        by_call(run);
}

void run_free(struct run *run)
{
    if (!run->given_away)
        claude_call_unref(atomic_load(&run->call));
    free(run->trace.bytes);
    claude_error_unref(run->err);
    claude_response_unref(run->response);
    claude_request_unref(run->request);
    claude_client_unref(run->client);
}

void check_failure(const struct run *run, claude_code_t code, const char *part)
{
    const char *message = claude_error_message(run->err);

    check(run->rc == code, "returned %s, not %s: %s", claude_code_name(run->rc), claude_code_name(code), message);
    if (run->given_away && (run->way == WAY_LOOP_WAIT || run->way == WAY_LOOP_POLL))
        return; /* there is nobody left to ask */
    check(claude_error_code(run->err) == code, "the error says %s", claude_code_name(claude_error_code(run->err)));
    check(strstr(message, part) != NULL, "\"%s\" does not say \"%s\"", message, part);
    if (!run->given_away && run->state != 0)
        check(run->state == (code == CLAUDE_E_CANCELED ? CLAUDE_CALL_CANCELED : CLAUDE_CALL_FAILED),
              "the state is %d after %s", (int)run->state, message);
    if (!run->given_away)
        check(run->attempts == claude_error_attempts(run->err), "the call counts %d attempts, its error %d",
              (int)run->attempts, (int)claude_error_attempts(run->err));
}

/* ---- clients and requests ---- */

static void set(claude_config_t *config, const char *option, const char *value)
{
    claude_error_t *err = NULL;

    check(claude_config_set(config, option, value, &err) >= 0, "%s", claude_error_message(err));
}

claude_client_t *make_client(const char *base_url, ...)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    const char *option;
    char far_away[24];
    va_list args;

    snprintf(far_away, sizeof far_away, "%d", FAR_MS);
    check(claude_config_new(&config, &err) >= 0, "%s", claude_error_message(err));
    set(config, "base_url", base_url);
    set(config, "api_key", "sk-ant-api03-deadlines");
    set(config, "tls.ca_file", DEADLINES_CA_FILE); /* the system's would take long to read */
    for (size_t i = 0; i < END_CANCEL; i++) {
        if (i != END_PROGRESS)
            set(config, ending_names[i], far_away);
    }
    va_start(args, base_url);
    while ((option = va_arg(args, const char *)) != NULL)
        set(config, option, va_arg(args, const char *));
    va_end(args);
    check(claude_client_new(config, &client, &err) >= 0, "%s", claude_error_message(err));
    claude_config_unref(config);
    return client;
}

void url_of(const struct server *server, const char *scheme, char *out, size_t size)
{
    snprintf(out, size, "%s://127.0.0.1:%u", scheme, (unsigned)server->port);
}

claude_client_t *client_of_server(const struct server *server, const char *option, const char *value)
{
    char url[64];

    url_of(server, "http", url, sizeof url);
    return make_client(url, option, value, NULL);
}

claude_request_t *make_request(bool stream, size_t bytes)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    char *text = bytes > 0 ? malloc(bytes) : NULL;

    if (text)
        memset(text, 'a', bytes);
    check(claude_request_new("messages.create", &request, &err) >= 0 &&
              claude_request_set_model(request, "claude-opus-5", &err) >= 0 &&
              claude_request_set_max_tokens(request, 1024, &err) >= 0 &&
              claude_request_add_user_text(request, text ? text : "Hello", text ? bytes : CLAUDE_NTS, &err) >= 0 &&
              (!stream || claude_request_set_stream(request, 1, &err) >= 0),
          "no request: %s", claude_error_message(err));
    free(text);
    return request;
}

static void *nothing(void *unused)
{
    return unused;
}

/* A call that is refused at once, by a port that was free a moment ago. */
void warm_up(void)
{
    struct server server;
    claude_response_t *response = NULL;
    claude_request_t *request = make_request(false, 0);
    claude_client_t *client;
    pthread_t thread;
    char url[64];

    server_start(&server, &(struct server_plan){.mode = SERVER_SILENT});
    server_stop(&server);
    url_of(&server, "https", url, sizeof url);
    client = make_client(url, NULL);
    check(claude_client_execute(client, request, &response, NULL) < 0, "somebody answers where nobody listens");
    claude_client_unref(client);
    claude_request_unref(request);
    check(pthread_create(&thread, NULL, nothing, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
}

/* ---- somebody outside ---- */

static void *end_from_outside(void *user)
{
    struct outsider *o = user;
    claude_call_t *call;

    while (!(call = atomic_load(&o->run->call)))
        let_pass(1);
    if (!o->is_time)
        let_pass(100);
    while (o->is_time && !o->is_time(o))
        let_pass(2);
    /* The other thread is on its way back to waiting. */
    let_pass(30);
    o->done_at = now_ms();
    if (o->ending == END_CANCEL)
        claude_call_cancel(call);
    else
        claude_call_unref(call);
    return NULL;
}

void outsider_start(struct outsider *outsider)
{
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    check(pthread_create(&outsider->thread, NULL, end_from_outside, outsider) == 0, "no thread");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void outsider_join(struct outsider *outsider)
{
    pthread_join(outsider->thread, NULL);
}
