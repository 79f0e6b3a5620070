/*
 * fuzz_gzip.c - gzip: what is read in one piece is read in small ones, and never more than the limit; any bytes come
 * back from what is made of them.
 */
#include <stdlib.h>

#include "codec/pack.h"
#include "codec/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 100000 };

static void need(bool ok)
{
    if (!ok)
        abort();
}

static claude_code_t unpack(cl_str bytes, size_t piece, cl_buf *out)
{
    cl_unpack *made = NULL;
    claude_code_t rc = cl_unpack_new(CLAUDE_E_PROTOCOL, &made, NULL);

    need(rc >= 0);
    for (size_t at = 0; at < bytes.len && rc >= 0; at += piece) {
        size_t n = bytes.len - at < piece ? bytes.len - at : piece;
        rc = cl_unpack_push(made, cl_str_n(bytes.ptr + at, n), out, "limit", NULL);
    }
    if (rc >= 0)
        rc = cl_unpack_end(made, NULL);
    cl_unpack_free(made);
    need(out->len <= out->max);
    return rc;
}

/* As something that was received. */
static void as_gzip(cl_str bytes)
{
    cl_buf whole = CL_BUF_INIT(LIMIT);
    cl_buf pieces = CL_BUF_INIT(LIMIT);
    claude_code_t rc = unpack(bytes, bytes.len + 1, &whole);

    need(unpack(bytes, 3, &pieces) == rc);
    if (rc >= 0)
        need(cl_str_eq(cl_buf_str(&whole), cl_buf_str(&pieces)));
    cl_buf_free(&whole);
    cl_buf_free(&pieces);
}

static void as_text(cl_str bytes)
{
    cl_buf packed = CL_BUF_INIT(0);
    int32_t rc = cl_pack_bytes(bytes, 6, &packed, NULL);

    need(rc == 0 || rc == 1);
    if (rc == 1) {
        cl_buf back = CL_BUF_INIT(bytes.len);
        need(packed.len < bytes.len);
        need(unpack(cl_buf_str(&packed), packed.len, &back) == CLAUDE_OK);
        need(cl_str_eq(cl_buf_str(&back), bytes));
        cl_buf_free(&back);
    }
    cl_buf_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cl_str bytes = cl_str_n((const char *)data, size);

    as_gzip(bytes);
    as_text(bytes);
    return 0;
}
