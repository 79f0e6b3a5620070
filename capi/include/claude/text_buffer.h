/*
 * text_buffer.h - text of a stream, handed on in pieces that suit whoever shows it: of a size, line by line, or after
 * a time. Pieces never end inside a character. The program says what time it is; the buffer has no clock and does
 * nothing by itself.
 */
#ifndef CLAUDE_TEXT_BUFFER_H
#define CLAUDE_TEXT_BUFFER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a buffer. Any of the three rules makes a piece due; without any, text comes out by claude_text_buffer_flush()
 * alone.
 *
 * @param max_bytes    a piece is due when so many bytes are held, and has no more of them; a single character that is
 *                     larger comes whole. 0: no such rule
 * @param interval_ms  what is held is due after so many milliseconds at the latest. 0: no such rule
 * @param lines        1: a line is due as soon as its newline has come, with it. 0: no such rule
 * @param out          receives the buffer; release with claude_text_buffer_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_text_buffer_t *buffer = NULL;
 * const char *line = NULL;
 * if (claude_text_buffer_new(0, 0, 1, &buffer, NULL) >= 0 &&
 *     claude_text_buffer_add(buffer, "one\ntwo\nthr", CLAUDE_NTS, 0, NULL) >= 0) {
 *     while ((line = claude_text_buffer_take(buffer, 0, NULL)) != NULL)
 *         printf("%s", line);
 * }
 * claude_text_buffer_unref(buffer);
 * @endcode
 */
CLAUDE_API claude_code_t claude_text_buffer_new(size_t max_bytes, int64_t interval_ms, int32_t lines,
                                                claude_text_buffer_t **out, claude_error_t **err);

/**
 * Add text, cut anywhere.
 *
 * @param text    UTF-8; copied. A character may be cut, too: its other bytes come with the next text
 * @param len     bytes of text, or CLAUDE_NTS
 * @param now_ms  milliseconds of a clock of the program's choice that does not go back
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE (more than 64 MiB would be held), CLAUDE_E_NOMEM; on failure
 *         nothing was added
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_text_buffer_add(claude_text_buffer_t *buffer, const char *text, size_t len,
                                                int64_t now_ms, claude_error_t **err);

/**
 * The next piece that is due; to be called until it gives NULL.
 *
 * @param now_ms  milliseconds of the same clock
 * @param len     receives the length in bytes; may be NULL
 * @return text borrowed from the buffer, until the next function is called with it; NULL if nothing is due
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_text_buffer_take(claude_text_buffer_t *buffer, int64_t now_ms, size_t *len);

/**
 * Everything that is held, in one piece, due or not: for the end of a stream.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the buffer, until the next function is called with it; NULL if nothing is held
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_text_buffer_flush(claude_text_buffer_t *buffer, size_t *len);

/**
 * When claude_text_buffer_take() will give a piece if no more text comes.
 *
 * @return milliseconds of the program's clock, a moment that has passed if a piece is due now; INT64_MAX if none ever
 * is
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_text_buffer_due_at(claude_text_buffer_t *buffer);

/**
 * How much is held.
 *
 * @return bytes; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API size_t claude_text_buffer_held(const claude_text_buffer_t *buffer);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_text_buffer_t *claude_text_buffer_ref(claude_text_buffer_t *buffer);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_text_buffer_unref(claude_text_buffer_t *buffer);

#ifdef __cplusplus
}
#endif

#endif
