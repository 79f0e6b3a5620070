/* curl.c - the command that sends the same without claudec. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "errors.h"
#include "output.h"
#include "request.h"
#include "session.h"

/* The prompt is in it, so that it is for the user alone. */
static int write_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), code = 0;
    while (fd >= 0 && len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR)
            break;
        bytes += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    if (fd < 0 || len > 0)
        code = cli_fail(CLI_EXIT_OUTPUT, "%s cannot be written: %s", path, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && code == 0)
        code = cli_fail(CLI_EXIT_OUTPUT, "%s cannot be written: %s", path, strerror(errno));
    return code;
}

int cli_curl(const cli_arguments *arguments)
{
    cli_session session;
    claude_request_t *request = NULL;
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;
    const char *text;
    size_t len = 0;
    int code = cli_session_open(&session, arguments, CLI_KEY_SPARED);
    code = code != 0 ? code : cli_request_make(arguments, "messages.create", &request);
    if (code == 0) {
        claude_code_t rc =
            claude_curl_command(session.client, request, CLAUDE_STREAM, arguments->body_file, &curl, &err);
        if (rc == CLAUDE_E_TOO_LARGE)
            code = cli_fail(CLI_EXIT_DATA,
                            "the body is too long for a command line; --body-file FILE puts it into a file");
        else if (rc < 0)
            code = cli_fail_error(err);
    }
    if (code == 0 && (text = claude_curl_body(curl, &len)) != NULL)
        code = write_file(arguments->body_file, text, len);
    if (code == 0) {
        text = claude_curl_text(curl, &len);
        cli_write(text, len);
        cli_end_line();
        if (cli_flush() < 0)
            code = cli_output_failed();
    }
    claude_curl_unref(curl);
    claude_request_unref(request);
    claude_error_unref(err);
    cli_session_close(&session);
    return code;
}
