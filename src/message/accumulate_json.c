/* accumulate_json.c - writes an accumulated message: what was received as it was received, what was streamed in its
 * place. */
#include "message/accumulate.h"

/* Remembers the first failure, so that the rules below read as a list. */
struct writer {
    cl_buf *out;
    int rc;
};

static void put(struct writer *w, cl_str text)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_buf_append_str(w->out, text);
}

static void put_key(struct writer *w, cl_str name)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_json_write_key(w->out, name);
}

static void put_string(struct writer *w, cl_str text)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_json_write_string(w->out, text);
}

/* A member as it was received. */
static void put_member(struct writer *w, cl_json key, cl_json value)
{
    if (w->rc == CL_BUF_OK && w->out->ptr[w->out->len - 1] != '{')
        put(w, CL_STR(","));
    put(w, cl_accumulate_raw(key));
    put(w, CL_STR(":"));
    put(w, cl_accumulate_raw(value));
}

/* ---- blocks ---- */

/* The members of a block that may be written anew. */
enum { TEXT, THINKING, SIGNATURE, INPUT, CITATIONS, CONTENT, ENCRYPTED, MEMBERS };

static const cl_str member_names[MEMBERS] = {{"text", 4},      {"thinking", 8}, {"signature", 9},         {"input", 5},
                                             {"citations", 9}, {"content", 7},  {"encrypted_content", 17}};

/* What of a block is written anew: what deltas have changed, and what its type must have. */
static bool find_changes(const cl_block_state *block, cl_json start, bool changed[MEMBERS])
{
    bool any = false;

    for (size_t i = 0; i < CL_PARTS; i++)
        changed[i] = block->touched[i];
    changed[CITATIONS] = block->citations.len > 0;
    changed[CONTENT] = block->compacted.len > 0;
    changed[ENCRYPTED] = block->encrypted.len > 0;
    if (block->kind == CL_BLOCK_TEXT && cl_accumulate_missing(cl_json_member(start, member_names[TEXT])))
        changed[TEXT] = true;
    if (block->kind == CL_BLOCK_THINKING && cl_accumulate_missing(cl_json_member(start, member_names[THINKING])))
        changed[THINKING] = true;
    if (block->kind == CL_BLOCK_TOOL && cl_accumulate_missing(cl_json_member(start, member_names[INPUT])))
        changed[INPUT] = true;
    for (size_t i = 0; i < MEMBERS; i++)
        any = any || changed[i];
    return any;
}

/* `received` is the member of content_block_start. Sets `*broken` if the streamed input is no JSON. */
static void put_input(struct writer *w, const cl_accumulator *a, const cl_block_state *block, cl_json received,
                      bool *broken)
{
    cl_json value;

    *broken = !cl_accumulate_input(a, block, &value);
    if (!*broken && value.type != CLAUDE_JSON_NONE)
        put(w, cl_accumulate_raw(value));
    else if (!*broken && !cl_accumulate_missing(received))
        put(w, cl_accumulate_raw(received));
    else
        put(w, CL_STR("{}"));
}

static void put_change(struct writer *w, const cl_accumulator *a, const cl_block_state *block, size_t member,
                       cl_json received, bool *broken)
{
    put_key(w, member_names[member]);
    switch (member) {
    case INPUT:
        put_input(w, a, block, received, broken);
        break;
    case CITATIONS:
        put(w, CL_STR("["));
        put(w, cl_buf_str(&block->citations));
        put(w, CL_STR("]"));
        break;
    case CONTENT:
        put(w, cl_buf_str(&block->compacted));
        break;
    case ENCRYPTED:
        put(w, cl_buf_str(&block->encrypted));
        break;
    default: /* the texts have the same numbers as their parts */
        put_string(w, cl_buf_str(&block->parts[member]));
        break;
    }
}

static size_t member_of(cl_json key)
{
    size_t i = 0;

    while (i < MEMBERS && !cl_json_string_is(key, member_names[i]))
        i++;
    return i;
}

static void put_block(struct writer *w, const cl_accumulator *a, const cl_block_state *block)
{
    cl_json start = cl_json_root(cl_buf_str(&block->start));
    cl_json_iter iter = cl_json_iter_of(start);
    bool changed[MEMBERS];
    bool written[MEMBERS] = {false};
    bool broken = false;
    cl_json key;
    cl_json value;

    if (!find_changes(block, start, changed)) {
        put(w, cl_accumulate_raw(start));
        return;
    }
    put(w, CL_STR("{"));
    while (cl_json_next(&iter, &key, &value)) {
        size_t member = member_of(key);
        if (member == MEMBERS || !changed[member])
            put_member(w, key, value);
        else if (!written[member])
            put_change(w, a, block, member, value, &broken);
        if (member < MEMBERS)
            written[member] = true;
    }
    value = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    for (size_t i = 0; i < MEMBERS; i++) {
        if (changed[i] && !written[i])
            put_change(w, a, block, i, value, &broken);
    }
    if (broken) {
        put_key(w, CL_STR("_partial_json"));
        put_string(w, cl_buf_str(&block->parts[CL_PART_INPUT]));
    }
    put(w, CL_STR("}"));
}

/* ---- the message ---- */

/* `received` is what message_start had; it stands if no block has come. */
static void put_content(struct writer *w, const cl_accumulator *a, cl_json received)
{
    put_key(w, CL_STR("content"));
    if (a->limits.keep_content && a->block_count == 0 && received.type == CLAUDE_JSON_ARRAY) {
        put(w, cl_accumulate_raw(received));
        return;
    }
    put(w, CL_STR("["));
    for (size_t i = 0; i < a->block_count && a->limits.keep_content; i++) {
        if (i > 0)
            put(w, CL_STR(","));
        put_block(w, a, &a->blocks[i]);
    }
    put(w, CL_STR("]"));
}

static void put_usage(struct writer *w, const cl_accumulator *a)
{
    put_key(w, CL_STR("usage"));
    put(w, cl_buf_str(&a->usage));
}

static size_t field_of(const cl_accumulator *a, cl_json key)
{
    size_t i = 0;

    while (i < a->field_count && !cl_json_string_is(key, cl_buf_str(&a->fields[i].name)))
        i++;
    return i;
}

static void put_field(struct writer *w, const cl_late_field *field)
{
    put_key(w, cl_buf_str(&field->name));
    put(w, cl_buf_str(&field->value));
}

static void put_message(struct writer *w, const cl_accumulator *a)
{
    cl_json_iter iter = cl_json_iter_of(cl_json_root(cl_buf_str(&a->start)));
    bool written[CL_FIELDS_MAX] = {false};
    bool has_content = false;
    bool has_usage = false;
    cl_json key;
    cl_json value;

    put(w, CL_STR("{"));
    while (cl_json_next(&iter, &key, &value)) {
        size_t field = field_of(a, key);
        if (cl_json_string_is(key, CL_STR("content"))) {
            if (!has_content)
                put_content(w, a, value);
            has_content = true;
        } else if (cl_json_string_is(key, CL_STR("usage")) && a->usage.len > 0) {
            if (!has_usage)
                put_usage(w, a);
            has_usage = true;
        } else if (field == a->field_count) {
            put_member(w, key, value);
        } else if (!written[field]) {
            put_field(w, &a->fields[field]);
            written[field] = true;
        }
    }
    if (!has_content)
        put_content(w, a, (cl_json){NULL, 0, CLAUDE_JSON_NONE});
    for (size_t i = 0; i < a->field_count; i++) {
        if (!written[i])
            put_field(w, &a->fields[i]);
    }
    if (!has_usage && a->usage.len > 0)
        put_usage(w, a);
    put(w, CL_STR("}"));
}

claude_code_t cl_accumulator_json(const cl_accumulator *a, cl_buf *out, cl_err *err)
{
    size_t before = out->len;
    struct writer w = {out, CL_BUF_OK};

    if (!a->started)
        return cl_fail(err, CLAUDE_E_STATE, "no message has begun");
    put_message(&w, a);
    if (w.rc == CL_BUF_OK)
        return CLAUDE_OK;
    out->len = before;
    if (out->ptr)
        out->ptr[before] = '\0';
    return cl_accumulate_full(w.rc, err);
}
