#include "message/draft.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/grow.h"

enum {
    TAIL_MAX = 64 * 1024, /* more than this is not put aside and back for each change before it */
    LARGE = 1 << 20,      /* a text from here on asks for memory in steps of this size */
};

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static const char *const field_names[CL_FIELD_COUNT] = {"stream", "model", "max_tokens", "messages"};

void cl_draft_init(cl_draft *draft)
{
    *draft = (cl_draft){.tail = CL_BUF_INIT(CL_DRAFT_MAX)};
}

void cl_draft_free(cl_draft *draft)
{
    cl_blob_unref(draft->text);
    free(draft->members);
    cl_buf_free(&draft->value);
    cl_buf_free(&draft->tail);
    cl_draft_init(draft);
}

/* ---- members ---- */

static size_t end_of(const cl_draft_member *member)
{
    return member->value + member->value_len;
}

static claude_code_t push_member(cl_draft *draft, cl_draft_member member, cl_err *err)
{
    cl_draft_member *members = cl_grow(draft->members, draft->count, &draft->cap, sizeof *members);

    if (!members)
        return cl_fail_nomem(err);
    draft->members = members;
    members[draft->count++] = member;
    return CLAUDE_OK;
}

/* A key that is longer than the name is it only if there are escapes. */
static bool is_named(const char *text, const cl_draft_member *member, cl_str name)
{
    const char *key = text + member->key;

    if (member->key_len <= name.len + 2)
        return member->key_len == name.len + 2 && memcmp(key + 1, name.ptr, name.len) == 0;
    return cl_json_string_is((cl_json){key, member->key_len, CLAUDE_JSON_STRING}, name);
}

/* The last of that name, as servers read duplicates; `count` if there is none. */
static size_t find_member(const cl_draft *draft, cl_str name)
{
    for (size_t i = draft->count; i > 0; i--) {
        if (is_named(draft->text->bytes, &draft->members[i - 1], name))
            return i - 1;
    }
    return draft->count;
}

/* Moves members in the index; back by what is negative modulo the largest number. */
static void shift_members(cl_draft *draft, size_t first, size_t by)
{
    for (size_t i = first; i < draft->count; i++) {
        draft->members[i].key += by;
        draft->members[i].value += by;
    }
}

/* Two fields of one name would let the server read another value than the library. */
static claude_code_t check_once(cl_json key, bool seen[CL_FIELD_COUNT], cl_err *err)
{
    for (int i = 0; i < CL_FIELD_MESSAGES; i++) {
        if (!cl_json_string_is(key, cl_str_of(field_names[i])))
            continue;
        if (seen[i])
            return cl_fail(err, CLAUDE_E_INVALID, "%s is in the body twice; remove one of them", field_names[i]);
        seen[i] = true;
    }
    return CLAUDE_OK;
}

static claude_code_t index_members(cl_draft *draft, const char *text, cl_json root, cl_err *err)
{
    bool seen[CL_FIELD_COUNT] = {false};
    cl_json_iter iter = cl_json_iter_of(root);
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        cl_draft_member member = {(size_t)(key.ptr - text), key.len, (size_t)(value.ptr - text), value.len};
        rc = check_once(key, seen, err);
        if (rc >= 0)
            rc = push_member(draft, member, err);
    }
    return rc;
}

/* ---- the text ---- */

/* In a buffer of its own, which can grow. */
static cl_blob *text_of(cl_str json)
{
    cl_buf copy = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_blob *text = cl_buf_append_str(&copy, json) == CL_BUF_OK ? cl_blob_of(&copy) : NULL;

    cl_buf_free(&copy);
    return text;
}

claude_code_t cl_draft_set_whole(cl_draft *draft, cl_str json, uint32_t max_depth, cl_err *err)
{
    cl_draft fresh;
    cl_json root;
    claude_code_t rc;

    if (json.len > CL_DRAFT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the body has %zu bytes, more than %zu", json.len, CL_DRAFT_MAX);
    rc = cl_json_validate(json, max_depth, &root, err);
    if (rc < 0)
        return rc;
    if (root.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "the body must be a JSON object");
    cl_draft_init(&fresh);
    fresh.brace = (size_t)(root.ptr - json.ptr);
    rc = index_members(&fresh, json.ptr, root, err);
    if (rc >= 0 && !(fresh.text = text_of(json)))
        rc = cl_fail_nomem(err);
    if (rc < 0) {
        cl_draft_free(&fresh);
        return rc;
    }
    cl_draft_free(draft);
    *draft = fresh;
    return CLAUDE_OK;
}

claude_code_t cl_draft_copy(const cl_draft *from, cl_draft *to, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < from->count && rc >= 0; i++)
        rc = push_member(to, from->members[i], err);
    if (rc < 0)
        return rc;
    to->text = cl_blob_ref(from->text);
    to->brace = from->brace;
    return CLAUDE_OK;
}

bool cl_draft_is_empty(const cl_draft *draft)
{
    return !draft->text;
}

/* Makes the text one that nobody else has. */
static claude_code_t own_text(cl_draft *draft, cl_err *err)
{
    cl_blob *text = draft->text;
    cl_blob *copy;

    if (text && text->cap > 0 && atomic_load_explicit(&text->refs, memory_order_acquire) == 1)
        return CLAUDE_OK;
    copy = text_of(text ? cl_str_n(text->bytes, text->len) : CL_STR("{}"));
    if (!copy)
        return cl_fail_nomem(err);
    cl_blob_unref(text);
    draft->text = copy;
    draft->ready = 0;
    return CLAUDE_OK;
}

/* Replaces a part of the text. CL_BUF_* */
static int splice(cl_blob *text, size_t at, size_t old_len, cl_str bytes)
{
    cl_buf buf = {text->bytes, text->len, text->cap, CL_DRAFT_MAX, 0, 0};
    int rc = cl_buf_splice(&buf, at, old_len, bytes);

    text->bytes = buf.ptr;
    text->len = buf.len;
    text->cap = buf.cap;
    return rc;
}

static void remove_member(cl_draft *draft, size_t index)
{
    cl_draft_member *member = &draft->members[index];
    size_t from = index > 0 ? end_of(member - 1) : member->key;
    size_t to = index > 0 || draft->count == 1 ? end_of(member) : member[1].key;

    /* There is room: nothing grows. */
    splice(draft->text, from, to - from, CL_STR(""));
    draft->count--;
    memmove(member, member + 1, (draft->count - index) * sizeof *member);
    shift_members(draft, index, from - to);
}

/* Adds `,"key":value` behind the others, of which `key_len` bytes are the key and the last `value_len` the value. */
static claude_code_t append_member(cl_draft *draft, cl_str json, size_t key_len, size_t value_len, cl_err *err)
{
    bool first = draft->count == 0;
    size_t at = first ? draft->brace + 1 : end_of(&draft->members[draft->count - 1]);
    cl_str piece = first ? cl_str_n(json.ptr + 1, json.len - 1) : json;
    cl_draft_member member = {first ? at : at + 1, key_len, at + piece.len - value_len, value_len};
    claude_code_t rc = push_member(draft, member, err);
    int written;

    if (rc < 0)
        return rc;
    written = splice(draft->text, at, 0, piece);
    if (written == CL_BUF_OK)
        return CLAUDE_OK;
    draft->count--;
    return cl_fail_buf(err, written, "the body");
}

/* ---- edits ---- */

static claude_code_t new_member(cl_draft *draft, cl_str name, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_buf_append_char(&json, ',');
    claude_code_t rc;

    if (written == CL_BUF_OK)
        written = cl_json_write_string(&json, name);
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(&json, ':');
    rc = written == CL_BUF_OK ? append_member(draft, cl_buf_str(&json), json.len - 2, 0, err)
                              : cl_fail_buf(err, written, "the name of a field");
    cl_buf_free(&json);
    return rc;
}

/* Behind all others: what is set again and again moves a large member once. */
static claude_code_t move_to_end(cl_draft *draft, size_t index, cl_err *err)
{
    cl_draft_member member = draft->members[index];
    cl_str json = cl_str_n(draft->text->bytes + member.key, end_of(&member) - member.key);
    cl_buf copy = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = CLAUDE_OK;

    if (cl_buf_append_char(&copy, ',') != CL_BUF_OK || cl_buf_append_str(&copy, json) != CL_BUF_OK)
        rc = cl_fail_nomem(err);
    if (rc >= 0) {
        remove_member(draft, index);
        /* There is room where it was. */
        rc = append_member(draft, cl_buf_str(&copy), member.key_len, member.value_len, err);
    }
    cl_buf_free(&copy);
    return rc;
}

/*
 * What a large text will grow into, asked for in one go: that costs less than half of being interrupted at each page.
 * A system that does not know the question (before Linux 5.14) interrupts.
 */
static void prepare_memory(cl_draft *draft)
{
    const cl_blob *text = draft->text;
    uintptr_t mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    size_t from = draft->ready > text->len ? draft->ready : text->len;
    size_t to = text->cap - text->len > LARGE ? text->len + LARGE : text->cap;
    uintptr_t start = ((uintptr_t)text->bytes + from) & mask;
    uintptr_t end = ((uintptr_t)text->bytes + to) & mask;

    /* Not for a few pages at a time. */
    if (text->len < LARGE || from - text->len >= LARGE / 2 || start >= end)
        return;
    madvise((void *)start, end - start, MADV_POPULATE_WRITE);
    draft->ready = to;
}

static claude_code_t open_member(cl_draft *draft, size_t index, cl_err *err)
{
    const cl_draft_member *member = &draft->members[index];
    cl_blob *text = draft->text;
    size_t end = end_of(member);

    prepare_memory(draft);
    cl_buf_clear(&draft->tail);
    if (cl_buf_append(&draft->tail, text->bytes + end, text->len - end) != CL_BUF_OK)
        return cl_fail_nomem(err);
    draft->value = (cl_buf){.ptr = text->bytes + member->value,
                            .len = member->value_len,
                            .cap = text->cap - member->value - draft->tail.len,
                            .max = CL_DRAFT_MAX - member->value - draft->tail.len,
                            .head = member->value,
                            .tail = draft->tail.len};
    draft->value.ptr[member->value_len] = '\0';
    draft->open = index;
    text->bytes = NULL;
    text->len = 0;
    text->cap = 0;
    return CLAUDE_OK;
}

claude_code_t cl_draft_edit(cl_draft *draft, cl_str key, cl_buf **out, cl_err *err)
{
    claude_code_t rc;
    size_t index;

    cl_draft_end(draft);
    rc = own_text(draft, err);
    if (rc < 0)
        return rc;
    index = find_member(draft, key);
    if (index == draft->count) {
        rc = new_member(draft, key, err);
    } else if (index + 1 < draft->count && draft->text->len - end_of(&draft->members[index]) > TAIL_MAX) {
        rc = move_to_end(draft, index, err);
        index = draft->count - 1;
    }
    if (rc < 0)
        return rc;
    rc = open_member(draft, index, err);
    if (rc >= 0)
        *out = &draft->value;
    else if (draft->members[index].value_len == 0)
        remove_member(draft, index);
    return rc;
}

void cl_draft_end(cl_draft *draft)
{
    const cl_buf *value = &draft->value;
    cl_blob *text = draft->text;
    cl_draft_member *member;

    if (!value->ptr)
        return;
    member = &draft->members[draft->open];
    memcpy(value->ptr + value->len, draft->tail.ptr, value->tail + 1);
    text->bytes = value->ptr - value->head;
    text->len = value->head + value->len + value->tail;
    text->cap = value->head + value->cap + value->tail;
    shift_members(draft, draft->open + 1, value->len - member->value_len);
    member->value_len = value->len;
    draft->value.ptr = NULL;
    if (member->value_len == 0)
        remove_member(draft, draft->open);
}

/* ---- reading ---- */

cl_json cl_draft_field(const cl_draft *draft, int field)
{
    const cl_draft_member *member;
    size_t index;

    if (!draft->text)
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    index = find_member(draft, cl_str_of(field_names[field]));
    if (index == draft->count)
        return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    member = &draft->members[index];
    return cl_json_root(cl_str_n(draft->text->bytes + member->value, member->value_len));
}

cl_blob *cl_draft_hold(const cl_draft *draft, const char *bytes)
{
    const cl_blob *text = draft->text;

    if (!text || (uintptr_t)bytes < (uintptr_t)text->bytes || (uintptr_t)bytes > (uintptr_t)text->bytes + text->len)
        return NULL;
    return cl_blob_ref(draft->text);
}

cl_blob *cl_draft_blob(const cl_draft *draft, size_t *brace)
{
    static char braces[] = "{}";
    static cl_blob nothing = {1, 2, 0, braces};

    *brace = draft->brace;
    return cl_blob_ref(draft->text ? draft->text : &nothing);
}
