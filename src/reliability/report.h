/* report.h - what happened on the way to a call's result. Written by the call, then immutable and shared. */
#ifndef CL_RELIABILITY_REPORT_H
#define CL_RELIABILITY_REPORT_H

#include <stdatomic.h>

#include "base/base.h"
#include "http/http.h"

enum { CL_REPORT_ATTEMPTS_MAX = 64 /* described one by one; more are only counted */ };

/* The same numbers as CLAUDE_WITH_* of client.h of the interface. */
enum {
    CL_WITH_RETRIES = 2,
    CL_WITH_CIRCUIT_BREAKER = 4,
    CL_WITH_RATE_LIMITING = 8,
    CL_WITH_FAILOVER = 16,
    CL_WITH_QUOTA = 64
};

typedef struct cl_report_attempt {
    int32_t endpoint;    /* index; 0: base_url, or the first of the failover's */
    claude_code_t code;  /* CLAUDE_OK: it succeeded */
    int32_t http_status; /* 0: none */
    int32_t wire;        /* requests that reached the wire */
    int64_t limiter_ms;  /* waited for its turn */
    int64_t backoff_ms;  /* waited before it, after the attempt before */
    int64_t started_ms;  /* since the call began */
    int64_t duration_ms;
    int64_t first_ms; /* to the first event; -1: none came */
    bool timed;
    cl_http_timings timings; /* where it is timed */
    char request_id[64];
} cl_report_attempt;

struct claude_report {
    cl_handle handle;
    _Atomic bool final; /* set by the call when it changes nothing more */
    uint32_t features;  /* CL_WITH_* that were at work */
    int32_t wire;       /* requests that reached the wire, libcurl's own included */
    int32_t attempts;   /* ours */
    int32_t retries;    /* of those: after a wait, by the retry policy */
    int32_t failovers;  /* of those: at another endpoint */
    int32_t resends;    /* of those: the same once more, with another key or not compressed */
    int64_t limiter_ms; /* waits, in all */
    int64_t backoff_ms;
    int64_t duration_ms;
    int32_t endpoint;       /* the last one */
    int32_t breaker_state;  /* of its breaker when the call ended; 0: none */
    char snapshot[65];      /* of the client, by name; "": the one without */
    int64_t generation;     /* of that snapshot */
    const char *stopped_by; /* static: why there was no further attempt; "" */
    char *endpoint_url;     /* owned: base URL of the last one */
    cl_report_attempt *items;
    size_t count;
    size_t cap;
    _Atomic(char *) json;
};

/* NULL when out of memory. */
claude_report_t *cl_report_new(void);
claude_report_t *cl_report_ref(claude_report_t *report);
void cl_report_unref(claude_report_t *report);
/* Counts an attempt and its waits, and describes it as far as there is room and memory; the other totals are the
 * caller's, and so is a wait that no attempt came after. The request id may be anything that a server sent. */
void cl_report_add(claude_report_t *report, const cl_report_attempt *attempt);
/* Microseconds of "dns", "connect", "tls", "first_byte" or "total"; -1: not taken, or no such thing. */
int64_t cl_report_timing(const cl_report_attempt *attempt, cl_str what);
/* Made when first asked for, of a report that is final; "" of any other. NULL when out of memory. */
const char *cl_report_json(claude_report_t *report, size_t *len);

#endif
