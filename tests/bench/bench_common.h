/* What the benchmarks share: clocks, and the two sides of each comparison made ready to send the same request. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdint.h>

#include <claude/claude.h>
#include <curl/curl.h>

/* Well-formed and worthless: the sandbox checks no key. */
#define BENCH_KEY "sk-ant-benchmark-not-a-real-key"

typedef struct bench_time {
    double wall_ns;
    double cpu_ns;
} bench_time;

/* Time passed and processor time spent by this process. */
bench_time bench_now(void);
bench_time bench_since(bench_time start);

/* Prints "row value unit". */
void bench_print(const char *row, const char *suffix, double value, const char *unit);

/* Ends the program with a message: a benchmark that did not do its work has no figure. */
_Noreturn void bench_fail(const char *what, const char *why);

/* The library's side. `scenario` may be NULL: the sandbox's own answer. */
claude_client_t *bench_client(const char *url);
claude_request_t *bench_request(const char *scenario, int stream, int accumulate);

/* Plain libcurl's side, with the same body, headers and buffer size. */
typedef struct bench_curl {
    CURL *easy;
    struct curl_slist *headers;
} bench_curl;

void bench_curl_open(bench_curl *curl, const char *url, const char *scenario, int stream);
void bench_curl_send(const bench_curl *curl, size_t (*write)(char *, size_t, size_t, void *), void *user_data);
void bench_curl_close(bench_curl *curl);

#endif
