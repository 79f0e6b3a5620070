/*
 * vision.c - a question about images and documents that are files: none of them is in memory, each is read while it is
 * sent.
 *
 *     cc vision.c $(pkg-config --cflags --libs libclaude) -o vision
 *     ANTHROPIC_API_KEY=... ./vision "What do these have in common?" photo.jpg drawing.png report.pdf
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <claude/claude.h>

enum { MAX_FILES = 20 };

/* What a file is, its first bytes say: an image, a PDF, or else a text. */
static claude_code_t block_of(const char *path, claude_block_t **out, claude_error_t **err)
{
    claude_file_t *file = NULL;
    claude_code_t rc = claude_file_open(path, &file, err);
    if (rc >= 0 && strncmp(claude_file_media_type(file), "image/", 6) == 0)
        rc = claude_block_image_file(file, out, err);
    else if (rc >= 0)
        rc = claude_block_document_file(file, out, err);
    if (rc >= 0)
        printf("%s: %s, %" PRIu64 " bytes\n", path, claude_file_media_type(file), claude_file_size(file));
    claude_file_unref(file);
    return rc;
}

/* Images that are too large are found before they are sent, and all of them at once. */
static claude_code_t check(claude_client_t *client, const claude_request_t *request, claude_error_t **err)
{
    claude_problems_t *problems = NULL;
    claude_code_t rc = claude_client_validate(client, request, 0, &problems, err);
    for (size_t i = 0; i < claude_problems_count(problems); i++)
        fprintf(stderr, "%s\n", claude_problems_message(problems, i));
    if (rc == CLAUDE_PROBLEMS)
        rc = claude_problems_error(problems, err);
    claude_problems_unref(problems);
    return rc;
}

int main(int argc, char **argv)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_block_t *blocks[MAX_FILES] = {NULL};
    size_t count = 0;

    if (argc < 3 || argc > 2 + MAX_FILES) {
        fprintf(stderr, "usage: %s question file ... (at most %d files)\n", argv[0], MAX_FILES);
        return 2;
    }
    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0)
        goto out;
    for (; argv[2 + count] != NULL; count++) {
        if (block_of(argv[2 + count], &blocks[count], &err) < 0)
            goto out;
    }
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 1024, NULL);
    claude_request_add_user_with_images(request, argv[1], CLAUDE_NTS, blocks, count, NULL);
    if (check(client, request, &err) < 0 || claude_client_execute(client, request, &response, &err) < 0)
        goto out;
    printf("%s\n", claude_response_text(response, NULL));

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    for (size_t i = 0; i < count; i++)
        claude_block_unref(blocks[i]);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
