#include <claude/runner.h>

#include <claude/client.h>

#include <errno.h>

#include "border.h"
#include "tools/runner.h"

#if CL_FEATURE_TOOLS

static bool check(border *b, const claude_runner_t *runner)
{
    return border_handle(b, runner, CL_MAGIC_RUNNER, "runner");
}

claude_code_t claude_runner_new(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                claude_runner_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") &&
        border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_pointer(&b, out, "out"))
        rc = cl_runner_new(client, request, flags, out, &b.err);
    return border_leave(&b, rc, err);
}

/* `*out` is NULL where there is no callback. On failure, and where there is none, user_data is destroyed. */
static claude_code_t make_hook(border *b, claude_tool_fn fn, void *user_data, claude_destroy_fn destroy, bool good,
                               cl_hook **out)
{
    *out = NULL;
    if (good && fn)
        return cl_hook_new((void (*)(void))fn, user_data, destroy, out, &b->err);
    if (destroy)
        destroy(user_data);
    return good ? CLAUDE_OK : CLAUDE_E_INVALID;
}

claude_code_t claude_runner_add_tool(claude_runner_t *runner, claude_tool_t *tool, claude_tool_fn fn, void *user_data,
                                     claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook;
    claude_code_t rc;

    border_enter(&b);
    rc = make_hook(&b, fn, user_data, destroy, check(&b, runner) && border_handle(&b, tool, CL_MAGIC_TOOL, "tool"),
                   &hook);
    if (rc >= 0)
        rc = cl_runner_add_tool(runner, tool, hook, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_on_tool(claude_runner_t *runner, const char *name, claude_tool_fn fn, void *user_data,
                                    claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook;
    claude_code_t rc;

    border_enter(&b);
    rc = make_hook(&b, fn, user_data, destroy, check(&b, runner) && border_pointer(&b, name, "name"), &hook);
    if (rc >= 0)
        rc = cl_runner_on_tool(runner, name, hook, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_set_max_turns(claude_runner_t *runner, int32_t turns, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner))
        rc = cl_runner_set_max_turns(runner, turns, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out,
                                 claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_pointer(&b, out, "out"))
        rc = cl_runner_step(runner, timeout_ms, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_run(claude_runner_t *runner, claude_response_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_pointer(&b, out, "out"))
        rc = cl_runner_run(runner, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_resume(claude_runner_t *runner, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner))
        rc = cl_runner_resume(runner, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- results ---- */

typedef claude_code_t (*give_text)(claude_runner_t *runner, cl_str text, cl_err *err);

static claude_code_t give(claude_runner_t *runner, const char *text, size_t len, give_text result, claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_text(&b, text, len, "text", &given))
        rc = result(runner, given, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_result_text(claude_runner_t *runner, const char *text, size_t len, claude_error_t **err)
{
    return give(runner, text, len, cl_runner_result_text, err);
}

claude_code_t claude_runner_result_json(claude_runner_t *runner, const char *json, size_t len, claude_error_t **err)
{
    return give(runner, json, len, cl_runner_result_json, err);
}

claude_code_t claude_runner_result_error(claude_runner_t *runner, const char *text, size_t len, claude_error_t **err)
{
    return give(runner, text, len, cl_runner_result_error, err);
}

claude_code_t claude_runner_result_block(claude_runner_t *runner, const claude_block_t *block, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_handle(&b, block, CL_MAGIC_BLOCK, "block"))
        rc = cl_runner_result_block(runner, block, &b.err);
    return border_leave(&b, rc, err);
}

size_t claude_runner_pending_count(const claude_runner_t *runner)
{
    return cl_is(runner, CL_MAGIC_RUNNER) ? cl_runner_pending_count(runner) : 0;
}

int32_t claude_runner_pending_at(const claude_runner_t *runner, size_t index, const char **id, const char **name,
                                 const char **input, size_t *len)
{
    const cl_runner_use *use = cl_is(runner, CL_MAGIC_RUNNER) ? cl_runner_pending_at(runner, index) : NULL;

    if (!use)
        return 0;
    if (id)
        *id = use->id;
    if (name)
        *name = use->name;
    if (input)
        *input = use->input;
    if (len)
        *len = use->input_len;
    return 1;
}

claude_code_t claude_runner_answer(claude_runner_t *runner, const char *id, const char *text, size_t len,
                                   int32_t is_error, claude_error_t **err)
{
    border b;
    cl_str given;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_pointer(&b, id, "id") && border_text(&b, text, len, "text", &given)) {
        if (is_error == 0 || is_error == 1)
            rc = cl_runner_answer(runner, id, given, is_error == 1, &b.err);
        else
            rc = cl_fail(&b.err, CLAUDE_E_INVALID, "is_error must be 0 or 1, not %d", (int)is_error);
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_runner_answer_block(claude_runner_t *runner, const char *id, const claude_block_t *block,
                                         claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, runner) && border_pointer(&b, id, "id") && border_handle(&b, block, CL_MAGIC_BLOCK, "block"))
        rc = cl_runner_answer_block(runner, id, block, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- what it knows ---- */

const claude_response_t *claude_runner_message(const claude_runner_t *runner)
{
    return cl_is(runner, CL_MAGIC_RUNNER) ? runner->message : NULL;
}

int32_t claude_runner_turns(const claude_runner_t *runner)
{
    return cl_is(runner, CL_MAGIC_RUNNER) ? runner->turns : 0;
}

claude_request_t *claude_runner_request(claude_runner_t *runner)
{
    return cl_is(runner, CL_MAGIC_RUNNER) ? runner->request : NULL;
}

claude_runner_t *claude_runner_ref(claude_runner_t *runner)
{
    return cl_is(runner, CL_MAGIC_RUNNER) ? cl_runner_ref(runner) : NULL;
}

void claude_runner_unref(claude_runner_t *runner)
{
    int saved = errno;

    if (cl_is(runner, CL_MAGIC_RUNNER))
        cl_runner_unref(runner);
    errno = saved;
}

#endif
