/*
 * network_diag.c - what diag.h says of a server, for the tests in cases/: started by them, not by hand.
 *
 *   network_diag selftest URL TIMEOUT_MS [OPTION=VALUE ...]     prints the JSON of the self-test, with the key
 *   network_diag curl URL TIMEOUT_MS [OPTION=VALUE ...]         makes one call, and prints the command that repeats it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

#define KEY "sk-ant-api03-CANARY7f3a9c51-never-to-be-shown"

static void give_up(const char *what, const claude_error_t *err)
{
    fprintf(stderr, "network_diag: %s: %s\n", what, err ? claude_error_message(err) : "");
    exit(1);
}

static claude_client_t *open_client(const char *url, char **options, int count)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    if (claude_config_new(&config, &err) < 0 || claude_config_set(config, "base_url", url, &err) < 0 ||
        claude_config_set(config, "api_key", KEY, &err) < 0)
        give_up("configuration", err);
    for (int i = 0; i < count; i++) {
        char *value = strchr(options[i], '=');
        if (!value)
            give_up(options[i], NULL);
        *value++ = '\0';
        if (claude_config_set(config, options[i], value, &err) < 0)
            give_up(options[i], err);
    }
    if (claude_client_new(config, &client, &err) < 0)
        give_up("client", err);
    claude_config_unref(config);
    return client;
}

static void test(claude_client_t *client, int64_t timeout_ms)
{
    claude_selftest_t *found = NULL;
    claude_error_t *err = NULL;

    if (claude_selftest_run(client, CLAUDE_SELFTEST_KEY, NULL, timeout_ms, &found, &err) < 0)
        give_up("self-test", err);
    puts(claude_selftest_json(found, NULL));
    claude_selftest_unref(found);
}

static void repeat(claude_client_t *client)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;

    if (claude_request_new("messages.create", &request, &err) < 0 ||
        claude_request_set_model(request, "claude-opus-5", &err) < 0 ||
        claude_request_set_max_tokens(request, 1024, &err) < 0 ||
        claude_request_add_user_text(request, "it's \"me\" $HOME", CLAUDE_NTS, &err) < 0)
        give_up("request", err);
    if (claude_client_execute(client, request, &response, &err) < 0)
        give_up("call", err);
    if (claude_curl_command(client, request, 0, NULL, &curl, &err) < 0)
        give_up("command", err);
    puts(claude_curl_text(curl, NULL));
    claude_curl_unref(curl);
    claude_response_unref(response);
    claude_request_unref(request);
}

int main(int argc, char **argv)
{
    claude_client_t *client;

    if (argc < 4)
        give_up("usage: network_diag selftest|curl URL TIMEOUT_MS [OPTION=VALUE ...]", NULL);
    client = open_client(argv[2], argv + 4, argc - 4);
    if (strcmp(argv[1], "selftest") == 0)
        test(client, strtoll(argv[3], NULL, 10));
    else
        repeat(client);
    claude_client_unref(client);
    return 0;
}
