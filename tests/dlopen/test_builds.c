/*
 * Several builds of the library in one process: another minor version, a later patch of the same one (with the same
 * names and versions of symbols), and a second copy of the same file. Whatever the order and the scope, each answers
 * with its own version, also where one of its functions calls another, and on the wire. Each case has a process of its
 * own, since a library that has been loaded stays.
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

#include "sandbox/client.h"

enum { ROUNDS = 300, WARM_UP = 100, MEMCHECK_ROUNDS = 3, FLAT_BYTES = 1 << 20 };

struct build {
    const char *path;
    const char *version;
};

static const struct build builds[] = {
    {CLAUDE_LIBRARY, CLAUDE_VERSION_TEXT},
    {OTHER_MINOR_LIBRARY, OTHER_MINOR_VERSION},
    {OTHER_PATCH_LIBRARY, OTHER_PATCH_VERSION},
};

enum { THIS, OTHER_MINOR, OTHER_PATCH, BUILDS };

static struct sandbox *server;

static int start(void **state)
{
    (void)state;
    server = sandbox_start(NULL, NULL);
    return server ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return sandbox_stop(server);
}

static int reset(void **state)
{
    (void)state;
    return sandbox_reset(server);
}

static bool says_on_the_wire(const char *version)
{
    char *requests = sandbox_requests(server);
    char agent[64];
    bool found;

    snprintf(agent, sizeof agent, "libclaude/%s\"", version);
    found = requests && strstr(requests, agent);
    free(requests);
    return found;
}

/* All that it says of itself is true of this build, and nothing is of another. */
static void check_self(const struct api *api, const struct build *build)
{
    char member[64];

    snprintf(member, sizeof member, "\"version\":\"%s\"", build->version);
    EXPECT(strcmp(api->version_string(), build->version) == 0);
    EXPECT(strstr(api->build_info(), member) != NULL);
    EXPECT(sandbox_reset(server) == 0);
    api_use(api, sandbox_url(server), NULL);
    EXPECT(says_on_the_wire(build->version));
    for (int i = 0; i < BUILDS; i++)
        EXPECT(&builds[i] == build || !says_on_the_wire(builds[i].version));
}

/* ---- two builds ---- */

struct pair {
    const char *name;
    int first;
    int first_flags;
    int second;
    int second_flags;
};

static void load_both(void *data)
{
    const struct pair *pair = data;
    struct api first = api_open(builds[pair->first].path, RTLD_NOW | pair->first_flags);
    struct api second = api_open(builds[pair->second].path, RTLD_NOW | pair->second_flags);

    EXPECT(first.version != second.version);
    for (int round = 0; round < 2; round++) {
        check_self(&second, &builds[pair->second]);
        check_self(&first, &builds[pair->first]);
    }
    api_close(&first);
    check_self(&second, &builds[pair->second]);
    api_close(&second);
}

static void answer_with_their_own_version(void **state)
{
    assert_int_equal(run_in_child(load_both, *state), 0);
}

/* ---- all three, and what goes on between them ---- */

static void *use_often(void *data)
{
    const struct api *api = data;

    int rounds = under_memcheck() ? 2 : 20;

    for (int i = 0; i < rounds; i++)
        api_use(api, sandbox_url(server), NULL);
    return NULL;
}

static void use_at_once(void *data)
{
    struct api apis[BUILDS];
    pthread_t threads[BUILDS];

    (void)data;
    for (int i = 0; i < BUILDS; i++) {
        apis[i] = api_open(builds[i].path, RTLD_NOW | RTLD_GLOBAL);
        EXPECT(pthread_create(&threads[i], NULL, use_often, &apis[i]) == 0);
    }
    for (int i = 0; i < BUILDS; i++) {
        pthread_join(threads[i], NULL);
        api_close(&apis[i]);
    }
}

static void work_in_threads_at_once(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(use_at_once, NULL), 0);
}

struct inheritance {
    struct api apis[BUILDS];
    void *clients[BUILDS];
    void *calls[BUILDS];
};

static void use_inheritance(void *data)
{
    struct inheritance *own = data;

    expect_leaks();
    for (int i = 0; i < BUILDS; i++) {
        const void *event = NULL;
        EXPECT(own->apis[i].call_next(own->calls[i], -1, &event, NULL) == API_FORKED);
        own->apis[i].call_unref(own->calls[i]);
        api_use_client(&own->apis[i], own->clients[i]);
    }
}

/* Each notices the fork by itself. */
static void fork_with_all(void *data)
{
    struct inheritance own;

    (void)data;
    for (int i = 0; i < BUILDS; i++) {
        void *request;
        own.apis[i] = api_open(builds[i].path, RTLD_NOW | RTLD_GLOBAL);
        own.clients[i] = api_client(&own.apis[i], sandbox_url(server), NULL);
        request = api_request(&own.apis[i]);
        EXPECT(own.apis[i].client_stream(own.clients[i], request, &own.calls[i], NULL) == API_OK);
        own.apis[i].request_unref(request);
    }
    EXPECT(run_in_child(use_inheritance, &own) == 0);
    for (int i = 0; i < BUILDS; i++) {
        const void *event = NULL;
        int32_t rc;
        while ((rc = own.apis[i].call_next(own.calls[i], -1, &event, NULL)) == API_EVENT)
            ;
        EXPECT(rc == API_DONE);
        own.apis[i].call_unref(own.calls[i]);
        own.apis[i].client_unref(own.clients[i]);
        api_close(&own.apis[i]);
    }
}

static void notice_a_fork_each(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(fork_with_all, NULL), 0);
}

static void load_often(void *data)
{
    size_t before = 0;
    size_t now;
    int rounds = under_memcheck() ? MEMCHECK_ROUNDS : ROUNDS;

    (void)data;
    for (int round = 0; round < rounds; round++) {
        struct api apis[BUILDS];
        if (round == WARM_UP)
            before = resident_bytes();
        for (int i = 0; i < BUILDS; i++)
            apis[i] = api_open(builds[i].path, RTLD_NOW | (i == round % BUILDS ? RTLD_GLOBAL : RTLD_LOCAL));
        for (int i = 0; i < BUILDS; i++) {
            api_use(&apis[i], sandbox_url(server), NULL);
            api_close(&apis[i]);
        }
    }
    now = resident_bytes();
    printf("resident memory: %zu KiB, then %zu KiB\n", before >> 10, now >> 10);
    if (!under_memcheck())
        EXPECT(now <= before + FLAT_BYTES);
}

static void leave_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(load_often, NULL), 0);
}

/* ---- the same file twice ---- */

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rbe");
    FILE *out = fopen(to, "wbe");
    char bytes[65536];
    size_t n;

    if (!in || !out)
        abort();
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        EXPECT(fwrite(bytes, 1, n, out) == n);
    EXPECT(fclose(out) == 0);
    fclose(in);
}

static void load_the_copy(void *data)
{
    char folder[] = "/tmp/claude-dlopen-XXXXXX";
    char path[64];
    struct api original = api_open(builds[THIS].path, RTLD_NOW | RTLD_GLOBAL);
    struct api copy;

    (void)data;
    EXPECT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/plugin.so", folder);
    copy_file(builds[THIS].path, path);
    copy = api_open(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    rmdir(folder);
    EXPECT(original.version != copy.version);
    /* What it has built for itself is its own. */
    EXPECT(original.build_info() != copy.build_info());
    check_self(&copy, &builds[THIS]);
    check_self(&original, &builds[THIS]);
    api_close(&original);
    check_self(&copy, &builds[THIS]);
    api_close(&copy);
}

static void two_copies_do_not_share(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(load_the_copy, NULL), 0);
}

/* ---- a namespace of its own ---- */

/* Another C library, another libcurl, another TLS library: nothing is shared but the kernel. */
static void load_into_namespace(void *data)
{
    struct api here = api_open(builds[THIS].path, RTLD_NOW | RTLD_GLOBAL);
    void *library = dlmopen(LM_ID_NEWLM, builds[OTHER_MINOR].path, RTLD_NOW | RTLD_LOCAL);
    struct api there;

    (void)data;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    there = api_of(library);
    check_self(&there, &builds[OTHER_MINOR]);
    check_self(&here, &builds[THIS]);
    check_self(&there, &builds[OTHER_MINOR]);
    /* Not exit(): OpenSSL crashes in its handler of that when a process has it in two namespaces, with or without us.
     */
    _exit(wrong);
}

static void work_in_a_namespace_of_its_own(void **state)
{
    (void)state;
    if (under_memcheck()) {
        print_message("left out: memcheck does not see the allocator of a second C library\n");
        skip();
    }
    assert_int_equal(run_in_child(load_into_namespace, NULL), 0);
}

int main(void)
{
    static struct pair pairs[] = {
        {"this global, then another minor version", THIS, RTLD_GLOBAL, OTHER_MINOR, RTLD_LOCAL},
        {"this global, then another patch", THIS, RTLD_GLOBAL, OTHER_PATCH, RTLD_LOCAL},
        {"another minor version global, then this", OTHER_MINOR, RTLD_GLOBAL, THIS, RTLD_LOCAL},
        {"another patch global, then this", OTHER_PATCH, RTLD_GLOBAL, THIS, RTLD_LOCAL},
        {"both global, this first", THIS, RTLD_GLOBAL, OTHER_PATCH, RTLD_GLOBAL},
        {"both global, this last", OTHER_PATCH, RTLD_GLOBAL, THIS, RTLD_GLOBAL},
        {"both local", THIS, RTLD_LOCAL, OTHER_PATCH, RTLD_LOCAL},
    };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test_setup(work_in_threads_at_once, reset),
        cmocka_unit_test_setup(notice_a_fork_each, reset),
        cmocka_unit_test_setup(leave_nothing_behind, reset),
        cmocka_unit_test_setup(two_copies_do_not_share, reset),
        cmocka_unit_test_setup(work_in_a_namespace_of_its_own, reset),
    };
    enum { PAIRS = sizeof pairs / sizeof pairs[0], OTHERS = sizeof others / sizeof others[0] };
    struct CMUnitTest tests[PAIRS + OTHERS];

    for (size_t i = 0; i < PAIRS; i++)
        tests[i] = (struct CMUnitTest){pairs[i].name, answer_with_their_own_version, reset, NULL, &pairs[i]};
    memcpy(tests + PAIRS, others, sizeof others);
    return cmocka_run_group_tests_name("several builds in one process", tests, start, stop);
}
