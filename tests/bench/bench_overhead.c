/*
 * Short requests, one after the other, for scripts/bench to count the instructions of under callgrind:
 *
 *     bench_overhead ROW URL CALLS
 *
 * overhead.absent is for a library that was built without retries, breaker, limiter, failover, health checks, quotas,
 * metrics, compression, dynamic configuration and diagnostics; overhead.unused for one that has them, without a word
 * about them; overhead.used turns on all that need no second endpoint, and asks for them; its client follows a
 * file in a folder of its own, so that no other file is heard of. Prints nothing: the counts are in callgrind's file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_common.h"

typedef claude_code_t (*execute_fn)(claude_client_t *client, const claude_request_t *request, claude_response_t **out,
                                    claude_error_t **err);

static const char *const features[] = {
    "retry-logic", "circuit-breaker", "rate-limiting",  "failover",         "health-checks",      "enterprise-quota",
    "metrics",     "compression",     "dynamic-config", "curl-diagnostics", "general-diagnostics"};

static const char *const options[][2] = {
    {"quota.enabled", "true"},         {"metrics.enabled", "true"},
    {"compression.enabled", "true"}, /* the request is too small for it */
    {"compression.responses", "true"}, {"diagnostics.timings", "100"},
    {"limiter.burst", "1000000"},      {"quota.daily_tokens", "1000000000"},
};

/* What is not here is as by default: retries and breaker on. Nothing is to wait. */
static const char file[] = "{\"enable_rate_limiting\": true, \"rate_limit_rps\": 1000000}\n";

static void check_library(int is_absent)
{
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (claude_feature(features[i]) == is_absent)
            bench_fail(features[i], is_absent ? "is in this library" : "is not in this library");
    }
}

static char folder[] = "/tmp/bench-overhead-XXXXXX";
static char path[sizeof folder + 16];

static void write_file(void)
{
    FILE *out = NULL;
    if (mkdtemp(folder)) {
        snprintf(path, sizeof path, "%s/config.json", folder);
        out = fopen(path, "we");
    }
    if (out == NULL || fputs(file, out) < 0 || fclose(out) != 0)
        bench_fail(folder, "cannot be written");
}

static void remove_file(void)
{
    unlink(path);
    rmdir(folder);
}

static void follow_file(claude_client_t *client)
{
    claude_watcher_t *watcher = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_watcher_new(path, NULL, 0, &watcher, &err);
    if (rc >= 0)
        rc = claude_watcher_error(watcher, &err);
    if (rc >= 0)
        rc = claude_watcher_attach(watcher, client, NULL, &err);
    if (rc < 0)
        bench_fail("watcher", claude_error_message(err));
    claude_watcher_unref(watcher); /* the client holds it */
}

static claude_client_t *client_with_everything(const char *url)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_config_new(&config, &err);
    if (rc >= 0)
        rc = claude_config_set(config, "base_url", url, &err);
    if (rc >= 0)
        rc = claude_config_set(config, "api_key", BENCH_KEY, &err);
    for (size_t i = 0; rc >= 0 && i < sizeof options / sizeof options[0]; i++)
        rc = claude_config_set(config, options[i][0], options[i][1], &err);
    if (rc >= 0)
        rc = claude_client_new(config, &client, &err);
    if (rc < 0)
        bench_fail("client", claude_error_message(err));
    claude_config_unref(config);
    follow_file(client);
    return client;
}

static void run(claude_client_t *client, execute_fn execute, long calls)
{
    claude_request_t *request = bench_request("bench-later", 0, 1);
    for (long i = 0; i < calls; i++) {
        claude_response_t *response = NULL;
        claude_error_t *err = NULL;
        size_t len = 0;
        if (execute(client, request, &response, &err) < 0)
            bench_fail("execute", claude_error_message(err));
        claude_response_json(response, &len);
        if (len == 0)
            bench_fail("answer", "empty");
        claude_response_unref(response);
    }
    claude_request_unref(request);
}

int main(int argc, char **argv)
{
    int used = argc == 4 && strcmp(argv[1], "overhead.used") == 0;
    execute_fn execute = claude_client_execute;
    claude_client_t *client;
    if (argc != 4) {
        fprintf(stderr, "usage: bench_overhead overhead.absent|overhead.unused|overhead.used URL CALLS\n");
        return 2;
    }
    check_library(strcmp(argv[1], "overhead.absent") == 0);
    if (used) {
        execute = claude_client_execute_with_enterprise_features;
        write_file();
    }
    client = used ? client_with_everything(argv[2]) : bench_client(argv[2]);
    run(client, execute, strtol(argv[3], NULL, 10));
    claude_client_unref(client);
    if (used)
        remove_file();
    return 0;
}
