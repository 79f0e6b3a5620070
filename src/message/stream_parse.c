/*
 * stream_parse.c - a recorded stream, whole, with errors that say where. It is understood as one that comes from a
 * server; what only a whole text can show (an end in the middle of an event) is said as well.
 */
#include "message/stream_types.h"

#include <inttypes.h>

#include "sse/sse.h"

typedef struct parser {
    cl_str bytes;
    size_t at;   /* consumed */
    size_t from; /* where the event under way may begin */
    uint32_t flags;
    claude_parse_fn fn;
    void *user_data;
    cl_parse_counts counts;
    cl_sse sse;
    cl_buf data; /* a copy that can be written to */
    cl_buf text;
    uint32_t max_depth;
} parser;

/* ---- where ---- */

/* The first line at or after `from` that begins with "data:"; else `from` itself. */
static size_t find_data(const parser *p)
{
    size_t at = p->from;

    while (at < p->bytes.len) {
        cl_str rest = cl_str_n(p->bytes.ptr + at, p->bytes.len - at);
        if (cl_str_starts(rest, CL_STR("data:")))
            return at;
        while (at < p->bytes.len && p->bytes.ptr[at] != '\n' && p->bytes.ptr[at] != '\r')
            at++;
        at++;
    }
    return p->from;
}

static size_t line_of(cl_str bytes, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < bytes.len; i++) {
        if (bytes.ptr[i] == '\n' || (bytes.ptr[i] == '\r' && (i + 1 == bytes.len || bytes.ptr[i + 1] != '\n')))
            line++;
    }
    return line;
}

/* Says where the event is that `why` has gone wrong with. */
static claude_code_t fail_at(const parser *p, cl_str name, const cl_err *why, cl_err *err)
{
    size_t at = find_data(p);
    bool named = name.len > 0;

    /* The bytes are at fault, not the program. */
    return cl_fail(err, why->code == CLAUDE_E_INVALID ? CLAUDE_E_PROTOCOL : why->code,
                   "event %" PRIu64 "%s%.*s%s, line %zu, byte %zu: %s", p->counts.events + 1, named ? " (" : "",
                   (int)(name.len < 64 ? name.len : 64), name.ptr, named ? ")" : "", line_of(p->bytes, at), at,
                   why->message);
}

/* ---- events ---- */

static bool is_strict(const parser *p)
{
    return (p->flags & CLAUDE_PARSE_STRICT) != 0;
}

static claude_code_t odd(parser *p, const char *what, cl_err *err)
{
    p->counts.anomalies++;
    return is_strict(p) ? cl_fail(err, CLAUDE_E_PROTOCOL, "%s (CLAUDE_PARSE_STRICT)", what) : CLAUDE_OK;
}

static claude_code_t hand_out(parser *p, const claude_event_t *event, cl_err *err)
{
    int32_t answer;

    p->counts.events++;
    answer = p->fn ? p->fn(event, p->user_data) : 0;
    if (answer == 0)
        return CLAUDE_OK;
    cl_fail(err, CLAUDE_E_CALLBACK, "the event callback returned %d", (int)answer);
    err->user_code = answer;
    return CLAUDE_E_CALLBACK;
}

/* `*event` is understood and in order; it lies in the parser's buffers. */
static claude_code_t understand(parser *p, cl_str name, cl_str data, claude_event_t *event, cl_err *err)
{
    bool anomaly = false;
    int buf_rc;
    claude_code_t rc;

    cl_buf_clear(&p->data);
    buf_rc = cl_buf_append_str(&p->data, data);
    if (buf_rc != CL_BUF_OK)
        return cl_fail_buf(err, buf_rc, "an event of the stream (limit.event_bytes)");
    rc = cl_event_parse(name, p->data.ptr, p->data.len, p->max_depth, &p->text, event, &anomaly, err);
    if (rc >= 0 && is_strict(p))
        rc = cl_event_check(event, err);
    if (rc >= 0 && anomaly)
        rc = odd(p, "the event is not in the documented form", err);
    return rc;
}

static bool is_done(cl_str data)
{
    return cl_str_eq(data, CL_STR("[DONE]"));
}

static bool may_skip(parser *p, claude_code_t rc)
{
    if (rc == CLAUDE_E_NOMEM || !(p->flags & CLAUDE_PARSE_SKIP_MALFORMED))
        return false;
    p->counts.anomalies++;
    return true;
}

static claude_code_t take_one(parser *p, cl_str name, cl_str data, cl_err *err)
{
    CL_UNINITIALIZED cl_err why;
    claude_event_t event;
    claude_code_t rc;

    if (is_done(data))
        return CLAUDE_OK;
    cl_err_init(&why);
    rc = understand(p, name, data, &event, &why);
    if (rc >= 0)
        return hand_out(p, &event, err);
    return may_skip(p, rc) ? CLAUDE_OK : fail_at(p, name, &why, err);
}

/* ---- lines of data without blank lines between them, as some write them down: each is an event ---- */

static bool next_line(cl_str *rest, cl_str *line)
{
    const char *lf;

    if (rest->len == 0)
        return false;
    lf = memchr(rest->ptr, '\n', rest->len);
    *line = cl_str_n(rest->ptr, lf ? (size_t)(lf - rest->ptr) : rest->len);
    *rest = lf ? cl_str_n(lf + 1, rest->len - line->len - 1) : CL_STR("");
    return true;
}

static bool is_json(const parser *p, cl_str data)
{
    return cl_json_validate(data, p->max_depth, NULL, NULL) >= 0;
}

static bool are_lines(const parser *p, cl_str data)
{
    cl_str line;

    while (next_line(&data, &line)) {
        if (!is_done(line) && !is_json(p, line))
            return false;
    }
    return true;
}

static claude_code_t take_event(parser *p, const cl_sse_event *sse, cl_err *err)
{
    cl_str rest = sse->data;
    cl_str line;
    claude_code_t rc = CLAUDE_OK;

    if (is_strict(p) || !memchr(rest.ptr, '\n', rest.len) || is_json(p, rest) || !are_lines(p, rest))
        return take_one(p, sse->name, rest, err);
    p->counts.anomalies++;
    while (rc >= 0 && next_line(&rest, &line))
        rc = take_one(p, CL_STR(""), line, err);
    return rc;
}

/* ---- the whole ---- */

/* What is behind the last blank line: nothing, an event that lacks only that line, or half of one. */
static claude_code_t take_rest(parser *p, cl_err *err)
{
    cl_str tail = cl_str_n(p->bytes.ptr + p->at, p->bytes.len - p->at);
    cl_buf rest = CL_BUF_INIT(tail.len + 2);
    CL_UNINITIALIZED cl_err why;
    cl_sse_event event = {{"", 0}, {"", 0}};
    size_t consumed;
    int32_t got;
    claude_code_t rc = CLAUDE_OK;

    cl_err_init(&why);
    if (cl_buf_append_str(&rest, tail) != CL_BUF_OK || cl_buf_append_text(&rest, "\n\n") != CL_BUF_OK)
        got = cl_fail_nomem(&why);
    else
        got = cl_sse_next(&p->sse, rest.ptr, rest.len, &consumed, &event, &why);
    if (got == CL_SSE_EVENT && is_strict(p))
        got = cl_fail(&why, CLAUDE_E_PROTOCOL, "no blank line ends the event (CLAUDE_PARSE_STRICT)");
    else if (got == CL_SSE_EVENT && !is_json(p, event.data) && !are_lines(p, event.data))
        got = cl_fail(&why, CLAUDE_E_TRUNCATED, "the text ends inside of the event");
    if (got == CL_SSE_EVENT) {
        p->counts.anomalies++;
        rc = take_event(p, &event, err);
    } else if (got < 0 && !may_skip(p, got)) {
        rc = fail_at(p, event.name, &why, err);
    }
    cl_buf_free(&rest);
    return rc;
}

static claude_code_t parse(parser *p, cl_err *err)
{
    CL_UNINITIALIZED cl_err why;
    int32_t got = CL_SSE_EVENT;
    claude_code_t rc = CLAUDE_OK;

    cl_err_init(&why);
    while (rc >= 0 && got != CL_SSE_MORE) {
        cl_sse_event event;
        size_t consumed = 0;
        p->from = p->at;
        got = cl_sse_next(&p->sse, p->bytes.ptr + p->at, p->bytes.len - p->at, &consumed, &event, &why);
        p->at += consumed;
        if (got == CL_SSE_EVENT)
            rc = take_event(p, &event, err);
        else if (got == CLAUDE_E_PROTOCOL && may_skip(p, got))
            cl_err_clear(&why);
        else if (got < 0)
            rc = fail_at(p, CL_STR(""), &why, err);
    }
    if (rc >= 0)
        rc = take_rest(p, err);
    if (rc >= 0 && p->counts.events == 0 && is_strict(p))
        rc = cl_fail(err, CLAUDE_E_PROTOCOL, "there is no event in the text (CLAUDE_PARSE_STRICT)");
    return rc;
}

claude_code_t cl_parse_events(cl_str bytes, uint32_t flags, claude_parse_fn fn, void *user_data,
                              cl_parse_counts *counts, cl_err *err)
{
    const uint32_t known = CLAUDE_PARSE_STRICT | CLAUDE_PARSE_SKIP_MALFORMED;
    size_t max_event = (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_EVENT);
    parser p = {.bytes = bytes, .flags = flags, .fn = fn, .user_data = user_data};
    claude_code_t rc;

    if ((flags & ~known) != 0)
        return cl_fail(err, CLAUDE_E_INVALID, "flags has unknown bits: %u", flags & ~known);
    if (flags == known)
        return cl_fail(err, CLAUDE_E_INVALID, "flags: a strict reader skips nothing; leave one of the two out");
    p.max_depth = (uint32_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_DEPTH);
    p.data = CL_BUF_INIT(max_event);
    p.text = CL_BUF_INIT(max_event);
    cl_sse_init(&p.sse, max_event);
    rc = parse(&p, err);
    cl_sse_free(&p.sse);
    cl_buf_free(&p.data);
    cl_buf_free(&p.text);
    if (rc >= 0)
        *counts = p.counts;
    return rc;
}
