/*
 * A host that uses libcurl itself, before, while and after the library does: its connections, its allocator and its own
 * count of curl_global_init() are left alone, and it may clean up when it likes. Each case has a process of its own.
 */
#include "api.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "fork/witness_client.h"

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

/* ---- the host's own use ---- */

static size_t take(char *bytes, size_t size, size_t count, void *user)
{
    char *text = user;

    strncat(text, bytes, size * count < 1000 - strlen(text) ? size * count : 1000 - strlen(text));
    return size * count;
}

static CURL *host_handle(void)
{
    CURL *curl = curl_easy_init();

    EXPECT(curl != NULL);
    curl_easy_setopt(curl, CURLOPT_URL, witness.tls_url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, witness.certificate);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    return curl;
}

/* Number of connections that it had to open for a request. */
static long host_asks(CURL *curl)
{
    char text[1024] = "";
    long opened = -1;
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    code = curl_easy_perform(curl);
    EXPECT(code == CURLE_OK);
    EXPECT(strstr(text, "Hello") != NULL);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &opened);
    return opened;
}

static void plugin_comes_and_goes(void)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    api_use(&api, witness.tls_url, witness.certificate);
    api_use(&api, witness.url, NULL);
    api_close(&api);
}

/* ---- the host's allocator ---- */

static atomic_long allocations;

static void *counting_malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return malloc(size);
}

static void *counting_realloc(void *old, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return realloc(old, size);
}

static void *counting_calloc(size_t count, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return calloc(count, size);
}

static char *counting_strdup(const char *text)
{
    atomic_fetch_add(&allocations, 1);
    return strdup(text);
}

/* ---- cases ---- */

static void host_first(void *data)
{
    CURL *curl;
    long before;

    (void)data;
    EXPECT(curl_global_init_mem(CURL_GLOBAL_ALL, counting_malloc, free, counting_realloc, counting_strdup,
                                counting_calloc) == CURLE_OK);
    curl = host_handle();
    EXPECT(host_asks(curl) == 1);
    plugin_comes_and_goes();
    /* The same connection, and the same allocator. */
    EXPECT(host_asks(curl) == 0);
    before = atomic_load(&allocations);
    curl_easy_cleanup(curl_easy_init());
    EXPECT(atomic_load(&allocations) > before);
    plugin_comes_and_goes();
    EXPECT(host_asks(curl) == 0);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    plugin_comes_and_goes();
}

static void library_first(void *data)
{
    CURL *curl;

    (void)data;
    plugin_comes_and_goes();
    EXPECT(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
    curl = host_handle();
    EXPECT(host_asks(curl) == 1);
    plugin_comes_and_goes();
    EXPECT(host_asks(curl) == 0);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    plugin_comes_and_goes();
}

/* The host cleans up, and comes back, while the library has a client with open connections. */
static void host_cleans_up_in_between(void *data)
{
    struct api api = api_open(CLAUDE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *client = api_client(&api, witness.tls_url, witness.certificate);

    (void)data;
    for (int i = 0; i < 3; i++) {
        CURL *curl;
        EXPECT(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
        curl = host_handle();
        EXPECT(host_asks(curl) == 1);
        api_use_client(&api, client);
        EXPECT(host_asks(curl) == 0);
        curl_easy_cleanup(curl);
        curl_global_cleanup();
        api_use_client(&api, client);
    }
    api.client_unref(client);
    api_close(&api);
}

static void play(void **state)
{
    void (*host)(void *data) = NULL;

    memcpy(&host, *state, sizeof host);
    assert_int_equal(run_in_child(host, NULL), 0);
}

int main(void)
{
    static void (*const hosts[])(void *data) = {host_first, library_first, host_cleans_up_in_between};
    const struct CMUnitTest tests[] = {
        {"the host is first", play, NULL, NULL, (void *)(uintptr_t)&hosts[0]},
        {"the library is first", play, NULL, NULL, (void *)(uintptr_t)&hosts[1]},
        {"the host cleans up in between", play, NULL, NULL, (void *)(uintptr_t)&hosts[2]},
    };

    return cmocka_run_group_tests_name("a host that uses libcurl itself", tests, start, stop);
}
