/*
 * quota.c - one question within a quota of 50 cents and 100 requests a day, which is kept in a file from run to run.
 *
 *     cc quota.c $(pkg-config --cflags --libs libclaude) -o quota
 *     ANTHROPIC_API_KEY=... ./quota usage.json "What is a quota?"
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

/* What was used until now; a file that is not there is a beginning. */
static claude_code_t load(claude_quota_t *quota, const char *path, claude_error_t **err)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t len;
    if (file == NULL)
        return CLAUDE_OK;
    len = fread(text, 1, sizeof text, file);
    fclose(file);
    return claude_quota_import_json(quota, text, len, err);
}

static claude_code_t save(claude_quota_t *quota, const char *path, claude_error_t **err)
{
    claude_response_t *document = NULL;
    claude_code_t rc = claude_quota_export_json(quota, &document, err);
    FILE *file = rc < 0 ? NULL : fopen(path, "wb");
    if (file != NULL) {
        fputs(claude_response_json(document, NULL), file);
        fclose(file);
    }
    claude_response_unref(document);
    return rc;
}

static claude_code_t ask(claude_quota_t *quota, const char *question, claude_error_t **err)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_config_new(&config, err);
    if (rc >= 0)
        rc = claude_config_set_quota(config, quota, err);
    if (rc >= 0)
        rc = claude_client_from_env(config, &client, err);
    if (rc >= 0)
        rc = claude_request_new("messages.create", &request, err);
    if (rc >= 0) {
        claude_request_set_model(request, "claude-haiku-5-5", NULL);
        claude_request_set_max_tokens(request, 1024, NULL);
        claude_request_add_user_text(request, question, CLAUDE_NTS, NULL);
        rc = claude_client_execute_with_quota(client, request, &response, err);
    }
    if (rc >= 0)
        printf("%s\n", claude_response_text(response, NULL));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_config_unref(config);
    return rc;
}

int main(int argc, char **argv)
{
    static const char limits[] = "{\"daily_cost\": 0.5, \"daily_requests\": 100}";
    claude_quota_t *quota = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;
    if (argc != 3) {
        fprintf(stderr, "usage: quota FILE QUESTION\n");
        return 2;
    }
    rc = claude_quota_new(NULL, &quota, &err);
    if (rc >= 0)
        rc = claude_quota_load_limits(quota, limits, CLAUDE_NTS, &err);
    if (rc >= 0)
        rc = load(quota, argv[1], &err);
    if (rc >= 0)
        rc = ask(quota, argv[2], &err);
    if (rc >= 0)
        rc = save(quota, argv[1], &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", claude_error_message(err));
    else
        printf("today: %" PRId64 " requests, %" PRId64 " tokens, %" PRId64 " nano-dollars\n",
               claude_quota_usage(quota, NULL, "daily_requests"), claude_quota_usage(quota, NULL, "daily_tokens"),
               claude_quota_usage(quota, NULL, "daily_cost"));
    claude_error_unref(err);
    claude_quota_unref(quota);
    return rc < 0;
}
