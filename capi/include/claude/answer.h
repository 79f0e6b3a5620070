/*
 * answer.h - what programs ask about a model's answer: refusals, containers, calls of tools, the prompt cache.
 */
#ifndef CLAUDE_ANSWER_H
#define CLAUDE_ANSWER_H

#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Whether the model refused to answer (stop reason "refusal").
 *
 * @return 1 it refused, 0 it did not
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_is_refusal(const claude_response_t *response);

/**
 * What a refusal was about: "cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms", ...
 *
 * @return text borrowed from the response; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_refusal_category(const claude_response_t *response);

/**
 * Why the model refused, in words.
 *
 * @return text borrowed from the response; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_refusal_explanation(const claude_response_t *response);

/**
 * The model that the server recommends after a refusal.
 *
 * @return text borrowed from the response; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_recommended_model(const claude_response_t *response);

/**
 * Identifier of the container that code ran in, to be named in the next request.
 *
 * @return text borrowed from the response; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_container_id(const claude_response_t *response);

/**
 * Number of tools that the model wants the program to run (blocks of type "tool_use").
 *
 * @return the number
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_response_tool_use_count(const claude_response_t *response);

/**
 * Where one of these calls stands in "content", for JSON pointers: "/content/<index>/input".
 *
 * @param n  0 for the first call of a tool, 1, 2, ...
 * @return index of the block; -1 after the last call
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_response_tool_use_at(const claude_response_t *response, size_t n);

/**
 * Tokens of the whole prompt: those of "input_tokens", those written to the cache and those read from it.
 *
 * @return tokens, -1 if the server did not send usage
 * @threads A
 * @since 0.8
 */
CLAUDE_API int64_t claude_response_prompt_tokens(const claude_response_t *response);

/**
 * Share of the prompt that was read from the cache.
 *
 * @return 0.0 (nothing) to 1.0 (all of it); -1.0 if the server did not send usage, or for an empty prompt
 * @threads A
 * @since 0.8
 */
CLAUDE_API double claude_response_cache_hit_ratio(const claude_response_t *response);

/**
 * Why the prompt was not found in the cache, where "diagnostics" were asked for: "system_changed", "tools_changed",
 * "messages_changed", "model_changed", "previous_message_not_found", "unavailable", ...
 *
 * @return text borrowed from the response; NULL if there is none, or when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_response_cache_miss_reason(const claude_response_t *response);

#ifdef __cplusplus
}
#endif

#endif
