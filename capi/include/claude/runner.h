/*
 * runner.h - the loop of a conversation with tools: send the request, run the tools that the model asks for, send their
 * results, until the model is done.
 *
 * A runner works on a copy of a request and keeps the whole conversation in it. Tools with a callback are run inside of
 * claude_runner_step(), on the calling thread, one after the other. A tool without one is the program's own: its calls
 * are handed out by claude_runner_pending_at(), may be worked on wherever and however many at once, and are answered by
 * claude_runner_answer() before the next step.
 *
 * What comes of a message is decided by its stop reason: "tool_use" is answered by one message with all results, in the
 * order of the calls; "pause_turn" is sent back as it is; anything else is the end. Tools of a message that is a
 * refusal, or was cut off, are not run. A call of a tool that the runner does not know, one whose input is no object,
 * and one whose callback fails are answered with an error, from which the model can go on. The container of an answer
 * is named in the next request, unless the program has named one.
 */
#ifndef CLAUDE_RUNNER_H
#define CLAUDE_RUNNER_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Run a tool. The result is given by claude_runner_result_text() and its relatives, called inside; without any it is
 * empty.
 *
 * @param runner  the runner; only its claude_runner_result_*() functions and accessors may be called
 * @param name    name of the tool, NUL-terminated; valid until the callback returns
 * @param input   its input, a JSON object, NUL-terminated; valid until the callback returns
 * @param len     bytes of input
 * @return 0 the result stands; anything else: the tool has failed, and the result, if there is one, says how
 */
typedef int32_t (*claude_tool_fn)(claude_runner_t *runner, const char *name, const char *input, size_t len,
                                  void *user_data);

/**
 * Make a runner. examples/c/tools.c is a whole program.
 *
 * @param client   sends the requests; the runner keeps a reference
 * @param request  copied, with its options, headers and event callback; its endpoint must answer with a message
 * @param flags    of each call, as for claude_client_start(): CLAUDE_STREAM streams each message, and the callback of
 *                 claude_request_on_event() gets the events; CLAUDE_WITH_* as there
 * @param out      receives the runner; release with claude_runner_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED (this build lacks a feature asked for)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_new(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                           claude_runner_t **out, claude_error_t **err);

/**
 * Offer a tool to the model and run it by a callback.
 *
 * @param tool     copied into the runner's request
 * @param fn       runs the tool; NULL: the program answers its calls by itself, or the server runs it
 * @param destroy  run once when the runner does not need user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no name, a tool of this name is there), CLAUDE_E_BUSY (inside a callback of the
 *         runner), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_add_tool(claude_runner_t *runner, claude_tool_t *tool, claude_tool_fn fn,
                                                void *user_data, claude_destroy_fn destroy, claude_error_t **err);

/**
 * Run a tool that the request offers already, or one of a toolset, by a callback.
 *
 * @param name     name of the tool, NUL-terminated, not empty
 * @param fn       runs the tool; NULL: the program answers its calls by itself
 * @param destroy  run once when the runner does not need user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no name, a tool of this name is there), CLAUDE_E_BUSY (inside a callback of the
 *         runner), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_on_tool(claude_runner_t *runner, const char *name, claude_tool_fn fn,
                                               void *user_data, claude_destroy_fn destroy, claude_error_t **err);

/**
 * Set how many messages of the model a run may have; 10 unless it is set.
 *
 * @param turns  1 or more; 0: no limit
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_set_max_turns(claude_runner_t *runner, int32_t turns, claude_error_t **err);

/**
 * Make one turn: send the request, wait for the message, run the tools that it asks for. After a failure of the call
 * the conversation is what it was, so that the step can be made again.
 *
 * @param timeout_ms  how long to wait for the message: milliseconds from now, 0 = do not wait, -1 = as long as the
 *                    call's own deadlines allow. When it passes the turn goes on with the next step.
 * @param out         receives the message, if there is one; release with claude_response_unref()
 * @return 1 a message has come and the loop goes on: its tools have been run, but for those that
 *         claude_runner_pending_at() tells; 0 no message within the timeout (`out` is left alone); CLAUDE_DONE (2) the
 *         last message, again with every later step; negative: why the turn failed. CLAUDE_E_LIMIT: there have been as
 *         many messages as allowed; claude_error_error_code() is "max_turns", claude_runner_message() has the last
 *         one, and a higher limit lets it go on. CLAUDE_E_STATE: a call of a tool has not been answered. CLAUDE_E_BUSY:
 *         inside a callback of the runner
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_step(claude_runner_t *runner, int64_t timeout_ms, claude_response_t **out,
                                            claude_error_t **err);

/**
 * Make turns until the model is done.
 *
 * @param out  receives the last message; release with claude_response_unref()
 * @return CLAUDE_DONE (2), or a negative code as of claude_runner_step(). CLAUDE_E_STATE: a tool without a callback
 *         has been called; answer it and call this again
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_run(claude_runner_t *runner, claude_response_t **out, claude_error_t **err);

/**
 * Go on after the end, once a message has been added to claude_runner_request(). Turns are counted from 0 again.
 *
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_BUSY (inside a callback of the runner)
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_resume(claude_runner_t *runner, claude_error_t **err);

/**
 * Inside a tool's callback: a text as the result, after what was given before.
 *
 * @param text  UTF-8
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (no tool is being run), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_result_text(claude_runner_t *runner, const char *text, size_t len,
                                                   claude_error_t **err);

/**
 * Inside a tool's callback: JSON as the result. It is checked, and sent as a text.
 *
 * @param json  any JSON value
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (no tool is being run), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_result_json(claude_runner_t *runner, const char *json, size_t len,
                                                   claude_error_t **err);

/**
 * Inside a tool's callback: a content block as the result, such as an image, after what was given before.
 *
 * @param block  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (no tool is being run), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_result_block(claude_runner_t *runner, const claude_block_t *block,
                                                    claude_error_t **err);

/**
 * Inside a tool's callback: the tool has failed, and this is what the model is told.
 *
 * @param text  UTF-8
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (no tool is being run), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_result_error(claude_runner_t *runner, const char *text, size_t len,
                                                    claude_error_t **err);

/**
 * Number of calls that wait for the program's answer.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API size_t claude_runner_pending_count(const claude_runner_t *runner);

/**
 * A call that waits for the program's answer, in the order of the message. Answered ones are left out.
 *
 * @param index  0, 1, 2, ...
 * @param id     receives the id to answer with; may be NULL
 * @param name   receives the tool's name; may be NULL
 * @param input  receives its input, a JSON object; may be NULL
 * @param len    receives the bytes of input; may be NULL
 * @return 1 there is such a call, 0 after the last one. Texts are NUL-terminated and borrowed from the runner until the
 *         next step.
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_runner_pending_at(const claude_runner_t *runner, size_t index, const char **id,
                                            const char **name, const char **input, size_t *len);

/**
 * Answer a call with a text. Calls may be answered in any order.
 *
 * @param id        of a call that waits, NUL-terminated
 * @param text      UTF-8; may be empty
 * @param len       bytes of text, or CLAUDE_NTS
 * @param is_error  1: the tool has failed, else 0
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no call with this id waits), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_answer(claude_runner_t *runner, const char *id, const char *text, size_t len,
                                              int32_t is_error, claude_error_t **err);

/**
 * Answer a call with a content block, such as an image.
 *
 * @param id     of a call that waits, NUL-terminated
 * @param block  copied; its files are kept
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no call with this id waits), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_runner_answer_block(claude_runner_t *runner, const char *id,
                                                    const claude_block_t *block, claude_error_t **err);

/**
 * The last message of the model.
 *
 * @return borrowed from the runner until the next step; NULL if there is none
 * @threads B
 * @since 0.8
 */
CLAUDE_API const claude_response_t *claude_runner_message(const claude_runner_t *runner);

/**
 * Messages of the model so far.
 *
 * @return the number; 0 for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_runner_turns(const claude_runner_t *runner);

/**
 * The runner's own request, with the conversation as far as it has come: all messages and results but a last message
 * that could not be sent back (a refusal, or calls of tools that were not run). It may be changed between steps:
 * messages added, fields set.
 *
 * @return borrowed from the runner; NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_request_t *claude_runner_request(claude_runner_t *runner);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_runner_t *claude_runner_ref(claude_runner_t *runner);

/**
 * Drop a reference; with the last one a request in flight is cancelled. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_runner_unref(claude_runner_t *runner);

#ifdef __cplusplus
}
#endif

#endif
