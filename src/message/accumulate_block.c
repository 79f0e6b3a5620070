/* accumulate_block.c - the blocks of a message under construction, by index, and the deltas that fill them. */
#include "message/accumulate.h"

#include <inttypes.h>
#include <stdlib.h>

/* What the specification's short dialect leaves out. */
static const char implied_message[] = "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}";
static const char implied_block[] = "{\"type\":\"text\",\"text\":\"\"}";

void cl_accumulate_free_block(cl_block_state *block)
{
    cl_buf_free(&block->start);
    for (size_t i = 0; i < CL_PARTS; i++)
        cl_buf_free(&block->parts[i]);
    cl_buf_free(&block->citations);
    cl_buf_free(&block->compacted);
    cl_buf_free(&block->encrypted);
}

bool cl_accumulate_input(const cl_accumulator *a, const cl_block_state *block, cl_json *value)
{
    cl_str text = cl_buf_str(&block->parts[CL_PART_INPUT]);
    uint32_t left = a->limits.max_depth > CL_DEPTH_INPUT ? a->limits.max_depth - CL_DEPTH_INPUT : 0;

    *value = cl_json_root(text);
    return value->type == CLAUDE_JSON_NONE || cl_json_validate(text, left, value, NULL) == CLAUDE_OK;
}

static int32_t kind_of(cl_json content_block)
{
    cl_json type = cl_json_member(content_block, CL_STR("type"));

    if (cl_json_string_is(type, CL_STR("text")))
        return CL_BLOCK_TEXT;
    if (cl_json_string_is(type, CL_STR("thinking")))
        return CL_BLOCK_THINKING;
    if (cl_json_string_is(type, CL_STR("compaction")))
        return CL_BLOCK_COMPACTION;
    if (cl_json_string_is(type, CL_STR("tool_use")) || cl_json_string_is(type, CL_STR("server_tool_use")) ||
        cl_json_string_is(type, CL_STR("mcp_tool_use")))
        return CL_BLOCK_TOOL;
    return CL_BLOCK_OTHER;
}

claude_code_t cl_accumulate_close(cl_accumulator *a, cl_block_state *block, cl_err *err)
{
    cl_json input;

    block->open = false;
    a->open_count--;
    if (a->limits.keep_content && !cl_accumulate_input(a, block, &input))
        return cl_accumulate_odd(a, "tool input that is not JSON", err);
    return CLAUDE_OK;
}

static claude_code_t grow_blocks(cl_accumulator *a, cl_err *err)
{
    size_t cap = a->block_cap > 0 ? a->block_cap * 2 : 1; /* most messages have one */
    cl_block_state *blocks;

    if (a->block_count >= a->limits.max_blocks)
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "the message has more than %zu blocks (limit.blocks)",
                       a->limits.max_blocks);
    if (a->block_count < a->block_cap)
        return CLAUDE_OK;
    blocks = realloc(a->blocks, cap * sizeof *blocks);
    if (!blocks)
        return cl_fail_nomem(err);
    a->blocks = blocks;
    a->block_cap = cap;
    return CLAUDE_OK;
}

/* Without content only the type and the id are kept, to tell a repeated start from another one. */
static claude_code_t keep_start(cl_accumulator *a, cl_block_state *block, cl_json content_block, cl_err *err)
{
    static const cl_str names[] = {{"type", 4}, {"id", 2}};
    cl_buf *start = &block->start;
    int rc;

    if (a->limits.keep_content)
        return cl_accumulate_append(a, start, cl_accumulate_raw(content_block), err);
    start->max = cl_accumulate_left(a);
    rc = cl_buf_append_char(start, '{');
    for (size_t i = 0; i < 2 && rc == CL_BUF_OK; i++) {
        cl_json value = cl_json_member(content_block, names[i]);
        if (value.type != CLAUDE_JSON_STRING)
            continue;
        rc = cl_json_write_key(start, names[i]);
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_str(start, cl_accumulate_raw(value));
    }
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_char(start, '}');
    if (rc != CL_BUF_OK)
        return cl_accumulate_full(rc, err);
    a->used += start->len;
    return CLAUDE_OK;
}

/* Adds a block behind the last one. */
static claude_code_t open_block(cl_accumulator *a, cl_json content_block, cl_err *err)
{
    cl_block_state *block;
    claude_code_t rc = cl_accumulate_check_depth(a, content_block, CL_DEPTH_BLOCK, err);

    if (rc == CLAUDE_OK)
        rc = grow_blocks(a, err);
    if (rc != CLAUDE_OK)
        return rc;
    block = &a->blocks[a->block_count];
    memset(block, 0, sizeof *block);
    block->start = CL_BUF_INIT(a->limits.max_message);
    for (size_t i = 0; i < CL_PARTS; i++)
        block->parts[i] = CL_BUF_INIT(a->limits.max_message);
    block->citations = CL_BUF_INIT(a->limits.max_message);
    block->compacted = CL_BUF_INIT(a->limits.max_message);
    block->encrypted = CL_BUF_INIT(a->limits.max_message);
    rc = keep_start(a, block, content_block, err);
    if (rc != CLAUDE_OK) {
        cl_accumulate_free_block(block);
        return rc;
    }
    block->kind = kind_of(content_block);
    block->open = true;
    a->block_count++;
    a->open_count++;
    return CLAUDE_OK;
}

static bool same_member(cl_json a, cl_json b, cl_str name)
{
    cl_json x = cl_json_member(a, name);
    cl_json y = cl_json_member(b, name);

    return cl_accumulate_missing(x) ? cl_accumulate_missing(y) : cl_str_eq(cl_accumulate_raw(x), cl_accumulate_raw(y));
}

/* The answer goes on with another model. */
static claude_code_t take_fallback(cl_accumulator *a, cl_json content_block, cl_err *err)
{
    static const cl_str name = {"\"model\"", 7};
    cl_json model = cl_json_at(content_block, CL_STR("/to/model"));

    if (!cl_json_string_is(cl_json_member(content_block, CL_STR("type")), CL_STR("fallback")) ||
        cl_accumulate_missing(model))
        return CLAUDE_OK;
    return cl_accumulate_set_field(a, cl_accumulate_key(name), model, err);
}

claude_code_t cl_accumulate_block_start(cl_accumulator *a, claude_event_t *event, cl_err *err)
{
    cl_json content_block = cl_json_member(cl_json_root(event->json), CL_STR("content_block"));
    size_t index = event->index < 0 ? a->block_count : (size_t)event->index;
    claude_code_t rc;

    if (content_block.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "content_block_start has no \"content_block\" object");
    if (index < a->block_count) {
        cl_json first = cl_json_root(cl_buf_str(&a->blocks[index].start));
        if (!same_member(first, content_block, CL_STR("type")) || !same_member(first, content_block, CL_STR("id")))
            return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream starts block %zu a second time, as another one", index);
        return cl_accumulate_odd(a, "a second content_block_start of the same block", err);
    }
    if (index > a->block_count)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream starts block %zu where block %zu is due", index,
                       a->block_count);
    rc = open_block(a, content_block, err);
    if (rc != CLAUDE_OK)
        return rc;
    event->index = (int32_t)index;
    return take_fallback(a, content_block, err);
}

/* Resolves a missing index: the only open block is meant. */
static claude_code_t find_open(cl_accumulator *a, claude_event_t *event, cl_err *err)
{
    if (a->open_count != 1)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "a stream event has no \"index\", and %zu blocks are open",
                       a->open_count);
    for (size_t i = 0; i < a->block_count; i++) {
        if (a->blocks[i].open)
            event->index = (int32_t)i;
    }
    return CLAUDE_OK;
}

claude_code_t cl_accumulate_block_stop(cl_accumulator *a, claude_event_t *event, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (event->index < 0 && a->open_count == 0 && a->block_count > 0)
        return cl_accumulate_odd(a, "a second content_block_stop", err);
    if (event->index < 0)
        rc = find_open(a, event, err);
    if (rc != CLAUDE_OK)
        return rc;
    if ((size_t)event->index >= a->block_count)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream stops block %" PRId32 ", which was never started",
                       event->index);
    if (!a->blocks[event->index].open)
        return cl_accumulate_odd(a, "a second content_block_stop of the same block", err);
    return cl_accumulate_close(a, &a->blocks[event->index], err);
}

/* ---- deltas ---- */

static bool fits(int32_t kind, int32_t delta)
{
    switch (kind) {
    case CL_BLOCK_TEXT:
        return delta == CLAUDE_EVENT_TEXT_DELTA || delta == CLAUDE_EVENT_CITATIONS_DELTA;
    case CL_BLOCK_THINKING:
        return delta == CLAUDE_EVENT_THINKING_DELTA || delta == CLAUDE_EVENT_SIGNATURE_DELTA;
    case CL_BLOCK_TOOL:
        return delta == CLAUDE_EVENT_INPUT_JSON_DELTA;
    case CL_BLOCK_COMPACTION:
        return delta == CLAUDE_EVENT_COMPACTION_DELTA;
    default:
        return true;
    }
}

/* The first delta of its kind: the text goes on behind what the block started with. */
static claude_code_t touch(cl_accumulator *a, cl_block_state *block, size_t part, cl_err *err)
{
    static const cl_str names[] = {{"text", 4}, {"thinking", 8}};
    cl_json value = {NULL, 0, CLAUDE_JSON_NONE};
    size_t need = 0;
    int rc = CL_BUF_OK;

    if (part == CL_PART_TEXT || part == CL_PART_THINKING)
        value = cl_json_member(cl_json_root(cl_buf_str(&block->start)), names[part]);
    if (value.type == CLAUDE_JSON_STRING) {
        need = value.len - 2;
        rc = need > cl_accumulate_left(a) ? CL_BUF_FULL : cl_json_decode(value, &block->parts[part]);
    }
    if (rc != CL_BUF_OK)
        return cl_accumulate_full(rc, err);
    a->used += need;
    block->touched[part] = true;
    return CLAUDE_OK;
}

/* Citations are collected behind those that the block started with. */
static claude_code_t add_citation(cl_accumulator *a, cl_block_state *block, cl_json delta, cl_err *err)
{
    cl_json citation = cl_json_member(delta, CL_STR("citation"));
    cl_json first = {NULL, 0, CLAUDE_JSON_NONE};
    cl_str before = CL_STR("");
    size_t need = citation.len + 1;
    int rc = CL_BUF_OK;

    if (cl_accumulate_missing(citation))
        return cl_accumulate_odd(a, "a citations_delta without citation", err);
    if (cl_accumulate_check_depth(a, citation, CL_DEPTH_CITATION, err) != CLAUDE_OK)
        return CLAUDE_E_PROTOCOL;
    if (block->citations.len == 0)
        first = cl_json_member(cl_json_root(cl_buf_str(&block->start)), CL_STR("citations"));
    if (first.type == CLAUDE_JSON_ARRAY && cl_json_count(first) > 0)
        before = cl_str_n(first.ptr + 1, first.len - 2);
    need += before.len;
    /* Room first: half a citation would spoil the message. */
    rc = need > cl_accumulate_left(a) ? CL_BUF_FULL : cl_buf_reserve(&block->citations, need);
    if (rc != CL_BUF_OK)
        return cl_accumulate_full(rc, err);
    (void)cl_buf_append_str(&block->citations, before);
    if (block->citations.len > 0)
        (void)cl_buf_append_char(&block->citations, ',');
    (void)cl_buf_append_str(&block->citations, cl_accumulate_raw(citation));
    a->used += need;
    return CLAUDE_OK;
}

/* The last one counts; null tells that it failed. The encrypted form only replaces if it is there. */
static claude_code_t set_compaction(cl_accumulator *a, cl_block_state *block, cl_json delta, cl_err *err)
{
    cl_json content = cl_json_member(delta, CL_STR("content"));
    cl_json encrypted = cl_json_member(delta, CL_STR("encrypted_content"));
    claude_code_t rc = cl_accumulate_check_depth(a, content, CL_DEPTH_INPUT, err);

    if (rc == CLAUDE_OK)
        rc = cl_accumulate_check_depth(a, encrypted, CL_DEPTH_INPUT, err);
    if (rc == CLAUDE_OK)
        rc = cl_accumulate_replace(a, &block->compacted,
                                   cl_accumulate_missing(content) ? CL_STR("null") : cl_accumulate_raw(content), err);
    if (rc == CLAUDE_OK && encrypted.type != CLAUDE_JSON_NONE)
        rc = cl_accumulate_replace(a, &block->encrypted, cl_accumulate_raw(encrypted), err);
    return rc;
}

/* The deltas that are not text, or not expected of their block. */
static claude_code_t rare_delta(cl_accumulator *a, cl_block_state *block, const claude_event_t *event, cl_err *err)
{
    cl_json delta = {NULL, 0, CLAUDE_JSON_NONE};
    claude_code_t rc;

    if (!a->limits.keep_content)
        return CLAUDE_OK;
    if (event->type > CLAUDE_EVENT_INPUT_JSON_DELTA)
        delta = cl_json_member(cl_json_root(event->json), CL_STR("delta"));
    switch (event->type) {
    case CLAUDE_EVENT_CITATIONS_DELTA:
        return add_citation(a, block, delta, err);
    case CLAUDE_EVENT_COMPACTION_DELTA:
        return set_compaction(a, block, delta, err);
    case CLAUDE_EVENT_SIGNATURE_DELTA:
        rc = cl_accumulate_replace(a, &block->parts[CL_PART_SIGNATURE], event->text, err);
        block->touched[CL_PART_SIGNATURE] = block->touched[CL_PART_SIGNATURE] || rc == CLAUDE_OK;
        return rc;
    default: /* unknown: the program has seen it */
        return CLAUDE_OK;
    }
}

/* The short dialect begins with a delta: what it leaves out is put in its place. */
static claude_code_t imply_start(cl_accumulator *a, cl_err *err)
{
    claude_code_t rc = cl_accumulate_odd(a, "a delta without content_block_start", err);

    if (rc == CLAUDE_OK && !a->started) {
        rc = cl_accumulate_append(a, &a->start, cl_str_n(implied_message, sizeof implied_message - 1), err);
        a->started = rc == CLAUDE_OK;
    }
    if (rc == CLAUDE_OK)
        rc = open_block(a, cl_json_root(cl_str_n(implied_block, sizeof implied_block - 1)), err);
    return rc;
}

claude_code_t cl_accumulate_block_delta(cl_accumulator *a, claude_event_t *event, cl_err *err)
{
    cl_block_state *block;
    claude_code_t rc = CLAUDE_OK;
    size_t part;

    if (event->index < 0) {
        if (a->block_count == 0 && event->type == CLAUDE_EVENT_TEXT_DELTA)
            rc = imply_start(a, err);
        if (rc == CLAUDE_OK)
            rc = find_open(a, event, err);
        if (rc != CLAUDE_OK)
            return rc;
    }
    if ((size_t)event->index >= a->block_count || !a->blocks[event->index].open)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has a delta for block %" PRId32 ", which is not open",
                       event->index);
    block = &a->blocks[event->index];
    if (event->type != CLAUDE_EVENT_OTHER_DELTA && !fits(block->kind, event->type))
        rc = cl_accumulate_odd(a, "a delta that does not belong to its block's type", err);
    if (rc != CLAUDE_OK)
        return rc;
    if (!a->limits.keep_content || event->type == CLAUDE_EVENT_SIGNATURE_DELTA ||
        event->type > CLAUDE_EVENT_INPUT_JSON_DELTA)
        return rare_delta(a, block, event, err);
    part = (size_t)(event->type - CLAUDE_EVENT_TEXT_DELTA);
    if (!block->touched[part] && (rc = touch(a, block, part, err)) != CLAUDE_OK)
        return rc;
    return cl_accumulate_append(a, &block->parts[part], event->text, err);
}
