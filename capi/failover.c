#include <claude/failover.h>

#include <errno.h>

#include "border.h"
#include "client/policies.h"

const char *claude_health_state_name(int32_t state)
{
    return cl_state_name(state);
}

#if CL_FEATURE_FAILOVER

claude_code_t claude_failover_new(const claude_config_t *config, claude_failover_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_failover_settings settings;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) && border_pointer(&b, out, "out")) {
        settings = cl_failover_settings_of(config ? config->options : NULL);
        rc = cl_failover_new(&settings, out, &b.err);
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_failover_add_endpoint(claude_failover_t *failover, const char *base_url, int32_t priority,
                                           claude_secret_t *secret, size_t *index, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, failover, CL_MAGIC_FAILOVER, "failover") && border_pointer(&b, base_url, "base_url") &&
        (!secret || border_handle(&b, secret, CL_MAGIC_SECRET, "secret")))
        rc = cl_failover_add(failover, cl_str_of(base_url), priority, secret, index, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_failover_map_model(claude_failover_t *failover, size_t index, const char *model, const char *other,
                                        claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, failover, CL_MAGIC_FAILOVER, "failover") && border_pointer(&b, model, "model") &&
        border_pointer(&b, other, "other"))
        rc = cl_failover_map_model(failover, index, cl_str_of(model), cl_str_of(other), &b.err);
    return border_leave(&b, rc, err);
}

size_t claude_failover_count(const claude_failover_t *failover)
{
    return cl_is(failover, CL_MAGIC_FAILOVER) ? cl_failover_count(failover) : 0;
}

const char *claude_failover_url(const claude_failover_t *failover, size_t index)
{
    return cl_is(failover, CL_MAGIC_FAILOVER) ? cl_failover_url(failover, index) : NULL;
}

int32_t claude_failover_priority(const claude_failover_t *failover, size_t index)
{
    return cl_is(failover, CL_MAGIC_FAILOVER) ? cl_failover_priority(failover, index) : 0;
}

int32_t claude_failover_state(claude_failover_t *failover, size_t index)
{
    return cl_is(failover, CL_MAGIC_FAILOVER) ? cl_failover_state(failover, index, cl_now_ms()) : 0;
}

claude_code_t claude_failover_set_state(claude_failover_t *failover, size_t index, int32_t state, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (!border_handle(&b, failover, CL_MAGIC_FAILOVER, "failover"))
        goto out;
    if (index >= cl_failover_count(failover)) {
        cl_fail(&b.err, CLAUDE_E_INVALID, "index is %zu; the failover has %zu endpoints", index,
                cl_failover_count(failover));
    } else if (cl_state_name(state)[0] == '\0') {
        cl_fail(&b.err, CLAUDE_E_INVALID, "state is %d; CLAUDE_HEALTH_* are allowed", (int)state);
    } else {
        cl_failover_set_state(failover, index, state, cl_now_ms());
        rc = CLAUDE_OK;
    }
out:
    return border_leave(&b, rc, err);
}

static claude_code_t select_endpoint(border *b, claude_failover_t *failover, uint64_t tried, size_t *index)
{
    if (cl_failover_select(failover, tried, cl_now_ms(), cl_clock_now->random(), index))
        return CLAUDE_OK;
    if (cl_failover_count(failover) == 0)
        cl_fail(&b->err, CLAUDE_E_STATE,
                "the failover has no endpoints; add them with claude_failover_add_endpoint() before one is selected");
    else
        cl_fail(&b->err, CLAUDE_E_STATE, "all %zu endpoints of the failover have been tried",
                cl_failover_count(failover));
    b->err.feature = "failover";
    return CLAUDE_E_STATE;
}

claude_code_t claude_failover_select_endpoint(claude_failover_t *failover, uint64_t tried, size_t *index,
                                              claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, failover, CL_MAGIC_FAILOVER, "failover") && border_pointer(&b, index, "index"))
        rc = select_endpoint(&b, failover, tried, index);
    return border_leave(&b, rc, err);
}

void claude_failover_record(claude_failover_t *failover, size_t index, int32_t ok)
{
    if (cl_is(failover, CL_MAGIC_FAILOVER))
        cl_failover_record(failover, index, ok != 0, cl_now_ms());
}

static void unref(void *failover)
{
    cl_failover_unref(failover);
}

claude_code_t claude_config_set_failover(claude_config_t *config, claude_failover_t *failover, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!failover || border_handle(&b, failover, CL_MAGIC_FAILOVER, "failover")))
        rc = border_keep(&b, &config->failover, cl_failover_ref(failover), unref);
    return border_leave(&b, rc, err);
}

claude_failover_t *claude_failover_ref(claude_failover_t *failover)
{
    return cl_is(failover, CL_MAGIC_FAILOVER) ? cl_failover_ref(failover) : NULL;
}

void claude_failover_unref(claude_failover_t *failover)
{
    int saved = errno;

    if (cl_is(failover, CL_MAGIC_FAILOVER))
        cl_failover_unref(failover);
    errno = saved;
}

#endif
