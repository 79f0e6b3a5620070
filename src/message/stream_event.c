/* stream_event.c - events made by hand: written as the API writes them, then understood and checked like those that
 * come from a server, so that both are the same. */
#include "message/stream_types.h"

#include "message/block.h"

/* Most bytes of an event: what a stream may have by default. */
static size_t max_event(void)
{
    return (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_EVENT);
}

/* An event being written. The first failure counts, so that an event's members read as a list. */
typedef struct writer {
    cl_buf json;
    cl_writer out;
    claude_code_t rc;
    cl_err *err;
} writer;

static void put(writer *w, const char *text)
{
    cl_put(&w->out, text);
}

static void put_text(writer *w, const char *name, cl_str text)
{
    if (w->rc >= 0)
        w->rc = cl_request_check_text(name, text, true, w->err);
    if (w->rc >= 0)
        cl_put_text_member(&w->out, name, text);
}

/* NULL is written as null. */
static void put_name(writer *w, const char *name, const char *text)
{
    if (text)
        put_text(w, name, cl_str_of(text));
    else
        cl_put_json_member(&w->out, name, CL_STR("null"));
}

/* JSON of the caller: it is checked alone, so that it cannot end the value that it is put into. */
static void put_json(writer *w, const char *name, cl_str json)
{
    if (w->rc >= 0)
        w->rc = cl_check_json(name, &json, w->err);
    if (w->rc >= 0)
        cl_put_json_member(&w->out, name, json);
}

static void begin(writer *w, const char *type, cl_err *err)
{
    *w = (writer){.json = CL_BUF_INIT(max_event()), .rc = CLAUDE_OK, .err = err};
    w->out = (cl_writer){&w->json, CL_BUF_OK};
    put(w, "{");
    put_name(w, "type", type);
}

static void begin_block(writer *w, const char *type, int32_t index, cl_err *err)
{
    begin(w, type, err);
    if (index < 0)
        w->rc = cl_fail(err, CLAUDE_E_INVALID, "index is %d; it must be 0 or more", (int)index);
    cl_put_key(&w->out, "index");
    cl_put_int(&w->out, index);
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
    if (rc >= 0 && w->out.rc != CL_BUF_OK)
        rc = cl_fail_buf(w->err, w->out.rc, "the event (limit.event_bytes)");
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
    writer w;

    begin(&w, "message_start", err);
    cl_put_key(&w.out, "message");
    put(&w, "{");
    put_name(&w, "id", id);
    put_name(&w, "type", type);
    put_name(&w, "role", role);
    put_name(&w, "model", model);
    cl_put_key(&w.out, "content");
    put(&w, "[],\"stop_reason\":null,\"stop_sequence\":null");
    put_json(&w, "usage", usage.len > 0 ? usage : CL_STR("{\"input_tokens\":0,\"output_tokens\":0}"));
    return finish(&w, "}}", out);
}

claude_code_t cl_event_message_delta(const char *stop_reason, const char *stop_sequence, cl_str usage,
                                     claude_event_t **out, cl_err *err)
{
    writer w;

    begin(&w, "message_delta", err);
    cl_put_key(&w.out, "delta");
    put(&w, "{");
    put_name(&w, "stop_reason", stop_reason);
    put_name(&w, "stop_sequence", stop_sequence);
    put(&w, "}");
    put_json(&w, "usage", usage.len > 0 ? usage : CL_STR("{\"output_tokens\":0}"));
    return finish(&w, "}", out);
}

claude_code_t cl_event_plain(const char *name, claude_event_t **out, cl_err *err)
{
    writer w;

    begin(&w, name, err);
    return finish(&w, "}", out);
}

claude_code_t cl_event_error(const char *type, cl_str message, claude_event_t **out, cl_err *err)
{
    writer w;

    begin(&w, "error", err);
    cl_put_key(&w.out, "error");
    put(&w, "{");
    put_name(&w, "type", type);
    put_text(&w, "message", message);
    return finish(&w, "}}", out);
}

/* ---- blocks ---- */

claude_code_t cl_event_block_start(int32_t index, cl_str block, claude_event_t **out, cl_err *err)
{
    writer w;

    begin_block(&w, "content_block_start", index, err);
    put_json(&w, "content_block", block);
    return finish(&w, "}", out);
}

static void begin_start(writer *w, int32_t index, const char *type, cl_err *err)
{
    begin_block(w, "content_block_start", index, err);
    cl_put_key(&w->out, "content_block");
    put(w, "{");
    put_name(w, "type", type);
}

claude_code_t cl_event_block_start_text(int32_t index, cl_str text, claude_event_t **out, cl_err *err)
{
    writer w;

    begin_start(&w, index, "text", err);
    put_text(&w, "text", text);
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_start_thinking(int32_t index, cl_str thinking, claude_event_t **out, cl_err *err)
{
    writer w;

    begin_start(&w, index, "thinking", err);
    put_text(&w, "thinking", thinking);
    put_name(&w, "signature", "");
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_start_tool_use(int32_t index, const char *id, const char *name, claude_event_t **out,
                                            cl_err *err)
{
    writer w;

    begin_start(&w, index, "tool_use", err);
    put_name(&w, "id", id);
    put_name(&w, "name", name);
    cl_put_key(&w.out, "input");
    put(&w, "{}");
    return finish(&w, "}}", out);
}

claude_code_t cl_event_block_stop(int32_t index, claude_event_t **out, cl_err *err)
{
    writer w;

    begin_block(&w, "content_block_stop", index, err);
    return finish(&w, "}", out);
}

/* ---- deltas ---- */

static void begin_delta(writer *w, int32_t index, const char *type, cl_err *err)
{
    begin_block(w, "content_block_delta", index, err);
    cl_put_key(&w->out, "delta");
    put(w, "{");
    put_name(w, "type", type);
}

claude_code_t cl_event_delta(int32_t type, int32_t index, cl_str text, claude_event_t **out, cl_err *err)
{
    static const char *const names[][2] = {{"text_delta", "text"},
                                           {"thinking_delta", "thinking"},
                                           {"signature_delta", "signature"},
                                           {"input_json_delta", "partial_json"}};
    const char *const *name = names[type - CLAUDE_EVENT_TEXT_DELTA];
    writer w;

    begin_delta(&w, index, name[0], err);
    put_text(&w, name[1], text);
    return finish(&w, "}}", out);
}

claude_code_t cl_event_citations_delta(int32_t index, cl_str citation, claude_event_t **out, cl_err *err)
{
    writer w;

    begin_delta(&w, index, "citations_delta", err);
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
