/* usage.h - what an answer took: tokens, money, time. */
#ifndef CLAUDEC_USAGE_H
#define CLAUDEC_USAGE_H

#include <stddef.h>
#include <stdint.h>

#include <claude/claude.h>

#include "arguments.h"

/* Whether it is to be shown: asked for, or somebody is looking; never with --quiet. */
int cli_usage_wanted(const cli_arguments *arguments);

/* Writes nano-dollars as dollars: "$0.001234"; "price unknown" for what has no price. */
void cli_usage_money(int64_t nano, char *out, size_t size);

/* Shows it on standard error, as one line. The response may be partial, or NULL: nothing is shown then. */
void cli_usage_show(const cli_arguments *arguments, const claude_response_t *response, int64_t milliseconds);

/* A clock that does not go back, in milliseconds. */
int64_t cli_now_ms(void);

#endif
