/* The trail and secrets with an expiry, while memory runs out at each allocation in turn. */
#include "../allocations.h"

#include "auth/auth.h"
#include "auth/trail.h"

static bool keep_and_read(void)
{
    claude_secret_t *secret = NULL;
    claude_trail_t *trail = NULL;
    bool done = step(cl_secret_new(CL_STR("token"), false, &secret, NULL)) && step(cl_trail_start(3, NULL));

    if (done) {
        cl_secret_set_expiry(secret, 1);
        cl_secret_use(secret, "expose"); /* needs no memory */
        done = step(cl_trail_read(&trail, NULL));
    }
    /* NULL is want of memory, too. */
    done = done && cl_trail_count(trail) == 1 && cl_trail_json(trail) != NULL;
    cl_trail_unref(trail);
    cl_trail_stop();
    cl_secret_unref(secret);
    return done;
}

static void test_trail(void **state)
{
    (void)state;
    run_out(keep_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
