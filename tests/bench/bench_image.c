/*
 * A file from the disk to the bytes that go on the wire, base64 included, in blocks as libcurl asks for them; with
 * json-c where the row says so.
 *
 *     bench_image ROW FILE
 *
 * Prints ROW in milliseconds of processor time. Calls the room that reads bodies directly: there is no network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/file.h>
#include <claude/request.h>
#include <json-c/json.h>

#include "base/base.h"
#include "bench_check.h"
#include "message/message.h"

enum { ROUNDS = 10, BLOCK = 64 * 1024 };

#define BODY                                                                                                           \
    "{\"model\":\"claude-opus-5\",\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"        \
    "\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"%s\"}}]}]}"

static size_t run_libclaude(const char *path)
{
    static char block[BLOCK];
    char body[512];
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    cl_snapshot snapshot;
    cl_body_reader reader = CL_BODY_READER_INIT;
    size_t sent = 0;
    size_t got = 0;

    CHECK(claude_file_open(path, &file, &err));
    snprintf(body, sizeof body, BODY, claude_file_token(file));
    CHECK(claude_request_new("messages.create", &request, &err));
    CHECK(claude_request_set_json(request, body, CLAUDE_NTS, &err));
    CHECK(claude_request_attach(request, file, &err));
    if (cl_request_snapshot(request, false, &snapshot, NULL) < 0)
        bench_fail("cl_request_snapshot", "failed");
    do {
        if (cl_body_reader_read(&reader, &snapshot.body, block, sizeof block, &got, NULL) < 0)
            bench_fail("cl_body_reader_read", "failed");
        sent += got;
    } while (got > 0);
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    claude_request_unref(request);
    claude_file_unref(file);
    return sent;
}

/* As a C program would do it without a library of its own: read, encode, put into a tree, print that. */
static size_t run_jsonc(const char *path)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;
    char *text = NULL;
    size_t size = 0;
    size_t n = 0;
    size_t sent = 0;
    long end;
    struct json_object *root = json_tokener_parse("{\"model\":\"claude-opus-5\",\"max_tokens\":1024}");
    struct json_object *source = json_object_new_object();

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0)
        bench_fail(path, "cannot be read");
    rewind(file);
    size = (size_t)end;
    bytes = calloc(1, size + 3);
    text = malloc(size / 3 * 4 + 8);
    if (bytes == NULL || text == NULL || fread(bytes, 1, size, file) != size)
        bench_fail(path, "cannot be read");
    fclose(file);
    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            text[n++] = digits[bits >> shift & 63];
    }
    free(bytes);
    json_object_object_add(source, "data", json_object_new_string_len(text, (int)n));
    free(text);
    json_object_object_add(root, "source", source);
    json_object_to_json_string_length(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &sent);
    json_object_put(root);
    return sent;
}

int main(int argc, char **argv)
{
    size_t (*run)(const char *path);
    size_t sent = 0;
    bench_time spent;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_image ROW FILE\n");
        return 2;
    }
    run = strstr(argv[1], ".jsonc") != NULL ? run_jsonc : run_libclaude;
    run(argv[2]);
    spent = bench_now();
    for (int i = 0; i < ROUNDS; i++)
        sent += run(argv[2]);
    spent = bench_since(spent);
    if (sent < ROUNDS * (size_t)10000000 / 3 * 4)
        bench_fail(argv[1], "something is missing in the body");
    bench_print(argv[1], "", spent.cpu_ns / 1e6 / ROUNDS, "ms");
    return 0;
}
