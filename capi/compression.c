#include <claude/compression.h>

#include <errno.h>
#include <stdlib.h>

#include "border.h"
#include "codec/pack.h"
#include "codec/unpack.h"
#include "config/config.h"

#if CL_FEATURE_COMPRESSION

/* Bytes that a response takes over. */
static claude_code_t hand_out(char *bytes, size_t len, claude_response_t **out, cl_err *err)
{
    cl_headers none = {NULL, 0, 0};

    return bytes ? cl_response_new(0, &none, bytes, len, false, out, err) : cl_fail_nomem(err);
}

static claude_code_t hand_out_copy(cl_str bytes, claude_response_t **out, cl_err *err)
{
    char *copy = malloc(bytes.len + 1);

    if (copy) {
        memcpy(copy, bytes.ptr, bytes.len);
        copy[bytes.len] = '\0';
    }
    return hand_out(copy, bytes.len, out, err);
}

static claude_code_t hand_out_buf(cl_buf *buf, claude_response_t **out, cl_err *err)
{
    size_t len = 0;
    char *bytes = cl_buf_steal_exact(buf, &len);
    claude_code_t rc = hand_out(bytes, len, out, err);

    return rc < 0 ? rc : 1;
}

static bool take_bytes(border *b, const void *bytes, size_t len, cl_str *out)
{
    if (len == CLAUDE_NTS) {
        cl_fail(&b->err, CLAUDE_E_INVALID, "len must be a number of bytes: CLAUDE_NTS is for text");
        return false;
    }
    return border_text(b, bytes, len, "bytes", out);
}

static claude_code_t compress(cl_str bytes, const claude_config_t *config, claude_response_t **out, cl_err *err)
{
    const cl_options *options = config ? config->options : NULL;
    int32_t level = (int32_t)cl_option_int(NULL, options, CL_OPT_COMPRESSION_LEVEL);
    bool small = bytes.len < (size_t)cl_option_int(NULL, options, CL_OPT_COMPRESSION_MIN_SIZE);
    cl_buf packed = CL_BUF_INIT(0);
    int32_t rc = small || level == 0 ? 0 : cl_pack_bytes(bytes, level, &packed, err);

    if (rc == 1)
        rc = hand_out_buf(&packed, out, err);
    else if (rc == 0)
        rc = hand_out_copy(bytes, out, err);
    cl_buf_free(&packed);
    return rc;
}

claude_code_t claude_compress(const void *bytes, size_t len, const claude_config_t *config, claude_response_t **out,
                              claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_str in;

    border_enter(&b);
    if (take_bytes(&b, bytes, len, &in) && (!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) &&
        border_pointer(&b, out, "out"))
        rc = compress(in, config, out, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t decompress(cl_str bytes, size_t max_len, claude_response_t **out, cl_err *err)
{
    static const char limit[] = "max_len";
    cl_unpack *unpack = NULL;
    cl_buf plain = CL_BUF_INIT(max_len);
    claude_code_t rc;

    rc = cl_unpack_new(CLAUDE_E_INVALID, &unpack, err);
    if (rc >= 0)
        rc = cl_unpack_push(unpack, bytes, &plain, limit, err);
    if (rc >= 0)
        rc = cl_unpack_end(unpack, err);
    if (rc >= 0)
        rc = hand_out_buf(&plain, out, err);
    cl_unpack_free(unpack);
    cl_buf_free(&plain);
    return rc;
}

claude_code_t claude_decompress(const void *bytes, size_t len, size_t max_len, claude_response_t **out,
                                claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_str in;

    border_enter(&b);
    if (max_len == 0 || max_len > PTRDIFF_MAX)
        max_len = max_len == 0 ? (size_t)cl_option_int(NULL, NULL, CL_OPT_LIMIT_MESSAGE) : PTRDIFF_MAX;
    if (take_bytes(&b, bytes, len, &in) && border_pointer(&b, out, "out")) {
        if (cl_is_gzip(in))
            rc = decompress(in, max_len, out, &b.err);
        else if (in.len > max_len)
            rc = cl_fail(&b.err, CLAUDE_E_TOO_LARGE, "bytes are over %zu (max_len)", max_len);
        else
            rc = hand_out_copy(in, out, &b.err);
    }
    return border_leave(&b, rc, err);
}

int32_t claude_is_gzip(const void *bytes, size_t len)
{
    return bytes && len <= PTRDIFF_MAX && cl_is_gzip(cl_str_n(bytes, len)) ? 1 : 0;
}

static claude_code_t add_headers(claude_request_t *request, cl_err *err)
{
    claude_code_t rc = cl_request_set_option(request, "compression.enabled", "true", err);

    return rc < 0 ? rc : cl_request_set_option(request, "compression.responses", "true", err);
}

claude_code_t claude_add_compression_headers(claude_request_t *request, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request"))
        rc = add_headers(request, &b.err);
    return border_leave(&b, rc, err);
}

#endif
