#include "call/pipeline.h"

#include <stdlib.h>

#include "call/call.h"
#include "call/log.h"
#include "client/policies.h"
#include "message/rate_limit.h"

enum { TOKENS_PER_FILE = 1600 /* of an image of the largest size that is not scaled down */ };

static bool has(const cl_pipeline *p, uint32_t feature)
{
    return (p->features & feature) != 0;
}

static bool limits(const cl_pipeline *p)
{
    return CL_FEATURE_RATE_LIMITING && has(p, CLAUDE_WITH_RATE_LIMITING);
}

static bool breaks(const cl_pipeline *p)
{
    return CL_FEATURE_CIRCUIT_BREAKER && has(p, CLAUDE_WITH_CIRCUIT_BREAKER);
}

static bool fails_over(const cl_pipeline *p)
{
    return CL_FEATURE_FAILOVER && has(p, CLAUDE_WITH_FAILOVER);
}

static bool has_quota(const cl_pipeline *p)
{
    return CL_FEATURE_QUOTA && has(p, CLAUDE_WITH_QUOTA);
}

static bool retries(const cl_pipeline *p)
{
    return CL_FEATURE_RETRY && has(p, CLAUDE_WITH_RETRIES);
}

/* ---- what a call costs ---- */

static int32_t limiter_type(const cl_endpoint *endpoint)
{
    static const struct {
        cl_str prefix;
        int32_t type;
    } rows[] = {
        {{"messages.batches.", 17}, CL_LIMIT_BATCHES},
        {{"messages.count_tokens", 21}, CL_LIMIT_COUNT_TOKENS},
        {{"messages.", 9}, CL_LIMIT_MESSAGES},
        {{"completions.", 12}, CL_LIMIT_MESSAGES},
        {{"models.", 7}, CL_LIMIT_MODELS},
        {{"files.", 6}, CL_LIMIT_FILES},
        {{"skills.", 7}, CL_LIMIT_FILES},
    };
    cl_str name = cl_str_of(endpoint->name);

    if (cl_str_starts(name, CL_STR("beta.")))
        name = cl_str_n(name.ptr + 5, name.len - 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cl_str_starts(name, rows[i].prefix))
            return rows[i].type;
    }
    return CL_LIMIT_OTHER;
}

static int64_t output_estimate(const claude_client_t *client, const cl_snapshot *request, cl_option option)
{
    int64_t most = cl_option_int(request->options, client->config->options, option);

    return most > 0 && request->max_tokens > most ? most : request->max_tokens;
}

/* `option`: the output to count in place of a larger max_tokens. */
static cl_limiter_cost cost_of(const claude_client_t *client, const cl_snapshot *request, cl_option option)
{
    cl_limiter_cost cost = {.type = limiter_type(request->endpoint)};
    size_t files = 0;
    size_t text;

    if (cost.type != CL_LIMIT_MESSAGES)
        return cost;
    text = cl_body_text_len(&request->body, &files);
    cost.input_tokens = (int64_t)(text / CL_BYTES_PER_TOKEN + files * TOKENS_PER_FILE);
    cost.output_tokens = output_estimate(client, request, option);
    return cost;
}

claude_code_t cl_pipeline_new(const claude_client_t *client, const cl_snapshot *request, cl_pipeline **out, cl_err *err)
{
    cl_pipeline *p;

    *out = NULL;
    if (request->features == 0)
        return CLAUDE_OK;
    p = calloc(1, sizeof *p);
    if (!p)
        return cl_fail_nomem(err);
    p->features = request->features;
    /* An address that a page has named is on one server. */
    if (request->is_url)
        p->features &= ~(uint32_t)CLAUDE_WITH_FAILOVER;
    if (retries(p)) {
        p->policy = cl_retry_policy_of(request->options, client->config->options);
        p->attempt_timeout_ms = cl_option_int(request->options, client->config->options, CL_OPT_RETRY_ATTEMPT_TIMEOUT);
    }
    if (limits(p))
        p->turn.cost = cost_of(client, request, CL_OPT_LIMITER_OUTPUT_ESTIMATE);
    if (has_quota(p))
        p->estimate = cost_of(client, request, CL_OPT_QUOTA_OUTPUT_ESTIMATE);
    *out = p;
    return CLAUDE_OK;
}

/* ---- before an attempt ---- */

/* Why nothing was sent is said with what had gone wrong before; without a feature it is the call's time. */
static claude_code_t refused(claude_call_t *call, const char *feature, cl_err *err)
{
    const cl_pipeline *p = call->pipeline;

    err->feature = feature;
    if (p->last && !err->cause)
        err->cause = cl_error_ref(p->last);
    call->report->stopped_by = feature ? feature : cl_retry_stop_name(CL_RETRY_DEADLINE);
    return err->code;
}

/* Once for all attempts. */
static claude_code_t take_room(claude_call_t *call, cl_err *err)
{
    claude_code_t rc = cl_call_reserve(call, err);

    if (rc >= 0)
        return rc;
    if (rc == CLAUDE_E_QUOTA)
        cl_metrics_count(call->client->metrics, CL_COUNT_QUOTA_REFUSED, 1);
    if (rc == CLAUDE_E_QUOTA && cl_call_logs(call))
        cl_log_refused(call, "quota.refused", err->retry_after_ms);
    return refused(call, "enterprise-quota", err);
}

static int64_t latest_turn(const claude_call_t *call, int64_t now)
{
    int64_t most = cl_call_option(call, CL_OPT_LIMITER_MAX_WAIT);

    return call->deadline_at - now < most ? call->deadline_at : now + most;
}

/* 1: it is the call's turn; 0: not before call->timer.due_at. */
static int32_t take_turn(claude_call_t *call, int64_t now, cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    claude_client_t *client = call->client;
    int64_t due_at = now;
    int32_t rc;

    if (!limits(p) || p->has_turn)
        return 1;
    if (call->attempt.limiter_from == 0) {
        call->attempt.limiter_from = now;
        p->latest = latest_turn(call, now);
    }
    rc = cl_limiter_ask(client->limiter, &p->turn, now, p->latest, &due_at, err);
    if (rc == 0) {
        call->timer.due_at = due_at > now ? due_at : now + 1;
        if (!p->told_wait && cl_call_logs(call))
            cl_log_wait(call, CLAUDE_LOG_INFO, "limiter.wait", due_at - now);
        p->told_wait = true;
        return 0;
    }
    p->told_wait = false;
    call->attempt.row.limiter_ms = now - call->attempt.limiter_from;
    if (call->attempt.row.limiter_ms > 0)
        cl_metrics_count(client->metrics, CL_COUNT_LIMITER_WAITED, 1);
    cl_metrics_observe(client->metrics, CL_HIST_LIMITER_WAIT_MS, call->attempt.row.limiter_ms);
    if (rc < 0) {
        cl_metrics_count(client->metrics, CL_COUNT_LIMITER_REFUSED, 1);
        if (cl_call_logs(call))
            cl_log_refused(call, "limiter.refused", err->retry_after_ms);
        return refused(call, "rate-limiting", err);
    }
    p->has_turn = true;
    return 1;
}

static void give_back_turn(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (!limits(p) || call->attempt.limiter_from == 0)
        return;
    cl_limiter_cancel(call->client->limiter, &p->turn, cl_now_ms());
    p->has_turn = false;
    call->attempt.limiter_from = 0;
}

/* Asks the breaker of a target; false: it lets nothing through for so long. */
static bool passes_breaker(claude_call_t *call, size_t target, int64_t now, int64_t *left_ms)
{
    cl_pipeline *p = call->pipeline;
    int64_t left = 0;

    if (!breaks(p))
        return true;
    p->permit = cl_breaker_allow(call->client->targets[target].breaker, now, &left);
    if (p->permit != 0)
        return true;
    cl_metrics_count(call->client->metrics, CL_COUNT_BREAKER_REFUSED, 1);
    *left_ms = left < *left_ms ? left : *left_ms;
    return false;
}

static claude_code_t circuit_open(claude_call_t *call, size_t endpoints, int64_t left_ms, cl_err *err)
{
    if (endpoints > 1)
        cl_fail(
            err, CLAUDE_E_CIRCUIT_OPEN,
            "the circuit breakers of all %zu endpoints that may be asked are open; the first lets a probe through in "
            "%lld ms",
            endpoints, (long long)left_ms);
    else
        cl_fail(err, CLAUDE_E_CIRCUIT_OPEN,
                "the circuit breaker of %s is open; it lets a probe through in %lld ms (breaker.open_ms)",
                call->client->targets[call->target].base_url, (long long)left_ms);
    err->retry_after_ms = left_ms;
    if (cl_call_logs(call))
        cl_log_refused(call, "breaker.refused", left_ms);
    return refused(call, "circuit-breaker", err);
}

/* The next endpoint that was not tried and whose breaker lets through. */
static claude_code_t choose_endpoint(claude_call_t *call, int64_t now, cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    int64_t left_ms = INT64_MAX;
    size_t before = call->target;
    size_t closed = 0;
    size_t index = 0;

    while (cl_failover_select(call->client->failover, p->tried, now, cl_clock_now->random(), &index)) {
        p->tried |= UINT64_C(1) << index;
        call->target = 1 + index;
        if (passes_breaker(call, call->target, now, &left_ms))
            return CLAUDE_OK;
        closed++;
    }
    if (closed > 0)
        circuit_open(call, closed, left_ms, err);
    else
        cl_fail(err, CLAUDE_E_STATE, "failover: every endpoint was tried");
    /* The report tells of the one that was asked last. */
    if (p->last)
        call->target = before;
    return closed > 0 ? err->code : refused(call, "failover", err);
}

static claude_code_t choose_target(claude_call_t *call, int64_t now, cl_err *err)
{
    int64_t left_ms = INT64_MAX;

    if (fails_over(call->pipeline))
        return choose_endpoint(call, now, err);
    call->target = 0;
    return passes_breaker(call, 0, now, &left_ms) ? CLAUDE_OK : circuit_open(call, 1, left_ms, err);
}

/* Only what is really made counts: a call may end while it waits. */
static void count_attempt(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (p->retrying) {
        call->report->retries++;
        cl_metrics_count(call->client->metrics, CL_COUNT_RETRIES, 1);
    } else if (p->last && call->target != p->target) {
        call->report->failovers++;
        cl_metrics_count(call->client->metrics, CL_COUNT_FAILOVERS, 1);
        if (cl_call_logs(call))
            cl_log_failover(call);
    }
    p->retrying = false;
    p->target = call->target;
}

int32_t cl_pipeline_admit(claude_call_t *call, cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    int64_t now = cl_now_ms();
    int32_t rc;

    if (now < p->not_before) {
        call->timer.due_at = p->not_before;
        return 0;
    }
    if (now >= call->deadline_at) {
        cl_fail(err, CLAUDE_E_TIMEOUT, "the time of the call was over before its next attempt could begin (%s)",
                call->request.stream ? "timeout.stream_total_ms" : "timeout.total_ms");
        return refused(call, NULL, err);
    }
    if (has_quota(p) && take_room(call, err) < 0)
        return err->code;
    rc = take_turn(call, now, err);
    if (rc <= 0)
        return rc;
    rc = choose_target(call, now, err);
    if (rc < 0) {
        give_back_turn(call);
        return rc;
    }
    p->hops++;
    count_attempt(call);
    return 1;
}

/* ---- during one ---- */

void cl_pipeline_head(claude_call_t *call)
{
    const cl_headers *headers = cl_transfer_headers(call->transfer);
    cl_limit_figures figures[CL_LIMIT_DIMENSIONS];
    int64_t wall_ms = cl_wall_ms();

    /* The limits of another server are not those that the limiter knows of. */
    if (!limits(call->pipeline) || !call->client->targets[call->target].is_own ||
        cl_option_int(NULL, call->client->config->options, CL_OPT_LIMITER_LEARN) == 0)
        return;
    cl_rate_limit_figures(headers, wall_ms, figures);
    cl_limiter_answered(call->client->limiter, &call->pipeline->turn);
    cl_limiter_learn(call->client->limiter, call->pipeline->turn.cost.type, figures,
                     cl_transfer_status(call->transfer) == 429 ? cl_retry_after_ms(headers, wall_ms) : -1, cl_now_ms());
}

void cl_pipeline_committed(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (breaks(p) && p->permit != 0)
        cl_breaker_probe_alive(call->client->targets[call->target].breaker, p->permit, cl_now_ms());
}

/* ---- after one ---- */

/* What a failure says of the endpoint. What is wrong with the request, or happens on this side, says nothing. */
static bool speaks_against_endpoint(const cl_err *err)
{
    switch (err->code) {
    case CLAUDE_E_RESOLVE:
    case CLAUDE_E_CONNECT:
    case CLAUDE_E_TLS:
    case CLAUDE_E_TIMEOUT:
    case CLAUDE_E_CLOSED:
    case CLAUDE_E_PROTOCOL:
    case CLAUDE_E_TRUNCATED:
    case CLAUDE_E_PROXY:
    case CLAUDE_E_OVERLOADED:
    case CLAUDE_E_API_TIMEOUT:
    case CLAUDE_E_SERVER:
        return true;
    default:
        return false;
    }
}

/* The program's own clock may end a stream that is in good health. */
static bool is_endpoints_fault(const claude_call_t *call, const cl_err *err)
{
    bool own_clock = err->code == CLAUDE_E_TIMEOUT && call->delivered && cl_now_ms() >= call->total_at;

    return speaks_against_endpoint(err) && !own_clock;
}

static void settle_breaker(claude_call_t *call, const cl_err *err, int64_t now)
{
    cl_pipeline *p = call->pipeline;
    claude_breaker_t *breaker = call->client->targets[call->target].breaker;
    int32_t what = CL_BREAKER_SUCCESS;
    int32_t before = CL_BREAKER_CLOSED;
    uint64_t random;

    if (!breaks(p) || p->permit == 0)
        return;
    if (err)
        what = is_endpoints_fault(call, err) ? CL_BREAKER_FAILURE : CL_BREAKER_NEUTRAL;
    if (cl_log_on(call->client, CLAUDE_LOG_INFO))
        before = cl_breaker_state(breaker, now);
    random = what == CL_BREAKER_FAILURE ? cl_clock_now->random() : 0;
    if (cl_breaker_record(breaker, p->permit, what, now, random))
        cl_metrics_count(call->client->metrics, CL_COUNT_BREAKER_OPENED, 1);
    p->permit = 0;
    if (cl_log_on(call->client, CLAUDE_LOG_INFO))
        cl_log_breaker(call, before, cl_breaker_state(breaker, now));
}

static void settle_turn(claude_call_t *call, int64_t now)
{
    cl_pipeline *p = call->pipeline;
    const cl_usage *usage = &call->attempt.usage;
    bool counts = p->turn.cost.type == CL_LIMIT_MESSAGES;

    if (!limits(p) || !p->has_turn)
        return;
    cl_limiter_settle(call->client->limiter, &p->turn, counts ? cl_usage_limited(usage) : -1,
                      counts ? usage->output : -1, now);
    p->has_turn = false;
}

void cl_pipeline_settle(claude_call_t *call, const cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    int64_t now = cl_now_ms();

    if (has_quota(p))
        cl_call_spend(call, err);
    if (has_quota(p) && !err)
        cl_call_settle_quota(call);
    settle_breaker(call, err, now);
    settle_turn(call, now);
    call->attempt.limiter_from = 0;
    if (fails_over(p) && (!err || is_endpoints_fault(call, err)))
        cl_failover_record(call->client->failover, call->target - 1, !err, now);
    if (retries(p) && !err) {
        cl_retry_budget_pay_back(cl_client_budget(call->client, call->target), p->spent > 0 ? p->spent : 1);
        p->spent = 0;
    }
}

/* ---- and then ---- */

static bool is_retryable(const cl_err *err)
{
    const cl_code_row *row = cl_code_row_of(err->code);

    return err->retryable >= 0 ? err->retryable != 0 : row && row->retryable;
}

/* An endpoint that was not tried, and whose breaker would let the call through. */
static bool has_another(const claude_call_t *call, int64_t now)
{
    const cl_pipeline *p = call->pipeline;
    const claude_client_t *client = call->client;

    for (size_t i = 0; i < cl_failover_count(client->failover); i++) {
        if (!(p->tried & UINT64_C(1) << i) &&
            (!breaks(p) || cl_breaker_left_ms(client->targets[1 + i].breaker, now) == 0))
            return true;
    }
    return false;
}

/* Another endpoint may do better with it. */
static bool moves_on(const claude_call_t *call, const cl_err *err, int64_t now)
{
    const cl_pipeline *p = call->pipeline;
    bool limited = err->code == CLAUDE_E_RATE_LIMIT &&
                   cl_option_int(NULL, call->client->config->options, CL_OPT_FAILOVER_RATE_LIMIT) != 0;

    if (!fails_over(p) || !(limited || speaks_against_endpoint(err)) ||
        p->hops >= cl_call_option(call, CL_OPT_FAILOVER_MAX_ATTEMPTS) || now >= call->deadline_at)
        return false;
    return has_another(call, now);
}

static bool is_overloaded(const cl_err *err)
{
    return err->code == CLAUDE_E_OVERLOADED || err->http_status == 529 || err->http_status == 503;
}

static bool was_timeout(const cl_err *err)
{
    return err->code == CLAUDE_E_TIMEOUT || err->code == CLAUDE_E_API_TIMEOUT;
}

static int64_t pay(claude_call_t *call, const cl_err *err)
{
    cl_option option = was_timeout(err) ? CL_OPT_RETRY_BUDGET_TIMEOUT_COST : CL_OPT_RETRY_BUDGET_COST;
    int64_t cost = cl_option_int(NULL, call->client->config->options, option);

    return cl_retry_budget_take(cl_client_budget(call->client, call->target), cost) ? cost : 0;
}

/* Until when to wait, or why not to try again. */
static int32_t decide_retry(claude_call_t *call, const cl_err *err, int64_t now, int64_t *delay_ms)
{
    cl_pipeline *p = call->pipeline;
    const claude_response_t *answer = err->response.ptr;
    const cl_retry_outcome outcome = {.retryable = is_retryable(err),
                                      .overloaded = is_overloaded(err),
                                      .retry_after_ms = err->retry_after_ms,
                                      .reset_ms =
                                          answer && p->policy.wait_for_reset
                                              ? cl_rate_limit_reset_ms(cl_response_headers(answer), cl_wall_ms())
                                              : -1};
    int64_t rest_ms = call->deadline_at == INT64_MAX ? INT64_MAX : call->deadline_at - now;
    int32_t stop = cl_retry_decide(&p->policy, &p->retried, &outcome, rest_ms, cl_clock_now->random(), delay_ms);
    int64_t cost;

    if (stop != CL_RETRY_GO)
        return stop;
    cost = pay(call, err);
    if (cost == 0) {
        cl_metrics_count(call->client->metrics, CL_COUNT_BUDGET_EMPTY, 1);
        return CL_RETRY_BUDGET;
    }
    p->spent = cost;
    return CL_RETRY_GO;
}

/* A retry asks all endpoints anew. */
static int32_t retry(claude_call_t *call, cl_err *err, int64_t now, int64_t *delay_ms)
{
    cl_pipeline *p = call->pipeline;
    int32_t stop = decide_retry(call, err, now, delay_ms);

    if (stop != CL_RETRY_GO) {
        call->report->stopped_by = cl_retry_stop_name(stop);
        /* What failed is the API's; that it was left at that is the policy's. */
        if (stop != CL_RETRY_NOT_RETRYABLE)
            err->feature = "retry";
        return stop;
    }
    p->tried = 0;
    p->hops = 0;
    p->retrying = true;
    cl_metrics_observe(call->client->metrics, CL_HIST_BACKOFF_MS, *delay_ms);
    if (cl_call_logs(call))
        cl_log_wait(call, CLAUDE_LOG_WARN, "retry.wait", *delay_ms);
    return CL_RETRY_GO;
}

bool cl_pipeline_goes_on(claude_call_t *call, cl_err *err)
{
    cl_pipeline *p = call->pipeline;
    int64_t now = cl_now_ms();
    int64_t delay_ms = 0;

    if (call->delivered) {
        call->report->stopped_by = cl_retry_stop_name(CL_RETRY_COMMITTED);
        return false;
    }
    if (!moves_on(call, err, now)) {
        if (!retries(p)) {
            if (fails_over(p) && speaks_against_endpoint(err))
                call->report->stopped_by = err->feature = "failover";
            return false;
        }
        if (retry(call, err, now, &delay_ms) != CL_RETRY_GO)
            return false;
    }
    call->attempt.row.backoff_ms = delay_ms;
    p->not_before = now + delay_ms;
    cl_error_unref(p->last);
    p->last = cl_error_new(err);
    return true;
}

void cl_pipeline_same_again(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (call->target > 0)
        p->tried &= ~(UINT64_C(1) << (call->target - 1));
    p->hops--;
}

static void give_back_permit(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (breaks(p) && p->permit != 0)
        cl_breaker_record(call->client->targets[call->target].breaker, p->permit, CL_BREAKER_NEUTRAL, cl_now_ms(), 0);
    p->permit = 0;
}

void cl_pipeline_leave(claude_call_t *call)
{
    /* What was to be sent again, and is not, was sent once. */
    if (call->coding.again) {
        settle_turn(call, cl_now_ms());
        call->attempt.limiter_from = 0;
        call->pipeline->sent = true;
    }
    give_back_turn(call);
    give_back_permit(call);
    if (has_quota(call->pipeline))
        cl_call_settle_quota(call);
}

void cl_pipeline_free(claude_call_t *call)
{
    cl_pipeline *p = call->pipeline;

    if (!p)
        return;
    cl_pipeline_leave(call);
    cl_error_unref(p->last);
    free(p);
    call->pipeline = NULL;
}
