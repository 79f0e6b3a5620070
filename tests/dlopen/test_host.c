/*
 * A host of plugins: it loads the library, uses it in all ways, and unloads it, a thousand times, also in threads that
 * then end. No memory, no descriptor and no thread more; and what it still holds of the library goes on working.
 */
#include "api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fork/witness_client.h"

enum {
    ROUNDS = 1000,
    WARM_UP = 100,
    THREAD_ROUNDS = 200,
    THREAD_WARM_UP = 50,
    TLS_EVERY = 10,
    MEMCHECK_SLOWER = 25,
    FLAT_BYTES = 1 << 20,
};

static struct witness witness;

static int start(void **state)
{
    (void)state;
    return witness_start(&witness) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return witness_stop(&witness) ? 0 : -1;
}

static void load_use_unload(int round)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (round % TLS_EVERY == 0)
        api_use(&api, witness.tls_url, witness.certificate);
    else
        api_use(&api, witness.url, NULL);
    api_close(&api);
}

/* What a process has, and whether it has more of it now. */
struct footprint {
    size_t bytes;
    int descriptors;
    int threads;
};

static struct footprint footprint(void)
{
    return (struct footprint){resident_bytes(), open_descriptors(), running_threads()};
}

static void check_flat(struct footprint before)
{
    struct footprint now = footprint();

    print_message("resident memory: %zu KiB, then %zu KiB\n", before.bytes >> 10, now.bytes >> 10);
    assert_int_equal(now.descriptors, before.descriptors);
    assert_int_equal(now.threads, before.threads);
    if (!under_memcheck()) /* which has a memory of its own */
        assert_true(now.bytes <= before.bytes + FLAT_BYTES);
}

static void a_thousand_times(void **state)
{
    int slower = under_memcheck() ? MEMCHECK_SLOWER : 1;
    struct footprint before = footprint();

    (void)state;
    for (int round = 0; round < ROUNDS / slower; round++) {
        if (round == WARM_UP / slower)
            before = footprint();
        load_use_unload(round);
        assert_int_equal(wrong, 0);
    }
    check_flat(before);
}

/* ---- threads ---- */

static void *thread_of_a_plugin(void *data)
{
    load_use_unload(*(const int *)data);
    return NULL;
}

static void threads_that_load_use_unload_and_end(void **state)
{
    int slower = under_memcheck() ? MEMCHECK_SLOWER : 1;
    struct footprint before = footprint();

    (void)state;
    for (int round = 0; round < THREAD_ROUNDS / slower; round++) {
        pthread_t thread;
        if (round == THREAD_WARM_UP / slower)
            before = footprint();
        assert_int_equal(pthread_create(&thread, NULL, thread_of_a_plugin, &round), 0);
        pthread_join(thread, NULL);
        assert_int_equal(wrong, 0);
    }
    check_flat(before);
}

struct late {
    struct api api;
    pthread_barrier_t used;
    pthread_barrier_t unloaded;
};

static void *ends_late(void *data)
{
    struct late *late = data;

    api_use(&late->api, witness.tls_url, witness.certificate);
    pthread_barrier_wait(&late->used);
    pthread_barrier_wait(&late->unloaded);
    return NULL;
}

/* What the thread's end has to clean up is code of a library that nobody holds any more. */
static void threads_that_end_after_the_unloading(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct late late = {.api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL)};
        pthread_t thread;
        pthread_barrier_init(&late.used, NULL, 2);
        pthread_barrier_init(&late.unloaded, NULL, 2);
        assert_int_equal(pthread_create(&thread, NULL, ends_late, &late), 0);
        pthread_barrier_wait(&late.used);
        api_close(&late.api);
        pthread_barrier_wait(&late.unloaded);
        pthread_join(thread, NULL);
        pthread_barrier_destroy(&late.used);
        pthread_barrier_destroy(&late.unloaded);
        assert_int_equal(wrong, 0);
    }
}

/* ---- what is left after unloading ---- */

static void what_is_held_goes_on_working(void **state)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    struct api again;
    void *client = api_client(&api, witness.tls_url, witness.certificate);
    void *library;

    (void)state;
    api_use_client(&api, client);
    api_close(&api);
    api_use_client(&api, client);
    /* It has stayed where it is, and is found again. */
    library = dlopen(CLAUDE_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(library);
    again = api_of(library);
    assert_true(again.version == api.version);
    api_use_client(&again, client);
    again.client_unref(client);
    api_close(&again);
    assert_int_equal(wrong, 0);
}

static void use_inherited_client(void *client)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    expect_leaks();
    api_use_client(&api, client);
    api.client_unref(client);
    api_close(&api);
}

static void do_nothing(void *data)
{
    (void)data;
}

/* Its handlers for fork are still called, and its client survives. Children end by exit(), with all handlers of that.
 */
static void forks_after_the_unloading(void **state)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *client = api_client(&api, witness.tls_url, witness.certificate);

    (void)state;
    api_use_client(&api, client);
    api_close(&api);
    assert_int_equal(run_in_child(do_nothing, NULL), 0);
    assert_int_equal(run_in_child(use_inherited_client, client), 0);
    api_use_client(&api, client);
    api.client_unref(client);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_times),
        cmocka_unit_test(threads_that_load_use_unload_and_end),
        cmocka_unit_test(threads_that_end_after_the_unloading),
        cmocka_unit_test(what_is_held_goes_on_working),
        cmocka_unit_test(forks_after_the_unloading),
    };

    return cmocka_run_group_tests_name("a host of plugins", tests, start, stop);
}
