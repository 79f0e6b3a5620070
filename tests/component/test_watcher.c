/* Configuration in a file: every way in which a file changes or breaks, and the clients that follow it. */
#include "ways.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, THREADS = 8, STORM = 600 };

/* ---- the kernel's part, which can be made to refuse ---- */

enum { WILLING, NO_INSTANCES, NO_WATCHES, DEAF };
static int kernel = WILLING;

int inotify_init1(int flags)
{
    if (kernel == NO_INSTANCES) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_inotify_init1, flags);
}

int inotify_add_watch(int fd, const char *name, uint32_t mask)
{
    if (kernel == NO_WATCHES) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_inotify_add_watch, fd, kernel == DEAF ? "/proc/self/fdinfo" : name, mask);
}

/* ---- scenes ---- */

struct scene {
    char folder[64];
    char path[96];
    claude_watcher_t *watcher;
    int told;
    int destroyed;
    int64_t generation;
};

static char *in(const struct scene *s, const char *name)
{
    return format("%s/%s", s->folder, name);
}

static void write_file(const char *path, const void *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

/* In the text, ' stands for ". */
static void write_text(const char *path, const char *text)
{
    char *copy = quoted(text);

    write_file(path, copy, strlen(copy));
    free(copy);
}

/* As programs should: written elsewhere, and put in its place. */
static void replace(const struct scene *s, const char *text)
{
    char *other = in(s, "other");

    write_text(other, text);
    assert_int_equal(rename(other, s->path), 0);
    free(other);
}

static void hears(claude_watcher_t *watcher, int64_t generation, void *user_data)
{
    struct scene *s = user_data;

    assert_ptr_equal(watcher, s->watcher);
    s->told++;
    s->generation = generation;
}

static void destroyed(void *user_data)
{
    ((struct scene *)user_data)->destroyed++;
}

static void open_scene(struct scene *s, const char *text)
{
    claude_error_t *err = NULL;

    *s = (struct scene){.folder = "/tmp/claude-watcher-XXXXXX"};
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/config.json", s->folder);
    if (text)
        write_text(s->path, text);
    succeeds(claude_watcher_new(s->path, NULL, 0, &s->watcher, &err), err);
    succeeds(claude_watcher_on_change(s->watcher, hears, s, destroyed, &err), err);
}

static void close_scene(struct scene *s)
{
    char *command = format("rm -rf %s", s->folder);

    claude_watcher_unref(s->watcher);
    assert_int_equal(s->destroyed, 1);
    assert_int_equal(system(command), 0);
    free(command);
}

static bool polled(struct scene *s)
{
    claude_error_t *err = NULL;
    int32_t changed = -1;

    succeeds(claude_watcher_poll(s->watcher, &changed, &err), err);
    assert_in_range(changed, 0, 1);
    return changed == 1;
}

static void holds(struct scene *s, const char *key, const char *value)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_watcher_config(s->watcher, &config, &err), err);
    assert_string_equal(claude_config_get(config, key), value);
    claude_config_unref(config);
}

/* What held goes on; the reason can be read. */
static void is_refused(struct scene *s, claude_code_t code, const char *word)
{
    int64_t generation = claude_watcher_generation(s->watcher);
    int told = s->told;
    claude_error_t *err = NULL;

    assert_false(polled(s));
    holds(s, "timeout_ms", "1000");
    assert_int_equal(claude_watcher_generation(s->watcher), generation);
    assert_int_equal(s->told, told);
    if (claude_watcher_error(s->watcher, &err) != code)
        fail_msg("%d instead of %d: %s", claude_error_code(err), code, err ? claude_error_message(err) : "no error");
    assert_contains(claude_error_message(err), word);
    assert_contains(claude_error_message(err), s->path);
    claude_error_unref(err);
    err = NULL;
    fails(claude_watcher_error(s->watcher, &err), code, &err);
    assert_false(polled(s));
    err = NULL;
    fails(claude_watcher_reload(s->watcher, &err), code, &err);
}

/* And what comes then is taken over. */
static void recovers(struct scene *s, const char *timeout_ms)
{
    char *text = format("{'timeout_ms':%s}", timeout_ms);
    claude_error_t *err = NULL;
    int told = s->told;

    replace(s, text);
    assert_true(polled(s));
    holds(s, "timeout_ms", timeout_ms);
    assert_int_equal(s->told, told + 1);
    assert_int_equal(s->generation, claude_watcher_generation(s->watcher));
    succeeds(claude_watcher_error(s->watcher, &err), err);
    assert_false(polled(s));
    free(text);
}

#define GOOD "{'timeout_ms':1000}"

/* ---- files ---- */

static void test_defaults_and_initial(void **state)
{
    claude_watcher_t *watcher = NULL;
    claude_error_t *err = NULL;
    struct scene s;
    (void)state;
    open_scene(&s, NULL);
    assert_int_equal(claude_watcher_generation(s.watcher), 1);
    holds(&s, "base_url", "https://api.anthropic.com");
    holds(&s, "enable_retry", "true");
    holds(&s, "enable_circuit_breaker", "true");
    fails(claude_watcher_error(s.watcher, &err), CLAUDE_E_IO, &err);
    recovers(&s, "1000");
    assert_int_equal(claude_watcher_generation(s.watcher), 2);
    fails(claude_watcher_new(s.path, "{\"max_retries\":11}", CLAUDE_NTS, &watcher, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_new(NULL, NULL, 0, &watcher, &err), CLAUDE_E_INVALID, &err);
    succeeds(claude_watcher_new(s.path, "{\"max_retries\":7}", CLAUDE_NTS, &watcher, &err), err);
    claude_watcher_unref(s.watcher);
    s.destroyed = 0;
    s.watcher = watcher;
    holds(&s, "max_retries", "7");
    holds(&s, "timeout_ms", "1000");
    s.destroyed = 1;
    close_scene(&s);
}

static void test_written_in_place(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    holds(&s, "timeout_ms", "1000");
    assert_int_equal(claude_watcher_generation(s.watcher), 2);
    write_text(s.path, "{'timeout_ms':1001}");
    assert_true(polled(&s));
    holds(&s, "timeout_ms", "1001");
    /* The same again is no change. */
    write_text(s.path, "{'timeout_ms':1001}");
    assert_false(polled(&s));
    assert_int_equal(s.told, 1);
    close_scene(&s);
}

static void test_bad_contents(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } rows[] = {
        {"", ""},
        {"{'timeout_ms':1", ""},
        {"{'timeout_ms':1}}", ""},
        {"[]", "object"},
        {"{'timeout_m':1}", "timeout_ms"},
        {"{'timeout_ms':'1'}", "timeout_ms"},
        {"{'max_retries':11}", "retry.max_retries"},
        {"{'timeout_ms':1,'timeout_ms':2}", "twice"},
        {"{'api_key':'" KEY "'}", "secret"},
        {"{'base_url':'\xff'}", ""},
        {"{'max_retries':5,'timeout_ms':-1}", "timeout.total_ms"},
    };
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        replace(&s, rows[i].text);
        is_refused(&s, CLAUDE_E_INVALID, rows[i].word);
        holds(&s, "max_retries", "3");
    }
    write_file(s.path, "{\"timeout_ms\":\0001}", 17);
    is_refused(&s, CLAUDE_E_INVALID, "");
    /* What held before has come back: that is no change. */
    replace(&s, GOOD);
    assert_false(polled(&s));
    assert_int_equal(claude_watcher_error(s.watcher, NULL), CLAUDE_OK);
    recovers(&s, "2000");
    close_scene(&s);
}

static void test_half_written(void **state)
{
    struct scene s;
    int fd;
    (void)state;
    open_scene(&s, GOOD);
    fd = open(s.path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    is_refused(&s, CLAUDE_E_INVALID, "");
    assert_int_equal(write(fd, "{\"timeout_ms\":", 14), 14);
    is_refused(&s, CLAUDE_E_INVALID, "");
    assert_int_equal(write(fd, "3000}", 5), 5);
    close(fd);
    assert_true(polled(&s));
    holds(&s, "timeout_ms", "3000");
    close_scene(&s);
}

static void test_no_regular_file(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *other;
    struct scene s;
    int fd;
    (void)state;
    open_scene(&s, GOOD);
    other = in(&s, "elsewhere");
    assert_int_equal(unlink(s.path), 0);
    is_refused(&s, CLAUDE_E_IO, "does not exist");
    assert_int_equal(mkdir(s.path, 0700), 0);
    is_refused(&s, CLAUDE_E_IO, "no regular file");
    assert_int_equal(rmdir(s.path), 0);
    assert_int_equal(mkfifo(s.path, 0600), 0);
    is_refused(&s, CLAUDE_E_IO, "no regular file");
    replace(&s, GOOD);
    assert_false(polled(&s));
    assert_int_equal(claude_watcher_error(s.watcher, NULL), CLAUDE_OK);
    assert_int_equal(rename(s.path, other), 0);
    is_refused(&s, CLAUDE_E_IO, "");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, s.path, strlen(s.path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    is_refused(&s, CLAUDE_E_IO, "cannot be opened");
    close(fd);
    assert_int_equal(unlink(s.path), 0);
    assert_int_equal(symlink("/dev/zero", s.path), 0);
    is_refused(&s, CLAUDE_E_IO, "no regular file");
    assert_int_equal(unlink(s.path), 0);
    assert_int_equal(symlink("/proc/self/mem", s.path), 0);
    is_refused(&s, CLAUDE_E_IO, "cannot be read");
    assert_int_equal(unlink(s.path), 0);
    assert_int_equal(symlink("config.json", s.path), 0);
    is_refused(&s, CLAUDE_E_IO, "symbolic links");
    recovers(&s, "2000");
    free(other);
    close_scene(&s);
}

static void test_unreadable(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    /* Nothing is unreadable for root. */
    assert_int_equal(chmod(s.path, 0), 0);
    if (geteuid() != 0)
        is_refused(&s, CLAUDE_E_IO, "permission denied");
    assert_int_equal(chmod(s.path, 0600), 0);
    assert_false(polled(&s));
    assert_int_equal(claude_watcher_error(s.watcher, NULL), CLAUDE_OK);
    close_scene(&s);
}

static void test_too_large(void **state)
{
    char *text = calloc(1, (1 << 20) + 2);
    char *other;
    struct scene s;
    (void)state;
    assert_non_null(text);
    open_scene(&s, GOOD);
    other = in(&s, "other");
    memset(text, ' ', (1 << 20) + 1);
    memcpy(text, "{\"timeout_ms\":1}", 16);
    write_file(other, text, (1 << 20) + 1);
    assert_int_equal(rename(other, s.path), 0);
    is_refused(&s, CLAUDE_E_TOO_LARGE, "1048576");
    assert_int_equal(truncate(s.path, 100 << 20), 0);
    is_refused(&s, CLAUDE_E_TOO_LARGE, "1048576");
    memcpy(text, "{\"timeout_ms\":4}", 16);
    write_file(other, text, 1 << 20);
    assert_int_equal(rename(other, s.path), 0);
    assert_true(polled(&s));
    holds(&s, "timeout_ms", "4");
    free(other);
    free(text);
    close_scene(&s);
}

/* Size and times say that nothing has happened. */
static void test_content_counts(void **state)
{
    struct timespec times[2];
    struct stat status;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    assert_int_equal(stat(s.path, &status), 0);
    times[0] = status.st_atim;
    times[1] = status.st_mtim;
    write_text(s.path, "{'timeout_ms':1009}");
    assert_int_equal(utimensat(AT_FDCWD, s.path, times, 0), 0);
    assert_true(polled(&s));
    holds(&s, "timeout_ms", "1009");
    close_scene(&s);
}

static void test_update_and_reload(void **state)
{
    claude_error_t *err = NULL;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    succeeds(claude_watcher_update(s.watcher, "{\"timeout_ms\":5}", CLAUDE_NTS, &err), err);
    holds(&s, "timeout_ms", "5");
    assert_int_equal(s.told, 1);
    assert_false(polled(&s));
    fails(claude_watcher_update(s.watcher, "{\"timeout_ms\":null}", CLAUDE_NTS, &err), CLAUDE_E_INVALID, &err);
    holds(&s, "timeout_ms", "5");
    succeeds(claude_watcher_reload(s.watcher, &err), err);
    holds(&s, "timeout_ms", "1000");
    assert_int_equal(s.told, 2);
    succeeds(claude_watcher_reload(s.watcher, &err), err);
    assert_int_equal(s.told, 2);
    assert_int_equal(claude_watcher_generation(s.watcher), 4);
    close_scene(&s);
}

/* ---- without asking ---- */

/* Waits until the descriptor says so. */
static void is_told(struct scene *s)
{
    struct pollfd fd = {.fd = claude_watcher_fd(s->watcher), .events = POLLIN};
    int64_t until = now_ms() + PATIENCE_MS;

    assert_true(fd.fd >= 0);
    assert_int_equal(fcntl(fd.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    do {
        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        if (polled(s))
            return;
    } while (now_ms() < until);
    fail_msg("no change was seen");
}

static void test_descriptor(void **state)
{
    struct pollfd fd = {.events = POLLIN};
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    assert_int_equal(claude_watcher_is_notified(s.watcher), 1);
    fd.fd = claude_watcher_fd(s.watcher);
    assert_int_equal(poll(&fd, 1, 0), 0);
    replace(&s, "{'timeout_ms':1}");
    is_told(&s);
    polled(&s);
    assert_int_equal(poll(&fd, 1, 0), 0);
    write_text(s.path, "{'timeout_ms':2}");
    is_told(&s);
    assert_int_equal(unlink(s.path), 0);
    polled(&s);
    write_text(s.path, "{'timeout_ms':3}");
    is_told(&s);
    holds(&s, "timeout_ms", "3");
    close_scene(&s);
}

/* As Kubernetes mounts them: config.json -> ..data/config.json, ..data -> ..1, and ..data is what is replaced. */
static void test_links(void **state)
{
    char *one;
    char *two;
    char *data;
    char *fresh;
    char *elsewhere;
    struct scene s;
    (void)state;
    open_scene(&s, NULL);
    one = in(&s, "..1");
    two = in(&s, "..2");
    data = in(&s, "..data");
    fresh = in(&s, "..data_tmp");
    elsewhere = format("%s/..1/config.json", s.folder);
    assert_int_equal(mkdir(one, 0700), 0);
    assert_int_equal(mkdir(two, 0700), 0);
    write_text(elsewhere, "{'timeout_ms':1}");
    free(elsewhere);
    elsewhere = format("%s/..2/config.json", s.folder);
    write_text(elsewhere, "{'timeout_ms':2}");
    assert_int_equal(symlink("..1", data), 0);
    assert_int_equal(symlink("..data/config.json", s.path), 0);
    is_told(&s);
    holds(&s, "timeout_ms", "1");
    polled(&s);
    assert_int_equal(symlink("..2", fresh), 0);
    assert_int_equal(rename(fresh, data), 0);
    is_told(&s);
    holds(&s, "timeout_ms", "2");
    polled(&s);
    /* In the directory that the links lead to. */
    write_text(elsewhere, "{'timeout_ms':3}");
    is_told(&s);
    holds(&s, "timeout_ms", "3");
    assert_int_equal(unlink(data), 0);
    assert_int_equal(symlink("nowhere", data), 0);
    assert_false(polled(&s));
    assert_int_equal(claude_watcher_error(s.watcher, NULL), CLAUDE_E_IO);
    holds(&s, "timeout_ms", "3");
    free(one);
    free(two);
    free(data);
    free(fresh);
    free(elsewhere);
    close_scene(&s);
}

/* Also the directory may come later. */
static void test_directory_comes_later(void **state)
{
    claude_error_t *err = NULL;
    struct scene s;
    char *folder;
    char *path;
    char *away;
    (void)state;
    open_scene(&s, NULL);
    folder = in(&s, "later");
    path = in(&s, "later/config.json");
    claude_watcher_unref(s.watcher);
    assert_int_equal(s.destroyed, 1);
    s.destroyed = 0;
    succeeds(claude_watcher_new(path, NULL, 0, &s.watcher, &err), err);
    succeeds(claude_watcher_on_change(s.watcher, hears, &s, destroyed, &err), err);
    (void)claude_watcher_fd(s.watcher);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_false(polled(&s));
    write_text(path, "{'timeout_ms':1}");
    is_told(&s);
    /* It is deleted, and made again; then another one takes its place. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    polled(&s);
    assert_int_equal(mkdir(folder, 0700), 0);
    polled(&s);
    write_text(path, "{'timeout_ms':2}");
    is_told(&s);
    holds(&s, "timeout_ms", "2");
    polled(&s);
    away = in(&s, "away");
    assert_int_equal(rename(folder, away), 0);
    polled(&s);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_text(path, "{'timeout_ms':3}");
    is_told(&s);
    holds(&s, "timeout_ms", "3");
    free(away);
    free(folder);
    free(path);
    close_scene(&s);
}

static void test_kernel_refuses(void **state)
{
    static const int ways[] = {NO_INSTANCES, NO_WATCHES};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct scene s;
        kernel = ways[i];
        open_scene(&s, GOOD);
        assert_int_equal(claude_watcher_is_notified(s.watcher), 0);
        replace(&s, "{'timeout_ms':7}");
        assert_true(polled(&s));
        holds(&s, "timeout_ms", "7");
        /* The descriptor is a timer then. */
        replace(&s, "{'timeout_ms':8}");
        is_told(&s);
        kernel = WILLING;
        close_scene(&s);
    }
}

/* The limit of the kernel is reached later: what the program polls stays what it is, and goes on to tell. */
static void test_kernel_refuses_later(void **state)
{
    struct epoll_event event = {.events = EPOLLIN};
    int poller = epoll_create1(EPOLL_CLOEXEC);
    int64_t until = now_ms() + PATIENCE_MS;
    struct scene s;
    int fd;
    (void)state;
    open_scene(&s, GOOD);
    fd = claude_watcher_fd(s.watcher);
    assert_int_equal(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), 0);
    kernel = NO_WATCHES;
    replace(&s, "{'timeout_ms':7}");
    assert_true(polled(&s));
    assert_int_equal(claude_watcher_is_notified(s.watcher), 0);
    assert_int_equal(claude_watcher_fd(s.watcher), fd);
    replace(&s, "{'timeout_ms':8}");
    do
        assert_int_equal(epoll_wait(poller, &event, 1, PATIENCE_MS), 1);
    while (!polled(&s) && now_ms() < until);
    holds(&s, "timeout_ms", "8");
    kernel = WILLING;
    close(poller);
    close_scene(&s);
}

/* ---- clients ---- */

static claude_client_t *attached(struct scene *s, const char *name)
{
    claude_client_t *client = new_client();
    claude_error_t *err = NULL;

    succeeds(claude_watcher_attach(s->watcher, client, name, &err), err);
    return client;
}

/* The version header of a call. */
static const char *version_sent(claude_client_t *client, const char *snapshot)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    succeeds(claude_request_set_option(request, "request.snapshot", snapshot, &err), err);
    claude_response_unref(execute(client, request));
    claude_request_unref(request);
    return header_of(received_at((size_t)requests_seen() - 1), "anthropic-version");
}

static void test_client_follows(void **state)
{
    claude_client_t *client;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    assert_string_equal(version_sent(client, NULL), "2023-06-01");
    replace(&s, "{'api_version':'2026-10-21'}");
    /* Nobody has polled: the call has seen it. */
    assert_string_equal(version_sent(client, NULL), "2026-10-21");
    assert_int_equal(s.told, 1);
    replace(&s, "{'api_version':'2026-10-2'}");
    assert_string_equal(version_sent(client, NULL), "2026-10-21");
    assert_int_equal(claude_watcher_error(s.watcher, NULL), CLAUDE_E_INVALID);
    /* The client keeps the watcher. */
    claude_watcher_ref(s.watcher);
    claude_watcher_unref(s.watcher);
    claude_client_unref(client);
    close_scene(&s);
}

static void test_client_keeps_its_watcher(void **state)
{
    claude_client_t *client;
    claude_watcher_t *watcher;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    watcher = s.watcher;
    claude_watcher_unref(watcher);
    assert_int_equal(s.destroyed, 0);
    replace(&s, "{'api_version':'2026-10-21'}");
    assert_string_equal(version_sent(client, NULL), "2026-10-21");
    claude_client_unref(client);
    assert_int_equal(s.destroyed, 1);
    s.watcher = NULL;
    close_scene(&s);
}

/* Where the kernel says nothing, a call looks once a second. */
static void test_deaf(void **state)
{
    int64_t until = now_ms() + PATIENCE_MS;
    claude_client_t *client;
    struct scene s;
    (void)state;
    kernel = DEAF;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    replace(&s, "{'api_version':'2026-10-21'}");
    while (strcmp(version_sent(client, NULL), "2026-10-21") != 0 && now_ms() < until)
        assert_int_equal(poll(NULL, 0, 50), 0);
    assert_int_equal(s.told, 1);
    kernel = WILLING;
    claude_client_unref(client);
    close_scene(&s);
}

static void test_calls_keep_theirs(void **state)
{
    claude_request_t *request = hello_stream();
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_call_t *call;
    claude_response_t *response = NULL;
    int64_t before;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    before = claude_client_generation(client, NULL);
    assert_int_equal(before, 2);
    call = start_stream(client, request);
    replace(&s, "{'api_version':'2026-10-21','limit.message_bytes':1024}");
    assert_true(polled(&s));
    assert_int_equal(claude_client_generation(client, NULL), before + 1);
    assert_int_equal(pull_all(call, -1, NULL, &err), CLAUDE_DONE);
    assert_int_equal(claude_report_generation(claude_call_report(call)), before);
    assert_string_equal(claude_report_snapshot(claude_call_report(call)), "");
    claude_call_unref(call);
    claude_request_unref(request);
    request = hello();
    response = execute(client, request);
    assert_int_equal(claude_report_generation(claude_response_report(response)), before + 1);
    claude_response_unref(response);
    claude_request_unref(request);
    assert_int_equal(connections_seen(), 1);
    claude_client_unref(client);
    close_scene(&s);
}

/* Two at once: the one without a name, and b, which follows the file. */
static void test_two_snapshots(void **state)
{
    claude_request_t *request = hello();
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    claude_response_t *response;
    claude_client_t *client;
    struct scene s;
    (void)state;
    open_scene(&s, "{'api_version':'2026-10-21'}");
    client = attached(&s, "b");
    assert_string_equal(version_sent(client, NULL), "2023-06-01");
    assert_string_equal(version_sent(client, "b"), "2026-10-21");
    replace(&s, "{'api_version':'2025-01-01'}");
    assert_string_equal(version_sent(client, "b"), "2025-01-01");
    assert_string_equal(version_sent(client, NULL), "2023-06-01");
    succeeds(claude_config_set(config, "api_version", "2024-01-01", &err), err);
    succeeds(claude_client_set_snapshot(client, "c", config, &err), err);
    assert_string_equal(version_sent(client, "c"), "2024-01-01");
    succeeds(claude_request_set_option(request, "request.snapshot", "c", &err), err);
    response = execute(client, request);
    assert_string_equal(claude_report_snapshot(claude_response_report(response)), "c");
    assert_int_equal(claude_report_generation(claude_response_report(response)), claude_client_generation(client, "c"));
    assert_contains(claude_report_json(claude_response_report(response), NULL), "\"snapshot\":\"c\"");
    claude_response_unref(response);
    succeeds(claude_client_set_snapshot(client, "c", NULL, &err), err);
    assert_int_equal(claude_client_generation(client, "c"), 0);
    err = execute_fails(client, request, CLAUDE_E_INVALID);
    assert_contains(claude_error_message(err), "request.snapshot");
    claude_error_unref(err);
    err = NULL;
    fails(claude_client_set_snapshot(client, NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_set_snapshot(client, "with space", config, &err), CLAUDE_E_INVALID, &err);
    fails(claude_client_set_snapshot(NULL, "a", config, &err), CLAUDE_E_INVALID, &err);
    claude_config_unref(config);
    claude_request_unref(request);
    claude_client_unref(client);
    close_scene(&s);
}

static void test_attaching(void **state)
{
    claude_client_t *client;
    claude_error_t *err = NULL;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    fails(claude_watcher_attach(s.watcher, client, NULL, &err), CLAUDE_E_STATE, &err);
    fails(claude_watcher_attach(s.watcher, NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_attach(s.watcher, client, "a\n", &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_detach(s.watcher, client, "b", &err), CLAUDE_E_STATE, &err);
    for (int i = 0; i < 8; i++) {
        char name[] = {'n', (char)('0' + i), '\0'};
        succeeds(claude_watcher_attach(s.watcher, client, name, &err), err);
    }
    fails(claude_watcher_attach(s.watcher, client, "n8", &err), CLAUDE_E_LIMIT, &err);
    succeeds(claude_watcher_detach(s.watcher, client, NULL, &err), err);
    replace(&s, "{'api_version':'2026-10-21'}");
    assert_string_equal(version_sent(client, NULL), "2023-06-01");
    assert_string_equal(version_sent(client, "n7"), "2026-10-21");
    claude_client_unref(client);
    close_scene(&s);
}

/* A file cannot send the key elsewhere; and what one client refuses, no client gets. */
static void test_other_servers(void **state)
{
    claude_client_t *client;
    claude_client_t *second;
    claude_error_t *err = NULL;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    second = attached(&s, NULL);
    replace(&s, "{'timeout_ms':1,'base_url':'https://example.invalid'}");
    is_refused(&s, CLAUDE_E_INVALID, "another server");
    assert_int_equal(claude_client_generation(client, NULL), 2);
    replace(&s, "{'timeout_ms':1,'base_url':'http://example.invalid'}");
    is_refused(&s, CLAUDE_E_INVALID, "another server");
    succeeds(claude_watcher_allow_server(s.watcher, "http://example.invalid", &err), err);
    /* Now the client refuses it, for its key would be in clear text. */
    is_refused(&s, CLAUDE_E_INVALID, "http");
    replace(&s, "{'timeout_ms':1,'base_url':'https://example.invalid:444/v'}");
    is_refused(&s, CLAUDE_E_INVALID, "another server");
    succeeds(claude_watcher_allow_server(s.watcher, "https://example.invalid:444", &err), err);
    assert_true(polled(&s));
    holds(&s, "base_url", "https://example.invalid:444/v");
    assert_int_equal(claude_client_generation(client, NULL), 3);
    assert_int_equal(claude_client_generation(second, NULL), 3);
    fails(claude_watcher_allow_server(s.watcher, "nothing", &err), CLAUDE_E_INVALID, &err);
    /* What a client has refused is good once that one is gone. */
    replace(&s, "{'base_url':'http://example.invalid','timeout_ms':2}");
    assert_false(polled(&s));
    succeeds(claude_watcher_detach(s.watcher, client, NULL, &err), err);
    assert_false(polled(&s));
    succeeds(claude_watcher_detach(s.watcher, second, NULL, &err), err);
    assert_true(polled(&s));
    assert_int_equal(claude_client_generation(client, NULL), 3);
    claude_client_unref(client);
    claude_client_unref(second);
    close_scene(&s);
}

static int32_t gives_nothing(claude_credential_t *credential, void *user_data)
{
    (void)credential;
    (void)user_data;
    return 1;
}

/* Whatever a client sends as its key: a header of the program's, a provider's token, or that of the snapshot that is
 * meant. */
static void test_other_servers_and_other_keys(void **state)
{
    enum { BY_HEADER, BY_PROVIDER, OF_SNAPSHOT, KINDS };
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        claude_config_t *config = NULL;
        claude_config_t *keyed = new_config();
        const char *name = kind == OF_SNAPSHOT ? "keyed" : NULL;
        claude_client_t *client = NULL;
        claude_error_t *err = NULL;
        struct scene s;
        succeeds(claude_config_new(&config, &err), err);
        if (kind == BY_HEADER)
            succeeds(claude_config_set_header(config, "x-gateway-pass", "of the gateway", &err), err);
        if (kind == BY_PROVIDER)
            succeeds(claude_config_set_credential_provider(config, gives_nothing, NULL, NULL, &err), err);
        else
            succeeds(claude_config_set(config, "auth.style", "none", &err), err);
        client = client_of(config);
        if (kind == OF_SNAPSHOT)
            succeeds(claude_client_set_snapshot(client, name, keyed, &err), err);
        open_scene(&s, GOOD);
        succeeds(claude_watcher_attach(s.watcher, client, name, &err), err);
        replace(&s, "{'timeout_ms':1,'base_url':'https://example.invalid'}");
        is_refused(&s, CLAUDE_E_INVALID, "another server");
        succeeds(claude_watcher_allow_server(s.watcher, "https://example.invalid", &err), err);
        assert_true(polled(&s));
        claude_config_unref(keyed);
        claude_client_unref(client);
        close_scene(&s);
    }
}

static const char *url_of(claude_client_t *client, char room[64])
{
    claude_diagnostics_t *report = NULL;
    claude_error_t *err = NULL;
    const char *at;

    succeeds(claude_client_diagnostics(client, &report, &err), err);
    at = strstr(claude_diagnostics_json(report, NULL), "\"endpoints\":[{\"url\":\"");
    assert_non_null(at);
    at += strlen("\"endpoints\":[{\"url\":\"");
    snprintf(room, 64, "%.*s", (int)strcspn(at, "\""), at);
    claude_diagnostics_unref(report);
    return room;
}

/* The program has moved the client, and given it the key for that: no file takes it back to where it was. */
static void test_program_moves_the_client(void **state)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    claude_client_t *client;
    char room[64];
    char *text;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    succeeds(claude_config_set(config, "base_url", "https://b.invalid", &err), err);
    succeeds(claude_client_set_snapshot(client, NULL, config, &err), err);
    replace(&s, "{'timeout_ms':1001}");
    assert_true(polled(&s));
    assert_string_equal(url_of(client, room), "https://b.invalid");
    /* Now it is the first one that is another server. */
    text = format("{'timeout_ms':1002,'base_url':'%s'}", sandbox_url(server));
    replace(&s, text);
    free(text);
    assert_false(polled(&s));
    assert_string_equal(url_of(client, room), "https://b.invalid");
    replace(&s, "{'base_url':'https://b.invalid/v'}");
    assert_true(polled(&s));
    assert_string_equal(url_of(client, room), "https://b.invalid/v");
    replace(&s, "{'timeout_ms':1003}");
    assert_true(polled(&s));
    assert_string_equal(url_of(client, room), "https://b.invalid");
    claude_config_unref(config);
    claude_client_unref(client);
    close_scene(&s);
}

/* A snapshot that was removed has no room to come back: then the other clients do not change, either. */
static void test_all_or_none(void **state)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    claude_client_t *client;
    claude_client_t *full;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    full = attached(&s, "gone");
    succeeds(claude_client_set_snapshot(full, "gone", NULL, &err), err);
    for (int i = 0; i < 8; i++) {
        char name[] = {'n', (char)('0' + i), '\0'};
        succeeds(claude_client_set_snapshot(full, name, config, &err), err);
    }
    replace(&s, "{'timeout_ms':1001}");
    for (int i = 0; i < 3; i++) {
        is_refused(&s, CLAUDE_E_LIMIT, "named snapshots");
        assert_int_equal(claude_client_generation(client, NULL), 2);
    }
    succeeds(claude_client_set_snapshot(full, "n3", NULL, &err), err);
    assert_true(polled(&s));
    assert_int_equal(claude_client_generation(client, NULL), 3);
    assert_true(claude_client_generation(full, "gone") > 0);
    claude_config_unref(config);
    claude_client_unref(client);
    claude_client_unref(full);
    close_scene(&s);
}

static void test_loop(void **state)
{
    claude_request_t *request = hello();
    const claude_event_t *event = NULL;
    claude_loop_t *loop = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    int64_t until = now_ms() + PATIENCE_MS;
    claude_client_t *client;
    claude_config_t *config = new_config();
    uint64_t tag = 0;
    claude_code_t rc;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    succeeds(claude_loop_new(client, &loop, &err), err);
    replace(&s, "{'api_version':'2026-10-21'}");
    while (s.told == 0 && now_ms() < until)
        succeeds(claude_loop_wait(loop, 20, &err), err);
    assert_int_equal(s.told, 1);
    succeeds(claude_loop_submit(loop, request, 0, 7, &call, &err), err);
    do {
        succeeds(claude_loop_wait(loop, PATIENCE_MS, &err), err);
        rc = claude_loop_next(loop, &tag, &event, &err);
    } while (rc == 0 || rc == 1);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_int_equal(tag, 7);
    assert_string_equal(header_of(received_at(0), "anthropic-version"), "2026-10-21");
    claude_call_unref(call);
    /* A loop's connections are made in one way only. */
    succeeds(claude_config_set(config, "network.http_version", "1.1", &err), err);
    succeeds(claude_client_set_snapshot(client, "old", config, &err), err);
    succeeds(claude_request_set_option(request, "request.snapshot", "old", &err), err);
    fails(claude_loop_submit(loop, request, 0, 8, &call, &err), CLAUDE_E_STATE, &err);
    claude_config_unref(config);
    claude_loop_unref(loop);
    claude_request_unref(request);
    claude_client_unref(client);
    close_scene(&s);
}

/* The program's last reference to what the function was called with goes inside of the callback. */
struct leaver {
    claude_loop_t *loop;
    claude_client_t *client;
    int told;
};

static void leaves(claude_watcher_t *watcher, int64_t generation, void *user_data)
{
    struct leaver *all = user_data;

    assert_non_null(watcher);
    assert_true(generation > 1);
    all->told++;
    if (all->loop)
        claude_loop_unref(all->loop);
    claude_client_unref(all->client);
    all->loop = NULL;
    all->client = NULL;
}

static void test_callback_releases(void **state)
{
    enum { SUBMIT, WAIT, EXECUTE, HOWS };
    claude_request_t *request = hello();
    (void)state;
    for (int how = 0; how < HOWS; how++) {
        struct leaver all = {.told = 0};
        claude_response_t *response = NULL;
        claude_client_t *client;
        claude_call_t *call = NULL;
        claude_error_t *err = NULL;
        struct scene s;
        open_scene(&s, GOOD);
        all.client = client = attached(&s, NULL);
        if (how != EXECUTE)
            succeeds(claude_loop_new(client, &all.loop, &err), err);
        succeeds(claude_watcher_on_change(s.watcher, leaves, &all, NULL, &err), err);
        replace(&s, "{'timeout_ms':1001}");
        if (how == SUBMIT)
            fails(claude_loop_submit(all.loop, request, 0, 1, &call, &err), CLAUDE_E_STATE, &err);
        else if (how == WAIT)
            assert_int_equal(claude_loop_wait(all.loop, -1, &err), 0);
        else
            succeeds(claude_client_execute(client, request, &response, &err), err);
        assert_int_equal(all.told, 1);
        claude_response_unref(response);
        close_scene(&s);
    }
    claude_request_unref(request);
}

/* ---- a loop that has nothing to do ---- */

/* What is promised is 2 s. This machine may have other things to do. */
enum { PROMISED_MS = 2000, LOADED = 10 };

/* All that a host does which has no other source of events: polls the descriptor, and then does what is to be done. */
static bool host_waits(claude_loop_t *loop, int timeout_ms)
{
    struct pollfd fd = {.fd = claude_loop_fd(loop), .events = POLLIN};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;

    assert_true(fd.fd >= 0);
    if (poll(&fd, 1, timeout_ms) == 0)
        return false;
    succeeds(claude_loop_dispatch(loop, &err), err);
    assert_int_equal(claude_loop_next(loop, &tag, &event, &err), 0);
    return true;
}

static void host_hears(struct scene *s, claude_loop_t *loop, int told)
{
    int64_t until = now_ms() + (int64_t)PROMISED_MS * LOADED;

    while (s->told < told && now_ms() < until)
        host_waits(loop, PROMISED_MS * LOADED);
    assert_int_equal(s->told, told);
}

/* What was planned before may still wake it; then nothing does, for longer than it takes a look to come again. */
static void host_sleeps(claude_loop_t *loop)
{
    enum { QUIET_MS = 1500, WAKES = 3 };
    int wakes = 0;

    while (host_waits(loop, QUIET_MS))
        assert_in_range(++wakes, 1, WAKES);
}

/* The watcher is attached before the loop is made or after that; the kernel tells, cannot tell, or does not. */
static void test_idle_loop(void **state)
{
    static const int kernels[] = {WILLING, NO_INSTANCES, NO_WATCHES, DEAF};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        claude_client_t *client = new_client();
        claude_loop_t *loop = NULL;
        claude_error_t *err = NULL;
        struct scene s;
        kernel = kernels[i];
        open_scene(&s, GOOD);
        if (i % 2)
            succeeds(claude_watcher_attach(s.watcher, client, NULL, &err), err);
        succeeds(claude_loop_new(client, &loop, &err), err);
        if (i % 2 == 0) {
            while (host_waits(loop, 0))
                continue;
            succeeds(claude_watcher_attach(s.watcher, client, NULL, &err), err);
        }
        replace(&s, "{'timeout_ms':1001}");
        host_hears(&s, loop, 1);
        assert_int_equal(claude_client_generation(client, NULL), 3);
        kernel = WILLING;
        claude_loop_unref(loop);
        claude_client_unref(client);
        close_scene(&s);
    }
}

/* Both loops hear of it, and are left in peace once nobody watches. */
static void test_idle_loops_and_detach(void **state)
{
    claude_loop_t *loops[2] = {NULL, NULL};
    claude_error_t *err = NULL;
    claude_client_t *client;
    struct scene s;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    for (size_t i = 0; i < COUNT_OF(loops); i++)
        succeeds(claude_loop_new(client, &loops[i], &err), err);
    replace(&s, "{'timeout_ms':1001}");
    host_hears(&s, loops[0], 1);
    replace(&s, "{'timeout_ms':1002}");
    host_hears(&s, loops[1], 2);
    claude_loop_unref(loops[1]);
    succeeds(claude_watcher_detach(s.watcher, client, NULL, &err), err);
    host_sleeps(loops[0]);
    succeeds(claude_watcher_attach(s.watcher, client, NULL, &err), err);
    replace(&s, "{'timeout_ms':1003}");
    host_hears(&s, loops[0], 3);
    claude_loop_unref(loops[0]);
    claude_client_unref(client);
    close_scene(&s);
}

static int child_attaches(struct scene *s, claude_client_t *client, claude_loop_t *parents)
{
    claude_loop_t *loop = NULL;
    struct pollfd fd = {.events = POLLIN};
    int64_t until = now_ms() + PATIENCE_MS;

    if (claude_watcher_attach(s->watcher, client, "child", NULL) != CLAUDE_OK ||
        claude_watcher_detach(s->watcher, client, NULL, NULL) != CLAUDE_OK ||
        claude_loop_dispatch(parents, NULL) != CLAUDE_E_FORKED)
        return 2;
    claude_loop_unref(parents);
    if (claude_loop_new(client, &loop, NULL) != CLAUDE_OK)
        return 3;
    fd.fd = claude_loop_fd(loop);
    write_text(s->path, "{'timeout_ms':1001}");
    while (s->told == 0 && now_ms() < until) {
        if (poll(&fd, 1, PATIENCE_MS) != 1 || claude_loop_dispatch(loop, NULL) < 0)
            return 4;
    }
    claude_loop_unref(loop);
    return s->told == 1 ? 0 : 5;
}

/* What a child attaches, detaches and releases is nothing to its parent's loop; and each hears of the file. */
static void test_idle_loop_and_fork(void **state)
{
    claude_loop_t *loop = NULL;
    claude_error_t *err = NULL;
    claude_client_t *client;
    int status = -1;
    struct scene s;
    pid_t child;
    (void)state;
    open_scene(&s, GOOD);
    client = attached(&s, NULL);
    succeeds(claude_loop_new(client, &loop, &err), err);
    while (host_waits(loop, 0))
        continue;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_attaches(&s, client, loop));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    host_hears(&s, loop, 1);
    holds(&s, "timeout_ms", "1001");
    replace(&s, "{'timeout_ms':1002}");
    host_hears(&s, loop, 2);
    claude_loop_unref(loop);
    claude_client_unref(client);
    close_scene(&s);
}

/* ---- fork, storms, threads ---- */

static int child_sees(struct scene *s, int parents_fd)
{
    struct pollfd fd = {.fd = claude_watcher_fd(s->watcher), .events = POLLIN};
    int32_t changed = 0;

    if (fd.fd < 0 || fd.fd == parents_fd)
        return 2;
    if (claude_watcher_poll(s->watcher, &changed, NULL) != CLAUDE_OK || changed)
        return 3;
    write_text(s->path, "{'timeout_ms':7}");
    if (poll(&fd, 1, PATIENCE_MS) != 1)
        return 4;
    if (claude_watcher_poll(s->watcher, &changed, NULL) != CLAUDE_OK || !changed)
        return 5;
    claude_watcher_unref(s->watcher);
    return 0;
}

/* What the child has read, the parent can read, too. */
static void test_fork(void **state)
{
    int status = -1;
    struct scene s;
    pid_t child;
    int fd;
    (void)state;
    open_scene(&s, GOOD);
    fd = claude_watcher_fd(s.watcher);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_sees(&s, fd));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(claude_watcher_fd(s.watcher), fd);
    is_told(&s);
    holds(&s, "timeout_ms", "7");
    close_scene(&s);
}

struct storm {
    const struct scene *scene;
    claude_client_t *client;
    _Atomic bool over;
    _Atomic int wrong;
};

/* A thousand times a second the file is another one; some are bad, and some are not there. No cmocka here. */
static void *blow(void *user)
{
    struct storm *storm = user;
    char other[128];

    snprintf(other, sizeof other, "%s/storm", storm->scene->folder);
    for (int i = 1; i <= STORM; i++) {
        char text[96];
        FILE *file = fopen(other, "we");
        if (!file) {
            atomic_fetch_add(&storm->wrong, 1);
            break;
        }
        snprintf(text, sizeof text, i % 10 == 9 ? "{\"timeout_ms\":%d," : "{\"timeout_ms\":%d,\"breaker.open_ms\":%d}",
                 1000 + i, 1000 + i);
        fputs(text, file);
        fclose(file);
        if (i % 50 == 7)
            unlink(storm->scene->path);
        rename(other, storm->scene->path);
        poll(NULL, 0, 1);
    }
    atomic_store(&storm->over, true);
    return NULL;
}

/* Two options of one file are always of the same one. */
static void *sees_whole_files(void *user)
{
    struct storm *storm = user;
    claude_request_t *request = NULL;

    if (claude_request_new("messages.create", &request, NULL) != CLAUDE_OK ||
        claude_request_set_json(request,
                                "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":"
                                "\"a\"}]}",
                                CLAUDE_NTS, NULL) != CLAUDE_OK)
        atomic_fetch_add(&storm->wrong, 1);
    while (!atomic_load(&storm->over)) {
        claude_config_t *config = NULL;
        claude_call_t *call = NULL;
        if (claude_watcher_config(storm->scene->watcher, &config, NULL) != CLAUDE_OK ||
            strcmp(claude_config_get(config, "timeout_ms"), claude_config_get(config, "breaker.open_ms")) != 0)
            atomic_fetch_add(&storm->wrong, 1);
        claude_config_unref(config);
        if (claude_client_start(storm->client, request, 0, &call, NULL) != CLAUDE_OK)
            atomic_fetch_add(&storm->wrong, 1);
        claude_call_unref(call);
        if (claude_watcher_poll(storm->scene->watcher, NULL, NULL) != CLAUDE_OK)
            atomic_fetch_add(&storm->wrong, 1);
    }
    claude_request_unref(request);
    return NULL;
}

static void test_storm(void **state)
{
    struct storm storm = {.wrong = 0};
    pthread_t threads[THREADS + 1];
    claude_error_t *err = NULL;
    struct scene s;
    char last[16];
    (void)state;
    open_scene(&s, "{'timeout_ms':1000,'breaker.open_ms':1000}");
    succeeds(claude_watcher_on_change(s.watcher, NULL, NULL, NULL, &err), err);
    storm.scene = &s;
    storm.client = attached(&s, NULL);
    assert_int_equal(pthread_create(&threads[THREADS], NULL, blow, &storm), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sees_whole_files, &storm), 0);
    for (size_t i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(storm.wrong, 0);
    polled(&s);
    snprintf(last, sizeof last, "%d", 1000 + STORM);
    holds(&s, "timeout_ms", last);
    claude_client_unref(storm.client);
    close_scene(&s);
}

static void test_misuse(void **state)
{
    claude_config_t *config = new_config();
    claude_watcher_t *wrong = (claude_watcher_t *)config;
    claude_error_t *err = NULL;
    int gone = 0;
    (void)state;
    fails(claude_watcher_poll(NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_reload(wrong, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_update(wrong, "{}", CLAUDE_NTS, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_config(wrong, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_error(NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_watcher_on_change(wrong, hears, &gone, count_destroy, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(gone, 1);
    assert_int_equal(claude_watcher_generation(wrong), 0);
    assert_int_equal(claude_watcher_fd(wrong), -1);
    assert_int_equal(claude_watcher_is_notified(NULL), 0);
    assert_int_equal(claude_client_generation(NULL, NULL), 0);
    assert_null(claude_watcher_ref(wrong));
    claude_watcher_unref(NULL);
    claude_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults_and_initial),
        TEST(test_written_in_place),
        TEST(test_bad_contents),
        TEST(test_half_written),
        TEST(test_no_regular_file),
        TEST(test_unreadable),
        TEST(test_too_large),
        TEST(test_content_counts),
        TEST(test_update_and_reload),
        TEST(test_descriptor),
        TEST(test_links),
        TEST(test_directory_comes_later),
        TEST(test_kernel_refuses),
        TEST(test_kernel_refuses_later),
        TEST(test_client_follows),
        TEST(test_client_keeps_its_watcher),
        TEST(test_deaf),
        TEST(test_calls_keep_theirs),
        TEST(test_two_snapshots),
        TEST(test_attaching),
        TEST(test_other_servers),
        TEST(test_other_servers_and_other_keys),
        TEST(test_program_moves_the_client),
        TEST(test_all_or_none),
        TEST(test_loop),
        TEST(test_callback_releases),
        TEST(test_idle_loop),
        TEST(test_idle_loops_and_detach),
        TEST(test_idle_loop_and_fork),
        TEST(test_fork),
        TEST(test_storm),
        TEST(test_misuse),
    };

    return RUN_WITH_SERVER(tests);
}
