/*
 * scenarios.h - the main ways to use the library, each as a function that writes down what it got. They allocate
 * nothing themselves, so that whoever runs them may let memory run out at any point, and compare.
 */
#ifndef HOSTILE_SCENARIOS_H
#define HOSTILE_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

#include <claude/claude.h>

enum { PARTS = 3, TRANSCRIPT_MAX = 16384 };

/* What one call, or the scenario itself, has brought. */
typedef struct part {
    bool no_memory; /* it ended with CLAUDE_E_NOMEM: the transcript is what had come until then */
    size_t len;
    char transcript[TRANSCRIPT_MAX];
} part;

typedef struct run {
    const char *url;
    claude_client_t *client; /* given, or made by the scenario itself */
    claude_loop_t *loop;     /* made by the scenario, to be used again */
    int loop_fd;
    part parts[PARTS];
    int registered; /* user_data given away */
    int destroyed;
    char trouble[512]; /* what must never happen */
} run;

typedef struct scenario {
    const char *name;
    bool makes_client;
    bool unordered; /* what it sends is not the same each time, or in any order */
    void (*play)(run *r);
    bool asks; /* its requests have queries, which libcurl (7.88) leaves out when it cannot copy them */
} scenario;

/* The last one has no name. */
extern const scenario scenarios[];
const scenario *scenario_named(const char *name);

/* Makes r->client. Does not use the library's memory in any other way. */
bool scenario_client(run *r);
/* What the sandbox must be told, as name and scenario; the last one has no name. */
extern const char *const scenario_replies[][2];
/* Compares with the run that nobody disturbed; NULL if all is well, else what is wrong. */
const char *run_compare(const run *undisturbed, run *r, bool disturbed);
bool run_lacked_memory(const run *r);
/* Whether the client, and the loop if there is one, still do what they should; writes what is wrong. */
bool run_still_works(run *r);
void run_end(run *r);

#endif
