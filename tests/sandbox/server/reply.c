#include "reply.h"
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

static struct part *add_part(struct body *body)
{
    if (body->count == body->cap) {
        body->cap = body->cap != 0 ? body->cap * 2 : 8;
        body->parts = xrealloc(body->parts, body->cap * sizeof *body->parts);
    }
    body->parts[body->count] = (struct part){0};
    return &body->parts[body->count++];
}

void body_bytes(struct body *body, const void *data, size_t len, unsigned events, bool own_write)
{
    struct part *part;

    if (len == 0)
        return;
    part = add_part(body);
    part->off = body->mem.len;
    part->period = len;
    part->frame = len;
    part->unit = own_write ? len : 0;
    part->total = len;
    part->events = events;
    buf_add(&body->mem, data, len);
}

void body_wait(struct body *body, uint64_t us, bool hold)
{
    struct part *part;

    if (us == 0)
        return;
    part = add_part(body);
    part->wait = true;
    part->hold = hold;
    part->wait_us = us;
}

/* The block is in body->mem at `off` already. */
static void add_run(struct body *body, size_t off, size_t period, uint64_t total, const struct run *run)
{
    struct part *part = add_part(body);

    part->off = off;
    part->period = period;
    part->total = total;
    part->frame = run->frame != 0 ? run->frame : period;
    part->unit = run->spaced ? part->frame : 0;
    part->hold = run->hold;
    part->wait_us = run->wait_us;
    part->stagger_us = run->stagger_us;
    part->stamp_at = run->stamp_at;
    part->events = period / run->len * run->events;
}

void body_run(struct body *body, const void *block, uint64_t copies, uint64_t count, const struct run *run)
{
    size_t off = body->mem.len;
    size_t period = run->len * (size_t)copies;

    buf_add(&body->mem, block, period);
    if (count >= copies)
        add_run(body, off, period, count / copies * period, run);
    if (count % copies != 0)
        add_run(body, off, run->len * (size_t)(count % copies), run->len * (count % copies), run);
}

void body_repeat(struct body *body, const void *unit, size_t len, uint64_t count, const struct run *how)
{
    uint64_t copies = len != 0 && !how->spaced ? BLOCK_BYTES / len : 1;
    struct run run = *how;
    struct buf block = {0};

    if (len == 0 || count == 0)
        return;
    copies = copies == 0 ? 1 : copies;
    copies = copies > count ? count : copies;
    for (uint64_t i = 0; i < copies; i++)
        buf_add(&block, unit, len);
    run.len = len;
    body_run(body, block.data, copies, count, &run);
    buf_free(&block);
}

void body_free(struct body *body)
{
    if (body == NULL)
        return;
    free(body->parts);
    buf_free(&body->mem);
    *body = (struct body){0};
}

void image_unref(struct image *image)
{
    if (image == NULL || --image->refs > 0)
        return;
    free(image->ops);
    free(image->fault_at);
    buf_free(&image->mem);
    free(image);
}

void fields_add(struct fields *fields, const char *name, const char *value)
{
    fields->list = xrealloc(fields->list, (fields->count + 1) * sizeof *fields->list);
    fields->list[fields->count].name = xstrdup(name);
    fields->list[fields->count].value = xstrdup(value);
    fields->count++;
}

const char *fields_find(const struct fields *fields, const char *name)
{
    for (size_t i = 0; fields != NULL && i < fields->count; i++) {
        if (strcasecmp(fields->list[i].name, name) == 0)
            return fields->list[i].value;
    }
    return NULL;
}

void fields_free(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->list[i].name);
        free(fields->list[i].value);
    }
    free(fields->list);
    *fields = (struct fields){0};
}

struct step *step_new(int status)
{
    struct step *step = xcalloc(1, sizeof *step);

    step->refs = 1;
    step->status = status;
    step->default_headers = true;
    step->content_type = "application/json";
    return step;
}

struct step *step_ref(struct step *step)
{
    step->refs++;
    return step;
}

void step_unref(struct step *step)
{
    if (step == NULL || --step->refs > 0)
        return;
    free(step->reason);
    fields_free(&step->headers);
    fields_free(&step->copy_headers);
    free(step->content_length);
    free(step->trailers);
    body_free(step->plain);
    free(step->plain);
    body_free(step->events);
    free(step->events);
    body_free(&step->before);
    image_unref(step->before_image);
    for (size_t i = 0; i < step->fault_count; i++)
        buf_free(&step->faults[i].garbage);
    free(step->faults);
    free(step->error_type);
    free(step->error_message);
    free(step->error_details);
    for (int i = 0; i < 4; i++)
        image_unref(step->cache[i / 2][i % 2]);
    free(step);
}

struct step *step_text(int status, const char *content_type, const struct buf *text)
{
    struct step *step = step_new(status);

    step->content_type = content_type;
    step->plain = xcalloc(1, sizeof *step->plain);
    body_bytes(step->plain, text->data, text->len, 0, false);
    return step;
}

void error_envelope(struct buf *out, const char *type, const char *message, const char *details, const char *request_id)
{
    buf_str(out, "{\"type\":\"error\",\"error\":{\"type\":");
    buf_json(out, type, strlen(type));
    buf_str(out, ",\"message\":");
    buf_json(out, message, strlen(message));
    if (details != NULL) {
        buf_str(out, ",\"details\":");
        buf_str(out, details);
    }
    buf_str(out, "},\"request_id\":");
    buf_json(out, request_id, strlen(request_id));
    buf_str(out, "}");
}

struct step *step_error(int status, const char *type, const char *message, const char *request_id)
{
    struct buf text = {0};
    struct step *step;

    error_envelope(&text, type, message, NULL, request_id);
    step = step_text(status, "application/json", &text);
    buf_free(&text);
    return step;
}

struct body *step_error_body(const struct step *step, const char *request_id)
{
    struct body *body = xcalloc(1, sizeof *body);
    struct buf text = {0};

    error_envelope(&text, step->error_type, step->error_message, step->error_details, request_id);
    body_bytes(body, text.data, text.len, 0, false);
    buf_free(&text);
    return body;
}

/* ---- gzip: the parts become compressed parts, the pauses stay where they were ---- */

static void deflate_into(z_stream *z, struct buf *out, int flush)
{
    int rc;

    do {
        size_t room = 64 * 1024;

        z->next_out = (unsigned char *)buf_room(out, room);
        z->avail_out = (unsigned)room;
        rc = deflate(z, flush);
        out->len += room - z->avail_out;
    } while (z->avail_out == 0 && rc == Z_OK);
}

static void gzip_part(z_stream *z, const struct body *from, const struct part *part, struct body *to, bool last)
{
    struct buf out = {0};

    for (uint64_t done = 0; done < part->total; done += part->period) {
        z->next_in = (unsigned char *)from->mem.data + part->off;
        z->avail_in = (unsigned)part->period;
        deflate_into(z, &out, Z_NO_FLUSH);
    }
    deflate_into(z, &out, last ? Z_FINISH : Z_SYNC_FLUSH);
    body_bytes(to, out.data, out.len, (unsigned)part->events, part->unit != 0);
    buf_free(&out);
}

static void truncate_parts(struct body *body, size_t drop)
{
    while (drop > 0 && body->count > 0) {
        struct part *part = &body->parts[body->count - 1];
        size_t n = part->wait ? 0 : (size_t)part->total < drop ? (size_t)part->total : drop;

        drop -= n;
        part->period -= part->wait ? 0 : n;
        part->total -= part->wait ? 0 : n;
        part->frame = part->period;
        part->unit = part->unit != 0 ? part->frame : 0;
        if (part->total == 0)
            body->count--;
    }
}

static void gzip_body(const struct body *from, struct body *to, size_t truncate)
{
    static const struct part nothing = {0};
    z_stream z = {0};
    size_t last = from->count;

    for (size_t i = 0; i < from->count; i++) {
        if (!from->parts[i].wait)
            last = i;
    }
    to->sse = from->sse;
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    for (size_t i = 0; i < from->count; i++) {
        if (from->parts[i].wait)
            body_wait(to, from->parts[i].wait_us, from->parts[i].hold);
        else
            gzip_part(&z, from, &from->parts[i], to, i == last);
    }
    if (last == from->count)
        gzip_part(&z, from, &nothing, to, true);
    deflateEnd(&z);
    truncate_parts(to, truncate);
}

/* ---- image: framing ---- */

struct compiler {
    struct image *image;
    const struct step *step;
    bool chunked;
    struct buf pending; /* bytes waiting to be cut by chunk_size */
    uint64_t pending_events;
};

static struct op *add_op(struct image *image)
{
    if (image->count == image->cap) {
        image->cap = image->cap != 0 ? image->cap * 2 : 8;
        image->ops = xrealloc(image->ops, image->cap * sizeof *image->ops);
    }
    image->ops[image->count] = (struct op){0};
    return &image->ops[image->count++];
}

/* Only the offset is set here: the memory still moves, image_finish makes pointers of them. */
static void emit_run(struct image *image, size_t off, size_t period, uint64_t total, uint64_t unit, uint64_t wait_us,
                     uint64_t events)
{
    struct op *op = image->count > 0 ? &image->ops[image->count - 1] : NULL;
    bool joins = op != NULL && !op->wait && op->unit == 0 && op->period == op->total && unit == 0 && period == total &&
                 op->off + op->period == off;

    image->wire_len += total;
    if (joins) {
        op->period += period;
        op->total += total;
        op->events += events;
        return;
    }
    op = add_op(image);
    op->off = off;
    op->period = period;
    op->total = total;
    op->unit = unit;
    op->wait_us = wait_us;
    op->events = events;
}

static void emit_wait(struct image *image, uint64_t us, bool hold)
{
    struct op *op = add_op(image);

    op->wait = true;
    op->hold = hold;
    op->wait_us = us;
}

static size_t put_frame(struct compiler *c, const char *data, size_t len, size_t *head_len)
{
    struct buf *mem = &c->image->mem;
    size_t from = mem->len;

    if (c->chunked)
        buf_printf(mem, "%zx\r\n", len);
    *head_len = mem->len - from;
    buf_add(mem, data, len);
    if (c->chunked)
        buf_str(mem, "\r\n");
    return mem->len - from;
}

/* Finds the wire offsets of faults that lie in the next `total` bytes of the body, framed `frame` bytes a piece. */
static void locate_faults(struct compiler *c, uint64_t total, size_t frame, size_t head_len, size_t wire)
{
    struct image *image = c->image;

    for (size_t i = 0; i < c->step->fault_count; i++) {
        uint64_t at = c->step->faults[i].at;
        uint64_t inside;

        if (c->step->faults[i].where != AT_BODY || at <= image->body_len || at > image->body_len + total)
            continue;
        inside = at - image->body_len;
        image->fault_at[i] =
            image->wire_len + (inside - 1) / frame * wire + head_len + (inside - (inside - 1) / frame * frame);
    }
    image->body_len += total;
}

static void compile_run(struct compiler *c, const struct body *body, const struct part *part)
{
    size_t off = c->image->mem.len;
    size_t frames = part->period / part->frame;
    size_t head_len = 0;
    size_t wire = 0;
    struct op *op;

    for (size_t i = 0; i < frames; i++)
        wire = put_frame(c, body->mem.data + part->off + i * part->frame, part->frame, &head_len);
    locate_faults(c, part->total, part->frame, head_len, wire);
    emit_run(c->image, off, frames * wire, part->total / part->frame * wire, part->unit != 0 ? wire : 0, part->wait_us,
             part->events);
    op = &c->image->ops[c->image->count - 1];
    op->hold = part->hold;
    op->stagger_us = part->stagger_us;
    op->stamp_at = part->stamp_at != 0 ? head_len + part->stamp_at : 0;
}

/* Cuts the pending bytes into pieces of chunk_size, each a write (and an HTTP chunk) of its own. */
static void compile_split(struct compiler *c)
{
    const struct step *step = c->step;
    size_t size = step->chunk_size;
    size_t full = c->pending.len / size * size;
    size_t tail = c->pending.len - full;
    size_t off = c->image->mem.len;
    size_t head_len = 0;
    size_t wire = 0;

    for (size_t i = 0; i < full; i += size)
        wire = put_frame(c, c->pending.data + i, size, &head_len);
    if (full > 0) {
        uint64_t total = (uint64_t)(c->image->mem.len - off);

        locate_faults(c, full, size, head_len, wire);
        emit_run(c->image, off, (size_t)total, total, wire, step->chunk_us, tail == 0 ? c->pending_events : 0);
    }
    if (tail > 0) {
        if (full > 0 && step->chunk_us > 0)
            emit_wait(c->image, step->chunk_us, false);
        off = c->image->mem.len;
        wire = put_frame(c, c->pending.data + full, tail, &head_len);
        locate_faults(c, tail, tail, head_len, wire);
        emit_run(c->image, off, wire, wire, wire, 0, c->pending_events);
    }
    c->pending.len = 0;
    c->pending_events = 0;
}

static void compile_part(struct compiler *c, const struct body *body, const struct part *part)
{
    if (part->wait) {
        compile_split(c);
        emit_wait(c->image, part->wait_us, part->hold);
        return;
    }
    for (uint64_t done = 0; done < part->total; done += part->period) {
        buf_add(&c->pending, body->mem.data + part->off, part->period);
        c->pending_events += part->events;
    }
}

static void image_finish(struct image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        if (!image->ops[i].wait)
            image->ops[i].data = image->mem.data + image->ops[i].off;
    }
}

struct image *image_compile(const struct step *step, const struct body *body, bool chunked)
{
    struct compiler c = {.step = step, .chunked = chunked};
    struct body zipped = {0};

    c.image = xcalloc(1, sizeof *c.image);
    c.image->refs = 1;
    c.image->fault_at = xcalloc(step->fault_count, sizeof *c.image->fault_at);
    for (size_t i = 0; i < step->fault_count; i++)
        c.image->fault_at[i] = step->faults[i].where == AT_BODY && step->faults[i].at == 0 ? 0 : UINT64_MAX;
    if (step->gzip && body != &step->before) {
        gzip_body(body, &zipped, step->gzip_truncate);
        body = &zipped;
    }
    for (size_t i = 0; i < body->count; i++) {
        if (step->chunk_size > 0 && body != &step->before)
            compile_part(&c, body, &body->parts[i]);
        else if (body->parts[i].wait)
            emit_wait(c.image, body->parts[i].wait_us, body->parts[i].hold);
        else
            compile_run(&c, body, &body->parts[i]);
    }
    if (c.pending.len > 0)
        compile_split(&c);
    if (chunked) {
        size_t off = c.image->mem.len;

        buf_printf(&c.image->mem, "0\r\n%s\r\n", step->trailers != NULL ? step->trailers : "");
        emit_run(c.image, off, c.image->mem.len - off, c.image->mem.len - off, 0, 0, 0);
    }
    image_finish(c.image);
    buf_free(&c.pending);
    body_free(&zipped);
    return c.image;
}

struct image *step_image(struct step *step, bool events, bool chunked)
{
    static const struct body empty = {0};
    struct image **slot = &step->cache[events][chunked];
    const struct body *body = events ? step->events : step->plain;

    if (*slot == NULL)
        *slot = image_compile(step, body != NULL ? body : &empty, chunked);
    (*slot)->refs++;
    return *slot;
}

/* ---- head ---- */

static void put_header(struct buf *out, const char *name, const char *value)
{
    buf_str(out, name);
    buf_add(out, ": ", 2);
    buf_str(out, value);
    buf_add(out, "\r\n", 2);
}

static void put_default(struct buf *out, const struct step *step, const struct head_facts *facts, const char *name,
                        const char *value)
{
    if (fields_find(&step->headers, name) == NULL && fields_find(facts->extra, name) == NULL)
        put_header(out, name, value);
}

static void put_default_headers(struct buf *out, const struct step *step, const struct head_facts *facts)
{
    static const char *const limits[][3] = {
        {"anthropic-ratelimit-requests-limit", "4000", "anthropic-ratelimit-requests-reset"},
        {"anthropic-ratelimit-requests-remaining", "3999", NULL},
        {"anthropic-ratelimit-tokens-limit", "2400000", "anthropic-ratelimit-tokens-reset"},
        {"anthropic-ratelimit-tokens-remaining", "2399000", NULL},
        {"anthropic-ratelimit-input-tokens-limit", "2000000", "anthropic-ratelimit-input-tokens-reset"},
        {"anthropic-ratelimit-input-tokens-remaining", "1999000", NULL},
        {"anthropic-ratelimit-output-tokens-limit", "400000", "anthropic-ratelimit-output-tokens-reset"},
        {"anthropic-ratelimit-output-tokens-remaining", "400000", NULL},
        {"anthropic-organization-id", "5a4d0b0c-0000-4000-8000-000000000000", NULL},
    };

    put_default(out, step, facts, "date", facts->date);
    put_default(out, step, facts, "content-type", facts->sse ? "text/event-stream; charset=utf-8" : step->content_type);
    if (facts->sse)
        put_default(out, step, facts, "cache-control", "no-cache");
    put_default(out, step, facts, "request-id", facts->request_id);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        put_default(out, step, facts, limits[i][0], limits[i][1]);
        if (limits[i][2] != NULL)
            put_default(out, step, facts, limits[i][2], facts->reset);
    }
}

static void put_framing(struct buf *out, const struct step *step, const struct head_facts *facts)
{
    /* a scenario that writes its own framing headers means to lie */
    if (fields_find(&step->headers, "transfer-encoding") != NULL ||
        fields_find(&step->headers, "content-length") != NULL)
        return;
    if (facts->chunked)
        put_header(out, "transfer-encoding", "chunked");
    if (step->content_length != NULL)
        put_header(out, "content-length", step->content_length);
    else if (!facts->chunked && facts->send_length && !step->no_content_length &&
             (step->status != 204 || facts->image->body_len > 0))
        buf_printf(out, "content-length: %llu\r\n", (unsigned long long)facts->image->body_len);
}

void reply_head(struct buf *out, const struct step *step, const struct head_facts *facts)
{
    buf_printf(out, "HTTP/1.1 %d ", step->status);
    buf_str(out, step->reason != NULL ? step->reason : http_reason(step->status));
    buf_add(out, "\r\n", 2);
    if (step->default_headers)
        put_default_headers(out, step, facts);
    for (size_t i = 0; i < step->headers.count; i++) {
        if (fields_find(facts->extra, step->headers.list[i].name) == NULL)
            put_header(out, step->headers.list[i].name, step->headers.list[i].value);
    }
    for (size_t i = 0; facts->extra != NULL && i < facts->extra->count; i++)
        put_header(out, facts->extra->list[i].name, facts->extra->list[i].value);
    if (step->gzip)
        put_default(out, step, facts, "content-encoding", "gzip");
    put_framing(out, step, facts);
    if (facts->close)
        put_default(out, step, facts, "connection", "close");
    buf_add(out, "\r\n", 2);
}
