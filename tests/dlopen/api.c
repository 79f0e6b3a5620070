#include "api.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

enum { PATIENCE_MS = 20000, CHILD_LIMIT_S = 120 };

int wrong;

void expect(bool condition, const char *text, const char *file, int line)
{
    if (condition)
        return;
    fprintf(stderr, "%s:%d: not %s\n", file, line, text);
    wrong++;
}

/* ---- loading ---- */

static void *look_up(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (found)
        return found;
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
}

struct api api_of(void *library)
{
    struct api api = {.library = library};
    void *found;

    /* A pointer to a function is no pointer to data in C, only in POSIX. */
#define LOOK_UP(type, name, arguments)                                                                                 \
    found = look_up(library, "claude_" #name);                                                                         \
    memcpy(&api.name, &found, sizeof found);
    API_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return api;
}

struct api api_open(const char *path, int flags)
{
    void *library = dlopen(path, flags);

    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return api_of(library);
}

void api_close(struct api *api)
{
    EXPECT(dlclose(api->library) == 0);
    api->library = NULL;
}

/* ---- using ---- */

static void succeeds(const struct api *api, int32_t code, void *err, const char *what)
{
    if (code >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, api->error_message(err));
    api->error_unref(err);
    wrong++;
}

void *api_client(const struct api *api, const char *url, const char *certificate)
{
    void *config = NULL;
    void *client = NULL;
    void *err = NULL;

    succeeds(api, api->config_new(&config, &err), err, "config_new");
    succeeds(api, api->config_set(config, "base_url", url, &err), err, "base_url");
    succeeds(api, api->config_set(config, "api_key", "sk-ant-api03-of-the-dlopen-tests", &err), err, "api_key");
    if (certificate)
        succeeds(api, api->config_set(config, "tls.ca_file", certificate, &err), err, "tls.ca_file");
    succeeds(api, api->client_new(config, &client, &err), err, "client_new");
    api->config_unref(config);
    return client;
}

void *api_request(const struct api *api)
{
    void *request = NULL;
    void *err = NULL;

    succeeds(api, api->request_new("messages.create", &request, &err), err, "request_new");
    succeeds(api, api->request_set_model(request, "claude-opus-5", &err), err, "model");
    succeeds(api, api->request_set_max_tokens(request, 1024, &err), err, "max_tokens");
    succeeds(api, api->request_add_user_text(request, "Hello", (size_t)-1, &err), err, "text");
    return request;
}

static void check_answer(const struct api *api, void *response)
{
    const char *text = api->response_text(response, NULL);

    EXPECT(text && strstr(text, "Hello"));
    api->response_unref(response);
}

static void blocking(const struct api *api, void *client, void *request)
{
    void *response = NULL;
    void *err = NULL;

    succeeds(api, api->client_execute(client, request, &response, &err), err, "execute");
    check_answer(api, response);
}

static void pulling(const struct api *api, void *client, void *request)
{
    void *call = NULL;
    void *response = NULL;
    void *err = NULL;
    const void *event = NULL;
    int32_t rc;
    int events = 0;

    succeeds(api, api->client_stream(client, request, &call, &err), err, "stream");
    while ((rc = api->call_next(call, PATIENCE_MS, &event, &err)) == API_EVENT)
        events++;
    succeeds(api, rc, err, "next");
    EXPECT(rc == API_DONE && events > 4);
    succeeds(api, api->call_result(call, &response, &err), err, "result");
    check_answer(api, response);
    api->call_unref(call);
}

static void looping(const struct api *api, void *client, void *request)
{
    void *loop = NULL;
    void *calls[2] = {NULL, NULL};
    void *err = NULL;
    int ended = 0;

    succeeds(api, api->loop_new(client, &loop, &err), err, "loop_new");
    for (uint32_t i = 0; i < 2; i++)
        succeeds(api, api->loop_submit(loop, request, i == 0 ? API_STREAM : 0, i, &calls[i], &err), err, "submit");
    while (wrong == 0 && api->loop_count(loop) > 0) {
        const void *event = NULL;
        uint64_t tag = 0;
        int32_t rc;
        EXPECT(api->loop_wait(loop, PATIENCE_MS, NULL) == 1);
        while ((rc = api->loop_next(loop, &tag, &event, NULL)) > 0)
            ended += rc == API_DONE;
    }
    EXPECT(ended == 2);
    for (int i = 0; i < 2; i++) {
        void *response = NULL;
        succeeds(api, api->call_result(calls[i], &response, &err), err, "result");
        check_answer(api, response);
        api->call_unref(calls[i]);
    }
    api->loop_unref(loop);
}

void api_use_client(const struct api *api, void *client)
{
    void *request = api_request(api);

    blocking(api, client, request);
    pulling(api, client, request);
    looping(api, client, request);
    api->request_unref(request);
}

void api_use(const struct api *api, const char *url, const char *certificate)
{
    void *client = api_client(api, url, certificate);

    api_use_client(api, client);
    api->client_unref(client);
}

/* ---- the process ---- */

size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        abort();
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int entries_of(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    if (!folder)
        abort();
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

int open_descriptors(void)
{
    return entries_of("/proc/self/fd");
}

int running_threads(void)
{
    return entries_of("/proc/self/task");
}

/* cmocka's handlers would go on with the parent's tests. */
static void die_of_faults(void)
{
    static const int faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        signal(faults[i], SIG_DFL);
}

int run_in_child(void (*child)(void *data), void *data)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        alarm(CHILD_LIMIT_S);
        die_of_faults();
        wrong = 0;
        child(data);
        exit(wrong);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void expect_leaks(void)
{
#ifdef VALGRIND_CLO_CHANGE
    VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
}

bool under_memcheck(void)
{
    const char *text = getenv("CLAUDE_UNDER_VALGRIND");

    return text && text[0] == '1';
}
