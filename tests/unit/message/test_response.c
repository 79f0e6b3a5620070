#include "testing.h"

#include <pthread.h>

static claude_response_t *response_of(cl_str body, bool validated, const char *const headers[][2], size_t count)
{
    cl_headers list = {NULL, 0, 0};
    claude_response_t *response = NULL;

    if (validated)
        assert_int_equal(cl_json_validate(body, 200, NULL, NULL), CLAUDE_OK);
    for (size_t i = 0; i < count; i++)
        OK(cl_headers_add(&list, cl_str_of(headers[i][0]), cl_str_of(headers[i][1]), err));
    OK(cl_response_new(200, &list, copy_of(body), body.len, validated, &response, err));
    assert_int_equal(list.count, 0);
    assert_null(list.items);
    return response;
}

static claude_response_t *response_with(const char *json)
{
    return response_of(cl_str_of(json), true, NULL, 0);
}

static const char message[] =
    " {\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-\\u0078\",\"content\":["
    "{\"type\":\"thinking\",\"thinking\":\"hm\",\"text\":\"not this\"},{\"type\":\"text\",\"text\":\"Hello\\n\"},"
    "{\"type\":\"tool_use\",\"input\":{\"a/b\":\"\\u00e9\",\"nul\":\"x\\u0000y\"}},"
    "{\"text\":\"\\ud83d\\ude00!\",\"type\":\"text\",\"citations\":null},{\"type\":\"text\"},{\"type\":\"text\","
    "\"text\":7}],"
    "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":0,"
    "\"cache_creation_input_tokens\":null,\"cache_creation\":{\"ephemeral_5m_input_tokens\":5},"
    "\"server_tool_use\":{\"web_search_requests\":-3},\"rate\":1.5},"
    "\"big\":18446744073709551616,\"real\":-2.5e3,\"yes\":true,\"no\":false,\"empty\":\"\"}\n";

static void values_by_pointer(void **state)
{
    claude_response_t *r = response_with(message);

    (void)state;
    assert_int_equal(cl_response_status(r), 200);
    assert_int_equal(cl_response_type(r, ""), CLAUDE_JSON_OBJECT);
    assert_int_equal(cl_response_type(r, "/content"), CLAUDE_JSON_ARRAY);
    assert_int_equal(cl_response_type(r, "/stop_sequence"), CLAUDE_JSON_NULL);
    assert_int_equal(cl_response_type(r, "/none"), CLAUDE_JSON_NONE);
    assert_int_equal(cl_response_type(r, "content"), CLAUDE_JSON_NONE);
    assert_int_equal(cl_response_count(r, "/content"), 6);
    assert_int_equal(cl_response_count(r, "/usage"), 6);
    assert_int_equal(cl_response_count(r, "/id"), 0);
    assert_int_equal(cl_response_int(r, "/usage/input_tokens", -7), 12);
    assert_int_equal(cl_response_int(r, "/big", -7), -7);
    assert_int_equal(cl_response_int(r, "/real", -7), -7);
    assert_int_equal(cl_response_int(r, "/id", -7), -7);
    assert_true(cl_response_double(r, "/real", 0) == -2500.0);
    assert_true(cl_response_double(r, "/big", 0) == 18446744073709551616.0);
    assert_true(cl_response_double(r, "/id", 0.5) == 0.5);
    assert_int_equal(cl_response_bool(r, "/yes", 7), 1);
    assert_int_equal(cl_response_bool(r, "/no", 7), 0);
    assert_int_equal(cl_response_bool(r, "/stop_sequence", 7), 7);
    cl_response_unref(cl_response_ref(r));
    assert_int_equal(cl_response_status(r), 200);
    cl_response_unref(r);
    cl_response_unref(NULL);
    assert_null(cl_response_ref(NULL));
}

static void assert_text(const claude_response_t *r, const char *pointer, const char *expected, size_t expected_len)
{
    size_t len = 77;
    const char *text = cl_response_string(r, pointer, &len);

    assert_non_null(text);
    assert_int_equal(len, expected_len);
    assert_memory_equal(text, expected, expected_len + 1);
    assert_ptr_equal(cl_response_string(r, pointer, NULL), text);
}

static void strings_are_decoded_and_lent(void **state)
{
    claude_response_t *r = response_with(message);
    size_t len = 77;

    (void)state;
    assert_text(r, "/id", "msg_1", 5);
    assert_text(r, "/model", "claude-x", 8);
    assert_text(r, "/content/1/text", "Hello\n", 6);
    assert_text(r, "/content/2/input/a~1b", "\xc3\xa9", 2);
    assert_text(r, "/content/2/input/nul", "x\0y", 3);
    assert_text(r, "/content/3/text", "\xf0\x9f\x98\x80!", 5);
    assert_text(r, "/empty", "", 0);
    assert_null(cl_response_string(r, "/none", &len));
    assert_null(cl_response_string(r, "/big", &len));
    assert_null(cl_response_string(r, "/stop_sequence", &len));
    assert_null(cl_response_string(r, "", &len));
    assert_int_equal(len, 77);
    assert_string_equal(cl_response_id(r), "msg_1");
    assert_string_equal(cl_response_model(r), "claude-x");
    assert_string_equal(cl_response_stop_reason(r), "end_turn");
    cl_response_unref(r);
    r = response_with("\"alone\\t\"");
    assert_text(r, "", "alone\t", 6);
    assert_null(cl_response_id(r));
    cl_response_unref(r);
}

/* The body itself stays as received, whatever has been decoded. */
static void body_is_never_touched(void **state)
{
    claude_response_t *r = response_with(message);
    cl_json root = cl_response_root(r);

    (void)state;
    (void)cl_response_text(r, NULL);
    (void)cl_response_id(r);
    assert_int_equal(cl_response_body(r).len, strlen(message));
    assert_string_equal(cl_response_body(r).ptr, message);
    assert_ptr_equal(root.ptr, cl_response_body(r).ptr + 1);
    assert_int_equal(root.len, strlen(message) - 2);
    cl_response_unref(r);
}

static void text_blocks_are_joined(void **state)
{
    static const char *const without[] = {"{}",
                                          "[]",
                                          "1",
                                          "{\"content\":[]}",
                                          "{\"content\":\"x\"}",
                                          "{\"content\":{\"a\":{\"type\":\"text\",\"text\":\"x\"}}}",
                                          "{\"content\":[1,\"text\",null,{\"type\":\"thinking\",\"text\":\"x\"}]}"};
    claude_response_t *r = response_with(message);
    size_t len = 77;

    (void)state;
    assert_string_equal(cl_response_text(r, &len), "Hello\n\xf0\x9f\x98\x80!");
    assert_int_equal(len, 11);
    assert_ptr_equal(cl_response_text(r, NULL), cl_response_text(r, NULL));
    cl_response_unref(r);
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        r = response_with(without[i]);
        assert_string_equal(cl_response_text(r, &len), "");
        assert_int_equal(len, 0);
        cl_response_unref(r);
    }
}

static void usage_counters(void **state)
{
    claude_response_t *r = response_with(message);

    (void)state;
    assert_int_equal(cl_response_usage(r, "input_tokens"), 12);
    assert_int_equal(cl_response_usage(r, "output_tokens"), 0);
    assert_int_equal(cl_response_usage(r, "cache_creation_input_tokens"), -1);
    assert_int_equal(cl_response_usage(r, "cache_creation/ephemeral_5m_input_tokens"), 5);
    assert_int_equal(cl_response_usage(r, "cache_creation/none"), -1);
    assert_int_equal(cl_response_usage(r, "server_tool_use/web_search_requests"), -1);
    assert_int_equal(cl_response_usage(r, "rate"), -1);
    assert_int_equal(cl_response_usage(r, "cache_creation"), -1);
    assert_int_equal(cl_response_usage(r, ""), -1);
    assert_int_equal(cl_response_usage(r, "input_tokens/x"), -1);
    cl_response_unref(r);
    r = response_with("{\"usage\":7,\"input_tokens\":5}");
    assert_int_equal(cl_response_usage(r, "input_tokens"), -1);
    assert_int_equal(cl_response_usage(r, ""), -1);
    cl_response_unref(r);
}

static void bodies_that_are_not_json(void **state)
{
    static const char *const texts[] = {"", "<html>", "{\"id\":\"x\"", "\"open"};
    cl_headers none = {NULL, 0, 0};
    claude_response_t *r;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        r = response_of(cl_str_of(texts[i]), false, NULL, 0);
        assert_int_equal(cl_response_type(r, ""), CLAUDE_JSON_NONE);
        assert_null(cl_response_id(r));
        assert_null(cl_response_string(r, "/id", NULL));
        assert_string_equal(cl_response_text(r, NULL), "");
        assert_int_equal(cl_response_usage(r, "input_tokens"), -1);
        assert_string_equal(cl_response_body(r).ptr, texts[i]);
        cl_response_unref(r);
    }
    r = NULL;
    OK(cl_response_new(204, &none, NULL, 0, false, &r, err));
    assert_int_equal(cl_response_status(r), 204);
    assert_string_equal(cl_response_body(r).ptr, "");
    assert_int_equal(cl_response_body(r).len, 0);
    assert_string_equal(cl_response_text(r, NULL), "");
    assert_null(cl_response_request_id(r));
    cl_response_unref(r);
}

static void headers(void **state)
{
    static const char *const list[][2] = {
        {"Request-Id", "req_1"},
        {"x-two", "a"},
        {"X-Two", "b"},
        {"empty", ""},
    };
    claude_response_t *r = response_of(CL_STR("{}"), true, list, 4);

    (void)state;
    assert_string_equal(cl_response_request_id(r), "req_1");
    assert_string_equal(cl_response_header(r, "REQUEST-ID"), "req_1");
    assert_string_equal(cl_response_header(r, "x-two"), "b");
    assert_string_equal(cl_response_header(r, "empty"), "");
    assert_null(cl_response_header(r, "none"));
    assert_int_equal(cl_response_headers(r)->count, 4);
    assert_string_equal(cl_response_headers(r)->items[1].value, "a");
    cl_response_unref(r);
}

static void rate_limits(void **state)
{
    static const char *const list[][2] = {
        {"anthropic-ratelimit-requests-limit", "50"},
        {"anthropic-ratelimit-requests-remaining", " 0 "},
        {"anthropic-ratelimit-requests-reset", "2026-11-05T10:11:12Z"},
        {"Anthropic-RateLimit-Input-Tokens-Limit", "40000"},
        {"anthropic-ratelimit-input-tokens-remaining", "garbage"},
        {"anthropic-ratelimit-input-tokens-reset", "soon"},
        {"anthropic-ratelimit-tokens-remaining", "-5"},
        {"anthropic-ratelimit-tokens-limit", "99999999999999999999"},
        {"anthropic-ratelimit-tokens-reset", "1969-12-31T23:59:59Z"},
        {"anthropic-priority-output-tokens-limit", "7"},
        {"anthropic-ratelimit-priority-output-tokens-limit", "8"},
    };
    claude_response_t *r = response_of(CL_STR("{}"), true, list, sizeof list / sizeof list[0]);
    char long_name[100];

    (void)state;
    assert_int_equal(cl_response_rate_limit(r, "requests", CLAUDE_RATE_LIMIT_LIMIT), 50);
    assert_int_equal(cl_response_rate_limit(r, "requests", CLAUDE_RATE_LIMIT_REMAINING), 0);
    assert_int_equal(cl_response_rate_limit(r, "requests", CLAUDE_RATE_LIMIT_RESET_MS), 1793873472000);
    assert_int_equal(cl_response_rate_limit(r, "input-tokens", CLAUDE_RATE_LIMIT_LIMIT), 40000);
    assert_int_equal(cl_response_rate_limit(r, "input-tokens", CLAUDE_RATE_LIMIT_REMAINING), -1);
    assert_int_equal(cl_response_rate_limit(r, "input-tokens", CLAUDE_RATE_LIMIT_RESET_MS), -1);
    assert_int_equal(cl_response_rate_limit(r, "tokens", CLAUDE_RATE_LIMIT_REMAINING), -1);
    assert_int_equal(cl_response_rate_limit(r, "tokens", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(cl_response_rate_limit(r, "tokens", CLAUDE_RATE_LIMIT_RESET_MS), -1);
    assert_int_equal(cl_response_rate_limit(r, "priority-output-tokens", CLAUDE_RATE_LIMIT_LIMIT), 7);
    assert_int_equal(cl_response_rate_limit(r, "output-tokens", CLAUDE_RATE_LIMIT_LIMIT), -1);
    assert_int_equal(cl_response_rate_limit(r, "requests", 0), -1);
    assert_int_equal(cl_response_rate_limit(r, "requests", 6), -1);
    assert_int_equal(cl_response_rate_limit(r, "", 1), -1);
    memset(long_name, 'a', sizeof long_name);
    for (size_t len = 60; len < 99; len++) {
        long_name[len] = '\0';
        assert_int_equal(cl_response_rate_limit(r, long_name, 3), -1);
        long_name[len] = 'a';
    }
    cl_response_unref(r);
}

static void *read_everything(void *arg)
{
    const claude_response_t *r = arg;
    size_t len = 0;
    const char *text = cl_response_text(r, &len);
    const char *model = cl_response_model(r);
    const char *nul = cl_response_string(r, "/content/2/input/nul", &len);

    if (!text || strcmp(text, "Hello\n\xf0\x9f\x98\x80!") != 0 || !model || strcmp(model, "claude-x") != 0)
        return arg;
    return !nul || len != 3 || memcmp(nul, "x\0y", 4) != 0 || text != cl_response_text(r, NULL) ? arg : NULL;
}

static void one_response_for_many_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        claude_response_t *r = response_with(message);
        pthread_t threads[4];
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, read_everything, r), 0);
        for (size_t i = 0; i < 4; i++) {
            void *wrong = NULL;
            assert_int_equal(pthread_join(threads[i], &wrong), 0);
            assert_null(wrong);
        }
        cl_response_unref(r);
    }
}

/* ---- large bodies, which are indexed ---- */

enum { BLOCKS = 60 };

/* Blocks with a text, an identifier and more. */
static claude_response_t *large_response(void)
{
    cl_buf json = CL_BUF_INIT(1u << 20);
    claude_response_t *r;
    char block[300];

    assert_int_equal(cl_buf_append_text(&json, "{\"id\":\"msg_\\u0031\",\"content\":["), CL_BUF_OK);
    for (int i = 0; i < BLOCKS; i++) {
        snprintf(block, sizeof block,
                 "%s{\"type\":\"text\",\"text\":\"%d\\n]}\",\"id\":\"b%d\",\"more\":{\"a\":[%d,\"%080d\"]}}",
                 i > 0 ? ", " : "", i, i, i, i);
        assert_int_equal(cl_buf_append_text(&json, block), CL_BUF_OK);
    }
    assert_int_equal(cl_buf_append_text(&json, "],\"model\":\"m\",\"usage\":{\"output_tokens\":3}}"), CL_BUF_OK);
    assert_in_range(json.len, 4096, 1u << 20);
    r = response_with(json.ptr);
    cl_buf_free(&json);
    return r;
}

/* In an order of its own; whether all of it is right, and each string is lent from the same place every time. */
static bool read_large(const claude_response_t *r, int start)
{
    const char *id = cl_response_id(r);
    bool ok = id && strcmp(id, "msg_1") == 0 && cl_response_usage(r, "output_tokens") == 3;

    for (int i = 0; i < BLOCKS; i++) {
        int at = (i * 7 + start) % BLOCKS;
        char pointer[64];
        char expected[32];
        size_t len = 0;
        const char *text;
        snprintf(pointer, sizeof pointer, "/content/%d/text", at);
        text = cl_response_string(r, pointer, &len);
        ok = ok && text && snprintf(expected, sizeof expected, "%d\n]}", at) == (int)len && strcmp(text, expected) == 0;
        ok = ok && text == cl_response_string(r, pointer, NULL);
        snprintf(pointer, sizeof pointer, "/content/%d/more/a/0", at);
        ok = ok && cl_response_int(r, pointer, -1) == at;
    }
    return ok && cl_response_count(r, "/content") == BLOCKS && id == cl_response_id(r) &&
           strcmp(cl_response_model(r), "m") == 0;
}

static void large_bodies_are_read_by_pointer(void **state)
{
    claude_response_t *r = large_response();
    char *before = copy_of(cl_response_body(r));

    (void)state;
    assert_true(read_large(r, 0));
    assert_true(read_large(r, 5));
    assert_int_equal(cl_response_type(r, "/content/60"), CLAUDE_JSON_NONE);
    assert_null(cl_response_string(r, "/content/3/more", NULL));
    assert_string_equal(cl_response_body(r).ptr, before);
    free(before);
    cl_response_unref(r);
}

static void *read_in_a_thread(void *arg)
{
    claude_response_t *r = arg;
    static _Atomic(int) start;

    return read_large(r, atomic_fetch_add(&start, 11)) && cl_response_text(r, NULL) ? NULL : arg;
}

static void one_large_response_for_many_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        claude_response_t *r = large_response();
        pthread_t threads[4];
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, read_in_a_thread, r), 0);
        for (size_t i = 0; i < 4; i++) {
            void *wrong = NULL;
            assert_int_equal(pthread_join(threads[i], &wrong), 0);
            assert_null(wrong);
        }
        cl_response_unref(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_by_pointer),
        cmocka_unit_test(strings_are_decoded_and_lent),
        cmocka_unit_test(body_is_never_touched),
        cmocka_unit_test(text_blocks_are_joined),
        cmocka_unit_test(usage_counters),
        cmocka_unit_test(bodies_that_are_not_json),
        cmocka_unit_test(headers),
        cmocka_unit_test(rate_limits),
        cmocka_unit_test(one_response_for_many_threads),
        cmocka_unit_test(large_bodies_are_read_by_pointer),
        cmocka_unit_test(one_large_response_for_many_threads),
    };

    return cmocka_run_group_tests_name("message.response", tests, NULL, NULL);
}
