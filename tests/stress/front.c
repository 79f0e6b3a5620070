/* A server in front of the sandbox, run by another program: see front.py. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

extern char **environ;

/* Reads the one line that the program prints. */
static bool read_line(int fd, char *line, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t n = read(fd, line + len, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    return len > 0;
}

bool front_start(struct front *front, const char *program, const char *url)
{
    char *arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)url, NULL};
    posix_spawn_file_actions_t actions;
    int input[2];
    int output[2];
    char line[512];
    bool well;

    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    well = posix_spawnp(&front->pid, program, &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    front->input = input[1];
    well =
        well && read_line(output[0], line, sizeof line) && sscanf(line, "%63s %399s", front->url, front->ca_file) == 2;
    close(output[0]);
    if (!well)
        fprintf(stderr, "%s did not start\n", program);
    return well;
}

int front_stop(struct front *front)
{
    int status = -1;

    close(front->input);
    if (waitpid(front->pid, &status, 0) != front->pid || status != 0) {
        fprintf(stderr, "the server in front ended with %#x\n", (unsigned)status);
        return -1;
    }
    return 0;
}
