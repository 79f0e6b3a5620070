/*
 * fuzz_head.c - the head of a response, and everything that is read out of it: waits, dates, rate limits. Nothing is
 * negative, nothing wraps round, and no header has a line end in it.
 */
#include <stdlib.h>

#include "http/http.h"
#include "message/date.h"
#include "message/message.h"

/* libcurl refuses a NUL in a header; here it only cuts a name short. */
static void check_lines(const cl_headers *headers, cl_str head)
{
    bool has_nul = memchr(head.ptr, '\0', head.len) != NULL;
    size_t bytes = 0;

    for (size_t i = 0; i < headers->count; i++) {
        const cl_header *header = &headers->items[i];
        bytes += strlen(header->name) + strlen(header->value);
        if ((header->name[0] == '\0' && !has_nul) || strchr(header->name, '\n') || strchr(header->value, '\n'))
            __builtin_trap();
    }
    if (bytes > head.len)
        __builtin_trap();
}

/* The wait does not depend on the clock here if the server tells its own; a wrapped one would be no wait. */
static void check_waits(const cl_headers *headers)
{
    int64_t here = cl_retry_after_ms(headers, 0);
    int64_t later = cl_retry_after_ms(headers, 4102444800000);

    if (here < -1 || later < -1 || (here == -1) != (later == -1))
        __builtin_trap();
}

static void check_limits(cl_headers *headers)
{
    static const char *const kinds[] = {"requests", "tokens", "input-tokens", "output-tokens", "priority-input-tokens"};
    claude_response_t *response = NULL;
    char *body = strdup("{}");

    if (!body || cl_response_new(429, headers, body, 2, true, &response, NULL) < 0)
        abort();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int32_t which = 0; which < 5; which++) {
            if (cl_response_rate_limit(response, kinds[i], which) < -1)
                __builtin_trap();
        }
    }
    (void)cl_response_request_id(response);
    cl_response_unref(response);
}

static void check_dates(cl_str text)
{
    int64_t value = 0;

    if (cl_date_http(text, 0, &value) && (value < -62167219200 || value > 253402300799))
        __builtin_trap();
    if (cl_date_rfc3339(text, &value) && (value < -62167305600000 || value > 253402387200000))
        __builtin_trap();
}

/* As libcurl does: line by line. */
static cl_headers take_lines(cl_str text)
{
    cl_buf kept = CL_BUF_INIT(SIZE_MAX / 2);
    cl_headers headers = {NULL, 0, 0};

    while (text.len > 0) {
        const char *eol = memchr(text.ptr, '\n', text.len);
        size_t len = eol ? (size_t)(eol - text.ptr) + 1 : text.len;
        if (cl_head_add(&kept, cl_str_n(text.ptr, len)) != CL_BUF_OK)
            abort();
        text = cl_str_n(text.ptr + len, text.len - len);
    }
    if (cl_head_take(&kept, &headers, NULL) < 0)
        __builtin_trap(); /* only for want of memory */
    cl_buf_free(&kept);
    return headers;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    cl_headers headers;
    cl_err err;

    memcpy(copy, data, size);
    check_dates(cl_str_n(copy, size));
    headers = take_lines(cl_str_n(copy, size));
    check_lines(&headers, cl_str_n(copy, size));
    check_waits(&headers);
    cl_err_init(&err);
    if (cl_api_error(429, &headers, CL_STR(""), &err) >= 0)
        __builtin_trap();
    cl_err_clear(&err);
    check_limits(&headers);
    cl_headers_free(&headers);
    free(copy);
    return 0;
}
