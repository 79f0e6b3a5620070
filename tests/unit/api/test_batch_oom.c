/*
 * Memory running out at each allocation in turn, once and from then on: batches, uploads and pages say so, leak
 * nothing, and go on afterwards with what was there before. The sources are compiled in here with an allocator that can
 * fail, so that it works under memcheck and the sanitizers too.
 */
#include <stdbool.h>
#include <stdlib.h>

static long left;    /* allocations that still succeed */
static bool forever; /* what follows the one that fails fails too */
static bool failed;

static bool may_allocate(void)
{
    if (left-- > 0)
        return true;
    if (failed && !forever)
        return true;
    failed = true;
    return false;
}

static void *test_malloc(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

static void *test_calloc(size_t count, size_t size)
{
    return may_allocate() ? calloc(count, size) : NULL;
}

static void *test_realloc(void *old, size_t size)
{
    return may_allocate() ? realloc(old, size) : NULL;
}

#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc

#include "api/batch_builder.c"
/* A name that another file here has as well. */
#define check check_lines_of
#include "api/batch_lines.c"
#undef check
#include "api/page.c"
#include "api/seen.c"
#include "api/skill.c"
#include "base/blob.c"
#include "base/body.c"
#include "base/buf.c"
#include "message/draft.c"
#include "message/edit.c"
#include "message/params.c"
#include "message/request.c"

#undef malloc
#undef calloc
#undef realloc

#include "testing.h"

/* Runs a scenario with ever more memory until it succeeds; it returns whether it did. */
static void run(bool (*scenario)(void))
{
    for (int mode = 0; mode < 2; mode++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            assert_true(n < 1000);
            left = n;
            forever = mode == 1;
            failed = false;
            done = scenario();
            /* A success with a failed allocation behind it would be a loss that nobody is told of. */
            assert_int_equal(done, !failed);
        }
    }
    left = 1000000;
}

static void enough_from_now_on(void)
{
    left = 1000000;
    forever = false;
}

/* The code of a step; anything but success and out-of-memory is a mistake. */
static bool step(claude_code_t rc, const cl_err *err)
{
    if (rc != CLAUDE_OK && rc != CLAUDE_E_NOMEM)
        fail_msg("%d: %s", (int)rc, err->message);
    return rc == CLAUDE_OK;
}

#define PARAMS "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}"

static claude_file_t *lent_file;
static claude_request_t *lent_message;

/* What could not be added is not there; what was there can be sent. */
static bool a_batch(void)
{
    claude_batch_builder_t *builder = NULL;
    claude_request_t *request = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_batch_builder_new(&builder, &err), &err) &&
         step(cl_batch_builder_add_json(builder, CL_STR("a"), CL_STR(PARAMS), &err), &err);
    if (ok) {
        ok = step(cl_batch_builder_add(builder, CL_STR("b"), lent_message, &err), &err);
        assert_int_equal(cl_batch_builder_count(builder), ok ? 2 : 1);
        ok = ok && step(cl_batch_builder_request(builder, &request, &err), &err);
        if (!ok) {
            enough_from_now_on();
            assert_int_equal(cl_batch_builder_request(builder, &request, NULL), CLAUDE_OK);
            assert_int_equal(cl_batch_builder_add_json(builder, CL_STR("c"), CL_STR(PARAMS), NULL), CLAUDE_OK);
        }
        assert_int_equal(cl_json_validate(cl_str_of(cl_request_json(request, NULL)), 200, NULL, NULL), CLAUDE_OK);
    }
    cl_err_clear(&err);
    cl_request_unref(request);
    if (builder)
        cl_batch_builder_unref(builder);
    return ok;
}

static bool a_batch_of_a_file(void)
{
    claude_request_t *request = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_batch_file_request(lent_file, &request, &err), &err);
    assert_true(ok == (request != NULL));
    cl_err_clear(&err);
    cl_request_unref(request);
    return ok;
}

static bool uploads_and_counts(void)
{
    static const char *const names[] = {"my/SKILL.md", "my/a"};
    cl_skill_file files[] = {{lent_file, names[0]}, {lent_file, names[1]}};
    claude_request_t *request = NULL;
    claude_request_t *skill = NULL;
    claude_request_t *count = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_file_upload_request(lent_file, &request, &err), &err) &&
         step(cl_skill_create("Name", files, 2, &skill, &err), &err) &&
         step(cl_count_tokens_request(lent_message, &count, &err), &err);
    cl_err_clear(&err);
    cl_request_unref(request);
    cl_request_unref(skill);
    cl_request_unref(count);
    return ok;
}

static claude_response_t *lent_page;
static claude_request_t *lent_list;

static bool a_next_page(void)
{
    claude_request_t *next = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_page_turn(lent_list, lent_page, false, &next, &err), &err);
    assert_true(ok == (next != NULL));
    cl_err_clear(&err);
    cl_request_unref(next);
    return ok;
}

static void memory_runs_out(void **state)
{
    static const char lines[] =
        "{\"custom_id\":\"a\",\"params\":" PARAMS "}\n{\"custom_id\":\"b\",\"params\":" PARAMS "}";

    (void)state;
    enough_from_now_on();
    OK(claude_file_from_bytes(lines, sizeof lines - 1, "f", &lent_file, &err));
    lent_message = message_of("{'model':'m','max_tokens':1,'messages':[]}");
    OK(claude_request_attach(lent_message, lent_file, &err));
    OK(claude_request_add_beta(lent_message, "b-1", &err));
    lent_list = request_for("models.list");
    OK(claude_request_set_query(lent_list, "limit", "1", &err));
    lent_page = response_of("{'has_more':true,'last_id':'z'}");
    run(a_batch);
    run(a_batch_of_a_file);
    run(uploads_and_counts);
    run(a_next_page);
    claude_response_unref(lent_page);
    claude_request_unref(lent_list);
    claude_request_unref(lent_message);
    claude_file_unref(lent_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
    };

    return cmocka_run_group_tests_name("api.batch_oom", tests, NULL, NULL);
}
