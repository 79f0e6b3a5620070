#define CL_BASE_ERR_C
#include "base/base.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* How API keys begin, and what is shown of one. */
#define KEY_MARK "sk-ant-"
#define KEY_MARK_LEN (sizeof KEY_MARK - 1)
#define KEY_SHOWN KEY_MARK "*"

enum { FEATURE_MAX = 63 };

/* name, category, retryable, text. docs/errors.md is generated from this table. */
#define ROW(name, category, retryable, text)                                                                           \
    {                                                                                                                  \
        CLAUDE_E_##name, CLAUDE_CATEGORY_##category, retryable, "CLAUDE_E_" #name, text                                \
    }

static const cl_code_row code_rows[] = {
    ROW(INVALID, INVALID_ARGUMENT, false, "an argument, option or request is not valid"),
    ROW(NOMEM, INVALID_ARGUMENT, false, "out of memory"),
    ROW(STATE, INVALID_ARGUMENT, false, "the object is not in a state that allows this"),
    ROW(UNSUPPORTED, INVALID_ARGUMENT, false, "this build does not have the feature"),
    ROW(CANCELED, INVALID_ARGUMENT, false, "the program cancelled the call"),
    ROW(BUSY, INVALID_ARGUMENT, false, "called from inside a callback of the same object"),
    ROW(FORKED, INVALID_ARGUMENT, false, "the object belongs to the parent process"),
    ROW(LIMIT, INVALID_ARGUMENT, false, "a limit of the library's own resources was reached"),
    ROW(CALLBACK, INVALID_ARGUMENT, false, "a callback ended the call"),
    ROW(NO_KEY, AUTHENTICATION, false, "no API key was found"),
    ROW(IO, INVALID_ARGUMENT, false, "a local file could not be read"),
    ROW(CIRCUIT_OPEN, NETWORK, true, "the circuit breaker is open; nothing was sent"),
    ROW(THROTTLED, RATE_LIMIT, true, "the client's own rate limiter refused; nothing was sent"),
    ROW(QUOTA, RATE_LIMIT, false, "a quota of the client is used up; nothing was sent"),
    ROW(RESOLVE, NETWORK, true, "the host name could not be resolved"),
    ROW(CONNECT, NETWORK, true, "the connection could not be made"),
    ROW(TLS, NETWORK, false, "the TLS handshake or the certificate was refused"),
    ROW(TIMEOUT, TIMEOUT, true, "a deadline passed"),
    ROW(CLOSED, NETWORK, true, "the connection was closed before the answer was complete"),
    ROW(PROTOCOL, HTTP, false, "the server sent something that is not the API's protocol"),
    ROW(TRUNCATED, HTTP, true, "the stream ended before the message was complete"),
    ROW(TOO_LARGE, HTTP, false, "the answer is larger than a configured limit"),
    ROW(PROXY, NETWORK, true, "the proxy refused or failed"),
    ROW(REDIRECT, HTTP, false, "the server redirected; redirects are never followed"),
    ROW(API, API, false, "the API answered with an error"),
    ROW(AUTH, AUTHENTICATION, false, "the API refused the key"),
    ROW(PERMISSION, AUTHENTICATION, false, "the key has no permission for this"),
    ROW(NOT_FOUND, API, false, "the API does not know this resource"),
    ROW(RATE_LIMIT, RATE_LIMIT, true, "the rate limit is used up"),
    ROW(OVERLOADED, API, true, "the API is overloaded"),
    ROW(BAD_REQUEST, API, false, "the API refused the request as invalid"),
    ROW(REQUEST_TOO_LARGE, API, false, "the API refused the request as too large"),
    ROW(API_TIMEOUT, TIMEOUT, true, "the API ran out of time"),
    ROW(SERVER, API, true, "the API failed internally"),
    ROW(BILLING, API, false, "the API refused for reasons of billing"),
    ROW(CONFLICT, API, true, "the request conflicts with another"),
};

const cl_code_row *cl_code_row_at(size_t index)
{
    return index < sizeof code_rows / sizeof code_rows[0] ? &code_rows[index] : NULL;
}

const cl_code_row *cl_code_row_of(claude_code_t code)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++) {
        if (code_rows[i].code == code)
            return &code_rows[i];
    }
    return NULL;
}

void cl_err_clear(cl_err *err)
{
    if (err->response.ptr)
        err->response.unref(err->response.ptr);
    if (err->report.ptr)
        err->report.unref(err->report.ptr);
    cl_error_unref(err->cause);
    cl_error_unref(err->made);
    cl_err_init(err);
}

/* Length of an API key at p, beyond the mark by which it is known; 0 if there is none. */
static size_t key_length(const char *p, size_t len)
{
    size_t n = KEY_MARK_LEN;

    if (len <= n || memcmp(p, KEY_MARK, n) != 0)
        return 0;
    while (n < len && (cl_ascii_is_alnum(p[n]) || p[n] == '_' || p[n] == '-'))
        n++;
    return n - KEY_MARK_LEN;
}

void cl_err_copy_text(char *out, size_t size, cl_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t at = 0;

    for (size_t i = 0; i < text.len;) {
        size_t key;
        size_t n;
        bool plain;
        if (p[i] >= 0x20 && p[i] < 0x7f && text.ptr[i] != KEY_MARK[0]) {
            if (at + 1 >= size)
                break;
            out[at++] = text.ptr[i++];
            continue;
        }
        key = key_length(text.ptr + i, text.len - i);
        n = p[i] < 0x80 ? 1 : cl_utf8_length(text.ptr + i, text.ptr + text.len);
        plain = n > 0 && p[i] >= 0x20 && p[i] != 0x7f;
        if (key > 0) {
            if (at + sizeof KEY_SHOWN > size)
                break;
            memcpy(out + at, KEY_SHOWN, sizeof KEY_SHOWN - 1);
            at += sizeof KEY_SHOWN - 1;
            i += KEY_MARK_LEN + key;
            continue;
        }
        if (at + (plain ? n : 1) >= size)
            break;
        if (plain)
            memcpy(out + at, p + i, n);
        else
            out[at] = n > 0 ? ' ' : '?';
        at += plain ? n : 1;
        i += n > 0 ? n : 1;
    }
    out[at] = '\0';
}

claude_code_t cl_fail(cl_err *err, claude_code_t code, const char *format, ...)
{
    char text[sizeof err->message];
    va_list args;
    int n;

    if (!err || err->code != CLAUDE_OK)
        return err ? err->code : code;
    va_start(args, format);
    /* The analyzer forgets va_start() when it is given several files.
     * NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err->code = code;
    err->category = 0;
    err->retryable = -1;
    err->http_status = 0;
    err->attempts = 0;
    err->user_code = 0;
    err->retry_after_ms = -1;
    err->feature = NULL;
    err->quota.limit = 0;
    err->response = (cl_err_object){NULL, NULL};
    err->cause = NULL;
    err->made = NULL;
    err->api_type[0] = '\0';
    err->error_code[0] = '\0';
    err->request_id[0] = '\0';
    cl_err_copy_text(err->message, sizeof err->message, cl_str_of(n < 0 ? "" : text));
    return code;
}

claude_code_t cl_fail_nomem(cl_err *err)
{
    return cl_fail(err, CLAUDE_E_NOMEM, "out of memory");
}

claude_code_t cl_fail_buf(cl_err *err, int buf_result, const char *what)
{
    if (buf_result == CL_BUF_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_TOO_LARGE, "%s is over its limit", what);
}

claude_code_t cl_fail_left_out(cl_err *err, const char *feature)
{
    char option[FEATURE_MAX + 1];
    size_t len = 0;
    bool first = err && err->code == CLAUDE_OK;
    claude_code_t rc;

    for (; feature[len] != '\0' && len < FEATURE_MAX; len++)
        option[len] = feature[len] == '-' ? '_' : (char)(feature[len] - 'a' + 'A');
    option[len] = '\0';
    rc = cl_fail(err, CLAUDE_E_UNSUPPORTED, "this build of libclaude has no %s: build it with -DCLAUDE_FEATURE_%s=ON",
                 feature, option);
    if (first)
        err->feature = feature;
    return rc;
}

void cl_err_copy(cl_err *to, const cl_err *from, void *(*ref_response)(void *response))
{
    if (from->code == CLAUDE_OK) {
        cl_err_init(to);
        return;
    }
    *to = *from;
    if (to->response.ptr)
        to->response.ptr = ref_response(to->response.ptr);
    to->report.ptr = NULL; /* of one call's end only */
    to->cause = cl_error_ref(to->cause);
    to->made = cl_error_ref(to->made);
}
