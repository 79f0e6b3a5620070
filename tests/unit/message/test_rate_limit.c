/* What headers say of rate limits: every documented one, and what they may look like. */
#include "testing.h"

#include <claude/claude.h>

#include "base/error.h"
#include "message/rate_limit.h"

/* 2026-11-05T10:11:12Z */
#define WALL INT64_C(1793873472000)
#define DATE "Thu, 05 Nov 2026 10:11:12 GMT"

enum { LIMIT = CLAUDE_RATE_LIMIT_LIMIT, REMAINING, RESET, RESET_IN, USED };

static cl_headers headers_of(const char *const list[][2], size_t count)
{
    cl_headers headers = {NULL, 0, 0};

    for (size_t i = 0; i < count; i++)
        assert_int_equal(cl_headers_add(&headers, cl_str_of(list[i][0]), cl_str_of(list[i][1]), NULL), CLAUDE_OK);
    return headers;
}

/* A figure of "requests" in an answer with these headers; NULL: without one of them. */
static int64_t requests(const char *limit, const char *remaining, const char *reset, const char *date, int32_t which)
{
    const char *const list[][2] = {{"anthropic-ratelimit-requests-limit", limit},
                                   {"Anthropic-Ratelimit-Requests-Remaining", remaining},
                                   {"ANTHROPIC-RATELIMIT-REQUESTS-RESET", reset},
                                   {"Date", date}};
    cl_headers headers = {NULL, 0, 0};
    int64_t figure;

    for (size_t i = 0; i < 4; i++) {
        if (list[i][1])
            assert_int_equal(cl_headers_add(&headers, cl_str_of(list[i][0]), cl_str_of(list[i][1]), NULL), CLAUDE_OK);
    }
    figure = cl_rate_limit(&headers, WALL, "requests", which);
    cl_headers_free(&headers);
    return figure;
}

static void every_documented_header(void **state)
{
    static const char *const kinds[] = {
        "requests", "tokens", "input-tokens", "output-tokens", "priority-input-tokens", "priority-output-tokens"};
    static const char *const names[] = {"anthropic-ratelimit-requests",     "anthropic-ratelimit-tokens",
                                        "anthropic-ratelimit-input-tokens", "anthropic-ratelimit-output-tokens",
                                        "anthropic-priority-input-tokens",  "anthropic-priority-output-tokens"};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char text[3][100];
        cl_headers headers;
        snprintf(text[0], sizeof text[0], "%s-limit", names[i]);
        snprintf(text[1], sizeof text[1], "%s-remaining", names[i]);
        snprintf(text[2], sizeof text[2], "%s-reset", names[i]);
        headers = headers_of(
            (const char *const[][2]){
                {text[0], "400"}, {text[1], "300"}, {text[2], "2026-11-05T10:11:42Z"}, {"date", DATE}},
            4);
        for (size_t k = 0; k < 6; k++) {
            bool same = k == i;
            assert_int_equal(cl_rate_limit(&headers, 0, kinds[k], LIMIT), same ? 400 : -1);
            assert_int_equal(cl_rate_limit(&headers, 0, kinds[k], REMAINING), same ? 300 : -1);
            assert_int_equal(cl_rate_limit(&headers, 0, kinds[k], RESET), same ? WALL + 30000 : -1);
            assert_int_equal(cl_rate_limit(&headers, 0, kinds[k], RESET_IN), same ? 30000 : -1);
            assert_int_equal(cl_rate_limit(&headers, 0, kinds[k], USED), same ? 25 : -1);
        }
        assert_int_equal(cl_rate_limit(&headers, 0, kinds[i], 0), -1);
        assert_int_equal(cl_rate_limit(&headers, 0, kinds[i], USED + 1), -1);
        assert_int_equal(cl_rate_limit(&headers, 0, kinds[i], INT32_MIN), -1);
        assert_int_equal(cl_rate_limit(&headers, 0, "", LIMIT), -1);
        cl_headers_free(&headers);
    }
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = {
        {"0", 0},     {"1", 1},    {" 50 ", 50}, {"007", 7},    {"9223372036854775807", INT64_MAX},
        {"", -1},     {" ", -1},   {"-1", -1},   {"-0", 0},     {"9223372036854775808", -1},
        {"+5", -1},   {"1.5", -1}, {"1e3", -1},  {"0x10", -1},  {"99999999999999999999999", -1},
        {"5, 6", -1}, {"5 6", -1}, {"many", -1}, {"1,000", -1}, {"\xd9\xa5", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(requests(rows[i].text, NULL, NULL, DATE, LIMIT), rows[i].number);
        assert_int_equal(requests(NULL, rows[i].text, NULL, DATE, REMAINING), rows[i].number);
    }
}

static void resets(void **state)
{
    static const struct {
        const char *reset;
        const char *date;
        int64_t at;
        int64_t in;
    } rows[] = {
        {"2026-11-05T10:11:13Z", DATE, WALL + 1000, 1000},
        {"2026-11-05T10:11:12Z", DATE, WALL, 0},
        {"2026-11-05T10:11:12.250Z", DATE, WALL + 250, 250},
        {"2026-11-05T11:11:13+01:00", DATE, WALL + 1000, 1000},
        /* Past, for whatever reason. */
        {"2026-11-05T10:11:11Z", DATE, WALL - 1000, 0},
        {"1970-01-01T00:00:00Z", DATE, 0, 0},
        {"1969-12-31T23:59:59Z", DATE, -1, -1},
        {"0001-01-01T00:00:00Z", DATE, -1, -1},
        {"9999-12-31T23:59:59Z", DATE, 253402300799000, 253402300799000 - WALL},
        /* By the server's clock, an hour off ours; by ours if it tells none. */
        {"2026-11-05T11:11:13Z", "Thu, 05 Nov 2026 11:11:12 GMT", WALL + 3601000, 1000},
        {"2026-11-05T09:11:13Z", "Thu, 05 Nov 2026 09:11:12 GMT", WALL - 3599000, 1000},
        {"2026-11-05T10:11:13Z", NULL, WALL + 1000, 1000},
        {"2026-11-05T10:11:10Z", NULL, WALL - 2000, 0},
        {"2026-11-05T10:11:13Z", "now", WALL + 1000, 1000},
        {"2026-11-05T10:11:13Z", "", WALL + 1000, 1000},
        {"1970-01-01T00:00:01Z", "Wed, 31 Dec 1969 23:59:58 GMT", 1000, 1000},
        /* Nothing, and what is no such date. */
        {NULL, DATE, -1, -1},
        {"", DATE, -1, -1},
        {"soon", DATE, -1, -1},
        {"60", DATE, -1, -1},
        {"60s", DATE, -1, -1},
        {"1793873473", DATE, -1, -1},
        {DATE, DATE, -1, -1},
        {"2026-11-05", DATE, -1, -1},
        {"2026-13-05T10:11:13Z", DATE, -1, -1},
        {"2026-11-05T10:11:13", DATE, -1, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(requests("5", "5", rows[i].reset, rows[i].date, RESET), rows[i].at);
        assert_int_equal(requests("5", "5", rows[i].reset, rows[i].date, RESET_IN), rows[i].in);
    }
}

static void our_own_clock_may_be_anything(void **state)
{
    const int64_t walls[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    cl_headers headers =
        headers_of((const char *const[][2]){{"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:12Z"}}, 1);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        int64_t in = cl_rate_limit(&headers, walls[i], "requests", RESET_IN);
        assert_int_equal(in, walls[i] <= 0 ? WALL : walls[i] == 1 ? WALL - 1 : 0);
    }
    cl_headers_free(&headers);
}

static void shares(void **state)
{
    static const struct {
        const char *limit;
        const char *remaining;
        int64_t percent;
    } rows[] = {
        {"100", "100", 0},
        {"100", "0", 100},
        {"100", "1", 99},
        {"1000", "999", 1},
        {"1000", "991", 1},
        {"1000", "990", 1},
        {"1000", "989", 2},
        {"1000", "1", 100},
        {"3", "1", 67},
        {"3", "2", 34},
        {"1", "0", 100},
        {"0", "0", 100},
        /* More than there is. */
        {"100", "101", 0},
        {"0", "7", 100},
        {"1", "9223372036854775807", 0},
        {"9223372036854775807", "0", 100},
        {"9223372036854775807", "9223372036854775807", 0},
        {"9223372036854775807", "9223372036854775806", 1},
        {"9223372036854775807", "1", 100},
        {"9223372036854775807", "4611686018427387904", 50},
        {"92233720368547758", "46116860184273879", 50},
        {NULL, "5", -1},
        {"5", NULL, -1},
        {NULL, NULL, -1},
        {"x", "5", -1},
        {"5", "-5", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (requests(rows[i].limit, rows[i].remaining, NULL, NULL, USED) != rows[i].percent)
            fail_msg("row %zu: %lld", i, (long long)requests(rows[i].limit, rows[i].remaining, NULL, NULL, USED));
    }
}

static void of_several_the_last_one_counts(void **state)
{
    cl_headers headers = headers_of((const char *const[][2]){{"anthropic-ratelimit-requests-limit", "1"},
                                                             {"Anthropic-RateLimit-Requests-Limit", "2"},
                                                             {"anthropic-ratelimit-requests-limits", "3"}},
                                    3);
    char long_name[200];

    (void)state;
    assert_int_equal(cl_rate_limit(&headers, WALL, "requests", LIMIT), 2);
    for (size_t len = 0; len < sizeof long_name; len++) {
        memset(long_name, 'a', sizeof long_name);
        long_name[len] = '\0';
        for (int32_t which = LIMIT; which <= USED; which++)
            assert_int_equal(cl_rate_limit(&headers, WALL, long_name, which), -1);
    }
    cl_headers_free(&headers);
}

/* ---- for the limiter and for retries ---- */

static void figures(void **state)
{
    static const char *const list[][2] = {
        {"anthropic-ratelimit-requests-limit", "50"},
        {"anthropic-ratelimit-requests-remaining", "49"},
        {"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:14Z"},
        {"anthropic-ratelimit-tokens-limit", "48000"},
        {"anthropic-ratelimit-tokens-remaining", "47000"},
        {"anthropic-ratelimit-tokens-reset", "2026-11-05T10:11:15Z"},
        {"anthropic-ratelimit-output-tokens-limit", "8000"},
        {"anthropic-ratelimit-input-tokens-reset", "2026-11-05T10:11:16Z"},
        {"anthropic-ratelimit-input-tokens-remaining", "39000"},
        {"anthropic-ratelimit-tokens-limit", "48000"},
        {"anthropic-ratelimit-tokens-remaining", "47000"},
        {"anthropic-ratelimit-input-tokens-limit", "40000"},
    };
    cl_limit_figures out[CL_LIMIT_DIMENSIONS];
    cl_headers headers = headers_of(list, 9);

    (void)state;
    cl_rate_limit_figures(&headers, WALL, out);
    assert_memory_equal(&out[CL_LIMIT_REQUESTS], (&(cl_limit_figures){50, 49, 2000}), sizeof out[0]);
    assert_memory_equal(&out[CL_LIMIT_INPUT], (&(cl_limit_figures){-1, 39000, 4000}), sizeof out[0]);
    assert_memory_equal(&out[CL_LIMIT_OUTPUT], (&(cl_limit_figures){8000, -1, -1}), sizeof out[0]);
    cl_headers_free(&headers);
    /* Without figures of input tokens alone, those of all tokens. */
    headers = headers_of(list, 8);
    cl_rate_limit_figures(&headers, WALL, out);
    assert_memory_equal(&out[CL_LIMIT_INPUT], (&(cl_limit_figures){48000, 47000, 3000}), sizeof out[0]);
    cl_headers_free(&headers);
    headers = headers_of(list + 9, 3);
    cl_rate_limit_figures(&headers, WALL, out);
    assert_memory_equal(&out[CL_LIMIT_INPUT], (&(cl_limit_figures){40000, -1, -1}), sizeof out[0]);
    cl_headers_free(&headers);
    headers = headers_of(list, 0);
    cl_rate_limit_figures(&headers, WALL, out);
    for (size_t i = 0; i < CL_LIMIT_DIMENSIONS; i++)
        assert_memory_equal(&out[i], (&(cl_limit_figures){-1, -1, -1}), sizeof out[0]);
    cl_headers_free(&headers);
}

static int64_t reset_of(const char *const list[][2], size_t count)
{
    cl_headers headers = headers_of(list, count);
    int64_t ms = cl_rate_limit_reset_ms(&headers, WALL);

    cl_headers_free(&headers);
    return ms;
}

static void until_what_is_used_up_is_full_again(void **state)
{
    static const char *const all[][2] = {
        {"anthropic-ratelimit-requests-remaining", "0"},
        {"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:14Z"},
        {"anthropic-ratelimit-output-tokens-remaining", "0"},
        {"anthropic-ratelimit-output-tokens-reset", "2026-11-05T10:12:12Z"},
        {"anthropic-ratelimit-input-tokens-remaining", "1"},
        {"anthropic-ratelimit-input-tokens-reset", "2026-11-05T10:20:12Z"},
        {"anthropic-ratelimit-tokens-remaining", "0"},
        {"anthropic-ratelimit-tokens-reset", "never"},
        {"anthropic-priority-input-tokens-remaining", "0"},
        {"anthropic-priority-input-tokens-reset", "2026-11-05T11:11:12Z"},
    };

    (void)state;
    assert_int_equal(reset_of(all, 0), -1);
    assert_int_equal(reset_of(all, 1), -1);
    assert_int_equal(reset_of(all, 2), 2000);
    assert_int_equal(reset_of(all, 10), 60000);
    assert_int_equal(reset_of(all + 4, 6), -1);
    assert_int_equal(reset_of((const char *const[][2]){{"anthropic-ratelimit-requests-remaining", "0"},
                                                       {"anthropic-ratelimit-requests-reset", "2026-11-05T10:12:12Z"},
                                                       {"anthropic-ratelimit-tokens-remaining", "0"},
                                                       {"anthropic-ratelimit-tokens-reset", "2026-11-05T10:11:14Z"}},
                              4),
                     60000);
    /* Past: it is full. */
    assert_int_equal(reset_of((const char *const[][2]){{"anthropic-ratelimit-tokens-remaining", "0"},
                                                       {"anthropic-ratelimit-tokens-reset", "2026-11-05T10:11:11Z"}},
                              2),
                     0);
}

/* ---- the interface ---- */

static void responses_and_errors_tell(void **state)
{
    cl_headers headers = headers_of(
        (const char *const[][2]){
            {"anthropic-ratelimit-requests-limit", "50"},
            {"anthropic-ratelimit-requests-remaining", "10"},
            {"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:42Z"},
            {"date", DATE},
        },
        4);
    claude_response_t *response = NULL;
    claude_error_t *error;
    cl_err err;

    (void)state;
    assert_int_equal(cl_response_new(429, &headers, NULL, 0, false, &response, NULL), CLAUDE_OK);
    assert_int_equal(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_RESET_IN_MS), 30000);
    assert_int_equal(claude_response_rate_limit(response, "requests", CLAUDE_RATE_LIMIT_USED_PERCENT), 80);
    assert_int_equal(claude_response_rate_limit(response, NULL, CLAUDE_RATE_LIMIT_LIMIT), -1);
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_RATE_LIMIT, "too many");
    error = cl_error_new(&err);
    assert_int_equal(claude_error_rate_limit(error, "requests", CLAUDE_RATE_LIMIT_LIMIT), -1);
    claude_error_unref(error);
    cl_err_init(&err);
    cl_fail(&err, CLAUDE_E_RATE_LIMIT, "too many");
    err.response = (cl_err_object){response, (void (*)(void *))cl_response_unref};
    error = cl_error_new(&err);
    assert_int_equal(claude_error_rate_limit(error, "requests", CLAUDE_RATE_LIMIT_LIMIT), 50);
    assert_int_equal(claude_error_rate_limit(error, "requests", CLAUDE_RATE_LIMIT_USED_PERCENT), 80);
    assert_int_equal(claude_error_rate_limit(error, "tokens", CLAUDE_RATE_LIMIT_USED_PERCENT), -1);
    assert_int_equal(claude_error_rate_limit(error, NULL, CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_error_rate_limit(NULL, "requests", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_call_rate_limit(NULL, "requests", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(claude_call_rate_limit((claude_call_t *)(void *)error, "requests", CLAUDE_RATE_LIMIT_LIMIT), -1);
    claude_error_unref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_documented_header),
        cmocka_unit_test(numbers),
        cmocka_unit_test(resets),
        cmocka_unit_test(our_own_clock_may_be_anything),
        cmocka_unit_test(shares),
        cmocka_unit_test(of_several_the_last_one_counts),
        cmocka_unit_test(figures),
        cmocka_unit_test(until_what_is_used_up_is_full_again),
        cmocka_unit_test(responses_and_errors_tell),
    };

    return cmocka_run_group_tests_name("message.rate_limit", tests, NULL, NULL);
}
