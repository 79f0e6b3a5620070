/*
 * pipeline.h - what happens around the attempts of a call: quota( retry( limiter -> endpoint -> its breaker -> attempt
 * ) ).
 *
 * A call without features has none of it. One with features begins each attempt here and comes back when it has ended;
 * waits are times to come back at, so that blocking, pull and loop calls need nothing but a clock.
 */
#ifndef CL_CALL_PIPELINE_H
#define CL_CALL_PIPELINE_H

#include "client/client.h"
#include "message/message.h"

/* Text, as bytes of a body or of an answer. */
enum { CL_BYTES_PER_TOKEN = 4 };

typedef struct cl_pipeline {
    uint32_t features; /* CLAUDE_WITH_* */
    cl_retry_policy policy;
    cl_retry_state retried;
    int64_t attempt_timeout_ms;
    int64_t not_before; /* of the next attempt */
    cl_turn turn;       /* with the limiter, and what it costs */
    bool has_turn;
    bool told_wait;       /* the log has heard that it waits for the turn */
    int64_t latest;       /* for the turn */
    uint64_t permit;      /* of the target's breaker; 0: none */
    uint64_t tried;       /* endpoints, one bit each, since the last retry */
    int32_t hops;         /* attempts since then */
    int64_t spent;        /* what the last retry took of the budget */
    size_t target;        /* of the attempt before */
    bool retrying;        /* the next attempt is a retry */
    claude_error_t *last; /* of the attempt before */
    /* ---- of the quota ---- */
    cl_limiter_cost estimate; /* of an attempt */
    cl_quota_ticket ticket;
    cl_quota_use used; /* by the attempts that are over */
    bool asked_quota;  /* there was room */
    bool sent;         /* something was, in any of them */
} cl_pipeline;

/* NULL in *out for a request without features. */
claude_code_t cl_pipeline_new(const claude_client_t *client, const cl_snapshot *request, cl_pipeline **out,
                              cl_err *err);
/*
 * Whether the next attempt may begin: 1: now, at call->target; 0: not before call->timer.due_at; negative: never.
 */
int32_t cl_pipeline_admit(claude_call_t *call, cl_err *err);
/* The head of a response is there. */
void cl_pipeline_head(claude_call_t *call);
/* The first event is there: nothing is tried again from now on. */
void cl_pipeline_committed(claude_call_t *call);
/* The attempt is over; NULL: it went well. */
void cl_pipeline_settle(claude_call_t *call, const cl_err *err);
/* After a failure that was settled: true if there will be another attempt, which has taken over the error. Else the
 * report says why not. */
bool cl_pipeline_goes_on(claude_call_t *call, cl_err *err);
/* After a failure that was settled: the same endpoint is asked again, whatever the policies say. */
void cl_pipeline_same_again(claude_call_t *call);
/* The call has failed: it stands in no queue and is no probe any more, however long the program keeps it. */
void cl_pipeline_leave(claude_call_t *call);
/* Leaves every queue. */
void cl_pipeline_free(claude_call_t *call);

#endif
