/*
 * message.h - a message's request built from blocks and tools: history, system prompt, caching, thinking, containers.
 *
 * As with the setters of request.h, the first failure is remembered and returned again by claude_client_start().
 * Messages are appended in place, so that a long conversation costs in proportion to its length.
 */
#ifndef CLAUDE_MESSAGE_H
#define CLAUDE_MESSAGE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Append a message of one block.
 *
 * @param role   "user", "assistant" or "system"
 * @param block  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_block(claude_request_t *request, const char *role, claude_block_t *block,
                                                  claude_error_t **err);

/**
 * Append a message of blocks.
 *
 * @param role    "user", "assistant" or "system"
 * @param blocks  copied; their files are kept
 * @param count   how many; at least 1
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_blocks(claude_request_t *request, const char *role,
                                                   claude_block_t *const *blocks, size_t count, claude_error_t **err);

/**
 * Append a block to the last message; if that is a text, it becomes the first block. The cost grows with the last
 * message alone; claude_request_add_blocks() is better for many large ones.
 *
 * @param block  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID (there is no message), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_append_block(claude_request_t *request, claude_block_t *block,
                                                     claude_error_t **err);

/**
 * Append the assistant's answer to the history: its content unchanged, byte for byte, so that signatures, encrypted
 * results and citations stay what they are. But for two things that the API would refuse: a call of a tool whose input
 * is missing, or no object, gets {}, and what the library has kept as "_partial_json" of malformed input is left out.
 *
 * @param response  the answer to a message; not needed afterwards
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no content, or an empty one), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_response(claude_request_t *request, const claude_response_t *response,
                                                     claude_error_t **err);

/**
 * Append a user's message of an image, or another block, and a text. The image comes first: models understand that
 * best.
 *
 * @param text   UTF-8; empty: the image alone
 * @param len    bytes of text, or CLAUDE_NTS
 * @param image  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_user_with_image(claude_request_t *request, const char *text, size_t len,
                                                            claude_block_t *image, claude_error_t **err);

/**
 * Append a user's message of images, or other blocks, and a text after them.
 *
 * @param text    UTF-8; empty: the images alone
 * @param len     bytes of text, or CLAUDE_NTS
 * @param images  copied; their files are kept
 * @param count   how many; 0 if there is a text
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_user_with_images(claude_request_t *request, const char *text, size_t len,
                                                             claude_block_t *const *images, size_t count,
                                                             claude_error_t **err);

/**
 * Append a tool's result as text. It joins the last message if that is the user's and ends with a tool result, because
 * all results of one turn belong into one message; else it begins a message.
 *
 * @param tool_use_id  id of the block that asked for it, NUL-terminated, not empty
 * @param text         UTF-8, may be empty
 * @param len          bytes of text, or CLAUDE_NTS
 * @param is_error     1: the tool has failed; 0
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_tool_result(claude_request_t *request, const char *tool_use_id,
                                                        const char *text, size_t len, int32_t is_error,
                                                        claude_error_t **err);

/**
 * Append a tool's result that was made by claude_block_tool_result(), as claude_request_add_tool_result() does.
 *
 * @param block  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_tool_result_block(claude_request_t *request, claude_block_t *block,
                                                              claude_error_t **err);

/**
 * Set the system prompt to blocks of text.
 *
 * @param blocks  copied
 * @param count   how many; at least 1
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_system_blocks(claude_request_t *request, claude_block_t *const *blocks,
                                                          size_t count, claude_error_t **err);

/**
 * Set the system prompt to a text up to which the server caches.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @param ttl   "5m" or "1h": how long; NULL: the server's default, 5 minutes
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_system_with_cache(claude_request_t *request, const char *text, size_t len,
                                                              const char *ttl, claude_error_t **err);

/**
 * Let the server cache automatically, up to the last block that can be cached.
 *
 * @param ttl  "5m" or "1h": how long; NULL: the server's default, 5 minutes
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_cache_control(claude_request_t *request, const char *ttl,
                                                          claude_error_t **err);

/**
 * Offer a tool.
 *
 * @param tool  copied
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_tool(claude_request_t *request, claude_tool_t *tool, claude_error_t **err);

/**
 * Say whether the model must use a tool.
 *
 * @param kind              "auto", "any", "tool" or "none"; other ones are passed on
 * @param name              of the tool, with "tool"; else NULL
 * @param disable_parallel  1: at most one tool at a time; 0
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_tool_choice(claude_request_t *request, const char *kind, const char *name,
                                                        int32_t disable_parallel, claude_error_t **err);

/**
 * Say whether and how the model thinks before it answers.
 *
 * @param kind           "adaptive", "enabled", "disabled" or "between_tools"; other ones are passed on
 * @param budget_tokens  most tokens for it, with "enabled"; else 0
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_thinking(claude_request_t *request, const char *kind, int64_t budget_tokens,
                                                     claude_error_t **err);

/**
 * Say how much effort the model makes (output_config.effort).
 *
 * @param effort  "low", "medium", "high", "xhigh" or "max"; other ones are passed on
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_effort(claude_request_t *request, const char *effort, claude_error_t **err);

/**
 * Have the answer's text be JSON that fits a schema (output_config.format).
 *
 * @param schema  a JSON schema, sent byte for byte
 * @param len     bytes of schema, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_output_schema(claude_request_t *request, const char *schema, size_t len,
                                                          claude_error_t **err);

/**
 * Choose the service tier.
 *
 * @param tier  "auto" or "standard_only"; other ones are passed on
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_service_tier(claude_request_t *request, const char *tier,
                                                         claude_error_t **err);

/**
 * Go on in a container. Skills that were added stay.
 *
 * @param id  of the container, as an answer has named it; not empty
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_container(claude_request_t *request, const char *id, claude_error_t **err);

/**
 * Load a skill into the container.
 *
 * @param type      "anthropic" or "custom"; other ones are passed on
 * @param skill_id  not empty
 * @param version   "latest", or one of the skill's; NULL: not said
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_container_skill(claude_request_t *request, const char *type,
                                                            const char *skill_id, const char *version,
                                                            claude_error_t **err);

/**
 * Let the server use an MCP server (beta).
 *
 * @param name                 by which a toolset names it; not empty
 * @param url                  where it is; not empty
 * @param authorization_token  sent to it, and part of claude_request_json(); NULL: none
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_mcp_server(claude_request_t *request, const char *name, const char *url,
                                                       const char *authorization_token, claude_error_t **err);

/**
 * Set how the server shortens the context (beta).
 *
 * @param json  JSON, sent byte for byte: {"edits":[...]}
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_context_management(claude_request_t *request, const char *json, size_t len,
                                                               claude_error_t **err);

/**
 * Choose where the model runs.
 *
 * @param geo  "us", "global", ...; not empty
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_inference_geo(claude_request_t *request, const char *geo,
                                                          claude_error_t **err);

/**
 * Choose how fast the model answers.
 *
 * @param speed  "standard" or "fast"; other ones are passed on
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_speed(claude_request_t *request, const char *speed, claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
