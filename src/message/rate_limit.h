/* rate_limit.h - what the headers of an answer say of the server's limits. */
#ifndef CL_MESSAGE_RATE_LIMIT_H
#define CL_MESSAGE_RATE_LIMIT_H

#include "base/base.h"
#include "reliability/limiter.h"

/* `what` is "requests", "input-tokens", "priority-output-tokens", ...; `which` is CLAUDE_RATE_LIMIT_*. -1: the headers
 * do not say. `wall_ms` is only asked where they have no Date. */
int64_t cl_rate_limit(const cl_headers *headers, int64_t wall_ms, const char *what, int32_t which);
/* For the limiter. Where nothing is said of input tokens alone, what is said of all tokens stands for them. False: no
 * header speaks of limits. */
bool cl_rate_limit_figures(const cl_headers *headers, int64_t wall_ms, cl_limit_figures out[CL_LIMIT_DIMENSIONS]);
/* Until all is full again of which nothing remains; -1: there is no such thing, or no time is named. */
int64_t cl_rate_limit_reset_ms(const cl_headers *headers, int64_t wall_ms);

#endif
