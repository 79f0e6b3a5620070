/* request.h - a request from inside of its room: the struct, and what its setters share. */
#ifndef CL_MESSAGE_REQUEST_H
#define CL_MESSAGE_REQUEST_H

#include "message/draft.h"
#include "message/endpoint.h"
#include "message/files.h"

/* Characters of metadata.user_id. */
enum { CL_USER_ID_MAX = 256 };

/* One of a path's or a query's parameters, or of a form's fields. */
typedef struct cl_pair {
    char *name;
    char *value;
} cl_pair;

typedef struct cl_pairs {
    cl_pair *items;
    size_t count;
} cl_pairs;

/* A part of a multipart body. */
typedef struct cl_form_part {
    char *name;
    char *filename; /* NULL: a field, not a file */
    char *media_type;
    claude_file_t *file;
    char *text;
    size_t text_len;
} cl_form_part;

struct claude_request {
    cl_handle handle;
    const cl_endpoint *endpoint;
    cl_draft draft;
    cl_headers headers;
    cl_options *options;
    cl_hook *on_event;
    cl_pairs path;  /* percent-encoded values */
    cl_pairs query; /* percent-encoded names and values, in order */
    char *url;      /* in place of the path: an absolute URL of the same server */
    cl_buf betas;   /* names, separated by commas */
    cl_files files; /* whose tokens may stand in the body */
    cl_form_part *parts;
    size_t part_count;
    cl_err error; /* of the first setter that failed */
};

/* ---- edit.c: what setters share ---- */

/* Ends a setter: the body is whole again, the first failure is kept for the snapshot. */
claude_code_t cl_request_finish(claude_request_t *request, cl_err *mine, cl_err *err);
/* The endpoint has a JSON body in which `field` can be set. */
claude_code_t cl_request_check_body(const claude_request_t *request, const char *field, cl_err *err);
claude_code_t cl_request_check_text(const char *field, cl_str text, bool may_be_empty, cl_err *err);
/* How many characters valid UTF-8 has. */
size_t cl_characters(cl_str text);
claude_code_t cl_request_fail_body(int buf_result, cl_err *err);
/* Makes a finished text the value of a top-level field, or frees it. `written` is CL_BUF_*. */
claude_code_t cl_request_adopt(claude_request_t *request, cl_str field, int written, cl_buf *fresh, cl_err *err);
/* Sets a top-level field to JSON that is known to be valid. */
claude_code_t cl_request_set_raw(claude_request_t *request, cl_str field, cl_str json, cl_err *err);
claude_code_t cl_request_set_string(claude_request_t *request, cl_str field, cl_str text, cl_err *err);
/*
 * Opens an array for one more element, in place, so that a long conversation is built in linear time. `*end` is where
 * the elements so far end; cl_array_close() needs it to take everything back. CL_BUF_*
 */
int cl_array_open(cl_buf *array, size_t *end);
int cl_array_close(cl_buf *array, size_t end, int written);
/* The top-level array `field`, made if it does not exist, to be changed. */
claude_code_t cl_request_edit_array(claude_request_t *request, const char *field, cl_buf **out, cl_err *err);

/* ---- request.c ---- */

/* The program may choose whether the answer is a stream. */
bool cl_request_streams(const claude_request_t *request);

/* ---- params.c ---- */

/* Appends path and query, or the URL. CLAUDE_E_INVALID: a path parameter is missing. */
claude_code_t cl_request_target(const claude_request_t *request, cl_buf *out, cl_err *err);
void cl_pairs_free(cl_pairs *pairs);
claude_code_t cl_pairs_copy(const cl_pairs *from, cl_pairs *to, cl_err *err);
void cl_request_params_free(claude_request_t *request);
claude_code_t cl_request_params_copy(const claude_request_t *from, claude_request_t *to, cl_err *err);

#endif
