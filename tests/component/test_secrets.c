/*
 * Secrets through the interface: where they come from, when they run out, and the trail of their uses; what a call
 * leaves in it.
 */
#include "support.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOKEN "token-of-a-gateway-0123456789"

static claude_secret_t *secret_of(const char *text)
{
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_secret_new_unchecked(text, CLAUDE_NTS, &secret, &err), err);
    return secret;
}

static claude_trail_t *read_trail(void)
{
    claude_trail_t *trail = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_trail_read(&trail, &err), err);
    return trail;
}

static void a_call_leaves_a_trail(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = hello();
    claude_secret_t *secret = claude_client_secret(client, CLAUDE_KEY_OF_CLIENT);
    claude_trail_t *trail;
    const char *operation = NULL;
    const char *fingerprint = NULL;
    const char *module = NULL;
    int64_t time_ms = 0;
    int64_t thread = 0;
    uint64_t offset = 0;
    size_t frames = 0;
    bool has_library = false;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_trail_start(2, &err), err);
    for (int i = 0; i < 3; i++)
        claude_response_unref(execute(client, request));
    trail = claude_trail_ref(read_trail());
    claude_trail_unref(trail);
    assert_int_equal(claude_trail_count(trail), 2);
    assert_int_equal(claude_trail_dropped(trail), 1);
    assert_int_equal(claude_trail_at(trail, 1, &time_ms, &operation, &fingerprint, &thread, &frames), 1);
    assert_int_equal(claude_trail_at(trail, 1, NULL, NULL, NULL, NULL, NULL), 1);
    assert_int_equal(claude_trail_at(trail, 2, NULL, NULL, NULL, NULL, NULL), 0);
    assert_string_equal(operation, "header");
    assert_string_equal(fingerprint, claude_secret_fingerprint(secret));
    assert_true(time_ms > INT64_C(1600000000000));
    assert_int_equal(thread, gettid());
    for (size_t i = 0; i < frames; i++) {
        assert_int_equal(claude_trail_frame_at(trail, 1, i, &module, &offset), 1);
        has_library = has_library || strncmp(module, "libclaude.so", strlen("libclaude.so")) == 0;
    }
    assert_int_equal(claude_trail_frame_at(trail, 1, frames, NULL, NULL), 0);
    assert_int_equal(has_library, frames > 0);
    assert_contains(claude_trail_json(trail, NULL), claude_secret_fingerprint(secret));
    check_no_key(claude_trail_json(trail, NULL), __FILE__, __LINE__);
    claude_trail_unref(trail);
    claude_trail_clear();
    trail = read_trail();
    assert_int_equal(claude_trail_count(trail), 0);
    claude_trail_unref(trail);
    claude_trail_stop();
    fails(claude_trail_read(&trail, &err), CLAUDE_E_STATE, &err);
    fails(claude_trail_start(0, &err), CLAUDE_E_INVALID, &err);
    fails(claude_trail_start(CLAUDE_TRAIL_MAX + 1, &err), CLAUDE_E_INVALID, &err);
    claude_secret_unref(secret);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void expiry_is_read_back(void **state)
{
    claude_secret_t *secret = secret_of(TOKEN);
    claude_error_t *err = NULL;
    int destroyed = 0;

    (void)state;
    assert_int_equal(claude_secret_expires_at(secret), -1);
    succeeds(claude_secret_set_expiry(secret, 1234567890123, &err), err);
    assert_int_equal(claude_secret_expires_at(secret), 1234567890123);
    succeeds(claude_secret_set_expiry(secret, -1, &err), err);
    assert_int_equal(claude_secret_expires_at(secret), -1);
    assert_int_equal(claude_secret_expires_at(NULL), -1);
    fails(claude_secret_on_expiry(secret, 0, NULL, &destroyed, count_destroy, &err), CLAUDE_E_INVALID, &err);
    assert_int_equal(destroyed, 1);
    claude_secret_unref(secret);
}

static void sources_in_order(void **state)
{
    claude_secret_t *runtime = secret_of(TOKEN);
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(setenv("WORKSPACE_PATH", "/nonexistent", 1), 0);
    assert_int_equal(unsetenv("KEY_OF_A_TEST"), 0);
    succeeds(claude_secret_load_with_precedence("KEY_OF_A_TEST", runtime, &secret, &err), err);
    assert_ptr_equal(secret, runtime);
    assert_string_equal(claude_secret_source(secret), "program");
    claude_secret_unref(secret);
    secret = NULL;
    fails(claude_secret_load_with_precedence("KEY_OF_A_TEST", NULL, &secret, &err), CLAUDE_E_NO_KEY, &err);
    assert_null(secret);
    assert_int_equal(setenv("KEY_OF_A_TEST", KEY, 1), 0);
    succeeds(claude_secret_load_with_precedence("KEY_OF_A_TEST", runtime, &secret, &err), err);
    assert_string_equal(claude_secret_source(secret), "environment");
    claude_secret_unref(secret);
    unsetenv("KEY_OF_A_TEST");
    unsetenv("WORKSPACE_PATH");
    assert_string_equal(claude_secret_source(NULL), "");
    claude_secret_unref(runtime);
}

/* In a child the client goes on with the key that it has then, and can be given another. */
static void keys_survive_fork(void **state)
{
    claude_client_t *client = new_client();
    claude_secret_t *secret = secret_of(TOKEN);
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    int status = 0;
    pid_t child;

    (void)state;
    claude_response_unref(execute(client, request));
    succeeds(claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, &err), err);
    child = fork();
    if (child == 0) {
        claude_response_t *response = NULL;
        bool ok = claude_client_execute(client, request, &response, NULL) >= 0 &&
                  claude_client_rotate_secret(client, CLAUDE_KEY_OF_CLIENT, secret, NULL) >= 0;
        /* Valgrind looks for what a child leaves behind, too. */
        claude_response_unref(response);
        claude_request_unref(request);
        claude_secret_unref(secret);
        claude_client_unref(client);
        _exit(ok ? 0 : 1);
    }
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_int_equal(status, 0);
    claude_response_unref(execute(client, request));
    assert_string_equal(header_of(received_at(0), "x-api-key"), KEY);
    assert_string_equal(header_of(received_at(1), "x-api-key"), TOKEN);
    assert_string_equal(header_of(received_at(2), "x-api-key"), TOKEN);
    claude_request_unref(request);
    claude_secret_unref(secret);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_leaves_a_trail),
        TEST(expiry_is_read_back),
        TEST(sources_in_order),
        TEST(keys_survive_fork),
    };

    return RUN_WITH_SERVER(tests);
}
