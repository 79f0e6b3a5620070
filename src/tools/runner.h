/* runner.h - the loop of a conversation with tools: send, run what the model asks for, answer, until it is done. */
#ifndef CL_TOOLS_RUNNER_H
#define CL_TOOLS_RUNNER_H

#include <claude/runner.h>

#include "call/call.h"
#include "client/client.h"
#include "message/block.h"

/* Messages of the model that a run may have, unless the program says otherwise. */
enum { CL_RUNNER_TURNS = 10 };

/* A tool that the program runs. */
typedef struct cl_runner_tool {
    char *name;
    cl_hook *hook; /* fn is a claude_tool_fn; NULL: the program answers by itself */
} cl_runner_tool;

/* A call of a tool that the last message asks for. */
typedef struct cl_runner_use {
    const char *id; /* lent by the message */
    const char *name;
    cl_json block; /* in the message */
    char *input;   /* an object; NUL-terminated */
    size_t input_len;
    claude_block_t *result; /* NULL: not answered yet */
    bool pending;           /* the program answers it by itself */
    bool ran;               /* its callback has run, which happens once */
    bool failed;            /* and has said so */
} cl_runner_use;

struct claude_runner {
    cl_handle handle;
    claude_client_t *client;
    claude_request_t *request; /* with the whole conversation */
    uint32_t flags;            /* of its calls */
    bool pinned;               /* the program has chosen the container */
    int32_t max_turns;
    int32_t turns;
    cl_runner_tool *tools;
    size_t tool_count;
    claude_call_t *call;        /* in flight */
    claude_response_t *message; /* the last one */
    cl_runner_use *uses;        /* of the last message, until its results are in the conversation */
    size_t use_count;
    cl_runner_use *running; /* whose callback runs */
    bool received;          /* what is to be done about the message has not all been done */
    bool busy;              /* inside of a step */
    bool over;
};

claude_code_t cl_runner_new(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                            claude_runner_t **out, cl_err *err);
claude_runner_t *cl_runner_ref(claude_runner_t *runner);
void cl_runner_unref(claude_runner_t *runner);
/* Both take over the hook's reference, also on failure; NULL: the program answers by itself. */
claude_code_t cl_runner_add_tool(claude_runner_t *runner, claude_tool_t *tool, cl_hook *hook, cl_err *err);
claude_code_t cl_runner_on_tool(claude_runner_t *runner, const char *name, cl_hook *hook, cl_err *err);
claude_code_t cl_runner_set_max_turns(claude_runner_t *runner, int32_t turns, cl_err *err);
/* 0, 1, CLAUDE_DONE or negative. */
claude_code_t cl_runner_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out, cl_err *err);
claude_code_t cl_runner_run(claude_runner_t *runner, claude_response_t **out, cl_err *err);
claude_code_t cl_runner_resume(claude_runner_t *runner, cl_err *err);

/* ---- results (results.c) ---- */

claude_code_t cl_runner_result_text(claude_runner_t *runner, cl_str text, cl_err *err);
claude_code_t cl_runner_result_json(claude_runner_t *runner, cl_str json, cl_err *err);
claude_code_t cl_runner_result_block(claude_runner_t *runner, const claude_block_t *block, cl_err *err);
claude_code_t cl_runner_result_error(claude_runner_t *runner, cl_str text, cl_err *err);
size_t cl_runner_pending_count(const claude_runner_t *runner);
/* NULL after the last one. */
const cl_runner_use *cl_runner_pending_at(const claude_runner_t *runner, size_t index);
claude_code_t cl_runner_answer(claude_runner_t *runner, const char *id, cl_str text, bool is_error, cl_err *err);
claude_code_t cl_runner_answer_block(claude_runner_t *runner, const char *id, const claude_block_t *block, cl_err *err);

/* Finds the calls in the message, and answers those that no tool can. All of them or, on failure, none. */
claude_code_t cl_uses_collect(claude_runner_t *runner, cl_err *err);
void cl_uses_clear(claude_runner_t *runner);
/* Runs the callbacks of those that have one; after a failure it goes on where it was. */
claude_code_t cl_uses_run(claude_runner_t *runner, cl_err *err);
/* Puts the message and all results into the conversation. CLAUDE_E_STATE: one has not been answered. */
claude_code_t cl_uses_settle(claude_runner_t *runner, cl_err *err);

#endif
