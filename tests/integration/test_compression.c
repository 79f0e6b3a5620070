/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Compression: the API reads what is compressed as it reads what is not, whole and in chunks, and answers in gzip where
 * it is asked to.
 */
#include "reliability.h"

#include <stdlib.h>

/* Text that is counted: the same number of tokens however it travels. */
static claude_request_t *a_long_count(size_t sentences)
{
    static const char sentence[] = "The quick brown fox jumps over the lazy dog, and nobody calls it back. ";
    size_t len = sizeof sentence - 1;
    char *text = malloc(sentences * len + 1);
    claude_request_t *request;
    assert_non_null(text);
    for (size_t i = 0; i < sentences; i++)
        memcpy(text + i * len, sentence, len);
    text[sentences * len] = '\0';
    request = ask("messages.count_tokens", text, 0);
    free(text);
    return request;
}

static int64_t tokens_by(claude_client_t *client, size_t sentences)
{
    claude_response_t *response = answer_to(client, a_long_count(sentences));
    int64_t tokens = claude_response_int(response, "/input_tokens", -1);
    one_attempt(claude_response_report(response), 0);
    assert_int_equal(claude_report_resends(claude_response_report(response)), 0);
    claude_response_unref(response);
    return tokens;
}

static void is_read_as_if_it_were_not(void **state)
{
    claude_client_t *plain = client_of(NULL);
    claude_client_t *packed = client_of(CONFIG("compression.enabled", "true"));
    (void)state;
    assert_true(tokens_by(plain, 500) > 500);
    assert_int_equal(tokens_by(packed, 500), tokens_by(plain, 500));
    claude_client_unref(packed);
    claude_client_unref(plain);
}

/* Over a MiB, so that nobody knows the length before it is sent. */
static void is_read_without_a_length(void **state)
{
    claude_client_t *client = client_of(CONFIG("compression.enabled", "true", "compression.level", "1"));
    (void)state;
    assert_true(tokens_by(client, 16000) > 16000);
    claude_client_unref(client);
}

static void answers_in_gzip(void **state)
{
    claude_client_t *client = client_of(CONFIG("compression.responses", "true"));
    claude_response_t *response = answer_to(client, call_for("models.list", NULL, NULL));
    (void)state;
    assert_true(claude_response_count(response, "/data") > 0);
    one_attempt(claude_response_report(response), 0);
    claude_response_unref(response);
    claude_client_unref(client);
}

/* A stream is never in gzip; the request that it answers may be. */
static void streams_too(void **state)
{
    claude_client_t *client = client_of(CONFIG("compression.responses", "true", "compression.min_size", "0"));
    claude_request_t *request = hello_request();
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    (void)state;
    MUST(claude_add_compression_headers(request, &err));
    MUST(claude_client_stream(client, request, &call, &err));
    while ((rc = claude_call_next(call, -1, &event, &err)) == 1)
        ;
    MUST(rc);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_null(claude_call_header(call, "content-encoding"));
    claude_call_unref(call);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_as_if_it_were_not),
        cmocka_unit_test(is_read_without_a_length),
        cmocka_unit_test(answers_in_gzip),
        cmocka_unit_test(streams_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
