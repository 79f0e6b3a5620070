/*
 * files.c - a file is uploaded once, asked about by its id, found in the list of files, and deleted again.
 *
 *     cc files.c $(pkg-config --cflags --libs libclaude) -o files
 *     ANTHROPIC_API_KEY=... ./files [document.pdf ["your question"]]
 */
#include <stdio.h>

#include <claude/claude.h>

/* A file that a path names is read while it is sent. */
static claude_code_t open_file(const char *path, claude_file_t **out, claude_error_t **err)
{
    static const char note[] = "The meeting is on Tuesday at ten.";
    if (path != NULL)
        return claude_file_open(path, out, err);
    return claude_file_from_bytes(note, sizeof note - 1, "note.txt", out, err);
}

static claude_code_t upload(claude_client_t *client, const char *path, claude_response_t **out, claude_error_t **err)
{
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_code_t rc = open_file(path, &file, err);
    if (rc >= 0)
        rc = claude_file_upload_request(file, &request, err);
    if (rc >= 0)
        rc = claude_client_execute(client, request, out, err);
    claude_request_unref(request);
    claude_file_unref(file);
    return rc;
}

/* The document, then the question about it. */
static claude_code_t add_question(claude_request_t *request, const char *id, const char *question, claude_error_t **err)
{
    claude_block_t *document = NULL;
    claude_block_t *text = NULL;
    claude_code_t rc = claude_block_document_file_id(id, &document, err);
    if (rc >= 0)
        rc = claude_block_text(question, CLAUDE_NTS, &text, err);
    if (rc >= 0) {
        claude_block_t *blocks[2] = {document, text};
        rc = claude_request_add_blocks(request, "user", blocks, 2, err);
    }
    claude_block_unref(document);
    claude_block_unref(text);
    return rc;
}

static claude_code_t ask(claude_client_t *client, const char *id, const char *question, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_request_new("messages.create", &request, err);
    if (rc >= 0) {
        claude_request_set_model(request, "claude-haiku-5-5", NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        rc = add_question(request, id, question, err);
    }
    if (rc >= 0)
        rc = claude_client_execute(client, request, &response, err);
    if (rc >= 0)
        printf("%s\n", claude_response_text(response, NULL));
    claude_response_unref(response);
    claude_request_unref(request);
    return rc;
}

/* Pages are fetched as they are needed. */
static claude_code_t list(claude_client_t *client, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_pages_t *pages = NULL;
    const char *json = NULL;
    size_t len = 0;
    claude_code_t rc = claude_request_new("files.list", &request, err);
    if (rc >= 0)
        rc = claude_pages_new(client, request, &pages, err);
    while (rc >= 0 && (rc = claude_pages_next_item(pages, -1, &json, &len, err)) == 1)
        printf("listed: %.*s\n", (int)len, json);
    claude_pages_unref(pages);
    claude_request_unref(request);
    return rc;
}

static claude_code_t delete_file(claude_client_t *client, const char *id, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_request_new("files.delete", &request, err);
    if (rc >= 0)
        rc = claude_request_set_path(request, "file_id", id, err);
    if (rc >= 0)
        rc = claude_client_execute(client, request, &response, err);
    if (rc >= 0)
        printf("deleted %s\n", claude_response_id(response));
    claude_response_unref(response);
    claude_request_unref(request);
    return rc;
}

int main(int argc, char **argv)
{
    const char *question = argc > 2 ? argv[2] : "What does the document say?";
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_response_t *file = NULL;

    if (claude_client_from_env(NULL, &client, &err) < 0 || upload(client, argc > 1 ? argv[1] : NULL, &file, &err) < 0)
        goto out;
    printf("uploaded %s\n", claude_response_id(file));
    if (ask(client, claude_response_id(file), question, &err) < 0 || list(client, &err) < 0)
        goto out;
    delete_file(client, claude_response_id(file), &err);

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_response_unref(file);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
