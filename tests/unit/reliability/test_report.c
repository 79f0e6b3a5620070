/* What happened on the way to a call's result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

#include "base/error.h"
#include "call/call.h"
#include "reliability/breaker.h"
#include "reliability/report.h"

static claude_report_t *make(void)
{
    claude_report_t *report = cl_report_new();

    assert_non_null(report);
    return report;
}

/* Of a call that was overloaded once and then answered by another endpoint. */
static claude_report_t *known_report(void)
{
    static const cl_report_attempt attempts[] = {
        {.endpoint = 0,
         .code = CLAUDE_E_OVERLOADED,
         .http_status = 529,
         .wire = 2,
         .limiter_ms = 40,
         .started_ms = 41,
         .duration_ms = 100,
         .first_ms = -1,
         .request_id = "req_\"1\""},
        {.endpoint = 1,
         .code = CLAUDE_OK,
         .http_status = 200,
         .wire = 1,
         .backoff_ms = 500,
         .limiter_ms = 2,
         .started_ms = 643,
         .duration_ms = 1000,
         .first_ms = 300},
    };
    claude_report_t *report = make();

    for (size_t i = 0; i < 2; i++)
        cl_report_add(report, &attempts[i]);
    report->features = CL_WITH_RETRIES | CL_WITH_FAILOVER;
    report->wire = 3;
    report->retries = 1;
    report->failovers = 1;
    report->duration_ms = 1643;
    report->endpoint = 1;
    report->breaker_state = CL_BREAKER_HALF_OPEN;
    report->resends = 1;
    report->stopped_by = "max_retries";
    memcpy(report->snapshot, "b", 2);
    report->generation = 7;
    report->endpoint_url = strdup("https://two.example/");
    return report;
}

static void test_a_new_report(void **state)
{
    claude_report_t *report = make();
    size_t len = 7;

    (void)state;
    assert_int_equal(claude_report_features(report), 0);
    assert_int_equal(claude_report_wire_attempts(report), 0);
    assert_int_equal(claude_report_attempts(report), 0);
    assert_int_equal(claude_report_resends(report), 0);
    assert_int_equal(claude_report_attempt_count(report), 0);
    assert_string_equal(claude_report_endpoint_url(report), "");
    assert_string_equal(claude_report_stopped_by(report), "");
    assert_int_equal(claude_report_breaker_state(report), 0);
    assert_string_equal(claude_report_json(report, &len), "");
    assert_int_equal(len, 0);
    report->final = true;
    assert_string_equal(
        claude_report_json(report, &len),
        "{\"features\":[],\"wire_attempts\":0,\"attempts\":0,\"retries\":0,\"failovers\":0,\"resends\":0,"
        "\"limiter_wait_ms\":0,\"backoff_ms\":0,\"duration_ms\":0,\"endpoint_index\":0,"
        "\"endpoint_url\":null,\"breaker_state\":null,\"stopped_by\":\"\",\"snapshot\":\"\",\"generation\":0,\"attempt_"
        "list\":[]}");
    assert_int_equal(len, strlen(claude_report_json(report, NULL)));
    claude_report_unref(report);
}

static void test_accessors(void **state)
{
    claude_report_t *report = known_report();

    (void)state;
    assert_int_equal(claude_report_features(report), CL_WITH_RETRIES | CL_WITH_FAILOVER);
    assert_int_equal(claude_report_wire_attempts(report), 3);
    assert_int_equal(claude_report_attempts(report), 2);
    assert_int_equal(claude_report_retries(report), 1);
    assert_int_equal(claude_report_failovers(report), 1);
    assert_int_equal(claude_report_limiter_wait_ms(report), 42);
    assert_int_equal(claude_report_backoff_ms(report), 500);
    assert_int_equal(claude_report_duration_ms(report), 1643);
    assert_int_equal(claude_report_endpoint_index(report), 1);
    assert_string_equal(claude_report_endpoint_url(report), "https://two.example/");
    assert_int_equal(claude_report_breaker_state(report), CL_BREAKER_HALF_OPEN);
    assert_string_equal(claude_report_stopped_by(report), "max_retries");
    assert_int_equal(claude_report_attempt_count(report), 2);
    assert_int_equal(claude_report_attempt_code(report, 0), CLAUDE_E_OVERLOADED);
    assert_int_equal(claude_report_attempt_http_status(report, 0), 529);
    assert_int_equal(claude_report_attempt_endpoint(report, 1), 1);
    assert_int_equal(claude_report_attempt_started_ms(report, 1), 643);
    assert_int_equal(claude_report_attempt_duration_ms(report, 1), 1000);
    assert_int_equal(claude_report_attempt_backoff_ms(report, 1), 500);
    assert_int_equal(claude_report_attempt_limiter_wait_ms(report, 0), 40);
    assert_int_equal(claude_report_attempt_first_event_ms(report, 0), -1);
    assert_int_equal(claude_report_attempt_first_event_ms(report, 1), 300);
    assert_string_equal(claude_report_attempt_request_id(report, 0), "req_\"1\"");
    assert_null(claude_report_attempt_request_id(report, 1));
    claude_report_unref(report);
}

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("there is no %s", name);
    return value;
}

static void expect_int(json_object *object, const char *name, int64_t value)
{
    if (json_object_get_int64(member(object, name)) != value)
        fail_msg("%s is %s", name, json_object_to_json_string(member(object, name)));
}

static void expect_text(json_object *object, const char *name, const char *text)
{
    assert_string_equal(json_object_get_string(member(object, name)), text);
}

static void expect_first_attempt(json_object *attempt)
{
    expect_int(attempt, "code", CLAUDE_E_OVERLOADED);
    expect_text(attempt, "name", "CLAUDE_E_OVERLOADED");
    expect_int(attempt, "http_status", 529);
    expect_text(attempt, "request_id", "req_\"1\"");
    expect_int(attempt, "endpoint", 0);
    expect_int(attempt, "wire_attempts", 2);
    expect_int(attempt, "started_ms", 41);
    expect_int(attempt, "duration_ms", 100);
    expect_int(attempt, "first_event_ms", -1);
    expect_int(attempt, "backoff_ms", 0);
    expect_int(attempt, "limiter_wait_ms", 40);
    assert_int_equal(json_object_object_length(attempt), 11);
}

static void test_json(void **state)
{
    claude_report_t *report = known_report();
    json_object *root;
    json_object *list;

    (void)state;
    report->final = true;
    root = json_tokener_parse(claude_report_json(report, NULL));
    list = member(root, "attempt_list");
    assert_int_equal(json_object_object_length(root), 16);
    assert_string_equal(json_object_to_json_string_ext(member(root, "features"), JSON_C_TO_STRING_PLAIN),
                        "[\"retries\",\"failover\"]");
    expect_int(root, "wire_attempts", 3);
    expect_int(root, "attempts", 2);
    expect_int(root, "retries", 1);
    expect_int(root, "failovers", 1);
    expect_int(root, "resends", 1);
    expect_int(root, "limiter_wait_ms", 42);
    expect_int(root, "backoff_ms", 500);
    expect_int(root, "duration_ms", 1643);
    expect_int(root, "endpoint_index", 1);
    expect_text(root, "endpoint_url", "https://two.example/");
    expect_text(root, "breaker_state", "half_open");
    expect_text(root, "stopped_by", "max_retries");
    expect_text(root, "snapshot", "b");
    expect_int(root, "generation", 7);
    assert_int_equal(json_object_array_length(list), 2);
    expect_first_attempt(json_object_array_get_idx(list, 0));
    expect_text(json_object_array_get_idx(list, 1), "name", "CLAUDE_OK");
    assert_null(member(json_object_array_get_idx(list, 1), "request_id"));
    expect_int(json_object_array_get_idx(list, 1), "first_event_ms", 300);
    json_object_put(root);
    assert_ptr_equal(claude_report_json(report, NULL), claude_report_json(report, NULL));
    claude_report_unref(report);
}

static void expect_in_json(claude_report_t *report, const char *expected)
{
    report->final = true;
    if (!strstr(claude_report_json(report, NULL), expected))
        fail_msg("%s has no %s", claude_report_json(report, NULL), expected);
    claude_report_unref(report);
}

static void test_names_in_json(void **state)
{
    static const char *const states[] = {"null", "\"closed\"", "\"open\"", "\"half_open\""};
    cl_report_attempt attempt = {.code = -9999};
    claude_report_t *report;

    (void)state;
    for (int32_t i = 0; i < 4; i++) {
        char expected[64] = "\"breaker_state\":";
        report = make();
        report->breaker_state = i;
        expect_in_json(report, strcat(expected, states[i]));
    }
    report = make();
    report->features = UINT32_MAX;
    expect_in_json(report, "[\"retries\",\"circuit_breaker\",\"rate_limiting\",\"failover\",\"quota\"]");
    report = make();
    cl_report_add(report, &attempt);
    expect_in_json(report, "\"name\":\"CLAUDE_E_UNKNOWN\"");
}

/* More attempts than are described are counted. */
static void test_many_attempts(void **state)
{
    claude_report_t *report = make();
    cl_report_attempt attempt = {.code = CLAUDE_E_TIMEOUT};
    json_object *root;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        attempt.started_ms = i;
        cl_report_add(report, &attempt);
    }
    assert_int_equal(claude_report_attempts(report), 1000);
    assert_int_equal(claude_report_attempt_count(report), CL_REPORT_ATTEMPTS_MAX);
    for (size_t i = 0; i < CL_REPORT_ATTEMPTS_MAX; i++)
        assert_int_equal(claude_report_attempt_started_ms(report, i), i);
    assert_int_equal(claude_report_attempt_started_ms(report, CL_REPORT_ATTEMPTS_MAX), 0);
    report->final = true;
    root = json_tokener_parse(claude_report_json(report, NULL));
    expect_int(root, "attempts", 1000);
    assert_int_equal(json_object_array_length(member(root, "attempt_list")), CL_REPORT_ATTEMPTS_MAX);
    json_object_put(root);
    claude_report_unref(report);
    report = make();
    report->attempts = INT32_MAX;
    attempt.limiter_ms = INT64_MAX;
    attempt.backoff_ms = INT64_MAX;
    cl_report_add(report, &attempt);
    cl_report_add(report, &attempt);
    assert_int_equal(claude_report_attempts(report), INT32_MAX);
    assert_int_equal(claude_report_limiter_wait_ms(report), INT64_MAX);
    assert_int_equal(claude_report_backoff_ms(report), INT64_MAX);
    claude_report_unref(report);
}

/* The longest of everything still has room. */
static void test_largest_json(void **state)
{
    claude_report_t *report = make();
    cl_report_attempt attempt = {.code = CLAUDE_E_REQUEST_TOO_LARGE,
                                 .endpoint = INT32_MIN,
                                 .http_status = INT32_MIN,
                                 .wire = INT32_MIN,
                                 .limiter_ms = INT64_MAX,
                                 .backoff_ms = INT64_MAX,
                                 .started_ms = INT64_MIN,
                                 .duration_ms = INT64_MIN,
                                 .first_ms = INT64_MIN};
    json_object *root;

    (void)state;
    memset(attempt.request_id, '"', sizeof attempt.request_id);
    for (int i = 0; i < CL_REPORT_ATTEMPTS_MAX; i++)
        cl_report_add(report, &attempt);
    report->endpoint_url = calloc(1, 8193);
    memset(report->endpoint_url, '"', 8192);
    report->final = true;
    root = json_tokener_parse(claude_report_json(report, NULL));
    assert_non_null(root);
    json_object_put(root);
    claude_report_unref(report);
}

/* What a server sent in place of a request id. */
static void test_request_ids(void **state)
{
    claude_report_t *report = make();
    cl_report_attempt attempt = {.request_id = "a\nb\xff sk-ant-CANARY0123456789"};

    (void)state;
    cl_report_add(report, &attempt);
    memset(attempt.request_id, 'x', sizeof attempt.request_id);
    cl_report_add(report, &attempt);
    assert_string_equal(claude_report_attempt_request_id(report, 0), "a b? sk-ant-*");
    assert_int_equal(strlen(claude_report_attempt_request_id(report, 1)), sizeof attempt.request_id - 1);
    claude_report_unref(report);
}

/* ---- who has one ---- */

static void test_of_a_call(void **state)
{
    claude_call_t *call = calloc(1, sizeof *call);
    claude_report_t *report = make();

    (void)state;
    assert_null(claude_call_report(call));
    cl_handle_init(&call->handle, CL_MAGIC_CALL);
    call->report = report;
    assert_ptr_equal(claude_call_report(call), report);
    claude_report_unref(report);
    free(call);
}

static void test_of_a_response(void **state)
{
    claude_response_t *response = NULL;
    claude_report_t *report = known_report();
    claude_report_t *other = make();

    (void)state;
    assert_int_equal(claude_response_parse("{}", 2, &response, NULL), CLAUDE_OK);
    assert_null(claude_response_report(response));
    cl_response_set_report(response, other);
    cl_response_set_report(response, report);
    assert_int_equal(other->handle.refs, 1);
    claude_report_unref(other);
    claude_report_unref(report);
    assert_ptr_equal(claude_response_report(response), report);
    assert_ptr_equal(claude_report_ref(claude_response_report(response)), report);
    claude_response_unref(response);
    /* It outlives the response. */
    assert_int_equal(claude_report_attempts(report), 2);
    claude_report_unref(report);
}

static void unref_report(void *report)
{
    cl_report_unref(report);
}

static void test_of_an_error(void **state)
{
    claude_report_t *report = known_report();
    claude_error_t *error;
    cl_err err;

    (void)state;
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_NOMEM, "out of memory");
    error = cl_error_new(&err);
    assert_null(claude_error_report(error));
    claude_error_unref(error);
    cl_fail(&err, CLAUDE_E_NOMEM, "out of memory");
    err.report = (cl_err_object){cl_report_ref(report), unref_report};
    error = cl_error_new(&err);
    assert_ptr_equal(claude_error_report(error), report);
    assert_int_equal(report->handle.refs, 2);
    claude_error_unref(error);
    assert_int_equal(report->handle.refs, 1);
    claude_report_unref(report);
}

static void test_what_is_no_report(void **state)
{
    claude_response_t *response = NULL;
    const claude_report_t *handles[] = {NULL, NULL};
    size_t len = 7;

    (void)state;
    assert_int_equal(claude_response_parse("{}", 2, &response, NULL), CLAUDE_OK);
    handles[1] = (const claude_report_t *)response;
    for (size_t i = 0; i < 2; i++) {
        claude_report_t *handle = (claude_report_t *)(uintptr_t)handles[i];
        assert_int_equal(claude_report_features(handle), 0);
        assert_int_equal(claude_report_wire_attempts(handle), 0);
        assert_int_equal(claude_report_attempts(handle), 0);
        assert_int_equal(claude_report_duration_ms(handle), 0);
        assert_string_equal(claude_report_endpoint_url(handle), "");
        assert_string_equal(claude_report_stopped_by(handle), "");
        assert_string_equal(claude_report_json(handle, &len), "");
        assert_int_equal(len, 0);
        assert_int_equal(claude_report_attempt_count(handle), 0);
        assert_int_equal(claude_report_attempt_code(handle, 0), CLAUDE_OK);
        assert_int_equal(claude_report_attempt_first_event_ms(handle, 0), -1);
        assert_null(claude_report_attempt_request_id(handle, 0));
        assert_null(claude_report_ref(handle));
        claude_report_unref(handle);
    }
    assert_null(claude_call_report((claude_call_t *)response));
    assert_null(claude_error_report((claude_error_t *)response));
    assert_null(claude_response_report(NULL));
    assert_null(cl_report_ref(NULL));
    cl_report_unref(NULL);
    claude_response_unref(response);
}

/* ---- threads ---- */

static void *ask_json(void *user_data)
{
    return (void *)(uintptr_t)claude_report_json(user_data, NULL);
}

static void test_threads_share_the_json(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        claude_report_t *report = known_report();
        pthread_t threads[8];
        report->final = true;
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, ask_json, report), 0);
        for (size_t i = 0; i < 8; i++) {
            void *text;
            pthread_join(threads[i], &text);
            assert_ptr_equal(text, claude_report_json(report, NULL));
        }
        claude_report_unref(report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_report),
        cmocka_unit_test(test_accessors),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_names_in_json),
        cmocka_unit_test(test_many_attempts),
        cmocka_unit_test(test_largest_json),
        cmocka_unit_test(test_request_ids),
        cmocka_unit_test(test_of_a_call),
        cmocka_unit_test(test_of_a_response),
        cmocka_unit_test(test_of_an_error),
        cmocka_unit_test(test_what_is_no_report),
        cmocka_unit_test(test_threads_share_the_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
