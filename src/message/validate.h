/*
 * validate.h - what is wrong with a request, all of it at once: for the function that checks one, for the call that is
 * told to check before it sends, and for those who make tools and images.
 *
 * Only what is certain is a problem: fields, types and values that are not known never are.
 */
#ifndef CL_MESSAGE_VALIDATE_H
#define CL_MESSAGE_VALIDATE_H

#include <claude/validate.h>

#include "message/files.h"
#include "message/message.h"
#include "message/models.h"

/* Problems that are listed; the rest is only counted. */
enum { CL_PROBLEMS_MAX = 1000 };

/* What a request is judged by beside itself. Zeros: the defaults. */
typedef struct cl_judge {
    const cl_options *options;     /* the client's; may be NULL */
    const claude_models_t *models; /* NULL: the table that is built in */
    bool stream;                   /* it will be started with CLAUDE_STREAM */
} cl_judge;

/*
 * CLAUDE_OK: nothing is wrong, *out is NULL. CLAUDE_PROBLEMS: *out is the list, in the order of the body. `out` may be
 * NULL. Negative: nothing is known (out of memory).
 */
claude_code_t cl_request_validate(const claude_request_t *request, const cl_judge *judge, claude_problems_t **out,
                                  cl_err *err);
/* The body of one message, for example a batch's "params" (`batch`), as the request it belongs to would check it. JSON
 * that was validated. */
claude_code_t cl_validate_params(cl_json params, bool batch, const cl_options *options, claude_problems_t **out,
                                 cl_err *err);
/* A tool's definition alone; fields are relative to it ("/name"). */
claude_code_t cl_validate_tool(cl_json tool, const cl_options *options, claude_problems_t **out, cl_err *err);
/* A content block alone, with those inside of it. `files` are those whose tokens may be in it; may be NULL. */
claude_code_t cl_validate_block(cl_json block, const cl_files *files, const cl_options *options,
                                claude_problems_t **out, cl_err *err);

/*
 * The official SDKs' rule for calls that do not stream, alone: CLAUDE_E_INVALID, with what to do, if the answer may
 * take longer than 10 minutes by max_tokens, or max_tokens is over what the model may write without a stream, and
 * neither the request nor the client has set timeout.total_ms. CLAUDE_OK for a request that streams.
 */
claude_code_t cl_nonstreaming_check(const claude_request_t *request, const cl_judge *judge, cl_err *err);

/* ---- lists (problems.c) ---- */

claude_problems_t *cl_problems_ref(claude_problems_t *problems);
void cl_problems_unref(claude_problems_t *problems);
size_t cl_problems_count(const claude_problems_t *problems);
/* Those that were not listed. */
size_t cl_problems_left_out(const claude_problems_t *problems);

/* What is known of a problem; texts are "" where there is none. */
enum {
    CL_PROBLEM_FIELD,
    CL_PROBLEM_VALUE,
    CL_PROBLEM_CONSTRAINT,
    CL_PROBLEM_FIX,
    CL_PROBLEM_TOOL,
    CL_PROBLEM_MESSAGE,
    CL_PROBLEM_TEXTS
};
/* NULL: there is no such problem. */
const char *cl_problems_code(const claude_problems_t *problems, size_t index);
const char *cl_problems_text(const claude_problems_t *problems, size_t index, int which);
/* An array of objects. NULL when out of memory. Any thread. */
const char *cl_problems_json(const claude_problems_t *problems, size_t *len);
/* One CLAUDE_E_INVALID for all: the first problem's message and, as the error's error_code, its code, and how many more
 * there are. CLAUDE_OK for an empty list and NULL. */
claude_code_t cl_problems_fail(const claude_problems_t *problems, cl_err *err);

/* One row of the table (problems.def). */
typedef struct cl_problem_row {
    const char *code;
    const char *text;
    const char *constraint;
    const char *fix;
} cl_problem_row;

/* NULL after the last one. */
const cl_problem_row *cl_problem_row_at(size_t index);

#endif
