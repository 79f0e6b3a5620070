/* answer.h - what a program asks about a model's answer: refusals, containers, calls of tools, the prompt cache. */
#ifndef CL_MESSAGE_ANSWER_H
#define CL_MESSAGE_ANSWER_H

#include "message/message.h"
#include "message/usage.h"

bool cl_answer_is_refusal(const claude_response_t *response);
const char *cl_answer_container_id(const claude_response_t *response);
const char *cl_answer_cache_miss(const claude_response_t *response);
size_t cl_answer_tool_uses(const claude_response_t *response);
/* Where in the content the nth call of a tool stands; -1: there are fewer. */
int32_t cl_answer_tool_use_at(const claude_response_t *response, size_t n);

/* In one walk; of NULL nothing is known. */
cl_usage cl_answer_usage(const claude_response_t *response);
/* Share of the prompt that came from the cache, 0 to 1; -1: not known. */
double cl_answer_cache_ratio(const claude_response_t *response);

#endif
