#define _POSIX_C_SOURCE 200809L
#include "replies.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const QUESTIONS[] = {"Name three rivers, one per line.", "Name three mountains, one per line."};

static int read_options(replies *self, int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "vn:c:")) != -1) {
        if (option == 'v')
            self->verbose = 1;
        else if (option == 'n')
            self->max_events = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'c')
            self->cancel_after = strtoul(optarg, NULL, 10);
        else
            return -1;
    }
    return 0;
}

/* The tag of a call is its place in `calls`. */
static claude_code_t ask(replies *self, const char *question, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_code_t code = claude_request_new("messages.create", &request, err);
    if (code >= 0) {
        claude_request_set_model(request, "claude-haiku-5-5", NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        claude_request_add_user_text(request, question, CLAUDE_NTS, NULL);
        code = claude_loop_submit(self->loop, request, CLAUDE_STREAM, self->open, &self->calls[self->open], err);
    }
    if (code >= 0)
        self->open++;
    claude_request_unref(request);
    return code;
}

void replies_start(replies *self, int argc, char **argv)
{
    claude_error_t *err = NULL;
    memset(self, 0, sizeof *self);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (read_options(self, argc, argv) < 0 || argc - optind > REPLIES_MAX) {
        fprintf(stderr, "usage: %s [-v] [-n EVENTS] [-c PIECES] [QUESTION ...], at most %d\n", argv[0], REPLIES_MAX);
        self->failed = 1;
        return;
    }
    if (claude_client_from_env(NULL, &self->client, &err) < 0 || claude_loop_new(self->client, &self->loop, &err) < 0)
        goto out;
    if (optind == argc) {
        for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS && err == NULL; i++)
            ask(self, QUESTIONS[i], &err);
    }
    for (int i = optind; i < argc && err == NULL; i++)
        ask(self, argv[i], &err);

out:
    if (err != NULL) {
        fprintf(stderr, "error: %s\n", claude_error_message(err));
        self->failed = 1;
        self->open = 0;
    }
    claude_error_unref(err);
}

static void report_end(replies *self, uint64_t tag)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t code = claude_call_result(self->calls[tag], &response, &err);
    if (code >= 0) {
        printf("[%" PRIu64 "] complete, %" PRId64 " tokens\n", tag + 1,
               claude_response_usage(response, "output_tokens"));
    } else if (code == CLAUDE_E_CANCELED) {
        printf("[%" PRIu64 "] cancelled\n", tag + 1);
    } else {
        fprintf(stderr, "[%" PRIu64 "] error: %s\n", tag + 1, claude_error_message(err));
        self->failed = 1;
    }
    claude_response_unref(response);
    claude_error_unref(err);
}

void replies_on_event(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data)
{
    replies *self = user_data;
    if (code < 0) {
        fprintf(stderr, "error: %s\n", claude_code_name(code));
        self->failed = 1;
        self->open = 0;
        return;
    }
    self->events++;
    if (code == CLAUDE_DONE) {
        self->open--;
        report_end(self, tag);
    } else if (claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA) {
        printf("[%" PRIu64 "] %s\n", tag + 1, claude_event_text(event, NULL));
        if (tag == 0 && ++self->pieces == self->cancel_after)
            claude_call_cancel(self->calls[0]);
    }
}

int replies_end(replies *self, uint64_t wakeups)
{
    if (self->verbose)
        fprintf(stderr, "%" PRIu64 " wake-ups, %" PRIu64 " events\n", wakeups, self->events);
    for (size_t i = 0; i < REPLIES_MAX; i++)
        claude_call_unref(self->calls[i]);
    claude_loop_unref(self->loop);
    claude_client_unref(self->client);
    return self->failed;
}
