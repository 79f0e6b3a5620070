/* trail.h - who used which secret when, and from where: kept while the program asks for it. */
#ifndef CL_AUTH_TRAIL_H
#define CL_AUTH_TRAIL_H

#include <claude/trail.h>

#include "base/base.h"

typedef struct cl_trail_use {
    int64_t time_ms;
    int64_t thread;
    const char *operation;
    const char *fingerprint;
    size_t frames;
} cl_trail_use;

/* The functions behind trail.h of the interface; same meaning. */
claude_code_t cl_trail_start(size_t capacity, cl_err *err);
void cl_trail_stop(void);
void cl_trail_clear(void);
claude_code_t cl_trail_read(claude_trail_t **out, cl_err *err);
size_t cl_trail_count(const claude_trail_t *copy);
uint64_t cl_trail_dropped(const claude_trail_t *copy);
bool cl_trail_at(const claude_trail_t *copy, size_t index, cl_trail_use *out);
bool cl_trail_frame_at(const claude_trail_t *copy, size_t index, size_t frame, const char **name, uint64_t *offset);
/* NULL when memory is out. */
const char *cl_trail_json(claude_trail_t *copy);
claude_trail_t *cl_trail_ref(claude_trail_t *copy);
void cl_trail_unref(claude_trail_t *copy);

bool cl_trail_is_on(void);
/* A secret is used; `operation` is static. */
void cl_trail_note(const char *operation, const char fingerprint[17]);

#endif
