/* The same tests on the code for machines without SSE2, which machines with it would never run. */
#define CL_JSON_PORTABLE

#include "json/decode.c"
#include "json/escape.c"
#include "json/scan.c"
#include "json/skip.c"
#include "json/walk.c"
#include "json/write.c"

#include "scan_cases.h"
#include "walk_cases.h"

int main(void)
{
    const struct CMUnitTest tests[] = {SCAN_CASES, WALK_CASES};

    assert_int_equal(CL_JSON_SSE2, 0);
    return cmocka_run_group_tests_name("json.portable", tests, NULL, NULL);
}
