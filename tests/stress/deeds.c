#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

enum { CHILD_LIMIT_S = 30 };

static const char *const modes[] = {"hold", "buffer"};

static claude_call_t *start(struct worker *w, claude_request_t *request, uint32_t flags)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_start(w->stress->client, request, flags, &call, &err);

    (void)expect(w, "start", rc, CLAUDE_OK, CLAUDE_OK, err);
    claude_error_unref(err);
    return call;
}

/* To the end, with waits of any length. */
static claude_code_t pull(struct worker *w, claude_call_t *call, struct answer *answer, claude_error_t **err)
{
    static const int64_t timeouts[] = {-1, 0, 1, 5, 1000};
    const claude_event_t *event = NULL;
    claude_code_t rc;

    while ((rc = claude_call_next(call, timeouts[pick(w, COUNT_OF(timeouts))], &event, err)) == 1 || rc == 0) {
        if (rc == 1)
            take_event(answer, event);
    }
    return rc;
}

static void execute_plain(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, ECHO, false, &answer);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_execute(w->stress->client, request, &response, &err);

    if (expect(w, "execute", rc, CLAUDE_OK, CLAUDE_OK, err))
        check_response(w, "execute", &answer, response);
    claude_error_unref(err);
    claude_response_unref(response);
    claude_request_unref(request);
}

/* One request that all threads start. */
static void execute_shared(struct worker *w)
{
    struct answer answer = {.kind = ECHO, .expected = "Echo: Hello"};
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_execute(w->stress->client, w->stress->shared, &response, &err);

    if (expect(w, "execute", rc, CLAUDE_OK, CLAUDE_OK, err))
        check_response(w, "execute", &answer, response);
    claude_error_unref(err);
    claude_response_unref(response);
}

static void pull_stream(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    claude_call_t *call = start(w, request, CLAUDE_STREAM);
    claude_error_t *err = NULL;
    claude_code_t rc;

    claude_request_unref(request);
    rc = pull(w, call, &answer, &err);
    if (expect(w, "pull", rc, CLAUDE_DONE, CLAUDE_DONE, err))
        check_answer(w, "pull", &answer, call);
    claude_error_unref(err);
    claude_call_unref(call);
}

static int32_t hear(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    take_event(user_data, event);
    return 0;
}

static void execute_with_callback(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)claude_request_on_event(request, hear, &answer, NULL, NULL);
    rc = claude_client_execute(w->stress->client, request, &response, &err);
    if (expect(w, "execute", rc, CLAUDE_OK, CLAUDE_OK, err)) {
        check_response(w, "execute", &answer, response);
        if (answer.wrong || answer.at != (answer.kind == BULK ? (size_t)BULK_DELTAS : strlen(answer.expected)))
            complain(w, "callback: events are wrong, at %zu", answer.at);
    }
    claude_error_unref(err);
    claude_response_unref(response);
    claude_request_unref(request);
}

/* Several at once on one thread; while it waits for one, it drives the others. */
static void start_several(struct worker *w)
{
    enum { MOST = 6 };
    struct answer answers[MOST];
    claude_call_t *calls[MOST];
    bool streams[MOST];
    size_t n = 2 + pick(w, MOST - 1);

    for (size_t i = 0; i < n; i++) {
        claude_request_t *request;
        streams[i] = pick(w, 2);
        request = make_request(w, (enum kind)pick(w, KINDS), streams[i], &answers[i]);
        calls[i] = start(w, request, 0);
        claude_request_unref(request);
    }
    for (size_t i = n; i-- > 0;) {
        claude_error_t *err = NULL;
        claude_code_t rc;
        if (streams[i]) {
            rc = pull(w, calls[i], &answers[i], &err);
        } else {
            while ((rc = claude_call_wait(calls[i], (int64_t)pick(w, 3) - 1, &err)) == 0)
                ;
            answers[i].at = strlen(answers[i].expected);
        }
        if (expect(w, "one of several", rc, CLAUDE_DONE, CLAUDE_DONE, err))
            check_answer(w, "one of several", &answers[i], calls[i]);
        claude_error_unref(err);
        claude_call_unref(calls[i]);
    }
}

static void fail(struct worker *w)
{
    const struct mishap *mishap = pick_mishap(w);
    bool stream = mishap->streams_only || pick(w, 2);
    claude_request_t *request = make_scenario(w, mishap->scenario, stream);
    claude_call_t *call = start(w, request, 0);
    claude_error_t *err = NULL;
    struct answer ignored = {.kind = ECHO, .gaps = true};
    claude_code_t rc = stream ? pull(w, call, &ignored, &err) : claude_call_wait(call, -1, &err);

    if (expect(w, mishap->scenario, rc, mishap->code, mishap->code, err) &&
        claude_call_state(call) != CLAUDE_CALL_FAILED)
        complain(w, "%s: state %d", mishap->scenario, (int)claude_call_state(call));
    claude_error_unref(err);
    claude_request_unref(request);
    claude_call_unref(call);
}

/* Cancelled by another thread at any moment: either cancelled or well, never anything else. */
static void be_cancelled(struct worker *w)
{
    struct answer answer;
    bool forever = pick(w, 2);
    claude_request_t *request =
        forever ? make_scenario(w, "stall", true) : make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    claude_call_t *call = start(w, request, 0);
    claude_error_t *err = NULL;
    claude_code_t rc;

    if (forever)
        answer = (struct answer){.kind = ECHO, .gaps = true};
    claude_request_unref(request);
    ask_favour(w, CANCEL, call, NULL);
    rc = pick(w, 2) ? pull(w, call, &answer, &err) : claude_call_wait(call, -1, &err);
    if (expect(w, "cancelled", rc, CLAUDE_E_CANCELED, forever ? CLAUDE_E_CANCELED : CLAUDE_DONE, err) &&
        claude_call_state(call) != (rc == CLAUDE_DONE ? CLAUDE_CALL_DONE : CLAUDE_CALL_CANCELED))
        complain(w, "%s: state %d", claude_code_name(rc), (int)claude_call_state(call));
    claude_error_unref(err);
    claude_call_unref(call);
}

/* Hands the last reference to another thread, from inside of the wait. */
struct handover {
    struct worker *worker;
    bool done;
};

static int32_t hand_over(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    struct handover *handover = user_data;

    (void)event;
    if (!handover->done)
        ask_favour(handover->worker, RELEASE, call, NULL);
    handover->done = true;
    return 0;
}

static void be_released(struct worker *w)
{
    bool forever = pick(w, 2);
    claude_request_t *request = make_scenario(w, forever ? "stall" : "stress-slow", true);
    struct handover handover = {.worker = w};
    claude_call_t *call;
    claude_error_t *err = NULL;
    claude_code_t rc;

    (void)claude_request_on_event(request, hand_over, &handover, NULL, NULL);
    call = start(w, request, 0);
    claude_request_unref(request);
    rc = claude_call_wait(call, -1, &err);
    (void)expect(w, "released", rc, CLAUDE_E_CANCELED, forever ? CLAUDE_E_CANCELED : CLAUDE_DONE, err);
    claude_error_unref(err);
    if (!handover.done)
        claude_call_unref(call);
}

/* Pauses by itself, is resumed by another. */
static void pause_self(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    const claude_event_t *event = NULL;
    claude_call_t *call;
    claude_error_t *err = NULL;
    claude_code_t rc = 0;
    size_t mode = pick(w, 2);

    set_option(w, request, "stream.pause_mode", modes[mode]);
    if (mode == 1 && pick(w, 2)) {
        set_option(w, request, "stream.pause_events", "20");
        answer.gaps = true;
    }
    call = start(w, request, 0);
    claude_request_unref(request);
    for (size_t n = pick(w, 6); n > 0 && rc >= 0 && rc != CLAUDE_DONE;) {
        rc = claude_call_next(call, -1, &event, &err);
        if (rc == 1)
            take_event(&answer, event);
        n -= rc == 1;
    }
    if (rc >= 0 && rc != CLAUDE_DONE) {
        claude_call_pause(call);
        rc = claude_call_next(call, (int64_t)pick(w, 4), &event, &err);
        if (rc != 0 || claude_call_is_paused(call) != 1 || claude_call_is_running(call) != 0)
            complain(w, "while paused: %s, state %d", claude_code_name(rc), (int)claude_call_state(call));
        ask_favour(w, RESUME, call, NULL);
        rc = pull(w, call, &answer, &err);
    }
    if (expect(w, "paused", rc, CLAUDE_DONE, CLAUDE_DONE, err))
        check_answer(w, "paused", &answer, call);
    claude_error_unref(err);
    claude_call_unref(call);
}

/* Paused and resumed by others all the time. */
static void be_paused(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    claude_call_t *call;
    claude_error_t *err = NULL;
    claude_code_t rc;

    set_option(w, request, "stream.pause_mode", modes[pick(w, 2)]);
    call = start(w, request, 0);
    claude_request_unref(request);
    for (size_t n = 1 + pick(w, 3); n > 0; n--)
        ask_favour(w, FIDGET, call, NULL);
    rc = pull(w, call, &answer, &err);
    if (expect(w, "fidgeted", rc, CLAUDE_DONE, CLAUDE_DONE, err))
        check_answer(w, "fidgeted", &answer, call);
    claude_error_unref(err);
    claude_call_unref(call);
}

/* A stream that nobody reads for a while, or ever. */
static void abandon(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, (enum kind)pick(w, KINDS), true, &answer);
    claude_call_t *call = start(w, request, 0);
    const claude_event_t *event = NULL;

    claude_request_unref(request);
    for (size_t n = pick(w, 4); n > 0; n--)
        (void)claude_call_next(call, (int64_t)pick(w, 3), &event, NULL);
    if (pick(w, 2))
        execute_plain(w);
    claude_call_unref(call);
}

static void time_out(struct worker *w)
{
    bool forever = pick(w, 2);
    claude_request_t *request = make_scenario(w, forever ? "stall" : "stress-slow", true);
    struct answer ignored = {.kind = ECHO, .gaps = true};
    claude_error_t *err = NULL;
    claude_call_t *call;
    claude_code_t rc;
    char limit[16];

    snprintf(limit, sizeof limit, "%zu", 1 + pick(w, 30));
    set_option(w, request, forever && pick(w, 2) ? "timeout.idle_ms" : "timeout.stream_total_ms", limit);
    call = start(w, request, 0);
    claude_request_unref(request);
    rc = pull(w, call, &ignored, &err);
    (void)expect(w, "timed", rc, CLAUDE_E_TIMEOUT, forever ? CLAUDE_E_TIMEOUT : CLAUDE_DONE, err);
    claude_error_unref(err);
    claude_call_unref(call);
}

static void trim(struct worker *w)
{
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_trim(w->stress->client, &err);

    (void)expect(w, "trim", rc, CLAUDE_OK, CLAUDE_OK, err);
    claude_error_unref(err);
}

/* An event, a response and an error that outlive everything, used where they were not made. */
static void keep(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, ECHO, true, &answer);
    const claude_event_t *event = NULL;
    claude_event_t *kept = NULL;
    claude_call_t *call = start(w, request, 0);

    claude_request_unref(request);
    if (claude_call_next(call, -1, &event, NULL) != 1 || claude_event_keep(event, &kept, NULL) < 0)
        complain(w, "no event to keep");
    claude_call_unref(call);
    trim(w);
    if (claude_event_type(kept) != CLAUDE_EVENT_MESSAGE_START)
        complain(w, "the kept event has type %d", (int)claude_event_type(kept));
    claude_event_unref(kept);
}

static void hold_client(struct worker *w)
{
    claude_client_t *client = claude_client_ref(w->stress->client);

    execute_shared(w);
    claude_client_unref(client);
}

static void be_child(struct worker *w, claude_request_t *request, const struct answer *answer)
{
    claude_response_t *response = NULL;

    alarm(CHILD_LIMIT_S);
    if (claude_client_execute(w->stress->client, request, &response, NULL) != CLAUDE_OK)
        _exit(1);
    _exit(strcmp(claude_response_text(response, NULL), answer->expected) == 0 ? 0 : 2);
}

/* In the middle of all this. */
static void fork_once(struct worker *w)
{
    struct answer answer;
    claude_request_t *request = make_request(w, ECHO, false, &answer);
    int status = 0;
    pid_t pid;

    if (w->stress->forks) {
        pid = fork();
        if (pid == 0)
            be_child(w, request, &answer);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            complain(w, "a child ended with %#x", (unsigned)status);
    }
    claude_request_unref(request);
}

const struct deed deeds[DEEDS] = {
    {"execute", 12, execute_plain},
    {"execute a shared request", 6, execute_shared},
    {"pull", 14, pull_stream},
    {"callback", 8, execute_with_callback},
    {"several", 6, start_several},
    {"fail", 8, fail},
    {"be cancelled", 8, be_cancelled},
    {"be released", 5, be_released},
    {"pause", 8, pause_self},
    {"be paused", 8, be_paused},
    {"abandon", 5, abandon},
    {"time out", 4, time_out},
    {"trim", 3, trim},
    {"keep", 3, keep},
    {"hold the client", 2, hold_client},
    {"fork", 3, fork_once},
    {"loop", 8, run_loop},
};
