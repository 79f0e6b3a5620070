/*
 * body.h - what is sent: pieces of memory and of files, one after another. Immutable; a copy shares by count.
 *
 * Most bodies are slices of one blob and cost no allocation. Those with files are read through a reader, which holds
 * one block of a file at a time.
 */
#ifndef CL_BASE_BODY_H
#define CL_BASE_BODY_H

#include "base/blob.h"
#include "base/file.h"

/* Text, or a file as it is or in base64. */
typedef struct cl_piece {
    cl_str text; /* of the body's blob, or static */
    claude_file_t *file;
    bool base64;
} cl_piece;

typedef struct cl_pieces cl_pieces;

enum { CL_BODY_PARTS = 4 };
typedef struct cl_body {
    cl_blob *blob;    /* NULL: no text of its own */
    cl_pieces *files; /* NULL: everything is in `parts` */
    cl_str parts[CL_BODY_PARTS];
    size_t count; /* of the parts or pieces; 0: no body */
    size_t len;   /* of all */
} cl_body;

/* Takes over the reference. */
cl_body cl_body_of(cl_blob *blob);
/* Takes over the blob's reference, on failure too; adds references to the files. */
claude_code_t cl_body_of_pieces(cl_blob *blob, const cl_piece *pieces, size_t count, cl_body *out, cl_err *err);
cl_body cl_body_copy(const cl_body *body);
/* Puts static text at an offset of a body that has one part. */
void cl_body_splice(cl_body *body, size_t at, cl_str text);
/* The same with another text, which outlives it, in place of `old`: a slice of what the body's parts are. */
claude_code_t cl_body_replace(const cl_body *body, cl_str old, cl_str text, cl_body *out, cl_err *err);
void cl_body_free(cl_body *body);
/* Bytes that are not of files, and how many files there are. */
size_t cl_body_text_len(const cl_body *body, size_t *files);
/* Without files: copies at most `size` bytes from `offset`; returns how many. */
size_t cl_body_read(const cl_body *body, size_t offset, char *out, size_t size);

/* Reads any body from front to end. */
typedef struct cl_body_reader {
    size_t offset; /* in the body */
    size_t piece;  /* which one that is in */
    size_t start;  /* where that one begins */
    cl_file_reader file;
    char *block; /* of the file, before it is encoded */
    size_t block_start;
    size_t block_len;
} cl_body_reader;

#define CL_BODY_READER_INIT ((cl_body_reader){.file = CL_FILE_READER_INIT})

/* Reads at most `size` bytes; *got is 0 at the end. CLAUDE_E_IO: a file has changed or cannot be read. */
claude_code_t cl_body_reader_read(cl_body_reader *reader, const cl_body *body, char *out, size_t size, size_t *got,
                                  cl_err *err);
void cl_body_reader_seek(cl_body_reader *reader, size_t offset);
void cl_body_reader_free(cl_body_reader *reader);

#endif
