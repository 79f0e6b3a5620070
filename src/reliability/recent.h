/* recent.h - what the last attempts of a client took, and what the server last said of its limits. Any thread. */
#ifndef CL_RELIABILITY_RECENT_H
#define CL_RELIABILITY_RECENT_H

#include "reliability/limiter.h"
#include "reliability/report.h"

enum { CL_RECENT_MAX = 1024 };

typedef struct cl_recent_row {
    int64_t ended_at;     /* since 1970-01-01 UTC, ms */
    const char *endpoint; /* static: "messages.create" */
    cl_report_attempt attempt;
} cl_recent_row;

typedef struct cl_recent_limits {
    int64_t told_at; /* since 1970-01-01 UTC, ms; 0: never */
    cl_limit_figures figures[CL_LIMIT_DIMENSIONS];
} cl_recent_limits;

typedef struct cl_recent cl_recent;

/* Of so many attempts: 1 to CL_RECENT_MAX. NULL when out of memory. */
cl_recent *cl_recent_new(size_t capacity);
cl_recent *cl_recent_ref(cl_recent *recent);
void cl_recent_unref(cl_recent *recent);
/* Its request id may be anything that a server sent. */
void cl_recent_add(cl_recent *recent, const cl_recent_row *row);
void cl_recent_set_limits(cl_recent *recent, const cl_recent_limits *limits);
size_t cl_recent_capacity(const cl_recent *recent);
/* Copies the rows, the oldest first; there is room for the capacity. Returns how many there are. */
size_t cl_recent_rows(cl_recent *recent, cl_recent_row *out);
void cl_recent_limits_of(cl_recent *recent, cl_recent_limits *out);

#endif
