/*
 * A program that has the archive linked in, and exports its symbols, loads a plugin that brings the shared library: the
 * program's names come first wherever names are looked up, and yet each keeps to its own.
 */
#include "api.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <claude/claude.h>

#include "sandbox/client.h"

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

static void check(const struct api *api, const char *version, const char *other)
{
    char member[64];

    snprintf(member, sizeof member, "\"version\":\"%s\"", version);
    assert_string_equal(api->version_string(), version);
    assert_non_null(strstr(api->build_info(), member));
    assert_int_equal(sandbox_reset(server), 0);
    api_use(api, sandbox_url(server), NULL);
    assert_true(says_on_the_wire(version));
    assert_false(says_on_the_wire(other));
    assert_int_equal(wrong, 0);
}

static void each_keeps_to_its_own(void **state)
{
    const char *path = *state;
    const char *version = strcmp(path, OTHER_MINOR_LIBRARY) == 0 ? OTHER_MINOR_VERSION : OTHER_PATCH_VERSION;
    struct api linked = api_of(RTLD_DEFAULT);
    struct api loaded;

    /* Otherwise there is nothing to get wrong. */
    assert_true(linked.version == claude_version);
    check(&linked, CLAUDE_VERSION_TEXT, version);
    loaded = api_open(path, RTLD_NOW | RTLD_GLOBAL);
    for (int i = 0; i < 2; i++) {
        check(&loaded, version, CLAUDE_VERSION_TEXT);
        check(&linked, CLAUDE_VERSION_TEXT, version);
    }
    api_close(&loaded);
    check(&linked, CLAUDE_VERSION_TEXT, version);
}

int main(void)
{
    static char minor[] = OTHER_MINOR_LIBRARY;
    static char patch[] = OTHER_PATCH_LIBRARY;
    const struct CMUnitTest tests[] = {
        {"another minor version", each_keeps_to_its_own, NULL, NULL, minor},
        {"another patch", each_keeps_to_its_own, NULL, NULL, patch},
    };

    return cmocka_run_group_tests_name("archive and shared library in one process", tests, start, stop);
}
