/* files.h - the files whose tokens may stand in a text, found by them. */
#ifndef CL_MESSAGE_FILES_H
#define CL_MESSAGE_FILES_H

#include "base/base.h"

/* Begins as zeros. */
typedef struct cl_files {
    claude_file_t **items; /* sorted by their tokens */
    size_t count;
} cl_files;

void cl_files_free(cl_files *files);
/* Adds a reference; the same file twice counts once. */
claude_code_t cl_files_add(cl_files *files, claude_file_t *file, cl_err *err);
claude_code_t cl_files_add_all(cl_files *files, const cl_files *others, cl_err *err);
/* The file whose token is the whole inside of a JSON string; NULL: none is. */
claude_file_t *cl_files_find(const cl_files *files, cl_str token);
/* Where in a JSON text, at or after `at`, the next token stands; text.len if there is none. */
size_t cl_files_next(const cl_files *files, cl_str text, size_t at, claude_file_t **file);

#endif
