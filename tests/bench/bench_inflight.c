/*
 * Short requests on one event loop, many in flight: whenever one is answered the next is sent.
 *
 *     bench_inflight ROW URL [CA_FILE]
 *
 * ROW is loop.request.64, with .h2 and .curl as bench_common.h says. Prints it in microseconds of processor time per
 * call and ROW.rate in calls per second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_loops.h"

enum { WARM_UP = 2000, CALLS = 20000, IN_FLIGHT = 64, ANSWER_MAX = 65536, STREAMS_PER_CONNECTION = 16 };

/* ---- plain libcurl: handles are used again ---- */

typedef struct answer {
    bench_curl curl;
    size_t len;
    char text[ANSWER_MAX];
} answer;

static size_t on_write(char *data, size_t size, size_t count, void *user_data)
{
    answer *a = user_data;
    size_t len = size * count;
    if (a->len + len > sizeof a->text)
        bench_fail("answer", "too long");
    memcpy(a->text + a->len, data, len);
    a->len += len;
    return len;
}

static void send_with(const bench_multi *m, answer *a)
{
    a->len = 0;
    bench_multi_add(m, a->curl.easy);
}

static void check_answer(const answer *a, CURLcode rc)
{
    long status = 0;
    curl_easy_getinfo(a->curl.easy, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK || status != 200 || a->len == 0)
        bench_fail("answer", rc != CURLE_OK ? curl_easy_strerror(rc) : "the status is not 200, or no content");
}

/* Takes what is finished; sends again as long as `*to_send` is not 0. Returns how many were finished. */
static int take_answers(bench_multi *m, int *to_send)
{
    int finished = 0;
    int left;
    CURLMsg *message;
    bench_multi_turn(m, 1000);
    while ((message = curl_multi_info_read(m->multi, &left)) != NULL) {
        answer *a = NULL;
        CURLcode rc = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &a);
        curl_multi_remove_handle(m->multi, a->curl.easy);
        check_answer(a, rc);
        finished++;
        if (*to_send > 0) {
            send_with(m, a);
            --*to_send;
        }
    }
    return finished;
}

/* `first` of the handles start; the rest of the calls follow as answers come. */
static void curl_calls(bench_multi *m, answer *answers, int first, int calls)
{
    int to_send = calls - first;
    for (int i = 0; i < first; i++)
        send_with(m, &answers[i]);
    while (calls > 0)
        calls -= take_answers(m, &to_send);
}

static bench_time run_curl(const bench_place *place)
{
    answer *answers = calloc(IN_FLIGHT, sizeof *answers);
    bench_multi m;
    bench_multi_open(&m);
    if (answers == NULL)
        bench_fail("answers", "out of memory");
    for (int i = 0; i < IN_FLIGHT; i++) {
        bench_curl_open(&answers[i].curl, place->url, NULL, 0);
        bench_curl_at(answers[i].curl.easy, place);
        curl_easy_setopt(answers[i].curl.easy, CURLOPT_PRIVATE, &answers[i]);
        curl_easy_setopt(answers[i].curl.easy, CURLOPT_WRITEFUNCTION, on_write);
        curl_easy_setopt(answers[i].curl.easy, CURLOPT_WRITEDATA, &answers[i]);
        curl_easy_setopt(answers[i].curl.easy, CURLOPT_PIPEWAIT, 1L);
    }
    /* One connection is there before others share it, then another 16 calls each time. */
    for (int i = 1; i < IN_FLIGHT; i += i == 1 ? STREAMS_PER_CONNECTION - 1 : STREAMS_PER_CONNECTION)
        curl_calls(&m, answers, i, i);
    curl_calls(&m, answers, IN_FLIGHT, WARM_UP);
    bench_time start = bench_now();
    curl_calls(&m, answers, IN_FLIGHT, CALLS);
    bench_time spent = bench_since(start);
    for (int i = 0; i < IN_FLIGHT; i++)
        bench_curl_close(&answers[i].curl);
    bench_multi_close(&m);
    free(answers);
    return spent;
}

/* ---- libclaude ---- */

static void take_result(claude_call_t *call)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;
    if (claude_call_result(call, &response, &err) < 0)
        bench_fail("claude_call_result", claude_error_message(err));
    claude_response_json(response, &len);
    if (len == 0)
        bench_fail("answer", "empty");
    claude_response_unref(response);
    claude_call_unref(call);
}

static void claude_calls(bench_loop *l, const claude_request_t *request, int calls)
{
    claude_call_t *in_flight[IN_FLIGHT];
    int to_send = calls - IN_FLIGHT;
    for (uint64_t i = 0; i < IN_FLIGHT; i++)
        in_flight[i] = bench_loop_submit(l, request, 0, i);
    while (calls > 0) {
        uint64_t tag = 0;
        const claude_event_t *event = NULL;
        bench_loop_turn(l, 1000);
        while (bench_loop_next(l, &tag, &event) == CLAUDE_DONE) {
            take_result(in_flight[tag]);
            calls--;
            if (to_send > 0) {
                in_flight[tag] = bench_loop_submit(l, request, 0, tag);
                to_send--;
            }
        }
    }
}

static bench_time run_libclaude(const bench_place *place)
{
    claude_client_t *client = bench_client_at(place);
    claude_request_t *request = bench_request(NULL, 0, 1);
    bench_loop l;
    bench_loop_open(&l, client);
    claude_calls(&l, request, WARM_UP);
    bench_time start = bench_now();
    claude_calls(&l, request, CALLS);
    bench_time spent = bench_since(start);
    bench_loop_close(&l);
    claude_request_unref(request);
    claude_client_unref(client);
    return spent;
}

int main(int argc, char **argv)
{
    bench_row_name name = bench_parse_row(argc > 1 ? argv[1] : "");
    if ((argc != 3 && argc != 4) || strcmp(name.base, "loop.request.64") != 0) {
        fprintf(stderr, "usage: bench_inflight loop.request.64[.h2][.curl] URL [CA_FILE]\n");
        return 2;
    }
    bench_place place = {argv[2], argc == 4 ? argv[3] : NULL, name.http2};
    bench_time spent = name.curl ? run_curl(&place) : run_libclaude(&place);
    bench_print(argv[1], "", spent.cpu_ns / 1e3 / CALLS, "us");
    bench_print(argv[1], ".rate", CALLS / (spent.wall_ns / 1e9), "calls/s");
    return 0;
}
