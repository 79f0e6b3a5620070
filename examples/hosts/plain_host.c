/*
 * plain_host.c - a program that knows the library by its name only: no header, not linked, loaded while it runs.
 *
 *     cc plain_host.c -o plain_host
 *     ANTHROPIC_API_KEY=... ./plain_host "A question" [DIRECTORY ...]
 *
 * For each directory it loads the library that lies there, prints an answer as it is written, and unloads it again.
 * Without one it leaves it to the system where libraries are (ld.so.conf, LD_LIBRARY_PATH).
 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The number is the version of the interface: whatever has this name has the functions below, for ever. */
#define LIBRARY "libclaude.so.0.8"

typedef struct claude_error claude_error_t;
typedef struct claude_config claude_config_t;
typedef struct claude_client claude_client_t;
typedef struct claude_request claude_request_t;
typedef struct claude_call claude_call_t;
typedef struct claude_event claude_event_t;

enum { EVENT_TEXT_DELTA = 30, PATH_BYTES = 4096 };

/* What is used of the library: F(result, name, parameters). Handles are opaque and results are numbers or borrowed
 * pointers, so nothing else has to be known. */
#define FUNCTIONS(F)                                                                                                   \
    F(const char *, claude_version_string, (void))                                                                     \
    F(const char *, claude_error_message, (const claude_error_t *))                                                    \
    F(void, claude_error_unref, (claude_error_t *))                                                                    \
    F(int32_t, claude_client_from_env, (const claude_config_t *, claude_client_t **, claude_error_t **))               \
    F(void, claude_client_unref, (claude_client_t *))                                                                  \
    F(int32_t, claude_request_new, (const char *, claude_request_t **, claude_error_t **))                             \
    F(int32_t, claude_request_set_model, (claude_request_t *, const char *, claude_error_t **))                        \
    F(int32_t, claude_request_set_max_tokens, (claude_request_t *, int64_t, claude_error_t **))                        \
    F(int32_t, claude_request_add_user_text, (claude_request_t *, const char *, size_t, claude_error_t **))            \
    F(void, claude_request_unref, (claude_request_t *))                                                                \
    F(int32_t, claude_client_stream,                                                                                   \
      (claude_client_t *, const claude_request_t *, claude_call_t **, claude_error_t **))                              \
    F(int32_t, claude_call_next, (claude_call_t *, int64_t, const claude_event_t **, claude_error_t **))               \
    F(void, claude_call_unref, (claude_call_t *))                                                                      \
    F(int32_t, claude_event_type, (const claude_event_t *))                                                            \
    F(const char *, claude_event_text, (const claude_event_t *, size_t *))

#define POINTER(result, name, parameters) result(*name) parameters;
typedef struct {
    void *library;
    FUNCTIONS(POINTER)
} claude_api;

static int load(claude_api *api, const char *directory)
{
    char path[PATH_BYTES] = LIBRARY;

    if (directory != NULL && snprintf(path, sizeof path, "%s/%s", directory, LIBRARY) >= (int)sizeof path) {
        fprintf(stderr, "error: the path of the directory is too long\n");
        return -1;
    }
    /* NOW: what is missing is told here, not in the middle of an answer. LOCAL: nobody else sees its symbols. */
    api->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (api->library == NULL) {
        fprintf(stderr, "error: %s cannot be loaded: %s\n", LIBRARY, dlerror());
        return -1;
    }

#define LOOK_UP(result, name, parameters)                                                                              \
    {                                                                                                                  \
        void *found = dlsym(api->library, #name);                                                                      \
        if (found == NULL) {                                                                                           \
            fprintf(stderr, "error: %s is no libclaude: %s\n", path, dlerror());                                       \
            dlclose(api->library);                                                                                     \
            return -1;                                                                                                 \
        }                                                                                                              \
        memcpy(&api->name, &found, sizeof found);                                                                      \
    }
    FUNCTIONS(LOOK_UP)
    return 0;
}

/* The file that the functions have come from. */
static const char *origin(const claude_api *api)
{
    Dl_info info = {0};
    void *address = NULL;

    memcpy(&address, &api->claude_version_string, sizeof address);
    return dladdr(address, &info) != 0 ? info.dli_fname : "?";
}

static int print_answer(const claude_api *api, const char *question)
{
    claude_error_t *err = NULL;
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    const claude_event_t *event = NULL;
    int32_t rc;

    if ((rc = api->claude_client_from_env(NULL, &client, &err)) < 0 ||
        (rc = api->claude_request_new("messages.create", &request, &err)) < 0)
        goto out;
    api->claude_request_set_model(request, "claude-haiku-5-5", NULL);
    api->claude_request_set_max_tokens(request, 1024, NULL);
    api->claude_request_add_user_text(request, question, strlen(question), NULL);

    rc = api->claude_client_stream(client, request, &call, &err);
    while (rc >= 0 && (rc = api->claude_call_next(call, -1, &event, &err)) == 1) {
        if (api->claude_event_type(event) == EVENT_TEXT_DELTA) {
            printf("%s", api->claude_event_text(event, NULL));
            fflush(stdout);
        }
    }

out:
    if (rc < 0)
        fprintf(stderr, "error: %s\n", api->claude_error_message(err));
    /* All that is the library's is given back before it is unloaded. */
    api->claude_call_unref(call);
    api->claude_request_unref(request);
    api->claude_client_unref(client);
    api->claude_error_unref(err);
    return rc < 0 ? -1 : 0;
}

static int ask(const char *question, const char *directory)
{
    claude_api api;
    int rc;

    if (load(&api, directory) < 0)
        return -1;
    printf("libclaude %s from %s\n", api.claude_version_string(), origin(&api));
    rc = print_answer(&api, question);
    printf("\n");
    /* It stays mapped, since handlers for fork() point into it; loading it again finds the same one. */
    dlclose(api.library);
    return rc;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s QUESTION [DIRECTORY ...]\n", argv[0]);
        return 1;
    }
    if (argc == 2)
        return ask(argv[1], NULL) < 0;
    for (int i = 2; i < argc; i++) {
        if (ask(argv[1], argv[i]) < 0)
            failed = 1;
    }
    return failed;
}
