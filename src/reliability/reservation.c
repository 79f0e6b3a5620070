#include <stdlib.h>

#include "reliability/limiter.h"

/* The limiter's lock covers the turn; once it is over, it stays so. */
struct claude_reservation {
    cl_handle handle;
    claude_limiter_t *limiter;
    cl_turn turn;
    int64_t latest;
    _Atomic claude_code_t over; /* CLAUDE_OK: not yet */
};

static int64_t later_by(int64_t now, int64_t ms)
{
    if (ms <= 0)
        return now;
    return now > INT64_MAX - ms ? INT64_MAX : now + ms;
}

claude_code_t cl_reservation_new(claude_limiter_t *limiter, const cl_limiter_cost *cost, int64_t now,
                                 claude_reservation_t **out, cl_err *err)
{
    claude_reservation_t *reservation = calloc(1, sizeof *reservation);
    claude_code_t rc;
    int64_t due_at;

    if (!reservation)
        return cl_fail_nomem(err);
    reservation->turn.cost = *cost;
    reservation->latest = later_by(now, cl_limiter_max_wait_ms(limiter));
    rc = cl_limiter_ask(limiter, &reservation->turn, now, reservation->latest, &due_at, err);
    if (rc < 0) {
        free(reservation);
        return rc;
    }
    cl_handle_init(&reservation->handle, CL_MAGIC_RESERVATION);
    atomic_init(&reservation->over, CLAUDE_OK);
    reservation->limiter = cl_limiter_ref(limiter);
    *out = reservation;
    return CLAUDE_OK;
}

claude_code_t cl_reservation_wait(claude_reservation_t *reservation, int64_t now, int64_t *wait_ms, cl_err *err)
{
    claude_code_t rc = atomic_load(&reservation->over);
    int64_t due_at = now;

    if (rc == CLAUDE_E_STATE)
        return cl_fail(err, rc, "the reservation was settled: reserve again");
    if (rc < 0)
        return cl_fail(err, rc, "the reservation was refused before: reserve again");
    rc = cl_limiter_ask(reservation->limiter, &reservation->turn, now, reservation->latest, &due_at, err);
    if (rc < 0)
        atomic_store(&reservation->over, rc);
    else
        *wait_ms = rc > 0 ? 0 : due_at - now;
    return rc < 0 ? rc : CLAUDE_OK;
}

void cl_reservation_settle(claude_reservation_t *reservation, int64_t input_tokens, int64_t output_tokens, int64_t now)
{
    atomic_store(&reservation->over, CLAUDE_E_STATE);
    cl_limiter_settle(reservation->limiter, &reservation->turn, input_tokens, output_tokens, now);
}

claude_reservation_t *cl_reservation_ref(claude_reservation_t *reservation)
{
    if (reservation)
        cl_handle_ref(&reservation->handle);
    return reservation;
}

void cl_reservation_unref(claude_reservation_t *reservation)
{
    if (!reservation || !cl_handle_unref(&reservation->handle))
        return;
    cl_limiter_settle(reservation->limiter, &reservation->turn, -1, -1, cl_now_ms());
    cl_limiter_unref(reservation->limiter);
    free(reservation);
}
