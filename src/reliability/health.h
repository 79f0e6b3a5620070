/* health.h - what a health check says of an endpoint, and what those of many come to. Pure. */
#ifndef CL_RELIABILITY_HEALTH_H
#define CL_RELIABILITY_HEALTH_H

#include "base/base.h"

enum { CL_HEALTH_ERROR_MAX = 512 };

typedef struct cl_health_settings {
    int32_t strategy; /* CL_HEALTH_* of config.h */
    int64_t timeout_ms;
    int64_t healthy_ms;
    int64_t degraded_ms;
} cl_health_settings;

/* Of one endpoint. */
typedef struct cl_health_result {
    int32_t state;                   /* CL_STATE_* of failover.h; unknown: not checked */
    int32_t http_status;             /* 0: no answer */
    int64_t response_ms;             /* -1: no answer */
    char error[CL_HEALTH_ERROR_MAX]; /* why there was none; else "" */
} cl_health_result;

cl_health_result cl_health_unchecked(void);
/* By HTTP: whatever the status, as long as it is not the server that failed, the time counts. */
cl_health_result cl_health_answered(const cl_health_settings *settings, int32_t http_status, int64_t response_ms);
cl_health_result cl_health_silent(cl_str error);
/* Of so many, in thousandths, rounded; 0 of none. */
int64_t cl_health_share(const cl_health_result *results, size_t count, int32_t state);

#endif
