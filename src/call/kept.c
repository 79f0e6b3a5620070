#include <stdlib.h>

#include "call/call.h"

/* An event counts with its bytes as received; decoded, and with the place it takes, it is at most twice that and a
 * hundred bytes. */
static size_t size_of(const claude_event_t *event)
{
    return event->json.len;
}

static claude_event_t *pop(claude_call_t *call)
{
    cl_kept *kept = &call->kept;
    claude_event_t *event = kept->events[kept->first];

    kept->first = (kept->first + 1) % kept->cap;
    kept->count--;
    kept->bytes -= size_of(event);
    atomic_store_explicit(&call->buffered, kept->count, memory_order_relaxed);
    return event;
}

static bool grow(cl_kept *kept)
{
    size_t old = kept->cap ? kept->cap : 1;
    size_t cap = kept->cap ? kept->cap * 2 : 16;
    claude_event_t **events = malloc(cap * sizeof events[0]);

    if (!events)
        return false;
    for (size_t i = 0; i < kept->count; i++)
        events[i] = kept->events[(kept->first + i) % old];
    free(kept->events);
    kept->events = events;
    kept->first = 0;
    kept->cap = cap;
    return true;
}

claude_code_t cl_call_keep_event(claude_call_t *call, cl_err *err)
{
    cl_kept *kept = &call->kept;
    claude_event_t *copy = NULL;
    claude_code_t rc;

    if ((kept->cap == 0 || (kept->count == kept->cap && kept->count < kept->max_events)) && !grow(kept))
        return cl_fail_nomem(err);
    rc = cl_event_keep(&call->event, &copy, err);
    if (rc < 0)
        return rc;
    /* One event is kept in any case, however large. */
    while (kept->count > 0 && (kept->count >= kept->max_events || kept->bytes + size_of(copy) > kept->max_bytes)) {
        cl_event_unref(pop(call));
        atomic_fetch_add_explicit(&call->dropped, 1, memory_order_relaxed);
    }
    kept->events[(kept->first + kept->count) % kept->cap] = copy;
    kept->count++;
    kept->bytes += size_of(copy);
    atomic_store_explicit(&call->buffered, kept->count, memory_order_relaxed);
    return CLAUDE_OK;
}

bool cl_call_take_kept(claude_call_t *call)
{
    if (call->kept.count == 0)
        return false;
    cl_call_done_with_event(call);
    call->handed_out = pop(call);
    /* A view like any other: the program must not be able to release what it does not own. */
    call->event = *call->handed_out;
    cl_handle_init(&call->event.handle, CL_MAGIC_EVENT);
    call->event.kept = false;
    return true;
}

void cl_call_done_with_event(claude_call_t *call)
{
    cl_event_unref(call->handed_out);
    call->handed_out = NULL;
}

void cl_call_drop_kept(claude_call_t *call)
{
    cl_call_done_with_event(call);
    while (call->kept.count > 0)
        cl_event_unref(pop(call));
    free(call->kept.events);
    call->kept = (cl_kept){.max_events = call->kept.max_events, .max_bytes = call->kept.max_bytes};
}
