#include "message/completion.h"

#include <stdlib.h>

#include "message/write.h"

/* More fields than an event of these will ever have. */
enum { FIELDS_MAX = 32 };

/* A member of the events: key and value as they came, one behind the other. */
typedef struct member {
    cl_buf text;
    size_t key_len;
} member;

struct cl_completion {
    cl_completion_limits limits;
    cl_buf text; /* decoded */
    member fields[FIELDS_MAX];
    size_t count;
    size_t used; /* bytes of limits.max_bytes */
    uint64_t anomalies;
    bool started;
    bool done;
};

claude_code_t cl_completion_new(const cl_completion_limits *limits, cl_completion **out, cl_err *err)
{
    cl_completion *c = calloc(1, sizeof *c);

    if (!c)
        return cl_fail_nomem(err);
    c->limits = *limits;
    c->text = CL_BUF_INIT(limits->max_bytes);
    *out = c;
    return CLAUDE_OK;
}

void cl_completion_free(cl_completion *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        cl_buf_free(&c->fields[i].text);
    cl_buf_free(&c->text);
    free(c);
}

bool cl_completion_done(const cl_completion *c)
{
    return c->done;
}

bool cl_completion_started(const cl_completion *c)
{
    return c->started;
}

uint64_t cl_completion_anomalies(const cl_completion *c)
{
    return c->anomalies;
}

void cl_completion_count_anomaly(cl_completion *c)
{
    c->anomalies++;
}

/* ---- in ---- */

static claude_code_t odd(cl_completion *c, const char *what, cl_err *err)
{
    c->anomalies++;
    if (c->limits.strict)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has %s (stream.strict)", what);
    return CLAUDE_OK;
}

static claude_code_t full(int buf_result, cl_err *err)
{
    return cl_fail_buf(err, buf_result, "the completion (limit.message_bytes)");
}

static bool is_text(cl_json key)
{
    return cl_json_string_is(key, CL_STR("completion"));
}

static member *find(cl_completion *c, cl_json key)
{
    for (size_t i = 0; i < c->count; i++) {
        if (cl_str_eq(cl_str_n(key.ptr, key.len), cl_str_n(c->fields[i].text.ptr, c->fields[i].key_len)))
            return &c->fields[i];
    }
    return NULL;
}

/* The last value counts. On failure the old one stays. */
static claude_code_t set_field(cl_completion *c, cl_json key, cl_json value, cl_err *err)
{
    member *old = find(c, key);
    cl_buf fresh = CL_BUF_INIT(c->limits.max_bytes);
    size_t before = old ? old->text.len : 0;
    int rc = CL_BUF_FULL;

    if (!old && c->count == FIELDS_MAX)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "the completion has more than %d fields", FIELDS_MAX);
    if (key.len + value.len <= c->limits.max_bytes - (c->used - before))
        rc = cl_buf_reserve(&fresh, key.len + value.len);
    if (rc != CL_BUF_OK)
        return full(rc, err);
    (void)cl_buf_append(&fresh, key.ptr, key.len);
    (void)cl_buf_append(&fresh, value.ptr, value.len);
    if (!old)
        old = &c->fields[c->count++];
    c->used = c->used - before + fresh.len;
    cl_buf_free(&old->text);
    old->text = fresh;
    old->key_len = key.len;
    return CLAUDE_OK;
}

static claude_code_t add_text(cl_completion *c, cl_json text, cl_err *err)
{
    size_t before = c->text.len;
    size_t len;
    int rc = CL_BUF_FULL;

    if (cl_json_is_absent(text))
        return odd(c, "a completion without text", err);
    if (text.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the \"completion\" of a stream event is not a string");
    if (!c->limits.keep_text)
        return CLAUDE_OK;
    len = cl_json_decoded_len(text);
    if (len <= c->limits.max_bytes - c->used)
        rc = cl_json_decode(text, &c->text);
    if (rc != CL_BUF_OK)
        return full(rc, err);
    c->used += c->text.len - before;
    return CLAUDE_OK;
}

claude_code_t cl_completion_add(cl_completion *c, const claude_event_t *event, cl_err *err)
{
    cl_json root = cl_json_root(event->json);
    cl_json_iter iter = cl_json_iter_of(root);
    cl_json key;
    cl_json value;
    claude_code_t rc;

    if (event->type == CLAUDE_EVENT_PING)
        return CLAUDE_OK;
    if (event->type != CLAUDE_EVENT_OTHER)
        return odd(c, "an event of a message in a completion", err);
    if (!cl_str_eq(event->name, CL_STR("completion")))
        return CLAUDE_OK;
    if (c->done)
        return odd(c, "an event after the completion's end", err);
    c->started = true;
    rc = add_text(c, cl_json_member(root, CL_STR("completion")), err);
    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        /* The text has been taken; the field keeps its place. */
        if (is_text(key))
            value.len = 0;
        if (!cl_json_is_absent(value) || !find(c, key))
            rc = set_field(c, key, value, err);
    }
    if (rc >= 0 && !cl_json_is_absent(cl_json_member(root, CL_STR("stop_reason"))))
        c->done = true;
    return rc;
}

/* ---- out ---- */

static void put_field(cl_writer *w, const cl_completion *c, const member *field)
{
    cl_json key = {field->text.ptr, field->key_len, CLAUDE_JSON_STRING};

    cl_put_str(w, cl_str_n(key.ptr, key.len));
    cl_put(w, ":");
    if (is_text(key))
        cl_put_string(w, cl_buf_str(&c->text));
    else
        cl_put_str(w, cl_str_n(field->text.ptr + field->key_len, field->text.len - field->key_len));
}

claude_code_t cl_completion_json(const cl_completion *c, cl_buf *out, cl_err *err)
{
    size_t before = out->len;
    cl_writer w = {out, CL_BUF_OK};

    if (!c->started)
        return cl_fail(err, CLAUDE_E_STATE, "no completion has begun");
    for (size_t i = 0; i < c->count; i++) {
        cl_put(&w, i > 0 ? "," : "{");
        put_field(&w, c, &c->fields[i]);
    }
    cl_put(&w, "}");
    if (w.rc == CL_BUF_OK)
        return CLAUDE_OK;
    out->len = before;
    if (out->ptr)
        out->ptr[before] = '\0';
    return full(w.rc, err);
}
