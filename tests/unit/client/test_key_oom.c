/* Keys of clients, while memory runs out at each allocation in turn: what is there stays, and nothing leaks. */
#include "../allocations.h"

#include <claude/credential.h>

#include "client/client.h"

static bool replace(void)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_secret_t *first = NULL;
    claude_secret_t *second = NULL;
    bool done = step(cl_secret_new(CL_STR("first"), false, &first, NULL)) &&
                step(cl_secret_new(CL_STR("second"), false, &second, NULL)) && step(cl_config_new(&config, NULL));

    if (done) {
        config->secret = cl_secret_ref(first);
        done = step(cl_client_new(config, &client, NULL));
    }
    if (done) {
        claude_secret_t *now;
        done = step(cl_client_rotate(client, CLAUDE_KEY_OF_CLIENT, second, NULL)) &&
               step(cl_client_set_config(client, "", config, NULL, NULL));
        now = cl_client_secret(client, CLAUDE_KEY_OF_CLIENT);
        assert_ptr_equal(now, second);
        cl_secret_unref(now);
    }
    cl_client_unref(client);
    cl_config_unref(config);
    cl_secret_unref(first);
    cl_secret_unref(second);
    return done;
}

static void test_replace(void **state)
{
    (void)state;
    run_out(replace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
