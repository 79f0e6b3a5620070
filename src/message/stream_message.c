/* stream_message.c - a message put together from events by the accumulator of calls, and looked at on the way. What is
 * lent out is made when first asked for, and gone with the next event. */
#include "message/stream_types.h"

#include <stdio.h>
#include <stdlib.h>

#include "message/accumulate.h"

struct claude_stream_message {
    cl_handle handle;
    cl_accumulator *accumulator;
    claude_response_t *response; /* the message as it is now, or NULL */
    cl_buf blocks;               /* of the response, each with a NUL behind it */
    size_t *ends;                /* of the blocks, before their NULs; NULL: not made yet */
    size_t count;                /* of `ends` */
};

claude_code_t cl_stream_message_new(claude_stream_message_t **out, cl_err *err)
{
    /* What a call has by default. */
    const cl_accumulator_limits limits = {
        .max_message = (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_MESSAGE),
        .max_blocks = (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_BLOCKS),
        .max_depth = (uint32_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_DEPTH),
        .keep_content = true,
        .strict = false,
    };
    claude_stream_message_t *m = calloc(1, sizeof *m);
    claude_code_t rc;

    if (!m)
        return cl_fail_nomem(err);
    cl_handle_init(&m->handle, CL_MAGIC_STREAM_MESSAGE);
    m->blocks = CL_BUF_INIT(SIZE_MAX / 2);
    rc = cl_accumulator_new(&limits, &m->accumulator, err);
    if (rc < 0)
        free(m);
    else
        *out = m;
    return rc;
}

claude_code_t cl_stream_message_begin(const char *id, const char *type, const char *role, const char *model,
                                      cl_str usage, claude_stream_message_t **out, cl_err *err)
{
    claude_stream_message_t *m = NULL;
    claude_event_t *start = NULL;
    claude_code_t rc = cl_event_message_start(id, type, role, model, usage, &start, err);

    if (rc >= 0)
        rc = cl_stream_message_new(&m, err);
    if (rc >= 0)
        rc = cl_stream_message_add(m, start, err);
    cl_event_unref(start);
    if (rc >= 0)
        *out = m;
    else
        cl_stream_message_unref(m);
    return rc;
}

claude_stream_message_t *cl_stream_message_ref(claude_stream_message_t *m)
{
    cl_handle_ref(&m->handle);
    return m;
}

static void forget(claude_stream_message_t *m)
{
    cl_response_unref(m->response);
    m->response = NULL;
    cl_buf_free(&m->blocks);
    free(m->ends);
    m->ends = NULL;
    m->count = 0;
}

void cl_stream_message_unref(claude_stream_message_t *m)
{
    if (!m || !cl_handle_unref(&m->handle))
        return;
    forget(m);
    cl_accumulator_free(m->accumulator);
    free(m);
}

/* ---- in ---- */

claude_code_t cl_stream_message_add(claude_stream_message_t *m, const claude_event_t *event, cl_err *err)
{
    const cl_headers none = {NULL, 0, 0};
    claude_event_t view; /* the accumulator fills in a missing index */

    if (event->type == CLAUDE_EVENT_OTHER && cl_str_eq(event->name, CL_STR("error")))
        return cl_api_error(200, &none, event->json, err);
    cl_handle_init(&view.handle, CL_MAGIC_EVENT);
    view.kept = false;
    view.type = event->type;
    view.index = event->index;
    view.name = event->name;
    view.json = event->json;
    view.text = event->text;
    forget(m);
    return cl_accumulator_add(m->accumulator, &view, err);
}

claude_code_t cl_stream_message_add_block(claude_stream_message_t *m, cl_str block, cl_err *err)
{
    int32_t index = (int32_t)m->accumulator->block_count;
    claude_event_t *start = NULL;
    claude_event_t *stop = NULL;
    claude_code_t rc = cl_event_block_start(index, block, &start, err);

    if (rc >= 0)
        rc = cl_event_block_stop(index, &stop, err);
    if (rc >= 0)
        rc = cl_stream_message_add(m, start, err);
    if (rc >= 0)
        rc = cl_stream_message_add(m, stop, err);
    cl_event_unref(start);
    cl_event_unref(stop);
    return rc;
}

/* ---- what it is ---- */

bool cl_stream_message_is_complete(const claude_stream_message_t *m)
{
    return cl_accumulator_done(m->accumulator);
}

uint64_t cl_stream_message_anomalies(const claude_stream_message_t *m)
{
    return cl_accumulator_anomalies(m->accumulator);
}

size_t cl_stream_message_count(const claude_stream_message_t *m)
{
    const cl_accumulator *a = m->accumulator;
    cl_json content;

    if (a->block_count > 0 || !a->started)
        return a->block_count;
    /* A message may begin with what it has. */
    content = cl_json_member(cl_json_root(cl_buf_str(&a->start)), CL_STR("content"));
    return content.type == CLAUDE_JSON_ARRAY ? cl_json_count(content) : 0;
}

/* The message as it is now; NULL if none has begun, or memory is out. */
static const claude_response_t *look(claude_stream_message_t *m, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(SIZE_MAX / 2);
    cl_headers headers = {NULL, 0, 0};
    size_t len = 0;
    char *body;

    if (m->response)
        return m->response;
    if (cl_accumulator_json(m->accumulator, &json, err) >= 0) {
        body = cl_buf_steal(&json, &len);
        if (!body)
            cl_fail_nomem(err);
        else
            (void)cl_response_new(200, &headers, body, len, true, &m->response, err);
    }
    cl_buf_free(&json);
    return m->response;
}

claude_code_t cl_stream_message_response(claude_stream_message_t *m, claude_response_t **out, cl_err *err)
{
    if (!look(m, err))
        return err->code;
    *out = cl_response_ref(m->response);
    return CLAUDE_OK;
}

cl_str cl_stream_message_json(claude_stream_message_t *m)
{
    if (!cl_accumulator_started(m->accumulator))
        return CL_STR("");
    return look(m, NULL) ? cl_response_body(m->response) : (cl_str){NULL, 0};
}

cl_str cl_stream_message_text(claude_stream_message_t *m)
{
    cl_str text = {NULL, 0};

    if (!cl_accumulator_started(m->accumulator))
        return CL_STR("");
    if (look(m, NULL))
        text.ptr = cl_response_text(m->response, &text.len);
    return text;
}

/* ---- blocks ---- */

/* Copies the blocks out of the message, to end each with a NUL. */
static bool make_blocks(claude_stream_message_t *m)
{
    cl_json content = cl_json_member(cl_response_root(m->response), CL_STR("content"));
    cl_json_iter iter = cl_json_iter_of(content);
    size_t count = cl_json_count(content);
    size_t *ends = calloc(count + 1, sizeof *ends);
    cl_json block;

    if (!ends || cl_buf_reserve(&m->blocks, content.len + count + 1) != CL_BUF_OK) {
        free(ends);
        return false;
    }
    for (size_t i = 0; cl_json_next(&iter, NULL, &block); i++) {
        (void)cl_buf_append(&m->blocks, block.ptr, block.len);
        ends[i] = m->blocks.len;
        (void)cl_buf_append_char(&m->blocks, '\0');
    }
    m->ends = ends;
    m->count = count;
    return true;
}

cl_str cl_stream_message_block(claude_stream_message_t *m, size_t index)
{
    size_t start;

    if (index >= cl_stream_message_count(m) || !look(m, NULL) || (!m->ends && !make_blocks(m)) || index >= m->count)
        return (cl_str){NULL, 0};
    start = index == 0 ? 0 : m->ends[index - 1] + 1;
    return cl_str_n(m->blocks.ptr + start, m->ends[index] - start);
}

const char *cl_stream_message_block_type(claude_stream_message_t *m, size_t index)
{
    char pointer[48];

    if (index >= cl_stream_message_count(m) || !look(m, NULL))
        return NULL;
    (void)snprintf(pointer, sizeof pointer, "/content/%zu/type", index);
    return cl_response_string(m->response, pointer, NULL);
}

claude_code_t cl_stream_message_check(claude_stream_message_t *m, cl_err *err)
{
    if (!cl_accumulator_started(m->accumulator))
        return cl_fail(err, CLAUDE_E_INVALID, "message: none has begun; add a message_start event first");
    if (!look(m, err))
        return err->code;
    return cl_message_check(cl_response_root(m->response), cl_stream_message_is_complete(m), err);
}
