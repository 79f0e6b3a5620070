/* witness_client.h - starts the witness (witness/witness.h) and talks to it. Knows nothing of the library. */
#ifndef FORK_WITNESS_CLIENT_H
#define FORK_WITNESS_CLIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct witness {
    pid_t pid;
    int commands;
    FILE *answers;
    char url[64];
    char tls_url[64];
    char certificate[64]; /* file with the certificate to trust */
};

bool witness_start(struct witness *witness);
/* Ends it; false if it did not end well. */
bool witness_stop(struct witness *witness);
/* A command, with its line end. */
bool witness_tell(struct witness *witness, const char *command);
/* A line of its answer, without its line end; empty when there is none. */
void witness_hear(struct witness *witness, char *line, int size);

#endif
