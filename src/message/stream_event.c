/* stream_event.c - events made by hand: written as the API writes them, then understood and checked like those that
 * come from a server, so that both are the same. */
#include "message/stream_types.h"

/* Most bytes of an event: what a stream may have by default. */
static size_t max_event(void)
{
    return (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_EVENT);
}

/* An event being written. The first failure counts, so that an event's members read as a list. */
typedef struct writer {
    cl_buf json;
    int buf_rc;
    claude_code_t rc;
    cl_err *err;
} writer;

static void put(writer *w, const char *text)
{
    if (w->rc >= 0 && w->buf_rc == CL_BUF_OK)
        w->buf_rc = cl_buf_append_text(&w->json, text);
}

static void put_key(writer *w, const char *name)
{
    if (w->rc >= 0 && w->buf_rc == CL_BUF_OK)
        w->buf_rc = cl_json_write_key(&w->json, cl_str_of(name));
}

static void put_text(writer *w, const char *name, cl_str text)
{
    size_t good = cl_utf8_valid(text);

    if (w->rc >= 0 && good != text.len)
        w->rc = cl_fail(w->err, CLAUDE_E_INVALID, "%s is not valid UTF-8 at offset %zu; convert it to UTF-8 first",
                        name, good);
    put_key(w, name);
    if (w->rc >= 0 && w->buf_rc == CL_BUF_OK)
        w->buf_rc = cl_json_write_string(&w->json, text);
}

/* NULL is written as null. */
static void put_name(writer *w, const char *name, const char *text)
{
    if (text) {
        put_text(w, name, cl_str_of(text));
        return;
    }
    put_key(w, name);
    put(w, "null");
}

/* JSON of the caller: it is checked alone, so that it cannot end the value that it is put into. */
static void put_json(writer *w, const char *name, cl_str json)
{
    CL_UNINITIALIZED cl_err inner;

    cl_err_init(&inner);
    if (w->rc >= 0 && cl_json_validate(json, CL_JSON_DEPTH_DEFAULT, NULL, &inner) < 0)
        w->rc = cl_fail(w->err, CLAUDE_E_INVALID, "%s: %s", name, inner.message);
    put_key(w, name);
    if (w->rc >= 0 && w->buf_rc == CL_BUF_OK)
        w->buf_rc = cl_buf_append_str(&w->json, json);
}

static writer begin(const char *type, cl_err *err)
{
    writer w = {CL_BUF_INIT(max_event()), CL_BUF_OK, CLAUDE_OK, err};

    put(&w, "{");
    put_name(&w, "type", type);
    return w;
}

static writer begin_block(const char *type, int32_t index, cl_err *err)
{
    writer w = begin(type, err);

    if (index < 0)
        w.rc = cl_fail(err, CLAUDE_E_INVALID, "index is %d; it must be 0 or more", (int)index);
    put_key(&w, "index");
    if (w.rc >= 0 && w.buf_rc == CL_BUF_OK)
        w.buf_rc = cl_buf_append_int(&w.json, index);
    return w;
}

/* Understands the JSON, which is freed, and keeps the event. */
static claude_code_t understand(cl_buf *json, bool check, claude_event_t **out, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(max_event());
    CL_UNINITIALIZED cl_err inner;
    claude_event_t event;
    bool anomaly = false;
    claude_code_t rc;

    cl_err_init(&inner);
    rc = cl_event_parse(CL_STR(""), json->ptr, json->len, CL_JSON_DEPTH_DEFAULT, &text, &event, &anomaly, &inner);
    /* It did not come over the wire. */
    if (rc == CLAUDE_E_PROTOCOL)
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s", inner.message);
    else if (rc < 0)
        rc = cl_fail(err, rc, "%s", inner.message);
    if (rc >= 0 && check)
        rc = cl_event_check(&event, err);
    if (rc >= 0)
        rc = cl_event_keep(&event, out, err);
    cl_buf_free(&text);
    cl_buf_free(json);
    return rc;
}

/* Closes what `tail` says, and makes the event. */
static claude_code_t finish(writer *w, const char *tail, claude_event_t **out)
{
    claude_code_t rc = w->rc;

    put(w, tail);
    if (rc >= 0 && w->buf_rc != CL_BUF_OK)
        rc = cl_fail_buf(w->err, w->buf_rc, "the event (limit.event_bytes)");
    if (rc >= 0)
        return understand(&w->json, true, out, w->err);
    cl_buf_free(&w->json);
    return rc;
}

claude_code_t cl_event_from_json(cl_str json, claude_event_t **out, cl_err *err)
{
    cl_buf copy = CL_BUF_INIT(max_event());
    int rc = cl_buf_append_str(&copy, json);

    if (rc != CL_BUF_OK)
        return cl_fail_buf(err, rc, "the event (limit.event_bytes)");
    return understand(&copy, false, out, err);
}

/* ---- the message's own events ---- */

claude_code_t cl_event_message_start(const char *id, const char *type, const char *role, const char *model,
                                     cl_str usage, claude_event_t **out, cl_err *err)
{
    writer w = begin("message_start", err);

    put_key(&w, "message");
    put(&w, "{");
    put_name(&w, "id", id);
    put_name(&w, "type", type);
    put_name(&w, "role", role);
    put_name(&w, "model", model);
    put_key(&w, "content");
    put(&w, "[],\"stop_reason\":null,\"stop_sequence\":null");
    put_json(&w, "usage", usage.len > 0 ? usage : CL_STR("{\"input_tokens\":0,\"output_tokens\":0}"));
    return finish(&w, "}}", out);
}

claude_code_t cl_event_message_delta(const char *stop_reason, const char *stop_sequence, cl_str usage,
                                     claude_event_t **out, cl_err *err)
{
    writer w = begin("message_delta", err);

    put_key(&w, "delta");
    put(&w, "{");
    put_name(&w, "stop_reason", stop_reason);
    put_name(&w, "stop_sequence", stop_sequence);
    put(&w, "}");
    put_json(&w, "usage", usage.len > 0 ? usage : CL_STR("{\"output_tokens\":0}"));
    return finish(&w, "}", out);
}

claude_code_t cl_event_plain(const char *name, claude_event_t **out, cl_err *err)
{
    writer w = begin(name, err);

    return finish(&w, "}", out);
}

claude_code_t cl_event_error(const char *type, cl_str message, claude_event_t **out, cl_err *err)
{
    writer w = begin("error", err);

    put_key(&w, "error");
    put(&w, "{");
    put_name(&w, "type", type);
    put_text(&w, "message", message);
    return finish(&w, "}}", out);
}

/* ---- blocks ---- */

claude_code_t cl_event_block_start(int32_t index, cl_str block, claude_event_t **out, cl_err *err)
{
    writer w = begin_block("content_block_start", index, err);

    put_json(&w, "content_block", block);
    return finish(&w, "}", out);
}

static writer begin_start(int32_t index, const char *type, cl_err *err)
{
    writer w = begin_block("content_block_start", index, err);

    put_key(&w, "content_block");
    put(&w, "{");
    put_name(&w, "type", type);
    return w;
}

claude_code_t cl_event_block_start_text(int32_t index, cl_str text, claude_event_t **out, cl_err *err)
{
    writer w = begin_start(index, "text", err);

    put_text(&w, "text", text);
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_start_thinking(int32_t index, cl_str thinking, claude_event_t **out, cl_err *err)
{
    writer w = begin_start(index, "thinking", err);

    put_text(&w, "thinking", thinking);
    put_name(&w, "signature", "");
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_start_tool_use(int32_t index, const char *id, const char *name, claude_event_t **out,
                                            cl_err *err)
{
    writer w = begin_start(index, "tool_use", err);

    put_name(&w, "id", id);
    put_name(&w, "name", name);
    put_key(&w, "input");
    put(&w, "{}");
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_stop(int32_t index, claude_event_t **out, cl_err *err)
{
    writer w = begin_block("content_block_stop", index, err);

    return finish(&w, "}", out);
}

/* ---- deltas ---- */

static writer begin_delta(int32_t index, const char *type, cl_err *err)
{
    writer w = begin_block("content_block_delta", index, err);

    put_key(&w, "delta");
    put(&w, "{");
    put_name(&w, "type", type);
    return w;
}

claude_code_t cl_event_delta(int32_t type, int32_t index, cl_str text, claude_event_t **out, cl_err *err)
{
    static const char *const names[][2] = {{"text_delta", "text"},
                                           {"thinking_delta", "thinking"},
                                           {"signature_delta", "signature"},
                                           {"input_json_delta", "partial_json"}};
    const char *const *name = names[type - CLAUDE_EVENT_TEXT_DELTA];
    writer w = begin_delta(index, name[0], err);

    put_text(&w, name[1], text);
    return finish(&w, "}}", out);
}

claude_code_t cl_event_citations_delta(int32_t index, cl_str citation, claude_event_t **out, cl_err *err)
{
    writer w = begin_delta(index, "citations_delta", err);

    put_json(&w, "citation", citation);
    return finish(&w, "}}", out);
}

claude_code_t cl_partial_add_event(claude_partial_t *partial, const claude_event_t *event, cl_err *err)
{
    claude_code_t rc;

    if (event->type != CLAUDE_EVENT_INPUT_JSON_DELTA || (partial->index >= 0 && event->index != partial->index))
        return 0;
    rc = cl_partial_add(partial, event->text, err);
    if (rc < 0)
        return rc;
    partial->index = event->index;
    return 1;
}
