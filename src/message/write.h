/* write.h - text written piece by piece, JSON mostly. */
#ifndef CL_MESSAGE_WRITE_H
#define CL_MESSAGE_WRITE_H

#include "json/json.h"

/* The first failure stays, so that a chain is checked once, at its end. */
typedef struct cl_writer {
    cl_buf *out;
    int rc; /* CL_BUF_* */
} cl_writer;

/* As it stands. */
void cl_put(cl_writer *w, const char *text);
void cl_put_str(cl_writer *w, cl_str text);
void cl_put_int(cl_writer *w, int64_t number);
/* As a JSON string. */
void cl_put_string(cl_writer *w, cl_str text);
/* The bytes in base64, as a string. */
void cl_put_base64(cl_writer *w, cl_str bytes);
/* "name": with a comma before it where one belongs. */
void cl_put_key(cl_writer *w, const char *name);
void cl_put_text_member(cl_writer *w, const char *name, cl_str text);
void cl_put_json_member(cl_writer *w, const char *name, cl_str json);
/* An array of strings. */
void cl_put_strings(cl_writer *w, const char *const *texts, size_t count);

#endif
