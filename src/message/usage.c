#include "message/usage.h"

#include <claude/response.h>

enum {
    FIELD_INPUT,
    FIELD_CACHE_WRITE,
    FIELD_CACHE_READ,
    FIELD_OUTPUT,
    FIELD_CACHE_SPLIT,
    FIELD_ITERATIONS,
    FIELD_SERVER_TOOLS,
    FIELD_TRAITS,
    FIELDS = FIELD_TRAITS + CL_USAGE_TRAITS
};

static const char *const names[FIELDS] = {"input_tokens",
                                          "cache_creation_input_tokens",
                                          "cache_read_input_tokens",
                                          "output_tokens",
                                          "cache_creation",
                                          "iterations",
                                          "server_tool_use",
                                          "service_tier",
                                          "inference_geo",
                                          "speed"};

static int64_t count_of(cl_json value)
{
    int64_t count;

    return cl_json_to_int(value, &count) && count >= 0 ? count : -1;
}

cl_usage cl_usage_of(cl_json usage)
{
    cl_json values[FIELDS];
    cl_usage out;

    cl_json_members(usage, names, FIELDS, values);
    out.input = count_of(values[FIELD_INPUT]);
    out.cache_write = count_of(values[FIELD_CACHE_WRITE]);
    out.cache_read = count_of(values[FIELD_CACHE_READ]);
    out.output = count_of(values[FIELD_OUTPUT]);
    out.cache_split = values[FIELD_CACHE_SPLIT];
    out.iterations = values[FIELD_ITERATIONS];
    out.server_tools = values[FIELD_SERVER_TOOLS];
    memcpy(out.traits, values + FIELD_TRAITS, sizeof out.traits);
    return out;
}

cl_usage cl_usage_of_message(cl_json message)
{
    cl_json usage = cl_json_member(message, CL_STR("usage"));

    return cl_usage_of(usage.type == CLAUDE_JSON_OBJECT ? usage : message);
}

const char *cl_usage_trait_name(size_t trait)
{
    return names[FIELD_TRAITS + trait];
}

/* A server may say any number. */
static int64_t add_count(int64_t sum, int64_t count)
{
    if (count < 0)
        return sum;
    return count > INT64_MAX - sum ? INT64_MAX : sum + count;
}

int64_t cl_usage_limited(const cl_usage *usage)
{
    return usage->input < 0 ? -1 : add_count(usage->input, usage->cache_write);
}

int64_t cl_usage_prompt(const cl_usage *usage)
{
    return usage->input < 0 ? -1 : add_count(cl_usage_limited(usage), usage->cache_read);
}
