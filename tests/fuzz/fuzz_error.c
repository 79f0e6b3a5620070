/* fuzz_error.c - error bodies and retry-after headers: any bytes give an error with a code and clean texts. */
#include <stdlib.h>

#include "message/message.h"

static void check_text(const char *text)
{
    cl_str s = cl_str_of(text);

    if (cl_utf8_valid(s) != s.len)
        __builtin_trap();
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Two bytes of status, a header up to the first line end, then the body. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_headers headers = {NULL, 0, 0};
    const unsigned char *eol;
    int32_t status;
    cl_err err;

    if (size < 3)
        return 0;
    status = 100 + (data[0] * 256 + data[1]) % 500;
    data += 2;
    size -= 2;
    eol = memchr(data, '\n', size);
    if (eol) {
        size_t len = (size_t)(eol - data);
        (void)cl_headers_add(&headers, CL_STR("retry-after"), cl_str_n((const char *)data, len), NULL);
        (void)cl_headers_add(&headers, CL_STR("request-id"), cl_str_n((const char *)data, len), NULL);
        (void)cl_headers_add(&headers, CL_STR("location"), cl_str_n((const char *)data, len), NULL);
        size -= len + 1;
        data = eol + 1;
    }
    cl_err_init(&err);
    if (cl_retry_after_ms(&headers, 0) < -1 ||
        cl_api_error(status, &headers, cl_str_n((const char *)data, size), &err) >= 0 || err.code >= 0)
        __builtin_trap();
    check_text(err.message);
    check_text(err.api_type);
    check_text(err.error_code);
    check_text(err.request_id);
    cl_err_clear(&err);
    cl_headers_free(&headers);
    return 0;
}
