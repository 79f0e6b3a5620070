#include "table.h"

#include <string.h>

#include "arguments.h"

const cli_command cli_commands[CLI_COMMANDS] = {
    {"ask", "[PROMPT ...]", "<file>",
     "Ask a question, and show the answer as it comes. This is what happens without a command."},
    {"batch", "FILE.jsonl", "<file>", "Have a batch made, wait for it, and show its results, a line for each request."},
    {"completion", "bash|zsh|fish", "bash zsh fish",
     "Show the file that lets a shell complete command lines of claudec."},
    {"count", "[PROMPT ...]", "<file>",
     "Show how many tokens a prompt has. Nothing is answered, and nothing is paid for."},
    {"curl", "[PROMPT ...]", "<file>",
     "Show the curl command that would send what ask would send. The key is not in it."},
    {"doctor", "", NULL, "Check the way to the server, step by step: name, connection, certificate, clock, key."},
    {"models", "", NULL, "List the models."},
};

#define BIT(command) (1U << (CLI_##command))
#define PROMPT (BIT(ASK) | BIT(COUNT) | BIT(CURL))
#define SENDS (PROMPT | BIT(BATCH) | BIT(DOCTOR) | BIT(MODELS))
#define ALL (SENDS | BIT(COMPLETION))
#define AT(member) offsetof(cli_arguments, member)

const cli_option cli_options[] = {
    {'m', "model", "MODEL", CLI_TEXT, AT(model), PROMPT | BIT(DOCTOR), "<model>",
     "The model to ask; without it that of the environment variable CLAUDEC_MODEL, else claude-haiku-5-5."},
    {'s', "system", "TEXT", CLI_TEXT, AT(system), PROMPT, NULL, "The system prompt."},
    {0, "system-file", "FILE", CLI_TEXT, AT(system_file), PROMPT, "<file>", "Read the system prompt from a file."},
    {'a', "attach", "FILE", CLI_LIST, AT(attach), PROMPT, "<file>",
     "Send an image, a PDF or a text with the prompt. It is read from the disk while it is sent. May be repeated."},
    {'t', "max-tokens", "N", CLI_TEXT, AT(max_tokens), BIT(ASK) | BIT(CURL), NULL,
     "The most tokens that the answer may have; 4096 if not given."},
    {'T', "temperature", "X", CLI_TEXT, AT(temperature), BIT(ASK) | BIT(CURL), NULL,
     "How much chance there is in the answer: 0 to 1."},
    {0, "thinking", "KIND", CLI_TEXT, AT(thinking), PROMPT, "adaptive disabled 4096 16384",
     "Whether the model thinks before it answers: adaptive, disabled, or the most tokens for it."},
    {0, "effort", "LEVEL", CLI_TEXT, AT(effort), PROMPT, "low medium high xhigh max",
     "How much effort the model makes: low, medium, high, xhigh or max."},
    {0, "show-thinking", NULL, CLI_FLAG, AT(show_thinking), BIT(ASK), NULL,
     "Show what the model thinks, on standard error."},
    {0, "tools", "FILE", CLI_TEXT, AT(tools), PROMPT, "<file>",
     "Offer the tools of a file: a JSON array. claudec runs none itself, so it is for those that the server runs. "
     "Without this option there are none."},
    {'n', "no-stdin", NULL, CLI_FLAG, AT(no_stdin), PROMPT, NULL,
     "Leave standard input alone. Otherwise, unless it is a terminal, it goes before the prompt as context."},
    {0, "json", NULL, CLI_FLAG, AT(json), SENDS & ~(BIT(CURL) | BIT(BATCH)), NULL,
     "Show the whole answer as JSON, when it is complete."},
    {0, "events", NULL, CLI_FLAG, AT(events), BIT(ASK), NULL,
     "Show the events of the stream as they come, each as a line of JSON."},
    {'q', "quiet", NULL, CLI_FLAG, AT(quiet), ALL, NULL, "Say nothing on standard error but what went wrong."},
    {0, "usage", NULL, CLI_FLAG, AT(usage), BIT(ASK) | BIT(BATCH), NULL,
     "Show tokens, cost and time at the end, also where standard error is no terminal."},
    {0, "retries", "N", CLI_TEXT, AT(retries), SENDS & ~(BIT(DOCTOR) | BIT(CURL)), NULL,
     "Try again, so many times, after failures that may pass; not once an answer has begun."},
    {0, "with", "FEATURE", CLI_LIST, AT(with), SENDS & ~(BIT(DOCTOR) | BIT(CURL)),
     "retries circuit-breaker rate-limiting failover",
     "Use a feature of the library: retries, circuit-breaker, rate-limiting or failover. May be repeated."},
    {0, "endpoint", "URL[,KEYFILE]", CLI_LIST, AT(endpoints), SENDS & ~(BIT(DOCTOR) | BIT(CURL)), NULL,
     "A server for failover, with the file of its own key. The first comes first. May be repeated."},
    {'o', "option", "KEY=VALUE", CLI_LIST, AT(options), SENDS, "<option>",
     "Set an option of the library, for example timeout.connect_ms=2000. May be repeated."},
    {0, "key-file", "FILE", CLI_TEXT, AT(key_file), SENDS, "<file>",
     "Read the key from a file that is readable for you alone (chmod 600)."},
    {0, "workspace", NULL, CLI_FLAG, AT(workspace), SENDS, NULL,
     "Read the key from the workspace: secret/-secrets.sh."},
    {0, "resume", "ID", CLI_TEXT, AT(resume), BIT(BATCH), NULL,
     "Wait for a batch that was made before, and show its results."},
    {0, "no-wait", NULL, CLI_FLAG, AT(no_wait), BIT(BATCH), NULL, "Have the batch made, show its id, and do not wait."},
    {0, "body-file", "FILE", CLI_TEXT, AT(body_file), BIT(CURL), "<file>",
     "Write the body to this file, from which the command reads it. A long one needs that."},
    {'h', "help", NULL, CLI_FLAG, AT(help), ALL, NULL, "Show this, and end. Behind a command: its own options."},
    {'V', "version", NULL, CLI_FLAG, AT(version), ALL, NULL,
     "Show the versions of claudec and of the library that was loaded, and end."},
    {0, NULL, NULL, 0, 0, 0, NULL, NULL},
};

int cli_command_find(const char *name)
{
    for (int i = 0; i < CLI_COMMANDS; i++) {
        if (strcmp(cli_commands[i].name, name) == 0)
            return i;
    }
    return -1;
}

const cli_option *cli_option_find(const char *name, size_t len)
{
    for (const cli_option *option = cli_options; option->name != NULL; option++) {
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

const cli_option *cli_option_letter(char letter)
{
    for (const cli_option *option = cli_options; option->name != NULL; option++) {
        if (option->letter == letter)
            return option;
    }
    return NULL;
}

enum { NAME_MAX_BYTES = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or exchanged to make one text of the other. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[NAME_MAX_BYTES + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t exchange = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(exchange, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *cli_option_nearest(const char *name, size_t len)
{
    const char *nearest = NULL;
    size_t best = 4; /* more is no slip of the finger */
    for (const cli_option *option = cli_options; len <= NAME_MAX_BYTES && option->name != NULL; option++) {
        size_t away = distance(name, len, option->name, strlen(option->name));
        if (away < best && away < len) {
            best = away;
            nearest = option->name;
        }
    }
    return nearest;
}
