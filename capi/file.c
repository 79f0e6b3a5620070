#include <claude/file.h>

#include <errno.h>

#include "border.h"

static const claude_file_t *file_of(const claude_file_t *file)
{
    return cl_is(file, CL_MAGIC_FILE) ? file : NULL;
}

claude_code_t claude_file_open(const char *path, claude_file_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, path, "path") && border_pointer(&b, out, "out"))
        rc = path[0] ? cl_file_open(path, out, &b.err)
                     : cl_fail(&b.err, CLAUDE_E_INVALID, "path is empty; it must name a file");
    return border_leave(&b, rc, err);
}

claude_code_t claude_file_from_bytes(const void *bytes, size_t len, const char *name, claude_file_t **out,
                                     claude_error_t **err)
{
    border b;
    cl_str content;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (len == CLAUDE_NTS)
        cl_fail(&b.err, CLAUDE_E_INVALID, "len must be a number of bytes: CLAUDE_NTS is for text");
    else if (border_text(&b, bytes, len, "bytes", &content) && border_pointer(&b, out, "out"))
        rc = cl_file_from_bytes(content, name, out, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_file_token(const claude_file_t *file)
{
    return file_of(file) ? file->token : "";
}

const char *claude_file_name(const claude_file_t *file)
{
    return file_of(file) ? file->name : "";
}

const char *claude_file_media_type(const claude_file_t *file)
{
    return file_of(file) ? file->media_type : "application/octet-stream";
}

uint64_t claude_file_size(const claude_file_t *file)
{
    return file_of(file) ? file->size : 0;
}

claude_file_t *claude_file_ref(claude_file_t *file)
{
    return file_of(file) ? cl_file_ref(file) : file;
}

void claude_file_unref(claude_file_t *file)
{
    int saved = errno;

    if (file_of(file))
        cl_file_unref(file);
    errno = saved;
}
