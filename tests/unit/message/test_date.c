#include "testing.h"

#include <time.h>

#include "message/date.h"

/* 2026-11-05, for years of two digits. */
static const int64_t near_ms = 1793836800000;

static void http_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -99: refused */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"  Sun, 06 Nov 1994 08:49:37 GMT\t", 784111777},
        {"sun, 06 nov 1994 08:49:37 gmt", 784111777},
        {"Sun, 06 Nov 1994 08:49:37 UTC", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:58 GMT", -2},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
        /* Two digits: at most 50 years ahead of 2026. */
        {"Thursday, 01-Jan-76 00:00:00 GMT", 3345062400},
        {"Saturday, 01-Jan-77 00:00:00 GMT", 220924800},
        {"Thursday, 01-Jan-26 00:00:00 GMT", 1767225600},
        {"", -99},
        {"garbage", -99},
        {"Sun", -99},
        {"Sun,", -99},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -99},
        {"Sun, 06 Nov 94 08:49:37 GMT", -99},
        {"Sun, 06 Nov 1994 08:49:37", -99},
        {"Sun, 06 Nov 1994 08:49:37 EST", -99},
        {"Sun, 06 Nov 1994 08:49:37 +0100", -99},
        {"Sun, 06 Nov 1994 08:49:37 GMT x", -99},
        {"Sun, 06 Nov 1994 08:49 GMT", -99},
        {"Sun, 06 Xxx 1994 08:49:37 GMT", -99},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -99},
        {"Sun, 31 Nov 1994 08:49:37 GMT", -99},
        {"Sun, 29 Feb 2023 08:49:37 GMT", -99},
        {"Sun, 29 Feb 1900 08:49:37 GMT", -99},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -99},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -99},
        {"Sun, 06 Nov 1994 08:49:61 GMT", -99},
        {"Sun, 06 Nov 0000 08:49:37 GMT", -99},
        {"Sunday, 06-Nov-1994 08:49:37 GMT", -99},
        {"Sun Nov 6 08:49:37 1994", -99},
        {"Sun Nov  6 08:49:37 1994 GMT", -99},
        {"06 Nov 1994 08:49:37 GMT", -99},
        {"1994-11-06T08:49:37Z", -99},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds = 77;
        bool ok = cl_date_http(cl_str_of(rows[i].text), near_ms, &seconds);
        if (ok != (rows[i].seconds != -99) || seconds != (ok ? rows[i].seconds : 77))
            fail_msg("%s: %d %lld", rows[i].text, ok, (long long)seconds);
    }
}

static void rfc3339_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -99: refused */
    } rows[] = {
        {"1994-11-06T08:49:37Z", 784111777000},
        {"1994-11-06t08:49:37z", 784111777000},
        {"1994-11-06 08:49:37Z", 784111777000},
        {"1994-11-06T08:49:37.25Z", 784111777250},
        {"1994-11-06T08:49:37.123456789Z", 784111777123},
        {"1994-11-06T09:49:37+01:00", 784111777000},
        {"1994-11-06T03:19:37-05:30", 784111777000},
        {"1994-11-06T08:49:37.5+00:00", 784111777500},
        {" 1994-11-06T08:49:37Z ", 784111777000},
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"", -99},
        {"1994-11-06", -99},
        {"1994-11-06T08:49:37", -99},
        {"1994-11-06T08:49Z", -99},
        {"1994-11-06T08:49:37.Z", -99},
        {"1994-11-06T08:49:37+0100", -99},
        {"1994-11-06T08:49:37+24:00", -99},
        {"1994-11-06T08:49:37+01:60", -99},
        {"1994-13-06T08:49:37Z", -99},
        {"1994-00-06T08:49:37Z", -99},
        {"2023-02-29T08:49:37Z", -99},
        {"1994-11-06T08:49:37Zx", -99},
        {"94-11-06T08:49:37Z", -99},
        {"784111777", -99},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 77;
        bool ok = cl_date_rfc3339(cl_str_of(rows[i].text), &ms);
        if (ok != (rows[i].ms != -99) || ms != (ok ? rows[i].ms : 77))
            fail_msg("%s: %d %lld", rows[i].text, ok, (long long)ms);
    }
}

/* The century of two digits moves with the clock. */
static void years_of_two_digits(void **state)
{
    static const struct {
        int64_t near_year;
        const char *text;
        const char *full;
    } rows[] = {
        {2060, "Thursday, 01-Jan-10 00:00:00 GMT", "2110-01-01T00:00:00Z"},
        {2060, "Thursday, 01-Jan-11 00:00:00 GMT", "2011-01-01T00:00:00Z"},
        {2060, "Thursday, 01-Jan-99 00:00:00 GMT", "2099-01-01T00:00:00Z"},
        {1999, "Thursday, 01-Jan-49 00:00:00 GMT", "2049-01-01T00:00:00Z"},
        {1999, "Thursday, 01-Jan-50 00:00:00 GMT", "1950-01-01T00:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[40];
        int64_t clock;
        int64_t seconds;
        int64_t ms;
        snprintf(text, sizeof text, "%d-06-01T00:00:00Z", (int)rows[i].near_year);
        assert_true(cl_date_rfc3339(cl_str_of(text), &clock));
        assert_true(cl_date_http(cl_str_of(rows[i].text), clock, &seconds));
        assert_true(cl_date_rfc3339(cl_str_of(rows[i].full), &ms));
        assert_int_equal(seconds * 1000, ms);
    }
}

/* Every day of 400 years and more, against the C library. */
static void the_calendar(void **state)
{
    (void)state;
    for (int64_t day = -1000; day < 150000; day++) {
        time_t seconds = (time_t)(day * 86400 + 3723);
        struct tm tm;
        char text[40];
        int64_t ms = 0;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        assert_true(cl_date_rfc3339(cl_str_of(text), &ms));
        assert_int_equal(ms, (int64_t)seconds * 1000);
    }
}

/* Anything may come in a header. */
static void every_cut_is_harmless(void **state)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.25+01:00"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t len = 0; len < strlen(texts[i]); len++) {
            char *exact = malloc(len > 0 ? len : 1);
            int64_t value;
            assert_non_null(exact);
            memcpy(exact, texts[i], len);
            assert_false(cl_date_http(cl_str_n(exact, len), near_ms, &value));
            assert_false(cl_date_rfc3339(cl_str_n(exact, len), &value));
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_dates),   cmocka_unit_test(rfc3339_dates),         cmocka_unit_test(years_of_two_digits),
        cmocka_unit_test(the_calendar), cmocka_unit_test(every_cut_is_harmless),
    };

    return cmocka_run_group_tests_name("message.date", tests, NULL, NULL);
}
