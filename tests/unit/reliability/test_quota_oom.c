/* Memory running out at each allocation in turn: quotas say so, leave what was there before, and leak nothing. */
#include "../allocations.h"

#include <string.h>

#include <claude/claude.h>

#include "base/clock.h"

static claude_config_t *config;
static char stored[16384];

static int64_t noon(void)
{
    return INT64_C(1795435200000);
}

static bool use_a_quota(void)
{
    static const char limits[] = "{\"daily_tokens\":1000,\"models\":{\"b\":{\"daily_requests\":2}}}";
    claude_quota_reservation_t *reservation = NULL;
    claude_response_t *document = NULL;
    claude_quota_t *quota = NULL;
    bool done = step(claude_quota_new(config, &quota, NULL));

    assert_int_equal(done, quota != NULL);
    done = done && step(claude_quota_load_limits(quota, limits, CLAUDE_NTS, NULL)) &&
           step(claude_quota_record_usage(quota, "a", 1, 1, NULL)) &&
           step(claude_quota_reserve(quota, "c", 10, 10, &reservation, NULL)) &&
           step(claude_quota_reservation_settle_json(reservation, "{\"input_tokens\":1}", CLAUDE_NTS, 0, NULL)) &&
           step(claude_quota_add_json(quota, "d", "{\"input_tokens\":1}", CLAUDE_NTS, 0, NULL)) &&
           step(claude_quota_export_json(quota, &document, NULL));
    if (quota && !done) {
        assert_true(claude_quota_usage(quota, NULL, "daily_tokens") <= 4);
        assert_int_equal(claude_quota_usage(quota, NULL, "reserved_tokens"),
                         reservation && claude_quota_usage(quota, "c", "daily_tokens") == 0 ? 20 : 0);
    }
    claude_response_unref(document);
    claude_quota_reservation_unref(reservation);
    claude_quota_unref(quota);
    return done;
}

static claude_quota_t *kept;

/* All or nothing. */
static bool import(void)
{
    bool done = step(claude_quota_import_json(kept, stored, CLAUDE_NTS, NULL));

    assert_int_equal(claude_quota_usage(kept, NULL, "total_requests"), done ? 3 : 1);
    return done;
}

static bool import_into_a_new_one(void)
{
    claude_error_t *err = NULL;
    bool done = false;

    kept = NULL;
    if (!step(claude_quota_new(NULL, &kept, NULL)))
        return false;
    if (step(claude_quota_record_usage(kept, "z", 1, 1, &err)))
        done = import();
    claude_error_unref(err);
    claude_quota_unref(kept);
    return done;
}

static bool keep_a_quota(void)
{
    claude_client_t *client = NULL;
    bool done = step(claude_config_set_quota(config, kept, NULL));

    if (done)
        done = step(claude_client_new(config, &client, NULL));
    claude_client_unref(client);
    return done;
}

static claude_config_t *other_limits;
static claude_config_t *other_days;

/* A client's own, which goes on. */
static bool change_a_quota(void)
{
    claude_client_t *client = NULL;
    bool done = step(claude_client_new(other_limits, &client, NULL));

    assert_int_equal(done, client != NULL);
    done = done && step(claude_client_set_snapshot(client, NULL, other_limits, NULL)) &&
           step(claude_client_set_snapshot(client, "b", other_days, NULL));
    claude_client_unref(client);
    return done;
}

static claude_config_t *config_with(const char *offset)
{
    claude_config_t *made = NULL;

    assert_int_equal(claude_config_new(&made, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(made, "auth.style", "none", NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(made, "quota.enabled", "true", NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(made, "quota.utc_offset_minutes", offset, NULL), CLAUDE_OK);
    return made;
}

static void fill_stored(void)
{
    claude_response_t *document = NULL;
    claude_quota_t *quota = NULL;

    assert_int_equal(claude_quota_new(NULL, &quota, NULL), CLAUDE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(claude_quota_record_usage(quota, i == 0 ? "x" : "y", 1, 1, NULL), CLAUDE_OK);
    assert_int_equal(claude_quota_export_json(quota, &document, NULL), CLAUDE_OK);
    assert_true(strlen(claude_response_json(document, NULL)) < sizeof stored);
    strcpy(stored, claude_response_json(document, NULL));
    claude_response_unref(document);
    claude_quota_unref(quota);
}

static void test_quotas(void **state)
{
    static cl_clock clock;

    (void)state;
    clock = *cl_clock_now;
    clock.wall_ms = noon;
    cl_clock_replace(&clock);
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "auth.style", "none", NULL), CLAUDE_OK);
    fill_stored();
    run_out(use_a_quota);
    run_out(import_into_a_new_one);
    assert_int_equal(claude_quota_new(NULL, &kept, NULL), CLAUDE_OK);
    run_out(keep_a_quota);
    claude_quota_unref(kept);
    other_limits = config_with("0");
    other_days = config_with("60");
    run_out(change_a_quota);
    claude_config_unref(other_limits);
    claude_config_unref(other_days);
    claude_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
