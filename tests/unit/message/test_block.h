/* test_block.h - what the tests of blocks, tools and their setters share; through the public functions. */
#ifndef TEST_MESSAGE_BLOCK_H
#define TEST_MESSAGE_BLOCK_H

#include "testing.h"

#include <claude/block.h>
#include <claude/error.h>
#include <claude/file.h>
#include <claude/message.h>
#include <claude/request.h>
#include <claude/tool.h>

#define PNG_HEAD "\x89PNG\r\n\x1a\n"
/* A GIF in base64 that is as short as its head. */
#define GIF64 "R0lGODlh"
#define PDF64 "JVBERi0xLjQK"

/* `call` uses `e`. */
#define WORKS(call)                                                                                                    \
    do {                                                                                                               \
        claude_error_t *e = NULL;                                                                                      \
        if ((call) != CLAUDE_OK)                                                                                       \
            fail_msg("%s: %s", #call, claude_error_message(e));                                                        \
        assert_null(e);                                                                                                \
    } while (0)

/* That it is refused with a text in the message and this permanent code ("": none). */
#define REFUSED(code, text, call)                                                                                      \
    do {                                                                                                               \
        claude_error_t *e = NULL;                                                                                      \
        const char *error_code;                                                                                        \
        assert_int_equal((call), CLAUDE_E_INVALID);                                                                    \
        assert_non_null(e);                                                                                            \
        if (!strstr(claude_error_message(e), (text)))                                                                  \
            fail_msg("%s: \"%s\" has no \"%s\"", #call, claude_error_message(e), (text));                              \
        error_code = claude_error_error_code(e);                                                                       \
        assert_string_equal(error_code ? error_code : "", (code));                                                     \
        claude_error_unref(e);                                                                                         \
    } while (0)

static inline void block_is(claude_block_t *block, const char *expected)
{
    size_t len = 0;
    const char *json = claude_block_to_json(block, &len);

    assert_non_null(json);
    assert_string_equal(json, expected);
    assert_int_equal(len, strlen(expected));
    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, NULL, NULL), CLAUDE_OK);
}

/* Compares and releases. */
static inline void made(claude_block_t *block, const char *expected)
{
    block_is(block, expected);
    claude_block_unref(block);
}

static inline claude_block_t *block_of(const char *json)
{
    claude_block_t *block = NULL;

    WORKS(claude_block_json(json, CLAUDE_NTS, &block, &e));
    return block;
}

static inline claude_request_t *new_request(void)
{
    claude_request_t *request = NULL;

    WORKS(claude_request_new("messages.create", &request, &e));
    return request;
}

/* Any of the body's top-level fields, as JSON. */
static inline void field_is(claude_request_t *request, const char *field, const char *expected)
{
    size_t len = 0;
    const char *json = claude_request_json(request, &len);
    cl_json root;
    cl_json value;

    assert_int_equal(cl_json_validate(cl_str_n(json, len), 200, &root, NULL), CLAUDE_OK);
    value = cl_json_member(root, cl_str_of(field));
    if (!cl_str_eq(cl_str_n(value.ptr, value.len), cl_str_of(expected)))
        fail_msg("%s is %.*s, not %s", field, (int)value.len, value.ptr ? value.ptr : "", expected);
}

static inline claude_response_t *response_of(const char *json)
{
    cl_headers none = {NULL, 0, 0};
    claude_response_t *response = NULL;

    assert_int_equal(cl_json_validate(cl_str_of(json), 200, NULL, NULL), CLAUDE_OK);
    OK(cl_response_new(200, &none, copy_of(cl_str_of(json)), strlen(json), true, &response, err));
    return response;
}

#endif
