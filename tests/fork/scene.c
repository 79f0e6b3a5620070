#include "scene.h"

#include <poll.h>

static void take_from_loop(struct scene *scene)
{
    const claude_event_t *event = NULL;
    uint64_t tag = 0;
    claude_code_t rc;

    while ((rc = claude_loop_next(scene->loop, &tag, &event, NULL)) > 0) {
        claude_response_t *response = NULL;
        if (tag >= LOOP_CALLS)
            break;
        if (rc == 1) {
            trace_add(&scene->traces[tag], event);
            continue;
        }
        rc = claude_call_result(scene->loop_calls[tag], &response, NULL);
        scene->ends[tag] = rc == CLAUDE_OK ? CLAUDE_DONE : rc;
        claude_response_unref(response);
    }
}

bool loop_round(struct scene *scene, int timeout_ms)
{
    struct pollfd readable = {.fd = claude_loop_fd(scene->loop), .events = POLLIN};

    if (poll(&readable, 1, timeout_ms) != 1 || claude_loop_dispatch(scene->loop, NULL) < 0)
        return false;
    take_from_loop(scene);
    return true;
}
