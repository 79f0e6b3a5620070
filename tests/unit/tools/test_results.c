/*
 * What becomes of the calls of tools in a message, without a server: memory running out at each allocation in turn is
 * said, leaks nothing, and never sends half of the results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../allocations.h"
#include "api/api.h"
#include "message/request.h"
#include "tools/runner.h"

static const char message[] =
    "{\"content\":[{\"type\":\"text\",\"text\":\"hm\"},"
    "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"a\",\"input\":{\"n\":1},\"toolset_name\":\"set\"},"
    "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"unknown\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"later\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t4\",\"name\":\"a\",\"input\":{},\"_partial_json\":\"{]\"}]}";

static const char sent[] =
    "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hm\"},"
    "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"a\",\"input\":{\"n\":1},\"toolset_name\":\"set\"},"
    "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"unknown\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"later\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t4\",\"name\":\"a\",\"input\":{}}]},"
    "{\"role\":\"user\",\"content\":["
    "{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
    "{\"type\":\"text\",\"text\":\"two\"}],\"toolset_name\":\"set\"},"
    "{\"type\":\"tool_result\",\"tool_use_id\":\"t2\",\"content\":\"Tool 'unknown' not found\",\"is_error\":true},"
    "{\"type\":\"tool_result\",\"tool_use_id\":\"t3\",\"content\":\"\"},"
    "{\"type\":\"tool_result\",\"tool_use_id\":\"t4\",\"content\":\"The input of tool 'a' is not a JSON object\","
    "\"is_error\":true}]}]}";

/* Runs out of memory as quietly as a program's tool does: its results tell. */
static int32_t give_two(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    (void)name;
    (void)input;
    (void)len;
    ++*(int *)user_data;
    cl_runner_result_text(runner, CL_STR("one"), NULL);
    return cl_runner_result_text(runner, CL_STR("two"), NULL) < 0;
}

/* From where it stands. */
static claude_code_t answer_all(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = runner->use_count > 0 ? CLAUDE_OK : cl_uses_collect(runner, err);

    if (rc >= 0)
        rc = cl_uses_run(runner, err);
    if (rc >= 0 && cl_runner_pending_count(runner) > 0)
        rc = cl_runner_answer(runner, "t3", CL_STR(""), false, err);
    return rc < 0 ? rc : cl_uses_settle(runner, err);
}

/* With memory for this many allocations. True: nothing failed. */
static bool answer_with(long n, bool forever, cl_hook *hook, const int *runs)
{
    cl_runner_tool tools[] = {{(char[]){"a"}, hook}, {(char[]){"later"}, NULL}};
    claude_runner_t runner = {.tools = tools, .tool_count = 2};
    int before = *runs;
    claude_code_t rc;
    bool failed;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_response_parse(cl_str_of(message), 200, &runner.message, NULL), CLAUDE_OK);
    assert_int_equal(cl_api_request_new("messages", &runner.request, NULL), CLAUDE_OK);
    memory_runs_out(n, forever);
    rc = answer_all(&runner, &err);
    failed = memory_is_back();
    if (!failed)
        assert_string_equal(cl_request_json(runner.request, NULL), sent);
    /* A tool that runs out of memory has failed; what it said so far is sent. */
    assert_true(rc == CLAUDE_OK || (failed && rc == CLAUDE_E_NOMEM));
    assert_int_equal(err.code, rc);
    cl_err_clear(&err);
    /* It goes on where it was, unless the conversation itself has failed, which is not forgotten. */
    if (rc < 0 && runner.request->error.code == CLAUDE_OK)
        assert_int_equal(answer_all(&runner, NULL), CLAUDE_OK);
    assert_true(*runs <= before + 1);
    cl_uses_clear(&runner);
    cl_response_unref(runner.message);
    cl_request_unref(runner.request);
    return !failed;
}

static void test_memory_running_out(void **state)
{
    cl_hook *hook = NULL;
    int runs = 0;

    (void)state;
    assert_int_equal(cl_hook_new((void (*)(void))give_two, &runs, NULL, &hook, NULL), CLAUDE_OK);
    for (int forever = 0; forever < 2; forever++) {
        long n = 0;
        while (!answer_with(n, forever == 1, hook, &runs))
            assert_true(++n < ALLOCATIONS_MAX);
        assert_true(n > 0);
    }
    cl_hook_unref(hook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_running_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
