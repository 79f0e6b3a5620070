/* seen.h - a set of texts, to find what comes twice. Of each text 128 bits of its SHA-256 are kept, however long it is:
 * nobody can make two that are taken for one. */
#ifndef CL_MESSAGE_SEEN_H
#define CL_MESSAGE_SEEN_H

#include "base/base.h"

typedef struct cl_seen_key {
    uint64_t high; /* both 0: an empty place */
    uint64_t low;
} cl_seen_key;

/* Begins as zeros. */
typedef struct cl_seen {
    cl_seen_key *places;
    size_t cap; /* a power of two */
    size_t count;
} cl_seen;

/* *fresh: it was not there before. CLAUDE_E_NOMEM */
claude_code_t cl_seen_add(cl_seen *seen, cl_str text, bool *fresh, cl_err *err);
bool cl_seen_has(const cl_seen *seen, cl_str text);
void cl_seen_free(cl_seen *seen);

#endif
