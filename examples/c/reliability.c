/*
 * reliability.c - one question, with retries, a circuit breaker and a limit of two requests a second; then what
 * happened on the way, and the client's figures.
 *
 *     cc reliability.c $(pkg-config --cflags --libs libclaude) -o reliability
 *     ANTHROPIC_API_KEY=... ./reliability "What is a circuit breaker?"
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

/* Runs on this thread, inside of the call. */
static void on_attempt(claude_attempt_t *attempt, void *user_data)
{
    FILE *out = user_data;
    if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS)
        fprintf(out, "attempt %d begins\n", (int)claude_attempt_number(attempt));
    else
        fprintf(out, "attempt %d: %s, HTTP %d, %" PRId64 " ms\n", (int)claude_attempt_number(attempt),
                claude_code_name(claude_attempt_code(attempt)), (int)claude_attempt_http_status(attempt),
                claude_attempt_duration_ms(attempt));
}

static claude_code_t configure(claude_config_t *config, claude_error_t **err)
{
    static const char options[] = "{\"retry\": {\"enabled\": true, \"max_retries\": 4},"
                                  " \"breaker\": {\"enabled\": true},"
                                  " \"limiter\": {\"enabled\": true, \"requests_per_second\": 2, \"burst\": 1},"
                                  " \"metrics\": {\"enabled\": true}}";
    claude_code_t rc = claude_config_load_json(config, options, CLAUDE_NTS, err);
    return rc < 0 ? rc : claude_config_on_attempt(config, on_attempt, stdout, NULL, err);
}

static claude_code_t ask(claude_client_t *client, const char *question, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_request_new("messages.create", &request, err);
    if (rc >= 0) {
        claude_request_set_model(request, "claude-haiku-5-5", NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        claude_request_add_user_text(request, question, CLAUDE_NTS, NULL);
        rc = claude_client_execute_with_enterprise_features(client, request, &response, err);
    }
    if (rc >= 0) {
        printf("%s\n", claude_response_text(response, NULL));
        printf("%s\n", claude_report_json(claude_response_report(response), NULL));
    }
    claude_response_unref(response);
    claude_request_unref(request);
    return rc;
}

static void print_figures(claude_client_t *client)
{
    claude_metrics_t *metrics = NULL;
    if (claude_client_metrics(client, &metrics, NULL) < 0)
        return;
    printf("%" PRId64 " attempts, %" PRId64 " retries\n", claude_metrics_value(metrics, "attempts"),
           claude_metrics_value(metrics, "retries"));
    claude_metrics_unref(metrics);
}

int main(int argc, char **argv)
{
    claude_error_t *err = NULL;
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    int failed;

    if (argc != 2) {
        fprintf(stderr, "usage: %s question\n", argv[0]);
        return 2;
    }
    failed = claude_config_new(&config, &err) < 0 || configure(config, &err) < 0 ||
             claude_client_from_env(config, &client, &err) < 0 || ask(client, argv[1], &err) < 0;
    if (failed) {
        const char *feature = claude_error_feature(err);
        fprintf(stderr, "%s%s%s\n", feature ? feature : "", feature ? ": " : "", claude_error_message(err));
    } else {
        print_figures(client);
    }
    claude_error_unref(err);
    claude_client_unref(client);
    claude_config_unref(config);
    return failed ? 1 : 0;
}
