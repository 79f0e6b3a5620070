#include "message/answer.h"

bool cl_answer_is_refusal(const claude_response_t *response)
{
    return cl_json_string_is(cl_json_member(cl_response_root(response), CL_STR("stop_reason")), CL_STR("refusal"));
}

const char *cl_answer_container_id(const claude_response_t *response)
{
    const char *id = cl_response_string(response, "/container/id", NULL);

    return id ? id : cl_response_string(response, "/container", NULL);
}

const char *cl_answer_cache_miss(const claude_response_t *response)
{
    const char *reason = cl_response_string(response, "/diagnostics/cache_miss_reason/type", NULL);

    return reason ? reason : cl_response_string(response, "/diagnostics/cache_miss_reason", NULL);
}

/* ---- calls of tools ---- */

/* Goes through the blocks until the nth call of a tool; -1 when there are fewer, and then `*count` says how many. */
static int32_t look_for_tool_use(const claude_response_t *response, size_t n, size_t *count)
{
    cl_json content = cl_json_member(cl_response_root(response), CL_STR("content"));
    cl_json_iter blocks = cl_json_iter_of(content);
    cl_json block;

    *count = 0;
    if (content.type != CLAUDE_JSON_ARRAY)
        return -1;
    for (int32_t i = 0; cl_json_next(&blocks, NULL, &block) && i < INT32_MAX; i++) {
        if (!cl_json_string_is(cl_json_member(block, CL_STR("type")), CL_STR("tool_use")))
            continue;
        if ((*count)++ == n)
            return i;
    }
    return -1;
}

size_t cl_answer_tool_uses(const claude_response_t *response)
{
    size_t count;

    look_for_tool_use(response, SIZE_MAX, &count);
    return count;
}

int32_t cl_answer_tool_use_at(const claude_response_t *response, size_t n)
{
    size_t count;

    return look_for_tool_use(response, n, &count);
}

/* ---- tokens, and what the prompt cache saves ---- */

cl_usage cl_answer_usage(const claude_response_t *response)
{
    static const char *const names[] = {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
                                        "output_tokens"};
    enum { COUNTERS = sizeof names / sizeof names[0] };
    cl_json values[COUNTERS];
    int64_t counts[COUNTERS];
    cl_json usage = {NULL, 0, CLAUDE_JSON_NONE};

    if (response)
        usage = cl_response_at(response, "/usage");
    cl_json_members(usage, names, COUNTERS, values);
    for (size_t i = 0; i < COUNTERS; i++) {
        if (!cl_json_to_int(values[i], &counts[i]) || counts[i] < 0)
            counts[i] = -1;
    }
    return (cl_usage){counts[0], counts[1], counts[2], counts[3]};
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

double cl_answer_cache_ratio(const claude_response_t *response)
{
    cl_usage usage = cl_answer_usage(response);
    int64_t prompt = cl_usage_prompt(&usage);

    return prompt > 0 ? (double)add_count(0, usage.cache_read) / (double)prompt : -1.0;
}
