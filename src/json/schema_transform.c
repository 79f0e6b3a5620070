/* schema_transform.c - a schema changed to the subset that the API supports. */
#include "json/schema_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* What is being written between a schema's braces besides its own words: schemas inside of it. */
enum { LIST_NONE, LIST_MEMBERS, LIST_ELEMENTS };

/* A schema being written. */
typedef struct frame {
    cl_json schema;
    cl_json keywords[CL_KW_COUNT];
    bool used[CL_KW_COUNT]; /* it is written, or dropped for good; everything else goes into the description */
    bool literal;           /* known by enum or const */
    unsigned types;
    size_t step;
    int list;
    int list_keyword;
    bool first;
    size_t index;
    cl_json_iter children;
    cl_place place;
} frame;

typedef struct transformer {
    cl_buf *out;
    int written; /* CL_BUF_*: the first failure stays */
    frame *frames;
    size_t count;
    size_t cap;
    cl_err *err;
} transformer;

/* ---- writing ---- */

static void put(transformer *t, cl_str text)
{
    if (t->written == CL_BUF_OK)
        t->written = cl_buf_append_str(t->out, text);
}

static void put_json(transformer *t, cl_json value)
{
    put(t, cl_str_n(value.ptr, value.len));
}

static void put_escaped(transformer *t, cl_str text)
{
    if (t->written == CL_BUF_OK)
        t->written = cl_json_write_escaped(t->out, text);
}

static void put_key(transformer *t, int keyword)
{
    if (t->written == CL_BUF_OK)
        t->written = cl_json_write_key(t->out, cl_str_of(cl_schema_keyword(keyword)));
}

/* The value as the inside of a string, without white space between its tokens. */
static void put_compact(transformer *t, cl_json value)
{
    const char *p = value.ptr;
    const char *end = p + value.len;

    while (p < end) {
        const char *start = p;
        bool quoted = false;
        for (; p < end && (quoted || !strchr(" \t\r\n", *p)); p++) {
            if (*p == '"')
                quoted = !quoted;
            else if (*p == '\\')
                p++;
        }
        put_escaped(t, cl_str_n(start, (size_t)(p - start)));
        while (p < end && strchr(" \t\r\n", *p))
            p++;
    }
}

/* ---- what a schema is ---- */

static void pointer_of(const transformer *t, cl_buf *pointer)
{
    for (size_t i = 0; i < t->count; i++)
        cl_place_append(pointer, &t->frames[i].place);
}

static claude_code_t refuse(const transformer *t, const char *problem)
{
    char storage[CL_POINTER_SHOWN] = "";
    cl_buf pointer = CL_BUF_ON(storage);

    pointer_of(t, &pointer);
    return cl_schema_fail(t->err, "schema_invalid", "schema%s%s: %s", pointer.len > 0 ? " at " : "", storage, problem);
}

static bool all_primitive(cl_json values)
{
    cl_json_iter iter = cl_json_iter_of(values);
    cl_json value;

    if (values.type != CLAUDE_JSON_ARRAY)
        return false;
    while (cl_json_next(&iter, NULL, &value)) {
        if (value.type == CLAUDE_JSON_ARRAY || value.type == CLAUDE_JSON_OBJECT)
            return false;
    }
    return true;
}

static bool is_zero_or_one(cl_json number)
{
    static const cl_json bounds[] = {{"0", 1, CLAUDE_JSON_NUMBER}, {"1", 1, CLAUDE_JSON_NUMBER}};
    cl_decimal value;
    cl_decimal zero = cl_decimal_of(bounds[0]);
    cl_decimal one = cl_decimal_of(bounds[1]);

    if (number.type != CLAUDE_JSON_NUMBER)
        return false;
    value = cl_decimal_of(number);
    return cl_decimal_compare(&value, &zero) == 0 || cl_decimal_compare(&value, &one) == 0;
}

/* A literal, or the first of anyOf, oneOf and allOf, or a type: what the schema is known by. */
static claude_code_t choose_kind(transformer *t, frame *f)
{
    int32_t constant = f->keywords[CL_KW_CONST].type;
    bool combined = false;

    f->used[CL_KW_ENUM] = all_primitive(f->keywords[CL_KW_ENUM]);
    f->used[CL_KW_CONST] =
        constant != CLAUDE_JSON_NONE && constant != CLAUDE_JSON_ARRAY && constant != CLAUDE_JSON_OBJECT;
    f->literal = f->used[CL_KW_ENUM] || f->used[CL_KW_CONST];
    for (int i = CL_KW_ANY_OF; i <= CL_KW_ALL_OF && !f->literal && !combined; i++) {
        combined = f->keywords[i].type == CLAUDE_JSON_ARRAY;
        f->used[i] = combined;
    }
    if (!f->literal && !combined && f->keywords[CL_KW_TYPE].type == CLAUDE_JSON_NONE)
        return refuse(t, "has no type; add \"type\", or describe it by enum, const, anyOf, oneOf, allOf or $ref");
    return CLAUDE_OK;
}

static claude_code_t understand(transformer *t, frame *f)
{
    bool unknown;

    cl_schema_read(f->schema, f->keywords);
    f->used[CL_KW_SCHEMA] = true;
    f->used[CL_KW_DEFS] = true;
    f->used[CL_KW_TYPE] = true;
    f->used[CL_KW_TITLE] = true;
    if (f->keywords[CL_KW_REF].type != CLAUDE_JSON_NONE)
        return CLAUDE_OK;
    if (choose_kind(t, f) < 0)
        return CLAUDE_E_INVALID;
    if (f->keywords[CL_KW_TYPE].type != CLAUDE_JSON_NONE &&
        !cl_schema_types(f->keywords[CL_KW_TYPE], &f->types, &unknown))
        return refuse(t, "\"type\" must be the name of a type, or an array of such names");
    f->used[CL_KW_DESCRIPTION] = f->keywords[CL_KW_DESCRIPTION].type == CLAUDE_JSON_STRING;
    f->used[CL_KW_PROPERTIES] = (f->types & CL_TYPE_OBJECT) != 0;
    f->used[CL_KW_ADDITIONAL] = (f->types & CL_TYPE_OBJECT) != 0;
    f->used[CL_KW_REQUIRED] = (f->types & CL_TYPE_OBJECT) != 0;
    f->used[CL_KW_FORMAT] = (f->types & CL_TYPE_STRING) != 0 && cl_format_of(f->keywords[CL_KW_FORMAT]) != 0;
    f->used[CL_KW_ITEMS] = (f->types & CL_TYPE_ARRAY) != 0;
    f->used[CL_KW_MIN_ITEMS] = (f->types & CL_TYPE_ARRAY) != 0 && is_zero_or_one(f->keywords[CL_KW_MIN_ITEMS]);
    return CLAUDE_OK;
}

/* Begins a schema. The caller's frame may have moved afterwards. */
static claude_code_t enter(transformer *t, cl_json schema, cl_place place)
{
    frame *f;

    if (!cl_schema_grow((void **)&t->frames, &t->cap, t->count, sizeof *t->frames))
        return cl_fail_nomem(t->err);
    f = &t->frames[t->count++];
    memset(f, 0, sizeof *f);
    f->schema = schema;
    f->place = place;
    if (schema.type != CLAUDE_JSON_OBJECT)
        return refuse(t, "must be an object; true and false are not supported");
    put(t, CL_STR("{"));
    return understand(t, f);
}

/* ---- the steps of writing a schema, in order ---- */

static claude_code_t begin_list(transformer *t, frame *f, int keyword, cl_json children)
{
    bool members = children.type == CLAUDE_JSON_OBJECT;

    f->list = members ? LIST_MEMBERS : LIST_ELEMENTS;
    f->list_keyword = keyword;
    f->children = cl_json_iter_of(children);
    f->first = true;
    f->index = 0;
    put(t, members ? CL_STR("{") : CL_STR("["));
    return CLAUDE_OK;
}

static claude_code_t write_defs(transformer *t, frame *f)
{
    cl_json defs = f->keywords[CL_KW_DEFS];

    if (defs.type == CLAUDE_JSON_NONE)
        return CLAUDE_OK;
    if (defs.type != CLAUDE_JSON_OBJECT)
        return refuse(t, "\"$defs\" must be an object");
    put_key(t, CL_KW_DEFS);
    return begin_list(t, f, CL_KW_DEFS, defs);
}

/* A reference stands alone; only definitions stay beside it. */
static bool is_reference(const frame *f)
{
    return f->keywords[CL_KW_REF].type != CLAUDE_JSON_NONE;
}

static void write_as_it_is(transformer *t, const frame *f, int keyword)
{
    if (f->keywords[keyword].type == CLAUDE_JSON_NONE || !f->used[keyword])
        return;
    put_key(t, keyword);
    put_json(t, f->keywords[keyword]);
}

static claude_code_t write_kind(transformer *t, frame *f)
{
    int keyword = -1;

    if (is_reference(f)) {
        f->used[CL_KW_REF] = true;
        write_as_it_is(t, f, CL_KW_REF);
        return CLAUDE_OK;
    }
    write_as_it_is(t, f, CL_KW_ENUM);
    write_as_it_is(t, f, CL_KW_CONST);
    for (int i = CL_KW_ANY_OF; i <= CL_KW_ALL_OF; i++)
        keyword = f->used[i] ? i : keyword;
    if (keyword < 0) {
        if (!f->literal)
            write_as_it_is(t, f, CL_KW_TYPE);
        return CLAUDE_OK;
    }
    put_key(t, keyword == CL_KW_ALL_OF ? CL_KW_ALL_OF : CL_KW_ANY_OF);
    return begin_list(t, f, keyword, f->keywords[keyword]);
}

/* The members that have no place elsewhere: {key: value, key: value}. */
static bool next_other(const frame *f, cl_json_iter *members, cl_json *key, cl_json *value)
{
    while (cl_json_next(members, key, value)) {
        int keyword = cl_schema_keyword_of(*key);
        if (keyword < 0 || (!f->used[keyword] && f->keywords[keyword].ptr == value->ptr))
            return true;
    }
    return false;
}

static claude_code_t write_words(transformer *t, frame *f)
{
    cl_json description = f->keywords[CL_KW_DESCRIPTION];
    cl_json_iter members = cl_json_iter_of(f->schema);
    bool described = description.type == CLAUDE_JSON_STRING;
    bool first = true;
    cl_json key;
    cl_json value;

    write_as_it_is(t, f, CL_KW_TITLE);
    while (next_other(f, &members, &key, &value)) {
        if (first) {
            put_key(t, CL_KW_DESCRIPTION);
            put(t, CL_STR("\""));
            if (described)
                put(t, cl_str_n(description.ptr + 1, description.len - 2));
            put(t, described && description.len > 2 ? CL_STR("\\n\\n{") : CL_STR("{"));
        } else {
            put(t, CL_STR(", "));
        }
        first = false;
        put(t, cl_str_n(key.ptr + 1, key.len - 2));
        put(t, CL_STR(": "));
        put_compact(t, value);
    }
    if (first)
        write_as_it_is(t, f, CL_KW_DESCRIPTION);
    else
        put(t, CL_STR("}\""));
    return CLAUDE_OK;
}

static claude_code_t write_properties(transformer *t, frame *f)
{
    cl_json properties = f->keywords[CL_KW_PROPERTIES];

    if ((f->types & CL_TYPE_OBJECT) == 0)
        return CLAUDE_OK;
    put_key(t, CL_KW_PROPERTIES);
    if (properties.type == CLAUDE_JSON_NONE) {
        put(t, CL_STR("{}"));
        return CLAUDE_OK;
    }
    if (properties.type != CLAUDE_JSON_OBJECT)
        return refuse(t, "\"properties\" must be an object");
    return begin_list(t, f, CL_KW_PROPERTIES, properties);
}

static claude_code_t write_limits(transformer *t, frame *f)
{
    if ((f->types & CL_TYPE_OBJECT) != 0) {
        put_key(t, CL_KW_ADDITIONAL);
        put(t, CL_STR("false"));
    }
    write_as_it_is(t, f, CL_KW_REQUIRED);
    write_as_it_is(t, f, CL_KW_FORMAT);
    write_as_it_is(t, f, CL_KW_MIN_ITEMS);
    return CLAUDE_OK;
}

static claude_code_t write_items(transformer *t, frame *f)
{
    cl_place place = CL_PLACE_NONE;

    if (!f->used[CL_KW_ITEMS] || f->keywords[CL_KW_ITEMS].type == CLAUDE_JSON_NONE)
        return CLAUDE_OK;
    put_key(t, CL_KW_ITEMS);
    place.keyword = CL_KW_ITEMS;
    return enter(t, f->keywords[CL_KW_ITEMS], place);
}

static claude_code_t (*const steps[])(transformer *t, frame *f) = {write_defs,       write_kind,   write_words,
                                                                   write_properties, write_limits, write_items};
enum { STEPS = sizeof steps / sizeof steps[0], STEPS_OF_REFERENCE = 2 };

/* ---- all of it ---- */

static claude_code_t next_child(transformer *t, frame *f)
{
    bool members = f->list == LIST_MEMBERS;
    cl_place place = CL_PLACE_NONE;
    cl_json key = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json child;

    if (!cl_json_next(&f->children, &key, &child)) {
        f->list = LIST_NONE;
        put(t, members ? CL_STR("}") : CL_STR("]"));
        return CLAUDE_OK;
    }
    if (!f->first)
        put(t, CL_STR(","));
    f->first = false;
    place.keyword = f->list_keyword;
    if (members) {
        put_json(t, key);
        put(t, CL_STR(":"));
        place.key = key;
    } else {
        place.index = f->index++;
    }
    return enter(t, child, place);
}

static claude_code_t advance(transformer *t)
{
    frame *f = &t->frames[t->count - 1];

    if (f->list != LIST_NONE)
        return next_child(t, f);
    if (f->step < (is_reference(f) ? (size_t)STEPS_OF_REFERENCE : (size_t)STEPS))
        return steps[f->step++](t, f);
    put(t, CL_STR("}"));
    t->count--;
    return CLAUDE_OK;
}

claude_code_t cl_schema_transform(cl_str schema, cl_buf *out, cl_err *err)
{
    transformer t = {.out = out, .err = err};
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_err syntax;
    claude_code_t rc;

    cl_err_init(&syntax);
    if (cl_json_validate(schema, CL_JSON_DEPTH_DEFAULT, &root, &syntax) < 0)
        return cl_schema_fail(err, "schema_invalid", "schema: %s", syntax.message);
    rc = enter(&t, root, CL_PLACE_NONE);
    while (rc >= 0 && t.written == CL_BUF_OK && t.count > 0)
        rc = advance(&t);
    free(t.frames);
    if (rc >= 0 && t.written != CL_BUF_OK)
        rc = cl_fail_buf(err, t.written, "the schema");
    return rc;
}
