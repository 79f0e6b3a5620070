#include <claude/skill.h>

#include <stdlib.h>

#include "api/uploads.h"
#include "border.h"

claude_code_t claude_file_upload_request(claude_file_t *file, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, file, CL_MAGIC_FILE, "file") && border_pointer(&b, out, "out"))
        rc = cl_file_upload_request(file, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_file_download_request(const char *file_id, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, file_id, "file_id") && border_pointer(&b, out, "out"))
        rc = cl_file_download_request(file_id, out, &b.err);
    return border_leave(&b, rc, err);
}

static bool check_files(border *b, claude_file_t *const *files, const char *const *names, size_t count)
{
    if (!border_pointer(b, files, "files") || !border_pointer(b, names, "names"))
        return false;
    for (size_t i = 0; i < count && i <= CL_SKILL_FILES_MAX; i++) {
        if (!border_handle(b, files[i], CL_MAGIC_FILE, "a file of the skill") ||
            !border_pointer(b, names[i], "a name of the skill's files"))
            return false;
    }
    return true;
}

static claude_code_t create(const char *display_name, claude_file_t *const *files, const char *const *names,
                            size_t count, claude_request_t **out, cl_err *err)
{
    /* More than the limit need not be looked at to be refused. */
    size_t room = count <= CL_SKILL_FILES_MAX ? count : CL_SKILL_FILES_MAX + 1;
    cl_skill_file *list = calloc(room + 1, sizeof *list);
    claude_code_t rc;

    if (!list)
        return cl_fail_nomem(err);
    for (size_t i = 0; i < room; i++)
        list[i] = (cl_skill_file){files[i], names[i]};
    rc = cl_skill_create(display_name, list, room, out, err);
    free(list);
    return rc;
}

claude_code_t claude_skill_create_request(const char *display_name, claude_file_t *const *files,
                                          const char *const *names, size_t count, claude_request_t **out,
                                          claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check_files(&b, files, names, count) && border_pointer(&b, out, "out"))
        rc = create(display_name, files, names, count, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_skill_from_directory(const char *path, const char *display_name, claude_request_t **out,
                                          claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, path, "path") && border_pointer(&b, out, "out"))
        rc = cl_skill_from_directory(path, display_name, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_skill_add_directory(claude_request_t *request, const char *path, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_pointer(&b, path, "path"))
        rc = cl_skill_add_directory(request, path, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_COUNT_TOKENS

claude_code_t claude_count_tokens_request(const claude_request_t *request, claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_pointer(&b, out, "out"))
        rc = cl_count_tokens_request(request, out, &b.err);
    return border_leave(&b, rc, err);
}

#endif
