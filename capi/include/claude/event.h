/*
 * event.h - one event of a stream.
 *
 * An event that a call hands out is a borrowed view, valid until the callback returns or until the next
 * claude_call_next() on that call. claude_event_keep() makes an owned, immutable copy.
 *
 * The accessors run once per event and accept NULL, but do not recognise handles of another kind as other functions do.
 */
#ifndef CLAUDE_EVENT_H
#define CLAUDE_EVENT_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Types of events. Values are permanent; more will come: treat an unknown one like CLAUDE_EVENT_OTHER. */
enum {
    /** No event. */
    CLAUDE_EVENT_NONE = 0,
    /** A message begins: model, id, the usage of its input. */
    CLAUDE_EVENT_MESSAGE_START = 10,
    /** What is known at the end of a message: stop reason, usage. */
    CLAUDE_EVENT_MESSAGE_DELTA = 11,
    /** The message is complete. */
    CLAUDE_EVENT_MESSAGE_STOP = 12,
    /** A content block begins. */
    CLAUDE_EVENT_BLOCK_START = 20,
    /** A content block is complete. */
    CLAUDE_EVENT_BLOCK_STOP = 21,
    /* The content_block_delta events, by the type of their delta. The first four have text. */
    /** More text. */
    CLAUDE_EVENT_TEXT_DELTA = 30,
    /** More thinking. */
    CLAUDE_EVENT_THINKING_DELTA = 31,
    /** The signature of the thinking. */
    CLAUDE_EVENT_SIGNATURE_DELTA = 32,
    /** More of a tool's input, as a piece of JSON text: partial.h. */
    CLAUDE_EVENT_INPUT_JSON_DELTA = 33,
    /** A citation of the text block: claude_event_json() has it. */
    CLAUDE_EVENT_CITATIONS_DELTA = 34,
    /** The content of a compaction block: claude_event_json() has it. */
    CLAUDE_EVENT_COMPACTION_DELTA = 35,
    /** A delta that this version does not know: claude_event_json() has it. */
    CLAUDE_EVENT_OTHER_DELTA = 39,
    /** The server is there, and has nothing to say. */
    CLAUDE_EVENT_PING = 40,
    /** A line of an answer of JSON lines (`messages.batches.results` with CLAUDE_STREAM): claude_event_json() has it.
     */
    CLAUDE_EVENT_LINE = 50,
    /** The next bytes of an answer of bytes (`files.download` with CLAUDE_STREAM): claude_event_text() has them. */
    CLAUDE_EVENT_BYTES = 51,
    /** A server's event that this version does not know: use claude_event_name() and claude_event_json(). */
    CLAUDE_EVENT_OTHER = 1000
};

/**
 * Type of an event.
 *
 * @return CLAUDE_EVENT_*; CLAUDE_EVENT_NONE for NULL
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API int32_t claude_event_type(const claude_event_t *event);

/**
 * Name of an event on the wire: the "type" of its JSON, for example "content_block_delta".
 *
 * @return text borrowed from the event; "" for NULL
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API const char *claude_event_name(const claude_event_t *event);

/**
 * Index of the content block the event belongs to.
 *
 * @return 0 or more; -1 for events without one
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API int32_t claude_event_index(const claude_event_t *event);

/**
 * The text of a text, thinking, signature or input_json delta, decoded. Text deltas never split a character.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the event; NULL for other events
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API const char *claude_event_text(const claude_event_t *event, size_t *len);

/**
 * The event's data exactly as received.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the event; "" for NULL
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API const char *claude_event_json(const claude_event_t *event, size_t *len);

/**
 * The fields that matter for every event, in one crossing of the border. Any output may be NULL.
 *
 * @param type   receives CLAUDE_EVENT_*
 * @param index  receives the index of the content block, or -1
 * @param text   receives the text, borrowed from the event, or NULL
 * @param len    receives the length of the text in bytes
 * @return 1; 0 if event is NULL, and nothing is written
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API int32_t claude_event_view(const claude_event_t *event, int32_t *type, int32_t *index, const char **text,
                                     size_t *len);

/**
 * Make an owned, immutable copy of an event.
 *
 * @param out  receives the copy; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B; the copy: A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_keep(const claude_event_t *event, claude_event_t **out, claude_error_t **err);

/**
 * Add a reference to a kept event.
 *
 * @return its argument; NULL for a borrowed view, which cannot be held
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_event_t *claude_event_ref(claude_event_t *event);

/**
 * Drop a reference to a kept event. NULL and borrowed views are accepted and left alone.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_event_unref(claude_event_t *event);

#ifdef __cplusplus
}
#endif

#endif
