#include "client/policies.h"

cl_retry_policy cl_retry_policy_of(const cl_options *request, const cl_options *client)
{
    return (cl_retry_policy){
        .max_retries = (int32_t)cl_option_int(request, client, CL_OPT_RETRY_MAX),
        .max_overload_retries = (int32_t)cl_option_int(request, client, CL_OPT_RETRY_MAX_OVERLOAD),
        .initial_delay_ms = cl_option_int(request, client, CL_OPT_RETRY_INITIAL),
        .max_delay_ms = cl_option_int(request, client, CL_OPT_RETRY_MAX_DELAY),
        .multiplier = cl_option_int(request, client, CL_OPT_RETRY_MULTIPLIER),
        .jitter = cl_option_int(request, client, CL_OPT_RETRY_JITTER),
        .max_server_delay_ms = cl_option_int(request, client, CL_OPT_RETRY_MAX_SERVER_DELAY),
        .wait_for_reset = cl_option_int(request, client, CL_OPT_RETRY_WAIT_FOR_RESET) != 0,
    };
}
