/* input.h - the prompt: words of the command line, and standard input. */
#ifndef CLAUDEC_INPUT_H
#define CLAUDEC_INPUT_H

#include <stddef.h>

#include "arguments.h"

/* Most bytes that are read from standard input for a prompt: as many as a request may have. */
enum { CLI_INPUT_MAX = 32 << 20 };

/* Bytes of which the program is the owner, with a NUL behind them. */
typedef struct cli_text {
    char *bytes;
    size_t len;
} cli_text;

typedef struct cli_input {
    cli_text prompt;  /* what is asked */
    cli_text context; /* from standard input, to go before it; NULL: there is none */
} cli_input;

/* Reads the prompt. Returns 0, or the exit code after having said what is wrong. cli_input_clear() is to follow. */
int cli_input_read(cli_input *self, const cli_arguments *arguments);

void cli_input_clear(cli_input *self);

/* Reads a whole file; "-" is standard input. The bytes are to be freed. Returns as cli_input_read(). */
int cli_input_file(cli_text *out, const char *path, size_t max);

#endif
