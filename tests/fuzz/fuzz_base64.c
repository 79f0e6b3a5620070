/*
 * fuzz_base64.c - base64: all kernels of this machine say the same of any text; what is valid decodes and encodes to
 * itself; any bytes come back from their encoding.
 */
#include <stdlib.h>

#include "base/base.h"
#include "base/cpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

/* Memory of exactly that size, so that one byte too many is seen. */
static void *take(size_t size)
{
    void *block = malloc(size > 0 ? size : 1);

    need(block != NULL);
    return block;
}

static void as_bytes(const cl_base64_kernel *kernel, const uint8_t *data, size_t size)
{
    size_t len = cl_base64_len(size);
    char *text = take(len);
    uint8_t *back = take(size);

    need(cl_base64_encode_by(kernel, data, size, text) == len);
    need(cl_base64_valid_by(kernel, cl_str_n(text, len), NULL));
    need(cl_base64_decoded_len(cl_str_n(text, len)) == size);
    cl_base64_decode_by(kernel, cl_str_n(text, len), back);
    need(size == 0 || memcmp(back, data, size) == 0);
    free(back);
    free(text);
}

static bool as_text(const cl_base64_kernel *kernel, cl_str text, size_t *wrong)
{
    size_t len = cl_base64_decoded_len(text);
    uint8_t *bytes;
    char *again;

    if (!cl_base64_valid_by(kernel, text, wrong))
        return false;
    bytes = take(len);
    again = take(text.len);
    cl_base64_decode_by(kernel, text, bytes);
    need(cl_base64_encode_by(kernel, bytes, len, again) == text.len);
    need(text.len == 0 || memcmp(again, text.ptr, text.len) == 0);
    free(again);
    free(bytes);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cl_str text = cl_str_n((const char *)data, size);
    const cl_base64_kernel *kernel;
    size_t wrong = size;
    bool valid = cl_base64_valid(text, &wrong);

    for (size_t i = 0; (kernel = cl_base64_kernel_at(i)) != NULL; i++) {
        size_t also_wrong = size;
        if ((kernel->needs & cl_cpu()) != kernel->needs)
            continue;
        as_bytes(kernel, data, size);
        need(as_text(kernel, text, &also_wrong) == valid);
        need(also_wrong == wrong);
    }
    return 0;
}
