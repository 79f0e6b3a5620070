/*
 * test_watches.c - the system refuses to watch one more connection (epoll_ctl). libcurl cannot go on then, so all calls
 * that share its connections end, each with an error that says why; client and event loop work afterwards, the loop
 * with the same descriptor.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/client.h"
#include "scenarios.h"

enum { WAIT_MS = 10000, CALLS = 2 };

static int refusal; /* errno of epoll_ctl() for connections, 0: it does what it should */
static unsigned failures;

/* In place of the C library's, for the library too. What the library watches edge-triggered are its own. */
int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    if (refusal != 0 && operation != EPOLL_CTL_DEL && !(event->events & EPOLLET)) {
        errno = refusal;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, set, operation, fd, event);
}

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    failures++;
    fprintf(stderr, "errno %d: %s\n", refusal, what);
}

static claude_request_t *ask_for(const char *reply)
{
    claude_request_t *request = NULL;

    check(claude_request_new("messages.create", &request, NULL) >= 0 &&
              claude_request_set_model(request, "claude-opus-5", NULL) >= 0 &&
              claude_request_set_max_tokens(request, 10, NULL) >= 0 &&
              claude_request_add_user_text(request, "Hello", CLAUDE_NTS, NULL) >= 0 &&
              claude_request_set_header(request, "x-sandbox-scenario", reply, NULL) >= 0,
          "no request");
    return request;
}

/* Takes over the error. */
static void check_error(claude_error_t *err, claude_code_t code, const char *word)
{
    check(claude_error_code(err) == code, claude_error_message(err));
    check(err && strstr(claude_error_message(err), word), "the error does not say why");
    claude_error_unref(err);
}

static claude_call_t *submit(claude_loop_t *loop, const char *reply, uint64_t tag)
{
    claude_request_t *request = ask_for(reply);
    claude_call_t *call = NULL;

    check(claude_loop_submit(loop, request, CLAUDE_STREAM, tag, &call, NULL) >= 0, "not submitted");
    claude_request_unref(request);
    return call;
}

/* Until something other than an event of a stream comes; whose it is. */
static uint64_t next_end(claude_loop_t *loop)
{
    const claude_event_t *event = NULL;
    uint64_t tag = CALLS;
    claude_code_t rc;

    while ((rc = claude_loop_next(loop, &tag, &event, NULL)) != CLAUDE_DONE) {
        if (rc < 0 || (rc == 0 && claude_loop_wait(loop, WAIT_MS, NULL) <= 0))
            return CALLS;
    }
    return tag;
}

/* One call is well under way when the connection of another cannot be watched. */
static void refuse_in_loop(run *r, int why, claude_code_t code, const char *word)
{
    claude_call_t *calls[CALLS];
    const claude_event_t *event = NULL;
    uint64_t tag = 0;

    calls[0] = submit(r->loop, "stall", 0);
    while (claude_loop_next(r->loop, &tag, &event, NULL) == 0)
        check(claude_loop_wait(r->loop, WAIT_MS, NULL) > 0, "no first event");
    refusal = why;
    calls[1] = submit(r->loop, "text", 1);
    for (size_t i = 0; i < CALLS; i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        tag = next_end(r->loop);
        check(tag < CALLS, "a call that does not end");
        if (tag < CALLS)
            check(claude_call_result(calls[tag], &response, &err) == code, "another error");
        check_error(err, code, word);
        claude_response_unref(response);
    }
    check(claude_loop_count(r->loop) == 0, "the loop has calls left");
    refusal = 0;
    for (size_t i = 0; i < CALLS; i++)
        claude_call_unref(calls[i]);
}

static void refuse_blocking(run *r, int why, claude_code_t code, const char *word)
{
    claude_request_t *request = ask_for("text");
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    refusal = why;
    check(claude_client_execute(r->client, request, &response, &err) == code, "another error");
    check_error(err, code, word);
    refusal = 0;
    claude_response_unref(response);
    claude_request_unref(request);
}

static void refuse(const char *url, int why, claude_code_t code, const char *word)
{
    static run r;

    memset(&r, 0, sizeof r);
    r.url = url;
    check(scenario_client(&r) && claude_loop_new(r.client, &r.loop, NULL) >= 0, "no client, or no loop");
    if (r.loop) {
        r.loop_fd = claude_loop_fd(r.loop);
        refuse_in_loop(&r, why, code, word);
        refuse_blocking(&r, why, code, word);
        check(run_still_works(&r), r.trouble);
    }
    run_end(&r);
}

int main(void)
{
    struct sandbox *server = sandbox_start(NULL, NULL);

    if (!server)
        return 2;
    refuse(sandbox_url(server), ENOSPC, CLAUDE_E_LIMIT, "fs.epoll.max_user_watches");
    refuse(sandbox_url(server), EPERM, CLAUDE_E_LIMIT, "epoll_ctl, error 1");
    refuse(sandbox_url(server), ENOMEM, CLAUDE_E_NOMEM, "out of memory");
    check(sandbox_stop(server) == 0, "the sandbox ended badly");
    printf("%u failures\n", failures);
    return failures > 0;
}
