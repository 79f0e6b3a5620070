/*
 * Memory running out for metrics, reports and observers: it is said, nothing is lost that was there, nothing leaks.
 * What a report cannot describe it still counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <claude/claude.h>

#include "../allocations.h"
#include "call/call.h"
#include "reliability/metrics.h"
#include "reliability/report.h"

static bool take_snapshot(void)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures = NULL;
    bool done = metrics != NULL;

    cl_metrics_count(metrics, CL_COUNT_CALLS, 1);
    if (done)
        done = step(cl_metrics_snapshot(metrics, &figures, NULL));
    assert_int_equal(done, figures != NULL);
    if (done)
        assert_int_equal(claude_metrics_value(figures, "calls"), 1);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
    return done;
}

/* "" is no text: asked again with memory, there it is. */
static bool ask_metrics_texts(void)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures = NULL;
    bool done = metrics && step(cl_metrics_snapshot(metrics, &figures, NULL));
    size_t len = 7;

    if (done) {
        done = *claude_metrics_json(figures, &len) != '\0';
        assert_int_equal(len > 0, done);
        done = *claude_metrics_prometheus(figures, NULL) != '\0' && done;
        memory_is_back();
        assert_true(*claude_metrics_json(figures, NULL) && *claude_metrics_prometheus(figures, NULL));
    }
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
    return done;
}

static bool make_client(void)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_metrics_t *figures = NULL;
    bool done = step(claude_config_new(&config, NULL)) && step(claude_config_set(config, "auth.style", "none", NULL)) &&
                step(claude_config_set(config, "metrics.enabled", "true", NULL)) &&
                step(claude_client_new(config, &client, NULL)) && step(claude_client_metrics(client, &figures, NULL));

    assert_int_equal(done, figures != NULL);
    claude_metrics_unref(figures);
    claude_client_unref(client);
    claude_config_unref(config);
    return done;
}

static bool write_report(void)
{
    claude_report_t *report = cl_report_new();
    cl_report_attempt attempt = {.code = CLAUDE_E_TLS};
    bool done;
    size_t len = 7;

    if (!report)
        return false;
    for (int i = 0; i < CL_REPORT_ATTEMPTS_MAX; i++)
        cl_report_add(report, &attempt);
    assert_int_equal(claude_report_attempts(report), CL_REPORT_ATTEMPTS_MAX);
    done = claude_report_attempt_count(report) == CL_REPORT_ATTEMPTS_MAX;
    report->final = true;
    done = *claude_report_json(report, &len) != '\0' && done;
    memory_is_back();
    assert_true(*claude_report_json(report, NULL));
    claude_report_unref(report);
    return done;
}

static bool set_header(void)
{
    char name[] = "accept";
    char value[] = "application/json";
    cl_header items[] = {{name, value}};
    cl_headers headers = {NULL, 0, 0};
    cl_headers borrowed = {items, 1, 0};
    claude_attempt_t attempt = {.phase = CLAUDE_ATTEMPT_STARTS, .headers = &headers};
    bool done = step(cl_headers_pack(&borrowed, &headers, NULL));

    cl_handle_init(&attempt.handle, CL_MAGIC_ATTEMPT);
    if (done)
        done = step(claude_attempt_set_header(&attempt, "traceparent", "00-1-2-01", NULL));
    if (headers.count > 0)
        assert_string_equal(claude_attempt_header(&attempt, "accept"), "application/json");
    assert_int_equal(done, claude_attempt_header(&attempt, "traceparent") != NULL);
    cl_headers_free(&headers);
    return done;
}

static void test_snapshots(void **state)
{
    (void)state;
    run_out(take_snapshot);
}

static void test_texts(void **state)
{
    (void)state;
    run_out(ask_metrics_texts);
}

static void test_clients(void **state)
{
    (void)state;
    run_out(make_client);
}

static void test_reports(void **state)
{
    (void)state;
    run_out(write_report);
}

static void test_headers(void **state)
{
    (void)state;
    run_out(set_header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshots), cmocka_unit_test(test_texts),   cmocka_unit_test(test_clients),
        cmocka_unit_test(test_reports),   cmocka_unit_test(test_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
