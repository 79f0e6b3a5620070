/*
 * diagnostics.c - what is wrong with the way to the API? The self-test, the curl command of a small request, log lines
 * of one call, and the report of the client.
 *
 *     cc diagnostics.c $(pkg-config --cflags --libs libclaude) -o diagnostics
 *     ANTHROPIC_API_KEY=... ./diagnostics
 */
#include <stdio.h>

#include <claude/claude.h>

static void log_line(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    (void)len;
    fprintf(user_data, "%-5s %s %s\n", claude_log_level_name(level), event, fields);
}

static void test_the_way(claude_client_t *client)
{
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;
    if (claude_selftest_run(client, CLAUDE_SELFTEST_KEY, NULL, 15000, &test, &err) < 0)
        fprintf(stderr, "%s\n", claude_error_message(err));
    for (size_t i = 0; i < claude_selftest_count(test); i++) {
        int32_t status = claude_selftest_status(test, i);
        printf("%-6s %-8s %s\n", claude_selftest_name(test, i), claude_selftest_status_name(status),
               claude_selftest_text(test, i));
        if (status == CLAUDE_SELFTEST_FAIL || status == CLAUDE_SELFTEST_WARN)
            printf("                -> %s\n", claude_selftest_fix(test, i));
    }
    claude_selftest_unref(test);
    claude_error_unref(err);
}

static claude_request_t *small_request(void)
{
    claude_request_t *request = NULL;
    if (claude_request_new("messages.create", &request, NULL) < 0)
        return NULL;
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 64, NULL);
    claude_request_add_user_text(request, "It's me. Say hello!", CLAUDE_NTS, NULL);
    return request;
}

static void send_one(claude_client_t *client)
{
    claude_request_t *request = small_request();
    claude_response_t *response = NULL;
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;
    if (claude_curl_command(client, request, 0, NULL, &curl, &err) >= 0)
        printf("%s\n", claude_curl_text(curl, NULL));
    if (err || claude_client_execute(client, request, &response, &err) < 0)
        fprintf(stderr, "%s\n", claude_error_message(err));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_curl_unref(curl);
    claude_error_unref(err);
}

static void print_report(claude_client_t *client)
{
    claude_diagnostics_t *report = NULL;
    if (claude_client_diagnostics(client, &report, NULL) >= 0)
        printf("%s\n", claude_diagnostics_json(report, NULL));
    claude_diagnostics_unref(report);
}

int main(void)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_config_new(&config, &err);
    if (rc >= 0)
        rc = claude_config_set(config, "diagnostics.timings", "10", &err);
    if (rc >= 0)
        rc = claude_config_on_log(config, CLAUDE_LOG_DEBUG, log_line, stdout, NULL, &err);
    if (rc >= 0)
        rc = claude_client_from_env(config, &client, &err);
    if (rc < 0) {
        fprintf(stderr, "%s\n", claude_error_message(err));
        claude_error_unref(err);
    } else {
        test_the_way(client);
        send_one(client);
        print_report(client);
    }
    claude_client_unref(client);
    claude_config_unref(config);
    return rc < 0;
}
