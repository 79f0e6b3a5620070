#include "step_json.h"
#include "http.h"
#include "sse.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_MS = 1000 * 3600 * 24 * 7,
    MAX_EVENT_BYTES = 64 * 1024 * 1024,
    MAX_FAULTS = 64,
    MAX_INFORMATIONAL = 1000000,
};

static const uint64_t max_repeat_bytes = UINT64_C(1) << 50;
static const uint64_t max_gzip_bytes = UINT64_C(1) << 32;
static const uint64_t forever_us = UINT64_C(1000000) * 3600 * 24 * 365;

/* What has to wait until every member was seen. */
struct draft {
    struct step *step;
    struct buf *why;
    struct json_object *events;
    struct json_object *informational;
    struct json_object *raw;
    struct generate generate;
    bool has_generate;
    bool has_hold;
    uint64_t hold_us;
    uint64_t ping_us;
    uint64_t delay_us;
};

static bool fail(struct draft *d, const char *what)
{
    if (d->why->len == 0)
        buf_str(d->why, what);
    return false;
}

static bool get_uint(struct draft *d, struct json_object *v, uint64_t max, uint64_t *out, const char *what)
{
    int64_t n;

    if (!json_object_is_type(v, json_type_int))
        return fail(d, what);
    n = json_object_get_int64(v);
    if (n < 0 || (uint64_t)n > max)
        return fail(d, what);
    *out = (uint64_t)n;
    return true;
}

static bool get_ms(struct draft *d, struct json_object *v, uint64_t *us, const char *what)
{
    double ms = json_object_get_double(v);

    if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
        return fail(d, what);
    if (!(ms >= 0) || ms > MAX_MS)
        return fail(d, what);
    *us = (uint64_t)(ms * 1000);
    return true;
}

static bool get_bool(struct draft *d, struct json_object *v, bool *out, const char *what)
{
    if (!json_object_is_type(v, json_type_boolean))
        return fail(d, what);
    *out = json_object_get_boolean(v) != 0;
    return true;
}

static bool get_text(struct draft *d, struct json_object *v, struct slice *out, const char *what)
{
    if (!json_object_is_type(v, json_type_string))
        return fail(d, what);
    *out = (struct slice){json_object_get_string(v), (size_t)json_object_get_string_len(v)};
    return true;
}

static bool set_string(struct draft *d, struct json_object *v, char **slot, const char *what)
{
    struct slice text;

    if (!get_text(d, v, &text, what))
        return false;
    free(*slot);
    *slot = xstrndup(text.data, text.len);
    return true;
}

static const char *json_text_of(struct json_object *v, size_t *len)
{
    return json_object_to_json_string_length(v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, len);
}

static bool read_status(struct draft *d, struct json_object *v)
{
    uint64_t n;

    if (!get_uint(d, v, 999, &n, "status must be a number up to 999"))
        return false;
    d->step->status = (int)n;
    return true;
}

static bool read_reason(struct draft *d, struct json_object *v)
{
    return set_string(d, v, &d->step->reason, "reason must be a string");
}

static bool read_pairs(struct draft *d, struct json_object *v, struct fields *fields, const char *what)
{
    size_t count = json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;

    if (!json_object_is_type(v, json_type_array))
        return fail(d, what);
    for (size_t i = 0; i < count; i++) {
        struct json_object *pair = json_object_array_get_idx(v, i);
        struct json_object *name;
        struct json_object *value;

        if (!json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2)
            return fail(d, what);
        name = json_object_array_get_idx(pair, 0);
        value = json_object_array_get_idx(pair, 1);
        if (!json_object_is_type(name, json_type_string) || !json_object_is_type(value, json_type_string))
            return fail(d, what);
        fields_add(fields, json_object_get_string(name), json_object_get_string(value));
    }
    return true;
}

static bool read_headers(struct draft *d, struct json_object *v)
{
    return read_pairs(d, v, &d->step->headers, "headers must be a list of [name, value]");
}

static bool read_copy_headers(struct draft *d, struct json_object *v)
{
    return read_pairs(d, v, &d->step->copy_headers, "copy_headers must be a list of [request header, reply header]");
}

static bool read_trailers(struct draft *d, struct json_object *v)
{
    struct fields fields = {0};
    struct buf text = {0};
    bool ok = read_pairs(d, v, &fields, "trailers must be a list of [name, value]");

    for (size_t i = 0; i < fields.count; i++)
        buf_printf(&text, "%s: %s\r\n", fields.list[i].name, fields.list[i].value);
    free(d->step->trailers);
    d->step->trailers = text.data;
    fields_free(&fields);
    return ok;
}

static bool read_default_headers(struct draft *d, struct json_object *v)
{
    return get_bool(d, v, &d->step->default_headers, "default_headers must be true or false");
}

static struct body *new_plain(struct draft *d)
{
    if (d->step->plain != NULL || d->step->error_type != NULL || d->step->echo) {
        fail(
            d,
            "more than one of body, body_json, body_base64, body_repeat, generate_lines, echo, error, raw, raw_base64");
        return NULL;
    }
    d->step->plain = xcalloc(1, sizeof *d->step->plain);
    return d->step->plain;
}

static bool read_body(struct draft *d, struct json_object *v)
{
    struct body *body = new_plain(d);
    struct slice text;

    if (body == NULL || !get_text(d, v, &text, "body must be a string"))
        return false;
    body_bytes(body, text.data, text.len, 0, false);
    return true;
}

static bool read_body_json(struct draft *d, struct json_object *v)
{
    struct body *body = new_plain(d);
    size_t len;
    const char *text = json_text_of(v, &len);

    if (body == NULL)
        return false;
    body_bytes(body, text, len, 0, false);
    return true;
}

static bool get_base64(struct draft *d, struct json_object *v, struct buf *out, const char *what)
{
    struct slice text;

    if (!get_text(d, v, &text, what))
        return false;
    return buf_unbase64(out, text.data, text.len) || fail(d, what);
}

static bool read_body_base64(struct draft *d, struct json_object *v)
{
    struct body *body = new_plain(d);
    struct buf bytes = {0};
    bool ok = body != NULL && get_base64(d, v, &bytes, "body_base64 is not base64");

    if (ok)
        body_bytes(body, bytes.data, bytes.len, 0, false);
    buf_free(&bytes);
    return ok;
}

static bool read_repeat_into(struct draft *d, struct json_object *v, struct body *body)
{
    static const char what[] = "body_repeat and repeat take {\"chunk\": string, \"count\": number}";
    struct run run = {0};
    struct slice chunk = {0};
    uint64_t count = 0;

    if (!json_object_is_type(v, json_type_object))
        return fail(d, what);
    if (!get_text(d, json_object_object_get(v, "chunk"), &chunk, what) ||
        !get_uint(d, json_object_object_get(v, "count"), max_repeat_bytes, &count, what))
        return false;
    if (chunk.len != 0 && count > max_repeat_bytes / chunk.len)
        return fail(d, "repeated content is larger than 2^50 bytes");
    body_repeat(body, chunk.data, chunk.len, count, &run);
    return true;
}

static bool read_body_repeat(struct draft *d, struct json_object *v)
{
    struct body *body = new_plain(d);

    return body != NULL && read_repeat_into(d, v, body);
}

static bool read_echo(struct draft *d, struct json_object *v)
{
    if (d->step->plain != NULL || d->step->error_type != NULL)
        return fail(d, "echo is a body of its own");
    return get_bool(d, v, &d->step->echo, "echo must be true or false");
}

static bool read_generate_lines(struct draft *d, struct json_object *v)
{
    static const char what[] = "generate_lines takes {\"lines\": number, \"line_bytes\": number}";
    struct body *body = new_plain(d);
    uint64_t lines = 0;
    uint64_t bytes = 0;

    if (body == NULL || !json_object_is_type(v, json_type_object))
        return fail(d, what);
    if (!get_uint(d, json_object_object_get(v, "lines"), max_repeat_bytes / MAX_EVENT_BYTES * 1024, &lines, what) ||
        !get_uint(d, json_object_object_get(v, "line_bytes"), MAX_EVENT_BYTES, &bytes, what))
        return false;
    d->step->content_type = "application/x-jsonl";
    return generate_lines(body, lines, (size_t)bytes) ||
           fail(d, "generate_lines.line_bytes is smaller than an empty result");
}

static bool read_raw(struct draft *d, struct json_object *v)
{
    d->step->raw = true;
    return read_body(d, v);
}

static bool read_raw_base64(struct draft *d, struct json_object *v)
{
    d->step->raw = true;
    return read_body_base64(d, v);
}

static bool read_error(struct draft *d, struct json_object *v)
{
    static const char what[] = "error takes {\"type\": string, \"message\": string, \"details\": any}";
    struct json_object *details;
    size_t len;

    if (!json_object_is_type(v, json_type_object) || d->step->plain != NULL || d->step->echo)
        return fail(d, what);
    if (!set_string(d, json_object_object_get(v, "type"), &d->step->error_type, what) ||
        !set_string(d, json_object_object_get(v, "message"), &d->step->error_message, what))
        return false;
    if (json_object_object_get_ex(v, "details", &details)) {
        const char *text = json_text_of(details, &len);

        d->step->error_details = details != NULL ? xstrndup(text, len) : xstrdup("null");
    }
    return true;
}

static bool read_events(struct draft *d, struct json_object *v)
{
    d->events = v;
    return json_object_is_type(v, json_type_array) || fail(d, "events must be a list");
}

static bool read_kind(struct draft *d, struct json_object *v, enum delta_kind *kind)
{
    static const char *const names[] = {"text", "thinking", "input_json", "reordered"};
    const char *text = json_object_get_string(v);

    for (unsigned i = 0; text != NULL && i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            *kind = (enum delta_kind)i;
            return true;
        }
    }
    return fail(d, "generate.kind must be text, thinking, input_json or reordered");
}

static bool read_per_write(struct draft *d, struct json_object *v, bool *each)
{
    const char *text = json_object_get_string(v);

    *each = text != NULL && strcmp(text, "each") == 0;
    return *each || (text != NULL && strcmp(text, "bulk") == 0) || fail(d, "generate.per_write must be bulk or each");
}

static bool check_generate(struct draft *d, const struct generate *g)
{
    if ((g->interval_us > 0 || g->stamp) && !g->each)
        return fail(d, "generate.interval_us and generate.stamp need per_write \"each\"");
    if (g->event_bytes < generate_min_bytes(g))
        return fail(d, "generate.event_bytes is smaller than an empty event of that kind");
    if (g->stagger_us > g->interval_us)
        return fail(d, "generate.stagger_us is longer than the interval");
    return true;
}

static bool read_generate_into(struct draft *d, struct json_object *v, struct generate *g)
{
    uint64_t n = 0;
    bool ok = true;

    *g = (struct generate){.events = 1000, .event_bytes = 126};
    if (!json_object_is_type(v, json_type_object))
        return fail(d, "generate must be an object");
    json_object_object_foreach(v, key, value)
    {
        if (strcmp(key, "events") == 0) {
            ok = get_uint(d, value, max_repeat_bytes / MAX_EVENT_BYTES * 1024, &g->events,
                          "generate.events is out of range");
        } else if (strcmp(key, "event_bytes") == 0) {
            ok = get_uint(d, value, MAX_EVENT_BYTES, &n, "generate.event_bytes is out of range");
            g->event_bytes = (size_t)n;
        } else if (strcmp(key, "interval_us") == 0) {
            ok = get_uint(d, value, UINT64_C(1000) * MAX_MS, &g->interval_us, "generate.interval_us is out of range");
        } else if (strcmp(key, "stagger_us") == 0) {
            ok = get_uint(d, value, UINT64_C(1000) * MAX_MS, &g->stagger_us, "generate.stagger_us is out of range");
        } else if (strcmp(key, "stamp") == 0) {
            g->stamp = json_object_get_boolean(value);
            ok = json_object_is_type(value, json_type_boolean) || fail(d, "generate.stamp must be true or false");
        } else if (strcmp(key, "chunk_events") == 0) {
            ok = get_uint(d, value, 1000, &n, "generate.chunk_events must be 0 to 1000");
            g->chunk_events = (unsigned)n;
        } else if (strcmp(key, "per_write") == 0) {
            ok = read_per_write(d, value, &g->each);
        } else {
            ok = strcmp(key, "kind") == 0 ? read_kind(d, value, &g->kind) : fail(d, "unknown member of generate");
        }
        if (!ok)
            return false;
    }
    return check_generate(d, g);
}

static bool read_generate(struct draft *d, struct json_object *v)
{
    d->has_generate = true;
    return read_generate_into(d, v, &d->generate);
}

static bool put_generated(struct draft *d, struct body *body, const struct generate *g)
{
    return generate_events(body, g) || fail(d, "generate.chunk_events must divide the number of events and the events "
                                               "of a block (1000 up to 262 bytes)");
}

static bool get_hold(struct draft *d, struct json_object *v, uint64_t *us)
{
    if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) == -1) {
        *us = forever_us;
        return true;
    }
    return get_ms(d, v, us, "hold_ms must be a number of milliseconds, or -1 for ever");
}

static bool read_hold(struct draft *d, struct json_object *v)
{
    d->has_hold = true;
    return get_hold(d, v, &d->hold_us);
}

static bool read_ping_interval(struct draft *d, struct json_object *v)
{
    return get_ms(d, v, &d->ping_us, "ping_interval_ms must be a number of milliseconds");
}

static void put_hold(struct body *body, uint64_t hold_us, uint64_t ping_us)
{
    static const char ping[] = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    struct run run = {.spaced = true, .hold = true, .wait_us = ping_us, .events = 1};
    uint64_t count = ping_us > 0 ? hold_us / ping_us : 0;

    if (count > 0) {
        body_wait(body, ping_us, true);
        body_repeat(body, ping, sizeof ping - 1, count, &run);
    }
    body_wait(body, hold_us - count * ping_us, true);
}

static bool read_delay(struct draft *d, struct json_object *v)
{
    return get_ms(d, v, &d->delay_us, "delay_ms must be a number of milliseconds");
}

static bool read_size(struct draft *d, struct json_object *v, size_t *out)
{
    uint64_t n;

    if (!get_uint(d, v, UINT64_C(1) << 40, &n, "sizes must be numbers of bytes"))
        return false;
    *out = (size_t)n;
    return true;
}

static bool read_chunk_size(struct draft *d, struct json_object *v)
{
    return read_size(d, v, &d->step->chunk_size);
}

static bool read_chunk_delay(struct draft *d, struct json_object *v)
{
    return get_ms(d, v, &d->step->chunk_us, "chunk_delay_ms must be a number of milliseconds");
}

static bool read_head_chunk_size(struct draft *d, struct json_object *v)
{
    return read_size(d, v, &d->step->head_chunk_size);
}

static bool read_head_chunk_delay(struct draft *d, struct json_object *v)
{
    return get_ms(d, v, &d->step->head_chunk_us, "head_chunk_delay_ms must be a number of milliseconds");
}

static bool read_framing(struct draft *d, struct json_object *v)
{
    static const char *const names[] = {"auto", "chunked", "length", "close"};
    const char *text = json_object_get_string(v);

    for (unsigned i = 0; text != NULL && i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            d->step->framing = (enum framing)i;
            return true;
        }
    }
    return fail(d, "framing must be chunked, length or close");
}

static bool read_content_length(struct draft *d, struct json_object *v)
{
    const char *text = json_object_get_string(v);

    free(d->step->content_length);
    d->step->content_length = v != NULL && text != NULL ? xstrdup(text) : NULL;
    d->step->no_content_length = v == NULL;
    return true;
}

static bool read_informational(struct draft *d, struct json_object *v)
{
    d->informational = v;
    return json_object_is_type(v, json_type_array) || fail(d, "informational must be a list");
}

static bool read_fault_kind(struct draft *d, struct fault *fault, struct json_object *v)
{
    static const char *const names[] = {"fin", "rst", "stall", "garbage", "half_close"};
    const char *text = json_object_get_string(v);

    for (unsigned i = 0; text != NULL && i < 5; i++) {
        if (strcmp(text, names[i]) == 0) {
            fault->kind = (enum fault_kind)i;
            return true;
        }
    }
    return fail(d, "a fault's \"do\" must be fin, rst, stall, garbage or half_close");
}

static bool read_fault_member(struct draft *d, struct fault *fault, const char *key, struct json_object *v)
{
    const char *text = json_object_get_string(v);
    struct slice bytes;

    if (strcmp(key, "do") == 0)
        return read_fault_kind(d, fault, v);
    if (strcmp(key, "at") == 0 && json_object_is_type(v, json_type_string) && strcmp(text, "end") == 0) {
        fault->where = AT_END;
        return true;
    }
    if (strcmp(key, "at") == 0 || strcmp(key, "at_body") == 0) {
        fault->where = strcmp(key, "at") == 0 ? AT_WIRE : AT_BODY;
        return get_uint(d, v, INT64_MAX, &fault->at, "a fault's offset must be a number of bytes, or \"end\" for at");
    }
    if (strcmp(key, "ms") == 0)
        return get_ms(d, v, &fault->stall_us, "a fault's ms must be a number of milliseconds");
    if (strcmp(key, "bytes_base64") == 0)
        return get_base64(d, v, &fault->garbage, "bytes_base64 is not base64");
    if (strcmp(key, "bytes") != 0)
        return fail(d, "unknown member of a fault");
    if (!get_text(d, v, &bytes, "bytes must be a string"))
        return false;
    buf_add(&fault->garbage, bytes.data, bytes.len);
    return true;
}

static void default_garbage(struct fault *fault)
{
    uint32_t x = 2463534242U;

    for (int i = 0; i < 64; i++) {
        char c;

        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        c = (char)(unsigned char)(x & 0xff);
        buf_add(&fault->garbage, &c, 1);
    }
}

static struct fault *add_fault(struct draft *d, struct json_object *item)
{
    struct step *step = d->step;
    struct fault *fault;

    if (!json_object_is_type(item, json_type_object) || !json_object_object_get_ex(item, "do", NULL)) {
        fail(d, "a fault must be an object with \"do\"");
        return NULL;
    }
    step->faults = xrealloc(step->faults, (step->fault_count + 1) * sizeof *step->faults);
    fault = &step->faults[step->fault_count++];
    *fault = (struct fault){0};
    json_object_object_foreach(item, key, value)
    {
        if (strcmp(key, "delay_ms") != 0 && !read_fault_member(d, fault, key, value))
            return NULL;
    }
    if (fault->kind == FAULT_GARBAGE && fault->garbage.len == 0)
        default_garbage(fault);
    return fault;
}

static bool read_faults(struct draft *d, struct json_object *v)
{
    size_t count = json_object_is_type(v, json_type_array) ? json_object_array_length(v) : MAX_FAULTS + 1;

    if (count > MAX_FAULTS)
        return fail(d, "faults must be a list of at most 64");
    for (size_t i = 0; i < count; i++) {
        if (add_fault(d, json_object_array_get_idx(v, i)) == NULL)
            return false;
    }
    return true;
}

static bool read_close_without_reply(struct draft *d, struct json_object *v)
{
    const char *text = json_object_get_string(v);
    bool rst = text != NULL && strcmp(text, "rst") == 0;
    bool yes = rst || (text != NULL && strcmp(text, "fin") == 0);

    if (!yes && !get_bool(d, v, &yes, "close_without_reply must be true, false, \"fin\" or \"rst\""))
        return false;
    d->step->no_reply = !yes ? END_KEEP : rst ? END_RST : END_FIN;
    return true;
}

static bool read_connection(struct draft *d, struct json_object *v)
{
    const char *text = json_object_get_string(v);

    d->step->say_close = text != NULL && strcmp(text, "close") == 0;
    return d->step->say_close || (text != NULL && strcmp(text, "keep-alive") == 0) ||
           fail(d, "connection must be close or keep-alive");
}

static bool read_close_after(struct draft *d, struct json_object *v)
{
    return get_bool(d, v, &d->step->close_after, "close_after must be true or false");
}

static bool read_close_after_ms(struct draft *d, struct json_object *v)
{
    d->step->close_after = true;
    return get_ms(d, v, &d->step->close_after_us, "close_after_ms must be a number of milliseconds");
}

static bool read_reply_early(struct draft *d, struct json_object *v)
{
    return get_bool(d, v, &d->step->reply_early, "reply_early must be true or false");
}

static bool read_expect_continue(struct draft *d, struct json_object *v)
{
    bool yes = true;

    if (json_object_is_type(v, json_type_int) && json_object_get_int(v) == 417) {
        d->step->expect = EXPECT_REFUSE;
        return true;
    }
    if (!get_bool(d, v, &yes, "expect_continue must be true, false or 417"))
        return false;
    d->step->expect = yes ? EXPECT_CONTINUE : EXPECT_SILENCE;
    return true;
}

static bool read_gzip(struct draft *d, struct json_object *v)
{
    return get_bool(d, v, &d->step->gzip, "gzip must be true or false");
}

static bool read_gzip_truncate(struct draft *d, struct json_object *v)
{
    d->step->gzip = true;
    return read_size(d, v, &d->step->gzip_truncate);
}

static bool read_comment(struct draft *d, struct json_object *v)
{
    (void)d;
    (void)v;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct draft *d, struct json_object *v);
} members[] = {
    {"status", read_status},
    {"reason", read_reason},
    {"headers", read_headers},
    {"copy_headers", read_copy_headers},
    {"trailers", read_trailers},
    {"default_headers", read_default_headers},
    {"body", read_body},
    {"body_json", read_body_json},
    {"body_base64", read_body_base64},
    {"body_repeat", read_body_repeat},
    {"echo", read_echo},
    {"generate_lines", read_generate_lines},
    {"raw", read_raw},
    {"raw_base64", read_raw_base64},
    {"error", read_error},
    {"events", read_events},
    {"generate", read_generate},
    {"hold_ms", read_hold},
    {"ping_interval_ms", read_ping_interval},
    {"delay_ms", read_delay},
    {"chunk_size", read_chunk_size},
    {"chunk_delay_ms", read_chunk_delay},
    {"head_chunk_size", read_head_chunk_size},
    {"head_chunk_delay_ms", read_head_chunk_delay},
    {"framing", read_framing},
    {"content_length", read_content_length},
    {"informational", read_informational},
    {"faults", read_faults},
    {"close_without_reply", read_close_without_reply},
    {"connection", read_connection},
    {"close_after", read_close_after},
    {"close_after_ms", read_close_after_ms},
    {"reply_early", read_reply_early},
    {"expect_continue", read_expect_continue},
    {"gzip", read_gzip},
    {"gzip_truncate", read_gzip_truncate},
    {"comment", read_comment},
    {"match", read_comment}, /* the scenario's own */
};

static bool read_member(struct draft *d, const char *key, struct json_object *v)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].name, key) == 0)
            return members[i].read(d, v);
    }
    if (d->why->len == 0)
        buf_printf(d->why, "unknown member \"%s\"", key);
    return false;
}

/* {"event", "data"}: the name defaults to the data's "type". */
static bool put_data_event(struct draft *d, struct json_object *item, struct body *body, bool own_write)
{
    struct json_object *data = json_object_object_get(item, "data");
    struct json_object *event = NULL;
    struct json_object *type = NULL;
    struct buf text = {0};
    size_t len;
    const char *json;

    if (!json_object_object_get_ex(item, "data", NULL))
        return fail(d, "an event needs data, raw, raw_base64, repeat, generate or hold_ms");
    if (!json_object_object_get_ex(item, "event", &event) && json_object_is_type(data, json_type_object) &&
        json_object_object_get_ex(data, "type", &type) && json_object_is_type(type, json_type_string))
        event = type;
    if (json_object_is_type(data, json_type_string)) {
        json = json_object_get_string(data);
        len = (size_t)json_object_get_string_len(data);
    } else {
        json = data != NULL ? json_text_of(data, &len) : "null";
        len = data != NULL ? len : 4;
    }
    sse_event(&text, event != NULL ? json_object_get_string(event) : NULL, json, len);
    body_bytes(body, text.data, text.len, 1, own_write);
    buf_free(&text);
    return true;
}

static bool put_raw_event(struct draft *d, struct json_object *item, struct body *body, bool own_write)
{
    struct json_object *v;
    struct buf bytes = {0};
    struct slice text;
    bool ok;

    if (json_object_object_get_ex(item, "raw", &v)) {
        ok = get_text(d, v, &text, "raw must be a string");
        if (ok)
            body_bytes(body, text.data, text.len, 1, own_write);
        return ok;
    }
    ok = get_base64(d, json_object_object_get(item, "raw_base64"), &bytes, "raw_base64 is not base64");
    if (ok)
        body_bytes(body, bytes.data, bytes.len, 1, own_write);
    buf_free(&bytes);
    return ok;
}

static uint64_t body_length(const struct body *body)
{
    uint64_t total = 0;

    for (size_t i = 0; body != NULL && i < body->count; i++)
        total += body->parts[i].total;
    return total;
}

/* {"do": ...} among the events: the fault happens at this place of the stream. */
static bool put_fault(struct draft *d, struct json_object *item, const struct body *body)
{
    struct fault *fault = add_fault(d, item);

    if (fault == NULL)
        return false;
    if (d->step->gzip)
        return fail(d, "a fault among the events cannot be combined with gzip");
    fault->where = AT_BODY;
    fault->in_events = true;
    fault->at = body_length(body);
    return true;
}

static bool put_event_item(struct draft *d, struct json_object *item, struct body *body)
{
    struct json_object *v;
    struct generate g;
    uint64_t delay_us = 0;
    uint64_t hold_us = 0;
    uint64_t ping_us = 0;
    bool delayed;

    if (!json_object_is_type(item, json_type_object))
        return fail(d, "an event must be an object");
    delayed = json_object_object_get_ex(item, "delay_ms", &v);
    if (delayed && !get_ms(d, v, &delay_us, "an event's delay_ms must be a number of milliseconds"))
        return false;
    body_wait(body, delay_us, false);
    if (json_object_object_get_ex(item, "do", NULL))
        return put_fault(d, item, body);
    if (json_object_object_get_ex(item, "generate", &v))
        return read_generate_into(d, v, &g) && put_generated(d, body, &g);
    if (json_object_object_get_ex(item, "repeat", &v))
        return read_repeat_into(d, v, body);
    if (json_object_object_get_ex(item, "hold_ms", &v)) {
        struct json_object *interval = json_object_object_get(item, "ping_interval_ms");

        if (!get_hold(d, v, &hold_us))
            return false;
        if (interval != NULL && !get_ms(d, interval, &ping_us, "ping_interval_ms must be a number of milliseconds"))
            return false;
        put_hold(body, hold_us, ping_us);
        return true;
    }
    if (json_object_object_get_ex(item, "raw", NULL) || json_object_object_get_ex(item, "raw_base64", NULL))
        return put_raw_event(d, item, body, delayed);
    return put_data_event(d, item, body, delayed);
}

static bool build_default_events(struct draft *d, struct body *body)
{
    enum delta_kind kind = d->has_generate ? d->generate.kind : DELTA_TEXT;

    sse_message_begin(body, kind);
    if (d->has_hold)
        put_hold(body, d->hold_us, d->ping_us);
    if (d->has_generate && !put_generated(d, body, &d->generate))
        return false;
    sse_message_end(body, kind, d->has_generate ? d->generate.events : 1);
    return true;
}

static bool build_events(struct draft *d)
{
    struct body *body;

    if (d->events == NULL && !d->has_generate && !d->has_hold)
        return true;
    body = d->step->events = xcalloc(1, sizeof *body);
    body->sse = true;
    if (d->events == NULL)
        return build_default_events(d, body);
    if (d->has_generate)
        return fail(d, "with events, generate is an entry of the list");
    for (size_t i = 0; i < json_object_array_length(d->events); i++) {
        if (!put_event_item(d, json_object_array_get_idx(d->events, i), body))
            return false;
        if (i == 0 && d->has_hold)
            put_hold(body, d->hold_us, d->ping_us);
    }
    return true;
}

static bool put_informational(struct draft *d, struct json_object *item, struct body *body)
{
    struct json_object *v;
    struct fields headers = {0};
    struct buf head = {0};
    struct run run = {0};
    uint64_t status = 103;
    uint64_t count = 1;
    uint64_t delay_us = 0;
    bool ok = json_object_is_type(item, json_type_object) || fail(d, "informational responses are objects");

    if (ok && json_object_object_get_ex(item, "status", &v))
        ok = get_uint(d, v, 199, &status, "informational status must be 100 to 199");
    if (ok && json_object_object_get_ex(item, "count", &v))
        ok = get_uint(d, v, MAX_INFORMATIONAL, &count, "informational count must be up to 1000000");
    if (ok && json_object_object_get_ex(item, "delay_ms", &v))
        ok = get_ms(d, v, &delay_us, "informational delay_ms must be a number of milliseconds");
    if (ok && json_object_object_get_ex(item, "headers", &v))
        ok = read_pairs(d, v, &headers, "informational headers must be a list of [name, value]");
    if (ok) {
        buf_printf(&head, "HTTP/1.1 %d %s\r\n", (int)status, http_reason((int)status));
        for (size_t i = 0; i < headers.count; i++)
            buf_printf(&head, "%s: %s\r\n", headers.list[i].name, headers.list[i].value);
        buf_str(&head, "\r\n");
        body_wait(body, delay_us, false);
        body_repeat(body, head.data, head.len, count, &run);
    }
    buf_free(&head);
    fields_free(&headers);
    return ok;
}

static bool build_before(struct draft *d)
{
    struct step *step = d->step;
    size_t count = d->informational != NULL ? json_object_array_length(d->informational) : 0;

    for (size_t i = 0; i < count; i++) {
        if (!put_informational(d, json_object_array_get_idx(d->informational, i), &step->before))
            return false;
    }
    body_wait(&step->before, d->delay_us, false);
    step->before_image = image_compile(step, &step->before, false);
    return true;
}

static bool check_body(struct draft *d, const struct body *body)
{
    uint64_t total = body_length(body);

    for (size_t i = 0; body != NULL && i < body->count; i++) {
        if (d->step->gzip && body->parts[i].wait_us > 0 && !body->parts[i].wait)
            return fail(d, "gzip cannot be combined with spaced events or pings");
        if ((d->step->gzip || d->step->chunk_size > 0) && body->parts[i].stamp_at != 0)
            return fail(d, "gzip and chunk_size cannot be combined with generate.stamp");
    }
    if (d->step->chunk_size > 0 && total > MAX_SPLIT_BYTES)
        return fail(d, "chunk_size needs a body of at most 256 MiB");
    if (d->step->gzip && total > max_gzip_bytes)
        return fail(d, "gzip needs a body of at most 4 GiB");
    return true;
}

struct step *step_from_json(struct json_object *object, struct buf *why)
{
    struct draft d = {.why = why};

    d.step = step_new(200);
    if (!json_object_is_type(object, json_type_object)) {
        fail(&d, "a scenario must be a JSON object");
        goto failed;
    }
    json_object_object_foreach(object, key, value)
    {
        if (!read_member(&d, key, value))
            goto failed;
    }
    if (!build_events(&d) || !build_before(&d) || !check_body(&d, d.step->plain) || !check_body(&d, d.step->events))
        goto failed;
    return d.step;

failed:
    step_unref(d.step);
    return NULL;
}
