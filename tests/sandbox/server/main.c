/* claude-sandbox: a scripted server on loopback that speaks the Messages API. Test equipment only; see README.md. */
#include "server.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef SANDBOX_VERSION
#define SANDBOX_VERSION "0"
#endif

struct settings {
    struct options options;
    const char *scenario;
    const char *scenario_dir;
    bool exit_with_parent;
};

static void usage(FILE *to)
{
    fputs("usage: claude-sandbox [options]\n"
          "\n"
          "A scripted HTTP/1.1 server on loopback that speaks the Messages API. Test equipment only.\n"
          "Prints \"listening ADDRESS:PORT\" once it is ready.\n"
          "\n"
          "  --port N             0 (the default) takes a free port\n"
          "  --host ADDRESS       a loopback address; default 127.0.0.1\n"
          "  --scenario NAME      what answers every request: a built-in scenario, or a JSON file\n"
          "  --scenario-dir DIR   registers every *.json of the directory under its name\n"
          "  --keep N             requests kept in the record; default 1000, 0 counts only\n"
          "  --keep-body BYTES    kept of each request's body; default 1048576\n"
          "  --keep-total BYTES   kept of all requests together; default 268435456\n"
          "  --exit-with-parent   ends when the process that started it ends\n"
          "  --list               lists the built-in scenarios\n"
          "  --help, --version\n",
          to);
}

static bool number(const char *text, unsigned long long max, unsigned long long *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && *out <= max)
        return true;
    fprintf(stderr, "claude-sandbox: %s is not a number from 0 to %llu\n", text, max);
    return false;
}

static bool read_number_option(int option, struct options *options)
{
    unsigned long long n;

    if (!number(optarg, option == 'p' ? 65535 : option == 'k' ? 10000000 : SIZE_MAX / 2, &n))
        return false;
    if (option == 'p')
        options->port = (int)n;
    else if (option == 'k')
        options->keep = (size_t)n;
    else if (option == 'b')
        options->keep_body = (size_t)n;
    else
        options->keep_bytes = (size_t)n;
    return true;
}

static void list_builtins(void)
{
    for (const struct builtin_scenario *b = builtin_scenarios; b->name != NULL; b++)
        puts(b->name);
}

/* Returns -1 to go on, or the exit code. */
static int read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"host", required_argument, NULL, 'H'},
        {"scenario", required_argument, NULL, 's'},
        {"scenario-dir", required_argument, NULL, 'd'},
        {"keep", required_argument, NULL, 'k'},
        {"keep-body", required_argument, NULL, 'b'},
        {"keep-total", required_argument, NULL, 't'},
        {"exit-with-parent", no_argument, NULL, 'e'},
        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'H') {
            settings->options.host = optarg;
        } else if (option == 's') {
            settings->scenario = optarg;
        } else if (option == 'd') {
            settings->scenario_dir = optarg;
        } else if (option == 'e') {
            settings->exit_with_parent = true;
        } else if (option == 'l') {
            list_builtins();
            return 0;
        } else if (option == 'h') {
            usage(stdout);
            return 0;
        } else if (option == 'v') {
            puts("claude-sandbox " SANDBOX_VERSION);
            return 0;
        } else if (option == '?' || !read_number_option(option, &settings->options)) {
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "claude-sandbox: unexpected argument %s\n", argv[optind]);
        return 2;
    }
    return -1;
}

static bool load_scenarios(struct server *server, const struct settings *settings)
{
    const char *name = settings->scenario;
    struct buf why = {0};
    bool ok = true;

    if (settings->scenario_dir != NULL)
        ok = scenarios_load_dir(&server->scenarios, settings->scenario_dir, &why);
    if (ok && name != NULL) {
        server->scenarios.current = scenarios_find(&server->scenarios, (struct slice){name, strlen(name)}, &why);
        if (server->scenarios.current == NULL && why.len == 0 && scenarios_load(&server->scenarios, name, &name, &why))
            server->scenarios.current = scenarios_find(&server->scenarios, (struct slice){name, strlen(name)}, &why);
        ok = server->scenarios.current != NULL;
    }
    if (!ok)
        fprintf(stderr, "claude-sandbox: %s\n", why.len > 0 ? why.data : "scenario not found");
    buf_free(&why);
    return ok;
}

int main(int argc, char **argv)
{
    struct settings settings = {.options = {.host = "127.0.0.1",
                                            .keep = 1000,
                                            .keep_bytes = (size_t)256 * 1024 * 1024,
                                            .keep_body = (size_t)1024 * 1024}};
    struct server server;
    pid_t parent = getppid();
    int status = read_options(argc, argv, &settings);

    if (status >= 0)
        return status;
    status = 1;
    if (server_open(&server, &settings.options) && load_scenarios(&server, &settings)) {
        /* the parent may have ended before the kernel was asked to tell */
        if (settings.exit_with_parent && (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent))
            server.stopping = true;
        printf(strchr(settings.options.host, ':') != NULL ? "listening [%s]:%d\n" : "listening %s:%d\n",
               strcmp(settings.options.host, "localhost") == 0 ? "127.0.0.1" : settings.options.host, server.port);
        fflush(stdout);
        status = server_run(&server);
    }
    server_close(&server);
    return status;
}
