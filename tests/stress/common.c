#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stress.h"

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* splitmix64 */
uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t pick(struct worker *w, size_t n)
{
    return (size_t)(next_random(&w->random) % n);
}

void complain(struct worker *w, const char *text, ...)
{
    enum { MOST = 6 }; /* of each deed are said, the others only counted */
    uint64_t before = atomic_fetch_add(&w->stress->complaints[w->deed], 1);
    const char *doing = atomic_load(&w->doing);
    char line[600];
    va_list args;
    int n;

    atomic_fetch_add(&w->stress->wrong, 1);
    if (before >= MOST)
        return;
    n = snprintf(line, sizeof line, "thread %zu, %s: ", w->number, doing ? doing : "?");
    va_start(args, text);
    vsnprintf(line + n, sizeof line - (size_t)n, text, args);
    va_end(args);
    fprintf(stderr, "%s\n", line);
}

bool expect(struct worker *w, const char *what, claude_code_t rc, claude_code_t one, claude_code_t other,
            claude_error_t *err)
{
    if (rc == one || rc == other) {
        if ((rc < 0) != (err != NULL) || claude_error_code(err) != (rc < 0 ? rc : CLAUDE_OK))
            complain(w, "%s: %s with the error %s", what, claude_code_name(rc), claude_error_json(err, NULL));
        return true;
    }
    complain(w, "%s: %s, not %s: %s", what, claude_code_name(rc), claude_code_name(one), claude_error_json(err, NULL));
    return false;
}

static const struct mishap mishaps[] = {
    {"overloaded", CLAUDE_E_OVERLOADED, false, false},
    {"rate-limited", CLAUDE_E_RATE_LIMIT, false, false},
    {"bad-request", CLAUDE_E_BAD_REQUEST, false, false},
    {"server-error", CLAUDE_E_SERVER, false, false},
    {"stress-reset", CLAUDE_E_CLOSED, false, true},
    {"truncated", CLAUDE_E_TRUNCATED, true, true},
    {"overloaded-in-stream", CLAUDE_E_OVERLOADED, true, false},
    {"error-first", CLAUDE_E_OVERLOADED, true, false},
};

const struct mishap *pick_mishap(struct worker *w)
{
    const struct mishap *mishap;

    do {
        mishap = &mishaps[pick(w, COUNT_OF(mishaps))];
    } while (mishap->direct_only && !w->stress->direct);
    return mishap;
}

void set_option(struct worker *w, claude_request_t *request, const char *name, const char *value)
{
    claude_error_t *err = NULL;

    if (claude_request_set_option(request, name, value, &err) < 0)
        complain(w, "%s: %s", name, claude_error_message(err));
    claude_error_unref(err);
}

static claude_request_t *request_with(struct worker *w, const char *text, const char *scenario, bool stream)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    bool well = claude_request_new("messages.create", &request, &err) >= 0 &&
                claude_request_set_model(request, "claude-opus-5", &err) >= 0 &&
                claude_request_set_max_tokens(request, 4096, &err) >= 0 &&
                claude_request_add_user_text(request, text, CLAUDE_NTS, &err) >= 0 &&
                claude_request_set_stream(request, stream, &err) >= 0 &&
                (!scenario || claude_request_set_header(request, "x-sandbox-scenario", scenario, &err) >= 0);

    if (!well)
        complain(w, "a request: %s", claude_error_message(err));
    claude_error_unref(err);
    return request;
}

claude_request_t *make_scenario(struct worker *w, const char *scenario, bool stream)
{
    return request_with(w, "Hello", scenario, stream);
}

claude_request_t *make_request(struct worker *w, enum kind kind, bool stream, struct answer *answer)
{
    static const char *const scenarios[KINDS] = {NULL, "stress-bulk", "stress-slow"};
    char text[MOST_TEXT];
    size_t len;

    *answer = (struct answer){.kind = stream ? kind : ECHO};
    len = (size_t)snprintf(text, 64, "thread %zu, text %llu: ", w->number, (unsigned long long)w->serial++);
    for (size_t end = len + pick(w, MOST_TEXT - len); len < end; len++)
        text[len] = (char)('a' + (len * 7 + w->number) % 26);
    text[len] = '\0';
    if (kind == SLOW && stream)
        snprintf(answer->expected, sizeof answer->expected, "Hello, world!");
    else
        snprintf(answer->expected, sizeof answer->expected, "Echo: %s", text);
    return request_with(w, text, stream ? scenarios[kind] : NULL, stream);
}

void take_event(struct answer *answer, const claude_event_t *event)
{
    const char *text = NULL;
    int32_t type = 0;
    size_t len = 0;

    answer->wrong = answer->wrong || claude_event_view(event, &type, NULL, &text, &len) != 1;
    answer->events++;
    if (type != CLAUDE_EVENT_TEXT_DELTA)
        return;
    if (answer->kind == BULK) {
        size_t count = text ? strtoul(text, NULL, 10) : SIZE_MAX;
        answer->wrong = answer->wrong || (answer->gaps ? count < answer->at : count != answer->at);
        answer->at = count + 1;
        return;
    }
    answer->wrong = answer->wrong || (!answer->gaps && strncmp(answer->expected + answer->at, text, len) != 0);
    answer->at += len;
}

void check_response(struct worker *w, const char *what, const struct answer *answer, claude_response_t *response)
{
    size_t len = 0;
    const char *text = claude_response_text(response, &len);

    if (claude_response_status(response) != 200)
        complain(w, "%s: status %d", what, (int)claude_response_status(response));
    if (answer->kind != BULK) {
        if (strcmp(text, answer->expected) != 0)
            complain(w, "%s: the message is \"%.100s\", not \"%.100s\"", what, text, answer->expected);
        return;
    }
    if (len % BULK_DELTAS != 0 || len == 0) {
        complain(w, "%s: the message has %zu bytes", what, len);
        return;
    }
    for (size_t i = 0; i < BULK_DELTAS; i++) {
        if (strtoul(text + i * (len / BULK_DELTAS), NULL, 10) != i) {
            complain(w, "%s: part %zu of the message is \"%.20s\"", what, i, text + i * (len / BULK_DELTAS));
            return;
        }
    }
}

void check_answer(struct worker *w, const char *what, const struct answer *answer, claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    size_t all = answer->kind == BULK ? BULK_DELTAS : strlen(answer->expected);

    if (answer->wrong || (!answer->gaps && answer->at != all))
        complain(w, "%s: events are wrong, %zu of %zu", what, answer->at, all);
    if (claude_call_result(call, &response, &err) < 0)
        complain(w, "%s: no result: %s", what, claude_error_json(err, NULL));
    else
        check_response(w, what, answer, response);
    claude_error_unref(err);
    claude_response_unref(response);
}
