#include "client/policies.h"

cl_breaker_settings cl_breaker_settings_of(const cl_options *client)
{
    return (cl_breaker_settings){
        .failure_threshold = cl_option_int(NULL, client, CL_OPT_BREAKER_THRESHOLD),
        .open_ms = cl_option_int(NULL, client, CL_OPT_BREAKER_OPEN),
        .open_multiplier = cl_option_int(NULL, client, CL_OPT_BREAKER_OPEN_MULTIPLIER),
        .max_open_ms = cl_option_int(NULL, client, CL_OPT_BREAKER_MAX_OPEN),
        .jitter = cl_option_int(NULL, client, CL_OPT_BREAKER_JITTER),
        .success_threshold = cl_option_int(NULL, client, CL_OPT_BREAKER_SUCCESSES),
        .window_ms = cl_option_int(NULL, client, CL_OPT_BREAKER_WINDOW),
        .failure_rate = cl_option_int(NULL, client, CL_OPT_BREAKER_RATE),
        .minimum_calls = cl_option_int(NULL, client, CL_OPT_BREAKER_MIN_CALLS),
        .probe_lease_ms = cl_option_int(NULL, client, CL_OPT_BREAKER_LEASE),
    };
}
