/*
 * schema.h - JSON Schema, as far as structured outputs go: a schema made fit for the API, a value checked against one.
 * Both work on the raw text and without recursion: the depth limit of JSON is the only one that the input can reach.
 */
#ifndef CL_JSON_SCHEMA_H
#define CL_JSON_SCHEMA_H

#include "json/json.h"

/* Schemas inside of each other while a value is checked, so that a $ref which leads to itself comes to an end. */
#define CL_SCHEMA_NESTING_MAX 4096u
/* Steps that a check may take: that many for each byte of schema and value, and as many as the base at least. Only
 * anyOf and oneOf inside of each other can need more than a few. */
#define CL_SCHEMA_STEPS_PER_BYTE 1000u
#define CL_SCHEMA_STEPS_BASE 1000000u

/*
 * Appends the schema to `out`, changed to the subset that the API supports: docs/structured.md has the rules.
 * CLAUDE_E_INVALID: no JSON, or a schema inside of it that cannot be changed so, named by its JSON pointer; error_code
 * is "schema_invalid". What was appended before a failure stays in `out`.
 */
claude_code_t cl_schema_transform(cl_str schema, cl_buf *out, cl_err *err);

/*
 * Checks a JSON text against a schema. CLAUDE_E_INVALID with error_code "schema_invalid" (the schema is none),
 * "json_invalid" (the value is no JSON text), "schema_mismatch" (names the JSON pointer in the value, what is there and
 * what is expected); CLAUDE_E_LIMIT: the limits above.
 */
claude_code_t cl_schema_check(cl_str schema, cl_str value, cl_err *err);

#endif
