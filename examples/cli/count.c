/* count.c - how many tokens a prompt has. */
#include <inttypes.h>
#include <stdio.h>

#include "call.h"
#include "commands.h"
#include "errors.h"
#include "output.h"
#include "request.h"

int cli_count(const cli_arguments *arguments)
{
    cli_session session;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    int code = cli_session_open(&session, arguments, CLI_KEY_NEEDED);
    code = code != 0 ? code : cli_request_make(arguments, "messages.count_tokens", &request);
    if (code == 0 && cli_call(&session, request, &response, &err) < 0)
        code = cli_fail_error(err);
    if (code == 0 && arguments->json) {
        size_t len = 0;
        const char *json = claude_response_json(response, &len);
        cli_write_json_line(json, len);
    } else if (code == 0) {
        char line[32];
        snprintf(line, sizeof line, "%" PRId64 "\n", claude_response_int(response, "/input_tokens", -1));
        cli_write_text(line);
    }
    if (code == 0 && cli_flush() < 0)
        code = cli_output_failed();
    claude_response_unref(response);
    claude_request_unref(request);
    claude_error_unref(err);
    cli_session_close(&session);
    return code;
}
