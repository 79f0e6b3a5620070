/* ask.c - the answer, as it comes. */
#include <string.h>

#include "call.h"
#include "commands.h"
#include "errors.h"
#include "interrupt.h"
#include "output.h"
#include "request.h"
#include "usage.h"

/* All that is known to be wrong is said before anything is sent. */
static int check(const cli_session *session, const claude_request_t *request)
{
    claude_problems_t *problems = NULL;
    int code = 0;
    if (claude_client_validate(session->client, request, CLAUDE_STREAM, &problems, NULL) == CLAUDE_PROBLEMS) {
        for (size_t i = 0; i < claude_problems_count(problems); i++)
            code = cli_fail(CLI_EXIT_DATA, "%s", claude_problems_message(problems, i));
    }
    claude_problems_unref(problems);
    return code;
}

static int show_event(const cli_arguments *arguments, const claude_event_t *event)
{
    size_t len = 0;
    const char *text;
    if (arguments->events) {
        text = claude_event_json(event, &len);
        return cli_write_json_line(text, len);
    }
    text = claude_event_text(event, &len);
    if (arguments->show_thinking && claude_event_type(event) == CLAUDE_EVENT_THINKING_DELTA && text != NULL)
        cli_say_piece(text, len);
    else if (arguments->show_thinking && claude_event_type(event) == CLAUDE_EVENT_BLOCK_STOP)
        cli_say_end();
    if (claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA && !arguments->json && text != NULL)
        return cli_write(text, len);
    return 0;
}

/* Whatever became of the call: the whole message, or what had come of it. */
static void show_message(const cli_arguments *arguments, const claude_response_t *response)
{
    size_t len = 0;
    const char *json = claude_response_json(response, &len);
    if (arguments->json && response != NULL && claude_response_type(response, "/content") == CLAUDE_JSON_ARRAY)
        cli_write_json_line(json, len);
    else if (!arguments->json && !arguments->events)
        cli_end_line();
}

static int judge(const cli_arguments *arguments, const claude_response_t *response)
{
    const char *reason = claude_response_stop_reason(response);
    const char *why = claude_response_refusal_explanation(response);
    if (claude_response_is_refusal(response))
        return cli_fail(CLI_EXIT_FINDING, "the model refused to answer%s%s", why != NULL ? ": " : "",
                        why != NULL ? why : "");
    if (arguments->quiet || reason == NULL)
        return 0;
    if (strcmp(reason, "max_tokens") == 0)
        cli_note("the answer was cut off at the most tokens that it may have; --max-tokens N allows more");
    else if (strcmp(reason, "tool_use") == 0)
        cli_note("the model asks for a tool, which claudec does not run; --json shows what it asks for");
    return 0;
}

static int stream(const cli_session *session, const claude_request_t *request)
{
    const cli_arguments *arguments = session->arguments;
    int64_t start = cli_now_ms();
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    int unwritten = 0, code = 0;
    claude_code_t rc = claude_client_start(session->client, request, CLAUDE_STREAM | session->flags, &call, &err);
    while (rc >= 0 && !unwritten && (rc = cli_call_next(call, &event, &err)) == 1)
        unwritten = show_event(arguments, event) < 0;
    if (rc == CLAUDE_DONE)
        rc = claude_call_result(call, &response, &err);
    if (!unwritten) {
        show_message(arguments, rc >= 0 ? response : claude_error_response(err));
        unwritten = cli_flush() < 0;
    }
    if (unwritten)
        code = cli_output_failed();
    else if (rc < 0)
        code = cli_fail_error(err);
    else
        code = judge(arguments, response);
    if (code != CLI_EXIT_PIPE)
        cli_usage_show(arguments, response != NULL ? response : claude_error_response(err), cli_now_ms() - start);
    claude_response_unref(response);
    claude_call_unref(call);
    claude_error_unref(err);
    return code;
}

int cli_ask(const cli_arguments *arguments)
{
    cli_session session;
    claude_request_t *request = NULL;
    int code = cli_session_open(&session, arguments, CLI_KEY_NEEDED);
    code = code != 0 ? code : cli_request_make(arguments, "messages.create", &request);
    code = code != 0 ? code : check(&session, request);
    code = code != 0 ? code : stream(&session, request);
    claude_request_unref(request);
    cli_session_close(&session);
    return code;
}
