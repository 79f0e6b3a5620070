/*
 * fuzz_pointer.c - JSON pointers: what was set is found at the same place, everything else stays, a refused one changes
 * nothing; reading with any pointer stays inside the document.
 */
#include <stdlib.h>

#include "message/message.h"
#include "json/json.h"

enum { MAX_DEPTH = 64 };

/* The parts of the input end with a line end; the last one ends with the input. */
static cl_str take_line(cl_str *rest)
{
    const char *eol = memchr(rest->ptr, '\n', rest->len);
    cl_str line = cl_str_n(rest->ptr, eol ? (size_t)(eol - rest->ptr) : rest->len);

    *rest = eol ? cl_str_n(eol + 1, rest->len - line.len - 1) : cl_str_n(rest->ptr + rest->len, 0);
    return line;
}

static bool inside(cl_json part, cl_str whole)
{
    return part.type == CLAUDE_JSON_NONE ||
           (part.ptr >= whole.ptr && part.len <= whole.len && part.ptr + part.len <= whole.ptr + whole.len);
}

/* A step "-" is behind the end of an array, where there is nothing to be found. */
static bool appends(cl_str pointer)
{
    for (size_t i = 0; i + 1 < pointer.len; i++) {
        if (pointer.ptr[i] == '/' && pointer.ptr[i + 1] == '-' && (i + 2 == pointer.len || pointer.ptr[i + 2] == '/'))
            return true;
    }
    return false;
}

static void set(cl_str text, cl_str pointer, cl_str value)
{
    cl_buf document = CL_BUF_INIT(SIZE_MAX / 2);
    cl_err err;
    cl_json wanted;
    cl_json found;
    claude_code_t rc;

    cl_err_init(&err);
    (void)cl_buf_append_str(&document, text);
    rc = cl_json_set(&document, pointer, value, &err);
    if (rc < 0 && (!cl_str_eq(cl_buf_str(&document), text) || err.message[0] == '\0'))
        __builtin_trap();
    if (rc >= 0) {
        if (cl_json_validate(cl_buf_str(&document), CL_JSON_DEPTH_MAX, NULL, NULL) < 0)
            __builtin_trap();
        found = cl_json_at(cl_json_root(cl_buf_str(&document)), pointer);
        wanted = cl_json_root(value);
        if (!appends(pointer) && !cl_str_eq(cl_str_n(found.ptr, found.len), cl_str_n(wanted.ptr, wanted.len)))
            __builtin_trap();
    }
    cl_err_clear(&err);
    cl_buf_free(&document);
}

static void read_all(cl_str text, const char *pointer)
{
    claude_response_t *response = NULL;
    cl_headers headers = {NULL, 0, 0};
    char *copy = malloc(text.len + 1);
    size_t len = 0;

    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (cl_response_new(200, &headers, copy, text.len, true, &response, NULL) < 0)
        abort();
    (void)cl_response_text(response, &len);
    (void)cl_response_string(response, pointer, &len);
    (void)cl_response_count(response, pointer);
    (void)cl_response_int(response, pointer, -1);
    (void)cl_response_double(response, pointer, -1.0);
    (void)cl_response_bool(response, pointer, -1);
    (void)cl_response_usage(response, "output_tokens");
    (void)cl_response_stop_reason(response);
    cl_response_unref(response);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Lines: pointer, value, document. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = malloc(size + 1);
    cl_str rest = cl_str_n(copy, size);
    cl_str pointer;
    cl_str value;
    cl_json root;

    memcpy(copy, data, size);
    copy[size] = '\0';
    pointer = take_line(&rest);
    value = take_line(&rest);
    if (cl_json_validate(rest, MAX_DEPTH, &root, NULL) >= 0) {
        char *name = strndup(pointer.ptr, pointer.len);
        if (!inside(cl_json_at(root, pointer), rest))
            __builtin_trap();
        read_all(rest, name);
        if (cl_json_validate(value, MAX_DEPTH, NULL, NULL) >= 0)
            set(rest, pointer, value);
        free(name);
    }
    free(copy);
    return 0;
}
