/* Whether the expectations of a case can fail: each value is changed in turn, and the change must be noticed. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

struct mutation {
    struct json_object *expect;
    const struct seen *seen;
    size_t count;
};

/* Another value of the same kind; for what holds others, something more in it. */
static struct json_object *other_value(struct json_object *value)
{
    struct json_object *other = NULL;

    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return json_object_new_boolean(!json_object_get_boolean(value));
    case json_type_int:
        return json_object_new_int64(json_object_get_int64(value) == 0 ? 1 : json_object_get_int64(value) - 1);
    case json_type_double:
        return json_object_new_double(json_object_get_double(value) + 1);
    case json_type_array:
        json_object_deep_copy(value, &other, NULL);
        json_object_array_add(other, json_object_new_string("?\x01"));
        return other;
    case json_type_object:
        json_object_deep_copy(value, &other, NULL);
        json_object_object_add(other, "?\x01", json_object_new_string("?\x01"));
        return other;
    case json_type_string:
    case json_type_null:
        break;
    }
    return json_object_new_string("?\x01");
}

/* Looks at the changed expectation; where the change is goes to the end of the path when it is missed. */
static void look(struct mutation *m, const char *where)
{
    size_t before = complaints;
    bool noticed;

    quiet = true;
    check_expect(m->expect, m->seen);
    quiet = false;
    noticed = complaints > before;
    complaints = before;
    m->count++;
    if (!noticed)
        complain("nobody misses it when %s is changed", where);
}

static void mutate(struct mutation *m, struct json_object *value, const char *where)
{
    struct json_object_iter member;

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreachC(value, member)
        {
            struct json_object *kept = json_object_get(member.val);
            json_object_object_add(value, member.key, other_value(kept));
            look(m, member.key);
            json_object_object_add(value, member.key, kept);
            mutate(m, kept, member.key);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            struct json_object *kept = json_object_get(json_object_array_get_idx(value, i));
            json_object_array_put_idx(value, i, other_value(kept));
            look(m, where);
            json_object_array_put_idx(value, i, kept);
            mutate(m, kept, where);
        }
    }
}

size_t check_mutations(struct json_object *expect, const struct seen *seen)
{
    struct mutation m = {.expect = expect, .seen = seen};

    mutate(&m, expect, "expect");
    return m.count;
}
