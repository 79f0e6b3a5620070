/* Quotas as JSON: there and back, on later days, and texts that are not what they should be. */
#include "quota_testing.h"

static char *exported(claude_quota_t *quota, int64_t wall_ms)
{
    cl_buf text = CL_BUF_INIT(CL_QUOTA_JSON_MAX);

    assert_int_equal(cl_quota_export(quota, wall_ms, &text, NULL), CLAUDE_OK);
    return cl_buf_steal(&text, NULL);
}

static claude_quota_t *used_quota(void)
{
    claude_quota_t *quota = quota_with(60);
    cl_quota_use used = {.count = {1, 2, 3, 4, 5, INT64_C(1250000006), 1, 1}};

    limit(quota, "", "daily_cost", INT64_C(50250000000));
    limit(quota, "claude-a", "monthly_requests", 7);
    assert_int_equal(cl_quota_add(quota, CL_STR("claude-a"), &used, NOON, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_add(quota, CL_STR("\"\\ \xc3\xa4"), &used, NOON, NULL), CLAUDE_OK);
    return quota;
}

static void it_reads_what_it_has_written(void **state)
{
    claude_quota_t *quota = used_quota();
    claude_quota_t *other = used_quota();
    char *text = exported(quota, NOON);
    char *again;

    (void)state;
    assert_non_null(strstr(text, "{\"version\":1,\"saved_at_ms\":1795435200000,\"utc_offset_minutes\":60,"
                                 "\"date\":\"2026-11-23\",\"day_resets_at_ms\":1795474800000,"));
    assert_non_null(strstr(text, "\"limits\":{\"daily_cost\":50.25}"));
    assert_non_null(strstr(text, "\"claude-a\":{\"limits\":{\"monthly_requests\":7}"));
    assert_non_null(strstr(text, "\"day\":{\"requests\":1,\"input_tokens\":2,\"cache_write_tokens\":3,"
                                 "\"cache_read_tokens\":4,\"output_tokens\":5,\"cost_nano\":1250000006,"
                                 "\"estimated\":1,\"unpriced\":1,\"cost_usd\":1.250000006}"));
    assert_int_equal(one(other, "claude-b", NOON), CLAUDE_OK); /* goes */
    assert_int_equal(cl_quota_import(other, cl_str_of(text), NOON, NULL), CLAUDE_OK);
    assert_int_equal(requests(other, "claude-b", CL_QUOTA_EVER, NOON), 0);
    assert_int_equal(requests(other, "", CL_QUOTA_EVER, NOON), 2);
    cl_quota_unref(other);
    other = used_quota();
    assert_int_equal(cl_quota_import(other, cl_str_of(text), NOON, NULL), CLAUDE_OK);
    again = exported(other, NOON);
    assert_string_equal(again, text);
    free(again);
    free(text);
    cl_quota_unref(quota);
    cl_quota_unref(other);
}

static void what_is_over_is_over_here_too(void **state)
{
    static const struct {
        int64_t later_ms;
        int64_t day;
        int64_t month;
    } rows[] = {
        {0, 2, 2},
        {11 * (int64_t)HOUR_MS - 1, 2, 2},
        {11 * (int64_t)HOUR_MS, 0, 2}, /* midnight an hour before UTC's */
        {7 * (int64_t)CL_DAY_MS, 0, 2},
        {7 * (int64_t)CL_DAY_MS + 11 * (int64_t)HOUR_MS, 0, 0},
        {900 * (int64_t)CL_DAY_MS, 0, 0},
        {-1, 2, 2}, /* saved in the future: nothing is given back */
        {-90 * (int64_t)CL_DAY_MS, 2, 2},
    };
    claude_quota_t *quota = used_quota();
    char *text = exported(quota, NOON);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_quota_t *other = quota_with(60);
        int64_t now = NOON + rows[i].later_ms;
        assert_int_equal(cl_quota_import(other, cl_str_of(text), now, NULL), CLAUDE_OK);
        assert_int_equal(requests(other, "", CL_QUOTA_DAY, now), rows[i].day);
        assert_int_equal(requests(other, "claude-a", CL_QUOTA_DAY, now), rows[i].day / 2);
        assert_int_equal(requests(other, "", CL_QUOTA_MONTH, now), rows[i].month);
        assert_int_equal(requests(other, "", CL_QUOTA_EVER, now), 2);
        cl_quota_unref(other);
    }
    free(text);
    cl_quota_unref(quota);
}

#define ZERO                                                                                                           \
    "{\"requests\":0,\"input_tokens\":0,\"cache_write_tokens\":0,\"cache_read_tokens\":0,\"output_tokens\":0,"         \
    "\"cost_nano\":0,\"estimated\":0,\"unpriced\":0}"
#define ONE                                                                                                            \
    "{\"requests\":1,\"input_tokens\":0,\"cache_write_tokens\":0,\"cache_read_tokens\":0,\"output_tokens\":0,"         \
    "\"cost_nano\":0,\"estimated\":0,\"unpriced\":0}"
#define SCOPE "{\"day\":" ZERO ",\"month\":" ZERO ",\"ever\":" ZERO "}"
#define HEAD "{\"version\":1,\"saved_at_ms\":0,\"total\":" SCOPE ","

/* Each is refused, says why, and changes nothing. */
static void a_text_that_is_wrong_is_refused_whole(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "JSON"},
        {"[]", "must be an object"},
        {"{}", "version must be a whole number"},
        {"{\"version\":\"1\"}", "version must be a whole number"},
        {"{\"version\":2}", "of version 2; this library reads version 1"},
        {"{\"version\":1}", "saved_at_ms must be a whole number"},
        {"{\"version\":1,\"saved_at_ms\":1e3}", "saved_at_ms must be a whole number"},
        {"{\"version\":1,\"saved_at_ms\":0}", "total must be an object"},
        {"{\"version\":1,\"saved_at_ms\":0,\"total\":{}}", "total.day must be an object"},
        {"{\"version\":1,\"saved_at_ms\":0,\"total\":{\"day\":{\"requests\":-1}}}", "total.day.requests must be"},
        {"{\"version\":1,\"saved_at_ms\":0,\"total\":{\"day\":{\"requests\":9223372036854775808}}}",
         "total.day.requests must be"},
        {"{\"version\":1,\"saved_at_ms\":0,\"total\":{\"day\":" ONE ",\"month\":" ZERO ",\"ever\":" ONE "}}",
         "total.day has more requests than total.month"},
        {HEAD "\"models\":[]}", "models must be an object"},
        {HEAD "\"other\":{}}", "models must be an object"},
        {HEAD "\"models\":{\"\":" SCOPE "}}", "has 0 bytes"},
        {HEAD "\"models\":{\"a\\u0000\":" SCOPE "}}", "has a NUL"},
        {HEAD "\"models\":{\"a\":" SCOPE ",\"\\u0061\":" SCOPE "}}", "\"a\" is there twice"},
        {HEAD "\"models\":{\"a\":" SCOPE ",\"b\":7}}", "b must be an object"},
        {HEAD "\"models\":{\"a\":" SCOPE "}", "JSON"},
        {HEAD "\"models\":{\"a\":{\"day\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}}}", ""},
    };
    claude_quota_t *quota = used_quota();
    char *before = exported(quota, NOON);
    char *after;
    cl_buf many = CL_BUF_INIT(CL_QUOTA_JSON_MAX);
    cl_err err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        cl_err_init(&err);
        assert_int_equal(cl_quota_import(quota, cl_str_of(rows[i].text), NOON, &err), CLAUDE_E_INVALID);
        if (!strstr(err.message, rows[i].why))
            fail_msg("%s: %s", rows[i].text, err.message);
        cl_err_clear(&err);
    }
    cl_buf_append_text(&many, HEAD "\"models\":{");
    for (int i = 0; i < CL_QUOTA_MODELS_MAX + 2; i++) {
        cl_buf_append_text(&many, i > 0 ? ",\"m" : "\"m");
        cl_buf_append_int(&many, i);
        cl_buf_append_text(&many, "\":" SCOPE);
    }
    cl_buf_append_text(&many, "}}");
    assert_int_equal(cl_quota_import(quota, cl_buf_str(&many), NOON, NULL), CLAUDE_E_INVALID);
    cl_buf_free(&many);
    after = exported(quota, NOON);
    assert_string_equal(after, before);
    assert_int_equal(cl_quota_import(quota, cl_str_of(HEAD "\"models\":{\"a\":" SCOPE "}}"), NOON, NULL), CLAUDE_OK);
    assert_int_equal(requests(quota, "", CL_QUOTA_EVER, NOON), 0);
    free(before);
    free(after);
    cl_quota_unref(quota);
}

static void reservations_and_limits_stay(void **state)
{
    claude_quota_t *quota = used_quota();
    cl_quota_ticket ticket = {.open = false};
    cl_quota_need asked = need(10, 10);
    cl_quota_use used = use(3, 3, 3);

    (void)state;
    assert_int_equal(cl_quota_reserve(quota, CL_STR("claude-a"), &asked, NOON, &ticket, NULL), CLAUDE_OK);
    assert_int_equal(cl_quota_import(quota, cl_str_of(HEAD "\"models\":{}}"), NOON, NULL), CLAUDE_OK);
    assert_int_equal(look(quota, "claude-a", NOON).reserved[CL_QUOTA_TOKENS], 10);
    assert_int_equal(look(quota, "claude-a", NOON).limits.most[CL_QUOTA_MONTH][CL_QUOTA_REQUESTS], 7);
    cl_quota_settle(quota, &ticket, &used, NOON);
    assert_int_equal(requests(quota, "claude-a", CL_QUOTA_DAY, NOON), 1);
    assert_int_equal(look(quota, "", NOON).reserved[CL_QUOTA_TOKENS], 0);
    cl_quota_unref(quota);
}

static int64_t limit_of(claude_quota_t *quota, const char *model, int32_t period, int32_t kind)
{
    return look(quota, model, NOON).limits.most[period][kind];
}

static void limits_come_from_json(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"7", "must be an object"},
        {"{\"daily_cots\":1}", "daily_cots is no limit"},
        {"{\"daily_cost\":\"1\"}", "daily_cost must be a number of dollars"},
        {"{\"daily_cost\":-0.5}", "daily_cost must be a number of dollars"},
        {"{\"daily_cost\":1e10}", "daily_cost must be a number of dollars"},
        {"{\"daily_tokens\":1.5}", "daily_tokens must be a whole number"},
        {"{\"monthly_requests\":-1}", "monthly_requests must be a whole number"},
        {"{\"models\":[]}", "models must be an object"},
        {"{\"daily_tokens\":1,\"models\":{\"a\":{\"daily_tokens\":true}}}", "a.daily_tokens must be"},
        {"{\"daily_tokens\":1,\"models\":{\"a\":{\"models\":{}}}}", "a.models is no limit"},
        {"{\"daily_tokens\":1,\"models\":{\"\":{}}}", "has 0 bytes"},
        {"{\"daily_tokens\":1,\"models\":{\"a\":1}}", "a must be an object"},
    };
    claude_quota_t *quota = quota_with(0);
    cl_err err;

    (void)state;
    limit(quota, "a", "monthly_tokens", 9);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        cl_err_init(&err);
        assert_int_equal(cl_quota_load_limits(quota, cl_str_of(rows[i].text), &err), CLAUDE_E_INVALID);
        if (!strstr(err.message, rows[i].why))
            fail_msg("%s: %s", rows[i].text, err.message);
        cl_err_clear(&err);
        assert_int_equal(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_TOKENS), 0);
    }
    assert_int_equal(
        cl_quota_load_limits(quota,
                             CL_STR("{\"daily_cost\":50.0,\"monthly_cost\":1500,\"daily_tokens\":1000000,"
                                    "\"models\":{\"a\":{\"daily_requests\":5},\"b\":{\"daily_cost\":0.1}}}"),
                             NULL),
        CLAUDE_OK);
    assert_true(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_COST) == INT64_C(50000000000));
    assert_true(limit_of(quota, "", CL_QUOTA_MONTH, CL_QUOTA_COST) == INT64_C(1500000000000));
    assert_int_equal(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_TOKENS), 1000000);
    assert_int_equal(limit_of(quota, "a", CL_QUOTA_DAY, CL_QUOTA_REQUESTS), 5);
    assert_int_equal(limit_of(quota, "a", CL_QUOTA_MONTH, CL_QUOTA_TOKENS), 9);
    assert_int_equal(limit_of(quota, "b", CL_QUOTA_DAY, CL_QUOTA_COST), 100000000);
    assert_int_equal(
        cl_quota_load_limits(quota, CL_STR("{\"daily_tokens\":null,\"daily_cost\":0,\"models\":null}"), NULL),
        CLAUDE_OK);
    assert_int_equal(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_TOKENS), 0);
    assert_int_equal(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_COST), 0);
    cl_quota_unref(quota);
}

static void limits_without_room_change_nothing(void **state)
{
    claude_quota_t *quota = quota_with(0);
    cl_err err;
    char name[32];

    (void)state;
    for (int i = 1; i < CL_QUOTA_MODELS_MAX; i++) {
        snprintf(name, sizeof name, "model-%d", i);
        limit(quota, name, "daily_tokens", i);
    }
    cl_err_init(&err);
    assert_int_equal(cl_quota_load_limits(quota,
                                          CL_STR("{\"models\":{\"model-1\":{\"daily_tokens\":9},\"new-1\":{},"
                                                 "\"new-2\":{}}}"),
                                          &err),
                     CLAUDE_E_LIMIT);
    cl_err_clear(&err);
    assert_int_equal(cl_quota_model_count(quota), CL_QUOTA_MODELS_MAX - 1);
    assert_int_equal(limit_of(quota, "model-1", CL_QUOTA_DAY, CL_QUOTA_TOKENS), 1);
    /* There was room for one. */
    assert_int_equal(cl_quota_load_limits(quota, CL_STR("{\"models\":{\"new-2\":{\"daily_tokens\":3}}}"), NULL),
                     CLAUDE_OK);
    assert_int_equal(limit_of(quota, "new-2", CL_QUOTA_DAY, CL_QUOTA_TOKENS), 3);
    cl_quota_unref(quota);
}

/* 0 would be no limit. */
static void the_smallest_limit_of_money_is_one(void **state)
{
    claude_quota_t *quota = quota_with(0);

    (void)state;
    assert_int_equal(cl_quota_load_limits(quota, CL_STR("{\"daily_cost\":1e-10}"), NULL), CLAUDE_OK);
    assert_int_equal(limit_of(quota, "", CL_QUOTA_DAY, CL_QUOTA_COST), 1);
    cl_quota_unref(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_it_has_written),
        cmocka_unit_test(what_is_over_is_over_here_too),
        cmocka_unit_test(a_text_that_is_wrong_is_refused_whole),
        cmocka_unit_test(reservations_and_limits_stay),
        cmocka_unit_test(limits_come_from_json),
        cmocka_unit_test(limits_without_room_change_nothing),
        cmocka_unit_test(the_smallest_limit_of_money_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
