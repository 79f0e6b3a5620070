/* completion.c - files that let shells complete command lines, written from the table of options. */
#include <stdio.h>
#include <string.h>

#include <claude/claude.h>

#include "commands.h"
#include "errors.h"
#include "output.h"
#include "table.h"

static void write_all(const char *const *texts)
{
    for (; *texts != NULL; texts++)
        cli_write_text(*texts);
}
#define WRITE(...) write_all((const char *const[]){__VA_ARGS__, NULL})

/* The words that may stand behind an option. For models and options those that the library knows. */
static void write_words(const char *completes)
{
    const char *word;
    if (strcmp(completes, "<model>") == 0) {
        for (size_t i = 0; (word = claude_models_at(NULL, i)) != NULL; i++)
            WRITE(i > 0 ? " " : "", word);
    } else if (strcmp(completes, "<option>") == 0) {
        int some = 0;
        for (size_t i = 0; (word = claude_option_at(i)) != NULL; i++) {
            /* The key has no place on a command line. */
            if (strcmp(word, "api_key") != 0)
                WRITE(some++ ? " " : "", word, "=");
        }
    } else {
        cli_write_text(completes);
    }
}

static int is_file(const char *completes)
{
    return completes != NULL && strcmp(completes, "<file>") == 0;
}

static void write_command_names(void)
{
    for (size_t i = 0; i < CLI_COMMANDS; i++)
        WRITE(i > 0 ? " " : "", cli_commands[i].name);
}

static void write_letter(char letter)
{
    cli_write(&letter, 1);
}

static void bash_case(const cli_option *option)
{
    if (option->value == NULL)
        return;
    cli_write_text("    ");
    if (option->letter != 0) {
        cli_write_text("-");
        write_letter(option->letter);
        cli_write_text(" | ");
    }
    WRITE("--", option->name, ") ");
    if (is_file(option->completes)) {
        cli_write_text("compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
    } else if (option->completes != NULL) {
        if (strcmp(option->completes, "<option>") == 0)
            cli_write_text("compopt -o nospace; ");
        cli_write_text("mapfile -t COMPREPLY < <(compgen -W '");
        write_words(option->completes);
        cli_write_text("' -- \"$cur\")");
    } else {
        cli_write_text(":");
    }
    cli_write_text("; return ;;\n");
}

static void bash_options_of(size_t command)
{
    WRITE("    ", cli_commands[command].name, ") options='");
    for (const cli_option *option = cli_options; option->name != NULL; option++) {
        if ((option->commands & 1U << command) != 0)
            WRITE("--", option->name, " ");
    }
    cli_write_text("' ;;\n");
}

static void bash(void)
{
    cli_write_text("# bash completion for claudec; written by: claudec completion bash\n"
                   "_claudec() {\n"
                   "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                   "    local command=ask options='' word\n"
                   "    COMPREPLY=()\n"
                   "    case $prev in\n");
    for (const cli_option *option = cli_options; option->name != NULL; option++)
        bash_case(option);
    cli_write_text(
        "    esac\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n        case $word in\n        ");
    for (size_t i = 0; i < CLI_COMMANDS; i++)
        WRITE(i > 0 ? " | " : "", cli_commands[i].name);
    cli_write_text(")\n            command=$word\n            break\n            ;;\n        esac\n    done\n"
                   "    case $command in\n");
    for (size_t i = 0; i < CLI_COMMANDS; i++)
        bash_options_of(i);
    cli_write_text("    esac\n"
                   "    if [[ $cur == -* ]]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
                   "    elif [[ $command == completion ]]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$cur\")\n"
                   "    else\n"
                   "        compopt -o filenames 2>/dev/null\n"
                   "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                   "        ((COMP_CWORD > 1)) || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W '");
    write_command_names();
    cli_write_text("' -- \"$cur\")\n    fi\n} && complete -F _claudec claudec\n");
}

/* For single quotes, with a backslash before each byte of `also`. */
static void write_quoted(const char *text, const char *also)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            cli_write_text("'\\''");
        else if (strchr(also, *text) != NULL)
            cli_write_text("\\");
        if (*text != '\'')
            cli_write(text, 1);
    }
}

static void zsh_value(const cli_option *option)
{
    if (option->value == NULL)
        return;
    cli_write_text(":");
    write_quoted(option->value, ":[]");
    cli_write_text(":");
    if (is_file(option->completes)) {
        cli_write_text("_files");
    } else if (option->completes != NULL && strcmp(option->completes, "<option>") == 0) {
        cli_write_text("compadd -S \"\" - ");
        write_words(option->completes);
    } else if (option->completes != NULL) {
        cli_write_text("(");
        write_words(option->completes);
        cli_write_text(")");
    }
}

static void zsh_spec(const cli_option *option, int with_letter)
{
    WRITE("        '", option->kind == CLI_LIST ? "*" : "");
    if (with_letter) {
        cli_write_text("-");
        write_letter(option->letter);
        cli_write_text(option->value != NULL ? "+" : "");
    } else {
        WRITE("--", option->name, option->value != NULL ? "=" : "");
    }
    cli_write_text("[");
    write_quoted(option->text, "[]:");
    cli_write_text("]");
    zsh_value(option);
    cli_write_text("' \\\n");
}

static void zsh(void)
{
    cli_write_text("#compdef claudec\n# zsh completion for claudec; written by: claudec completion zsh\n"
                   "_claudec() {\n"
                   "    local -a commands\n    commands=(\n");
    for (size_t i = 0; i < CLI_COMMANDS; i++) {
        WRITE("        '", cli_commands[i].name, ":");
        write_quoted(cli_commands[i].text, "");
        cli_write_text("'\n");
    }
    cli_write_text("    )\n    _arguments -s -S \\\n");
    for (const cli_option *option = cli_options; option->name != NULL; option++) {
        if (option->letter != 0)
            zsh_spec(option, 1);
        zsh_spec(option, 0);
    }
    cli_write_text(
        "        '1:command or prompt:{ _describe command commands; _files }' \\\n        '*:file:_files'\n}\n"
        "_claudec \"$@\"\n");
}

static void fish_option(const cli_option *option)
{
    cli_write_text("complete -c claudec");
    if (option->letter != 0) {
        cli_write_text(" -s ");
        write_letter(option->letter);
    }
    WRITE(" -l ", option->name, option->value == NULL ? "" : is_file(option->completes) ? " -r -F" : " -x");
    if (option->completes != NULL && !is_file(option->completes)) {
        cli_write_text(" -a '");
        write_words(option->completes);
        cli_write_text("'");
    }
    cli_write_text(" -d '");
    /* Inside of single quotes fish knows two escapes. */
    for (const char *c = option->text; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\')
            cli_write_text("\\");
        cli_write(c, 1);
    }
    cli_write_text("'\n");
}

static void fish(void)
{
    cli_write_text("# fish completion for claudec; written by: claudec completion fish\n");
    for (size_t i = 0; i < CLI_COMMANDS; i++) {
        WRITE("complete -c claudec -n __fish_use_subcommand -a ", cli_commands[i].name, " -d '");
        write_quoted(cli_commands[i].text, "");
        cli_write_text("'\n");
    }
    cli_write_text("complete -c claudec -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'\n");
    for (const cli_option *option = cli_options; option->name != NULL; option++)
        fish_option(option);
}

int cli_completion(const cli_arguments *arguments)
{
    const char *shell = arguments->word_count == 1 ? arguments->words[0] : "";
    if (strcmp(shell, "bash") == 0)
        bash();
    else if (strcmp(shell, "zsh") == 0)
        zsh();
    else if (strcmp(shell, "fish") == 0)
        fish();
    else
        return cli_fail(CLI_EXIT_USAGE, "claudec completion needs the name of a shell: bash, zsh or fish");
    return cli_flush() < 0 ? cli_output_failed() : 0;
}
