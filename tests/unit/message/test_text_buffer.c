/* Text in pieces: by size, by line, after a time. */
#include "testing.h"

#include <time.h>

#include <claude/text_buffer.h>

static claude_text_buffer_t *make(size_t max_bytes, int64_t interval_ms, int32_t lines)
{
    claude_text_buffer_t *buffer = NULL;

    assert_int_equal(claude_text_buffer_new(max_bytes, interval_ms, lines, &buffer, NULL), CLAUDE_OK);
    return buffer;
}

static void add(claude_text_buffer_t *buffer, const char *text, int64_t now)
{
    assert_int_equal(claude_text_buffer_add(buffer, text, CLAUDE_NTS, now, NULL), CLAUDE_OK);
}

/* NULL: nothing is due. */
static void expect(claude_text_buffer_t *buffer, int64_t now, const char *want)
{
    size_t len = 77;
    bool due = claude_text_buffer_due_at(buffer) <= now;
    const char *piece = claude_text_buffer_take(buffer, now, &len);

    assert_int_equal(len, want ? strlen(want) : 0);
    assert_int_equal(due, want != NULL);
    if (want)
        assert_string_equal(piece, want);
    else
        assert_null(piece);
}

static void expect_rest(claude_text_buffer_t *buffer, const char *want)
{
    size_t len = 77;
    const char *rest = claude_text_buffer_flush(buffer, &len);

    if (!want) {
        assert_null(rest);
        assert_int_equal(len, 0);
        return;
    }
    assert_string_equal(rest, want);
    assert_int_equal(len, strlen(want));
    assert_null(claude_text_buffer_flush(buffer, NULL));
    assert_int_equal(claude_text_buffer_held(buffer), 0);
}

static void test_lines(void **state)
{
    claude_text_buffer_t *buffer = make(0, 0, 1);

    (void)state;
    expect(buffer, 0, NULL);
    add(buffer, "one", 0);
    expect(buffer, 1000000, NULL);
    add(buffer, " line\ntwo\n\nthr", 0);
    assert_int_equal(claude_text_buffer_held(buffer), 17);
    expect(buffer, 0, "one line\n");
    expect(buffer, 0, "two\n");
    expect(buffer, 0, "\n");
    expect(buffer, 0, NULL);
    assert_int_equal(claude_text_buffer_held(buffer), 3);
    add(buffer, "ee\n", 0);
    expect(buffer, 0, "three\n");
    expect(buffer, 0, NULL);
    add(buffer, "end", 0);
    expect_rest(buffer, "end");
    expect_rest(buffer, NULL);
    claude_text_buffer_unref(buffer);
}

static void test_size(void **state)
{
    claude_text_buffer_t *buffer = make(4, 0, 0);

    (void)state;
    add(buffer, "abc", 0);
    expect(buffer, 0, NULL);
    add(buffer, "d", 0);
    expect(buffer, 0, "abcd");
    expect(buffer, 0, NULL);
    add(buffer, "12345678\n9", 0);
    expect(buffer, 0, "1234");
    expect(buffer, 0, "5678");
    expect(buffer, 0, NULL);
    expect_rest(buffer, "\n9");
    /* Not inside of a character. */
    add(buffer,
        "ab\xe2\x82\xac"
        "c",
        0);
    expect(buffer, 0, "ab");
    expect(buffer, 0,
           "\xe2\x82\xac"
           "c");
    add(buffer, "a\xf0\x9f\x98\x80", 0);
    expect(buffer, 0, "a");
    expect(buffer, 0, "\xf0\x9f\x98\x80");
    /* Half a character waits for the rest. */
    add(buffer, "abc\xc3", 0);
    expect(buffer, 0, "abc");
    expect(buffer, 0, NULL);
    add(buffer, "\xa9", 0);
    expect_rest(buffer, "\xc3\xa9");
    add(buffer, "\xf0\x9f", 0);
    expect(buffer, 0, NULL);
    expect_rest(buffer, "\xf0\x9f");
    claude_text_buffer_unref(buffer);
}

static void test_size_of_one(void **state)
{
    claude_text_buffer_t *buffer = make(1, 0, 0);

    (void)state;
    add(buffer, "a\xf0\x9f\x98\x80\xc3\xa9z\xf0\x9f", 0);
    expect(buffer, 0, "a");
    expect(buffer, 0, "\xf0\x9f\x98\x80");
    expect(buffer, 0, "\xc3\xa9");
    expect(buffer, 0, "z");
    expect(buffer, 0, NULL);
    add(buffer, "\x98", 0);
    expect(buffer, 0, NULL);
    add(buffer, "\x80", 0);
    expect(buffer, 0, "\xf0\x9f\x98\x80");
    /* What is no UTF-8 comes out as well. */
    add(buffer, "\xff\x80\x80\x80\x80x", 0);
    for (int i = 0; i < 6; i++)
        assert_int_equal(strlen(claude_text_buffer_take(buffer, 0, NULL)), 1);
    expect(buffer, 0, NULL);
    claude_text_buffer_unref(buffer);
    buffer = make(3, 0, 0);
    add(buffer,
        "\xf0"
        "ab",
        0);
    expect(buffer, 0,
           "\xf0"
           "ab");
    claude_text_buffer_unref(buffer);
}

static void test_time(void **state)
{
    claude_text_buffer_t *buffer = make(0, 100, 0);

    (void)state;
    assert_true(claude_text_buffer_due_at(buffer) == INT64_MAX);
    add(buffer, "a", 1000);
    assert_true(claude_text_buffer_due_at(buffer) == 1100);
    add(buffer, "b\n", 1099);
    expect(buffer, 1099, NULL);
    assert_true(claude_text_buffer_due_at(buffer) == 1100);
    expect(buffer, 1100, "ab\n");
    expect(buffer, 99999, NULL);
    assert_true(claude_text_buffer_due_at(buffer) == INT64_MAX);
    /* Empty text starts no clock. */
    add(buffer, "", 2000);
    add(buffer, "c", 2050);
    expect(buffer, 2149, NULL);
    expect(buffer, 2150, "c");
    /* Half a character is not due, and says so. */
    add(buffer, "d\xe2\x82", 3000);
    expect(buffer, 3100, "d");
    assert_true(claude_text_buffer_due_at(buffer) == INT64_MAX);
    expect(buffer, 9000, NULL);
    add(buffer, "\xac", 9000);
    expect(buffer, 9100, "\xe2\x82\xac");
    /* A clock that goes back makes nothing due. */
    add(buffer, "e", 5000);
    expect(buffer, 4000, NULL);
    expect(buffer, 5100, "e");
    claude_text_buffer_unref(buffer);
}

static void test_far_times(void **state)
{
    claude_text_buffer_t *buffer = make(0, INT64_MAX, 0);

    (void)state;
    add(buffer, "x", INT64_MIN);
    expect(buffer, -2, NULL);
    expect(buffer, -1, "x");
    add(buffer, "x", 5);
    assert_true(claude_text_buffer_due_at(buffer) == INT64_MAX);
    claude_text_buffer_unref(buffer);
}

static void test_all_rules(void **state)
{
    claude_text_buffer_t *buffer = make(8, 100, 1);

    (void)state;
    add(buffer, "abc\ndefghijklmnopqr\ns", 0);
    expect(buffer, 0, "abc\n");
    expect(buffer, 0, "defghijk");
    expect(buffer, 0, "lmnopqr\n");
    expect(buffer, 0, NULL);
    assert_true(claude_text_buffer_due_at(buffer) == 100);
    expect(buffer, 99, NULL);
    expect(buffer, 100, "s");
    /* What is left was added later: it has its own time. */
    add(buffer, "12345", 200);
    add(buffer, "678901", 250);
    expect(buffer, 250, "12345678");
    expect(buffer, 349, NULL);
    expect(buffer, 350, "901");
    /* Never more than the size, whatever makes it due. */
    add(buffer, "1234567", 400);
    expect(buffer, 500, "1234567");
    claude_text_buffer_unref(buffer);
}

static void test_no_rules(void **state)
{
    claude_text_buffer_t *buffer = make(0, 0, 0);

    (void)state;
    add(buffer, "a\nb", 0);
    expect(buffer, INT64_MAX - 1, NULL);
    assert_int_equal(claude_text_buffer_add(buffer, "\0c", 2, 0, NULL), CLAUDE_OK);
    {
        size_t len;
        assert_memory_equal(claude_text_buffer_flush(buffer, &len), "a\nb\0c", 6);
        assert_int_equal(len, 5);
    }
    claude_text_buffer_unref(buffer);
}

/* ---- anything: what comes out is what went in, in pieces as the rules say ---- */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

enum { TEXT_MAX = 400 };

static size_t random_text(uint64_t *seed, char *out)
{
    static const char *const characters[] = {"a", "b", "c", "\n", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    size_t n = 0;

    while (n < TEXT_MAX - 4 && next_random(seed) % 100 != 0) {
        const char *c = characters[next_random(seed) % 8];
        memcpy(out + n, c, strlen(c));
        n += strlen(c);
    }
    return n;
}

typedef struct rules {
    size_t max_bytes;
    int64_t interval;
    int32_t lines;
} rules;

/* A piece of the text, at its place; `held` bytes were there. */
static void check_piece(const rules *r, const char *want, size_t held, const char *piece, size_t len)
{
    bool line = r->lines && memchr(piece, '\n', len) == piece + len - 1;

    assert_memory_equal(piece, want, len);
    assert_int_equal(piece[len], '\0');
    assert_int_equal(cl_utf8_valid(cl_str_n(piece, len)), len);
    if (r->lines)
        assert_true(line || !memchr(piece, '\n', len));
    if (r->max_bytes > 0 && len > r->max_bytes)
        assert_true((unsigned char)piece[0] >= 0x80 && len <= 4 && len > r->max_bytes);
    if (r->interval == 0 && !line)
        assert_true(r->max_bytes > 0 && held >= r->max_bytes);
}

static void run(uint64_t *seed, const rules *r)
{
    char text[TEXT_MAX];
    size_t len = random_text(seed, text);
    claude_text_buffer_t *buffer = make(r->max_bytes, r->interval, r->lines);
    size_t in = 0;
    size_t out = 0;
    int64_t now = -50;
    const char *piece;
    size_t n;

    while (in < len) {
        size_t more = 1 + next_random(seed) % 20;
        char copy[20];
        more = more < len - in ? more : len - in;
        memcpy(copy, text + in, more);
        assert_int_equal(claude_text_buffer_add(buffer, copy, more, now, NULL), CLAUDE_OK);
        memset(copy, 'X', sizeof copy);
        in += more;
        if (next_random(seed) % 4 == 0)
            continue;
        while ((piece = claude_text_buffer_take(buffer, now, &n)) != NULL) {
            check_piece(r, text + out, in - out, piece, n);
            out += n;
        }
        assert_true(claude_text_buffer_due_at(buffer) > now);
        assert_int_equal(claude_text_buffer_held(buffer), in - out);
        /* What stays has a reason. */
        if (r->lines)
            assert_null(memchr(text + out, '\n', in - out));
        if (r->max_bytes > 4)
            assert_true(in - out < r->max_bytes);
        now += next_random(seed) % 40;
    }
    piece = claude_text_buffer_flush(buffer, &n);
    assert_int_equal(out + n, len);
    if (piece)
        assert_memory_equal(piece, text + out, n);
    claude_text_buffer_unref(buffer);
}

static void test_anything(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        rules r = {next_random(&seed) % 3 ? next_random(&seed) % 30 : 0, next_random(&seed) % 3 ? 0 : 60,
                   next_random(&seed) % 2};
        run(&seed, &r);
    }
}

static void test_limit(void **state)
{
    enum { LIMIT = 64 << 20, PIECE = 1 << 20 };
    claude_text_buffer_t *buffer = make(0, 0, 1);
    claude_error_t *error = NULL;
    char *piece = calloc(1, PIECE);
    size_t len;

    (void)state;
    assert_non_null(piece);
    for (int i = 0; i < LIMIT / PIECE - 1; i++)
        assert_int_equal(claude_text_buffer_add(buffer, piece, PIECE, 0, NULL), CLAUDE_OK);
    assert_int_equal(claude_text_buffer_add(buffer, piece, PIECE - 1, 0, NULL), CLAUDE_OK);
    assert_int_equal(claude_text_buffer_add(buffer, "ab", 2, 0, &error), CLAUDE_E_TOO_LARGE);
    assert_non_null(strstr(claude_error_message(error), "67108864 bytes"));
    assert_int_equal(claude_text_buffer_held(buffer), LIMIT - 1);
    assert_int_equal(claude_text_buffer_add(buffer, "\n", 1, 0, NULL), CLAUDE_OK);
    assert_non_null(claude_text_buffer_take(buffer, 0, &len));
    assert_int_equal(len, LIMIT);
    add(buffer, "again", 0);
    expect_rest(buffer, "again");
    claude_error_unref(error);
    claude_text_buffer_unref(buffer);
    free(piece);
}

/* Seconds for much text that goes in small pieces while more comes, and for a line that comes in small pieces. */
static double seconds(size_t bytes)
{
    clock_t start = clock();
    claude_text_buffer_t *whole = make(16, 0, 0);
    claude_text_buffer_t *line = make(0, 0, 1);
    char *text = malloc(bytes);

    assert_non_null(text);
    memset(text, 'x', bytes);
    assert_int_equal(claude_text_buffer_add(whole, text, bytes, 0, NULL), CLAUDE_OK);
    for (size_t i = 0; i < bytes / 16; i++) {
        assert_true(claude_text_buffer_take(whole, 0, NULL) != NULL);
        assert_true(claude_text_buffer_add(whole, text, 16, 0, NULL) == CLAUDE_OK);
        assert_true(claude_text_buffer_add(line, text, 16, 0, NULL) == CLAUDE_OK);
        assert_true(claude_text_buffer_take(line, 0, NULL) == NULL);
    }
    free(text);
    claude_text_buffer_unref(whole);
    claude_text_buffer_unref(line);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void test_linear(void **state)
{
    double few = seconds(200000);
    double many = seconds(2000000);

    (void)state;
    if (many > few * 40 + 0.2)
        fail_msg("%.3f s and %.3f s", few, many);
}

static void test_handles(void **state)
{
    claude_text_buffer_t *none = NULL;
    claude_text_buffer_t *buffer = make(1, 1, 1);
    claude_error_t *error = NULL;
    size_t len = 7;

    (void)state;
    assert_int_equal(claude_text_buffer_new(1, 1, 1, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_text_buffer_new(1, -1, 1, &none, &error), CLAUDE_E_INVALID);
    assert_string_equal(claude_error_message(error), "interval_ms is -1; it must be 0 or more");
    assert_int_equal(claude_text_buffer_new(1, 1, 2, &none, NULL), CLAUDE_E_INVALID);
    assert_null(none);
    assert_int_equal(claude_text_buffer_add(NULL, "", 0, 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_text_buffer_add((claude_text_buffer_t *)error, "", 0, 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_text_buffer_add(buffer, NULL, 1, 0, NULL), CLAUDE_E_INVALID);
    assert_null(claude_text_buffer_take(NULL, 0, &len));
    assert_int_equal(len, 0);
    assert_null(claude_text_buffer_flush(NULL, NULL));
    assert_int_equal(claude_text_buffer_held(NULL), 0);
    assert_true(claude_text_buffer_due_at(NULL) == INT64_MAX);
    assert_null(claude_text_buffer_ref(NULL));
    claude_text_buffer_unref(NULL);
    assert_ptr_equal(claude_text_buffer_ref(buffer), buffer);
    claude_text_buffer_unref(buffer);
    claude_text_buffer_unref(buffer);
    claude_error_unref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),    cmocka_unit_test(test_size),      cmocka_unit_test(test_size_of_one),
        cmocka_unit_test(test_time),     cmocka_unit_test(test_far_times), cmocka_unit_test(test_all_rules),
        cmocka_unit_test(test_no_rules), cmocka_unit_test(test_anything),  cmocka_unit_test(test_limit),
        cmocka_unit_test(test_linear),   cmocka_unit_test(test_handles),
    };

    return cmocka_run_group_tests_name("message.text_buffer", tests, NULL, NULL);
}
