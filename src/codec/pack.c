#include "codec/pack.h"

#include <stdlib.h>
#include <zlib.h>

/* Blocks of a fixed size: what deflate makes may depend on how much it is given and has room for. */
enum { IN_BLOCK = 32 * 1024, OUT_BLOCK = 16 * 1024, GZIP = 16, MEMORY = 8, WINDOW_LEAST = 9 };

/* What is needed while there is something to do. */
typedef struct work {
    z_stream z;
    cl_body_reader reader;
    size_t taken; /* of the body */
    int flush;
    size_t mark; /* how much the first CL_PACK_AHEAD bytes of the body have become; 0: not known yet */
    bool finished;
    size_t out_at;
    size_t out_len;
    char in[IN_BLOCK];
    char out[OUT_BLOCK];
} work;

struct cl_pack {
    cl_body body;
    int32_t level;
    bool over;    /* all was read */
    work *work;   /* NULL: nothing was read yet, or all */
    cl_buf ahead; /* made before somebody asked, and where that was read to */
    size_t ahead_at;
};

claude_code_t cl_pack_new(const cl_body *body, int32_t level, cl_pack **out, cl_err *err)
{
    cl_pack *pack = calloc(1, sizeof *pack);

    if (!pack)
        return cl_fail_nomem(err);
    pack->body = cl_body_copy(body);
    pack->level = level;
    pack->ahead = CL_BUF_INIT(0);
    *out = pack;
    return CLAUDE_OK;
}

static void stop_work(cl_pack *pack)
{
    if (!pack->work)
        return;
    deflateEnd(&pack->work->z);
    cl_body_reader_free(&pack->work->reader);
    free(pack->work);
    pack->work = NULL;
}

void cl_pack_rewind(cl_pack *pack)
{
    stop_work(pack);
    cl_buf_free(&pack->ahead);
    pack->ahead_at = 0;
    pack->over = false;
}

void cl_pack_free(cl_pack *pack)
{
    if (!pack)
        return;
    cl_pack_rewind(pack);
    cl_body_free(&pack->body);
    free(pack);
}

claude_code_t cl_pack_again(const cl_pack *pack, cl_pack **out, cl_err *err)
{
    return cl_pack_new(&pack->body, pack->level, out, err);
}

/* A small body needs no large window. */
static int window_of(size_t len)
{
    int bits = WINDOW_LEAST;

    while (bits < MAX_WBITS && ((size_t)1 << bits) < len)
        bits++;
    return bits;
}

static claude_code_t start_work(cl_pack *pack, cl_err *err)
{
    work *w = malloc(sizeof *w);

    if (!w)
        return cl_fail_nomem(err);
    w->z = (z_stream){.zalloc = Z_NULL};
    if (deflateInit2(&w->z, pack->level, Z_DEFLATED, window_of(pack->body.len) + GZIP, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        free(w);
        return cl_fail_nomem(err);
    }
    w->reader = CL_BODY_READER_INIT;
    w->taken = w->mark = w->out_at = w->out_len = 0;
    w->flush = Z_NO_FLUSH;
    w->finished = false;
    pack->work = w;
    return CLAUDE_OK;
}

/* The next block of the body. After as much as the judgement is made by, all of it is written out. */
static claude_code_t feed(cl_pack *pack, cl_err *err)
{
    work *w = pack->work;
    size_t got = 0;
    claude_code_t rc;

    if (w->taken == CL_PACK_AHEAD && w->mark == 0 && pack->body.len > CL_PACK_AHEAD) {
        w->flush = Z_SYNC_FLUSH;
        return CLAUDE_OK;
    }
    rc = cl_body_reader_read(&w->reader, &pack->body, w->in, IN_BLOCK, &got, err);
    if (rc < 0)
        return rc;
    w->taken += got;
    w->z.next_in = (Bytef *)w->in;
    w->z.avail_in = (uInt)got;
    w->flush = got == 0 ? Z_FINISH : Z_NO_FLUSH;
    return CLAUDE_OK;
}

/* Fills the block of what was made; it stays empty at the end alone. */
static claude_code_t make_block(cl_pack *pack, cl_err *err)
{
    work *w = pack->work;

    w->z.next_out = (Bytef *)w->out;
    w->z.avail_out = OUT_BLOCK;
    while (w->z.avail_out > 0 && !w->finished) {
        claude_code_t rc = w->z.avail_in == 0 && w->flush == Z_NO_FLUSH ? feed(pack, err) : CLAUDE_OK;
        if (rc < 0)
            return rc;
        w->finished = deflate(&w->z, w->flush) == Z_STREAM_END;
        if (w->flush == Z_SYNC_FLUSH && w->z.avail_out > 0) {
            w->mark = w->z.total_out;
            w->flush = Z_NO_FLUSH;
        }
    }
    w->out_at = 0;
    w->out_len = OUT_BLOCK - w->z.avail_out;
    return CLAUDE_OK;
}

/* Bytes that were made and not read, lent; none at the end. */
static claude_code_t look(cl_pack *pack, cl_str *bytes, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    *bytes = cl_str_n("", 0);
    if (pack->ahead_at < pack->ahead.len) {
        *bytes = cl_str_n(pack->ahead.ptr + pack->ahead_at, pack->ahead.len - pack->ahead_at);
        return CLAUDE_OK;
    }
    if (pack->over)
        return CLAUDE_OK;
    if (!pack->work)
        rc = start_work(pack, err);
    if (rc >= 0 && pack->work->out_at == pack->work->out_len && !pack->work->finished)
        rc = make_block(pack, err);
    if (rc < 0)
        return rc;
    *bytes = cl_str_n(pack->work->out + pack->work->out_at, pack->work->out_len - pack->work->out_at);
    return CLAUDE_OK;
}

static void took(cl_pack *pack, size_t len)
{
    if (pack->ahead_at < pack->ahead.len) {
        pack->ahead_at += len;
        if (pack->ahead_at == pack->ahead.len) {
            cl_buf_free(&pack->ahead);
            pack->ahead_at = 0;
        }
    } else {
        pack->work->out_at += len;
    }
    /* Most of the time of a call is spent waiting for the answer. */
    if (pack->work && pack->work->finished && pack->work->out_at == pack->work->out_len) {
        stop_work(pack);
        pack->over = true;
    }
}

claude_code_t cl_pack_read(cl_pack *pack, char *out, size_t size, size_t *got, cl_err *err)
{
    size_t done = 0;

    while (done < size) {
        cl_str bytes;
        claude_code_t rc = look(pack, &bytes, err);
        size_t n = bytes.len < size - done ? bytes.len : size - done;
        if (rc < 0)
            return rc;
        if (n == 0)
            break;
        memcpy(out + done, bytes.ptr, n);
        took(pack, n);
        done += n;
    }
    *got = done;
    return CLAUDE_OK;
}

/* 1: all is in the buffer; 0: it is full, or the beginning can be judged; negative: an error. */
static int32_t read_into(cl_pack *pack, bool to_judge, cl_buf *out, cl_err *err)
{
    for (;;) {
        cl_str bytes;
        claude_code_t rc;
        if (to_judge && pack->work && pack->work->mark > 0)
            return 0;
        rc = look(pack, &bytes, err);
        if (rc < 0)
            return rc;
        if (bytes.len == 0)
            return 1;
        if (bytes.len > out->max - out->len)
            return 0;
        if (cl_buf_append_str(out, bytes) != CL_BUF_OK)
            return cl_fail_nomem(err);
        took(pack, bytes.len);
    }
}

/* All of it, in a blob that is no larger. */
static int32_t keep_whole(cl_buf *made, const cl_body *body, cl_body *packed, cl_err *err)
{
    cl_blob *blob;

    if (made->len >= body->len)
        return 0;
    blob = cl_blob_new(cl_buf_str(made));
    if (!blob)
        return cl_fail_nomem(err);
    *packed = cl_body_of(blob);
    return 1;
}

int32_t cl_pack_body(const cl_body *body, int32_t level, cl_body *packed, cl_pack **pack, cl_err *err)
{
    cl_pack *making = NULL;
    cl_buf made = CL_BUF_INIT(CL_PACK_AHEAD + OUT_BLOCK);
    int32_t rc = cl_pack_new(body, level, &making, err);

    if (rc < 0)
        return rc;
    rc = read_into(making, true, &made, err);
    if (rc == 1) {
        rc = keep_whole(&made, body, packed, err);
    } else if (rc == 0 && making->work->mark > 0 && making->work->mark < CL_PACK_AHEAD) {
        making->ahead = made;
        made = CL_BUF_INIT(0);
        *pack = making;
        making = NULL;
        *packed = (cl_body){.blob = NULL};
        rc = 1;
    }
    cl_buf_free(&made);
    cl_pack_free(making);
    return rc;
}

int32_t cl_pack_bytes(cl_str bytes, int32_t level, cl_buf *out, cl_err *err)
{
    const cl_body body = {.parts = {bytes}, .count = 1, .len = bytes.len};
    cl_pack *pack = NULL;
    int32_t rc;

    if (bytes.len == 0)
        return 0;
    rc = cl_pack_new(&body, level, &pack, err);
    if (rc < 0)
        return rc;
    *out = CL_BUF_INIT(bytes.len - 1);
    rc = read_into(pack, false, out, err);
    if (rc != 1)
        cl_buf_free(out);
    cl_pack_free(pack);
    return rc;
}
