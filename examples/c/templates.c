/*
 * templates.c - functions that fill requests for common work: chat, code, extraction, question answering, summary. To
 * be copied and changed: the words are what matters.
 *
 *     cc templates.c $(pkg-config --cflags --libs libclaude) -o templates
 *     ANTHROPIC_API_KEY=... ./templates
 */
#include <inttypes.h>
#include <stdio.h>

#include <claude/claude.h>

/* Setters remember their first failure, and sending returns it. So none is looked at here. */
static void fill(claude_request_t *request, const char *model, int64_t max_tokens, const char *system)
{
    claude_request_set_model(request, model, NULL);
    claude_request_set_max_tokens(request, max_tokens, NULL);
    claude_request_set_system(request, system, CLAUDE_NTS, NULL);
}

/* A conversation: what the user and the assistant have said, by turns, the user first and last. */
static void template_chat(claude_request_t *request, const char *const *turns, size_t count)
{
    fill(request, "claude-haiku-5-5", 1024,
         "You are a friendly assistant. Answer in a few sentences. Ask back when a question is not clear.");
    for (size_t i = 0; i < count; i++)
        claude_request_add_message(request, i % 2 == 0 ? "user" : "assistant", turns[i], CLAUDE_NTS, NULL);
}

/* Code, and nothing else. The name of a language has room in `system`. */
static void template_code(claude_request_t *request, const char *language, const char *task)
{
    char system[512];
    snprintf(system, sizeof system,
             "You write %s. Answer with the code alone, in one block, without words before or after it. Handle errors. "
             "Use the standard library only, unless the task asks for more.",
             language);
    fill(request, "claude-sonnet-5-5", 4096, system);
    claude_request_add_user_text(request, task, CLAUDE_NTS, NULL);
}

/* Facts out of a text, as JSON that fits a schema: claude_response_parse_structured() reads the answer. */
static void template_extraction(claude_request_t *request, const char *schema, const char *text)
{
    fill(request, "claude-haiku-5-5", 1024,
         "You read facts out of texts. Take what the text says, word by word where that is possible, and add nothing.");
    claude_request_add_user_text(request, text, CLAUDE_NTS, NULL);
    claude_request_set_structured_output(request, schema, CLAUDE_NTS, NULL);
}

/* A question about a document. The document comes first and is cached: the next question about it is cheaper. */
static claude_code_t template_question(claude_request_t *request, const char *title, const char *document,
                                       const char *question, claude_error_t **err)
{
    claude_block_t *block = NULL;
    claude_code_t rc = claude_block_document_text(document, CLAUDE_NTS, &block, err);
    if (rc >= 0) {
        claude_block_set_title(block, title, CLAUDE_NTS, NULL);
        claude_block_set_citations(block, 1, NULL);
        claude_block_set_cache_control(block, NULL, NULL);
        fill(request, "claude-sonnet-5-5", 1024,
             "Answer from the document alone, and name the place. If it does not say, say that it does not.");
        rc = claude_request_add_user_with_image(request, question, CLAUDE_NTS, block, err);
    }
    claude_block_unref(block);
    return rc;
}

/* A text in so many sentences. What is to be summed up and what is to be done are blocks of their own. */
static claude_code_t template_summary(claude_request_t *request, const char *text, int sentences, claude_error_t **err)
{
    char task[128];
    claude_block_t *blocks[2] = {NULL, NULL};
    claude_code_t rc = claude_block_text(text, CLAUDE_NTS, &blocks[0], err);
    snprintf(task, sizeof task, "Sum up the text above in at most %d sentences.", sentences);
    fill(request, "claude-haiku-5-5", 512,
         "You sum up texts for people who have no time: what matters first, in plain words, in the text's language.");
    rc = rc < 0 ? rc : claude_block_text(task, CLAUDE_NTS, &blocks[1], err);
    rc = rc < 0 ? rc : claude_request_add_blocks(request, "user", blocks, 2, err);
    claude_block_unref(blocks[0]);
    claude_block_unref(blocks[1]);
    return rc;
}

static const char schema[] = "{\"type\": \"object\","
                             " \"properties\": {"
                             "  \"customer\": {\"type\": \"string\"},"
                             "  \"items\": {\"type\": \"array\", \"items\": {\"type\": \"object\","
                             "   \"properties\": {"
                             "    \"product\": {\"type\": \"string\"},"
                             "    \"count\": {\"type\": \"integer\"}},"
                             "   \"required\": [\"product\", \"count\"]}}},"
                             " \"required\": [\"customer\", \"items\"]}";
static const char order[] = "Please send us three boxes of chalk and a sponge. Regards, Hilltop School";
static const char rules[] = "Boats are lent for a day. Who brings one back late pays for another day.";

enum { CHAT, CODE, EXTRACTION, QUESTION, SUMMARY, TEMPLATES };
static const char *const names[TEMPLATES] = {"chat", "code", "extraction", "question answering", "summary"};

static claude_code_t fill_template(int which, claude_request_t *request, claude_error_t **err)
{
    static const char *const turns[] = {"I want to learn rowing.", "Wonderful! On a river or on a lake?", "A lake."};
    switch (which) {
    case CHAT:
        template_chat(request, turns, sizeof turns / sizeof turns[0]);
        break;
    case CODE:
        template_code(request, "C", "A function that reverses a string in place.");
        break;
    case EXTRACTION:
        template_extraction(request, schema, order);
        break;
    case QUESTION:
        return template_question(request, "Rules of the boat house", rules, "What if I am late?", err);
    default:
        return template_summary(request, rules, 1, err);
    }
    return CLAUDE_OK;
}

static claude_code_t print_order(const claude_response_t *response, claude_error_t **err)
{
    claude_response_t *found = NULL;
    claude_code_t rc = claude_response_parse_structured(response, schema, CLAUDE_NTS, &found, err);
    if (rc >= 0)
        printf("%s wants %d things, first %" PRId64 " x %s\n", claude_response_string(found, "/customer", NULL),
               (int)claude_response_count(found, "/items"), claude_response_int(found, "/items/0/count", 0),
               claude_response_string(found, "/items/0/product", NULL));
    claude_response_unref(found);
    return rc;
}

static claude_code_t run(claude_client_t *client, int which, claude_error_t **err)
{
    claude_request_t *request = NULL;
    claude_response_t *response = NULL;
    claude_code_t rc = claude_request_new("messages.create", &request, err);
    rc = rc < 0 ? rc : fill_template(which, request, err);
    rc = rc < 0 ? rc : claude_client_execute(client, request, &response, err);
    if (rc >= 0) {
        printf("-- %s\n", names[which]);
        if (which == EXTRACTION)
            rc = print_order(response, err);
        else
            printf("%s\n", claude_response_text(response, NULL));
    }
    claude_response_unref(response);
    claude_request_unref(request);
    return rc;
}

int main(void)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_code_t rc = claude_client_from_env(NULL, &client, &err);
    for (int i = 0; i < TEMPLATES && rc >= 0; i++)
        rc = run(client, i, &err);
    if (rc < 0)
        fprintf(stderr, "error: %s\n", claude_error_message(err));
    claude_client_unref(client);
    claude_error_unref(err);
    return rc < 0 ? 1 : 0;
}
