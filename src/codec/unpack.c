#include "codec/unpack.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP = 16, STEP_LEAST = 1024, STEP_MOST = 16 * 1024, USUAL_RATIO = 4, MAGIC_LEN = 3, GZIP_FIRST = 0x1f };

struct cl_unpack {
    z_stream z;
    claude_code_t bad;
    bool at_member;  /* between members, or before the first */
    bool any_member; /* one was complete */
};

bool cl_is_gzip(cl_str bytes)
{
    return bytes.len >= MAGIC_LEN && memcmp(bytes.ptr, "\x1f\x8b\x08", MAGIC_LEN) == 0;
}

claude_code_t cl_unpack_new(claude_code_t bad, cl_unpack **out, cl_err *err)
{
    cl_unpack *unpack = calloc(1, sizeof *unpack);

    if (!unpack || inflateInit2(&unpack->z, MAX_WBITS + GZIP) != Z_OK) {
        free(unpack);
        return cl_fail_nomem(err);
    }
    unpack->bad = bad;
    unpack->at_member = true;
    *out = unpack;
    return CLAUDE_OK;
}

void cl_unpack_free(cl_unpack *unpack)
{
    if (!unpack)
        return;
    inflateEnd(&unpack->z);
    free(unpack);
}

/* What zlib says is English in every locale. */
static claude_code_t failed(const cl_unpack *unpack, int why, cl_err *err)
{
    if (why == Z_MEM_ERROR)
        return cl_fail_nomem(err);
    if (unpack->any_member && unpack->at_member)
        return cl_fail(err, unpack->bad, "what follows the gzip data is no gzip");
    return cl_fail(err, unpack->bad, "the gzip data is damaged: %s",
                   unpack->z.msg ? unpack->z.msg : "it needs a dictionary");
}

/* Where the next bytes go, and how many. One byte more than the limit would be too much, but must be looked for. */
static claude_code_t make_room(cl_unpack *unpack, cl_buf *out, Bytef *beyond, cl_err *err)
{
    size_t room = out->max - out->len;
    size_t step = (size_t)unpack->z.avail_in * USUAL_RATIO;

    step = step < STEP_LEAST ? STEP_LEAST : step > STEP_MOST ? STEP_MOST : step;
    if (room < step)
        step = room;
    if (step > 0 && cl_buf_reserve(out, step) != CL_BUF_OK)
        return cl_fail_nomem(err);
    unpack->z.next_out = step > 0 ? (Bytef *)out->ptr + out->len : beyond;
    unpack->z.avail_out = step > 0 ? (uInt)step : 1;
    return CLAUDE_OK;
}

/* One round of zlib, which ends with the input, the room, or a member. */
static claude_code_t step(cl_unpack *unpack, cl_buf *out, const char *limit, cl_err *err)
{
    z_stream *z = &unpack->z;
    Bytef beyond;
    claude_code_t rc = make_room(unpack, out, &beyond, err);
    uInt room = z->avail_out;
    uInt in = z->avail_in;
    bool full = z->next_out == &beyond;
    int result;

    if (rc < 0)
        return rc;
    /* zlib would wait for the second byte of a member's head before it said so. */
    if (unpack->any_member && unpack->at_member && in > 0 && z->next_in[0] != GZIP_FIRST)
        return failed(unpack, Z_DATA_ERROR, err);
    result = inflate(z, Z_NO_FLUSH);
    if (!full) {
        out->len += room - z->avail_out;
        out->ptr[out->len] = '\0';
    } else if (z->avail_out == 0) {
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "what the gzip data holds is over %zu bytes (%s)", out->max, limit);
    }
    /* Z_BUF_ERROR: neither input nor room was left to go on with. */
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return failed(unpack, result, err);
    if (in > z->avail_in)
        unpack->at_member = false;
    if (result == Z_STREAM_END) {
        unpack->at_member = unpack->any_member = true;
        inflateReset(z);
    }
    return CLAUDE_OK;
}

claude_code_t cl_unpack_push(cl_unpack *unpack, cl_str bytes, cl_buf *out, const char *limit, cl_err *err)
{
    z_stream *z = &unpack->z;
    size_t left = bytes.len;

    z->next_in = (Bytef *)(uintptr_t)bytes.ptr;
    for (;;) {
        claude_code_t rc;
        if (z->avail_in == 0) {
            z->avail_in = (uInt)(left < STEP_MOST ? left : STEP_MOST);
            left -= z->avail_in;
        }
        /* With no input left, a full step may have left something inside. */
        if (z->avail_in == 0 && (unpack->at_member || z->avail_out > 0))
            return CLAUDE_OK;
        rc = step(unpack, out, limit, err);
        if (rc < 0)
            return rc;
    }
}

claude_code_t cl_unpack_end(const cl_unpack *unpack, cl_err *err)
{
    if (unpack->at_member && unpack->any_member)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_TRUNCATED, "the gzip data ends too early: its end is missing");
}
