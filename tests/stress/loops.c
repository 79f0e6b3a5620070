/* A loop with calls of every kind, driven by its own wait or by a poller. */
#include <poll.h>
#include <string.h>

#include "stress.h"

enum { MOST_CALLS = 12, PATIENCE_MS = 60000 };

enum fate {
    WELL,      /* comes to its end */
    LISTENING, /* the same, with a callback */
    FAILING,
    CANCELLED, /* by another thread */
    FIDGETED,  /* paused and resumed by another thread */
    DROPPED,   /* by its owner, at once */
    RELEASED,  /* by another thread, at any time */
    FATES
};

struct member {
    enum fate fate;
    claude_call_t *call;
    struct answer answer;
    const struct mishap *mishap;
    bool stream;
    int ends;
};

struct crowd {
    struct worker *worker;
    claude_loop_t *loop;
    struct member members[MOST_CALLS];
    size_t count;
    bool polls;
};

static int32_t hear(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    take_event(user_data, event);
    return 0;
}

static void join(struct crowd *crowd)
{
    struct worker *w = crowd->worker;
    struct member *m = &crowd->members[crowd->count];
    claude_request_t *request;
    claude_error_t *err = NULL;
    claude_code_t rc;

    *m = (struct member){.fate = (enum fate)pick(w, FATES)};
    m->stream = m->fate == LISTENING || m->fate == FIDGETED || pick(w, 4) > 0;
    if (m->fate == FAILING) {
        m->mishap = pick_mishap(w);
        m->stream = m->stream || m->mishap->streams_only;
        m->answer.gaps = true;
        request = make_scenario(w, m->mishap->scenario, m->stream);
    } else {
        request = make_request(w, (enum kind)pick(w, KINDS), m->stream, &m->answer);
    }
    if (m->fate == LISTENING)
        (void)claude_request_on_event(request, hear, &m->answer, NULL, NULL);
    if (m->fate == FIDGETED)
        set_option(w, request, "stream.pause_mode", pick(w, 2) ? "hold" : "buffer");
    rc = claude_loop_submit(crowd->loop, request, 0, crowd->count, &m->call, &err);
    claude_request_unref(request);
    if (!expect(w, "submit", rc, CLAUDE_OK, CLAUDE_OK, err)) {
        claude_error_unref(err);
        return;
    }
    crowd->count++;
    if (m->fate == CANCELLED)
        ask_favour(w, CANCEL, m->call, NULL);
    if (m->fate == FIDGETED)
        ask_favour(w, FIDGET, m->call, NULL);
    if (m->fate == RELEASED)
        ask_favour(w, RELEASE, m->call, NULL);
    if (m->fate == DROPPED)
        claude_call_unref(m->call);
    if (m->fate == RELEASED || m->fate == DROPPED)
        m->call = NULL;
    if (pick(w, 3) == 0)
        ask_favour(w, WAKE, NULL, crowd->loop);
}

static void take_all(struct crowd *crowd)
{
    struct worker *w = crowd->worker;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc;

    while ((rc = claude_loop_next(crowd->loop, &tag, &event, &err)) > 0) {
        struct member *m = &crowd->members[tag % MOST_CALLS];
        if (tag >= crowd->count || m->fate == DROPPED || m->ends > 0 || (rc == 1 && m->fate == LISTENING)) {
            complain(w, "heard of call %u, fate %d, ended %d times", (unsigned)tag, (int)m->fate, m->ends);
            continue;
        }
        if (rc == CLAUDE_DONE)
            m->ends++;
        else
            take_event(&m->answer, event);
    }
    (void)expect(w, "loop_next", rc, 0, 0, err);
    claude_error_unref(err);
}

/* False when nothing has happened for very long. */
static bool turn(struct crowd *crowd)
{
    struct worker *w = crowd->worker;
    struct pollfd wait = {.fd = claude_loop_fd(crowd->loop), .events = POLLIN};
    claude_error_t *err = NULL;
    claude_code_t rc;

    if (crowd->polls) {
        if (poll(&wait, 1, PATIENCE_MS) != 1)
            return false;
        rc = claude_loop_dispatch(crowd->loop, &err);
    } else {
        rc = claude_loop_wait(crowd->loop, pick(w, 4) ? PATIENCE_MS : (int64_t)pick(w, 3), &err);
    }
    (void)expect(w, "dispatch", rc, 0, 1, err);
    claude_error_unref(err);
    take_all(crowd);
    return true;
}

static void check_member(struct crowd *crowd, struct member *m)
{
    struct worker *w = crowd->worker;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    if (!m->call)
        return;
    if (m->ends != 1)
        complain(w, "a call with fate %d has ended %d times", (int)m->fate, m->ends);
    rc = claude_call_result(m->call, &response, &err);
    if (!m->stream)
        m->answer.at = strlen(m->answer.expected);
    if (m->fate == FAILING)
        (void)expect(w, m->mishap->scenario, rc, m->mishap->code, m->mishap->code, err);
    else if (expect(w, "a call of a loop", rc, CLAUDE_OK, m->fate == CANCELLED ? CLAUDE_E_CANCELED : CLAUDE_OK, err) &&
             rc == CLAUDE_OK)
        check_answer(w, "a call of a loop", &m->answer, m->call);
    claude_error_unref(err);
    claude_response_unref(response);
}

/* Released with calls open: each has ended somehow. */
static void leave(struct crowd *crowd)
{
    claude_loop_unref(crowd->loop);
    crowd->loop = NULL;
}

void run_loop(struct worker *w)
{
    struct crowd crowd = {.worker = w, .polls = pick(w, 2)};
    claude_error_t *err = NULL;
    bool early = pick(w, 6) == 0;
    size_t turns = early ? pick(w, 20) : SIZE_MAX;
    size_t late = pick(w, 4);

    if (claude_loop_new(w->stress->client, &crowd.loop, &err) < 0) {
        complain(w, "no loop: %s", claude_error_message(err));
        claude_error_unref(err);
        return;
    }
    for (size_t n = 1 + pick(w, MOST_CALLS - 3); n > 0; n--)
        join(&crowd);
    while (turns-- > 0 && claude_loop_count(crowd.loop) > 0) {
        if (!turn(&crowd)) {
            complain(w, "a loop with %zu calls is silent", claude_loop_count(crowd.loop));
            break;
        }
        if (late > 0 && crowd.count < MOST_CALLS) {
            join(&crowd);
            late--;
        }
    }
    for (size_t i = 0; i < crowd.count && !early; i++)
        check_member(&crowd, &crowd.members[i]);
    if (pick(w, 2))
        leave(&crowd);
    for (size_t i = 0; i < crowd.count; i++)
        claude_call_unref(crowd.members[i].call);
    leave(&crowd);
}
