#include <claude/partial.h>

#include <errno.h>

#include "border.h"
#include "message/stream_types.h"

#if CL_FEATURE_STREAMING

static bool check(const claude_partial_t *partial)
{
    return cl_is(partial, CL_MAGIC_PARTIAL);
}

claude_code_t claude_partial_new(int32_t index, claude_partial_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (index < -1)
        cl_fail(&b.err, CLAUDE_E_INVALID, "index is %d; it must be a block's number, or -1", (int)index);
    else if (border_pointer(&b, out, "out"))
        rc = cl_partial_new(index, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_partial_add(claude_partial_t *partial, const char *text, size_t len, claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, partial, CL_MAGIC_PARTIAL, "partial") && border_text(&b, text, len, "text", &json))
        rc = cl_partial_add(partial, json, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_partial_add_event(claude_partial_t *partial, const claude_event_t *event, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, partial, CL_MAGIC_PARTIAL, "partial") && border_handle(&b, event, CL_MAGIC_EVENT, "event"))
        rc = cl_partial_add_event(partial, event, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_partial_json(claude_partial_t *partial, size_t *len)
{
    cl_str json = check(partial) ? cl_partial_json(partial) : CL_STR("");

    if (len)
        *len = json.len;
    return json.ptr;
}

int32_t claude_partial_is_complete(const claude_partial_t *partial)
{
    return check(partial) && cl_partial_is_complete(partial);
}

int64_t claude_partial_error_at(const claude_partial_t *partial)
{
    return check(partial) && partial->reason ? (int64_t)partial->bad : -1;
}

claude_partial_t *claude_partial_ref(claude_partial_t *partial)
{
    return check(partial) ? cl_partial_ref(partial) : NULL;
}

void claude_partial_unref(claude_partial_t *partial)
{
    int saved = errno;

    if (check(partial))
        cl_partial_unref(partial);
    errno = saved;
}

#endif
