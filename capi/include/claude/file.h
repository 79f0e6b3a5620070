/*
 * file.h - a file to be sent: named by a path, or bytes in memory.
 *
 * A file that a path names is not held in memory: it is looked at when it is opened, and read in blocks while it is
 * sent. If it has changed in between (size, time of modification, another file in its place), the call fails with
 * CLAUDE_E_IO.
 */
#ifndef CLAUDE_FILE_H
#define CLAUDE_FILE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Look at a file that is to be sent. No descriptor is kept.
 *
 * @param path  of a regular file, NUL-terminated; a relative one is looked up again when it is sent
 * @param out   receives the file; release with claude_file_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_IO (it cannot be read, and why), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_file_open(const char *path, claude_file_t **out, claude_error_t **err);

/**
 * Make a file of bytes in memory.
 *
 * @param bytes  the content; copied
 * @param len    how many bytes; may be 0
 * @param name   what the file is called where it has a name; NULL: it has none
 * @param out    receives the file; release with claude_file_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_file_from_bytes(const void *bytes, size_t len, const char *name, claude_file_t **out,
                                                claude_error_t **err);

/**
 * The text that stands for a file in a JSON body: where it is the whole value of a string, in a request that
 * claude_request_attach() has told of the file, the content in base64 is sent in its place. Unique to this file.
 *
 * @return text borrowed from the file; "" for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_file_token(const claude_file_t *file);

/**
 * Name of a file: the last part of its path, or the one that was given.
 *
 * @return text borrowed from the file; "" if it has none, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_file_name(const claude_file_t *file);

/**
 * Media type of a file, by its first bytes, or else by its name.
 *
 * @return "image/png", ...; "application/octet-stream" if neither tells, and for NULL; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_file_media_type(const claude_file_t *file);

/**
 * Size of a file.
 *
 * @return bytes; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API uint64_t claude_file_size(const claude_file_t *file);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_file_t *claude_file_ref(claude_file_t *file);

/**
 * Drop a reference. Requests hold their own. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_file_unref(claude_file_t *file);

#ifdef __cplusplus
}
#endif

#endif
