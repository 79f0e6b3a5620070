#include "walk_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {WALK_CASES};

    return cmocka_run_group_tests_name("json.walk", tests, NULL, NULL);
}
