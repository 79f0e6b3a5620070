/*
 * What becomes of the calls of tools in a message, without a server: memory running out at each allocation in turn is
 * said, leaks nothing, and never sends half of the results.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static long left = 1000000; /* allocations that still succeed */
static bool ran_out;

static bool may_allocate(void)
{
    if (left-- > 0)
        return true;
    ran_out = true;
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

static char *test_strndup(const char *text, size_t len)
{
    return may_allocate() ? strndup(text, len) : NULL;
}

#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc
#define strndup test_strndup

#include "base/buf.c"
#include "message/block.c"
#include "message/draft.c"
#define add_text results_add_text
#define append_block results_append_block
#include "tools/results.c"

#undef malloc
#undef calloc
#undef realloc
#undef strndup

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "api/api.h"

static const char message[] =
    "{\"content\":[{\"type\":\"text\",\"text\":\"hm\"},"
    "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"a\",\"input\":{\"n\":1},\"toolset_name\":\"set\"},"
    "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"unknown\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"later\",\"input\":{}},"
    "{\"type\":\"tool_use\",\"id\":\"t4\",\"name\":\"a\",\"input\":{},\"_partial_json\":\"{]\"}]}";

static const char sent[] =
    "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hm\"},"
    "{\"input\":{\"n\":1},\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"a\",\"toolset_name\":\"set\"},"
    "{\"input\":{},\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"unknown\"},"
    "{\"input\":{},\"type\":\"tool_use\",\"id\":\"t3\",\"name\":\"later\"},"
    "{\"input\":{},\"type\":\"tool_use\",\"id\":\"t4\",\"name\":\"a\"}]},"
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
    (void)user_data;
    cl_runner_result_text(runner, CL_STR("one"), NULL);
    return cl_runner_result_text(runner, CL_STR("two"), NULL) < 0;
}

static claude_response_t *new_message(void)
{
    claude_response_t *response = NULL;
    cl_headers none = {NULL, 0, 0};

    assert_int_equal(cl_response_new(200, &none, strdup(message), sizeof message - 1, true, &response, NULL),
                     CLAUDE_OK);
    return response;
}

static claude_code_t answer_all(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = cl_uses_collect(runner, err);

    if (rc >= 0)
        rc = cl_uses_run(runner, err);
    if (rc >= 0)
        rc = cl_runner_answer(runner, "t3", CL_STR(""), false, err);
    return rc < 0 ? rc : cl_uses_settle(runner, err);
}

static void test_memory_running_out(void **state)
{
    claude_code_t rc = CLAUDE_E_NOMEM;
    cl_hook *hook = NULL;

    (void)state;
    assert_int_equal(cl_hook_new((void (*)(void))give_two, NULL, NULL, &hook, NULL), CLAUDE_OK);
    for (long n = 0; rc == CLAUDE_E_NOMEM || ran_out; n++) {
        cl_runner_tool tools[] = {{(char[]){"a"}, hook}, {(char[]){"later"}, NULL}};
        claude_runner_t runner = {.tools = tools, .tool_count = 2, .message = new_message()};
        cl_err err;
        assert_true(n < 1000);
        assert_int_equal(cl_api_request_new("messages", &runner.request, NULL), CLAUDE_OK);
        cl_err_init(&err);
        ran_out = false;
        left = n;
        rc = answer_all(&runner, &err);
        left = 1000000;
        /* A tool that runs out of memory has failed; what it said so far is sent. */
        if (rc >= 0 && !ran_out)
            assert_string_equal(cl_request_json(runner.request, NULL), sent);
        if (rc < 0)
            assert_int_equal(rc, CLAUDE_E_NOMEM);
        assert_int_equal(rc < 0 ? err.code : CLAUDE_OK, rc);
        cl_err_clear(&err);
        cl_uses_clear(&runner);
        cl_response_unref(runner.message);
        cl_request_unref(runner.request);
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
