/* skill_directory.c - a skill of all files in and below a directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/uploads.h"

/* A skill that needs more is not one that was meant. */
enum { FOLDERS_MAX = 1000, PATH_SIZE_MAX = 4096 };

typedef struct walk {
    char *root;  /* the directory as the system knows it */
    size_t skip; /* what of a path is left out in the skill: all before the directory's own name */
    char **folders;
    size_t folder_count;
    cl_skill_file *files; /* the names are paths */
    size_t file_count;
} walk;

static claude_code_t fail_path(const char *path, const char *what, int number, cl_err *err)
{
    if (number == ENOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_IO, "%.300s: %s: %s (error %d)", path, what, cl_errno_text(number), number);
}

static claude_code_t add_folder(walk *w, char *path, cl_err *err)
{
    char **folders;

    if (w->folder_count == FOLDERS_MAX) {
        free(path);
        return cl_fail(err, CLAUDE_E_INVALID, "the skill has more than %d folders", FOLDERS_MAX);
    }
    folders = realloc(w->folders, (w->folder_count + 1) * sizeof *folders);
    if (!folders) {
        free(path);
        return cl_fail_nomem(err);
    }
    w->folders = folders;
    w->folders[w->folder_count++] = path;
    return CLAUDE_OK;
}

/* It must be the file that was found there: a link put in its place leads somewhere else. Takes over the path. */
static claude_code_t add_file(walk *w, char *path, const struct stat *st, cl_err *err)
{
    cl_skill_file *files = NULL;
    claude_file_t *file = NULL;
    claude_code_t rc;

    if (w->file_count == CL_SKILL_FILES_MAX)
        rc = cl_fail(err, CLAUDE_E_INVALID, "the skill has more than %d files", CL_SKILL_FILES_MAX);
    else
        rc = cl_file_open(path, &file, err);
    if (rc >= 0 && (file->device != st->st_dev || file->inode != st->st_ino))
        rc = cl_fail(err, CLAUDE_E_IO, "%.300s: another file was put in its place", path);
    if (rc >= 0 && !(files = realloc(w->files, (w->file_count + 1) * sizeof *files)))
        rc = cl_fail_nomem(err);
    if (rc < 0) {
        cl_file_unref(file);
        free(path);
        return rc;
    }
    w->files = files;
    w->files[w->file_count++] = (cl_skill_file){file, path};
    return CLAUDE_OK;
}

static claude_code_t add_entry(walk *w, int fd, const char *folder, const char *name, cl_err *err)
{
    struct stat st;
    char *path = NULL;
    claude_code_t rc;

    if (strlen(folder) + 1 + strlen(name) >= PATH_SIZE_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "a path in %.200s is longer than %d bytes", folder, PATH_SIZE_MAX);
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return cl_fail_nomem(err);
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        rc = fail_path(path, "cannot be looked at", errno, err);
    } else if (S_ISDIR(st.st_mode)) {
        return add_folder(w, path, err);
    } else if (S_ISREG(st.st_mode)) {
        return add_file(w, path, &st, err);
    } else {
        rc = cl_fail(err, CLAUDE_E_INVALID, "%.300s is %s; a skill has regular files only", path,
                     S_ISLNK(st.st_mode) ? "a symbolic link" : "a device, a pipe or a socket");
    }
    free(path);
    return rc;
}

static claude_code_t read_entries(walk *w, DIR *dir, const char *folder, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    while (rc >= 0) {
        const struct dirent *entry;
        errno = 0;
        entry = readdir(dir);
        if (!entry)
            return errno == 0 ? CLAUDE_OK : fail_path(folder, "cannot be read", errno, err);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = add_entry(w, dirfd(dir), folder, entry->d_name, err);
    }
    return rc;
}

static claude_code_t read_folder(walk *w, const char *folder, cl_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    claude_code_t rc;

    if (!dir) {
        rc = fail_path(folder, "cannot be opened as a directory", errno, err);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    rc = read_entries(w, dir, folder, err);
    closedir(dir);
    return rc;
}

static int compare(const void *left, const void *right)
{
    const cl_skill_file *a = left;
    const cl_skill_file *b = right;

    return strcmp(a->name, b->name);
}

static claude_code_t find_files(walk *w, const char *path, cl_err *err)
{
    claude_code_t rc;

    w->root = realpath(path, NULL);
    if (!w->root)
        return fail_path(path, "cannot be opened as a directory", errno, err);
    if (w->root[1] == '\0')
        return cl_fail(err, CLAUDE_E_INVALID, "the root of the file system is no skill");
    w->skip = (size_t)(strrchr(w->root, '/') - w->root) + 1;
    rc = read_folder(w, w->root, err);
    /* The list grows on the way. */
    for (size_t i = 0; i < w->folder_count && rc >= 0; i++)
        rc = read_folder(w, w->folders[i], err);
    if (w->file_count > 1)
        qsort(w->files, w->file_count, sizeof *w->files, compare);
    return rc;
}

static void free_walk(walk *w)
{
    for (size_t i = 0; i < w->file_count; i++) {
        cl_file_unref(w->files[i].file);
        free((char *)(uintptr_t)w->files[i].name);
    }
    for (size_t i = 0; i < w->folder_count; i++)
        free(w->folders[i]);
    free(w->files);
    free(w->folders);
    free(w->root);
}

static claude_code_t add_files(claude_request_t *request, const walk *w, cl_err *err)
{
    cl_skill_file *files = calloc(w->file_count + 1, sizeof *files);
    claude_code_t rc;

    if (!files)
        return cl_fail_nomem(err);
    for (size_t i = 0; i < w->file_count; i++)
        files[i] = (cl_skill_file){w->files[i].file, w->files[i].name + w->skip};
    rc = cl_skill_add_files(request, files, w->file_count, err);
    free(files);
    return rc;
}

claude_code_t cl_skill_add_directory(claude_request_t *request, const char *path, cl_err *err)
{
    walk w = {.root = NULL};
    claude_code_t rc = find_files(&w, path, err);

    if (rc >= 0)
        rc = add_files(request, &w, err);
    free_walk(&w);
    return rc;
}

claude_code_t cl_skill_from_directory(const char *path, const char *display_name, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    claude_code_t rc = cl_skill_new(display_name, &request, err);

    if (rc >= 0)
        rc = cl_skill_add_directory(request, path, err);
    if (rc < 0) {
        cl_request_unref(request);
        return rc;
    }
    *out = request;
    return CLAUDE_OK;
}
