/* scenarios_features.c - retries, breaker, limiter, failover, metrics and the observer, all in one client. */
#include <string.h>

#include "steps.h"

#define KEY "sk-ant-api03-hostile-surroundings-0123456789"
enum { WAIT_MS = 10000 };

static void observe(claude_attempt_t *attempt, void *user_data)
{
    (void)user_data;
    if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS)
        (void)claude_attempt_set_header(attempt, "traceparent",
                                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL);
}

static bool set_options(run *r, part *p, claude_config_t *config)
{
    static const char *const options[][2] = {
        {"api_key", KEY},
        {"retry.enabled", "true"},
        {"retry.max_retries", "2"},
        {"retry.initial_delay_ms", "0"},
        {"retry.count_header", "x-retries"},
        {"breaker.failure_threshold", "1000"},
        {"limiter.requests_per_second", "1000000"},
        {"limiter.burst", "1000000"},
        {"limiter.learn", "true"},
        {"failover.unhealthy_after", "1000"},
        {"metrics.enabled", "true"},
        {"compression.enabled", "true"},
        {"compression.min_size", "0"},
        {"compression.responses", "true"},
    };
    claude_error_t *err = NULL;
    bool done = ended_well(r, p, claude_config_set(config, "base_url", r->url, &err), &err);

    for (size_t i = 0; done && i < sizeof options / sizeof options[0]; i++)
        done = ended_well(r, p, claude_config_set(config, options[i][0], options[i][1], &err), &err);
    return done;
}

static bool set_policies(run *r, part *p, claude_config_t *config)
{
    claude_failover_t *failover = NULL;
    claude_breaker_t *breaker = NULL;
    claude_limiter_t *limiter = NULL;
    claude_error_t *err = NULL;
    bool done = ended_well(r, p, claude_failover_new(config, &failover, &err), &err) &&
                ended_well(r, p, claude_failover_add_endpoint(failover, r->url, 1, NULL, NULL, &err), &err) &&
                ended_well(r, p, claude_failover_map_model(failover, 0, "claude-opus-5", "opus", &err), &err) &&
                ended_well(r, p, claude_breaker_new(config, &breaker, &err), &err) &&
                ended_well(r, p, claude_limiter_new(config, &limiter, &err), &err) &&
                ended_well(r, p, claude_config_set_failover(config, failover, &err), &err) &&
                ended_well(r, p, claude_config_set_breaker(config, breaker, &err), &err) &&
                ended_well(r, p, claude_config_set_limiter(config, limiter, &err), &err);

    claude_failover_unref(failover);
    claude_breaker_unref(breaker);
    claude_limiter_unref(limiter);
    return done;
}

static bool make_client(run *r, part *p)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    bool done = ended_well(r, p, claude_config_new(&config, &err), &err) && set_options(r, p, config) &&
                set_policies(r, p, config);

    if (done) {
        r->registered++;
        done = ended_well(r, p, claude_config_on_attempt(config, observe, r, count_destroy, &err), &err) &&
               ended_well(r, p, claude_client_new(config, &r->client, &err), &err);
    }
    claude_config_unref(config);
    return done;
}

static void call_with_all(run *r, part *p, const char *reply)
{
    claude_request_t *request = ask_for(r, p, reply, true);
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = 0;

    if (request &&
        ended_well(r, p, claude_client_start(r->client, request, CLAUDE_WITH_ENTERPRISE_FEATURES, &call, &err), &err)) {
        while ((rc = claude_call_wait(call, WAIT_MS, &err)) == 0)
            ;
        if (ended_well(r, p, rc, &err) && ended_well(r, p, claude_call_result(call, &response, &err), &err))
            note_response(p, response);
        if (!p->no_memory)
            note(p, "%d %d %d %s\n", (int)claude_report_attempts(claude_call_report(call)),
                 (int)claude_report_wire_attempts(claude_call_report(call)),
                 (int)claude_report_retries(claude_call_report(call)),
                 claude_report_stopped_by(claude_call_report(call)));
    }
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void note_metrics(run *r, part *p)
{
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;

    if (!ended_well(r, p, claude_client_metrics(r->client, &metrics, &err), &err))
        return;
    note(p, "%d %d\n", (int)claude_metrics_value(metrics, "calls"), (int)claude_metrics_value(metrics, "attempts"));
    if (claude_metrics_value(metrics, "calls_running") != 0)
        trouble(r, "%d calls are running", (int)claude_metrics_value(metrics, "calls_running"));
    claude_metrics_unref(metrics);
}

void all_features(run *r)
{
    part *p = &r->parts[0];

    if (!make_client(r, p))
        return;
    call_with_all(r, p, "hostile-busy");
    if (!p->no_memory)
        call_with_all(r, p, "text");
    if (!p->no_memory)
        note_metrics(r, p);
}
