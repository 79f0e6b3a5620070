/* policies.h - the settings of the policies, as the options say. `request` may be NULL, and `client` too. */
#ifndef CL_CLIENT_POLICIES_H
#define CL_CLIENT_POLICIES_H

#include "config/config.h"
#include "reliability/limiter.h"

cl_limiter_settings cl_limiter_settings_of(const cl_options *client);

#endif
