/*
 * failover.h - several endpoints for one API, and which comes next. Any thread, but not between cl_fork_hold() and
 * cl_fork_release(); time and chance come from outside. The list of endpoints does not change once one was selected or
 * a client uses it.
 *
 * The state of an endpoint follows from failures in a row. One that is unhealthy is passed over until its last failure
 * is so long ago; after that its state is unknown, and one more failure makes it unhealthy again.
 */
#ifndef CL_RELIABILITY_FAILOVER_H
#define CL_RELIABILITY_FAILOVER_H

#include "base/base.h"

enum { CL_FAILOVER_ENDPOINTS_MAX = 32, CL_FAILOVER_MODELS_MAX = 256 /* of an endpoint */ };

/* The same numbers as CLAUDE_HEALTH_* of failover.h of the interface. */
enum { CL_STATE_UNKNOWN = 1, CL_STATE_HEALTHY = 2, CL_STATE_DEGRADED = 3, CL_STATE_UNHEALTHY = 4 };

typedef struct cl_failover_settings {
    int32_t strategy; /* CL_FAILOVER_* of config.h */
    int64_t degraded_after;
    int64_t unhealthy_after;
    int64_t cooldown_ms;
    bool allow_http; /* also to other hosts */
} cl_failover_settings;

claude_code_t cl_failover_new(const cl_failover_settings *settings, claude_failover_t **out, cl_err *err);
claude_failover_t *cl_failover_ref(claude_failover_t *failover);
void cl_failover_unref(claude_failover_t *failover);
/* `secret` may be NULL: the endpoint has the key of the client if it is on the client's server, else none. `index` may
 * be NULL. CLAUDE_E_STATE once it is sealed, CLAUDE_E_LIMIT for too many, CLAUDE_E_INVALID for what is no base URL and
 * for one that is there. */
claude_code_t cl_failover_add(claude_failover_t *failover, cl_str base_url, int32_t priority, claude_secret_t *secret,
                              size_t *index, cl_err *err);
/* Requests for the model `name` ask this endpoint for `other` instead; the last one for a model counts. CLAUDE_E_STATE
 * once it is sealed, CLAUDE_E_LIMIT for too many. */
claude_code_t cl_failover_map_model(claude_failover_t *failover, size_t index, cl_str name, cl_str other, cl_err *err);
/* No more endpoints. */
void cl_failover_seal(claude_failover_t *failover);

/* Of an index that is none: NULL, 0, nothing. */
size_t cl_failover_count(const claude_failover_t *failover);
/* Without a slash at the end. */
const char *cl_failover_url(const claude_failover_t *failover, size_t index);
int32_t cl_failover_priority(const claude_failover_t *failover, size_t index);
/* Borrowed; NULL: none of its own. */
claude_secret_t *cl_failover_secret(const claude_failover_t *failover, size_t index);
/* Length 0: the model stays. */
cl_str cl_failover_model(const claude_failover_t *failover, size_t index, cl_str name);

/*
 * The endpoint to be tried next: none whose bit is set in `tried`. Unhealthy ones only when there is no other. False if
 * all were tried.
 */
bool cl_failover_select(claude_failover_t *failover, uint64_t tried, int64_t now, uint64_t random, size_t *index);
/* An attempt went well, or failed in a way that speaks against the endpoint. An index that is none is ignored. */
void cl_failover_record(claude_failover_t *failover, size_t index, bool ok, int64_t now);
/* What a health check found: as an attempt that went well, one that failed once too often, or something between them.
 */
void cl_failover_set_state(claude_failover_t *failover, size_t index, int32_t state, int64_t now);
/* CL_STATE_*; 0 for an index that is none. */
int32_t cl_failover_state(claude_failover_t *failover, size_t index, int64_t now);
/* "unknown", "healthy", "degraded", "unhealthy"; "" for what is no state; static. */
const char *cl_state_name(int32_t state);

#endif
