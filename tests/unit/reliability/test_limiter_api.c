/* The functions of claude/limiter.h, and the options that they follow. */
#include "limiter_testing.h"

#include <claude/claude.h>
#include <errno.h>

#include "client/policies.h"
#include "message/message.h"

static int64_t fake_now;

static int64_t now_ms(void)
{
    return fake_now;
}

static int64_t wall_ms(void)
{
    return 1793873472000; /* 2026-11-05T10:11:12Z */
}

static uint64_t no_chance(void)
{
    return 4;
}

static int use_fake_clock(void **state)
{
    static const cl_clock fake = {now_ms, wall_ms, no_chance};

    (void)state;
    fake_now = 1000;
    cl_clock_replace(&fake);
    return 0;
}

static int use_real_clock(void **state)
{
    (void)state;
    cl_clock_replace(NULL);
    return 0;
}

static claude_config_t *config_with(const char *const options[][2], size_t count)
{
    claude_config_t *config = NULL;

    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(claude_config_set(config, options[i][0], options[i][1], NULL), CLAUDE_OK);
    return config;
}

static claude_limiter_t *limiter_with(const char *const options[][2], size_t count)
{
    claude_config_t *config = config_with(options, count);
    claude_limiter_t *limiter = NULL;

    assert_int_equal(claude_limiter_new(config, &limiter, NULL), CLAUDE_OK);
    claude_config_unref(config);
    return limiter;
}

static claude_reservation_t *reserve(claude_limiter_t *limiter, const char *type, int64_t input, int64_t output)
{
    claude_reservation_t *reservation = NULL;
    claude_error_t *err = NULL;

    if (claude_limiter_reserve(limiter, type, input, output, &reservation, &err) < 0)
        fail_msg("%s", claude_error_message(err));
    return reservation;
}

static void refused(claude_code_t rc, claude_error_t **err, claude_code_t code, const char *text)
{
    assert_int_equal(rc, code);
    assert_int_equal(claude_error_code(*err), code);
    if (!strstr(claude_error_message(*err), text))
        fail_msg("\"%s\" has no \"%s\"", claude_error_message(*err), text);
    claude_error_unref(*err);
    *err = NULL;
}

static void options_become_settings(void **state)
{
    static const char *const options[][2] = {
        {"limiter.algorithm", "sliding_window"},
        {"rate_limit_requests_per_second", "2.5"},
        {"limiter.burst", "7"},
        {"limiter.window_ms", "5000"},
        {"limiter.input_tokens_per_minute", "40000"},
        {"limiter.output_tokens_per_minute", "8000"},
        {"limiter.max_wait_ms", "30"},
        {"limiter.max_queue", "9"},
        {"limiter.learn", "true"},
        {"limiter.messages.requests_per_second", "1"},
        {"limiter.messages.burst", "11"},
        {"limiter.count_tokens.requests_per_second", "2"},
        {"limiter.count_tokens.burst", "12"},
        {"limiter.batches.requests_per_second", "3"},
        {"limiter.batches.burst", "13"},
        {"limiter.models.requests_per_second", "4"},
        {"limiter.models.burst", "14"},
        {"limiter.files.requests_per_second", "5"},
        {"limiter.files.burst", "15"},
        {"limiter.other.requests_per_second", "6.001"},
        {"limiter.other.burst", "16"},
    };
    claude_config_t *config = config_with(options, sizeof options / sizeof options[0]);
    cl_limiter_settings s = cl_limiter_settings_of(NULL);

    (void)state;
    assert_int_equal(s.algorithm, CL_LIMITER_BUCKET);
    assert_int_equal(s.all.per_second, 10000);
    assert_int_equal(s.all.burst, 20);
    assert_int_equal(s.input_tokens_per_minute, 0);
    assert_int_equal(s.output_tokens_per_minute, 0);
    assert_int_equal(s.max_wait_ms, 60000);
    assert_int_equal(s.max_queue, 10000);
    assert_false(s.learn);
    s = cl_limiter_settings_of(config->options);
    assert_int_equal(s.algorithm, CL_LIMITER_WINDOW);
    assert_int_equal(s.all.per_second, 2500);
    assert_int_equal(s.all.burst, 7);
    assert_int_equal(s.window_ms, 5000);
    assert_int_equal(s.input_tokens_per_minute, 40000);
    assert_int_equal(s.output_tokens_per_minute, 8000);
    assert_int_equal(s.max_wait_ms, 30);
    assert_int_equal(s.max_queue, 9);
    assert_true(s.learn);
    for (int32_t i = 0; i < CL_LIMIT_TYPES; i++) {
        assert_int_equal(s.types[i].per_second, 1000 * (i + 1) + (i == CL_LIMIT_OTHER));
        assert_int_equal(s.types[i].burst, 11 + i);
    }
    claude_config_unref(config);
}

static void a_reservation_waits_for_its_turn(void **state)
{
    static const char *const options[][2] = {{"limiter.burst", "1"}, {"limiter.input_tokens_per_minute", "600"}};
    claude_limiter_t *limiter = limiter_with(options, 2);
    claude_reservation_t *a = reserve(limiter, "messages", 100, 5);
    claude_reservation_t *b = reserve(limiter, "messages", 500, 5);
    claude_error_t *err = NULL;

    (void)state;
    errno = 77;
    assert_int_equal(claude_reservation_wait_ms(a, &err), 0);
    assert_int_equal(claude_reservation_wait_ms(a, NULL), 0);
    assert_int_equal(claude_limiter_queued(limiter), 1);
    assert_int_equal(claude_reservation_wait_ms(b, &err), 100);
    fake_now += 99;
    assert_int_equal(claude_reservation_wait_ms(b, &err), 1);
    fake_now += 1;
    assert_int_equal(claude_reservation_wait_ms(b, &err), 0);
    assert_null(err);
    assert_int_equal(claude_limiter_queued(limiter), 0);
    assert_int_equal(claude_limiter_available(limiter, "messages", "requests"), 0);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), 1);
    assert_int_equal(claude_limiter_available(limiter, "messages", "output_tokens"), -1);
    claude_reservation_settle(b, 450, 1);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), 51);
    claude_reservation_settle(b, 0, 0);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), 51);
    refused((claude_code_t)claude_reservation_wait_ms(b, &err), &err, CLAUDE_E_STATE, "settled");
    assert_ptr_equal(claude_reservation_ref(a), a);
    claude_reservation_unref(a);
    claude_reservation_unref(a); /* as estimated */
    claude_reservation_unref(b);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), 51);
    assert_int_equal(errno, 77);
    claude_limiter_unref(limiter);
}

static void a_place_is_kept_for_so_long(void **state)
{
    static const char *const options[][2] = {{"limiter.burst", "1"}, {"limiter.max_wait_ms", "150"}};
    claude_limiter_t *limiter = limiter_with(options, 2);
    claude_reservation_t *a = reserve(limiter, "files", 0, 0);
    claude_reservation_t *b = reserve(limiter, "files", 0, 0);
    claude_reservation_t *c = NULL;
    claude_error_t *err = NULL;
    claude_response_t *response = NULL;
    cl_headers headers = {NULL, 0, 0};

    (void)state;
    assert_int_equal(claude_limiter_reserve(limiter, "files", 0, 0, &c, &err), CLAUDE_E_THROTTLED);
    assert_null(c);
    assert_int_equal(claude_error_retry_after_ms(err), 200);
    assert_string_equal(claude_error_feature(err), "rate-limiting");
    assert_true(claude_error_is_retryable(err));
    claude_error_unref(err);
    err = NULL;
    /* The server asks for more patience than there is. */
    assert_int_equal(cl_headers_add(&headers, CL_STR("retry-after"), CL_STR("1"), NULL), CLAUDE_OK);
    assert_int_equal(cl_response_new(429, &headers, NULL, 0, false, &response, NULL), CLAUDE_OK);
    assert_int_equal(claude_limiter_learn(limiter, "messages", response, NULL), CLAUDE_OK);
    refused((claude_code_t)claude_reservation_wait_ms(b, &err), &err, CLAUDE_E_THROTTLED, "limiter.max_wait_ms");
    assert_int_equal(claude_limiter_queued(limiter), 0);
    fake_now += 5000;
    refused((claude_code_t)claude_reservation_wait_ms(b, &err), &err, CLAUDE_E_THROTTLED, "refused before");
    assert_int_equal(claude_limiter_available(limiter, "files", "requests"), 1);
    claude_response_unref(response);
    claude_reservation_unref(a);
    claude_reservation_unref(b);
    claude_limiter_unref(limiter);
}

static void any_patience_will_do(void **state)
{
    const cl_limiter_cost cost = {CL_LIMIT_OTHER, 0, 0};
    cl_limiter_settings settings = bucket_settings(10, 1);
    claude_limiter_t *limiter;
    claude_reservation_t *granted = NULL;
    claude_reservation_t *waits = NULL;
    int64_t wait = -1;

    (void)state;
    settings.max_wait_ms = INT64_MAX;
    limiter = limiter_of(settings);
    assert_int_equal(cl_reservation_new(limiter, &cost, 1000, &granted, NULL), CLAUDE_OK);
    assert_int_equal(cl_reservation_new(limiter, &cost, 1000, &waits, NULL), CLAUDE_OK);
    assert_int_equal(cl_reservation_wait(waits, 1000, &wait, NULL), CLAUDE_OK);
    assert_int_equal(wait, 100);
    cl_reservation_unref(granted);
    cl_reservation_unref(waits);
    cl_limiter_unref(limiter);
    settings.max_wait_ms = INT64_MIN;
    limiter = limiter_of(settings);
    assert_int_equal(cl_reservation_new(limiter, &cost, INT64_MIN, &granted, NULL), CLAUDE_OK);
    assert_int_equal(cl_reservation_new(limiter, &cost, INT64_MIN, &waits, NULL), CLAUDE_E_THROTTLED);
    cl_reservation_unref(granted);
    cl_limiter_unref(limiter);
}

static void the_last_reference_gives_up_the_place(void **state)
{
    static const char *const options[][2] = {{"limiter.burst", "1"}};
    claude_limiter_t *limiter = limiter_with(options, 1);
    claude_reservation_t *a = reserve(limiter, "other", 0, 0);
    claude_reservation_t *b = reserve(limiter, "other", 0, 0);

    (void)state;
    assert_ptr_equal(claude_limiter_ref(limiter), limiter);
    claude_limiter_unref(limiter);
    assert_int_equal(claude_limiter_queued(limiter), 1);
    claude_reservation_unref(b);
    assert_int_equal(claude_limiter_queued(limiter), 0);
    /* It keeps the limiter. */
    claude_limiter_unref(limiter);
    assert_int_equal(claude_reservation_wait_ms(a, NULL), 0);
    claude_reservation_unref(a);
}

static void what_a_response_says_is_taken_in(void **state)
{
    static const char *const list[][2] = {
        {"anthropic-ratelimit-requests-limit", "50"},        {"anthropic-ratelimit-requests-remaining", "3"},
        {"anthropic-ratelimit-input-tokens-limit", "40000"}, {"anthropic-ratelimit-input-tokens-remaining", "39000"},
        {"anthropic-ratelimit-output-tokens-limit", "8000"}, {"anthropic-ratelimit-output-tokens-remaining", "0"},
    };
    claude_limiter_t *limiter = limiter_with(NULL, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    cl_headers headers = {NULL, 0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        assert_int_equal(cl_headers_add(&headers, cl_str_of(list[i][0]), cl_str_of(list[i][1]), NULL), CLAUDE_OK);
    assert_int_equal(cl_response_new(200, &headers, NULL, 0, false, &response, NULL), CLAUDE_OK);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), -1);
    assert_int_equal(claude_limiter_learn(limiter, "messages", response, &err), CLAUDE_OK);
    assert_int_equal(claude_limiter_available(limiter, "messages", "requests"), 3);
    assert_int_equal(claude_limiter_available(limiter, "messages", "input_tokens"), 39000);
    assert_int_equal(claude_limiter_available(limiter, "messages", "output_tokens"), 0);
    assert_int_equal(claude_limiter_available(limiter, "files", "requests"), 20);
    refused(claude_limiter_learn(limiter, "chat", response, &err), &err, CLAUDE_E_INVALID, "type is \"chat\"");
    refused(claude_limiter_learn(limiter, "files", NULL, &err), &err, CLAUDE_E_INVALID, "response");
    claude_response_unref(response);
    claude_limiter_unref(limiter);
}

static void a_configuration_keeps_a_limiter(void **state)
{
    claude_config_t *config = config_with(NULL, 0);
    claude_limiter_t *limiter = limiter_with(NULL, 0);
    claude_error_t *err = NULL;

    (void)state;
    assert_null(config->limiter);
    assert_int_equal(claude_config_set_limiter(config, limiter, NULL), CLAUDE_OK);
    claude_limiter_unref(limiter);
    assert_ptr_equal(cl_hook_data(config->limiter), limiter);
    assert_int_equal(claude_limiter_queued(limiter), 0);
    refused(claude_config_set_limiter(config, (claude_limiter_t *)(void *)config, &err), &err, CLAUDE_E_INVALID,
            "limiter");
    assert_int_equal(claude_config_set_limiter(config, NULL, NULL), CLAUDE_OK);
    assert_null(config->limiter);
    refused(claude_config_set_limiter(NULL, NULL, &err), &err, CLAUDE_E_INVALID, "config");
    claude_config_unref(config);
}

static void wrong_arguments_are_named(void **state)
{
    claude_limiter_t *limiter = limiter_with(NULL, 0);
    claude_reservation_t *r = NULL;
    claude_error_t *err = NULL;
    void *other = limiter;

    (void)state;
    refused(claude_limiter_new(other, &limiter, &err), &err, CLAUDE_E_INVALID, "config");
    refused(claude_limiter_new(NULL, NULL, &err), &err, CLAUDE_E_INVALID, "out");
    refused(claude_limiter_reserve(NULL, "files", 0, 0, &r, &err), &err, CLAUDE_E_INVALID, "limiter");
    refused(claude_limiter_reserve(limiter, NULL, 0, 0, &r, &err), &err, CLAUDE_E_INVALID, "type");
    refused(claude_limiter_reserve(limiter, "file", 0, 0, &r, &err), &err, CLAUDE_E_INVALID, "it must be messages");
    refused(claude_limiter_reserve(limiter, "files", -1, 0, &r, &err), &err, CLAUDE_E_INVALID, "input_tokens is -1");
    refused(claude_limiter_reserve(limiter, "files", 0, -2, &r, &err), &err, CLAUDE_E_INVALID, "output_tokens is -2");
    refused(claude_limiter_reserve(limiter, "files", 0, 0, NULL, &err), &err, CLAUDE_E_INVALID, "out");
    refused((claude_code_t)claude_reservation_wait_ms(NULL, &err), &err, CLAUDE_E_INVALID, "reservation");
    assert_int_equal(claude_limiter_reserve(NULL, NULL, 0, 0, NULL, NULL), CLAUDE_E_INVALID);
    assert_null(r);
    claude_reservation_settle(NULL, 0, 0);
    claude_reservation_settle(other, 0, 0);
    claude_reservation_unref(NULL);
    claude_limiter_unref(NULL);
    assert_null(claude_reservation_ref(other));
    assert_null(claude_limiter_ref(NULL));
    assert_int_equal(claude_limiter_queued(NULL), 0);
    assert_int_equal(claude_limiter_available(NULL, "files", "requests"), -1);
    assert_int_equal(claude_limiter_available(limiter, NULL, "requests"), -1);
    assert_int_equal(claude_limiter_available(limiter, "files", NULL), -1);
    assert_int_equal(claude_limiter_available(limiter, "files", "tokens"), -1);
    assert_int_equal(claude_limiter_available(limiter, "file", "requests"), -1);
    assert_int_equal(claude_limiter_available(limiter, "files", "requests"), 20);
    claude_limiter_unref(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_settings),
        cmocka_unit_test_setup(a_reservation_waits_for_its_turn, use_fake_clock),
        cmocka_unit_test_setup(a_place_is_kept_for_so_long, use_fake_clock),
        cmocka_unit_test(any_patience_will_do),
        cmocka_unit_test_setup(the_last_reference_gives_up_the_place, use_fake_clock),
        cmocka_unit_test_setup(what_a_response_says_is_taken_in, use_fake_clock),
        cmocka_unit_test_setup(a_configuration_keeps_a_limiter, use_fake_clock),
        cmocka_unit_test_setup(wrong_arguments_are_named, use_fake_clock),
    };

    return cmocka_run_group_tests_name("reliability.limiter_api", tests, NULL, use_real_clock);
}
