/*
 * Forks while another thread makes the first call of the process, at many moments of it: whatever is made ready once
 * per process is just being made ready then. Each time in a new process, that has not used the library before.
 */
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* A child knows of a thread that only its parent can join. */
#if defined(__SANITIZE_THREAD__)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "report_thread_leaks=0";
}
#endif

enum { MOMENTS = 20, STEP_US = 120, HANGS_AFTER_S = 10 };

struct first {
    enum transport transport;
    int moment;
    claude_client_t *client;
    claude_request_t *request;
    atomic_bool begun;
    bool ok;
};

static bool ask(struct first *first)
{
    claude_response_t *response = NULL;
    bool ok = claude_client_execute(first->client, first->request, &response, NULL) == CLAUDE_OK &&
              strcmp(claude_response_text(response, NULL), "Hello") == 0;

    claude_response_unref(response);
    return ok;
}

static void *call_first(void *data)
{
    struct first *first = data;

    atomic_store(&first->begun, true);
    first->ok = ask(first);
    return NULL;
}

static void child(void *data)
{
    alarm(HANGS_AFTER_S);
    EXPECT(ask(data));
}

static void new_process(void *data)
{
    struct first *first = data;
    struct timespec moment = {.tv_nsec = first->moment * STEP_US * 1000L};
    pthread_t thread;

    first->client = witness_client(first->transport);
    first->request = asking("");
    EXPECT(pthread_create(&thread, NULL, call_first, first) == 0);
    while (!atomic_load(&first->begun))
        ;
    nanosleep(&moment, NULL);
    EXPECT(status_of(fork_to(child, first)) == 0);
    pthread_join(thread, NULL);
    EXPECT(first->ok);
}

static void forks_during_the_first_call(void **state)
{
    leave_out_busy_threads_where_impossible();
    for (int moment = 0; moment < MOMENTS; moment += runs_slowly() ? MOMENTS / 2 : 1) {
        struct first first = {.transport = *(const enum transport *)*state, .moment = moment};
        assert_int_equal(status_of(fork_to(new_process, &first)), 0);
    }
}

int main(void)
{
    static enum transport transports[TRANSPORTS] = {PLAIN, TLS_HTTP1, TLS_HTTP2};
    struct CMUnitTest tests[TRANSPORTS];

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate_setup_teardown(forks_during_the_first_call,
                                                                               reset_witness, NULL, &transports[i]);
    return cmocka_run_group_tests_name("forks during the first call", tests, start_witness, stop_witness);
}
