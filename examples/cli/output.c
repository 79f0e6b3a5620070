#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "interrupt.h"

/* Text on its way to a stream. What may be the beginning of something harmful waits for the next piece. */
typedef struct sink {
    FILE *file;
    int terminal;
    int colour;
    int in_line; /* something was written after the last line end */
    int failed;  /* errno of the first write that failed */
    char held[4];
    size_t held_len;
} sink;

static sink out, error;
static int progress_shown;

static void open_sink(sink *self, FILE *file, int fd)
{
    const char *terminal = getenv("TERM"), *plain = getenv("NO_COLOR");
    memset(self, 0, sizeof *self);
    self->file = file;
    self->terminal = isatty(fd);
    self->colour =
        self->terminal && (plain == NULL || *plain == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void cli_output_open(void)
{
    static char buffer[65536];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    open_sink(&out, stdout, STDOUT_FILENO);
    open_sink(&error, stderr, STDERR_FILENO);
}

int cli_error_is_terminal(void)
{
    return error.terminal;
}

int cli_output_is_terminal(void)
{
    return out.terminal;
}

static void put(sink *self, const char *text, size_t len)
{
    if (len == 0 || self->failed)
        return;
    self->in_line = text[len - 1] != '\n';
    errno = 0;
    if (fwrite(text, 1, len, self->file) != len)
        self->failed = errno != 0 ? errno : EIO;
}

/*
 * The length of what may not reach a terminal at the beginning of a text, with what is shown in its place; 0: nothing.
 * -1: it may, but only more text will tell. Harmful are C0 and C1 controls, and marks that reorder what is read.
 */
static int harmful(const unsigned char *s, size_t len, char shown[16])
{
    shown[0] = '\0';
    if (s[0] == '\r') {
        if (len < 2)
            return -1;
        if (s[1] != '\n')
            strcpy(shown, "^M");
        return 1;
    }
    if ((s[0] < 0x20 && s[0] != '\n' && s[0] != '\t') || s[0] == 0x7f) {
        snprintf(shown, 16, "^%c", s[0] ^ 0x40);
        return 1;
    }
    if (s[0] == 0xc2) {
        if (len < 2)
            return -1;
        if (s[1] < 0x80 || s[1] > 0x9f)
            return 0;
        snprintf(shown, 16, "<U+%04X>", s[1]);
        return 2;
    }
    if (s[0] == 0xe2) {
        if (len < 3)
            return len < 2 || s[1] == 0x80 || s[1] == 0x81 ? -1 : 0;
        if ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)) {
            snprintf(shown, 16, "<U+%04X>", (unsigned)(0x2000 | (s[1] & 1) << 6 | (s[2] & 0x3f)));
            return 3;
        }
    }
    return 0;
}

/* Writes text without what is harmful; returns how much of it was dealt with. */
static size_t filter(sink *self, const char *text, size_t len)
{
    size_t start = 0, i = 0;
    while (i < len) {
        char shown[16];
        int bytes = harmful((const unsigned char *)text + i, len - i, shown);
        if (bytes == 0) {
            i++;
            continue;
        }
        put(self, text + start, i - start);
        if (bytes < 0)
            return i;
        put(self, shown, strlen(shown));
        i += (size_t)bytes;
        start = i;
    }
    put(self, text + start, len - start);
    return len;
}

static void write_to(sink *self, const char *text, size_t len)
{
    if (!self->terminal) {
        put(self, text, len);
        return;
    }
    /* What was held is at most two bytes: joined with the next ones, one at a time. */
    while (self->held_len > 0 && len > 0) {
        size_t done;
        self->held[self->held_len++] = *text++;
        len--;
        done = filter(self, self->held, self->held_len);
        memmove(self->held, self->held + done, self->held_len - done);
        self->held_len -= done;
    }
    if (len > 0) {
        size_t done = filter(self, text, len);
        self->held_len = len - done;
        memcpy(self->held, text + done, self->held_len);
    }
}

/* A text has ended: what was held back for its next piece is no harm. A return at the end shows nothing. */
static void release_held(sink *self)
{
    if (self->held_len > 0 && self->held[0] != '\r')
        put(self, self->held, self->held_len);
    self->held_len = 0;
}

int cli_write(const char *text, size_t len)
{
    write_to(&out, text, len);
    return out.failed ? -1 : 0;
}

int cli_write_text(const char *text)
{
    return cli_write(text, strlen(text));
}

int cli_write_json_line(const char *json, size_t len)
{
    size_t start = 0;
    /* In JSON a line end is white space: inside of a string it is escaped. */
    for (size_t i = 0; i < len; i++) {
        if (json[i] != '\n' && json[i] != '\r')
            continue;
        cli_write(json + start, i - start);
        cli_write(" ", 1);
        start = i + 1;
    }
    cli_write(json + start, len - start);
    return cli_write("\n", 1);
}

void cli_end_line(void)
{
    release_held(&out);
    if (out.in_line)
        put(&out, "\n", 1);
}

int cli_flush(void)
{
    errno = 0;
    if (!out.failed && fflush(out.file) != 0)
        out.failed = errno != 0 ? errno : EIO;
    return out.failed ? -1 : 0;
}

int cli_output_failed(void)
{
    if (cli_interrupted() != 0)
        return 128 + cli_interrupted();
    if (out.failed == EPIPE)
        return CLI_EXIT_PIPE;
    return cli_fail(CLI_EXIT_OUTPUT, "standard output cannot be written: %s", strerror(out.failed));
}

void cli_say(int kind, const char *line)
{
    sink *self = &error;
    cli_progress(NULL);
    cli_say_end();
    if (self->colour && kind != CLI_SAY_NOTE)
        put(self, kind == CLI_SAY_ERROR ? "\033[31m" : "\033[2m", kind == CLI_SAY_ERROR ? 5 : 4);
    if (kind != CLI_SAY_FAINT)
        put(self, "claudec: ", 9);
    /* One line, whatever it says: a server's message may have several. */
    for (const char *end; *line != '\0'; line = *end != '\0' ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        write_to(self, line, (size_t)(end - line));
        if (*end != '\0')
            put(self, " ", 1);
    }
    release_held(self);
    if (self->colour && kind != CLI_SAY_NOTE)
        put(self, "\033[0m", 4);
    put(self, "\n", 1);
    fflush(self->file);
}

void cli_note(const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    cli_say(CLI_SAY_NOTE, line);
}

void cli_say_piece(const char *text, size_t len)
{
    if (error.colour)
        put(&error, "\033[2m", 4);
    write_to(&error, text, len);
    if (error.colour) {
        int in_line = error.in_line;
        put(&error, "\033[0m", 4);
        error.in_line = in_line;
    }
    fflush(error.file);
}

void cli_say_end(void)
{
    release_held(&error);
    if (error.in_line)
        put(&error, "\n", 1);
    fflush(error.file);
}

void cli_progress(const char *line)
{
    if (!error.terminal || (line == NULL && !progress_shown))
        return;
    /* Back to the beginning, and what was there is deleted. */
    fprintf(error.file, "\r\033[K%s", line != NULL ? line : "");
    fflush(error.file);
    progress_shown = line != NULL;
}
