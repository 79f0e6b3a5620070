/*
 * pages.c - everything in a list of the API, however many pages it has: the models, the batches, the files, ...
 *
 *     cc pages.c $(pkg-config --cflags --libs libclaude) -o pages
 *     ANTHROPIC_API_KEY=... ./pages [models.list|files.list|messages.batches.list|... [items on a page]]
 */
#include <stdio.h>
#include <string.h>

#include <claude/claude.h>

/* Any endpoint whose table says how its list goes on will do. */
static void print_lists(FILE *out)
{
    const char *name;
    for (size_t i = 0; (name = claude_endpoint_at(i)) != NULL; i++) {
        if (strcmp(claude_endpoint_text(name, "paging"), "none") != 0 &&
            strchr(claude_endpoint_text(name, "path"), '{') == NULL)
            fprintf(out, "  %s\n", name);
    }
}

/* An item is JSON, which a response can look into. */
static claude_code_t print_item(const char *json, size_t len, claude_error_t **err)
{
    claude_response_t *item = NULL;
    claude_code_t rc = claude_response_parse(json, len, &item, err);
    if (rc >= 0 && claude_response_id(item) != NULL)
        printf("%s\n", claude_response_id(item));
    else if (rc >= 0)
        printf("%.*s\n", (int)len, json);
    claude_response_unref(item);
    return rc;
}

int main(int argc, char **argv)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_pages_t *pages = NULL;
    const char *json = NULL;
    size_t len = 0;

    if (claude_client_from_env(NULL, &client, &err) < 0 ||
        claude_request_new(argc > 1 ? argv[1] : "models.list", &request, &err) < 0 ||
        claude_request_set_query(request, "limit", argc > 2 ? argv[2] : "100", &err) < 0 ||
        claude_pages_new(client, request, &pages, &err) < 0)
        goto out;
    /* The next page is asked for when the items of one have been taken. */
    while (claude_pages_next_item(pages, -1, &json, &len, &err) == 1) {
        if (print_item(json, len, &err) < 0)
            break;
    }

out:
    if (err != NULL) {
        fprintf(stderr, "error: %s\n", claude_error_message(err));
        if (pages == NULL && client != NULL) {
            fprintf(stderr, "these are lists:\n");
            print_lists(stderr);
        }
    }
    claude_pages_unref(pages);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
