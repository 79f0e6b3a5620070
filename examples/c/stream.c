/*
 * stream.c - an answer as it is written, then what it cost and how fast it began.
 *
 *     cc stream.c $(pkg-config --cflags --libs libclaude) -o stream
 *     ANTHROPIC_API_KEY=... ./stream ["your question" [model]]
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <claude/claude.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Takes the events one by one. Returns a negative code when the call has failed. */
static claude_code_t print_events(claude_call_t *call, double start, double *first_ms, claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc;
    *first_ms = -1.0;
    while ((rc = claude_call_next(call, -1, &event, err)) == 1) {
        size_t len = 0;
        const char *text = claude_event_text(event, &len);
        if (claude_event_type(event) != CLAUDE_EVENT_TEXT_DELTA || text == NULL)
            continue;
        if (*first_ms < 0)
            *first_ms = now_ms() - start;
        fwrite(text, 1, len, stdout);
        fflush(stdout);
    }
    return rc;
}

static void print_summary(const claude_response_t *response, double first_ms, double total_ms)
{
    const char *id = claude_response_request_id(response);
    const char *stop = claude_response_stop_reason(response);
    printf("\n\n");
    printf("usage        %" PRId64 " tokens in, %" PRId64 " tokens out\n",
           claude_response_usage(response, "input_tokens"), claude_response_usage(response, "output_tokens"));
    printf("stop reason  %s\n", stop != NULL ? stop : "none");
    printf("request id   %s\n", id != NULL ? id : "none");
    printf("first token  %.1f ms after the request, all of it %.1f ms\n", first_ms, total_ms);
}

int main(int argc, char **argv)
{
    const char *question = argc > 1 ? argv[1] : "Explain in two sentences what a stable ABI is.";
    const char *model = argc > 2 ? argv[2] : "claude-haiku-5-5";
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_response_t *response = NULL;
    double first_ms = -1.0;

    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0)
        goto out;
    claude_request_set_model(request, model, NULL);
    claude_request_set_max_tokens(request, 1024, NULL);
    claude_request_add_user_text(request, question, CLAUDE_NTS, NULL);

    double start = now_ms();
    if (claude_client_stream(client, request, &call, &err) < 0 || print_events(call, start, &first_ms, &err) < 0 ||
        claude_call_result(call, &response, &err) < 0)
        goto out;
    print_summary(response, first_ms, now_ms() - start);

out:
    if (err != NULL)
        fprintf(stderr, "\nerror: %s\n", claude_error_message(err));
    claude_response_unref(response);
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
