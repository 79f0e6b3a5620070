#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "input.h"

/* Attachments, what came from standard input, and nothing else. */
typedef struct block_list {
    claude_block_t *items[CLI_LIST_MAX + 1];
    size_t count;
} block_list;

static void clear_blocks(block_list *self)
{
    for (size_t i = 0; i < self->count; i++)
        claude_block_unref(self->items[i]);
}

/* Images and documents by their first bytes; anything else is a text. */
static claude_code_t block_of(claude_file_t *file, claude_block_t **out, claude_error_t **err)
{
    if (strncmp(claude_file_media_type(file), "image/", 6) == 0)
        return claude_block_image_file(file, out, err);
    return claude_block_document_file(file, out, err);
}

static int attach(block_list *self, const char *path)
{
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_file_open(path, &file, &err);
    int code = 0;
    if (rc >= 0)
        rc = block_of(file, &self->items[self->count], &err);
    if (rc >= 0)
        self->count++;
    else
        code = cli_fail(cli_exit_code(rc), "%s: %s", path, claude_error_message(err));
    claude_file_unref(file);
    claude_error_unref(err);
    return code;
}

/* An image or a PDF may come through a pipe, too; other bytes are text. */
static claude_code_t context_block(const cli_text *context, claude_block_t **out, claude_error_t **err)
{
    claude_file_t *file = NULL;
    claude_code_t rc = claude_file_from_bytes(context->bytes, context->len, NULL, &file, err);
    const char *type = claude_file_media_type(file);
    if (rc >= 0 && (strncmp(type, "image/", 6) == 0 || strcmp(type, "application/pdf") == 0))
        rc = block_of(file, out, err);
    else if (rc >= 0)
        rc = claude_block_text(context->bytes, context->len, out, err);
    claude_file_unref(file);
    return rc;
}

static int set_message(const cli_arguments *arguments, const cli_input *input, claude_request_t *request)
{
    block_list blocks = {{NULL}, 0};
    claude_error_t *err = NULL;
    claude_code_t rc = CLAUDE_OK;
    int code = 0;
    for (size_t i = 0; i < arguments->attach.count && code == 0; i++)
        code = attach(&blocks, arguments->attach.items[i]);
    if (code == 0 && input->context.len > 0) {
        rc = context_block(&input->context, &blocks.items[blocks.count], &err);
        blocks.count += rc >= 0;
    }
    if (code == 0 && rc >= 0 && input->prompt.len == 0 && blocks.count == 0)
        code = cli_fail(CLI_EXIT_USAGE, "the prompt is empty: claudec \"a question\", or a text on standard input");
    else if (code == 0 && rc >= 0 && blocks.count == 0)
        rc = claude_request_add_user_text(request, input->prompt.bytes, input->prompt.len, &err);
    else if (code == 0 && rc >= 0)
        rc = claude_request_add_user_with_images(request, input->prompt.bytes, input->prompt.len, blocks.items,
                                                 blocks.count, &err);
    if (rc < 0)
        code = cli_fail_error(err);
    clear_blocks(&blocks);
    claude_error_unref(err);
    return code;
}

static int set_system(const cli_arguments *arguments, claude_request_t *request)
{
    cli_text text = {NULL, 0};
    claude_error_t *err = NULL;
    int code = 0;
    if (arguments->system_file != NULL)
        code = cli_input_file(&text, arguments->system_file, CLI_INPUT_MAX);
    if (code == 0 && text.bytes != NULL && claude_request_set_system(request, text.bytes, text.len, &err) < 0)
        code = cli_fail_error(err);
    else if (code == 0 && arguments->system != NULL &&
             claude_request_set_system(request, arguments->system, CLAUDE_NTS, &err) < 0)
        code = cli_fail_error(err);
    free(text.bytes);
    claude_error_unref(err);
    return code;
}

static int set_tools(const cli_arguments *arguments, claude_request_t *request)
{
    cli_text text = {NULL, 0};
    claude_error_t *err = NULL;
    int code;
    if (arguments->tools == NULL)
        return 0;
    code = cli_input_file(&text, arguments->tools, CLI_INPUT_MAX);
    if (code == 0 && claude_request_set_field(request, "/tools", text.bytes, text.len, &err) < 0)
        code = cli_fail(CLI_EXIT_DATA, "--tools %s: %s", arguments->tools, claude_error_message(err));
    free(text.bytes);
    claude_error_unref(err);
    return code;
}

/* A whole number of at most 9 digits; -1 if it is none. */
static int64_t whole_number(const char *text)
{
    int64_t number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return -1;
    for (; *text != '\0'; text++)
        number = number * 10 + (*text - '0');
    return number;
}

/* What is a number for people and for JSON: digits, and perhaps a point and digits. */
static int is_number(const char *text)
{
    size_t whole = strspn(text, "0123456789"), fraction;
    if (whole == 0 || whole > 9)
        return 0;
    if (text[whole] == '\0')
        return 1;
    fraction = strspn(text + whole + 1, "0123456789");
    return text[whole] == '.' && fraction > 0 && text[whole + 1 + fraction] == '\0';
}

static int set_thinking(const cli_arguments *arguments, claude_request_t *request)
{
    claude_error_t *err = NULL;
    int64_t budget;
    int code = 0;
    if (arguments->thinking == NULL)
        return 0;
    budget = whole_number(arguments->thinking);
    if (claude_request_set_thinking(request, budget >= 0 ? "enabled" : arguments->thinking, budget >= 0 ? budget : 0,
                                    &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "--thinking: %s", claude_error_message(err));
    claude_error_unref(err);
    return code;
}

/* What a request for an answer has, and one for a count has not. */
static int set_answer(const cli_arguments *arguments, claude_request_t *request)
{
    claude_error_t *err = NULL;
    int64_t max_tokens = arguments->max_tokens != NULL ? whole_number(arguments->max_tokens) : 4096;
    int code = 0;
    if (max_tokens < 1)
        return cli_fail(CLI_EXIT_USAGE, "--max-tokens %.64s: must be a whole number from 1 on", arguments->max_tokens);
    if (arguments->temperature != NULL && !is_number(arguments->temperature))
        return cli_fail(CLI_EXIT_USAGE, "--temperature %.64s: must be a number, for example 0.7",
                        arguments->temperature);
    if (claude_request_set_max_tokens(request, max_tokens, &err) < 0 ||
        (arguments->temperature != NULL &&
         claude_request_set_field(request, "/temperature", arguments->temperature, CLAUDE_NTS, &err) < 0))
        code = cli_fail_error(err);
    claude_error_unref(err);
    return code;
}

const char *cli_request_model(const cli_arguments *arguments)
{
    const char *model = getenv("CLAUDEC_MODEL");
    if (arguments->model != NULL)
        return arguments->model;
    return model != NULL && *model != '\0' ? model : "claude-haiku-5-5";
}

int cli_request_make(const cli_arguments *arguments, const char *endpoint, claude_request_t **out)
{
    cli_input input = {{NULL, 0}, {NULL, 0}};
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    int code = 0;
    if (claude_request_new(endpoint, &request, &err) < 0)
        code = cli_fail_error(err);
    else if (claude_request_set_model(request, cli_request_model(arguments), &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "--model: %s", claude_error_message(err));
    if (code == 0 && strcmp(endpoint, "messages.create") == 0)
        code = set_answer(arguments, request);
    code = code != 0 ? code : set_thinking(arguments, request);
    if (code == 0 && arguments->effort != NULL && claude_request_set_effort(request, arguments->effort, &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "--effort: %s", claude_error_message(err));
    code = code != 0 ? code : set_system(arguments, request);
    code = code != 0 ? code : set_tools(arguments, request);
    code = code != 0 ? code : cli_input_read(&input, arguments);
    code = code != 0 ? code : set_message(arguments, &input, request);
    cli_input_clear(&input);
    claude_error_unref(err);
    if (code == 0)
        *out = request;
    else
        claude_request_unref(request);
    return code;
}
