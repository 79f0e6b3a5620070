/* validate_walk.c - what the parts of validation share. */
#include "message/validate_walk.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PLACE_STEPS_MAX = 24, /* the walk is not as deep */
    VALUE_MAX = 96,       /* bytes shown of a value */
    NUMBER_MAX = 32,
    NAME_MAX_LEN = 1024,
};

int64_t cl_walk_limit(const cl_walk *walk, cl_option option)
{
    return cl_option_int(walk->own, walk->judge->options, option);
}

bool cl_walk_model_refuses(const cl_walk *walk, const char *fact)
{
    cl_json value = {NULL, 0, CLAUDE_JSON_NONE};

    if (walk->model)
        value = cl_model_fact(walk->model, fact);
    return value.type == CLAUDE_JSON_BOOLEAN && value.ptr[0] == 'f';
}

void cl_walk_reset(cl_walk *walk)
{
    cl_seen_free(&walk->tools);
    cl_seen_free(&walk->uses);
    free(walk->results);
    walk->results = NULL;
    walk->result_count = 0;
    walk->result_cap = 0;
    memset(walk->top, 0, sizeof walk->top);
    walk->tool = CL_STR("");
    walk->max_tokens = -1;
    walk->model = NULL;
    walk->open_tools = false;
    walk->open_history = false;
    walk->breakpoints = 0;
    walk->seen_5m = false;
}

/* ---- places ---- */

static size_t append_step(char *out, size_t at, const cl_place *place)
{
    size_t room = CL_FIELD_TEXT_MAX - at;
    int n = place->name ? snprintf(out + at, room, "/%s", place->name) : snprintf(out + at, room, "/%zu", place->index);

    return n < 0 ? at : at + ((size_t)n < room ? (size_t)n : room - 1);
}

size_t cl_place_text(const cl_place *place, char out[CL_FIELD_TEXT_MAX])
{
    const cl_place *steps[PLACE_STEPS_MAX];
    size_t count = 0;
    size_t at = 0;

    out[0] = '\0';
    for (; place && count < PLACE_STEPS_MAX; place = place->above)
        steps[count++] = place;
    while (count > 0)
        at = append_step(out, at, steps[--count]);
    return at;
}

size_t cl_walk_offset(const cl_walk *walk, const char *at)
{
    return at ? (size_t)(at - walk->start) : 0;
}

/* ---- reporting ---- */

void cl_walk_report(cl_walk *walk, cl_problem_id id, const cl_place *place, const char *at, cl_str value, cl_str arg)
{
    char field[CL_FIELD_TEXT_MAX];
    cl_problem_report report = {
        .id = id, .offset = cl_walk_offset(walk, at), .value = value, .arg = arg, .tool = walk->tool};

    report.field = cl_str_n(field, cl_place_text(place, field));
    if (!cl_problems_add(walk->problems, &report))
        walk->nomem = true;
}

/* A string's beginning with quotes; keys and control characters do not show. */
static void show_string(cl_json string, char out[VALUE_MAX])
{
    char decoded[VALUE_MAX - 8];
    char visible[VALUE_MAX - 8];
    size_t len = cl_json_copy_text(string, decoded, sizeof decoded);

    cl_err_copy_text(visible, sizeof visible, cl_str_n(decoded, len));
    snprintf(out, VALUE_MAX, "\"%s%s\"", visible, len < cl_json_decoded_len(string) ? "..." : "");
}

static void show(cl_json value, char out[VALUE_MAX])
{
    switch (value.type) {
    case CLAUDE_JSON_STRING:
        show_string(value, out);
        break;
    case CLAUDE_JSON_OBJECT:
        snprintf(out, VALUE_MAX, "an object");
        break;
    case CLAUDE_JSON_ARRAY:
        snprintf(out, VALUE_MAX, "an array");
        break;
    default:
        snprintf(out, VALUE_MAX, "%.*s", (int)(value.len < NUMBER_MAX ? value.len : NUMBER_MAX),
                 value.len > 0 ? value.ptr : "");
    }
}

void cl_walk_bad_value(cl_walk *walk, cl_problem_id id, const cl_place *place, cl_json value, const char *arg)
{
    char text[VALUE_MAX];

    show(value, text);
    cl_walk_report(walk, id, place, value.ptr, cl_str_of(text), cl_str_of(arg));
}

void cl_walk_bad_count(cl_walk *walk, cl_problem_id id, const cl_place *place, const char *at, uint64_t count,
                       const char *unit, int64_t limit)
{
    char value[VALUE_MAX];
    char arg[NUMBER_MAX];

    snprintf(value, sizeof value, "%llu %s", (unsigned long long)count, unit);
    snprintf(arg, sizeof arg, "%lld", (long long)limit);
    cl_walk_report(walk, id, place, at, cl_str_of(value), cl_str_of(arg));
}

void cl_walk_missing(cl_walk *walk, const cl_place *above, const char *name, const char *at, const char *owner)
{
    cl_place place = cl_place_member(above, name);

    cl_walk_report(walk, CL_P_MISSING_FIELD, &place, at, CL_STR(""), cl_str_of(owner));
}

void cl_walk_enter_tool(cl_walk *walk, cl_json name)
{
    char text[CL_FIELD_TEXT_MAX];
    size_t len = cl_json_copy_text(name, text, sizeof text);

    cl_err_copy_text(walk->tool_text, sizeof walk->tool_text, cl_str_n(text, len));
    walk->tool = cl_str_of(walk->tool_text);
}

/* ---- values ---- */

/* "a string or an array" */
static void types_text(unsigned types, char out[VALUE_MAX])
{
    static const char *const names[] = {"nothing",  "null",     "true or false", "a number",
                                        "a string", "an array", "an object"};
    size_t at = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (types & 1u << i)
            at += (size_t)snprintf(out + at, VALUE_MAX - at, "%s%s", at > 0 ? " or " : "", names[i]);
    }
}

bool cl_walk_type(cl_walk *walk, const cl_place *place, cl_json value, unsigned types)
{
    char wanted[VALUE_MAX];

    if (cl_json_is_absent(value) || types & 1u << value.type)
        return true;
    types_text(types, wanted);
    cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, value, wanted);
    return false;
}

bool cl_walk_need(cl_walk *walk, const cl_place *above, const char *name, cl_json object, cl_json value, unsigned types,
                  const char *owner)
{
    cl_place place = cl_place_member(above, name);

    if (!cl_json_is_absent(value))
        return cl_walk_type(walk, &place, value, types);
    cl_walk_missing(walk, above, name, value.ptr ? value.ptr : object.ptr, owner);
    return false;
}

/* The first half of a pair of escapes that stand for one character; validated before. */
static bool is_high_surrogate(const char *escape)
{
    return (escape[2] == 'd' || escape[2] == 'D') && (escape[3] == '8' || escape[3] == '9' || escape[3] == 'a' ||
                                                      escape[3] == 'A' || escape[3] == 'b' || escape[3] == 'B');
}

size_t cl_json_characters(cl_json string)
{
    const char *p;
    const char *end;
    size_t count = 0;

    if (string.type != CLAUDE_JSON_STRING || string.len < 2)
        return 0;
    p = string.ptr + 1;
    end = string.ptr + string.len - 1;
    while (p < end) {
        if (*p == '\\') {
            count++;
            p += p[1] != 'u' ? 2 : end - p >= 12 && is_high_surrogate(p) ? 12 : 6;
            continue;
        }
        count += ((unsigned char)*p & 0xc0) != 0x80;
        p++;
    }
    return count;
}

bool cl_json_is_name(cl_json string, int64_t max, const char *others)
{
    char text[NAME_MAX_LEN + 1];
    size_t len = cl_json_decoded_len(string);

    if (string.type != CLAUDE_JSON_STRING || len == 0 || len > NAME_MAX_LEN || (int64_t)len > max)
        return false;
    cl_json_copy_text(string, text, sizeof text);
    for (size_t i = 0; i < len; i++) {
        if (!cl_ascii_is_alnum(text[i]) && (text[i] == '\0' || !strchr(others, text[i])))
            return false;
    }
    return true;
}

bool cl_json_is_empty(cl_json value)
{
    cl_json_iter iter;
    cl_json first;

    if (value.type == CLAUDE_JSON_STRING)
        return value.len == 2;
    iter = cl_json_iter_of(value);
    return !cl_json_next(&iter, NULL, &first);
}

/* ---- names ---- */

bool cl_walk_see(cl_walk *walk, cl_seen *set, cl_json string)
{
    cl_buf decoded = CL_BUF_INIT(CL_DRAFT_MAX);
    bool fresh = true;
    cl_str text;

    if (cl_json_text(string, &decoded, &text) != CL_BUF_OK || cl_seen_add(set, text, &fresh, NULL) < 0)
        walk->nomem = true;
    cl_buf_free(&decoded);
    return fresh;
}

bool cl_walk_has_seen(cl_walk *walk, const cl_seen *set, cl_json string)
{
    cl_buf decoded = CL_BUF_INIT(CL_DRAFT_MAX);
    bool has = true;
    cl_str text;

    if (cl_json_text(string, &decoded, &text) != CL_BUF_OK)
        walk->nomem = true;
    else
        has = cl_seen_has(set, text);
    cl_buf_free(&decoded);
    return has;
}
