/* Quotas: dates, clocks, room, refusals, and numbers at the edges. */
#include "quota_testing.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- dates ---- */

/* All days of 3,000 years, counted one by one. */
static void days_and_months_are_those_of_the_calendar(void **state)
{
    int64_t day = cl_month_begins(-12 * 1000); /* 0970-01-01 */
    int64_t month_number = -12 * 1000;

    (void)state;
    assert_int_equal(cl_month_begins(0), 0);
    assert_int_equal(cl_month_begins(12 * 30 + 2), 11017); /* 2000-03-01 */
    for (int64_t year = 970; year < 3970; year++) {
        for (int64_t month = 1; month <= 12; month++, month_number++) {
            assert_int_equal(cl_month_begins(month_number), day);
            for (int64_t of_month = 1; of_month <= days_of_month(year, month); of_month++, day++) {
                char expected[32];
                char room[32];
                cl_buf text = CL_BUF_ON(room);
                assert_int_equal(cl_month_of(day), month_number);
                if (of_month != 1 && of_month < 28)
                    continue;
                snprintf(expected, sizeof expected, "%d-%02d-%02d", (int)year, (int)month, (int)of_month);
                assert_int_equal(cl_put_day(&text, day), CL_BUF_OK);
                assert_string_equal(room, expected);
            }
        }
    }
    assert_int_equal(cl_day_of(-1), -1);
    assert_int_equal(cl_day_of(0), 0);
    assert_int_equal(cl_day_of(CL_DAY_MS - 1), 0);
}

static int64_t day_at(int64_t year, int64_t month, int64_t day)
{
    return cl_month_begins((year - 1970) * 12 + month - 1) + day - 1;
}

static void it_begins_anew_at_midnight_and_on_the_first(void **state)
{
    static const int64_t offsets[] = {0, 60, -300, 330, 1440, -1440};
    static const struct {
        int64_t year;
        int64_t month;
        int64_t day;
        bool month_ends;
    } rows[] = {
        {2026, 11, 23, false}, {2026, 11, 30, true}, {2026, 12, 31, true}, {2028, 2, 28, false}, {2028, 2, 29, true},
        {2027, 2, 28, true},   {2100, 2, 28, true},  {2000, 2, 29, true},  {1969, 12, 31, true}, {2026, 1, 30, false},
    };

    (void)state;
    for (size_t o = 0; o < COUNT_OF(offsets); o++) {
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            claude_quota_t *quota = quota_with(offsets[o]);
            int64_t midnight = (day_at(rows[i].year, rows[i].month, rows[i].day) + 1) * CL_DAY_MS - offsets[o] * 60000;
            limit(quota, "", "daily_requests", 2);
            assert_int_equal(one(quota, "a", midnight - 2), CLAUDE_OK);
            assert_int_equal(cl_quota_reset_at_ms(quota, CL_QUOTA_DAY, midnight - 2), midnight);
            if (rows[i].month_ends)
                assert_int_equal(cl_quota_reset_at_ms(quota, CL_QUOTA_MONTH, midnight - 2), midnight);
            else
                assert_true(cl_quota_reset_at_ms(quota, CL_QUOTA_MONTH, midnight - 2) > midnight);
            assert_int_equal(one(quota, "a", midnight - 1), CLAUDE_OK);
            assert_int_equal(one(quota, "a", midnight - 1), CLAUDE_E_QUOTA);
            assert_int_equal(requests(quota, "", CL_QUOTA_DAY, midnight), 0);
            assert_int_equal(requests(quota, "a", CL_QUOTA_DAY, midnight), 0);
            assert_int_equal(requests(quota, "a", CL_QUOTA_MONTH, midnight), rows[i].month_ends ? 0 : 2);
            assert_int_equal(requests(quota, "", CL_QUOTA_EVER, midnight), 2);
            assert_int_equal(one(quota, "a", midnight), CLAUDE_OK);
            assert_int_equal(cl_quota_reset_at_ms(quota, CL_QUOTA_DAY, midnight), midnight + CL_DAY_MS);
            cl_quota_unref(quota);
        }
    }
}

/* ---- clocks ---- */

static void a_clock_that_goes_back_gives_nothing_back(void **state)
{
    claude_quota_t *quota = quota_with(0);
    int64_t midnight = NOON + 12 * HOUR_MS;

    (void)state;
    limit(quota, "", "daily_requests", 2);
    assert_int_equal(one(quota, "", midnight - 1), CLAUDE_OK);
    assert_int_equal(one(quota, "", midnight + 5), CLAUDE_OK); /* a new day */
    assert_int_equal(one(quota, "", midnight - 5), CLAUDE_OK); /* still that one */
    assert_int_equal(one(quota, "", midnight - 5), CLAUDE_E_QUOTA);
    assert_int_equal(one(quota, "", midnight + 6), CLAUDE_E_QUOTA);
    assert_int_equal(cl_quota_reset_at_ms(quota, CL_QUOTA_DAY, midnight - 5), midnight + CL_DAY_MS);
    /* Far back: what is used stays used, and the next midnight is that of the new time. */
    assert_int_equal(one(quota, "", midnight - 10 * (int64_t)CL_DAY_MS), CLAUDE_E_QUOTA);
    assert_int_equal(cl_quota_reset_at_ms(quota, CL_QUOTA_DAY, midnight - 10 * (int64_t)CL_DAY_MS),
                     midnight - 9 * (int64_t)CL_DAY_MS);
    assert_int_equal(requests(quota, "", CL_QUOTA_MONTH, midnight - 10 * (int64_t)CL_DAY_MS), 3);
    assert_int_equal(one(quota, "", midnight - 9 * (int64_t)CL_DAY_MS), CLAUDE_OK);
    assert_int_equal(requests(quota, "", CL_QUOTA_DAY, midnight - 9 * (int64_t)CL_DAY_MS), 1);
    cl_quota_unref(quota);
}

static void no_time_is_too_strange(void **state)
{
    static const int64_t times[] = {NOON, INT64_MAX, INT64_MIN, 0, -1, INT64_MAX, INT64_MAX - 1, NOON};
    claude_quota_t *quota = quota_with(INT64_MAX);

    (void)state;
    limit(quota, "", "daily_requests", 1);
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        cl_err err;
        cl_err_init(&err);
        one(quota, "", times[i]);
        cl_quota_reset_at_ms(quota, CL_QUOTA_MONTH, times[i]);
        cl_quota_use used = use(1, 1, 1);
        if (cl_quota_record(quota, cl_str_of(""), &used, times[i], &err) < 0)
            assert_true(err.retry_after_ms >= 0);
        cl_err_clear(&err);
    }
    cl_quota_unref(quota);
}

/* ---- room ---- */

static void room_is_taken_and_put_right(void **state)
{
    claude_quota_t *quota = quota_with(0);
    cl_quota_ticket first = {.open = false};
    cl_quota_ticket second = {.open = false};
    cl_quota_need asked = need(60, 6);
    cl_quota_use used = use(10, 20, 3);

    (void)state;
    limit(quota, "", "daily_tokens", 100);
    limit(quota, "a", "monthly_cost", 10);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &first, NULL), CLAUDE_OK);
    assert_int_equal(look(quota, "", NOON).reserved[CL_QUOTA_TOKENS], 60);
    assert_int_equal(look(quota, "a", NOON).reserved[CL_QUOTA_COST], 6);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("b"), &asked, NOON, &second, NULL), CLAUDE_E_QUOTA); /* tokens */
    asked.amount[CL_QUOTA_TOKENS] = 40;
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &second, NULL), CLAUDE_E_QUOTA); /* cost */
    assert_false(second.open);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("b"), &asked, NOON, &second, NULL), CLAUDE_OK);
    cl_quota_settle(quota, &second, NULL, NOON);
    cl_quota_settle(quota, &first, &used, NOON);
    cl_quota_settle(quota, &first, &used, NOON); /* is over */
    for (size_t kind = 0; kind < CL_QUOTA_KINDS; kind++)
        assert_int_equal(look(quota, "", NOON).reserved[kind] + look(quota, "a", NOON).reserved[kind], 0);
    assert_int_equal(requests(quota, "", CL_QUOTA_DAY, NOON), 1);
    assert_int_equal(requests(quota, "b", CL_QUOTA_DAY, NOON), 0);
    assert_int_equal(look(quota, "a", NOON).used[CL_QUOTA_MONTH].count[CL_USED_COST], 3);
    assert_int_equal(look(quota, "", NOON).refused, 1);
    assert_int_equal(look(quota, "a", NOON).refused, 1);
    cl_quota_unref(quota);
}

static void a_call_over_midnight_counts_when_it_ends(void **state)
{
    claude_quota_t *quota = quota_with(0);
    int64_t midnight = NOON + 12 * HOUR_MS;
    cl_quota_ticket ticket = {.open = false};
    cl_quota_need asked = need(60, 0);
    cl_quota_use used = use(25, 25, 0);

    (void)state;
    limit(quota, "", "daily_tokens", 100);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, midnight - 1, &ticket, NULL), CLAUDE_OK);
    asked = need(41, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, midnight, &ticket, NULL), CLAUDE_E_QUOTA);
    cl_quota_settle(quota, &ticket, &used, midnight);
    assert_int_equal(requests(quota, "a", CL_QUOTA_DAY, midnight), 1);
    asked = need(51, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, midnight, &ticket, NULL), CLAUDE_E_QUOTA);
    asked = need(50, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, midnight, &ticket, NULL), CLAUDE_OK);
    cl_quota_unref(quota);
}

static void what_needs_nothing_of_it_is_not_refused(void **state)
{
    claude_quota_t *quota = quota_with(0);
    cl_quota_use much = use(1000, 1000, 1000);
    cl_quota_need asked = need(0, 0);
    cl_quota_ticket ticket = {.open = false};

    (void)state;
    limit(quota, "", "daily_tokens", 1);
    limit(quota, "", "daily_cost", 1);
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &much, NOON, NULL), CLAUDE_OK); /* over it */
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, NULL), CLAUDE_OK);
    asked = need(1, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, NULL), CLAUDE_E_QUOTA);
    cl_quota_unref(quota);
}

/* ---- refusals ---- */

static void check_refusal(claude_quota_t *quota, cl_quota_need asked, const char *name, int64_t retry_after_ms,
                          const char *message)
{
    cl_quota_ticket ticket = {.open = false};
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, &err), CLAUDE_E_QUOTA);
    assert_int_equal(err.code, CLAUDE_E_QUOTA);
    assert_string_equal(err.feature, "enterprise-quota");
    assert_string_equal(err.error_code, name);
    assert_string_equal(err.message, message);
    assert_int_equal(err.retry_after_ms, retry_after_ms);
    assert_true(err.quota.limit > 0);
    cl_err_clear(&err);
}

/* Of several that refuse the one is named that has to be waited for longest. */
static void a_refusal_says_which_how_far_and_until_when(void **state)
{
    claude_quota_t *quota = quota_with(60);
    cl_quota_use used = use(40, 40, INT64_C(49980000000));
    cl_quota_need asked = need(30, INT64_C(100000000));
    int64_t day_left = 11 * (int64_t)HOUR_MS;
    int64_t month_left = 7 * (int64_t)CL_DAY_MS + day_left;

    (void)state;
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &used, NOON, NULL), CLAUDE_OK);
    limit(quota, "", "daily_cost", INT64_C(50000000000));
    check_refusal(quota, asked, "daily_cost", day_left,
                  "daily_cost is used up: 49.98 dollars of 50 dollars are used, 0 dollars are reserved by calls under "
                  "way, and 0.1 dollars are needed; it begins anew at 2026-11-23 23:00 UTC");
    limit(quota, "a", "monthly_tokens", 100);
    check_refusal(quota, asked, "monthly_tokens", month_left,
                  "monthly_tokens of a is used up: 80 tokens of 100 tokens are used, 0 tokens are reserved by calls "
                  "under way, and 30 tokens are needed; it begins anew at 2026-11-30 23:00 UTC");
    limit(quota, "", "daily_tokens", 29);
    check_refusal(quota, asked, "daily_tokens", -1,
                  "30 tokens may be used, which is more than the whole of daily_tokens, 29 tokens: ask for less "
                  "(max_tokens), or raise it");
    asked.unpriced = true;
    check_refusal(quota, asked, "daily_cost", -1,
                  "the model \"a\" has no price, so that its calls cannot be held against daily_cost: give it one in "
                  "the table of models (claude_config_set_models), or remove that limit");
    cl_quota_unref(quota);
}

/* ---- edges ---- */

static void sums_stay_at_the_end_of_numbers(void **state)
{
    claude_quota_t *quota = quota_with(0);
    cl_quota_use most = use(INT64_MAX, INT64_MAX, INT64_MAX);
    cl_quota_use negative = use(-5, INT64_MIN, -7);
    cl_quota_need asked = need(INT64_MAX, INT64_MAX);
    cl_quota_ticket first = {.open = false};
    cl_quota_ticket second = {.open = false};

    (void)state;
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &negative, NOON, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_tokens(&look(quota, "a", NOON).used[CL_QUOTA_DAY]), 0);
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &most, NOON, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &most, NOON, NULL), CLAUDE_OK);
    assert_true(cl_quota_tokens(&look(quota, "a", NOON).used[CL_QUOTA_DAY]) == INT64_MAX);
    assert_true(look(quota, "", NOON).used[CL_QUOTA_EVER].count[CL_USED_COST] == INT64_MAX);
    assert_int_equal(requests(quota, "", CL_QUOTA_EVER, NOON), 3);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &first, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &second, NULL), CLAUDE_E_LIMIT);
    limit(quota, "", "daily_tokens", INT64_MAX);
    asked = need(1, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &second, NULL), CLAUDE_E_QUOTA);
    cl_quota_settle(quota, &first, NULL, NOON);
    assert_int_equal(look(quota, "", NOON).reserved[CL_QUOTA_TOKENS], 0);
    asked = need(-1, 0);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &second, NULL), CLAUDE_E_INVALID);
    cl_quota_unref(quota);
}

static void there_is_an_end_of_models(void **state)
{
    claude_quota_t *quota = quota_with(0);
    char name[CL_QUOTA_NAME_MAX + 2];

    (void)state;
    for (int i = 0; i < CL_QUOTA_MODELS_MAX + 100; i++) {
        snprintf(name, sizeof name, "model-%d", i);
        assert_int_equal(one(quota, name, NOON), CLAUDE_OK);
    }
    assert_int_equal(cl_quota_model_count(quota), CL_QUOTA_MODELS_MAX + 1);
    assert_string_equal(cl_quota_model_at(quota, 0), "model-0");
    assert_string_equal(cl_quota_model_at(quota, CL_QUOTA_MODELS_MAX), CL_QUOTA_OTHER);
    assert_null(cl_quota_model_at(quota, CL_QUOTA_MODELS_MAX + 1));
    assert_int_equal(requests(quota, "model-255", CL_QUOTA_DAY, NOON), 1);
    assert_int_equal(requests(quota, "model-256", CL_QUOTA_DAY, NOON), 0);
    assert_int_equal(requests(quota, CL_QUOTA_OTHER, CL_QUOTA_DAY, NOON), 100);
    assert_int_equal(requests(quota, "", CL_QUOTA_DAY, NOON), CL_QUOTA_MODELS_MAX + 100);
    assert_int_equal(cl_quota_set_limit(quota, CL_STR("model-256"), 0, 0, 1, NULL), CLAUDE_E_LIMIT);
    memset(name, 'x', sizeof name);
    name[CL_QUOTA_NAME_MAX] = '\0';
    assert_int_equal(one(quota, name, NOON), CLAUDE_OK);
    name[CL_QUOTA_NAME_MAX] = 'x';
    name[CL_QUOTA_NAME_MAX + 1] = '\0';
    assert_int_equal(one(quota, name, NOON), CLAUDE_E_INVALID);
    assert_int_equal(one(quota, "\xff", NOON), CLAUDE_E_INVALID);
    cl_quota_unref(quota);
}

static void dollars_have_as_many_decimals_as_they_need(void **state)
{
    static const struct {
        int64_t nano;
        const char *text;
    } rows[] = {{0, "0"},
                {1, "0.000000001"},
                {INT64_C(1000000000), "1"},
                {INT64_C(1500000000), "1.5"},
                {INT64_C(10000000010), "10.00000001"},
                {INT64_MAX, "9223372036.854775807"},
                {-1, "0"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        cl_buf text = CL_BUF_ON(room);
        assert_int_equal(cl_quota_put_dollars(&text, rows[i].nano), CL_BUF_OK);
        assert_string_equal(room, rows[i].text);
    }
}

/* The child has what was used, and what the parent has under way is nothing there; the parent notices none of it. */
static void a_child_goes_on_with_what_was_used(void **state)
{
    claude_quota_t *quota = quota_with(0);
    cl_quota_ticket ticket = {.open = false};
    cl_quota_need asked = need(60, 0);
    cl_quota_use used = use(5, 5, 0);
    int status = 0;
    pid_t pid;

    (void)state;
    limit(quota, "", "daily_tokens", 100);
    assert_int_equal(cl_quota_add(quota, CL_STR("a"), &used, NOON, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, NULL), CLAUDE_OK);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        bool ok = look(quota, "", NOON).reserved[CL_QUOTA_TOKENS] == 0 && requests(quota, "a", CL_QUOTA_DAY, NOON) == 1;
        cl_quota_settle(quota, &ticket, &used, NOON);
        ok = ok && requests(quota, "a", CL_QUOTA_DAY, NOON) == 1 && look(quota, "a", NOON).reserved[0] == 0;
        asked.amount[CL_QUOTA_TOKENS] = 90;
        ok = ok && cl_quota_reserve(quota, CL_STR("a"), &asked, NOON, &ticket, NULL) == CLAUDE_OK;
        cl_quota_unref(quota);
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(look(quota, "", NOON).reserved[CL_QUOTA_TOKENS], 60);
    cl_quota_settle(quota, &ticket, &used, NOON);
    assert_int_equal(requests(quota, "a", CL_QUOTA_DAY, NOON), 2);
    cl_quota_unref(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_months_are_those_of_the_calendar),
        cmocka_unit_test(it_begins_anew_at_midnight_and_on_the_first),
        cmocka_unit_test(a_clock_that_goes_back_gives_nothing_back),
        cmocka_unit_test(no_time_is_too_strange),
        cmocka_unit_test(room_is_taken_and_put_right),
        cmocka_unit_test(a_call_over_midnight_counts_when_it_ends),
        cmocka_unit_test(what_needs_nothing_of_it_is_not_refused),
        cmocka_unit_test(a_refusal_says_which_how_far_and_until_when),
        cmocka_unit_test(sums_stay_at_the_end_of_numbers),
        cmocka_unit_test(there_is_an_end_of_models),
        cmocka_unit_test(dollars_have_as_many_decimals_as_they_need),
        cmocka_unit_test(a_child_goes_on_with_what_was_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
