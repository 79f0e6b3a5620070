#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "interrupt.h"
#include "output.h"

/* Waits for input in slices: a signal that comes just before a read would not end it. */
static void wait_for_input(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (cli_interrupted() == 0 && poll(&ready, 1, CLI_SLICE_MS) <= 0)
        continue;
}

/* Reads what a descriptor has, up to `max` bytes. */
static int read_all(int fd, const char *name, size_t max, cli_text *out)
{
    size_t room = 0;
    out->bytes = NULL;
    out->len = 0;
    for (;;) {
        ssize_t got;
        if (room - out->len < 2) {
            size_t wanted = room == 0 ? 65536 : room * 2;
            char *larger = realloc(out->bytes, wanted);
            if (larger == NULL)
                return cli_fail(CLI_EXIT_SYSTEM, "out of memory");
            out->bytes = larger;
            room = wanted;
        }
        wait_for_input(fd);
        if (cli_interrupted() != 0)
            return 128 + cli_interrupted();
        got = read(fd, out->bytes + out->len, room - out->len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_fail(CLI_EXIT_NO_INPUT, "%s cannot be read: %s", name, strerror(errno));
        if (got == 0)
            break;
        out->len += (size_t)got;
        if (out->len > max)
            return cli_fail(CLI_EXIT_DATA, "%s: longer than %zu bytes; send a part of it", name, max);
    }
    out->bytes[out->len] = '\0';
    return 0;
}

int cli_input_file(cli_text *out, const char *path, size_t max)
{
    int fd, code;
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", max, out);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cli_fail(CLI_EXIT_NO_INPUT, "%s cannot be read: %s", path, strerror(errno));
    code = read_all(fd, path, max, out);
    close(fd);
    return code;
}

/* A pipe or a file, or what "-" asks for. Of other things, such as /dev/null, nothing is expected. */
static int stdin_has_something(void)
{
    struct stat status;
    return fstat(STDIN_FILENO, &status) == 0 &&
           (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode));
}

/* The words with spaces between them, and what was read where "-" stands. */
static int join(const cli_arguments *arguments, const cli_text *read, cli_text *out)
{
    size_t len = 1;
    char *at;
    for (size_t i = 0; i < arguments->word_count; i++)
        len += strlen(arguments->words[i]) + 1 + read->len;
    at = out->bytes = malloc(len);
    if (at == NULL)
        return cli_fail(CLI_EXIT_SYSTEM, "out of memory");
    for (size_t i = 0; i < arguments->word_count; i++) {
        int dash = strcmp(arguments->words[i], "-") == 0;
        const char *text = dash ? read->bytes : arguments->words[i];
        size_t bytes = dash ? read->len : strlen(text);
        if (i > 0)
            *at++ = ' ';
        if (bytes > 0)
            memcpy(at, text, bytes);
        at += bytes;
    }
    *at = '\0';
    out->len = (size_t)(at - out->bytes);
    return 0;
}

int cli_input_read(cli_input *self, const cli_arguments *arguments)
{
    int dash = 0, terminal = isatty(STDIN_FILENO), code = 0;
    cli_text read = {NULL, 0};
    memset(self, 0, sizeof *self);
    for (size_t i = 0; i < arguments->word_count; i++)
        dash = dash || strcmp(arguments->words[i], "-") == 0;
    if (dash || (arguments->word_count == 0 && !arguments->no_stdin) ||
        (!arguments->no_stdin && !terminal && stdin_has_something())) {
        if (terminal && !arguments->quiet)
            cli_note("type the prompt, then a line end and Ctrl-D");
        code = cli_input_file(&read, "-", CLI_INPUT_MAX);
    }
    if (code == 0 && arguments->word_count == 0) {
        self->prompt = read;
        return 0;
    }
    if (code == 0)
        code = join(arguments, &read, &self->prompt);
    if (code == 0 && !dash && read.len > 0)
        self->context = read;
    else
        free(read.bytes);
    return code;
}

void cli_input_clear(cli_input *self)
{
    free(self->prompt.bytes);
    free(self->context.bytes);
    memset(self, 0, sizeof *self);
}
