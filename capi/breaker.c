#include <claude/breaker.h>

#include <errno.h>

#include "border.h"
#include "client/policies.h"
#include "config/config.h"
#include "reliability/breaker.h"

#if CL_FEATURE_CIRCUIT_BREAKER

static bool check(const claude_breaker_t *breaker)
{
    return cl_is(breaker, CL_MAGIC_BREAKER);
}

claude_code_t claude_breaker_new(const claude_config_t *config, claude_breaker_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) && border_pointer(&b, out, "out")) {
        cl_breaker_settings settings = cl_breaker_settings_of(config ? config->options : NULL);
        rc = cl_breaker_new(&settings, out, &b.err);
    }
    return border_leave(&b, rc, err);
}

static claude_code_t allow(claude_breaker_t *breaker, uint64_t *permit, cl_err *err)
{
    int64_t left = 0;
    uint64_t given = cl_breaker_allow(breaker, cl_now_ms(), &left);

    if (given == 0) {
        cl_fail(err, CLAUDE_E_CIRCUIT_OPEN,
                "the circuit breaker lets nothing through now: ask again in %lld ms, or close it", (long long)left);
        err->feature = "circuit-breaker";
        err->retry_after_ms = left;
        return CLAUDE_E_CIRCUIT_OPEN;
    }
    *permit = given;
    return CLAUDE_OK;
}

claude_code_t claude_breaker_allow(claude_breaker_t *breaker, uint64_t *permit, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, breaker, CL_MAGIC_BREAKER, "breaker") && border_pointer(&b, permit, "permit"))
        rc = allow(breaker, permit, &b.err);
    return border_leave(&b, rc, err);
}

void claude_breaker_record(claude_breaker_t *breaker, uint64_t permit, int32_t what)
{
    int saved = errno;

    /* Only a failure can open it, which takes chance. */
    if (check(breaker))
        cl_breaker_record(breaker, permit, what, cl_now_ms(), what == CL_BREAKER_FAILURE ? cl_clock_now->random() : 0);
    errno = saved;
}

int32_t claude_breaker_state(claude_breaker_t *breaker)
{
    int saved = errno;
    int32_t state = check(breaker) ? cl_breaker_state(breaker, cl_now_ms()) : 0;

    errno = saved;
    return state;
}

int64_t claude_breaker_retry_after_ms(claude_breaker_t *breaker)
{
    int saved = errno;
    int64_t left = check(breaker) ? cl_breaker_left_ms(breaker, cl_now_ms()) : -1;

    errno = saved;
    return left;
}

static int64_t find_counter(const cl_breaker_counters *counters, cl_str name)
{
    const struct {
        const char *name;
        int64_t value;
    } all[] = {
        {"successes", counters->successes},
        {"failures", counters->failures},
        {"neutral", counters->neutral},
        {"refused", counters->refused},
        {"opened", counters->opened},
        {"probes", counters->probes},
        {"failures_in_a_row", counters->failures_in_a_row},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (cl_str_eq(name, cl_str_of(all[i].name)))
            return all[i].value;
    }
    return -1;
}

int64_t claude_breaker_counter(claude_breaker_t *breaker, const char *name)
{
    int saved = errno;
    cl_breaker_counters counters;
    int64_t found = -1;

    if (check(breaker) && name) {
        cl_breaker_counters_of(breaker, &counters);
        found = find_counter(&counters, cl_str_of(name));
    }
    errno = saved;
    return found;
}

void claude_breaker_open(claude_breaker_t *breaker, int64_t ms)
{
    int saved = errno;

    if (check(breaker))
        cl_breaker_force_open(breaker, ms, cl_now_ms());
    errno = saved;
}

void claude_breaker_close(claude_breaker_t *breaker)
{
    int saved = errno;

    if (check(breaker))
        cl_breaker_force_closed(breaker);
    errno = saved;
}

static void unref_breaker(void *breaker)
{
    cl_breaker_unref(breaker);
}

claude_code_t claude_config_set_breaker(claude_config_t *config, claude_breaker_t *breaker, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!breaker || border_handle(&b, breaker, CL_MAGIC_BREAKER, "breaker")))
        rc = border_keep(&b, &config->breaker, cl_breaker_ref(breaker), unref_breaker);
    return border_leave(&b, rc, err);
}

claude_breaker_t *claude_breaker_ref(claude_breaker_t *breaker)
{
    return check(breaker) ? cl_breaker_ref(breaker) : NULL;
}

void claude_breaker_unref(claude_breaker_t *breaker)
{
    int saved = errno;

    if (check(breaker))
        cl_breaker_unref(breaker);
    errno = saved;
}

#endif
