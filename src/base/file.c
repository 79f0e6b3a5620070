#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- media types ---- */

typedef struct media_row {
    const char *type;
    const char *head; /* first bytes */
    size_t head_len;
} media_row;

#define HEAD(type, text)                                                                                               \
    {                                                                                                                  \
        type, text, sizeof(text) - 1                                                                                   \
    }

static const media_row heads[] = {
    HEAD("image/jpeg", "\xff\xd8\xff"),    HEAD("image/png", "\x89PNG\r\n\x1a\n"),
    HEAD("image/gif", "GIF87a"),           HEAD("image/gif", "GIF89a"),
    HEAD("application/pdf", "%PDF-"),      HEAD("application/zip", "PK\x03\x04"),
    HEAD("application/zip", "PK\x05\x06"),
};

static const char *const extensions[][2] = {
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"pdf", "application/pdf"},
    {"txt", "text/plain"},
    {"md", "text/markdown"},
    {"html", "text/html"},
    {"csv", "text/csv"},
    {"xml", "text/xml"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"zip", "application/zip"},
    {"py", "text/x-python"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
};

const char *cl_media_sniff(cl_str bytes)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (cl_str_starts(bytes, cl_str_n(heads[i].head, heads[i].head_len)))
            return heads[i].type;
    }
    if (bytes.len >= 12 && memcmp(bytes.ptr, "RIFF", 4) == 0 && memcmp(bytes.ptr + 8, "WEBP", 4) == 0)
        return "image/webp";
    return NULL;
}

const char *cl_media_of_name(const char *name)
{
    const char *dot = name ? strrchr(name, '.') : NULL;

    for (size_t i = 0; dot && i < sizeof extensions / sizeof extensions[0]; i++) {
        if (cl_str_eq_nocase(cl_str_of(dot + 1), cl_str_of(extensions[i][0])))
            return extensions[i][1];
    }
    return NULL;
}

/* ---- files ---- */

const char *cl_errno_text(int number)
{
    switch (number) {
    case ENOENT:
        return "it does not exist";
    case ENOTDIR:
        return "a part of the path is not a directory";
    case EACCES:
    case EPERM:
        return "permission denied";
    case ELOOP:
        return "too many symbolic links";
    case ENAMETOOLONG:
        return "the path is too long";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    default:
        return "the system refused";
    }
}

static claude_code_t fail_file(cl_err *err, const char *path, const char *what, int number)
{
    if (number == ENOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_IO, "file %.300s: %s: %s (error %d)", path, what, cl_errno_text(number), number);
}

bool cl_unique_text(char out[CL_UNIQUE_LEN + 1])
{
    unsigned char noise[CL_UNIQUE_LEN / 2];

    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        return false;
    for (size_t i = 0; i < sizeof noise; i++)
        snprintf(out + 2 * i, 3, "%02x", noise[i]);
    return true;
}

/* A token that stands in another request's text by chance must not be taken for this file. */
static bool make_token(claude_file_t *file)
{
    memcpy(file->token, "claude-file:", 12);
    return cl_unique_text(file->token + 12);
}

static void file_free(claude_file_t *file)
{
    if (!file)
        return;
    free(file->path);
    free(file->name);
    cl_blob_unref(file->blob);
    free(file);
}

static claude_file_t *file_new(const char *name, cl_err *err)
{
    claude_file_t *file = calloc(1, sizeof *file);

    if (!file || !(file->name = strdup(name))) {
        file_free(file);
        cl_fail_nomem(err);
        return NULL;
    }
    cl_handle_init(&file->handle, CL_MAGIC_FILE);
    if (!make_token(file)) {
        file_free(file);
        cl_fail(err, CLAUDE_E_IO, "the system gives no random numbers");
        return NULL;
    }
    return file;
}

static void judge_type(claude_file_t *file, cl_str head)
{
    const char *by_name = cl_media_of_name(file->name);

    file->sniffed = cl_media_sniff(head);
    /* A docx is a zip: the name says more. */
    if (by_name && (!file->sniffed || strcmp(file->sniffed, "application/zip") == 0))
        file->media_type = by_name;
    else
        file->media_type = file->sniffed ? file->sniffed : "application/octet-stream";
}

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Without waiting for a writer, should it be a pipe. */
static claude_code_t open_regular(const char *path, int *fd, struct stat *st, cl_err *err)
{
    int number;

    do
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return fail_file(err, path, "cannot be opened", errno);
    if (fstat(*fd, st) != 0) {
        number = errno;
        close(*fd);
        return fail_file(err, path, "cannot be looked at", number);
    }
    if (S_ISREG(st->st_mode))
        return CLAUDE_OK;
    close(*fd);
    return cl_fail(err, CLAUDE_E_IO, "file %.300s is %s; only regular files can be sent", path,
                   S_ISDIR(st->st_mode) ? "a directory" : "a device or a pipe");
}

/* Reads what there is, up to `len`; negative: errno is set. */
static ssize_t read_at(int fd, void *out, size_t len, uint64_t offset)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, (char *)out + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

claude_code_t cl_file_open(const char *path, claude_file_t **out, cl_err *err)
{
    const char *slash = strrchr(path, '/');
    claude_file_t *file = file_new(slash ? slash + 1 : path, err);
    char head[CL_FILE_HEAD];
    struct stat st;
    ssize_t got;
    int fd = -1;
    claude_code_t rc;

    if (!file)
        return err ? err->code : CLAUDE_E_NOMEM;
    rc = (file->path = strdup(path)) ? open_regular(path, &fd, &st, err) : cl_fail_nomem(err);
    if (rc < 0) {
        file_free(file);
        return rc;
    }
    got = read_at(fd, head, sizeof head, 0);
    if (got < 0)
        rc = fail_file(err, path, "cannot be read", errno);
    close(fd);
    if (rc < 0) {
        file_free(file);
        return rc;
    }
    file->size = (uint64_t)st.st_size;
    file->device = st.st_dev;
    file->inode = st.st_ino;
    file->mtime_ns = mtime_ns(&st);
    judge_type(file, cl_str_n(head, (size_t)got));
    *out = file;
    return CLAUDE_OK;
}

claude_code_t cl_file_from_bytes(cl_str bytes, const char *name, claude_file_t **out, cl_err *err)
{
    claude_file_t *file = file_new(name ? name : "", err);

    if (!file)
        return err ? err->code : CLAUDE_E_NOMEM;
    file->blob = cl_blob_new(bytes);
    if (!file->blob) {
        file_free(file);
        return cl_fail_nomem(err);
    }
    file->size = bytes.len;
    judge_type(file, bytes);
    *out = file;
    return CLAUDE_OK;
}

claude_code_t cl_file_of_lines(const claude_file_t *file, claude_file_t **out, cl_err *err)
{
    claude_file_t *lines = file_new(file->name, err);

    if (!lines)
        return err ? err->code : CLAUDE_E_NOMEM;
    if (file->path && !(lines->path = strdup(file->path))) {
        file_free(lines);
        return cl_fail_nomem(err);
    }
    lines->blob = cl_blob_ref(file->blob);
    lines->media_type = file->media_type;
    lines->sniffed = file->sniffed;
    lines->size = file->size;
    lines->lines = true;
    lines->device = file->device;
    lines->inode = file->inode;
    lines->mtime_ns = file->mtime_ns;
    *out = lines;
    return CLAUDE_OK;
}

claude_file_t *cl_file_ref(claude_file_t *file)
{
    if (file)
        cl_handle_ref(&file->handle);
    return file;
}

void cl_file_unref(claude_file_t *file)
{
    if (file && cl_handle_unref(&file->handle))
        file_free(file);
}

/* ---- reading ---- */

static claude_code_t check_same(const claude_file_t *file, const struct stat *st, cl_err *err)
{
    const char *what = NULL;

    if (st->st_dev != file->device || st->st_ino != file->inode)
        what = "another file is in its place";
    else if ((uint64_t)st->st_size != file->size)
        what = "its size has changed";
    else if (mtime_ns(st) != file->mtime_ns)
        what = "it was written to";
    if (!what)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_IO, "file %.300s: %s since the request was made; make the request anew", file->path,
                   what);
}

claude_code_t cl_file_reader_open(cl_file_reader *reader, const claude_file_t *file, cl_err *err)
{
    struct stat st;
    claude_code_t rc;

    cl_file_reader_close(reader);
    reader->file = file;
    if (file->blob)
        return CLAUDE_OK;
    rc = open_regular(file->path, &reader->fd, &st, err);
    if (rc < 0) {
        reader->fd = -1;
        reader->file = NULL;
        return rc;
    }
    rc = check_same(file, &st, err);
    if (rc < 0)
        cl_file_reader_close(reader);
    return rc;
}

claude_code_t cl_file_reader_read(cl_file_reader *reader, uint64_t offset, void *out, size_t len, cl_err *err)
{
    const claude_file_t *file = reader->file;
    struct stat st;
    ssize_t got;

    if (file->blob) {
        memcpy(out, file->blob->bytes + offset, len);
        return CLAUDE_OK;
    }
    got = read_at(reader->fd, out, len, offset);
    if (got < 0)
        return fail_file(err, file->path, "cannot be read", errno);
    if ((size_t)got < len)
        return cl_fail(err, CLAUDE_E_IO, "file %.300s: its size has changed while it was sent", file->path);
    if (offset + len < file->size)
        return CLAUDE_OK;
    if (fstat(reader->fd, &st) != 0)
        return fail_file(err, file->path, "cannot be looked at", errno);
    return check_same(file, &st, err);
}

void cl_file_reader_close(cl_file_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
    reader->file = NULL;
}
