/*
 * fuzz_partial.c - JSON in pieces: the input's first byte says how it is cut. However that is, the outcome is the same;
 * the document so far is JSON, begins as the text does, and only grows; what is complete is what the scanner accepts.
 */
#include <stdlib.h>

#include "json/partial.h"

static claude_partial_t *begin(void)
{
    claude_partial_t *partial = NULL;

    if (cl_partial_new(-1, &partial, NULL) < 0)
        abort();
    return partial;
}

static void check(claude_partial_t *partial, cl_str text, bool good)
{
    cl_str json = cl_partial_json(partial);
    bool valid = cl_json_validate(text, CL_PARTIAL_DEPTH, NULL, NULL) >= 0;

    if (json.len > 0 && cl_json_validate(json, CL_PARTIAL_DEPTH, NULL, NULL) < 0)
        __builtin_trap();
    if (memcmp(json.ptr, text.ptr, partial->cut) != 0 || json.ptr[json.len] != '\0')
        __builtin_trap();
    /* A number at the end may go on: the scanner knows that it does not. */
    if (cl_partial_is_complete(partial) ? !valid : valid && !cl_ascii_is_digit(text.ptr[text.len - 1]))
        __builtin_trap();
    if (!good && (valid || partial->bad >= text.len))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_str text = cl_str_n((const char *)data + 1, size > 0 ? size - 1 : 0);
    claude_partial_t *whole = begin();
    claude_partial_t *pieces = begin();
    size_t piece = size > 0 ? data[0] % 16u + 1u : 1;
    size_t cut = 0;
    bool good = true;

    for (size_t at = 0; at < text.len && good; at += piece) {
        size_t n = piece < text.len - at ? piece : text.len - at;
        good = cl_partial_add(pieces, cl_str_n(text.ptr + at, n), NULL) >= 0;
        if (pieces->cut < cut)
            __builtin_trap();
        cut = pieces->cut;
        if (at < 256)
            check(pieces, cl_str_n(text.ptr, at + n), good);
    }
    if ((cl_partial_add(whole, text, NULL) >= 0) != good || whole->cut != cut || whole->bad != pieces->bad ||
        !cl_str_eq(cl_partial_json(whole), cl_partial_json(pieces)))
        __builtin_trap();
    if (size > 1)
        check(whole, text, good);
    cl_partial_unref(whole);
    cl_partial_unref(pieces);
    return 0;
}
