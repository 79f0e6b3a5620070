/* uploads.h - uploads of files and skills, inside of the room: the work behind skill.h of the interface. */
#ifndef CL_API_UPLOADS_H
#define CL_API_UPLOADS_H

#include <claude/skill.h>

#include "api/api.h"

enum {
    CL_FILE_NAME_MAX = 255, /* characters */
    CL_DISPLAY_NAME_MAX = 255,
    CL_SKILL_FILES_MAX = 1000,
};
#define CL_FILE_SIZE_MAX ((uint64_t)500 << 20)
#define CL_SKILL_SIZE_MAX ((uint64_t)30 << 20)

/* A file of a skill, and its path in it. */
typedef struct cl_skill_file {
    claude_file_t *file;
    const char *name;
} cl_skill_file;

/* skill.c; same meaning as in skill.h. */
claude_code_t cl_file_upload_request(claude_file_t *file, claude_request_t **out, cl_err *err);
claude_code_t cl_file_download_request(const char *file_id, claude_request_t **out, cl_err *err);
claude_code_t cl_skill_add_files(claude_request_t *request, const cl_skill_file *files, size_t count, cl_err *err);
/* Without files. */
claude_code_t cl_skill_new(const char *display_name, claude_request_t **out, cl_err *err);
claude_code_t cl_skill_create(const char *display_name, const cl_skill_file *files, size_t count,
                              claude_request_t **out, cl_err *err);
claude_code_t cl_count_tokens_request(const claude_request_t *request, claude_request_t **out, cl_err *err);

/* skill_directory.c */
claude_code_t cl_skill_add_directory(claude_request_t *request, const char *path, cl_err *err);
claude_code_t cl_skill_from_directory(const char *path, const char *display_name, claude_request_t **out, cl_err *err);

#endif
