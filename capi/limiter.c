#include <claude/limiter.h>

#include <errno.h>

#include "border.h"
#include "client/policies.h"
#include "message/rate_limit.h"

#if CL_FEATURE_RATE_LIMITING

claude_code_t claude_limiter_new(const claude_config_t *config, claude_limiter_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) && border_pointer(&b, out, "out")) {
        cl_limiter_settings settings = cl_limiter_settings_of(config ? config->options : NULL);
        rc = cl_limiter_new(&settings, out, &b.err);
    }
    return border_leave(&b, rc, err);
}

static void unref_limiter(void *limiter)
{
    cl_limiter_unref(limiter);
}

claude_code_t claude_config_set_limiter(claude_config_t *config, claude_limiter_t *limiter, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!limiter || border_handle(&b, limiter, CL_MAGIC_LIMITER, "limiter")))
        rc = border_keep(&b, &config->limiter, cl_limiter_ref(limiter), unref_limiter);
    return border_leave(&b, rc, err);
}

static bool border_type(border *b, const char *name, int32_t *type)
{
    if (!border_pointer(b, name, "type"))
        return false;
    *type = cl_limiter_type_of(cl_str_of(name));
    if (*type < CL_LIMIT_TYPES)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID,
            "type is \"%s\"; it must be messages, count_tokens, batches, models, files or other", name);
    return false;
}

static bool border_count(border *b, int64_t count, const char *name)
{
    if (count >= 0)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more", name, (long long)count);
    return false;
}

claude_code_t claude_limiter_reserve(claude_limiter_t *limiter, const char *type, int64_t input_tokens,
                                     int64_t output_tokens, claude_reservation_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_limiter_cost cost = {0, input_tokens, output_tokens};
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, limiter, CL_MAGIC_LIMITER, "limiter") && border_type(&b, type, &cost.type) &&
        border_count(&b, input_tokens, "input_tokens") && border_count(&b, output_tokens, "output_tokens") &&
        border_pointer(&b, out, "out"))
        rc = cl_reservation_new(limiter, &cost, cl_now_ms(), out, &b.err);
    return border_leave(&b, rc, err);
}

int64_t claude_reservation_wait_ms(claude_reservation_t *reservation, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    int64_t wait = 0;

    border_enter(&b);
    if (border_handle(&b, reservation, CL_MAGIC_RESERVATION, "reservation"))
        rc = cl_reservation_wait(reservation, cl_now_ms(), &wait, &b.err);
    rc = border_leave(&b, rc, err);
    return rc < 0 ? rc : wait;
}

void claude_reservation_settle(claude_reservation_t *reservation, int64_t input_tokens, int64_t output_tokens)
{
    int saved = errno;

    if (cl_is(reservation, CL_MAGIC_RESERVATION))
        cl_reservation_settle(reservation, input_tokens, output_tokens, cl_now_ms());
    errno = saved;
}

claude_reservation_t *claude_reservation_ref(claude_reservation_t *reservation)
{
    return cl_is(reservation, CL_MAGIC_RESERVATION) ? cl_reservation_ref(reservation) : NULL;
}

void claude_reservation_unref(claude_reservation_t *reservation)
{
    int saved = errno;

    if (cl_is(reservation, CL_MAGIC_RESERVATION))
        cl_reservation_unref(reservation);
    errno = saved;
}

int64_t claude_limiter_available(claude_limiter_t *limiter, const char *type, const char *what)
{
    static const char *const names[CL_LIMIT_DIMENSIONS] = {"requests", "input_tokens", "output_tokens"};
    int saved = errno;
    int32_t kind = type ? cl_limiter_type_of(cl_str_of(type)) : CL_LIMIT_TYPES;
    int32_t dimension = 0;
    int64_t room = -1;

    while (what && dimension < CL_LIMIT_DIMENSIONS && strcmp(what, names[dimension]) != 0)
        dimension++;
    if (cl_is(limiter, CL_MAGIC_LIMITER) && what && kind < CL_LIMIT_TYPES && dimension < CL_LIMIT_DIMENSIONS)
        room = cl_limiter_available(limiter, kind, dimension, cl_now_ms());
    errno = saved;
    return room;
}

size_t claude_limiter_queued(claude_limiter_t *limiter)
{
    int saved = errno;
    size_t queued = cl_is(limiter, CL_MAGIC_LIMITER) ? cl_limiter_queued(limiter) : 0;

    errno = saved;
    return queued;
}

claude_code_t claude_limiter_learn(claude_limiter_t *limiter, const char *type, const claude_response_t *response,
                                   claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    int32_t kind;

    border_enter(&b);
    if (border_handle(&b, limiter, CL_MAGIC_LIMITER, "limiter") && border_type(&b, type, &kind) &&
        border_handle(&b, response, CL_MAGIC_RESPONSE, "response")) {
        const cl_headers *headers = cl_response_headers(response);
        cl_limit_figures figures[CL_LIMIT_DIMENSIONS];
        int64_t wall_ms = cl_wall_ms();
        cl_rate_limit_figures(headers, wall_ms, figures);
        cl_limiter_teach(limiter, kind, figures, cl_retry_after_ms(headers, wall_ms), cl_now_ms());
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

claude_limiter_t *claude_limiter_ref(claude_limiter_t *limiter)
{
    return cl_is(limiter, CL_MAGIC_LIMITER) ? cl_limiter_ref(limiter) : NULL;
}

void claude_limiter_unref(claude_limiter_t *limiter)
{
    int saved = errno;

    if (cl_is(limiter, CL_MAGIC_LIMITER))
        cl_limiter_unref(limiter);
    errno = saved;
}

#endif
