/*
 * partial.h - JSON that is still coming: the input of a tool, delta by delta, and at any time the document so far.
 *
 * Each byte is looked at once. The document so far is what came up to the end of the last complete item, with the
 * brackets closed that are open there; it is made in the place of what follows, which is put back before more is taken.
 */
#ifndef CL_JSON_PARTIAL_H
#define CL_JSON_PARTIAL_H

#include "json/json.h"

/* Most bytes of one document, and its deepest nesting. */
enum { CL_PARTIAL_MAX = 256 << 20, CL_PARTIAL_DEPTH = CL_JSON_DEPTH_DEFAULT };

struct claude_partial {
    cl_handle handle;
    int32_t index; /* of the content block that is followed; -1: not known yet */
    cl_buf text;   /* all that came */
    size_t cut;    /* the end of the last complete item, 0: there is none */
    size_t mark;   /* the start of the character, escape or word under way */
    size_t bad;    /* where it went wrong */
    const char *reason;
    const char *word; /* what is missing of a literal */
    uint64_t objects[CL_PARTIAL_DEPTH / 64 + 1];
    uint32_t depth;
    uint32_t unit; /* of an escape with four digits */
    uint8_t state;
    uint8_t digits;
    uint8_t rest; /* bytes missing of a character, and the range of the next */
    uint8_t low;
    uint8_t high;
    bool second; /* the escape is the second half of a pair */
    bool key;
    bool lent; /* the document has been made: `hidden` is what it covers */
    char hidden[CL_PARTIAL_DEPTH + 1];
};

claude_code_t cl_partial_new(int32_t index, claude_partial_t **out, cl_err *err);
claude_partial_t *cl_partial_ref(claude_partial_t *partial);
void cl_partial_unref(claude_partial_t *partial);
/* CLAUDE_E_INVALID with reason and offset for what can never become JSON, now and from then on; CLAUDE_E_TOO_LARGE;
 * CLAUDE_E_NOMEM. The document so far stays. */
claude_code_t cl_partial_add(claude_partial_t *partial, cl_str text, cl_err *err);
/* Valid until the next call; empty if no value has begun. */
cl_str cl_partial_json(claude_partial_t *partial);
bool cl_partial_is_complete(const claude_partial_t *partial);

#endif
