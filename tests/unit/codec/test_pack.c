/* Bodies in gzip: back they are what they were, smaller or left alone, and the same bytes however they are read. */
#include "testing.h"

#include <unistd.h>

enum { LARGE = 3 * CL_PACK_AHEAD + 12345 };

static cl_body body_of(const char *bytes, size_t len)
{
    cl_blob *blob = cl_blob_new(cl_str_n(bytes, len));

    assert_non_null(blob);
    return cl_body_of(blob);
}

/* All of it, read in pieces of that size. */
static cl_buf read_all(cl_pack *pack, size_t piece)
{
    cl_buf out = CL_BUF_INIT((size_t)64 << 20);
    size_t got = 0;

    do {
        assert_int_equal(cl_buf_reserve(&out, piece), CL_BUF_OK);
        assert_int_equal(cl_pack_read(pack, out.ptr + out.len, piece, &got, NULL), CLAUDE_OK);
        assert_true(got <= piece);
        out.len += got;
    } while (got > 0);
    /* Its end is an end. */
    assert_int_equal(cl_pack_read(pack, out.ptr + out.len, piece, &got, NULL), CLAUDE_OK);
    assert_int_equal(got, 0);
    return out;
}

static void is(cl_str packed, const char *text, size_t len)
{
    cl_unpack *unpack = NULL;
    cl_buf out = CL_BUF_INIT(len);

    assert_true(cl_is_gzip(packed));
    assert_int_equal(cl_unpack_new(CLAUDE_E_PROTOCOL, &unpack, NULL), CLAUDE_OK);
    assert_int_equal(cl_unpack_push(unpack, packed, &out, "", NULL), CLAUDE_OK);
    assert_int_equal(cl_unpack_end(unpack, NULL), CLAUDE_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(cl_buf_str(&out).ptr, text, len);
    cl_unpack_free(unpack);
    cl_buf_free(&out);
}

static void comes_back(void **state)
{
    static const size_t lengths[] = {1, 2, 511, 512, 513, 1024, 32768, 32769, 500000};
    char *text = prose(500000);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        for (int32_t level = 1; level <= 9; level++) {
            cl_body body = body_of(text, lengths[i]);
            cl_pack *pack = NULL;
            cl_buf packed;
            assert_int_equal(cl_pack_new(&body, level, &pack, NULL), CLAUDE_OK);
            packed = read_all(pack, 4096);
            is(cl_buf_str(&packed), text, lengths[i]);
            cl_buf_free(&packed);
            cl_pack_free(pack);
            cl_body_free(&body);
        }
    }
    free(text);
}

/* A server that was told a hash, and a second attempt, need the same bytes. */
static void does_not_depend_on_how_it_is_read(void **state)
{
    static const size_t pieces[] = {1, 37, 16384, 65536, LARGE};
    char *text = prose(LARGE);
    cl_body body = body_of(text, LARGE);
    cl_body none = {.blob = NULL};
    cl_pack *first = NULL;
    cl_pack *pack = NULL;
    cl_buf expected;

    (void)state;
    assert_int_equal(cl_pack_new(&body, 6, &first, NULL), CLAUDE_OK);
    expected = read_all(first, 10000);
    is(cl_buf_str(&expected), text, LARGE);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        cl_buf again;
        assert_int_equal(cl_pack_again(first, &pack, NULL), CLAUDE_OK);
        again = read_all(pack, pieces[i]);
        assert_int_equal(again.len, expected.len);
        assert_memory_equal(again.ptr, expected.ptr, expected.len);
        cl_buf_free(&again);
        cl_pack_free(pack);
        pack = NULL;
    }
    /* Begun ahead, left in the middle, rewound. */
    assert_int_equal(cl_pack_body(&body, 6, &none, &pack, NULL), 1);
    assert_non_null(pack);
    for (size_t i = 0; i < 3; i++) {
        static char some[70000];
        size_t got = 0;
        cl_buf again;
        for (size_t n = 0; n < 5 * i; n++)
            assert_int_equal(cl_pack_read(pack, some, sizeof some, &got, NULL), CLAUDE_OK);
        if (i > 0)
            cl_pack_rewind(pack);
        again = read_all(pack, 16384);
        assert_int_equal(again.len, expected.len);
        assert_memory_equal(again.ptr, expected.ptr, expected.len);
        cl_buf_free(&again);
        cl_pack_rewind(pack);
    }
    cl_pack_free(pack);
    cl_pack_free(first);
    cl_buf_free(&expected);
    cl_body_free(&body);
    free(text);
}

/* How a body is sent: 0 as it is, 1 whole, 2 while it is read. */
static int way_of(const char *bytes, size_t len)
{
    cl_body body = body_of(bytes, len);
    cl_body packed = {.blob = NULL};
    cl_pack *pack = NULL;
    int32_t rc = cl_pack_body(&body, 6, &packed, &pack, NULL);
    int way;

    assert_in_range(rc, 0, 1);
    way = rc == 0 ? 0 : 1 + (pack != NULL);
    assert_int_equal(packed.len > 0, way == 1);
    assert_int_equal(packed.len < len, 1);
    if (way == 1)
        is(packed.parts[0], bytes, len);
    cl_pack_free(pack);
    cl_body_free(&packed);
    cl_body_free(&body);
    return way;
}

static void only_what_becomes_smaller(void **state)
{
    char *text = prose(LARGE);
    char *chaos = noise(LARGE);

    (void)state;
    assert_int_equal(way_of(text, 5), 0);
    assert_int_equal(way_of(text, 1024), 1);
    assert_int_equal(way_of(text, CL_PACK_AHEAD), 1);
    assert_int_not_equal(way_of(text, CL_PACK_AHEAD + 1), 0);
    assert_int_equal(way_of(text, LARGE), 2);
    assert_int_equal(way_of(chaos, 1024), 0);
    assert_int_equal(way_of(chaos, CL_PACK_AHEAD), 0);
    assert_int_equal(way_of(chaos, CL_PACK_AHEAD + 1), 0);
    assert_int_equal(way_of(chaos, LARGE), 0);
    /* A beginning that is none judges the rest. */
    memcpy(chaos + CL_PACK_AHEAD, text, LARGE - CL_PACK_AHEAD);
    assert_int_equal(way_of(chaos, LARGE), 0);
    memcpy(chaos, text, CL_PACK_AHEAD);
    assert_int_equal(way_of(chaos, LARGE), 2);
    free(chaos);
    free(text);
}

static void bytes_as_a_whole(void **state)
{
    char *text = prose(LARGE);
    cl_buf out = CL_BUF_INIT(0);
    char same[200];

    (void)state;
    assert_int_equal(cl_pack_bytes(CL_STR(""), 6, &out, NULL), 0);
    assert_int_equal(cl_pack_bytes(cl_str_n(text, 20), 6, &out, NULL), 0);
    assert_int_equal(cl_pack_bytes(cl_str_n(text, LARGE), 6, &out, NULL), 1);
    is(cl_buf_str(&out), text, LARGE);
    cl_buf_free(&out);
    /* Exactly as large is not smaller: at each length one or the other. */
    memset(same, 'x', sizeof same);
    for (size_t len = 1; len < 60; len++) {
        int32_t rc = cl_pack_bytes(cl_str_n(same, len), 9, &out, NULL);
        assert_in_range(rc, 0, 1);
        if (rc == 1)
            assert_true(out.len < len);
        else
            assert_true(len < 30);
        cl_buf_free(&out);
    }
    free(text);
}

/* A file that is not what it was is an error in the middle, and no end. */
static void a_file_that_changes(void **state)
{
    char path[] = "/tmp/claude-pack-XXXXXX";
    int fd = mkstemp(path);
    char *text = prose(LARGE);
    claude_file_t *file = NULL;
    cl_piece piece = {.base64 = true};
    cl_body body = {.blob = NULL};
    cl_pack *pack = NULL;
    cl_err err;
    claude_code_t rc;
    char some[4096];
    size_t got = 1;

    (void)state;
    cl_err_init(&err);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, LARGE), LARGE);
    assert_int_equal(cl_file_open(path, &file, NULL), CLAUDE_OK);
    piece.file = file;
    assert_int_equal(cl_body_of_pieces(NULL, &piece, 1, &body, NULL), CLAUDE_OK);
    assert_int_equal(cl_pack_new(&body, 6, &pack, NULL), CLAUDE_OK);
    assert_int_equal(cl_pack_read(pack, some, sizeof some, &got, &err), CLAUDE_OK);
    assert_int_equal(ftruncate(fd, LARGE / 2), 0);
    for (rc = CLAUDE_OK; rc >= 0 && got > 0;)
        rc = cl_pack_read(pack, some, sizeof some, &got, &err);
    assert_int_equal(rc, CLAUDE_E_IO);
    cl_err_clear(&err);
    cl_pack_free(pack);
    cl_body_free(&body);
    cl_file_unref(file);
    close(fd);
    unlink(path);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(does_not_depend_on_how_it_is_read),
        cmocka_unit_test(only_what_becomes_smaller),
        cmocka_unit_test(bytes_as_a_whole),
        cmocka_unit_test(a_file_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
