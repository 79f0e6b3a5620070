#include <claude/trail.h>

#include <errno.h>

#include "auth/trail.h"
#include "border.h"

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_trail_start(size_t capacity, claude_error_t **err)
{
    border b;

    border_enter(&b);
    return border_leave(&b, cl_trail_start(capacity, &b.err), err);
}

void claude_trail_stop(void)
{
    int saved = errno;

    cl_trail_stop();
    errno = saved;
}

void claude_trail_clear(void)
{
    int saved = errno;

    cl_trail_clear();
    errno = saved;
}

claude_code_t claude_trail_read(claude_trail_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_trail_read(out, &b.err);
    return border_leave(&b, rc, err);
}

static bool check(const claude_trail_t *trail)
{
    return cl_is(trail, CL_MAGIC_TRAIL);
}

size_t claude_trail_count(const claude_trail_t *trail)
{
    return check(trail) ? cl_trail_count(trail) : 0;
}

uint64_t claude_trail_dropped(const claude_trail_t *trail)
{
    return check(trail) ? cl_trail_dropped(trail) : 0;
}

int32_t claude_trail_at(const claude_trail_t *trail, size_t index, int64_t *time_ms, const char **operation,
                        const char **fingerprint, int64_t *thread, size_t *frames)
{
    cl_trail_use use;

    if (!check(trail) || !cl_trail_at(trail, index, &use))
        return 0;
    if (time_ms)
        *time_ms = use.time_ms;
    if (operation)
        *operation = use.operation;
    if (fingerprint)
        *fingerprint = use.fingerprint;
    if (thread)
        *thread = use.thread;
    if (frames)
        *frames = use.frames;
    return 1;
}

int32_t claude_trail_frame_at(const claude_trail_t *trail, size_t index, size_t frame, const char **module,
                              uint64_t *offset)
{
    const char *name;
    uint64_t at;

    if (!check(trail) || !cl_trail_frame_at(trail, index, frame, &name, &at))
        return 0;
    if (module)
        *module = name;
    if (offset)
        *offset = at;
    return 1;
}

/* The copy is immutable for its users; its text is a cache. */
const char *claude_trail_json(const claude_trail_t *trail, size_t *len)
{
    int saved = errno;
    const char *text = check(trail) ? cl_trail_json((claude_trail_t *)(uintptr_t)trail) : NULL;

    errno = saved;
    if (!text)
        text = "";
    if (len)
        *len = strlen(text);
    return text;
}

claude_trail_t *claude_trail_ref(claude_trail_t *trail)
{
    return check(trail) ? cl_trail_ref(trail) : NULL;
}

void claude_trail_unref(claude_trail_t *trail)
{
    int saved = errno;

    if (check(trail))
        cl_trail_unref(trail);
    errno = saved;
}

#endif
