/* Quotas through the interface: prices, what is recorded and reserved by hand, names, misuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <claude/claude.h>

#include "base/clock.h"

#define DOLLAR INT64_C(1000000000)
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static int64_t wall;

static int64_t wall_ms(void)
{
    return wall;
}

static int use_clock(void **state)
{
    static cl_clock clock;

    (void)state;
    cl_clock_replace(NULL);
    clock = *cl_clock_now;
    clock.wall_ms = wall_ms;
    cl_clock_replace(&clock);
    wall = INT64_C(1795435200000);
    return 0;
}

static claude_quota_t *quota_of(const char *key, const char *value)
{
    claude_config_t *config = NULL;
    claude_quota_t *quota = NULL;

    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    if (key)
        assert_int_equal(claude_config_set(config, key, value, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_new(config, &quota, NULL), CLAUDE_OK);
    claude_config_unref(config);
    return quota;
}

/* The example of the specification, with its prices. */
static void the_specifications_prices(void **state)
{
    static const struct {
        const char *model;
        int64_t nano;
    } rows[] = {{"claude-3-5-sonnet-latest", 18 * DOLLAR},
                {"claude-3-opus-20240229", 90 * DOLLAR},
                {"claude-3-haiku-20240307", DOLLAR + DOLLAR / 2}};
    claude_quota_t *quota = quota_of("daily_cost", "109.5");
    claude_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(claude_quota_record_usage(quota, rows[i].model, 1000000, 1000000, NULL), CLAUDE_OK);
        assert_int_equal(claude_quota_usage(quota, rows[i].model, "daily_cost"), rows[i].nano);
    }
    assert_int_equal(claude_quota_model_count(quota), 3);
    assert_string_equal(claude_quota_model_at(quota, 0), "claude-3-5-sonnet");
    assert_int_equal(claude_quota_usage(quota, "claude-3-5-sonnet-20241022", "monthly_tokens"), 2000000);
    assert_int_equal(claude_quota_remaining(quota, NULL, "daily_cost"), 0);
    assert_int_equal(claude_quota_record_usage(quota, "claude-3-haiku", 4, 0, &err), CLAUDE_E_QUOTA);
    assert_string_equal(claude_error_error_code(err), "daily_cost");
    assert_string_equal(claude_error_feature(err), "enterprise-quota");
    assert_int_equal(claude_error_category(err), CLAUDE_CATEGORY_RATE_LIMIT);
    assert_false(claude_error_is_retryable(err));
    assert_int_equal(claude_error_retry_after_ms(err), 12 * 3600000);
    assert_true(claude_error_quota(err, "limit") == 109 * DOLLAR + DOLLAR / 2);
    assert_true(claude_error_quota(err, "used") == 109 * DOLLAR + DOLLAR / 2);
    assert_int_equal(claude_error_quota(err, "needed"), 1000);
    assert_int_equal(claude_error_quota(err, "reserved"), 0);
    assert_int_equal(claude_error_quota(err, "per_model"), 0);
    assert_true(claude_error_quota(err, "reset_at_ms") == claude_quota_reset_at_ms(quota, "daily"));
    assert_int_equal(claude_error_quota(err, "colour"), -1);
    assert_int_equal(claude_error_quota(err, NULL), -1);
    assert_int_equal(claude_error_quota(NULL, "limit"), -1);
    assert_non_null(strstr(claude_error_json(err, NULL), "\"quota\":{\"limit\":109500000000,\"used\":109500000000,"));
    claude_error_unref(err);
    assert_int_equal(claude_quota_usage(quota, NULL, "refused"), 1);
    assert_int_equal(claude_quota_usage(quota, NULL, "total_requests"), 3);
    wall += 12 * 3600000;
    assert_int_equal(claude_quota_record_usage(quota, "claude-3-haiku", 4, 0, NULL), CLAUDE_OK);
    claude_quota_unref(quota);
}

/* 5 of input, 6.25 to write, 0.5 to read, 25 of output, per million; a batch costs half. */
static void caches_and_batches_have_their_prices(void **state)
{
    static const char usage[] = "{\"input_tokens\":1000000,\"cache_creation_input_tokens\":1000000,"
                                "\"cache_read_input_tokens\":1000000,\"output_tokens\":1000000}";
    static const char message[] = "{\"model\":\"claude-opus-5\",\"usage\":{\"input_tokens\":2,\"output_tokens\":null}}";
    claude_quota_t *quota = quota_of("quota.daily_tokens", "1");
    const int64_t whole = 36 * DOLLAR + DOLLAR * 3 / 4;

    (void)state;
    /* What was used is counted, whatever the limits say. */
    assert_int_equal(claude_quota_add_json(quota, "claude-opus-5", usage, CLAUDE_NTS, 0, NULL), CLAUDE_OK);
    assert_true(claude_quota_usage(quota, "claude-opus-5", "daily_cost") == whole);
    assert_int_equal(claude_quota_add_json(quota, "claude-opus-5", usage, CLAUDE_NTS, CLAUDE_COST_BATCH, NULL),
                     CLAUDE_OK);
    assert_true(claude_quota_usage(quota, NULL, "monthly_cost") == whole + whole / 2);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_tokens"), 8000000);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_cache_write_tokens"), 2000000);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_cache_read_tokens"), 2000000);
    assert_int_equal(claude_quota_add_json(quota, NULL, message, CLAUDE_NTS, 0, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_usage(quota, "claude-opus-5", "total_input_tokens"), 2000002);
    assert_int_equal(claude_quota_add_json(quota, NULL, "{\"usage\":{}}", CLAUDE_NTS, 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_add_json(quota, NULL, usage, CLAUDE_NTS, 0x80, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_add_json(quota, NULL, "{", CLAUDE_NTS, 0, NULL), CLAUDE_E_INVALID);
    claude_quota_unref(quota);
}

static void a_table_of_ones_own_has_the_prices(void **state)
{
    static const char table[] = "{\"models\":[{\"id\":\"house\",\"aliases\":[\"house-latest\"],\"prices\":"
                                "[{\"input\":1,\"output\":2}]}]}";
    claude_config_t *config = NULL;
    claude_models_t *models = NULL;
    claude_quota_t *quota = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_models_load_json(table, CLAUDE_NTS, &models, &err), CLAUDE_OK);
    assert_int_equal(claude_config_set_models(config, models, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_new(config, &quota, NULL), CLAUDE_OK);
    claude_models_unref(models);
    claude_config_unref(config);
    assert_int_equal(claude_quota_record_usage(quota, "house-latest", 1000000, 1000000, NULL), CLAUDE_OK);
    assert_true(claude_quota_usage(quota, "house", "daily_cost") == 3 * DOLLAR);
    /* Without a price: counted, and refused where money is limited. */
    assert_int_equal(claude_quota_record_usage(quota, "claude-opus-5", 10, 10, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_usage(quota, "claude-opus-5", "daily_unpriced"), 1);
    assert_int_equal(claude_quota_usage(quota, "claude-opus-5", "daily_cost"), 0);
    assert_int_equal(claude_quota_set_limit(quota, "house", "daily_cost", 100 * DOLLAR, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_record_usage(quota, "claude-opus-5", 10, 10, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_set_limit(quota, NULL, "monthly_cost", 100 * DOLLAR, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_record_usage(quota, "claude-opus-5", 10, 10, &err), CLAUDE_E_QUOTA);
    assert_non_null(strstr(claude_error_message(err), "\"claude-opus-5\" has no price"));
    assert_int_equal(claude_error_retry_after_ms(err), -1);
    claude_error_unref(err);
    claude_quota_unref(quota);
}

static claude_quota_reservation_t *reserved(claude_quota_t *quota, int64_t input, int64_t output)
{
    claude_quota_reservation_t *reservation = NULL;

    assert_int_equal(claude_quota_reserve(quota, "claude-haiku-4-5", input, output, &reservation, NULL), CLAUDE_OK);
    return reservation;
}

static void reservations_end_in_each_way(void **state)
{
    static const char usage[] = "{\"input_tokens\":3,\"cache_read_input_tokens\":4,\"output_tokens\":5}";
    claude_quota_t *quota = quota_of("quota.daily_tokens", "100");
    claude_quota_reservation_t *r = reserved(quota, 60, 40);
    claude_quota_reservation_t *other = NULL;

    (void)state;
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_tokens"), 100);
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_requests"), 1);
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_cost"), 60 * 1000 + 40 * 5000);
    assert_int_equal(claude_quota_remaining(quota, NULL, "daily_tokens"), 0);
    assert_int_equal(claude_quota_reserve(quota, "claude-haiku-4-5", 1, 0, &other, NULL), CLAUDE_E_QUOTA);
    assert_null(other);
    claude_quota_reservation_release(r);
    claude_quota_reservation_settle(r, 1, 1); /* is over */
    claude_quota_reservation_unref(r);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_requests"), 0);
    r = reserved(quota, 60, 40);
    claude_quota_reservation_settle(r, 7, 8);
    claude_quota_reservation_unref(r);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_tokens"), 15);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_estimated"), 0);
    r = reserved(quota, 10, 10);
    assert_int_equal(claude_quota_reservation_settle_json(r, "{}", 2, 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_tokens"), 20);
    assert_int_equal(claude_quota_reservation_settle_json(r, usage, CLAUDE_NTS, 0, NULL), CLAUDE_OK);
    claude_quota_reservation_unref(r);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_tokens"), 27);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_cost"), 10 * 1000 + 13 * 5000 + 400);
    r = reserved(quota, 10, 11);
    claude_quota_unref(quota); /* the reservation keeps it */
    claude_quota_reservation_settle(r, -1, 2);
    assert_ptr_equal(claude_quota_reservation_ref(r), r);
    claude_quota_reservation_unref(r);
    claude_quota_reservation_unref(r);
    /* Forgotten: as reserved. */
    quota = quota_of(NULL, NULL);
    claude_quota_reservation_unref(reserved(quota, 10, 11));
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_tokens"), 21);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_estimated"), 1);
    assert_int_equal(claude_quota_usage(quota, NULL, "reserved_tokens"), 0);
    claude_quota_unref(quota);
}

static void it_is_stored_by_the_program(void **state)
{
    claude_quota_t *quota = quota_of(NULL, NULL);
    claude_quota_t *later = quota_of(NULL, NULL);
    claude_response_t *document = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;
    const char *json;

    (void)state;
    assert_int_equal(claude_quota_record_usage(quota, "claude-haiku-4-5", 10, 20, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_export_json(quota, &document, NULL), CLAUDE_OK);
    json = claude_response_json(document, &len);
    assert_int_equal(claude_response_int(document, "/models/claude-haiku-4-5/day/output_tokens", -1), 20);
    assert_int_equal(claude_quota_import_json(later, json, len, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_usage(later, "claude-haiku-4-5", "monthly_tokens"), 30);
    wall += 86400000;
    assert_int_equal(claude_quota_import_json(later, json, len, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_usage(later, NULL, "daily_tokens"), 0);
    assert_int_equal(claude_quota_usage(later, NULL, "monthly_tokens"), 30);
    assert_int_equal(claude_quota_import_json(later, json, len - 1, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    assert_int_equal(claude_quota_usage(later, NULL, "monthly_tokens"), 30);
    assert_int_equal(claude_quota_load_limits(
                         later, "{\"models\":{\"claude-haiku-4-5-20251001\":{\"daily_cost\":2.5}}}", CLAUDE_NTS, NULL),
                     CLAUDE_OK);
    assert_true(claude_quota_limit(later, "claude-haiku-4-5", "daily_cost") == 2 * DOLLAR + DOLLAR / 2);
    claude_response_unref(document);
    claude_quota_unref(quota);
    claude_quota_unref(later);
}

static void options_are_limits(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *name;
        int64_t limit;
    } rows[] = {
        {"quota.daily_requests", "1000", "daily_requests", 1000},
        {"quota.daily_tokens", "1000000", "daily_tokens", 1000000},
        {"quota.daily_cost", "50.0", "daily_cost", 50 * DOLLAR},
        {"quota.monthly_requests", "5", "monthly_requests", 5},
        {"quota.monthly_tokens", "6", "monthly_tokens", 6},
        {"quota.monthly_cost", "1500.125", "monthly_cost", 1500 * DOLLAR + DOLLAR / 8},
        {"daily_requests", "7", "daily_requests", 7},
        {"daily_tokens", "8", "daily_tokens", 8},
        {"monthly_requests", "9", "monthly_requests", 9},
        {"monthly_tokens", "10", "monthly_tokens", 10},
        {"monthly_cost", "1000000000", "monthly_cost", 1000000000 * DOLLAR},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_quota_t *quota = quota_of(rows[i].key, rows[i].value);
        assert_true(claude_quota_limit(quota, NULL, rows[i].name) == rows[i].limit);
        assert_int_equal(claude_quota_limit(quota, "claude-opus-5", rows[i].name), 0);
        claude_quota_unref(quota);
    }
    for (int64_t minutes = -300; minutes <= 60; minutes += 360) {
        claude_quota_t *quota = quota_of("quota.utc_offset_minutes", minutes < 0 ? "-300" : "60");
        assert_true((claude_quota_reset_at_ms(quota, "daily") + minutes * 60000) % 86400000 == 0);
        claude_quota_unref(quota);
    }
}

static void misuse_is_refused(void **state)
{
    claude_quota_t *quota = quota_of(NULL, NULL);
    claude_quota_reservation_t *r = NULL;
    claude_config_t *config = NULL;
    claude_quota_t *wrong;

    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    wrong = (claude_quota_t *)config;
    assert_int_equal(claude_quota_new(NULL, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(NULL, "m", 1, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(wrong, "m", 1, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(quota, "", 1, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(quota, "m", -1, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(quota, "m", 1, INT64_MIN, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_record_usage(quota, NULL, INT64_MAX, INT64_MAX, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_reserve(quota, "m", 1, 1, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_reserve(quota, "m", -1, 1, &r, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_set_limit(quota, NULL, "hourly_cost", 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_set_limit(quota, NULL, NULL, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_set_limit(quota, NULL, "daily_cost", -1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_config_set_quota(config, wrong, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_import_json(quota, NULL, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_quota_usage(quota, NULL, "daily_"), -1);
    assert_int_equal(claude_quota_usage(quota, NULL, NULL), -1);
    assert_int_equal(claude_quota_usage(NULL, NULL, "daily_cost"), -1);
    assert_int_equal(claude_quota_usage(quota, "never heard of", "daily_cost"), 0);
    assert_int_equal(claude_quota_remaining(quota, NULL, "daily_cost"), -1);
    assert_int_equal(claude_quota_remaining(wrong, NULL, "daily_cost"), -1);
    assert_int_equal(claude_quota_limit(NULL, NULL, "daily_cost"), -1);
    assert_int_equal(claude_quota_reset_at_ms(quota, "yearly"), -1);
    assert_int_equal(claude_quota_model_count(NULL), 0);
    assert_null(claude_quota_model_at(wrong, 0));
    assert_null(claude_quota_ref(NULL));
    assert_null(claude_quota_reservation_ref(NULL));
    claude_quota_reservation_settle(NULL, 1, 1);
    claude_quota_reservation_release(NULL);
    claude_quota_reservation_unref(NULL);
    claude_quota_unref(wrong);
    claude_quota_unref(NULL);
    claude_config_unref(config);
    claude_quota_unref(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_specifications_prices, use_clock),
        cmocka_unit_test_setup(caches_and_batches_have_their_prices, use_clock),
        cmocka_unit_test_setup(a_table_of_ones_own_has_the_prices, use_clock),
        cmocka_unit_test_setup(reservations_end_in_each_way, use_clock),
        cmocka_unit_test_setup(it_is_stored_by_the_program, use_clock),
        cmocka_unit_test_setup(options_are_limits, use_clock),
        cmocka_unit_test_setup(misuse_is_refused, use_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
