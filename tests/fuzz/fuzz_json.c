/* fuzz_json.c - what the scanner accepts can be walked, decoded, edited and read by json-c; nothing else crashes. */
#include <stdlib.h>

#include "json/json.h"

#include <claude/response.h>

enum { MAX_DEPTH = 200 };

static void walk(cl_json value, unsigned depth)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json key = {NULL, 0, 0};
    cl_json member;
    int64_t integer;
    double number;

    cl_json_to_int(value, &integer);
    cl_json_to_double(value, &number);
    if (value.type == CLAUDE_JSON_STRING) {
        cl_buf text = CL_BUF_INIT(SIZE_MAX / 2);
        cl_buf again = CL_BUF_INIT(SIZE_MAX / 2);
        if (cl_json_decode(value, &text) != CL_BUF_OK || cl_utf8_valid(cl_buf_str(&text)) != text.len ||
            !cl_json_string_is(value, cl_buf_str(&text)) ||
            cl_json_write_string(&again, cl_buf_str(&text)) != CL_BUF_OK ||
            cl_json_validate(cl_buf_str(&again), 1, NULL, NULL) < 0)
            __builtin_trap();
        cl_buf_free(&text);
        cl_buf_free(&again);
    }
    if (value.type != CLAUDE_JSON_ARRAY && value.type != CLAUDE_JSON_OBJECT)
        return;
    if (depth == MAX_DEPTH)
        __builtin_trap();
    while (cl_json_next(&iter, &key, &member))
        walk(member, depth + 1);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    cl_str text = cl_str_n(copy, size);
    cl_json_tree *tree = NULL;
    cl_json value;

    memcpy(copy, data, size);
    if (cl_json_validate(text, MAX_DEPTH, &value, NULL) >= 0) {
        cl_buf document = CL_BUF_INIT(SIZE_MAX / 2);
        walk(value, 0);
        /* A NUL in a key is what a tree cannot hold. */
        if (cl_json_tree_new(text, &tree, NULL) < 0 && !memmem(copy, size, "u0000", 5))
            __builtin_trap();
        cl_json_tree_free(tree);
        cl_buf_append(&document, value.ptr, value.len);
        if (cl_json_set(&document, CL_STR("/a/b"), CL_STR("1"), NULL) >= 0 &&
            cl_json_validate(cl_buf_str(&document), MAX_DEPTH + 2, NULL, NULL) < 0)
            __builtin_trap();
        cl_buf_free(&document);
    }
    free(copy);
    return 0;
}
