#include "message/draft.h"

#include <stdlib.h>

static const char *const field_names[CL_FIELD_COUNT] = {"stream", "model", "max_tokens", "messages"};

void cl_draft_init(cl_draft *draft)
{
    *draft = (cl_draft){.whole = NULL};
    atomic_init(&draft->joined, NULL);
}

static void drop_joined(cl_draft *draft)
{
    cl_blob_unref(atomic_exchange_explicit(&draft->joined, NULL, memory_order_acq_rel));
}

static void drop_members(cl_draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        free(draft->members[i].key);
        cl_buf_free(&draft->members[i].value);
    }
    free(draft->members);
    draft->members = NULL;
    draft->count = 0;
    draft->cap = 0;
}

void cl_draft_free(cl_draft *draft)
{
    drop_joined(draft);
    drop_members(draft);
    cl_blob_unref(draft->whole);
    draft->whole = NULL;
}

/* Finds the fields that matter; two of one name would let the server read another value than the library. */
static claude_code_t find_fields(cl_json root, cl_json fields[CL_FIELD_COUNT], cl_err *err)
{
    cl_json_iter iter = cl_json_iter_of(root);
    cl_json key;
    cl_json value;

    for (int i = 0; i < CL_FIELD_COUNT; i++)
        fields[i] = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    while (cl_json_next(&iter, &key, &value)) {
        for (int i = 0; i < CL_FIELD_COUNT; i++) {
            if (!cl_json_string_is(key, cl_str_of(field_names[i])))
                continue;
            if (i != CL_FIELD_MESSAGES && fields[i].type != CLAUDE_JSON_NONE)
                return cl_fail(err, CLAUDE_E_INVALID, "%s is in the body twice; remove one of them", field_names[i]);
            fields[i] = value;
        }
    }
    return CLAUDE_OK;
}

claude_code_t cl_draft_set_whole(cl_draft *draft, cl_str json, uint32_t max_depth, cl_err *err)
{
    cl_json fields[CL_FIELD_COUNT];
    cl_blob *blob = NULL;
    cl_json root;
    claude_code_t rc;

    if (json.len > CL_DRAFT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the body has %zu bytes, more than %zu", json.len, CL_DRAFT_MAX);
    rc = cl_json_validate(json, max_depth, &root, err);
    if (rc < 0)
        return rc;
    if (root.type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "the body must be a JSON object");
    blob = cl_blob_new(json);
    if (!blob)
        return cl_fail_nomem(err);
    root.ptr = blob->bytes + (root.ptr - json.ptr);
    rc = find_fields(root, fields, err);
    if (rc < 0) {
        cl_blob_unref(blob);
        return rc;
    }
    cl_draft_free(draft);
    draft->whole = blob;
    draft->brace = (size_t)(root.ptr - blob->bytes);
    memcpy(draft->fields, fields, sizeof fields);
    return CLAUDE_OK;
}

/* Appends a member; `key` is JSON, with quotes. */
static claude_code_t add_member(cl_draft *draft, cl_str key, cl_draft_member **out, cl_err *err)
{
    cl_draft_member *member;
    char *copy;

    if (draft->count == draft->cap) {
        size_t cap = draft->cap ? draft->cap * 2 : 8;
        cl_draft_member *members = realloc(draft->members, cap * sizeof *members);
        if (!members)
            return cl_fail_nomem(err);
        draft->members = members;
        draft->cap = cap;
    }
    copy = malloc(key.len);
    if (!copy)
        return cl_fail_nomem(err);
    memcpy(copy, key.ptr, key.len);
    member = &draft->members[draft->count++];
    *member = (cl_draft_member){copy, key.len, CL_BUF_INIT(CL_DRAFT_MAX)};
    *out = member;
    return CLAUDE_OK;
}

claude_code_t cl_draft_copy(const cl_draft *from, cl_draft *to, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    to->whole = cl_blob_ref(from->whole);
    to->brace = from->brace;
    memcpy(to->fields, from->fields, sizeof to->fields);
    for (size_t i = 0; i < from->count && rc >= 0; i++) {
        const cl_draft_member *member = &from->members[i];
        cl_draft_member *copy = NULL;
        rc = add_member(to, cl_str_n(member->key, member->key_len), &copy, err);
        if (rc >= 0 && cl_buf_append_str(&copy->value, cl_buf_str(&member->value)) != CL_BUF_OK)
            rc = cl_fail_nomem(err);
    }
    return rc;
}

bool cl_draft_is_empty(const cl_draft *draft)
{
    return !draft->whole && draft->count == 0;
}

static claude_code_t split(cl_draft *draft, cl_err *err)
{
    size_t brace = draft->brace;
    cl_json_iter iter = cl_json_iter_of(cl_json_root(cl_str_n(draft->whole->bytes + brace, draft->whole->len - brace)));
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        cl_draft_member *member = NULL;
        rc = add_member(draft, cl_str_n(key.ptr, key.len), &member, err);
        if (rc >= 0 && cl_buf_append(&member->value, value.ptr, value.len) != CL_BUF_OK)
            rc = cl_fail_nomem(err);
    }
    if (rc < 0) {
        drop_members(draft);
        return rc;
    }
    cl_blob_unref(draft->whole);
    draft->whole = NULL;
    return CLAUDE_OK;
}

/* The last of that name, as servers read duplicates. */
static cl_draft_member *find_member(const cl_draft *draft, cl_str name)
{
    for (size_t i = draft->count; i > 0; i--) {
        cl_draft_member *member = &draft->members[i - 1];
        if (cl_json_string_is((cl_json){member->key, member->key_len, CLAUDE_JSON_STRING}, name))
            return member;
    }
    return NULL;
}

claude_code_t cl_draft_edit(cl_draft *draft, cl_str key, cl_buf **out, cl_err *err)
{
    cl_draft_member *member = NULL;
    cl_buf quoted = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = draft->whole ? split(draft, err) : CLAUDE_OK;
    int written;

    if (rc < 0)
        return rc;
    drop_joined(draft);
    member = find_member(draft, key);
    if (!member) {
        written = cl_json_write_string(&quoted, key);
        rc = written == CL_BUF_OK ? add_member(draft, cl_buf_str(&quoted), &member, err)
                                  : cl_fail_buf(err, written, "the name of a field");
        cl_buf_free(&quoted);
    }
    if (rc >= 0)
        *out = &member->value;
    return rc;
}

cl_blob *cl_draft_hold(const cl_draft *draft)
{
    return cl_blob_ref(draft->whole ? draft->whole : atomic_load_explicit(&draft->joined, memory_order_acquire));
}

cl_json cl_draft_field(const cl_draft *draft, int field)
{
    const cl_draft_member *member;

    if (draft->whole)
        return draft->fields[field];
    member = find_member(draft, cl_str_of(field_names[field]));
    return member ? cl_json_root(cl_buf_str(&member->value)) : (cl_json){NULL, 0, CLAUDE_JSON_NONE};
}

static size_t put(char *out, size_t at, cl_str text)
{
    memcpy(out + at, text.ptr, text.len);
    return at + text.len;
}

/* One allocation of the exact size: bodies can be large. */
static cl_blob *join(const cl_draft *draft)
{
    size_t len = 2;
    size_t at = 1;
    cl_blob *blob;

    for (size_t i = 0; i < draft->count; i++) {
        const cl_draft_member *member = &draft->members[i];
        if (member->value.len > 0)
            len += member->key_len + 1 + member->value.len + 1;
    }
    blob = malloc(sizeof *blob + len + 1);
    if (!blob)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->bytes[0] = '{';
    for (size_t i = 0; i < draft->count; i++) {
        const cl_draft_member *member = &draft->members[i];
        if (member->value.len == 0)
            continue;
        if (at > 1)
            blob->bytes[at++] = ',';
        at = put(blob->bytes, at, cl_str_n(member->key, member->key_len));
        blob->bytes[at++] = ':';
        at = put(blob->bytes, at, cl_buf_str(&member->value));
    }
    blob->bytes[at++] = '}';
    blob->bytes[at] = '\0';
    blob->len = at;
    return blob;
}

cl_blob *cl_draft_blob(const cl_draft *draft, size_t *brace)
{
    /* Class A for the cache alone: it says the same as the members. */
    _Atomic(cl_blob *) *joined = (_Atomic(cl_blob *) *)&draft->joined;
    cl_blob *have;
    cl_blob *fresh;

    *brace = draft->whole ? draft->brace : 0;
    if (draft->whole)
        return cl_blob_ref(draft->whole);
    have = atomic_load_explicit(joined, memory_order_acquire);
    if (have)
        return cl_blob_ref(have);
    fresh = join(draft);
    if (!fresh)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(joined, &have, fresh, memory_order_acq_rel, memory_order_acquire))
        return cl_blob_ref(fresh);
    cl_blob_unref(fresh);
    return cl_blob_ref(have);
}
