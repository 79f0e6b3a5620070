/* batch.c - many requests at once, at half the price: made, waited for, and their results shown. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "commands.h"
#include "errors.h"
#include "input.h"
#include "interrupt.h"
#include "output.h"
#include "usage.h"

enum {
    BATCH_MAX = 256 << 20, /* bytes that a batch may have */
    FAILURES_MAX = 5,      /* of asking for it, in a row, before the waiting is given up */
    BAR = 30               /* columns */
};

typedef struct batch {
    const cli_session *session;
    char id[128];
    int known;         /* the server has told of it */
    int64_t done, all; /* requests, as told last */
    int64_t failed;    /* results that are no messages */
    int64_t cost;      /* nano-dollars; negative once a price is unknown */
} batch;

/* "-" is standard input, which is held in memory; a file is not. */
static int open_file(const char *path, claude_file_t **out)
{
    cli_text text = {NULL, 0};
    claude_error_t *err = NULL;
    claude_code_t rc;
    int code = 0;
    if (strcmp(path, "-") == 0) {
        code = cli_input_file(&text, path, BATCH_MAX);
        rc = code != 0 ? CLAUDE_OK : claude_file_from_bytes(text.bytes, text.len, "batch.jsonl", out, &err);
    } else {
        rc = claude_file_open(path, out, &err);
    }
    if (rc < 0)
        code = cli_fail_error(err);
    free(text.bytes);
    claude_error_unref(err);
    return code;
}

static void remember(batch *self, const claude_response_t *response)
{
    static const char *const ended[] = {"/request_counts/succeeded", "/request_counts/errored",
                                        "/request_counts/canceled", "/request_counts/expired"};
    const char *id = claude_response_id(response);
    if (id != NULL && self->id[0] == '\0')
        snprintf(self->id, sizeof self->id, "%s", id);
    self->known = 1;
    self->done = 0;
    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
        self->done += claude_response_int(response, ended[i], 0);
    self->all = self->done + claude_response_int(response, "/request_counts/processing", 0);
}

static int create(batch *self, const char *path)
{
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    int code = open_file(path, &file);
    if (code == 0 &&
        (claude_batch_file_request(file, &request, &err) < 0 || cli_call(self->session, request, &response, &err) < 0))
        code = cli_fail_error(err);
    if (code == 0) {
        remember(self, response);
        if (!self->session->arguments->quiet && !self->session->arguments->no_wait)
            cli_note("batch %s was made: %" PRId64 " requests", self->id, self->all);
    }
    claude_response_unref(response);
    claude_request_unref(request);
    claude_file_unref(file);
    claude_error_unref(err);
    return code;
}

static claude_code_t make_request(const batch *self, const char *endpoint, claude_request_t **out, claude_error_t **err)
{
    claude_code_t rc = claude_request_new(endpoint, out, err);
    return rc < 0 ? rc : claude_request_set_path(*out, "message_batch_id", self->id, err);
}

/* A bar on a terminal; elsewhere a line, where something has changed. */
static void show_progress(const batch *self, int changed)
{
    char line[160], bar[BAR + 1];
    int64_t filled = self->all > 0 ? self->done * BAR / self->all : 0;
    if (self->session->arguments->quiet)
        return;
    if (!cli_error_is_terminal()) {
        if (changed)
            cli_note("%" PRId64 " of %" PRId64 " requests are done", self->done, self->all);
        return;
    }
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    snprintf(line, sizeof line, "[%s] %" PRId64 " of %" PRId64, bar, self->done, self->all);
    cli_progress(line);
}

/* Asks until the batch has ended. A failure that may pass is no reason to stop waiting. */
static int wait_for_end(batch *self)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    int64_t delay = 1, before = -1;
    int failures = 0, code = 0;
    uint32_t attempt = 0;
    if (make_request(self, "messages.batches.retrieve", &request, &err) < 0)
        code = cli_fail_error(err);
    while (code == 0 && delay > 0) {
        claude_response_t *response = NULL;
        if (cli_call(self->session, request, &response, &err) >= 0) {
            failures = 0;
            remember(self, response);
            show_progress(self, self->done != before);
            before = self->done;
        } else if (claude_error_is_retryable(err) && ++failures < FAILURES_MAX) {
            if (!self->session->arguments->quiet)
                cli_note("%s; asking again", claude_error_message(err));
        } else {
            code = cli_fail_error(err);
        }
        claude_error_unref(err);
        err = NULL;
        delay = claude_batch_poll_delay(response, attempt++, 500, 60000);
        claude_response_unref(response);
        if (code == 0 && cli_wait_ms(delay) != 0)
            code = 128 + cli_interrupted();
    }
    cli_progress(NULL);
    claude_request_unref(request);
    claude_error_unref(err);
    return code;
}

static int show_result(batch *self, const char *json, size_t len)
{
    const char *what = NULL;
    size_t what_len = 0;
    int32_t type = CLAUDE_BATCH_OTHER;
    if (claude_batch_result_slices(json, len, &type, NULL, NULL, &what, &what_len, NULL) < 0 ||
        type != CLAUDE_BATCH_SUCCEEDED) {
        self->failed++;
    } else if (self->cost >= 0) {
        int64_t cost = claude_cost_of_json(NULL, NULL, what, what_len, CLAUDE_COST_BATCH, NULL);
        self->cost = cost < 0 ? -1 : self->cost + cost;
    }
    return cli_write_json_line(json, len);
}

static int show_results(batch *self)
{
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    const claude_event_t *event = NULL;
    int64_t shown = 0;
    int unwritten = 0, code = 0;
    claude_code_t rc = make_request(self, "messages.batches.results", &request, &err);
    if (rc >= 0)
        rc = claude_client_start(self->session->client, request, CLAUDE_STREAM | self->session->flags, &call, &err);
    while (rc >= 0 && !unwritten && (rc = cli_call_next(call, &event, &err)) == 1) {
        size_t len = 0;
        const char *json = claude_event_json(event, &len);
        unwritten = show_result(self, json, len) < 0;
        shown++;
    }
    if (unwritten || cli_flush() < 0)
        code = cli_output_failed();
    else if (rc < 0)
        code = cli_fail_error(err);
    if (code == 0 && cli_usage_wanted(self->session->arguments)) {
        char line[160], money[64];
        cli_usage_money(self->cost, money, sizeof money);
        snprintf(line, sizeof line, "%" PRId64 " results, %s", shown, money);
        cli_say(CLI_SAY_FAINT, line);
    }
    if (code == 0 && self->failed > 0)
        code = cli_fail(CLI_EXIT_FINDING, "%" PRId64 " of %" PRId64 " requests have failed", self->failed, shown);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_error_unref(err);
    return code;
}

/* Either a file, or the id of a batch that is there. */
static int check_words(const cli_arguments *arguments)
{
    if (arguments->resume != NULL && (arguments->word_count > 0 || arguments->no_wait))
        return cli_fail(CLI_EXIT_USAGE, "--resume ID goes with no file and not with --no-wait");
    if (arguments->resume == NULL && arguments->word_count != 1)
        return cli_fail(CLI_EXIT_USAGE, "claudec batch needs one file of JSON lines, or --resume ID");
    if (arguments->resume != NULL && (arguments->resume[0] == '\0' || strlen(arguments->resume) > 127))
        return cli_fail(CLI_EXIT_USAGE, "--resume: must be the id of a batch, msgbatch_...");
    return 0;
}

int cli_batch(const cli_arguments *arguments)
{
    cli_session session;
    batch self = {.session = &session};
    int code = check_words(arguments);
    if (code != 0)
        return code;
    code = cli_session_open(&session, arguments, CLI_KEY_NEEDED);
    if (code == 0 && arguments->resume != NULL)
        snprintf(self.id, sizeof self.id, "%s", arguments->resume);
    else if (code == 0)
        code = create(&self, arguments->words[0]);
    if (code == 0 && arguments->no_wait) {
        cli_write_text(self.id);
        cli_end_line();
        code = cli_flush() < 0 ? cli_output_failed() : 0;
    } else if (code == 0) {
        code = wait_for_end(&self);
        code = code != 0 ? code : show_results(&self);
    }
    /* Whatever has ended this program, the batch goes on. */
    if (code > CLI_EXIT_FINDING && code != CLI_EXIT_PIPE && self.known && !arguments->no_wait && !arguments->quiet)
        cli_note("the batch itself goes on; its results: claudec batch --resume %s", self.id);
    cli_session_close(&session);
    return code;
}
