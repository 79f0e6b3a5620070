#include "reliability/retry.h"

#include "reliability/waits.h"

/* A tenth, in thousandths. */
enum { SPREAD = 100 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The policy's own wait: initial_delay_ms * multiplier^retries, not more than max_delay_ms, the share of chance off. */
static int64_t backoff_ms(const cl_retry_policy *policy, int32_t retries, uint64_t random)
{
    int64_t most = cl_wait_us(policy->max_delay_ms);
    int64_t wait = smaller(cl_wait_us(policy->initial_delay_ms), most);

    for (int32_t i = 0; i < retries && wait < most; i++) {
        int64_t longer = cl_wait_grow(wait, policy->multiplier, most);
        if (longer == wait)
            break;
        wait = longer;
    }
    return cl_wait_jitter(cl_wait_ms(wait), policy->jitter, random);
}

/*
 * What is added to a wait that the server asked for, so that all who were told the same do not come back in the same
 * millisecond: up to a tenth of it, or of initial_delay_ms if that is less. It does not reach over a limit that the
 * wait itself respects.
 */
static int64_t spread_ms(const cl_retry_policy *policy, int64_t wait, int64_t limit, uint64_t random)
{
    int64_t initial = cl_clamp(policy->initial_delay_ms, 0, INT64_MAX);
    int64_t most = cl_share(smaller(wait, initial), SPREAD);

    most = cl_share(most, cl_clamp(policy->jitter, 0, CL_WAIT_ONE));
    return cl_chance(random, smaller(most, limit - wait));
}

/* What the server wants, by its word or by what it says of its limits; 0: it leaves that to the policy. */
static int64_t server_ms(const cl_retry_policy *policy, const cl_retry_outcome *outcome)
{
    if (outcome->retry_after_ms >= 0)
        return outcome->retry_after_ms;
    return policy->wait_for_reset && outcome->reset_ms > 0 ? outcome->reset_ms : 0;
}

static int32_t may_retry(const cl_retry_policy *policy, const cl_retry_state *state, const cl_retry_outcome *outcome)
{
    if (!outcome->retryable)
        return CL_RETRY_NOT_RETRYABLE;
    if (state->retries >= policy->max_retries)
        return CL_RETRY_MAX_RETRIES;
    if (outcome->overloaded && state->overload_retries >= policy->max_overload_retries)
        return CL_RETRY_OVERLOADED;
    return CL_RETRY_GO;
}

int32_t cl_retry_decide(const cl_retry_policy *policy, cl_retry_state *state, const cl_retry_outcome *outcome,
                        int64_t rest_ms, uint64_t random, int64_t *delay_ms)
{
    int64_t asked = server_ms(policy, outcome);
    int64_t wait = asked;
    int32_t stop = may_retry(policy, state, outcome);

    if (stop != CL_RETRY_GO)
        return stop;
    if (asked > 0 && asked > policy->max_server_delay_ms)
        return CL_RETRY_SERVER_DELAY;
    if (asked == 0)
        wait = backoff_ms(policy, state->retries, random);
    if (rest_ms != INT64_MAX && wait >= rest_ms)
        return CL_RETRY_DEADLINE;
    if (asked > 0) {
        int64_t limit = rest_ms == INT64_MAX ? INT64_MAX : rest_ms - 1;
        wait += spread_ms(policy, wait, smaller(policy->max_server_delay_ms, limit), random);
    }
    state->retries++;
    if (outcome->overloaded)
        state->overload_retries++;
    *delay_ms = wait;
    return CL_RETRY_GO;
}

const char *cl_retry_stop_name(int32_t stop)
{
    switch (stop) {
    case CL_RETRY_NOT_RETRYABLE:
        return "not_retryable";
    case CL_RETRY_MAX_RETRIES:
        return "max_retries";
    case CL_RETRY_OVERLOADED:
        return "max_overload_retries";
    case CL_RETRY_SERVER_DELAY:
        return "server_delay";
    case CL_RETRY_DEADLINE:
        return "deadline";
    case CL_RETRY_BUDGET:
        return "budget";
    case CL_RETRY_COMMITTED:
        return "committed";
    default:
        return "";
    }
}

void cl_retry_budget_init(cl_retry_budget *budget, int64_t max)
{
    budget->max = cl_clamp(max, 0, INT64_MAX);
    atomic_init(&budget->tokens, budget->max);
}

bool cl_retry_budget_take(cl_retry_budget *budget, int64_t cost)
{
    int64_t tokens = atomic_load_explicit(&budget->tokens, memory_order_relaxed);

    if (budget->max == 0 || cost <= 0)
        return true;
    do {
        if (tokens < cost)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&budget->tokens, &tokens, tokens - cost, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

void cl_retry_budget_pay_back(cl_retry_budget *budget, int64_t amount)
{
    int64_t tokens = atomic_load_explicit(&budget->tokens, memory_order_relaxed);
    int64_t more;

    if (amount <= 0)
        return;
    do {
        if (tokens >= budget->max)
            return;
        more = budget->max - tokens > amount ? tokens + amount : budget->max;
    } while (!atomic_compare_exchange_weak_explicit(&budget->tokens, &tokens, more, memory_order_relaxed,
                                                    memory_order_relaxed));
}

int64_t cl_retry_budget_left(const cl_retry_budget *budget)
{
    if (budget->max == 0)
        return INT64_MAX;
    return atomic_load_explicit(&budget->tokens, memory_order_relaxed);
}
