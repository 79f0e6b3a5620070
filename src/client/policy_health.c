#include "client/policies.h"

cl_health_settings cl_health_settings_of(const cl_options *client)
{
    return (cl_health_settings){
        .strategy = (int32_t)cl_option_int(NULL, client, CL_OPT_HEALTH_STRATEGY),
        .timeout_ms = cl_option_int(NULL, client, CL_OPT_HEALTH_TIMEOUT),
        .healthy_ms = cl_option_int(NULL, client, CL_OPT_HEALTH_HEALTHY),
        .degraded_ms = cl_option_int(NULL, client, CL_OPT_HEALTH_DEGRADED),
    };
}
