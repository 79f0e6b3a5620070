/* errors.h - what is said when something goes wrong: one line, and an exit code. */
#ifndef CLAUDEC_ERRORS_H
#define CLAUDEC_ERRORS_H

#include <claude/claude.h>

/* Exit codes; docs/cli.md and the man page have the same table. Most are those of sysexits.h. */
enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FINDING = 1,      /* it went through, but: a refusal, results of a batch that failed, a fault found */
    CLI_EXIT_USAGE = 64,       /* the command line is wrong */
    CLI_EXIT_DATA = 65,        /* what was to be sent is wrong, by us or by the API */
    CLI_EXIT_NO_INPUT = 66,    /* a file cannot be read */
    CLI_EXIT_UNAVAILABLE = 69, /* no way to the server, or it fails */
    CLI_EXIT_SOFTWARE = 70,    /* a fault of claudec or of the library */
    CLI_EXIT_SYSTEM = 71,      /* memory or descriptors are out */
    CLI_EXIT_OUTPUT = 74,      /* the output cannot be written */
    CLI_EXIT_LATER = 75,       /* too many requests, overloaded, out of time: later it may work */
    CLI_EXIT_PROTOCOL = 76,    /* the answer broke off, or is none */
    CLI_EXIT_KEY = 77,         /* no key, or not this one */
    CLI_EXIT_PIPE = 141        /* nobody reads the output any more */
};
/* Beyond them: 128 and the number of the signal that ended it, so 130 after Ctrl-C. */

/* Says one line on standard error and returns the code. Control characters are made harmless. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the message of an error; nothing is said of what the user did (Ctrl-C). */
int cli_fail_error(const claude_error_t *err);

/* The exit code for a code of the library. */
int cli_exit_code(claude_code_t code);

#endif
