#include <claude/answer.h>

#include <errno.h>

#include "border.h"
#include "message/answer.h"

static bool check(const claude_response_t *response)
{
    return cl_is(response, CL_MAGIC_RESPONSE);
}

static const char *string_at(const claude_response_t *response, const char *pointer)
{
    int saved = errno;
    const char *text = check(response) ? cl_response_string(response, pointer, NULL) : NULL;

    errno = saved;
    return text;
}

int32_t claude_response_is_refusal(const claude_response_t *response)
{
    return check(response) && cl_answer_is_refusal(response);
}

const char *claude_response_refusal_category(const claude_response_t *response)
{
    return string_at(response, "/stop_details/category");
}

const char *claude_response_refusal_explanation(const claude_response_t *response)
{
    return string_at(response, "/stop_details/explanation");
}

const char *claude_response_recommended_model(const claude_response_t *response)
{
    return string_at(response, "/stop_details/recommended_model");
}

const char *claude_response_container_id(const claude_response_t *response)
{
    int saved = errno;
    const char *text = check(response) ? cl_answer_container_id(response) : NULL;

    errno = saved;
    return text;
}

#if CL_FEATURE_TOOLS

size_t claude_response_tool_use_count(const claude_response_t *response)
{
    return check(response) ? cl_answer_tool_uses(response) : 0;
}

int32_t claude_response_tool_use_at(const claude_response_t *response, size_t n)
{
    return check(response) ? cl_answer_tool_use_at(response, n) : -1;
}

#endif

int64_t claude_response_prompt_tokens(const claude_response_t *response)
{
    cl_usage usage = cl_answer_usage(check(response) ? response : NULL);

    return cl_usage_prompt(&usage);
}

double claude_response_cache_hit_ratio(const claude_response_t *response)
{
    return check(response) ? cl_answer_cache_ratio(response) : -1.0;
}

const char *claude_response_cache_miss_reason(const claude_response_t *response)
{
    int saved = errno;
    const char *text = check(response) ? cl_answer_cache_miss(response) : NULL;

    errno = saved;
    return text;
}
