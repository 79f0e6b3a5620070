/*
 * Files sent in a message: memory beyond that of the idle client, and processor time.
 *
 *     bench_upload ROW URL FILE ...
 *
 * prints ROW, the peak of the first message over the client that has sent a short one, in MiB, and ROW.cpu of the
 * following ones in milliseconds per MB of the files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/file.h>

#include "bench_check.h"

enum { ROUNDS = 3 };

#define SOURCE "\"source\":{\"type\":\"base64\",\"media_type\":\"%s\",\"data\":\"%s\"}"

static void execute(claude_client_t *client, claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    CHECK(claude_client_execute(client, request, &response, &err));
    claude_response_unref(response);
    claude_request_unref(request);
}

/* Returns the size of the files. */
static double send_files(claude_client_t *client, char **paths, int count)
{
    char body[4096] = "{\"model\":\"claude-opus-5\",\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":[";
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    double bytes = 0;

    CHECK(claude_request_new("messages.create", &request, &err));
    for (int i = 0; i < count; i++) {
        claude_file_t *file = NULL;
        size_t at = strlen(body);
        const char *media;
        CHECK(claude_file_open(paths[i], &file, &err));
        CHECK(claude_request_attach(request, file, &err));
        media = claude_file_media_type(file);
        snprintf(body + at, sizeof body - at, "%s{\"type\":\"%s\"," SOURCE "}", i > 0 ? "," : "",
                 strncmp(media, "image/", 6) == 0 ? "image" : "document", media, claude_file_token(file));
        bytes += (double)claude_file_size(file);
        claude_file_unref(file);
    }
    strcat(body, "]}]}");
    CHECK(claude_request_set_json(request, body, CLAUDE_NTS, &err));
    CHECK(claude_request_set_header(request, "x-sandbox-scenario", "bench-short", &err));
    execute(client, request);
    return bytes;
}

/* A line of /proc/self/status, in MiB. */
static double memory(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kib = -1;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name), NULL);
    }
    if (file == NULL || kib < 0)
        bench_fail("/proc/self/status", "cannot be read");
    fclose(file);
    return kib / 1024;
}

/* The peak begins anew from what is resident now. */
static void reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");

    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0)
        bench_fail("/proc/self/clear_refs", "cannot be written");
}

int main(int argc, char **argv)
{
    claude_client_t *client;
    double before;
    double bytes = 0;
    bench_time spent;

    if (argc < 4) {
        fprintf(stderr, "usage: bench_upload ROW URL FILE ...\n");
        return 2;
    }
    client = bench_client(argv[2]);
    execute(client, bench_request("bench-short", 0, 0));
    reset_peak();
    before = memory("VmRSS:");
    send_files(client, argv + 3, argc - 3);
    bench_print(argv[1], "", memory("VmHWM:") - before, "MiB");
    spent = bench_now();
    for (int i = 0; i < ROUNDS; i++)
        bytes += send_files(client, argv + 3, argc - 3);
    spent = bench_since(spent);
    bench_print(argv[1], ".cpu", spent.cpu_ns / 1e6 / (bytes / 1e6), "ms/MB");
    claude_client_unref(client);
    return 0;
}
