/*
 * batches.c - many questions at half the price: a batch is made, waited for, and its results are read line by line.
 *
 *     cc batches.c $(pkg-config --cflags --libs libclaude) -o batches
 *     ANTHROPIC_API_KEY=... ./batches [requests.jsonl]
 *
 * A file has a line for each request: {"custom_id": "first", "params": {"model": "...", "max_tokens": 100, ...}}
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

static const char *const questions[] = {"Name a river.", "Name a mountain.", "Name a lake."};

/* One request for each question. */
static claude_code_t from_questions(claude_request_t **out, claude_error_t **err)
{
    claude_batch_builder_t *builder = NULL;
    claude_code_t rc = claude_batch_builder_new(&builder, err);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && rc >= 0; i++) {
        claude_request_t *message = NULL;
        char id[32];
        snprintf(id, sizeof id, "question-%d", (int)i);
        rc = claude_request_new("messages.create", &message, err);
        if (rc >= 0) {
            claude_request_set_model(message, "claude-haiku-5-5", NULL);
            claude_request_set_max_tokens(message, 100, NULL);
            claude_request_add_user_text(message, questions[i], CLAUDE_NTS, NULL);
            rc = claude_batch_builder_add(builder, id, message, err);
        }
        claude_request_unref(message);
    }
    if (rc >= 0)
        rc = claude_batch_builder_request(builder, out, err);
    claude_batch_builder_unref(builder);
    return rc;
}

/* The file is checked now and read again while it is sent; it is never in memory as a whole. */
static claude_code_t from_file(const char *path, claude_request_t **out, claude_error_t **err)
{
    claude_file_t *file = NULL;
    claude_code_t rc = claude_file_open(path, &file, err);
    if (rc >= 0)
        rc = claude_batch_file_request(file, out, err);
    claude_file_unref(file);
    return rc;
}

static int32_t on_progress(const claude_response_t *batch, void *user_data)
{
    (void)user_data;
    printf("%s: %" PRId64 " to go\n", claude_response_string(batch, "/processing_status", NULL),
           claude_response_int(batch, "/request_counts/processing", -1));
    return 0; /* anything else would end the waiting, not the batch */
}

static void print_result(const char *json, size_t len)
{
    const char *id = NULL, *message = NULL;
    size_t id_len = 0, message_len = 0;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    /* The code is what a call with this request would have returned. */
    if (claude_batch_result_slices(json, len, NULL, &id, &id_len, &message, &message_len, &err) >= 0 &&
        claude_batch_result_error(json, len, &err) >= 0 &&
        claude_response_parse(message, message_len, &response, &err) >= 0)
        printf("%.*s: %s\n", (int)id_len, id, claude_response_text(response, NULL));
    else
        printf("%.*s failed: %s\n", (int)id_len, id != NULL ? id : "", claude_error_message(err));
    claude_response_unref(response);
    claude_error_unref(err);
}

/* However many there are, one is held at a time. */
static claude_code_t print_results(claude_client_t *client, const claude_request_t *request, claude_error_t **err)
{
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    claude_code_t rc = claude_client_stream(client, request, &call, err);
    while (rc >= 0 && (rc = claude_call_next(call, -1, &event, err)) == 1) {
        size_t len = 0;
        const char *json = claude_event_json(event, &len);
        print_result(json, len);
    }
    claude_call_unref(call);
    return rc;
}

int main(int argc, char **argv)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_request_t *results = NULL;
    claude_response_t *batch = NULL;
    claude_response_t *ended = NULL;

    if (claude_client_from_env(NULL, &client, &err) < 0 ||
        (argc > 1 ? from_file(argv[1], &request, &err) : from_questions(&request, &err)) < 0 ||
        claude_client_execute(client, request, &batch, &err) < 0)
        goto out;
    printf("batch %s\n", claude_response_id(batch));
    /* Pauses of half a second that grow up to a minute, for as long as it takes. */
    if (claude_batch_wait(client, claude_response_id(batch), 500, 60000, -1, on_progress, NULL, NULL, &ended, &err) <
            0 ||
        claude_batch_results_request(ended, &results, &err) < 0)
        goto out;
    print_results(client, results, &err);

out:
    if (err != NULL)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_response_unref(ended);
    claude_response_unref(batch);
    claude_request_unref(results);
    claude_request_unref(request);
    claude_client_unref(client);
    claude_error_unref(err);
    return err == NULL ? 0 : 1;
}
