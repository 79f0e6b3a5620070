/*
 * Cold start: from the start of a process to the first byte of its request at the server, which is this program itself.
 *
 *     bench_cold ROW CORE PROGRAM [ARGUMENT ...]
 *
 * runs PROGRAM on that processor core (-1: any), with the server's URL as its last argument, and prints ROW in
 * milliseconds.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BODY                                                                                                           \
    "{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],"                   \
    "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on_loopback(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        fail("listen");
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

/* argv ends with a place for the URL and a NULL. */
static pid_t start(char **argv, int core)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (core >= 0) {
            cpu_set_t set;
            CPU_ZERO(&set);
            CPU_SET((size_t)core, &set);
            sched_setaffinity(0, sizeof set, &set);
        }
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        fail("fork");
    return pid;
}

/* Reads the request to its end (its body is the last object), then answers it. */
static void answer(int fd)
{
    char text[16384];
    size_t have = 0;
    while (have < sizeof text - 1) {
        ssize_t n = read(fd, text + have, sizeof text - 1 - have);
        if (n <= 0)
            fail("read");
        have += (size_t)n;
        text[have] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL && text[have - 1] == '}')
            break;
    }
    int len =
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %zu\r\n"
                 "\r\n%s",
                 strlen(BODY), BODY);
    if (write(fd, text, (size_t)len) != len)
        fail("write");
    close(fd);
}

int main(int argc, char **argv)
{
    char url[64];
    int status = 0;
    char **command = calloc((size_t)argc + 1, sizeof *command);
    if (argc < 4 || command == NULL) {
        fprintf(stderr, "usage: bench_cold ROW CORE PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    memcpy(command, argv + 3, (size_t)(argc - 3) * sizeof *command);
    command[argc - 3] = url;
    int listener = listen_on_loopback(url, sizeof url);
    double begin = now_ms();
    pid_t pid = start(command, atoi(argv[2]));
    struct pollfd wait_for = {.fd = listener, .events = POLLIN};
    if (poll(&wait_for, 1, 10000) != 1)
        fail("the program did not connect within 10 s");
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    wait_for.fd = fd;
    if (fd < 0 || poll(&wait_for, 1, 10000) != 1)
        fail("the program sent nothing within 10 s");
    double spent = now_ms() - begin;
    answer(fd);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "%s failed\n", argv[3]);
        return 1;
    }
    free(command);
    printf("%s %.4f ms\n", argv[1], spent);
    return 0;
}
