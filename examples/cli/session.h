/* session.h - the client that a command works with: options, key and features, as the command line says. */
#ifndef CLAUDEC_SESSION_H
#define CLAUDEC_SESSION_H

#include <claude/claude.h>

#include "arguments.h"

/* What to do without a key. */
enum {
    CLI_KEY_NEEDED, /* it is an error */
    CLI_KEY_SPARED  /* the client sends none: nothing is to be sent, or only what needs no key */
};

typedef struct cli_session {
    const cli_arguments *arguments;
    claude_client_t *client;
    uint32_t flags; /* for claude_client_start() */
    int has_key;
} cli_session;

/* Returns 0, or the exit code after having said what is wrong. Either way cli_session_close() is to be called. */
int cli_session_open(cli_session *self, const cli_arguments *arguments, int key);

void cli_session_close(cli_session *self);

#endif
