/* Scenarios: JSON (see README.md) to steps, and the registry of names. */
#ifndef SANDBOX_SCENARIO_H
#define SANDBOX_SCENARIO_H

#include "http.h"
#include "reply.h"

struct scenario {
    struct scenario *next;
    char name[65];
    const char *builtin; /* JSON text of a built-in one, parsed at its first use */
    size_t builtin_len;
    char *method; /* only these requests; NULL: all */
    char *path;
    struct step **steps;
    size_t step_count;
    size_t position;
};

struct scenarios {
    struct scenario *first;
    struct scenario *current; /* server-wide, or NULL */
};

struct builtin_scenario {
    const char *name;
    const char *text;
    size_t len;
};

/* Generated at build time from scenarios/ (all *.json); ends with a NULL name. */
extern const struct builtin_scenario builtin_scenarios[];

void scenarios_init(struct scenarios *all);
void scenarios_free(struct scenarios *all);
bool scenario_name_ok(const char *name, size_t len);
/* Registers or replaces. False with a message in `why` when the JSON is not a scenario. */
bool scenarios_put(struct scenarios *all, const char *name, const char *json, size_t len, struct buf *why);
bool scenarios_load(struct scenarios *all, const char *path, const char **name, struct buf *why);
bool scenarios_load_dir(struct scenarios *all, const char *path, struct buf *why);
/* NULL when there is none of that name, or (with `why`) when a built-in one does not parse. */
struct scenario *scenarios_find(struct scenarios *all, struct slice name, struct buf *why);
bool scenario_matches(const struct scenario *scenario, const struct request *request);
/* The next step of the sequence, borrowed. */
struct step *scenario_next(struct scenario *scenario);
void scenarios_rewind(struct scenarios *all);

#endif
