/*
 * output.h - what goes to standard output and standard error.
 *
 * Where standard output is a terminal, control characters in what others have written are shown and not obeyed: a model
 * or a server cannot colour, overwrite or rename anything there. Elsewhere every byte is kept.
 */
#ifndef CLAUDEC_OUTPUT_H
#define CLAUDEC_OUTPUT_H

#include <stddef.h>

/* Kinds of lines on standard error. */
enum { CLI_SAY_ERROR, CLI_SAY_NOTE, CLI_SAY_FAINT };

/* Looks at what standard output and standard error are. To be called first. */
void cli_output_open(void);

/* Whether standard error is a terminal. */
int cli_error_is_terminal(void);

/* Whether standard output is a terminal. */
int cli_output_is_terminal(void);

/* Writes to standard output, buffered. Returns 0, or -1: cli_output_failed() says why. */
int cli_write(const char *text, size_t len);
int cli_write_text(const char *text);

/* Writes JSON that came from elsewhere as one line. */
int cli_write_json_line(const char *json, size_t len);

/* Ends the line, if one has begun. */
void cli_end_line(void);

/* Hands on what is buffered. Returns as cli_write(). */
int cli_flush(void);

/* After a write that failed: says why, unless the reader has gone, and returns the exit code. */
int cli_output_failed(void);

/* Says a line on standard error, with "claudec: " before it unless it is CLI_SAY_FAINT. */
void cli_say(int kind, const char *line);
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes text of others to standard error, as it comes; the end of it ends the line. */
void cli_say_piece(const char *text, size_t len);
void cli_say_end(void);

/* A line on the terminal's standard error that the next one replaces. NULL takes it away. */
void cli_progress(const char *line);

#endif
