/* models.c - the models that the API offers. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "commands.h"
#include "errors.h"
#include "interrupt.h"
#include "output.h"

/* In columns for people, with tabs for programs. */
static int show(const char *json, size_t len)
{
    claude_response_t *model = NULL;
    const char *id, *name, *lifecycle;
    char line[512];
    if (claude_response_parse(json, len, &model, NULL) < 0)
        return 0;
    id = claude_response_string(model, "/id", NULL);
    name = claude_response_string(model, "/display_name", NULL);
    lifecycle = claude_response_string(model, "/lifecycle", NULL);
    snprintf(line, sizeof line, cli_output_is_terminal() ? "%-32.128s  %-24.128s  %.64s\n" : "%.128s\t%.128s\t%.64s\n",
             id != NULL ? id : "", name != NULL ? name : "", lifecycle != NULL ? lifecycle : "");
    claude_response_unref(model);
    return cli_write_text(line);
}

int cli_models(const cli_arguments *arguments)
{
    cli_session session;
    claude_request_t *request = NULL;
    claude_pages_t *pages = NULL;
    claude_error_t *err = NULL;
    const char *json = NULL;
    size_t len = 0;
    claude_code_t rc = CLAUDE_OK;
    int unwritten = 0, code = cli_session_open(&session, arguments, CLI_KEY_NEEDED);
    if (code == 0 && ((rc = claude_request_new("models.list", &request, &err)) < 0 ||
                      (rc = claude_request_set_query(request, "limit", "1000", &err)) < 0 ||
                      (rc = claude_pages_new(session.client, request, &pages, &err)) < 0))
        code = cli_fail_error(err);
    while (code == 0 && !unwritten && rc != CLAUDE_DONE && cli_interrupted() == 0) {
        rc = claude_pages_next_item(pages, CLI_SLICE_MS, &json, &len, &err);
        if (rc < 0)
            code = cli_fail_error(err);
        else if (rc == 1)
            unwritten = (arguments->json ? cli_write_json_line(json, len) : show(json, len)) < 0;
    }
    if (code == 0 && (unwritten || cli_flush() < 0))
        code = cli_output_failed();
    if (code == 0 && cli_interrupted() != 0)
        code = 128 + cli_interrupted();
    claude_pages_unref(pages);
    claude_request_unref(request);
    claude_error_unref(err);
    cli_session_close(&session);
    return code;
}
