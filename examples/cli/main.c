/*
 * main.c - claudec: Claude on the command line.
 *
 *     ANTHROPIC_API_KEY=... claudec "What is a stable ABI?"
 *     claudec -a report.pdf "What does it say?"
 *     git diff | claudec "Write a commit message for this."
 *
 * Each file does one thing: table (commands and options), arguments (the command line), session (the client), input
 * (the prompt), request, call (waiting), output, interrupt (Ctrl-C), errors (exit codes), usage (costs); and a file for
 * each command. It uses nothing but the library's public headers.
 */
#include "arguments.h"
#include "commands.h"
#include "interrupt.h"
#include "output.h"
#include "table.h"

int main(int argc, char **argv)
{
    /* In the order of the commands. */
    static int (*const commands[CLI_COMMANDS])(const cli_arguments *) = {
        cli_ask, cli_batch, cli_completion, cli_count, cli_curl, cli_doctor, cli_models,
    };
    static cli_arguments arguments; /* its lists are long */
    int code;
    cli_output_open();
    code = cli_arguments_parse(&arguments, argc, argv);
    if (code == 0 && arguments.help) {
        code = cli_help(&arguments);
    } else if (code == 0 && arguments.version) {
        code = cli_version();
    } else if (code == 0) {
        /* The checks of the doctor cannot be ended from outside: there a signal ends the program. */
        if (arguments.command != CLI_DOCTOR)
            cli_interrupt_catch();
        code = commands[arguments.command](&arguments);
    }
    cli_arguments_clear(&arguments);
    return code;
}
