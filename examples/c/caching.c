/*
 * caching.c - questions about one long document, which the server keeps in its cache from the first to the others; and
 * what that costs and saves.
 *
 *     cc caching.c $(pkg-config --cflags --libs libclaude) -o caching
 *     ANTHROPIC_API_KEY=... ./caching document.txt "first question" "second question" ...
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

/* In cents; a model without a price in the table has a negative cost. */
static void print_money(const char *what, int64_t nano_dollars)
{
    if (nano_dollars >= 0)
        printf("%s %.5f cents", what, (double)nano_dollars / 1e7);
    else
        printf("%s unknown", what);
}

static void print_figures(const claude_response_t *response)
{
    double ratio = claude_response_cache_hit_ratio(response);
    printf("  [%" PRId64 " tokens written to the cache, %" PRId64 " read from it",
           claude_response_usage(response, "cache_creation_input_tokens"),
           claude_response_usage(response, "cache_read_input_tokens"));
    if (ratio >= 0)
        printf(", %.0f %% of the prompt", 100 * ratio);
    print_money("; cost", claude_cost_calculate(NULL, NULL, response));
    print_money(", saved", claude_cost_savings(NULL, NULL, response));
    printf("]\n");
}

/* The document comes first and is the same each time: what follows the cached part may change. */
static claude_code_t ask(claude_client_t *client, claude_block_t *document, const char *question, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_request_new("messages.create", &request, err);
    if (rc >= 0) {
        claude_request_set_model(request, "claude-haiku-5-5", NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        claude_request_add_user_with_image(request, question, CLAUDE_NTS, document, NULL);
        rc = claude_client_execute(client, request, &response, err);
    }
    if (rc >= 0) {
        printf("%s\n", claude_response_text(response, NULL));
        print_figures(response);
    }
    claude_response_unref(response);
    claude_request_unref(request);
    return rc;
}

int main(int argc, char **argv)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_block_t *document = NULL;

    if (argc < 3) {
        fprintf(stderr, "usage: %s document question ...\n", argv[0]);
        return 2;
    }
    /* NULL is the server's default: five minutes, which each use begins anew. */
    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_block_document_path(argv[1], &document, &err) < 0 ||
        claude_block_set_cache_control(document, NULL, &err) < 0)
        goto out;
    for (int i = 2; i < argc && ask(client, document, argv[i], &err) >= 0; i++)
        ;

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_block_unref(document);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
