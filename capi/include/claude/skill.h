/*
 * skill.h - requests that take more than a line to be made right: uploads of files and skills, downloads, tokens
 * counted before a message is sent. Lists, metadata and deleting are endpoints like any other ("files.list",
 * "skills.delete").
 */
#ifndef CLAUDE_SKILL_H
#define CLAUDE_SKILL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make the request that uploads a file. It is read while it is sent. A lifetime may be set with the form field
 * "expires_in_seconds".
 *
 * @param file  with a name of 1 to 255 characters, of at most 500 MB; the request keeps a reference
 * @param out   receives the request, for "files.upload"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_file_upload_request(claude_file_t *file, claude_request_t **out, claude_error_t **err);

/**
 * Make the request for the content of a file. Start it with CLAUDE_STREAM and read it with claude_call_read(), or take
 * its events CLAUDE_EVENT_BYTES; without that flag the whole content is the response's body, up to
 * `limit.message_bytes`. Only files that skills and code execution have made can be downloaded.
 *
 * @param file_id  of the file
 * @param out      receives the request, for "files.download"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_file_download_request(const char *file_id, claude_request_t **out,
                                                      claude_error_t **err);

/**
 * Make the request that creates a skill of files.
 *
 * @param display_name  at most 255 characters, NUL-terminated; NULL: none
 * @param files         the files; the request keeps references
 * @param names         their paths in the skill, as many, NUL-terminated: all in one top folder ("my-skill/SKILL.md"),
 *                      with / between, each once, none empty, "." or ".."; one is SKILL.md in the top folder
 * @param count         how many; 1 to 1,000, of 30 MB together
 * @param out           receives the request, for "skills.create"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_skill_create_request(const char *display_name, claude_file_t *const *files,
                                                     const char *const *names, size_t count, claude_request_t **out,
                                                     claude_error_t **err);

/**
 * Make the request that creates a skill of a directory: as claude_skill_create_request() with all files in and below
 * it, sorted, under the directory's own name. What is neither a regular file nor a directory is an error, symbolic
 * links too: nothing from elsewhere is sent.
 *
 * @param path          of the directory, NUL-terminated
 * @param display_name  at most 255 characters, NUL-terminated; NULL: none
 * @param out           receives the request, for "skills.create"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_IO (names the file), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_skill_from_directory(const char *path, const char *display_name, claude_request_t **out,
                                                     claude_error_t **err);

/**
 * Add the files of a directory to a request, as claude_skill_from_directory() does: for "skills.versions.create".
 *
 * @param path  of the directory, NUL-terminated
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_IO (names the file), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_skill_add_directory(claude_request_t *request, const char *path, claude_error_t **err);

/**
 * Make the request that counts the tokens of a message before it is sent: the answer has "input_tokens". Takes the
 * fields that counting knows, and the request's headers, options, beta names and files.
 *
 * @param request  for "messages.create"
 * @param out      receives the request, for "messages.count_tokens"; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_count_tokens_request(const claude_request_t *request, claude_request_t **out,
                                                     claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
