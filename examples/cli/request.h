/* request.h - the request that the command line and the prompt make. */
#ifndef CLAUDEC_REQUEST_H
#define CLAUDEC_REQUEST_H

#include <claude/claude.h>

#include "arguments.h"

/* Makes a request for "messages.create" or "messages.count_tokens". Returns 0 or the exit code, as the others do. */
int cli_request_make(const cli_arguments *arguments, const char *endpoint, claude_request_t **out);

/* The model to ask. */
const char *cli_request_model(const cli_arguments *arguments);

#endif
