/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - These programs talk to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only. There are no keys in this folder, and none are made up.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly. Nothing is
 *   skipped, nothing is caught and excused.
 * - They are built and scanned in every run, and executed only by `scripts/test integration`.
 *
 * real.h - what the integration tests share: a client of the real API, requests, and failing with the whole error.
 */
#ifndef INTEGRATION_REAL_H
#define INTEGRATION_REAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <claude/claude.h>

/* The cheapest current model. */
#define MODEL "claude-haiku-5-5"
#define REAL_URL "https://api.anthropic.com"

/* Ends the whole program: without a key or a working network no other test can say anything. */
static inline void give_up(const char *what, claude_error_t *err)
{
    size_t len = 0;
    fprintf(stderr, "\nINTEGRATION TESTS CANNOT RUN: %s: %s\n%s\n", what, claude_error_message(err),
            claude_error_json(err, &len));
    exit(1);
}

/* Runs a call that stores its error in `err`. */
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) < 0)                                                                                                \
            give_up(#call, err);                                                                                       \
    } while (0)

/* A client of these options, which may be NULL; releases them. */
static inline claude_client_t *client_of(claude_config_t *config)
{
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    const char *url = getenv("ANTHROPIC_BASE_URL");
    if (url != NULL && *url != '\0' && strcmp(url, REAL_URL) != 0 && strcmp(url, REAL_URL "/") != 0) {
        fprintf(stderr, "\nINTEGRATION TESTS CANNOT RUN: ANTHROPIC_BASE_URL is %s, not %s\n", url, REAL_URL);
        exit(1);
    }
    MUST(claude_client_from_workspace(config, &client, &err));
    claude_config_unref(config);
    return client;
}

/* Options as pairs of name and value, ended by NULL. */
static inline claude_config_t *config_with(const char *const *options)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    MUST(claude_config_new(&config, &err));
    for (; *options != NULL; options += 2)
        MUST(claude_config_set(config, options[0], options[1], &err));
    return config;
}

#define CONFIG(...) config_with((const char *const[]){__VA_ARGS__, NULL})

/* For cmocka's group setup. */
static inline int real_client(void **state)
{
    *state = client_of(NULL);
    return 0;
}

static inline int release_client(void **state)
{
    claude_client_unref(*state);
    return 0;
}

static inline claude_request_t *ask(const char *endpoint, const char *text, int64_t max_tokens)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_new(endpoint, &request, &err));
    MUST(claude_request_set_model(request, MODEL, &err));
    MUST(claude_request_add_user_text(request, text, CLAUDE_NTS, &err));
    if (max_tokens > 0)
        MUST(claude_request_set_max_tokens(request, max_tokens, &err));
    return request;
}

/* A request without a body; `parameter` of its path, unless it is NULL, is `value`. */
static inline claude_request_t *call_for(const char *endpoint, const char *parameter, const char *value)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    MUST(claude_request_new(endpoint, &request, &err));
    if (parameter != NULL)
        MUST(claude_request_set_path(request, parameter, value, &err));
    return request;
}

/* The cheapest request that there is: nothing is sent to a model. */
static inline claude_request_t *a_count(void)
{
    return ask("messages.count_tokens", "How many tokens is this?", 0);
}

/* A request that has no time to connect: it fails on its way, and reaches nobody. */
static inline claude_request_t *a_hasty_count(void)
{
    claude_request_t *request = a_count();
    claude_error_t *err = NULL;
    MUST(claude_request_set_option(request, "timeout.connect_ms", "1", &err));
    return request;
}

/* Sends a request and releases it. */
static inline claude_response_t *answer_to(claude_client_t *client, claude_request_t *request)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    MUST(claude_client_execute(client, request, &response, &err));
    claude_request_unref(request);
    return response;
}

/* A text of an answer; it must be there. */
static inline const char *text_at(const claude_response_t *response, const char *pointer)
{
    const char *text = claude_response_string(response, pointer, NULL);
    if (text == NULL) {
        fprintf(stderr, "\nthe answer has no text at %s: %s\n", pointer, claude_response_json(response, NULL));
        fail();
    }
    return text;
}

#endif
