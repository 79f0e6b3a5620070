/* testing.h - what the tests of the api room share: the public functions, checked in one line. */
#ifndef TEST_API_TESTING_H
#define TEST_API_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/batch.h>
#include <claude/claude.h>
#include <claude/page.h>
#include <claude/skill.h>

#include "message/message.h"

/* Asserts a result; the error's message is shown when it is another one. `call` uses `&err`. */
#define GIVES(expected, call)                                                                                          \
    do {                                                                                                               \
        claude_error_t *err = NULL;                                                                                    \
        claude_code_t rc_of_call = (call);                                                                             \
        if (rc_of_call != (expected))                                                                                  \
            fail_msg("%s: %d %s", #call, (int)rc_of_call, claude_error_message(err));                                  \
        claude_error_unref(err);                                                                                       \
    } while (0)
#define OK(call) GIVES(CLAUDE_OK, call)

/* Asserts that a call fails with a code, and with a message that has a text in it. */
#define FAILS(expected, text, call)                                                                                    \
    do {                                                                                                               \
        claude_error_t *err = NULL;                                                                                    \
        assert_int_equal((call), (expected));                                                                          \
        assert_int_equal(claude_error_code(err), (expected));                                                          \
        if (!strstr(claude_error_message(err), (text)))                                                                \
            fail_msg("%s: \"%s\" has no \"%s\"", #call, claude_error_message(err), (text));                            \
        claude_error_unref(err);                                                                                       \
    } while (0)

/* A copy with " for '; to be freed. */
static inline char *quoted(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *p = copy; *p; p++) {
        if (*p == '\'')
            *p = '"';
    }
    return copy;
}

static inline claude_response_t *response_of(const char *json)
{
    claude_response_t *response = NULL;
    char *text = quoted(json);

    OK(claude_response_parse(text, CLAUDE_NTS, &response, &err));
    free(text);
    return response;
}

static inline claude_request_t *request_for(const char *endpoint)
{
    claude_request_t *request = NULL;

    OK(claude_request_new(endpoint, &request, &err));
    return request;
}

/* A message's request with this JSON body. */
static inline claude_request_t *message_of(const char *json)
{
    claude_request_t *request = request_for("messages.create");
    char *text = quoted(json);

    OK(claude_request_set_json(request, text, CLAUDE_NTS, &err));
    free(text);
    return request;
}

/* The whole body as it would be sent, read in pieces of `step`; to be freed. */
static inline char *body_of(const claude_request_t *request, size_t step, size_t *len)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_snapshot snapshot;
    size_t got = 1;
    cl_err err;
    char *out;

    cl_err_init(&err);
    if (cl_request_snapshot(request, false, &snapshot, &err) < 0)
        fail_msg("%s", err.message);
    out = malloc(snapshot.body.len + step + 1);
    assert_non_null(out);
    *len = 0;
    while (got > 0) {
        if (cl_body_reader_read(&reader, &snapshot.body, out + *len, step, &got, &err) < 0)
            fail_msg("%s", err.message);
        *len += got;
    }
    assert_int_equal(*len, snapshot.body.len);
    out[*len] = '\0';
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    return out;
}

/* Path and query; to be freed. */
static inline char *target_of(const claude_request_t *request)
{
    cl_snapshot snapshot;
    char *copy;
    cl_err err;

    cl_err_init(&err);
    if (cl_request_snapshot(request, false, &snapshot, &err) < 0)
        fail_msg("%s", err.message);
    copy = strdup(snapshot.target);
    assert_non_null(copy);
    cl_snapshot_free(&snapshot);
    return copy;
}

#endif
