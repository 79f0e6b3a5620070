#include <claude/event.h>

#include <errno.h>

#include "border.h"
#include "message/message.h"

#if CL_FEATURE_STREAMING

/* The accessors of events are the hot path: a NULL test, no magic word, no errno. */

int32_t claude_event_type(const claude_event_t *event)
{
    return event ? event->type : CLAUDE_EVENT_NONE;
}

const char *claude_event_name(const claude_event_t *event)
{
    return event ? event->name.ptr : "";
}

int32_t claude_event_index(const claude_event_t *event)
{
    return event ? event->index : -1;
}

const char *claude_event_text(const claude_event_t *event, size_t *len)
{
    if (len)
        *len = event ? event->text.len : 0;
    return event ? event->text.ptr : NULL;
}

const char *claude_event_json(const claude_event_t *event, size_t *len)
{
    if (len)
        *len = event ? event->json.len : 0;
    return event ? event->json.ptr : "";
}

int32_t claude_event_view(const claude_event_t *event, int32_t *type, int32_t *index, const char **text, size_t *len)
{
    if (!event)
        return 0;
    if (type)
        *type = event->type;
    if (index)
        *index = event->index;
    if (text)
        *text = event->text.ptr;
    if (len)
        *len = event->text.len;
    return 1;
}

claude_code_t claude_event_keep(const claude_event_t *event, claude_event_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, event, CL_MAGIC_EVENT, "event") && border_pointer(&b, out, "out"))
        rc = cl_event_keep(event, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_event_t *claude_event_ref(claude_event_t *event)
{
    if (!cl_is(event, CL_MAGIC_EVENT) || !event->kept)
        return NULL;
    cl_handle_ref(&event->handle);
    return event;
}

void claude_event_unref(claude_event_t *event)
{
    int saved = errno;

    if (cl_is(event, CL_MAGIC_EVENT) && event->kept)
        cl_event_unref(event);
    errno = saved;
}

#endif
