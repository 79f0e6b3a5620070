/* results.c - the calls of tools that a message asks for, and what becomes of them. */
#include "tools/runner.h"

#include <stdio.h>
#include <stdlib.h>

#include "message/answer.h"

/* ---- a result ---- */

static claude_code_t add_text(cl_runner_use *use, cl_str text, cl_err *err)
{
    claude_block_t *block = NULL;
    claude_code_t rc;

    if (!use->result)
        return cl_block_tool_result(use->id, &text, false, &use->result, err);
    if (text.len == 0)
        return CLAUDE_OK;
    rc = cl_block_text(text, &block, err);
    if (rc >= 0)
        rc = cl_block_add(use->result, block, err);
    cl_block_unref(block);
    return rc;
}

static claude_code_t mark_error(cl_runner_use *use, cl_err *err)
{
    return cl_block_set_field(use->result, "/is_error", CL_STR("true"), err);
}

/* Answers with an error that names the tool: `before` 'name' `after`. */
static claude_code_t refuse(cl_runner_use *use, const char *before, const char *after, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_buf_append_text(&text, before);
    claude_code_t rc;

    if (written == CL_BUF_OK)
        written = cl_buf_append_char(&text, '\'');
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(&text, use->name);
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(&text, '\'');
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(&text, after);
    rc = written == CL_BUF_OK ? add_text(use, cl_buf_str(&text), err) : cl_fail_buf(err, written, "a result");
    if (rc >= 0)
        rc = mark_error(use, err);
    cl_buf_free(&text);
    return rc;
}

/* ---- what a callback says ---- */

static claude_code_t check_running(const claude_runner_t *runner, cl_err *err)
{
    if (runner->running)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_STATE,
                   "no tool is being run; results are given inside of its callback, later ones by "
                   "claude_runner_answer()");
}

claude_code_t cl_runner_result_text(claude_runner_t *runner, cl_str text, cl_err *err)
{
    claude_code_t rc = check_running(runner, err);

    return rc < 0 ? rc : add_text(runner->running, text, err);
}

claude_code_t cl_runner_result_json(claude_runner_t *runner, cl_str json, cl_err *err)
{
    claude_code_t rc = check_running(runner, err);

    if (rc >= 0)
        rc = cl_check_json("result", &json, err);
    return rc < 0 ? rc : add_text(runner->running, json, err);
}

claude_code_t cl_runner_result_block(claude_runner_t *runner, const claude_block_t *block, cl_err *err)
{
    claude_code_t rc = check_running(runner, err);
    cl_runner_use *use = runner->running;

    if (rc >= 0 && !use->result)
        rc = cl_block_tool_result(use->id, NULL, false, &use->result, err);
    return rc < 0 ? rc : cl_block_add(use->result, block, err);
}

claude_code_t cl_runner_result_error(claude_runner_t *runner, cl_str text, cl_err *err)
{
    claude_code_t rc = check_running(runner, err);

    if (rc >= 0)
        rc = add_text(runner->running, text, err);
    return rc < 0 ? rc : mark_error(runner->running, err);
}

/* ---- what the program answers by itself ---- */

static bool is_pending(const cl_runner_use *use)
{
    return use->pending && !use->result;
}

size_t cl_runner_pending_count(const claude_runner_t *runner)
{
    size_t count = 0;

    for (size_t i = 0; i < runner->use_count; i++)
        count += is_pending(&runner->uses[i]);
    return count;
}

const cl_runner_use *cl_runner_pending_at(const claude_runner_t *runner, size_t index)
{
    for (size_t i = 0; i < runner->use_count; i++) {
        if (is_pending(&runner->uses[i]) && index-- == 0)
            return &runner->uses[i];
    }
    return NULL;
}

static claude_code_t find_pending(claude_runner_t *runner, const char *id, cl_runner_use **out, cl_err *err)
{
    for (size_t i = 0; i < runner->use_count; i++) {
        if (is_pending(&runner->uses[i]) && strcmp(runner->uses[i].id, id) == 0) {
            *out = &runner->uses[i];
            return CLAUDE_OK;
        }
    }
    return cl_fail(err, CLAUDE_E_INVALID, "no call of a tool with the id \"%.100s\" waits for an answer", id);
}

claude_code_t cl_runner_answer(claude_runner_t *runner, const char *id, cl_str text, bool is_error, cl_err *err)
{
    cl_runner_use *use = NULL;
    claude_code_t rc = find_pending(runner, id, &use, err);

    return rc < 0 ? rc : cl_block_tool_result(use->id, &text, is_error, &use->result, err);
}

claude_code_t cl_runner_answer_block(claude_runner_t *runner, const char *id, const claude_block_t *block, cl_err *err)
{
    cl_runner_use *use = NULL;
    claude_block_t *result = NULL;
    claude_code_t rc = find_pending(runner, id, &use, err);

    if (rc >= 0)
        rc = cl_block_tool_result(use->id, NULL, false, &result, err);
    if (rc >= 0)
        rc = cl_block_add(result, block, err);
    if (rc < 0)
        cl_block_unref(result);
    else
        use->result = result;
    return rc;
}

/* ---- from a message to its calls ---- */

static const cl_runner_tool *find_tool(const claude_runner_t *runner, const char *name)
{
    for (size_t i = 0; i < runner->tool_count; i++) {
        if (strcmp(runner->tools[i].name, name) == 0)
            return &runner->tools[i];
    }
    return NULL;
}

/* A call without arguments may come without input; what is no JSON is kept aside by the accumulation of a stream. */
static bool is_malformed(cl_json block, cl_json input)
{
    return cl_json_member(block, CL_STR("_partial_json")).type != CLAUDE_JSON_NONE ||
           (input.type != CLAUDE_JSON_NONE && input.type != CLAUDE_JSON_OBJECT);
}

static claude_code_t lend(const claude_response_t *message, size_t index, const char *member, const char **out,
                          cl_err *err)
{
    char pointer[64];

    snprintf(pointer, sizeof pointer, "/content/%zu/%s", index, member);
    if (cl_response_type(message, pointer) != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_PROTOCOL, "block %zu of the message calls a tool, but has no %s", index, member);
    *out = cl_response_string(message, pointer, NULL);
    return *out ? CLAUDE_OK : cl_fail_nomem(err);
}

static claude_code_t collect(claude_runner_t *runner, cl_json block, size_t index, cl_err *err)
{
    cl_runner_use *use = &runner->uses[runner->use_count];
    cl_json input = cl_json_member(block, CL_STR("input"));
    bool malformed = is_malformed(block, input);
    const cl_runner_tool *tool;
    claude_code_t rc;

    if (input.type != CLAUDE_JSON_OBJECT)
        input = (cl_json){"{}", 2, CLAUDE_JSON_OBJECT};
    *use = (cl_runner_use){.block = block, .input_len = input.len};
    rc = lend(runner->message, index, "id", &use->id, err);
    if (rc >= 0)
        rc = lend(runner->message, index, "name", &use->name, err);
    if (rc < 0)
        return rc;
    use->input = strndup(input.ptr, input.len);
    if (!use->input)
        return cl_fail_nomem(err);
    runner->use_count++;
    tool = find_tool(runner, use->name);
    if (!tool)
        return refuse(use, "Tool ", " not found", err);
    if (malformed)
        return refuse(use, "The input of tool ", " is not a JSON object", err);
    use->pending = !tool->hook;
    return CLAUDE_OK;
}

claude_code_t cl_uses_collect(claude_runner_t *runner, cl_err *err)
{
    cl_json_iter blocks = cl_json_iter_of(cl_json_member(cl_response_root(runner->message), CL_STR("content")));
    claude_code_t rc = CLAUDE_OK;
    size_t index = 0;
    cl_json block;

    cl_uses_clear(runner);
    runner->uses = calloc(cl_answer_tool_uses(runner->message), sizeof *runner->uses);
    if (!runner->uses)
        return cl_fail_nomem(err);
    for (; rc >= 0 && cl_json_next(&blocks, NULL, &block); index++) {
        if (cl_json_string_is(cl_json_member(block, CL_STR("type")), CL_STR("tool_use")))
            rc = collect(runner, block, index, err);
    }
    if (rc < 0)
        cl_uses_clear(runner);
    return rc;
}

void cl_uses_clear(claude_runner_t *runner)
{
    for (size_t i = 0; i < runner->use_count; i++) {
        free(runner->uses[i].input);
        cl_block_unref(runner->uses[i].result);
    }
    free(runner->uses);
    runner->uses = NULL;
    runner->use_count = 0;
}

static void run(claude_runner_t *runner, cl_runner_use *use)
{
    const cl_hook *hook = find_tool(runner, use->name)->hook;
    claude_tool_fn fn = (claude_tool_fn)cl_hook_fn(hook);

    runner->running = use;
    use->failed = fn(runner, use->name, use->input, use->input_len, cl_hook_data(hook)) != 0;
    runner->running = NULL;
    use->ran = true;
}

/* What it has not said itself. */
static claude_code_t conclude(cl_runner_use *use, cl_err *err)
{
    if (use->result)
        return use->failed ? mark_error(use, err) : CLAUDE_OK;
    return use->failed ? refuse(use, "Tool ", " failed", err)
                       : cl_block_tool_result(use->id, NULL, false, &use->result, err);
}

claude_code_t cl_uses_run(claude_runner_t *runner, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < runner->use_count && rc >= 0; i++) {
        cl_runner_use *use = &runner->uses[i];
        if (use->pending || (use->result && !use->ran))
            continue;
        if (!use->ran)
            run(runner, use);
        rc = conclude(use, err);
    }
    return rc;
}

/* ---- from the calls to the conversation ---- */

/* Members of a toolset are told apart by its name. */
static claude_code_t name_toolset(cl_runner_use *use, cl_err *err)
{
    cl_json name = cl_json_member(use->block, CL_STR("toolset_name"));

    if (name.type != CLAUDE_JSON_STRING)
        return CLAUDE_OK;
    return cl_block_set_field(use->result, "/toolset_name", cl_str_n(name.ptr, name.len), err);
}

/* One message with all results, in the order of the calls. */
claude_code_t cl_uses_settle(claude_runner_t *runner, cl_err *err)
{
    const cl_runner_use *waiting = cl_runner_pending_at(runner, 0);
    claude_block_t **results = NULL;
    claude_code_t rc = CLAUDE_OK;

    if (runner->use_count == 0)
        return CLAUDE_OK;
    if (waiting)
        return cl_fail(err, CLAUDE_E_STATE,
                       "tool \"%.64s\" (%.64s) has not been answered; use claude_runner_answer() before the next step",
                       waiting->name, waiting->id);
    results = calloc(runner->use_count, sizeof(claude_block_t *));
    if (!results)
        return cl_fail_nomem(err);
    for (size_t i = 0; i < runner->use_count && rc >= 0; i++) {
        results[i] = runner->uses[i].result;
        rc = name_toolset(&runner->uses[i], err);
    }
    if (rc >= 0)
        rc = cl_request_add_response(runner->request, runner->message, err);
    if (rc >= 0)
        rc = cl_request_add_content(runner->request, "user", results, runner->use_count, CL_STR(""), err);
    free(results);
    if (rc >= 0)
        cl_uses_clear(runner);
    return rc;
}
