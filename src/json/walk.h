/* walk.h - what the files of the JSON room share beyond the door: pointers' tokens, one character at a time. */
#ifndef CL_JSON_WALK_H
#define CL_JSON_WALK_H

#include "json/json.h"

#include <claude/response.h>

/* Type of the value that begins at p. */
int32_t cl_json_type_at(const char *p);
/* The value that begins at p, in a text that ends at `end`. */
cl_json cl_json_value_at(const char *p, const char *end);

/* Decodes one character of a string's inside; moves *p, returns its length in bytes. */
size_t cl_json_decode_unit(const char **p, const char *end, char out[4]);

/* Begins with '/' or is empty, and each '~' is ~0 or ~1. */
bool cl_json_pointer_valid(cl_str pointer);
/* Takes the first token off; false at the end. */
bool cl_json_pointer_next(cl_str *pointer, cl_str *token);
/* Resolves ~0 and ~1; `out` has room for token.len bytes. */
size_t cl_json_pointer_unescape(cl_str token, char *out);
/* Compares a key with a token in which ~0 and ~1 stand for ~ and /. */
bool cl_json_key_is_token(cl_json key, cl_str token);
/* An array index: decimal, no leading zero. */
bool cl_json_pointer_index(cl_str token, size_t *out);

#endif
