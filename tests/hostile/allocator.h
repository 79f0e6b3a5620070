/*
 * allocator.h - memory that runs out when a test says so, and a count of what is still held.
 *
 * Three programs use it: in one the allocations of libclaude's own objects go through it (failing.c), in the others
 * those of libcurl (libcurls.c) or of all libraries (whole_process.c).
 */
#ifndef HOSTILE_ALLOCATOR_H
#define HOSTILE_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

/* Lets the next `more` allocations succeed and the one after them fail; `forever`: also all that follow. */
void memory_runs_out(long more, bool forever);
/* Memory is there again. Tells whether an allocation has failed since memory_runs_out(). */
bool memory_is_back(void);
/* Whether the allocation that is asked for now fails (libcurls.c and whole_process.c). */
bool memory_fails(void);
/* Blocks and mappings that have been allocated and not freed. */
long memory_held(void);

#endif
