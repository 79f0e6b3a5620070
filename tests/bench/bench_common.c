#include "bench_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BODY_START                                                                                                     \
    "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static double clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

bench_time bench_now(void)
{
    return (bench_time){clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

bench_time bench_since(bench_time start)
{
    bench_time now = bench_now();
    return (bench_time){now.wall_ns - start.wall_ns, now.cpu_ns - start.cpu_ns};
}

void bench_print(const char *row, const char *suffix, double value, const char *unit)
{
    printf("%s%s %.6g %s\n", row, suffix, value, unit);
}

_Noreturn void bench_fail(const char *what, const char *why)
{
    fprintf(stderr, "benchmark failed: %s: %s\n", what, why != NULL ? why : "?");
    exit(1);
}

/* Runs a call that stores its error in `err`. */
#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        if ((call) < 0)                                                                                                \
            bench_fail(#call, claude_error_message(err));                                                              \
    } while (0)

static int cut_end(char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    if (len < end_len || strcmp(text + len - end_len, end) != 0)
        return 0;
    text[len - end_len] = '\0';
    return 1;
}

bench_row_name bench_parse_row(const char *row)
{
    bench_row_name name = {.http2 = 0};
    snprintf(name.base, sizeof name.base, "%s", row);
    name.curl = cut_end(name.base, ".curl");
    name.http2 = cut_end(name.base, ".h2");
    return name;
}

void bench_raise_open_files(size_t needed)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        bench_fail("getrlimit", "?");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < needed)
        bench_fail("open files", "the hard limit (ulimit -Hn) is too low for that many connections");
}

claude_client_t *bench_client(const char *url)
{
    return bench_client_at(&(bench_place){.url = url});
}

claude_client_t *bench_client_at(const bench_place *place)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    CHECK(claude_config_new(&config, &err));
    CHECK(claude_config_set(config, "base_url", place->url, &err));
    CHECK(claude_config_set(config, "api_key", BENCH_KEY, &err));
    CHECK(claude_config_set(config, "timeout.connect_ms", "60000", &err)); /* the machine may be busy */
    if (place->ca_file != NULL) {
        CHECK(claude_config_set(config, "tls.ca_file", place->ca_file, &err));
        CHECK(claude_config_set(config, "network.http_version", place->http2 ? "auto" : "1.1", &err));
    }
    CHECK(claude_client_new(config, &client, &err));
    claude_config_unref(config);
    return client;
}

claude_request_t *bench_request(const char *scenario, int stream, int accumulate)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    const char *body = stream ? BODY_START ",\"stream\":true}" : BODY_START "}";
    CHECK(claude_request_new("messages.create", &request, &err));
    CHECK(claude_request_set_json(request, body, CLAUDE_NTS, &err));
    CHECK(claude_request_set_option(request, "stream.accumulate", accumulate ? "true" : "false", &err));
    if (scenario != NULL)
        CHECK(claude_request_set_header(request, "x-sandbox-scenario", scenario, &err));
    return request;
}

void bench_curl_open(bench_curl *curl, const char *url, const char *scenario, int stream)
{
    char text[512];
    *curl = (bench_curl){.easy = curl_easy_init()};
    if (curl->easy == NULL)
        bench_fail("curl_easy_init", "out of memory");
    curl->headers = curl_slist_append(NULL, "x-api-key: " BENCH_KEY);
    curl->headers = curl_slist_append(curl->headers, "accept: application/json");
    curl->headers = curl_slist_append(curl->headers, "content-type: application/json");
    curl->headers = curl_slist_append(curl->headers, "anthropic-version: 2023-06-01");
    curl->headers = curl_slist_append(curl->headers, "user-agent: libclaude/0.8.0");
    curl->headers = curl_slist_append(curl->headers, "accept-encoding: identity");
    if (scenario != NULL) {
        snprintf(text, sizeof text, "x-sandbox-scenario: %s", scenario);
        curl->headers = curl_slist_append(curl->headers, text);
    }
    snprintf(text, sizeof text, "%s/v1/messages", url);
    curl_easy_setopt(curl->easy, CURLOPT_URL, text);
    curl_easy_setopt(curl->easy, CURLOPT_HTTPHEADER, curl->headers);
    curl_easy_setopt(curl->easy, CURLOPT_POSTFIELDS, stream ? BODY_START ",\"stream\":true}" : BODY_START "}");
    curl_easy_setopt(curl->easy, CURLOPT_BUFFERSIZE, 65536L);
    curl_easy_setopt(curl->easy, CURLOPT_NOSIGNAL, 1L);
}

void bench_curl_at(CURL *easy, const bench_place *place)
{
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, place->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    if (place->ca_file == NULL)
        return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, place->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the bundle is read again for each connection */
}

void bench_curl_send(const bench_curl *curl, size_t (*write)(char *, size_t, size_t, void *), void *user_data)
{
    long status = 0;
    curl_easy_setopt(curl->easy, CURLOPT_WRITEFUNCTION, write);
    curl_easy_setopt(curl->easy, CURLOPT_WRITEDATA, user_data);
    CURLcode rc = curl_easy_perform(curl->easy);
    if (rc != CURLE_OK)
        bench_fail("curl_easy_perform", curl_easy_strerror(rc));
    curl_easy_getinfo(curl->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        bench_fail("curl_easy_perform", "the status is not 200");
}

void bench_curl_close(bench_curl *curl)
{
    curl_easy_cleanup(curl->easy);
    curl_slist_free_all(curl->headers);
}
