/* usage.h - the tokens of an answer, as the API tells them apart, and what their prices depend on. */
#ifndef CL_MESSAGE_USAGE_H
#define CL_MESSAGE_USAGE_H

#include "base/base.h"
#include "json/json.h"

enum { CL_USAGE_TRAITS = 3 }; /* service_tier, inference_geo, speed */

typedef struct cl_usage {
    int64_t input; /* of the prompt, without those of the cache; this and the next: -1: the server did not say */
    int64_t cache_write;
    int64_t cache_read;
    int64_t output;
    cl_json cache_split; /* these are lent by the JSON; of no type where they are missing */
    cl_json iterations;
    cl_json server_tools;
    cl_json traits[CL_USAGE_TRAITS];
} cl_usage;

/* What was not said is none. */
static inline int64_t cl_usage_or_none(int64_t count)
{
    return count > 0 ? count : 0;
}

/* Of a "usage" object, in one walk; of anything else nothing is known. */
cl_usage cl_usage_of(cl_json usage);
/* The same of a message that has one, or of one alone. */
cl_usage cl_usage_of_message(cl_json message);
/* The name of a trait in the JSON. */
const char *cl_usage_trait_name(size_t trait);
/* Tokens of the prompt, cached ones included; -1: the server did not say. */
int64_t cl_usage_prompt(const cl_usage *usage);
/* Those of them that the API's rate limits count: not what was read from the cache. */
int64_t cl_usage_limited(const cl_usage *usage);

#endif
