/* arguments.h - the command line, understood. */
#ifndef CLAUDEC_ARGUMENTS_H
#define CLAUDEC_ARGUMENTS_H

#include <stddef.h>

/* Most times that an option which may be repeated may stand there. */
enum { CLI_LIST_MAX = 128 };

typedef struct cli_list {
    const char *items[CLI_LIST_MAX];
    size_t count;
} cli_list;

typedef struct cli_arguments {
    int command;
    /* options: NULL and 0 where they are not given */
    const char *model, *system, *system_file, *max_tokens, *temperature, *thinking, *effort, *tools;
    const char *retries, *key_file, *resume, *body_file;
    cli_list attach, options, with, endpoints;
    int json, events, quiet, usage, show_thinking, workspace, no_stdin, no_wait, help, version;
    /* all the rest: the words of the prompt, or what the command asks for */
    const char **words;
    size_t word_count;
} cli_arguments;

/* Understands a command line. Returns 0, or the exit code after having said what is wrong. */
int cli_arguments_parse(cli_arguments *self, int argc, char **argv);

/* Releases what cli_arguments_parse() took. */
void cli_arguments_clear(cli_arguments *self);

#endif
