/*
 * Memory running out at each allocation in turn, once and from then on: validation says so, and never gives a shorter
 * list as if it were whole.
 */
#include "testing.h"

#include "../allocations.h"
#include "api/api.h"
#include "message/validate.h"

static claude_request_t *request;

#define PROBLEMS 11

static const char body[] =
    "{\"model\":\"m\",\"max_tokens\":9,\"temperature\":9,\"cache_control\":{},\"messages\":[{\"role\":\"user\","
    "\"content\":["
    "{\"type\":\"tool_result\",\"tool_use_id\":\"a\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_"
    "type\":"
    "\"image/png\",\"data\":\"\\/\"}},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/"
    "png\",\"data\":"
    "\"?\"}}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"n\",\"input\":{}}]}]"
    ","
    "\"tools\":[{\"name\":\"a b\",\"description\":\"\",\"input_schema\":{}},{\"name\":\"a "
    "b\",\"input_schema\":{\"type\":"
    "\"object\"}}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"c\"}}";

/* Returns whether it succeeded. */
static bool validate_once(void)
{
    claude_problems_t *problems = NULL;
    const char *json;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    rc = cl_request_validate(request, &(cl_judge){.stream = false}, &problems, &err);
    if (rc < 0) {
        assert_int_equal(rc, CLAUDE_E_NOMEM);
        assert_int_equal(err.code, CLAUDE_E_NOMEM);
        assert_null(problems);
        return false;
    }
    assert_int_equal(rc, CLAUDE_PROBLEMS);
    assert_int_equal(cl_problems_count(problems), PROBLEMS);
    assert_string_equal(cl_problems_code(problems, PROBLEMS - 1), "tool_choice_unknown_tool");
    json = cl_problems_json(problems, NULL);
    cl_problems_unref(problems);
    return json != NULL;
}

static void no_problem_is_lost(void **state)
{
    claude_file_t *file = NULL;

    (void)state;
    OK(cl_api_request_new("messages", &request, err));
    OK(cl_request_set_json(request, cl_str_of(body), err));
    OK(cl_request_set_option(request, "validate.max_cache_breakpoints", "0", err));
    OK(cl_file_from_bytes(CL_STR("x"), NULL, &file, err));
    OK(cl_request_attach_file(request, file, err));
    run_out(validate_once);
    cl_file_unref(file);
    cl_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(no_problem_is_lost)};

    return cmocka_run_group_tests_name("message.validate_oom", all, NULL, NULL);
}
