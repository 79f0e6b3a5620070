/*
 * schema_check.c - a value checked against a schema. A stack of frames, each a value against a node; a frame goes
 * through its steps, puts others on top where a step asks for them, and hears from them whether they passed.
 */
#include "json/schema_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_SHOWN = 60 };
/* What a step says. */
typedef enum verdict {
    GOES_ON, /* to the next step */
    WAITS,   /* for the frame it has put on top */
    PASSES,
    FAILS,
    BREAKS /* the check cannot be made */
} verdict;

typedef struct frame {
    cl_json value;
    uint32_t node;
    uint32_t depth; /* steps of the value's pointer */
    cl_place place; /* from the value below */
    size_t step;
    bool begun;       /* the step has been here before */
    uint32_t next;    /* schema of a list */
    uint32_t matched; /* of oneOf */
    cl_json_iter children;
    size_t index;
    size_t seen; /* where the marks of required members begin */
} frame;

/* Two containers being compared. */
typedef struct pair {
    cl_json_iter a;
    cl_json_iter b;
    cl_json other; /* the second one */
} pair;

typedef struct checker {
    cl_schema schema;
    cl_decoded value;
    frame *frames;
    size_t count;
    size_t cap;
    pair *pairs;
    size_t pair_cap;
    cl_buf seen; /* a byte for each required member of the objects being looked at */
    uint64_t steps_left;
    bool passed;   /* what the last frame has said */
    bool noted;    /* there is a problem */
    uint32_t says; /* how much it says */
    char problem[1024];
    cl_err *err;
} checker;

/* ---- problems ---- */

/*
 * How much a problem says: the deeper in the value, the more, and a wrong type less than anything else there. A schema
 * that has another constant was not meant: that is hardly more than a wrong type of what the constant stands in.
 */
enum { SAYS_STEP = 4 };

static uint32_t type_says(const frame *f)
{
    return f->depth * SAYS_STEP;
}

static uint32_t constant_says(const frame *f)
{
    return f->depth > 0 ? f->depth * SAYS_STEP - 3 : 0;
}

static uint32_t other_says(const frame *f)
{
    return f->depth * SAYS_STEP + 2;
}

/* Of several problems, as anyOf has them, the first of those that say most is kept. */
static void note(checker *c, const frame *f, uint32_t says, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void note(checker *c, const frame *f, uint32_t says, const char *format, ...)
{
    char storage[CL_POINTER_SHOWN] = "";
    cl_buf pointer = CL_BUF_ON(storage);
    size_t shown = f->value.len < VALUE_SHOWN ? f->value.len : VALUE_SHOWN;
    char what[640];
    va_list args;

    if (c->noted && says <= c->says)
        return;
    for (size_t i = 0; i < c->count; i++)
        cl_place_append(&pointer, &c->frames[i].place);
    va_start(args, format);
    /* The analyzer forgets va_start() when it is given several files.
     * NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    if (vsnprintf(what, sizeof what, format, args) < 0)
        what[0] = '\0';
    va_end(args);
    if (f->value.type == CLAUDE_JSON_ARRAY || f->value.type == CLAUDE_JSON_OBJECT)
        shown = 0;
    snprintf(c->problem, sizeof c->problem, "value%s%s is %s%s%.*s%s%s, %s", pointer.len > 0 ? " at " : "", storage,
             cl_schema_type_name(f->value.type), shown > 0 ? " (" : "", (int)shown, f->value.ptr,
             shown > 0 && shown < f->value.len ? "..." : "", shown > 0 ? ")" : "", what);
    c->noted = true;
    c->says = says;
}

static void forget(checker *c)
{
    c->noted = false;
}

/* ---- equality ---- */

static verdict spend(checker *c, uint64_t steps)
{
    if (steps < c->steps_left) {
        c->steps_left -= steps;
        return GOES_ON;
    }
    cl_fail(c->err, CLAUDE_E_LIMIT,
            "the check takes too long: anyOf and oneOf inside of each other have too many "
            "ways to match; tell them apart by a property with const");
    return BREAKS;
}

static bool equal_scalars(const checker *c, cl_json a, cl_json b)
{
    if (a.type != b.type)
        return false;
    if (a.type == CLAUDE_JSON_STRING)
        return cl_str_eq(cl_decoded_string(&c->value, a), cl_decoded_string(&c->schema.text, b));
    if (a.type == CLAUDE_JSON_NUMBER) {
        cl_decimal x = cl_decimal_of(a);
        cl_decimal y = cl_decimal_of(b);
        return cl_decimal_compare(&x, &y) == 0;
    }
    return a.len == b.len;
}

static bool is_container(cl_json value)
{
    return value.type == CLAUDE_JSON_ARRAY || value.type == CLAUDE_JSON_OBJECT;
}

/* Takes the next two that must be equal; false at the end. `b` is nothing where there is no counterpart. */
static bool next_pair(checker *c, pair *p, cl_json *a, cl_json *b)
{
    cl_json key;

    if (!cl_json_next(&p->a, &key, a))
        return false;
    if (p->other.type == CLAUDE_JSON_OBJECT)
        *b = cl_json_member(p->other, cl_decoded_string(&c->value, key));
    else if (!cl_json_next(&p->b, NULL, b))
        *b = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    return true;
}

/* PASSES, FAILS or BREAKS. `a` is of the value, `b` of the schema. */
static verdict equal(checker *c, cl_json a, cl_json b)
{
    size_t depth = 0;

    for (;;) {
        if (is_container(a) && a.type == b.type) {
            if (cl_json_count(a) != cl_json_count(b))
                return FAILS;
            if (!cl_schema_grow((void **)&c->pairs, &c->pair_cap, depth, sizeof *c->pairs)) {
                cl_fail_nomem(c->err);
                return BREAKS;
            }
            c->pairs[depth++] = (pair){cl_json_iter_of(a), cl_json_iter_of(b), b};
        } else if (!equal_scalars(c, a, b)) {
            return FAILS;
        }
        while (depth > 0 && !next_pair(c, &c->pairs[depth - 1], &a, &b))
            depth--;
        if (depth == 0)
            return PASSES;
        /* Members are looked for, so that the other object's length counts. */
        if (spend(c, 1 + c->pairs[depth - 1].other.len / 16) == BREAKS)
            return BREAKS;
    }
}

static verdict check_literals(checker *c, frame *f, const cl_schema_node *n)
{
    cl_json_iter literals = cl_json_iter_of(n->keywords[CL_KW_ENUM]);
    cl_json constant = n->keywords[CL_KW_CONST];
    verdict found = FAILS;
    cl_json literal;

    if (constant.type != CLAUDE_JSON_NONE) {
        found = equal(c, f->value, constant);
        if (found == FAILS)
            note(c, f, constant_says(f), "expected %.*s", (int)(constant.len < 200 ? constant.len : 200), constant.ptr);
        if (found != PASSES)
            return found;
    }
    if (n->keywords[CL_KW_ENUM].type == CLAUDE_JSON_NONE)
        return GOES_ON;
    found = FAILS;
    while (found == FAILS && cl_json_next(&literals, NULL, &literal)) {
        if (spend(c, 1) == BREAKS)
            return BREAKS;
        found = equal(c, f->value, literal);
    }
    literal = n->keywords[CL_KW_ENUM];
    if (found == FAILS)
        note(c, f, constant_says(f), "expected one of %.*s", (int)(literal.len < 200 ? literal.len : 200), literal.ptr);
    return found == PASSES ? GOES_ON : found;
}

/* ---- the steps, in order ---- */

static bool has_type(cl_json value, unsigned types)
{
    static const unsigned type_of[] = {
        0, CL_TYPE_NULL, CL_TYPE_BOOLEAN, CL_TYPE_NUMBER, CL_TYPE_STRING, CL_TYPE_ARRAY, CL_TYPE_OBJECT};
    cl_decimal number;

    if (types == 0 || (types & type_of[value.type]) != 0)
        return true;
    if (value.type != CLAUDE_JSON_NUMBER || (types & CL_TYPE_INTEGER) == 0)
        return false;
    number = cl_decimal_of(value);
    return cl_decimal_is_integer(&number);
}

/* A figure against a limit: the relation that the keyword asks for. */
static bool within(int keyword, const cl_decimal *figure, cl_json limit)
{
    cl_decimal bound = cl_decimal_of(limit);

    switch (keyword) {
    case CL_KW_MULTIPLE_OF:
        return cl_decimal_is_multiple(figure, &bound);
    case CL_KW_EXCLUSIVE_MINIMUM:
        return cl_decimal_compare(figure, &bound) > 0;
    case CL_KW_EXCLUSIVE_MAXIMUM:
        return cl_decimal_compare(figure, &bound) < 0;
    case CL_KW_MIN_ITEMS:
    case CL_KW_MIN_PROPERTIES:
    case CL_KW_MIN_LENGTH:
    case CL_KW_MINIMUM:
        return cl_decimal_compare(figure, &bound) >= 0;
    default:
        return cl_decimal_compare(figure, &bound) <= 0;
    }
}

static verdict check_range(checker *c, frame *f, const cl_schema_node *n, int first, int last, const cl_decimal *figure)
{
    for (int i = first; i <= last; i++) {
        cl_json limit = n->keywords[i];
        if (limit.type == CLAUDE_JSON_NONE || within(i, figure, limit))
            continue;
        note(c, f, other_says(f), "expected %s %.*s", cl_schema_keyword(i), (int)(limit.len < 64 ? limit.len : 64),
             limit.ptr);
        return FAILS;
    }
    return GOES_ON;
}

static verdict check_count(checker *c, frame *f, const cl_schema_node *n, int first, size_t count)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%zu", count);
    cl_decimal figure = cl_decimal_of((cl_json){text, (size_t)len, CLAUDE_JSON_NUMBER});

    return check_range(c, f, n, first, first + 1, &figure);
}

static size_t characters(cl_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static verdict check_string(checker *c, frame *f, const cl_schema_node *n)
{
    cl_str text = cl_decoded_string(&c->value, f->value);
    verdict v = GOES_ON;

    if (n->keywords[CL_KW_MIN_LENGTH].type != CLAUDE_JSON_NONE ||
        n->keywords[CL_KW_MAX_LENGTH].type != CLAUDE_JSON_NONE)
        v = check_count(c, f, n, CL_KW_MIN_LENGTH, characters(text));
    if (v != GOES_ON || n->format == 0 || cl_format_matches(n->format, text))
        return v;
    note(c, f, other_says(f), "expected the format %s", cl_format_name(n->format));
    return FAILS;
}

static verdict check_limits(checker *c, frame *f, const cl_schema_node *n)
{
    cl_decimal number;

    switch (f->value.type) {
    case CLAUDE_JSON_STRING:
        return check_string(c, f, n);
    case CLAUDE_JSON_NUMBER:
        number = cl_decimal_of(f->value);
        return check_range(c, f, n, CL_KW_MINIMUM, CL_KW_MULTIPLE_OF, &number);
    case CLAUDE_JSON_ARRAY:
        if (n->keywords[CL_KW_MIN_ITEMS].type == CLAUDE_JSON_NONE &&
            n->keywords[CL_KW_MAX_ITEMS].type == CLAUDE_JSON_NONE)
            return GOES_ON;
        return check_count(c, f, n, CL_KW_MIN_ITEMS, cl_json_count(f->value));
    case CLAUDE_JSON_OBJECT:
        if (n->keywords[CL_KW_MIN_PROPERTIES].type == CLAUDE_JSON_NONE &&
            n->keywords[CL_KW_MAX_PROPERTIES].type == CLAUDE_JSON_NONE)
            return GOES_ON;
        return check_count(c, f, n, CL_KW_MIN_PROPERTIES, cl_json_count(f->value));
    default:
        return GOES_ON;
    }
}

static verdict check_itself(checker *c, frame *f, const cl_schema_node *n)
{
    cl_json type = n->keywords[CL_KW_TYPE];
    verdict v;

    if (n->never) {
        note(c, f, other_says(f), "but nothing is allowed here");
        return FAILS;
    }
    if (!has_type(f->value, n->types)) {
        note(c, f, type_says(f), "expected the type %.*s", (int)(type.len < 100 ? type.len : 100), type.ptr);
        return FAILS;
    }
    v = check_literals(c, f, n);
    return v == GOES_ON ? check_limits(c, f, n) : v;
}

/* Puts a frame on top. `f` of the caller may have moved afterwards. */
static verdict enter(checker *c, const frame *below, cl_json value, uint32_t node, cl_place place)
{
    uint32_t depth = below ? below->depth : 0;
    frame *f;

    if (spend(c, 1) == BREAKS)
        return BREAKS;
    if (c->count == CL_SCHEMA_NESTING_MAX) {
        cl_fail(c->err, CLAUDE_E_LIMIT, "more than %u schemas inside of each other: a $ref leads to itself",
                CL_SCHEMA_NESTING_MAX);
        return BREAKS;
    }
    if (!cl_schema_grow((void **)&c->frames, &c->cap, c->count, sizeof *c->frames)) {
        cl_fail_nomem(c->err);
        return BREAKS;
    }
    f = &c->frames[c->count++];
    memset(f, 0, sizeof *f);
    f->value = value;
    f->node = node;
    f->place = place;
    f->depth = depth + (place.key.type != CLAUDE_JSON_NONE || place.index != SIZE_MAX);
    f->seen = c->seen.len;
    return WAITS;
}

static verdict check_reference(checker *c, frame *f, const cl_schema_node *n)
{
    if (n->ref == CL_NODE_NONE)
        return GOES_ON;
    if (f->begun)
        return c->passed ? GOES_ON : FAILS;
    f->begun = true;
    return enter(c, f, f->value, n->ref, CL_PLACE_NONE);
}

/* Puts the next schema of a list on top; GOES_ON after the last. */
static verdict try_next(checker *c, frame *f, cl_span list)
{
    f->begun = true;
    if (f->next == list.count)
        return GOES_ON;
    return enter(c, f, f->value, c->schema.lists[list.first + f->next++], CL_PLACE_NONE);
}

static verdict check_all_of(checker *c, frame *f, const cl_schema_node *n)
{
    if (f->begun && !c->passed)
        return FAILS;
    return try_next(c, f, n->all_of);
}

/* No schema of the list has matched; that says less than what is wrong with one that was meant. */
static verdict none_matched(checker *c, frame *f, cl_span list, const char *keyword)
{
    if (c->noted && c->says <= type_says(f))
        forget(c);
    note(c, f, type_says(f), "which none of the %u schemas of %s allows", list.count, keyword);
    return FAILS;
}

static verdict check_any_of(checker *c, frame *f, const cl_schema_node *n)
{
    verdict v;

    if (n->any_of.count == 0)
        return GOES_ON;
    if (f->begun && c->passed) {
        forget(c);
        return GOES_ON;
    }
    v = try_next(c, f, n->any_of);
    return v == GOES_ON ? none_matched(c, f, n->any_of, "anyOf") : v;
}

static verdict check_one_of(checker *c, frame *f, const cl_schema_node *n)
{
    verdict v;

    if (n->one_of.count == 0)
        return GOES_ON;
    f->matched += f->begun && c->passed;
    if (f->matched > 1) {
        forget(c);
        note(c, f, other_says(f), "which more than one of the schemas of oneOf allow; exactly one must");
        return FAILS;
    }
    v = try_next(c, f, n->one_of);
    if (v != GOES_ON)
        return v;
    if (f->matched == 0)
        return none_matched(c, f, n->one_of, "oneOf");
    forget(c);
    return GOES_ON;
}

/* ---- what is inside of a value ---- */

static verdict check_required(checker *c, frame *f, const cl_schema_node *n)
{
    for (uint32_t i = 0; n->required > 0 && i < n->names.count; i++) {
        const cl_schema_name *name = &c->schema.names[n->names.first + i];
        if (name->required == CL_NODE_NONE || c->seen.ptr[f->seen + name->required])
            continue;
        note(c, f, other_says(f), "without the required property \"%.*s\"",
             (int)(name->name.len < 100 ? name->name.len : 100), name->name.ptr);
        return FAILS;
    }
    return GOES_ON;
}

static verdict check_members(checker *c, frame *f, const cl_schema_node *n)
{
    cl_json key = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json value;

    while (cl_json_next(&f->children, &key, &value)) {
        const cl_schema_name *name =
            n->names.count > 0 ? cl_schema_find(&c->schema, n->names, cl_decoded_string(&c->value, key)) : NULL;
        uint32_t child = name && name->node != CL_NODE_NONE ? name->node : n->additional;
        if (spend(c, 1) == BREAKS)
            return BREAKS;
        if (name && name->required != CL_NODE_NONE)
            c->seen.ptr[f->seen + name->required] = 1;
        if (n->closed && !(name && name->node != CL_NODE_NONE)) {
            note(c, f, other_says(f), "with the property %.*s, which the schema does not have",
                 (int)(key.len < 100 ? key.len : 100), key.ptr);
            return FAILS;
        }
        if (child != CL_NODE_NONE)
            return enter(c, f, value, child, (cl_place){-1, key, SIZE_MAX});
    }
    return check_required(c, f, n);
}

static verdict check_elements(checker *c, frame *f, const cl_schema_node *n)
{
    cl_json value;

    if (n->items == CL_NODE_NONE || !cl_json_next(&f->children, NULL, &value))
        return GOES_ON;
    return enter(c, f, value, n->items, (cl_place){-1, {NULL, 0, CLAUDE_JSON_NONE}, f->index++});
}

static verdict check_inside(checker *c, frame *f, const cl_schema_node *n)
{
    if (f->value.type != CLAUDE_JSON_OBJECT && f->value.type != CLAUDE_JSON_ARRAY)
        return GOES_ON;
    if (f->begun && !c->passed)
        return FAILS;
    if (!f->begun) {
        f->begun = true;
        c->passed = true;
        f->children = cl_json_iter_of(f->value);
        if (n->required > 0 && f->value.type == CLAUDE_JSON_OBJECT) {
            if (spend(c, n->required) == BREAKS)
                return BREAKS;
            if (cl_buf_reserve(&c->seen, n->required) != CL_BUF_OK) {
                cl_fail_nomem(c->err);
                return BREAKS;
            }
            memset(c->seen.ptr + c->seen.len, 0, n->required);
            c->seen.len += n->required;
        }
    }
    return f->value.type == CLAUDE_JSON_OBJECT ? check_members(c, f, n) : check_elements(c, f, n);
}

static verdict (*const steps[])(checker *c, frame *f, const cl_schema_node *n) = {
    check_itself, check_reference, check_all_of, check_any_of, check_one_of, check_inside};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* ---- all of it ---- */

static verdict advance(checker *c)
{
    frame *f = &c->frames[c->count - 1];
    verdict v = f->step < STEPS ? steps[f->step](c, f, &c->schema.nodes[f->node]) : PASSES;

    if (v == GOES_ON) {
        f->step++;
        f->begun = false;
        f->next = 0;
    } else if (v == PASSES || v == FAILS) {
        c->passed = v == PASSES;
        c->seen.len = f->seen;
        c->count--;
    }
    return v;
}

static claude_code_t run(checker *c, cl_json root)
{
    verdict v = enter(c, NULL, root, 0, CL_PLACE_NONE);

    while (v != BREAKS && c->count > 0)
        v = advance(c);
    if (v == BREAKS)
        return c->err ? c->err->code : CLAUDE_E_LIMIT;
    return c->passed ? CLAUDE_OK : cl_schema_fail(c->err, "schema_mismatch", "%s", c->problem);
}

claude_code_t cl_schema_check(cl_str schema, cl_str value, cl_err *err)
{
    checker c = {.seen = CL_BUF_INIT(SIZE_MAX / 2), .err = err};
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_err syntax;
    claude_code_t rc = cl_schema_compile(schema, &c.schema, err);

    if (rc < 0)
        return rc;
    cl_err_init(&syntax);
    if (cl_json_validate(value, CL_JSON_DEPTH_DEFAULT, &root, &syntax) < 0) {
        rc = cl_schema_fail(err, "json_invalid", "value: %s", syntax.message);
        goto out;
    }
    rc = cl_decoded_init(&c.value, root, err);
    if (rc < 0)
        goto out;
    c.steps_left = CL_SCHEMA_STEPS_BASE + (uint64_t)CL_SCHEMA_STEPS_PER_BYTE * (schema.len + value.len);
    rc = run(&c, root);
out:
    cl_schema_free(&c.schema);
    free(c.value.copy);
    free(c.frames);
    free(c.pairs);
    cl_buf_free(&c.seen);
    return rc;
}
