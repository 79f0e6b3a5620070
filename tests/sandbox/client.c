#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_ARGS = 32,
    FIRST_LINE = 128,
};

struct sandbox {
    pid_t pid;
    uint16_t port;
    char url[48];
};

extern char **environ;

static const char *find_binary(const char *path)
{
    if (path == NULL)
        path = getenv("CLAUDE_SANDBOX");
#ifdef CLAUDE_SANDBOX_PATH
    if (path == NULL || path[0] == '\0')
        path = CLAUDE_SANDBOX_PATH;
#endif
    if (path == NULL || path[0] == '\0')
        fputs("sandbox: set CLAUDE_SANDBOX to the claude-sandbox program\n", stderr);
    return path != NULL && path[0] != '\0' ? path : NULL;
}

/* Reads the first line of the child's output; it prints nothing more. */
static int read_port(int fd, uint16_t *port)
{
    char line[FIRST_LINE];
    size_t len = 0;

    while (len < sizeof line - 1) {
        ssize_t n = read(fd, line + len, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    return sscanf(line, "listening 127.0.0.1:%" SCNu16, port) == 1 ? 0 : -1;
}

static int spawn(struct sandbox *sb, const char *path, char **argv, int *out)
{
    posix_spawn_file_actions_t actions;
    int pipe_fds[2];
    int rc;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    rc = posix_spawn(&sb->pid, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    if (rc != 0) {
        close(pipe_fds[0]);
        errno = rc;
        return -1;
    }
    *out = pipe_fds[0];
    return 0;
}

struct sandbox *sandbox_start(const char *path, ...)
{
    char *argv[MAX_ARGS + 5] = {NULL};
    struct sandbox *sb = calloc(1, sizeof *sb);
    size_t argc = 0;
    va_list args;
    int out = -1;

    path = find_binary(path);
    if (sb == NULL || path == NULL)
        goto failed;
    argv[argc++] = (char *)(uintptr_t)path;
    argv[argc++] = (char *)(uintptr_t) "--port";
    argv[argc++] = (char *)(uintptr_t) "0";
    argv[argc++] = (char *)(uintptr_t) "--exit-with-parent";
    va_start(args, path);
    while (argc < MAX_ARGS + 4 && (argv[argc] = va_arg(args, char *)) != NULL)
        argc++;
    va_end(args);
    argv[argc] = NULL;
    if (spawn(sb, path, argv, &out) != 0) {
        fprintf(stderr, "sandbox: %s: %s\n", path, strerror(errno));
        goto failed;
    }
    if (read_port(out, &sb->port) != 0) {
        fprintf(stderr, "sandbox: %s did not start\n", path);
        goto failed;
    }
    close(out);
    snprintf(sb->url, sizeof sb->url, "http://127.0.0.1:%u", sb->port);
    return sb;

failed:
    if (out >= 0)
        close(out);
    if (sb != NULL)
        sandbox_stop(sb);
    return NULL;
}

const char *sandbox_url(const struct sandbox *sb)
{
    return sb->url;
}

uint16_t sandbox_port(const struct sandbox *sb)
{
    return sb->port;
}

pid_t sandbox_pid(const struct sandbox *sb)
{
    return sb->pid;
}

int sandbox_stop(struct sandbox *sb)
{
    int status = 0;
    int code = -1;

    if (sb == NULL)
        return 0;
    if (sb->pid > 0) {
        kill(sb->pid, SIGTERM);
        while (waitpid(sb->pid, &status, 0) < 0 && errno == EINTR)
            ;
        code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    free(sb);
    return code;
}

/* ---- control requests over a plain blocking socket ---- */

static int send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Everything until the server closes, NUL-terminated. */
static char *read_all(int fd)
{
    size_t cap = 65536;
    size_t len = 0;
    char *data = malloc(cap);

    while (data != NULL) {
        ssize_t n = recv(fd, data + len, cap - len - 1, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            data[len] = '\0';
            break;
        }
        len += (size_t)n;
        if (cap - len - 1 == 0) {
            char *more = realloc(data, cap *= 2);

            if (more == NULL)
                free(data);
            data = more;
        }
    }
    return data;
}

/* The reply's body; NULL with a message unless the status is 200. */
static char *control(const struct sandbox *sb, const char *method, const char *path, const char *body)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(sb->port)};
    size_t body_len = body != NULL ? strlen(body) : 0;
    char head[512];
    char *reply = NULL;
    char *text = NULL;
    char *start;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    n = snprintf(head, sizeof head,
                 "%s /_sandbox/%s HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\ncontent-length: %zu\r\n\r\n",
                 method, path, body_len);
    if (fd < 0 || n < 0 || (size_t)n >= sizeof head || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        send_all(fd, head, (size_t)n) != 0 || send_all(fd, body != NULL ? body : "", body_len) != 0) {
        fprintf(stderr, "sandbox: %s %s: %s\n", method, path, strerror(errno));
        goto out;
    }
    reply = read_all(fd);
    start = reply != NULL ? strstr(reply, "\r\n\r\n") : NULL;
    if (start == NULL || strncmp(reply, "HTTP/1.1 200 ", 13) != 0) {
        fprintf(stderr, "sandbox: %s %s: %s\n", method, path, start != NULL ? start + 4 : "no reply");
        goto out;
    }
    memmove(reply, start + 4, strlen(start + 4) + 1);
    text = reply;
    reply = NULL;

out:
    free(reply);
    if (fd >= 0)
        close(fd);
    return text;
}

static int done(char *reply)
{
    free(reply);
    return reply != NULL ? 0 : -1;
}

int sandbox_register(struct sandbox *sb, const char *name, const char *scenario_json)
{
    char path[128];

    snprintf(path, sizeof path, "scenarios/%s", name);
    return done(control(sb, "PUT", path, scenario_json));
}

int sandbox_use(struct sandbox *sb, const char *name)
{
    char body[128];

    if (name == NULL)
        return done(control(sb, "POST", "scenario", "{\"name\":null}"));
    snprintf(body, sizeof body, "{\"name\":\"%s\"}", name);
    return done(control(sb, "POST", "scenario", body));
}

int sandbox_reset(struct sandbox *sb)
{
    return done(control(sb, "POST", "reset", NULL));
}

char *sandbox_requests(struct sandbox *sb)
{
    return control(sb, "GET", "requests", NULL);
}

char *sandbox_stats(struct sandbox *sb)
{
    return control(sb, "GET", "stats", NULL);
}

/* The counters come first in the text, before anything a client sent. */
static uint64_t counter(const struct sandbox *sb, const char *name)
{
    char *text = control(sb, "GET", "requests?last=0", NULL);
    const char *at = text != NULL ? strstr(text, name) : NULL;
    uint64_t value = at != NULL ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;

    free(text);
    return value;
}

uint64_t sandbox_request_count(struct sandbox *sb)
{
    return counter(sb, "\"count\":");
}

uint64_t sandbox_connection_count(struct sandbox *sb)
{
    return counter(sb, "\"connections\":");
}
