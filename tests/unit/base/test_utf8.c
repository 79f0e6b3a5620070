/* Well-formed UTF-8: every sequence of up to two bytes, the borders of longer ones, every position in a long text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* The definition, another way: decode and encode again. */
static bool is_character(const unsigned char *p, size_t len)
{
    uint32_t c;

    if (len == 1)
        return p[0] < 0x80;
    for (size_t i = 1; i < len; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf)
            return false;
    }
    if (len == 2 && p[0] >= 0xc0 && p[0] <= 0xdf) {
        c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        return c >= 0x80;
    }
    if (len == 3 && p[0] >= 0xe0 && p[0] <= 0xef) {
        c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return c >= 0x800 && (c < 0xd800 || c > 0xdfff);
    }
    if (len == 4 && p[0] >= 0xf0 && p[0] <= 0xf7) {
        c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        return c >= 0x10000 && c <= 0x10ffff;
    }
    return false;
}

static size_t valid(const unsigned char *bytes, size_t len)
{
    return cl_utf8_valid(cl_str_n((const char *)bytes, len));
}

static void test_all_short_sequences(void **state)
{
    unsigned char p[4];

    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        p[0] = (unsigned char)a;
        assert_int_equal(valid(p, 1), is_character(p, 1) ? 1 : 0);
        for (unsigned b = 0; b < 256; b++) {
            p[1] = (unsigned char)b;
            if (a < 0x80)
                assert_int_equal(valid(p, 2), b < 0x80 ? 2 : 1);
            else
                assert_int_equal(valid(p, 2), is_character(p, 2) ? 2 : 0);
        }
    }
}

static void test_borders_of_long_sequences(void **state)
{
    static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff};
    unsigned char p[4];

    (void)state;
    for (unsigned a = 0xe0; a < 256; a++) {
        for (size_t i = 0; i < sizeof edges; i++) {
            for (size_t j = 0; j < sizeof edges; j++) {
                p[0] = (unsigned char)a;
                p[1] = edges[i];
                p[2] = edges[j];
                assert_int_equal(valid(p, 3), is_character(p, 3) ? 3 : 0);
                for (size_t k = 0; k < sizeof edges; k++) {
                    size_t want = is_character(p, 3) ? (edges[k] < 0x80 ? 4 : 3) : 0;
                    p[3] = edges[k];
                    assert_int_equal(valid(p, 4), is_character(p, 4) ? 4 : want);
                }
            }
        }
    }
}

/* Vectors and their remainders: a bad byte is found where it is, whatever lies before it. */
static void test_every_position(void **state)
{
    unsigned char text[80];

    (void)state;
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'a', sizeof text);
        assert_int_equal(valid(text, len), len);
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', sizeof text);
            text[at] = 0x80;
            assert_int_equal(valid(text, len), at);
            /* A character that the end cuts off is found at its first byte. */
            memcpy(text + at, "\xf0\x9f\x98\x80", len - at < 4 ? len - at : 4);
            assert_int_equal(valid(text, len), len - at < 4 ? at : len);
        }
    }
    assert_int_equal(cl_utf8_valid((cl_str){NULL, 0}), 0);
}

/* ---- vectors against the definition ---- */

static size_t valid_by_definition(const unsigned char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = 1;
        while (n <= 4 && (n > len - at || !is_character(bytes + at, n)))
            n++;
        if (n > 4)
            return at;
        at += n;
    }
    return len;
}

/* Characters and what is none, each at the edge of its kind. */
static const char *const pieces[] = {
    "a",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xec\xbf\xbf",
    "\xed\x80\x80",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf3\xbf\xbf\xbf",
    "\xf4\x8f\xbf\xbf",
    /* cut off, alone, too many */
    "\x80",
    "\xbf",
    "\xc2",
    "\xe1\x80",
    "\xf1\x80",
    "\xf1\x80\x80",
    "\xc2\x80\x80",
    "\xe1\x80\x80\x80",
    "\xf1\x80\x80\x80\x80",
    /* longer than need be */
    "\xc0\x80",
    "\xc1\xbf",
    "\xe0\x80\x80",
    "\xe0\x9f\xbf",
    "\xf0\x80\x80\x80",
    "\xf0\x8f\xbf\xbf",
    /* surrogates */
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    /* beyond the last */
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xf7\xbf\xbf\xbf",
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
};
enum { PIECES = sizeof pieces / sizeof pieces[0], CHARACTERS = 12, LONG = 101 };

/* Fills the text with characters of that many bytes; what does not fit at the end is ASCII. */
static void fill(unsigned char *text, size_t len, size_t width)
{
    static const char *const usual[] = {"a", "\xc3\xbc", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80"};

    memset(text, 'z', len);
    for (size_t at = 0; len - at >= width; at += width)
        memcpy(text + at, usual[width - 1], width);
}

/* The text ends where its memory ends, so that reading beyond it is seen. */
static void compare(const unsigned char *text, size_t len)
{
    unsigned char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    assert_int_equal(valid(copy, len), valid_by_definition(text, len));
    free(copy);
}

static void test_every_piece_at_every_offset(void **state)
{
    unsigned char text[LONG + 8];

    (void)state;
    for (size_t width = 1; width <= 4; width++) {
        for (size_t i = 0; i < PIECES; i++) {
            for (size_t at = 0; at < LONG; at++) {
                fill(text, sizeof text, width);
                memcpy(text + at, pieces[i], strlen(pieces[i]));
                compare(text, LONG);
            }
        }
    }
}

static void test_every_length(void **state)
{
    unsigned char text[4 * 32 + 4];

    (void)state;
    for (size_t width = 1; width <= 4; width++) {
        fill(text, sizeof text, width);
        for (size_t len = 0; len <= sizeof text; len++)
            compare(text, len);
    }
}

/* Each piece between two others, across each edge of a vector. */
static void test_pieces_in_a_row(void **state)
{
    unsigned char text[96];

    (void)state;
    for (size_t row = 0; row < (size_t)PIECES * PIECES; row++) {
        for (size_t at = 24; at < 36; at++) {
            size_t n;
            fill(text, sizeof text, 1);
            n = strlen(pieces[row / PIECES]);
            memcpy(text + at, pieces[row / PIECES], n);
            memcpy(text + at + n, pieces[row % PIECES], strlen(pieces[row % PIECES]));
            compare(text, sizeof text);
        }
    }
}

static void compare_pairs(const char *before, const char *after)
{
    unsigned char text[48];
    size_t n = strlen(before);

    fill(text, sizeof text, 1);
    memcpy(text + 30, before, n);
    memcpy(text + 32 + n, after, strlen(after));
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        text[30 + n] = (unsigned char)(pair >> 8);
        text[31 + n] = (unsigned char)pair;
        assert_int_equal(valid(text, sizeof text), valid_by_definition(text, sizeof text));
        assert_int_equal(valid(text + 8, 32), valid_by_definition(text + 8, 32));
    }
}

/* Any two bytes, alone, where a character has begun, and where it goes on. */
static void test_all_pairs(void **state)
{
    static const char *const before[] = {"z", "\xdf", "\xe1", "\xe1\x80", "\xf1", "\xf1\x80", "\xf1\x80\x80"};
    static const char *const after[] = {"", "\x80", "\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        for (size_t j = 0; j < sizeof after / sizeof after[0]; j++)
            compare_pairs(before[i], after[j]);
    }
}

static void test_long_mixture(void **state)
{
    unsigned char text[4096];
    uint32_t chance = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t at = 0;
        while (sizeof text - at >= 8) {
            const char *piece;
            chance = chance * 1664525 + 1013904223;
            /* What is none comes once in a text, or not at all. */
            piece = pieces[(chance >> 16) % ((chance >> 28) == 0 && at > sizeof text / 2 ? PIECES : CHARACTERS)];
            memcpy(text + at, piece, strlen(piece));
            at += strlen(piece);
        }
        assert_int_equal(valid(text, at), valid_by_definition(text, at));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_short_sequences), cmocka_unit_test(test_borders_of_long_sequences),
        cmocka_unit_test(test_every_position),      cmocka_unit_test(test_every_piece_at_every_offset),
        cmocka_unit_test(test_every_length),        cmocka_unit_test(test_pieces_in_a_row),
        cmocka_unit_test(test_all_pairs),           cmocka_unit_test(test_long_mixture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
