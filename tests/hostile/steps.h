/* steps.h - what scenarios are made of (scenarios.c), and those of them that are in files of their own. */
#ifndef HOSTILE_STEPS_H
#define HOSTILE_STEPS_H

#include "scenarios.h"

void trouble(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void note(part *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * The end of a step. True if it succeeded. A failure is written down, unless it is for want of memory, which is the end
 * of the part.
 */
bool ended_well(run *r, part *p, claude_code_t rc, claude_error_t **err);
/* The same for functions that answer with a text, which is NULL when memory is out. */
const char *text_or_end(part *p, const char *text);
void note_response(part *p, const claude_response_t *response);
/* A request whose answer is one of the sandbox's scenarios. */
claude_request_t *ask_for(run *r, part *p, const char *reply, bool stream);
void execute(run *r, part *p, const claude_request_t *request);
void count_destroy(void *user_data);

/* ---- scenarios_api.c ---- */

void blocks_with_files(run *r);
void forms(run *r);
void skills_of_directories(run *r);
void validated(run *r);
void batches(run *r);
void batches_of_lines(run *r);
void paged(run *r);
void tools_run(run *r);
void structured(run *r);
void models_and_costs(run *r);
void messages_by_hand(run *r);
void partial_json(run *r);

/* ---- scenarios_features.c ---- */

void all_features(run *r);

#endif
