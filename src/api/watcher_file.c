#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/watcher.h"

enum { BLOCK = 8192 };

static claude_code_t fail_file(const char *path, const char *what, int number, cl_err *err)
{
    if (number == ENOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_IO, "configuration file %.300s: %s: %s (error %d)", path, what, cl_errno_text(number),
                   number);
}

static claude_code_t fail_size(const char *path, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_TOO_LARGE, "configuration file %.300s has more than %d bytes", path,
                   CL_WATCHER_FILE_MAX);
}

static claude_code_t check_file(int fd, const char *path, cl_err *err)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return fail_file(path, "cannot be looked at", errno, err);
    if (!S_ISREG(status.st_mode))
        return cl_fail(err, CLAUDE_E_IO, "configuration file %.300s: it is no regular file", path);
    return status.st_size > CL_WATCHER_FILE_MAX ? fail_size(path, err) : CLAUDE_OK;
}

/* To the end, which may be elsewhere than the size has said: somebody may be writing. */
static claude_code_t read_all(int fd, const char *path, cl_buf *out, cl_err *err)
{
    char block[BLOCK];
    ssize_t got;
    int rc;

    for (;;) {
        got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_file(path, "cannot be read", errno, err);
        if (got == 0)
            return CLAUDE_OK;
        rc = cl_buf_append(out, block, (size_t)got);
        if (rc != CL_BUF_OK)
            return rc == CL_BUF_FULL ? fail_size(path, err) : cl_fail_nomem(err);
    }
}

claude_code_t cl_watcher_read(const char *path, cl_buf *out, cl_err *err)
{
    claude_code_t rc;
    int fd;

    do {
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fail_file(path, "cannot be opened", errno, err);
    rc = check_file(fd, path, err);
    if (rc >= 0)
        rc = read_all(fd, path, out, err);
    close(fd);
    return rc;
}
