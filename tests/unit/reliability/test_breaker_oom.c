/* Memory running out at each allocation in turn: breakers say so, leave what was there before, and leak nothing. */
#include "../allocations.h"

#include <claude/claude.h>

static claude_config_t *config;

/* Also the error that says that a breaker is open: one that cannot be made is the static one. */
static bool use_a_breaker(void)
{
    claude_breaker_t *breaker = NULL;
    claude_error_t *err = NULL;
    uint64_t permit = 0;
    claude_code_t rc = claude_breaker_new(config, &breaker, NULL);
    bool done = step(rc);

    assert_int_equal(done, breaker != NULL);
    if (done) {
        /* Nothing else needs memory. */
        assert_int_equal(claude_breaker_allow(breaker, &permit, NULL), CLAUDE_OK);
        claude_breaker_record(breaker, permit, CLAUDE_BREAKER_FAILURE);
        claude_breaker_open(breaker, 5000);
        assert_int_equal(claude_breaker_allow(breaker, &permit, &err), CLAUDE_E_CIRCUIT_OPEN);
        done = claude_error_code(err) == CLAUDE_E_CIRCUIT_OPEN;
        if (!done)
            assert_int_equal(claude_error_code(err), CLAUDE_E_NOMEM);
        claude_error_unref(err);
    }
    claude_breaker_unref(breaker);
    return done;
}

static claude_breaker_t *kept;

static bool keep_a_breaker(void)
{
    bool done = step(claude_config_set_breaker(config, kept, NULL));

    /* A client that cannot be made lets go of it. */
    if (done) {
        claude_client_t *client = NULL;
        done = step(claude_client_new(config, &client, NULL));
        claude_client_unref(client);
    }
    return done;
}

static void test_breakers(void **state)
{
    (void)state;
    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "auth.style", "none", NULL), CLAUDE_OK);
    run_out(use_a_breaker);
    assert_int_equal(claude_breaker_new(NULL, &kept, NULL), CLAUDE_OK);
    run_out(keep_a_breaker);
    claude_breaker_unref(kept);
    claude_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breakers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
