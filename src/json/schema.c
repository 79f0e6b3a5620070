/* schema.c - what both sides of schemas share: keywords, types, places. */
#include "json/schema_parts.h"
#include "json/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const keyword_names[CL_KW_COUNT] = {
    [CL_KW_SCHEMA] = "$schema",
    [CL_KW_DEFS] = "$defs",
    [CL_KW_REF] = "$ref",
    [CL_KW_TYPE] = "type",
    [CL_KW_ENUM] = "enum",
    [CL_KW_CONST] = "const",
    [CL_KW_ANY_OF] = "anyOf",
    [CL_KW_ONE_OF] = "oneOf",
    [CL_KW_ALL_OF] = "allOf",
    [CL_KW_TITLE] = "title",
    [CL_KW_DESCRIPTION] = "description",
    [CL_KW_PROPERTIES] = "properties",
    [CL_KW_ADDITIONAL] = "additionalProperties",
    [CL_KW_PATTERN_PROPERTIES] = "patternProperties",
    [CL_KW_REQUIRED] = "required",
    [CL_KW_FORMAT] = "format",
    [CL_KW_ITEMS] = "items",
    [CL_KW_PREFIX_ITEMS] = "prefixItems",
    [CL_KW_MIN_ITEMS] = "minItems",
    [CL_KW_MAX_ITEMS] = "maxItems",
    [CL_KW_MIN_PROPERTIES] = "minProperties",
    [CL_KW_MAX_PROPERTIES] = "maxProperties",
    [CL_KW_MIN_LENGTH] = "minLength",
    [CL_KW_MAX_LENGTH] = "maxLength",
    [CL_KW_MINIMUM] = "minimum",
    [CL_KW_MAXIMUM] = "maximum",
    [CL_KW_EXCLUSIVE_MINIMUM] = "exclusiveMinimum",
    [CL_KW_EXCLUSIVE_MAXIMUM] = "exclusiveMaximum",
    [CL_KW_MULTIPLE_OF] = "multipleOf",
};

const char *cl_schema_keyword(int keyword)
{
    return keyword_names[keyword];
}

int cl_schema_keyword_of(cl_json key)
{
    for (int i = 0; i < CL_KW_COUNT; i++) {
        if (cl_json_string_is(key, cl_str_of(keyword_names[i])))
            return i;
    }
    return -1;
}

void cl_schema_read(cl_json schema, cl_json keywords[CL_KW_COUNT])
{
    cl_json_iter members = cl_json_iter_of(schema);
    cl_json key;
    cl_json value;

    for (int i = 0; i < CL_KW_COUNT; i++)
        keywords[i] = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    while (cl_json_next(&members, &key, &value)) {
        int keyword = cl_schema_keyword_of(key);
        if (keyword >= 0)
            keywords[keyword] = value;
    }
}

/* ---- types ---- */

static unsigned type_of_name(cl_json name)
{
    static const struct {
        const char *name;
        unsigned type;
    } rows[] = {{"null", CL_TYPE_NULL},     {"boolean", CL_TYPE_BOOLEAN}, {"integer", CL_TYPE_INTEGER},
                {"number", CL_TYPE_NUMBER}, {"string", CL_TYPE_STRING},   {"array", CL_TYPE_ARRAY},
                {"object", CL_TYPE_OBJECT}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cl_json_string_is(name, cl_str_of(rows[i].name)))
            return rows[i].type;
    }
    return 0;
}

bool cl_schema_types(cl_json type, unsigned *types, bool *unknown)
{
    cl_json_iter names = cl_json_iter_of(type);
    cl_json name;

    *types = 0;
    *unknown = false;
    if (type.type == CLAUDE_JSON_STRING) {
        *types = type_of_name(type);
        *unknown = *types == 0;
        return true;
    }
    if (type.type != CLAUDE_JSON_ARRAY)
        return false;
    while (cl_json_next(&names, NULL, &name)) {
        unsigned one = type_of_name(name);
        if (name.type != CLAUDE_JSON_STRING)
            return false;
        *types |= one;
        *unknown |= one == 0;
    }
    return cl_json_count(type) > 0;
}

const char *cl_schema_type_name(int32_t json_type)
{
    static const char *const names[] = {"nothing",  "null",     "a boolean", "a number",
                                        "a string", "an array", "an object"};

    return names[json_type];
}

/* ---- places ---- */

/* One step: a key is written whole or not at all. */
static void append_step(cl_buf *pointer, cl_str text)
{
    size_t before = pointer->len;
    int rc = cl_buf_append_char(pointer, '/');

    for (size_t i = 0; i < text.len && rc == CL_BUF_OK; i++) {
        if (text.ptr[i] == '~' || text.ptr[i] == '/')
            rc = cl_buf_append_text(pointer, text.ptr[i] == '~' ? "~0" : "~1");
        else
            rc = cl_buf_append_char(pointer, text.ptr[i]);
    }
    if (rc == CL_BUF_OK)
        return;
    pointer->len = before;
    pointer->ptr[before] = '\0';
}

void cl_place_append(cl_buf *pointer, const cl_place *place)
{
    char text[CL_POINTER_SHOWN];

    if (place->keyword >= 0)
        append_step(pointer, cl_str_of(keyword_names[place->keyword]));
    if (place->key.type == CLAUDE_JSON_STRING)
        append_step(pointer, cl_str_n(text, cl_json_copy_text(place->key, text, sizeof text)));
    if (place->index != SIZE_MAX) {
        snprintf(text, sizeof text, "%zu", place->index);
        append_step(pointer, cl_str_of(text));
    }
}

claude_code_t cl_schema_fail(cl_err *err, const char *error_code, const char *format, ...)
{
    bool fresh = err && err->code == CLAUDE_OK;
    char text[sizeof err->message];
    va_list args;

    va_start(args, format);
    /* The analyzer forgets va_start() when it is given several files.
     * NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    cl_fail(err, CLAUDE_E_INVALID, "%s", text);
    if (fresh)
        cl_err_copy_text(err->error_code, sizeof err->error_code, cl_str_of(error_code));
    return CLAUDE_E_INVALID;
}

bool cl_schema_grow(void **items, size_t *cap, size_t count, size_t size)
{
    size_t wanted = *cap > 0 ? *cap * 2 : 16;
    void *grown;

    if (count < *cap)
        return true;
    grown = wanted > SIZE_MAX / size ? NULL : realloc(*items, wanted * size);
    if (!grown)
        return false;
    *items = grown;
    *cap = wanted;
    return true;
}
