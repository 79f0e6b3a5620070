#include "reliability/health.h"
#include "reliability/failover.h"

enum { SERVER_ERROR = 500 };

cl_health_result cl_health_unchecked(void)
{
    return (cl_health_result){.state = CL_STATE_UNKNOWN, .response_ms = -1};
}

cl_health_result cl_health_answered(const cl_health_settings *settings, int32_t http_status, int64_t response_ms)
{
    bool alive = http_status > 0 && http_status < SERVER_ERROR;
    int32_t state = alive && response_ms <= settings->healthy_ms    ? CL_STATE_HEALTHY
                    : alive && response_ms <= settings->degraded_ms ? CL_STATE_DEGRADED
                                                                    : CL_STATE_UNHEALTHY;

    return (cl_health_result){.state = state, .http_status = http_status, .response_ms = response_ms};
}

cl_health_result cl_health_silent(cl_str error)
{
    cl_health_result result = {.state = CL_STATE_UNHEALTHY, .response_ms = -1};

    cl_err_copy_text(result.error, sizeof result.error, error);
    return result;
}

int64_t cl_health_share(const cl_health_result *results, size_t count, int32_t state)
{
    int64_t those = 0;
    int64_t all = (int64_t)count;

    for (size_t i = 0; i < count; i++)
        those += results[i].state == state;
    return all > 0 ? (those * 1000 + all / 2) / all : 0;
}
