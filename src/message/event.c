/*
 * event.c - one event of a stream, out of its data. Nearly all events are text deltas in one spelling: those are
 * recognised by comparing fixed prefixes. Everything else is validated and walked; both ways give the same event.
 */
#include "message/message.h"

#include <stdlib.h>

#define LITERAL(text)                                                                                                  \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

#define DELTA_HEAD "{\"type\":\"content_block_delta\",\"index\":"
#define DELTA_BODY ",\"delta\":{\"type\":\""

static const cl_str delta_name = LITERAL("content_block_delta");

/* The events that have a type of their own; 0 stands for the deltas, which are told apart by what they carry. */
static const struct event_kind {
    cl_str name;
    int32_t type;
} event_kinds[] = {
    {LITERAL("content_block_delta"), 0},
    {LITERAL("content_block_start"), CLAUDE_EVENT_BLOCK_START},
    {LITERAL("content_block_stop"), CLAUDE_EVENT_BLOCK_STOP},
    {LITERAL("ping"), CLAUDE_EVENT_PING},
    {LITERAL("message_start"), CLAUDE_EVENT_MESSAGE_START},
    {LITERAL("message_delta"), CLAUDE_EVENT_MESSAGE_DELTA},
    {LITERAL("message_stop"), CLAUDE_EVENT_MESSAGE_STOP},
};

/* The deltas. Those with text name the member it is in, and how they begin in the usual spelling. */
static const struct delta_kind {
    cl_str name;
    cl_str member;
    cl_str usual;
    int32_t type;
} delta_kinds[] = {
    {LITERAL("text_delta"), LITERAL("text"), LITERAL("text_delta\",\"text\":\""), CLAUDE_EVENT_TEXT_DELTA},
    {LITERAL("input_json_delta"), LITERAL("partial_json"), LITERAL("input_json_delta\",\"partial_json\":\""),
     CLAUDE_EVENT_INPUT_JSON_DELTA},
    {LITERAL("thinking_delta"), LITERAL("thinking"), LITERAL("thinking_delta\",\"thinking\":\""),
     CLAUDE_EVENT_THINKING_DELTA},
    {LITERAL("signature_delta"), LITERAL("signature"), LITERAL("signature_delta\",\"signature\":\""),
     CLAUDE_EVENT_SIGNATURE_DELTA},
    {LITERAL("citations_delta"), {NULL, 0}, {NULL, 0}, CLAUDE_EVENT_CITATIONS_DELTA},
    {LITERAL("compaction_delta"), {NULL, 0}, {NULL, 0}, CLAUDE_EVENT_COMPACTION_DELTA},
};

enum { TEXT_KINDS = 4, DELTA_KINDS = sizeof delta_kinds / sizeof delta_kinds[0] };

static void fill(claude_event_t *out, int32_t type, int32_t index, cl_str name, cl_str json, cl_str text)
{
    cl_handle_init(&out->handle, CL_MAGIC_EVENT);
    out->kept = false;
    out->type = type;
    out->index = index;
    out->name = name;
    out->json = json;
    out->text = text;
}

/* Replaces the scratch by the decoded text; raw is what stands between the quotes. */
static int set_text(cl_buf *text, cl_str raw, bool plain)
{
    int rc;

    text->len = 0;
    if (plain)
        return cl_buf_append_hot(text, raw.ptr, raw.len);
    rc = cl_buf_reserve(text, raw.len);
    if (rc != CL_BUF_OK)
        return rc;
    text->len = cl_json_decode_into(raw, text->ptr);
    text->ptr[text->len] = '\0';
    return CL_BUF_OK;
}

static claude_code_t fail_text(int rc, cl_err *err)
{
    return cl_fail_buf(err, rc, "the text of a stream event (limit.event_bytes)");
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* ---- the usual spelling ---- */

/* Two closing braces and nothing but white space. */
static bool is_tail(const char *p, const char *end)
{
    if (end - p == 2)
        return p[0] == '}' && p[1] == '}';
    for (int braces = 0; p < end; p++) {
        if (*p == '}' && ++braces == 2) {
            do
                p++;
            while (p < end && is_space(*p));
            return p == end;
        }
        if (*p != '}' && !is_space(*p))
            return false;
    }
    return false;
}

static const struct delta_kind *usual_kind(const char *p, const char *end)
{
    static const char text_delta[] = "text_delta\",\"text\":\"";
    cl_str rest = cl_str_n(p, (size_t)(end - p));

    if (rest.len >= sizeof text_delta - 1 && memcmp(p, text_delta, sizeof text_delta - 1) == 0)
        return &delta_kinds[0];
    for (size_t i = 1; i < TEXT_KINDS; i++) {
        if (cl_str_starts(rest, delta_kinds[i].usual))
            return &delta_kinds[i];
    }
    return NULL;
}

/* At most nine digits, so that the value fits; p moves behind them. A tenth is not the comma that must follow. */
static bool usual_index(const char **p, const char *end, int32_t *index)
{
    const char *start = *p;
    const char *q = start;
    int32_t value = 0;

    while (q < end && q - start < 9 && cl_ascii_is_digit(*q))
        value = value * 10 + (*q++ - '0');
    if (q == start || (*start == '0' && q - start > 1))
        return false;
    *p = q;
    *index = value;
    return true;
}

/* False: not in the usual spelling, or not well-formed; the general way finds out. */
static bool parse_usual(cl_str name, cl_str json, cl_buf *text, claude_event_t *out, int *rc)
{
    const struct delta_kind *kind;
    const char *p = json.ptr;
    const char *end = json.ptr + json.len;
    const char *stop;
    int32_t index;
    bool plain;

    if (json.len < 64 || memcmp(p, DELTA_HEAD, sizeof DELTA_HEAD - 1) != 0)
        return false;
    if (name.len > 0 && (name.len != delta_name.len || memcmp(name.ptr, "content_block_delta", delta_name.len) != 0))
        return false;
    p += sizeof DELTA_HEAD - 1;
    if (!usual_index(&p, end, &index))
        return false;
    if ((size_t)(end - p) < sizeof DELTA_BODY - 1 || memcmp(p, DELTA_BODY, sizeof DELTA_BODY - 1) != 0)
        return false;
    p += sizeof DELTA_BODY - 1;
    kind = usual_kind(p, end);
    if (!kind)
        return false;
    p += kind->usual.len;
    stop = cl_json_scan_string(p, end, &plain);
    if (!stop || !is_tail(stop, end))
        return false;
    *rc = set_text(text, cl_str_n(p, (size_t)(stop - p) - 1), plain);
    if (*rc == CL_BUF_OK)
        fill(out, kind->type, index, delta_name, json, cl_buf_str(text));
    return true;
}

/* ---- any spelling ---- */

/* Names of ours need no escape, and an escape makes a string longer: only longer ones need the careful comparison. */
static bool is(cl_json string, cl_str name)
{
    if (string.len <= name.len + 2)
        return string.len == name.len + 2 && memcmp(string.ptr + 1, name.ptr, name.len) == 0;
    return cl_json_string_is(string, name);
}

/* What the walk over an event's members finds. */
struct members {
    cl_json type;
    cl_json index;
    cl_json delta;
    bool twice; /* more than one "type": readers would disagree about what this is */
};

static void find_members(cl_json object, struct members *out)
{
    cl_json_iter iter = cl_json_iter_of(object);
    cl_json key;
    cl_json value;

    memset(out, 0, sizeof *out);
    while (cl_json_next(&iter, &key, &value)) {
        if (is(key, CL_STR("type"))) {
            out->twice = out->twice || out->type.type != CLAUDE_JSON_NONE;
            out->type = value;
        } else if (is(key, CL_STR("index"))) {
            out->index = value;
        } else if (is(key, CL_STR("delta"))) {
            out->delta = value;
        }
    }
}

static cl_str inside(cl_json string)
{
    return cl_str_n(string.ptr + 1, string.len - 2);
}

static bool is_plain(cl_str raw)
{
    return !memchr(raw.ptr, '\\', raw.len);
}

/* The event's name: the JSON's type, or the name on the wire where that is missing. */
static claude_code_t read_name(cl_json type, cl_str wire, cl_buf *text, cl_str *name, bool *anomaly, cl_err *err)
{
    int rc = CL_BUF_OK;

    if (cl_json_is_absent(type)) {
        if (wire.len == 0)
            return cl_fail(err, CLAUDE_E_PROTOCOL, "a stream event has no \"type\"");
        *name = wire;
        *anomaly = true;
        return CLAUDE_OK;
    }
    if (type.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the \"type\" of a stream event is not a string");
    *name = inside(type);
    if (!is_plain(*name)) {
        rc = set_text(text, *name, false);
        *name = cl_buf_str(text);
    }
    if (rc != CL_BUF_OK)
        return fail_text(rc, err);
    if (wire.len > 0 && !cl_str_eq(wire, *name))
        *anomaly = true;
    return CLAUDE_OK;
}

static claude_code_t read_index(cl_json value, int32_t *index, bool *anomaly, cl_err *err)
{
    int64_t number;

    *index = -1;
    if (cl_json_is_absent(value)) {
        *anomaly = true;
        return CLAUDE_OK;
    }
    if (!cl_json_to_int(value, &number) || number < 0 || number > INT32_MAX)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the \"index\" of a stream event is not a block's number");
    *index = (int32_t)number;
    return CLAUDE_OK;
}

/* Tells the kind of a delta and finds its text. A delta without a type is known by the member that it has. */
static claude_code_t find_delta(cl_json delta, int32_t *type, cl_json *text, bool *anomaly, cl_err *err)
{
    const struct delta_kind *kind = NULL;
    cl_json values[TEXT_KINDS] = {{NULL, 0, 0}};
    cl_json name = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json_iter iter = cl_json_iter_of(delta);
    cl_json key;
    cl_json value;

    while (cl_json_next(&iter, &key, &value)) {
        if (is(key, CL_STR("type"))) {
            if (name.type != CLAUDE_JSON_NONE)
                return cl_fail(err, CLAUDE_E_PROTOCOL, "the delta of a stream event has two \"type\"");
            name = value;
            continue;
        }
        for (size_t i = 0; i < TEXT_KINDS; i++) {
            if (is(key, delta_kinds[i].member))
                values[i] = value;
        }
    }
    if (!cl_json_is_absent(name) && name.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the \"type\" of a delta is not a string");
    for (size_t i = 0; i < DELTA_KINDS && !kind; i++) {
        if (name.type == CLAUDE_JSON_STRING ? is(name, delta_kinds[i].name)
                                            : i < TEXT_KINDS && !cl_json_is_absent(values[i]))
            kind = &delta_kinds[i];
    }
    *anomaly = *anomaly || cl_json_is_absent(name);
    *type = kind ? kind->type : CLAUDE_EVENT_OTHER_DELTA;
    *text = kind && kind->member.len > 0 ? values[kind - delta_kinds] : (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    return CLAUDE_OK;
}

static claude_code_t parse_delta(const struct members *members, cl_str json, cl_buf *text, claude_event_t *out,
                                 bool *anomaly, cl_err *err)
{
    cl_json value = {NULL, 0, CLAUDE_JSON_NONE};
    cl_str raw = CL_STR("");
    int32_t type = CLAUDE_EVENT_NONE;
    int32_t index = -1;
    int rc;

    if (members->delta.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "a content_block_delta has no \"delta\" object");
    if (find_delta(members->delta, &type, &value, anomaly, err) != CLAUDE_OK ||
        read_index(members->index, &index, anomaly, err) != CLAUDE_OK)
        return CLAUDE_E_PROTOCOL;
    if (type < CLAUDE_EVENT_TEXT_DELTA || type > CLAUDE_EVENT_INPUT_JSON_DELTA) {
        fill(out, type, index, delta_name, json, (cl_str){NULL, 0});
        return CLAUDE_OK;
    }
    if (cl_json_is_absent(value))
        *anomaly = true;
    else if (value.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the text of a delta is not a string");
    else
        raw = inside(value);
    rc = set_text(text, raw, is_plain(raw));
    if (rc != CL_BUF_OK)
        return fail_text(rc, err);
    fill(out, type, index, delta_name, json, cl_buf_str(text));
    return CLAUDE_OK;
}

/* Events that this version does not know: the name is kept in the scratch, to end it with a NUL. */
static claude_code_t parse_other(cl_str name, cl_json index, cl_str json, cl_buf *text, claude_event_t *out,
                                 cl_err *err)
{
    int64_t number = -1;
    int rc = CL_BUF_OK;

    if (name.ptr != text->ptr)
        rc = set_text(text, name, true);
    if (rc != CL_BUF_OK)
        return fail_text(rc, err);
    if (!cl_json_to_int(index, &number) || number < 0 || number > INT32_MAX)
        number = -1;
    fill(out, CLAUDE_EVENT_OTHER, (int32_t)number, cl_buf_str(text), json, (cl_str){NULL, 0});
    return CLAUDE_OK;
}

static claude_code_t parse_any(cl_str wire, cl_str json, cl_json root, cl_buf *text, claude_event_t *out, bool *anomaly,
                               cl_err *err)
{
    const struct event_kind *kind = NULL;
    struct members members;
    cl_str name = CL_STR("");
    int32_t index = -1;
    claude_code_t rc;

    find_members(root, &members);
    if (members.twice)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "a stream event has two \"type\"");
    rc = read_name(members.type, wire, text, &name, anomaly, err);
    if (rc != CLAUDE_OK)
        return rc;
    for (size_t i = 0; i < sizeof event_kinds / sizeof event_kinds[0] && !kind; i++) {
        if (cl_str_eq(name, event_kinds[i].name))
            kind = &event_kinds[i];
    }
    /* An error without its envelope must not be mistaken for a new kind of event. */
    if (!kind && cl_str_eq(wire, CL_STR("error")))
        name = CL_STR("error");
    if (!kind)
        return parse_other(name, members.index, json, text, out, err);
    if (kind->type == 0)
        return parse_delta(&members, json, text, out, anomaly, err);
    if (kind->type == CLAUDE_EVENT_BLOCK_START || kind->type == CLAUDE_EVENT_BLOCK_STOP)
        rc = read_index(members.index, &index, anomaly, err);
    if (rc == CLAUDE_OK)
        fill(out, kind->type, index, kind->name, json, (cl_str){NULL, 0});
    return rc;
}

claude_code_t cl_event_parse(cl_str name, char *data, size_t len, uint32_t max_depth, cl_buf *text, claude_event_t *out,
                             bool *anomaly, cl_err *err)
{
    cl_str json = cl_str_n(data, len);
    cl_json root;
    CL_UNINITIALIZED cl_err inner;
    bool odd = false;
    int buf_rc;
    claude_code_t rc;

    data[len] = '\0';
    /* The usual spelling is two levels deep. */
    if (max_depth >= 2 && parse_usual(name, json, text, out, &buf_rc))
        return buf_rc == CL_BUF_OK ? CLAUDE_OK : fail_text(buf_rc, err);
    cl_err_init(&inner);
    if (cl_json_validate(json, max_depth, &root, &inner) != CLAUDE_OK)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "a stream event's data: %s", inner.message);
    if (root.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "a stream event's data is not a JSON object");
    rc = parse_any(name, json, root, text, out, &odd, err);
    if (rc == CLAUDE_OK && odd)
        *anomaly = true;
    return rc;
}

/* ---- copies ---- */

/* Puts a text and its NUL at `*to`, which moves on. */
static cl_str put(char **to, cl_str text)
{
    cl_str copy = cl_str_n(*to, text.len);

    if (!text.ptr)
        return text;
    memcpy(*to, text.ptr, text.len);
    (*to)[text.len] = '\0';
    *to += text.len + 1;
    return copy;
}

claude_code_t cl_event_keep(const claude_event_t *event, claude_event_t **out, cl_err *err)
{
    claude_event_t *copy;
    char *to;

    if (event->kept) {
        copy = (claude_event_t *)(uintptr_t)event;
        cl_handle_ref(&copy->handle);
        *out = copy;
        return CLAUDE_OK;
    }
    copy = malloc(sizeof *copy + event->name.len + event->json.len + event->text.len + 3);
    if (!copy)
        return cl_fail_nomem(err);
    to = (char *)(copy + 1);
    cl_handle_init(&copy->handle, CL_MAGIC_EVENT);
    copy->kept = true;
    copy->type = event->type;
    copy->index = event->index;
    copy->name = put(&to, event->name);
    copy->json = put(&to, event->json);
    copy->text = put(&to, event->text);
    *out = copy;
    return CLAUDE_OK;
}

void cl_event_unref(claude_event_t *event)
{
    if (event && event->kept && cl_handle_unref(&event->handle))
        free(event);
}
