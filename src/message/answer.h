/* answer.h - what a program asks about a model's answer: refusals, containers, calls of tools, the prompt cache. */
#ifndef CL_MESSAGE_ANSWER_H
#define CL_MESSAGE_ANSWER_H

#include "message/message.h"

bool cl_answer_is_refusal(const claude_response_t *response);
const char *cl_answer_container_id(const claude_response_t *response);
const char *cl_answer_cache_miss(const claude_response_t *response);
size_t cl_answer_tool_uses(const claude_response_t *response);
/* Where in the content the nth call of a tool stands; -1: there are fewer. */
int32_t cl_answer_tool_use_at(const claude_response_t *response, size_t n);

/* The tokens of an answer, as the API tells them apart; -1: the server did not say. */
typedef struct cl_usage {
    int64_t input; /* of the prompt, without those of the cache */
    int64_t cache_write;
    int64_t cache_read;
    int64_t output;
} cl_usage;

/* In one walk; of NULL nothing is known. */
cl_usage cl_answer_usage(const claude_response_t *response);
/* Tokens of the prompt, cached ones included; -1: the server did not say. */
int64_t cl_usage_prompt(const cl_usage *usage);
/* Those of them that the API's rate limits count: not what was read from the cache. */
int64_t cl_usage_limited(const cl_usage *usage);
/* Share of the prompt that came from the cache, 0 to 1; -1: not known. */
double cl_answer_cache_ratio(const claude_response_t *response);

#endif
