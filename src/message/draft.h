/*
 * draft.h - the body of a request: a text given as a whole, kept byte for byte, or top-level members in the order they
 * were set. The first setter after a whole text splits it into members; their values keep the sender's spelling.
 */
#ifndef CL_MESSAGE_DRAFT_H
#define CL_MESSAGE_DRAFT_H

#include "message/message.h"

/* The most a body may have: the API takes 32 MB, gateways more; nothing grows without end. */
#define CL_DRAFT_MAX ((size_t)1 << 30)

/* The top-level fields that are looked at before sending. Of the first three a body must not have two. */
enum { CL_FIELD_STREAM, CL_FIELD_MODEL, CL_FIELD_MAX_TOKENS, CL_FIELD_MESSAGES, CL_FIELD_COUNT };

typedef struct cl_draft_member {
    char *key; /* as JSON: with quotes, escapes kept */
    size_t key_len;
    cl_buf value; /* JSON text; empty: the member does not exist yet */
} cl_draft_member;

typedef struct cl_draft {
    cl_blob *whole;                 /* the text given as a whole, or NULL */
    size_t brace;                   /* where its { is */
    cl_json fields[CL_FIELD_COUNT]; /* in `whole` */
    cl_draft_member *members;
    size_t count;
    size_t cap;
    _Atomic(cl_blob *) joined; /* the members as one text, made when first asked for */
} cl_draft;

void cl_draft_init(cl_draft *draft);
void cl_draft_free(cl_draft *draft);
/* Into an empty one. */
claude_code_t cl_draft_copy(const cl_draft *from, cl_draft *to, cl_err *err);
/* Nothing was set. */
bool cl_draft_is_empty(const cl_draft *draft);
/* Replaces everything. CLAUDE_E_INVALID: no valid JSON, no object, a field twice. */
claude_code_t cl_draft_set_whole(cl_draft *draft, cl_str json, uint32_t max_depth, cl_err *err);
/* The value of a member to be changed, made if it does not exist. */
claude_code_t cl_draft_edit(cl_draft *draft, cl_str key, cl_buf **out, cl_err *err);
cl_json cl_draft_field(const cl_draft *draft, int field);
/* A reference to the text that the program may have been lent, NULL if there is none: a value to be set may lie in it.
 */
cl_blob *cl_draft_hold(const cl_draft *draft);
/* A reference to the body as one text; *brace is where its { is. NULL when out of memory. Any thread, while nobody
 * changes the draft. */
cl_blob *cl_draft_blob(const cl_draft *draft, size_t *brace);

#endif
