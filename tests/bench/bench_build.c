/*
 * Conversations built and serialised, and answers parsed, without a network; with json-c where the row says so.
 *
 *     bench_build ROW FILE
 *
 * FILE has the texts of a conversation, each with a NUL after it, or for parse.* the body of an answer. Prints ROW in
 * milliseconds of processor time.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "bench_check.h"

#define MODEL "claude-opus-5"
enum { MAX_TOKENS = 1024, ROUNDS_SMALL = 40, ROUNDS_LARGE = 4, LARGE = 4 * 1024 * 1024 };

static const char *role(size_t number)
{
    return number % 2 == 0 ? "user" : "assistant";
}

static size_t build_libclaude(const char *texts, size_t len)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    size_t written = 0;
    size_t number = 0;

    CHECK(claude_request_new("messages.create", &request, &err));
    CHECK(claude_request_set_model(request, MODEL, &err));
    CHECK(claude_request_set_max_tokens(request, MAX_TOKENS, &err));
    for (const char *p = texts; p < texts + len; number++) {
        size_t n = strlen(p);
        CHECK(claude_request_add_message(request, role(number), p, n, &err));
        p += n + 1;
    }
    if (claude_request_json(request, &written) == NULL)
        bench_fail("claude_request_json", "out of memory");
    claude_request_unref(request);
    return written;
}

static size_t build_jsonc(const char *texts, size_t len)
{
    struct json_object *root = json_object_new_object();
    struct json_object *messages = json_object_new_array();
    size_t written = 0;
    size_t number = 0;

    json_object_object_add(root, "model", json_object_new_string(MODEL));
    json_object_object_add(root, "max_tokens", json_object_new_int(MAX_TOKENS));
    json_object_object_add(root, "messages", messages);
    for (const char *p = texts; p < texts + len; number++) {
        size_t n = strlen(p);
        struct json_object *message = json_object_new_object();
        json_object_object_add(message, "role", json_object_new_string(role(number)));
        json_object_object_add(message, "content", json_object_new_string_len(p, (int)n));
        json_object_array_add(messages, message);
        p += n + 1;
    }
    json_object_to_json_string_length(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &written);
    json_object_put(root);
    return written;
}

/* How an answer's texts are read: all as one, or block by block. Returns their length. */
static size_t read_text(const claude_response_t *response)
{
    size_t len = 0;

    claude_response_text(response, &len);
    return len;
}

static size_t read_blocks(const claude_response_t *response)
{
    size_t blocks = claude_response_count(response, "/content");
    size_t read = 0;

    for (size_t i = 0; i < blocks; i++) {
        char pointer[64];
        size_t len = 0;
        snprintf(pointer, sizeof pointer, "/content/%zu/text", i);
        if (claude_response_string(response, pointer, &len) != NULL)
            read += len;
    }
    return read;
}

static size_t parse_and(size_t (*read)(const claude_response_t *), const char *json, size_t len)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    size_t n;

    CHECK(claude_response_parse(json, len, &response, &err));
    if (claude_response_id(response) == NULL || claude_response_usage(response, "output_tokens") < 0)
        bench_fail("answer", "has no identifier or no usage");
    n = read(response);
    claude_response_unref(response);
    return n;
}

static size_t parse_libclaude(const char *json, size_t len)
{
    return parse_and(read_text, json, len);
}

static size_t parse_blocks(const char *json, size_t len)
{
    return parse_and(read_blocks, json, len);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *found = NULL;

    json_object_object_get_ex(object, name, &found);
    return found;
}

static size_t parse_jsonc(const char *json, size_t len)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *root;
    struct json_object *content;
    size_t read = 0;
    size_t blocks;

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, json, (int)len);
    if (member(root, "id") == NULL || json_object_get_int64(member(member(root, "usage"), "output_tokens")) < 0)
        bench_fail("answer", "has no identifier or no usage");
    content = member(root, "content");
    blocks = json_object_array_length(content);
    for (size_t i = 0; i < blocks; i++) {
        struct json_object *text = member(json_object_array_get_idx(content, i), "text");
        if (text != NULL)
            read += (size_t)json_object_get_string_len(text);
    }
    json_object_put(root);
    json_tokener_free(tokener);
    return read;
}

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        bench_fail(path, "cannot be read");
    rewind(file);
    *len = (size_t)size;
    bytes = malloc(*len + 1);
    if (bytes == NULL || fread(bytes, 1, *len, file) != *len)
        bench_fail(path, "cannot be read");
    bytes[*len] = '\0';
    fclose(file);
    return bytes;
}

typedef size_t (*work)(const char *bytes, size_t len);

static work work_of(const char *row)
{
    bool jsonc = strstr(row, ".jsonc") != NULL;

    if (strncmp(row, "parse.", 6) != 0)
        return jsonc ? build_jsonc : build_libclaude;
    if (strstr(row, ".blocks") != NULL)
        return parse_blocks;
    return jsonc ? parse_jsonc : parse_libclaude;
}

int main(int argc, char **argv)
{
    size_t len = 0;
    char *bytes;
    work run;
    int rounds;
    bench_time spent;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_build ROW FILE\n");
        return 2;
    }
    run = work_of(argv[1]);
    bytes = read_whole(argv[2], &len);
    rounds = len < LARGE ? ROUNDS_SMALL : ROUNDS_LARGE;
    /* The first ones, for caches and the allocator; all of the text must have been taken. */
    for (int i = 0; i < 2; i++) {
        if (run(bytes, len) < len / 2)
            bench_fail(argv[1], "something is missing in the result");
    }
    spent = bench_now();
    for (int i = 0; i < rounds; i++)
        run(bytes, len);
    spent = bench_since(spent);
    bench_print(argv[1], "", spent.cpu_ns / 1e6 / rounds, "ms");
    free(bytes);
    return 0;
}
