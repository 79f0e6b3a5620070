/* run.h - the parts of the runner: ways.c does what a case asks for, expect.c looks at what came, mutate.c at both. */
#ifndef CONFORMANCE_RUN_H
#define CONFORMANCE_RUN_H

#include <claude/claude.h>
#include <json.h>
#include <stdbool.h>
#include <stddef.h>

struct sandbox;

/* What a program saw of a call, and what the sandbox saw of it. `codes`, `metrics` and `requests` are of all calls. */
struct seen {
    claude_event_t **events;
    size_t event_count;
    claude_response_t *response;
    claude_error_t *error;
    struct json_object *codes;
    claude_metrics_t *metrics;
    struct json_object *requests;
    const char *url; /* of the sandbox */
};

/* Prints why a case fails, and counts; nothing is printed while mutations are tried. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern size_t complaints;
extern bool quiet;

/*
 * Runs a case in one way after the other: way 0, 1, ... Returns the name of the way, or NULL when there are no more.
 * `seen` is to be cleared by the caller.
 */
const char *run_way(size_t way, const char *name, struct json_object *test, struct sandbox *sandbox, struct seen *seen);
void seen_clear(struct seen *seen);

/* Complains of whatever is not as expected. */
void check_expect(struct json_object *expect, const struct seen *seen);

/* Changes each expected value in turn and complains of those that nobody misses. Returns how many were changed. */
size_t check_mutations(struct json_object *expect, const struct seen *seen);

#endif
