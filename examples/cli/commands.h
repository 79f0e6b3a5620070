/* commands.h - the commands. Each returns an exit code, after having said what is wrong. */
#ifndef CLAUDEC_COMMANDS_H
#define CLAUDEC_COMMANDS_H

#include "arguments.h"

int cli_ask(const cli_arguments *arguments);
int cli_batch(const cli_arguments *arguments);
int cli_completion(const cli_arguments *arguments);
int cli_count(const cli_arguments *arguments);
int cli_curl(const cli_arguments *arguments);
int cli_doctor(const cli_arguments *arguments);
int cli_models(const cli_arguments *arguments);

/* --help and --version */
int cli_help(const cli_arguments *arguments);
int cli_version(void);

#endif
