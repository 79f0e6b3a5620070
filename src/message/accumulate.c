/*
 * accumulate.c - takes in the events of a stream and keeps what the message is made of. Nothing is decoded but text;
 * what is not known is kept as received. Time is linear: a delta is appended, and looked at once more when its block
 * stops.
 */
#include "message/accumulate.h"

#include <inttypes.h>
#include <stdlib.h>

claude_code_t cl_accumulator_new(const cl_accumulator_limits *limits, cl_accumulator **out, cl_err *err)
{
    cl_accumulator *a = calloc(1, sizeof *a);

    if (!a)
        return cl_fail_nomem(err);
    a->limits = *limits;
    a->start = CL_BUF_INIT(limits->max_message);
    a->usage = CL_BUF_INIT(limits->max_message);
    *out = a;
    return CLAUDE_OK;
}

void cl_accumulator_free(cl_accumulator *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->block_count; i++)
        cl_accumulate_free_block(&a->blocks[i]);
    for (size_t i = 0; i < a->field_count; i++) {
        cl_buf_free(&a->fields[i].name);
        cl_buf_free(&a->fields[i].value);
    }
    free(a->blocks);
    free(a->fields);
    cl_buf_free(&a->start);
    cl_buf_free(&a->usage);
    free(a);
}

bool cl_accumulator_done(const cl_accumulator *a)
{
    return a->done;
}

bool cl_accumulator_started(const cl_accumulator *a)
{
    return a->started;
}

uint64_t cl_accumulator_anomalies(const cl_accumulator *a)
{
    return a->anomalies;
}

void cl_accumulator_count_anomaly(cl_accumulator *a)
{
    a->anomalies++;
}

/* ---- helpers ---- */

/* Something undocumented that could be understood. */
claude_code_t cl_accumulate_odd(cl_accumulator *a, const char *what, cl_err *err)
{
    a->anomalies++;
    if (a->limits.strict)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has %s (stream.strict)", what);
    return CLAUDE_OK;
}

claude_code_t cl_accumulate_full(int buf_result, cl_err *err)
{
    return cl_fail_buf(err, buf_result, "the message (limit.message_bytes)");
}

/* Puts new content into a buffer; it keeps the old one on failure. */
claude_code_t cl_accumulate_replace(cl_accumulator *a, cl_buf *buf, cl_str bytes, cl_err *err)
{
    size_t left = cl_accumulate_left(a) + buf->len;
    int rc = CL_BUF_OK;

    if (bytes.len > left)
        rc = CL_BUF_FULL;
    else if (bytes.len > buf->len)
        rc = cl_buf_reserve(buf, bytes.len - buf->len);
    if (rc != CL_BUF_OK)
        return cl_accumulate_full(rc, err);
    a->used -= buf->len;
    cl_buf_clear(buf);
    return cl_accumulate_append(a, buf, bytes, err);
}

/* A value moves from its event into the message, where it may be nested deeper. */
claude_code_t cl_accumulate_check_depth(const cl_accumulator *a, cl_json value, uint32_t above, cl_err *err)
{
    uint32_t left = a->limits.max_depth > above ? a->limits.max_depth - above : 0;

    if ((value.type == CLAUDE_JSON_OBJECT || value.type == CLAUDE_JSON_ARRAY) &&
        cl_json_validate(cl_accumulate_raw(value), left, NULL, NULL) != CLAUDE_OK)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the message is nested deeper than limit.json_depth");
    return CLAUDE_OK;
}

/* ---- fields that come after message_start ---- */

claude_code_t cl_accumulate_set_field(cl_accumulator *a, cl_json key, cl_json value, cl_err *err)
{
    cl_late_field *field = NULL;
    claude_code_t rc = cl_accumulate_check_depth(a, value, CL_DEPTH_FIELD, err);
    int buf_rc;

    if (rc != CLAUDE_OK)
        return rc;
    for (size_t i = 0; i < a->field_count && !field; i++) {
        if (cl_json_string_is(key, cl_buf_str(&a->fields[i].name)))
            field = &a->fields[i];
    }
    if (field)
        return cl_accumulate_replace(a, &field->value, cl_accumulate_raw(value), err);
    if (!a->fields) {
        a->fields = calloc(CL_FIELDS_MAX, sizeof *a->fields);
        if (!a->fields)
            return cl_fail_nomem(err);
    }
    if (a->field_count == CL_FIELDS_MAX)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "message_delta sets more than %d fields", CL_FIELDS_MAX);
    field = &a->fields[a->field_count];
    field->name = CL_BUF_INIT(a->limits.max_message);
    field->value = CL_BUF_INIT(a->limits.max_message);
    buf_rc = key.len + value.len > cl_accumulate_left(a) ? CL_BUF_FULL : cl_json_decode(key, &field->name);
    rc = buf_rc == CL_BUF_OK ? cl_accumulate_append(a, &field->value, cl_accumulate_raw(value), err)
                             : cl_accumulate_full(buf_rc, err);
    if (rc != CLAUDE_OK) {
        cl_buf_free(&field->name);
        cl_buf_free(&field->value);
        return rc;
    }
    a->used += key.len;
    a->field_count++;
    return CLAUDE_OK;
}

/* Writes old members with new values that are not null, then what is new. */
static int merge_members(cl_json old, cl_json update, cl_buf *out)
{
    cl_json_iter iter = cl_json_iter_of(old);
    cl_json key;
    cl_json value;
    int rc = cl_buf_append_char(out, '{');

    for (int pass = 0; pass < 2; pass++) {
        while (rc == CL_BUF_OK && cl_json_next(&iter, &key, &value)) {
            cl_str inner = cl_str_n(key.ptr + 1, key.len - 2);
            cl_json other = cl_json_member(pass == 0 ? update : old, inner);
            if (pass == 0 && !cl_accumulate_missing(other))
                value = other;
            if (pass == 1 && (cl_accumulate_missing(value) || other.type != CLAUDE_JSON_NONE))
                continue;
            if (out->ptr[out->len - 1] != '{')
                rc = cl_buf_append_char(out, ',');
            if (rc == CL_BUF_OK)
                rc = cl_buf_append_str(out, cl_accumulate_raw(key));
            if (rc == CL_BUF_OK)
                rc = cl_buf_append_char(out, ':');
            if (rc == CL_BUF_OK)
                rc = cl_buf_append_str(out, cl_accumulate_raw(value));
        }
        iter = cl_json_iter_of(update);
    }
    return rc == CL_BUF_OK ? cl_buf_append_char(out, '}') : rc;
}

/* The counters are cumulative, so the last one counts; those that are not sent again stay. */
static claude_code_t merge_usage(cl_accumulator *a, cl_json update, cl_err *err)
{
    cl_json old = cl_json_root(cl_buf_str(&a->usage));
    cl_buf merged = CL_BUF_INIT(a->limits.max_message);
    claude_code_t rc;
    int buf_rc;

    if (update.type != CLAUDE_JSON_OBJECT)
        return cl_accumulate_odd(a, "a usage that is no object", err);
    rc = cl_accumulate_check_depth(a, update, CL_DEPTH_FIELD, err);
    if (rc != CLAUDE_OK)
        return rc;
    /* Merging takes time by both counts. */
    if (cl_json_count(update) > CL_FIELDS_MAX || cl_json_count(old) > CL_FIELDS_MAX)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "the message's usage has more than %d fields", CL_FIELDS_MAX);
    if (old.type != CLAUDE_JSON_OBJECT)
        return cl_accumulate_replace(a, &a->usage, cl_accumulate_raw(update), err);
    buf_rc = merge_members(old, update, &merged);
    rc = buf_rc == CL_BUF_OK ? cl_accumulate_replace(a, &a->usage, cl_buf_str(&merged), err)
                             : cl_accumulate_full(buf_rc, err);
    cl_buf_free(&merged);
    return rc;
}

/* ---- the message's own events ---- */

/* A second message_start is harmless if it tells of the same message. */
static claude_code_t repeated_start(cl_accumulator *a, cl_json message, cl_err *err)
{
    cl_json first = cl_json_root(cl_buf_str(&a->start));
    cl_json old = cl_json_member(first, CL_STR("id"));
    cl_json new = cl_json_member(message, CL_STR("id"));
    bool same = old.type == CLAUDE_JSON_STRING && cl_str_eq(cl_accumulate_raw(old), cl_accumulate_raw(new));

    if (!same && !cl_str_eq(cl_accumulate_raw(first), cl_accumulate_raw(message)))
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has a second message_start, of another message");
    return cl_accumulate_odd(a, "a second message_start", err);
}

static claude_code_t message_start(cl_accumulator *a, cl_json root, cl_err *err)
{
    cl_json message = cl_json_member(root, CL_STR("message"));
    cl_json usage = cl_json_member(message, CL_STR("usage"));
    claude_code_t rc = CLAUDE_OK;

    if (message.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "message_start has no \"message\" object");
    if (a->started)
        return repeated_start(a, message, err);
    rc = cl_accumulate_append(a, &a->start, cl_accumulate_raw(message), err);
    if (rc != CLAUDE_OK)
        return rc;
    a->started = true;
    return cl_accumulate_missing(usage) ? cl_accumulate_odd(a, "a message_start without usage", err)
                                        : merge_usage(a, usage, err);
}

/* Fields that message_delta may not touch: they have rules of their own, or are what the message is. */
static bool is_own_field(cl_json key)
{
    return cl_json_string_is(key, CL_STR("content")) || cl_json_string_is(key, CL_STR("usage")) ||
           cl_json_string_is(key, CL_STR("type")) || cl_json_string_is(key, CL_STR("id")) ||
           cl_json_string_is(key, CL_STR("role"));
}

/* stop_reason and its companions are assigned, null too; the others only replace what is there if they say something.
 */
static bool is_assigned(cl_json key)
{
    return cl_json_string_is(key, CL_STR("stop_reason")) || cl_json_string_is(key, CL_STR("stop_sequence")) ||
           cl_json_string_is(key, CL_STR("stop_details"));
}

static claude_code_t message_delta(cl_accumulator *a, cl_json root, cl_err *err)
{
    static const cl_str beside[] = {{"\"context_management\"", 20}, {"\"input_transformations\"", 23}};
    cl_json delta = cl_json_member(root, CL_STR("delta"));
    cl_json usage = cl_json_member(root, CL_STR("usage"));
    cl_json_iter iter = cl_json_iter_of(delta);
    cl_json key;
    cl_json value;
    claude_code_t rc = CLAUDE_OK;

    a->has_delta = true;
    if (delta.type != CLAUDE_JSON_OBJECT)
        rc = cl_accumulate_odd(a, "a message_delta without delta", err);
    while (rc == CLAUDE_OK && delta.type == CLAUDE_JSON_OBJECT && cl_json_next(&iter, &key, &value)) {
        if (!is_own_field(key) && (is_assigned(key) || !cl_accumulate_missing(value)))
            rc = cl_accumulate_set_field(a, key, value, err);
    }
    for (size_t i = 0; rc == CLAUDE_OK && i < 2; i++) {
        value = cl_json_member(root, cl_str_n(beside[i].ptr + 1, beside[i].len - 2));
        if (!cl_accumulate_missing(value))
            rc = cl_accumulate_set_field(a, cl_accumulate_key(beside[i]), value, err);
    }
    if (rc != CLAUDE_OK)
        return rc;
    return cl_accumulate_missing(usage) ? cl_accumulate_odd(a, "a message_delta without usage", err)
                                        : merge_usage(a, usage, err);
}

static claude_code_t message_stop(cl_accumulator *a, cl_json root, cl_err *err)
{
    static const cl_str name = {"\"stop_reason\"", 13};
    cl_json reason = cl_json_member(root, CL_STR("stop_reason"));
    claude_code_t rc = CLAUDE_OK;

    /* The short dialect gives the reason here. */
    if (!a->has_delta && !cl_accumulate_missing(reason))
        rc = cl_accumulate_set_field(a, cl_accumulate_key(name), reason, err);
    if (rc == CLAUDE_OK && !a->has_delta)
        rc = cl_accumulate_odd(a, "a message_stop without message_delta", err);
    if (rc == CLAUDE_OK && a->open_count > 0)
        rc = cl_accumulate_odd(a, "a message_stop before the last content_block_stop", err);
    for (size_t i = 0; rc == CLAUDE_OK && i < a->block_count; i++) {
        if (a->blocks[i].open)
            rc = cl_accumulate_close(a, &a->blocks[i], err);
    }
    if (rc == CLAUDE_OK)
        a->done = true;
    return rc;
}

/* ---- the door ---- */

claude_code_t cl_accumulator_add(cl_accumulator *a, claude_event_t *event, cl_err *err)
{
    bool delta = event->type >= CLAUDE_EVENT_TEXT_DELTA && event->type <= CLAUDE_EVENT_OTHER_DELTA;

    if (delta && a->started && !a->done)
        return cl_accumulate_block_delta(a, event, err);
    if (event->type == CLAUDE_EVENT_PING || event->type == CLAUDE_EVENT_OTHER)
        return CLAUDE_OK;
    if (event->type == CLAUDE_EVENT_NONE)
        return cl_fail(err, CLAUDE_E_INVALID, "not an event of a stream");
    if (a->done)
        return cl_accumulate_odd(a, "an event after message_stop", err);
    if (event->type == CLAUDE_EVENT_MESSAGE_START)
        return message_start(a, cl_json_root(event->json), err);
    if (event->type == CLAUDE_EVENT_TEXT_DELTA && event->index < 0)
        return cl_accumulate_block_delta(a, event, err);
    if (!a->started)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has %s before message_start", event->name.ptr);
    switch (event->type) {
    case CLAUDE_EVENT_MESSAGE_DELTA:
        return message_delta(a, cl_json_root(event->json), err);
    case CLAUDE_EVENT_MESSAGE_STOP:
        return message_stop(a, cl_json_root(event->json), err);
    case CLAUDE_EVENT_BLOCK_START:
        return cl_accumulate_block_start(a, event, err);
    default:
        return cl_accumulate_block_stop(a, event, err);
    }
}
