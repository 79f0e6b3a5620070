/*
 * Memory running out at each allocation in turn, once and from then on: batches, uploads and pages say so, leak
 * nothing, and go on afterwards with what was there before.
 */
#include "testing.h"

#include "../allocations.h"
#include "api/batches.h"
#include "api/pages.h"
#include "api/uploads.h"

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
    ok = step(cl_batch_builder_new(&builder, &err)) &&
         step(cl_batch_builder_add_json(builder, CL_STR("a"), CL_STR(PARAMS), &err));
    if (ok) {
        ok = step(cl_batch_builder_add(builder, CL_STR("b"), lent_message, &err));
        assert_int_equal(cl_batch_builder_count(builder), ok ? 2 : 1);
        ok = ok && step(cl_batch_builder_request(builder, &request, &err));
        if (!ok) {
            (void)memory_is_back();
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
    ok = step(cl_batch_file_request(lent_file, &request, &err));
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
    ok = step(cl_file_upload_request(lent_file, &request, &err)) &&
         step(cl_skill_create("Name", files, 2, &skill, &err)) &&
         step(cl_count_tokens_request(lent_message, &count, &err));
    cl_err_clear(&err);
    cl_request_unref(request);
    cl_request_unref(skill);
    cl_request_unref(count);
    return ok;
}

static claude_response_t *lent_batch;

static bool results_of_a_batch(void)
{
    claude_response_t *batch = NULL;
    claude_request_t *request = NULL;
    bool ok = step(cl_response_parse(cl_response_body(lent_batch), 200, &batch, NULL)) &&
              step(cl_batch_results_request(batch, &request, NULL));

    assert_true(ok == (request != NULL));
    cl_request_unref(request);
    cl_response_unref(batch);
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
    ok = step(cl_page_turn(lent_list, lent_page, false, &next, &err));
    assert_true(ok == (next != NULL));
    cl_err_clear(&err);
    cl_request_unref(next);
    return ok;
}

static void want_of_memory(void **state)
{
    static const char lines[] =
        "{\"custom_id\":\"a\",\"params\":" PARAMS "}\n{\"custom_id\":\"b\",\"params\":" PARAMS "}";

    (void)state;
    OK(claude_file_from_bytes(lines, sizeof lines - 1, "f", &lent_file, &err));
    lent_message = message_of("{'model':'m','max_tokens':1,'messages':[]}");
    OK(claude_request_attach(lent_message, lent_file, &err));
    OK(claude_request_add_beta(lent_message, "b-1", &err));
    lent_list = request_for("models.list");
    OK(claude_request_set_query(lent_list, "limit", "1", &err));
    lent_page = response_of("{'has_more':true,'last_id':'z'}");
    run_out(a_batch);
    run_out(a_batch_of_a_file);
    run_out(uploads_and_counts);
    run_out(a_next_page);
    lent_batch = response_of("{'id':'b\\u0031','processing_status':'ended'}");
    run_out(results_of_a_batch);
    claude_response_unref(lent_batch);
    claude_response_unref(lent_page);
    claude_request_unref(lent_list);
    claude_request_unref(lent_message);
    claude_file_unref(lent_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(want_of_memory),
    };

    return cmocka_run_group_tests_name("api.batch_oom", tests, NULL, NULL);
}
