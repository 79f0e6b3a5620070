/*
 * tools.c - the model asks for the time in some cities, and the program tells it.
 *
 *     cc tools.c $(pkg-config --cflags --libs libclaude) -o tools
 *     ANTHROPIC_API_KEY=... ./tools
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <claude/claude.h>

static const struct {
    const char *city;
    int hours; /* from UTC */
} cities[] = {{"Reykjavik", 0}, {"Nairobi", 3}, {"Tokyo", 9}};

/* Runs inside of claude_runner_run(), on this thread. The input is a JSON object, such as {"city":"Tokyo"}. */
static int32_t tell_time(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    claude_response_t *arguments = NULL;
    const char *city = NULL;
    int32_t rc = 1; /* the tool has failed */
    size_t i;

    (void)name;
    (void)user_data;
    if (claude_response_parse(input, len, &arguments, NULL) >= 0)
        city = claude_response_string(arguments, "/city", NULL);
    for (i = 0; city != NULL && rc != 0 && i < sizeof cities / sizeof cities[0]; i++) {
        if (strcmp(city, cities[i].city) == 0) {
            time_t there = time(NULL) + cities[i].hours * 3600;
            rc = claude_runner_result_text(runner, asctime(gmtime(&there)), CLAUDE_NTS, NULL);
        }
    }
    if (rc != 0)
        claude_runner_result_error(runner, "I only know Reykjavik, Nairobi and Tokyo.", CLAUDE_NTS, NULL);
    claude_response_unref(arguments);
    return rc;
}

int main(void)
{
    static const char *const required[] = {"city"};
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_tool_t *tool = NULL;
    claude_runner_t *runner = NULL;
    claude_response_t *response = NULL;

    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0)
        goto out;
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 1024, NULL);
    claude_request_add_user_text(request, "How late is it in Tokyo, and how late in Nairobi?", CLAUDE_NTS, NULL);
    if (claude_tool_with_properties("tell_time", "Tells the time in a city.", "{\"city\":{\"type\":\"string\"}}",
                                    CLAUDE_NTS, required, 1, &tool, &err) < 0 ||
        claude_runner_new(client, request, 0, &runner, &err) < 0 ||
        claude_runner_add_tool(runner, tool, tell_time, NULL, NULL, &err) < 0 ||
        claude_runner_run(runner, &response, &err) < 0)
        goto out;
    printf("%s\n", claude_response_text(response, NULL));

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_response_unref(response);
    claude_runner_unref(runner);
    claude_tool_unref(tool);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
