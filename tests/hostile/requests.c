/*
 * requests.c - sends requests of every kind and prints what the server has received of them, to be compared between
 * surroundings; or, with the URL of a server that speaks TLS, tells what became of one call.
 *
 *     hostile_requests                    prints the requests
 *     hostile_requests tls URL [CA_FILE]  prints the code of the call's end
 *     hostile_requests deep               needs more than 128 KiB of stack, and says so if it has it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

#include "sandbox/client.h"

#define KEY "sk-ant-api03-hostile-surroundings-0123456789"
#define CHECK(rc, err) check((rc), (err), __LINE__)
enum { DEEP = 160 * 1024 };

static void check(claude_code_t rc, claude_error_t *err, int line)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "line %d: %s: %s\n", line, claude_code_name(rc), claude_error_message(err));
    exit(1);
}

static claude_client_t *new_client(const char *url, const char *ca_file)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_config_new(&config, &err), err);
    CHECK(claude_config_set(config, "base_url", url, &err), err);
    CHECK(claude_config_set(config, "api_key", KEY, &err), err);
    CHECK(claude_config_set(config, "tls.ca_file", ca_file, &err), err);
    CHECK(claude_config_load_json(config, "{\"timeout\": {\"total_ms\": 12345}, \"beta\": \"I,i\"}", CLAUDE_NTS, &err),
          err);
    CHECK(claude_config_set_header(config, "X-TITLE", "I i", &err), err);
    CHECK(claude_client_new(config, &client, &err), err);
    claude_config_unref(config);
    return client;
}

static claude_request_t *built(void)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_request_new("messages.create", &request, &err), err);
    CHECK(claude_request_set_model(request, "claude-opus-5", &err), err);
    CHECK(claude_request_set_max_tokens(request, 1234567, &err), err);
    CHECK(claude_request_set_temperature(request, 0.7, &err), err);
    CHECK(claude_request_set_top_p(request, 1e-7, &err), err);
    CHECK(claude_request_set_top_k(request, 40, &err), err);
    CHECK(claude_request_set_system(request, "\xc4\xb0\xc4\xb1Ii \xf0\x9f\x8c\x8d \x01\"\\", CLAUDE_NTS, &err), err);
    CHECK(claude_request_add_user_text(request, "Grüße, 1,5", CLAUDE_NTS, &err), err);
    CHECK(claude_request_set_field(request, "/metadata/n", "[0.5, 1E2, 123456789012345678901]", CLAUDE_NTS, &err), err);
    CHECK(claude_request_set_option(request, "timeout.idle_ms", "1000", &err), err);
    return request;
}

static claude_request_t *given(void)
{
    static const char json[] = " {\"model\": \"claude-opus-5\", \"max_tokens\": 5, \"x\": 0.1e+1,\n"
                               " \"messages\": [{\"role\": \"user\", \"content\": \"I\\u0131\"}]}";
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_request_new("messages", &request, &err), err);
    CHECK(claude_request_set_json(request, json, CLAUDE_NTS, &err), err);
    CHECK(claude_request_set_header(request, "X-Trace-ID", "iI", &err), err);
    return request;
}

/* Also what comes back must be understood in the same way everywhere. */
static void send_and_print(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    claude_response_t *response = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_client_start(client, request, flags, &call, &err), err);
    CHECK(claude_call_wait(call, -1, &err), err);
    CHECK(claude_call_result(call, &response, &err), err);
    printf("%s\n", claude_response_text(response, NULL));
    if (claude_response_double(response, "/content/0/number", -1.0) != 0.7)
        fprintf(stderr, "0.7 is %g\n", claude_response_double(response, "/content/0/number", -1.0));
    claude_response_unref(response);
    claude_call_unref(call);
}

static int print_requests(void)
{
    static const char reply[] = "{\"match\": {\"path\": \"/v1/messages\"}, \"body_json\": {\"type\": \"message\","
                                " \"content\": [{\"type\": \"text\", \"text\": \"1,5\", \"number\": 0.7}]}}";
    struct sandbox *server = sandbox_start(NULL, NULL);
    claude_client_t *client;
    claude_request_t *requests[2] = {built(), given()};
    char *json;

    if (!server || sandbox_register(server, "number", reply) != 0 || sandbox_use(server, "number") != 0)
        return 2;
    client = new_client(sandbox_url(server), NULL);
    for (size_t i = 0; i < 4; i++)
        send_and_print(client, requests[i % 2], i < 2 ? 0 : CLAUDE_STREAM);
    json = sandbox_requests(server);
    printf("%s\n", json ? json : "nothing");
    free(json);
    claude_request_unref(requests[0]);
    claude_request_unref(requests[1]);
    claude_client_unref(client);
    return sandbox_stop(server);
}

static int print_end(const char *url, const char *ca_file)
{
    claude_client_t *client = new_client(url, ca_file);
    claude_request_t *request = given();
    claude_response_t *response = NULL;

    printf("%s\n", claude_code_name(claude_client_execute(client, request, &response, NULL)));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    return 0;
}

static int go_deep(void)
{
    volatile char frame[DEEP];

    for (size_t i = 0; i < sizeof frame; i += 1024)
        frame[i] = (char)i;
    printf("there is more stack than %d bytes\n", frame[1024] + DEEP);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "deep") == 0)
        return go_deep();
    if (argc > 2 && strcmp(argv[1], "tls") == 0)
        return print_end(argv[2], argc > 3 ? argv[3] : NULL);
    return print_requests();
}
