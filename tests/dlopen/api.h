/*
 * api.h - the library as a plugin host sees it: a file, and names to ask for. No header of the library is used, on
 * purpose: every handle is a void pointer, every number is written out.
 */
#ifndef DLOPEN_API_H
#define DLOPEN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_FUNCTIONS(X)                                                                                               \
    X(uint32_t, version, (void))                                                                                       \
    X(const char *, version_string, (void))                                                                            \
    X(const char *, build_info, (void))                                                                                \
    X(int32_t, config_new, (void **out, void **err))                                                                   \
    X(int32_t, config_set, (void *config, const char *key, const char *value, void **err))                             \
    X(void, config_unref, (void *config))                                                                              \
    X(int32_t, client_new, (const void *config, void **out, void **err))                                               \
    X(int32_t, client_execute, (void *client, const void *request, void **out, void **err))                            \
    X(int32_t, client_stream, (void *client, const void *request, void **out, void **err))                             \
    X(void, client_unref, (void *client))                                                                              \
    X(int32_t, request_new, (const char *endpoint, void **out, void **err))                                            \
    X(int32_t, request_set_model, (void *request, const char *model, void **err))                                      \
    X(int32_t, request_set_max_tokens, (void *request, int64_t max_tokens, void **err))                                \
    X(int32_t, request_add_user_text, (void *request, const char *text, size_t len, void **err))                       \
    X(void, request_unref, (void *request))                                                                            \
    X(const char *, response_text, (const void *response, size_t *len))                                                \
    X(const char *, response_request_id, (const void *response))                                                       \
    X(void, response_unref, (void *response))                                                                          \
    X(int32_t, call_next, (void *call, int64_t timeout_ms, const void **event, void **err))                            \
    X(int32_t, call_result, (void *call, void **out, void **err))                                                      \
    X(void, call_unref, (void *call))                                                                                  \
    X(int32_t, loop_new, (void *client, void **out, void **err))                                                       \
    X(int32_t, loop_submit, (void *loop, const void *request, uint32_t flags, uint64_t tag, void **out, void **err))   \
    X(int32_t, loop_wait, (void *loop, int64_t timeout_ms, void **err))                                                \
    X(int32_t, loop_next, (void *loop, uint64_t *tag, const void **event, void **err))                                 \
    X(size_t, loop_count, (const void *loop))                                                                          \
    X(void, loop_unref, (void *loop))                                                                                  \
    X(const char *, error_message, (const void *error))                                                                \
    X(void, error_unref, (void *error))

enum { API_OK = 0, API_EVENT = 1, API_DONE = 2, API_FORKED = -7, API_STREAM = 1 };

struct api {
    void *library;
#define MEMBER(type, name, arguments) type(*name) arguments;
    API_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* What is wrong is said on standard error and counted; a child's exit status is that number. */
extern int wrong;
#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)
void expect(bool condition, const char *text, const char *file, int line);

/* Loads the library and looks up its functions. */
struct api api_open(const char *path, int flags);
/* The functions of one that is loaded. */
struct api api_of(void *library);
void api_close(struct api *api);

/* A client; certificate: what to trust, or NULL. */
void *api_client(const struct api *api, const char *url, const char *certificate);
void *api_request(const struct api *api);
/* A call in each of the three ways, with a client that is there, and with one of its own. */
void api_use_client(const struct api *api, void *client);
void api_use(const struct api *api, const char *url, const char *certificate);

/* ---- the process ---- */

size_t resident_bytes(void);
int open_descriptors(void);
int running_threads(void);
/* Runs a function in a forked child; its exit status, or minus the signal that ended it. */
int run_in_child(void (*child)(void *data), void *data);
/* For a child: it abandons what is its parent's on purpose, which memcheck would call a leak. */
void expect_leaks(void);
/* Whether a program runs slowly, and its memory is not its own: memcheck. */
bool under_memcheck(void);

#endif
