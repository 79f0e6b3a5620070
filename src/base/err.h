/*
 * err.h - errors inside the library: a struct on the stack, filled where the error is found, turned into a
 * claude_error_t once, at the border. Also the table of codes, and the object itself.
 */
#ifndef CL_BASE_ERR_H
#define CL_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include <claude/error.h>

#include "base/str.h"

/* What an error may carry and the room below need not know: a response, a cause. */
typedef struct cl_err_object {
    void *ptr;
    void (*unref)(void *ptr);
} cl_err_object;

/* How full the quota was that refused. */
typedef struct cl_err_quota {
    int64_t limit; /* 0: no quota did */
    int64_t used;
    int64_t reserved;    /* by calls that are under way */
    int64_t needed;      /* by the one that was refused */
    int64_t reset_at_ms; /* since 1970-01-01 UTC */
    bool per_model;
} cl_err_quota;

typedef struct cl_err {
    claude_code_t code;  /* CLAUDE_OK: nothing below is meaningful */
    int32_t category;    /* 0: that of the code */
    int32_t retryable;   /* -1: that of the code */
    int32_t http_status; /* 0: none */
    int32_t attempts;
    int32_t user_code;
    int64_t retry_after_ms; /* -1: none */
    const char *feature;    /* static text or NULL */
    cl_err_quota quota;
    cl_err_object response; /* owned */
    cl_err_object report;   /* owned */
    claude_error_t *cause;  /* owned */
    claude_error_t *made;   /* owned; not NULL: the error is this object, and of the rest only the code is meaningful */
    char message[1024];
    char api_type[64];
    char error_code[96];
    char request_id[128];
} cl_err;

/* Cheap on purpose: an error struct that stays unused costs a few stores, not a memset of its texts. */
static inline void cl_err_init(cl_err *err)
{
    err->code = CLAUDE_OK;
    err->response.ptr = NULL;
    err->report.ptr = NULL;
    err->cause = NULL;
    err->made = NULL;
}

/* Frees what the error owns and makes it empty. */
void cl_err_clear(cl_err *err);

/*
 * Records an error and returns its code; the first error wins. `err` may be NULL. Control characters and broken UTF-8
 * in the text are replaced, an overlong text is cut at a character, and API keys are not shown: messages may quote what
 * came from outside, and a key may be in any place by mistake.
 */
claude_code_t cl_fail(cl_err *err, claude_code_t code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Same, for CL_BUF_FULL / CL_BUF_NOMEM; `what` names the buffer and its limit's option. */
claude_code_t cl_fail_buf(cl_err *err, int buf_result, const char *what);
claude_code_t cl_fail_nomem(cl_err *err);
/* CLAUDE_E_UNSUPPORTED: the build has not got a feature; its name in small letters and hyphens, static. */
claude_code_t cl_fail_left_out(cl_err *err, const char *feature);
#if defined(__clang_analyzer__) && !defined(CL_BASE_ERR_C)
/* The static analyzer sees one file at a time: tell it that the returned code is the negative one given. */
#define cl_fail(err, code, ...) (cl_fail((err), (code), __VA_ARGS__), (code))
#define cl_fail_buf(err, buf_result, what) (cl_fail_buf((err), (buf_result), (what)), CLAUDE_E_NOMEM)
#define cl_fail_nomem(err) (cl_fail_nomem(err), CLAUDE_E_NOMEM)
#define cl_fail_left_out(err, feature) (cl_fail_left_out((err), (feature)), CLAUDE_E_UNSUPPORTED)
#endif
/* The error is an object that was made before; shares it. */
claude_code_t cl_fail_with(cl_err *err, claude_error_t *made);
/* Copies at most size - 1 bytes of visible text in that way. */
void cl_err_copy_text(char *out, size_t size, cl_str text);

/* One row per code; the order is that of claude_code_at(). */
typedef struct cl_code_row {
    claude_code_t code;
    int32_t category;
    bool retryable;
    const char *name;
    const char *text;
} cl_code_row;

const cl_code_row *cl_code_row_of(claude_code_t code);
const cl_code_row *cl_code_row_at(size_t index);

/* Takes over what `err` owns and leaves it empty. Never fails: out of memory gives a static object. */
claude_error_t *cl_error_new(cl_err *err);
const cl_err *cl_error_info(const claude_error_t *error);
claude_error_t *cl_error_ref(claude_error_t *error);
void cl_error_unref(claude_error_t *error);
/* The other direction, for sticky errors: a copy that shares (references) response and cause. */
void cl_err_copy(cl_err *to, const cl_err *from, void *(*ref_response)(void *response));

#endif
