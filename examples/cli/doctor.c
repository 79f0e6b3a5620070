/* doctor.c - what is wrong on the way to the server, and how to mend it. */
#include <stdio.h>

#include "commands.h"
#include "errors.h"
#include "output.h"
#include "request.h"
#include "session.h"

/* Longest time of all checks together. */
enum { DOCTOR_MS = 30000 };

static void show(const claude_selftest_t *test)
{
    char line[1024];
    for (size_t i = 0; i < claude_selftest_count(test); i++) {
        const char *fix = claude_selftest_fix(test, i);
        snprintf(line, sizeof line, "%-6s %-8s", claude_selftest_name(test, i),
                 claude_selftest_status_name(claude_selftest_status(test, i)));
        cli_write_text(line);
        cli_write_text(claude_selftest_text(test, i));
        if (fix != NULL && *fix != '\0') {
            cli_write_text("\n                to mend it: ");
            cli_write_text(fix);
        }
        cli_write_text("\n");
    }
}

int cli_doctor(const cli_arguments *arguments)
{
    cli_session session;
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;
    int code = cli_session_open(&session, arguments, CLI_KEY_SPARED);
    /* A model is looked for only if one is named: the check needs the key. */
    if (code == 0 && claude_selftest_run(session.client, session.has_key ? CLAUDE_SELFTEST_KEY : 0, arguments->model,
                                         DOCTOR_MS, &test, &err) < 0)
        code = cli_fail_error(err);
    if (code == 0 && arguments->json) {
        size_t len = 0;
        const char *json = claude_selftest_json(test, &len);
        cli_write_json_line(json, len);
    } else if (code == 0) {
        show(test);
    }
    if (code == 0 && cli_flush() < 0)
        code = cli_output_failed();
    if (code == 0 && !session.has_key)
        code =
            cli_fail(CLI_EXIT_KEY, "there is no key: put it into ANTHROPIC_API_KEY, or use --key-file or --workspace");
    else if (code == 0 && claude_selftest_worst(test) == CLAUDE_SELFTEST_FAIL)
        code = CLI_EXIT_FINDING;
    claude_selftest_unref(test);
    claude_error_unref(err);
    cli_session_close(&session);
    return code;
}
