/*
 * compare.c - one question to several models at once, over one event loop; then a table of how long each took and what
 * it cost, and the answers.
 *
 *     cc compare.c $(pkg-config --cflags --libs libclaude) -o compare
 *     ANTHROPIC_API_KEY=... ./compare ["your question" [model ...]]
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <claude/claude.h>

enum { MODELS_MAX = 16 };

typedef struct contender {
    const char *model;
    claude_call_t *call;
    claude_error_t *refused;    /* why there is no call */
    int64_t first_ms, total_ms; /* since the start; -1: not yet */
} contender;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The tag of a call is its place in the list. A request that is refused leaves the others alone. */
static void ask(claude_loop_t *loop, contender *self, uint64_t tag, const char *question)
{
    claude_request_t *request = NULL;
    self->first_ms = self->total_ms = -1;
    if (claude_request_new("messages.create", &request, &self->refused) >= 0) {
        claude_request_set_model(request, self->model, NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        claude_request_add_user_text(request, question, CLAUDE_NTS, NULL);
        claude_loop_submit(loop, request, CLAUDE_STREAM, tag, &self->call, &self->refused);
    }
    claude_request_unref(request);
}

/* One thread and one wait for all of them. */
static claude_code_t run(claude_loop_t *loop, contender *all, claude_error_t **err)
{
    int64_t start = now_ms();
    claude_code_t rc = CLAUDE_OK;
    while (rc >= 0 && claude_loop_count(loop) > 0) {
        const claude_event_t *event = NULL;
        uint64_t tag = 0;
        rc = claude_loop_wait(loop, -1, err);
        while (rc >= 0 && (rc = claude_loop_next(loop, &tag, &event, err)) > 0) {
            if (rc == CLAUDE_DONE)
                all[tag].total_ms = now_ms() - start;
            else if (claude_event_type(event) == CLAUDE_EVENT_TEXT_DELTA && all[tag].first_ms < 0)
                all[tag].first_ms = now_ms() - start;
        }
    }
    return rc;
}

/* An answer need not have text: then there was no first one. */
static void print_time(int64_t ms)
{
    if (ms < 0)
        printf(" %8s", "-");
    else
        printf(" %8" PRId64, ms);
}

static void print_money(int64_t nano)
{
    char text[32] = "unknown";
    if (nano >= 0)
        snprintf(text, sizeof text, "$%" PRId64 ".%06" PRId64, nano / 1000000000, nano % 1000000000 / 1000);
    printf(" %11s\n", text);
}

/* A model that failed has a row, too. */
static void print_row(const contender *self)
{
    claude_response_t *response = NULL;
    claude_error_t *err = claude_error_ref(self->refused);
    if (!err && claude_call_result(self->call, &response, &err) >= 0) {
        printf("%-28s", self->model);
        print_time(self->first_ms);
        print_time(self->total_ms);
        printf(" %8" PRId64 " %8" PRId64, claude_response_usage(response, "input_tokens"),
               claude_response_usage(response, "output_tokens"));
        print_money(claude_cost_calculate(NULL, self->model, response));
    } else {
        printf("%-28s failed: %s\n", self->model, claude_error_message(err));
    }
    claude_response_unref(response);
    claude_error_unref(err);
}

static void print_all(const contender *all, size_t count)
{
    printf("%-28s %8s %8s %8s %8s %11s\n", "model", "first ms", "all ms", "in", "out", "cost");
    for (size_t i = 0; i < count; i++)
        print_row(&all[i]);
    for (size_t i = 0; i < count; i++) {
        claude_response_t *response = NULL;
        if (all[i].call && claude_call_result(all[i].call, &response, NULL) >= 0)
            printf("\n-- %s\n%s\n", all[i].model, claude_response_text(response, NULL));
        claude_response_unref(response);
    }
}

int main(int argc, char **argv)
{
    contender all[MODELS_MAX] = {
        {.model = "claude-haiku-5-5"}, {.model = "claude-sonnet-5-5"}, {.model = "claude-opus-5-5"}};
    const char *question = argc > 1 ? argv[1] : "Explain in two sentences what a stable ABI is.";
    size_t count = argc > 2 ? (size_t)argc - 2 : 3;
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_loop_t *loop = NULL;
    claude_code_t rc;

    if (count > MODELS_MAX) {
        fprintf(stderr, "usage: %s [question [model ...]], at most %d models\n", argv[0], MODELS_MAX);
        return 2;
    }
    for (size_t i = 0; argc > 2 && i < count; i++)
        all[i].model = argv[2 + i];
    rc = claude_client_from_env(NULL, &client, &err);
    rc = rc < 0 ? rc : claude_loop_new(client, &loop, &err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        ask(loop, &all[i], i, question);
    rc = rc < 0 ? rc : run(loop, all, &err);
    if (rc < 0)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    else
        print_all(all, count);
    for (size_t i = 0; i < count; i++) {
        claude_call_unref(all[i].call);
        claude_error_unref(all[i].refused);
    }
    claude_loop_unref(loop);
    claude_client_unref(client);
    claude_error_unref(err);
    return rc < 0 ? 1 : 0;
}
