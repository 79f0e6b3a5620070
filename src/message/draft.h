/*
 * draft.h - the body of a request as one text, which is always whole: given byte for byte, or built by setters. They
 * change it in place, so that neither building nor sending copies it, and leave alone what they do not set.
 *
 * Between setters it does not change: any thread may read it. Who is given a reference to it keeps it as it is; the
 * next setter then changes a copy.
 */
#ifndef CL_MESSAGE_DRAFT_H
#define CL_MESSAGE_DRAFT_H

#include "message/message.h"

/* The most a body may have: the API takes 32 MB, gateways more; nothing grows without end. */
#define CL_DRAFT_MAX ((size_t)1 << 30)

/* The top-level fields that are looked at before sending. Of the first three a body must not have two. */
enum { CL_FIELD_STREAM, CL_FIELD_MODEL, CL_FIELD_MAX_TOKENS, CL_FIELD_MESSAGES, CL_FIELD_COUNT };

/* Where a top-level member lies in the text. */
typedef struct cl_draft_member {
    size_t key; /* with its quotes */
    size_t key_len;
    size_t value;
    size_t value_len;
} cl_draft_member;

typedef struct cl_draft {
    cl_blob *text; /* NULL: nothing was set */
    size_t brace;  /* where its { is */
    cl_draft_member *members;
    size_t count;
    size_t cap;
    size_t ready; /* of the text's buffer: the system has been asked for so much */
    /* While a member is changed its value is the end of the text, which this buffer has taken over. */
    cl_buf value; /* ptr NULL: none is changed */
    size_t open;  /* which one */
    cl_buf tail;  /* what follows it */
} cl_draft;

void cl_draft_init(cl_draft *draft);
void cl_draft_free(cl_draft *draft);
/* Into an empty one. Shares the text. */
claude_code_t cl_draft_copy(const cl_draft *from, cl_draft *to, cl_err *err);
/* Nothing was set. */
bool cl_draft_is_empty(const cl_draft *draft);
/* Replaces everything. CLAUDE_E_INVALID: no valid JSON, no object, a field twice. */
claude_code_t cl_draft_set_whole(cl_draft *draft, cl_str json, uint32_t max_depth, cl_err *err);
/*
 * The value of a member to be changed, until cl_draft_end() or the next edit; empty if it does not exist, and who
 * leaves it empty removes it. Costs what the change costs, however long the text is. Only a member before a large one
 * is moved behind it first, so that the next change costs nothing more.
 */
claude_code_t cl_draft_edit(cl_draft *draft, cl_str key, cl_buf **out, cl_err *err);
/* Ends an edit, if there is one: the text is whole again. */
void cl_draft_end(cl_draft *draft);
cl_json cl_draft_field(const cl_draft *draft, int field);
/* A reference to the text if these bytes lie in it, else NULL: a value to be set may lie in what the program was lent.
 */
cl_blob *cl_draft_hold(const cl_draft *draft, const char *bytes);
/* A reference to the body as one text; *brace is where its { is. Never NULL. */
cl_blob *cl_draft_blob(const cl_draft *draft, size_t *brace);

#endif
