#include <claude/stream.h>

#include <errno.h>

#include "border.h"
#include "message/stream_types.h"

#if CL_FEATURE_STREAMING

static bool check(const claude_stream_message_t *message)
{
    return cl_is(message, CL_MAGIC_STREAM_MESSAGE);
}

static const char *lend(cl_str text, size_t *len)
{
    if (len)
        *len = text.ptr ? text.len : 0;
    return text.ptr;
}

/* An argument that may be left out: NULL is no text. */
static bool optional(border *b, const char *text, size_t len, const char *name, cl_str *out)
{
    *out = (cl_str){NULL, 0};
    return !text || border_text(b, text, len, name, out);
}

/* ---- events ---- */

claude_code_t claude_event_message_start(const char *id, const char *model, const char *role, const char *usage,
                                         size_t len, claude_event_t **out, claude_error_t **err)
{
    border b;
    cl_str counters;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, id, "id") && border_pointer(&b, model, "model") && border_pointer(&b, role, "role") &&
        optional(&b, usage, len, "usage", &counters) && border_pointer(&b, out, "out"))
        rc = cl_event_message_start(id, "message", role, model, counters, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_block_start(int32_t index, const char *block, size_t len, claude_event_t **out,
                                       claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, block, len, "block", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_block_start(index, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_block_start_text(int32_t index, const char *text, size_t len, claude_event_t **out,
                                            claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, text, len, "text", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_block_start_text(index, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_block_start_thinking(int32_t index, const char *thinking, size_t len, claude_event_t **out,
                                                claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, thinking, len, "thinking", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_block_start_thinking(index, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_block_start_tool_use(int32_t index, const char *id, const char *name, claude_event_t **out,
                                                claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, id, "id") && border_pointer(&b, name, "name") && border_pointer(&b, out, "out"))
        rc = cl_event_block_start_tool_use(index, id, name, out, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t make_delta(int32_t type, int32_t index, const char *text, size_t len, claude_event_t **out,
                                claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, text, len, "text", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_delta(type, index, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_text_delta(int32_t index, const char *text, size_t len, claude_event_t **out,
                                      claude_error_t **err)
{
    return make_delta(CLAUDE_EVENT_TEXT_DELTA, index, text, len, out, err);
}

claude_code_t claude_event_thinking_delta(int32_t index, const char *thinking, size_t len, claude_event_t **out,
                                          claude_error_t **err)
{
    return make_delta(CLAUDE_EVENT_THINKING_DELTA, index, thinking, len, out, err);
}

claude_code_t claude_event_signature_delta(int32_t index, const char *signature, size_t len, claude_event_t **out,
                                           claude_error_t **err)
{
    return make_delta(CLAUDE_EVENT_SIGNATURE_DELTA, index, signature, len, out, err);
}

claude_code_t claude_event_input_json_delta(int32_t index, const char *partial_json, size_t len, claude_event_t **out,
                                            claude_error_t **err)
{
    return make_delta(CLAUDE_EVENT_INPUT_JSON_DELTA, index, partial_json, len, out, err);
}

claude_code_t claude_event_citations_delta(int32_t index, const char *citation, size_t len, claude_event_t **out,
                                           claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, citation, len, "citation", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_citations_delta(index, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_block_stop(int32_t index, claude_event_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_event_block_stop(index, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_message_delta(const char *stop_reason, const char *stop_sequence, const char *usage,
                                         size_t len, claude_event_t **out, claude_error_t **err)
{
    border b;
    cl_str counters;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (optional(&b, usage, len, "usage", &counters) && border_pointer(&b, out, "out"))
        rc = cl_event_message_delta(stop_reason, stop_sequence, counters, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_message_stop(claude_event_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_event_plain("message_stop", out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_ping(claude_event_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_event_plain("ping", out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_error(const char *type, const char *message, size_t len, claude_event_t **out,
                                 claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, type, "type") && border_text(&b, message, len, "message", &given) &&
        border_pointer(&b, out, "out"))
        rc = cl_event_error(type, given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_from_json(const char *json, size_t len, claude_event_t **out, claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &given) && border_pointer(&b, out, "out"))
        rc = cl_event_from_json(given, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_event_validate(const claude_event_t *event, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, event, CL_MAGIC_EVENT, "event"))
        rc = cl_event_check(event, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- messages ---- */

claude_code_t claude_stream_message_new(const char *id, const char *type, const char *role, const char *model,
                                        const char *usage, size_t len, claude_stream_message_t **out,
                                        claude_error_t **err)
{
    border b;
    cl_str counters;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, id, "id") && border_pointer(&b, type, "type") && border_pointer(&b, role, "role") &&
        border_pointer(&b, model, "model") && optional(&b, usage, len, "usage", &counters) &&
        border_pointer(&b, out, "out"))
        rc = cl_stream_message_begin(id, type, role, model, counters, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_stream_message_empty(claude_stream_message_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_stream_message_new(out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_stream_message_add(claude_stream_message_t *message, const claude_event_t *event,
                                        claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, message, CL_MAGIC_STREAM_MESSAGE, "message") &&
        border_handle(&b, event, CL_MAGIC_EVENT, "event"))
        rc = cl_stream_message_add(message, event, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_stream_message_add_block(claude_stream_message_t *message, const char *block, size_t len,
                                              claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, message, CL_MAGIC_STREAM_MESSAGE, "message") && border_text(&b, block, len, "block", &json))
        rc = cl_stream_message_add_block(message, json, &b.err);
    return border_leave(&b, rc, err);
}

int32_t claude_stream_message_is_complete(const claude_stream_message_t *message)
{
    return check(message) && cl_stream_message_is_complete(message);
}

int32_t claude_stream_message_has_content(const claude_stream_message_t *message)
{
    return check(message) && cl_stream_message_count(message) > 0;
}

size_t claude_stream_message_block_count(const claude_stream_message_t *message)
{
    return check(message) ? cl_stream_message_count(message) : 0;
}

const char *claude_stream_message_block_at(claude_stream_message_t *message, size_t index, size_t *len)
{
    int saved = errno;
    cl_str block = check(message) ? cl_stream_message_block(message, index) : (cl_str){NULL, 0};

    errno = saved;
    return lend(block, len);
}

const char *claude_stream_message_block_type(claude_stream_message_t *message, size_t index)
{
    int saved = errno;
    const char *type = check(message) ? cl_stream_message_block_type(message, index) : NULL;

    errno = saved;
    return type;
}

const char *claude_stream_message_text(claude_stream_message_t *message, size_t *len)
{
    int saved = errno;
    cl_str text = check(message) ? cl_stream_message_text(message) : CL_STR("");

    errno = saved;
    return lend(text, len);
}

const char *claude_stream_message_json(claude_stream_message_t *message, size_t *len)
{
    int saved = errno;
    cl_str json = check(message) ? cl_stream_message_json(message) : CL_STR("");

    errno = saved;
    return lend(json, len);
}

claude_code_t claude_stream_message_response(claude_stream_message_t *message, claude_response_t **out,
                                             claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, message, CL_MAGIC_STREAM_MESSAGE, "message") && border_pointer(&b, out, "out"))
        rc = cl_stream_message_response(message, out, &b.err);
    return border_leave(&b, rc, err);
}

uint64_t claude_stream_message_anomalies(const claude_stream_message_t *message)
{
    return check(message) ? cl_stream_message_anomalies(message) : 0;
}

claude_code_t claude_stream_message_validate(claude_stream_message_t *message, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, message, CL_MAGIC_STREAM_MESSAGE, "message"))
        rc = cl_stream_message_check(message, &b.err);
    return border_leave(&b, rc, err);
}

claude_stream_message_t *claude_stream_message_ref(claude_stream_message_t *message)
{
    return check(message) ? cl_stream_message_ref(message) : NULL;
}

void claude_stream_message_unref(claude_stream_message_t *message)
{
    int saved = errno;

    if (check(message))
        cl_stream_message_unref(message);
    errno = saved;
}

/* ---- recorded streams ---- */

claude_code_t claude_parse_events(const char *bytes, size_t len, uint32_t flags, claude_parse_fn fn, void *user_data,
                                  claude_destroy_fn destroy, uint64_t *events, uint64_t *anomalies,
                                  claude_error_t **err)
{
    border b;
    cl_str text;
    cl_parse_counts counts;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, bytes, len, "bytes", &text))
        rc = cl_parse_events(text, flags, fn, user_data, &counts, &b.err);
    if (destroy)
        destroy(user_data);
    if (rc >= 0 && events)
        *events = counts.events;
    if (rc >= 0 && anomalies)
        *anomalies = counts.anomalies;
    return border_leave(&b, rc, err);
}

#endif
