/*
 * json.h - the door of the JSON room.
 *
 * Reading: a strict, allocation-free, single-pass scanner (RFC 8259, UTF-8, no lone surrogates, depth cap). What it has
 * accepted is walked as raw slices, so numbers and strings keep the sender's spelling. A tree (json-c, read only) is
 * built only where decoded strings must be lent out for long.
 * Writing: into a cl_buf; strings are escaped a vector at a time.
 */
#ifndef CL_JSON_H
#define CL_JSON_H

#include "base/base.h"

#define CL_JSON_DEPTH_DEFAULT 200u
/* Deepest that can be asked for. */
#define CL_JSON_DEPTH_MAX 16384u

/* A raw value inside a text that was validated; a string's quotes are part of it. Types are CLAUDE_JSON_* of
 * response.h; 0 = there is none. */
typedef struct cl_json {
    const char *ptr;
    size_t len;
    int32_t type;
} cl_json;

/*
 * Checks that `text` is exactly one JSON value, with white space around it at most.
 * CLAUDE_E_INVALID with reason and byte offset: syntax, invalid UTF-8, lone surrogate (also as an escape), nesting
 * deeper than max_depth. No recursion: the stack does not grow with the input.
 */
claude_code_t cl_json_validate(cl_str text, uint32_t max_depth, cl_json *value, cl_err *err);
/* The same, and finds a member on the way: as cl_json_member() of the value would. */
claude_code_t cl_json_validate_member(cl_str text, uint32_t max_depth, cl_str name, cl_json *value, cl_json *member,
                                      cl_err *err);

/* The value of a text that was validated before; type 0 if there is nothing but white space. */
cl_json cl_json_root(cl_str text);

/*
 * The streams' primitive: scans a JSON string whose opening quote has been consumed. Returns the position after the
 * closing quote, or NULL if the string is malformed or does not end before `end`. Validates UTF-8, control characters
 * and escapes. `*plain` tells that there was no escape, so that the raw bytes are the text.
 */
const char *cl_json_scan_string(const char *p, const char *end, bool *plain);

/* Decodes a validated raw string's inside (between the quotes) to `out`, which has room for raw.len bytes (decoding
 * never grows) and may be raw.ptr itself; returns the decoded length. No NUL is appended. */
size_t cl_json_decode_into(cl_str raw, char *out);
/* Decodes a string value and appends it. CL_BUF_* */
int cl_json_decode(cl_json string, cl_buf *out);
/* The text of a string value: as it stands, or decoded into `room` where there are escapes. CL_BUF_* */
int cl_json_text(cl_json string, cl_buf *room, cl_str *text);
/* Compares a string value (escapes decoded) with a text. */
bool cl_json_string_is(cl_json string, cl_str text);
size_t cl_json_decoded_len(cl_json string);
/* Decodes at most size - 1 bytes, cut at a character, and a NUL; returns how many. "" for what is no string. */
size_t cl_json_copy_text(cl_json string, char *out, size_t size);
/*
 * Copies a validated text (text.len + 1 bytes at `copy`) and decodes each string in its place: the text of a string
 * value at text.ptr + n begins at copy + n + 1 and ends with a NUL. All strings of a document for one allocation.
 */
void cl_json_decode_all(cl_str text, char *copy);

/* Walks an object or an array that was validated. Zero-initialise through cl_json_iter_of(). */
typedef struct cl_json_iter {
    const char *p;
    const char *end;
    bool object;
} cl_json_iter;

cl_json_iter cl_json_iter_of(cl_json container);
/* Next member or element; `key` (a string value) may be NULL and is left alone for arrays. */
bool cl_json_next(cl_json_iter *iter, cl_json *key, cl_json *value);

/* Member of an object; of duplicates the last, as json-c does. type 0 if there is none or `object` is no object. */
cl_json cl_json_member(cl_json object, cl_str name);
/* Several members at once, each as cl_json_member() finds it. */
void cl_json_members(cl_json object, const char *const *names, size_t count, cl_json *values);
/* Member by one token of a pointer (~0 and ~1 stand for ~ and /), element by its decimal index. */
cl_json cl_json_child(cl_json container, cl_str token);
/* RFC 6901. "" is the value itself; a malformed pointer finds nothing. */
cl_json cl_json_at(cl_json value, cl_str pointer);
/* There is none, or it is null: the wire makes no difference. */
bool cl_json_is_absent(cl_json value);
size_t cl_json_count(cl_json container);

/*
 * Where the members of a long text's root are, and the elements of the arrays among them: values are found without
 * walking what lies before them. Made when first asked for, by any thread; without memory the text is walked. The slot
 * begins as NULL, stays with its text, and what is in it at the end is to be freed.
 */
typedef struct cl_json_index cl_json_index;
cl_json cl_json_index_at(_Atomic(cl_json_index *) *slot, cl_json root, cl_str pointer);
size_t cl_json_index_count(_Atomic(cl_json_index *) *slot, cl_json root, cl_str pointer);
void cl_json_index_free(cl_json_index *index);

/* True only for an integer in JSON's grammar without fraction and exponent that fits. */
bool cl_json_to_int(cl_json number, int64_t *out);
bool cl_json_to_double(cl_json number, double *out);

/* --- writing; all return CL_BUF_* --- */

/* Writes a quoted string. The text must be valid UTF-8 (cl_utf8_valid, in base); '/' stays as it is. */
int cl_json_write_string(cl_buf *out, cl_str text);
/* Only the inside, without the quotes. */
int cl_json_write_escaped(cl_buf *out, cl_str text);
/* Writes `"name":`, with a comma before it unless the last byte written is '{', '[' or nothing. */
int cl_json_write_key(cl_buf *out, cl_str name);
/* NaN and infinities, which JSON has not, are written as null. */
int cl_json_write_double(cl_buf *out, double value);

/* --- the same for chains of &&: false as soon as something finds no room --- */

bool cl_json_put_char(cl_buf *out, char c);
bool cl_json_put_key(cl_buf *out, const char *name);
/* Members. A text that is NULL is null. */
bool cl_json_put_text(cl_buf *out, const char *name, const char *text);
bool cl_json_put_int(cl_buf *out, const char *name, int64_t value);

/*
 * Sets the value at a pointer in a document held as text, keeping every other byte; both are valid JSON. Missing
 * objects on the way are created (an empty buffer counts as {}); "-" appends to an array, which is created if it is
 * missing. CLAUDE_E_INVALID: malformed pointer or one of more than CL_JSON_DEPTH_DEFAULT steps, a step into something
 * that is no container, an array index out of range. On failure the document is as it was.
 */
claude_code_t cl_json_set(cl_buf *document, cl_str pointer, cl_str value, cl_err *err);

/* --- a tree over json-c, for decoded strings that must outlive the call --- */

typedef struct cl_json_tree cl_json_tree;

/* Builds the tree of a validated text. CLAUDE_E_NOMEM; CLAUDE_E_INVALID if json-c refuses what the scanner accepted. */
claude_code_t cl_json_tree_new(cl_str text, cl_json_tree **out, cl_err *err);
void cl_json_tree_free(cl_json_tree *tree);
/* The string at a pointer, NUL-terminated, lent by the tree; NULL if there is no string. Any thread: only reads. */
const char *cl_json_tree_string(const cl_json_tree *tree, const char *pointer, size_t *len);

/* Version of json-c; static. */
const char *cl_json_library(void);

#endif
