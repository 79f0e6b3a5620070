/*
 * ways.h - one call in each way of waiting, up to its end, with what is true of every call: the server has seen as many
 * requests as the call says, and its report adds up.
 */
#ifndef COMPONENT_WAYS_H
#define COMPONENT_WAYS_H

#include "support.h"

enum way {
    WAY_EXECUTE, /* the function of the feature, where there is one; else start and wait */
    WAY_NEXT,    /* start, then next with a timeout that is short */
    WAY_WAIT,
    WAY_LOOP,  /* claude_loop_wait() */
    WAY_LEVEL, /* the loop's descriptor, polled by level */
    WAY_EDGE,  /* the same by edges */
    WAYS
};

/* Further servers, started when first asked for, and stopped by stop_servers(). */
enum { OTHER_SERVERS = 2 };
struct sandbox *other_server(size_t index);
int stop_servers(void **state);
int reset_servers(void **state);
/* Requests that all servers have seen. */
uint64_t all_requests_seen(void);
void script_at(struct sandbox *sb, const char *scenario);

#define RUN_WITH_SERVERS(tests) cmocka_run_group_tests(tests, start_server, stop_servers)
#define TEST_OF_SERVERS(function) cmocka_unit_test_setup(function, reset_servers)

struct outcome {
    claude_code_t rc; /* CLAUDE_OK, or that of the error */
    claude_response_t *response;
    claude_error_t *err;
    claude_report_t *report;
    int32_t wire;
    struct trace trace;
};

/*
 * Set while servers close connections that are kept: what was written to one that is closed already reached the wire,
 * but no server, and its attempt has ended without an answer.
 */
extern bool connections_race;

/* Runs it to its end; the features are CLAUDE_WITH_*. Events are heard where the way has them. */
#define run(way, client, request, features) run_at(way, client, request, features, __FILE__, __LINE__)
struct outcome run_at(enum way way, claude_client_t *client, claude_request_t *request, uint32_t features,
                      const char *file, int line);
void outcome_free(struct outcome *o);
/* Frees the outcome; fails the test unless it is this. attempts: of the report. */
#define ends_with(o, code, attempts, stopped_by) ends_with_at(o, code, attempts, stopped_by, __FILE__, __LINE__)
void ends_with_at(struct outcome o, claude_code_t code, int32_t attempts, const char *stopped_by, const char *file,
                  int line);

/* What holds for the report of every call that has ended. */
void check_report(const claude_report_t *report, const char *file, int line);
int64_t metric(claude_client_t *client, const char *name);

/* A wait of a call that is under way; fails the test if it takes longer than any test may. */
claude_code_t wait_for(claude_call_t *call, claude_error_t **err);
/* Dispatches by a poll of the descriptor until the end of a call is heard; returns its tag. */
uint64_t loop_until_end(claude_loop_t *loop);

#endif
