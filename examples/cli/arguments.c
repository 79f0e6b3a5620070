#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "table.h"

typedef struct parser {
    cli_arguments *out;
    char **next; /* ends with NULL */
    unsigned char seen[64];
} parser;

/* Where an option writes to. */
static void *target(cli_arguments *self, const cli_option *option)
{
    return (char *)self + option->offset;
}

static int store(parser *self, const cli_option *option, const char *value)
{
    size_t index = (size_t)(option - cli_options);
    self->seen[index] = 1;
    if (option->kind == CLI_FLAG) {
        *(int *)target(self->out, option) = 1;
    } else if (option->kind == CLI_TEXT) {
        *(const char **)target(self->out, option) = value;
    } else {
        cli_list *list = target(self->out, option);
        if (list->count == CLI_LIST_MAX)
            return cli_fail(CLI_EXIT_USAGE, "--%s: more than %d of them; leave some out", option->name, CLI_LIST_MAX);
        list->items[list->count++] = value;
    }
    return 0;
}

static int unknown(const char *name, size_t len)
{
    const char *nearest = cli_option_nearest(name, len);
    int shown = len > 64 ? 64 : (int)len;
    if (nearest != NULL)
        return cli_fail(CLI_EXIT_USAGE, "--%.*s: there is no such option; did you mean --%s?", shown, name, nearest);
    return cli_fail(CLI_EXIT_USAGE, "--%.*s: there is no such option; claudec --help lists them", shown, name);
}

static int long_option(parser *self, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const cli_option *option = cli_option_find(text, len);
    if (option == NULL)
        return unknown(text, len);
    if (option->kind == CLI_FLAG && equals != NULL)
        return cli_fail(CLI_EXIT_USAGE, "--%s takes no value; leave out what is behind it", option->name);
    if (option->kind == CLI_FLAG)
        return store(self, option, NULL);
    if (equals != NULL)
        return store(self, option, equals + 1);
    if (*self->next == NULL)
        return cli_fail(CLI_EXIT_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
    return store(self, option, *self->next++);
}

/* One or several letters; behind one that takes a value the rest is the value. */
static int short_options(parser *self, const char *text)
{
    for (; *text != '\0'; text++) {
        const cli_option *option = cli_option_letter(*text);
        int code;
        if (option == NULL)
            return cli_fail(CLI_EXIT_USAGE, "-%c: there is no such option; claudec --help lists them",
                            *text > ' ' && *text < 127 ? *text : '?');
        if (option->kind == CLI_FLAG) {
            code = store(self, option, NULL);
            if (code != 0)
                return code;
            continue;
        }
        if (text[1] != '\0')
            return store(self, option, text + 1);
        if (*self->next == NULL)
            return cli_fail(CLI_EXIT_USAGE, "-%c needs a value: -%c %s", *text, *text, option->value);
        return store(self, option, *self->next++);
    }
    return 0;
}

/* The first word may be a command; behind -- and among the other words it is none. */
static int parse_all(parser *self)
{
    cli_arguments *out = self->out;
    int only_words = 0, had_word = 0, code = 0;
    while (*self->next != NULL && code == 0) {
        const char *text = *self->next++;
        if (!only_words && strcmp(text, "--") == 0) {
            only_words = had_word = 1;
        } else if (!only_words && text[0] == '-' && text[1] == '-') {
            code = long_option(self, text + 2);
        } else if (!only_words && text[0] == '-' && text[1] != '\0') {
            code = short_options(self, text + 1);
        } else if (!had_word && cli_command_find(text) >= 0) {
            had_word = 1;
            out->command = cli_command_find(text);
        } else {
            had_word = 1;
            out->words[out->word_count++] = text;
        }
    }
    return code;
}

/* What the command does not have, it must not ignore. */
static int check_options(const parser *self)
{
    const cli_arguments *out = self->out;
    if (out->help || out->version)
        return 0;
    for (size_t i = 0; cli_options[i].name != NULL; i++) {
        if (self->seen[i] && (cli_options[i].commands & 1U << out->command) == 0)
            return cli_fail(CLI_EXIT_USAGE, "--%s does not go with claudec %s; claudec %s --help lists what does",
                            cli_options[i].name, cli_commands[out->command].name, cli_commands[out->command].name);
    }
    if (out->json && out->events)
        return cli_fail(CLI_EXIT_USAGE, "--json and --events: choose one of them");
    if (out->system != NULL && out->system_file != NULL)
        return cli_fail(CLI_EXIT_USAGE, "--system and --system-file: choose one of them");
    if (out->key_file != NULL && out->workspace)
        return cli_fail(CLI_EXIT_USAGE, "--key-file and --workspace: choose one of them");
    if ((out->command == CLI_MODELS || out->command == CLI_DOCTOR) && out->word_count > 0)
        return cli_fail(CLI_EXIT_USAGE,
                        "claudec %s takes no further words; to ask a question that begins so: claudec ask",
                        cli_commands[out->command].name);
    return 0;
}

int cli_arguments_parse(cli_arguments *self, int argc, char **argv)
{
    parser all = {.out = self, .next = argv + (argc > 0)};
    int code;
    memset(self, 0, sizeof *self);
    self->words = calloc((size_t)argc + 1, sizeof *self->words);
    if (self->words == NULL)
        return cli_fail(CLI_EXIT_SYSTEM, "out of memory");
    code = parse_all(&all);
    return code != 0 ? code : check_options(&all);
}

void cli_arguments_clear(cli_arguments *self)
{
    free(self->words);
    self->words = NULL;
}
