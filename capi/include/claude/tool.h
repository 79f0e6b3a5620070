/*
 * tool.h - tools that a request offers to the model, built by hand.
 *
 * Only JSON and UTF-8 are checked here; what the API allows in names, descriptions and schemas is looked at by
 * claude_request_validate().
 */
#ifndef CLAUDE_TOOL_H
#define CLAUDE_TOOL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a tool that takes nothing.
 *
 * @param name         NUL-terminated
 * @param description  what it does and when to use it, NUL-terminated; NULL: none
 * @param out          receives the tool; release with claude_tool_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_simple(const char *name, const char *description, claude_tool_t **out,
                                            claude_error_t **err);

/**
 * Make a tool that takes an object with these properties.
 *
 * @param name         NUL-terminated
 * @param description  NUL-terminated; NULL: none
 * @param properties   JSON: an object with a schema for each property; kept byte for byte
 * @param len          bytes of properties, or CLAUDE_NTS
 * @param required     names of those that must be given, each NUL-terminated; NULL if there are none
 * @param count        how many are required
 * @param out          receives the tool; release with claude_tool_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_with_properties(const char *name, const char *description, const char *properties,
                                                     size_t len, const char *const *required, size_t count,
                                                     claude_tool_t **out, claude_error_t **err);

/**
 * Make a tool with a schema.
 *
 * @param name         NUL-terminated
 * @param description  NUL-terminated; NULL: none
 * @param schema       a JSON schema; kept byte for byte
 * @param len          bytes of schema, or CLAUDE_NTS
 * @param out          receives the tool; release with claude_tool_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_with_schema(const char *name, const char *description, const char *schema,
                                                 size_t len, claude_tool_t **out, claude_error_t **err);

/**
 * Make a tool that the server knows by its type, or a set of such tools.
 *
 * @param type    "web_search_20250305", "bash_20250124", "mcp_toolset", ...; NUL-terminated, not empty
 * @param name    "web_search", "bash", ...; NUL-terminated; NULL: none, as for sets
 * @param fields  JSON: an object with further fields, like {"max_uses":5}; NULL or empty with len 0: none
 * @param len     bytes of fields, or CLAUDE_NTS
 * @param out     receives the tool; release with claude_tool_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_server(const char *type, const char *name, const char *fields, size_t len,
                                            claude_tool_t **out, claude_error_t **err);

/**
 * Make any tool of JSON, which is kept byte for byte.
 *
 * @param json  an object; copied
 * @param len   bytes of json, or CLAUDE_NTS
 * @param out   receives the tool; release with claude_tool_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the offset), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_json(const char *json, size_t len, claude_tool_t **out, claude_error_t **err);

/**
 * Let the server cache all tools up to this one.
 *
 * @param ttl  "5m" or "1h": how long; NULL: the server's default, 5 minutes
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_set_cache_control(claude_tool_t *tool, const char *ttl, claude_error_t **err);

/**
 * Let the server make sure that what the model puts in fits the schema, or not.
 *
 * @param strict  0 or 1
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_set_strict(claude_tool_t *tool, int32_t strict, claude_error_t **err);

/**
 * Set any field by JSON pointer (RFC 6901), as claude_request_set_field() does.
 *
 * @param pointer  "/defer_loading", "/eager_input_streaming", "/input_examples/-"; not ""
 * @param json     the value as JSON
 * @param len      bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_tool_set_field(claude_tool_t *tool, const char *pointer, const char *json, size_t len,
                                               claude_error_t **err);

/**
 * The tool as JSON.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the tool until it is changed; NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_tool_to_json(const claude_tool_t *tool, size_t *len);

/**
 * Name of a tool.
 *
 * @return text borrowed from the tool until the next call; NULL if it has none, or memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_tool_name(claude_tool_t *tool);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_tool_t *claude_tool_ref(claude_tool_t *tool);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_tool_unref(claude_tool_t *tool);

#ifdef __cplusplus
}
#endif

#endif
