#include <claude/text_buffer.h>

#include <errno.h>

#include "border.h"
#include "message/stream_types.h"

#if CL_FEATURE_STREAMING

static bool check(const claude_text_buffer_t *buffer)
{
    return cl_is(buffer, CL_MAGIC_TEXT_BUFFER);
}

static const char *lend(cl_str piece, size_t *len)
{
    if (len)
        *len = piece.len;
    return piece.ptr;
}

claude_code_t claude_text_buffer_new(size_t max_bytes, int64_t interval_ms, int32_t lines, claude_text_buffer_t **out,
                                     claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (interval_ms < 0)
        cl_fail(&b.err, CLAUDE_E_INVALID, "interval_ms is %lld; it must be 0 or more", (long long)interval_ms);
    else if (lines != 0 && lines != 1)
        cl_fail(&b.err, CLAUDE_E_INVALID, "lines is %d; it must be 0 or 1", (int)lines);
    else if (border_pointer(&b, out, "out"))
        rc = cl_text_buffer_new(max_bytes, interval_ms, lines == 1, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_text_buffer_add(claude_text_buffer_t *buffer, const char *text, size_t len, int64_t now_ms,
                                     claude_error_t **err)
{
    border b;
    cl_str bytes;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, buffer, CL_MAGIC_TEXT_BUFFER, "buffer") && border_text(&b, text, len, "text", &bytes))
        rc = cl_text_buffer_add(buffer, bytes, now_ms, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_text_buffer_take(claude_text_buffer_t *buffer, int64_t now_ms, size_t *len)
{
    return lend(check(buffer) ? cl_text_buffer_take(buffer, now_ms) : (cl_str){NULL, 0}, len);
}

const char *claude_text_buffer_flush(claude_text_buffer_t *buffer, size_t *len)
{
    return lend(check(buffer) ? cl_text_buffer_flush(buffer) : (cl_str){NULL, 0}, len);
}

int64_t claude_text_buffer_due_at(claude_text_buffer_t *buffer)
{
    return check(buffer) ? cl_text_buffer_due_at(buffer) : INT64_MAX;
}

size_t claude_text_buffer_held(const claude_text_buffer_t *buffer)
{
    return check(buffer) ? cl_text_buffer_held(buffer) : 0;
}

claude_text_buffer_t *claude_text_buffer_ref(claude_text_buffer_t *buffer)
{
    return check(buffer) ? cl_text_buffer_ref(buffer) : NULL;
}

void claude_text_buffer_unref(claude_text_buffer_t *buffer)
{
    int saved = errno;

    if (check(buffer))
        cl_text_buffer_unref(buffer);
    errno = saved;
}

#endif
