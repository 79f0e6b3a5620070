/*
 * structured.c - an answer that is JSON of a given shape: an order is read out of an e-mail.
 *
 *     cc structured.c $(pkg-config --cflags --libs libclaude) -o structured
 *     ANTHROPIC_API_KEY=... ./structured ["text of an order"]
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

static const char schema[] = "{\"type\": \"object\","
                             " \"properties\": {"
                             "  \"customer\": {\"type\": \"string\"},"
                             "  \"items\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\","
                             "   \"properties\": {"
                             "    \"product\": {\"type\": \"string\"},"
                             "    \"count\": {\"type\": \"integer\", \"minimum\": 1}},"
                             "   \"required\": [\"product\", \"count\"]}}},"
                             " \"required\": [\"customer\", \"items\"]}";

static void print_order(const claude_response_t *order)
{
    printf("customer: %s\n", claude_response_string(order, "/customer", NULL));
    for (size_t i = 0; i < claude_response_count(order, "/items"); i++) {
        char product[64], count[64];
        snprintf(product, sizeof product, "/items/%d/product", (int)i);
        snprintf(count, sizeof count, "/items/%d/count", (int)i);
        printf("%4" PRId64 " x %s\n", claude_response_int(order, count, 0),
               claude_response_string(order, product, NULL));
    }
}

int main(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1]
                                : "Dear all, please send us three boxes of chalk and a sponge. Regards, "
                                  "Hilltop School";
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_response_t *order = NULL;

    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0)
        goto out;
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 1024, NULL);
    claude_request_add_user_text(request, text, CLAUDE_NTS, NULL);
    claude_request_set_structured_output(request, schema, CLAUDE_NTS, NULL);
    /* A refusal, an answer that was cut off, and JSON that does not match are errors of the last step. */
    if (claude_client_execute(client, request, &response, &err) < 0 ||
        claude_response_parse_structured(response, schema, CLAUDE_NTS, &order, &err) < 0)
        goto out;
    print_order(order);

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_response_unref(order);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
