/* Memory running out at each allocation in turn: nothing is handed out half, nothing leaks. */
#include "../allocations.h"

#include <claude/claude.h>
#include <stdlib.h>
#include <string.h>

#include "codec/pack.h"
#include "codec/unpack.h"

enum { LEN = CL_PACK_AHEAD + 100000 };

static char *text;
static claude_response_t *zipped;

static bool compresses(void)
{
    claude_response_t *out = NULL;
    bool done = step(claude_compress(text, 100000, NULL, &out, NULL));

    assert_int_equal(done, out != NULL);
    claude_response_unref(out);
    return done;
}

static bool decompresses(void)
{
    claude_response_t *out = NULL;
    size_t len = 0;
    const char *bytes = claude_response_json(zipped, &len);
    bool done = step(claude_decompress(bytes, len, 0, &out, NULL));

    assert_int_equal(done, out != NULL);
    claude_response_unref(out);
    return done;
}

/* A body of any size, begun ahead and read to its end. */
static bool packs(size_t len)
{
    const cl_body body = {.parts = {{text, len}}, .count = 1, .len = len};
    cl_body packed = {.blob = NULL};
    cl_pack *pack = NULL;
    bool done = step(cl_pack_body(&body, 6, &packed, &pack, NULL));
    static char some[65536];
    size_t got = 1;

    while (done && pack && got > 0)
        done = step(cl_pack_read(pack, some, sizeof some, &got, NULL));
    if (done && pack) {
        cl_pack_rewind(pack);
        done = step(cl_pack_read(pack, some, sizeof some, &got, NULL));
    }
    cl_pack_free(pack);
    cl_body_free(&packed);
    return done;
}

static bool packs_whole(void)
{
    return packs(5000);
}

static bool packs_while_it_is_read(void)
{
    return packs(LEN);
}

static void memory_runs_out_everywhere(void **state)
{
    (void)state;
    text = malloc(LEN);
    assert_non_null(text);
    for (size_t i = 0; i < LEN; i++)
        text[i] = "abcdefghij klmn"[i * i % 15];
    assert_int_equal(claude_compress(text, 100000, NULL, &zipped, NULL), 1);
    run_out(compresses);
    run_out(decompresses);
    run_out(packs_whole);
    run_out(packs_while_it_is_read);
    claude_response_unref(zipped);
    free(text);
    assert_int_equal(memory_held(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out_everywhere)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
