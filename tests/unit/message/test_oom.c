/*
 * Memory running out at each allocation in turn, once and from then on: every function must say so, leave what was
 * there before, leak nothing, and never give a shorter answer as if it were whole. The sources are compiled in here
 * with an allocator that can fail, so that it works under memcheck and the sanitizers too.
 */
#include <stdbool.h>
#include <stdlib.h>

static long left;    /* allocations that still succeed */
static bool forever; /* what follows the one that fails fails too */
static bool failed;

static bool may_allocate(void)
{
    if (left-- > 0)
        return true;
    if (failed && !forever)
        return true;
    failed = true;
    return false;
}

static void *test_malloc(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

static void *test_calloc(size_t count, size_t size)
{
    return may_allocate() ? calloc(count, size) : NULL;
}

static void *test_realloc(void *old, size_t size)
{
    return may_allocate() ? realloc(old, size) : NULL;
}

#define malloc test_malloc
#define calloc test_calloc
#define realloc test_realloc

#include "base/blob.c"
#include "base/body.c"
#include "base/buf.c"
#include "base/headers.c"
#include "message/draft.c"
#include "message/edit.c"
#include "message/fields.c"
#include "message/params.c"
#include "message/request.c"
#include "message/response.c"
#include "message/snapshot.c"

#undef malloc
#undef calloc
#undef realloc

#include "testing.h"

#include "api/api.h"

/* Runs a scenario with ever more memory until it succeeds; it returns whether it did. */
static void run(bool (*scenario)(void))
{
    for (int mode = 0; mode < 2; mode++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            assert_true(n < 1000);
            left = n;
            forever = mode == 1;
            failed = false;
            done = scenario();
            /* A success with a failed allocation behind it would be a loss that nobody is told of. */
            assert_int_equal(done, !failed);
        }
    }
    left = 1000000;
}

/* The code of a step; anything but success and out-of-memory is a mistake. */
static bool step(claude_code_t rc, const cl_err *err)
{
    if (rc != CLAUDE_OK && rc != CLAUDE_E_NOMEM)
        fail_msg("%d: %s", (int)rc, err->message);
    return rc == CLAUDE_OK;
}

static const char built[] = "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"one\"},"
                            "{\"role\":\"assistant\",\"content\":\"two\"}],\"stop_sequences\":[\"s\"],"
                            "\"metadata\":{\"user_id\":\"u\"},\"temperature\":0.5,\"tools\":[{\"name\":\"t\"}]}";

static bool check_sent(claude_request_t *request, bool force, const char *expected, cl_err *err)
{
    cl_snapshot snapshot;
    char sent[1000];
    size_t n;

    if (!step(cl_request_snapshot(request, force, &snapshot, err), err))
        return false;
    n = cl_body_read(&snapshot.body, 0, sent, sizeof sent - 1);
    sent[n] = '\0';
    assert_string_equal(sent, expected);
    cl_snapshot_free(&snapshot);
    return true;
}

static bool build_a_request(void)
{
    claude_request_t *request = NULL;
    const char *json = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_api_request_new("messages", &request, &err), &err) &&
         step(cl_request_set_model(request, "m", &err), &err) &&
         step(cl_request_set_max_tokens(request, 5, &err), &err) &&
         step(cl_request_add_message(request, "user", CL_STR("one"), &err), &err) &&
         step(cl_request_add_message(request, "assistant", CL_STR("two"), &err), &err) &&
         step(cl_request_add_stop_sequence(request, CL_STR("s"), &err), &err) &&
         step(cl_request_set_user_id(request, CL_STR("u"), &err), &err) &&
         step(cl_request_set_temperature(request, 0.5, &err), &err) &&
         step(cl_request_set_field(request, "/tools/-/name", CL_STR("\"t\""), &err), &err) &&
         step(cl_request_set_header(request, "x-a", "1", &err), &err) &&
         step(cl_request_set_header(request, "x-a", "2", &err), &err);
    if (ok && check_sent(request, false, built, &err)) {
        json = cl_request_json(request, NULL);
        assert_string_equal(json, built);
        /* A setter that fails leaves the body as it is, and is not forgotten. */
        ok = step(cl_request_add_message(request, "user",
                                         CL_STR("a text that is long enough for another buffer to be "
                                                "needed, whatever had room for the first two texts"),
                                         &err),
                  &err);
        if (!ok) {
            cl_snapshot snapshot;
            left = 1000000;
            forever = false;
            assert_string_equal(cl_request_json(request, NULL), built);
            assert_int_equal(cl_request_snapshot(request, false, &snapshot, NULL), CLAUDE_E_NOMEM);
        }
    } else {
        ok = false;
    }
    cl_err_clear(&err);
    cl_request_unref(request);
    return ok;
}

static const char whole[] = "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[1],\"x\":1.0}";

static bool send_a_whole_body(void)
{
    claude_request_t *request = NULL;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    ok = step(cl_api_request_new("messages", &request, &err), &err) &&
         step(cl_request_set_json(request, cl_str_of(whole), &err), &err) &&
         step(cl_request_set_header(request, "x-a", "1", &err), &err) && check_sent(request, false, whole, &err) &&
         check_sent(request, true, "{\"stream\":true,\"model\":\"m\",\"max_tokens\":5,\"messages\":[1],\"x\":1.0}",
                    &err);
    if (ok) {
        /* The split into members happens wholly or not at all. */
        bool set = step(cl_request_set_field(request, "/x", CL_STR("2"), &err), &err);
        const char *json = set ? cl_request_json(request, NULL) : NULL;
        ok = set && json;
        left = 1000000;
        forever = false;
        json = cl_request_json(request, NULL);
        assert_string_equal(json, set ? "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[1],\"x\":2}" : whole);
    }
    cl_err_clear(&err);
    cl_request_unref(request);
    return ok;
}

static bool read_a_response(void)
{
    static const char json[] = "{\"id\":\"\\u0061\",\"content\":[{\"type\":\"text\",\"text\":\"t\\n\"}]}";
    cl_headers headers = {NULL, 0, 0};
    claude_response_t *response = NULL;
    const char *text;
    const char *id;
    cl_err err;
    bool ok;

    cl_err_init(&err);
    if (!step(cl_headers_add(&headers, CL_STR("request-id"), CL_STR("r"), &err), &err) ||
        !step(cl_response_new(200, &headers, copy_of(cl_str_of(json)), sizeof json - 1, true, &response, &err), &err)) {
        cl_headers_free(&headers);
        return false;
    }
    /* NULL, never a text that is not the message's; and the next try may succeed. */
    text = cl_response_text(response, NULL);
    id = cl_response_id(response);
    ok = text && id;
    if (text)
        assert_string_equal(text, "t\n");
    if (id)
        assert_string_equal(id, "a");
    left = 1000000;
    forever = false;
    assert_string_equal(cl_response_text(response, NULL), "t\n");
    assert_string_equal(cl_response_id(response), "a");
    cl_response_unref(response);
    return ok;
}

static void requests_built(void **state)
{
    (void)state;
    run(build_a_request);
}

static void requests_given(void **state)
{
    (void)state;
    run(send_a_whole_body);
}

static void responses_read(void **state)
{
    (void)state;
    run(read_a_response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_built),
        cmocka_unit_test(requests_given),
        cmocka_unit_test(responses_read),
    };

    return cmocka_run_group_tests_name("message.oom", tests, NULL, NULL);
}
