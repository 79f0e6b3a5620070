/*
 * fuzz_schema.c - JSON Schemas: what was changed is a schema that can be changed again; checking ends, and each value
 * matches the schema that has it as its constant, and the one that has it in an enum.
 */
#include <stdlib.h>

#include <claude/response.h>

#include "json/schema.h"

static void transform(cl_str schema)
{
    cl_buf once = CL_BUF_INIT(SIZE_MAX / 2);
    cl_buf twice = CL_BUF_INIT(SIZE_MAX / 2);
    cl_err err;

    cl_err_init(&err);
    if (cl_schema_transform(schema, &once, &err) >= 0) {
        if (cl_json_validate(cl_buf_str(&once), CL_JSON_DEPTH_MAX, NULL, NULL) < 0 ||
            (cl_json_validate(cl_buf_str(&once), CL_JSON_DEPTH_DEFAULT, NULL, NULL) >= 0 &&
             cl_schema_transform(cl_buf_str(&once), &twice, NULL) < 0))
            __builtin_trap();
    } else if (err.message[0] == '\0') {
        __builtin_trap();
    }
    cl_buf_free(&once);
    cl_buf_free(&twice);
}

static void matches_itself(const char *before, cl_str value, const char *after)
{
    cl_buf schema = CL_BUF_INIT(SIZE_MAX / 2);

    (void)cl_buf_append_text(&schema, before);
    (void)cl_buf_append_str(&schema, value);
    (void)cl_buf_append_text(&schema, after);
    if (cl_json_validate(cl_buf_str(&schema), CL_JSON_DEPTH_DEFAULT, NULL, NULL) >= 0 &&
        cl_schema_check(cl_buf_str(&schema), value, NULL) == CLAUDE_E_INVALID)
        __builtin_trap();
    cl_buf_free(&schema);
}

/* Of a member that is there twice, only the last one counts: then an object is not what its text says. */
static bool has_twice(cl_json value)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json key;
    cl_json member;

    while (cl_json_next(&iter, &key, &member)) {
        cl_buf name = CL_BUF_INIT(SIZE_MAX / 2);
        bool twice = false;
        if (value.type == CLAUDE_JSON_OBJECT) {
            (void)cl_json_decode(key, &name);
            twice = cl_json_member(value, cl_buf_str(&name)).ptr != member.ptr;
        }
        cl_buf_free(&name);
        if (twice || has_twice(member))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Two lines: schema, value. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    const unsigned char *eol = memchr(data, '\n', size);
    size_t first = eol ? (size_t)(eol - data) : size;
    cl_str schema = cl_str_n(copy, first);
    cl_str value = eol ? cl_str_n(copy + first + 1, size - first - 1) : cl_str_n(copy, 0);
    cl_json root;

    memcpy(copy, data, size);
    transform(schema);
    (void)cl_schema_check(schema, value, NULL);
    if (cl_json_validate(value, CL_JSON_DEPTH_DEFAULT, &root, NULL) >= 0 && !has_twice(root)) {
        matches_itself("{\"const\":", value, "}");
        matches_itself("{\"enum\":[", value, "]}");
    }
    free(copy);
    return 0;
}
