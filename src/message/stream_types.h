/*
 * stream_types.h - the types of a stream for programs and tests: events made by hand, messages put together from them,
 * recorded streams read back, text handed on in pieces.
 */
#ifndef CL_MESSAGE_STREAM_TYPES_H
#define CL_MESSAGE_STREAM_TYPES_H

#include <claude/stream.h>

#include "message/message.h"
#include "json/partial.h"

/* ---- events (stream_event.c); all give a kept event that has been checked, CLAUDE_E_INVALID otherwise ---- */

claude_code_t cl_event_message_start(const char *id, const char *type, const char *role, const char *model,
                                     cl_str usage, claude_event_t **out, cl_err *err);
claude_code_t cl_event_block_start(int32_t index, cl_str block, claude_event_t **out, cl_err *err);
/* The start of a block of one of the types that programs make by hand. */
claude_code_t cl_event_block_start_text(int32_t index, cl_str text, claude_event_t **out, cl_err *err);
claude_code_t cl_event_block_start_thinking(int32_t index, cl_str thinking, claude_event_t **out, cl_err *err);
claude_code_t cl_event_block_start_tool_use(int32_t index, const char *id, const char *name, claude_event_t **out,
                                            cl_err *err);
/* A delta with a text: CLAUDE_EVENT_TEXT_DELTA to CLAUDE_EVENT_INPUT_JSON_DELTA. */
claude_code_t cl_event_delta(int32_t type, int32_t index, cl_str text, claude_event_t **out, cl_err *err);
claude_code_t cl_event_citations_delta(int32_t index, cl_str citation, claude_event_t **out, cl_err *err);
claude_code_t cl_event_block_stop(int32_t index, claude_event_t **out, cl_err *err);
/* Reason and sequence may be NULL. */
claude_code_t cl_event_message_delta(const char *stop_reason, const char *stop_sequence, cl_str usage,
                                     claude_event_t **out, cl_err *err);
/* An event that has nothing but its name. */
claude_code_t cl_event_plain(const char *name, claude_event_t **out, cl_err *err);
claude_code_t cl_event_error(const char *type, cl_str message, claude_event_t **out, cl_err *err);
/* Any event, not checked beyond what a stream needs. */
claude_code_t cl_event_from_json(cl_str json, claude_event_t **out, cl_err *err);
/* Adds what an input_json_delta of the partial's block carries: 1; 0 for any other event. */
claude_code_t cl_partial_add_event(claude_partial_t *partial, const claude_event_t *event, cl_err *err);

/* ---- checks (stream_check.c); CLAUDE_E_INVALID names the field and what it must be ---- */

/* The names of the events that cl_event_check() knows, with commas between. */
extern const char cl_event_names[];
bool cl_event_is_known(const claude_event_t *event);
claude_code_t cl_event_check(const claude_event_t *event, cl_err *err);
/* A message as accumulated. */
claude_code_t cl_message_check(cl_json message, bool complete, cl_err *err);

/* ---- messages (stream_message.c) ---- */

/* A message that has not begun. */
claude_code_t cl_stream_message_new(claude_stream_message_t **out, cl_err *err);
claude_code_t cl_stream_message_begin(const char *id, const char *type, const char *role, const char *model,
                                      cl_str usage, claude_stream_message_t **out, cl_err *err);
claude_stream_message_t *cl_stream_message_ref(claude_stream_message_t *message);
void cl_stream_message_unref(claude_stream_message_t *message);
claude_code_t cl_stream_message_add(claude_stream_message_t *message, const claude_event_t *event, cl_err *err);
claude_code_t cl_stream_message_add_block(claude_stream_message_t *message, cl_str block, cl_err *err);
bool cl_stream_message_is_complete(const claude_stream_message_t *message);
uint64_t cl_stream_message_anomalies(const claude_stream_message_t *message);
size_t cl_stream_message_count(const claude_stream_message_t *message);
/* Lent until the next event; ptr NULL: memory is out, or there is no such block. */
cl_str cl_stream_message_json(claude_stream_message_t *message);
cl_str cl_stream_message_text(claude_stream_message_t *message);
cl_str cl_stream_message_block(claude_stream_message_t *message, size_t index);
const char *cl_stream_message_block_type(claude_stream_message_t *message, size_t index);
claude_code_t cl_stream_message_response(claude_stream_message_t *message, claude_response_t **out, cl_err *err);
claude_code_t cl_stream_message_check(claude_stream_message_t *message, cl_err *err);

/* ---- recorded streams (stream_parse.c) ---- */

typedef struct cl_parse_counts {
    uint64_t events; /* given to the callback */
    uint64_t anomalies;
} cl_parse_counts;

/* `fn` may be NULL. Flags are CLAUDE_PARSE_*. */
claude_code_t cl_parse_events(cl_str bytes, uint32_t flags, claude_parse_fn fn, void *user_data,
                              cl_parse_counts *counts, cl_err *err);

/* ---- text in pieces (text_buffer.c) ---- */

/* Most bytes that a buffer holds. */
enum { CL_TEXT_BUFFER_MAX = 64 << 20 };

/* 0 switches a rule off. */
claude_code_t cl_text_buffer_new(size_t max_bytes, int64_t interval_ms, bool lines, claude_text_buffer_t **out,
                                 cl_err *err);
claude_text_buffer_t *cl_text_buffer_ref(claude_text_buffer_t *buffer);
void cl_text_buffer_unref(claude_text_buffer_t *buffer);
claude_code_t cl_text_buffer_add(claude_text_buffer_t *buffer, cl_str text, int64_t now_ms, cl_err *err);
/* A piece, lent until the next call; ptr NULL: none is due. */
cl_str cl_text_buffer_take(claude_text_buffer_t *buffer, int64_t now_ms);
/* Everything; ptr NULL: nothing is held. */
cl_str cl_text_buffer_flush(claude_text_buffer_t *buffer);
size_t cl_text_buffer_held(const claude_text_buffer_t *buffer);
int64_t cl_text_buffer_due_at(claude_text_buffer_t *buffer);

#endif
