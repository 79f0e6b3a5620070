/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Configuration from a file: calls of a client follow it; what the file must not say changes nothing.
 */
#include "real.h"

#include <unistd.h>

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The generation of the snapshot that the call used. */
static int64_t count(claude_client_t *client, const char *snapshot)
{
    claude_request_t *request = ask("messages.create", "Answer with the single word: hello", 16);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    int64_t generation;
    MUST(claude_request_set_option(request, "request.snapshot", snapshot, &err));
    MUST(claude_client_execute_with_enterprise_features(client, request, &response, &err));
    assert_int_equal(claude_response_status(response), 200);
    assert_string_equal(claude_report_snapshot(claude_response_report(response)), snapshot ? snapshot : "");
    generation = claude_report_generation(claude_response_report(response));
    claude_response_unref(response);
    claude_request_unref(request);
    return generation;
}

static void follows_a_file(void **state)
{
    char folder[] = "/tmp/claude-integration-XXXXXX";
    char path[sizeof folder + 16];
    claude_client_t *client = client_of(NULL);
    claude_watcher_t *watcher = NULL;
    claude_error_t *err = NULL;
    int64_t before;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/config.json", folder);
    write_file(path, "{\"timeout_ms\": 120000, \"max_retries\": 2}");
    MUST(claude_watcher_new(path, NULL, 0, &watcher, &err));
    MUST(claude_watcher_error(watcher, &err));
    MUST(claude_watcher_attach(watcher, client, NULL, &err));
    MUST(claude_watcher_attach(watcher, client, "b", &err));
    before = count(client, NULL);
    write_file(path, "{\"timeout_ms\": 90000, \"max_retries\": 2}");
    assert_true(count(client, NULL) > before);
    assert_int_equal(count(client, "b"), claude_client_generation(client, "b"));
    before = claude_client_generation(client, NULL);
    write_file(path, "{\"max_retrys\": 2}");
    assert_int_equal(count(client, NULL), before);
    assert_int_equal(claude_watcher_error(watcher, NULL), CLAUDE_E_INVALID);
    claude_watcher_unref(watcher);
    claude_client_unref(client);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(follows_a_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
