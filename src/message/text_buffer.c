/*
 * text_buffer.c - text of a stream, handed on in pieces that suit whoever shows it. Pieces are lent in their place: the
 * byte behind one is kept aside while a NUL stands there. Each byte is searched and moved a bounded number of times.
 */
#include "message/stream_types.h"

#include <stdlib.h>

struct claude_text_buffer {
    cl_handle handle;
    size_t max_bytes;    /* of a piece; 0: no rule */
    int64_t interval_ms; /* longest that text is held; 0: no rule */
    bool lines;
    cl_buf text;
    size_t start;    /* of what is held */
    size_t searched; /* up to here there is no line end */
    size_t newest;   /* where the text that was added last begins */
    int64_t since;   /* when the oldest held byte came, or later than that no text came */
    int64_t newest_ms;
    bool lent; /* `hidden` belongs at `start` */
    char hidden;
};

claude_code_t cl_text_buffer_new(size_t max_bytes, int64_t interval_ms, bool lines, claude_text_buffer_t **out,
                                 cl_err *err)
{
    claude_text_buffer_t *b = calloc(1, sizeof *b);

    if (!b)
        return cl_fail_nomem(err);
    cl_handle_init(&b->handle, CL_MAGIC_TEXT_BUFFER);
    b->max_bytes = max_bytes;
    b->interval_ms = interval_ms;
    b->lines = lines;
    b->text = CL_BUF_INIT(2 * (size_t)CL_TEXT_BUFFER_MAX);
    *out = b;
    return CLAUDE_OK;
}

claude_text_buffer_t *cl_text_buffer_ref(claude_text_buffer_t *b)
{
    cl_handle_ref(&b->handle);
    return b;
}

void cl_text_buffer_unref(claude_text_buffer_t *b)
{
    if (!b || !cl_handle_unref(&b->handle))
        return;
    cl_buf_free(&b->text);
    free(b);
}

size_t cl_text_buffer_held(const claude_text_buffer_t *b)
{
    return b->text.len - b->start;
}

/* ---- what is due ---- */

/* Bytes that the character with this first byte has. */
static size_t length_of(char first)
{
    unsigned char c = (unsigned char)first;

    return c < 0xc0 || c > 0xf7 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The most of the first n bytes that does not end inside a character. What is no UTF-8 is cut anywhere. */
static size_t whole_characters(const char *text, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        size_t length = length_of(text[n - back]);
        if ((unsigned char)text[n - back] < 0x80)
            return n;
        if (length > 1)
            return length > back ? n - back : n;
    }
    return n;
}

/* The first held byte; it is hidden while a piece is lent. */
static const char *held_text(claude_text_buffer_t *b)
{
    if (b->lent)
        b->text.ptr[b->start] = b->hidden;
    b->lent = false;
    return b->text.ptr ? b->text.ptr + b->start : "";
}

/* A piece of at most `n` bytes, but no less than one character; 0 if even that is not whole yet. */
static size_t piece_of(claude_text_buffer_t *b, size_t n)
{
    const char *text = held_text(b);
    size_t held = cl_text_buffer_held(b);
    size_t whole = whole_characters(text, n);

    if (whole > 0 || held == 0)
        return whole;
    n = length_of(text[0]);
    return n <= held ? n : 0;
}

/* The bytes that are due by size or because a line has ended. */
static size_t due_now(claude_text_buffer_t *b)
{
    const char *text = held_text(b);
    size_t held = cl_text_buffer_held(b);
    bool full = b->max_bytes > 0 && held >= b->max_bytes;
    size_t n = full ? piece_of(b, b->max_bytes) : 0;

    if (b->lines && held > 0) {
        size_t from = b->searched > b->start ? b->searched - b->start : 0;
        size_t to = full ? b->max_bytes : held;
        const char *end = to > from ? memchr(text + from, '\n', to - from) : NULL;
        if (end)
            return (size_t)(end - text) + 1;
        b->searched = b->start + (to > from ? to : from);
    }
    return n;
}

/* The bytes that would be due if enough time had passed. */
static size_t due_in_time(claude_text_buffer_t *b)
{
    size_t held = cl_text_buffer_held(b);

    if (b->interval_ms <= 0)
        return 0;
    return piece_of(b, b->max_bytes > 0 && held > b->max_bytes ? b->max_bytes : held);
}

int64_t cl_text_buffer_due_at(claude_text_buffer_t *b)
{
    if (due_now(b) > 0)
        return b->since;
    if (due_in_time(b) == 0)
        return INT64_MAX;
    return b->since > INT64_MAX - b->interval_ms ? INT64_MAX : b->since + b->interval_ms;
}

/* ---- in and out ---- */

claude_code_t cl_text_buffer_add(claude_text_buffer_t *b, cl_str text, int64_t now_ms, cl_err *err)
{
    int rc;

    (void)held_text(b);
    if (text.len > CL_TEXT_BUFFER_MAX - cl_text_buffer_held(b))
        return cl_fail(err, CLAUDE_E_TOO_LARGE, "the text buffer would hold more than %d bytes; take pieces from it",
                       CL_TEXT_BUFFER_MAX);
    /* Moved only when at least as much has gone as stays. */
    if (b->start > 0 && b->start >= b->text.len / 2) {
        cl_buf_drop(&b->text, b->start);
        b->searched = b->searched > b->start ? b->searched - b->start : 0;
        b->start = 0;
    }
    rc = cl_buf_append_str(&b->text, text);
    if (rc != CL_BUF_OK)
        return cl_fail_nomem(err);
    b->newest = b->text.len - text.len;
    b->newest_ms = now_ms;
    if (b->newest == b->start)
        b->since = now_ms;
    return CLAUDE_OK;
}

static cl_str lend(claude_text_buffer_t *b, size_t n)
{
    const char *piece = held_text(b);

    if (n == 0)
        return (cl_str){NULL, 0};
    b->start += n;
    b->hidden = b->text.ptr[b->start];
    b->text.ptr[b->start] = '\0';
    b->lent = true;
    if (b->start >= b->newest)
        b->since = b->newest_ms;
    return cl_str_n(piece, n);
}

cl_str cl_text_buffer_take(claude_text_buffer_t *b, int64_t now_ms)
{
    size_t n = due_now(b);

    /* Unsigned, so that no two times are too far apart. */
    if (n == 0 && now_ms >= b->since && (uint64_t)now_ms - (uint64_t)b->since >= (uint64_t)b->interval_ms)
        n = due_in_time(b);
    return lend(b, n);
}

cl_str cl_text_buffer_flush(claude_text_buffer_t *b)
{
    return lend(b, cl_text_buffer_held(b));
}
