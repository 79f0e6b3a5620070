/* schema_compile.c - a schema made ready for checking: each schema inside of it a node, names sorted, $refs resolved.
 */
#include "json/schema_parts.h"

#include <stdlib.h>

typedef struct compiler {
    cl_schema *schema;
    cl_err *err;
} compiler;

claude_code_t cl_decoded_init(cl_decoded *text, cl_json root, cl_err *err)
{
    text->raw = cl_str_n(root.ptr, root.len);
    text->copy = malloc(root.len + 1);
    if (!text->copy)
        return cl_fail_nomem(err);
    cl_json_decode_all(text->raw, text->copy);
    return CLAUDE_OK;
}

cl_str cl_decoded_string(const cl_decoded *text, cl_json string)
{
    return cl_str_n(text->copy + (string.ptr - text->raw.ptr) + 1, cl_json_decoded_len(string));
}

/* ---- failures ---- */

static claude_code_t refuse(const compiler *c, uint32_t node, const char *problem)
{
    char storage[CL_POINTER_SHOWN] = "";
    cl_buf pointer = CL_BUF_ON(storage);
    const cl_schema *schema = c->schema;
    uint32_t path[CL_POINTER_SHOWN / 2]; /* a step takes two characters at least */
    size_t count = 0;

    for (; node != CL_NODE_NONE && count < sizeof path / sizeof path[0]; node = schema->nodes[node].parent)
        path[count++] = node;
    while (count > 0)
        cl_place_append(&pointer, &schema->nodes[path[--count]].place);
    return cl_schema_fail(c->err, "schema_invalid", "schema%s%s: %s", pointer.len > 0 ? " at " : "", storage, problem);
}

/* ---- nodes ---- */

/* The node of the schema at this place in the text, made if there is none yet. */
static claude_code_t intern(compiler *c, cl_json schema, uint32_t parent, cl_place place, uint32_t *out)
{
    cl_schema *s = c->schema;
    uint32_t *known = &s->node_at[schema.ptr - s->text.raw.ptr];
    cl_schema_node *node;

    if (*known == 0) {
        if (!cl_schema_grow((void **)&s->nodes, &s->cap, s->count, sizeof *s->nodes))
            return cl_fail_nomem(c->err);
        node = &s->nodes[s->count++];
        memset(node, 0, sizeof *node);
        node->schema = schema;
        node->parent = parent;
        node->place = place;
        node->ref = node->items = node->additional = CL_NODE_NONE;
        *known = (uint32_t)s->count;
    }
    *out = *known - 1;
    return CLAUDE_OK;
}

static claude_code_t intern_keyword(compiler *c, uint32_t node, int keyword, uint32_t *out)
{
    cl_json schema = c->schema->nodes[node].keywords[keyword];
    cl_place place = CL_PLACE_NONE;
    claude_code_t rc = CLAUDE_OK;

    place.keyword = keyword;
    *out = CL_NODE_NONE;
    if (schema.type != CLAUDE_JSON_NONE)
        rc = intern(c, schema, node, place, out);
    return rc;
}

/* ---- references ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = cl_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What a URI's fragment stands for; `out` has room for all of it. */
static cl_str unescape_fragment(cl_str text, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex_of(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text.ptr[i + 2]) : -1;
        out[n++] = low >= 0 ? (char)(high * 16 + low) : text.ptr[i];
        i += low >= 0 ? 2 : 0;
    }
    return cl_str_n(out, n);
}

static claude_code_t resolve(compiler *c, uint32_t node)
{
    cl_json ref = c->schema->nodes[node].keywords[CL_KW_REF];
    cl_json target;
    cl_place place = CL_PLACE_NONE;
    uint32_t found = CL_NODE_NONE;
    cl_str text;
    char *pointer;
    claude_code_t rc;

    if (ref.type == CLAUDE_JSON_NONE)
        return CLAUDE_OK;
    text = ref.type == CLAUDE_JSON_STRING ? cl_decoded_string(&c->schema->text, ref) : CL_STR("");
    if (text.len == 0 || text.ptr[0] != '#' || (text.len > 1 && text.ptr[1] != '/'))
        return refuse(c, node, "\"$ref\" must lead to a place in the same schema: \"#\", or \"#/$defs/name\"");
    pointer = malloc(text.len);
    if (!pointer)
        return cl_fail_nomem(c->err);
    target = cl_json_at(c->schema->root, unescape_fragment(cl_str_n(text.ptr + 1, text.len - 1), pointer));
    free(pointer);
    if (target.type == CLAUDE_JSON_NONE)
        return refuse(c, node, "\"$ref\" leads to nothing");
    place.keyword = CL_KW_REF;
    rc = intern(c, target, node, place, &found);
    c->schema->nodes[node].ref = found;
    return rc;
}

/* ---- members ---- */

static int compare_text(cl_str a, cl_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By name; of the same name, properties before what is only required. */
static int compare_names(const void *a, const void *b)
{
    const cl_schema_name *x = a;
    const cl_schema_name *y = b;
    int order = compare_text(x->name, y->name);

    return order != 0 ? order : (x->node == CL_NODE_NONE) - (y->node == CL_NODE_NONE);
}

static claude_code_t add_name(compiler *c, cl_json key, uint32_t node, bool required)
{
    cl_schema *s = c->schema;

    if (!cl_schema_grow((void **)&s->names, &s->name_cap, s->name_count, sizeof *s->names))
        return cl_fail_nomem(c->err);
    s->names[s->name_count++] = (cl_schema_name){cl_decoded_string(&s->text, key), node, required ? 0 : CL_NODE_NONE};
    return CLAUDE_OK;
}

/* Sorts the names from `first` on, makes one of those that are the same, and numbers the required ones. */
static void settle_names(cl_schema *s, size_t first, cl_schema_node *node)
{
    size_t kept = first;

    if (s->name_count > first)
        qsort(s->names + first, s->name_count - first, sizeof *s->names, compare_names);
    for (size_t i = first; i < s->name_count; i++) {
        if (kept > first && cl_str_eq(s->names[kept - 1].name, s->names[i].name)) {
            if (s->names[i].required != CL_NODE_NONE)
                s->names[kept - 1].required = 0;
        } else {
            s->names[kept++] = s->names[i];
        }
    }
    s->name_count = kept;
    node->names = (cl_span){(uint32_t)first, (uint32_t)(kept - first)};
    for (size_t i = first; i < kept; i++) {
        if (s->names[i].required != CL_NODE_NONE)
            s->names[i].required = node->required++;
    }
}

static claude_code_t compile_members(compiler *c, uint32_t node)
{
    cl_json properties = c->schema->nodes[node].keywords[CL_KW_PROPERTIES];
    cl_json required = c->schema->nodes[node].keywords[CL_KW_REQUIRED];
    cl_json_iter members = cl_json_iter_of(properties);
    cl_json_iter names = cl_json_iter_of(required);
    size_t first = c->schema->name_count;
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    if (properties.type != CLAUDE_JSON_NONE && properties.type != CLAUDE_JSON_OBJECT)
        return refuse(c, node, "\"properties\" must be an object");
    if (required.type != CLAUDE_JSON_NONE && required.type != CLAUDE_JSON_ARRAY)
        return refuse(c, node, "\"required\" must be an array of names");
    while (rc >= 0 && cl_json_next(&members, &key, &value)) {
        uint32_t child = CL_NODE_NONE;
        rc = intern(c, value, node, (cl_place){CL_KW_PROPERTIES, key, SIZE_MAX}, &child);
        if (rc >= 0)
            rc = add_name(c, key, child, false);
    }
    while (rc >= 0 && cl_json_next(&names, NULL, &value)) {
        if (value.type != CLAUDE_JSON_STRING)
            return refuse(c, node, "\"required\" must be an array of names");
        rc = add_name(c, value, CL_NODE_NONE, true);
    }
    if (rc >= 0)
        settle_names(c->schema, first, &c->schema->nodes[node]);
    return rc;
}

static claude_code_t compile_additional(compiler *c, uint32_t node)
{
    const cl_schema_node *n = &c->schema->nodes[node];
    cl_json additional = n->keywords[CL_KW_ADDITIONAL];
    uint32_t child = CL_NODE_NONE;
    claude_code_t rc;

    /* Which members they allow is not known here. */
    if (n->keywords[CL_KW_PATTERN_PROPERTIES].type != CLAUDE_JSON_NONE)
        return CLAUDE_OK;
    if (additional.type == CLAUDE_JSON_BOOLEAN) {
        c->schema->nodes[node].closed = additional.ptr[0] == 'f';
        return CLAUDE_OK;
    }
    rc = intern_keyword(c, node, CL_KW_ADDITIONAL, &child);
    c->schema->nodes[node].additional = child;
    return rc;
}

/* ---- lists of schemas ---- */

static claude_code_t compile_list(compiler *c, uint32_t node, int keyword, cl_span *out)
{
    cl_schema *s = c->schema;
    cl_json list = s->nodes[node].keywords[keyword];
    cl_json_iter elements = cl_json_iter_of(list);
    cl_place place = CL_PLACE_NONE;
    cl_span span = {(uint32_t)s->list_count, 0};
    claude_code_t rc = CLAUDE_OK;
    cl_json element;

    if (list.type != CLAUDE_JSON_NONE && (list.type != CLAUDE_JSON_ARRAY || cl_json_count(list) == 0))
        return refuse(c, node, "anyOf, oneOf and allOf must be arrays of at least one schema");
    place.keyword = keyword;
    while (rc >= 0 && cl_json_next(&elements, NULL, &element)) {
        uint32_t child = CL_NODE_NONE;
        place.index = span.count++;
        rc = intern(c, element, node, place, &child);
        if (rc >= 0 && !cl_schema_grow((void **)&s->lists, &s->list_cap, s->list_count, sizeof *s->lists))
            rc = cl_fail_nomem(c->err);
        if (rc >= 0)
            s->lists[s->list_count++] = child;
    }
    *out = span;
    return rc;
}

/* ---- a node ---- */

static claude_code_t compile_limits(compiler *c, uint32_t node)
{
    const cl_schema_node *n = &c->schema->nodes[node];

    for (int i = CL_KW_MIN_ITEMS; i <= CL_KW_MULTIPLE_OF; i++) {
        cl_json limit = n->keywords[i];
        cl_decimal number;
        if (limit.type == CLAUDE_JSON_NONE)
            continue;
        if (limit.type != CLAUDE_JSON_NUMBER)
            return refuse(c, node, "limits (minimum, maxLength, ...) must be numbers");
        number = cl_decimal_of(limit);
        if (i < CL_KW_MINIMUM && (number.negative || !cl_decimal_is_integer(&number)))
            return refuse(c, node, "limits of length and count must be integers of 0 or more");
        if (i == CL_KW_MULTIPLE_OF && (number.negative || number.count == 0))
            return refuse(c, node, "\"multipleOf\" must be more than 0");
    }
    return CLAUDE_OK;
}

static claude_code_t compile_words(compiler *c, uint32_t node)
{
    cl_schema_node *n = &c->schema->nodes[node];
    cl_json types = n->keywords[CL_KW_TYPE];
    cl_json literals = n->keywords[CL_KW_ENUM];
    bool unknown = false;

    if (types.type != CLAUDE_JSON_NONE && (!cl_schema_types(types, &n->types, &unknown) || unknown))
        return refuse(c, node,
                      "\"type\" must be null, boolean, integer, number, string, array or object, or an array "
                      "of these");
    if (literals.type != CLAUDE_JSON_NONE && literals.type != CLAUDE_JSON_ARRAY)
        return refuse(c, node, "\"enum\" must be an array");
    n->format = cl_format_of(n->keywords[CL_KW_FORMAT]);
    return compile_limits(c, node);
}

static claude_code_t compile_node(compiler *c, uint32_t node)
{
    cl_schema_node *n = &c->schema->nodes[node];
    cl_span any_of = {0, 0};
    cl_span one_of = {0, 0};
    cl_span all_of = {0, 0};
    uint32_t items = CL_NODE_NONE;
    claude_code_t rc;

    if (n->schema.type == CLAUDE_JSON_BOOLEAN) {
        n->never = n->schema.ptr[0] == 'f';
        return CLAUDE_OK;
    }
    if (n->schema.type != CLAUDE_JSON_OBJECT)
        return refuse(c, node, "a schema must be an object, true or false");
    cl_schema_read(n->schema, n->keywords);
    rc = compile_words(c, node);
    if (rc >= 0)
        rc = resolve(c, node);
    if (rc >= 0)
        rc = compile_members(c, node);
    if (rc >= 0)
        rc = compile_additional(c, node);
    if (rc >= 0)
        rc = compile_list(c, node, CL_KW_ANY_OF, &any_of);
    if (rc >= 0)
        rc = compile_list(c, node, CL_KW_ONE_OF, &one_of);
    if (rc >= 0)
        rc = compile_list(c, node, CL_KW_ALL_OF, &all_of);
    /* With prefixItems, "items" is about the elements after those. */
    if (rc >= 0 && c->schema->nodes[node].keywords[CL_KW_PREFIX_ITEMS].type == CLAUDE_JSON_NONE)
        rc = intern_keyword(c, node, CL_KW_ITEMS, &items);
    n = &c->schema->nodes[node];
    n->any_of = any_of;
    n->one_of = one_of;
    n->all_of = all_of;
    n->items = items;
    return rc;
}

claude_code_t cl_schema_compile(cl_str text, cl_schema *out, cl_err *err)
{
    cl_schema schema = {.count = 0};
    compiler c = {&schema, err};
    uint32_t first;
    cl_err syntax;
    claude_code_t rc;

    cl_err_init(&syntax);
    if (cl_json_validate(text, CL_JSON_DEPTH_DEFAULT, &schema.root, &syntax) < 0)
        return cl_schema_fail(err, "schema_invalid", "schema: %s", syntax.message);
    if (schema.root.len >= CL_NODE_NONE / 2)
        return cl_schema_fail(err, "schema_invalid", "schema: it has 2 GiB or more");
    rc = cl_decoded_init(&schema.text, schema.root, err);
    schema.node_at = calloc(schema.root.len, sizeof *schema.node_at);
    if (rc >= 0 && !schema.node_at)
        rc = cl_fail_nomem(err);
    if (rc >= 0)
        rc = intern(&c, schema.root, CL_NODE_NONE, CL_PLACE_NONE, &first);
    /* The nodes that a node makes are compiled after it. */
    for (uint32_t i = 0; rc >= 0 && i < schema.count; i++)
        rc = compile_node(&c, i);
    if (rc < 0)
        cl_schema_free(&schema);
    else
        *out = schema;
    return rc;
}

void cl_schema_free(cl_schema *schema)
{
    free(schema->text.copy);
    free(schema->nodes);
    free(schema->node_at);
    free(schema->lists);
    free(schema->names);
    *schema = (cl_schema){.count = 0};
}

const cl_schema_name *cl_schema_find(const cl_schema *schema, cl_span names, cl_str name)
{
    size_t low = names.first;
    size_t high = low + names.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_text(name, schema->names[middle].name);
        if (order == 0)
            return &schema->names[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
