#include "reliability/limiter_gate.h"

/*
 * What was granted in a slot counts until the window, however it lies, can have nothing of that slot together with what
 * is granted now: grants that count no more are at least length_ms + 1 before.
 */
void cl_window_init(cl_window *window, int64_t most, int64_t length_ms)
{
    memset(window, 0, sizeof *window);
    window->limit = most;
    window->slot_ms = (length_ms + CL_GATE_SLOTS - 1) / CL_GATE_SLOTS;
    window->span = (length_ms + window->slot_ms - 1) / window->slot_ms;
}

static int64_t *count_of(cl_window *window, int64_t slot)
{
    return &window->counts[slot % (window->span + 1)];
}

void cl_window_advance(cl_window *window, int64_t now)
{
    int64_t slot = now / window->slot_ms;

    if (slot - window->slot > window->span)
        memset(window->counts, 0, sizeof window->counts);
    else
        for (int64_t i = window->slot + 1; i <= slot; i++)
            *count_of(window, i) = 0;
    window->slot = slot;
}

int64_t cl_window_used(const cl_window *window)
{
    int64_t used = 0;

    for (int64_t i = 0; i <= window->span; i++)
        used = cl_gate_add(used, window->counts[i]);
    return used;
}

int64_t cl_window_wait(const cl_window *window, int64_t need, int64_t now)
{
    int64_t rounds = need > 0 ? (need - 1) / window->limit : 0;
    int64_t rest = need - rounds * window->limit;
    int64_t room = cl_gate_sub(window->limit, cl_window_used(window));
    int64_t slot = window->slot;

    /* From the oldest slot, which is the one that the next will replace. What goes in a slot leaves with it. */
    for (int64_t i = 1; rest > room && i <= window->span + 1; i++) {
        slot = window->slot + i;
        room = cl_gate_add(room, window->counts[slot % (window->span + 1)]);
    }
    slot = cl_gate_add(slot, cl_gate_mul(rounds, window->span + 1));
    return slot > window->slot ? cl_gate_sub(cl_gate_mul(slot, window->slot_ms), now) : 0;
}

void cl_window_take(cl_window *window, int64_t n)
{
    int64_t *count = count_of(window, window->slot);

    *count = cl_gate_add(*count, n);
}

void cl_window_give(cl_window *window, int64_t n, int64_t granted_at)
{
    int64_t slot = granted_at / window->slot_ms;
    int64_t *count = count_of(window, slot);

    if (window->slot - slot <= window->span)
        *count -= n < *count ? n : *count;
}
