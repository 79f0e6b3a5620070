/*
 * hello.c - one question, one answer.
 *
 *     cc hello.c $(pkg-config --cflags --libs libclaude) -o hello
 *     ANTHROPIC_API_KEY=... ./hello
 */
#include <stdio.h>

#include <claude/claude.h>

int main(void)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;

    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0)
        goto out;
    /* Setters remember their first failure, and execute returns it: no need to check each. */
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 1024, NULL);
    claude_request_add_user_text(request, "Say hello in three languages.", CLAUDE_NTS, NULL);
    if (claude_client_execute(client, request, &response, &err) < 0)
        goto out;
    printf("%s\n", claude_response_text(response, NULL));

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
