#include "witness_client.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool witness_start(struct witness *witness)
{
    int in[2];
    int out[2];
    int ports[2];
    char line[64];
    posix_spawn_file_actions_t actions;
    int fd;
    int failed;

    strcpy(witness->certificate, "/tmp/claude-witness-XXXXXX");
    fd = mkstemp(witness->certificate);
    if (fd < 0 || close(fd) != 0 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    failed = posix_spawn(&witness->pid, WITNESS_PATH, &actions, NULL,
                         (char *[]){(char *)(uintptr_t)WITNESS_PATH, witness->certificate, NULL}, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return false;
    close(in[0]);
    close(out[1]);
    witness->commands = in[1];
    witness->answers = fdopen(out[0], "r");
    witness_hear(witness, line, sizeof line);
    if (sscanf(line, "listening %d %d", &ports[0], &ports[1]) != 2)
        return false;
    snprintf(witness->url, sizeof witness->url, "http://127.0.0.1:%d", ports[0]);
    snprintf(witness->tls_url, sizeof witness->tls_url, "https://127.0.0.1:%d", ports[1]);
    return true;
}

bool witness_stop(struct witness *witness)
{
    int status = -1;

    close(witness->commands);
    fclose(witness->answers);
    unlink(witness->certificate);
    return waitpid(witness->pid, &status, 0) == witness->pid && status == 0;
}

bool witness_tell(struct witness *witness, const char *command)
{
    return write(witness->commands, command, strlen(command)) == (ssize_t)strlen(command);
}

void witness_hear(struct witness *witness, char *line, int size)
{
    if (!fgets(line, size, witness->answers))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}
