/* quota_reservation.c - a reservation of a quota that is an object. */
#include <stdlib.h>

#include "client/policies.h"

struct claude_quota_reservation {
    cl_handle handle;
    claude_quota_t *quota;
    int64_t input_tokens;
    int64_t output_tokens;
    cl_quota_ticket ticket; /* under the quota's lock */
    char model[CL_QUOTA_NAME_MAX + 1];
};

claude_code_t cl_quota_reservation_new(claude_quota_t *quota, cl_str model, int64_t input_tokens, int64_t output_tokens,
                                       claude_quota_reservation_t **out, cl_err *err)
{
    cl_quota_need need = cl_quota_need_of(cl_quota_models(quota, NULL), model, input_tokens, output_tokens);
    claude_quota_reservation_t *reservation = NULL;
    claude_code_t rc = cl_quota_check_model(model, err);

    if (rc < 0)
        return rc;
    reservation = calloc(1, sizeof *reservation);
    if (!reservation)
        return cl_fail_nomem(err);
    cl_handle_init(&reservation->handle, CL_MAGIC_QUOTA_RESERVATION);
    reservation->input_tokens = input_tokens;
    reservation->output_tokens = output_tokens;
    memcpy(reservation->model, model.ptr ? model.ptr : "", model.len);
    rc = cl_quota_reserve(quota, model, &need, cl_wall_ms(), &reservation->ticket, err);
    if (rc < 0) {
        free(reservation);
        return rc;
    }
    reservation->quota = cl_quota_ref(quota);
    *out = reservation;
    return CLAUDE_OK;
}

claude_quota_reservation_t *cl_quota_reservation_ref(claude_quota_reservation_t *reservation)
{
    cl_handle_ref(&reservation->handle);
    return reservation;
}

void cl_quota_reservation_unref(claude_quota_reservation_t *reservation)
{
    if (!reservation || !cl_handle_unref(&reservation->handle))
        return;
    cl_quota_reservation_settle(reservation, -1, -1);
    cl_quota_unref(reservation->quota);
    free(reservation);
}

void cl_quota_reservation_settle(claude_quota_reservation_t *reservation, int64_t input_tokens, int64_t output_tokens)
{
    claude_quota_t *quota = reservation->quota;
    bool estimated = input_tokens < 0 || output_tokens < 0;
    cl_quota_use used = cl_quota_use_of_tokens(cl_quota_models(quota, NULL), cl_str_of(reservation->model),
                                               input_tokens < 0 ? reservation->input_tokens : input_tokens,
                                               output_tokens < 0 ? reservation->output_tokens : output_tokens);

    used.count[CL_USED_ESTIMATED] = estimated;
    cl_quota_settle(quota, &reservation->ticket, &used, cl_wall_ms());
}

claude_code_t cl_quota_reservation_settle_json(claude_quota_reservation_t *reservation, cl_json message, uint32_t flags,
                                               cl_err *err)
{
    cl_str model = cl_str_of(reservation->model);
    cl_quota_use used;

    if (!cl_quota_use_of_json(cl_quota_models(reservation->quota, NULL), model, message, flags, &used))
        return cl_quota_fail_no_usage(err);
    cl_quota_settle(reservation->quota, &reservation->ticket, &used, cl_wall_ms());
    return CLAUDE_OK;
}

void cl_quota_reservation_release(claude_quota_reservation_t *reservation)
{
    cl_quota_settle(reservation->quota, &reservation->ticket, NULL, cl_wall_ms());
}
