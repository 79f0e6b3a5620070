/*
 * partial.h - the input of a tool while it is still coming: JSON in pieces, and at any time the document so far.
 *
 * The document so far is what came up to the last complete item, with open brackets closed. Dropped are a string that
 * is not closed, a key without its value, a comma that nothing follows, a number at the very end (it may go on), and
 * the beginning of a literal. What can never become JSON is an error with its offset.
 *
 * Every byte is looked at once and asking costs nothing, so that a program may ask after every delta. Limits: 256 MiB,
 * 200 levels of nesting.
 */
#ifndef CLAUDE_PARTIAL_H
#define CLAUDE_PARTIAL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Begin a document.
 *
 * @param index  the content block whose deltas claude_partial_add_event() takes; -1 for the first that has any
 * @param out    receives the document; release with claude_partial_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_partial_t *input = NULL;
 * if (claude_partial_new(-1, &input, NULL) >= 0 &&
 *     claude_partial_add(input, "{\"city\": \"Paris\", \"days\": 1", CLAUDE_NTS, NULL) >= 0)
 *     printf("%s\n", claude_partial_json(input, NULL)); // {"city": "Paris"}
 * claude_partial_unref(input);
 * @endcode
 */
CLAUDE_API claude_code_t claude_partial_new(int32_t index, claude_partial_t **out, claude_error_t **err);

/**
 * Add the next piece, cut anywhere.
 *
 * @param text  JSON
 * @param len   in bytes
 * @return CLAUDE_OK; CLAUDE_E_INVALID for what can never become JSON, now and from then on, and the document so far
 *         stays; CLAUDE_E_TOO_LARGE and CLAUDE_E_NOMEM, and nothing was added
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_partial_add(claude_partial_t *partial, const char *text, size_t len,
                                            claude_error_t **err);

/**
 * Add what an event carries, if it is an input_json_delta of the block that is followed. Any event may be given.
 *
 * @param event  as a call hands it out, or kept
 * @return 1 it was added, 0 it is another event; CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_partial_add_event(claude_partial_t *partial, const claude_event_t *event,
                                                  claude_error_t **err);

/**
 * The document so far.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the document, until the next piece is added; "" if no value has begun
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_partial_json(claude_partial_t *partial, size_t *len);

/**
 * Whether the value has come to its end.
 *
 * @return 1 yes, 0 no; 0 for NULL and after an error
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_partial_is_complete(const claude_partial_t *partial);

/**
 * Where the text stopped being the beginning of JSON.
 *
 * @return offset in bytes; -1 if it has not
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_partial_error_at(const claude_partial_t *partial);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_partial_t *claude_partial_ref(claude_partial_t *partial);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_partial_unref(claude_partial_t *partial);

#ifdef __cplusplus
}
#endif

#endif
