/*
 * support.h - what the component tests share: one sandbox server per program, clients and requests made in a line,
 * scenarios written with single quotes, a look at what the server received, and checks of errors and events.
 *
 * Every client here uses the same key, which must never appear in the text of an error: check_error() looks each time.
 */
#ifndef COMPONENT_SUPPORT_H
#define COMPONENT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <claude/claude.h>

#include "sandbox/client.h"

#define KEY "sk-ant-api03-CANARY7f3a9c51-never-to-be-shown"
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- the server ---- */

extern struct sandbox *server;

/* Group setup and teardown, and the setup of each test (no records, default behaviour). */
int start_server(void **state);
int stop_server(void **state);
int reset_server(void **state);

/* The test programs all end with this. */
#define RUN_WITH_SERVER(tests) cmocka_run_group_tests(tests, start_server, stop_server)
#define TEST(function) cmocka_unit_test_setup(function, reset_server)

/* Sweeps take steps of this size: 1, and more where a program runs slowly (memcheck, sanitizers). */
size_t sweep_step(void);

/* What answers from now on. In the text, ' stands for ". */
void script(const char *scenario);
/* Registers a scenario that a request chooses by the header x-sandbox-scenario. */
void script_as(const char *name, const char *scenario);
/* A copy with " for '; to be freed. */
char *quoted(const char *text);
char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* A figure of /_sandbox/stats. */
int64_t statistic(struct sandbox *sb, const char *name);
uint64_t requests_seen(void);
uint64_t connections_seen(void);
/* All that the server has recorded: an array of requests, released by the next call and by stop_server(). */
struct json_object *received(void);
/* The request with this index; fails the test if there is none. Calls received(). */
struct json_object *received_at(size_t index);
/* NULL if the request has no such header; fails the test if it has it twice. */
const char *header_of(struct json_object *request, const char *name);
const char *text_of(struct json_object *object, const char *member);
int64_t number_of(struct json_object *object, const char *member);

/* ---- clients and requests ---- */

/* base_url and key are set. */
claude_config_t *new_config(void);
claude_client_t *new_client(void);
/* Options as pairs of name and value, ended by NULL. */
claude_client_t *client_with(const char *option, ...) __attribute__((sentinel));
/* Takes over the configuration. */
claude_client_t *client_of(claude_config_t *config);
claude_request_t *hello(void);
/* In the JSON, ' stands for ". */
claude_request_t *request_of(const char *json);
/* hello() with "stream": true. */
claude_request_t *hello_stream(void);
claude_call_t *start_stream(claude_client_t *client, claude_request_t *request);

/* ---- outcomes ---- */

/* Fails the test with the error's message unless rc >= 0 and no error was written. */
#define succeeds(rc, err)                                                                                              \
    do {                                                                                                               \
        claude_code_t rc_first = (rc);                                                                                 \
        succeeds_at(rc_first, (err), __FILE__, __LINE__);                                                              \
    } while (0)
void succeeds_at(claude_code_t rc, claude_error_t *err, const char *file, int line);
/* Fails the test unless rc is this code and the error agrees; checks the error; releases it and sets it to NULL. */
#define fails(rc, code, err) fails_at(rc, code, err, __FILE__, __LINE__)
void fails_at(claude_code_t rc, claude_code_t code, claude_error_t **err, const char *file, int line);
/* What holds for every error: code, name, category and JSON agree, and no text shows the key. */
void check_error(const claude_error_t *err, claude_code_t code, const char *file, int line);
void check_no_key(const char *text, const char *file, int line);

#define execute(client, request) execute_at(client, request, __FILE__, __LINE__)
claude_response_t *execute_at(claude_client_t *client, claude_request_t *request, const char *file, int line);
/* The error is checked and returned, to be released by the caller. */
#define execute_fails(client, request, code) execute_fails_at(client, request, code, __FILE__, __LINE__)
claude_error_t *execute_fails_at(claude_client_t *client, claude_request_t *request, claude_code_t code,
                                 const char *file, int line);

/* Both texts as JSON say the same. In `expected`, ' stands for ". */
#define assert_json_equal(actual, expected) assert_json_equal_at(actual, expected, __FILE__, __LINE__)
void assert_json_equal_at(const char *actual, const char *expected, const char *file, int line);
#define assert_contains(text, part) assert_contains_at(text, part, __FILE__, __LINE__)
void assert_contains_at(const char *text, const char *part, const char *file, int line);

/* ---- events ---- */

/* A line per event: "type/index text". */
struct trace {
    char *text;
    size_t len;
    size_t cap;
    size_t events;
};

void trace_add(struct trace *trace, const claude_event_t *event);
void trace_free(struct trace *trace);
/* Pulls until the end and returns the last code; *err as of claude_call_next(). Events go to the trace, if any. */
claude_code_t pull_all(claude_call_t *call, int64_t timeout_ms, struct trace *trace, claude_error_t **err);
/* A claude_event_fn; user_data is a struct trace. */
int32_t trace_callback(claude_call_t *call, const claude_event_t *event, void *user_data);

/* A claude_destroy_fn that counts; user_data is an int. */
void count_destroy(void *user_data);

/* ---- time ---- */

int64_t now_ms(void);

#endif
