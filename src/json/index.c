#include "base/grow.h"
#include "json/walk.h"

enum {
    WORTH_IT = 4096,  /* bytes; a shorter text is walked before memory is there */
    MEMBERS_MAX = 64, /* a root with more is walked: it is none of the API's answers */
};

/* Where the elements of an array begin, from its bracket on. */
typedef struct elements {
    size_t count;
    uint32_t *at;
} elements;

typedef struct entry {
    cl_json key;
    cl_json value;
    _Atomic(elements *) elements; /* of an array, made when first asked for */
} entry;

struct cl_json_index {
    size_t count;
    entry entries[];
};

static void free_elements(elements *list)
{
    if (!list)
        return;
    free(list->at);
    free(list);
}

void cl_json_index_free(cl_json_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->count; i++)
        free_elements(atomic_load_explicit(&index->entries[i].elements, memory_order_relaxed));
    free(index);
}

/* NULL when out of memory. Of too many members none are in it. */
static cl_json_index *make_index(cl_json root)
{
    cl_json_iter iter = cl_json_iter_of(root);
    cl_json keys[MEMBERS_MAX];
    cl_json values[MEMBERS_MAX];
    size_t count = 0;
    cl_json_index *index;

    while (count < MEMBERS_MAX && cl_json_next(&iter, &keys[count], &values[count]))
        count++;
    if (iter.p != iter.end)
        count = 0;
    index = malloc(sizeof *index + count * sizeof index->entries[0]);
    if (!index)
        return NULL;
    index->count = count;
    for (size_t i = 0; i < count; i++) {
        index->entries[i].key = keys[i];
        index->entries[i].value = values[i];
        atomic_init(&index->entries[i].elements, NULL);
    }
    return index;
}

static elements *make_elements(cl_json array)
{
    cl_json_iter iter = cl_json_iter_of(array);
    elements *list = calloc(1, sizeof *list);
    size_t cap = 0;
    cl_json value;

    while (list && cl_json_next(&iter, NULL, &value)) {
        uint32_t *at = cl_grow(list->at, list->count, &cap, sizeof *at);
        if (!at) {
            free_elements(list);
            return NULL;
        }
        list->at = at;
        at[list->count++] = (uint32_t)(value.ptr - array.ptr);
    }
    return list;
}

/* The index of a text that is worth one, else NULL. */
static cl_json_index *index_of(_Atomic(cl_json_index *) *slot, cl_json root)
{
    cl_json_index *have = atomic_load_explicit(slot, memory_order_acquire);
    cl_json_index *fresh;

    if (have || root.type != CLAUDE_JSON_OBJECT || root.len < WORTH_IT)
        return have;
    fresh = make_index(root);
    if (!fresh ||
        atomic_compare_exchange_strong_explicit(slot, &have, fresh, memory_order_acq_rel, memory_order_acquire))
        return fresh;
    cl_json_index_free(fresh);
    return have;
}

static const elements *elements_of(entry *member)
{
    elements *have = atomic_load_explicit(&member->elements, memory_order_acquire);
    elements *fresh;

    if (have || member->value.type != CLAUDE_JSON_ARRAY || member->value.len > UINT32_MAX)
        return have;
    fresh = make_elements(member->value);
    if (!fresh || atomic_compare_exchange_strong_explicit(&member->elements, &have, fresh, memory_order_acq_rel,
                                                          memory_order_acquire))
        return fresh;
    free_elements(fresh);
    return have;
}

/* Where the space before `end` begins. */
static const char *trim_back(const char *end)
{
    while (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t')
        end--;
    return end;
}

/* It ends before the comma and the element that follows, or before the bracket. */
static cl_json element_at(cl_json array, const elements *list, size_t index)
{
    const char *start = array.ptr + list->at[index];
    bool last = index + 1 == list->count;
    const char *end = trim_back(last ? array.ptr + array.len - 1 : array.ptr + list->at[index + 1]);

    if (!last)
        end = trim_back(end - 1);
    return (cl_json){start, (size_t)(end - start), cl_json_type_at(start)};
}

/* The member that the pointer's first step leads to; of duplicates the last. */
static entry *find_entry(cl_json_index *index, cl_str token)
{
    for (size_t i = index->count; i > 0; i--) {
        if (cl_json_key_is_token(index->entries[i - 1].key, token))
            return &index->entries[i - 1];
    }
    return NULL;
}

/* Takes as many steps as the index knows; the rest of the pointer stays. *list is that of an array of the root. */
static cl_json take_steps(_Atomic(cl_json_index *) *slot, cl_json root, cl_str *pointer, const elements **list)
{
    static const cl_json none = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json_index *index = cl_json_pointer_valid(*pointer) ? index_of(slot, root) : NULL;
    const elements *inside;
    entry *member;
    cl_str token;
    size_t at;

    if (!index || index->count == 0 || !cl_json_pointer_next(pointer, &token))
        return root;
    member = find_entry(index, token);
    if (!member)
        return none;
    inside = elements_of(member);
    if (inside && cl_json_pointer_next(pointer, &token)) {
        bool found = cl_json_pointer_index(token, &at) && at < inside->count;
        return found ? element_at(member->value, inside, at) : none;
    }
    *list = inside;
    return member->value;
}

cl_json cl_json_index_at(_Atomic(cl_json_index *) *slot, cl_json root, cl_str pointer)
{
    const elements *list = NULL;
    cl_json value = take_steps(slot, root, &pointer, &list);

    return cl_json_at(value, pointer);
}

size_t cl_json_index_count(_Atomic(cl_json_index *) *slot, cl_json root, cl_str pointer)
{
    const elements *list = NULL;
    cl_json value = take_steps(slot, root, &pointer, &list);

    return list ? list->count : cl_json_count(cl_json_at(value, pointer));
}
