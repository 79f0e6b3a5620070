/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - These programs talk to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * reliability.h - what the tests of reliability share: calls by any function, small requests, refusals that are
 * expected, and what a report says of a call that went well.
 *
 * Where a failure is needed, a request has too little time for any answer (TOO_SHORT): that is a failure on the way to
 * the real API. Tokens are counted (messages.count_tokens) where a message is not needed: that costs nothing.
 */
#ifndef INTEGRATION_RELIABILITY_H
#define INTEGRATION_RELIABILITY_H

#include "real.h"

/* In milliseconds; no answer comes so fast over the internet. */
#define TOO_SHORT "1"

typedef claude_code_t execute_fn(claude_client_t *client, const claude_request_t *request, claude_response_t **out,
                                 claude_error_t **err);

static inline claude_request_t *hello_request(void)
{
    return ask("messages.create", "Answer with the single word: hello", 64);
}

static inline claude_request_t *wrong_request(void)
{
    claude_request_t *request = a_count();
    claude_error_t *err = NULL;
    MUST(claude_request_set_model(request, "no-such-model", &err));
    return request;
}

/* Sends a request, which must succeed, and releases it. */
static inline claude_response_t *answer_by(execute_fn *execute, claude_client_t *client, claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(execute(client, request, &response, &err));
    claude_request_unref(request);
    return response;
}

/* Sends a request, which must fail with this code and no other, and releases it. */
static inline claude_error_t *error_by(execute_fn *execute, claude_client_t *client, claude_request_t *request,
                                       claude_code_t code)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = execute(client, request, &response, &err);
    if (rc != code) {
        fprintf(stderr, "\nexpected %s, but there was %s\n", claude_code_name(code),
                rc < 0 ? claude_error_json(err, NULL) : "a success");
        fail();
    }
    assert_null(response);
    claude_request_unref(request);
    return err;
}

/* One attempt, which succeeded. An error of the API that was retried is an error of the API: it fails here. */
static inline void one_attempt(const claude_report_t *report, uint32_t features)
{
    assert_non_null(report);
    if (claude_report_attempts(report) != 1)
        fprintf(stderr, "\nnot one attempt: %s\n", claude_report_json(report, NULL));
    assert_int_equal(claude_report_features(report), features);
    assert_int_equal(claude_report_attempts(report), 1);
    assert_true(claude_report_wire_attempts(report) >= 1);
    assert_int_equal(claude_report_retries(report), 0);
    assert_int_equal(claude_report_failovers(report), 0);
    assert_int_equal(claude_report_backoff_ms(report), 0);
    assert_true(claude_report_duration_ms(report) > 0);
    assert_int_equal(claude_report_endpoint_index(report), 0);
    assert_string_equal(claude_report_endpoint_url(report), REAL_URL);
    assert_string_equal(claude_report_stopped_by(report), "");
    assert_int_equal(claude_report_attempt_count(report), 1);
    assert_int_equal(claude_report_attempt_code(report, 0), CLAUDE_OK);
    assert_int_equal(claude_report_attempt_http_status(report, 0), 200);
    assert_non_null(claude_report_attempt_request_id(report, 0));
}

/* The API refused the model: one attempt, and no feature had a part in it. */
static inline void refused_by_api(const claude_error_t *err, uint32_t features)
{
    const claude_report_t *report = claude_error_report(err);
    assert_int_equal(claude_error_http_status(err), 404);
    assert_false(claude_error_is_retryable(err));
    assert_null(claude_error_feature(err));
    assert_null(claude_error_cause(err));
    assert_int_equal(claude_report_features(report), features);
    assert_int_equal(claude_report_attempts(report), 1);
    assert_int_equal(claude_report_retries(report), 0);
    assert_int_equal(claude_report_failovers(report), 0);
}

/* A feature refused: nothing was sent. */
static inline void refused_by(const claude_error_t *err, const char *feature)
{
    assert_string_equal(claude_error_feature(err), feature);
    assert_true(claude_error_retry_after_ms(err) > 0);
    assert_int_equal(claude_error_http_status(err), 0);
    assert_int_equal(claude_report_attempts(claude_error_report(err)), 0);
    assert_int_equal(claude_report_wire_attempts(claude_error_report(err)), 0);
    assert_string_equal(claude_report_stopped_by(claude_error_report(err)), feature);
}

static inline void good_answer(claude_response_t *response, uint32_t features)
{
    assert_int_equal(claude_response_status(response), 200);
    one_attempt(claude_response_report(response), features);
    claude_response_unref(response);
}

/* A failover with one endpoint: the API. Gives it to the configuration; release it. */
static inline claude_failover_t *failover_of(claude_config_t *config)
{
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;
    MUST(claude_failover_new(config, &failover, &err));
    MUST(claude_failover_add_endpoint(failover, REAL_URL, 1, NULL, NULL, &err));
    MUST(claude_config_set_failover(config, failover, &err));
    return failover;
}

/* Takes events, as many as come, until all calls of a loop have ended. */
static inline int drive(claude_loop_t *loop)
{
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc;
    int events = 0;
    while (claude_loop_count(loop) > 0) {
        MUST(claude_loop_wait(loop, -1, &err));
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) > 0)
            events += rc == 1;
        MUST(rc);
    }
    return events;
}

#endif
