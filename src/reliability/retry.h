/* retry.h - when to try again: pure functions of what happened, the time left and chance; and what retries may spend.
 */
#ifndef CL_RELIABILITY_RETRY_H
#define CL_RELIABILITY_RETRY_H

#include <stdatomic.h>

#include "base/base.h"

/* Shares and factors are thousandths. */
typedef struct cl_retry_policy {
    int32_t max_retries;
    int32_t max_overload_retries; /* of those */
    int64_t initial_delay_ms;
    int64_t max_delay_ms;
    int64_t multiplier;
    int64_t jitter;              /* share of the wait that is chance */
    int64_t max_server_delay_ms; /* a server that asks for more is not asked again */
    bool wait_for_reset;
} cl_retry_policy;

/* What became of an attempt that failed. */
typedef struct cl_retry_outcome {
    bool retryable;
    bool overloaded;        /* the server said so: HTTP 529, 503, overloaded_error */
    int64_t retry_after_ms; /* -1: the server named no time */
    int64_t reset_ms;       /* until what is used up is full again; -1: unknown, or nothing is used up */
} cl_retry_outcome;

/* How far a call has come. */
typedef struct cl_retry_state {
    int32_t retries;
    int32_t overload_retries;
} cl_retry_state;

/* Why there is no further retry; names for reports are cl_retry_stop_name(). */
enum {
    CL_RETRY_GO = 0,
    CL_RETRY_NOT_RETRYABLE,
    CL_RETRY_MAX_RETRIES,
    CL_RETRY_OVERLOADED,   /* max_overload_retries */
    CL_RETRY_SERVER_DELAY, /* the server asks for a longer wait than is allowed */
    CL_RETRY_DEADLINE,     /* the wait would not end before the call's deadline */
    CL_RETRY_BUDGET,       /* cl_retry_budget_take() */
    CL_RETRY_COMMITTED     /* events had been handed out */
};

/*
 * Whether to try again, and after how long. The wait is min(initial_delay_ms * multiplier^retries, max_delay_ms), of
 * which the share `jitter` is chance. A wait that the server asked for is never shortened: it is kept, or there is no
 * retry. So that those who were all told the same do not come back at once, a little is added to it, by chance: up to
 * `jitter` of a tenth of it, or of a tenth of initial_delay_ms if that is less, within the same limits. A server that
 * asks for 0 leaves the wait to the policy. `rest_ms`: what is left of the call's time, INT64_MAX: no limit; the wait
 * must end before. Counts a retry in `state`, and sets *delay_ms, when it says CL_RETRY_GO.
 */
int32_t cl_retry_decide(const cl_retry_policy *policy, cl_retry_state *state, const cl_retry_outcome *outcome,
                        int64_t rest_ms, uint64_t random, int64_t *delay_ms);
/* "max_retries", "budget", ...; "" for CL_RETRY_GO. Static. */
const char *cl_retry_stop_name(int32_t stop);

/* Tokens that all retries to one endpoint share, so that many callers cannot storm. Any thread. */
typedef struct cl_retry_budget {
    _Atomic int64_t tokens;
    int64_t max; /* 0: no limit */
} cl_retry_budget;

void cl_retry_budget_init(cl_retry_budget *budget, int64_t max);
/* False, and nothing taken, if there is not enough. */
bool cl_retry_budget_take(cl_retry_budget *budget, int64_t cost);
/* A call has succeeded: gives back what its last retry cost, or one token if it needed none. */
void cl_retry_budget_pay_back(cl_retry_budget *budget, int64_t amount);
/* INT64_MAX: no limit. */
int64_t cl_retry_budget_left(const cl_retry_budget *budget);

#endif
