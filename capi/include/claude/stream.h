/*
 * stream.h - the types of a stream for programs and tests: events made by hand, messages put together from events,
 * recorded streams read back. A program that only calls the API needs none of it: claude_call_next() gives events, and
 * claude_call_result() the message.
 *
 * Events made here are kept events: immutable, for any thread, to be released with claude_event_unref(). They are
 * written as the API writes them and checked as claude_event_validate() does. Text must be valid UTF-8. JSON arguments
 * are pointer and length, CLAUDE_NTS for a text that ends with a NUL. An event has at most 16 MiB.
 */
#ifndef CLAUDE_STREAM_H
#define CLAUDE_STREAM_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make the event that a message begins with.
 *
 * @param id     of the message, "msg_..."
 * @param model  that answers
 * @param role   "assistant" or "user"
 * @param usage  JSON object with the counters so far; NULL for zeros
 * @param len    of usage, in bytes; 0 with NULL
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_message_start(const char *id, const char *model, const char *role,
                                                    const char *usage, size_t len, claude_event_t **out,
                                                    claude_error_t **err);

/**
 * Make the event that a content block begins with, of any type.
 *
 * @param index  of the block, 0 or more
 * @param block  JSON object: the block as it is before its deltas
 * @param len    of block, in bytes
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_block_start(int32_t index, const char *block, size_t len, claude_event_t **out,
                                                  claude_error_t **err);

/**
 * Make the event that a text block begins with.
 *
 * @param index  of the block, 0 or more
 * @param text   before the first delta; usually ""
 * @param len    of text, in bytes
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_block_start_text(int32_t index, const char *text, size_t len,
                                                       claude_event_t **out, claude_error_t **err);

/**
 * Make the event that a thinking block begins with; its signature is empty until a signature delta comes.
 *
 * @param index     of the block, 0 or more
 * @param thinking  before the first delta; usually ""
 * @param len       of thinking, in bytes
 * @param out       receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_block_start_thinking(int32_t index, const char *thinking, size_t len,
                                                           claude_event_t **out, claude_error_t **err);

/**
 * Make the event that a tool_use block begins with; its input comes in deltas.
 *
 * @param index  of the block, 0 or more
 * @param id     of the call, "toolu_..."
 * @param name   of the tool
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_block_start_tool_use(int32_t index, const char *id, const char *name,
                                                           claude_event_t **out, claude_error_t **err);

/**
 * Make a delta with more text.
 *
 * @param index  of the block, 0 or more
 * @param text   to be appended
 * @param len    of text, in bytes
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_event_t *event = NULL;
 * if (claude_event_text_delta(0, "Hello", CLAUDE_NTS, &event, NULL) >= 0)
 *     printf("%s\n", claude_event_text(event, NULL));
 * claude_event_unref(event);
 * @endcode
 */
CLAUDE_API claude_code_t claude_event_text_delta(int32_t index, const char *text, size_t len, claude_event_t **out,
                                                 claude_error_t **err);

/**
 * Make a delta with more thinking.
 *
 * @param index     of the block, 0 or more
 * @param thinking  to be appended
 * @param len       of thinking, in bytes
 * @param out       receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_thinking_delta(int32_t index, const char *thinking, size_t len,
                                                     claude_event_t **out, claude_error_t **err);

/**
 * Make a delta with the signature of thinking.
 *
 * @param index      of the block, 0 or more
 * @param signature  as a whole
 * @param len        of signature, in bytes
 * @param out        receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_signature_delta(int32_t index, const char *signature, size_t len,
                                                      claude_event_t **out, claude_error_t **err);

/**
 * Make a delta with more of the JSON of a tool's input, cut anywhere.
 *
 * @param index         of the block, 0 or more
 * @param partial_json  to be appended
 * @param len           of partial_json, in bytes
 * @param out           receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_input_json_delta(int32_t index, const char *partial_json, size_t len,
                                                       claude_event_t **out, claude_error_t **err);

/**
 * Make a delta with a citation.
 *
 * @param index     of the block, 0 or more
 * @param citation  JSON object with a "type"
 * @param len       of citation, in bytes
 * @param out       receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_citations_delta(int32_t index, const char *citation, size_t len,
                                                      claude_event_t **out, claude_error_t **err);

/**
 * Make the event that a content block ends with.
 *
 * @param index  of the block, 0 or more
 * @param out    receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_block_stop(int32_t index, claude_event_t **out, claude_error_t **err);

/**
 * Make the event that says why a message ends, and what it has used.
 *
 * @param stop_reason    "end_turn", "tool_use", ...; NULL for null
 * @param stop_sequence  that was met; NULL for null
 * @param usage          JSON object with "output_tokens"; NULL for 0
 * @param len            of usage, in bytes; 0 with NULL
 * @param out            receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_message_delta(const char *stop_reason, const char *stop_sequence,
                                                    const char *usage, size_t len, claude_event_t **out,
                                                    claude_error_t **err);

/**
 * Make the event that a message ends with.
 *
 * @param out  receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_message_stop(claude_event_t **out, claude_error_t **err);

/**
 * Make a ping.
 *
 * @param out  receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_ping(claude_event_t **out, claude_error_t **err);

/**
 * Make the event with which the API ends a stream that fails.
 *
 * @param type     "overloaded_error", ...
 * @param message  what happened
 * @param len      of message, in bytes
 * @param out      receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_error(const char *type, const char *message, size_t len, claude_event_t **out,
                                            claude_error_t **err);

/**
 * Make an event of the JSON that a server would send. Only what a stream needs is checked: an object with a "type",
 * and an "index" that is a block's number or missing. Any event may be made, also one that this version does not know.
 *
 * @param json  the event's data; kept byte for byte
 * @param len   of json, in bytes
 * @param out   receives the event; release with claude_event_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_from_json(const char *json, size_t len, claude_event_t **out,
                                                claude_error_t **err);

/**
 * Check an event against what the API documents: its type is known, and it has the fields of that type.
 *
 * The error names the event, the field as a JSON pointer, what is there and what must be. Calls never check like that.
 *
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads B; a kept event: A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_event_validate(const claude_event_t *event, claude_error_t **err);

/**
 * Begin a message, as message_start would. Content comes from claude_stream_message_add().
 *
 * @param id     of the message, "msg_..."
 * @param type   "message"
 * @param role   "assistant" or "user"
 * @param model  that answers
 * @param usage  JSON object with the counters so far; NULL for zeros
 * @param len    of usage, in bytes; 0 with NULL
 * @param out    receives the message; release with claude_stream_message_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_TOO_LARGE, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_stream_message_t *message = NULL;
 * claude_event_t *event = NULL;
 * claude_error_t *err = NULL;
 * claude_code_t rc = claude_stream_message_new("msg_1", "message", "assistant", "claude-haiku-5-5", NULL, 0, &message,
 *                                              &err);
 * if (rc >= 0)
 *     rc = claude_stream_message_add_block(message, "{\"type\":\"text\",\"text\":\"Hello\"}", CLAUDE_NTS, &err);
 * if (rc >= 0)
 *     rc = claude_event_message_stop(&event, &err);
 * if (rc >= 0)
 *     rc = claude_stream_message_add(message, event, &err);
 * if (rc >= 0)
 *     printf("%s\n", claude_stream_message_text(message, NULL));
 * claude_event_unref(event);
 * claude_error_unref(err);
 * claude_stream_message_unref(message);
 * @endcode
 */
CLAUDE_API claude_code_t claude_stream_message_new(const char *id, const char *type, const char *role,
                                                   const char *model, const char *usage, size_t len,
                                                   claude_stream_message_t **out, claude_error_t **err);

/**
 * Make a message that has not begun: its first event is to be a message_start.
 *
 * @param out  receives the message; release with claude_stream_message_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_stream_message_empty(claude_stream_message_t **out, claude_error_t **err);

/**
 * Take in the next event, by the rules of calls: text, thinking and input are appended, a signature replaces, usage is
 * overwritten; what is understood but not documented is counted. Pings and unknown events change nothing. Whatever was
 * lent before is invalid afterwards.
 *
 * @param event  as a call hands it out, or kept
 * @return CLAUDE_OK; CLAUDE_E_PROTOCOL for an event that cannot follow, CLAUDE_E_TOO_LARGE over 64 MiB or 10,000
 *         blocks, for an error event the error that it tells of; then the message stays as it was
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_stream_message_add(claude_stream_message_t *message, const claude_event_t *event,
                                                   claude_error_t **err);

/**
 * Add a whole content block behind the last.
 *
 * @param block  JSON object
 * @param len    of block, in bytes
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_PROTOCOL (the message has not begun), CLAUDE_E_TOO_LARGE,
 *         CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_stream_message_add_block(claude_stream_message_t *message, const char *block,
                                                         size_t len, claude_error_t **err);

/**
 * Whether message_stop has come.
 *
 * @return 1 yes, 0 no; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_stream_message_is_complete(const claude_stream_message_t *message);

/**
 * Whether there is a content block.
 *
 * @return 1 yes, 0 no; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_stream_message_has_content(const claude_stream_message_t *message);

/**
 * How many content blocks have begun.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API size_t claude_stream_message_block_count(const claude_stream_message_t *message);

/**
 * A content block as it is now. The first question after an event writes the whole message; the others cost nothing.
 *
 * @param index  0, 1, 2, ...
 * @param len    receives the length in bytes; may be NULL
 * @return JSON borrowed from the message, until the next event is added; NULL if there is no such block or memory is
 *         out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_stream_message_block_at(claude_stream_message_t *message, size_t index, size_t *len);

/**
 * The type of a content block.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the message, until the next event is added: "text", "tool_use", ...; NULL if there is no
 *         such block or memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_stream_message_block_type(claude_stream_message_t *message, size_t index);

/**
 * The text of all text blocks so far, joined.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the message, until the next event is added; "" if there is none, NULL if memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_stream_message_text(claude_stream_message_t *message, size_t *len);

/**
 * The message as it is now. Tool input that is not complete is {}, and what came of it is beside it in _partial_json.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the message, until the next event is added; "" if none has begun, NULL if memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_stream_message_json(claude_stream_message_t *message, size_t *len);

/**
 * The message as it is now, like the result of a call: status 200, no headers.
 *
 * @param out  receives the response, which stays as it is; release with claude_response_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (no message has begun), CLAUDE_E_NOMEM
 * @threads B; the response: A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_stream_message_response(claude_stream_message_t *message, claude_response_t **out,
                                                        claude_error_t **err);

/**
 * How many events were understood but not documented.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API uint64_t claude_stream_message_anomalies(const claude_stream_message_t *message);

/**
 * Check a message and its blocks against what the API documents; a complete one must have a stop reason and complete
 * tool input.
 *
 * @return CLAUDE_OK; CLAUDE_E_INVALID with the field as a JSON pointer, what is there and what must be; CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_stream_message_validate(claude_stream_message_t *message, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_stream_message_t *claude_stream_message_ref(claude_stream_message_t *message);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_stream_message_unref(claude_stream_message_t *message);

/** Flags of claude_parse_events(). */
enum {
    /** Every event must be of a known type, documented form and followed by a blank line, and there must be one. */
    CLAUDE_PARSE_STRICT = 1,
    /** What cannot be understood is passed over and counted. */
    CLAUDE_PARSE_SKIP_MALFORMED = 2
};

/**
 * Receive each event of a recorded stream.
 *
 * @param event  a borrowed view, valid until the callback returns; claude_event_keep() copies it
 * @return 0 to go on; anything else ends the reading with CLAUDE_E_CALLBACK and this value as claude_error_user_code()
 */
typedef int32_t (*claude_parse_fn)(const claude_event_t *event, void *user_data);

/**
 * Read a recorded stream: the bytes of an answer with the content type text/event-stream.
 *
 * Events are understood as those of a call, unknown ones included. [DONE] is passed over. Understood, but counted as
 * anomalies: the short form in which events have no name, no index and deltas only a text; lines of data without blank
 * lines between them; a last event without a blank line behind it. Events of a stream that ended half-way come before
 * the error. Whether they can follow one another is a question for claude_stream_message_add().
 *
 * An error says which event it is by number and name, the line and the byte where its data begins (lines from 1, bytes
 * from 0), and what is wrong with it. Limits: 16 MiB an event, 200 levels of nesting.
 *
 * @param bytes      may hold anything
 * @param len        in bytes
 * @param flags      0, CLAUDE_PARSE_STRICT or CLAUDE_PARSE_SKIP_MALFORMED
 * @param fn         called for each event, on this thread; NULL only counts
 * @param destroy    run once before this function returns, also when it fails; may be NULL
 * @param events     receives how many events there were; may be NULL
 * @param anomalies  receives how many were not in the documented form, or skipped; may be NULL
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED (the text ends inside of an event),
 *         CLAUDE_E_TOO_LARGE, CLAUDE_E_CALLBACK, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_parse_events(const char *bytes, size_t len, uint32_t flags, claude_parse_fn fn,
                                             void *user_data, claude_destroy_fn destroy, uint64_t *events,
                                             uint64_t *anomalies, claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
