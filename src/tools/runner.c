/* runner.c - one turn after the other: a request, its message, and what has to be done about that. */
#include "tools/runner.h"

#include <limits.h>
#include <stdlib.h>

#include "message/answer.h"

/* ---- life ---- */

claude_code_t cl_runner_new(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                            claude_runner_t **out, cl_err *err)
{
    claude_runner_t *runner = calloc(1, sizeof *runner);
    claude_client_t *now = NULL;
    uint32_t features = 0;
    cl_json container;
    claude_code_t rc;

    if (!runner)
        return cl_fail_nomem(err);
    cl_handle_init(&runner->handle, CL_MAGIC_RUNNER);
    runner->client = cl_client_ref(client);
    runner->flags = flags;
    runner->max_turns = CL_RUNNER_TURNS;
    rc = cl_client_choose(client, request, &now, err);
    if (rc >= 0)
        rc = cl_call_check_flags(now, flags, &features, err);
    cl_client_unref(now);
    if (rc >= 0)
        rc = cl_request_copy(request, &runner->request, err);
    if (rc >= 0 && cl_request_endpoint(request)->answer != CL_ANSWER_MESSAGE)
        rc = cl_fail(err, CLAUDE_E_INVALID, "request goes to %s; a runner needs one whose answer is a message",
                     cl_request_endpoint(request)->name);
    if (rc < 0) {
        cl_runner_unref(runner);
        return rc;
    }
    container = cl_request_field(runner->request, CL_STR("/container"));
    runner->pinned =
        container.type == CLAUDE_JSON_STRING || cl_json_member(container, CL_STR("id")).type == CLAUDE_JSON_STRING;
    *out = runner;
    return CLAUDE_OK;
}

claude_runner_t *cl_runner_ref(claude_runner_t *runner)
{
    if (runner)
        cl_handle_ref(&runner->handle);
    return runner;
}

void cl_runner_unref(claude_runner_t *runner)
{
    if (!runner || !cl_handle_unref(&runner->handle))
        return;
    cl_call_unref(runner->call);
    cl_uses_clear(runner);
    cl_response_unref(runner->message);
    for (size_t i = 0; i < runner->tool_count; i++) {
        free(runner->tools[i].name);
        cl_hook_unref(runner->tools[i].hook);
    }
    free(runner->tools);
    cl_request_unref(runner->request);
    cl_client_unref(runner->client);
    free(runner);
}

/* ---- what it is told ---- */

static claude_code_t check_idle(const claude_runner_t *runner, cl_err *err)
{
    if (runner->busy)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback of the runner");
    return CLAUDE_OK;
}

static claude_code_t register_tool(claude_runner_t *runner, const char *name, cl_hook *hook, cl_err *err)
{
    cl_runner_tool *tools = runner->tools;
    char *copy = NULL;

    for (size_t i = 0; i < runner->tool_count; i++) {
        if (strcmp(tools[i].name, name) == 0)
            return cl_fail(err, CLAUDE_E_INVALID, "tool \"%.100s\" is known to the runner already", name);
    }
    tools = realloc(tools, (runner->tool_count + 1) * sizeof *tools);
    if (!tools)
        return cl_fail_nomem(err);
    runner->tools = tools;
    copy = strdup(name);
    if (!copy)
        return cl_fail_nomem(err);
    tools[runner->tool_count++] = (cl_runner_tool){copy, hook};
    return CLAUDE_OK;
}

claude_code_t cl_runner_on_tool(claude_runner_t *runner, const char *name, cl_hook *hook, cl_err *err)
{
    claude_code_t rc = check_idle(runner, err);

    if (rc >= 0 && name[0] == '\0')
        rc = cl_fail(err, CLAUDE_E_INVALID, "tool has no name, so that its calls cannot be told from others");
    if (rc >= 0)
        rc = register_tool(runner, name, hook, err);
    if (rc < 0)
        cl_hook_unref(hook);
    return rc;
}

claude_code_t cl_runner_add_tool(claude_runner_t *runner, claude_tool_t *tool, cl_hook *hook, cl_err *err)
{
    cl_json given = cl_json_member(cl_json_root(cl_buf_str(&tool->json)), CL_STR("name"));
    const char *name = cl_tool_name(tool);
    claude_code_t rc;

    if (!name && given.type == CLAUDE_JSON_STRING) {
        cl_hook_unref(hook);
        return cl_fail_nomem(err);
    }
    /* What the server runs by itself may have no name. */
    if (!name && !hook) {
        rc = check_idle(runner, err);
        return rc < 0 ? rc : cl_request_add_tool(runner->request, tool, err);
    }
    rc = cl_runner_on_tool(runner, name ? name : "", hook, err);
    return rc < 0 ? rc : cl_request_add_tool(runner->request, tool, err);
}

claude_code_t cl_runner_set_max_turns(claude_runner_t *runner, int32_t turns, cl_err *err)
{
    if (turns < 0)
        return cl_fail(err, CLAUDE_E_INVALID, "max_turns is %d; it must be 0 (no limit) or more", (int)turns);
    runner->max_turns = turns;
    return CLAUDE_OK;
}

/* ---- a turn ---- */

static void unref_response(void *response)
{
    cl_response_unref(response);
}

static claude_code_t check_turns(const claude_runner_t *runner, cl_err *err)
{
    if (runner->max_turns == 0 || runner->turns < runner->max_turns)
        return CLAUDE_OK;
    cl_fail(err, CLAUDE_E_LIMIT,
            "the model has not come to an end after %d turns; allow more with claude_runner_set_max_turns(), and go on",
            (int)runner->turns);
    if (err && runner->message)
        err->response = (cl_err_object){cl_response_ref(runner->message), unref_response};
    return cl_err_tag(err, "max_turns", CLAUDE_E_LIMIT);
}

static claude_code_t begin(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = cl_uses_settle(runner, err);

    if (rc >= 0)
        rc = check_turns(runner, err);
    return rc < 0 ? rc : cl_call_open(runner->client, runner->request, runner->flags, &runner->call, err);
}

/* Where code has run, the next request goes on, unless the program has chosen another place. */
static claude_code_t keep_container(claude_runner_t *runner, cl_err *err)
{
    bool named = cl_response_type(runner->message, "/container/id") == CLAUDE_JSON_STRING ||
                 cl_response_type(runner->message, "/container") == CLAUDE_JSON_STRING;
    const char *id;

    if (runner->pinned || !named)
        return CLAUDE_OK;
    id = cl_answer_container_id(runner->message);
    return id ? cl_request_set_container(runner->request, id, err) : cl_fail_nomem(err);
}

static bool stopped_for(const claude_response_t *message, cl_str reason)
{
    return cl_json_string_is(cl_json_member(cl_response_root(message), CL_STR("stop_reason")), reason);
}

static claude_code_t end(claude_runner_t *runner, cl_err *err)
{
    bool answers = cl_response_count(runner->message, "/content") > 0 && cl_answer_tool_uses(runner->message) == 0 &&
                   !cl_answer_is_refusal(runner->message);
    claude_code_t rc = CLAUDE_OK;

    /* What could not be sent back stays out of the conversation: nothing, calls without results, a refusal. */
    if (answers)
        rc = cl_request_add_response(runner->request, runner->message, err);
    if (rc < 0)
        return rc;
    runner->over = true;
    return CLAUDE_DONE;
}

/* Decides by the reason why the model has stopped. 1: the loop goes on. After a failure it may be called again. */
static claude_code_t take_message(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = keep_container(runner, err);

    if (rc < 0)
        return rc;
    if (stopped_for(runner->message, CL_STR("pause_turn")) && cl_response_count(runner->message, "/content") > 0) {
        rc = cl_request_add_response(runner->request, runner->message, err);
        return rc < 0 ? rc : 1;
    }
    if (!stopped_for(runner->message, CL_STR("tool_use")) || cl_answer_tool_uses(runner->message) == 0)
        return end(runner, err);
    if (runner->use_count == 0)
        rc = cl_uses_collect(runner, err);
    if (rc >= 0)
        rc = cl_uses_run(runner, err);
    if (rc >= 0 && cl_runner_pending_count(runner) == 0)
        rc = cl_uses_settle(runner, err);
    return rc < 0 ? rc : 1;
}

/* 1: the message has come; 0: not yet. */
static claude_code_t receive(claude_runner_t *runner, int64_t timeout_ms, cl_err *err)
{
    claude_response_t *message = NULL;
    claude_code_t rc = runner->call ? CLAUDE_OK : begin(runner, err);

    if (rc < 0)
        return rc;
    rc = cl_call_wait(runner->call, timeout_ms, err);
    if (rc == 0)
        return 0;
    if (rc > 0)
        rc = cl_call_result(runner->call, &message, err);
    cl_call_unref(runner->call);
    runner->call = NULL;
    if (rc < 0)
        return rc;
    cl_response_unref(runner->message);
    runner->message = message;
    runner->received = true;
    if (runner->turns < INT32_MAX)
        runner->turns++;
    return 1;
}

static claude_code_t turn(claude_runner_t *runner, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = runner->received ? 1 : receive(runner, timeout_ms, err);

    if (rc != 1)
        return rc;
    rc = take_message(runner, err);
    runner->received = rc < 0;
    return rc;
}

static claude_code_t step(claude_runner_t *runner, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = check_idle(runner, err);

    if (rc < 0)
        return rc;
    runner->busy = true;
    rc = runner->over ? CLAUDE_DONE : turn(runner, timeout_ms, err);
    runner->busy = false;
    return rc;
}

/* Both hold a reference: a callback may drop the program's last one. */

claude_code_t cl_runner_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out, cl_err *err)
{
    claude_code_t rc;

    cl_runner_ref(runner);
    rc = step(runner, timeout_ms, err);
    if (rc > 0)
        *out = cl_response_ref(runner->message);
    cl_runner_unref(runner);
    return rc;
}

claude_code_t cl_runner_run(claude_runner_t *runner, claude_response_t **out, cl_err *err)
{
    claude_code_t rc;

    cl_runner_ref(runner);
    do
        rc = step(runner, -1, err);
    while (rc == 1);
    if (rc > 0)
        *out = cl_response_ref(runner->message);
    cl_runner_unref(runner);
    return rc;
}

claude_code_t cl_runner_resume(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = check_idle(runner, err);

    if (rc < 0)
        return rc;
    runner->over = false;
    runner->turns = 0;
    return CLAUDE_OK;
}
