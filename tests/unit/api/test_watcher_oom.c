/* A watcher whose memory runs out at each allocation in turn: what held goes on, for all clients alike. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../allocations.h"
#include "api/watcher.h"

static claude_client_t *clients[2];
static char path[] = "/tmp/claude-watcher-oom-XXXXXX";

/* Without it: closing what it opens takes the kernel longer than all the rest. */
int inotify_init1(int flags)
{
    (void)flags;
    errno = EMFILE;
    return -1;
}

/* Of one length: cutting a file off makes some file systems wait for the disk. */
static void write_text(const char *text)
{
    char block[65];
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    snprintf(block, sizeof block, "%-64s", text);
    assert_int_equal(pwrite(fd, block, 64, 0), 64);
    close(fd);
}

static int64_t timeout_of(claude_client_t *client)
{
    claude_client_t *now = cl_client_current(client);
    int64_t timeout = cl_option_int(NULL, now->config->options, CL_OPT_TIMEOUT_TOTAL);

    cl_client_unref(now);
    return timeout;
}

static bool attach_all(claude_watcher_t *watcher)
{
    for (size_t i = 0; i < 2; i++) {
        if (!step(cl_watcher_attach(watcher, clients[i], "", NULL)))
            return false;
    }
    return true;
}

static bool scenario(void)
{
    claude_watcher_t *watcher = NULL;
    bool changed = false;
    cl_err err;
    bool done;

    write_text("{\"timeout_ms\":1}");
    if (!step(cl_watcher_new(path, CL_STR("{}"), &watcher, NULL)))
        return false;
    done = attach_all(watcher);
    write_text("{\"timeout_ms\":2,\"breaker.open_ms\":3}");
    done = done && step(cl_watcher_poll(watcher, &changed, NULL));
    done = done && changed;
    done = done && step(cl_watcher_update(watcher, CL_STR("{\"timeout_ms\":5}"), NULL));
    if (done)
        assert_int_equal(timeout_of(clients[0]), 5);
    cl_err_init(&err);
    done = done && step(cl_watcher_reload(watcher, &err));
    cl_err_clear(&err);
    if (done)
        assert_int_equal(timeout_of(clients[1]), 2);
    for (size_t i = 0; i < 2; i++)
        (void)cl_watcher_detach(watcher, clients[i], "", NULL);
    cl_watcher_unref(watcher);
    return done;
}

static void test_runs_out(void **state)
{
    (void)state;
    run_out(scenario);
}

static int set_up(void **state)
{
    int fd = mkostemp(path, O_CLOEXEC);
    claude_config_t *config = NULL;
    claude_code_t rc = fd < 0 ? CLAUDE_E_IO : cl_config_new(&config, NULL);

    (void)state;
    if (fd >= 0)
        close(fd);
    if (rc >= 0)
        rc = cl_config_set(config, "auth.style", "none", NULL);
    for (size_t i = 0; i < 2 && rc >= 0; i++)
        rc = cl_client_new(config, &clients[i], NULL);
    cl_config_unref(config);
    return rc < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        cl_client_unref(clients[i]);
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs_out)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
