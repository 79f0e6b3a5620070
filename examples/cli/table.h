/* table.h - the commands and options of claudec, in one table: parsing, help and shell completion read it. */
#ifndef CLAUDEC_TABLE_H
#define CLAUDEC_TABLE_H

#include <stddef.h>

/* Commands, in the order of the table. */
enum {
    CLI_ASK,
    CLI_BATCH,
    CLI_COMPLETION,
    CLI_COUNT,
    CLI_CURL,
    CLI_DOCTOR,
    CLI_MODELS,
    CLI_COMMANDS /* how many */
};

typedef struct cli_command {
    const char *name;
    const char *words; /* what follows its name, for people */
    const char *completes;
    const char *text;
} cli_command;

/* What an option writes to. */
enum { CLI_FLAG, CLI_TEXT, CLI_LIST };

typedef struct cli_option {
    char letter;           /* 0: it has none */
    const char *name;      /* without the dashes */
    const char *value;     /* what stands behind it, for people; NULL: nothing */
    int kind;              /* CLI_FLAG, ... */
    size_t offset;         /* of what it writes to, in cli_arguments */
    unsigned commands;     /* a bit for each command that has it */
    const char *completes; /* words; "<file>", "<model>" or "<option>"; NULL: nothing */
    const char *text;
} cli_option;

extern const cli_command cli_commands[CLI_COMMANDS];

/* Ends with one without a name. */
extern const cli_option cli_options[];

/* The command of that name, or -1. */
int cli_command_find(const char *name);

/* The option of that name, of `len` bytes, or NULL. */
const cli_option *cli_option_find(const char *name, size_t len);

/* The option of that letter, or NULL. */
const cli_option *cli_option_letter(char letter);

/* The option whose name looks most like `name`; NULL if none does. */
const char *cli_option_nearest(const char *name, size_t len);

#endif
