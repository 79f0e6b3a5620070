/* help.c - what --help and --version show. */
#include <stdio.h>
#include <string.h>

#include <claude/claude.h>

#include "commands.h"
#include "errors.h"
#include "output.h"
#include "table.h"

enum { INDENT = 28, WIDTH = 100 };

/* Words in lines that begin at a column, with a space before each; the cursor is at `column`. */
static void write_wrapped(const char *text, size_t column)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (column + 1 + len > WIDTH) {
            cli_write_text("\n");
            column = 0;
        }
        do {
            cli_write_text(" ");
            column++;
        } while (column < INDENT);
        cli_write(text, len);
        column += len;
        text += len + strspn(text + len, " ");
    }
    cli_write_text("\n");
}

static void write_option(const cli_option *option)
{
    char head[64], letter[8] = "   ";
    int len;
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c,", option->letter);
    len = snprintf(head, sizeof head, "  %s --%s%s%s", letter, option->name, option->value != NULL ? " " : "",
                   option->value != NULL ? option->value : "");
    cli_write_text(head);
    if (len >= INDENT) {
        cli_write_text("\n");
        len = 0;
    }
    write_wrapped(option->text, (size_t)len);
}

static void write_commands(void)
{
    cli_write_text("usage: claudec [options] [PROMPT ...]\n       claudec COMMAND [options] [...]\n\ncommands:\n");
    for (size_t i = 0; i < CLI_COMMANDS; i++) {
        char head[64];
        int len = snprintf(head, sizeof head, "  %s%s%s", cli_commands[i].name, *cli_commands[i].words ? " " : "",
                           cli_commands[i].words);
        cli_write_text(head);
        write_wrapped(cli_commands[i].text, (size_t)len);
    }
}

/* All of it, or what one command has. */
int cli_help(const cli_arguments *arguments)
{
    const cli_command *command = &cli_commands[arguments->command];
    unsigned bit = 1U << arguments->command;
    if (arguments->command == CLI_ASK) {
        write_commands();
        bit = ~0U;
    } else {
        char line[128];
        snprintf(line, sizeof line, "usage: claudec %s [options]%s%s\n\n", command->name, *command->words ? " " : "",
                 command->words);
        cli_write_text(line);
        cli_write_text(command->text);
        cli_write_text("\n");
    }
    cli_write_text("\noptions:\n");
    for (const cli_option *option = cli_options; option->name != NULL; option++) {
        if ((option->commands & bit) != 0)
            write_option(option);
    }
    cli_write_text("\nThe key comes from ANTHROPIC_API_KEY, --key-file or --workspace. A word - is standard input; -- "
                   "ends the options.\n");
    return cli_flush() < 0 ? cli_output_failed() : 0;
}

int cli_version(void)
{
    char line[160];
    snprintf(line, sizeof line, "claudec %d.%d.%d\nlibclaude %s, compiled against %d.%d.%d\n", CLAUDE_VERSION_MAJOR,
             CLAUDE_VERSION_MINOR, CLAUDE_VERSION_PATCH, claude_version_string(), CLAUDE_VERSION_MAJOR,
             CLAUDE_VERSION_MINOR, CLAUDE_VERSION_PATCH);
    cli_write_text(line);
    return cli_flush() < 0 ? cli_output_failed() : 0;
}
