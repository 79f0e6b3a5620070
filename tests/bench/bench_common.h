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

/* Rows are called "name", "name.h2", "name.curl" or "name.h2.curl": .h2 is the same over TLS and HTTP/2, .curl the same
 * with plain libcurl. */
enum { BENCH_NAME_MAX = 64 };
typedef struct bench_row_name {
    char base[BENCH_NAME_MAX];
    int http2;
    int curl;
} bench_row_name;
bench_row_name bench_parse_row(const char *row);

/* libclaude's own choice, for the other side: what it costs is not to be compared. */
#define BENCH_RECEIVE_BUFFER (32 * 1024)

/* Where to connect to. */
typedef struct bench_place {
    const char *url;
    const char *ca_file; /* NULL: no TLS */
    int http2;           /* 0: HTTP/1.1 */
} bench_place;
claude_client_t *bench_client_at(const bench_place *place);
void bench_curl_at(CURL *easy, const bench_place *place);

/* The soft limit of open files becomes the hard one; fails when that is below `needed`. */
void bench_raise_open_files(size_t needed);

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
