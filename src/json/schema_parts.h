/* schema_parts.h - what the two sides of schema.h share: keywords, types, places, exact numbers, formats. */
#ifndef CL_JSON_SCHEMA_PARTS_H
#define CL_JSON_SCHEMA_PARTS_H

#include <claude/response.h>

#include "json/schema.h"

/* ---- keywords (schema.c) ---- */

enum {
    CL_KW_SCHEMA,
    CL_KW_DEFS,
    CL_KW_REF,
    CL_KW_TYPE,
    CL_KW_ENUM,
    CL_KW_CONST,
    CL_KW_ANY_OF, /* these three in this order */
    CL_KW_ONE_OF,
    CL_KW_ALL_OF,
    CL_KW_TITLE,
    CL_KW_DESCRIPTION,
    CL_KW_PROPERTIES,
    CL_KW_ADDITIONAL,
    CL_KW_PATTERN_PROPERTIES,
    CL_KW_REQUIRED,
    CL_KW_FORMAT,
    CL_KW_ITEMS,
    CL_KW_PREFIX_ITEMS,
    CL_KW_MIN_ITEMS,
    CL_KW_MAX_ITEMS,
    CL_KW_MIN_PROPERTIES,
    CL_KW_MAX_PROPERTIES,
    CL_KW_MIN_LENGTH,
    CL_KW_MAX_LENGTH,
    CL_KW_MINIMUM,
    CL_KW_MAXIMUM,
    CL_KW_EXCLUSIVE_MINIMUM,
    CL_KW_EXCLUSIVE_MAXIMUM,
    CL_KW_MULTIPLE_OF,
    CL_KW_COUNT
};

const char *cl_schema_keyword(int keyword);
/* The keyword that a member's key is, -1 for any other key. */
int cl_schema_keyword_of(cl_json key);
/* The values of the keywords of a schema that is an object; of duplicates the last. */
void cl_schema_read(cl_json schema, cl_json keywords[CL_KW_COUNT]);

/* ---- types ---- */

enum {
    CL_TYPE_NULL = 1,
    CL_TYPE_BOOLEAN = 2,
    CL_TYPE_INTEGER = 4,
    CL_TYPE_NUMBER = 8,
    CL_TYPE_STRING = 16,
    CL_TYPE_ARRAY = 32,
    CL_TYPE_OBJECT = 64
};

/* The set that the value of "type" names; false for what is neither a name nor an array of names. Names that are not
 * known are left out. */
bool cl_schema_types(cl_json type, unsigned *types, bool *unknown);
/* "string", "object", ... of a JSON value. */
const char *cl_schema_type_name(int32_t json_type);

/* ---- places: JSON pointers of what lies inside of each other ---- */

/* A step down: by a keyword, by a member's key or an element's index, or both. */
typedef struct cl_place {
    int keyword;  /* -1: none */
    cl_json key;  /* type 0: none */
    size_t index; /* SIZE_MAX: none */
} cl_place;

#define CL_PLACE_NONE ((cl_place){-1, {NULL, 0, CLAUDE_JSON_NONE}, SIZE_MAX})
/* Pointers are cut in messages. */
enum { CL_POINTER_SHOWN = 256 };

/* Appends the steps, escaped; what does not fit is left out. */
void cl_place_append(cl_buf *pointer, const cl_place *place);

/* Fails with CLAUDE_E_INVALID and an error_code. */
claude_code_t cl_schema_fail(cl_err *err, const char *error_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes room for one item more. */
bool cl_schema_grow(void **items, size_t *cap, size_t count, size_t size);

/* ---- exact numbers (schema_number.c) ---- */

/* A JSON number as it is written: sign, digits without zeros at their ends, and the power of ten of the first. */
typedef struct cl_decimal {
    bool negative;
    const char *digits; /* a point may stand between them */
    size_t count;       /* 0: the number is zero */
    int64_t power;
} cl_decimal;

cl_decimal cl_decimal_of(cl_json number);
bool cl_decimal_is_integer(const cl_decimal *number);
/* < 0, 0, > 0 */
int cl_decimal_compare(const cl_decimal *a, const cl_decimal *b);
/* Also true for a divisor of more than 18 digits, which is not checked. */
bool cl_decimal_is_multiple(const cl_decimal *number, const cl_decimal *divisor);

/* ---- formats (schema_format.c) ---- */

/* 0: not one of those that the API supports. */
int cl_format_of(cl_json name);
const char *cl_format_name(int format);
bool cl_format_matches(int format, cl_str text);

/* ---- schemas made ready for checking (schema_compile.c) ---- */

#define CL_NODE_NONE UINT32_MAX

typedef struct cl_span {
    uint32_t first;
    uint32_t count;
} cl_span;

/* A text and a copy of it in which all strings are decoded in their places. */
typedef struct cl_decoded {
    cl_str raw;
    char *copy;
} cl_decoded;

claude_code_t cl_decoded_init(cl_decoded *text, cl_json root, cl_err *err);
cl_str cl_decoded_string(const cl_decoded *text, cl_json string);

/* A member that a schema knows by name. */
typedef struct cl_schema_name {
    cl_str name;
    uint32_t node;     /* CL_NODE_NONE: only required */
    uint32_t required; /* its number among those required, or CL_NODE_NONE */
} cl_schema_name;

typedef struct cl_schema_node {
    cl_json schema;
    uint32_t parent;
    cl_place place;
    cl_json keywords[CL_KW_COUNT];
    unsigned types; /* 0: any */
    int format;
    bool never;  /* the schema `false` */
    bool closed; /* no other members than those named */
    uint32_t ref;
    uint32_t items;
    uint32_t additional;
    cl_span any_of;
    cl_span one_of;
    cl_span all_of;
    cl_span names; /* sorted */
    uint32_t required;
} cl_schema_node;

typedef struct cl_schema {
    cl_decoded text;
    cl_json root;
    cl_schema_node *nodes; /* the first is the whole schema */
    size_t count;
    size_t cap;
    uint32_t *node_at; /* by offset in the text: the node's number and 1 */
    uint32_t *lists;
    size_t list_count;
    size_t list_cap;
    cl_schema_name *names;
    size_t name_count;
    size_t name_cap;
} cl_schema;

claude_code_t cl_schema_compile(cl_str text, cl_schema *out, cl_err *err);
void cl_schema_free(cl_schema *schema);
/* NULL if there is no such name. */
const cl_schema_name *cl_schema_find(const cl_schema *schema, cl_span names, cl_str name);

#endif
