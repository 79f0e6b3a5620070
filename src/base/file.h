/*
 * file.h - a file to be sent: named by a path, or bytes in memory. Its content is read while it is sent, in blocks.
 *
 * In a JSON body a file is stood for by its token, a string that is unique to the file: wherever it is the value of a
 * string, the content in base64 is sent in its place.
 */
#ifndef CL_BASE_FILE_H
#define CL_BASE_FILE_H

#include <sys/types.h>

#include "base/blob.h"
#include "base/err.h"
#include "base/handle.h"

/* "claude-file:" and 32 hexadecimal digits. */
enum { CL_FILE_TOKEN_LEN = 12 + 32, CL_FILE_HEAD = 512 };

struct claude_file {
    cl_handle handle;
    char token[CL_FILE_TOKEN_LEN + 1];
    char *path;    /* NULL: in memory */
    cl_blob *blob; /* the bytes, of a file in memory */
    char *name;    /* last part of the path, or as given; may be "" */
    const char
        *media_type;     /* static: by the first bytes, else by the name; "application/octet-stream" if neither tells */
    const char *sniffed; /* static: by the first bytes alone; NULL: they do not tell */
    uint64_t size;
    bool lines; /* see cl_file_of_lines() */
    /* What it was when it was opened: something else must not be sent in its place. */
    dev_t device;
    ino_t inode;
    int64_t mtime_ns;
};

enum { CL_UNIQUE_LEN = 32 };
/* Hexadecimal digits that nobody else has, and a NUL. False: the system gives no random numbers. */
bool cl_unique_text(char out[CL_UNIQUE_LEN + 1]);
/* Why the system refused a file; static. strerror() obeys the locale and is not thread-safe everywhere. */
const char *cl_errno_text(int number);
/* Looks at a regular file and closes it again. CLAUDE_E_IO: it cannot be opened or is no regular file, and why. */
claude_code_t cl_file_open(const char *path, claude_file_t **out, cl_err *err);
/* Copies the bytes; `name` may be NULL. */
claude_code_t cl_file_from_bytes(cl_str bytes, const char *name, claude_file_t **out, cl_err *err);
/*
 * The same file with a token of its own, for lines that are JSON objects: they are sent as the elements of an array, in
 * place of the token and of the quotes around it. Each line but the first is known to begin with a brace.
 */
claude_code_t cl_file_of_lines(const claude_file_t *file, claude_file_t **out, cl_err *err);
claude_file_t *cl_file_ref(claude_file_t *file);
void cl_file_unref(claude_file_t *file);

/* Media type by the first bytes: image/jpeg, image/png, image/gif, image/webp, application/pdf, application/zip; NULL:
 * none of these. Static. */
const char *cl_media_sniff(cl_str bytes);
/* By a name's extension; NULL: unknown. Static. */
const char *cl_media_of_name(const char *name);

/* Reads a file while it is sent. Begins as CL_FILE_READER_INIT. */
typedef struct cl_file_reader {
    const claude_file_t *file;
    int fd;
} cl_file_reader;

#define CL_FILE_READER_INIT ((cl_file_reader){NULL, -1})

/* Opens it, and checks that it is what it was. CLAUDE_E_IO */
claude_code_t cl_file_reader_open(cl_file_reader *reader, const claude_file_t *file, cl_err *err);
/* Reads exactly `len` bytes at `offset`; with the last byte of the file it is checked again. CLAUDE_E_IO */
claude_code_t cl_file_reader_read(cl_file_reader *reader, uint64_t offset, void *out, size_t len, cl_err *err);
void cl_file_reader_close(cl_file_reader *reader);

#endif
