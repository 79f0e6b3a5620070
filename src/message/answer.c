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
    cl_json usage = {NULL, 0, CLAUDE_JSON_NONE};

    if (response)
        usage = cl_json_member(cl_response_root(response), CL_STR("usage"));
    return cl_usage_of(usage);
}

double cl_answer_cache_ratio(const claude_response_t *response)
{
    cl_usage usage = cl_answer_usage(response);
    int64_t prompt = cl_usage_prompt(&usage);

    return prompt > 0 ? (double)(usage.cache_read > 0 ? usage.cache_read : 0) / (double)prompt : -1.0;
}
