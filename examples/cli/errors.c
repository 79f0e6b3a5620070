#include "errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "interrupt.h"
#include "output.h"

int cli_fail(int code, const char *format, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    cli_end_line();
    cli_flush();
    cli_say(CLI_SAY_ERROR, line);
    return code;
}

int cli_exit_code(claude_code_t code)
{
    switch (code) {
    case CLAUDE_E_INVALID:
    case CLAUDE_E_NOT_FOUND:
    case CLAUDE_E_BAD_REQUEST:
    case CLAUDE_E_REQUEST_TOO_LARGE:
    case CLAUDE_E_CONFLICT:
    case CLAUDE_E_QUOTA: /* quotas of this program begin with it: later it would be refused again */
        return CLI_EXIT_DATA;
    case CLAUDE_E_IO:
        return CLI_EXIT_NO_INPUT;
    case CLAUDE_E_RESOLVE:
    case CLAUDE_E_CONNECT:
    case CLAUDE_E_TLS:
    case CLAUDE_E_PROXY:
    case CLAUDE_E_API:
    case CLAUDE_E_SERVER:
    case CLAUDE_E_UNSUPPORTED:
        return CLI_EXIT_UNAVAILABLE;
    case CLAUDE_E_NOMEM:
    case CLAUDE_E_LIMIT:
        return CLI_EXIT_SYSTEM;
    case CLAUDE_E_TIMEOUT:
    case CLAUDE_E_RATE_LIMIT:
    case CLAUDE_E_OVERLOADED:
    case CLAUDE_E_API_TIMEOUT:
    case CLAUDE_E_CIRCUIT_OPEN:
    case CLAUDE_E_THROTTLED:
        return CLI_EXIT_LATER;
    case CLAUDE_E_CLOSED:
    case CLAUDE_E_PROTOCOL:
    case CLAUDE_E_TRUNCATED:
    case CLAUDE_E_TOO_LARGE:
    case CLAUDE_E_REDIRECT:
        return CLI_EXIT_PROTOCOL;
    case CLAUDE_E_NO_KEY:
    case CLAUDE_E_AUTH:
    case CLAUDE_E_PERMISSION:
    case CLAUDE_E_BILLING:
        return CLI_EXIT_KEY;
    default:
        return code >= 0 ? CLI_EXIT_OK : CLI_EXIT_SOFTWARE;
    }
}

int cli_fail_error(const claude_error_t *err)
{
    if (cli_interrupted() != 0)
        return 128 + cli_interrupted();
    if (err == NULL)
        return cli_fail(CLI_EXIT_SYSTEM, "out of memory");
    return cli_fail(cli_exit_code(claude_error_code(err)), "%s", claude_error_message(err));
}
