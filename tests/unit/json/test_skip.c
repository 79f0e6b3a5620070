/* Skipping values without looking into them, each of the machine's ways against one byte after another. */
#include "testing.h"

#include "base/cpu.h"
#include "json/bytes.h"

static const cl_json_skipper *usable(size_t *index)
{
    const cl_json_skipper *skipper;

    while ((skipper = cl_json_skipper_at((*index)++)) != NULL) {
        if ((skipper->needs & cl_cpu()) == skipper->needs)
            return skipper;
    }
    return NULL;
}

static size_t slow_string(const char *text, size_t at)
{
    while (text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at + 1;
}

static size_t slow_container(const char *text, size_t at)
{
    size_t depth = 0;

    for (;;) {
        char c = text[at++];
        if (c == '"')
            at = slow_string(text, at);
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
}

/* From every opening quote and bracket on. */
static void compare(cl_str text)
{
    char *copy = exact_copy(text);
    const char *end = copy + text.len;
    const cl_json_skipper *skipper;
    size_t index = 0;

    while ((skipper = usable(&index)) != NULL) {
        for (size_t at = 0; at < text.len; at++) {
            if (copy[at] == '"') {
                size_t after = slow_string(copy, at + 1);
                assert_int_equal(skipper->string(copy + at + 1, end) - copy, after);
                assert_int_equal(cl_json_skip_string(copy + at + 1, end) - copy, after);
                at = after - 1;
            } else if (copy[at] == '{' || copy[at] == '[') {
                size_t after = slow_container(copy, at);
                assert_int_equal(skipper->container(copy + at, end) - copy, after);
                assert_int_equal(cl_json_skip(copy + at, end) - copy, after);
            }
        }
    }
    free(copy);
}

/* Backslashes before a quote, at every distance from the edges of blocks; what follows looks like structure. */
static void runs_of_backslashes(void **state)
{
    char text[400];

    (void)state;
    for (size_t before = 0; before < 140; before++) {
        for (size_t slashes = 0; slashes < 10; slashes++) {
            size_t n = 0;
            text[n++] = '[';
            text[n++] = '"';
            memset(text + n, 'a', before);
            n += before;
            memset(text + n, '\\', slashes);
            n += slashes;
            /* An odd one hides the quote. */
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", slashes % 2 ? "\"]}\"," : "\",");
            n += (size_t)snprintf(text + n, sizeof text - n, "{\"k\":\"%s\"}]", "}}]]");
            compare(cl_str_n(text, n));
        }
    }
}

static void long_runs_of_backslashes(void **state)
{
    char text[400];

    (void)state;
    for (size_t before = 0; before < 70; before++) {
        for (size_t slashes = 60; slashes < 200; slashes += 1 + before % 3) {
            size_t even = slashes & ~(size_t)1;
            size_t n = 0;
            text[n++] = '[';
            text[n++] = '"';
            memset(text + n, ']', before);
            n += before;
            memset(text + n, '\\', even);
            n += even;
            memcpy(text + n, "\",\"]\"]", 7);
            compare(cl_str_n(text, n + 6));
        }
    }
}

static void put(cl_buf *out, const char *text)
{
    assert_int_equal(cl_buf_append_text(out, text), CL_BUF_OK);
}

static void put_string(cl_buf *out, uint64_t *random)
{
    static const char *const pieces[] = {"a", "{", "}", "[", "]", "\\\"", "\\\\", "\\n", ",", ":", "\xc3\xa9", "    "};
    uint32_t count = next_random(random) % (next_random(random) % 8 == 0 ? 120 : 12);

    put(out, "\"");
    for (uint32_t i = 0; i < count; i++)
        put(out, pieces[next_random(random) % (sizeof pieces / sizeof pieces[0])]);
    put(out, "\"");
}

/* Containers are opened and closed by chance; keys do not matter to whoever skips. */
static void put_document(cl_buf *out, uint64_t *random)
{
    char closers[16];
    size_t depth = 0;

    do {
        uint32_t what = next_random(random) % 8;
        if (depth == 0 || (what < 2 && depth < sizeof closers)) {
            put(out, what % 2 ? "{" : "[");
            closers[depth++] = what % 2 ? '}' : ']';
        } else if (what < 4) {
            assert_int_equal(cl_buf_append_char(out, closers[--depth]), CL_BUF_OK);
        } else if (what < 7) {
            put_string(out, random);
        } else {
            put(out, " , 17 : ");
        }
    } while (depth > 0 && out->len < 1500);
    while (depth > 0)
        assert_int_equal(cl_buf_append_char(out, closers[--depth]), CL_BUF_OK);
}

static void any_document(void **state)
{
    uint64_t random = 11;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        cl_buf text = CL_BUF_INIT(1u << 16);
        put_document(&text, &random);
        compare(cl_buf_str(&text));
        cl_buf_free(&text);
    }
}

/* What nobody has validated is skipped wrongly, but never beyond its end. */
static void garbage_stays_inside(void **state)
{
    static const char bytes[] = "\"\\{}[]\\\"a";
    uint64_t random = 5;
    char text[200];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t len = 1 + next_random(&random) % sizeof text;
        const cl_json_skipper *skipper;
        size_t index = 0;
        char *copy;
        for (size_t i = 0; i < len; i++)
            text[i] = bytes[next_random(&random) % (sizeof bytes - 1)];
        copy = exact_copy(cl_str_n(text, len));
        while ((skipper = usable(&index)) != NULL) {
            assert_in_range(skipper->string(copy, copy + len) - copy, 0, len);
            assert_in_range(skipper->container(copy, copy + len) - copy, 0, len);
            assert_ptr_equal(skipper->string(copy + len, copy + len), copy + len);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_backslashes),
        cmocka_unit_test(long_runs_of_backslashes),
        cmocka_unit_test(any_document),
        cmocka_unit_test(garbage_stays_inside),
    };

    return cmocka_run_group_tests_name("json.skip", tests, NULL, NULL);
}
