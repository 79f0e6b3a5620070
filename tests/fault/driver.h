/*
 * driver.h - the client's side of the fault tests: calls made in every way there is, on a thread with a small stack,
 * and what came out of them.
 *
 * Checks do not end a test: they are counted, and the first ones printed, so that a sweep over thousands of faults
 * tells all that is wrong. finish_checks() turns them into the test's result.
 */
#ifndef FAULT_DRIVER_H
#define FAULT_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <claude/claude.h>

#include "server.h"

#define KEY "sk-ant-api03-CANARY7f3a9c51-never-to-be-shown"
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* The ways to wait for a call; CLAUDE_FAULT_WAY may name one, which then takes the place of all. */
enum way { BY_NEXT, BY_EXECUTE, BY_WAIT, BY_LOOP, WAYS };
extern const char *const way_names[WAYS];

/* What the tests share; set up by start_all(). */
extern struct server server;
/* A folder for certificates, made for this program. */
extern const char *certificates;

int start_all(void **state);
int stop_all(void **state);

/* CLAUDE_TEST_LONG=1: everything, however long it takes. */
bool is_long(void);
/* Built with a sanitizer or run under memcheck: neither memory nor stacks are what they are otherwise. */
bool is_instrumented(void);
/* Every offset, or every nth where the program runs slowly. */
size_t sweep_step(size_t usual);
/* The ways that a test is to take by default, or the one that CLAUDE_FAULT_WAY names: false if `way` is left out. */
bool way_wanted(enum way way);

/* ---- clients ---- */

enum transport { PLAIN, TLS, TRANSPORTS };
extern const char *const transport_names[TRANSPORTS];

/* A client for the server, with all loops and requests that the ways need. */
struct client {
    claude_client_t *client;
    claude_loop_t *loop;
    claude_request_t *pulled;
    claude_request_t *delivered; /* with a callback */
    claude_request_t *body;      /* not a stream */
    enum transport transport;
    bool h2;
};

/* Further options in pairs, the end is NULL. */
void client_open(struct client *client, enum transport transport, int h2, ...);
void client_close(struct client *client);
/* New connections from here on. */
void client_trim(struct client *client);
/* For all requests of this client; NULL takes the option back. */
void client_set(struct client *client, const char *option, const char *value);
/* The body that is sent from now on. */
void client_send_json(struct client *client, const char *json, size_t len);

/* ---- calls ---- */

/* What a call has come to. Events are compared with stream_events as they come. */
struct outcome {
    claude_code_t code; /* CLAUDE_OK or why it failed */
    size_t events;
    size_t right_events; /* of these, up to the first that is not as expected */
    char wrong[256];     /* what that one was */
    size_t found;        /* events whose data is event_looked_for */
    int32_t attempts;
    int32_t retryable;
    int32_t http_status;
    uint64_t anomalies; /* 0 by execute, which has no call to ask */
    bool has_partial;
    char *text; /* of the message, or of what there was of it; never NULL */
    char *thinking;
    char *json;
    size_t json_len;
    char message[512]; /* of the error */
    int64_t elapsed_ms;
    struct report report; /* the server's view */
};

/* Data that the next calls' events are compared with; ptr NULL: none. */
extern struct bytes event_looked_for;
/* One streaming call; the server's script has been set. Free the outcome. */
void run_stream(struct client *client, enum way way, struct outcome *outcome);
/* One call that does not stream. */
void run_body(struct client *client, struct outcome *outcome);
void outcome_free(struct outcome *outcome);

/* ---- checks ---- */

/* False and counted if it does not hold. `format` says which case. */
#define check(condition, ...) check_at((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)
bool check_at(bool holds, const char *condition, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What must hold whatever the server did: a complete stream and success go together, the attempts are what the server
 * counted, no secret is told, it was over within `limit_ms`. */
void check_always(const struct outcome *outcome, bool complete, int64_t limit_ms, const char *what);
/* Whether connections of HTTP/2 without TLS are used more than once: libcurl 7.88 cannot (curl/curl#10643), and gets a
 * new one for each request. What is about used connections is left out then; TLS has it all. */
bool h2_connections_last(struct client *client);
/* The same client completes an ordinary request, for which the server is set to a plain script. */
void check_goes_on(struct client *client, enum way way, const char *what);

/* Runs on a thread with a stack of 128 KiB (more under sanitizers, whose frames are larger). */
typedef void (*small_fn)(void *arg);
void run_small(small_fn fn, void *arg);
/* The same in a forked child, so that a crash is a failed check, and memory is this case's own. What it adds to the
 * resident memory at its highest must not be over `max_kib` (0: any). Prints how much it was, under `name`. */
void run_forked(small_fn fn, void *arg, const char *name, size_t max_kib);
/* Each test ends with this: it fails the cmocka test if a check did not hold. */
void finish_checks(void);
/* Called by what runs in run_forked() when all is set up: memory counts from here. */
void memory_counts_from_here(void);

#endif
