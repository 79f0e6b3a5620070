/* gzip as it comes: in pieces of every size, cut anywhere, damaged anywhere, far larger than it looks. */
#include "testing.h"

#include <malloc.h>

enum { NO_LIMIT = 1 << 20 };

/* Pushed in pieces of `piece` bytes; the last code. */
static claude_code_t unpack_by(size_t piece, cl_str in, cl_buf *out, cl_err *err)
{
    cl_unpack *unpack = NULL;
    claude_code_t rc = cl_unpack_new(CLAUDE_E_PROTOCOL, &unpack, err);

    for (size_t at = 0; at < in.len && rc >= 0; at += piece) {
        size_t n = in.len - at < piece ? in.len - at : piece;
        /* Memory of exactly that size, so that a byte too many is seen. */
        char *copy = malloc(n);
        memcpy(copy, in.ptr + at, n);
        rc = cl_unpack_push(unpack, cl_str_n(copy, n), out, "the.limit", err);
        free(copy);
    }
    if (rc >= 0)
        rc = cl_unpack_end(unpack, err);
    cl_unpack_free(unpack);
    return rc;
}

static void gives(cl_str in, const char *text, size_t len)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100, 16383, 16384, 16385, NO_LIMIT};

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        cl_buf out = CL_BUF_INIT(NO_LIMIT);
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(unpack_by(pieces[i], in, &out, &err), CLAUDE_OK);
        assert_int_equal(out.len, len);
        assert_memory_equal(cl_buf_str(&out).ptr, text, len);
        if (len > 0)
            assert_int_equal(out.ptr[out.len], '\0');
        cl_buf_free(&out);
    }
}

/* In one piece and byte by byte; the message has this in it. */
static void fails_with(cl_str in, claude_code_t code, const char *said)
{
    for (size_t piece = 1; piece <= in.len + 1; piece += in.len) {
        cl_buf out = CL_BUF_INIT(NO_LIMIT);
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(unpack_by(piece, in, &out, &err), code);
        if (!strstr(err.message, said))
            fail_msg("%s", err.message);
        cl_buf_free(&out);
        cl_err_clear(&err);
    }
}

static void in_pieces(void **state)
{
    static const size_t lengths[] = {0, 1, 15, 1000, 16384, 16385, 70000};
    char *text = prose(70000);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        for (int level = 0; level <= 9; level += 3) {
            cl_buf in = CL_BUF_INIT(NO_LIMIT);
            zip(&in, text, lengths[i], level);
            gives(cl_buf_str(&in), text, lengths[i]);
            cl_buf_free(&in);
        }
    }
    free(text);
}

static void members_follow_one_another(void **state)
{
    char *text = prose(3000);
    cl_buf in = CL_BUF_INIT(NO_LIMIT);

    (void)state;
    zip(&in, text, 1000, 6);
    zip(&in, "", 0, 6);
    zip(&in, text + 1000, 2000, 0);
    gives(cl_buf_str(&in), text, 3000);
    /* The second one without its last byte. */
    fails_with(cl_str_n(in.ptr, in.len - 1), CLAUDE_E_TRUNCATED, "its end is missing");
    cl_buf_free(&in);
    free(text);
}

static void nothing_else_follows(void **state)
{
    static const char *const tails[] = {"x", "garbage", "<html>", "\n\n", "\x1f\x8c\x08"};
    cl_buf in = CL_BUF_INIT(NO_LIMIT);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        cl_buf_clear(&in);
        zip(&in, "text", 4, 6);
        assert_int_equal(cl_buf_append_text(&in, tails[i]), CL_BUF_OK);
        fails_with(cl_buf_str(&in), CLAUDE_E_PROTOCOL, "");
    }
    /* Too short to tell: still not nothing. */
    cl_buf_clear(&in);
    zip(&in, "text", 4, 6);
    assert_int_equal(cl_buf_append(&in, "\x1f", 1), CL_BUF_OK);
    fails_with(cl_buf_str(&in), CLAUDE_E_TRUNCATED, "end");
    cl_buf_free(&in);
}

static void cut_anywhere(void **state)
{
    char *text = prose(3000);
    cl_buf in = CL_BUF_INIT(NO_LIMIT);

    (void)state;
    zip(&in, text, 3000, 6);
    for (size_t len = 0; len < in.len; len++) {
        cl_buf out = CL_BUF_INIT(NO_LIMIT);
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(unpack_by(1 + len % 50, cl_str_n(in.ptr, len), &out, &err), CLAUDE_E_TRUNCATED);
        /* What had come is there. */
        assert_true(out.len <= 3000 && memcmp(cl_buf_str(&out).ptr, text, out.len) == 0);
        if (len + 8 >= in.len)
            assert_int_equal(out.len, 3000);
        cl_buf_free(&out);
        cl_err_clear(&err);
    }
    cl_buf_free(&in);
    free(text);
}

/* Flag of text, time, operating system, lengths of codes that are not used: all else is compared, or cannot be read. */
enum { BITS_THAT_SAY_NOTHING = 8 * 8 };

static void damaged_anywhere(void **state)
{
    char *text = prose(400);
    cl_buf in = CL_BUF_INIT(NO_LIMIT);
    int unheard = 0;

    (void)state;
    zip(&in, text, 400, 6);
    for (size_t at = 0; at < in.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            cl_buf out = CL_BUF_INIT(NO_LIMIT);
            cl_err err;
            claude_code_t rc;
            cl_err_init(&err);
            in.ptr[at] = (char)(in.ptr[at] ^ (1 << bit));
            rc = unpack_by(100, cl_buf_str(&in), &out, &err);
            if (rc == CLAUDE_OK) {
                unheard++;
                assert_int_equal(out.len, 400);
                assert_memory_equal(out.ptr, text, 400);
            } else {
                assert_true(rc == CLAUDE_E_PROTOCOL || rc == CLAUDE_E_TRUNCATED);
            }
            in.ptr[at] = (char)(in.ptr[at] ^ (1 << bit));
            cl_buf_free(&out);
            cl_err_clear(&err);
        }
    }
    assert_true(unheard <= BITS_THAT_SAY_NOTHING);
    fails_with(cl_str_n(in.ptr + 1, in.len - 1), CLAUDE_E_PROTOCOL, "damaged: incorrect header check");
    in.ptr[in.len - 5] ^= 1;
    fails_with(cl_buf_str(&in), CLAUDE_E_PROTOCOL, "damaged: incorrect data check");
    in.ptr[in.len - 5] ^= 1;
    in.ptr[in.len - 1] ^= 1;
    fails_with(cl_buf_str(&in), CLAUDE_E_PROTOCOL, "damaged: incorrect length check");
    cl_buf_free(&in);
    free(text);
}

/* At the limit, one below, and the largest. */
static void keeps_to_its_limit(void **state)
{
    char *text = prose(50000);
    cl_buf in = CL_BUF_INIT(NO_LIMIT);
    static const size_t limits[] = {0, 1, 1023, 16384, 49999};

    (void)state;
    zip(&in, text, 50000, 6);
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (size_t piece = 1; piece <= in.len; piece += in.len - 1) {
            cl_buf out = CL_BUF_INIT(limits[i]);
            cl_err err;
            cl_err_init(&err);
            assert_int_equal(unpack_by(piece, cl_buf_str(&in), &out, &err), CLAUDE_E_TOO_LARGE);
            assert_int_equal(out.len, limits[i]);
            assert_memory_equal(cl_buf_str(&out).ptr, text, out.len);
            assert_non_null(strstr(err.message, "(the.limit)"));
            cl_buf_free(&out);
            cl_err_clear(&err);
        }
    }
    {
        cl_buf out = CL_BUF_INIT(50000);
        assert_int_equal(unpack_by(1, cl_buf_str(&in), &out, NULL), CLAUDE_OK);
        cl_buf_free(&out);
        out = CL_BUF_INIT(0);
        cl_buf_clear(&in);
        zip(&in, "", 0, 6);
        assert_int_equal(unpack_by(1, cl_buf_str(&in), &out, NULL), CLAUDE_OK);
        cl_buf_free(&out);
    }
    cl_buf_free(&in);
    free(text);
}

/* 64 MiB of nothing in 64 KiB, and no more memory than the limit. */
static void bombs_do_not_go_off(void **state)
{
    size_t len = (size_t)64 << 20;
    char *nothing = calloc(1, len);
    cl_buf in = CL_BUF_INIT(NO_LIMIT * 80);
    cl_buf out = CL_BUF_INIT(65536);
    cl_unpack *unpack = NULL;
    size_t before;

    (void)state;
    zip(&in, nothing, len, 9);
    free(nothing);
    assert_true(in.len * 1000 < len);
    before = mallinfo2().uordblks;
    assert_int_equal(cl_unpack_new(CLAUDE_E_PROTOCOL, &unpack, NULL), CLAUDE_OK);
    assert_int_equal(cl_unpack_push(unpack, cl_buf_str(&in), &out, "the.limit", NULL), CLAUDE_E_TOO_LARGE);
    assert_int_equal(out.len, 65536);
    assert_true(mallinfo2().uordblks < before + 256 * 1024);
    cl_unpack_free(unpack);
    cl_buf_free(&out);
    cl_buf_free(&in);
}

static void knows_gzip(void **state)
{
    (void)state;
    assert_true(cl_is_gzip(CL_STR("\x1f\x8b\x08")));
    assert_true(cl_is_gzip(CL_STR("\x1f\x8b\x08 and more")));
    assert_false(cl_is_gzip(CL_STR("\x1f\x8b")));
    assert_false(cl_is_gzip(CL_STR("\x1f\x8b\x07")));
    assert_false(cl_is_gzip(CL_STR("{\"a\":1}")));
    assert_false(cl_is_gzip(CL_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_pieces),
        cmocka_unit_test(members_follow_one_another),
        cmocka_unit_test(nothing_else_follows),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(damaged_anywhere),
        cmocka_unit_test(keeps_to_its_limit),
        cmocka_unit_test(bombs_do_not_go_off),
        cmocka_unit_test(knows_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
