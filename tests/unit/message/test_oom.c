/*
 * Memory running out at each allocation in turn, once and from then on: every function must say so, leave what was
 * there before, leak nothing, and never give a shorter answer as if it were whole.
 */
#include "testing.h"

#include "../allocations.h"
#include "api/api.h"

static const char built[] = "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"one\"},"
                            "{\"role\":\"assistant\",\"content\":\"two\"}],\"stop_sequences\":[\"s\"],"
                            "\"metadata\":{\"user_id\":\"u\"},\"temperature\":0.5,\"tools\":[{\"name\":\"t\"}]}";

static bool check_sent(claude_request_t *request, bool force, const char *expected, cl_err *err)
{
    cl_snapshot snapshot;
    char sent[1000];
    size_t n;

    if (!step(cl_request_snapshot(request, force, &snapshot, err)))
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
    ok = step(cl_api_request_new("messages", &request, &err)) && step(cl_request_set_model(request, "m", &err)) &&
         step(cl_request_set_max_tokens(request, 5, &err)) &&
         step(cl_request_add_message(request, "user", CL_STR("one"), &err)) &&
         step(cl_request_add_message(request, "assistant", CL_STR("two"), &err)) &&
         step(cl_request_add_stop_sequence(request, CL_STR("s"), &err)) &&
         step(cl_request_set_user_id(request, CL_STR("u"), &err)) &&
         step(cl_request_set_temperature(request, 0.5, &err)) &&
         step(cl_request_set_field(request, "/tools/-/name", CL_STR("\"t\""), &err)) &&
         step(cl_request_set_header(request, "x-a", "1", &err)) &&
         step(cl_request_set_header(request, "x-a", "2", &err));
    if (ok && check_sent(request, false, built, &err)) {
        json = cl_request_json(request, NULL);
        assert_string_equal(json, built);
        /* A setter that fails leaves the body as it is, and is not forgotten. */
        ok = step(cl_request_add_message(request, "user",
                                         CL_STR("a text that is long enough for another buffer to be "
                                                "needed, whatever had room for the first two texts"),
                                         &err));
        if (!ok) {
            cl_snapshot snapshot;
            (void)memory_is_back();
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
    ok = step(cl_api_request_new("messages", &request, &err)) &&
         step(cl_request_set_json(request, cl_str_of(whole), &err)) &&
         step(cl_request_set_header(request, "x-a", "1", &err)) && check_sent(request, false, whole, &err) &&
         check_sent(request, true, "{\"stream\":true,\"model\":\"m\",\"max_tokens\":5,\"messages\":[1],\"x\":1.0}",
                    &err);
    if (ok) {
        /* The split into members happens wholly or not at all. */
        bool set = step(cl_request_set_field(request, "/x", CL_STR("2"), &err));
        const char *json = set ? cl_request_json(request, NULL) : NULL;
        ok = set && json;
        (void)memory_is_back();
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
    if (!step(cl_headers_add(&headers, CL_STR("request-id"), CL_STR("r"), &err)) ||
        !step(cl_response_new(200, &headers, copy_of(cl_str_of(json)), sizeof json - 1, true, &response, &err))) {
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
    (void)memory_is_back();
    assert_string_equal(cl_response_text(response, NULL), "t\n");
    assert_string_equal(cl_response_id(response), "a");
    cl_response_unref(response);
    return ok;
}

static void requests_built(void **state)
{
    (void)state;
    run_out(build_a_request);
}

static void requests_given(void **state)
{
    (void)state;
    run_out(send_a_whole_body);
}

static void responses_read(void **state)
{
    (void)state;
    run_out(read_a_response);
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
