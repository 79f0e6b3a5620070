#include "auth/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_NAME "ANTHROPIC_API_KEY"
#define WORKSPACE_FILE "secret/-secrets.sh"

enum { KEY_FILE_MAX = 4096, WORKSPACE_FILE_MAX = 65536, PATH_LEN_MAX = 16384, VARIABLE_MAX = 256 };

/* A file with keys in it, read into memory that is wiped before it is freed. */
typedef struct key_text {
    char *ptr;
    size_t len;
    size_t size;
} key_text;

static void free_key_text(key_text *text)
{
    if (text->ptr)
        cl_wipe(text->ptr, text->size);
    free(text->ptr);
    *text = (key_text){NULL, 0, 0};
}

/* A key given where a path or a name belongs must not come back in the message. */
static const char *shown(const char *text)
{
    return cl_secret_suspected(cl_str_of(text)) ? "(hidden, it looks like a key)" : text;
}

/*
 * Symbolic links are followed, because container platforms mount secrets as links; what counts is the file behind.
 * O_NONBLOCK: opening a FIFO must not wait for a writer.
 */
static int open_file(const char *path)
{
    int fd;

    do
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* The file behind a descriptor must be one that only its owner, the user or root, can read. */
static claude_code_t check_file(int fd, const char *path, size_t limit, cl_err *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return cl_fail(err, CLAUDE_E_IO, "key file %.400s cannot be examined: %s (errno %d)", shown(path),
                       cl_errno_text(errno), errno);
    if (!S_ISREG(info.st_mode))
        return cl_fail(err, CLAUDE_E_INVALID, "key file %.400s is not a regular file", shown(path));
    if ((info.st_mode & 077) != 0)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "key file %.400s has mode %04o, so that other users may reach it; run: chmod 600 %.400s",
                       shown(path), (unsigned)(info.st_mode & 07777), shown(path));
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return cl_fail(err, CLAUDE_E_INVALID, "key file %.400s belongs to user %u, not to this process's user or root",
                       shown(path), (unsigned)info.st_uid);
    if ((uint64_t)info.st_size > limit)
        return cl_fail(err, CLAUDE_E_INVALID, "key file %.400s has %llu bytes; at most %zu are read", shown(path),
                       (unsigned long long)info.st_size, limit);
    return CLAUDE_OK;
}

/* Checks and reads what is behind `fd`, at most `limit` bytes. */
static claude_code_t read_file(int fd, const char *path, size_t limit, key_text *out, cl_err *err)
{
    key_text text = {NULL, 0, limit + 1};
    claude_code_t rc = check_file(fd, path, limit, err);

    if (rc < 0)
        goto out;
    text.ptr = malloc(text.size);
    if (!text.ptr) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    while (text.len < text.size) {
        ssize_t n = read(fd, text.ptr + text.len, text.size - text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = cl_fail(err, CLAUDE_E_IO, "key file %.400s cannot be read: %s (errno %d)", shown(path),
                         cl_errno_text(errno), errno);
            goto out;
        }
        if (n == 0)
            break;
        text.len += (size_t)n;
    }
    /* It may have grown since it was examined. */
    if (text.len > limit) {
        rc = cl_fail(err, CLAUDE_E_INVALID, "key file %.400s has more than %zu bytes", shown(path), limit);
        goto out;
    }
    *out = text;
    text.ptr = NULL;
out:
    free_key_text(&text);
    return rc;
}

/* The secret's own message, with the place it came from in front. */
static claude_code_t new_from(cl_str text, const char *place, const char *detail, const char *source,
                              claude_secret_t **out, cl_err *err)
{
    cl_err own;
    claude_code_t rc;

    cl_err_init(&own);
    rc = cl_secret_new(text, true, out, &own);
    if (rc < 0)
        rc = rc == CLAUDE_E_NOMEM ? cl_fail_nomem(err)
                                  : cl_fail(err, rc, "%s %.400s: %s", place, shown(detail), own.message);
    else
        cl_secret_set_source(*out, source);
    cl_err_clear(&own);
    return rc;
}

claude_code_t cl_secret_from_file(const char *path, claude_secret_t **out, cl_err *err)
{
    key_text text = {NULL, 0, 0};
    claude_code_t rc = CLAUDE_OK;
    int fd = -1;

    if (!path || !*path) {
        rc = cl_fail(err, CLAUDE_E_INVALID, "path of the key file is %s", path ? "empty" : "NULL");
        goto out;
    }
    fd = open_file(path);
    if (fd < 0) {
        rc = cl_fail(err, CLAUDE_E_IO, "key file %.400s cannot be opened: %s (errno %d)", shown(path),
                     cl_errno_text(errno), errno);
        goto out;
    }
    rc = read_file(fd, path, KEY_FILE_MAX, &text, err);
    if (rc < 0)
        goto out;
    if (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    rc = new_from(cl_str_n(text.ptr, text.len), "key file", path, "file", out, err);
out:
    if (fd >= 0)
        (void)close(fd);
    free_key_text(&text);
    return rc;
}

const char *cl_env_value(const char *name)
{
    const char *value = getenv(name);

    return value && value[strspn(value, " \t\r\n")] != '\0' ? value : NULL;
}

static claude_code_t check_name(const char **name, cl_err *err)
{
    size_t len;

    if (!*name)
        *name = DEFAULT_NAME;
    len = strlen(*name);
    for (size_t i = 0; i < len; i++) {
        char c = (*name)[i];
        if (c != '_' && !(i > 0 ? cl_ascii_is_alnum(c) : cl_ascii_is_alnum(c) && !cl_ascii_is_digit(c)))
            return cl_fail(err, CLAUDE_E_INVALID,
                           "name of the variable has a character that is not allowed at offset %zu; letters, digits "
                           "and _ are",
                           i);
    }
    if (len == 0 || len > VARIABLE_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "name of the variable must have 1 to %d characters", VARIABLE_MAX);
    return CLAUDE_OK;
}

claude_code_t cl_secret_from_env(const char *name, claude_secret_t **out, cl_err *err)
{
    claude_code_t rc = check_name(&name, err);
    const char *value;

    if (rc < 0)
        return rc;
    value = cl_env_value(name);
    if (!value)
        return cl_fail(err, CLAUDE_E_NO_KEY, "environment variable %s is unset or blank", name);
    return new_from(cl_str_of(value), "environment variable", name, "environment", out, err);
}

/* ---- the workspace's file: assignments of a shell script, understood without a shell ---- */

typedef struct shell_text {
    const char *p;
    const char *end;
    size_t line;
    const char *path;
} shell_text;

/* strchr() would find the NUL of the set. */
static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* White space inside a line; CR, because files come from Windows. */
static void skip_blanks(shell_text *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\r'))
        in->p++;
}

static void skip_line(shell_text *in)
{
    while (in->p < in->end && *in->p != '\n')
        in->p++;
    if (in->p < in->end)
        in->p++;
    in->line++;
}

/* Reads `[export] NAME=`; false if the line does not begin so. */
static bool read_assignment(shell_text *in, cl_str *name)
{
    static const char keyword[] = "export";
    const char *start;

    skip_blanks(in);
    if (cl_str_starts(cl_str_n(in->p, (size_t)(in->end - in->p)), CL_STR("export"))) {
        const char *after = in->p + sizeof keyword - 1;
        if (after < in->end && (*after == ' ' || *after == '\t')) {
            in->p = after;
            skip_blanks(in);
        }
    }
    start = in->p;
    while (in->p < in->end && (cl_ascii_is_alnum(*in->p) || *in->p == '_'))
        in->p++;
    *name = cl_str_n(start, (size_t)(in->p - start));
    if (name->len == 0 || in->p == in->end || *in->p != '=')
        return false;
    in->p++;
    return true;
}

static claude_code_t fail_line(const shell_text *in, size_t line, const char *what, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_INVALID, "%.400s line %zu: %s", in->path, line, what);
}

/* The first thing that is wrong explains the rest. */
static void blame(const char **trouble, const char *what)
{
    if (!*trouble)
        *trouble = what;
}

/*
 * Reads a quoted value up to its closing quote. It may span lines, as other entries (certificates) do; `*trouble` tells
 * why its text is not what a shell would see.
 */
static claude_code_t read_quoted(shell_text *in, cl_str *value, const char **trouble, cl_err *err)
{
    char quote = *in->p++;
    const char *start = in->p;
    size_t line = in->line;

    for (; in->p < in->end && *in->p != quote; in->p++) {
        if (*in->p == '\n') {
            in->line++;
            blame(trouble, "the value spans lines: a closing quote is missing");
        }
        if (quote == '\'')
            continue;
        if (*in->p == '`' || *in->p == '$')
            blame(trouble, "the value has a command substitution or expansion; write the key itself");
        if (*in->p == '\\') {
            blame(trouble, "the value has a backslash; write the key itself");
            if (in->p + 1 < in->end && in->p[1] != '\n')
                in->p++;
        }
    }
    if (in->p >= in->end)
        return fail_line(in, line, "a closing quote is missing", err);
    *value = cl_str_n(start, (size_t)(in->p - start));
    in->p++;
    return CLAUDE_OK;
}

static void read_bare(shell_text *in, cl_str *value, const char **trouble)
{
    const char *start = in->p;

    while (in->p < in->end && !is_one_of(*in->p, " \t\r\n;")) {
        if (*in->p == '`' || *in->p == '$')
            blame(trouble, "the value has a command substitution or expansion; write the key itself");
        else if (is_one_of(*in->p, "\\\"'()<>|&"))
            blame(trouble, "the value has quotes or operators of the shell; write NAME=\"value\"");
        in->p++;
    }
    *value = cl_str_n(start, (size_t)(in->p - start));
}

/* Reads a value; `*trouble` tells why it is not one that can be understood without a shell. */
static claude_code_t read_value(shell_text *in, cl_str *value, const char **trouble, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;
    bool quoted = in->p < in->end && (*in->p == '"' || *in->p == '\'');

    if (quoted)
        rc = read_quoted(in, value, trouble, err);
    else
        read_bare(in, value, trouble);
    if (rc < 0)
        return rc;
    if (in->p < in->end && !is_one_of(*in->p, " \t\r\n;"))
        blame(trouble, "text follows the closing quote");
    skip_blanks(in);
    if (in->p < in->end && !is_one_of(*in->p, "\n;#"))
        blame(trouble, "text follows the value");
    return CLAUDE_OK;
}

/* Finds the last assignment of `name`, as a shell would see it. `out->ptr` stays NULL if there is none. */
static claude_code_t find_entry(shell_text *in, const char *name, cl_str *out, size_t *line, cl_err *err)
{
    cl_str found = {NULL, 0};

    if (cl_str_starts(cl_str_n(in->p, (size_t)(in->end - in->p)), CL_STR("\xef\xbb\xbf")))
        in->p += 3;
    while (in->p < in->end) {
        const char *trouble = NULL;
        size_t start = in->line;
        cl_str value = {NULL, 0};
        cl_str key;
        claude_code_t rc = CLAUDE_OK;
        bool assignment = read_assignment(in, &key);
        if (assignment)
            rc = read_value(in, &value, &trouble, err);
        if (rc < 0)
            return rc;
        if (assignment && cl_str_eq(key, cl_str_of(name))) {
            if (trouble)
                return fail_line(in, start, trouble, err);
            found = value;
            *line = start;
        }
        if (assignment && in->p < in->end && *in->p == ';')
            in->p++;
        else
            skip_line(in);
    }
    *out = found;
    return CLAUDE_OK;
}

/* Whether there is a file, or may be one that cannot be seen. CL_BUF_* */
static int exists(const cl_buf *dir, const char *name, bool *found)
{
    cl_buf path = CL_BUF_INIT(PATH_LEN_MAX);
    struct stat info;
    int rc = cl_buf_append_str(&path, cl_buf_str(dir));

    if (rc == CL_BUF_OK)
        rc = cl_buf_append_char(&path, '/');
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(&path, name);
    if (rc == CL_BUF_OK)
        *found = lstat(path.ptr, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
    cl_buf_free(&path);
    return rc;
}

/* Walks from a directory upwards to the nearest one that has the file or a .git. The file system's root is "". */
static int climb(cl_buf *dir, bool *found)
{
    int rc = CL_BUF_OK;

    *found = false;
    if (dir->len == 1)
        cl_buf_clear(dir);
    for (;;) {
        const char *slash;
        rc = exists(dir, WORKSPACE_FILE, found);
        if (rc == CL_BUF_OK && !*found)
            rc = exists(dir, ".git", found);
        slash = dir->len > 0 ? memrchr(dir->ptr, '/', dir->len) : NULL;
        if (rc != CL_BUF_OK || *found || !slash)
            return rc;
        dir->len = (size_t)(slash - dir->ptr);
        dir->ptr[dir->len] = '\0';
    }
}

static int find_root(cl_buf *root, cl_buf *tried, bool *found)
{
    char *cwd = getcwd(NULL, 0);
    int rc = CL_BUF_OK;

    *found = false;
    if (!cwd)
        return errno == ENOMEM ? CL_BUF_NOMEM
                               : cl_buf_append_text(tried, "; the working directory cannot be determined");
    rc = cl_buf_append_text(root, cwd);
    if (rc == CL_BUF_OK)
        rc = climb(root, found);
    if (rc == CL_BUF_OK && !*found) {
        rc = cl_buf_append_text(tried, "; no " WORKSPACE_FILE " and no .git in ");
        if (rc == CL_BUF_OK)
            rc = cl_buf_append(tried, cwd, strnlen(cwd, 300));
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_text(tried, " and the directories above it");
    }
    free(cwd);
    return rc;
}

static claude_code_t workspace_path(cl_buf *path, cl_buf *tried, bool *found, cl_err *err)
{
    const char *root = cl_env_value("WORKSPACE_PATH");
    int rc;

    if (root) {
        rc = cl_buf_append_text(path, root);
        *found = true;
    } else {
        rc = cl_buf_append_text(tried, "; WORKSPACE_PATH is not set");
        if (rc == CL_BUF_OK)
            rc = find_root(path, tried, found);
    }
    if (rc == CL_BUF_OK && *found)
        rc = cl_buf_append_text(path, "/" WORKSPACE_FILE);
    if (rc == CL_BUF_FULL)
        return cl_fail(err, CLAUDE_E_INVALID, "path of the workspace is longer than %d bytes", PATH_LEN_MAX);
    return rc == CL_BUF_OK ? CLAUDE_OK : cl_fail_nomem(err);
}

/* Adds "; PATH why" to the list of places looked at. */
static claude_code_t note_path(cl_buf *tried, const char *path, const char *why, const char *name, cl_err *err)
{
    int rc = cl_buf_append_text(tried, "; ");

    path = shown(path);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append(tried, path, strnlen(path, 400));
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(tried, why);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(tried, name);
    return rc == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, rc, "list of the places looked at");
}

/* Reads the entry from the file; `*out` stays NULL, and `tried` tells why, if the file or the entry is missing. */
static claude_code_t from_workspace_file(const char *path, const char *name, cl_buf *tried, claude_secret_t **out,
                                         cl_err *err)
{
    key_text text = {NULL, 0, 0};
    shell_text in = {.line = 1, .path = shown(path)};
    cl_str value = {NULL, 0};
    cl_err own;
    size_t line = 0;
    claude_code_t rc;
    int fd = open_file(path);

    cl_err_init(&own);
    if (fd < 0) {
        rc = note_path(tried, path, " cannot be opened: ", cl_errno_text(errno), err);
        goto out;
    }
    rc = read_file(fd, path, WORKSPACE_FILE_MAX, &text, err);
    if (rc < 0)
        goto out;
    in.p = text.ptr;
    in.end = text.ptr + text.len;
    rc = find_entry(&in, name, &value, &line, err);
    if (rc < 0)
        goto out;
    if (value.len == 0) {
        rc = note_path(tried, path, value.ptr ? " has no value for " : " has no entry ", name, err);
        goto out;
    }
    rc = cl_secret_new(value, true, out, &own);
    if (rc < 0)
        rc = rc == CLAUDE_E_NOMEM ? cl_fail_nomem(err) : fail_line(&in, line, own.message, err);
    else
        cl_secret_set_source(*out, "workspace");
out:
    if (fd >= 0)
        (void)close(fd);
    free_key_text(&text);
    cl_err_clear(&own);
    return rc;
}

/* The workspace's file, then the environment; *out stays NULL, and `tried` tells of both, if neither has it. */
static claude_code_t look_for(const char *name, cl_buf *tried, claude_secret_t **out, cl_err *err)
{
    cl_buf path = CL_BUF_INIT(PATH_LEN_MAX);
    const char *value;
    bool found = false;
    claude_code_t rc = workspace_path(&path, tried, &found, err);

    if (rc >= 0 && found)
        rc = from_workspace_file(path.ptr, name, tried, out, err);
    cl_buf_free(&path);
    if (rc < 0 || *out)
        return rc;
    value = cl_env_value(name);
    return value ? new_from(cl_str_of(value), "environment variable", name, "environment", out, err) : CLAUDE_OK;
}

static claude_code_t no_key(const char *name, const cl_buf *tried, const char *more, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_NO_KEY, "no API key found: environment variable %s is unset or blank%s%s", name,
                   tried->ptr ? tried->ptr : "", more);
}

claude_code_t cl_secret_from_workspace(const char *name, claude_secret_t **out, cl_err *err)
{
    cl_buf tried = CL_BUF_INIT(4096);
    claude_secret_t *secret = NULL;
    claude_code_t rc = check_name(&name, err);

    if (rc >= 0)
        rc = look_for(name, &tried, &secret, err);
    if (rc >= 0 && !secret)
        rc = no_key(name, &tried, "", err);
    cl_buf_free(&tried);
    if (rc >= 0)
        *out = secret;
    return rc;
}

claude_code_t cl_secret_load_with_precedence(const char *name, claude_secret_t *runtime, claude_secret_t **out,
                                             cl_err *err)
{
    cl_buf tried = CL_BUF_INIT(4096);
    claude_secret_t *secret = NULL;
    claude_code_t rc = check_name(&name, err);

    if (rc >= 0)
        rc = look_for(name, &tried, &secret, err);
    if (rc >= 0 && !secret)
        secret = cl_secret_ref(runtime);
    if (rc >= 0 && !secret)
        rc = no_key(name, &tried, "; the program gave none", err);
    cl_buf_free(&tried);
    if (rc >= 0)
        *out = secret;
    return rc;
}
