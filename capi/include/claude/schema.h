/*
 * schema.h - structured outputs: an answer that is JSON of a given shape.
 *
 * Set a JSON Schema with claude_request_set_structured_output(), send the request, and read the answer with
 * claude_response_parse_structured(). docs/structured.md has the rules of both.
 *
 * JSON is handed out as a claude_response_t without status and headers, so that its accessors read it:
 * claude_response_json() is the whole text, claude_response_string(response, "/name", NULL) one value.
 */
#ifndef CLAUDE_SCHEMA_H
#define CLAUDE_SCHEMA_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Ask for an answer that matches a JSON Schema: `output_config.format` of the request becomes this schema, changed as
 * claude_schema_transform() does. The rest of `output_config` stays.
 *
 * @param request  a request with a body in which `output_config` can be set
 * @param schema   JSON Schema, UTF-8; copied
 * @param len      bytes of schema, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the JSON pointer in the schema), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_structured_output(claude_request_t *request, const char *schema, size_t len,
                                                              claude_error_t **err);

/**
 * Change a JSON Schema to the subset that the API supports: every object gets `additionalProperties: false`, `oneOf`
 * becomes `anyOf`, and what the API cannot enforce is told to the model in the description instead.
 *
 * @param schema  JSON Schema, UTF-8; not changed
 * @param len     bytes of schema, or CLAUDE_NTS
 * @param out     receives the new schema; release with claude_response_unref()
 * @return CLAUDE_OK; CLAUDE_E_INVALID: no JSON, or a schema in it that has no type (its JSON pointer is named), with
 *         "schema_invalid" as claude_error_error_code(); CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_response_t *changed = NULL;
 * if (claude_schema_transform("{\"type\":\"integer\",\"minimum\":1}", CLAUDE_NTS, &changed, NULL) == CLAUDE_OK)
 *     printf("%s\n", claude_response_json(changed, NULL));
 * claude_response_unref(changed);
 * @endcode
 */
CLAUDE_API claude_code_t claude_schema_transform(const char *schema, size_t len, claude_response_t **out,
                                                 claude_error_t **err);

/**
 * Check a JSON value against a JSON Schema. Not checked, as if they were not there: `pattern`, `patternProperties` (and
 * then `additionalProperties`), `uniqueItems`, `not`, `if`, `contains`, `dependentRequired`, `propertyNames`,
 * `prefixItems` (and then `items`), formats that the API does not support.
 *
 * @param schema      JSON Schema, UTF-8
 * @param schema_len  bytes of schema, or CLAUDE_NTS
 * @param value       JSON, UTF-8
 * @param value_len   bytes of value, or CLAUDE_NTS
 * @return CLAUDE_OK: it matches. CLAUDE_E_INVALID: it does not; claude_error_error_code() is "schema_mismatch" (the
 *         message names the JSON pointer in the value, what is there and what is expected), "json_invalid" or
 *         "schema_invalid". CLAUDE_E_LIMIT: a $ref leads to itself, or the schema has too many ways to match.
 *         CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_schema_check(const char *schema, size_t schema_len, const char *value, size_t value_len,
                                             claude_error_t **err);

/**
 * Read a structured answer: the text of the first text block, parsed as JSON and checked.
 *
 * @param response    a message
 * @param schema      the schema to check against, best as it was before it was transformed; NULL: only parse
 * @param schema_len  bytes of schema, or CLAUDE_NTS; ignored for NULL
 * @param out         receives the JSON; release with claude_response_unref()
 * @return CLAUDE_OK. CLAUDE_E_API: the model refused; claude_error_api_type() is "refusal", claude_error_error_code()
 *         the category, if there is one. CLAUDE_E_TRUNCATED: the answer was cut off by max_tokens or the context
 *         window. CLAUDE_E_PROTOCOL: no text ("no_text"), text that is not JSON alone ("json_invalid", the message has
 *         the offset), JSON that does not match ("schema_mismatch"). CLAUDE_E_INVALID: the response is no message, the
 *         schema is none. CLAUDE_E_LIMIT, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_response_parse_structured(const claude_response_t *response, const char *schema,
                                                          size_t schema_len, claude_response_t **out,
                                                          claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
